//! Weights that the data suggest.
//!
//! Sources: Shannon entropy as in Zeleny (1982); CRITIC, Diakoulaki et al. (1995); MEREC,
//! Keshavarz-Ghorabaee et al. (2021); principal components as in Nicoletti et al. (2000); balanced
//! importance, Becker et al. (2017). All take a complete table whose columns run the same way
//! (more is better), units in rows.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::readiness::ReadinessError;
use crate::stats;
use crate::table::{Matrix, Table, Vector};

/// How weights are read off the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightMethod {
    /// The same for every column.
    Equal,
    /// `1 - entropy` of the columns' shares: columns that tell units apart weigh more.
    Entropy,
    /// Spread times conflict: `sd_j sum_k (1 - r_jk)` on columns scaled to 0..=1.
    Critic,
    /// Standard deviations of the columns scaled to 0..=1.
    Sd,
    /// How much the units' performance changes when the column is removed.
    Merec,
    /// Squared loadings of the first principal component of the correlations.
    Pca,
    /// Equal importance of the columns for the index; see [`optimised_weights`].
    Optimised,
    /// The closure of this number in [`crate::readiness::Callbacks::weights`].
    Custom(usize),
}

impl WeightMethod {
    /// How scripts spell it; `"closure"` for the user's own.
    pub fn spelled(self) -> &'static str {
        if let Self::Custom(_) = self { "closure" } else { self.name() }
    }
}

impl Choice for WeightMethod {
    const ALL: &'static [(&'static str, Self)] = &[
        ("equal", Self::Equal),
        ("entropy", Self::Entropy),
        ("critic", Self::Critic),
        ("sd", Self::Sd),
        ("merec", Self::Merec),
        ("pca", Self::Pca),
        ("optimised", Self::Optimised),
    ];
}

/// Weights by column, and what to beware of.
#[derive(Debug, Clone, PartialEq)]
pub struct DataWeights {
    /// Columns.
    pub names: Vec<String>,
    /// One weight per column, at least 0, summing to 1.
    pub weights: Vec<f64>,
    /// Signed loadings of the first component (`pca`) or correlations of each column with the
    /// index that the weights make (`optimised_weights`); empty for the others.
    pub detail: Vec<f64>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

impl DataWeights {
    /// The weights as a labelled vector.
    pub fn vector(&self) -> Result<Vector> {
        Ok(Vector::from_floats(self.weights.iter().copied()).labelled(&self.names)?.named("weight"))
    }
}

/// Weights of the columns of `table` by `method`.
///
/// Constant columns get weight 0 (they tell no unit from another) under every rule but equal
/// weights and entropy, where 0 is what the formula gives; if all are constant, weights are equal.
pub fn weights_of(table: &Table, method: WeightMethod) -> Result<DataWeights> {
    let primitive = match method {
        WeightMethod::Equal => "equal_weights",
        WeightMethod::Entropy => "entropy_weights",
        WeightMethod::Critic => "critic_weights",
        WeightMethod::Sd => "sd_weights",
        WeightMethod::Merec => "merec_weights",
        WeightMethod::Pca => "pca_weights",
        WeightMethod::Optimised => return optimised_weights(table, None),
        WeightMethod::Custom(_) => {
            let hint = "score with it: readiness(scores, fw, #{ weights: |t| ... })";
            return Err(undefined("weights", "a closure weighs inside readiness()", hint));
        }
    };
    let data = table.numeric()?.matrix(primitive, None)?;
    let (n, m) = data.values.shape();
    if n < 2 && method != WeightMethod::Equal {
        return Err(undefined(primitive, "needs at least two rows", "equal_weights needs none"));
    }
    let mut detail = Vec::new();
    let mut warnings = Vec::new();
    let raw = match method {
        WeightMethod::Equal => vec![1.0; m],
        WeightMethod::Entropy => entropy(&data)?,
        WeightMethod::Critic => critic(&data),
        WeightMethod::Sd => columns(&unit_range(&data.values)).map(|c| sd(&c)).collect(),
        WeightMethod::Merec => merec(&data)?,
        WeightMethod::Pca | WeightMethod::Optimised | WeightMethod::Custom(_) => {
            let loadings = first_component(&data, &mut warnings);
            let squares = loadings.iter().map(|l| l * l).collect();
            detail = loadings;
            squares
        }
    };
    let sum: f64 = raw.iter().sum();
    let weights = if sum > 0.0 {
        raw.iter().map(|w| w / sum).collect()
    } else {
        warnings.push("no column varies, so the weights are equal".to_owned());
        vec![1.0 / m as f64; m]
    };
    Ok(DataWeights { names: data.columns, weights, detail, warnings })
}

fn undefined(primitive: &str, reason: &str, hint: &str) -> Error {
    ReadinessError::Undefined {
        primitive: primitive.to_owned(),
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    }
    .into()
}

fn columns(values: &DMatrix<f64>) -> impl Iterator<Item = Vec<f64>> + '_ {
    values.column_iter().map(|column| column.iter().copied().collect())
}

