//! A proven ceiling on the half-normal profile between the points where it was computed.
//!
//! Write `x = (theta, tau)`, `q = A x` for the standardised residuals, and
//! `L(x, lambda) = sum w (ln tau - q^2/2 + ln Phi(-lambda q))`. Two facts bound the profile
//! `P(lambda) = max_x L` over a whole interval from one point `x0`:
//!
//! 1. All of `L` but `-q^2/2` is concave in `x`, so with `g = dL/dx` at `x0` and `M = A'WA`,
//!    `P(lambda) <= L(x0, lambda) + g' inv(M) g / 2`.
//! 2. Along `lambda` both terms are functions of one variable a row. `L(x0, .)` is concave, with
//!    curvature at least that at the end where `|(ln Phi)''|` is smallest; and `g` moves with
//!    `h(lambda) = lambda m(-lambda q)`, `m = phi/Phi`, whose second derivative is `|q|` times a
//!    function of `t = -lambda q` alone, bounded by [`bend`].
//!
//! Together they give a quadratic in the distance from `x0`'s `lambda`, whose largest value on
//! the interval is a number. Beyond some `lambda` the multipliers of the deterministic frontier
//! finish the proof: see [`tail`].

use std::f64::consts::LN_2;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::data::{apply, blocks, cross, dot, gram};
use super::normal::{HALF_LN_2PI, ln_cdf_jet};
use super::profile::{Profile, ProfilePoint};
use crate::context::Context;
use crate::error::Result;

/// A ceiling on `|d^2 h / d lambda^2| / |q|` for all `t` at or above the given one.
///
/// That function is `|2 m' + t m''|`: it tends to 2 far below zero, is 1.274 at zero, and beyond
/// its little bump of 0.161 near 2.2 falls like `t^3 phi(t)`.
fn bend(t: f64) -> f64 {
    if t < 0.0 {
        2.0
    } else if t < 1.8 {
        1.28
    } else if t < 4.0 {
        0.17
    } else {
        // m < phi / Phi(4) there, and m < t: every term is dominated.
        let m = 1.0001 * (-0.5 * t * t - HALF_LN_2PI).exp();
        let dominant = m * (2.0 * (t + m) + t * (t + m) * (t + 2.0 * m));
        // Below the normal numbers rounding would make it rise here and there.
        dominant.max(1e-300)
    }
}

/// Ceilings over intervals of `lambda`.
pub(super) struct Ceiling<'a> {
    profile: &'a Profile<'a>,
    curvature: Cholesky<f64, Dyn>,
}

struct Sums {
    /// `A'W dh/dlambda`.
    turn: DVector<f64>,
    /// Least curvature along `lambda`, and squared ceiling of the bend: left, right.
    hold: [f64; 2],
    bend_sq: [f64; 2],
}

/// The largest value of `a d + b d^2 / 2` on `[0, end]`.
fn rise(a: f64, b: f64, end: f64) -> f64 {
    let at_end = (a + 0.5 * b * end) * end;
    let best = at_end.max(0.0);
    if b < 0.0 && a > 0.0 && -a / b < end { best.max(-0.5 * a * a / b) } else { best }
}

impl<'a> Ceiling<'a> {
    /// Missing when response and regressors are dependent to working precision.
    pub fn new(profile: &'a Profile<'a>) -> Option<Self> {
        let p = profile.z.ncols();
        let mut matrix = DMatrix::zeros(p + 1, p + 1);
        matrix.view_mut((0, 0), (p, p)).copy_from(&gram(profile.z, profile.weights));
        let weighted: Option<Vec<f64>> =
            profile.weights.map(|w| profile.y.iter().zip(w).map(|(y, w)| y * w).collect());
        let wy = weighted.as_deref().unwrap_or(profile.y);
        let zy = cross(profile.z, wy);
        for j in 0..p {
            matrix[(p, j)] = -zy[j];
            matrix[(j, p)] = -zy[j];
        }
        matrix[(p, p)] = dot(wy, profile.y);
        Some(Self { profile, curvature: matrix.cholesky()? })
    }

