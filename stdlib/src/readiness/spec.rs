//! A framework from its description: a TOML file or a map written in a script.
//!
//! A description is a flat list of nodes, each naming its parent; the one without a parent is the
//! index. Order among siblings is order in the list. A node with a `scale` is an item.

use serde_json::{Map, Value};

use super::aggregate::{Aggregator, AggregatorOptions};
use super::error::ReadinessError;
use super::framework::{
    Direction, Framework, Group, Item, Level, Minimum, Missing, Node, NodeKind,
};
use super::scale::{Answer, Scale};
use super::zero::ZeroRule;
use crate::choice::Choice;
use crate::error::{Error, Result, closest_hint};

const TOP: [&str; 6] = ["code", "source", "aggregate", "levels", "minimums", "node"];
const NODE: [&str; 14] = [
    "code",
    "parent",
    "label",
    "weight",
    "aggregate",
    "missing",
    "min_coverage",
    "scale",
    "scored_as",
    "direction",
    "zero",
    "unit",
    "target",
    "stage",
];
const LEVEL: [&str; 3] = ["name", "upto", "text"];
const MINIMUM: [&str; 3] = ["node", "at_least", "cap"];

/// Reads one description; `path` says where in it a fault lies.
struct At<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

type Read<T> = Result<T, ReadinessError>;

fn fault<T>(path: &str, fault: impl Into<String>) -> Read<T> {
    Err(ReadinessError::Framework { path: path.to_owned(), fault: fault.into() })
}

/// The text of an error of another room, with its hint.
fn told(path: &str, error: &Error) -> ReadinessError {
    let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
    ReadinessError::Framework { path: path.to_owned(), fault: format!("{error}{hint}") }
}

impl<'a> At<'a> {
    fn new(path: String, value: &'a Value, keys: &[&str]) -> Read<Self> {
        let Value::Object(map) = value else {
            return fault(&path, "must be a table of keys");
        };
        for key in map.keys() {
            if !keys.contains(&key.as_str()) {
                let known: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
                let hint = closest_hint(key, &known).unwrap_or_default();
                return fault(&path, format!("unknown key `{key}`; {hint}"));
            }
        }
        Ok(Self { path, map })
    }

