//! The gap statistic.
//!
//! `gap(k) = mean_b log W_kb - log W_k` with `W_k = sum_c sum_{i,j in c} d_ij^power / (2 n_c)` over
//! ordered pairs (Tibshirani, Walther and Hastie, 2001): how much tighter the data cluster than `B`
//! reference sets without clusters, drawn uniformly over the box of the data or over the box of its
//! principal axes. `se = sd_B sqrt(1 + 1/B)`. The paper squares distances (`power` 2, the default
//! here); R's `clusGap` does not unless told.
//!
//! Reference set `b` draws from random stream `b`; sets may also be given.

use std::sync::Arc;

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;

use super::error::ClusterError;
use super::method::Method;
use super::partition::means;
use super::pca::falling;
use crate::choice::Choice;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::Matrix;

/// Where reference sets are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// The box of the data's principal axes.
    Pca,
    /// The box of the columns' ranges.
    Uniform,
}

impl Choice for Reference {
    const ALL: &'static [(&'static str, Self)] = &[("pca", Self::Pca), ("uniform", Self::Uniform)];
}

/// How to choose `k` from a gap curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // `GapRule::pick` says what each is.
pub enum GapRule {
    FirstSeMax,
    Tibshirani,
    GlobalSeMax,
    FirstMax,
    GlobalMax,
}

impl Choice for GapRule {
    const ALL: &'static [(&'static str, Self)] = &[
        ("first_se_max", Self::FirstSeMax),
        ("tibshirani", Self::Tibshirani),
        ("global_se_max", Self::GlobalSeMax),
        ("first_max", Self::FirstMax),
        ("global_max", Self::GlobalMax),
    ];
}

impl GapRule {
    /// The `k` (from 1) that the rule picks; `R`'s `maxSE` calls them `firstSEmax`, `Tibs2001SEmax`,
    /// `globalSEmax`, `firstmax` and `globalmax`.
    ///
    /// - `first_max`: the first local maximum; `global_max`: the global one.
    /// - `first_se_max`, `global_se_max`: the smallest `k` no more than one standard error below
    ///   that maximum.
    /// - `tibshirani`: the smallest `k` with `gap(k) >= gap(k + 1) - se(k + 1)`.
    pub fn pick(self, gap: &[f64], se: &[f64]) -> usize {
        let last = gap.len() - 1;
        let global = (0..=last).fold(0, |best, k| if gap[k] > gap[best] { k } else { best });
        let first = (0..last).find(|k| gap[k + 1] <= gap[*k]).unwrap_or(last);
        let within = |top: usize| (0..=top).find(|k| gap[*k] >= gap[top] - se[top]).unwrap_or(top);
        1 + match self {
            Self::FirstMax => first,
            Self::GlobalMax => global,
            Self::FirstSeMax => within(first),
            Self::GlobalSeMax => within(global),
            Self::Tibshirani => {
                (0..last).find(|k| gap[*k] >= gap[k + 1] - se[k + 1]).unwrap_or(last)
            }
        }
    }
}

/// How to compute the gap statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct GapParams {
    /// Reference sets, at least 2; 100 by default. Not used when sets are given.
    pub draws: usize,
    /// Where they come from; the principal axes' box by default.
    pub reference: Reference,
    /// Power of the distances, 1 or 2; 2 by default.
    pub power: u8,
    /// Seed; 1 by default.
    pub seed: u64,
    /// Reference sets, each `n` by `p`, in place of draws.
    pub sets: Vec<DMatrix<f64>>,
}

impl Default for GapParams {
    fn default() -> Self {
        Self { draws: 100, reference: Reference::Pca, power: 2, seed: 1, sets: Vec::new() }
    }
}

/// A gap curve for `k = 1..=K`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// `log W_k` of the data, `K`.
    pub log_w: Vec<f64>,
    /// Its mean over the reference sets, `K`.
    pub expected: Vec<f64>,
    /// `expected - log_w`, `K`.
    pub gap: Vec<f64>,
    /// Standard errors with the simulation's own, `K`.
    pub se: Vec<f64>,
    /// Reference sets used.
    pub draws: usize,
}

