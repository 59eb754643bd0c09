//! Closed densities as a polynomial in the composed error and one function of few arguments.
//!
//! `c_0 + c_1 e + c_2 e^2 + H(a_1, ..., a_M)` with `a_k = alpha_k + beta_k e`, see
//! [`shared`](super::shared). The formulas are those of [`density`](super::density).

use super::density::{Inefficiency, Point};
use super::jet::Num;
use super::normal::HALF_LN_2PI;
use super::rows::{Normal, TILE};
use crate::simd;

/// Arguments of `H` at most, and pairs of them.
pub(super) const MOST: usize = 3;
pub(super) const PAIRS: usize = MOST * (MOST + 1) / 2;

/// Below this an argument's square cancels against the polynomial beyond the last digits, and the
/// density is better written in another form.
pub(super) const DEEP: f64 = -40.0;

/// Place of the pair `k <= l`.
#[inline(always)]
pub(super) const fn pair(k: usize, l: usize) -> usize {
    l * (l + 1) / 2 + k
}

/// What rows share: the polynomial's coefficients, and `(alpha_k, beta_k)`.
pub(super) struct Form<N> {
    pub poly: [N; 3],
    pub arguments: [(N, N); MOST],
}

/// The form of a closed density at `e = 0`; nothing where its other ways of writing are better.
pub(super) fn form<N: Num>(family: Inefficiency, at: &Point<N>) -> Option<Form<N>> {
    let zero = N::from(0.0);
    let none = (zero, zero);
    let sigma_sq = at.ln_v.exp() + at.ln_u.exp();
    let sigma = sigma_sq.sqrt();
    let lambda = ((at.ln_u - at.ln_v) * 0.5).exp();
    let (sigma_v, precision) = ((at.ln_v * 0.5).exp(), (at.ln_v * -0.5).exp());
    let curve = -(sigma_sq * 2.0).recip();
    let scale = sigma_sq.ln() * -0.5 - HALF_LN_2PI;
    // The exponential of scale `exp(ln_s)`: a constant, a slope, an argument.
    let exponential = |ln_s: N| {
        let rate = (-ln_s).exp();
        let tilt = sigma_v * rate;
        (tilt * tilt * 0.5 - ln_s, rate, (-tilt, -precision))
    };
    // Two of them, the second of scale `exp(ln_s) / k1`.
    let mixture = |k1: N, weight: N, share: N| {
        let (slow, fast) = (exponential(at.ln_u * 0.5), exponential(at.ln_u * 0.5 - k1.ln()));
        let between = (fast.0 - slow.0 - share, fast.1 - slow.1);
        Form { poly: [slow.0 + weight, slow.1, zero], arguments: [slow.2, fast.2, between] }
    };
    Some(match family {
        Inefficiency::HalfNormal => Form {
            poly: [scale + std::f64::consts::LN_2, zero, curve],
            arguments: [(zero, -lambda / sigma), none, none],
        },
        Inefficiency::Exponential => {
            let (constant, slope, argument) = exponential(at.ln_u * 0.5);
            Form { poly: [constant, slope, zero], arguments: [argument, none, none] }
        }
        Inefficiency::TruncatedNormal => {
            let b = at.mu * (at.ln_u * -0.5).exp();
            if b.value() < DEEP {
                return None;
            }
            let centre = at.mu * curve;
            Form {
                poly: [scale + at.mu * centre - b.ln_cdf(), centre * 2.0, curve],
                arguments: [(at.mu / (lambda * sigma), -lambda / sigma), none, none],
            }
        }
        Inefficiency::Rayleigh => Form {
            poly: [at.ln_v * 0.5 - sigma_sq.ln(), zero, curve],
            arguments: [(zero, -lambda / sigma), none, none],
        },
        Inefficiency::Uniform => {
            let ln_theta = at.ln_u * 0.5 + 0.5 * 12.0_f64.ln();
            let width = ln_theta.exp() * precision;
            Form {
                poly: [-ln_theta, zero, zero],
                arguments: [(zero, precision), (width, zero), none],
            }
        }
        Inefficiency::GeneralisedExponential => mixture(N::from(2.0), zero, zero),
        Inefficiency::TruncatedSkewedLaplace => {
            let k1 = at.shape.exp() + 1.0;
            mixture(k1, (k1 / (k1 * 2.0 - 1.0)).ln(), k1.ln())
        }
        Inefficiency::Gamma | Inefficiency::Weibull | Inefficiency::Lognormal => return None,
    })
}

