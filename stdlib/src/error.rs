//! What can go wrong, with the offending values, and how to mend it.

use thiserror::Error;

use crate::chart::ChartError;
use crate::cluster::ClusterError;
use crate::formula::FormulaError;
use crate::frontier::FrontierError;
use crate::readiness::ReadinessError;
use crate::table::TableError;
use crate::table::verbs::VerbError;

/// Any failure of this crate: `Display` says what, [`Error::hint`] says how to mend it.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that nothing answers to; `known` lists what does.
    #[error("{primitive}: unknown {kind} `{name}`")]
    UnknownName {
        /// The function or object asked.
        primitive: String,
        /// What sort of name it is, e.g. `"option"` or `"column"`.
        kind: String,
        /// The name as written.
        name: String,
        /// The names that would have worked.
        known: Vec<String>,
    },
    /// A parameter outside its domain.
    #[error("{primitive}: {parameter} must {rule}, got {value}")]
    Invalid {
        /// The function called.
        primitive: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The rule, as it reads after "must".
        rule: String,
        /// The value seen.
        value: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A closure of the user's failed or answered something unusable.
    #[error("{message}")]
    Callback {
        /// What it answered, or why it failed.
        message: String,
    },
    /// Tables and vectors.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Verbs of tables and the expressions in their arguments.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// Model formulas.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// Composite indices.
    #[error(transparent)]
    Readiness(#[from] ReadinessError),
    /// Clusters and multivariate analysis.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Stochastic frontiers.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
    /// Charts.
    #[error(transparent)]
    Chart(#[from] ChartError),
}

/// A text that a user gave, and the part of it that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What the text is: `"formula"`, `"expression"`.
    pub what: &'static str,
    /// The whole text.
    pub text: String,
    /// The wrong part.
    pub span: std::ops::Range<usize>,
}

/// The result of anything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The formula or expression with the bytes of it that are wrong, where the error lies in one.
    pub fn excerpt(&self) -> Option<Excerpt> {
        let (what, place) = match self {
            Self::Formula(error) => ("formula", error.place()?),
            Self::Verb(VerbError::Expression { error, .. }) => ("expression", error.place()),
            _ => return None,
        };
        Some(Excerpt { what, text: place.formula.clone(), span: place.start..place.end })
    }

    /// How to mend it, where something useful can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownName { name, known, .. } => closest_hint(name, known),
            Self::Invalid { .. } | Self::Interrupted | Self::Callback { .. } => None,
            Self::Table(error) => error.hint(),
            Self::Verb(error) => error.hint(),
            Self::Formula(error) => error.hint(),
            Self::Readiness(error) => error.hint(),
            Self::Cluster(error) => error.hint(),
            Self::Frontier(error) => error.hint(),
            Self::Chart(error) => error.hint(),
        }
    }
}

/// "did you mean" for the nearest of `known`, else the list of them.
pub fn closest_hint(name: &str, known: &[String]) -> Option<String> {
    if known.is_empty() {
        return None;
    }
    let near = closest(name, known.iter().map(String::as_str));
    let list =
        |names: &[&str]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let mut hint = String::new();
    if !near.is_empty() {
        hint = format!("did you mean {}?", list(&near).replace(", ", " or "));
    }
    if near.is_empty() || known.len() <= 12 {
        let all: Vec<&str> = known.iter().map(String::as_str).take(40).collect();
        let more = known.len().saturating_sub(all.len());
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        let lead = if hint.is_empty() { "" } else { " " };
        hint = format!("{hint}{lead}valid: {}{tail}", list(&all));
    }
    Some(hint)
}

/// A number of things: `1 row`, `2 rows`.
pub fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Up to three of `known` that a typing slip could have meant, nearest first.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let mut score = strsim::jaro_winkler(&lower, &other);
            if lower.len() >= 3 && (other.contains(&lower) || lower.contains(&other)) {
                score = score.max(0.9);
            }
            (score >= 0.82).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by_key(|entry| entry.1);
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        assert_eq!(closest("normalize", ["normalise", "weights", "zero"]), ["normalise"]);
        assert_eq!(closest("linkge", ["linkage", "distance"]), ["linkage"]);
        assert!(closest("zzz", ["linkage", "distance"]).is_empty());
    }

    #[test]
    fn the_hint_lists_a_short_vocabulary() {
        let known = ["floor", "skip", "error"].map(String::from);
        let hint = closest_hint("flor", &known).unwrap();
        assert_eq!(hint, "did you mean `floor`? valid: `floor`, `skip`, `error`");
    }
}
