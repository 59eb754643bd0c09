//! Errors as users see them: what, where (line and caret), how to mend.

use std::fmt::Write as _;

use esep_stdlib::Error;
use esep_stdlib::error::Excerpt;
use rhai::{Dynamic, EvalAltResult, Position};

/// The result of a binding.
pub(crate) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// An error on its way through the interpreter.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub message: String,
    pub hint: Option<String>,
    /// A formula or expression; its span counts characters.
    pub excerpt: Option<Excerpt>,
    pub interrupted: bool,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, excerpt: None, interrupted: false }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // Carets count characters, spans count bytes.
        let excerpt = error.excerpt().map(|Excerpt { what, text, span }| {
            let count = |end: usize| text.get(..end).map_or(end, |part| part.chars().count());
            Excerpt { what, span: count(span.start)..count(span.end), text }
        });
        Self {
            message: error.to_string(),
            hint: error.hint(),
            excerpt,
            interrupted: error == Error::Interrupted,
        }
    }
}

impl From<Problem> for Box<EvalAltResult> {
    fn from(problem: Problem) -> Self {
        // Without a position of its own the error takes that of the call.
        EvalAltResult::ErrorRuntime(Dynamic::from(problem), Position::NONE).into()
    }
}

/// Turns typed errors into script errors.
pub(crate) trait Raise<T> {
    /// The value, or the error on its way to the user.
    fn raise(self) -> Fallible<T>;
}

impl<T> Raise<T> for Result<T, Error> {
    fn raise(self) -> Fallible<T> {
        self.map_err(|error| Problem::from(error).into())
    }
}

/// A place in source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What was run, e.g. `cell 3` or a file's name.
    pub source: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// The line itself.
    pub text: String,
}

/// A failed cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Kind of failure: `SyntaxError`, `RuntimeError`, `Interrupted`.
    pub name: String,
    /// What went wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Where, innermost first, then each caller.
    pub places: Vec<Place>,
    /// The faulty part of a formula or of a text expression; its span counts characters.
    pub excerpt: Option<Excerpt>,
}

const RED: &str = "\x1b[31;1m";
const BLUE: &str = "\x1b[34m";
const CYAN: &str = "\x1b[36m";
const OFF: &str = "\x1b[0m";

impl Report {
    /// The report as text; `colour` adds terminal colours.
    pub fn render(&self, colour: bool) -> String {
        let paint = |code: &'static str| if colour { code } else { "" };
        let (red, blue, cyan, off) = (paint(RED), paint(BLUE), paint(CYAN), paint(OFF));
        let mut out = format!("{red}error{off}: {}", self.message);
        for (depth, place) in self.places.iter().enumerate() {
            let arrow = if depth == 0 { "-->" } else { "called from" };
            let _ = write!(
                out,
                "\n {blue}{arrow}{off} {}, line {}, column {}",
                place.source, place.line, place.column
            );
            let gutter = place.line.to_string();
            let _ = write!(out, "\n {blue}{gutter} |{off} {}", place.text);
            if depth == 0 {
                let (start, length) = caret(&place.text, place.column);
                let _ = write!(
                    out,
                    "\n {} {blue}|{off} {}{red}{}{off}",
                    " ".repeat(gutter.len()),
                    " ".repeat(start),
                    "^".repeat(length)
                );
            }
        }
        if let Some(Excerpt { what, text, span }) = &self.excerpt {
            let _ = write!(
                out,
                "\n {blue}{what}:{off} {text}\n   {}{red}{}{off}",
                " ".repeat(what.len() + span.start),
                "^".repeat(span.len().max(1))
            );
        }
        if let Some(hint) = &self.hint {
            let _ = write!(out, "\n{cyan}hint{off}: {hint}");
        }
        out
    }
}

/// Where the caret starts (in display columns from 0) and how far the word under it reaches.
fn caret(line: &str, column: usize) -> (usize, usize) {
    use unicode_width::UnicodeWidthStr;
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    let word: String = line
        .chars()
        .skip(column.saturating_sub(1))
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (before.width(), word.width().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_points_at_the_word() {
        let report = Report {
            name: "RuntimeError".into(),
            message: "kmeans: k must lie in 1..=20 (rows), got 25".into(),
            hint: Some("lower k".into()),
            places: vec![Place {
                source: "cell 3".into(),
                line: 2,
                column: 1,
                text: "kmeans(z, 25)".into(),
            }],
            excerpt: None,
        };
        let expected = "error: kmeans: k must lie in 1..=20 (rows), got 25\n \
                        --> cell 3, line 2, column 1\n 2 | kmeans(z, 25)\n   | ^^^^^^\nhint: lower k";
        assert_eq!(report.render(false), expected);
    }
}
