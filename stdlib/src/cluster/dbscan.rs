//! Density-based clusters.
//!
//! A unit with at least `min_points` units within `eps` (itself among them) is a core unit; core units
//! within `eps` of each other share a cluster, other units join that of a core unit within `eps` that
//! comes first in the rows, and the rest are noise, labelled 0 (Ester and others, 1996). Any distance
//! serves. R's `dbscan` and `scikit-learn` count the unit itself as well.

use rayon::prelude::*;

use super::basis::Basis;
use super::partition::{Clustering, NOISE};
use crate::context::Context;
use crate::error::{Error, Result};

/// How dense a cluster is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DbscanParams {
    /// Radius, greater than 0.
    pub eps: f64,
    /// Units within the radius that make a core unit, itself counted, at least 1; 5 by default.
    pub min_points: usize,
}

/// The density-based clusters of the units of `basis`.
pub fn dbscan(basis: Basis, params: &DbscanParams, context: &Context) -> Result<Clustering> {
    if !(params.eps.is_finite() && params.eps > 0.0) || params.min_points == 0 {
        let (parameter, rule, value) = if params.min_points == 0 {
            ("min_points", "be at least 1", "0".to_owned())
        } else {
            ("eps", "be a number greater than 0", params.eps.to_string())
        };
        return Err(Error::Invalid { primitive: "dbscan", parameter, rule: rule.into(), value });
    }
    let n = basis.len();
    let near: Vec<Vec<u32>> = {
        let rows = basis.rows("dbscan")?;
        (0..n)
            .into_par_iter()
            .map_init(
                || vec![0.0; n],
                |row, unit| {
                    context.check()?;
                    rows.fill(unit, row);
                    let close = row.iter().enumerate().filter(|(_, d)| **d <= params.eps);
                    Ok(close.map(|(other, _)| other as u32).collect())
                },
            )
            .collect::<Result<_>>()?
    };
    let core = |unit: usize| near[unit].len() >= params.min_points;
    let mut labels = vec![NOISE; n];
    let mut clusters = 0;
    for start in 0..n {
        if labels[start] != NOISE || !core(start) {
            continue;
        }
        clusters += 1;
        labels[start] = clusters;
        let mut pending = vec![start];
        while let Some(unit) = pending.pop() {
            for other in near[unit].iter().map(|o| *o as usize) {
                if labels[other] == NOISE {
                    labels[other] = clusters;
                    if core(other) {
                        pending.push(other);
                    }
                }
            }
        }
    }
    let labels = in_order(&labels);
    let noise = labels.iter().filter(|l| **l == NOISE).count();
    let method = format!(
        "DBSCAN, eps = {}, min_points = {}, {} distance",
        params.eps,
        params.min_points,
        basis.metric_name()
    );
    let mut clustering = Clustering::new(labels, method, basis);
    if clustering.k == 0 {
        clustering.warnings.push("no unit has enough others within eps: raise eps".into());
    } else if noise * 2 > n {
        clustering.warnings.push(format!("{noise} of {n} units are noise: eps may be too small"));
    }
    Ok(clustering)
}

/// Labels renumbered from 1 in order of first appearance, noise kept.
pub(super) fn in_order(labels: &[usize]) -> Vec<usize> {
    let mut seen: Vec<usize> = Vec::new();
    labels
        .iter()
        .map(|label| {
            if *label == NOISE {
                return NOISE;
            }
            1 + seen.iter().position(|s| s == label).unwrap_or_else(|| {
                seen.push(*label);
                seen.len() - 1
            })
        })
        .collect()
}
