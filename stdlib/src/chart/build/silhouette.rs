//! How well each unit sits in its cluster.

use std::collections::HashMap;

use super::{cluster_name, cluster_order, same_length};
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::CATEGORIES;
use crate::chart::scale::fixed;
use crate::error::Result;

/// Silhouette widths of units.
#[derive(Debug, Clone, Default)]
pub struct SilhouetteInput<'a> {
    /// Names of the units.
    pub units: &'a [String],
    /// Width of each unit, -1 to 1.
    pub widths: &'a [f64],
    /// Cluster of each unit from 1.
    pub clusters: &'a [i64],
    /// The user's names of clusters 1, 2, ...; numbers when empty.
    pub cluster_names: &'a [String],
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// Bars sorted within clusters, with the mean as a captioned line.
pub fn silhouette(input: &SilhouetteInput) -> Result<Chart> {
    let what = "a silhouette plot";
    let count = input.units.len();
    same_length(what, "widths", count, input.widths.len())?;
    same_length(what, "cluster labels", count, input.clusters.len())?;
    if count == 0 {
        return Err(ChartError::Empty { what: "no units".into() }.into());
    }
    let mut rows: Vec<usize> = (0..count).collect();
    rows.sort_by(|a, b| {
        let width = |row: &usize| input.widths[*row];
        input.clusters[*a].cmp(&input.clusters[*b]).then(width(b).total_cmp(&width(a)))
    });
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let names: Vec<String> = input
        .units
        .iter()
        .map(|name| {
            let times = seen.entry(name).or_default();
            *times += 1;
            if *times == 1 { name.clone() } else { format!("{name} ({times})") }
        })
        .collect();
    let units = rows.iter().map(|row| names[*row].clone());
    let mut layer = Layer::new(Mark::Bar).with(Channel::Y, Field::texts("unit", units)).with(
        Channel::X,
        Field::numbers("silhouette width", rows.iter().map(|row| input.widths[*row])),
    );
    let mut chart = Chart::new(input.title);
    let order = cluster_order(input.clusters, input.cluster_names);
    if order.len() <= CATEGORIES.len() {
        let names = rows.iter().map(|row| cluster_name(input.clusters[*row], input.cluster_names));
        layer = layer.with(Channel::Colour, Field::texts("cluster", names));
        chart.colours.order = Some(order);
        chart.colours.title = Some("Cluster".into());
    }
    chart = chart.layer(layer);
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.x = Axis { title: Some("Silhouette width".into()), ..Axis::default() };
    chart.y = Axis { title: Some(String::new()), ..Axis::default() };
    let mean = input.widths.iter().sum::<f64>() / count as f64;
    Ok(chart.reference(Channel::X, mean, &format!("mean {}", fixed(mean, 3))))
}
