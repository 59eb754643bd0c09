//! Correlations between the columns of a table, over the rows where both have a value.

use rayon::prelude::*;

use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::stats::association::{Associated, Correlation, EXACT, Reference, associate};
use crate::stats::rank::{Ties, ranks};
use crate::table::{Table, TableError, Vector};

/// How p-values allow for many tests at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Adjust {
    /// As they are: one in twenty falls below 0.05 by chance.
    #[default]
    None,
    /// Holm (1979): the chance of one false finding or more is kept.
    Holm,
    /// Benjamini and Hochberg (1995): the share of false findings is kept.
    BenjaminiHochberg,
}

impl Choice for Adjust {
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("holm", Self::Holm),
        ("benjamini_hochberg", Self::BenjaminiHochberg),
    ];
}

/// What is correlated and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorrelateParams {
    /// Coefficient, Pearson's by default.
    pub method: Correlation,
    /// Adjustment of the p-values for the number of pairs, none by default.
    pub adjust: Adjust,
}

/// Correlations of `p` columns.
#[derive(Debug, Clone)]
pub struct Correlations {
    /// How they were computed.
    pub params: CorrelateParams,
    /// Names of the columns, `p`.
    pub columns: Vec<String>,
    /// Columns left out since they are no numbers.
    pub left_out: Vec<String>,
    /// Values in each column, `p`.
    pub counts: Vec<usize>,
    /// Pairs of columns `i < j` in the order of rows of the upper triangle, `p (p - 1) / 2`.
    pub pairs: Vec<Associated>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Correlates every two numeric columns of `table` over the rows where both have a value.
pub fn correlate(
    table: &Table,
    params: &CorrelateParams,
    context: &Context,
) -> Result<Correlations> {
    let mut columns = Vec::new();
    let mut left_out = Vec::new();
    for (name, kind) in table.columns().into_iter().zip(table.kinds()) {
        if kind.is_numeric() { columns.push(name) } else { left_out.push(name) }
    }
    if columns.len() < 2 {
        let what = "two numeric columns to correlate".into();
        return Err(TableError::Empty { primitive: "correlate".into(), what }.into());
    }
    let values = columns
        .iter()
        .map(|name| Ok(table.floats("correlate", name)?.iter().collect()))
        .collect::<Result<Vec<Vec<Option<f64>>>>>()?;
    let p = columns.len();
    let places: Vec<(usize, usize)> =
        (0..p).flat_map(|i| (i + 1..p).map(move |j| (i, j))).collect();
    // Ranks are those of the rows in use, so they are taken once where no row is lost.
    let ranked: Vec<Option<Vec<f64>>> = values
        .par_iter()
        .map(|values| {
            let whole: Option<Vec<f64>> = values.iter().copied().collect();
            let whole = whole.filter(|_| params.method == Correlation::Spearman);
            whole.map(|values| ranks(&values, Ties::Average, false))
        })
        .collect();
    let mut pairs = places
        .par_iter()
        .map(|(i, j)| {
            context.check()?;
            Ok(match (&ranked[*i], &ranked[*j]) {
                (Some(x), Some(y)) => associate(x, y, Correlation::Pearson),
                _ => pair(&values[*i], &values[*j], params.method),
            })
        })
        .collect::<Result<Vec<Associated>>>()?;
    adjust(&mut pairs, params.adjust);
    let mut warnings = Vec::new();
    let constant: Vec<&str> = columns
        .iter()
        .zip(&values)
        .filter(|(_, values)| !varies(values))
        .map(|(name, _)| name.as_str())
        .collect();
    if !constant.is_empty() {
        warnings.push(format!("without spread, so without correlations: {}", constant.join(", ")));
    }
    let few = pairs.iter().filter(|pair| pair.n < 3).count();
    if few > 0 {
        warnings.push(format!("{few} pairs of columns share fewer than 3 rows: no p-value"));
    }
    let counts = values.iter().map(|values| values.iter().flatten().count()).collect();
    Ok(Correlations { params: params.clone(), columns, left_out, counts, pairs, warnings })
}

/// The correlation of two columns of `table` over the rows where both have a value.
pub fn correlate_pair(table: &Table, x: &str, y: &str, method: Correlation) -> Result<Associated> {
    let read = |name: &str| -> Result<Vec<Option<f64>>> {
        Ok(table.floats("correlate", name)?.iter().collect())
    };
    let (x_values, y_values) = (read(x)?, read(y)?);
    let found = pair(&x_values, &y_values, method);
    if found.r.is_some() {
        return Ok(found);
    }
    if found.n < 2 {
        return Err(Error::Invalid {
            primitive: "correlate",
            parameter: "columns",
            rule: "have values in two rows or more".into(),
            value: format!("{} for `{x}` and `{y}` together", found.n),
        });
    }
    // The constant side may vary in rows that the other lacks.
    let (mut a, _) = complete(&x_values, &y_values);
    a.dedup();
    let column = if a.len() == 1 { x } else { y };
    let values = if a.len() == 1 { x_values } else { y_values };
    let value = values.into_iter().flatten().next().unwrap_or(0.0);
    let column = column.to_owned();
    Err(TableError::Constant { primitive: "correlate".into(), column, value }.into())
}

fn varies(values: &[Option<f64>]) -> bool {
    let mut present = values.iter().flatten();
    present.next().is_some_and(|first| present.any(|value| value != first))
}

/// The rows where both have a value.
fn complete(x: &[Option<f64>], y: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    x.iter().zip(y).filter_map(|(a, b)| a.zip(*b)).unzip()
}

fn pair(x: &[Option<f64>], y: &[Option<f64>], method: Correlation) -> Associated {
    let (x, y) = complete(x, y);
    associate(&x, &y, method)
}

fn adjust(pairs: &mut [Associated], adjust: Adjust) {
    let mut order: Vec<usize> = (0..pairs.len()).filter(|i| pairs[*i].p.is_some()).collect();
    let p = |pairs: &[Associated], i: usize| pairs[i].p.unwrap_or(1.0);
    order.sort_by(|a, b| p(pairs, *a).total_cmp(&p(pairs, *b)));
    let tests = order.len();
    match adjust {
        Adjust::None => {}
        Adjust::Holm => {
            let mut most = 0.0_f64;
            for (rank, i) in order.into_iter().enumerate() {
                most = most.max((p(pairs, i) * (tests - rank) as f64).min(1.0));
                pairs[i].p = Some(most);
            }
        }
        Adjust::BenjaminiHochberg => {
            let mut least = 1.0_f64;
            for (rank, i) in order.into_iter().enumerate().rev() {
                least = least.min(p(pairs, i) * tests as f64 / (rank + 1) as f64);
                pairs[i].p = Some(least);
            }
        }
    }
}

impl Correlations {
    /// The correlation of columns `i` and `j` (from 0); a column with itself is 1.
    pub fn between(&self, i: usize, j: usize) -> Associated {
        let (low, high) = (i.min(j), i.max(j));
        if low == high {
            return Associated {
                n: self.counts[i],
                r: Some(1.0),
                p: None,
                reference: Reference::Exact,
            };
        }
        let p = self.columns.len();
        self.pairs[low * (2 * p - low - 1) / 2 + high - low - 1]
    }

