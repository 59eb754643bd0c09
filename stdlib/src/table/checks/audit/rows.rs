//! Rows and labels that stand twice.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use super::columns::hash;
use super::{Finding, Severity, list};
use crate::table::Table;

pub(super) fn check(table: &Table, found: &mut Vec<Finding>) {
    labels(table, found);
    rows(table, found);
}

fn labels(table: &Table, found: &mut Vec<Finding>) {
    if table.labels().is_none() {
        return;
    }
    let names = table.row_names();
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut repeated: Vec<(String, usize)> = Vec::new();
    for (row, name) in names.iter().enumerate() {
        if first.insert(name, row).is_some() && repeated.iter().all(|(other, _)| other != name) {
            repeated.push((name.clone(), row));
        }
        // A thousand rows of twenty firms are a panel; a list of all labels says no more.
        if repeated.len() > 100 {
            break;
        }
    }
    let Some((_, row)) = repeated.first() else { return };
    let labels: Vec<String> = repeated.iter().map(|(name, _)| name.clone()).collect();
    found.push(Finding {
        severity: Severity::Note,
        check: "duplicate_label",
        columns: table.label_name().map(str::to_owned).into_iter().collect(),
        row: Some(*row),
        finding: format!("labels stand on several rows: {}", list(&labels, 3)),
        mend: "t.at(label, column) needs one row a label; a panel is declared by unit and year"
            .into(),
    });
}

fn rows(table: &Table, found: &mut Vec<Finding>) {
    if table.ncol() == 0 {
        return;
    }
    let mut hashes = vec![DefaultHasher::new(); table.nrow()];
    for column in 0..table.ncol() {
        for (row, hasher) in hashes.iter_mut().enumerate() {
            hash(&table.cell(row, column), hasher);
        }
    }
    let same = |a: usize, b: usize| {
        (0..table.ncol()).all(|column| table.cell(a, column) == table.cell(b, column))
    };
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut repeated = 0;
    let mut example = None;
    for (row, hasher) in hashes.into_iter().enumerate() {
        let alike = seen.entry(hasher.finish()).or_default();
        match alike.iter().find(|other| same(**other, row)) {
            Some(other) => {
                repeated += 1;
                example.get_or_insert((*other, row));
            }
            None => alike.push(row),
        }
    }
    let Some((first, second)) = example else { return };
    let rows = if repeated == 1 { "1 row repeats" } else { "rows repeat" };
    let lead = if repeated == 1 { String::new() } else { format!("{repeated} ") };
    found.push(Finding {
        severity: Severity::Warning,
        check: "duplicate_row",
        columns: Vec::new(),
        row: Some(second),
        finding: format!(
            "{lead}{rows} an earlier one in every column, e.g. rows {first} and {second} (from 0)"
        ),
        mend: "keep one of each: t.distinct()".into(),
    });
}
