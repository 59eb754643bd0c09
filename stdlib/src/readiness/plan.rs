//! A framework compiled to a flat list of groups, children before parents.

use rayon::prelude::*;

use super::aggregate::{Aggregator, NegativeAt};
use super::error::ReadinessError;
use super::framework::{Framework, Group, Missing, Node, NodeKind};
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::Table;

/// A user's closure over the values and weights of one unit at one node.
pub type RowFn<'a> = dyn FnMut(&[f64], &[f64]) -> Result<f64> + 'a;

/// A user's closure over the name and all scores of one item; `None` where a score is missing.
pub type ColumnFn<'a> = dyn FnMut(&str, &[Option<f64>]) -> Result<Vec<Option<f64>>> + 'a;

/// A user's closure that weighs the columns of a table: name and weight.
pub type TableFn<'a> = dyn FnMut(&Table) -> Result<Vec<(String, f64)>> + 'a;

/// The closures a run may call.
#[derive(Default)]
pub struct Callbacks<'a> {
    /// Aggregators, by the number in [`Aggregator::Custom`].
    pub aggregate: Vec<Box<RowFn<'a>>>,
    /// Normalisers, by the number in [`super::Normaliser::Custom`].
    pub normalise: Vec<Box<ColumnFn<'a>>>,
    /// Weights of a node's children, by the number in [`super::WeightMethod::Custom`].
    pub weights: Vec<Box<TableFn<'a>>>,
}

impl std::fmt::Debug for Callbacks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callbacks").field("aggregate", &self.aggregate.len()).finish()
    }
}

/// One inner node, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlanGroup {
    pub code: String,
    /// Slots of its children: items first, then groups in order of the plan.
    pub children: Vec<usize>,
    /// Weights of the children, summing to 1.
    pub weights: Vec<f64>,
    pub rule: Aggregator,
    /// Zero rule of each child.
    pub zero: Vec<ZeroRule>,
    pub missing: Missing,
    pub min_coverage: f64,
    /// Stage of each child, for gated rules.
    pub stages: Vec<u32>,
}

/// The whole framework, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Codes of items, then of groups: the name of every slot.
    pub codes: Vec<String>,
    /// Items in all.
    pub items: usize,
    /// Inner nodes, children before parents; the index is last.
    pub groups: Vec<PlanGroup>,
    /// Decimals to which the children of the index are rounded.
    pub round_blocks: Option<u32>,
}

/// What a plan needs beside the framework.
#[derive(Debug, Clone)]
pub(crate) struct Rules<'a> {
    /// Rule of every node, else each node's own, else the framework's.
    pub aggregate: Option<&'a Aggregator>,
    /// Rules of single nodes, above all others.
    pub nodes: &'a [(String, Aggregator)],
    pub zero: ZeroRule,
    /// What nodes do with missing children, else each node's own.
    pub missing: Option<Missing>,
    pub round_blocks: Option<u32>,
}

impl Plan {
    pub fn compile(primitive: &str, framework: &Framework, rules: &Rules<'_>) -> Result<Self> {
        let codes: Vec<String> = framework.items().iter().map(|item| item.code.clone()).collect();
        let items = codes.len();
        let mut plan = Self { codes, items, groups: Vec::new(), round_blocks: rules.round_blocks };
        for (code, _) in rules.nodes {
            let node = framework.find(primitive, code)?;
            if node.as_item().is_some() {
                return Err(ReadinessError::Undefined {
                    primitive: primitive.to_owned(),
                    reason: format!("`{code}` is an item and aggregates nothing"),
                    hint: "name a block or the index".into(),
                }
                .into());
            }
        }
        let mut next_item = 0;
        plan.add(primitive, framework, &framework.root, rules, &mut next_item)?;
        Ok(plan)
    }

