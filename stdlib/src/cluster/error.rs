//! What can go wrong in this room.

use thiserror::Error;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum ClusterError {
    #[error("{primitive}: k must lie in {least}..={most} (rows), got {k}")]
    BadK { primitive: &'static str, k: usize, least: usize, most: usize },
    #[error("{primitive}: {rows} rows are too few, {needed} are needed")]
    TooFewRows { primitive: &'static str, rows: usize, needed: usize },
    #[error("{primitive}: {rows} rows need {needed} MiB of memory, {available} MiB are free")]
    Memory { primitive: &'static str, rows: usize, needed: u64, available: u64 },
    #[error("{primitive}: row `{row}` is {what}, the {metric} distance from it does not exist")]
    DegenerateRow { primitive: &'static str, row: String, what: &'static str, metric: &'static str },
    #[error("{primitive}: the covariance matrix of {columns} columns has rank {rank}")]
    SingularCovariance { primitive: &'static str, columns: usize, rank: usize },
    #[error("{primitive}: the distance from `{from}` to `{to}` is {value}")]
    BadDistance { primitive: &'static str, from: String, to: String, value: f64 },
    #[error(
        "{primitive}: rows `{left}` and `{right}` have no column in common that is not missing"
    )]
    NothingInCommon { primitive: &'static str, left: String, right: String },
    #[error("{primitive}: partitions of {left} and {right} units")]
    Lengths { primitive: &'static str, left: usize, right: usize },
    #[error(
        "{primitive}: {what} needs the observations, but this result came from distances alone"
    )]
    NoObservations { primitive: &'static str, what: &'static str },
    #[error("{primitive}: a {method} result has no {what}")]
    NotAvailable { primitive: &'static str, method: String, what: &'static str },
    #[error(
        "cut_height: this tree ({linkage} linkage) has {count} inversions, a height does not cut it"
    )]
    Inversions { linkage: &'static str, count: usize },
    #[error("names: {names} names for {k} clusters")]
    Names { names: usize, k: usize },
    #[error("{primitive}: {k} clusters of rows of which only {distinct} are different")]
    Distinct { primitive: &'static str, k: usize, distinct: usize },
    #[error("choose_k: max must lie in 2..={most} (less than the rows), got {max}")]
    BadMax { max: usize, most: usize },
    #[error("{primitive}: it did not converge: {reason}")]
    NoSolution { primitive: &'static str, reason: String },
}

impl ClusterError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::BadK { k, most, .. } if k > most => {
                "lower k, or check that units stand in rows".into()
            }
            Self::BadK { least, .. } => format!("ask for at least {least}"),
            Self::TooFewRows { .. } => "check that units stand in rows".into(),
            Self::Memory { .. } => {
                "take a sample of the rows, or a method that keeps no distances: kmeans, clara, \
                 hclust with linkage \"ward.D2\" or \"single\" on Euclidean distance"
                    .into()
            }
            Self::DegenerateRow { .. } => {
                "leave the row out, or take another distance, e.g. \"euclidean\"".into()
            }
            Self::SingularCovariance { .. } => {
                "drop collinear columns, or use distance \"euclidean\" on the scores of pca".into()
            }
            Self::BadDistance { .. } => "a distance is a finite number that is 0 or greater".into(),
            Self::NothingInCommon { .. } => "leave one of the two rows out".into(),
            Self::Lengths { .. } => "compare partitions of the same units".into(),
            Self::NoObservations { .. } => {
                "cluster the table itself instead of a distance matrix".into()
            }
            Self::Inversions { .. } => "cut by the number of clusters: tree.cut(k)".into(),
            Self::Names { .. } => "give one name for each cluster, in the order of c.sizes".into(),
            Self::Distinct { distinct, .. } => format!("ask for at most {distinct} clusters"),
            Self::BadMax { most, .. } => format!("set max to at most {most}"),
            Self::NotAvailable { .. } | Self::NoSolution { .. } => return None,
        })
    }
}
