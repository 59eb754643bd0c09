//! Clusters and multivariate analysis.
//!
//! Units stand in rows. A method takes a [`Matrix`](crate::table::Matrix) of complete numbers (or
//! [`Distances`] alone) and gives a [`Clustering`]: partition, labels, reasons, and what it came
//! from, so that silhouettes, profiles and tests follow without passing the data again.

mod agglomerate;
mod basis;
mod board;
mod chain;
pub mod choose_k;
pub mod compare;
mod condensed;
mod cut;
pub mod dbscan;
pub mod diagnostics;
pub mod distance;
mod error;
pub mod fuzzy;
pub mod gap;
pub mod gower;
pub mod hdbscan;
pub mod hierarchical;
pub mod hopkins;
pub mod indices;
pub mod kmeans;
mod lanes;
mod leaf_order;
mod lloyd;
pub mod method;
pub mod mixture;
mod nearest;
pub mod pam;
pub mod partition;
pub mod pca;
pub mod profile;
pub mod rotation;
mod seeding;
mod silhouette;
mod spanning;
pub mod spectral;
pub mod stability;
pub mod support;
mod transfer;

pub use basis::Basis;
pub use choose_k::{ChooseK, ChooseParams, Pick, choose_k};
pub use compare::{Agreement, agreement};
pub use condensed::DenseCluster;
pub use dbscan::{DbscanParams, dbscan};
pub use diagnostics::{Diagnostics, diagnose};
pub use distance::{Distances, Metric, distances};
pub use error::ClusterError;
pub use fuzzy::{FcmParams, fcm};
pub use gap::{Gap, GapParams, GapRule, Reference, gap};
pub use gower::{GowerParams, gower};
pub use hdbscan::{Density, HdbscanParams, Selection, hdbscan};
pub use hierarchical::{HclustParams, Linkage, Node, Tree, hclust, hclust_distances};
pub use hopkins::{Hopkins, HopkinsParams, hopkins};
pub use kmeans::{KmeansParams, Refinement, kmeans};
pub use method::Method;
pub use mixture::{Candidate, Criterion, Family, Fault, GmmParams, Mixture, Score, gmm};
pub use pam::{ClaraParams, clara, pam};
pub use partition::{Clustering, NOISE};
pub use pca::{Pca, PcaParams, pca};
pub use profile::Profile;
pub use rotation::{Parallel, ParallelParams, Rotation};
pub use silhouette::Silhouette;
pub use spectral::{Embedding, SpectralParams, spectral};
pub use stability::{Stability, StabilityParams};
pub use support::{Branch, Support, SupportParams};
