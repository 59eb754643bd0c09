//! Bootstraps that count their degenerate refits.

use nalgebra::DMatrix;
use rand::RngExt;
use rayon::prelude::*;

use super::draw;
use super::fit::{Boundary, SfaFit};
use super::refit::{Refit, Refitter};
use crate::choice::Choice;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::stats::quantile_sorted;
use crate::table::{Table, Vector};

/// What is drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BootstrapKind {
    /// The response, from the fitted model.
    #[default]
    Parametric,
    /// The rows, with replacement.
    Cases,
}

impl Choice for BootstrapKind {
    const ALL: &'static [(&'static str, Self)] =
        &[("parametric", Self::Parametric), ("cases", Self::Cases)];
}

/// The choices of [`SfaFit::bootstrap`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapParams {
    /// Refits, at least 1; 1000 by default.
    pub draws: usize,
    /// Seed; 1 by default.
    pub seed: u64,
    /// What is drawn.
    pub kind: BootstrapKind,
    /// Probability of the percentile intervals, in (0, 1); 0.95 by default.
    pub level: f64,
}

impl Default for BootstrapParams {
    fn default() -> Self {
        Self { draws: 1000, seed: 1, kind: BootstrapKind::default(), level: 0.95 }
    }
}

impl BootstrapParams {
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |parameter, rule: &str, value: String| {
            Err(Error::Invalid { primitive: "bootstrap", parameter, rule: rule.into(), value })
        };
        if self.draws == 0 {
            return wrong("draws", "be at least 1", "0".into());
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let rule = "lie between 0 and 1, both excluded";
            return wrong("level", rule, self.level.to_string());
        }
        Ok(())
    }
}

/// The refits of one bootstrap.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// What was chosen.
    pub params: BootstrapParams,
    /// Parameters: the frontier's coefficients, those of equations with determinants, then
    /// `sigma_u`, `sigma_v`, `gamma`, `lambda` where rows share them, and `mean_te`.
    pub names: Vec<String>,
    /// Their values in the fit.
    pub estimates: Vec<Option<f64>>,
    /// Draws by parameters; missing where a refit sits at a boundary without that parameter.
    pub values: Vec<Vec<Option<f64>>>,
    /// All coefficients of the same refits; at a boundary the frontier's alone.
    coefficients: Vec<Vec<f64>>,
    /// Refits that ended inside, at `gamma = 0`, at `gamma = 1`.
    pub inside: usize,
    /// See `inside`.
    pub gamma_zero: usize,
    /// See `inside`.
    pub gamma_one: usize,
    /// Refits that ended nowhere: left out of `values`.
    pub not_converged: usize,
    /// Draws of rows that left no model to fit: left out as well.
    pub unfit: usize,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

enum End {
    Unfit,
    Lost,
    Fit(Box<Refit>),
}

impl SfaFit {
    /// Refits the model to data drawn anew, in parallel.
    ///
    /// Draw `d` uses random stream `d` of the seed, so the digits do not depend on the threads.
    /// Half-normal refits search their whole profile; others start at the estimate and turn to
    /// all starts where that ascent fails.
    pub fn bootstrap(&self, params: &BootstrapParams, ctx: &Context) -> Result<Bootstrap> {
        params.check()?;
        let refitter = Refitter::new(self)?;
        let n = self.nobs();
        let all: Vec<usize> = (0..n).collect();
        let same = refitter.others(&all);
        let fitted: Vec<f64> =
            (0..n).map(|i| refitter.problem.sample.y[i] - self.residuals[i]).collect();
        let done = std::sync::atomic::AtomicU64::new(0);
        let ends: Vec<End> = (0..params.draws)
            .into_par_iter()
            .map(|draw| {
                ctx.check()?;
                let mut rng = rng(params.seed, draw as u64);
                let refit = match params.kind {
                    BootstrapKind::Parametric => {
                        let y = (0..n).map(|i| fitted[i] + self.draw_error(i, &mut rng)).collect();
                        match refitter.problem.sample.with_response(y) {
                            Some(sample) => refitter.fit(&sample, &same, ctx)?,
                            None => return Ok(End::Unfit),
                        }
                    }
                    BootstrapKind::Cases => {
                        let keep: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
                        match refitter.problem.sample.with_rows(&keep) {
                            Some(sample) => refitter.fit(&sample, &refitter.others(&keep), ctx)?,
                            None => return Ok(End::Unfit),
                        }
                    }
                };
                let count = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                if count.is_multiple_of(64) {
                    ctx.report("bootstrap", count, params.draws as u64);
                }
                Ok(if refit.converged { End::Fit(Box::new(refit)) } else { End::Lost })
            })
            .collect::<Result<_>>()?;
        Ok(self.gather(params, ends))
    }

    /// A composed error of row `i` drawn from the fitted model, in the units of the response.
    pub(super) fn draw_error(&self, i: usize, rng: &mut rand_chacha::ChaCha8Rng) -> f64 {
        let sign = self.params.frontier.sign();
        let point = self.point(i);
        let v = draw::noise(self.params.noise, &point, rng);
        let u = if self.boundary == Boundary::GammaZero {
            0.0
        } else {
            draw::inefficiency(self.params.inefficiency, &point, rng)
        };
        v - sign * u
    }

