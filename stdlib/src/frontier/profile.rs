//! The global maximum of the half-normal likelihood, by its profile over `lambda`.
//!
//! With `theta = b / sigma`, `tau = 1 / sigma` and `q_i = s (tau y_i - x_i'theta)`, the likelihood
//! for a given `lambda = sigma_u / sigma_v` is
//! `sum ln tau - q_i^2 / 2 + ln Phi(-lambda q_i)` plus a constant: strictly concave in
//! `(theta, tau)` (Olsen, 1978, has the argument for the tobit), so Newton's method finds its one
//! maximum. What is left is a curve over `lambda` from 0 (ordinary least squares) to infinity
//! (the deterministic frontier). Its slope is known at every point, so each of its local maxima
//! shows as a change of sign.

use nalgebra::{DMatrix, DVector};

use super::data::blocks;
use super::normal::HALF_LN_2PI;
use super::rows::{Normal, TILE, WIDTH, add_scaled, dot, sum};
use crate::context::Context;
use crate::error::Result;
use crate::simd::widest;

/// A point on the profile.
#[derive(Debug, Clone)]
pub(super) struct ProfilePoint {
    pub lambda: f64,
    pub loglik: f64,
    /// Derivative of the profile with respect to `lambda`.
    pub slope: f64,
    /// `theta`, then `tau`.
    pub at: DVector<f64>,
    /// Derivative with respect to `at`, zero but for rounding.
    pub score: DVector<f64>,
    /// Newton decrement at the end: twice what the loglikelihood could still gain. Missing where
    /// the Hessian is not negative definite to working precision.
    pub decrement: Option<f64>,
    pub iterations: usize,
}

/// The likelihood for given `lambda`.
#[derive(Debug, Clone)]
pub(super) struct Profile<'a> {
    pub z: &'a DMatrix<f64>,
    pub y: &'a [f64],
    pub sign: f64,
    pub weights: Option<&'a [f64]>,
    /// Sum of the weights.
    pub total: f64,
}

struct Sums {
    value: f64,
    slope: f64,
    score: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Sums {
    fn zero(p: usize) -> Self {
        Self { value: 0.0, slope: 0.0, score: DVector::zeros(p), hessian: DMatrix::zeros(p, p) }
    }

    fn plus(mut self, other: Self) -> Self {
        self.value += other.value;
        self.slope += other.slope;
        self.score += other.score;
        self.hessian += other.hessian;
        self
    }
}

impl Profile<'_> {
    fn sums(&self, lambda: f64, at: &DVector<f64>) -> Sums {
        let p = self.z.ncols();
        let tau = at[p];
        let parts = blocks(self.y.len(), |rows| {
            // Vectors of the machine's width, tile by tile.
            widest(
                #[inline(always)]
                || self.block(lambda, at.as_slice(), rows),
            )
        });
        let mut all = parts.into_iter().reduce(Sums::plus).unwrap_or_else(|| Sums::zero(p + 1));
        // Columns enter `q = s (tau y - z'theta)` with these signs.
        let signs = |a: usize| if a < p { -self.sign } else { self.sign };
        for a in 0..=p {
            all.score[a] *= signs(a);
            for b in 0..a {
                all.hessian[(a, b)] *= signs(a) * signs(b);
            }
        }
        all.value += self.total * (tau.ln() + std::f64::consts::LN_2 - HALF_LN_2PI);
        all.score[p] += self.total / tau;
        all.hessian[(p, p)] -= self.total / (tau * tau);
        all.hessian.fill_upper_triangle_with_lower_triangle();
        all
    }

