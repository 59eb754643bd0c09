//! Elementwise arithmetic and comparison of columns.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::Array as _;

use super::error::TableError;
use super::frame::Kind;
use super::kernels::{self, Side};
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

impl Vector {
    /// `self op other`, elementwise; the second part says what became missing and why.
    ///
    /// Whole numbers stay whole under `+`, `-`, `*` and `%` as long as they fit, and become floats
    /// under `/` and `**`.
    /// A result that is no finite number (a division by zero, say) is missing and counted in the
    /// warning; missing operands give missing without one.
    pub fn binary(&self, op: BinaryOp, other: &Self) -> Result<(Self, Option<String>)> {
        let len = paired(op.sign(), self, other)?;
        if self.kind() == Kind::Date || other.kind() == Kind::Date {
            let values = Self::new(super::date::arithmetic(op, self, other)?);
            return Ok((self.like(values, other), None));
        }
        let Some((array, lost)) = kernels::arithmetic(op, self.side(len), other.side(len), len)
        else {
            // Names the side that holds no numbers.
            self.floats()?;
            other.floats()?;
            return Err(
                TableError::Empty { primitive: op.sign().into(), what: "numbers".into() }.into()
            );
        };
        let warning = (lost > 0).then(|| {
            let why = match op {
                BinaryOp::Div | BinaryOp::Rem => "division by zero or overflow",
                _ => "the result is no finite number",
            };
            format!("{}: {lost} of {len} values became missing ({why})", op.sign())
        });
        Ok((self.like(Self::new(array), other), warning))
    }

    /// As a side of an elementwise operation over `len` rows.
    fn side(&self, len: usize) -> Side<'_> {
        Side { array: self.array(), single: self.len() == 1 && len != 1 }
    }

    /// `function` of every value; the second part says what became missing and why.
    pub fn map(&self, function: MathFn) -> Result<(Self, Option<String>)> {
        let floats = self.floats()?;
        let input = floats.values();
        let values = kernels::build(input.len(), |row| function.apply(input[row]));
        let (array, lost) = kernels::finite(values, floats.nulls().cloned());
        let warning = (lost > 0).then(|| {
            format!(
                "{}: {lost} of {} values became missing (outside its domain)",
                function.name(),
                self.len()
            )
        });
        Ok((self.like(Self::new(array), self), warning))
    }

    /// Elementwise comparison: `accept` sees how `self` stands to `other`.
    ///
    /// Numbers compare exactly, text by its bytes, dates with dates and with texts that read as
    /// such; a missing side gives missing.
    pub fn compare(&self, other: &Self, accept: impl Fn(Ordering) -> bool) -> Result<Self> {
        let len = paired("comparison", self, other)?;
        let accept = [Ordering::Less, Ordering::Equal, Ordering::Greater].map(accept);
        let compare = |left: &Self, right: &Self| {
            kernels::compare(accept, left.side(len), right.side(len), len)
        };
        let verdicts = if self.kind() == Kind::Date || other.kind() == Kind::Date {
            let days = |v: &Self| v.dates("comparison", None).map(|d| Self::new(Arc::new(d)));
            compare(&days(self)?, &days(other)?)
        } else if self.kind() == other.kind() && matches!(self.kind(), Kind::Text | Kind::Int) {
            compare(self, other)
        } else {
            // Truth values count 0 and 1 here; text is an error that names the column.
            let floats = |v: &Self| v.floats().map(|f| Self::new(Arc::new(f)));
            compare(&floats(self)?, &floats(other)?)
        };
        let verdicts = verdicts.expect("both sides are of one kind");
        Ok(self.like(Self::new(Arc::new(verdicts)), other))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn v(values: &[Option<f64>]) -> Vector {
        Vector::from_options(values.iter().copied())
    }

    fn cells(v: &Vector) -> Vec<Cell> {
        v.cells().collect()
    }

    #[test]
    fn whole_numbers_stay_whole_until_they_cannot() {
        let (i, one) = (Vector::from_ints([7, -3]), Vector::from_ints([2]));
        let run = |op, right: &Vector| cells(&i.binary(op, right).unwrap().0);
        assert_eq!(run(BinaryOp::Add, &one), [Cell::Int(9), Cell::Int(-1)]);
        assert_eq!(run(BinaryOp::Rem, &one), [Cell::Int(1), Cell::Int(-1)]);
        assert_eq!(run(BinaryOp::Div, &one), [Cell::Float(3.5), Cell::Float(-1.5)]);
        assert_eq!(run(BinaryOp::Pow, &one), [Cell::Float(49.0), Cell::Float(9.0)]);
        assert_eq!(run(BinaryOp::Mul, &v(&[Some(0.5)])), [Cell::Float(3.5), Cell::Float(-1.5)]);
        let huge = Vector::from_ints([i64::MAX]);
        assert_eq!(run(BinaryOp::Add, &huge)[0], Cell::Float(2_f64.powi(63)));
        let (gone, warning) = i.binary(BinaryOp::Rem, &Vector::from_ints([0])).unwrap();
        assert_eq!(cells(&gone), [Cell::Missing, Cell::Missing]);
        assert!(warning.unwrap().contains("2 of 2 values became missing (division by zero"));
    }

    #[test]
    fn gaps_stay_and_lost_values_are_counted() {
        let x = v(&[Some(1.0), None, Some(-4.0)]);
        let (root, warning) = x.map(MathFn::Sqrt).unwrap();
        assert_eq!(cells(&root), [Cell::Float(1.0), Cell::Missing, Cell::Missing]);
        assert!(warning.unwrap().contains("1 of 3 values"));
        let (share, warning) = x.binary(BinaryOp::Div, &v(&[Some(0.0), Some(0.0), None])).unwrap();
        assert_eq!(share.missing(), 3);
        assert!(warning.unwrap().contains("1 of 3 values"));
        let (all, _) = x.binary(BinaryOp::Add, &v(&[None])).unwrap();
        assert_eq!(all.missing(), 3);
        assert!(x.binary(BinaryOp::Add, &v(&[None, None])).is_err());
        let error = x.binary(BinaryOp::Add, &Vector::from_texts(["a"])).unwrap_err().to_string();
        assert!(error.contains("is text, not numeric"), "{error}");
    }

    #[test]
    fn comparisons_are_exact_and_keep_gaps() {
        let beyond = 1_i64 << 53;
        let i = Vector::from_ints([beyond + 1, beyond]);
        let equal = i.compare(&Vector::from_ints([beyond]), Ordering::is_eq).unwrap();
        assert_eq!(cells(&equal), [Cell::Bool(false), Cell::Bool(true)]);
        let x = v(&[Some(-0.0), None, Some(2.0)]);
        let at_least = x.compare(&Vector::from_ints([0]), Ordering::is_ge).unwrap();
        assert_eq!(cells(&at_least), [Cell::Bool(true), Cell::Missing, Cell::Bool(true)]);
        let texts = Vector::from_texts(["a", "б", "c"]);
        let after = Vector::from_texts(["b"]).compare(&texts, Ordering::is_gt).unwrap();
        assert_eq!(cells(&after), [Cell::Bool(true), Cell::Bool(false), Cell::Bool(false)]);
        let yes = x.compare(&Vector::from(Cell::Bool(true)), Ordering::is_gt).unwrap();
        assert_eq!(cells(&yes)[2], Cell::Bool(true));
        assert!(x.compare(&texts, Ordering::is_eq).is_err());
    }
}
