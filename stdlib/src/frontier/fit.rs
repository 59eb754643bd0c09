//! Fitting a stochastic frontier.

use std::sync::Arc;

use arrow_array::StringArray;
use nalgebra::{DMatrix, DVector};

use super::assemble::assemble;
use super::covariance::{SeKind, groups};
use super::data::Scaled;
use super::density::Point;
use super::engine::{Index, Stop};
use super::error::FrontierError;
use super::params::SfaParams;
use super::profile::{LocalMaximum, gamma_of};
use super::sample::Sample;
use super::solve::{Determinant, Solution, half_normal};
use super::starts::several_starts;
use crate::context::Context;
use crate::error::Result;
use crate::formula::{self, Formula, FormulaError, Frame, FrameParams, Plan};
use crate::table::{Table, Vector, name_rows};

/// Where the maximum lies in `gamma = sigma_u^2 / (sigma_u^2 + sigma_v^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Inside: both variances are positive.
    None,
    /// At 0: no inefficiency, ordinary least squares.
    GammaZero,
    /// At 1: no noise, the deterministic frontier.
    GammaOne,
}

impl Boundary {
    /// `"none"`, `"gamma_zero"` or `"gamma_one"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::GammaZero => "gamma_zero",
            Self::GammaOne => "gamma_one",
        }
    }
}

/// An estimate; a standard error that does not exist is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub se: Option<f64>,
}

/// The coefficients of an equation besides the frontier.
#[derive(Debug, Clone, PartialEq)]
pub struct EquationFit {
    /// What it models: `"mean"`, `"ln sigma_u^2"`, `"ln sigma_v^2"`, `"ln scaling"`, or the
    /// logarithm of a shape parameter.
    pub name: String,
    /// Its coefficients.
    pub coef: Vec<Estimate>,
}

/// Ordinary least squares on the same rows: the model without inefficiency.
#[derive(Debug, Clone, PartialEq)]
pub struct OlsFit {
    /// Coefficients, named as the frontier's.
    pub coef: Vec<f64>,
    /// Residual variance, divided by n.
    pub sigma_sq: f64,
    /// Loglikelihood.
    pub loglik: f64,
    /// Skewness of the residuals, in the orientation of the frontier: negative for inefficiency.
    pub skewness: f64,
}

/// The deterministic frontier: the end `gamma = 1` of the half-normal likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct DeterministicFit {
    /// Coefficients.
    pub coef: Vec<f64>,
    /// `sum r^2 / n`.
    pub sigma_sq: f64,
    /// The limit of the loglikelihood as `gamma` tends to 1.
    pub loglik: f64,
    /// Positions (among the rows used) of the rows on the frontier.
    pub on_frontier: Vec<usize>,
}

/// Shortfall of the loglikelihood up to which a search has arrived at the maximum.
pub const ARRIVED: f64 = 1e-6;

/// How the search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Whether the maximum is global by construction (the half-normal profile), rather than the
    /// best of several starts.
    pub global: bool,
    /// Why the last ascent ended; missing at a boundary, which is solved exactly.
    pub stop: Option<Stop>,
    /// Newton iterations in all.
    pub iterations: usize,
    /// Starts followed, and how many of them reached the best end. Of more than 20,000 rows a
    /// thinned sample comes first: starts that lead to one place there go on as one from it.
    pub starts: usize,
    /// See `starts`.
    pub reached: usize,
    /// Largest element of the score per row, columns at unit scale; missing at `gamma = 1`.
    pub gradient: Option<f64>,
    /// Whether the Hessian is negative definite there; missing at a boundary.
    pub concave: Option<bool>,
    /// How much the loglikelihood could still rise by its curvature; missing at a boundary and
    /// where the Hessian is not negative definite. Above [`ARRIVED`] the search has not ended at a
    /// maximum, and there are no standard errors.
    pub shortfall: Option<f64>,
    /// All local maxima of the profile over `lambda`, ends included, best first.
    pub maxima: Vec<LocalMaximum>,
    /// `lambda` and profile loglikelihood, both ends included; half-normal only. Of more than
    /// 20,000 rows the points may end where nothing up to the end can be as high as the maximum.
    pub profile: Vec<(f64, f64)>,
    /// What the model tends to, in words, when its likelihood has no finite maximum.
    pub drift: Option<String>,
    /// What else the search met, in words.
    pub caveat: Option<String>,
}

/// Row by row, what the densities depend on at the estimate.
#[derive(Debug, Clone)]
pub(super) enum Indices {
    Constant(Point<f64>),
    Rows(Vec<Point<f64>>),
}

