//! Frontiers drawn from least squares: corrected (COLS) and modified (MOLS).
//!
//! COLS lifts the regression until no row lies beyond it (Winsten, 1957; Greene, 1980). MOLS lifts
//! it by the mean of inefficiency, told from the second and third moments of the residuals
//! (Richmond, 1974; Greene, 2008, The econometric approach to efficiency analysis, section 2.5).

use std::f64::consts::PI;

use super::regression::{OlsParams, Regression, ols};
use crate::choice::Choice;
use crate::error::Result;
use crate::formula::Node;
use crate::frontier::Orientation;
use crate::frontier::efficiency::Truncated;
use crate::stats::rank::places;
use crate::table::{Table, Vector};

/// The law of inefficiency behind MOLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correction {
    /// Half-normal.
    #[default]
    HalfNormal,
    /// Exponential.
    Exponential,
}

impl Choice for Correction {
    const ALL: &'static [(&'static str, Self)] =
        &[("half_normal", Self::HalfNormal), ("exponential", Self::Exponential)];
}

/// A frontier parallel to least squares.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// `"COLS"`, or `"MOLS"` with its law.
    pub method: String,
    /// The regression lifted.
    pub regression: Regression,
    /// Production or cost.
    pub orientation: Orientation,
    /// What the constant was moved by, in the frontier's direction: at least 0.
    pub shift: f64,
    /// Scale of inefficiency by moments; MOLS only.
    pub sigma_u: Option<f64>,
    /// Standard deviation of noise by moments; MOLS only.
    pub sigma_v: Option<f64>,
    /// Efficiency by row, in (0, 1].
    pub te: Vec<f64>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Corrected least squares: the whole distance to the frontier is inefficiency.
pub fn cols(
    formula: &str,
    table: &Table,
    orientation: Orientation,
    params: &OlsParams,
) -> Result<Corrected> {
    let regression = ols(formula, table, params)?;
    let sign = orientation.sign();
    let best = regression.residuals.iter().map(|e| sign * e).fold(f64::NEG_INFINITY, f64::max);
    let shift = best.max(0.0);
    let mut warnings = regression.warnings.clone();
    let logged = is_logged(&regression);
    let te: Vec<f64> = regression
        .residuals
        .iter()
        .zip(&regression.fitted)
        .map(|(e, fit)| efficiency(logged, sign, fit + e, fit + sign * shift, best - sign * e))
        .collect();
    if !logged && te.iter().any(|te| te.is_nan()) {
        warnings.push(
            "efficiency is missing where the frontier or the response is not positive: model the logarithm.".into(),
        );
    }
    warnings
        .push("COLS takes all noise for inefficiency: one extreme row moves every score.".into());
    Ok(Corrected {
        method: "COLS".into(),
        regression,
        orientation,
        shift,
        sigma_u: None,
        sigma_v: None,
        te,
        warnings,
    })
}

