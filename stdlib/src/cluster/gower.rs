//! Gower's distance: rows of mixed columns, with missing values.
//!
//! `d(x, y) = sum_j w_j c_j d_j / sum_j w_j c_j` (Gower, 1971, *Biometrics* 27), where column `j` counts
//! (`c_j = 1`) when both rows have a value. A number differs by `abs(x - y)` over the range of its
//! column, text and truth values by 0 or 1. In an `asymmetric` truth column a pair of `false` does not
//! count: that both lack a thing says nothing. A constant column differs by 0 everywhere.
//! R's `cluster::daisy` agrees. The column that labels the rows is left out.

use arrow_array::{Array, Float64Array};

use super::distance::{Distances, check_memory};
use super::error::ClusterError;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Cell, Kind, Table, TableError};

/// How columns count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GowerParams {
    /// Weight by column, each greater than 0; 1 for columns not named.
    pub weights: Vec<(String, f64)>,
    /// Truth columns of which two `false` do not count.
    pub asymmetric: Vec<String>,
}

enum Column {
    Number {
        values: Float64Array,
        range: f64,
    },
    /// Category numbers; missing is `None`.
    Category {
        codes: Vec<Option<usize>>,
        absent: Option<usize>,
    },
}

/// Gower's distance between the rows of `table`.
pub fn gower(table: &Table, params: &GowerParams, context: &Context) -> Result<Distances> {
    let n = table.nrow();
    check_memory("distance", n)?;
    let names: Vec<String> = table
        .columns()
        .into_iter()
        .filter(|name| Some(name.as_str()) != table.label_name())
        .collect();
    for name in params.weights.iter().map(|(name, _)| name).chain(&params.asymmetric) {
        if !names.contains(name) {
            return Err(TableError::NoColumn {
                primitive: "distance".into(),
                name: name.clone(),
                columns: names,
            }
            .into());
        }
    }
    if names.is_empty() || n == 0 {
        let what = if names.is_empty() { "columns" } else { "rows" };
        return Err(TableError::Empty { primitive: "distance".into(), what: what.into() }.into());
    }
    let mut warnings = Vec::new();
    let columns = names
        .iter()
        .map(|name| {
            let weight =
                params.weights.iter().find(|(other, _)| other == name).map_or(1.0, |w| w.1);
            if !(weight.is_finite() && weight > 0.0) {
                return Err(Error::Invalid {
                    primitive: "distance",
                    parameter: "weights",
                    rule: format!("be greater than 0 (column `{name}`)"),
                    value: weight.to_string(),
                });
            }
            let asymmetric = params.asymmetric.contains(name);
            Ok((weight, column(table, name, asymmetric, &mut warnings)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let labels = table.row_names();
    let mut distances = Distances::from_pairs("distance", labels.clone(), "gower", &mut |i, j| {
        if j == i + 1 {
            context.check()?;
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for (weight, column) in &columns {
            if let Some(difference) = column.difference(i, j) {
                sum += weight * difference;
                total += weight;
            }
        }
        if total == 0.0 {
            return Err(ClusterError::NothingInCommon {
                primitive: "distance",
                left: labels[i].clone(),
                right: labels[j].clone(),
            }
            .into());
        }
        Ok(sum / total)
    })?;
    distances.warnings = warnings;
    Ok(distances)
}

fn column(
    table: &Table,
    name: &str,
    asymmetric: bool,
    warnings: &mut Vec<String>,
) -> Result<Column> {
    let vector = table.column(name)?;
    let kind = vector.kind();
    if asymmetric && kind != Kind::Bool {
        return Err(TableError::WrongKind {
            primitive: "distance".into(),
            column: name.into(),
            found: kind.to_string(),
            expected: "bool, as an asymmetric column has to be".into(),
        }
        .into());
    }
    if kind.is_numeric() {
        let values = table.floats("distance", name)?;
        let least = values.iter().flatten().fold(f64::INFINITY, f64::min);
        let most = values.iter().flatten().fold(f64::NEG_INFINITY, f64::max);
        if least > most {
            return Err(TableError::AllMissing {
                primitive: "distance".into(),
                column: name.into(),
            }
            .into());
        }
        if least == most {
            warnings.push(format!("column `{name}` is constant and separates no rows"));
        }
        return Ok(Column::Number { values, range: most - least });
    }
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let codes: Vec<Option<usize>> = vector
        .cells()
        .map(|cell| {
            let key = match cell {
                Cell::Missing => return None,
                Cell::Text(text) => text,
                other => format!("{other:?}"),
            };
            let next = seen.len();
            Some(*seen.entry(key).or_insert(next))
        })
        .collect();
    let present = codes.iter().flatten().count();
    if present > 2 && seen.len() == present {
        warnings.push(format!(
            "column `{name}` differs in every row, as names do: it adds the same to all distances"
        ));
    }
    let absent = asymmetric.then(|| seen.get("Bool(false)").copied()).flatten();
    Ok(Column::Category { codes, absent })
}

impl Column {
    /// Difference of two rows in 0..=1; `None` when the column does not count for them.
    fn difference(&self, i: usize, j: usize) -> Option<f64> {
        match self {
            Self::Number { values, range } => {
                if values.is_null(i) || values.is_null(j) {
                    return None;
                }
                let gap = (values.value(i) - values.value(j)).abs();
                Some(if *range > 0.0 { gap / range } else { 0.0 })
            }
            Self::Category { codes, absent } => {
                let (left, right) = (codes[i]?, codes[j]?);
                if absent.is_some() && left == right && Some(left) == *absent {
                    return None;
                }
                Some(f64::from(u8::from(left != right)))
            }
        }
    }
}
