//! Reading workbooks: Excel (xlsx, xlsm, xlsb, xls) and `OpenDocument` (ods).

use std::fmt;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Ods, Reader as _, SheetType, SheetVisible, Sheets, Xls, Xlsb, Xlsx};

use super::{Loaded, NumberStyle, bytes, fit};
use crate::choice::Choice;
use crate::error::Result;
use crate::table::csv::ReadOptions;
use crate::table::date::Date;
use crate::table::error::TableError;
use crate::table::frame::{Kind, Table};
use crate::table::vector::{Cell, Vector};

/// Which sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// By its name.
    Name(String),
    /// By its number from 1, sheets that are not shown included.
    Number(usize),
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => number.fmt(f),
        }
    }
}

type Book<'a> = Sheets<Cursor<&'a [u8]>>;

fn open<'a>(bytes: &'a [u8], path: &str) -> Result<Book<'a>> {
    let cursor = || Cursor::new(bytes);
    let opened: std::result::Result<Book<'a>, calamine::Error> = if bytes.starts_with(b"\xD0\xCF") {
        Xls::new(cursor()).map(Sheets::Xls).map_err(calamine::Error::Xls)
    } else if bytes.get(30..38) == Some(b"mimetype") {
        Ods::new(cursor()).map(Sheets::Ods).map_err(calamine::Error::Ods)
    } else {
        // What an archive holds shows only when it is opened.
        Xlsx::new(cursor()).map(Sheets::Xlsx).map_err(calamine::Error::Xlsx).or_else(|error| {
            let binary = Xlsb::new(cursor()).map(Sheets::Xlsb).map_err(|_| ());
            binary.or_else(|()| Ods::new(cursor()).map(Sheets::Ods)).map_err(|_| error)
        })
    };
    opened.map_err(|error| {
        let reason = format!("it is no workbook, or a broken or locked one: {error}");
        TableError::Unreadable { path: path.to_owned(), reason }.into()
    })
}

/// Every sheet of the workbook at `path`, with its size and whether it is shown.
pub fn sheets(path: &Path) -> Result<Table> {
    let shown = path.display().to_string();
    let bytes = bytes(path)?;
    let mut book = open(&bytes, &shown)?;
    let metadata = book.sheets_metadata().to_vec();
    let mut rows = Vec::new();
    let mut columns = Vec::new();
    for sheet in &metadata {
        let end = match sheet.typ {
            SheetType::WorkSheet => range(&mut book, &sheet.name, &shown)?.end(),
            _ => None,
        };
        rows.push(end.map_or(0, |(row, _)| i64::from(row) + 1));
        columns.push(end.map_or(0, |(_, column)| i64::from(column) + 1));
    }
    let visible = metadata.iter().map(|sheet| Cell::Bool(sheet.visible == SheetVisible::Visible));
    Table::new([
        ("number", Vector::from_ints((1..).take(metadata.len()))),
        ("sheet", Vector::from_texts(metadata.iter().map(|sheet| &sheet.name))),
        ("rows", Vector::from_ints(rows)),
        ("columns", Vector::from_ints(columns)),
        ("shown", Vector::of_kind(Kind::Bool, visible)),
    ])?
    .labelled_by("sheet")
}

fn range(book: &mut Book<'_>, sheet: &str, path: &str) -> Result<calamine::Range<Data>> {
    book.worksheet_range(sheet).map_err(|error| {
        let reason = format!("sheet `{sheet}` is broken: {error}");
        TableError::Unreadable { path: path.to_owned(), reason }.into()
    })
}

/// The name of the sheet to read, and a warning where one was picked of several.
fn pick(book: &Book<'_>, path: &str, wanted: Option<&Sheet>) -> Result<(String, Option<String>)> {
    let sheets = book.sheets_metadata();
    let names = || sheets.iter().map(|sheet| sheet.name.clone()).collect::<Vec<_>>();
    let absent = |sheet: &dyn fmt::Display| TableError::NoSheet {
        path: path.to_owned(),
        sheet: sheet.to_string(),
        sheets: names(),
    };
    if let Some(wanted) = wanted {
        let found = match wanted {
            Sheet::Name(name) => sheets.iter().find(|sheet| sheet.name == *name),
            Sheet::Number(number) => number.checked_sub(1).and_then(|at| sheets.get(at)),
        };
        return Ok((found.ok_or_else(|| absent(wanted))?.name.clone(), None));
    }
    let shown: Vec<&str> = sheets
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.as_str())
        .collect();
    let Some((first, others)) = shown.split_first() else { return Err(absent(&"1").into()) };
    let listed: Vec<String> = others.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = others.len() - listed.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    let warning = (!others.is_empty()).then(|| {
        format!(
            "load: read sheet `{first}`; {path} also has {}{tail}: say sheet: \"...\"",
            listed.join(", ")
        )
    });
    Ok(((*first).to_owned(), warning))
}

