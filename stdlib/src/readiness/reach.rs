//! Goal seek: the cheapest improvements of items that lift one unit's index to a target.
//!
//! Every rule that takes no other unit into account and rises with its children - means of any
//! kind, min, max, stages - makes the best value of a node for a given cost depend on its
//! children only through their own best values for their costs. So a dynamic program up the tree,
//! over whole units of cost, is exact: at each node the cost is split among the children.

use super::aggregate::Aggregator;
use super::answer::transform;
use super::assess::Readiness;
use super::error::ReadinessError;
use super::framework::{Direction, Item};
use super::normalise::{Normaliser, as_published};
use super::plan::PlanGroup;
use super::scale::Scale;
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// What to reach, and at what cost.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachParams {
    /// Index to reach, in (0, 1]; else the level, else the unit's next level.
    pub index: Option<f64>,
    /// Level to reach; its minimum rules are then met as well.
    pub level: Option<String>,
    /// Cost of one step by item, above 0 and of at most three decimals; items not named cost 1.
    pub cost: Vec<(String, f64)>,
    /// Best score an item may take, by item; items not named may take the best of their scale.
    pub limits: Vec<(String, f64)>,
    /// Length of a step by item on a continuous scale; without one such an item stays.
    pub steps: Vec<(String, f64)>,
    /// Other plans to name beside the cheapest, default 3.
    pub alternatives: usize,
}

impl Default for ReachParams {
    fn default() -> Self {
        Self {
            index: None,
            level: None,
            cost: Vec::new(),
            limits: Vec::new(),
            steps: Vec::new(),
            alternatives: 3,
        }
    }
}

/// One way to the target.
#[derive(Debug, Clone)]
pub struct ReachPlan {
    /// Sum of the steps' costs.
    pub cost: f64,
    /// Index after the changes.
    pub index: f64,
    /// Columns: `item`, `label`, `from`, `to`, `steps`, `cost`; the largest gain first.
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
    /// Level to reach, where one was asked for.
    pub level: Option<String>,
    /// Plans, the cheapest first; each of the others does without one change of the first.
    pub plans: Vec<ReachPlan>,
}

/// A value an item may take: score, worth, steps from now, cost.
#[derive(Debug, Clone, Copy)]
struct Choice {
    score: f64,
    worth: f64,
    steps: usize,
    cost: usize,
}

/// A node's best value for a cost: points of rising cost and rising value.
#[derive(Debug, Default)]
struct Curve {
    points: Vec<(usize, f64)>,
    how: How,
}

/// What each child gets of a node's cost.
#[derive(Debug, Default)]
enum How {
    /// An item, or a node that cannot move.
    #[default]
    Own,
    /// By child, then by cost: the part that goes to it, the last child first.
    Split(Vec<Vec<u32>>),
    /// By point, then by child.
    Each(Vec<Vec<usize>>),
}

fn undefined(reason: String, hint: &str) -> Error {
    ReadinessError::Undefined { primitive: "reach".into(), reason, hint: hint.into() }.into()
}

fn invalid<T>(parameter: &'static str, rule: &str, value: impl ToString) -> Result<T> {
    let (rule, value) = (rule.to_owned(), value.to_string());
    Err(Error::Invalid { primitive: "reach", parameter, rule, value })
}

/// Largest total cost that is searched, in the smallest units of cost.
const MOST: usize = 200_000;

/// Values this close are one.
const NEAR: f64 = 1e-12;

/// Everything that stays the same while plans are sought.
struct Search<'a> {
    result: &'a Readiness,
    unit: usize,
    /// By item slot: the values it may take, the present one first; empty where it has none.
    choices: Vec<Vec<Choice>>,
    /// Least value by slot, for the minimum rules of a level.
    least: Vec<(usize, f64)>,
    target: f64,
    /// Units of cost in 1.
    scale: usize,
}

