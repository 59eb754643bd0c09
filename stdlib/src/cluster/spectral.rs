//! Spectral clustering.
//!
//! Similarities `exp(-gamma d^2)` between different units make a graph `A` with degrees `D`; the
//! eigenvectors of the `k` smallest eigenvalues of its Laplacian `I - D^(-1/2) A D^(-1/2)` are clustered
//! by k-means, after their rows are scaled to length 1 (Ng, Jordan and Weiss, 2002) or divided by the
//! square roots of the degrees (Shi and Malik, 2000: the eigenvectors of the random walk `D^(-1) A`).
//! `gamma` is `1 / (2 median d^2)` unless given. The eigenvalues tell how many clusters hang together:
//! a gap after the `k`-th speaks for `k`.

use std::sync::Arc;

use nalgebra::{DMatrix, SymmetricEigen};

use super::basis::Basis;
use super::distance::check_bytes;
use super::kmeans::{KmeansParams, check_k, kmeans};
use super::partition::Clustering;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::Matrix;

/// What k-means sees of the eigenvectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Embedding {
    /// Rows scaled to length 1 (Ng, Jordan and Weiss, 2002).
    #[default]
    UnitRows,
    /// Rows divided by the square roots of the degrees (Shi and Malik, 2000).
    RandomWalk,
}

impl Choice for Embedding {
    const ALL: &'static [(&'static str, Self)] =
        &[("unit_rows", Self::UnitRows), ("random_walk", Self::RandomWalk)];
}

/// How to cluster spectrally.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SpectralParams {
    /// Scale of the similarities, greater than 0; from the median distance when `None`.
    pub gamma: Option<f64>,
    /// What k-means sees.
    pub embedding: Embedding,
    /// Starts and seed of k-means on the eigenvectors.
    pub kmeans: KmeansParams,
}

/// The spectral partition of the units of `basis` into `k` clusters; the Laplacian's eigenvalues are
/// in its detail.
pub fn spectral(
    basis: Basis,
    k: usize,
    params: &SpectralParams,
    context: &Context,
) -> Result<Clustering> {
    let n = basis.len();
    check_k("spectral", k, n)?;
    check_bytes("spectral", n, 24 * (n as u64).pow(2))?;
    let distances = basis.distances("spectral", context)?;
    let gamma = match params.gamma {
        Some(gamma) if gamma.is_finite() && gamma > 0.0 => gamma,
        Some(gamma) => {
            return Err(Error::Invalid {
                primitive: "spectral",
                parameter: "gamma",
                rule: "be a number greater than 0".into(),
                value: gamma.to_string(),
            });
        }
        None => {
            let squares: Vec<f64> = distances.values.iter().map(|d| d * d).collect();
            match crate::stats::median(&squares) {
                Some(median) if median > 0.0 => 1.0 / (2.0 * median),
                _ => 1.0,
            }
        }
    };
    let similarity = |i, j| if i == j { 0.0 } else { (-gamma * distances.get(i, j).powi(2)).exp() };
    let affinity = DMatrix::from_fn(n, n, similarity);
    // A unit that is like no other, all similarities underflowing, is a component of its own.
    let scale: Vec<f64> = affinity
        .column_iter()
        .map(|column| match column.sum() {
            degree if degree > 0.0 => 1.0 / degree.sqrt(),
            _ => 0.0,
        })
        .collect();
    let laplacian = DMatrix::from_fn(n, n, |i, j| {
        f64::from(u8::from(i == j && scale[i] > 0.0)) - scale[i] * affinity[(i, j)] * scale[j]
    });
    context.check()?;
    let eigen = SymmetricEigen::new(laplacian);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*a].total_cmp(&eigen.eigenvalues[*b]));
    let eigenvalues: Vec<f64> = order.iter().map(|i| eigen.eigenvalues[*i].max(0.0)).collect();
    let mut embedding = eigen.eigenvectors.select_columns(&order[..k]);
    for (i, mut row) in embedding.row_iter_mut().enumerate() {
        let factor = match params.embedding {
            Embedding::UnitRows => 1.0 / row.norm(),
            Embedding::RandomWalk => scale[i],
        };
        if factor.is_finite() && factor > 0.0 {
            row *= factor;
        }
    }
    let points = Arc::new(Matrix {
        values: embedding,
        columns: (1..=k).map(|c| format!("eigenvector {c}")).collect(),
        labels: basis.labels().to_vec(),
    });
    let found = kmeans(points, k, &params.kmeans, context)?;
    let method = format!(
        "spectral clustering, gamma {gamma:.6}, {} distance, k-means with {} starts on {k} eigenvectors",
        basis.metric_name(),
        params.kmeans.starts
    );
    let mut clustering = Clustering::new(found.labels, method, basis);
    clustering.warnings = found.warnings;
    clustering.detail.eigenvalues = Some(eigenvalues);
    Ok(clustering)
}
