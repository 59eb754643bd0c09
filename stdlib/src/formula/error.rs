//! What can go wrong in a formula, with the place in its text.

use std::fmt;

use thiserror::Error;

use crate::error::closest_hint;
use crate::table::Kind;

/// A stretch of a formula's text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The whole formula.
    pub formula: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.formula.get(self.start..self.end).unwrap_or(""))
    }
}

/// A failure to read a formula or to evaluate it on a table.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum FormulaError {
    #[error("formula: expected {expected}, found {found}")]
    Unexpected { at: Place, expected: &'static str, found: String },
    #[error("formula: no column `{name}`")]
    UnknownColumn { at: Place, name: String, columns: Vec<String> },
    #[error("formula: no function `{name}`")]
    UnknownFunction { at: Place, name: String, known: Vec<String> },
    #[error("formula: {function} takes {expected}, got {found}")]
    Arguments { at: Place, function: String, expected: &'static str, found: String },
    #[error("formula: column `{name}` is {kind}, and `{at}` needs numbers")]
    NoNumbers { at: Place, name: String, kind: Kind },
    #[error("formula: column `{name}` has no value at all")]
    AllMissing { at: Place, name: String },
    #[error("formula: `{at}` is not defined in {rows}, where {argument} is {value}")]
    Domain { at: Place, argument: String, rows: String, value: f64, log: bool },
    #[error("formula: `{at}` is a number, not a regressor")]
    NotATerm { at: Place },
    #[error("formula: `{at}` cannot be expanded into terms")]
    Untermed { at: Place, hint: &'static str },
    #[error("formula: factor `{at}` has no level `{level}`")]
    UnknownLevel { at: Place, level: String, levels: Vec<String> },
    #[error("formula: factor `{at}` has a single level, `{level}`")]
    OneLevel { at: Place, level: String },
    #[error("formula: {polynomial} needs more than {degree} distinct values, got {distinct}")]
    FewValues { at: Place, polynomial: String, degree: usize, distinct: usize },
    #[error("formula: no response on the left of `~`")]
    NoResponse { at: Place },
    #[error("formula: the right of `~` has no term left")]
    NoTerms { at: Place },
    #[error("formula: no row is complete in {columns} ({rows} rows, each lacks a value)")]
    NoRows { at: Place, columns: String, rows: usize },
    #[error("formula: {name} must not be empty")]
    EmptyNames { name: &'static str },
}

impl FormulaError {
    /// Where in the formula, if at one place.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Unexpected { at, .. }
            | Self::UnknownColumn { at, .. }
            | Self::UnknownFunction { at, .. }
            | Self::Arguments { at, .. }
            | Self::NoNumbers { at, .. }
            | Self::AllMissing { at, .. }
            | Self::Domain { at, .. }
            | Self::NotATerm { at }
            | Self::Untermed { at, .. }
            | Self::UnknownLevel { at, .. }
            | Self::OneLevel { at, .. }
            | Self::FewValues { at, .. }
            | Self::NoResponse { at }
            | Self::NoTerms { at }
            | Self::NoRows { at, .. } => Some(at),
            Self::EmptyNames { .. } => None,
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownColumn { name, columns, .. } => closest_hint(name, columns),
            Self::UnknownFunction { name, known, .. } => closest_hint(name, known),
            Self::UnknownLevel { level, levels, .. } => closest_hint(level, levels),
            Self::NoNumbers { kind: Kind::Date, name, .. } => {
                Some(format!("take a number of the date first: t.year = t[\"{name}\"].year"))
            }
            Self::NoNumbers { name, .. } => {
                Some(format!("a text column enters as a factor: factor({})", quoted(name)))
            }
            Self::AllMissing { .. } => Some("leave the column out of the formula".into()),
            Self::Domain { log: true, value, .. } if *value == 0.0 => Some(
                "leave those rows out with #{ zero: \"drop\" }, or add a small number to the \
                 argument with #{ zero_shift: 1e-6 }"
                    .into(),
            ),
            Self::Domain { log: true, .. } => {
                Some("leave those rows out with #{ zero: \"drop\" }".into())
            }
            Self::Domain { .. } => Some("filter those rows out first: t.where(|r| ...)".into()),
            Self::NotATerm { .. } => Some(
                "only 1 (intercept) and 0 (none) stand alone; arithmetic goes into I(...)".into(),
            ),
            Self::Untermed { hint, .. } => Some((*hint).into()),
            Self::NoResponse { .. } => Some("write it as \"y ~ x1 + x2\"".into()),
            Self::NoTerms { .. } => Some("keep at least the intercept: \"y ~ 1\"".into()),
            Self::OneLevel { .. } => Some("leave it out: it is the intercept again".into()),
            Self::NoRows { .. } => {
                Some("t.describe() counts the missing values of each column".into())
            }
            _ => None,
        }
    }
}

/// `name` as a formula writes it: bare where it can be, else in backquotes.
pub fn quoted(name: &str) -> String {
    let bare = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    if bare { name.to_owned() } else { format!("`{name}`") }
}
