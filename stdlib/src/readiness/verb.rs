//! Aggregation of a plain table, and weights by method inside a framework.

use super::aggregate::Aggregator;
use super::error::ReadinessError;
use super::framework::{Framework, Item, Missing, Node};
use super::plan::{Callbacks, Plan, Rules};
use super::scale::Scale;
use super::weights::{DataWeights, WeightMethod, weights_of};
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::Result;
use crate::table::{Table, Vector};

/// How to aggregate the columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateParams {
    /// The rule.
    pub rule: Aggregator,
    /// Weights by column, only proportions matter; equal when empty.
    pub weights: Vec<(String, f64)>,
    /// Zeros in a product; default kept.
    pub zero: ZeroRule,
    /// Missing values; default the columns that are there.
    pub missing: Missing,
}

impl AggregateParams {
    /// `rule` with equal weights.
    pub fn by(rule: Aggregator) -> Self {
        let (zero, missing) = (ZeroRule::Keep, Missing::Available);
        Self { rule, weights: Vec::new(), zero, missing }
    }
}

/// One value per row from the numeric columns of `table`, labelled as its rows.
///
/// Columns run the same way (more is better). A row without any value has none.
pub fn aggregate(
    table: &Table,
    params: &AggregateParams,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<Vector> {
    let names = super::numeric_columns(table);
    if names.is_empty() || table.nrow() == 0 {
        let what = if names.is_empty() { "numeric columns" } else { "rows" }.to_owned();
        return Err(crate::table::TableError::Empty { primitive: "aggregate".into(), what }.into());
    }
    if matches!(params.rule, Aggregator::Gated { .. }) {
        return Err(ReadinessError::Undefined {
            primitive: "aggregate".into(),
            reason: "\"gated\" needs stages, and a table has none".into(),
            hint: "score it with a framework".into(),
        }
        .into());
    }
    for (name, _) in &params.weights {
        table.column(name)?;
    }
    let children = names.iter().map(|name| {
        let given = params.weights.iter().rev().find(|(column, _)| column == name);
        let weight = match given {
            Some((_, weight)) => *weight,
            None if params.weights.is_empty() => 1.0,
            None => 0.0,
        };
        Node::item(name, Item::on(Scale::Open)).weighing(weight)
    });
    let bad = params.weights.iter().find(|(_, w)| !(w.is_finite() && *w >= 0.0));
    if let Some((name, weight)) = bad {
        return Err(ReadinessError::Weights {
            primitive: "aggregate".into(),
            node: name.clone(),
            fault: format!("must be at least 0, got {weight}"),
        }
        .into());
    }
    let root = Node::group("the table", children.collect());
    let framework = Framework::new("table", root);
    let rules = Rules {
        aggregate: Some(&params.rule),
        nodes: &[],
        zero: params.zero,
        missing: Some(params.missing),
        round_blocks: None,
    };
    let plan = Plan::compile("aggregate", &framework, &rules)?;
    let worths =
        names.iter().map(|name| super::values(table, "aggregate", name)).collect::<Result<_>>()?;
    let slots = plan.evaluate("aggregate", worths, &table.row_names(), callbacks, context)?;
    let vector = Vector::from_floats(slots.into_iter().next_back().unwrap_or_default());
    match table.labels() {
        Some(labels) => vector.with_labels(labels.clone()),
        None => Ok(vector),
    }
}

/// `framework` with the children of each named node weighed by a method, deepest nodes first.
///
/// `columns(framework)` gives the values of every slot under the weights so far.
pub(super) fn weigh_by(
    framework: Framework,
    methods: &[(String, WeightMethod)],
    warnings: &mut Vec<String>,
    callbacks: &mut Callbacks<'_>,
    units: &[String],
    mut columns: impl FnMut(&Framework, &mut Callbacks<'_>) -> Result<(Plan, Vec<Vec<f64>>)>,
) -> Result<Framework> {
    if methods.is_empty() {
        return Ok(framework);
    }
    let mut framework = framework;
    for (code, _) in methods {
        if framework.find("weights", code)?.as_item().is_some() {
            return Err(ReadinessError::Undefined {
                primitive: "weights".into(),
                reason: format!("`{code}` is an item and has no children to weigh"),
                hint: "name a block or the index".into(),
            }
            .into());
        }
    }
    // The plan lists children before their parents: its order is deepest first.
    let (plan, _) = columns(&framework, callbacks)?;
    for group in &plan.groups {
        let Some((code, method)) = methods.iter().rev().find(|(code, _)| *code == group.code)
        else {
            continue;
        };
        let (plan, slots) = columns(&framework, callbacks)?;
        let children: Vec<&str> =
            framework.find("weights", code)?.children().iter().map(|c| c.code.as_str()).collect();
        let table = Table::new(children.iter().filter_map(|child| {
            let slot = plan.slot(child)?;
            Some((*child, Vector::from_floats(slots[slot].iter().copied())))
        }))?;
        let labels = arrow_array::StringArray::from_iter_values(units);
        let table = table.with_labels(std::sync::Arc::new(labels), None)?;
        let answer = match method {
            WeightMethod::Custom(number) => {
                let own = callbacks.weights.get_mut(*number);
                let own = own.ok_or_else(|| crate::Error::Callback {
                    message: format!(
                        "readiness: the weights closure of {code} is not at hand; give it again"
                    ),
                })?;
                own_weights(own.as_mut(), &table)?
            }
            method => weights_of(&table, *method)?,
        };
        warnings.extend(
            answer
                .warnings
                .iter()
                .map(|warning| format!("{} weights of {code}: {warning}", method.spelled())),
        );
        let given: Vec<(String, f64)> = answer.names.into_iter().zip(answer.weights).collect();
        framework = framework.with_weights(&given)?;
    }
    Ok(framework)
}

/// The user's weights of the columns of `table`; columns not named weigh nothing.
fn own_weights(own: &mut super::TableFn<'_>, table: &Table) -> Result<DataWeights> {
    let given = own(table)?;
    let names = table.columns();
    for (name, weight) in &given {
        table.column(name)?;
        if !(weight.is_finite() && *weight >= 0.0) {
            return Err(ReadinessError::Weights {
                primitive: "readiness".into(),
                node: name.clone(),
                fault: format!("must be at least 0, the closure gave {weight}"),
            }
            .into());
        }
    }
    let of = |name: &String| given.iter().find(|(n, _)| n == name).map_or(0.0, |(_, w)| *w);
    let raw: Vec<f64> = names.iter().map(of).collect();
    let sum: f64 = raw.iter().sum();
    if sum <= 0.0 {
        return Err(ReadinessError::Weights {
            primitive: "readiness".into(),
            node: names.join(", "),
            fault: "the closure gave are all zero".into(),
        }
        .into());
    }
    let weights = raw.into_iter().map(|w| w / sum).collect();
    Ok(DataWeights { names, weights, detail: Vec::new(), warnings: Vec::new() })
}
