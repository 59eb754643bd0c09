//! Stochastic frontier models.
//!
//! A model is one scalar function, the density of an observation's composed error
//! ([`density`]); its exact derivatives come with it ([`jet`]) and are chained through the design
//! matrices in one pass over the rows. For half-normal inefficiency the maximum is global, both
//! boundaries included.

mod assemble;
mod bootstrap;
mod bound;
mod certificate;
mod compare;
mod covariance;
mod custom;
mod data;
pub mod density;
mod deterministic;
mod draw;
mod drift;
mod efficiency;
mod elasticity;
mod engine;
mod error;
mod explain;
mod fit;
mod forms;
mod hypotheses;
mod inference;
mod influence;
pub mod jet;
pub mod law;
mod lr;
mod marginal;
pub mod neighbours;
mod noise;
mod noise_only;
pub mod normal;
mod params;
mod posterior;
mod prior;
mod profile;
mod quadrature;
mod refit;
mod report;
mod restrict;
mod rows;
mod sample;
mod shared;
mod simulation;
mod solve;
mod special;
mod starts;
mod surface;
mod vanish;

pub use bootstrap::{Bootstrap, BootstrapKind, BootstrapParams};
pub use certificate::Certificate;
pub use compare::{Compared, Comparison, compare};
pub use covariance::SeKind;
pub use custom::{CustomFit, CustomParams, Density, Theta, sfa_custom};
pub use density::Inefficiency;
pub use efficiency::{Efficiency, EfficiencyParams, Estimator, Truncated};
pub use elasticity::Elasticities;
pub use engine::Stop;
pub use error::FrontierError;
pub use explain::Explanation;
pub use fit::{
    ARRIVED, Boundary, DeterministicFit, EquationFit, Estimate, OlsFit, Search, SfaFit,
    fit_formula, sfa,
};
pub use hypotheses::{SkewnessTest, VuongTest, WaldTest, vuong};
pub use influence::{Influence, Omission};
pub use law::ErrorLaw;
pub use lr::LrTest;
pub use marginal::{Effect, MarginalEffects};
pub use noise::Noise;
pub use params::{Orientation, SfaParams};
pub use posterior::Law;
pub use profile::LocalMaximum;
pub use restrict::{ParameterProfile, ProfileParams};
pub use simulation::{MonteCarlo, SimulateParams, monte_carlo_frontier, simulate_frontier};