impl Readiness {
    /// The cheapest whole steps on items by which `unit` reaches the target.
    ///
    /// Only items that have a score move: those on scales with whole steps (`bool`, `1-5`,
    /// ladders, points of choices) by one of them, those on continuous scales by the length that
    /// `params.steps` gives them. An error where the target is out of reach, where a node takes a
    /// rule that compares units, sorts values or is a closure, or under a normaliser that depends
    /// on other units.
    pub fn reach(&self, unit: &str, params: &ReachParams, context: &Context) -> Result<Reach> {
        let at = self.unit("reach", unit)?;
        let index = self.index_values()[at]
            .ok_or_else(|| undefined(format!("{unit} has no index"), "score more of its items"))?;
        let (target, level) = self.aim(at, params)?;
        self.can_be_sought()?;
        let scale = cost_scale(&params.cost)?;
        let mut search = Search {
            result: self,
            unit: at,
            choices: self.choices(at, params, scale)?,
            least: level.map_or_else(Vec::new, |level| {
                let rules = self.minimum_rules().into_iter();
                rules.filter(|rule| rule.2 < level).map(|rule| (rule.0, rule.1)).collect()
            }),
            target,
            scale,
        };
        let Some(first) = search.cheapest(context)? else {
            let hint = "raise the limits, give continuous items a step, or lower the target";
            let best = search.best(context)?;
            let what = match level {
                Some(level) => format!("level {}", self.framework.levels[level].name),
                None => target.to_string(),
            };
            let most = best.map_or_else(
                || "a minimum rule stays out of reach".to_owned(),
                |best| format!("all steps together give {best:.4}"),
            );
            return Err(undefined(format!("{unit} cannot reach {what}: {most}"), hint));
        };
        let mut others = Vec::new();
        if params.alternatives > 0 {
            for (slot, _) in &first {
                let whole = std::mem::take(&mut search.choices[*slot]);
                search.choices[*slot] = whole[..1].to_vec();
                others.extend(search.cheapest(context)?);
                search.choices[*slot] = whole;
            }
        }
        others.sort_by_key(|plan| search.cost(plan));
        others.dedup();
        let plans = std::iter::once(&first)
            .chain(others.iter().take(params.alternatives))
            .map(|plan| search.told(plan, context))
            .collect::<Result<_>>()?;
        let level = level.map(|level| self.framework.levels[level].name.clone());
        Ok(Reach { unit: unit.to_owned(), index, target, level, plans })
    }

    /// The index to reach, and the level where that is what was asked for.
    fn aim(&self, unit: usize, params: &ReachParams) -> Result<(f64, Option<usize>)> {
        let level = match (params.index, &params.level) {
            (Some(_), Some(level)) => {
                return invalid("level", "be left out where an index is given", level);
            }
            (Some(index), None) if index > 0.0 && index <= 1.0 => return Ok((index, None)),
            (Some(index), None) => return invalid("index", "lie in (0, 1]", index),
            (None, Some(name)) => self.level_place("reach", name)?,
            (None, None) => match self.level_numbers()[unit] {
                Some(level) if level + 1 < self.framework.levels.len() => level + 1,
                _ => return invalid("index", "be given where there is no higher level", "nothing"),
            },
        };
        let below = level.checked_sub(1).and_then(|below| self.framework.levels[below].upper);
        // A bound belongs to the level below it: the next number is in the level above.
        Ok((below.map_or(0.0, |bound| bound + 1e-9), Some(level)))
    }

    fn can_be_sought(&self) -> Result<()> {
        for group in &self.plan.groups {
            let sought = transform(&group.rule).is_some()
                || matches!(
                    group.rule,
                    Aggregator::Min | Aggregator::Max | Aggregator::Gated { .. }
                );
            if !sought {
                let reason =
                    format!("{} at {} cannot be sought through", group.rule.name(), group.code);
                let hint = "aggregate by arithmetic, geometric, harmonic, power, min, max or gated";
                return Err(undefined(reason, hint));
            }
        }
        let items = self.params.normalise_items.iter().map(|(_, rule)| rule);
        if !items.chain([&self.params.normalise]).all(|rule| rule.reads_scales()) {
            let hint = "score with normalise: \"declared\"";
            return Err(undefined("needs worths on the scales of the items".into(), hint));
        }
        if self.params.treat.is_some() || self.params.round_blocks.is_some() {
            let reason = "needs scores as they are, without treatment or rounded blocks".into();
            return Err(undefined(reason, "score without treat and round_blocks"));
        }
        Ok(())
    }

