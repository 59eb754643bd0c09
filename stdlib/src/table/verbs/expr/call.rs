//! Calls of functions.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array};

use super::aggregate::{self, Aggregate};
use super::eval::{as_text, bools};
use super::functions::{Spec, What};
use super::parse::Node;
use super::text;
use super::value::{self, Shape, Value};
use super::window::{Window, row_numbers};
use super::{Expression, Scope};
use crate::error::Result;
use crate::table::Vector;
use crate::table::frame::Kind;
use crate::table::kernels;
use crate::table::verbs::error::ExprError;
use crate::table::verbs::groups::Groups;

impl Expression {
    pub(super) fn call(
        &self,
        node: &Node,
        function: &'static Spec,
        arguments: &[Node],
        scope: &Scope<'_>,
    ) -> Result<Value> {
        match function.what {
            What::Aggregate(what) => self.aggregated(node, what, arguments, scope),
            What::Window(Window::RowNumber) => {
                let numbers = match scope.groups {
                    Some(groups) => row_numbers(groups),
                    None => row_numbers(&Groups::single(scope.table.nrow())),
                };
                Ok(Value { array: numbers, shape: Shape::Rows })
            }
            What::Window(window) => {
                let value = self.eval(&arguments[0], scope)?;
                let array = Self::by_row(&value, scope);
                let value = Value { array, shape: Shape::Rows };
                let floats = self.numeric(&arguments[0], &value, scope)?;
                let array = match scope.groups {
                    Some(groups) => window.apply(&floats, groups),
                    None => window.apply(&floats, &Groups::single(scope.table.nrow())),
                };
                Ok(Value { array, shape: Shape::Rows })
            }
            What::Extreme(_) | What::Coalesce | What::If => {
                self.choice(node, function, arguments, scope)
            }
            _ => self.elementwise(node, function, arguments, scope),
        }
    }

    fn elementwise(
        &self,
        node: &Node,
        function: &'static Spec,
        arguments: &[Node],
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let first = &arguments[0];
        let value = self.eval(first, scope)?;
        let shape = value.shape;
        let array: ArrayRef = match function.what {
            What::Math(apply) => {
                let floats = self.numeric(first, &value, scope)?;
                let input = floats.values();
                let values = kernels::build(input.len(), |row| apply(input[row]));
                let (array, lost) = kernels::finite(values, floats.nulls().cloned());
                self.lost(node, lost, input.len(), "outside its domain", scope);
                array
            }
            What::Round => {
                let digits = match arguments.get(1) {
                    None => 0.0,
                    Some(node) => {
                        let digits = self.eval(node, scope)?;
                        if digits.shape != Shape::One {
                            return Err(
                                scope.fault(ExprError::NotConstant { at: self.place(node) })
                            );
                        }
                        self.numeric(node, &digits, scope)?.value(0)
                    }
                };
                let floats = self.numeric(first, &value, scope)?;
                let unit = 10_f64.powi(digits.clamp(-300.0, 300.0) as i32);
                let input = floats.values();
                let round = |row: usize| {
                    let scaled = input[row] * unit;
                    // So many digits leave the number as it is.
                    if scaled.is_finite() { scaled.round() / unit } else { input[row] }
                };
                let values = kernels::build(input.len(), round);
                kernels::finite(values, floats.nulls().cloned()).0
            }
            What::Number => match kernels::texts(&value.array) {
                Some(texts) => {
                    let (array, lost) = text::numbers(texts);
                    self.lost(node, lost, texts.len(), "no number is written there", scope);
                    array
                }
                None => Arc::new(self.numeric(first, &value, scope)?),
            },
            What::ToDate => match value.kind() {
                Kind::Text | Kind::Date => self.dated(first, &value, scope)?.array,
                kind => return Err(self.wrong(first, &kind.to_string(), "text or a date", scope)),
            },
            What::DatePart(part) => {
                if value.kind() != Kind::Date && !value.is_blank() {
                    let found = value.kind().to_string();
                    return Err(self.wrong(first, &found, "a date (date(x) reads text)", scope));
                }
                Arc::clone(Vector::new(Arc::clone(&value.array)).date_part(part)?.array())
            }
            What::ToText => as_text(&value.array),
            What::Length => text::lengths(&self.textual(first, &value, scope)?),
            What::Text(text) => text.apply(&self.textual(first, &value, scope)?),
            What::Test(test) => {
                let texts = self.textual(first, &value, scope)?;
                let pattern = self.constant_text(&arguments[1], scope)?;
                test.apply(&texts, &pattern).map_err(|reason| {
                    scope.fault(ExprError::BadPattern { at: self.place(&arguments[1]), reason })
                })?
            }
            What::Replace => {
                let texts = self.textual(first, &value, scope)?;
                let from = self.constant_text(&arguments[1], scope)?;
                text::replaced(&texts, &from, &self.constant_text(&arguments[2], scope)?)
            }
            What::Extreme(_) | What::Coalesce | What::If | What::Aggregate(_) | What::Window(_) => {
                value.array
            }
        };
        Ok(Value { array, shape })
    }

