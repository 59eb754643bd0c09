//! A density of inefficiency as polynomials between nodes, so that a user's function is called a few
//! hundred times for given parameters, however many rows there are.

use crate::error::Result;
use crate::frontier::quadrature::{NODES, rule};

/// A density `g(u, theta)` on `u >= 0`.
pub type Density<'a> = dyn Fn(f64, &[f64]) -> Result<f64> + 'a;

/// Mass of a panel whose shape no longer matters.
const NOTHING: f64 = 1e-40;
/// How often a panel is halved at most.
const HALVINGS: u32 = 48;
/// How often the range is doubled at most in search of the tail's end.
const DOUBLINGS: u32 = 60;
/// Panels at most.
const MOST: usize = 400;

/// Nodes of the rule on `[-1, 1]` in increasing order, and their barycentric weights.
pub(super) struct Basis {
    pub nodes: [f64; NODES],
    pub weights: [f64; NODES],
    barycentric: [f64; NODES],
}

impl Basis {
    pub fn new() -> Self {
        let mut points = *rule();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nodes = points.map(|p| p.0);
        let barycentric = std::array::from_fn(|j| {
            let others = (0..NODES).filter(|k| *k != j);
            1.0 / others.map(|k| nodes[j] - nodes[k]).product::<f64>()
        });
        Self { nodes, weights: points.map(|p| p.1), barycentric }
    }

    /// What each node's value counts for at `x` in `[-1, 1]`.
    pub fn at(&self, x: f64) -> [f64; NODES] {
        if let Some(hit) = self.nodes.iter().position(|node| *node == x) {
            return std::array::from_fn(|j| f64::from(u8::from(j == hit)));
        }
        let parts: [f64; NODES] =
            std::array::from_fn(|j| self.barycentric[j] / (x - self.nodes[j]));
        let sum: f64 = parts.iter().sum();
        parts.map(|part| part / sum)
    }
}

/// The panels on which a density is tabulated.
#[derive(Debug, Clone, Default)]
pub(super) struct Panels {
    /// From where to where each goes, in order and without gaps from 0.
    pub edges: Vec<(f64, f64)>,
}

/// Why there are no panels.
pub(super) enum Unfit {
    /// The density is negative or not a number at `u`.
    Value { u: f64, value: f64 },
    /// Its integral does not settle.
    Endless,
    /// The user's function failed.
    Failed(crate::Error),
}

impl From<crate::Error> for Unfit {
    fn from(error: crate::Error) -> Self {
        Self::Failed(error)
    }
}

struct Sheet<'a> {
    density: &'a Density<'a>,
    theta: &'a [f64],
    basis: &'a Basis,
}

impl Sheet<'_> {
    fn value(&self, u: f64) -> Result<f64, Unfit> {
        let value = (self.density)(u, self.theta)?;
        if value >= 0.0 && value.is_finite() { Ok(value) } else { Err(Unfit::Value { u, value }) }
    }

    /// The values at the nodes of a panel, and the integral over it.
    fn panel(&self, low: f64, high: f64) -> Result<([f64; NODES], f64), Unfit> {
        let mut values = [0.0; NODES];
        let half = 0.5 * (high - low);
        let mut sum = 0.0;
        for j in 0..NODES {
            values[j] = self.value(0.5 * (low + high) + half * self.basis.nodes[j])?;
            sum += self.basis.weights[j] * values[j];
        }
        Ok((values, sum * half))
    }

    /// Halves `[low, high]` until the rule sees the density as a polynomial on each part.
    fn refine(
        &self,
        (low, high): (f64, f64),
        whole: [f64; NODES],
        depth: u32,
        edges: &mut Vec<(f64, f64)>,
    ) -> Result<f64, Unfit> {
        let middle = 0.5 * (low + high);
        let left = self.panel(low, middle)?;
        let right = self.panel(middle, high)?;
        let scale = left.0.iter().chain(&right.0).fold(0.0_f64, |m, v| m.max(*v));
        // The parts' nodes against the whole's polynomial: an integral alone may agree by chance.
        let mut gap = 0.0_f64;
        for (values, shift) in [(&left.0, -0.5), (&right.0, 0.5)] {
            for j in (0..NODES).step_by(3) {
                let guess: f64 = self
                    .basis
                    .at(shift + 0.5 * self.basis.nodes[j])
                    .iter()
                    .zip(&whole)
                    .map(|(w, v)| w * v)
                    .sum();
                gap = gap.max((guess - values[j]).abs());
            }
        }
        if scale * (high - low) < NOTHING || gap <= 1e-10 * scale {
            edges.push((low, high));
            return Ok(left.1 + right.1);
        }
        if depth == 0 || edges.len() > MOST {
            // A density that is infinite at zero keeps a sliver there, which holds next to nothing.
            edges.push((low, high));
            return Ok(left.1 + right.1);
        }
        Ok(self.refine((low, middle), left.0, depth - 1, edges)?
            + self.refine((middle, high), right.0, depth - 1, edges)?)
    }
}

