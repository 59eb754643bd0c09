//! The `esep` program: script runner, REPL and Jupyter kernel.

mod cli;
mod commands;
mod doctor;
mod install;
mod interrupt;
mod jupyter;
mod language;
mod notebook;
mod page;
mod places;
mod project;
mod repl;
mod run;
mod terminal;

use std::io::Write as _;
use std::process::ExitCode;

use cli::Action;

/// Status of a command line that cannot be followed.
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned());
    let action = match cli::parse(arguments) {
        Ok(action) => action,
        Err(problem) => {
            complain(&problem);
            return MISUSE.into();
        }
    };
    let outcome = match action {
        Action::Say(text) => {
            say(&text);
            Ok(0)
        }
        Action::Run(run) => on_a_large_stack(move || run::run(&run)),
        Action::Repl => on_a_large_stack(repl::repl),
        Action::Install(place) => install::install(&place).map(|folder| {
            say(&format!("installed the kernel \"Esep\" in {}\n", folder.display()));
            0
        }),
        Action::New(folder) => project::create(&folder).map(|told| {
            say(&told);
            0
        }),
        Action::Doctor => on_a_large_stack(|| {
            let (told, healthy) = doctor::examine();
            say(&told);
            u8::from(!healthy)
        }),
        Action::Kernel(file) => {
            let history = places::remembered("kernel_history.jsonl");
            jupyter::serve(&file, history, esep_dsl::Session::new).map(|()| 0)
        }
    };
    match outcome {
        Ok(status) => status.into(),
        Err(problem) => {
            complain(&problem);
            1.into()
        }
    }
}

/// Runs `work` where a deep recursion in a script meets the language's limit, not the stack's.
fn on_a_large_stack(work: impl FnOnce() -> u8 + Send + 'static) -> Result<u8, String> {
    std::thread::Builder::new()
        .name("language".to_owned())
        .stack_size(language::STACK)
        .spawn(work)
        .map_err(|error| format!("cannot start the language's thread: {error}"))?
        .join()
        .map_err(|_| "internal: the language's thread ended early; please report this".to_owned())
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    terminal::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn complain(problem: &str) {
    terminal::written(writeln!(std::io::stderr().lock(), "error: {problem}"));
}
