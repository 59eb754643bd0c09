//! The value of an expression on whole columns.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use arrow_buffer::BooleanBuffer;

use super::parse::{Comparison, Expr, Node};
use super::value::{self, Shape, Value};
use super::{Expression, Param, Scope};
use crate::error::Result;
use crate::table::frame::Kind;
use crate::table::kernels;
use crate::table::verbs::error::ExprError;
use crate::table::verbs::groups::Groups;
use crate::table::{BinaryOp, Cell, Date, Vector, date};

/// Truth values of `less`, `equal` and `greater` that a comparison accepts.
fn accepted(comparison: Comparison) -> [bool; 3] {
    match comparison {
        Comparison::Equal => [false, true, false],
        Comparison::Unequal => [true, false, true],
        Comparison::Less => [true, false, false],
        Comparison::LessEqual => [true, true, false],
        Comparison::Greater => [false, false, true],
        Comparison::GreaterEqual => [false, true, true],
    }
}

impl Expression {
    pub(super) fn eval(&self, node: &Node, scope: &Scope<'_>) -> Result<Value> {
        match &node.expr {
            Expr::Literal(cell) => Ok(Value::one(cell.clone())),
            Expr::Column { name, quoted } => match scope.table.array("", name) {
                Ok(array) => Ok(Value { array: Arc::clone(array), shape: Shape::Rows }),
                Err(_) => Err(scope.fault(ExprError::UnknownColumn {
                    at: self.place(node),
                    name: name.clone(),
                    columns: scope.table.columns(),
                    quoted: *quoted,
                })),
            },
            Expr::Parameter(name) => match self.param(node, name, scope)? {
                Param::One(cell) => Ok(Value::one(cell.clone())),
                Param::Many(_) => Err(self.wrong(node, "a list", "one value", scope)),
            },
            Expr::Negative(inner) => {
                // -1 is a constant, and -x is 0 - x without a negative zero.
                match &inner.expr {
                    Expr::Literal(Cell::Int(i)) => return Ok(Value::one(Cell::Int(-i))),
                    Expr::Literal(Cell::Float(x)) => return Ok(Value::one(Cell::Float(-x))),
                    _ => {}
                }
                let zero = Value::one(Cell::Int(0));
                let value = self.eval(inner, scope)?;
                self.arithmetic(node, BinaryOp::Sub, (inner, zero), (inner, value), scope)
            }
            Expr::Not(inner) => {
                let (truth, shape) = self.truth(inner, scope)?;
                Ok(Value { array: Arc::new(value::not(&truth)), shape })
            }
            Expr::Arithmetic(op, left, right) => {
                let (a, b) = (self.eval(left, scope)?, self.eval(right, scope)?);
                self.arithmetic(node, *op, (left, a), (right, b), scope)
            }
            Expr::Compare(comparison, left, right) => {
                for side in [left, right] {
                    if matches!(side.expr, Expr::Literal(Cell::Missing)) {
                        return Err(scope.fault(ExprError::EqualsMissing { at: self.place(node) }));
                    }
                }
                let (a, b) = (self.eval(left, scope)?, self.eval(right, scope)?);
                self.compare(accepted(*comparison), (left, a), (right, b), scope)
            }
            Expr::Logic(conjunction, left, right) => {
                let (a, b) = (self.truth(left, scope)?, self.truth(right, scope)?);
                let a = Value { array: Arc::new(a.0), shape: a.1 };
                let b = Value { array: Arc::new(b.0), shape: b.1 };
                let (a, b, shape, len) = Self::aligned(a, b, scope);
                let (a, b) = (a.spread(len), b.spread(len));
                let array = value::logic(*conjunction, &bools(&a), &bools(&b));
                Ok(Value { array: Arc::new(array), shape })
            }
            Expr::IsMissing { value, negated } => {
                let value = self.eval(value, scope)?;
                let array = &value.array;
                let verdicts =
                    BooleanBuffer::collect_bool(array.len(), |row| array.is_null(row) != *negated);
                let array = Arc::new(BooleanArray::new(verdicts, None));
                Ok(Value { array, shape: value.shape })
            }
            Expr::In { value, items, negated } => self.membership(value, items, *negated, scope),
            Expr::Between { value, low, high, negated } => {
                let v = self.eval(value, scope)?;
                let (l, h) = (self.eval(low, scope)?, self.eval(high, scope)?);
                let above =
                    self.compare([false, true, true], (value, v.clone()), (low, l), scope)?;
                let below = self.compare([true, true, false], (value, v), (high, h), scope)?;
                let (a, b, shape, len) = Self::aligned(above, below, scope);
                let both = value::logic(true, &bools(&a.spread(len)), &bools(&b.spread(len)));
                let both = if *negated { value::not(&both) } else { both };
                Ok(Value { array: Arc::new(both), shape })
            }
            Expr::Call { function, arguments } => self.call(node, function, arguments, scope),
        }
    }

