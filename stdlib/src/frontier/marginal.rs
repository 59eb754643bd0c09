//! What determinants do to the mean and variance of inefficiency.
//!
//! With `sigma_u` and `mu` functions of `z`, `dE[u]/dz` and `dV[u]/dz` follow from the moments of
//! `u` by the chain rule, through whatever functions of `z` the equations hold (Wang, 2002,
//! Journal of Productivity Analysis 18, for the truncated normal). Every derivative is exact,
//! that of the averages with respect to the parameters included (delta method).

use nalgebra::{DMatrix, DVector};
use num_dual::{Dual64, DualNum};

use super::density::{Inefficiency, Point};
use super::engine::Index;
use super::error::FrontierError;
use super::fit::{Problem, SfaFit};
use super::normal::ln_cdf_jet;
use crate::error::Result;
use crate::table::{Table, Vector};

/// Average effects of one variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The column.
    pub variable: String,
    /// Mean over the rows of `dE[u]/dz`.
    pub mean: f64,
    /// Its standard error.
    pub mean_se: Option<f64>,
    /// Mean over the rows of `dV[u]/dz`.
    pub variance: f64,
    /// Its standard error.
    pub variance_se: Option<f64>,
}

/// Effects of every determinant.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginalEffects {
    /// Row labels.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// By variable: `dE[u]/dz` of each row.
    pub mean: Vec<Vec<f64>>,
    /// By variable: `dV[u]/dz` of each row.
    pub variance: Vec<Vec<f64>>,
    /// By variable: averages.
    pub average: Vec<Effect>,
}

/// Coefficients of the series of `a + m`.
const SERIES: [f64; 9] =
    [1.0, 2.0, 10.0, 74.0, 706.0, 8162.0, 110_410.0, 1_708_394.0, 29_752_066.0];

/// `a + m`, `1 + m'`, `m''` and `m'''` of the inverse Mills ratio `m` at `a`.
fn mills(a: f64) -> [f64; 4] {
    if a < -20.0 {
        // Far below zero these cancel; `a + m` has the series sum (-1)^k c_k s^(-2k-1) in
        // s = -a, and its derivatives follow term by term.
        let s = -a;
        let mut sums = [0.0; 4];
        let mut power = 1.0 / s;
        for (k, c) in SERIES.iter().enumerate() {
            let k = 2.0 * k as f64;
            let first = c * power;
            sums[0] += first;
            sums[1] += first * (k + 1.0) / s;
            sums[2] += first * (k + 1.0) * (k + 2.0) / (s * s);
            sums[3] += first * (k + 1.0) * (k + 2.0) * (k + 3.0) / (s * s * s);
            power /= -s * s;
        }
        return sums;
    }
    let (_, m, first) = ln_cdf_jet(a);
    let (x, y) = (a + m, a + 2.0 * m);
    let second = m * (x * y - 1.0);
    let third = first * (x * y - 1.0) + m * ((1.0 + first) * y + x * (1.0 + 2.0 * first));
    [x, 1.0 + first, second, third]
}

fn lift(x: Dual64, value: f64, slope: f64) -> Dual64 {
    Dual64::new(value, slope * x.eps)
}

/// `(dE, dV)` for changes `d_ln_u` and `d_mu` of the indices.
fn effect(
    family: Inefficiency,
    ln_u: Dual64,
    mu: Dual64,
    shape: Dual64,
    d_ln_u: Dual64,
    d_mu: Dual64,
) -> (Dual64, Dual64) {
    let s = (ln_u * 0.5).exp();
    if family != Inefficiency::TruncatedNormal {
        let (first, second) = family.unit_moments(shape);
        return (s * first * d_ln_u * 0.5, s * s * second * d_ln_u);
    }
    let a = mu / s;
    let [h, p, q, r] = mills(a.re);
    let (h, p, q) = (lift(a, h, p), lift(a, p, q), lift(a, q, r));
    let mean = p * d_mu + (s * h - mu * p) * d_ln_u * 0.5;
    let variance = s * q * d_mu + (s * s * p - mu * s * q * 0.5) * d_ln_u;
    (mean, variance)
}

/// One equation that moves inefficiency, on the rows of the fit.
struct Part {
    index: Index,
    x: DMatrix<f64>,
    /// By variable, where the equation holds it.
    slopes: Vec<Option<DMatrix<f64>>>,
    /// By variable: the index's derivative in each row.
    moves: Vec<DVector<f64>>,
    /// Position of its first coefficient among all.
    start: usize,
}

