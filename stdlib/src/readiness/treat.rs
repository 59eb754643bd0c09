//! Outliers and skew: winsorise a few points, else take logarithms or a Box-Cox power.
//!
//! Source: OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 4; thresholds of
//! Groeneveld and Meeden (1984) as the JRC uses them; Box and Cox (1964) for the power.

use super::{numeric_columns, values};
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::stats;
use crate::table::{Table, Vector};

/// What is done to a column that winsorising does not mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reshape {
    /// `ln(x - min + 0.01 (max - min))`.
    #[default]
    Log,
    /// `(y^lambda - 1) / lambda` of the same shifted values, lambda by maximum likelihood.
    BoxCox,
    /// Nothing: the winsorised column stays.
    None,
}

impl Choice for Reshape {
    const ALL: &'static [(&'static str, Self)] =
        &[("log", Self::Log), ("boxcox", Self::BoxCox), ("none", Self::None)];
}

/// When and how to treat a column.
#[derive(Debug, Clone, PartialEq)]
pub struct TreatParams {
    /// Points of a column that may be winsorised, default 5.
    pub max_winsorised: usize,
    /// A column is an outlier case where |skewness| is above this, default 2 ...
    pub skewness: f64,
    /// ... and excess kurtosis above this, default 3.5.
    pub kurtosis: f64,
    /// What follows where winsorising was not enough.
    pub then: Reshape,
}

impl Default for TreatParams {
    fn default() -> Self {
        Self { max_winsorised: 5, skewness: 2.0, kurtosis: 3.5, then: Reshape::Log }
    }
}

/// A treated table and what was done to each column.
#[derive(Debug, Clone)]
pub struct Treated {
    /// The table, shape of the input.
    pub table: Table,
    /// One row per numeric column: `treatment` (none, winsorised, log, boxcox, or not mended where nothing was to follow),
    /// `points` winsorised, `lambda`, skewness and kurtosis before and after.
    pub log: Table,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Adjusted skewness (G1) and excess kurtosis (G2) of a sample; `None` below 4 values or without
/// spread.
pub fn skew_kurtosis(sample: &[f64]) -> Option<(f64, f64)> {
    stats::skewness(sample).zip(stats::kurtosis(sample))
}

/// What became of a column, with its skewness and kurtosis before and after.
type Row = (Outcome, Option<(f64, f64)>, Option<(f64, f64)>);

struct Outcome {
    values: Vec<f64>,
    treatment: &'static str,
    points: usize,
    lambda: Option<f64>,
}

/// Treats every numeric column whose skewness and kurtosis are both beyond the thresholds.
///
/// The most extreme value on the skewed side takes the value next to it, one point after another,
/// until the column passes or `max_winsorised` points are spent; then the original column is
/// reshaped; what does not pass then either stays reshaped (or winsorised, if nothing is to
/// follow) with a warning.
/// Missing values stay missing; columns of fewer than four values or without spread stay as they
/// are.
pub fn treat(table: &Table, params: &TreatParams) -> Result<Treated> {
    for (parameter, value) in [("skewness", params.skewness), ("kurtosis", params.kurtosis)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::Invalid {
                primitive: "treat",
                parameter,
                rule: "be above 0".into(),
                value: value.to_string(),
            });
        }
    }
    let names = numeric_columns(table);
    let (mut result, mut warnings) = (table.clone(), Vec::new());
    let mut rows: Vec<Row> = Vec::new();
    for name in &names {
        let raw = values(table, "treat", name)?;
        let before = shape(&raw);
        let outcome = one(&raw, params);
        let after = shape(&outcome.values);
        if !passes(&outcome.values, params) {
            let tried = match outcome.treatment {
                "log" => "its logarithm".to_owned(),
                "boxcox" => "its Box-Cox power".to_owned(),
                _ => format!("{} points", outcome.points),
            };
            warnings.push(format!("`{name}` still fails after {tried}"));
        }
        if outcome.treatment != "none" {
            let treated = Vector::from_floats(outcome.values.iter().copied());
            result = result.with_column(name, &treated)?;
        }
        rows.push((outcome, before, after));
    }
    let floats = |get: &dyn Fn(&Row) -> Option<f64>| Vector::from_options(rows.iter().map(get));
    let log = Table::new([
        ("column", Vector::from_texts(&names)),
        ("treatment", Vector::from_texts(rows.iter().map(|row| row.0.treatment))),
        ("points", Vector::from_ints(rows.iter().map(|row| row.0.points as i64))),
        ("lambda", floats(&|row| row.0.lambda)),
        ("skewness_before", floats(&|row| row.1.map(|s| s.0))),
        ("kurtosis_before", floats(&|row| row.1.map(|s| s.1))),
        ("skewness", floats(&|row| row.2.map(|s| s.0))),
        ("kurtosis", floats(&|row| row.2.map(|s| s.1))),
    ])?
    .labelled_by("column")?;
    Ok(Treated { table: result, log, warnings })
}

fn present(column: &[f64]) -> Vec<f64> {
    column.iter().copied().filter(|x| !x.is_nan()).collect()
}

fn shape(column: &[f64]) -> Option<(f64, f64)> {
    skew_kurtosis(&present(column))
}

fn passes(column: &[f64], params: &TreatParams) -> bool {
    shape(column)
        .is_none_or(|(skew, kurt)| skew.abs() <= params.skewness || kurt <= params.kurtosis)
}

