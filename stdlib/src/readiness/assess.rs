//! Readiness: scores to worths to blocks to the index, its level and rank.

use std::sync::Arc;

use arrow_array::StringArray;
use rayon::prelude::*;

use super::aggregate::Aggregator;
use super::error::ReadinessError;
use super::framework::{Framework, Item, Missing, Node};
use super::impute::{self, FillParams};
use super::normalise::{Fault, Normaliser};
use super::plan::{Callbacks, Plan, Rules};
use super::rescale::{self, RescaleParams};
use super::scores::{self, Scores};
use super::treat::{TreatParams, treat};
use super::verb::weigh_by;
use super::weights::WeightMethod;
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::Result;
use crate::stats::rank::places;
use crate::table::{Table, Vector};

/// How to make an index of scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadinessParams {
    /// Missing scores filled first; default none, each node's missing rule decides.
    pub impute: Option<FillParams>,
    /// Outliers treated next, column by column; default none.
    pub treat: Option<TreatParams>,
    /// Scores to worths; default declared.
    pub normalise: Normaliser,
    /// Normalisers of single items, above the one for all; default none.
    pub normalise_items: Vec<(String, Normaliser)>,
    /// What data-driven normalisers may be told; names are item codes, directions the items' own.
    pub rescale: RescaleParams,
    /// Weights of single nodes, kept as given; their siblings' are rescaled to sum 1. Default none.
    pub weights: Vec<(String, f64)>,
    /// Nodes whose children are weighed by a method from their own values; default none.
    pub weight_methods: Vec<(String, WeightMethod)>,
    /// One aggregation for every node; default each node's own, else the framework's.
    pub aggregate: Option<Aggregator>,
    /// Aggregation of single nodes, above all others; default none.
    pub aggregate_nodes: Vec<(String, Aggregator)>,
    /// Zeros in a product; default a floor of 0.01, under the published rule skip.
    pub zero: Option<ZeroRule>,
    /// Children without a value; default each node's own rule.
    pub missing: Option<Missing>,
    /// Decimals (0..=15) to which block values are rounded before the index; default none.
    pub round_blocks: Option<u32>,
}