    fn under(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    fn text(&self, key: &str) -> Read<Option<String>> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => fault(&self.under(key), format!("must be text, got {other}")),
        }
    }

    fn needed(&self, key: &str) -> Read<String> {
        match self.text(key)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => fault(&self.path, format!("needs `{key}`")),
        }
    }

    fn number(&self, key: &str) -> Read<Option<f64>> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => number(&self.under(key), value).map(Some),
        }
    }

    fn list(&self, key: &str) -> Read<&'a [Value]> {
        match self.map.get(key) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => fault(&self.under(key), "must be a list"),
        }
    }

    /// `"text"` or `{ en = "text", ru = "..." }`.
    fn languages(&self, key: &str) -> Read<Vec<(String, String)>> {
        match self.map.get(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![("en".to_owned(), text.clone())]),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(language, text)| match text {
                    Value::String(text) => Ok((language.clone(), text.clone())),
                    _ => fault(&self.under(key), format!("`{language}` must be text")),
                })
                .collect(),
            Some(_) => fault(&self.under(key), "must be text, or text by language"),
        }
    }

    fn choice<C: Choice>(&self, key: &str) -> Read<Option<C>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        C::parse("framework", key, &text).map(Some).map_err(|e| told(&self.under(key), &e))
    }

    fn aggregate(&self, key: &str) -> Read<Option<Aggregator>> {
        let path = self.under(key);
        let (name, options) = match self.map.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(name)) => (name.clone(), AggregatorOptions::default()),
            Some(value) => {
                let keys = ["rule", "p", "order", "alpha", "pass", "reward", "lower", "upper"];
                let at = At::new(path.clone(), value, &keys)?;
                let order = at
                    .list("order")?
                    .iter()
                    .map(|weight| number(&at.under("order"), weight))
                    .collect::<Read<Vec<f64>>>()?;
                let options = AggregatorOptions {
                    p: at.number("p")?,
                    order: (!order.is_empty()).then_some(order),
                    alpha: at.number("alpha")?,
                    pass: at.number("pass")?,
                    lower: at.number("lower")?,
                    upper: at.number("upper")?,
                    reward: at.map.get("reward").and_then(Value::as_bool),
                };
                (at.needed("rule")?, options)
            }
        };
        Aggregator::named("framework", &name, &options).map(Some).map_err(|e| told(&path, &e))
    }

    fn zero(&self) -> Read<Option<ZeroRule>> {
        let path = self.under("zero");
        let (name, floor) = match self.map.get("zero") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(name)) => (name.clone(), ZeroRule::FLOOR),
            Some(value) => {
                let at = At::new(path.clone(), value, &["floor"])?;
                ("floor".to_owned(), at.number("floor")?.unwrap_or(ZeroRule::FLOOR))
            }
        };
        ZeroRule::parse("framework", &name, floor).map(Some).map_err(|e| told(&path, &e))
    }

    fn scale(&self, key: &str) -> Read<Option<Scale>> {
        let path = self.under(key);
        let value = match self.map.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => {
                return Scale::parse(text).map(Some).ok_or_else(|| ReadinessError::Framework {
                    path,
                    fault: format!(
                        "no scale is called `{text}`; valid: \"bool\", \"percent\", \"open\", \
                         \"1-5\" and other ranges, \"0or1-10\", {{ ladder }}, {{ choices }}, \
                         {{ goalposts }}"
                    ),
                });
            }
            Some(value) => value,
        };
        let at = At::new(path, value, &["ladder", "choices", "maximum", "goalposts", "clip"])?;
        if at.map.contains_key("ladder") {
            return Ok(Some(Scale::Ladder(at.answers("ladder")?)));
        }
        if at.map.contains_key("choices") {
            let answers = at.answers("choices")?;
            let all = answers.iter().map(|answer| answer.value).sum();
            return Ok(Some(Scale::Choices {
                answers,
                maximum: at.number("maximum")?.unwrap_or(all),
            }));
        }
        match at.list("goalposts")? {
            [low, high] => Ok(Some(Scale::Goalposts {
                low: number(&at.under("goalposts"), low)?,
                high: number(&at.under("goalposts"), high)?,
                clip: at.map.get("clip").and_then(Value::as_bool).unwrap_or(true),
            })),
            _ => fault(&at.path, "needs ladder, choices or two goalposts"),
        }
    }

    /// `[["text", worth], ...]`; plain texts of a ladder are spread evenly from 0 to 1.
    fn answers(&self, key: &str) -> Read<Vec<Answer>> {
        let list = self.list(key)?;
        let last = list.len().saturating_sub(1).max(1) as f64;
        list.iter()
            .enumerate()
            .map(|(place, value)| match value {
                Value::String(text) => {
                    Ok(Answer { text: text.clone(), value: place as f64 / last })
                }
                Value::Array(pair) => match pair.as_slice() {
                    [Value::String(text), worth] => {
                        Ok(Answer { text: text.clone(), value: number(&self.under(key), worth)? })
                    }
                    _ => fault(&self.under(key), "holds pairs of text and number"),
                },
                _ => fault(&self.under(key), "holds texts or pairs of text and number"),
            })
            .collect()
    }
}

fn number(path: &str, value: &Value) -> Read<f64> {
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => fault(path, format!("must be a number, got {value}")),
    }
}

impl Framework {
    /// A framework from its description: the keys of a TOML file as a JSON value.
    ///
    /// Keys: `code`, `source`, `aggregate`, `levels` (`name`, `upto`, `text`), `minimums` (`node`,
    /// `at_least`, `cap`) and the list `node`, whose entries hold `code`, `parent`, `label`,
    /// `weight`, and for an inner node `aggregate`, `missing`, `min_coverage`, for an item
    /// `scale`, `scored_as`, `direction`, `zero`, `unit`, `target`, and `stage` where the parent
    /// is gated. The first fault is raised with its path; [`Framework::validate`] checks the rest.
    pub fn from_value(value: &Value) -> Result<Self> {
        Ok(describe(value)?)
    }
}

