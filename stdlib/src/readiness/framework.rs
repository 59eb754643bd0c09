//! The tree of a composite index: items in blocks, blocks in an index, to any depth.

use super::aggregate::Aggregator;
use super::error::ReadinessError;
use super::scale::Scale;
use super::zero::ZeroRule;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// Whether more of an item is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// More is better.
    #[default]
    Positive,
    /// Less is better.
    Negative,
}

impl Choice for Direction {
    const ALL: &'static [(&'static str, Self)] =
        &[("positive", Self::Positive), ("negative", Self::Negative)];
}

/// What a node does where a child has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Aggregates the children that are there, their weights rescaled to sum 1.
    #[default]
    Available,
    /// Has no value itself.
    Propagate,
    /// Counts the missing child as 0, the worst worth.
    Worst,
    /// Refuses to go on.
    Error,
}

impl Choice for Missing {
    const ALL: &'static [(&'static str, Self)] = &[
        ("available", Self::Available),
        ("propagate", Self::Propagate),
        ("worst", Self::Worst),
        ("error", Self::Error),
    ];
}

/// A leaf: one question or indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The scale the questionnaire declares.
    pub scale: Scale,
    /// The scale it was surveyed on, where that differs.
    pub scored_as: Option<Scale>,
    /// Whether more is better.
    pub direction: Direction,
    /// Its own rule for zeros in a product, else the index's.
    pub zero: Option<ZeroRule>,
    /// Unit of measurement.
    pub unit: Option<String>,
    /// Value to reach, for `distance_to_target`.
    pub target: Option<f64>,
}

impl Item {
    /// A positive item on `scale`.
    pub fn on(scale: Scale) -> Self {
        Self {
            scale,
            scored_as: None,
            direction: Direction::Positive,
            zero: None,
            unit: None,
            target: None,
        }
    }

    /// The scale its scores are on: as surveyed, else as declared.
    pub fn scored(&self) -> &Scale {
        self.scored_as.as_ref().unwrap_or(&self.scale)
    }
}

/// An inner node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Items or further groups, in order.
    pub children: Vec<Node>,
    /// Its own rule of aggregation, else the index's.
    pub aggregate: Option<Aggregator>,
    /// What it does where a child has no value.
    pub missing: Missing,
    /// Least share of its weight that must be there for it to have a value, 0..=1.
    pub min_coverage: f64,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A leaf.
    Item(Item),
    /// An inner node.
    Group(Group),
}

/// One node of a framework.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Short name, unique in the framework.
    pub code: String,
    /// Label by language code, e.g. `("en", "Personnel")`.
    pub labels: Vec<(String, String)>,
    /// Weight among its siblings; only proportions matter.
    pub weight: f64,
    /// Stage (from 1) it is a criterion of, where its parent aggregates by `gated`.
    pub stage: Option<u32>,
    /// Item or group.
    pub kind: NodeKind,
}

impl Node {
    /// A leaf with weight 1.
    pub fn item(code: &str, item: Item) -> Self {
        Self::new(code, NodeKind::Item(item))
    }

    /// An inner node with weight 1 over `children`.
    pub fn group(code: &str, children: Vec<Self>) -> Self {
        Self::new(code, NodeKind::Group(Group { children, ..Group::default() }))
    }

    fn new(code: &str, kind: NodeKind) -> Self {
        Self { code: code.to_owned(), labels: Vec::new(), weight: 1.0, stage: None, kind }
    }

    /// The same node with another weight.
    #[must_use]
    pub fn weighing(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// The same node labelled `text` in `language`.
    #[must_use]
    pub fn labelled(mut self, language: &str, text: &str) -> Self {
        self.labels.push((language.to_owned(), text.to_owned()));
        self
    }

    /// Its label in `language`, else in the first language it has, else its code.
    pub fn label(&self, language: &str) -> &str {
        self.labels
            .iter()
            .find(|(code, _)| code == language)
            .or_else(|| self.labels.first())
            .map_or(&self.code, |(_, text)| text)
    }

    /// Its children; none for an item.
    pub fn children(&self) -> &[Self] {
        match &self.kind {
            NodeKind::Group(group) => &group.children,
            NodeKind::Item(_) => &[],
        }
    }

    /// The item it is, if it is one.
    pub fn as_item(&self) -> Option<&Item> {
        match &self.kind {
            NodeKind::Item(item) => Some(item),
            NodeKind::Group(_) => None,
        }
    }

    /// This node and all below it, parents first.
    pub fn walk(&self) -> Vec<&Self> {
        let mut nodes = vec![self];
        for child in self.children() {
            nodes.extend(child.walk());
        }
        nodes
    }

    /// Calls `change` on this node and all below it, parents first.
    pub fn walk_mut(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        if let NodeKind::Group(group) = &mut self.kind {
            for child in &mut group.children {
                child.walk_mut(change);
            }
        }
    }
}

/// A named range of index values: up to `upper`, which belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name, e.g. `"medium"`.
    pub name: String,
    /// Highest value that belongs to it; `None` for the top level.
    pub upper: Option<f64>,
    /// What it means, by language code.
    pub texts: Vec<(String, String)>,
}

