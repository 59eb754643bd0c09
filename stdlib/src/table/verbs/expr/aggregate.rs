//! One value per group of rows; missing values are left out.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray,
    UInt32Array, types::Date32Type,
};
use rayon::prelude::*;

use super::super::groups::Groups;
use crate::stats;

/// What a group of values is reduced to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count,
    Distinct,
    MissingCount,
    MissingShare,
    Sum,
    Mean,
    Sd,
    Var,
    Min,
    Max,
    Median,
    Quantile,
    First,
    Last,
    Any,
    All,
    WeightedMean,
    Correlation,
}

impl Aggregate {
    /// Whether it needs numbers.
    pub(super) fn numeric(self) -> bool {
        matches!(
            self,
            Self::Sum
                | Self::Mean
                | Self::Sd
                | Self::Var
                | Self::Median
                | Self::Quantile
                | Self::WeightedMean
                | Self::Correlation
        )
    }
}

fn array(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    // An overflow has no value either.
    let finite = values.into_iter().map(|x| x.filter(|x| x.is_finite()));
    Arc::new(finite.collect::<Float64Array>())
}

/// Calls `f` with the group and the value of every value that is there.
fn each(values: &Float64Array, groups: &Groups, mut f: impl FnMut(usize, f64)) {
    if let Some(nulls) = values.nulls() {
        for row in nulls.valid_indices() {
            f(groups.ids[row] as usize, values.value(row));
        }
    } else {
        for (id, value) in groups.ids.iter().zip(values.values()) {
            f(*id as usize, *value);
        }
    }
}

/// Rows of each group.
pub(super) fn sizes(groups: &Groups) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(groups.sizes().into_iter().map(i64::from)))
}

/// Values (or, if `missing`, gaps) of each group.
pub(super) fn present(values: &ArrayRef, groups: &Groups, missing: bool) -> Vec<i64> {
    let mut counts = vec![0_i64; groups.count()];
    for (row, id) in groups.ids.iter().enumerate() {
        counts[*id as usize] += i64::from(values.is_null(row) == missing);
    }
    counts
}

/// Different values of each group.
pub(super) fn distinct(values: &ArrayRef, groups: &Groups) -> ArrayRef {
    let ids: ArrayRef =
        Arc::new(Int64Array::from_iter_values(groups.ids.iter().map(|id| i64::from(*id))));
    let pairs = Groups::of(&[ids, Arc::clone(values)], values.len());
    let mut counts = vec![0_i64; groups.count()];
    for row in pairs.first {
        if values.is_valid(row as usize) {
            counts[groups.ids[row as usize] as usize] += 1;
        }
    }
    Arc::new(Int64Array::from(counts))
}

/// Sums; integers stay integers unless they overflow.
pub(super) fn sum(values: &ArrayRef, floats: &Float64Array, groups: &Groups) -> ArrayRef {
    if let Some(whole) = values.as_any().downcast_ref::<Int64Array>() {
        let mut sums = vec![0_i64; groups.count()];
        let fits = groups.ids.iter().enumerate().all(|(row, id)| {
            let slot = &mut sums[*id as usize];
            let term = if whole.is_valid(row) { whole.value(row) } else { 0 };
            slot.checked_add(term).map(|sum| *slot = sum).is_some()
        });
        if fits {
            return Arc::new(Int64Array::from(sums));
        }
    }
    let mut sums = vec![0.0; groups.count()];
    each(floats, groups, |group, value| sums[group] += value);
    array(sums.into_iter().map(Some))
}

fn means(values: &Float64Array, groups: &Groups) -> (Vec<f64>, Vec<f64>) {
    let (mut counts, mut sums) = (vec![0.0; groups.count()], vec![0.0; groups.count()]);
    each(values, groups, |group, value| {
        counts[group] += 1.0;
        sums[group] += value;
    });
    let means = sums.iter().zip(&counts).map(|(sum, n)| sum / n).collect();
    (counts, means)
}

/// Means; missing for a group without values.
pub(super) fn mean(values: &Float64Array, groups: &Groups) -> ArrayRef {
    let (counts, means) = means(values, groups);
    array(means.into_iter().zip(counts).map(|(mean, n)| (n > 0.0).then_some(mean)))
}

/// Sample variances (n - 1) or their roots; missing below two values.
pub(super) fn variance(values: &Float64Array, groups: &Groups, root: bool) -> ArrayRef {
    let (counts, means) = means(values, groups);
    let mut squares = vec![0.0; groups.count()];
    each(values, groups, |group, value| squares[group] += (value - means[group]).powi(2));
    array(squares.into_iter().zip(counts).map(|(square, n)| {
        let variance = (n > 1.0).then(|| square / (n - 1.0))?;
        Some(if root { variance.sqrt() } else { variance })
    }))
}

/// Quantiles of order `p`, by linear interpolation of the order statistics.
pub(super) fn quantile(values: &Float64Array, groups: &Groups, p: f64) -> ArrayRef {
    let members = groups.members();
    let of = |group: usize| {
        let mut present: Vec<f64> = members
            .of(group)
            .iter()
            .filter(|row| values.is_valid(**row as usize))
            .map(|row| values.value(*row as usize))
            .collect();
        selected_quantile(&mut present, p)
    };
    let quantiles: Vec<Option<f64>> = (0..groups.count()).into_par_iter().map(of).collect();
    array(quantiles)
}

