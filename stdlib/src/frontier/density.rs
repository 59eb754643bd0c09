//! The density of one composed error, `e = v - u`, in a few linear indices.
//!
//! Each model is one scalar function of [`Point`], generic over [`Num`]: with `f64` it is the
//! density, with dual numbers it brings its exact score and Hessian along. A cost frontier enters
//! with `e = -(y - x'b)`. Noise `v` is normal here with standard deviation `sigma_v`, see
//! [`ErrorLaw`] for others; `sigma_u` is the scale of inefficiency `u`, whose moments are
//! [`Inefficiency::moments`].
//!
//! [`ErrorLaw`]: super::law::ErrorLaw

use std::f64::consts::LN_2;

use super::jet::Num;
use super::normal::HALF_LN_2PI;
use super::prior::Prior;
use super::special::ln_gamma_jet;
use crate::choice::Choice;

/// The distribution of inefficiency `u >= 0`, of scale `sigma_u`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inefficiency {
    /// `|N(0, sigma_u^2)|` (Aigner, Lovell and Schmidt, 1977).
    #[default]
    HalfNormal,
    /// `exp(-u / sigma_u) / sigma_u` (Meeusen and van den Broeck, 1977).
    Exponential,
    /// `N(mu, sigma_u^2)` cut at zero (Stevenson, 1980).
    TruncatedNormal,
    /// `u exp(-u^2 / (2 sigma_u^2)) / sigma_u^2` (Hajargasht, 2015).
    Rayleigh,
    /// Uniform on `[0, theta]`, `theta = sqrt(12) sigma_u`, so that `sigma_u` is its standard
    /// deviation (Li, 1996).
    Uniform,
    /// `2 (1 - exp(-u / sigma_u)) exp(-u / sigma_u) / sigma_u` (Papadopoulos, 2021).
    GeneralisedExponential,
    /// `(1 + k) / ((2 k + 1) sigma_u) (2 exp(-u / sigma_u) - exp(-(1 + k) u / sigma_u))`, `k > 0`
    /// (Wang, 2012).
    TruncatedSkewedLaplace,
    /// `u^(P-1) exp(-u / sigma_u) / (Gamma(P) sigma_u^P)`, shape `P > 0` (Greene, 1990).
    Gamma,
    /// `k / sigma_u (u / sigma_u)^(k-1) exp(-(u / sigma_u)^k)`, shape `k > 0` (Tsionas, 2007).
    Weibull,
    /// `ln u` normal with mean `ln sigma_u` and standard deviation the shape (Migon and Medici,
    /// 2001).
    Lognormal,
}

impl Choice for Inefficiency {
    const ALL: &'static [(&'static str, Self)] = &[
        ("half_normal", Self::HalfNormal),
        ("exponential", Self::Exponential),
        ("truncated_normal", Self::TruncatedNormal),
        ("rayleigh", Self::Rayleigh),
        ("uniform", Self::Uniform),
        ("generalised_exponential", Self::GeneralisedExponential),
        ("truncated_skewed_laplace", Self::TruncatedSkewedLaplace),
        ("gamma", Self::Gamma),
        ("weibull", Self::Weibull),
        ("lognormal", Self::Lognormal),
    ];
}

/// What one observation's density depends on.
#[derive(Debug, Clone, Copy)]
pub struct Point<N> {
    /// The composed error `v - u`.
    pub e: N,
    /// `ln sigma_v^2`.
    pub ln_v: N,
    /// `ln sigma_u^2`.
    pub ln_u: N,
    /// Mean of the normal before truncation.
    pub mu: N,
    /// Logarithm of the shape parameter.
    pub shape: N,
    /// Logarithm of the degrees of freedom of noise.
    pub df: N,
}

impl Inefficiency {
    /// Whether it has a mean before truncation, `mu`.
    pub fn has_mean(self) -> bool {
        self == Self::TruncatedNormal
    }

