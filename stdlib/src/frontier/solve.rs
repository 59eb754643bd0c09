//! From a sample to a maximum: globally for the plain half-normal, by several starts otherwise.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::data::Scaled;
use super::density::{Inefficiency, Point};
use super::deterministic::Deterministic;
use super::engine::{Ascent, Equation, Index, Likelihood, Stop, maximise};
use super::profile::{LocalMaximum, Pace, ProfilePoint, STEP, search};
use super::sample::Sample;
use crate::context::Context;
use crate::error::Result;
use crate::formula::Plan;

/// An equation besides the frontier, on columns at unit scale.
#[derive(Clone)]
pub(super) struct Determinant {
    pub index: Index,
    pub scaled: Scaled,
    pub names: Vec<String>,
    pub intercept: bool,
    /// How its columns are made; missing for a constant.
    pub plan: Option<Plan>,
}

/// An interior maximum, in scaled coefficients: frontier first, then the determinants in order.
pub(super) struct Inside {
    pub coef: Vec<f64>,
    pub loglik: f64,
    /// Largest element of the score per row.
    pub gradient: f64,
    pub vcov: Option<DMatrix<f64>>,
    pub stop: Stop,
}

/// Where the maximum lies.
pub(super) enum Place {
    GammaZero,
    GammaOne,
    Inside(Inside),
}

/// What was found, and on what way.
pub(super) struct Solution {
    pub place: Place,
    pub maxima: Vec<LocalMaximum>,
    pub profile: Vec<(f64, f64)>,
    pub iterations: usize,
    pub starts: usize,
    pub reached: usize,
    pub deterministic: Option<(Deterministic, f64)>,
    /// Where the model drifts to when it has no finite maximum.
    pub drift: Option<String>,
}

impl Solution {
    /// The place, and the deterministic frontier with its loglikelihood.
    pub fn place_with_end(self) -> (Place, Option<(Deterministic, f64)>) {
        (self.place, self.deterministic)
    }
}

/// The likelihood of `sample` with the equations `others`.
pub(super) fn likelihood<'a>(
    sample: &'a Sample,
    others: &'a [Determinant],
    inefficiency: Inefficiency,
) -> Likelihood<'a> {
    let mut equations = vec![Equation { index: Index::Frontier, z: &sample.scaled.z }];
    equations.extend(others.iter().map(|d| Equation { index: d.index, z: &d.scaled.z }));
    Likelihood {
        inefficiency,
        y: &sample.y,
        sign: sample.sign,
        weights: sample.weights.as_deref(),
        equations,
    }
}

pub(super) fn inside(ascent: Ascent, n: f64) -> Inside {
    Inside {
        loglik: ascent.jet.value,
        gradient: ascent.jet.score.amax() / n,
        vcov: (-&ascent.jet.hessian).cholesky().map(|c| c.inverse()),
        stop: ascent.stop,
        coef: ascent.coef,
    }
}

/// The global maximum of the plain half-normal model; `others` are the two constant variances.
pub(super) fn half_normal(
    sample: &Sample,
    others: &[Determinant],
    ctx: &Context,
) -> Result<Solution> {
    half_normal_at(sample, others, &Pace::fine(), ctx)
}

/// [`half_normal`] at another pace, for the many refits of a bootstrap.
pub(super) fn half_normal_at(
    sample: &Sample,
    others: &[Determinant],
    pace: &Pace<'_>,
    ctx: &Context,
) -> Result<Solution> {
    let (profile, start) = sample.profile();
    let upward = sample.upward();
    let found = if sample.y.len() > MANY {
        // A thinned sample finds the way; all rows then walk it in longer steps.
        let thin = sample.thinned(MANY / 4);
        let (thin_profile, thin_start) = thin.profile();
        let scout = search(&thin_profile, &thin_start, thin.upward(), &Pace::fine(), ctx)?;
        let pace = Pace { step: STEP.powi(3), tolerance: 0.05, warm: &scout.grid };
        search(&profile, &start, upward, &pace, ctx)?
    } else {
        search(&profile, &start, upward, pace, ctx)?
    };
    let end = sample.deterministic();
    let ols_loglik = sample.ols_loglik();

    let mut maxima: Vec<LocalMaximum> = found
        .interior
        .iter()
        .map(|point| LocalMaximum { lambda: point.lambda, loglik: point.loglik })
        .collect();
    if !upward {
        maxima.push(LocalMaximum { lambda: 0.0, loglik: ols_loglik });
    }
    if let Some((_, loglik)) = &end
        && found.grid.last().is_some_and(|last| last.slope > 0.0)
    {
        maxima.push(LocalMaximum { lambda: f64::INFINITY, loglik: *loglik });
    }
    maxima.sort_by(|a, b| b.loglik.total_cmp(&a.loglik));
    let interior = found
        .interior
        .iter()
        .max_by(|a, b| a.loglik.total_cmp(&b.loglik))
        .filter(|point| maxima.first().is_some_and(|best| point.loglik >= best.loglik));
    let mut points = vec![(0.0, ols_loglik)];
    points.extend(found.grid.iter().map(|point| (point.lambda, point.loglik)));
    points.extend(end.as_ref().map(|(_, loglik)| (f64::INFINITY, *loglik)));
    let mut iterations = found.iterations;
    let place = match (interior, maxima.first()) {
        (Some(point), _) => {
            let ascent = polish(sample, others, point, ctx)?;
            iterations += ascent.iterations;
            Place::Inside(inside(ascent, sample.n()))
        }
        (None, Some(best)) if best.lambda.is_infinite() => Place::GammaOne,
        _ => Place::GammaZero,
    };
    Ok(Solution {
        place,
        maxima,
        profile: points,
        iterations,
        starts: 1,
        reached: 1,
        deterministic: end,
        drift: None,
    })
}

