//! Choosing and renaming columns.

use std::collections::HashSet;

use regex::Regex;

use super::error::VerbError;
use super::expr::text::{translated, why};
use crate::choice::Choice;
use crate::error::Result;
use crate::table::frame::Kind;
use crate::table::{Table, TableError};

/// A kind of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindPick {
    /// Float and int.
    Numeric,
    /// One kind.
    Only(Kind),
}

impl Choice for KindPick {
    const ALL: &'static [(&'static str, Self)] = &[
        ("numeric", Self::Numeric),
        ("float", Self::Only(Kind::Float)),
        ("int", Self::Only(Kind::Int)),
        ("bool", Self::Only(Kind::Bool)),
        ("text", Self::Only(Kind::Text)),
        ("date", Self::Only(Kind::Date)),
    ];
}

/// One way to name columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Pick {
    /// A column; or `"a:c"`, a range; or `"ict_*"`, a pattern; or `"-x"`, all but that. A column
    /// of exactly this name comes first.
    Text(String),
    /// Columns of a kind.
    Kind(KindPick),
    /// Names with `*` for any stretch and `?` for any character.
    Pattern(String),
    /// Names that a regular expression matches anywhere.
    Regex(String),
    /// All but these.
    Except(Vec<Pick>),
}

/// The columns that `picks` name, each once, in the order of the picks.
///
/// Picks that take away (`"-x"`) take away from what stands before them, and from all columns
/// where they stand first.
pub fn pick(primitive: &str, table: &Table, picks: &[Pick]) -> Result<Vec<String>> {
    let columns = table.columns();
    let mut chosen: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for (place, item) in picks.iter().enumerate() {
        let negative = match item {
            Pick::Except(inner) => Some(pick(primitive, table, inner)?),
            Pick::Text(text) => match text.strip_prefix('-') {
                Some(rest) if !columns.contains(text) => {
                    Some(named(primitive, table, &columns, rest.trim())?)
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(taken) = negative {
            if place == 0 {
                chosen.clone_from(&columns);
                seen = columns.iter().cloned().collect();
            }
            chosen.retain(|name| !taken.contains(name));
            for name in taken {
                seen.remove(&name);
            }
            continue;
        }
        let found = match item {
            Pick::Text(text) => named(primitive, table, &columns, text)?,
            Pick::Kind(kind) => columns
                .iter()
                .zip(table.kinds())
                .filter(|(_, found)| match kind {
                    KindPick::Numeric => found.is_numeric(),
                    KindPick::Only(wanted) => found == wanted,
                })
                .map(|(name, _)| name.clone())
                .collect(),
            Pick::Pattern(pattern) => {
                let regex = translated(pattern, "*", "?")
                    .map_err(|error| bad_pattern(primitive, pattern, &error))?;
                matching(primitive, &columns, &regex, pattern)?
            }
            Pick::Regex(pattern) => {
                let regex =
                    Regex::new(pattern).map_err(|error| bad_pattern(primitive, pattern, &error))?;
                matching(primitive, &columns, &regex, pattern)?
            }
            Pick::Except(_) => Vec::new(),
        };
        for name in found {
            if seen.insert(name.clone()) {
                chosen.push(name);
            }
        }
    }
    Ok(chosen)
}

fn bad_pattern(primitive: &str, pattern: &str, error: &regex::Error) -> VerbError {
    VerbError::BadPattern {
        primitive: primitive.to_owned(),
        pattern: pattern.to_owned(),
        reason: why(error),
    }
}

fn matching(
    primitive: &str,
    columns: &[String],
    regex: &Regex,
    pattern: &str,
) -> Result<Vec<String>> {
    let found: Vec<String> = columns.iter().filter(|name| regex.is_match(name)).cloned().collect();
    if found.is_empty() {
        return Err(VerbError::NothingPicked {
            primitive: primitive.to_owned(),
            pick: format!("the pattern `{pattern}`"),
            columns: columns.to_vec(),
        }
        .into());
    }
    Ok(found)
}

/// A name, a range or a pattern in one text.
fn named(primitive: &str, table: &Table, columns: &[String], text: &str) -> Result<Vec<String>> {
    if columns.iter().any(|name| name == text) {
        return Ok(vec![text.to_owned()]);
    }
    if let Some((first, last)) = text.split_once(':') {
        let (first, last) = (first.trim(), last.trim());
        let from = if first.is_empty() { 0 } else { table.position(primitive, first)? };
        let to = match last {
            "" => columns.len().saturating_sub(1),
            _ => table.position(primitive, last)?,
        };
        if from > to {
            return Err(VerbError::BackwardRange {
                primitive: primitive.to_owned(),
                first: first.to_owned(),
                last: last.to_owned(),
            }
            .into());
        }
        return Ok(columns.get(from..=to).unwrap_or_default().to_vec());
    }
    if text.contains(['*', '?']) {
        let regex =
            translated(text, "*", "?").map_err(|error| bad_pattern(primitive, text, &error))?;
        return matching(primitive, columns, &regex, text);
    }
    Err(TableError::NoColumn {
        primitive: primitive.to_owned(),
        name: text.to_owned(),
        columns: columns.to_vec(),
    }
    .into())
}

/// The table with columns renamed, each pair being the old name and the new.
///
/// All names change at once, so two columns can swap theirs. Row labels, codebook entries and
/// the declaration of a panel move with their column.
pub fn rename(table: &Table, pairs: &[(String, String)]) -> Result<Table> {
    for (old, _) in pairs {
        table.position("rename", old)?;
    }
    let new_name = |old: &str| {
        pairs.iter().find(|(from, _)| from == old).map_or(old, |(_, to)| to.as_str()).to_owned()
    };
    let mut seen = HashSet::new();
    let mut columns = Vec::new();
    for (name, array) in table.named_arrays() {
        let name = new_name(&name);
        if !seen.insert(name.clone()) {
            return Err(VerbError::NameTaken { primitive: "rename".into(), name }.into());
        }
        columns.push((name, array));
    }
    let mut renamed = table.rebuilt(columns)?;
    let meta = table.all_meta().into_iter().map(|(name, meta)| (new_name(&name), meta)).collect();
    renamed = renamed.with_meta(meta);
    let panel = table.panel_keys().and_then(|panel| panel.renamed(|name| Some(new_name(name))));
    renamed = renamed.with_panel(panel);
    if let (Some(labels), Some(name)) = (table.labels(), table.label_name()) {
        renamed = renamed.with_labels(std::sync::Arc::clone(labels), Some(&new_name(name)))?;
    }
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Vector;

    fn table() -> Table {
        Table::new([
            ("region", Vector::from_texts(["a"])),
            ("ict_a", Vector::from_floats([1.0])),
            ("ict_b", Vector::from_ints([1])),
            ("-z", Vector::from_floats([1.0])),
            ("доля_ict", Vector::from_floats([1.0])),
        ])
        .unwrap()
    }

    fn text(picks: &[&str]) -> Vec<String> {
        let picks: Vec<Pick> = picks.iter().map(|p| Pick::Text((*p).to_owned())).collect();
        pick("select", &table(), &picks).unwrap()
    }

    #[test]
    fn names_ranges_patterns_and_negatives() {
        assert_eq!(text(&["ict_b", "region"]), ["ict_b", "region"]);
        assert_eq!(text(&["ict_a:-z"]), ["ict_a", "ict_b", "-z"]);
        assert_eq!(text(&[":ict_a"]), ["region", "ict_a"]);
        assert_eq!(text(&["ict_*", "доля*", "ict_a"]), ["ict_a", "ict_b", "доля_ict"]);
        assert_eq!(text(&["-ict_*"]), ["region", "-z", "доля_ict"]);
        assert_eq!(text(&["-z"]), ["-z"]);
        assert_eq!(text(&["region:-z", "-ict_b"]), ["region", "ict_a", "-z"]);
    }

    #[test]
    fn kinds_and_regular_expressions() {
        let run = |p: Pick| pick("select", &table(), &[p]).unwrap();
        assert_eq!(run(Pick::Kind(KindPick::Numeric)).len(), 4);
        assert_eq!(run(Pick::Kind(KindPick::Only(Kind::Int))), ["ict_b"]);
        assert_eq!(run(Pick::Regex("ict$".into())), ["доля_ict"]);
        let all_but = Pick::Except(vec![Pick::Kind(KindPick::Numeric)]);
        assert_eq!(run(all_but), ["region"]);
        assert!(pick("select", &table(), &[Pick::Regex("(".into())]).is_err());
        assert!(pick("select", &table(), &[Pick::Pattern("zz*".into())]).is_err());
        let error = pick("select", &table(), &[Pick::Text("ict_c".into())]).unwrap_err();
        assert!(error.hint().unwrap().contains("`ict_a`"));
    }

    #[test]
    fn two_columns_swap_names_and_a_taken_name_is_an_error() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let swapped = rename(&table(), &[pair("ict_a", "ict_b"), pair("ict_b", "ict_a")]).unwrap();
        assert_eq!(swapped.columns()[1..3], ["ict_b", "ict_a"]);
        assert!(rename(&table(), &[pair("ict_a", "ict_b")]).is_err());
        assert!(rename(&table(), &[pair("nope", "x")]).is_err());
        let labelled = table().labelled_by("region").unwrap();
        let renamed = rename(&labelled, &[pair("region", "область")]).unwrap();
        assert_eq!(renamed.label_name(), Some("область"));
    }
}
