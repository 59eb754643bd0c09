//! Choosing rows: distinct ones, slices, samples, complete ones.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use rand::RngExt;

use super::groups::Groups;
use super::{Noted, listed};
use crate::context::rng;
use crate::error::{Error, Result};
use crate::table::Table;

/// The first row of each combination of values of `columns` (of all columns if there is none).
pub fn distinct(table: &Table, columns: &[String]) -> Result<Table> {
    let all;
    let columns = if columns.is_empty() {
        all = table.columns();
        &all
    } else {
        columns
    };
    let groups = Groups::of(&keys("distinct", table, columns)?, table.nrow());
    table.take(&groups.first)
}

/// The arrays of `columns`.
pub(super) fn keys(primitive: &str, table: &Table, columns: &[String]) -> Result<Vec<ArrayRef>> {
    columns.iter().map(|name| table.array(primitive, name).map(Arc::clone)).collect()
}

/// A run of rows; positions count from 0, negative ones from the end, and reach beyond neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// First row.
    pub from: i64,
    /// One past the last row; the end of the table if `None`.
    pub to: Option<i64>,
}

/// The rows of a slice.
pub fn slice(table: &Table, slice: Slice) -> Result<Table> {
    let rows = table.nrow() as i64;
    let place = |at: i64| (if at < 0 { at + rows } else { at }).clamp(0, rows) as u32;
    let (from, to) = (place(slice.from), slice.to.map_or(rows as u32, place));
    table.take(&(from..to.max(from)).collect::<Vec<u32>>())
}

/// How to draw rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleParams {
    /// Rows to draw; else `share` decides.
    pub n: Option<usize>,
    /// Share of the rows to draw, at least 0; rounded to whole rows.
    pub share: Option<f64>,
    /// Whether a row may be drawn again.
    pub replace: bool,
    /// Seed of the draw.
    pub seed: u64,
}

impl SampleParams {
    fn count(&self, rows: usize) -> Result<usize> {
        let invalid = |parameter, rule: String, value: String| {
            Err(Error::Invalid { primitive: "sample", parameter, rule, value })
        };
        let n = match (self.n, self.share) {
            (Some(n), None) => n,
            (None, Some(share)) => {
                if !(share >= 0.0 && share.is_finite()) || (share > 1.0 && !self.replace) {
                    let rule = "lie in 0..=1 (above 1 only with replace: true)".into();
                    return invalid("share", rule, share.to_string());
                }
                (share * rows as f64).round() as usize
            }
            _ => {
                let rule = "be given, or share, and not both".into();
                return invalid("n", rule, "neither or both".into());
            }
        };
        if !self.replace && n > rows {
            let rule = format!("be at most {rows} (rows) unless replace is true");
            return invalid("n", rule, n.to_string());
        }
        if self.replace && rows == 0 && n > 0 {
            return invalid("n", "be 0 for a table without rows".into(), n.to_string());
        }
        Ok(n)
    }
}

/// Random rows: without replacement in random order, or with.
pub fn sample(table: &Table, params: &SampleParams) -> Result<Table> {
    let rows = table.nrow();
    let n = params.count(rows)?;
    let mut rng = rng(params.seed, 0);
    if params.replace {
        let drawn: Vec<u32> = (0..n).map(|_| rng.random_range(0..rows as u32)).collect();
        return table.take(&drawn);
    }
    // The first n steps of Fisher and Yates's shuffle.
    let mut order: Vec<u32> = (0..rows as u32).collect();
    for place in 0..n {
        let other = rng.random_range(place..rows);
        order.swap(place, other);
    }
    order.truncate(n);
    table.take(&order)
}

/// The rows without a gap in `columns` (in any column if there is none), and how many went.
pub fn drop_missing(table: &Table, columns: &[String]) -> Result<Noted> {
    let all;
    let columns = if columns.is_empty() {
        all = table.columns();
        &all
    } else {
        columns
    };
    let arrays = keys("drop_missing", table, columns)?;
    let complete = |row: &u32| arrays.iter().all(|array| array.is_valid(*row as usize));
    let kept: Vec<u32> = (0..table.nrow() as u32).filter(complete).collect();
    let dropped = table.nrow() - kept.len();
    let mut warnings = Vec::new();
    if dropped > 0 {
        let behind: Vec<&String> = columns
            .iter()
            .zip(&arrays)
            .filter(|(_, array)| array.null_count() > 0)
            .map(|(name, _)| name)
            .collect();
        warnings.push(format!(
            "drop_missing: {dropped} of {} rows dropped (gaps in {})",
            table.nrow(),
            listed(&behind)
        ));
    }
    Ok(Noted { table: table.take(&kept)?, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Vector;

    fn table() -> Table {
        Table::new([
            ("a", Vector::from_ints([1, 1, 2, 1, 2])),
            ("b", Vector::from_options([Some(1.0), Some(1.0), None, Some(2.0), None])),
        ])
        .unwrap()
    }

    fn column(table: &Table, name: &str) -> Vec<f64> {
        table.column(name).unwrap().present().unwrap()
    }

    #[test]
    fn distinct_rows_keep_their_first() {
        assert_eq!(distinct(&table(), &[]).unwrap().nrow(), 3);
        let by_a = distinct(&table(), &["a".into()]).unwrap();
        assert_eq!(column(&by_a, "a"), [1.0, 2.0]);
        assert!(distinct(&table(), &["z".into()]).is_err());
    }

    #[test]
    fn slices_count_from_both_ends() {
        let run = |from, to| slice(&table(), Slice { from, to }).unwrap().nrow();
        assert_eq!(run(1, Some(3)), 2);
        assert_eq!(run(-2, None), 2);
        assert_eq!(run(3, Some(-1)), 1);
        assert_eq!(run(4, Some(2)), 0);
        assert_eq!(run(-99, Some(99)), 5);
    }

    #[test]
    fn samples_repeat_and_never_repeat_a_row_without_replacement() {
        let params = SampleParams { n: Some(5), share: None, replace: false, seed: 3 };
        let numbered = Table::new([("i", Vector::from_ints(0..5))]).unwrap();
        let mut all = column(&sample(&numbered, &params).unwrap(), "i");
        assert_eq!(all, column(&sample(&numbered, &params).unwrap(), "i"));
        all.sort_by(f64::total_cmp);
        assert_eq!(all, [0.0, 1.0, 2.0, 3.0, 4.0]);
        let share = SampleParams { n: None, share: Some(0.4), ..params };
        assert_eq!(sample(&numbered, &share).unwrap().nrow(), 2);
        let many = SampleParams { n: Some(9), ..params };
        assert!(sample(&numbered, &many).is_err());
        assert_eq!(sample(&numbered, &SampleParams { replace: true, ..many }).unwrap().nrow(), 9);
        assert!(sample(&numbered, &SampleParams { n: None, ..params }).is_err());
    }

    #[test]
    fn rows_with_gaps_go_and_are_counted() {
        let noted = drop_missing(&table(), &[]).unwrap();
        assert_eq!(noted.table.nrow(), 3);
        assert_eq!(noted.warnings, ["drop_missing: 2 of 5 rows dropped (gaps in `b`)"]);
        assert!(drop_missing(&table(), &["a".into()]).unwrap().warnings.is_empty());
    }
}
