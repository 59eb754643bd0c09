//! The centre nearest to each of several rows, and how far the second nearest is.
//!
//! Rows stand side by side in the lanes of vectors, so that all of them meet a centre at once.

// What stays a call of its own within `widest` keeps the narrow vectors.
#![allow(clippy::inline_always)]

/// Rows searched together.
pub(super) const LANES: usize = 8;

/// A number for each lane.
pub(super) type Lanes = [f64; LANES];

/// Centres met together: their sums for all lanes stay in registers.
const GROUP: usize = 4;

/// Centres as a search reads them.
pub(super) struct Centers {
    p: usize,
    /// Of each group of centres and each column their coordinates; zeros fill the last group.
    groups: Vec<[f64; GROUP]>,
    /// `|c|^2 / 2`, `k`.
    half_norms: Vec<f64>,
}

impl Centers {
    /// `centers`, one after another.
    pub(super) fn new(centers: &[f64], k: usize, p: usize) -> Self {
        let groups = vec![[0.0; GROUP]; k.div_ceil(GROUP) * p];
        let mut all = Self { p, groups, half_norms: vec![0.0; k] };
        for c in 0..k {
            all.set(c, &centers[c * p..(c + 1) * p]);
        }
        all
    }

    /// Puts `center` in the place of centre `c`.
    #[inline(always)]
    pub(super) fn set(&mut self, c: usize, center: &[f64]) {
        let mut half = 0.0;
        for (d, x) in center.iter().enumerate() {
            self.groups[c / GROUP * self.p + d][c % GROUP] = *x;
            half += x * x / 2.0;
        }
        self.half_norms[c] = half;
    }
}

/// Puts rows side by side: of each column the numbers of all lanes.
#[inline(always)]
pub(super) fn side_by_side(rows: [&[f64]; LANES], out: &mut [Lanes]) {
    let p = out.len();
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..p]);
    for (i, slot) in out.iter_mut().enumerate() {
        *slot = [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]];
    }
}

/// What a search found for rows side by side.
pub(super) struct Search {
    /// `|c|^2 / 2 - x'c`, which orders centres as the distance does, `k`.
    pub scores: Vec<Lanes>,
    /// Least score of each lane.
    pub best: Lanes,
    /// The least of the others.
    pub second: Lanes,
    /// The first centre with the least score.
    at: Lanes,
}

impl Search {
    pub(super) fn new(k: usize) -> Self {
        Self {
            scores: vec![[0.0; LANES]; k],
            best: [0.0; LANES],
            second: [0.0; LANES],
            at: [0.0; LANES],
        }
    }

    /// Scores all centres.
    #[inline(always)]
    pub(super) fn score(&mut self, rows: &[Lanes], centers: &Centers) {
        let p = centers.p;
        let out = self.scores.chunks_mut(GROUP).zip(centers.half_norms.chunks(GROUP));
        for (number, (out, half)) in out.enumerate() {
            let group = &centers.groups[number * p..(number + 1) * p];
            if let ([a, b, c, d], [e, f, g, h]) = (&mut *out, half) {
                (*a, *b, *c, *d) = four(rows, group, [*e, *f, *g, *h]);
            } else {
                for (at, (out, half)) in out.iter_mut().zip(half).enumerate() {
                    let mut sum = [*half; LANES];
                    for (x, center) in rows.iter().zip(group) {
                        less_product(&mut sum, x, center[at]);
                    }
                    *out = sum;
                }
            }
        }
    }

    /// Finds the nearest and the second nearest of the centres.
    #[inline(always)]
    pub(super) fn nearest_two(&mut self, rows: &[Lanes], centers: &Centers) {
        self.score(rows, centers);
        self.least_two();
    }

    /// Turns the scores into squared distances, each times the factor of its centre, and finds the two
    /// least.
    #[inline(always)]
    pub(super) fn cheapest_two(
        &mut self,
        rows: &[Lanes],
        norms: &Lanes,
        centers: &Centers,
        factors: &[f64],
    ) {
        self.score(rows, centers);
        for (scores, factor) in self.scores.iter_mut().zip(factors) {
            for lane in 0..LANES {
                scores[lane] = (norms[lane] + 2.0 * scores[lane]) * factor;
            }
        }
        self.least_two();
    }

