//! From a sample to a maximum: globally for the plain half-normal; see `starts` for the others.

use nalgebra::DMatrix;

use super::data::Scaled;
use super::deterministic::Deterministic;
use super::engine::{Ascent, Equation, Index, Likelihood, Stop, maximise};
use super::law::ErrorLaw;
use super::noise_only::NoiseOnly;
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
    /// Inverse of the negative Hessian, where that is positive definite.
    pub vcov: Option<DMatrix<f64>>,
    /// How much the loglikelihood could still rise, by its curvature; missing without `vcov`.
    pub shortfall: Option<f64>,
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
    /// What else the search met.
    pub caveat: Option<String>,
    /// The model without inefficiency, where noise is not normal.
    pub noise_only: Option<NoiseOnly>,
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
    law: ErrorLaw,
) -> Likelihood<'a> {
    let mut equations = vec![Equation { index: Index::Frontier, z: &sample.scaled.z }];
    equations.extend(others.iter().map(|d| Equation { index: d.index, z: &d.scaled.z }));
    Likelihood {
        law,
        noise_only: false,
        y: &sample.y,
        sign: sample.sign,
        weights: sample.weights.as_deref(),
        equations,
    }
}

pub(super) fn inside(ascent: Ascent, n: f64) -> Inside {
    let vcov = (-&ascent.jet.hessian).cholesky().map(|c| c.inverse());
    let score = &ascent.jet.score;
    Inside {
        loglik: ascent.jet.value,
        gradient: score.amax() / n,
        shortfall: vcov.as_ref().map(|inverse| 0.5 * score.dot(&(inverse * score))),
        vcov,
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
        caveat: None,
        noise_only: None,
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
    maximise(&likelihood(sample, others, ErrorLaw::default()), &start, 50, ctx)
}

/// Rows beyond which only the most promising starts are followed to the end.
pub(super) const MANY: usize = 20_000;

#[cfg(test)]
mod tests {
    use nalgebra::DVector;

    use super::*;
    use crate::frontier::engine::{Jet, Stop};

    #[test]
    fn a_search_that_stopped_short_knows_how_short() {
        // -(x - 3)^2 seen from x = 1: the top is 4 higher.
        let ascent = |hessian: f64| Ascent {
            coef: vec![1.0],
            jet: Jet {
                value: -4.0,
                score: DVector::from_element(1, 4.0),
                hessian: DMatrix::from_element(1, 1, hessian),
            },
            iterations: 1,
            stop: Stop::Iterations,
        };
        let shortfall = inside(ascent(-2.0), 1.0).shortfall.unwrap();
        assert!((shortfall - 4.0).abs() < 1e-14, "{shortfall}");
        assert_eq!(inside(ascent(2.0), 1.0).shortfall, None);
    }
}
