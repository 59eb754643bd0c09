//! One column of values with optional labels and a name.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};

use super::date::Date;
use super::error::TableError;
use super::frame::Kind;
use crate::error::Result;
use crate::stats;

/// One value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Missing,
    /// A floating-point number.
    Float(f64),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Text.
    Text(String),
    /// A calendar date.
    Date(Date),
}

impl Cell {
    /// The number in this cell; booleans count 0 and 1.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(*x),
            Self::Int(i) => Some(*i as f64),
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Missing | Self::Text(_) | Self::Date(_) => None,
        }
    }
}

/// A column of `len` values (float, int, bool, text or date), each possibly missing.
#[derive(Debug, Clone)]
pub struct Vector {
    array: ArrayRef,
    labels: Option<Arc<StringArray>>,
    name: Option<Arc<str>>,
}

impl Vector {
    /// A vector over an Arrow array of one of the five kinds.
    pub fn new(array: ArrayRef) -> Self {
        Self { array, labels: None, name: None }
    }

    /// A float vector; `NaN` becomes missing, so no silent `NaN` enters a table.
    pub fn from_floats(values: impl IntoIterator<Item = f64>) -> Self {
        let array: Float64Array = values.into_iter().map(|v| (!v.is_nan()).then_some(v)).collect();
        Self::new(Arc::new(array))
    }

    /// A float vector with missing values.
    pub fn from_options(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let array: Float64Array = values.into_iter().map(|v| v.filter(|x| !x.is_nan())).collect();
        Self::new(Arc::new(array))
    }

    /// An integer vector.
    pub fn from_ints(values: impl IntoIterator<Item = i64>) -> Self {
        Self::new(Arc::new(values.into_iter().collect::<Int64Array>()))
    }

    /// A text vector.
    pub fn from_texts<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::new(Arc::new(StringArray::from_iter_values(values)))
    }

    /// A vector of `kind`; a cell of another kind is missing.
    pub fn of_kind(kind: Kind, cells: impl IntoIterator<Item = Cell>) -> Self {
        let cells = cells.into_iter();
        Self::new(match kind {
            Kind::Float => Arc::new(cells.map(|cell| cell.as_f64()).collect::<Float64Array>()),
            Kind::Int => Arc::new(
                cells
                    .map(|cell| if let Cell::Int(i) = cell { Some(i) } else { None })
                    .collect::<Int64Array>(),
            ),
            Kind::Bool => Arc::new(
                cells
                    .map(|cell| if let Cell::Bool(b) = cell { Some(b) } else { None })
                    .collect::<BooleanArray>(),
            ),
            Kind::Text => Arc::new(
                cells
                    .map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None })
                    .collect::<StringArray>(),
            ),
            Kind::Date => Arc::new(
                cells
                    .map(|cell| if let Cell::Date(d) = cell { Some(d.days()) } else { None })
                    .collect::<Date32Array>(),
            ),
        })
    }

    /// The same values with labels; `labels` must be as long as the vector.
    pub fn with_labels(mut self, labels: Arc<StringArray>) -> Result<Self> {
        if labels.len() != self.len() {
            return Err(TableError::Lengths {
                primitive: "labels".into(),
                left: labels.len(),
                right: self.len(),
            }
            .into());
        }
        self.labels = Some(labels);
        Ok(self)
    }

    /// `array`, of the same length, under the same labels and name.
    pub(super) fn with_array(&self, array: ArrayRef) -> Self {
        debug_assert_eq!(array.len(), self.len());
        Self { array, labels: self.labels.clone(), name: self.name.clone() }
    }

    /// The same values labelled with `labels`, of which there are as many as values.
    pub fn labelled<S: AsRef<str>>(self, labels: impl IntoIterator<Item = S>) -> Result<Self> {
        self.with_labels(Arc::new(StringArray::from_iter_values(labels)))
    }

    /// The same values under a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Values, missing ones included.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// The Arrow array behind it.
    pub fn array(&self) -> &ArrayRef {
        &self.array
    }

    /// What the values are.
    pub fn kind(&self) -> Kind {
        Kind::of(self.array.data_type())
    }

    /// Labels, if it has any.
    pub fn labels(&self) -> Option<&Arc<StringArray>> {
        self.labels.as_ref()
    }

    /// Value at position `index` from 0.
    pub fn cell(&self, index: usize) -> Cell {
        cell(&self.array, index)
    }

    /// Value at `index` from 0, or from the end when negative.
    pub fn at(&self, index: i64) -> Result<Cell> {
        let rows = self.len();
        let position = if index < 0 { index + rows as i64 } else { index };
        usize::try_from(position).ok().filter(|p| *p < rows).map(|p| self.cell(p)).ok_or_else(
            || TableError::NoRow { primitive: "vector".into(), row: index, rows }.into(),
        )
    }

    /// Value under `label`.
    pub fn get(&self, label: &str) -> Result<Cell> {
        let labels = self
            .labels
            .as_ref()
            .ok_or_else(|| TableError::Unlabelled { primitive: "vector".into() })?;
        find_label("vector", labels, label).map(|row| self.cell(row))
    }

    /// The values as floats, missing ones kept; text has none.
    pub fn floats(&self) -> Result<Float64Array> {
        floats("vector", self.name().unwrap_or("values"), &self.array)
    }

    /// The values that are there, as floats.
    pub fn present(&self) -> Result<Vec<f64>> {
        Ok(self.floats()?.iter().flatten().collect())
    }

    /// Missing values.
    pub fn missing(&self) -> usize {
        self.array.null_count()
    }

    /// Mean of the values that are there; missing when there is none.
    pub fn mean(&self) -> Result<Option<f64>> {
        Ok(stats::mean(&self.present()?))
    }

    /// Sample standard deviation (n - 1); missing below two values.
    pub fn sd(&self) -> Result<Option<f64>> {
        Ok(stats::sample_sd(&self.present()?))
    }

    /// Median.
    pub fn median(&self) -> Result<Option<f64>> {
        Ok(stats::median(&self.present()?))
    }

    /// Smallest value.
    pub fn min(&self) -> Result<Option<f64>> {
        Ok(self.present()?.into_iter().reduce(f64::min))
    }

    /// Largest value.
    pub fn max(&self) -> Result<Option<f64>> {
        Ok(self.present()?.into_iter().reduce(f64::max))
    }

    /// Sum; 0 when there is no value.
    pub fn sum(&self) -> Result<f64> {
        Ok(self.present()?.iter().sum())
    }

    /// Quantile of order `p` (Hyndman and Fan's definition 7).
    pub fn quantile(&self, p: f64) -> Result<Option<f64>> {
        if !(0.0..=1.0).contains(&p) {
            return Err(crate::Error::Invalid {
                primitive: "quantile",
                parameter: "p",
                rule: "lie in 0..=1".into(),
                value: p.to_string(),
            });
        }
        Ok(stats::quantile(&self.present()?, p))
    }

    /// All values in order.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        (0..self.len()).map(|row| self.cell(row))
    }
}

