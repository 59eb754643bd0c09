//! A strict client: every message is read and has its place.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, SubSocket, ZmqMessage};

use super::super::serve;
use super::super::toy::Toy;
use super::super::wire::{Message, Signer};

pub const LONG: Duration = Duration::from_secs(10);
pub const SHORT: Duration = Duration::from_millis(80);
const KEY: &str = "a key";

pub struct Client {
    pub shell: DealerSocket,
    pub control: DealerSocket,
    pub heartbeat: DealerSocket,
    iopub: SubSocket,
    signer: Signer,
    sent: u32,
    pub port: u16,
    kernel: Option<std::thread::JoinHandle<Result<(), String>>>,
    _folder: TempDir,
}

/// A reply and what was published on the way, without the enclosing `busy` and `idle`.
pub struct Told {
    pub reply: Value,
    pub published: Vec<(String, Value)>,
}

impl Told {
    pub fn kinds(&self) -> Vec<&str> {
        self.published.iter().map(|(kind, _)| kind.as_str()).collect()
    }
}

impl Client {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = {
            let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let listeners: Vec<_> = (0..5).map(|_| free()).collect();
            listeners.iter().map(|one| one.local_addr().unwrap().port()).collect()
        };
        let file = folder.path().join("connection.json");
        let connection = json!({
            "ip": "127.0.0.1", "transport": "tcp", "key": KEY, "signature_scheme": "hmac-sha256",
            "shell_port": ports[0], "control_port": ports[1], "stdin_port": ports[2],
            "iopub_port": ports[3], "hb_port": ports[4],
        });
        std::fs::write(&file, connection.to_string()).unwrap();
        let history = folder.path().join("history");
        let kernel = std::thread::spawn(move || serve(&file, Some(history), Toy::new));

        let mut iopub = SubSocket::new();
        iopub.connect(&address(ports[3])).await.unwrap();
        iopub.subscribe("").await.unwrap();
        let mut client = Self {
            shell: dealer(ports[0]).await,
            control: dealer(ports[1]).await,
            heartbeat: dealer(ports[4]).await,
            iopub,
            signer: Signer::new(KEY.as_bytes()),
            sent: 0,
            port: ports[0],
            kernel: Some(kernel),
            _folder: folder,
        };
        let welcome = client.published().await.unwrap();
        assert_eq!(welcome.kind(), "iopub_welcome");
        assert_eq!(welcome.content, json!({ "subscription": "" }));
        // A kernel that starts after the listener has subscribed tells it so, once.
        if let Some(starting) = client.published_soon(SHORT).await {
            assert_eq!(starting.content["execution_state"], "starting");
        }
        client
    }

    pub fn request(&mut self, kind: &str, content: Value) -> (String, ZmqMessage) {
        self.sent += 1;
        let id = format!("request-{}", self.sent);
        let message = Message {
            identities: Vec::new(),
            header: json!({ "msg_id": id, "msg_type": kind, "session": "s", "username": "u",
                "date": "2024-01-01T00:00:00Z", "version": "5.3" }),
            parent: std::sync::Arc::new(json!({})),
            metadata: json!({}),
            content,
        };
        (id, self.signer.encode(&message))
    }

    pub async fn send(&mut self, kind: &str, content: Value) -> String {
        let (id, frames) = self.request(kind, content);
        self.shell.send(frames).await.unwrap();
        id
    }

    pub async fn run(&mut self, code: &str) -> Told {
        let id = self.send("execute_request", json!({ "code": code })).await;
        self.told(&id).await
    }

    pub async fn ask(&mut self, kind: &str, content: Value) -> Told {
        let id = self.send(kind, content).await;
        self.told(&id).await
    }

    pub async fn published(&mut self) -> Option<Message> {
        self.published_soon(LONG).await
    }

    pub async fn published_soon(&mut self, within: Duration) -> Option<Message> {
        let frames = timeout(within, self.iopub.recv()).await.ok()?.unwrap();
        Some(self.signer.decode(&frames.into_vec()).unwrap())
    }

    pub async fn replied(&mut self) -> Message {
        let frames = timeout(LONG, self.shell.recv()).await.expect("a reply in time").unwrap();
        self.signer.decode(&frames.into_vec()).unwrap()
    }

    /// Everything about one request, which must be the next to be answered.
    pub async fn told(&mut self, id: &str) -> Told {
        let reply = self.replied().await;
        assert_eq!(reply.parent["msg_id"], id);
        assert!(reply.kind().ends_with("_reply"));
        let mut published = Vec::new();
        loop {
            let message = self.published().await.expect("a publication in time");
            assert_eq!(message.parent["msg_id"], id, "{message:?}");
            let kind = message.kind().to_owned();
            if kind == "status" {
                let state = message.content["execution_state"].as_str().unwrap().to_owned();
                if state == "idle" {
                    break;
                }
                assert!(state == "busy" && published.is_empty());
                published.push((String::new(), Value::Null));
            } else {
                assert!(!published.is_empty(), "{kind} before busy");
                published.push((kind, message.content));
            }
        }
        published.remove(0);
        Told { reply: reply.content, published }
    }

    pub async fn on_control(&mut self, kind: &str, content: Value) -> (String, Message) {
        let (id, frames) = self.request(kind, content);
        self.control.send(frames).await.unwrap();
        let frames = timeout(LONG, self.control.recv()).await.expect("a reply").unwrap();
        let reply = self.signer.decode(&frames.into_vec()).unwrap();
        assert_eq!(reply.parent["msg_id"], *id);
        (id, reply)
    }

    async fn nothing_unread(&mut self) {
        let left = self.published_soon(SHORT).await;
        assert!(left.is_none(), "unread publication {left:?}");
        assert!(timeout(SHORT, self.shell.recv()).await.is_err(), "unread reply");
    }

    pub async fn end(mut self) {
        self.nothing_unread().await;
        let (id, reply) = self.on_control("shutdown_request", json!({ "restart": true })).await;
        assert_eq!(reply.content, json!({ "status": "ok", "restart": true }));
        let mut kinds = Vec::new();
        while let Some(message) = self.published_soon(SHORT).await {
            assert_eq!(message.parent["msg_id"], *id);
            kinds.push(message.kind().to_owned());
        }
        assert_eq!(kinds, ["status", "shutdown_reply", "status"]);
        assert_eq!(self.kernel.take().unwrap().join().unwrap(), Ok(()));
    }
}

fn address(port: u16) -> String {
    format!("tcp://127.0.0.1:{port}")
}

async fn dealer(port: u16) -> DealerSocket {
    let mut socket = DealerSocket::new();
    socket.connect(&address(port)).await.unwrap();
    socket
}
