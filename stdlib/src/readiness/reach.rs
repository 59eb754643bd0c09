//! Goal seek: the cheapest improvements of items that lift one unit's index to a target.
//!
//! Where every node takes the same kind of mean, `f(index)` is a weighted sum over items, so each
//! step of an item has a fixed gain. Choosing one value per item at the least cost is a
//! multiple-choice knapsack, solved exactly by dynamic programming over whole cost units.

use super::aggregate::Aggregator;
use super::answer::transform;
use super::assess::Readiness;
use super::error::ReadinessError;
use super::framework::Direction;
use super::normalise::Normaliser;
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// What to reach, and at what cost.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachParams {
    /// Index to reach, in (0, 1].
    pub index: f64,
    /// Cost of one step by item, whole and at least 1; items not named cost 1 a step.
    pub cost: Vec<(String, f64)>,
    /// Best score an item may take, by item; items not named may take the best of their scale.
    pub limits: Vec<(String, f64)>,
    /// Other plans to name beside the cheapest, default 3.
    pub alternatives: usize,
}

/// One way to the target.
#[derive(Debug, Clone)]
pub struct ReachPlan {
    /// Sum of the steps' costs.
    pub cost: f64,
    /// Index after the changes.
    pub index: f64,
    /// Columns: `item`, `label`, `from`, `to`, `steps`, `cost`.
    pub changes: Table,
}

/// The cheapest plan and the next best ones.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The unit.
    pub unit: String,
    /// Index before.
    pub index: f64,
    /// Index to reach.
    pub target: f64,
    /// Plans, the cheapest first; each of the others does without one change of the first.
    pub plans: Vec<ReachPlan>,
}

/// A value an item may take: score, steps from now, cost, gain in `f(index)`.
#[derive(Clone)]
struct Choice {
    score: f64,
    steps: usize,
    cost: usize,
    gain: f64,
}

fn undefined(reason: String, hint: &str) -> Error {
    ReadinessError::Undefined { primitive: "reach".into(), reason, hint: hint.into() }.into()
}

/// Largest total cost that is searched.
const MOST: usize = 200_000;

impl Readiness {
    /// The cheapest whole steps on items by which `unit` reaches `params.index`.
    ///
    /// Only items on scales with whole steps (`bool`, `1-5`, ladders, ...) that have a score move,
    /// in whole steps towards their better end. An error where the target is out of reach, where
    /// nodes mix rules, or under a normaliser that depends on other units.
    pub fn reach(&self, unit: &str, params: &ReachParams, context: &Context) -> Result<Reach> {
        let at = self.unit("reach", unit)?;
        let index = self.index_values()[at]
            .ok_or_else(|| undefined(format!("{unit} has no index"), "score more of its items"))?;
        if !(params.index > 0.0 && params.index <= 1.0) {
            return Err(Error::Invalid {
                primitive: "reach",
                parameter: "index",
                rule: "lie in (0, 1]".into(),
                value: params.index.to_string(),
            });
        }
        let rule = &self.plan.groups[self.plan.groups.len() - 1].rule;
        let one_mean = self.plan.groups.iter().all(|group| group.rule == *rule);
        let f = transform(rule).filter(|_| one_mean && self.plan.round_blocks.is_none());
        let f = f.ok_or_else(|| {
            let rules = "arithmetic, geometric, harmonic or power";
            undefined(format!("needs one mean at every node ({rules})"), "set aggregate")
        })?;
        let falling = matches!(rule, Aggregator::Harmonic)
            || matches!(rule, Aggregator::Power(p) if *p < 0.0);
        let sign = if falling { -1.0 } else { 1.0 };
        if self.params.normalise != Normaliser::Declared || !self.params.normalise_items.is_empty()
        {
            let hint = "score with normalise: \"declared\"";
            return Err(undefined("needs worths on the declared scales".into(), hint));
        }
        for (name, _) in params.cost.iter().chain(&params.limits) {
            if self.framework.find("reach", name)?.as_item().is_none() {
                return Err(undefined(format!("`{name}` is a block"), "name items"));
            }
        }
        let groups = self.choices(at, params, |slot, worth| {
            let zero = self.zero_of(slot);
            match (rule.annihilates(), zero) {
                (true, ZeroRule::Floor(floor)) => Some(sign * f(worth.max(floor))),
                (true, ZeroRule::Skip) if worth == 0.0 => Some(sign * f(1.0)),
                (true, ZeroRule::Drop | ZeroRule::Keep | ZeroRule::Error) if worth == 0.0 => None,
                _ => Some(sign * f(worth)),
            }
        })?;
        let needed = sign * f(params.index) - sign * f(index);
        let Some(first) = cheapest(&groups, needed, &[], context)? else {
            let most: f64 = groups.iter().map(|(_, choices)| best_gain(choices)).sum();
            let hint = "raise the limits or lower the target";
            let reason = format!(
                "{unit} cannot reach {}: all steps together give f(index) {most:.4} of {needed:.4}",
                params.index
            );
            return Err(undefined(reason, hint));
        };
        let mut plans = vec![first.clone()];
        let mut others = Vec::new();
        for group in 0..groups.len() {
            if first[group] > 0 && params.alternatives > 0 {
                others.extend(cheapest(&groups, needed, &[group], context)?);
            }
        }
        let cost = |plan: &Vec<usize>| -> usize {
            plan.iter().zip(&groups).map(|(pick, (_, choices))| choices[*pick].cost).sum()
        };
        others.sort_by_key(cost);
        others.dedup();
        plans.extend(others.into_iter().take(params.alternatives));
        let plans = plans
            .iter()
            .map(|plan| self.told(plan, &groups, cost(plan) as f64, at, context))
            .collect::<Result<_>>()?;
        Ok(Reach { unit: unit.to_owned(), index, target: params.index, plans })
    }

