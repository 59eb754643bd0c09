//! Values along their order: lags, differences, growth.
//!
//! A [`Vector`] is taken in the order of its rows; where rows know their entity and time, the verbs
//! of [`super::panel`] look by time instead.

use std::sync::Arc;

use arrow_array::{Array, Float64Array, UInt32Array};

use super::arithmetic::BinaryOp;
use super::error::TableError;
use super::vector::{Cell, Vector, find_label};
use crate::error::{Error, Result};

/// How growth is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// The difference of logarithms instead of the relative change.
    pub log: bool,
    /// Per cent instead of shares.
    pub percent: bool,
}

impl Growth {
    /// The growth from `before` to `now`; `None` where it has no meaning.
    fn between(self, before: f64, now: f64) -> Option<f64> {
        if before <= 0.0 || self.log && now <= 0.0 {
            return None;
        }
        let share = if self.log { now.ln() - before.ln() } else { now / before - 1.0 };
        let value = if self.percent { share * 100.0 } else { share };
        value.is_finite().then_some(value)
    }
}

/// The yearly growth that leads from `first` to `last` in `years`: `(last / first)^(1/years) - 1`.
pub(super) fn compound(first: f64, last: f64, years: f64) -> f64 {
    (last / first).powf(years.recip()) - 1.0
}

impl Vector {
    /// The values at `rows`, missing where a row is.
    pub(super) fn picked(&self, rows: &UInt32Array) -> Self {
        let picked = arrow_select::take::take(self.array(), rows, None);
        self.with_array(picked.expect("rows of this vector"))
    }

    /// The value `n` places earlier; later where `n` is negative.
    #[must_use]
    pub fn lag(&self, n: i64) -> Self {
        let rows = (0..self.len() as i64).map(|row| {
            let from = row.checked_sub(n)?;
            (0..self.len() as i64).contains(&from).then_some(from as u32)
        });
        self.picked(&rows.collect())
    }

    /// Each value minus the one `n` places earlier.
    pub fn diff(&self, n: i64) -> Result<Self> {
        change(self, &self.lag(n))
    }

    /// The growth of each value from the one `n` places earlier, and what could not be told.
    pub fn growth(&self, n: i64, how: Growth) -> Result<(Self, Option<String>)> {
        growth(self, &self.lag(n), how)
    }

    /// Each value as a share of the value at `base`, times `to`.
    ///
    /// `base` is a position from 0 (from the end when negative) or a label.
    pub fn index_to(&self, base: &Cell, to: f64) -> Result<Self> {
        let value = match base {
            Cell::Int(position) => self.at(*position)?,
            other => {
                let Some(labels) = self.labels() else {
                    return Err(TableError::Unlabelled { primitive: "index_to".into() }.into());
                };
                self.cell(find_label("index_to", labels, &text(other))?)
            }
        };
        let value = value.as_f64().filter(|x| *x > 0.0).ok_or_else(|| TableError::NoBase {
            primitive: "index_to".into(),
            place: text(base),
            value: text(&value),
        })?;
        let shares: Float64Array = self.floats()?.iter().map(|x| Some(x? / value * to)).collect();
        Ok(self.with_array(Arc::new(shares)))
    }

    /// The compound growth a period from the first value that is there to the last.
    ///
    /// `periods` is the time between the two; their distance in places when `None`. `Ok(None)` where
    /// fewer than two values are there.
    pub fn cagr(&self, periods: Option<f64>) -> Result<Option<f64>> {
        let values = self.floats()?;
        let mut present = (0..values.len()).filter(|row| values.is_valid(*row));
        let (Some(first), Some(last)) = (present.next(), present.next_back()) else {
            return Ok(None);
        };
        let periods = periods.unwrap_or((last - first) as f64);
        if !(periods > 0.0 && periods.is_finite()) {
            return Err(Error::Invalid {
                primitive: "cagr",
                parameter: "periods",
                rule: "be greater than 0".into(),
                value: periods.to_string(),
            });
        }
        let place = |row: usize| match self.labels() {
            Some(labels) if labels.is_valid(row) => labels.value(row).to_owned(),
            _ => format!("position {row}"),
        };
        ends("cagr", values.value(first), values.value(last), || place(first), || place(last))?;
        Ok(Some(compound(values.value(first), values.value(last), periods)))
    }
}

/// An error where compound growth from `first` to `last` has no meaning.
pub(super) fn ends(
    primitive: &str,
    first: f64,
    last: f64,
    first_place: impl FnOnce() -> String,
    last_place: impl FnOnce() -> String,
) -> Result<()> {
    let bad = |place: String, value: f64| {
        let (primitive, value) = (primitive.to_owned(), value.to_string());
        Err(TableError::NoBase { primitive, place, value }.into())
    };
    if first <= 0.0 {
        return bad(first_place(), first);
    }
    if last < 0.0 {
        return bad(last_place(), last);
    }
    Ok(())
}

