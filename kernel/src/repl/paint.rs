//! Colours for code at the prompt.

const KEYWORDS: [&str; 31] = [
    "let", "const", "if", "else", "switch", "while", "loop", "for", "in", "do", "until", "break",
    "continue", "return", "throw", "try", "catch", "fn", "private", "import", "export", "as",
    "true", "false", "this", "global", "Fn", "call", "curry", "type_of", "print",
];

const KEYWORD: &str = "\x1b[35m";
const TEXT: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const COMMENT: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// `code` with ANSI colours; without them it is `code` again.
pub fn paint(code: &str) -> String {
    let mut painted = String::with_capacity(2 * code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (length, colour) = token(rest, first);
        let (piece, after) = rest.split_at(length);
        match colour {
            Some(colour) => {
                painted.push_str(colour);
                painted.push_str(piece);
                painted.push_str(PLAIN);
            }
            None => painted.push_str(piece),
        }
        rest = after;
    }
    painted
}

/// The bytes of the token that begins `rest`, and its colour.
fn token(rest: &str, first: char) -> (usize, Option<&'static str>) {
    let run = |member: fn(char) -> bool| rest.find(|c| !member(c)).unwrap_or(rest.len());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), Some(COMMENT))
    } else if rest.starts_with("/*") {
        (comment(rest), Some(COMMENT))
    } else if matches!(first, '"' | '`' | '\'') {
        (quoted(rest, first), Some(TEXT))
    } else if first.is_ascii_digit() {
        let length = run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        // `0..3` is a range, not a number.
        (rest[..length].find("..").unwrap_or(length), Some(NUMBER))
    } else if word(first) {
        let length = run(word);
        (length, KEYWORDS.contains(&&rest[..length]).then_some(KEYWORD))
    } else {
        (first.len_utf8(), None)
    }
}

/// The length of a quoted text, to its closing quote or the end.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    rest.len()
}

/// The length of a block comment; block comments nest.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_get_their_colours() {
        assert_eq!(
            paint("let x = 1.5; // n"),
            "\x1b[35mlet\x1b[0m x = \x1b[36m1.5\x1b[0m; \x1b[2m// n\x1b[0m"
        );
        assert_eq!(paint(r#""a\"b" c"#), "\x1b[32m\"a\\\"b\"\x1b[0m c");
        assert_eq!(paint("0..3"), "\x1b[36m0\x1b[0m..\x1b[36m3\x1b[0m");
        assert_eq!(paint("/* a /* b */ c */d"), "\x1b[2m/* a /* b */ c */\x1b[0md");
    }

    #[test]
    fn taking_the_colours_away_gives_the_code_back() {
        let codes = [
            "",
            "\"open",
            "`a ${b}`",
            "'\u{04d9}' \u{1d53c}x",
            "/* open \u{04d9}",
            "1..",
            "a/b*c",
            "\\",
        ];
        for code in codes {
            let mut plain = paint(code);
            for colour in [KEYWORD, TEXT, NUMBER, COMMENT, PLAIN] {
                plain = plain.replace(colour, "");
            }
            assert_eq!(plain, code);
        }
    }
}
