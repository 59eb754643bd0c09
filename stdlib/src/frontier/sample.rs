//! The rows and columns of one fit, and its two ends.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::bound::tail;
use super::data::{Scaled, cross, gram};
use super::deterministic::{self, Deterministic};
use super::error::FrontierError;
use super::normal::HALF_LN_2PI;
use super::profile::Profile;
use crate::error::Result;
use crate::formula::Plan;

/// Why rows leave nothing to fit.
#[derive(Debug, Clone, Copy)]
enum Flaw {
    Rank,
    Perfect,
}

/// Response, frontier columns at unit scale, weights, and least squares on them.
pub(super) struct Sample {
    pub scaled: Scaled,
    pub y: Vec<f64>,
    pub sign: f64,
    pub weights: Option<Vec<f64>>,
    pub intercept: bool,
    pub ols: DVector<f64>,
    pub ols_ssr: f64,
    /// Third moment of the standardised residuals, in the orientation of the frontier.
    pub skewness: f64,
    first_moment: f64,
}

/// Fractional part of the golden ratio.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// The factor of `Z'WZ`, where that has full rank to working precision.
fn factor(z: &DMatrix<f64>, weights: Option<&[f64]>) -> Option<Cholesky<f64, Dyn>> {
    let gram = gram(z, weights);
    let largest = gram.diagonal().max();
    let factor = gram.cholesky()?;
    let full = factor.l_dirty().diagonal().iter().all(|pivot| pivot * pivot > 1e-13 * largest);
    full.then_some(factor)
}

impl Deterministic {
    /// The `lambda` from which on no profile of `sample` is above this end.
    pub fn holds_from(&self, sample: &Sample) -> f64 {
        let sigma = (self.ssr / sample.n()).sqrt();
        let multipliers: Vec<(usize, f64)> =
            self.active.iter().copied().zip(self.multipliers.iter().copied()).collect();
        tail(&multipliers, sigma, sample.weights.as_deref())
    }
}

impl Sample {
    /// `parameters` are all the model has; `dropped` rows were left out before.
    pub fn new(
        x: DMatrix<f64>,
        y: Vec<f64>,
        weights: Option<Vec<f64>>,
        plan: &Plan,
        sign: f64,
        parameters: usize,
        dropped: usize,
    ) -> Result<Self> {
        let n = y.len();
        if n < parameters || n <= x.ncols() {
            return Err(FrontierError::TooFewRows { rows: n, parameters, dropped }.into());
        }
        let response = || plan.formula.response.as_ref().map_or(String::new(), ToString::to_string);
        let spread = y.iter().map(|v| (v - y[0]).abs()).fold(0.0, f64::max);
        if spread == 0.0 {
            return Err(
                FrontierError::ConstantResponse { response: response(), value: y[0] }.into()
            );
        }
        let scaled = Scaled::new(x, plan.intercept, &plan.names, "the frontier")?;
        match Self::settle(scaled, y, weights, sign, plan.intercept) {
            Ok(sample) => Ok(sample),
            Err(Flaw::Rank) => {
                Err(FrontierError::TooFewRows { rows: n, parameters, dropped }.into())
            }
            Err(Flaw::Perfect) => Err(FrontierError::PerfectFit { response: response() }.into()),
        }
    }

    /// Least squares on columns already scaled.
    fn settle(
        scaled: Scaled,
        y: Vec<f64>,
        weights: Option<Vec<f64>>,
        sign: f64,
        intercept: bool,
    ) -> Result<Self, Flaw> {
        let n = y.len();
        let w = weights.as_deref();
        let cross = |r: &[f64]| -> DVector<f64> {
            match w {
                Some(w) => {
                    let weighted: Vec<f64> = r.iter().zip(w).map(|(r, w)| r * w).collect();
                    cross(&scaled.z, &weighted)
                }
                None => cross(&scaled.z, r),
            }
        };
        let factor = factor(&scaled.z, w).ok_or(Flaw::Rank)?;
        let mut ols = factor.solve(&cross(&y));
        // One step of refinement brings the residuals orthogonal to the last digits.
        let residuals = deterministic::residuals(&scaled.z, &y, ols.as_slice());
        ols += factor.solve(&cross(&residuals));
        drop(residuals);
        let residuals = deterministic::residuals(&scaled.z, &y, ols.as_slice());
        let moment = |k: i32, sd: f64| -> f64 {
            let at = |i: usize| w.map_or(1.0, |w| w[i]);
            let powers = residuals.iter().enumerate().map(|(i, r)| at(i) * (sign * r / sd).powi(k));
            powers.sum::<f64>()
        };
        let ols_ssr = moment(2, 1.0);
        let spread = y.iter().map(|v| (v - y[0]).abs()).fold(0.0, f64::max);
        if ols_ssr.sqrt() <= 1e-10 * spread || spread == 0.0 {
            return Err(Flaw::Perfect);
        }
        let sd = (ols_ssr / n as f64).sqrt();
        let (skewness, first_moment) = (moment(3, sd) / n as f64, moment(1, sd) / n as f64);
        Ok(Self { scaled, y, sign, weights, intercept, ols, ols_ssr, skewness, first_moment })
    }

