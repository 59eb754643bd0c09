//! The REPL.

mod edit;
mod paint;

use std::cell::RefCell;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::rc::Rc;
use std::sync::Arc;

use esep_dsl::{Bundle, Completeness, Session, Sink, Style};
use rustyline::Editor;
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;

use crate::commands::{self, Answer, COMMANDS, Command};
use crate::interrupt::{self, Interrupter};
use crate::language::Language;
use crate::terminal::{Terminal, colours};
use crate::{jupyter, places};
use edit::Assistant;

/// Presses of Ctrl-C that a running cell may leave unheard before the program ends.
const PATIENCE: u32 = 2;
/// Columns that displays may take, whatever the terminal says.
const NARROWEST: usize = 60;
const WIDEST: usize = 200;
/// Lines that the history keeps.
const REMEMBERED: usize = 5_000;

/// The terminal as the session's sink.
struct Shared(Arc<Terminal>);

impl Sink for Shared {
    fn print(&self, text: &str) {
        self.0.print(text);
    }

    fn display(&self, bundle: &Bundle) {
        self.0.display(bundle);
    }

    fn warn(&self, text: &str) {
        self.0.warn(text);
    }

    fn ask(&self, prompt: &str) -> Option<String> {
        self.0.ask(prompt)
    }
}

/// Reads, evaluates and prints until the user leaves; gives the exit status.
///
/// A pipe is read in the same way without prompts; its status is 1 when a cell failed.
pub fn repl() -> u8 {
    let terminal = Arc::new(Terminal::new());
    let mut session = Session::new(Box::new(Shared(Arc::clone(&terminal))));
    let line = Arc::clone(&terminal);
    session.report_progress(Arc::new(move |progress| line.progress(progress)));
    let interrupter = Interrupter::of(session.cancel_flag());
    interrupt::listen(Arc::clone(&interrupter), PATIENCE);
    let status = if stdin().is_terminal() && stdout().is_terminal() {
        interactive(session, &terminal, &interrupter)
    } else {
        interrupter.start();
        piped(session, &terminal)
    };
    terminal.flush();
    status
}

fn interactive(session: Session, terminal: &Terminal, interrupter: &Interrupter) -> u8 {
    let config = Config::builder()
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .tab_stop(4)
        .max_history_size(REMEMBERED)
        .map(rustyline::config::Builder::build)
        .unwrap_or_default();
    let session = Rc::new(RefCell::new(session));
    let mut editor = match Editor::<Assistant<Session>, FileHistory>::with_config(config) {
        Ok(editor) => editor,
        Err(error) => {
            terminal.complain(&format!("error: cannot edit lines on this terminal: {error}"));
            return 1;
        }
    };
    editor.set_helper(Some(Assistant::new(Rc::clone(&session), colours(&stdout()))));
    let history = places::remembered("repl_history");
    if let Some(file) = &history {
        // The first session has no history yet.
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = editor.load_history(file);
    }
    terminal.say(&jupyter::banner());
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                interrupter.start();
                if let Some((columns, _)) = editor.dimensions() {
                    let width = usize::from(columns).clamp(NARROWEST, WIDEST);
                    session.borrow_mut().set_style(Style { width, ..Style::default() });
                }
                let kept = !matches!(commands::parse(&line), Some(Command::Quit));
                if kept {
                    let _ = editor.add_history_entry(&line);
                }
                let next = evaluate(&mut session.borrow_mut(), terminal, &line);
                interrupter.end();
                // Not before the cell: a slow disk would keep it from starting, and a Ctrl-C meant
                // for it would be forgotten when it does.
                if let Some(file) = history.as_ref().filter(|_| kept) {
                    // What cannot be written is still there until the end of this session.
                    let _ = editor.append_history(file);
                }
                if next == Next::Leave {
                    return 0;
                }
            }
            Err(ReadlineError::Interrupted) => terminal.say("(Ctrl-D or :quit leaves)"),
            Err(ReadlineError::Eof) => return 0,
            Err(error) => {
                terminal.complain(&format!("error: cannot read the terminal: {error}"));
                return 1;
            }
        }
    }
}

fn piped(mut session: Session, terminal: &Terminal) -> u8 {
    let mut cell = String::new();
    let mut status = 0;
    loop {
        // The lock is not kept: a cell that asks the user reads from the same pipe.
        let ended = match stdin().read_line(&mut cell) {
            Ok(read) => read == 0,
            Err(error) => {
                terminal.complain(&format!("error: cannot read standard input: {error}"));
                return 1;
            }
        };
        if !ended && !complete(&session, &cell) {
            continue;
        }
        if !cell.trim().is_empty() {
            match evaluate(&mut session, terminal, &cell) {
                Next::Leave => return status,
                Next::Failed => status = 1,
                Next::GoOn => {}
            }
        }
        if ended {
            return status;
        }
        cell.clear();
    }
}

/// Whether `cell` can be evaluated: a command, whole code, or code that no more lines will mend.
fn complete(language: &impl Language, cell: &str) -> bool {
    commands::parse(cell).is_some()
        || !matches!(language.completeness(cell), Completeness::Incomplete { .. })
}

/// What follows a cell.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Failed,
    Leave,
}

fn evaluate(session: &mut Session, terminal: &Terminal, code: &str) -> Next {
    if matches!(commands::parse(code), Some(Command::Help(""))) {
        for (usage, help) in COMMANDS {
            terminal.say(&format!("  {usage:<12} {help}"));
        }
    }
    match commands::run(session, |text| terminal.say(text), code) {
        Ok(Answer::Quit) => return Next::Leave,
        Ok(Answer::Value(Some(bundle)) | Answer::Page(bundle)) => terminal.say(&bundle.plain),
        Ok(Answer::Value(None)) => {}
        Err(failure) => {
            let coloured = colours(&stderr());
            terminal.complain(if coloured { &failure.coloured } else { &failure.text });
            return Next::Failed;
        }
    }
    Next::GoOn
}
