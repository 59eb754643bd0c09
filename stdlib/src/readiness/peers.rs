//! Where a unit stands among the others, and what really weighs in the index.

use super::answer::transform;
use super::assess::Readiness;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::stats;
use crate::stats::association::pearson_complete;
use crate::stats::rank::{places, spearman};
use crate::table::{Table, Vector};

/// What strengths and weaknesses are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Against {
    /// Worth less the median worth of the other units.
    #[default]
    Gap,
    /// Rank among the units, from the nearest to the end.
    Rank,
}

impl Choice for Against {
    const ALL: &'static [(&'static str, Self)] = &[("gap", Self::Gap), ("rank", Self::Rank)];
}

/// Which correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correlation {
    /// Of the values.
    #[default]
    Pearson,
    /// Of their ranks, ties averaged.
    Spearman,
}

impl Choice for Correlation {
    const ALL: &'static [(&'static str, Self)] =
        &[("pearson", Self::Pearson), ("spearman", Self::Spearman)];
}

/// One item of one unit against the others.
struct Standing {
    slot: usize,
    rank: i64,
    others: f64,
    gap: f64,
}

impl Readiness {
    /// The `n` items in which a unit leads the others most: item, label, block, score, worth,
    /// rank, units, others (their median), gap; no rows without another unit.
    pub fn strengths(&self, unit: &str, n: usize, by: Against) -> Result<Table> {
        let mut list = self.standings("strengths", unit)?;
        match by {
            Against::Gap => {
                list.retain(|item| item.gap > 0.0);
                list.sort_by(|a, b| b.gap.total_cmp(&a.gap));
            }
            Against::Rank => list.sort_by(|a, b| a.rank.cmp(&b.rank).then(b.gap.total_cmp(&a.gap))),
        }
        self.standing_table(unit, list.into_iter().take(n))
    }

    /// The `n` items in which a unit falls behind the others most; columns as in
    /// [`Readiness::strengths`].
    pub fn weaknesses(&self, unit: &str, n: usize, by: Against) -> Result<Table> {
        let mut list = self.standings("weaknesses", unit)?;
        match by {
            Against::Gap => {
                list.retain(|item| item.gap < 0.0);
                list.sort_by(|a, b| a.gap.total_cmp(&b.gap));
            }
            Against::Rank => list.sort_by(|a, b| b.rank.cmp(&a.rank).then(a.gap.total_cmp(&b.gap))),
        }
        self.standing_table(unit, list.into_iter().take(n))
    }

    fn standings(&self, primitive: &str, unit: &str) -> Result<Vec<Standing>> {
        let at = self.unit(primitive, unit)?;
        let standing = |slot: usize| -> Option<Standing> {
            let column = &self.slots[slot];
            let own = column[at];
            let others = column.iter().enumerate().filter(|(u, x)| *u != at && !x.is_nan());
            let others: Vec<f64> = others.map(|(_, x)| *x).collect();
            let others = stats::median(&others)?;
            Some(Standing { slot, rank: places(column)[at]?, others, gap: own - others })
        };
        Ok((0..self.plan.items).filter_map(standing).collect())
    }

    fn standing_table(&self, unit: &str, list: impl Iterator<Item = Standing>) -> Result<Table> {
        let at = self.unit("strengths", unit)?;
        let list: Vec<Standing> = list.collect();
        let items = self.framework.items();
        let block = |slot: usize| -> String {
            let code = &self.plan.codes[slot];
            let holds = |block: &&super::Node| block.walk().iter().any(|node| node.code == *code);
            self.framework.blocks().iter().find(holds).map_or_else(String::new, |b| b.code.clone())
        };
        let there = |slot: usize| self.slots[slot].iter().filter(|x| !x.is_nan()).count() as i64;
        Table::new([
            ("item", Vector::from_texts(list.iter().map(|s| &self.plan.codes[s.slot]))),
            ("label", Vector::from_texts(list.iter().map(|s| items[s.slot].label("en")))),
            ("block", Vector::from_texts(list.iter().map(|s| block(s.slot)))),
            ("score", Vector::from_floats(list.iter().map(|s| self.raw[s.slot][at]))),
            ("worth", Vector::from_floats(list.iter().map(|s| self.slots[s.slot][at]))),
            ("rank", Vector::from_ints(list.iter().map(|s| s.rank))),
            ("units", Vector::from_ints(list.iter().map(|s| there(s.slot)))),
            ("others", Vector::from_floats(list.iter().map(|s| s.others))),
            ("gap", Vector::from_floats(list.iter().map(|s| s.gap))),
        ])?
        .labelled_by("item")
    }

