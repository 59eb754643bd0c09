//! The language's thread: takes requests in order and answers each.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use esep_dsl::{Bundle, Completeness, Sink};
use serde_json::{Value, json};

use super::ask::Asking;
use super::execute::Counter;
use super::history::History;
use super::info::kernel_info;
use super::outbox::Outbox;
use super::sink::{JupyterProgress, JupyterSink};
use super::sockets::unknown;
use super::wire::Message;
use crate::interrupt::Interrupter;
use crate::language::Language;

/// How long the thread waits for a first request before it makes the language unasked.
const HEAD_START: Duration = Duration::from_millis(10);

/// How long requests that are under way may take to arrive when a cell has failed.
const UNDER_WAY: Duration = Duration::from_millis(2);

/// The request that runs, shared with the sinks.
pub type Current = Arc<Mutex<Running>>;

/// What output is published under, and who can be asked.
#[derive(Debug, Clone)]
pub struct Running {
    /// The header of the request.
    pub parent: Arc<Value>,
    /// The request, if whoever sent it takes questions.
    pub asker: Option<Arc<Message>>,
}

/// Requests, with what is known about those still waiting.
struct Jobs {
    receiver: Receiver<Message>,
    waiting: VecDeque<(Message, bool)>,
}

impl Jobs {
    /// Marks every cell that waits as not to be run.
    fn abort(&mut self) {
        std::thread::sleep(UNDER_WAY);
        while let Ok(job) = self.receiver.try_recv() {
            self.waiting.push_back((job, false));
        }
        for (_, aborted) in &mut self.waiting {
            *aborted = true;
        }
    }
}

/// Serves requests with a language.
pub struct Worker<L, M> {
    make: Option<M>,
    language: Option<L>,
    /// How everything leaves.
    pub outbox: Outbox,
    /// Stops the cell that runs.
    pub interrupter: Arc<Interrupter>,
    current: Current,
    answers: Option<Receiver<Message>>,
    /// Numbers of cells.
    pub counter: Counter,
    /// What was run.
    pub history: History,
}

