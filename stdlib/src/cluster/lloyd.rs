//! Lloyd's iterations with Hamerly's bounds, over rows in parallel.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::context::Context;
use crate::error::Result;

/// Rows handled as one piece of work; fixed, so that sums do not depend on the threads.
const CHUNK: usize = 4096;

/// Observations row after row, centred so that inner products keep their digits.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Number of rows.
    pub n: usize,
    /// Number of columns.
    pub p: usize,
    values: Vec<f64>,
}

/// Where the iterations ended.
#[derive(Debug, Clone)]
pub(super) struct Lloyd {
    /// Cluster of each row, from 0.
    pub labels: Vec<u32>,
    /// Rounds made.
    pub iterations: usize,
    /// Whether the last round moved nothing.
    pub converged: bool,
}

impl Rows {
    /// The rows of `values` less the column means.
    pub(super) fn centred(values: &DMatrix<f64>) -> Self {
        let (n, p) = values.shape();
        let mut rows = vec![0.0; n * p];
        for (d, column) in values.column_iter().enumerate() {
            let mean = crate::stats::mean(column.data.into_slice()).unwrap_or(0.0);
            for (row, x) in column.iter().enumerate() {
                rows[row * p + d] = x - mean;
            }
        }
        Self { n, p, values: rows }
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.p..(row + 1) * self.p]
    }

    /// Squared distances of all rows to `point`.
    pub(super) fn squared_to(&self, point: &[f64], out: &mut [f64]) {
        out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
            for (offset, slot) in out.iter_mut().enumerate() {
                let row = self.row(chunk * CHUNK + offset);
                *slot = row.iter().zip(point).map(|(x, c)| (x - c) * (x - c)).sum();
            }
        });
    }

    /// Distinct rows, counted no further than `enough`.
    pub(super) fn distinct(&self, enough: usize) -> usize {
        let mut seen: std::collections::HashSet<Vec<u64>> = std::collections::HashSet::new();
        for row in 0..self.n {
            // Adding 0 makes the two zeros one.
            seen.insert(self.row(row).iter().map(|x| (x + 0.0).to_bits()).collect());
            if seen.len() >= enough {
                break;
            }
        }
        seen.len()
    }

    /// Means (cluster after cluster) and sizes.
    pub(super) fn means(&self, labels: &[u32], k: usize) -> (Vec<f64>, Vec<f64>) {
        let (mut sums, sizes) = self.sums(labels, k);
        for (cluster, size) in sizes.iter().enumerate() {
            sums[cluster * self.p..(cluster + 1) * self.p]
                .iter_mut()
                .for_each(|s| *s /= size.max(1.0));
        }
        (sums, sizes)
    }

    fn sums(&self, labels: &[u32], k: usize) -> (Vec<f64>, Vec<f64>) {
        let parts: Vec<(Vec<f64>, Vec<f64>)> = labels
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, labels)| {
                let mut sums = vec![0.0; k * self.p];
                let mut sizes = vec![0.0; k];
                for (offset, label) in labels.iter().enumerate() {
                    let cluster = *label as usize;
                    sizes[cluster] += 1.0;
                    let into = &mut sums[cluster * self.p..(cluster + 1) * self.p];
                    for (sum, x) in into.iter_mut().zip(self.row(chunk * CHUNK + offset)) {
                        *sum += x;
                    }
                }
                (sums, sizes)
            })
            .collect();
        let mut sums = vec![0.0; k * self.p];
        let mut sizes = vec![0.0; k];
        for (part, count) in parts {
            sums.iter_mut().zip(&part).for_each(|(s, x)| *s += x);
            sizes.iter_mut().zip(&count).for_each(|(s, x)| *s += x);
        }
        (sums, sizes)
    }

    /// Sum of squares within clusters.
    pub(super) fn withinss(&self, labels: &[u32], k: usize) -> f64 {
        let (means, _) = self.means(labels, k);
        let parts: Vec<f64> = labels
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, labels)| {
                labels
                    .iter()
                    .enumerate()
                    .map(|(offset, label)| {
                        let mean = &means[*label as usize * self.p..][..self.p];
                        let row = self.row(chunk * CHUNK + offset);
                        row.iter().zip(mean).map(|(x, m)| (x - m) * (x - m)).sum::<f64>()
                    })
                    .sum()
            })
            .collect();
        parts.iter().sum()
    }
}

