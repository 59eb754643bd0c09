//! What an analyst would stumble over later: an audit of a table before it is used.
//!
//! Columns that say nothing or say the same twice, text that was meant as numbers, shares outside
//! 0..100, codes for missing values, names that differ only in look, repeated rows, columns that are
//! combinations of others, and rows far from the rest. Every finding names a row to look at where
//! there is one, and a mend.

mod alike;
mod columns;
mod rows;
mod together;
mod words;

pub use alike::clean_text;

use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// When values are worth a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditParams {
    /// Variance inflation above which a column repeats others, above 1, default 10.
    pub vif: f64,
    /// Condition number of the standardised columns above which they are collinear, above 1,
    /// default 30 (Belsley, Kuh and Welsch, 1980).
    pub condition: f64,
    /// Rows stand out by their Mahalanobis distance if one such row or more had a probability below
    /// this among as many rows of normal data (Bonferroni), in (0, 1), default 0.05.
    pub p: f64,
}

impl Default for AuditParams {
    fn default() -> Self {
        Self { vif: 10.0, condition: 30.0, p: 0.05 }
    }
}

impl AuditParams {
    /// Whether every bound lies in its domain.
    pub fn check(&self) -> Result<()> {
        let rules = [
            ("vif", self.vif, self.vif > 1.0, "lie above 1"),
            ("condition", self.condition, self.condition > 1.0, "lie above 1"),
            ("p", self.p, self.p > 0.0 && self.p < 1.0, "lie in (0, 1)"),
        ];
        for (parameter, value, fine, rule) in rules {
            if !fine {
                let (rule, value) = (rule.into(), value.to_string());
                return Err(Error::Invalid { primitive: "audit", parameter, rule, value });
            }
        }
        Ok(())
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Results will be wrong.
    Error,
    /// Results are probably wrong or uncertain.
    Warning,
    /// Worth a look.
    Note,
}

impl Choice for Severity {
    const ALL: &'static [(&'static str, Self)] =
        &[("error", Self::Error), ("warning", Self::Warning), ("note", Self::Note)];
}

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Short name of the check, e.g. `"constant_column"`.
    pub check: &'static str,
    /// Columns involved; none for whole rows.
    pub columns: Vec<String>,
    /// A row to look at, from 0, where there is one.
    pub row: Option<usize>,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    pub mend: String,
}

/// The findings of an audit.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Labels of the rows, or their numbers from 1.
    pub row_names: Vec<String>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Numeric columns taken together, where that is possible.
    pub together: Option<together::Together>,
    /// What could not be checked and why, and the law behind the distances.
    pub remarks: Vec<String>,
}

pub use together::Together;

/// Audits `table`.
pub fn audit(table: &Table, params: &AuditParams, context: &Context) -> Result<Audit> {
    params.check()?;
    let mut found = Vec::new();
    let steps: [fn(&Table, &mut Vec<Finding>) -> Result<()>; 3] =
        [columns::check, words::check, alike::check];
    for (done, step) in steps.into_iter().enumerate() {
        context.check()?;
        context.report("audit", done as u64, 5);
        step(table, &mut found)?;
    }
    context.check()?;
    rows::check(table, &mut found);
    context.check()?;
    let mut remarks = Vec::new();
    let together = together::check(table, params, &mut found, &mut remarks)?;
    found.sort_by_key(|finding| finding.severity);
    let shape = (table.nrow(), table.ncol());
    Ok(Audit { shape, row_names: table.row_names(), findings: found, together, remarks })
}

