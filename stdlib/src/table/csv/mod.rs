//! Reading delimited text.

mod cells;
mod columns;
mod parts;
mod pieces;

use std::path::Path;

use arrow_array::Array as _;

use super::error::TableError;
use super::frame::{Kind, Table};
use super::read::{self, Encoding, Loaded, NumberStyle, Parted, Sheet};
use super::vector::Vector;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::Result;
use cells::records;
use columns::Reading;
use pieces::Pieces;

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
    let (shown, context) = (path.display().to_string(), Context::default());
    options.check()?;
    if let Some(loaded) = read_large(path, &shown, options, &context, |_| true)? {
        return Ok(loaded.table);
    }
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

/// What tells how a large file is written: it should hold [`SAMPLE`] rows.
const HEAD: usize = 1 << 20;

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
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let start = Start::of(text, name, options)?;
    let pieces = Pieces::of(&text[start.body..], start.delimiter, PIECE);
    start.table(pieces, name, options, context)
}

/// Reads the delimited text at `path` as [`read_text`] would, without ever holding all of it.
///
/// `None` where it has to be held: a small file; one that is no UTF-8 or holds quotes, or whose
/// first bytes `plain` turns down; and one with a fault, which is then told from the whole.
pub(super) fn read_large(
    path: &Path,
    name: &str,
    options: &ReadOptions,
    context: &Context,
    plain: impl Fn(&str) -> bool,
) -> Result<Option<Loaded>> {
    if !matches!(options.encoding, Encoding::Auto | Encoding::Utf8) {
        return Ok(None);
    }
    let Some(file) = Parted::open(path).filter(|file| file.length() >= 4 * HEAD as u64) else {
        return Ok(None);
    };
    let mut room = Vec::new();
    let head = file.between(0, HEAD as u64, &mut room).unwrap_or_default();
    let whole_lines = memchr::memrchr(b'\n', head).map_or(0, |end| end + 1);
    // Text has no zeros, but what is UTF-16 does.
    let odd = memchr::memchr2(b'"', 0, head).is_some();
    let Some(head) =
        std::str::from_utf8(&head[..whole_lines]).ok().filter(|head| !odd && plain(head))
    else {
        return Ok(None);
    };
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let Ok(start) = Start::of(text, name, options) else { return Ok(None) };
    if start.sampled < SAMPLE {
        return Ok(None);
    }
    let body = head.len() - text.len() + start.body;
    let Some(pieces) = Pieces::in_file(&file, body as u64, PIECE, context)? else {
        return Ok(None);
    };
    match start.table(pieces, name, options, context) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error @ crate::Error::Interrupted) => Err(error),
        Err(_) => Ok(None),
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// What the beginning of a text says about the rest.
struct Start {
    delimiter: u8,
    titles: Vec<String>,
    /// Number of the header's line.
    line: usize,
    /// Number of the first line behind it, and where that begins.
    first: usize,
    body: usize,
    style: NumberStyle,
    /// Whether some cells could be read as two numbers.
    unclear: bool,
    /// Rows that the style was told from.
    sampled: usize,
}

impl Start {
    fn of(text: &str, name: &str, options: &ReadOptions) -> Result<Self> {
        let (rest, before) = skip_lines(text, options.skip);
        if rest.trim_start().is_empty() {
            return Err(TableError::EmptyFile { path: name.to_owned() }.into());
        }
        let delimiter = options.delimiter.map_or_else(|| sniff_delimiter(rest), |mark| mark as u8);
        let line = before + 1;
        let (titles, body) = header(rest, name, delimiter, line as u64, options.header)?;
        let rows = records(body, delimiter).into_records().map_while(std::result::Result::ok);
        let sample: Vec<::csv::StringRecord> = rows.take(SAMPLE).collect();
        let cells = sample.iter().flat_map(|record| record.iter().map(str::trim));
        let missing = |cell: &&str| options.missing.iter().any(|marker| marker == cell);
        let (style, unclear) = read::style(cells.filter(|cell| !missing(cell)), options);
        Ok(Self {
            delimiter,
            titles,
            line,
            first: line + newlines(&rest[..rest.len() - body.len()]),
            body: text.len() - body.len(),
            style,
            unclear,
            sampled: sample.len(),
        })
    }

