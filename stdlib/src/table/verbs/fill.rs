//! Filling gaps.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, UInt32Array};

use super::Noted;
use super::compute::{Made, mutate};
use super::expr::{Expression, Param, Params};
use super::groups::Groups;
use super::order::{SortKey, order};
use super::rows::keys;
use crate::choice::Choice;
use crate::error::{Error, Result, counted};
use crate::table::frame::Kind;
use crate::table::{Cell, Table, Vector};

/// Where a gap takes its value from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// The last value above.
    #[default]
    Down,
    /// The next value below.
    Up,
    /// Above, else below.
    DownUp,
    /// Below, else above.
    UpDown,
}

impl Choice for Direction {
    const ALL: &'static [(&'static str, Self)] = &[
        ("down", Self::Down),
        ("up", Self::Up),
        ("down_up", Self::DownUp),
        ("up_down", Self::UpDown),
    ];
}

/// For each row the row its value comes from; `rows` gives the order to walk.
fn carried(array: &ArrayRef, groups: &Groups, rows: impl Iterator<Item = u32>) -> Vec<Option<u32>> {
    let mut last: Vec<Option<u32>> = vec![None; groups.count()];
    let mut sources = vec![None; array.len()];
    for row in rows {
        let group = groups.ids[row as usize] as usize;
        if array.is_valid(row as usize) {
            last[group] = Some(row);
        }
        sources[row as usize] = last[group];
    }
    sources
}

fn filled(array: &ArrayRef, groups: &Groups, path: &[u32], direction: Direction) -> ArrayRef {
    let down = || carried(array, groups, path.iter().copied());
    let up = || carried(array, groups, path.iter().rev().copied());
    let either = |a: Vec<Option<u32>>, b: Vec<Option<u32>>| -> Vec<Option<u32>> {
        a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect()
    };
    let sources = match direction {
        Direction::Down => down(),
        Direction::Up => up(),
        Direction::DownUp => either(down(), up()),
        Direction::UpDown => either(up(), down()),
    };
    arrow_select::take::take(array, &UInt32Array::from(sources), None)
        .expect("every source is a row")
}

/// Fills gaps in `columns` (in all if there is none) from the rows above or below, within the
/// groups of `by`.
pub fn fill(
    table: &Table,
    columns: &[String],
    direction: Direction,
    by: &[String],
) -> Result<Noted> {
    let groups = Groups::of(&keys("fill", table, by)?, table.nrow());
    let path: Vec<u32> = (0..table.nrow() as u32).collect();
    let mut report = Report::new("fill", direction.name());
    let mut result = table.clone();
    for name in chosen(table, columns, by) {
        let array = table.array("fill", &name)?;
        let new = filled(array, &groups, &path, direction);
        report.note(&name, array.null_count(), new.null_count());
        result = result.with_column(&name, &Vector::new(new))?;
    }
    Ok(Noted { table: result, warnings: report.sentences() })
}

fn chosen(table: &Table, columns: &[String], by: &[String]) -> Vec<String> {
    if columns.is_empty() {
        table.columns().into_iter().filter(|name| !by.contains(name)).collect()
    } else {
        columns.to_vec()
    }
}

/// What was filled and what was left.
struct Report {
    primitive: &'static str,
    how: &'static str,
    filled: Vec<(String, usize)>,
    left: Vec<(String, usize)>,
}

impl Report {
    fn new(primitive: &'static str, how: &'static str) -> Self {
        Self { primitive, how, filled: Vec::new(), left: Vec::new() }
    }

    fn note(&mut self, name: &str, before: usize, after: usize) {
        if before > after {
            self.filled.push((name.to_owned(), before - after));
        }
        if after > 0 {
            self.left.push((name.to_owned(), after));
        }
    }

