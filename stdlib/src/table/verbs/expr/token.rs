//! Text to tokens.

use super::super::error::ExprError;
use crate::formula::Place;

/// A stretch of the expression's text, in bytes.
pub type Span = (usize, usize);

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Number(f64),
    /// Text in single quotes.
    Text(String),
    /// A bare word: a column, a function or a keyword.
    Word(String),
    /// A column's name in backticks or double quotes.
    Quoted(String),
    /// `$name`: a value handed in beside the expression.
    Parameter(String),
    /// An operator or bracket.
    Symbol(&'static str),
    /// The end of the expression.
    End,
}

impl Token {
    /// How an error names it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Int(i) => format!("the number {i}"),
            Self::Number(x) => format!("the number {x}"),
            Self::Text(text) => format!("the text '{text}'"),
            Self::Word(name) | Self::Quoted(name) => format!("the name `{name}`"),
            Self::Parameter(name) => format!("`${name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".into(),
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: &[&str] = &[
    "==", "!=", "<>", "<=", ">=", "&&", "||", "**", "<", ">", "=", "+", "-", "*", "/", "%", "^",
    "(", ")", "[", "]", ",", "!", "&", "|", "~",
];

/// The tokens of `text`, each with its span, ending with [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Span)>, ExprError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let next = rest[c.len_utf8()..].chars().next();
        let end = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c.is_ascii_digit() || (c == '.' && next.is_some_and(|n| n.is_ascii_digit())) {
            let end = at + number_length(rest);
            found.push((number(text, at, end)?, (at, end)));
            end
        } else if word_start(c) {
            let end = at + word_length(rest);
            found.push((Token::Word(text[at..end].to_owned()), (at, end)));
            end
        } else if c == '$' && next.is_some_and(word_start) {
            let end = at + 1 + word_length(&rest[1..]);
            found.push((Token::Parameter(text[at + 1..end].to_owned()), (at, end)));
            end
        } else if matches!(c, '`' | '"' | '\'') {
            let (inner, length) = quoted(rest, c).ok_or_else(|| ExprError::Unexpected {
                at: Place { formula: text.to_owned(), start: at, end: text.len() },
                expected: "the closing quote",
                found: "the end".into(),
            })?;
            let token = if c == '\'' { Token::Text(inner) } else { Token::Quoted(inner) };
            found.push((token, (at, at + length)));
            at + length
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            found.push((Token::Symbol(symbol), (at, at + symbol.len())));
            at + symbol.len()
        } else {
            return Err(ExprError::Unexpected {
                at: Place { formula: text.to_owned(), start: at, end: at + c.len_utf8() },
                expected: "a column, a value or an operator",
                found: format!("`{c}`"),
            });
        };
        at = end;
    }
    found.push((Token::End, (text.len(), text.len())));
    Ok(found)
}

fn word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len())
}

/// The text up to the closing quote (a doubled quote stands for itself) and the bytes read.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            inner.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == quote) {
            inner.push(quote);
            chars.next();
        } else {
            return Some((inner, at + 1));
        }
    }
    None
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'_') {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    end
}

fn number(text: &str, start: usize, end: usize) -> Result<Token, ExprError> {
    let digits = text[start..end].replace('_', "");
    if let Ok(whole) = digits.parse::<i64>() {
        return Ok(Token::Int(whole));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Token::Number(value)),
        _ => Err(ExprError::Unexpected {
            at: Place { formula: text.to_owned(), start, end },
            expected: "a number",
            found: format!("`{}`", &text[start..end]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_quotes_and_symbols_carry_their_spans() {
        let found = tokens("`ВРП, млн` >= 1_000.5 and x != 'it''s' or $k<>2").unwrap();
        assert_eq!(found[0], (Token::Quoted("ВРП, млн".into()), (0, 16)));
        assert_eq!(found[1].0, Token::Symbol(">="));
        assert_eq!(found[2].0, Token::Number(1000.5));
        assert_eq!(found[6].0, Token::Text("it's".into()));
        assert_eq!(found[8].0, Token::Parameter("k".into()));
        assert_eq!(found[10].0, Token::Int(2));
    }

    #[test]
    fn a_stray_character_and_an_open_quote_are_pointed_at() {
        let error = tokens("x > 1 ; y").unwrap_err();
        assert_eq!((error.place().start, error.place().end), (6, 7));
        let error = tokens("x == 'Almaty").unwrap_err();
        assert_eq!(error.place().start, 5);
    }
}
