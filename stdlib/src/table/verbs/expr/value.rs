//! Values of expressions and elementwise kernels over them.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Datum, Float64Array, Int64Array, PrimitiveArray, Scalar,
    StringArray, UInt32Array, types::Date32Type,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_ord::cmp;
use rayon::prelude::*;

use crate::table::frame::Kind;
use crate::table::{BinaryOp, Cell, Vector};

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

/// Loops shorter than this run on one thread.
const PARALLEL: usize = 1 << 16;

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

    /// The row of the array that stands for row `row`.
    fn index(&self) -> impl Fn(usize) -> usize + Sync + use<> {
        let single = self.shape == Shape::One;
        move |row| if single { 0 } else { row }
    }

    /// Its missing values as those of a column of `len`.
    fn nulls(&self, len: usize) -> Option<NullBuffer> {
        if self.shape != Shape::One {
            return self.array.nulls().cloned();
        }
        (self.array.null_count() > 0).then(|| NullBuffer::new_null(len))
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

/// `f` of `0..len`, on all threads where that pays.
pub(super) fn build<T: Send>(len: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if len < PARALLEL {
        (0..len).map(f).collect()
    } else {
        (0..len).into_par_iter().with_min_len(PARALLEL / 4).map(f).collect()
    }
}

/// Truth values of `f` on `0..len`.
fn bits(len: usize, f: impl Fn(usize) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(len, f)
}

/// Both sides' missing values.
pub(super) fn union(left: &Value, right: &Value, len: usize) -> Option<NullBuffer> {
    NullBuffer::union(left.nulls(len).as_ref(), right.nulls(len).as_ref())
}

/// Floats with what is not finite made missing, and how many became so.
pub(super) fn finite(values: Vec<f64>, nulls: Option<NullBuffer>) -> (ArrayRef, usize) {
    if values.iter().all(|x| x.is_finite()) {
        return (Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls)), 0);
    }
    let valid = |row: usize| nulls.as_ref().is_none_or(|n| n.is_valid(row));
    let kept = bits(values.len(), |row| valid(row) && values[row].is_finite());
    let before = values.len() - nulls.as_ref().map_or(0, NullBuffer::null_count);
    let lost = before - kept.count_set_bits();
    let array = Float64Array::new(ScalarBuffer::from(values), Some(NullBuffer::new(kept)));
    (Arc::new(array), lost)
}

/// The values as floats; text and dates have none.
pub(super) fn floats(array: &ArrayRef) -> Option<Float64Array> {
    crate::table::vector::floats("", "", array).ok()
}

/// The values as integers, where they are integers or days.
pub(super) fn whole(array: &ArrayRef) -> Option<Int64Array> {
    let any = array.as_any();
    if let Some(days) = any.downcast_ref::<PrimitiveArray<Date32Type>>() {
        return Some(PrimitiveArray::unary(days, i64::from));
    }
    any.downcast_ref::<Int64Array>().cloned()
}

pub(super) fn texts(array: &ArrayRef) -> Option<&StringArray> {
    array.as_any().downcast_ref()
}

/// `left op right` on numbers of equal or single shape, `len` rows; how many became missing.
pub(super) fn arithmetic(
    op: BinaryOp,
    left: &Value,
    right: &Value,
    len: usize,
) -> Option<(ArrayRef, usize)> {
    let nulls = union(left, right, len);
    let (at, bt) = (left.index(), right.index());
    // Dates have an arithmetic of their own.
    let exact = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Rem);
    if exact && let (Some(a), Some(b)) = (whole(&left.array), whole(&right.array)) {
        let (a, b) = (a.values(), b.values());
        let valid = |row: usize| nulls.as_ref().is_none_or(|n| n.is_valid(row));
        let apply = |row: usize| {
            let (a, b) = (a[at(row)], b[bt(row)]);
            let exact = match op {
                BinaryOp::Add => a.checked_add(b),
                BinaryOp::Sub => a.checked_sub(b),
                BinaryOp::Mul => a.checked_mul(b),
                _ => a.checked_rem(b),
            };
            if valid(row) { exact } else { Some(0) }
        };
        // An overflow, or a division by 0, falls through to floats and their gaps.
        let values: Option<Vec<i64>> = (0..len).map(apply).collect();
        if let Some(values) = values {
            return Some((Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls)), 0));
        }
    }
    let (a, b) = (floats(&left.array)?, floats(&right.array)?);
    let (a, b) = (a.values(), b.values());
    let values = match op {
        BinaryOp::Add => build(len, |row| a[at(row)] + b[bt(row)]),
        BinaryOp::Sub => build(len, |row| a[at(row)] - b[bt(row)]),
        BinaryOp::Mul => build(len, |row| a[at(row)] * b[bt(row)]),
        BinaryOp::Div => build(len, |row| a[at(row)] / b[bt(row)]),
        BinaryOp::Rem => build(len, |row| a[at(row)] % b[bt(row)]),
        BinaryOp::Pow => build(len, |row| a[at(row)].powf(b[bt(row)])),
    };
    Some(finite(values, nulls))
}

/// Truth values of a comparison of two columns of one kind; `None` where the kinds do not meet.
pub(super) fn compare(
    accept: [bool; 3],
    left: &Value,
    right: &Value,
    len: usize,
) -> Option<BooleanArray> {
    let nulls = union(left, right, len);
    let (at, bt) = (left.index(), right.index());
    let [less, equal, greater] = accept;
    let verdict = |below: bool, same: bool| {
        if below {
            less
        } else if same {
            equal
        } else {
            greater
        }
    };
    if let (Some(a), Some(b)) = (texts(&left.array), texts(&right.array)) {
        let single = |side: &Value, array| {
            (side.shape == Shape::One && len != 1).then(|| Scalar::new(array))
        };
        let (one, other) = (single(left, a), single(right, b));
        let a: &dyn Datum = one.as_ref().map_or(&a as &dyn Datum, |one| one);
        let b: &dyn Datum = other.as_ref().map_or(&b as &dyn Datum, |one| one);
        let kernel = match accept {
            [false, true, false] => cmp::eq,
            [true, false, true] => cmp::neq,
            [true, false, false] => cmp::lt,
            [true, true, false] => cmp::lt_eq,
            [false, false, true] => cmp::gt,
            _ => cmp::gt_eq,
        };
        let verdicts = kernel(a, b).expect("both are text of one length");
        return Some(verdicts);
    }
    // Arrow's own comparison of floats sets -0 below 0; here they are equal.
    let values = if let (Some(a), Some(b)) = (whole(&left.array), whole(&right.array)) {
        let (a, b) = (a.values(), b.values());
        bits(len, |row| {
            let (a, b) = (a[at(row)], b[bt(row)]);
            verdict(a < b, a == b)
        })
    } else {
        if (left.kind() == Kind::Bool) != (right.kind() == Kind::Bool) {
            return None;
        }
        let (a, b) = (floats(&left.array)?, floats(&right.array)?);
        let (a, b) = (a.values(), b.values());
        match (left.shape, accept) {
            // The comparisons of a column with a constant, written out so that they vectorise.
            (Shape::Rows, [false, false, true]) if right.shape == Shape::One => {
                let bound = b[0];
                bits(len, |row| a[row] > bound)
            }
            (Shape::Rows, [true, false, false]) if right.shape == Shape::One => {
                let bound = b[0];
                bits(len, |row| a[row] < bound)
            }
            _ => bits(len, |row| {
                let (a, b) = (a[at(row)], b[bt(row)]);
                verdict(a < b, a == b)
            }),
        }
    };
    Some(BooleanArray::new(values, nulls))
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