    /// For each item: the values it may take, the present one first.
    fn choices(&self, unit: usize, params: &ReachParams, scale: usize) -> Result<Vec<Vec<Choice>>> {
        let lists = [&params.cost, &params.limits, &params.steps];
        for (name, _) in lists.into_iter().flatten() {
            if self.framework.find("reach", name)?.as_item().is_none() {
                return Err(undefined(format!("`{name}` is a block"), "name items"));
            }
        }
        let named = |list: &[(String, f64)], code: &str| {
            list.iter().rev().find(|(name, _)| name == code).map(|(_, value)| *value)
        };
        let mut all = Vec::new();
        for (slot, node) in self.framework.items().into_iter().enumerate() {
            let (score, worth) = (self.raw[slot][unit], self.slots[slot][unit]);
            let Some(item) = node.as_item().filter(|_| !worth.is_nan()) else {
                all.push(Vec::new());
                continue;
            };
            let mut choices = vec![Choice { score, worth, steps: 0, cost: 0 }];
            let price = named(&params.cost, &node.code).unwrap_or(1.0) * scale as f64;
            let step = named(&params.steps, &node.code);
            if step.is_some_and(|step| !(step.is_finite() && step > 0.0)) {
                return invalid("steps", "be above 0", step.unwrap_or(0.0));
            }
            let rule = self.rule_of(&node.code);
            if !score.is_nan() {
                for (count, value) in ahead(item, score, named(&params.limits, &node.code), step)
                    .into_iter()
                    .enumerate()
                {
                    let worth = worth_of(rule, item, value);
                    let (steps, cost) = (count + 1, (count + 1) * price.round() as usize);
                    if worth > choices[choices.len() - 1].worth {
                        choices.push(Choice { score: value, worth, steps, cost });
                    }
                }
            }
            all.push(choices);
        }
        Ok(all)
    }

    fn rule_of(&self, item: &str) -> Normaliser {
        let own = self.params.normalise_items.iter().rev().find(|(code, _)| code == item);
        own.map_or(self.params.normalise, |(_, rule)| *rule)
    }
}

/// Units of cost in 1: costs are whole in them.
fn cost_scale(costs: &[(String, f64)]) -> Result<usize> {
    for (name, cost) in costs {
        if !(cost.is_finite() && *cost > 0.0 && *cost <= 100_000.0) {
            return invalid("cost", "lie above 0, up to 100000", format!("{cost} for `{name}`"));
        }
    }
    for scale in [1_usize, 10, 100, 1000] {
        let whole = |cost: f64| (cost * scale as f64 - (cost * scale as f64).round()).abs() < 1e-6;
        if costs.iter().all(|(_, cost)| whole(*cost)) {
            return Ok(scale);
        }
    }
    invalid("cost", "have at most three decimals", format!("{costs:?}"))
}

fn worth_of(rule: Normaliser, item: &Item, score: f64) -> f64 {
    let worth = match rule {
        Normaliser::AsPublished => as_published(score),
        _ => item.scored().worth(item.scored().clamp(score)).unwrap_or(f64::NAN),
    };
    if item.direction == Direction::Negative { 1.0 - worth } else { worth }
}

