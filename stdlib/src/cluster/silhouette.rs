//! Silhouettes.
//!
//! For a unit with mean distance `a` to the others of its cluster and `b` to the units of the
//! nearest other cluster, `s = (b - a) / max(a, b)` (Rousseeuw, 1987, equation 1). A unit alone
//! in its cluster has `s = 0`, as the paper sets and R's `cluster`, `scikit-learn` and this
//! module do; `NbClust` counts it 1. Noise of a density method has no silhouette and is no neighbour.

use rayon::prelude::*;

use super::basis::Rows;
use super::error::ClusterError;
use super::lanes;
use super::partition::Clustering;
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
        // Units side by side with those of their cluster, noise left out: what is summed up lies together.
        let order: Vec<usize> = self.members().concat();
        let rows = self.basis.rows("silhouette")?.in_order(&order);
        silhouette(self, &order, &rows, context)
    }
}

/// Silhouettes from rows of distances between the units of `order`, which come cluster by cluster.
fn silhouette(
    clustering: &Clustering,
    order: &[usize],
    rows: &Rows<'_>,
    context: &Context,
) -> Result<Silhouette> {
    let (labels, sizes) = (&clustering.labels, &clustering.sizes);
    let (n, k) = (labels.len(), sizes.len());
    let sums = sums_by_cluster(sizes, rows, context)?;
    let found = order.iter().enumerate().map(|(at, unit)| {
        let own: Vec<f64> = sums.iter().map(|of_cluster| of_cluster[at]).collect();
        width(&own, sizes, labels[*unit])
    });
    let mut units: Vec<Option<(f64, usize)>> = vec![None; n];
    for (unit, found) in order.iter().zip(found) {
        units[*unit] = Some(found);
    }
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

/// Rows and columns of distances computed together, so that the columns' numbers stay in the cache.
const ROWS: usize = 32;
const COLUMNS: usize = 512;

/// Numbers that the pieces' sums may take together.
const LARGEST: usize = 1 << 25;

/// Pieces of the work, each with sums of its own; fixed, so that digits do not depend on threads.
const PIECES: usize = 16;

/// The sums of the distances from each unit to the units of each cluster, `k` of `n`, for units that come
/// cluster by cluster. Each distance is computed once and counts for both its ends.
fn sums_by_cluster(sizes: &[usize], rows: &Rows<'_>, context: &Context) -> Result<Vec<Vec<f64>>> {
    let (n, k) = (sizes.iter().sum::<usize>(), sizes.len());
    // Where each cluster ends, and which one each unit is in.
    let ends: Vec<usize> = sizes
        .iter()
        .scan(0, |end, size| {
            *end += size;
            Some(*end)
        })
        .collect();
    let cluster: Vec<usize> =
        sizes.iter().enumerate().flat_map(|(c, size)| std::iter::repeat_n(c, *size)).collect();
    let blocks = n.div_ceil(ROWS);
    let pieces = (LARGEST / (n * k).max(1)).min(blocks).clamp(1, PIECES);
    let work = |piece: usize| -> Result<Vec<Vec<f64>>> {
        let mut sums = vec![vec![0.0; n]; k];
        let mut room = [0.0; COLUMNS];
        for block in (piece..blocks).step_by(pieces) {
            context.check()?;
            let units = block * ROWS..((block + 1) * ROWS).min(n);
            for tile in (units.start..n).step_by(COLUMNS) {
                let last = (tile + COLUMNS).min(n);
                for unit in units.clone().filter(|unit| unit + 1 < last) {
                    let first = tile.max(unit + 1);
                    let out = &mut room[..last - first];
                    rows.fill_part(unit, first, out);
                    let into = &mut sums[cluster[unit]][first..last];
                    into.iter_mut().zip(out.iter()).for_each(|(sum, d)| *sum += d);
                    let mut at = first;
                    while at < last {
                        let other = cluster[at];
                        let end = ends[other].min(last);
                        sums[other][unit] += lanes::sum(&out[at - first..end - first]);
                        at = end;
                    }
                }
            }
        }
        Ok(sums)
    };
    let parts: Vec<Vec<Vec<f64>>> = (0..pieces).into_par_iter().map(work).collect::<Result<_>>()?;
    let mut parts = parts.into_iter();
    let mut sums = parts.next().unwrap_or_default();
    for part in parts {
        for (into, from) in sums.iter_mut().zip(part) {
            into.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
        }
    }
    Ok(sums)
}

/// Width and neighbour of a unit of cluster `own` from its distances summed by cluster.
fn width(sums: &[f64], sizes: &[usize], own: usize) -> (f64, usize) {
    let (mut b, mut neighbour) = (f64::INFINITY, 0);
    for cluster in (1..=sizes.len()).filter(|c| *c != own) {
        let mean = sums[cluster - 1] / sizes[cluster - 1] as f64;
        if mean < b {
            (b, neighbour) = (mean, cluster);
        }
    }
    if sizes[own - 1] == 1 {
        return (0.0, neighbour);
    }
    let a = sums[own - 1] / (sizes[own - 1] - 1) as f64;
    let largest = a.max(b);
    // Coinciding units sit between clusters that coincide as well: neither here nor there.
    (if largest > 0.0 { (b - a) / largest } else { 0.0 }, neighbour)
}
