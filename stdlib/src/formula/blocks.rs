//! The factors of a term: numbers, dummies of a factor, orthogonal polynomials.

use super::design::View;
use super::error::FormulaError;
use super::eval::Evaluator;
use super::parse::{Expr, Formula, Node};
use super::terms::Term;
use crate::error::Result;

/// One factor of a term.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Numeric(Expr),
    Factor { expr: Expr, column: String, levels: Vec<String> },
    Poly { expr: Expr, inner: Expr, centers: Vec<f64>, norms: Vec<f64> },
}

/// `free` says whether the intercept already takes the first level of a factor.
pub(super) fn plan_term(
    term: &Term,
    evaluator: &Evaluator<'_>,
    view: &View<'_>,
    free: &mut bool,
) -> Result<Vec<Block>> {
    let alone = term.factors.len() == 1;
    term.factors
        .iter()
        .map(|expr| match &expr.node {
            Node::Call(name, arguments) if name == "factor" => {
                let block = plan_factor(expr, arguments, evaluator.formula, view, !alone || *free);
                *free = true;
                block
            }
            Node::Call(name, arguments) if name == "poly" => plan_poly(expr, arguments, evaluator),
            _ => Ok(Block::Numeric(expr.clone())),
        })
        .collect()
}

fn arguments_error(formula: &Formula, expr: &Expr, function: &str, n: usize) -> FormulaError {
    FormulaError::Arguments {
        at: formula.place(expr.span),
        function: function.to_owned(),
        expected: if function == "poly" {
            "a column and a whole degree, poly(x, 2)"
        } else {
            "a column and perhaps its base level, factor(region, \"Astana\")"
        },
        found: format!("{n} argument{}", if n == 1 { "" } else { "s" }),
    }
}

