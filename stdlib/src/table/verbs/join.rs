//! Joining two tables by equal keys.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, StringArray, UInt32Array};
use rayon::prelude::*;

use super::error::VerbError;
use super::expr::shown;
use super::groups::{Groups, lookup};
use super::{Noted, listed};
use crate::choice::Choice;
use crate::error::{Result, closest};
use crate::table::frame::Kind;
use crate::table::{Table, TableError};

/// Which rows a join keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum How {
    /// Every row of the left table, with gaps where the right has no match.
    #[default]
    Left,
    /// Rows with a match.
    Inner,
    /// Every row of both tables.
    Full,
    /// Every row of the right table.
    Right,
    /// Rows of the left table that have a match, without the right's columns.
    Semi,
    /// Rows of the left table that have none.
    Anti,
}

impl Choice for How {
    const ALL: &'static [(&'static str, Self)] = &[
        ("left", Self::Left),
        ("inner", Self::Inner),
        ("full", Self::Full),
        ("right", Self::Right),
        ("semi", Self::Semi),
        ("anti", Self::Anti),
    ];
}

/// How many rows may share a key on either side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Relationship {
    /// Anything; several on both sides are warned of.
    #[default]
    Any,
    /// One on each side.
    OneToOne,
    /// One on the left.
    OneToMany,
    /// One on the right.
    ManyToOne,
    /// Anything, without a warning.
    ManyToMany,
}

impl Choice for Relationship {
    const ALL: &'static [(&'static str, Self)] = &[
        ("any", Self::Any),
        ("one_to_one", Self::OneToOne),
        ("one_to_many", Self::OneToMany),
        ("many_to_one", Self::ManyToOne),
        ("many_to_many", Self::ManyToMany),
    ];
}

/// How to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinParams {
    /// Which rows to keep.
    pub how: How,
    /// What is put behind names that stand in both tables, left and right.
    pub suffixes: (String, String),
    /// How many rows may share a key.
    pub expect: Relationship,
}

impl Default for JoinParams {
    fn default() -> Self {
        let suffixes = (String::new(), "_right".to_owned());
        Self { how: How::default(), suffixes, expect: Relationship::default() }
    }
}

/// The column names that two tables share, as keys.
pub fn common_keys(left: &Table, right: &Table) -> Result<Vec<(String, String)>> {
    let other = right.columns();
    let shared: Vec<(String, String)> = left
        .columns()
        .into_iter()
        .filter(|name| other.contains(name))
        .map(|name| (name.clone(), name))
        .collect();
    if shared.is_empty() {
        return Err(VerbError::NoCommonColumns { left: left.columns(), right: other }.into());
    }
    Ok(shared)
}

/// The keys of both tables, the left's rows first.
struct Keys {
    arrays: Vec<ArrayRef>,
    groups: Groups,
    left_rows: usize,
}

impl Keys {
    fn of(left: &Table, right: &Table, on: &[(String, String)]) -> Result<Self> {
        let mut arrays = Vec::new();
        for (l, r) in on {
            let (a, b) = (left.array("join", l)?, right.array("join", r)?);
            let (ka, kb) = (Kind::of(a.data_type()), Kind::of(b.data_type()));
            let both = if ka == kb {
                arrow_select::concat::concat(&[a.as_ref(), b.as_ref()])
            } else if ka.is_numeric() && kb.is_numeric() {
                let a: Float64Array = left.floats("join", l)?;
                let b: Float64Array = right.floats("join", r)?;
                arrow_select::concat::concat(&[&a as &dyn Array, &b])
            } else {
                return Err(VerbError::Clash {
                    primitive: "join".into(),
                    column: l.clone(),
                    left: ka.to_string(),
                    left_place: "the left table".into(),
                    right: kb.to_string(),
                    right_place: if l == r {
                        "the right table".into()
                    } else {
                        format!("the right table (`{r}`)")
                    },
                }
                .into());
            };
            arrays.push(both.expect("both are of one kind"));
        }
        let left_rows = left.nrow();
        let groups = Groups::of(&arrays, left_rows + right.nrow());
        Ok(Self { arrays, groups, left_rows })
    }

    /// Whether a row (the right's counted behind the left's) has a gap in its key.
    fn gap(&self, row: usize) -> bool {
        self.arrays.iter().any(|array| array.is_null(row))
    }

