//! From a solution in scaled columns to a result in the units of the data.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use super::covariance::{SeKind, covariance, least_squares_scores};
use super::data::{cross, gram};
use super::density::Point;
use super::deterministic;
use super::engine::Index;
use super::fit::{
    ARRIVED, Boundary, DeterministicFit, EquationFit, Estimate, Indices, OlsFit, Problem, Search,
    SfaFit, equation_name,
};
use super::params::SfaParams;
use super::report;
use super::solve::{Place, Solution, likelihood};
use crate::table::Table;

fn estimate(name: &str, value: f64, se: Option<f64>) -> Estimate {
    Estimate { name: name.to_owned(), value, se: se.filter(|s| s.is_finite()) }
}

/// What each place of the maximum gives.
struct Found {
    /// Frontier coefficients of scaled columns.
    coef: Vec<f64>,
    loglik: f64,
    /// The two constants `ln sigma_v^2` and `ln sigma_u^2`, where they are constants.
    ln_v: Option<f64>,
    ln_u: Option<f64>,
    /// In the units of the data.
    vcov: Option<DMatrix<f64>>,
    boundary: Boundary,
    equations: Vec<EquationFit>,
    /// Positions of the two constants in `vcov`.
    at: Option<(usize, usize)>,
    shape: Option<Estimate>,
    df: Option<Estimate>,
    indices: Indices,
}

