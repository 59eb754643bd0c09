//! The best of several ascents, for models whose maximum is not global by construction.

use rayon::prelude::*;

use super::density::{Inefficiency, Point};
use super::drift::{drift, far_end};
use super::engine::{Ascent, Index, Likelihood, Stop, maximise};
use super::error::FrontierError;
use super::law::ErrorLaw;
use super::noise::Noise;
use super::profile::LocalMaximum;
use super::sample::Sample;
use super::solve::{Determinant, MANY, Place, Solution, half_normal, inside, likelihood};
use super::vanish::Vanishing;
use crate::context::Context;
use crate::error::Result;

/// Starts followed where each step integrates numerically.
const FEW: usize = 4;

/// Shares of inefficiency in the residual variance.
const SHARES: [f64; 4] = [0.15, 0.4, 0.7, 0.93];

/// Loglikelihood by which an end on a thinned sample is beyond chance below the best: the
/// difference of two models has a standard deviation near the root of twice its size.
const HOPELESS: f64 = 20.0;

/// How far below the residual variance `ln sigma_v^2` counts as no noise.
const VANISHED: f64 = 14.0;

/// The best of several ascents.
///
/// Starts spread the residual variance differently over noise and inefficiency, put a mean below,
/// at and above zero and shapes about one, and take up the maximum of a simpler model within this
/// one; each is followed by Newton's method to its own end. Where the density of inefficiency can
/// be infinite the likelihood has no bound as noise vanishes: such ends do not count.
pub(super) fn several_starts(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    ctx: &Context,
) -> Result<Solution> {
    let model = likelihood(sample, others, law);
    let noise_only = sample.noise_only(law.noise, ctx)?;
    let many = law.is_closed() && sample.y.len() > MANY;
    let scouts = if many { scouted(sample, others, law, ctx)? } else { None };
    let mut starts = if let Some(starts) = scouts {
        starts
    } else {
        let starts = ranked(&model, start_values(sample, others, law, &SHARES));
        let few = match law.is_closed() {
            true if many => 3,
            true => starts.len(),
            false => FEW,
        };
        starts.into_iter().take(few).map(|(_, start)| Start { at: start, stands_for: 1 }).collect()
    };
    for at in simpler(sample, others, law, within(law), ctx)? {
        starts.push(Start { at, stands_for: 1 });
    }
    let vanishing = if many { Vanishing::of(sample, others, law, ctx)? } else { None };
    let mut iterations = 0;
    // Every start is followed for a while, and the best of them to the end.
    let mut ends: Vec<End> = starts
        .par_iter()
        .map(|start| {
            let ascent = ascend(&model, vanishing.as_ref(), &start.at, 25, ctx)?;
            Ok(End { ascent, stands_for: start.stands_for })
        })
        .collect::<Result<_>>()?;
    iterations += ends.iter().map(|end| end.ascent.iterations).sum::<usize>();
    sort(&mut ends);
    if let Some(far) = far_end(sample, others, law, ends.first().map(|end| &end.ascent), ctx)? {
        let ascent = maximise(&model, &far, 5, ctx)?;
        iterations += ascent.iterations;
        ends.push(End { ascent, stands_for: 1 });
        sort(&mut ends);
    }
    if many && ends.first().is_none_or(|end| end.ascent.jet.value <= noise_only.loglik + 1e-9) {
        // What was too little for the thinned sample may be found from within simpler models.
        for at in simpler(sample, others, law, close(law), ctx)? {
            let ascent = ascend(&model, vanishing.as_ref(), &at, 60, ctx)?;
            iterations += ascent.iterations;
            ends.push(End { ascent, stands_for: 1 });
        }
        sort(&mut ends);
    }
    for end in ends.iter_mut().take(3).filter(|end| end.ascent.stop == Stop::Iterations) {
        let more = ascend(&model, vanishing.as_ref(), &end.ascent.coef, 60, ctx)?;
        iterations += more.iterations;
        end.ascent = more;
    }
    sort(&mut ends);
    let total = |ends: &[End]| ends.iter().map(|end| end.stands_for).sum::<usize>();
    let count = total(&ends);
    let mut spikes = 0;
    if law.inefficiency.unbounded() {
        ends.retain(|end| !without_noise(&model, &end.ascent, noise_only.ln_v));
        spikes = count - total(&ends);
    }
    let top = ends.first().map_or(0.0, |end| end.ascent.jet.value);
    let near = |end: &&End| (end.ascent.jet.value - top).abs() <= 1e-6 * (1.0 + top.abs());
    let reached = ends.iter().filter(near).map(|end| end.stands_for).sum();
    if ends.is_empty() && spikes > 0 {
        return Err(FrontierError::Degenerate {
            why: "every start ended where noise vanishes, and there the density of inefficiency \
                  is infinite at zero"
                .into(),
        }
        .into());
    }
    let caveat = (spikes > 0).then(|| {
        format!(
            "the likelihood of this model has no bound as noise vanishes, and {spikes} of {count} \
             starts ended there: the estimate is the highest maximum with noise."
        )
    });
    let alone = noise_only.loglik;
    let solution = |place, maxima, reached, drift| Solution {
        place,
        maxima,
        profile: Vec::new(),
        iterations,
        starts: count,
        reached,
        deterministic: None,
        drift,
        caveat,
        noise_only: Some(noise_only).filter(|_| law.noise != Noise::Normal),
    };
    let best = ends.into_iter().next().map(|end| end.ascent);
    let Some(best) = best.filter(|best| best.jet.value > alone + 1e-9) else {
        let maxima = vec![LocalMaximum { lambda: 0.0, loglik: alone }];
        return Ok(solution(Place::GammaZero, maxima, count, None));
    };
    let drift = drift(sample, others, law, &best, ctx)?;
    let place = Place::Inside(inside(best, sample.n()));
    Ok(solution(place, Vec::new(), reached, drift))
}