    fn param<'s>(&self, node: &Node, name: &str, scope: &Scope<'s>) -> Result<&'s Param> {
        scope.params.get(name).ok_or_else(|| {
            scope.fault(ExprError::UnknownParameter {
                at: self.place(node),
                name: name.to_owned(),
                known: scope.params.keys().cloned().collect(),
            })
        })
    }

    pub(super) fn wrong(
        &self,
        node: &Node,
        found: &str,
        expected: &str,
        scope: &Scope<'_>,
    ) -> crate::Error {
        scope.fault(ExprError::Kind {
            at: self.place(node),
            found: found.to_owned(),
            expected: expected.to_owned(),
        })
    }

    /// How many values a shape has.
    pub(super) fn length(shape: Shape, scope: &Scope<'_>) -> usize {
        match shape {
            Shape::One => 1,
            Shape::Groups => scope.groups.map_or(1, Groups::count),
            Shape::Rows => scope.table.nrow(),
        }
    }

    /// The values at every row.
    pub(super) fn by_row(value: &Value, scope: &Scope<'_>) -> ArrayRef {
        match (value.shape, scope.groups) {
            (Shape::Rows, _) => Arc::clone(&value.array),
            (Shape::Groups, Some(groups)) => {
                let indices = UInt32Array::from(groups.ids.clone());
                arrow_select::take::take(&value.array, &indices, None)
                    .expect("every row has a group")
            }
            _ => value.spread(scope.table.nrow()),
        }
    }

    /// Both values in one shape (single ones excepted), and how long a result is.
    pub(super) fn aligned(a: Value, b: Value, scope: &Scope<'_>) -> (Value, Value, Shape, usize) {
        let shape = match (a.shape, b.shape) {
            (Shape::Rows, _) | (_, Shape::Rows) => Shape::Rows,
            (Shape::Groups, _) | (_, Shape::Groups) => Shape::Groups,
            _ => Shape::One,
        };
        let lift = |v: Value| {
            if shape == Shape::Rows && v.shape == Shape::Groups {
                Value { array: Self::by_row(&v, scope), shape: Shape::Rows }
            } else {
                v
            }
        };
        (lift(a), lift(b), shape, Self::length(shape, scope))
    }

    pub(super) fn lost(&self, node: &Node, lost: usize, len: usize, why: &str, scope: &Scope<'_>) {
        if lost > 0 {
            scope.warnings.borrow_mut().push(format!(
                "{}: {lost} of {len} values of `{}` became missing ({why})",
                scope.primitive,
                self.place(node)
            ));
        }
    }

    fn arithmetic(
        &self,
        node: &Node,
        op: BinaryOp,
        (left, a): (&Node, Value),
        (right, b): (&Node, Value),
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let (a, b, shape, len) = Self::aligned(a, b, scope);
        if op == BinaryOp::Add && a.kind() == Kind::Text && b.kind() == Kind::Text {
            let (a, b) = (a.spread(len), b.spread(len));
            let (Some(a), Some(b)) = (kernels::texts(&a), kernels::texts(&b)) else {
                return Err(self.wrong(node, "text", "text", scope));
            };
            let joined: StringArray =
                a.iter().zip(b).map(|(a, b)| Some(format!("{}{}", a?, b?))).collect();
            return Ok(Value { array: Arc::new(joined), shape });
        }
        if a.kind() == Kind::Date || b.kind() == Kind::Date {
            let (x, y) = (Vector::new(a.array), Vector::new(b.array));
            let array = date::arithmetic(op, &x, &y)?;
            return Ok(Value { array, shape });
        }
        for (side, v) in [(left, &a), (right, &b)] {
            if v.kind() == Kind::Text {
                return Err(self.wrong(side, "text", "a number", scope));
            }
        }
        let Some((array, lost)) = kernels::arithmetic(op, a.side(), b.side(), len) else {
            return Err(self.wrong(node, &a.kind().to_string(), "a number", scope));
        };
        let why = match op {
            BinaryOp::Div | BinaryOp::Rem => "division by zero or overflow",
            _ => "the result is no finite number",
        };
        self.lost(node, lost, len, why, scope);
        Ok(Value { array, shape })
    }

    fn compare(
        &self,
        accept: [bool; 3],
        (left, a): (&Node, Value),
        (right, b): (&Node, Value),
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let (a, b, shape, len) = Self::aligned(a, b, scope);
        if a.is_blank() || b.is_blank() {
            return Ok(Value { array: Arc::new(BooleanArray::new_null(len)), shape });
        }
        let (a, b) = match (a.kind(), b.kind()) {
            (Kind::Date, Kind::Text) => (a, self.dated(right, &b, scope)?),
            (Kind::Text, Kind::Date) => (self.dated(left, &a, scope)?, b),
            _ => (a, b),
        };
        match kernels::compare(accept, a.side(), b.side(), len) {
            Some(array) => Ok(Value { array: Arc::new(array), shape }),
            None => Err(scope.fault(ExprError::Incomparable {
                at: self.place(&Node {
                    expr: Expr::Literal(Cell::Missing),
                    span: (left.span.0.min(right.span.0), left.span.1.max(right.span.1)),
                }),
                left: self.place(left),
                left_kind: a.kind().to_string(),
                right: self.place(right),
                right_kind: b.kind().to_string(),
            })),
        }
    }

    /// Text read as dates.
    pub(super) fn dated(&self, node: &Node, value: &Value, scope: &Scope<'_>) -> Result<Value> {
        let array = match Vector::new(Arc::clone(&value.array)).dates(scope.primitive, None) {
            Ok(dates) => Arc::new(dates),
            Err(_) if value.shape == Shape::One => {
                let expected = "a date as '2023-01-31' or '31.01.2023'";
                return Err(self.wrong(node, "text that reads as no date", expected, scope));
            }
            Err(error) => return Err(error),
        };
        Ok(Value { array, shape: value.shape })
    }

    /// The truth values of `node`.
    fn truth(&self, node: &Node, scope: &Scope<'_>) -> Result<(BooleanArray, Shape)> {
        let value = self.eval(node, scope)?;
        if value.kind() == Kind::Bool {
            return Ok((bools(&value.array), value.shape));
        }
        if value.is_blank() {
            return Ok((BooleanArray::new_null(value.array.len()), value.shape));
        }
        let expected = "a condition (x > 1, y == 'a', z is missing)";
        Err(self.wrong(node, &value.kind().to_string(), expected, scope))
    }

    fn membership(
        &self,
        node: &Node,
        items: &[Node],
        negated: bool,
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let value = self.eval(node, scope)?;
        let mut cells: Vec<(&Node, Cell)> = Vec::new();
        for item in items {
            if let Expr::Parameter(name) = &item.expr
                && let Param::Many(list) = self.param(item, name, scope)?
            {
                cells.extend(list.iter().map(|cell| (item, cell.clone())));
                continue;
            }
            let one = self.eval(item, scope)?;
            if one.shape != Shape::One {
                return Err(scope.fault(ExprError::NotConstant { at: self.place(item) }));
            }
            cells.push((item, crate::table::vector::cell(&one.array, 0)));
        }
        let mut numbers: HashSet<u64> = HashSet::new();
        let mut words: HashSet<&str> = HashSet::new();
        let mut whole: HashSet<i64> = HashSet::new();
        for (item, cell) in &cells {
            match (cell, value.kind()) {
                (Cell::Missing, _) => {
                    return Err(scope.fault(ExprError::EqualsMissing { at: self.place(item) }));
                }
                (Cell::Text(text), Kind::Text) => {
                    words.insert(text);
                }
                (Cell::Int(i), Kind::Int) => {
                    whole.insert(*i);
                }
                (Cell::Float(x), Kind::Int) => {
                    // A fraction equals no integer.
                    whole.extend((x.fract() == 0.0 && x.abs() < 9e15).then_some(*x as i64));
                }
                (Cell::Bool(_), Kind::Bool) | (Cell::Int(_) | Cell::Float(_), Kind::Float) => {
                    // Adding 0 turns -0 into 0.
                    numbers.insert((cell.as_f64().unwrap_or(0.0) + 0.0).to_bits());
                }
                (Cell::Date(date), Kind::Date) => {
                    whole.insert(i64::from(date.days()));
                }
                (Cell::Text(text), Kind::Date) if Date::parse(text.trim()).is_some() => {
                    whole.extend(Date::parse(text.trim()).map(|date| i64::from(date.days())));
                }
                _ if value.is_blank() => {}
                _ => {
                    return Err(scope.fault(ExprError::Incomparable {
                        at: self.place(item),
                        left: self.place(node),
                        left_kind: value.kind().to_string(),
                        right: self.place(item),
                        right_kind: crate::table::Vector::from(cell.clone()).kind().to_string(),
                    }));
                }
            }
        }
        let array = &value.array;
        let verdicts = if let Some(texts) = kernels::texts(array) {
            BooleanBuffer::collect_bool(array.len(), |row| words.contains(texts.value(row)))
        } else if matches!(value.kind(), Kind::Date | Kind::Int)
            && let Some(values) = kernels::whole(array)
        {
            BooleanBuffer::collect_bool(array.len(), |row| whole.contains(&values.value(row)))
        } else {
            let floats =
                kernels::floats(array).unwrap_or_else(|| Float64Array::new_null(array.len()));
            let bits = |row| (floats.value(row) + 0.0).to_bits();
            BooleanBuffer::collect_bool(array.len(), |row| numbers.contains(&bits(row)))
        };
        let found = BooleanArray::new(verdicts, array.nulls().cloned());
        let found = if negated { value::not(&found) } else { found };
        Ok(Value { array: Arc::new(found), shape: value.shape })
    }

    pub(super) fn numeric(
        &self,
        node: &Node,
        value: &Value,
        scope: &Scope<'_>,
    ) -> Result<Float64Array> {
        if value.is_blank() {
            return Ok(Float64Array::new_null(value.array.len()));
        }
        kernels::floats(&value.array)
            .ok_or_else(|| self.wrong(node, &value.kind().to_string(), "a number", scope))
    }

    pub(super) fn textual(
        &self,
        node: &Node,
        value: &Value,
        scope: &Scope<'_>,
    ) -> Result<StringArray> {
        if value.is_blank() {
            return Ok(StringArray::new_null(value.array.len()));
        }
        kernels::texts(&value.array)
            .cloned()
            .ok_or_else(|| self.wrong(node, &value.kind().to_string(), "text", scope))
    }

    /// A text that is the same for every row.
    pub(super) fn constant_text(&self, node: &Node, scope: &Scope<'_>) -> Result<String> {
        let value = self.eval(node, scope)?;
        if value.shape != Shape::One {
            return Err(scope.fault(ExprError::NotConstant { at: self.place(node) }));
        }
        match crate::table::vector::cell(&value.array, 0) {
            Cell::Text(text) => Ok(text),
            _ => Err(self.wrong(node, &value.kind().to_string(), "text", scope)),
        }
    }
}

/// The truth values of a bool column; a column of gaps where it is none.
pub(super) fn bools(array: &ArrayRef) -> BooleanArray {
    array
        .as_any()
        .downcast_ref::<BooleanArray>()
        .cloned()
        .unwrap_or_else(|| BooleanArray::new_null(array.len()))
}

/// Values as texts, numbers in their shortest form.
pub(super) fn as_text(array: &ArrayRef) -> ArrayRef {
    if kernels::texts(array).is_some() {
        return Arc::clone(array);
    }
    Arc::new((0..array.len()).map(|row| shown(array, row)).collect::<StringArray>())
}

/// A value as text, if there is one.
pub(in super::super) fn shown(array: &ArrayRef, row: usize) -> Option<String> {
    match crate::table::vector::cell(array, row) {
        Cell::Missing => None,
        Cell::Float(x) => Some(x.to_string()),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Bool(b) => Some(b.to_string()),
        Cell::Date(date) => Some(date.to_string()),
        Cell::Text(text) => Some(text),
    }
}