/// Scores that improve on `score` step by step, as far as the scale and the limit allow.
fn ahead(item: &Item, score: f64, limit: Option<f64>, step: Option<f64>) -> Vec<f64> {
    let scale = item.scored();
    let rises = !matches!(scale, Scale::Goalposts { low, high, .. } if low > high);
    let up = rises == (item.direction == Direction::Positive);
    let here = scale.clamp(score);
    let allowed = |value: f64| {
        limit.is_none_or(|limit| if up { value <= limit + NEAR } else { value >= limit - NEAR })
    };
    let better = |value: f64| if up { value > here } else { value < here };
    if let Some(mut steps) = scale.steps() {
        if !up {
            steps.reverse();
        }
        return steps.into_iter().filter(|value| better(*value) && allowed(*value)).collect();
    }
    let ends = match scale {
        Scale::Goalposts { low, high, .. } => Some((low.min(*high), low.max(*high))),
        other => other.bounds(),
    };
    let (Some(step), Some((low, high))) = (step, ends) else { return Vec::new() };
    let sign = if up { 1.0 } else { -1.0 };
    let end = if up { high } else { low };
    let count = ((end - here).abs() / step - 1e-9).ceil().clamp(0.0, 10_000.0) as usize;
    let value = |k: usize| {
        let value = here + sign * step * k as f64;
        if up { value.min(end) } else { value.max(end) }
    };
    (1..=count).map(value).filter(|value| better(*value) && allowed(*value)).collect()
}

/// The slots and numbers of the choices that a plan makes.
type Picks = Vec<(usize, usize)>;

