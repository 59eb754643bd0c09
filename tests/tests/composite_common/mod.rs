//! The ASEM data and the answers of `COINr` 1.1.14, where the reference folder exists.
#![allow(clippy::print_stderr)] // It says when the folder is not here.

use std::path::{Path, PathBuf};

use esep_stdlib::Table;
use esep_stdlib::readiness::Framework;
use esep_stdlib::table::csv::{ReadOptions, read_path};
use serde_json::{Value, json};

/// The reference folder; says that the test is skipped where there is none.
pub fn reference() -> Option<PathBuf> {
    let folder = esep_tests::reference_dir();
    if folder.is_none() {
        eprintln!("skipped: the reference folder is not here");
    }
    folder
}

/// The answers in `composite_asem_{name}.json`.
pub fn golden(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(format!("composite_asem_{name}.json")));
    serde_json::from_str(&text.unwrap()).unwrap()
}

/// The table `data/asem_{name}.csv`, labelled by unit.
pub fn table(folder: &Path, name: &str) -> Table {
    let options = ReadOptions { label: Some("uCode".into()), ..ReadOptions::default() };
    read_path(&folder.join(format!("data/asem_{name}.csv")), &options).unwrap()
}

/// An array of texts.
pub fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap_or("")).collect()
}

/// The framework of the pipeline's metadata.
pub fn framework(pipeline: &Value) -> Framework {
    let meta = &pipeline["framework"];
    let mut nodes = Vec::new();
    for (at, code) in texts(&meta["iCode"]).iter().enumerate() {
        let kind = meta["Type"][at].as_str().unwrap();
        if kind != "Indicator" && kind != "Aggregate" {
            continue;
        }
        let mut node = json!({ "code": code, "weight": meta["Weight"][at] });
        if let Some(parent) = meta["Parent"][at].as_str() {
            node["parent"] = parent.into();
        }
        if kind == "Indicator" {
            node["scale"] = "open".into();
            let negative = meta["Direction"][at].as_f64() == Some(-1.0);
            node["direction"] = if negative { "negative" } else { "positive" }.into();
        }
        nodes.push(node);
    }
    Framework::from_value(&json!({ "code": "asem", "aggregate": "arithmetic", "node": nodes }))
        .unwrap()
}

/// The columns of `table` that are items of `framework`, in its order.
pub fn only_items(table: &Table, framework: &Framework) -> Table {
    let items: Vec<String> = framework.items().iter().map(|item| item.code.clone()).collect();
    table.select(&items).unwrap()
}