    fn matrix(&self, column: impl Fn(usize) -> Vector) -> Result<Table> {
        let columns = self.columns.iter().enumerate().map(|(j, name)| (name.clone(), column(j)));
        let labels = self.columns.iter().map(|name| Some(name.as_str())).collect();
        Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some("column"))
    }

    /// Coefficients, `p x p`.
    pub fn r(&self) -> Result<Table> {
        let rows = 0..self.columns.len();
        self.matrix(|j| Vector::from_options(rows.clone().map(|i| self.between(i, j).r)))
    }

    /// P-values, `p x p`; none on the diagonal.
    pub fn p(&self) -> Result<Table> {
        let rows = 0..self.columns.len();
        self.matrix(|j| Vector::from_options(rows.clone().map(|i| self.between(i, j).p)))
    }

    /// Rows with both values, `p x p`.
    pub fn n(&self) -> Result<Table> {
        let rows = 0..self.columns.len();
        self.matrix(|j| Vector::from_ints(rows.clone().map(|i| self.between(i, j).n as i64)))
    }

    /// A row per pair of columns, strongest first: `left`, `right`, `r`, `n`, `p`.
    pub fn table(&self) -> Result<Table> {
        let p = self.columns.len();
        let mut rows: Vec<(usize, usize, Associated)> = (0..p)
            .flat_map(|i| (i + 1..p).map(move |j| (i, j)))
            .map(|(i, j)| (i, j, self.between(i, j)))
            .collect();
        let strength = |row: &(usize, usize, Associated)| row.2.r.map_or(-1.0, f64::abs);
        rows.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        Table::new([
            ("left", Vector::from_texts(rows.iter().map(|row| &self.columns[row.0]))),
            ("right", Vector::from_texts(rows.iter().map(|row| &self.columns[row.1]))),
            ("r", Vector::from_options(rows.iter().map(|row| row.2.r))),
            ("n", Vector::from_ints(rows.iter().map(|row| row.2.n as i64))),
            ("p", Vector::from_options(rows.iter().map(|row| row.2.p))),
        ])
    }

