//! Many fits of one model to slightly other data: for influence, bootstraps and simulations.

use nalgebra::{DMatrix, DVector};

use super::density::Point;
use super::engine::{Stop, maximise};
use super::fit::{Boundary, Problem, SfaFit};
use super::law::ErrorLaw;
use super::posterior::Law;
use super::profile::Pace;
use super::sample::Sample;
use super::solve::{Determinant, Inside, Place, half_normal_at, likelihood};
use super::starts::several_starts;
use crate::context::Context;
use crate::error::Result;

/// What one refit found, in the units of the data.
#[derive(Debug, Clone)]
pub(super) struct Refit {
    /// Frontier coefficients, then those of the other equations; only the former at a boundary.
    pub coef: Vec<f64>,
    pub boundary: Boundary,
    /// Whether it ended at a maximum: a boundary solved exactly, or a stationary point with a
    /// negative definite Hessian.
    pub converged: bool,
    /// `sigma_u`, `sigma_v` where rows share them.
    pub sigma: Option<(f64, f64)>,
    /// Efficiencies of its rows (Battese and Coelli, 1988).
    pub te: Vec<f64>,
}

impl Refit {
    pub fn gamma(&self) -> Option<f64> {
        match self.boundary {
            Boundary::GammaZero => Some(0.0),
            Boundary::GammaOne => Some(1.0),
            Boundary::None => self.sigma.map(|(u, v)| u * u / (u * u + v * v)),
        }
    }

    pub fn mean_te(&self) -> f64 {
        self.te.iter().sum::<f64>() / self.te.len() as f64
    }
}

/// A model ready to be fitted again and again.
pub(super) struct Refitter {
    pub problem: Problem,
    law: ErrorLaw,
    global: bool,
    /// The estimate in scaled columns, where there is one inside.
    start: Option<Vec<f64>>,
    jacobian: DMatrix<f64>,
}

impl Refitter {
    pub fn new(fit: &SfaFit) -> Result<Self> {
        let problem = Problem::new(&fit.formula, &fit.table, &fit.params)?;
        let start = match fit.boundary {
            Boundary::None => fit.scaled_coef(&problem),
            _ => None,
        };
        let jacobian = problem.jacobian();
        let law = fit.params.law();
        Ok(Self { problem, law, global: fit.params.is_plain_half_normal(), start, jacobian })
    }

    /// The equations besides the frontier on the rows `keep`.
    pub fn others(&self, keep: &[usize]) -> Vec<Determinant> {
        self.problem.others.iter().map(|other| other.rows(keep)).collect()
    }

    /// The model on `sample`.
    pub fn fit(&self, sample: &Sample, others: &[Determinant], ctx: &Context) -> Result<Refit> {
        let place = if self.global {
            half_normal_at(sample, others, &Pace::brisk(), ctx)?.place_with_end()
        } else {
            (self.near(sample, others, ctx)?, None)
        };
        let model = likelihood(sample, others, self.law);
        let n = sample.y.len();
        let p = sample.scaled.z.ncols();
        let map = self.jacobian.view((0, 0), (p, p));
        let given = |coef: &[f64]| -> Vec<f64> {
            (map * DVector::from_row_slice(coef)).iter().copied().collect()
        };
        Ok(match place {
            (Place::Inside(inside), _) => {
                let all = &self.jacobian * DVector::from_row_slice(&inside.coef);
                let points = model.points_of(&inside.coef, 0..n);
                let te = points.iter().map(|p| Law::new(self.law, *p).battese_coelli());
                Refit {
                    coef: all.iter().copied().collect(),
                    boundary: Boundary::None,
                    converged: inside.stop == Stop::Gradient && inside.vcov.is_some(),
                    sigma: constant_sigmas(&points),
                    te: te.collect(),
                }
            }
            (Place::GammaOne, Some((end, _))) => {
                let residuals =
                    super::deterministic::residuals(&sample.scaled.z, &sample.y, &end.coef);
                Refit {
                    coef: given(&end.coef),
                    boundary: Boundary::GammaOne,
                    converged: true,
                    sigma: Some(((end.ssr / n as f64).sqrt(), 0.0)),
                    te: residuals.iter().map(|r| (sample.sign * r).min(0.0).exp()).collect(),
                }
            }
            _ => {
                let alone = sample.noise_only(self.law.noise, ctx)?;
                Refit {
                    coef: given(&alone.coef),
                    boundary: Boundary::GammaZero,
                    converged: true,
                    sigma: Some((0.0, (0.5 * alone.ln_v).exp())),
                    te: vec![1.0; n],
                }
            }
        })
    }

    /// Newton's method from the estimate; all starts where it fails.
    fn near(&self, sample: &Sample, others: &[Determinant], ctx: &Context) -> Result<Place> {
        let model = likelihood(sample, others, self.law);
        if let Some(start) = self.start.as_ref().filter(|s| model.value(s).is_finite()) {
            let end = maximise(&model, start, 60, ctx)?;
            let alone = sample.noise_only(self.law.noise, ctx)?.loglik;
            if end.stop == Stop::Gradient && end.jet.value > alone + 1e-9 {
                let inside = super::solve::inside(end, sample.n());
                if inside.vcov.is_some() {
                    return Ok(Place::Inside(inside));
                }
            }
        }
        let found = several_starts(sample, others, self.law, ctx)?;
        // What drifts to another model has not converged to one of this.
        Ok(match found.place {
            Place::Inside(inside) if found.drift.is_some() => {
                Place::Inside(Inside { vcov: None, ..inside })
            }
            place => place,
        })
    }
}

/// The two standard deviations, where all rows share them.
fn constant_sigmas(points: &[Point<f64>]) -> Option<(f64, f64)> {
    let first = points.first()?;
    points
        .iter()
        .all(|p| p.ln_u == first.ln_u && p.ln_v == first.ln_v)
        .then(|| ((0.5 * first.ln_u).exp(), (0.5 * first.ln_v).exp()))
}
