//! What an index is made of: contributions, comparisons, agreement between items, explanations.

use super::aggregate::Aggregator;
use super::assess::Readiness;
use super::error::ReadinessError;
use super::plan::PlanGroup;
use crate::error::Result;
use crate::stats::association::pearson_complete;
use crate::stats::{self, rank::places};
use crate::table::{Table, Vector};

/// The scale on which a mean is an average of its parts: x, ln x or x^p.
pub(super) fn transform(rule: &Aggregator) -> Option<Box<dyn Fn(f64) -> f64>> {
    Some(match rule {
        Aggregator::Arithmetic => Box::new(|x| x),
        Aggregator::Geometric | Aggregator::Power(0.0) => Box::new(f64::ln),
        Aggregator::Harmonic => Box::new(f64::recip),
        Aggregator::Power(p) => {
            let p = *p;
            Box::new(move |x| x.powf(p))
        }
        _ => return None,
    })
}

/// A unit in words and in a table.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The unit.
    pub unit: String,
    /// Sentences, most important first.
    pub sentences: Vec<String>,
    /// One row per block: value, weight, points lost, rank among units, median of the others.
    pub table: Table,
}

impl Readiness {
    fn no_contributions(group: &PlanGroup) -> crate::Error {
        ReadinessError::Undefined {
            primitive: "contributions".into(),
            reason: format!("{} at {} is no mean of its parts", group.rule.name(), group.code),
            hint: "aggregate by arithmetic, geometric, harmonic or power".into(),
        }
        .into()
    }

    /// Points that every node of the tree costs one unit, by slot; `None` without an index.
    ///
    /// A mean of the kind `f(index) = sum(w f(x))` falls short of 1 by parts in proportion to
    /// `w (f(1) - f(x))`: log shares for a geometric mean. The parts of a node's children add up
    /// exactly to the node's own.
    fn lost(&self, unit: usize) -> Result<Option<Vec<f64>>> {
        let root = self.plan.root();
        let index = self.slots[root][unit];
        if index.is_nan() {
            return Ok(None);
        }
        let mut lost = vec![0.0; self.plan.codes.len()];
        lost[root] = 1.0 - index;
        for (number, group) in self.plan.groups.iter().enumerate().rev() {
            let own = self.plan.items + number;
            let f = transform(&group.rule).ok_or_else(|| Self::no_contributions(group))?;
            let Some(parts) = group.parts(&self.slots, unit) else { continue };
            let gaps: Vec<f64> = parts.iter().map(|(_, w, x)| w * (f(1.0) - f(*x))).collect();
            let total: f64 = gaps.iter().sum();
            // The largest part takes the rounding, so that the sum is exact.
            let mut left = lost[own];
            let largest = (0..parts.len())
                .max_by(|a, b| gaps[*a].abs().total_cmp(&gaps[*b].abs()))
                .unwrap_or(0);
            for (at, (slot, _, _)) in parts.iter().enumerate() {
                if at != largest {
                    let share = if total == 0.0 { 0.0 } else { gaps[at] / total };
                    lost[*slot] = lost[own] * share;
                    left -= lost[*slot];
                }
            }
            lost[parts[largest].0] = left;
        }
        Ok(Some(lost))
    }

    /// What each block adds to the index, units in rows: `weight - points lost`, summing to it.
    ///
    /// An error under rules that are no means of their parts (min, median, topsis, a closure, ...).
    pub fn contributions(&self) -> Result<Table> {
        self.contribution_table(|weight, lost| weight - lost)
    }

    /// What each block takes from the perfect index of 1, units in rows; sums to `1 - index`.
    pub fn losses(&self) -> Result<Table> {
        self.contribution_table(|_, lost| lost)
    }

