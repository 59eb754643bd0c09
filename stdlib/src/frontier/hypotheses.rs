//! Tests of coefficients, of the residuals' skewness, and between models.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::error::FrontierError;
use super::fit::{Boundary, SfaFit};
use super::normal::{HALF_LN_2PI, cdf};
use crate::error::{Error, Result};
use crate::formula::{Expr, Formula, Node, Op};

/// Restrictions on coefficients, tested together.
#[derive(Debug, Clone, PartialEq)]
pub struct WaldTest {
    /// `(R b - r)' inv(R V R') (R b - r)`.
    pub statistic: f64,
    /// Restrictions.
    pub df: usize,
    /// Under chi-square with that many degrees of freedom.
    pub p_value: f64,
    /// Each restriction as given, the left side less the right at the estimate, its standard
    /// error.
    pub each: Vec<(String, f64, f64)>,
}

/// Does the residuals' skewness speak for inefficiency?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkewnessTest {
    /// `m3 / m2^1.5` of the least-squares residuals, in the orientation of the frontier:
    /// negative for inefficiency.
    pub skewness: f64,
    /// Coelli (1995): `m3 / sqrt(6 m2^3 / n)`, standard normal without inefficiency.
    pub coelli: f64,
    /// One-sided, against negative skewness.
    pub coelli_p: f64,
    /// Schmidt and Lin (1984) test `sqrt(b1)`; its normal score by D'Agostino (1970), which needs
    /// 8 rows.
    pub schmidt_lin: Option<f64>,
    /// One-sided, against negative skewness.
    pub schmidt_lin_p: Option<f64>,
}

/// Which of two models that are not nested lies nearer to the truth (Vuong, 1989).
#[derive(Debug, Clone, PartialEq)]
pub struct VuongTest {
    /// Positive speaks for the first model; standard normal when both are equally near.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    /// The same with the loglikelihoods corrected for parameters as in AIC, and as in BIC.
    pub aic_statistic: f64,
    /// Two-sided.
    pub aic_p_value: f64,
    /// As in BIC.
    pub bic_statistic: f64,
    /// Two-sided.
    pub bic_p_value: f64,
    /// Standard deviation of the rows' differences in loglikelihood.
    pub spread: f64,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

fn two_sided(z: f64) -> f64 {
    2.0 * cdf(-z.abs())
}

/// A linear form in the coefficients: weights by position, and a constant.
struct Form {
    weights: DVector<f64>,
    constant: f64,
}

impl Form {
    fn is_number(&self) -> bool {
        self.weights.iter().all(|w| *w == 0.0)
    }
}

struct Reader<'a> {
    names: &'a [String],
    text: &'a str,
}

impl Reader<'_> {
    fn position(&self, name: &str) -> Option<usize> {
        let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let wanted = bare(name);
        self.names
            .iter()
            .position(|n| bare(n) == wanted || (n == "(Intercept)" && wanted == "Intercept"))
    }

    fn unknown(&self, name: &str) -> Error {
        Error::UnknownName {
            primitive: "wald".into(),
            kind: "coefficient".into(),
            name: name.to_owned(),
            known: self.names.to_vec(),
        }
    }

    fn one(&self, at: usize) -> Form {
        let mut weights = DVector::zeros(self.names.len());
        weights[at] = 1.0;
        Form { weights, constant: 0.0 }
    }

    fn side(&self, text: &str) -> Result<Form> {
        let text = text.trim();
        if let Some(at) = self.position(text) {
            return Ok(self.one(at));
        }
        let unreadable = || Error::Invalid {
            primitive: "wald",
            parameter: "hypothesis",
            rule: "be a linear equation in coefficients, such as \"log(k) + log(l) = 1\"".into(),
            value: self.text.to_owned(),
        };
        let parsed = Formula::parse(&format!("~ {text}")).map_err(|_| unreadable())?;
        self.expression(&parsed.terms)?.ok_or_else(unreadable)
    }

    /// `None` for what is not linear.
    fn expression(&self, expr: &Expr) -> Result<Option<Form>> {
        if let Some(at) = self.position(&expr.to_string()) {
            return Ok(Some(self.one(at)));
        }
        let none = DVector::zeros(self.names.len());
        Ok(match &expr.node {
            Node::Number(x) => Some(Form { weights: none, constant: *x }),
            Node::Neg(inner) => {
                self.expression(inner)?.map(|f| Form { weights: -f.weights, constant: -f.constant })
            }
            Node::Binary(op, left, right) => {
                let (Some(l), Some(r)) = (self.expression(left)?, self.expression(right)?) else {
                    return Ok(None);
                };
                let scaled =
                    |f: Form, by: f64| Form { weights: f.weights * by, constant: f.constant * by };
                match op {
                    Op::Add => Some(Form {
                        weights: l.weights + r.weights,
                        constant: l.constant + r.constant,
                    }),
                    Op::Sub => Some(Form {
                        weights: l.weights - r.weights,
                        constant: l.constant - r.constant,
                    }),
                    Op::Mul if l.is_number() => Some(scaled(r, l.constant)),
                    Op::Mul if r.is_number() => Some(scaled(l, r.constant)),
                    Op::Div if r.is_number() && r.constant != 0.0 => {
                        Some(scaled(l, 1.0 / r.constant))
                    }
                    _ => None,
                }
            }
            Node::Name(_) | Node::Call(..) => return Err(self.unknown(&expr.to_string())),
            _ => None,
        })
    }
}

