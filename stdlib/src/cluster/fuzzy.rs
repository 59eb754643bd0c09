//! Fuzzy c-means.
//!
//! Minimises `sum_ic u_ic^m |x_i - v_c|^2` over memberships `u` that sum to 1 for each unit and
//! centres `v` (Bezdek, 1981), by turns: `u_ic` proportional to `|x_i - v_c|^(-2/(m - 1))`, `v_c` the mean
//! weighted by `u^m`. `m` above 1 is the fuzziness; with many columns all distances are much alike and
//! the usual 2 gives every unit nearly equal memberships: the result then says so.
//! The best of several starts (seeded as k-means is) is returned; start `s` draws from stream `s`.

use std::sync::Arc;

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::basis::Basis;
use super::distance::Metric;
use super::error::ClusterError;
use super::kmeans::check_k;
use super::lloyd::Rows;
use super::partition::{Clustering, number_by_appearance};
use super::seeding::plus_plus;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::Matrix;

/// How to run fuzzy c-means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FcmParams {
    /// Fuzziness, greater than 1; 2 by default.
    pub m: f64,
    /// Starts, at least 1; 10 by default.
    pub starts: usize,
    /// Seed; 1 by default.
    pub seed: u64,
    /// Rounds in one start, at least 1; 1000 by default.
    pub max_iterations: usize,
}

impl Default for FcmParams {
    fn default() -> Self {
        Self { m: 2.0, starts: 10, seed: 1, max_iterations: 1000 }
    }
}

/// One start's end: memberships (`k` by `n`), centres (`p` by `k`), objective, rounds, at rest.
type Run = (DMatrix<f64>, DMatrix<f64>, f64, usize, bool);

/// The fuzzy partition of the rows of `data` into `k` clusters.
pub fn fcm(
    data: Arc<Matrix>,
    k: usize,
    params: &FcmParams,
    context: &Context,
) -> Result<Clustering> {
    let (n, p) = data.values.shape();
    check_k("fcm", k, n)?;
    let bad = |parameter, rule: &str, value: String| Error::Invalid {
        primitive: "fcm",
        parameter,
        rule: rule.into(),
        value,
    };
    if !(params.m.is_finite() && params.m > 1.0) {
        return Err(bad("m", "be greater than 1", params.m.to_string()));
    }
    if params.starts == 0 || params.max_iterations == 0 {
        let name = if params.starts == 0 { "starts" } else { "max_iterations" };
        return Err(bad(name, "be at least 1", "0".into()));
    }
    let rows = Rows::centred(&data.values);
    let distinct = rows.distinct(k);
    if distinct < k {
        return Err(ClusterError::Distinct { primitive: "fcm", k, distinct }.into());
    }
    let runs: Vec<Run> = (0..params.starts)
        .into_par_iter()
        .map(|start| {
            let centers = plus_plus(&rows, k, params.seed, start as u64, context)?;
            alternate(&rows, centers, params, context)
        })
        .collect::<Result<_>>()?;
    let mut best = 0;
    for (start, run) in runs.iter().enumerate() {
        if run.2 < runs[best].2 * (1.0 - 1e-12) {
            best = start;
        }
    }
    let (membership, centers, objective, rounds, rested) =
        runs.into_iter().nth(best).expect("there is at least one start");
    let hard: Vec<usize> = membership.column_iter().map(|column| column.imax()).collect();
    let labels = number_by_appearance(&hard);
    // Clusters that are nobody's first choice come last, in the order of their starts.
    let mut order: Vec<usize> = Vec::with_capacity(k);
    for cluster in hard.iter().copied().chain(0..k) {
        if !order.contains(&cluster) {
            order.push(cluster);
        }
    }
    let means: Vec<f64> = data.values.column_iter().map(|c| c.mean()).collect();
    let coefficient: f64 = membership.iter().map(|u| u * u).sum::<f64>() / n as f64;
    let method = format!("fuzzy c-means, m = {}, best of {} starts", params.m, params.starts);
    let mut clustering = Clustering::new(labels, method, Basis::data(data, Metric::Euclidean));
    clustering.detail.objective = Some(objective);
    clustering.detail.iterations = Some(rounds);
    clustering.detail.membership =
        Some(DMatrix::from_fn(n, k, |unit, c| membership[(order[c], unit)]));
    clustering.detail.centers =
        Some(DMatrix::from_fn(clustering.k, p, |c, j| centers[(j, order[c])] + means[j]));
    if !rested {
        clustering.warnings.push(format!(
            "memberships were still changing after {} rounds: raise max_iterations",
            params.max_iterations
        ));
    }
    let kf = k as f64;
    if k > 1 && (coefficient * kf - 1.0) / (kf - 1.0) < 0.2 {
        clustering.warnings.push(format!(
            "memberships are nearly equal (partition coefficient {coefficient:.3}, 1/k is {:.3}): \
             with {p} columns m = {} is too fuzzy, try 1.25",
            1.0 / kf,
            params.m
        ));
    }
    if clustering.k < k {
        clustering
            .warnings
            .push(format!("{} of {k} clusters are no unit's first choice", k - clustering.k));
    }
    Ok(clustering)
}

/// Memberships and centres by turns until no membership changes by 1e-10.
fn alternate(
    rows: &Rows,
    mut centers: DMatrix<f64>,
    params: &FcmParams,
    context: &Context,
) -> Result<Run> {
    let (n, p, k) = (rows.n, rows.p, centers.ncols());
    let power = 1.0 / (params.m - 1.0);
    let mut membership = DMatrix::<f64>::zeros(k, n);
    let mut squared = vec![0.0; k];
    let (mut rounds, mut rested) = (0, false);
    let mut objective = f64::INFINITY;
    while rounds < params.max_iterations && !rested {
        context.check()?;
        rounds += 1;
        let mut change: f64 = 0.0;
        objective = 0.0;
        for unit in 0..n {
            for (c, slot) in squared.iter_mut().enumerate() {
                *slot = rows
                    .row(unit)
                    .iter()
                    .zip(centers.column(c).iter())
                    .map(|(x, v)| (x - v) * (x - v))
                    .sum();
            }
            let least = squared.iter().copied().fold(f64::INFINITY, f64::min);
            let weight = |d: f64| {
                if least > 0.0 { (least / d).powf(power) } else { f64::from(u8::from(d == 0.0)) }
            };
            let total: f64 = squared.iter().map(|d| weight(*d)).sum();
            for (c, d) in squared.iter().enumerate() {
                let new = weight(*d) / total;
                change = change.max((new - membership[(c, unit)]).abs());
                membership[(c, unit)] = new;
                objective += new.powf(params.m) * d;
            }
        }
        rested = change < 1e-10;
        let (mut sums, mut weights) = (DMatrix::<f64>::zeros(p, k), vec![0.0_f64; k]);
        for unit in 0..n {
            for (c, total) in weights.iter_mut().enumerate() {
                let weight = membership[(c, unit)].powf(params.m);
                *total += weight;
                for (j, x) in rows.row(unit).iter().enumerate() {
                    sums[(j, c)] += weight * x;
                }
            }
        }
        for (c, total) in weights.iter().enumerate().filter(|(_, t)| **t > 0.0) {
            centers.set_column(c, &(sums.column(c) / *total));
        }
    }
    Ok((membership, centers, objective, rounds, rested))
}
