//! Mixtures of normal distributions.
//!
//! A unit comes from component `g` with probability `pi_g` and is then normal with mean `mu_g` and
//! covariance `S_g = lambda_g D_g A_g D_g'`; volume `lambda`, shape `A` and orientation `D` are equal
//! or vary between the components, which makes fourteen families ([`Family`]). Each is fitted by
//! expectation and maximisation (Dempster, Laird and Rubin, 1977; Celeux and Govaert, 1995) for every
//! number of components, from two partitions: the model-based tree (Fraley, 1998) up to 1,000 rows and
//! Ward's tree up to 10,000, both on SVD-scaled data (Scrucca and Raftery, 2015); k-means beyond. The
//! better is followed to its end. Random starts would find higher maxima that are next to singular.
//!
//! `BIC = 2 loglik - df ln n`: **larger is better**, as in R's `mclust` (the other sign of the BIC of
//! models of regression). `ICL = BIC + 2 sum ln z` over each unit's largest probability punishes
//! overlap as well (Biernacki, Celeux and Govaert, 2000).
//!
//! A component that shrinks onto fewer dimensions has unbounded likelihood: such a fit is not
//! reported but counted as singular, with its reason. `mclust` starts from one partition and stops
//! at a relative change of 1e-5, here it is 1e-8: of its 138 fits of iris and `USArrests` up to k = 5
//! one is higher than ours (iris, VVE, k = 5: -190.84 against -191.50, other common axes), one becomes
//! singular when followed to its end, and the others are matched or exceeded.

mod em;
mod family;
mod starts;

use std::sync::Arc;

use nalgebra::DMatrix;
use rayon::prelude::*;

pub use em::Fault;
use em::{State, Stop};
pub use family::Family;
use starts::Starts;

use super::basis::Basis;
use super::distance::Metric;
use super::error::ClusterError;
use super::partition::{Clustering, number_by_appearance};
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::Matrix;

/// What decides between fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Criterion {
    /// Bayesian information criterion.
    #[default]
    Bic,
    /// Integrated complete-data likelihood criterion.
    Icl,
}

impl Choice for Criterion {
    const ALL: &'static [(&'static str, Self)] = &[("bic", Self::Bic), ("icl", Self::Icl)];
}

/// What to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct GmmParams {
    /// Numbers of components, each 1 to the number of rows less one; 1 to 9 by default.
    pub components: Vec<usize>,
    /// Families; all fourteen by default.
    pub families: Vec<Family>,
    /// What decides; BIC by default.
    pub criterion: Criterion,
    /// Seed of the k-means start that more than 10,000 rows get; 1 by default.
    pub seed: u64,
    /// Most rounds of one fit; 1000 by default.
    pub max_iterations: usize,
}

impl Default for GmmParams {
    fn default() -> Self {
        Self {
            components: (1..=9).collect(),
            families: Family::all(),
            criterion: Criterion::Bic,
            seed: 1,
            max_iterations: 1000,
        }
    }
}

impl GmmParams {
    fn check(&self, rows: usize) -> Result<()> {
        for k in &self.components {
            if *k < 1 || *k >= rows {
                return Err(ClusterError::BadK {
                    primitive: "gmm",
                    k: *k,
                    least: 1,
                    most: rows.saturating_sub(1),
                }
                .into());
            }
        }
        let empty = |parameter, rule: &str| {
            Err(Error::Invalid {
                primitive: "gmm",
                parameter,
                rule: rule.into(),
                value: "none".into(),
            })
        };
        if self.components.is_empty() {
            return empty("k", "name at least one number of components");
        }
        if self.families.is_empty() {
            return empty("models", "name at least one family");
        }
        if self.max_iterations == 0 {
            return Err(Error::Invalid {
                primitive: "gmm",
                parameter: "max_iterations",
                rule: "be at least 1".into(),
                value: "0".into(),
            });
        }
        Ok(())
    }
}

/// How good one fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Log-likelihood.
    pub loglik: f64,
    /// `2 loglik - df ln n`; larger is better.
    pub bic: f64,
    /// BIC less the overlap of the components; larger is better.
    pub icl: f64,
    /// Rounds until it stopped.
    pub iterations: usize,
    /// Whether it came to rest before the most rounds allowed.
    pub converged: bool,
}