    /// The least index above the unit's level, `None` on the highest or without levels.
    pub fn next_level(&self, unit: &str) -> Result<Option<f64>> {
        let at = self.unit("reach", unit)?;
        let level = self.level_numbers()[at];
        let bound = level.and_then(|level| self.framework.levels[level].upper);
        // A bound belongs to the level below it: the next number is in the level above.
        Ok(bound.map(|bound| bound + 1e-9))
    }

    fn zero_of(&self, slot: usize) -> ZeroRule {
        self.plan
            .groups
            .iter()
            .find_map(|group| {
                let place = group.children.iter().position(|child| *child == slot)?;
                Some(group.zero[place])
            })
            .unwrap_or(ZeroRule::Keep)
    }

    /// For each item that can move: its slot and the values it may take, the present one first.
    fn choices(
        &self,
        unit: usize,
        params: &ReachParams,
        transformed: impl Fn(usize, f64) -> Option<f64>,
    ) -> Result<Vec<(usize, Vec<Choice>)>> {
        let weights = self.item_weights();
        let mut groups = Vec::new();
        for (slot, node) in self.framework.items().into_iter().enumerate() {
            let score = self.raw[slot][unit];
            let (Some(item), true) = (node.as_item(), weights[slot] > 0.0) else { continue };
            let Some(steps) = item.scored().steps().filter(|_| !score.is_nan()) else { continue };
            let named = |list: &[(String, f64)]| {
                list.iter().find(|(name, _)| *name == node.code).map(|(_, value)| *value)
            };
            let price = named(&params.cost).unwrap_or(1.0);
            if !(price >= 1.0 && price.fract() == 0.0 && price <= 10_000.0) {
                let reason = format!("cost of `{}` is {price}", node.code);
                return Err(undefined(reason, "costs are whole numbers from 1"));
            }
            let up = item.direction == Direction::Positive;
            let limit = named(&params.limits);
            let better = |step: &f64| {
                let here = item.scored().clamp(score);
                let beyond = limit.is_some_and(|l| if up { *step > l } else { *step < l });
                !beyond && if up { *step > here } else { *step < here }
            };
            let mut ahead: Vec<f64> = steps.into_iter().filter(better).collect();
            if !up {
                ahead.reverse();
            }
            let worth = |value: f64| {
                let worth = item.scored().worth(value)?;
                transformed(slot, if up { worth } else { 1.0 - worth })
            };
            let Some(now) = worth(item.scored().clamp(score)) else {
                let reason =
                    format!("`{}` is zero, and its zero rule gives it no value", node.code);
                return Err(undefined(reason, "score with zero: \"floor\""));
            };
            let mut choices = vec![Choice { score, steps: 0, cost: 0, gain: 0.0 }];
            for (count, value) in ahead.into_iter().enumerate() {
                if let Some(then) = worth(value) {
                    let (steps, cost) = (count + 1, (count + 1) * price as usize);
                    let gain = weights[slot] * (then - now);
                    choices.push(Choice { score: value, steps, cost, gain });
                }
            }
            if choices.len() > 1 {
                groups.push((slot, choices));
            }
        }
        Ok(groups)
    }