    /// The sums over `rows`, signs of columns and what `tau` adds left out.
    #[inline(always)]
    fn block(&self, lambda: f64, at: &[f64], rows: std::ops::Range<usize>) -> Sums {
        let p = self.z.ncols();
        let mut sums = Sums::zero(p + 1);
        let (mut value, mut slope) = ([0.0; TILE], [0.0; TILE]);
        let (mut q, mut t, mut g, mut h) = ([0.0; TILE], [0.0; TILE], [0.0; TILE], [0.0; TILE]);
        let mut normal = Normal::EMPTY;
        let column = |a: usize, start: usize, n: usize| -> &[f64] {
            if a < p {
                &self.z.column(a).data.into_slice()[start..start + n]
            } else {
                &self.y[start..start + n]
            }
        };
        for start in rows.clone().step_by(TILE) {
            let n = TILE.min(rows.end - start);
            q.fill(0.0);
            for a in 0..=p {
                let by = self.sign * if a < p { -at[a] } else { at[p] };
                add_scaled(&mut q[..n], by, column(a, start, n));
            }
            // Whole vectors, the places behind the last row with weight zero.
            let full = n.next_multiple_of(WIDTH).min(TILE);
            for i in 0..full {
                t[i] = -lambda * q[i];
            }
            normal.fill(&t[..full]);
            if let Some(weights) = self.weights {
                let w = &weights[start..start + n];
                for i in 0..n {
                    let m = normal.mills[i];
                    value[i] += w[i] * (normal.ln[i] - 0.5 * q[i] * q[i]);
                    slope[i] -= w[i] * (q[i] * m);
                    g[i] = w[i] * (-q[i] - lambda * m);
                    h[i] = -w[i] * (1.0 + lambda * lambda * (m * normal.sum[i]));
                }
            } else {
                for i in 0..n {
                    let m = normal.mills[i];
                    value[i] += normal.ln[i] - 0.5 * q[i] * q[i];
                    slope[i] -= q[i] * m;
                    g[i] = -q[i] - lambda * m;
                    h[i] = -1.0 - lambda * lambda * (m * normal.sum[i]);
                }
            }
            for a in 0..=p {
                let za = column(a, start, n);
                sums.score[a] += dot(za, &g[..n]);
                for i in 0..n {
                    t[i] = za[i] * h[i];
                }
                for b in 0..=a {
                    sums.hessian[(a, b)] += dot(&t[..n], column(b, start, n));
                }
            }
        }
        sums.value = sum(&mut value);
        sums.slope = sum(&mut slope);
        sums
    }

    /// The maximum for `lambda`, from `start`; `tight` asks for the last digits.
    pub fn point(
        &self,
        lambda: f64,
        start: &DVector<f64>,
        tight: bool,
        ctx: &Context,
    ) -> Result<ProfilePoint> {
        let p = self.z.ncols();
        let mut at = start.clone();
        let mut sums = self.sums(lambda, &at);
        let enough = if tight { 1e-22 } else { 1e-11 } * (1.0 + self.total);
        let mut iterations = 0;
        for _ in 0..200 {
            ctx.check()?;
            let Some(factor) = (-&sums.hessian).cholesky() else { break };
            let step = factor.solve(&sums.score);
            let decrement = step.dot(&sums.score);
            if decrement <= enough {
                break;
            }
            iterations += 1;
            // tau stays positive; otherwise the step is halved until the concave function rises.
            let mut t = if step[p] < 0.0 { (-0.9 * at[p] / step[p]).min(1.0) } else { 1.0 };
            let noise = 8.0 * f64::EPSILON * (sums.value.abs() + self.total);
            let mut moved = false;
            for _ in 0..60 {
                let trial = &at + &step * t;
                let next = self.sums(lambda, &trial);
                if next.value.is_finite() && next.value >= sums.value + 1e-4 * t * decrement - noise
                {
                    at = trial;
                    sums = next;
                    moved = true;
                    break;
                }
                t *= 0.5;
            }
            if !moved || decrement < 1e-3 * noise {
                break;
            }
        }
        let decrement = (-&sums.hessian).cholesky().map(|f| f.solve(&sums.score).dot(&sums.score));
        Ok(ProfilePoint {
            lambda,
            loglik: sums.value,
            slope: sums.slope,
            at,
            score: sums.score,
            decrement,
            iterations,
        })
    }
}

/// A local maximum of the profile, `lambda` from 0 to infinity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMaximum {
    /// Where; infinite for the deterministic frontier.
    pub lambda: f64,
    /// Its loglikelihood.
    pub loglik: f64,
}

impl LocalMaximum {
    /// `lambda^2 / (1 + lambda^2)`.
    pub fn gamma(&self) -> f64 {
        gamma_of(self.lambda)
    }
}

/// `gamma` for a `lambda` from 0 to infinity.
pub(super) fn gamma_of(lambda: f64) -> f64 {
    if lambda.is_infinite() { 1.0 } else { lambda * lambda / (1.0 + lambda * lambda) }
}

/// What the search over `lambda` found.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// Points tried, `lambda` increasing.
    pub grid: Vec<ProfilePoint>,
    /// Interior local maxima.
    pub interior: Vec<ProfilePoint>,
    pub iterations: usize,
}

/// Smallest positive `lambda` tried.
pub(super) const FIRST: f64 = 0.1;

