//! Is it real: does the partition come back when the data change a little?
//!
//! `stability` draws units with replacement, clusters those drawn (each once) by the same method and
//! asks of every cluster for its Jaccard similarity with the cluster most like it (Hennig, 2007). A
//! cluster of which no unit was drawn counts 0 there, as in R's `fpc`; `jaccard_drawn` leaves such
//! draws out, which matters for clusters of few units. Means of 0.75 and more are called stable, of
//! 0.5 and less dissolved. The consensus of two units is the share of the draws with both in which they
//! shared a cluster (Monti and others, 2003).
//!
//! `leave_one_out` drops each column, or each unit, once, and compares by the adjusted Rand index.
//!
//! Draw `b` uses random stream `b`.

use std::sync::Arc;

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;

use super::basis::Basis;
use super::compare::agreement;
use super::distance::Distances;
use super::error::ClusterError;
use super::method::Method;
use super::partition::Clustering;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::Matrix;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StabilityParams {
    /// Draws, at least 2; 500 by default.
    pub draws: usize,
    /// Seed; 1 by default.
    pub seed: u64,
}

impl Default for StabilityParams {
    fn default() -> Self {
        Self { draws: 500, seed: 1 }
    }
}

/// How well each cluster came back.
#[derive(Debug, Clone)]
pub struct Stability {
    /// Names of the clusters, `k`.
    pub names: Vec<String>,
    /// Units in each, `k`.
    pub sizes: Vec<usize>,
    /// Mean Jaccard similarity, `k`.
    pub jaccard: Vec<f64>,
    /// Its Monte Carlo standard error, `k`.
    pub se: Vec<f64>,
    /// Mean over the draws that hold a unit of the cluster, `k`; missing if there is none.
    pub jaccard_drawn: Vec<Option<f64>>,
    /// Draws with a similarity above 0.75, `k`.
    pub recovered: Vec<usize>,
    /// Draws with a similarity of at most 0.5, `k`.
    pub dissolved: Vec<usize>,
    /// Share of the draws with both units in which they shared a cluster, `n` by `n`; 1 on the
    /// diagonal, missing as `NaN` for pairs never drawn together. Absent beyond 2,000 units.
    pub consensus: Option<DMatrix<f64>>,
    /// Labels of the units, `n`.
    pub units: Vec<String>,
    /// Draws made.
    pub draws: usize,
    /// How, in a sentence.
    pub method: String,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Units up to which the consensus matrix is kept.
const CONSENSUS_UP_TO: usize = 2000;

/// One draw: units drawn, their clusters, and the similarity for each original cluster.
struct Draw {
    units: Vec<usize>,
    labels: Vec<usize>,
    similarity: Vec<Option<f64>>,
}

impl Clustering {
    /// The method that made it, for running it again.
    pub(super) fn recipe(&self, primitive: &'static str) -> Result<Method> {
        self.recipe.ok_or_else(|| {
            ClusterError::NotAvailable {
                primitive,
                method: self.method.clone(),
                what: "method that could be run again",
            }
            .into()
        })
    }

    /// Bootstrap stability of each cluster.
    pub fn stability(&self, params: &StabilityParams, context: &Context) -> Result<Stability> {
        if params.draws < 2 {
            return Err(Error::Invalid {
                primitive: "stability",
                parameter: "draws",
                rule: "be at least 2".into(),
                value: params.draws.to_string(),
            });
        }
        let recipe = self.recipe("stability")?;
        let (n, k) = (self.len(), self.k);
        let done = std::sync::atomic::AtomicU64::new(0);
        let draws: Vec<Draw> = (0..params.draws)
            .into_par_iter()
            .map(|b| {
                context.check()?;
                let units = drawn(n, params.seed, b as u64);
                let labels = if units.len() <= k {
                    (1..=units.len()).collect()
                } else {
                    rerun(&self.basis, recipe, &units, k, context)?
                };
                let original: Vec<usize> = units.iter().map(|u| self.labels[*u]).collect();
                let similarity = similarities(&original, &labels, k);
                let so_far = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                context.report("stability", so_far, params.draws as u64);
                Ok(Draw { units, labels, similarity })
            })
            .collect::<Result<_>>()?;
        let b = params.draws as f64;
        let column = |c: usize| -> Vec<f64> {
            draws.iter().map(|d| d.similarity[c].unwrap_or(0.0)).collect()
        };
        let columns: Vec<Vec<f64>> = (0..k).map(column).collect();
        let jaccard: Vec<f64> = columns.iter().map(|c| c.iter().sum::<f64>() / b).collect();
        let mut warnings = Vec::new();
        for (c, mean) in jaccard.iter().enumerate() {
            if *mean < 0.5 {
                warnings.push(format!(
                    "cluster {} dissolves in most draws (mean similarity {mean:.3})",
                    self.names[c]
                ));
            }
        }
        Ok(Stability {
            names: self.names.clone(),
            sizes: self.sizes.clone(),
            se: columns
                .iter()
                .map(|c| crate::stats::sample_sd(c).unwrap_or(0.0) / b.sqrt())
                .collect(),
            jaccard_drawn: (0..k)
                .map(|c| {
                    let there: Vec<f64> = draws.iter().filter_map(|d| d.similarity[c]).collect();
                    crate::stats::mean(&there)
                })
                .collect(),
            recovered: columns.iter().map(|c| c.iter().filter(|s| **s > 0.75).count()).collect(),
            dissolved: columns.iter().map(|c| c.iter().filter(|s| **s <= 0.5).count()).collect(),
            jaccard,
            consensus: (n <= CONSENSUS_UP_TO).then(|| consensus(&draws, n)),
            units: self.units().to_vec(),
            draws: params.draws,
            method: format!(
                "bootstrap of the units, {} draws, seed {}, {}",
                params.draws,
                params.seed,
                recipe.describe()
            ),
            warnings,
        })
    }

