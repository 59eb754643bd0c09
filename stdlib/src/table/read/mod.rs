//! What the readers share: encodings, number styles, JSON, and telling file kinds apart.

mod arrow;
mod encoding;
mod ipc;
mod json;
mod kind;
mod number;
mod parquet;
mod source;
mod workbook;

pub use encoding::Encoding;
pub use kind::read_any;
pub use number::NumberStyle;
pub use workbook::{Sheet, sheets};

pub(super) use arrow::LABEL_KEY;
pub(super) use encoding::decode;
pub(super) use number::Digits;
pub(super) use source::{Parted, bytes};

use super::csv::{ReadOptions, truth};
use super::date::Date;
use super::frame::{Kind, Table};
use super::save::float_text;
use super::vector::Cell;
use crate::error::Result;

/// A table that was read, and what its reader should tell the user.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The table.
    pub table: Table,
    /// Guesses that were made and columns that nearly were numbers.
    pub warnings: Vec<String>,
}

/// `table` with the columns that were asked for, labelled by the column that was, or by the first
/// of text.
pub(super) fn finish(table: Table, options: &ReadOptions) -> Result<Table> {
    let named = options.columns.iter().flatten().chain(&options.label);
    table.known("load", named.map(String::as_str))?;
    let mut labelled = match &options.label {
        Some(label) => Some(table.labelled_by(label)?),
        None => None,
    };
    if let Some(columns) = &options.columns {
        labelled = labelled.map(|table| table.select(columns)).transpose()?;
    }
    if let Some(table) = labelled {
        return Ok(table);
    }
    let table = match &options.columns {
        Some(columns) => table.select(columns)?,
        None => table,
    };
    let mut columns = table.columns().into_iter().zip(table.kinds());
    match columns.find(|(_, kind)| *kind == Kind::Text).map(|(column, _)| column) {
        Some(label) => table.labelled_by(&label),
        None => Ok(table),
    }
}

/// The number style of `cells`, overruled by the options, and whether some cells could be read two
/// ways.
pub(super) fn style<'a>(
    cells: impl Iterator<Item = &'a str>,
    options: &ReadOptions,
) -> (NumberStyle, bool) {
    let (mut style, unclear) = NumberStyle::sniff(cells);
    if let Some(decimal) = options.decimal {
        style.decimal = decimal;
        style.thousands = style.thousands.filter(|mark| *mark != decimal);
    }
    if let Some(thousands) = options.thousands {
        style.thousands = Some(thousands);
        style.decimal = options.decimal.unwrap_or('.');
    }
    (style, unclear && options.decimal.is_none() && options.thousands.is_none())
}

/// `cell` as `kind`, if nothing is lost by it; text is read as `style` writes numbers.
fn fit(cell: Cell, kind: Kind, style: NumberStyle) -> Option<Cell> {
    Some(match (kind, cell) {
        (_, Cell::Missing) => Cell::Missing,
        (Kind::Float, Cell::Float(x)) => Cell::Float(x),
        (Kind::Float, Cell::Int(i)) => Cell::Float(i as f64),
        (Kind::Float, Cell::Text(text)) => Cell::Float(style.float(&text)?),
        (Kind::Int, Cell::Int(i)) => Cell::Int(i),
        (Kind::Int, Cell::Float(x)) if x.fract() == 0.0 && x.abs() < 9e15 => Cell::Int(x as i64),
        (Kind::Int, Cell::Text(text)) => Cell::Int(style.int(&text)?),
        (Kind::Bool, Cell::Bool(b)) => Cell::Bool(b),
        (Kind::Bool, Cell::Text(text)) => Cell::Bool(truth(&text)?),
        (Kind::Date, Cell::Date(date)) => Cell::Date(date),
        (Kind::Date, Cell::Text(text)) => Cell::Date(Date::parse(&text)?),
        (Kind::Text, Cell::Text(text)) => Cell::Text(text),
        (Kind::Text, Cell::Float(x)) => Cell::Text(float_text(x)),
        (Kind::Text, Cell::Int(i)) => Cell::Text(i.to_string()),
        (Kind::Text, Cell::Bool(b)) => Cell::Text(b.to_string()),
        (Kind::Text, Cell::Date(date)) => Cell::Text(date.to_string()),
        _ => return None,
    })
}
