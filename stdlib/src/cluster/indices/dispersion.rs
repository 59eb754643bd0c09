//! Criteria that weigh the clusters' variances: SD, `S_Dbw` and the cubic clustering criterion.

use nalgebra::DMatrix;

use super::{COINCIDE, Ground, Value, finite, gap};
use crate::cluster::partition::withinss;

const CONSTANT: &str = "every column is constant";

/// What the variances say of a partition.
pub(in crate::cluster) struct Dispersion {
    /// Mean over the clusters of the length of their vector of variances, over that of the data.
    pub scatter: Value,
    /// How close the means are: largest over smallest distance, times the sum over the means of one
    /// over the sum of distances to the others.
    pub closeness: Value,
    /// `S_Dbw`.
    pub s_dbw: Value,
}

impl Ground<'_> {
    /// Halkidi, Vazirgiannis and Batistakis (2000) and Halkidi and Vazirgiannis (2001); variances
    /// divide by the number of units.
    pub(super) fn dispersion(
        &self,
        labels: &[usize],
        center: &[Vec<f64>],
        size: &[f64],
    ) -> Dispersion {
        let (n, p, k) = (labels.len(), self.values.ncols(), center.len());
        let mut lengths = vec![0.0; k];
        for column in 0..p {
            let one = DMatrix::from_column_slice(n, 1, self.values.column(column).as_slice());
            for (c, w) in withinss(&one, labels, k).into_iter().enumerate() {
                lengths[c] += (w / size[c]).powi(2);
            }
        }
        lengths.iter_mut().for_each(|l| *l = l.sqrt());
        let sum: f64 = lengths.iter().sum();
        let of_data = self.total.iter().map(|t| (t / n as f64).powi(2)).sum::<f64>().sqrt();
        let scatter = finite(sum / k as f64 / of_data, CONSTANT);
        let (mut nearest, mut farthest, mut inverse) = (f64::INFINITY, 0.0_f64, 0.0);
        for a in 0..k {
            let mut all = 0.0;
            for b in (0..k).filter(|b| *b != a) {
                let d = gap(&center[a], &center[b]);
                nearest = nearest.min(d);
                farthest = farthest.max(d);
                all += d;
            }
            inverse += 1.0 / all;
        }
        let closeness = finite(farthest / nearest * inverse, COINCIDE);
        let between = self.density_between(labels, center, sum.sqrt() / k as f64);
        let s_dbw = scatter.map(|scatter| scatter + between);
        Dispersion { scatter, closeness, s_dbw }
    }

    /// The mean over pairs of clusters of the units within `radius` of the middle of their means over
    /// those within it of the denser mean, units of the two clusters counted; 0 for a pair without any.
    fn density_between(&self, labels: &[usize], center: &[Vec<f64>], radius: f64) -> f64 {
        let k = center.len();
        let mut members = vec![Vec::new(); k];
        labels.iter().enumerate().for_each(|(i, l)| members[l - 1].push(i));
        let within = |c: usize, point: &[f64]| {
            members[c].iter().filter(|i| gap(self.row(**i), point) <= radius).count()
        };
        let at_mean: Vec<usize> = (0..k).map(|c| within(c, &center[c])).collect();
        let mut sum = 0.0;
        for a in 0..k {
            for b in a + 1..k {
                let densest = at_mean[a].max(at_mean[b]);
                if densest > 0 {
                    let middle: Vec<f64> = center[a]
                        .iter()
                        .zip(&center[b])
                        .map(|(x, y)| f64::midpoint(*x, *y))
                        .collect();
                    sum += (within(a, &middle) + within(b, &middle)) as f64 / densest as f64;
                }
            }
        }
        2.0 * sum / (k * (k - 1)) as f64
    }

    /// The cubic clustering criterion (Sarle, 1983): how far `R^2 = 1 - W/T` lies above what uniform
    /// data of the same principal axes would give in `k` clusters, on a stabilised scale.
    ///
    /// With `s_j` the standard deviations along the axes, falling, `d` is the largest number of axes
    /// less than `k` for which `u_d >= 1`, where `c = (s_1 ... s_d / k)^(1/d)` and `u_j = s_j / c`.
    pub(super) fn cubic(&self, within: f64, k: usize) -> Value {
        const NO_AXIS: &str = "no axis is long enough";
        let (n, p) = self.values.shape();
        let s = &self.axes;
        let edge = |d: usize| {
            let log: f64 = s[..d].iter().map(|s| s.ln()).sum();
            ((log - (k as f64).ln()) / d as f64).exp()
        };
        let d = (1..=p.min(k - 1)).rev().find(|d| s[*d - 1] / edge(*d) >= 1.0).ok_or(NO_AXIS)?;
        let c = edge(d);
        let u: Vec<f64> = s.iter().map(|s| s / c).collect();
        let n = n as f64;
        let along: f64 = u[..d].iter().map(|u| 1.0 / (n + u)).sum();
        let across: f64 = u[d..].iter().map(|u| u * u / (n + u)).sum();
        let squares: f64 = u.iter().map(|u| u * u).sum();
        let k = k as f64;
        let expected = 1.0 - (along + across) / squares * ((n - k).powi(2) / n) * (1.0 + 4.0 / n);
        let share_out = within / self.total.iter().sum::<f64>();
        let scale = (n * d as f64 / 2.0).sqrt() / (0.001 + expected).powf(1.2);
        finite(((1.0 - expected) / share_out).ln() * scale, "nothing is left within the clusters")
    }
}
