//! Centres to start from (k-means++; Arthur and Vassilvitskii, 2007).

// What stays a call of its own within `widest` keeps the narrow vectors.
#![allow(clippy::inline_always)]

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;

use super::lanes::{self, squared_gap};
use super::lloyd::{CHUNK, Rows};
use super::nearest::{Centers, LANES, Lanes, Search, lesser};
use crate::context::{Context, rng};
use crate::error::Result;
use crate::simd::widest;

/// Part of the squared lengths below which a squared distance has lost digits as their difference.
const CLOSE: f64 = 1e-6;

/// Weights summed up together in a draw.
const RUN: usize = 64;

/// Centres (`p` by `k`) drawn with probability proportional to the squared distance from those drawn
/// before; of several candidates the one that lowers the sum of squares most.
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
    let mut nearest = vec![f64::INFINITY; rows.n];
    // Of each row what its weight becomes with each candidate.
    let mut lowered = vec![0.0; rows.n * trials];
    let mut sums = lower(rows, &[first], &nearest, &mut lowered[..rows.n], context)?;
    nearest.copy_from_slice(&lowered[..rows.n]);
    for c in 1..k {
        let mut drawn = Vec::with_capacity(trials);
        for _ in 0..trials {
            let target = rng.random::<f64>() * sums[0];
            // Every row coincides with a centre: any row will do, and ends up alone or empty.
            drawn.push(draw(&nearest, target).unwrap_or(c % rows.n));
        }
        let found = lower(rows, &drawn, &nearest, &mut lowered, context)?;
        let best = (1..trials).fold(
            0,
            |best, trial| {
                if found[trial] < found[best] { trial } else { best }
            },
        );
        centers.column_mut(c).copy_from_slice(rows.row(drawn[best]));
        for (nearest, lowered) in nearest.iter_mut().zip(lowered.chunks_exact(trials)) {
            *nearest = lowered[best];
        }
        sums = vec![found[best]];
    }
    Ok(centers)
}

/// The row at which the weights, added up, reach `target`; the last of any weight if none does.
fn draw(weights: &[f64], mut target: f64) -> Option<usize> {
    let mut last = None;
    for (number, run) in weights.chunks(RUN).enumerate() {
        let sum = lanes::sum(run);
        if sum < target {
            target -= sum;
            last = if sum > 0.0 { Some(number) } else { last };
            continue;
        }
        for (at, weight) in run.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            target -= weight;
            if target <= 0.0 {
                return Some(number * RUN + at);
            }
        }
        last = if sum > 0.0 { Some(number) } else { last };
    }
    let run = last?;
    (run * RUN..weights.len().min((run + 1) * RUN)).rfind(|row| weights[*row] > 0.0)
}

/// Squared distances of all rows to each of the `drawn` ones, or `nearest` where that is less, row after
/// row; and their sums.
fn lower(
    rows: &Rows,
    drawn: &[usize],
    nearest: &[f64],
    out: &mut [f64],
    context: &Context,
) -> Result<Vec<f64>> {
    let trials = drawn.len();
    let points: Vec<f64> = drawn.iter().flat_map(|row| rows.row(*row)).copied().collect();
    let centers = Centers::new(&points, trials, rows.p);
    let parts: Vec<Vec<f64>> = out
        .par_chunks_mut(CHUNK * trials)
        .zip(nearest.par_chunks(CHUNK))
        .enumerate()
        .map(|(chunk, (out, nearest))| {
            context.check()?;
            let start = chunk * CHUNK;
            Ok(widest(
                #[inline(always)]
                || lower_some(rows, start, drawn, &centers, nearest, out),
            ))
        })
        .collect::<Result<_>>()?;
    let mut sums = vec![0.0; trials];
    for part in parts {
        sums.iter_mut().zip(&part).for_each(|(sum, x)| *sum += x);
    }
    Ok(sums)
}

#[inline(always)]
fn lower_some(
    rows: &Rows,
    start: usize,
    drawn: &[usize],
    centers: &Centers,
    nearest: &[f64],
    out: &mut [f64],
) -> Vec<f64> {
    let trials = drawn.len();
    let mut room = vec![[0.0; LANES]; rows.p];
    let mut found = Search::new(trials);
    let mut sums = vec![[0.0; LANES]; trials];
    for (number, nearest) in nearest.chunks(LANES).enumerate() {
        let from = start + number * LANES;
        let at = rows.lanes(from / LANES);
        let norms = at.map(|row| rows.norms[row]);
        // Lanes without a row have no weight.
        let old = if let Ok(whole) = <&Lanes>::try_from(nearest) {
            *whole
        } else {
            let mut some = [0.0; LANES];
            some[..nearest.len()].copy_from_slice(nearest);
            some
        };
        found.score(rows.tile(from / LANES, &mut room), centers);
        let out = &mut out[number * LANES * trials..];
        for (trial, scores) in found.scores.iter().enumerate() {
            let point = rows.norms[drawn[trial]];
            let mut squared = [0.0; LANES];
            let mut bar = [0.0; LANES];
            for lane in 0..LANES {
                squared[lane] = norms[lane] + 2.0 * scores[lane];
                bar[lane] = CLOSE * (norms[lane] + point);
            }
            let close = squared.iter().zip(&bar).any(|(squared, bar)| squared <= bar);
            if close {
                let there = rows.row(drawn[trial]);
                for lane in 0..nearest.len() {
                    if squared[lane] <= bar[lane] {
                        squared[lane] = squared_gap(rows.row(from + lane), there);
                    }
                }
            }
            squared = lesser(&squared, &old);
            for lane in 0..LANES {
                sums[trial][lane] += squared[lane];
            }
            for (lane, less) in squared[..nearest.len()].iter().enumerate() {
                out[lane * trials + trial] = *less;
            }
        }
    }
    sums.iter().map(|lanes| lanes.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_land_where_the_weights_reach_the_target() {
        let mut weights = vec![1.0; 200];
        weights[0] = 0.0;
        weights[199] = 0.0;
        assert_eq!(draw(&weights, 0.5), Some(1));
        assert_eq!(draw(&weights, 100.0), Some(100));
        assert_eq!(draw(&weights, 100.5), Some(101));
        assert_eq!(draw(&weights, 1e9), Some(198));
        assert_eq!(draw(&[0.0; 70], 0.0), None);
    }

    #[test]
    fn weights_are_squared_distances_to_the_nearest_point() {
        let values = DMatrix::from_fn(21, 3, |i, j| ((i * 7 + j * 5) % 11) as f64);
        let rows = Rows::centred(&values);
        let gap = |a: usize, b: usize| squared_gap(rows.row(a), rows.row(b));
        let nearest: Vec<f64> = (0..21).map(|row| gap(row, 4)).collect();
        let mut out = vec![0.0; 42];
        let sums = lower(&rows, &[9, 20], &nearest, &mut out, &Context::default()).unwrap();
        for (trial, drawn) in [9, 20].into_iter().enumerate() {
            let expected: Vec<f64> = (0..21).map(|row| gap(row, drawn).min(gap(row, 4))).collect();
            assert!((sums[trial] - expected.iter().sum::<f64>()).abs() < 1e-10);
            for (row, expected) in expected.iter().enumerate() {
                assert!((out[row * 2 + trial] - expected).abs() < 1e-12);
            }
            // Rows that coincide are exactly 0 apart.
            assert_eq!(out[drawn * 2 + trial], 0.0);
        }
    }
}
