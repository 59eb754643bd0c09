//! What was run, in this kernel and in earlier ones.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::wire::Message;

/// Entries of earlier kernels that are read back.
const KEPT: usize = 10_000;

/// One cell that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    session: i64,
    line: i64,
    input: String,
    output: Option<String>,
}

impl Entry {
    fn to_json(&self) -> Value {
        json!([self.session, self.line, self.input, self.output])
    }

    fn from_json(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            session: value[0].as_i64()?,
            line: value[1].as_i64()?,
            input: value[2].as_str()?.to_owned(),
            output: value[3].as_str().map(str::to_owned),
        })
    }
}

/// The history of one kernel, on top of that of earlier ones.
///
/// The file has one JSON line for each cell and is only appended to, so several kernels can share
/// it; it is read when it is first needed, not at the kernel's start.
#[derive(Debug)]
pub struct History {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
    session: i64,
    read: bool,
}

impl History {
    /// A history kept in `file`, or in memory alone.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, entries: Vec::new(), session: 1, read: false }
    }

    fn read(&mut self) {
        if self.read {
            return;
        }
        self.read = true;
        let Some(text) = self.file.as_ref().and_then(|file| std::fs::read(file).ok()) else {
            return;
        };
        let text = String::from_utf8_lossy(&text);
        let skipped = text.lines().count().saturating_sub(KEPT);
        self.entries = text.lines().skip(skipped).filter_map(Entry::from_json).collect();
        self.session = self.entries.iter().map(|entry| entry.session).max().unwrap_or(0) + 1;
    }

    /// Notes a cell; a file that cannot be written costs nothing but the memory of it.
    pub fn note(&mut self, line: i64, input: &str, output: Option<String>) {
        self.read();
        let entry = Entry { session: self.session, line, input: input.to_owned(), output };
        if let Some(file) = &self.file {
            let written = file
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| OpenOptions::new().create(true).append(true).open(file))
                .and_then(|mut file| file.write_all(format!("{}\n", entry.to_json()).as_bytes()));
            if written.is_err() {
                self.file = None;
            }
        }
        self.entries.push(entry);
    }

    /// The content of a `history_reply`.
    pub fn reply(&mut self, request: &Message) -> Value {
        self.read();
        let with_output = request.flag("output", false);
        let count = |name| request.number(name).and_then(|n| usize::try_from(n).ok());
        let found: Vec<&Entry> = match request.text("hist_access_type") {
            "range" => self.range(request),
            "search" => {
                let pattern = request.content["pattern"].as_str().unwrap_or("*");
                let mut found: Vec<&Entry> =
                    self.entries.iter().filter(|entry| glob(pattern, &entry.input)).collect();
                if request.flag("unique", false) {
                    let mut seen = HashSet::new();
                    found.reverse();
                    found.retain(|entry| seen.insert(&entry.input));
                    found.reverse();
                }
                last(found, count("n"))
            }
            _ => last(self.entries.iter().collect(), count("n")),
        };
        let history: Vec<Value> = found
            .into_iter()
            .map(|entry| {
                if with_output {
                    json!([entry.session, entry.line, [entry.input, entry.output]])
                } else {
                    json!([entry.session, entry.line, entry.input])
                }
            })
            .collect();
        json!({ "status": "ok", "history": history })
    }

    /// Lines `start..stop` of a session; 0 is this one, negative numbers count back from it.
    fn range(&self, request: &Message) -> Vec<&Entry> {
        let session = match request.number("session").unwrap_or(0) {
            back if back <= 0 => self.session + back,
            session => session,
        };
        let start = request.number("start").unwrap_or(0);
        let stop = request.number("stop").unwrap_or(i64::MAX);
        self.entries
            .iter()
            .filter(|entry| entry.session == session && (start..stop).contains(&entry.line))
            .collect()
    }
}

fn last<T>(mut found: Vec<T>, count: Option<usize>) -> Vec<T> {
    let surplus = found.len().saturating_sub(count.unwrap_or(usize::MAX));
    found.drain(..surplus);
    found
}

/// Whether `text` fits a pattern in which `*` stands for any text and `?` for one character.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star stood and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn ask(history: &mut History, content: Value) -> Value {
        let request = Message {
            identities: Vec::new(),
            header: json!({"msg_type": "history_request", "msg_id": "1"}),
            parent: Arc::new(json!({})),
            metadata: json!({}),
            content,
        };
        history.reply(&request)["history"].clone()
    }

    fn filled() -> History {
        let mut history = History::new(None);
        for (line, input) in [(1, "1 + 1"), (2, "let x = 2"), (3, "1 + 1"), (4, "1 + 2")] {
            history.note(line, input, (line != 2).then(|| line.to_string()));
        }
        history
    }

    #[test]
    fn the_tail_is_the_last_cells_in_order() {
        let mut history = filled();
        let tail = ask(&mut history, json!({"hist_access_type": "tail", "n": 2}));
        assert_eq!(tail, json!([[1, 3, "1 + 1"], [1, 4, "1 + 2"]]));
        let tail = ask(&mut history, json!({"hist_access_type": "tail", "n": 3, "output": true}));
        assert_eq!(tail[0], json!([1, 2, ["let x = 2", null]]));
    }

    #[test]
    fn a_range_ends_before_its_stop() {
        let mut history = filled();
        let range = json!({"hist_access_type": "range", "session": 0, "start": 2, "stop": 4});
        assert_eq!(ask(&mut history, range), json!([[1, 2, "let x = 2"], [1, 3, "1 + 1"]]));
        let open = json!({"hist_access_type": "range", "session": 1, "start": 4});
        assert_eq!(ask(&mut history, open), json!([[1, 4, "1 + 2"]]));
        let other = json!({"hist_access_type": "range", "session": -1});
        assert_eq!(ask(&mut history, other), json!([]));
    }

    #[test]
    fn a_search_may_be_unique_and_limited() {
        let mut history = filled();
        let search = |extra: Value| {
            let mut content = json!({"hist_access_type": "search", "pattern": "1 + ?"});
            content.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            content
        };
        assert_eq!(ask(&mut history, search(json!({}))).as_array().unwrap().len(), 3);
        let unique = ask(&mut history, search(json!({"unique": true})));
        assert_eq!(unique, json!([[1, 3, "1 + 1"], [1, 4, "1 + 2"]]));
        let one = ask(&mut history, search(json!({"n": 1})));
        assert_eq!(one, json!([[1, 4, "1 + 2"]]));
    }

    #[test]
    fn a_later_kernel_sees_the_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/history.jsonl");
        History::new(Some(file.clone())).note(1, "let \u{04d9} = 1", None);
        std::fs::OpenOptions::new()
            .append(true)
            .open(&file)
            .unwrap()
            .write_all(b"not json\n\xff\n")
            .unwrap();
        let mut later = History::new(Some(file));
        later.note(1, "2", Some("2".to_owned()));
        let tail = ask(&mut later, json!({"hist_access_type": "tail", "n": 9}));
        assert_eq!(tail, json!([[1, 1, "let \u{04d9} = 1"], [2, 1, "2"]]));
        let before = json!({"hist_access_type": "range", "session": -1});
        assert_eq!(ask(&mut later, before), json!([[1, 1, "let \u{04d9} = 1"]]));
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(
            glob("*", "") && glob("a*c", "abbc") && glob("*b*", "abc") && glob("?", "\u{04d9}")
        );
        assert!(!glob("a?", "a") && !glob("a*d", "abc") && !glob("", "a"));
        assert!(!glob(&"*a".repeat(50), &"b".repeat(10_000)));
    }
}
