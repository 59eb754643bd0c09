//! Reading a score table against a framework: which way round it stands, which item is where.

use arrow_array::Array;
use rayon::prelude::*;

use super::error::ReadinessError;
use super::framework::{Framework, Node};
use super::scale::Scale;
use crate::error::{Error, Result, closest};
use crate::table::{Cell, Kind, Table, Vector};

/// Scores by item and unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scores {
    /// Unit names.
    pub units: Vec<String>,
    /// What the table calls its units.
    pub unit_name: Option<String>,
    /// One column per item of the framework, `NaN` where a score is missing.
    pub columns: Vec<Vec<f64>>,
    /// Things worth saying about the table.
    pub warnings: Vec<String>,
}

/// Reads `table` as scores of `framework`'s items, units in rows or items in rows.
pub(crate) fn read(primitive: &str, table: &Table, framework: &Framework) -> Result<Scores> {
    let items = framework.items();
    let columns = table.columns();
    let labels = if table.labels().is_some() { table.row_names() } else { Vec::new() };
    let known = |name: &String| items.iter().any(|item| item.code == *name);
    let in_columns = columns.iter().filter(|name| known(name)).count();
    let in_rows = labels.iter().filter(|name| known(name)).count();
    if in_columns == 0 && in_rows == 0 {
        return Err(ReadinessError::NotScores {
            primitive: primitive.to_owned(),
            framework: framework.code.clone(),
            columns,
            items: items.iter().map(|item| item.code.clone()).collect(),
        }
        .into());
    }
    if in_columns >= in_rows {
        units_in_rows(primitive, table, &items)
    } else {
        items_in_rows(primitive, table, &items, &labels)
    }
}

fn units_in_rows(primitive: &str, table: &Table, items: &[&Node]) -> Result<Scores> {
    let known: Vec<String> = items.iter().map(|item| item.code.clone()).collect();
    let mut ignored = Vec::new();
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        if known.contains(&name) {
            continue;
        }
        if kind.is_numeric() && !closest(&name, known.iter().map(String::as_str)).is_empty() {
            return Err(unknown_item(primitive, name, known));
        }
        if kind.is_numeric() {
            ignored.push(name);
        }
    }
    let units = table.row_names();
    let mut warnings = Vec::new();
    if !ignored.is_empty() {
        warnings.push(format!("columns that are no items were left out: {}", ignored.join(", ")));
    }
    let found: Vec<Option<Result<Vec<f64>>>> = items
        .par_iter()
        .map(|item| {
            let column = table.column(&item.code).ok()?;
            Some(read_column(primitive, item, &column, |row| units[row].clone()))
        })
        .collect();
    let mut columns = Vec::with_capacity(items.len());
    let mut absent = Vec::new();
    for (item, column) in items.iter().zip(found) {
        if column.is_none() {
            absent.push(item.code.as_str());
        }
        columns.push(column.unwrap_or_else(|| Ok(vec![f64::NAN; units.len()]))?);
    }
    note_absent(&absent, &mut warnings);
    let unit_name = table.label_name().map(str::to_owned);
    Ok(Scores { units, unit_name, columns, warnings })
}

/// One item's scores as numbers on its scale.
fn read_column(
    primitive: &str,
    item: &Node,
    column: &Vector,
    unit: impl Fn(usize) -> String,
) -> Result<Vec<f64>> {
    if column.kind() != Kind::Text {
        let floats = column.floats()?;
        if floats.null_count() == 0 {
            return Ok(floats.values().to_vec());
        }
        return Ok(floats.iter().map(|x| x.unwrap_or(f64::NAN)).collect());
    }
    (0..column.len())
        .map(|row| read_cell(primitive, item, &column.cell(row), || unit(row)))
        .collect()
}

pub(super) fn read_cell(
    primitive: &str,
    item: &Node,
    cell: &Cell,
    unit: impl Fn() -> String,
) -> Result<f64> {
    let scale = item.as_item().map_or(&Scale::Open, |spec| spec.scored());
    match scale.read(cell) {
        Ok(value) => Ok(value.unwrap_or(f64::NAN)),
        Err(known) => Err(ReadinessError::BadAnswer {
            primitive: primitive.to_owned(),
            place: format!("item `{}` of {} (scale: {scale})", item.code, unit()),
            answer: if let Cell::Text(text) = cell { text.clone() } else { String::new() },
            known,
        }
        .into()),
    }
}

fn items_in_rows(
    primitive: &str,
    table: &Table,
    items: &[&Node],
    labels: &[String],
) -> Result<Scores> {
    let known: Vec<String> = items.iter().map(|item| item.code.clone()).collect();
    let mut row_of = vec![None; items.len()];
    for (row, label) in labels.iter().enumerate() {
        let Some(at) = known.iter().position(|code| code == label) else {
            return Err(unknown_item(primitive, label.clone(), known));
        };
        if row_of[at].replace(row).is_some() {
            return Err(ReadinessError::ItemTwice {
                primitive: primitive.to_owned(),
                item: label.clone(),
            }
            .into());
        }
    }
    let mut units = Vec::new();
    let mut columns = vec![Vec::new(); items.len()];
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        if table.label_name() == Some(name.as_str()) {
            continue;
        }
        let column = table.column(&name)?;
        if kind == Kind::Text && !mostly_answers(&column, items, &row_of) {
            continue;
        }
        for ((item, row), scores) in items.iter().zip(&row_of).zip(&mut columns) {
            let score = match row {
                Some(row) => read_cell(primitive, item, &column.cell(*row), || name.clone())?,
                None => f64::NAN,
            };
            scores.push(score);
        }
        units.push(name);
    }
    let absent: Vec<&str> = items
        .iter()
        .zip(&row_of)
        .filter(|(_, row)| row.is_none())
        .map(|(item, _)| item.code.as_str())
        .collect();
    let mut warnings = Vec::new();
    note_absent(&absent, &mut warnings);
    Ok(Scores { units, unit_name: None, columns, warnings })
}

/// Whether a text column holds a unit's answers rather than labels of the items.
fn mostly_answers(column: &Vector, items: &[&Node], row_of: &[Option<usize>]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for (item, row) in items.iter().zip(row_of) {
        let (Some(spec), Some(row)) = (item.as_item(), row) else { continue };
        match spec.scored().read(&column.cell(*row)) {
            Ok(Some(_)) => good += 1,
            Ok(None) => {}
            Err(_) => bad += 1,
        }
    }
    good > bad
}

fn note_absent(absent: &[&str], warnings: &mut Vec<String>) {
    if !absent.is_empty() {
        let shown = absent.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let more = absent.len().saturating_sub(5);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        warnings.push(format!("items without a score for any unit: {shown}{tail}"));
    }
}

fn unknown_item(primitive: &str, name: String, known: Vec<String>) -> Error {
    Error::UnknownName { primitive: primitive.to_owned(), kind: "item".into(), name, known }
}
