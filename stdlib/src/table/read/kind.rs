//! Which kind of file it is, told from its content.

use std::path::Path;

use super::{Loaded, bytes, json};
use crate::error::Result;
use crate::table::csv::{self, ReadOptions};
use crate::table::error::TableError;

/// Reads the file at `path`: JSON, JSON lines or delimited text, whichever its content is.
///
/// A name that ends in `.json`, `.jsonl` or `.ndjson` promises JSON, so its faults are reported as
/// faults of JSON; under any other name a file is JSON when all of it reads as JSON.
pub fn read_any(path: &Path, options: &ReadOptions) -> Result<Loaded> {
    let bytes = bytes(path)?;
    let shown = path.display().to_string();
    let other = [
        (&b"PK\x03\x04"[..], "a workbook or an archive; save the sheet as CSV"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook; save the sheet as CSV"),
        (b"PAR1", "a Parquet file; export it as CSV or JSON lines"),
        (b"ARROW1", "an Arrow file; export it as CSV or JSON lines"),
        (b"\x1F\x8B", "compressed; unpack it first"),
    ];
    if let Some((_, what)) = other.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(TableError::Unreadable { path: shown, reason: format!("it is {what}") }.into());
    }
    let (text, guessed) = super::decode(&bytes, options.encoding, &shown)?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    let promised = matches!(extension.as_str(), "json" | "jsonl" | "ndjson");
    if promised || text.trim_start().starts_with(['{', '[']) {
        match json::read(&text, &shown, options) {
            Ok(loaded) => return Ok(loaded),
            Err(error) if promised => return Err(error),
            Err(_) => {}
        }
    }
    let mut loaded = csv::read_text(&text, &shown, options)?;
    if let Some(name) = guessed {
        let note =
            format!("load: {shown} was read as {name}; say encoding: \"...\" if it looks wrong");
        loaded.warnings.insert(0, note);
    }
    Ok(loaded)
}
