//! How far an index depends on the choices behind it: Monte Carlo over weights, rules and data.
//!
//! The plan is not walked once a draw. Where every node takes the same kind of mean, the index is
//! `f^-1(F w)`: a matrix `F` of transformed values (units x nodes) against a matrix of drawn
//! weights, multiplied in blocks of draws. Ranks need no inverse, so the index itself is computed
//! from `F w` only for its moments and quantiles. Source: Saisana, Saltelli and Tarantola (2005);
//! Lahdelma and Salminen (2001) for rank acceptability.

mod draw;
mod kernel;
mod sobol;

use std::fmt::Write as _;

use rand::RngExt;
use rayon::prelude::*;

use super::aggregate::Aggregator;
use super::assess::{Readiness, ReadinessParams, readiness_with};
use super::framework::{Framework, NodeKind};
use super::normalise::Normaliser;
use super::plan::Callbacks;
use super::zero::ZeroRule;
use crate::choice::Choice;
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

use draw::Weigher;
use kernel::{Flat, Tally};

pub use sobol::Sobol;

/// How weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightDraw {
    /// Around the given weights, by a Dirichlet distribution with their mean.
    #[default]
    Dirichlet,
    /// Uniform on all weights that sum to 1.
    Uniform,
    /// Uniform on all weights that sum to 1 and keep the order of the given ones.
    Ordered,
    /// Each given weight times a uniform factor within +- `spread`, rescaled to sum 1.
    Percent,
    /// A row of the expert panel.
    Panel,
    /// The given weights.
    Fixed,
}

impl Choice for WeightDraw {
    const ALL: &'static [(&'static str, Self)] = &[
        ("dirichlet", Self::Dirichlet),
        ("uniform", Self::Uniform),
        ("ordered", Self::Ordered),
        ("percent", Self::Percent),
        ("panel", Self::Panel),
        ("fixed", Self::Fixed),
    ];
}

/// Whose weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightLevel {
    /// Those of the blocks.
    #[default]
    Blocks,
    /// Those of every node among its siblings, items included.
    All,
}

impl Choice for WeightLevel {
    const ALL: &'static [(&'static str, Self)] = &[("blocks", Self::Blocks), ("all", Self::All)];
}

/// What to vary, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityParams {
    /// Draws, at least 1; default 1000.
    pub draws: usize,
    /// Distribution of the weights.
    pub weights: WeightDraw,
    /// Whose weights.
    pub level: WeightLevel,
    /// Sum of the Dirichlet parameters, above 0: the higher, the closer to the given weights;
    /// default 100.
    pub concentration: f64,
    /// Half-width of `percent`, in (0, 1]; default 0.25.
    pub spread: f64,
    /// Weights by expert (rows) and block, for `panel`.
    pub panel: Vec<Vec<f64>>,
    /// Normalisers to choose from at random; the base's when empty.
    pub normalise: Vec<Normaliser>,
    /// Aggregations to choose from at random; the base's when empty.
    pub aggregate: Vec<Aggregator>,
    /// Zero rules to choose from at random; the base's when empty.
    pub zero: Vec<ZeroRule>,
    /// Whether each draw leaves out one item, chosen at random.
    pub remove_items: bool,
    /// Standard deviation of normal noise on each worth, in 0..=1; default 0.
    pub noise: f64,
    /// Orders of the lower and upper quantile, 0 < low < high < 1; default 0.05 and 0.95.
    pub quantiles: (f64, f64),
    /// Base draws of the Sobol indices, 0 for none; default 0.
    pub sobol: usize,
    /// The unit whose index the Sobol indices explain; else the mean shift in rank.
    pub sobol_of: Option<String>,
    /// Seed.
    pub seed: u64,
}

impl Default for SensitivityParams {
    fn default() -> Self {
        Self {
            draws: 1000,
            weights: WeightDraw::Dirichlet,
            level: WeightLevel::Blocks,
            concentration: 100.0,
            spread: 0.25,
            panel: Vec::new(),
            normalise: Vec::new(),
            aggregate: Vec::new(),
            zero: Vec::new(),
            remove_items: false,
            noise: 0.0,
            quantiles: (0.05, 0.95),
            sobol: 0,
            sobol_of: None,
            seed: 1,
        }
    }
}

