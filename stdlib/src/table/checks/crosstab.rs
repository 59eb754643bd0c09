//! Two columns of categories against each other: counts, shares, and whether they go together.
//!
//! `chi^2 = sum (o - e)^2 / e` with `e` the product of the margins over the total, without continuity
//! correction, against chi-squared with `(r - 1)(c - 1)` degrees; Cramér's `V = sqrt(chi^2 / (n min(r - 1,
//! c - 1)))`, from 0 to 1 (1946, section 21.9). Two by two tables get Fisher's exact test as well, the
//! sum of all tables with the same margins that are no likelier.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::StringArray;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::factorial::ln_factorial;

use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::table::{Cell, Kind, Table, TableError, Vector};

/// More categories than this are measurements, not categories.
const MOST: usize = 500;

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShareOf {
    /// Of its row.
    #[default]
    Row,
    /// Of its column.
    Column,
    /// Of all.
    Total,
}

impl Choice for ShareOf {
    const ALL: &'static [(&'static str, Self)] =
        &[("row", Self::Row), ("column", Self::Column), ("total", Self::Total)];
}

/// The test that rows and columns do not go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Independence {
    /// Chi-squared statistic, without continuity correction.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Probability of a larger one without association.
    pub p: f64,
    /// Cramér's V.
    pub cramers_v: f64,
    /// Fisher's exact two-sided probability of a two by two table.
    pub fisher: Option<f64>,
    /// Cells whose expected count is below 5.
    pub small: usize,
}

/// Counts of `r x c` categories.
#[derive(Debug, Clone)]
pub struct Crosstab {
    /// Name of the column whose categories are the rows, and of the other.
    pub names: (String, String),
    /// Categories down the side, `r`, in order.
    pub rows: Vec<String>,
    /// Categories across, `c`, in order.
    pub columns: Vec<String>,
    /// Counts, `r` rows of `c`.
    pub counts: Vec<Vec<usize>>,
    /// Rows of the table left out since one of the two is missing.
    pub dropped: usize,
    /// The test; `None` where there is only one row or column.
    pub test: Option<Independence>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A category in its order: numbers by size, text by letters, false before true.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Key {
    Int(i64),
    /// Bits of a float that sort as it does.
    Float(i64),
    Bool(bool),
    Text(String),
}

impl Key {
    fn of(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Missing => None,
            Cell::Int(i) => Some(Self::Int(*i)),
            Cell::Float(x) => {
                let bits = (x + 0.0).to_bits() as i64;
                Some(Self::Float(if bits < 0 { bits ^ i64::MAX } else { bits }))
            }
            Cell::Bool(b) => Some(Self::Bool(*b)),
            Cell::Text(text) => Some(Self::Text(text.clone())),
            Cell::Date(date) => Some(Self::Int(i64::from(date.days()))),
        }
    }
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Int(i) => i.to_string(),
        Cell::Float(x) => x.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Date(date) => date.to_string(),
    }
}

/// The category of each row by its place, and the categories in order.
fn categories(table: &Table, name: &str) -> Result<(Vec<Option<usize>>, Vec<String>)> {
    let vector = table.column(name)?;
    let keys: Vec<Option<Key>> = vector.cells().map(|cell| Key::of(&cell)).collect();
    let mut order: BTreeMap<&Key, (usize, usize)> = BTreeMap::new();
    for (row, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            order.entry(key).or_insert((0, row));
            if order.len() > MOST {
                return Err(Error::Invalid {
                    primitive: "crosstab",
                    parameter: "columns",
                    rule: format!("hold at most {MOST} different values"),
                    value: format!("more in `{name}` ({})", vector.kind()),
                });
            }
        }
    }
    if order.is_empty() {
        let error = TableError::AllMissing { primitive: "crosstab".into(), column: name.into() };
        return Err(error.into());
    }
    for (place, slot) in order.values_mut().enumerate() {
        slot.0 = place;
    }
    let names = order.values().map(|(_, row)| written(&vector.cell(*row))).collect();
    let places = keys.iter().map(|key| key.as_ref().map(|key| order[key].0)).collect();
    Ok((places, names))
}

