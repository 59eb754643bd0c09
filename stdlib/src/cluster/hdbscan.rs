//! Density-based clusters of any density.
//!
//! The core distance `c_i` of a unit is that to its `min_samples`-th nearest unit, itself counted; two
//! units reach each other at `max(c_i, c_j, d_ij)`. The spanning tree of these distances, condensed to
//! clusters of at least `min_cluster_size` units, holds every `DBSCAN` result at once (Campello, Moulavi
//! and Sander, 2013), and the clusters of the largest excess of mass (`eom`) or those that do not split
//! (`leaf`) are selected from it; other units are noise, labelled 0. Memory grows with the units, time
//! with their pairs.
//!
//! A member's probability is the density at which it leaves the tree over that at which its cluster
//! ends (`McInnes` and Healy, 2017); the outlier score (GLOSH: Campello and others, 2015) exists for
//! every unit. `scikit-learn` and R's `dbscan` count the unit itself in `min_samples`, Python's
//! `hdbscan` does not. These cut edges of equal length one by one and may give a unit on the border
//! of a split to one of its sides; here it is noise whatever the order of the rows.

use std::sync::Arc;

use rayon::prelude::*;

use super::basis::{Basis, Rows};
use super::condensed::{Condensed, DenseCluster, share};
use super::dbscan::in_order;
use super::error::ClusterError;
use super::partition::{Clustering, NOISE};
use super::spanning::spanning_tree;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};

/// Which clusters of the condensed tree make the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// Those of the largest excess of mass.
    #[default]
    Eom,
    /// Those that do not split any more: many small ones.
    Leaf,
}

impl Choice for Selection {
    const ALL: &'static [(&'static str, Self)] = &[("eom", Self::Eom), ("leaf", Self::Leaf)];
}

/// How dense and how large a cluster is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HdbscanParams {
    /// Least units of a cluster, 2 to the number of units; 5 by default.
    pub min_cluster_size: usize,
    /// Units whose distance is the core distance, the unit itself counted, 1 to the number of units;
    /// `min_cluster_size` when `None`.
    pub min_samples: Option<usize>,
    /// Which clusters are selected; by excess of mass by default.
    pub selection: Selection,
    /// Clusters that appear within this distance are not told apart, 0 or more; 0 by default.
    pub epsilon: f64,
    /// Whether all units may be one cluster; false by default.
    pub allow_single: bool,
}

impl Default for HdbscanParams {
    fn default() -> Self {
        Self {
            min_cluster_size: 5,
            min_samples: None,
            selection: Selection::Eom,
            epsilon: 0.0,
            allow_single: false,
        }
    }
}

impl HdbscanParams {
    fn check(&self, n: usize) -> Result<()> {
        let invalid = |parameter, rule: String, value: String| {
            Err(Error::Invalid { primitive: "hdbscan", parameter, rule, value })
        };
        let size = self.min_cluster_size;
        let samples = self.min_samples.unwrap_or(size);
        if !(2..=n).contains(&size) {
            return invalid("min_cluster_size", format!("lie in 2..={n} (rows)"), size.to_string());
        }
        if !(1..=n).contains(&samples) {
            return invalid("min_samples", format!("lie in 1..={n} (rows)"), samples.to_string());
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            let rule = "be a number that is 0 or greater".into();
            return invalid("epsilon", rule, self.epsilon.to_string());
        }
        Ok(())
    }
}

/// What the densities say of units and clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Core distance of each unit, `n`.
    pub core: Vec<f64>,
    /// How firmly each unit sits in its cluster, `n`, in 0..=1; 0 for noise.
    pub probabilities: Vec<f64>,
    /// How far each unit stands out, `n`, in 0..=1.
    pub outlier_scores: Vec<f64>,
    /// The condensed tree, parents before children.
    pub tree: Vec<DenseCluster>,
}

