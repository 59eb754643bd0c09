//! Everything that can be wrong with a framework, each fault with its path.

use std::collections::HashSet;

use super::aggregate::Aggregator;
use super::error::ReadinessError;
use super::framework::{Framework, Node, NodeKind};
use super::scale::Scale;
use crate::error::Result;

/// One fault of a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameworkFault {
    /// Codes from the index down to the node, joined by `/`, or the part of the framework.
    pub path: String,
    /// What is wrong, and how to mend it.
    pub fault: String,
}

impl Framework {
    /// Every fault there is; empty for a sound framework.
    pub fn validate(&self) -> Vec<FrameworkFault> {
        let mut faults = Vec::new();
        let mut seen = HashSet::new();
        if self.root.as_item().is_some() {
            tell(&mut faults, &self.root.code, "is an item; the index must have children");
        }
        node(&self.root, "", self, &mut seen, &mut faults);
        self.levels_rise(&mut faults);
        for (place, minimum) in self.minimums.iter().enumerate() {
            let path = format!("minimum {}", place + 1);
            if minimum.node != "*" && self.find("framework", &minimum.node).is_err() {
                tell(&mut faults, &path, &format!("no node is called `{}`", minimum.node));
            }
            if !self.levels.iter().any(|level| level.name == minimum.cap) {
                tell(&mut faults, &path, &format!("no level is called `{}`", minimum.cap));
            }
        }
        faults
    }

    /// An error with the faults and their number.
    pub fn check(&self) -> Result<()> {
        let faults = self.validate();
        if faults.is_empty() {
            return Ok(());
        }
        let mut told: Vec<String> =
            faults.iter().take(10).map(|f| format!("{}: {}", f.path, f.fault)).collect();
        if faults.len() > told.len() {
            told.push(format!("and {} more", faults.len() - told.len()));
        }
        Err(ReadinessError::Faults {
            framework: self.code.clone(),
            count: faults.len(),
            list: told.join("; "),
        }
        .into())
    }

    fn levels_rise(&self, faults: &mut Vec<FrameworkFault>) {
        let mut below = f64::NEG_INFINITY;
        for (place, level) in self.levels.iter().enumerate() {
            let path = format!("level {} (`{}`)", place + 1, level.name);
            let last = place + 1 == self.levels.len();
            match level.upper {
                Some(upper) if upper <= below => {
                    tell(faults, &path, &format!("`upto` {upper} is not above the level before"));
                }
                Some(upper) => below = upper,
                None if !last => tell(faults, &path, "only the last level may lack `upto`"),
                None => {}
            }
            if self.levels[..place].iter().any(|other| other.name == level.name) {
                tell(faults, &path, "this name stands twice");
            }
        }
    }
}

fn tell(faults: &mut Vec<FrameworkFault>, path: &str, fault: &str) {
    faults.push(FrameworkFault { path: path.to_owned(), fault: fault.to_owned() });
}

