//! How a file writes its numbers.

/// The decimal mark and the marks between thousands.
///
/// Spaces of any width between groups of three digits are always accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberStyle {
    /// Between units and tenths.
    pub decimal: char,
    /// Between thousands, besides spaces.
    pub thousands: Option<char>,
}

impl Default for NumberStyle {
    fn default() -> Self {
        Self { decimal: '.', thousands: None }
    }
}

/// What one cell says about a file's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// `0.5`: a decimal point.
    Point,
    /// `0,5`: a decimal comma.
    Comma,
    /// `1,234,567` or `1,234.5`: commas between thousands.
    CommaThousands,
    /// `1.234.567` or `1.234,5`: points between thousands.
    PointThousands,
    /// `1,234`: either.
    Unclear,
}

fn space(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `parts` are a leading group of one to three digits and further ones of exactly three.
fn grouped(parts: &[&str]) -> bool {
    parts.len() > 1
        && is_digits(parts[0])
        && parts[0].len() <= 3
        && parts[1..].iter().all(|part| part.len() == 3 && is_digits(part))
}

impl NumberStyle {
    /// The style that `cells` are written in, and whether some could be read two ways.
    pub(in crate::table) fn sniff<'a>(cells: impl Iterator<Item = &'a str>) -> (Self, bool) {
        let mut seen = Vec::new();
        for cell in cells {
            if let Some(sign) = sign(cell).filter(|sign| !seen.contains(sign)) {
                seen.push(sign);
            }
        }
        let has = |sign| seen.contains(&sign);
        let comma = has(Sign::Comma) || has(Sign::PointThousands);
        let point = has(Sign::Point) || has(Sign::CommaThousands);
        let style = Self {
            decimal: if comma && !point { ',' } else { '.' },
            thousands: match (has(Sign::CommaThousands), has(Sign::PointThousands)) {
                (true, false) if !comma => Some(','),
                (false, true) if !point => Some('.'),
                _ => None,
            },
        };
        (style, has(Sign::Unclear) && !comma && !has(Sign::CommaThousands))
    }

    /// The whole number in `text`; a leading zero marks a code, not a number.
    pub fn int(self, text: &str) -> Option<i64> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        if is_digits(digits) {
            return text.parse().ok();
        }
        let plain = self.plain(text)?;
        is_digits(plain.trim_start_matches(['-', '+'])).then(|| plain.parse().ok())?
    }

    /// The finite number in `text`; `nan`, `inf` and codes such as `007` are not numbers.
    pub fn float(self, text: &str) -> Option<f64> {
        let digits = text.strip_prefix(['-', '+', '\u{2212}']).unwrap_or(text).as_bytes();
        let first = *digits.first()?;
        if !(first.is_ascii_digit() || first == b'.' || first == self.decimal as u8) {
            return None;
        }
        if first == b'0' && digits.get(1).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let value = match self.direct(text.as_bytes()) {
            Some(value) => value,
            None => self.plain(text)?.parse().ok()?,
        };
        Some(value).filter(|value| value.is_finite())
    }

    /// The number in `text` where it is written without marks between thousands.
    fn direct(self, text: &[u8]) -> Option<f64> {
        if self.decimal == '.' {
            // "1.234" is a whole number where points stand between thousands.
            return if self.thousands == Some('.') { None } else { fast_float2::parse(text).ok() };
        }
        let mut pointed = [0; 32];
        let pointed = pointed.get_mut(..text.len())?;
        for (to, byte) in pointed.iter_mut().zip(text) {
            *to = match byte {
                b',' => b'.',
                b'.' => return None,
                byte => *byte,
            };
        }
        fast_float2::parse(pointed).ok()
    }

    /// `text` with a decimal point and no marks between thousands, if its groups are well formed.
    fn plain(self, text: &str) -> Option<String> {
        let (sign, body) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(body) => ("-", body),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match body.find(['e', 'E']) {
            Some(at) => body.split_at(at),
            None => (body, ""),
        };
        let (whole, fraction) = match mantissa.rfind(self.decimal) {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, ""),
        };
        if !fraction.is_empty() && !is_digits(fraction) {
            return None;
        }
        let marks = |letter: char| space(letter) || Some(letter) == self.thousands;
        let parts: Vec<&str> = whole.split(marks).collect();
        let fine = grouped(&parts)
            || parts.len() == 1 && (is_digits(whole) || whole.is_empty() && !fraction.is_empty());
        if !fine {
            return None;
        }
        let point = if fraction.is_empty() { "" } else { "." };
        Some(format!("{sign}{}{point}{fraction}{exponent}", parts.concat()))
    }
}

