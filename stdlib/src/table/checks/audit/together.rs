//! Numeric columns taken together: combinations of each other, and rows far from the others.

use nalgebra::DMatrix;
use statrs::distribution::{Beta, ContinuousCDF};

use super::{AuditParams, Finding, Severity, list, quoted, short};
use crate::error::Result;
use crate::stats::collinearity::Collinearity;
use crate::stats::{mean, sample_sd};
use crate::table::{Table, Vector};

/// At most so many findings of one check; the tables hold all.
const TOLD: usize = 5;

/// Variance inflation, condition number and Mahalanobis distances.
#[derive(Debug, Clone)]
pub struct Together {
    /// Columns, `p`: numeric, varying and at least half there.
    pub columns: Vec<String>,
    /// Positions in the table of the rows that have all of them, `n`.
    pub rows: Vec<usize>,
    /// Variance inflation, `p`; `None` where one column is a combination of the others.
    pub vif: Vec<Option<f64>>,
    /// Columns that each is best told from, strongest first, `p`.
    pub partners: Vec<Vec<String>>,
    /// Condition number of the standardised columns; infinite where one is a combination of others.
    pub condition: f64,
    /// Squared Mahalanobis distance and its p-value, `n`.
    pub distances: Option<Vec<(f64, f64)>>,
}

impl Together {
    /// A row per column: `column`, `vif`, `r_squared` in the others, `with`.
    pub fn vif_table(&self) -> Result<Table> {
        let r_squared = self.vif.iter().map(|vif| vif.map(|vif| 1.0 - 1.0 / vif));
        Table::new([
            ("column", Vector::from_texts(&self.columns)),
            ("vif", Vector::from_options(self.vif.iter().copied())),
            ("r_squared", Vector::from_options(r_squared)),
            ("with", Vector::from_texts(self.partners.iter().map(|names| names.join(", ")))),
        ])?
        .labelled_by("column")
    }

    /// A row per complete row: `row` (its label), `mahalanobis_sq`, `p_value`.
    pub fn distance_table(&self, row_names: &[String]) -> Result<Table> {
        let get = |which: fn(&(f64, f64)) -> f64| {
            let all = self.distances.as_ref();
            Vector::from_options((0..self.rows.len()).map(|i| Some(which(&all?[i]))))
        };
        let names = self.rows.iter().map(|row| row_names.get(*row).map_or("", String::as_str));
        Table::new([
            ("row", Vector::from_texts(names)),
            ("mahalanobis_sq", get(|d| d.0)),
            ("p_value", get(|d| d.1)),
        ])?
        .labelled_by("row")
    }
}

/// The usable columns and the rows that have all of them.
fn complete(table: &Table) -> Result<(Vec<String>, Vec<usize>, DMatrix<f64>)> {
    let mut names = Vec::new();
    let mut columns: Vec<Vec<Option<f64>>> = Vec::new();
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        if !kind.is_numeric() {
            continue;
        }
        let values: Vec<Option<f64>> =
            table.floats("audit", &name)?.iter().map(|v| v.filter(|v| v.is_finite())).collect();
        if values.iter().flatten().count() * 2 >= table.nrow() {
            names.push(name);
            columns.push(values);
        }
    }
    let rows: Vec<usize> =
        (0..table.nrow()).filter(|row| columns.iter().all(|c| c[*row].is_some())).collect();
    let mut standard = Vec::new();
    let mut kept = Vec::new();
    for (name, column) in names.into_iter().zip(columns) {
        let values: Vec<f64> = rows.iter().filter_map(|row| column[*row]).collect();
        let (Some(centre), Some(sd)) = (mean(&values), sample_sd(&values)) else { continue };
        if sd > centre.abs() * 1e-13 && sd.is_finite() {
            standard.extend(values.iter().map(|v| (v - centre) / sd));
            kept.push(name);
        }
    }
    let (n, p) = (rows.len(), kept.len());
    Ok((kept, rows, DMatrix::from_vec(n, p, standard)))
}

pub(super) fn check(
    table: &Table,
    params: &AuditParams,
    found: &mut Vec<Finding>,
    remarks: &mut Vec<String>,
) -> Result<Option<Together>> {
    let (columns, rows, z) = complete(table)?;
    let (n, p) = z.shape();
    if p < 2 {
        remarks.push("Fewer than two varying numeric columns: no collinearity to check.".into());
        return Ok(None);
    }
    if n <= p {
        remarks.push(format!(
            "Collinearity and Mahalanobis distances were not checked: {p} numeric columns need more \
             than {p} complete rows, and there are {n}. Audit fewer columns: t.select([...])."
        ));
        return Ok(None);
    }
    let analysis = Collinearity::new(&z);
    let vif = analysis.vif();
    let partners = (0..p).map(|j| partners(&analysis, &columns, j)).collect();
    let condition =
        if analysis.inverse.is_some() { analysis.eigenvalue_ratio().sqrt() } else { f64::INFINITY };
    // For normal data d^2 n / (n - 1)^2 follows this law exactly, the mean and covariance being
    // estimated from the same rows; chi-squared is its limit.
    let law = Beta::new(p as f64 / 2.0, (n - p - 1) as f64 / 2.0).ok();
    let bound = (n as f64 - 1.0).powi(2) / n as f64;
    let distances = analysis.mahalanobis_sq(&z).zip(law.as_ref()).map(|(squares, law)| {
        squares.into_iter().map(|d| (d, law.sf((d / bound).clamp(0.0, 1.0)))).collect()
    });
    let together = Together { columns, rows, vif, partners, condition, distances };
    collinear(&together, &analysis, params, found);
    outlying(&together, &analysis, &z, params, found, remarks);
    Ok(Some(together))
}

