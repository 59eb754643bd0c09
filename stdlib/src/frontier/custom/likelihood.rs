//! The likelihood of `e = v - u` with normal `v` and a user's density of `u`.
//!
//! `f(e) = int g(u; theta) phi((e + u) / sigma_v) / sigma_v du`, on panels that resolve both factors.
//! Derivatives in `e` and `ln sigma_v^2` are exact, under the integral; those in `theta` are central
//! differences of `g` of fourth order, for a closure has no derivatives of its own.

use std::cell::RefCell;

use nalgebra::{DMatrix, DVector};

use super::tabulated::{Basis, Density, Fine, Panels, Unfit};
use super::{MASS, Theta};
use crate::error::Error;
use crate::frontier::data::{apply, blocks};
use crate::frontier::engine::{Jet, Objective};
use crate::frontier::normal::HALF_LN_2PI;
use crate::frontier::quadrature::NODES;
use crate::frontier::sample::Sample;

/// Step of the differences in `theta` (in its logarithm, where that is searched).
const STEP: f64 = 1e-3;
/// Finer panels at most: noise below this part of the range of inefficiency cannot be resolved.
const MOST: usize = 6000;
/// Parts of a row's integral below `exp(-DEPTH)` of its largest are left out.
const DEPTH: f64 = 42.0;

/// A density tabulated for one `theta` and one `sigma_v`.
pub(super) struct Tabulated {
    pub fine: Fine,
    pub g: Vec<f64>,
    /// Derivatives of `g` in the parameters, and second ones: the lower triangle, row by row.
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
    /// Logarithm of the largest value on each panel.
    top: Vec<f64>,
    pub sigma: f64,
}

/// One row's integrals.
struct Row {
    value: f64,
    /// In `e`, `ln_v`, then `theta`.
    score: Vec<f64>,
    hessian: DMatrix<f64>,
}

impl Tabulated {
    /// For each panel that matters to `e`, its number; and the exponent to scale by.
    fn panels(&self, e: f64) -> (Vec<usize>, f64) {
        let exponent = |(low, high): (f64, f64)| {
            let nearest = (-e).clamp(low, high);
            -0.5 * ((e + nearest) / self.sigma).powi(2)
        };
        let bounds: Vec<f64> = self
            .fine
            .edges
            .iter()
            .zip(&self.top)
            .map(|(edge, top)| exponent(*edge) + top)
            .collect();
        let best = bounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let kept = (0..bounds.len()).filter(|k| bounds[*k] > best - DEPTH).collect();
        (kept, best)
    }

    /// Nodes that matter to `e` with the mass of each, up to `exp` of the second value.
    pub fn masses(&self, e: f64) -> (Vec<(usize, f64)>, f64) {
        let (panels, best) = self.panels(e);
        let mut masses = Vec::with_capacity(panels.len() * NODES);
        for panel in panels {
            for j in panel * NODES..(panel + 1) * NODES {
                let r = (e + self.fine.u[j]) / self.sigma;
                let log = self.g[j].ln() - 0.5 * r * r - best;
                masses.push((j, self.fine.weight[j] * log.exp()));
            }
        }
        (masses, best)
    }

    /// How the whole mass changes with each parameter: not at all, unless the support moves.
    pub fn leaks(&self) -> Vec<f64> {
        let sum = |slope: &Vec<f64>| -> f64 {
            slope.iter().zip(&self.fine.weight).map(|(s, w)| s * w).sum()
        };
        self.first.iter().map(sum).collect()
    }

    /// `ln f(e)`.
    pub fn ln_density(&self, e: f64) -> f64 {
        let (masses, best) = self.masses(e);
        let sum: f64 = masses.iter().map(|m| m.1).sum();
        sum.ln() + best - HALF_LN_2PI - self.sigma.ln()
    }