impl SensitivityParams {
    /// Checks everything that does not depend on data.
    pub fn check(&self) -> Result<()> {
        let invalid = |parameter, rule: &str, value: String| {
            Err(Error::Invalid { primitive: "sensitivity", parameter, rule: rule.into(), value })
        };
        if self.draws == 0 || self.draws > 100_000_000 {
            return invalid("draws", "lie in 1..=100000000", self.draws.to_string());
        }
        if !(self.concentration.is_finite() && self.concentration > 0.0) {
            return invalid("concentration", "be above 0", self.concentration.to_string());
        }
        if !(self.spread > 0.0 && self.spread <= 1.0) {
            return invalid("spread", "lie in (0, 1]", self.spread.to_string());
        }
        if !(0.0..=1.0).contains(&self.noise) {
            return invalid("noise", "lie in 0..=1", self.noise.to_string());
        }
        let (low, high) = self.quantiles;
        if !(low > 0.0 && low < high && high < 1.0) {
            let value = format!("[{low}, {high}]");
            return invalid("quantiles", "be [low, high] with 0 < low < high < 1", value);
        }
        if self.weights == WeightDraw::Panel && self.panel.is_empty() {
            return invalid("panel", "hold a row of weights per expert", "none".into());
        }
        if self.weights == WeightDraw::Panel && self.level == WeightLevel::All {
            return invalid("level", "be \"blocks\" where weights come from a panel", "all".into());
        }
        let bad = |w: &&f64| !(w.is_finite() && **w >= 0.0);
        if let Some(weight) = self.panel.iter().flatten().find(bad) {
            return invalid("panel", "hold weights of at least 0", weight.to_string());
        }
        Ok(())
    }

    /// Whether a draw would call a closure; one that only normalises is called once, before.
    fn closures(&self, base: &ReadinessParams) -> bool {
        let nodes = base.aggregate_nodes.iter().map(|(_, rule)| rule);
        let rules = self.aggregate.iter().chain(&base.aggregate).chain(nodes);
        rules.into_iter().any(|rule| matches!(rule, Aggregator::Custom(_)))
            || self.normalise.iter().any(|rule| matches!(rule, Normaliser::Custom(_)))
    }
}

/// What the draws showed.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// Names of the units.
    pub units: Vec<String>,
    /// Draws made.
    pub draws: usize,
    /// One row per unit: index and rank as given, then mean and quantiles over the draws, the
    /// share of draws in each level, and the mean absolute shift in rank.
    pub table: Table,
    /// Draws in which unit (row) had rank (column, from 1): counts, units x units, row-major.
    pub rank_counts: Vec<u64>,
    /// Draws in which unit (row) scored above unit (column), half a draw for a tie; units x
    /// units, row-major; empty above 500 units.
    pub beats: Vec<f64>,
    /// Which choice moves the ranks, if asked.
    pub sobol: Option<Sobol>,
    /// Mean absolute change of rank against the index as given, over units and draws.
    pub mean_shift: f64,
    /// One sentence on what was varied.
    pub description: String,
    /// What a reader should know.
    pub warnings: Vec<String>,
    label: String,
}

impl Sensitivity {
    fn matrix(&self, names: Vec<String>, cell: impl Fn(usize, usize) -> f64) -> Result<Table> {
        let n = self.units.len();
        let columns = names
            .into_iter()
            .enumerate()
            .map(|(column, name)| (name, Vector::from_floats((0..n).map(|row| cell(row, column)))));
        let labels = arrow_array::StringArray::from_iter_values(&self.units);
        Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some(&self.label))
    }

    /// Share of draws in which a unit (row) has a rank (columns `1`, `2`, ...).
    pub fn acceptability(&self) -> Result<Table> {
        let n = self.units.len();
        let draws = self.draws as f64;
        let names = (1..=n).map(|rank| rank.to_string()).collect();
        self.matrix(names, |row, column| self.rank_counts[row * n + column] as f64 / draws)
    }

    /// Share of draws in which a unit (row) scores above another (column); ties count half.
    pub fn wins(&self) -> Result<Table> {
        if self.beats.is_empty() {
            return Err(Error::Invalid {
                primitive: "sensitivity",
                parameter: "wins",
                rule: "be asked of at most 500 units".into(),
                value: self.units.len().to_string(),
            });
        }
        let n = self.units.len();
        let draws = self.draws as f64;
        let share = |row: usize, column: usize| {
            if row == column { f64::NAN } else { self.beats[row * n + column] / draws }
        };
        self.matrix(self.units.clone(), share)
    }
}

/// One combination of rules, with the values weights apply to.
pub(super) struct Variant {
    pub result: Readiness,
}

/// Everything that is the same for all draws.
pub(super) struct Study<'a> {
    pub params: &'a SensitivityParams,
    pub normalisers: Vec<Normaliser>,
    pub aggregators: Vec<Option<Aggregator>>,
    pub zeros: Vec<Option<ZeroRule>>,
    /// Items that may be left out; `None` first: all stay.
    pub removals: Vec<Option<usize>>,
    pub variants: Vec<Variant>,
    /// The matrix of each variant, where its index is one mean.
    pub flats: Vec<Option<Flat>>,
    pub weigher: Weigher,
    pub nominal_ranks: Vec<Option<i64>>,
    /// The unit whose index the Sobol indices explain.
    pub of: Option<usize>,
}

