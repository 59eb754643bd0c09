//! The law of the composed error: a law of inefficiency and one of noise.

use super::density::{Inefficiency, Point};
use super::jet::Num;
use super::noise::Noise;
use super::quadrature;

/// What the two parts of `e = v - u` follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErrorLaw {
    /// Law of inefficiency.
    pub inefficiency: Inefficiency,
    /// Law of noise.
    pub noise: Noise,
}

impl ErrorLaw {
    /// Whether its density has a closed form; otherwise it is integrated numerically.
    pub fn is_closed(self) -> bool {
        self.noise == Noise::Normal && self.inefficiency.is_closed()
    }

    /// `ln f(e)`.
    #[inline]
    pub fn ln_density<N: Num>(self, at: &Point<N>) -> N {
        if self.is_closed() {
            return self.inefficiency.ln_density(at);
        }
        self.integrated(at)
    }

    /// `ln f(e)` by quadrature, closed form or not.
    fn integrated<N: Num>(self, at: &Point<N>) -> N {
        N::compose([at.e, at.ln_v, at.ln_u, at.mu, at.shape, at.df], |x, derivatives| {
            let at = Point { e: x[0], ln_v: x[1], ln_u: x[2], mu: x[3], shape: x[4], df: x[5] };
            quadrature::ln_density(self.inefficiency, self.noise, &at, derivatives)
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use num_dual::Dual2SVec64;

    use super::*;
    use crate::choice::Choice;

    /// Points scattered over signs and scales by the golden ratio.
    pub(in crate::frontier) fn points() -> Vec<[f64; 6]> {
        let draw =
            |i: usize, k: usize| ((i * 6 + k + 1) as f64 * 0.618_033_988_749_895).fract() - 0.5;
        (0..40)
            .map(|i| {
                [
                    4.0 * draw(i, 0),
                    4.0 * draw(i, 1),
                    4.0 * draw(i, 2),
                    3.0 * draw(i, 3),
                    1.6 * draw(i, 4),
                    1.5 + 2.0 * draw(i, 5),
                ]
            })
            .collect()
    }

    pub(in crate::frontier) fn at<N: Num>(x: [N; 6]) -> Point<N> {
        Point { e: x[0], ln_v: x[1], ln_u: x[2], mu: x[3], shape: x[4], df: x[5] }
    }

    fn laws() -> impl Iterator<Item = (String, ErrorLaw)> {
        Inefficiency::ALL.iter().flat_map(|(u, inefficiency)| {
            Noise::ALL.iter().map(move |(v, noise)| {
                (format!("{u} {v}"), ErrorLaw { inefficiency: *inefficiency, noise: *noise })
            })
        })
    }

    #[test]
    fn every_closed_form_is_its_integral() {
        for (name, family) in Inefficiency::ALL.iter().filter(|f| f.1.is_closed()) {
            let law = ErrorLaw { inefficiency: *family, noise: Noise::Normal };
            let mut hard = points();
            // Far tails and nearly no noise.
            hard.extend([
                [-3.0, -9.0, 0.0, -0.5, 0.3, 1.0],
                [9.0, 0.0, 0.2, 0.7, 0.3, 1.0],
                [-9.0, 0.0, -5.0, 0.1, -0.3, 1.0],
                [0.002, -11.0, -1.0, 0.1, -0.3, 1.0],
                [-0.5, -2.0, -1.0, -6.0, 3.0, 1.0],
            ]);
            for x in hard {
                let p = at(x);
                let (closed, integral) = (law.ln_density(&p), law.integrated(&p));
                let gap = (closed - integral).abs();
                assert!(gap < 1e-11 * (1.0 + closed.abs()), "{name} {x:?}: {closed} {integral}");
                let jet = |closed: bool| {
                    let at = at::<Dual2SVec64<6>>(std::array::from_fn(|k| {
                        Dual2SVec64::from_re(x[k]).derivative(k)
                    }));
                    if closed { law.ln_density(&at) } else { law.integrated(&at) }
                };
                let (a, b) = (jet(true), jet(false));
                let (a1, b1) = (a.v1.0.unwrap(), b.v1.0.unwrap());
                let (a2, b2) = (a.v2.0.unwrap(), b.v2.0.unwrap());
                let size = 1.0 + (-0.5 * p.ln_v).exp();
                assert!((a1 - b1).amax() < 1e-9 * size, "{name} {x:?}: {a1} {b1}");
                assert!((a2 - b2).amax() < 1e-8 * size * size, "{name} {x:?}: {a2} {b2}");
            }
        }
    }

    #[test]
    fn nested_laws_agree() {
        let law = |inefficiency| ErrorLaw { inefficiency, noise: Noise::Normal };
        let close = |a: f64, b: f64, x: [f64; 6]| {
            assert!((a - b).abs() < 1e-11 * (1.0 + b.abs()), "{x:?}: {a} {b}");
        };
        for mut x in points() {
            x[4] = 0.0;
            let exponential = law(Inefficiency::Exponential).ln_density(&at(x));
            close(law(Inefficiency::Gamma).ln_density(&at(x)), exponential, x);
            close(law(Inefficiency::Weibull).ln_density(&at(x)), exponential, x);
            let rayleigh = law(Inefficiency::Rayleigh).ln_density(&at(x));
            x[2] += std::f64::consts::LN_2;
            x[4] = std::f64::consts::LN_2;
            close(law(Inefficiency::Weibull).ln_density(&at(x)), rayleigh, x);
            // Many degrees of freedom are normal noise, up to their inverse.
            x[5] = 25.0;
            let student = ErrorLaw { inefficiency: Inefficiency::Rayleigh, noise: Noise::StudentT };
            let normal = law(Inefficiency::Rayleigh).ln_density(&at(x));
            assert!((student.ln_density(&at(x)) - normal).abs() < 1e-5, "{x:?}");
        }
    }

    #[test]
    fn laplace_noise_with_exponential_inefficiency_has_its_closed_form() {
        // Horrace and Parmeter (2018): f(e) for e >= 0 and below, with scales a of noise and s.
        let law = ErrorLaw { inefficiency: Inefficiency::Exponential, noise: Noise::Laplace };
        for x in points() {
            let p = at(x);
            let (a, s) = ((0.5 * p.ln_v).exp() * Noise::Laplace.unit(), (0.5 * p.ln_u).exp());
            let density = if p.e >= 0.0 {
                (-p.e / a).exp() / (2.0 * (a + s))
            } else {
                let u = -p.e;
                // Up to the kink and beyond it.
                let below = if (a - s).abs() < 1e-9 {
                    u * (-u / a).exp() / (2.0 * a * s)
                } else {
                    ((-u / s).exp() - (-u / a).exp()) / (2.0 * (s - a))
                };
                below + (-u / s).exp() / (2.0 * (a + s))
            };
            let got = law.ln_density(&p);
            assert!((got - density.ln()).abs() < 1e-11 * (1.0 + got.abs()), "{x:?}");
        }
    }

    #[test]
    fn densities_do_not_depend_on_units() {
        for (name, law) in laws() {
            for x in points().into_iter().take(6) {
                let mut y = x;
                y[0] *= 1000.0;
                y[1] += 2.0 * 1000.0_f64.ln();
                y[2] += 2.0 * 1000.0_f64.ln();
                y[3] *= 1000.0;
                let (a, b) = (law.ln_density(&at(x)), law.ln_density(&at(y)));
                assert!((a - b - 1000.0_f64.ln()).abs() < 1e-10, "{name} {x:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn scores_and_hessians_agree_with_differences() {
        for (name, law) in laws() {
            let count = if law.is_closed() { 40 } else { 8 };
            for x in points().into_iter().take(count) {
                let jet = |y: [f64; 6]| {
                    law.ln_density(&at::<Dual2SVec64<6>>(std::array::from_fn(|k| {
                        Dual2SVec64::from_re(y[k]).derivative(k)
                    })))
                };
                let here = jet(x);
                let value = |y: [f64; 6]| law.ln_density(&at(y));
                assert!((here.re - value(x)).abs() < 1e-12 * (1.0 + here.re.abs()));
                let (first, second) = (here.v1.0.unwrap(), here.v2.0.unwrap());
                let size = 1.0 + first.amax() + second.amax();
                for k in 0..6 {
                    let step = |h: f64| {
                        let mut y = x;
                        y[k] += h;
                        y
                    };
                    let h = 1e-5;
                    let slope = (value(step(h)) - value(step(-h))) / (2.0 * h);
                    assert!((slope - first[k]).abs() < 1e-6 * size, "{name} {x:?} {k}");
                    let (low, high) = (jet(step(-h)).v1.0.unwrap(), jet(step(h)).v1.0.unwrap());
                    for l in 0..6 {
                        let gap = ((high[l] - low[l]) / (2.0 * h) - second[(k, l)]).abs();
                        assert!(gap < 2e-6 * size, "{name} {x:?} {k} {l}: {gap}");
                    }
                }
            }
        }
    }

    #[test]
    fn extreme_points_stay_finite_and_smooth() {
        // Nearly no noise, nearly no inefficiency, shapes far out, rows far off.
        for (name, law) in laws() {
            for x in [
                [-1.0, -20.0, 0.0, 0.3, -2.0, 1.0],
                [-1.0, 0.0, -20.0, 0.3, 2.0, 0.0],
                [-300.0, 0.0, 0.0, 0.3, 0.5, 5.0],
                [300.0, 0.0, 0.0, 0.3, -0.5, 5.0],
                [-5.0, -1.0, 0.0, -20.0, 4.0, 5.0],
            ] {
                let value = law.ln_density(&at(x));
                assert!(value.is_finite(), "{name} {x:?}: {value}");
            }
        }
    }
}
