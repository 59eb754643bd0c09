//! The shape of a fitted frontier: elasticities, returns to scale, monotonicity, curvature.

use nalgebra::{DMatrix, DVector};

use super::error::FrontierError;
use super::fit::SfaFit;
use super::params::Orientation;
use super::surface::Surface;
use crate::error::{Error, Result};
use crate::formula::Node;
use crate::stats::mean;
use crate::table::{Table, Vector};

/// Elasticities of the frontier by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Elasticities {
    /// The inputs.
    pub variables: Vec<String>,
    /// Row labels.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// By variable: `d ln(frontier) / d ln(x)` of each row.
    pub values: Vec<Vec<f64>>,
    /// Means over the rows, and their standard errors by the delta method.
    pub average: Vec<(f64, Option<f64>)>,
    /// Returns to scale of each row: the sum of the elasticities; for a cost frontier one over
    /// it, and missing unless outputs were named.
    pub scale: Option<Vec<f64>>,
    /// Mean returns to scale and its standard error.
    pub scale_average: Option<(f64, Option<f64>)>,
    /// Whether the frontier rises in every input, by row.
    pub monotone: Vec<bool>,
    /// Whether the frontier is quasi-concave in the inputs, by row; missing for cost frontiers and
    /// for formulas with factors or orthogonal polynomials.
    pub quasi_concave: Option<Vec<bool>>,
}

impl Elasticities {
    /// Share of rows where the frontier rises in every input.
    pub fn monotone_share(&self) -> f64 {
        share(&self.monotone)
    }

    /// Share of rows where it is quasi-concave.
    pub fn quasi_concave_share(&self) -> Option<f64> {
        self.quasi_concave.as_deref().map(share)
    }

    /// One row a row of the fit.
    pub fn table(&self) -> Result<Table> {
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        let mut columns = vec![(name.clone(), Vector::from_texts(&self.labels))];
        for (variable, values) in self.variables.iter().zip(&self.values) {
            columns.push((variable.clone(), Vector::from_floats(values.iter().copied())));
        }
        if let Some(scale) = &self.scale {
            columns.push(("scale".into(), Vector::from_floats(scale.iter().copied())));
        }
        let flags = |list: &[bool]| {
            let array: arrow_array::BooleanArray = list.iter().map(|b| Some(*b)).collect();
            Vector::new(std::sync::Arc::new(array))
        };
        columns.push(("monotone".into(), flags(&self.monotone)));
        if let Some(list) = &self.quasi_concave {
            columns.push(("quasi_concave".into(), flags(list)));
        }
        Table::new(columns)?.labelled_by(&name)
    }

    /// One row a variable, and one for returns to scale: means with standard errors.
    pub fn average_table(&self) -> Result<Table> {
        let mut names: Vec<&str> = self.variables.iter().map(String::as_str).collect();
        let mut rows = self.average.clone();
        if let Some(scale) = self.scale_average {
            names.push("returns to scale");
            rows.push(scale);
        }
        Table::new([
            ("variable", Vector::from_texts(names)),
            ("elasticity", Vector::from_floats(rows.iter().map(|r| r.0))),
            ("se", Vector::from_options(rows.iter().map(|r| r.1))),
        ])?
        .labelled_by("variable")
    }
}

fn share(list: &[bool]) -> f64 {
    list.iter().filter(|b| **b).count() as f64 / list.len() as f64
}

