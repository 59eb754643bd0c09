//! Stochastic frontier models.

mod error;

pub use error::FrontierError;
