//! Blocks of draws: scores as a matrix product, ranks by one sort of packed keys.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::draw::normal;
use super::{SensitivityParams, Study};
use crate::context::Context;
use crate::error::Result;
use crate::readiness::aggregate::Aggregator;
use crate::readiness::assess::Readiness;
use crate::readiness::error::ReadinessError;
use crate::readiness::plan::{Callbacks, Plan};
use crate::readiness::zero::ZeroRule;

/// A scale on which means are linear: `x`, `ln x` or `x^p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::readiness) enum Linear {
    Identity,
    Log,
    Power(f64),
}

impl Linear {
    fn of(rule: &Aggregator) -> Option<Self> {
        match rule {
            Aggregator::Arithmetic => Some(Self::Identity),
            Aggregator::Geometric => Some(Self::Log),
            Aggregator::Harmonic => Some(Self::Power(-1.0)),
            Aggregator::Power(p) => Some(if *p == 0.0 { Self::Log } else { Self::Power(*p) }),
            _ => None,
        }
    }

    fn forth(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Log => x.ln(),
            Self::Power(p) => x.powf(p),
        }
    }

    fn back(self, y: f64) -> f64 {
        match self {
            Self::Identity => y,
            Self::Log => y.exp(),
            Self::Power(p) => y.powf(p.recip()),
        }
    }
}

/// The values that drawn weights multiply, if the index is one mean of them.
pub(in crate::readiness) struct Flat {
    linear: Linear,
    /// Units x nodes, transformed.
    values: DMatrix<f64>,
    /// Whether the nodes are the items (else the children of the index).
    items: bool,
}

impl Flat {
    /// `None` where the index is no single mean of nodes: mixed rules, gaps, dropped zeros.
    pub fn of(result: &Readiness, blocks_only: bool) -> Option<Self> {
        let plan = &result.plan;
        let root = plan.groups.last()?;
        let linear = Linear::of(&root.rule)?;
        let nodes: Vec<usize> = if blocks_only {
            root.children.clone()
        } else {
            let same = plan.groups.iter().all(|group| Linear::of(&group.rule) == Some(linear));
            if !same || plan.round_blocks.is_some() {
                return None;
            }
            (0..plan.items).collect()
        };
        let mut zero = vec![ZeroRule::Keep; plan.codes.len()];
        for group in &plan.groups {
            for (child, rule) in group.children.iter().zip(&group.zero) {
                zero[*child] = *rule;
            }
        }
        let units = result.units.len();
        let mut values = DMatrix::zeros(units, nodes.len());
        for (column, slot) in nodes.iter().enumerate() {
            for unit in 0..units {
                let x = result.slots[*slot][unit];
                let mended = match (root.rule.annihilates(), zero[*slot]) {
                    (true, ZeroRule::Floor(floor)) => x.max(floor),
                    (true, ZeroRule::Skip) if x == 0.0 => 1.0,
                    (true, ZeroRule::Drop | ZeroRule::Keep) if x == 0.0 => return None,
                    _ => x,
                };
                if x.is_nan() || !linear.forth(mended).is_finite() {
                    return None;
                }
                values[(unit, column)] = linear.forth(mended);
            }
        }
        Some(Self { linear, values, items: !blocks_only })
    }

    /// Index values of every unit (rows) under every column of weights.
    fn product(&self, weights: &DMatrix<f64>, scores: &mut DMatrix<f64>) {
        self.values.mul_to(weights, scores);
        let scores = scores.as_mut_slice();
        match self.linear {
            Linear::Identity => {}
            Linear::Log => crate::simd::exp_all(scores),
            Linear::Power(_) => scores.iter_mut().for_each(|x| *x = self.linear.back(*x)),
        }
    }

    /// The weights of the matrix's columns under weights of the plan's groups.
    fn column_weights(&self, plan: &Plan, weights: &[Vec<f64>]) -> Vec<f64> {
        if !self.items {
            return weights.last().cloned().unwrap_or_default();
        }
        let mut overall = vec![0.0; plan.codes.len()];
        overall[plan.root()] = 1.0;
        for (number, group) in plan.groups.iter().enumerate().rev() {
            for (child, weight) in group.children.iter().zip(&weights[number]) {
                overall[*child] = overall[plan.items + number] * weight;
            }
        }
        overall.truncate(plan.items);
        overall
    }
}

