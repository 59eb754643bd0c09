//! What the readers share: encodings, number styles, JSON, and telling file kinds apart.

mod encoding;
mod json;
mod kind;
mod number;

pub use encoding::Encoding;
pub use kind::read_any;
pub use number::NumberStyle;

pub(super) use encoding::decode;

use super::error::TableError;
use super::frame::{Kind, Table};
use crate::error::Result;

/// A table that was read, and what its reader should tell the user.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The table.
    pub table: Table,
    /// Guesses that were made and columns that nearly were numbers.
    pub warnings: Vec<String>,
}

/// `table` labelled by `label`, or by its first text column.
pub(super) fn label(table: Table, label: Option<&str>) -> Result<Table> {
    let first_text = || {
        let mut columns = table.columns().into_iter().zip(table.kinds());
        columns.find(|(_, kind)| *kind == Kind::Text).map(|(column, _)| column)
    };
    match label.map(str::to_owned).or_else(first_text) {
        Some(label) => table.labelled_by(&label),
        None => Ok(table),
    }
}

/// The bytes of the file at `path`.
pub(super) fn bytes(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        TableError::Unreadable { path: path.display().to_string(), reason: error.to_string() }
            .into()
    })
}