/// Newton's method in all parameters at once, from a point of the profile.
fn polish(
    sample: &Sample,
    others: &[Determinant],
    point: &ProfilePoint,
    ctx: &Context,
) -> Result<Ascent> {
    let p = sample.scaled.z.ncols();
    let sigma = 1.0 / point.at[p];
    let lambda_sq = point.lambda * point.lambda;
    let mut start: Vec<f64> = point.at.iter().take(p).map(|t| t * sigma).collect();
    start.push(2.0 * sigma.ln() - lambda_sq.ln_1p());
    start.push(2.0 * sigma.ln() + lambda_sq.ln() - lambda_sq.ln_1p());
    maximise(&likelihood(sample, others, Inefficiency::HalfNormal), &start, 50, ctx)
}

/// Rows beyond which only the most promising starts are followed to the end.
const MANY: usize = 20_000;

/// The best of several ascents.
///
/// Starts spread the residual variance differently over noise and inefficiency and, for models
/// with a mean, put that mean below, at and above zero; each is followed by Newton's method to
/// its own end.
pub(super) fn several_starts(
    sample: &Sample,
    others: &[Determinant],
    family: Inefficiency,
    ctx: &Context,
) -> Result<Solution> {
    let model = likelihood(sample, others, family);
    let mut starts: Vec<(f64, Vec<f64>)> = start_values(sample, others, family)
        .into_iter()
        .map(|start| (model.value(&start), start))
        .filter(|(value, _)| value.is_finite())
        .collect();
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    if sample.y.len() > MANY {
        starts.truncate(3);
    }
    let mut ends: Vec<Ascent> = Vec::new();
    let mut iterations = 0;
    // Every start is followed for a while, and the best of them to the end.
    let scouts: Vec<Ascent> = starts
        .par_iter()
        .map(|(_, start)| maximise(&model, start, 25, ctx))
        .collect::<Result<_>>()?;
    for scout in scouts {
        iterations += scout.iterations;
        ends.push(scout);
    }
    ends.sort_by(|a, b| b.jet.value.total_cmp(&a.jet.value));
    if let Some(far) = far_end(sample, others, family, &ends[..1], ctx)? {
        let far = maximise(&model, &far, 5, ctx)?;
        iterations += far.iterations;
        ends.insert(0, far);
        ends.sort_by(|a, b| b.jet.value.total_cmp(&a.jet.value));
    }
    for end in ends.iter_mut().take(3).filter(|end| end.stop == Stop::Iterations) {
        let more = maximise(&model, &end.coef, 60, ctx)?;
        iterations += more.iterations;
        *end = more;
    }
    ends.sort_by(|a, b| b.jet.value.total_cmp(&a.jet.value));
    let count = ends.len();
    let top = ends.first().map_or(0.0, |end| end.jet.value);
    let near = |end: &&Ascent| (end.jet.value - top).abs() <= 1e-6 * (1.0 + top.abs());
    let reached = ends.iter().filter(near).count();
    let ols = sample.ols_loglik();
    let Some(best) = ends.into_iter().next().filter(|best| best.jet.value > ols + 1e-9) else {
        return Ok(Solution {
            place: Place::GammaZero,
            maxima: vec![LocalMaximum { lambda: 0.0, loglik: ols }],
            profile: Vec::new(),
            iterations,
            starts: count,
            reached: count,
            deterministic: None,
            drift: None,
        });
    };
    let drift = drift(sample, others, &best, ctx)?;
    let place = Place::Inside(inside(best, sample.n()));
    Ok(Solution {
        place,
        maxima: Vec::new(),
        profile: Vec::new(),
        iterations,
        starts: count,
        reached,
        deterministic: None,
        drift,
    })
}

/// `ln sigma_v^2`, `ln sigma_u^2`, `mu` and the shape, each where it is one number.
fn constants(sample: &Sample, others: &[Determinant], coef: &[f64]) -> [Option<f64>; 4] {
    let mut start = sample.scaled.z.ncols();
    let mut constants = [None; 4];
    for other in others {
        let slot = match other.index {
            Index::Noise => Some(0),
            Index::Inefficiency => Some(1),
            Index::Mean => Some(2),
            Index::Shape => Some(3),
            Index::Frontier | Index::Scaling => None,
        };
        if let Some(slot) = slot
            && other.names.len() == 1
            && other.intercept
        {
            constants[slot] = Some(coef[start]);
        }
        start += other.names.len();
    }
    constants
}

