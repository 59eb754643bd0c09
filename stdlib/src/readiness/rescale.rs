//! Columns to a common scale by what the data show, more being better.
//!
//! Source: OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 5. All
//! functions take one column with `NaN` where a value is missing, and keep the gaps.

use super::framework::{Direction, Framework};
use super::normalise::{Fault, Normaliser};
use crate::error::{Error, Result};
use crate::stats::rank::{Ties, ranks};
use crate::table::{Table, Vector};

/// What the data-driven normalisers may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct RescaleParams {
    /// Lowest and highest worth of `minmax` and `goalposts`; default `(0, 1)`.
    pub range: (f64, f64),
    /// Mean and standard deviation that `zscore` aims at; default `(0, 1)`.
    pub moments: (f64, f64),
    /// Ties of `rank`, `borda` and `percentile_rank`.
    pub ties: Ties,
    /// The unit that `distance_to_reference` compares with.
    pub reference: Option<String>,
    /// Values to reach, by column, for `distance_to_target`.
    pub targets: Vec<(String, f64)>,
    /// Lowest and highest raw value, by column, for `goalposts`; values beyond are clipped.
    pub goalposts: Vec<(String, (f64, f64))>,
    /// Columns in which less is better.
    pub negative: Vec<String>,
}

impl Default for RescaleParams {
    fn default() -> Self {
        Self {
            range: (0.0, 1.0),
            moments: (0.0, 1.0),
            ties: Ties::Min,
            reference: None,
            targets: Vec::new(),
            goalposts: Vec::new(),
            negative: Vec::new(),
        }
    }
}

impl RescaleParams {
    /// Checks what does not depend on data.
    pub fn check(&self) -> Result<()> {
        let invalid = |parameter, rule: &str, (a, b): (f64, f64)| {
            let value = format!("[{a}, {b}]");
            Err(Error::Invalid { primitive: "normalise", parameter, rule: rule.into(), value })
        };
        let (low, high) = self.range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return invalid("range", "be [low, high] with low < high", self.range);
        }
        let (mean, sd) = self.moments;
        if !(mean.is_finite() && sd.is_finite() && sd > 0.0) {
            return invalid("moments", "be [mean, sd] with sd > 0", self.moments);
        }
        match self
            .goalposts
            .iter()
            .find(|(_, (low, high))| low.is_nan() || high.is_nan() || low >= high)
        {
            Some((_, pair)) => invalid("goalposts", "be [low, high] with low < high", *pair),
            None => Ok(()),
        }
    }
}

/// What a column is called, for its target, goalposts and errors, and which row is the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnOf<'a> {
    pub name: &'a str,
    pub direction: Direction,
    pub target: Option<f64>,
    pub reference: Option<usize>,
}

/// Smallest and largest value that is there; `None` for a column without values.
fn extremes(values: &[f64]) -> Option<(f64, f64)> {
    let present = || values.iter().copied().filter(|x| !x.is_nan());
    let low = present().reduce(f64::min)?;
    Some((low, present().fold(low, f64::max)))
}

