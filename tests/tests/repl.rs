//! The REPL fed from a pipe.

use std::io::Write as _;
use std::process::Stdio;

use esep_tests::program::{Said, esep};

fn typed(lines: &str) -> Said {
    let mut child = esep(&[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    child.stdin.take().expect("it is piped").write_all(lines.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn cells_share_their_state_and_show_their_values() {
    let said = typed("let a = 2;\nfn twice(x) {\n  2 * x\n}\ntwice(a)\n\n[1,\n 2]\n");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(said.out.lines().next(), Some("4"), "{said:?}");
    assert_eq!(said.err, "");
}

#[test]
fn a_failed_cell_loses_nothing_and_is_remembered_in_the_status() {
    let said = typed("let a = 2;\nno_such_function(1)\na + 1\n");
    assert_eq!(said.status, Some(1), "{said:?}");
    assert_eq!(said.out, "3\n");
    assert!(said.err.contains("no_such_function") && !said.err.contains('\x1b'), "{said:?}");
}

#[test]
fn commands_work_and_unknown_ones_are_named() {
    let said = typed(":time 1 + 1\n?load\n:help\n:wibble\n:quit\n99\n");
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.out.contains("took ") && said.out.contains("\n2\n"), "{said:?}");
    assert!(said.out.contains("load(") && said.out.contains(":vars"), "{said:?}");
    assert!(said.err.contains("unknown command \":wibble\""), "{said:?}");
    assert!(!said.out.contains("99"), "{said:?}");
}

#[test]
fn variables_are_listed() {
    let said = typed("let cost = 3;\nlet regions = load(\"regions_2023\");\n:vars\n");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("cost") && said.out.contains("regions"), "{said:?}");
}

#[test]
fn input_that_ends_too_early_is_an_error_not_a_hang() {
    let said = typed("fn f(x) {\n");
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.starts_with("error"), "{said:?}");
}
