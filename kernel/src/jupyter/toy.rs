//! A toy language with which the wire layer is tested.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use esep_dsl::{Bundle, Completeness, Completion, Progress, ProgressSink, Sink};

use crate::language::{Failure, Language};

/// Understands `print X`, `warn X`, `show X`, `fail`, `loop`, `pause`, `nothing`, `progress`; everything
/// else is its own value.
pub struct Toy {
    sink: Box<dyn Sink>,
    flag: Arc<AtomicBool>,
    progress: Option<ProgressSink>,
}

struct Nowhere;

impl Sink for Nowhere {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

impl Toy {
    pub fn new(sink: Box<dyn Sink>) -> Self {
        Self { sink, flag: Arc::default(), progress: None }
    }

    pub fn silent() -> Self {
        Self::new(Box::new(Nowhere))
    }
}

fn plain(text: &str) -> Bundle {
    Bundle { plain: text.to_owned(), ..Bundle::default() }
}

fn failure(name: &str, message: &str) -> Failure {
    Failure {
        name: name.to_owned(),
        message: message.to_owned(),
        text: format!("error: {message}"),
        coloured: format!("\x1b[31merror\x1b[0m: {message}\nhint: none"),
    }
}

impl Language for Toy {
    fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    fn eval(&mut self, code: &str) -> Result<Option<Bundle>, Failure> {
        self.flag.store(false, Ordering::Relaxed);
        let (word, rest) = code.split_once(' ').unwrap_or((code, ""));
        match word {
            "print" => rest.split(';').for_each(|line| self.sink.print(line)),
            "warn" => self.sink.warn(rest),
            "show" => {
                self.sink.display(&Bundle { svg: Some("<svg></svg>".to_owned()), ..plain(rest) });
            }
            "fail" => return Err(failure("ToyError", "as asked")),
            "nothing" => {}
            "pause" => std::thread::sleep(Duration::from_millis(40)),
            "progress" => {
                for done in 0..=8 {
                    if let Some(report) = &self.progress {
                        report(&Progress { what: "toy".to_owned(), done, total: 8 });
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            "loop" => loop {
                if self.flag.load(Ordering::Relaxed) {
                    return Err(failure("Interrupted", "interrupted"));
                }
                std::thread::sleep(Duration::from_millis(1));
            },
            _ => return Ok(Some(plain(code))),
        }
        Ok(None)
    }

    fn complete(&self, code: &str, at: usize) -> Completion {
        let start = code[..at].rfind(' ').map_or(0, |space| space + 1);
        let matches =
            ["alpha", "\u{04d9}lem"].into_iter().filter(|w| w.starts_with(&code[start..at]));
        Completion { start, end: at, matches: matches.map(str::to_owned).collect() }
    }

    fn inspect(&self, code: &str, _: usize) -> Option<Bundle> {
        code.starts_with("alpha").then(|| plain("alpha: the first"))
    }

    fn help(&self, name: &str) -> Result<Bundle, Failure> {
        self.inspect(name, 0).ok_or_else(|| failure("ToyError", "no help"))
    }

    fn variables(&self) -> Vec<(String, String, String)> {
        vec![("a".to_owned(), "int".to_owned(), "1".to_owned())]
    }

    fn report_progress(&mut self, to: ProgressSink) {
        self.progress = Some(to);
    }

    fn completeness(&self, code: &str) -> Completeness {
        if code.ends_with('{') {
            Completeness::Incomplete { indent: "    ".to_owned() }
        } else if code.starts_with('}') {
            Completeness::Invalid { message: "no".to_owned() }
        } else {
            Completeness::Complete
        }
    }
}
