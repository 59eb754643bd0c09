//! How many components to keep, and components that are easier to name.
//!
//! **Parallel analysis** (Horn, 1965): a component is kept while its eigenvalue exceeds what data
//! without any structure, of the same size and with the same variances, give (a quantile of many
//! simulated normal tables; Glorfeld, 1995). **Varimax** (Kaiser, 1958) turns the first `k` components,
//! as correlations with the columns, so that each has few large ones and many near 0: the sum over
//! components of the variance of the squared correlations is largest.

use std::sync::Arc;

use arrow_array::BooleanArray;
use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

use super::pca::{Pca, PcaParams, pca};
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::stats;
use crate::table::{Matrix, Table, Vector};

/// How to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParallelParams {
    /// Simulated tables, at least 1; 1000 by default.
    pub draws: usize,
    /// Quantile of their eigenvalues to exceed, in 0..1; 0.95 by default.
    pub quantile: f64,
    /// Seed; 1 by default.
    pub seed: u64,
}

impl Default for ParallelParams {
    fn default() -> Self {
        Self { draws: 1000, quantile: 0.95, seed: 1 }
    }
}

/// Eigenvalues beside those of data without structure; `m` components.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Eigenvalues of the data, `m`.
    pub eigenvalues: Vec<f64>,
    /// Means of the simulated eigenvalues, `m`.
    pub means: Vec<f64>,
    /// Their quantiles, `m`.
    pub quantiles: Vec<f64>,
    /// Components whose eigenvalues all exceed the quantile, from the first on.
    pub keep: usize,
    /// How it was simulated.
    pub params: ParallelParams,
}

/// Components turned for easier reading; `p` columns, `k` components, `n` units.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// Correlations of the columns with the turned components, `p` by `k`.
    pub loadings: DMatrix<f64>,
    /// The turn: unturned correlations times it are the turned ones, `k` by `k`.
    pub turn: DMatrix<f64>,
    /// Units in the turned components, each of variance 1, `n` by `k`.
    pub scores: DMatrix<f64>,
    /// Share of the total variance of each, `k`, falling; their sum is that of the first `k` components.
    pub explained: Vec<f64>,
    /// Share of each column's variance that the `k` components show, `p`.
    pub communalities: Vec<f64>,
    /// Column names, `p`.
    pub columns: Vec<String>,
    /// Unit labels, `n`.
    pub units: Vec<String>,
    /// Whether rows were brought to length 1 while turning (Kaiser's normalisation).
    pub normalised: bool,
    /// Rounds over all pairs of components until none turned.
    pub iterations: usize,
}

impl Parallel {
    /// By component: whether to keep it, its eigenvalue, mean and quantile of the simulated ones.
    pub fn table(&self) -> Result<Table> {
        let kept: BooleanArray = (0..self.eigenvalues.len()).map(|c| Some(c < self.keep)).collect();
        let floats = |values: &[f64]| Vector::from_floats(values.iter().copied());
        Table::new([
            (
                "component",
                Vector::from_texts((1..=self.eigenvalues.len()).map(|c| format!("PC{c}"))),
            ),
            ("keep", Vector::new(Arc::new(kept))),
            ("eigenvalue", floats(&self.eigenvalues)),
            ("random_mean", floats(&self.means)),
            ("random_quantile", floats(&self.quantiles)),
        ])?
        .labelled_by("component")
    }
}