    /// Adds `node` and all below it; returns its slot.
    fn add(
        &mut self,
        primitive: &str,
        framework: &Framework,
        node: &Node,
        rules: &Rules<'_>,
        next_item: &mut usize,
    ) -> Result<usize> {
        let group: &Group = match &node.kind {
            NodeKind::Item(_) => {
                *next_item += 1;
                return Ok(*next_item - 1);
            }
            NodeKind::Group(group) => group,
        };
        let mut slots = Vec::new();
        for child in &group.children {
            slots.push(self.add(primitive, framework, child, rules, next_item)?);
        }
        // A child without weight has no say under any rule.
        let heavy: Vec<usize> =
            (0..slots.len()).filter(|at| group.children[*at].weight > 0.0).collect();
        let total: f64 = heavy.iter().map(|at| group.children[*at].weight).sum();
        if !(total.is_finite() && total > 0.0) {
            return Err(ReadinessError::Weights {
                primitive: primitive.to_owned(),
                node: node.code.clone(),
                fault: "leave no child with a weight above 0".into(),
            }
            .into());
        }
        let rule = rules
            .nodes
            .iter()
            .rev()
            .find(|(code, _)| *code == node.code)
            .map(|(_, rule)| rule)
            .or(rules.aggregate)
            .or(group.aggregate.as_ref())
            .unwrap_or(&framework.aggregate);
        let child = |at: &usize| &group.children[*at];
        let zero =
            |at: &usize| child(at).as_item().and_then(|item| item.zero).unwrap_or(rules.zero);
        self.groups.push(PlanGroup {
            code: node.code.clone(),
            children: heavy.iter().map(|at| slots[*at]).collect(),
            weights: heavy.iter().map(|at| child(at).weight / total).collect(),
            rule: rule.clone(),
            zero: heavy.iter().map(zero).collect(),
            missing: rules.missing.unwrap_or(group.missing),
            min_coverage: group.min_coverage,
            stages: heavy.iter().map(|at| child(at).stage.unwrap_or(1)).collect(),
        });
        self.codes.push(node.code.clone());
        Ok(self.items + self.groups.len() - 1)
    }

    /// The slot of the index.
    pub fn root(&self) -> usize {
        self.items + self.groups.len() - 1
    }

    /// The slot called `code`.
    pub fn slot(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|name| name == code)
    }

    /// Values of every slot: `worths` of the items, then each group's, `NaN` where there is none.
    pub fn evaluate(
        &self,
        primitive: &str,
        worths: Vec<Vec<f64>>,
        units: &[String],
        callbacks: &mut Callbacks<'_>,
        context: &Context,
    ) -> Result<Vec<Vec<f64>>> {
        let mut slots = worths;
        let blocks: Vec<usize> = self.groups.last().map_or(Vec::new(), |g| g.children.clone());
        for (number, group) in self.groups.iter().enumerate() {
            context.check()?;
            let mut column = Self::column(group, &slots, units.len(), callbacks, context)
                .map_err(|fault| self.explain(primitive, group, fault, units))?;
            if let (Some(decimals), true) =
                (self.round_blocks, blocks.contains(&(self.items + number)))
            {
                let unit = 10_f64.powi(decimals as i32);
                for x in &mut column {
                    *x = (*x * unit).round() / unit;
                }
            }
            slots.push(column);
        }
        Ok(slots)
    }

    fn column(
        group: &PlanGroup,
        slots: &[Vec<f64>],
        units: usize,
        callbacks: &mut Callbacks<'_>,
        context: &Context,
    ) -> Result<Vec<f64>, (usize, Trouble)> {
        if group.rule.compares_units() {
            return group.between_units(slots, units, context);
        }
        if let Aggregator::Custom(number) = group.rule {
            let call = callbacks.aggregate.get_mut(number);
            let call = call.ok_or_else(|| (0, Trouble::Other(no_closure())))?;
            return (0..units)
                .map(|unit| {
                    context.check().map_err(|error| (unit, Trouble::Other(error)))?;
                    group.custom(slots, unit, call.as_mut()).map_err(|t| (unit, t))
                })
                .collect();
        }
        let one = |unit: usize| group.value(slots, unit).map_err(|trouble| (unit, trouble));
        if units < 2 * BLOCK {
            return (0..units).map(one).collect();
        }
        if matches!(group.rule, Aggregator::Arithmetic | Aggregator::Geometric) {
            let mut column = vec![0.0; units];
            let blocks = column.par_chunks_mut(BLOCK).enumerate();
            blocks.try_for_each(|(block, sums)| group.block(slots, block * BLOCK, sums))?;
            return Ok(column);
        }
        (0..units).into_par_iter().with_min_len(BLOCK).map(one).collect()
    }

    fn explain(
        &self,
        primitive: &str,
        group: &PlanGroup,
        (unit, trouble): (usize, Trouble),
        units: &[String],
    ) -> Error {
        let name = |at: usize| self.codes[group.children[at]].clone();
        let unit = units.get(unit).cloned().unwrap_or_default();
        match trouble {
            Trouble::Other(error) => error,
            Trouble::Negative(at, value) => ReadinessError::Negative {
                primitive: primitive.to_owned(),
                node: group.code.clone(),
                rule: group.rule.name(),
                place: format!("{} of {unit}", name(at)),
                value,
            }
            .into(),
            Trouble::Zero(children) => ReadinessError::Zero {
                primitive: primitive.to_owned(),
                node: group.code.clone(),
                children: children.into_iter().map(name).collect::<Vec<_>>().join(", "),
                units: unit,
            }
            .into(),
            Trouble::Missing(at) => ReadinessError::MissingValue {
                primitive: primitive.to_owned(),
                node: group.code.clone(),
                child: name(at),
                unit,
            }
            .into(),
        }
    }
}

