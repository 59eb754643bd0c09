//! The density of `e = v - u` where no closed form exists: `f(e) = int g(e + u) k(u) du`.
//!
//! A fixed rule on panels chosen by bounds, so the result is a smooth function of the parameters
//! to the last digits and takes no random numbers. With `u = sigma_u t` the range of `t` is cut at
//! the peaks and the kink of the two densities and halved until, on every panel, both are smooth
//! for 16 Gauss-Legendre nodes; panels on which the product of their largest values is below the
//! last digit of the whole are left out. Narrow noise, narrow inefficiency and powers of `u` at
//! zero thus all cost a few dozen nodes. Logarithms are added, so nothing overflows.
//!
//! Derivatives are exact for that rule: with `l` the integrand's logarithm and the nodes' weights
//! normalised, the score is `E[l_a]` and the Hessian `E[l_ab] + cov(l_a, l_b)`.

use std::sync::OnceLock;

use super::density::{Inefficiency, Point};
use super::jet::Jet;
use super::noise::{Noise, NoiseAt};
use super::prior::{Prior, calm};

pub(super) const NODES: usize = 16;

/// Logarithm of what is left out, relative to the largest value known.
const DEPTH: f64 = 44.0;

/// Panels beyond which an integral counts as hopeless.
const MOST: usize = 4000;

/// Nodes and weights of the Gauss-Legendre rule on `[-1, 1]`.
pub(super) fn rule() -> &'static [(f64, f64); NODES] {
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

/// The integral of `f` over `[low, high]`.
pub(super) fn integrate(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (half, middle) = (0.5 * (high - low), 0.5 * (high + low));
    rule().iter().map(|(x, w)| w * f(middle + half * x)).sum::<f64>() * half
}

/// One row's integrand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Integrand {
    prior: Prior,
    noise: NoiseAt,
    /// `e / b`, `b` the unit of noise.
    origin: f64,
    /// `sigma_u / b`.
    ratio: f64,
    b: f64,
    sigma_u: f64,
    logs: bool,
}

/// A node: `t`, `x = ln t`, logarithm of the weight in `t`.
#[derive(Debug, Clone, Copy)]
struct Node {
    t: f64,
    x: f64,
    ln_weight: f64,
}

/// `ln f(e)` with its derivatives in `e, ln_v, ln_u, mu, shape, df`.
pub(super) fn ln_density(
    inefficiency: Inefficiency,
    noise: Noise,
    at: &Point<f64>,
    derivatives: bool,
) -> Jet<6> {
    let integrand = Integrand::new(inefficiency, noise, at);
    integrand.solve(derivatives)
}

impl Integrand {
    pub fn new(inefficiency: Inefficiency, noise: Noise, at: &Point<f64>) -> Self {
        let sigma_u = (0.5 * at.ln_u).exp();
        let b = (0.5 * at.ln_v).exp() * noise.unit();
        let prior = Prior::new(inefficiency, at);
        Self {
            logs: prior.in_logs(),
            prior,
            noise: noise.at(at.df),
            origin: at.e / b,
            ratio: sigma_u / b,
            b,
            sigma_u,
        }
    }

    fn t(&self, z: f64) -> f64 {
        if self.logs { z.exp() } else { z }
    }

    fn r(&self, t: f64) -> f64 {
        self.origin + self.ratio * t
    }

    /// Logarithm of the integrand in the panels' coordinate.
    fn ln(&self, z: f64) -> f64 {
        self.prior.ln_in(z) + self.noise.ln(self.r(self.t(z)))
    }

    /// Its upper bound on `[low, high]`.
    fn cap(&self, low: f64, high: f64) -> f64 {
        let (from, to) = (self.r(self.t(low)), self.r(self.t(high)));
        self.prior.cap(low, high) + self.noise.cap(from, to)
    }

    /// Whether the rule sees both densities as smooth on `[low, high]`.
    fn smooth(&self, low: f64, high: f64) -> bool {
        if high - low > self.prior.reach(low, high) {
            return false;
        }
        let (a, b) = (self.ratio * self.t(low), self.ratio * self.t(high));
        let (from, to) = (self.origin + a, self.origin + b);
        // Where noise hardly moves the length in logarithms does not matter.
        let still = b * (1.0 + self.noise.slope(from, to));
        (b - a <= self.noise.reach(from, to) || still < 1e-3)
            && (!self.logs || high - low <= calm(still))
    }

