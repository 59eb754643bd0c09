//! `esep run` and `esep -c`.

use std::io::{IsTerminal, Read, stderr};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use esep_dsl::{Bundle, Session, Sink, write_whole};

use crate::cli::Run;
use crate::interrupt::{self, Interrupter};
use crate::language::{Failure, Language};
use crate::notebook::{self, Recorder};
use crate::page::Page;
use crate::terminal::{Terminal, colours};

/// Status of a script that failed.
const FAILED: u8 = 1;
/// Status of a command line that cannot be followed.
const MISUSE: u8 = 2;

/// Shows output on the terminal and keeps it for the page.
struct Both {
    terminal: Arc<Terminal>,
    page: Option<Arc<Mutex<Page>>>,
}

impl Both {
    fn on_page(&self, add: impl FnOnce(&mut Page)) {
        if let Some(page) = &self.page {
            add(&mut page.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn show(&self, bundle: &Bundle) {
        self.terminal.say(&bundle.plain);
        self.on_page(|page| page.show(bundle));
    }

    fn fail(&self, failure: &Failure) {
        let coloured = colours(&stderr());
        self.terminal.complain(if coloured { &failure.coloured } else { &failure.text });
        self.on_page(|page| page.error(&failure.text));
    }
}

impl Sink for Both {
    fn print(&self, text: &str) {
        self.terminal.print(text);
        self.on_page(|page| page.text(text));
    }

    fn display(&self, bundle: &Bundle) {
        self.show(bundle);
    }

    fn warn(&self, text: &str) {
        self.terminal.warn(text);
        self.on_page(|page| page.warning(text));
    }

    fn ask(&self, prompt: &str) -> Option<String> {
        let answer = self.terminal.ask(prompt)?;
        self.on_page(|page| page.text(&format!("{prompt}{answer}")));
        Some(answer)
    }
}

/// Runs what the command line asks for and gives the exit status.
pub fn run(run: &Run) -> u8 {
    let terminal = Arc::new(Terminal::new());
    let status = run_on(run, &terminal);
    terminal.flush();
    status
}

fn run_on(run: &Run, terminal: &Arc<Terminal>) -> u8 {
    if let Some(file) = run.file.as_deref().filter(|file| is_notebook(file)) {
        return run_notebook(run, file, terminal);
    }
    let script = match run.file.as_deref().map(read).transpose() {
        Ok(script) => script,
        Err(problem) => {
            terminal.complain(&format!("error: {problem}"));
            return MISUSE;
        }
    };
    if let Some(out) = &run.out {
        // Better said before the work than after it.
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        if out.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
            let out = out.display();
            terminal.complain(&format!("error: cannot write the page {out}: no such folder"));
            return MISUSE;
        }
    }
    let page = run.out.as_ref().map(|_| Arc::new(Mutex::new(Page::default())));
    let sink = || Both { terminal: Arc::clone(terminal), page: page.clone() };
    let mut session = Session::new(Box::new(sink()));
    let line = Arc::clone(terminal);
    session.report_progress(Arc::new(move |progress| line.progress(progress)));
    for (name, value) in &run.params {
        session.set_param(name, value);
    }
    let cancel = session.cancel_flag();
    let interrupter = Interrupter::of(Arc::clone(&cancel));
    interrupter.start();
    interrupt::listen(interrupter, 1);

    let sink = sink();
    let mut status = 0;
    if let (Some(script), Some(file)) = (&script, &run.file) {
        session.set_script(file);
        status = evaluate(&mut session, &sink, script, run.show_code);
    }
    if let (0, Some(code)) = (status, &run.code) {
        status = evaluate(&mut session, &sink, code, run.show_code);
    }
    if status != 0 && cancel.load(Ordering::Relaxed) {
        status = interrupt::STATUS;
    }
    if let (Some(out), Some(page)) = (&run.out, &page) {
        let page = page.lock().unwrap_or_else(PoisonError::into_inner);
        let html = page.to_html(&title(run), &about(run, status));
        if let Err(error) = write_whole(out, html.as_bytes()) {
            let out = out.display();
            terminal.complain(&format!("error: cannot write the page {out}: {error}"));
            return FAILED;
        }
        if stderr().is_terminal() {
            terminal.complain(&format!("wrote {}", out.display()));
        }
    }
    status
}

fn is_notebook(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"))
}

/// Executes a notebook and writes it back, or to the notebook that `--out` names.
fn run_notebook(run: &Run, file: &Path, terminal: &Terminal) -> u8 {
    let out = run.out.as_deref().unwrap_or(file);
    let misuse = |problem: &str| {
        terminal.complain(&format!("error: {problem}"));
        MISUSE
    };
    if !is_notebook(out) {
        return misuse("--out must name an .ipynb file when a notebook is run");
    }
    if run.code.is_some() || run.show_code {
        return misuse("-c and --code do not go with a notebook");
    }
    let mut notebook = match read(file).and_then(|text| notebook::read(&text)) {
        Ok(notebook) => notebook,
        Err(problem) => return misuse(&problem),
    };
    // As in Jupyter, relative paths in a notebook start at its folder.
    let Ok(out) = std::path::absolute(out) else { return misuse("--out is not a path") };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(Err(error)) = folder.map(std::env::set_current_dir) {
        return misuse(&format!("cannot enter the notebook's folder: {error}"));
    }
    let recorder = Recorder::default();
    let mut session = Session::new(Box::new(recorder.clone()));
    for (name, value) in &run.params {
        session.set_param(name, value);
    }
    let cancel = session.cancel_flag();
    let interrupter = Interrupter::of(Arc::clone(&cancel));
    interrupter.start();
    interrupt::listen(interrupter, 1);
    let talkative = stderr().is_terminal();
    let failure = notebook::execute(&mut notebook, &mut session, &recorder, |cell, cells| {
        if talkative {
            terminal.complain(&format!("cell {cell} of {cells}"));
        }
    });
    if let Err(error) = write_whole(&out, notebook::write(&notebook).as_bytes()) {
        terminal.complain(&format!("error: cannot write {}: {error}", out.display()));
        return FAILED;
    }
    match failure {
        None => 0,
        Some(failure) => {
            let coloured = colours(&stderr());
            terminal.complain(if coloured { &failure.coloured } else { &failure.text });
            if cancel.load(Ordering::Relaxed) { interrupt::STATUS } else { FAILED }
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
            .map_err(|error| format!("cannot read standard input: {error}"))?
    } else {
        std::fs::read(file)
            .map_err(|error| format!("cannot read script {}: {error}", file.display()))?
    };
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("script {} is not UTF-8 text (byte {at})", file.display())
    })
}

/// Runs a source section by section and stops at the first error.
fn evaluate(session: &mut Session, sink: &Both, source: &str, show_code: bool) -> u8 {
    for section in sections(source) {
        if let Some(title) = section.title {
            sink.on_page(|page| page.heading(title));
            let words = foreword(section.body);
            if !words.is_empty() {
                sink.on_page(|page| page.prose(&words));
            }
        }
        if show_code && !section.body.trim().is_empty() {
            sink.on_page(|page| page.code(section.body.trim_end()));
        }
        // Blank lines in front keep line numbers those of the file.
        let code = "\n".repeat(section.line) + section.body;
        match Language::eval(session, &code) {
            Ok(Some(bundle)) => sink.show(&bundle),
            Ok(None) => {}
            Err(failure) => {
                sink.fail(&failure);
                return FAILED;
            }
        }
    }
    0
}

/// A part of a script that begins with `// %% Title`.
#[derive(Debug, PartialEq, Eq)]
struct Section<'a> {
    title: Option<&'a str>,
    /// Lines of the file before the body.
    line: usize,
    body: &'a str,
}

