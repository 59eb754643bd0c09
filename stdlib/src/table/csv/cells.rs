//! Where the cells of a piece of delimited text stand.

use std::borrow::Cow;

use super::lines;
use crate::simd::{BLOCK, bits, widest};

/// A reader of records as the format says: quotes around cells, doubled quotes inside them.
pub(super) fn records(text: &str, delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

/// Why a piece has no cells.
#[derive(Debug)]
pub(super) enum Fault {
    /// Record `row` of the piece has `found` cells.
    Ragged { row: usize, found: usize },
    /// The records cannot be told apart.
    Unreadable(String),
}

/// The cells of one piece.
pub(super) struct Cells<'t> {
    text: Cow<'t, str>,
    /// Where each cell ends in `text`, row after row; the next one starts a byte later, the first
    /// behind the one that is put before them.
    ends: &'t [u32],
    width: usize,
}

/// The end before the first cell: one byte later the text starts.
const BEFORE: u32 = u32::MAX;

impl<'t> Cells<'t> {
    /// The cells of `piece`, whose records must have `width` of them; `ends` lends room for their
    /// places, whatever it holds.
    pub(super) fn of(
        piece: &'t str,
        delimiter: u8,
        width: usize,
        ends: &'t mut Vec<u32>,
    ) -> Result<Self, Fault> {
        if piece.len() >= BEFORE as usize {
            return Err(Fault::Unreadable("a record may have up to 4 GB".into()));
        }
        match plain(piece.as_bytes(), delimiter, width, ends) {
            Some(count) => Ok(Self { text: Cow::Borrowed(piece), ends: &ends[..count], width }),
            None => Self::by_the_format(piece, delimiter, width, ends),
        }
    }

    fn by_the_format(
        piece: &str,
        delimiter: u8,
        width: usize,
        ends: &'t mut Vec<u32>,
    ) -> Result<Self, Fault> {
        let unreadable = |reason: String| Fault::Unreadable(reason);
        let mut text = Vec::with_capacity(piece.len() + 1);
        ends.clear();
        ends.push(BEFORE);
        let mut reader = records(piece, delimiter);
        let mut record = ::csv::ByteRecord::new();
        let mut row = 0;
        while reader.read_byte_record(&mut record).map_err(|e| unreadable(e.to_string()))? {
            if record.len() != width {
                return Err(Fault::Ragged { row, found: record.len() });
            }
            for cell in &record {
                text.extend_from_slice(cell);
                ends.push(text.len() as u32);
                text.push(b'\n');
            }
            row += 1;
        }
        let text = String::from_utf8(text).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { text: Cow::Owned(text), ends, width })
    }

    pub(super) fn rows(&self) -> usize {
        (self.ends.len() - 1) / self.width
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// From where to where the cells of column number `column` go in the bytes, with the space
    /// around them.
    #[inline(always)]
    pub(super) fn places(&self, column: usize) -> impl ExactSizeIterator<Item = (usize, usize)> {
        (0..self.rows()).map(move |row| {
            let cell = row * self.width + column;
            (self.ends[cell].wrapping_add(1) as usize, self.ends[cell + 1] as usize)
        })
    }

    /// The text at a place, without the space around it.
    #[inline(always)]
    pub(super) fn trimmed(&self, (start, end): (usize, usize)) -> &str {
        let text = &self.text[start..end];
        let inked = |byte: &u8| (0x21..0x80).contains(byte);
        let bytes = text.as_bytes();
        match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) if !inked(first) || !inked(last) => text.trim(),
            _ => text,
        }
    }

    /// The cells of column number `column`, without the space around them.
    pub(super) fn column(&self, column: usize) -> impl ExactSizeIterator<Item = &str> {
        self.places(column).map(|place| self.trimmed(place))
    }
}

/// Puts where the cells of a piece end into `ends`, behind [`BEFORE`], and tells how many that are, if nothing but delimiters and line ends tells
/// its records apart: no quotes, no blank lines, no line ends of old Macs, and `width` cells each.
///
/// A carriage return before a line end stays with the cell, as space that trimming takes away.
fn plain(bytes: &[u8], delimiter: u8, width: usize, ends: &mut Vec<u32>) -> Option<usize> {
    let (count, returns, pairs) = widest(
        #[inline(always)]
        || marks(bytes, delimiter, ends),
    )?;
    let ends = &ends[..count];
    // As many line ends as records, and one behind each record: so there are none within.
    let behind_records = ends.iter().skip(width).step_by(width);
    let closed = |end: &u32| bytes.get(*end as usize).is_none_or(|byte| *byte == b'\n');
    let even = ends.len() == lines(bytes) * width + 1 && behind_records.clone().all(closed);
    (even && returns == pairs).then_some(count)
}

/// Puts the places of delimiters and line ends into `ends` behind [`BEFORE`]; how many these are,
/// how many carriage returns there are and how many of them stand before a line end; `None` if
/// there are quotes or blank lines.
#[inline(always)]
fn marks(bytes: &[u8], delimiter: u8, ends: &mut Vec<u32>) -> Option<(usize, u32, u32)> {
    let room = bytes.len() / 6 + 2 * BLOCK;
    if ends.len() < room {
        ends.resize(room, BEFORE);
    }
    ends[0] = BEFORE;
    let mut count = 1;
    let (mut returns, mut pairs) = (0, 0);
    let mut before = Before { mark: 1, line: 1, carriage: 0, bare: 0 };
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    for (number, block) in blocks.iter().chain([&last]).enumerate() {
        let valid = if number < blocks.len() { u64::MAX } else { !(u64::MAX << rest.len()) };
        let mut marks = bits(
            block,
            #[inline(always)]
            |b| b == delimiter || b == b'\n',
        ) & valid;
        let mut odd = 0;
        for byte in block {
            odd |= u8::from(*byte == b'"') | u8::from(*byte == b'\r');
        }
        // Only then may there be a quote or a blank line.
        if odd != 0 || marks & (marks << 1 | before.mark) != 0 || before.carriage != 0 {
            let line = bits(
                block,
                #[inline(always)]
                |b| b == b'\n',
            ) & valid;
            let carriage = bits(
                block,
                #[inline(always)]
                |b| b == b'\r',
            ) & valid;
            let quote = bits(
                block,
                #[inline(always)]
                |b| b == b'"',
            ) & valid;
            let bare = carriage & (line << 1 | before.line);
            let blank = line & (line << 1 | before.line | bare << 1 | before.bare);
            if quote | blank != 0 {
                return None;
            }
            returns += carriage.count_ones();
            pairs += (line & (carriage << 1 | before.carriage)).count_ones();
            before.carriage = carriage >> 63;
            before.bare = bare >> 63;
        }
        before.mark = marks >> 63;
        before.line = u64::from(block[BLOCK - 1] == b'\n');
        // And one for an end that no sign marks.
        if ends.len() <= count + BLOCK {
            ends.resize(2 * ends.len() + BLOCK, BEFORE);
        }
        let from = (number * BLOCK) as u32;
        for end in &mut ends[count..count + marks.count_ones() as usize] {
            *end = from + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
            count += 1;
        }
    }
    if bytes.last().is_some_and(|byte| *byte != b'\n') {
        ends[count] = bytes.len() as u32;
        count += 1;
    }
    Some((count, returns, pairs))
}

/// What the byte before a block is, as the lowest bit.
struct Before {
    /// A delimiter or the end of a line; a text begins as if behind one.
    mark: u64,
    line: u64,
    carriage: u64,
    /// A carriage return behind the end of a line.
    bare: u64,
}
