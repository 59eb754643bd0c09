//! Tokens to a syntax tree.
//!
//! Precedence as in R: `^` binds tightest and to the right, then unary minus, `:`, then `*` and
//! `/`, then `+` and `-`.

use std::fmt;

use super::error::{FormulaError, Place, quoted};
use super::token::{Span, Token, tokens};

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The variants are the operators' names.
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Interact,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A number.
    Number(f64),
    /// Text: a factor's level.
    Text(String),
    /// A column.
    Name(String),
    /// `.`: every other column, or what stood there before an update.
    Dot,
    /// Minus an expression.
    Neg(Box<Expr>),
    /// Two expressions under an operator.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// A function of expressions; `name = value` arguments carry their name.
    Call(String, Vec<(Option<String>, Expr)>),
}

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands in the formula.
    pub span: Span,
}

impl PartialEq for Expr {
    /// The same expression, wherever it stands.
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// A formula: `response ~ terms`.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The text it was read from.
    pub text: String,
    /// Left of `~`.
    pub response: Option<Expr>,
    /// Right of `~`.
    pub terms: Expr,
}

impl Formula {
    /// Reads `text`.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
        let response =
            if parser.peek() == &Token::Symbol('~') { None } else { Some(parser.sum()?) };
        if parser.peek() != &Token::Symbol('~') {
            if parser.peek() == &Token::End {
                return Err(FormulaError::NoResponse { at: parser.place((0, text.len())) });
            }
            return Err(parser.unexpected("`~` or an operator"));
        }
        parser.next += 1;
        let terms = parser.sum()?;
        if parser.peek() != &Token::End {
            return Err(parser.unexpected("an operator or the end"));
        }
        Ok(Self { text: text.to_owned(), response, terms })
    }

    /// Where `span` is, for an error.
    pub fn place(&self, span: Span) -> Place {
        Place { formula: self.text.clone(), start: span.0, end: span.1 }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    next: usize,
    depth: usize,
}

