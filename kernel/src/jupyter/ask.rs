//! Questions to the user in the middle of a cell.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;

use super::outbox::{Outbox, Post};
use super::wire::Message;
use crate::interrupt::Interrupter;

/// How often a waiting cell looks whether it has been interrupted.
const LOOK: Duration = Duration::from_millis(20);

/// Asks on the stdin channel and waits for the answer.
pub struct Asking {
    outbox: Outbox,
    answers: Receiver<Message>,
    interrupter: Arc<Interrupter>,
}

impl Asking {
    /// Takes the answers that arrive on the stdin channel.
    pub fn new(outbox: Outbox, answers: Receiver<Message>, interrupter: Arc<Interrupter>) -> Self {
        Self { outbox, answers, interrupter }
    }

    /// The line that the sender of `request` types; `None` when the cell is interrupted first.
    pub fn ask(&self, request: &Message, prompt: &str) -> Option<String> {
        // What was printed must stand above the question, and no late answer may count for it.
        let (done, wait) = oneshot::channel();
        if self.outbox.iopub.blocking_send(Post::Flush(done)).is_ok() {
            let _ = wait.blocking_recv();
        }
        while self.answers.try_recv().is_ok() {}
        let content = json!({ "prompt": prompt, "password": false });
        let question = self.outbox.author.answer(request, "input_request", content);
        self.outbox.stdin.send(Post::Message(Box::new(question))).ok()?;
        loop {
            match self.answers.recv_timeout(LOOK) {
                Ok(answer) if answer.kind() == "input_reply" => {
                    return Some(answer.text("value").to_owned());
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                _ if self.interrupter.raised() => return None,
                _ => {}
            }
        }
    }
}
