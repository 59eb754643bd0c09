//! Lloyd's iterations with Hamerly's bounds, over rows in parallel.
//!
//! A row is looked at again only if its centre may have come to be farther than another; rows that are
//! looked at are searched several at a time (see [`nearest`](super::nearest)).

// What stays a call of its own within `widest` keeps the narrow vectors.
#![allow(clippy::inline_always)]

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::lanes::squared_gap;
use super::nearest::{Centers, LANES, Lanes, Search, lengths, side_by_side};
use crate::context::Context;
use crate::error::Result;
use crate::simd::widest;

/// Rows handled as one piece of work; fixed, so that sums do not depend on the threads.
pub(super) const CHUNK: usize = 4096;

/// Rounds that search all rows after one in which bounds spared few; twice as many where next to none.
const BLIND: usize = 3;

/// Rows of a chunk by which it is seen whether true distances spare searches.
const TRIED: usize = 64;

/// Observations row after row, centred so that inner products keep their digits.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Number of rows.
    pub n: usize,
    /// Number of columns.
    pub p: usize,
    values: Vec<f64>,
    /// Squared lengths of the rows.
    pub norms: Vec<f64>,
    /// The rows side by side, `p` for every [`LANES`] of them; none where they would take much memory.
    tiles: Vec<Lanes>,
}

/// Numbers that are also kept side by side.
const FEW: usize = 1 << 20;

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
        let columns: Vec<(&[f64], f64)> = values
            .column_iter()
            .map(|column| {
                let column = column.data.into_slice();
                (column, crate::stats::mean(column).unwrap_or(0.0))
            })
            .collect();
        let mut rows =
            Self { n, p, values: vec![0.0; n * p], norms: vec![0.0; n], tiles: Vec::new() };
        // Chunks of rows stay in the cache while column after column is written into them.
        rows.values
            .par_chunks_mut((CHUNK * p).max(1))
            .zip(rows.norms.par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(chunk, (rows, norms))| {
                for (d, (column, mean)) in columns.iter().enumerate() {
                    for (row, x) in rows.chunks_exact_mut(p).zip(&column[chunk * CHUNK..]) {
                        row[d] = x - mean;
                    }
                }
                for (row, norm) in rows.chunks_exact(p).zip(norms) {
                    *norm = row.iter().map(|x| x * x).sum();
                }
            });
        if n * p <= FEW {
            let mut tiles = vec![[0.0; LANES]; n.div_ceil(LANES) * p];
            for (number, tile) in tiles.chunks_exact_mut(p.max(1)).enumerate() {
                side_by_side(rows.lanes(number).map(|row| rows.row(row)), tile);
            }
            rows.tiles = tiles;
        }
        rows
    }

    /// The rows of tile `number`; the last row fills what is left of the last tile.
    #[inline(always)]
    pub(super) fn lanes(&self, number: usize) -> [usize; LANES] {
        let mut at = [0; LANES];
        for (lane, at) in at.iter_mut().enumerate() {
            *at = (number * LANES + lane).min(self.n - 1);
        }
        at
    }

    /// Tile `number`: rows side by side, made in `room` unless they are kept so.
    #[inline(always)]
    pub(super) fn tile<'a>(&'a self, number: usize, room: &'a mut [Lanes]) -> &'a [Lanes] {
        if self.tiles.is_empty() {
            side_by_side(self.lanes(number).map(|row| self.row(row)), room);
            return room;
        }
        &self.tiles[number * self.p..(number + 1) * self.p]
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.p..(row + 1) * self.p]
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