/// A condition without which a unit's level cannot lie above `cap`.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The node it looks at; `"*"` for every child of the index.
    pub node: String,
    /// Value the node must reach.
    pub at_least: f64,
    /// Highest level of a unit that misses it.
    pub cap: String,
}

/// A composite index as a tree of any depth.
#[derive(Debug, Clone, PartialEq)]
pub struct Framework {
    /// Its name, as `framework(name)` finds it.
    pub code: String,
    /// Where it is published.
    pub source: Option<String>,
    /// The index; its children are the blocks.
    pub root: Node,
    /// Levels of the index, lowest first.
    pub levels: Vec<Level>,
    /// Conditions that cap the level.
    pub minimums: Vec<Minimum>,
    /// Aggregation of nodes that name none.
    pub aggregate: Aggregator,
}

impl Framework {
    /// A framework without levels, geometric where a node says nothing else.
    pub fn new(code: &str, root: Node) -> Self {
        Self {
            code: code.to_owned(),
            source: None,
            root,
            levels: Vec::new(),
            minimums: Vec::new(),
            aggregate: Aggregator::Geometric,
        }
    }

    /// The items, in order of the tree.
    pub fn items(&self) -> Vec<&Node> {
        self.root.walk().into_iter().filter(|node| node.as_item().is_some()).collect()
    }

    /// The children of the index.
    pub fn blocks(&self) -> &[Node] {
        self.root.children()
    }

    /// The node with this code.
    pub fn find(&self, primitive: &str, code: &str) -> Result<&Node> {
        let nodes = self.root.walk();
        nodes.iter().find(|node| node.code == code).copied().ok_or_else(|| Error::UnknownName {
            primitive: primitive.to_owned(),
            kind: "node".into(),
            name: code.to_owned(),
            known: nodes.iter().map(|node| node.code.clone()).collect(),
        })
    }

    /// The level that `value` lies in, by its place in `levels`; `None` without levels.
    pub fn level_at(&self, value: f64) -> Option<usize> {
        self.levels.iter().position(|level| level.upper.is_none_or(|upper| value <= upper))
    }

    /// The cut points between its levels, lowest first.
    pub fn thresholds(&self) -> Vec<f64> {
        self.levels.iter().filter_map(|level| level.upper).collect()
    }

    /// Every node's share among its siblings and in the whole index, as a table by node.
    ///
    /// Columns: `node`, `parent`, `depth`, `weight` (sums to 1 among siblings), `overall` (the
    /// product of shares from the index down; sums to 1 over the items).
    pub fn weights(&self) -> Result<Table> {
        let mut rows = Vec::new();
        shares(&self.root, "", 0, 1.0, 1.0, &mut rows);
        Table::new([
            ("node", Vector::from_texts(rows.iter().map(|row| row.0))),
            ("parent", Vector::from_texts(rows.iter().map(|row| row.1))),
            ("depth", Vector::from_ints(rows.iter().map(|row| row.2))),
            ("weight", Vector::from_floats(rows.iter().map(|row| row.3))),
            ("overall", Vector::from_floats(rows.iter().map(|row| row.4))),
        ])?
        .labelled_by("node")
    }

    /// The framework with `given` weights fixed among their siblings, the rest rescaled.
    ///
    /// Siblings' weights then sum to 1: the given ones are kept, the others keep their
    /// proportions in what is left. Where every sibling is given, they are divided by their sum.
    pub fn with_weights<S: AsRef<str>>(&self, given: &[(S, f64)]) -> Result<Self> {
        let primitive = "weights";
        for (code, weight) in given {
            let node = self.find(primitive, code.as_ref())?;
            if !(weight.is_finite() && *weight >= 0.0) {
                return Err(ReadinessError::Weights {
                    primitive: primitive.into(),
                    node: node.code.clone(),
                    fault: format!("must be at least 0, got {weight}"),
                }
                .into());
            }
        }
        let given: Vec<(&str, f64)> = given.iter().map(|(code, w)| (code.as_ref(), *w)).collect();
        let mut framework = self.clone();
        let mut fault = None;
        framework.root.walk_mut(&mut |node| {
            if fault.is_none() {
                fault = reweigh(node, &given).err();
            }
        });
        fault.map_or(Ok(framework), Err)
    }
}

