//! Real clients: the kernel as Jupyter, nbclient and a terminal's user meet it.
//!
//! The clients are Python (`tests/jupyter/`), run in an environment that [`esep_tests::python`]
//! makes.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use esep_tests::program::program;
use esep_tests::python::python;

/// One client at a time: the conformance suite allows a tenth of a second between messages, which
/// a machine busy with the other clients might not keep.
static TURN: Mutex<()> = Mutex::new(());

fn clients(script: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = esep_tests::root().join("tests/jupyter");
    let output = Command::new(python())
        .args(["-B", "-m", "unittest", "--verbose", script])
        .current_dir(folder)
        .env("ESEP", program())
        .output()
        .expect("the environment's python can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("\nOK"),
        "{script} failed\n{told}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(!told.contains("Ran 0 tests"), "{script} ran nothing");
}

#[test]
fn the_conformance_suite_passes() {
    clients("test_conformance");
}

#[test]
fn the_protocol_beyond_the_suite_holds() {
    clients("test_protocol");
}

#[test]
fn nbclient_executes_a_notebook() {
    clients("test_notebook");
}

#[test]
#[cfg(unix)]
fn the_repl_works_on_a_terminal() {
    clients("test_terminal");
}