/// One column under a data-driven rule.
///
/// A constant column tells no unit from another: it becomes the middle of the range (`minmax`,
/// `percentile_rank`), the mean (`zscore`) or 1 (distances and fractions: everyone leads).
pub(crate) fn column(
    rule: Normaliser,
    raw: &[f64],
    of: ColumnOf<'_>,
    params: &RescaleParams,
) -> Result<Vec<f64>> {
    let sign = of.direction.sign();
    let turned: Vec<f64> = raw.iter().map(|x| sign * x).collect();
    let Some((low, high)) = extremes(&turned) else { return Ok(turned) };
    let spread = high - low;
    let map = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
        turned.iter().map(|x| if x.is_nan() { *x } else { f(*x) }).collect()
    };
    let up_to = |best: f64| -> Vec<f64> {
        map(&|x| if best == low { 1.0 } else { (x - low) / (best - low) })
    };
    let lacking = |parameter: &'static str, rule: &str| Error::Invalid {
        primitive: "normalise",
        parameter,
        rule: rule.to_owned(),
        value: format!("nothing for `{}`", of.name),
    };
    Ok(match rule {
        Normaliser::Zscore => {
            let present: Vec<f64> = turned.iter().copied().filter(|x| !x.is_nan()).collect();
            let mean = crate::stats::mean(&present).unwrap_or(0.0);
            let sd = crate::stats::sample_sd(&present).unwrap_or(0.0);
            let (to_mean, to_sd) = params.moments;
            let flat = sd <= f64::EPSILON * mean.abs();
            map(&|x| if flat { to_mean } else { to_mean + to_sd * (x - mean) / sd })
        }
        Normaliser::Rank => ranks(&turned, params.ties, false),
        Normaliser::Borda => {
            ranks(&turned, params.ties, false).into_iter().map(|rank| rank - 1.0).collect()
        }
        Normaliser::PercentileRank => {
            let n = turned.iter().filter(|x| !x.is_nan()).count() as f64;
            let ranks = ranks(&turned, params.ties, false);
            let share = |rank: f64| match rank.is_nan() {
                true => rank,
                false if n < 2.0 => 0.5,
                false => (rank - 1.0) / (n - 1.0),
            };
            ranks.into_iter().map(share).collect()
        }
        Normaliser::DistanceToLeader => up_to(high),
        Normaliser::DistanceToTarget => {
            let named = params.targets.iter().find(|(name, _)| name == of.name);
            let target = named.map(|(_, target)| *target).or(of.target);
            let target = target.ok_or_else(|| lacking("target", "name a value to reach"))?;
            up_to(sign * target)
        }
        Normaliser::DistanceToReference => {
            let reference = of.reference.map(|row| turned[row]).filter(|x| !x.is_nan());
            let reference =
                reference.ok_or_else(|| lacking("reference", "name a unit with a value"))?;
            up_to(reference).into_iter().map(|x| if x > 1.0 { 1.0 } else { x }).collect()
        }
        Normaliser::FractionOfMax => {
            // Less is better: the best (smallest) value over the value, so that 1 is the leader.
            let best = sign * high;
            let fraction = |x: f64| if sign > 0.0 { x / best } else { best / -x };
            map(&|x| if x == high { 1.0 } else { fraction(x) })
        }
        Normaliser::Goalposts => {
            let (bottom, top) = params.range;
            let found = params.goalposts.iter().find(|(name, _)| name == of.name);
            let (_, (from, to)) =
                found.ok_or_else(|| lacking("goalposts", "name [low, high] for every column"))?;
            let share = |x: f64| {
                let share = ((sign * x - from) / (to - from)).clamp(0.0, 1.0);
                if sign > 0.0 { share } else { 1.0 - share }
            };
            map(&|x| bottom + (top - bottom) * share(x))
        }
        // Minmax; the rules that read scales or call closures never come here.
        _ => {
            let (bottom, top) = params.range;
            let middle = f64::midpoint(bottom, top);
            map(&|x| {
                if spread > 0.0 { bottom + (top - bottom) * (x - low) / spread } else { middle }
            })
        }
    })
}

/// A table with every numeric column normalised by `rule`; other columns stay.
///
/// `own` is called with a column's name and values where `rule` is the user's closure. Declared
/// scales are read by [`normalise_declared`]; the published rule needs none.
pub fn normalise(
    table: &Table,
    rule: Normaliser,
    params: &RescaleParams,
    own: Option<&mut super::ColumnFn<'_>>,
) -> Result<Table> {
    let rules: Vec<(String, Normaliser)> =
        super::numeric_columns(table).into_iter().map(|name| (name, rule)).collect();
    let mut own = own;
    each(table, &rules, params, &mut |_, name, values| match own.as_deref_mut() {
        Some(own) => call(own, name, values),
        None => Err(no_closure()),
    })
}

/// A table with the named columns normalised, each by its own rule; other columns stay.
pub fn normalise_each(
    table: &Table,
    rules: &[(String, Normaliser)],
    params: &RescaleParams,
    callbacks: &mut super::Callbacks<'_>,
) -> Result<Table> {
    each(
        table,
        rules,
        params,
        &mut |number, name, values| match callbacks.normalise.get_mut(number) {
            Some(own) => call(own.as_mut(), name, values),
            None => Err(no_closure()),
        },
    )
}

fn no_closure() -> Error {
    Error::Callback { message: "normalise: the closure is not at hand".into() }
}

/// Calls the user's closure of a number with a column's name and values.
type Own<'a> = dyn FnMut(usize, &str, &[f64]) -> Result<Vec<f64>> + 'a;

fn each(
    table: &Table,
    rules: &[(String, Normaliser)],
    params: &RescaleParams,
    own: &mut Own<'_>,
) -> Result<Table> {
    params.check()?;
    for name in params
        .negative
        .iter()
        .chain(params.targets.iter().map(|(name, _)| name))
        .chain(params.goalposts.iter().map(|(name, _)| name))
    {
        table.column(name)?;
    }
    let reference = params.reference.as_deref();
    let reference = reference.map(|label| table.row_of("normalise", label)).transpose()?;
    let mut result = table.clone();
    for (name, rule) in rules {
        let values = super::values(table, "normalise", name)?;
        let negative = params.negative.contains(name);
        let direction = if negative { Direction::Negative } else { Direction::Positive };
        let worths = match rule {
            Normaliser::Declared => {
                return Err(super::ReadinessError::NoScale {
                    primitive: "normalise".into(),
                    item: name.clone(),
                }
                .into());
            }
            Normaliser::AsPublished => {
                let worth = |x: &f64| super::as_published(*x);
                let turn = |x: f64| if negative { 1.0 - x } else { x };
                values.iter().map(worth).map(turn).collect()
            }
            Normaliser::Custom(number) => own(*number, name, &values)?,
            rule => {
                let of = ColumnOf { name, direction, target: None, reference };
                column(*rule, &values, of, params)?
            }
        };
        result = result.with_column(name, &Vector::from_floats(worths))?;
    }
    Ok(result)
}

