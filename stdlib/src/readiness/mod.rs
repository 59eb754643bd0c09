//! Composite indices: frameworks, normalisation, aggregation, levels.
//!
//! A [`Framework`] is a tree of items, blocks and an index; [`readiness`] reads a score table
//! against it, turns scores into worths, aggregates them up the tree and says which level each
//! unit reaches and what in the data was not as declared.

mod aggregate;
mod answer;
mod assess;
mod between;
mod bundled;
mod error;
mod file;
mod framework;
mod impute;
mod normalise;
mod over_time;
mod peers;
mod plan;
mod reach;
mod rescale;
mod rules;
mod scale;
mod scores;
mod sensitivity;
mod spec;
mod stability;
mod treat;
mod validate;
mod verb;
mod weights;
mod what_if;
mod zero;

pub use aggregate::{Aggregator, AggregatorOptions};
pub use answer::{Explanation, cronbach_alpha};
pub use assess::{Readiness, ReadinessParams, readiness, readiness_with};
pub use between::outranking;
pub use bundled::{Bundled, FRAMEWORKS};
pub use error::ReadinessError;
pub use framework::{Direction, Framework, Group, Item, Level, Minimum, Missing, Node, NodeKind};
pub use impute::{Fill, FillParams};
pub use normalise::{Fault, Normaliser, as_published};
pub use over_time::{OverTime, OverTimeParams, over_time, over_time_panel};
pub use peers::{Against, Correlation};
pub use plan::{Callbacks, ColumnFn, RowFn, TableFn};
pub use reach::{Reach, ReachParams, ReachPlan};
pub use rescale::{RescaleParams, normalise, normalise_declared, normalise_each};
pub use rules::{RuleTable, readiness_rules};
pub use scale::{Answer, Scale};
pub use sensitivity::{
    Sensitivity, SensitivityParams, Sobol, WeightDraw, WeightLevel, sensitivity,
};
pub use stability::Stability;
pub use treat::{Reshape, TreatParams, Treated, box_cox, box_cox_lambda, skew_kurtosis, treat};
pub use validate::FrameworkFault;
pub use verb::{AggregateParams, aggregate};
pub use weights::{
    Ahp, BestWorst, Bod, BodParams, DataWeights, ExpertWeights, WeightMethod, ahp, best_worst, bod,
    correlation_matrix, expert_weights, kmo, optimised_weights, random_index, weights_of,
};
pub use what_if::{NewScore, NewScores, WhatIf};
pub use zero::ZeroRule;

use crate::error::Result;
use crate::table::Table;

/// Names of the numeric columns.
fn numeric_columns(table: &Table) -> Vec<String> {
    let kinds = table.kinds();
    let numeric = table.columns().into_iter().zip(kinds).filter(|(_, kind)| kind.is_numeric());
    numeric.map(|(name, _)| name).collect()
}

/// A numeric column with `NaN` where a value is missing.
fn values(table: &Table, primitive: &str, name: &str) -> Result<Vec<f64>> {
    Ok(table.floats(primitive, name)?.iter().map(|x| x.unwrap_or(f64::NAN)).collect())
}