    /// Edges of the panels that matter, pairwise.
    fn panels(&self) -> Vec<(f64, f64)> {
        let peak = self.prior.mode();
        let kink = -self.origin / self.ratio;
        // A shape beyond the range of numbers leaves nothing to step by.
        let finite = peak.is_finite()
            && kink.is_finite()
            && self.ratio > 0.0
            && self.prior.power().is_finite();
        if !finite {
            return Vec::new();
        }
        let low = if self.logs { f64::NEG_INFINITY } else { 0.0 };
        let high = if self.logs { self.prior.end().ln() } else { self.prior.end() };
        // Where noise alone would have the mass: at its peak, or pressed against zero.
        let pressed = 1.0 / (self.ratio * (1.0 + self.origin.abs()));
        let other = match (kink > 0.0, self.logs) {
            (true, true) => kink.ln(),
            (true, false) => kink,
            (false, true) => (pressed * self.prior.power()).ln().min(peak),
            (false, false) => pressed.min(peak.max(1.0)),
        };
        let (peak, other) = (peak.clamp(low, high), other.clamp(low, high));
        let mut marks = vec![peak, other];
        let best = (0..=8)
            .map(|k| self.ln(peak + (other - peak) * f64::from(k) / 8.0))
            .fold(f64::NEG_INFINITY, f64::max);
        let enough = best - DEPTH;
        // Outwards until nothing is left.
        let (mut right, mut step) = (peak.max(other), if self.logs { 0.5 } else { 4.0 });
        while right < high && self.cap(right, right.max(high)) >= enough && step < 1e300 {
            right = (right + step).min(high);
            marks.push(right);
            step *= if self.logs { 1.3 } else { 2.0 };
        }
        if self.logs {
            let (mut left, mut step) = (peak.min(other), 1.0 / self.prior.power().max(0.5));
            let still = |left: f64| {
                let (from, to) = (self.origin, self.r(left.exp()));
                self.prior.ln_in(left) + self.noise.cap(from, to)
            };
            while still(left) >= enough && left > -1e9 {
                left -= step;
                marks.push(left);
                step *= 1.5;
            }
        } else {
            marks.push(0.0);
        }
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        let mut panels = Vec::with_capacity(16);
        let mut stack: Vec<(f64, f64)> = marks.windows(2).rev().map(|w| (w[0], w[1])).collect();
        let mut looked_at = 0;
        while let Some((from, to)) = stack.pop() {
            looked_at += 1;
            if looked_at > 50 * MOST {
                return Vec::new();
            }
            if self.cap(from, to) + (to - from).ln().max(0.0) < enough {
                continue;
            }
            let middle = 0.5 * (from + to);
            if self.smooth(from, to) || middle <= from || middle >= to {
                panels.push((from, to));
                if panels.len() > MOST {
                    return Vec::new();
                }
            } else {
                stack.push((middle, to));
                stack.push((from, middle));
            }
        }
        panels
    }

    fn node(&self, low: f64, high: f64, x: f64, weight: f64) -> Node {
        let half = 0.5 * (high - low);
        let z = 0.5 * (high + low) + half * x;
        let ln_weight = (weight * half).ln();
        if self.logs {
            Node { t: z.exp(), x: z, ln_weight: ln_weight + z }
        } else {
            Node { t: z, x: z.ln(), ln_weight }
        }
    }

    /// Nodes with the logarithms of their masses, and the logarithm of the sum.
    fn nodes(&self, panels: &[(f64, f64)]) -> (Vec<(Node, f64)>, f64) {
        let mut nodes = Vec::with_capacity(panels.len() * NODES);
        let mut top = f64::NEG_INFINITY;
        for (low, high) in panels {
            for (x, w) in rule() {
                let node = self.node(*low, *high, *x, *w);
                let ln =
                    self.prior.ln(node.t, node.x) + self.noise.ln(self.r(node.t)) + node.ln_weight;
                top = top.max(ln);
                nodes.push((node, ln));
            }
        }
        let total = nodes.iter().map(|(_, ln)| (ln - top).exp()).sum::<f64>();
        (nodes, top + total.ln())
    }

