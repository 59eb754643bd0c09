//! `esep doctor`: what works here, and how to mend what does not.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use esep_dsl::{Bundle, Session, Sink};
use serde_json::Value;

use crate::install;
use crate::jupyter::VERSION;
use crate::places;

/// One thing looked at.
struct Finding {
    what: String,
    /// How to mend it; nothing to mend when absent.
    mend: Option<String>,
}

fn fine(what: String) -> Finding {
    Finding { what, mend: None }
}

fn faulty(what: String, mend: &str) -> Finding {
    Finding { what, mend: Some(mend.to_owned()) }
}

/// Looks at everything; the text for the user, and whether nothing has to be mended.
pub fn examine() -> (String, bool) {
    let mut findings = vec![language()];
    findings.extend(kernelspecs());
    findings.push(jupyter());
    findings.push(memory());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut text = format!(
        "esep {VERSION}, {} {}, {threads} threads\n",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    for Finding { what, mend } in &findings {
        let _ = match mend {
            None => writeln!(text, "ok    {what}"),
            Some(mend) => writeln!(text, "mend  {what}\n      {mend}"),
        };
    }
    (text, findings.iter().all(|finding| finding.mend.is_none()))
}

/// Says nothing.
struct Silent;

impl Sink for Silent {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

fn language() -> Finding {
    let mut session = Session::new(Box::new(Silent));
    let code = "pca(load(\"regions_2023\").numeric().standardise()).explained[0]";
    match session.eval(code) {
        Ok(Some(shown)) if shown.plain.starts_with("0.348") => {
            fine("the language runs, and the bundled regions give their published component".into())
        }
        Ok(shown) => {
            let got = shown.map_or_else(|| "nothing".to_owned(), |shown| shown.plain);
            faulty(format!("the language runs but answers {got}"), "please report this")
        }
        Err(report) => faulty(report.render(false), "please report this"),
    }
}

fn kernelspecs() -> Vec<Finding> {
    let known = install::known();
    if known.is_empty() {
        let mend = "esep install   (or esep install --sys-prefix inside a Python environment)";
        return vec![faulty("Jupyter does not know the kernel".into(), mend)];
    }
    known.iter().map(|folder| kernelspec(folder)).collect()
}

fn kernelspec(folder: &Path) -> Finding {
    let place = folder.display();
    let spec = std::fs::read(folder.join("kernel.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(program) = spec.as_ref().and_then(|spec| spec["argv"][0].as_str()) else {
        return faulty(format!("the kernelspec in {place} cannot be read"), "esep install");
    };
    let own = std::env::current_exe().and_then(|program| program.canonicalize()).ok();
    match Path::new(program).canonicalize() {
        Err(_) => faulty(
            format!("the kernelspec in {place} starts {program}, which is not there"),
            "esep install",
        ),
        Ok(there) if Some(&there) != own.as_ref() => faulty(
            format!("the kernelspec in {place} starts another program: {program}"),
            "esep install   makes it start this one",
        ),
        Ok(_) => fine(format!("the kernelspec in {place} starts this program")),
    }
}

fn jupyter() -> Finding {
    match Command::new("jupyter").arg("--version").output() {
        Ok(answer) if answer.status.success() => {
            let text = String::from_utf8_lossy(&answer.stdout);
            let core = text.lines().find(|line| line.contains("jupyter_core")).unwrap_or("");
            let version = core.split(':').nth(1).unwrap_or("").trim();
            fine(format!("jupyter is on the path ({version})").replace(" ()", ""))
        }
        // `esep run lesson.ipynb` needs none.
        _ => fine("jupyter is not on the path; only notebooks in a browser need it".into()),
    }
}

fn memory() -> Finding {
    let Some(file) = places::remembered("history") else {
        return fine("nothing is remembered between sessions (ESEP_STATE_DIR is empty)".into());
    };
    let folder = file.parent().unwrap_or(&file);
    let probe = folder.join(format!(".probe{}", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b""));
    // Whatever was written is taken away again; the answer above is what counts.
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => fine(format!("histories are kept in {}", folder.display())),
        Err(error) => faulty(
            format!("histories cannot be kept in {}: {error}", folder.display()),
            "set ESEP_STATE_DIR to a folder that can be written, or to nothing",
        ),
    }
}
