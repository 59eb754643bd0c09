//! Running a cell.

use std::sync::Arc;

use esep_dsl::Sink;
use serde_json::{Map, Value, json};

use super::outbox::Stream;
use super::wire::Message;
use super::worker::{Worker, data};
use crate::commands::{self, Answer};
use crate::language::{Failure, Language};

/// Numbers the cells.
#[derive(Debug, Default)]
pub struct Counter {
    last: i64,
}

/// What came of a cell.
pub struct Outcome {
    /// The content of the `execute_reply`.
    pub reply: Value,
    /// Whether the cells that wait behind it are not to be run.
    pub stops_the_queue: bool,
}

impl<L, M> Worker<L, M>
where
    L: Language,
    M: FnOnce(Box<dyn Sink>) -> L,
{
    /// Runs the cell of an `execute_request`.
    pub fn execute(&mut self, request: &Message, parent: &Arc<Value>) -> Outcome {
        let code = request.text("code");
        let silent = request.flag("silent", false);
        let stored = !silent && request.flag("store_history", true) && !code.trim().is_empty();
        let count = self.counter.last + 1;
        if stored {
            self.counter.last = count;
        }
        if !silent {
            let input = json!({ "code": code, "execution_count": count });
            self.outbox.publish("execute_input", parent, input);
        }

        let (outbox, stdout) = (self.outbox.clone(), Arc::clone(parent));
        let print = |text: &str| outbox.stream(Stream::Out, &stdout, format!("{text}\n"));
        let answer = commands::run(self.language(), print, code);
        let shown = match &answer {
            Ok(Answer::Value(Some(bundle))) => Some(bundle.plain.clone()),
            _ => None,
        };
        if stored {
            self.history.note(count, code, shown);
        }
        match answer {
            Ok(answer) => {
                let mut payload = Vec::new();
                match answer {
                    Answer::Value(Some(bundle)) if !silent => {
                        let result = json!({
                            "execution_count": count,
                            "data": data(&bundle),
                            "metadata": {},
                        });
                        self.outbox.publish("execute_result", parent, result);
                    }
                    // There is nothing to leave in a notebook.
                    Answer::Value(_) | Answer::Quit => {}
                    Answer::Page(bundle) => {
                        payload
                            .push(json!({ "source": "page", "data": data(&bundle), "start": 0 }));
                    }
                }
                let expressions = self.expressions(&request.content["user_expressions"]);
                Outcome {
                    reply: json!({
                        "status": "ok",
                        "execution_count": count,
                        "payload": payload,
                        "user_expressions": expressions,
                    }),
                    stops_the_queue: false,
                }
            }
            Err(failure) => {
                let mut reply = error(&failure);
                if !silent {
                    self.outbox.publish("error", parent, reply.clone());
                }
                reply["status"] = json!("error");
                reply["execution_count"] = json!(count);
                reply["payload"] = json!([]);
                reply["user_expressions"] = json!({});
                Outcome { reply, stops_the_queue: request.flag("stop_on_error", true) }
            }
        }
    }

    /// Evaluates the expressions that the client wants to know after the cell.
    fn expressions(&mut self, asked: &Value) -> Map<String, Value> {
        let Some(asked) = asked.as_object() else { return Map::new() };
        asked
            .iter()
            .map(|(name, code)| {
                let value = match self.language().eval(code.as_str().unwrap_or_default()) {
                    Ok(bundle) => {
                        let bundle = bundle.unwrap_or_default();
                        json!({ "status": "ok", "data": data(&bundle), "metadata": {} })
                    }
                    Err(failure) => {
                        let mut value = error(&failure);
                        value["status"] = json!("error");
                        value
                    }
                };
                (name.clone(), value)
            })
            .collect()
    }
}

/// The fields by which every message describes an error.
fn error(failure: &Failure) -> Value {
    let traceback: Vec<&str> = failure.coloured.lines().collect();
    json!({ "ename": failure.name, "evalue": failure.message, "traceback": traceback })
}
