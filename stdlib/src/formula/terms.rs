//! The right side of a formula as a list of terms, and `update`.

use super::error::FormulaError;
use super::parse::{Expr, Formula, Node, Op, binary};

/// A product of factors; without any it is the intercept.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What is multiplied, in the order written.
    pub factors: Vec<Expr>,
}

impl Term {
    fn intercept() -> Self {
        Self { factors: Vec::new() }
    }

    /// The same product, whatever the order.
    fn same(&self, other: &Self) -> bool {
        self.factors.len() == other.factors.len()
            && self.factors.iter().all(|factor| other.factors.contains(factor))
    }
}

/// The terms of a formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Whether there is an intercept.
    pub intercept: bool,
    /// The others, each once, main effects as they were written.
    pub list: Vec<Term>,
}

/// The terms of `formula`; `dot` are the columns that `.` stands for.
pub fn expand(formula: &Formula, dot: &[String]) -> Result<Terms, FormulaError> {
    let mut list = vec![Term::intercept()];
    let context = Expansion { formula, dot };
    context.apply(&mut list, &formula.terms, true)?;
    let intercept = list.iter().any(|term| term.factors.is_empty());
    list.retain(|term| !term.factors.is_empty());
    Ok(Terms { intercept, list })
}

struct Expansion<'a> {
    formula: &'a Formula,
    dot: &'a [String],
}

fn insert(list: &mut Vec<Term>, term: Term) {
    if !list.iter().any(|other| other.same(&term)) {
        list.push(term);
    }
}

fn product(left: &[Term], right: &[Term]) -> Vec<Term> {
    let mut list = Vec::new();
    for a in left {
        for b in right {
            let mut factors = a.factors.clone();
            factors.extend(b.factors.iter().filter(|f| !a.factors.contains(f)).cloned());
            insert(&mut list, Term { factors });
        }
    }
    list
}

impl Expansion<'_> {
    /// Adds the terms of `expr` to `list`, or takes them away.
    fn apply(&self, list: &mut Vec<Term>, expr: &Expr, add: bool) -> Result<(), FormulaError> {
        match &expr.node {
            Node::Binary(Op::Add, left, right) => {
                self.apply(list, left, add)?;
                self.apply(list, right, add)
            }
            Node::Binary(Op::Sub, left, right) => {
                self.apply(list, left, add)?;
                self.apply(list, right, !add)
            }
            Node::Neg(inner) => self.apply(list, inner, !add),
            Node::Number(x) if *x == 0.0 => {
                list.retain(|term| !term.factors.is_empty());
                if !add {
                    list.insert(0, Term::intercept());
                }
                Ok(())
            }
            _ => {
                for term in self.terms(expr)? {
                    if add {
                        insert(list, term);
                    } else {
                        list.retain(|other| !other.same(&term));
                    }
                }
                Ok(())
            }
        }
    }

    fn terms(&self, expr: &Expr) -> Result<Vec<Term>, FormulaError> {
        let untermed =
            |hint| Err(FormulaError::Untermed { at: self.formula.place(expr.span), hint });
        match &expr.node {
            Node::Number(1.0) => Ok(vec![Term::intercept()]),
            Node::Number(_) | Node::Text(_) => {
                Err(FormulaError::NotATerm { at: self.formula.place(expr.span) })
            }
            Node::Name(_) | Node::Call(..) => Ok(vec![Term { factors: vec![expr.clone()] }]),
            Node::Dot => Ok(self
                .dot
                .iter()
                .map(|name| Term {
                    factors: vec![Expr { node: Node::Name(name.clone()), span: expr.span }],
                })
                .collect()),
            Node::Binary(Op::Add | Op::Sub, ..) | Node::Neg(_) => {
                let mut list = Vec::new();
                self.apply(&mut list, expr, true)?;
                Ok(list)
            }
            Node::Binary(Op::Interact, left, right) => {
                Ok(product(&self.terms(left)?, &self.terms(right)?))
            }
            Node::Binary(Op::Mul, left, right) => {
                if [left, right].iter().any(|side| matches!(side.node, Node::Number(_))) {
                    return untermed("arithmetic goes into I(...), e.g. I(2 * x)");
                }
                let (mut list, right) = (self.terms(left)?, self.terms(right)?);
                let both = product(&list, &right);
                for term in right.into_iter().chain(both) {
                    insert(&mut list, term);
                }
                Ok(list)
            }
            Node::Binary(Op::Pow, base, exponent) => {
                let base = self.terms(base)?;
                let Node::Number(power) = exponent.node else {
                    return untermed("the exponent of terms is a whole number, e.g. (a + b)^2");
                };
                if power.fract() != 0.0 || !(1.0..=6.0).contains(&power) {
                    return untermed("the exponent of terms is a whole number from 1 to 6");
                }
                if base.len() == 1 && power > 1.0 {
                    return untermed("a square goes into I(...), e.g. I(x^2)");
                }
                let mut list = base.clone();
                for _ in 1..power as usize {
                    for term in product(&list.clone(), &base) {
                        insert(&mut list, term);
                    }
                }
                list.sort_by_key(|term| term.factors.len());
                Ok(list)
            }
            Node::Binary(Op::Div, ..) => untermed("a ratio goes into I(...), e.g. I(a / b)"),
        }
    }
}

