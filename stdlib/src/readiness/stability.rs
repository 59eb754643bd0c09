//! How far each weight can move before a rank or a level changes: exact, not sampled.
//!
//! With the other weights keeping their proportions, `f(index)` of a unit is linear in the weight
//! `t` of one block, `g(t) = R + t (f(x) - R)`, `R` the mean of its other blocks. Levels change
//! where `g` meets a threshold, ranks where the lines of two neighbours in the ranking cross.

use super::aggregate::Aggregator;
use super::answer::transform;
use super::assess::Readiness;
use super::error::ReadinessError;
use crate::error::Result;
use crate::table::{Table, Vector};

/// The room of each block's weight.
#[derive(Debug, Clone)]
pub struct Stability {
    /// One row per block: `weight`; `rank_from`, `rank_to` and `level_from`, `level_to`, the
    /// weights between which nothing changes (0 and 1 where nothing ever does); `first`, what
    /// changes first.
    pub table: Table,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// The nearest change on one side of the given weight.
#[derive(Clone)]
struct Change {
    at: f64,
    what: String,
}

impl Readiness {
    /// The interval of every block's weight in which no rank, and no level, changes.
    ///
    /// Units without a value in some block are left out. An error unless the index is a mean of
    /// its blocks (arithmetic, geometric, harmonic or power).
    pub fn stability(&self) -> Result<Stability> {
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let Some(f) = transform(&root.rule) else {
            return Err(ReadinessError::Undefined {
                primitive: "stability".into(),
                reason: format!("{} at {} is no mean of its parts", root.rule.name(), root.code),
                hint: "aggregate by arithmetic, geometric, harmonic or power".into(),
            }
            .into());
        };
        // A falling f (harmonic, power below 0) turns the order around.
        let falling = match root.rule {
            Aggregator::Harmonic => true,
            Aggregator::Power(p) => p < 0.0,
            _ => false,
        };
        let sign = if falling { -1.0 } else { 1.0 };
        let m = root.children.len();
        let lines: Vec<(usize, Vec<f64>)> = (0..self.units.len())
            .filter_map(|unit| {
                let parts = root.parts(&self.slots, unit)?;
                let values: Vec<f64> = parts.iter().map(|(_, _, x)| sign * f(*x)).collect();
                let whole = values.len() == m && values.iter().all(|y| y.is_finite());
                whole.then_some((unit, values))
            })
            .collect();
        let mut warnings = Vec::new();
        let left_out = self.units.len() - lines.len();
        if left_out > 0 {
            warnings.push(format!("{left_out} units without a value in some block are left out"));
        }
        let thresholds: Vec<f64> = if self.has_levels() {
            self.framework.thresholds().iter().map(|bound| sign * f(*bound)).collect()
        } else {
            Vec::new()
        };
        let mut rows: Vec<(Option<f64>, Option<f64>, Option<f64>, Option<f64>, String)> =
            Vec::new();
        for block in 0..m {
            let (rank, level) = self.changes(block, &root.weights, &lines, &thresholds);
            let weight = root.weights[block];
            let nearest = rank
                .iter()
                .chain(&level)
                .flatten()
                .min_by(|a, b| (a.at - weight).abs().total_cmp(&(b.at - weight).abs()));
            let first = nearest.map_or_else(|| "nothing".to_owned(), |c| c.what.clone());
            let side = |changes: &[Option<Change>; 2], at: usize, open: f64| {
                Some(changes[at].as_ref().map_or(open, |change| change.at))
            };
            rows.push((
                side(&rank, 0, 0.0),
                side(&rank, 1, 1.0),
                side(&level, 0, 0.0),
                side(&level, 1, 1.0),
                first,
            ));
        }
        let table = Table::new([
            ("block", Vector::from_texts(root.children.iter().map(|s| &self.plan.codes[*s]))),
            ("weight", Vector::from_floats(root.weights.iter().copied())),
            ("rank_from", Vector::from_options(rows.iter().map(|row| row.0))),
            ("rank_to", Vector::from_options(rows.iter().map(|row| row.1))),
            ("level_from", Vector::from_options(rows.iter().map(|row| row.2))),
            ("level_to", Vector::from_options(rows.iter().map(|row| row.3))),
            ("first", Vector::from_texts(rows.iter().map(|row| &row.4))),
        ])?
        .labelled_by("block")?;
        Ok(Stability { table, warnings })
    }

    /// The nearest change of rank and of level below and above the given weight of one block.
    fn changes(
        &self,
        block: usize,
        weights: &[f64],
        lines: &[(usize, Vec<f64>)],
        thresholds: &[f64],
    ) -> ([Option<Change>; 2], [Option<Change>; 2]) {
        let weight = weights[block];
        let rest = 1.0 - weight;
        let (mut rank, mut level) = ([None, None], [None, None]);
        if rest <= 0.0 {
            return (rank, level);
        }
        // Value at weight 0 and slope of each unit's line.
        let mut line: Vec<(usize, f64, f64)> = lines
            .iter()
            .map(|(unit, y)| {
                let others: f64 =
                    (0..y.len()).filter(|k| *k != block).map(|k| weights[k] * y[k]).sum();
                let mean = others / rest;
                (*unit, mean, y[block] - mean)
            })
            .collect();
        let now = |(_, start, slope): &(usize, f64, f64)| start + weight * slope;
        line.sort_by(|a, b| now(b).total_cmp(&now(a)));
        for pair in line.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            let slope = a.2 - b.2;
            if slope != 0.0 {
                let at = (b.1 - a.1) / slope;
                let what = format!("{} and {} change places", self.units[a.0], self.units[b.0]);
                nearer(&mut rank, weight, at, what);
            }
        }
        for (unit, start, slope) in &line {
            for (bound, level_below) in thresholds.iter().zip(&self.framework.levels) {
                if *slope != 0.0 {
                    let what =
                        format!("{} crosses the bound of {}", self.units[*unit], level_below.name);
                    nearer(&mut level, weight, (bound - start) / slope, what);
                }
            }
        }
        (rank, level)
    }
}

/// Keeps a change if it is the nearest on its side, within 0..=1.
fn nearer(sides: &mut [Option<Change>; 2], weight: f64, at: f64, what: String) {
    if !(0.0..=1.0).contains(&at) {
        return;
    }
    let side = usize::from(at >= weight);
    let closer =
        sides[side].as_ref().is_none_or(|other| (at - weight).abs() < (other.at - weight).abs());
    if closer {
        let what = format!("{what} at {at:.4}");
        sides[side] = Some(Change { at, what });
    }
}
