//! What the front-ends ask of a language.
//!
//! [`Session`] is the language; the trait stands between so that the wire layer can be tested with
//! a toy one. Nothing here prints: text, pictures and errors come back as values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use esep_dsl::{Bundle, Completeness, Completion, ProgressSink, Report, Session};

/// Stack of the thread that evaluates: deep recursion in a script is an error, not a crash.
pub const STACK: usize = 256 << 20;

/// Why a cell gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of error, one word.
    pub name: String,
    /// What went wrong, in one sentence.
    pub message: String,
    /// The whole report, with place and hint.
    pub text: String,
    /// The same with ANSI colours.
    pub coloured: String,
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self {
            text: report.render(false),
            coloured: report.render(true),
            name: report.name,
            message: report.message,
        }
    }
}

/// A language that a front-end can speak.
pub trait Language {
    /// Set it to stop the cell that runs; every `eval` resets it at its start.
    fn cancel_flag(&self) -> Arc<AtomicBool>;
    /// Runs a cell; `None` when it has nothing to show.
    fn eval(&mut self, code: &str) -> Result<Option<Bundle>, Failure>;
    /// What can stand at a byte position.
    fn complete(&self, code: &str, at: usize) -> Completion;
    /// Help on what stands at a byte position.
    fn inspect(&self, code: &str, at: usize) -> Option<Bundle>;
    /// Whether a cell can be run as it is.
    fn completeness(&self, code: &str) -> Completeness;
    /// The help page on a name; the overview when it is empty.
    fn help(&self, name: &str) -> Result<Bundle, Failure>;
    /// Each variable's name, type and short form.
    fn variables(&self) -> Vec<(String, String, String)>;
    /// Where long work says how far it is, from any thread.
    fn report_progress(&mut self, to: ProgressSink);
}

impl Language for Session {
    fn cancel_flag(&self) -> Arc<AtomicBool> {
        Self::cancel_flag(self)
    }

    fn eval(&mut self, code: &str) -> Result<Option<Bundle>, Failure> {
        sheltered(|| Self::eval(self, code).map_err(Failure::from))
            .unwrap_or_else(|| Err(internal("a primitive failed in a way it should not")))
    }

    fn complete(&self, code: &str, at: usize) -> Completion {
        let nothing = Completion { start: at, end: at, matches: Vec::new() };
        sheltered(|| Self::complete(self, code, at)).unwrap_or(nothing)
    }

    fn inspect(&self, code: &str, at: usize) -> Option<Bundle> {
        sheltered(|| Self::inspect(self, code, at)).flatten()
    }

    fn completeness(&self, code: &str) -> Completeness {
        sheltered(|| Self::completeness(self, code)).unwrap_or(Completeness::Complete)
    }

    fn help(&self, name: &str) -> Result<Bundle, Failure> {
        Self::help(self, name).map_err(Failure::from)
    }

    fn variables(&self) -> Vec<(String, String, String)> {
        Self::variables(self)
    }

    fn report_progress(&mut self, to: ProgressSink) {
        self.set_progress(Some(to));
    }
}

/// What `work` gives, unless it panics.
///
/// A panic in a primitive is a defect, yet it must not take the analyst's variables with it.
fn sheltered<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn internal(message: &str) -> Failure {
    let text = format!(
        "error: internal: {message}\nhint: your variables are kept; please report the cell that \
         led here"
    );
    Failure {
        name: "Internal".to_owned(),
        message: message.to_owned(),
        coloured: text.clone(),
        text,
    }
}
