//! Formulas on a table: the complete rows, the response and the design matrices.

use std::cell::RefCell;
use std::collections::HashMap;

use arrow_array::Array;
use nalgebra::DMatrix;

use super::blocks::{Block, Columns, multiply, plan_term};
use super::error::{FormulaError, Place};
use super::eval::{Evaluator, ZeroPolicy, columns_used};
use super::parse::{Expr, Formula, Node};
use super::terms::expand;
use crate::error::Result;
use crate::table::{Cell, Kind, Table, name_rows};

/// How to read formulas on a table.
#[derive(Debug, Clone, Default)]
pub struct FrameParams {
    /// Zeros and negatives under a logarithm.
    pub zero: ZeroPolicy,
    /// Further columns whose missing values drop a row: weights, identifiers.
    pub also: Vec<String>,
}

/// One formula on the rows of a table.
#[derive(Debug, Clone)]
pub struct Design {
    /// How its columns are made, also of other tables.
    pub plan: Plan,
    /// Rows by columns.
    pub x: DMatrix<f64>,
    /// The response, where the formula has one.
    pub y: Option<Vec<f64>>,
}

/// Formulas on the rows that are complete for all of them.
#[derive(Debug, Clone)]
pub struct Frame {
    /// One design per formula, in order.
    pub designs: Vec<Design>,
    /// The rows kept, as positions in the table.
    pub rows: Vec<u32>,
    /// Rows left out because a value is missing.
    pub missing: usize,
    /// Rows left out because a logarithm is not defined there.
    pub outside: usize,
}

/// How the columns of a design are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The formula, its dots filled in.
    pub formula: Formula,
    /// The first column is the intercept.
    pub intercept: bool,
    /// Column names, `"(Intercept)"` first where there is one.
    pub names: Vec<String>,
    terms: Vec<Vec<Block>>,
    zero: ZeroPolicy,
    shifted: Vec<String>,
}

/// Evaluates `formulas` on the rows of `table` that are complete in every column they use.
///
/// Unknown columns, text columns outside `factor()` and logarithms of numbers that have none are
/// errors that point into the formula.
pub fn frame(table: &Table, formulas: &[&Formula], params: &FrameParams) -> Result<Frame> {
    let formulas: Vec<Formula> = formulas.iter().map(|f| fill_dots(f, table)).collect();
    let sources = Sources::gather(table, &formulas, &params.also)?;
    let mut rows = sources.complete();
    let missing = table.nrow() - rows.len();
    if rows.is_empty() {
        let used: Vec<String> = sources.used.iter().map(|c| format!("`{c}`")).collect();
        let first = &formulas[0];
        return Err(FormulaError::NoRows {
            at: first.place((0, first.text.len())),
            columns: used.join(", "),
            rows: table.nrow(),
        }
        .into());
    }
    let complete = rows.len();
    loop {
        let view = View::new(table, &sources, &rows);
        let mut designs = Vec::with_capacity(formulas.len());
        let mut outside: Vec<usize> = Vec::new();
        for formula in &formulas {
            let (design, out) = build(formula, &view, params.zero)?;
            designs.push(design);
            outside.extend(out);
        }
        if outside.is_empty() {
            return Ok(Frame { designs, missing, outside: complete - rows.len(), rows });
        }
        let mut keep = vec![true; rows.len()];
        for row in &outside {
            keep[*row] = false;
        }
        let mut at = keep.iter();
        rows.retain(|_| *at.next().unwrap_or(&true));
        if rows.is_empty() {
            let first = &formulas[0];
            return Err(FormulaError::NoRows {
                at: first.place((0, first.text.len())),
                columns: "its logarithms".into(),
                rows: complete,
            }
            .into());
        }
    }
}

/// `formula` with `.` on its right replaced by the other numeric columns.
fn fill_dots(formula: &Formula, table: &Table) -> Formula {
    let mut used = Vec::new();
    if let Some(response) = &formula.response {
        columns_used(response, true, &mut used);
    }
    let dot: Vec<String> = table
        .columns()
        .into_iter()
        .zip(table.kinds())
        .filter(|(name, kind)| {
            !matches!(kind, Kind::Text | Kind::Date)
                && table.label_name() != Some(name)
                && used.iter().all(|(other, _, _)| other != name)
        })
        .map(|(name, _)| name)
        .collect();
    let mut filled = formula.clone();
    fill(&mut filled.terms, &dot);
    filled
}

