//! Elementwise arithmetic and comparison of columns.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, StringArray};

use super::error::TableError;
use super::frame::Kind;
use super::vector::Vector;
use crate::error::Result;

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `**`
    Pow,
}

impl BinaryOp {
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Rem => a % b,
            Self::Pow => a.powf(b),
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Pow => "**",
        }
    }
}

/// A function applied to every value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the mathematical function of its name.
pub enum MathFn {
    Log,
    Log10,
    Exp,
    Sqrt,
    Abs,
    Neg,
}

impl MathFn {
    /// The value at `x`.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Log => x.ln(),
            Self::Log10 => x.log10(),
            Self::Exp => x.exp(),
            Self::Sqrt => x.sqrt(),
            Self::Abs => x.abs(),
            Self::Neg => -x,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Log10 => "log10",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
            Self::Neg => "-",
        }
    }
}

/// The two sides of an elementwise operation, one value standing for a whole column.
fn paired(primitive: &str, left: &Vector, right: &Vector) -> Result<usize> {
    match (left.len(), right.len()) {
        (a, b) if a == b => Ok(a),
        (a, 1) => Ok(a),
        (1, b) => Ok(b),
        (a, b) => {
            Err(TableError::Lengths { primitive: primitive.to_owned(), left: a, right: b }.into())
        }
    }
}

fn at<T: Copy>(get: impl Fn(usize) -> T, len: usize, row: usize) -> T {
    get(if len == 1 { 0 } else { row })
}

impl Vector {
    /// `self op other`, elementwise; the second part says what became missing and why.
    ///
    /// A result that is no finite number (a division by zero, say) is missing and counted in the
    /// warning; missing operands give missing without one.
    pub fn binary(&self, op: BinaryOp, other: &Self) -> Result<(Self, Option<String>)> {
        let len = paired(op.sign(), self, other)?;
        if self.kind() == Kind::Date || other.kind() == Kind::Date {
            let values = Self::new(super::date::arithmetic(op, self, other)?);
            return Ok((self.like(values, other), None));
        }
        let (left, right) = (self.floats()?, other.floats()?);
        let mut lost = 0_usize;
        let cell = |array: &Float64Array, row: usize| {
            at(|r| array.is_valid(r).then(|| array.value(r)), array.len(), row)
        };
        let values: Float64Array = (0..len)
            .map(|row| {
                let value = op.apply(cell(&left, row)?, cell(&right, row)?);
                if value.is_finite() {
                    Some(value)
                } else {
                    lost += 1;
                    None
                }
            })
            .collect();
        let warning = (lost > 0).then(|| {
            let why = match op {
                BinaryOp::Div | BinaryOp::Rem => "division by zero or overflow",
                _ => "the result is no finite number",
            };
            format!("{}: {lost} of {len} values became missing ({why})", op.sign())
        });
        Ok((self.like(Self::new(Arc::new(values)), other), warning))
    }

    /// `function` of every value; the second part says what became missing and why.
    pub fn map(&self, function: MathFn) -> Result<(Self, Option<String>)> {
        let mut lost = 0_usize;
        let values: Float64Array = self
            .floats()?
            .iter()
            .map(|x| {
                let value = function.apply(x?);
                if value.is_finite() {
                    Some(value)
                } else {
                    lost += 1;
                    None
                }
            })
            .collect();
        let warning = (lost > 0).then(|| {
            format!(
                "{}: {lost} of {} values became missing (outside its domain)",
                function.name(),
                self.len()
            )
        });
        Ok((self.like(Self::new(Arc::new(values)), self), warning))
    }

    /// Elementwise comparison: `accept` sees how `self` stands to `other`.
    ///
    /// Numbers compare exactly, text by its bytes, dates with dates and with texts that read as
    /// such; a missing side gives missing.
    pub fn compare(
        &self,
        other: &Self,
        accept: impl Fn(std::cmp::Ordering) -> bool,
    ) -> Result<Self> {
        let len = paired("comparison", self, other)?;
        let texts = |v: &Self| v.array().as_any().downcast_ref::<StringArray>().cloned();
        let dated = self.kind() == Kind::Date || other.kind() == Kind::Date;
        let values: BooleanArray = if dated {
            let days = |v: &Self| v.dates("comparison", None);
            let (left, right) = (days(self)?, days(other)?);
            let cell = |array: &Date32Array, row: usize| {
                at(|r| array.is_valid(r).then(|| array.value(r)), array.len(), row)
            };
            (0..len).map(|row| Some(accept(cell(&left, row)?.cmp(&cell(&right, row)?)))).collect()
        } else if let (Some(left), Some(right)) = (texts(self), texts(other)) {
            let cell = |array: &'_ StringArray, row: usize| {
                let row = if array.len() == 1 { 0 } else { row };
                array.is_valid(row).then(|| array.value(row).to_owned())
            };
            (0..len).map(|row| Some(accept(cell(&left, row)?.cmp(&cell(&right, row)?)))).collect()
        } else {
            let (left, right) = (self.floats()?, other.floats()?);
            let cell = |array: &Float64Array, row: usize| {
                at(|r| array.is_valid(r).then(|| array.value(r)), array.len(), row)
            };
            (0..len)
                .map(|row| Some(accept(cell(&left, row)?.partial_cmp(&cell(&right, row)?)?)))
                .collect()
        };
        Ok(self.like(Self::new(Arc::new(values)), other))
    }

    /// `values` with the labels of whichever side has as many.
    fn like(&self, values: Self, other: &Self) -> Self {
        let labels = [self, other]
            .into_iter()
            .filter(|side| side.len() == values.len())
            .find_map(|side| side.labels().cloned());
        match labels {
            Some(labels) => values.with_labels(labels).expect("as many labels as values"),
            None => values,
        }
    }
}
