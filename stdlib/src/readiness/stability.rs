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

/// A value on the scale of the mean, as a line in the weight that moves.
#[derive(Clone, Copy)]
struct Line {
    start: f64,
    slope: f64,
}

impl Line {
    fn at(self, weight: f64) -> f64 {
        self.start + weight * self.slope
    }

    /// Where it meets `value`; `None` for a flat line.
    fn meets(self, value: f64) -> Option<f64> {
        (self.slope != 0.0).then(|| (value - self.start) / self.slope)
    }
}

/// A minimum rule on a node that moves: what it must reach, else the level it caps.
struct Cap {
    line: Line,
    least: f64,
    level: usize,
}

/// One unit as the weight of one child moves.
struct Moving {
    unit: usize,
    index: Line,
    /// Highest level that minimum rules on nodes that stay allow.
    fixed: usize,
    caps: Vec<Cap>,
}

impl Moving {
    fn level(&self, weight: f64, bounds: &[f64]) -> usize {
        let index = self.index.at(weight);
        let plain = bounds.iter().filter(|bound| index > **bound).count();
        let missed = self.caps.iter().filter(|cap| cap.line.at(weight) < cap.least);
        missed.map(|cap| cap.level).fold(plain.min(self.fixed), usize::min)
    }

    /// Weights at which its level may change.
    fn candidates(&self, bounds: &[f64]) -> Vec<f64> {
        let crossed = bounds.iter().filter_map(|bound| self.index.meets(*bound));
        let capped = self.caps.iter().filter_map(|cap| cap.line.meets(cap.least));
        crossed.chain(capped).filter(|at| (0.0..=1.0).contains(at)).collect()
    }
}

fn undefined(reason: String, hint: &str) -> crate::Error {
    let primitive = "stability".to_owned();
    ReadinessError::Undefined { primitive, reason, hint: hint.into() }.into()
}

impl Readiness {
    /// The interval of every weight below `node` (else the index) in which no rank, and no level,
    /// changes, its siblings keeping their proportions.
    ///
    /// Units without a value in some child are left out. An error unless the node and all above it
    /// take one and the same mean (arithmetic, geometric, harmonic or power).
    pub fn stability(&self, node: Option<&str>) -> Result<Stability> {
        let path = self.path_to(node)?;
        let group = &self.plan.groups[path[0]];
        let Some(f) = transform(&group.rule) else {
            let reason = format!("{} at {} is no mean of its parts", group.rule.name(), group.code);
            return Err(undefined(reason, "aggregate by arithmetic, geometric, harmonic or power"));
        };
        if let Some(other) = path.iter().find(|at| self.plan.groups[**at].rule != group.rule) {
            let above = &self.plan.groups[*other];
            let reason = format!(
                "{} takes a {} mean and {} above it {}",
                group.code,
                group.rule.name(),
                above.code,
                above.rule.name()
            );
            return Err(undefined(reason, "ask for the weights of a node under one mean"));
        }
        if path.len() > 1 && self.plan.round_blocks.is_some() {
            return Err(undefined("blocks are rounded".into(), "score without round_blocks"));
        }
        // A falling f (harmonic, power below 0) turns the order around.
        let falling = match group.rule {
            Aggregator::Harmonic => true,
            Aggregator::Power(p) => p < 0.0,
            _ => false,
        };
        let sign = if falling { -1.0 } else { 1.0 };
        let scaled = |x: f64| sign * f(x);
        let units: Vec<(usize, Vec<f64>)> = (0..self.units.len())
            .filter_map(|unit| Some((unit, self.scaled_parts(&path, unit, &scaled)?)))
            .collect();
        let mut warnings = Vec::new();
        let left_out = self.units.len() - units.len();
        if left_out > 0 {
            warnings.push(format!("{left_out} units without a value in some child are left out"));
        }
        let bounds: Vec<f64> = if self.has_levels() {
            self.framework.thresholds().iter().map(|bound| scaled(*bound)).collect()
        } else {
            Vec::new()
        };
        let mut sides = Vec::new();
        for child in 0..group.children.len() {
            let moving: Vec<Moving> = units
                .iter()
                .map(|(unit, values)| self.moving(&path, child, *unit, values, &scaled))
                .collect();
            sides.push(self.changes(group.weights[child], &moving, &bounds));
        }
        let end = |changes: &[Option<Change>; 2], side: usize| {
            let open = if side == 0 { 0.0 } else { 1.0 };
            changes[side].as_ref().map_or(open, |change| change.at)
        };
        let first = |place: usize| {
            let weight = group.weights[place];
            let (rank, level) = &sides[place];
            let near = |change: &&Change| (change.at - weight).abs();
            let changes = rank.iter().chain(level).flatten();
            let nearest = changes.min_by(|a, b| near(a).total_cmp(&near(b)));
            nearest.map_or_else(|| "nothing".to_owned(), |change| change.what.clone())
        };
        let each = 0..group.children.len();
        let ends = |get: &dyn Fn(usize) -> f64| Vector::from_floats(each.clone().map(get));
        let table = Table::new([
            ("block", Vector::from_texts(group.children.iter().map(|s| &self.plan.codes[*s]))),
            ("weight", Vector::from_floats(group.weights.iter().copied())),
            ("rank_from", ends(&|at| end(&sides[at].0, 0))),
            ("rank_to", ends(&|at| end(&sides[at].0, 1))),
            ("level_from", ends(&|at| end(&sides[at].1, 0))),
            ("level_to", ends(&|at| end(&sides[at].1, 1))),
            ("first", Vector::from_texts(each.clone().map(first))),
        ])?
        .labelled_by("block")?;
        Ok(Stability { table, warnings })
    }

