//! Classes of numbers, indicators of classes, running totals.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};

use super::error::VerbError;
use super::expr::shown;
use super::groups::Groups;
use super::rows::keys;
use crate::error::{Error, Result};
use crate::stats;
use crate::table::{Table, Vector};

/// Where classes begin and end.
#[derive(Debug, Clone, PartialEq)]
pub enum Breaks {
    /// So many classes of about as many values each.
    Quantile(usize),
    /// So many classes as wide as each other.
    EqualWidth(usize),
    /// Between given points, in ascending order.
    At(Vec<f64>),
}

/// How to cut numbers into classes.
#[derive(Debug, Clone, PartialEq)]
pub struct CutParams {
    /// Where classes begin and end.
    pub breaks: Breaks,
    /// Names of the classes; intervals such as `(10, 20]` if empty.
    pub labels: Vec<String>,
    /// Whether a class holds its upper end (and not its lower one).
    pub right: bool,
}

/// Numbers in classes.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The class of each value; missing for a gap and outside the breaks.
    pub classes: Vector,
    /// The ends of the classes, one more than there are classes.
    pub breaks: Vec<f64>,
    /// Quantiles that fell together, values outside.
    pub warnings: Vec<String>,
}

fn invalid(parameter: &'static str, rule: &str, value: String) -> Error {
    Error::Invalid { primitive: "cut_points", parameter, rule: rule.to_owned(), value }
}

fn ends(present: &[f64], breaks: &Breaks, warnings: &mut Vec<String>) -> Result<Vec<f64>> {
    let classes = match breaks {
        Breaks::Quantile(n) | Breaks::EqualWidth(n) => *n,
        Breaks::At(points) => {
            let rising = points.windows(2).all(|pair| pair[0] < pair[1]);
            if points.len() < 2 || !rising || points.iter().any(|p| p.is_nan()) {
                let rule = "be two or more numbers in ascending order";
                return Err(invalid("breaks", rule, format!("{points:?}")));
            }
            return Ok(points.clone());
        }
    };
    if classes == 0 || classes > 10_000 {
        return Err(invalid("classes", "lie in 1..=10000", classes.to_string()));
    }
    let low = present.iter().copied().reduce(f64::min);
    let high = present.iter().copied().reduce(f64::max);
    let (Some(low), Some(high)) = (low, high) else {
        return Err(invalid("values", "hold at least one number", "only gaps".into()));
    };
    if low == high {
        return Err(invalid("values", "differ", format!("only {low}")));
    }
    let share = |i: usize| i as f64 / classes as f64;
    let mut points: Vec<f64> = match breaks {
        Breaks::Quantile(_) => {
            (0..=classes).filter_map(|i| stats::quantile(present, share(i))).collect()
        }
        _ => (0..=classes).map(|i| low + share(i) * (high - low)).collect(),
    };
    if let Some(last) = points.last_mut() {
        // Rounding must not leave the largest value outside.
        *last = high;
    }
    points.dedup();
    if points.len() < classes + 1 {
        warnings.push(format!(
            "cut_points: equal quantiles fell together, {} classes are left of {classes}",
            points.len() - 1
        ));
    }
    Ok(points)
}

/// Points with as few digits as keep them apart.
fn titles(points: &[f64]) -> Vec<String> {
    for digits in 2..15 {
        let texts: Vec<String> = points
            .iter()
            .map(|p| {
                let scale = if *p == 0.0 { 0 } else { p.abs().log10().floor() as i32 };
                let decimals = (digits - scale).max(0) as usize;
                let fixed = format!("{p:.decimals$}");
                let short = if fixed.contains('.') {
                    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    fixed
                };
                if short == "-0" { "0".into() } else { short }
            })
            .collect();
        if texts.windows(2).all(|pair| pair[0] != pair[1]) {
            return texts;
        }
    }
    points.iter().map(f64::to_string).collect()
}

