//! From a sample to a maximum: globally for the plain half-normal; see `starts` for the others.

use nalgebra::{DMatrix, DVector};

use super::bound::Ceiling;
use super::data::Scaled;
use super::deterministic::Deterministic;
use super::engine::{Ascent, Equation, Index, Likelihood, Stop, maximise};
use super::law::ErrorLaw;
use super::noise_only::NoiseOnly;
use super::profile::{
    FIRST, LAST, LocalMaximum, Pace, Profile, ProfilePoint, STEP, Search, search,
};
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

impl Determinant {
    /// The rows `keep`, scaled as the whole.
    pub fn rows(&self, keep: &[usize]) -> Self {
        Self {
            index: self.index,
            scaled: self.scaled.rows(keep),
            names: self.names.clone(),
            intercept: self.intercept,
            plan: self.plan.clone(),
        }
    }
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
    let end = sample.deterministic();
    // From here on no profile is above that end.
    let proven = end.as_ref().map_or(f64::INFINITY, |(end, _)| end.holds_from(sample));
    let mut top = None;
    let found = if sample.y.len() > MANY {
        // A thinned sample finds the way.
        let thin = sample.thinned(&sample.spread(MANY / 4));
        let scout = match &thin {
            Some(thin) => {
                let (profile, start) = thin.profile();
                search(&profile, &start, thin.upward(), &Pace::fine(), LAST, ctx)?
            }
            None => Search { grid: Vec::new(), interior: Vec::new(), iterations: 0 },
        };
        if upward && let Some((search, ascent)) = straight(sample, others, &profile, &scout, ctx)? {
            top = Some(ascent);
            search
        } else {
            // All rows walk it in longer steps.
            let pace = Pace { step: STRIDE, tolerance: 0.05, warm: &scout.grid, short: false };
            search(&profile, &start, upward, &pace, LAST, ctx)?
        }
    } else {
        let last = if pace.short { proven.min(LAST) } else { LAST };
        search(&profile, &start, upward, pace, last, ctx)?
    };
    let ols_loglik = sample.ols_loglik();

    let mut maxima: Vec<LocalMaximum> = found
        .interior
        .iter()
        .map(|point| LocalMaximum { lambda: point.lambda, loglik: point.loglik })
        .collect();
    if !upward {
        maxima.push(LocalMaximum { lambda: 0.0, loglik: ols_loglik });
    }
    // Where the walk ended early, the end is above all that the walk left out.
    if let Some((_, loglik)) = &end
        && (pace.short && proven <= LAST || found.grid.last().is_some_and(|last| last.slope > 0.0))
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
            let ascent = match top {
                Some(ascent) => ascent,
                None => polish(sample, others, point, ctx)?,
            };
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

/// The search on many rows where a thinned sample has shown one maximum inside.
///
/// Newton's method in all parameters takes that maximum to all rows. Then the grid is walked as
/// ever, from the points of the thinned sample, until a proven ceiling on all `lambda` that are
/// left lies below the maximum; the last point tells whether the profile rises to its end. Nothing
/// is returned where it changes its direction anywhere else.
fn straight(
    sample: &Sample,
    others: &[Determinant],
    profile: &Profile<'_>,
    scout: &Search,
    ctx: &Context,
) -> Result<Option<(Search, Ascent)>> {
    let ([first], Some(last)) = (&scout.interior[..], scout.grid.last()) else { return Ok(None) };
    let ascent = polish(sample, others, first, ctx)?;
    let p = sample.scaled.z.ncols();
    let &[ln_v, ln_u] = &ascent.coef[p..] else { return Ok(None) };
    let (best, peak) = (ascent.jet.value, (0.5 * (ln_u - ln_v)).exp());
    let Some(ceiling) = Ceiling::new(profile).filter(|_| ascent.stop == Stop::Gradient) else {
        return Ok(None);
    };
    let mut grid: Vec<ProfilePoint> = Vec::new();
    let mut iterations = 0;
    let mut ruled_out = false;
    let walk = std::iter::successors(Some(FIRST), |lambda| Some(lambda * STRIDE));
    let mut walk = walk.take_while(|lambda| *lambda <= LAST).peekable();
    while let Some(lambda) = walk.next() {
        let near = scout.grid.iter().find(|w| (w.lambda / lambda - 1.0).abs() < 0.3);
        let Some(warm) = near else { return Ok(None) };
        let past = grid.last().is_some_and(|point| point.lambda > peak);
        ruled_out = ruled_out || past && ceiling.beyond(lambda, &warm.at) < best;
        // Where the thinned sample rises again at the last point, all rows may do so.
        let end = walk.peek().is_none() && last.slope > 0.0;
        if ruled_out && !end {
            continue;
        }
        let point = profile.point(lambda, &warm.at, false, ctx)?;
        iterations += point.iterations;
        if !end && (point.slope > 0.0) != (lambda < peak) {
            return Ok(None);
        }
        grid.push(point);
    }
    let sigma = (0.5 * (ln_v + peak.powi(2).ln_1p())).exp();
    let mut at = DVector::from_element(p + 1, 1.0 / sigma);
    at.rows_mut(0, p).copy_from(&(DVector::from_row_slice(&ascent.coef[..p]) / sigma));
    let score = DVector::zeros(p + 1);
    let top = ProfilePoint {
        lambda: peak,
        loglik: best,
        slope: 0.0,
        at,
        score,
        decrement: None,
        iterations: ascent.iterations,
    };
    Ok(Some((Search { grid, interior: vec![top], iterations }, ascent)))
}

/// Ratio of neighbouring `lambda` on the grid for many rows.
const STRIDE: f64 = STEP * STEP * STEP;

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