/// What a chunk of rows changed in one round.
#[derive(Default)]
struct Change {
    sums: Vec<f64>,
    sizes: Vec<f64>,
    moved: usize,
    searched: usize,
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
    // Rounds left in which the bounds are not looked at, as they spared too few rows.
    let mut blind = 1;
    while iterations < max_rounds {
        iterations += 1;
        let (most_at, most, next) = largest_two(&drift);
        let round = Round {
            rows,
            first: iterations == 1,
            blind: blind > 0,
            // The next round looks at the bounds.
            bound: blind <= 1,
            layout: Centers::new(&centers, k, p),
            half_gaps: half_distances(&centers, k, p),
            centers: &centers,
            drift: &drift,
            // The centre that drifted most, and the most any other drifted.
            others_drift: (most_at, most, next),
            slack,
        };
        let parts: Vec<Change> = labels
            .par_chunks_mut(CHUNK)
            .zip(bounds.par_chunks_mut(CHUNK))
            .enumerate()
            .map(|(chunk, (labels, bounds))| {
                context.check()?;
                Ok(widest(
                    #[inline(always)]
                    || round.over(chunk * CHUNK, labels, bounds),
                ))
            })
            .collect::<Result<_>>()?;
        let (mut moved, mut searched) = (0, 0);
        for part in parts {
            moved += part.moved;
            searched += part.searched;
            sums.iter_mut().zip(&part.sums).for_each(|(s, x)| *s += x);
            sizes.iter_mut().zip(&part.sizes).for_each(|(s, x)| *s += x);
        }
        if blind > 0 {
            blind -= 1;
        } else if searched * 3 > n * 2 {
            blind = if searched * 10 > n * 9 { 2 * BLIND } else { BLIND };
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

/// What all chunks of rows share in one round.
struct Round<'a> {
    rows: &'a Rows,
    /// Whether no row has a centre yet.
    first: bool,
    /// Whether all rows are searched whatever the bounds say.
    blind: bool,
    /// Whether bounds are written.
    bound: bool,
    layout: Centers,
    /// Half the distance of each centre to the nearest other one.
    half_gaps: Vec<f64>,
    centers: &'a [f64],
    drift: &'a [f64],
    others_drift: (usize, f64, f64),
    slack: f64,
}

impl Round<'_> {
    /// Assigns the rows from `start` on to their nearest centres.
    #[inline(always)]
    fn over(&self, start: usize, labels: &mut [u32], bounds: &mut [(f64, f64)]) -> Change {
        let (p, k) = (self.rows.p, self.drift.len());
        let mut wanted = vec![0_u32; labels.len()];
        let mut count = labels.len();
        if !self.blind {
            count = self.doubtful(start, labels, bounds, &mut wanted);
        }
        // Where most are wanted, all are searched: whole tiles need no gathering.
        let whole = count * 3 > labels.len() * 2;
        if whole {
            count = labels.len();
            (0_u32..).zip(&mut wanted).for_each(|(at, slot)| *slot = at);
        }
        let mut change =
            Change { sums: vec![0.0; k * p], sizes: vec![0.0; k], moved: 0, searched: count };
        let mut room = vec![[0.0; LANES]; p];
        let mut found = Search::new(k);
        // Squared lengths and bounds of a tile stand in memory, or they would be taken one by one.
        let mut sides = Box::new([[0.0; LANES]; 3]);
        for (number, wanted) in wanted[..count].chunks(LANES).enumerate() {
            // The last row fills what is left of a tile.
            let mut at = [0; LANES];
            for (lane, at) in at.iter_mut().enumerate() {
                *at = start + wanted[lane.min(wanted.len() - 1)] as usize;
            }
            let tile = if whole {
                self.rows.tile(start / LANES + number, &mut room)
            } else {
                side_by_side(at.map(|row| self.rows.row(row)), &mut room);
                &room
            };
            found.nearest_two(tile, &self.layout);
            if self.bound {
                let [norms, upper, lower] = &mut *sides;
                for (norm, row) in norms.iter_mut().zip(at) {
                    *norm = self.rows.norms[row];
                }
                lengths(norms, &found.best, upper);
                lengths(norms, &found.second, lower);
                for bound in lower.iter_mut() {
                    // A hair less, for the digits lost in the inner products.
                    *bound -= self.slack;
                }
                for (lane, at) in wanted.iter().enumerate() {
                    bounds[*at as usize] = (upper[lane], lower[lane]);
                }
            }
            for (lane, at) in wanted.iter().enumerate() {
                let at = *at as usize;
                let old = labels[at] as usize;
                let new = found.nearest(lane, old);
                if self.first || new != old {
                    let row = self.rows.row(start + at);
                    labels[at] = new as u32;
                    change.moved += 1;
                    change.sizes[new] += 1.0;
                    add(&mut change.sums[new * p..(new + 1) * p], row, 1.0);
                    if !self.first {
                        change.sizes[old] -= 1.0;
                        add(&mut change.sums[old * p..(old + 1) * p], row, -1.0);
                    }
                }
            }
        }
        change
    }

    /// Brings the bounds up to date and writes the rows whose centre may have changed into `wanted`;
    /// how many they are.
    #[inline(always)]
    fn doubtful(
        &self,
        start: usize,
        labels: &[u32],
        bounds: &mut [(f64, f64)],
        wanted: &mut [u32],
    ) -> usize {
        let (most_at, most, next) = self.others_drift;
        let mut count = 0;
        for (at, (label, bound)) in labels.iter().zip(bounds.iter_mut()).enumerate() {
            let own = *label as usize;
            bound.0 += self.drift[own];
            bound.1 -= if own == most_at { next } else { most };
            let safe = if bound.1 > self.half_gaps[own] { bound.1 } else { self.half_gaps[own] };
            wanted[count] = at as u32;
            count += usize::from(bound.0 > safe);
        }
        // The true distance to its own centre may spare a row the search; where it rarely does, the
        // search comes first.
        let (p, k) = (self.rows.p, self.drift.len());
        let (mut kept, mut spared) = (0, 0);
        for position in 0..count {
            // It costs as much as the distances to ten centres within a search.
            if position >= TRIED && spared * (k + 8) <= position * 10 {
                wanted.copy_within(position..count, kept);
                return kept + count - position;
            }
            let at = wanted[position] as usize;
            let own = labels[at] as usize;
            let center = &self.centers[own * p..(own + 1) * p];
            let bound = &mut bounds[at];
            bound.0 = squared_gap(self.rows.row(start + at), center).sqrt();
            if bound.0 <= bound.1.max(self.half_gaps[own]) {
                spared += 1;
            } else {
                wanted[kept] = at as u32;
                kept += 1;
            }
        }
        kept
    }
}

#[inline(always)]
fn add(into: &mut [f64], row: &[f64], sign: f64) {
    into.iter_mut().zip(row).for_each(|(s, x)| *s += sign * x);
}

/// Half the distance of each centre to the nearest other one.
fn half_distances(centers: &[f64], k: usize, p: usize) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; k];
    for a in 0..k {
        for b in 0..a {
            let gap = squared_gap(&centers[a * p..(a + 1) * p], &centers[b * p..(b + 1) * p]);
            least[a] = least[a].min(gap);
            least[b] = least[b].min(gap);
        }
    }
    least.iter().map(|gap| gap.sqrt() / 2.0).collect()
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
