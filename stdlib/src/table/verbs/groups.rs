//! Rows numbered by their keys: what grouping, joining and counting distinct rows stand on.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::table::kernels;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray,
    types::Date32Type,
};

/// A hasher for keys of a table: folded multiplication over eight bytes at a time.
///
/// It does not resist chosen collisions, which cost time and never a wrong answer.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl KeyHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x2545_f491_4f6c_dd1d) * u128::from(MULTIPLIER);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.mix(u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0_u8; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word) ^ ((rest.len() as u64) << 56));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        // What `str` writes after its bytes: texts of different lengths then differ.
        self.mix(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map with the hasher of keys.
pub(super) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// Every row's group, groups numbered from 0 in order of first appearance.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Group of each row.
    pub ids: Vec<u32>,
    /// First row of each group.
    pub first: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Groups {
    /// The groups of `rows` rows with equal values in every one of `keys`; missing equals missing.
    pub fn of(keys: &[ArrayRef], rows: usize) -> Self {
        let Some((first, rest)) = keys.split_first() else { return Self::single(rows) };
        let mut groups = Self::column(first);
        for key in rest {
            let other = Self::column(key);
            let width = other.count().max(1) as u64;
            let space = (groups.count() as u64).saturating_mul(width);
            let ids = &groups.ids;
            let pair = |row: usize| Some(u64::from(ids[row]) * width + u64::from(other.ids[row]));
            groups = number(rows, Some(space), pair);
        }
        groups
    }

    /// All rows in one group; no group where there is no row.
    pub fn single(rows: usize) -> Self {
        Self { ids: vec![0; rows], first: if rows == 0 { Vec::new() } else { vec![0] } }
    }

    /// The groups of equal values of one column.
    fn column(array: &ArrayRef) -> Self {
        let rows = array.len();
        let any = array.as_any();
        if let Some(values) = any.downcast_ref::<Int64Array>() {
            return integers(rows, |row| values.is_valid(row).then(|| values.value(row)));
        }
        if let Some(values) = any.downcast_ref::<PrimitiveArray<Date32Type>>() {
            let day = |row| values.is_valid(row).then(|| i64::from(values.value(row)));
            return integers(rows, day);
        }
        if let Some(values) = any.downcast_ref::<BooleanArray>() {
            let key = |row| values.is_valid(row).then(|| u64::from(values.value(row)));
            return number(rows, Some(2), key);
        }
        if let Some(values) = any.downcast_ref::<Float64Array>() {
            // Adding 0 turns -0 into 0, which equals it.
            let key = |row| values.is_valid(row).then(|| (values.value(row) + 0.0).to_bits());
            return number(rows, None, key);
        }
        let Some(values) = any.downcast_ref::<StringArray>() else {
            return Self::single(rows);
        };
        let mut known: KeyMap<&str, u32> = KeyMap::default();
        let mut missing = NONE;
        let (mut ids, mut first) = (Vec::with_capacity(rows), Vec::new());
        for row in 0..rows {
            let next = first.len() as u32;
            let id = if values.is_valid(row) {
                *known.entry(values.value(row)).or_insert(next)
            } else {
                if missing == NONE {
                    missing = next;
                }
                missing
            };
            if id == next {
                first.push(row as u32);
            }
            ids.push(id);
        }
        Self { ids, first }
    }

    /// Groups.
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// Rows of each group.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.count()];
        for id in &self.ids {
            sizes[*id as usize] += 1;
        }
        sizes
    }

    /// The rows ordered by group: rows of group `g` are `rows[starts[g]..starts[g + 1]]`.
    pub fn members(&self) -> Members {
        let mut starts = vec![0_u32; self.count() + 1];
        for id in &self.ids {
            starts[*id as usize + 1] += 1;
        }
        for group in 1..starts.len() {
            starts[group] += starts[group - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0_u32; self.ids.len()];
        for (row, id) in self.ids.iter().enumerate() {
            let place = &mut next[*id as usize];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
        Members { starts, rows }
    }
}

/// The rows of each group, in their order.
#[derive(Debug, Clone)]
pub struct Members {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Members {
    /// The rows of group `group`, which must exist.
    pub fn of(&self, group: usize) -> &[u32] {
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// The rows of every group in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> + '_ {
        self.starts.windows(2).map(|pair| &self.rows[pair[0] as usize..pair[1] as usize])
    }
}

fn integers(rows: usize, value: impl Fn(usize) -> Option<i64>) -> Groups {
    let (mut low, mut high) = (i64::MAX, i64::MIN);
    for row in 0..rows {
        if let Some(v) = value(row) {
            low = low.min(v);
            high = high.max(v);
        }
    }
    let span = if low > high { 0 } else { high.abs_diff(low) };
    number(rows, span.checked_add(1), |row| value(row).map(|v| v.wrapping_sub(low) as u64))
}

/// The place of every value of `left` in `right`, if both are of one kind (whole numbers, dates or
/// text), without gaps, no value stands twice in `right` and every one of `left` stands there.
pub(super) fn lookup(left: &ArrayRef, right: &ArrayRef) -> Option<Vec<u32>> {
    if left.null_count() > 0 || right.null_count() > 0 || right.is_empty() {
        return None;
    }
    if let (Some(left), Some(right)) = (kernels::texts(left), kernels::texts(right)) {
        let mut places: KeyMap<&str, u32> = KeyMap::default();
        for row in 0..right.len() {
            if places.insert(right.value(row), row as u32).is_some() {
                return None;
            }
        }
        return (0..left.len()).map(|row| places.get(left.value(row)).copied()).collect();
    }
    if left.data_type() != right.data_type() {
        return None;
    }
    let (left, right) = (kernels::whole(left)?, kernels::whole(right)?);
    let (low, high) = (right.values().iter().min()?, right.values().iter().max()?);
    if high.abs_diff(*low) <= 4 * right.len() as u64 + 1024 {
        let mut places = vec![NONE; high.abs_diff(*low) as usize + 1];
        for (row, value) in right.values().iter().enumerate() {
            let place = &mut places[value.abs_diff(*low) as usize];
            if std::mem::replace(place, row as u32) != NONE {
                return None;
            }
        }
        let find = |value: &i64| {
            let at = usize::try_from(value.checked_sub(*low)?).ok()?;
            places.get(at).copied().filter(|row| *row != NONE)
        };
        return left.values().iter().map(find).collect();
    }
    let mut places: KeyMap<i64, u32> = KeyMap::default();
    for (row, value) in right.values().iter().enumerate() {
        if places.insert(*value, row as u32).is_some() {
            return None;
        }
    }
    left.values().iter().map(|value| places.get(value).copied()).collect()
}

/// Numbers rows by `key`; `space` bounds the keys where they are small.
fn number(rows: usize, space: Option<u64>, key: impl Fn(usize) -> Option<u64>) -> Groups {
    let (mut ids, mut first) = (Vec::with_capacity(rows), Vec::new());
    let mut missing = NONE;
    let dense = space.filter(|space| *space <= 4 * rows as u64 + 1024);
    let mut table = vec![NONE; dense.unwrap_or(0) as usize];
    let mut known: KeyMap<u64, u32> = KeyMap::default();
    for row in 0..rows {
        let next = first.len() as u32;
        let slot = match key(row) {
            None => &mut missing,
            Some(key) if dense.is_some() => &mut table[key as usize],
            Some(key) => known.entry(key).or_insert(NONE),
        };
        if *slot == NONE {
            *slot = next;
            first.push(row as u32);
        }
        ids.push(*slot);
    }
    Groups { ids, first }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn ints(values: &[Option<i64>]) -> ArrayRef {
        Arc::new(Int64Array::from(values.to_vec()))
    }

    #[test]
    fn groups_are_numbered_by_first_appearance_and_missing_is_a_group() {
        let groups = Groups::of(&[ints(&[Some(7), None, Some(7), Some(-3), None])], 5);
        assert_eq!(groups.ids, [0, 1, 0, 2, 1]);
        assert_eq!(groups.first, [0, 1, 3]);
        assert_eq!(groups.sizes(), [2, 2, 1]);
        let members = groups.members();
        assert_eq!(members.of(1), [1, 4]);
    }

    #[test]
    fn far_integers_and_several_keys_group_the_same_way() {
        let far = ints(&[Some(i64::MAX), Some(i64::MIN), Some(i64::MAX), Some(0)]);
        let text: ArrayRef = Arc::new(StringArray::from(vec!["а", "б", "а", "а"]));
        assert_eq!(Groups::of(&[Arc::clone(&far)], 4).ids, [0, 1, 0, 2]);
        assert_eq!(Groups::of(&[text, far], 4).ids, [0, 1, 0, 2]);
        let zero: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, 1.0]));
        assert_eq!(Groups::of(&[zero], 3).ids, [0, 0, 1]);
        assert_eq!(Groups::of(&[], 3).count(), 1);
    }
}
