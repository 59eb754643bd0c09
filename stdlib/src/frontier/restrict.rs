//! Profile likelihoods of single parameters, and the intervals they give.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::engine::{Index, Jet, Likelihood, Objective, maximise};
use super::error::FrontierError;
use super::fit::{Boundary, Problem, SfaFit};
use super::normal::ln_cdf_inverse;
use super::solve::likelihood;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// The choices of [`SfaFit::profile_of`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfileParams {
    /// Points, at least 3; 41 by default.
    pub points: usize,
    /// Probability of the interval, in (0, 1); 0.95 by default.
    pub level: f64,
}

impl Default for ProfileParams {
    fn default() -> Self {
        Self { points: 41, level: 0.95 }
    }
}

/// The loglikelihood maximised over all parameters but one.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterProfile {
    /// The parameter.
    pub parameter: String,
    /// Its estimate and the maximum.
    pub estimate: f64,
    /// See `estimate`.
    pub loglik: f64,
    /// Values of the parameter, rising, and the loglikelihood maximised for each.
    pub points: Vec<(f64, f64)>,
    /// Ends of the interval where twice the fall stays below the chi-square value; missing where
    /// the profile has not fallen that far within the range of the parameter that was searched.
    pub lower: Option<f64>,
    /// See `lower`.
    pub upper: Option<f64>,
    /// Probability of the interval.
    pub level: f64,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

impl ParameterProfile {
    /// The parameter, the loglikelihood, and twice its fall from the maximum.
    pub fn table(&self) -> Result<Table> {
        Table::new([
            (self.parameter.as_str(), Vector::from_floats(self.points.iter().map(|p| p.0))),
            ("loglik", Vector::from_floats(self.points.iter().map(|p| p.1))),
            ("fall", Vector::from_floats(self.points.iter().map(|p| 2.0 * (self.loglik - p.1)))),
        ])
    }
}

/// A likelihood on the plane `origin + basis g`.
struct Restricted<'a> {
    model: &'a Likelihood<'a>,
    origin: DVector<f64>,
    basis: &'a DMatrix<f64>,
}

impl Restricted<'_> {
    fn whole(&self, inner: &[f64]) -> Vec<f64> {
        let all = &self.origin + self.basis * DVector::from_row_slice(inner);
        all.iter().copied().collect()
    }
}

impl Objective for Restricted<'_> {
    fn rows(&self) -> usize {
        self.model.y.len()
    }

    fn value(&self, inner: &[f64]) -> f64 {
        self.model.value(&self.whole(inner))
    }

    fn jet(&self, inner: &[f64]) -> Jet {
        let jet = self.model.jet(&self.whole(inner));
        Jet {
            value: jet.value,
            score: self.basis.transpose() * jet.score,
            hessian: self.basis.transpose() * jet.hessian * self.basis,
        }
    }
}

/// A parameter as a function of one linear form of the coefficients.
#[derive(Clone, Copy)]
enum Scale {
    /// The form itself.
    Plain,
    /// The form is its logarithm, twice: `sigma`, `lambda`.
    HalfLog,
    /// The form is its logit: `gamma`.
    Logit,
}

impl Scale {
    fn form(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::HalfLog => 2.0 * value.ln(),
            Self::Logit => (value / (1.0 - value)).ln(),
        }
    }

    fn value(self, form: f64) -> f64 {
        match self {
            Self::Plain => form,
            Self::HalfLog => (0.5 * form).exp(),
            Self::Logit => 1.0 / (1.0 + (-form).exp()),
        }
    }
}

/// Walks a profile, each point starting from the last.
trait Walk {
    fn at(&mut self, value: f64, ctx: &Context) -> Result<f64>;
}

/// By Newton's method on the plane where the parameter has its value.
struct Plane<'a> {
    model: Likelihood<'a>,
    normal: DVector<f64>,
    basis: DMatrix<f64>,
    scale: Scale,
    /// The last maximum, in all coefficients.
    last: DVector<f64>,
}

impl Walk for Plane<'_> {
    fn at(&mut self, value: f64, ctx: &Context) -> Result<f64> {
        let form = self.scale.form(value);
        let gap = form - self.normal.dot(&self.last);
        let origin = &self.last + &self.normal * (gap / self.normal.norm_squared());
        let plane = Restricted { model: &self.model, origin, basis: &self.basis };
        let end = maximise(&plane, &vec![0.0; self.basis.ncols()], 100, ctx)?;
        if end.jet.value.is_finite() {
            self.last = DVector::from_vec(plane.whole(&end.coef));
        }
        Ok(end.jet.value)
    }
}

/// By the half-normal likelihood's own profile, which is global and has both ends.
struct Global<'a> {
    fit: &'a SfaFit,
    problem: &'a Problem,
    gamma: bool,
    last: Option<DVector<f64>>,
}