/// Counts the rows of `table` by the values of columns `a` (down) and `b` (across).
pub fn crosstab(table: &Table, a: &str, b: &str) -> Result<Crosstab> {
    table.known("crosstab", [a, b])?;
    let (down, rows) = categories(table, a)?;
    let (across, columns) = categories(table, b)?;
    let mut counts = vec![vec![0; columns.len()]; rows.len()];
    let mut dropped = 0;
    for (row, column) in down.into_iter().zip(across) {
        match row.zip(column) {
            Some((row, column)) => counts[row][column] += 1,
            None => dropped += 1,
        }
    }
    let mut warnings = Vec::new();
    if dropped > 0 {
        let rows = if dropped == 1 { "row" } else { "rows" };
        warnings.push(format!("{dropped} {rows} without a value of {a} or {b} left out"));
    }
    for name in [a, b] {
        if table.column(name)?.kind() == Kind::Float {
            warnings.push(format!(
                "`{name}` holds measurements; every different number is a category of its own"
            ));
        }
    }
    let test = independence(&counts);
    if let Some(test) = test
        && test.small > 0
    {
        let cells = rows.len() * columns.len();
        let instead = if test.fisher.is_some() {
            "rely on Fisher's exact test"
        } else {
            "its p-value is rough: put rare categories together"
        };
        warnings.push(format!(
            "{} of {cells} cells expect fewer than 5 rows, where chi-squared is no good law: {instead}",
            test.small
        ));
    }
    let names = (a.to_owned(), b.to_owned());
    Ok(Crosstab { names, rows, columns, counts, dropped, test, warnings })
}

/// Sums of the rows, of the columns, and of all.
fn margins(counts: &[Vec<usize>]) -> (Vec<f64>, Vec<f64>, f64) {
    let rows: Vec<f64> = counts.iter().map(|row| row.iter().sum::<usize>() as f64).collect();
    let width = counts.first().map_or(0, Vec::len);
    let columns: Vec<f64> =
        (0..width).map(|j| counts.iter().map(|row| row[j]).sum::<usize>() as f64).collect();
    let total = rows.iter().sum();
    (rows, columns, total)
}

fn independence(counts: &[Vec<usize>]) -> Option<Independence> {
    let (rows, columns, total) = margins(counts);
    // A category may stand only in rows that lack the other value.
    let inhabited = |sums: &[f64]| sums.iter().filter(|sum| **sum > 0.0).count();
    let (r, c) = (inhabited(&rows), inhabited(&columns));
    if r < 2 || c < 2 {
        return None;
    }
    let (mut statistic, mut small) = (0.0, 0);
    for (i, row) in counts.iter().enumerate() {
        for (j, count) in row.iter().enumerate() {
            let expected = rows[i] * columns[j] / total;
            if expected > 0.0 {
                statistic += (*count as f64 - expected).powi(2) / expected;
                small += usize::from(expected < 5.0);
            }
        }
    }
    let df = (r - 1) * (c - 1);
    let law = ChiSquared::new(df as f64).ok()?;
    let cramers_v = (statistic / (total * (r.min(c) - 1) as f64)).sqrt().min(1.0);
    let fisher = (counts.len() == 2 && counts[0].len() == 2).then(|| fisher(counts));
    Some(Independence { statistic, df, p: law.sf(statistic), cramers_v, fisher, small })
}

/// Fisher's exact two-sided probability of a two by two table.
fn fisher(counts: &[Vec<usize>]) -> f64 {
    let (a, b, c, d) = (counts[0][0], counts[0][1], counts[1][0], counts[1][1]);
    let ln = |n: usize| ln_factorial(n as u64);
    let (first, left, total) = (a + b, a + c, a + b + c + d);
    let fixed = ln(first) + ln(c + d) + ln(left) + ln(b + d) - ln(total);
    let log_share = |corner: usize| {
        fixed
            - ln(corner)
            - ln(first - corner)
            - ln(left - corner)
            - ln(total + corner - first - left)
    };
    let own = log_share(a);
    let least = (first + left).saturating_sub(total);
    // Tables as likely as this one count; the margin is for rounding, as in R.
    let likely = own + 1e-7;
    let sum: f64 = (least..=first.min(left))
        .map(log_share)
        .filter(|share| *share <= likely)
        .map(f64::exp)
        .sum();
    sum.min(1.0)
}

/// Name of the margin: `total`, unless a category has that name.
fn margin_name(categories: &[String]) -> String {
    let mut name = String::from("total");
    while categories.contains(&name) {
        name = format!("({name})");
    }
    name
}

impl Crosstab {
    /// Rows counted.
    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    fn shaped(&self, columns: Vec<(String, Vector)>, margin: bool) -> Result<Table> {
        let mut labels: Vec<String> = self.rows.clone();
        if margin {
            labels.push(margin_name(&self.rows));
        }
        let labels = StringArray::from_iter_values(labels);
        Table::new(columns)?.with_labels(Arc::new(labels), Some(&self.names.0))
    }

