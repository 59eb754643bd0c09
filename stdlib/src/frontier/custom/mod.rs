//! Stochastic frontiers whose inefficiency follows a density of the user's own.
//!
//! `y = x'b + v - u` with normal `v` and `u >= 0` of density `g(u; theta)`, any function that
//! integrates to 1 over `u` for each `theta`. The likelihood is `f(e) = int g(u; theta)
//! phi((e + u) / sigma_v) / sigma_v du`, by the Gauss-Legendre rule on panels that are found anew
//! for each `theta` (see `tabulated`), without simulation. There is no argument that its maximum is
//! global: the best of a few starts is taken, and said to be so.

mod likelihood;
mod tabulated;

use std::cell::RefCell;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

pub use self::tabulated::Density;

use self::likelihood::{CustomLikelihood, Tabulated};
use self::tabulated::{Basis, Unfit};
use super::compare::Compared;
use super::deterministic::residuals;
use super::efficiency::{Efficiency, EfficiencyParams, Estimator};
use super::engine::{Ascent, Stop, maximise};
use super::error::FrontierError;
use super::fit::{ARRIVED, Estimate};
use super::params::Orientation;
use super::sample::Sample;
use super::solve;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::formula::{self, Formula, FormulaError, FrameParams, ZeroPolicy};
use crate::table::{Table, Vector};

/// How far from 1 a density's integral may be.
const MASS: f64 = 1e-6;

/// A parameter of the user's density.
#[derive(Debug, Clone, PartialEq)]
pub struct Theta {
    /// Its name.
    pub name: String,
    /// Where the search begins.
    pub start: f64,
    /// Whether it may be any number; otherwise it is positive, and searched by its logarithm.
    pub real: bool,
}

/// The choices of [`sfa_custom`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomParams {
    /// The density's parameters, at least one, in the order in which it takes them.
    pub theta: Vec<Theta>,
    /// Production (default) or cost.
    pub frontier: Orientation,
    /// Zeros and negatives under a logarithm.
    pub zero: ZeroPolicy,
}

impl CustomParams {
    fn check(&self) -> Result<()> {
        let wrong = |rule: &str, value: String| {
            Err(Error::Invalid { primitive: "sfa", parameter: "theta", rule: rule.into(), value })
        };
        if self.theta.is_empty() {
            return wrong("name at least one parameter of the density", "none".into());
        }
        for theta in &self.theta {
            if !theta.start.is_finite() || !theta.real && theta.start <= 0.0 {
                let rule = "start from positive numbers (or list the name under real)";
                return wrong(rule, format!("{} for {}", theta.start, theta.name));
            }
        }
        Ok(())
    }
}

/// A frontier with the user's density of inefficiency.
#[derive(Debug, Clone)]
pub struct CustomFit {
    /// The formula, its dots filled in.
    pub formula: Formula,
    /// The choices made.
    pub params: CustomParams,
    /// Frontier coefficients.
    pub coef: Vec<Estimate>,
    /// Parameters of the density.
    pub theta: Vec<Estimate>,
    /// Standard deviation of noise.
    pub sigma_v: Estimate,
    /// Covariance of `coef`, `ln sigma_v^2` and the searched parameters; missing where the search
    /// ended at no maximum.
    pub vcov: Option<DMatrix<f64>>,
    /// Maximised loglikelihood.
    pub loglik: f64,
    /// Loglikelihood of least squares, the model without inefficiency.
    pub loglik_noise: f64,
    /// Integral of the density at the estimate.
    pub mass: f64,
    /// Mean and standard deviation of inefficiency.
    pub moments: (f64, f64),
    /// Largest element of the score per row, columns at unit scale.
    pub gradient: f64,
    /// Why the search ended.
    pub stop: Stop,
    /// Newton steps from the best start.
    pub iterations: usize,
    /// Starts followed, and how many reached the best end.
    pub starts: usize,
    /// See `starts`.
    pub reached: usize,
    /// `y - x'b` on the rows used.
    pub residuals: Vec<f64>,
    /// Rows used, as positions in the table.
    pub rows: Vec<u32>,
    /// Their labels, or numbers from 1.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// Rows left out because a value is missing, or a logarithm not defined.
    pub dropped: usize,
    /// What a reader must know, in words.
    pub warnings: Vec<String>,
    /// Battese and Coelli's, Jondrow's and the mode's efficiency, then nodes and masses of `u`
    /// given `e`, by row.
    posterior: Vec<Posterior>,
}