/// Parentheses, signs and powers may nest this deep; no model needs more, and the stack holds it.
const DEEPEST: usize = 100;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn span(&self) -> Span {
        self.tokens[self.next].1
    }

    fn place(&self, span: Span) -> Place {
        Place { formula: self.text.to_owned(), start: span.0, end: span.1 }
    }

    fn unexpected(&self, expected: &'static str) -> FormulaError {
        FormulaError::Unexpected {
            at: self.place(self.span()),
            expected,
            found: self.peek().describe(),
        }
    }

    /// The operator ahead, if it is one of `symbols`.
    fn operator(&mut self, symbols: &[(char, Op)]) -> Option<Op> {
        let Token::Symbol(c) = *self.peek() else { return None };
        let op = symbols.iter().find(|(symbol, _)| *symbol == c).map(|(_, op)| *op)?;
        self.next += 1;
        Some(op)
    }

    fn left(
        &mut self,
        symbols: &[(char, Op)],
        operand: fn(&mut Self) -> Result<Expr, FormulaError>,
    ) -> Result<Expr, FormulaError> {
        let mut expr = operand(self)?;
        while let Some(op) = self.operator(symbols) {
            expr = binary(op, expr, operand(self)?);
        }
        Ok(expr)
    }

    fn sum(&mut self) -> Result<Expr, FormulaError> {
        self.left(&[('+', Op::Add), ('-', Op::Sub)], Self::product)
    }

    fn product(&mut self) -> Result<Expr, FormulaError> {
        self.left(&[('*', Op::Mul), ('/', Op::Div)], Self::interaction)
    }

    fn interaction(&mut self) -> Result<Expr, FormulaError> {
        self.left(&[(':', Op::Interact)], Self::unary)
    }

    fn unary(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span().0;
        if self.depth >= DEEPEST {
            return Err(FormulaError::Untermed {
                at: self.place((start, self.text.len())),
                hint: "it nests more than 100 levels deep",
            });
        }
        self.depth += 1;
        let expr = self.signed(start);
        self.depth -= 1;
        expr
    }

    fn signed(&mut self, start: usize) -> Result<Expr, FormulaError> {
        match self.peek() {
            Token::Symbol('-') => {
                self.next += 1;
                let inner = self.unary()?;
                let span = (start, inner.span.1);
                Ok(Expr { node: Node::Neg(Box::new(inner)), span })
            }
            Token::Symbol('+') => {
                self.next += 1;
                self.unary()
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Expr, FormulaError> {
        let base = self.atom()?;
        if self.operator(&[('^', Op::Pow)]).is_some() {
            let exponent = self.unary()?;
            return Ok(binary(Op::Pow, base, exponent));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expr, FormulaError> {
        let (token, span) = self.tokens[self.next].clone();
        let node = match token {
            Token::Number(x) => Node::Number(x),
            Token::Text(text) => Node::Text(text),
            Token::Symbol('.') => Node::Dot,
            Token::Name(name) => {
                self.next += 1;
                if self.peek() != &Token::Symbol('(') {
                    return Ok(Expr { node: Node::Name(name), span });
                }
                self.next += 1;
                let arguments = self.arguments()?;
                let end = self.tokens[self.next - 1].1.1;
                return Ok(Expr { node: Node::Call(name, arguments), span: (span.0, end) });
            }
            Token::Symbol('(') => {
                self.next += 1;
                let mut inner = self.sum()?;
                if self.peek() != &Token::Symbol(')') {
                    return Err(self.unexpected("`)` or an operator"));
                }
                inner.span = (span.0, self.span().1);
                self.next += 1;
                return Ok(inner);
            }
            _ => return Err(self.unexpected("a column, a number or a function")),
        };
        self.next += 1;
        Ok(Expr { node, span })
    }

    fn arguments(&mut self) -> Result<Vec<(Option<String>, Expr)>, FormulaError> {
        let mut arguments = Vec::new();
        if self.peek() == &Token::Symbol(')') {
            self.next += 1;
            return Ok(arguments);
        }
        loop {
            let named = matches!(self.peek(), Token::Name(_))
                && self.tokens.get(self.next + 1).is_some_and(|(t, _)| *t == Token::Symbol('='));
            let name = match self.peek().clone() {
                Token::Name(name) if named => {
                    self.next += 2;
                    Some(name)
                }
                _ => None,
            };
            arguments.push((name, self.sum()?));
            match self.peek() {
                Token::Symbol(',') => self.next += 1,
                Token::Symbol(')') => {
                    self.next += 1;
                    return Ok(arguments);
                }
                _ => return Err(self.unexpected("`,`, `)` or an operator")),
            }
        }
    }
}

/// `left op right` with the span of both.
pub fn binary(op: Op, left: Expr, right: Expr) -> Expr {
    let span = (left.span.0, right.span.1);
    Expr { node: Node::Binary(op, Box::new(left), Box::new(right)), span }
}

impl Op {
    fn text(self) -> &'static str {
        match self {
            Self::Add => " + ",
            Self::Sub => " - ",
            Self::Mul => " * ",
            Self::Div => "/",
            Self::Pow => "^",
            Self::Interact => ":",
        }
    }

    fn strength(self) -> u8 {
        match self {
            Self::Add | Self::Sub => 1,
            Self::Mul | Self::Div => 2,
            Self::Interact => 3,
            Self::Pow => 5,
        }
    }
}

impl Expr {
    fn strength(&self) -> u8 {
        match &self.node {
            Node::Binary(op, ..) => op.strength(),
            Node::Neg(_) => 4,
            _ => 6,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        let wrap = self.strength() < least;
        if wrap {
            f.write_str("(")?;
        }
        match &self.node {
            Node::Number(x) => write!(f, "{x}")?,
            Node::Text(text) => write!(f, "\"{text}\"")?,
            Node::Name(name) => f.write_str(&quoted(name))?,
            Node::Dot => f.write_str(".")?,
            Node::Neg(inner) => {
                f.write_str("-")?;
                inner.write(f, 4)?;
            }
            Node::Binary(op, left, right) => {
                let strength = op.strength();
                // Powers group to the right, everything else to the left.
                let (l, r) = if *op == Op::Pow { (6, 4) } else { (strength, strength + 1) };
                left.write(f, l)?;
                f.write_str(op.text())?;
                right.write(f, r)?;
            }
            Node::Call(name, arguments) => {
                write!(f, "{name}(")?;
                for (position, (key, argument)) in arguments.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    if let Some(key) = key {
                        write!(f, "{key} = ")?;
                    }
                    argument.write(f, 0)?;
                }
                f.write_str(")")?;
            }
        }
        if wrap { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(response) = &self.response {
            write!(f, "{response} ")?;
        }
        write!(f, "~ {}", self.terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Formula::parse(text).unwrap().to_string()
    }

    #[test]
    fn prints_as_r_deparses() {
        assert_eq!(shown("log(y)~log(x1)+log( x2 )"), "log(y) ~ log(x1) + log(x2)");
        assert_eq!(shown("y~I(1/2*log(k)*log(l))-1"), "y ~ I(1/2 * log(k) * log(l)) - 1");
        assert_eq!(shown("y ~ (a+b)^2:c"), "y ~ (a + b)^2:c");
        assert_eq!(shown("y ~ a-(b-c)"), "y ~ a - (b - c)");
        assert_eq!(shown("y ~ -x^2"), "y ~ -x^2");
        assert_eq!(shown("y ~ (-x)^2"), "y ~ (-x)^2");
        assert_eq!(shown("~ factor(r, base=\"A\")"), "~ factor(r, base = \"A\")");
    }

    #[test]
    fn printing_and_reading_are_inverse() {
        for text in ["y ~ a^b^c", "y ~ (a^b)^c", "y ~ a/(b * c)", "y ~ -(a + b)", "y ~ a:(b + c)"] {
            let once = shown(text);
            assert_eq!(shown(&once), once);
            assert_eq!(Formula::parse(&once).unwrap().terms, Formula::parse(text).unwrap().terms);
        }
    }

    #[test]
    fn errors_point_into_the_text() {
        let at = |text: &str| {
            let error = Formula::parse(text).unwrap_err();
            error.place().map(|p| (p.start, p.end)).unwrap()
        };
        assert_eq!(at("log(y) ~ log(x"), (14, 14));
        assert_eq!(at("y ~ x +"), (7, 7));
        assert_eq!(at("y ~ + * x"), (6, 7));
        assert_eq!(at("y ~ x ~ z"), (6, 7));
        assert!(matches!(Formula::parse("y + x"), Err(FormulaError::NoResponse { .. })));
        assert!(Formula::parse("").is_err());
        let deep = format!("y ~ {}x{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(matches!(Formula::parse(&deep), Err(FormulaError::Untermed { .. })));
    }
}
