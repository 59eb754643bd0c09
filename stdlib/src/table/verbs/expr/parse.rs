//! Tokens to a syntax tree.

use super::super::error::ExprError;
use super::functions::{Spec, find, function_names};
use super::token::{Span, Token, tokens};
use crate::formula::Place;
use crate::table::{BinaryOp, Cell};

/// An expression with its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub expr: Expr,
    pub span: Span,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// The shape of an expression.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    Literal(Cell),
    /// A column; `quoted` if written in double quotes or backticks.
    Column {
        name: String,
        quoted: bool,
    },
    Parameter(String),
    Negative(Box<Node>),
    Not(Box<Node>),
    Arithmetic(BinaryOp, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// Conjunction if the flag is true, else disjunction.
    Logic(bool, Box<Node>, Box<Node>),
    IsMissing {
        value: Box<Node>,
        negated: bool,
    },
    In {
        value: Box<Node>,
        items: Vec<Node>,
        negated: bool,
    },
    Between {
        value: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        negated: bool,
    },
    Call {
        function: &'static Spec,
        arguments: Vec<Node>,
    },
}

/// Operators and calls of one expression, and brackets within brackets: deeper trees would
/// overflow the stack.
const OPERATIONS: usize = 400;
const NESTING: usize = 50;
const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "is", "between", "like", "missing", "null", "na", "true", "false"];

/// The tree of `text`.
pub(super) fn parse(text: &str) -> Result<Node, ExprError> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, operations: 0, nesting: 0 };
    let node = parser.disjunction()?;
    parser.end()?;
    Ok(node)
}

/// `name = expression` as its two parts; a bare expression has no name.
pub(super) fn assignment(text: &str) -> Result<Option<(String, Span)>, ExprError> {
    let tokens = tokens(text)?;
    let name = match &tokens[0].0 {
        Token::Word(name) if !keyword(name) => name,
        Token::Quoted(name) => name,
        _ => return Ok(None),
    };
    match tokens.get(1) {
        Some((Token::Symbol("="), (_, end))) => Ok(Some((name.clone(), (*end, text.len())))),
        _ => Ok(None),
    }
}

fn keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, Span)>,
    next: usize,
    operations: usize,
    nesting: usize,
}

type Parsed = Result<Node, ExprError>;

