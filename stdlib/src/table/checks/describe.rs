//! What stands in each column of a table, one row a column.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::stats::{fences, kurtosis, mean, quantile_sorted, sample_sd, skewness};
use crate::table::{Kind, Table, Vector};

/// How a table is described.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeParams {
    /// Orders of the quantiles between the smallest and the largest value, each in `0..=1`; by
    /// Hyndman and Fan's definition 7. Quartiles by default.
    pub quantiles: Vec<f64>,
    /// Language of labels from a codebook; `"none"` leaves labels and units out.
    pub language: String,
}

impl Default for DescribeParams {
    fn default() -> Self {
        Self { quantiles: vec![0.25, 0.5, 0.75], language: "en".into() }
    }
}

impl DescribeParams {
    /// Whether every order lies in `0..=1`.
    pub fn check(&self) -> Result<()> {
        match self.quantiles.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            Some(p) => Err(Error::Invalid {
                primitive: "describe",
                parameter: "quantiles",
                rule: "lie in 0..=1".into(),
                value: p.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// What a column of numbers tells.
struct Numbers {
    mean: Option<f64>,
    sd: Option<f64>,
    min: Option<f64>,
    quantiles: Vec<Option<f64>>,
    max: Option<f64>,
    skewness: Option<f64>,
    kurtosis: Option<f64>,
    outliers: usize,
}

/// What one column tells; only what belongs to its kind is there.
#[derive(Default)]
struct About {
    n: usize,
    missing: usize,
    distinct: usize,
    numbers: Option<Numbers>,
    /// The most frequent text and how often it stands.
    frequent: Option<(String, usize)>,
    share_true: Option<f64>,
    /// First and last day.
    days: Option<(i32, i32)>,
}

impl Table {
    /// A row per column: `column`, `kind`, `n` (values), `missing`, `distinct` and what its kind allows.
    ///
    /// Numbers: `mean`, `sd` (n - 1), `min`, the quantiles (`q1`, `median`, `q3`, others `p10`,
    /// `p2_5`), `max`, `skewness` (adjusted Fisher-Pearson G1), `kurtosis` (excess, G2) and
    /// `outliers`, the values more than 1.5 interquartile ranges outside the quartiles. Text:
    /// `most_frequent` (the first of several) and its `frequency`. Truth values: `share_true`.
    /// Dates: `first`, `last`. Columns of a codebook: `unit`, `label`. What no column of the table
    /// has is left out; what a column has not is missing.
    pub fn describe(&self, params: &DescribeParams) -> Result<Self> {
        params.check()?;
        let names = self.columns();
        let kinds = self.kinds();
        let all: Vec<About> =
            self.batch().columns().par_iter().map(|array| about(array, params)).collect();
        let floats = |get: &dyn Fn(&Numbers) -> Option<f64>| {
            Vector::from_options(all.iter().map(|about| about.numbers.as_ref().and_then(get)))
        };
        let mut columns: Vec<(String, Vector)> = vec![
            ("column".into(), Vector::from_texts(&names)),
            ("kind".into(), Vector::from_texts(kinds.iter().map(ToString::to_string))),
            ("n".into(), Vector::from_ints(all.iter().map(|about| about.n as i64))),
            ("missing".into(), Vector::from_ints(all.iter().map(|about| about.missing as i64))),
            ("distinct".into(), Vector::from_ints(all.iter().map(|about| about.distinct as i64))),
        ];
        if all.iter().any(|about| about.numbers.is_some()) {
            columns.push(("mean".into(), floats(&|x| x.mean)));
            columns.push(("sd".into(), floats(&|x| x.sd)));
            columns.push(("min".into(), floats(&|x| x.min)));
            for (position, p) in params.quantiles.iter().enumerate() {
                columns.push((quantile_name(*p), floats(&|x| x.quantiles[position])));
            }
            columns.push(("max".into(), floats(&|x| x.max)));
            columns.push(("skewness".into(), floats(&|x| x.skewness)));
            columns.push(("kurtosis".into(), floats(&|x| x.kurtosis)));
            let outliers = all.iter().map(|a| a.numbers.as_ref().map(|x| x.outliers as i64));
            columns.push(("outliers".into(), ints(outliers)));
        }
        if kinds.contains(&Kind::Text) {
            let text = all.iter().map(|a| a.frequent.as_ref().map(|f| f.0.as_str()));
            columns.push(("most_frequent".into(), texts(text)));
            let often = all.iter().map(|a| a.frequent.as_ref().map(|f| f.1 as i64));
            columns.push(("frequency".into(), ints(often)));
        }
        if kinds.contains(&Kind::Bool) {
            let shares = all.iter().map(|about| about.share_true);
            columns.push(("share_true".into(), Vector::from_options(shares)));
        }
        if kinds.contains(&Kind::Date) {
            let first: Date32Array = all.iter().map(|about| about.days.map(|d| d.0)).collect();
            let last: Date32Array = all.iter().map(|about| about.days.map(|d| d.1)).collect();
            columns.push(("first".into(), Vector::new(Arc::new(first))));
            columns.push(("last".into(), Vector::new(Arc::new(last))));
        }
        let metas: Vec<_> = names.iter().map(|name| self.meta(name)).collect();
        if params.language != "none" && metas.iter().any(Option::is_some) {
            let units = metas.iter().map(|meta| meta.and_then(|m| m.unit.as_deref()));
            columns.push(("unit".into(), texts(units)));
            let labels = metas.iter().map(|meta| meta.and_then(|m| m.label(&params.language)));
            columns.push(("label".into(), texts(labels)));
        }
        Self::new(columns)?.labelled_by("column")
    }
}

/// Name of the column of quantiles of order `p`.
fn quantile_name(p: f64) -> String {
    match p {
        0.25 => "q1".into(),
        0.5 => "median".into(),
        0.75 => "q3".into(),
        // Twelve digits are more than anyone writes, and hide 0.07 * 100 = 7.000000000000001.
        _ => {
            let percent = format!("{:.12}", p * 100.0);
            format!("p{}", percent.trim_end_matches('0').trim_end_matches('.').replace('.', "_"))
        }
    }
}

fn ints(values: impl Iterator<Item = Option<i64>>) -> Vector {
    Vector::new(Arc::new(values.collect::<Int64Array>()))
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Vector {
    Vector::new(Arc::new(values.collect::<StringArray>()))
}

fn about(array: &ArrayRef, params: &DescribeParams) -> About {
    let any = array.as_any();
    let missing = array.null_count();
    let base = About { n: array.len() - missing, missing, ..About::default() };
    if let Some(values) = any.downcast_ref::<StringArray>() {
        let counts = counts(values.iter().flatten());
        let frequent = counts.iter().max_by_key(|(_, (n, first))| (*n, std::cmp::Reverse(*first)));
        let frequent = frequent.map(|(text, (n, _))| ((*text).to_owned(), *n));
        return About { distinct: counts.len(), frequent, ..base };
    }
    if let Some(values) = any.downcast_ref::<BooleanArray>() {
        let yes = values.true_count();
        let distinct = usize::from(yes > 0) + usize::from(yes < base.n);
        let share_true = (base.n > 0).then(|| yes as f64 / base.n as f64);
        return About { distinct, share_true, ..base };
    }
    if let Some(values) = any.downcast_ref::<Date32Array>() {
        let mut days: Vec<i32> = values.iter().flatten().collect();
        days.sort_unstable();
        let range = days.first().copied().zip(days.last().copied());
        days.dedup();
        return About { distinct: days.len(), days: range, ..base };
    }
    let mut sorted: Vec<f64> = if let Some(values) = any.downcast_ref::<Float64Array>() {
        values.iter().flatten().collect()
    } else if let Some(values) = any.downcast_ref::<Int64Array>() {
        values.iter().flatten().map(|i| i as f64).collect()
    } else {
        Vec::new()
    };
    sorted.sort_unstable_by(f64::total_cmp);
    let numbers = numbers(&sorted, params);
    sorted.dedup();
    About { distinct: sorted.len(), numbers: Some(numbers), ..base }
}

fn numbers(sorted: &[f64], params: &DescribeParams) -> Numbers {
    let outliers = fences(sorted, 1.5).map_or(0, |(low, high)| {
        sorted.partition_point(|v| *v < low) + sorted.len() - sorted.partition_point(|v| *v <= high)
    });
    Numbers {
        mean: mean(sorted),
        sd: sample_sd(sorted),
        min: sorted.first().copied(),
        quantiles: params.quantiles.iter().map(|p| quantile_sorted(sorted, *p)).collect(),
        max: sorted.last().copied(),
        skewness: skewness(sorted),
        kurtosis: kurtosis(sorted),
        outliers,
    }
}

/// How often each value stands, and where it stood first.
fn counts<T: Eq + Hash>(values: impl Iterator<Item = T>) -> HashMap<T, (usize, usize)> {
    let mut counts = HashMap::new();
    for (position, value) in values.enumerate() {
        counts.entry(value).or_insert((0, position)).0 += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Cell, ColumnMeta};

    fn sample() -> Table {
        let text: StringArray =
            [Some("b"), Some("a"), Some("a"), None, Some("b")].into_iter().collect();
        let flags: BooleanArray =
            [Some(true), None, Some(true), Some(false), Some(true)].into_iter().collect();
        let days: Date32Array = [Some(10), Some(3), None, Some(10), Some(7)].into_iter().collect();
        Table::new([
            ("x", Vector::from_options([Some(1.0), Some(2.0), Some(3.0), Some(100.0), None])),
            ("i", Vector::from_ints([5, 5, 5, 5, 5])),
            ("text", Vector::new(Arc::new(text))),
            ("flag", Vector::new(Arc::new(flags))),
            ("day", Vector::new(Arc::new(days))),
        ])
        .unwrap()
    }

    #[test]
    fn every_kind_tells_what_it_can() {
        let found = sample().describe(&DescribeParams::default()).unwrap();
        let at = |row: &str, column: &str| found.at(row, column).unwrap();
        assert_eq!(at("x", "n"), Cell::Int(4));
        assert_eq!(at("x", "missing"), Cell::Int(1));
        assert_eq!(at("x", "median"), Cell::Float(2.5));
        assert_eq!(at("x", "q3"), Cell::Float(27.25));
        // The upper fence is 27.25 + 1.5 * 25.5 = 65.5.
        assert_eq!(at("x", "outliers"), Cell::Int(1));
        assert_eq!(at("i", "skewness"), Cell::Missing);
        assert_eq!(at("i", "distinct"), Cell::Int(1));
        assert_eq!(at("text", "most_frequent"), Cell::Text("b".into()));
        assert_eq!(at("text", "frequency"), Cell::Int(2));
        assert_eq!(at("text", "mean"), Cell::Missing);
        assert_eq!(at("flag", "share_true"), Cell::Float(0.75));
        assert_eq!(at("flag", "distinct"), Cell::Int(2));
        assert_eq!(at("day", "distinct"), Cell::Int(3));
        assert_ne!(at("day", "first"), at("day", "last"));
        assert_eq!(found.column("first").unwrap().missing(), 4);
    }

    #[test]
    fn quantiles_are_named_by_their_order() {
        let params = DescribeParams { quantiles: vec![0.025, 0.07, 0.5], ..Default::default() };
        let found = sample().describe(&params).unwrap();
        for name in ["p2_5", "p7", "median"] {
            assert!(found.columns().iter().any(|column| column == name), "{name}");
        }
        let wrong = DescribeParams { quantiles: vec![1.5], ..Default::default() };
        assert!(sample().describe(&wrong).unwrap_err().to_string().contains("0..=1"));
    }

    #[test]
    fn a_codebook_speaks_the_language_asked_for() {
        let meta = ColumnMeta {
            labels: vec![("en".into(), "Number".into()), ("ru".into(), "Число".into())],
            unit: Some("%".into()),
        };
        let table = sample().with_meta(HashMap::from([("x".to_owned(), meta)]));
        let label = |language: &str| {
            let params = DescribeParams { language: language.into(), ..Default::default() };
            table.describe(&params).unwrap().at("x", "label")
        };
        assert_eq!(label("ru").unwrap(), Cell::Text("Число".into()));
        assert_eq!(label("kk").unwrap(), Cell::Text("Number".into()));
        assert!(label("none").is_err());
    }
}