impl Walk for Global<'_> {
    fn at(&mut self, value: f64, ctx: &Context) -> Result<f64> {
        let lambda = if self.gamma { (value / (1.0 - value)).sqrt() } else { value };
        if lambda == 0.0 {
            return Ok(self.fit.loglik_noise);
        }
        if lambda.is_infinite() {
            return Ok(self.fit.deterministic.as_ref().map_or(f64::NEG_INFINITY, |d| d.loglik));
        }
        let (profile, ols) = self.problem.sample.profile();
        let start = self.last.as_ref().unwrap_or(&ols);
        let point = profile.point(lambda, start, true, ctx)?;
        self.last = Some(point.at);
        Ok(point.loglik)
    }
}

impl SfaFit {
    /// The profile loglikelihood of `parameter`: `gamma`, `lambda`, `sigma_u`, `sigma_v`, or a
    /// coefficient by its name.
    pub fn profile_of(
        &self,
        parameter: &str,
        params: &ProfileParams,
        ctx: &Context,
    ) -> Result<ParameterProfile> {
        let wrong = |parameter, rule: &str, value: String| Error::Invalid {
            primitive: "profile",
            parameter,
            rule: rule.into(),
            value,
        };
        if params.points < 3 {
            return Err(wrong("points", "be at least 3", params.points.to_string()));
        }
        if !(params.level > 0.0 && params.level < 1.0) {
            let rule = "lie between 0 and 1, both excluded";
            return Err(wrong("level", rule, params.level.to_string()));
        }
        let problem = Problem::new(&self.formula, &self.table, &self.params)?;
        let ratio = matches!(parameter, "gamma" | "lambda");
        if ratio && self.params.is_plain_half_normal() {
            let gamma = parameter == "gamma";
            let estimate = if gamma { &self.gamma } else { &self.lambda };
            let estimate = estimate.as_ref().map_or(0.0, |e| e.value);
            let top = if estimate > 0.0 && estimate.is_finite() { 4.0 * estimate } else { 10.0 };
            let (low, high) = if gamma { (0.0, 1.0) } else { (0.0, top) };
            let mut walk = Global { fit: self, problem: &problem, gamma, last: None };
            let values: Vec<f64> = (0..params.points)
                .map(|k| low + (high - low) * k as f64 / (params.points - 1) as f64)
                .collect();
            let limits = (0.0, if gamma { 1.0 } else { f64::INFINITY });
            return self.walked(parameter, estimate, &values, limits, params, &mut walk, ctx);
        }
        if self.boundary != Boundary::None || self.search.drift.is_some() {
            return Err(FrontierError::NoCovariance { what: "profile".into() }.into());
        }
        let (scale, normal) = self.linear_form(parameter, &problem)?;
        let last = self.scaled_coef(&problem).map(DVector::from_vec);
        let (Some(last), Some(vcov)) = (last, self.vcov.as_ref()) else {
            return Err(FrontierError::NoCovariance { what: "profile".into() }.into());
        };
        // The form's standard error sets the range: its gradient in the coefficients as given.
        let jacobian = problem.jacobian();
        let given = jacobian
            .transpose()
            .lu()
            .solve(&normal)
            .ok_or(FrontierError::NoCovariance { what: "profile".into() })?;
        let se = given.dot(&(vcov * &given)).max(0.0).sqrt();
        let centre = normal.dot(&last);
        let reach = 1.5 * -ln_cdf_inverse((0.5 * (1.0 - params.level)).ln());
        let values: Vec<f64> = (0..params.points)
            .map(|k| {
                let t = 2.0 * k as f64 / (params.points - 1) as f64 - 1.0;
                scale.value(centre + reach * se * t)
            })
            .collect();
        let limits = match scale {
            Scale::Plain => (f64::NEG_INFINITY, f64::INFINITY),
            Scale::HalfLog => (0.0, f64::INFINITY),
            Scale::Logit => (0.0, 1.0),
        };
        let mut walk = Plane {
            model: likelihood(&problem.sample, &problem.others, self.params.law()),
            basis: complement(&normal),
            normal,
            scale,
            last,
        };
        self.walked(parameter, scale.value(centre), &values, limits, params, &mut walk, ctx)
    }

