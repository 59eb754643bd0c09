//! Columns of the narrowest kind, out of pieces that are read side by side.
//!
//! Every piece reads each of its columns as the narrowest kind that fits all its cells, starting
//! from the kind that the pieces before it needed. Kinds only ever widen, and what they widen to
//! does not depend on the order of the pieces; those that were read as a narrower kind than the
//! whole column turns out to have are read again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
    new_null_array,
};
use arrow_buffer::{NullBuffer, NullBufferBuilder, ScalarBuffer};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::cells::{Cells, Fault, records};
use super::{ReadOptions, newlines, truth};
use crate::context::Context;
use crate::error::Result;
use crate::table::date::Date;
use crate::table::error::TableError;
use crate::table::frame::Kind;
use crate::table::read::NumberStyle;

/// What a column needs to be, from the narrowest to the widest; the numbers order no kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Need {
    /// No cell holds a value.
    Nothing,
    Int,
    Float,
    Bool,
    Date,
    Text,
}

impl Need {
    const ALL: [Self; 6] =
        [Self::Nothing, Self::Int, Self::Float, Self::Bool, Self::Date, Self::Text];

    /// What a column of both needs: integers fit among floats, all else only among texts.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Nothing, other) | (other, Self::Nothing) => other,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            _ => Self::Text,
        }
    }

    /// The kinds to try where the pieces before need this, narrowest first.
    fn onwards(self) -> &'static [Self] {
        match self {
            Self::Nothing | Self::Int => &Self::ALL[1..],
            Self::Float => &[Self::Float, Self::Text],
            Self::Bool => &[Self::Bool, Self::Text],
            Self::Date => &[Self::Date, Self::Text],
            Self::Text => &[Self::Text],
        }
    }

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Int,
            Kind::Float => Self::Float,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Text => Self::Text,
        }
    }
}

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

