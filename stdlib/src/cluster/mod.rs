//! Clusters and multivariate analysis.
//!
//! Units stand in rows. A method takes a [`Matrix`](crate::table::Matrix) of complete numbers (or
//! [`Distances`] alone) and gives a [`Clustering`]: partition, labels, reasons, and what it came
//! from, so that silhouettes, profiles and tests follow without passing the data again.

mod agglomerate;
mod basis;
mod cut;
pub mod distance;
mod error;
pub mod hierarchical;
pub mod partition;
pub mod pca;
mod silhouette;

pub use basis::Basis;
pub use distance::{Distances, Metric, distances};
pub use error::ClusterError;
pub use hierarchical::{HclustParams, Linkage, Node, Tree, hclust, hclust_distances};
pub use partition::{Clustering, NOISE};
pub use pca::{Pca, PcaParams, pca};
pub use silhouette::Silhouette;
