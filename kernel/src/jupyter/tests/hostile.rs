//! Whatever arrives, the kernel lives and serves the next request.

use std::io::Write as _;

use serde_json::{Value, json};
use zeromq::{SocketSend as _, ZmqMessage};

use super::client::Client;

#[tokio::test]
async fn malformed_and_forged_messages_change_nothing() {
    let mut client = Client::start().await;
    let (_, good) = client.request("execute_request", json!({ "code": "x" }));
    let good: Vec<Vec<u8>> = good.into_vec().iter().map(|frame| frame.to_vec()).collect();
    let mut bad: Vec<Vec<Vec<u8>>> =
        vec![vec![vec![]], vec![b"<IDS|MSG>".to_vec()], vec![vec![0xff; 300]; 9]];
    for at in 0..good.len() {
        let mut shorter = good.clone();
        shorter.remove(at);
        bad.push(shorter);
        let mut changed = good.clone();
        changed[at].push(b' ');
        bad.push(changed);
        let mut emptied = good.clone();
        emptied[at].clear();
        bad.push(emptied);
    }
    for frames in bad {
        for socket in [&mut client.shell, &mut client.control] {
            let mut message = ZmqMessage::from(frames[0].clone());
            for frame in &frames[1..] {
                message.push_back(frame.clone().into());
            }
            socket.send(message).await.unwrap();
        }
    }
    // Well signed, but with contents of every wrong type.
    for kind in ["complete_request", "inspect_request", "is_complete_request", "history_request"] {
        for content in [json!({}), json!({ "code": 1, "cursor_pos": "x", "n": -1, "start": [] })] {
            let told = client.ask(kind, content).await;
            assert!(told.reply["status"].is_string(), "{kind}");
        }
    }
    let told = client.ask("execute_request", json!({ "code": 7, "user_expressions": [] })).await;
    assert_eq!(told.reply["status"], "ok");
    // Bytes that are no ZeroMQ at all.
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 64], &[0; 200]] {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", client.port)).unwrap();
        stream.write_all(noise).unwrap();
    }
    assert_eq!(client.run("still here").await.reply["status"], "ok");
    client.end().await;
}

/// A small generator of pseudo-random choices, the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        // Marsaglia's xorshift, 64 bits (13, 7, 17).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.throw(from.len())].clone()
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.throw(if depth == 0 { 7 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.throw(2) == 0),
            2 => json!(self.pick(&[0, 1, -1, 3, i64::MAX, i64::MIN])),
            3 => json!(self.pick(&[0.5, -1e300])),
            4 => {
                json!(self.pick(&["", "tail", "range", "search", "*", "?", "\u{0}", "\u{1d53c} x"]))
            }
            5 => json!(self.pick(&["1 + 1", "print a", "fail", "?alpha", ":time", ":vars", ":q"])),
            6 => json!(u64::MAX),
            7 => (0..self.throw(4)).map(|_| self.value(depth - 1)).collect(),
            _ => self.content(depth - 1),
        }
    }

    fn content(&mut self, depth: u32) -> Value {
        const FIELDS: [&str; 18] = [
            "code",
            "cursor_pos",
            "silent",
            "store_history",
            "user_expressions",
            "allow_stdin",
            "stop_on_error",
            "hist_access_type",
            "pattern",
            "n",
            "unique",
            "session",
            "start",
            "stop",
            "output",
            "detail_level",
            "comm_id",
            "target_name",
        ];
        let mut fields = serde_json::Map::new();
        for _ in 0..self.throw(9) {
            fields.insert(self.pick(&FIELDS).to_owned(), self.value(depth));
        }
        Value::Object(fields)
    }
}

#[tokio::test]
async fn every_request_with_any_content_is_answered() {
    const KINDS: [&str; 9] = [
        "execute_request",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "history_request",
        "comm_info_request",
        "kernel_info_request",
        "connect_request",
        "debug_request",
    ];
    let mut client = Client::start().await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..400 {
        let (kind, content) = (dice.pick(&KINDS), dice.content(2));
        let told = client.ask(kind, content.clone()).await;
        let status = told.reply["status"].as_str().unwrap_or_default();
        assert!(
            ["ok", "error", "complete", "incomplete", "invalid"].contains(&status),
            "{kind} {content}"
        );
    }
    client.end().await;
}
