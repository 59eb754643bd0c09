//! Ward's tree straight from the observations.
//!
//! The squared Ward distance of clusters `a`, `b` is `2 n_a n_b / (n_a + n_b) |m_a - m_b|^2` (Ward,
//! 1963), so sizes and means are all there is to keep: `n p` numbers in place of `n (n - 1) / 2`.
//! Chains of nearest neighbours (Benzécri, 1982; Murtagh, 1983) find the same merges as the search
//! for the closest pair, for no merge of Ward's brings a third cluster closer; sorted by height they
//! are the tree. About `3 n` searches, each over the clusters that are left.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::agglomerate::{Step, Steps};
use super::lanes;
use crate::context::Context;
use crate::error::Result;

/// Clusters looked at together, so that their sums stay in the nearest cache.
const BLOCK: usize = 256;

/// Numbers from which a search is worth more than one thread.
const PARALLEL_FROM: usize = 1 << 18;

/// Clusters yet to be merged, in no particular order.
struct Clusters {
    /// Mean of each, column after column.
    means: Vec<Vec<f64>>,
    size: Vec<f64>,
    /// Smallest unit of each, which names it.
    name: Vec<usize>,
    /// Height at which it was formed.
    formed: Vec<f64>,
    /// Where the cluster of that name stands.
    place: Vec<usize>,
}

/// The nearest of some clusters.
#[derive(Clone, Copy)]
struct Nearest {
    /// Squared Ward distance, halved.
    distance: f64,
    place: usize,
    /// Whether another stands as near.
    tied: bool,
}

/// The merges of Ward's tree over the rows of `values`; heights are squared distances.
pub(super) fn ward(values: &DMatrix<f64>, context: &Context) -> Result<Steps> {
    let n = values.nrows();
    let mut clusters = Clusters {
        means: values
            .column_iter()
            .map(|column| {
                let mean = column.mean();
                column.iter().map(|x| x - mean).collect()
            })
            .collect(),
        size: vec![1.0; n],
        name: (0..n).collect(),
        formed: vec![0.0; n],
        place: (0..n).collect(),
    };
    let mut merged: Vec<(Step, bool)> = Vec::with_capacity(n.saturating_sub(1));
    let mut chain: Vec<usize> = Vec::new();
    while merged.len() + 1 < n {
        context.check()?;
        if chain.is_empty() {
            chain.push(clusters.name[0]);
        }
        let top = chain[chain.len() - 1];
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let nearest = clusters.nearest(clusters.place[top], before);
        let next = clusters.name[nearest.place];
        if before != Some(next) {
            chain.push(next);
            continue;
        }
        // Each is the other's nearest.
        chain.truncate(chain.len() - 2);
        let step = clusters.merge(top, next, nearest.distance);
        merged.push((step, nearest.tied));
        if merged.len().is_multiple_of(256) {
            context.report("hclust", merged.len() as u64, n as u64);
        }
    }
    // A merge stands no lower than those it rests on and after them, so a stable sort keeps the order.
    merged.sort_by(|a, b| a.0.height.total_cmp(&b.0.height));
    let ties = merged.iter().filter(|(_, tied)| *tied).count();
    Ok(Steps { merged: merged.into_iter().map(|(step, _)| step).collect(), ties, prototypes: None })
}

impl Clusters {
    /// The cluster nearest to the one at `place`; of equals the one named `preferred`, without which
    /// a chain might go round, else the one with the smallest unit.
    fn nearest(&self, place: usize, preferred: Option<usize>) -> Nearest {
        let left = self.size.len();
        let blocks = left.div_ceil(BLOCK);
        let search = |blocks: std::ops::Range<usize>| {
            let mut best = Nearest { distance: f64::INFINITY, place: usize::MAX, tied: false };
            for block in blocks {
                let start = block * BLOCK;
                self.search(place, preferred, start..(start + BLOCK).min(left), &mut best);
            }
            best
        };
        if left * self.means.len() < PARALLEL_FROM {
            return search(0..blocks);
        }
        let pieces = rayon::current_num_threads().min(blocks);
        (0..pieces)
            .into_par_iter()
            .map(|piece| search(blocks * piece / pieces..blocks * (piece + 1) / pieces))
            .reduce_with(|a, b| match a.distance.total_cmp(&b.distance) {
                std::cmp::Ordering::Less => a,
                std::cmp::Ordering::Greater => b,
                std::cmp::Ordering::Equal => {
                    let first = self.rank(a.place, preferred) < self.rank(b.place, preferred);
                    Nearest { tied: true, ..if first { a } else { b } }
                }
            })
            .expect("there is at least one piece")
    }

