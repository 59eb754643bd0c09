//! Internal criteria of a partition.
//!
//! With `T`, `B`, `W` the total, between and within sums of squares of `n` units, `p` columns and `k`
//! clusters, `c_a` the mean of cluster `a`, `m` the overall mean and `d_ij` the distance:
//!
//! | index | definition | better |
//! |---|---|---|
//! | `calinski_harabasz` | `(B/(k-1)) / (W/(n-k))` (1974) | larger |
//! | `davies_bouldin` | mean over clusters of the largest `(s_a + s_b)/d(c_a, c_b)`, `s` the mean distance to the mean (1979) | smaller |
//! | `dunn` | smallest distance between clusters over largest diameter (1974) | larger |
//! | `xie_beni` | `W/n` over the smallest squared distance between clusters (1991) | smaller |
//! | `ray_turi` | `W/n` over the smallest squared distance of means (1999) | smaller |
//! | `wemmert_gancarski` | mean of `max(0, 1 - mean d(x, c_own)/d(x, c_other))` by cluster | larger |
//! | `pbm` | `(sum d(x, m) / sum d(x, c_own) * max d(c_a, c_b) / k)^2` (2004) | larger |
//! | `ratkowsky_lance` | mean of `sqrt(B_j/T_j)` over columns over `sqrt(k)` (1978) | larger |
//! | `ball_hall` | mean over clusters of `W_a/n_a` (1965) | largest drop |
//! | `point_biserial` | correlation of `d_ij` with 1 for pairs in different clusters, else 0 | larger |
//! | `gamma` | `(s+ - s-)/(s+ + s-)` over comparisons of a within with a between distance (Baker and Hubert, 1975) | larger |
//! | `g_plus` | `2 s-/(N (N - 1))`, `N` pairs (Rohlf, 1974) | smaller |
//! | `c_index` | sum within, scaled between the smallest and largest sums of as many distances (1976) | smaller |
//! | `mcclain_rao` | mean distance within over mean distance between (1975) | smaller |
//! | `scott_symons` | `n log(det T / det W)` (1971) | largest rise |
//! | `marriot` | `k^2 det W` (1971) | largest second difference |
//! | `friedman_rubin` | trace of `W^-1 B` (1967) | largest rise |
//! | `rubin` | `det T / det W` (1967) | smallest second difference |
//! | `trace_cov_w` | trace of the pooled within covariance, `W/(n - k)` (Milligan and Cooper, 1985) | largest drop |
//! | `tau` | `(s+ - s-)/sqrt(N_w N_b N (N - 1)/2)`, `N_w`, `N_b` pairs within and between (Rohlf, 1974) | larger |
//! | `hubert` | correlation of `d_ij` with the distance of the means of `i`'s and `j`'s clusters (Hubert and Arabie, 1985) | knee: smallest second difference, no vote |
//! | `d_index` | mean `d(x, c_own)` (Lebart, Morineau and Piron, 2000) | knee: largest second difference, no vote |
//! | `ccc` | cubic clustering criterion (Sarle, 1983), `Ground::cubic` | larger |
//! | `s_dbw` | scatter plus density between clusters (Halkidi and Vazirgiannis, 2001), `Ground::dispersion` | smaller |
//! | `sd` | `a` scatter + closeness, `a` the closeness at the largest `k` (Halkidi and others, 2000) | smaller |
//!
//! Of a tree's splits, by [`nested`] (`K`, `L` the clusters that `M` falls into between `k` and `k + 1`):
//!
//! | index | definition | picks the first `k` with |
//! |---|---|---|
//! | `duda` | `(W_K + W_L)/W_M` (Duda and Hart, 1973) | a value of at least the critical one |
//! | `pseudo_t2` | `(W_M - W_K - W_L)(n_M - 2)/(W_K + W_L)` (SAS) | the same, written as an upper bound; no vote |
//! | `beale` | an F ratio (Beale, 1969; Gordon, 1999) | a p-value of at least 0.1 |
//! | `frey` | change of the mean distance between over that within, from `k` to `k + 1` (Frey and Van Groenewoud, 1972) | a value of at least 1 and a next one below |
//!
//! `NbClust` 3.0.1 deviates from these sources: its `trace_cov_w` is the variance of `W`'s entries, its `tau`
//! counts other comparisons, its `hubert`, `s_dbw` and `beale` lack a divisor or a bracket, its total
//! sums of squares are not centred, and it finds the split cluster by sizes, which may be another's.

