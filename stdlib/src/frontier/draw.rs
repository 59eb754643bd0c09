//! Random inefficiency and noise.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::{Inefficiency, Point};
use super::noise::Noise;
use super::normal::{ln_cdf, ln_cdf_inverse};

/// A uniform number in (0, 1), neither end included.
pub(super) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    let u: f64 = rng.random();
    u.max(f64::MIN_POSITIVE)
}

/// A standard normal number.
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    ln_cdf_inverse(uniform(rng).ln())
}

/// A gamma number of the given shape and scale 1 (Marsaglia and Tsang, 2000).
fn gamma(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let power = uniform(rng).powf(1.0 / shape);
        return gamma(shape + 1.0, rng) * power;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && uniform(rng).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Noise at `point`.
pub(super) fn noise(noise: Noise, point: &Point<f64>, rng: &mut ChaCha8Rng) -> f64 {
    let b = (0.5 * point.ln_v).exp() * noise.unit();
    b * match noise {
        Noise::Normal => normal(rng),
        Noise::StudentT => {
            let df = point.df.exp();
            let z = normal(rng);
            z / (gamma(0.5 * df, rng) / (0.5 * df)).sqrt()
        }
        Noise::Laplace => {
            let size = -uniform(rng).ln();
            if rng.random::<bool>() { size } else { -size }
        }
        Noise::Logistic => {
            let u = uniform(rng);
            u.ln() - (-u).ln_1p()
        }
    }
}

/// Inefficiency at `point`; its composed error is not looked at.
pub(super) fn inefficiency(family: Inefficiency, point: &Point<f64>, rng: &mut ChaCha8Rng) -> f64 {
    let s = (0.5 * point.ln_u).exp();
    let exponential = |rng: &mut ChaCha8Rng| -uniform(rng).ln();
    match family {
        Inefficiency::HalfNormal => s * normal(rng).abs(),
        Inefficiency::Exponential => s * exponential(rng),
        Inefficiency::TruncatedNormal => {
            // The tail above -mu/s has probability Phi(mu/s): invert within it.
            let tail = uniform(rng).ln() + ln_cdf(point.mu / s);
            (point.mu - s * ln_cdf_inverse(tail)).max(0.0)
        }
        Inefficiency::Rayleigh => s * (2.0 * exponential(rng)).sqrt(),
        Inefficiency::Uniform => s * 12.0_f64.sqrt() * uniform(rng),
        // The larger of two exponentials.
        Inefficiency::GeneralisedExponential => s * exponential(rng).max(exponential(rng)),
        Inefficiency::TruncatedSkewedLaplace => {
            // Its density is that of an exponential times 2 - exp(-k t) in [1, 2): rejection.
            let k = point.shape.exp();
            loop {
                let t = exponential(rng);
                if 2.0 * uniform(rng) <= 2.0 - (-k * t).exp() {
                    return s * t;
                }
            }
        }
        Inefficiency::Gamma => s * gamma(point.shape.exp(), rng),
        Inefficiency::Weibull => s * exponential(rng).powf((-point.shape).exp()),
        Inefficiency::Lognormal => s * (point.shape.exp() * normal(rng)).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;
    use crate::context::rng;

    #[test]
    fn draws_have_the_moments_of_their_law() {
        let point = Point { e: 0.0, ln_v: 0.3, ln_u: -0.5, mu: 0.3, shape: -0.4, df: 3.0 };
        let n = 100_000;
        for (stream, (name, family)) in Inefficiency::ALL.iter().enumerate() {
            let mut rng = rng(11, stream as u64);
            let draws: Vec<f64> = (0..n).map(|_| inefficiency(*family, &point, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / f64::from(n);
            let (m, v) = family.moments(&point);
            // Four standard errors; the variance's by the fourth moment of an exponential, but for
            // laws with heavier tails.
            assert!((mean - m).abs() < 4.0 * (v / f64::from(n)).sqrt(), "{name}: {mean} {m}");
            let fourth = match family {
                Inefficiency::Gamma | Inefficiency::Weibull | Inefficiency::Lognormal => 100.0,
                _ => 9.0,
            };
            assert!((variance / v - 1.0).abs() < 4.0 * (fourth / f64::from(n)).sqrt(), "{name}");
            assert!(draws.iter().all(|u| *u >= 0.0 && u.is_finite()));
        }
        for (stream, (name, law)) in Noise::ALL.iter().enumerate() {
            let mut rng = rng(12, stream as u64);
            let draws: Vec<f64> = (0..n).map(|_| noise(*law, &point, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n);
            let df = point.df.exp();
            let v = point.ln_v.exp() * if law.has_df() { df / (df - 2.0) } else { 1.0 };
            assert!(mean.abs() < 4.0 * (v / f64::from(n)).sqrt(), "{name}: {mean}");
            assert!((variance / v - 1.0).abs() < 4.0 * (6.0 / f64::from(n)).sqrt(), "{name}");
        }
    }
}
