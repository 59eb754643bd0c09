//! The law of inefficiency given the composed error of a row.

use std::sync::OnceLock;

use super::density::{Inefficiency, Point};
use super::efficiency::Truncated;

/// The law of `u` given `e = v - u`.
#[derive(Debug, Clone)]
pub enum Law {
    /// A normal law cut at zero: half-normal, truncated normal and exponential inefficiency.
    Truncated(Truncated),
    /// Any other, integrated numerically.
    Numeric(Numeric),
}

/// A density on panels of Gauss-Legendre nodes.
#[derive(Debug, Clone)]
pub struct Numeric {
    family: Inefficiency,
    point: Point<f64>,
    /// Edges of the panels; the mass outside is below the last digit.
    edges: Vec<f64>,
    /// Probability of each panel.
    mass: Vec<f64>,
    /// Logarithm of the total before normalising.
    ln_total: f64,
    mode: f64,
}

const NODES: usize = 12;
const PANELS: usize = 24;

/// Nodes and weights of the Gauss-Legendre rule on `[-1, 1]`.
fn rule() -> &'static [(f64, f64); NODES] {
    static RULE: OnceLock<[(f64, f64); NODES]> = OnceLock::new();
    RULE.get_or_init(|| {
        let n = NODES as f64;
        std::array::from_fn(|i| {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 0.0;
            for _ in 0..100 {
                let (mut before, mut now) = (1.0, x);
                for k in 2..=NODES {
                    let k = k as f64;
                    let next = ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k;
                    (before, now) = (now, next);
                }
                slope = n * (x * now - before) / (x * x - 1.0);
                let step = now / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
    })
}

fn integrate(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (half, middle) = (0.5 * (high - low), 0.5 * (high + low));
    rule().iter().map(|(x, w)| w * f(middle + half * x)).sum::<f64>() * half
}

impl Law {
    /// The law for one row.
    pub fn new(family: Inefficiency, at: Point<f64>) -> Self {
        let (v, u) = (at.ln_v.exp(), at.ln_u.exp());
        match family {
            Inefficiency::HalfNormal | Inefficiency::TruncatedNormal => {
                let mu = if family == Inefficiency::HalfNormal { 0.0 } else { at.mu };
                let share = u / (u + v);
                let mean = mu * (1.0 - share) - at.e * share;
                Self::Truncated(Truncated { mu: mean, sigma: (share * v).sqrt() })
            }
            Inefficiency::Exponential => {
                Self::Truncated(Truncated { mu: -at.e - v / u.sqrt(), sigma: v.sqrt() })
            }
            _ => Self::Numeric(Numeric::new(family, at)),
        }
    }

    /// `E[exp(-u)]`.
    pub fn battese_coelli(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.battese_coelli(),
            Self::Numeric(law) => law.expect(|u| (-u).exp()),
        }
    }

    /// `E[u]`.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.mean(),
            Self::Numeric(law) => law.expect(|u| u),
        }
    }

    /// The most probable `u`.
    pub fn mode(&self) -> f64 {
        match self {
            Self::Truncated(law) => law.mu.max(0.0),
            Self::Numeric(law) => law.mode,
        }
    }

    /// The values exceeded with probabilities `p`, each in (0, 1).
    pub fn upper_quantiles<const N: usize>(&self, p: [f64; N]) -> [f64; N] {
        match self {
            Self::Truncated(law) => p.map(|p| law.upper_quantile(p)),
            Self::Numeric(law) => p.map(|p| law.lower_quantile(1.0 - p)),
        }
    }
}

