//! What can go wrong with tables and vectors.

use thiserror::Error;

use super::frame::Kind;
use crate::error::{closest, closest_hint, counted};

/// A failure of a table, a vector or a reader.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum TableError {
    #[error("{primitive}: no column `{name}`")]
    NoColumn { primitive: String, name: String, columns: Vec<String> },
    #[error("{primitive}: no row labelled `{label}`")]
    NoLabel { primitive: String, label: String, labels: Vec<String> },
    #[error("{primitive}: this table has no row labels")]
    Unlabelled { primitive: String },
    #[error("{primitive}: label `{label}` stands on {count} rows")]
    AmbiguousLabel { primitive: String, label: String, count: usize },
    #[error("{primitive}: row {row} of {rows}")]
    NoRow { primitive: String, row: i64, rows: usize },
    #[error("{primitive}: column `{column}` is {found}, not {expected}")]
    WrongKind { primitive: String, column: String, found: String, expected: String },
    #[error("{primitive}: {} against {right}", counted(*.left, "value"))]
    Lengths { primitive: String, left: usize, right: usize },
    #[error("{primitive}: column `{column}` has no value at all")]
    AllMissing { primitive: String, column: String },
    #[error("{primitive}: column `{column}` is constant ({value})")]
    Constant { primitive: String, column: String, value: f64 },
    #[error("{primitive}: column `{column}` has missing values in {rows}")]
    Missing { primitive: String, column: String, rows: String },
    #[error("{primitive}: column name `{name}` stands twice")]
    DuplicateColumn { primitive: String, name: String },
    #[error("{primitive}: the table has no {what}")]
    Empty { primitive: String, what: String },
    #[error("{primitive}: row {row}: found `{found}`, expected {expected}")]
    NoDate { primitive: String, row: usize, found: String, expected: String },
    #[error("{primitive}: the date lies outside the years 1 to 9999")]
    DateRange { primitive: String },
    #[error(
        "{op}: {left} and {right} have no {op}; a date takes + and - of whole days, and - of a date"
    )]
    DateArithmetic { op: &'static str, left: Kind, right: Kind },
    #[error("{primitive}: the table is no panel")]
    NoPanel { primitive: String },
    #[error("{primitive}: {entity} has two rows in {time}")]
    PanelTwice { primitive: String, entity: String, time: String },
    #[error("{primitive}: the value at {place} is {value}, and growth needs one above 0")]
    NoBase { primitive: String, place: String, value: String },
    #[error("load: no bundled dataset or file `{name}`")]
    NoDataset { name: String, known: Vec<String> },
    #[error("load: {path}: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("load: no file `{path}`")]
    NoFile {
        path: String,
        /// Names in its folder; none where the folder is not there either.
        known: Vec<String>,
        folder: String,
    },
    #[error("load: {path} is empty")]
    EmptyFile { path: String },
    #[error("load: {path}, line {line}: {} where the header has {expected}", counted(*.found, "cell"))]
    Ragged { path: String, line: u64, found: usize, expected: usize },
    #[error("load: {path}, line {line}, column {column}: {reason}")]
    BadCell { path: String, line: u64, column: usize, reason: String },
    #[error(
        "load: {path}, line {line}, column {column} (`{title}`): found `{found}`, expected {expected}"
    )]
    BadValue {
        path: String,
        line: u64,
        column: usize,
        title: String,
        found: String,
        expected: String,
    },
    #[error(
        "load: {path}, line {line}, column {column}: found byte {byte:#04x}, which is not {expected}"
    )]
    BadText { path: String, line: usize, column: usize, byte: u8, expected: String },
    #[error("load: {path}, record {record}, key `{key}`: found {found}, expected {expected}")]
    BadRecord { path: String, record: usize, key: String, found: String, expected: String },
    #[error("load: {path}, sheet `{sheet}`, cell {cell}: {reason}")]
    BadSheetCell { path: String, sheet: String, cell: String, reason: String },
    #[error("load: {path} has no sheet `{sheet}`")]
    NoSheet { path: String, sheet: String, sheets: Vec<String> },
    #[error("load: {path}, column `{column}` holds {found}, which no column of a table can")]
    Unsupported { path: String, column: String, found: String },
    #[error("load: {path}: column `{column}` is compressed with {codec}, which is not read here")]
    Codec { path: String, column: String, codec: String },
    #[error("save: {path}: {reason}")]
    Unwritable { path: String, reason: String },
}

