//! Missing scores filled before an index is made of them.

use super::error::ReadinessError;
use super::framework::Framework;
use super::scores::Scores;
use crate::choice::Choice;
use crate::error::Result;
use crate::stats;
use crate::table::{Kind, Table, Vector};

/// What a missing score takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// The item's mean over the units that have it.
    Mean,
    /// The item's median.
    Median,
    /// The item's mean within the unit's group.
    GroupMean,
    /// The item's median within the unit's group.
    GroupMedian,
}

impl Choice for Fill {
    const ALL: &'static [(&'static str, Self)] = &[
        ("mean", Self::Mean),
        ("median", Self::Median),
        ("group_mean", Self::GroupMean),
        ("group_median", Self::GroupMedian),
    ];
}

impl Fill {
    fn grouped(self) -> bool {
        matches!(self, Self::GroupMean | Self::GroupMedian)
    }

    fn of(self, values: &[f64]) -> Option<f64> {
        match self {
            Self::Mean | Self::GroupMean => stats::mean(values),
            Self::Median | Self::GroupMedian => stats::median(values),
        }
    }
}

/// How missing scores are filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillParams {
    /// What they take.
    pub method: Fill,
    /// The column of the score table that names each unit's group; for the group methods.
    pub by: Option<String>,
}

impl FillParams {
    /// Checks that a group method has groups, and only it.
    pub fn check(&self) -> Result<()> {
        let fault = match (self.method.grouped(), &self.by) {
            (true, None) => "name the column of groups for a group method",
            (false, Some(_)) => "be left out unless the method is group_mean or group_median",
            _ => return Ok(()),
        };
        Err(crate::Error::Invalid {
            primitive: "readiness",
            parameter: "by",
            rule: fault.into(),
            value: self.by.clone().unwrap_or_else(|| "nothing".to_owned()),
        })
    }
}

/// The group of each unit in a score table with units in rows.
pub(super) fn groups(
    table: &Table,
    framework: &Framework,
    by: &str,
    units: &[String],
) -> Result<Vec<String>> {
    let column = table.column(by)?;
    if column.len() != units.len() || framework.items().iter().any(|item| item.code == by) {
        return Err(ReadinessError::Undefined {
            primitive: "readiness".into(),
            reason: format!("`{by}` does not name a group for each unit"),
            hint: "keep units in rows, and the groups in a column of their own".into(),
        }
        .into());
    }
    let text = column.kind() == Kind::Text;
    let name = |row: usize| match column.cell(row) {
        crate::table::Cell::Text(name) => name,
        crate::table::Cell::Date(date) => date.to_string(),
        crate::table::Cell::Missing => String::new(),
        cell if !text => cell.as_f64().map_or_else(String::new, |x| x.to_string()),
        _ => String::new(),
    };
    Ok((0..units.len()).map(name).collect())
}

/// Fills the gaps of every item; returns what a reader should know.
///
/// An item without a value (in the unit's group) stays missing, and its node's rule decides.
pub(super) fn fill(
    columns: &mut [Vec<f64>],
    items: &[String],
    method: Fill,
    groups: Option<&[String]>,
) -> Vec<String> {
    let (mut filled, mut left) = (0_usize, Vec::new());
    for (column, item) in columns.iter_mut().zip(items) {
        let gaps: Vec<usize> = (0..column.len()).filter(|at| column[*at].is_nan()).collect();
        let mut stayed = false;
        let values: Vec<Option<f64>> = gaps
            .iter()
            .map(|gap| {
                let alike = |at: &usize| groups.is_none_or(|groups| groups[*at] == groups[*gap]);
                let present: Vec<f64> = (0..column.len())
                    .filter(alike)
                    .map(|at| column[at])
                    .filter(|x| !x.is_nan())
                    .collect();
                method.of(&present)
            })
            .collect();
        for (gap, value) in gaps.into_iter().zip(values) {
            match value {
                Some(value) => {
                    column[gap] = value;
                    filled += 1;
                }
                None => stayed = true,
            }
        }
        if stayed {
            left.push(item.as_str());
        }
    }
    let mut warnings = Vec::new();
    if filled > 0 {
        warnings.push(format!("{filled} missing scores were filled by {}", method.name()));
    }
    if !left.is_empty() {
        warnings.push(format!("nothing to fill them from in {}", left.join(", ")));
    }
    warnings
}

/// The scores of `scores` as a table by item, units in rows.
pub(super) fn table_of(scores: &Scores, columns: &[Vec<f64>], items: &[String]) -> Result<Table> {
    let columns = items
        .iter()
        .zip(columns)
        .map(|(item, column)| (item.as_str(), Vector::from_floats(column.iter().copied())));
    let labels = arrow_array::StringArray::from_iter_values(&scores.units);
    Table::new(columns)?.with_labels(std::sync::Arc::new(labels), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_take_the_middle_of_their_group() {
        let nan = f64::NAN;
        let column = vec![1.0, nan, 3.0, 10.0, nan, 30.0, 80.0];
        let groups = ["a", "a", "a", "b", "b", "b", "b"].map(String::from);
        let items = ["x".to_owned()];
        let run = |method, groups: Option<&[String]>| {
            let mut columns = vec![column.clone()];
            let warnings = fill(&mut columns, &items, method, groups);
            (columns[0][1], columns[0][4], warnings)
        };
        let all = [1.0, 3.0, 10.0, 30.0, 80.0];
        let mean = all.iter().sum::<f64>() / 5.0;
        assert_eq!(run(Fill::Mean, None).0, mean);
        assert_eq!(run(Fill::Median, None).1, 10.0);
        let (a, b, warnings) = run(Fill::GroupMean, Some(&groups));
        assert_eq!((a, b), (2.0, 40.0));
        assert_eq!(warnings, ["2 missing scores were filled by group_mean"]);
        assert_eq!(run(Fill::GroupMedian, Some(&groups)).1, 30.0);
    }

    #[test]
    fn an_empty_item_stays_empty() {
        let mut columns = vec![vec![f64::NAN, f64::NAN]];
        let warnings = fill(&mut columns, &["x".to_owned()], Fill::Mean, None);
        assert!(columns[0][0].is_nan());
        assert_eq!(warnings, ["nothing to fill them from in x"]);
    }
}