    fn sentences(&self) -> Vec<String> {
        let list = |items: &[(String, usize)]| {
            let parts: Vec<String> = items.iter().map(|(name, n)| format!("{name} {n}")).collect();
            parts.join(", ")
        };
        let total = |items: &[(String, usize)]| items.iter().map(|(_, n)| n).sum::<usize>();
        let mut sentences = Vec::new();
        if !self.filled.is_empty() {
            sentences.push(format!(
                "{}: {} filled ({}): {}",
                self.primitive,
                counted(total(&self.filled), "cell"),
                self.how,
                list(&self.filled)
            ));
        }
        if !self.left.is_empty() {
            sentences.push(format!(
                "{}: {} gaps are left, with no value to go by: {}",
                self.primitive,
                total(&self.left),
                list(&self.left)
            ));
        }
        sentences
    }
}

/// What a gap is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imputation {
    /// The mean of the column.
    Mean,
    /// Its median.
    Median,
    /// Its most frequent value, the first of several.
    Mode,
    /// The last value before the gap.
    Previous,
    /// The next value after it.
    Next,
    /// The line between the values around it; gaps at the ends stay.
    Linear,
    /// A given value.
    Constant,
}

impl Choice for Imputation {
    const ALL: &'static [(&'static str, Self)] = &[
        ("mean", Self::Mean),
        ("median", Self::Median),
        ("mode", Self::Mode),
        ("previous", Self::Previous),
        ("next", Self::Next),
        ("linear", Self::Linear),
        ("constant", Self::Constant),
    ];
}

/// How to fill gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct ImputeParams {
    /// What a gap is filled with.
    pub method: Imputation,
    /// Columns to fill; if empty all that the method suits.
    pub columns: Vec<String>,
    /// Columns whose groups are filled apart.
    pub by: Vec<String>,
    /// Column that orders the rows for previous, next and linear, and gives linear its distances;
    /// the rows' own order if `None`.
    pub along: Option<String>,
    /// The value of [`Imputation::Constant`].
    pub value: Cell,
}

/// Fills gaps by a statistic of the column, by its neighbours or by a given value, and reports
/// how many cells of each column were filled and how many gaps are left.
///
/// An integer column filled by its mean or median, or along a line, becomes a float column.
pub fn impute(table: &Table, params: &ImputeParams) -> Result<Noted> {
    const NAME: &str = "impute";
    let method = params.method;
    let numeric = matches!(method, Imputation::Mean | Imputation::Median | Imputation::Linear);
    let mut columns = chosen(table, &params.columns, &params.by);
    if params.columns.is_empty() {
        let suits = |name: &String| {
            let Ok(array) = table.array(NAME, name) else { return false };
            let kind = Kind::of(array.data_type());
            let fits = match &params.value {
                _ if method != Imputation::Constant => !numeric || kind.is_numeric(),
                Cell::Int(_) | Cell::Float(_) => kind.is_numeric(),
                value => Vector::from(value.clone()).kind() == kind,
            };
            fits && array.null_count() > 0 && params.along.as_ref() != Some(name)
        };
        columns.retain(suits);
    }
    if method == Imputation::Constant && params.value == Cell::Missing {
        return Err(Error::Invalid {
            primitive: NAME,
            parameter: "value",
            rule: "be given for the method constant".into(),
            value: "missing".into(),
        });
    }
    let groups = Groups::of(&keys(NAME, table, &params.by)?, table.nrow());
    let path = match &params.along {
        Some(along) => order(NAME, table, &[SortKey { column: along.clone(), descending: false }])?,
        None => (0..table.nrow() as u32).collect(),
    };
    let along = params.along.as_ref().map(|name| positions(table, name)).transpose()?;
    let mut report = Report::new(NAME, method.name());
    let mut result = table.clone();
    for name in &columns {
        let array = table.array(NAME, name)?;
        if array.null_count() == 0 {
            continue;
        }
        if numeric {
            // Names the column where it holds no numbers.
            table.floats(NAME, name)?;
        }
        let new: ArrayRef = match method {
            Imputation::Mean => by_expression(table, &groups, name, "mean", params)?,
            Imputation::Median => by_expression(table, &groups, name, "median", params)?,
            Imputation::Constant => by_expression(table, &groups, name, "", params)?,
            Imputation::Previous => filled(array, &groups, &path, Direction::Down),
            Imputation::Next => filled(array, &groups, &path, Direction::Up),
            Imputation::Mode => most_frequent(array, &groups),
            Imputation::Linear => {
                let values = table.floats(NAME, name)?;
                Arc::new(interpolated(&values, &groups, &path, along.as_ref()))
            }
        };
        report.note(name, array.null_count(), new.null_count());
        result = result.with_column(name, &Vector::new(new))?;
    }
    Ok(Noted { table: result, warnings: report.sentences() })
}

