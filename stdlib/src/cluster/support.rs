//! How well the branches of a tree are supported: multiscale bootstrap.
//!
//! The columns are drawn with replacement, the tree is grown again, and for each branch it is counted
//! how often the same set of units comes together: its bootstrap probability. That is biased, and
//! the bias shows when more or fewer columns than there are get drawn. With `r` the share drawn,
//! `-qnorm(bp(r)) = v sqrt(r) + c / sqrt(r)` is fitted by weighted least squares over the scales, and
//! `AU = 1 - pnorm(v - c)` is the approximately unbiased p-value, `BP = 1 - pnorm(v + c)` the smoothed
//! bootstrap probability (Shimodaira, 2002, 2004), and `SI = 1 - pnorm(v - c) / pnorm(-c)` the p-value
//! that allows for the branch having been picked because the data show it (Terada and Shimodaira,
//! 2017). As in R's `pvclust`, which clusters columns and draws rows. AU above 0.95 is strong support.

use std::collections::HashMap;
use std::sync::Arc;

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, Normal};

use super::basis::Basis;
use super::error::ClusterError;
use super::hierarchical::{HclustParams, Node, Tree, hclust};
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::Matrix;

/// How to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct SupportParams {
    /// Draws at each scale, at least 1; 1000 by default.
    pub draws: usize,
    /// Seed; 1 by default.
    pub seed: u64,
    /// Columns drawn as shares of those there are, greater than 0; 0.5, 0.6, ..., 1.4 by default.
    pub scales: Vec<f64>,
}

impl Default for SupportParams {
    fn default() -> Self {
        Self {
            draws: 1000,
            seed: 1,
            scales: (5..15).map(|tenth| f64::from(tenth) / 10.0).collect(),
        }
    }
}

/// Support of one merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Units below the merge, rising.
    pub units: Vec<usize>,
    /// Height of the merge.
    pub height: f64,
    /// Approximately unbiased p-value and its standard error.
    pub au: f64,
    /// Standard error of `au`.
    pub au_se: f64,
    /// Smoothed bootstrap probability.
    pub bp: f64,
    /// Standard error of `bp`.
    pub bp_se: f64,
    /// Selective inference p-value.
    pub si: f64,
    /// Signed distance and curvature; `None` where fewer than two scales say anything.
    pub fit: Option<[f64; 2]>,
    /// p-value of the fit over the scales: small where the two numbers do not describe them.
    pub fit_p: Option<f64>,
    /// Share of draws with the branch at each scale.
    pub shares: Vec<f64>,
}