fn without_mean(others: &[Determinant]) -> Vec<Determinant> {
    others.iter().filter(|o| o.index != Index::Mean).cloned().collect()
}

/// A point far out where the truncated normal is nearly exponential, if `ends` head there.
///
/// With `mu = -m` and `sigma_u^2 = m s` the truncated normal tends to the exponential of mean `s`
/// as `m` grows, along a ridge that a search climbs ever more slowly.
fn far_end(
    sample: &Sample,
    others: &[Determinant],
    family: Inefficiency,
    ends: &[Ascent],
    ctx: &Context,
) -> Result<Option<Vec<f64>>> {
    let Some(best) = ends.first().filter(|_| family == Inefficiency::TruncatedNormal) else {
        return Ok(None);
    };
    let [Some(_), Some(ln_u), Some(mu), _] = constants(sample, others, &best.coef) else {
        return Ok(None);
    };
    if mu * (-0.5 * ln_u).exp() > -3.0 {
        return Ok(None);
    }
    let rest = without_mean(others);
    let limit = several_starts(sample, &rest, Inefficiency::Exponential, ctx)?;
    let Place::Inside(limit) = limit.place else { return Ok(None) };
    let [Some(ln_v), Some(ln_s_sq), ..] = constants(sample, &rest, &limit.coef) else {
        return Ok(None);
    };
    let scale = (0.5 * ln_s_sq).exp();
    let far = 2000.0 * scale;
    let mut start = limit.coef[..sample.scaled.z.ncols()].to_vec();
    for other in others {
        start.push(match other.index {
            Index::Noise => ln_v,
            Index::Inefficiency => (far * scale).ln(),
            _ => -far,
        });
    }
    Ok(Some(start))
}

/// What the best end tends to when the likelihood keeps rising without a maximum.
fn drift(
    sample: &Sample,
    others: &[Determinant],
    best: &Ascent,
    ctx: &Context,
) -> Result<Option<String>> {
    let [ln_v, ln_u, mu, shape] = constants(sample, others, &best.coef);
    if let (Some(ln_v), Some(ln_u)) = (ln_v, ln_u)
        && ln_v - ln_u < -16.0
    {
        return Ok(Some(
            "the noise vanishes (gamma -> 1): the likelihood tends to that of a frontier without \
             noise, which has no standard errors"
                .into(),
        ));
    }
    if let (Some(mu), Some(ln_u)) = (mu, ln_u)
        && mu * (-0.5 * ln_u).exp() < -6.0
    {
        let others = without_mean(others);
        let limit = several_starts(sample, &others, Inefficiency::Exponential, ctx)?;
        if let Place::Inside(limit) = limit.place
            && limit.loglik >= best.jet.value - 1e-7
        {
            return Ok(Some(format!(
                "mu tends to minus infinity: the likelihood has no finite maximum and rises to \
                 that of the exponential model, loglik {:.4}; fit inefficiency: \"exponential\"",
                limit.loglik
            )));
        }
    }
    if let Some(shape) = shape
        && shape.abs() > 7.0
    {
        return Ok(Some(format!(
            "the shape parameter runs to {}: the model tends to the exponential",
            if shape > 0.0 { "infinity" } else { "zero" }
        )));
    }
    Ok(None)
}

/// Coefficients under which an equation is the constant `value`, as nearly as its columns allow.
fn constant(determinant: &Determinant, value: f64) -> Vec<f64> {
    let z = &determinant.scaled.z;
    let mut coef = vec![0.0; z.ncols()];
    if determinant.intercept {
        coef[0] = value;
        return coef;
    }
    let ones = vec![value; z.nrows()];
    let fitted = super::data::gram(z, None)
        .cholesky()
        .map(|factor| factor.solve(&super::data::cross(z, &ones)));
    fitted.map_or(coef, |fit| fit.iter().copied().collect())
}

fn start_values(sample: &Sample, others: &[Determinant], family: Inefficiency) -> Vec<Vec<f64>> {
    let total = sample.ols_ssr / sample.n();
    let unit = Point { e: 0.0, ln_v: 0.0, ln_u: 0.0, mu: 0.0, shape: 0.0 };
    let mut starts = Vec::new();
    let ratios: &[f64] =
        if others.iter().any(|o| o.index == Index::Mean) { &[0.0, -2.0, 1.0] } else { &[0.0] };
    for ratio in ratios {
        let (mean, variance) = family.moments(&Point { mu: *ratio, ..unit });
        for share in [0.15, 0.4, 0.7, 0.93] {
            let u_sq = share * total / variance;
            let v_sq = (1.0 - share) * total;
            let mut start: Vec<f64> = sample.ols.iter().copied().collect();
            if sample.intercept {
                start[0] += sample.sign * mean * u_sq.sqrt();
            }
            for other in others {
                start.extend(match other.index {
                    Index::Noise => constant(other, v_sq.ln()),
                    Index::Inefficiency => constant(other, u_sq.ln()),
                    Index::Mean => constant(other, ratio * u_sq.sqrt()),
                    _ => vec![0.0; other.scaled.z.ncols()],
                });
            }
            starts.push(start);
        }
    }
    starts
}