/// A rectangle of a sheet, from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    rows: (u32, u32),
    columns: (u32, u32),
}

impl Area {
    const ALL: Self = Self { rows: (0, u32::MAX), columns: (0, u32::MAX) };

    /// `B3:F20`, `B3` (from there on), `B:F` or `3:20`.
    fn parse(text: &str) -> Result<Self> {
        let area = || {
            let plain = text.replace('$', "").to_uppercase();
            let (from, to) = plain.split_once(':').unwrap_or((&plain, ""));
            let ((left, top), (right, bottom)) = (corner(from)?, corner(to)?);
            let area = Self {
                rows: (top.unwrap_or(0), bottom.unwrap_or(u32::MAX)),
                columns: (left.unwrap_or(0), right.unwrap_or(u32::MAX)),
            };
            let ordered = area.rows.0 <= area.rows.1 && area.columns.0 <= area.columns.1;
            (ordered && !from.is_empty()).then_some(area)
        };
        area().ok_or_else(|| crate::Error::Invalid {
            primitive: "load",
            parameter: "range",
            rule: "be like \"B3:F20\", \"B3\", \"B:F\" or \"3:20\"".into(),
            value: format!("{text:?}"),
        })
    }
}

/// Column and row, from 0, of one corner such as `B3`; either may be left out.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &text[letters.len()..];
    if letters.len() > 3 || !letters.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return None;
    }
    let number =
        letters.bytes().fold(0, |number, letter| number * 26 + u32::from(letter - b'A') + 1);
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<u32>().ok()?.checked_sub(1)?),
    };
    Some((number.checked_sub(1), row))
}

/// The name of a cell, such as `C7`, from its row and column from 0.
fn cell_name(row: u32, column: u32) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    format!("{letters}{}", u64::from(row) + 1)
}

/// What a column lost on its way, with the first cell that lost it.
#[derive(Default)]
struct Losses {
    errors: Option<(usize, String)>,
    times: Option<(usize, String)>,
}

fn count(losses: &mut Option<(usize, String)>, first: impl FnOnce() -> String) {
    match losses {
        Some((count, _)) => *count += 1,
        None => *losses = Some((1, first())),
    }
}

/// A sheet's cells in the area asked for.
struct Grid<'a> {
    path: &'a str,
    sheet: &'a str,
    range: &'a calamine::Range<Data>,
    options: &'a ReadOptions,
    columns: std::ops::RangeInclusive<u32>,
}

impl Grid<'_> {
    fn raw(&self, row: u32, column: u32) -> &Data {
        self.range.get_value((row, column)).unwrap_or(&Data::Empty)
    }

    fn bad(&self, row: u32, column: u32, reason: String) -> crate::Error {
        TableError::BadSheetCell {
            path: self.path.to_owned(),
            sheet: self.sheet.to_owned(),
            cell: cell_name(row, column),
            reason,
        }
        .into()
    }

    fn is_blank(&self, row: u32) -> bool {
        self.columns.clone().all(|column| match self.raw(row, column) {
            Data::Empty => true,
            Data::String(text) => text.trim().is_empty(),
            _ => false,
        })
    }

    fn cell(&self, row: u32, column: u32, losses: &mut Losses) -> Cell {
        let place = || cell_name(row, column);
        match self.raw(row, column) {
            Data::Empty => Cell::Missing,
            Data::Int(i) => Cell::Int(*i),
            Data::Float(x) => number(*x),
            Data::Bool(b) => Cell::Bool(*b),
            Data::String(text) | Data::DurationIso(text) => self.text(text),
            Data::DateTimeIso(text) => {
                let day = text.split('T').next().and_then(Date::parse);
                if Date::parse(text).is_none() && day.is_some() {
                    count(&mut losses.times, place);
                }
                day.map_or_else(|| self.text(text), Cell::Date)
            }
            // A time of day or a span alone is a share of a day.
            Data::DateTime(moment) if moment.is_duration() || moment.as_f64() < 1.0 => {
                number(moment.as_f64())
            }
            Data::DateTime(moment) => {
                let (year, month, day, ..) = moment.to_ymd_hms_milli();
                if moment.as_f64().fract() != 0.0 {
                    count(&mut losses.times, place);
                }
                let date = Date::new(year.into(), month.into(), day.into());
                date.map_or_else(|| number(moment.as_f64()), Cell::Date)
            }
            Data::Error(error) => {
                count(&mut losses.errors, || format!("{error} at {}", place()));
                Cell::Missing
            }
        }
    }

    fn text(&self, text: &str) -> Cell {
        let text = text.trim();
        if text.is_empty() || self.options.missing.iter().any(|marker| marker == text) {
            return Cell::Missing;
        }
        Cell::Text(text.to_owned())
    }

    /// The name of each column; an empty one has none.
    fn header(&self, row: u32) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for column in self.columns.clone() {
            let cell = self.cell(row, column, &mut Losses::default());
            let name = match fit(cell, Kind::Text, NumberStyle::default()) {
                Some(Cell::Text(text)) => text.split_whitespace().collect::<Vec<_>>().join(" "),
                _ => String::new(),
            };
            if !name.is_empty() && names.contains(&name) {
                let reason = format!("column `{name}` stands twice in the header");
                return Err(self.bad(row, column, reason));
            }
            names.push(name);
        }
        Ok(names)
    }
}