/// The places of rows along a number or date column.
fn positions(table: &Table, name: &str) -> Result<Float64Array> {
    let array = table.array("impute", name)?;
    match array.as_any().downcast_ref::<arrow_array::Date32Array>() {
        Some(days) => Ok(arrow_array::PrimitiveArray::unary(days, f64::from)),
        None => table.floats("impute", name),
    }
}

/// `coalesce(x, mean(x))` by group, or with the given value.
fn by_expression(
    table: &Table,
    groups: &Groups,
    name: &str,
    aggregate: &str,
    params: &ImputeParams,
) -> Result<ArrayRef> {
    let column = format!("`{}`", name.replace('`', "``"));
    let code = if aggregate.is_empty() {
        format!("coalesce({column}, $value)")
    } else {
        format!("coalesce({column}, {aggregate}({column}))")
    };
    let made = Made::Expression(Expression::parse("impute", &code)?);
    let values = Params::from([("value".to_owned(), Param::One(params.value.clone()))]);
    let noted = mutate(table, Some(groups), &[(name.to_owned(), made)], &values)?;
    Ok(Arc::clone(noted.table.array("impute", name)?))
}

fn most_frequent(array: &ArrayRef, groups: &Groups) -> ArrayRef {
    let ids: ArrayRef = Arc::new(arrow_array::Int64Array::from_iter_values(
        groups.ids.iter().map(|id| i64::from(*id)),
    ));
    let pairs = Groups::of(&[ids, Arc::clone(array)], array.len());
    let mut best: Vec<Option<(u32, u32)>> = vec![None; groups.count()];
    for (row, size) in pairs.first.iter().zip(pairs.sizes()) {
        if array.is_valid(*row as usize) {
            let slot = &mut best[groups.ids[*row as usize] as usize];
            if slot.is_none_or(|(_, n)| size > n) {
                *slot = Some((*row, size));
            }
        }
    }
    let source = |(row, id): (usize, &u32)| {
        if array.is_valid(row) { Some(row as u32) } else { best[*id as usize].map(|(r, _)| r) }
    };
    let sources: UInt32Array = groups.ids.iter().enumerate().map(source).collect();
    arrow_select::take::take(array, &sources, None).expect("every source is a row")
}