    /// Name of the shape parameter, where it has one.
    pub fn shape(self) -> Option<&'static str> {
        match self {
            Self::TruncatedSkewedLaplace => Some("k"),
            Self::Gamma | Self::Weibull | Self::Lognormal => Some("shape"),
            _ => None,
        }
    }

    /// Whether the density can be infinite at zero, so that without noise the likelihood has no
    /// bound.
    pub(super) fn unbounded(self) -> bool {
        matches!(self, Self::Gamma | Self::Weibull | Self::Lognormal)
    }

    /// Whether [`Inefficiency::ln_density`] has a closed form with normal noise.
    pub(super) fn is_closed(self) -> bool {
        !matches!(self, Self::Gamma | Self::Weibull | Self::Lognormal)
    }

    /// `ln f(e)` with normal noise, in closed form; not a number where there is none.
    #[inline]
    pub(super) fn ln_density<N: Num>(self, at: &Point<N>) -> N {
        match self {
            Self::HalfNormal => half_normal(at),
            Self::Exponential => exponential(at, at.ln_u * 0.5),
            Self::TruncatedNormal => truncated_normal(at),
            Self::Rayleigh => rayleigh(at),
            Self::Uniform => uniform(at),
            Self::GeneralisedExponential => {
                let slow = exponential(at, at.ln_u * 0.5);
                let fast = exponential(at, at.ln_u * 0.5 - LN_2);
                slow + (-(fast - slow).exp() + 2.0).ln()
            }
            Self::TruncatedSkewedLaplace => {
                let k1 = at.shape.exp() + 1.0;
                let slow = exponential(at, at.ln_u * 0.5);
                let fast = exponential(at, at.ln_u * 0.5 - k1.ln());
                let weight = (k1 / (k1 * 2.0 - 1.0)).ln();
                weight + slow + (-(fast - slow).exp() / k1 + 2.0).ln()
            }
            Self::Gamma | Self::Weibull | Self::Lognormal => N::from(f64::NAN),
        }
    }

    /// `ln k(u)`, the density of inefficiency itself.
    pub fn ln_prior(self, u: f64, at: &Point<f64>) -> f64 {
        if u < 0.0 {
            return f64::NEG_INFINITY;
        }
        let t = u * (-0.5 * at.ln_u).exp();
        Prior::new(self, at).ln(t, t.ln()) - 0.5 * at.ln_u
    }

    /// `E[u]` over the units of a point, without conditioning on `e`, and `V[u]`.
    pub fn moments(self, at: &Point<f64>) -> (f64, f64) {
        let s = (0.5 * at.ln_u).exp();
        if self == Self::TruncatedNormal {
            let (_, _, second) = super::normal::ln_cdf_jet(at.mu / s);
            let mean = super::efficiency::Truncated { mu: at.mu, sigma: s }.mean();
            return (mean, s * s * (1.0 + second));
        }
        let (first, second) = self.unit_moments(at.shape);
        (s * first, s * s * second)
    }

    /// Mean and variance for scale 1, given the log of the shape; for the truncated normal, whose
    /// mean is no multiple of its scale, those at `mu = 0`.
    pub fn unit_moments<N: Num>(self, shape: N) -> (N, N) {
        let pi = std::f64::consts::PI;
        let both = |mean: f64, variance: f64| (N::from(mean), N::from(variance));
        match self {
            Self::HalfNormal | Self::TruncatedNormal => both((2.0 / pi).sqrt(), 1.0 - 2.0 / pi),
            Self::Exponential => both(1.0, 1.0),
            Self::Rayleigh => both((pi / 2.0).sqrt(), 2.0 - pi / 2.0),
            Self::Uniform => both(3.0_f64.sqrt(), 1.0),
            Self::GeneralisedExponential => both(1.5, 1.25),
            Self::TruncatedSkewedLaplace => {
                let k1 = shape.exp() + 1.0;
                let weight = k1 / (k1 * 2.0 - 1.0);
                let first = weight * (-(k1 * k1).recip() + 2.0);
                let square = weight * 2.0 * (-k1.powi(3).recip() + 2.0);
                (first, square - first * first)
            }
            Self::Gamma => (shape.exp(), shape.exp()),
            Self::Weibull => {
                let inverse = (-shape).exp();
                let moment = |k: f64| {
                    let x = inverse * k + 1.0;
                    x.lift(ln_gamma_jet(x.value())).exp()
                };
                let first = moment(1.0);
                (first, moment(2.0) - first * first)
            }
            Self::Lognormal => {
                let square = (shape * 2.0).exp();
                let first = (square * 0.5).exp();
                (first, first * first * square.exp_m1())
            }
        }
    }
}

/// `ln 2 - ln(2 pi)/2 - ln sigma - e^2/(2 sigma^2) + ln Phi(-e lambda / sigma)`.
#[inline]
fn half_normal<N: Num>(at: &Point<N>) -> N {
    let sigma_sq = at.ln_v.exp() + at.ln_u.exp();
    let lambda = ((at.ln_u - at.ln_v) * 0.5).exp();
    let arg = -at.e * lambda / sigma_sq.sqrt();
    arg.ln_cdf() - sigma_sq.ln() * 0.5 - at.e * at.e / (sigma_sq * 2.0) + (LN_2 - HALF_LN_2PI)
}