/// One family with one number of components.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Family.
    pub family: Family,
    /// Components.
    pub k: usize,
    /// Free parameters.
    pub parameters: usize,
    /// How good it is, or why there is no maximum to report.
    pub outcome: std::result::Result<Score, Fault>,
}

/// The chosen mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Family.
    pub family: Family,
    /// Components.
    pub k: usize,
    /// Free parameters.
    pub parameters: usize,
    /// How good it is.
    pub score: Score,
    /// Shares of the components, `k`, summing to 1.
    pub weights: Vec<f64>,
    /// Means, `k` by `p`.
    pub means: DMatrix<f64>,
    /// Covariances, `k` of `p` by `p`.
    pub covariances: Vec<DMatrix<f64>>,
    /// Every fit that was tried, by number of components and family.
    pub candidates: Vec<Candidate>,
    /// What decided.
    pub criterion: Criterion,
}

impl Mixture {
    /// The criterion's value for `score`.
    fn value(criterion: Criterion, score: &Score) -> f64 {
        match criterion {
            Criterion::Bic => score.bic,
            Criterion::Icl => score.icl,
        }
    }
}

/// The best mixture of those asked for; its partition has the probabilities as memberships and the
/// mixture in its detail.
pub fn gmm(data: Arc<Matrix>, params: &GmmParams, context: &Context) -> Result<Clustering> {
    let (n, p) = data.values.shape();
    if n < 3 {
        return Err(ClusterError::TooFewRows { primitive: "gmm", rows: n, needed: 3 }.into());
    }
    params.check(n)?;
    let max = params.components.iter().copied().max().unwrap_or(1);
    let starts = Starts::new(&data, max, params.seed, context)?;
    let variances: Vec<f64> = data.values.column_iter().map(|c| c.variance()).collect();
    let mut tasks = Vec::new();
    let mut components = params.components.clone();
    components.sort_unstable();
    components.dedup();
    for k in components {
        let from = Arc::new(starts.partitions(k, context)?);
        let mut families: Vec<Family> = Vec::new();
        for family in &params.families {
            if !families.contains(family) {
                families.push(*family);
            }
        }
        tasks.extend(families.into_iter().map(|family| (family, k, Arc::clone(&from))));
    }
    let total = tasks.len() as u64;
    let done = std::sync::atomic::AtomicU64::new(0);
    let fits: Vec<(Candidate, Option<State>)> = tasks
        .into_par_iter()
        .map(|(family, k, from)| {
            let fit = fit(&data.values, family, k, &from, &variances, params, context)?;
            let over = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            context.report("mixtures", over, total);
            Ok(fit)
        })
        .collect::<Result<_>>()?;
    let best = fits
        .iter()
        .enumerate()
        .filter_map(|(i, (candidate, _))| {
            let score = candidate.outcome.as_ref().ok()?;
            Some((i, Mixture::value(params.criterion, score), candidate.parameters))
        })
        // Families that come to the same thing tie but for rounding: the first, with fewer
        // parameters, stands for them.
        .reduce(|best, next| if next.1 > best.1 + 1e-9 * best.1.abs() { next } else { best })
        .map(|(i, ..)| i);
    let Some(best) = best else {
        return Err(ClusterError::NoSolution {
            primitive: "gmm",
            reason: format!("all {} mixtures tried became singular", fits.len()),
        }
        .into());
    };
    let mut fits = fits;
    let state = fits[best].1.take().expect("a scored fit has its state");
    let candidates: Vec<Candidate> = fits.into_iter().map(|(candidate, _)| candidate).collect();
    Ok(assemble(data, state, best, candidates, params.criterion, p))
}