impl SfaFit {
    /// Effects of the columns behind `sigma_u`, `mean` and `scaling` on `E[u]` and `V[u]`.
    pub fn marginal_effects(&self) -> Result<MarginalEffects> {
        let problem = Problem::new(&self.formula, &self.table, &self.params)?;
        let rows = self.table.take(&self.rows)?;
        let moving =
            |index: Index| matches!(index, Index::Inefficiency | Index::Mean | Index::Scaling);
        let mut variables: Vec<String> = Vec::new();
        for other in problem.others.iter().filter(|o| moving(o.index)) {
            for source in other.plan.iter().flat_map(crate::formula::Plan::sources) {
                if !variables.contains(&source) {
                    variables.push(source);
                }
            }
        }
        if variables.is_empty() || self.equations.is_empty() {
            return Err(FrontierError::NoDeterminants.into());
        }
        let n = self.nobs();
        let mut parts = Vec::new();
        let mut start = self.coef.len();
        for (other, equation) in problem.others.iter().zip(&self.equations) {
            let beta =
                DVector::from_iterator(equation.coef.len(), equation.coef.iter().map(|c| c.value));
            if moving(other.index) || other.index == Index::Shape {
                let x = match &other.plan {
                    Some(plan) => plan.matrix(&rows)?.0,
                    None => DMatrix::from_element(n, 1, 1.0),
                };
                let mut slopes = Vec::new();
                let mut moves = Vec::new();
                for variable in &variables {
                    let held = other.plan.as_ref().filter(|p| p.sources().contains(variable));
                    let slope = match held {
                        Some(plan) => Some(plan.slopes(&rows, variable)?.0),
                        None => None,
                    };
                    moves.push(slope.as_ref().map_or_else(|| DVector::zeros(n), |s| s * &beta));
                    slopes.push(slope);
                }
                parts.push(Part { index: other.index, x, slopes, moves, start });
            }
            start += equation.coef.len();
        }
        let count = variables.len();
        let mut mean = vec![Vec::with_capacity(n); count];
        let mut variance = vec![Vec::with_capacity(n); count];
        let total = self.coefficient_names().len();
        let mut gradients = vec![[DVector::zeros(total), DVector::zeros(total)]; count];
        for i in 0..n {
            let point = self.point(i);
            for z in 0..count {
                let (e, v) = self.effect_at(&parts, &point, i, z, None);
                mean[z].push(e.re);
                variance[z].push(v.re);
                for (k, part) in parts.iter().enumerate() {
                    for j in 0..part.x.ncols() {
                        let (e, v) = self.effect_at(&parts, &point, i, z, Some((k, j)));
                        gradients[z][0][part.start + j] += e.eps / n as f64;
                        gradients[z][1][part.start + j] += v.eps / n as f64;
                    }
                }
            }
        }
        let se = |gradient: &DVector<f64>| {
            let vcov = self.vcov.as_ref()?;
            let spread = gradient.dot(&(vcov * gradient));
            (spread >= 0.0).then(|| spread.sqrt())
        };
        let average = variables
            .into_iter()
            .enumerate()
            .map(|(z, variable)| Effect {
                variable,
                mean: mean[z].iter().sum::<f64>() / n as f64,
                mean_se: se(&gradients[z][0]),
                variance: variance[z].iter().sum::<f64>() / n as f64,
                variance_se: se(&gradients[z][1]),
            })
            .collect();
        Ok(MarginalEffects {
            labels: self.row_names(),
            label_name: self.label_name.clone(),
            mean,
            variance,
            average,
        })
    }