/// A fitted stochastic frontier.
#[derive(Debug, Clone)]
pub struct SfaFit {
    /// The formula, its dots filled in.
    pub formula: Formula,
    /// The choices made.
    pub params: SfaParams,
    /// Frontier coefficients.
    pub coef: Vec<Estimate>,
    /// The other equations, constants included.
    pub equations: Vec<EquationFit>,
    /// Covariance of `coef`, then of `equations` in order; at `gamma_zero` of `coef` alone, at
    /// `gamma_one` missing.
    pub vcov: Option<DMatrix<f64>>,
    /// Maximised loglikelihood; at `gamma_one` its supremum.
    pub loglik: f64,
    /// Parameters counted by AIC and BIC.
    pub nparams: usize,
    /// `sigma_u^2 + sigma_v^2`; this and the next four are missing where rows differ in them.
    pub sigma_sq: Option<Estimate>,
    /// `sigma_u^2 / sigma^2`.
    pub gamma: Option<Estimate>,
    /// `sigma_u / sigma_v`; infinite at `gamma_one`.
    pub lambda: Option<Estimate>,
    /// Scale of inefficiency.
    pub sigma_u: Option<Estimate>,
    /// Standard deviation of noise; of Student's t the scale.
    pub sigma_v: Option<Estimate>,
    /// Shape of the law of inefficiency, where it has one.
    pub shape: Option<Estimate>,
    /// Degrees of freedom of noise, Student's t only.
    pub df: Option<Estimate>,
    /// Loglikelihood without inefficiency: of `ols` where noise is normal, otherwise of a
    /// regression with the same noise.
    pub loglik_noise: f64,
    /// Where the maximum lies.
    pub boundary: Boundary,
    /// How it was found.
    pub search: Search,
    /// The model without inefficiency.
    pub ols: OlsFit,
    /// The model without noise; half-normal only, where one exists.
    pub deterministic: Option<DeterministicFit>,
    /// `y - x'b` on the rows used.
    pub residuals: Vec<f64>,
    /// What a reader must know, in words.
    pub warnings: Vec<String>,
    /// Rows used, as positions in the table.
    pub rows: Vec<u32>,
    /// Rows left out because a value is missing.
    pub missing: usize,
    /// Rows left out because a logarithm is not defined there.
    pub outside: usize,
    /// Labels of the rows used, if the table had any.
    pub labels: Option<Arc<StringArray>>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// The table fitted to.
    pub table: Table,
    /// How the frontier's columns are made.
    pub plan: Plan,
    pub(super) indices: Indices,
}

/// Fits a stochastic frontier `formula` to `table`.
///
/// `y = x'b + v - u` (production) or `y = x'b + v + u` (cost), with noise `v` and inefficiency
/// `u >= 0`. The half-normal maximum is global: the profile over
/// `lambda = sigma_u / sigma_v` is walked from its one end, ordinary least squares, to the other,
/// the deterministic frontier; a boundary that wins is the result, with the standard errors that
/// exist there. Other models are the best of several starts, with a verified stop.
pub fn sfa(formula: &str, table: &Table, params: &SfaParams, ctx: &Context) -> Result<SfaFit> {
    let parsed = Formula::parse(formula)?;
    fit_formula(&parsed, table, params, ctx)
}

/// [`sfa`] on a formula already read.
pub fn fit_formula(
    formula: &Formula,
    table: &Table,
    params: &SfaParams,
    ctx: &Context,
) -> Result<SfaFit> {
    params.check()?;
    let problem = Problem::new(formula, table, params)?;
    let solution = problem.solve(params, ctx)?;
    let fit = assemble(problem, solution, table, params);
    if params.se == SeKind::Bootstrap { fit.with_bootstrap_errors(ctx) } else { Ok(fit) }
}

/// A model on its rows, ready to be solved.
pub(super) struct Problem {
    pub sample: Sample,
    pub others: Vec<Determinant>,
    pub plan: Plan,
    pub frame: Frame,
    /// The cluster of each row, where errors are clustered.
    pub groups: Option<Vec<usize>>,
}

