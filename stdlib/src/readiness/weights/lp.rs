//! The benefit of the doubt, by linear programs.
//!
//! Source: Melyn and Moesen (1991); Cherchye et al. (2007) for bounds on the shares of the pie.

use rayon::prelude::*;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::program::{self, Failure};
use crate::readiness::ReadinessError;
use crate::table::{Table, Vector};

/// [`program::minimise`], with the failures of weights.
pub(crate) fn solve(
    primitive: &str,
    objective: &[f64],
    at_most: &[(Vec<f64>, f64)],
    equal: &[(Vec<f64>, f64)],
) -> Result<Vec<f64>> {
    program::minimise(objective, at_most, equal).map_err(|failure| {
        let reason = match failure {
            Failure::Infeasible => "no weights satisfy the bounds".to_owned(),
            Failure::Other(words) => format!("the linear program {words}"),
        };
        ReadinessError::Undefined { primitive: primitive.to_owned(), reason, hint: String::new() }
            .into()
    })
}

/// Bounds on each column's share of a unit's score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BodParams {
    /// Least share, in 0..=1/columns; default 0.
    pub lower: f64,
    /// Largest share, in 1/columns..=1; default 1.
    pub upper: f64,
}

impl Default for BodParams {
    fn default() -> Self {
        Self { lower: 0.0, upper: 1.0 }
    }
}

/// Each unit's score under the weights that favour it most.
#[derive(Debug, Clone)]
pub struct Bod {
    /// Score by unit, in 0..=1; 1 for a unit that no other beats under its own weights.
    pub scores: Vector,
    /// Shares of each column in the unit's score, units in rows; they sum to 1.
    pub shares: Table,
    /// Weights of each unit, units in rows.
    pub weights: Table,
}