    /// The counts with their sums, `(r + 1) x (c + 1)`.
    pub fn counts_table(&self) -> Result<Table> {
        let sums = |row: &[usize]| row.iter().sum::<usize>() as i64;
        let mut columns: Vec<(String, Vector)> = Vec::new();
        for (j, name) in self.columns.iter().enumerate() {
            let column: Vec<usize> = self.counts.iter().map(|row| row[j]).collect();
            let sum = sums(&column);
            let cells = column.iter().map(|n| *n as i64).chain([sum]);
            columns.push((name.clone(), Vector::from_ints(cells)));
        }
        let all = self.counts.iter().map(|row| sums(row)).chain([self.total() as i64]);
        columns.push((margin_name(&self.columns), Vector::from_ints(all)));
        self.shaped(columns, true)
    }

    /// Shares in per cent of the rows, the columns or all, with their sums, `(r + 1) x (c + 1)`; the
    /// last row and column hold the shares of the margins.
    pub fn shares(&self, of: ShareOf) -> Result<Table> {
        let (rows, columns, total) = margins(&self.counts);
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| 100.0 * part / whole);
        let whole = |i: usize, j: usize| match of {
            ShareOf::Row => rows[i],
            ShareOf::Column => columns[j],
            ShareOf::Total => total,
        };
        let mut out: Vec<(String, Vector)> = Vec::new();
        for (j, name) in self.columns.iter().enumerate() {
            let cells = (0..rows.len()).map(|i| share(self.counts[i][j] as f64, whole(i, j)));
            let last = share(columns[j], if of == ShareOf::Column { columns[j] } else { total });
            out.push((name.clone(), Vector::from_options(cells.chain([last]))));
        }
        let last = |i: usize| share(rows[i], if of == ShareOf::Row { rows[i] } else { total });
        let cells = (0..rows.len()).map(last).chain([share(total, total)]);
        out.push((margin_name(&self.columns), Vector::from_options(cells)));
        self.shaped(out, true)
    }

    /// Counts expected without association, `r x c`.
    pub fn expected(&self) -> Result<Table> {
        let (rows, columns, total) = margins(&self.counts);
        let column = |j: usize| rows.iter().map(move |row| row * columns[j] / total);
        let cells: Vec<(String, Vector)> = self
            .columns
            .iter()
            .enumerate()
            .map(|(j, name)| {
                (name.clone(), Vector::from_floats(column.clone()(j).collect::<Vec<_>>()))
            })
            .collect();
        self.shaped(cells, false)
    }

    /// Standardised residuals `(o - e) / sqrt(e (1 - row share) (1 - column share))`, `r x c`: beyond
    /// 2 in absolute value a cell stands out.
    pub fn residuals(&self) -> Result<Table> {
        let (rows, columns, total) = margins(&self.counts);
        let cell = |i: usize, j: usize| {
            let expected = rows[i] * columns[j] / total;
            let variance = expected * (1.0 - rows[i] / total) * (1.0 - columns[j] / total);
            (variance > 0.0).then(|| (self.counts[i][j] as f64 - expected) / variance.sqrt())
        };
        let out = self.columns.iter().enumerate().map(|(j, name)| {
            (name.clone(), Vector::from_options((0..rows.len()).map(|i| cell(i, j))))
        });
        self.shaped(out.collect(), false)
    }

    /// A row per cell: the two categories, `count`, `row_share`, `column_share`, `share` (per cent),
    /// `expected`, `residual`.
    pub fn table(&self) -> Result<Table> {
        let places: Vec<(usize, usize)> = (0..self.rows.len())
            .flat_map(|i| (0..self.columns.len()).map(move |j| (i, j)))
            .collect();
        let read = |table: &Table| -> Vec<Option<f64>> {
            places.iter().map(|(i, j)| table.cell(*i, *j).as_f64()).collect()
        };
        let count = places.iter().map(|(i, j)| self.counts[*i][*j] as i64);
        let (a, mut b) = self.names.clone();
        if a == b {
            b += "_across";
        }
        Table::new([
            (a, Vector::from_texts(places.iter().map(|(i, _)| &self.rows[*i]))),
            (b, Vector::from_texts(places.iter().map(|(_, j)| &self.columns[*j]))),
            ("count".into(), Vector::from_ints(count)),
            ("row_share".into(), Vector::from_options(read(&self.shares(ShareOf::Row)?))),
            ("column_share".into(), Vector::from_options(read(&self.shares(ShareOf::Column)?))),
            ("share".into(), Vector::from_options(read(&self.shares(ShareOf::Total)?))),
            ("expected".into(), Vector::from_options(read(&self.expected()?))),
            ("residual".into(), Vector::from_options(read(&self.residuals()?))),
        ])
    }

    /// What the counts say, in a sentence.
    pub fn description(&self) -> String {
        let (a, b) = &self.names;
        let n = self.total();
        let Some(test) = self.test else {
            return format!(
                "{n} rows by {a} and {b}; one of them has a single value, so nothing is tested."
            );
        };
        let small = |p: f64| if p < 0.001 { "below 0.001".to_owned() } else { format!("{p:.3}") };
        let decisive = test.fisher.unwrap_or(test.p);
        let verdict = if decisive < 0.05 { "go together" } else { "show no association at 5 %" };
        let fisher =
            test.fisher.map_or_else(String::new, |p| format!(", Fisher's exact p {}", small(p)));
        format!(
            "{n} rows: {a} and {b} {verdict} (chi-squared {:.3} on {} of freedom without \
             continuity correction, p {}{fisher}; Cramér's V {:.3}).",
            test.statistic,
            if test.df == 1 { "1 degree".to_owned() } else { format!("{} degrees", test.df) },
            small(test.p),
            test.cramers_v
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table whose rows count as `counts` says.
    fn counted(counts: &[&[usize]]) -> Table {
        let (mut down, mut across) = (Vec::new(), Vec::new());
        for (i, row) in counts.iter().enumerate() {
            for (j, n) in row.iter().enumerate() {
                down.extend(std::iter::repeat_n(i as i64, *n));
                across.extend(std::iter::repeat_n(["a", "b", "c"][j], *n));
            }
        }
        Table::new([("x", Vector::from_ints(down)), ("y", Vector::from_texts(across))]).unwrap()
    }

    #[test]
    fn the_test_agrees_with_other_programs() {
        // scipy 1.17.1: chi2_contingency(correction=False), contingency.association("cramer").
        let found = crosstab(&counted(&[&[12, 5, 7], &[3, 9, 4]]), "x", "y").unwrap();
        let test = found.test.unwrap();
        assert!((test.statistic - 6.001_082_251_082_252).abs() < 1e-12);
        assert!((test.p - 0.049_760_134_601_483_97).abs() < 1e-12);
        assert!((test.cramers_v - 0.387_333_262_549_263_04).abs() < 1e-12);
        assert_eq!((test.df, test.fisher, test.small), (2, None, 1));
        assert!(found.warnings[0].contains("1 of 6 cells"), "{:?}", found.warnings);
        // The same, and fisher_exact.
        let found = crosstab(&counted(&[&[8, 2], &[1, 5]]), "x", "y").unwrap();
        let test = found.test.unwrap();
        assert!((test.p - 0.013_425_424_881_491_248).abs() < 1e-12);
        assert!((test.fisher.unwrap() - 0.034_965_034_965_034_975).abs() < 1e-12);
        assert!((test.cramers_v - 0.618_070_046_200_737_7).abs() < 1e-12);
    }

    #[test]
    fn shares_and_margins() {
        let found = crosstab(&counted(&[&[12, 5, 7], &[3, 9, 4]]), "x", "y").unwrap();
        let counts = found.counts_table().unwrap();
        assert_eq!(counts.at("total", "total").unwrap(), Cell::Int(40));
        assert_eq!(counts.at("0", "b").unwrap(), Cell::Int(5));
        let rows = found.shares(ShareOf::Row).unwrap();
        assert_eq!(rows.at("0", "a").unwrap(), Cell::Float(50.0));
        assert_eq!(rows.at("0", "total").unwrap(), Cell::Float(100.0));
        assert_eq!(rows.at("total", "a").unwrap(), Cell::Float(37.5));
        let columns = found.shares(ShareOf::Column).unwrap();
        assert_eq!(columns.at("1", "a").unwrap(), Cell::Float(20.0));
        assert_eq!(columns.at("1", "total").unwrap(), Cell::Float(40.0));
        assert_eq!(found.shares(ShareOf::Total).unwrap().at("0", "a").unwrap(), Cell::Float(30.0));
        assert_eq!(found.expected().unwrap().at("1", "b").unwrap(), Cell::Float(5.6));
        // (12 - 9) / sqrt(9 (1 - 0.6)(1 - 0.375)) = 2.
        assert_eq!(found.residuals().unwrap().at("0", "a").unwrap(), Cell::Float(2.0));
        assert_eq!(found.table().unwrap().nrow(), 6);
    }

    #[test]
    fn gaps_and_single_values_are_told() {
        let table = Table::new([
            ("x", Vector::from_options([Some(2.0), Some(-1.5), None, Some(2.0)])),
            ("total", Vector::from_texts(["total", "total", "total", "total"])),
        ])
        .unwrap();
        let found = crosstab(&table, "x", "total").unwrap();
        assert_eq!(found.rows, ["-1.5", "2"]);
        assert_eq!((found.dropped, found.test), (1, None));
        assert_eq!(found.counts_table().unwrap().columns(), ["total", "(total)"]);
        assert_eq!(found.warnings.len(), 2);
        let long = Table::new([("i", Vector::from_ints(0..1000))]).unwrap();
        assert!(crosstab(&long, "i", "i").unwrap_err().to_string().contains("at most 500"));
    }
}