/// Largest finite `lambda` tried: noise of a five-thousandth of inefficiency.
pub(super) const LAST: f64 = 5000.0;

/// Ratio of neighbouring `lambda` on the grid.
pub(super) const STEP: f64 = 1.5;

/// How finely to walk the profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace<'a> {
    /// Ratio of neighbouring `lambda`.
    pub step: f64,
    /// Relative width at which a maximum counts as found; Newton's method in all parameters takes
    /// it from there.
    pub tolerance: f64,
    /// Points of a profile close to this one.
    pub warm: &'a [ProfilePoint],
    /// Whether the walk may end where the deterministic frontier is proven to be above all that
    /// is left.
    pub short: bool,
}

impl Pace<'static> {
    /// Every maximum to the last digits.
    pub fn fine() -> Self {
        Self { step: STEP, tolerance: 1e-9, warm: &[], short: false }
    }

    /// Longer strides to a bracket from which Newton's method ends as precisely.
    pub fn brisk() -> Self {
        Self { step: STEP * STEP, tolerance: 1e-3, warm: &[], short: true }
    }
}

/// Walks the profile from `lambda = 0` up and refines every local maximum in between.
///
/// `ols` is the maximum at `lambda = 0` as `(theta, tau)`; `upward` says whether the profile
/// leaves it upwards, which the third moment of the residuals decides. `warm` are points of the
/// profile of a part of the rows, from which Newton's method starts where they are nearer. `last`
/// is where the walk may end.
pub(super) fn search(
    profile: &Profile<'_>,
    ols: &DVector<f64>,
    upward: bool,
    pace: &Pace<'_>,
    last: f64,
    ctx: &Context,
) -> Result<Search> {
    let mut grid: Vec<ProfilePoint> = Vec::new();
    let mut interior = Vec::new();
    let mut iterations = 0;
    let mut rising = upward;
    let mut before: (f64, DVector<f64>) = (0.0, ols.clone());
    let mut lambda = FIRST;
    while lambda <= LAST {
        let near = pace.warm.iter().find(|w| (w.lambda / lambda - 1.0).abs() < 0.3);
        let from = near.map_or(&before.1, |warm| &warm.at);
        let point = profile.point(lambda, from, false, ctx)?;
        iterations += point.iterations;
        if rising && point.slope < 0.0 {
            let best = refine(profile, before.0, &before.1, &point, pace.tolerance, ctx)?;
            iterations += best.iterations;
            interior.push(best);
        }
        rising = point.slope > 0.0;
        before = (lambda, point.at.clone());
        grid.push(point);
        if lambda >= last {
            break;
        }
        lambda *= pace.step;
    }
    Ok(Search { grid, interior, iterations })
}

/// The zero of the slope between `low` (rising) and `high` (falling), by the Illinois method.
fn refine(
    profile: &Profile<'_>,
    low: f64,
    start: &DVector<f64>,
    high: &ProfilePoint,
    tolerance: f64,
    ctx: &Context,
) -> Result<ProfilePoint> {
    let (mut a, mut b) = (low, high.lambda);
    let mut slope_b = high.slope;
    // With an intercept the slope at zero is zero whichever way the profile leaves it, so the
    // interval is halved until a rising point is known.
    let mut slope_a = None;
    let mut at = if low == 0.0 { high.at.clone() } else { start.clone() };
    let mut best = high.clone();
    let mut iterations = 0;
    let mut last_rose = None;
    for _ in 0..80 {
        if b - a <= tolerance * b {
            break;
        }
        let secant = slope_a.map_or(f64::NAN, |sa: f64| (a * slope_b - b * sa) / (slope_b - sa));
        let middle = if secant > a && secant < b { secant } else { 0.5 * (a + b) };
        let point = profile.point(middle, &at, tolerance < 1e-6, ctx)?;
        iterations += point.iterations;
        at = point.at.clone();
        let slope = point.slope;
        best = point;
        if slope > 0.0 {
            (a, slope_a) = (middle, Some(slope));
            if last_rose == Some(true) {
                slope_b *= 0.5;
            }
            last_rose = Some(true);
        } else if slope < 0.0 {
            (b, slope_b) = (middle, slope);
            if last_rose == Some(false) {
                slope_a = slope_a.map(|s| 0.5 * s);
            }
            last_rose = Some(false);
        } else {
            break;
        }
    }
    best.iterations = iterations;
    Ok(best)
}
