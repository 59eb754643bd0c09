//! Joining two tables by equal keys.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, StringArray, UInt32Array};
use rayon::prelude::*;

use super::error::VerbError;
use super::expr::shown;
use super::groups::Groups;
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
/// match. The warnings tell of keys without match and of keys that stand several times on both
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
    Ok(Noted { table: assembled(left, right, on, params, &keys, pairs)?, warnings })
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

/// The columns of both tables at the rows of `pairs`.
fn assembled(
    left: &Table,
    right: &Table,
    on: &[(String, String)],
    params: &JoinParams,
    keys: &Keys,
    (lefts, rights): (Vec<u32>, Vec<u32>),
) -> Result<Table> {
    let shift = keys.left_rows as u32;
    let open = lefts.contains(&NONE);
    let index = |rows: &[u32], shift: u32| -> UInt32Array {
        rows.iter().map(|row| (*row != NONE).then(|| row - shift)).collect()
    };
    let either: UInt32Array = if open {
        lefts.iter().zip(&rights).map(|(l, r)| Some(if *l == NONE { *r } else { *l })).collect()
    } else {
        UInt32Array::from(Vec::<u32>::new())
    };
    let (from_left, from_right) = (index(&lefts, 0), index(&rights, shift));
    // Where every left row found one partner at most, its columns are those of the result.
    let same =
        lefts.len() == left.nrow() && lefts.iter().zip(0..).all(|(row, place)| *row == place);
    let take = |array: &ArrayRef, rows: &UInt32Array| {
        if same && std::ptr::eq(rows, &raw const from_left) {
            return Arc::clone(array);
        }
        arrow_select::take::take(array, rows, None).expect("every index is a row")
    };
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
    let mut jobs: Vec<(String, &ArrayRef, &UInt32Array)> = Vec::new();
    let mut meta = std::collections::HashMap::new();
    for name in &left_names {
        let new = left_name(name);
        if let Some(entry) = left.meta(name) {
            meta.insert(new.clone(), entry.clone());
        }
        match key_place(name).filter(|_| open) {
            Some(place) => jobs.push((new, &keys.arrays[place], &either)),
            None => jobs.push((new, left.array("join", name)?, &from_left)),
        }
    }
    for name in &right_names {
        let new = right_name(name);
        if let Some(entry) = right.meta(name) {
            meta.insert(new.clone(), entry.clone());
        }
        jobs.push((new, right.array("join", name)?, &from_right));
    }
    for (place, (name, ..)) in jobs.iter().enumerate() {
        if jobs[..place].iter().any(|(other, ..)| other == name) {
            let name = name.clone();
            return Err(VerbError::NameTaken { primitive: "join".into(), name }.into());
        }
    }
    let columns: Vec<(String, ArrayRef)> =
        jobs.into_par_iter().map(|(name, array, rows)| (name, take(array, rows))).collect();
    let mut table = Table::from_arrays(columns, lefts.len())?.with_meta(meta);
    if let Some(labels) = left.labels() {
        let key = left.label_name().filter(|name| key_place(name).is_some());
        table = match key {
            Some(name) if open => table.labelled_by(name)?,
            _ => {
                let labels: ArrayRef = Arc::clone(labels) as ArrayRef;
                let taken = take(&labels, &from_left);
                let texts = taken.as_any().downcast_ref::<StringArray>();
                let texts = texts.expect("taking text gives text").clone();
                table.with_labels(Arc::new(texts), left.label_name())?
            }
        };
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::table::{Cell, Vector};

    fn key(name: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), name.to_owned())]
    }

    fn random(rows: usize, seed: u64) -> Table {
        let mut rng = crate::context::rng(seed, 0);
        let mut gap = |x: i64| (rng.random_range(0..6) > 0).then_some(x);
        let a: arrow_array::Int64Array = (0..rows).map(|i| gap((i * 7 % 5) as i64)).collect();
        let b: StringArray =
            (0..rows).map(|i| gap(i as i64).map(|i| ["x", "y"][(i % 2) as usize])).collect();
        Table::new([
            ("a", Vector::new(Arc::new(a))),
            ("b", Vector::new(Arc::new(b))),
            ("v", Vector::from_ints(0..rows as i64)),
        ])
        .unwrap()
    }

    /// The pairs of `v` that a nested loop finds, -1 for no partner.
    fn by_loops(left: &Table, right: &Table, how: How) -> Vec<(i64, i64)> {
        let same = |l: usize, r: usize| {
            (0..2).all(|c| left.cell(l, c) != Cell::Missing && left.cell(l, c) == right.cell(r, c))
        };
        let (nl, nr) = (left.nrow(), right.nrow());
        let mut pairs = Vec::new();
        for l in 0..nl {
            let mut found = false;
            for r in 0..nr {
                if same(l, r) {
                    found = true;
                    pairs.push((l as i64, r as i64));
                }
            }
            if !found && how != How::Inner {
                pairs.push((l as i64, -1));
            }
        }
        if how == How::Full {
            for r in 0..nr {
                if !(0..nl).any(|l| same(l, r)) {
                    pairs.push((-1, r as i64));
                }
            }
        }
        pairs
    }

    #[test]
    fn joins_find_what_nested_loops_find() {
        for seed in 0..8 {
            let (left, right) = (random(23, seed), random(17, seed + 100));
            let on = [key("a"), key("b")].concat();
            for how in [How::Left, How::Inner, How::Full] {
                let params = JoinParams { how, ..JoinParams::default() };
                let joined = join(&left, &right, &on, &params).unwrap().table;
                assert_eq!(joined.columns(), ["a", "b", "v", "v_right"]);
                let value =
                    |row, column| joined.cell(row, column).as_f64().map_or(-1, |x| x as i64);
                let pairs: Vec<(i64, i64)> =
                    (0..joined.nrow()).map(|row| (value(row, 2), value(row, 3))).collect();
                assert_eq!(pairs, by_loops(&left, &right, how), "{how:?}, seed {seed}");
            }
            let mirrored = JoinParams { how: How::Right, ..JoinParams::default() };
            let right_join = join(&left, &right, &on, &mirrored).unwrap().table;
            assert_eq!(right_join.nrow(), by_loops(&right, &left, How::Left).len());
            let count = |how| {
                let params = JoinParams { how, ..JoinParams::default() };
                join(&left, &right, &on, &params).unwrap().table.nrow()
            };
            assert_eq!(count(How::Semi) + count(How::Anti), left.nrow());
        }
    }

    fn small() -> (Table, Table) {
        let left = Table::new([
            ("region", Vector::from_texts(["Abai", "Almaty ", "Atyrau"])),
            ("x", Vector::from_ints([1, 2, 3])),
        ]);
        let right = Table::new([
            ("имя", Vector::from_texts(["Abai", "Almaty", "Abai"])),
            ("y", Vector::from_floats([10.0, 20.0, 30.0])),
        ]);
        (left.unwrap().labelled_by("region").unwrap(), right.unwrap())
    }

    #[test]
    fn keys_of_different_names_and_a_report_of_the_unmatched() {
        let (left, right) = small();
        let on = vec![("region".to_owned(), "имя".to_owned())];
        let noted = join(&left, &right, &on, &JoinParams::default()).unwrap();
        assert_eq!(noted.table.columns(), ["region", "x", "y"]);
        assert_eq!(noted.table.row_names(), ["Abai", "Abai", "Almaty ", "Atyrau"]);
        assert_eq!(
            noted.warnings,
            [
                "join: 2 of 3 rows on the left find no match: `Almaty `, `Atyrau` (the right has `Almaty`)"
            ]
        );
        let full = JoinParams { how: How::Full, ..JoinParams::default() };
        let table = join(&left, &right, &on, &full).unwrap().table;
        assert_eq!(table.row_names()[4], "Almaty");
        assert!(join(&left, &right, &[("x".into(), "имя".into())], &full).is_err());
    }

    #[test]
    fn a_broken_expectation_is_an_error_and_many_to_many_is_said() {
        let (left, right) = small();
        let on = vec![("region".to_owned(), "имя".to_owned())];
        let expect = JoinParams { expect: Relationship::ManyToOne, ..JoinParams::default() };
        let error = join(&left, &right, &on, &expect).unwrap_err();
        assert_eq!(
            error.to_string(),
            "join: expected many_to_one, but the right table has 2 rows with Abai"
        );
        let twice = left.take(&[0, 0]).unwrap();
        let noted = join(&twice, &right, &on, &JoinParams::default()).unwrap();
        assert_eq!(noted.table.nrow(), 4);
        assert!(noted.warnings[0].contains("several times on both sides"));
    }
}