impl Audit {
    /// Findings of `severity`.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// A row per finding: `severity`, `check`, `columns`, `row` (its label), `row_number` (from 0),
    /// `finding`, `mend`.
    pub fn table(&self) -> Result<Table> {
        let text =
            |get: &dyn Fn(&Finding) -> String| Vector::from_texts(self.findings.iter().map(get));
        let rows: arrow_array::StringArray = self
            .findings
            .iter()
            .map(|finding| finding.row.and_then(|row| self.row_names.get(row)).map(String::as_str))
            .collect();
        let numbers: arrow_array::Int64Array =
            self.findings.iter().map(|finding| finding.row.map(|row| row as i64)).collect();
        Table::new([
            ("severity", text(&|f| f.severity.name().to_owned())),
            ("check", text(&|f| f.check.to_owned())),
            ("columns", text(&|f| f.columns.join(", "))),
            ("row", Vector::new(std::sync::Arc::new(rows))),
            ("row_number", Vector::new(std::sync::Arc::new(numbers))),
            ("finding", text(&|f| f.finding.clone())),
            ("mend", text(&|f| f.mend.clone())),
        ])
    }

    /// How many findings there are, in a sentence.
    pub fn description(&self) -> String {
        let (rows, columns) = self.shape;
        let count = |severity: Severity, one: &str| {
            let n = self.count(severity);
            (n > 0).then(|| format!("{n} {one}{}", if n == 1 { "" } else { "s" }))
        };
        let parts: Vec<String> = [
            count(Severity::Error, "error"),
            count(Severity::Warning, "warning"),
            count(Severity::Note, "note"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = if parts.is_empty() { "nothing found".into() } else { parts.join(", ") };
        format!("{rows} rows and {columns} columns audited: {found}.")
    }
}

/// `a`, `b` and `c` or `a`, `b` and 7 more.
fn list(names: &[String], most: usize) -> String {
    if names.len() > most {
        return format!("{} and {} more", names[..most].join(", "), names.len() - most);
    }
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The columns as scripts list them.
fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("[{}]", names.join(", "))
}

/// A number with six significant digits at most.
fn short(x: f64) -> String {
    if x == 0.0 || (1e-4..1e15).contains(&x.abs()) {
        let decimals = if x == 0.0 { 0 } else { (5 - x.abs().log10().floor() as i32).max(0) };
        let text = format!("{x:.*}", decimals as usize);
        if text.contains('.') {
            return text.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        return text;
    }
    format!("{x:.3e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn audited(table: &Table) -> Audit {
        audit(table, &AuditParams::default(), &Context::default()).unwrap()
    }

    /// The finding of `check`, which must be there once.
    fn only<'a>(audit: &'a Audit, check: &str) -> &'a Finding {
        let found: Vec<&Finding> = audit.findings.iter().filter(|f| f.check == check).collect();
        assert_eq!(found.len(), 1, "{check}: {:#?}", audit.findings);
        found[0]
    }

    fn floats(values: [f64; 12]) -> Vector {
        Vector::from_floats(values)
    }

    const X: [f64; 12] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
    const Y: [f64; 12] = [1.2, 1.9, 3.3, 3.8, 5.1, 6.2, 6.8, 8.1, 9.2, 9.9, 4.0, 12.1];
    const W: [f64; 12] = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];

    #[test]
    fn columns_that_say_nothing_or_too_much() {
        let texts = ["1,5", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "n/a"];
        let mut coded = W;
        coded[7] = -999.0;
        let mut signed = X;
        signed[2] = -3.0;
        let mut share = Y;
        share[4] = 140.0;
        let table = Table::new([
            ("same", floats([2.0; 12])),
            ("x", floats(X)),
            ("again", floats(X)),
            ("empty", Vector::from_options([None; 12])),
            ("online_share", floats(share)),
            ("growth_share", floats(share.map(|v| 1.5 * v * v))),
            ("coded", floats(coded)),
            ("signed", floats(signed)),
            ("texts", Vector::from_texts(texts)),
        ])
        .unwrap();
        let found = audited(&table);
        assert_eq!(only(&found, "constant_column").columns, ["same"]);
        assert_eq!(only(&found, "duplicate_column").columns, ["x", "again"]);
        assert_eq!(only(&found, "empty_column").severity, Severity::Error);
        let share = only(&found, "impossible_share");
        assert_eq!((share.columns[0].as_str(), share.row), ("online_share", Some(4)));
        assert_eq!(only(&found, "code_for_missing").row, Some(7));
        assert_eq!(only(&found, "negative_value").row, Some(2));
        let numeric = only(&found, "numeric_text");
        assert_eq!(numeric.row, Some(11));
        assert!(numeric.mend.contains("missing: \"n/a\""), "{}", numeric.mend);
        // x stands twice, so one column is a combination of the others.
        let collinear = only(&found, "collinear");
        assert_eq!(collinear.severity, Severity::Error);
        assert!(collinear.columns.contains(&"x".to_owned()), "{collinear:?}");
        assert!(found.findings.is_sorted_by_key(|finding| finding.severity));
        let table = found.table().unwrap();
        assert_eq!(table.nrow(), found.findings.len());
        assert_eq!(table.cell(0, 0), Cell::Text("error".into()));
    }