    /// `if`, `coalesce`, `least` and `greatest`: each row takes its value from one argument.
    fn choice(
        &self,
        node: &Node,
        function: &'static Spec,
        arguments: &[Node],
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let mut values = Vec::new();
        let mut shape = Shape::One;
        for argument in arguments {
            let value = self.eval(argument, scope)?;
            shape = match (shape, value.shape) {
                (Shape::Rows, _) | (_, Shape::Rows) => Shape::Rows,
                (Shape::Groups, _) | (_, Shape::Groups) => Shape::Groups,
                _ => Shape::One,
            };
            values.push(value);
        }
        let len = Self::length(shape, scope);
        let values: Vec<Value> = values
            .into_iter()
            .map(|v| {
                let array =
                    if shape == Shape::Rows { Self::by_row(&v, scope) } else { v.spread(len) };
                Value { array, shape }
            })
            .collect();
        let (condition, options) = match function.what {
            What::If => {
                let condition = &values[0];
                if condition.kind() != Kind::Bool && !condition.is_blank() {
                    let found = condition.kind().to_string();
                    return Err(self.wrong(&arguments[0], &found, "a condition", scope));
                }
                (Some(bools(&condition.array)), &values[1..])
            }
            _ => (None, &values[..]),
        };
        let Some(arrays) = value::unified(options) else {
            let kinds: Vec<String> = options.iter().map(|v| v.kind().to_string()).collect();
            let found = format!("of several kinds ({})", kinds.join(", "));
            return Err(self.wrong(node, &found, "values of one kind", scope));
        };
        let choose: Box<dyn Fn(usize) -> Option<usize>> = match (function.what, &condition) {
            (What::If, Some(condition)) => {
                Box::new(|row| condition.is_valid(row).then(|| usize::from(!condition.value(row))))
            }
            (What::Extreme(largest), _) => {
                let wrapped: Vec<Value> =
                    arrays.iter().map(|array| Value { array: Arc::clone(array), shape }).collect();
                let mut floats = Vec::new();
                for (argument, value) in arguments.iter().zip(&wrapped) {
                    floats.push(self.numeric(argument, value, scope)?);
                }
                Box::new(move |row| {
                    let mut best: Option<(usize, f64)> = None;
                    for (number, column) in floats.iter().enumerate() {
                        if column.is_null(row) {
                            return None;
                        }
                        let x = column.value(row);
                        let better =
                            |(_, old): (usize, f64)| if largest { x > old } else { x < old };
                        if best.is_none_or(better) {
                            best = Some((number, x));
                        }
                    }
                    best.map(|(number, _)| number)
                })
            }
            _ => Box::new(|row| arrays.iter().position(|array| array.is_valid(row))),
        };
        // One array more holds the missing value.
        let blank = arrow_array::new_null_array(arrays[0].data_type(), 1);
        let indices: Vec<(usize, usize)> = (0..len)
            .map(|row| choose(row).map_or((arrays.len(), 0), |number| (number, row)))
            .collect();
        let mut sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        sources.push(blank.as_ref());
        let array = arrow_select::interleave::interleave(&sources, &indices)
            .expect("the arrays are of one kind and every index is theirs");
        Ok(Value { array, shape })
    }

