//! Z-scores.

use std::sync::Arc;

use arrow_array::Float64Array;

use super::error::TableError;
use super::frame::Table;
use super::vector::Vector;
use crate::error::Result;
use crate::stats;

/// A standardised table and what was subtracted and divided by.
#[derive(Debug, Clone)]
pub struct Standardised {
    /// The z-scores, shape of the input.
    pub table: Table,
    /// Mean of each column.
    pub centers: Vec<f64>,
    /// Sample standard deviation (n - 1) of each column.
    pub scales: Vec<f64>,
}

impl Table {
    /// Every column minus its mean, divided by its sample standard deviation (n - 1).
    ///
    /// Missing cells stay missing and do not enter the moments. A constant column, a column
    /// without values and a text column are errors. `scikit-learn` divides by the population
    /// standard deviation (n); R's `scale` agrees with this function.
    pub fn standardise(&self) -> Result<Standardised> {
        let mut table = self.clone();
        let (mut centers, mut scales) = (Vec::new(), Vec::new());
        for name in self.columns() {
            let column = self.floats("standardise", &name)?;
            let present: Vec<f64> = column.iter().flatten().collect();
            let missing =
                || TableError::AllMissing { primitive: "standardise".into(), column: name.clone() };
            let center = stats::mean(&present).ok_or_else(missing)?;
            let scale = stats::sample_sd(&present).unwrap_or(0.0);
            if scale <= f64::EPSILON * center.abs() {
                return Err(TableError::Constant {
                    primitive: "standardise".into(),
                    column: name,
                    value: center,
                }
                .into());
            }
            let scaled: Float64Array = column.unary(|v| (v - center) / scale);
            table = table.with_column(&name, &Vector::new(Arc::new(scaled)))?;
            centers.push(center);
            scales.push(scale);
        }
        Ok(Standardised { table, centers, scales })
    }
}
