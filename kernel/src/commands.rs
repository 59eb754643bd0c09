//! What a cell or a REPL line may say besides code: `?name`, `:vars`, `:time EXPR` and the like.
//!
//! Rhai code never starts with `?` or `:`, so nothing is taken away from the language.

use std::time::Instant;

use esep_dsl::Bundle;

use crate::language::{Failure, Language};

/// A command, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `?name` or `name?`: help on one name; empty for the overview.
    Help(&'a str),
    /// `:vars`: the variables and what they hold.
    Vars,
    /// `:time EXPR`: evaluates and says how long it took.
    Time(&'a str),
    /// `:quit`: leaves the REPL.
    Quit,
    /// `:anything else`.
    Unknown(&'a str),
}

/// The commands with their help, in the order in which they are listed.
pub const COMMANDS: [(&str, &str); 5] = [
    ("?name", "help on a function, a type or a variable"),
    (":vars", "the variables and what they hold"),
    (":time EXPR", "evaluate and say how long it took"),
    (":help", "these commands and the rooms of the language"),
    (":quit", "leave (also Ctrl-D)"),
];

/// What came of a cell.
#[derive(Debug)]
pub enum Answer {
    /// The value of its last expression, if it has one to show.
    Value(Option<Bundle>),
    /// A help page.
    Page(Bundle),
    /// The user wants to leave.
    Quit,
}

/// The command that `code` is, if it is one.
pub fn parse(code: &str) -> Option<Command<'_>> {
    let code = code.trim();
    if let Some(name) = code.strip_prefix('?') {
        return Some(Command::Help(name.trim_matches('?').trim()));
    }
    if let Some(name) = code.strip_suffix('?') {
        let name = name.trim_end_matches('?');
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
        return (!name.is_empty() && name.chars().all(plain)).then_some(Command::Help(name));
    }
    let command = code.strip_prefix(':')?;
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    Some(match (word, rest.trim()) {
        ("vars", "") => Command::Vars,
        ("time", rest) if !rest.is_empty() => Command::Time(rest),
        ("help" | "h", rest) => Command::Help(rest),
        ("quit" | "exit" | "q", "") => Command::Quit,
        _ => Command::Unknown(code),
    })
}

/// Runs a cell: a command, or code.
pub fn run(
    language: &mut impl Language,
    print: impl Fn(&str),
    code: &str,
) -> Result<Answer, Failure> {
    match parse(code) {
        None => language.eval(code).map(Answer::Value),
        Some(Command::Help(name)) => language.help(name).map(Answer::Page),
        Some(Command::Vars) => {
            list(&language.variables(), print);
            Ok(Answer::Value(None))
        }
        Some(Command::Time(code)) => {
            let started = Instant::now();
            let value = language.eval(code)?;
            print(&format!("took {}", duration(started.elapsed().as_secs_f64())));
            Ok(Answer::Value(value))
        }
        Some(Command::Quit) => Ok(Answer::Quit),
        Some(Command::Unknown(command)) => Err(unknown(command)),
    }
}

/// Variables by name, with their types and what they hold, in columns.
fn list(variables: &[(String, String, String)], print: impl Fn(&str)) {
    if variables.is_empty() {
        print("no variables yet");
    }
    let mut variables: Vec<_> = variables.iter().collect();
    variables.sort();
    let width = |of: fn(&(String, String, String)) -> &String| {
        variables.iter().map(|one| of(one).chars().count()).max().unwrap_or(0)
    };
    let (names, kinds) = (width(|one| &one.0), width(|one| &one.1));
    for (name, kind, brief) in variables {
        print(&format!("{name:names$}  {kind:kinds$}  {brief}"));
    }
}

fn unknown(command: &str) -> Failure {
    let names: Vec<&str> =
        COMMANDS.iter().map(|(usage, _)| *usage).filter(|usage| usage.starts_with(':')).collect();
    let message = format!("unknown command {command:?}");
    let text = format!("error: {message}\nhint: the commands are {}", names.join(", "));
    Failure { name: "UnknownCommand".to_owned(), message, coloured: text.clone(), text }
}

/// Seconds in the unit that reads best.
fn duration(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} \u{b5}s", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else if seconds < 120.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_code() {
        assert_eq!(parse("?sfa"), Some(Command::Help("sfa")));
        assert_eq!(parse(" sfa? "), Some(Command::Help("sfa")));
        assert_eq!(parse("?"), Some(Command::Help("")));
        assert_eq!(parse(":help"), Some(Command::Help("")));
        assert_eq!(parse(":time m.summary()"), Some(Command::Time("m.summary()")));
        assert_eq!(parse(":vars"), Some(Command::Vars));
        assert_eq!(parse(":q"), Some(Command::Quit));
        for code in ["1 + 1", "\"why?\"", "a ?? b", "f(x)?", "// is it?", ""] {
            assert_eq!(parse(code), None, "{code}");
        }
        assert_eq!(parse(":time"), Some(Command::Unknown(":time")));
        assert_eq!(parse(":foo 1"), Some(Command::Unknown(":foo 1")));
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(12e-6), "12 \u{b5}s");
        assert_eq!(duration(0.012_34), "12.3 ms");
        assert_eq!(duration(3.456), "3.46 s");
        assert_eq!(duration(125.0), "2 min 5 s");
    }
}
