//! A partition of units: the one result of every clustering method.

use std::sync::Arc;

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::basis::Basis;
use super::distance::Metric;
use super::error::ClusterError;
use super::hdbscan::Density;
use super::method::Method;
use super::mixture::Mixture;
use crate::context::Context;
use crate::error::Result;

/// Label of a unit that belongs to no cluster (density methods only).
pub const NOISE: usize = 0;

/// A partition of `n` units into `k` clusters, with what it came from.
#[derive(Debug, Clone)]
pub struct Clustering {
    /// Cluster of each unit, `n` numbers from 1 in order of first appearance; [`NOISE`] for none.
    pub labels: Vec<usize>,
    /// Number of clusters.
    pub k: usize,
    /// Units in each cluster, `k`.
    pub sizes: Vec<usize>,
    /// Name of each cluster, `k`; its number unless the user named it.
    pub names: Vec<String>,
    /// How it was found, in one sentence without a full stop.
    pub method: String,
    /// What was clustered.
    pub basis: Basis,
    /// What only some methods give.
    pub detail: Detail,
    /// The method with its settings, where it can be run again on other units.
    pub recipe: Option<Method>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// What only some methods give.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    /// Value of the criterion that the method lowers.
    pub objective: Option<f64>,
    /// Rounds until it stopped.
    pub iterations: Option<usize>,
    /// Medoids, as unit numbers from 0, `k`.
    pub medoids: Option<Vec<usize>>,
    /// Centres that are not plain means, `k` by `p`.
    pub centers: Option<DMatrix<f64>>,
    /// Membership of each unit in each cluster, `n` by `k`, rows summing to 1.
    pub membership: Option<DMatrix<f64>>,
    /// Eigenvalues of the graph's Laplacian, rising from 0, `n` (spectral clustering).
    pub eigenvalues: Option<Vec<f64>>,
    /// Densities, and the condensed tree the clusters were selected from (HDBSCAN).
    pub density: Option<Arc<Density>>,
    /// The mixture of which the clusters are components.
    pub mixture: Option<Arc<Mixture>>,
}

impl Clustering {
    /// A clustering from labels that already count from 1 in order of first appearance.
    pub(super) fn new(labels: Vec<usize>, method: String, basis: Basis) -> Self {
        let k = labels.iter().copied().max().unwrap_or(0);
        let mut sizes = vec![0; k];
        for label in labels.iter().filter(|l| **l != NOISE) {
            sizes[label - 1] += 1;
        }
        Self {
            k,
            sizes,
            names: (1..=k).map(|c| c.to_string()).collect(),
            labels,
            method,
            basis,
            detail: Detail::default(),
            recipe: None,
            warnings: Vec::new(),
        }
    }

    /// A partition the user gives: any numbers, equal for units of one cluster.
    pub fn given(groups: &[usize], basis: Basis) -> Result<Self> {
        if groups.len() != basis.len() {
            return Err(ClusterError::Lengths {
                primitive: "partition",
                left: groups.len(),
                right: basis.len(),
            }
            .into());
        }
        Ok(Self::new(number_by_appearance(groups), "given partition".into(), basis))
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no unit.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Labels of the units.
    pub fn units(&self) -> &[String] {
        self.basis.labels()
    }

    /// The same clustering with `names` for its clusters.
    pub fn named(mut self, names: Vec<String>) -> Result<Self> {
        if names.len() != self.k {
            return Err(ClusterError::Names { names: names.len(), k: self.k }.into());
        }
        self.names = names;
        Ok(self)
    }

    /// Members (unit numbers from 0) of each cluster.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.k];
        for (unit, label) in self.labels.iter().enumerate().filter(|(_, l)| **l != NOISE) {
            members[label - 1].push(unit);
        }
        members
    }

    /// Clusters of a single unit.
    pub fn singletons(&self) -> Vec<usize> {
        (1..=self.k).filter(|c| self.sizes[c - 1] == 1).collect()
    }

    /// Means of the clusters, `k` by `p` (or the method's own centres).
    pub fn centers(&self) -> Result<DMatrix<f64>> {
        if let Some(centers) = &self.detail.centers {
            return Ok(centers.clone());
        }
        let matrix = self.basis.matrix("centers", "a centre")?;
        Ok(means(&matrix.values, &self.labels, self.k))
    }

    /// Sum of squared deviations from the cluster's mean, for each cluster.
    pub fn withinss(&self) -> Result<Vec<f64>> {
        let matrix = self.basis.matrix("withinss", "a sum of squares")?;
        Ok(withinss(&matrix.values, &self.labels, self.k))
    }

    /// The within sums of squares, added.
    pub fn tot_withinss(&self) -> Result<f64> {
        Ok(self.withinss()?.iter().sum())
    }

    /// For each cluster the unit with the smallest sum of distances to the others (the method's own
    /// medoids where it has some).
    pub fn medoids(&self, context: &Context) -> Result<Vec<usize>> {
        if let Some(medoids) = &self.detail.medoids {
            return Ok(medoids.clone());
        }
        let rows = self.basis.rows("medoids")?;
        let n = self.len();
        let sums: Vec<f64> = (0..n)
            .into_par_iter()
            .map_init(
                || vec![0.0; n],
                |row, unit| {
                    context.check()?;
                    rows.fill(unit, row);
                    let same =
                        row.iter().zip(&self.labels).filter(|(_, l)| **l == self.labels[unit]);
                    Ok(same.map(|(d, _)| d).sum())
                },
            )
            .collect::<Result<_>>()?;
        Ok(self
            .members()
            .iter()
            .filter_map(|members| {
                members.iter().copied().min_by(|a, b| sums[*a].total_cmp(&sums[*b]))
            })
            .collect())
    }

    /// Whether sums of squares about means are what the method looked at.
    pub fn is_euclidean(&self) -> bool {
        matches!(&self.basis, Basis::Data { metric: Metric::Euclidean | Metric::SqEuclidean, .. })
    }
}

/// The groups numbered from 1 in order of first appearance.
pub fn number_by_appearance(groups: &[usize]) -> Vec<usize> {
    let mut seen = std::collections::HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = seen.len() + 1;
            *seen.entry(*group).or_insert(next)
        })
        .collect()
}

/// Column means within each cluster, `k` by `p`.
pub(super) fn means(values: &DMatrix<f64>, labels: &[usize], k: usize) -> DMatrix<f64> {
    let mut sums = DMatrix::zeros(k, values.ncols());
    let mut counts = vec![0.0_f64; k];
    for label in labels.iter().filter(|l| **l != NOISE) {
        counts[label - 1] += 1.0;
    }
    for column in 0..values.ncols() {
        for (row, label) in labels.iter().enumerate().filter(|(_, l)| **l != NOISE) {
            sums[(label - 1, column)] += values[(row, column)];
        }
    }
    for (cluster, count) in counts.iter().enumerate() {
        sums.row_mut(cluster).scale_mut(1.0 / count.max(1.0));
    }
    sums
}

/// Within sum of squares of each cluster.
pub(super) fn withinss(values: &DMatrix<f64>, labels: &[usize], k: usize) -> Vec<f64> {
    let centers = means(values, labels, k);
    let mut sums = vec![0.0; k];
    for column in 0..values.ncols() {
        for (row, label) in labels.iter().enumerate().filter(|(_, l)| **l != NOISE) {
            sums[label - 1] += (values[(row, column)] - centers[(label - 1, column)]).powi(2);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_appearance() {
        assert_eq!(number_by_appearance(&[7, 7, 2, 9, 2]), [1, 1, 2, 3, 2]);
    }
}