    fn solve(&self, derivatives: bool) -> Jet<6> {
        let panels = self.panels();
        if panels.is_empty() {
            return Jet::of(f64::NAN);
        }
        let (nodes, ln_total) = self.nodes(&panels);
        let mut jet = Jet::of(ln_total - self.b.ln());
        if !derivatives {
            return jet;
        }
        let (b, m) = (self.b, self.prior.m);
        let s = self.sigma_u;
        let mut slopes: Vec<(f64, [f64; 6])> = Vec::with_capacity(nodes.len());
        // Sums of the second derivatives, in the order of the lower triangle.
        let mut sums = [0.0; 14];
        for (node, ln) in &nodes {
            let p = (ln - ln_total).exp();
            if p == 0.0 {
                continue;
            }
            let moved = self.ratio * node.t;
            let r = self.origin + moved;
            let h = self.noise.jet(r);
            let q = self.prior.jet(node.t, node.x);
            let slope = [
                h.r / b,
                -0.5 - 0.5 * r * h.r,
                0.5 * (h.r * moved - m * q.m),
                q.m / s,
                q.shape,
                h.df,
            ];
            for (k, first) in slope.iter().enumerate() {
                jet.first[k] += p * first;
            }
            slopes.push((p, slope));
            let second = [
                h.rr / (b * b),
                -0.5 * (h.r + r * h.rr) / b,
                0.25 * r * (h.r + r * h.rr),
                0.5 * h.rr * moved / b,
                -0.25 * moved * (h.r + r * h.rr),
                0.25 * (moved * (h.r + h.rr * moved) + m * (q.m + m * q.mm)),
                -0.5 * (q.m + m * q.mm) / s,
                q.mm / (s * s),
                q.shape_shape,
                h.r_df / b,
                -0.5 * r * h.r_df,
                0.5 * moved * h.r_df,
                h.df_df,
                0.0,
            ];
            for (sum, term) in sums.iter_mut().zip(second) {
                *sum += p * term;
            }
        }
        let places = [
            (0, 0),
            (1, 0),
            (1, 1),
            (2, 0),
            (2, 1),
            (2, 2),
            (3, 2),
            (3, 3),
            (4, 4),
            (5, 0),
            (5, 1),
            (5, 2),
            (5, 5),
        ];
        for ((k, l), sum) in places.into_iter().zip(sums) {
            jet.second[k][l] = sum;
        }
        let kink = -self.origin / self.ratio;
        if self.noise.kink() != 0.0 && kink > 0.0 && kink <= self.prior.end() {
            // The second derivative of a kinked density is a spike there.
            let density = self.prior.ln(kink, kink.ln()) + self.noise.ln(0.0) - ln_total;
            let spike = self.noise.kink() * density.exp() / self.ratio;
            let moved = -self.origin;
            jet.second[0][0] += spike / (b * b);
            jet.second[2][0] += 0.5 * spike * moved / b;
            jet.second[2][2] += 0.25 * spike * moved * moved;
        }
        for (p, slope) in &slopes {
            let away: [f64; 6] = std::array::from_fn(|k| slope[k] - jet.first[k]);
            for k in 0..6 {
                for l in 0..=k {
                    jet.second[k][l] += p * away[k] * away[l];
                }
            }
        }
        for k in 0..6 {
            for l in 0..k {
                jet.second[l][k] = jet.second[k][l];
            }
        }
        jet
    }
}

/// The law of `u` given `e`, on the panels of the density.
#[derive(Debug, Clone)]
pub struct Posterior {
    integrand: Integrand,
    panels: Vec<(f64, f64)>,
    /// Probability of each panel.
    mass: Vec<f64>,
    /// Nodes: `u` and its probability.
    nodes: Vec<(f64, f64)>,
    ln_total: f64,
    mode: f64,
}

