//! Cells of one column in one piece, as the kind that the column needs.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array};
use arrow_buffer::{NullBuffer, NullBufferBuilder};

use super::cells::Cells;
use super::truth;
use crate::table::date::Date;
use crate::table::frame::Kind;
use crate::table::read::{Digits, NumberStyle};

/// What a column needs to be, from the narrowest to the widest; the numbers order no kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Need {
    /// No cell holds a value.
    Nothing,
    Int,
    Float,
    Bool,
    Date,
    Text,
}

impl Need {
    pub(super) const ALL: [Self; 6] =
        [Self::Nothing, Self::Int, Self::Float, Self::Bool, Self::Date, Self::Text];

    /// What a column of both needs: integers fit among floats, all else only among texts.
    pub(super) fn with(self, other: Self) -> Self {
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

    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Int,
            Kind::Float => Self::Float,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Text => Self::Text,
        }
    }
}

/// The cells of one column in one piece.
pub(super) struct Part {
    pub need: Need,
    pub cells: Own,
}

/// Where the cells of a part are.
pub(super) enum Own {
    /// In the piece's share of the column.
    Shared(Option<NullBuffer>),
    /// In an array of their own.
    Array(ArrayRef),
}

/// A column of numbers as it is being written.
pub(super) enum Layout {
    None,
    Int(Vec<i64>),
    Float(Vec<f64>),
}

/// A piece's share of a [`Layout`].
pub(super) enum Share<'s> {
    None,
    Int(&'s mut [i64]),
    Float(&'s mut [f64]),
}

impl Layout {
    pub(super) fn of(need: Need, rows: usize) -> Self {
        match need {
            Need::Int => Self::Int(vec![0; rows]),
            Need::Float => Self::Float(vec![0.0; rows]),
            _ => Self::None,
        }
    }

    /// The shares of pieces that have `rows` each.
    fn shares(&mut self, rows: &[usize]) -> Vec<Share<'_>> {
        fn cut<'s, T>(
            mut rest: &'s mut [T],
            rows: &[usize],
            share: fn(&'s mut [T]) -> Share<'s>,
        ) -> Vec<Share<'s>> {
            let next = |rows: &usize| {
                let (own, behind) = std::mem::take(&mut rest).split_at_mut(*rows);
                rest = behind;
                share(own)
            };
            rows.iter().map(next).collect()
        }
        match self {
            Self::None => rows.iter().map(|_| Share::None).collect(),
            Self::Int(values) => cut(values, rows, Share::Int),
            Self::Float(values) => cut(values, rows, Share::Float),
        }
    }

    /// The whole column with the gaps of its parts, `rows` each.
    pub(super) fn column<'p>(
        self,
        parts: impl Iterator<Item = (&'p Option<NullBuffer>, usize)>,
    ) -> ArrayRef {
        let mut nulls = NullBufferBuilder::new(0);
        for (gaps, rows) in parts {
            match gaps {
                Some(gaps) => nulls.append_buffer(gaps),
                None => nulls.append_n_non_nulls(rows),
            }
        }
        match self {
            Self::Int(values) => Arc::new(Int64Array::new(values.into(), nulls.finish())),
            Self::Float(values) => Arc::new(Float64Array::new(values.into(), nulls.finish())),
            Self::None => unreachable!("nothing was written in place"),
        }
    }

    /// A copy of the rows from `start`, as many as `gaps` speaks of or `rows`.
    pub(super) fn copy(&self, start: usize, rows: usize, gaps: Option<&NullBuffer>) -> ArrayRef {
        match self {
            Self::Int(values) => {
                let values = values[start..start + rows].to_vec();
                Arc::new(Int64Array::new(values.into(), gaps.cloned()))
            }
            Self::Float(values) => {
                let values = values[start..start + rows].to_vec();
                Arc::new(Float64Array::new(values.into(), gaps.cloned()))
            }
            Self::None => unreachable!("nothing was written in place"),
        }
    }
}

/// Which texts mean that a cell is missing.
pub(super) struct Markers<'a> {
    texts: &'a [String],
    /// Whether one of them could be a number.
    numeric: bool,
}

impl<'a> Markers<'a> {
    pub(super) fn of(texts: &'a [String]) -> Self {
        let number = |text: &String| text.bytes().any(|byte| byte.is_ascii_digit());
        Self { texts, numeric: texts.iter().any(number) }
    }

    pub(super) fn include(&self, text: &str) -> bool {
        text.is_empty() || self.texts.iter().any(|marker| marker == text)
    }
}

/// The shares of every piece, column by column.
pub(super) fn shares<'s>(layouts: &'s mut [Layout], rows: &[usize]) -> Vec<Vec<Share<'s>>> {
    let mut pieces: Vec<Vec<Share<'s>>> = rows.iter().map(|_| Vec::new()).collect();
    for layout in layouts {
        for (piece, share) in pieces.iter_mut().zip(layout.shares(rows)) {
            piece.push(share);
        }
    }
    pieces
}