    fn row(&self, e: f64) -> Row {
        let (panels, best) = self.panels(e);
        let count = self.first.len();
        let size = 2 + count;
        let mut sum = 0.0;
        let mut slope = vec![0.0; size];
        let mut bend = DMatrix::<f64>::zeros(size, size);
        for panel in panels {
            for j in panel * NODES..(panel + 1) * NODES {
                let r = (e + self.fine.u[j]) / self.sigma;
                let kernel = self.fine.weight[j] * (-0.5 * r * r - best).exp();
                let (by_e, by_v) = (-r / self.sigma, 0.5 * (r * r - 1.0));
                let k = kernel * self.g[j];
                sum += k;
                slope[0] += k * by_e;
                slope[1] += k * by_v;
                bend[(0, 0)] += k * (by_e * by_e - 1.0 / (self.sigma * self.sigma));
                bend[(1, 0)] += k * (by_e * by_v + r / self.sigma);
                bend[(1, 1)] += k * (by_v * by_v - 0.5 * r * r);
                let mut pair = 0;
                for a in 0..count {
                    let k = kernel * self.first[a][j];
                    slope[2 + a] += k;
                    bend[(2 + a, 0)] += k * by_e;
                    bend[(2 + a, 1)] += k * by_v;
                    for b in 0..=a {
                        bend[(2 + a, 2 + b)] += kernel * self.second[pair][j];
                        pair += 1;
                    }
                }
            }
        }
        let score: Vec<f64> = slope.iter().map(|s| s / sum).collect();
        let hessian = DMatrix::from_fn(size, size, |a, b| {
            let (a, b) = (a.max(b), a.min(b));
            bend[(a, b)] / sum - score[a] * score[b]
        });
        Row { value: sum.ln() + best - HALF_LN_2PI - self.sigma.ln(), score, hessian }
    }
}

/// What is maximised over the frontier's coefficients, `ln sigma_v^2` and `theta`.
pub(super) struct CustomLikelihood<'a> {
    pub sample: &'a Sample,
    pub density: &'a Density<'a>,
    pub theta: &'a [Theta],
    pub basis: Basis,
    /// Length of the first panel tried.
    pub scale: f64,
    /// What the user's function last failed with.
    pub failure: RefCell<Option<Error>>,
}

impl CustomLikelihood<'_> {
    /// `theta` as the user's function takes it.
    pub fn given(&self, searched: &[f64]) -> Vec<f64> {
        self.theta.iter().zip(searched).map(|(t, x)| if t.real { *x } else { x.exp() }).collect()
    }

    pub fn panels(&self, searched: &[f64]) -> Result<(Panels, f64), Unfit> {
        Panels::of(self.density, &self.given(searched), self.scale, &self.basis)
    }

    /// The density at `coef`'s `theta`; nothing where it is none, or where noise is too small
    /// against inefficiency to be resolved.
    pub fn tabulate(&self, coef: &[f64], derivatives: bool) -> Option<Tabulated> {
        let p = self.sample.scaled.z.ncols();
        let (ln_v, searched) = (coef[p], &coef[p + 1..]);
        let sigma = (0.5 * ln_v).exp();
        let panels = match self.panels(searched) {
            Ok((panels, mass)) if (mass - 1.0).abs() <= MASS => panels,
            Ok(_) | Err(Unfit::Value { .. } | Unfit::Endless) => return None,
            Err(Unfit::Failed(error)) => return self.fail(error),
        };
        let fine = Fine::new(&panels, sigma, MOST, &self.basis)?;
        let at = |moves: &[(usize, f64)]| {
            let mut moved = searched.to_vec();
            moves.iter().for_each(|(k, by)| moved[*k] += by * STEP);
            panels.values(self.density, &self.given(&moved), &self.basis)
        };
        let table = (|| -> crate::error::Result<Tabulated> {
            let here = at(&[])?;
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for a in 0..if derivatives { searched.len() } else { 0 } {
                let (far, near) =
                    ((at(&[(a, -2.0)])?, at(&[(a, 2.0)])?), (at(&[(a, -1.0)])?, at(&[(a, 1.0)])?));
                let slope: Vec<f64> = (0..here.len())
                    .map(|j| {
                        (8.0 * (near.1[j] - near.0[j]) - (far.1[j] - far.0[j])) / (12.0 * STEP)
                    })
                    .collect();
                first.push(fine.spread(&slope));
                for b in 0..a {
                    let cross = |by: f64| -> crate::error::Result<Vec<f64>> {
                        let (pp, mm) = (at(&[(a, by), (b, by)])?, at(&[(a, -by), (b, -by)])?);
                        let (pm, mp) = (at(&[(a, by), (b, -by)])?, at(&[(a, -by), (b, by)])?);
                        let square = 4.0 * by * by * STEP * STEP;
                        Ok((0..pp.len())
                            .map(|j| (pp[j] + mm[j] - pm[j] - mp[j]) / square)
                            .collect())
                    };
                    let (one, two) = (cross(1.0)?, cross(2.0)?);
                    let mixed: Vec<f64> =
                        one.iter().zip(&two).map(|(one, two)| (4.0 * one - two) / 3.0).collect();
                    second.push(fine.spread(&mixed));
                }
                let curve: Vec<f64> = (0..here.len())
                    .map(|j| {
                        let outer = far.0[j] + far.1[j];
                        (16.0 * (near.0[j] + near.1[j]) - outer - 30.0 * here[j])
                            / (12.0 * STEP * STEP)
                    })
                    .collect();
                second.push(fine.spread(&curve));
            }
            let mut g = fine.spread(&here);
            // Polynomials may dip below zero where the density is next to nothing.
            g.iter_mut().for_each(|g| *g = g.max(0.0));
            let top = g.chunks(NODES).map(|c| c.iter().copied().fold(0.0, f64::max).ln()).collect();
            Ok(Tabulated { fine, g, first, second, top, sigma })
        })();
        match table {
            Ok(table) => Some(table),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&self, error: Error) -> Option<Tabulated> {
        *self.failure.borrow_mut() = Some(error);
        None
    }

    /// The composed errors at `coef`.
    pub fn errors(&self, coef: &[f64], rows: std::ops::Range<usize>) -> Vec<f64> {
        let sample = self.sample;
        let mut e = vec![0.0; rows.len()];
        apply(&sample.scaled.z, &coef[..sample.scaled.z.ncols()], rows.clone(), &mut e);
        e.iter_mut().zip(&sample.y[rows]).for_each(|(e, y)| *e = sample.sign * (y - *e));
        e
    }
}

