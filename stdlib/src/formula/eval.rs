//! Arithmetic on columns, with the derivative to one of them where it is asked for.

use std::cell::RefCell;
use std::collections::HashMap;

use super::error::FormulaError;
use super::parse::{Expr, Formula, Node, Op};

/// What to do with zeros and negative numbers under a logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ZeroPolicy {
    /// An error that names the rows.
    #[default]
    Error,
    /// Leave those rows out and count them.
    Drop,
    /// Add this to the argument of every logarithm that meets a zero; negatives stay errors.
    Shift(f64),
}

/// The functions a formula knows.
pub const FUNCTIONS: &[&str] =
    &["log", "log2", "log10", "log1p", "exp", "sqrt", "abs", "I", "factor", "poly"];

/// A number, or one value per row, perhaps with its derivative.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(f64),
    Column { values: Vec<f64>, slope: Option<Vec<f64>> },
}

impl Value {
    pub(super) fn into_column(self, rows: usize) -> (Vec<f64>, Option<Vec<f64>>) {
        match self {
            Self::Number(x) => (vec![x; rows], None),
            Self::Column { values, slope } => (values, slope),
        }
    }

    fn map(self, f: impl Fn(f64) -> f64, derivative: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Number(x) => Self::Number(f(x)),
            Self::Column { mut values, mut slope } => {
                if let Some(slope) = &mut slope {
                    for (s, x) in slope.iter_mut().zip(&values) {
                        *s *= derivative(*x);
                    }
                }
                for x in &mut values {
                    *x = f(*x);
                }
                Self::Column { values, slope }
            }
        }
    }

    /// `f(a, b)` row by row; `partials` are its derivatives to `a` and to `b`.
    fn zip(
        self,
        other: Self,
        f: impl Fn(f64, f64) -> f64,
        partials: impl Fn(f64, f64) -> (f64, f64),
    ) -> Self {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Self::Number(f(a, b)),
            (column, Self::Number(b)) => column.map(|a| f(a, b), |a| partials(a, b).0),
            (Self::Number(a), column) => column.map(|b| f(a, b), |b| partials(a, b).1),
            (Self::Column { values: mut a, slope: da }, Self::Column { values: b, slope: db }) => {
                let slope = (da.is_some() || db.is_some()).then(|| {
                    let at = |slope: &Option<Vec<f64>>, row: usize| {
                        slope.as_ref().map_or(0.0, |s| s[row])
                    };
                    (0..a.len())
                        .map(|row| {
                            let (pa, pb) = partials(a[row], b[row]);
                            // A slope of zero stays zero where the other partial has no value.
                            let part = |p: f64, d: f64| if d == 0.0 { 0.0 } else { p * d };
                            part(pa, at(&da, row)) + part(pb, at(&db, row))
                        })
                        .collect()
                });
                for (x, y) in a.iter_mut().zip(&b) {
                    *x = f(*x, *y);
                }
                Self::Column { values: a, slope }
            }
        }
    }
}

/// Evaluates expressions on the complete rows of a table.
pub(super) struct Evaluator<'a> {
    pub formula: &'a Formula,
    /// Values of every column in use, on the rows in use.
    pub columns: &'a HashMap<String, Vec<f64>>,
    pub rows: usize,
    /// Names rows by their position.
    pub name_rows: &'a dyn Fn(&[usize]) -> String,
    pub zero: ZeroPolicy,
    /// The column to differentiate to.
    pub wrt: Option<&'a str>,
    /// Rows that [`ZeroPolicy::Drop`] leaves out.
    pub outside: RefCell<Vec<usize>>,
    /// Arguments of logarithms that [`ZeroPolicy::Shift`] shifts, as they print.
    pub shifted: RefCell<Vec<String>>,
}

