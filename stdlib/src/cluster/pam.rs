//! Partition around medoids.
//!
//! Minimises the sum over units of the distance to the nearest of `k` medoids, which are units
//! themselves (Kaufman and Rousseeuw, 1990). The start is their BUILD; then any swap of a medoid for
//! another unit that lowers the sum is made at once, the best medoid to give up being found for all
//! `k` together (`FasterPAM`: Schubert and Rousseeuw, 2021, algorithm 3). It ends where no single swap
//! helps, as PAM does, in as many passes as PAM needs swaps or fewer.
//!
//! `objective` is the mean distance to the medoid, as R's `pam` prints it. CLARA runs the same on
//! samples and keeps the medoids that serve all units best.

use rand::RngExt;
use rayon::prelude::*;

use super::basis::{Basis, Rows};
use super::distance::{Metric, check_bytes};
use super::error::ClusterError;
use super::kmeans::check_k;
use super::lanes;
use super::method::Method;
use super::partition::{Clustering, number_by_appearance};
use crate::context::{Context, rng};
use crate::error::{Error, Result};

/// Up to this many units the swaps are also made in PAM's own order, the best of all at a time: the
/// two can end in different optima, and the better one is kept.
const STEEPEST_UP_TO: usize = 1000;

/// Rows of stored distances written together: what one reads of a triangle's row the next ones need.
const BAND: usize = 32;

/// All distances, row after row.
pub(super) struct Square {
    n: usize,
    values: Vec<f64>,
}

impl Square {
    pub(super) fn new(basis: &Basis, primitive: &'static str, context: &Context) -> Result<Self> {
        let n = basis.len();
        check_bytes(primitive, n, 8 * (n as u64).pow(2))?;
        let rows = basis.rows(primitive)?;
        let mut values = vec![0.0; n * n];
        if let Rows::Stored(distances) = &rows {
            values.par_chunks_mut(BAND * n.max(1)).enumerate().try_for_each(|(band, rows)| {
                context.check()?;
                distances.rows_into(band * BAND, rows);
                Ok::<(), Error>(())
            })?;
        } else {
            values.par_chunks_mut(n.max(1)).enumerate().try_for_each(|(i, row)| {
                context.check()?;
                rows.fill(i, row);
                Ok::<(), Error>(())
            })?;
        }
        Ok(Self { n, values })
    }

    #[inline]
    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n..(i + 1) * self.n]
    }
}

/// Medoids and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Medoids {
    /// Medoids, `k` unit numbers.
    pub units: Vec<usize>,
    /// Sum of distances to the nearest medoid.
    pub cost: f64,
    /// Passes over the units.
    pub passes: usize,
}

/// The partition of the units of `basis` around `k` medoids.
pub fn pam(basis: Basis, k: usize, context: &Context) -> Result<Clustering> {
    check_k("pam", k, basis.len())?;
    let square = Square::new(&basis, "pam", context)?;
    let start = build(&square, k, context)?;
    let mut found = swap(&square, start.clone(), context)?;
    if square.n <= STEEPEST_UP_TO && k > 1 {
        let steepest = swap_steepest(&square, start, context)?;
        if steepest.cost < found.cost * (1.0 - 1e-12) {
            found = steepest;
        }
    }
    let nearest: Vec<usize> =
        (0..square.n).map(|unit| serve(&square, &found.units, unit)).collect();
    let cost = found.cost / square.n as f64;
    let passes = found.passes;
    let method = format!("partition around medoids (FasterPAM), {} distance", basis.metric_name());
    // Distances alone have no metric of their own; the method then never asks for it.
    let metric = match &basis {
        Basis::Data { metric, .. } => *metric,
        Basis::Distances(_) => Metric::Euclidean,
    };
    let mut clustering = around(&nearest, &found.units, cost, passes, method, basis);
    clustering.recipe = Some(Method::Pam(metric));
    Ok(clustering)
}

/// How to sample for CLARA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaraParams {
    /// Samples, at least 1; 10 by default.
    pub samples: usize,
    /// Units in a sample; `80 + 4 k` when `None`.
    pub size: Option<usize>,
    /// Seed; 1 by default.
    pub seed: u64,
}

impl Default for ClaraParams {
    fn default() -> Self {
        Self { samples: 10, size: None, seed: 1 }
    }
}

