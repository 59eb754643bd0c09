//! The law of inefficiency at unit scale, as the quadrature sees it.
//!
//! `t = u / sigma_u`. Laws whose density is analytic at zero are integrated over `t`, those with a
//! power of `t` there over `x = ln t`, where the power is an exponential.

use std::f64::consts::LN_2;

use super::density::{Inefficiency, Point};
use super::normal::{HALF_LN_2PI, ln_cdf_jet};
use super::special::ln_gamma_jet;

/// Derivatives of the log-density in `m = mu / sigma_u` and in the log of the shape.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PriorJet {
    pub m: f64,
    pub mm: f64,
    pub shape: f64,
    pub shape_shape: f64,
}

/// The law at given shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior {
    family: Inefficiency,
    /// `mu / sigma_u`, truncated normal only.
    pub m: f64,
    shape: f64,
    /// What the density needs of its shape or mean once.
    constant: (f64, f64, f64),
}

/// How long a panel in `x = ln t` may be where all but powers of `t` varies by less than `size`.
pub(super) fn calm(size: f64) -> f64 {
    if size > 0.3 {
        1.5
    } else if size > 1e-3 {
        5.0
    } else if size > 1e-12 {
        15.0
    } else {
        f64::INFINITY
    }
}

impl Prior {
    pub fn new(family: Inefficiency, at: &Point<f64>) -> Self {
        let m = if family == Inefficiency::TruncatedNormal {
            at.mu * (-0.5 * at.ln_u).exp()
        } else {
            0.0
        };
        let shape = at.shape.exp();
        let constant = match family {
            Inefficiency::TruncatedNormal => ln_cdf_jet(m),
            Inefficiency::Gamma => ln_gamma_jet(shape),
            _ => (0.0, 0.0, 0.0),
        };
        Self { family, m, shape, constant }
    }

    /// Whether panels lie in `x = ln t`.
    pub fn in_logs(&self) -> bool {
        matches!(self.family, Inefficiency::Gamma | Inefficiency::Weibull | Inefficiency::Lognormal)
    }

    /// The largest `t` there is.
    pub fn end(&self) -> f64 {
        if self.family == Inefficiency::Uniform { 12.0_f64.sqrt() } else { f64::INFINITY }
    }

    /// The log-density at `t = exp(x)`.
    pub fn ln(&self, t: f64, x: f64) -> f64 {
        let k = self.shape;
        match self.family {
            Inefficiency::HalfNormal => LN_2 - HALF_LN_2PI - 0.5 * t * t,
            Inefficiency::Exponential => -t,
            Inefficiency::TruncatedNormal => {
                -HALF_LN_2PI - 0.5 * (t - self.m).powi(2) - self.constant.0
            }
            Inefficiency::Rayleigh => x - 0.5 * t * t,
            Inefficiency::Uniform => {
                // The end itself belongs to the range, whatever the rounding of t.
                let inside = t * t <= 12.0 * (1.0 + 1e-14);
                if inside { -0.5 * 12.0_f64.ln() } else { f64::NEG_INFINITY }
            }
            Inefficiency::GeneralisedExponential => LN_2 - t + (-(-t).exp_m1()).ln(),
            Inefficiency::TruncatedSkewedLaplace => {
                ((1.0 + k) / (2.0 * k + 1.0) * (2.0 - (-k * t).exp())).ln() - t
            }
            Inefficiency::Gamma => (k - 1.0) * x - t - self.constant.0,
            Inefficiency::Weibull => k.ln() + (k - 1.0) * x - (k * x).exp(),
            Inefficiency::Lognormal => -HALF_LN_2PI - k.ln() - x - 0.5 * (x / k).powi(2),
        }
    }