/// Cuts numbers into classes and names them.
///
/// The outermost classes hold both their ends, so the smallest and the largest value always
/// have a class.
pub fn cut_points(values: &Vector, params: &CutParams) -> Result<Cut> {
    let floats = values.floats()?;
    let present: Vec<f64> = floats.iter().flatten().collect();
    let mut warnings = Vec::new();
    let points = ends(&present, &params.breaks, &mut warnings)?;
    let count = points.len() - 1;
    let labels = if params.labels.is_empty() {
        let titles = titles(&points);
        (0..count)
            .map(|i| {
                let open = if params.right && i > 0 { "(" } else { "[" };
                let close = if params.right || i + 1 == count { "]" } else { ")" };
                format!("{open}{}, {}{close}", titles[i], titles[i + 1])
            })
            .collect()
    } else if params.labels.len() == count {
        params.labels.clone()
    } else {
        let rule = format!("name {count} classes");
        return Err(invalid("labels", &rule, format!("{} names", params.labels.len())));
    };
    let class = |x: f64| -> Option<usize> {
        let (low, high) = (points[0], points[count]);
        if x < low || x > high {
            return None;
        }
        let place = if params.right {
            points.partition_point(|p| *p < x)
        } else {
            points.partition_point(|p| *p <= x)
        };
        Some(place.saturating_sub(1).min(count - 1))
    };
    let mut outside = 0;
    let classes: StringArray = floats
        .iter()
        .map(|x| {
            let class = class(x?);
            outside += usize::from(class.is_none());
            class.map(|class| labels[class].as_str())
        })
        .collect();
    if outside > 0 {
        warnings.push(format!(
            "cut_points: {outside} of {} values lie outside the breaks and became missing",
            present.len()
        ));
    }
    let classes = Vector::new(Arc::new(classes));
    let classes = match values.labels() {
        Some(labels) => classes.with_labels(Arc::clone(labels))?,
        None => classes,
    };
    Ok(Cut { classes, breaks: points, warnings })
}

/// Replaces columns by one column of 0 and 1 for each of their values, in the values' order.
///
/// A gap is missing in all of them. `drop_first` leaves the first value of each column out, as a
/// model with an intercept needs it.
pub fn one_hot(table: &Table, columns: &[String], drop_first: bool) -> Result<Table> {
    const NAME: &str = "one_hot";
    const LEVELS: usize = 1000;
    let arrays = keys(NAME, table, columns)?;
    let mut result: Vec<(String, ArrayRef)> = Vec::new();
    for (name, array) in table.named_arrays() {
        let Some(place) = columns.iter().position(|column| *column == name) else {
            result.push((name, array));
            continue;
        };
        let groups = Groups::of(&[Arc::clone(&arrays[place])], table.nrow());
        let sorted = table.sort(&[name.as_str()], false)?;
        let ordered = Arc::clone(sorted.array(NAME, &name)?);
        let order = Groups::of(&[Arc::clone(&ordered)], table.nrow());
        if order.count() > LEVELS {
            return Err(Error::Invalid {
                primitive: NAME,
                parameter: "columns",
                rule: format!("have at most {LEVELS} different values each"),
                value: format!("`{name}` with {}", order.count()),
            });
        }
        // The group of every value by its text, which is the new column's name.
        let level = |group: usize| shown(&array, groups.first[group] as usize);
        let levels: Vec<Option<String>> = (0..groups.count()).map(level).collect();
        let mut first = true;
        for row in &order.first {
            let Some(text) = shown(&ordered, *row as usize) else { continue };
            if std::mem::replace(&mut first, false) && drop_first {
                continue;
            }
            let hit: Vec<Option<i64>> =
                levels.iter().map(|l| l.as_ref().map(|l| i64::from(*l == text))).collect();
            let values: Int64Array = groups.ids.iter().map(|id| hit[*id as usize]).collect();
            result.push((format!("{name}_{text}"), Arc::new(values)));
        }
    }
    for (place, (name, _)) in result.iter().enumerate() {
        if result[..place].iter().any(|(other, _)| other == name) {
            let name = name.clone();
            return Err(VerbError::NameTaken { primitive: NAME.into(), name }.into());
        }
    }
    table.rebuilt(result)
}