    /// What was computed, in sentences.
    pub fn description(&self) -> String {
        let least = self.pairs.iter().map(|pair| pair.n).min().unwrap_or(0);
        let most = self.pairs.iter().map(|pair| pair.n).max().unwrap_or(0);
        let rows = if least == most {
            format!("over {most} rows each")
        } else {
            format!("over the {least} to {most} rows where both have a value")
        };
        let exact = self.pairs.iter().any(|pair| pair.reference == Reference::Exact);
        let normal = self.pairs.iter().any(|pair| pair.reference == Reference::Normal);
        let mut text =
            format!("{} of {} columns, {rows}. ", title(self.params.method), self.columns.len());
        text += &format!("P-values are two-sided{}", by(self.params.method, exact, normal));
        text += match self.params.adjust {
            Adjust::None => ", not adjusted for the number of pairs.",
            Adjust::Holm => ", adjusted for the number of pairs by Holm's method.",
            Adjust::BenjaminiHochberg => {
                ", adjusted for the number of pairs by Benjamini and Hochberg's method."
            }
        };
        if !self.left_out.is_empty() {
            text += &format!(" Left out, being no numbers: {}.", self.left_out.join(", "));
        }
        text
    }
}

fn title(method: Correlation) -> &'static str {
    match method {
        Correlation::Pearson => "Pearson correlations",
        Correlation::Spearman => "Spearman rank correlations",
        Correlation::Kendall => "Kendall's tau-b",
    }
}

fn by(method: Correlation, exact: bool, normal: bool) -> String {
    match (method, exact, normal) {
        (Correlation::Kendall, true, false) => ", counted over all orders".into(),
        (Correlation::Kendall, true, true) => format!(
            ", counted over all orders below {EXACT} rows without ties, else from the normal law"
        ),
        (Correlation::Kendall, ..) => {
            " from the normal law, its variance corrected for ties".into()
        }
        _ => " from Student's t with n - 2 degrees of freedom".into(),
    }
}

/// What a single correlation says, in sentences.
pub fn describe_pair(found: &Associated, x: &str, y: &str, method: Correlation) -> String {
    let r = found.r.unwrap_or(f64::NAN);
    let name = match method {
        Correlation::Pearson => "Pearson's r",
        Correlation::Spearman => "Spearman's rho",
        Correlation::Kendall => "Kendall's tau-b",
    };
    let rests =
        by(method, found.reference == Reference::Exact, found.reference == Reference::Normal);
    let way = if r > 0.0 { "rises" } else { "falls" };
    format!(
        "{name} of {x} and {y} is {r:.4} over {} rows with both values{}",
        found.n,
        match found.p {
            None => ".".to_owned(),
            Some(p) if p < 0.05 => format!(
                ": {y} {way} with {x} (two-sided p {}{rests}).",
                if p < 0.001 { "below 0.001".to_owned() } else { format!("{p:.3}") }
            ),
            Some(p) => format!(": no association shown at 5 % (two-sided p {p:.3}{rests})."),
        }
    )
}

