//! Tables to files and back, as scripts do it.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use esep_dsl::{Bundle, Session, Sink};

#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<String>>>);

impl Sink for Recorder {
    fn print(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
    fn display(&self, bundle: &Bundle) {
        self.print(&bundle.plain);
    }
    fn warn(&self, text: &str) {
        self.0.borrow_mut().push(format!("warn: {text}"));
    }
}

/// A folder of one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("esep-tables-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Evaluates `code`, in which `DIR` stands for the folder; the answer and what was said.
    fn eval(&self, code: &str) -> (Result<String, String>, Vec<String>) {
        let recorder = Recorder::default();
        let mut session = Session::new(Box::new(recorder.clone()));
        let code = code.replace("DIR", &self.0.to_string_lossy().replace('\\', "/"));
        let answer = session.eval(&code).map(|b| b.map(|b| b.plain).unwrap_or_default());
        (answer.map_err(|report| report.render(false)), recorder.0.borrow().clone())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_kind_is_written_and_the_readable_ones_read_back() {
    let folder = Folder::new("kinds");
    for name in ["a.csv", "a.tsv", "a.json", "a.jsonl"] {
        let code = format!(
            "let t = load(\"regions_2023\"); t.save(\"DIR/{name}\"); let u = load(\"DIR/{name}\");
             [u.columns == t.columns, u.labels == t.labels, u.at(\"Atyrau\", \"gdp_per_capita\"),
              u.gdp_per_capita.sum() == t.gdp_per_capita.sum()]"
        );
        let (answer, said) = folder.eval(&code);
        assert_eq!(answer.as_deref(), Ok("[true, true, 21812.5, true]"), "{name}");
        assert!(said.is_empty(), "{said:?}");
    }
    for name in ["a.tex", "a.md", "a.html"] {
        folder.eval(&format!("load(\"regions_2023\").save(\"DIR/{name}\")")).0.unwrap();
        assert!(folder.read(name).contains("Zhambyl"), "{name}");
    }
    assert!(folder.read("a.html").contains("charset=\"utf-8\""));
    let (answer, _) = folder.eval("load(\"regions_2023\").save(\"DIR/a.doc\")");
    let text = answer.unwrap_err();
    assert!(text.contains("`csv`, `tsv`, `json`"), "{text}");
    let (answer, _) = folder.eval("load(\"regions_2023\").save(\"DIR/a.md\", #{ decimal: \",\" })");
    assert!(answer.unwrap_err().contains("unknown option `decimal`"));
}

#[test]
fn a_sheet_of_the_statistics_office_reads() {
    let folder = Folder::new("sheet");
    let text = "\u{412}\u{420}\u{41f};;\nрегион;ВРП на душу;доля\nАбай;4 567,5;0,25\nАлматы;12 345,0;н/д\n";
    // Code page 1251 puts the Cyrillic capitals and small letters at 0xC0.
    let bytes: Vec<u8> = text
        .chars()
        .map(|letter| match letter {
            'А'..='я' => 0xC0 + (letter as u32 - 'А' as u32) as u8,
            ascii => ascii as u8,
        })
        .collect();
    std::fs::write(folder.0.join("врп.csv"), bytes).unwrap();
    let (answer, said) = folder.eval(
        "let t = load(\"DIR/врп.csv\", #{ skip: 1, missing: [\"н/д\", \"...\"] });
         [t[\"ВРП на душу\"][\"Алматы\"], t.at(\"Алматы\", \"доля\"), t.labels]",
    );
    assert_eq!(answer.as_deref(), Ok("[12345.0, missing, [\"Абай\", \"Алматы\"]]"));
    assert!(said.iter().any(|line| line.contains("was read as windows-1251")), "{said:?}");
    let (answer, said) = folder.eval("load(\"DIR/врп.csv\", #{ skip: 1 }).ncol");
    assert_eq!(answer.as_deref(), Ok("3"));
    assert!(!said.is_empty());
    let (answer, _) =
        folder.eval("load(\"DIR/врп.csv\", #{ skip: 1, types: #{ \"доля\": \"float\" } })");
    let text = answer.unwrap_err();
    assert!(text.contains("line 4, column 3 (`доля`): found `н/д`, expected float"), "{text}");
    let (answer, _) = folder.eval("load(\"DIR/врп.csv\", #{ encoding: \"utf-8\" })");
    assert!(answer.unwrap_err().contains("line 1, column 1: found byte 0xc2"));
}