fn ascend(
    model: &Likelihood<'_>,
    vanishing: Option<&Vanishing<'_>>,
    start: &[f64],
    limit: usize,
    ctx: &Context,
) -> Result<Ascent> {
    match vanishing {
        Some(vanishing) => maximise(vanishing, start, limit, ctx),
        None => maximise(model, start, limit, ctx),
    }
}

/// Where an ascent on all rows begins, and how many starts led there.
struct Start {
    at: Vec<f64>,
    stands_for: usize,
}

/// Where it ended.
struct End {
    ascent: Ascent,
    stands_for: usize,
}

fn sort(ends: &mut Vec<End>) {
    ends.retain(|end| end.ascent.jet.value.is_finite());
    ends.sort_by(|a, b| b.ascent.jet.value.total_cmp(&a.ascent.jet.value));
}

/// The starts at which there is a likelihood, the best first.
fn ranked(model: &Likelihood<'_>, starts: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let values = starts.into_iter().map(|start| (model.value(&start), start));
    let mut ranked: Vec<(f64, Vec<f64>)> = values.filter(|(value, _)| value.is_finite()).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked
}

/// Starts for many rows: the maxima that all starts find on a thinned sample.
///
/// Nothing where that sample says nothing of some coefficient. What lies more than [`HOPELESS`] below the best there, or ends in the same place, is not
/// followed on all rows. A start that found no maximum of the thinned sample is, from where it
/// began.
fn scouted(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    ctx: &Context,
) -> Result<Option<Vec<Start>>> {
    let keep = sample.spread(MANY / 4);
    let Some(thin) = sample.thinned(&keep) else { return Ok(None) };
    let rest: Vec<Determinant> = others.iter().map(|other| other.rows(&keep)).collect();
    let model = likelihood(&thin, &rest, law);
    let vanishing = Vanishing::of(&thin, &rest, law, ctx)?;
    let mut ends: Vec<(Ascent, Vec<f64>)> =
        ranked(&model, start_values(&thin, &rest, law, &SHARES))
            .into_par_iter()
            .map(|(_, start)| Ok((ascend(&model, vanishing.as_ref(), &start, 85, ctx)?, start)))
            .collect::<Result<_>>()?;
    ends.retain(|(end, _)| end.jet.value.is_finite());
    ends.sort_by(|a, b| b.0.jet.value.total_cmp(&a.0.jet.value));
    let mut starts: Vec<Start> = Vec::new();
    let (mut last, top) = (f64::INFINITY, ends.first().map_or(0.0, |(end, _)| end.jet.value));
    for (end, start) in ends {
        let value = end.jet.value;
        let same = (last - value).abs() <= 1e-6 * (1.0 + value.abs());
        if same && let Some(before) = starts.last_mut() {
            before.stands_for += 1;
        } else if starts.len() < 3 && top - value <= HOPELESS {
            let at = if end.stop == Stop::Gradient { end.coef } else { start };
            starts.push(Start { at, stands_for: 1 });
            last = value;
        }
    }
    Ok(Some(starts).filter(|starts| !starts.is_empty()))
}

/// Whether some row has next to no noise left, against `ln_v` of the model without inefficiency.
fn without_noise(model: &Likelihood<'_>, end: &Ascent, ln_v: f64) -> bool {
    let points = model.points_of(&end.coef, 0..model.y.len());
    points.iter().any(|point| point.ln_v < ln_v - VANISHED)
}

/// A model within another, with the log of the shape and what to add to `ln sigma_u^2` that make
/// the other like it.
type Inner = (ErrorLaw, f64, f64);

