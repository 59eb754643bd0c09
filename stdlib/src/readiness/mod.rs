//! Composite indices: frameworks, normalisation, aggregation, levels.

mod error;

pub use error::ReadinessError;