    fn norm(&self, v: &DVector<f64>) -> f64 {
        v.dot(&self.curvature.solve(v)).max(0.0).sqrt()
    }

    /// No `lambda` from `first` up has a profile above this; `x` is a guess at its place.
    ///
    /// There `ln Phi(-lambda q) <= k(q) = min(0, ln 2 + ln Phi(-first q))` for every `q`. The
    /// likelihood with `k` in the place of `ln Phi` is concave but for `-q^2/2` as well, so the
    /// first fact holds for it.
    pub fn beyond(&self, first: f64, x: &DVector<f64>) -> f64 {
        let profile = self.profile;
        let (z, p) = (profile.z, profile.z.ncols());
        let tau = x[p];
        let parts = blocks(profile.y.len(), |rows| {
            let y = &profile.y[rows.clone()];
            let mut q = vec![0.0; rows.len()];
            apply(z, &x.as_slice()[..p], rows.clone(), &mut q);
            let mut value = 0.0;
            for i in 0..rows.len() {
                let w = profile.weights.map_or(1.0, |w| w[rows.start + i]);
                let qi = profile.sign * (tau * y[i] - q[i]);
                let (mut k, mut m) = (0.0, 0.0);
                if qi > 0.0 {
                    (k, m, _) = ln_cdf_jet(-first * qi);
                    k += LN_2;
                }
                value += w * (k - 0.5 * qi * qi);
                q[i] = -w * (qi + first * m);
            }
            let mut score = DVector::zeros(p + 1);
            for a in 0..p {
                score[a] = -profile.sign * dot(&z.column(a).data.into_slice()[rows.clone()], &q);
            }
            score[p] = profile.sign * dot(y, &q);
            (value, score)
        });
        let zero = (0.0, DVector::zeros(p + 1));
        let (value, mut score) = parts.into_iter().fold(zero, |a, b| (a.0 + b.0, a.1 + b.1));
        score[p] += profile.total / tau;
        let constant = profile.total * (tau.ln() + LN_2 - HALF_LN_2PI);
        value + constant + 0.5 * self.norm(&score).powi(2)
    }

    /// No `lambda` in `[low, high]`, which holds that of `point`, has a profile above this.
    pub fn over(&self, point: &ProfilePoint, low: f64, high: f64) -> f64 {
        let sums = self.sums(point, low, high);
        let lambda = point.lambda;
        let rest = self.norm(&point.score);
        let turn = self.norm(&sums.turn);
        let side = |k: usize, slope: f64, end: f64| {
            let reach = turn + 0.5 * end * sums.bend_sq[k].sqrt();
            rise(slope + rest * reach, reach * reach - sums.hold[k], end)
        };
        let left = side(0, -point.slope, lambda - low);
        let right = side(1, point.slope, high - lambda);
        point.loglik + 0.5 * rest * rest + left.max(right)
    }

    fn sums(&self, point: &ProfilePoint, low: f64, high: f64) -> Sums {
        let profile = self.profile;
        let (z, p) = (profile.z, profile.z.ncols());
        let (lambda, tau) = (point.lambda, point.at[p]);
        let parts = blocks(profile.y.len(), |rows| {
            let y = &profile.y[rows.clone()];
            let mut q = vec![0.0; rows.len()];
            apply(z, &point.at.as_slice()[..p], rows.clone(), &mut q);
            let mut turns = vec![0.0; rows.len()];
            let (mut hold, mut bend_sq) = ([0.0; 2], [0.0; 2]);
            for i in 0..rows.len() {
                let w = profile.weights.map_or(1.0, |w| w[rows.start + i]);
                let qi = profile.sign * (tau * y[i] - q[i]);
                let t = -lambda * qi;
                let (_, m, second) = ln_cdf_jet(t);
                turns[i] = w * (m + t * second);
                for (k, (a, b)) in [(low, lambda), (lambda, high)].into_iter().enumerate() {
                    let (smallest, largest) =
                        if qi > 0.0 { (-b * qi, -a * qi) } else { (-a * qi, -b * qi) };
                    let (_, _, flattest) = ln_cdf_jet(largest);
                    hold[k] -= w * qi * qi * flattest;
                    bend_sq[k] += w * (qi * bend(smallest)).powi(2);
                }
            }
            let mut turn = DVector::zeros(p + 1);
            for a in 0..p {
                turn[a] = -profile.sign * dot(&z.column(a).data.into_slice()[rows.clone()], &turns);
            }
            turn[p] = profile.sign * dot(y, &turns);
            Sums { turn, hold, bend_sq }
        });
        let zero = Sums { turn: DVector::zeros(p + 1), hold: [0.0; 2], bend_sq: [0.0; 2] };
        parts.into_iter().fold(zero, |mut all, part| {
            all.turn += part.turn;
            for k in 0..2 {
                all.hold[k] += part.hold[k];
                all.bend_sq[k] += part.bend_sq[k];
            }
            all
        })
    }
}

