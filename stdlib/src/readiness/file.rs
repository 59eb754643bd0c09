//! Frameworks as TOML: reading, writing, and printing as a tree.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::aggregate::Aggregator;
use super::error::ReadinessError;
use super::framework::{Direction, Framework, Missing, Node, NodeKind};
use super::scale::{Answer, Scale};
use super::zero::ZeroRule;
use crate::choice::Choice;
use crate::error::Result;

impl Framework {
    /// The bundled framework called `name`, or the one in the TOML file at that path.
    pub fn load(name: &str) -> Result<Self> {
        let is_path = Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        if is_path {
            return Self::read(Path::new(name));
        }
        Self::bundled(name)
    }

    /// The framework in the TOML file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ReadinessError::Framework {
            path: shown.clone(),
            fault: error.to_string(),
        })?;
        Self::from_toml(&text).map_err(|error| match error {
            crate::Error::Readiness(ReadinessError::Framework { path, fault }) => {
                ReadinessError::Framework { path: format!("{shown}: {path}"), fault }.into()
            }
            other => other,
        })
    }

    /// Writes [`Framework::to_toml`] to the file at `path`.
    pub fn write(&self, path: &Path) -> Result<()> {
        crate::files::write_whole(path, self.to_toml().as_bytes()).map_err(|error| {
            let (path, fault) = (path.display().to_string(), error.to_string());
            ReadinessError::Framework { path, fault }.into()
        })
    }

    /// The framework described by TOML text, checked by [`Framework::validate`].
    pub fn from_toml(text: &str) -> Result<Self> {
        let value: Value = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            ReadinessError::Framework {
                path: line.map_or_else(|| "TOML".to_owned(), |line| format!("line {line}")),
                fault: error.message().to_owned(),
            }
        })?;
        let framework = Self::from_value(&value)?;
        framework.check()?;
        Ok(framework)
    }

    /// The framework as TOML text that [`Framework::from_toml`] reads back as it was.
    pub fn to_toml(&self) -> String {
        let mut out = format!("code = {}\n", quoted(&self.code));
        if let Some(source) = &self.source {
            line(&mut out, "source", &quoted(source));
        }
        line(&mut out, "aggregate", &rule(&self.aggregate));
        for level in &self.levels {
            out.push_str("\n[[levels]]\n");
            line(&mut out, "name", &quoted(&level.name));
            if let Some(upper) = level.upper {
                line(&mut out, "upto", &number(upper));
            }
            languages(&mut out, "text", &level.texts);
        }
        for minimum in &self.minimums {
            out.push_str("\n[[minimums]]\n");
            line(&mut out, "node", &quoted(&minimum.node));
            line(&mut out, "at_least", &number(minimum.at_least));
            line(&mut out, "cap", &quoted(&minimum.cap));
        }
        write_node(&mut out, &self.root, None);
        out
    }

    /// The tree in text: codes, shares among siblings, rules and scales, labels in `language`.
    ///
    /// Items are listed when `items` is true; else each block tells how many it has.
    pub fn tree(&self, language: &str, items: bool) -> String {
        let root = &self.root;
        let mut out = format!(
            "{}: {} ({} blocks, {} items, {})\n",
            self.code,
            root.label(language),
            self.blocks().len(),
            self.items().len(),
            root_rule(self).name()
        );
        branches(&mut out, self, root, "", language, items);
        if !self.levels.is_empty() {
            let levels: Vec<String> = self
                .levels
                .iter()
                .map(|level| match level.upper {
                    Some(upper) => format!("{} up to {upper}", level.name),
                    None => format!("{} above", level.name),
                })
                .collect();
            let line = levels.join(", ");
            if line.chars().count() <= 80 {
                let _ = writeln!(out, "levels: {line}");
            } else {
                let _ = writeln!(out, "levels:\n  {}", levels.join("\n  "));
            }
        }
        for minimum in &self.minimums {
            let node = if minimum.node == "*" { "every block" } else { minimum.node.as_str() };
            let _ = writeln!(
                out,
                "minimum: {node} below {} caps the level at {}",
                minimum.at_least, minimum.cap
            );
        }
        out
    }
}