impl Study<'_> {
    /// The variant that makes these choices.
    pub fn variant(
        &self,
        normalise: usize,
        aggregate: usize,
        zero: usize,
        removal: usize,
    ) -> usize {
        ((normalise * self.aggregators.len() + aggregate) * self.zeros.len() + zero)
            * self.removals.len()
            + removal
    }

    fn choose(&self, rng: &mut impl rand::Rng) -> usize {
        let mut pick = |n: usize| if n > 1 { rng.random_range(0..n) } else { 0 };
        let (a, b) = (pick(self.normalisers.len()), pick(self.aggregators.len()));
        let (c, d) = (pick(self.zeros.len()), pick(self.removals.len()));
        self.variant(a, b, c, d)
    }
}

/// Varies weights, rules and data of an index and watches ranks and levels.
///
/// The draws of one seed are the same on any number of threads: block `b` of draws uses random
/// stream `b`. An error where a variant itself fails, e.g. a geometric mean of z-scores.
pub fn sensitivity(
    scores: &Table,
    framework: &Framework,
    base: &ReadinessParams,
    params: &SensitivityParams,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<Sensitivity> {
    params.check()?;
    if params.closures(base) {
        return Err(Error::Invalid {
            primitive: "sensitivity",
            parameter: "aggregate",
            rule: "name built-in rules, which can run on every core".into(),
            value: "a closure".into(),
        });
    }
    let nominal = readiness_with(scores, framework, base, callbacks, context)?;
    let units = nominal.units.len();
    if units.saturating_mul(params.draws) > 400_000_000 {
        return Err(Error::Invalid {
            primitive: "sensitivity",
            parameter: "draws",
            rule: format!("be at most {} for {units} units", 400_000_000 / units.max(1)),
            value: params.draws.to_string(),
        });
    }
    let study = prepare(scores, framework, base, params, &nominal, callbacks, context)?;
    let tally = run(&study, &nominal, context)?;
    let sobol = if params.sobol == 0 { None } else { Some(sobol::indices(&study, context)?) };
    report(&study, nominal, tally, sobol)
}

fn prepare<'a>(
    scores: &Table,
    framework: &Framework,
    base: &ReadinessParams,
    params: &'a SensitivityParams,
    nominal: &Readiness,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<Study<'a>> {
    let normalisers =
        if params.normalise.is_empty() { vec![base.normalise] } else { params.normalise.clone() };
    let aggregators = if params.aggregate.is_empty() {
        vec![base.aggregate.clone()]
    } else {
        params.aggregate.iter().cloned().map(Some).collect()
    };
    let zeros = if params.zero.is_empty() {
        vec![base.zero]
    } else {
        params.zero.iter().copied().map(Some).collect()
    };
    let items = framework.items().len();
    let removals: Vec<Option<usize>> =
        if params.remove_items { (0..items).map(Some).collect() } else { vec![None] };
    let mut variants = Vec::new();
    for normalise in &normalisers {
        for aggregate in &aggregators {
            for zero in &zeros {
                for removal in &removals {
                    context.check()?;
                    let reduced = removal.map(|item| without(framework, item));
                    let own = ReadinessParams {
                        normalise: *normalise,
                        aggregate: aggregate.clone(),
                        zero: *zero,
                        ..base.clone()
                    };
                    let framework = reduced.as_ref().unwrap_or(framework);
                    let result = readiness_with(scores, framework, &own, callbacks, context)?;
                    variants.push(Variant { result });
                }
            }
        }
    }
    let weigher = Weigher::new(params, nominal)?;
    let blocks = weigher.blocks_only();
    let flats = variants.iter().map(|variant| Flat::of(&variant.result, blocks)).collect();
    let nominal_ranks = nominal.ranks();
    let of = params.sobol_of.as_ref();
    let of = of.map(|unit| nominal.unit("sensitivity", unit)).transpose()?;
    Ok(Study {
        params,
        normalisers,
        aggregators,
        zeros,
        removals,
        variants,
        flats,
        weigher,
        nominal_ranks,
        of,
    })
}

/// The framework with item number `item` weighing nothing.
///
/// The only item with a weight in its block stays: a block cannot be empty.
fn without(framework: &Framework, item: usize) -> Framework {
    let mut reduced = framework.clone();
    let code = framework.items()[item].code.clone();
    reduced.root.walk_mut(&mut |node| {
        let NodeKind::Group(group) = &mut node.kind else { return };
        let heavy = group.children.iter().filter(|child| child.weight > 0.0).count();
        let found = group.children.iter_mut().find(|child| child.code == code);
        if let (Some(child), true) = (found, heavy > 1) {
            child.weight = 0.0;
        }
    });
    reduced
}

