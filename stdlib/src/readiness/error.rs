//! What can go wrong with frameworks and composite indices.

use thiserror::Error;

use crate::error::closest_hint;

/// A failure of a framework, a step or an index.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum ReadinessError {
    #[error("framework: no bundled framework or .toml file `{name}`")]
    NoFramework { name: String, known: Vec<String> },
    #[error("framework: {path}: {fault}")]
    Framework { path: String, fault: String },
    #[error("framework `{framework}` has {count} fault(s): {list}")]
    Faults { framework: String, count: usize, list: String },
    #[error("{primitive}: neither columns nor row labels of the scores are items of `{framework}`")]
    NotScores { primitive: String, framework: String, columns: Vec<String>, items: Vec<String> },
    #[error("{primitive}: item `{item}` stands twice in the scores")]
    ItemTwice { primitive: String, item: String },
    #[error("{primitive}: `{answer}` is no answer to {place}")]
    BadAnswer { primitive: String, place: String, answer: String, known: Vec<String> },
    #[error("{primitive}: item `{item}` has no declared scale to normalise on")]
    NoScale { primitive: String, item: String },
    #[error("{primitive}: {node} has zeros in {children} ({units}), and zero is \"error\"")]
    Zero { primitive: String, node: String, children: String, units: String },
    #[error("{primitive}: {node}: {rule} needs values above zero, {place} is {value}")]
    Negative { primitive: String, node: String, rule: &'static str, place: String, value: f64 },
    #[error("{primitive}: {node}: no value for {child} of {unit}, and missing is \"error\"")]
    MissingValue { primitive: String, node: String, child: String, unit: String },
    #[error("{primitive}: weights of {node} {fault}")]
    Weights { primitive: String, node: String, fault: String },
    #[error("{primitive}: level `{level}` is none of this framework's")]
    NoLevel { primitive: String, level: String, known: Vec<String> },
    #[error("{primitive}: {reason}")]
    Undefined { primitive: String, reason: String, hint: String },
}

impl ReadinessError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFramework { name, known } => {
                Some(closest_hint(name, known)?.replace("valid:", "bundled:"))
            }
            Self::NotScores { columns, items, .. } => {
                let first = |names: &[String]| {
                    names.iter().take(3).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
                };
                Some(format!(
                    "name columns (or label rows) by item: {} ...; this table has {}",
                    first(items),
                    first(columns)
                ))
            }
            Self::BadAnswer { answer, known, .. } => closest_hint(answer, known),
            Self::NoScale { .. } => Some(
                "declare it, e.g. #{ scales: #{ name: \"1-5\" } }, or choose a normaliser that reads \
                 the data, e.g. \"minmax\""
                    .into(),
            ),
            Self::Zero { .. } => {
                Some("choose zero: \"floor\", \"skip\", \"drop\" or \"keep\"".into())
            }
            Self::Negative { .. } => Some(
                "normalise to a positive range first, e.g. minmax with range [1, 100], \
                 or aggregate: \"arithmetic\""
                    .into(),
            ),
            Self::MissingValue { .. } => {
                Some("impute first, or choose missing: \"available\"".into())
            }
            Self::Weights { .. } => {
                Some("weights are at least 0 and those of one node sum to 1".into())
            }
            Self::NoLevel { level, known, .. } => closest_hint(level, known),
            Self::Faults { .. } => Some("validate(description) lists them as a table".into()),
            Self::Undefined { hint, .. } => (!hint.is_empty()).then(|| hint.clone()),
            Self::Framework { .. } | Self::ItemTwice { .. } => None,
        }
    }
}