    /// The groups from `node` up to the index, by their place in the plan.
    fn path_to(&self, node: Option<&str>) -> Result<Vec<usize>> {
        let last = self.plan.groups.len() - 1;
        let Some(code) = node else { return Ok(vec![last]) };
        if self.framework.find("stability", code)?.as_item().is_some() {
            return Err(undefined(
                format!("`{code}` is an item and weighs nothing below it"),
                "name a block or the index",
            ));
        }
        let place = self.plan.groups.iter().position(|group| group.code == code);
        let mut path = vec![place.ok_or_else(|| {
            undefined(format!("`{code}` has no weight in the index"), "name another node")
        })?];
        while path[path.len() - 1] != last {
            let slot = self.plan.items + path[path.len() - 1];
            let above = self.plan.groups.iter().position(|group| group.children.contains(&slot));
            path.push(above.unwrap_or(last));
        }
        Ok(path)
    }

    /// A unit's values below the path's first node on the scale of the mean; `None` with a gap
    /// there, or where a node of the path does not enter the next one as it is.
    fn scaled_parts(
        &self,
        path: &[usize],
        unit: usize,
        scaled: &dyn Fn(f64) -> f64,
    ) -> Option<Vec<f64>> {
        for pair in path.windows(2) {
            let slot = self.plan.items + pair[0];
            let above = &self.plan.groups[pair[1]];
            let parts = above.parts(&self.slots, unit)?;
            let own = parts.iter().find(|(child, _, _)| *child == slot)?;
            if own.2 != self.slots[slot][unit] {
                return None;
            }
        }
        let group = &self.plan.groups[path[0]];
        let parts = group.parts(&self.slots, unit)?;
        let values: Vec<f64> = parts.iter().map(|(_, _, x)| scaled(*x)).collect();
        let whole =
            values.len() == group.children.len() && values.iter().all(|value| value.is_finite());
        whole.then_some(values)
    }

    /// How a unit's index, and the nodes on the path that minimum rules look at, move with the
    /// weight of one child.
    fn moving(
        &self,
        path: &[usize],
        child: usize,
        unit: usize,
        values: &[f64],
        scaled: &dyn Fn(f64) -> f64,
    ) -> Moving {
        let weights = &self.plan.groups[path[0]].weights;
        let rest = 1.0 - weights[child];
        let others: f64 =
            (0..values.len()).filter(|k| *k != child).map(|k| weights[k] * values[k]).sum();
        let mean = if rest > 0.0 { others / rest } else { values[child] };
        let mut line = Line { start: mean, slope: values[child] - mean };
        let mut lines = vec![(self.plan.items + path[0], line)];
        for pair in path.windows(2) {
            let slot = self.plan.items + pair[0];
            let parts = self.plan.groups[pair[1]].parts(&self.slots, unit).unwrap_or_default();
            let (mut own, mut beside) = (0.0, 0.0);
            for (other, weight, x) in parts {
                if other == slot {
                    own = weight;
                } else {
                    beside += weight * scaled(x);
                }
            }
            line = Line { start: beside + own * line.start, slope: own * line.slope };
            lines.push((self.plan.items + pair[1], line));
        }
        let mut caps = Vec::new();
        let mut fixed = self.framework.levels.len().saturating_sub(1);
        for (slot, at_least, level) in self.minimum_rules() {
            match lines.iter().find(|(other, _)| *other == slot) {
                Some((_, line)) => caps.push(Cap { line: *line, least: scaled(at_least), level }),
                None if self.slots[slot][unit] < at_least => fixed = fixed.min(level),
                None => {}
            }
        }
        Moving { unit, index: line, fixed, caps }
    }

    /// The nearest change of rank and of level below and above the given weight of one child.
    fn changes(
        &self,
        weight: f64,
        moving: &[Moving],
        bounds: &[f64],
    ) -> ([Option<Change>; 2], [Option<Change>; 2]) {
        let (mut rank, mut level) = ([None, None], [None, None]);
        if weight >= 1.0 {
            return (rank, level);
        }
        let mut order: Vec<&Moving> = moving.iter().collect();
        order.sort_by(|a, b| b.index.at(weight).total_cmp(&a.index.at(weight)));
        for pair in order.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let gap =
                Line { start: a.index.start - b.index.start, slope: a.index.slope - b.index.slope };
            if let Some(at) = gap.meets(0.0) {
                let what =
                    format!("{} and {} change places", self.units[a.unit], self.units[b.unit]);
                nearer(&mut rank, weight, at, what);
            }
        }
        if bounds.is_empty() {
            return (rank, level);
        }
        for unit in moving {
            let now = unit.level(weight, bounds);
            let mut all = unit.candidates(bounds);
            all.sort_by(f64::total_cmp);
            for (place, at) in all.iter().enumerate() {
                // The level between this weight and the next candidate away from the given one.
                let beyond = if *at >= weight {
                    f64::midpoint(*at, all.get(place + 1).copied().unwrap_or(1.0).max(*at))
                } else {
                    let before = place.checked_sub(1).map_or(0.0, |before| all[before]);
                    f64::midpoint(*at, before.min(*at))
                };
                let there = unit.level(beyond, bounds);
                if there != now {
                    let name = &self.framework.levels[there].name;
                    let what = format!("{} becomes {name}", self.units[unit.unit]);
                    nearer(&mut level, weight, *at, what);
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
