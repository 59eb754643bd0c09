//! Is there inefficiency at all? The likelihood ratio against least squares.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::fit::SfaFit;

/// A likelihood-ratio test of a model without inefficiency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LrTest {
    /// `2 (loglik - loglik without inefficiency)`.
    pub statistic: f64,
    /// Under the mixture, since the null lies on the boundary of the parameter space.
    pub p_value: f64,
    /// The value exceeded with probability 0.05 without inefficiency.
    pub critical_5: f64,
    /// Parameters that the null removes: `df - 1` and `df` are the degrees of freedom of the two
    /// chi-square laws that the mixture holds in equal parts.
    pub df: usize,
}

impl SfaFit {
    /// The one-sided test of no inefficiency.
    ///
    /// `sigma_u = 0` lies on the boundary, so the statistic follows a mixture of chi-square laws
    /// with `df - 1` and `df` degrees of freedom in equal parts; for one parameter these are 0
    /// and 1 and the statistic is zero half of the time (Coelli, 1995, Journal of Productivity
    /// Analysis 6; Kodde and Palm, 1986, Econometrica 54). Determinants of `sigma_v` belong to
    /// the hypothesis too, since the null is least squares; where noise is not normal it is the
    /// regression with the same noise.
    pub fn lr_test(&self) -> LrTest {
        let statistic = (2.0 * (self.loglik - self.loglik_noise)).max(0.0);
        // Without inefficiency the frontier's coefficients are left, a variance and, for Student's
        // t, the degrees of freedom.
        let noise = 1 + usize::from(self.params.noise.has_df());
        let df = self.nparams - self.coef.len() - noise;
        let p_value = mixture_tail(statistic, df);
        let (mut low, mut high) = (0.0, 1.0);
        while mixture_tail(high, df) > 0.05 {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if mixture_tail(middle, df) > 0.05 {
                low = middle;
            } else {
                high = middle;
            }
        }
        LrTest { statistic, p_value, critical_5: 0.5 * (low + high), df }
    }
}

/// Probability that the mixture of chi-square(df - 1) and chi-square(df) exceeds `x`.
fn mixture_tail(x: f64, df: usize) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let tail = |df: usize| ChiSquared::new(df as f64).map_or(0.0, |law| law.sf(x));
    0.5 * (tail(df) + if df > 1 { tail(df - 1) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixture_has_the_tabulated_critical_values() {
        // Kodde and Palm, table 1, 5 %: 2.706, 5.138, 7.045 for df = 1, 2, 3.
        for (df, value) in [(1, 2.706), (2, 5.138), (3, 7.045)] {
            assert!((mixture_tail(value, df) - 0.05).abs() < 2e-5, "{df}");
        }
        assert_eq!(mixture_tail(0.0, 1), 1.0);
    }
}
