//! `esep new`: a folder to begin from.

use std::path::Path;

use esep_dsl::write_whole;
use serde_json::{Value, json};

const ANALYSIS: &str = include_str!("../templates/analysis.rhai");

/// Writes a script, and the notebook of the same sections, to `folder`; gives a sentence for the
/// user. `folder` may exist, but a file there is never overwritten.
pub fn create(folder: &Path) -> Result<String, String> {
    let notebook = format!("{:#}\n", notebook(ANALYSIS));
    let files = [("analysis.rhai", ANALYSIS), ("analysis.ipynb", notebook.as_str())];
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(format!(
            "{} is there already\nhint: choose another folder, or move the file away",
            folder.join(name).display()
        ));
    }
    let failed = |error: std::io::Error| format!("cannot write to {}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in files {
        write_whole(&folder.join(name), text.as_bytes()).map_err(failed)?;
    }
    let script = folder.join("analysis.rhai");
    Ok(format!(
        "made {} and the notebook beside it\nrun it: esep run {} --out report.html\n",
        script.display(),
        script.display()
    ))
}

/// The sections of a script as cells: each title as a heading, its code below.
fn notebook(script: &str) -> Value {
    let mut sections = script.split("// %% ");
    let preface = sections.next().and_then(|text| text.lines().next()).unwrap_or_default();
    let mut cells = vec![prose("m0".into(), preface.trim_start_matches("//").trim())];
    for (at, section) in sections.enumerate() {
        let (title, code) = section.split_once('\n').unwrap_or((section, ""));
        cells.push(prose(format!("m{}", at + 1), &format!("## {title}")));
        cells.push(json!({
            "cell_type": "code",
            "execution_count": null,
            "id": format!("c{}", at + 1),
            "metadata": {},
            "outputs": [],
            "source": code.trim(),
        }));
    }
    json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "Esep", "language": "rhai", "name": "esep" },
            "language_info": { "file_extension": ".rhai", "name": "rhai" },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn prose(id: String, text: &str) -> Value {
    json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": text })
}