fn number(x: f64) -> Cell {
    if !x.is_finite() {
        Cell::Missing
    } else if x.fract() == 0.0 && x.abs() < 9e15 {
        Cell::Int(x as i64)
    } else {
        Cell::Float(x)
    }
}

/// Reads the sheet of the workbook `bytes` that the options name.
///
/// Blank rows and blank columns are left out. A column takes the narrowest kind that fits all its
/// cells, text that reads as a number or a date counting as such, as it does in delimited text.
pub(super) fn read(bytes: &[u8], path: &str, options: &ReadOptions) -> Result<Loaded> {
    let area = options.range.as_deref().map_or(Ok(Area::ALL), Area::parse)?;
    let mut book = open(bytes, path)?;
    let (sheet, warning) = pick(&book, path, options.sheet.as_ref())?;
    let range = range(&mut book, &sheet, path)?;
    let empty = || TableError::EmptyFile { path: format!("{path}, sheet `{sheet}`,") };
    let (Some(start), Some(end)) = (range.start(), range.end()) else { return Err(empty().into()) };
    let grid = Grid {
        path,
        sheet: &sheet,
        range: &range,
        options,
        columns: area.columns.0.max(start.1)..=area.columns.1.min(end.1),
    };
    let top = u64::from(area.rows.0) + options.skip as u64;
    let top = u32::try_from(top).unwrap_or(u32::MAX).max(start.0);
    let mut rows = (top..=area.rows.1.min(end.0)).filter(|row| !grid.is_blank(*row));
    let (names, header) = if options.header {
        let row = rows.next().ok_or_else(empty)?;
        (grid.header(row)?, row)
    } else {
        ((1..=grid.columns.clone().count()).map(|i| format!("x{i}")).collect(), top)
    };
    let rows: Vec<u32> = rows.collect();
    if names.is_empty() || rows.is_empty() && !options.header {
        return Err(empty().into());
    }
    if let Some((unknown, _)) = options.kinds.iter().find(|(name, _)| !names.contains(name)) {
        return Err(TableError::NoColumn {
            primitive: "load, types".into(),
            name: unknown.clone(),
            columns: names,
        }
        .into());
    }
    let mut cells = Vec::new();
    let mut losses = Vec::new();
    for column in grid.columns.clone() {
        let mut lost = Losses::default();
        cells.push(rows.iter().map(|row| grid.cell(*row, column, &mut lost)).collect::<Vec<_>>());
        losses.push(lost);
    }
    let sample = cells
        .iter()
        .flat_map(|column| column.iter().take(1000))
        .filter_map(|cell| if let Cell::Text(text) = cell { Some(text.as_str()) } else { None });
    let (style, unclear) = super::style(sample, options);
    let mut warnings: Vec<String> = warning.into_iter().collect();
    let mut columns = Vec::new();
    for (((name, cells), lost), column) in
        names.into_iter().zip(cells).zip(losses).zip(grid.columns.clone())
    {
        if name.is_empty() || !options.header {
            let first = cells.iter().position(|cell| *cell != Cell::Missing);
            match first {
                Some(_) if !options.header => {}
                Some(row) => {
                    let holds = cell_name(rows[row], column);
                    let reason =
                        format!("the header cell is empty, but {holds} below it holds a value");
                    return Err(grid.bad(header, column, reason));
                }
                None => continue,
            }
        }
        if let Some((count, first)) = lost.errors {
            warnings.push(format!(
                "load: column `{name}`: {count} cells hold errors ({first}) and are missing"
            ));
        }
        if let Some((count, first)) = lost.times {
            warnings.push(format!(
                "load: column `{name}`: the time of day is dropped in {count} cells ({first})"
            ));
        }
        let wanted = options.kinds.iter().find(|(title, _)| *title == name).map(|(_, kind)| *kind);
        let kind = wanted.unwrap_or_else(|| narrowest(&cells, style));
        if wanted.is_none() && kind == Kind::Text {
            warnings.extend(nearly(&name, &cells, &rows, column, style, unclear));
        }
        let fitted = cells.into_iter().zip(&rows).map(|(cell, row)| {
            let found = match &cell {
                Cell::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
                other => match fit(other.clone(), Kind::Text, style) {
                    Some(Cell::Text(text)) => text,
                    _ => "nothing".into(),
                },
            };
            fit(cell, kind, style).ok_or_else(|| {
                let reason = format!("found {found}, expected {}", kind.name());
                grid.bad(*row, column, reason)
            })
        });
        let fitted = fitted.collect::<Result<Vec<Cell>>>()?;
        columns.push((name, Vector::of_kind(kind, fitted)));
    }
    let table = super::finish(Table::new(columns)?, options)?;
    Ok(Loaded { table, warnings })
}