/// `-ln s + sigma_v^2/(2 s^2) + e/s + ln Phi(-e/sigma_v - sigma_v/s)`, `s = exp(ln_s)`.
#[inline]
fn exponential<N: Num>(at: &Point<N>, ln_s: N) -> N {
    let rate = (-ln_s).exp();
    let sigma_v = (at.ln_v * 0.5).exp();
    let arg = -at.e / sigma_v - sigma_v * rate;
    if arg.value() < 0.0 {
        // The squares cancel against the tail of Phi; what is left has no large terms.
        arg.ln_scaled_cdf() - ln_s - at.e * at.e / (sigma_v * sigma_v * 2.0)
    } else {
        let tilt = sigma_v * rate;
        arg.ln_cdf() - ln_s + tilt * tilt * 0.5 + at.e * rate
    }
}

/// `-ln(2 pi)/2 - ln sigma - (e + mu)^2/(2 sigma^2) + ln Phi(a) - ln Phi(mu/sigma_u)` with
/// `a = mu/(lambda sigma) - e lambda/sigma`.
#[inline]
fn truncated_normal<N: Num>(at: &Point<N>) -> N {
    let sigma_sq = at.ln_v.exp() + at.ln_u.exp();
    let sigma = sigma_sq.sqrt();
    let lambda = ((at.ln_u - at.ln_v) * 0.5).exp();
    let a = at.mu / (lambda * sigma) - at.e * lambda / sigma;
    let b = at.mu * (at.ln_u * -0.5).exp();
    let scale = sigma_sq.ln() * -0.5 - HALF_LN_2PI;
    if a.value() < 0.0 && b.value() < 0.0 {
        let noise = at.e * at.e * (-at.ln_v).exp() * 0.5;
        return scale - noise + a.ln_scaled_cdf() - b.ln_scaled_cdf();
    }
    let centred = at.e + at.mu;
    scale - centred * centred / (sigma_sq * 2.0) + a.ln_cdf() - b.ln_cdf()
}

/// `ln sigma*^2 - ln sigma_u^2 - ln sigma_v - e^2/(2 sigma^2) + ln(phi(a) + a Phi(a))`,
/// `a = mu*/sigma*`.
#[inline]
fn rayleigh<N: Num>(at: &Point<N>) -> N {
    let sigma_sq = at.ln_v.exp() + at.ln_u.exp();
    let lambda = ((at.ln_u - at.ln_v) * 0.5).exp();
    let a = -at.e * lambda / sigma_sq.sqrt();
    at.ln_v * 0.5 - sigma_sq.ln() - at.e * at.e / (sigma_sq * 2.0) + a.ln_partial_mean()
}

/// `ln(Phi((e + theta)/sigma_v) - Phi(e/sigma_v)) - ln theta`.
#[inline]
fn uniform<N: Num>(at: &Point<N>) -> N {
    let ln_theta = at.ln_u * 0.5 + 0.5 * 12.0_f64.ln();
    let precision = (at.ln_v * -0.5).exp();
    let (low, high) = (at.e * precision, (at.e + ln_theta.exp()) * precision);
    // The difference of two tails is taken on the side where both are small.
    let (small, large) = if low.value() > 0.0 { (-high, -low) } else { (low, high) };
    let (small, large) = (small.ln_cdf(), large.ln_cdf());
    large + (-(small - large).exp_m1()).ln() - ln_theta
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule over a range that holds all the mass.
    fn integrate(f: impl Fn(f64) -> f64, low: f64, high: f64, n: usize) -> f64 {
        let h = (high - low) / n as f64;
        let weight = |i: usize| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        (0..=n).map(|i| weight(i) * f(low + h * i as f64)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn moments_are_those_of_the_prior() {
        for (name, family) in Inefficiency::ALL {
            for x in crate::frontier::law::tests::points().into_iter().take(8) {
                let p = crate::frontier::law::tests::at(x);
                let s = (0.5 * p.ln_u).exp();
                // Over the logarithm of u, where powers at zero are harmless.
                let prior = |z: f64| (family.ln_prior(z.exp(), &p) + z).exp();
                let top = if *family == Inefficiency::Uniform {
                    // A hair inside: the end is a jump.
                    (12.0_f64.sqrt() * s).ln()
                } else {
                    s.ln() + 30.0
                };
                let low = s.ln() - 60.0;
                let mass = integrate(prior, low, top, 40_000);
                assert!((mass - 1.0).abs() < 1e-6, "{name}: {mass}");
                let mean = integrate(|z| z.exp() * prior(z), low, top, 40_000);
                let square = integrate(|z| (2.0 * z).exp() * prior(z), low, top, 40_000);
                let (m, v) = family.moments(&p);
                assert!((m - mean).abs() < 1e-6 * s.max(mean), "{name}: {m} {mean}");
                assert!((v - square + mean * mean).abs() < 2e-5 * square, "{name}");
            }
        }
    }
}
