//! The table itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchOptions, StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema};
use nalgebra::DMatrix;
use rayon::prelude::*;

use super::error::TableError;
use super::panel::Panel;
use super::vector::{Cell, Vector, cell, find_label, floats};
use super::verbs::{self, SortKey};
use crate::choice::Choice;
use crate::error::Result;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 64-bit floating-point numbers.
    Float,
    /// 64-bit integers.
    Int,
    /// Truth values.
    Bool,
    /// Text.
    Text,
    /// Calendar dates.
    Date,
}

impl Kind {
    /// The kind behind an Arrow type; a table holds no others.
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Int,
            DataType::Boolean => Self::Bool,
            DataType::Utf8 => Self::Text,
            DataType::Date32 => Self::Date,
            _ => Self::Float,
        }
    }

    /// Whether arithmetic makes sense on it.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Float | Self::Int)
    }
}

impl Choice for Kind {
    const ALL: &'static [(&'static str, Self)] = &[
        ("float", Self::Float),
        ("int", Self::Int),
        ("bool", Self::Bool),
        ("text", Self::Text),
        ("date", Self::Date),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a codebook says of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMeta {
    /// Label by language code, e.g. `"en"`, `"ru"`.
    pub labels: Vec<(String, String)>,
    /// Unit of measurement.
    pub unit: Option<String>,
}

impl ColumnMeta {
    /// The label in `language`, else in English, else the first there is; `"none"` has none.
    pub fn label(&self, language: &str) -> Option<&str> {
        if language == "none" {
            return None;
        }
        let find = |code: &str| self.labels.iter().find(|(c, text)| c == code && !text.is_empty());
        let any = || self.labels.iter().find(|(_, text)| !text.is_empty());
        find(language).or_else(|| find("en")).or_else(any).map(|(_, text)| text.as_str())
    }
}

/// Complete numeric columns as a dense matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Rows by columns.
    pub values: DMatrix<f64>,
    /// Column names.
    pub columns: Vec<String>,
    /// Row labels; row numbers from 1 where the table has none.
    pub labels: Vec<String>,
}

/// Named columns of equal length, optionally with row labels.
///
/// Cloning is cheap: columns are shared Arrow arrays. The Arrow batch is [`Table::batch`], which
/// any Arrow-speaking program can read.
#[derive(Debug, Clone)]
pub struct Table {
    batch: RecordBatch,
    labels: Option<Arc<StringArray>>,
    label_name: Option<Arc<str>>,
    meta: Arc<HashMap<String, ColumnMeta>>,
    panel: Option<Arc<Panel>>,
}