impl Readiness {
    /// The index of every unit under many weightings of the items, draw by draw.
    ///
    /// `weights`: one row a draw, one weight an item in order of the framework, each row summing
    /// to 1. The answer has the units of the first draw, then those of the second, and so on. An
    /// error unless the index is one mean of its items: the same kind of mean at every node, no
    /// missing value, no rounded blocks.
    pub fn index_under(&self, weights: &[Vec<f64>], context: &Context) -> Result<Vec<f64>> {
        let undefined = |reason: String| -> crate::Error {
            let hint = "aggregate every node by arithmetic, geometric, harmonic or power";
            let primitive = "index_under".to_owned();
            ReadinessError::Undefined { primitive, reason, hint: hint.into() }.into()
        };
        let flat = Flat::of(self, false)
            .ok_or_else(|| undefined("the index is no single mean of its items".into()))?;
        let items = flat.values.ncols();
        for (draw, row) in weights.iter().enumerate() {
            let sum: f64 = row.iter().sum();
            if row.len() != items || row.iter().any(|w| *w < 0.0) || (sum - 1.0).abs() > 1e-9 {
                let what = format!("draw {} must hold {items} weights that sum to 1", draw + 1);
                return Err(undefined(what));
            }
        }
        let units = self.units.len();
        let mut index = vec![0.0; units * weights.len()];
        index.par_chunks_mut((units * WIDE).max(1)).zip(weights.par_chunks(WIDE)).try_for_each(
            |(part, weights)| {
                context.check()?;
                let drawn = DMatrix::from_fn(items, weights.len(), |item, d| weights[d][item]);
                let mut scores = DMatrix::zeros(units, weights.len());
                flat.product(&drawn, &mut scores);
                part.copy_from_slice(scores.as_slice());
                Ok::<(), crate::Error>(())
            },
        )?;
        Ok(index)
    }
}

/// Draws in one product: the values stay in cache while many weights pass.
const WIDE: usize = 128;

/// Index values and ranks of one block of draws.
pub(crate) struct Part {
    /// Index by draw and unit (draw-major), `NaN` where there is none.
    pub index: Vec<f64>,
    /// Ranks by draw and unit, 0 where there is none.
    pub ranks: Vec<u32>,
    pub draws: usize,
}

/// Scores and ranks `draws` draws.
pub(super) fn block(
    study: &Study<'_>,
    nominal: &Readiness,
    draws: usize,
    rng: &mut impl rand::Rng,
) -> Result<Part> {
    let units = nominal.units.len();
    let mut chosen: Vec<(usize, Vec<Vec<f64>>)> = Vec::with_capacity(draws);
    for _ in 0..draws {
        let variant = study.choose(rng);
        let plan = &study.variants[variant].result.plan;
        chosen.push((variant, study.weigher.draw(plan, rng)));
    }
    let mut index = vec![f64::NAN; draws * units];
    if study.params.noise > 0.0 {
        for (draw, (variant, weights)) in chosen.iter().enumerate() {
            let values = noisy(study, *variant, weights, rng)?;
            index[draw * units..(draw + 1) * units].copy_from_slice(&values);
        }
    } else {
        let mut variants: Vec<usize> = chosen.iter().map(|(variant, _)| *variant).collect();
        variants.sort_unstable();
        variants.dedup();
        for variant in variants {
            let of: Vec<usize> = (0..draws).filter(|d| chosen[*d].0 == variant).collect();
            let weights: Vec<&[Vec<f64>]> = of.iter().map(|d| chosen[*d].1.as_slice()).collect();
            let scored = score(study, variant, &weights)?;
            for (place, draw) in of.into_iter().enumerate() {
                index[draw * units..(draw + 1) * units]
                    .copy_from_slice(&scored[place * units..(place + 1) * units]);
            }
        }
    }
    let mut ranks = vec![0; draws * units];
    let mut keys = Vec::with_capacity(units);
    for draw in 0..draws {
        let range = draw * units..(draw + 1) * units;
        rank_into(&index[range.clone()], &mut keys, &mut ranks[range]);
    }
    Ok(Part { index, ranks, draws })
}

/// Index values (draw-major) of one variant under several sets of weights.
pub(super) fn score(
    study: &Study<'_>,
    variant: usize,
    weights: &[&[Vec<f64>]],
) -> Result<Vec<f64>> {
    let result = &study.variants[variant].result;
    let units = result.units.len();
    let plan = &result.plan;
    if let Some(flat) = study.flats[variant].as_ref() {
        let columns: Vec<f64> =
            weights.iter().flat_map(|weights| flat.column_weights(plan, weights)).collect();
        let drawn = DMatrix::from_vec(flat.values.ncols(), weights.len(), columns);
        let mut scores = DMatrix::zeros(units, weights.len());
        flat.product(&drawn, &mut scores);
        return Ok(scores.data.into());
    }
    let mut scores = Vec::with_capacity(units * weights.len());
    for weights in weights {
        let plan = reweighed(plan, weights);
        let worths = result.slots[..plan.items].to_vec();
        scores.extend(walk(&plan, worths, &result.units)?);
    }
    Ok(scores)
}

