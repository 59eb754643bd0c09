//! Expectation and maximisation for one family and one number of components.

use nalgebra::{DMatrix, DVector};

use super::family::{Family, pooled_axes};
use crate::context::Context;
use crate::error::Result;

/// Share of a column's variance, given the columns before it, below which a component is flat.
const FLAT: f64 = 1e-10;

/// Why a mixture has no maximum that could be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A component shrank onto a point, a line or a plane: the likelihood has no bound there.
    Singular,
    /// A component lost its units.
    Empty,
}

impl Fault {
    /// In words, for tables and warnings.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Singular => "a component became singular",
            Self::Empty => "a component lost its units",
        }
    }
}

/// A mixture while it is fitted.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub weights: Vec<f64>,
    /// `k` by `p`.
    pub means: DMatrix<f64>,
    pub covariances: Vec<DMatrix<f64>>,
    /// `n` by `k`.
    pub shares: DMatrix<f64>,
    pub loglik: f64,
    pub iterations: usize,
    pub converged: bool,
    axes: Option<DMatrix<f64>>,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Relative change of the loglik.
    pub tolerance: f64,
    pub max_iterations: usize,
}

impl State {
    /// Units in groups, before the first round.
    pub fn from_groups(groups: &[usize], k: usize, p: usize) -> Self {
        let mut shares = DMatrix::zeros(groups.len(), k);
        for (row, group) in groups.iter().enumerate() {
            shares[(row, group - 1)] = 1.0;
        }
        Self {
            weights: vec![1.0 / k as f64; k],
            means: DMatrix::zeros(k, p),
            covariances: Vec::new(),
            shares,
            loglik: f64::NEG_INFINITY,
            iterations: 0,
            converged: false,
            axes: None,
        }
    }

    /// Goes on until `stop`; what is reported belongs to one and the same set of parameters.
    pub fn run(
        &mut self,
        data: &DMatrix<f64>,
        family: Family,
        variances: &[f64],
        stop: Stop,
        context: &Context,
    ) -> Result<std::result::Result<(), Fault>> {
        self.converged = false;
        let first = self.iterations;
        while self.iterations - first < stop.max_iterations {
            context.check()?;
            if let Err(fault) = self.maximise(data, family) {
                return Ok(Err(fault));
            }
            let before = self.loglik;
            if let Err(fault) = self.expect(data, variances) {
                return Ok(Err(fault));
            }
            self.iterations += 1;
            if (self.loglik - before).abs() <= stop.tolerance * (1.0 + self.loglik.abs()) {
                self.converged = true;
                break;
            }
        }
        Ok(Ok(()))
    }

    fn maximise(&mut self, data: &DMatrix<f64>, family: Family) -> std::result::Result<(), Fault> {
        let (n, p) = data.shape();
        let k = self.weights.len();
        let counts: Vec<f64> = self.shares.column_iter().map(|c| c.sum()).collect();
        if counts.iter().any(|c| *c < 1e-8 * n as f64) {
            return Err(Fault::Empty);
        }
        self.weights = counts.iter().map(|c| c / n as f64).collect();
        self.means = self.shares.tr_mul(data);
        for (mut row, count) in self.means.row_iter_mut().zip(&counts) {
            row /= *count;
        }
        let mut centred = DMatrix::zeros(n, p);
        let mut weighted = DMatrix::zeros(n, p);
        let scatter: Vec<DMatrix<f64>> = (0..k)
            .map(|component| {
                let share = self.shares.column(component);
                for j in 0..p {
                    let mean = self.means[(component, j)];
                    for i in 0..n {
                        let x = data[(i, j)] - mean;
                        centred[(i, j)] = x;
                        weighted[(i, j)] = x * share[i];
                    }
                }
                centred.tr_mul(&weighted)
            })
            .collect();
        if scatter.iter().any(|w| w.iter().any(|x| !x.is_finite())) {
            return Err(Fault::Singular);
        }
        let axes = self.axes.get_or_insert_with(|| pooled_axes(&scatter));
        self.covariances = family.covariances(&scatter, &counts, axes).ok_or(Fault::Singular)?;
        Ok(())
    }

    fn expect(&mut self, data: &DMatrix<f64>, variances: &[f64]) -> std::result::Result<(), Fault> {
        let (n, p) = data.shape();
        let constant = p as f64 * std::f64::consts::TAU.ln();
        for (component, covariance) in self.covariances.iter().enumerate() {
            if covariance.iter().any(|x| !x.is_finite()) {
                return Err(Fault::Singular);
            }
            let factor = covariance.clone().cholesky().ok_or(Fault::Singular)?;
            let lower = factor.l();
            if (0..p).any(|j| lower[(j, j)].powi(2) < FLAT * variances[j]) {
                return Err(Fault::Singular);
            }
            let log_root: f64 = (0..p).map(|j| lower[(j, j)].ln()).sum();
            let start = self.weights[component].ln() - log_root - constant / 2.0;
            let mut z = DVector::zeros(p);
            for i in 0..n {
                let mut square = 0.0;
                for j in 0..p {
                    let mut x = data[(i, j)] - self.means[(component, j)];
                    for before in 0..j {
                        x -= lower[(j, before)] * z[before];
                    }
                    z[j] = x / lower[(j, j)];
                    square += z[j] * z[j];
                }
                self.shares[(i, component)] = start - square / 2.0;
            }
        }
        self.loglik = 0.0;
        for mut row in self.shares.row_iter_mut() {
            let top = row.max();
            let sum: f64 = row.iter().map(|l| (l - top).exp()).sum();
            let total = top + sum.ln();
            row.apply(|l| *l = (*l - total).exp());
            self.loglik += total;
        }
        if self.loglik.is_finite() { Ok(()) } else { Err(Fault::Singular) }
    }
}