/// PAM on samples (Kaufman and Rousseeuw, 1986); each sample after the first holds the best medoids
/// so far, which costs a sample nothing and never loses them.
pub fn clara(
    basis: Basis,
    k: usize,
    params: &ClaraParams,
    context: &Context,
) -> Result<Clustering> {
    let n = basis.len();
    check_k("clara", k, n)?;
    let size = params.size.unwrap_or(80 + 4 * k).min(n);
    for (parameter, value, least) in
        [("samples", params.samples, 1), ("size", size, (k + 1).min(n))]
    {
        if value < least {
            return Err(Error::Invalid {
                primitive: "clara",
                parameter,
                rule: format!("be at least {least}"),
                value: value.to_string(),
            });
        }
    }
    let rows = basis.rows("clara")?;
    let mut best: Option<(f64, Vec<usize>, Vec<usize>, usize)> = None;
    for sample in 0..params.samples {
        context.check()?;
        context.report("clara", sample as u64, params.samples as u64);
        let mut picked: Vec<usize> = best.as_ref().map_or_else(Vec::new, |b| b.1.clone());
        let mut draw = rng(params.seed, sample as u64);
        let mut taken = vec![false; n];
        for unit in &picked {
            taken[*unit] = true;
        }
        let mut rest: Vec<usize> = (0..n).filter(|unit| !taken[*unit]).collect();
        while picked.len() < size && !rest.is_empty() {
            picked.push(rest.swap_remove(draw.random_range(0..rest.len())));
        }
        picked.sort_unstable();
        let mut row = vec![0.0; n];
        let mut values = Vec::with_capacity(picked.len() * picked.len());
        for unit in &picked {
            rows.fill(*unit, &mut row);
            values.extend(picked.iter().map(|other| row[*other]));
        }
        let square = Square { n: picked.len(), values };
        let found = swap(&square, build(&square, k, context)?, context)?;
        let medoids: Vec<usize> = found.units.iter().map(|m| picked[*m]).collect();
        let mut nearest = vec![(f64::INFINITY, 0); n];
        for (position, medoid) in medoids.iter().enumerate() {
            rows.fill(*medoid, &mut row);
            for (slot, distance) in nearest.iter_mut().zip(&row) {
                if *distance < slot.0 {
                    *slot = (*distance, position);
                }
            }
        }
        let cost = nearest.iter().map(|(d, _)| d).sum::<f64>() / n as f64;
        if best.as_ref().is_none_or(|b| cost < b.0) {
            let served = nearest.iter().map(|(_, position)| *position).collect();
            best = Some((cost, medoids, served, found.passes));
        }
    }
    let (cost, medoids, served, passes) = best.ok_or_else(|| ClusterError::NoSolution {
        primitive: "clara",
        reason: "no distance is finite".into(),
    })?;
    drop(rows);
    let method = format!(
        "CLARA, {} sample{} of {size}, {} distance",
        params.samples,
        if params.samples == 1 { "" } else { "s" },
        basis.metric_name()
    );
    Ok(around(&served, &medoids, cost, passes, method, basis))
}

/// The clustering in which unit `i` belongs to the medoid at position `nearest[i]`.
fn around(
    nearest: &[usize],
    medoids: &[usize],
    cost: f64,
    passes: usize,
    method: String,
    basis: Basis,
) -> Clustering {
    let labels = number_by_appearance(nearest);
    let mut clustering = Clustering::new(labels, method, basis);
    let mut own = vec![0; clustering.k];
    for (unit, position) in nearest.iter().enumerate() {
        own[clustering.labels[unit] - 1] = medoids[*position];
    }
    if clustering.k < medoids.len() {
        clustering.warnings.push(format!(
            "{} medoids coincide with others: only {} clusters are different",
            medoids.len() - clustering.k,
            clustering.k
        ));
    }
    clustering.detail.objective = Some(cost);
    clustering.detail.iterations = Some(passes);
    clustering.detail.medoids = Some(own);
    clustering
}

/// Position of the medoid nearest to `unit`, of equals the first.
fn serve(square: &Square, medoids: &[usize], unit: usize) -> usize {
    let row = square.row(unit);
    let mut best = (f64::INFINITY, 0);
    for (position, medoid) in medoids.iter().enumerate() {
        if row[*medoid] < best.0 {
            best = (row[*medoid], position);
        }
    }
    best.1
}

/// BUILD: the most central unit, then again and again the unit that lowers the sum most.
pub(super) fn build(square: &Square, k: usize, context: &Context) -> Result<Vec<usize>> {
    let n = square.n;
    let mut nearest = vec![f64::INFINITY; n];
    let mut medoids: Vec<usize> = Vec::with_capacity(k);
    for _ in 0..k {
        context.check()?;
        let sums: Vec<f64> = (0..n)
            .into_par_iter()
            .map(|candidate| lanes::sum_of_lesser(square.row(candidate), &nearest))
            .collect();
        let mut best = (f64::INFINITY, 0);
        for (candidate, sum) in sums.iter().enumerate() {
            if *sum < best.0 && !medoids.contains(&candidate) {
                best = (*sum, candidate);
            }
        }
        medoids.push(best.1);
        nearest.iter_mut().zip(square.row(best.1)).for_each(|(best, d)| *best = best.min(*d));
    }
    Ok(medoids)
}

/// Nearest and second nearest medoid of a unit.
#[derive(Debug, Clone, Copy)]
struct Served {
    first: f64,
    second: f64,
    medoid: u32,
}

