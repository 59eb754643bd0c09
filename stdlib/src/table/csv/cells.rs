//! Where the cells of delimited text stand: pieces of whole records, and the cells of a piece.

use std::borrow::Cow;

use rayon::prelude::*;

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

/// `text` in pieces of at least `size` bytes (the last may be shorter), each of whole records.
///
/// Only the quotes are looked at, so this is a small part of the reading: a line end closes a
/// record unless it stands between the quotes of a cell, and a quote opens such a cell only where
/// the cell begins.
pub(super) fn pieces(text: &str, delimiter: u8, size: usize) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut cuts = Vec::new();
    // Most large files have no quotes at all, which all cores can tell together.
    let quoted = bytes.par_chunks(1 << 20).any(|part| memchr::memchr(b'"', part).is_some());
    let (mut outside, mut wanted) = (0, size);
    while outside < bytes.len() {
        let found = if quoted { memchr::memchr(b'"', &bytes[outside..]) } else { None };
        let quote = found.map_or(bytes.len(), |at| outside + at);
        while wanted < quote {
            let from = wanted.max(outside);
            let Some(end) = memchr::memchr(b'\n', &bytes[from..quote]) else { break };
            cuts.push(from + end + 1);
            wanted = from + end + 1 + size;
        }
        let opens = quote == 0
            || bytes.get(quote - 1).is_some_and(|b| matches!(b, b'\n' | b'\r') || *b == delimiter);
        outside = if opens { closed(bytes, quote + 1) } else { quote + 1 };
    }
    let mut pieces = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for cut in cuts.into_iter().chain([text.len()]) {
        pieces.push(&text[start..cut]);
        start = cut;
    }
    if pieces.len() > 1 && pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    pieces
}

/// The place behind the quote that closes the cell whose content starts at `from`.
fn closed(bytes: &[u8], from: usize) -> usize {
    let mut from = from;
    loop {
        match memchr::memchr(b'"', &bytes[from.min(bytes.len())..]) {
            None => return bytes.len(),
            Some(at) if bytes.get(from + at + 1) == Some(&b'"') => from += at + 2,
            Some(at) => return from + at + 1,
        }
    }
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
    ends: Vec<u32>,
    width: usize,
}

/// The end before the first cell: one byte later the text starts.
const BEFORE: u32 = u32::MAX;

impl<'t> Cells<'t> {
    /// The cells of `piece`, whose records must have `width` of them.
    pub(super) fn of(piece: &'t str, delimiter: u8, width: usize) -> Result<Self, Fault> {
        if piece.len() >= BEFORE as usize {
            return Err(Fault::Unreadable("a record may have up to 4 GB".into()));
        }
        match plain(piece.as_bytes(), delimiter, width) {
            Some(ends) => Ok(Self { text: Cow::Borrowed(piece), ends, width }),
            None => Self::by_the_format(piece, delimiter, width),
        }
    }

