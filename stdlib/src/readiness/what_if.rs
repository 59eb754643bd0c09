//! What if: change scores, weights or rules, and see what moves.

use super::aggregate::Aggregator;
use super::assess::{Readiness, ReadinessParams, run};
use super::framework::Framework;
use super::normalise::Normaliser;
use super::plan::Callbacks;
use super::scores::{self, Scores};
use super::weights::WeightMethod;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Cell, Table, Vector};

/// One score to change.
#[derive(Debug, Clone, PartialEq)]
pub struct NewScore {
    /// The unit; `None` for every unit.
    pub unit: Option<String>,
    /// The item.
    pub item: String,
    /// The new score: a number, an answer's text, or missing.
    pub score: Cell,
}

/// Scores in place of those that were read.
#[derive(Debug, Clone)]
pub enum NewScores {
    /// Some of them, the rest as read.
    Some(Vec<NewScore>),
    /// A whole table, as [`super::readiness`] reads it.
    All(Table),
}

/// The index before and after a change.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// As it was.
    pub before: Readiness,
    /// As it would be.
    pub after: Readiness,
    /// By unit: index, rank and level before and after, as [`Readiness::compare`] has them.
    pub table: Table,
    /// Every value that moved: `unit`, `node`, `label`, `before`, `after`, `change`; the index
    /// first, then down the tree.
    pub moved: Table,
    /// One sentence a unit whose index moved, then what to know.
    pub sentences: Vec<String>,
}

impl ReadinessParams {
    /// An option that still holds a closure, which nobody keeps after the call it was given to.
    pub fn kept_closure(&self) -> Option<&'static str> {
        let custom = |rule: &Aggregator| matches!(rule, Aggregator::Custom(_));
        if matches!(self.normalise, Normaliser::Custom(_))
            || self.normalise_items.iter().any(|(_, r)| matches!(r, Normaliser::Custom(_)))
        {
            return Some("normalise");
        }
        if self.aggregate.as_ref().is_some_and(custom)
            || self.aggregate_nodes.iter().any(|(_, rule)| custom(rule))
        {
            return Some("aggregate");
        }
        let weighs =
            |(_, method): &(String, WeightMethod)| matches!(method, WeightMethod::Custom(_));
        self.weight_methods.iter().any(weighs).then_some("weights")
    }
}

impl Readiness {
    /// Scores again with `changes`, under `framework` (else the one in force) and `params`.
    ///
    /// Weights that were fixed before stay so unless `params.weights` names others among their
    /// siblings. Weights by method are found again from the changed values.
    pub fn what_if(
        &self,
        changes: &NewScores,
        framework: Option<&Framework>,
        params: &ReadinessParams,
        callbacks: &mut Callbacks<'_>,
        context: &Context,
    ) -> Result<WhatIf> {
        params.check()?;
        let framework = framework.unwrap_or(&self.framework);
        let scores = match changes {
            NewScores::All(table) => scores::read("what_if", table, framework)?,
            NewScores::Some(list) => self.changed(list, framework)?,
        };
        let groups = self.groups.as_deref().filter(|groups| groups.len() == scores.units.len());
        let after = run("what_if", scores, groups, framework, params, callbacks, context)?;
        let table = self.compare(&after)?;
        let moved = self.moved(&after)?;
        let sentences = self.words(&after);
        Ok(WhatIf { before: self.clone(), after, table, moved, sentences })
    }

