//! Lloyd's iterations with Hamerly's bounds, over rows in parallel.
//!
//! A row is looked at again only if its centre may have come to be farther than another; rows that are
//! looked at are gathered in blocks, and one matrix product gives a block's distances to all centres.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

use super::lanes::squared_gap;
use crate::context::Context;
use crate::error::Result;

/// Rows handled as one piece of work; fixed, so that sums do not depend on the threads.
const CHUNK: usize = 4096;

/// Rows looked at together by one matrix product.
const BLOCK: usize = 256;

/// Observations row after row, centred so that inner products keep their digits.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Number of rows.
    pub n: usize,
    /// Number of columns.
    pub p: usize,
    values: Vec<f64>,
    /// Squared lengths of the rows.
    norms: Vec<f64>,
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
        let squared = |row: &[f64]| row.iter().map(|x| x * x).sum();
        let norms = if p == 0 { vec![0.0; n] } else { rows.chunks_exact(p).map(squared).collect() };
        Self { n, p, values: rows, norms }
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.p..(row + 1) * self.p]
    }

    /// Squared distances of all rows to `point`.
    pub(super) fn squared_to(&self, point: &[f64], out: &mut [f64]) {
        out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
            for (offset, slot) in out.iter_mut().enumerate() {
                let row = self.row(chunk * CHUNK + offset);
                *slot = squared_gap(row, point);
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
                        squared_gap(row, mean)
                    })
                    .sum()
            })
            .collect();
        parts.iter().sum()
    }
}

/// Rows gathered for one search of their nearest centres.
struct Block {
    /// Where each stands in its chunk.
    at: Vec<usize>,
    /// Row after row.
    rows: Vec<f64>,
    /// `|c|^2 / 2 - x'c`, which orders centres as the distance does: [`BLOCK`] rows for each centre.
    scores: Vec<f64>,
    /// Scores of the nearest centre of each row and of the second nearest.
    best: [f64; BLOCK],
    second: [f64; BLOCK],
}

impl Block {
    fn new(k: usize, p: usize) -> Self {
        Self {
            at: Vec::with_capacity(BLOCK),
            rows: Vec::with_capacity(BLOCK * p),
            scores: vec![0.0; BLOCK * k],
            best: [0.0; BLOCK],
            second: [0.0; BLOCK],
        }
    }

    fn clear(&mut self) {
        self.at.clear();
        self.rows.clear();
    }

    fn push(&mut self, at: usize, row: &[f64]) {
        self.at.push(at);
        self.rows.extend_from_slice(row);
    }

    /// Finds the nearest and second nearest of the centres (`k` by `p`) for all rows.
    fn search(&mut self, centers: &DMatrix<f64>, half_norms: &[f64]) {
        let (m, k, p) = (self.at.len(), centers.nrows(), centers.ncols());
        for (scores, half) in self.scores.chunks_exact_mut(BLOCK).zip(half_norms) {
            scores[..m].fill(*half);
        }
        // Only what is written may have strides: nalgebra 0.35 reads too far in a strided factor.
        let rows = DMatrixView::from_slice(&self.rows, p, m);
        DMatrixViewMut::from_slice_with_strides_mut(&mut self.scores, k, m, BLOCK, 1)
            .gemm(-1.0, centers, &rows, 1.0);
        self.best[..m].fill(f64::INFINITY);
        self.second[..m].fill(f64::INFINITY);
        for c in 0..half_norms.len() {
            let column = &self.scores[c * BLOCK..c * BLOCK + m];
            let found = self.best[..m].iter_mut().zip(&mut self.second[..m]);
            // Least and greatest alone, which run side by side; which centre it was is looked up later.
            for (score, (best, second)) in column.iter().zip(found) {
                let farther = if *score > *best { *score } else { *best };
                *best = if *score < *best { *score } else { *best };
                *second = if farther < *second { farther } else { *second };
            }
        }
    }