    #[test]
    fn rows_and_labels_that_stand_twice() {
        let table = Table::new([
            ("firm", Vector::from_texts(["a", "b", "a", "b"])),
            ("v", Vector::from_ints([1, 2, 3, 2])),
        ])
        .unwrap()
        .labelled_by("firm")
        .unwrap();
        let found = audited(&table);
        assert_eq!(only(&found, "duplicate_row").row, Some(3));
        assert!(only(&found, "duplicate_label").finding.contains("a and b"));
        assert!(found.remarks[0].contains("Fewer than two"), "{:?}", found.remarks);
    }

    #[test]
    fn columns_together_agree_with_other_programs() {
        // numpy 2 and scipy 1.17.1: the diagonal of inv(corrcoef), the root of the ratio of its
        // eigenvalues, z' R^-1 z, beta.sf(d / ((n - 1)^2 / n), p / 2, (n - p - 1) / 2).
        let table = Table::new([("x", floats(X)), ("y", floats(Y)), ("w", floats(W))]).unwrap();
        let params = AuditParams { vif: 4.0, condition: 3.0, p: 0.05 };
        let found = audit(&table, &params, &Context::default()).unwrap();
        let together = found.together.as_ref().unwrap();
        let near =
            |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        for (vif, wanted) in together.vif.iter().zip([
            3.291_263_316_463_174_6,
            3.367_229_768_168_147_3,
            1.389_583_823_365_414_5,
        ]) {
            near(vif.unwrap(), wanted);
        }
        near(together.condition, 3.637_938_431_510_504_8);
        let (distance, p) = together.distances.as_ref().unwrap()[10];
        near(distance, 10.056_275_201_258_378);
        assert!((p / 1.274_701_983_342_232_8e-10 - 1.0).abs() < 1e-6, "{p}");
        let outlier = only(&found, "multivariate_outlier");
        assert_eq!(outlier.row, Some(10));
        assert_eq!(together.partners[0], ["y"]);
        assert_eq!(together.vif_table().unwrap().nrow(), 3);
        assert_eq!(together.distance_table(&found.row_names).unwrap().nrow(), 12);
    }

    #[test]
    fn too_few_rows_are_said_to_be_too_few() {
        let columns =
            (0..5).map(|j| (format!("c{j}"), Vector::from_ints([j, j * j + 1, 7 - j, 3])));
        let found = audited(&Table::new(columns).unwrap());
        assert!(found.together.is_none());
        assert!(
            found.remarks[0].contains("5 numeric columns need more than 5"),
            "{:?}",
            found.remarks
        );
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let table = Table::new([("y", floats(Y)), ("w", floats(W))]).unwrap();
        let found = audited(&table);
        assert_eq!(found.findings, []);
        assert_eq!(found.description(), "12 rows and 2 columns audited: nothing found.");
        audited(&Table::new([("empty", Vector::from_ints([]))]).unwrap());
        let wrong = AuditParams { p: 2.0, ..Default::default() };
        assert!(audit(&table, &wrong, &Context::default()).is_err());
    }
}
