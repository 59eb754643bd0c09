//! What is proven of a half-normal maximum.

use std::fmt::Write as _;

use super::bound::cover;
use super::error::FrontierError;
use super::fit::{Boundary, Problem, SfaFit};
use super::profile::{LAST, LocalMaximum, STEP};
use crate::context::Context;
use crate::error::Result;

/// The evidence that a half-normal fit is the global maximum.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Where the maximum lies.
    pub boundary: Boundary,
    /// Its loglikelihood.
    pub loglik: f64,
    /// Its `lambda`: 0 and infinity are the ends.
    pub lambda: f64,
    /// Loglikelihood at the end `gamma = 0`, least squares.
    pub loglik_zero: f64,
    /// At the end `gamma = 1`, the deterministic frontier, where one exists.
    pub loglik_one: Option<f64>,
    /// All local maxima found, ends included, best first.
    pub maxima: Vec<LocalMaximum>,
    /// Largest element of the score per row at the estimate, columns at unit scale; missing at
    /// `gamma = 1`, where the score is that of a quadratic programme.
    pub gradient: Option<f64>,
    /// Whether the Hessian is negative definite at the estimate; missing at an end.
    pub definite: Option<bool>,
    /// `lambda` of the first and last point of the search's grid and the ratio of neighbours.
    pub grid: (f64, f64, f64),
    /// Points of that grid.
    pub grid_points: usize,
    /// Problems for a given `lambda` solved for this certificate.
    pub solved: usize,
    /// Largest Newton decrement at which one of them ended: its loglikelihood is within half of
    /// this of its unique maximum.
    pub decrement: f64,
    /// Whether every one of them ended on a negative definite Hessian.
    pub all_definite: bool,
    /// Intervals of `lambda` that were bounded one by one.
    pub intervals: usize,
    /// No `lambda` from 0 to infinity has a loglikelihood above this, up to rounding; missing
    /// where no bound was found.
    pub ceiling: Option<f64>,
    /// `lambda` beyond which the deterministic frontier's multipliers bound the profile.
    pub tail: Option<f64>,
    /// What `ceiling - loglik` was to reach.
    pub tolerance: f64,
}

impl Certificate {
    /// How much higher the maximum could be at most.
    pub fn gap(&self) -> Option<f64> {
        self.ceiling.map(|ceiling| (ceiling - self.loglik).max(0.0))
    }

    /// Whether the gap is within the tolerance.
    pub fn proven(&self) -> bool {
        self.gap().is_some_and(|gap| gap <= 1.01 * self.tolerance)
            && self.all_definite
            && self.decrement <= self.tolerance
    }

    /// The certificate in sentences that claim what is proven and no more.
    pub fn statement(&self) -> String {
        let mut text = match self.boundary {
            Boundary::None => format!("The maximum lies inside, at lambda = {:.6}.", self.lambda),
            Boundary::GammaZero => {
                "The maximum lies at the end gamma = 0, least squares.".to_owned()
            }
            Boundary::GammaOne => "The supremum lies at the end gamma = 1, the deterministic \
                                   frontier; it is approached and not attained."
                .to_owned(),
        };
        text.push_str(
            " For each lambda the loglikelihood is strictly concave in (b/sigma, 1/sigma), so the \
             optimum found there is its only one.",
        );
        match (self.gap(), self.proven()) {
            (Some(gap), true) => {
                let _ = write!(
                    text,
                    " Between those points it is bounded by strong concavity: {} intervals cover \
                     all lambda from 0 to infinity, and on none can the loglikelihood exceed \
                     {:.8}, {gap:.0e} above the one reported. Proven up to the rounding of double \
                     precision; that other, lower maxima were all found is checked on the grid \
                     only.",
                    self.intervals,
                    self.loglik + gap
                );
            }
            (Some(gap), false) => {
                let _ = write!(
                    text,
                    " The bounds between those points leave {gap:.1e} open ({} intervals), so \
                     the global maximum rests on the grid of lambda, whose slopes were checked \
                     for every change of sign.",
                    self.intervals
                );
            }
            (None, _) => {
                let _ = write!(
                    text,
                    " Without an intercept no frontier lies above every row and no bound was \
                     derived: the global maximum rests on the grid of lambda from {} to {:.0}, \
                     whose slopes were checked for every change of sign.",
                    self.grid.0, self.grid.1
                );
            }
        }
        text
    }
}

impl SfaFit {
    /// What is proven of the maximum: plain half-normal models only.
    ///
    /// Solves the problem for given `lambda` wherever the bounds ask for it, so it takes as long
    /// as a few fits; see `bound` for the argument.
    pub fn certificate(&self, ctx: &Context) -> Result<Certificate> {
        if !self.params.is_plain_half_normal() {
            return Err(FrontierError::Incompatible {
                option: "a certificate".into(),
                with: "this model".into(),
                instead: "only the half-normal without determinants has a proof of its maximum; \
                          others are the best of several starts, see the summary"
                    .into(),
            }
            .into());
        }
        let problem = Problem::new(&self.formula, &self.table, &self.params)?;
        let sample = &problem.sample;
        let (profile, start) = sample.profile();
        let tolerance = 1e-6 * (sample.n() / 1000.0).max(1.0);
        let end = sample.deterministic();
        let (mut ceiling, mut far) = (None, None);
        let (mut solved, mut decrement, mut all_definite, mut intervals) = (0, 0.0, true, 0);
        if let Some((end, loglik)) = &end {
            let last = end.holds_from(sample).max(1.0);
            if let Some(cover) = cover(&profile, &start, self.loglik + tolerance, last, ctx)? {
                ceiling = Some(cover.ceiling.max(*loglik));
                far = Some(last);
                solved = cover.solved;
                decrement = cover.decrement;
                all_definite = cover.definite;
                // The tail is one more.
                intervals = cover.intervals + 1;
            }
        }
        let grid: Vec<f64> = self
            .search
            .profile
            .iter()
            .map(|p| p.0)
            .filter(|lambda| *lambda > 0.0 && lambda.is_finite())
            .collect();
        let first = grid.first().copied().unwrap_or(0.0);
        let last = grid.last().copied().unwrap_or(LAST);
        let ratio = grid.get(1).map_or(STEP, |second| second / first);
        Ok(Certificate {
            boundary: self.boundary,
            loglik: self.loglik,
            lambda: self.lambda.as_ref().map_or(0.0, |l| l.value),
            loglik_zero: self.ols.loglik,
            loglik_one: self.deterministic.as_ref().map(|d| d.loglik),
            maxima: self.search.maxima.clone(),
            gradient: self.search.gradient,
            definite: self.search.concave,
            grid: (first, last, ratio),
            grid_points: grid.len(),
            solved,
            decrement,
            all_definite,
            intervals,
            ceiling,
            tail: far,
            tolerance,
        })
    }
}
