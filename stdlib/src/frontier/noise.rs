//! Laws of noise `v`, symmetric about zero.
//!
//! Written in `r = v / b` with `b` the unit of the law: `sigma_v` for the normal and Student's t,
//! `sigma_v / sqrt(2)` for the Laplace and `sigma_v sqrt(3) / pi` for the logistic law, so that
//! `sigma_v` is the standard deviation of noise, but for Student's t, where it is the scale and the
//! standard deviation is `sigma_v sqrt(df / (df - 2))`, if it exists.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use super::density::Point;
use super::jet::{Jet, Num};
use super::normal::HALF_LN_2PI;
use super::special::ln_gamma_jet;
use crate::choice::Choice;

/// The distribution of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Noise {
    /// Normal.
    #[default]
    Normal,
    /// Student's t, its degrees of freedom estimated (Wheat, Stead and Greene, 2019).
    StudentT,
    /// Laplace, the double exponential (Horrace and Parmeter, 2018).
    Laplace,
    /// Logistic (Stead, Wheat and Greene, 2018).
    Logistic,
}

impl Choice for Noise {
    const ALL: &'static [(&'static str, Self)] = &[
        ("normal", Self::Normal),
        ("student_t", Self::StudentT),
        ("laplace", Self::Laplace),
        ("logistic", Self::Logistic),
    ];
}

/// The logarithm of a standardised density with its derivatives in `r` and `ln df`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NoiseJet {
    pub r: f64,
    pub rr: f64,
    pub df: f64,
    pub r_df: f64,
    pub df_df: f64,
}

/// A law of noise at given degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoiseAt {
    noise: Noise,
    /// Degrees of freedom.
    nu: f64,
    /// The constant and its derivatives in `nu`.
    constant: (f64, f64, f64),
}

impl Noise {
    /// Whether it has degrees of freedom to estimate.
    pub fn has_df(self) -> bool {
        self == Self::StudentT
    }

    /// The unit `b` of the law over `sigma_v`.
    pub(super) fn unit(self) -> f64 {
        match self {
            Self::Normal | Self::StudentT => 1.0,
            Self::Laplace => FRAC_1_SQRT_2,
            Self::Logistic => 3.0_f64.sqrt() / PI,
        }
    }

    /// The law at `ln_df`, the logarithm of the degrees of freedom.
    pub(super) fn at(self, ln_df: f64) -> NoiseAt {
        let nu = ln_df.exp();
        let constant = match self {
            Self::Normal => (-HALF_LN_2PI, 0.0, 0.0),
            Self::Laplace => (-LN_2, 0.0, 0.0),
            Self::Logistic => (0.0, 0.0, 0.0),
            Self::StudentT if nu > 100.0 => {
                // ln Gamma((nu + 1) / 2) - ln Gamma(nu / 2) by its series, without cancellation.
                let i = 1.0 / nu;
                let q = i * i;
                (
                    -HALF_LN_2PI - i * (0.25 - q * (1.0 / 24.0 - q / 20.0)),
                    q * (0.25 - q * (0.125 - 0.25 * q)),
                    -i * q * (0.5 - q * (0.5 - 1.5 * q)),
                )
            }
            Self::StudentT => {
                let (high, low) = (ln_gamma_jet(0.5 * (nu + 1.0)), ln_gamma_jet(0.5 * nu));
                (
                    high.0 - low.0 - 0.5 * (nu * PI).ln(),
                    0.5 * (high.1 - low.1) - 0.5 / nu,
                    0.25 * (high.2 - low.2) + 0.5 / (nu * nu),
                )
            }
        };
        NoiseAt { noise: self, nu, constant }
    }

    /// `ln g(v)`, of the noise alone.
    pub(super) fn ln_density<N: Num>(self, at: &Point<N>) -> N {
        N::compose([at.e, at.ln_v, at.df], |[e, ln_v, df], derivatives| {
            let law = self.at(*df);
            let b = (0.5 * ln_v).exp() * self.unit();
            let r = e / b;
            let mut jet = Jet::of(law.ln(r) - b.ln());
            if derivatives {
                let h = law.jet(r);
                jet.first = [h.r / b, -0.5 - 0.5 * r * h.r, h.df];
                jet.set(0, 0, h.rr / (b * b));
                jet.set(1, 0, -0.5 * (h.r + r * h.rr) / b);
                jet.set(1, 1, 0.25 * r * (h.r + r * h.rr));
                jet.set(2, 0, h.r_df / b);
                jet.set(2, 1, -0.5 * r * h.r_df);
                jet.set(2, 2, h.df_df);
            }
            jet
        })
    }
}

impl NoiseAt {
    /// The log-density at `r`.
    pub fn ln(&self, r: f64) -> f64 {
        self.constant.0
            + match self.noise {
                Noise::Normal => -0.5 * r * r,
                Noise::Laplace => -r.abs(),
                Noise::Logistic => -r.abs() - 2.0 * (-r.abs()).exp().ln_1p(),
                Noise::StudentT => -0.5 * (self.nu + 1.0) * (r * r / self.nu).ln_1p(),
            }
    }

