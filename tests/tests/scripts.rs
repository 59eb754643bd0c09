//! Runs every script in `tests/scripts`.
//!
//! `// %%` starts a new cell of the same session; `// Error: text` in a cell says that the cell
//! must fail with a report that contains the text.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use esep_dsl::{Bundle, Session, Sink};

struct Quiet;

impl Sink for Quiet {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
        .collect();
    files.sort();
    files
}

fn run(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut session = Session::new(Box::new(Quiet));
    session.set_script(path);
    let mut faults = Vec::new();
    for cell in text.split("\n// %%") {
        let expected: Vec<&str> =
            cell.lines().filter_map(|line| line.trim().strip_prefix("// Error: ")).collect();
        // The separator's own line may carry a title.
        let code = format!("// {cell}");
        match session.eval(&code) {
            Ok(_) if expected.is_empty() => {}
            Ok(shown) => faults.push(format!("no error in:{cell}\nbut {shown:?}")),
            Err(report) => {
                let shown = report.render(false);
                if expected.is_empty() || !expected.iter().all(|text| shown.contains(text)) {
                    faults.push(format!("{shown}\nexpected {expected:?} in:{cell}"));
                }
                if report.places.is_empty() {
                    faults.push(format!("no place in: {shown}"));
                }
            }
        }
    }
    faults
}

#[test]
fn scripts_do_what_they_say() {
    let scripts = scripts();
    assert!(!scripts.is_empty());
    for path in scripts {
        let faults = run(&path);
        assert!(faults.is_empty(), "{}:\n{}", path.display(), faults.join("\n\n"));
    }
}
