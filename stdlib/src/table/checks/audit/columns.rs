//! Columns one by one and against each other: empty, constant, repeated, outside their range.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow_array::Array;

use super::{Finding, Severity, quoted, short};
use crate::error::Result;
use crate::stats::fences;
use crate::table::{Cell, ColumnMeta, Kind, Table, Vector};

/// Codes that questionnaires write for no answer.
const CODES: [f64; 10] =
    [-99.0, -999.0, -9999.0, -99_999.0, 99.0, 999.0, 9999.0, 99_999.0, 999_999.0, -1e6];

pub(super) fn check(table: &Table, found: &mut Vec<Finding>) -> Result<()> {
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        let vector = table.column(&name)?;
        if presence(&name, &vector, found) && kind.is_numeric() {
            numbers(&name, &vector, table.meta(&name), found)?;
        }
    }
    duplicates(table, found)
}

/// Empty, mostly missing and constant columns; whether the column varies.
fn presence(name: &str, vector: &Vector, found: &mut Vec<Finding>) -> bool {
    let (rows, missing) = (vector.len(), vector.missing());
    let drop = format!("leave it out: t.drop([{name:?}])");
    let mut tell = |severity, check, row, finding, mend| {
        let columns = vec![name.to_owned()];
        found.push(Finding { severity, check, columns, row, finding, mend });
    };
    if rows == 0 {
        return false;
    }
    if missing == rows {
        tell(Severity::Error, "empty_column", Some(0), "no value at all".to_owned(), drop);
        return false;
    }
    let first_gap = (0..rows).find(|row| vector.array().is_null(*row));
    if missing * 2 > rows {
        tell(
            Severity::Warning,
            "mostly_missing",
            first_gap,
            format!("{missing} of {rows} values are missing"),
            format!("{drop}, or find out why they are missing"),
        );
    }
    let mut present = (0..rows).map(|row| vector.cell(row)).filter(|cell| *cell != Cell::Missing);
    let Some(first) = present.next() else { return false };
    if rows - missing > 1 && present.all(|cell| cell == first) {
        tell(
            Severity::Warning,
            "constant_column",
            Some(0),
            format!("the same value everywhere: {}", shown(&first)),
            drop,
        );
        return false;
    }
    true
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "missing".into(),
        Cell::Float(x) => short(*x),
        Cell::Int(i) => i.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Text(text) => format!("{text:?}"),
        Cell::Date(date) => date.to_string(),
    }
}

/// Words of changes, which may be negative or above 100 per cent.
const CHANGES: [&str; 14] = [
    "growth",
    "index",
    "change",
    "inflation",
    "margin",
    "return",
    "balance",
    "deficit",
    "yoy",
    "темп",
    "рост",
    "индекс",
    "изменени",
    "рентабельн",
];

fn names_a_change(name: &str, meta: Option<&ColumnMeta>) -> bool {
    let labels =
        meta.into_iter().flat_map(|meta| meta.labels.iter().map(|(_, text)| text.as_str()));
    let unit = meta.and_then(|meta| meta.unit.as_deref());
    labels.chain(unit).chain([name]).any(|text| {
        let text = text.to_lowercase();
        CHANGES.iter().any(|word| text.contains(word))
    })
}

/// Whether a column holds shares in per cent, by its unit or its name.
fn is_share(name: &str, meta: Option<&ColumnMeta>) -> bool {
    if names_a_change(name, meta) {
        return false;
    }
    let unit = meta.and_then(|meta| meta.unit.as_deref()).unwrap_or("");
    let name = name.to_lowercase();
    let word = |word: &str| name.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    unit.contains('%')
        || name.contains('%')
        || ["share", "percent", "pct", "доля", "удельный"].iter().any(|w| word(w))
}