/// Models within this one whose maxima are worth a start.
fn within(law: ErrorLaw) -> Vec<Inner> {
    let ln_2 = std::f64::consts::LN_2;
    let exponential = (ErrorLaw { inefficiency: Inefficiency::Exponential, ..law }, 0.0, 0.0);
    let rayleigh = (ErrorLaw { inefficiency: Inefficiency::Rayleigh, ..law }, ln_2, ln_2);
    match law.inefficiency {
        Inefficiency::Gamma => vec![exponential],
        Inefficiency::Weibull => vec![exponential, rayleigh],
        Inefficiency::Lognormal => Vec::new(),
        _ if law.noise == Noise::Normal => Vec::new(),
        _ => vec![(ErrorLaw { noise: Noise::Normal, ..law }, 0.0, 0.0)],
    }
}

/// Closed models within this one, or nearly.
fn close(law: ErrorLaw) -> Vec<Inner> {
    let like = |inefficiency| ErrorLaw { inefficiency, ..law };
    match law.inefficiency {
        Inefficiency::TruncatedNormal => vec![(like(Inefficiency::HalfNormal), 0.0, 0.0)],
        Inefficiency::TruncatedSkewedLaplace => vec![(like(Inefficiency::Exponential), 3.0, 0.0)],
        _ => Vec::new(),
    }
}

/// Maxima of models within this one, as points of this one.
fn simpler(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    inner: Vec<Inner>,
    ctx: &Context,
) -> Result<Vec<Vec<f64>>> {
    let mut starts = Vec::new();
    for (inner, shape, stretch) in inner {
        let extra = |index: Index| {
            index == Index::Shape && inner.inefficiency.shape().is_none()
                || index == Index::Mean && !inner.inefficiency.has_mean()
                || index == Index::Df && !inner.noise.has_df()
        };
        let rest: Vec<Determinant> = others.iter().filter(|o| !extra(o.index)).cloned().collect();
        let plain = inner == ErrorLaw::default() && rest.iter().all(|o| o.plan.is_none());
        let found = if plain {
            half_normal(sample, &rest, ctx)?
        } else {
            several_starts(sample, &rest, inner, ctx)?
        };
        let Place::Inside(place) = found.place else { continue };
        let p = sample.scaled.z.ncols();
        for df in
            if law.noise.has_df() && !inner.noise.has_df() { vec![5.0, 30.0] } else { vec![1.0] }
        {
            let mut start = place.coef[..p].to_vec();
            let mut rest = place.coef[p..].iter();
            for other in others {
                let width = other.scaled.z.ncols();
                if extra(other.index) {
                    let value = match other.index {
                        Index::Shape => shape,
                        Index::Mean => 0.0,
                        _ => f64::ln(df),
                    };
                    start.extend(constant(other, value));
                } else {
                    let at = start.len();
                    start.extend(rest.by_ref().take(width));
                    if other.index == Index::Inefficiency && other.intercept {
                        start[at] += stretch;
                    }
                }
            }
            starts.push(start);
        }
    }
    Ok(starts)
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

/// Where ascents begin: with each of `shares` of inefficiency in the residual variance.
pub(super) fn start_values(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    shares: &[f64],
) -> Vec<Vec<f64>> {
    let total = sample.ols_ssr / sample.n();
    let unit = Point { e: 0.0, ln_v: 0.0, ln_u: 0.0, mu: 0.0, shape: 0.0, df: 0.0 };
    let family = law.inefficiency;
    let mut starts = Vec::new();
    let ratios: &[f64] =
        if others.iter().any(|o| o.index == Index::Mean) { &[0.0, -2.0, 1.0] } else { &[0.0] };
    let shapes: &[f64] = match family {
        Inefficiency::Gamma | Inefficiency::Weibull => &[-0.4, 0.3, 1.1],
        Inefficiency::Lognormal => &[-1.0, -0.3, 0.2],
        _ => &[0.0],
    };
    // Student's t begins with eight degrees of freedom, its variance a third more than its scale.
    let (df, inflation) = if law.noise.has_df() { (8.0_f64.ln(), 4.0 / 3.0) } else { (0.0, 1.0) };
    for (ratio, shape) in ratios.iter().flat_map(|r| shapes.iter().map(move |s| (*r, *s))) {
        let (mean, variance) = family.moments(&Point { mu: ratio, shape, ..unit });
        for share in shares {
            let u_sq = share * total / variance;
            let v_sq = (1.0 - share) * total / inflation;
            let mut start: Vec<f64> = sample.ols.iter().copied().collect();
            if sample.intercept {
                start[0] += sample.sign * mean * u_sq.sqrt();
            }
            for other in others {
                start.extend(match other.index {
                    Index::Noise => constant(other, v_sq.ln()),
                    Index::Inefficiency => constant(other, u_sq.ln()),
                    Index::Mean => constant(other, ratio * u_sq.sqrt()),
                    Index::Shape => constant(other, shape),
                    Index::Df => constant(other, df),
                    Index::Frontier | Index::Scaling => vec![0.0; other.scaled.z.ncols()],
                });
            }
            starts.push(start);
        }
    }
    starts
}