impl Evaluator<'_> {
    pub(super) fn eval(&self, expr: &Expr) -> Result<Value, FormulaError> {
        match &expr.node {
            Node::Number(x) => Ok(Value::Number(*x)),
            Node::Text(text) => Err(self.unexpected(expr, format!("the text \"{text}\""))),
            Node::Dot => Err(self.unexpected(expr, "`.`".into())),
            Node::Name(name) => {
                let values = self.columns.get(name).expect("columns in use were gathered").clone();
                let slope =
                    self.wrt.map(|wrt| vec![if wrt == name { 1.0 } else { 0.0 }; values.len()]);
                Ok(Value::Column { values, slope })
            }
            Node::Neg(inner) => Ok(self.eval(inner)?.map(|x| -x, |_| -1.0)),
            Node::Binary(op, left, right) => self.binary(expr, *op, left, right),
            Node::Call(name, arguments) => self.call(expr, name, arguments),
        }
    }

    fn unexpected(&self, expr: &Expr, found: String) -> FormulaError {
        let at = self.formula.place(expr.span);
        FormulaError::Unexpected { at, expected: "a column or a number", found }
    }

    fn binary(&self, expr: &Expr, op: Op, l: &Expr, r: &Expr) -> Result<Value, FormulaError> {
        let (left, right) = (self.eval(l)?, self.eval(r)?);
        Ok(match op {
            Op::Add => left.zip(right, |a, b| a + b, |_, _| (1.0, 1.0)),
            Op::Sub => left.zip(right, |a, b| a - b, |_, _| (1.0, -1.0)),
            Op::Mul | Op::Interact => left.zip(right, |a, b| a * b, |a, b| (b, a)),
            Op::Div => {
                self.defined(r, expr, &right, false, |b| b != 0.0)?;
                left.zip(right, |a, b| a / b, |a, b| (1.0 / b, -a / (b * b)))
            }
            Op::Pow => {
                let value = left.zip(right, f64::powf, |a, b| {
                    (b * a.powf(b - 1.0), if a > 0.0 { a.ln() * a.powf(b) } else { 0.0 })
                });
                self.defined(expr, expr, &value, false, f64::is_finite)?;
                value
            }
        })
    }

    fn call(
        &self,
        expr: &Expr,
        name: &str,
        arguments: &[(Option<String>, Expr)],
    ) -> Result<Value, FormulaError> {
        if !FUNCTIONS.contains(&name) {
            return Err(FormulaError::UnknownFunction {
                at: self.formula.place((expr.span.0, expr.span.0 + name.len())),
                name: name.to_owned(),
                known: FUNCTIONS.iter().map(|f| (*f).to_owned()).collect(),
            });
        }
        let [(None, inner)] = arguments else {
            return Err(FormulaError::Arguments {
                at: self.formula.place(expr.span),
                function: name.to_owned(),
                expected: "one argument",
                found: arguments.len().to_string(),
            });
        };
        let value = self.eval(inner)?;
        Ok(match name {
            "log" => self.positive(inner, expr, value)?.map(f64::ln, f64::recip),
            "log2" => self
                .positive(inner, expr, value)?
                .map(f64::log2, |x| 1.0 / (x * std::f64::consts::LN_2)),
            "log10" => self
                .positive(inner, expr, value)?
                .map(f64::log10, |x| 1.0 / (x * std::f64::consts::LN_10)),
            "log1p" => {
                self.defined(inner, expr, &value, true, |x| x > -1.0)?;
                value.map(|x| if x > -1.0 { x.ln_1p() } else { f64::NAN }, |x| 1.0 / (1.0 + x))
            }
            "exp" => {
                let value = value.map(f64::exp, f64::exp);
                self.defined(inner, expr, &value, false, f64::is_finite)?;
                value
            }
            "sqrt" => {
                self.defined(inner, expr, &value, false, |x| x >= 0.0)?;
                value.map(f64::sqrt, |x| 0.5 / x.sqrt())
            }
            "abs" => value.map(f64::abs, f64::signum),
            "I" => value,
            // `factor` and `poly` make several columns: they stand for terms, not for numbers.
            _ => return Err(self.unexpected(expr, format!("`{name}(...)` inside an expression"))),
        })
    }

    /// The argument of a logarithm, under the policy for zeros.
    fn positive(&self, inner: &Expr, whole: &Expr, value: Value) -> Result<Value, FormulaError> {
        let any = |test: fn(f64) -> bool| match &value {
            Value::Number(x) => test(*x),
            Value::Column { values, .. } => values.iter().any(|x| test(*x)),
        };
        let value = match self.zero {
            ZeroPolicy::Shift(shift) => {
                let text = inner.to_string();
                let known = self.shifted.borrow().contains(&text);
                if known || any(|x| x == 0.0) {
                    if !known {
                        self.shifted.borrow_mut().push(text);
                    }
                    value.map(|x| x + shift, |_| 1.0)
                } else {
                    value
                }
            }
            ZeroPolicy::Drop if any(|x| x <= 0.0) => {
                if let Value::Column { values, .. } = &value {
                    let outside = values.iter().enumerate().filter(|(_, x)| **x <= 0.0);
                    self.outside.borrow_mut().extend(outside.map(|(row, _)| row));
                }
                // Rows on their way out get any value inside the domain.
                return Ok(value.map(|x| if x > 0.0 { x } else { 1.0 }, |_| 1.0));
            }
            _ => value,
        };
        self.defined(inner, whole, &value, true, |x| x > 0.0)?;
        Ok(value)
    }

    /// An error that names the rows where `whole` has no value because of `inner`.
    fn defined(
        &self,
        inner: &Expr,
        whole: &Expr,
        value: &Value,
        log: bool,
        inside: impl Fn(f64) -> bool,
    ) -> Result<(), FormulaError> {
        let (rows, value) = match value {
            Value::Number(x) if !inside(*x) => ("every row".to_owned(), *x),
            Value::Column { values, .. } => {
                let Some(first) = values.iter().position(|x| !inside(*x)) else { return Ok(()) };
                let rows: Vec<usize> =
                    (first..values.len()).filter(|row| !inside(values[*row])).collect();
                ((self.name_rows)(&rows), values[first])
            }
            Value::Number(_) => return Ok(()),
        };
        Err(FormulaError::Domain {
            at: self.formula.place(whole.span),
            argument: if inner == whole { "it".into() } else { format!("`{inner}`") },
            rows,
            value,
            log,
        })
    }
}

/// The columns that `expr` reads, each once, with the place of its first use.
pub(super) fn columns_used<'a>(
    expr: &'a Expr,
    numeric: bool,
    found: &mut Vec<(&'a str, &'a Expr, bool)>,
) {
    match &expr.node {
        Node::Name(name) => {
            if let Some(known) = found.iter_mut().find(|(other, _, _)| other == name) {
                known.2 |= numeric;
            } else {
                found.push((name, expr, numeric));
            }
        }
        Node::Neg(inner) => columns_used(inner, numeric, found),
        Node::Binary(_, left, right) => {
            columns_used(left, numeric, found);
            columns_used(right, numeric, found);
        }
        Node::Call(name, arguments) => {
            let numeric = numeric && name != "factor";
            for (key, argument) in arguments {
                if key.is_none() {
                    columns_used(argument, numeric, found);
                }
            }
        }
        Node::Number(_) | Node::Text(_) | Node::Dot => {}
    }
}
