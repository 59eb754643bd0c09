//! Reading delimited text.

mod cells;
mod columns;
mod parts;

use std::path::Path;

use arrow_array::Array as _;

use super::error::TableError;
use super::frame::{Kind, Table};
use super::read::{self, Encoding, Loaded, NumberStyle, Sheet};
use super::vector::Vector;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::Result;
use cells::{pieces, records};
use columns::Reading;

/// How to read a file; `None` means that the file decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Columns to keep, in this order; all of them when `None`.
    pub columns: Option<Vec<String>>,
    /// Column whose values label the rows; the first text column when `None`.
    pub label: Option<String>,
    /// Cell texts that mean "missing"; an empty cell always does.
    pub missing: Vec<String>,
    /// How the bytes spell text.
    pub encoding: Encoding,
    /// Between cells: comma, semicolon, tab, bar or any other ASCII character.
    pub delimiter: Option<char>,
    /// Between units and tenths.
    pub decimal: Option<char>,
    /// Between thousands, besides spaces.
    pub thousands: Option<char>,
    /// Lines before the header that are no part of the table.
    pub skip: usize,
    /// Whether the first line names the columns; without it they are `x1`, `x2`, ...
    pub header: bool,
    /// Kinds that columns must have; the narrowest that fits where none is given.
    pub kinds: Vec<(String, Kind)>,
    /// Sheet of a workbook; the first that is shown when `None`.
    pub sheet: Option<Sheet>,
    /// Part of a sheet, such as `B3:F20`, `B:F` or `3:20`.
    pub range: Option<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            columns: None,
            label: None,
            missing: vec!["NA".into()],
            encoding: Encoding::Auto,
            delimiter: None,
            decimal: None,
            thousands: None,
            skip: 0,
            header: true,
            kinds: Vec::new(),
            sheet: None,
            range: None,
        }
    }
}