impl Search<'_> {
    /// The cheapest plan; `None` where the target is out of reach.
    ///
    /// The budget doubles until it suffices, so that a near target is found in a small table.
    fn cheapest(&self, context: &Context) -> Result<Option<Picks>> {
        let whole = self.whole();
        let mut budget = (64 * self.scale).min(whole);
        loop {
            let curves = self.curves(budget, context)?;
            let root = self.result.plan.root();
            let found = curves[root].points.iter().find(|point| point.1 >= self.target - NEAR);
            if let Some((cost, _)) = found {
                let mut picks = Vec::new();
                self.trace(&curves, root, *cost, &mut picks);
                picks.sort_unstable();
                return Ok(Some(picks));
            }
            if budget >= whole {
                return Ok(None);
            }
            budget = (budget * 2).min(whole);
        }
    }

    /// The best index that all steps together give; `None` where a minimum rule is out of reach.
    fn best(&self, context: &Context) -> Result<Option<f64>> {
        let curves = self.curves(self.whole(), context)?;
        Ok(curves[self.result.plan.root()].points.last().map(|point| point.1))
    }

    /// What all steps together cost.
    fn whole(&self) -> usize {
        let last = |choices: &Vec<Choice>| choices.last().map_or(0, |choice| choice.cost);
        self.choices.iter().map(last).sum::<usize>().min(MOST)
    }

    fn cost(&self, plan: &Picks) -> usize {
        plan.iter().map(|(slot, pick)| self.choices[*slot][*pick].cost).sum()
    }

    /// The curve of every slot for costs up to `budget`.
    fn curves(&self, budget: usize, context: &Context) -> Result<Vec<Curve>> {
        let plan = &self.result.plan;
        let mut curves: Vec<Curve> = Vec::with_capacity(plan.codes.len());
        for (slot, choices) in self.choices.iter().enumerate() {
            let points = choices.iter().map(|choice| (choice.cost, choice.worth));
            let mut curve = Curve { points: points.collect(), how: How::Own };
            self.bound(slot, &mut curve);
            curves.push(curve);
        }
        for (number, group) in plan.groups.iter().enumerate() {
            context.check()?;
            let mut curve = self.combine(group, &curves, budget)?;
            self.bound(plan.items + number, &mut curve);
            curves.push(curve);
        }
        Ok(curves)
    }

    /// Drops what a minimum rule forbids.
    fn bound(&self, slot: usize, curve: &mut Curve) {
        for (_, least) in self.least.iter().filter(|(other, _)| *other == slot) {
            let keep = curve.points.iter().filter(|point| point.1 < least - NEAR).count();
            curve.points.drain(..keep);
            if let How::Each(each) = &mut curve.how {
                each.drain(..keep);
            }
        }
    }

    fn combine(&self, group: &PlanGroup, curves: &[Curve], budget: usize) -> Result<Curve> {
        let Some(children) = group.counted(&self.result.slots, self.unit) else {
            return Ok(Curve::default());
        };
        // A missing child that counts as the worst cannot move.
        let still = [(0, 0.0)];
        let points = |slot: usize| -> &[(usize, f64)] {
            if self.result.slots[slot][self.unit].is_nan() { &still } else { &curves[slot].points }
        };
        if let Aggregator::Gated { pass } = group.rule {
            let children: Vec<_> =
                children.iter().map(|(slot, _, at)| (points(*slot), group.stages[*at])).collect();
            return Ok(stages(&children, pass, budget));
        }
        let mean = transform(&group.rule);
        let falling = matches!(group.rule, Aggregator::Harmonic)
            || matches!(group.rule, Aggregator::Power(p) if p < 0.0);
        let sign = if falling { -1.0 } else { 1.0 };
        let start = match group.rule {
            Aggregator::Min => f64::INFINITY,
            Aggregator::Max => f64::NEG_INFINITY,
            _ => 0.0,
        };
        let mut best = vec![start; budget + 1];
        let mut picks = Vec::with_capacity(children.len());
        for (slot, weight, at) in &children {
            let zero = group.zero[*at];
            let part = |x: f64| -> Result<f64> {
                let Some(f) = &mean else { return Ok(x) };
                let x = match (group.rule.annihilates(), zero) {
                    (true, ZeroRule::Floor(floor)) => x.max(floor),
                    (true, ZeroRule::Skip) if x == 0.0 => 1.0,
                    (true, ZeroRule::Drop) if x == 0.0 => {
                        let code = &self.result.plan.codes[*slot];
                        let reason = format!("`{code}` is zero, and its zero rule leaves it out");
                        return Err(undefined(reason, "score with zero: \"floor\""));
                    }
                    _ => x,
                };
                Ok(weight * sign * f(x))
            };
            let mut parts: Vec<(usize, f64)> = Vec::new();
            for (cost, value) in points(*slot) {
                let part = part(*value)?;
                // Under "skip" a zero counts as 1, and raising it would lower the mean.
                if *cost <= budget && parts.last().is_none_or(|last| part > last.1) {
                    parts.push((*cost, part));
                }
            }
            let mut next = vec![f64::NAN; budget + 1];
            let mut picked = vec![0_u32; budget + 1];
            for (cost, part) in parts {
                for spent in cost..=budget {
                    let rest = best[spent - cost];
                    let value = match group.rule {
                        Aggregator::Min => rest.min(part),
                        Aggregator::Max => rest.max(part),
                        _ => rest + part,
                    };
                    if !rest.is_nan() && (next[spent].is_nan() || value > next[spent]) {
                        next[spent] = value;
                        picked[spent] = cost as u32;
                    }
                }
            }
            best = next;
            picks.push(picked);
        }
        let back = |total: f64| match group.rule {
            Aggregator::Geometric | Aggregator::Power(0.0) => total.exp(),
            Aggregator::Harmonic => (sign * total).recip(),
            Aggregator::Power(p) => (sign * total).powf(1.0 / p),
            _ => total,
        };
        let mut points: Vec<(usize, f64)> = Vec::new();
        for (cost, total) in best.into_iter().enumerate().filter(|(_, total)| !total.is_nan()) {
            let value = back(total);
            if points.last().is_none_or(|last| value > last.1) {
                points.push((cost, value));
            }
        }
        Ok(Curve { points, how: How::Split(picks) })
    }

    /// Follows a cost down the tree to the items it is spent on.
    fn trace(&self, curves: &[Curve], slot: usize, cost: usize, picks: &mut Picks) {
        let plan = &self.result.plan;
        let Some(number) = slot.checked_sub(plan.items) else {
            let pick = self.choices[slot].iter().position(|choice| choice.cost == cost);
            if let Some(pick) = pick.filter(|pick| *pick > 0) {
                picks.push((slot, pick));
            }
            return;
        };
        let Some(children) = plan.groups[number].counted(&self.result.slots, self.unit) else {
            return;
        };
        match &curves[slot].how {
            How::Own => {}
            How::Split(split) => {
                let mut left = cost;
                for ((child, _, _), picked) in children.iter().zip(split).rev() {
                    let part = picked[left] as usize;
                    self.trace(curves, *child, part, picks);
                    left -= part;
                }
            }
            How::Each(each) => {
                let point = curves[slot].points.iter().position(|point| point.0 == cost);
                for ((child, _, _), part) in
                    children.iter().zip(point.map_or(&[][..], |p| &each[p]))
                {
                    self.trace(curves, *child, *part, picks);
                }
            }
        }
    }

    /// A plan in a table; the index after it is scored again, not extrapolated.
    fn told(&self, plan: &Picks, context: &Context) -> Result<ReachPlan> {
        let result = self.result;
        let items = result.framework.items();
        let names = [result.units[self.unit].clone()];
        let score = |moved: &[(usize, Choice)]| -> Result<f64> {
            let mut worths: Vec<Vec<f64>> =
                (0..result.plan.items).map(|slot| vec![result.slots[slot][self.unit]]).collect();
            for (slot, choice) in moved {
                worths[*slot] = vec![choice.worth];
            }
            let mut none = super::plan::Callbacks::default();
            let slots = result.plan.evaluate("reach", worths, &names, &mut none, context)?;
            Ok(slots[result.plan.root()][0])
        };
        let moved: Vec<(usize, Choice)> =
            plan.iter().map(|(slot, pick)| (*slot, self.choices[*slot][*pick])).collect();
        let index = score(&moved)?;
        // What the index would lose without each change orders them.
        let mut told: Vec<(f64, usize, Choice)> = Vec::with_capacity(moved.len());
        for (place, (slot, choice)) in moved.iter().enumerate() {
            let mut others = moved.clone();
            others.remove(place);
            told.push((index - score(&others)?, *slot, *choice));
        }
        told.sort_by(|a, b| b.0.total_cmp(&a.0));
        let cost = |choice: &Choice| choice.cost as f64 / self.scale as f64;
        let from = |slot: usize| result.raw[slot][self.unit];
        let changes = Table::new([
            ("item", Vector::from_texts(told.iter().map(|t| &result.plan.codes[t.1]))),
            ("label", Vector::from_texts(told.iter().map(|t| items[t.1].label("en")))),
            ("from", Vector::from_floats(told.iter().map(|t| from(t.1)))),
            ("to", Vector::from_floats(told.iter().map(|t| t.2.score))),
            ("steps", Vector::from_ints(told.iter().map(|t| t.2.steps as i64))),
            ("cost", Vector::from_floats(told.iter().map(|t| cost(&t.2)))),
        ])?
        .labelled_by("item")?;
        Ok(ReachPlan { cost: self.cost(plan) as f64 / self.scale as f64, index, changes })
    }
}

/// Stages reached without a gap, for the cost of passing every criterion up to each.
fn stages(children: &[(&[(usize, f64)], u32)], pass: f64, budget: usize) -> Curve {
    let last = children.iter().map(|(_, stage)| *stage).max().unwrap_or(1);
    let (mut points, mut each): (Vec<(usize, f64)>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for reached in 0..=last {
        let part = |(points, stage): &(&[(usize, f64)], u32)| -> Option<usize> {
            let enough = |point: &&(usize, f64)| *stage > reached || point.1 >= pass - NEAR;
            points.iter().find(enough).map(|point| point.0)
        };
        let Some(parts) = children.iter().map(part).collect::<Option<Vec<usize>>>() else { break };
        let cost: usize = parts.iter().sum();
        if cost > budget {
            break;
        }
        if points.last().is_some_and(|point| point.0 == cost) {
            points.pop();
            each.pop();
        }
        points.push((cost, f64::from(reached) / f64::from(last)));
        each.push(parts);
    }
    Curve { points, how: How::Each(each) }
}