fn root_rule(framework: &Framework) -> &Aggregator {
    match &framework.root.kind {
        NodeKind::Group(group) => group.aggregate.as_ref().unwrap_or(&framework.aggregate),
        NodeKind::Item(_) => &framework.aggregate,
    }
}

fn branches(
    out: &mut String,
    framework: &Framework,
    node: &Node,
    indent: &str,
    language: &str,
    items: bool,
) {
    let children = node.children();
    let total: f64 = children.iter().map(|child| child.weight).sum();
    let shown: Vec<&Node> =
        children.iter().filter(|child| items || child.as_item().is_none()).collect();
    let width = shown.iter().map(|child| child.code.chars().count()).max().unwrap_or(0);
    for (place, child) in shown.iter().enumerate() {
        let last = place + 1 == shown.len();
        let (twig, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let detail = match &child.kind {
            NodeKind::Item(item) => {
                let minus = if item.direction == Direction::Negative { ", negative" } else { "" };
                let unit = item.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
                format!("[{}{minus}{unit}]", item.scored())
            }
            NodeKind::Group(group) => {
                let count = child.walk().iter().filter(|node| node.as_item().is_some()).count();
                let own = group.aggregate.as_ref().unwrap_or(&framework.aggregate).name();
                format!("({count} items, {own})")
            }
        };
        let share = format!("{:.4}", child.weight / total);
        let share = share.trim_end_matches('0').trim_end_matches('.');
        let label = if child.labels.is_empty() { "" } else { child.label(language) };
        let text = format!("{indent}{twig}{:width$}  {share:<6}  {label} {detail}", child.code);
        let _ = writeln!(out, "{}", text.trim_end());
        branches(out, framework, child, &format!("{indent}{below}"), language, items);
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}");
}

/// A TOML basic string; JSON's escapes are a subset of TOML's.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

fn number(value: f64) -> String {
    format!("{value:?}")
}

fn languages(out: &mut String, key: &str, texts: &[(String, String)]) {
    if texts.is_empty() {
        return;
    }
    let pairs: Vec<String> =
        texts.iter().map(|(code, text)| format!("{} = {}", quoted(code), quoted(text))).collect();
    line(out, key, &format!("{{ {} }}", pairs.join(", ")));
}

fn rule(aggregate: &Aggregator) -> String {
    let name = quoted(aggregate.name());
    match aggregate {
        Aggregator::Power(p) => format!("{{ rule = {name}, p = {} }}", number(*p)),
        Aggregator::OwaOrder(order) => format!(
            "{{ rule = {name}, order = [{}] }}",
            order.iter().map(|w| number(*w)).collect::<Vec<_>>().join(", ")
        ),
        Aggregator::OwaQuantifier(alpha) => {
            format!("{{ rule = {name}, alpha = {} }}", number(*alpha))
        }
        Aggregator::Bod(bounds) => format!(
            "{{ rule = {name}, lower = {}, upper = {} }}",
            number(bounds.lower),
            number(bounds.upper)
        ),
        Aggregator::Gated { pass } => format!("{{ rule = {name}, pass = {} }}", number(*pass)),
        Aggregator::MazziottaPareto(true) | Aggregator::AdjustedMazziottaPareto(true) => {
            format!("{{ rule = {name}, reward = true }}")
        }
        _ => name,
    }
}

fn scale(scale: &Scale) -> String {
    let answers = |answers: &[Answer]| {
        let pairs: Vec<String> = answers
            .iter()
            .map(|answer| format!("[{}, {}]", quoted(&answer.text), number(answer.value)))
            .collect();
        format!("[{}]", pairs.join(", "))
    };
    match scale {
        Scale::Ladder(rungs) => format!("{{ ladder = {} }}", answers(rungs)),
        Scale::Choices { answers: all, maximum } => {
            format!("{{ choices = {}, maximum = {} }}", answers(all), number(*maximum))
        }
        Scale::Goalposts { low, high, clip } => {
            format!("{{ goalposts = [{}, {}], clip = {clip} }}", number(*low), number(*high))
        }
        plain => quoted(&plain.to_string()),
    }
}

fn write_node(out: &mut String, node: &Node, parent: Option<&str>) {
    out.push_str("\n[[node]]\n");
    line(out, "code", &quoted(&node.code));
    if let Some(parent) = parent {
        line(out, "parent", &quoted(parent));
        line(out, "weight", &number(node.weight));
    }
    languages(out, "label", &node.labels);
    if let Some(stage) = node.stage {
        line(out, "stage", &stage.to_string());
    }
    match &node.kind {
        NodeKind::Item(item) => {
            line(out, "scale", &scale(&item.scale));
            if let Some(scored) = &item.scored_as {
                line(out, "scored_as", &scale(scored));
            }
            if item.direction == Direction::Negative {
                line(out, "direction", "\"negative\"");
            }
            match item.zero {
                Some(ZeroRule::Floor(floor)) => {
                    line(out, "zero", &format!("{{ floor = {} }}", number(floor)));
                }
                Some(zero) => line(out, "zero", &quoted(zero.name())),
                None => {}
            }
            if let Some(unit) = &item.unit {
                line(out, "unit", &quoted(unit));
            }
            if let Some(target) = item.target {
                line(out, "target", &number(target));
            }
        }
        NodeKind::Group(group) => {
            if let Some(aggregate) = &group.aggregate {
                line(out, "aggregate", &rule(aggregate));
            }
            if group.missing != Missing::default() {
                line(out, "missing", &quoted(group.missing.name()));
            }
            if group.min_coverage > 0.0 {
                line(out, "min_coverage", &number(group.min_coverage));
            }
            for child in &group.children {
                write_node(out, child, Some(&node.code));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::FRAMEWORKS;

    #[test]
    fn every_bundled_framework_survives_a_round_trip() {
        for bundled in FRAMEWORKS {
            let framework = Framework::bundled(bundled.name).unwrap();
            let back = Framework::from_toml(&framework.to_toml()).unwrap();
            assert_eq!(back, framework, "{}", bundled.name);
        }
    }

    #[test]
    fn a_fault_in_a_file_is_told_with_its_path() {
        let fault = |text: &str| Framework::from_toml(text).unwrap_err().to_string();
        let head = "code = 'x'\n[[node]]\ncode = 'i'\n";
        assert!(fault("code = \n").contains("line 1"), "{}", fault("code = \n"));
        let text = fault(&format!("{head}[[node]]\ncode = 'a'\nparent = 'j'\nscale = 'bool'\n"));
        assert!(text.contains("node 2 (`a`).parent: no node is called `j`"), "{text}");
        let text = fault(&format!("{head}[[node]]\ncode = 'a'\nparent = 'i'\nwieght = 2\n"));
        assert!(text.contains("unknown key `wieght`; did you mean `weight`"), "{text}");
        let text = fault(&format!("{head}[[node]]\ncode = 'a'\nparent = 'i'\nscale = '1..5'\n"));
        assert!(text.contains("no scale is called `1..5`"), "{text}");
        let circle = "code = 'x'\n[[node]]\ncode = 'i'\n[[node]]\ncode = 'a'\nparent = 'b'\n\
                      [[node]]\ncode = 'b'\nparent = 'a'\n";
        assert!(fault(circle).contains("circle"), "{}", fault(circle));
    }

    #[test]
    fn the_tree_shows_shares_and_levels() {
        let tree = Framework::bundled("teaching").unwrap().tree("en", true);
        assert!(tree.contains("├─ technology  0.5     Technology (3 items, geometric)"), "{tree}");
        assert!(tree.contains("└─ unwilling  0.3333"), "{tree}");
        assert!(tree.contains("levels: starting up to 0.3, growing up to 0.7, leading above"));
        assert!(tree.contains("minimum: security below 0.25 caps the level at growing"));
    }
}
