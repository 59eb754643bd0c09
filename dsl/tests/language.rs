//! The language as its users type it.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::rc::Rc;

use esep_dsl::{Bundle, Completeness, Session, Sink};

#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<String>>>);

impl Sink for Recorder {
    fn print(&self, text: &str) {
        self.0.borrow_mut().push(format!("print: {text}"));
    }
    fn display(&self, bundle: &Bundle) {
        self.0.borrow_mut().push(format!("display: {}", bundle.plain));
    }
    fn warn(&self, text: &str) {
        self.0.borrow_mut().push(format!("warn: {text}"));
    }
}

fn session() -> (Session, Recorder) {
    let recorder = Recorder::default();
    (Session::new(Box::new(recorder.clone())), recorder)
}

fn shows(code: &str) -> String {
    match session().0.eval(code) {
        Ok(bundle) => bundle.map(|b| b.plain).unwrap_or_default(),
        Err(report) => panic!("{code}\n{}", report.render(false)),
    }
}

fn fails(code: &str) -> String {
    match session().0.eval(code) {
        Ok(bundle) => panic!("{code} gave {bundle:?}"),
        Err(report) => report.render(false),
    }
}

#[test]
fn numbers_are_what_analysts_expect() {
    assert_eq!(shows("7 / 2"), "3.5");
    assert_eq!(shows("6 / 2"), "3.0");
    assert_eq!(shows("div(7, 2)"), "3");
    assert_eq!(shows("1e-20 == 0.0"), "false");
    assert_eq!(shows("let x = 7; x /= 2; x"), "3.5");
    assert_eq!(shows("let m = #{ a: 7 }; m.a /= 2; m.a"), "3.5");
    assert_eq!(shows("0.1 + 0.2 == 0.3"), "false");
    assert_eq!(shows("1 == 1.0"), "true");
    assert_eq!(shows("2 > 1.5 && 1.5 <= 2"), "true");
    assert_eq!(shows("sqrt(2)"), "1.414213562");
}

#[test]
fn scalar_division_by_zero_is_an_error_and_columns_get_a_gap() {
    for code in ["1 / 0", "1.0 / 0.0", "1 / 0.0", "5 % 0", "5.0 % 0.0", "div(1, 0)", "log(0)"] {
        fails(code);
    }
    let (mut session, seen) = session();
    let shown = session.eval("(vector([1, 2]) / vector([0, 4])).to_array()").unwrap().unwrap();
    assert_eq!(shown.plain, "[missing, 0.5]");
    assert!(seen.0.borrow()[0].contains("1 of 2 values became missing"));
}

#[test]
fn state_survives_cells_and_failures() {
    let (mut session, _) = session();
    session.eval("let a = 1; fn twice(x) { x * 2 }").unwrap();
    session.eval("let b = 2; let c = nope; let d = 4;").unwrap_err();
    assert_eq!(session.eval("twice(a + b)").unwrap().unwrap().plain, "6");
    session.eval("fn half(x) { x / 2 } oops").unwrap_err();
    assert_eq!(session.eval("half(twice(3))").unwrap().unwrap().plain, "3.0");
    session.eval("let f = |x| x + a;").unwrap();
    assert_eq!(session.eval("f.call(10)").unwrap().unwrap().plain, "11");
    for _ in 0..5 {
        session.eval("let a = a + 1;").unwrap();
    }
    assert_eq!(session.variables().iter().filter(|(name, _, _)| name == "a").count(), 1);
}