/// Bounds of Pearson's coefficient by Fisher's transformation, at `level` in (0, 1).
pub fn fisher_interval(r: f64, n: usize, level: f64) -> Option<(f64, f64)> {
    use statrs::distribution::{ContinuousCDF, Normal};
    if n <= 3 || r.abs() >= 1.0 {
        return None;
    }
    let half = Normal::new(0.0, 1.0).ok()?.inverse_cdf(f64::midpoint(1.0, level));
    let half = half / (n as f64 - 3.0).sqrt();
    Some(((r.atanh() - half).tanh(), (r.atanh() + half).tanh()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn sample() -> Table {
        Table::new([
            ("a", Vector::from_options([Some(1.0), Some(2.0), Some(3.0), Some(4.0), None])),
            ("b", Vector::from_options([Some(2.0), Some(4.0), None, Some(8.0), Some(9.0)])),
            ("c", Vector::from_ints([5, 3, 4, 1, 2])),
            ("name", Vector::from_texts(["p", "q", "r", "s", "t"])),
        ])
        .unwrap()
    }

    #[test]
    fn pairs_use_the_rows_where_both_are_there() {
        let found = correlate(&sample(), &CorrelateParams::default(), &Context::default()).unwrap();
        assert_eq!(found.columns, ["a", "b", "c"]);
        assert_eq!(found.left_out, ["name"]);
        assert_eq!(found.n().unwrap().at("a", "b").unwrap(), Cell::Int(3));
        assert_eq!(found.n().unwrap().at("c", "c").unwrap(), Cell::Int(5));
        assert_eq!(found.r().unwrap().at("b", "a").unwrap(), Cell::Float(1.0));
        assert_eq!(found.p().unwrap().at("a", "b").unwrap(), Cell::Float(0.0));
        let table = found.table().unwrap();
        assert_eq!(table.nrow(), 3);
        assert_eq!(table.cell(0, 1), Cell::Text("b".into()));
        assert!(found.description().contains("3 to 4 rows"), "{}", found.description());
    }

    #[test]
    fn single_pairs_and_their_failures() {
        let found = correlate_pair(&sample(), "a", "c", Correlation::Kendall).unwrap();
        // Of six pairs one stands in the order of a.
        assert!((found.r.unwrap() + 2.0 / 3.0).abs() < 1e-15);
        assert!(correlate_pair(&sample(), "a", "name", Correlation::Pearson).is_err());
        let flat = Table::new([
            ("x", Vector::from_options([Some(1.0), Some(1.0), Some(2.0)])),
            ("y", Vector::from_options([Some(1.0), Some(2.0), None])),
        ])
        .unwrap();
        let error = correlate_pair(&flat, "x", "y", Correlation::Pearson).unwrap_err();
        assert!(error.to_string().contains("`x` is constant"), "{error}");
    }

    #[test]
    fn adjusted_p_values_are_those_of_r() {
        let with =
            |p: f64| Associated { n: 9, r: Some(0.1), p: Some(p), reference: Reference::Student };
        let adjusted = |method| {
            let mut pairs = [0.01, 0.04, 0.03, 0.005].map(with);
            adjust(&mut pairs, method);
            pairs.map(|pair| pair.p.unwrap())
        };
        let near = |found: [f64; 4], wanted: [f64; 4]| {
            assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-15), "{found:?}");
        };
        // By hand: sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 and 4/1, 4/2, 4/3, 4/4.
        near(adjusted(Adjust::Holm), [0.03, 0.06, 0.06, 0.02]);
        near(adjusted(Adjust::BenjaminiHochberg), [0.02, 0.04, 0.04, 0.02]);
    }

    #[test]
    fn fisher_bounds_hold_the_coefficient() {
        // scipy 1.17.1: pearsonr(x, y).confidence_interval() of the sample in stats::association.
        let (low, high) = fisher_interval(0.904_128_368_703_337, 10, 0.95).unwrap();
        assert!((low - 0.637_284_626_645_919_2).abs() < 1e-9, "{low}");
        assert!((high - 0.977_372_606_902_568_2).abs() < 1e-9, "{high}");
        assert_eq!(fisher_interval(1.0, 10, 0.95), None);
    }
}