/// Units that are worked on together: their sums stay in the nearest cache.
const BLOCK: usize = 1024;

/// Why a group has no value for a unit; positions are among its children.
#[derive(Debug)]
pub(crate) enum Trouble {
    Negative(usize, f64),
    Zero(Vec<usize>),
    Missing(usize),
    Other(Error),
}

/// Values of one unit's children that are there, with weights that sum to 1.
#[derive(Debug, Default)]
struct Present {
    values: Vec<f64>,
    weights: Vec<f64>,
    at: Vec<usize>,
}

impl PlanGroup {
    /// The children of `unit` that count; `None` where the missing rule leaves no value.
    fn present(&self, slots: &[Vec<f64>], unit: usize) -> Result<Option<Present>, Trouble> {
        let mut present = Present::default();
        let mut total = 0.0;
        for (at, (slot, weight)) in self.children.iter().zip(&self.weights).enumerate() {
            let mut value = slots[*slot][unit];
            if value.is_nan() {
                match self.missing {
                    Missing::Available => continue,
                    Missing::Propagate => return Ok(None),
                    Missing::Worst => value = 0.0,
                    Missing::Error => return Err(Trouble::Missing(at)),
                }
            }
            total += weight;
            present.values.push(value);
            present.weights.push(*weight);
            present.at.push(at);
        }
        if present.values.is_empty() || total < self.min_coverage - 1e-12 {
            return Ok(None);
        }
        if present.values.len() < self.children.len() {
            present.weights.iter_mut().for_each(|w| *w /= total);
        }
        Ok(Some(present))
    }

    /// Applies the zero rules.
    fn mend_zeros(&self, present: &mut Present) -> Result<(), Trouble> {
        let mut refused = Vec::new();
        let mut dropped = Vec::new();
        for (place, (value, at)) in present.values.iter_mut().zip(&present.at).enumerate() {
            match self.zero[*at] {
                ZeroRule::Floor(floor) if *value >= 0.0 => *value = value.max(floor),
                ZeroRule::Skip if *value == 0.0 => *value = 1.0,
                ZeroRule::Drop if *value == 0.0 => dropped.push(place),
                ZeroRule::Error if *value == 0.0 => refused.push(*at),
                _ => {}
            }
        }
        if !refused.is_empty() {
            return Err(Trouble::Zero(refused));
        }
        if !dropped.is_empty() {
            for place in dropped.into_iter().rev() {
                present.values.remove(place);
                present.weights.remove(place);
                present.at.remove(place);
            }
            let total: f64 = present.weights.iter().sum();
            present.weights.iter_mut().for_each(|w| *w /= total);
        }
        Ok(())
    }

