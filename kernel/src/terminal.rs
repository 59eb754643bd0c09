//! Output on a terminal or a pipe.

use std::io::{self, BufRead as _, BufWriter, IsTerminal, LineWriter, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use esep_dsl::{Bundle, Progress, Sink};

/// Work that ends sooner shows no progress.
const QUIET: Duration = Duration::from_millis(400);
/// How often the progress line is redrawn.
const REDRAW: Duration = Duration::from_millis(100);

/// Whether `stream` shall get colours: it is a terminal and `NO_COLOR` is not set.
pub fn colours(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !refused
}

/// Ends the program when nobody reads what it writes any more (as in `esep ... | head`).
pub fn written(outcome: io::Result<()>) {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        // A full disk or a closed descriptor: there is nowhere left to say so.
        Ok(()) | Err(_) => {}
    }
}

/// Writes text, pictures' text forms, warnings and progress to the standard streams.
pub struct Terminal {
    out: Mutex<Box<dyn Write + Send>>,
    colour_warnings: bool,
    progress: Option<Mutex<Line>>,
}

/// The progress line.
#[derive(Default)]
struct Line {
    what: String,
    started: Option<Instant>,
    drawn: Option<Instant>,
}

impl Terminal {
    /// The standard streams; a pipe is written in large pieces, a terminal line by line.
    pub fn new() -> Self {
        let stdout = io::stdout();
        let out: Box<dyn Write + Send> = if stdout.is_terminal() {
            Box::new(LineWriter::new(stdout))
        } else {
            Box::new(BufWriter::with_capacity(1 << 16, stdout))
        };
        Self {
            out: Mutex::new(out),
            colour_warnings: colours(&io::stderr()),
            progress: io::stderr().is_terminal().then(Mutex::default),
        }
    }

    /// Writes `text` as a line of its own.
    pub fn say(&self, text: &str) {
        self.clear();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        written(write!(out, "{text}{end}"));
    }

    /// Writes `text` to the error stream, after everything said so far.
    pub fn complain(&self, text: &str) {
        self.clear();
        self.flush();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        written(write!(io::stderr().lock(), "{text}{end}"));
    }

    /// Hands over everything said so far.
    pub fn flush(&self) {
        self.clear();
        written(self.out.lock().unwrap_or_else(PoisonError::into_inner).flush());
    }

    /// Draws the progress line, unless it was drawn a moment ago.
    pub fn progress(&self, progress: &Progress) {
        let Some(line) = &self.progress else { return };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if line.what != progress.what || line.started.is_none() {
            *line = Line { what: progress.what.clone(), started: Some(now), drawn: line.drawn };
        }
        let quiet = line.started.is_some_and(|started| now.duration_since(started) < QUIET);
        let fresh = line.drawn.is_some_and(|drawn| now.duration_since(drawn) < REDRAW);
        if quiet || fresh {
            return;
        }
        line.drawn = Some(now);
        let Progress { what, done, total } = progress;
        written(write!(io::stderr().lock(), "\r\x1b[K{what}: {done} of {total}"));
    }

    /// Removes the progress line.
    fn clear(&self) {
        let Some(progress) = &self.progress else { return };
        let mut line = progress.lock().unwrap_or_else(PoisonError::into_inner);
        if line.drawn.take().is_some() {
            written(write!(io::stderr().lock(), "\r\x1b[K"));
        }
    }
}

impl Terminal {
    /// The line that the user types in answer to `prompt`; `None` at the end of the input.
    pub fn ask(&self, prompt: &str) -> Option<String> {
        self.clear();
        {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            written(write!(out, "{prompt}").and_then(|()| out.flush()));
        }
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(read) if read > 0 => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
            _ => None,
        }
    }
}

impl Sink for Terminal {
    fn ask(&self, prompt: &str) -> Option<String> {
        Self::ask(self, prompt)
    }

    fn print(&self, text: &str) {
        self.say(text);
    }

    fn display(&self, bundle: &Bundle) {
        self.say(&bundle.plain);
    }

    fn warn(&self, text: &str) {
        let (on, off) = if self.colour_warnings { ("\x1b[33m", "\x1b[0m") } else { ("", "") };
        self.complain(&format!("{on}warning{off}: {text}"));
    }
}
