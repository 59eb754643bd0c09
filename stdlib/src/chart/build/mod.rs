//! Charts of results, each from plain slices.

mod curves;
mod dendrogram;
mod heatmap;
mod histogram;
mod profile;
mod ranked;
mod scores;
mod silhouette;
mod table;

pub use curves::{ScreeInput, scree};
pub use dendrogram::{DendrogramInput, dendrogram};
pub use heatmap::{HeatmapInput, heatmap};
pub use histogram::{HistogramInput, histogram};
pub use profile::{ProfileInput, profile};
pub use ranked::{RankedInput, ranked};
pub use scores::{ScoresInput, scores};
pub use silhouette::{SilhouetteInput, silhouette};
pub use table::{Orientation, TablePlot, table};

use super::error::ChartError;
use crate::error::Result;

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

/// Legend names of cluster labels.
fn cluster_name(label: i64) -> String {
    format!("cluster {label}")
}

/// Legend names of all clusters in increasing order.
fn cluster_order(labels: &[i64]) -> Vec<String> {
    let mut known = labels.to_vec();
    known.sort_unstable();
    known.dedup();
    known.into_iter().map(cluster_name).collect()
}