/// The best fit of one family from several starts.
fn fit(
    data: &DMatrix<f64>,
    family: Family,
    k: usize,
    from: &[Vec<usize>],
    variances: &[f64],
    params: &GmmParams,
    context: &Context,
) -> Result<(Candidate, Option<State>)> {
    let (n, p) = data.shape();
    let same = family.reduced(k, p);
    let parameters = same.parameters(k, p);
    let brief = Stop { tolerance: 1e-5, max_iterations: params.max_iterations.min(200) };
    let long = Stop { tolerance: 1e-8, max_iterations: params.max_iterations };
    let mut fault = Fault::Singular;
    let mut states = Vec::new();
    for groups in from {
        let mut state = State::from_groups(groups, k, p);
        match state.run(data, same, variances, brief, context)? {
            Ok(()) => states.push(state),
            Err(why) => fault = why,
        }
    }
    states.sort_by(|a, b| b.loglik.total_cmp(&a.loglik));
    for mut state in states {
        if let Err(why) = state.run(data, same, variances, long, context)? {
            fault = why;
            continue;
        }
        let bic = 2.0 * state.loglik - parameters as f64 * (n as f64).ln();
        let overlap: f64 = state.shares.row_iter().map(|row| row.max().ln()).sum();
        let score = Score {
            loglik: state.loglik,
            bic,
            icl: bic + 2.0 * overlap,
            iterations: state.iterations,
            converged: state.converged,
        };
        return Ok((Candidate { family, k, parameters, outcome: Ok(score) }, Some(state)));
    }
    Ok((Candidate { family, k, parameters, outcome: Err(fault) }, None))
}

fn assemble(
    data: Arc<Matrix>,
    state: State,
    best: usize,
    candidates: Vec<Candidate>,
    criterion: Criterion,
    p: usize,
) -> Clustering {
    let (family, k) = (candidates[best].family, candidates[best].k);
    let parameters = candidates[best].parameters;
    let score = candidates[best].outcome.expect("the best fit has a score");
    let firsts: Vec<usize> =
        state.shares.row_iter().map(|row| row.transpose().argmax().0).collect();
    let labels = number_by_appearance(&firsts);
    // Components in the order of their labels; those that are nobody's first choice come last.
    let mut order: Vec<usize> = Vec::with_capacity(k);
    for component in firsts.iter().copied().chain(0..k) {
        if !order.contains(&component) {
            order.push(component);
        }
    }
    let weights: Vec<f64> = order.iter().map(|c| state.weights[*c]).collect();
    let covariances: Vec<DMatrix<f64>> =
        order.iter().map(|c| state.covariances[*c].clone()).collect();
    let means = state.means.select_rows(&order);
    let shares = state.shares.select_columns(&order);
    let warnings = warnings(&candidates, best, &weights, &data, &labels);
    let method = format!(
        "mixture of {k} normal component{}, model {} ({})",
        if k == 1 { "" } else { "s" },
        family.name(),
        family.reduced(k, p).describe()
    );
    let used = labels.iter().copied().max().unwrap_or(0);
    let mut clustering = Clustering::new(labels, method, Basis::data(data, Metric::Euclidean));
    clustering.detail.iterations = Some(score.iterations);
    clustering.detail.objective = Some(-score.loglik);
    clustering.detail.membership = Some(shares);
    if used == k {
        clustering.detail.centers = Some(means.clone());
    }
    clustering.detail.mixture = Some(Arc::new(Mixture {
        family,
        k,
        parameters,
        score,
        weights,
        means,
        covariances,
        candidates,
        criterion,
    }));
    clustering.warnings = warnings;
    clustering
}

