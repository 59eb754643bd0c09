//! Executing a notebook without Jupyter: every code cell is run and its outputs are written back.
//!
//! What is written is what nbclient would write (nbformat 4): the same outputs, sorted keys, an
//! indent of one, multi-line text as arrays of lines. The cell tags `raises-exception` (an error
//! there is expected) and `skip-execution` mean what they mean to nbclient.

use std::sync::{Arc, Mutex, PoisonError};

use esep_dsl::{Bundle, Sink};
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::commands::{self, Answer};
use crate::jupyter::language_info;
use crate::language::{Failure, Language};

/// The outputs of the cell that runs, shared between a session's sink and the notebook's runner.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Value>>>);

impl Recorder {
    fn add(&self, output: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(output);
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds text to the stream that came last, or opens one.
    fn stream(&self, name: &str, text: &str) {
        let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        let mut outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = outputs
            .last_mut()
            .filter(|last| last["output_type"] == "stream" && last["name"] == name)
            .and_then(|last| last["text"].as_array_mut());
        match open {
            Some(written) => written.extend(lines(&text)),
            None => outputs.push(json!({
                "output_type": "stream", "name": name, "text": lines(&text),
            })),
        }
    }
}

impl Sink for Recorder {
    fn print(&self, text: &str) {
        self.stream("stdout", text);
    }

    fn display(&self, bundle: &Bundle) {
        self.add(json!({
            "output_type": "display_data", "data": data(bundle), "metadata": {},
        }));
    }

    fn warn(&self, text: &str) {
        self.stream("stderr", &format!("warning: {text}"));
    }

