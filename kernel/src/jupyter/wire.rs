//! The wire format: multipart frames, signatures and JSON.
//!
//! A message is `identities..., <IDS|MSG>, signature, header, parent header, metadata, content,
//! buffers...` (Jupyter messaging protocol 5.5). What arrives is read leniently: only a header with
//! a message type and id is required, because clients differ in which optional fields they send.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use zeromq::ZmqMessage;

use super::clock::iso8601;

/// The protocol version that is spoken.
pub const PROTOCOL: &str = "5.5";

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Why a message could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum WireError {
    /// There is no `<IDS|MSG>` frame.
    NoDelimiter,
    /// Fewer than five frames follow the delimiter.
    TooFewFrames(usize),
    /// The signature does not belong to the frames.
    BadSignature,
    /// A frame is not a JSON object.
    NotAnObject(&'static str),
    /// The header has no message type or id.
    NoType,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDelimiter => write!(f, "no <IDS|MSG> delimiter"),
            Self::TooFewFrames(n) => write!(f, "{n} frames after the delimiter, expected 5"),
            Self::BadSignature => write!(f, "the signature does not match (wrong key?)"),
            Self::NotAnObject(part) => write!(f, "the {part} is not a JSON object"),
            Self::NoType => write!(f, "the header lacks msg_type or msg_id"),
        }
    }
}

impl std::error::Error for WireError {}

/// One message, received or to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Routing frames: the peer on a router socket, the topic on the publishing one.
    pub identities: Vec<Vec<u8>>,
    /// The message's own header.
    pub header: Value,
    /// The header of the request that caused it; an empty object where there is none.
    pub parent: Arc<Value>,
    /// Additional facts, rarely used.
    pub metadata: Value,
    /// What is said.
    pub content: Value,
}

impl Message {
    /// The message's type, such as `execute_request`.
    pub fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }

    /// A text field of the content, empty where it is absent.
    pub fn text(&self, field: &str) -> &str {
        self.content[field].as_str().unwrap_or_default()
    }

    /// A yes-or-no field of the content.
    pub fn flag(&self, field: &str, default: bool) -> bool {
        self.content[field].as_bool().unwrap_or(default)
    }

    /// A whole-number field of the content.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.content[field].as_i64()
    }

    /// The type of the reply to this request.
    pub fn reply_kind(&self) -> String {
        let kind = self.kind();
        format!("{}_reply", kind.strip_suffix("_request").unwrap_or(kind))
    }
}

/// Makes the headers of one kernel process.
#[derive(Debug)]
pub struct Author {
    session: String,
    sent: AtomicU64,
}

impl Author {
    /// An author with a session name of its own.
    pub fn new() -> Self {
        // Uniqueness is all that is asked of a session name; `RandomState` carries fresh keys.
        let (high, low) = (RandomState::new().hash_one(0), RandomState::new().hash_one(1));
        Self { session: format!("{high:016x}{low:016x}"), sent: AtomicU64::new(0) }
    }

    fn header(&self, kind: &str) -> Value {
        let count = self.sent.fetch_add(1, Ordering::Relaxed);
        json!({
            "msg_id": format!("{}_{count}", self.session),
            "session": self.session,
            "username": "kernel",
            "date": iso8601(SystemTime::now()),
            "msg_type": kind,
            "version": PROTOCOL,
        })
    }

    /// A message to everyone who listens.
    pub fn publish(&self, kind: &str, parent: &Arc<Value>, content: Value) -> Message {
        Message {
            identities: vec![kind.as_bytes().to_vec()],
            header: self.header(kind),
            parent: Arc::clone(parent),
            metadata: Value::Object(Map::new()),
            content,
        }
    }

    /// The reply to `request`.
    pub fn reply(&self, request: &Message, content: Value) -> Message {
        self.answer(request, &request.reply_kind(), content)
    }

    /// A message of any type to the peer that sent `request`.
    pub fn answer(&self, request: &Message, kind: &str, content: Value) -> Message {
        Message {
            identities: request.identities.clone(),
            header: self.header(kind),
            parent: Arc::new(request.header.clone()),
            metadata: Value::Object(Map::new()),
            content,
        }
    }
}

/// Signs what leaves and checks what arrives.
#[derive(Clone)]
pub struct Signer {
    keyed: Option<Hmac<Sha256>>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("signs", &self.keyed.is_some()).finish()
    }
}

impl Signer {
    /// A signer with the connection's key; an empty key turns signing off.
    pub fn new(key: &[u8]) -> Self {
        // HMAC takes keys of every length, so the `ok` never hides an error.
        Self {
            keyed: (!key.is_empty()).then(|| Hmac::<Sha256>::new_from_slice(key).ok()).flatten(),
        }
    }

    fn digest(&self, parts: &[impl AsRef<[u8]>]) -> Option<Hmac<Sha256>> {
        let mut mac = self.keyed.clone()?;
        for part in parts {
            mac.update(part.as_ref());
        }
        Some(mac)
    }

