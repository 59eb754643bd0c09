//! Bias and bounds of envelopment scores.
//!
//! The smoothed homogeneous bootstrap of Simar and Wilson (1998, Management Science 44); its
//! bandwidth is the normal-reference rule on the inefficient units reflected at 1, rescaled to all
//! units.

use rand::RngExt;
use rayon::prelude::*;

use super::{Activities, DeaParams, Direction, Reference, SHARP};
use crate::context::{Context, rng};
use crate::error::Result;
use crate::frontier::FrontierError;
use crate::frontier::normal::ln_cdf_inverse;
use crate::stats;

/// What the bootstrap says of the scores.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// Scores without the estimated bias.
    pub corrected: Vec<f64>,
    /// Estimated bias of the scores.
    pub bias: Vec<f64>,
    /// Lower bound of efficiency.
    pub lower: Vec<f64>,
    /// Upper bound.
    pub upper: Vec<f64>,
    /// Bandwidth of the smoothed distances.
    pub bandwidth: f64,
}

/// The smoothed homogeneous bootstrap of the distances `1 / te`.
pub(super) fn resample(
    data: &Activities,
    te: &[f64],
    params: &DeaParams,
    context: &Context,
    warnings: &mut Vec<String>,
) -> Result<Bootstrap> {
    let n = te.len();
    let distances: Vec<f64> = te.iter().map(|te| 1.0 / te).collect();
    let beyond: Vec<f64> = distances.iter().copied().filter(|d| *d > 1.0 + SHARP).collect();
    if beyond.len() < 3 {
        return Err(FrontierError::Unsolved {
            primitive: "dea",
            why: format!(
                "the bootstrap needs three inefficient units or more, and there are {}",
                beyond.len()
            ),
        }
        .into());
    }
    let reflected: Vec<f64> = beyond.iter().flat_map(|d| [*d, 2.0 - d]).collect();
    let sd = |values: &[f64]| stats::sample_sd(values).unwrap_or(0.0);
    let quantile = |p: f64| stats::quantile(&reflected, p).unwrap_or(1.0);
    let spread = sd(&reflected).min((quantile(0.75) - quantile(0.25)) / 1.34);
    let (m2, size) = (reflected.len() as f64, n as f64);
    let bandwidth =
        1.06 * spread * m2.powf(-0.2) * (m2 / size).powf(0.2) * sd(&distances) / sd(&reflected);
    let shrink = (1.0 + (bandwidth / sd(&distances)).powi(2)).sqrt();
    let done = std::sync::atomic::AtomicU64::new(0);
    let replications: Vec<Vec<f64>> = (0..params.draws)
        .into_par_iter()
        .map(|b| {
            context.check()?;
            let mut rng = rng(params.seed, b as u64);
            let drawn: Vec<f64> = (0..n).map(|_| distances[rng.random_range(0..n)]).collect();
            let mean = drawn.iter().sum::<f64>() / size;
            let smooth: Vec<f64> = drawn
                .iter()
                .map(|d| {
                    let u: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
                    let moved = d + bandwidth * ln_cdf_inverse(u.ln());
                    let moved = if moved < 1.0 { 2.0 - moved } else { moved };
                    mean + (moved - mean) / shrink
                })
                .collect();
            // Units move to pseudo distances along the side that is stretched.
            let factor = |k: usize| smooth[k] / distances[k];
            let (mut outputs, mut inputs) = (data.outputs.clone(), data.inputs.clone());
            for k in 0..n {
                match params.direction {
                    Direction::Input => inputs.row_mut(k).scale_mut(factor(k)),
                    Direction::Output => outputs.row_mut(k).scale_mut(1.0 / factor(k)),
                }
            }
            let reference = Reference::of(&outputs, &inputs, params.direction);
            let scores: Result<Vec<f64>> =
                (0..n).map(|i| Ok(1.0 / reference.score(data, i, params.returns)?)).collect();
            let count = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            context.report("bootstrap", count, params.draws as u64);
            scores
        })
        .collect::<Result<_>>()?;
    let mut result = Bootstrap {
        corrected: Vec::new(),
        bias: Vec::new(),
        lower: Vec::new(),
        upper: Vec::new(),
        bandwidth,
    };
    let tail = 0.5 * (1.0 - params.level);
    let mut unwarranted = 0;
    for i in 0..n {
        let moved: Vec<f64> = replications.iter().map(|r| r[i] - distances[i]).collect();
        let bias = moved.iter().sum::<f64>() / moved.len() as f64;
        let variance = sd(&moved).powi(2);
        unwarranted += usize::from(bias * bias < 3.0 * variance);
        let corrected = 1.0 / (distances[i] - bias);
        let bound = |p: f64| 1.0 / (distances[i] - stats::quantile(&moved, p).unwrap_or(0.0));
        result.corrected.push(corrected);
        result.bias.push(te[i] - corrected);
        result.lower.push(bound(tail));
        result.upper.push(bound(1.0 - tail));
    }
    if unwarranted > 0 {
        warnings.push(format!(
            "for {unwarranted} of {n} units the correction adds more noise than the bias it removes (bias^2 < 3 variance)."
        ));
    }
    Ok(result)
}
