//! A clustering method as a value: what `choose_k`, `gap` and `stability` run again and again.

use std::sync::Arc;

use super::basis::Basis;
use super::distance::{Metric, distances};
use super::hierarchical::{HclustParams, Linkage, hclust, hclust_distances};
use super::kmeans::{KmeansParams, checked_run, kmeans, kmeans_of};
use super::lloyd::Rows;
use super::pam::pam;
use super::partition::{Clustering, number_by_appearance};
use crate::context::Context;
use crate::error::Result;
use crate::table::Matrix;

/// A method that gives a partition for every `k`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// A tree, cut.
    Hierarchical(HclustParams),
    /// k-means.
    Kmeans(KmeansParams),
    /// Partition around medoids under a distance.
    Pam(Metric),
}

impl Method {
    /// The names scripts use: every linkage, `"kmeans"` and `"pam"`.
    pub fn parse(primitive: &str, text: &str, metric: Metric, seed: u64) -> Result<Self> {
        use crate::choice::Choice;
        match text {
            "kmeans" => Ok(Self::Kmeans(KmeansParams { seed, ..KmeansParams::default() })),
            "pam" => Ok(Self::Pam(metric)),
            _ => Linkage::ALL
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, linkage)| {
                    Self::Hierarchical(HclustParams {
                        linkage: *linkage,
                        metric,
                        ..HclustParams::default()
                    })
                })
                .ok_or_else(|| crate::Error::UnknownName {
                    primitive: primitive.to_owned(),
                    kind: "value for method".into(),
                    name: text.to_owned(),
                    known: Linkage::ALL
                        .iter()
                        .map(|(name, _)| (*name).to_owned())
                        .chain(["kmeans".into(), "pam".into()])
                        .collect(),
                }),
        }
    }

    /// Its name in sentences.
    pub fn describe(&self) -> String {
        use crate::choice::Choice;
        match self {
            Self::Hierarchical(params) => format!(
                "hierarchical clustering ({} linkage, {} distance)",
                params.linkage.name(),
                params.metric.name()
            ),
            Self::Kmeans(params) => format!(
                "k-means ({} start{}, seed {})",
                params.starts,
                if params.starts == 1 { "" } else { "s" },
                params.seed
            ),
            Self::Pam(metric) => format!("partition around medoids ({} distance)", metric.name()),
        }
    }

    /// The distance it looks at.
    pub fn metric(&self) -> Metric {
        match self {
            Self::Hierarchical(params) => params.metric,
            Self::Kmeans(_) => Metric::Euclidean,
            Self::Pam(metric) => *metric,
        }
    }

    /// The partition of `data` into `k` clusters.
    pub fn cluster(&self, data: &Arc<Matrix>, k: usize, context: &Context) -> Result<Clustering> {
        match self {
            Self::Hierarchical(params) => hclust(Arc::clone(data), params, context)?.cut(k),
            Self::Kmeans(params) => kmeans(Arc::clone(data), k, params, context),
            Self::Pam(metric) => pam(Basis::data(Arc::clone(data), *metric), k, context),
        }
    }

    /// The partitions into `1..=max` clusters; distances are computed once.
    pub fn clusterings(
        &self,
        data: &Arc<Matrix>,
        max: usize,
        context: &Context,
    ) -> Result<Vec<Clustering>> {
        match self {
            Self::Hierarchical(params) => {
                let tree = hclust(Arc::clone(data), params, context)?;
                (1..=max).map(|k| tree.cut(k)).collect()
            }
            Self::Kmeans(params) => {
                let rows = Rows::centred(&data.values);
                (1..=max).map(|k| kmeans_of(&rows, Arc::clone(data), k, params, context)).collect()
            }
            Self::Pam(metric) => {
                let shared = Arc::new(distances(data, *metric, "pam", context)?);
                (1..=max)
                    .map(|k| {
                        let mut clustering =
                            pam(Basis::Distances(Arc::clone(&shared)), k, context)?;
                        clustering.basis = Basis::data(Arc::clone(data), *metric);
                        Ok(clustering)
                    })
                    .collect()
            }
        }
    }

    /// The labels of the partitions into `1..=max` clusters.
    pub(super) fn partitions(
        &self,
        data: &Arc<Matrix>,
        max: usize,
        context: &Context,
    ) -> Result<Vec<Vec<usize>>> {
        if let Self::Kmeans(params) = self {
            let rows = Rows::centred(&data.values);
            return (1..=max)
                .map(|k| {
                    let (run, _) = checked_run(&rows, k, params, context)?;
                    let groups: Vec<usize> = run.labels.iter().map(|l| *l as usize).collect();
                    Ok(number_by_appearance(&groups))
                })
                .collect();
        }
        Ok(self.clusterings(data, max, context)?.into_iter().map(|c| c.labels).collect())
    }

    /// The partition of units of which only distances are known.
    pub fn cluster_distances(
        &self,
        distances: Arc<super::Distances>,
        k: usize,
        context: &Context,
    ) -> Result<Clustering> {
        match self {
            Self::Hierarchical(params) => hclust_distances(distances, params, context)?.cut(k),
            Self::Pam(_) => pam(Basis::Distances(distances), k, context),
            Self::Kmeans(_) => {
                Err(super::ClusterError::NoObservations { primitive: "kmeans", what: "a mean" }
                    .into())
            }
        }
    }
}