/// What is known of one row's inefficiency.
#[derive(Debug, Clone)]
struct Posterior {
    mean_exp: f64,
    mean: f64,
    mode: f64,
    /// Distribution function: `u` and the probability up to it, increasing.
    below: Vec<(f64, f64)>,
}

impl Posterior {
    fn of(table: &Tabulated, e: f64) -> Self {
        let (masses, _) = table.masses(e);
        let total: f64 = masses.iter().map(|m| m.1).sum();
        let u = |j: usize| table.fine.u[j];
        let expect =
            |f: &dyn Fn(f64) -> f64| masses.iter().map(|(j, m)| f(u(*j)) * m).sum::<f64>() / total;
        let density = |j: usize| {
            let r = (e + u(j)) / table.sigma;
            table.g[j].ln() - 0.5 * r * r
        };
        let mode = masses.iter().map(|m| m.0).max_by(|a, b| density(*a).total_cmp(&density(*b)));
        // The mass of a node lies around it: the trapezium between nodes is what a quantile needs.
        let mut below = Vec::with_capacity(masses.len() + 1);
        let mut sum = 0.0;
        below.push((
            masses.first().map_or(0.0, |m| {
                let panel = m.0 / super::quadrature::NODES;
                table.fine.edges[panel].0
            }),
            0.0,
        ));
        for (k, (j, mass)) in masses.iter().enumerate() {
            let next = masses.get(k + 1).map(|m| u(m.0));
            sum += mass / total;
            let edge = table.fine.edges[j / super::quadrature::NODES].1;
            below.push((next.map_or(edge, |next| 0.5 * (u(*j) + next)), sum));
        }
        Self {
            mean_exp: expect(&|u: f64| (-u).exp()),
            mean: expect(&|u: f64| u),
            mode: mode.map_or(0.0, u),
            below,
        }
    }

    /// The value not exceeded with probability `p`.
    fn quantile(&self, p: f64) -> f64 {
        let at = self.below.partition_point(|b| b.1 < p).clamp(1, self.below.len() - 1);
        let ((from, low), (to, high)) = (self.below[at - 1], self.below[at]);
        if high > low {
            from + (to - from) * ((p - low) / (high - low)).clamp(0.0, 1.0)
        } else {
            to
        }
    }
}

/// Fits the frontier `formula` to `table` with inefficiency of density `density(u, theta)`.
///
/// The density must integrate to 1 (within 1e-6) at every `theta` tried, and its support must not
/// move with `theta`: both are checked. Errors: a density that is negative, not a number or no
/// density where the search begins, and whatever the function itself fails with.
pub fn sfa_custom(
    formula: &str,
    table: &Table,
    density: &Density<'_>,
    params: &CustomParams,
    ctx: &Context,
) -> Result<CustomFit> {
    params.check()?;
    let parsed = Formula::parse(formula)?;
    let frame_params = FrameParams { zero: params.zero, also: Vec::new() };
    let mut frame = formula::frame(table, &[&parsed], &frame_params)?;
    let design = frame.designs.remove(0);
    let Some(y) = design.y else {
        return Err(FormulaError::NoResponse { at: parsed.place((0, parsed.text.len())) }.into());
    };
    let dropped = frame.missing + frame.outside;
    let parameters = design.x.ncols() + 1 + params.theta.len();
    let sign = params.frontier.sign();
    let sample = Sample::new(design.x, y, None, &design.plan, sign, parameters, dropped)?;
    let spread = (sample.ols_ssr / sample.n()).sqrt();
    let model = CustomLikelihood {
        sample: &sample,
        density,
        theta: &params.theta,
        basis: Basis::new(),
        scale: spread,
        failure: RefCell::new(None),
    };
    let begin: Vec<f64> =
        params.theta.iter().map(|t| if t.real { t.start } else { t.start.ln() }).collect();
    let (mean, sd) = first_look(&model, &begin)?;
    let (best, starts, reached) = climb(&model, &begin, (mean, sd), ctx)?;
    let labels: Vec<String> = {
        let names = table.row_names();
        frame.rows.iter().map(|row| names[*row as usize].clone()).collect()
    };
    let mut fit = finish(&model, best, params, design.plan.names.as_slice())?;
    (fit.starts, fit.reached) = (starts, reached);
    fit.formula = design.plan.formula.clone();
    fit.rows = frame.rows;
    fit.labels = labels;
    fit.label_name = table.label_name().map(str::to_owned);
    fit.dropped = dropped;
    fit.warnings = fit.doubts();
    Ok(fit)
}