    fn contribution_table(&self, value: impl Fn(f64, f64) -> f64) -> Result<Table> {
        let rows = (0..self.units.len()).map(|u| self.lost(u)).collect::<Result<Vec<_>>>()?;
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let columns = root.children.iter().zip(&root.weights).map(|(slot, weight)| {
            let values = rows.iter().map(|lost| Some(value(*weight, lost.as_ref()?[*slot])));
            (self.plan.codes[*slot].as_str(), Vector::from_options(values))
        });
        self.by_unit(Table::new(columns)?)
    }

    /// Points each node and item costs one unit, largest first.
    pub fn item_losses(&self, unit: &str) -> Result<Table> {
        let at = self.unit("contributions", unit)?;
        let lost = self.lost(at)?.unwrap_or_default();
        let items = self.framework.items();
        let mut order: Vec<usize> = (0..self.plan.items.min(lost.len())).collect();
        order.sort_by(|a, b| lost[*b].total_cmp(&lost[*a]));
        let label = |slot: &usize| items[*slot].label("en").to_owned();
        Table::new([
            ("item", Vector::from_texts(order.iter().map(|slot| &self.plan.codes[*slot]))),
            ("label", Vector::from_texts(order.iter().map(label))),
            ("score", Vector::from_floats(order.iter().map(|slot| self.raw[*slot][at]))),
            ("worth", Vector::from_floats(order.iter().map(|slot| self.slots[*slot][at]))),
            ("lost", Vector::from_floats(order.iter().map(|slot| lost[*slot]))),
        ])?
        .labelled_by("item")
    }

    /// Index, rank and level here and in `other`, by unit, with the shifts between.
    ///
    /// A positive `rank_shift` is a climb. Units of only one side have missing values.
    pub fn compare(&self, other: &Self) -> Result<Table> {
        let place: Vec<Option<usize>> =
            self.units.iter().map(|unit| other.units.iter().position(|u| u == unit)).collect();
        let (index, there) = (self.index_values(), other.index_values());
        let (ranks, ranks_there) = (self.ranks(), other.ranks());
        let (levels, levels_there) = (self.level_names(), other.level_names());
        let floats =
            |f: &dyn Fn(usize) -> Option<f64>| Vector::from_options((0..self.units.len()).map(f));
        let ints = |f: &dyn Fn(usize) -> Option<i64>| {
            let array: arrow_array::Int64Array = (0..self.units.len()).map(f).collect();
            Vector::new(std::sync::Arc::new(array))
        };
        let texts = |f: &dyn Fn(usize) -> Option<String>| {
            let array: arrow_array::StringArray = (0..self.units.len()).map(f).collect();
            Vector::new(std::sync::Arc::new(array))
        };
        let shift = |u: usize| Some(ranks[u]? - ranks_there[place[u]?]?);
        let table = Table::new([
            ("index", floats(&|u| index[u])),
            ("index_there", floats(&|u| there[place[u]?])),
            ("change", floats(&|u| Some(there[place[u]?]? - index[u]?))),
            ("rank", ints(&|u| ranks[u])),
            ("rank_there", ints(&|u| ranks_there[place[u]?])),
            ("rank_shift", ints(&shift)),
            ("level", texts(&|u| levels[u].clone())),
            ("level_there", texts(&|u| levels_there[place[u]?].clone())),
        ])?;
        self.by_unit(table)
    }

