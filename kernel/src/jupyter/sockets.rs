//! The five sockets and the tasks that own them, all on one thread.
//!
//! Each socket's sending half belongs to one task fed by a queue, so nothing that the language does
//! can hold up the heartbeat, an interrupt or a shutdown.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use zeromq::{
    RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv, SocketSend, XPubSocket,
};

use super::connection::Connection;
use super::info::kernel_info;
use super::outbox::{Outbox, Post, Queues, Stream};
use super::wire::{Message, Signer};
use crate::interrupt::{Interrupter, at_every_ctrl_c};

/// How long printed text may wait for more text to travel with.
const GATHER: Duration = Duration::from_millis(20);
/// Text beyond this many bytes travels at once.
const FULL: usize = 1 << 16;
/// A listener that takes nothing for this long misses the message, ...
const PATIENCE: Duration = Duration::from_secs(5);
/// ... and while it goes on taking nothing the others do not wait so long again.
const STALLED: Duration = Duration::from_millis(20);

/// Where requests and answers for the language's thread go.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Requests on the shell channel, in order.
    pub shell: Sender<Message>,
    /// What the user typed in answer to a question.
    pub stdin: Sender<Message>,
}

/// The bound sockets.
pub struct Sockets {
    shell: RouterSocket,
    control: RouterSocket,
    stdin: RouterSocket,
    iopub: XPubSocket,
    heartbeat: RouterSocket,
    signer: Signer,
}

impl Sockets {
    /// Binds all five.
    pub async fn bind(connection: &Connection) -> Result<Self, String> {
        let mut sockets = Self {
            shell: RouterSocket::new(),
            control: RouterSocket::new(),
            stdin: RouterSocket::new(),
            iopub: XPubSocket::new(),
            heartbeat: RouterSocket::new(),
            signer: Signer::new(connection.key.as_bytes()),
        };
        bind(&mut sockets.shell, connection, connection.shell).await?;
        bind(&mut sockets.control, connection, connection.control).await?;
        bind(&mut sockets.stdin, connection, connection.stdin).await?;
        bind(&mut sockets.iopub, connection, connection.iopub).await?;
        bind(&mut sockets.heartbeat, connection, connection.heartbeat).await?;
        Ok(sockets)
    }

    /// Serves until a client asks for shutdown, and returns when everything has been sent.
    pub async fn serve(
        self,
        inbox: Inbox,
        outbox: Outbox,
        queues: Queues,
        interrupter: Arc<Interrupter>,
    ) {
        let (stop, mut stopped) = mpsc::unbounded_channel();
        let (control_queue, control_posts) = mpsc::unbounded_channel();
        let signer = self.signer;
        let (shell_out, shell_in) = self.shell.split();
        let (control_out, control_in) = self.control.split();
        let (stdin_out, stdin_in) = self.stdin.split();

        tokio::spawn(echo(self.heartbeat));
        tokio::spawn(publish(self.iopub, signer.clone(), queues.iopub, Arc::clone(&outbox.author)));
        tokio::spawn(send(shell_out, signer.clone(), queues.shell));
        tokio::spawn(send(stdin_out, signer.clone(), queues.stdin));
        tokio::spawn(send(control_out, signer.clone(), control_posts));

        let desk = Arc::new(ControlDesk {
            outbox: outbox.clone(),
            replies: control_queue.clone(),
            interrupter: Arc::clone(&interrupter),
            stop,
        });
        let shell_desk = Arc::clone(&desk);
        let to_language = Mutex::new(inbox.shell);
        tokio::spawn(receive(shell_in, signer.clone(), move |request| {
            if request.kind() == "shutdown_request" {
                tokio::spawn(Arc::clone(&shell_desk).serve(request, Reply::Shell));
            } else {
                let sender = to_language.lock().unwrap_or_else(PoisonError::into_inner);
                // The language's thread ends only with the process.
                let _ = sender.send(request);
            }
        }));
        let answers = Mutex::new(inbox.stdin);
        tokio::spawn(receive(stdin_in, signer.clone(), move |reply| {
            let sender = answers.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = sender.send(reply);
        }));
        tokio::spawn(receive(control_in, signer, move |request| {
            tokio::spawn(Arc::clone(&desk).serve(request, Reply::Control));
        }));

        // Ctrl-C in the terminal that started the kernel, or Jupyter's signal.
        let signals = at_every_ctrl_c(|| (), async || interrupter.interrupt().await);
        tokio::select! {
            _ = stopped.recv() => {}
            () = signals => { stopped.recv().await; }
        }
        let drained = async {
            flush(|post| control_queue.send(post).is_ok()).await;
            flush(|post| outbox.shell.send(post).is_ok()).await;
            let (done, wait) = oneshot::channel();
            if outbox.iopub.send(Post::Flush(done)).await.is_ok() {
                let _ = wait.await;
            }
        };
        // A client that has gone away must not keep the kernel alive.
        let _ = timeout(Duration::from_secs(1), drained).await;
    }
}