impl ReadOptions {
    /// An error for the first of `names` that was set, since `what` has no such thing.
    pub(super) fn refuse(&self, what: &str, names: &[&'static str]) -> Result<()> {
        let plain = Self::default();
        let sign = |mark: Option<char>| mark.map(|mark| format!("{mark:?}"));
        let given = [
            ("missing", (self.missing != plain.missing).then(|| format!("{:?}", self.missing))),
            ("encoding", (self.encoding != plain.encoding).then(|| self.encoding.name().into())),
            ("delimiter", sign(self.delimiter)),
            ("decimal", sign(self.decimal)),
            ("thousands", sign(self.thousands)),
            ("skip", (self.skip != plain.skip).then(|| self.skip.to_string())),
            ("header", (self.header != plain.header).then(|| self.header.to_string())),
            ("sheet", self.sheet.as_ref().map(ToString::to_string)),
            ("range", self.range.clone()),
        ];
        for (parameter, value) in given {
            if let (true, Some(value)) = (names.contains(&parameter), value) {
                return Err(crate::Error::Invalid {
                    primitive: "load",
                    parameter,
                    rule: format!("be left out for {what}"),
                    value,
                });
            }
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        let invalid = |parameter, rule: &str, value: String| {
            Err(crate::Error::Invalid { primitive: "load", parameter, rule: rule.into(), value })
        };
        let odd = |mark: &char| {
            !mark.is_ascii() || mark.is_ascii_alphanumeric() || matches!(mark, '"' | '\n' | '\r')
        };
        if let Some(mark) = self.delimiter.filter(odd) {
            return invalid("delimiter", "be one ASCII sign, not a quote", format!("{mark:?}"));
        }
        if let Some(mark) = self.decimal.filter(|mark| !matches!(mark, '.' | ',')) {
            return invalid("decimal", "be \".\" or \",\"", format!("{mark:?}"));
        }
        if let Some(mark) = self.thousands
            && (mark.is_alphanumeric() || self.decimal.unwrap_or('.') == mark)
        {
            let rule = "differ from decimal and be no digit or letter";
            return invalid("thousands", rule, format!("{mark:?}"));
        }
        Ok(())
    }
}

/// Reads the file of delimited text at `path`.
pub fn read_path(path: &Path, options: &ReadOptions) -> Result<Table> {
    let shown = path.display().to_string();
    let bytes = read::bytes(path)?;
    let (text, _) = read::decode(&bytes, options.encoding, &shown)?;
    read_str(&text, &shown, options)
}

/// Reads delimited `text`; `name` stands for it in errors.
pub fn read_str(text: &str, name: &str, options: &ReadOptions) -> Result<Table> {
    Ok(read_text(text, name, options, &Context::default())?.table)
}

/// Text read by one thread at a time: with the places of its cells it should fit a core's cache.
const PIECE: usize = 1 << 18;

/// Rows that tell how the file writes its numbers.
const SAMPLE: usize = 1000;

/// Reads delimited `text` and says what was guessed; `name` stands for it in errors.
///
/// A column is int, float, bool or date when every cell that is there reads as one, else text; a column
/// without any value is float and all missing. Whole numbers with a leading zero are codes and
/// stay text. The text is cut at the ends of records and its pieces are read on all cores.
pub fn read_text(
    text: &str,
    name: &str,
    options: &ReadOptions,
    context: &Context,
) -> Result<Loaded> {
    options.check()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (text, before) = skip_lines(text, options.skip);
    if text.trim_start().is_empty() {
        return Err(TableError::EmptyFile { path: name.to_owned() }.into());
    }
    let delimiter = options.delimiter.map_or_else(|| sniff_delimiter(text), |mark| mark as u8);
    let (titles, body) = header(text, name, delimiter, before as u64 + 1, options.header)?;
    let (style, unclear) = sniff_numbers(body, delimiter, options);
    let (columns, warnings) = Reading {
        name,
        delimiter,
        pieces: pieces(body, delimiter, PIECE),
        line: before + 1 + newlines(&text[..text.len() - body.len()]),
        titles: &titles,
        wanted: wanted(&titles, options),
        style,
        unclear,
        options,
        context,
    }
    .columns()?;
    if let Some((unknown, _)) = options.kinds.iter().find(|(name, _)| !titles.contains(name)) {
        return Err(TableError::NoColumn {
            primitive: "load, types".into(),
            name: unknown.clone(),
            columns: titles,
        }
        .into());
    }
    let mut named = Vec::new();
    for (position, (title, array)) in titles.into_iter().zip(columns).enumerate() {
        let Some(array) = array else { continue };
        if !title.is_empty() {
            named.push((title, Vector::new(array)));
        } else if array.null_count() < array.len() {
            // Spreadsheets export empty columns; anything in one has lost its name.
            return Err(TableError::BadCell {
                path: name.to_owned(),
                line: before as u64 + 1,
                column: position + 1,
                reason: "the header cell is empty, but the column holds values".into(),
            }
            .into());
        }
    }
    let table = read::finish(Table::new(named)?, options)?;
    Ok(Loaded { table, warnings })
}

/// Which columns have to be read: all, unless the options name some that are all there.
fn wanted(titles: &[String], options: &ReadOptions) -> Vec<bool> {
    let Some(columns) = &options.columns else { return vec![true; titles.len()] };
    let kinds = options.kinds.iter().map(|(name, _)| name);
    let named: Vec<&String> = columns.iter().chain(&options.label).chain(kinds).collect();
    // The error about a column that is not there names all that are.
    let unknown = named.iter().any(|name| !titles.contains(name));
    titles.iter().map(|title| unknown || title.is_empty() || named.contains(&title)).collect()
}

fn newlines(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

/// Lines in `text`, whether or not the last one has its end.
fn lines(text: &[u8]) -> usize {
    let open = text.last().is_some_and(|byte| *byte != b'\n');
    memchr::memchr_iter(b'\n', text).count() + usize::from(open)
}

/// `text` without its first `count` lines, and how many there were.
fn skip_lines(text: &str, count: usize) -> (&str, usize) {
    let mut rest = text;
    for skipped in 0..count {
        match rest.find('\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return ("", skipped),
        }
    }
    (rest, count)
}

/// The delimiter under which the first lines agree with the header on the number of cells.
fn sniff_delimiter(text: &str) -> u8 {
    let mut best = (0.0, 1, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let counts: Vec<usize> = records(text, delimiter)
            .into_records()
            .take(50)
            .map_while(std::result::Result::ok)
            .map(|record| record.len())
            .collect();
        let Some(cells) = counts.first().copied().filter(|cells| *cells > 1) else { continue };
        let agreeing = counts.iter().filter(|count| **count == cells).count();
        let share = agreeing as f64 / counts.len() as f64;
        if share > best.0 || share == best.0 && cells > best.1 {
            best = (share, cells, delimiter);
        }
    }
    best.2
}

/// The column names and the text after them; `line` is the header's.
fn header<'t>(
    text: &'t str,
    path: &str,
    delimiter: u8,
    line: u64,
    named: bool,
) -> Result<(Vec<String>, &'t str)> {
    let mut reader = records(text, delimiter);
    let mut record = ::csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| TableError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    if !named {
        return Ok(((1..=record.len()).map(|i| format!("x{i}")).collect(), text));
    }
    let header: Vec<String> = record.iter().map(|title| title.trim().to_owned()).collect();
    for (column, title) in header.iter().enumerate() {
        if !title.is_empty() && header[..column].contains(title) {
            return Err(TableError::BadCell {
                path: path.to_owned(),
                line,
                column: column + 1,
                reason: format!("column `{title}` stands twice in the header"),
            }
            .into());
        }
    }
    let end = (reader.position().byte() as usize).min(text.len());
    Ok((header, &text[end..]))
}

/// The number style of the first rows, overruled by the options.
fn sniff_numbers(body: &str, delimiter: u8, options: &ReadOptions) -> (NumberStyle, bool) {
    let rows = records(body, delimiter).into_records().map_while(std::result::Result::ok);
    let sample: Vec<::csv::StringRecord> = rows.take(SAMPLE).collect();
    let cells = sample.iter().flat_map(|record| record.iter().map(str::trim));
    let missing = |cell: &&str| options.missing.iter().any(|marker| marker == cell);
    read::style(cells.filter(|cell| !missing(cell)), options)
}

pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" => Some(true),
        "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