/// The columns with the largest partial correlations with column `j`, given all others.
fn partners(analysis: &Collinearity, columns: &[String], j: usize) -> Vec<String> {
    let weight = |k: usize| match &analysis.inverse {
        // Up to a factor of column j, which does not change the order.
        Some(inverse) => inverse[(j, k)].abs() / inverse[(k, k)].sqrt(),
        None => analysis.correlations[(j, k)].abs(),
    };
    let mut others: Vec<usize> = (0..columns.len()).filter(|k| *k != j).collect();
    others.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)));
    let most = others.first().map_or(0.0, |k| weight(*k));
    others
        .into_iter()
        .filter(|k| weight(*k) >= 0.5 * most)
        .take(3)
        .map(|k| columns[k].clone())
        .collect()
}

fn collinear(
    together: &Together,
    analysis: &Collinearity,
    params: &AuditParams,
    found: &mut Vec<Finding>,
) {
    if together.condition > params.condition {
        let weights = analysis.nearest_dependency();
        let most = weights.iter().map(|w| w.abs()).fold(0.0, f64::max);
        let mut involved: Vec<(f64, &String)> = weights
            .iter()
            .zip(&together.columns)
            .map(|(weight, name)| (weight.abs(), name))
            .filter(|(weight, _)| *weight >= 0.3 * most)
            .collect();
        involved.sort_by(|a, b| b.0.total_cmp(&a.0));
        let names: Vec<String> = involved.into_iter().map(|(_, name)| name.clone()).collect();
        let exact = analysis.inverse.is_none();
        let finding = if exact {
            "one of these columns is a combination of the others".to_owned()
        } else {
            format!(
                "condition number {} of the standardised columns: these are closest to a \
                 combination of each other",
                short(round(together.condition, 1))
            )
        };
        found.push(Finding {
            severity: if exact { Severity::Error } else { Severity::Warning },
            check: "collinear",
            row: None,
            finding,
            mend: format!("leave one out, e.g. t.drop({}), or use pca(t)", quoted(&names[..1])),
            columns: names,
        });
    }
    let mut inflated: Vec<(f64, usize)> = together
        .vif
        .iter()
        .enumerate()
        .filter_map(|(j, vif)| Some(((*vif)?, j)))
        .filter(|(vif, _)| *vif > params.vif)
        .collect();
    inflated.sort_by(|a, b| b.0.total_cmp(&a.0));
    let more = inflated.len().saturating_sub(TOLD);
    for (place, (vif, j)) in inflated.into_iter().take(TOLD).enumerate() {
        let columns = vec![together.columns[j].clone()];
        let tail = if more > 0 && place + 1 == TOLD {
            format!("; {more} more columns above {} stand in .vif", params.vif)
        } else {
            String::new()
        };
        found.push(Finding {
            severity: Severity::Warning,
            check: "variance_inflation",
            row: None,
            finding: format!(
                "variance inflation {}: {} % of its variation is told by the others, most by {}{tail}",
                short(round(vif, 1)),
                short(round(100.0 * (1.0 - 1.0 / vif), 2)),
                list(&together.partners[j], 3)
            ),
            mend: format!(
                "in one model leave it or its partners out: t.drop({})",
                quoted(&columns)
            ),
            columns,
        });
    }
}

fn round(x: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (x * unit).round() / unit
}

fn outlying(
    together: &Together,
    analysis: &Collinearity,
    z: &DMatrix<f64>,
    params: &AuditParams,
    found: &mut Vec<Finding>,
    remarks: &mut Vec<String>,
) {
    let Some((distances, inverse)) = together.distances.as_ref().zip(analysis.inverse.as_ref())
    else {
        remarks.push(
            "Mahalanobis distances were not computed: the correlations are singular, or there is \
             only one row more than columns."
                .into(),
        );
        return;
    };
    let (n, p) = z.shape();
    remarks.push(format!(
        "Mahalanobis distances over {n} complete rows of {p} columns; p-values from the Beta law that \
         holds for normal data with estimated mean and covariance. Outliers widen that covariance \
         and can hide each other."
    ));
    if n < 5 * p {
        remarks.push(format!(
            "With {n} rows for {p} columns no squared distance can exceed {}: few rows can stand out.",
            short((n as f64 - 1.0).powi(2) / n as f64)
        ));
    }
    let mut far: Vec<usize> = (0..n).filter(|i| distances[*i].1 * (n as f64) < params.p).collect();
    far.sort_by(|a, b| distances[*b].0.total_cmp(&distances[*a].0));
    let turned = z * inverse;
    let more = far.len().saturating_sub(TOLD);
    for (place, i) in far.into_iter().take(TOLD).enumerate() {
        let tail = if more > 0 && place + 1 == TOLD {
            format!("; {more} more rows stand in .mahalanobis")
        } else {
            String::new()
        };
        let mut parts: Vec<(f64, usize)> =
            (0..p).map(|j| (turned[(i, j)] * z[(i, j)], j)).collect();
        parts.sort_by(|a, b| b.0.total_cmp(&a.0));
        let columns: Vec<String> =
            parts.iter().take(2).map(|(_, j)| together.columns[*j].clone()).collect();
        found.push(Finding {
            severity: Severity::Warning,
            check: "multivariate_outlier",
            row: Some(together.rows[i]),
            finding: format!(
                "squared Mahalanobis distance {} (p {:.1e}): its values do not go together, most in {}{tail}",
                short(round(distances[i].0, 2)),
                distances[i].1,
                list(&columns, 2)
            ),
            mend: "look the row up; fit with and without it and report both".into(),
            columns,
        });
    }
}
