//! Hopkins' statistic: do the units lie in clumps at all?
//!
//! With `u_i` the distance from each of `m` points drawn uniformly over the box of the data to the
//! nearest unit and `w_i` that from each of `m` units to the nearest other unit,
//! `H = sum u_i^p / (sum u_i^p + sum w_i^p)`, `p` the number of columns (Hopkins and Skellam, 1954;
//! Cross and Jain, 1982). Under uniform data `H` is Beta(m, m) with mean 0.5; near 1 they clump. One
//! value of it varies widely, so it is drawn many times and given with its standard deviation.
//! `factoextra` leaves the power out, which draws all values towards 0.5.

use rand::RngExt;
use rayon::prelude::*;
use statrs::distribution::{Beta, ContinuousCDF};

use super::error::ClusterError;
use super::lloyd::Rows;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::Matrix;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopkinsParams {
    /// Points in one value; a tenth of the rows, at least 1, when `None`.
    pub points: Option<usize>,
    /// Values drawn, at least 2; 200 by default.
    pub draws: usize,
    /// Seed; 1 by default.
    pub seed: u64,
}

impl Default for HopkinsParams {
    fn default() -> Self {
        Self { points: None, draws: 200, seed: 1 }
    }
}

/// Hopkins' statistic over several draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Hopkins {
    /// Mean over the draws.
    pub mean: f64,
    /// Standard deviation of one draw.
    pub sd: f64,
    /// The draws.
    pub values: Vec<f64>,
    /// Points in one draw.
    pub points: usize,
    /// Probability of at least the mean under one Beta(m, m).
    pub p_value: Option<f64>,
}

/// Hopkins' statistic of the rows of `data`.
pub fn hopkins(data: &Matrix, params: &HopkinsParams, context: &Context) -> Result<Hopkins> {
    let (n, p) = data.values.shape();
    if n < 3 {
        return Err(ClusterError::TooFewRows { primitive: "hopkins", rows: n, needed: 3 }.into());
    }
    let points = params.points.unwrap_or((n / 10).max(1));
    if points == 0 || points >= n {
        return Err(Error::Invalid {
            primitive: "hopkins",
            parameter: "points",
            rule: format!("lie in 1..={}", n - 1),
            value: points.to_string(),
        });
    }
    if params.draws < 2 {
        return Err(Error::Invalid {
            primitive: "hopkins",
            parameter: "draws",
            rule: "be at least 2".into(),
            value: params.draws.to_string(),
        });
    }
    let rows = Rows::centred(&data.values);
    let range: Vec<(f64, f64)> = (0..p)
        .map(|j| {
            (0..n).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), i| {
                (low.min(rows.row(i)[j]), high.max(rows.row(i)[j]))
            })
        })
        .collect();
    let nearest = |point: &[f64], except: Option<usize>| -> f64 {
        (0..n)
            .filter(|i| Some(*i) != except)
            .map(|i| rows.row(i).iter().zip(point).map(|(x, c)| (x - c) * (x - c)).sum::<f64>())
            .fold(f64::INFINITY, f64::min)
            .sqrt()
    };
    let values: Vec<f64> = (0..params.draws)
        .into_par_iter()
        .map(|draw| {
            context.check()?;
            let mut rng = rng(params.seed, draw as u64);
            let mut u = Vec::with_capacity(points);
            for _ in 0..points {
                let point: Vec<f64> = range
                    .iter()
                    .map(|(low, high)| low + (high - low) * rng.random::<f64>())
                    .collect();
                u.push(nearest(&point, None));
            }
            let mut left: Vec<usize> = (0..n).collect();
            let mut w = Vec::with_capacity(points);
            for _ in 0..points {
                let unit = left.swap_remove(rng.random_range(0..left.len()));
                w.push(nearest(rows.row(unit), Some(unit)));
            }
            // The power overflows for many columns: divide by the largest distance first.
            let largest = u.iter().chain(&w).copied().fold(0.0, f64::max);
            if largest <= 0.0 {
                return Ok(0.5);
            }
            let sum = |d: &[f64]| d.iter().map(|x| (x / largest).powi(p as i32)).sum::<f64>();
            Ok(sum(&u) / (sum(&u) + sum(&w)))
        })
        .collect::<Result<_>>()?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let m = points as f64;
    Ok(Hopkins {
        mean,
        sd: crate::stats::sample_sd(&values).unwrap_or(0.0),
        values,
        points,
        p_value: Beta::new(m, m).ok().map(|law| law.sf(mean)),
    })
}