/// Hyndman and Fan's definition 7 without sorting more than it must.
fn selected_quantile(values: &mut [f64], p: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let place = p * (values.len() - 1) as f64;
    let low = place.floor() as usize;
    let (_, lower, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let lower = *lower;
    let fraction = place - low as f64;
    if fraction == 0.0 || above.is_empty() {
        return Some(lower);
    }
    let upper = above.iter().copied().fold(f64::INFINITY, f64::min);
    Some(lower + fraction * (upper - lower))
}

/// The smallest (or largest) value of each group, of any kind.
pub(super) fn extreme(values: &ArrayRef, groups: &Groups, largest: bool) -> ArrayRef {
    let any = values.as_any();
    let pick = |better: &dyn Fn(usize, usize) -> bool| {
        let mut best: Vec<Option<u32>> = vec![None; groups.count()];
        for (row, id) in groups.ids.iter().enumerate() {
            if values.is_null(row) {
                continue;
            }
            let slot = &mut best[*id as usize];
            if slot.is_none_or(|old| better(row, old as usize)) {
                *slot = Some(row as u32);
            }
        }
        gather(values, best)
    };
    let wanted = if largest { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less };
    if let Some(v) = any.downcast_ref::<Float64Array>() {
        let mut best = vec![None; groups.count()];
        each(v, groups, |group, value| {
            let slot = &mut best[group];
            if slot.is_none_or(|old| if largest { value > old } else { value < old }) {
                *slot = Some(value);
            }
        });
        array(best)
    } else if let Some(v) = any.downcast_ref::<Int64Array>() {
        pick(&|a, b| v.value(a).cmp(&v.value(b)) == wanted)
    } else if let Some(v) = any.downcast_ref::<PrimitiveArray<Date32Type>>() {
        pick(&|a, b| v.value(a).cmp(&v.value(b)) == wanted)
    } else if let Some(v) = any.downcast_ref::<BooleanArray>() {
        pick(&|a, b| v.value(a).cmp(&v.value(b)) == wanted)
    } else if let Some(v) = any.downcast_ref::<StringArray>() {
        pick(&|a, b| v.value(a).cmp(v.value(b)) == wanted)
    } else {
        gather(values, vec![None; groups.count()])
    }
}

fn gather(values: &ArrayRef, rows: Vec<Option<u32>>) -> ArrayRef {
    arrow_select::take::take(values, &UInt32Array::from(rows), None).expect("every index is a row")
}

/// The value in each group's first (or last) row, missing if it is.
pub(super) fn end(values: &ArrayRef, groups: &Groups, last: bool) -> ArrayRef {
    let mut rows = groups.first.clone();
    if last {
        for (row, id) in groups.ids.iter().enumerate() {
            rows[*id as usize] = row as u32;
        }
    }
    gather(values, rows.into_iter().map(Some).collect())
}

/// Whether any (or all) of each group's truth values is true, in three-valued logic.
pub(super) fn quantified(values: &BooleanArray, groups: &Groups, all: bool) -> ArrayRef {
    // `any` is settled by one true, `all` by one false; a gap leaves the rest open.
    let mut verdicts = vec![Some(all); groups.count()];
    let mut settled = vec![false; groups.count()];
    for (row, id) in groups.ids.iter().enumerate() {
        let group = *id as usize;
        if values.is_null(row) {
            if !settled[group] {
                verdicts[group] = None;
            }
        } else if values.value(row) != all {
            verdicts[group] = Some(!all);
            settled[group] = true;
        }
    }
    Arc::new(BooleanArray::from(verdicts))
}

/// Means weighted by `weights`, over the rows where both are there.
pub(super) fn weighted_mean(
    values: &Float64Array,
    weights: &Float64Array,
    groups: &Groups,
) -> ArrayRef {
    let (mut totals, mut sums) = (vec![0.0; groups.count()], vec![0.0; groups.count()]);
    for (row, id) in groups.ids.iter().enumerate() {
        if values.is_valid(row) && weights.is_valid(row) {
            totals[*id as usize] += weights.value(row);
            sums[*id as usize] += weights.value(row) * values.value(row);
        }
    }
    array(sums.into_iter().zip(totals).map(|(sum, total)| (total != 0.0).then(|| sum / total)))
}

/// Pearson correlations over the rows where both are there.
pub(super) fn correlation(a: &Float64Array, b: &Float64Array, groups: &Groups) -> ArrayRef {
    let members = groups.members();
    let of = |group: usize| {
        let both = members.of(group).iter().map(|row| *row as usize);
        let (x, y): (Vec<f64>, Vec<f64>) = both
            .filter(|row| a.is_valid(*row) && b.is_valid(*row))
            .map(|row| (a.value(row), b.value(row)))
            .unzip();
        let (mx, my) = (stats::mean(&x)?, stats::mean(&y)?);
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(&y) {
            xx += (x - mx).powi(2);
            yy += (y - my).powi(2);
            xy += (x - mx) * (y - my);
        }
        let r = xy / (xx * yy).sqrt();
        r.is_finite().then(|| r.clamp(-1.0, 1.0))
    };
    let all: Vec<Option<f64>> = (0..groups.count()).into_par_iter().map(of).collect();
    array(all)
}