impl SfaFit {
    /// Elasticities with respect to `inputs`, by default every numeric column of the frontier.
    ///
    /// Exact derivatives of whatever the formula holds. The frontier is that of the response; a
    /// response not logged is divided out.
    pub fn elasticities(&self, inputs: Option<&[String]>) -> Result<Elasticities> {
        let sources = self.plan.sources();
        let variables: Vec<String> = match inputs {
            Some(inputs) => inputs.to_vec(),
            None => sources.clone(),
        };
        if let Some(unknown) = variables.iter().find(|v| !sources.contains(v)) {
            return Err(Error::UnknownName {
                primitive: "elasticities".into(),
                kind: "input".into(),
                name: unknown.clone(),
                known: sources,
            });
        }
        if variables.is_empty() {
            return Err(FrontierError::NoInputs.into());
        }
        let logged = self
            .formula
            .response
            .as_ref()
            .is_some_and(|r| matches!(&r.node, Node::Call(name, _) if name == "log"));
        let rows = self.table.take(&self.rows)?;
        let n = self.nobs();
        let beta = DVector::from_iterator(self.coef.len(), self.coef.iter().map(|c| c.value));
        let x = self.plan.matrix(&rows)?.0;
        let fitted = &x * &beta;
        let (mut values, mut average) = (Vec::new(), Vec::new());
        let mut monotone = vec![true; n];
        let mut gradients: Vec<DMatrix<f64>> = Vec::new();
        let mut inputs_by_row: Vec<Vec<f64>> = Vec::new();
        for variable in &variables {
            let level = rows.floats("elasticities", variable)?;
            let level: Vec<f64> = (0..n).map(|i| level.value(i)).collect();
            let slopes = self.plan.slopes(&rows, variable)?.0;
            let products = &slopes * &beta;
            // Row i: the elasticity's derivative with respect to the coefficients.
            let gradient = DMatrix::from_fn(n, beta.len(), |i, j| {
                if logged {
                    level[i] * slopes[(i, j)]
                } else {
                    let f = fitted[i];
                    level[i] / f * (slopes[(i, j)] - products[i] * x[(i, j)] / f)
                }
            });
            let list: Vec<f64> = (0..n)
                .map(|i| level[i] * products[i] / if logged { 1.0 } else { fitted[i] })
                .collect();
            for i in 0..n {
                monotone[i] &= products[i] >= 0.0;
            }
            average.push((
                mean(&list).expect("a fit has rows"),
                self.frontier_se(&gradient.row_mean().transpose()),
            ));
            values.push(list);
            gradients.push(gradient);
            inputs_by_row.push(level);
        }
        let cost = self.params.frontier == Orientation::Cost;
        let sums: Vec<f64> = (0..n).map(|i| values.iter().map(|v| v[i]).sum()).collect();
        let (scale, scale_average) = if cost && inputs.is_none() {
            (None, None)
        } else {
            let list: Vec<f64> = sums.iter().map(|s| if cost { 1.0 / s } else { *s }).collect();
            let mut gradient = DMatrix::zeros(n, beta.len());
            for part in &gradients {
                gradient += part;
            }
            if cost {
                for (i, s) in sums.iter().enumerate() {
                    gradient.row_mut(i).scale_mut(-1.0 / (s * s));
                }
            }
            let se = self.frontier_se(&gradient.row_mean().transpose());
            let average = (mean(&list).expect("a fit has rows"), se);
            (Some(list), Some(average))
        };
        let surface = if cost { None } else { Surface::new(&self.formula, &self.plan, &sources) };
        let quasi_concave = match surface {
            Some(surface) => {
                let columns = sources
                    .iter()
                    .map(|source| rows.floats("elasticities", source))
                    .collect::<Result<Vec<_>>>()?;
                let chosen: Vec<usize> =
                    variables.iter().filter_map(|v| sources.iter().position(|s| s == v)).collect();
                (0..n)
                    .map(|i| {
                        let at: Vec<f64> = columns.iter().map(|c| c.value(i)).collect();
                        let jet = surface.at(beta.as_slice(), &at)?;
                        // Shifted logarithms make another surface: say nothing then.
                        let same = (jet.value - fitted[i]).abs() <= 1e-8 * (1.0 + fitted[i].abs());
                        same.then(|| jet.quasi_concave(&at, &chosen))
                    })
                    .collect::<Option<Vec<bool>>>()
            }
            None => None,
        };
        Ok(Elasticities {
            variables,
            labels: self.row_names(),
            label_name: self.label_name.clone(),
            values,
            average,
            scale,
            scale_average,
            monotone,
            quasi_concave,
        })
    }

    /// The standard error of a function of the frontier's coefficients with this gradient.
    fn frontier_se(&self, gradient: &DVector<f64>) -> Option<f64> {
        let p = gradient.len();
        let vcov = self.vcov.as_ref()?.view((0, 0), (p, p)).into_owned();
        let spread = gradient.dot(&(vcov * gradient));
        (spread >= 0.0).then(|| spread.sqrt())
    }
}