    /// Correlations of `nodes` (rows) with `others` (columns) over the units that have both.
    ///
    /// Missing where fewer than three units have both values or one side is constant.
    pub fn correlate(
        &self,
        nodes: &[String],
        others: &[String],
        kind: Correlation,
    ) -> Result<Table> {
        let slot = |code: &String| -> Result<usize> {
            self.framework.find("correlate", code)?;
            self.plan.slot(code).ok_or_else(|| Error::Invalid {
                primitive: "correlate",
                parameter: "nodes",
                rule: "name nodes with a weight above 0".into(),
                value: code.clone(),
            })
        };
        let rows = nodes.iter().map(slot).collect::<Result<Vec<_>>>()?;
        let of = |a: usize, b: usize| {
            let (a, b) = (&self.slots[a], &self.slots[b]);
            match kind {
                Correlation::Pearson => pearson_complete(a, b),
                Correlation::Spearman => spearman(a, b),
            }
        };
        let columns = others
            .iter()
            .map(|code| {
                let other = slot(code)?;
                Ok((code.as_str(), Vector::from_options(rows.iter().map(|row| of(*row, other)))))
            })
            .collect::<Result<Vec<_>>>()?;
        let labels = arrow_array::StringArray::from_iter_values(nodes);
        Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some("node"))
    }

    /// What each node weighs on paper and in fact.
    ///
    /// Columns: `node`, `parent`, `weight` among siblings, `overall` weight in the index,
    /// `correlation` with the index, and `effective`: its share of the index's variance,
    /// `cov(W f(x), f(index)) / var(f(index))`, which sums to 1 over the blocks and, where every
    /// node takes the same mean `f`, over the items. Missing where an index is no such mean, where
    /// a unit lacks a value, or below three units. Source: Paruolo, Saisana and Saltelli (2013).
    pub fn effective_weights(&self) -> Result<Table> {
        let shares = self.framework.weights()?;
        let nodes = shares.row_names();
        let root = &self.plan.groups[self.plan.groups.len() - 1];
        let index = &self.slots[self.plan.root()];
        let f = transform(&root.rule);
        let one_mean = self.plan.groups.iter().all(|group| group.rule == root.rule)
            && self.plan.round_blocks.is_none();
        let depth = |row: usize| shares.column("depth").map(|d| d.cell(row).as_f64());
        let mut effective = Vec::with_capacity(nodes.len());
        let mut correlations = Vec::with_capacity(nodes.len());
        for (row, code) in nodes.iter().enumerate() {
            let slot = self.plan.slot(code);
            correlations.push(slot.and_then(|slot| pearson_complete(&self.slots[slot], index)));
            let level = depth(row)?.unwrap_or(0.0);
            let reaches = level == 1.0 || (level > 1.0 && one_mean);
            let share = match (&f, slot) {
                (Some(f), Some(slot)) if reaches => {
                    let overall = shares.at(code, "overall")?.as_f64().unwrap_or(0.0);
                    share_of_variance(f, overall, &self.mended(slot), index)
                }
                _ => None,
            };
            effective.push(share);
        }
        Table::new([
            ("node", Vector::from_texts(&nodes)),
            ("parent", shares.column("parent")?),
            ("weight", shares.column("weight")?),
            ("overall", shares.column("overall")?),
            ("correlation", Vector::from_options(correlations)),
            ("effective", Vector::from_options(effective)),
        ])?
        .labelled_by("node")
    }

    /// A slot's values with its zero rule applied, as its parent takes them.
    fn mended(&self, slot: usize) -> Vec<f64> {
        let parent = self.plan.groups.iter().find(|group| group.children.contains(&slot));
        (0..self.units.len())
            .map(|unit| {
                let parts = parent.and_then(|group| group.parts(&self.slots, unit));
                let own = parts.iter().flatten().find(|(child, _, _)| *child == slot);
                own.map_or(f64::NAN, |(_, _, x)| *x)
            })
            .collect()
    }
}

/// `cov(w f(x), f(y)) / var(f(y))`; `None` with a gap, below three units or without variance.
fn share_of_variance(f: &dyn Fn(f64) -> f64, w: f64, x: &[f64], y: &[f64]) -> Option<f64> {
    let x: Vec<f64> = x.iter().map(|v| w * f(*v)).collect();
    let y: Vec<f64> = y.iter().map(|v| f(*v)).collect();
    if y.len() < 3 || x.iter().chain(&y).any(|v| !v.is_finite()) {
        return None;
    }
    let (mx, my) = (stats::mean(&x)?, stats::mean(&y)?);
    let cross: f64 = x.iter().zip(&y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let square: f64 = y.iter().map(|b| (b - my).powi(2)).sum();
    (square > 0.0).then(|| cross / square)
}
