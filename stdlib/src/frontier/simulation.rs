//! Frontiers made up: data from a known model, and what refitting it to many such samples shows.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::density::{Inefficiency, Point};
use super::draw;
use super::efficiency::EfficiencyParams;
use super::engine::Stop;
use super::fit::{Boundary, sfa};
use super::noise::Noise;
use super::normal::ln_cdf_inverse;
use super::params::{Orientation, SfaParams};
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::stats::association::pearson;
use crate::table::{Table, Vector};

/// A known model to draw samples from: `y = b0 + b1 x1 + ... + v - u` (`+ u` for a cost frontier)
/// with standard normal `x`, all in logarithms already.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulateParams {
    /// Rows, at least 1; 200 by default.
    pub rows: usize,
    /// Intercept, then one coefficient a regressor; 1, 0.6 and 0.4 by default.
    pub coef: Vec<f64>,
    /// Scale of inefficiency, at least 0; 0.5 by default.
    pub sigma_u: f64,
    /// Standard deviation of noise, of Student's t its scale, at least 0; 0.2 by default.
    pub sigma_v: f64,
    /// Mean before truncation, truncated normal only; 0 by default.
    pub mu: f64,
    /// Shape parameter, positive, where the distribution has one; 1 by default.
    pub shape: f64,
    /// Degrees of freedom of noise, positive, Student's t only; 8 by default.
    pub df: f64,
    /// Distribution of inefficiency.
    pub inefficiency: Inefficiency,
    /// Distribution of noise.
    pub noise: Noise,
    /// Production or cost.
    pub frontier: Orientation,
    /// Seed; 1 by default.
    pub seed: u64,
}

impl Default for SimulateParams {
    fn default() -> Self {
        Self {
            rows: 200,
            coef: vec![1.0, 0.6, 0.4],
            sigma_u: 0.5,
            sigma_v: 0.2,
            mu: 0.0,
            shape: 1.0,
            df: 8.0,
            inefficiency: Inefficiency::default(),
            noise: Noise::default(),
            frontier: Orientation::default(),
            seed: 1,
        }
    }
}

impl SimulateParams {
    fn check(&self) -> Result<()> {
        let wrong = |parameter, rule: &str, value: String| {
            let primitive = "simulate_frontier";
            Err(Error::Invalid { primitive, parameter, rule: rule.into(), value })
        };
        if self.rows == 0 {
            return wrong("rows", "be at least 1", "0".into());
        }
        if self.coef.is_empty() || self.coef.iter().any(|b| !b.is_finite()) {
            return wrong(
                "coef",
                "be an intercept and slopes, all finite",
                format!("{:?}", self.coef),
            );
        }
        for (name, value) in [("sigma_u", self.sigma_u), ("sigma_v", self.sigma_v)] {
            if !(value >= 0.0 && value.is_finite()) {
                return wrong(name, "be at least 0", value.to_string());
            }
        }
        if !(self.shape > 0.0 && self.shape.is_finite()) {
            return wrong("shape", "be positive", self.shape.to_string());
        }
        if !(self.df > 0.0 && self.df.is_finite()) {
            return wrong("df", "be positive", self.df.to_string());
        }
        if !self.mu.is_finite() || (self.mu != 0.0 && !self.inefficiency.has_mean()) {
            let rule = "be finite, and 0 but for inefficiency: \"truncated_normal\"";
            return wrong("mu", rule, self.mu.to_string());
        }
        Ok(())
    }

    fn sample(&self, rng: &mut ChaCha8Rng) -> Result<Table> {
        let k = self.coef.len() - 1;
        let mut x: Vec<Vec<f64>> = vec![Vec::with_capacity(self.rows); k];
        let (mut y, mut u, mut v) = (Vec::new(), Vec::new(), Vec::new());
        let point = Point {
            e: 0.0,
            ln_v: 2.0 * self.sigma_v.ln(),
            ln_u: 2.0 * self.sigma_u.ln(),
            mu: self.mu,
            shape: self.shape.ln(),
            df: self.df.ln(),
        };
        for _ in 0..self.rows {
            let mut frontier = self.coef[0];
            for (column, b) in x.iter_mut().zip(&self.coef[1..]) {
                let value = draw::normal(rng);
                frontier += b * value;
                column.push(value);
            }
            let noise = draw::noise(self.noise, &point, rng);
            let inefficiency = if self.sigma_u == 0.0 {
                0.0
            } else {
                draw::inefficiency(self.inefficiency, &point, rng)
            };
            y.push(frontier + noise - self.frontier.sign() * inefficiency);
            u.push(inefficiency);
            v.push(noise);
        }
        let mut columns = vec![("y".to_owned(), Vector::from_floats(y))];
        for (j, column) in x.into_iter().enumerate() {
            columns.push((format!("x{}", j + 1), Vector::from_floats(column)));
        }
        columns.push(("v".into(), Vector::from_floats(v)));
        columns.push(("te".into(), Vector::from_floats(u.iter().map(|u| (-u).exp()))));
        columns.push(("u".into(), Vector::from_floats(u)));
        Table::new(columns)
    }