impl Objective for CustomLikelihood<'_> {
    fn rows(&self) -> usize {
        self.sample.y.len()
    }

    fn value(&self, coef: &[f64]) -> f64 {
        let Some(table) = self.tabulate(coef, false) else { return f64::NAN };
        let errors = self.errors(coef, 0..self.sample.y.len());
        let parts = blocks(errors.len(), |rows| {
            errors[rows].iter().map(|e| table.ln_density(*e)).sum::<f64>()
        });
        parts.into_iter().sum()
    }

    fn jet(&self, coef: &[f64]) -> Jet {
        let z = &self.sample.scaled.z;
        let (p, size) = (z.ncols(), coef.len());
        let none = || Jet {
            value: f64::NAN,
            score: DVector::zeros(size),
            hessian: DMatrix::zeros(size, size),
        };
        let Some(table) = self.tabulate(coef, true) else { return none() };
        let errors = self.errors(coef, 0..z.nrows());
        let turn = -self.sample.sign;
        let parts = blocks(errors.len(), |rows| {
            let mut jet = Jet {
                value: 0.0,
                score: DVector::zeros(size),
                hessian: DMatrix::zeros(size, size),
            };
            for i in rows {
                let row = table.row(errors[i]);
                jet.value += row.value;
                // How each coefficient moves the row's indices: which one, and by how much.
                let lever = |c: usize| if c < p { (0, turn * z[(i, c)]) } else { (c - p + 1, 1.0) };
                for a in 0..size {
                    let (k, by) = lever(a);
                    jet.score[a] += by * row.score[k];
                    for b in 0..=a {
                        let (l, and) = lever(b);
                        jet.hessian[(a, b)] += by * and * row.hessian[(k, l)];
                    }
                }
            }
            jet
        });
        let mut total = none();
        total.value = 0.0;
        for part in parts {
            total.value += part.value;
            total.score += part.score;
            total.hessian += part.hessian;
        }
        total.hessian.fill_upper_triangle_with_lower_triangle();
        total
    }
}
