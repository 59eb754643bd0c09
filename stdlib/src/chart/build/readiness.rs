//! Charts of readiness: blocks, rooms of weights, changes, and the way through time.

use super::results::joined;
use super::{
    HeatmapInput, HistogramInput, NAMED, ProfileInput, RankedInput, heatmap, histogram, profile,
    ranked,
};
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::{CATEGORIES, MUTED};
use crate::chart::scale::number;
use crate::choice::Choice;
use crate::error::Result;
use crate::readiness::{Level, OverTime, Readiness, Sensitivity, Stability, WhatIf};
use crate::table::{Cell, Table};

/// Where each level but the lowest begins, and what to write there: a level begins where the one
/// below it ends.
fn thresholds(levels: &[Level]) -> Vec<(f64, String)> {
    levels
        .windows(2)
        .filter_map(|pair| {
            let at = pair[0].upper?;
            Some((at, format!("{} above {}", pair[1].name, number(at))))
        })
        .collect()
}

fn floats(table: &Table, column: &str) -> Result<Vec<Option<f64>>> {
    Ok(table.floats("plot", column)?.iter().map(|v| v.filter(|v| v.is_finite())).collect())
}

/// The block profile of `result`, levels as captioned lines.
pub fn readiness(result: &Readiness, language: &str) -> Result<Chart> {
    let blocks = result.framework.blocks();
    let names: Vec<String> = blocks.iter().map(|block| block.label(language).to_owned()).collect();
    let mut values: Vec<Vec<Option<f64>>> = vec![Vec::new(); result.units.len()];
    for block in blocks {
        let column = result.node(&block.code)?.floats()?;
        for (row, value) in values.iter_mut().zip(column.iter()) {
            row.push(value.filter(|v| v.is_finite()));
        }
    }
    let thresholds = thresholds(&result.framework.levels);
    let highest = values.iter().flatten().flatten().copied().fold(1.0, f64::max);
    let lowest = values.iter().flatten().flatten().copied().fold(0.0, f64::min);
    let mut chart = profile(&ProfileInput {
        units: &result.units,
        blocks: &names,
        values: &values,
        thresholds: &thresholds,
        value_title: "Block value",
        limits: (highest <= 1.0 && lowest >= 0.0).then_some((0.0, 1.0)),
        title: &format!("{}: blocks", result.framework.root.label(language)),
        subtitle: Some(&result.describe()),
    })?;
    chart.caption = joined(&result.warnings);
    Ok(chart)
}

/// Ranks over the draws of `result`: median and the range between its quantiles; of many units, how
/// wide those ranges are.
pub fn sensitivity(result: &Sensitivity) -> Result<Chart> {
    let names = result.table.columns();
    let quantiles: Vec<&String> = names.iter().filter(|name| name.starts_with("rank_p")).collect();
    let column = |name: &str| -> Result<Vec<Option<f64>>> {
        Ok(result.table.floats("plot", name)?.iter().collect())
    };
    let ends = match quantiles.as_slice() {
        [low, .., high] => Some((column(low)?, column(high)?)),
        _ => None,
    };
    let span = match quantiles.as_slice() {
        [low, .., high] => format!(
            "{} % to {} % of the draws",
            low.trim_start_matches("rank_p"),
            high.trim_start_matches("rank_p")
        ),
        _ => String::new(),
    };
    if let Some((low, high)) = ends.as_ref().filter(|_| result.units.len() > NAMED) {
        let width = |(low, high): (&Option<f64>, &Option<f64>)| Some((*high)? - (*low)?);
        let mut chart = histogram(&HistogramInput {
            values: &low.iter().zip(high).map(width).collect::<Vec<_>>(),
            value_title: &format!("Width of the range of ranks, {span}"),
            bins: None,
            title: &format!("How far ranks move, {} units", result.units.len()),
        })?;
        chart.subtitle = Some(result.description.clone());
        chart.caption = joined(&result.warnings);
        return Ok(chart);
    }
    let mut chart = ranked(&RankedInput {
        units: &result.units,
        values: &column("rank_median")?,
        lower: ends.as_ref().map(|(low, _)| low.as_slice()),
        upper: ends.as_ref().map(|(_, high)| high.as_slice()),
        value_title: "Median rank",
        interval_title: ends.as_ref().map(|_| span.as_str()),
        ascending: true,
        title: "How far ranks move",
        subtitle: Some(&result.description),
        ..RankedInput::default()
    })?;
    chart.caption = joined(&result.warnings);
    Ok(chart)
}

/// What must not change while a weight moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Room {
    /// Ranks.
    #[default]
    Rank,
    /// Levels.
    Level,
}

impl Choice for Room {
    const ALL: &'static [(&'static str, Self)] = &[("rank", Self::Rank), ("level", Self::Level)];
}

/// Each block's weight, and how far it can move before a rank or a level changes.
pub fn room(result: &Stability, room: Room) -> Result<Chart> {
    let (low, high) = match room {
        Room::Rank => ("rank_from", "rank_to"),
        Room::Level => ("level_from", "level_to"),
    };
    let table = &result.table;
    let name = room.name();
    let mut chart = ranked(&RankedInput {
        units: &table.row_names(),
        values: &floats(table, "weight")?,
        lower: Some(&floats(table, low)?),
        upper: Some(&floats(table, high)?),
        value_title: &format!("Weight, and where it can move while every {name} stays"),
        limits: Some((0.0, 1.0)),
        title: &format!("How far each weight can move before a {name} changes"),
        subtitle: Some("The other weights keep their ratios"),
        ..RankedInput::default()
    })?;
    chart.caption = joined(&result.warnings);
    Ok(chart)
}