mod dispersion;
pub(super) mod nested;

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::partition::{means, withinss};
use super::pca::falling;
use dispersion::Dispersion;

/// Ordered pairs of distances are compared up to this many units.
const PAIRS_UP_TO: usize = 3000;

/// What is computed once for all partitions of one data set.
pub(super) struct Ground<'a> {
    values: &'a DMatrix<f64>,
    /// Row by row.
    rows: DMatrix<f64>,
    mean: Vec<f64>,
    /// Total sum of squares by column.
    total: Vec<f64>,
    /// Distances of all pairs `(i, j)`, `i < j`, by rows; empty beyond [`PAIRS_UP_TO`].
    pairs: Vec<f64>,
    /// Pair numbers by rising distance.
    rising: Vec<u32>,
    /// Standard deviations along the principal axes, falling.
    axes: Vec<f64>,
}

/// What is said of one partition.
pub(super) struct Judged {
    /// The indices in the order of [`NAMES`].
    pub values: Vec<Value>,
    /// Scatter and closeness, of which `sd` is made.
    pub dispersion: Dispersion,
    /// Mean distances within and between clusters.
    pub mean_distances: Result<(f64, f64), &'static str>,
}

/// An index's value, or why it has none.
pub(super) type Value = Result<f64, &'static str>;

const FEW: &str = "it needs more units than clusters";
const ALONE: &str = "every cluster is a single unit";
const SINGULAR: &str = "the within covariance is singular (too few units for the columns)";
const LARGE: &str = "it compares all pairs of distances, too many for this number of rows";
const COINCIDE: &str = "two clusters coincide";
const OVERALL: &str = "no distance lies within a cluster";

/// The indices' names in the order of [`Ground::all`].
pub const NAMES: [&str; 24] = [
    "calinski_harabasz",
    "davies_bouldin",
    "dunn",
    "xie_beni",
    "ray_turi",
    "wemmert_gancarski",
    "pbm",
    "ratkowsky_lance",
    "ball_hall",
    "point_biserial",
    "gamma",
    "g_plus",
    "c_index",
    "mcclain_rao",
    "scott_symons",
    "marriot",
    "friedman_rubin",
    "rubin",
    "trace_cov_w",
    "tau",
    "hubert",
    "d_index",
    "ccc",
    "s_dbw",
];