    /// Who goes first among equals.
    fn rank(&self, place: usize, preferred: Option<usize>) -> (bool, usize) {
        (Some(self.name[place]) != preferred, self.name[place])
    }

    /// Lowers `best` to the nearest of the clusters at `range`, at most [`BLOCK`] of them.
    fn search(
        &self,
        place: usize,
        preferred: Option<usize>,
        range: std::ops::Range<usize>,
        best: &mut Nearest,
    ) {
        let mut room = [0.0_f64; BLOCK];
        let out = &mut room[..range.len()];
        for mean in &self.means {
            let here = mean[place];
            for (sum, there) in out.iter_mut().zip(&mean[range.clone()]) {
                let gap = there - here;
                *sum += gap * gap;
            }
        }
        let own = self.size[place];
        for (sum, size) in out.iter_mut().zip(&self.size[range.clone()]) {
            *sum *= own * size / (own + size);
        }
        if range.contains(&place) {
            out[place - range.start] = f64::INFINITY;
        }
        if lanes::least(out) > best.distance {
            return;
        }
        for (offset, distance) in out.iter().enumerate() {
            let at = range.start + offset;
            if *distance < best.distance {
                *best = Nearest { distance: *distance, place: at, tied: false };
            } else if *distance == best.distance && best.place < self.size.len() {
                best.tied = true;
                if self.rank(at, preferred) < self.rank(best.place, preferred) {
                    best.place = at;
                }
            }
        }
    }

    /// Merges the clusters named `a` and `b`; the last cluster takes the place that is left empty.
    fn merge(&mut self, a: usize, b: usize, distance: f64) -> Step {
        let (left, right) = (a.min(b), a.max(b));
        let (keep, gone) = (self.place[left], self.place[right]);
        let (n, m) = (self.size[keep], self.size[gone]);
        for mean in &mut self.means {
            mean[keep] = (n * mean[keep] + m * mean[gone]) / (n + m);
            mean.swap_remove(gone);
        }
        // Rounding must not put a merge below one it rests on.
        let height = (2.0 * distance).max(self.formed[keep]).max(self.formed[gone]);
        self.size[keep] = n + m;
        self.formed[keep] = height;
        self.size.swap_remove(gone);
        self.formed.swap_remove(gone);
        self.name.swap_remove(gone);
        if let Some(moved) = self.name.get(gone) {
            self.place[*moved] = gone;
        }
        Step { left, right, height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::agglomerate::closest_pairs;
    use crate::cluster::hierarchical::Linkage;
    use rand::RngExt;

    fn both(values: &DMatrix<f64>) -> (Steps, Steps) {
        let n = values.nrows();
        let mut squared = Vec::new();
        for i in 0..n {
            for j in i + 1..n {
                squared.push((values.row(i) - values.row(j)).norm_squared());
            }
        }
        let context = Context::default();
        let pairs = closest_pairs(n, &mut squared, Linkage::WardD2, &context).unwrap();
        (ward(values, &context).unwrap(), pairs)
    }

    #[test]
    fn chains_and_closest_pairs_merge_alike() {
        let mut rng = crate::context::rng(3, 0);
        for n in [2, 3, 10, 300] {
            let values = DMatrix::from_fn(n, 3, |_, _| 100.0 + rng.random::<f64>());
            let (chains, pairs) = both(&values);
            assert_eq!(chains.ties, 0);
            for (a, b) in chains.merged.iter().zip(&pairs.merged) {
                assert_eq!((a.left, a.right), (b.left, b.right));
                assert!((a.height - b.height).abs() <= 1e-12 * b.height.max(1e-3));
            }
        }
    }

    #[test]
    fn ties_are_counted_and_leave_a_tree_of_the_right_heights() {
        // Nine points of a grid, three times each: 18 merges at height 0, then equal steps.
        let values =
            DMatrix::from_fn(27, 2, |i, j| (if j == 0 { i / 3 % 3 } else { i / 9 }) as f64);
        let (chains, pairs) = both(&values);
        assert!(chains.ties > 0);
        assert_eq!(chains.merged.iter().filter(|s| s.height == 0.0).count(), 18);
        let (a, b) = (chains.merged[25].height, pairs.merged[25].height);
        assert!((a - b).abs() < 1e-12 * b, "{a} {b}");
        let mut alive = [true; 27];
        for step in &chains.merged {
            assert!(step.left < step.right && alive[step.left] && alive[step.right]);
            alive[step.right] = false;
        }
    }
}