/// Centres laid out for the search of the nearest: dimension by dimension in groups of eight.
struct Centers {
    k: usize,
    p: usize,
    /// `ceil(k / 8)` groups of `p` times 8 numbers; a missing centre has an infinite norm.
    grouped: Vec<[f64; 8]>,
    /// Half the squared norms, grouped.
    half_norms: Vec<[f64; 8]>,
}

impl Centers {
    fn new(centers: &[f64], k: usize, p: usize) -> Self {
        let groups = k.div_ceil(8);
        let mut grouped = vec![[0.0; 8]; groups * p];
        let mut half_norms = vec![[f64::INFINITY; 8]; groups];
        for c in 0..k {
            let center = &centers[c * p..(c + 1) * p];
            for (d, x) in center.iter().enumerate() {
                grouped[c / 8 * p + d][c % 8] = *x;
            }
            half_norms[c / 8][c % 8] = center.iter().map(|x| x * x).sum::<f64>() / 2.0;
        }
        Self { k, p, grouped, half_norms }
    }

    /// Nearest centre and `|c|^2/2 - x'c` for it and for the second nearest.
    #[inline]
    fn nearest(&self, row: &[f64]) -> (usize, f64, f64) {
        let (mut first, mut best, mut second) = (0, f64::INFINITY, f64::INFINITY);
        for (group, norms) in self.half_norms.iter().enumerate() {
            let mut score = *norms;
            let centers = &self.grouped[group * self.p..(group + 1) * self.p];
            for (x, lanes) in row.iter().zip(centers) {
                for (s, c) in score.iter_mut().zip(lanes) {
                    *s -= x * c;
                }
            }
            let width = (self.k - group * 8).min(8);
            for (lane, s) in score.iter().enumerate().take(width) {
                if *s < best {
                    second = best;
                    best = *s;
                    first = group * 8 + lane;
                } else if *s < second {
                    second = *s;
                }
            }
        }
        (first, best, second)
    }
}

/// What a chunk of rows changed in one round.
#[derive(Default)]
struct Change {
    sums: Vec<f64>,
    sizes: Vec<f64>,
    moved: usize,
}