/// The gap curve of `data` for `k = 1..=max` under `method`.
pub fn gap(
    data: &Arc<Matrix>,
    max: usize,
    method: &Method,
    params: &GapParams,
    context: &Context,
) -> Result<Gap> {
    let n = data.values.nrows();
    let invalid = |parameter, rule: String, value: String| Error::Invalid {
        primitive: "gap",
        parameter,
        rule,
        value,
    };
    if max == 0 || max >= n {
        let most = n.saturating_sub(1);
        return Err(ClusterError::BadK { primitive: "gap", k: max, least: 1, most }.into());
    }
    if !(1..=2).contains(&params.power) {
        return Err(invalid("power", "be 1 or 2".into(), params.power.to_string()));
    }
    if params.sets.is_empty() && params.draws < 2 {
        return Err(invalid("draws", "be at least 2".into(), params.draws.to_string()));
    }
    if let Some(set) = params.sets.iter().find(|set| set.shape() != data.values.shape()) {
        let (rows, columns) = data.values.shape();
        return Err(invalid(
            "reference_sets",
            format!("have {rows} rows and {columns} columns each"),
            format!("{} by {}", set.nrows(), set.ncols()),
        ));
    }
    let curve = |values: &DMatrix<f64>| -> Result<Vec<f64>> {
        let set = Arc::new(Matrix {
            values: values.clone(),
            columns: data.columns.clone(),
            labels: data.labels.clone(),
        });
        let labels = method.partitions(&set, max, context)?;
        Ok(labels
            .iter()
            .enumerate()
            .map(|(k, labels)| dispersion(values, labels, k + 1, params.power).ln())
            .collect())
    };
    let log_w = curve(&data.values)?;
    if let Some(k) = log_w.iter().position(|w| !w.is_finite()) {
        return Err(ClusterError::NoSolution {
            primitive: "gap",
            reason: format!("no distance is left within clusters at k = {}", k + 1),
        }
        .into());
    }
    let box_of = ReferenceBox::new(&data.values, params.reference);
    let draws = if params.sets.is_empty() { params.draws } else { params.sets.len() };
    let done = std::sync::atomic::AtomicU64::new(0);
    let curves: Vec<Vec<f64>> = (0..draws)
        .into_par_iter()
        .map(|b| {
            context.check()?;
            let drawn;
            let set = if let Some(set) = params.sets.get(b) {
                set
            } else {
                drawn = box_of.draw(n, params.seed, b as u64);
                &drawn
            };
            let curve = curve(set)?;
            let so_far = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            context.report("gap", so_far, draws as u64);
            Ok(curve)
        })
        .collect::<Result<_>>()?;
    let b = draws as f64;
    let expected: Vec<f64> =
        (0..max).map(|k| curves.iter().map(|c| c[k]).sum::<f64>() / b).collect();
    let se = (0..max)
        .map(|k| {
            let column: Vec<f64> = curves.iter().map(|c| c[k]).collect();
            crate::stats::sample_sd(&column).unwrap_or(0.0) * (1.0 + 1.0 / b).sqrt()
        })
        .collect();
    let gap = expected.iter().zip(&log_w).map(|(e, w)| e - w).collect();
    Ok(Gap { log_w, expected, gap, se, draws })
}

/// `W_k`: half the sums of distances (to `power`) within clusters over the cluster sizes.
fn dispersion(values: &DMatrix<f64>, labels: &[usize], k: usize, power: u8) -> f64 {
    let centers = means(values, labels, k);
    if power == 2 {
        // Squared distances add up to n_c times the sum of squares about the mean.
        let mut sum = 0.0;
        for j in 0..values.ncols() {
            for (i, label) in labels.iter().enumerate() {
                sum += (values[(i, j)] - centers[(label - 1, j)]).powi(2);
            }
        }
        return sum;
    }
    let mut members = vec![Vec::new(); k];
    labels.iter().enumerate().for_each(|(i, label)| members[label - 1].push(i));
    let rows = values.transpose();
    members
        .iter()
        .map(|members| {
            let mut sum = 0.0;
            for (position, a) in members.iter().enumerate() {
                let a = rows.column(*a);
                for b in &members[position + 1..] {
                    sum += a
                        .iter()
                        .zip(rows.column(*b).iter())
                        .map(|(x, y)| (x - y) * (x - y))
                        .sum::<f64>()
                        .sqrt();
                }
            }
            sum / members.len().max(1) as f64
        })
        .sum()
}

/// The box that reference sets fill.
struct ReferenceBox {
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Axes of the box, `p` by `p`, and its centre; `None` for the columns themselves.
    axes: Option<(DMatrix<f64>, Vec<f64>)>,
}

impl ReferenceBox {
    fn new(values: &DMatrix<f64>, reference: Reference) -> Self {
        let (projected, axes) = match reference {
            Reference::Uniform => (values.clone(), None),
            Reference::Pca => {
                let mut centred = values.clone();
                let centre: Vec<f64> = values.column_iter().map(|c| c.mean()).collect();
                for (mut column, mean) in centred.column_iter_mut().zip(&centre) {
                    column.add_scalar_mut(-mean);
                }
                let (_, axes) = falling(centred.tr_mul(&centred), values.ncols());
                (&centred * &axes, Some((axes, centre)))
            }
        };
        Self {
            lower: projected.column_iter().map(|c| c.min()).collect(),
            upper: projected.column_iter().map(|c| c.max()).collect(),
            axes,
        }
    }

    fn draw(&self, n: usize, seed: u64, stream: u64) -> DMatrix<f64> {
        let mut rng = rng(seed, stream);
        let p = self.lower.len();
        let mut set = DMatrix::zeros(n, p);
        for j in 0..p {
            for i in 0..n {
                set[(i, j)] = self.lower[j] + (self.upper[j] - self.lower[j]) * rng.random::<f64>();
            }
        }
        if let Some((axes, centre)) = &self.axes {
            set *= axes.transpose();
            for (mut column, mean) in set.column_iter_mut().zip(centre) {
                column.add_scalar_mut(*mean);
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_on_a_curve_by_hand() {
        let gap = [0.1, 0.3, 0.25, 0.5, 0.45];
        let se = [0.05; 5];
        assert_eq!(GapRule::FirstMax.pick(&gap, &se), 2);
        assert_eq!(GapRule::GlobalMax.pick(&gap, &se), 4);
        assert_eq!(GapRule::FirstSeMax.pick(&gap, &se), 2);
        assert_eq!(GapRule::GlobalSeMax.pick(&gap, &se), 4);
        assert_eq!(GapRule::Tibshirani.pick(&gap, &se), 2);
    }
}
