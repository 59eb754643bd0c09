//! Efficiency of each row, given its composed error.
//!
//! Given `e`, half-normal inefficiency is normal with mean `mu* = -e sigma_u^2 / sigma^2` and
//! variance `sigma*^2 = sigma_u^2 sigma_v^2 / sigma^2`, cut at zero (Jondrow, Lovell, Materov and
//! Schmidt, 1982, Journal of Econometrics 19).

use std::sync::Arc;

use arrow_array::Int64Array;
use rayon::prelude::*;

use super::fit::{Boundary, SfaFit};
use super::normal::{erfcx, inverse_mills, ln_cdf, ln_cdf_inverse};
use super::posterior::Law;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::stats::rank::places;
use crate::table::{Table, Vector};

/// How to sum up the distribution of `u` given `e` in one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Estimator {
    /// `E[exp(-u) | e]` (Battese and Coelli, 1988).
    #[default]
    BatteseCoelli,
    /// `exp(-E[u | e])` (Jondrow and others, 1982).
    Jlms,
    /// `exp(-mode of u given e)`.
    Mode,
}

impl Choice for Estimator {
    const ALL: &'static [(&'static str, Self)] =
        &[("battese_coelli", Self::BatteseCoelli), ("jlms", Self::Jlms), ("mode", Self::Mode)];
}

/// The choices of [`SfaFit::efficiency`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EfficiencyParams {
    /// Which estimator.
    pub estimator: Estimator,
    /// Probability between the bounds, in (0, 1); 0.95 by default.
    pub level: f64,
}

impl Default for EfficiencyParams {
    fn default() -> Self {
        Self { estimator: Estimator::default(), level: 0.95 }
    }
}

impl EfficiencyParams {
    fn check(self) -> Result<()> {
        if self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        Err(Error::Invalid {
            primitive: "efficiency",
            parameter: "level",
            rule: "lie between 0 and 1, both excluded".into(),
            value: self.level.to_string(),
        })
    }
}

/// Efficiency by row, in the rows' order.
#[derive(Debug, Clone, PartialEq)]
pub struct Efficiency {
    /// Row labels; row numbers from 1 where the table has none.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// Efficiency, in (0, 1].
    pub te: Vec<f64>,
    /// Lower bound of `exp(-u)` given the composed error.
    pub lower: Vec<f64>,
    /// Upper bound.
    pub upper: Vec<f64>,
    /// 1 for the most efficient; equal rows share the better rank; a row without an efficiency has
    /// none.
    pub rank: Vec<Option<i64>>,
    /// Mean of `te`.
    pub mean: f64,
    /// What `te` is.
    pub estimator: Estimator,
    /// Probability between the bounds.
    pub level: f64,
}

/// A normal variable cut at zero: the law of `u` given `e`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truncated {
    /// Mean before the cut.
    pub mu: f64,
    /// Standard deviation before the cut.
    pub sigma: f64,
}

impl Truncated {
    /// `E[exp(-u)]`.
    pub fn battese_coelli(self) -> f64 {
        let (a, s) = (self.mu / self.sigma, self.sigma);
        if a < 0.0 {
            // The exponentials cancel exactly, which leaves a ratio of scaled tails.
            let scaled = |x: f64| erfcx(-x * std::f64::consts::FRAC_1_SQRT_2);
            return scaled(a - s) / scaled(a);
        }
        (-self.mu + 0.5 * s * s + ln_cdf(a - s) - ln_cdf(a)).exp().min(1.0)
    }

    /// `E[u]`.
    pub fn mean(self) -> f64 {
        let a = self.mu / self.sigma;
        // Far below zero mu + sigma m(a) cancels; there a + m(a) has a series.
        if a < -50.0 {
            let t = -a;
            let u = 1.0 / (t * t);
            return self.sigma * (1.0 + u * (-2.0 + u * (10.0 - u * 74.0))) / t;
        }
        self.mu + self.sigma * inverse_mills(a)
    }

    /// The value exceeded with probability `p`, in (0, 1).
    pub fn upper_quantile(self, p: f64) -> f64 {
        let ln_tail = p.ln() + ln_cdf(self.mu / self.sigma);
        (self.mu - self.sigma * ln_cdf_inverse(ln_tail)).max(0.0)
    }
}

impl SfaFit {
    /// The law of `u` given row `i`'s composed error, where both variances are positive.
    pub fn posterior(&self, i: usize) -> Option<Law> {
        (self.boundary == Boundary::None).then(|| Law::new(self.params.law(), self.point(i)))
    }

