//! Everything that leaves the kernel goes through here.
//!
//! The language runs on a thread of its own and only puts messages into queues; the tasks in
//! [`super::sockets`] own the sockets. The publishing queue is bounded, so a cell that prints
//! without end is slowed to the pace of its listeners instead of filling the memory.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::wire::{Author, Message};

/// Publications that may wait for the socket before the language has to.
const WAITING: usize = 4096;

/// Something to be sent.
#[derive(Debug)]
pub enum Post {
    /// A whole message.
    Message(Box<Message>),
    /// Text of a running cell; neighbouring pieces are joined before they are sent.
    Stream {
        /// The header of the request that runs.
        parent: Arc<Value>,
        /// Which stream it is.
        name: Stream,
        /// What was written.
        text: String,
    },
    /// Answer once everything before has been sent.
    Flush(oneshot::Sender<()>),
}

/// A text stream of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Printed text.
    Out,
    /// Warnings.
    Err,
}

impl Stream {
    /// The stream's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Out => "stdout",
            Self::Err => "stderr",
        }
    }
}

/// The receiving ends of an [`Outbox`], one for each socket.
#[derive(Debug)]
pub struct Queues {
    /// Replies on the request channel.
    pub shell: mpsc::UnboundedReceiver<Post>,
    /// Questions to the user.
    pub stdin: mpsc::UnboundedReceiver<Post>,
    /// Publications.
    pub iopub: mpsc::Receiver<Post>,
}

/// The sending ends; cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// Makes the headers.
    pub author: Arc<Author>,
    /// Replies on the request channel.
    pub shell: mpsc::UnboundedSender<Post>,
    /// Questions to the user.
    pub stdin: mpsc::UnboundedSender<Post>,
    /// Publications.
    pub iopub: mpsc::Sender<Post>,
}

impl Outbox {
    /// An outbox and the queues it fills.
    pub fn new() -> (Self, Queues) {
        let (shell, shell_queue) = mpsc::unbounded_channel();
        let (stdin, stdin_queue) = mpsc::unbounded_channel();
        let (iopub, iopub_queue) = mpsc::channel(WAITING);
        (
            Self { author: Arc::new(Author::new()), shell, stdin, iopub },
            Queues { shell: shell_queue, stdin: stdin_queue, iopub: iopub_queue },
        )
    }

    // A closed queue means that the kernel is ending: nobody is left to be told.

    /// Publishes a message; blocks while the queue is full, so it is for the language's thread.
    pub fn publish(&self, kind: &str, parent: &Arc<Value>, content: Value) {
        let message = self.author.publish(kind, parent, content);
        let _ = self.iopub.blocking_send(Post::Message(Box::new(message)));
    }

    /// Publishes text of the cell that runs; blocks while the queue is full.
    pub fn stream(&self, name: Stream, parent: &Arc<Value>, text: String) {
        let parent = Arc::clone(parent);
        let _ = self.iopub.blocking_send(Post::Stream { parent, name, text });
    }

    /// Says whether the kernel is `busy` or `idle` with the request under `parent`.
    pub fn status(&self, state: &str, parent: &Arc<Value>) {
        self.publish("status", parent, json!({ "execution_state": state }));
    }

    /// Answers a request on the request channel.
    pub fn reply(&self, request: &Message, content: Value) {
        let message = self.author.reply(request, content);
        let _ = self.shell.send(Post::Message(Box::new(message)));
    }
}