    fn name(&self, row: usize) -> String {
        let part = |array: &ArrayRef| shown(array, row).unwrap_or_else(|| "missing".into());
        self.arrays.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// Rows of each key on one side; rows with a gap in the key match nothing.
    fn counts(&self, rows: std::ops::Range<usize>) -> Vec<u32> {
        let mut counts = vec![0; self.groups.count()];
        let gaps = self.arrays.iter().any(|array| array.null_count() > 0);
        for row in rows {
            if !(gaps && self.gap(row)) {
                counts[self.groups.ids[row] as usize] += 1;
            }
        }
        counts
    }
}

const NONE: u32 = u32::MAX;

/// Joins `right` to `left` where the columns `on` (left name, right name) are equal.
///
/// A gap in a key matches nothing. Rows keep the left table's order (the right's for a right
/// join), several matches the right table's; a full join ends with the right's rows without
/// match. The result is a panel where the left table is one, else where the right is. The warnings
/// tell of keys without match and of keys that stand several times on both
/// sides.
pub fn join(
    left: &Table,
    right: &Table,
    on: &[(String, String)],
    params: &JoinParams,
) -> Result<Noted> {
    if on.is_empty() {
        let what = "columns to join by".into();
        return Err(TableError::Empty { primitive: "join".into(), what }.into());
    }
    if left.nrow() as u64 + right.nrow() as u64 >= u64::from(NONE) {
        let rows = left.nrow() as u64 + right.nrow() as u64;
        return Err(VerbError::TooManyRows { primitive: "join".into(), rows }.into());
    }
    if let Some(rows) = looked_up(left, right, on, params)? {
        let picked = Picked { left: None, right: rows, either: None };
        return Ok(Noted::plain(assembled(left, right, on, params, &picked)?));
    }
    let keys = Keys::of(left, right, on)?;
    let (nl, nr) = (left.nrow(), right.nrow());
    let on_left = keys.counts(0..nl);
    let on_right = keys.counts(nl..nl + nr);
    let mut warnings = checked(&keys, &on_left, &on_right, params)?;
    let lonely = |counts: &[u32], rows: std::ops::Range<usize>| -> Vec<u32> {
        rows.filter(|row| keys.gap(*row) || counts[keys.groups.ids[*row] as usize] == 0)
            .map(|row| row as u32)
            .collect()
    };
    if matches!(params.how, How::Semi | How::Anti) {
        let has = |row: &u32| {
            let row = *row as usize;
            !keys.gap(row) && on_right[keys.groups.ids[row] as usize] > 0
        };
        let wanted = params.how == How::Semi;
        let rows: Vec<u32> = (0..nl as u32).filter(|row| has(row) == wanted).collect();
        return Ok(Noted::plain(left.take(&rows)?));
    }
    if matches!(params.how, How::Left | How::Inner | How::Full) {
        warnings.extend(unmatched(&keys, &lonely(&on_right, 0..nl), nl, "left", nl..nl + nr));
    }
    if matches!(params.how, How::Right | How::Inner | How::Full) {
        warnings.extend(unmatched(&keys, &lonely(&on_left, nl..nl + nr), nr, "right", 0..nl));
    }
    let pairs = if params.how == How::Right {
        let swapped = matched(&keys, nl..nl + nr, 0..nl, &on_left, true)?;
        (swapped.1, swapped.0)
    } else {
        let mut pairs = matched(&keys, 0..nl, nl..nl + nr, &on_right, params.how != How::Inner)?;
        if params.how == How::Full {
            let rest = lonely(&on_left, nl..nl + nr);
            pairs.0.extend(rest.iter().map(|_| NONE));
            pairs.1.extend(rest);
        }
        pairs
    };
    let table = assembled(left, right, on, params, &Picked::of(keys, pairs))?;
    Ok(Noted { table, warnings })
}

/// The right row of every left row, where a join is no more than looking it up: one key column,
/// different values of it on the right, and nobody without a match to tell of.
fn looked_up(
    left: &Table,
    right: &Table,
    on: &[(String, String)],
    params: &JoinParams,
) -> Result<Option<UInt32Array>> {
    let one_sided = matches!(
        params.expect,
        Relationship::Any | Relationship::ManyToOne | Relationship::ManyToMany
    );
    let [(l, r)] = on else { return Ok(None) };
    if !one_sided || !matches!(params.how, How::Left | How::Inner) {
        return Ok(None);
    }
    let Some(rows) = lookup(left.array("join", l)?, right.array("join", r)?) else {
        return Ok(None);
    };
    if params.how == How::Inner {
        let mut found = vec![false; right.nrow()];
        rows.iter().for_each(|row| found[*row as usize] = true);
        if found.contains(&false) {
            return Ok(None);
        }
    }
    Ok(Some(UInt32Array::from(rows)))
}

/// Pairs of rows with equal keys in the order of `outer`; `keep` also those without partner.
fn matched(
    keys: &Keys,
    outer: std::ops::Range<usize>,
    inner: std::ops::Range<usize>,
    counts: &[u32],
    keep: bool,
) -> Result<(Vec<u32>, Vec<u32>)> {
    let ids = &keys.groups.ids;
    let gaps = keys.arrays.iter().any(|array| array.null_count() > 0);
    let partners = |row: usize| if gaps && keys.gap(row) { 0 } else { counts[ids[row] as usize] };
    let total: u64 = outer.clone().map(|row| u64::from(partners(row).max(u32::from(keep)))).sum();
    if total >= u64::from(NONE) {
        return Err(VerbError::TooManyRows { primitive: "join".into(), rows: total }.into());
    }
    let mut starts = vec![0_u32; counts.len() + 1];
    for (group, count) in counts.iter().enumerate() {
        starts[group + 1] = starts[group] + count;
    }
    let mut next = starts.clone();
    let mut rows = vec![0_u32; *starts.last().unwrap_or(&0) as usize];
    for row in inner {
        if !(gaps && keys.gap(row)) {
            let place = &mut next[ids[row] as usize];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
    }
    let (mut outers, mut inners) =
        (Vec::with_capacity(total as usize), Vec::with_capacity(total as usize));
    for row in outer {
        let count = partners(row) as usize;
        if count == 0 {
            if keep {
                outers.push(row as u32);
                inners.push(NONE);
            }
            continue;
        }
        let start = starts[ids[row] as usize] as usize;
        for partner in &rows[start..start + count] {
            outers.push(row as u32);
            inners.push(*partner);
        }
    }
    Ok((outers, inners))
}

/// Checks how many rows share a key on each side.
fn checked(
    keys: &Keys,
    on_left: &[u32],
    on_right: &[u32],
    params: &JoinParams,
) -> Result<Vec<String>> {
    let fault = |counts: &[u32], side: &str| -> Result<()> {
        let Some(group) = counts.iter().position(|n| *n > 1) else { return Ok(()) };
        Err(VerbError::Relationship {
            expected: params.expect.name().into(),
            side: format!("the {side} table"),
            rows: counts[group] as usize,
            key: keys.name(keys.groups.first[group] as usize),
        }
        .into())
    };
    let expect = params.expect;
    if matches!(expect, Relationship::OneToOne | Relationship::OneToMany) {
        fault(on_left, "left")?;
    }
    if matches!(expect, Relationship::OneToOne | Relationship::ManyToOne) {
        fault(on_right, "right")?;
    }
    let several: Vec<usize> =
        (0..on_left.len()).filter(|group| on_left[*group] > 1 && on_right[*group] > 1).collect();
    if expect != Relationship::Any
        || several.is_empty()
        || matches!(params.how, How::Semi | How::Anti)
    {
        return Ok(Vec::new());
    }
    let first = several[0];
    Ok(vec![format!(
        "join: {} keys stand several times on both sides, so their rows multiply: {} stands {} times on the left and {} times on the right (expect: \"many_to_many\" silences this)",
        several.len(),
        keys.name(keys.groups.first[first] as usize),
        on_left[first],
        on_right[first]
    )])
}

/// What to say of rows without match.
fn unmatched(
    keys: &Keys,
    rows: &[u32],
    of: usize,
    side: &str,
    others: std::ops::Range<usize>,
) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let mut seen = vec![false; keys.groups.count()];
    for row in rows {
        let group = keys.groups.ids[*row as usize] as usize;
        if !std::mem::replace(&mut seen[group], true) {
            names.push(keys.name(*row as usize));
        }
    }
    let other = if side == "left" { "right" } else { "left" };
    let mut text = format!(
        "join: {} of {of} rows on the {side} find no match: {}",
        rows.len(),
        listed(&names)
    );
    // A slip of the pen is worth naming where the keys are few.
    if others.len() <= 10_000 {
        let known: Vec<String> = others.map(|row| keys.name(row)).collect();
        let near = closest(&names[0], known.iter().map(String::as_str));
        if let Some(near) = near.first().filter(|near| **near != names[0]) {
            text.push_str(&format!(" (the {other} has `{near}`)"));
        }
    }
    Some(text)
}

/// Which rows of both tables make the rows of the result.
struct Picked {
    /// Rows of the left table; `None` where they are its own.
    left: Option<UInt32Array>,
    right: UInt32Array,
    /// The keys of both tables and where each row of the result has its own, where some rows come
    /// from the right alone.
    either: Option<(Vec<ArrayRef>, UInt32Array)>,
}

impl Picked {
    fn of(keys: Keys, (lefts, rights): (Vec<u32>, Vec<u32>)) -> Self {
        let shift = keys.left_rows as u32;
        let index = |rows: &[u32], shift: u32| -> UInt32Array {
            rows.iter().map(|row| (*row != NONE).then(|| row - shift)).collect()
        };
        let either = lefts.contains(&NONE).then(|| {
            let first = lefts.iter().zip(&rights);
            let rows = first.map(|(l, r)| Some(if *l == NONE { *r } else { *l })).collect();
            (keys.arrays, rows)
        });
        // Where every left row found one partner at most, its columns are those of the result.
        let same = lefts.len() == keys.left_rows
            && lefts.iter().zip(0..).all(|(row, place)| *row == place);
        let left = (!same).then(|| index(&lefts, 0));
        Self { left, right: index(&rights, shift), either }
    }
}

/// The columns of both tables at the rows that were picked.
fn assembled(
    left: &Table,
    right: &Table,
    on: &[(String, String)],
    params: &JoinParams,
    picked: &Picked,
) -> Result<Table> {
    let take = |array: &ArrayRef, rows: Option<&UInt32Array>| match rows {
        None => Arc::clone(array),
        Some(rows) => arrow_select::take::take(array, rows, None).expect("every index is a row"),
    };
    let from_left = picked.left.as_ref();
    let is_right_key = |name: &str| on.iter().any(|(_, r)| r == name);
    let left_names = left.columns();
    let right_names: Vec<String> =
        right.columns().into_iter().filter(|name| !is_right_key(name)).collect();
    let key_place = |name: &str| on.iter().position(|(l, _)| l == name);
    // A key's name stays as it is; what else stands on both sides takes the suffixes.
    let left_name = |name: &str| {
        let twice = key_place(name).is_none() && right_names.iter().any(|other| other == name);
        if twice { format!("{name}{}", params.suffixes.0) } else { name.to_owned() }
    };
    let right_name = |name: &str| {
        let twice = left_names.iter().any(|other| other == name);
        if twice { format!("{name}{}", params.suffixes.1) } else { name.to_owned() }
    };
    let mut jobs: Vec<(String, &ArrayRef, Option<&UInt32Array>)> = Vec::new();
    let mut meta = std::collections::HashMap::new();
    for name in &left_names {
        let new = left_name(name);
        if let Some(entry) = left.meta(name) {
            meta.insert(new.clone(), entry.clone());
        }
        match key_place(name).zip(picked.either.as_ref()) {
            Some((place, (keys, rows))) => jobs.push((new, &keys[place], Some(rows))),
            None => jobs.push((new, left.array("join", name)?, from_left)),
        }
    }
    for name in &right_names {
        let new = right_name(name);
        if let Some(entry) = right.meta(name) {
            meta.insert(new.clone(), entry.clone());
        }
        jobs.push((new, right.array("join", name)?, Some(&picked.right)));
    }
    for (place, (name, ..)) in jobs.iter().enumerate() {
        if jobs[..place].iter().any(|(other, ..)| other == name) {
            let name = name.clone();
            return Err(VerbError::NameTaken { primitive: "join".into(), name }.into());
        }
    }
    let columns: Vec<(String, ArrayRef)> =
        jobs.into_par_iter().map(|(name, array, rows)| (name, take(array, rows))).collect();
    let panel = left.panel_keys().and_then(|p| p.renamed(|name| Some(left_name(name))));
    let panel = panel.or_else(|| {
        let new_name = |name: &str| match on.iter().find(|(_, r)| r == name) {
            Some((l, _)) => l.clone(),
            None => right_name(name),
        };
        right.panel_keys()?.renamed(|name| Some(new_name(name)))
    });
    let mut table =
        Table::from_arrays(columns, picked.right.len())?.with_meta(meta).with_panel(panel);
    if let Some(labels) = left.labels() {
        let key = left.label_name().filter(|name| key_place(name).is_some());
        table = match key {
            Some(name) if picked.either.is_some() => table.labelled_by(name)?,
            _ => {
                let labels: ArrayRef = Arc::clone(labels) as ArrayRef;
                let taken = take(&labels, from_left);
                let texts = taken.as_any().downcast_ref::<StringArray>();
                let texts = texts.expect("taking text gives text").clone();
                table.with_labels(Arc::new(texts), left.label_name())?
            }
        };
    }
    Ok(table)
}

#[cfg(test)]
mod tests;