fn gap(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

fn finite(value: f64, why: &'static str) -> Value {
    if value.is_finite() { Ok(value) } else { Err(why) }
}

impl<'a> Ground<'a> {
    pub(super) fn new(values: &'a DMatrix<f64>) -> Self {
        let n = values.nrows();
        let rows = values.transpose();
        let mean: Vec<f64> = values.column_iter().map(|c| c.mean()).collect();
        let total = values
            .column_iter()
            .zip(&mean)
            .map(|(c, m)| c.iter().map(|x| (x - m).powi(2)).sum())
            .collect();
        let pairs: Vec<f64> = if n <= PAIRS_UP_TO {
            (0..n)
                .into_par_iter()
                .flat_map_iter(|i| {
                    let rows = &rows;
                    let left = rows.column(i).data.into_slice().to_vec();
                    (i + 1..n).map(move |j| gap(&left, rows.column(j).data.into_slice()))
                })
                .collect()
        } else {
            Vec::new()
        };
        let mut rising: Vec<u32> = (0..pairs.len() as u32).collect();
        rising.par_sort_by(|a, b| pairs[*a as usize].total_cmp(&pairs[*b as usize]));
        let mut centred = values.clone();
        for (mut column, mean) in centred.column_iter_mut().zip(&mean) {
            column.add_scalar_mut(-mean);
        }
        let covariance = centred.tr_mul(&centred) / (n.max(2) - 1) as f64;
        let axes = falling(covariance, values.ncols()).0.into_iter().map(f64::sqrt).collect();
        Self { values, rows, mean, total, pairs, rising, axes }
    }

    fn row(&self, i: usize) -> &[f64] {
        self.rows.column(i).data.into_slice()
    }

    /// All indices of the partition `labels` (1..=k, `k >= 2`).
    pub(super) fn all(&self, labels: &[usize], k: usize) -> Judged {
        let n = labels.len();
        let p = self.values.ncols();
        let centers = means(self.values, labels, k);
        let center: Vec<Vec<f64>> =
            (0..k).map(|c| centers.row(c).iter().copied().collect()).collect();
        let w = withinss(self.values, labels, k);
        let within: f64 = w.iter().sum();
        let total: f64 = self.total.iter().sum();
        let mut size = vec![0.0; k];
        for l in labels {
            size[l - 1] += 1.0;
        }
        let own: Vec<f64> =
            labels.iter().enumerate().map(|(i, l)| gap(self.row(i), &center[l - 1])).collect();
        let apart = |a: usize, b: usize| gap(&center[a], &center[b]);
        let between_centers =
            || (0..k).flat_map(|a| (a + 1..k).map(move |b| (a, b))).map(|(a, b)| apart(a, b));
        let nearest_centers = between_centers().fold(f64::INFINITY, f64::min);
        let farthest_centers = between_centers().fold(0.0, f64::max);
        let nf = n as f64;
        let kf = k as f64;
        let pairwise = self.pairwise(labels);
        let from_pairs =
            |pick: fn(&Pairwise) -> Value| pairwise.as_ref().map_err(|e| *e).and_then(pick);
        let dets = self.determinants(labels, &centers, &size, n, p, k);
        let from_dets = |pick: fn(&Determinants) -> f64| {
            dets.as_ref().map_err(|e| *e).and_then(|d| finite(pick(d), SINGULAR))
        };
        let calinski = if n > k {
            finite((total - within) / (kf - 1.0) / (within / (nf - kf)), ALONE)
        } else {
            Err(FEW)
        };
        let davies = {
            let mut spread = vec![0.0; k];
            own.iter().zip(labels).for_each(|(d, l)| spread[l - 1] += d / size[l - 1]);
            let worst = |a: usize| {
                (0..k)
                    .filter(|b| *b != a)
                    .map(|b| (spread[a] + spread[b]) / apart(a, b))
                    .fold(0.0, f64::max)
            };
            finite((0..k).map(worst).sum::<f64>() / kf, COINCIDE)
        };
        let wemmert = {
            let mut ratio = vec![0.0; k];
            for (i, label) in labels.iter().enumerate() {
                let other = (0..k)
                    .filter(|c| c + 1 != *label)
                    .map(|c| gap(self.row(i), &center[c]))
                    .fold(f64::INFINITY, f64::min);
                ratio[label - 1] += if own[i] == 0.0 { 0.0 } else { own[i] / other };
            }
            let kept = ratio.iter().zip(&size).map(|(r, s)| s * (1.0 - r / s).max(0.0));
            finite(kept.sum::<f64>() / nf, COINCIDE)
        };
        let pbm = {
            let all: f64 = (0..n).map(|i| gap(self.row(i), &self.mean)).sum();
            finite((all / own.iter().sum::<f64>() * farthest_centers / kf).powi(2), ALONE)
        };
        let ratkowsky = {
            let mut inside = vec![0.0; p];
            for (j, slot) in inside.iter_mut().enumerate() {
                *slot = labels
                    .iter()
                    .enumerate()
                    .map(|(i, l)| (self.values[(i, j)] - centers[(l - 1, j)]).powi(2))
                    .sum();
            }
            let shares = inside.iter().zip(&self.total).filter(|(_, t)| **t > 0.0);
            let (mut sum, mut count) = (0.0, 0.0);
            for (within, total) in shares {
                sum += ((total - within) / total).max(0.0).sqrt();
                count += 1.0;
            }
            finite(sum / count / kf.sqrt(), "every column is constant")
        };
        let hubert = pairwise.as_ref().map_err(|e| *e).and_then(|_| {
            let apart: Vec<f64> = (0..k * k).map(|at| apart(at / k, at % k)).collect();
            self.hubert(labels, &apart, k)
        });
        let mean_distances = pairwise.as_ref().map_err(|e| *e).and_then(|q| q.means);
        let dispersion = self.dispersion(labels, &center, &size);
        let ball = w.iter().zip(&size).map(|(w, s)| w / s).sum::<f64>() / kf;
        let values = vec![
            calinski,
            davies,
            from_pairs(|q| finite(q.closest / q.diameter, ALONE)),
            pairwise
                .as_ref()
                .map_err(|e| *e)
                .and_then(|q| finite(within / nf / q.closest.powi(2), COINCIDE)),
            finite(within / nf / nearest_centers.powi(2), COINCIDE),
            wemmert,
            pbm,
            ratkowsky,
            Ok(ball),
            from_pairs(|q| q.point_biserial),
            from_pairs(|q| q.gamma),
            from_pairs(|q| q.g_plus),
            from_pairs(|q| q.c_index),
            from_pairs(|q| q.mcclain_rao),
            from_dets(|d| d.scott),
            from_dets(|d| d.marriot),
            from_dets(|d| d.friedman),
            from_dets(|d| d.rubin),
            if n > k { Ok(within / (nf - kf)) } else { Err(FEW) },
            from_pairs(|q| q.tau),
            hubert,
            Ok(own.iter().sum::<f64>() / nf),
            self.cubic(within, k),
            dispersion.s_dbw,
        ];
        Judged { values, dispersion, mean_distances }
    }

    /// The mean distance to the overall mean, which is `d_index` for one cluster.
    pub(super) fn mean_distance(&self) -> f64 {
        let n = self.values.nrows();
        (0..n).map(|i| gap(self.row(i), &self.mean)).sum::<f64>() / n as f64
    }

    /// Mean distances within and between the clusters of one more partition.
    pub(super) fn mean_distances(&self, labels: &[usize]) -> Result<(f64, f64), &'static str> {
        self.pairwise(labels).and_then(|q| q.means)
    }

    /// The correlation over pairs of units of their distance with that of their clusters' means.
    fn hubert(&self, labels: &[usize], apart: &[f64], k: usize) -> Value {
        let n = labels.len();
        let mut far = Vec::with_capacity(self.pairs.len());
        for i in 0..n {
            let row = &apart[(labels[i] - 1) * k..labels[i] * k];
            far.extend(labels[i + 1..].iter().map(|l| row[l - 1]));
        }
        crate::stats::association::pearson(&self.pairs, &far).ok_or("all distances are equal")
    }

    fn pairwise(&self, labels: &[usize]) -> Result<Pairwise, &'static str> {
        let n = labels.len();
        if self.pairs.is_empty() {
            return Err(if n > PAIRS_UP_TO { LARGE } else { FEW });
        }
        let mut same = Vec::with_capacity(self.pairs.len());
        for i in 0..n {
            same.extend(labels[i + 1..].iter().map(|l| *l == labels[i]));
        }
        let count = same.iter().filter(|s| **s).count();
        let (inside, outside) = (count as f64, (same.len() - count) as f64);
        let (mut sum_in, mut sum_out) = (0.0, 0.0);
        let (mut diameter, mut closest) = (0.0_f64, f64::INFINITY);
        for (d, same) in self.pairs.iter().zip(&same) {
            if *same {
                sum_in += d;
                diameter = diameter.max(*d);
            } else {
                sum_out += d;
                closest = closest.min(*d);
            }
        }
        let all = self.pairs.len() as f64;
        let mean = (sum_in + sum_out) / all;
        let deviations: f64 = self.pairs.iter().map(|d| (d - mean).powi(2)).sum();
        let spread = (inside * outside / all * deviations).sqrt();
        // With m_b - m_w the gap of the two means, the correlation is gap * inside * outside / all / spread.
        let point_biserial = finite(
            (sum_out / outside - sum_in / inside) * inside * outside / all / spread,
            OVERALL,
        );
        // Walk up the distances; a run of equal ones neither agrees nor disagrees within itself.
        let (mut plus, mut minus) = (0.0, 0.0);
        let (mut in_below, mut out_below) = (0.0, 0.0);
        let mut at = 0;
        while at < self.rising.len() {
            let value = self.pairs[self.rising[at] as usize];
            let (mut here_in, mut here_out) = (0.0, 0.0);
            while at < self.rising.len() && self.pairs[self.rising[at] as usize] == value {
                if same[self.rising[at] as usize] {
                    here_in += 1.0;
                } else {
                    here_out += 1.0;
                }
                at += 1;
            }
            plus += here_out * in_below;
            minus += here_in * out_below;
            in_below += here_in;
            out_below += here_out;
        }
        let smallest: f64 = self.rising.iter().take(count).map(|i| self.pairs[*i as usize]).sum();
        let largest: f64 =
            self.rising.iter().rev().take(count).map(|i| self.pairs[*i as usize]).sum();
        Ok(Pairwise {
            closest,
            diameter,
            point_biserial,
            gamma: finite((plus - minus) / (plus + minus), OVERALL),
            g_plus: if inside > 0.0 { Ok(2.0 * minus / (all * (all - 1.0))) } else { Err(OVERALL) },
            c_index: finite((sum_in - smallest) / (largest - smallest), OVERALL),
            mcclain_rao: finite((sum_in / inside) / (sum_out / outside), OVERALL),
            tau: finite(
                (plus - minus) / (inside * outside * (all * (all - 1.0) / 2.0)).sqrt(),
                OVERALL,
            ),
            means: if inside > 0.0 {
                Ok((sum_in / inside, sum_out / outside))
            } else {
                Err(OVERALL)
            },
        })
    }

    fn determinants(
        &self,
        labels: &[usize],
        centers: &DMatrix<f64>,
        size: &[f64],
        n: usize,
        p: usize,
        k: usize,
    ) -> Result<Determinants, &'static str> {
        if n < p + k {
            return Err(SINGULAR);
        }
        let mut residual = self.values.clone();
        for (i, label) in labels.iter().enumerate() {
            for j in 0..p {
                residual[(i, j)] -= centers[(label - 1, j)];
            }
        }
        let w = residual.tr_mul(&residual);
        let mut b = DMatrix::zeros(p, p);
        for (c, size) in size.iter().enumerate() {
            let gap: Vec<f64> = (0..p).map(|j| centers[(c, j)] - self.mean[j]).collect();
            for i in 0..p {
                for j in 0..p {
                    b[(i, j)] += size * gap[i] * gap[j];
                }
            }
        }
        // Determinants through Cholesky factors, in logarithms so that many columns do not overflow.
        let factor = |m: &DMatrix<f64>| {
            let scale = m.diagonal().max();
            let factor = m.clone().cholesky()?;
            let pivots = factor.l_dirty().diagonal();
            (pivots.min().powi(2) > 1e-12 * scale).then_some(factor)
        };
        let log_det = |c: &nalgebra::Cholesky<f64, nalgebra::Dyn>| -> f64 {
            2.0 * c.l_dirty().diagonal().iter().map(|x| x.ln()).sum::<f64>()
        };
        let inner = factor(&w).ok_or(SINGULAR)?;
        let outer = factor(&(&w + &b)).ok_or(SINGULAR)?;
        let (det_w, det_t) = (log_det(&inner), log_det(&outer));
        Ok(Determinants {
            scott: n as f64 * (det_t - det_w),
            marriot: (k as f64).powi(2) * det_w.exp(),
            friedman: inner.solve(&b).trace(),
            rubin: (det_t - det_w).exp(),
        })
    }
}