fn reweighed(plan: &Plan, weights: &[Vec<f64>]) -> Plan {
    let mut plan = plan.clone();
    for (group, weights) in plan.groups.iter_mut().zip(weights) {
        group.weights.clone_from(weights);
    }
    plan
}

fn walk(plan: &Plan, worths: Vec<Vec<f64>>, units: &[String]) -> Result<Vec<f64>> {
    let context = Context::default();
    let slots = plan.evaluate("sensitivity", worths, units, &mut Callbacks::default(), &context)?;
    Ok(slots.into_iter().next_back().unwrap_or_default())
}

/// Index values of one draw with noise on every worth, kept within the range 0 to 1.
fn noisy(
    study: &Study<'_>,
    variant: usize,
    weights: &[Vec<f64>],
    rng: &mut impl rand::Rng,
) -> Result<Vec<f64>> {
    let result = &study.variants[variant].result;
    let plan = reweighed(&result.plan, weights);
    let mut worths = result.slots[..plan.items].to_vec();
    let bounded = result.params.normalise.reads_scales();
    for worth in worths.iter_mut().flatten() {
        *worth += study.params.noise * normal(rng);
        if bounded {
            *worth = worth.clamp(0.0, 1.0);
        }
    }
    walk(&plan, worths, &result.units)
}

/// Ranks of one draw, ties sharing the better rank; 0 for `NaN`.
///
/// A float's bits, sign-folded, order as the float does, so one sort of whole numbers carrying the
/// unit's number beside it ranks a draw; that is faster than sorting positions by looked-up floats.
pub(super) fn rank_into(index: &[f64], keys: &mut Vec<(u64, u32)>, ranks: &mut [u32]) {
    keys.clear();
    for (unit, value) in index.iter().enumerate() {
        ranks[unit] = 0;
        if !value.is_nan() {
            let bits = (value + 0.0).to_bits();
            let folded = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
            // Best first.
            keys.push((!folded, unit as u32));
        }
    }
    keys.sort_unstable_by_key(|key| key.0);
    let (mut rank, mut before) = (0, None);
    for (place, (key, unit)) in keys.iter().enumerate() {
        if before != Some(*key) {
            rank = place as u32 + 1;
            before = Some(*key);
        }
        ranks[*unit as usize] = rank;
    }
}

/// What the draws say of one unit.
#[derive(Debug, Clone, Default)]
pub(super) struct UnitStats {
    pub mean: Option<f64>,
    pub low: Option<f64>,
    pub median: Option<f64>,
    pub high: Option<f64>,
    pub rank_mean: Option<f64>,
    pub rank_low: Option<f64>,
    pub rank_median: Option<f64>,
    pub rank_high: Option<f64>,
    pub levels: Vec<f64>,
}

/// Everything counted over all draws.
pub(super) struct Tally {
    pub units: Vec<UnitStats>,
    pub rank_counts: Vec<u64>,
    pub beats: Vec<f64>,
    pub without_index: u64,
    pub mean_shift: f64,
    quantiles: (f64, f64),
    thresholds: Option<Vec<f64>>,
    nominal: Vec<Option<i64>>,
}

impl Tally {
    pub fn new(units: usize, params: &SensitivityParams, nominal: &Readiness) -> Self {
        Self {
            units: vec![UnitStats::default(); units],
            rank_counts: vec![0; units * units],
            beats: if units <= 500 { vec![0.0; units * units] } else { Vec::new() },
            without_index: 0,
            mean_shift: 0.0,
            quantiles: params.quantiles,
            thresholds: nominal.has_levels().then(|| nominal.framework.thresholds()),
            nominal: nominal.ranks(),
        }
    }

