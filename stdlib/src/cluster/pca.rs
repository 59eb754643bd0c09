//! Principal components.
//!
//! With `Z` the centred (and by default standardised, n - 1) table, `Z'Z / (n - 1) = V L V'`
//! (Hotelling, 1933; Jolliffe, 2002, chapter 2). Loadings are the columns of `V`, of unit length;
//! scores are `Z V`; the correlation of a column with a component is `V sqrt(L)` when the columns
//! are standardised. A component's sign is arbitrary: here the loading largest in absolute value is
//! positive (of equals the first), so a result does not depend on the machine.
//!
//! At most `min(n - 1, p)` components carry variance and only those are given. Missing values and,
//! when standardising, constant columns are errors. R's `prcomp` standardises only when told.

use nalgebra::{DMatrix, SymmetricEigen};

use super::error::ClusterError;
use crate::error::Result;
use crate::table::{Matrix, TableError};

/// How to find components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcaParams {
    /// Whether columns are divided by their standard deviation (n - 1); true by default.
    pub scale: bool,
}

impl Default for PcaParams {
    fn default() -> Self {
        Self { scale: true }
    }
}

/// Principal components of `n` units and `p` columns; `m = min(n - 1, p)` of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Variance of each component, `m`, falling.
    pub eigenvalues: Vec<f64>,
    /// Share of the total variance, `m`, summing to 1.
    pub explained: Vec<f64>,
    /// Units in components, `n` by `m`.
    pub scores: DMatrix<f64>,
    /// Columns in components, `p` by `m`; each component has length 1.
    pub loadings: DMatrix<f64>,
    /// Correlation of each column with each component, `p` by `m`.
    pub correlations: DMatrix<f64>,
    /// Column names, `p`.
    pub columns: Vec<String>,
    /// Unit labels, `n`.
    pub units: Vec<String>,
    /// Whether columns were standardised.
    pub scaled: bool,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// The principal components of the rows of `data`.
pub fn pca(data: &Matrix, params: &PcaParams) -> Result<Pca> {
    let (n, p) = data.values.shape();
    if n < 2 {
        return Err(ClusterError::TooFewRows { primitive: "pca", rows: n, needed: 2 }.into());
    }
    let (z, sds) = centred(data, params.scale, "pca")?;
    let m = (n - 1).min(p);
    let degrees = (n - 1) as f64;
    // The smaller of the two cross-products has the same non-zero eigenvalues.
    let (eigenvalues, mut loadings) = if p < n {
        falling(z.tr_mul(&z) / degrees, m)
    } else {
        let (eigenvalues, left) = falling(&z * z.transpose() / degrees, m);
        let mut loadings = z.tr_mul(&left);
        for mut column in loadings.column_iter_mut() {
            let norm = column.norm();
            if norm > 0.0 {
                column.scale_mut(1.0 / norm);
            }
        }
        (eigenvalues, loadings)
    };
    orient(&mut loadings);
    let total: f64 = z.iter().map(|x| x * x).sum::<f64>() / degrees;
    if total <= 0.0 {
        return Err(TableError::Constant {
            primitive: "pca".into(),
            column: data.columns[0].clone(),
            value: data.values[(0, 0)],
        }
        .into());
    }
    let scores = &z * &loadings;
    let correlations = DMatrix::from_fn(p, m, |column, component| {
        if sds[column] > 0.0 {
            loadings[(column, component)] * eigenvalues[component].sqrt() / sds[column]
        } else {
            0.0
        }
    });
    let mut warnings = Vec::new();
    if p >= n {
        warnings.push(format!(
            "{p} columns but {n} rows: at most {m} components exist and the last ones are noise"
        ));
    }
    Ok(Pca {
        explained: eigenvalues.iter().map(|l| l / total).collect(),
        eigenvalues,
        scores,
        loadings,
        correlations,
        columns: data.columns.clone(),
        units: data.labels.clone(),
        scaled: params.scale,
        warnings,
    })
}

impl Pca {
    /// Shares of the variance added up, `m`.
    pub fn cumulative(&self) -> Vec<f64> {
        let mut sum = 0.0;
        self.explained
            .iter()
            .map(|share| {
                sum += share;
                sum
            })
            .collect()
    }

    /// Share of each column in each component, in percent, `p` by `m`; columns of it sum to 100.
    pub fn contributions(&self) -> DMatrix<f64> {
        self.loadings.map(|l| 100.0 * l * l)
    }

    /// Share of each unit's squared distance from the mean that a component shows, `n` by `m`; rows
    /// sum to 1, or are 0 for a unit at the mean.
    pub fn cos2(&self) -> DMatrix<f64> {
        let mut shares = self.scores.map(|s| s * s);
        for mut row in shares.row_iter_mut() {
            let total = row.sum();
            if total > 0.0 {
                row /= total;
            }
        }
        shares
    }

    /// Share of each unit in the variance of each component, in percent, `n` by `m`.
    pub fn unit_contributions(&self) -> DMatrix<f64> {
        let mut shares = self.scores.map(|s| s * s);
        for mut column in shares.column_iter_mut() {
            let total = column.sum();
            if total > 0.0 {
                column *= 100.0 / total;
            }
        }
        shares
    }
}

/// The columns centred and, if `scale`, of unit variance; with their standard deviations after.
pub(super) fn centred(
    data: &Matrix,
    scale: bool,
    primitive: &'static str,
) -> Result<(DMatrix<f64>, Vec<f64>)> {
    let mut z = data.values.clone();
    let mut sds = Vec::with_capacity(z.ncols());
    for (number, mut column) in z.column_iter_mut().enumerate() {
        let values = column.as_slice();
        let mean = crate::stats::mean(values).unwrap_or(0.0);
        let sd = crate::stats::sample_sd(values).unwrap_or(0.0);
        if scale && sd <= f64::EPSILON * mean.abs() {
            return Err(TableError::Constant {
                primitive: primitive.into(),
                column: data.columns[number].clone(),
                value: mean,
            }
            .into());
        }
        column.apply(|x| *x -= mean);
        if scale {
            column.scale_mut(1.0 / sd);
        }
        sds.push(if scale { 1.0 } else { sd });
    }
    Ok((z, sds))
}

/// The `m` largest eigenvalues (no less than 0), falling, and their vectors.
pub(super) fn falling(symmetric: DMatrix<f64>, m: usize) -> (Vec<f64>, DMatrix<f64>) {
    let eigen = SymmetricEigen::new(symmetric);
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    order.truncate(m);
    let values = order.iter().map(|i| eigen.eigenvalues[*i].max(0.0)).collect();
    (values, eigen.eigenvectors.select_columns(&order))
}

/// Turns each column so that its entry largest in absolute value is positive.
pub(super) fn orient(vectors: &mut DMatrix<f64>) {
    for mut column in vectors.column_iter_mut() {
        // Entries equal but for rounding count as equal, and the first of them decides.
        let bar = column.amax() * (1.0 - 1e-9);
        if column.iter().find(|x| x.abs() >= bar).is_some_and(|x| *x < 0.0) {
            column.neg_mut();
        }
    }
}