impl ReadinessParams {
    /// Checks what does not depend on data.
    pub fn check(&self) -> Result<()> {
        self.rescale.check()?;
        if let Some(impute) = &self.impute {
            impute.check()?;
        }
        match self.round_blocks {
            Some(decimals) if decimals > 15 => Err(crate::Error::Invalid {
                primitive: "readiness",
                parameter: "round_blocks",
                rule: "lie in 0..=15".into(),
                value: decimals.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The zero rule in force.
    pub fn zero_rule(&self) -> ZeroRule {
        self.zero.unwrap_or(match self.normalise {
            Normaliser::AsPublished => ZeroRule::Skip,
            _ => ZeroRule::Floor(ZeroRule::FLOOR),
        })
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            aggregate: self.aggregate.as_ref(),
            nodes: &self.aggregate_nodes,
            zero: self.zero_rule(),
            missing: self.missing,
            round_blocks: self.round_blocks,
        }
    }
}

/// An index and everything below it, by unit.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// The framework, with the weights in force.
    pub framework: Arc<Framework>,
    /// The rules in force.
    pub params: ReadinessParams,
    /// Names of the units.
    pub units: Vec<String>,
    /// What the score table calls its units.
    pub unit_name: Option<String>,
    /// Scores that do not lie on their item's scale, and what they were counted as.
    pub faults: Vec<Fault>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// What treatment did to each item, where it was asked for.
    pub treatment: Option<Table>,
    pub(crate) plan: Plan,
    /// Group of each unit, where imputation asked for groups.
    pub(crate) groups: Option<Vec<String>>,
    /// Whether units of other periods were normalised together with these.
    pub(crate) pooled: bool,
    /// Scores by item as read, `NaN` where missing.
    pub(crate) raw: Vec<Vec<f64>>,
    /// Values by slot of the plan: worths of items, then values of groups; `NaN` where missing.
    pub(crate) slots: Vec<Vec<f64>>,
}

/// The index of `framework` from `scores` (units in rows, or items in rows).
///
/// Worths of items lie in 0..=1; `value(node) = aggregate(values of its children, weights)`, from
/// the items up. Scores off their scale are reported in [`Readiness::faults`]. Missing scores
/// follow each node's rule; a unit without any score has no index, level or rank.
pub fn readiness(
    scores: &Table,
    framework: &Framework,
    params: &ReadinessParams,
) -> Result<Readiness> {
    readiness_with(scores, framework, params, &mut Callbacks::default(), &Context::default())
}

/// [`readiness`] with the user's closures.
pub fn readiness_with(
    scores: &Table,
    framework: &Framework,
    params: &ReadinessParams,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<Readiness> {
    params.check()?;
    let read = scores::read("readiness", scores, framework)?;
    let groups = match params.impute.as_ref().and_then(|impute| impute.by.as_deref()) {
        Some(by) => Some(impute::groups(scores, framework, by, &read.units)?),
        None => None,
    };
    run("readiness", read, groups.as_deref(), framework, params, callbacks, context)
}

/// The index of scores that are already read.
pub(crate) fn run(
    primitive: &str,
    scores: Scores,
    groups: Option<&[String]>,
    framework: &Framework,
    params: &ReadinessParams,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<Readiness> {
    let mut framework = framework.with_weights(&params.weights)?;
    let mut faults = Vec::new();
    for (code, _) in &params.normalise_items {
        if framework.find(primitive, code)?.as_item().is_none() {
            return Err(ReadinessError::Undefined {
                primitive: primitive.to_owned(),
                reason: format!("`{code}` is a block, and only items are normalised"),
                hint: "name its items".into(),
            }
            .into());
        }
    }
    let mut warnings = scores.warnings.clone();
    let (mended, treatment) = mend(&scores, groups, &framework, params, &mut warnings)?;
    let columns = mended.as_ref().unwrap_or(&scores.columns);
    let items: Vec<(&Node, &Item)> =
        framework.items().into_iter().filter_map(|node| Some((node, node.as_item()?))).collect();
    let rule_of = |code: &str| {
        let own = params.normalise_items.iter().rev().find(|(item, _)| item == code);
        own.map_or(params.normalise, |(_, rule)| *rule)
    };
    // What a scale alone decides is done item by item on all cores; the rest may call the user.
    let on_scales: Vec<_> = items
        .par_iter()
        .zip(columns)
        .map(|((node, item), column)| {
            let rule = rule_of(&node.code);
            rule.reads_scales().then(|| {
                let mut own = Vec::new();
                let worths = rule.apply(primitive, node, item, column, &scores.units, &mut own);
                worths.map(|worths| (worths, own))
            })
        })
        .collect();
    let mut worths = Vec::with_capacity(scores.columns.len());
    for (((node, item), column), on_scale) in items.iter().zip(columns).zip(on_scales) {
        worths.push(if let Some(done) = on_scale {
            let (worths, mut own) = done?;
            faults.append(&mut own);
            worths
        } else {
            let rule = rule_of(&node.code);
            worth(primitive, node, item, rule, column, params, &scores.units, callbacks)?
        });
    }
    let step = |framework: &Framework, callbacks: &mut Callbacks<'_>| {
        let plan = Plan::compile(primitive, framework, &params.rules())?;
        let slots = plan.evaluate(primitive, worths.clone(), &scores.units, callbacks, context)?;
        Ok((plan, slots))
    };
    framework =
        weigh_by(framework, &params.weight_methods, &mut warnings, callbacks, &scores.units, step)?;
    let plan = Plan::compile(primitive, &framework, &params.rules())?;
    let slots = plan.evaluate(primitive, worths, &scores.units, callbacks, context)?;
    let mut result = Readiness {
        framework: Arc::new(framework),
        params: params.clone(),
        units: scores.units,
        unit_name: scores.unit_name,
        faults,
        warnings,
        treatment,
        plan,
        groups: groups.map(<[String]>::to_vec),
        pooled: false,
        raw: scores.columns,
        slots,
    };
    result.warn();
    Ok(result)
}

/// Scores by item after imputation and treatment, where asked for, and what treatment did.
fn mend(
    scores: &Scores,
    groups: Option<&[String]>,
    framework: &Framework,
    params: &ReadinessParams,
    warnings: &mut Vec<String>,
) -> Result<(Option<Vec<Vec<f64>>>, Option<Table>)> {
    if params.impute.is_none() && params.treat.is_none() {
        return Ok((None, None));
    }
    let items: Vec<String> = framework.items().iter().map(|item| item.code.clone()).collect();
    let mut columns = scores.columns.clone();
    if let Some(impute) = &params.impute {
        warnings.extend(impute::fill(&mut columns, &items, impute.method, groups));
    }
    let Some(how) = &params.treat else { return Ok((Some(columns), None)) };
    let treated = treat(&impute::table_of(scores, &columns, &items)?, how)?;
    for (item, column) in items.iter().zip(&mut columns) {
        *column = super::values(&treated.table, "treat", item)?;
    }
    let treats = |name: &str| -> usize {
        let column = treated.log.column("treatment").ok();
        let cells = column.iter().flat_map(|column| column.cells().collect::<Vec<_>>());
        cells.filter(|cell| *cell == crate::table::Cell::Text(name.to_owned())).count()
    };
    for (name, what) in
        [("winsorised", "winsorised"), ("log", "logged"), ("boxcox", "given a Box-Cox power")]
    {
        match treats(name) {
            0 => {}
            1 => warnings.push(format!("1 item was {what}")),
            n => warnings.push(format!("{n} items were {what}")),
        }
    }
    warnings.extend(treated.warnings);
    Ok((Some(columns), Some(treated.log)))
}

/// One item's worths under `rule`, which reads more than its scale.
#[allow(clippy::too_many_arguments)] // Parts of one call, split off for its length.
fn worth(
    primitive: &str,
    node: &Node,
    item: &Item,
    rule: Normaliser,
    column: &[f64],
    params: &ReadinessParams,
    units: &[String],
    callbacks: &mut Callbacks<'_>,
) -> Result<Vec<f64>> {
    if let Normaliser::Custom(number) = rule {
        let own = callbacks.normalise.get_mut(number).ok_or_else(|| crate::Error::Callback {
            message: "readiness: the normalise closure is not at hand".into(),
        })?;
        return rescale::call(own.as_mut(), &node.code, column);
    }
    let reference = match &params.rescale.reference {
        Some(name) => {
            let at = units.iter().position(|unit| unit == name);
            Some(at.ok_or_else(|| crate::Error::UnknownName {
                primitive: primitive.to_owned(),
                kind: "unit".into(),
                name: name.clone(),
                known: units.to_vec(),
            })?)
        }
        None => None,
    };
    let of = rescale::ColumnOf {
        name: &node.code,
        direction: item.direction,
        target: item.target,
        reference,
    };
    rescale::column(rule, column, of, &params.rescale)
}

impl Readiness {
    fn warn(&mut self) {
        let shown: Vec<String> = self
            .faults
            .iter()
            .take(6)
            .map(|fault| {
                let Fault { item, unit, value, scale, counted_as } = fault;
                format!("{item} of {unit}: {value} on scale {scale}, counted as {counted_as}")
            })
            .collect();
        if !shown.is_empty() {
            let more = self.faults.len() - shown.len();
            let tail = if more > 0 { format!("; and {more} more") } else { String::new() };
            let scores = if self.faults.len() == 1 { "score" } else { "scores" };
            self.warnings.push(format!(
                "{} {scores} off the declared scale: {}{tail}",
                self.faults.len(),
                shown.join("; ")
            ));
        }
        let missing: usize =
            self.raw.par_iter().map(|column| column.iter().filter(|x| x.is_nan()).count()).sum();
        if missing > 0 {
            let all = self.raw.len() * self.units.len();
            self.warnings.push(format!("{missing} of {all} scores are missing"));
        }
    }

    /// One sentence on the rules in force.
    pub fn describe(&self) -> String {
        let params = &self.params;
        let rules: Vec<&str> = {
            let mut names: Vec<&str> = self.plan.groups.iter().map(|g| g.rule.name()).collect();
            names.dedup();
            names.sort_unstable();
            names.dedup();
            names
        };
        let zero = match params.zero_rule() {
            ZeroRule::Floor(floor) => format!("zeros floored at {floor}"),
            ZeroRule::Skip => "zeros skipped but counted in the root".to_owned(),
            ZeroRule::Drop => "zeros left out".to_owned(),
            ZeroRule::Keep => "zeros kept".to_owned(),
            ZeroRule::Error => "zeros refused".to_owned(),
        };
        let rounded = params
            .round_blocks
            .map_or_else(String::new, |d| format!(", blocks rounded to {d} decimals"));
        format!(
            "{}: {} units, {} items in {} blocks; normalised {}, aggregated {}, {zero}{rounded}.",
            self.framework.root.label("en"),
            self.units.len(),
            self.plan.items,
            self.framework.blocks().len(),
            params.normalise.spelled(),
            rules.join(" and "),
        )
    }

    fn labels(&self) -> Arc<StringArray> {
        Arc::new(StringArray::from_iter_values(&self.units))
    }

    fn labelled(&self, vector: Vector, name: &str) -> Vector {
        vector.with_labels(self.labels()).expect("one value per unit").named(name)
    }

    /// Index values in order of the units; `None` for a unit without one.
    pub fn index_values(&self) -> Vec<Option<f64>> {
        self.slots[self.plan.root()].iter().map(|x| (!x.is_nan()).then_some(*x)).collect()
    }

    /// The index by unit.
    pub fn index(&self) -> Vector {
        self.labelled(Vector::from_options(self.index_values()), "index")
    }

    /// The values of one node (index, block or item) by unit.
    pub fn node(&self, code: &str) -> Result<Vector> {
        self.framework.find("node", code)?;
        let values = self.plan.slot(code).map_or(&[][..], |slot| &self.slots[slot]);
        Ok(self.labelled(Vector::from_floats(values.iter().copied()), code))
    }

    /// A table of the given nodes, units in rows.
    pub(crate) fn table(&self, codes: &[&str]) -> Result<Table> {
        let columns =
            codes.iter().map(|code| Ok((*code, self.node(code)?))).collect::<Result<Vec<_>>>()?;
        self.by_unit(Table::new(columns)?)
    }

    pub(crate) fn by_unit(&self, table: Table) -> Result<Table> {
        table.with_labels(self.labels(), Some(self.unit_name.as_deref().unwrap_or("unit")))
    }

    /// The blocks: children of the index, one column each, units in rows.
    pub fn blocks(&self) -> Result<Table> {
        let codes: Vec<&str> =
            self.framework.blocks().iter().map(|block| block.code.as_str()).collect();
        self.table(&codes)
    }

    /// Every inner node, the index first, then down the tree; units in rows.
    pub fn nodes(&self) -> Result<Table> {
        let nodes = self.framework.root.walk();
        let groups = nodes.iter().filter(|node| node.as_item().is_none());
        self.table(&groups.map(|node| node.code.as_str()).collect::<Vec<_>>())
    }

    /// The worth of every item; units in rows.
    pub fn worths(&self) -> Result<Table> {
        let items = self.framework.items();
        self.table(&items.iter().map(|node| node.code.as_str()).collect::<Vec<_>>())
    }

    /// Whether levels mean anything under the rules in force: worths on the scales' 0 to 1, and an
    /// index that is a mean of its blocks.
    pub fn has_levels(&self) -> bool {
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let own = self.params.normalise_items.iter().all(|(_, rule)| rule.reads_scales());
        !self.framework.levels.is_empty()
            && self.params.normalise.reads_scales()
            && own
            && !root.rule.compares_units()
    }

    /// Level numbers (from 0, lowest) by unit, minimum rules applied.
    pub(crate) fn level_numbers(&self) -> Vec<Option<usize>> {
        let index = self.index_values();
        (0..self.units.len())
            .map(|unit| {
                if !self.has_levels() {
                    return None;
                }
                let level = self.framework.level_at(index[unit]?)?;
                Some(self.capped(unit, level))
            })
            .collect()
    }

    /// `level` lowered to what the minimum rules allow.
    fn capped(&self, unit: usize, level: usize) -> usize {
        let missed = self.minimum_rules().into_iter();
        let missed = missed.filter(|(slot, least, _)| self.slots[*slot][unit] < *least);
        missed.map(|(_, _, cap)| cap).fold(level, usize::min)
    }

    /// The minimum rules, node by node: slot, least value, level that missing it caps.
    pub(super) fn minimum_rules(&self) -> Vec<(usize, f64, usize)> {
        let mut rules = Vec::new();
        for rule in &self.framework.minimums {
            let cap = self.framework.levels.iter().position(|level| level.name == rule.cap);
            let Some(cap) = cap else { continue };
            let nodes: Vec<usize> = if rule.node == "*" {
                self.framework.blocks().iter().filter_map(|b| self.plan.slot(&b.code)).collect()
            } else {
                self.plan.slot(&rule.node).into_iter().collect()
            };
            rules.extend(nodes.into_iter().map(|slot| (slot, rule.at_least, cap)));
        }
        rules
    }

    /// The level of each unit, by name; missing where levels do not apply.
    pub fn level_names(&self) -> Vec<Option<String>> {
        self.level_numbers()
            .into_iter()
            .map(|number| number.map(|at| self.framework.levels[at].name.clone()))
            .collect()
    }

    /// The level of each unit as a labelled text vector.
    pub fn level(&self) -> Vector {
        let array: StringArray = self.level_names().into_iter().collect();
        self.labelled(Vector::new(Arc::new(array)), "level")
    }

    /// Ranks by unit: 1 for the best, ties share the better rank, `None` without an index.
    pub fn ranks(&self) -> Vec<Option<i64>> {
        places(&self.slots[self.plan.root()])
    }

    /// The ranks as a labelled vector.
    pub fn rank(&self) -> Vector {
        let array: arrow_array::Int64Array = self.ranks().into_iter().collect();
        self.labelled(Vector::new(Arc::new(array)), "rank")
    }

    /// Index, level, rank and coverage, one row per unit.
    pub fn summary(&self) -> Result<Table> {
        let table = Table::new([
            ("index", self.index()),
            ("level", self.level()),
            ("rank", self.rank()),
            ("coverage", self.coverage()),
        ])?;
        self.by_unit(table)
    }

    /// Share of the items' weight in the index for which a unit has a score.
    pub fn coverage(&self) -> Vector {
        let weights = self.item_weights();
        let share = |unit: usize| -> f64 {
            let scored = self.raw.iter().zip(&weights).filter(|(column, _)| !column[unit].is_nan());
            scored.map(|(_, weight)| weight).sum()
        };
        self.labelled(Vector::from_floats((0..self.units.len()).map(share)), "coverage")
    }

    /// The weight of every item in the whole index; they sum to 1.
    pub fn item_weights(&self) -> Vec<f64> {
        let mut overall = vec![0.0; self.plan.codes.len()];
        overall[self.plan.root()] = 1.0;
        for (number, group) in self.plan.groups.iter().enumerate().rev() {
            for (child, weight) in group.children.iter().zip(&group.weights) {
                overall[*child] = overall[self.plan.items + number] * weight;
            }
        }
        overall.truncate(self.plan.items);
        overall
    }

    /// The faults as a table: item, unit, value, scale, counted as.
    pub fn fault_table(&self) -> Result<Table> {
        Table::new([
            ("item", Vector::from_texts(self.faults.iter().map(|f| &f.item))),
            ("unit", Vector::from_texts(self.faults.iter().map(|f| &f.unit))),
            ("value", Vector::from_floats(self.faults.iter().map(|f| f.value))),
            ("scale", Vector::from_texts(self.faults.iter().map(|f| &f.scale))),
            ("counted_as", Vector::from_floats(self.faults.iter().map(|f| f.counted_as))),
        ])
    }

    /// The position of the unit called `name`.
    pub fn unit(&self, primitive: &str, name: &str) -> Result<usize> {
        self.units.iter().position(|unit| unit == name).ok_or_else(|| crate::Error::UnknownName {
            primitive: primitive.to_owned(),
            kind: "unit".into(),
            name: name.to_owned(),
            known: self.units.clone(),
        })
    }

    /// The raw scores, units in rows, as they were read.
    pub fn scores(&self) -> Result<Table> {
        let items = self.framework.items();
        let columns = items.iter().zip(&self.raw).map(|(node, column)| {
            (node.code.as_str(), Vector::from_floats(column.iter().copied()))
        });
        self.by_unit(Table::new(columns)?)
    }

    /// The level called `name`, by its place.
    pub fn level_place(&self, primitive: &str, name: &str) -> Result<usize> {
        let levels = &self.framework.levels;
        levels.iter().position(|level| level.name == name).ok_or_else(|| {
            ReadinessError::NoLevel {
                primitive: primitive.to_owned(),
                level: name.to_owned(),
                known: levels.iter().map(|level| level.name.clone()).collect(),
            }
            .into()
        })
    }
}
