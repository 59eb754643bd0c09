//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{Encoding as Codec, IBM866, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

use crate::choice::Choice;
use crate::error::Result;
use crate::table::error::TableError;

/// How a file's bytes spell its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// A byte order mark decides, else UTF-8 where it is valid, else the Cyrillic code page whose
    /// reading looks most like words.
    #[default]
    Auto,
    /// UTF-8.
    Utf8,
    /// UTF-16, little end first unless a byte order mark says otherwise.
    Utf16,
    /// Windows code page 1251 (Cyrillic).
    Windows1251,
    /// KOI8-R (Cyrillic, Unix).
    Koi8R,
    /// Code page 866 (Cyrillic, DOS).
    Cp866,
    /// Windows code page 1252 (Western European).
    Windows1252,
}

impl Choice for Encoding {
    const ALL: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("utf-8", Self::Utf8),
        ("utf-16", Self::Utf16),
        ("windows-1251", Self::Windows1251),
        ("koi8-r", Self::Koi8R),
        ("cp866", Self::Cp866),
        ("windows-1252", Self::Windows1252),
    ];
}

/// The text in `bytes`; the second part names a code page that was guessed.
pub(in crate::table) fn decode<'b>(
    bytes: &'b [u8],
    encoding: Encoding,
    path: &str,
) -> Result<(Cow<'b, str>, Option<&'static str>)> {
    let codec = match encoding {
        Encoding::Auto => return guess(bytes, path),
        Encoding::Utf8 => UTF_8,
        Encoding::Utf16 if bytes.starts_with(&[0xFE, 0xFF]) => UTF_16BE,
        Encoding::Utf16 => UTF_16LE,
        Encoding::Windows1251 => WINDOWS_1251,
        Encoding::Koi8R => KOI8_R,
        Encoding::Cp866 => IBM866,
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
    };
    Ok((strictly(bytes, codec, path)?, None))
}

fn strictly<'b>(bytes: &'b [u8], codec: &'static Codec, path: &str) -> Result<Cow<'b, str>> {
    // A byte order mark belongs to the encoding, not to the first column's name.
    let body = match Codec::for_bom(bytes) {
        Some((marked, length)) if marked == codec => &bytes[length..],
        _ => bytes,
    };
    if codec == UTF_8 {
        return std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| {
            let good = &body[..error.valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            let start = good.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            TableError::BadText {
                path: path.to_owned(),
                line,
                column: 1 + String::from_utf8_lossy(&good[start..]).chars().count(),
                byte: body[error.valid_up_to()],
                expected: "utf-8".into(),
            }
            .into()
        });
    }
    codec.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| {
        TableError::Unreadable {
            path: path.to_owned(),
            reason: format!("the bytes are not {}", codec.name().to_lowercase()),
        }
        .into()
    })
}

fn guess<'b>(bytes: &'b [u8], path: &str) -> Result<(Cow<'b, str>, Option<&'static str>)> {
    if let Some((codec, _)) = Codec::for_bom(bytes) {
        return Ok((strictly(bytes, codec, path)?, None));
    }
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |parity: usize| {
        head.iter().enumerate().filter(|(at, byte)| at % 2 == parity && **byte == 0).count()
    };
    // ASCII digits and delimiters leave every other byte of UTF-16 zero; text files have none.
    for (parity, codec, name) in [(1, UTF_16LE, "utf-16"), (0, UTF_16BE, "utf-16")] {
        if zeros(parity) > head.len() / 20 && zeros(1 - parity) == 0 {
            return Ok((strictly(bytes, codec, path)?, Some(name)));
        }
    }
    let problem = match strictly(bytes, UTF_8, path) {
        Ok(text) => return Ok((text, None)),
        Err(problem) => problem,
    };
    // The first letters that are none of UTF-8 may stand far behind the first rows.
    let strange = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let sample = &bytes[strange..bytes.len().min(strange + 65_536)];
    let candidates = [(WINDOWS_1251, "windows-1251"), (KOI8_R, "koi8-r"), (IBM866, "cp866")].map(
        |(codec, name)| {
            let text = codec.decode_without_bom_handling(sample).0;
            (likeness(&text), codec, name)
        },
    );
    let best = candidates.into_iter().rev().max_by_key(|(score, _, _)| *score);
    match best {
        Some((score, codec, name)) if score > 0 => Ok((strictly(bytes, codec, path)?, Some(name))),
        _ => Err(problem),
    }
}

/// How much `text` looks like written Russian or Kazakh: lower case inside words counts for it,
/// capitals after small letters and anything that is no letter count against it.
fn likeness(text: &str) -> i64 {
    let mut score = 0;
    let mut previous = ' ';
    for letter in text.chars() {
        if !letter.is_ascii() {
            let cyrillic = ('\u{400}'..='\u{4FF}').contains(&letter);
            score += match (cyrillic, letter.is_lowercase(), previous.is_lowercase()) {
                (true, true, _) => 1,
                (true, false, false) => 0,
                (true, false, true) => -3,
                (false, ..) if letter == '\u{a0}' || letter == '№' || letter == '«' => 0,
                (false, ..) => -2,
            };
        }
        previous = letter;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "регион;ВРП\nАлматы;1,5\nАтырау;2,5\n";

    #[test]
    fn code_pages_are_told_apart() {
        for (codec, name) in [(WINDOWS_1251, "windows-1251"), (KOI8_R, "koi8-r"), (IBM866, "cp866")]
        {
            let bytes = codec.encode(TEXT).0;
            let (text, guessed) = decode(&bytes, Encoding::Auto, "x").unwrap();
            assert_eq!((text.as_ref(), guessed), (TEXT, Some(name)));
        }
    }

    #[test]
    fn marks_and_utf16_are_recognised() {
        let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, Encoding::Auto, "x").unwrap().0, TEXT);
        let mut marked = vec![0xFE, 0xFF];
        marked.extend(TEXT.encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(decode(&marked, Encoding::Auto, "x").unwrap(), (TEXT.into(), None));
        let utf8 = format!("\u{feff}{TEXT}");
        assert_eq!(decode(utf8.as_bytes(), Encoding::Auto, "x").unwrap(), (TEXT.into(), None));
    }

    #[test]
    fn bad_bytes_are_placed() {
        let error = decode(b"a,b\n1,\xff\n", Encoding::Utf8, "f.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "load: f.csv, line 2, column 3: found byte 0xff, which is not utf-8"
        );
    }
}