pub(super) fn assemble(
    problem: Problem,
    solution: Solution,
    table: &Table,
    params: &SfaParams,
) -> SfaFit {
    let sample = &problem.sample;
    let n = sample.n();
    let map = sample.scaled.map();
    let given = |coef: &[f64]| -> Vec<f64> {
        (&map * DVector::from_row_slice(coef)).iter().copied().collect()
    };
    let ols_sigma_sq = sample.ols_ssr / n;
    let ols = OlsFit {
        coef: given(sample.ols.as_slice()),
        sigma_sq: ols_sigma_sq,
        loglik: sample.ols_loglik(),
        skewness: sample.skewness,
    };
    let deterministic = solution.deterministic.as_ref().map(|(fit, loglik)| {
        let mut on_frontier = fit.active.clone();
        on_frontier.sort_unstable();
        let (coef, sigma_sq) = (given(&fit.coef), fit.ssr / n);
        DeterministicFit { coef, sigma_sq, loglik: *loglik, on_frontier }
    });
    let found = match &solution.place {
        Place::Inside(_) => interior(&problem, &solution, params, &map),
        Place::GammaZero if solution.noise_only.is_some() => {
            let alone = solution.noise_only.as_ref().expect("asked for above");
            let df = params.noise.has_df().then(|| estimate("df", alone.ln_df.exp(), None));
            Found {
                coef: alone.coef.clone(),
                loglik: alone.loglik,
                ln_v: Some(alone.ln_v),
                ln_u: Some(f64::NEG_INFINITY),
                vcov: alone.inverse.as_ref().map(|v| &map * v * map.transpose()),
                boundary: Boundary::GammaZero,
                equations: Vec::new(),
                at: None,
                shape: None,
                df,
                indices: constant(alone.ln_v, f64::NEG_INFINITY, alone.ln_df),
            }
        }
        Place::GammaZero => {
            let inverse =
                gram(&sample.scaled.z, sample.weights.as_deref()).cholesky().map(|c| c.inverse());
            Found {
                coef: sample.ols.iter().copied().collect(),
                loglik: ols.loglik,
                ln_v: Some(ols_sigma_sq.ln()),
                ln_u: Some(f64::NEG_INFINITY),
                vcov: inverse.and_then(|v| {
                    let w = sample.weights.as_deref();
                    let z = &sample.scaled.z;
                    let r = deterministic::residuals(z, &sample.y, sample.ols.as_slice());
                    let scores = least_squares_scores(z, &r, w, ols_sigma_sq);
                    let v = v * ols_sigma_sq;
                    let v = covariance(params.se, &v, &scores, problem.groups.as_deref())?;
                    Some(&map * v * map.transpose())
                }),
                boundary: Boundary::GammaZero,
                equations: Vec::new(),
                at: None,
                shape: None,
                df: None,
                indices: constant(ols_sigma_sq.ln(), f64::NEG_INFINITY, 0.0),
            }
        }
        Place::GammaOne => {
            let (fit, loglik) =
                solution.deterministic.as_ref().expect("this end won, so it exists");
            let ln_u = (fit.ssr / n).ln();
            Found {
                coef: fit.coef.clone(),
                loglik: *loglik,
                ln_v: Some(f64::NEG_INFINITY),
                ln_u: Some(ln_u),
                vcov: None,
                boundary: Boundary::GammaOne,
                equations: Vec::new(),
                at: None,
                shape: None,
                df: None,
                indices: constant(f64::NEG_INFINITY, ln_u, 0.0),
            }
        }
    };
    let se = |j: usize| found.vcov.as_ref().map(|v| v[(j, j)].sqrt());
    let coef = given(&found.coef)
        .into_iter()
        .zip(&problem.plan.names)
        .enumerate()
        .map(|(j, (value, name))| estimate(name, value, se(j)))
        .collect();
    let residuals = deterministic::residuals(&sample.scaled.z, &sample.y, &found.coef);
    let (stop, gradient, concave, shortfall) = match &solution.place {
        Place::Inside(inside) => (
            Some(inside.stop),
            Some(inside.gradient),
            Some(inside.vcov.is_some()),
            inside.shortfall,
        ),
        Place::GammaZero if solution.noise_only.is_some() => (None, None, None, None),
        Place::GammaZero => {
            let weighted: Vec<f64> = match &sample.weights {
                Some(w) => residuals.iter().zip(w).map(|(r, w)| r * w).collect(),
                None => residuals.clone(),
            };
            let score = cross(&sample.scaled.z, &weighted) / ols_sigma_sq;
            (None, Some(score.amax() / n), None, None)
        }
        Place::GammaOne => (None, None, None, None),
    };
    let [sigma_sq, gamma, lambda, sigma_u, sigma_v] = variances(&found);
    let labels = table.labels().map(|labels| {
        Arc::new(problem.frame.rows.iter().map(|row| Some(labels.value(*row as usize))).collect())
    });
    let nparams =
        problem.plan.names.len() + problem.others.iter().map(|o| o.names.len()).sum::<usize>();
    let mut fit = SfaFit {
        formula: problem.plan.formula.clone(),
        params: params.clone(),
        coef,
        equations: found.equations,
        vcov: found.vcov,
        loglik: found.loglik,
        nparams,
        sigma_sq,
        gamma,
        lambda,
        sigma_u,
        sigma_v,
        shape: found.shape,
        df: found.df,
        loglik_noise: solution.noise_only.as_ref().map_or(ols.loglik, |alone| alone.loglik),
        boundary: found.boundary,
        search: Search {
            global: params.is_plain_half_normal(),
            stop,
            iterations: solution.iterations,
            starts: solution.starts,
            reached: solution.reached,
            gradient,
            concave,
            shortfall,
            maxima: solution.maxima,
            profile: solution.profile,
            drift: solution.drift,
            caveat: solution.caveat,
        },
        ols,
        deterministic,
        residuals,
        warnings: Vec::new(),
        rows: problem.frame.rows,
        missing: problem.frame.missing,
        outside: problem.frame.outside,
        labels,
        label_name: table.label_name().map(str::to_owned),
        table: table.clone(),
        plan: problem.plan,
        indices: found.indices,
    };
    fit.warnings = report::warnings(&fit);
    fit
}

fn constant(ln_v: f64, ln_u: f64, df: f64) -> Indices {
    Indices::Constant(Point { e: 0.0, ln_v, ln_u, mu: 0.0, shape: 0.0, df })
}