impl Problem {
    pub fn new(formula: &Formula, table: &Table, params: &SfaParams) -> Result<Self> {
        let wanted = [
            (Index::Noise, &params.sigma_v, true),
            (Index::Inefficiency, &params.sigma_u, true),
            (Index::Mean, &params.mean, params.inefficiency.has_mean()),
            (Index::Scaling, &params.scaling, false),
            (Index::Shape, &None, params.inefficiency.shape().is_some()),
            (Index::Df, &None, params.noise.has_df()),
        ];
        let mut formulas = vec![formula.clone()];
        let mut plans: Vec<(Index, bool)> = Vec::new();
        for (index, text, always) in wanted {
            if let Some(text) = text {
                let mut equation = Formula::parse(text)?;
                if let Some(response) = &equation.response {
                    return Err(FrontierError::ResponseInEquation {
                        equation: text.clone(),
                        found: response.to_string(),
                    }
                    .into());
                }
                if index == Index::Scaling {
                    // An intercept there would only rename sigma_u.
                    let change = Formula::parse("~ . - 1")?;
                    equation = formula::update(&equation, &change)?;
                }
                formulas.push(equation);
                plans.push((index, true));
            } else if always {
                plans.push((index, false));
            }
        }
        let references: Vec<&Formula> = formulas.iter().collect();
        let frame_params =
            FrameParams { zero: params.zero, also: params.weights.iter().cloned().collect() };
        let mut frame = formula::frame(table, &references, &frame_params)?;
        let mut designs = std::mem::take(&mut frame.designs).into_iter();
        let design = designs.next().expect("one design per formula");
        let Some(y) = design.y else {
            let at = formula.place((0, formula.text.len()));
            return Err(FormulaError::NoResponse { at }.into());
        };
        let n = y.len();
        let mut others = Vec::new();
        for (index, modelled) in plans {
            let (x, names, intercept, plan) = if modelled {
                let design = designs.next().expect("one design per formula");
                let plan = design.plan;
                (design.x, plan.names.clone(), plan.intercept, Some(plan))
            } else {
                (DMatrix::from_element(n, 1, 1.0), vec!["(Intercept)".into()], true, None)
            };
            let scaled = Scaled::new(x, intercept, &names, equation_name(index, params))?;
            others.push(Determinant { index, scaled, names, intercept, plan });
        }
        let parameters = design.x.ncols() + others.iter().map(|o| o.names.len()).sum::<usize>();
        let weights = match &params.weights {
            Some(column) => Some(read_weights(table, column, &frame.rows)?),
            None => None,
        };
        let groups = match &params.cluster {
            Some(column) => Some(groups(table, column, &frame.rows)?),
            None => None,
        };
        let dropped = frame.missing + frame.outside;
        let sign = params.frontier.sign();
        let sample = Sample::new(design.x, y, weights, &design.plan, sign, parameters, dropped)?;
        Ok(Self { sample, others, plan: design.plan, frame, groups })
    }

    /// Takes coefficients of scaled columns to those of the columns as given.
    pub fn jacobian(&self) -> DMatrix<f64> {
        let maps = std::iter::once(self.sample.scaled.map())
            .chain(self.others.iter().map(|other| other.scaled.map()));
        let maps: Vec<DMatrix<f64>> = maps.collect();
        let total = maps.iter().map(DMatrix::nrows).sum();
        let mut jacobian = DMatrix::zeros(total, total);
        let mut start = 0;
        for map in maps {
            let width = map.nrows();
            jacobian.view_mut((start, start), (width, width)).copy_from(&map);
            start += width;
        }
        jacobian
    }

    pub(super) fn solve(&self, params: &SfaParams, ctx: &Context) -> Result<Solution> {
        if params.is_plain_half_normal() {
            half_normal(&self.sample, &self.others, ctx)
        } else {
            several_starts(&self.sample, &self.others, params.law(), ctx)
        }
    }
}

/// What an equation models, as results and errors name it.
pub(super) fn equation_name(index: Index, params: &SfaParams) -> &'static str {
    match index {
        Index::Frontier => "the frontier",
        Index::Noise => "ln sigma_v^2",
        Index::Inefficiency => "ln sigma_u^2",
        Index::Mean => "mean",
        Index::Scaling => "ln scaling",
        Index::Df => "ln df",
        Index::Shape => match params.inefficiency.shape() {
            Some("k") => "ln k",
            _ => "ln shape",
        },
    }
}

/// Weights on the rows in use, rescaled to sum to their number.
fn read_weights(table: &Table, column: &str, rows: &[u32]) -> Result<Vec<f64>> {
    let values = table.floats("sfa", column)?;
    let mut weights: Vec<f64> = rows.iter().map(|row| values.value(*row as usize)).collect();
    if let Some(bad) = weights.iter().position(|w| !(*w > 0.0 && w.is_finite())) {
        let name = &table.row_names()[rows[bad] as usize];
        let row = name_rows(&[name.as_str()]);
        let row = row.trim_start_matches("row ").to_owned();
        return Err(FrontierError::BadWeight { row, value: weights[bad] }.into());
    }
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    for w in &mut weights {
        *w /= mean;
    }
    Ok(weights)
}

impl SfaFit {
    /// Rows used.
    pub fn nobs(&self) -> usize {
        self.rows.len()
    }

