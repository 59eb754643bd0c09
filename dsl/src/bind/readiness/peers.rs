//! Where a unit stands among the others, and how nodes go together.

use std::rc::Rc;

use esep_stdlib::Table;
use esep_stdlib::readiness::{Against, Correlation, Readiness};
use rhai::{Dynamic, Map};

use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::Library;
use crate::options::Options;
use crate::report::{Fallible, Raise};

const R: Param = Param::arg("r", "Readiness", "result of readiness()");
const UNIT: Param = Param::arg("unit", "text", "name of the unit");
const N: Param = Param::option("n", "int", "5", "items to name");
const BY: Param = Param::option(
    "by",
    "text",
    "\"gap\"",
    "gap (to the others' median worth) or rank (among the units)",
);
const STANDING: &str =
    "Table: item, label, block, score, worth, rank, units, others (their median worth), gap";

const ENTRIES: &[Entry] = &[
    Entry {
        name: "strengths",
        on: Some("Readiness"),
        room: "readiness",
        summary: "Items in which a unit leads the others, the widest gap first.",
        signature: "r.strengths(unit, options)",
        params: &[R, UNIT, N, BY],
        returns: STANDING,
        search: &["peers", "benchmark", "get_str_weak", "COINr"],
        errors: &["an unknown unit"],
        see_also: &["weaknesses", "explain"],
        source: "",
        examples: &[Example {
            code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").strengths(\"kazakhmys\", #{ n: 3 }).nrow",
            shows: "3",
        }],
    },
    Entry {
        name: "weaknesses",
        on: Some("Readiness"),
        room: "readiness",
        summary: "Items in which a unit falls behind the others, the widest gap first.",
        signature: "r.weaknesses(unit, options)",
        params: &[R, UNIT, N, BY],
        returns: STANDING,
        search: &["peers", "benchmark", "get_str_weak", "COINr"],
        errors: &["an unknown unit"],
        see_also: &["strengths", "item_losses"],
        source: "",
        examples: &[Example {
            code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").weaknesses(\"kazakhmys\")",
            shows: "gap",
        }],
    },
    Entry {
        name: "correlate",
        on: Some("Readiness"),
        room: "readiness",
        summary: "Correlations between any nodes of an index, over the units.",
        signature: "r.correlate(nodes, options)",
        params: &[
            R,
            Param::arg("nodes", "text or array", "codes of nodes: rows of the answer"),
            Param::option("against", "text or array", "nodes", "codes of nodes: its columns"),
            Param::option("method", "text", "\"pearson\"", "pearson or spearman"),
        ],
        returns: "Table; missing below three units with both values, or where a side is constant",
        search: &["get_corr", "cor", "collinearity", "redundant indicators"],
        errors: &["an unknown node"],
        see_also: &["pca_weights"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").select([\"gdp_per_capita\", \"ict_avg_salary\", \"cloud_use_share\"]);\nlet fw = framework(#{ code: \"three\", node: [#{ code: \"index\" }, #{ code: \"gdp_per_capita\", parent: \"index\", scale: \"open\" }, #{ code: \"ict_avg_salary\", parent: \"index\", scale: \"open\" }, #{ code: \"cloud_use_share\", parent: \"index\", scale: \"open\" }] });\nlet r = readiness(z, fw, #{ normalise: \"minmax\", aggregate: \"arithmetic\" });\nr.correlate([\"index\"], #{ against: [\"gdp_per_capita\", \"cloud_use_share\"], method: \"spearman\" }).ncol",
            shows: "2",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let engine = &mut *library.engine;
    engine.register_fn("strengths", |r: Rc<Readiness>, unit: &str| {
        standing(&r, "strengths", unit, Map::new())
    });
    engine.register_fn("strengths", |r: Rc<Readiness>, unit: &str, options: Map| {
        standing(&r, "strengths", unit, options)
    });
    engine.register_fn("weaknesses", |r: Rc<Readiness>, unit: &str| {
        standing(&r, "weaknesses", unit, Map::new())
    });
    engine.register_fn("weaknesses", |r: Rc<Readiness>, unit: &str, options: Map| {
        standing(&r, "weaknesses", unit, options)
    });
    engine.register_fn("correlate", |r: Rc<Readiness>, nodes: Dynamic| {
        correlate(&r, &nodes, Map::new())
    });
    engine.register_fn("correlate", |r: Rc<Readiness>, nodes: Dynamic, options: Map| {
        correlate(&r, &nodes, options)
    });
}

fn standing(r: &Readiness, name: &'static str, unit: &str, given: Map) -> Fallible<Table> {
    let mut options = Options::new(name, given);
    let n = options.count("n", 5)?;
    let by = options.choice("by", Against::Gap)?;
    options.finish()?;
    if name == "strengths" { r.strengths(unit, n, by) } else { r.weaknesses(unit, n, by) }.raise()
}

fn correlate(r: &Readiness, nodes: &Dynamic, given: Map) -> Fallible<Table> {
    let nodes = convert::texts_argument("correlate", "nodes", nodes)?;
    let mut options = Options::new("correlate", given);
    let against = options.texts("against")?.unwrap_or_else(|| nodes.clone());
    let kind = options.choice("method", Correlation::Pearson)?;
    options.finish()?;
    r.correlate(&nodes, &against, kind).raise()
}