fn sd(values: &[f64]) -> f64 {
    stats::sample_sd(values).unwrap_or(0.0)
}

/// Columns from 0 (lowest) to 1 (highest); constant ones become 0.
fn unit_range(values: &DMatrix<f64>) -> DMatrix<f64> {
    let mut scaled = values.clone();
    for mut column in scaled.column_iter_mut() {
        let (low, high) = (column.min(), column.max());
        let spread = high - low;
        column.apply(|x| *x = if spread > 0.0 { (*x - low) / spread } else { 0.0 });
    }
    scaled
}

/// `1 + sum(p ln p) / ln n` with shares `p` of the column's sum and 0 ln 0 = 0.
fn entropy(data: &Matrix) -> Result<Vec<f64>> {
    let n = data.values.nrows() as f64;
    let mut weights = Vec::new();
    for (column, name) in columns(&data.values).zip(&data.columns) {
        if let Some(row) = column.iter().position(|x| *x < 0.0) {
            let reason =
                format!("`{name}` of {} is negative, and shares cannot be", data.labels[row]);
            let hint = "normalise first: normalise(t, \"minmax\")";
            return Err(undefined("entropy_weights", &reason, hint));
        }
        let sum: f64 = column.iter().sum();
        let share = |x: f64| {
            let p = x / sum;
            if p > 0.0 { p * p.ln() } else { 0.0 }
        };
        let entropy =
            if sum > 0.0 { -column.iter().map(|x| share(*x)).sum::<f64>() / n.ln() } else { 1.0 };
        // Rounding must not make a constant column weigh.
        weights.push(if entropy > 1.0 - 1e-12 { 0.0 } else { 1.0 - entropy });
    }
    Ok(weights)
}

/// Pearson correlations of the columns; 0 with a constant column, 1 on the diagonal.
pub fn correlation_matrix(values: &DMatrix<f64>) -> DMatrix<f64> {
    let columns: Vec<Vec<f64>> = columns(values).collect();
    let m = columns.len();
    DMatrix::from_fn(m, m, |i, j| {
        if i == j {
            return 1.0;
        }
        let (a, b) = (&columns[i.min(j)], &columns[i.max(j)]);
        crate::stats::association::pearson_complete(a, b).unwrap_or(0.0)
    })
}

fn critic(data: &Matrix) -> Vec<f64> {
    let scaled = unit_range(&data.values);
    let correlations = correlation_matrix(&data.values);
    columns(&scaled)
        .enumerate()
        .map(|(j, column)| {
            let conflict: f64 = correlations.column(j).iter().map(|r| 1.0 - r).sum();
            sd(&column) * conflict
        })
        .collect()
}

