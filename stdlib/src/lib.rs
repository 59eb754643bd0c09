//! The econometrics of digitalisation in plain Rust.
//!
//! Tables over Arrow record batches, composite readiness indices, clusters, stochastic frontiers
//! and charts. Nothing here knows of a scripting language, a terminal or a socket; every function
//! takes typed parameters and returns a typed result or a typed [`Error`].

pub mod chart;
pub mod choice;
pub mod cluster;
pub mod context;
pub mod error;
pub mod files;
pub mod formula;
pub mod frontier;
mod program;
pub mod readiness;
pub mod scenario;
mod simd;
pub mod stats;
pub mod table;

pub use choice::Choice;
pub use context::Context;
pub use error::{Error, Result};
pub use table::{Table, Vector};