    /// The linear form behind `parameter`, in coefficients of scaled columns.
    fn linear_form(&self, parameter: &str, problem: &Problem) -> Result<(Scale, DVector<f64>)> {
        let names = self.coefficient_names();
        let jacobian = problem.jacobian();
        let mut start = self.coef.len();
        let (mut v, mut u) = (None, None);
        for other in &problem.others {
            let single = other.names.len() == 1 && other.intercept;
            match other.index {
                Index::Noise if single => v = Some(start),
                Index::Inefficiency if single => u = Some(start),
                _ => {}
            }
            start += other.names.len();
        }
        if self.sigma_u.is_none() {
            u = None;
        }
        let unit = |at: usize, by: f64, form: &mut DVector<f64>| form[at] += by;
        let mut form = DVector::zeros(start);
        let scale = match (parameter, u, v) {
            ("gamma" | "lambda", Some(u), Some(v)) => {
                unit(u, 1.0, &mut form);
                unit(v, -1.0, &mut form);
                if parameter == "gamma" { Scale::Logit } else { Scale::HalfLog }
            }
            ("sigma_u", Some(u), _) => {
                unit(u, 1.0, &mut form);
                Scale::HalfLog
            }
            ("sigma_v", _, Some(v)) => {
                unit(v, 1.0, &mut form);
                Scale::HalfLog
            }
            _ => {
                let Some(at) = names.iter().position(|name| name == parameter) else {
                    let mut known = names;
                    for (name, there) in
                        [("gamma", u.and(v)), ("lambda", u.and(v)), ("sigma_u", u), ("sigma_v", v)]
                    {
                        known.extend(there.map(|_| name.to_owned()));
                    }
                    return Err(Error::UnknownName {
                        primitive: "profile".into(),
                        kind: "parameter".into(),
                        name: parameter.to_owned(),
                        known,
                    });
                };
                form = jacobian.row(at).transpose();
                Scale::Plain
            }
        };
        Ok((scale, form))
    }

    #[allow(clippy::too_many_arguments)] // One walk has that many parts.
    fn walked(
        &self,
        parameter: &str,
        estimate: f64,
        values: &[f64],
        limits: (f64, f64),
        params: &ProfileParams,
        walk: &mut impl Walk,
        ctx: &Context,
    ) -> Result<ParameterProfile> {
        let mut points: Vec<(f64, f64)> = Vec::with_capacity(values.len());
        // Outwards from the estimate, so that each maximum is close to the last.
        let first = values.partition_point(|v| *v < estimate);
        for list in [(first..values.len()).collect::<Vec<_>>(), (0..first).rev().collect()] {
            for k in list {
                points.push((values[k], walk.at(values[k], ctx)?));
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let critical = ChiSquared::new(1.0).map_or(3.84, |law| law.inverse_cdf(params.level));
        let enough = self.loglik - 0.5 * critical;
        let mut side = |outward: Vec<(f64, f64)>, limit: f64| -> Result<Option<f64>> {
            let mut inside = estimate;
            let Some(outside) = outward.iter().find(|p| p.1 < enough) else {
                // It never falls that far: at the end of the range the interval is closed there.
                let reaches = outward.last().is_none_or(|p| p.0 == limit);
                return Ok(reaches.then_some(limit));
            };
            for p in &outward {
                if p.0 == outside.0 {
                    break;
                }
                inside = p.0;
            }
            let mut outside = outside.0;
            for _ in 0..60 {
                let middle = f64::midpoint(inside, outside);
                if (outside - inside).abs() <= 1e-9 * (1.0 + middle.abs()) {
                    break;
                }
                if walk.at(middle, ctx)? >= enough { inside = middle } else { outside = middle }
            }
            Ok(Some(f64::midpoint(inside, outside)))
        };
        let right: Vec<(f64, f64)> = points.iter().copied().filter(|p| p.0 > estimate).collect();
        let left: Vec<(f64, f64)> =
            points.iter().rev().copied().filter(|p| p.0 < estimate).collect();
        let (lower, upper) = (side(left, limits.0)?, side(right, limits.1)?);
        let mut warnings = Vec::new();
        if matches!(parameter, "gamma" | "lambda" | "sigma_u" | "sigma_v") {
            warnings.push(
                "near the ends of its range this parameter's likelihood ratio follows a mixture of \
                 chi-square laws; the interval there covers more than its level."
                    .into(),
            );
        }
        if points.iter().any(|p| p.1 > self.loglik + 1e-6 * (1.0 + self.loglik.abs())) {
            warnings.push(
                "a point of the profile lies above the reported maximum: the search had stopped at \
                 a lower one."
                    .into(),
            );
        }
        Ok(ParameterProfile {
            parameter: parameter.to_owned(),
            estimate,
            loglik: self.loglik,
            points,
            lower,
            upper,
            level: params.level,
            warnings,
        })
    }
}

/// An orthonormal basis of the plane across `normal`.
fn complement(normal: &DVector<f64>) -> DMatrix<f64> {
    let p = normal.len();
    // Householder's reflection takes the first axis to the normal; its other columns span the
    // plane.
    let unit = normal / normal.norm();
    let mut v = unit.clone();
    v[0] += if unit[0] >= 0.0 { 1.0 } else { -1.0 };
    let reflection = DMatrix::identity(p, p) - &v * v.transpose() * (2.0 / v.norm_squared());
    reflection.columns(1, p - 1).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complement_is_orthonormal() {
        let normal = DVector::from_row_slice(&[-0.3, 0.0, 2.0, 1.0]);
        let basis = complement(&normal);
        assert!((basis.transpose() * &normal).amax() < 1e-15);
        assert!((basis.transpose() * &basis - DMatrix::identity(3, 3)).amax() < 1e-15);
    }
}