    /// The effects of variable `z` in row `i`, with their derivative with respect to coefficient
    /// `by`, a part and a column of it.
    fn effect_at(
        &self,
        parts: &[Part],
        point: &Point<f64>,
        i: usize,
        z: usize,
        by: Option<(usize, usize)>,
    ) -> (Dual64, Dual64) {
        let zero = Dual64::from_re(0.0);
        // What the scaling adds to the log of sigma_u is already in the point.
        let [mut stretch, mut ln_u, mut mean, mut shape] = [zero; 4];
        let [mut d_ln_u, mut d_mean, mut d_stretch] = [zero; 3];
        for (k, part) in parts.iter().enumerate() {
            let (turn, bend) = match by {
                Some((of, j)) if of == k => {
                    (part.x[(i, j)], part.slopes[z].as_ref().map_or(0.0, |s| s[(i, j)]))
                }
                _ => (0.0, 0.0),
            };
            let moved = Dual64::new(part.moves[z][i], bend);
            match part.index {
                Index::Inefficiency => {
                    ln_u.eps += turn;
                    d_ln_u += moved;
                }
                Index::Mean => {
                    mean.eps += turn;
                    d_mean += moved;
                }
                Index::Scaling => {
                    stretch.eps += turn;
                    d_stretch += moved;
                }
                Index::Shape => shape.eps += turn,
                Index::Frontier | Index::Noise | Index::Df => {}
            }
        }
        let scaling = self.equations.iter().position(|e| e.name == "ln scaling");
        stretch.re = scaling.map_or(0.0, |_| {
            let part = parts.iter().find(|p| p.index == Index::Scaling);
            part.map_or(0.0, |part| {
                let coef = self.all_coef();
                (0..part.x.ncols()).map(|j| part.x[(i, j)] * coef[part.start + j]).sum()
            })
        });
        ln_u.re = point.ln_u - 2.0 * stretch.re;
        mean.re = point.mu * (-stretch.re).exp();
        shape.re = point.shape;
        let factor = stretch.exp();
        let mu = mean * factor;
        let d_mu = d_mean * factor + mu * d_stretch;
        effect(
            self.params.inefficiency,
            ln_u + stretch * 2.0,
            mu,
            shape,
            d_ln_u + d_stretch * 2.0,
            d_mu,
        )
    }
}

impl MarginalEffects {
    /// One row a row of the fit: `d_mean_z` and `d_variance_z` for each variable `z`.
    pub fn table(&self) -> Result<Table> {
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        let mut columns = vec![(name.clone(), Vector::from_texts(&self.labels))];
        for (z, effect) in self.average.iter().enumerate() {
            let values = |list: &[f64]| Vector::from_floats(list.iter().copied());
            columns.push((format!("d_mean_{}", effect.variable), values(&self.mean[z])));
            columns.push((format!("d_variance_{}", effect.variable), values(&self.variance[z])));
        }
        Table::new(columns)?.labelled_by(&name)
    }

    /// One row a variable: the averages with standard errors.
    pub fn average_table(&self) -> Result<Table> {
        let floats = |get: fn(&Effect) -> f64| Vector::from_floats(self.average.iter().map(get));
        let options =
            |get: fn(&Effect) -> Option<f64>| Vector::from_options(self.average.iter().map(get));
        Table::new([
            ("variable", Vector::from_texts(self.average.iter().map(|e| e.variable.as_str()))),
            ("d_mean", floats(|e| e.mean)),
            ("d_mean_se", options(|e| e.mean_se)),
            ("d_variance", floats(|e| e.variance)),
            ("d_variance_se", options(|e| e.variance_se)),
        ])?
        .labelled_by("variable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_of_the_mills_ratio_agree_with_differences() {
        for a in [-200.0, -60.0, -30.0, -21.0, -8.0, -1.0, 0.0, 0.7, 3.0] {
            let h = 1e-4 * (1.0 + f64::abs(a));
            let (low, high, at) = (mills(a - h), mills(a + h), mills(a));
            for k in 0..3 {
                let slope = (high[k] - low[k]) / (2.0 * h);
                assert!(
                    (slope - at[k + 1]).abs() <= 2e-5 * at[k + 1].abs() + 1e-10,
                    "{a} {k}: {slope} {}",
                    at[k + 1]
                );
            }
        }
        let (below, above) = (mills(-20.000_001), mills(-19.999_999));
        for k in 0..4 {
            assert!(
                (below[k] / above[k] - 1.0).abs() < [1e-6, 1e-6, 1e-6, 1e-5][k],
                "{k}: {below:?} {above:?}"
            );
        }
    }

    #[test]
    fn effects_are_the_derivatives_of_the_moments() {
        use crate::choice::Choice;
        for (name, family) in Inefficiency::ALL {
            let at = |t: f64| Point {
                e: 0.0,
                ln_v: 0.0,
                ln_u: 0.3 + 0.5 * t,
                mu: -0.4 + 0.7 * t,
                shape: 0.2,
                df: 0.0,
            };
            let (low, high) = (family.moments(&at(-1e-5)), family.moments(&at(1e-5)));
            let d = Dual64::from_re;
            let (e, v) = effect(*family, d(0.3), d(-0.4), d(0.2), d(0.5), d(0.7));
            assert!((e.re - (high.0 - low.0) / 2e-5).abs() < 1e-8, "{name}");
            assert!((v.re - (high.1 - low.1) / 2e-5).abs() < 1e-8, "{name}");
        }
    }
}
