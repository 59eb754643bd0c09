//! Numbers that carry their derivatives, with the functions composed errors need.

use num_dual::{Derivative, Dual2SVec64, Dual64, DualNum};

use super::normal::{HALF_LN_2PI, erfcx, ln_cdf_jet};

/// A function of `M` numbers at a point: value, gradient and Hessian.
#[derive(Debug, Clone, Copy)]
pub struct Jet<const M: usize> {
    /// Value.
    pub value: f64,
    /// Gradient.
    pub first: [f64; M],
    /// Hessian.
    pub second: [[f64; M]; M],
}

impl<const M: usize> Jet<M> {
    /// A value, its derivatives zero as yet.
    pub fn of(value: f64) -> Self {
        Self { value, first: [0.0; M], second: [[0.0; M]; M] }
    }

    /// Sets both elements `(a, b)` and `(b, a)` of the Hessian.
    pub fn set(&mut self, a: usize, b: usize, value: f64) {
        self.second[a][b] = value;
        self.second[b][a] = value;
    }
}

/// A number that a density can be written in: `f64`, or a dual number carrying score and Hessian.
pub trait Num: DualNum<Primitive = f64> + Copy {
    /// `f(self)` from the value, first and second derivative of `f` at the value of `self`.
    #[must_use]
    fn lift(self, jet: (f64, f64, f64)) -> Self;

    /// The plain value.
    fn value(self) -> f64;

    /// A function of several numbers from its jet at their values; the flag says whether anyone
    /// looks at the derivatives.
    #[must_use]
    fn compose<const M: usize>(of: [Self; M], f: impl FnOnce(&[f64; M], bool) -> Jet<M>) -> Self;

    /// `ln Phi(self)`.
    #[must_use]
    fn ln_cdf(self) -> Self {
        self.lift(ln_cdf_jet(self.value()))
    }

    /// `ln Phi(self) + self^2 / 2`, free of cancellation far below zero; overflows far above.
    #[must_use]
    fn ln_scaled_cdf(self) -> Self {
        self.lift(ln_scaled_cdf_jet(self.value()))
    }

    /// `ln(phi(self) + self Phi(self))`, the log of `E[max(x + z, 0)]` for standard normal `z`.
    #[must_use]
    fn ln_partial_mean(self) -> Self {
        self.lift(ln_partial_mean_jet(self.value()))
    }
}

impl Num for f64 {
    fn lift(self, jet: (f64, f64, f64)) -> Self {
        jet.0
    }

    fn compose<const M: usize>(of: [Self; M], f: impl FnOnce(&[f64; M], bool) -> Jet<M>) -> Self {
        f(&of, false).value
    }

    fn value(self) -> f64 {
        self
    }
}

impl Num for Dual64 {
    fn lift(self, (f, d, _): (f64, f64, f64)) -> Self {
        Self::new(f, d * self.eps)
    }

    fn value(self) -> f64 {
        self.re
    }

    fn compose<const M: usize>(of: [Self; M], f: impl FnOnce(&[f64; M], bool) -> Jet<M>) -> Self {
        let jet = f(&of.map(|x| x.re), true);
        Self::new(jet.value, (0..M).map(|a| jet.first[a] * of[a].eps).sum())
    }
}

impl<const K: usize> Num for Dual2SVec64<K> {
    #[inline]
    fn lift(self, (f, d, dd): (f64, f64, f64)) -> Self {
        let Some(v1) = self.v1.0 else { return Self::from_re(f) };
        let mut v2 = v1.transpose() * v1 * dd;
        if let Some(own) = self.v2.0 {
            v2 += own * d;
        }
        Self::new(f, Derivative::some(v1 * d), Derivative::some(v2))
    }

    #[inline]
    fn value(self) -> f64 {
        self.re
    }

    fn compose<const M: usize>(of: [Self; M], f: impl FnOnce(&[f64; M], bool) -> Jet<M>) -> Self {
        let jet = f(&of.map(|x| x.re), true);
        let mut first = nalgebra::SVector::<f64, K>::zeros().transpose();
        let mut second = nalgebra::SMatrix::<f64, K, K>::zeros();
        for a in 0..M {
            let Some(va) = of[a].v1.0 else { continue };
            first += va * jet.first[a];
            if let Some(own) = of[a].v2.0 {
                second += own * jet.first[a];
            }
            let mut along = va * jet.second[a][a];
            for b in (0..M).filter(|b| *b != a) {
                if let Some(vb) = of[b].v1.0 {
                    along += vb * jet.second[a][b];
                }
            }
            second += va.transpose() * along;
        }
        Self::new(jet.value, Derivative::some(first), Derivative::some(second))
    }
}

