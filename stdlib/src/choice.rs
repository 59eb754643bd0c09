//! Named choices: an enum in Rust, a string in scripts.

use crate::error::{Error, Result};

/// An option with a closed set of spellings.
///
/// The same list parses the option, names it in a result and fills the error that an unknown
/// spelling raises, so a choice can never be listed and not work.
pub trait Choice: Sized + Copy + PartialEq + 'static {
    /// Every spelling with its value; the first spelling of a value is its name.
    const ALL: &'static [(&'static str, Self)];

    /// The canonical spelling.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    /// The value behind `text`; `primitive` and `parameter` say where it was written.
    fn parse(primitive: &str, parameter: &str, text: &str) -> Result<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            Error::UnknownName {
                primitive: primitive.to_owned(),
                kind: format!("value for {parameter}"),
                name: text.to_owned(),
                known: Self::ALL.iter().map(|(name, _)| (*name).to_owned()).collect(),
            }
        })
    }
}
