//! Moves of single rows between clusters.
//!
//! Leaving a cluster of `n` rows whose mean is `d` away lowers the sum of squares by `n/(n-1) d^2`, and
//! joining one raises it by `n/(n+1) d^2` (Hartigan, 1975; Hartigan and Wong, 1979).

// What stays a call of its own within `widest` keeps the narrow vectors.
#![allow(clippy::inline_always)]

use super::lanes::squared_gap;
use super::lloyd::Rows;
use super::nearest::{Centers, LANES, Lanes, Search};
use crate::context::Context;
use crate::error::Result;
use crate::simd::widest;

/// Tiles between two looks at the cancel flag.
const PIECE: usize = 512;

/// Moves single rows, one after another, while a move lowers the sum of squares; rounds made and
/// whether it rested.
///
/// Rows are judged a tile at a time by inner products; only where these leave it open whether a move
/// pays are the distances themselves computed, so the moves are those of a search row by row.
pub(super) fn transfer(
    rows: &Rows,
    labels: &mut [u32],
    k: usize,
    max_rounds: usize,
    context: &Context,
) -> Result<(usize, bool)> {
    let (centers, sizes) = rows.means(labels, k);
    let mut state = State {
        rows,
        layout: Centers::new(&centers, k, rows.p),
        centers,
        joining: sizes.iter().map(|size| size / (size + 1.0)).collect(),
        leaving: sizes.iter().copied().map(leaving).collect(),
        sizes,
        slack: 3e-10 * rows.norms.iter().copied().fold(0.0, f64::max),
        found: Search::new(k),
        room: vec![[0.0; LANES]; rows.p],
        still: 0,
    };
    let tiles = rows.n.div_ceil(LANES);
    for round in 0..max_rounds {
        let mut moved = false;
        for start in (0..tiles).step_by(PIECE) {
            context.check()?;
            let piece = start..(start + PIECE).min(tiles);
            moved |= widest(
                #[inline(always)]
                || state.pass(piece, labels),
            );
            if state.still >= rows.n {
                return Ok((round + 1, true));
            }
        }
        if !moved {
            return Ok((round + 1, true));
        }
    }
    Ok((max_rounds, false))
}

/// What turns the cost of joining a cluster into the gain of leaving it.
fn leaving(size: f64) -> f64 {
    (size + 1.0) / (size - 1.0)
}

struct State<'a> {
    rows: &'a Rows,
    /// Means of the clusters, one after another, and as a search reads them.
    centers: Vec<f64>,
    layout: Centers,
    sizes: Vec<f64>,
    /// `n / (n + 1)` of each cluster.
    joining: Vec<f64>,
    /// `(n + 1) / (n - 1)`.
    leaving: Vec<f64>,
    /// What inner products may be wrong by, many times over.
    slack: f64,
    found: Search,
    room: Vec<Lanes>,
    /// Rows looked at since the last move.
    still: usize,
}