    /// The value of `unit` under a built-in rule that looks at one unit.
    pub fn value(&self, slots: &[Vec<f64>], unit: usize) -> Result<f64, Trouble> {
        let Some(mut present) = self.present(slots, unit)? else { return Ok(f64::NAN) };
        if let Aggregator::Gated { pass } = self.rule {
            return Ok(self.stages_reached(&present, pass));
        }
        if self.rule.annihilates() {
            self.mend_zeros(&mut present)?;
            if present.values.is_empty() {
                // Every child was a dropped zero: there is nothing but zeros.
                return Ok(0.0);
            }
        }
        self.rule.row(&present.values, &present.weights).map_err(|NegativeAt(place)| {
            Trouble::Negative(present.at[place], present.values[place])
        })
    }

    /// The values of the units from `start` on, under the arithmetic or the geometric rule.
    ///
    /// Child after child is added for all units, in the order of [`Aggregator::row`], so that the
    /// digits are the same; units with a gap or with a zero to mend are done one by one.
    fn block(
        &self,
        slots: &[Vec<f64>],
        start: usize,
        sums: &mut [f64],
    ) -> Result<(), (usize, Trouble)> {
        let geometric = self.rule == Aggregator::Geometric;
        let mut whole = [true; BLOCK];
        let whole = &mut whole[..sums.len()];
        let children = self.children.iter().zip(&self.weights).zip(&self.zero);
        for ((slot, weight), zero) in children {
            let units = slots[*slot][start..].iter().zip(sums.iter_mut()).zip(whole.iter_mut());
            if geometric {
                let floor = if let ZeroRule::Floor(floor) = zero { *floor } else { 0.0 };
                for ((x, sum), whole) in units {
                    *whole &= *x > 0.0;
                    *sum += weight * x.max(floor).ln();
                }
            } else {
                for ((x, sum), whole) in units {
                    *whole &= !x.is_nan();
                    *sum += weight * x;
                }
            }
        }
        for (at, (sum, whole)) in sums.iter_mut().zip(whole).enumerate() {
            if !*whole {
                *sum = self.value(slots, start + at).map_err(|trouble| (start + at, trouble))?;
            } else if geometric {
                *sum = sum.exp();
            }
        }
        Ok(())
    }

    /// Slot, weight and place among the children of those that count for `unit`.
    pub fn counted(&self, slots: &[Vec<f64>], unit: usize) -> Option<Vec<(usize, f64, usize)>> {
        let present = self.present(slots, unit).ok().flatten()?;
        let parts = present.at.into_iter().zip(present.weights);
        Some(parts.map(|(at, weight)| (self.children[at], weight, at)).collect())
    }

    /// Slot, weight and value (zeros mended) of the children that count for `unit`.
    pub fn parts(&self, slots: &[Vec<f64>], unit: usize) -> Option<Vec<(usize, f64, f64)>> {
        let mut present = self.present(slots, unit).ok().flatten()?;
        if self.rule.annihilates() {
            self.mend_zeros(&mut present).ok()?;
        }
        let Present { values, weights, at } = present;
        let parts = at.into_iter().zip(weights).zip(values);
        let parts: Vec<_> = parts.map(|((at, w), x)| (self.children[at], w, x)).collect();
        (!parts.is_empty()).then_some(parts)
    }

    /// Share of the stages reached without a gap.
    fn stages_reached(&self, present: &Present, pass: f64) -> f64 {
        let last = self.stages.iter().copied().max().unwrap_or(1);
        let failed = present
            .at
            .iter()
            .zip(&present.values)
            .filter(|(_, value)| **value < pass - 1e-12)
            .map(|(at, _)| self.stages[*at])
            .min();
        let reached = failed.map_or(last, |stage| stage - 1);
        f64::from(reached) / f64::from(last)
    }

