//! Stochastic frontier models.
//!
//! A model is one scalar function, the density of an observation's composed error
//! ([`density`]); its exact derivatives come with it ([`jet`]) and are chained through the design
//! matrices in one pass over the rows. For half-normal inefficiency the maximum is global, both
//! boundaries included.

mod assemble;
mod bound;
mod certificate;
mod compare;
mod data;
pub mod density;
mod deterministic;
mod efficiency;
mod engine;
mod error;
mod fit;
mod inference;
pub mod jet;
mod lr;
pub mod neighbours;
pub mod normal;
mod params;
mod posterior;
mod profile;
mod report;
mod sample;
mod solve;

pub use certificate::Certificate;
pub use compare::{Compared, Comparison, compare};
pub use density::Inefficiency;
pub use efficiency::{Efficiency, EfficiencyParams, Estimator, Truncated};
pub use engine::Stop;
pub use error::FrontierError;
pub use fit::{
    Boundary, DeterministicFit, EquationFit, Estimate, OlsFit, Search, SfaFit, fit_formula, sfa,
};
pub use lr::LrTest;
pub use params::{Orientation, SfaParams};
pub use posterior::Law;
pub use profile::LocalMaximum;