/// The density-based clusters of the units of `basis`.
pub fn hdbscan(basis: Basis, params: &HdbscanParams, context: &Context) -> Result<Clustering> {
    let n = basis.len();
    if n < 2 {
        return Err(ClusterError::TooFewRows { primitive: "hdbscan", rows: n, needed: 2 }.into());
    }
    params.check(n)?;
    let samples = params.min_samples.unwrap_or(params.min_cluster_size);
    let rows = basis.rows("hdbscan")?;
    let core = core_distances(&rows, n, samples, context)?;
    let reach = |unit: usize, row: &mut [f64]| {
        rows.fill(unit, row);
        for (d, other) in row.iter_mut().zip(&core) {
            *d = d.max(*other).max(core[unit]);
        }
    };
    let edges = spanning_tree(n, "hdbscan", reach, context)?;
    drop(rows);
    let mut tree = Condensed::new(edges, params.min_cluster_size);
    let mut selected = match params.selection {
        Selection::Eom => tree.by_excess_of_mass(params.allow_single),
        Selection::Leaf => tree.leaves(params.allow_single),
    };
    if params.epsilon > 0.0 {
        selected = tree.merged_within(&selected, params.epsilon, params.allow_single);
    }
    let holders = tree.holders(&selected);
    let raw: Vec<usize> =
        tree.left.iter().map(|(own, _)| holders[*own].map_or(NOISE, |held| held + 1)).collect();
    let labels = in_order(&raw);
    for (raw, label) in raw.iter().zip(&labels).filter(|(raw, _)| **raw != NOISE) {
        tree.clusters[raw - 1].label = *label;
    }
    let probabilities = raw
        .iter()
        .zip(&tree.left)
        .map(
            |(raw, (_, density))| {
                if *raw == NOISE { 0.0 } else { share(*density, tree.clusters[raw - 1].death) }
            },
        )
        .collect();
    let outlier_scores = tree.outlier_scores();
    let noise = labels.iter().filter(|l| **l == NOISE).count();
    let method = format!(
        "HDBSCAN, min_cluster_size = {}, min_samples = {samples}, {}{}, {} distance",
        params.min_cluster_size,
        params.selection.name(),
        if params.epsilon > 0.0 {
            format!(", epsilon = {}", params.epsilon)
        } else {
            String::new()
        },
        basis.metric_name()
    );
    let mut clustering = Clustering::new(labels, method, basis);
    if clustering.k == 0 {
        clustering.warnings.push(
            "the units never come apart into two clusters of this size: lower min_cluster_size, or \
             allow a single cluster"
                .into(),
        );
    } else if noise * 2 > n {
        clustering.warnings.push(format!(
            "{noise} of {n} units are noise: min_samples or min_cluster_size may be too large"
        ));
    }
    clustering.detail.density =
        Some(Arc::new(Density { core, probabilities, outlier_scores, tree: tree.clusters }));
    Ok(clustering)
}

/// The distance of each unit to its `samples`-th nearest, itself counted.
fn core_distances(
    rows: &Rows<'_>,
    n: usize,
    samples: usize,
    context: &Context,
) -> Result<Vec<f64>> {
    (0..n)
        .into_par_iter()
        .map_init(
            || vec![0.0; n],
            |row, unit| {
                context.check()?;
                rows.fill(unit, row);
                let (_, nth, _) = row.select_nth_unstable_by(samples - 1, f64::total_cmp);
                Ok(*nth)
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Distances, Metric};
    use crate::table::Matrix;
    use nalgebra::DMatrix;

    fn on_a_line(at: &[f64]) -> Basis {
        let matrix = Matrix {
            values: DMatrix::from_column_slice(at.len(), 1, at),
            columns: vec!["x".into()],
            labels: (1..=at.len()).map(|i| i.to_string()).collect(),
        };
        Basis::data(Arc::new(matrix), Metric::Euclidean)
    }

    fn three() -> HdbscanParams {
        HdbscanParams { min_cluster_size: 3, min_samples: Some(2), ..HdbscanParams::default() }
    }

    #[test]
    fn two_clumps_and_a_stray_unit() {
        let basis = on_a_line(&[0.0, 1.0, 2.0, 12.0, 14.0, 15.0, 24.0]);
        let found = hdbscan(basis, &three(), &Context::default()).unwrap();
        // The clumps part at 10; 24 reaches 15 at 9, so it leaves the second clump, not the whole.
        assert_eq!(found.labels, [1, 1, 1, 2, 2, 2, 2]);
        let density = found.detail.density.unwrap();
        assert_eq!(density.core, [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 9.0]);
        // At 2 unit 12 comes off the second clump, and the two left are too few: all end there.
        let stray = (1.0 / 9.0) / 0.5;
        assert_eq!(density.probabilities, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, stray]);
        assert_eq!(density.outlier_scores, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0 - stray]);
    }

    #[test]
    fn distances_alone_serve_as_well() {
        let basis = on_a_line(&[0.0, 1.0, 2.0, 12.0, 14.0, 15.0, 24.0]);
        let given = basis.distances("hdbscan", &Context::default()).unwrap();
        let given: Arc<Distances> = given;
        let alone = hdbscan(Basis::Distances(given), &three(), &Context::default()).unwrap();
        let points = hdbscan(basis, &three(), &Context::default()).unwrap();
        assert_eq!(alone.labels, points.labels);
        assert_eq!(alone.detail.density, points.detail.density);
    }

    #[test]
    fn one_clump_is_noise_unless_it_may_be_a_cluster() {
        let at: Vec<f64> = (0..12).map(|i| f64::from(i) * (1.0 + f64::from(i) * 0.01)).collect();
        let none = hdbscan(on_a_line(&at), &three(), &Context::default()).unwrap();
        assert_eq!((none.k, none.warnings.len()), (0, 1));
        let params = HdbscanParams { allow_single: true, ..three() };
        let one = hdbscan(on_a_line(&at), &params, &Context::default()).unwrap();
        assert_eq!(one.sizes, [12]);
    }

    #[test]
    fn parameters_are_checked_against_the_rows() {
        let basis = on_a_line(&[0.0, 1.0, 2.0]);
        for (size, samples, epsilon) in
            [(1, None, 0.0), (4, None, 0.0), (2, Some(0), 0.0), (2, Some(4), 0.0), (2, None, -1.0)]
        {
            let params = HdbscanParams {
                min_cluster_size: size,
                min_samples: samples,
                epsilon,
                ..HdbscanParams::default()
            };
            let error = hdbscan(basis.clone(), &params, &Context::default()).unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error}");
        }
    }
}