    #[inline(always)]
    fn least_two(&mut self) {
        let (mut best, mut second) = ([f64::INFINITY; LANES], [f64::INFINITY; LANES]);
        let mut at = [0.0; LANES];
        for (c, scores) in self.scores.iter().enumerate() {
            second = lesser(&greater(scores, &best), &second);
            let c = c as f64;
            for lane in 0..LANES {
                at[lane] = if scores[lane] < best[lane] { c } else { at[lane] };
            }
            best = lesser(scores, &best);
        }
        (self.best, self.second, self.at) = (best, second, at);
    }

    /// The least score of the row in `lane` at a centre other than `own`.
    #[inline(always)]
    pub(super) fn elsewhere(&self, lane: usize, own: usize) -> f64 {
        if self.at[lane] as usize == own { self.second[lane] } else { self.best[lane] }
    }

    /// The centre nearest to the row in `lane`: `old` if it is as near as any, else the first.
    #[inline(always)]
    pub(super) fn nearest(&self, lane: usize, old: usize) -> usize {
        let found = self.at[lane] as usize;
        if found == old || self.scores[old][lane] == self.best[lane] { old } else { found }
    }
}

// One small loop an operation, and a name for each sum: that is what compilers turn into vectors.

/// `|c|^2 / 2 - x'c` for a group of centres.
#[inline(always)]
fn four(
    rows: &[Lanes],
    centers: &[[f64; GROUP]],
    half: [f64; GROUP],
) -> (Lanes, Lanes, Lanes, Lanes) {
    let [mut a, mut b, mut c, mut d] = half.map(|half| [half; LANES]);
    for (x, center) in rows.iter().zip(centers) {
        less_product(&mut a, x, center[0]);
        less_product(&mut b, x, center[1]);
        less_product(&mut c, x, center[2]);
        less_product(&mut d, x, center[3]);
    }
    (a, b, c, d)
}

#[inline(always)]
fn less_product(sum: &mut Lanes, x: &Lanes, factor: f64) {
    for lane in 0..LANES {
        sum[lane] -= x[lane] * factor;
    }
}

#[inline(always)]
fn greater(a: &Lanes, b: &Lanes) -> Lanes {
    let mut out = *a;
    for lane in 0..LANES {
        out[lane] = if a[lane] > b[lane] { a[lane] } else { b[lane] };
    }
    out
}

#[inline(always)]
pub(super) fn lesser(a: &Lanes, b: &Lanes) -> Lanes {
    let mut out = *a;
    for lane in 0..LANES {
        out[lane] = if a[lane] < b[lane] { a[lane] } else { b[lane] };
    }
    out
}

/// Distances of rows of squared lengths `norms` to the centres that gave them `scores`.
#[inline(always)]
pub(super) fn lengths(norms: &Lanes, scores: &Lanes, out: &mut Lanes) {
    for lane in 0..LANES {
        out[lane] = norms[lane] + 2.0 * scores[lane];
    }
    // Rounding must not bring it below 0.
    *out = greater(out, &[0.0; LANES]);
    for lane in 0..LANES {
        out[lane] = out[lane].sqrt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::lanes::squared_gap;
    use rand::RngExt;

    #[test]
    fn searches_find_the_nearest_and_the_second() {
        let mut rng = crate::context::rng(11, 0);
        for (m, p, k) in [(1, 1, 1), (3, 2, 4), (8, 5, 5), (8, 17, 10), (7, 6, 7)] {
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| rng.random()).collect() };
            let (rows, centers) = (draw(m * p), draw(k * p));
            let mut tile = vec![[0.0; LANES]; p];
            let mut found = Search::new(k);
            side_by_side(std::array::from_fn(|lane| &rows[lane.min(m - 1) * p..][..p]), &mut tile);
            found.nearest_two(&tile, &Centers::new(&centers, k, p));
            for (lane, row) in rows.chunks_exact(p).enumerate() {
                let mut gaps: Vec<(f64, usize)> = centers
                    .chunks_exact(p)
                    .enumerate()
                    .map(|(c, center)| (squared_gap(row, center), c))
                    .collect();
                gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
                let norm: f64 = row.iter().map(|x| x * x).sum();
                for old in 0..k {
                    assert_eq!(found.nearest(lane, old), gaps[0].1);
                }
                assert!((norm + 2.0 * found.best[lane] - gaps[0].0).abs() < 1e-12);
                if k > 1 {
                    assert!((norm + 2.0 * found.second[lane] - gaps[1].0).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn of_equally_near_centres_the_old_one_is_kept() {
        let mut found = Search::new(3);
        found.nearest_two(&[[1.0; LANES]], &Centers::new(&[5.0, 1.0, 1.0], 3, 1));
        assert_eq!([0, 1, 2].map(|old| found.nearest(0, old)), [1, 1, 2]);
    }
}