/// Whether the user's function is a density where the search begins; its mean and deviation.
fn first_look(model: &CustomLikelihood<'_>, begin: &[f64]) -> Result<(f64, f64)> {
    let at = || {
        let given = model.given(begin);
        let named = model.theta.iter().zip(&given).map(|(t, x)| format!("{} = {x}", t.name));
        named.collect::<Vec<_>>().join(", ")
    };
    let refuse = |why: String| Err(FrontierError::NotADensity { theta: at(), why }.into());
    let (panels, mass) = match model.panels(begin) {
        Ok(found) => found,
        Err(Unfit::Failed(error)) => return Err(error),
        Err(Unfit::Value { u, value }) => return refuse(format!("at u = {u:.6} it is {value}")),
        Err(Unfit::Endless) => {
            return refuse("its integral over u from 0 on does not settle".into());
        }
    };
    if (mass - 1.0).abs() > MASS {
        return refuse(format!("it integrates to {mass:.6}, not to 1"));
    }
    let values = panels.values(model.density, &model.given(begin), &model.basis)?;
    let (mut mean, mut square) = (0.0, 0.0);
    for ((low, high), values) in panels.edges.iter().zip(values.chunks(super::quadrature::NODES)) {
        for ((node, weight), value) in
            model.basis.nodes.iter().zip(&model.basis.weights).zip(values)
        {
            let u = 0.5 * (low + high) + 0.5 * (high - low) * node;
            let mass = 0.5 * (high - low) * weight * value;
            mean += mass * u;
            square += mass * u * u;
        }
    }
    // A support that moves with theta makes the likelihood jump where a row meets its end.
    let start = start_at(model, begin, mean, 1.0);
    if let Some(table) = model.tabulate(&start, true)
        && let Some(k) = table.leaks().iter().position(|leak| leak.abs() > 1e-4)
    {
        return refuse(format!(
            "its integral over a fixed range changes with {}: where u can lie must not depend on \
             the parameters",
            model.theta[k].name
        ));
    }
    Ok((mean, (square - mean * mean).max(0.0).sqrt()))
}

/// Coefficients to begin with: least squares, its constant moved by the mean of inefficiency, and
/// noise of `share` of the residual variance.
fn start_at(model: &CustomLikelihood<'_>, begin: &[f64], mean: f64, share: f64) -> Vec<f64> {
    let sample = model.sample;
    let mut coef: Vec<f64> = sample.ols.iter().copied().collect();
    if sample.intercept {
        coef[0] += sample.sign * mean;
    }
    coef.push((share * sample.ols_ssr / sample.n()).ln());
    coef.extend_from_slice(begin);
    coef
}