impl<L, M> Worker<L, M>
where
    L: Language,
    M: FnOnce(Box<dyn Sink>) -> L,
{
    /// A worker that makes its language with `make` when it is first needed.
    pub fn new(
        make: M,
        outbox: Outbox,
        interrupter: Arc<Interrupter>,
        answers: Receiver<Message>,
        history: Option<PathBuf>,
    ) -> Self {
        Self {
            make: Some(make),
            language: None,
            outbox,
            interrupter,
            current: Arc::new(Mutex::new(Running { parent: Arc::new(json!({})), asker: None })),
            answers: Some(answers),
            counter: Counter::default(),
            history: History::new(history),
        }
    }

    /// Answers requests until no more can come.
    pub fn run(mut self, receiver: Receiver<Message>) {
        let mut jobs = Jobs { receiver, waiting: VecDeque::new() };
        self.outbox.status("starting", &Arc::new(json!({})));
        loop {
            let (job, aborted) = if let Some(job) = jobs.waiting.pop_front() {
                job
            } else if self.language.is_none() {
                match jobs.receiver.recv_timeout(HEAD_START) {
                    Ok(job) => (job, false),
                    Err(RecvTimeoutError::Timeout) => {
                        self.language();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else if let Ok(job) = jobs.receiver.recv() {
                (job, false)
            } else {
                return;
            };
            self.serve(&Arc::new(job), aborted, &mut jobs);
        }
    }

    /// The language, made when it is first asked for.
    pub fn language(&mut self) -> &mut L {
        let (make, answers) = (&mut self.make, &mut self.answers);
        let (outbox, interrupter, current) = (&self.outbox, &self.interrupter, &self.current);
        self.language.get_or_insert_with(|| {
            let make = make.take().expect("the language is made once");
            let answers = answers.take().expect("the language is made once");
            let asking = Asking::new(outbox.clone(), answers, Arc::clone(interrupter));
            let sink = JupyterSink::new(outbox.clone(), Arc::clone(current), asking);
            let mut language = make(Box::new(sink));
            let bar = JupyterProgress::new(outbox.clone(), Arc::clone(current));
            language.report_progress(Arc::new(move |progress| bar.report(progress)));
            interrupter.tell(language.cancel_flag());
            language
        })
    }

    fn serve(&mut self, job: &Arc<Message>, aborted: bool, jobs: &mut Jobs) {
        let parent = Arc::new(job.header.clone());
        let kind = job.kind();
        let asks = kind == "execute_request" && job.flag("allow_stdin", true);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Running { parent: Arc::clone(&parent), asker: asks.then(|| Arc::clone(job)) };
        if kind == "execute_request" && !aborted {
            // Before `busy`, so that an interrupt sent on seeing it finds the language listening.
            self.language();
            self.interrupter.start();
        }
        self.outbox.status("busy", &parent);
        match kind {
            "execute_request" if aborted => self.outbox.reply(job, json!({ "status": "aborted" })),
            "execute_request" => {
                let outcome = self.execute(job, &parent);
                self.interrupter.end();
                if outcome.stops_the_queue {
                    // The client has not seen the reply yet, so whatever has arrived by now was
                    // sent without knowing of the error.
                    jobs.abort();
                }
                self.outbox.reply(job, outcome.reply);
            }
            "kernel_info_request" => self.outbox.reply(job, kernel_info()),
            "complete_request" => {
                let reply = self.complete(job);
                self.outbox.reply(job, reply);
            }
            "inspect_request" => {
                let reply = self.inspect(job);
                self.outbox.reply(job, reply);
            }
            "is_complete_request" => {
                let reply = self.is_complete(job);
                self.outbox.reply(job, reply);
            }
            "history_request" => {
                let reply = self.history.reply(job);
                self.outbox.reply(job, reply);
            }
            "comm_info_request" => self.outbox.reply(job, json!({ "status": "ok", "comms": {} })),
            "comm_open" => {
                // No target is known: the protocol asks to close the comm at once.
                let close = json!({ "comm_id": job.text("comm_id"), "data": {} });
                self.outbox.publish("comm_close", &parent, close);
            }
            kind if kind.ends_with("_request") => self.outbox.reply(job, unknown(kind)),
            _ => {}
        }
        self.outbox.status("idle", &parent);
    }

    fn complete(&mut self, job: &Message) -> Value {
        let code = job.text("code");
        let at = byte_at(code, job.number("cursor_pos"));
        let found = self.language().complete(code, at);
        json!({
            "status": "ok",
            "matches": found.matches,
            "cursor_start": code_points(code, found.start),
            "cursor_end": code_points(code, found.end),
            "metadata": {},
        })
    }

    fn inspect(&mut self, job: &Message) -> Value {
        let code = job.text("code");
        let at = byte_at(code, job.number("cursor_pos"));
        let found = self.language().inspect(code, at);
        json!({
            "status": "ok",
            "found": found.is_some(),
            "data": found.as_ref().map_or_else(|| json!({}), data),
            "metadata": {},
        })
    }

    fn is_complete(&mut self, job: &Message) -> Value {
        let code = job.text("code");
        if crate::commands::parse(code).is_some() {
            return json!({ "status": "complete" });
        }
        match self.language().completeness(code) {
            Completeness::Complete => json!({ "status": "complete" }),
            Completeness::Incomplete { indent } => {
                json!({ "status": "incomplete", "indent": indent })
            }
            Completeness::Invalid { .. } => json!({ "status": "invalid" }),
        }
    }
}

/// The data of a message that shows `bundle`.
pub fn data(bundle: &Bundle) -> Value {
    Value::Object(bundle.mime())
}

/// The byte position of a cursor counted in code points; without one, the end.
fn byte_at(code: &str, cursor: Option<i64>) -> usize {
    let Some(cursor) = cursor else { return code.len() };
    let cursor = usize::try_from(cursor).unwrap_or(0);
    code.char_indices().nth(cursor).map_or(code.len(), |(at, _)| at)
}

/// The code points before a byte position.
fn code_points(code: &str, at: usize) -> usize {
    code.char_indices().take_while(|(start, _)| *start < at).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_count_code_points() {
        // A Kazakh letter of two bytes and a letter outside the basic plane of four.
        let code = "\u{04d9}\u{1d53c}x";
        assert_eq!(byte_at(code, Some(0)), 0);
        assert_eq!(byte_at(code, Some(1)), 2);
        assert_eq!(byte_at(code, Some(2)), 6);
        assert_eq!(byte_at(code, Some(99)), 7);
        assert_eq!(byte_at(code, Some(-3)), 0);
        assert_eq!(byte_at(code, None), 7);
        for (points, at) in [(0, 0), (1, 2), (2, 6), (3, 7), (3, 99)] {
            assert_eq!(code_points(code, at), points);
        }
    }
}
