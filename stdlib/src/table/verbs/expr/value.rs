//! Values of expressions, and truth values of three kinds.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use crate::table::frame::Kind;
use crate::table::kernels::{Side, floats};
use crate::table::{Cell, Vector};

/// How many values an expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One, which stands for every row.
    One,
    /// One per group.
    Groups,
    /// One per row.
    Rows,
}

/// The value of an expression.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub array: ArrayRef,
    pub shape: Shape,
}

impl Value {
    pub(super) fn one(cell: Cell) -> Self {
        Self { array: Arc::clone(Vector::from(cell).array()), shape: Shape::One }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(self.array.data_type())
    }

    /// A value that is missing everywhere fits wherever any kind fits.
    pub(super) fn is_blank(&self) -> bool {
        self.array.null_count() == self.array.len()
    }

    /// As a side of an elementwise operation.
    pub(super) fn side(&self) -> Side<'_> {
        Side { array: &self.array, single: self.shape == Shape::One }
    }

    /// The same values, `len` of them.
    pub(super) fn spread(&self, len: usize) -> ArrayRef {
        if self.shape == Shape::One && (self.array.len() != len) {
            let indices = UInt32Array::from(vec![0; len]);
            return arrow_select::take::take(&self.array, &indices, None)
                .expect("one value stands at 0");
        }
        Arc::clone(&self.array)
    }
}

/// Where a truth value is known to be `wanted`.
fn known(array: &BooleanArray, wanted: bool) -> BooleanBuffer {
    let values = if wanted { array.values().clone() } else { !array.values() };
    match array.nulls() {
        Some(nulls) => &values & nulls.inner(),
        None => values,
    }
}

/// Three-valued `and` (or `or`) of two columns of equal length.
pub(super) fn logic(conjunction: bool, a: &BooleanArray, b: &BooleanArray) -> BooleanArray {
    let (yes, no) = if conjunction {
        (&known(a, true) & &known(b, true), &known(a, false) | &known(b, false))
    } else {
        (&known(a, true) | &known(b, true), &known(a, false) & &known(b, false))
    };
    let certain = &yes | &no;
    let nulls = (certain.count_set_bits() < certain.len()).then(|| NullBuffer::new(certain));
    BooleanArray::new(yes, nulls)
}

/// The opposite; missing stays missing.
pub(super) fn not(a: &BooleanArray) -> BooleanArray {
    BooleanArray::new(!a.values(), a.nulls().cloned())
}

/// Arrays of one kind: integers beside floats become floats, blanks take the others' kind.
pub(super) fn unified(values: &[Value]) -> Option<Vec<ArrayRef>> {
    let kinds: Vec<Kind> = values.iter().filter(|v| !v.is_blank()).map(Value::kind).collect();
    let first = kinds.first().copied().unwrap_or(Kind::Float);
    let numeric = kinds.iter().all(|kind| kind.is_numeric());
    if !numeric && kinds.iter().any(|kind| *kind != first) {
        return None;
    }
    let data_type = if numeric && kinds.iter().any(|kind| *kind != first) {
        arrow_schema::DataType::Float64
    } else {
        values
            .iter()
            .find(|v| !v.is_blank())
            .or(values.first())
            .map_or(arrow_schema::DataType::Float64, |v| v.array.data_type().clone())
    };
    let convert = |value: &Value| {
        if value.array.data_type() == &data_type {
            Some(Arc::clone(&value.array))
        } else if value.is_blank() {
            Some(arrow_array::new_null_array(&data_type, value.array.len()))
        } else {
            floats(&value.array).map(|f| Arc::new(f) as ArrayRef)
        }
    };
    values.iter().map(convert).collect()
}