impl Numeric {
    fn new(family: Inefficiency, point: Point<f64>) -> Self {
        let (sigma_v, sigma_u) = ((0.5 * point.ln_v).exp(), (0.5 * point.ln_u).exp());
        let top = match family {
            Inefficiency::Uniform => 12.0_f64.sqrt() * sigma_u,
            _ => (-point.e).max(0.0) + 40.0 * sigma_v.max(sigma_u),
        };
        let mut law =
            Self { family, point, edges: Vec::new(), mass: Vec::new(), ln_total: 0.0, mode: 0.0 };
        // All of these densities are log-concave, and so is normal noise: one peak.
        law.mode = law.peak(top);
        let peak = law.ln(law.mode);
        law.ln_total = peak;
        let low = law.edge(peak, law.mode, 0.0);
        let high = law.edge(peak, law.mode, top);
        law.edges = (0..=PANELS).map(|k| low + (high - low) * k as f64 / PANELS as f64).collect();
        law.mass =
            law.edges.windows(2).map(|e| integrate(e[0], e[1], |u| law.density(u))).collect();
        let total: f64 = law.mass.iter().sum();
        law.mass.iter_mut().for_each(|m| *m /= total);
        law.ln_total += total.ln();
        law
    }

    fn ln(&self, u: f64) -> f64 {
        let noise = self.point.e + u;
        self.family.ln_prior(u, &self.point) - 0.5 * noise * noise * (-self.point.ln_v).exp()
    }

    fn density(&self, u: f64) -> f64 {
        (self.ln(u) - self.ln_total).exp()
    }

    /// Golden-section search for the one peak on `[0, top]`.
    fn peak(&self, top: f64) -> f64 {
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        let (mut a, mut b) = (0.0, top);
        for _ in 0..90 {
            let (x, y) = (b - ratio * (b - a), a + ratio * (b - a));
            if self.ln(x) >= self.ln(y) {
                b = y;
            } else {
                a = x;
            }
        }
        let middle = 0.5 * (a + b);
        // A peak at an end of the range is that end.
        [0.0, top].into_iter().fold(
            middle,
            |best, end| {
                if self.ln(end) > self.ln(best) { end } else { best }
            },
        )
    }

    /// Where, from the peak towards `end`, the density has fallen below the last digit.
    fn edge(&self, peak: f64, mode: f64, end: f64) -> f64 {
        let target = peak - 42.0;
        if self.ln(end) >= target {
            return end;
        }
        let (mut inside, mut outside) = (mode, end);
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            if self.ln(middle) >= target {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        outside
    }

    fn expect(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.edges.windows(2).map(|e| integrate(e[0], e[1], |u| f(u) * self.density(u))).sum()
    }

    fn lower_quantile(&self, p: f64) -> f64 {
        let mut below = 0.0;
        for (panel, mass) in self.mass.iter().enumerate() {
            if below + mass >= p || panel + 1 == self.mass.len() {
                let start = self.edges[panel];
                let (mut a, mut b) = (start, self.edges[panel + 1]);
                for _ in 0..60 {
                    let middle = 0.5 * (a + b);
                    if below + integrate(start, middle, |u| self.density(u)) < p {
                        a = middle;
                    } else {
                        b = middle;
                    }
                }
                return 0.5 * (a + b);
            }
            below += mass;
        }
        self.edges[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numeric_law_agrees_with_the_closed_one() {
        for (e, ln_v, ln_u) in [(-1.0, -1.0, 0.5), (0.8, -2.0, -1.0), (3.0, 0.0, 0.0)] {
            let point = Point { e, ln_v, ln_u, mu: 0.0, shape: 0.0 };
            for family in [Inefficiency::HalfNormal, Inefficiency::Exponential] {
                let closed = Law::new(family, point);
                let numeric = Law::Numeric(Numeric::new(family, point));
                let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
                close(closed.battese_coelli(), numeric.battese_coelli());
                close(closed.mean(), numeric.mean());
                // A golden section ends where the density is flat to the last digit.
                assert!((closed.mode() - numeric.mode()).abs() < 1e-7);
                let p = [0.025, 0.5, 0.975];
                for (a, b) in closed.upper_quantiles(p).into_iter().zip(numeric.upper_quantiles(p))
                {
                    close(a, b);
                }
            }
        }
    }

    #[test]
    fn the_rule_is_exact_for_polynomials() {
        let got = integrate(0.0, 2.0, |x| x.powi(23));
        assert!((got / (2.0_f64.powi(24) / 24.0) - 1.0).abs() < 1e-13);
    }
}