impl State<'_> {
    /// Looks at the rows of some tiles, until all have been since the last move; whether one moved.
    #[inline(always)]
    fn pass(&mut self, tiles: std::ops::Range<usize>, labels: &mut [u32]) -> bool {
        let mut moved = false;
        for number in tiles {
            let start = number * LANES;
            let units = start..(start + LANES).min(self.rows.n);
            let mut next = start;
            while next < units.end {
                let open = self.open(number, labels);
                let mut mover = None;
                for unit in next..units.end {
                    if self.still >= self.rows.n {
                        return moved;
                    }
                    self.still += 1;
                    if open[unit - start]
                        && let Some(to) = self.better(unit, labels[unit] as usize)
                    {
                        mover = Some((unit, to));
                        break;
                    }
                }
                // The rows after one that moved are judged again.
                let Some((unit, to)) = mover else { break };
                self.carry(unit, labels[unit] as usize, to);
                labels[unit] = to as u32;
                moved = true;
                self.still = 0;
                next = unit + 1;
            }
        }
        moved
    }

    /// Of which rows of a tile a move may pay.
    #[inline(always)]
    fn open(&mut self, number: usize, labels: &[u32]) -> [bool; LANES] {
        let at = self.rows.lanes(number);
        let norms = at.map(|row| self.rows.norms[row]);
        let tile = self.rows.tile(number, &mut self.room);
        self.found.cheapest_two(tile, &norms, &self.layout, &self.joining);
        let mut open = [false; LANES];
        for lane in 0..LANES {
            let own = labels[at[lane]] as usize;
            let gain = self.found.scores[own][lane] * self.leaving[own];
            // No row leaves a cluster of its own.
            open[lane] =
                self.sizes[own] > 1.0 && self.found.elsewhere(lane, own) < gain + self.slack;
        }
        open
    }

    /// The cluster to which moving a row of cluster `from` pays most.
    #[inline(always)]
    fn better(&self, unit: usize, from: usize) -> Option<usize> {
        let (p, row) = (self.rows.p, self.rows.row(unit));
        let squared = |c: usize| squared_gap(row, &self.centers[c * p..(c + 1) * p]);
        let gain = self.sizes[from] / (self.sizes[from] - 1.0) * squared(from);
        let mut best = (gain * (1.0 - 1e-10), None);
        for to in (0..self.sizes.len()).filter(|to| *to != from) {
            let cost = self.joining[to] * squared(to);
            if cost < best.0 {
                best = (cost, Some(to));
            }
        }
        best.1
    }

    /// Takes a row out of one cluster and into another.
    #[inline(always)]
    fn carry(&mut self, unit: usize, from: usize, to: usize) {
        let p = self.rows.p;
        let (left, joined) = (self.sizes[from] - 1.0, self.sizes[to] + 1.0);
        for (d, x) in self.rows.row(unit).iter().enumerate() {
            let out = &mut self.centers[from * p + d];
            *out += (*out - x) / left;
            let into = &mut self.centers[to * p + d];
            *into += (x - *into) / joined;
        }
        (self.sizes[from], self.sizes[to]) = (left, joined);
        for c in [from, to] {
            self.joining[c] = self.sizes[c] / (self.sizes[c] + 1.0);
            self.leaving[c] = leaving(self.sizes[c]);
            self.layout.set(c, &self.centers[c * p..(c + 1) * p]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use rand::RngExt;

    #[test]
    fn no_single_move_is_left_that_pays() {
        let mut rng = crate::context::rng(5, 0);
        let values = DMatrix::from_fn(301, 5, |_, _| rng.random::<f64>());
        let rows = Rows::centred(&values);
        let centers = DMatrix::from_fn(5, 7, |d, c| rows.row(c)[d]);
        let context = Context::default();
        let rested = crate::cluster::lloyd::lloyd(&rows, centers, 300, &context).unwrap();
        let mut labels = rested.labels.clone();
        let (_, converged) = transfer(&rows, &mut labels, 7, 300, &context).unwrap();
        assert!(rested.converged && converged);
        let least = rows.withinss(&labels, 7);
        assert!(least < rows.withinss(&rested.labels, 7));
        for unit in 0..301 {
            let own = labels[unit];
            for other in 0..7 {
                labels[unit] = other;
                assert!(rows.withinss(&labels, 7) >= least * (1.0 - 1e-10));
            }
            labels[unit] = own;
        }
    }

    #[test]
    fn no_cluster_is_left_empty() {
        let context = Context::default();
        for seed in 0..50 {
            let mut rng = crate::context::rng(seed, 0);
            let values = DMatrix::from_fn(40, 3, |i, _| {
                (i % 3) as f64 * 100.0 + (rng.random::<f64>() * 50.0).floor()
            });
            let rows = Rows::centred(&values);
            let mut labels: Vec<u32> = (0..40).map(|row| row.min(29)).collect();
            transfer(&rows, &mut labels, 30, 300, &context).unwrap();
            assert!((0..30).all(|cluster| labels.contains(&cluster)), "seed {seed}");
        }
    }
}
