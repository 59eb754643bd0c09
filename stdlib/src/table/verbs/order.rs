//! Order and ranks.

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, PrimitiveArray, types::Date32Type};
use rayon::prelude::*;

use super::groups::Groups;
use crate::error::Result;
use crate::stats::rank::{Ties, float_key, ranks};
use crate::table::{Table, TableError, Vector};

/// A column to order by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// A column as numbers whose order is that of its values, and which rows are missing.
struct Ordinal {
    keys: Vec<u64>,
    missing: Option<Vec<bool>>,
}

fn int_key(i: i64) -> u64 {
    (i as u64) ^ (1 << 63)
}

impl Ordinal {
    fn of(array: &ArrayRef, descending: bool) -> Self {
        let any = array.as_any();
        let mut keys: Vec<u64> = if let Some(v) = any.downcast_ref::<Float64Array>() {
            v.values().iter().map(|x| float_key(*x)).collect()
        } else if let Some(v) = any.downcast_ref::<arrow_array::Int64Array>() {
            v.values().iter().map(|i| int_key(*i)).collect()
        } else if let Some(v) = any.downcast_ref::<PrimitiveArray<Date32Type>>() {
            v.values().iter().map(|day| int_key(i64::from(*day))).collect()
        } else if let Some(v) = any.downcast_ref::<BooleanArray>() {
            v.values().iter().map(u64::from).collect()
        } else {
            Self::texts(array)
        };
        if descending {
            keys.iter_mut().for_each(|key| *key = !*key);
        }
        let gaps = || (0..array.len()).map(|row| array.is_null(row)).collect();
        Self { keys, missing: (array.null_count() > 0).then(gaps) }
    }

    /// The place of each text among the different ones.
    fn texts(array: &ArrayRef) -> Vec<u64> {
        let Some(texts) = array.as_any().downcast_ref::<arrow_array::StringArray>() else {
            return vec![0; array.len()];
        };
        let groups = Groups::of(&[std::sync::Arc::clone(array)], array.len());
        let text = |group: u32| {
            let row = groups.first[group as usize] as usize;
            texts.is_valid(row).then(|| texts.value(row))
        };
        let mut order: Vec<u32> = (0..groups.count() as u32).collect();
        order.par_sort_unstable_by(|a, b| text(*a).cmp(&text(*b)));
        let mut places = vec![0_u64; order.len()];
        for (place, group) in order.iter().enumerate() {
            places[*group as usize] = place as u64;
        }
        groups.ids.iter().map(|id| places[*id as usize]).collect()
    }

    fn is_missing(&self, row: u32) -> bool {
        self.missing.as_ref().is_some_and(|missing| missing[row as usize])
    }
}

/// Row numbers in the order of `keys`: missing values last, equal rows in their old order.
pub(super) fn order(primitive: &str, table: &Table, keys: &[SortKey]) -> Result<Vec<u32>> {
    if keys.is_empty() {
        let what = "columns to sort by".into();
        return Err(TableError::Empty { primitive: primitive.to_owned(), what }.into());
    }
    let arrays =
        keys.iter().map(|key| table.array(primitive, &key.column)).collect::<Result<Vec<_>>>()?;
    let ordinals: Vec<Ordinal> = arrays
        .into_par_iter()
        .zip(keys)
        .map(|(array, key)| Ordinal::of(array, key.descending))
        .collect();
    let rows = 0..table.nrow() as u32;
    if let [only] = ordinals.as_slice() {
        let mut pairs: Vec<(u64, u32)> = rows
            .clone()
            .filter(|row| !only.is_missing(*row))
            .map(|row| (only.keys[row as usize], row))
            .collect();
        // The row breaks ties, so an unstable sort is stable.
        pairs.par_sort_unstable();
        let gaps = rows.filter(|row| only.is_missing(*row));
        return Ok(pairs.into_iter().map(|(_, row)| row).chain(gaps).collect());
    }
    let mut order: Vec<u32> = rows.collect();
    order.par_sort_unstable_by(|a, b| {
        for ordinal in &ordinals {
            let side = |row: u32| (ordinal.is_missing(row), ordinal.keys[row as usize]);
            let (left, right) = (side(*a), side(*b));
            // Two gaps are equal whatever lies under them.
            let compared =
                if left.0 && right.0 { std::cmp::Ordering::Equal } else { left.cmp(&right) };
            if compared.is_ne() {
                return compared;
            }
        }
        a.cmp(b)
    });
    Ok(order)
}

/// The rows ordered by several columns, each in its own direction; missing values come last
/// in both directions, and rows that are equal keep their order. Text is ordered by its
/// characters' code points.
pub fn sort(table: &Table, keys: &[SortKey]) -> Result<Table> {
    table.take(&order("sort", table, keys)?)
}

/// How to rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RankParams {
    /// What equal values get.
    pub ties: Ties,
    /// Rank 1 for the largest.
    pub descending: bool,
}

/// Ranks from 1 of the values that are there; a missing value has none.
pub fn rank(values: &Vector, params: RankParams) -> Result<Vector> {
    let floats: Vec<Option<f64>> = values.floats()?.iter().collect();
    let ranks = rank_values(&floats, params);
    let ranked = if params.ties == Ties::Average {
        Vector::from_options(ranks)
    } else {
        let whole: arrow_array::Int64Array =
            ranks.into_iter().map(|rank| rank.map(|r| r as i64)).collect();
        Vector::new(std::sync::Arc::new(whole))
    };
    match values.labels() {
        Some(labels) => ranked.with_labels(std::sync::Arc::clone(labels)),
        None => Ok(ranked),
    }
}

pub(super) fn rank_values(values: &[Option<f64>], params: RankParams) -> Vec<Option<f64>> {
    let values: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let ranks = ranks(&values, params.ties, params.descending);
    ranks.into_iter().map(|rank| (!rank.is_nan()).then_some(rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(column: &str, descending: bool) -> SortKey {
        SortKey { column: column.to_owned(), descending }
    }

    fn table() -> Table {
        let text =
            arrow_array::StringArray::from(vec![Some("b"), Some("a"), None, Some("b"), Some("a")]);
        Table::new([
            ("t", Vector::new(std::sync::Arc::new(text))),
            ("x", Vector::from_options([Some(-1.0), None, Some(3.0), Some(2.0), Some(0.5)])),
            ("i", Vector::from_ints([i64::MAX, i64::MIN, 0, -1, 1])),
        ])
        .unwrap()
    }

    #[test]
    fn directions_mix_and_missing_comes_last_both_ways() {
        let run = |keys: &[SortKey]| order("sort", &table(), keys).unwrap();
        assert_eq!(run(&[key("x", false)]), [0, 4, 3, 2, 1]);
        assert_eq!(run(&[key("x", true)]), [2, 3, 4, 0, 1]);
        assert_eq!(run(&[key("i", true)]), [0, 4, 2, 3, 1]);
        assert_eq!(run(&[key("t", false)]), [1, 4, 0, 3, 2]);
        assert_eq!(run(&[key("t", true), key("x", false)]), [0, 3, 4, 1, 2]);
        assert!(order("sort", &table(), &[]).is_err());
        assert!(order("sort", &table(), &[key("nope", true)]).is_err());
    }
}