    /// The formula that fits these samples.
    pub fn formula(&self) -> String {
        let terms: Vec<String> = (1..self.coef.len()).map(|j| format!("x{j}")).collect();
        format!("y ~ {}", if terms.is_empty() { "1".into() } else { terms.join(" + ") })
    }
}

/// A sample: columns `y`, `x1`, ..., and what nobody sees outside simulations, `v`, `te`, `u`.
pub fn simulate_frontier(params: &SimulateParams) -> Result<Table> {
    params.check()?;
    params.sample(&mut rng(params.seed, 0))
}

/// What refitting the true model to many samples shows.
#[derive(Debug, Clone, PartialEq)]
pub struct MonteCarlo {
    /// The true model.
    pub truth: SimulateParams,
    /// Samples.
    pub draws: usize,
    /// Probability of the intervals whose coverage is counted.
    pub level: f64,
    /// Parameters.
    pub names: Vec<String>,
    /// Their true values.
    pub values: Vec<f64>,
    /// Samples by parameters: estimate and standard error, missing where they do not exist.
    pub estimates: Vec<Vec<(Option<f64>, Option<f64>)>>,
    /// Correlation of true and estimated efficiency in each sample; missing at `gamma = 0`.
    pub te_correlation: Vec<Option<f64>>,
    /// Samples whose fit ended inside, at `gamma = 0`, at `gamma = 1`, at no maximum.
    pub ends: [usize; 4],
    /// Samples that no model could be fitted to.
    pub failed: usize,
}

struct Outcome {
    row: Vec<(Option<f64>, Option<f64>)>,
    correlation: Option<f64>,
    end: usize,
}

/// Simulates, refits and counts; sample `d` is drawn from random stream `d` of the seed.
pub fn monte_carlo_frontier(
    truth: &SimulateParams,
    draws: usize,
    level: f64,
    ctx: &Context,
) -> Result<MonteCarlo> {
    truth.check()?;
    if draws == 0 || !(level > 0.0 && level < 1.0) {
        let (parameter, rule, value) = if draws == 0 {
            ("draws", "be at least 1", "0".to_owned())
        } else {
            ("level", "lie between 0 and 1, both excluded", level.to_string())
        };
        let primitive = "monte_carlo_frontier";
        return Err(Error::Invalid { primitive, parameter, rule: rule.into(), value });
    }
    let params = SfaParams {
        inefficiency: truth.inefficiency,
        noise: truth.noise,
        frontier: truth.frontier,
        ..SfaParams::default()
    };
    let formula = truth.formula();
    let mut names: Vec<String> = vec!["(Intercept)".into()];
    names.extend((1..truth.coef.len()).map(|j| format!("x{j}")));
    let mut values = truth.coef.clone();
    for (name, value) in [("sigma_u", truth.sigma_u), ("sigma_v", truth.sigma_v)] {
        names.push(name.into());
        values.push(value);
    }
    let outcomes: Vec<Option<Outcome>> = (0..draws)
        .into_par_iter()
        .map(|draw| {
            ctx.check()?;
            let table = truth.sample(&mut rng(truth.seed, draw as u64))?;
            let fit = match sfa(&formula, &table, &params, ctx) {
                Ok(fit) => fit,
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(Error::Frontier(_)) => return Ok(None),
                Err(other) => return Err(other),
            };
            let mut row: Vec<(Option<f64>, Option<f64>)> =
                fit.coef.iter().map(|c| (Some(c.value), c.se)).collect();
            for sigma in [&fit.sigma_u, &fit.sigma_v] {
                row.push((sigma.as_ref().map(|s| s.value), sigma.as_ref().and_then(|s| s.se)));
            }
            let te = fit.efficiency(&EfficiencyParams::default())?.te;
            let true_te = table.floats("monte_carlo_frontier", "te")?;
            let end = match fit.boundary {
                Boundary::GammaZero => 1,
                Boundary::GammaOne => 2,
                Boundary::None => {
                    let at_maximum = fit.search.stop == Some(Stop::Gradient)
                        && fit.search.concave == Some(true)
                        && fit.search.drift.is_none();
                    if at_maximum { 0 } else { 3 }
                }
            };
            Ok(Some(Outcome { row, correlation: pearson(&te, true_te.values()), end }))
        })
        .collect::<Result<_>>()?;
    let mut result = MonteCarlo {
        truth: truth.clone(),
        draws,
        level,
        names,
        values,
        estimates: Vec::new(),
        te_correlation: Vec::new(),
        ends: [0; 4],
        failed: 0,
    };
    for outcome in outcomes {
        match outcome {
            Some(outcome) => {
                result.estimates.push(outcome.row);
                result.te_correlation.push(outcome.correlation);
                result.ends[outcome.end] += 1;
            }
            None => result.failed += 1,
        }
    }
    if result.estimates.is_empty() {
        // Every sample fails for the same reason: say it.
        sfa(&formula, &truth.sample(&mut rng(truth.seed, 0))?, &params, ctx)?;
    }
    Ok(result)
}

