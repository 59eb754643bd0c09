//! The block profile of a composite index: units side by side in each block.

use super::heatmap::{HeatmapInput, heatmap};
use super::same_length;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::scale::fixed;
use crate::error::Result;

/// Scores of units in blocks.
#[derive(Debug, Clone, Default)]
pub struct ProfileInput<'a> {
    /// Names of the units.
    pub units: &'a [String],
    /// Names of the blocks.
    pub blocks: &'a [String],
    /// One row per unit, one value per block.
    pub values: &'a [Vec<Option<f64>>],
    /// Where a level begins and what it is called, e.g. `(0.4, "medium from 0.4")`.
    pub thresholds: &'a [(f64, String)],
    /// Title of the value axis.
    pub value_title: &'a str,
    /// Ends of the value axis.
    pub limits: Option<(f64, f64)>,
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Units up to which bars stay readable; more units make a map of cells.
const MOST_BARS: usize = 4;

/// Grouped horizontal bars with the thresholds as captioned lines; a map of cells for many units.
pub fn profile(input: &ProfileInput) -> Result<Chart> {
    let what = "a profile";
    same_length(what, "units", input.values.len(), input.units.len())?;
    for row in input.values {
        same_length(what, "blocks", input.blocks.len(), row.len())?;
    }
    if input.units.len() > MOST_BARS {
        return heatmap(&HeatmapInput {
            rows: input.units,
            columns: input.blocks,
            values: input.values,
            value_title: input.value_title,
            limits: input.limits,
            title: input.title,
            subtitle: input.subtitle,
            ..HeatmapInput::default()
        });
    }
    let cells: Vec<(usize, usize)> = (0..input.blocks.len())
        .flat_map(|block| (0..input.units.len()).map(move |unit| (block, unit)))
        .collect();
    let value = |(block, unit): &(usize, usize)| input.values[*unit][*block];
    let mut layer = Layer::new(Mark::Bar)
        .with(Channel::Y, Field::texts("block", cells.iter().map(|c| input.blocks[c.0].clone())))
        .with(Channel::X, Field::maybe(input.value_title, cells.iter().map(value)))
        .with(
            Channel::Label,
            Field {
                name: "value".into(),
                unit: None,
                values: crate::chart::Values::Texts(
                    cells.iter().map(|c| value(c).map(|v| fixed(v, 3))).collect(),
                ),
            },
        )
        .with(
            Channel::Tooltip,
            Field::texts("unit", cells.iter().map(|c| input.units[c.1].clone())),
        )
        .with(
            Channel::Tooltip,
            Field::texts("block", cells.iter().map(|c| input.blocks[c.0].clone())),
        )
        .with(Channel::Tooltip, Field::maybe(input.value_title, cells.iter().map(value)));
    if input.units.len() > 1 {
        layer = layer
            .with(
                Channel::Colour,
                Field::texts("unit", cells.iter().map(|c| input.units[c.1].clone())),
            )
            .styled(|style| style.dodge = true);
    }
    let mut chart = Chart::new(input.title).layer(layer);
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.x =
        Axis { title: Some(input.value_title.to_owned()), limits: input.limits, ..Axis::default() };
    chart.y =
        Axis { title: Some(String::new()), order: Some(input.blocks.to_vec()), ..Axis::default() };
    chart.colours.title = Some(String::new());
    chart.colours.order = Some(input.units.to_vec());
    for (at, caption) in input.thresholds {
        chart = chart.reference(Channel::X, *at, caption);
    }
    Ok(chart)
}