    /// The scores as read, with some changed.
    fn changed(&self, list: &[NewScore], framework: &Framework) -> Result<Scores> {
        let items = framework.items();
        let own = self.framework.items();
        let mut columns: Vec<Vec<f64>> = items
            .iter()
            .map(|item| {
                let at = own.iter().position(|known| known.code == item.code);
                at.map_or_else(|| vec![f64::NAN; self.units.len()], |at| self.raw[at].clone())
            })
            .collect();
        for NewScore { unit, item, score } in list {
            let Some(at) = items.iter().position(|known| known.code == *item) else {
                return Err(Error::UnknownName {
                    primitive: "what_if".into(),
                    kind: "item".into(),
                    name: item.clone(),
                    known: items.iter().map(|item| item.code.clone()).collect(),
                });
            };
            let place = || unit.clone().unwrap_or_else(|| "every unit".to_owned());
            let value = scores::read_cell("what_if", items[at], score, place)?;
            match unit {
                Some(unit) => columns[at][self.unit("what_if", unit)?] = value,
                None => columns[at].fill(value),
            }
        }
        Ok(Scores {
            units: self.units.clone(),
            unit_name: self.unit_name.clone(),
            columns,
            warnings: Vec::new(),
        })
    }

    fn moved(&self, after: &Self) -> Result<Table> {
        let (mut units, mut nodes, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for (at, unit) in self.units.iter().enumerate() {
            let Some(other) = after.units.iter().position(|name| name == unit) else { continue };
            for node in after.framework.root.walk() {
                let (Some(a), Some(b)) = (self.plan.slot(&node.code), after.plan.slot(&node.code))
                else {
                    continue;
                };
                let (a, b) = (self.slots[a][at], after.slots[b][other]);
                let same = a == b || (a.is_nan() && b.is_nan());
                // Another order of the same sums is no move.
                if !same && (a.is_nan() || b.is_nan() || (a - b).abs() > 1e-12) {
                    units.push(unit.as_str());
                    nodes.push(node.code.as_str());
                    labels.push(node.label("en"));
                    here.push(a);
                    there.push(b);
                }
            }
        }
        let change = here.iter().zip(&there).map(|(a, b)| b - a);
        Table::new([
            ("unit", Vector::from_texts(&units)),
            ("node", Vector::from_texts(&nodes)),
            ("label", Vector::from_texts(&labels)),
            ("before", Vector::from_floats(here.iter().copied())),
            ("after", Vector::from_floats(there.iter().copied())),
            ("change", Vector::from_floats(change)),
        ])
    }

    fn words(&self, after: &Self) -> Vec<String> {
        let (mut sentences, mut still) = (Vec::new(), 0_usize);
        let (index, there) = (self.index_values(), after.index_values());
        let (ranks, ranks_there) = (self.ranks(), after.ranks());
        let (levels, levels_there) = (self.level_names(), after.level_names());
        let name = |level: &Option<String>| level.clone().unwrap_or_else(|| "none".to_owned());
        let mut more = 0_usize;
        for (at, unit) in self.units.iter().enumerate() {
            let Some(other) = after.units.iter().position(|name| name == unit) else { continue };
            let (Some(a), Some(b)) = (index[at], there[other]) else { continue };
            let (rank, rank_there) = (ranks[at], ranks_there[other]);
            if (a - b).abs() <= 1e-12 && rank == rank_there {
                still += 1;
                continue;
            }
            if sentences.len() == 10 {
                more += 1;
                continue;
            }
            let mut told = format!("{unit}: index {a:.4} to {b:.4} ({:+.4})", b - a);
            if levels[at] != levels_there[other] {
                let (a, b) = (name(&levels[at]), name(&levels_there[other]));
                told += &format!(", level {a} to {b}");
            }
            if let (Some(a), Some(b)) = (rank, rank_there) {
                told += &if a == b {
                    format!(", rank {a} as before")
                } else {
                    format!(", rank {a} to {b}")
                };
            }
            sentences.push(told + ".");
        }
        if more > 0 {
            sentences.push(format!("{more} more units move."));
        }
        if still > 0 {
            let verb = if still == 1 { "unit stays" } else { "units stay" };
            sentences.push(format!("{still} {verb} as before."));
        }
        let missing = |from: &Self, to: &Self| -> Vec<String> {
            from.units.iter().filter(|unit| !to.units.contains(unit)).cloned().collect()
        };
        for (list, what) in [(missing(self, after), "gone"), (missing(after, self), "new")] {
            if !list.is_empty() {
                sentences.push(format!("Units {what}: {}.", list.join(", ")));
            }
        }
        sentences
    }
}