async fn flush(enqueue: impl Fn(Post) -> bool) {
    let (done, wait) = oneshot::channel();
    if enqueue(Post::Flush(done)) {
        let _ = wait.await;
    }
}

async fn bind(socket: &mut impl Socket, connection: &Connection, port: u16) -> Result<(), String> {
    let address = format!("tcp://{}:{port}", connection.ip);
    socket
        .bind(&address)
        .await
        .map(|_| ())
        .map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// The heartbeat: whatever comes goes back.
async fn echo(mut socket: RouterSocket) {
    loop {
        if let Ok(frames) = socket.recv().await {
            let _ = timeout(PATIENCE, socket.send(frames)).await;
        }
    }
}

/// Hands every well-formed message to `take`; the rest is dropped with a line in the log.
async fn receive(mut socket: RouterRecvHalf, signer: Signer, take: impl Fn(Message)) {
    loop {
        match socket.recv().await {
            Ok(frames) => match signer.decode(&frames.into_vec()) {
                Ok(message) => take(message),
                Err(problem) => log(&format!("message dropped: {problem}")),
            },
            // A peer left; the socket serves the others.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn send(
    mut socket: RouterSendHalf,
    signer: Signer,
    mut queue: mpsc::UnboundedReceiver<Post>,
) {
    while let Some(post) = queue.recv().await {
        match post {
            Post::Message(message) => {
                // An error means that the peer has gone: the reply has no reader any more.
                let _ = timeout(PATIENCE, socket.send(signer.encode(&message))).await;
            }
            Post::Flush(done) => {
                let _ = done.send(());
            }
            Post::Stream { .. } => {}
        }
    }
}

/// Text that waits for more text of the same cell and stream.
struct Gathering {
    parent: Arc<Value>,
    name: Stream,
    text: String,
    due: Instant,
}

async fn publish(
    socket: XPubSocket,
    signer: Signer,
    mut queue: mpsc::Receiver<Post>,
    author: Arc<super::wire::Author>,
) {
    let mut publisher = Publisher { socket, signer, author, patience: PATIENCE };
    let mut gathering: Option<Gathering> = None;
    loop {
        let due = gathering.as_ref().map_or_else(Instant::now, |text| text.due);
        tokio::select! {
            subscription = publisher.socket.recv() => {
                if let Ok(frames) = subscription {
                    publisher.welcome(frames.get(0).map_or(&[], |frame| frame)).await;
                } else {
                    tokio::task::yield_now().await;
                }
            }
            post = queue.recv() => match post {
                None => break,
                Some(Post::Stream { parent, name, text }) => {
                    match &mut gathering {
                        Some(held) if held.name == name && Arc::ptr_eq(&held.parent, &parent) => {
                            held.text.push_str(&text);
                        }
                        held => {
                            publisher.release(held).await;
                            *held = Some(Gathering { parent, name, text, due: Instant::now() + GATHER });
                        }
                    }
                    if gathering.as_ref().is_some_and(|held| held.text.len() >= FULL) {
                        publisher.release(&mut gathering).await;
                    }
                }
                Some(Post::Message(message)) => {
                    publisher.release(&mut gathering).await;
                    publisher.send(&message).await;
                }
                Some(Post::Flush(done)) => {
                    publisher.release(&mut gathering).await;
                    let _ = done.send(());
                }
            },
            () = sleep_until(due), if gathering.is_some() => {
                publisher.release(&mut gathering).await;
            }
        }
    }
}

struct Publisher {
    socket: XPubSocket,
    signer: Signer,
    author: Arc<super::wire::Author>,
    patience: Duration,
}

impl Publisher {
    async fn send(&mut self, message: &Message) {
        let sent = timeout(self.patience, self.socket.send(self.signer.encode(message))).await;
        self.patience = if sent.is_ok() { PATIENCE } else { STALLED };
    }

    async fn release(&mut self, gathering: &mut Option<Gathering>) {
        if let Some(held) = gathering.take() {
            let content = json!({ "name": held.name.name(), "text": held.text });
            let message = self.author.publish("stream", &held.parent, content);
            self.send(&message).await;
        }
    }

    /// Greets a new listener (protocol 5.5), who may wait for it before sending requests.
    async fn welcome(&mut self, subscription: &[u8]) {
        let Some((1, topic)) = subscription.split_first().map(|(kind, topic)| (*kind, topic))
        else {
            return;
        };
        let none = Arc::new(json!({}));
        let content = json!({ "subscription": String::from_utf8_lossy(topic) });
        let mut message = self.author.publish("iopub_welcome", &none, content);
        message.identities = vec![topic.to_vec()];
        self.send(&message).await;
    }
}

/// The channel on which a control request came.
#[derive(Debug, Clone, Copy)]
enum Reply {
    Control,
    Shell,
}

/// Answers at once what must not wait for the language.
struct ControlDesk {
    outbox: Outbox,
    replies: mpsc::UnboundedSender<Post>,
    interrupter: Arc<Interrupter>,
    stop: mpsc::UnboundedSender<()>,
}

impl ControlDesk {
    async fn serve(self: Arc<Self>, request: Message, channel: Reply) {
        let kind = request.kind();
        if kind == "interrupt_request" {
            self.interrupter.interrupt().await;
        }
        let parent = Arc::new(request.header.clone());
        self.publish("status", &parent, json!({ "execution_state": "busy" })).await;
        let content = match kind {
            "kernel_info_request" => Some(kernel_info()),
            "interrupt_request" => Some(json!({ "status": "ok" })),
            "shutdown_request" => {
                Some(json!({ "status": "ok", "restart": request.flag("restart", false) }))
            }
            kind if kind.ends_with("_request") => Some(unknown(kind)),
            _ => None,
        };
        if let Some(content) = content {
            if kind == "shutdown_request" {
                self.publish("shutdown_reply", &parent, content.clone()).await;
            }
            let reply = Post::Message(Box::new(self.outbox.author.reply(&request, content)));
            let _ = match channel {
                Reply::Control => self.replies.send(reply),
                Reply::Shell => self.outbox.shell.send(reply),
            };
        }
        self.publish("status", &parent, json!({ "execution_state": "idle" })).await;
        if kind == "shutdown_request" {
            let _ = self.stop.send(());
        }
    }

    async fn publish(&self, kind: &str, parent: &Arc<Value>, content: Value) {
        let message = self.outbox.author.publish(kind, parent, content);
        let _ = self.outbox.iopub.send(Post::Message(Box::new(message))).await;
    }
}

/// The reply to a request that the kernel does not know.
pub fn unknown(kind: &str) -> Value {
    json!({
        "status": "error",
        "ename": "UnknownRequest",
        "evalue": format!("esep does not serve {kind}"),
        "traceback": [],
    })
}

#[allow(clippy::print_stderr, reason = "the server that starts the kernel keeps this as its log")]
fn log(line: &str) {
    eprintln!("esep kernel: {line}");
}