/// A number of at most 16 digits, with a decimal mark among them or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table) struct Digits {
    negative: bool,
    /// The digits without the mark.
    mantissa: u64,
    /// Digits behind the mark, if there is one.
    places: Option<usize>,
}

/// The same byte sixteen times.
const fn sixteen(byte: u8) -> u128 {
    u128::from_le_bytes([byte; 16])
}

/// All bits of the bytes from the numbered one.
const FROM: [u128; 16] = {
    let mut masks = [u128::MAX; 16];
    let mut place = 1;
    while place < 16 {
        masks[place] = masks[place - 1] << 8;
        place += 1;
    }
    masks
};

/// The number that eight digits make, the first in the lowest byte.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let odd = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let even = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    odd.wrapping_add(even) >> 32
}

impl Digits {
    /// The number in `bytes[start..end]` where it is written plainly; everything else (longer
    /// numbers, exponents, marks between thousands, codes, text) is for [`NumberStyle`] to judge.
    ///
    /// All digits are looked at together, as bytes of one word: cells are short, and a loop over
    /// their letters costs more in wrong guesses of its length than in arithmetic.
    #[inline(always)]
    pub(in crate::table) fn at(bytes: &[u8], start: usize, end: usize, mark: u8) -> Option<Self> {
        let negative = *bytes.get(start)? == b'-';
        let from = start + usize::from(negative);
        let length = end.wrapping_sub(from);
        if length.wrapping_sub(1) > 15 {
            return None;
        }
        let window = bytes.get(end.wrapping_sub(16)..end)?;
        let window = u128::from_le_bytes(window.try_into().ok()?);
        // Digits become 0 to 9, and what stands before the number becomes leading zeros.
        let word = (window ^ sixteen(b'0')) & FROM[16 - length];
        // The lowest byte that equals the mark.
        let equal = word ^ (u128::from(mark ^ b'0') * sixteen(1));
        let equal = equal.wrapping_sub(sixteen(1)) & !equal & sixteen(0x80);
        let (word, places) = if equal == 0 {
            (word, None)
        } else {
            let place = equal.trailing_zeros() as usize / 8;
            if place >= 15 {
                return None;
            }
            let behind = FROM[place + 1];
            ((word & behind) | ((word << 8) & !behind), Some(15 - place))
        };
        let beyond_nine = (word.wrapping_add(sixteen(0x76)) | word) & sixteen(0x80);
        let code = bytes[from] == b'0' && length > 1 && bytes[from + 1] != mark;
        if beyond_nine != 0 || code {
            return None;
        }
        let mantissa = eight(word as u64) * 100_000_000 + eight((word >> 64) as u64);
        Some(Self { negative, mantissa, places })
    }

    /// The number as a whole one, unless it has a decimal mark.
    #[inline(always)]
    pub(in crate::table) fn int(self) -> Option<i64> {
        let value = self.mantissa as i64;
        self.places.is_none().then_some(if self.negative { -value } else { value })
    }

