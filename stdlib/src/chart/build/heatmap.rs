//! A map of cells: correlations, or scores of many units.

use super::same_length;
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark, Values};
use crate::chart::scale::{fixed, number};
use crate::error::Result;

/// A matrix with names.
#[derive(Debug, Clone, Default)]
pub struct HeatmapInput<'a> {
    /// Names of the rows, top to bottom.
    pub rows: &'a [String],
    /// Names of the columns, left to right.
    pub columns: &'a [String],
    /// One vector per row, one value per column.
    pub values: &'a [Vec<Option<f64>>],
    /// What the values are.
    pub value_title: &'a str,
    /// The middle of a two-sided ramp, e.g. 0 for correlations.
    pub middle: Option<f64>,
    /// Ends of the ramp.
    pub limits: Option<(f64, f64)>,
    /// Decimals of the numbers in the cells.
    pub decimals: Option<usize>,
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Coloured cells with their numbers where they fit; a missing cell stays empty.
pub fn heatmap(input: &HeatmapInput) -> Result<Chart> {
    let what = "a map of cells";
    same_length(what, "rows", input.rows.len(), input.values.len())?;
    for row in input.values {
        same_length(what, "columns", input.columns.len(), row.len())?;
    }
    for names in [input.rows, input.columns] {
        if let Some(i) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
            return Err(ChartError::Shape {
                what,
                expected: "different names".into(),
                found: format!("`{}` twice", names[i]),
            }
            .into());
        }
    }
    let cells: Vec<(usize, usize)> = (0..input.rows.len())
        .flat_map(|row| (0..input.columns.len()).map(move |column| (row, column)))
        .collect();
    let value =
        |(row, column): &(usize, usize)| input.values[*row][*column].filter(|v| v.is_finite());
    let written =
        |cell| value(cell).map(|v| input.decimals.map_or_else(|| number(v), |d| fixed(v, d)));
    let row_names = || Field::texts("row", cells.iter().map(|c| input.rows[c.0].clone()));
    let column_names = || Field::texts("column", cells.iter().map(|c| input.columns[c.1].clone()));
    let labels = Field {
        name: "label".into(),
        unit: None,
        values: Values::Texts(cells.iter().map(written).collect()),
    };
    let layer = Layer::new(Mark::Rect)
        .with(Channel::X, column_names())
        .with(Channel::Y, row_names())
        .with(Channel::Colour, Field::maybe(input.value_title, cells.iter().map(value)))
        .with(Channel::Label, labels)
        .with(Channel::Tooltip, row_names())
        .with(Channel::Tooltip, column_names())
        .with(Channel::Tooltip, Field::maybe(input.value_title, cells.iter().map(value)));
    let mut chart = Chart::new(input.title).layer(layer);
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.x =
        Axis { title: Some(String::new()), order: Some(input.columns.to_vec()), ..Axis::default() };
    chart.y =
        Axis { title: Some(String::new()), order: Some(input.rows.to_vec()), ..Axis::default() };
    chart.colours.middle = input.middle;
    chart.colours.limits = input.limits;
    Ok(chart)
}