impl TableError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoColumn { name, columns, .. } => closest_hint(name, columns),
            Self::NoLabel { label, labels, .. } => closest_hint(label, labels),
            Self::NoDataset { name, known } => {
                Some(closest_hint(name, known)?.replace("valid:", "bundled:"))
            }
            Self::Unlabelled { .. } => Some(
                "name the labels' column when loading: load(path, #{ label: \"firm\" })".into(),
            ),
            Self::AmbiguousLabel { .. } => Some("filter to one row first: t.where(|r| ...)".into()),
            Self::WrongKind { expected, .. } if expected == "numeric" => {
                Some("leave the column out, or keep only numbers: t.numeric()".into())
            }
            Self::NoPanel { .. } => {
                let declare = "declare it first: t = t.panel(\"firm\", \"year\")";
                Some(format!(
                    "{declare}, or t.panel(\"year\") for a single series; t.x.lag(1) goes by rows"
                ))
            }
            Self::PanelTwice { .. } => {
                Some("keep one row for each entity and period; t.panel_info() counts them".into())
            }
            Self::NoDate { .. } => {
                Some("say how dates are written: date(t.day, \"%d/%m/%Y\")".into())
            }
            Self::WrongKind { expected, .. } if expected == "date" => {
                Some("make dates of texts first: t.day = date(t.day)".into())
            }
            Self::AllMissing { column, .. } | Self::Constant { column, .. } => {
                Some(format!("leave it out: t.drop([\"{column}\"])"))
            }
            Self::Missing { .. } => {
                Some("keep the complete rows: t.where(|r| r.column != missing)".into())
            }
            Self::NoFile { path, known, folder } => {
                let name = std::path::Path::new(path).file_name()?.to_string_lossy();
                let near = closest(&name, known.iter().map(String::as_str));
                Some(match (near.is_empty(), known.is_empty()) {
                    (false, _) => format!("did you mean `{}`?", near.join("` or `")),
                    (true, false) => format!("it was looked for in {folder}"),
                    (true, true) => format!("{folder} is no folder with files"),
                })
            }
            Self::EmptyFile { .. } => Some("a CSV needs at least a header line".into()),
            Self::Ragged { .. } => Some(
                "quote cells that contain the delimiter, or complete the line; lines above the \
                 header are left out by skip: n, another delimiter is named by delimiter: \";\""
                    .into(),
            ),
            Self::BadValue { found, .. } => {
                Some(format!("mend the cell, or declare it missing: missing: \"{found}\""))
            }
            Self::NoSheet { sheet, sheets, .. } => closest_hint(sheet, sheets),
            Self::Unsupported { .. } => {
                Some("name the columns to read: load(path, #{ columns: [\"a\", \"b\"] })".into())
            }
            Self::Codec { .. } => Some(
                "write the file again with zstd, snappy or no compression, or read other \
                 columns alone: load(path, #{ columns: [\"a\", \"b\"] })"
                    .into(),
            ),
            Self::BadSheetCell { .. } => Some(
                "rows above the header are left out by skip: n, a part of the sheet is named by \
                 range: \"B3:F20\", a marker of missing values by missing: \"-\""
                    .into(),
            ),
            Self::BadText { .. } => {
                Some("name the encoding: load(path, #{ encoding: \"windows-1251\" })".into())
            }
            _ => None,
        }
    }
}
