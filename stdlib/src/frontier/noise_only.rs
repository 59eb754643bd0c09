//! The model without inefficiency: a regression with the model's own noise.
//!
//! Normal noise makes it least squares; Laplace noise least absolute deviations, here the limit of
//! smooth problems; logistic and Student's t noise a maximum by Newton's method from least squares.

use nalgebra::DMatrix;

use super::data::{apply, blocks, cross, dot, gram};
use super::engine::{Equation, Index, Jet, Likelihood, Objective, maximise};
use super::law::ErrorLaw;
use super::noise::Noise;
use super::sample::Sample;
use crate::context::Context;
use crate::error::Result;

/// A regression, in scaled columns.
#[derive(Debug, Clone)]
pub(super) struct NoiseOnly {
    pub coef: Vec<f64>,
    pub ln_v: f64,
    /// Logarithm of the degrees of freedom; 0 where there are none.
    pub ln_df: f64,
    pub loglik: f64,
    /// Inverse of the information on the coefficients.
    pub inverse: Option<DMatrix<f64>>,
}

/// `-sum w sqrt(r^2 + width^2) / unit`.
struct Smooth<'a> {
    sample: &'a Sample,
    width: f64,
    unit: f64,
}

impl Objective for Smooth<'_> {
    fn rows(&self) -> usize {
        self.sample.y.len()
    }

    fn value(&self, coef: &[f64]) -> f64 {
        self.jet(coef).value
    }

    fn jet(&self, coef: &[f64]) -> Jet {
        let sample = self.sample;
        let z = &sample.scaled.z;
        let parts = blocks(sample.y.len(), |rows| {
            let mut fitted = vec![0.0; rows.len()];
            apply(z, coef, rows.clone(), &mut fitted);
            let (mut first, mut second) = (Vec::new(), Vec::new());
            let mut value = 0.0;
            for (fit, row) in fitted.iter().zip(rows) {
                let w = sample.weights.as_ref().map_or(1.0, |w| w[row]) / self.unit;
                let r = sample.y[row] - fit;
                let size = r.hypot(self.width);
                value -= w * size;
                first.push(w * r / size);
                second.push(w * (self.width / size).powi(2) / size);
            }
            (value, first, second)
        });
        let value = parts.iter().map(|p| p.0).sum();
        let first: Vec<f64> = parts.iter().flat_map(|p| p.1.iter().copied()).collect();
        let second: Vec<f64> = parts.into_iter().flat_map(|p| p.2).collect();
        Jet { value, score: cross(z, &first), hessian: -gram(z, Some(&second)) }
    }
}

impl Sample {
    /// The regression with noise of the given law.
    pub fn noise_only(&self, noise: Noise, ctx: &Context) -> Result<NoiseOnly> {
        let n = self.n();
        let ln_v = (self.ols_ssr / n).ln();
        let w = self.weights.as_deref();
        match noise {
            Noise::Normal => Ok(NoiseOnly {
                coef: self.ols.iter().copied().collect(),
                ln_v,
                ln_df: 0.0,
                loglik: self.ols_loglik(),
                inverse: gram(&self.scaled.z, w)
                    .cholesky()
                    .map(|factor| factor.inverse() * (self.ols_ssr / n)),
            }),
            Noise::Laplace => self.least_absolute(ctx),
            Noise::Logistic | Noise::StudentT => {
                let ones = DMatrix::from_element(self.y.len(), 1, 1.0);
                let p = self.ols.len();
                let mut equations = vec![
                    Equation { index: Index::Frontier, z: &self.scaled.z },
                    Equation { index: Index::Noise, z: &ones },
                ];
                let mut start: Vec<f64> = self.ols.iter().copied().collect();
                start.push(ln_v);
                if noise.has_df() {
                    equations.push(Equation { index: Index::Df, z: &ones });
                    // With eight degrees of freedom the scale is a little smaller.
                    start[p] += 0.75_f64.ln();
                    start.push(8.0_f64.ln());
                }
                let model = Likelihood {
                    law: ErrorLaw { noise, ..ErrorLaw::default() },
                    noise_only: true,
                    y: &self.y,
                    sign: self.sign,
                    weights: w,
                    equations,
                };
                let end = maximise(&model, &start, 100, ctx)?;
                let inverse = (-&end.jet.hessian).cholesky().map(|factor| factor.inverse());
                Ok(NoiseOnly {
                    ln_v: end.coef[p],
                    ln_df: end.coef.get(p + 1).copied().unwrap_or(0.0),
                    loglik: end.jet.value,
                    inverse: inverse.map(|v| v.view((0, 0), (p, p)).into_owned()),
                    coef: end.coef[..p].to_vec(),
                })
            }
        }
    }

    /// Least absolute deviations: the limit of problems with a rounded corner.
    fn least_absolute(&self, ctx: &Context) -> Result<NoiseOnly> {
        let n = self.n();
        let sd = (self.ols_ssr / n).sqrt();
        let mut coef: Vec<f64> = self.ols.iter().copied().collect();
        let mut width = 0.3 * sd;
        while width > 1e-9 * sd {
            let problem = Smooth { sample: self, width, unit: sd };
            coef = maximise(&problem, &coef, 60, ctx)?.coef;
            width *= 0.2;
        }
        let mut fitted = vec![0.0; self.y.len()];
        apply(&self.scaled.z, &coef, 0..self.y.len(), &mut fitted);
        let sizes: Vec<f64> = self.y.iter().zip(&fitted).map(|(y, f)| (y - f).abs()).collect();
        let ones = vec![1.0; sizes.len()];
        let b = dot(&sizes, self.weights.as_deref().unwrap_or(&ones)) / n;
        let information = gram(&self.scaled.z, self.weights.as_deref()) / (b * b);
        Ok(NoiseOnly {
            coef,
            ln_v: 2.0 * (b / Noise::Laplace.unit()).ln(),
            ln_df: 0.0,
            loglik: -n * ((2.0 * b).ln() + 1.0),
            inverse: information.cholesky().map(|factor| factor.inverse()),
        })
    }
}