/// The best end of a few starts, how many there were, and how many reached it.
fn climb(
    model: &CustomLikelihood<'_>,
    begin: &[f64],
    (mean, sd): (f64, f64),
    ctx: &Context,
) -> Result<(Ascent, usize, usize)> {
    let spread_sq = model.scale * model.scale;
    let own = (1.0 - sd * sd / spread_sq).clamp(0.1, 0.95);
    let mut ends: Vec<Ascent> = Vec::new();
    for share in [own, 0.3, 0.9] {
        ctx.check()?;
        let start = start_at(model, begin, mean.min(2.0 * model.scale), share);
        let end = maximise(model, &start, 100, ctx)?;
        if let Some(error) = model.failure.borrow_mut().take() {
            return Err(error);
        }
        if end.jet.value.is_finite() {
            ends.push(end);
        }
    }
    let best = ends.iter().map(|e| e.jet.value).fold(f64::NEG_INFINITY, f64::max);
    let reached = ends.iter().filter(|e| e.jet.value > best - 1e-6).count();
    match ends.into_iter().max_by(|a, b| a.jet.value.total_cmp(&b.jet.value)) {
        Some(end) => Ok((end, 3, reached)),
        None => Err(FrontierError::Degenerate {
            why: "no start has a finite likelihood: begin theta nearer to the spread of the \
                  residuals of least squares"
                .into(),
        }
        .into()),
    }
}

fn finish(
    model: &CustomLikelihood<'_>,
    best: Ascent,
    params: &CustomParams,
    names: &[String],
) -> Result<CustomFit> {
    let sample = model.sample;
    let p = sample.scaled.z.ncols();
    let unsettled = || FrontierError::Degenerate { why: "its end has no finite value".into() };
    let table = model.tabulate(&best.coef, false).ok_or_else(unsettled)?;
    let mass = match model.panels(&best.coef[p + 1..]) {
        Ok((_, mass)) => mass,
        Err(Unfit::Failed(error)) => return Err(error),
        Err(_) => return Err(unsettled().into()),
    };
    let sums = table.g.iter().zip(&table.fine.weight).zip(&table.fine.u);
    let (mean, square) =
        sums.fold((0.0, 0.0), |(m, s), ((g, w), u)| (m + g * w * u, s + g * w * u * u));
    let (stop, iterations) = (best.stop, best.iterations);
    let inside = solve::inside(best, sample.n());
    let size = inside.coef.len();
    let mut jacobian = DMatrix::identity(size, size);
    jacobian.view_mut((0, 0), (p, p)).copy_from(&sample.scaled.map());
    let arrived = inside.shortfall.is_some_and(|short| short <= ARRIVED);
    let vcov = inside.vcov.as_ref().filter(|_| arrived);
    let vcov = vcov.map(|v| &jacobian * v * jacobian.transpose());
    let all = &jacobian * DVector::from_row_slice(&inside.coef);
    let se = |j: usize| vcov.as_ref().map(|v| v[(j, j)].sqrt());
    let estimate = |name: &str, value: f64, se: Option<f64>| Estimate {
        name: name.to_owned(),
        value,
        se: se.filter(|se| se.is_finite()),
    };
    let coef = names.iter().enumerate().map(|(j, name)| estimate(name, all[j], se(j))).collect();
    let sigma_v = (0.5 * all[p]).exp();
    let theta = params.theta.iter().enumerate().map(|(k, theta)| {
        let at = p + 1 + k;
        let value = if theta.real { all[at] } else { all[at].exp() };
        let slope = if theta.real { 1.0 } else { value };
        estimate(&theta.name, value, se(at).map(|se| se * slope))
    });
    let errors = model.errors(&inside.coef, 0..sample.y.len());
    let posterior = errors.par_iter().map(|e| Posterior::of(&table, *e)).collect();
    Ok(CustomFit {
        formula: Formula::parse("y ~ 1")?,
        params: params.clone(),
        coef,
        theta: theta.collect(),
        sigma_v: estimate("sigma_v", sigma_v, se(p).map(|se| 0.5 * sigma_v * se)),
        loglik: inside.loglik,
        loglik_noise: sample.ols_loglik(),
        mass,
        moments: (mean, (square - mean * mean).max(0.0).sqrt()),
        gradient: inside.gradient,
        stop,
        iterations,
        starts: 0,
        reached: 0,
        residuals: residuals(&sample.scaled.z, &sample.y, &inside.coef[..p]),
        rows: Vec::new(),
        labels: Vec::new(),
        label_name: None,
        dropped: 0,
        warnings: Vec::new(),
        posterior,
        vcov,
    })
}