impl Posterior {
    pub(super) fn new(inefficiency: Inefficiency, noise: Noise, at: &Point<f64>) -> Self {
        let integrand = Integrand::new(inefficiency, noise, at);
        let panels = integrand.panels();
        let (nodes, ln_total) = integrand.nodes(&panels);
        let shares: Vec<(f64, f64)> = nodes
            .iter()
            .map(|(node, ln)| (integrand.sigma_u * node.t, (ln - ln_total).exp()))
            .collect();
        let mass = shares.chunks(NODES).map(|chunk| chunk.iter().map(|n| n.1).sum()).collect();
        let mode = integrand.sigma_u * integrand.mode(&panels, &nodes);
        Self { integrand, panels, mass, nodes: shares, ln_total, mode }
    }

    /// The expectation of `f(u)`.
    pub fn expect(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().map(|(u, p)| p * f(*u)).sum()
    }

    /// The most probable `u`; 0 where the density of `u` is infinite there.
    pub fn mode(&self) -> f64 {
        self.mode
    }

    /// The value not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let mut below = 0.0;
        let integrand = &self.integrand;
        for (panel, mass) in self.mass.iter().enumerate() {
            if below + mass >= p || panel + 1 == self.mass.len() {
                let (start, end) = self.panels[panel];
                let (mut a, mut b) = (start, end);
                for _ in 0..60 {
                    let middle = 0.5 * (a + b);
                    let part =
                        integrate(start, middle, |z| (integrand.ln(z) - self.ln_total).exp());
                    if below + part < p {
                        a = middle;
                    } else {
                        b = middle;
                    }
                }
                return integrand.sigma_u * integrand.t(0.5 * (a + b));
            }
            below += mass;
        }
        0.0
    }
}

impl Integrand {
    /// Log-density of `t`, the panels' coordinate undone.
    fn ln_t(&self, z: f64) -> f64 {
        self.ln(z) - if self.logs { z } else { 0.0 }
    }

    /// The `t` of highest density.
    fn mode(&self, panels: &[(f64, f64)], nodes: &[(Node, f64)]) -> f64 {
        // Within a panel the rule's nodes run from its end to its start.
        let points: Vec<(f64, f64)> = nodes
            .chunks(NODES)
            .flat_map(|panel| panel.iter().rev())
            .map(|(node, _)| {
                let z = if self.logs { node.x } else { node.t };
                (z, self.prior.ln(node.t, node.x) + self.noise.ln(self.r(node.t)))
            })
            .collect();
        let (Some(start), Some(end)) = (panels.first(), panels.last()) else { return 0.0 };
        let top =
            (0..points.len()).max_by(|a, b| points[*a].1.total_cmp(&points[*b].1)).unwrap_or(0);
        let mut a = if top == 0 { start.0 } else { points[top - 1].0 };
        let mut b = points.get(top + 1).map_or(end.1, |p| p.0);
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        let (first, last) = (a, b);
        for _ in 0..80 {
            let (x, y) = (b - ratio * (b - a), a + ratio * (b - a));
            if self.ln_t(x) >= self.ln_t(y) {
                b = y;
            } else {
                a = x;
            }
        }
        let middle = 0.5 * (a + b);
        let best = [first, last]
            .into_iter()
            .fold(middle, |best, end| if self.ln_t(end) > self.ln_t(best) { end } else { best });
        let leftmost = top == 0 && self.logs && best <= first + 1e-6 * (last - first);
        if leftmost { 0.0 } else { self.t(best) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_beyond_the_range_of_numbers_have_no_density() {
        for family in [Inefficiency::Lognormal, Inefficiency::Gamma, Inefficiency::Weibull] {
            for noise in [Noise::Normal, Noise::Laplace] {
                for shape in [-800.0, 800.0] {
                    let at = Point { e: 0.1, ln_v: -2.0, ln_u: -1.0, mu: 0.0, shape, df: 0.0 };
                    let value = ln_density(family, noise, &at, true).value;
                    assert!(
                        value.is_nan() || value <= 0.0,
                        "{family:?} {noise:?} {shape}: {value}"
                    );
                }
            }
        }
    }
}
