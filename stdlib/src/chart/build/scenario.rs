//! One measure of scenarios, unit by unit.

use super::results::joined;
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::{CATEGORIES, MUTED};
use crate::error::{Error, Result};
use crate::scenario::Scenarios;

/// Dots of base and scenarios for each unit, joined by a line, the largest base on top; `measure`
/// is the first numeric one when absent.
pub fn scenarios(result: &Scenarios, measure: Option<&str>) -> Result<Chart> {
    let numeric = || result.measures.iter().filter(|measure| result.is_numeric(measure));
    let measure = match measure {
        Some(name) if result.measures.iter().any(|m| m == name) && !result.is_numeric(name) => {
            return Err(Error::Invalid {
                primitive: "plot",
                parameter: "measure",
                rule: "hold numbers".into(),
                value: name.to_owned(),
            });
        }
        Some(name) => name.to_owned(),
        None => match numeric().next() {
            Some(name) => name.clone(),
            None => return Err(ChartError::Empty { what: "no numeric measure".into() }.into()),
        },
    };
    let table = result.of(&measure)?;
    let names = result.names();
    let mut columns = Vec::with_capacity(names.len());
    for name in &names {
        let column = table.floats("plot", name)?;
        columns.push(column.iter().map(|v| v.filter(|v| v.is_finite())).collect::<Vec<_>>());
    }
    let present = |unit: usize| columns.iter().filter_map(move |column| column[unit]);
    let mut rows: Vec<usize> =
        (0..result.units.len()).filter(|unit| present(*unit).next().is_some()).collect();
    if rows.is_empty() {
        return Err(ChartError::AllMissing { field: measure }.into());
    }
    let height = |unit: &usize| present(*unit).next().unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| height(b).total_cmp(&height(a)));
    let units: Vec<String> = rows.iter().map(|unit| result.units[*unit].clone()).collect();
    let unit = || Field::texts("unit", units.iter().cloned());
    let ends = |pick: fn(f64, f64) -> f64| {
        Field::maybe(&measure, rows.iter().map(|unit| present(*unit).reduce(pick)))
    };
    let path = Layer::new(Mark::Segment)
        .with(Channel::Y, unit())
        .with(Channel::X, ends(f64::min))
        .with(Channel::Y2, unit())
        .with(Channel::X2, ends(f64::max))
        .styled(|style| {
            style.colour = Some(MUTED);
            style.width = 1.8;
        });
    let mut chart = Chart::new(&format!("{measure} under {} scenarios", names.len() - 1));
    if let [_, only] = names.as_slice() {
        chart.title = Some(format!("{measure}: base and {only}"));
    }
    chart = chart.layer(path);
    for (name, column) in names.iter().zip(&columns) {
        let values = || Field::maybe(&measure, rows.iter().map(|unit| column[*unit]));
        chart = chart.layer(
            Layer::new(Mark::Point)
                .with(Channel::Y, unit())
                .with(Channel::X, values())
                .with(Channel::Colour, Field::texts("scenario", vec![name.clone(); rows.len()]))
                .with(Channel::Tooltip, unit())
                .with(Channel::Tooltip, values()),
        );
    }
    chart.x = Axis { title: Some(measure), ..Axis::default() };
    chart.y = Axis { title: Some(String::new()), order: Some(units), ..Axis::default() };
    chart.colours.title = Some(String::new());
    chart.colours.order = Some(names.clone());
    chart.colours.fixed = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let colour = if at == 0 { MUTED } else { CATEGORIES[(at - 1) % CATEGORIES.len()] };
            (name.clone(), colour)
        })
        .collect();
    chart.caption = joined(&result.warnings);
    Ok(chart)
}