    /// The centre nearest to the row in `slot`: `old` if it is as near as any, else the first.
    fn nearest(&self, slot: usize, old: usize) -> usize {
        let best = self.best[slot];
        if self.scores[old * BLOCK + slot] == best {
            return old;
        }
        (0..self.scores.len() / BLOCK)
            .find(|c| self.scores[c * BLOCK + slot] == best)
            .unwrap_or(old)
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
/// Of each row the distance to its own centre is bounded from above and that to any other from below
/// (Hamerly, 2010). A cluster that empties is given the row farthest from its centre.
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
    let slack = 1e-7 * rows.norms.iter().copied().fold(0.0, f64::max).sqrt();
    let mut iterations = 0;
    let mut converged = false;
    while iterations < max_rounds {
        iterations += 1;
        let first = iterations == 1;
        let layout = DMatrix::from_row_slice(k, p, &centers);
        let half_norms: Vec<f64> =
            layout.row_iter().map(|center| center.norm_squared() / 2.0).collect();
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
                let mut block = Block::new(k, p);
                let (mut tried, mut spared) = (0_usize, 0_usize);
                let mut at = 0;
                while at < labels.len() {
                    block.clear();
                    while at < labels.len() && block.at.len() < BLOCK {
                        let (old, bound) = (labels[at] as usize, &mut bounds[at]);
                        let row = rows.row(chunk * CHUNK + at);
                        at += 1;
                        if !first {
                            bound.0 += drift[old];
                            bound.1 -= if old == far { next } else { most };
                            let safe = bound.1.max(apart[old]);
                            if bound.0 <= safe {
                                continue;
                            }
                            // The true distance may spare the search; where it rarely does, the search
                            // comes first.
                            if tried < BLOCK || spared * 8 > tried {
                                tried += 1;
                                bound.0 = squared_gap(row, &centers[old * p..(old + 1) * p]).sqrt();
                                if bound.0 <= safe {
                                    spared += 1;
                                    continue;
                                }
                            }
                        }
                        block.push(at - 1, row);
                    }
                    if block.at.is_empty() {
                        break;
                    }
                    block.search(&layout, &half_norms);
                    for (slot, at) in block.at.iter().copied().enumerate() {
                        let old = labels[at] as usize;
                        let new = block.nearest(slot, old);
                        let norm = rows.norms[chunk * CHUNK + at];
                        let length = |score: f64| (norm + 2.0 * score).max(0.0).sqrt();
                        // A hair less, for the digits lost in the inner products.
                        let lower = (length(block.second[slot]) - slack).max(0.0);
                        bounds[at] = (length(block.best[slot]), lower);
                        if first || new != old {
                            let row = rows.row(chunk * CHUNK + at);
                            labels[at] = new as u32;
                            change.moved += 1;
                            change.sizes[new] += 1.0;
                            add(&mut change.sums[new * p..(new + 1) * p], row, 1.0);
                            if !first {
                                change.sizes[old] -= 1.0;
                                add(&mut change.sums[old * p..(old + 1) * p], row, -1.0);
                            }
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

fn add(into: &mut [f64], row: &[f64], sign: f64) {
    into.iter_mut().zip(row).for_each(|(s, x)| *s += sign * x);
}

/// Half the distance of each centre to the nearest other one.
fn half_distances(centers: &[f64], k: usize, p: usize) -> Vec<f64> {
    (0..k)
        .map(|a| {
            (0..k)
                .filter(|b| *b != a)
                .map(|b| {
                    squared_gap(&centers[a * p..(a + 1) * p], &centers[b * p..(b + 1) * p]).sqrt()
                })
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
            let distance = squared_gap(rows.row(unit), &centers[own * p..(own + 1) * p]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn blocks_find_the_nearest_and_the_second() {
        let mut rng = crate::context::rng(11, 0);
        // Both sides of the size from which products take another path.
        for (m, p, k) in [(1, 1, 1), (3, 2, 4), (40, 5, 5), (40, 17, 10), (BLOCK, 6, 7)] {
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| rng.random()).collect() };
            let (rows, centers) = (draw(m * p), draw(k * p));
            let mut block = Block::new(k, p);
            for (at, row) in rows.chunks_exact(p).enumerate() {
                block.push(at, row);
            }
            let layout = DMatrix::from_row_slice(k, p, &centers);
            let half: Vec<f64> = layout.row_iter().map(|c| c.norm_squared() / 2.0).collect();
            block.search(&layout, &half);
            for (at, row) in rows.chunks_exact(p).enumerate() {
                let mut gaps: Vec<(f64, usize)> = centers
                    .chunks_exact(p)
                    .enumerate()
                    .map(|(c, center)| (squared_gap(row, center), c))
                    .collect();
                gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
                let norm: f64 = row.iter().map(|x| x * x).sum();
                for old in 0..k {
                    assert_eq!(block.nearest(at, old), gaps[0].1);
                }
                assert!((norm + 2.0 * block.best[at] - gaps[0].0).abs() < 1e-12);
                if k > 1 {
                    assert!((norm + 2.0 * block.second[at] - gaps[1].0).abs() < 1e-12);
                }
            }
        }
    }
}