    /// Its derivatives, but for the Laplace law's spike at zero: see [`NoiseAt::kink`].
    pub fn jet(&self, r: f64) -> NoiseJet {
        match self.noise {
            Noise::Normal => NoiseJet { r: -r, rr: -1.0, ..NoiseJet::default() },
            Noise::Laplace => NoiseJet { r: -r.signum(), ..NoiseJet::default() },
            Noise::Logistic => {
                let t = (0.5 * r).tanh();
                NoiseJet { r: -t, rr: -0.5 * (1.0 - t * t), ..NoiseJet::default() }
            }
            Noise::StudentT => {
                let (nu, q) = (self.nu, r * r);
                let s = nu + q;
                let half = 0.5 * (nu + 1.0);
                let (_, c1, c2) = self.constant;
                let ratio = q / (nu * s);
                let first = c1 - 0.5 * (q / nu).ln_1p() + half * ratio;
                let second = c2 + ratio - half * q * (2.0 * nu + q) / (nu * nu * s * s);
                NoiseJet {
                    r: -(nu + 1.0) * r / s,
                    rr: -(nu + 1.0) * (nu - q) / (s * s),
                    df: nu * first,
                    r_df: -nu * r * (q - 1.0) / (s * s),
                    df_df: nu * first + nu * nu * second,
                }
            }
        }
    }

    /// The jump of the first derivative at zero: -2 for the Laplace law.
    pub fn kink(&self) -> f64 {
        if self.noise == Noise::Laplace { -2.0 } else { 0.0 }
    }

    /// The largest log-density over `[low, high]`.
    pub fn cap(&self, low: f64, high: f64) -> f64 {
        self.ln(nearest(low, high))
    }

    /// How long a panel that starts at `low` may be for the rule to see the density as smooth.
    pub fn reach(&self, low: f64, high: f64) -> f64 {
        let r = nearest(low, high).abs();
        match self.noise {
            Noise::Normal => (20.0 / r).min(5.0),
            Noise::Laplace => 12.0,
            Noise::Logistic => (1.5 * r.hypot(PI)).min(10.0),
            Noise::StudentT => {
                let s = self.nu + r * r;
                let pole = 1.5 * s.sqrt();
                let width = 5.0 * (s / (self.nu + 1.0)).sqrt();
                let middle = 0.5 * (low.abs() + high.abs());
                let slope = 20.0 * (self.nu + middle * middle) / ((self.nu + 1.0) * middle);
                pole.min(width).min(slope)
            }
        }
    }

    /// Upper bound of the slope's size on `[low, high]`, up to a factor near one.
    pub fn slope(&self, low: f64, high: f64) -> f64 {
        let r = low.abs().max(high.abs());
        match self.noise {
            Noise::Normal => r,
            Noise::Laplace | Noise::Logistic => 1.0,
            Noise::StudentT => {
                (0.5 * (self.nu + 1.0) / self.nu.sqrt()).min((self.nu + 1.0) * r / self.nu)
            }
        }
    }
}

/// The point of `[low, high]` nearest to zero.
fn nearest(low: f64, high: f64) -> f64 {
    if low > 0.0 {
        low
    } else if high < 0.0 {
        high
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_integrate_to_one_with_the_right_spread() {
        for (name, noise) in Noise::ALL {
            let law = noise.at(7.0_f64.ln());
            let n = 400_000;
            let step = 400.0 / f64::from(n);
            let (mut mass, mut square) = (0.0, 0.0);
            for k in 0..n {
                let r = -200.0 + step * (f64::from(k) + 0.5);
                let density = law.ln(r).exp() * step;
                mass += density;
                square += density * r * r;
            }
            let spread = if noise.has_df() { 7.0 / 5.0 } else { noise.unit().powi(-2) };
            assert!((mass - 1.0).abs() < 1e-7, "{name}: {mass}");
            assert!((square - spread).abs() < 1e-5, "{name}: {square} {spread}");
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for (name, noise) in Noise::ALL {
            for r in [-6.0, -1.2, 0.3, 2.0, 15.0] {
                for ln_df in [-0.5, 1.0, 3.0, 5.0] {
                    let h = 1e-5;
                    let at = noise.at(ln_df).jet(r);
                    let ln = |r: f64, df: f64| noise.at(df).ln(r);
                    let jet = |r: f64, df: f64| noise.at(df).jet(r);
                    let close = |a: f64, b: f64| {
                        assert!((a - b).abs() < 1e-7 * (1.0 + b.abs()), "{name} {r}: {a} {b}");
                    };
                    close((ln(r + h, ln_df) - ln(r - h, ln_df)) / (2.0 * h), at.r);
                    close((ln(r, ln_df + h) - ln(r, ln_df - h)) / (2.0 * h), at.df);
                    close((jet(r + h, ln_df).r - jet(r - h, ln_df).r) / (2.0 * h), at.rr);
                    close((jet(r, ln_df + h).r - jet(r, ln_df - h).r) / (2.0 * h), at.r_df);
                    close((jet(r, ln_df + h).df - jet(r, ln_df - h).df) / (2.0 * h), at.df_df);
                }
            }
        }
    }
}
