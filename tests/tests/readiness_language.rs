//! Readiness as scripts use it.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot run its script has failed.

use std::cell::RefCell;
use std::rc::Rc;

use esep_dsl::{Bundle, Session, Sink};

#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<String>>>);

impl Sink for Recorder {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
}

fn run(code: &str) -> Bundle {
    let mut session = Session::new(Box::new(Recorder::default()));
    match session.eval(code) {
        Ok(bundle) => bundle.unwrap_or_default(),
        Err(report) => panic!("{code}\n{}", report.render(false)),
    }
}

fn shows(code: &str) -> String {
    run(code).plain
}

fn fails(code: &str) -> String {
    let mut session = Session::new(Box::new(Recorder::default()));
    match session.eval(code) {
        Ok(bundle) => panic!("{code} gave {bundle:?}"),
        Err(report) => report.render(false),
    }
}

const HEAD: &str =
    "let fw = framework(\"digital_readiness\"); let scores = load(\"readiness_scores\");\n";

fn with(code: &str) -> String {
    format!("{HEAD}{code}")
}

#[test]
fn the_lines_of_the_design_run() {
    for code in [
        "let r = readiness(scores, fw); r.index; r.blocks; r.level; r.rank",
        "readiness(scores, fw, #{ normalise: \"as_published\" })",
        "readiness(scores, fw, #{ weights: #{ MTE: 0.25, PROD: 0.25 } })",
        "readiness(scores, fw, #{ aggregate: \"arithmetic\" })",
        "sensitivity(scores, fw, #{ draws: 1000, weights: \"dirichlet\", seed: 1 })",
    ] {
        assert!(!shows(&with(code)).is_empty(), "{code}");
    }
}

#[test]
fn a_result_fits_the_terminal_and_says_what_it_did() {
    for code in [
        "fw",
        "readiness(scores, fw)",
        "readiness(scores, fw).explain(\"kazakhmys\")",
        "readiness_rules(scores, fw)",
        "sensitivity(scores, fw, #{ draws: 200, sobol: 16, normalise: [\"declared\", \"as_published\"] })",
        "ahp([[1, 3], [1 / 3, 1]])",
        "framework(\"teaching\")",
    ] {
        let bundle = run(&with(code));
        for line in bundle.plain.lines() {
            assert!(line.chars().count() <= 100, "{code}: {line}");
        }
        assert!(bundle.html.is_some(), "{code}");
    }
    let text = shows(&with("readiness(scores, fw)"));
    for part in [
        "2 units, 115 items in 9 blocks; normalised declared, aggregated geometric",
        "zeros floored at 0.01",
        "warning: 2 scores off the declared scale: ORGSTRPROC.03 of boehmer_armatura: 8",
        "Levels: low up to 0.4, medium up to 0.8, high above.",
    ] {
        assert!(text.replace("\n  ", " ").replace('\n', " ").contains(part), "{part} in\n{text}");
    }
}

#[test]
fn closures_stand_where_rules_do() {
    // Logarithms of a zero would be missing: the closure sees the floored values then.
    run(&with(
        "let own = readiness(scores, fw, #{ aggregate: |values, weights| {
             let sum = 0.0;
             for i in 0..values.len() { sum += weights[i] * log(values[i]); }
             exp(sum)
         } });
         let built_in = readiness(scores, fw);
         assert_close(own.index[\"kazakhmys\"], built_in.index[\"kazakhmys\"], 1e-12);
         assert_close(own.index[\"boehmer_armatura\"], built_in.index[\"boehmer_armatura\"], 1e-12);",
    ));
    run(&with(
        "let own = readiness(scores, fw, #{ aggregate: |values, weights| (values * weights).sum() });
         let built_in = readiness(scores, fw, #{ aggregate: \"arithmetic\" });
         assert_close(own.index[\"boehmer_armatura\"], built_in.index[\"boehmer_armatura\"], 1e-12);",
    ));
    run("let t = load(\"regions_2023\").numeric();
         let own = normalise(t, |values| (values - values.min()) / (values.max() - values.min()));
         let built_in = normalise(t, \"minmax\");
         assert_close(own.at(\"Abai\", \"gdp_per_capita\"), built_in.at(\"Abai\", \"gdp_per_capita\"), 1e-15);");
    let text = fails(&with("readiness(scores, fw, #{ aggregate: |values, weights| no_such(1) })"));
    assert!(text.contains("no_such"), "{text}");
    let text = fails(&with("readiness(scores, fw, #{ aggregate: |values, weights| \"much\" })"));
    assert!(text.contains("must return a number"), "{text}");
}

#[test]
fn mistakes_name_what_would_do() {
    let text = fails(&with("readiness(scores, fw, #{ normalize: \"declared\" })"));
    assert!(text.contains("unknown option `normalize`") && text.contains("`normalise`"), "{text}");
    let text = fails(&with("readiness(scores, fw, #{ aggregate: \"geometic\" })"));
    assert!(text.contains("did you mean `geometric`"), "{text}");
    let text = fails(&with("readiness(scores, fw, #{ weights: #{ MTF: 0.2 } })"));
    assert!(text.contains("unknown node `MTF`") && text.contains("`MTE`"), "{text}");
    let text = fails(&with("readiness(load(\"regions_2023\"), fw)"));
    assert!(text.contains("neither columns nor row labels"), "{text}");
    let text = fails("framework(\"digital_redines\")");
    assert!(text.contains("did you mean `digital_readiness`"), "{text}");
    let text = fails(&with("readiness(scores, fw, #{ zero: \"error\" })"));
    assert!(text.contains("STRSDE.01"), "{text}");
    let text = fails(&with("sensitivity(scores, fw, #{ draws: 0 })"));
    assert!(text.contains("draws must lie in 1..="), "{text}");
}

#[test]
fn weights_may_come_from_a_method_at_any_node() {
    let code = with(
        "let r = readiness(scores, fw, #{ weights: #{ index: \"equal\", MTE: \"sd\" } });
         assert_close(r.framework.weights.at(\"PROD\", \"weight\"), 1 / 9, 1e-12);
         r.framework.weights.at(\"MTE.02\", \"weight\")",
    );
    // Both have high-speed internet: the item tells nothing and weighs nothing.
    assert_eq!(shows(&code), "0.0");
}

#[test]
fn a_framework_survives_its_file() {
    let path = tempfile::Builder::new().suffix(".toml").tempfile().unwrap().into_temp_path();
    let code = format!(
        "framework(\"teaching\").to_toml({0:?}); framework({0:?}).tree() == framework(\"teaching\").tree()",
        path.display().to_string()
    );
    assert_eq!(shows(&code), "true");
}
