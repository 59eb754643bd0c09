//! Where the cells of delimited text stand: pieces of whole records, and the cells of a piece.

use std::borrow::Cow;

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
    let (mut outside, mut wanted) = (0, size);
    while outside < bytes.len() {
        let quote = memchr::memchr(b'"', &bytes[outside..]).map_or(bytes.len(), |at| outside + at);
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

/// The cells of one piece, without the space around them.
pub(super) struct Cells<'t> {
    text: Cow<'t, str>,
    /// From where to where each cell goes in `text`, row after row.
    spans: Vec<(u32, u32)>,
    width: usize,
}

impl<'t> Cells<'t> {
    /// The cells of `piece`, whose records must have `width` of them.
    pub(super) fn of(piece: &'t str, delimiter: u8, width: usize) -> Result<Self, Fault> {
        if u32::try_from(piece.len()).is_err() {
            return Err(Fault::Unreadable("a record may have up to 4 GB".into()));
        }
        let bytes = piece.as_bytes();
        if memchr::memchr(b'"', bytes).is_some() {
            return Self::quoted(piece, delimiter, width);
        }
        // Most files end their lines by a single sign, and searching for two is quicker.
        let spans = if memchr::memchr(b'\r', bytes).is_some() {
            plain(piece, memchr::memchr3_iter(delimiter, b'\n', b'\r', bytes), delimiter, width)?
        } else {
            plain(piece, memchr::memchr2_iter(delimiter, b'\n', bytes), delimiter, width)?
        };
        Ok(Self { text: Cow::Borrowed(piece), spans, width })
    }

    fn quoted(piece: &str, delimiter: u8, width: usize) -> Result<Self, Fault> {
        let unreadable = |reason: String| Fault::Unreadable(reason);
        let (mut text, mut spans) = (Vec::with_capacity(piece.len()), Vec::new());
        let mut reader = records(piece, delimiter);
        let mut record = ::csv::ByteRecord::new();
        let mut row = 0;
        while reader.read_byte_record(&mut record).map_err(|e| unreadable(e.to_string()))? {
            if record.len() != width {
                return Err(Fault::Ragged { row, found: record.len() });
            }
            for cell in &record {
                let start = text.len() as u32;
                text.extend_from_slice(cell);
                spans.push((start, text.len() as u32));
            }
            row += 1;
        }
        let text = String::from_utf8(text).map_err(|error| unreadable(error.to_string()))?;
        for (start, end) in &mut spans {
            (*start, *end) = trimmed(&text, *start as usize, *end as usize);
        }
        Ok(Self { text: Cow::Owned(text), spans, width })
    }

    pub(super) fn rows(&self) -> usize {
        self.spans.len() / self.width
    }

    /// The cells of column number `column`.
    pub(super) fn column(&self, column: usize) -> impl ExactSizeIterator<Item = &str> {
        let spans = self.spans.get(column..).unwrap_or_default().iter();
        spans.step_by(self.width).map(|(start, end)| &self.text[*start as usize..*end as usize])
    }
}

/// The cells of a piece without quotes, given the places of its `marks`.
fn plain(
    piece: &str,
    marks: impl Iterator<Item = usize>,
    delimiter: u8,
    width: usize,
) -> Result<Vec<(u32, u32)>, Fault> {
    let bytes = piece.as_bytes();
    let mut spans: Vec<(u32, u32)> = Vec::with_capacity(bytes.len() / 6);
    let (mut start, mut found) = (0, 0);
    for mark in marks {
        let ends_cell = bytes[mark] == delimiter;
        // Blank lines, and the second sign of "\r\n", are no records.
        if ends_cell || found > 0 || start < mark {
            spans.push(trimmed(piece, start, mark));
            found += 1;
        }
        if !ends_cell {
            if found != width && found > 0 {
                return Err(Fault::Ragged { row: (spans.len() - found) / width, found });
            }
            found = 0;
        }
        start = mark + 1;
    }
    if found > 0 || start < bytes.len() {
        spans.push(trimmed(piece, start, bytes.len()));
        if found + 1 != width {
            let row = (spans.len() - found - 1) / width;
            return Err(Fault::Ragged { row, found: found + 1 });
        }
    }
    Ok(spans)
}

/// `text[start..end]` without the space around it.
fn trimmed(text: &str, start: usize, end: usize) -> (u32, u32) {
    let bytes = text.as_bytes();
    let inked = |byte: u8| (0x21..0x80).contains(&byte);
    if start == end || inked(bytes[start]) && inked(bytes[end - 1]) {
        return (start as u32, end as u32);
    }
    let rest = text[start..end].trim_start();
    let start = end - rest.len();
    (start as u32, (start + rest.trim_end().len()) as u32)
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