impl Panels {
    /// Panels that hold the density at `theta`, beginning with one as long as `scale`; and its
    /// integral.
    pub fn of(
        density: &Density<'_>,
        theta: &[f64],
        scale: f64,
        basis: &Basis,
    ) -> Result<(Self, f64), Unfit> {
        let sheet = Sheet { density, theta, basis };
        let mut edges = Vec::new();
        let (mut low, mut high, mut total) = (0.0, scale, 0.0);
        let mut still = 0;
        for _ in 0..DOUBLINGS {
            let whole = sheet.panel(low, high)?;
            let mass = sheet.refine((low, high), whole.0, HALVINGS, &mut edges)?;
            total += mass;
            // Two panels in a row without mass end the search, once there has been some.
            still = if mass <= 1e-13 && total > 0.5 { still + 1 } else { 0 };
            if still == 2 {
                while let Some(last) = edges.pop() {
                    let rest = sheet.panel(last.0, last.1)?.1;
                    if rest > 1e-300 && rest > 1e-16 * total {
                        edges.push(last);
                        break;
                    }
                }
                return Ok((Self { edges }, total));
            }
            (low, high) = (high, high + (high - low) * 2.0);
            if edges.len() > MOST {
                break;
            }
        }
        Err(Unfit::Endless)
    }

    /// The values of the density at every node, panel after panel.
    pub fn values(&self, density: &Density<'_>, theta: &[f64], basis: &Basis) -> Result<Vec<f64>> {
        let mut values = Vec::with_capacity(self.edges.len() * NODES);
        for (low, high) in &self.edges {
            for node in &basis.nodes {
                values.push(density(0.5 * (low + high) + 0.5 * (high - low) * node, theta)?);
            }
        }
        Ok(values)
    }
}

/// A finer set of panels, each within one of the tabulated ones, with the nodes of the rule.
pub(super) struct Fine {
    /// From where to where.
    pub edges: Vec<(f64, f64)>,
    /// The nodes, [`NODES`] a panel, in increasing order.
    pub u: Vec<f64>,
    /// Their weights in `u`.
    pub weight: Vec<f64>,
    /// Tabulated panel and interpolation of each node.
    source: Vec<(usize, [f64; NODES])>,
}

impl Fine {
    /// Panels no longer than `longest`; `None` where that takes more than `most`.
    pub fn new(panels: &Panels, longest: f64, most: usize, basis: &Basis) -> Option<Self> {
        let mut fine =
            Self { edges: Vec::new(), u: Vec::new(), weight: Vec::new(), source: Vec::new() };
        for (at, (low, high)) in panels.edges.iter().enumerate() {
            let parts = ((high - low) / longest).ceil().max(1.0);
            let left = most.saturating_sub(fine.edges.len()) as f64;
            if parts.is_nan() || parts >= left {
                return None;
            }
            let step = (high - low) / parts;
            for part in 0..parts as usize {
                let from = low + step * part as f64;
                fine.edges.push((from, from + step));
                for j in 0..NODES {
                    let u = from + 0.5 * step * (1.0 + basis.nodes[j]);
                    let x = (2.0 * u - low - high) / (high - low);
                    fine.u.push(u);
                    fine.weight.push(0.5 * step * basis.weights[j]);
                    fine.source.push((at, basis.at(x)));
                }
            }
        }
        Some(fine)
    }

    /// What tabulated `values` are at the finer nodes.
    pub fn spread(&self, values: &[f64]) -> Vec<f64> {
        self.source
            .iter()
            .map(|(panel, parts)| {
                let own = &values[panel * NODES..(panel + 1) * NODES];
                parts.iter().zip(own).map(|(part, value)| part * value).sum()
            })
            .collect()
    }
}