    /// Reads the frames of one message.
    pub fn decode(&self, frames: &[impl AsRef<[u8]>]) -> Result<Message, WireError> {
        let at = frames
            .iter()
            .position(|frame| frame.as_ref() == DELIMITER)
            .ok_or(WireError::NoDelimiter)?;
        let rest = &frames[at + 1..];
        if rest.len() < 5 {
            return Err(WireError::TooFewFrames(rest.len()));
        }
        if let Some(mac) = self.digest(&rest[1..5]) {
            let given = unhex(rest[0].as_ref()).ok_or(WireError::BadSignature)?;
            mac.verify_slice(&given).map_err(|_| WireError::BadSignature)?;
        }
        let header = object("header", rest[1].as_ref())?;
        if !header["msg_type"].is_string() || !header["msg_id"].is_string() {
            return Err(WireError::NoType);
        }
        Ok(Message {
            identities: frames[..at].iter().map(|frame| frame.as_ref().to_vec()).collect(),
            header,
            parent: Arc::new(object("parent header", rest[2].as_ref())?),
            metadata: object("metadata", rest[3].as_ref())?,
            content: object("content", rest[4].as_ref())?,
        })
    }

    /// The frames of one message.
    pub fn encode(&self, message: &Message) -> ZmqMessage {
        let parts = [&message.header, &*message.parent, &message.metadata, &message.content]
            .map(|part| part.to_string().into_bytes());
        let signature =
            self.digest(&parts).map_or_else(String::new, |mac| hex(&mac.finalize().into_bytes()));
        let mut frames = ZmqMessage::from(DELIMITER.to_vec());
        for identity in message.identities.iter().rev() {
            frames.push_front(identity.clone().into());
        }
        frames.push_back(signature.into());
        for part in parts {
            frames.push_back(part.into());
        }
        frames
    }
}

fn object(part: &'static str, bytes: &[u8]) -> Result<Value, WireError> {
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(WireError::NotAnObject(part)),
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() % 2 == 0)?;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(signer: &Signer, content: Value) -> Vec<Vec<u8>> {
        let message = Message {
            identities: vec![b"peer".to_vec()],
            header: json!({"msg_id": "1", "msg_type": "execute_request"}),
            parent: Arc::new(json!({})),
            metadata: json!({}),
            content,
        };
        signer.encode(&message).into_vec().iter().map(|frame| frame.to_vec()).collect()
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let signer = Signer::new(b"key");
        let frames = request(&signer, json!({"code": "\u{0493}\u{1d53c} + 1"}));
        let message = signer.decode(&frames).unwrap();
        assert_eq!(message.kind(), "execute_request");
        assert_eq!(message.reply_kind(), "execute_reply");
        assert_eq!(message.text("code"), "\u{0493}\u{1d53c} + 1");
        assert_eq!(message.identities, [b"peer".to_vec()]);
    }

    #[test]
    fn the_signature_is_the_published_hmac() {
        // RFC 4231, test case 2: the four parts joined are the data.
        let signer = Signer::new(b"Jefe");
        let mac = signer.digest(&["what do ya ", "want ", "for ", "nothing?"]).unwrap();
        assert_eq!(
            hex(&mac.finalize().into_bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_changed_byte_or_another_key_is_refused() {
        let signer = Signer::new(b"key");
        let mut frames = request(&signer, json!({"code": "1"}));
        assert_eq!(Signer::new(b"other").decode(&frames), Err(WireError::BadSignature));
        frames[6] = br#"{"code":"2"}"#.to_vec();
        assert_eq!(signer.decode(&frames), Err(WireError::BadSignature));
        for signature in [&b""[..], b"zz", b"abc", "\u{0493}".as_bytes()] {
            frames[2] = signature.to_vec();
            assert_eq!(signer.decode(&frames), Err(WireError::BadSignature));
        }
    }

    #[test]
    fn malformed_frames_are_errors_that_say_what_is_wrong() {
        let open = Signer::new(b"");
        let none: [&[u8]; 0] = [];
        assert_eq!(open.decode(&none), Err(WireError::NoDelimiter));
        assert_eq!(open.decode(&[b"<IDS|MSG>".as_slice(), b""]), Err(WireError::TooFewFrames(1)));
        let with = |header: &str, content: &str| {
            open.decode(&["<IDS|MSG>", "", header, "{}", "{}", content].map(str::as_bytes))
        };
        assert_eq!(with("[]", "{}"), Err(WireError::NotAnObject("header")));
        assert_eq!(with("{}", "{}"), Err(WireError::NoType));
        assert_eq!(with(r#"{"msg_id":1,"msg_type":"x"}"#, "{}"), Err(WireError::NoType));
        let good = r#"{"msg_id":"1","msg_type":"x"}"#;
        assert_eq!(with(good, "\u{1}"), Err(WireError::NotAnObject("content")));
        let deep = "[".repeat(100_000);
        assert_eq!(with(good, &deep), Err(WireError::NotAnObject("content")));
        assert!(with(good, "{}").is_ok());
    }

    #[test]
    fn headers_are_unique_and_dated() {
        let author = Author::new();
        let parent = Arc::new(json!({}));
        let one = author.publish("status", &parent, json!({}));
        let two = author.publish("status", &parent, json!({}));
        assert_ne!(one.header["msg_id"], two.header["msg_id"]);
        assert_eq!(one.header["version"], PROTOCOL);
        assert_ne!(Author::new().session, Author::new().session);
    }
}