impl Pca {
    /// Parallel analysis: which eigenvalues stand out of those that chance gives.
    pub fn parallel(&self, params: &ParallelParams, context: &Context) -> Result<Parallel> {
        let wrong = |parameter, rule: &str, value: String| {
            Err(Error::Invalid { primitive: "parallel", parameter, rule: rule.into(), value })
        };
        if params.draws == 0 {
            return wrong("draws", "be at least 1", "0".into());
        }
        if !(params.quantile > 0.0 && params.quantile < 1.0) {
            return wrong("quantile", "lie between 0 and 1", params.quantile.to_string());
        }
        let (n, p) = (self.units.len(), self.columns.len());
        let m = self.eigenvalues.len();
        // The columns' own spread where they were not standardised.
        let spreads: Vec<f64> = (0..p).map(|j| self.variance(j).sqrt()).collect();
        let normal = Normal::standard();
        let simulated: Vec<Vec<f64>> = (0..params.draws as u64)
            .into_par_iter()
            .map(|draw| {
                context.check()?;
                let mut random = rng(params.seed, draw);
                let values = DMatrix::from_fn(n, p, |_, j| {
                    let u: f64 = random.random();
                    spreads[j] * normal.inverse_cdf(u.clamp(1e-300, 1.0 - 1e-16))
                });
                let data =
                    Matrix { values, columns: self.columns.clone(), labels: self.units.clone() };
                Ok(pca(&data, &PcaParams { scale: self.scaled })?.eigenvalues)
            })
            .collect::<Result<_>>()?;
        let of =
            |component: usize| -> Vec<f64> { simulated.iter().map(|e| e[component]).collect() };
        let means = (0..m).map(|c| stats::mean(&of(c)).unwrap_or(0.0)).collect();
        let quantiles: Vec<f64> =
            (0..m).map(|c| stats::quantile(&of(c), params.quantile).unwrap_or(0.0)).collect();
        let keep = self.eigenvalues.iter().zip(&quantiles).take_while(|(e, q)| e > q).count();
        Ok(Parallel {
            eigenvalues: self.eigenvalues.clone(),
            means,
            quantiles,
            keep,
            params: *params,
        })
    }

    /// The first `k` components turned by varimax; `normalise` weighs all columns alike.
    pub fn varimax(&self, k: usize, normalise: bool) -> Result<Rotation> {
        let most = self.eigenvalues.iter().filter(|l| **l > 1e-12 * self.eigenvalues[0]).count();
        if k < 1 || k > most {
            return Err(Error::Invalid {
                primitive: "varimax",
                parameter: "k",
                rule: format!("lie in 1..={most} (components with variance)"),
                value: k.to_string(),
            });
        }
        let p = self.columns.len();
        let start = self.correlations.columns(0, k).into_owned();
        let communalities: Vec<f64> = start.row_iter().map(|row| row.norm_squared()).collect();
        let mut loadings = start.clone();
        if normalise {
            for (mut row, h) in loadings.row_iter_mut().zip(&communalities) {
                if *h > 0.0 {
                    row /= h.sqrt();
                }
            }
        }
        let mut turn = DMatrix::identity(k, k);
        let mut iterations = 0;
        while iterations < 1000 {
            iterations += 1;
            let mut largest: f64 = 0.0;
            for a in 0..k {
                for b in a + 1..k {
                    largest = largest.max(turn_pair(&mut loadings, &mut turn, a, b).abs());
                }
            }
            if largest < 1e-12 {
                break;
            }
        }
        let mut loadings = &start * &turn;
        // Variance that each shows, over all columns; larger first, the largest loading positive.
        let weights: Vec<f64> = (0..p).map(|j| self.variance(j)).collect();
        let total: f64 = weights.iter().sum();
        let shown = |loadings: &DMatrix<f64>, c: usize| -> f64 {
            (0..p).map(|j| weights[j] * loadings[(j, c)].powi(2)).sum::<f64>() / total
        };
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|a, b| shown(&loadings, *b).total_cmp(&shown(&loadings, *a)));
        turn = turn.select_columns(&order);
        loadings = loadings.select_columns(&order);
        for c in 0..k {
            let bar = loadings.column(c).amax() * (1.0 - 1e-9);
            if loadings.column(c).iter().find(|x| x.abs() >= bar).is_some_and(|x| *x < 0.0) {
                loadings.column_mut(c).neg_mut();
                turn.column_mut(c).neg_mut();
            }
        }
        let mut standard = self.scores.columns(0, k).into_owned();
        for (mut column, l) in standard.column_iter_mut().zip(&self.eigenvalues) {
            column /= l.sqrt();
        }
        Ok(Rotation {
            explained: (0..k).map(|c| shown(&loadings, c)).collect(),
            scores: standard * &turn,
            loadings,
            turn,
            communalities,
            columns: self.columns.clone(),
            units: self.units.clone(),
            normalised: normalise,
            iterations,
        })
    }

    /// Variance of column `j` as the components have it.
    fn variance(&self, j: usize) -> f64 {
        self.eigenvalues.iter().enumerate().map(|(c, l)| l * self.loadings[(j, c)].powi(2)).sum()
    }
}

