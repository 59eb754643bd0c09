//! Text that was meant as numbers.

use super::{Finding, Severity};
use crate::error::Result;
use crate::table::read::NumberStyle;
use crate::table::{Cell, Kind, Table};

/// From this share of numbers on a column of texts was meant as one of numbers.
const MOSTLY: f64 = 0.8;

pub(super) fn check(table: &Table, found: &mut Vec<Finding>) -> Result<()> {
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        if kind != Kind::Text {
            continue;
        }
        let vector = table.column(&name)?;
        let texts: Vec<(usize, String)> = vector
            .cells()
            .enumerate()
            .filter_map(|(row, cell)| match cell {
                Cell::Text(text) => Some((row, bare(&text))),
                _ => None,
            })
            .collect();
        if texts.is_empty() {
            continue;
        }
        let (style, _) = NumberStyle::sniff(texts.iter().map(|(_, text)| text.as_str()));
        let odd: Vec<&(usize, String)> =
            texts.iter().filter(|(_, text)| style.float(text).is_none()).collect();
        let numbers = texts.len() - odd.len();
        if (numbers as f64) < MOSTLY * texts.len() as f64 {
            continue;
        }
        let (row, finding, mend) = match odd.first() {
            None => (
                texts[0].0,
                format!("all {} texts read as numbers, e.g. {:?}", texts.len(), texts[0].1),
                format!(
                    "name the marks when loading: load(path, #{{ decimal: \"{}\" }})",
                    style.decimal
                ),
            ),
            Some((row, text)) => (
                *row,
                format!("{numbers} of {} texts read as numbers; {text:?} does not", texts.len()),
                format!("if it means no value: load(path, #{{ missing: {text:?} }})"),
            ),
        };
        found.push(Finding {
            severity: Severity::Warning,
            check: "numeric_text",
            columns: vec![name],
            row: Some(row),
            finding,
            mend,
        });
    }
    Ok(())
}

/// The text without outer spaces and a percent sign behind it.
fn bare(text: &str) -> String {
    text.trim().trim_end_matches('%').trim_end().to_owned()
}