    /// Where the maximum lies, or is drifting to: a likelihood that keeps rising as noise vanishes
    /// has its supremum at `gamma_one` whatever the law, though only the half-normal's end there is
    /// solved as such.
    pub fn place(&self) -> Boundary {
        let vanished = self.gamma.as_ref().is_some_and(|gamma| gamma.value > 1.0 - 1e-6);
        if self.boundary == Boundary::None && self.search.drift.is_some() && vanished {
            return Boundary::GammaOne;
        }
        self.boundary
    }

    /// Akaike's criterion, `2 k - 2 loglik`.
    pub fn aic(&self) -> f64 {
        2.0 * self.nparams as f64 - 2.0 * self.loglik
    }

    /// Schwarz's criterion, `k ln n - 2 loglik`.
    pub fn bic(&self) -> f64 {
        self.nparams as f64 * (self.nobs() as f64).ln() - 2.0 * self.loglik
    }

    /// Hannan and Quinn's criterion, `2 k ln ln n - 2 loglik`.
    pub fn hqic(&self) -> f64 {
        2.0 * self.nparams as f64 * (self.nobs() as f64).ln().ln() - 2.0 * self.loglik
    }

    /// The model refitted under `change`, whose dots stand for the old sides of the formula.
    pub fn update(&self, change: &str, ctx: &Context) -> Result<Self> {
        self.update_with(change, &self.params, ctx)
    }

    /// [`SfaFit::update`] with other choices.
    pub fn update_with(&self, change: &str, params: &SfaParams, ctx: &Context) -> Result<Self> {
        let change = Formula::parse(change)?;
        let formula = formula::update(&self.formula, &change)?;
        fit_formula(&formula, &self.table, params, ctx)
    }

    /// The profile loglikelihood over `lambda`, both ends included; empty but for half-normal.
    pub fn profile_table(&self) -> Result<Table> {
        let points = &self.search.profile;
        Table::new([
            ("lambda", Vector::from_floats(points.iter().map(|p| p.0))),
            ("gamma", Vector::from_floats(points.iter().map(|p| gamma_of(p.0)))),
            ("loglik", Vector::from_floats(points.iter().map(|p| p.1))),
        ])
    }

    /// The half-normal loglikelihood maximised for a given `lambda >= 0`, on the rows of the fit.
    pub fn profile_lambda(&self, lambda: f64, ctx: &Context) -> Result<f64> {
        if !self.params.is_plain_half_normal() {
            return Err(FrontierError::Incompatible {
                option: "a profile over lambda".into(),
                with: "this model".into(),
                instead: "it is defined for inefficiency: \"half_normal\" without determinants"
                    .into(),
            }
            .into());
        }
        let problem = Problem::new(&self.formula, &self.table, &self.params)?;
        if lambda == 0.0 {
            return Ok(problem.sample.ols_loglik());
        }
        if lambda.is_infinite() {
            let end = problem.sample.deterministic();
            return Ok(end.map_or(f64::NEG_INFINITY, |(_, loglik)| loglik));
        }
        let (profile, start) = problem.sample.profile();
        Ok(profile.point(lambda, &start, true, ctx)?.loglik)
    }

    /// Labels of the rows used; row numbers from 1 where the table has none.
    pub fn row_names(&self) -> Vec<String> {
        match &self.labels {
            Some(labels) => labels.iter().map(|l| l.unwrap_or("").to_owned()).collect(),
            None => self.rows.iter().map(|row| (row + 1).to_string()).collect(),
        }
    }

    /// What row number `i` of those used depends on.
    pub(super) fn point(&self, i: usize) -> Point<f64> {
        let e = self.params.frontier.sign() * self.residuals[i];
        match &self.indices {
            Indices::Constant(point) => Point { e, ..*point },
            Indices::Rows(points) => Point { e, ..points[i] },
        }
    }

    /// [`SfaFit::predict`] as a vector over all rows of `table`, missing where a value is.
    pub fn predict_vector(&self, table: &Table) -> Result<Vector> {
        let (values, rows) = self.predict(table)?;
        let mut all = vec![None; table.nrow()];
        for (value, row) in values.iter().zip(&rows) {
            all[*row as usize] = Some(*value);
        }
        let vector = Vector::from_options(all).named("frontier");
        match table.labels() {
            Some(labels) => vector.with_labels(Arc::clone(labels)),
            None => Ok(vector),
        }
    }

    /// Frontier output (or cost) predicted for each complete row of `table`, on the scale of the
    /// response, and the positions of those rows.
    pub fn predict(&self, table: &Table) -> Result<(Vec<f64>, Vec<u32>)> {
        let (x, rows) = self.plan.matrix(table)?;
        let coef = DVector::from_iterator(self.coef.len(), self.coef.iter().map(|c| c.value));
        Ok(((x * coef).iter().copied().collect(), rows))
    }
}