/// Turns components `a` and `b` in their plane to the largest criterion (Kaiser, 1958); the angle.
fn turn_pair(loadings: &mut DMatrix<f64>, turn: &mut DMatrix<f64>, a: usize, b: usize) -> f64 {
    let p = loadings.nrows() as f64;
    let (mut u_sum, mut v_sum, mut cosine, mut sine) = (0.0, 0.0, 0.0, 0.0);
    for row in loadings.row_iter() {
        let (x, y) = (row[a], row[b]);
        let (u, v) = (x * x - y * y, 2.0 * x * y);
        u_sum += u;
        v_sum += v;
        cosine += u * u - v * v;
        sine += 2.0 * u * v;
    }
    cosine -= (u_sum * u_sum - v_sum * v_sum) / p;
    sine -= 2.0 * u_sum * v_sum / p;
    if sine.hypot(cosine) < 1e-300 {
        return 0.0;
    }
    let angle = sine.atan2(cosine) / 4.0;
    let (s, c) = angle.sin_cos();
    for matrix in [loadings, turn] {
        for row in 0..matrix.nrows() {
            let (x, y) = (matrix[(row, a)], matrix[(row, b)]);
            matrix[(row, a)] = c * x + s * y;
            matrix[(row, b)] = c * y - s * x;
        }
    }
    angle
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hidden columns, each shown by three others, and a little of their own.
    fn blocks() -> Pca {
        let n = 60;
        let values = DMatrix::from_fn(n, 6, |i, j| {
            let t = i as f64;
            let hidden = if j < 3 { (t * 0.7).sin() } else { (t * 1.9).cos() };
            hidden + 0.2 * (t * (3.1 + j as f64)).sin()
        });
        let data = Matrix {
            values,
            columns: (0..6).map(|j| format!("c{j}")).collect(),
            labels: (0..n).map(|i| i.to_string()).collect(),
        };
        pca(&data, &PcaParams::default()).unwrap()
    }

    fn criterion(loadings: &DMatrix<f64>) -> f64 {
        let p = loadings.nrows() as f64;
        loadings
            .column_iter()
            .map(|c| {
                let squares: Vec<f64> = c.iter().map(|x| x * x).collect();
                let mean = squares.iter().sum::<f64>() / p;
                squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>()
            })
            .sum()
    }

    #[test]
    fn varimax_separates_blocks_and_no_turn_is_better() {
        let p = blocks();
        let found = p.varimax(2, false).unwrap();
        for j in 0..6 {
            let (near, far) =
                if (found.loadings[(j, 0)].abs() > 0.5) == (found.loadings[(0, 0)].abs() > 0.5) {
                    (j < 3, j >= 3)
                } else {
                    (j >= 3, j < 3)
                };
            assert!(near && !far, "column {j} goes with its block");
        }
        let best = criterion(&found.loadings);
        for degrees in 1..180 {
            let (s, c) = f64::from(degrees).to_radians().sin_cos();
            let turned = &found.loadings * DMatrix::from_row_slice(2, 2, &[c, -s, s, c]);
            assert!(criterion(&turned) <= best + 1e-12);
        }
        let identity = found.turn.tr_mul(&found.turn);
        assert!((identity - DMatrix::<f64>::identity(2, 2)).amax() < 1e-12);
        let explained: f64 = found.explained.iter().sum();
        assert!((explained - p.explained[0] - p.explained[1]).abs() < 1e-12);
        let back = found.scores.tr_mul(&found.scores) / 59.0;
        assert!((back - DMatrix::<f64>::identity(2, 2)).amax() < 1e-9);
    }

    #[test]
    fn two_hidden_columns_are_kept() {
        let params = ParallelParams { draws: 200, ..ParallelParams::default() };
        let context = Context::default();
        let found = blocks().parallel(&params, &context).unwrap();
        assert_eq!(found.keep, 2);
        assert_eq!(found, blocks().parallel(&params, &context).unwrap());
        let none = ParallelParams { draws: 0, ..params };
        assert!(blocks().parallel(&none, &context).is_err());
        assert!(blocks().varimax(7, true).is_err());
    }
}