/// The cells of one column in one piece.
struct Part {
    need: Need,
    array: ArrayRef,
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

/// A file's text in pieces, and how to read them.
pub(super) struct Reading<'a> {
    pub name: &'a str,
    pub delimiter: u8,
    /// Whole records each.
    pub pieces: Vec<&'a str>,
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
        let parts = self.all(|cells| {
            (0..self.titles.len())
                .map(|column| {
                    if !self.wanted[column] {
                        return Ok(None);
                    }
                    let read = |text: &str| self.is_missing(text);
                    let part = match given[column] {
                        Some(kind) => self.given(cells, column, kind)?,
                        None => narrowest(cells, column, needs[column].get(), self.style, read),
                    };
                    needs[column].widen(part.need);
                    Ok(Some(part))
                })
                .collect::<Result<Vec<Option<Part>>, Stop>>()
        })?;
        let rows: Vec<usize> = parts.iter().map(|(rows, _)| *rows).collect();
        let needs: Vec<Need> = needs.iter().map(Shared::get).collect();
        let mut parts: Vec<Vec<Option<Part>>> = parts.into_iter().map(|(_, part)| part).collect();
        self.widen(&mut parts, &needs)?;
        let columns = (0..self.titles.len())
            .into_par_iter()
            .map(|column| {
                let own: Option<Vec<&Part>> =
                    parts.iter().map(|piece| piece[column].as_ref()).collect();
                own.map(|own| self.joined(&own, needs[column], &rows, column)).transpose()
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

    /// What `read` makes of every piece's cells, with the rows of the piece; where some fail, the
    /// error of the first.
    fn all<T: Send>(
        &self,
        read: impl Fn(&Cells<'_>) -> Result<T, Stop> + Sync,
    ) -> Result<Vec<(usize, T)>> {
        let stopped = AtomicUsize::new(usize::MAX);
        let read = |(number, piece): (usize, &&str)| {
            if self.context.cancelled() {
                return Err(Stop::Cancelled);
            }
            if stopped.load(Ordering::Relaxed) < number {
                return Err(Stop::Behind);
            }
            let outcome = Cells::of(piece, self.delimiter, self.titles.len())
                .map_err(Stop::Records)
                .and_then(|cells| Ok((cells.rows(), read(&cells)?)));
            if outcome.is_err() {
                stopped.fetch_min(number, Ordering::Relaxed);
            }
            outcome
        };
        let outcomes: Vec<Result<(usize, T), Stop>> =
            self.pieces.par_iter().enumerate().map(read).collect();
        self.context.check()?;
        let mut found = Vec::with_capacity(outcomes.len());
        for (number, outcome) in outcomes.into_iter().enumerate() {
            found.push(outcome.map_err(|stop| self.error(number, stop))?);
        }
        Ok(found)
    }

    /// Reads the parts again that are narrower than their column.
    fn widen(&self, parts: &mut [Vec<Option<Part>>], needs: &[Need]) -> Result<()> {
        let narrow = |part: &Option<Part>, need: Need| {
            part.as_ref().is_some_and(|part| part.need != need && part.need != Need::Nothing)
        };
        let behind = |piece: &[Option<Part>]| -> Vec<usize> {
            (0..piece.len()).filter(|column| narrow(&piece[*column], needs[*column])).collect()
        };
        parts
            .par_iter_mut()
            .enumerate()
            .map(|(number, piece)| {
                let columns = behind(piece);
                if columns.is_empty() {
                    return Ok(());
                }
                self.context.check()?;
                let cells = Cells::of(self.pieces[number], self.delimiter, self.titles.len())
                    .map_err(|fault| self.error(number, Stop::Records(fault)))?;
                for column in columns {
                    let is_missing = |text: &str| self.is_missing(text);
                    piece[column] =
                        Some(narrowest(&cells, column, needs[column], self.style, is_missing));
                }
                Ok(())
            })
            .collect()
    }

    fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || self.options.missing.iter().any(|marker| marker == text)
    }

    /// The cells of `column` as `kind`, which the user asked for.
    fn given(&self, cells: &Cells<'_>, column: usize, kind: Kind) -> Result<Part, Stop> {
        let is_missing = |text: &str| self.is_missing(text);
        let need = Need::of(kind);
        if let Some(array) = read_as(cells, column, need, self.style, is_missing) {
            return Ok(Part { need, array });
        }
        let style = self.style;
        let accept = |text: &str| match kind {
            Kind::Int => style.int(text).is_some(),
            Kind::Float => style.float(text).is_some(),
            Kind::Bool => truth(text).is_some(),
            Kind::Date => Date::parse(text).is_some(),
            Kind::Text => true,
        };
        let bad = cells.column(column).position(|text| !is_missing(text) && !accept(text));
        let row = bad.unwrap_or(0);
        let found = cells.column(column).nth(row).unwrap_or("");
        let found = found.chars().take(40).collect();
        Err(Stop::Misfit { row, column, found, kind })
    }

    /// The parts of one column below each other.
    fn joined(
        &self,
        parts: &[&Part],
        need: Need,
        rows: &[usize],
        column: usize,
    ) -> Result<ArrayRef> {
        let kind = match need {
            Need::Nothing | Need::Float => DataType::Float64,
            Need::Int => DataType::Int64,
            Need::Bool => DataType::Boolean,
            Need::Date => DataType::Date32,
            Need::Text => DataType::Utf8,
        };
        let arrays: Vec<ArrayRef> = parts
            .iter()
            .zip(rows)
            .map(|(part, rows)| match part.need {
                Need::Nothing => new_null_array(&kind, *rows),
                _ => Arc::clone(&part.array),
            })
            .collect();
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
        let before: usize = self.pieces[..piece].par_iter().map(|text| newlines(text)).sum();
        let text = self.pieces[piece];
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

/// The cells of `column` as the narrowest kind that fits them, from what `need` allows.
fn narrowest(
    cells: &Cells<'_>,
    column: usize,
    need: Need,
    style: NumberStyle,
    is_missing: impl Fn(&str) -> bool + Copy,
) -> Part {
    for need in need.onwards() {
        if let Some(array) = read_as(cells, column, *need, style, is_missing) {
            let blank = array.null_count() == array.len();
            return Part { need: if blank { Need::Nothing } else { *need }, array };
        }
    }
    unreachable!("every cell reads as text")
}

/// The cells of `column` as `need`, or `None` where one does not fit.
fn read_as(
    cells: &Cells<'_>,
    column: usize,
    need: Need,
    style: NumberStyle,
    is_missing: impl Fn(&str) -> bool + Copy,
) -> Option<ArrayRef> {
    Some(match need {
        Need::Int => {
            let (values, nulls) = values(cells, column, is_missing, |text| style.int(text))?;
            Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls))
        }
        Need::Float | Need::Nothing => {
            let (values, nulls) = values(cells, column, is_missing, |text| style.float(text))?;
            Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
        }
        Need::Date => {
            let days = |text: &str| Date::parse(text).map(Date::days);
            let (values, nulls) = values(cells, column, is_missing, days)?;
            Arc::new(Date32Array::new(ScalarBuffer::from(values), nulls))
        }
        Need::Bool => {
            let (values, nulls) = values(cells, column, is_missing, truth)?;
            Arc::new(BooleanArray::new(values.into(), nulls))
        }
        Need::Text => {
            let texts = cells.column(column);
            Arc::new(texts.map(|text| (!is_missing(text)).then_some(text)).collect::<StringArray>())
        }
    })
}

/// Every cell through `read`, missing ones apart, or `None` at the first that does not fit.
fn values<T: Default>(
    cells: &Cells<'_>,
    column: usize,
    is_missing: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<T>,
) -> Option<(Vec<T>, Option<NullBuffer>)> {
    let mut values = Vec::with_capacity(cells.rows());
    let mut nulls = NullBufferBuilder::new(cells.rows());
    for text in cells.column(column) {
        if is_missing(text) {
            values.push(T::default());
            nulls.append_null();
        } else {
            values.push(read(text)?);
            nulls.append_non_null();
        }
    }
    Some((values, nulls.finish()))
}
