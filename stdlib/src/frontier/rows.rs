//! The normal distribution row after row, in loops that vectors can hold.
//!
//! The same approximations as in [`normal`](super::normal), with selections in place of branches.

use super::normal::{A, B, C, D, FRAC_1_SQRT_PI, P, Q};
use crate::simd;

/// Rows at a time: what a loop reads and writes stays in the nearest cache.
pub(super) const TILE: usize = 128;

/// Rows whose number loops are rounded up to, so that no row is left over for slow steps.
pub(super) const WIDTH: usize = 4;

/// Interleaved sums of a [`dot`], enough to keep the adders busy.
const LANES: usize = 16;

/// What a tile knows of the normal distribution at `x`.
#[derive(Clone)]
pub(super) struct Normal {
    /// `ln Phi(x)`.
    pub ln: [f64; TILE],
    /// `m = phi(x) / Phi(x)`, the first derivative.
    pub mills: [f64; TILE],
    /// `x + m`, which is positive; the second derivative is `-m (x + m)`.
    pub sum: [f64; TILE],
}

impl Normal {
    pub const EMPTY: Self = Self { ln: [0.0; TILE], mills: [0.0; TILE], sum: [0.0; TILE] };

    /// Fills the places of `x`, one at a time in each of several short loops: the processor then
    /// works on several rows at once, where one long chain of operations would hold it up.
    #[inline(always)]
    pub fn fill(&mut self, x: &[f64]) {
        let n = x.len();
        let (ln, mills, sum) = (&mut self.ln[..n], &mut self.mills[..n], &mut self.sum[..n]);
        for i in 0..n {
            mills[i] = simd::exp(-0.5 * x[i] * x[i]);
        }
        for i in 0..n {
            sum[i] = scaled_tail(x[i], mills[i]);
        }
        for i in 0..n {
            // The tail beyond |x|, and what is left of 1.
            let rest = 1.0 - 0.5 * mills[i] * sum[i];
            ln[i] = simd::ln(if x[i] < 0.0 { 0.5 * sum[i] } else { rest });
        }
        for i in 0..n {
            let (x, e, scaled) = (x[i], mills[i], sum[i]);
            let negative = x < 0.0;
            let tail = 0.5 * e * scaled;
            let rest = 1.0 - tail;
            let inverse = 1.0 / if negative { scaled } else { rest };
            // Below zero the square; above it what rounding took from 1 - tail.
            ln[i] -= if negative { 0.5 * x * x } else { ((rest - 1.0) + tail) * inverse };
            let m = if negative { 2.0 * ROOT } else { e * ROOT } * inverse;
            // Far below zero x + m cancels; its asymptotic series does not.
            let r = 1.0 / x;
            let u = r * r;
            let series = -r * (1.0 + u * (-2.0 + u * (10.0 + u * (-74.0 + u * 706.0))));
            let far = x < -50.0;
            mills[i] = if far { series - x } else { m };
            sum[i] = if far { series } else { x + m };
        }
    }
}

/// `erfcx(|x| / sqrt(2))`, where `e` is `exp(-x^2 / 2)`.
#[inline(always)]
fn scaled_tail(x: f64, e: f64) -> f64 {
    let y = x.abs() * std::f64::consts::FRAC_1_SQRT_2;
    let square = 0.5 * x * x;
    // Cody's three ranges as fractions, of which one is taken.
    let (mut above, mut below) = (A[4] * square, square);
    for i in 0..3 {
        above = (above + A[i]) * square;
        below = (below + B[i]) * square;
    }
    let below = below + B[3];
    let near = (below - y * (above + A[3]), below * e);
    let (mut above, mut below) = (C[8] * y, y);
    for i in 0..7 {
        above = (above + C[i]) * y;
        below = (below + D[i]) * y;
    }
    let middle = (above + C[7], below + D[7]);
    let z = 1.0 / square;
    let (mut above, mut below) = (P[5] * z, z);
    for i in 0..4 {
        above = (above + P[i]) * z;
        below = (below + Q[i]) * z;
    }
    let below = below + Q[4];
    let far = (FRAC_1_SQRT_PI * below - z * (above + P[4]), y * below);
    let above = if y <= 4.0 { middle.0 } else { far.0 };
    let above = if y <= 0.468_75 { near.0 } else { above };
    let below = if y <= 4.0 { middle.1 } else { far.1 };
    let below = if y <= 0.468_75 { near.1 } else { below };
    above / below
}