/// What runs along a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// The sum so far.
    Sum,
    /// The largest value so far.
    Max,
    /// The smallest value so far.
    Min,
}

/// The values so far, summed or at their extreme; a gap stays one and is stepped over.
pub fn running(values: &Vector, what: Running) -> Result<Vector> {
    let mut state: Option<f64> = None;
    let step = |x: Option<f64>| {
        let x = x?;
        let next = state.map_or(x, |old| match what {
            Running::Sum => old + x,
            Running::Max => old.max(x),
            Running::Min => old.min(x),
        });
        state = Some(next);
        Some(next).filter(|x| x.is_finite())
    };
    let array: Float64Array = values.floats()?.iter().map(step).collect();
    let vector = Vector::new(Arc::new(array));
    match values.labels() {
        Some(labels) => vector.with_labels(Arc::clone(labels)),
        None => Ok(vector),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn cut(values: &[f64], breaks: Breaks, right: bool) -> Cut {
        let params = CutParams { breaks, labels: Vec::new(), right };
        cut_points(&Vector::from_floats(values.iter().copied()), &params).unwrap()
    }

    fn texts(cut: &Cut) -> Vec<String> {
        (0..cut.classes.len()).map(|i| shown(cut.classes.array(), i).unwrap_or_default()).collect()
    }

    #[test]
    fn classes_hold_the_right_ends() {
        let values = [0.0, 5.0, 10.0, 20.0, 30.0];
        let at = || Breaks::At(vec![0.0, 10.0, 20.0]);
        let right = cut(&values, at(), true);
        assert_eq!(texts(&right), ["[0, 10]", "[0, 10]", "[0, 10]", "(10, 20]", ""]);
        assert!(right.warnings[0].contains("1 of 5 values lie outside"));
        let left = cut(&values, at(), false);
        assert_eq!(texts(&left), ["[0, 10)", "[0, 10)", "[10, 20]", "[10, 20]", ""]);
    }

    #[test]
    fn quantiles_share_the_values_out_and_say_when_they_fall_together() {
        let even: Vec<f64> = (1..=8).map(f64::from).collect();
        let quarters = cut(&even, Breaks::Quantile(4), true);
        let classes = texts(&quarters);
        for class in classes.iter().step_by(2) {
            assert_eq!(classes.iter().filter(|c| *c == class).count(), 2);
        }
        let tied = cut(&[1.0, 1.0, 1.0, 2.0], Breaks::Quantile(4), true);
        assert!(tied.warnings[0].contains("fell together"));
        let widths = cut(&[0.0, 0.1, 0.3], Breaks::EqualWidth(3), true);
        assert_eq!(widths.breaks.len(), 4);
        let params =
            CutParams { breaks: Breaks::EqualWidth(2), labels: vec!["low".into()], right: true };
        assert!(cut_points(&Vector::from_floats([1.0, 2.0]), &params).is_err());
        assert!(cut_points(&Vector::from_floats([1.0, 1.0]), &params).is_err());
    }

    #[test]
    fn indicators_keep_gaps_and_the_order_of_values() {
        let text = StringArray::from(vec![Some("b"), None, Some("a")]);
        let t =
            Table::new([("k", Vector::new(Arc::new(text))), ("x", Vector::from_ints([1, 2, 3]))])
                .unwrap();
        let hot = one_hot(&t, &["k".into()], false).unwrap();
        assert_eq!(hot.columns(), ["k_a", "k_b", "x"]);
        assert_eq!((hot.cell(0, 1), hot.cell(1, 0)), (Cell::Int(1), Cell::Missing));
        assert_eq!(one_hot(&t, &["k".into()], true).unwrap().columns(), ["k_b", "x"]);
    }

    #[test]
    fn running_values_step_over_gaps() {
        let v = Vector::from_options([Some(2.0), None, Some(-1.0)]);
        let cells = |what| running(&v, what).unwrap().cells().collect::<Vec<_>>();
        assert_eq!(cells(Running::Sum), [Cell::Float(2.0), Cell::Missing, Cell::Float(1.0)]);
        assert_eq!(cells(Running::Min)[2], Cell::Float(-1.0));
    }
}
