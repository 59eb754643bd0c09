//! What was clustered: observations under a metric, or distances alone.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::distance::{Distances, Metric, RowKernel, distances};
use super::error::ClusterError;
use crate::context::Context;
use crate::error::Result;
use crate::table::Matrix;

/// The material of a clustering, kept so that its result can be profiled and judged.
#[derive(Debug, Clone)]
pub enum Basis {
    /// Rows of numbers and how far apart they are; distances are computed when asked for.
    Data {
        /// Units in rows.
        matrix: Arc<Matrix>,
        /// Distance between rows.
        metric: Metric,
    },
    /// Distances alone (Gower's, or a closure's).
    Distances(Arc<Distances>),
}

/// Answers the distances of one unit to all others, computed or read.
pub(super) enum Rows<'a> {
    Kernel(RowKernel),
    Stored(&'a Distances),
    /// Stored distances of these units alone, in this order.
    Chosen(&'a Distances, Vec<usize>),
}

impl Rows<'_> {
    /// Distances of unit `i` to units `0..out.len()`, which are all.
    pub(super) fn fill(&self, i: usize, out: &mut [f64]) {
        match self {
            Self::Kernel(kernel) => kernel.fill(i, 0, out),
            Self::Stored(distances) => distances.row_into(i, out),
            Self::Chosen(..) => self.fill_part(i, 0, out),
        }
    }

    /// Distances of unit `i` to units `start..start + out.len()`.
    pub(super) fn fill_part(&self, i: usize, start: usize, out: &mut [f64]) {
        match self {
            Self::Kernel(kernel) => kernel.fill(i, start, out),
            Self::Stored(distances) => {
                for (offset, slot) in out.iter_mut().enumerate() {
                    *slot = distances.get(i, start + offset);
                }
            }
            Self::Chosen(distances, order) => {
                for (slot, other) in out.iter_mut().zip(&order[start..]) {
                    *slot = distances.get(order[i], *other);
                }
            }
        }
    }

    /// The rows of all units made rows of the units `order` alone, in that order.
    pub(super) fn in_order(self, order: &[usize]) -> Self {
        match self {
            Self::Kernel(kernel) => Self::Kernel(kernel.in_order(order)),
            Self::Stored(distances) => Self::Chosen(distances, order.to_vec()),
            Self::Chosen(distances, before) => {
                Self::Chosen(distances, order.iter().map(|at| before[*at]).collect())
            }
        }
    }
}

impl Basis {
    /// Observations under `metric`.
    pub fn data(matrix: Arc<Matrix>, metric: Metric) -> Self {
        Self::Data { matrix, metric }
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.labels().len()
    }

    /// Whether there is no unit.
    pub fn is_empty(&self) -> bool {
        self.labels().is_empty()
    }

    /// Labels of the units.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Data { matrix, .. } => &matrix.labels,
            Self::Distances(distances) => &distances.labels,
        }
    }

    /// Name of the distance.
    pub fn metric_name(&self) -> &str {
        use crate::choice::Choice;
        match self {
            Self::Data { metric, .. } => metric.name(),
            Self::Distances(distances) => &distances.metric,
        }
    }

    /// All distances.
    pub fn distances(&self, primitive: &'static str, context: &Context) -> Result<Arc<Distances>> {
        match self {
            Self::Data { matrix, metric } => {
                distances(matrix, *metric, primitive, context).map(Arc::new)
            }
            Self::Distances(distances) => Ok(Arc::clone(distances)),
        }
    }

    /// Distances row by row, without keeping the triangle.
    pub(super) fn rows(&self, primitive: &'static str) -> Result<Rows<'_>> {
        Ok(match self {
            Self::Data { matrix, metric } => {
                Rows::Kernel(RowKernel::new(matrix, *metric, primitive)?)
            }
            Self::Distances(distances) => Rows::Stored(distances),
        })
    }

    /// The observations; `what` says what they are needed for.
    pub fn matrix(&self, primitive: &'static str, what: &'static str) -> Result<&Arc<Matrix>> {
        match self {
            Self::Data { matrix, .. } => Ok(matrix),
            Self::Distances(_) => Err(ClusterError::NoObservations { primitive, what }.into()),
        }
    }

    /// The observations' values, if there are any.
    pub fn values(&self) -> Option<&DMatrix<f64>> {
        match self {
            Self::Data { matrix, .. } => Some(&matrix.values),
            Self::Distances(_) => None,
        }
    }
}