/// Value at `row` of `array`; kinds other than the five read as missing, and none is ever stored.
pub(super) fn cell(array: &ArrayRef, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Missing;
    }
    let any = array.as_any();
    if let Some(values) = any.downcast_ref::<Float64Array>() {
        Cell::Float(values.value(row))
    } else if let Some(values) = any.downcast_ref::<Int64Array>() {
        Cell::Int(values.value(row))
    } else if let Some(values) = any.downcast_ref::<BooleanArray>() {
        Cell::Bool(values.value(row))
    } else if let Some(values) = any.downcast_ref::<StringArray>() {
        Cell::Text(values.value(row).to_owned())
    } else if let Some(values) = any.downcast_ref::<Date32Array>() {
        Date::from_days(values.value(row)).map_or(Cell::Missing, Cell::Date)
    } else {
        Cell::Missing
    }
}

/// `array` as floats: integers and booleans convert, text and dates are errors.
pub(super) fn floats(primitive: &str, column: &str, array: &ArrayRef) -> Result<Float64Array> {
    let any = array.as_any();
    if let Some(values) = any.downcast_ref::<Float64Array>() {
        Ok(values.clone())
    } else if let Some(values) = any.downcast_ref::<Int64Array>() {
        Ok(arrow_array::PrimitiveArray::unary(values, |i| i as f64))
    } else if let Some(values) = any.downcast_ref::<BooleanArray>() {
        Ok(values.iter().map(|b| b.map(|b| f64::from(u8::from(b)))).collect())
    } else {
        Err(TableError::WrongKind {
            primitive: primitive.to_owned(),
            column: column.to_owned(),
            found: Kind::of(array.data_type()).to_string(),
            expected: "numeric".into(),
        }
        .into())
    }
}

/// The one row labelled `label`.
pub(super) fn find_label(primitive: &str, labels: &StringArray, label: &str) -> Result<usize> {
    let mut rows = labels.iter().enumerate().filter(|(_, l)| *l == Some(label)).map(|(row, _)| row);
    let first = rows.next().ok_or_else(|| TableError::NoLabel {
        primitive: primitive.to_owned(),
        label: label.to_owned(),
        labels: labels.iter().flatten().map(str::to_owned).collect(),
    })?;
    match rows.count() {
        0 => Ok(first),
        more => Err(TableError::AmbiguousLabel {
            primitive: primitive.to_owned(),
            label: label.to_owned(),
            count: more + 1,
        }
        .into()),
    }
}
