//! Units ranked by an estimate, with its interval.

use super::{HistogramInput, NAMED, histogram, same_length};
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::CATEGORIES;
use crate::chart::scale::fixed;
use crate::error::Result;

/// One estimate per unit.
#[derive(Debug, Clone, Default)]
pub struct RankedInput<'a> {
    /// Names of the units.
    pub units: &'a [String],
    /// Estimate of each unit.
    pub values: &'a [Option<f64>],
    /// Lower ends of the intervals.
    pub lower: Option<&'a [Option<f64>]>,
    /// Upper ends of the intervals.
    pub upper: Option<&'a [Option<f64>]>,
    /// Group of each unit, shown by colour.
    pub groups: Option<(&'a str, &'a [String])>,
    /// Title of the value axis.
    pub value_title: &'a str,
    /// What the intervals are, said behind it where they are drawn.
    pub interval_title: Option<&'a str>,
    /// Ends of the value axis; chosen by the data when absent.
    pub limits: Option<(f64, f64)>,
    /// Marks the mean of the estimates.
    pub mean_line: bool,
    /// Smallest first instead of largest first.
    pub ascending: bool,
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Dots with intervals, one row per unit, the largest on top; units without an estimate are left
/// out and named under the chart. How the estimates are distributed, if there are more than
/// [`NAMED`].
pub fn ranked(input: &RankedInput) -> Result<Chart> {
    let what = "a ranking";
    let count = input.units.len();
    same_length(what, "values", count, input.values.len())?;
    for ends in [input.lower, input.upper].into_iter().flatten() {
        same_length(what, "interval ends", count, ends.len())?;
    }
    if let Some((_, groups)) = input.groups {
        same_length(what, "groups", count, groups.len())?;
    }
    let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
    let mut rows: Vec<(usize, f64)> =
        (0..count).filter_map(|row| Some((row, finite(input.values[row])?))).collect();
    if rows.is_empty() {
        return Err(ChartError::AllMissing { field: input.value_title.to_owned() }.into());
    }
    if count > NAMED {
        let mut chart = histogram(&HistogramInput {
            values: input.values,
            value_title: input.value_title,
            bins: None,
            title: &format!("{}, {count} units", input.title.trim_end_matches(", ranked")),
        })?;
        chart.subtitle = input.subtitle.map(str::to_owned);
        return Ok(chart);
    }
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    if input.ascending {
        rows.reverse();
    }
    let names: Vec<String> = distinct(input.units, &rows);
    let field = |name: &str, values: &[Option<f64>]| {
        Field::maybe(name, rows.iter().map(|(row, _)| finite(values[*row])))
    };
    let units = || Field::texts("unit", names.iter().cloned());
    let group = |layer: Layer| match input.groups {
        Some((title, groups)) => layer.with(
            Channel::Colour,
            Field::texts(title, rows.iter().map(|(row, _)| groups[*row].clone())),
        ),
        None => layer,
    };
    let mut chart = Chart::new(input.title);
    chart.subtitle = input.subtitle.map(str::to_owned);
    let title = match input.interval_title {
        Some(interval) => format!("{}, {interval}", input.value_title),
        None => input.value_title.to_owned(),
    };
    chart.x = Axis { title: Some(title), limits: input.limits, ..Axis::default() };
    chart.y = Axis { title: Some(String::new()), ..Axis::default() };
    let mut dots = Layer::new(Mark::Point)
        .with(Channel::Tooltip, units())
        .with(Channel::Tooltip, field(input.value_title, input.values));
    if let (Some(lower), Some(upper)) = (input.lower, input.upper) {
        let whiskers = Layer::new(Mark::Interval)
            .with(Channel::Y, units())
            .with(Channel::X, field("lower", lower))
            .with(Channel::X2, field("upper", upper))
            .styled(|style| {
                style.colour = Some(CATEGORIES[0]);
                style.opacity = 0.55;
                style.width = 1.8;
            });
        chart = chart.layer(group(whiskers));
        dots = dots
            .with(Channel::Tooltip, field("lower", lower))
            .with(Channel::Tooltip, field("upper", upper));
    }
    dots = dots.with(Channel::Y, units()).with(Channel::X, field(input.value_title, input.values));
    chart = chart.layer(group(dots));
    if input.mean_line {
        let mean = rows.iter().map(|(_, value)| value).sum::<f64>() / rows.len() as f64;
        chart = chart.reference(Channel::X, mean, &format!("mean {}", fixed(mean, 3)));
    }
    let absent: Vec<&str> = (0..count)
        .filter(|row| finite(input.values[*row]).is_none())
        .map(|row| input.units[row].as_str())
        .collect();
    if !absent.is_empty() {
        chart.caption = Some(format!("No value: {}.", absent.join(", ")));
    }
    Ok(chart)
}

/// Names of `rows`, made different where a name stands twice.
fn distinct(units: &[String], rows: &[(usize, f64)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(rows.len());
    for (row, _) in rows {
        let name = &units[*row];
        let repeats = units[..*row].iter().filter(|other| *other == name).count();
        names.push(if repeats == 0 { name.clone() } else { format!("{name} ({})", repeats + 1) });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_units_are_a_distribution() {
        let units: Vec<String> = (0..=NAMED).map(|i| format!("unit {i}")).collect();
        let values: Vec<Option<f64>> = (0..=NAMED).map(|i| Some(i as f64)).collect();
        let of = |n: usize| {
            let (units, values) = (&units[..n], &values[..n]);
            let title = "Index, ranked";
            ranked(&RankedInput { units, values, title, ..RankedInput::default() }).unwrap()
        };
        assert_eq!(of(NAMED).layers[0].rows(), NAMED);
        assert!(of(NAMED + 1).layers[0].rows() < 50);
        assert_eq!(of(NAMED + 1).title.as_deref(), Some("Index, 301 units"));
    }

    #[test]
    fn units_are_sorted_and_the_missing_named() {
        let units = ["A", "B", "C"].map(String::from);
        let chart = ranked(&RankedInput {
            units: &units,
            values: &[Some(0.2), None, Some(0.7)],
            value_title: "Efficiency",
            mean_line: true,
            ..RankedInput::default()
        })
        .unwrap();
        let y = chart.layers[0].field(Channel::Y).unwrap();
        assert_eq!((y.values.text(0), y.values.text(1)), (Some("C"), Some("A")));
        assert_eq!(chart.caption.as_deref(), Some("No value: B."));
        assert_eq!(chart.references[0].caption, "mean 0.450");
        assert!(
            ranked(&RankedInput { units: &units, values: &[None; 3], ..RankedInput::default() })
                .is_err()
        );
    }

    #[test]
    fn two_units_of_one_name_keep_two_rows() {
        let units = ["A", "A"].map(String::from);
        let chart = ranked(&RankedInput {
            units: &units,
            values: &[Some(1.0), Some(2.0)],
            ..RankedInput::default()
        })
        .unwrap();
        let y = chart.layers[0].field(Channel::Y).unwrap();
        assert_eq!((y.values.text(0), y.values.text(1)), (Some("A (2)"), Some("A")));
    }
}
