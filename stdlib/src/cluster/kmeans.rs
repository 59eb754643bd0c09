//! k-means.
//!
//! Minimises the within sum of squares `sum_i |x_i - m_c(i)|^2` over partitions into `k` clusters.
//! Each start seeds centres by k-means++ (Arthur and Vassilvitskii, 2007), iterates Lloyd's two
//! steps to rest with distance bounds (Hamerly, 2010), and then moves single units as long as that
//! lowers the sum of squares (Hartigan, 1975; the transfer criterion of Hartigan and Wong, 1979).
//! The best of `starts` starts is returned, together with how many of them found it.
//!
//! Distances are Euclidean; standardise columns first unless they share a unit. Start `s` draws from
//! random stream `s`, so digits do not depend on the number of threads.

use std::sync::Arc;

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;

use super::basis::Basis;
use super::distance::Metric;
use super::error::ClusterError;
use super::lanes::{self, squared_gap};
use super::lloyd::{Rows, lloyd};
use super::method::Method;
use super::partition::{Clustering, number_by_appearance};
use crate::choice::Choice;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::Matrix;

/// What happens after Lloyd's iterations have come to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refinement {
    /// Units are moved one by one while that lowers the sum of squares.
    HartiganWong,
    /// Nothing.
    Lloyd,
}

impl Choice for Refinement {
    const ALL: &'static [(&'static str, Self)] =
        &[("hartigan_wong", Self::HartiganWong), ("lloyd", Self::Lloyd)];
}

/// How to run k-means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KmeansParams {
    /// Independent starts, at least 1; 25 by default.
    pub starts: usize,
    /// Seed of the starts; 1 by default.
    pub seed: u64,
    /// Rounds over all units in one start, at least 1; 300 by default.
    pub max_iterations: usize,
    /// Refinement; Hartigan and Wong's by default.
    pub refinement: Refinement,
}

impl Default for KmeansParams {
    fn default() -> Self {
        Self { starts: 25, seed: 1, max_iterations: 300, refinement: Refinement::HartiganWong }
    }
}