fn node<'a>(
    this: &'a Node,
    above: &str,
    framework: &Framework,
    seen: &mut HashSet<&'a str>,
    faults: &mut Vec<FrameworkFault>,
) {
    let path = if above.is_empty() { this.code.clone() } else { format!("{above}/{}", this.code) };
    if this.code.trim().is_empty() {
        tell(faults, &path, "a node needs a code");
    }
    if !seen.insert(&this.code) {
        tell(faults, &path, "this code stands twice; codes are unique in a framework");
    }
    if !(this.weight.is_finite() && this.weight >= 0.0) {
        tell(faults, &path, &format!("weight must be at least 0, got {}", this.weight));
    }
    let group = match &this.kind {
        NodeKind::Item(item) => {
            for scale in [Some(&item.scale), item.scored_as.as_ref()].into_iter().flatten() {
                scale_faults(scale, &path, faults);
            }
            return;
        }
        NodeKind::Group(group) => group,
    };
    if group.children.is_empty() {
        tell(faults, &path, "has no children; an item needs a scale");
    } else if group.children.iter().map(|child| child.weight).sum::<f64>() <= 0.0 {
        tell(faults, &path, "its children's weights are all 0");
    }
    if !(0.0..=1.0).contains(&group.min_coverage) {
        let fault = format!("min_coverage must lie in 0..=1, got {}", group.min_coverage);
        tell(faults, &path, &fault);
    }
    let rule = group.aggregate.as_ref().unwrap_or(&framework.aggregate);
    if matches!(rule, Aggregator::Gated { .. }) {
        if group.children.iter().any(|child| child.stage.is_none()) {
            tell(faults, &path, "aggregates by stages, so every child needs a `stage`");
        }
        let last = group.children.iter().filter_map(|child| child.stage).max().unwrap_or(0);
        for stage in 1..=last {
            if !group.children.iter().any(|child| child.stage == Some(stage)) {
                tell(faults, &path, &format!("no child is a criterion of stage {stage}"));
            }
        }
    }
    if let Aggregator::OwaOrder(order) = rule
        && order.len() != group.children.len()
    {
        let (weights, children) = (order.len(), group.children.len());
        tell(faults, &path, &format!("{weights} order weights for {children} children"));
    }
    for child in &group.children {
        node(child, &path, framework, seen, faults);
    }
}

fn scale_faults(scale: &Scale, path: &str, faults: &mut Vec<FrameworkFault>) {
    match scale {
        Scale::Ladder(rungs) => {
            if rungs.len() < 2 {
                tell(faults, path, "a ladder needs at least two rungs");
            }
            if rungs.iter().any(|rung| !(0.0..=1.0).contains(&rung.value)) {
                tell(faults, path, "rungs are worth 0 to 1");
            }
            if rungs.windows(2).any(|pair| pair[1].value < pair[0].value) {
                tell(faults, path, "rungs run from the worst to the best");
            }
        }
        Scale::Choices { answers, maximum }
            if answers.is_empty() || !(maximum.is_finite() && *maximum > 0.0) =>
        {
            tell(faults, path, "choices need answers and a maximum above 0");
        }
        Scale::Goalposts { low, high, .. } if low == high => {
            tell(faults, path, "the two goalposts are the same");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::{FRAMEWORKS, Item};

    #[test]
    fn bundled_frameworks_are_sound() {
        for bundled in FRAMEWORKS {
            assert_eq!(
                Framework::bundled(bundled.name).unwrap().validate(),
                [],
                "{}",
                bundled.name
            );
        }
    }

    #[test]
    fn every_fault_is_found_in_one_pass() {
        let leaf = |code: &str, scale| Node::item(code, Item::on(scale));
        let root = Node::group(
            "i",
            vec![
                Node::group("empty", Vec::new()),
                Node::group("b", vec![leaf("x", Scale::Bool).weighing(0.0)]),
                leaf("x", Scale::Goalposts { low: 1.0, high: 1.0, clip: true }).weighing(-1.0),
            ],
        );
        let mut framework = Framework::new("f", root);
        framework.minimums.push(crate::readiness::Minimum {
            node: "y".into(),
            at_least: 0.1,
            cap: "low".into(),
        });
        let faults = framework.validate();
        let has = |path: &str, fault: &str| {
            assert!(
                faults.iter().any(|f| f.path == path && f.fault.contains(fault)),
                "{path}: {fault} in {faults:?}"
            );
        };
        has("i/empty", "no children");
        has("i/b", "weights are all 0");
        has("i/x", "stands twice");
        has("i/x", "at least 0");
        has("i/x", "goalposts are the same");
        has("minimum 1", "no node is called `y`");
        has("minimum 1", "no level is called `low`");
        assert_eq!(faults.len(), 7);
        assert!(framework.check().unwrap_err().to_string().contains("7 fault(s)"));
    }
}