impl Parser<'_> {
    fn place(&self, span: Span) -> Place {
        Place { formula: self.text.to_owned(), start: span.0, end: span.1 }
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn span(&self) -> Span {
        self.tokens[self.next].1
    }

    fn advance(&mut self) -> (Token, Span) {
        let token = self.tokens[self.next].clone();
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
        token
    }

    fn unexpected(&self, expected: &'static str) -> ExprError {
        ExprError::Unexpected {
            at: self.place(self.span()),
            expected,
            found: self.peek().describe(),
        }
    }

    fn end(&self) -> Result<(), ExprError> {
        match self.peek() {
            Token::End => Ok(()),
            _ => Err(self.unexpected("an operator or the end")),
        }
    }

    fn symbol(&mut self, symbols: &[&str]) -> bool {
        let found = matches!(self.peek(), Token::Symbol(s) if symbols.contains(s));
        if found {
            self.advance();
        }
        found
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.tokens.get(self.next + ahead),
            Some((Token::Word(w), _)) if w.eq_ignore_ascii_case(word))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(0, word);
        if found {
            self.advance();
        }
        found
    }

    fn deeper(&mut self) -> Result<(), ExprError> {
        self.operations += 1;
        self.limit(self.operations, OPERATIONS)
    }

    fn limit(&self, count: usize, limit: usize) -> Result<(), ExprError> {
        if count > limit {
            return Err(ExprError::TooDeep { at: self.place(self.span()), limit });
        }
        Ok(())
    }

    /// `parse` one level further down.
    fn nested(&mut self, parse: fn(&mut Self) -> Parsed) -> Parsed {
        self.nesting += 1;
        self.limit(self.nesting, NESTING)?;
        let node = parse(self)?;
        self.nesting -= 1;
        Ok(node)
    }

    fn join(left: &Node, right: &Node) -> Span {
        (left.span.0, right.span.1)
    }

    fn disjunction(&mut self) -> Parsed {
        self.nested(Self::alternatives)
    }

    fn alternatives(&mut self) -> Parsed {
        self.deeper()?;
        let mut left = self.conjunction()?;
        while self.word("or") || self.symbol(&["||", "|"]) {
            self.deeper()?;
            let right = self.conjunction()?;
            let span = Self::join(&left, &right);
            left = Node { expr: Expr::Logic(false, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.word("and") || self.symbol(&["&&", "&"]) {
            self.deeper()?;
            let right = self.negation()?;
            let span = Self::join(&left, &right);
            left = Node { expr: Expr::Logic(true, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        let start = self.span().0;
        if self.word("not") || self.symbol(&["!", "~"]) {
            self.deeper()?;
            let inner = self.nested(Self::negation)?;
            let span = (start, inner.span.1);
            return Ok(Node { expr: Expr::Not(Box::new(inner)), span });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        let comparison = match self.peek() {
            Token::Symbol("==" | "=") => Some(Comparison::Equal),
            Token::Symbol("!=" | "<>") => Some(Comparison::Unequal),
            Token::Symbol("<") => Some(Comparison::Less),
            Token::Symbol("<=") => Some(Comparison::LessEqual),
            Token::Symbol(">") => Some(Comparison::Greater),
            Token::Symbol(">=") => Some(Comparison::GreaterEqual),
            _ => None,
        };
        if let Some(comparison) = comparison {
            self.advance();
            let right = self.sum()?;
            if matches!(
                self.peek(),
                Token::Symbol("==" | "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=")
            ) {
                return Err(self.unexpected("`and` between two comparisons, or the end"));
            }
            let span = Self::join(&left, &right);
            return Ok(Node {
                expr: Expr::Compare(comparison, Box::new(left), Box::new(right)),
                span,
            });
        }
        let value = Box::new(left);
        if self.word("is") {
            let negated = self.word("not");
            let end = self.span().1;
            if !(self.word("missing") || self.word("null") || self.word("na")) {
                return Err(self.unexpected("`missing` or `not missing` after `is`"));
            }
            let span = (value.span.0, end);
            return Ok(Node { expr: Expr::IsMissing { value, negated }, span });
        }
        let negated = self.is_word(0, "not")
            && ["in", "between", "like"].iter().any(|word| self.is_word(1, word));
        if negated {
            self.advance();
        }
        if self.word("in") {
            let (items, end) = self.items()?;
            let span = (value.span.0, end);
            return Ok(Node { expr: Expr::In { value, items, negated }, span });
        }
        if self.word("between") {
            let low = Box::new(self.sum()?);
            if !self.word("and") && !self.symbol(&[","]) {
                return Err(self.unexpected("`and` with the upper bound of `between`"));
            }
            let high = Box::new(self.sum()?);
            let span = (value.span.0, high.span.1);
            return Ok(Node { expr: Expr::Between { value, low, high, negated }, span });
        }
        if self.word("like") {
            let pattern = self.sum()?;
            let span = (value.span.0, pattern.span.1);
            let function = find("like").expect("`like` is in the table of functions");
            let call = Expr::Call { function, arguments: vec![*value, pattern] };
            let node = Node { expr: call, span };
            return Ok(if negated { Node { expr: Expr::Not(Box::new(node)), span } } else { node });
        }
        Ok(*value)
    }

    /// The values after `in`: `(a, b)`, `[a, b]` or `$list`.
    fn items(&mut self) -> Result<(Vec<Node>, usize), ExprError> {
        if matches!(self.peek(), Token::Parameter(_)) {
            let node = self.atom()?;
            let end = node.span.1;
            return Ok((vec![node], end));
        }
        let close: &[&str] = if self.symbol(&["("]) {
            &[")"]
        } else if self.symbol(&["["]) {
            &["]"]
        } else {
            return Err(self.unexpected("`(` with the values of `in`"));
        };
        let mut items = Vec::new();
        loop {
            items.push(self.sum()?);
            let end = self.span().1;
            if self.symbol(close) {
                return Ok((items, end));
            }
            if !self.symbol(&[","]) {
                return Err(self.unexpected("`,` or the closing bracket"));
            }
        }
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Token::Symbol("+") => BinaryOp::Add,
                Token::Symbol("-") => BinaryOp::Sub,
                _ => return Ok(left),
            };
            self.advance();
            self.deeper()?;
            let right = self.product()?;
            let span = Self::join(&left, &right);
            left = Node { expr: Expr::Arithmetic(op, Box::new(left), Box::new(right)), span };
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Token::Symbol("*") => BinaryOp::Mul,
                Token::Symbol("/") => BinaryOp::Div,
                Token::Symbol("%") => BinaryOp::Rem,
                _ => return Ok(left),
            };
            self.advance();
            self.deeper()?;
            let right = self.unary()?;
            let span = Self::join(&left, &right);
            left = Node { expr: Expr::Arithmetic(op, Box::new(left), Box::new(right)), span };
        }
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span().0;
        if self.symbol(&["-"]) {
            self.deeper()?;
            let inner = self.nested(Self::unary)?;
            let span = (start, inner.span.1);
            return Ok(Node { expr: Expr::Negative(Box::new(inner)), span });
        }
        if self.symbol(&["+"]) {
            self.deeper()?;
            return self.nested(Self::unary);
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if self.symbol(&["^", "**"]) {
            self.deeper()?;
            // Right to left, and `2 ^ -1` may carry its sign.
            let exponent = self.nested(Self::unary)?;
            let span = Self::join(&base, &exponent);
            let expr = Expr::Arithmetic(BinaryOp::Pow, Box::new(base), Box::new(exponent));
            return Ok(Node { expr, span });
        }
        Ok(base)
    }

    fn atom(&mut self) -> Parsed {
        let expected = "a column, a value or `(`";
        match self.peek() {
            Token::End => return Err(self.unexpected(expected)),
            Token::Symbol(symbol) if *symbol != "(" => return Err(self.unexpected(expected)),
            _ => {}
        }
        let (token, span) = self.advance();
        let expr = match token {
            Token::Int(i) => Expr::Literal(Cell::Int(i)),
            Token::Number(x) => Expr::Literal(Cell::Float(x)),
            Token::Text(text) => Expr::Literal(Cell::Text(text)),
            Token::Parameter(name) => Expr::Parameter(name),
            Token::Quoted(name) => Expr::Column { name, quoted: true },
            Token::Word(name) => {
                let called = matches!(self.peek(), Token::Symbol("("));
                return self.named(name, span, called);
            }
            Token::Symbol(_) | Token::End => {
                let inner = self.disjunction()?;
                let end = self.span().1;
                if !self.symbol(&[")"]) {
                    return Err(self.unexpected("`)`"));
                }
                return Ok(Node { expr: inner.expr, span: (span.0, end) });
            }
        };
        Ok(Node { expr, span })
    }

    fn named(&mut self, name: String, span: Span, called: bool) -> Parsed {
        if called {
            return self.call(&name, span);
        }
        let expr = match name.to_ascii_lowercase().as_str() {
            "true" => Expr::Literal(Cell::Bool(true)),
            "false" => Expr::Literal(Cell::Bool(false)),
            "missing" | "null" | "na" => Expr::Literal(Cell::Missing),
            lower if KEYWORDS.contains(&lower) => {
                return Err(ExprError::Unexpected {
                    at: self.place(span),
                    expected: "a column, a value or `(`",
                    found: format!("the word `{name}` (a column of that name stands in backticks)"),
                });
            }
            _ => Expr::Column { name, quoted: false },
        };
        Ok(Node { expr, span })
    }

    fn call(&mut self, name: &str, span: Span) -> Parsed {
        let function = find(name).ok_or_else(|| ExprError::UnknownFunction {
            at: self.place(span),
            name: name.to_owned(),
            known: function_names(),
        })?;
        self.symbol(&["("]);
        let mut arguments = Vec::new();
        let mut end = self.span().1;
        if !self.symbol(&[")"]) {
            loop {
                arguments.push(self.disjunction()?);
                end = self.span().1;
                if self.symbol(&[")"]) {
                    break;
                }
                if !self.symbol(&[","]) {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
        }
        let span = (span.0, end);
        if arguments.len() < function.least || arguments.len() > function.most {
            return Err(ExprError::Arguments {
                at: self.place(span),
                function: function.name.to_owned(),
                expected: function.takes.to_owned(),
                found: match arguments.len() {
                    0 => "nothing".into(),
                    1 => "1 argument".into(),
                    n => format!("{n} arguments"),
                },
            });
        }
        Ok(Node { expr: Expr::Call { function, arguments }, span })
    }
}