/// `H` with its derivatives on a tile.
pub(super) struct Rows {
    pub value: [f64; TILE],
    pub first: [[f64; TILE]; MOST],
    pub second: [[f64; TILE]; PAIRS],
    normal: [Normal; 2],
}

/// One `H`. A trait, not a closure: calls of its method are always part of the loop around them.
pub(super) trait Function {
    /// Value and derivatives at the first `n` places of the arguments `a`.
    fn fill(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows);
}

impl Rows {
    pub const EMPTY: Self = Self {
        value: [0.0; TILE],
        first: [[0.0; TILE]; MOST],
        second: [[0.0; TILE]; PAIRS],
        normal: [Normal::EMPTY; 2],
    };
}

/// `ln Phi(a)`.
pub(super) struct Tail;

impl Function for Tail {
    #[inline(always)]
    fn fill(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
        let [normal, _] = &mut rows.normal;
        normal.fill(&a[0][..n]);
        for i in 0..n {
            rows.value[i] = normal.ln[i];
            rows.first[0][i] = normal.mills[i];
            rows.second[0][i] = -normal.mills[i] * normal.sum[i];
        }
    }
}

/// `ln(phi(a) + a Phi(a))`.
pub(super) struct PartialMean;

impl Function for PartialMean {
    #[inline(always)]
    fn fill(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
        let [normal, _] = &mut rows.normal;
        normal.fill(&a[0][..n]);
        for i in 0..n {
            let inverse = 1.0 / normal.sum[i];
            rows.value[i] = normal.ln[i] + simd::ln(normal.sum[i]);
            rows.first[0][i] = inverse;
            rows.second[0][i] = (normal.mills[i] - inverse) * inverse;
        }
    }
}

/// `ln(Phi(a + b) - Phi(a))`, `b > 0`.
pub(super) struct Between;

impl Function for Between {
    #[inline(always)]
    fn fill(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
        let [small, large] = &mut rows.normal;
        let [low, width, _] = a;
        // The difference of two tails is taken on the side where both are small.
        let (mut near, mut far) = ([0.0; TILE], [0.0; TILE]);
        for i in 0..n {
            let (turned, high) = (low[i] > 0.0, low[i] + width[i]);
            near[i] = if turned { -low[i] } else { high };
            far[i] = if turned { -high } else { low[i] };
        }
        small.fill(&far[..n]);
        large.fill(&near[..n]);
        for i in 0..n {
            let ratio = simd::exp(small.ln[i] - large.ln[i]);
            let rest = 1.0 - ratio;
            let inverse = 1.0 / rest;
            rows.value[i] = large.ln[i] + simd::ln(rest);
            let (m, k) = (large.mills[i], small.mills[i] * ratio);
            let turned = low[i] > 0.0;
            // Densities at the upper end and the difference of both, over the probability.
            let upper = if turned { k } else { m } * inverse;
            let both = if turned { k - m } else { m - k } * inverse;
            let high = low[i] + width[i];
            rows.first[0][i] = both;
            rows.first[1][i] = upper;
            rows.second[0][i] = -(both * both + width[i] * upper + low[i] * both);
            rows.second[1][i] = -(high + both) * upper;
            rows.second[2][i] = -(high + upper) * upper;
        }
    }
}

/// `ln Phi(a) + ln(2 - exp(c + ln Phi(b) - ln Phi(a)))`.
pub(super) struct Mixture;

impl Function for Mixture {
    #[inline(always)]
    fn fill(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
        let [slow, fast] = &mut rows.normal;
        slow.fill(&a[0][..n]);
        fast.fill(&a[1][..n]);
        for i in 0..n {
            let ratio = simd::exp(a[2][i] + fast.ln[i] - slow.ln[i]);
            let rest = 2.0 - ratio;
            let inverse = 1.0 / rest;
            let g = -ratio * inverse;
            let bend = 2.0 * g * inverse;
            let (m, k) = (slow.mills[i], fast.mills[i]);
            rows.value[i] = slow.ln[i] + simd::ln(rest);
            rows.first[0][i] = (1.0 - g) * m;
            rows.first[1][i] = g * k;
            rows.first[2][i] = g;
            rows.second[0][i] = bend * m * m - (1.0 - g) * m * slow.sum[i];
            rows.second[1][i] = -bend * m * k;
            rows.second[2][i] = bend * k * k - g * k * fast.sum[i];
            rows.second[3][i] = -bend * m;
            rows.second[4][i] = bend * k;
            rows.second[5][i] = bend;
        }
    }
}
