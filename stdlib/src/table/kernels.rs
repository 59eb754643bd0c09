//! Elementwise work on whole columns, which vectors and expressions share.
//!
//! The loops read plain slices of numbers and leave the gaps to the validity of both sides, so that
//! the compiler can vectorise them; long ones run on all threads.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray,
    types::Date32Type,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use rayon::prelude::*;

use super::arithmetic::BinaryOp;
use super::frame::Kind;
use super::vector;

/// One side of an elementwise operation.
#[derive(Debug, Clone, Copy)]
pub(in crate::table) struct Side<'a> {
    pub array: &'a ArrayRef,
    /// Whether its one value stands for every row.
    pub single: bool,
}

impl Side<'_> {
    fn kind(&self) -> Kind {
        Kind::of(self.array.data_type())
    }

    /// The row of the array that stands for row `row`.
    fn index(&self) -> impl Fn(usize) -> usize + Sync + use<> {
        let single = self.single;
        move |row| if single { 0 } else { row }
    }

    /// Its missing values as those of a column of `len`.
    fn nulls(&self, len: usize) -> Option<NullBuffer> {
        if !self.single {
            return self.array.nulls().cloned();
        }
        (self.array.null_count() > 0).then(|| NullBuffer::new_null(len))
    }
}

/// Loops shorter than this run on one thread.
const PARALLEL: usize = 1 << 16;

/// `f` of `0..len`, on all threads where that pays.
pub(in crate::table) fn build<T: Send>(len: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
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
fn union(left: Side<'_>, right: Side<'_>, len: usize) -> Option<NullBuffer> {
    NullBuffer::union(left.nulls(len).as_ref(), right.nulls(len).as_ref())
}

/// Floats with what is not finite made missing, and how many became so.
pub(in crate::table) fn finite(values: Vec<f64>, nulls: Option<NullBuffer>) -> (ArrayRef, usize) {
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
pub(in crate::table) fn floats(array: &ArrayRef) -> Option<Float64Array> {
    vector::floats("", "", array).ok()
}

/// The values as integers, where they are integers or days.
pub(in crate::table) fn whole(array: &ArrayRef) -> Option<Int64Array> {
    let any = array.as_any();
    if let Some(days) = any.downcast_ref::<PrimitiveArray<Date32Type>>() {
        return Some(PrimitiveArray::unary(days, i64::from));
    }
    any.downcast_ref::<Int64Array>().cloned()
}

pub(in crate::table) fn texts(array: &ArrayRef) -> Option<&StringArray> {
    array.as_any().downcast_ref()
}

/// `left op right` on numbers of equal or single shape, `len` rows; how many became missing.
pub(in crate::table) fn arithmetic(
    op: BinaryOp,
    left: Side<'_>,
    right: Side<'_>,
    len: usize,
) -> Option<(ArrayRef, usize)> {
    let nulls = union(left, right, len);
    let (at, bt) = (left.index(), right.index());
    // Dates have an arithmetic of their own.
    let exact = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Rem);
    if exact && let (Some(a), Some(b)) = (whole(left.array), whole(right.array)) {
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
    let (a, b) = (floats(left.array)?, floats(right.array)?);
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
pub(in crate::table) fn compare(
    accept: [bool; 3],
    left: Side<'_>,
    right: Side<'_>,
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
    if let (Some(a), Some(b)) = (texts(left.array), texts(right.array)) {
        let (a, b) = (&a, &b);
        let values = match accept {
            // Texts of different lengths differ without a look at their letters.
            [false, true, false] => bits(len, |row| a.value(at(row)) == b.value(bt(row))),
            [true, false, true] => bits(len, |row| a.value(at(row)) != b.value(bt(row))),
            _ => bits(len, |row| {
                let order = a.value(at(row)).cmp(b.value(bt(row)));
                verdict(order.is_lt(), order.is_eq())
            }),
        };
        return Some(BooleanArray::new(values, nulls));
    }
    // Arrow's own comparison of floats sets -0 below 0; here they are equal.
    let values = if let (Some(a), Some(b)) = (whole(left.array), whole(right.array)) {
        let (a, b) = (a.values(), b.values());
        bits(len, |row| {
            let (a, b) = (a[at(row)], b[bt(row)]);
            verdict(a < b, a == b)
        })
    } else {
        if (left.kind() == Kind::Bool) != (right.kind() == Kind::Bool) {
            return None;
        }
        let (a, b) = (floats(left.array)?, floats(right.array)?);
        let (a, b) = (a.values(), b.values());
        match accept {
            // The comparisons of a column with a constant, written out so that they vectorise.
            [false, false, true] if right.single && !left.single => {
                let bound = b[0];
                bits(len, |row| a[row] > bound)
            }
            [true, false, false] if right.single && !left.single => {
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