    /// Counts all blocks.
    pub fn take(&mut self, parts: Vec<Part>, context: &Context) -> Result<()> {
        let units = self.units.len();
        let levels = self.thresholds.as_ref().map_or(0, |t| t.len() + 1);
        let (low, high) = self.quantiles;
        let thresholds = self.thresholds.clone();
        let counts: Vec<(UnitStats, Vec<u64>, u64, u64)> = (0..units)
            .into_par_iter()
            .map(|unit| {
                context.check()?;
                let mut own = Vec::new();
                let mut ranks = vec![0_u64; units];
                let (mut none, mut shift) = (0, 0);
                for part in &parts {
                    for draw in 0..part.draws {
                        let at = draw * units + unit;
                        let value = part.index[at];
                        if value.is_nan() {
                            none += 1;
                            continue;
                        }
                        own.push(value);
                        let rank = part.ranks[at];
                        ranks[rank as usize - 1] += 1;
                        if let Some(nominal) = self.nominal[unit] {
                            shift += nominal.abs_diff(i64::from(rank));
                        }
                    }
                }
                let mut stats = UnitStats { levels: vec![0.0; levels], ..UnitStats::default() };
                stats.mean = crate::stats::mean(&own);
                if let Some(thresholds) = &thresholds {
                    for value in &own {
                        let level = thresholds.iter().filter(|bound| value > bound).count();
                        stats.levels[level.min(levels - 1)] += 1.0;
                    }
                }
                stats.low = quantile(&mut own, low);
                stats.median = quantile(&mut own, 0.5);
                stats.high = quantile(&mut own, high);
                let n = own.len() as f64;
                if n > 0.0 {
                    let sum: f64 =
                        ranks.iter().enumerate().map(|(r, c)| (r + 1) as f64 * *c as f64).sum();
                    stats.rank_mean = Some(sum / n);
                    stats.rank_low = rank_quantile(&ranks, low);
                    stats.rank_median = rank_quantile(&ranks, 0.5);
                    stats.rank_high = rank_quantile(&ranks, high);
                }
                Ok((stats, ranks, none, shift))
            })
            .collect::<Result<_>>()?;
        let mut shifts = 0_u64;
        for (unit, (stats, ranks, none, shift)) in counts.into_iter().enumerate() {
            self.rank_counts[unit * units..(unit + 1) * units].copy_from_slice(&ranks);
            self.units[unit] = stats;
            self.without_index += none;
            shifts += shift;
        }
        let draws: usize = parts.iter().map(|part| part.draws).sum();
        self.mean_shift = shifts as f64 / (draws.max(1) * units.max(1)) as f64;
        if !self.beats.is_empty() {
            self.beats.par_chunks_mut(units).enumerate().try_for_each(|(a, row)| {
                context.check()?;
                for part in &parts {
                    for values in part.index.chunks_exact(units) {
                        let own = values[a];
                        for (won, other) in row.iter_mut().zip(values) {
                            *won += f64::from(u8::from(own > *other))
                                + 0.5 * f64::from(u8::from(own == *other));
                        }
                    }
                }
                Ok::<(), crate::Error>(())
            })?;
        }
        Ok(())
    }
}

/// Quantile by linear interpolation, found by selection; reorders `values`.
fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let position = p * last as f64;
    let below = position.floor() as usize;
    let fraction = position - below as f64;
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    if fraction == 0.0 {
        return Some(low);
    }
    let high = rest.iter().copied().fold(f64::INFINITY, f64::min);
    Some(low * (1.0 - fraction) + high * fraction)
}

/// Quantile of ranks given how often each occurred.
fn rank_quantile(counts: &[u64], p: f64) -> Option<f64> {
    let n: u64 = counts.iter().sum();
    let position = p * n.checked_sub(1)? as f64;
    let below = position.floor() as u64;
    let at = |place: u64| -> Option<f64> {
        let mut seen = 0;
        for (rank, count) in counts.iter().enumerate() {
            seen += count;
            if place < seen {
                return Some(rank as f64 + 1.0);
            }
        }
        None
    };
    let fraction = position - below as f64;
    let low = at(below)?;
    if fraction == 0.0 {
        return Some(low);
    }
    Some(low * (1.0 - fraction) + at(below + 1)? * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_ranks_are_the_plain_ones() {
        let values = [0.3, f64::NAN, 0.9, -0.5, 0.3, 0.0, -0.0, 2.0e300];
        let (mut keys, mut ranks) = (Vec::new(), [0; 8]);
        rank_into(&values, &mut keys, &mut ranks);
        assert_eq!(ranks, [3, 0, 2, 7, 3, 5, 5, 1]);
    }

    #[test]
    fn quantiles_by_selection_and_by_counts_agree() {
        let values = [4.0, 1.0, 3.0, 3.0, 2.0, 5.0, 1.0];
        let mut counts = [0_u64; 6];
        for value in values {
            counts[value as usize - 1] += 1;
        }
        for p in [0.05, 0.3, 0.5, 0.95] {
            let expected = crate::stats::quantile(&values, p).unwrap();
            assert!((quantile(&mut values.to_vec(), p).unwrap() - expected).abs() < 1e-14);
            assert!((rank_quantile(&counts, p).unwrap() - expected).abs() < 1e-14);
        }
    }
}