fn one(raw: &[f64], params: &TreatParams) -> Outcome {
    let mut column = raw.to_vec();
    let mut points = 0;
    if passes(&column, params) {
        return Outcome { values: column, treatment: "none", points, lambda: None };
    }
    while !passes(&column, params) {
        let upper = shape(&column).is_some_and(|(skew, _)| skew > 0.0);
        let mut next = column.clone();
        clip_extreme(&mut next, upper);
        let moved = next.iter().zip(raw).filter(|(a, b)| !b.is_nan() && a != b).count();
        if moved > params.max_winsorised || moved == points {
            break;
        }
        (column, points) = (next, moved);
    }
    if passes(&column, params) {
        return Outcome { values: column, treatment: "winsorised", points, lambda: None };
    }
    let shifted = shift(raw);
    let reshaped = match params.then {
        Reshape::None => None,
        Reshape::Log => Some((shifted.iter().map(|x| x.ln()).collect::<Vec<f64>>(), "log", None)),
        Reshape::BoxCox => {
            let lambda = box_cox_lambda(&present(&shifted));
            let values = shifted.iter().map(|x| box_cox(*x, lambda)).collect();
            Some((values, "boxcox", Some(lambda)))
        }
    };
    match reshaped {
        Some((values, treatment, lambda)) => Outcome { values, treatment, points: 0, lambda },
        None => Outcome { values: column, treatment: "not mended", points, lambda: None },
    }
}

/// Moves all values at the extreme to the next value inward.
fn clip_extreme(column: &mut [f64], upper: bool) {
    let sign = if upper { 1.0 } else { -1.0 };
    let largest = |below: f64| {
        let turned = column.iter().filter(|x| !x.is_nan()).map(|x| sign * x);
        turned.filter(|x| *x < below).fold(f64::NEG_INFINITY, f64::max)
    };
    let extreme = largest(f64::INFINITY);
    let next = largest(extreme);
    for x in column.iter_mut().filter(|x| sign * **x == extreme) {
        *x = sign * next;
    }
}

/// Values moved to start at one hundredth of their range.
fn shift(column: &[f64]) -> Vec<f64> {
    let values = present(column);
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    column.iter().map(|x| x - low + 0.01 * (high - low)).collect()
}

/// Box and Cox's power of a positive value.
pub fn box_cox(x: f64, lambda: f64) -> f64 {
    if lambda.abs() < 1e-12 { x.ln() } else { (x.powf(lambda) - 1.0) / lambda }
}

/// The power of greatest likelihood in -2..=2, for positive values.
///
/// `-n/2 ln(variance of the transformed) + (lambda - 1) sum(ln x)`, by golden section.
pub fn box_cox_lambda(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let logs: f64 = values.iter().map(|x| x.ln()).sum();
    let likelihood = |lambda: f64| {
        let moved: Vec<f64> = values.iter().map(|x| box_cox(*x, lambda)).collect();
        let mean = moved.iter().sum::<f64>() / n;
        let variance = moved.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
        -n / 2.0 * variance.ln() + (lambda - 1.0) * logs
    };
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-2.0, 2.0);
    for _ in 0..100 {
        let step = ratio * (high - low);
        if likelihood(high - step) > likelihood(low + step) {
            high = low + step;
        } else {
            low = high - step;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::{ReadOptions, read_str};

    fn table(values: &[f64]) -> Table {
        let rows: Vec<String> =
            values.iter().enumerate().map(|(at, x)| format!("u{at},{x}")).collect();
        read_str(&format!("u,x\n{}\n", rows.join("\n")), "t", &ReadOptions::default()).unwrap()
    }

    #[test]
    fn one_outlier_takes_its_neighbours_value() {
        let mut values: Vec<f64> = (1..=20).map(f64::from).collect();
        values.push(500.0);
        let treated = treat(&table(&values), &TreatParams::default()).unwrap();
        let column = treated.table.column("x").unwrap();
        assert_eq!(column.max().unwrap(), Some(20.0));
        assert_eq!(treated.log.at("x", "points").unwrap().as_f64(), Some(1.0));
        let again = treat(&treated.table, &TreatParams::default()).unwrap();
        assert_eq!(again.log.at("x", "points").unwrap().as_f64(), Some(0.0));
    }

    #[test]
    fn a_skewed_column_is_logged_when_points_run_out() {
        let values: Vec<f64> = (0..40).map(|k| (f64::from(k) / 4.0).exp()).collect();
        for (then, name) in [(Reshape::Log, "log"), (Reshape::BoxCox, "boxcox")] {
            let params = TreatParams { max_winsorised: 1, then, ..TreatParams::default() };
            let treated = treat(&table(&values), &params).unwrap();
            let row = treated.log.column("treatment").unwrap().cell(0);
            assert_eq!(row, crate::table::Cell::Text(name.into()));
            assert_eq!(treated.warnings.len(), 0);
        }
        let params =
            TreatParams { max_winsorised: 1, then: Reshape::None, ..TreatParams::default() };
        let left = treat(&table(&values), &params).unwrap();
        assert_eq!(left.warnings, ["`x` still fails after 1 points"]);
    }

    #[test]
    fn short_and_constant_columns_stay() {
        for values in [&[1.0, 2.0, 900.0][..], &[3.0; 8]] {
            let treated = treat(&table(values), &TreatParams::default()).unwrap();
            assert_eq!(treated.table.column("x").unwrap().present().unwrap(), values);
        }
    }

    #[test]
    fn box_cox_finds_the_power_that_made_the_sample() {
        // Squares of an even grid far from zero: the square root makes them symmetric again.
        let values: Vec<f64> = (0..200).map(|k| (10.0 + f64::from(k) / 20.0).powi(2)).collect();
        let lambda = box_cox_lambda(&values);
        assert!((0.3..0.75).contains(&lambda), "{lambda}");
    }
}