/// From which `lambda` on the deterministic frontier bounds the profile.
///
/// Its Lagrangian `sum w (ln tau - q^2/2) - sum mu q` is largest at the frontier itself, and
/// `w ln Phi(-lambda q) <= -mu q` for every `q` as soon as `lambda >= mu / (1.79 w)`, for
/// `-ln Phi(-t) >= 1.79 t` everywhere. Twice that leaves the profile room to stay below.
/// `multipliers` are those of `w r` in the units of the response, `sigma` the scale there.
pub(super) fn tail(active: &[(usize, f64)], sigma: f64, weights: Option<&[f64]>) -> f64 {
    let each = active.iter().map(|(row, mu)| mu / sigma / weights.map_or(1.0, |w| w[*row]));
    2.0 * each.fold(0.0, f64::max) / 1.79
}

/// How a range of `lambda` was covered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cover {
    /// Nothing in the range is higher, up to rounding.
    pub ceiling: f64,
    /// Intervals that together make the range.
    pub intervals: usize,
    /// Problems solved on the way, and the largest Newton decrement at which one ended.
    pub solved: usize,
    pub decrement: f64,
    /// Whether every one of them ended on a negative definite Hessian.
    pub definite: bool,
}

/// Covers `[0, last]` with intervals on which nothing exceeds `enough`, splitting where needed.
pub(super) fn cover(
    profile: &Profile<'_>,
    ols: &DVector<f64>,
    enough: f64,
    last: f64,
    ctx: &Context,
) -> Result<Option<Cover>> {
    let Some(ceiling) = Ceiling::new(profile) else { return Ok(None) };
    let limit = (200_000_000 / profile.y.len()).clamp(400, 20_000);
    let mut edges = vec![0.0];
    let mut edge = 0.1_f64.min(last);
    while edge < last {
        edges.push(edge);
        edge *= 1.5;
    }
    edges.push(last);
    let mut stack: Vec<(f64, f64)> = edges.windows(2).map(|w| (w[0], w[1])).rev().collect();
    let mut cover = Cover {
        ceiling: f64::NEG_INFINITY,
        intervals: 0,
        solved: 0,
        decrement: 0.0,
        definite: true,
    };
    let mut from = ols.clone();
    while let Some((low, high)) = stack.pop() {
        ctx.check()?;
        let middle = if low == 0.0 { 0.0 } else { (low * high).sqrt() };
        let start = if middle == 0.0 { ols } else { &from };
        let point = profile.point(middle, start, true, ctx)?;
        cover.solved += 1;
        match point.decrement {
            Some(decrement) => cover.decrement = cover.decrement.max(decrement),
            None => cover.definite = false,
        }
        let bound = ceiling.over(&point, low, high);
        if middle > 0.0 {
            from = point.at;
        }
        if bound <= enough || cover.solved >= limit {
            cover.ceiling = cover.ceiling.max(bound);
            cover.intervals += 1;
        } else {
            let cut = if low == 0.0 { 0.5 * high } else { middle };
            stack.push((cut, high));
            stack.push((low, cut));
        }
    }
    Ok(Some(cover))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::normal::ln_cdf;

    #[test]
    fn the_bend_is_a_ceiling_of_its_function_from_there_on() {
        let exact = |t: f64| {
            let (_, m, first) = ln_cdf_jet(t);
            let second = m * ((t + m) * (t + 2.0 * m) - 1.0);
            (2.0 * first + t * second).abs()
        };
        for i in -40_000..40_000 {
            let t = f64::from(i) / 1000.0;
            assert!(exact(t) <= bend(t) * (1.0 + 1e-9) + 1e-12, "{t}: {}", exact(t));
            // It falls, so that the ceiling at the smallest t holds for the larger ones; beyond 38
            // its values are subnormal and no longer rounded to a relative precision.
            assert!(bend(t) + 1e-300 >= bend(t + 0.001), "{t}");
        }
    }

    #[test]
    fn the_line_lies_below_minus_ln_phi() {
        for i in 1..200_000 {
            let t = f64::from(i) / 10_000.0;
            assert!(-ln_cdf(-t) >= 1.79 * t, "{t}");
        }
    }

    #[test]
    fn the_highest_point_of_a_parabola() {
        assert_eq!(rise(1.0, -1.0, 10.0), 0.5);
        assert_eq!(rise(1.0, -1.0, 0.5), 0.375);
        assert_eq!(rise(-1.0, -1.0, 10.0), 0.0);
        assert_eq!(rise(-1.0, 4.0, 1.0), 1.0);
    }

    #[test]
    fn no_point_of_the_profile_lies_above_the_ceiling() {
        let n = 25;
        let noise = |i: usize, k: f64| ((i as f64 + 1.0) * k).sin();
        let z = DMatrix::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { noise(i, 1.7) });
        let y: Vec<f64> = (0..n)
            .map(|i| 1.0 + 0.5 * noise(i, 1.7) + 0.2 * noise(i, 5.3) - noise(i, 2.9).abs())
            .collect();
        let profile = Profile { z: &z, y: &y, sign: 1.0, weights: None, total: n as f64 };
        let start = DVector::from_row_slice(&[0.5, 0.5, 1.0]);
        let ctx = Context::default();
        let ceiling = Ceiling::new(&profile).unwrap();
        for (low, high) in
            [(0.0, 0.3), (0.5, 0.9), (1.0, 3.0), (3.0, 3.5), (8.0, 20.0), (100.0, 130.0)]
        {
            let middle = if low == 0.0 { 0.0 } else { f64::sqrt(low * high) };
            let point = profile.point(middle, &start, true, &ctx).unwrap();
            let bound = ceiling.over(&point, low, high);
            let mut highest = f64::NEG_INFINITY;
            for k in 0..=40 {
                let lambda = low + (high - low) * f64::from(k) / 40.0;
                highest = highest.max(profile.point(lambda, &point.at, true, &ctx).unwrap().loglik);
            }
            assert!(bound >= highest - 1e-10, "[{low}, {high}]: {bound} {highest}");
        }
    }

    #[test]
    fn nothing_beyond_is_above_the_ceiling() {
        let n = 60;
        let x = |i: usize, k: f64| ((i as f64 + 1.0) * k).sin();
        let z = DMatrix::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x(i, 1.3) });
        let y: Vec<f64> = (0..n).map(|i| x(i, 1.3) + x(i, 0.7) - x(i, 5.1).abs()).collect();
        let profile = Profile { z: &z, y: &y, sign: 1.0, weights: None, total: n as f64 };
        let start = DVector::from_row_slice(&[0.5, 0.5, 1.0]);
        let ctx = Context::default();
        let ceiling = Ceiling::new(&profile).unwrap();
        let mut loosest = 0.0_f64;
        for first in [0.3, 1.0, 4.0, 20.0] {
            let top = profile.point(first, &start, true, &ctx).unwrap();
            for by in [0.9, 1.0, 1.2] {
                let at = &top.at * by;
                let beyond = ceiling.beyond(first, &at);
                for k in 0..30 {
                    let lambda = first * 1.3_f64.powi(k);
                    let point = profile.point(lambda, &top.at, true, &ctx).unwrap();
                    assert!(beyond >= point.loglik - 1e-10, "{first} {by} {lambda}");
                }
                loosest = loosest.max(beyond - top.loglik);
            }
        }
        assert!(loosest < n as f64, "{loosest}");
    }
}