/// The benefit of the doubt: `max w' x_i` with `w' x_k <= 1` for every unit, `w >= 0`, and each
/// column's share `w_j x_ij / w' x_i` within the bounds.
///
/// Columns must be at least 0, with more better; a unit without any value above 0 scores 0.
pub fn bod(table: &Table, params: &BodParams, context: &Context) -> Result<Bod> {
    let primitive = "bod";
    let data = table.numeric()?.matrix(primitive, None)?;
    let (n, m) = data.values.shape();
    let even = 1.0 / m as f64;
    let invalid = |parameter, rule: String, value: f64| {
        Err(Error::Invalid { primitive, parameter, rule, value: value.to_string() })
    };
    if !(0.0..=even).contains(&params.lower) {
        return invalid("lower", format!("lie in 0..=1/{m} (columns)"), params.lower);
    }
    if !(even..=1.0).contains(&params.upper) {
        return invalid("upper", format!("lie in 1/{m}..=1 (columns)"), params.upper);
    }
    for i in 0..n {
        for j in 0..m {
            let value = data.values[(i, j)];
            if value < 0.0 {
                let reason =
                    format!("`{}` of {} is negative ({value})", data.columns[j], data.labels[i]);
                let hint = "normalise first: normalise(t, \"minmax\", #{ range: [1, 100] })".into();
                let primitive = primitive.to_owned();
                return Err(ReadinessError::Undefined { primitive, reason, hint }.into());
            }
        }
    }
    // Columns divided by their largest value: scores do not change, and the program is well scaled.
    let largest: Vec<f64> = (0..m)
        .map(|j| data.values.column(j).max())
        .map(|x| if x > 0.0 { x } else { 1.0 })
        .collect();
    let scaled = |i: usize, j: usize| data.values[(i, j)] / largest[j];
    let solved: Vec<(f64, Vec<f64>)> = (0..n)
        .into_par_iter()
        .map(|i| {
            context.check()?;
            if (0..m).all(|j| data.values[(i, j)] == 0.0) {
                return Ok((0.0, vec![0.0; m]));
            }
            let objective: Vec<f64> = (0..m).map(|j| -scaled(i, j)).collect();
            let mut rows: Vec<(Vec<f64>, f64)> =
                (0..n).map(|k| ((0..m).map(|j| scaled(k, j)).collect(), 1.0)).collect();
            for j in 0..m {
                for (bound, sign) in [(params.lower, 1.0), (params.upper, -1.0)] {
                    if (sign > 0.0 && bound == 0.0) || (sign < 0.0 && bound == 1.0) {
                        continue;
                    }
                    // sign (bound w' x - w_j x_j) <= 0
                    let mut row: Vec<f64> = (0..m).map(|k| sign * bound * scaled(i, k)).collect();
                    row[j] -= sign * scaled(i, j);
                    rows.push((row, 0.0));
                }
            }
            let x = solve(primitive, &objective, &rows, &[])?;
            let weights: Vec<f64> = x.iter().map(|w| w.max(0.0)).collect();
            let score: f64 = weights.iter().enumerate().map(|(j, w)| w * scaled(i, j)).sum();
            Ok((score.min(1.0), weights))
        })
        .collect::<Result<_>>()?;
    let labels = std::sync::Arc::new(arrow_array::StringArray::from_iter_values(&data.labels));
    let by_unit = |cell: &dyn Fn(usize, usize) -> f64| -> Result<Table> {
        let columns = (0..m)
            .map(|j| (data.columns[j].as_str(), Vector::from_floats((0..n).map(|i| cell(i, j)))));
        Table::new(columns)?.with_labels(std::sync::Arc::clone(&labels), table.label_name())
    };
    let share = |i: usize, j: usize| {
        let (score, weights) = &solved[i];
        if *score > 0.0 { weights[j] * scaled(i, j) / score } else { f64::NAN }
    };
    Ok(Bod {
        scores: Vector::from_floats(solved.iter().map(|(score, _)| *score))
            .with_labels(std::sync::Arc::clone(&labels))?
            .named("bod"),
        shares: by_unit(&share)?,
        weights: by_unit(&|i, j| solved[i].1[j] / largest[j])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::{ReadOptions, read_str};

    fn run(csv: &str, lower: f64, upper: f64) -> Bod {
        let table = read_str(csv, "t", &ReadOptions::default()).unwrap();
        bod(&table, &BodParams { lower, upper }, &Context::default()).unwrap()
    }

    #[test]
    fn a_unit_best_at_one_thing_gets_the_benefit_of_the_doubt() {
        let csv = "u,a,b\nA,10,1\nB,1,10\nC,5,5\nD,2,2\n";
        let free = run(csv, 0.0, 1.0);
        let scores = free.scores.present().unwrap();
        assert!((scores[0] - 1.0).abs() < 1e-7 && (scores[1] - 1.0).abs() < 1e-7);
        // C under weights (1/11, 1/11), where A and B reach 1: 10/11.
        assert!((scores[2] - 10.0 / 11.0).abs() < 1e-7, "{scores:?}");
        assert!((scores[3] - 4.0 / 11.0).abs() < 1e-7);
        // Equal shares leave A only w_a 10 = w_b 1: B then is worth 1 at most.
        let bound = run(csv, 0.5, 0.5);
        for unit in 0..4 {
            for column in 0..2 {
                let share = bound.shares.cell(unit, column).as_f64().unwrap();
                assert!((share - 0.5).abs() < 1e-6);
            }
        }
        assert!(bound.scores.present().unwrap()[0] < 0.5);
    }

    #[test]
    fn bounds_and_values_are_checked() {
        let table = read_str("u,a,b\nA,1,2\nB,-1,3\n", "t", &ReadOptions::default()).unwrap();
        let fail = |lower, upper| {
            bod(&table, &BodParams { lower, upper }, &Context::default()).unwrap_err().to_string()
        };
        assert!(fail(0.6, 1.0).contains("lower must lie in 0..=1/2"));
        assert!(fail(0.0, 0.4).contains("upper must lie in 1/2..=1"));
        assert!(fail(0.0, 1.0).contains("`a` of B is negative"));
    }
}