    /// Efficiency of each row with bounds.
    ///
    /// `te` is `exp(-u)` estimated from the composed error; the bounds are those of Horrace and
    /// Schmidt (1996), quantiles of `exp(-u)` given `e`. At `gamma_one` inefficiency is known and
    /// the bounds close; at `gamma_zero` there is none and every row has 1.
    pub fn efficiency(&self, params: &EfficiencyParams) -> Result<Efficiency> {
        let sign = self.params.frontier.sign();
        let tail = 0.5 * (1.0 - params.level);
        let row = |i: usize| match (self.posterior(i), self.boundary) {
            (Some(law), _) => {
                let te = match params.estimator {
                    Estimator::BatteseCoelli => law.battese_coelli(),
                    Estimator::Jlms => (-law.mean()).exp(),
                    Estimator::Mode => (-law.mode()).exp(),
                };
                let [low, high] = law.upper_quantiles([tail, 1.0 - tail]);
                [te, (-low).exp(), (-high).exp()]
            }
            (None, Boundary::GammaOne) => [(sign * self.residuals[i]).min(0.0).exp(); 3],
            (None, _) => [1.0; 3],
        };
        let triples: Vec<[f64; 3]> =
            (0..self.nobs()).into_par_iter().with_min_len(64).map(row).collect();
        Efficiency::new(self.row_names(), self.label_name.clone(), triples, params)
    }
}

impl Efficiency {
    /// From estimate, lower and upper bound of each row.
    pub(super) fn new(
        labels: Vec<String>,
        label_name: Option<String>,
        triples: Vec<[f64; 3]>,
        params: &EfficiencyParams,
    ) -> Result<Self> {
        params.check()?;
        let te: Vec<f64> = triples.iter().map(|t| t[0]).collect();
        Ok(Self {
            labels,
            label_name,
            rank: places(&te),
            mean: te.iter().sum::<f64>() / te.len() as f64,
            te,
            lower: triples.iter().map(|t| t[1]).collect(),
            upper: triples.iter().map(|t| t[2]).collect(),
            estimator: params.estimator,
            level: params.level,
        })
    }

    /// Rows from the most to the least efficient, as positions.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.te.len()).collect();
        order.sort_by_key(|row| self.rank[*row].unwrap_or(i64::MAX));
        order
    }

    /// A table with the label, `te`, `lower`, `upper` and `rank`, labelled, in the rows' order.
    pub fn table(&self) -> Result<Table> {
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        Table::new([
            (name.as_str(), Vector::from_texts(&self.labels)),
            ("te", Vector::from_floats(self.te.iter().copied())),
            ("lower", Vector::from_floats(self.lower.iter().copied())),
            ("upper", Vector::from_floats(self.upper.iter().copied())),
            ("rank", Vector::new(Arc::new(self.rank.iter().copied().collect::<Int64Array>()))),
        ])?
        .labelled_by(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_normal_law_in_closed_form() {
        let law = Truncated { mu: 0.0, sigma: 2.0 };
        let mean = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
        assert!((law.mean() - mean).abs() < 1e-15);
        // E exp(-u) = 2 exp(sigma^2 / 2) Phi(-sigma), Phi(-2) = 0.0227501319481792.
        let te = 2.0 * 2.0_f64.exp() * 0.022_750_131_948_179_2;
        assert!((law.battese_coelli() - te).abs() < 1e-14);
        assert!((law.upper_quantile(0.5) / 2.0 - 0.674_489_750_196_081_7).abs() < 1e-14);
    }

    #[test]
    fn the_far_tail_is_exponential() {
        // Cut far above its mean a normal law is exponential with rate |mu| / sigma^2.
        for mu in [-40.0, -60.0, -1e5] {
            let law = Truncated { mu, sigma: 1.0 };
            assert!((law.mean() * -mu - 1.0).abs() < 3.0 / (mu * mu), "{mu}");
            assert!(
                (law.battese_coelli() - mu / (mu - 1.0)).abs()
                    < 1e-3 / (mu * mu) + 2.0 / mu.abs().powi(3)
            );
            assert!((law.upper_quantile(0.5) * -mu - 2.0_f64.ln()).abs() < 1e-3);
        }
        let (below, above) =
            (Truncated { mu: -50.000_001, sigma: 1.0 }, Truncated { mu: -49.999_999, sigma: 1.0 });
        assert!((below.mean() / above.mean() - 1.0).abs() < 1e-7);
    }
}
