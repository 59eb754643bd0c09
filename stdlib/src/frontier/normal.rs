//! The normal distribution, precise in both tails.
//!
//! Everything a composed error needs stands on the scaled complementary error function
//! `erfcx(x) = exp(x^2) erfc(x)`, by the rational approximations of Cody (1969, Mathematics of
//! Computation 23), whose relative error is near the last bit.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

/// `ln(2 pi) / 2`.
pub const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;
pub(super) const FRAC_1_SQRT_PI: f64 = 0.564_189_583_547_756_3;

// Coefficients as published.
#[allow(clippy::excessive_precision)]
pub(super) const A: [f64; 5] = [
    3.161_123_743_870_565_6e0,
    1.138_641_541_510_501_56e2,
    3.774_852_376_853_020_2e2,
    3.209_377_589_138_469_5e3,
    1.857_777_061_846_031_5e-1,
];
#[allow(clippy::excessive_precision)]
pub(super) const B: [f64; 4] = [
    2.360_129_095_234_412_1e1,
    2.440_246_379_344_441_7e2,
    1.282_616_526_077_372_3e3,
    2.844_236_833_439_170_6e3,
];
#[allow(clippy::excessive_precision)]
pub(super) const C: [f64; 9] = [
    5.641_884_969_886_700_9e-1,
    8.883_149_794_388_376,
    6.611_919_063_714_163e1,
    2.986_351_381_974_001e2,
    8.819_522_212_417_691e2,
    1.712_047_612_634_070_6e3,
    2.051_078_377_826_071_5e3,
    1.230_339_354_797_997_2e3,
    2.153_115_354_744_038_5e-8,
];
pub(super) const D: [f64; 8] = [
    1.574_492_611_070_983_5e1,
    1.176_939_508_913_125e2,
    5.371_811_018_620_099e2,
    1.621_389_574_566_690_2e3,
    3.290_799_235_733_459_7e3,
    4.362_619_090_143_247e3,
    3.439_367_674_143_721_6e3,
    1.230_339_354_803_749_4e3,
];
#[allow(clippy::excessive_precision)]
pub(super) const P: [f64; 6] = [
    3.053_266_349_612_323_4e-1,
    3.603_448_999_498_044_4e-1,
    1.257_817_261_112_292_5e-1,
    1.608_378_514_874_227_7e-2,
    6.587_491_615_298_378e-4,
    1.631_538_713_730_209_8e-2,
];
pub(super) const Q: [f64; 5] = [
    2.568_520_192_289_822,
    1.872_952_849_923_467_3,
    5.279_051_029_514_284e-1,
    6.051_834_131_244_132e-2,
    2.335_204_976_268_691_8e-3,
];

/// `erf(x)` for `|x| <= 0.46875`.
fn erf_small(x: f64) -> f64 {
    let y = x * x;
    let mut above = A[4] * y;
    let mut below = y;
    for i in 0..3 {
        above = (above + A[i]) * y;
        below = (below + B[i]) * y;
    }
    x * (above + A[3]) / (below + B[3])
}

/// `exp(x^2) erfc(x)`; grows like `2 exp(x^2)` below zero and falls like `1 / (x sqrt(pi))` above.
pub fn erfcx(x: f64) -> f64 {
    let y = x.abs();
    if y <= 0.46875 {
        return (x * x).exp() * (1.0 - erf_small(x));
    }
    let positive = if y <= 4.0 {
        let mut above = C[8] * y;
        let mut below = y;
        for i in 0..7 {
            above = (above + C[i]) * y;
            below = (below + D[i]) * y;
        }
        (above + C[7]) / (below + D[7])
    } else {
        let z = 1.0 / (y * y);
        let mut above = P[5] * z;
        let mut below = z;
        for i in 0..4 {
            above = (above + P[i]) * z;
            below = (below + Q[i]) * z;
        }
        let tail = z * (above + P[4]) / (below + Q[4]);
        (FRAC_1_SQRT_PI - tail) / y
    };
    if x > 0.0 { positive } else { 2.0 * (x * x).exp() - positive }
}