/// `1 / sqrt(2 pi)`.
const ROOT: f64 = 0.398_942_280_401_432_7;

/// Adds a multiple of a column to `out`.
#[inline(always)]
pub(super) fn add_scaled(out: &mut [f64], by: f64, column: &[f64]) {
    let column = &column[..out.len()];
    for i in 0..out.len() {
        out[i] += by * column[i];
    }
}

/// Inner product in interleaved sums.
#[inline(always)]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let b_lanes = &b_lanes[..a_lanes.len()];
    for i in 0..a_lanes.len() {
        for k in 0..LANES {
            sums[k] += a_lanes[i][k] * b_lanes[i][k];
        }
    }
    let (a_lanes, a_rest) = a_rest.as_chunks::<WIDTH>();
    let (b_lanes, b_rest) = b_rest.as_chunks::<WIDTH>();
    let b_lanes = &b_lanes[..a_lanes.len()];
    for i in 0..a_lanes.len() {
        for k in 0..WIDTH {
            sums[k] += a_lanes[i][k] * b_lanes[i][k];
        }
    }
    let b_rest = &b_rest[..a_rest.len()];
    for i in 0..a_rest.len() {
        sums[i] += a_rest[i] * b_rest[i];
    }
    sum(&mut sums)
}

/// Sum by halves.
#[inline(always)]
pub(super) fn sum<const N: usize>(values: &mut [f64; N]) -> f64 {
    let mut width = N;
    while width > 1 {
        width /= 2;
        for k in 0..width {
            values[k] += values[k + width];
        }
    }
    values[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::normal::{HALF_LN_2PI, ln_cdf_jet};

    #[test]
    fn rows_have_the_digits_of_the_scalar_functions() {
        let mut worst = [0.0_f64; 3];
        let edges = [0.0, 0.468_75, 4.0, 50.0 * std::f64::consts::FRAC_1_SQRT_2];
        let grid = (-400_000..=400_000).map(|i| f64::from(i) * 1.037e-4);
        let far = (0..400).map(|i| -40.0 - f64::from(i * i) * 0.7);
        let near = edges.iter().flat_map(|e| [-1.0, 1.0].map(|s| s * e * 2.0_f64.sqrt()));
        let near = near.flat_map(|x| [x - 1e-12, x, x + 1e-12]);
        let all: Vec<f64> = grid.chain(far).chain(near).collect();
        let mut normal = Normal::EMPTY;
        let mut filled = Vec::new();
        for tile in all.chunks(TILE) {
            normal.fill(tile);
            filled.extend((0..tile.len()).map(|i| (normal.ln[i], normal.mills[i], normal.sum[i])));
        }
        for (x, (f, m, sum)) in all.into_iter().zip(filled) {
            let (f0, m0, second) = ln_cdf_jet(x);
            let gap = |a: f64, b: f64| (a - b).abs() / b.abs().max(1e-290);
            // A square that is off by half a unit moves the exponential of it by that much.
            let reach = 1.0 + 0.25 * if x > 0.0 { x * x } else { 0.0 };
            worst[0] = worst[0].max(gap(f, f0) / reach);
            worst[1] = worst[1].max(gap(m, m0) / reach);
            // x + m cancels down to 1 / |x|.
            let lost = if x < -50.0 { 1.0 } else { 1.0 + x * x };
            worst[2] = worst[2].max(gap(-m * sum, second) / lost.max(reach));
        }
        assert!(worst.iter().all(|w| *w < 2e-15), "{worst:?}");
        normal.fill(&[0.0, 60.0, f64::NAN]);
        assert!((normal.ln[0] + std::f64::consts::LN_2).abs() < 1e-16);
        assert_eq!((normal.ln[1], normal.mills[1], normal.sum[1]), (0.0, 0.0, 60.0));
        assert!(normal.ln[2].is_nan());
        assert!((HALF_LN_2PI + ROOT.ln()).abs() < 1e-15);
    }
}
