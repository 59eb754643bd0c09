//! Columns of the narrowest kind, out of pieces that are read side by side.
//!
//! Every piece reads each of its columns as the narrowest kind that fits all its cells, starting
//! from the kind that the pieces before it needed. Kinds only ever widen, and what they widen to
//! does not depend on the order of the pieces; those that were read as a narrower kind than the
//! whole column turns out to have are read again.
//!
//! Most columns are numbers, and a column of them is laid out before it is read, so that every
//! piece writes its share in place; the first piece tells which columns those probably are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use arrow_array::{Array, ArrayRef, StringArray, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use rayon::prelude::*;

use super::cells::{Cells, Fault, records};
use super::parts::{Layout, Markers, Need, Own, Part, Share, narrowest, read_as, shares};
use super::pieces::Pieces;
use super::{ReadOptions, newlines, truth};
use crate::context::Context;
use crate::error::Result;
use crate::table::date::Date;
use crate::table::error::TableError;
use crate::table::frame::Kind;
use crate::table::read::NumberStyle;

/// A column's need as all threads see it grow.
struct Shared(AtomicU8);

impl Shared {
    fn get(&self) -> Need {
        Need::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    fn widen(&self, need: Need) {
        let wider = |old: u8| {
            let both = Need::ALL[usize::from(old)].with(need) as u8;
            (both != old).then_some(both)
        };
        // An error means that it is wide enough already.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, wider);
    }
}

/// What stops a piece.
enum Stop {
    Records(Fault),
    /// A cell that is not of the kind asked for.
    Misfit {
        row: usize,
        column: usize,
        found: String,
        kind: Kind,
    },
    Cancelled,
    /// A piece before this one has stopped.
    Behind,
}

/// What the reading of one piece needs and the next can use again.
#[derive(Default)]
struct Room {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// A file's text in pieces, and how to read them.
pub(super) struct Reading<'a> {
    pub name: &'a str,
    pub delimiter: u8,
    pub pieces: Pieces<'a>,
    /// Number of the first piece's first line.
    pub line: usize,
    pub titles: &'a [String],
    /// Whether each column is read at all.
    pub wanted: Vec<bool>,
    pub style: NumberStyle,
    /// Whether some cells could be read as two numbers.
    pub unclear: bool,
    pub options: &'a ReadOptions,
    pub context: &'a Context,
}

impl Reading<'_> {
    /// The columns in order, `None` where one is not wanted, and warnings.
    pub(super) fn columns(&self) -> Result<(Vec<Option<ArrayRef>>, Vec<String>)> {
        let given: Vec<Option<Kind>> = self
            .titles
            .iter()
            .map(|title| self.options.kinds.iter().find(|(name, _)| name == title))
            .map(|found| found.map(|(_, kind)| *kind))
            .collect();
        let first = |kind: &Option<Kind>| kind.map_or(Need::Nothing, Need::of);
        let needs: Vec<Shared> =
            given.iter().map(|kind| Shared(AtomicU8::new(first(kind) as u8))).collect();
        let markers = Markers::of(&self.options.missing);
        let read = |cells: &Cells<'_>, shares: &mut [Share<'_>]| {
            let part = |(column, share): (usize, &mut Share<'_>)| {
                if !self.wanted[column] {
                    return Ok(None);
                }
                let part = match given[column] {
                    Some(kind) => self.given(cells, column, kind, share, &markers)?,
                    None => {
                        narrowest(cells, column, needs[column].get(), self.style, share, &markers)
                    }
                };
                needs[column].widen(part.need);
                Ok(Some(part))
            };
            shares.iter_mut().enumerate().map(part).collect::<Result<Vec<Option<Part>>, Stop>>()
        };
        let lines = self.pieces.lines();
        if self.pieces.len() > 1 {
            let mut nowhere: Vec<Share<'_>> = self.titles.iter().map(|_| Share::None).collect();
            // Where this fails, so will the reading that says why.
            let _ = self.piece(0, &mut Room::default(), |cells| read(cells, &mut nowhere));
        }
        let total = if self.pieces.len() > 1 { lines.iter().sum() } else { 0 };
        let layout = |(column, need): (usize, &Shared)| {
            if total == 0 || !self.wanted[column] {
                return Layout::None;
            }
            Layout::of(need.get(), total)
        };
        let mut layouts: Vec<Layout> = needs.iter().enumerate().map(layout).collect();
        let parts = self.all(shares(&mut layouts, lines), read)?;
        let rows: Vec<usize> = parts.iter().map(|(rows, _)| *rows).collect();
        let needs: Vec<Need> = needs.iter().map(Shared::get).collect();
        let mut parts: Vec<Vec<Option<Part>>> = parts.into_iter().map(|(_, part)| part).collect();
        self.widen(&mut parts, &needs, &markers)?;
        let columns = layouts
            .into_par_iter()
            .enumerate()
            .map(|(column, layout)| {
                let own: Option<Vec<&Part>> =
                    parts.iter().map(|piece| piece[column].as_ref()).collect();
                own.map(|own| self.joined(&own, needs[column], layout, lines, &rows, column))
                    .transpose()
            })
            .collect::<Result<Vec<Option<ArrayRef>>>>()?;
        let mut warnings = Vec::new();
        for (column, array) in columns.iter().enumerate() {
            if given[column].is_none()
                && let Some(texts) = array.as_ref().and_then(|a| a.as_any().downcast_ref())
            {
                warnings.extend(self.nearly(column, texts, &rows));
            }
        }
        Ok((columns, warnings))
    }

    /// What `read` makes of every piece's cells and shares, with the rows of the piece; where some
    /// fail, the error of the first.
    fn all<T: Send>(
        &self,
        shares: Vec<Vec<Share<'_>>>,
        read: impl Fn(&Cells<'_>, &mut [Share<'_>]) -> Result<T, Stop> + Sync,
    ) -> Result<Vec<(usize, T)>> {
        let stopped = AtomicUsize::new(usize::MAX);
        let read = |room: &mut Room, (number, mut shares): (usize, Vec<Share<'_>>)| {
            if self.context.cancelled() {
                return Err(Stop::Cancelled);
            }
            if stopped.load(Ordering::Relaxed) < number {
                return Err(Stop::Behind);
            }
            let outcome =
                self.piece(number, room, |cells| Ok((cells.rows(), read(cells, &mut shares)?)));
            if outcome.is_err() {
                stopped.fetch_min(number, Ordering::Relaxed);
            }
            outcome
        };
        let outcomes: Vec<Result<(usize, T), Stop>> =
            shares.into_par_iter().enumerate().map_init(Room::default, read).collect();
        self.context.check()?;
        let mut found = Vec::with_capacity(outcomes.len());
        for (number, outcome) in outcomes.into_iter().enumerate() {
            found.push(outcome.map_err(|stop| self.error(number, stop))?);
        }
        Ok(found)
    }

    /// What `read` makes of the cells of piece number `number`.
    fn piece<T>(
        &self,
        number: usize,
        room: &mut Room,
        read: impl FnOnce(&Cells<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let text = self.pieces.get(number, &mut room.bytes).map_err(Stop::Records)?;
        let cells = Cells::of(text, self.delimiter, self.titles.len(), &mut room.ends);
        read(&cells.map_err(Stop::Records)?)
    }

    /// Reads the parts again that are narrower than their column.
    fn widen(
        &self,
        parts: &mut [Vec<Option<Part>>],
        needs: &[Need],
        markers: &Markers<'_>,
    ) -> Result<()> {
        let narrow = |part: &Option<Part>, need: Need| {
            part.as_ref().is_some_and(|part| part.need != need && part.need != Need::Nothing)
        };
        let behind = |piece: &[Option<Part>]| -> Vec<usize> {
            (0..piece.len()).filter(|column| narrow(&piece[*column], needs[*column])).collect()
        };
        parts
            .par_iter_mut()
            .enumerate()
            .map_init(Room::default, |room, (number, piece)| {
                let columns = behind(piece);
                if columns.is_empty() {
                    return Ok(());
                }
                self.context.check()?;
                let again = |cells: &Cells<'_>| {
                    for column in columns {
                        let (need, nowhere) = (needs[column], &mut Share::None);
                        piece[column] =
                            Some(narrowest(cells, column, need, self.style, nowhere, markers));
                    }
                    Ok(())
                };
                self.piece(number, room, again).map_err(|stop| self.error(number, stop))
            })
            .collect()
    }

    /// The cells of `column` as `kind`, which the user asked for.
    fn given(
        &self,
        cells: &Cells<'_>,
        column: usize,
        kind: Kind,
        share: &mut Share<'_>,
        markers: &Markers<'_>,
    ) -> Result<Part, Stop> {
        let need = Need::of(kind);
        if let Some((cells, _)) = read_as(cells, column, need, self.style, share, markers) {
            return Ok(Part { need, cells });
        }
        let style = self.style;
        let accept = |text: &str| match kind {
            Kind::Int => style.int(text).is_some(),
            Kind::Float => style.float(text).is_some(),
            Kind::Bool => truth(text).is_some(),
            Kind::Date => Date::parse(text).is_some(),
            Kind::Text => true,
        };
        let bad = cells.column(column).position(|text| !markers.include(text) && !accept(text));
        let row = bad.unwrap_or(0);
        let found = cells.column(column).nth(row).unwrap_or("");
        let found = found.chars().take(40).collect();
        Err(Stop::Misfit { row, column, found, kind })
    }

    /// The parts of one column below each other; `lines` counts what each of them has of `layout`.
    fn joined(
        &self,
        parts: &[&Part],
        need: Need,
        layout: Layout,
        lines: &[usize],
        rows: &[usize],
        column: usize,
    ) -> Result<ArrayRef> {
        let shared: Option<Vec<&Option<NullBuffer>>> = parts
            .iter()
            .map(|part| match &part.cells {
                Own::Shared(gaps) => Some(gaps),
                Own::Array(_) => None,
            })
            .collect();
        let kind = match need {
            Need::Nothing | Need::Float => DataType::Float64,
            Need::Int => DataType::Int64,
            Need::Bool => DataType::Boolean,
            Need::Date => DataType::Date32,
            Need::Text => DataType::Utf8,
        };
        let laid = matches!(
            (&layout, need),
            (Layout::Int(_), Need::Int) | (Layout::Float(_), Need::Float | Need::Nothing)
        );
        if let (true, Some(gaps)) = (laid, shared) {
            return Ok(layout.column(gaps.into_iter().zip(rows.iter().copied())));
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(parts.len());
        let mut start = 0;
        for ((part, rows), lines) in parts.iter().zip(rows).zip(lines) {
            arrays.push(match &part.cells {
                _ if part.need == Need::Nothing => new_null_array(&kind, *rows),
                Own::Array(array) => Arc::clone(array),
                Own::Shared(gaps) => layout.copy(start, *rows, gaps.as_ref()),
            });
            start += lines;
        }
        if let [only] = arrays.as_slice() {
            return Ok(Arc::clone(only));
        }
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        arrow_select::concat::concat(&arrays).map_err(|_| {
            TableError::Unreadable {
                path: self.name.to_owned(),
                reason: format!("column `{}` holds over 2 GB of text", self.titles[column]),
            }
            .into()
        })
    }

    fn error(&self, piece: usize, stop: Stop) -> crate::Error {
        let path = self.name.to_owned();
        match stop {
            Stop::Cancelled | Stop::Behind => crate::Error::Interrupted,
            Stop::Records(Fault::Unreadable(reason)) => {
                TableError::Unreadable { path, reason }.into()
            }
            Stop::Records(Fault::Ragged { row, found }) => {
                let line = self.line_of(piece, row) as u64;
                TableError::Ragged { path, line, found, expected: self.titles.len() }.into()
            }
            Stop::Misfit { row, column, found, kind } => TableError::BadValue {
                path,
                line: self.line_of(piece, row) as u64,
                column: column + 1,
                title: self.titles[column].clone(),
                found,
                expected: match kind {
                    Kind::Date => "date (2023-01-31 or 31.01.2023)".into(),
                    kind => kind.to_string(),
                },
            }
            .into(),
        }
    }

    /// The line that record `row` of piece number `piece` begins on.
    fn line_of(&self, piece: usize, row: usize) -> usize {
        // Every piece but the last closes its last line.
        let before: usize = self.pieces.lines()[..piece].iter().sum();
        let mut room = Vec::new();
        let text = self.pieces.get(piece, &mut room).unwrap_or("");
        let mut reader = records(text, self.delimiter);
        let mut record = ::csv::ByteRecord::new();
        for _ in 0..=row {
            if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
                break;
            }
        }
        // A record's position is that of the blank lines before it.
        let from = record.position().map_or(0, |at| at.byte() as usize).min(text.len());
        let blank = text.as_bytes()[from..].iter().take_while(|b| matches!(b, b'\n' | b'\r'));
        self.line + before + newlines(&text[..from + blank.count()])
    }

    /// The line of the whole file's row `row`; `rows` counts those of each piece.
    fn line_of_row(&self, row: usize, rows: &[usize]) -> usize {
        let mut row = row;
        for (piece, count) in rows.iter().enumerate() {
            if row < *count {
                return self.line_of(piece, row);
            }
            row -= count;
        }
        self.line
    }

    /// A warning for a text column whose cells are mostly numbers or mostly dates.
    fn nearly(&self, column: usize, texts: &StringArray, rows: &[usize]) -> Option<String> {
        let title = &self.titles[column];
        let present = texts.len() - texts.null_count();
        let share = |accept: &(dyn Fn(&str) -> bool + Sync)| {
            let fits = |row: &usize| texts.is_valid(*row) && accept(texts.value(*row));
            (0..texts.len()).into_par_iter().filter(fits).count()
        };
        let first = |accept: &dyn Fn(&str) -> bool| {
            let odd = |row: &usize| texts.is_valid(*row) && !accept(texts.value(*row));
            let row = (0..texts.len()).find(odd)?;
            Some((self.line_of_row(row, rows), texts.value(row)))
        };
        let is_date = |text: &str| Date::parse(text).is_some();
        let dates = share(&is_date);
        if dates * 2 > present {
            let (line, found) = first(&is_date)?;
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
        let numbers = share(&any);
        if numbers * 2 <= present {
            return None;
        }
        let style = self.style;
        let (line, found) = first(&|text: &str| style.float(text).is_some())?;
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

#[cfg(test)]
mod tests {
    use super::super::read_str;
    use super::*;
    use crate::table::vector::Cell;

    /// Enough rows for several pieces.
    const ROWS: usize = 60_000;

    #[test]
    fn what_comes_late_in_a_file_is_read_as_if_it_came_early() {
        let odd = 45_000;
        for (line, mark) in [("\n", ""), ("\r\n", ""), ("\n", "\""), ("\n", "\n")] {
            let mut text = format!("whole,widened,gaps,late,words{line}");
            for i in 0..ROWS {
                let widened = if i == odd { "0.5".to_owned() } else { i.to_string() };
                let gap = if i % 1000 == 7 { "NA".to_owned() } else { format!("{}.25", i % 9) };
                let late = if i < odd { String::new() } else { format!("-{i}") };
                let word = if i == odd { format!("{mark}Ы{mark}") } else { format!(" {i}.1") };
                let word = if mark == "\n" { word.replace('\n', "") } else { word };
                text += &format!("{i},{widened},{gap},{late},{word}{line}");
                if mark == "\n" && i == odd {
                    text += line;
                }
            }
            let table = read_str(&text, "f.csv", &ReadOptions::default()).unwrap();
            assert_eq!(table.nrow(), ROWS);
            let kinds = [Kind::Int, Kind::Float, Kind::Float, Kind::Int, Kind::Text];
            assert_eq!(table.kinds(), kinds);
            for i in (0..ROWS).filter(|i| i % 500 == 7 || i.abs_diff(odd) < 3) {
                let gap =
                    if i % 1000 == 7 { Cell::Missing } else { Cell::Float((i % 9) as f64 + 0.25) };
                let cells = [
                    Cell::Int(i as i64),
                    Cell::Float(if i == odd { 0.5 } else { i as f64 }),
                    gap,
                    if i < odd { Cell::Missing } else { Cell::Int(-(i as i64)) },
                    Cell::Text(if i == odd { "Ы".into() } else { format!("{i}.1") }),
                ];
                for (column, cell) in cells.into_iter().enumerate() {
                    assert_eq!(table.cell(i, column), cell, "row {i}, column {column}");
                }
            }
        }
    }

    #[test]
    fn numbers_can_mean_missing() {
        let mut text = String::from("a,b\n");
        for i in 0..ROWS {
            text += &format!("{},{i}.5\n", if i % 2 == 0 { -999 } else { 1 });
        }
        let missing = vec!["-999".to_owned()];
        let options = ReadOptions { missing, ..ReadOptions::default() };
        let table = read_str(&text, "f.csv", &options).unwrap();
        assert_eq!([table.cell(50_000, 0), table.cell(50_001, 0)], [Cell::Missing, Cell::Int(1)]);
    }
}