fn numbers(
    name: &str,
    vector: &Vector,
    meta: Option<&ColumnMeta>,
    found: &mut Vec<Finding>,
) -> Result<()> {
    let values: Vec<(usize, f64)> = vector
        .floats()?
        .iter()
        .enumerate()
        .filter_map(|(row, value)| value.map(|value| (row, value)))
        .collect();
    let mut tell = |severity, check, row, finding: String, mend: String| {
        let columns = vec![name.to_owned()];
        found.push(Finding { severity, check, columns, row: Some(row), finding, mend });
    };
    if let Some((row, value)) = values.iter().find(|(_, value)| value.is_infinite()) {
        let many = values.iter().filter(|(_, value)| value.is_infinite()).count();
        tell(
            Severity::Error,
            "infinite",
            *row,
            format!("{many} infinite ({value})"),
            format!("find the division by zero, or leave them out: t.where(t[{name:?}] < 1e300)"),
        );
        return Ok(());
    }
    let n = values.len();
    let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(low), Some(high)) = (sorted.first().copied(), sorted.last().copied()) else {
        return Ok(());
    };
    let row_of = |wanted: f64| values.iter().find(|(_, v)| *v == wanted).map_or(0, |(row, _)| *row);
    let far = fences(&sorted, 3.0).filter(|(from, to)| from < to);
    let code = CODES.into_iter().find(|code| {
        (*code == low || *code == high)
            && far.is_some_and(|(from, to)| *code < from || *code > to)
            && (code.abs() > 100.0 || sorted.iter().filter(|v| *v == code).count() > 1)
    });
    if let Some(code) = code {
        let many = sorted.iter().filter(|v| **v == code).count();
        tell(
            Severity::Warning,
            "code_for_missing",
            row_of(code),
            match many {
                1 => format!("{} stands far from the others", short(code)),
                _ => format!("{} stands {many} times, far from the others", short(code)),
            },
            format!("if it means no answer: load(path, #{{ missing: \"{}\" }})", short(code)),
        );
    }
    let share = is_share(name, meta);
    let outside: Vec<f64> = sorted.iter().copied().filter(|v| *v < 0.0 || *v > 100.0).collect();
    if share && !outside.is_empty() && code.is_none() {
        let worst = if low < 0.0 && -low > high - 100.0 { low } else { high };
        tell(
            Severity::Error,
            "impossible_share",
            row_of(worst),
            format!("{} of {n} shares lie outside 0..100, e.g. {}", outside.len(), short(worst)),
            "look the cell up in its source; a growth rate should say so in its name or unit"
                .into(),
        );
    } else if share && n >= 3 && low >= 0.0 && high <= 1.0 {
        tell(
            Severity::Note,
            "share_as_fraction",
            row_of(high),
            format!("all shares lie in 0..1 (largest {}): fractions, not per cent?", short(high)),
            format!("if they are fractions: t[{name:?}] *= 100"),
        );
    }
    let negative = sorted.partition_point(|v| *v < 0.0);
    let few = negative > 0 && n >= 8 && negative <= (n / 20).max(1);
    if few && !share && code.is_none() && !names_a_change(name, meta) {
        tell(
            Severity::Note,
            "negative_value",
            row_of(low),
            format!("{negative} of {n} values below zero (least {}), all others not", short(low)),
            "a sign lost in typing, or a change among levels? Look the cell up".into(),
        );
    }
    // A code was told already, and of two far sides the further one is named.
    if let (Some((from, to)), None) = (far, code) {
        let many = sorted.iter().filter(|v| **v < from || **v > to).count();
        if many > 0 && n >= 8 {
            let worst = if from - low > high - to { low } else { high };
            tell(
                Severity::Note,
                "far_out",
                row_of(worst),
                format!(
                    "{many} of {n} values more than 3 interquartile ranges outside the quartiles, \
                     the furthest {}",
                    short(worst)
                ),
                "a slip of units? If true, means lean on it: take logarithms or medians".into(),
            );
        }
    }
    Ok(())
}

/// Columns with the same values.
fn duplicates(table: &Table, found: &mut Vec<Finding>) -> Result<()> {
    let names = table.columns();
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    for (position, array) in table.batch().columns().iter().enumerate() {
        let vector = table.column(&names[position])?;
        // An empty column was told already, and all empty ones are alike.
        if array.null_count() == array.len() {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        for row in 0..vector.len() {
            hash(&vector.cell(row), &mut hasher);
        }
        let alike = seen.entry(hasher.finish()).or_default();
        let twin = alike.iter().find(|other| {
            (0..table.nrow()).all(|row| table.cell(row, **other) == table.cell(row, position))
        });
        match twin {
            Some(other) => {
                let pair = vec![names[*other].clone(), names[position].clone()];
                found.push(Finding {
                    severity: Severity::Warning,
                    check: "duplicate_column",
                    row: Some(0),
                    finding: format!("the same values in {}", pair.join(" and ")),
                    mend: format!("leave one out: t.drop({})", quoted(&pair[1..])),
                    columns: pair,
                });
            }
            None => alike.push(position),
        }
    }
    Ok(())
}

/// A cell's hash; equal cells have the same.
pub(super) fn hash(cell: &Cell, hasher: &mut DefaultHasher) {
    match cell {
        Cell::Missing => 0_u8.hash(hasher),
        // Zero has two signs.
        Cell::Float(x) => (x + 0.0).to_bits().hash(hasher),
        Cell::Int(i) => i.hash(hasher),
        Cell::Bool(b) => b.hash(hasher),
        Cell::Text(text) => text.hash(hasher),
        Cell::Date(date) => date.days().hash(hasher),
    }
}

/// Kinds whose values are compared as text.
pub(super) fn is_text(kind: Kind) -> bool {
    kind == Kind::Text
}