    /// Adjusted Rand index of this partition with that of the same method after leaving one column
    /// out, by column.
    pub fn without_each_column(&self, context: &Context) -> Result<Vec<(String, f64)>> {
        let recipe = self.recipe("leave_one_out")?;
        let matrix = self.basis.matrix("leave_one_out", "leaving columns out")?;
        if matrix.columns.len() < 2 {
            return Err(Error::Invalid {
                primitive: "leave_one_out",
                parameter: "the table",
                rule: "have at least two columns".into(),
                value: matrix.columns.len().to_string(),
            });
        }
        (0..matrix.columns.len())
            .into_par_iter()
            .map(|j| {
                let mut columns = matrix.columns.clone();
                let name = columns.remove(j);
                let less = Arc::new(Matrix {
                    values: matrix.values.clone().remove_column(j),
                    columns,
                    labels: matrix.labels.clone(),
                });
                let again = recipe.cluster(&less, self.k, context)?;
                let found = agreement("leave_one_out", &self.labels, &again.labels)?;
                Ok((name, found.adjusted_rand))
            })
            .collect()
    }

    /// The same after leaving one unit out, over the units that stay.
    pub fn without_each_unit(&self, context: &Context) -> Result<Vec<(String, f64)>> {
        let recipe = self.recipe("leave_one_out")?;
        let n = self.len();
        if n <= self.k {
            return Err(ClusterError::TooFewRows {
                primitive: "leave_one_out",
                rows: n,
                needed: self.k + 1,
            }
            .into());
        }
        (0..n)
            .into_par_iter()
            .map(|out| {
                context.check()?;
                let units: Vec<usize> = (0..n).filter(|u| *u != out).collect();
                let labels = rerun(&self.basis, recipe, &units, self.k, context)?;
                let original: Vec<usize> = units.iter().map(|u| self.labels[*u]).collect();
                let found = agreement("leave_one_out", &original, &labels)?;
                Ok((self.units()[out].clone(), found.adjusted_rand))
            })
            .collect()
    }
}

/// Units drawn with replacement, each kept once, in order.
fn drawn(n: usize, seed: u64, stream: u64) -> Vec<usize> {
    let mut rng = rng(seed, stream);
    let mut hit = vec![false; n];
    for _ in 0..n {
        hit[rng.random_range(0..n)] = true;
    }
    (0..n).filter(|u| hit[*u]).collect()
}

/// Labels that the method gives to some of the units alone.
fn rerun(
    basis: &Basis,
    recipe: Method,
    units: &[usize],
    k: usize,
    context: &Context,
) -> Result<Vec<usize>> {
    let labels: Vec<String> = units.iter().map(|u| basis.labels()[*u].clone()).collect();
    let clustering = match basis {
        Basis::Data { matrix, .. } => {
            let some = Matrix {
                values: matrix.values.select_rows(units),
                columns: matrix.columns.clone(),
                labels,
            };
            recipe.cluster(&Arc::new(some), k, context)?
        }
        Basis::Distances(all) => {
            let some = Distances::from_pairs("stability", labels, &all.metric, &mut |i, j| {
                Ok(all.get(units[i], units[j]))
            })?;
            recipe.cluster_distances(Arc::new(some), k, context)?
        }
    };
    Ok(clustering.labels)
}

/// For each original cluster the largest Jaccard similarity with a cluster of the draw; `None` where
/// none of its units was drawn.
fn similarities(original: &[usize], labels: &[usize], k: usize) -> Vec<Option<f64>> {
    let drawn_k = labels.iter().copied().max().unwrap_or(0);
    let mut both = vec![0.0; k * drawn_k];
    let (mut first, mut second) = (vec![0.0; k], vec![0.0; drawn_k]);
    for (a, b) in original.iter().zip(labels).filter(|(a, _)| **a > 0) {
        both[(a - 1) * drawn_k + b - 1] += 1.0;
        first[a - 1] += 1.0;
        second[b - 1] += 1.0;
    }
    (0..k)
        .map(|a| {
            (first[a] > 0.0).then(|| {
                (0..drawn_k)
                    .map(|b| {
                        let joint: f64 = both[a * drawn_k + b];
                        joint / (first[a] + second[b] - joint)
                    })
                    .fold(0.0, f64::max)
            })
        })
        .collect()
}

fn consensus(draws: &[Draw], n: usize) -> DMatrix<f64> {
    let (mut together, mut shared) = (DMatrix::<f64>::zeros(n, n), DMatrix::<f64>::zeros(n, n));
    for draw in draws {
        for (position, (a, label)) in draw.units.iter().zip(&draw.labels).enumerate() {
            for (b, other) in draw.units.iter().zip(&draw.labels).skip(position + 1) {
                together[(*a, *b)] += 1.0;
                shared[(*a, *b)] += f64::from(u8::from(label == other));
            }
        }
    }
    DMatrix::from_fn(n, n, |i, j| {
        let at = (i.min(j), i.max(j));
        if i == j { 1.0 } else { shared[at] / together[at] }
    })
}