struct Pairwise {
    closest: f64,
    diameter: f64,
    point_biserial: Value,
    gamma: Value,
    g_plus: Value,
    c_index: Value,
    mcclain_rao: Value,
    tau: Value,
    /// Mean distances within and between.
    means: Result<(f64, f64), &'static str>,
}

struct Determinants {
    scott: f64,
    marriot: f64,
    friedman: f64,
    rubin: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index `name` of points on a line.
    fn index(at: &[f64], labels: &[usize], name: &str) -> f64 {
        let values = DMatrix::from_column_slice(at.len(), 1, at);
        let k = labels.iter().copied().max().unwrap();
        let judged = Ground::new(&values).all(labels, k);
        let position = NAMES.iter().position(|n| *n == name).unwrap();
        judged.values[position].unwrap()
    }

    #[test]
    fn two_pairs_on_a_line_by_hand() {
        let (at, labels) = ([0.0, 1.0, 4.0, 5.0], [1, 1, 2, 2]);
        let near = |name: &str, want: f64| {
            let got = index(&at, &labels, name);
            assert!((got - want).abs() < 1e-12, "{name}: {got} {want}");
        };
        // Two distances within, four between, each of the two less than each of the four.
        near("tau", 8.0 / (2.0 * 4.0 * 15.0_f64).sqrt());
        near("hubert", 2.0 * (3.0_f64 / 14.0).sqrt());
        near("trace_cov_w", 0.5);
        near("d_index", 0.5);
        // No unit lies within sqrt(1/2)/2 of a mean, so the density between counts nothing.
        near("s_dbw", 1.0 / 17.0);
        // One axis, u = 2: E(R^2) = 1 - 1/6/4 (2^2/4) 2 = 11/12, R^2 = 16/17.
        let ccc = (17.0_f64 / 12.0).ln() * 2_f64.sqrt() / (0.001 + 11.0 / 12.0_f64).powf(1.2);
        near("ccc", ccc);
    }

    #[test]
    fn density_between_touching_clusters_by_hand() {
        // Radius sqrt(4/3)/2 < 1: one unit at each mean, two in the middle; scatter (2/3)/(5/3).
        let got = index(&[0.0, 1.0, 2.0, 2.0, 3.0, 4.0], &[1, 1, 1, 2, 2, 2], "s_dbw");
        assert!((got - 2.4).abs() < 1e-12, "{got}");
    }
}