impl CustomFit {
    fn doubts(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.vcov.is_none() {
            let why = match self.stop {
                Stop::Iterations => "its iterations ran out",
                _ => "no step improved the likelihood any more",
            };
            list.push(format!(
                "the search ended before a maximum ({why}): no standard errors. Noise too small \
                 against the range of inefficiency ends it too; here sigma_v is {:.3e}.",
                self.sigma_v.value
            ));
        }
        if self.loglik <= self.loglik_noise + 1e-6 {
            list.push(format!(
                "least squares fits as well (loglik {:.6}): the data show no inefficiency of this \
                 law.",
                self.loglik_noise
            ));
        }
        if self.reached < self.starts {
            list.push(format!(
                "{} of {} starts reached this maximum; nothing proves that it is the highest.",
                self.reached, self.starts
            ));
        }
        if self.nobs() < 5 * self.nparams() {
            list.push(format!(
                "{} rows for {} parameters: estimates this thin move with every row.",
                self.nobs(),
                self.nparams()
            ));
        }
        list
    }

    /// Rows used.
    pub fn nobs(&self) -> usize {
        self.rows.len()
    }

    /// Parameters counted by the criteria.
    pub fn nparams(&self) -> usize {
        self.coef.len() + 1 + self.theta.len()
    }

    /// Akaike's criterion, `2 k - 2 loglik`.
    pub fn aic(&self) -> f64 {
        2.0 * self.nparams() as f64 - 2.0 * self.loglik
    }

    /// Schwarz's criterion, `k ln n - 2 loglik`.
    pub fn bic(&self) -> f64 {
        self.nparams() as f64 * (self.nobs() as f64).ln() - 2.0 * self.loglik
    }

    /// Every parameter: equation, term, estimate, standard error.
    pub fn parameters(&self) -> Result<Table> {
        let noise = std::slice::from_ref(&self.sigma_v);
        let parts = [("frontier", &self.coef[..]), ("inefficiency", &self.theta), ("noise", noise)];
        let rows: Vec<(&str, &Estimate)> =
            parts.iter().flat_map(|(name, list)| list.iter().map(|e| (*name, e))).collect();
        Table::new([
            ("equation", Vector::from_texts(rows.iter().map(|r| r.0))),
            ("term", Vector::from_texts(rows.iter().map(|r| r.1.name.as_str()))),
            ("estimate", Vector::from_floats(rows.iter().map(|r| r.1.value))),
            ("se", Vector::from_options(rows.iter().map(|r| r.1.se))),
        ])
    }

    /// Efficiency of each row with bounds, from the law of `u` given its composed error.
    pub fn efficiency(&self, params: &EfficiencyParams) -> Result<Efficiency> {
        let tail = 0.5 * (1.0 - params.level);
        let triples = self.posterior.iter().map(|law| {
            let te = match params.estimator {
                Estimator::BatteseCoelli => law.mean_exp,
                Estimator::Jlms => (-law.mean).exp(),
                Estimator::Mode => (-law.mode).exp(),
            };
            [te, (-law.quantile(1.0 - tail)).exp(), (-law.quantile(tail)).exp()]
        });
        let label_name = self.label_name.clone();
        Efficiency::new(self.labels.clone(), label_name, triples.collect(), params)
    }

    /// What the fit brings to a comparison.
    pub fn compared(&self) -> Result<Compared> {
        Ok(Compared {
            method: "sfa, the user's density".into(),
            response: self.formula.response.as_ref().map(ToString::to_string),
            nparams: Some(self.nparams()),
            loglik: Some(self.loglik),
            gamma: None,
            boundary: None,
            te: self.efficiency(&EfficiencyParams::default())?.te,
            rows: self.rows.clone(),
            labels: self.labels.clone(),
        })
    }
}