/// Units up to which each has a line of its own colour.
const MOST_LINES: usize = 8;

/// The index of every unit over the periods, levels as captioned lines; a map of cells for more
/// units than have colours.
pub fn trajectories(result: &OverTime) -> Result<Chart> {
    let title = "The index over time";
    let mut columns = Vec::with_capacity(result.periods.len());
    for period in &result.periods {
        columns.push(floats(&result.index, period)?);
    }
    let of = |unit: usize| columns.iter().map(|column| column[unit]).collect::<Vec<_>>();
    let mut chart = if result.units.len() > MOST_LINES {
        heatmap(&HeatmapInput {
            rows: &result.units,
            columns: &result.periods,
            values: &(0..result.units.len()).map(of).collect::<Vec<_>>(),
            value_title: "index",
            decimals: Some(3),
            title,
            ..HeatmapInput::default()
        })?
    } else {
        let cells: Vec<(usize, usize)> = (0..result.units.len())
            .flat_map(|unit| (0..columns.len()).map(move |period| (unit, period)))
            .filter(|(unit, period)| columns[*period][*unit].is_some())
            .collect();
        if cells.is_empty() {
            return Err(ChartError::AllMissing { field: "index".into() }.into());
        }
        let numbers: Option<Vec<f64>> =
            result.periods.iter().map(|period| period.trim().parse().ok()).collect();
        let period = || match &numbers {
            Some(numbers) => Field::numbers("period", cells.iter().map(|c| numbers[c.1])),
            None => Field::texts("period", cells.iter().map(|c| result.periods[c.1].clone())),
        };
        let unit = || Field::texts(&result.label, cells.iter().map(|c| result.units[c.0].clone()));
        let index = || Field::maybe("index", cells.iter().map(|c| columns[c.1][c.0]));
        let layer = |mark| {
            Layer::new(mark)
                .with(Channel::X, period())
                .with(Channel::Y, index())
                .with(Channel::Colour, unit())
                .with(Channel::Tooltip, unit())
        };
        let mut chart = Chart::new(title).layer(layer(Mark::Line)).layer(layer(Mark::Point));
        chart.x = Axis { title: Some("Period".into()), ..Axis::default() };
        chart.y = Axis { title: Some("Index".into()), ..Axis::default() };
        chart.colours.title = Some(String::new());
        for (at, caption) in thresholds(&result.levels) {
            chart = chart.reference(Channel::Y, at, &caption);
        }
        chart
    };
    chart.caption = joined(&result.warnings);
    Ok(chart)
}

/// Before and after: the index of every unit that moved, or with `unit` every value of it that did.
pub fn moves(result: &WhatIf, unit: Option<&str>) -> Result<Chart> {
    let texts = |column: &str| -> Result<Vec<String>> {
        let column = result.moved.column(column)?;
        let text = |row| match column.cell(row) {
            Cell::Text(text) => text,
            _ => String::new(),
        };
        Ok((0..column.len()).map(text).collect())
    };
    let (units, nodes, labels) = (texts("unit")?, texts("node")?, texts("label")?);
    let root = &result.after.framework.root.code;
    if let Some(unit) = unit {
        result.after.unit("plot", unit)?;
    }
    let only = match unit {
        Some(unit) => Some(unit),
        None if result.after.units.len() == 1 => Some(result.after.units[0].as_str()),
        None => None,
    };
    let shown = |row: &usize| match only {
        Some(unit) => units[*row] == unit,
        None => nodes[*row] == *root,
    };
    let rows: Vec<usize> = (0..units.len()).filter(shown).collect();
    if rows.is_empty() {
        return Err(ChartError::Empty { what: "nothing moved".into() }.into());
    }
    let (before, after) = (floats(&result.moved, "before")?, floats(&result.moved, "after")?);
    let names: Vec<String> = rows
        .iter()
        .map(|row| if only.is_some() { labels[*row].clone() } else { units[*row].clone() })
        .collect();
    let name = || Field::texts("name", names.iter().cloned());
    let side = |values: &[Option<f64>]| Field::maybe("value", rows.iter().map(|row| values[*row]));
    let series = |text: &str| Field::texts("series", vec![text.to_owned(); rows.len()]);
    let path = Layer::new(Mark::Segment)
        .with(Channel::Y, name())
        .with(Channel::X, side(&before))
        .with(Channel::X2, side(&after))
        .with(Channel::Y2, name())
        .styled(|style| {
            style.colour = Some(MUTED);
            style.width = 1.8;
        });
    let dots = |text: &str, values: &[Option<f64>]| {
        Layer::new(Mark::Point)
            .with(Channel::Y, name())
            .with(Channel::X, side(values))
            .with(Channel::Colour, series(text))
            .with(Channel::Tooltip, name())
            .with(Channel::Tooltip, side(values))
    };
    let what = only.map_or_else(|| "index by unit".to_owned(), str::to_owned);
    let mut chart = Chart::new(&format!("What moves: {what}"))
        .layer(path)
        .layer(dots("before", &before))
        .layer(dots("after", &after));
    chart.subtitle = only.and_then(|unit| {
        let own = format!("{unit}: ");
        result.sentences.iter().find(|sentence| sentence.starts_with(&own)).cloned()
    });
    chart.x = Axis { title: Some("Value".into()), ..Axis::default() };
    chart.y = Axis { title: Some(String::new()), order: Some(names.clone()), ..Axis::default() };
    chart.colours.title = Some(String::new());
    chart.colours.fixed = vec![("before".into(), MUTED), ("after".into(), CATEGORIES[0])];
    for (at, caption) in thresholds(&result.after.framework.levels) {
        chart = chart.reference(Channel::X, at, &caption);
    }
    Ok(chart)
}
