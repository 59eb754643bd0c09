//! What can be chosen about a frontier.

use super::bootstrap::BootstrapParams;
use super::covariance::{SeKind, check_cluster};
use super::density::Inefficiency;
use super::error::FrontierError;
use super::law::ErrorLaw;
use super::noise::Noise;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::formula::ZeroPolicy;

/// Which side of the frontier observations lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orientation {
    /// Output falls short of the frontier: `y = x'b + v - u`.
    #[default]
    Production,
    /// Cost exceeds the frontier: `y = x'b + v + u`.
    Cost,
}

impl Choice for Orientation {
    const ALL: &'static [(&'static str, Self)] =
        &[("production", Self::Production), ("cost", Self::Cost)];
}

impl Orientation {
    /// 1 for production, -1 for cost.
    pub fn sign(self) -> f64 {
        match self {
            Self::Production => 1.0,
            Self::Cost => -1.0,
        }
    }
}

/// The choices of [`super::sfa`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SfaParams {
    /// Distribution of inefficiency.
    pub inefficiency: Inefficiency,
    /// Distribution of noise.
    pub noise: Noise,
    /// Production (default) or cost.
    pub frontier: Orientation,
    /// Determinants of the mean before truncation, `"~ z1 + z2"`; truncated normal only (Battese
    /// and Coelli, 1995). A constant mean when missing.
    pub mean: Option<String>,
    /// Determinants of `ln sigma_u^2`.
    pub sigma_u: Option<String>,
    /// Determinants of `ln sigma_v^2`.
    pub sigma_v: Option<String>,
    /// Determinants `z` that stretch inefficiency, `u = exp(z'd) u*`, without intercept (Wang and
    /// Schmidt, 2002).
    pub scaling: Option<String>,
    /// Column of weights, positive; rescaled to sum to the rows used.
    pub weights: Option<String>,
    /// How standard errors are found.
    pub se: SeKind,
    /// Column of groups for clustered standard errors.
    pub cluster: Option<String>,
    /// The refits of [`SeKind::Bootstrap`].
    pub bootstrap: BootstrapParams,
    /// Zeros and negatives under a logarithm: an error (default), dropped, or shifted.
    pub zero: ZeroPolicy,
}

impl SfaParams {
    /// Whether all rules hold.
    pub fn check(&self) -> Result<()> {
        if self.mean.is_some() && !self.inefficiency.has_mean() {
            return Err(FrontierError::Incompatible {
                option: "mean".into(),
                with: format!("inefficiency \"{}\"", self.inefficiency.name()),
                instead: "determinants of the mean need inefficiency: \"truncated_normal\"; for \
                          others model sigma_u: \"~ z\""
                    .into(),
            }
            .into());
        }
        if self.scaling.is_some() && self.sigma_u.is_some() {
            return Err(FrontierError::Incompatible {
                option: "scaling".into(),
                with: "sigma_u".into(),
                instead: "both stretch inefficiency by exp(z'd): choose one".into(),
            }
            .into());
        }
        check_cluster(self.se, self.cluster.as_deref())?;
        self.bootstrap.check()?;
        if let ZeroPolicy::Shift(shift) = self.zero
            && !(shift > 0.0 && shift.is_finite())
        {
            return Err(Error::Invalid {
                primitive: "sfa",
                parameter: "zero_shift",
                rule: "be positive".into(),
                value: shift.to_string(),
            });
        }
        Ok(())
    }

    /// The law of the composed error.
    pub fn law(&self) -> ErrorLaw {
        ErrorLaw { inefficiency: self.inefficiency, noise: self.noise }
    }

    /// Whether the model is the plain half-normal one, whose maximum is found globally.
    pub fn is_plain_half_normal(&self) -> bool {
        self.law() == ErrorLaw::default()
            && self.sigma_u.is_none()
            && self.sigma_v.is_none()
            && self.scaling.is_none()
    }
}