    /// The value of `unit` under the user's closure.
    ///
    /// Where the values hold zeros and the closure answers zero, no number or an error, it is
    /// asked again with the zero rule applied, as a built-in product would be.
    fn custom(
        &self,
        slots: &[Vec<f64>],
        unit: usize,
        call: &mut RowFn<'_>,
    ) -> Result<f64, Trouble> {
        let Some(mut present) = self.present(slots, unit)? else { return Ok(f64::NAN) };
        let answer = call(&present.values, &present.weights);
        let zeros = present.values.contains(&0.0);
        let usable = matches!(&answer, Ok(value) if value.is_finite() && *value != 0.0);
        let interrupted = matches!(answer, Err(Error::Interrupted));
        let settled = if usable || !zeros || interrupted {
            answer
        } else {
            self.mend_zeros(&mut present)?;
            if present.values.is_empty() {
                return Ok(0.0);
            }
            call(&present.values, &present.weights)
        };
        let value = settled.map_err(Trouble::Other)?;
        if value.is_finite() {
            return Ok(value);
        }
        Err(Trouble::Other(Error::Callback {
            message: format!(
                "readiness: the aggregate closure must return a finite number, got {value} at {}",
                self.code
            ),
        }))
    }

    fn between_units(
        &self,
        slots: &[Vec<f64>],
        units: usize,
        context: &Context,
    ) -> Result<Vec<f64>, (usize, Trouble)> {
        let mut columns: Vec<Vec<f64>> =
            self.children.iter().map(|slot| slots[*slot].clone()).collect();
        let mut without = vec![false; units];
        for unit in 0..units {
            match self.present(slots, unit) {
                Err(trouble) => return Err((unit, trouble)),
                Ok(None) => without[unit] = true,
                Ok(Some(_)) if self.missing == Missing::Worst => {
                    for column in &mut columns {
                        if column[unit].is_nan() {
                            column[unit] = 0.0;
                        }
                    }
                }
                Ok(Some(_)) => {}
            }
        }
        for (unit, _) in without.iter().enumerate().filter(|(_, without)| **without) {
            for column in &mut columns {
                column[unit] = f64::NAN;
            }
        }
        self.rule
            .columns(&columns, &self.weights, context)
            .map_err(|error| (0, Trouble::Other(error)))
    }
}

fn no_closure() -> Error {
    Error::Callback { message: "readiness: the aggregate closure is not at hand".into() }
}

#[cfg(test)]
mod tests {
    use crate::readiness::{
        Aggregator, Framework, Item, Node, ReadinessParams, Scale, ZeroRule, readiness,
    };
    use crate::{Table, Vector};

    #[test]
    fn units_together_have_the_digits_of_units_alone() {
        const UNITS: usize = 2500;
        let items = |from: usize| {
            (from..from + 7).map(|at| Node::item(&format!("i{at}"), Item::on(Scale::Percent)))
        };
        let groups = (0..3).map(|g| Node::group(&format!("g{g}"), items(7 * g).collect()));
        let framework = Framework::new("f", Node::group("index", groups.collect()));
        // Zeros here, a gap there, and a unit with nothing at all.
        let score = |item: usize, unit: usize| match (item * 31 + unit * 17) % 97 {
            0 => Some(0.0),
            1 => None,
            n if unit != 1500 => Some(1.0 + n as f64),
            _ => None,
        };
        let table = |units: std::ops::Range<usize>| {
            Table::new((0..21).map(|item| {
                let column = units.clone().map(|unit| score(item, unit));
                (format!("i{item}"), Vector::from_options(column))
            }))
            .unwrap()
        };
        for rule in [Aggregator::Arithmetic, Aggregator::Geometric] {
            for zero in [ZeroRule::Floor(0.01), ZeroRule::Skip, ZeroRule::Drop, ZeroRule::Keep] {
                let params = ReadinessParams {
                    aggregate: Some(rule.clone()),
                    zero: Some(zero),
                    ..ReadinessParams::default()
                };
                let score = |units| readiness(&table(units), &framework, &params).unwrap();
                let together = score(0..UNITS);
                for start in (0..UNITS).step_by(500) {
                    let alone = score(start..start + 500);
                    for (whole, part) in together.slots.iter().zip(&alone.slots) {
                        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
                        assert!(whole[start..].iter().zip(part).all(same), "{rule:?} {zero:?}");
                    }
                }
            }
        }
    }
}