fn warnings(
    candidates: &[Candidate],
    best: usize,
    weights: &[f64],
    data: &Matrix,
    labels: &[usize],
) -> Vec<String> {
    let (n, p) = data.values.shape();
    let k = weights.len();
    let mut warnings = Vec::new();
    let lost = |fault: Fault| candidates.iter().filter(|c| c.outcome == Err(fault)).count();
    let (singular, empty) = (lost(Fault::Singular), lost(Fault::Empty));
    if singular + empty > 0 {
        let mut reasons = Vec::new();
        for (count, fault) in [(singular, Fault::Singular), (empty, Fault::Empty)] {
            if count > 0 {
                reasons.push(format!("in {count} {}", fault.describe()));
            }
        }
        warnings.push(format!(
            "{} of {} mixtures have no maximum to report: {}",
            singular + empty,
            candidates.len(),
            reasons.join(", ")
        ));
    }
    if candidates[best].outcome.is_ok_and(|score| !score.converged) {
        warnings.push("the chosen mixture had not come to rest: raise max_iterations".into());
    }
    let parameters = candidates[best].parameters;
    if parameters * 2 > n * p {
        warnings.push(format!(
            "{parameters} parameters from {} numbers ({n} units of {p} columns): the choice is not \
             to be trusted",
            n * p
        ));
    }
    let small = weights.iter().filter(|w| **w * (n as f64) < 2.5).count();
    if small > 0 && k > 1 {
        warnings.push(format!(
            "{small} of {k} components hold fewer than 3 units: their spread is borrowed from the \
             others or a chance"
        ));
    }
    let used = labels.iter().copied().max().unwrap_or(0);
    if used < k {
        warnings.push(format!(
            "{} of {k} components are no unit's most probable one: they have a weight and no label",
            k - used
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clouds along a line, without randomness.
    fn clouds() -> Arc<Matrix> {
        let values = DMatrix::from_fn(60, 2, |i, j| {
            let (cloud, at) = ((i / 20) as f64, (i % 20) as f64);
            10.0 * cloud + (at * (2.3 + j as f64) + cloud).sin() + 0.3 * (at * 0.77).cos()
        });
        Arc::new(Matrix {
            values,
            columns: vec!["a".into(), "b".into()],
            labels: (1..=60).map(|i| i.to_string()).collect(),
        })
    }

    #[test]
    fn clouds_come_apart_and_probabilities_add_to_one() {
        let found = gmm(clouds(), &GmmParams::default(), &Context::default()).unwrap();
        assert_eq!(found.sizes, [20, 20, 20]);
        let mixture = found.detail.mixture.as_ref().unwrap();
        assert!((mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for row in found.detail.membership.as_ref().unwrap().row_iter() {
            assert!((row.sum() - 1.0).abs() < 1e-12);
        }
        for score in mixture.candidates.iter().filter_map(|c| c.outcome.as_ref().ok()) {
            assert!(score.icl <= score.bic, "overlap only takes away");
        }
    }

    #[test]
    fn one_component_is_the_normal_distribution() {
        let data = clouds();
        let params =
            GmmParams { components: vec![1], families: vec![Family::Vvv], ..GmmParams::default() };
        let found = gmm(Arc::clone(&data), &params, &Context::default()).unwrap();
        let mixture = found.detail.mixture.as_ref().unwrap();
        let (n, p) = (60.0, 2.0);
        let mut centred = data.values.clone();
        for mut column in centred.column_iter_mut() {
            let mean = column.mean();
            column.add_scalar_mut(-mean);
        }
        let determinant = (centred.tr_mul(&centred) / n).determinant();
        let closed = -n / 2.0 * (p * std::f64::consts::TAU.ln() + determinant.ln() + p);
        assert!((mixture.score.loglik - closed).abs() < 1e-9);
        assert_eq!(mixture.parameters, 5);
    }

    #[test]
    fn a_repeated_row_makes_free_components_singular_and_says_so() {
        let mut values = clouds().values.clone();
        for i in 0..20 {
            values.set_row(i, &nalgebra::RowDVector::from_vec(vec![-5.0, -5.0]));
        }
        let data = Arc::new(Matrix { values, ..clouds().as_ref().clone() });
        let params = GmmParams { components: vec![3], ..GmmParams::default() };
        let found = gmm(data, &params, &Context::default()).unwrap();
        let mixture = found.detail.mixture.as_ref().unwrap();
        let outcome = |family| {
            mixture.candidates.iter().find(|c| c.family == family).map(|c| c.outcome.is_ok())
        };
        assert_eq!(outcome(Family::Vvv), Some(false));
        assert_eq!(outcome(Family::Eii), Some(true));
        assert!(found.warnings.iter().any(|w| w.contains("singular")));
    }

    #[test]
    fn too_many_components_are_refused() {
        let params = GmmParams { components: vec![60], ..GmmParams::default() };
        assert!(gmm(clouds(), &params, &Context::default()).is_err());
        let params = GmmParams { families: Vec::new(), ..GmmParams::default() };
        assert!(gmm(clouds(), &params, &Context::default()).is_err());
    }
}