#[test]
fn columns_read_write_and_compute() {
    let code = "let t = load(\"regions_2023\");
        t.digital_output = t.manuf_output * t.digital_tech_use_share / 100;
        t.digital_output *= 2;
        t[\"ВРП на душу\"] = t.gdp_per_capita;
        t.flag = t.gdp_per_capita > 10000;
        [t.at(\"Abai\", \"digital_output\"), t[\"ВРП на душу\"][\"Atyrau\"], t.flag[4], t.ncol]";
    assert_eq!(shows(code), "[131.61575, 21812.5, true, 23]");
    let closure = "let f = |t| { t.ict_specialists_per1000 *= 2; t };
        f.call(load(\"regions_2023\")).at(\"Astana\", \"ict_specialists_per1000\")";
    assert_eq!(shows(closure), "44.0");
    assert_eq!(shows("let s = 0; for x in vector([1, 2, 3]) { s += x; } s"), "6");
}

#[test]
fn errors_say_what_where_and_how() {
    let text = fails("let t = load(\"regions_2023\");\nlet x = t.gdp_per_capital;");
    assert!(text.contains("no column `gdp_per_capital`"), "{text}");
    assert!(text.contains("line 2, column 11"), "{text}");
    assert!(text.contains("did you mean `gdp_per_capita`?"), "{text}");
    let text = fails("lod(\"regions_2023\")");
    assert!(
        text.contains("unknown function `lod`") && text.contains("did you mean `load`"),
        "{text}"
    );
    let text = fails("load(\"regions_2024\")");
    assert!(text.contains("did you mean `regions_2023`"), "{text}");
    let text = fails("load(\"regions_2023\").sort(\"region\", #{ descnding: true })");
    assert!(text.contains("unknown option `descnding`"), "{text}");
    assert!(text.contains("did you mean `descending`"), "{text}");
    let text = fails("let regions = 1; region");
    assert!(text.contains("did you mean `regions`"), "{text}");
    let text = fails("vector([1, 2]).lenght");
    assert!(text.contains("Vector: unknown label or property `lenght`"), "{text}");
    let text = fails("fn f(x) { x.nope() }\nf(1)");
    assert!(text.contains("called from"), "{text}");
    let text = fails("let y = vector([1, 2]) + vector([1, 2, 3]);");
    assert!(text.contains("2 values against 3"), "{text}");
    let text = fails("load(\"regions_2023\", \"region\")");
    assert!(text.contains("load: cannot take (text, text)"), "{text}");
    let text = fails("#{ a: 1 }.b");
    assert!(text.contains("no property `b`"), "{text}");
}

#[test]
fn every_help_example_runs() {
    let entries = session().0.registry().entries().to_vec();
    assert!(!entries.is_empty());
    for entry in entries {
        assert!(!entry.examples.is_empty(), "{} has no example", entry.name);
        for example in entry.examples {
            let (mut session, _) = session();
            match session.eval(example.code) {
                Ok(shown) => {
                    let plain = shown.map(|bundle| bundle.plain).unwrap_or_default();
                    assert!(
                        plain.contains(example.shows),
                        "{}: {}\nshows {plain}\nnot {}",
                        entry.name,
                        example.code,
                        example.shows
                    );
                }
                Err(report) => panic!("{}:\n{}", entry.name, report.render(false)),
            }
        }
    }
}

#[test]
fn the_registry_is_sound() {
    let (session, _) = session();
    let entries = session.registry().entries();
    let mut seen = std::collections::HashSet::new();
    for entry in entries {
        assert!(seen.insert((entry.on, entry.name)), "{} is documented twice", entry.name);
        assert!(entry.summary.ends_with(['.', '!']), "{}: {}", entry.name, entry.summary);
        assert!(!entry.returns.is_empty() && !entry.room.is_empty(), "{}", entry.name);
        for other in entry.see_also {
            assert!(entries.iter().any(|e| e.name == *other), "{} points to {other}", entry.name);
        }
        for param in entry.params {
            assert!(!param.meaning.is_empty(), "{}: {}", entry.name, param.name);
            assert!(!param.option || param.default.is_some(), "{}: {}", entry.name, param.name);
        }
        if let Some(owner) = entry.on {
            assert!(session.registry().type_entry(owner).is_some(), "{owner} is no type");
        }
    }
}

#[test]
fn completeness_knows_open_ends() {
    let (session, _) = session();
    let complete = ["1 + 1", "let x = 1;", "fn f(x) { x }", "// note", "f(1) // {"];
    for code in complete {
        assert_eq!(session.completeness(code), Completeness::Complete, "{code}");
    }
    for code in [
        "fn f(x) {",
        "[1, 2,",
        "if x {",
        "let s = `abc",
        "/* abc",
        "#{ a: 1,",
        "f(1,",
        "sfa(\"y ~ x\",",
    ] {
        assert!(matches!(session.completeness(code), Completeness::Incomplete { .. }), "{code}");
    }
    for code in ["1)", "x y", "let = 3", "\"abc"] {
        assert!(matches!(session.completeness(code), Completeness::Invalid { .. }), "{code}");
    }
}

#[test]
fn completion_knows_names_columns_and_options() {
    let (mut session, _) = session();
    session.eval("let regions = load(\"regions_2023\");").unwrap();
    let at_end = |code: &str| session.complete(code, code.len()).matches;
    assert_eq!(at_end("regi"), ["regions"]);
    assert!(at_end("regions.gdp").contains(&"gdp_per_capita".to_owned()));
    assert!(at_end("regions.").contains(&"where".to_owned()));
    assert_eq!(at_end("regions[\"gdp"), ["gdp_per_capita"]);
    assert_eq!(at_end("regions.sort(\"region\", #{ desc"), ["descending"]);
    assert!(at_end("load(\"reg").contains(&"regions_2023".to_owned()));
    assert!(session.inspect("load(", 3).is_some_and(|b| b.plain.contains("load(name_or_path")));
    assert!(session.inspect("regions", 2).is_some_and(|b| b.plain.contains("20 x 20")));
    session
        .eval("fn half(x) { x / 2 }\n/// Doubles x.\n/// Twice one is two.\nfn twice(x) { 2 * x }")
        .unwrap();
    session.eval("1 + 1").unwrap();
    let page = session.help("twice").unwrap().plain;
    assert!(page.contains("twice(x)") && page.contains("Doubles x.") && page.contains("Twice one"));
    assert!(session.inspect("half(", 2).is_some_and(|b| b.plain.contains("of this session")));
}

#[test]
fn interruption_keeps_variables() {
    let (mut session, _) = session();
    session.eval("let kept = 5;").unwrap();
    let flag = session.cancel_flag();
    let setter = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        flag.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let report = session.eval("let also = 6; loop { }").unwrap_err();
    setter.join().unwrap();
    assert_eq!(report.name, "Interrupted");
    assert_eq!(session.eval("kept + also").unwrap().unwrap().plain, "11");
}