impl SfaFit {
    /// All coefficients, the frontier's first.
    pub(super) fn all_coef(&self) -> Vec<f64> {
        let others = self.equations.iter().flat_map(|e| &e.coef);
        self.coef.iter().chain(others).map(|c| c.value).collect()
    }

    /// Wald's test of linear `hypotheses` together.
    ///
    /// Each is a coefficient's name (which is then zero) or an equation between linear
    /// expressions of them, `"log(k) + log(l) = 1"`; coefficients of other equations are named as
    /// in [`SfaFit::coefficient_names`]. The covariance is the fit's own.
    pub fn wald(&self, hypotheses: &[String]) -> Result<WaldTest> {
        let Some(vcov) = &self.vcov else {
            return Err(FrontierError::NoCovariance { what: "wald".into() }.into());
        };
        let mut names = self.coefficient_names();
        names.truncate(vcov.nrows());
        if hypotheses.is_empty() {
            return Err(Error::Invalid {
                primitive: "wald",
                parameter: "hypotheses",
                rule: "be one or more".into(),
                value: "none".into(),
            });
        }
        let values = DVector::from_vec(self.all_coef()).rows(0, names.len()).into_owned();
        let mut matrix = DMatrix::zeros(hypotheses.len(), names.len());
        let mut gaps = DVector::zeros(hypotheses.len());
        for (i, text) in hypotheses.iter().enumerate() {
            let reader = Reader { names: &names, text };
            let (left, right) = match text.rsplit_once('=') {
                Some((left, right)) if reader.position(text).is_none() => (left, right),
                _ => (text.as_str(), "0"),
            };
            let (left, right) = (reader.side(left)?, reader.side(right)?);
            let weights = left.weights - right.weights;
            gaps[i] = weights.dot(&values) + left.constant - right.constant;
            matrix.row_mut(i).copy_from(&weights.transpose());
        }
        let spread = &matrix * vcov * matrix.transpose();
        let each = (0..hypotheses.len())
            .map(|i| (hypotheses[i].clone(), gaps[i], spread[(i, i)].sqrt()))
            .collect();
        // Restrictions that repeat each other show as a correlation matrix without full rank.
        let size = DVector::from_fn(hypotheses.len(), |i, _| spread[(i, i)].sqrt());
        let correlation =
            DMatrix::from_fn(gaps.len(), gaps.len(), |i, j| spread[(i, j)] / (size[i] * size[j]));
        let full = correlation.clone().symmetric_eigenvalues().min() > 1e-10;
        let factor = correlation.cholesky().filter(|_| full);
        let Some(factor) = factor else {
            return Err(Error::Invalid {
                primitive: "wald",
                parameter: "hypotheses",
                rule: "be independent of each other and involve a coefficient".into(),
                value: hypotheses.join("; "),
            });
        };
        let scaled = gaps.component_div(&size);
        let statistic = scaled.dot(&factor.solve(&scaled));
        let df = hypotheses.len();
        let p_value = ChiSquared::new(df as f64).map_or(1.0, |law| law.sf(statistic));
        Ok(WaldTest { statistic, df, p_value, each })
    }

