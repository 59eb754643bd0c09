//! Functions of text.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, StringArray};
use regex::Regex;

/// A text of a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextFn {
    Lower,
    Upper,
    Trim,
}

/// A question to a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
    /// SQL's pattern: `%` for any stretch, `_` for any character.
    Like,
    /// A regular expression, anywhere in the text.
    Matches,
}

impl TextFn {
    pub(super) fn apply(self, array: &StringArray) -> ArrayRef {
        let convert = |text: &str| match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Trim => text.trim().to_owned(),
        };
        let values: StringArray = array.iter().map(|text| text.map(convert)).collect();
        Arc::new(values)
    }
}

/// Characters of each text.
pub(super) fn lengths(array: &StringArray) -> ArrayRef {
    let count = |text: Option<&str>| text.map(|t| t.chars().count() as i64);
    Arc::new(array.iter().map(count).collect::<Int64Array>())
}

impl TextTest {
    /// The answers for every text; `Err` says why `pattern` is none.
    pub(super) fn apply(self, array: &StringArray, pattern: &str) -> Result<ArrayRef, String> {
        let ask = |test: &dyn Fn(&str) -> bool| -> ArrayRef {
            Arc::new(array.iter().map(|text| text.map(test)).collect::<BooleanArray>())
        };
        Ok(match self {
            Self::Contains => ask(&|text| text.contains(pattern)),
            Self::StartsWith => ask(&|text| text.starts_with(pattern)),
            Self::EndsWith => ask(&|text| text.ends_with(pattern)),
            Self::Like => {
                let regex = translated(pattern, "%", "_").map_err(|e| why(&e))?;
                ask(&|text| regex.is_match(text))
            }
            Self::Matches => {
                let regex = Regex::new(pattern).map_err(|e| why(&e))?;
                ask(&|text| regex.is_match(text))
            }
        })
    }
}

/// The last line of a regular expression's error: its cause.
pub(in super::super) fn why(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// A pattern with `any` for any stretch and `one` for any character as a regular expression.
pub(in super::super) fn translated(
    pattern: &str,
    any: &str,
    one: &str,
) -> Result<Regex, regex::Error> {
    let mut regex = String::from("(?s)^");
    for c in pattern.chars() {
        let mut buffer = [0_u8; 4];
        let c: &str = c.encode_utf8(&mut buffer);
        if c == any {
            regex.push_str(".*");
        } else if c == one {
            regex.push('.');
        } else {
            regex.push_str(&regex::escape(c));
        }
    }
    regex.push('$');
    Regex::new(&regex)
}

/// Every `from` replaced by `to`.
pub(super) fn replaced(array: &StringArray, from: &str, to: &str) -> ArrayRef {
    let swap = |text: Option<&str>| text.map(|t| t.replace(from, to));
    Arc::new(array.iter().map(swap).collect::<StringArray>())
}

/// The numbers that texts spell, with a decimal point or comma; how many spell none.
pub(super) fn numbers(array: &StringArray) -> (ArrayRef, usize) {
    let mut lost = 0;
    let values: arrow_array::Float64Array = array
        .iter()
        .map(|text| {
            let text = text?.trim();
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let value = plain.parse().or_else(|_| plain.replacen(',', ".", 1).parse::<f64>());
            let value = value.ok().filter(|x| x.is_finite());
            lost += usize::from(value.is_none());
            value
        })
        .collect();
    (Arc::new(values), lost)
}