/// `ln(phi(x) + x Phi(x))` with its derivatives, by `h' = Phi`, `h'' = phi`.
fn ln_partial_mean_jet(x: f64) -> (f64, f64, f64) {
    if x < -30.0 {
        // h / phi = 1 - t R(t), R the Mills ratio; its series has no cancellation.
        let t = -x;
        let u = 1.0 / (t * t);
        let ratio = u * (1.0 + u * (-3.0 + u * (15.0 + u * (-105.0 + u * 945.0))));
        let mills = (1.0 - ratio) / t;
        let first = mills / ratio;
        (-0.5 * x * x - HALF_LN_2PI + ratio.ln(), first, 1.0 / ratio - first * first)
    } else {
        let (ln_phi, m, _) = ln_cdf_jet(x);
        // h / Phi = m + x.
        let h = m + x;
        (ln_phi + h.ln(), 1.0 / h, m / h - 1.0 / (h * h))
    }
}

/// `ln Phi(x) + x^2 / 2` with its derivatives.
fn ln_scaled_cdf_jet(x: f64) -> (f64, f64, f64) {
    if x < -50.0 {
        let t = -x;
        let u = 1.0 / (t * t);
        let rest = (1.0 + u * (-2.0 + u * (10.0 + u * (-74.0 + u * 706.0)))) / t;
        let second = u * (2.0 + u * (-10.0 + u * (74.0 - u * 706.0))) - rest * rest;
        (-HALF_LN_2PI - (t + rest).ln(), rest, second)
    } else if x < 0.0 {
        let half = 0.5 * erfcx(-x * std::f64::consts::FRAC_1_SQRT_2);
        let m = (-HALF_LN_2PI).exp() / half;
        (half.ln(), m + x, 1.0 - m * (m + x))
    } else {
        let (f, m, second) = ln_cdf_jet(x);
        (f + 0.5 * x * x, m + x, 1.0 + second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifting_is_the_chain_rule() {
        let x: Dual2SVec64<2> = Dual2SVec64::from_re(0.3).derivative(0);
        let y: Dual2SVec64<2> = Dual2SVec64::from_re(-1.2).derivative(1);
        let direct = (x * y).exp();
        let e = (0.3_f64 * -1.2).exp();
        let lifted = (x * y).lift((e, e, e));
        assert_eq!(direct.re, lifted.re);
        let gap = direct.v2.0.unwrap() - lifted.v2.0.unwrap();
        assert!(gap.amax() < 1e-15);
        assert_eq!(direct.v1, lifted.v1);
    }

    #[test]
    fn composing_is_the_chain_rule() {
        let x: Dual2SVec64<2> = Dual2SVec64::from_re(0.3).derivative(0);
        let y: Dual2SVec64<2> = Dual2SVec64::from_re(-1.2).derivative(1);
        let (p, q) = (x * y, x + y * y);
        let composed = Dual2SVec64::compose([p, q], |[p, q], derivatives| {
            assert!(derivatives);
            let mut jet = Jet::of(p * p * q);
            jet.first = [2.0 * p * q, p * p];
            jet.set(0, 0, 2.0 * q);
            jet.set(0, 1, 2.0 * p);
            jet
        });
        let direct = p * p * q;
        assert!((direct.re - composed.re).abs() < 1e-15);
        assert!((direct.v1.0.unwrap() - composed.v1.0.unwrap()).amax() < 1e-14);
        assert!((direct.v2.0.unwrap() - composed.v2.0.unwrap()).amax() < 1e-14);
    }

    #[test]
    fn the_scaled_form_agrees_with_the_plain_one() {
        for x in [-49.0, -10.0, -1.0, 0.5, 3.0] {
            let (a, b) = (ln_scaled_cdf_jet(x), ln_cdf_jet(x));
            assert!((a.0 - b.0 - 0.5 * x * x).abs() < 1e-12 * (1.0 + x * x));
            assert!((a.1 - b.1 - x).abs() < 1e-12);
            assert!((a.2 - b.2 - 1.0).abs() < 1e-10);
        }
        let (below, above) = (ln_scaled_cdf_jet(-50.000_001), ln_scaled_cdf_jet(-49.999_999));
        assert!((below.0 - above.0).abs() < 1e-7 && (below.2 / above.2 - 1.0).abs() < 1e-6);
    }
}
