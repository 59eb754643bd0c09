//! Reading comma-separated text.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};

use super::error::TableError;
use super::frame::Table;
use super::vector::Vector;
use crate::error::Result;

/// How to read a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Column whose values label the rows; the first text column when `None`.
    pub label: Option<String>,
    /// Cell texts that mean "missing"; an empty cell always does.
    pub missing: Vec<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { label: None, missing: vec!["NA".into()] }
    }
}

/// Reads the CSV file at `path`.
pub fn read_path(path: &Path, options: &ReadOptions) -> Result<Table> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| TableError::Unreadable {
        path: shown.clone(),
        reason: error.to_string(),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        TableError::Unreadable {
            path: shown.clone(),
            reason: format!("line {} is not UTF-8", line + 1),
        }
    })?;
    read_str(&text, &shown, options)
}

/// Reads CSV `text`; `name` stands for it in errors.
///
/// The first line names the columns. A column is int, float or bool when every cell that is there
/// reads as one, else text; a column without any value is float and all missing.
pub fn read_str(text: &str, name: &str, options: &ReadOptions) -> Result<Table> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(TableError::EmptyFile { path: name.to_owned() }.into());
    }
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: ::csv::Error| TableError::Unreadable {
        path: name.to_owned(),
        reason: error.to_string(),
    };
    let header: Vec<String> =
        reader.headers().map_err(unreadable)?.iter().map(|h| h.trim().to_owned()).collect();
    for (column, title) in header.iter().enumerate() {
        let reason = if title.is_empty() {
            "the header cell is empty".to_owned()
        } else if header[..column].contains(title) {
            format!("column `{title}` stands twice in the header")
        } else {
            continue;
        };
        return Err(TableError::BadCell {
            path: name.to_owned(),
            line: 1,
            column: column + 1,
            reason,
        }
        .into());
    }
    let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        if record.len() != header.len() {
            return Err(TableError::Ragged {
                path: name.to_owned(),
                line: record.position().map_or(0, ::csv::Position::line),
                found: record.len(),
                expected: header.len(),
            }
            .into());
        }
        for (column, value) in cells.iter_mut().zip(record.iter()) {
            let value = value.trim();
            let missing = value.is_empty() || options.missing.iter().any(|m| m == value);
            column.push((!missing).then(|| value.to_owned()));
        }
    }
    let columns: Vec<(String, Vector)> = header
        .into_iter()
        .zip(cells)
        .map(|(title, cells)| (title, Vector::new(typed(&cells))))
        .collect();
    let table = Table::new(columns)?;
    let label = match &options.label {
        Some(label) => Some(label.clone()),
        None => table
            .columns()
            .into_iter()
            .zip(table.kinds())
            .find(|(_, kind)| *kind == super::frame::Kind::Text)
            .map(|(column, _)| column),
    };
    match label {
        Some(label) => table.labelled_by(&label),
        None => Ok(table),
    }
}

/// The narrowest of int, float, bool and text that holds every cell.
fn typed(cells: &[Option<String>]) -> ArrayRef {
    fn all<T>(
        cells: &[Option<String>],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        cells
            .iter()
            .map(|cell| cell.as_deref().map(&read).map_or(Some(None), |v| v.map(Some)))
            .collect()
    }
    if cells.iter().all(Option::is_none) {
        return Arc::new(Float64Array::from(vec![None; cells.len()]));
    }
    if let Some(values) = all(cells, |text| text.parse::<i64>().ok()) {
        return Arc::new(Int64Array::from(values));
    }
    if let Some(values) = all(cells, finite) {
        return Arc::new(Float64Array::from(values));
    }
    let truth = |text: &str| match text {
        "true" | "TRUE" | "True" => Some(true),
        "false" | "FALSE" | "False" => Some(false),
        _ => None,
    };
    if let Some(values) = all(cells, truth) {
        return Arc::new(BooleanArray::from(values));
    }
    Arc::new(StringArray::from(cells.to_vec()))
}

/// A finite number written with a digit first or after its sign, so `nan` and `inf` stay text.
fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}
