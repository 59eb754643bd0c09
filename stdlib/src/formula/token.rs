//! Text to tokens.

use super::error::{FormulaError, Place};

/// A stretch of the formula's text, in bytes.
pub type Span = (usize, usize);

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A number.
    Number(f64),
    /// A column's or a function's name; in backquotes it may hold any character.
    Name(String),
    /// Text in quotes: a factor's level.
    Text(String),
    /// One of `~ + - * / ^ : ( ) , = .`
    Symbol(char),
    /// The end of the formula.
    End,
}

impl Token {
    /// How an error names it.
    pub fn describe(&self) -> String {
        match self {
            Self::Number(x) => format!("the number {x}"),
            Self::Name(name) => format!("the name `{name}`"),
            Self::Text(text) => format!("the text \"{text}\""),
            Self::Symbol(c) => format!("`{c}`"),
            Self::End => "the end".into(),
        }
    }
}

/// The tokens of `text`, each with its span, ending with [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(Token, Span)>, FormulaError> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    let place = |start, end| Place { formula: text.to_owned(), start, end };
    while let Some(&(start, c)) = chars.peek() {
        let next = text[start + c.len_utf8()..].chars().next();
        if c.is_whitespace() {
            chars.next();
        } else if c.is_ascii_digit() || (c == '.' && next.is_some_and(|n| n.is_ascii_digit())) {
            let end = number_end(text, start);
            let value: f64 = text[start..end].parse().map_err(|_| FormulaError::Unexpected {
                at: place(start, end),
                expected: "a number",
                found: format!("`{}`", &text[start..end]),
            })?;
            found.push((Token::Number(value), (start, end)));
            while chars.peek().is_some_and(|(at, _)| *at < end) {
                chars.next();
            }
        } else if c.is_alphabetic() || c == '_' {
            let mut end = start;
            while let Some(&(at, c)) = chars.peek() {
                if !(c.is_alphanumeric() || c == '_' || c == '.') {
                    break;
                }
                end = at + c.len_utf8();
                chars.next();
            }
            found.push((Token::Name(text[start..end].to_owned()), (start, end)));
        } else if matches!(c, '`' | '"' | '\'') {
            chars.next();
            let close = chars.by_ref().find(|(_, other)| *other == c).map(|(at, _)| at);
            let close = close.ok_or_else(|| FormulaError::Unexpected {
                at: place(start, text.len()),
                expected: "the closing quote",
                found: "the end".into(),
            })?;
            let inner = text[start + 1..close].to_owned();
            let token = if c == '`' { Token::Name(inner) } else { Token::Text(inner) };
            found.push((token, (start, close + 1)));
        } else if "~+-*/^:(),=.".contains(c) {
            chars.next();
            found.push((Token::Symbol(c), (start, start + 1)));
        } else {
            return Err(FormulaError::Unexpected {
                at: place(start, start + c.len_utf8()),
                expected: "a column, a number or one of ~ + - * / ^ : ( ) ,",
                found: format!("`{c}`"),
            });
        }
    }
    found.push((Token::End, (text.len(), text.len())));
    Ok(found)
}

fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        at
    };
    let mut end = digits(start);
    if end < bytes.len() && bytes[end] == b'.' {
        end = digits(end + 1);
    }
    if end < bytes.len() && matches!(bytes[end], b'e' | b'E') {
        let sign = usize::from(end + 1 < bytes.len() && matches!(bytes[end + 1], b'+' | b'-'));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_and_symbols_carry_their_spans() {
        let found = tokens("log(y.1) ~ .5*`a b` - 1e-6").unwrap();
        let texts: Vec<(Token, Span)> = found;
        assert_eq!(texts[2], (Token::Name("y.1".into()), (4, 7)));
        assert_eq!(texts[5], (Token::Number(0.5), (11, 13)));
        assert_eq!(texts[7], (Token::Name("a b".into()), (14, 19)));
        assert_eq!(texts[9], (Token::Number(1e-6), (22, 26)));
        assert_eq!(texts[10].0, Token::End);
    }

    #[test]
    fn a_stray_character_is_pointed_at() {
        let error = tokens("y ~ x & z").unwrap_err();
        assert_eq!(error.place().map(|p| (p.start, p.end)), Some((6, 7)));
        assert!(tokens("y ~ `x").is_err());
        assert!(tokens("y ~ ъ + Қ").is_ok());
    }
}