/// `ln Phi(x)` and its first two derivatives.
///
/// The first is the inverse Mills ratio `m = phi(x) / Phi(x)`, the second `-m (x + m)`.
#[inline]
pub fn ln_cdf_jet(x: f64) -> (f64, f64, f64) {
    if x < -50.0 {
        // x + m cancels to about 1/|x|; its asymptotic series has no cancellation.
        let t = -x;
        let u = 1.0 / (t * t);
        let rest = (1.0 + u * (-2.0 + u * (10.0 + u * (-74.0 + u * 706.0)))) / t;
        let m = t + rest;
        (-0.5 * x * x - HALF_LN_2PI - m.ln(), m, -m * rest)
    } else if x < 0.0 {
        let half = 0.5 * erfcx(-x * FRAC_1_SQRT_2);
        let m = (-HALF_LN_2PI).exp() / half;
        (-0.5 * x * x + half.ln(), m, -m * (x + m))
    } else {
        let density = (-0.5 * x * x - HALF_LN_2PI).exp();
        let upper = density * (0.5 / FRAC_1_SQRT_2) * PI.sqrt() * erfcx(x * FRAC_1_SQRT_2);
        let m = density / (1.0 - upper);
        ((-upper).ln_1p(), m, -m * (x + m))
    }
}

/// `ln Phi(x)`.
pub fn ln_cdf(x: f64) -> f64 {
    ln_cdf_jet(x).0
}

/// `phi(x) / Phi(x)`.
pub fn inverse_mills(x: f64) -> f64 {
    ln_cdf_jet(x).1
}

/// `Phi(x)`.
pub fn cdf(x: f64) -> f64 {
    ln_cdf(x).exp()
}

/// The `x` with `ln Phi(x) = target`, for any `target < 0`.
pub fn ln_cdf_inverse(target: f64) -> f64 {
    if target >= 0.0 {
        return f64::INFINITY;
    }
    if target > -LN_2 {
        // The upper half by symmetry: ln(1 - p) keeps the digits that p near 1 has lost.
        return -ln_cdf_inverse((-target.exp_m1()).ln());
    }
    // ln Phi is concave and increasing, so Newton from below converges from one side.
    let mut x = if target > -5.0 { -0.7 } else { -(-2.0 * target).sqrt() };
    for _ in 0..100 {
        let (f, m, _) = ln_cdf_jet(x);
        let step = (f - target) / m;
        x -= step;
        if step.abs() <= 1e-15 * x.abs() + 1e-300 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-300), "{a} against {b}");
    }

    #[test]
    fn known_values() {
        close(erfcx(0.0), 1.0, 1e-15);
        close(erfcx(1.0), 0.427_583_576_155_807, 1e-14);
        close(erfcx(0.3), 0.734_599_334_567_655_1, 1e-14);
        close(erfcx(-1.0), 5.008_980_080_762_283, 1e-14);
        close(cdf(1.0), 0.841_344_746_068_542_9, 1e-14);
        close(cdf(-1.959_963_984_540_054), 0.025, 1e-14);
        close(ln_cdf(-10.0), -53.231_285_150_512_47, 1e-14);
        close(ln_cdf(-40.0), -804.608_442_013_753_8, 1e-14);
    }

    #[test]
    fn the_branches_meet() {
        for edge in [-50.0, -4.0 * 2.0_f64.sqrt(), -0.46875 * 2.0_f64.sqrt(), 0.0, 0.5, 5.0] {
            let (below, above) = (ln_cdf_jet(edge - 1e-9), ln_cdf_jet(edge + 1e-9));
            close(below.0 + 2e-9 * below.1, above.0, 1e-14);
            close(below.1 + 2e-9 * below.2, above.1, 1e-12);
            close(below.2, above.2, 3e-8);
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for x in [-300.0, -60.0, -20.0, -3.0, -0.1, 0.0, 0.4, 2.0, 6.0] {
            let h = 1e-5;
            let (f, g) = (|x: f64| ln_cdf_jet(x).0, |x: f64| ln_cdf_jet(x).1);
            let (_, m, second) = ln_cdf_jet(x);
            assert!(((f(x + h) - f(x - h)) / (2.0 * h) - m).abs() <= 1e-6 * m.max(1.0), "{x}");
            assert!(((g(x + h) - g(x - h)) / (2.0 * h) - second).abs() <= 1e-7, "{x}");
        }
    }

    #[test]
    fn the_inverse_inverts() {
        for x in [-200.0, -38.0, -8.0, -1.0, -0.01, 0.0, 0.3, 2.0, 7.0] {
            let back = ln_cdf_inverse(ln_cdf(x));
            assert!((back - x).abs() <= 1e-12 * x.abs().max(1e-3), "{x}: {back}");
        }
    }
}