    /// The nearest float: mantissa and power of ten are exact, so that the division rounds once
    /// (Clinger, 1990, How to read floating point numbers accurately); `None` where they are not.
    #[inline(always)]
    pub(in crate::table) fn float(self) -> Option<f64> {
        const POWERS: [f64; 16] =
            [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        if self.mantissa > 1 << 53 {
            return None;
        }
        let value = self.mantissa as f64 / POWERS[self.places.unwrap_or(0) & 15];
        Some(if self.negative { -value } else { value })
    }
}

fn sign(cell: &str) -> Option<Sign> {
    let body = cell.strip_prefix(['-', '+', '\u{2212}']).unwrap_or(cell);
    let only =
        |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',' || space(letter);
    if !body.starts_with(|c: char| c.is_ascii_digit()) || !body.chars().all(only) {
        return None;
    }
    let commas = body.matches(',').count();
    let points = body.matches('.').count();
    let comma_parts: Vec<&str> = body.split(',').collect();
    let point_parts: Vec<&str> = body.split('.').collect();
    match (commas, points) {
        (0, 0) => None,
        (0, 1) => Some(Sign::Point),
        (1, 0) if grouped(&comma_parts) && comma_parts[0] != "0" => Some(Sign::Unclear),
        (1, 0) => Some(Sign::Comma),
        (0, _) => grouped(&point_parts).then_some(Sign::PointThousands),
        (_, 0) => grouped(&comma_parts).then_some(Sign::CommaThousands),
        _ => {
            // Both marks: the last one is the decimal mark and stands once.
            let decimal = if body.rfind('.') > body.rfind(',') { '.' } else { ',' };
            let (other, sign) = match decimal {
                '.' => (',', Sign::CommaThousands),
                _ => ('.', Sign::PointThousands),
            };
            let (whole, _) = body.split_at(body.find(decimal)?);
            grouped(&whole.split(other).collect::<Vec<_>>()).then_some(sign)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(cells: &[&str]) -> (char, Option<char>, bool) {
        let (style, unclear) = NumberStyle::sniff(cells.iter().copied());
        (style.decimal, style.thousands, unclear)
    }

    #[test]
    fn files_betray_their_style() {
        assert_eq!(sniffed(&["1.5", "x"]), ('.', None, false));
        assert_eq!(sniffed(&["1,5", "12 345,6"]), (',', None, false));
        assert_eq!(sniffed(&["1,234.5"]), ('.', Some(','), false));
        assert_eq!(sniffed(&["1.234,5"]), (',', Some('.'), false));
        assert_eq!(sniffed(&["1,234,567", "1,234"]), ('.', Some(','), false));
        assert_eq!(sniffed(&["1,234", "5,678"]), ('.', None, true));
        assert_eq!(sniffed(&["1,234", "5,67"]), (',', None, false));
        assert_eq!(sniffed(&["1,5", "1.5"]), ('.', None, false));
    }

    #[test]
    fn plain_numbers_have_the_digits_of_the_thorough_reader() {
        use rand::RngExt;
        let mut read = 0;
        for seed in 0..40_000 {
            let mut rng = crate::context::rng(seed, 1);
            let signs = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", " ", "e"];
            let mut text = String::new();
            for _ in 0..rng.random_range(0..19) {
                let odd = rng.random_range(0..8) == 0;
                text += signs[rng.random_range(if odd { 10..signs.len() } else { 0..10 })];
            }
            for style in [NumberStyle::default(), NumberStyle { decimal: ',', thousands: None }] {
                let padded = format!("{}{text}", "7".repeat(16));
                let digits = Digits::at(padded.as_bytes(), 16, padded.len(), style.decimal as u8);
                if let Some(float) = digits.and_then(Digits::float) {
                    let thorough = style.float(&text).map(f64::to_bits);
                    assert_eq!(Some(float.to_bits()), thorough, "{text}");
                    read += 1;
                }
                if let Some(int) = digits.and_then(Digits::int) {
                    assert_eq!(Some(int), style.int(&text), "{text}");
                }
            }
        }
        assert!(read > 20_000, "{read}");
        let at = |text: &str| Digits::at(text.as_bytes(), 16, text.len(), b'.');
        let behind = |text: &str| at(&format!("{}{text}", ",".repeat(16)));
        assert_eq!(
            behind("-0.0").and_then(Digits::float).map(f64::to_bits),
            Some((-0.0_f64).to_bits())
        );
        assert_eq!(behind("9007199254740993").and_then(Digits::float), None);
        for text in ["", "-", ".", "5.", "1.2.3", "007", "-01", "1:2", "1/2", "12345678901234567"] {
            assert_eq!(behind(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_read_and_codes_do_not() {
        let comma = NumberStyle { decimal: ',', thousands: None };
        assert_eq!(comma.float("1 234\u{a0}567,5"), Some(1_234_567.5));
        assert_eq!(comma.float("-0,5"), Some(-0.5));
        assert_eq!(comma.float("\u{2212}3,5e2"), Some(-350.0));
        assert_eq!(comma.float("1.5"), None);
        assert_eq!(comma.int("12 345"), Some(12_345));
        let point = NumberStyle::default();
        for text in ["007", "nan", "inf", "1 23", "12 3456", "1,5", "1e999", "-", "."] {
            assert_eq!(point.float(text), None, "{text}");
        }
        assert_eq!(
            (point.float("0.5"), point.float(".5"), point.int("0")),
            (Some(0.5), Some(0.5), Some(0))
        );
        let grouped = NumberStyle { decimal: '.', thousands: Some(',') };
        assert_eq!(grouped.float("1,234.5"), Some(1234.5));
        assert_eq!(grouped.int("1,234"), Some(1234));
        assert_eq!(grouped.float("1,23"), None);
    }
}
