//! Completion, help and completeness on code as it looks while it is being typed.

use esep_dsl::{Bundle, Completeness, Session, Sink};

struct Nowhere;

impl Sink for Nowhere {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

/// Code with every construct, some of it wrong, some outside ASCII.
const SAMPLES: [&str; 8] = [
    "let regions = load(\"regions_2023\"); regions.manuf_output / 100",
    "regions.where(|r| r.gdp_per_capita > 4000).select([\"name_kk\"]).sort(\"x\", #{ descending: true })",
    "fn \u{0493}(\u{04d9}) { `a ${\u{04d9} + \"\u{1d53c}\"}` } // \u{1f600}\n/* open /* nested */",
    "regions[\"gdp_per\"]; regions . gdp; t.a.b.c[0][1](2).d",
    "if x { [1, (2, { 3 }) } else #{ a: \"b\\\"\", 'c': `d` }",
    "?sfa\n:time 1..=3\n\u{feff}\u{0}\r\n\t",
    "((((((((((((((((((((((((((((((((((((((((",
    "\"never closed",
];

#[test]
fn no_half_typed_code_breaks_the_editor() {
    let mut session = Session::new(Box::new(Nowhere));
    session.eval(SAMPLES[0]).expect("the first sample is right");
    for sample in SAMPLES {
        let cuts = sample.char_indices().map(|(at, _)| at).chain([sample.len()]);
        for code in cuts.map(|cut| &sample[..cut]) {
            let _: Completeness = session.completeness(code);
            // Clients may send any position, within a character or beyond the end.
            for at in (0..code.len() + 2).chain([usize::MAX]) {
                let found = session.complete(code, at);
                assert!(found.start <= found.end && found.end <= code.len(), "{code:?} {at}");
                assert!(code.is_char_boundary(found.start) && code.is_char_boundary(found.end));
                let typed = &code[found.start..found.end];
                for one in &found.matches {
                    assert!(one.starts_with(typed), "{one} for {typed} in {code:?} at {at}");
                }
                let _: Option<Bundle> = session.inspect(code, at);
            }
        }
    }
}