impl Table {
    /// A table of `columns`, which must be equally long and differently named.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Vector)>) -> Result<Self> {
        let columns: Vec<(String, ArrayRef)> =
            columns.into_iter().map(|(name, v)| (name.into(), Arc::clone(v.array()))).collect();
        let rows = columns.first().map_or(0, |(_, array)| array.len());
        Self::from_arrays(columns, rows)
    }

    pub(super) fn from_arrays(columns: Vec<(String, ArrayRef)>, rows: usize) -> Result<Self> {
        for (position, (name, array)) in columns.iter().enumerate() {
            if columns[..position].iter().any(|(other, _)| other == name) {
                return Err(TableError::DuplicateColumn {
                    primitive: "table".into(),
                    name: name.clone(),
                }
                .into());
            }
            if array.len() != rows {
                return Err(TableError::Lengths {
                    primitive: format!("table, column `{name}`"),
                    left: array.len(),
                    right: rows,
                }
                .into());
            }
        }
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
            .into_iter()
            .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
            .unzip();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch =
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
                .expect("lengths were checked and every field is nullable");
        Ok(Self { batch, labels: None, label_name: None, meta: Arc::default(), panel: None })
    }

    pub(super) fn rebuilt(&self, columns: Vec<(String, ArrayRef)>) -> Result<Self> {
        let mut table = Self::from_arrays(columns, self.nrow())?;
        table.labels.clone_from(&self.labels);
        table.label_name.clone_from(&self.label_name);
        // What the codebook says goes with its column: a later one of the same name is another.
        let gone = |name: &String| table.position("table", name).is_err();
        table.meta = if self.meta.keys().any(gone) {
            let kept = self.meta.iter().filter(|(name, _)| !gone(name));
            Arc::new(kept.map(|(name, meta)| (name.clone(), meta.clone())).collect())
        } else {
            Arc::clone(&self.meta)
        };
        Ok(table.with_panel(self.panel.clone()))
    }

    pub(super) fn named_arrays(&self) -> Vec<(String, ArrayRef)> {
        self.columns().into_iter().zip(self.batch.columns().iter().cloned()).collect()
    }

    /// The Arrow record batch behind the table.
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// Rows.
    pub fn nrow(&self) -> usize {
        self.batch.num_rows()
    }

    /// Columns.
    pub fn ncol(&self) -> usize {
        self.batch.num_columns()
    }

    /// Column names in order.
    pub fn columns(&self) -> Vec<String> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Kind of each column in order.
    pub fn kinds(&self) -> Vec<Kind> {
        self.batch.columns().iter().map(|array| Kind::of(array.data_type())).collect()
    }

    /// Row labels, if any.
    pub fn labels(&self) -> Option<&Arc<StringArray>> {
        self.labels.as_ref()
    }

    /// Row labels, or row numbers from 1 where there are none.
    pub fn row_names(&self) -> Vec<String> {
        self.labels.as_ref().map_or_else(
            || (1..=self.nrow()).map(|row| row.to_string()).collect(),
            |labels| labels.iter().map(|l| l.unwrap_or("").to_owned()).collect(),
        )
    }

    /// What the labels name, e.g. `"region"`.
    pub fn label_name(&self) -> Option<&str> {
        self.label_name.as_deref()
    }

    /// The same table with its rows labelled by text column `column`, which stays a column.
    pub fn labelled_by(&self, column: &str) -> Result<Self> {
        let array = self.array("label", column)?;
        let labels = match array.as_any().downcast_ref::<StringArray>() {
            Some(texts) => texts.clone(),
            None => (0..array.len())
                .map(|row| match cell(array, row) {
                    Cell::Missing => None,
                    Cell::Text(text) => Some(text),
                    Cell::Int(i) => Some(i.to_string()),
                    Cell::Bool(b) => Some(b.to_string()),
                    Cell::Float(x) => Some(x.to_string()),
                    Cell::Date(date) => Some(date.to_string()),
                })
                .collect(),
        };
        let mut table = self.clone();
        table.labels = Some(Arc::new(labels));
        table.label_name = Some(column.into());
        Ok(table)
    }

    /// The same table with `labels` on its rows; `name` says what they are.
    pub fn with_labels(&self, labels: Arc<StringArray>, name: Option<&str>) -> Result<Self> {
        if labels.len() != self.nrow() {
            return Err(TableError::Lengths {
                primitive: "labels".into(),
                left: labels.len(),
                right: self.nrow(),
            }
            .into());
        }
        let mut table = self.clone();
        table.labels = Some(labels);
        table.label_name = name.map(Into::into);
        Ok(table)
    }

    /// What the codebook says of `column`.
    pub fn meta(&self, column: &str) -> Option<&ColumnMeta> {
        self.meta.get(column)
    }

    /// Every codebook entry, by column.
    pub(super) fn all_meta(&self) -> HashMap<String, ColumnMeta> {
        self.meta.as_ref().clone()
    }

    /// The same table with codebook entries.
    #[must_use]
    pub fn with_meta(mut self, meta: HashMap<String, ColumnMeta>) -> Self {
        self.meta = Arc::new(meta);
        self
    }

    /// What makes the table a panel, if it was declared one.
    pub fn panel_keys(&self) -> Option<&Arc<Panel>> {
        self.panel.as_ref()
    }

    /// The same table as the panel `panel`, as long as it has the panel's columns, and times that
    /// can be counted as the panel counts them.
    #[must_use]
    pub(super) fn with_panel(mut self, panel: Option<Arc<Panel>>) -> Self {
        let kind = |name: &String| {
            let array = self.array("panel", name).ok()?;
            Some(Kind::of(array.data_type()))
        };
        self.panel = panel.filter(|panel| {
            panel.entity.as_ref().is_none_or(|entity| kind(entity).is_some())
                && kind(&panel.time).is_some_and(|kind| panel.counts(kind))
        });
        self
    }

    pub(super) fn position(&self, primitive: &str, name: &str) -> Result<usize> {
        self.batch.schema_ref().fields().iter().position(|field| field.name() == name).ok_or_else(
            || {
                TableError::NoColumn {
                    primitive: primitive.to_owned(),
                    name: name.to_owned(),
                    columns: self.columns(),
                }
                .into()
            },
        )
    }

    pub(super) fn array(&self, primitive: &str, name: &str) -> Result<&ArrayRef> {
        Ok(self.batch.column(self.position(primitive, name)?))
    }

    /// Column `name` with its labels.
    pub fn column(&self, name: &str) -> Result<Vector> {
        let array = Arc::clone(self.array("table", name)?);
        let vector = Vector::new(array).named(name);
        match &self.labels {
            Some(labels) => vector.with_labels(Arc::clone(labels)),
            None => Ok(vector),
        }
    }

    /// An error of `primitive` for the first of `names` that is no column.
    pub(crate) fn known<'n>(
        &self,
        primitive: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<()> {
        names.into_iter().try_for_each(|name| self.array(primitive, name).map(|_| ()))
    }

    /// Column `name` as floats, missing values kept; text is an error of `primitive`.
    pub fn floats(&self, primitive: &str, name: &str) -> Result<Float64Array> {
        floats(primitive, name, self.array(primitive, name)?)
    }

    /// The same table with column `name` set or added; a single value fills every row.
    pub fn with_column(&self, name: &str, values: &Vector) -> Result<Self> {
        if values.len() != self.nrow() {
            return Err(TableError::Lengths {
                primitive: format!("column `{name}`"),
                left: values.len(),
                right: self.nrow(),
            }
            .into());
        }
        let mut columns = self.named_arrays();
        match columns.iter_mut().find(|(other, _)| other == name) {
            Some((_, array)) => *array = Arc::clone(values.array()),
            None => columns.push((name.to_owned(), Arc::clone(values.array()))),
        }
        self.rebuilt(columns)
    }

    /// The columns `names`, in that order.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self> {
        let columns = names
            .iter()
            .map(|name| {
                let name = name.as_ref();
                Ok((name.to_owned(), Arc::clone(self.array("select", name)?)))
            })
            .collect::<Result<Vec<_>>>()?;
        self.rebuilt(columns)
    }

    /// All columns but `names`.
    pub fn drop<S: AsRef<str>>(&self, names: &[S]) -> Result<Self> {
        for name in names {
            self.position("drop", name.as_ref())?;
        }
        let columns = self.named_arrays();
        self.rebuilt(
            columns
                .into_iter()
                .filter(|(name, _)| names.iter().all(|dropped| dropped.as_ref() != name))
                .collect(),
        )
    }

    /// The float and int columns.
    pub fn numeric(&self) -> Result<Self> {
        let columns = self.named_arrays();
        self.rebuilt(
            columns
                .into_iter()
                .filter(|(_, array)| Kind::of(array.data_type()).is_numeric())
                .collect(),
        )
    }

    /// The rows where `keep` is true, labels with them.
    pub fn filter(&self, keep: &BooleanArray) -> Result<Self> {
        let yes = match keep.nulls() {
            Some(nulls) => keep.values() & nulls.inner(),
            None => keep.values().clone(),
        };
        if yes.len() != self.nrow() {
            return Err(TableError::Lengths {
                primitive: "filter".into(),
                left: yes.len(),
                right: self.nrow(),
            }
            .into());
        }
        let rows: Vec<u32> = yes.set_indices_u32().collect();
        self.take(&rows)
    }

    /// The rows at `rows`, in that order; each must exist.
    pub fn take(&self, rows: &[u32]) -> Result<Self> {
        let count = self.nrow();
        if let Some(row) = rows.iter().find(|row| **row as usize >= count) {
            return Err(TableError::NoRow {
                primitive: "rows".into(),
                row: i64::from(*row),
                rows: count,
            }
            .into());
        }
        let indices = UInt32Array::from(rows.to_vec());
        let pick = |array: &dyn Array| {
            arrow_select::take::take(array, &indices, None).expect("indices were checked")
        };
        let columns = if rows.len() * self.ncol() < 1 << 16 {
            self.named_arrays().into_iter().map(|(name, array)| (name, pick(&array))).collect()
        } else {
            self.named_arrays().into_par_iter().map(|(name, array)| (name, pick(&array))).collect()
        };
        let mut table = Self::from_arrays(columns, rows.len())?;
        table.labels = self.labels.as_ref().map(|labels| {
            let picked = pick(labels.as_ref());
            let texts = picked.as_any().downcast_ref::<StringArray>();
            Arc::new(texts.expect("taking text gives text").clone())
        });
        table.label_name.clone_from(&self.label_name);
        table.meta = Arc::clone(&self.meta);
        table.panel.clone_from(&self.panel);
        Ok(table)
    }

    /// The first `n` rows.
    #[must_use]
    pub fn head(&self, n: usize) -> Self {
        let n = n.min(self.nrow());
        let mut table = self.clone();
        table.batch = self.batch.slice(0, n);
        table.labels = self.labels.as_ref().map(|labels| Arc::new(labels.slice(0, n)));
        table
    }

    /// Rows ordered by `names`, missing values last; ties keep their order.
    pub fn sort<S: AsRef<str>>(&self, names: &[S], descending: bool) -> Result<Self> {
        let key = |name: &S| SortKey { column: name.as_ref().to_owned(), descending };
        verbs::sort(self, &names.iter().map(key).collect::<Vec<SortKey>>())
    }

    /// The cell in the row labelled `label` under `column`.
    pub fn at(&self, label: &str, column: &str) -> Result<Cell> {
        let row = self.row_of("at", label)?;
        Ok(cell(self.array("at", column)?, row))
    }

    /// The position of the row labelled `label`.
    pub fn row_of(&self, primitive: &str, label: &str) -> Result<usize> {
        let labels = self
            .labels
            .as_ref()
            .ok_or_else(|| TableError::Unlabelled { primitive: primitive.to_owned() })?;
        find_label(primitive, labels, label)
    }

    /// The cell in row `row` (from 0) of column number `column` (from 0); both must exist.
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        cell(self.batch.column(column), row)
    }

    /// The columns `names` (all of them when `None`) as a dense matrix.
    ///
    /// Text and missing values are errors that name the column and the rows.
    pub fn matrix(&self, primitive: &str, names: Option<&[String]>) -> Result<Matrix> {
        let columns = names.map_or_else(|| self.columns(), <[String]>::to_vec);
        if columns.is_empty() || self.nrow() == 0 {
            let what = if columns.is_empty() { "columns" } else { "rows" };
            return Err(
                TableError::Empty { primitive: primitive.to_owned(), what: what.into() }.into()
            );
        }
        let labels = self.row_names();
        let mut values = Vec::with_capacity(columns.len() * self.nrow());
        for name in &columns {
            let column = self.floats(primitive, name)?;
            let missing: Vec<&str> = (0..column.len())
                .filter(|row| column.is_null(*row))
                .map(|row| labels[row].as_str())
                .collect();
            if missing.len() == column.len() {
                return Err(TableError::AllMissing {
                    primitive: primitive.to_owned(),
                    column: name.clone(),
                }
                .into());
            }
            if !missing.is_empty() {
                return Err(TableError::Missing {
                    primitive: primitive.to_owned(),
                    column: name.clone(),
                    rows: name_rows(&missing),
                }
                .into());
            }
            values.extend_from_slice(column.values());
        }
        Ok(Matrix {
            values: DMatrix::from_vec(self.nrow(), columns.len(), values),
            columns,
            labels,
        })
    }
}

/// Rows by name, shortened past five.
pub(crate) fn name_rows(rows: &[&str]) -> String {
    let shown: Vec<&str> = rows.iter().copied().take(5).collect();
    let more = rows.len() - shown.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("row{} {}{tail}", if rows.len() == 1 { "" } else { "s" }, shown.join(", "))
}

impl From<Cell> for Vector {
    fn from(cell: Cell) -> Self {
        let array: ArrayRef = match cell {
            Cell::Missing => Arc::new(Float64Array::from(vec![None::<f64>])),
            Cell::Float(x) => Arc::new(Float64Array::from(vec![x])),
            Cell::Int(i) => Arc::new(Int64Array::from(vec![i])),
            Cell::Bool(b) => Arc::new(BooleanArray::from(vec![b])),
            Cell::Text(text) => Arc::new(StringArray::from(vec![text])),
            Cell::Date(date) => Arc::new(Date32Array::from(vec![date.days()])),
        };
        Self::new(array)
    }
}
