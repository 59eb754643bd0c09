//! Clusters and multivariate analysis.

mod error;

pub use error::ClusterError;