    /// The rows `keep`, repeats allowed; `None` where they leave no model to fit.
    pub fn with_rows(&self, keep: &[usize]) -> Option<Self> {
        let y = keep.iter().map(|i| self.y[*i]).collect();
        let weights = self.weights_of(keep);
        Self::settle(self.scaled.rows(keep), y, weights, self.sign, self.intercept).ok()
    }

    /// Weights of the rows `keep`, rescaled to sum to their number.
    fn weights_of(&self, keep: &[usize]) -> Option<Vec<f64>> {
        self.weights.as_ref().map(|w| {
            let total: f64 = keep.iter().map(|i| w[*i]).sum();
            keep.iter().map(|i| w[*i] * keep.len() as f64 / total).collect()
        })
    }

    /// The same rows with another response.
    pub fn with_response(&self, y: Vec<f64>) -> Option<Self> {
        let scaled = self.scaled.clone();
        Self::settle(scaled, y, self.weights.clone(), self.sign, self.intercept).ok()
    }

    /// Positions of about `rows` rows, evenly spread but in step with no period of the data: one
    /// from each of as many stretches, its place there by the golden ratio.
    pub fn spread(&self, rows: usize) -> Vec<usize> {
        let n = self.y.len();
        let stretch = n as f64 / rows.min(n) as f64;
        let place = |i: usize| (i as f64 + (i as f64 * GOLDEN).fract()) * stretch;
        (0..rows.min(n)).map(|i| (place(i) as usize).min(n - 1)).collect()
    }

    /// The rows `keep`, with the coefficients of least squares on all; `None` where they do not
    /// determine every coefficient.
    pub fn thinned(&self, keep: &[usize]) -> Option<Self> {
        let y: Vec<f64> = keep.iter().map(|i| self.y[*i]).collect();
        let weights = self.weights_of(keep);
        let scaled = self.scaled.rows(keep);
        factor(&scaled.z, None)?;
        let residuals = deterministic::residuals(&scaled.z, &y, self.ols.as_slice());
        let ols_ssr = residuals.iter().map(|r| r * r).sum();
        Some(Self { scaled, y, weights, ols: self.ols.clone(), ols_ssr, ..*self })
    }

    /// Rows, which is also the sum of the weights.
    pub fn n(&self) -> f64 {
        self.y.len() as f64
    }

    /// Loglikelihood of least squares, the end `gamma = 0`.
    pub fn ols_loglik(&self) -> f64 {
        let n = self.n();
        // Weights enter as counts, so a constant of theirs does not appear.
        -n * (HALF_LN_2PI + 0.5 * (self.ols_ssr / n).ln() + 0.5)
    }

    /// The end `gamma = 1` of the half-normal model, where one exists.
    pub fn deterministic(&self) -> Option<(Deterministic, f64)> {
        let n = self.n();
        let fit = deterministic::solve(
            &self.scaled.z,
            &self.y,
            self.weights.as_deref(),
            self.sign,
            self.ols.as_slice(),
        )?;
        let half = std::f64::consts::LN_2 - HALF_LN_2PI - 0.5;
        let loglik = n * (half - 0.5 * (fit.ssr / n).ln());
        Some((fit, loglik))
    }

    /// Whether the half-normal profile leaves `lambda = 0` upwards.
    ///
    /// With an intercept the residuals' mean is zero and their third moment decides (Waldman,
    /// 1982); without one the mean itself does.
    pub fn upward(&self) -> bool {
        if self.intercept { self.skewness < 0.0 } else { self.first_moment < 0.0 }
    }

    /// The half-normal likelihood for given `lambda`, and its maximum at `lambda = 0`.
    pub fn profile(&self) -> (Profile<'_>, DVector<f64>) {
        let (n, p) = (self.n(), self.scaled.z.ncols());
        let profile = Profile {
            z: &self.scaled.z,
            y: &self.y,
            sign: self.sign,
            weights: self.weights.as_deref(),
            total: n,
        };
        let tau = (n / self.ols_ssr).sqrt();
        let mut start = DVector::zeros(p + 1);
        start.rows_mut(0, p).copy_from(&(&self.ols * tau));
        start[p] = tau;
        (profile, start)
    }
}
