//! The law of inefficiency given the composed error of a row.

use super::density::{Inefficiency, Point};
use super::efficiency::Truncated;
use super::law::ErrorLaw;
use super::noise::Noise;
use super::quadrature::Posterior;

/// The law of `u` given `e = v - u`.
#[derive(Debug, Clone)]
pub enum Law {
    /// A normal law cut at zero: half-normal, truncated normal and exponential inefficiency under
    /// normal noise.
    Truncated(Truncated),
    /// Any other, integrated numerically.
    Numeric(Posterior),
}

impl Law {
    /// The law for one row.
    pub fn new(law: ErrorLaw, at: Point<f64>) -> Self {
        let (v, u) = (at.ln_v.exp(), at.ln_u.exp());
        match (law.inefficiency, law.noise) {
            (
                family @ (Inefficiency::HalfNormal | Inefficiency::TruncatedNormal),
                Noise::Normal,
            ) => {
                let mu = if family == Inefficiency::HalfNormal { 0.0 } else { at.mu };
                let share = u / (u + v);
                let mean = mu * (1.0 - share) - at.e * share;
                Self::Truncated(Truncated { mu: mean, sigma: (share * v).sqrt() })
            }
            (Inefficiency::Exponential, Noise::Normal) => {
                Self::Truncated(Truncated { mu: -at.e - v / u.sqrt(), sigma: v.sqrt() })
            }
            (family, noise) => Self::Numeric(Posterior::new(family, noise, &at)),
        }
    }

    /// `E[exp(-u)]`.
    pub fn battese_coelli(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.battese_coelli(),
            Self::Numeric(law) => law.expect(|u| (-u).exp()),
        }
    }

    /// `E[u]`.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.mean(),
            Self::Numeric(law) => law.expect(|u| u),
        }
    }

    /// The most probable `u`; 0 where its density is infinite there.
    pub fn mode(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.mu.max(0.0),
            Self::Numeric(law) => law.mode(),
        }
    }

    /// The values exceeded with probabilities `p`, each in (0, 1).
    pub fn upper_quantiles<const N: usize>(&self, p: [f64; N]) -> [f64; N] {
        match self {
            Self::Truncated(law) => p.map(|p| law.upper_quantile(p)),
            Self::Numeric(law) => p.map(|p| law.quantile(1.0 - p)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::quadrature::integrate;

    #[test]
    fn the_numeric_law_agrees_with_the_closed_one() {
        for (e, ln_v, ln_u) in [(-1.0, -1.0, 0.5), (0.8, -2.0, -1.0), (3.0, 0.0, 0.0)] {
            let point = Point { e, ln_v, ln_u, mu: 0.0, shape: 0.0, df: 0.0 };
            for inefficiency in [Inefficiency::HalfNormal, Inefficiency::Exponential] {
                let closed = Law::new(ErrorLaw { inefficiency, noise: Noise::Normal }, point);
                for family in [inefficiency, Inefficiency::Weibull, Inefficiency::Gamma] {
                    if family != inefficiency && inefficiency == Inefficiency::HalfNormal {
                        continue;
                    }
                    let numeric = Law::Numeric(Posterior::new(family, Noise::Normal, &point));
                    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
                    close(closed.battese_coelli(), numeric.battese_coelli());
                    close(closed.mean(), numeric.mean());
                    // A golden section ends where the density is flat to the last digit.
                    assert!((closed.mode() - numeric.mode()).abs() < 1e-7);
                    let p = [0.025, 0.5, 0.975];
                    let quantiles = numeric.upper_quantiles(p);
                    for (a, b) in closed.upper_quantiles(p).into_iter().zip(quantiles) {
                        close(a, b);
                    }
                }
            }
        }
    }

    #[test]
    fn a_density_that_is_infinite_at_zero_has_its_mode_there() {
        let point = Point { e: -1.0, ln_v: 0.0, ln_u: 0.0, mu: 0.0, shape: -0.7, df: 0.0 };
        assert_eq!(Posterior::new(Inefficiency::Gamma, Noise::Normal, &point).mode(), 0.0);
    }

    #[test]
    fn the_rule_is_exact_for_polynomials() {
        let got = integrate(0.0, 2.0, |x| x.powi(31));
        assert!((got / (2.0_f64.powi(32) / 32.0) - 1.0).abs() < 1e-13);
    }
}
