//! Editing help at the prompt: completion, multi-line input, hints and colours.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::paint::paint;
use crate::commands::COMMANDS;
use crate::language::Language;

/// Helps to edit a cell of a language.
pub struct Assistant<L> {
    language: Rc<RefCell<L>>,
    history: HistoryHinter,
    colours: bool,
}

impl<L> Assistant<L> {
    /// An assistant that asks `language`.
    pub fn new(language: Rc<RefCell<L>>, colours: bool) -> Self {
        Self { language, history: HistoryHinter::new(), colours }
    }
}

impl<L: Language> Helper for Assistant<L> {}

impl<L: Language> Completer for Assistant<L> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        if line.starts_with(':') && !line[..at].contains(' ') {
            let words = COMMANDS.iter().filter_map(|(usage, _)| usage.split(' ').next());
            let found = words.filter(|word| word.starts_with(&line[..at]));
            return Ok((0, found.map(pair).collect()));
        }
        // `?name` and `:time expr` complete what follows them.
        let skipped = if line.starts_with('?') {
            1
        } else if line.starts_with(':') {
            line.find(' ').map_or(0, |space| space + 1)
        } else {
            0
        };
        let (Some(code), Some(at)) = (line.get(skipped..), at.checked_sub(skipped)) else {
            return Ok((at, Vec::new()));
        };
        let found = self.language.borrow().complete(code, at);
        let matches = found.matches.iter().map(|text| pair(text)).collect();
        Ok((found.start + skipped, matches))
    }
}

fn pair(text: &str) -> Pair {
    Pair { display: text.to_owned(), replacement: text.to_owned() }
}

impl<L: Language> Hinter for Assistant<L> {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        // A hint of several lines would push the screen about while typing.
        self.history.hint(line, at, context).filter(|hint| !hint.contains('\n'))
    }
}

impl<L: Language> Validator for Assistant<L> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let cell = context.input();
        // Two empty lines end a cell that will never be whole, and its error is shown.
        let given_up = cell.ends_with("\n\n");
        let whole = given_up || super::complete(&*self.language.borrow(), cell);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl<L: Language> Highlighter for Assistant<L> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.colours { Cow::Owned(paint(line)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colours {
            Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colours { Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.colours && kind != CmdKind::MoveCursor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::toy::Toy;
    use rustyline::history::DefaultHistory;

    #[test]
    fn completion_knows_commands_and_what_follows_them() {
        let toy = Rc::new(RefCell::new(Toy::silent()));
        let assistant = Assistant::new(toy, false);
        let history = DefaultHistory::new();
        let context = Context::new(&history);
        let complete = |line: &str| {
            let (start, found) = assistant.complete(line, line.len(), &context).unwrap();
            (start, found.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(complete(":t"), (0, vec![":time".to_owned()]));
        assert_eq!(complete("al"), (0, vec!["alpha".to_owned()]));
        assert_eq!(complete("?al"), (1, vec!["alpha".to_owned()]));
        assert_eq!(complete(":time al"), (6, vec!["alpha".to_owned()]));
    }
}