/// `formula` changed by `change`, whose dots stand for the old sides.
///
/// `update("y ~ a + b", ". ~ . - a + c")` is `y ~ b + c`. Terms are simplified as in R, so the
/// new formula lists each once.
pub fn update(formula: &Formula, change: &Formula) -> Result<Formula, FormulaError> {
    let response = match (&change.response, &formula.response) {
        (Some(new), Some(old)) => Some(substitute(new, old)),
        (new, old) => new.clone().or_else(|| old.clone()),
    };
    let terms = substitute(&change.terms, &formula.terms);
    let whole = Formula { text: change.text.clone(), response, terms };
    let simple = if contains_dot(&whole.terms) {
        whole
    } else {
        let terms = expand(&whole, &[])?;
        Formula { terms: rebuilt(&terms), ..whole }
    };
    // Reading the printed text again gives every part its place in that text.
    Formula::parse(&simple.to_string())
}

fn contains_dot(expr: &Expr) -> bool {
    match &expr.node {
        Node::Dot => true,
        Node::Neg(inner) => contains_dot(inner),
        Node::Binary(_, left, right) => contains_dot(left) || contains_dot(right),
        Node::Call(_, arguments) => arguments.iter().any(|(_, a)| contains_dot(a)),
        _ => false,
    }
}

fn substitute(expr: &Expr, dot: &Expr) -> Expr {
    let node = match &expr.node {
        Node::Dot => return dot.clone(),
        Node::Neg(inner) => Node::Neg(Box::new(substitute(inner, dot))),
        Node::Binary(op, left, right) => {
            Node::Binary(*op, Box::new(substitute(left, dot)), Box::new(substitute(right, dot)))
        }
        Node::Call(name, arguments) => Node::Call(
            name.clone(),
            arguments.iter().map(|(key, a)| (key.clone(), substitute(a, dot))).collect(),
        ),
        other => other.clone(),
    };
    Expr { node, span: expr.span }
}

fn rebuilt(terms: &Terms) -> Expr {
    let at = |node| Expr { node, span: (0, 0) };
    let sum = terms
        .list
        .iter()
        .filter_map(|term| term.factors.iter().cloned().reduce(|a, b| binary(Op::Interact, a, b)))
        .reduce(|a, b| binary(Op::Add, a, b));
    match (sum, terms.intercept) {
        (Some(sum), true) => sum,
        (Some(sum), false) => binary(Op::Sub, sum, at(Node::Number(1.0))),
        (None, true) => at(Node::Number(1.0)),
        (None, false) => at(Node::Number(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> String {
        let formula = Formula::parse(text).unwrap();
        let terms = expand(&formula, &["p".to_owned(), "q".to_owned()]).unwrap();
        let mut list: Vec<String> = terms
            .list
            .iter()
            .map(|t| t.factors.iter().map(ToString::to_string).collect::<Vec<_>>().join(":"))
            .collect();
        list.insert(0, u8::from(terms.intercept).to_string());
        list.join(" ")
    }

    #[test]
    fn the_algebra_of_terms() {
        assert_eq!(names("y ~ a + b"), "1 a b");
        assert_eq!(names("y ~ a + a + b - a"), "1 b");
        assert_eq!(names("y ~ a - 1"), "0 a");
        assert_eq!(names("y ~ 0 + a"), "0 a");
        assert_eq!(names("y ~ -1 + a + 1"), "1 a");
        assert_eq!(names("y ~ a * b"), "1 a b a:b");
        assert_eq!(names("y ~ a:b + b:a"), "1 a:b");
        assert_eq!(names("y ~ (a + b + c)^2"), "1 a b c a:b a:c b:c");
        assert_eq!(names("y ~ (a + b):c"), "1 a:c b:c");
        assert_eq!(names("y ~ a * (b + c) - a:c"), "1 a b c a:b");
        assert_eq!(names("y ~ . - q"), "1 p");
        assert_eq!(names("y ~ log(a) * I(b^2)"), "1 log(a) I(b^2) log(a):I(b^2)");
        assert_eq!(names("y ~ 1"), "1");
    }

    #[test]
    fn arithmetic_outside_a_function_says_where_it_belongs() {
        for text in ["y ~ a^2", "y ~ 2 * a", "y ~ a / b", "y ~ 3", "y ~ (a + b)^x", "y ~ \"a\""] {
            let formula = Formula::parse(text).unwrap();
            let error = expand(&formula, &[]).unwrap_err();
            assert!(error.hint().is_some(), "{text}");
        }
    }

    #[test]
    fn update_fills_the_dots() {
        let updated = |old: &str, change: &str| {
            let (old, change) = (Formula::parse(old).unwrap(), Formula::parse(change).unwrap());
            update(&old, &change).unwrap().text
        };
        assert_eq!(updated("log(y) ~ a + b", ". ~ . + log(c)"), "log(y) ~ a + b + log(c)");
        assert_eq!(updated("y ~ a + b", ". ~ . - a"), "y ~ b");
        assert_eq!(updated("y ~ a + b", "log(.) ~ . - 1"), "log(y) ~ a + b - 1");
        assert_eq!(updated("y ~ a * b", "z ~ . - a:b"), "z ~ a + b");
        assert_eq!(updated("y ~ a", "~ 1"), "y ~ 1");
    }
}