    /// Tests the skewness of the least-squares residuals against that of inefficiency.
    pub fn skewness_test(&self) -> SkewnessTest {
        let n = self.nobs() as f64;
        let skewness = self.ols.skewness;
        let coelli = skewness / (6.0 / n).sqrt();
        let schmidt_lin = (n >= 8.0).then(|| dagostino(skewness, n));
        SkewnessTest {
            skewness,
            coelli,
            coelli_p: cdf(coelli),
            schmidt_lin,
            schmidt_lin_p: schmidt_lin.map(cdf),
        }
    }

    /// Each row's loglikelihood, without weights.
    pub fn row_loglik(&self) -> Vec<f64> {
        (0..self.nobs())
            .map(|i| {
                let r = self.residuals[i];
                match (self.boundary, &self.sigma_u, &self.sigma_v) {
                    (Boundary::GammaZero, ..) => self.params.noise.ln_density(&self.point(i)),
                    (Boundary::GammaOne, Some(u), _) => {
                        std::f64::consts::LN_2
                            - HALF_LN_2PI
                            - u.value.ln()
                            - 0.5 * (r / u.value).powi(2)
                    }
                    _ => self.params.law().ln_density(&self.point(i)),
                }
            })
            .collect()
    }
}

/// The normal score of the skewness of `n` normal values (D'Agostino, 1970, Biometrika 57).
fn dagostino(skewness: f64, n: f64) -> f64 {
    let y = skewness * ((n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0))).sqrt();
    let beta = 3.0 * (n * n + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0)
        / ((n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0));
    let w_sq = (2.0 * (beta - 1.0)).sqrt() - 1.0;
    let delta = 1.0 / (0.5 * w_sq.ln()).sqrt();
    let alpha = (2.0 / (w_sq - 1.0)).sqrt();
    delta * (y / alpha).asinh()
}

/// Vuong's test between two models of the same response on the same rows.
pub fn vuong(a: &SfaFit, b: &SfaFit) -> Result<VuongTest> {
    let response = |m: &SfaFit| m.formula.response.as_ref().map(ToString::to_string);
    if a.rows != b.rows || response(a) != response(b) {
        return Err(FrontierError::DifferentData {
            what: "vuong".into(),
            first: format!("{} on {} rows", response(a).unwrap_or_default(), a.nobs()),
            second: format!("{} on {} rows", response(b).unwrap_or_default(), b.nobs()),
        }
        .into());
    }
    let n = a.nobs() as f64;
    let gaps: Vec<f64> = a.row_loglik().iter().zip(b.row_loglik()).map(|(x, y)| x - y).collect();
    let total: f64 = gaps.iter().sum();
    let mean = total / n;
    let spread = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n).sqrt();
    if !total.is_finite() || spread <= 1e-10 * (1.0 + mean.abs()) {
        return Err(FrontierError::SameModel {
            spread: if total.is_finite() { spread } else { f64::INFINITY },
        }
        .into());
    }
    let scale = n.sqrt() * spread;
    let more = a.nparams as f64 - b.nparams as f64;
    let [raw, aic, bic] =
        [0.0, more, 0.5 * more * n.ln()].map(|correction| (total - correction) / scale);
    let mut warnings = Vec::new();
    let names = |m: &SfaFit| -> Vec<String> { m.coef.iter().map(|c| c.name.clone()).collect() };
    let (na, nb) = (names(a), names(b));
    let inside = |x: &[String], y: &[String]| x.iter().all(|n| y.contains(n));
    if a.params == b.params && (inside(&na, &nb) || inside(&nb, &na)) {
        warnings.push(
            "one model is the other with coefficients at zero: nested models are compared by \
             their likelihood ratio (wald tests the same), for which this statistic is not normal."
                .into(),
        );
    }
    if a.boundary != Boundary::None || b.boundary != Boundary::None {
        warnings.push(
            "a model sits at a boundary of gamma, where the normal law of the statistic is not \
             proven."
                .into(),
        );
    }
    Ok(VuongTest {
        statistic: raw,
        p_value: two_sided(raw),
        aic_statistic: aic,
        aic_p_value: two_sided(aic),
        bic_statistic: bic,
        bic_p_value: two_sided(bic),
        spread,
        warnings,
    })
}
