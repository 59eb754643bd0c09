//! Expressions over the columns of a table: `"gdp_per_capita > 4000 and region != 'Almaty'"`.
//!
//! An expression is read once into a syntax tree whose nodes know their place in the text, and
//! evaluated on whole columns: no value is boxed per row. Missing values propagate and the logic
//! is three-valued (Kleene), as in SQL: `missing and false` is false, `missing or true` is true,
//! `missing and true` is missing. A result that is no finite number becomes missing and is
//! counted in a warning.
//!
//! An aggregate (`mean(x)`, `n()`) gives one value per group, or one for the whole table where
//! it is not grouped, and stands for each of its rows beside a column: `x - mean(x)`.

mod aggregate;
mod call;
mod eval;
mod functions;
mod parse;
pub(super) mod text;
mod token;
mod value;
mod window;

use std::cell::RefCell;
use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, BooleanArray};

pub(super) use eval::shown;
pub use functions::function_names;

use self::parse::{Expr, Node};
use self::value::Shape;
use super::error::{ExprError, VerbError};
use super::groups::Groups;
use crate::error::Result;
use crate::formula::Place;
use crate::table::{Cell, Table, Vector};

/// A value handed in beside an expression as `$name`.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// One value.
    One(Cell),
    /// Several, for `x in $list`.
    Many(Vec<Cell>),
}

/// Values by the name that stands after `$`.
pub type Params = BTreeMap<String, Param>;

/// What an expression sees: a table, perhaps grouped, and the values handed in.
#[derive(Debug)]
pub struct Scope<'a> {
    primitive: &'a str,
    table: &'a Table,
    groups: Option<&'a Groups>,
    params: &'a Params,
    warnings: RefCell<Vec<String>>,
}

impl<'a> Scope<'a> {
    /// The rows of `table` as one group; `primitive` names the caller in errors.
    pub fn new(primitive: &'a str, table: &'a Table, params: &'a Params) -> Self {
        Self { primitive, table, groups: None, params, warnings: RefCell::default() }
    }

    /// The rows of `table` in `groups`.
    pub fn grouped(
        primitive: &'a str,
        table: &'a Table,
        groups: &'a Groups,
        params: &'a Params,
    ) -> Self {
        Self { groups: Some(groups), ..Self::new(primitive, table, params) }
    }

    /// What became missing, and why.
    pub fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }

    fn fault(&self, error: ExprError) -> crate::Error {
        VerbError::Expression { primitive: self.primitive.to_owned(), error }.into()
    }
}

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    root: Node,
}

impl Expression {
    /// Reads `text`; `primitive` names the caller in errors.
    pub fn parse(primitive: &str, text: &str) -> Result<Self> {
        let root = parse::parse(text)
            .map_err(|error| VerbError::Expression { primitive: primitive.to_owned(), error })?;
        Ok(Self { text: text.to_owned(), root })
    }

    /// Reads `name = expression`; without a name the expression's own text is the name.
    pub fn assignment(primitive: &str, text: &str) -> Result<(String, Self)> {
        let fault = |error| VerbError::Expression { primitive: primitive.to_owned(), error };
        let Some((name, span)) = parse::assignment(text).map_err(fault)? else {
            return Ok((text.trim().to_owned(), Self::parse(primitive, text)?));
        };
        // Blanks in place of the name keep the places in the text.
        let blank: String = text[..span.0].chars().map(|c| " ".repeat(c.len_utf8())).collect();
        let padded = format!("{blank}{}", &text[span.0..]);
        let root = parse::parse(&padded).map_err(fault)?;
        Ok((name, Self { text: text.to_owned(), root }))
    }

    /// The columns it reads, each once.
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.root, &mut names);
        names
    }

    fn place(&self, node: &Node) -> Place {
        Place { formula: self.text.clone(), start: node.span.0, end: node.span.1 }
    }

    /// One value per row; aggregates are repeated.
    pub fn rows(&self, scope: &Scope<'_>) -> Result<Vector> {
        let value = self.eval(&self.root, scope)?;
        Ok(Vector::new(Self::by_row(&value, scope)))
    }

    /// One value per group of the scope (one in all where it is not grouped).
    pub fn groups(&self, scope: &Scope<'_>) -> Result<ArrayRef> {
        let value = self.eval(&self.root, scope)?;
        let count = scope.groups.map_or(1, Groups::count);
        match value.shape {
            Shape::One => Ok(value.spread(count)),
            Shape::Groups => Ok(value.array),
            Shape::Rows => {
                Err(scope.fault(ExprError::PerRow { at: self.place(offender(&self.root)) }))
            }
        }
    }

    /// The truth value of each row.
    pub fn condition(&self, scope: &Scope<'_>) -> Result<BooleanArray> {
        let vector = self.rows(scope)?;
        if let Some(verdicts) = vector.array().as_any().downcast_ref::<BooleanArray>() {
            return Ok(verdicts.clone());
        }
        if vector.missing() == vector.len() {
            return Ok(BooleanArray::new_null(vector.len()));
        }
        Err(scope.fault(ExprError::Kind {
            at: self.place(&self.root),
            found: vector.kind().to_string(),
            expected: "a condition (x > 1, y == 'a', z is missing)".into(),
        }))
    }
}

/// The first part that gives a value per row where one per group is needed.
fn offender(node: &Node) -> &Node {
    match &node.expr {
        Expr::Negative(inner) | Expr::Not(inner) => offender(inner),
        Expr::Arithmetic(_, a, b) | Expr::Compare(_, a, b) | Expr::Logic(_, a, b) => {
            if per_row(a) {
                offender(a)
            } else {
                offender(b)
            }
        }
        _ => node,
    }
}

fn per_row(node: &Node) -> bool {
    match &node.expr {
        Expr::Column { .. } => true,
        Expr::Call { function, arguments } => match function.what {
            functions::What::Aggregate(_) => false,
            functions::What::Window(_) => true,
            _ => arguments.iter().any(per_row),
        },
        _ => parts(node).into_iter().any(per_row),
    }
}

fn parts(node: &Node) -> Vec<&Node> {
    match &node.expr {
        Expr::Literal(_) | Expr::Column { .. } | Expr::Parameter(_) => Vec::new(),
        Expr::Negative(inner) | Expr::Not(inner) => vec![inner],
        Expr::IsMissing { value, .. } => vec![value],
        Expr::Arithmetic(_, a, b) | Expr::Compare(_, a, b) | Expr::Logic(_, a, b) => vec![a, b],
        Expr::Between { value, low, high, .. } => vec![value, low, high],
        Expr::In { value, items, .. } => std::iter::once(&**value).chain(items).collect(),
        Expr::Call { arguments, .. } => arguments.iter().collect(),
    }
}

fn collect<'n>(node: &'n Node, names: &mut Vec<&'n str>) {
    if let Expr::Column { name, .. } = &node.expr
        && !names.contains(&name.as_str())
    {
        names.push(name);
    }
    for part in parts(node) {
        collect(part, names);
    }
}

#[cfg(test)]
mod tests;