    fn told(
        &self,
        plan: &[usize],
        groups: &[(usize, Vec<Choice>)],
        cost: f64,
        unit: usize,
        context: &Context,
    ) -> Result<ReachPlan> {
        let items = self.framework.items();
        let mut moved: Vec<(usize, &Choice)> = plan
            .iter()
            .zip(groups)
            .filter(|(pick, _)| **pick > 0)
            .map(|(pick, (slot, choices))| (*slot, &choices[*pick]))
            .collect();
        moved.sort_by(|a, b| b.1.gain.total_cmp(&a.1.gain));
        // The index after the changes is scored again, not extrapolated.
        let mut worths: Vec<Vec<f64>> =
            (0..self.plan.items).map(|slot| vec![self.slots[slot][unit]]).collect();
        for (slot, choice) in &moved {
            if let Some(item) = items[*slot].as_item() {
                let worth = item.scored().worth(choice.score).unwrap_or(f64::NAN);
                let up = item.direction == Direction::Positive;
                worths[*slot] = vec![if up { worth } else { 1.0 - worth }];
            }
        }
        let names = [self.units[unit].clone()];
        let mut callbacks = super::plan::Callbacks::default();
        let slots = self.plan.evaluate("reach", worths, &names, &mut callbacks, context)?;
        let label = |slot: usize| items[slot].label("en").to_owned();
        let changes = Table::new([
            ("item", Vector::from_texts(moved.iter().map(|(slot, _)| &self.plan.codes[*slot]))),
            ("label", Vector::from_texts(moved.iter().map(|(slot, _)| label(*slot)))),
            ("from", Vector::from_floats(moved.iter().map(|(slot, _)| self.raw[*slot][unit]))),
            ("to", Vector::from_floats(moved.iter().map(|(_, choice)| choice.score))),
            ("steps", Vector::from_ints(moved.iter().map(|(_, choice)| choice.steps as i64))),
            ("cost", Vector::from_ints(moved.iter().map(|(_, choice)| choice.cost as i64))),
        ])?
        .labelled_by("item")?;
        Ok(ReachPlan { cost, index: slots[self.plan.root()][0], changes })
    }
}

fn best_gain(choices: &[Choice]) -> f64 {
    choices.iter().map(|choice| choice.gain).fold(0.0, f64::max)
}

/// One choice per group with the least cost whose gains reach `needed`, `frozen` groups unmoved.
///
/// `best[c]`: the largest gain for a cost of exactly `c` so far. The budget doubles until it
/// suffices, so that a near target is found without a table for the whole cost range.
fn cheapest(
    groups: &[(usize, Vec<Choice>)],
    needed: f64,
    frozen: &[usize],
    context: &Context,
) -> Result<Option<Vec<usize>>> {
    let movable = |group: usize| !frozen.contains(&group);
    let all: f64 = (0..groups.len()).filter(|g| movable(*g)).map(|g| best_gain(&groups[g].1)).sum();
    // A gain within rounding of the target reaches it.
    let enough = needed - 1e-12 * needed.abs().max(1.0);
    if all < enough {
        return Ok(None);
    }
    let whole: usize = groups
        .iter()
        .map(|(_, choices)| choices.last().map_or(0, |choice| choice.cost))
        .sum::<usize>()
        .min(MOST);
    let mut budget = 64.min(whole);
    loop {
        let mut best = vec![f64::NEG_INFINITY; budget + 1];
        best[0] = 0.0;
        let mut picks: Vec<Vec<u16>> = Vec::with_capacity(groups.len());
        for (group, (_, choices)) in groups.iter().enumerate() {
            context.check()?;
            let mut next = best.clone();
            let mut picked = vec![0_u16; budget + 1];
            if movable(group) {
                for (number, choice) in choices.iter().enumerate().skip(1) {
                    for spent in choice.cost..=budget {
                        let gain = best[spent - choice.cost] + choice.gain;
                        if gain > next[spent] {
                            next[spent] = gain;
                            picked[spent] = number as u16;
                        }
                    }
                }
            }
            best = next;
            picks.push(picked);
        }
        if let Some(mut spent) = (0..=budget).find(|c| best[*c] >= enough) {
            let mut plan = vec![0; groups.len()];
            for group in (0..groups.len()).rev() {
                plan[group] = picks[group][spent] as usize;
                spent -= groups[group].1[plan[group]].cost;
            }
            return Ok(Some(plan));
        }
        if budget >= whole {
            return Ok(None);
        }
        budget = (budget * 2).min(whole);
    }
}