/// Removal effects: `sum_i |S_i(-j) - S_i|`, `S_i = ln(1 + mean_j |ln(min_j / x_ij)|)`.
fn merec(data: &Matrix) -> Result<Vec<f64>> {
    let (n, m) = data.values.shape();
    let mut logs = DMatrix::zeros(n, m);
    for (j, column) in columns(&data.values).enumerate() {
        if let Some(row) = column.iter().position(|x| *x <= 0.0) {
            let name = &data.columns[j];
            let reason = format!("`{name}` of {} is not above 0", data.labels[row]);
            let hint =
                "move the columns above 0 first: normalise(t, \"minmax\", #{ range: [1, 100] })";
            return Err(undefined("merec_weights", &reason, hint));
        }
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        for (i, x) in column.iter().enumerate() {
            logs[(i, j)] = (low / x).ln().abs();
        }
    }
    let of = |sum: f64| (1.0 + sum / m as f64).ln();
    let sums: Vec<f64> = (0..n).map(|i| logs.row(i).sum()).collect();
    let effect =
        |j: usize| (0..n).map(|i| (of(sums[i] - logs[(i, j)]) - of(sums[i])).abs()).sum::<f64>();
    Ok((0..m).map(effect).collect())
}

/// Loadings of the first principal component, turned so that most are positive.
fn first_component(data: &Matrix, warnings: &mut Vec<String>) -> Vec<f64> {
    let (n, m) = data.values.shape();
    let correlations = correlation_matrix(&data.values);
    let constant: Vec<bool> = columns(&data.values).map(|c| sd(&c) == 0.0).collect();
    let mut kept = correlations.clone();
    for (j, _) in constant.iter().enumerate().filter(|(_, constant)| **constant) {
        kept[(j, j)] = 0.0;
    }
    let eigen = SymmetricEigen::new(kept);
    let first = eigen.eigenvalues.imax();
    let vector = eigen.eigenvectors.column(first);
    let sign = if vector.sum() < 0.0 { -1.0 } else { 1.0 };
    let loadings: Vec<f64> = vector.iter().map(|l| sign * l).collect();
    let share = eigen.eigenvalues[first] / m as f64;
    let against: Vec<&str> = loadings
        .iter()
        .zip(&data.columns)
        .filter(|(l, _)| **l < -1e-12)
        .map(|(_, name)| name.as_str())
        .collect();
    if !against.is_empty() {
        warnings.push(format!(
            "{} of {m} columns load negatively on the first component ({}): it does not measure \
             one thing",
            against.len(),
            against.iter().take(5).copied().collect::<Vec<_>>().join(", ")
        ));
    }
    if let Some(kmo) = kmo(&correlations) {
        if kmo < 0.5 {
            warnings.push(format!("sampling adequacy (KMO) is {kmo:.3}, below 0.5"));
        }
    } else if m > 1 {
        warnings.push("the correlations are singular, so KMO does not exist".to_owned());
    }
    if n < 5 * m {
        warnings.push(format!("{n} rows for {m} columns; at least five a column are usual"));
    }
    if share < 0.5 {
        warnings.push(format!("the first component explains {:.1} % only", 100.0 * share));
    }
    loadings
}

/// Kaiser, Meyer and Olkin's sampling adequacy; `None` for singular correlations.
pub fn kmo(correlations: &DMatrix<f64>) -> Option<f64> {
    let m = correlations.nrows();
    if m < 2 {
        return None;
    }
    let smallest = correlations.clone().symmetric_eigenvalues().min();
    if smallest < 1e-10 {
        return None;
    }
    let inverse = correlations.clone().try_inverse()?;
    let (mut whole, mut partial) = (0.0, 0.0);
    for i in 0..m {
        for j in 0..m {
            if i != j {
                whole += correlations[(i, j)].powi(2);
                partial += inverse[(i, j)].powi(2) / (inverse[(i, i)] * inverse[(j, j)]);
            }
        }
    }
    Some(whole / (whole + partial))
}