fn fill(expr: &mut Expr, dot: &[String]) {
    match &mut expr.node {
        Node::Dot => {
            let names =
                dot.iter().map(|name| Expr { node: Node::Name(name.clone()), span: expr.span });
            let sum = names.reduce(|a, b| super::parse::binary(super::parse::Op::Add, a, b));
            if let Some(sum) = sum {
                expr.node = sum.node;
            }
        }
        Node::Neg(inner) => fill(inner, dot),
        Node::Binary(_, left, right) => {
            fill(left, dot);
            fill(right, dot);
        }
        _ => {}
    }
}

/// The columns that formulas read.
struct Sources {
    used: Vec<String>,
    floats: HashMap<String, arrow_array::Float64Array>,
    nulls: Vec<arrow_buffer::NullBuffer>,
    rows: usize,
}

impl Sources {
    fn gather(table: &Table, formulas: &[Formula], also: &[String]) -> Result<Self> {
        let columns = table.columns();
        let kinds = table.kinds();
        let mut sources = Self {
            used: Vec::new(),
            floats: HashMap::new(),
            nulls: Vec::new(),
            rows: table.nrow(),
        };
        for formula in formulas {
            let mut used = Vec::new();
            for expr in formula.response.iter().chain([&formula.terms]) {
                columns_used(expr, true, &mut used);
            }
            for (name, expr, numeric) in used {
                let at = || formula.place(expr.span);
                let Some(position) = columns.iter().position(|c| c == name) else {
                    return Err(FormulaError::UnknownColumn {
                        at: at(),
                        name: name.to_owned(),
                        columns,
                    }
                    .into());
                };
                if numeric && matches!(kinds[position], Kind::Text | Kind::Date) {
                    let kind = kinds[position];
                    let name = name.to_owned();
                    return Err(FormulaError::NoNumbers { at: at(), name, kind }.into());
                }
                sources.add(table, name, numeric, &at)?;
            }
        }
        for name in also {
            let array = table.column(name)?;
            sources.nulls.extend(array.array().nulls().cloned());
        }
        Ok(sources)
    }

    fn add(
        &mut self,
        table: &Table,
        name: &str,
        numeric: bool,
        at: &dyn Fn() -> Place,
    ) -> Result<()> {
        if numeric && !self.floats.contains_key(name) {
            self.floats.insert(name.to_owned(), table.floats("formula", name)?);
        }
        if self.used.iter().any(|other| other == name) {
            return Ok(());
        }
        let column = table.column(name)?;
        if column.missing() == column.len() {
            return Err(FormulaError::AllMissing { at: at(), name: name.to_owned() }.into());
        }
        self.nulls.extend(column.array().nulls().filter(|n| n.null_count() > 0).cloned());
        self.used.push(name.to_owned());
        Ok(())
    }

    fn complete(&self) -> Vec<u32> {
        (0..self.rows as u32)
            .filter(|row| self.nulls.iter().all(|nulls| nulls.is_valid(*row as usize)))
            .collect()
    }
}

/// The columns in use on the rows in use.
pub(super) struct View<'a> {
    pub table: &'a Table,
    rows: &'a [u32],
    columns: HashMap<String, Vec<f64>>,
}

impl<'a> View<'a> {
    fn new(table: &'a Table, sources: &Sources, rows: &'a [u32]) -> Self {
        let columns = sources
            .floats
            .iter()
            .map(|(name, array)| {
                let values = array.values();
                let picked = if rows.len() == values.len() {
                    values.to_vec()
                } else {
                    rows.iter().map(|row| values[*row as usize]).collect()
                };
                (name.clone(), picked)
            })
            .collect();
        Self { table, rows, columns }
    }

    fn name_rows(&self, positions: &[usize]) -> String {
        let label = |row: u32| match self.table.labels() {
            Some(labels) => labels.value(row as usize).to_owned(),
            None => (row + 1).to_string(),
        };
        // Only the first few are written out; the count is what the rest adds.
        let named: Vec<String> = positions.iter().take(6).map(|at| label(self.rows[*at])).collect();
        let mut texts: Vec<&str> = named.iter().map(String::as_str).collect();
        texts.resize(positions.len(), "");
        name_rows(&texts)
    }

    /// The cells of `column` as texts, on the rows in use.
    pub fn texts(&self, column: &str) -> Result<Vec<String>> {
        let vector = self.table.column(column)?;
        Ok(self.rows.iter().map(|row| cell_text(&vector.cell(*row as usize))).collect())
    }
}

fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Float(x) => x.to_string(),
        Cell::Int(i) => i.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Date(date) => date.to_string(),
    }
}