/// The cells of `column` as the narrowest kind that fits them, from what `need` allows.
pub(super) fn narrowest(
    cells: &Cells<'_>,
    column: usize,
    need: Need,
    style: NumberStyle,
    share: &mut Share<'_>,
    markers: &Markers<'_>,
) -> Part {
    for need in need.onwards() {
        if let Some((own, gaps)) = read_as(cells, column, *need, style, share, markers) {
            let blank = gaps == cells.rows();
            return Part { need: if blank { Need::Nothing } else { *need }, cells: own };
        }
    }
    unreachable!("every cell reads as text")
}

/// The cells of `column` as `need` and how many are missing, or `None` where one does not fit.
///
/// They are written into `share` if it is one of their kind and of their number.
pub(super) fn read_as(
    cells: &Cells<'_>,
    column: usize,
    need: Need,
    style: NumberStyle,
    share: &mut Share<'_>,
    markers: &Markers<'_>,
) -> Option<(Own, usize)> {
    let rows = cells.rows();
    let gaps = |nulls: &Option<NullBuffer>| nulls.as_ref().map_or(0, NullBuffer::null_count);
    let mark = style.decimal as u8;
    let array: ArrayRef = match need {
        Need::Int => {
            let read = |text: &str| style.int(text);
            if let Share::Int(share) = share
                && share.len() == rows
            {
                let nulls =
                    numbers(cells, column, markers, share, mark, Digits::int, read)?.finish();
                let count = gaps(&nulls);
                return Some((Own::Shared(nulls), count));
            }
            let mut values = vec![0; rows];
            let nulls =
                numbers(cells, column, markers, &mut values, mark, Digits::int, read)?.finish();
            Arc::new(Int64Array::new(values.into(), nulls))
        }
        Need::Float | Need::Nothing => {
            let read = |text: &str| style.float(text);
            if let Share::Float(share) = share
                && share.len() == rows
            {
                let nulls =
                    numbers(cells, column, markers, share, mark, Digits::float, read)?.finish();
                let count = gaps(&nulls);
                return Some((Own::Shared(nulls), count));
            }
            let mut values = vec![0.0; rows];
            let nulls =
                numbers(cells, column, markers, &mut values, mark, Digits::float, read)?.finish();
            Arc::new(Float64Array::new(values.into(), nulls))
        }
        Need::Date => {
            let mut days = vec![0; rows];
            let read = |text: &str| Date::parse(text).map(Date::days);
            let nulls = values(cells, column, markers, &mut days, read)?.finish();
            Arc::new(Date32Array::new(days.into(), nulls))
        }
        Need::Bool => {
            let mut truths = vec![false; rows];
            let nulls = values(cells, column, markers, &mut truths, truth)?.finish();
            Arc::new(BooleanArray::new(truths.into(), nulls))
        }
        Need::Text => {
            let mut texts = StringBuilder::with_capacity(rows, 8 * rows);
            for text in cells.column(column) {
                texts.append_option((!markers.include(text)).then_some(text));
            }
            Arc::new(texts.finish())
        }
    };
    let gaps = array.null_count();
    Some((Own::Array(array), gaps))
}

/// As [`values`], but what is written plainly with the decimal `mark` goes through `quick`.
#[inline(always)]
fn numbers<T: Copy + Default>(
    cells: &Cells<'_>,
    column: usize,
    markers: &Markers<'_>,
    values: &mut [T],
    mark: u8,
    quick: impl Fn(Digits) -> Option<T>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<NullBufferBuilder> {
    if markers.numeric {
        return self::values(cells, column, markers, values, read);
    }
    let mut nulls = NullBufferBuilder::new(values.len());
    let bytes = cells.bytes();
    for (value, (start, end)) in values.iter_mut().zip(cells.places(column)) {
        if let Some(number) = Digits::at(bytes, start, end, mark).and_then(&quick) {
            *value = number;
            nulls.append_non_null();
        } else {
            *value = one(cells.trimmed((start, end)), markers, &mut nulls, &read)?;
        }
    }
    Some(nulls)
}

/// Every cell through `read` into `values`, and which of them are there; `None` at the first that does
/// not fit.
fn values<T: Copy + Default>(
    cells: &Cells<'_>,
    column: usize,
    markers: &Markers<'_>,
    values: &mut [T],
    read: impl Fn(&str) -> Option<T>,
) -> Option<NullBufferBuilder> {
    let mut nulls = NullBufferBuilder::new(values.len());
    for (value, text) in values.iter_mut().zip(cells.column(column)) {
        *value = one(text, markers, &mut nulls, &read)?;
    }
    Some(nulls)
}

fn one<T: Default>(
    text: &str,
    markers: &Markers<'_>,
    nulls: &mut NullBufferBuilder,
    read: &impl Fn(&str) -> Option<T>,
) -> Option<T> {
    if markers.include(text) {
        nulls.append_null();
        return Some(T::default());
    }
    nulls.append_non_null();
    read(text)
}