/// `now - before`.
pub(super) fn change(now: &Vector, before: &Vector) -> Result<Vector> {
    let (values, _) = now.binary(BinaryOp::Sub, before)?;
    Ok(now.with_array(Arc::clone(values.array())))
}

/// The growth from `before` to `now`, row by row, and how many could not be told.
pub(super) fn growth(
    now: &Vector,
    before: &Vector,
    how: Growth,
) -> Result<(Vector, Option<String>)> {
    let (old, new) = (before.floats()?, now.floats()?);
    let mut lost: Vec<usize> = Vec::new();
    let values: Float64Array = old
        .iter()
        .zip(new.iter())
        .enumerate()
        .map(|(row, (old, new))| {
            let value = how.between(old?, new?);
            if value.is_none() {
                lost.push(row);
            }
            value
        })
        .collect();
    let warning = lost.first().map(|row| {
        let place = match now.labels() {
            Some(labels) if labels.is_valid(*row) => labels.value(*row).to_owned(),
            _ => format!("row {}", row + 1),
        };
        let what = if how.log { "one of the two values" } else { "the value before" };
        format!(
            "growth: {} of {} values are missing, since {what} is zero or negative (first at {place})",
            lost.len(),
            now.len()
        )
    });
    Ok((now.with_array(Arc::new(values)), warning))
}

/// A cell as an error names it.
pub(super) fn text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "missing".into(),
        Cell::Float(x) => x.to_string(),
        Cell::Int(i) => i.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Date(date) => date.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(values: &[Option<f64>]) -> Vector {
        Vector::from_options(values.iter().copied())
    }

    fn read(v: &Vector) -> Vec<Option<f64>> {
        v.floats().unwrap().iter().collect()
    }

    #[test]
    fn rows_shift_and_grow() {
        let x = v(&[Some(1.0), Some(2.0), None, Some(4.0)]);
        assert_eq!(read(&x.lag(1)), [None, Some(1.0), Some(2.0), None]);
        assert_eq!(read(&x.lag(-2)), [None, Some(4.0), None, None]);
        assert_eq!(read(&x.lag(i64::MIN)), [None; 4]);
        assert_eq!(read(&x.lag(9)), [None; 4]);
        assert_eq!(read(&x.diff(1).unwrap()), [None, Some(1.0), None, None]);
        assert_eq!(read(&x.diff(2).unwrap()), [None, None, None, Some(2.0)]);
        let (grown, warning) = x.growth(1, Growth { log: false, percent: true }).unwrap();
        assert_eq!((read(&grown)[1], warning), (Some(100.0), None));
        let (grown, _) = x.growth(1, Growth { log: true, percent: false }).unwrap();
        assert_eq!(read(&grown)[1], Some(2.0_f64.ln()));
    }

    #[test]
    fn bases_of_zero_are_told() {
        let x = v(&[Some(0.0), Some(2.0), Some(-1.0), Some(3.0)]);
        let (grown, warning) = x.growth(1, Growth::default()).unwrap();
        assert_eq!(read(&grown), [None, None, Some(-1.5), None]);
        assert!(warning.unwrap().contains("2 of 4 values are missing"));
        let error = x.cagr(None).unwrap_err().to_string();
        assert!(error.contains("the value at position 0 is 0"), "{error}");
        assert!(x.index_to(&Cell::Int(0), 100.0).is_err());
        let x = x.labelled(["a", "b", "c", "d"]).unwrap();
        let index = x.index_to(&Cell::Text("b".into()), 100.0).unwrap();
        assert_eq!(read(&index), [Some(0.0), Some(100.0), Some(-50.0), Some(150.0)]);
        assert_eq!(index.get("d").unwrap(), Cell::Float(150.0));
        assert!(x.cagr(None).unwrap_err().to_string().contains("the value at a is 0"));
    }

    #[test]
    fn compound_growth_spans_the_gaps() {
        let x = v(&[None, Some(1.0), None, Some(4.0), None]);
        assert_eq!(x.cagr(None).unwrap(), Some(1.0));
        assert_eq!(x.cagr(Some(1.0)).unwrap(), Some(3.0));
        assert!(x.cagr(Some(0.0)).is_err());
        assert_eq!(v(&[Some(1.0), None]).cagr(None).unwrap(), None);
        assert_eq!(v(&[Some(1.0), Some(0.0)]).cagr(None).unwrap(), Some(-1.0));
        assert!(v(&[Some(1.0), Some(-1.0)]).cagr(None).is_err());
    }
}
