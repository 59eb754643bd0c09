//! Weights from the data, from judgements and by optimisation.

mod judgement;
mod lp;
mod objective;

pub use judgement::{Ahp, BestWorst, ExpertWeights, ahp, best_worst, expert_weights, random_index};
pub use lp::{Bod, BodParams, bod};
pub use objective::{
    DataWeights, WeightMethod, correlation_matrix, kmo, optimised_weights, weights_of,
};