fn interior(
    problem: &Problem,
    solution: &Solution,
    params: &SfaParams,
    map: &DMatrix<f64>,
) -> Found {
    let Place::Inside(inside) = &solution.place else {
        unreachable!("called for interior maxima only")
    };
    let p = map.nrows();
    let jacobian = problem.jacobian();
    // Where the likelihood has no finite maximum, or the search ended before it, no curvature
    // measures the uncertainty.
    let arrived = inside.shortfall.is_some_and(|short| short <= ARRIVED);
    let inverse = inside.vcov.as_ref().filter(|_| arrived && solution.drift.is_none());
    let model = likelihood(&problem.sample, &problem.others, params.law());
    let scaled = inverse.and_then(|inverse| match params.se {
        SeKind::Hessian | SeKind::Bootstrap => Some(inverse.clone()),
        kind => {
            covariance(kind, inverse, &model.row_scores(&inside.coef), problem.groups.as_deref())
        }
    });
    let vcov = scaled.map(|v| &jacobian * v * jacobian.transpose());
    let all = &jacobian * DVector::from_row_slice(&inside.coef);
    let mut equations = Vec::new();
    let mut start = p;
    let (mut ln_v, mut ln_u) = (None, None);
    let (mut shape, mut df) = (None, None);
    // The value behind a logarithm, its standard error by the delta method.
    let natural = |name: &str, at: usize| {
        let value = all[at].exp();
        estimate(name, value, vcov.as_ref().map(|v| value * v[(at, at)].sqrt()))
    };
    let mut constants = true;
    for other in &problem.others {
        let coef = other
            .names
            .iter()
            .enumerate()
            .map(|(j, name)| {
                let at = start + j;
                estimate(name, all[at], vcov.as_ref().map(|v| v[(at, at)].sqrt()))
            })
            .collect();
        let single = other.names.len() == 1 && other.intercept;
        constants &= single;
        match other.index {
            Index::Noise if single => ln_v = Some((all[start], start)),
            Index::Inefficiency if single => ln_u = Some((all[start], start)),
            Index::Shape => {
                shape = params.inefficiency.shape().map(|name| natural(name, start));
            }
            Index::Df => df = Some(natural("df", start)),
            _ => {}
        }
        equations.push(EquationFit { name: equation_name(other.index, params).into(), coef });
        start += other.names.len();
    }
    if problem.others.iter().any(|o| o.index == Index::Scaling) {
        ln_u = None;
    }
    let indices = if constants {
        let first = model.points_of(&inside.coef, 0..1);
        Indices::Constant(first[0])
    } else {
        Indices::Rows(model.points_of(&inside.coef, 0..problem.sample.y.len()))
    };
    Found {
        coef: inside.coef[..p].to_vec(),
        loglik: inside.loglik,
        at: ln_v.zip(ln_u).map(|(v, u)| (v.1, u.1)),
        ln_v: ln_v.map(|v| v.0),
        ln_u: ln_u.map(|u| u.0),
        vcov,
        boundary: Boundary::None,
        equations,
        shape,
        df,
        indices,
    }
}

/// `sigma_sq, gamma, lambda, sigma_u, sigma_v` with standard errors by the delta method.
fn variances(found: &Found) -> [Option<Estimate>; 5] {
    let delta = |dv: f64, du: f64| {
        let (matrix, (v, u)) = (found.vcov.as_ref()?, found.at?);
        let variance =
            dv * dv * matrix[(v, v)] + 2.0 * dv * du * matrix[(v, u)] + du * du * matrix[(u, u)];
        (variance >= 0.0).then(|| variance.sqrt())
    };
    let single = |d: f64, pick: fn((usize, usize)) -> usize| {
        let (matrix, at) = (found.vcov.as_ref()?, found.at?);
        Some(d * matrix[(pick(at), pick(at))].sqrt())
    };
    let sigma_u = found.ln_u.map(|ln_u| {
        let sigma = (0.5 * ln_u).exp();
        estimate("sigma_u", sigma, single(0.5 * sigma, |at| at.1))
    });
    let sigma_v = found.ln_v.map(|ln_v| {
        let sigma = (0.5 * ln_v).exp();
        estimate("sigma_v", sigma, single(0.5 * sigma, |at| at.0))
    });
    let (Some(ln_v), Some(ln_u)) = (found.ln_v, found.ln_u) else {
        return [None, None, None, sigma_u, sigma_v];
    };
    let (v, u) = (ln_v.exp(), ln_u.exp());
    let gamma = u / (u + v);
    let spread = gamma * (1.0 - gamma);
    let lambda = (0.5 * (ln_u - ln_v)).exp();
    [
        Some(estimate("sigma_sq", u + v, delta(v, u))),
        Some(estimate("gamma", gamma, delta(-spread, spread))),
        Some(estimate("lambda", lambda, delta(-0.5 * lambda, 0.5 * lambda))),
        sigma_u,
        sigma_v,
    ]
}