    /// Its derivatives.
    pub fn jet(&self, t: f64, x: f64) -> PriorJet {
        let k = self.shape;
        let shape = |shape, shape_shape| PriorJet { shape, shape_shape, ..PriorJet::default() };
        match self.family {
            Inefficiency::TruncatedNormal => {
                let (_, mills, second) = self.constant;
                PriorJet { m: t - self.m - mills, mm: -1.0 - second, ..PriorJet::default() }
            }
            Inefficiency::TruncatedSkewedLaplace => {
                let y = k * t;
                let e = (-y).exp();
                let d = 2.0 - e;
                let first = k / (1.0 + k) - 2.0 * k / (2.0 * k + 1.0);
                let second = k / (1.0 + k).powi(2) - 2.0 * k / (2.0 * k + 1.0).powi(2);
                let tail = y * ((e - y * e) * d - y * e * e) / (d * d);
                shape(first + y * e / d, second + tail)
            }
            Inefficiency::Gamma => {
                let (_, psi, psi1) = self.constant;
                let first = k * (x - psi);
                shape(first, first - k * k * psi1)
            }
            Inefficiency::Weibull => {
                let y = k * x;
                let e = y.exp();
                // Far below zero y e^y is zero, whatever infinity times zero would say.
                let ye = if e == 0.0 { 0.0 } else { y * e };
                shape(1.0 + y - ye, y - ye - y * ye)
            }
            Inefficiency::Lognormal => {
                let q = (x / k).powi(2);
                shape(q - 1.0, -2.0 * q)
            }
            _ => PriorJet::default(),
        }
    }

    /// `ln` of the density in the panels' coordinate `z` (`t` or `x`).
    pub fn ln_in(&self, z: f64) -> f64 {
        if self.in_logs() { self.ln(z.exp(), z) + z } else { self.ln(z, z.ln()) }
    }

    /// Where the density in the panels' coordinate, or the envelope of [`Prior::cap`], peaks.
    pub fn mode(&self) -> f64 {
        match self.family {
            Inefficiency::TruncatedNormal => self.m.max(0.0),
            Inefficiency::Rayleigh => 1.0,
            Inefficiency::Gamma => self.shape.ln(),
            _ => 0.0,
        }
    }

    /// An upper bound of [`Prior::ln_in`] on `[low, high]`.
    pub fn cap(&self, low: f64, high: f64) -> f64 {
        let z = self.mode().clamp(low, high);
        match self.family {
            Inefficiency::GeneralisedExponential => LN_2 - z,
            Inefficiency::TruncatedSkewedLaplace => LN_2 - z,
            _ => self.ln_in(z),
        }
    }

    /// How fast the density in the panels' coordinate may fall towards the left.
    pub fn power(&self) -> f64 {
        match self.family {
            Inefficiency::Gamma | Inefficiency::Weibull => self.shape,
            Inefficiency::Lognormal => 0.25 / self.shape,
            _ => 1.0,
        }
    }

    /// How long a panel from `low` to `high` may be for the rule to see the density as smooth.
    pub fn reach(&self, low: f64, high: f64) -> f64 {
        let k = self.shape;
        match self.family {
            Inefficiency::HalfNormal | Inefficiency::Rayleigh => (20.0 / low).min(5.0),
            Inefficiency::TruncatedNormal => {
                let away = (low - self.m).max(self.m - high).max(0.0);
                (20.0 / away).min(5.0)
            }
            Inefficiency::Exponential | Inefficiency::GeneralisedExponential => 12.0,
            Inefficiency::Uniform => f64::INFINITY,
            Inefficiency::TruncatedSkewedLaplace => {
                // Beyond that what bends at zero is less than the last digit of the whole.
                if k * low < 40.0 && k < 1e17 { (12.0 / k).max(low).min(12.0) } else { 12.0 }
            }
            Inefficiency::Gamma => {
                let (a, b) = (low.exp(), high.exp());
                let slope = (a - k).max(k - b).max(0.0);
                calm(b).min(5.0 / b.min(k.max(1.0) + 40.0).sqrt()).min(20.0 / slope)
            }
            Inefficiency::Weibull => {
                let (a, b) = ((k * low).exp(), (k * high).exp());
                let slope = (a - 1.0).max(1.0 - b).max(0.0);
                calm(b).min(5.0 / b.min(50.0).sqrt()).min(20.0 / slope) / k
            }
            Inefficiency::Lognormal => {
                let away = low.max(-high).max(0.0) / k;
                (20.0 / away).min(5.0) * k
            }
        }
    }
}
