//! What can go wrong with the verbs and the expressions in their arguments.

use thiserror::Error;

use crate::error::{closest_hint, counted};
use crate::formula::Place;

/// A failure to read an expression or to evaluate it on a table.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum ExprError {
    #[error("expected {expected}, found {found}")]
    Unexpected { at: Place, expected: &'static str, found: String },
    #[error("no column `{name}`")]
    UnknownColumn { at: Place, name: String, columns: Vec<String>, quoted: bool },
    #[error("no function `{name}`")]
    UnknownFunction { at: Place, name: String, known: Vec<String> },
    #[error("no value given for `${name}`")]
    UnknownParameter { at: Place, name: String, known: Vec<String> },
    #[error("{function} takes {expected}, got {found}")]
    Arguments { at: Place, function: String, expected: String, found: String },
    #[error("`{at}` is {found}, and {expected} must stand there")]
    Kind { at: Place, found: String, expected: String },
    #[error("`{left}` is {left_kind} and `{right}` is {right_kind}: they cannot be compared")]
    Incomparable { at: Place, left: Place, left_kind: String, right: Place, right_kind: String },
    #[error("nothing equals missing")]
    EqualsMissing { at: Place },
    #[error("`{at}` gives one value per row, and one value per group must stand there")]
    PerRow { at: Place },
    #[error("`{at}` must be one value, not a column")]
    NotConstant { at: Place },
    #[error("`{at}` is no pattern: {reason}")]
    BadPattern { at: Place, reason: String },
    #[error("the expression holds more than {limit} operations within each other")]
    TooDeep { at: Place, limit: usize },
}

impl ExprError {
    /// Where in the expression.
    pub fn place(&self) -> &Place {
        match self {
            Self::Unexpected { at, .. }
            | Self::UnknownColumn { at, .. }
            | Self::UnknownFunction { at, .. }
            | Self::UnknownParameter { at, .. }
            | Self::Arguments { at, .. }
            | Self::Kind { at, .. }
            | Self::Incomparable { at, .. }
            | Self::EqualsMissing { at }
            | Self::PerRow { at }
            | Self::NotConstant { at }
            | Self::BadPattern { at, .. }
            | Self::TooDeep { at, .. } => at,
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownColumn { name, quoted: true, .. } => Some(format!(
                "double quotes and backticks name a column; text stands in single quotes: '{name}'"
            )),
            Self::UnknownColumn { name, columns, .. } => closest_hint(name, columns),
            Self::UnknownFunction { name, known, .. } => closest_hint(name, known),
            Self::UnknownParameter { name, known, .. } if known.is_empty() => {
                Some(format!("give it after the expression: #{{ {name}: value }}"))
            }
            Self::UnknownParameter { name, known, .. } => closest_hint(name, known),
            Self::EqualsMissing { .. } => Some("write `x is missing` or `x is not missing`".into()),
            Self::PerRow { .. } => Some(
                "wrap it in an aggregate: mean(...), sum(...), first(...), max(...), n()".into(),
            ),
            Self::Unexpected { found, .. } if found.contains('!') => {
                Some("not equal is written != or <>".into())
            }
            Self::Incomparable { left_kind, right_kind, .. }
                if left_kind == "text" || right_kind == "text" =>
            {
                Some("text stands in single quotes; number(x) and text(x) convert".into())
            }
            Self::TooDeep { .. } => {
                Some("a long list of alternatives reads `x in ('a', 'b', ...)`".into())
            }
            _ => None,
        }
    }
}

/// A failure of a verb.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum VerbError {
    #[error("{primitive}: {error}")]
    Expression { primitive: String, error: ExprError },
    #[error("{primitive}: no column answers to {pick}")]
    NothingPicked { primitive: String, pick: String, columns: Vec<String> },
    #[error("{primitive}: `{pattern}` is no pattern: {reason}")]
    BadPattern { primitive: String, pattern: String, reason: String },
    #[error("{primitive}: `{first}` stands after `{last}` in the table")]
    BackwardRange { primitive: String, first: String, last: String },
    #[error("{primitive}: the new columns {names} each need another")]
    Circular { primitive: String, names: String },
    #[error(
        "{primitive}: column `{column}` is {left} in {left_place} and {right} in {right_place}"
    )]
    Clash {
        primitive: String,
        column: String,
        left: String,
        left_place: String,
        right: String,
        right_place: String,
    },
    #[error("{primitive}: several rows in {}, the first {group}", counted(*.count, "group"))]
    SeveralRows { primitive: String, count: usize, group: String },
    #[error("join: expected {expected}, but {side} has {rows} rows with {key}")]
    Relationship { expected: String, side: String, rows: usize, key: String },
    #[error("join: the tables share no column name")]
    NoCommonColumns { left: Vec<String>, right: Vec<String> },
    #[error("{primitive}: column `{name}` would stand twice")]
    NameTaken { primitive: String, name: String },
    #[error(
        "{primitive}: row {row} is labelled `{left}` in the first table and `{right}` in table {table}"
    )]
    LabelsDiffer { primitive: String, row: usize, left: String, right: String, table: usize },
    #[error("{primitive}: the result would have {rows} rows")]
    TooManyRows { primitive: String, rows: u64 },
}

impl VerbError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Expression { error, .. } => error.hint(),
            Self::NothingPicked { columns, .. } => closest_hint("", columns),
            Self::Clash { .. } => {
                Some("convert one of them: t.mutate(#{ x: \"text(x)\" }) or \"number(x)\"".into())
            }
            Self::SeveralRows { .. } => Some(
                "name how to combine them: #{ aggregate: \"mean\" } (or sum, first, n, ...)".into(),
            ),
            Self::Relationship { .. } => {
                Some("look at the rows behind it: t.count(keys).where(\"n > 1\")".into())
            }
            Self::NoCommonColumns { .. } => {
                Some("name the keys: t.join(other, #{ left_name: \"right_name\" })".into())
            }
            Self::NameTaken { .. } => Some("rename one: t.rename(#{ old: \"new\" })".into()),
            Self::LabelsDiffer { .. } => {
                Some("to match rows by their values use t.join(other, \"key\")".into())
            }
            Self::BackwardRange { first, last, .. } => Some(format!("write \"{last}:{first}\"")),
            _ => None,
        }
    }
}
