//! Charts of results, each from plain slices.

mod curves;
mod dendrogram;
mod heatmap;
mod histogram;
mod profile;
mod ranked;
mod readiness;
mod results;
mod scenario;
mod scores;
mod silhouette;
mod table;

pub use curves::{ScreeInput, scree};
pub use dendrogram::{DendrogramInput, dendrogram};
pub use heatmap::{HeatmapInput, heatmap};
pub use histogram::{HistogramInput, histogram};
pub use profile::{ProfileInput, profile};
pub use ranked::{RankedInput, ranked};
pub use readiness::{Room, moves, readiness, room, sensitivity, trajectories};
pub use results::{
    Components, cells, choice_of_k, cluster_map, components, custom_efficiencies, efficiencies,
    silhouettes, tree, vector,
};
pub use scenario::scenarios;
pub use scores::{ScoresInput, scores};
pub use silhouette::{SilhouetteInput, silhouette};
pub use table::{Orientation, TablePlot, table};

use super::error::ChartError;
use crate::error::Result;

/// Units beyond which a row for each has no room, and their distribution is shown.
const NAMED: usize = 300;

/// Checks that `found` equals `expected`, the number of `whats` of `what`.
fn same_length(what: &'static str, whats: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(ChartError::Shape {
        what,
        expected: format!("{expected} {whats}"),
        found: found.to_string(),
    }
    .into())
}

/// What a legend calls cluster `label`: the user's name for it, if there is one.
fn cluster_name(label: i64, names: &[String]) -> String {
    let own = usize::try_from(label - 1).ok().and_then(|at| names.get(at));
    match own {
        Some(name) if name.parse::<i64>().is_err() => name.clone(),
        _ if label == 0 => "no cluster".to_owned(),
        _ => format!("cluster {label}"),
    }
}

/// Legend names of all clusters in increasing order.
fn cluster_order(labels: &[i64], names: &[String]) -> Vec<String> {
    let mut known = labels.to_vec();
    known.sort_unstable();
    known.dedup();
    known.into_iter().map(|label| cluster_name(label, names)).collect()
}
