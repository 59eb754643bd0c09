//! When an ascent that loses its inefficiency has shown where it goes.

use std::sync::OnceLock;

use super::density::Inefficiency;
use super::drift::constants;
use super::engine::{Jet, Likelihood, Objective};
use super::law::ErrorLaw;
use super::noise::Noise;
use super::sample::Sample;
use super::solve::{Determinant, likelihood};
use super::starts::start_values;
use crate::context::Context;
use crate::error::Result;

/// Share of inefficiency in the residual variance below which an ascent is near none.
const LITTLE: f64 = 0.05;

/// Smaller shares that are looked at.
const LESS: [f64; 3] = [0.03, 0.007, 0.001_5];

/// A likelihood whose ascents end as soon as it is clear that they lead to no inefficiency.
///
/// Towards that boundary a model without shape or mean differs from noise alone by
/// `n c s^k (1 + o(1))`, `s` the share of inefficiency in the variance and `k` 3/2 where its law is
/// skewed, 2 where it is not. Where `c < 0` the boundary is a maximum (for the half-normal: Waldman,
/// 1982, Journal of Econometrics 18), and a search that has come close to it and lies below it
/// approaches it by ever smaller gains, a fixed factor a step: dozens of passes over the rows that
/// change nothing. For skewed laws the residuals' skewness has the sign of `-c`; and whatever the
/// law, the likelihood must lie below that of noise alone at [`LESS`] inefficiency too.
pub(super) struct Vanishing<'a> {
    model: Likelihood<'a>,
    sample: &'a Sample,
    others: &'a [Determinant],
    /// Loglikelihood without inefficiency.
    alone: f64,
    /// Whether no inefficiency is a maximum, once that was asked for.
    maximum: OnceLock<bool>,
}

impl<'a> Vanishing<'a> {
    /// Nothing where the law is not one of those or its parameters have equations.
    pub fn of(
        sample: &'a Sample,
        others: &'a [Determinant],
        law: ErrorLaw,
        ctx: &Context,
    ) -> Result<Option<Self>> {
        let plain = others.len() == 2
            && others.iter().all(|other| other.intercept && other.names.len() == 1);
        if !plain || law.noise != Noise::Normal {
            return Ok(None);
        }
        let alone = sample.noise_only(law.noise, ctx)?.loglik;
        let model = likelihood(sample, others, law);
        Ok(Some(Self { model, sample, others, alone, maximum: OnceLock::new() }))
    }

    fn boundary_is_maximum(&self) -> bool {
        *self.maximum.get_or_init(|| {
            let law = self.model.law;
            let symmetric = law.inefficiency == Inefficiency::Uniform && self.sample.intercept;
            if !symmetric && self.sample.upward() {
                return false;
            }
            let less = start_values(self.sample, self.others, law, &LESS);
            less.iter().all(|at| self.model.value(at) < self.alone)
        })
    }
}

impl Objective for Vanishing<'_> {
    fn rows(&self) -> usize {
        self.model.rows()
    }

    fn value(&self, coef: &[f64]) -> f64 {
        self.model.value(coef)
    }

    fn jet(&self, coef: &[f64]) -> Jet {
        self.model.jet(coef)
    }

    fn settled(&self, coef: &[f64], value: f64) -> bool {
        let [Some(ln_v), Some(ln_u), ..] = constants(self.sample, self.others, coef) else {
            return false;
        };
        let (_, variance) = self.model.law.inefficiency.unit_moments(0.0);
        // As odds: u^2 / v^2 below s / (1 - s).
        let odds = variance * (ln_u - ln_v).exp();
        value < self.alone && odds < LITTLE / (1.0 - LITTLE) && self.boundary_is_maximum()
    }
}