fn build(formula: &Formula, view: &View<'_>, zero: ZeroPolicy) -> Result<(Design, Vec<usize>)> {
    let namer = |rows: &[usize]| view.name_rows(rows);
    let evaluator = Evaluator {
        formula,
        columns: &view.columns,
        rows: view.rows.len(),
        name_rows: &namer,
        zero,
        wrt: None,
        outside: RefCell::default(),
        shifted: RefCell::default(),
    };
    let y = match &formula.response {
        Some(response) => Some(evaluator.eval(response)?.into_column(view.rows.len()).0),
        None => None,
    };
    let terms = expand(formula, &[])?;
    let mut free = terms.intercept;
    let mut planned = Vec::new();
    for term in &terms.list {
        planned.push(plan_term(term, &evaluator, view, &mut free)?);
    }
    let mut plan = Plan {
        formula: formula.clone(),
        intercept: terms.intercept,
        names: Vec::new(),
        terms: planned,
        zero,
        shifted: Vec::new(),
    };
    plan.name_columns();
    if plan.names.is_empty() {
        return Err(FormulaError::NoTerms { at: formula.place(formula.terms.span) }.into());
    }
    let (x, _) = plan.columns(&evaluator, view)?;
    plan.shifted = evaluator.shifted.into_inner();
    Ok((Design { plan, x, y }, evaluator.outside.into_inner()))
}

/// Values and, for [`Plan::slopes`], derivatives.
type Matrices = (DMatrix<f64>, Option<DMatrix<f64>>);

impl Plan {
    fn name_columns(&mut self) {
        if self.intercept {
            self.names.push("(Intercept)".into());
        }
        for term in &self.terms {
            let mut names = vec![String::new()];
            for block in term {
                let ends = block.names();
                names = ends
                    .iter()
                    .flat_map(|end| {
                        names.iter().map(move |start| {
                            if start.is_empty() { end.clone() } else { format!("{start}:{end}") }
                        })
                    })
                    .collect();
            }
            self.names.extend(names);
        }
    }

    fn columns(&self, evaluator: &Evaluator<'_>, view: &View<'_>) -> Result<Matrices> {
        let rows = evaluator.rows;
        let mut values: Vec<f64> = Vec::with_capacity(rows * self.names.len());
        let mut slopes: Vec<f64> = Vec::new();
        let want = evaluator.wrt.is_some();
        let mut push = |column: (Vec<f64>, Option<Vec<f64>>)| {
            values.extend(column.0);
            if want {
                slopes.extend(column.1.unwrap_or_else(|| vec![0.0; rows]));
            }
        };
        if self.intercept {
            push((vec![1.0; rows], None));
        }
        for term in &self.terms {
            let mut made: Columns = Vec::new();
            for (position, block) in term.iter().enumerate() {
                let columns = block.columns(evaluator, view)?;
                made = if position == 0 { columns } else { multiply(&made, &columns) };
            }
            made.into_iter().for_each(&mut push);
        }
        let width = self.names.len();
        let slopes = want.then(|| DMatrix::from_vec(rows, width, slopes));
        Ok((DMatrix::from_vec(rows, width, values), slopes))
    }

    fn on(&self, table: &Table, wrt: Option<&str>) -> Result<(Matrices, Vec<u32>)> {
        let formula = Formula { response: None, ..self.formula.clone() };
        let sources = Sources::gather(table, std::slice::from_ref(&formula), &[])?;
        let rows = sources.complete();
        let view = View::new(table, &sources, &rows);
        let namer = |rows: &[usize]| view.name_rows(rows);
        let zero = match self.zero {
            ZeroPolicy::Drop => ZeroPolicy::Error,
            other => other,
        };
        let evaluator = Evaluator {
            formula: &formula,
            columns: &view.columns,
            rows: rows.len(),
            name_rows: &namer,
            zero,
            wrt,
            outside: RefCell::default(),
            shifted: RefCell::new(self.shifted.clone()),
        };
        let matrices = self.columns(&evaluator, &view)?;
        Ok((matrices, rows))
    }

    /// The design matrix of another table and the rows that are complete there.
    ///
    /// Factor levels and orthogonal polynomials are those of the table the plan was made on.
    pub fn matrix(&self, table: &Table) -> Result<(DMatrix<f64>, Vec<u32>)> {
        let ((x, _), rows) = self.on(table, None)?;
        Ok((x, rows))
    }

    /// Derivatives of the design matrix of `table` with respect to its column `column`.
    pub fn slopes(&self, table: &Table, column: &str) -> Result<(DMatrix<f64>, Vec<u32>)> {
        let ((_, slopes), rows) = self.on(table, Some(column))?;
        Ok((slopes.unwrap_or_else(|| DMatrix::zeros(0, 0)), rows))
    }

    /// The numeric columns that the right side reads.
    pub fn sources(&self) -> Vec<String> {
        let mut used = Vec::new();
        columns_used(&self.formula.terms, true, &mut used);
        used.into_iter().filter(|(_, _, numeric)| *numeric).map(|(n, _, _)| n.to_owned()).collect()
    }
}
