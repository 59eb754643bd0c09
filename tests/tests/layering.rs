//! The direction of the dependencies: kernel -> dsl -> stdlib.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The crates that only the language may know, and those that only the program may know.
const LANGUAGE: [&str; 1] = ["rhai"];
const FRONT_ENDS: [&str; 5] = ["zeromq", "tokio", "rustyline", "hmac", "sha2"];

/// The direct dependencies of each member of the workspace, those of its tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path"])
        .arg(esep_tests::root().join("Cargo.toml"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().expect("a name is text").to_owned();
    metadata["packages"]
        .as_array()
        .expect("there are packages")
        .iter()
        .map(|package| {
            let wanted = package["dependencies"].as_array().expect("there is a list");
            let wanted = wanted.iter().filter(|one| one["kind"] != "dev");
            (text(&package["name"]), wanted.map(|one| text(&one["name"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let all = dependencies();
    let of = |name: &str| all.get(name).unwrap_or_else(|| panic!("{name} is a member"));
    assert!(of("esep").contains("esep-dsl"), "the program uses the language");
    assert!(of("esep-dsl").contains("esep-stdlib"), "the language uses the library");
    for (floor, above) in [
        ("esep-stdlib", &["esep-dsl", "esep", "esep-tests"][..]),
        ("esep-dsl", &["esep", "esep-tests"]),
    ] {
        for name in above {
            assert!(!of(floor).contains(*name), "{floor} must not depend on {name}");
        }
    }
    for name in LANGUAGE.iter().chain(&FRONT_ENDS) {
        assert!(!of("esep-stdlib").contains(*name), "esep-stdlib must not depend on {name}");
    }
    for name in FRONT_ENDS {
        assert!(!of("esep-dsl").contains(name), "esep-dsl must not depend on {name}");
    }
}

/// Every line of Rust under `folder` that names one of `words` as a path or in a `use`.
fn naming(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            found.extend(naming(&path, words));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source is text");
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if words.iter().any(|word| code.contains(&format!("{word}::"))) {
                    found.push(format!("{}:{}: {line}", path.display(), number + 1));
                }
            }
        }
    }
    found
}

#[test]
fn the_library_names_no_language_and_the_language_no_socket() {
    let root = esep_tests::root();
    let upper: Vec<&str> = LANGUAGE.into_iter().chain(FRONT_ENDS).chain(["std::net"]).collect();
    let from_library = naming(&root.join("stdlib/src"), &upper);
    assert!(from_library.is_empty(), "{}", from_library.join("\n"));
    let sockets: Vec<&str> = FRONT_ENDS.into_iter().chain(["std::net"]).collect();
    let from_language = naming(&root.join("dsl/src"), &sockets);
    assert!(from_language.is_empty(), "{}", from_language.join("\n"));
    // The search itself finds what it looks for.
    assert!(!naming(&root.join("kernel/src"), &["zeromq"]).is_empty());
}