/// Support of every merge of a tree but the last, which holds all units.
#[derive(Debug, Clone, PartialEq)]
pub struct Support {
    /// The merges in order, `n - 2` of them.
    pub branches: Vec<Branch>,
    /// Columns drawn over columns there are, for each scale.
    pub scales: Vec<f64>,
    /// Draws at each scale.
    pub draws: usize,
    /// Seed.
    pub seed: u64,
    /// Labels of the units.
    pub labels: Vec<String>,
    /// How the tree was grown.
    pub method: String,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A set of units as bits.
type Set = Vec<u64>;

impl Tree {
    /// Bootstrap support of the branches.
    pub fn support(&self, params: &SupportParams, context: &Context) -> Result<Support> {
        let Basis::Data { matrix, metric } = &self.basis else {
            return Err(ClusterError::NoObservations {
                primitive: "support",
                what: "drawing columns",
            }
            .into());
        };
        let p = matrix.values.ncols();
        check(params, p)?;
        let sizes: Vec<usize> =
            params.scales.iter().map(|r| ((r * p as f64 + 1e-9).floor() as usize).max(1)).collect();
        let sets = sets(&self.merges, self.len());
        let wanted: HashMap<&Set, usize> =
            sets.iter().enumerate().take(sets.len() - 1).map(|(i, set)| (set, i)).collect();
        let grow = HclustParams { metric: *metric, ..self.params };
        let total = (sizes.len() * params.draws) as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let counts: Vec<Option<Vec<u32>>> = (0..total)
            .into_par_iter()
            .map(|draw| {
                context.check()?;
                let size = sizes[draw as usize / params.draws];
                let mut random = rng(params.seed, draw);
                let columns: Vec<usize> = (0..size).map(|_| random.random_range(0..p)).collect();
                let found = regrow(matrix, &columns, &grow, context)?;
                let over = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                if over.is_multiple_of(100) {
                    context.report("bootstrap of the tree", over, total);
                }
                Ok(found.map(|tree| {
                    let drawn = self::sets(&tree.merges, tree.len());
                    let mut hits: Vec<u32> =
                        drawn.iter().filter_map(|set| wanted.get(set)).map(|i| *i as u32).collect();
                    hits.sort_unstable();
                    hits
                }))
            })
            .collect::<Result<_>>()?;
        let failed = counts.iter().filter(|c| c.is_none()).count();
        let mut hits = vec![vec![0_usize; sizes.len()]; wanted.len()];
        let mut valid = vec![0_usize; sizes.len()];
        for (draw, found) in counts.iter().enumerate() {
            let scale = draw / params.draws;
            if let Some(found) = found {
                valid[scale] += 1;
                for branch in found {
                    hits[*branch as usize][scale] += 1;
                }
            }
        }
        let scales: Vec<f64> = sizes.iter().map(|s| *s as f64 / p as f64).collect();
        let branches = hits
            .iter()
            .enumerate()
            .map(|(merge, hits)| {
                let units = (0..self.len())
                    .filter(|unit| sets[merge][unit / 64] >> (unit % 64) & 1 == 1)
                    .collect();
                branch(units, self.heights[merge], hits, &valid, &scales)
            })
            .collect();
        let mut warnings = Vec::new();
        if failed > 0 {
            warnings.push(format!(
                "{failed} of {total} draws left distances that do not exist; they are not counted"
            ));
        }
        if p < 10 {
            warnings.push(format!(
                "{p} columns give few different draws: the scales step by {:.2}",
                1.0 / p as f64
            ));
        }
        Ok(Support {
            branches,
            scales,
            draws: params.draws,
            seed: params.seed,
            labels: self.labels.clone(),
            method: self.method(),
            warnings,
        })
    }
}

impl Support {
    /// The units of the largest branches with `au` of at least `level`, none inside another, in the
    /// order of their first units.
    pub fn supported(&self, level: f64) -> Result<Vec<Vec<usize>>> {
        if !(0.0..=1.0).contains(&level) {
            return Err(Error::Invalid {
                primitive: "supported",
                parameter: "level",
                rule: "lie in 0..=1".into(),
                value: level.to_string(),
            });
        }
        let mut kept: Vec<Vec<usize>> = Vec::new();
        // Later merges hold earlier ones or have nothing in common with them.
        for branch in self.branches.iter().rev().filter(|b| b.au >= level) {
            if !kept.iter().any(|units| units.contains(&branch.units[0])) {
                kept.push(branch.units.clone());
            }
        }
        kept.sort_by_key(|units| units[0]);
        Ok(kept)
    }
}

fn check(params: &SupportParams, columns: usize) -> Result<()> {
    let wrong = |parameter, rule: &str, value: String| {
        Err(Error::Invalid { primitive: "support", parameter, rule: rule.into(), value })
    };
    if params.draws == 0 {
        return wrong("draws", "be at least 1", "0".into());
    }
    if params.scales.len() < 2 {
        return wrong("scales", "be at least two", params.scales.len().to_string());
    }
    if let Some(scale) =
        params.scales.iter().find(|r| !(r.is_finite() && **r > 0.0 && **r <= 100.0))
    {
        return wrong("scales", "lie in 0 < r <= 100", scale.to_string());
    }
    if columns < 2 {
        return wrong("the tree", "come from at least two columns", columns.to_string());
    }
    Ok(())
}

/// The tree of the drawn columns; `None` where a row has no distance in them.
fn regrow(
    matrix: &Matrix,
    columns: &[usize],
    params: &HclustParams,
    context: &Context,
) -> Result<Option<Tree>> {
    let drawn = Matrix {
        values: matrix.values.select_columns(columns),
        columns: columns.iter().map(|c| matrix.columns[*c].clone()).collect(),
        labels: matrix.labels.clone(),
    };
    match hclust(Arc::new(drawn), params, context) {
        Ok(tree) => Ok(Some(tree)),
        Err(Error::Cluster(
            ClusterError::DegenerateRow { .. } | ClusterError::SingularCovariance { .. },
        )) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The units below each merge.
fn sets(merges: &[[Node; 2]], n: usize) -> Vec<Set> {
    let words = n.div_ceil(64);
    let mut sets: Vec<Set> = Vec::with_capacity(merges.len());
    for pair in merges {
        let mut set = vec![0_u64; words];
        for node in pair {
            match node {
                Node::Unit(unit) => set[unit / 64] |= 1 << (unit % 64),
                Node::Merge(merge) => {
                    for (word, below) in set.iter_mut().zip(&sets[*merge]) {
                        *word |= below;
                    }
                }
            }
        }
        sets.push(set);
    }
    sets
}

fn branch(
    units: Vec<usize>,
    height: f64,
    hits: &[usize],
    valid: &[usize],
    scales: &[f64],
) -> Branch {
    let shares: Vec<f64> = hits
        .iter()
        .zip(valid)
        .map(|(h, n)| if *n > 0 { *h as f64 / *n as f64 } else { 0.0 })
        .collect();
    let fitted = fit(&shares, valid, scales);
    let normal = Normal::standard();
    let nearest = (0..scales.len())
        .min_by(|a, b| (scales[*a] - 1.0).abs().total_cmp(&(scales[*b] - 1.0).abs()))
        .unwrap_or(0);
    let Some(Fitted { v, c, spread, residual, used }) = fitted else {
        // Always or never there: no curve to fit.
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let sure = if mean < 0.5 { 0.0 } else { 1.0 };
        return Branch {
            units,
            height,
            au: sure,
            au_se: 0.0,
            bp: shares[nearest],
            bp_se: 0.0,
            si: sure,
            fit: None,
            fit_p: None,
            shares,
        };
    };
    let z = [v - c, v + c];
    // Variances of v - c and v + c.
    let variance =
        |sign: f64| (spread[(0, 0)] + spread[(1, 1)] + 2.0 * sign * spread[(0, 1)]).max(0.0);
    let [au, bp] = z.map(|z| normal.cdf(-z));
    let kept = normal.cdf(-c);
    let si = if kept > 0.0 { (1.0 - normal.cdf(v - c) / kept).max(0.0) } else { 0.0 };
    let fit_p = (used > 2)
        .then(|| ChiSquared::new((used - 2) as f64).ok().map(|chi| chi.sf(residual)))
        .flatten();
    Branch {
        units,
        height,
        au,
        au_se: normal.pdf(z[0]) * variance(-1.0).sqrt(),
        bp,
        bp_se: normal.pdf(z[1]) * variance(1.0).sqrt(),
        si,
        fit: Some([v, c]),
        fit_p,
        shares,
    }
}

struct Fitted {
    v: f64,
    c: f64,
    /// Covariance of `v` and `c`.
    spread: DMatrix<f64>,
    /// Weighted sum of squared residuals.
    residual: f64,
    /// Scales used.
    used: usize,
}

/// `-qnorm(bp) = v sqrt(r) + c / sqrt(r)` by weighted least squares over the scales where the branch
/// came sometimes.
fn fit(shares: &[f64], valid: &[usize], scales: &[f64]) -> Option<Fitted> {
    let normal = Normal::standard();
    let points: Vec<[f64; 4]> = shares
        .iter()
        .zip(valid)
        .zip(scales)
        .filter(|((bp, _), _)| **bp > 0.0 && **bp < 1.0)
        .map(|((bp, n), r)| {
            let z = -normal.inverse_cdf(*bp);
            let variance = (1.0 - bp) * bp / (normal.pdf(z).powi(2) * *n as f64);
            [r.sqrt(), 1.0 / r.sqrt(), z, 1.0 / variance]
        })
        .collect();
    if points.len() < 2 {
        return None;
    }
    let sum = |f: &dyn Fn(&[f64; 4]) -> f64| points.iter().map(f).sum::<f64>();
    let cross = DMatrix::from_row_slice(
        2,
        2,
        &[
            sum(&|q| q[0] * q[0] * q[3]),
            sum(&|q| q[0] * q[1] * q[3]),
            sum(&|q| q[0] * q[1] * q[3]),
            sum(&|q| q[1] * q[1] * q[3]),
        ],
    );
    let spread = cross.try_inverse()?;
    let right = [sum(&|q| q[0] * q[2] * q[3]), sum(&|q| q[1] * q[2] * q[3])];
    let v = spread[(0, 0)] * right[0] + spread[(0, 1)] * right[1];
    let c = spread[(1, 0)] * right[0] + spread[(1, 1)] * right[1];
    if !(v.is_finite() && c.is_finite()) {
        return None;
    }
    let residual = sum(&|q| (q[2] - v * q[0] - c * q[1]).powi(2) * q[3]);
    Some(Fitted { v, c, spread, residual, used: points.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_that_made_the_shares_is_found_again() {
        let normal = Normal::standard();
        let scales: Vec<f64> = (5..15).map(|t| f64::from(t) / 10.0).collect();
        let (v, c) = (-0.7, 0.4);
        let shares: Vec<f64> =
            scales.iter().map(|r| normal.cdf(-(v * r.sqrt() + c / r.sqrt()))).collect();
        let found = fit(&shares, &[1000; 10], &scales).unwrap();
        assert!((found.v - v).abs() < 1e-6 && (found.c - c).abs() < 1e-6);
        assert!(found.residual < 1e-6);
    }

    #[test]
    fn far_groups_are_certain_and_seeds_repeat() {
        let values = DMatrix::from_fn(8, 6, |i, j| {
            let group = (i / 4) as f64 * 100.0;
            group + ((i * 7 + j * 3) as f64).sin()
        });
        let data = Arc::new(Matrix {
            values,
            columns: (0..6).map(|j| j.to_string()).collect(),
            labels: (0..8).map(|i| i.to_string()).collect(),
        });
        let context = Context::default();
        let tree = hclust(data, &HclustParams::default(), &context).unwrap();
        let params = SupportParams { draws: 50, ..SupportParams::default() };
        let found = tree.support(&params, &context).unwrap();
        assert_eq!(found.branches.len(), 6);
        for group in [vec![0, 1, 2, 3], vec![4, 5, 6, 7]] {
            let branch = found.branches.iter().find(|b| b.units == group).unwrap();
            assert_eq!((branch.au, branch.bp), (1.0, 1.0));
        }
        assert_eq!(tree.support(&params, &context).unwrap(), found);
        let none = SupportParams { draws: 0, ..params };
        assert!(tree.support(&none, &context).is_err());
    }
}