/// Gaps on the line between the values before and after; `along` gives the distances.
fn interpolated(
    values: &Float64Array,
    groups: &Groups,
    path: &[u32],
    along: Option<&Float64Array>,
) -> Float64Array {
    let mut result: Vec<Option<f64>> = values.iter().collect();
    // The last value of each group with its place, and the gaps since.
    let mut last: Vec<Option<(f64, f64)>> = vec![None; groups.count()];
    let mut open: Vec<Vec<(usize, f64)>> = vec![Vec::new(); groups.count()];
    let mut steps = vec![0.0; groups.count()];
    for row in path.iter().map(|row| *row as usize) {
        let group = groups.ids[row] as usize;
        steps[group] += 1.0;
        let place = match along {
            None => steps[group],
            Some(along) if along.is_valid(row) => along.value(row),
            Some(_) => continue,
        };
        if values.is_null(row) {
            open[group].push((row, place));
            continue;
        }
        let value = values.value(row);
        let gaps = std::mem::take(&mut open[group]);
        if let Some((from, before)) = last[group] {
            for (gap, at) in gaps {
                let share = if place > from { (at - from) / (place - from) } else { 0.5 };
                result[gap] = Some(before + share * (value - before));
            }
        }
        last[group] = Some((place, value));
    }
    Float64Array::from(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let text = [Some("u"), None, Some("v"), Some("v"), None];
        Table::new([
            ("g", Vector::from_texts(["a", "a", "b", "b", "b"])),
            ("year", Vector::from_ints([2020, 2021, 2020, 2024, 2021])),
            ("x", Vector::from_options([Some(1.0), None, Some(10.0), Some(30.0), None])),
            ("t", Vector::new(Arc::new(arrow_array::StringArray::from(text.to_vec())))),
            (
                "i",
                Vector::of_kind(
                    Kind::Int,
                    [Cell::Int(1), Cell::Int(4), Cell::Missing, Cell::Int(1), Cell::Missing],
                ),
            ),
        ])
        .unwrap()
    }

    fn params(method: Imputation) -> ImputeParams {
        ImputeParams {
            method,
            columns: vec!["x".into()],
            by: vec!["g".into()],
            along: None,
            value: Cell::Missing,
        }
    }

    fn xs(noted: &Noted) -> Vec<Option<f64>> {
        noted.table.floats("test", "x").unwrap().iter().collect()
    }

    #[test]
    fn statistics_fill_by_group_and_are_reported() {
        let noted = impute(&table(), &params(Imputation::Mean)).unwrap();
        assert_eq!(xs(&noted), [1.0, 1.0, 10.0, 30.0, 20.0].map(Some));
        assert_eq!(noted.warnings, ["impute: 2 cells filled (mean): x 2"]);
        let all =
            ImputeParams { columns: Vec::new(), by: Vec::new(), ..params(Imputation::Median) };
        let noted = impute(&table(), &all).unwrap();
        assert_eq!(xs(&noted), [1.0, 10.0, 10.0, 30.0, 10.0].map(Some));
        assert_eq!(noted.warnings, ["impute: 4 cells filled (median): x 2, i 2"]);
        let mode = ImputeParams { columns: Vec::new(), by: Vec::new(), ..params(Imputation::Mode) };
        let filled = impute(&table(), &mode).unwrap().table;
        assert_eq!(filled.cell(1, 3), Cell::Text("v".into()));
        assert_eq!(filled.cell(2, 4), Cell::Int(1));
    }

    #[test]
    fn neighbours_lines_and_constants() {
        let noted = impute(&table(), &params(Imputation::Previous)).unwrap();
        assert_eq!(xs(&noted), [1.0, 1.0, 10.0, 30.0, 30.0].map(Some));
        let linear = ImputeParams { along: Some("year".into()), ..params(Imputation::Linear) };
        let noted = impute(&table(), &linear).unwrap();
        assert_eq!(xs(&noted), [Some(1.0), None, Some(10.0), Some(30.0), Some(15.0)]);
        assert!(noted.warnings[1].contains("1 gaps are left"));
        let constant = ImputeParams { value: Cell::Int(0), ..params(Imputation::Constant) };
        assert_eq!(xs(&impute(&table(), &constant).unwrap())[1], Some(0.0));
        assert!(impute(&table(), &params(Imputation::Constant)).is_err());
        let text = ImputeParams { columns: vec!["t".into()], ..params(Imputation::Mean) };
        assert!(impute(&table(), &text).is_err());
    }

    #[test]
    fn gaps_fill_from_above_and_below() {
        let by = ["g".to_owned()];
        let run = |direction| xs(&fill(&table(), &["x".into()], direction, &by).unwrap());
        assert_eq!(run(Direction::Up), [Some(1.0), None, Some(10.0), Some(30.0), None]);
        assert_eq!(run(Direction::UpDown), [1.0, 1.0, 10.0, 30.0, 30.0].map(Some));
        let all = fill(&table(), &[], Direction::Down, &[]).unwrap();
        assert_eq!(all.warnings, ["fill: 6 cells filled (down): x 2, t 2, i 2"]);
    }
}