/// Weights under which every column is equally (or as `targets` say) correlated with the index.
///
/// Minimises the distance of `r_j / sum(r)` from the targets over weights that are at least 0 and
/// sum to 1, `r_j` the correlation of column `j` with the weighted sum of z-scores: solved exactly
/// where the balance lies there, approached by multiplicative steps and told where it does not.
pub fn optimised_weights(table: &Table, targets: Option<&[f64]>) -> Result<DataWeights> {
    let primitive = "optimised_weights";
    let data = table.numeric()?.matrix(primitive, None)?;
    let (n, m) = data.values.shape();
    if n < 3 {
        return Err(undefined(primitive, "needs at least three rows", ""));
    }
    for (column, name) in columns(&data.values).zip(&data.columns) {
        if sd(&column) == 0.0 {
            let reason = format!("`{name}` is constant and has no correlation");
            return Err(undefined(primitive, &reason, "drop it first"));
        }
    }
    let targets: Vec<f64> = match targets {
        None => vec![1.0 / m as f64; m],
        Some(given) => {
            let sum: f64 = given.iter().sum();
            if given.len() != m || given.iter().any(|t| !(t.is_finite() && *t >= 0.0)) || sum <= 0.0
            {
                let reason = format!("needs {m} importances of at least 0, not all 0");
                return Err(undefined(primitive, &reason, ""));
            }
            given.iter().map(|t| t / sum).collect()
        }
    };
    let r = correlation_matrix(&data.values);
    let correlations = |w: &[f64]| -> Vec<f64> {
        let w = nalgebra::DVector::from_column_slice(w);
        let rw = &r * &w;
        let sd = w.dot(&rw).max(1e-300).sqrt();
        rw.iter().map(|c| c / sd).collect()
    };
    // Correlations are in proportion to R w, so a balance is at w = R^-1 t, if that is allowed.
    let balanced: Option<Vec<f64>> = r.clone().cholesky().map(|root| {
        root.solve(&nalgebra::DVector::from_column_slice(&targets)).iter().copied().collect()
    });
    let mut weights = match balanced {
        Some(exact) if exact.iter().all(|w| *w > 0.0) => {
            let sum: f64 = exact.iter().sum();
            exact.into_iter().map(|w| w / sum).collect()
        }
        _ => targets.clone(),
    };
    let mut step: f64 = 1.0;
    let distance = |achieved: &[f64]| -> f64 {
        let sum: f64 = achieved.iter().sum();
        achieved.iter().zip(&targets).map(|(a, t)| (a / sum - t).powi(2)).sum()
    };
    let mut achieved = correlations(&weights);
    for _ in 0..20_000 {
        let sum: f64 = achieved.iter().sum();
        let mut next: Vec<f64> = weights
            .iter()
            .zip(achieved.iter().zip(&targets))
            .map(|(w, (a, t))| w * (step * (t - a / sum) * m as f64).exp())
            .collect();
        let total: f64 = next.iter().sum();
        for w in &mut next {
            *w /= total;
        }
        let there = correlations(&next);
        if distance(&there) <= distance(&achieved) {
            let moved = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            (weights, achieved) = (next, there);
            step = (step * 1.1).min(4.0);
            if moved < 1e-15 {
                break;
            }
        } else {
            step /= 2.0;
            if step < 1e-12 {
                break;
            }
        }
    }
    let mut warnings = Vec::new();
    let off = distance(&achieved).sqrt();
    if off > 1e-6 {
        let sum: f64 = achieved.iter().sum();
        let worst = (0..m)
            .max_by(|a, b| {
                let gap = |j: &usize| (achieved[*j] / sum - targets[*j]).abs();
                gap(a).total_cmp(&gap(b))
            })
            .unwrap_or(0);
        warnings.push(format!(
            "no weights of at least 0 reach the balance: shares of importance are {off:.4} away, \
             most at `{}` ({:.4} for {:.4})",
            data.columns[worst],
            achieved[worst] / sum,
            targets[worst]
        ));
    }
    Ok(DataWeights { names: data.columns, weights, detail: achieved, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::{ReadOptions, read_str};

    fn weights(csv: &str, method: WeightMethod) -> Vec<f64> {
        let table = read_str(csv, "t", &ReadOptions::default()).unwrap();
        weights_of(&table, method).unwrap().weights
    }

    #[test]
    fn a_constant_column_weighs_nothing() {
        let csv = "u,a,b,c\nx,1,5,2\ny,2,5,1\nz,4,5,3\n";
        for method in
            [WeightMethod::Entropy, WeightMethod::Critic, WeightMethod::Sd, WeightMethod::Merec]
        {
            let w = weights(csv, method);
            assert_eq!(w[1], 0.0, "{method:?}");
            assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
        assert!(weights(csv, WeightMethod::Pca)[1] < 1e-15);
        let flat = weights("u,a,b\nx,1,1\ny,1,1\n", WeightMethod::Entropy);
        assert_eq!(flat, [0.5, 0.5]);
    }

    #[test]
    fn entropy_counts_zeros_as_nothing() {
        // Shares (1, 0) have entropy 0, shares (1/2, 1/2) entropy 1.
        assert_eq!(weights("u,a,b\nx,3,1\ny,0,1\n", WeightMethod::Entropy), [1.0, 0.0]);
    }

    #[test]
    fn two_equally_spread_columns_share_the_weight() {
        let csv = "u,a,b\nx,0,2\ny,1,1\nz,2,0\n";
        for method in [WeightMethod::Critic, WeightMethod::Sd, WeightMethod::Pca] {
            let w = weights(csv, method);
            assert!((w[0] - 0.5).abs() < 1e-12, "{method:?} {w:?}");
        }
    }

    #[test]
    fn merec_follows_its_formula() {
        let csv = "u,a,b\nx,1,1\ny,2,4\n";
        let (one, two) = (2.0_f64.ln() / 2.0, 4.0_f64.ln() / 2.0);
        let all = (1.0 + one + two).ln();
        let effects = [(all - (1.0 + two).ln()).abs(), (all - (1.0 + one).ln()).abs()];
        let sum = effects[0] + effects[1];
        let w = weights(csv, WeightMethod::Merec);
        assert!((w[0] - effects[0] / sum).abs() < 1e-14 && (w[1] - effects[1] / sum).abs() < 1e-14);
    }

    #[test]
    fn a_component_against_the_others_is_told() {
        let table = read_str(
            "u,a,b,c\nv,1,2,9\nw,2,1,7\nx,3,4,5\ny,4,3,2\nz,6,6,1\n",
            "t",
            &ReadOptions::default(),
        );
        let answer = weights_of(&table.unwrap(), WeightMethod::Pca).unwrap();
        assert!(answer.detail[2] < 0.0);
        assert!(answer.weights.iter().all(|w| *w >= 0.0));
        assert!(answer.warnings.iter().any(|w| w.contains("load negatively") && w.contains('c')));
    }

    #[test]
    fn optimised_weights_balance_or_say_that_they_cannot() {
        let read = |csv| read_str(csv, "t", &ReadOptions::default()).unwrap();
        let table = read("u,a,b,c\nu,1,2,5\nv,2,1,3\nw,3,5,6\nx,4,3,2\ny,6,6,4\nz,5,2,7\n");
        let answer = optimised_weights(&table, None).unwrap();
        assert!(answer.warnings.is_empty(), "{:?}", answer.warnings);
        let spread = answer.detail.iter().copied().fold(0.0, f64::max)
            - answer.detail.iter().copied().fold(1.0, f64::min);
        assert!(spread < 1e-6, "{:?}", answer.detail);
        let contrary = read("u,a,b,c\nv,1,1,5\nw,2,2,4\nx,3,3,3\ny,4,4,2\nz,5,6,1\n");
        let answer = optimised_weights(&contrary, Some(&[0.1, 0.1, 0.8])).unwrap();
        assert!(answer.weights.iter().all(|w| *w >= 0.0));
        assert!((answer.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