    fn clear(&self) {
        self.take();
    }
}

/// Reads a notebook; the error is a sentence on what is wrong with it.
pub fn read(text: &str) -> Result<Value, String> {
    let notebook: Value =
        serde_json::from_str(text).map_err(|error| format!("not a notebook: {error}"))?;
    match notebook["nbformat"].as_i64() {
        Some(4) if notebook["cells"].is_array() => Ok(notebook),
        Some(4) => Err("not a notebook: it has no list of cells".to_owned()),
        Some(other) => Err(format!("notebook format {other} is not supported, only 4")),
        None => Err("not a notebook: it has no nbformat".to_owned()),
    }
}

/// The notebook as text.
pub fn write(notebook: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    // A JSON value serialises into memory without fail.
    let _ = notebook.serialize(&mut serializer);
    bytes.push(b'\n');
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs every code cell in order, up to the first error that was not expected, which is returned.
pub fn execute(
    notebook: &mut Value,
    language: &mut impl Language,
    recorder: &Recorder,
    mut started: impl FnMut(usize, usize),
) -> Option<Failure> {
    let metadata = &mut notebook["metadata"];
    if !metadata.is_object() {
        *metadata = json!({});
    }
    metadata["language_info"] = language_info();
    if !metadata["kernelspec"].is_object() {
        metadata["kernelspec"] =
            json!({ "name": "esep", "display_name": "Esep", "language": "rhai" });
    }
    let cells = notebook["cells"].as_array_mut()?;
    let wanted = |cell: &Value| cell["cell_type"] == "code" && !tagged(cell, "skip-execution");
    let total = cells.iter().filter(|cell| wanted(cell)).count();
    let mut count = 0;
    let mut failed = None;
    for (number, cell) in cells.iter_mut().filter(|cell| wanted(cell)).enumerate() {
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
        let code = source(cell);
        if failed.is_some() || code.trim().is_empty() {
            continue;
        }
        started(number + 1, total);
        count += 1;
        let answer = commands::run(language, |text| recorder.print(text), &code);
        let failure = match answer {
            Ok(Answer::Value(Some(bundle))) => {
                recorder.add(json!({
                    "output_type": "execute_result",
                    "execution_count": count,
                    "data": data(&bundle),
                    "metadata": {},
                }));
                None
            }
            // A page opens beside a notebook; it is no output of the cell.
            Ok(Answer::Value(None) | Answer::Page(_) | Answer::Quit) => None,
            Err(failure) => {
                let traceback: Vec<&str> = failure.coloured.lines().collect();
                recorder.add(json!({
                    "output_type": "error",
                    "ename": failure.name,
                    "evalue": failure.message,
                    "traceback": traceback,
                }));
                Some(failure)
            }
        };
        cell["execution_count"] = json!(count);
        cell["outputs"] = Value::Array(recorder.take());
        if !tagged(cell, "raises-exception") {
            failed = failure;
        }
    }
    failed
}

fn tagged(cell: &Value, tag: &str) -> bool {
    let tags = cell["metadata"]["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|one| one == tag))
}

/// The code of a cell, which is one text or an array of its lines.
fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// A bundle as nbformat keeps it: texts as arrays of lines, JSON as it is.
fn data(bundle: &Bundle) -> Value {
    let entries = bundle.mime().into_iter().map(|(kind, value)| match value {
        Value::String(text) => (kind, Value::from(lines(&text))),
        other => (kind, other),
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

/// The lines of a text with their ends.
fn lines(text: &str) -> Vec<Value> {
    text.split_inclusive('\n').map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::toy::Toy;

    fn run(cells: Value) -> (Value, Option<Failure>) {
        let text = json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells });
        let mut notebook = read(&text.to_string()).unwrap();
        let recorder = Recorder::default();
        let mut toy = Toy::new(Box::new(recorder.clone()));
        let failure = execute(&mut notebook, &mut toy, &recorder, |_, _| {});
        (notebook, failure)
    }

    fn code(source: &str) -> Value {
        json!({ "cell_type": "code", "source": source, "metadata": {}, "outputs": ["old"],
            "execution_count": 7, "id": source.len().to_string() })
    }

    #[test]
    fn outputs_are_those_of_a_jupyter_client() {
        let (notebook, failure) = run(json!([
            { "cell_type": "markdown", "source": ["# Title\n", "text"], "metadata": {} },
            code("print a;b"),
            { "cell_type": "code", "source": ["sh", "ow x"], "metadata": {}, "outputs": [] },
            code("value"),
            code(""),
        ]));
        assert_eq!(failure, None);
        let outputs = |at: usize| notebook["cells"][at]["outputs"].clone();
        assert_eq!(
            outputs(1),
            json!([{ "output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"] }])
        );
        assert_eq!(outputs(2)[0]["data"]["image/svg+xml"], json!(["<svg></svg>"]));
        assert_eq!(outputs(3)[0]["execution_count"], 3);
        assert_eq!(
            (outputs(4), &notebook["cells"][4]["execution_count"]),
            (json!([]), &Value::Null)
        );
        assert_eq!(notebook["cells"][0]["source"], json!(["# Title\n", "text"]));
        assert_eq!(notebook["metadata"]["kernelspec"]["name"], "esep");
        assert_eq!(read(&write(&notebook)), Ok(notebook));
    }

    #[test]
    fn an_error_stops_unless_it_is_expected() {
        let mut expected = code("fail");
        expected["metadata"]["tags"] = json!(["raises-exception"]);
        let mut skipped = code("skipped");
        skipped["metadata"]["tags"] = json!(["skip-execution"]);
        let (notebook, failure) = run(json!([expected, skipped, code("fail"), code("after")]));
        assert_eq!(failure.unwrap().name, "ToyError");
        let cells = &notebook["cells"];
        assert_eq!(cells[0]["outputs"][0]["output_type"], "error");
        assert_eq!(cells[1]["outputs"], json!(["old"]));
        assert_eq!(cells[2]["outputs"][0]["ename"], "ToyError");
        assert_eq!(
            (&cells[3]["outputs"], &cells[3]["execution_count"]),
            (&json!([]), &Value::Null)
        );
    }

    #[test]
    fn what_is_no_notebook_is_said() {
        assert!(read("").unwrap_err().starts_with("not a notebook"));
        assert!(read("{}").unwrap_err().contains("no nbformat"));
        assert!(read(r#"{"nbformat": 3}"#).unwrap_err().contains("format 3"));
        assert!(read(r#"{"nbformat": 4}"#).unwrap_err().contains("no list of cells"));
    }

    #[test]
    fn text_is_written_as_nbformat_writes_it() {
        let text = write(&json!({ "b": [1], "a": "\u{04d9}", "c": {} }));
        assert_eq!(text, "{\n \"a\": \"\u{04d9}\",\n \"b\": [\n  1\n ],\n \"c\": {}\n}\n");
    }
}