    /// The table of what stands in `pieces`.
    fn table(
        self,
        pieces: Pieces<'_>,
        name: &str,
        options: &ReadOptions,
        context: &Context,
    ) -> Result<Loaded> {
        let titles = self.titles;
        let (columns, warnings) = Reading {
            name,
            delimiter: self.delimiter,
            pieces,
            line: self.first,
            titles: &titles,
            wanted: wanted(&titles, options),
            style: self.style,
            unclear: self.unclear,
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
                    line: self.line as u64,
                    column: position + 1,
                    reason: "the header cell is empty, but the column holds values".into(),
                }
                .into());
            }
        }
        let table = read::finish(Table::new(named)?, options)?;
        Ok(Loaded { table, warnings })
    }
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

pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" => Some(true),
        "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a file that is large enough not to be held.
    const ROWS: usize = 250_000;

    fn large(line: &str, row: impl Fn(usize) -> String) -> String {
        let mut text = format!("\u{feff}note{line}n,x,регион,gap{line}");
        for i in 0..ROWS {
            text += &row(i);
            text += line;
        }
        text
    }

    fn plain(i: usize) -> String {
        format!(
            "{i},-{}.25,Алматы {},{}",
            i % 77,
            i % 5,
            if i.is_multiple_of(3) { "NA" } else { "2" }
        )
    }

    /// What the parts of a file give, and that its whole gives the same.
    fn both(text: &[u8], name: &str) -> Option<Loaded> {
        let path = std::env::temp_dir().join(format!("esep-{name}-{}.csv", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let options = ReadOptions { skip: 1, ..ReadOptions::default() };
        let context = Context::default();
        let parts = read_large(&path, "f.csv", &options, &context, |_| true).unwrap();
        let whole = read::read_any(&path, &options, &context);
        std::fs::remove_file(&path).unwrap();
        let (decoded, _) = read::decode(text, options.encoding, "f.csv").unwrap();
        let held = read_text(&decoded, "f.csv", &options, &context);
        if let (Some(parts), Ok(held)) = (&parts, &held) {
            assert_eq!(parts.table.batch(), held.table.batch());
            assert_eq!(parts.warnings, held.warnings);
        }
        match (whole, held) {
            (Ok(whole), Ok(held)) => assert_eq!(whole.table.batch(), held.table.batch()),
            (Err(whole), Err(held)) => {
                let told = whole.to_string().replace(&path.display().to_string(), "f.csv");
                assert_eq!(told, held.to_string());
            }
            other => panic!("{other:?}"),
        }
        parts
    }

    #[test]
    fn large_files_read_in_parts_as_they_do_whole() {
        for (number, line) in ["\n", "\r\n"].into_iter().enumerate() {
            let read = both(large(line, plain).as_bytes(), &format!("plain{number}")).unwrap();
            assert_eq!(read.table.nrow(), ROWS);
            assert_eq!(read.table.kinds(), [Kind::Int, Kind::Float, Kind::Text, Kind::Int]);
        }
        let odd = |at: usize, row: &'static str| {
            large("\n", move |i| if i == at { row.to_owned() } else { plain(i) })
        };
        let widened = both(odd(200_000, "0.5,?,\u{2009}ы ,7").as_bytes(), "wide").unwrap();
        let kinds = [Kind::Float, Kind::Text, Kind::Text, Kind::Int];
        assert_eq!(widened.table.kinds(), kinds);
        // The odd cell is named by its line, behind the note and the header.
        assert!(widened.warnings[0].contains("line 200003 holds `?`"), "{:?}", widened.warnings);
        let blank = both(odd(ROWS - 1, "").as_bytes(), "blank").unwrap();
        assert_eq!(blank.table.nrow(), ROWS - 1);
        let long = format!("1,2,{},3\n4,5,end,6", "ы".repeat(PIECE));
        let long = both((large("\n", plain) + &long).as_bytes(), "long").unwrap();
        assert_eq!(long.table.nrow(), ROWS + 2);
    }

    #[test]
    fn what_parts_cannot_tell_is_read_whole() {
        let with = |row: &str| {
            large("\n", |i| if i == 200_000 { row.to_owned() } else { plain(i) }).into_bytes()
        };
        assert!(both(&with("1,2,\"a\nb\",3"), "quoted").is_none());
        assert!(both(&with("1,2,3"), "ragged").is_none());
        let body: String = (0..ROWS).map(|i| format!("{i},1,abc,2\n")).collect();
        let mut late = format!("note\nn,x,region,gap\n{body}").into_bytes();
        // The last row is in windows-1251, where all before it could be UTF-8.
        late.extend(b"1,2,\xc0\xeb\xec\xe0\xf2\xfb,3\n");
        assert!(both(&late, "late").is_none());
        let sixteen: Vec<u8> = format!("note\nn,x,region,gap\n{body}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(both(&sixteen, "sixteen").is_none());
    }
}
