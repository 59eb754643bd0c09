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

use rayon::prelude::*;

use super::basis::Basis;
use super::distance::Metric;
use super::error::ClusterError;
use super::lloyd::{Rows, lloyd};
use super::method::Method;
use super::partition::{Clustering, number_by_appearance};
use super::seeding::plus_plus;
use super::transfer::transfer;
use crate::choice::Choice;
use crate::context::Context;
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
    let rows = Rows::centred(&data.values);
    kmeans_of(&rows, data, k, params, context)
}

/// [`kmeans`] of `data`, of which `rows` were made.
pub(super) fn kmeans_of(
    rows: &Rows,
    data: Arc<Matrix>,
    k: usize,
    params: &KmeansParams,
    context: &Context,
) -> Result<Clustering> {
    let (best, agreeing) = checked_run(rows, k, params, context)?;
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

/// [`best_run`] of what can be clustered so.
pub(super) fn checked_run(
    rows: &Rows,
    k: usize,
    params: &KmeansParams,
    context: &Context,
) -> Result<(Run, usize)> {
    params.check()?;
    check_k("kmeans", k, rows.n)?;
    let distinct = rows.distinct(k);
    if distinct < k {
        return Err(ClusterError::Distinct { primitive: "kmeans", k, distinct }.into());
    }
    best_run(rows, k, params, context)
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
    if k == 1 {
        // There is one partition.
        return Ok((run(0)?, params.starts));
    }
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