    fn by_the_format(piece: &str, delimiter: u8, width: usize) -> Result<Self, Fault> {
        let unreadable = |reason: String| Fault::Unreadable(reason);
        let (mut text, mut ends) = (Vec::with_capacity(piece.len() + 1), vec![BEFORE]);
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

/// Where the cells of a piece end, behind [`BEFORE`], if nothing but delimiters and line ends tells
/// its records apart: no quotes, no blank lines, no line ends of old Macs, and `width` cells each.
///
/// A carriage return before a line end stays with the cell, as space that trimming takes away.
fn plain(bytes: &[u8], delimiter: u8, width: usize) -> Option<Vec<u32>> {
    let (ends, returns, pairs) = widest(
        #[inline(always)]
        || marks(bytes, delimiter),
    )?;
    // As many line ends as records, and one behind each record: so there are none within.
    let behind_records = ends.iter().skip(width).step_by(width);
    let closed = |end: &u32| bytes.get(*end as usize).is_none_or(|byte| *byte == b'\n');
    let even = ends.len() == lines(bytes) * width + 1 && behind_records.clone().all(closed);
    (even && returns == pairs).then_some(ends)
}

/// The places of delimiters and line ends behind [`BEFORE`], how many carriage returns there are,
/// and how many of them stand before a line end; `None` if there are quotes or blank lines.
#[inline(always)]
fn marks(bytes: &[u8], delimiter: u8) -> Option<(Vec<u32>, u32, u32)> {
    let mut ends = vec![BEFORE; bytes.len() / 6 + 2 * BLOCK];
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
        if ends.len() < count + BLOCK {
            ends.resize(2 * ends.len() + BLOCK, BEFORE);
        }
        let from = (number * BLOCK) as u32;
        for end in &mut ends[count..count + marks.count_ones() as usize] {
            *end = from + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
            count += 1;
        }
    }
    ends.truncate(count);
    if bytes.last().is_some_and(|byte| *byte != b'\n') {
        ends.push(bytes.len() as u32);
    }
    Some((ends, returns, pairs))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn by_the_format(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let read = records(text, delimiter).into_records();
        read.map(|record| record.unwrap().iter().map(|cell| cell.trim().to_owned()).collect())
            .collect()
    }

    fn in_pieces(text: &str, delimiter: u8, size: usize, width: usize) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for piece in pieces(text, delimiter, size) {
            let cells = Cells::of(piece, delimiter, width).unwrap();
            for row in 0..cells.rows() {
                let cell = |column| cells.column(column).nth(row).unwrap().to_owned();
                rows.push((0..width).map(cell).collect());
            }
        }
        rows
    }

    #[test]
    fn pieces_of_any_size_hold_what_the_format_says() {
        let texts = [
            "a,b\n1,2\n3,4",
            "a,b\r\n1, 2 \r\n\r\n\n3,\r\n",
            "a,b\r1,2\r\r3,4\r",
            "\"a\nb\",c\n\"x\"\"\n\"\"y\",\"\"\n",
            "5\" pipe,\"6\"\" pipe\"\nan \"odd\nword\",1\n\"q\"z\"\n,2\n",
            " \"a\",b\n\"open,1\n2,3",
            "\"\n\"\"\n\",\"\"\"\"\n\n\"\",\n",
            "\u{a0}é\u{2009},ы\n,\n",
        ];
        for text in texts {
            // What a file means is decided by the reader of whole files.
            let wanted: Vec<_> = by_the_format(text, b',');
            if wanted.iter().any(|row| row.len() != 2) {
                continue;
            }
            for size in 1..=text.len() {
                assert_eq!(in_pieces(text, b',', size, 2), wanted, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn random_texts_agree_with_the_format() {
        use rand::RngExt;
        let mut compared = 0;
        for seed in 0..3000 {
            let mut rng = crate::context::rng(seed, 0);
            let length = rng.random_range(1..24);
            let signs = ['"', '"', ';', ';', '\n', '\r', 'x', ' ', 'ы'];
            let text: String =
                (0..length).map(|_| signs[rng.random_range(0..signs.len())]).collect();
            let wanted = by_the_format(&text, b';');
            let Some(width) = wanted.first().map(Vec::len) else { continue };
            let even = wanted.iter().all(|row| row.len() == width);
            for size in [1, 3, 8, 99] {
                if even {
                    assert_eq!(in_pieces(&text, b';', size, width), wanted, "{text:?} by {size}");
                    compared += 1;
                } else {
                    let bad = pieces(&text, b';', size)
                        .into_iter()
                        .find_map(|piece| Cells::of(piece, b';', width).err());
                    let odd = wanted.iter().map(Vec::len).find(|n| *n != width).unwrap();
                    match bad {
                        Some(Fault::Ragged { found, .. }) => assert_eq!(found, odd, "{text:?}"),
                        other => panic!("{text:?} by {size}: {other:?}"),
                    }
                }
            }
        }
        assert!(compared > 1000, "{compared}");
    }

    #[test]
    fn pieces_are_large_and_lose_nothing() {
        let text = "1,2\n".repeat(1000);
        let found = pieces(&text, b',', 100);
        // A piece ends with the line that reaches beyond the size.
        assert_eq!(found.len(), 39);
        assert!(found[..38].iter().all(|piece| piece.len() == 104));
        assert_eq!(found.concat(), text);
        assert_eq!(pieces("", b',', 100), [""]);
    }
}