    fn gather(&self, params: &BootstrapParams, ends: Vec<End>) -> Bootstrap {
        let mut names: Vec<String> = self.coef.iter().map(|c| c.name.clone()).collect();
        let mut estimates: Vec<Option<f64>> = self.coef.iter().map(|c| Some(c.value)).collect();
        // Constants of ln sigma^2 say the same as the sigmas.
        let mut kept: Vec<usize> = (0..names.len()).collect();
        let mut at = names.len();
        for equation in &self.equations {
            for c in &equation.coef {
                if !(equation.coef.len() == 1 && equation.name.starts_with("ln sigma")) {
                    names.push(format!("{}: {}", equation.name, c.name));
                    estimates.push(Some(c.value));
                    kept.push(at);
                }
                at += 1;
            }
        }
        let shared = self.sigma_u.is_some() && self.sigma_v.is_some();
        if shared {
            for (name, value) in [
                ("sigma_u", &self.sigma_u),
                ("sigma_v", &self.sigma_v),
                ("gamma", &self.gamma),
                ("lambda", &self.lambda),
            ] {
                names.push(name.into());
                estimates.push(value.as_ref().map(|e| e.value));
            }
        }
        names.push("mean_te".into());
        let te = self.efficiency(&super::efficiency::EfficiencyParams::default());
        estimates.push(te.ok().map(|te| te.mean));
        let mut boot = Bootstrap {
            params: *params,
            names,
            estimates,
            values: Vec::new(),
            coefficients: Vec::new(),
            inside: 0,
            gamma_zero: 0,
            gamma_one: 0,
            not_converged: 0,
            unfit: 0,
            warnings: Vec::new(),
        };
        for end in ends {
            match end {
                End::Unfit => boot.unfit += 1,
                End::Lost => boot.not_converged += 1,
                End::Fit(refit) => {
                    match refit.boundary {
                        Boundary::None => boot.inside += 1,
                        Boundary::GammaZero => boot.gamma_zero += 1,
                        Boundary::GammaOne => boot.gamma_one += 1,
                    }
                    let mut row: Vec<Option<f64>> =
                        kept.iter().map(|at| refit.coef.get(*at).copied()).collect();
                    if shared {
                        let sigma = refit.sigma;
                        row.push(sigma.map(|s| s.0));
                        row.push(sigma.map(|s| s.1));
                        row.push(refit.gamma());
                        row.push(sigma.map(|s| s.0 / s.1));
                    }
                    row.push(Some(refit.mean_te()));
                    boot.values.push(row);
                    boot.coefficients.push(refit.coef);
                }
            }
        }
        boot.warnings = boot.doubts();
        boot
    }
}

/// Sum of products about the means over those of `draws` that have both, divided by one less.
fn covariance(draws: &[Vec<f64>], j: usize, k: usize) -> Option<f64> {
    let pairs = || draws.iter().filter_map(|d| Some((*d.get(j)?, *d.get(k)?)));
    let n = pairs().count() as f64;
    let (a, b) = pairs().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let sum: f64 = pairs().map(|(x, y)| (x - a) * (y - b)).sum();
    (n > 1.0).then(|| sum / (n - 1.0))
}

impl SfaFit {
    /// The fit with standard errors from `params.bootstrap` in the place of those by curvature.
    ///
    /// At `gamma_one` and where the likelihood has no finite maximum there are still none: the
    /// bootstrap does not hold where a parameter lies on the edge of its space (Andrews, 2000).
    pub(super) fn with_bootstrap_errors(mut self, ctx: &Context) -> Result<Self> {
        if self.vcov.is_none() {
            return Ok(self);
        }
        let boot = self.bootstrap(&self.params.bootstrap, ctx)?;
        self.vcov = boot.vcov(&self);
        let equations = self.equations.iter_mut().flat_map(|equation| &mut equation.coef);
        for (at, estimate) in self.coef.iter_mut().chain(equations).enumerate() {
            estimate.se = self.vcov.as_ref().map(|v| v[(at, at)].sqrt());
        }
        let spread = |name: &str| {
            let column = boot.column(boot.names.iter().position(|known| known == name)?);
            (self.boundary == Boundary::None).then(|| crate::stats::sample_sd(&column)).flatten()
        };
        for (name, estimate) in [
            ("sigma_u", &mut self.sigma_u),
            ("sigma_v", &mut self.sigma_v),
            ("gamma", &mut self.gamma),
            ("lambda", &mut self.lambda),
        ] {
            if let Some(estimate) = estimate {
                estimate.se = spread(name).filter(|se| se.is_finite());
            }
        }
        let sigmas =
            ["sigma_u", "sigma_v"].map(|name| boot.names.iter().position(|known| known == name));
        if let (Some(total), [Some(u), Some(v)]) = (&mut self.sigma_sq, sigmas) {
            let squares: Vec<f64> = boot
                .values
                .iter()
                .filter_map(|row| Some(row[u]?.powi(2) + row[v]?.powi(2)))
                .collect();
            let inside = self.boundary == Boundary::None;
            total.se = inside.then(|| crate::stats::sample_sd(&squares)).flatten();
        }
        // The logarithm's spread times its value: the delta method, as by curvature.
        let behind = |equation: &str| {
            let place = self.equations.iter().position(|e| e.name == equation)?;
            self.equations[place].coef[0].se
        };
        let shape = self
            .params
            .inefficiency
            .shape()
            .map(|_| super::fit::equation_name(super::engine::Index::Shape, &self.params));
        let (shape_se, df_se) = (shape.and_then(behind), behind("ln df"));
        for (estimate, se) in [(&mut self.shape, shape_se), (&mut self.df, df_se)] {
            if let Some(estimate) = estimate {
                estimate.se = se.map(|se| se * estimate.value);
            }
        }
        let used = boot.coefficients.len();
        self.warnings.push(format!(
            "standard errors are the spread of {used} of {} bootstrap refits ({}){}",
            boot.params.draws,
            match boot.params.kind {
                BootstrapKind::Parametric => "responses drawn from the model",
                BootstrapKind::Cases => "rows drawn with replacement",
            },
            if self.boundary == Boundary::None && boot.inside < used {
                format!(
                    "; those of the variances rest on the {} that ended inside, the others have \
                     none to spread.",
                    boot.inside
                )
            } else {
                ".".to_owned()
            }
        ));
        Ok(self)
    }
}

