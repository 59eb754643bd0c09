//! Composite indices: frameworks, normalisation, aggregation, levels.
//!
//! A [`Framework`] is a tree of items, blocks and an index; [`readiness`] reads a score table
//! against it, turns scores into worths, aggregates them up the tree and says which level each
//! unit reaches and what in the data was not as declared.

mod aggregate;
mod assess;
mod between;
mod bundled;
mod error;
mod file;
mod framework;
mod normalise;
mod plan;
mod scale;
mod scores;
mod spec;
mod validate;
mod zero;

pub use aggregate::{Aggregator, AggregatorOptions};
pub use assess::{Readiness, ReadinessParams, readiness, readiness_with};
pub use between::outranking;
pub use bundled::{Bundled, FRAMEWORKS};
pub use error::ReadinessError;
pub use framework::{Direction, Framework, Group, Item, Level, Minimum, Missing, Node, NodeKind};
pub use normalise::{Fault, Normaliser, as_published};
pub use plan::{Callbacks, RowFn};
pub use scale::{Answer, Scale};
pub use validate::FrameworkFault;
pub use zero::ZeroRule;