impl KmeansParams {
    fn check(&self) -> Result<()> {
        for (parameter, value) in [("starts", self.starts), ("max_iterations", self.max_iterations)]
        {
            if value == 0 {
                return Err(Error::Invalid {
                    primitive: "kmeans",
                    parameter,
                    rule: "be at least 1".into(),
                    value: value.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// One start's end.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Cluster of each row, from 0.
    pub labels: Vec<u32>,
    /// Sum of squares within clusters.
    pub withinss: f64,
    /// Rounds over all rows.
    pub iterations: usize,
    /// Whether it came to rest.
    pub converged: bool,
}

/// The best of several k-means partitions of the rows of `data` into `k` clusters.
pub fn kmeans(
    data: Arc<Matrix>,
    k: usize,
    params: &KmeansParams,
    context: &Context,
) -> Result<Clustering> {
    params.check()?;
    check_k("kmeans", k, data.values.nrows())?;
    let rows = Rows::centred(&data.values);
    let distinct = rows.distinct(k);
    if distinct < k {
        return Err(ClusterError::Distinct { primitive: "kmeans", k, distinct }.into());
    }
    let (best, agreeing) = best_run(&rows, k, params, context)?;
    let groups: Vec<usize> = best.labels.iter().map(|l| *l as usize).collect();
    let labels = number_by_appearance(&groups);
    let plural = if params.starts == 1 { "" } else { "s" };
    let method = format!(
        "k-means ({}), best of {} start{plural}, {agreeing} of which found it",
        match params.refinement {
            Refinement::HartiganWong => "Hartigan-Wong",
            Refinement::Lloyd => "Lloyd",
        },
        params.starts
    );
    let mut clustering = Clustering::new(labels, method, Basis::data(data, Metric::Euclidean));
    clustering.detail.objective = Some(clustering.tot_withinss()?);
    clustering.detail.iterations = Some(best.iterations);
    clustering.recipe = Some(Method::Kmeans(*params));
    if !best.converged {
        clustering.warnings.push(format!(
            "the best start was still moving units after {} rounds: raise max_iterations",
            params.max_iterations
        ));
    }
    if params.starts == 1 {
        clustering.warnings.push(
            "one start only: k-means stops at the nearest of many local optima, use 25 or more"
                .into(),
        );
    } else if agreeing == 1 {
        clustering.warnings.push(format!(
            "only one of {} starts found this partition: raise starts",
            params.starts
        ));
    }
    Ok(clustering)
}

/// `1 <= k <= n`.
pub(super) fn check_k(primitive: &'static str, k: usize, rows: usize) -> Result<()> {
    if k == 0 || k > rows {
        return Err(ClusterError::BadK { primitive, k, least: 1, most: rows }.into());
    }
    Ok(())
}

/// The run with the smallest sum of squares (of equals the first), and how many runs reach it.
pub(super) fn best_run(
    rows: &Rows,
    k: usize,
    params: &KmeansParams,
    context: &Context,
) -> Result<(Run, usize)> {
    let run = |start: usize| one_run(rows, k, start as u64, params, context);
    // Few large starts share the threads inside one start; many small ones go side by side.
    let runs: Vec<Run> = if rows.n * k < 200_000 {
        (0..params.starts).into_par_iter().map(run).collect::<Result<_>>()?
    } else {
        (0..params.starts)
            .map(|start| {
                context.report("kmeans", start as u64, params.starts as u64);
                run(start)
            })
            .collect::<Result<_>>()?
    };
    let mut best = 0;
    for (number, run) in runs.iter().enumerate() {
        if run.withinss < runs[best].withinss * (1.0 - 1e-12) {
            best = number;
        }
    }
    let bar = runs[best].withinss * (1.0 + 1e-9);
    let agreeing = runs.iter().filter(|run| run.withinss <= bar).count();
    let run = runs.into_iter().nth(best).expect("there is at least one start");
    Ok((run, agreeing))
}

fn one_run(
    rows: &Rows,
    k: usize,
    stream: u64,
    params: &KmeansParams,
    context: &Context,
) -> Result<Run> {
    let centers = plus_plus(rows, k, params.seed, stream, context)?;
    let mut state = lloyd(rows, centers, params.max_iterations, context)?;
    if params.refinement == Refinement::HartiganWong {
        let left = params.max_iterations.saturating_sub(state.iterations).max(1);
        let (rounds, rested) = transfer(rows, &mut state.labels, k, left, context)?;
        state.iterations += rounds;
        state.converged = rested;
    }
    let withinss = rows.withinss(&state.labels, k);
    Ok(Run {
        labels: state.labels,
        withinss,
        iterations: state.iterations,
        converged: state.converged,
    })
}

/// Centres drawn with probability proportional to the squared distance from those drawn before;
/// of several candidates the one that lowers the sum of squares most.
pub(super) fn plus_plus(
    rows: &Rows,
    k: usize,
    seed: u64,
    stream: u64,
    context: &Context,
) -> Result<DMatrix<f64>> {
    let mut rng = rng(seed, stream);
    let trials = 2 + (k as f64).ln() as usize;
    let mut centers = DMatrix::zeros(rows.p, k);
    let first = rng.random_range(0..rows.n);
    centers.column_mut(0).copy_from_slice(rows.row(first));
    let mut nearest = vec![0.0; rows.n];
    rows.squared_to(rows.row(first), &mut nearest);
    let (mut candidate, mut kept) = (vec![0.0; rows.n], vec![0.0; rows.n]);
    for c in 1..k {
        context.check()?;
        let total = lanes::sum(&nearest);
        let mut best: Option<(f64, usize)> = None;
        for _ in 0..trials {
            let mut target = rng.random::<f64>() * total;
            let mut picked = None;
            for (row, weight) in nearest.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                picked = Some(row);
                target -= weight;
                if target <= 0.0 {
                    break;
                }
            }
            // Every row coincides with a centre: any row will do, and ends up alone or empty.
            let row = picked.unwrap_or(c % rows.n);
            rows.squared_to(rows.row(row), &mut candidate);
            candidate
                .iter_mut()
                .zip(&nearest)
                .for_each(|(new, old)| *new = if *old < *new { *old } else { *new });
            let sum = lanes::sum(&candidate);
            if best.is_none_or(|(least, _)| sum < least) {
                best = Some((sum, row));
                std::mem::swap(&mut candidate, &mut kept);
            }
        }
        let (_, row) = best.expect("there is at least one trial");
        centers.column_mut(c).copy_from_slice(rows.row(row));
        std::mem::swap(&mut nearest, &mut kept);
    }
    Ok(centers)
}

/// Moves single rows while a move lowers the sum of squares; rounds made and whether it rested.
fn transfer(
    rows: &Rows,
    labels: &mut [u32],
    k: usize,
    max_rounds: usize,
    context: &Context,
) -> Result<(usize, bool)> {
    let (mut centers, mut sizes) = rows.means(labels, k);
    let p = rows.p;
    let mut still = 0;
    // A row's label changes while the loop runs.
    #[allow(clippy::needless_range_loop)]
    for round in 0..max_rounds {
        let mut moved = false;
        for unit in 0..rows.n {
            if unit % 4096 == 0 {
                context.check()?;
            }
            // Nothing has moved since this row was last looked at.
            if still >= rows.n {
                return Ok((round + 1, true));
            }
            still += 1;
            let from = labels[unit] as usize;
            if sizes[from] <= 1.0 {
                continue;
            }
            let row = rows.row(unit);
            let own = &centers[from * p..(from + 1) * p];
            let gain = sizes[from] / (sizes[from] - 1.0) * squared_gap(row, own);
            let mut best = (gain * (1.0 - 1e-10), from);
            for to in (0..k).filter(|to| *to != from) {
                let there = &centers[to * p..(to + 1) * p];
                let cost = sizes[to] / (sizes[to] + 1.0) * squared_gap(row, there);
                if cost < best.0 {
                    best = (cost, to);
                }
            }
            let to = best.1;
            if to == from {
                continue;
            }
            for (d, x) in row.iter().enumerate() {
                let out = &mut centers[from * p + d];
                *out += (*out - x) / (sizes[from] - 1.0);
                let into = &mut centers[to * p + d];
                *into += (x - *into) / (sizes[to] + 1.0);
            }
            sizes[from] -= 1.0;
            sizes[to] += 1.0;
            labels[unit] = to as u32;
            moved = true;
            still = 0;
        }
        if !moved {
            return Ok((round + 1, true));
        }
    }
    Ok((max_rounds, false))
}