impl Bootstrap {
    /// Covariance of the coefficients of `fit` over the refits, in its order: of frontier
    /// coefficients over all of them, of others over those that ended inside. Missing where the
    /// fit has none by curvature either, and where fewer than two refits have a coefficient.
    pub fn vcov(&self, fit: &SfaFit) -> Option<DMatrix<f64>> {
        let size = fit.vcov.as_ref()?.nrows();
        let mut matrix = DMatrix::zeros(size, size);
        for j in 0..size {
            for k in 0..=j {
                let value = covariance(&self.coefficients, j, k)?;
                matrix[(j, k)] = value;
                matrix[(k, j)] = value;
            }
        }
        Some(matrix)
    }

    fn doubts(&self) -> Vec<String> {
        let mut list = Vec::new();
        let total = self.params.draws;
        let ends = self.gamma_zero + self.gamma_one;
        if 20 * ends > total {
            list.push(format!(
                "{ends} of {total} refits end at a boundary ({} at gamma = 0, {} at gamma = 1): \
                 gamma, the sigmas and efficiency are hardly determined by these data, and their \
                 intervals mix two kinds of model.",
                self.gamma_zero, self.gamma_one
            ));
        }
        if self.not_converged + self.unfit > 0 {
            list.push(format!(
                "{} refits did not converge and {} drew rows that fit no model: they are left out \
                 of the intervals, which are narrower for it.",
                self.not_converged, self.unfit
            ));
        }
        list
    }

    /// Values of parameter `j` over the draws that have it.
    fn column(&self, j: usize) -> Vec<f64> {
        let mut column: Vec<f64> = self.values.iter().filter_map(|row| row[j]).collect();
        column.sort_by(f64::total_cmp);
        column
    }

    /// One row a parameter: estimate, mean, bias, se and the percentile interval over the draws
    /// that have it, and how many those are.
    pub fn table(&self) -> Result<Table> {
        let columns: Vec<Vec<f64>> = (0..self.names.len()).map(|j| self.column(j)).collect();
        let mean = |c: &Vec<f64>| {
            let m = c.iter().sum::<f64>() / c.len() as f64;
            (!c.is_empty() && m.is_finite()).then_some(m)
        };
        let se = |c: &Vec<f64>| {
            let m = mean(c).filter(|_| c.len() > 1)?;
            let squares: f64 = c.iter().map(|x| (x - m).powi(2)).sum();
            Some((squares / (c.len() - 1) as f64).sqrt())
        };
        let tail = 0.5 * (1.0 - self.params.level);
        let options = |get: &dyn Fn(usize) -> Option<f64>| {
            Vector::from_options((0..self.names.len()).map(get))
        };
        Table::new([
            ("term", Vector::from_texts(&self.names)),
            ("estimate", Vector::from_options(self.estimates.iter().copied())),
            ("mean", options(&|j| mean(&columns[j]))),
            ("bias", options(&|j| Some(mean(&columns[j])? - self.estimates[j]?))),
            ("se", options(&|j| se(&columns[j]))),
            ("lower", options(&|j| quantile_sorted(&columns[j], tail))),
            ("upper", options(&|j| quantile_sorted(&columns[j], 1.0 - tail))),
            ("draws", Vector::from_ints(columns.iter().map(|c| c.len() as i64))),
        ])?
        .labelled_by("term")
    }

    /// One row a refit that ended at a maximum.
    pub fn draws_table(&self) -> Result<Table> {
        Table::new(self.names.iter().enumerate().map(|(j, name)| {
            (name.clone(), Vector::from_options(self.values.iter().map(|row| row[j])))
        }))
    }
}
