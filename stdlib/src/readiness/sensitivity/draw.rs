//! Random weights.

use rand::RngExt;

use super::{SensitivityParams, WeightDraw, WeightLevel};
use crate::error::{Error, Result};
use crate::readiness::assess::Readiness;
use crate::readiness::plan::Plan;

/// Draws weights for the groups of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Weigher {
    kind: WeightDraw,
    level: WeightLevel,
    concentration: f64,
    spread: f64,
    /// Panel rows in order of the index's children, each summing to 1.
    panel: Vec<Vec<f64>>,
}

impl Weigher {
    pub fn new(params: &SensitivityParams, nominal: &Readiness) -> Result<Self> {
        let blocks = nominal.plan.groups.last().map_or(0, |root| root.children.len());
        let mut panel = Vec::new();
        for row in &params.panel {
            let sum: f64 = row.iter().sum();
            if row.len() != blocks || sum <= 0.0 {
                return Err(Error::Invalid {
                    primitive: "sensitivity",
                    parameter: "panel",
                    rule: format!("hold {blocks} weights per expert, not all 0"),
                    value: format!("{row:?}"),
                });
            }
            panel.push(row.iter().map(|w| w / sum).collect());
        }
        Ok(Self {
            kind: params.weights,
            level: params.level,
            concentration: params.concentration,
            spread: params.spread,
            panel,
        })
    }

    /// Experts, where weights come from a panel.
    pub fn experts(&self) -> Option<usize> {
        (self.kind == WeightDraw::Panel).then_some(self.panel.len())
    }

    /// Whether drawn weights differ from the given ones.
    pub fn varies(&self) -> bool {
        self.kind != WeightDraw::Fixed
    }

    /// Whether only the weights of the index's children are drawn.
    pub fn blocks_only(&self) -> bool {
        self.level == WeightLevel::Blocks
    }

    /// Weights for every group of `plan`, in its order.
    pub fn draw(&self, plan: &Plan, rng: &mut impl rand::Rng) -> Vec<Vec<f64>> {
        let last = plan.groups.len() - 1;
        plan.groups
            .iter()
            .enumerate()
            .map(|(at, group)| {
                if self.level == WeightLevel::Blocks && at < last {
                    group.weights.clone()
                } else {
                    self.siblings(&group.weights, rng)
                }
            })
            .collect()
    }

    /// The panel row `expert` as weights of the index's children.
    pub fn expert(&self, plan: &Plan, expert: usize) -> Vec<Vec<f64>> {
        let mut weights: Vec<Vec<f64>> = plan.groups.iter().map(|g| g.weights.clone()).collect();
        if let Some(root) = weights.last_mut() {
            root.clone_from(&self.panel[expert]);
        }
        weights
    }

    fn siblings(&self, given: &[f64], rng: &mut impl rand::Rng) -> Vec<f64> {
        let n = given.len();
        if n == 1 {
            return vec![1.0];
        }
        let mut drawn: Vec<f64> = match self.kind {
            WeightDraw::Fixed => return given.to_vec(),
            WeightDraw::Panel => return self.panel[rng.random_range(0..self.panel.len())].clone(),
            WeightDraw::Dirichlet => {
                given.iter().map(|w| gamma(w * self.concentration, rng)).collect()
            }
            WeightDraw::Uniform | WeightDraw::Ordered => {
                given.iter().map(|_| exponential(rng)).collect()
            }
            WeightDraw::Percent => given
                .iter()
                .map(|w| w * (1.0 + self.spread * (2.0 * rng.random::<f64>() - 1.0)))
                .collect(),
        };
        if self.kind == WeightDraw::Ordered {
            // The largest draw goes to the largest given weight; equal ones share at random.
            let mut order: Vec<(f64, f64, usize)> =
                given.iter().enumerate().map(|(at, w)| (*w, rng.random(), at)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            drawn.sort_by(f64::total_cmp);
            let sorted = drawn.clone();
            for ((_, _, at), value) in order.into_iter().zip(sorted) {
                drawn[at] = value;
            }
        }
        let sum: f64 = drawn.iter().sum();
        if sum > 0.0 && sum.is_finite() {
            drawn.into_iter().map(|w| w / sum).collect()
        } else {
            given.to_vec()
        }
    }
}

fn exponential(rng: &mut impl rand::Rng) -> f64 {
    -(1.0 - rng.random::<f64>()).ln()
}

/// Standard normal, by the polar method.
pub(super) fn normal(rng: &mut impl rand::Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * rng.random::<f64>() - 1.0, 2.0 * rng.random::<f64>() - 1.0);
        let s = u * u + v * v;
        if s > 0.0 && s < 1.0 {
            return u * (-2.0 * s.ln() / s).sqrt();
        }
    }
}

/// Gamma with this shape and scale 1: Marsaglia and Tsang (2000).
fn gamma(shape: f64, rng: &mut impl rand::Rng) -> f64 {
    if shape <= 0.0 {
        return 0.0;
    }
    if shape < 1.0 {
        let boost = (1.0 - rng.random::<f64>()).powf(1.0 / shape);
        return gamma(shape + 1.0, rng) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v <= 0.0 {
            continue;
        }
        let u: f64 = 1.0 - rng.random::<f64>();
        if u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::rng;

    fn weigher(kind: WeightDraw) -> Weigher {
        Weigher {
            kind,
            level: WeightLevel::Blocks,
            concentration: 50.0,
            spread: 0.25,
            panel: Vec::new(),
        }
    }

    #[test]
    fn a_gamma_draw_has_its_moments() {
        let mut rng = rng(7, 0);
        for shape in [0.3, 1.0, 4.5] {
            let n = 40_000;
            let draws: Vec<f64> = (0..n).map(|_| gamma(shape, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
            // Mean and variance are the shape; four standard errors.
            let four = 4.0 * (shape / f64::from(n)).sqrt();
            assert!((mean - shape).abs() < four, "{shape}: {mean}");
            assert!((variance / shape - 1.0).abs() < 0.12, "{shape}: {variance}");
        }
    }

    #[test]
    fn drawn_weights_sum_to_one_and_keep_what_they_promise() {
        let given = [0.5, 0.3, 0.2];
        let mut rng = rng(3, 0);
        let mut means = [0.0; 3];
        for _ in 0..4000 {
            let w = weigher(WeightDraw::Dirichlet).siblings(&given, &mut rng);
            assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            means.iter_mut().zip(&w).for_each(|(mean, w)| *mean += w / 4000.0);
            let w = weigher(WeightDraw::Ordered).siblings(&given, &mut rng);
            assert!(w[0] >= w[1] && w[1] >= w[2]);
            let w = weigher(WeightDraw::Percent).siblings(&given, &mut rng);
            // (1.25 / 0.75) is the most that a ratio of two weights can move.
            assert!(w[0] / w[1] <= 5.0 / 3.0 * 1.25 / 0.75 + 1e-12);
        }
        for (mean, w) in means.iter().zip(given) {
            // sd of a Dirichlet weight: sqrt(w (1 - w) / 51); five standard errors of 4000 draws.
            assert!((mean - w).abs() < 5.0 * (w * (1.0 - w) / 51.0 / 4000.0).sqrt());
        }
    }
}