/// The narrowest kind that holds all `cells`.
fn narrowest(cells: &[Cell], style: NumberStyle) -> Kind {
    if cells.iter().all(|cell| *cell == Cell::Missing) {
        return Kind::Float;
    }
    [Kind::Int, Kind::Float, Kind::Bool, Kind::Date]
        .into_iter()
        .find(|kind| cells.iter().all(|cell| fit(cell.clone(), *kind, style).is_some()))
        .unwrap_or(Kind::Text)
}

/// A warning for a text column whose cells are mostly numbers or mostly dates.
fn nearly(
    name: &str,
    cells: &[Cell],
    rows: &[u32],
    column: u32,
    style: NumberStyle,
    unclear: bool,
) -> Option<String> {
    let present = cells.iter().filter(|cell| **cell != Cell::Missing).count();
    for (kind, what) in [(Kind::Float, "numbers"), (Kind::Date, "dates")] {
        let fits = |cell: &Cell| fit(cell.clone(), kind, style).is_some();
        let fitting = cells.iter().filter(|cell| **cell != Cell::Missing && fits(cell)).count();
        if fitting * 2 <= present {
            continue;
        }
        let row = cells.iter().position(|cell| !fits(cell))?;
        let Some(Cell::Text(found)) = fit(cells[row].clone(), Kind::Text, style) else { continue };
        let found: String = found.chars().take(40).collect();
        let mend = if unclear && found.contains(',') {
            "it could mean two numbers: say decimal: \",\" or thousands: \",\"".to_owned()
        } else {
            format!("if it means missing, say missing: \"{found}\"")
        };
        return Some(format!(
            "load: column `{name}` is text, although {fitting} of {present} cells are {what}: \
             cell {} holds `{found}`; {mend}",
            cell_name(rows[row], column)
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_read_as_spreadsheets_write_them() {
        let area = |text| Area::parse(text).unwrap();
        assert_eq!(area("B3:F20"), Area { rows: (2, 19), columns: (1, 5) });
        assert_eq!(area("$b$3:$aa$20"), Area { rows: (2, 19), columns: (1, 26) });
        assert_eq!(area("B3"), Area { rows: (2, u32::MAX), columns: (1, u32::MAX) });
        assert_eq!(area("B:F"), Area { rows: (0, u32::MAX), columns: (1, 5) });
        assert_eq!(area("3:20"), Area { rows: (2, 19), columns: (0, u32::MAX) });
        for text in ["", ":", "F20:B3", "B0", "ABCD1", "Б3", "B3:F20:G1", "B3F", "-1"] {
            assert!(Area::parse(text).is_err(), "{text}");
        }
        assert_eq!([cell_name(0, 0), cell_name(6, 25), cell_name(9, 26)], ["A1", "Z7", "AA10"]);
        assert_eq!(cell_name(0, 701), "ZZ1");
        assert_eq!(cell_name(0, 702), "AAA1");
    }
}
