//! Reading delimited text.

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};
use rayon::prelude::*;

use super::date::Date;
use super::error::TableError;
use super::frame::{Kind, Table};
use super::read::{self, Encoding, Loaded, NumberStyle, Sheet};
use super::vector::Vector;
use crate::choice::Choice;
use crate::error::Result;

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
    let (text, _) = read::decode(&read::bytes(path)?, options.encoding, &shown)?;
    Ok(read_text(&text, &shown, options)?.table)
}

/// Reads delimited `text`; `name` stands for it in errors.
pub fn read_str(text: &str, name: &str, options: &ReadOptions) -> Result<Table> {
    Ok(read_text(text, name, options)?.table)
}

/// Reads delimited `text` and says what was guessed; `name` stands for it in errors.
///
/// A column is int, float, bool or date when every cell that is there reads as one, else text; a column
/// without any value is float and all missing. Whole numbers with a leading zero are codes and
/// stay text. Files without a quote sign are read on all cores.
pub fn read_text(text: &str, name: &str, options: &ReadOptions) -> Result<Loaded> {
    options.check()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (text, before) = skip_lines(text, options.skip);
    if text.trim().is_empty() {
        return Err(TableError::EmptyFile { path: name.to_owned() }.into());
    }
    let delimiter = options.delimiter.map_or_else(|| sniff_delimiter(text), |mark| mark as u8);
    let file = File { name, delimiter, missing: &options.missing };
    let (header, body) = file.header(text, before as u64 + 1, options.header)?;
    let first_line = before + 1 + newlines(&text[..text.len() - body.len()]);
    let parts = file.parts(body, first_line, header.len())?;
    let (style, unclear) = sniff_numbers(&parts, options);
    let reading = Reading { file: &file, parts: &parts, style, unclear, options };
    let outcome: Vec<(ArrayRef, Option<String>)> = (0..header.len())
        .into_par_iter()
        .map(|column| reading.column(column, &header[column]))
        .collect::<Result<_>>()?;
    if let Some((unknown, _)) =
        options.kinds.iter().find(|(name, _)| header.iter().all(|title| title != name))
    {
        return Err(TableError::NoColumn {
            primitive: "load, types".into(),
            name: unknown.clone(),
            columns: header,
        }
        .into());
    }
    let mut columns = Vec::new();
    let mut warnings = Vec::new();
    for (position, (title, (array, warning))) in header.into_iter().zip(outcome).enumerate() {
        if title.is_empty() {
            // Spreadsheets export empty columns; anything in one has lost its name.
            if array.null_count() < array.len() {
                return Err(TableError::BadCell {
                    path: name.to_owned(),
                    line: before as u64 + 1,
                    column: position + 1,
                    reason: "the header cell is empty, but the column holds values".into(),
                }
                .into());
            }
            continue;
        }
        columns.push((title, Vector::new(array)));
        warnings.extend(warning);
    }
    let table = read::finish(Table::new(columns)?, options)?;
    Ok(Loaded { table, warnings })
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
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

fn reader(text: &str, delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

/// The delimiter under which the first lines agree with the header on the number of cells.
fn sniff_delimiter(text: &str) -> u8 {
    let mut best = (0.0, 1, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let counts: Vec<usize> = reader(text, delimiter)
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

/// One chunk of the file: its cells by column and the line each record starts on.
struct Part {
    columns: Vec<StringArray>,
    lines: Vec<u32>,
}

struct File<'a> {
    name: &'a str,
    delimiter: u8,
    missing: &'a [String],
}

/// Text read by one thread at a time.
const CHUNK: usize = 1 << 20;

impl File<'_> {
    fn unreadable(&self, error: &::csv::Error) -> TableError {
        TableError::Unreadable { path: self.name.to_owned(), reason: error.to_string() }
    }

    /// The column names and the text after them.
    fn header<'t>(&self, text: &'t str, line: u64, named: bool) -> Result<(Vec<String>, &'t str)> {
        let mut reader = reader(text, self.delimiter);
        let mut record = ::csv::StringRecord::new();
        reader.read_record(&mut record).map_err(|error| self.unreadable(&error))?;
        if !named {
            return Ok(((1..=record.len()).map(|i| format!("x{i}")).collect(), text));
        }
        let header: Vec<String> = record.iter().map(|title| title.trim().to_owned()).collect();
        for (column, title) in header.iter().enumerate() {
            if !title.is_empty() && header[..column].contains(title) {
                return Err(TableError::BadCell {
                    path: self.name.to_owned(),
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

    /// The cells of `body`, whose first line is number `line`.
    fn parts(&self, body: &str, line: usize, width: usize) -> Result<Vec<Part>> {
        // Without quotes every line end closes a record, so the text can be cut at any of them.
        let mut chunks = Vec::new();
        let mut rest = body;
        let quoted = body.as_bytes().contains(&b'"');
        let mut line = line;
        while !rest.is_empty() {
            let from = CHUNK.min(rest.len());
            let cut = rest.as_bytes()[from..].iter().position(|byte| *byte == b'\n');
            let end = if quoted { rest.len() } else { cut.map_or(rest.len(), |at| from + at + 1) };
            let (chunk, tail) = rest.split_at(end);
            chunks.push((chunk, line));
            line += newlines(chunk);
            rest = tail;
        }
        if chunks.iter().any(|(chunk, _)| i32::try_from(chunk.len()).is_err()) {
            return Err(TableError::Unreadable {
                path: self.name.to_owned(),
                reason: "a text with quoted cells may have up to 2 GB".into(),
            }
            .into());
        }
        if chunks.is_empty() {
            chunks.push(("", line));
        }
        chunks.into_par_iter().map(|(chunk, line)| self.part(chunk, line, width)).collect()
    }

    fn part(&self, chunk: &str, line: usize, width: usize) -> Result<Part> {
        let mut columns: Vec<StringBuilder> = (0..width).map(|_| StringBuilder::new()).collect();
        let mut lines = Vec::new();
        let mut reader = reader(chunk, self.delimiter);
        let mut record = ::csv::StringRecord::new();
        let (mut cursor, mut line) = (0, line);
        while reader.read_record(&mut record).map_err(|error| self.unreadable(&error))? {
            // A record's position is that of the blank lines before it.
            let from = record.position().map_or(cursor, |at| at.byte() as usize).min(chunk.len());
            let blank = chunk.as_bytes()[from..].iter().take_while(|b| matches!(b, b'\n' | b'\r'));
            let from = from + blank.count();
            line += newlines(&chunk[cursor..from]);
            cursor = from;
            if record.len() != width {
                return Err(TableError::Ragged {
                    path: self.name.to_owned(),
                    line: line as u64,
                    found: record.len(),
                    expected: width,
                }
                .into());
            }
            for (column, value) in columns.iter_mut().zip(record.iter()) {
                let value = value.trim();
                if value.is_empty() || self.missing.iter().any(|marker| marker == value) {
                    column.append_null();
                } else {
                    column.append_value(value);
                }
            }
            lines.push(line as u32);
        }
        Ok(Part { columns: columns.iter_mut().map(StringBuilder::finish).collect(), lines })
    }
}

/// The number style of the first thousand rows, overruled by the options.
fn sniff_numbers(parts: &[Part], options: &ReadOptions) -> (NumberStyle, bool) {
    let sample = parts
        .first()
        .into_iter()
        .flat_map(|part| part.columns.iter().flat_map(|column| column.iter().take(1000).flatten()));
    read::style(sample, options)
}

pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" => Some(true),
        "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

struct Reading<'a> {
    file: &'a File<'a>,
    parts: &'a [Part],
    style: NumberStyle,
    unclear: bool,
    options: &'a ReadOptions,
}

impl Reading<'_> {
    fn cells(&self, column: usize) -> impl Iterator<Item = Option<&str>> {
        self.parts.iter().flat_map(move |part| part.columns[column].iter())
    }

    /// Every cell through `read`, or `None` at the first that does not fit.
    fn all<T>(&self, column: usize, read: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
        let rows = self.parts.iter().map(|part| part.lines.len()).sum();
        let mut values = Vec::with_capacity(rows);
        for cell in self.cells(column) {
            values.push(match cell {
                Some(text) => Some(read(text)?),
                None => None,
            });
        }
        Some(values)
    }

    fn as_kind(&self, column: usize, kind: Kind) -> Option<ArrayRef> {
        let style = self.style;
        Some(match kind {
            Kind::Int => Arc::new(Int64Array::from(self.all(column, |text| style.int(text))?)),
            Kind::Float => {
                Arc::new(Float64Array::from(self.all(column, |text| style.float(text))?))
            }
            Kind::Bool => Arc::new(BooleanArray::from(self.all(column, truth)?)),
            Kind::Date => Arc::new(Date32Array::from(
                self.all(column, |text| Date::parse(text).map(Date::days))?,
            )),
            Kind::Text => {
                let arrays: Vec<&dyn Array> =
                    self.parts.iter().map(|part| &part.columns[column] as &dyn Array).collect();
                arrow_select::concat::concat(&arrays).ok()?
            }
        })
    }

    fn column(&self, column: usize, title: &str) -> Result<(ArrayRef, Option<String>)> {
        if let Some((_, kind)) = self.options.kinds.iter().find(|(name, _)| name == title) {
            let array =
                self.as_kind(column, *kind).ok_or_else(|| self.misfit(column, title, *kind))?;
            return Ok((array, None));
        }
        if self.cells(column).all(|cell| cell.is_none()) {
            let rows = self.cells(column).count();
            return Ok((Arc::new(Float64Array::from(vec![None; rows])), None));
        }
        for kind in [Kind::Int, Kind::Float, Kind::Bool, Kind::Date] {
            if let Some(array) = self.as_kind(column, kind) {
                return Ok((array, None));
            }
        }
        let array = self.as_kind(column, Kind::Text).ok_or_else(|| TableError::Unreadable {
            path: self.file.name.to_owned(),
            reason: format!("column `{title}` holds over 2 GB of text"),
        })?;
        Ok((array, self.nearly(column, title)))
    }

    /// The first cell that `accept` refuses, with its line.
    fn first(&self, column: usize, accept: impl Fn(&str) -> bool) -> Option<(u32, &str)> {
        let lines = self.parts.iter().flat_map(|part| part.lines.iter().copied());
        lines
            .zip(self.cells(column))
            .find_map(|(line, cell)| cell.filter(|text| !accept(text)).map(|text| (line, text)))
    }

    fn misfit(&self, column: usize, title: &str, kind: Kind) -> TableError {
        let style = self.style;
        let accept = |text: &str| match kind {
            Kind::Int => style.int(text).is_some(),
            Kind::Float => style.float(text).is_some(),
            Kind::Bool => truth(text).is_some(),
            Kind::Date => Date::parse(text).is_some(),
            Kind::Text => true,
        };
        let (line, found) = self.first(column, accept).unwrap_or((0, ""));
        TableError::BadValue {
            path: self.file.name.to_owned(),
            line: line.into(),
            column: column + 1,
            title: title.to_owned(),
            found: found.chars().take(40).collect(),
            expected: match kind {
                Kind::Date => "date (2023-01-31 or 31.01.2023)".into(),
                kind => kind.to_string(),
            },
        }
    }

    /// A warning for a text column whose cells are mostly numbers or mostly dates.
    fn nearly(&self, column: usize, title: &str) -> Option<String> {
        let is_date = |text: &str| Date::parse(text).is_some();
        let dates = self.cells(column).flatten().filter(|text| is_date(text)).count();
        if dates * 2 > self.cells(column).flatten().count() {
            let (line, found) = self.first(column, is_date)?;
            let present = self.cells(column).flatten().count();
            return Some(format!(
                "load: column `{title}` is text, although {dates} of {present} cells are dates: \
                 line {line} holds `{found}`; if it means missing, say missing: \"{found}\""
            ));
        }
        let (comma, point) = (
            NumberStyle { decimal: ',', thousands: Some('.') },
            NumberStyle { decimal: '.', thousands: Some(',') },
        );
        let any = |text: &str| comma.float(text).is_some() || point.float(text).is_some();
        let present = self.cells(column).flatten().count();
        let numbers = self.cells(column).flatten().filter(|text| any(text)).count();
        if numbers * 2 <= present {
            return None;
        }
        let style = self.style;
        let (line, found) = self.first(column, |text| style.float(text).is_some())?;
        let mend = if self.unclear && any(found) {
            "it could mean two numbers: say decimal: \",\" or thousands: \",\"".to_owned()
        } else if any(found) {
            "say which mark is decimal: \",\" or decimal: \".\"".to_owned()
        } else {
            format!("if it means missing, say missing: \"{found}\"")
        };
        Some(format!(
            "load: column `{title}` is text, although {numbers} of {present} cells are numbers: \
             line {line} holds `{found}`; {mend}"
        ))
    }
}
