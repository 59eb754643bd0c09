//! Units in a plane, such as the first two principal components, coloured by cluster.

use super::{cluster_name, cluster_order, same_length};
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::CATEGORIES;
use crate::error::Result;

/// Two coordinates per unit.
#[derive(Debug, Clone, Default)]
pub struct ScoresInput<'a> {
    /// Names of the units.
    pub units: &'a [String],
    /// Horizontal coordinate.
    pub x: &'a [f64],
    /// Vertical coordinate.
    pub y: &'a [f64],
    /// Cluster of each unit from 1.
    pub clusters: Option<&'a [i64]>,
    /// The user's names of clusters 1, 2, ...; numbers when empty.
    pub cluster_names: &'a [String],
    /// Title of the horizontal axis, e.g. `"PC1 (34.9 %)"`.
    pub x_title: &'a str,
    /// Title of the vertical axis.
    pub y_title: &'a str,
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Labelled points; each axis has its own scale, because names need the room.
pub fn scores(input: &ScoresInput) -> Result<Chart> {
    let what = "a map of units";
    let count = input.units.len();
    same_length(what, "horizontal coordinates", count, input.x.len())?;
    same_length(what, "vertical coordinates", count, input.y.len())?;
    let mut layer = Layer::new(Mark::Point)
        .with(Channel::X, Field::numbers(input.x_title, input.x.iter().copied()))
        .with(Channel::Y, Field::numbers(input.y_title, input.y.iter().copied()))
        .with(Channel::Label, Field::texts("unit", input.units.iter().cloned()));
    let mut chart = Chart::new(input.title);
    if let Some(clusters) = input.clusters {
        same_length(what, "cluster labels", count, clusters.len())?;
        let order = cluster_order(clusters, input.cluster_names);
        if order.len() <= CATEGORIES.len() {
            let names = clusters.iter().map(|label| cluster_name(*label, input.cluster_names));
            layer = layer.with(Channel::Colour, Field::texts("cluster", names));
            chart.colours.order = Some(order);
            chart.colours.title = Some("Cluster".into());
        } else {
            let names = clusters.iter().map(|label| cluster_name(*label, input.cluster_names));
            layer = layer.with(Channel::Tooltip, Field::texts("cluster", names));
        }
    }
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.x = Axis { title: Some(input.x_title.to_owned()), ..Axis::default() };
    chart.y = Axis { title: Some(input.y_title.to_owned()), ..Axis::default() };
    Ok(chart.layer(layer))
}