/// Draws in one block: enough for the matrix product to pay, few enough to share and to stop.
const BLOCK: usize = 64;

fn run(study: &Study<'_>, nominal: &Readiness, context: &Context) -> Result<Tally> {
    let units = nominal.units.len();
    let blocks = study.params.draws.div_ceil(BLOCK);
    let done = std::sync::atomic::AtomicU64::new(0);
    let parts: Vec<kernel::Part> = (0..blocks)
        .into_par_iter()
        .map(|block| {
            context.check()?;
            let mut rng = rng(study.params.seed, block as u64);
            let draws = BLOCK.min(study.params.draws - block * BLOCK);
            let part = kernel::block(study, nominal, draws, &mut rng)?;
            let so_far = done.fetch_add(draws as u64, std::sync::atomic::Ordering::Relaxed);
            context.report("sensitivity", so_far + draws as u64, study.params.draws as u64);
            Ok(part)
        })
        .collect::<Result<_>>()?;
    let mut tally = Tally::new(units, study.params, nominal);
    tally.take(parts, context)?;
    Ok(tally)
}

fn report(
    study: &Study<'_>,
    nominal: Readiness,
    tally: Tally,
    sobol: Option<Sobol>,
) -> Result<Sensitivity> {
    let draws = study.params.draws;
    let (low, high) = study.params.quantiles;
    let percent = |p: f64| format!("{}", (p * 1000.0).round() / 10.0);
    let floats = |get: &dyn Fn(usize) -> Option<f64>| {
        Vector::from_options((0..nominal.units.len()).map(get))
    };
    let stats = &tally.units;
    let mut columns: Vec<(String, Vector)> = vec![
        ("index".into(), nominal.index()),
        ("mean".into(), floats(&|u| stats[u].mean)),
        (format!("p{}", percent(low)), floats(&|u| stats[u].low)),
        ("median".into(), floats(&|u| stats[u].median)),
        (format!("p{}", percent(high)), floats(&|u| stats[u].high)),
        ("rank".into(), nominal.rank()),
        ("rank_mean".into(), floats(&|u| stats[u].rank_mean)),
        (format!("rank_p{}", percent(low)), floats(&|u| stats[u].rank_low)),
        ("rank_median".into(), floats(&|u| stats[u].rank_median)),
        (format!("rank_p{}", percent(high)), floats(&|u| stats[u].rank_high)),
    ];
    if nominal.has_levels() {
        for (at, level) in nominal.framework.levels.iter().enumerate() {
            let share = |u: usize| Some(stats[u].levels[at] / draws as f64);
            columns.push((level.name.clone(), floats(&share)));
        }
    }
    let label = nominal.unit_name.clone().unwrap_or_else(|| "unit".to_owned());
    let labels = arrow_array::StringArray::from_iter_values(&nominal.units);
    let table = Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some(&label))?;
    let weights = match study.params.weights {
        WeightDraw::Dirichlet => {
            format!(
                "Dirichlet weights around the given (concentration {})",
                study.params.concentration
            )
        }
        WeightDraw::Uniform => "weights uniform on the simplex".into(),
        WeightDraw::Ordered => "weights uniform in the given order".into(),
        WeightDraw::Percent => format!("weights +-{} %", percent(study.params.spread)),
        WeightDraw::Panel => format!("weights of {} experts", study.params.panel.len()),
        WeightDraw::Fixed => "the given weights".into(),
    };
    let whose = match study.params.level {
        WeightLevel::Blocks => "of the blocks",
        WeightLevel::All => "of all nodes",
    };
    let mut varied = format!("{draws} draws, seed {}: {weights} {whose}", study.params.seed);
    for (count, what) in [
        (study.normalisers.len(), "normalisations"),
        (study.aggregators.len(), "aggregations"),
        (study.zeros.len(), "zero rules"),
    ] {
        if count > 1 {
            let _ = write!(varied, ", {count} {what}");
        }
    }
    if study.params.remove_items {
        varied += ", one item left out";
    }
    if study.params.noise > 0.0 {
        let _ = write!(varied, ", noise of sd {} on worths", study.params.noise);
    }
    let mut warnings = nominal.warnings.clone();
    if tally.without_index > 0 {
        warnings.push(format!("{} unit-draws had no index", tally.without_index));
    }
    Ok(Sensitivity {
        units: nominal.units,
        draws,
        table,
        rank_counts: tally.rank_counts,
        beats: tally.beats,
        sobol,
        mean_shift: tally.mean_shift,
        description: varied + ".",
        warnings,
        label,
    })
}