    /// Pearson correlations between the index and its blocks, over the units that have both.
    ///
    /// Missing where fewer than three units have both values or one side is constant.
    pub fn correlations(&self) -> Result<Table> {
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let mut slots = vec![self.plan.root()];
        slots.extend(&root.children);
        let columns = slots.iter().map(|a| {
            let cells = slots.iter().map(|b| pearson_complete(&self.slots[*a], &self.slots[*b]));
            (self.plan.codes[*a].as_str(), Vector::from_options(cells))
        });
        let labels = arrow_array::StringArray::from_iter_values(
            slots.iter().map(|slot| self.plan.codes[*slot].as_str()),
        );
        Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some("node"))
    }

    /// Cronbach's alpha of every inner node's children, with the units it rests on.
    pub fn reliability(&self) -> Result<Table> {
        let groups = &self.plan.groups;
        let answers: Vec<(Option<f64>, usize)> = groups
            .iter()
            .map(|group| {
                let columns: Vec<&[f64]> =
                    group.children.iter().map(|slot| self.slots[*slot].as_slice()).collect();
                cronbach_alpha(&columns)
            })
            .collect();
        Table::new([
            ("node", Vector::from_texts(groups.iter().map(|group| &group.code))),
            ("children", Vector::from_ints(groups.iter().map(|g| g.children.len() as i64))),
            ("units", Vector::from_ints(answers.iter().map(|(_, n)| *n as i64))),
            ("alpha", Vector::from_options(answers.iter().map(|(alpha, _)| *alpha))),
        ])?
        .labelled_by("node")
    }

    /// One unit in words: where it stands, what it loses where, how it differs from its peers.
    pub fn explain(&self, unit: &str) -> Result<Explanation> {
        let at = self.unit("explain", unit)?;
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let index = self.index_values()[at];
        let ranked = self.ranks().iter().flatten().count();
        let mut sentences = Vec::new();
        match (index, self.ranks()[at]) {
            (Some(value), Some(rank)) => {
                let level = self.level_names()[at]
                    .clone()
                    .map_or_else(String::new, |level| format!(", level {level}"));
                sentences
                    .push(format!("{unit}: index {value:.4}{level}, rank {rank} of {ranked}."));
            }
            _ => sentences.push(format!("{unit} has no index: too few of its scores are there.")),
        }
        if let (Some(value), Some(Some(level))) = (index, self.level_numbers().get(at)) {
            let bound = self.framework.levels[*level].upper;
            let next = self.framework.levels.get(level + 1);
            if let (Some(bound), Some(next)) = (bound, next) {
                sentences.push(if value > bound {
                    format!("A minimum rule keeps it from {}.", next.name)
                } else {
                    format!("It is {:.4} short of {} (above {bound}).", bound - value, next.name)
                });
            }
        }
        let lost = match self.lost(at) {
            Ok(lost) => lost,
            Err(crate::Error::Readiness(ReadinessError::Undefined { .. })) => None,
            Err(other) => return Err(other),
        };
        let name = |slot: usize| -> String {
            let code = &self.plan.codes[slot];
            let label = self.framework.find("explain", code).map_or("", |node| node.label("en"));
            if label == code { code.clone() } else { format!("{label} ({code})") }
        };
        if let Some(lost) = &lost {
            let mut worst: Vec<usize> = root.children.clone();
            worst.sort_by(|a, b| lost[*b].total_cmp(&lost[*a]));
            let told: Vec<String> = worst
                .iter()
                .take(3)
                .filter(|slot| lost[**slot] > 0.0)
                .map(|slot| format!("{} {:.4}", name(*slot), lost[*slot]))
                .collect();
            if !told.is_empty() {
                sentences.push(format!("Most is lost in {}.", told.join(", ")));
            }
            let mut items: Vec<usize> = (0..self.plan.items).collect();
            items.sort_by(|a, b| lost[*b].total_cmp(&lost[*a]));
            let told: Vec<String> = items
                .iter()
                .take(3)
                .filter(|slot| lost[**slot] > 0.0)
                .map(|slot| format!("{} {:.4}", name(*slot), lost[*slot]))
                .collect();
            if !told.is_empty() {
                sentences.push(format!("The costliest items are {}.", told.join(", ")));
            }
        }
        let peers: Vec<Option<f64>> = root
            .children
            .iter()
            .map(|slot| {
                let others = self.slots[*slot].iter().enumerate().filter(|(u, _)| *u != at);
                let others: Vec<f64> = others.map(|(_, x)| *x).filter(|x| !x.is_nan()).collect();
                stats::median(&others)
            })
            .collect();
        let gap = |place: usize| -> Option<f64> {
            let own = self.slots[root.children[place]][at];
            peers[place].map(|peer| own - peer).filter(|gap| !gap.is_nan())
        };
        let mut order: Vec<usize> =
            (0..root.children.len()).filter(|p| gap(*p).is_some()).collect();
        order.sort_by(|a, b| gap(*b).unwrap_or(0.0).total_cmp(&gap(*a).unwrap_or(0.0)));
        let told = |places: &mut dyn Iterator<Item = &usize>, sign: f64| -> Vec<String> {
            places
                .take(3)
                .filter_map(|p| Some((*p, gap(*p)?)))
                .filter(|(_, gap)| gap * sign > 0.0)
                .map(|(p, gap)| format!("{} {gap:+.3}", name(root.children[p])))
                .collect()
        };
        for (word, list) in [
            ("Strengths", told(&mut order.iter(), 1.0)),
            ("Weaknesses", told(&mut order.iter().rev(), -1.0)),
        ] {
            if !list.is_empty() {
                sentences.push(format!("{word} against the others: {}.", list.join(", ")));
            }
        }
        for fault in self.faults.iter().filter(|fault| fault.unit == unit) {
            sentences.push(format!(
                "{} is {} on scale {}, counted as {}.",
                fault.item, fault.value, fault.scale, fault.counted_as
            ));
        }
        let missing = self.raw.iter().filter(|column| column[at].is_nan()).count();
        if missing > 0 {
            sentences.push(format!("{missing} of {} scores are missing.", self.raw.len()));
        }
        let slots = &root.children;
        let table = Table::new([
            ("block", Vector::from_texts(slots.iter().map(|slot| &self.plan.codes[*slot]))),
            (
                "label",
                Vector::from_texts(slots.iter().map(|slot| {
                    let code = &self.plan.codes[*slot];
                    self.framework.find("explain", code).map_or("", |node| node.label("en"))
                })),
            ),
            ("value", Vector::from_floats(slots.iter().map(|slot| self.slots[*slot][at]))),
            ("weight", Vector::from_floats(root.weights.iter().copied())),
            ("lost", Vector::from_options(slots.iter().map(|s| lost.as_ref().map(|l| l[*s])))),
            ("rank", {
                let ranks = slots.iter().map(|slot| places(&self.slots[*slot])[at]);
                Vector::new(std::sync::Arc::new(ranks.collect::<arrow_array::Int64Array>()))
            }),
            ("others", Vector::from_options(peers.iter().copied())),
        ])?
        .labelled_by("block")?;
        Ok(Explanation { unit: unit.to_owned(), sentences, table })
    }
}

/// Cronbach's alpha, `k / (k - 1) (1 - sum of variances / variance of the sum)`, and the rows used.
///
/// Rows with a missing value are left out. `None` below two columns or three rows, or when the
/// sum does not vary. Source: Cronbach (1951).
pub fn cronbach_alpha(columns: &[&[f64]]) -> (Option<f64>, usize) {
    let rows = columns.first().map_or(0, |column| column.len());
    let complete: Vec<usize> =
        (0..rows).filter(|row| columns.iter().all(|column| !column[*row].is_nan())).collect();
    let n = complete.len();
    let k = columns.len() as f64;
    if columns.len() < 2 || n < 3 {
        return (None, n);
    }
    let variance = |values: &[f64]| stats::sample_sd(values).map_or(0.0, |sd| sd * sd);
    let pick = |column: &[f64]| -> Vec<f64> { complete.iter().map(|row| column[*row]).collect() };
    let parts: f64 = columns.iter().map(|column| variance(&pick(column))).sum();
    let sums: Vec<f64> = complete.iter().map(|r| columns.iter().map(|c| c[*r]).sum()).collect();
    let whole = variance(&sums);
    ((whole > 0.0).then(|| k / (k - 1.0) * (1.0 - parts / whole)), n)
}