fn plan_factor(
    expr: &Expr,
    arguments: &[(Option<String>, Expr)],
    formula: &Formula,
    view: &View<'_>,
    reduced: bool,
) -> Result<Block> {
    let wrong = || arguments_error(formula, expr, "factor", arguments.len());
    let (Some((None, column)), true) = (arguments.first(), arguments.len() <= 2) else {
        return Err(wrong().into());
    };
    let Node::Name(column) = &column.node else { return Err(wrong().into()) };
    let vector = view.table.column(column)?;
    let mut levels = view.texts(column)?;
    levels.sort_unstable();
    levels.dedup();
    if vector.kind().is_numeric() {
        let number = |text: &String| text.parse::<f64>().unwrap_or(f64::INFINITY);
        levels.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    let base = match arguments.get(1) {
        None => 0,
        Some((key, base)) => {
            if key.as_ref().is_some_and(|k| k != "base") {
                return Err(wrong().into());
            }
            let level = match &base.node {
                Node::Text(text) => text.clone(),
                Node::Number(x) => x.to_string(),
                _ => return Err(wrong().into()),
            };
            levels.iter().position(|l| *l == level).ok_or_else(|| FormulaError::UnknownLevel {
                at: formula.place(base.span),
                level,
                levels: levels.clone(),
            })?
        }
    };
    if reduced {
        let removed = levels.remove(base);
        if levels.is_empty() {
            let at = formula.place(expr.span);
            return Err(FormulaError::OneLevel { at, level: removed }.into());
        }
    }
    Ok(Block::Factor { expr: expr.clone(), column: column.clone(), levels })
}

fn plan_poly(
    expr: &Expr,
    arguments: &[(Option<String>, Expr)],
    evaluator: &Evaluator<'_>,
) -> Result<Block> {
    let wrong = || arguments_error(evaluator.formula, expr, "poly", arguments.len());
    let [(None, inner), (_, Expr { node: Node::Number(degree), .. })] = arguments else {
        return Err(wrong().into());
    };
    if degree.fract() != 0.0 || !(1.0..=20.0).contains(degree) {
        return Err(wrong().into());
    }
    let degree = *degree as usize;
    let (x, _) = evaluator.eval(inner)?.into_column(evaluator.rows);
    let mut distinct = x.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() <= degree {
        return Err(FormulaError::FewValues {
            at: evaluator.formula.place(expr.span),
            polynomial: expr.to_string(),
            degree,
            distinct: distinct.len(),
        }
        .into());
    }
    // Stieltjes: each polynomial is orthogonal to the two before it, hence to all.
    let n = x.len();
    let (mut before, mut now) = (vec![0.0; n], vec![1.0; n]);
    let (mut centers, mut norms) = (Vec::new(), vec![n as f64]);
    for k in 0..degree {
        let norm = norms[k];
        let center = x.iter().zip(&now).map(|(x, p)| x * p * p).sum::<f64>() / norm;
        let ratio = if k == 0 { 0.0 } else { norm / norms[k - 1] };
        let next: Vec<f64> = (0..n).map(|i| (x[i] - center) * now[i] - ratio * before[i]).collect();
        before = now;
        now = next;
        centers.push(center);
        norms.push(now.iter().map(|p| p * p).sum());
    }
    Ok(Block::Poly { expr: expr.clone(), inner: inner.clone(), centers, norms })
}

/// The columns of one block with their derivatives.
pub(super) type Columns = Vec<(Vec<f64>, Option<Vec<f64>>)>;

impl Block {
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Numeric(expr) => vec![expr.to_string()],
            Self::Factor { expr, levels, .. } => {
                levels.iter().map(|level| format!("{expr}{level}")).collect()
            }
            Self::Poly { expr, centers, .. } => {
                (1..=centers.len()).map(|k| format!("{expr}{k}")).collect()
            }
        }
    }

    pub(super) fn columns(&self, evaluator: &Evaluator<'_>, view: &View<'_>) -> Result<Columns> {
        let rows = evaluator.rows;
        match self {
            Self::Numeric(expr) => Ok(vec![evaluator.eval(expr)?.into_column(rows)]),
            Self::Factor { column, levels, .. } => {
                let texts = view.texts(column)?;
                let dummy = |level: &String| {
                    texts.iter().map(|text| f64::from(u8::from(text == level))).collect()
                };
                Ok(levels.iter().map(|level| (dummy(level), None)).collect())
            }
            Self::Poly { inner, centers, norms, .. } => {
                let (x, slope) = evaluator.eval(inner)?.into_column(rows);
                let mut columns = Vec::new();
                let (mut before, mut now) = (vec![0.0; rows], vec![1.0; rows]);
                let (mut d_before, mut d_now) = (vec![0.0; rows], vec![0.0; rows]);
                for (k, center) in centers.iter().enumerate() {
                    let ratio = if k == 0 { 0.0 } else { norms[k] / norms[k - 1] };
                    let scale = norms[k + 1].sqrt();
                    let next: Vec<f64> =
                        (0..rows).map(|i| (x[i] - center) * now[i] - ratio * before[i]).collect();
                    let d_next: Vec<f64> = (0..rows)
                        .map(|i| now[i] + (x[i] - center) * d_now[i] - ratio * d_before[i])
                        .collect();
                    columns.push((
                        next.iter().map(|p| p / scale).collect(),
                        slope
                            .as_ref()
                            .map(|s| d_next.iter().zip(s).map(|(d, s)| d * s / scale).collect()),
                    ));
                    (before, now) = (now, next);
                    (d_before, d_now) = (d_now, d_next);
                }
                Ok(columns)
            }
        }
    }
}

pub(super) fn multiply(left: &Columns, right: &Columns) -> Columns {
    let mut columns = Vec::new();
    for (b, db) in right {
        for (a, da) in left {
            let values = a.iter().zip(b).map(|(a, b)| a * b).collect();
            let slope = (da.is_some() || db.is_some()).then(|| {
                let at = |d: &Option<Vec<f64>>, i: usize| d.as_ref().map_or(0.0, |d| d[i]);
                (0..a.len()).map(|i| at(da, i) * b[i] + a[i] * at(db, i)).collect()
            });
            columns.push((values, slope));
        }
    }
    columns
}
