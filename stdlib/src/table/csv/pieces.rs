//! Delimited text in pieces of whole records, held in memory or in a file.

use rayon::prelude::*;

use super::cells::Fault;
use super::lines;
use crate::context::Context;
use crate::error::Result;
use crate::table::read::Parted;

/// Text that is read piece by piece.
pub(super) struct Pieces<'t> {
    place: Place<'t>,
    /// Lines of each piece, which is what records it has unless some are blank or quoted.
    lines: Vec<usize>,
}

enum Place<'t> {
    Held(Vec<&'t str>),
    /// Each piece goes from one of `cuts` to the next.
    Filed {
        file: &'t Parted,
        cuts: Vec<u64>,
    },
}

impl<'t> Pieces<'t> {
    /// Pieces of `text`, of at least `size` bytes.
    pub(super) fn of(text: &'t str, delimiter: u8, size: usize) -> Self {
        let pieces = pieces(text, delimiter, size);
        let count = |piece: &&str| lines(piece.as_bytes());
        let lines = pieces.par_iter().map(count).collect();
        Self { place: Place::Held(pieces), lines }
    }

    /// Pieces of about `size` bytes of what stands in `file` behind `start`, if there are no quotes
    /// between which a line end could be text.
    pub(super) fn in_file(
        file: &'t Parted,
        start: u64,
        size: usize,
        context: &Context,
    ) -> Result<Option<Self>> {
        let shares = (file.length() - start).div_ceil(size as u64);
        let share = |room: &mut Vec<u8>, number: u64| {
            if context.cancelled() {
                return None;
            }
            let from = start + number * size as u64;
            let bytes = file.between(from, (from + size as u64).min(file.length()), room).ok()?;
            if memchr::memchr(b'"', bytes).is_some() {
                return None;
            }
            let last = memchr::memrchr(b'\n', bytes).map(|end| from + end as u64 + 1);
            Some((last, memchr::memchr_iter(b'\n', bytes).count()))
        };
        let shares: Option<Vec<_>> =
            (0..shares).into_par_iter().map_init(Vec::new, share).collect();
        context.check()?;
        let Some(shares) = shares else { return Ok(None) };
        let (mut cuts, mut lines) = (vec![start], Vec::with_capacity(shares.len() + 1));
        for (last, count) in shares {
            // Without a line end, the record goes on in the next share.
            let Some(last) = last else { continue };
            cuts.push(last);
            lines.push(count);
        }
        if cuts.last().is_some_and(|last| *last < file.length()) {
            cuts.push(file.length());
            lines.push(1);
        }
        Ok(Some(Self { place: Place::Filed { file, cuts }, lines }))
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// Piece number `number`; `room` lends it room, whatever it holds.
    pub(super) fn get<'r>(
        &'r self,
        number: usize,
        room: &'r mut Vec<u8>,
    ) -> std::result::Result<&'r str, Fault> {
        match &self.place {
            Place::Held(pieces) => Ok(pieces[number]),
            Place::Filed { file, cuts } => file
                .between(cuts[number], cuts[number + 1], room)
                .map_err(|error| error.to_string())
                .and_then(|bytes| std::str::from_utf8(bytes).map_err(|error| error.to_string()))
                .map_err(Fault::Unreadable),
        }
    }
}

/// `text` in pieces of at least `size` bytes (the last may be shorter), each of whole records.
///
/// Only the quotes are looked at, so this is a small part of the reading: a line end closes a
/// record unless it stands between the quotes of a cell, and a quote opens such a cell only where
/// the cell begins.
fn pieces(text: &str, delimiter: u8, size: usize) -> Vec<&str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::table::csv::cells::{Cells, records};

    fn by_the_format(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let read = records(text, delimiter).into_records();
        read.map(|record| record.unwrap().iter().map(|cell| cell.trim().to_owned()).collect())
            .collect()
    }

    fn in_pieces(text: &str, delimiter: u8, size: usize, width: usize) -> Vec<Vec<String>> {
        let (mut rows, mut ends) = (Vec::new(), Vec::new());
        for piece in pieces(text, delimiter, size) {
            let cells = Cells::of(piece, delimiter, width, &mut ends).unwrap();
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
                        .find_map(|piece| Cells::of(piece, b';', width, &mut Vec::new()).err());
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