    fn aggregated(
        &self,
        node: &Node,
        what: Aggregate,
        arguments: &[Node],
        scope: &Scope<'_>,
    ) -> Result<Value> {
        let shape = if scope.groups.is_some() { Shape::Groups } else { Shape::One };
        let rows = scope.table.nrow();
        // One group even where there is no row: sum() of nothing is 0.
        let single;
        let groups = if let Some(groups) = scope.groups {
            groups
        } else {
            single = Groups { ids: vec![0; rows], first: vec![0] };
            &single
        };
        let Some(first) = arguments.first() else {
            return Ok(Value { array: aggregate::sizes(groups), shape });
        };
        let value = self.eval(first, scope)?;
        let array = Self::by_row(&value, scope);
        let value = Value { array: Arc::clone(&array), shape: Shape::Rows };
        let floats = if what.numeric() {
            self.numeric(first, &value, scope)?
        } else {
            Float64Array::new_null(0)
        };
        let second = |p: &Node| -> Result<Float64Array> {
            let value = self.eval(p, scope)?;
            let array = Self::by_row(&value, scope);
            self.numeric(p, &Value { array, shape: Shape::Rows }, scope)
        };
        let array: ArrayRef = match what {
            Aggregate::Count => {
                Arc::new(arrow_array::Int64Array::from(aggregate::present(&array, groups, false)))
            }
            Aggregate::MissingCount => {
                Arc::new(arrow_array::Int64Array::from(aggregate::present(&array, groups, true)))
            }
            Aggregate::MissingShare => {
                let gaps = aggregate::present(&array, groups, true);
                let sizes = groups.sizes();
                let share =
                    |(gaps, n): (&i64, &u32)| (*n > 0).then(|| *gaps as f64 / f64::from(*n));
                Arc::new(gaps.iter().zip(&sizes).map(share).collect::<Float64Array>())
            }
            Aggregate::Distinct => aggregate::distinct(&array, groups),
            Aggregate::Sum => aggregate::sum(&array, &floats, groups),
            Aggregate::Mean => aggregate::mean(&floats, groups),
            Aggregate::Sd => aggregate::variance(&floats, groups, true),
            Aggregate::Var => aggregate::variance(&floats, groups, false),
            Aggregate::Min => aggregate::extreme(&array, groups, false),
            Aggregate::Max => aggregate::extreme(&array, groups, true),
            Aggregate::Median => aggregate::quantile(&floats, groups, 0.5),
            Aggregate::Quantile => {
                let p = self.order(&arguments[1], scope)?;
                aggregate::quantile(&floats, groups, p)
            }
            // The ends of no row at all are missing.
            Aggregate::First | Aggregate::Last if rows == 0 => {
                arrow_array::new_null_array(array.data_type(), groups.count())
            }
            Aggregate::First => aggregate::end(&array, groups, false),
            Aggregate::Last => aggregate::end(&array, groups, true),
            Aggregate::Any | Aggregate::All => {
                if value.kind() != Kind::Bool && !value.is_blank() {
                    let found = value.kind().to_string();
                    return Err(self.wrong(first, &found, "a condition", scope));
                }
                aggregate::quantified(&bools(&array), groups, what == Aggregate::All)
            }
            Aggregate::WeightedMean => {
                aggregate::weighted_mean(&floats, &second(&arguments[1])?, groups)
            }
            Aggregate::Correlation => {
                aggregate::correlation(&floats, &second(&arguments[1])?, groups)
            }
        };
        debug_assert_eq!(array.len(), groups.count(), "one value a group of {}", self.place(node));
        Ok(Value { array, shape })
    }

    /// The order of a quantile.
    fn order(&self, node: &Node, scope: &Scope<'_>) -> Result<f64> {
        let value = self.eval(node, scope)?;
        let found = match (value.shape, kernels::floats(&value.array)) {
            (Shape::One, Some(p)) if p.is_valid(0) => {
                let p = p.value(0);
                if (0.0..=1.0).contains(&p) {
                    return Ok(p);
                }
                p.to_string()
            }
            _ => value.kind().to_string(),
        };
        Err(self.wrong(node, &found, "an order in 0..=1", scope))
    }
}
