//! Every lesson in `notebooks/` runs and shows what is stored in it.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use esep_dsl::{Bundle, Session, Sink};
use serde_json::Value;

#[derive(Clone, Default)]
struct Plain(Rc<RefCell<String>>);

impl Sink for Plain {
    fn print(&self, text: &str) {
        self.0.borrow_mut().push_str(text);
        self.0.borrow_mut().push('\n');
    }
    fn display(&self, bundle: &Bundle) {
        self.print(&bundle.plain);
    }
    fn warn(&self, text: &str) {
        panic!("a lesson warned: {text}");
    }
}

/// A multi-line string of the notebook format: one string or an array of lines.
fn joined(value: &Value) -> String {
    value.as_str().map_or_else(
        || value.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        str::to_owned,
    )
}

/// What the stored outputs of a cell say in plain text, in order.
fn stored(outputs: &Value) -> String {
    let mut text = String::new();
    for output in outputs.as_array().into_iter().flatten() {
        if output["output_type"] == "stream" {
            text.push_str(&joined(&output["text"]));
        } else {
            text.push_str(&joined(&output["data"]["text/plain"]));
            text.push('\n');
        }
    }
    text
}

#[test]
fn lessons_show_what_they_store() {
    let folder = esep_tests::root().join("notebooks");
    let lessons: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ipynb"))
        .collect();
    assert!(!lessons.is_empty());
    for path in lessons {
        let notebook: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let seen = Plain::default();
        let mut session = Session::new(Box::new(seen.clone()));
        let cells = notebook["cells"].as_array().unwrap();
        for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
            let code = joined(&cell["source"]);
            seen.0.borrow_mut().clear();
            match session.eval(&code) {
                Ok(shown) => shown.into_iter().for_each(|bundle| seen.display(&bundle)),
                Err(report) => panic!("{}:\n{}", path.display(), report.render(false)),
            }
            assert_eq!(*seen.0.borrow(), stored(&cell["outputs"]), "{}:\n{code}", path.display());
        }
    }
}
