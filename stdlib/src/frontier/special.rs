//! The gamma function's logarithm with its derivatives.

use statrs::function::gamma::{digamma, ln_gamma};

/// `ln Gamma(x)` and its first two derivatives, for `x > 0`.
pub(super) fn ln_gamma_jet(x: f64) -> (f64, f64, f64) {
    (ln_gamma(x), digamma(x), trigamma(x))
}

/// The second derivative of `ln Gamma`, by its recurrence and asymptotic series.
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let u = 1.0 / (x * x);
    let tail =
        1.0 / 6.0 + u * (-1.0 / 30.0 + u * (1.0 / 42.0 + u * (-1.0 / 30.0 + u * 5.0 / 66.0)));
    sum + 1.0 / x + 0.5 * u + u / x * tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_trigamma() {
        let sixth = std::f64::consts::PI.powi(2) / 6.0;
        assert!((trigamma(1.0) - sixth).abs() < 1e-14);
        assert!((trigamma(0.5) - 3.0 * sixth).abs() < 1e-13);
        assert!((trigamma(1e6) - 1.000_000_5e-6).abs() < 1e-18);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for x in [0.05, 0.7, 1.0, 3.3, 40.0, 900.0] {
            let h = 1e-5 * x;
            let (low, high, at) = (ln_gamma_jet(x - h), ln_gamma_jet(x + h), ln_gamma_jet(x));
            let slope = (high.0 - low.0) / (2.0 * h);
            assert!((slope - at.1).abs() < 1e-6 * (1.0 + at.1.abs()), "{x}");
            let curve = (high.1 - low.1) / (2.0 * h);
            assert!((curve - at.2).abs() < 1e-7 * (1.0 + at.2), "{x}: {curve} {}", at.2);
        }
    }
}