impl MonteCarlo {
    /// Mean over the samples of the correlation of true and estimated efficiency, where one
    /// exists.
    pub fn mean_te_correlation(&self) -> Option<f64> {
        let present: Vec<f64> = self.te_correlation.iter().flatten().copied().collect();
        (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64)
    }

    /// One row a parameter: truth, mean, bias, its simulation error, sd, rmse, mean standard
    /// error, coverage, and the samples with a standard error, over which coverage counts.
    pub fn table(&self) -> Result<Table> {
        let width = -ln_cdf_inverse((0.5 * (1.0 - self.level)).ln());
        let mut rows: Vec<[Option<f64>; 8]> = Vec::new();
        let mut counts = Vec::new();
        for (j, truth) in self.values.iter().enumerate() {
            let found: Vec<f64> = self.estimates.iter().filter_map(|row| row[j].0).collect();
            let n = found.len() as f64;
            let mean = found.iter().sum::<f64>() / n;
            let spread = found.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let sd = (n > 1.0).then(|| (spread / (n - 1.0)).sqrt());
            let rmse = (found.iter().map(|x| (x - truth).powi(2)).sum::<f64>() / n).sqrt();
            let pairs: Vec<(f64, f64)> =
                self.estimates.iter().filter_map(|row| row[j].0.zip(row[j].1)).collect();
            let with = pairs.len();
            let sigma = self.names[j].starts_with("sigma");
            // Intervals of the sigmas are symmetric in their logarithm, as a model reports them.
            let held = pairs.iter().filter(|(x, se)| {
                let gap = if sigma { (x.ln() - truth.ln()) * x } else { x - truth };
                gap.abs() <= width * se
            });
            let coverage = (with > 0).then(|| held.count() as f64 / with as f64);
            let mean_se = (with > 0).then(|| pairs.iter().map(|p| p.1).sum::<f64>() / with as f64);
            rows.push([
                Some(*truth),
                Some(mean),
                Some(mean - truth),
                sd.map(|sd| sd / n.sqrt()),
                sd,
                Some(rmse),
                mean_se,
                coverage,
            ]);
            counts.push(with as i64);
        }
        let column = |k: usize| Vector::from_options(rows.iter().map(|row| row[k]));
        Table::new([
            ("term", Vector::from_texts(&self.names)),
            ("truth", column(0)),
            ("mean", column(1)),
            ("bias", column(2)),
            ("bias_error", column(3)),
            ("sd", column(4)),
            ("rmse", column(5)),
            ("mean_se", column(6)),
            ("coverage", column(7)),
            ("with_se", Vector::from_ints(counts)),
        ])?
        .labelled_by("term")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;

    #[test]
    fn every_distribution_recovers_its_coefficients() {
        // Slopes within four standard errors of the truth, in one sample a distribution.
        for (name, family) in Inefficiency::ALL {
            // What is integrated numerically takes a hundred times as long.
            let closed = family.is_closed();
            let truth = SimulateParams {
                rows: if closed { 600 } else { 100 },
                inefficiency: *family,
                sigma_v: 0.15,
                shape: 2.0,
                seed: 5,
                ..SimulateParams::default()
            };
            let table = simulate_frontier(&truth).unwrap();
            let params = SfaParams { inefficiency: *family, ..SfaParams::default() };
            let fit = sfa(&truth.formula(), &table, &params, &Context::default()).unwrap();
            for (c, b) in fit.coef.iter().zip(&truth.coef).skip(1) {
                let se = c.se.unwrap_or(0.02);
                assert!((c.value - b).abs() < 4.0 * se, "{name} {}: {} {b} {se}", c.name, c.value);
            }
        }
    }

    #[test]
    fn bias_and_coverage_of_a_sound_design() {
        let truth = SimulateParams { rows: 150, ..SimulateParams::default() };
        let result = monte_carlo_frontier(&truth, 60, 0.95, &Context::default()).unwrap();
        assert_eq!(result.ends.iter().sum::<usize>() + result.failed, 60);
        let table = result.table().unwrap();
        for name in ["x1", "x2"] {
            let at = |column: &str| table.at(name, column).unwrap().as_f64().unwrap();
            assert!(at("bias").abs() < 4.0 * at("bias_error"), "{name}");
            // 60 trials at 0.95 fall below 0.8 once in a hundred thousand.
            assert!(at("coverage") > 0.8, "{name}: {}", at("coverage"));
        }
        assert!(result.mean_te_correlation().unwrap() > 0.6);
        let again = monte_carlo_frontier(&truth, 60, 0.95, &Context::default()).unwrap();
        assert_eq!(again, result);
        let bad = SimulateParams { sigma_v: -1.0, ..truth };
        assert!(simulate_frontier(&bad).is_err());
    }
}