fn describe(value: &Value) -> Read<Framework> {
    let top = At::new("framework".to_owned(), value, &TOP)?;
    let list = top.list("node")?;
    let mut nodes: Vec<Option<Node>> = Vec::new();
    let mut parents: Vec<Option<String>> = Vec::new();
    for (place, entry) in list.iter().enumerate() {
        let code = entry.get("code").and_then(Value::as_str).unwrap_or("?");
        let at = At::new(format!("node {} (`{code}`)", place + 1), entry, &NODE)?;
        nodes.push(Some(node(&at)?));
        parents.push(at.text("parent")?);
    }
    let codes: Vec<String> = nodes.iter().flatten().map(|node| node.code.clone()).collect();
    let roots: Vec<usize> = (0..codes.len()).filter(|at| parents[*at].is_none()).collect();
    let [root] = roots[..] else {
        let names: Vec<&str> = roots.iter().map(|at| codes[*at].as_str()).collect();
        let seen = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return fault("framework.node", format!("one node must have no parent, found {seen}"));
    };
    for (place, parent) in parents.iter().enumerate() {
        let Some(parent) = parent else { continue };
        let path = format!("node {} (`{}`).parent", place + 1, codes[place]);
        let Some(at) = codes.iter().position(|code| code == parent) else {
            let hint = closest_hint(parent, &codes).unwrap_or_default();
            return fault(&path, format!("no node is called `{parent}`; {hint}"));
        };
        if nodes[at].as_ref().is_some_and(|node| node.as_item().is_some()) {
            return fault(&path, format!("`{parent}` is an item and has no children"));
        }
        // Follow the parents up: more steps than nodes means a circle.
        let (mut above, mut steps) = (at, 0);
        while let Some(next) = &parents[above] {
            steps += 1;
            let found = codes.iter().position(|code| code == next);
            match found {
                Some(found) if steps <= codes.len() => above = found,
                Some(_) => return fault(&path, "parents run in a circle"),
                None => break,
            }
        }
    }
    let root = assemble(root, &mut nodes, &parents, &codes);
    let mut framework = Framework::new(&top.needed("code")?, root);
    framework.source = top.text("source")?;
    framework.aggregate = top.aggregate("aggregate")?.unwrap_or(Aggregator::Geometric);
    for (place, entry) in top.list("levels")?.iter().enumerate() {
        let at = At::new(format!("level {}", place + 1), entry, &LEVEL)?;
        let (name, upper, texts) = (at.needed("name")?, at.number("upto")?, at.languages("text")?);
        framework.levels.push(Level { name, upper, texts });
    }
    for (place, entry) in top.list("minimums")?.iter().enumerate() {
        let at = At::new(format!("minimum {}", place + 1), entry, &MINIMUM)?;
        let Some(at_least) = at.number("at_least")? else {
            return fault(&at.path, "needs `at_least`");
        };
        let (node, cap) = (at.needed("node")?, at.needed("cap")?);
        framework.minimums.push(Minimum { node, at_least, cap });
    }
    Ok(framework)
}

fn node(at: &At<'_>) -> Read<Node> {
    let code = at.needed("code")?;
    let misplaced = |keys: &[&str], what: &str| -> Read<()> {
        match keys.iter().find(|key| at.map.contains_key(**key)) {
            Some(key) => fault(&at.path, format!("`{key}` belongs to {what}")),
            None => Ok(()),
        }
    };
    let kind = if let Some(scale) = at.scale("scale")? {
        misplaced(&["aggregate", "missing", "min_coverage"], "inner nodes, this is an item")?;
        let mut item = Item::on(scale);
        item.scored_as = at.scale("scored_as")?.filter(|scored| *scored != item.scale);
        item.direction = at.choice("direction")?.unwrap_or_default();
        item.zero = at.zero()?;
        item.unit = at.text("unit")?;
        item.target = at.number("target")?;
        NodeKind::Item(item)
    } else {
        let item_keys = ["scored_as", "direction", "zero", "unit", "target"];
        misplaced(&item_keys, "items; an item needs a `scale`")?;
        NodeKind::Group(Group {
            children: Vec::new(),
            aggregate: at.aggregate("aggregate")?,
            missing: at.choice::<Missing>("missing")?.unwrap_or_default(),
            min_coverage: at.number("min_coverage")?.unwrap_or(0.0),
        })
    };
    let stage = match at.number("stage")? {
        Some(stage) if stage >= 1.0 && stage.fract() == 0.0 && stage <= 1000.0 => {
            Some(stage as u32)
        }
        Some(stage) => return fault(&at.under("stage"), format!("must count from 1, got {stage}")),
        None => None,
    };
    let weight = at.number("weight")?.unwrap_or(1.0);
    Ok(Node { code, labels: at.languages("label")?, weight, stage, kind })
}

/// Takes the node at `place` and hangs its children below it, in order of the list.
fn assemble(
    place: usize,
    nodes: &mut [Option<Node>],
    parents: &[Option<String>],
    codes: &[String],
) -> Node {
    let mut node = nodes[place].take().expect("a tree reaches every node once");
    let own = |at: &usize| *at != place && parents[*at].as_deref() == Some(&codes[place]);
    let below: Vec<usize> = (0..codes.len()).filter(own).collect();
    let children: Vec<Node> = below
        .into_iter()
        .filter(|at| nodes[*at].is_some())
        .collect::<Vec<_>>()
        .into_iter()
        .map(|at| assemble(at, nodes, parents, codes))
        .collect();
    if let NodeKind::Group(group) = &mut node.kind {
        group.children = children;
    }
    node
}

impl Direction {
    /// 1 where more is better, -1 where less is.
    pub fn sign(self) -> f64 {
        match self {
            Self::Positive => 1.0,
            Self::Negative => -1.0,
        }
    }
}
