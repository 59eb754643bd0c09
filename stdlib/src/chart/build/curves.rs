//! Shares of variance by component.

use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark, Values};
use crate::chart::palette::{CATEGORIES, MUTED};
use crate::chart::scale::fixed;
use crate::error::Result;

/// Shares explained by components, in order.
#[derive(Debug, Clone, Default)]
pub struct ScreeInput<'a> {
    /// Share of each component, 0 to 1.
    pub explained: &'a [f64],
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Bars of the shares and the line of their sum.
pub fn scree(input: &ScreeInput) -> Result<Chart> {
    if input.explained.is_empty() {
        return Err(ChartError::Empty { what: "no components".into() }.into());
    }
    let names: Vec<String> = (1..=input.explained.len()).map(|i| format!("PC{i}")).collect();
    let sums: Vec<f64> = input
        .explained
        .iter()
        .scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        })
        .collect();
    let labels = Field {
        name: "share".into(),
        unit: None,
        values: Values::Texts(
            input.explained.iter().map(|share| Some(fixed(share * 100.0, 1))).collect(),
        ),
    };
    let component = || Field::texts("component", names.iter().cloned());
    let series = |name: &str| Field::texts("series", vec![name.to_owned(); names.len()]);
    let (each, total) = ("each component", "cumulative");
    let mut chart = Chart::new(input.title)
        .layer(
            Layer::new(Mark::Bar)
                .with(Channel::X, component())
                .with(Channel::Y, Field::numbers("share", input.explained.iter().copied()))
                .with(Channel::Colour, series(each))
                .with(Channel::Label, labels),
        )
        .layer(
            Layer::new(Mark::Line)
                .with(Channel::X, component())
                .with(Channel::Y, Field::numbers("share", sums.iter().copied()))
                .with(Channel::Colour, series(total)),
        )
        .layer(
            Layer::new(Mark::Point)
                .with(Channel::X, component())
                .with(Channel::Y, Field::numbers("share", sums.iter().copied()))
                .with(Channel::Colour, series(total)),
        );
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.x = Axis { title: Some("Component".into()), ..Axis::default() };
    chart.y = Axis {
        title: Some("Share of variance".into()),
        percent: true,
        limits: Some((0.0, 1.05)),
        ..Axis::default()
    };
    chart.colours.title = Some(String::new());
    chart.colours.fixed = vec![(each.to_owned(), CATEGORIES[0]), (total.to_owned(), MUTED)];
    Ok(chart)
}