fn serve_two(square: &Square, medoids: &[usize], unit: usize) -> Served {
    let row = square.row(unit);
    let mut served = Served { first: f64::INFINITY, second: f64::INFINITY, medoid: 0 };
    for (position, medoid) in medoids.iter().enumerate() {
        let d = row[*medoid];
        if d < served.first {
            served.second = served.first;
            served.first = d;
            served.medoid = position as u32;
        } else if d < served.second {
            served.second = d;
        }
    }
    served
}

/// `FasterPAM`'s swaps from `medoids` on.
pub(super) fn swap(square: &Square, mut medoids: Vec<usize>, context: &Context) -> Result<Medoids> {
    let (n, k) = (square.n, medoids.len());
    if k == 1 {
        // BUILD's first medoid is the best there is.
        let cost = square.row(medoids[0]).iter().sum();
        return Ok(Medoids { units: medoids, cost, passes: 1 });
    }
    let mut is_medoid = vec![false; n];
    for m in &medoids {
        is_medoid[*m] = true;
    }
    let mut served: Vec<Served> = (0..n).map(|u| serve_two(square, &medoids, u)).collect();
    let mut removal = removal_losses(&served, k);
    let mut passes = 0;
    let mut last_swap = n;
    'search: loop {
        passes += 1;
        for candidate in 0..n {
            if candidate == last_swap {
                break 'search;
            }
            if is_medoid[candidate] {
                continue;
            }
            if candidate % 128 == 0 {
                context.check()?;
            }
            let (change, position) = best_swap(square.row(candidate), &served, &removal);
            // A change lost in rounding is none: without this bar two equal swaps could alternate.
            if change >= -1e-12 * served[candidate].first {
                continue;
            }
            is_medoid[medoids[position]] = false;
            is_medoid[candidate] = true;
            medoids[position] = candidate;
            reserve(square, &medoids, &mut served, position);
            removal = removal_losses(&served, k);
            last_swap = candidate;
        }
        if last_swap == n {
            break;
        }
    }
    let cost = served.iter().map(|s| s.first).sum();
    Ok(Medoids { units: medoids, cost, passes })
}

/// PAM's swaps: of all pairs of a medoid and another unit the one that lowers the sum most, until
/// none does.
fn swap_steepest(square: &Square, mut medoids: Vec<usize>, context: &Context) -> Result<Medoids> {
    let (n, k) = (square.n, medoids.len());
    let mut served: Vec<Served> = (0..n).map(|u| serve_two(square, &medoids, u)).collect();
    let mut passes = 0;
    loop {
        context.check()?;
        passes += 1;
        let removal = removal_losses(&served, k);
        let changes: Vec<(f64, usize)> = (0..n)
            .into_par_iter()
            .map(|candidate| best_swap(square.row(candidate), &served, &removal))
            .collect();
        let mut best = (f64::INFINITY, 0, 0);
        for (candidate, (change, position)) in changes.into_iter().enumerate() {
            if change < best.0 && !medoids.contains(&candidate) {
                best = (change, candidate, position);
            }
        }
        let cost: f64 = served.iter().map(|s| s.first).sum();
        let (change, candidate, position) = best;
        if change >= -1e-12 * cost {
            return Ok(Medoids { units: medoids, cost, passes });
        }
        medoids[position] = candidate;
        reserve(square, &medoids, &mut served, position);
    }
}

/// What losing each medoid costs.
fn removal_losses(served: &[Served], k: usize) -> Vec<f64> {
    let mut losses = vec![0.0; k];
    for unit in served {
        losses[unit.medoid as usize] += unit.second - unit.first;
    }
    losses
}

/// The change of the sum if the unit with distances `row` became a medoid in place of the one that
/// is best given up.
fn best_swap(row: &[f64], served: &[Served], removal: &[f64]) -> (f64, usize) {
    let mut loss = removal.to_vec();
    let mut gain = 0.0;
    for (d, unit) in row.iter().zip(served) {
        if *d < unit.first {
            gain += d - unit.first;
            loss[unit.medoid as usize] += unit.first - unit.second;
        } else if *d < unit.second {
            loss[unit.medoid as usize] += d - unit.second;
        }
    }
    let mut best = (f64::INFINITY, 0);
    for (position, loss) in loss.iter().enumerate() {
        if *loss < best.0 {
            best = (*loss, position);
        }
    }
    (best.0 + gain, best.1)
}

/// Brings nearest and second nearest up to date after the medoid at `position` changed.
fn reserve(square: &Square, medoids: &[usize], served: &mut [Served], position: usize) {
    let row = square.row(medoids[position]);
    for (unit, (slot, d)) in served.iter_mut().zip(row).enumerate() {
        if slot.medoid as usize == position {
            if *d <= slot.second {
                // Still nearest; the second nearest is another medoid and has not moved.
                slot.first = *d;
            } else {
                *slot = serve_two(square, medoids, unit);
            }
        } else if *d < slot.first {
            slot.second = slot.first;
            slot.first = *d;
            slot.medoid = position as u32;
        } else if *d <= slot.second {
            slot.second = *d;
        } else {
            // The medoid given up may have been the second nearest.
            *slot = serve_two(square, medoids, unit);
        }
    }
}
