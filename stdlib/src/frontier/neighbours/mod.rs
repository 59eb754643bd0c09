//! What stands beside a stochastic frontier: least squares, the deterministic frontiers drawn from
//! it, and the envelopes that need no functional form.

mod corrected;
mod dea;
mod diagnostics;
mod order_m;
mod regression;

pub use corrected::{Corrected, Correction, cols, mols};
pub use dea::{Bootstrap, Dea, DeaParams, Direction, Returns, dea};
pub use order_m::{OrderM, OrderMParams, order_m};
pub use regression::{OlsParams, Regression, StandardErrors, ols};

use std::sync::Arc;

use arrow_array::Int64Array;

use crate::error::{Error, Result};
use crate::table::{Matrix, Table, Vector};

/// Inputs and outputs of an envelope, all positive, each divided by its mean.
struct Activities {
    /// Units by outputs.
    outputs: nalgebra::DMatrix<f64>,
    /// Units by inputs.
    inputs: nalgebra::DMatrix<f64>,
    labels: Vec<String>,
    output_names: Vec<String>,
    input_names: Vec<String>,
    /// Means of the outputs, then of the inputs: what one unit of a scaled column is worth.
    scales: Vec<f64>,
}

impl Activities {
    /// Reads the columns; efficiencies compare ratios, so every number must be positive.
    fn read(
        primitive: &'static str,
        table: &Table,
        outputs: &[String],
        inputs: &[String],
    ) -> Result<Self> {
        for (parameter, names) in [("outputs", outputs), ("inputs", inputs)] {
            if names.is_empty() {
                return Err(Error::Invalid {
                    primitive,
                    parameter,
                    rule: "name one column or more".into(),
                    value: "none".into(),
                });
            }
        }
        if let Some(twice) = outputs.iter().find(|name| inputs.contains(name)) {
            return Err(Error::Invalid {
                primitive,
                parameter: "inputs",
                rule: "differ from the outputs".into(),
                value: twice.clone(),
            });
        }
        let mut scales = Vec::new();
        let mut scaled = |names: &[String]| -> Result<Matrix> {
            let mut matrix = table.matrix(primitive, Some(names))?;
            for (j, mut column) in matrix.values.column_iter_mut().enumerate() {
                if let Some(row) = column.iter().position(|x| !(*x > 0.0 && x.is_finite())) {
                    return Err(super::FrontierError::NotPositive {
                        primitive,
                        column: matrix.columns[j].clone(),
                        row: matrix.labels[row].clone(),
                        value: column[row],
                    }
                    .into());
                }
                let largest = column.max();
                let mean = largest
                    * (column.iter().map(|x| x / largest).sum::<f64>() / column.len() as f64);
                column.iter_mut().for_each(|x| *x /= mean);
                scales.push(mean);
            }
            Ok(matrix)
        };
        let y = scaled(outputs)?;
        let x = scaled(inputs)?;
        Ok(Self {
            outputs: y.values,
            inputs: x.values,
            labels: y.labels,
            output_names: y.columns,
            input_names: x.columns,
            scales,
        })
    }

    fn len(&self) -> usize {
        self.labels.len()
    }
}

/// Labels, columns and ranks as one table, labelled, in the rows' order.
fn scores(
    label_name: Option<&str>,
    labels: &[String],
    columns: Vec<(&str, Vector)>,
    ranks: &[Option<i64>],
) -> Result<Table> {
    let name = label_name.unwrap_or("row");
    let mut all = vec![(name, Vector::from_texts(labels))];
    all.extend(columns);
    all.push(("rank", Vector::new(Arc::new(ranks.iter().copied().collect::<Int64Array>()))));
    Table::new(all)?.labelled_by(name)
}
