//! Which kind of file it is, told from its content.

use std::io::Read as _;
use std::path::Path;

use ::bytes::Bytes;

use super::{Loaded, arrow, bytes, ipc, json, parquet, workbook};
use crate::context::Context;
use crate::error::Result;
use crate::table::csv::{self, ReadOptions};
use crate::table::error::TableError;

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Workbook,
    Parquet,
    ArrowFile,
    ArrowStream,
    Gzip,
    Text,
}

/// The kinds that only their first bytes tell.
const MAGIC: [(&[u8], Content); 6] = [
    (b"PK\x03\x04", Content::Workbook),
    (b"\xD0\xCF\x11\xE0", Content::Workbook),
    (b"PAR1", Content::Parquet),
    (b"ARROW1", Content::ArrowFile),
    (b"\xFF\xFF\xFF\xFF", Content::ArrowStream),
    (b"\x1F\x8B", Content::Gzip),
];

/// Files that are none of a table, or of no kind that is read here.
const STRANGERS: [(&[u8], &str); 5] = [
    (b"FEA1", "a Feather file of version 1; write it as version 2"),
    (b"%PDF", "a PDF; copy its table into a sheet"),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd; unpack it first"),
    (b"7z\xBC\xAF", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
];

/// Options of delimited text and of workbooks that other kinds have no use for.
const OF_TEXT: &[&str] =
    &["missing", "encoding", "delimiter", "decimal", "thousands", "skip", "header"];
const OF_SHEETS: &[&str] = &["sheet", "range"];

/// Reads the file at `path`: a workbook (xlsx, xlsm, xlsb, xls, ods), Parquet, an Arrow IPC file or
/// stream, JSON, JSON lines or delimited text, whichever its content is; text may be packed by gzip.
///
/// A name that ends in `.json`, `.jsonl` or `.ndjson` promises JSON, so its faults are reported as
/// faults of JSON; under any other name a file is JSON when all of it reads as JSON.
pub fn read_any(path: &Path, options: &ReadOptions, context: &Context) -> Result<Loaded> {
    options.check()?;
    let shown = path.display().to_string();
    let ending = ending(path);
    if promise(&ending).is_none()
        && !is_json(&ending)
        && options.refuse("a text file", OF_SHEETS).is_ok()
        && let Some(loaded) = csv::read_large(path, &shown, options, context, plain)?
    {
        return Ok(loaded);
    }
    let mut bytes = Bytes::from(bytes(path)?);
    let mut name = path.to_path_buf();
    let unreadable = |reason: String| TableError::Unreadable { path: shown.clone(), reason };
    if content(&bytes) == Content::Gzip {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_ref())
            .read_to_end(&mut unpacked)
            .map_err(|error| unreadable(format!("it is packed by gzip and broken: {error}")))?;
        bytes = Bytes::from(unpacked);
        if name.extension().is_some_and(|end| end == "gz") {
            name.set_extension("");
        }
    }
    if let Some((_, what)) = STRANGERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(unreadable(format!("it is {what}")).into());
    }
    let ending = self::ending(&name);
    guarded(&shown, || match content(&bytes) {
        Content::Workbook => {
            options.refuse("a workbook", &["encoding", "delimiter"])?;
            workbook::read(&bytes, &shown, options)
        }
        Content::Parquet => {
            options.refuse("a Parquet file", &[OF_TEXT, OF_SHEETS].concat())?;
            arrow::table(parquet::read(bytes.clone(), &shown, options)?, &shown, options)
        }
        kind @ (Content::ArrowFile | Content::ArrowStream) => {
            options.refuse("an Arrow file", &[OF_TEXT, OF_SHEETS].concat())?;
            let columns = ipc::read(&bytes, &shown, kind == Content::ArrowStream, options)?;
            arrow::table(columns, &shown, options)
        }
        Content::Gzip => Err(unreadable("it is packed by gzip twice".into()).into()),
        Content::Text => text(&bytes, &shown, &ending, options, context),
    })
}

/// What `read` gives, or an error where a decoder stumbles over a damaged file.
///
/// The decoders of other formats check most of what they read, not all: some damage makes them
/// panic, which must not bring a session down.
fn guarded(path: &str, read: impl FnOnce() -> Result<Loaded>) -> Result<Loaded> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let reason = "it is damaged, and its decoder gave up".to_owned();
        Err(TableError::Unreadable { path: path.to_owned(), reason }.into())
    })
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|end| end.to_str()).unwrap_or("").to_lowercase()
}

fn is_json(ending: &str) -> bool {
    matches!(ending, "json" | "jsonl" | "ndjson")
}

/// The kind that a name promises, if it is none of text.
fn promise(ending: &str) -> Option<&'static str> {
    match ending {
        "parquet" => Some("a Parquet file"),
        "arrow" | "arrows" | "feather" | "ipc" => Some("an Arrow file"),
        "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Some("a workbook"),
        _ => None,
    }
}

/// Whether a file that begins like this is delimited text and nothing else.
fn plain(head: &str) -> bool {
    let strange = STRANGERS.iter().any(|(magic, _)| head.as_bytes().starts_with(magic));
    content(head.as_bytes()) == Content::Text
        && !strange
        && !head.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[', '<'])
}

fn content(bytes: &[u8]) -> Content {
    let found = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    found.map_or(Content::Text, |(_, content)| *content)
}

fn text(
    bytes: &[u8],
    shown: &str,
    ending: &str,
    options: &ReadOptions,
    context: &Context,
) -> Result<Loaded> {
    let promise = promise(ending);
    let unreadable = |reason: String| TableError::Unreadable { path: shown.to_owned(), reason };
    if let (Some(what), false) = (promise, bytes.is_empty()) {
        let printable = |byte: &u8| *byte >= 0x20 || byte.is_ascii_whitespace();
        let readable = what == "a workbook" && bytes.iter().take(4096).all(printable);
        if !readable {
            return Err(unreadable(format!("its name promises {what}, its content is none")).into());
        }
    }
    let (text, guessed) = super::decode(bytes, options.encoding, shown)?;
    let start = text.trim_start().get(..9).unwrap_or("").to_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml") {
        let reason = "it is a page of HTML or XML; save its table as CSV or as a workbook";
        return Err(unreadable(reason.into()).into());
    }
    options.refuse("a text file", OF_SHEETS)?;
    let promised = is_json(ending);
    if promised || text.trim_start().starts_with(['{', '[']) {
        match json::read(&text, shown, options) {
            Ok(loaded) => {
                options.refuse("JSON", &["delimiter", "decimal", "thousands", "skip", "header"])?;
                return Ok(loaded);
            }
            Err(error) if promised => return Err(error),
            Err(_) => {}
        }
    }
    let mut loaded = csv::read_text(&text, shown, options, context)?;
    if let Some(name) = guessed {
        let note =
            format!("load: {shown} was read as {name}; say encoding: \"...\" if it looks wrong");
        loaded.warnings.insert(0, note);
    }
    if promise.is_some() {
        let note = format!("load: {shown} is no workbook but delimited text, and was read as such");
        loaded.warnings.insert(0, note);
    }
    Ok(loaded)
}