/// The items of `framework` in `table` by the scales they are answered on, and the scores off it.
///
/// `rule` is declared or as published. A table with items in columns keeps its other columns; one
/// with items in rows becomes a table with units in rows.
pub fn normalise_declared(
    table: &Table,
    framework: &Framework,
    rule: Normaliser,
) -> Result<(Table, Vec<Fault>)> {
    let scores = super::scores::read("normalise", table, framework)?;
    let columns = table.columns();
    let in_columns = framework.items().iter().any(|item| columns.contains(&item.code));
    let mut faults = Vec::new();
    let mut result = if in_columns { Some(table.clone()) } else { None };
    let mut made = Vec::new();
    for (node, values) in framework.items().into_iter().zip(&scores.columns) {
        let Some(item) = node.as_item() else { continue };
        let worths = rule.apply("normalise", node, item, values, &scores.units, &mut faults)?;
        let worths = Vector::from_floats(worths);
        match &mut result {
            Some(table) if columns.contains(&node.code) => {
                *table = table.with_column(&node.code, &worths)?;
            }
            Some(_) => {}
            None => made.push((node.code.clone(), worths)),
        }
    }
    let labels = arrow_array::StringArray::from_iter_values(&scores.units);
    let table = match result {
        Some(table) => table,
        None => Table::new(made)?.with_labels(std::sync::Arc::new(labels), Some("unit"))?,
    };
    Ok((table, faults))
}

/// The user's normaliser over one column.
pub(crate) fn call(own: &mut super::ColumnFn<'_>, name: &str, values: &[f64]) -> Result<Vec<f64>> {
    let given: Vec<Option<f64>> = values.iter().map(|x| (!x.is_nan()).then_some(*x)).collect();
    let answer = own(name, &given)?;
    if answer.len() != values.len() {
        return Err(Error::Callback {
            message: format!(
                "normalise: the closure must return {} values for `{name}`, got {}",
                values.len(),
                answer.len()
            ),
        });
    }
    Ok(answer.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rule: Normaliser, raw: &[f64], direction: Direction) -> Vec<f64> {
        let of = ColumnOf { name: "x", direction, target: Some(5.0), reference: Some(1) };
        column(rule, raw, of, &RescaleParams::default()).unwrap()
    }

    #[test]
    fn the_best_value_is_worth_most_in_either_direction() {
        let raw = [1.0, 2.0, 4.0];
        let (up, down) = (Direction::Positive, Direction::Negative);
        assert_eq!(run(Normaliser::Minmax, &raw, up), [0.0, 1.0 / 3.0, 1.0]);
        assert_eq!(run(Normaliser::Minmax, &raw, down), [1.0, 2.0 / 3.0, 0.0]);
        assert_eq!(run(Normaliser::Rank, &raw, down), [3.0, 2.0, 1.0]);
        assert_eq!(run(Normaliser::Borda, &raw, up), [0.0, 1.0, 2.0]);
        assert_eq!(run(Normaliser::PercentileRank, &raw, up), [0.0, 0.5, 1.0]);
        assert_eq!(run(Normaliser::DistanceToTarget, &raw, up), [0.0, 0.25, 0.75]);
        assert_eq!(run(Normaliser::DistanceToReference, &raw, up), [0.0, 1.0, 1.0]);
        assert_eq!(run(Normaliser::FractionOfMax, &raw, up), [0.25, 0.5, 1.0]);
        assert_eq!(run(Normaliser::FractionOfMax, &raw, down), [1.0, 0.5, 0.25]);
    }

    #[test]
    fn constant_columns_and_gaps_have_a_defined_outcome() {
        let raw = [3.0, f64::NAN, 3.0];
        for (rule, worth) in [
            (Normaliser::Minmax, 0.5),
            (Normaliser::Zscore, 0.0),
            (Normaliser::Rank, 1.0),
            (Normaliser::DistanceToLeader, 1.0),
            (Normaliser::FractionOfMax, 1.0),
        ] {
            let got = run(rule, &raw, Direction::Positive);
            assert!(got[1].is_nan(), "{rule:?}");
            assert_eq!((got[0], got[2]), (worth, worth), "{rule:?}");
        }
        assert_eq!(run(Normaliser::PercentileRank, &[7.0], Direction::Positive), [0.5]);
        assert_eq!(run(Normaliser::FractionOfMax, &[0.0, 0.0], Direction::Positive), [1.0, 1.0]);
    }
}
