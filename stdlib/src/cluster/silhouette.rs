//! Silhouettes.
//!
//! For a unit with mean distance `a` to the others of its cluster and `b` to the units of the
//! nearest other cluster, `s = (b - a) / max(a, b)` (Rousseeuw, 1987, equation 1). A unit alone
//! in its cluster has `s = 0`, as the paper sets and R's `cluster`, `scikit-learn` and this
//! module do; `NbClust` counts it 1. Noise of a density method has no silhouette and is no neighbour.

use rayon::prelude::*;

use super::error::ClusterError;
use super::partition::{Clustering, NOISE};
use crate::context::Context;
use crate::error::Result;

/// How well each unit sits in its cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Silhouette {
    /// Width of each unit, `n`, in -1..=1; missing for noise.
    pub widths: Vec<Option<f64>>,
    /// Nearest other cluster of each unit, `n`; missing for noise.
    pub neighbours: Vec<Option<usize>>,
    /// Mean width of each cluster, `k`.
    pub clusters: Vec<f64>,
    /// Mean width over all units in clusters.
    pub mean: f64,
}

impl Clustering {
    /// Silhouette of every unit; at least two clusters are needed.
    pub fn silhouette(&self, context: &Context) -> Result<Silhouette> {
        if self.k < 2 {
            return Err(ClusterError::BadK {
                primitive: "silhouette",
                k: self.k,
                least: 2,
                most: self.len(),
            }
            .into());
        }
        let rows = self.basis.rows("silhouette")?;
        silhouette(&self.labels, &self.sizes, |i, row| rows.fill(i, row), context)
    }
}

/// Silhouettes from labels (1..=k), sizes, and a source of rows of distances.
pub(super) fn silhouette(
    labels: &[usize],
    sizes: &[usize],
    fill: impl Fn(usize, &mut [f64]) + Sync,
    context: &Context,
) -> Result<Silhouette> {
    let (n, k) = (labels.len(), sizes.len());
    let units: Vec<Option<(f64, usize)>> = (0..n)
        .into_par_iter()
        .map_init(
            || (vec![0.0; n], vec![0.0; k + 1]),
            |(row, sums), unit| {
                context.check()?;
                let own = labels[unit];
                if own == NOISE {
                    return Ok(None);
                }
                fill(unit, row);
                sums.fill(0.0);
                for (distance, label) in row.iter().zip(labels) {
                    sums[*label] += distance;
                }
                Ok(Some(width(sums, sizes, own)))
            },
        )
        .collect::<Result<_>>()?;
    let mut clusters = vec![0.0; k];
    for (unit, label) in units.iter().zip(labels) {
        if let Some((width, _)) = unit {
            clusters[label - 1] += width;
        }
    }
    let counted: usize = sizes.iter().sum();
    let mean = clusters.iter().sum::<f64>() / counted as f64;
    for (sum, size) in clusters.iter_mut().zip(sizes) {
        *sum /= *size as f64;
    }
    Ok(Silhouette {
        widths: units.iter().map(|u| u.map(|(width, _)| width)).collect(),
        neighbours: units.iter().map(|u| u.map(|(_, neighbour)| neighbour)).collect(),
        clusters,
        mean,
    })
}

/// Width and neighbour of a unit of cluster `own` from its distances summed by cluster.
pub(super) fn width(sums: &[f64], sizes: &[usize], own: usize) -> (f64, usize) {
    let (mut b, mut neighbour) = (f64::INFINITY, 0);
    for cluster in (1..=sizes.len()).filter(|c| *c != own) {
        let mean = sums[cluster] / sizes[cluster - 1] as f64;
        if mean < b {
            (b, neighbour) = (mean, cluster);
        }
    }
    if sizes[own - 1] == 1 {
        return (0.0, neighbour);
    }
    let a = sums[own] / (sizes[own - 1] - 1) as f64;
    let largest = a.max(b);
    // Coinciding units sit between clusters that coincide as well: neither here nor there.
    (if largest > 0.0 { (b - a) / largest } else { 0.0 }, neighbour)
}