/// Fixes the given weights among the children of `node` and rescales the others.
fn reweigh(node: &mut Node, given: &[(&str, f64)]) -> Result<()> {
    let parent = node.code.clone();
    let NodeKind::Group(group) = &mut node.kind else { return Ok(()) };
    let fixed = |code: &str| given.iter().rev().find(|(name, _)| *name == code).map(|(_, w)| *w);
    if !group.children.iter().any(|child| fixed(&child.code).is_some()) {
        return Ok(());
    }
    let taken: f64 = group.children.iter().filter_map(|child| fixed(&child.code)).sum();
    let free: f64 =
        group.children.iter().filter(|c| fixed(&c.code).is_none()).map(|c| c.weight).sum();
    let all_given = group.children.iter().all(|child| fixed(&child.code).is_some());
    let fault = |fault: String| {
        let node = parent.clone();
        Err(ReadinessError::Weights { primitive: "weights".into(), node, fault }.into())
    };
    if all_given && taken <= 0.0 {
        return fault("are all zero".into());
    }
    if !all_given && taken > 1.0 + 1e-12 {
        return fault(format!("given sum to {taken}, more than 1"));
    }
    if !all_given && free <= 0.0 && taken < 1.0 - 1e-12 {
        return fault(format!("given sum to {taken} and the others weigh nothing"));
    }
    for child in &mut group.children {
        child.weight = match fixed(&child.code) {
            Some(weight) if all_given => weight / taken,
            Some(weight) => weight,
            None if free > 0.0 => child.weight / free * (1.0 - taken).max(0.0),
            None => 0.0,
        };
    }
    Ok(())
}

/// Node, parent, depth, share among siblings, share in the index; parents first.
fn shares<'a>(
    node: &'a Node,
    parent: &'a str,
    depth: i64,
    share: f64,
    overall: f64,
    rows: &mut Vec<(&'a str, &'a str, i64, f64, f64)>,
) {
    rows.push((&node.code, parent, depth, share, overall));
    let total: f64 = node.children().iter().map(|child| child.weight).sum();
    for child in node.children() {
        let share = child.weight / total;
        shares(child, &node.code, depth + 1, share, overall * share, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Framework {
        let leaf = |code: &str, w| Node::item(code, Item::on(Scale::Percent)).weighing(w);
        let root = Node::group("index", vec![leaf("a", 0.5), leaf("b", 0.3), leaf("c", 0.2)]);
        Framework::new("three", root)
    }

    fn weights(framework: &Framework) -> Vec<f64> {
        framework.root.children().iter().map(|child| child.weight).collect()
    }

    #[test]
    fn given_weights_stay_and_the_rest_keep_their_proportions() {
        let changed = three().with_weights(&[("a", 0.6)]).unwrap();
        let expected = [0.6, 0.4 * 3.0 / 5.0, 0.4 * 2.0 / 5.0];
        for (got, want) in weights(&changed).iter().zip(expected) {
            assert!((got - want).abs() < 1e-15);
        }
        let all = three().with_weights(&[("a", 1.0), ("b", 1.0), ("c", 2.0)]).unwrap();
        assert_eq!(weights(&all), [0.25, 0.25, 0.5]);
    }

    #[test]
    fn weights_that_cannot_be_are_refused() {
        let refused = |given: &[(&str, f64)]| three().with_weights(given).unwrap_err();
        assert!(refused(&[("a", 0.7), ("b", 0.4)]).to_string().contains("more than 1"));
        assert!(refused(&[("a", -0.1)]).to_string().contains("at least 0"));
        assert!(refused(&[("a", f64::NAN)]).to_string().contains("at least 0"));
        let unknown = refused(&[("aa", 0.1)]);
        assert!(matches!(unknown, Error::UnknownName { .. }), "{unknown}");
    }

    #[test]
    fn a_bound_belongs_to_the_level_below_it() {
        let mut framework = three();
        let level = |name: &str, upper| Level { name: name.into(), upper, texts: Vec::new() };
        framework.levels =
            vec![level("low", Some(0.4)), level("medium", Some(0.8)), level("high", None)];
        let at = |value| framework.level_at(value).unwrap();
        assert_eq!((at(0.4), at(0.400_1), at(0.8), at(0.800_1)), (0, 1, 1, 2));
    }
}