/// Modified least squares: inefficiency by the moments of the residuals.
///
/// `te` is `E[exp(-u) | e]` under the moments found. Residuals skewed the wrong way have no
/// inefficiency (every row 1); where inefficiency would need more than the whole variance, noise
/// is zero and the rest is inefficiency. Both ends are told in the warnings.
pub fn mols(
    formula: &str,
    table: &Table,
    orientation: Orientation,
    law: Correction,
    params: &OlsParams,
) -> Result<Corrected> {
    let regression = ols(formula, table, params)?;
    let sign = orientation.sign();
    let e: Vec<f64> = regression.residuals.iter().map(|e| sign * e).collect();
    let n = e.len() as f64;
    let size = e.iter().map(|e| e.abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mean = e.iter().sum::<f64>() / n;
    let moment = |power: i32| e.iter().map(|e| ((e - mean) / size).powi(power)).sum::<f64>() / n;
    let (second, third) = (moment(2), moment(3));
    // Third central moment and variance of -u for a scale of 1, and the mean of u.
    let (cube, variance, centre) = match law {
        Correction::HalfNormal => {
            ((2.0 / PI).sqrt() * (1.0 - 4.0 / PI), 1.0 - 2.0 / PI, (2.0 / PI).sqrt())
        }
        Correction::Exponential => (-2.0, 1.0, 1.0),
    };
    let mut warnings = regression.warnings.clone();
    let (sigma_u, sigma_v) = if third >= 0.0 {
        warnings.push(
            "the residuals are skewed the wrong way: their moments leave no inefficiency, and every row is on the frontier.".into(),
        );
        (0.0, second.sqrt())
    } else {
        let u = (third / cube).cbrt();
        let noise = second - variance * u * u;
        if noise > 0.0 {
            (u, noise.sqrt())
        } else {
            warnings.push(
                "the skewness asks for more inefficiency than there is variance: noise is set to zero, and rows beyond the frontier count as efficient.".into(),
            );
            ((second / variance).sqrt(), 0.0)
        }
    };
    let (sigma_u, sigma_v) = (sigma_u * size, sigma_v * size);
    let shift = centre * sigma_u;
    let te: Vec<f64> = e
        .iter()
        .map(|e| {
            let composed = e - shift;
            if sigma_u == 0.0 {
                return 1.0;
            }
            if sigma_v == 0.0 {
                return composed.min(0.0).exp();
            }
            let posterior = match law {
                Correction::HalfNormal => {
                    let total = sigma_u.hypot(sigma_v);
                    Truncated {
                        mu: -composed * (sigma_u / total).powi(2),
                        sigma: sigma_u * (sigma_v / total),
                    }
                }
                Correction::Exponential => {
                    Truncated { mu: -composed - sigma_v * (sigma_v / sigma_u), sigma: sigma_v }
                }
            };
            posterior.battese_coelli()
        })
        .collect();
    if !is_logged(&regression) {
        warnings.push("the response is no logarithm: exp(-u) is then no ratio of outputs.".into());
    }
    Ok(Corrected {
        method: format!("MOLS, {}", law.name().replace('_', "-")),
        regression,
        orientation,
        shift,
        sigma_u: Some(sigma_u),
        sigma_v: Some(sigma_v),
        te,
        warnings,
    })
}

fn is_logged(regression: &Regression) -> bool {
    regression
        .formula
        .response
        .as_ref()
        .is_some_and(|r| matches!(&r.node, Node::Call(name, _) if name == "log"))
}

/// `exp(-u)` for a logged response, else the ratio of observed to frontier (inverted for cost).
fn efficiency(logged: bool, sign: f64, observed: f64, frontier: f64, u: f64) -> f64 {
    if logged {
        return (-u.max(0.0)).exp();
    }
    let (above, below) = if sign > 0.0 { (frontier, observed) } else { (observed, frontier) };
    if above > 0.0 && below > 0.0 { (below / above).min(1.0) } else { f64::NAN }
}

impl Corrected {
    /// Coefficients of the frontier: those of the regression, its constant moved.
    pub fn coef(&self) -> Vec<(String, f64)> {
        let intercept = self.regression.plan.intercept;
        self.regression
            .coef
            .iter()
            .enumerate()
            .map(|(j, e)| {
                let lift =
                    if intercept && j == 0 { self.orientation.sign() * self.shift } else { 0.0 };
                (e.name.clone(), e.value + lift)
            })
            .collect()
    }

    /// A table with the label, `te` and `rank`, labelled, in the rows' order.
    pub fn efficiency(&self) -> Result<Table> {
        super::scores(
            self.regression.label_name.as_deref(),
            &self.regression.labels,
            vec![(
                "te",
                Vector::from_options(
                    self.te.iter().map(|te| Some(*te).filter(|te| te.is_finite())),
                ),
            )],
            &places(&self.te),
        )
    }
}