/// Lloyd's iterations from `centers` (`p` by `k`) until nothing moves or `max_rounds` is reached.
///
/// A row is looked at again only if its centre may have come to be farther than another: `upper`
/// bounds its distance to its own centre, `lower` that to any other (Hamerly, 2010). A cluster that
/// empties is given the row farthest from its centre.
pub(super) fn lloyd(
    rows: &Rows,
    centers: DMatrix<f64>,
    max_rounds: usize,
    context: &Context,
) -> Result<Lloyd> {
    let (n, p, k) = (rows.n, rows.p, centers.ncols());
    let mut centers: Vec<f64> = centers.as_slice().to_vec();
    let mut labels = vec![0_u32; n];
    let mut bounds = vec![(f64::INFINITY, 0.0_f64); n];
    let (mut sums, mut sizes) = (vec![0.0; k * p], vec![0.0; k]);
    let mut drift = vec![0.0_f64; k];
    let mut iterations = 0;
    let mut converged = false;
    while iterations < max_rounds {
        iterations += 1;
        let first = iterations == 1;
        let layout = Centers::new(&centers, k, p);
        let apart = half_distances(&centers, k, p);
        // The centre that drifted most, and the most any other drifted.
        let (far, most, next) = largest_two(&drift);
        let parts: Vec<Change> = labels
            .par_chunks_mut(CHUNK)
            .zip(bounds.par_chunks_mut(CHUNK))
            .enumerate()
            .map(|(chunk, (labels, bounds))| {
                context.check()?;
                let mut change = Change { sums: vec![0.0; k * p], sizes: vec![0.0; k], moved: 0 };
                for (offset, (label, bound)) in labels.iter_mut().zip(bounds).enumerate() {
                    let old = *label as usize;
                    let row = rows.row(chunk * CHUNK + offset);
                    if !first {
                        bound.0 += drift[old];
                        bound.1 -= if old == far { next } else { most };
                        let safe = bound.1.max(apart[old]);
                        if bound.0 <= safe {
                            continue;
                        }
                        bound.0 = squared(row, &centers[old * p..(old + 1) * p]).sqrt();
                        if bound.0 <= safe {
                            continue;
                        }
                    }
                    let (new, best, second) = layout.nearest(row);
                    let norm: f64 = row.iter().map(|x| x * x).sum();
                    bound.0 = (norm + 2.0 * best).max(0.0).sqrt();
                    // A hair less, for the digits lost in the inner products.
                    bound.1 = ((norm + 2.0 * second).max(0.0).sqrt() - 1e-7 * norm.sqrt()).max(0.0);
                    if first || new != old {
                        *label = new as u32;
                        change.moved += 1;
                        change.sizes[new] += 1.0;
                        add(&mut change.sums[new * p..(new + 1) * p], row, 1.0);
                        if !first {
                            change.sizes[old] -= 1.0;
                            add(&mut change.sums[old * p..(old + 1) * p], row, -1.0);
                        }
                    }
                }
                Ok(change)
            })
            .collect::<Result<_>>()?;
        let mut moved = 0;
        for part in parts {
            moved += part.moved;
            sums.iter_mut().zip(&part.sums).for_each(|(s, x)| *s += x);
            sizes.iter_mut().zip(&part.sizes).for_each(|(s, x)| *s += x);
        }
        if sizes.iter().any(|s| *s < 0.5) {
            refill(rows, &centers, &mut labels, &mut sums, &mut sizes);
            bounds.fill((f64::INFINITY, 0.0));
            moved += 1;
        }
        if moved == 0 {
            converged = true;
            break;
        }
        for c in 0..k {
            let mut shift = 0.0;
            for d in 0..p {
                let new = sums[c * p + d] / sizes[c];
                shift += (new - centers[c * p + d]).powi(2);
                centers[c * p + d] = new;
            }
            drift[c] = shift.sqrt();
        }
    }
    Ok(Lloyd { labels, iterations, converged })
}

#[inline]
fn squared(row: &[f64], center: &[f64]) -> f64 {
    row.iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum()
}

fn add(into: &mut [f64], row: &[f64], sign: f64) {
    into.iter_mut().zip(row).for_each(|(s, x)| *s += sign * x);
}

/// Half the distance of each centre to the nearest other one.
fn half_distances(centers: &[f64], k: usize, p: usize) -> Vec<f64> {
    (0..k)
        .map(|a| {
            (0..k)
                .filter(|b| *b != a)
                .map(|b| squared(&centers[a * p..(a + 1) * p], &centers[b * p..(b + 1) * p]).sqrt())
                .fold(f64::INFINITY, f64::min)
                / 2.0
        })
        .collect()
}

fn largest_two(drift: &[f64]) -> (usize, f64, f64) {
    let (mut at, mut most, mut next) = (0, 0.0, 0.0);
    for (c, d) in drift.iter().enumerate() {
        if *d > most {
            (at, next, most) = (c, most, *d);
        } else if *d > next {
            next = *d;
        }
    }
    (at, most, next)
}

/// Gives each empty cluster the row farthest from its centre among clusters of more than one.
fn refill(rows: &Rows, centers: &[f64], labels: &mut [u32], sums: &mut [f64], sizes: &mut [f64]) {
    let p = rows.p;
    for empty in 0..sizes.len() {
        if sizes[empty] >= 0.5 {
            continue;
        }
        let mut farthest = (-1.0, None);
        for (unit, label) in labels.iter().enumerate() {
            let own = *label as usize;
            let distance = squared(rows.row(unit), &centers[own * p..(own + 1) * p]);
            if sizes[own] > 1.5 && distance > farthest.0 {
                farthest = (distance, Some(unit));
            }
        }
        let Some(unit) = farthest.1 else { continue };
        let old = labels[unit] as usize;
        add(&mut sums[old * p..(old + 1) * p], rows.row(unit), -1.0);
        sizes[old] -= 1.0;
        sums[empty * p..(empty + 1) * p].copy_from_slice(rows.row(unit));
        sizes[empty] = 1.0;
        labels[unit] = empty as u32;
    }
}