fn sections(source: &str) -> Vec<Section<'_>> {
    let mut found = vec![Section { title: None, line: 0, body: "" }];
    let (mut start, mut at) = (0, 0);
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let next = at + line.len();
        if let Some(title) = line.strip_prefix("// %%") {
            if let Some(last) = found.last_mut() {
                last.body = &source[start..at];
            }
            let title = Some(title.trim()).filter(|title| !title.is_empty());
            found.push(Section { title, line: number + 1, body: "" });
            start = next;
        }
        at = next;
    }
    if let Some(last) = found.last_mut() {
        last.body = &source[start..];
    }
    found.retain(|section| section.title.is_some() || !section.body.trim().is_empty());
    found
}

/// The comment lines that open a section: what the page says in prose.
fn foreword(body: &str) -> String {
    let comments = body.lines().map_while(|line| line.strip_prefix("//"));
    comments.map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn title(run: &Run) -> String {
    let file = run.file.as_ref().filter(|file| file.as_path() != Path::new("-"));
    file.and_then(|file| file.file_stem())
        .map_or_else(|| "Esep".to_owned(), |stem| stem.to_string_lossy().replace('_', " "))
}

fn about(run: &Run, status: u8) -> String {
    let from = run
        .file
        .as_ref()
        .and_then(|file| file.file_name())
        .map_or_else(String::new, |name| format!(" from {}", PathBuf::from(name).display()));
    let date = crate::jupyter::iso8601(std::time::SystemTime::now());
    let params: Vec<String> =
        run.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let params =
        if params.is_empty() { String::new() } else { format!(" with {}", params.join(", ")) };
    let end = if status == 0 { "" } else { " The script did not run to its end." };
    let version = crate::jupyter::VERSION;
    format!("Made by esep {version}{from}{params} on {}.{end}", &date[..10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_begin_at_their_marks_and_keep_their_lines() {
        assert_eq!(sections("1\n2"), [Section { title: None, line: 0, body: "1\n2" }]);
        let source = "\n// %% One\na\n// %%\nb\n  // %% not at the margin\n// %% Last";
        assert_eq!(
            sections(source),
            [
                Section { title: Some("One"), line: 2, body: "a\n" },
                Section { title: None, line: 4, body: "b\n  // %% not at the margin\n" },
                Section { title: Some("Last"), line: 7, body: "" },
            ]
        );
        assert!(sections("").is_empty());
    }

    #[test]
    fn comments_that_open_a_section_are_its_foreword() {
        assert_eq!(foreword("// One\n// two.\nlet x = 1; // not this\n"), "One two.");
        assert_eq!(foreword("let x = 1;\n// later\n"), "");
    }
}
