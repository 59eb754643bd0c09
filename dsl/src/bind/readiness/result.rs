//! Scoring, and what a score says of itself.

use std::rc::Rc;

use esep_stdlib::readiness::{
    Explanation, Framework, Readiness, RuleTable, readiness_rules, readiness_with,
};
use esep_stdlib::table::Cell;
use esep_stdlib::{Result, Table, Vector};
use rhai::{Dynamic, Map, NativeCallContext};

use super::framework;
use super::options;
use crate::convert;
use crate::display::{Bundle, Doc, Language, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::report::{Fallible, Raise};

const READINESS: TypeEntry = TypeEntry {
    name: "Readiness",
    summary: "An index with everything below it, by unit.",
    fields: &[
        Field::new("index", "Vector", "the index by unit; missing for a unit without scores"),
        Field::new("blocks", "Table", "the blocks, units in rows"),
        Field::new("level", "Vector of text", "level by unit; missing where levels do not apply"),
        Field::new("rank", "Vector of int", "rank by unit, 1 the best, ties share the better"),
        Field::new("nodes", "Table", "index and every block down the tree, units in rows"),
        Field::new("worths", "Table", "worth of every item after normalisation, units in rows"),
        Field::new("scores", "Table", "scores as read, units in rows"),
        Field::new(
            "faults",
            "Table",
            "scores off their scale: item, unit, value, scale, counted_as",
        ),
        Field::new("coverage", "Vector", "share of the items' weight that has a score, by unit"),
        Field::new("summary", "Table", "index, level, rank and coverage by unit"),
        Field::new("contributions", "Table", "what each block adds to the index; rows sum to it"),
        Field::new("losses", "Table", "what each block takes from 1; rows sum to 1 - index"),
        Field::new("correlations", "Table", "correlations between index and blocks over units"),
        Field::new(
            "effective_weights",
            "Table",
            "by node: weight, overall weight, correlation with the index, share of its variance",
        ),
        Field::new(
            "treatment",
            "Table",
            "what treatment did to each item; missing unless asked for",
        ),
        Field::new("reliability", "Table", "Cronbach's alpha by node"),
        Field::new("framework", "Framework", "the framework with the weights in force"),
        Field::new("warnings", "array of text", "what to know before using the numbers"),
    ],
};

const EXPLANATION: TypeEntry = TypeEntry {
    name: "Explanation",
    summary: "One unit in words and in a table.",
    fields: &[
        Field::new("text", "text", "the sentences"),
        Field::new(
            "table",
            "Table",
            "value, weight, points lost, rank and others' median by block",
        ),
    ],
};

const RULES: TypeEntry = TypeEntry {
    name: "RuleTable",
    summary: "An index under every rule side by side.",
    fields: &[
        Field::new("table", "Table", "normalise, aggregate, zero, unit, index, level, rank"),
        Field::new("text", "text", "what to take from it"),
    ],
};

const R: Param = Param::arg("r", "Readiness", "result of readiness()");
const SCORES: Param = Param::arg(
    "scores",
    "Table",
    "units in rows and items in columns; items in rows are recognised by their labels",
);
const FW: Param = Param::arg("fw", "Framework or text", "the framework, or the name of one");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "readiness",
        on: None,
        room: "readiness",
        summary: "Scores units against a framework: blocks, index, level and rank.",
        signature: "readiness(scores, fw, options)",
        params: &[
            SCORES,
            FW,
            Param::option(
                "normalise",
                "text, closure or map",
                "\"declared\"",
                "declared (the questionnaire's scales, 0 to 1), as_published (0, 1, then (x-1)/4 up to 5, x/10 above), minmax, zscore, rank, percentile_rank, borda, distance_to_target, distance_to_leader, distance_to_reference, fraction_of_max, goalposts; |values| -> vector; or item -> any of these",
            ),
            Param::option(
                "weights",
                "map, labelled Vector, text or closure",
                "the framework's",
                "node -> weight among its siblings (the rest rescaled to sum 1); or for the blocks a method (equal, entropy, critic, sd, merec, pca, optimised) or closure |table| -> weights; or node -> either for its children",
            ),
            Param::option(
                "aggregate",
                "text, map or closure",
                "the framework's",
                "arithmetic, geometric, harmonic, power, min, max, median, owa, mazziotta_pareto, adjusted_mazziotta_pareto, copeland, topsis, wroclaw, bod, gated; #{ rule: \"power\", p: 2 }, #{ rule: \"owa\", order: [...] }; |values, weights| -> number; or node -> any of these",
            ),
            Param::option(
                "zero",
                "text",
                "\"floor\"; under as_published \"skip\"",
                "zeros where they would wipe out the aggregate: floor (count as 0.01), skip (factor 1, counted in the root), drop (left out), keep, error",
            ),
            Param::option("floor", "number", "0.01", "height of the floor, in (0, 1)"),
            Param::option(
                "missing",
                "text",
                "each node's own",
                "available (others' weights rescaled), propagate, worst, error",
            ),
            Param::option(
                "impute",
                "text or map",
                "none",
                "fills missing scores first: mean, median, group_mean, group_median; #{ method: \"group_mean\", by: column of groups }",
            ),
            Param::option(
                "treat",
                "bool or map",
                "false",
                "treats outliers next: true, or the options of treat()",
            ),
            Param::option("round_blocks", "int", "none", "decimals of the blocks before the index"),
            Param::option("range", "[low, high]", "[0, 1]", "range of minmax and goalposts"),
            Param::option("moments", "[mean, sd]", "[0, 1]", "moments of zscore"),
            Param::option(
                "ties",
                "text",
                "\"min\"",
                "ties of ranks: min, average, max, dense or first",
            ),
            Param::option("reference", "text", "none", "unit of distance_to_reference"),
            Param::option("targets", "map", "the framework's", "item -> value to reach"),
            Param::option("goalposts", "map", "none", "item -> [low, high] raw values"),
        ],
        returns: "Readiness",
        search: &["composite index", "maturity", "score", "Aggregate", "COINr"],
        errors: &[
            "neither columns nor row labels are items",
            "a misspelt item, with its neighbours",
            "an answer that its scale does not know",
            "values of 0 or below where a geometric mean is asked",
        ],
        see_also: &["framework", "sensitivity", "readiness_rules", "explain"],
        source: "OECD and JRC, Handbook on Constructing Composite Indicators (2008)",
        examples: &[
            Example {
                code: "let r = readiness(load(\"readiness_scores\"), framework(\"digital_readiness\"));\nr.level[\"kazakhmys\"]",
                shows: "medium",
            },
            Example {
                code: "let r = readiness(load(\"readiness_scores\"), framework(\"digital_readiness\"), #{ normalise: \"as_published\", round_blocks: 3 });\nassert_close(r.index[\"kazakhmys\"], 0.8026, 0.00005)",
                shows: "",
            },
            Example {
                code: "readiness(load(\"readiness_scores\"), \"digital_readiness\", #{ aggregate: |values, weights| (values * weights).sum() }).rank[\"kazakhmys\"]",
                shows: "1",
            },
        ],
    },
    Entry {
        name: "readiness_rules",
        on: None,
        room: "readiness",
        summary: "Index and level under every normalisation, mean and zero rule side by side.",
        signature: "readiness_rules(scores, fw, options)",
        params: &[
            SCORES,
            FW,
            Param::option(
                "weights",
                "map",
                "the framework's",
                "as in readiness(); so are all other options",
            ),
        ],
        returns: "RuleTable",
        search: &["robustness", "normalisation", "compare rules"],
        errors: &["as readiness()"],
        see_also: &["readiness", "sensitivity"],
        source: "",
        examples: &[Example {
            code: "readiness_rules(load(\"readiness_scores\"), \"digital_readiness\")",
            shows: "rests on the published normalisation",
        }],
    },
    Entry {
        name: "explain",
        on: Some("Readiness"),
        room: "readiness",
        summary: "One unit in words: where it stands, what it loses where, how it differs from the others.",
        signature: "r.explain(unit)",
        params: &[R, Param::arg("unit", "text", "name of the unit")],
        returns: "Explanation",
        search: &["strengths", "weaknesses", "report", "unit summary"],
        errors: &["an unknown unit"],
        see_also: &["item_losses", "readiness"],
        source: "",
        examples: &[Example {
            code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").explain(\"kazakhmys\")",
            shows: "Most is lost in",
        }],
    },
    Entry {
        name: "item_losses",
        on: Some("Readiness"),
        room: "readiness",
        summary: "Points that each item costs one unit, the costliest first; they sum to 1 - index.",
        signature: "r.item_losses(unit)",
        params: &[R, Param::arg("unit", "text", "name of the unit")],
        returns: "Table: item, label, score, worth, lost",
        search: &["contributions", "decomposition", "priorities"],
        errors: &["an unknown unit", "an aggregation that is no mean of its parts"],
        see_also: &["explain"],
        source: "",
        examples: &[Example {
            code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").item_losses(\"kazakhmys\").nrow",
            shows: "115",
        }],
    },
    Entry {
        name: "compare",
        on: Some("Readiness"),
        room: "readiness",
        summary: "Index, rank and level here and in another result, with the shifts.",
        signature: "r.compare(other)",
        params: &[R, Param::arg("other", "Readiness", "the result to compare with")],
        returns: "Table by unit: index, index_there, change, rank, rank_there, rank_shift (a climb is positive), level, level_there",
        search: &["difference", "rank shift"],
        errors: &[],
        see_also: &["readiness_rules"],
        source: "",
        examples: &[Example {
            code: "let s = load(\"readiness_scores\");\nreadiness(s, \"digital_readiness\").compare(readiness(s, \"digital_readiness\", #{ aggregate: \"arithmetic\" })).at(\"kazakhmys\", \"rank_shift\")",
            shows: "0",
        }],
    },
    Entry {
        name: "node",
        on: Some("Readiness"),
        room: "readiness",
        summary: "The values of one node, whether index, block or item, by unit.",
        signature: "r.node(code)",
        params: &[R, Param::arg("code", "text", "code of the node")],
        returns: "Vector",
        search: &["block", "dimension", "pillar"],
        errors: &["an unknown node"],
        see_also: &["readiness"],
        source: "",
        examples: &[Example {
            code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").node(\"MTE\").labels",
            shows: "kazakhmys",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Readiness>>(&READINESS, show);
    library.register_type::<Rc<Explanation>>(&EXPLANATION, show_explanation);
    library.register_type::<Rc<RuleTable>>(&RULES, show_rules);
    let shared = library.shared();
    library.engine.register_fn(
        "readiness",
        move |context: NativeCallContext, scores: Table, fw: Dynamic| {
            score(&shared, &context, &scores, &fw, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "readiness",
        move |context: NativeCallContext, scores: Table, fw: Dynamic, options: Map| {
            score(&shared, &context, &scores, &fw, options)
        },
    );
    let shared = library.shared();
    library.engine.register_fn("readiness_rules", move |scores: Table, fw: Dynamic| {
        rules(&shared, &scores, &fw, Map::new())
    });
    let shared = library.shared();
    library
        .engine
        .register_fn("readiness_rules", move |scores: Table, fw: Dynamic, options: Map| {
            rules(&shared, &scores, &fw, options)
        });
    fields(library);
    let engine = &mut *library.engine;
    engine.register_fn("explain", |r: Rc<Readiness>, unit: &str| {
        r.explain(unit).map(Rc::new).raise()
    });
    engine.register_fn("item_losses", |r: Rc<Readiness>, unit: &str| r.item_losses(unit).raise());
    engine
        .register_fn("compare", |r: Rc<Readiness>, other: Rc<Readiness>| r.compare(&other).raise());
    engine.register_fn("node", |r: Rc<Readiness>, code: &str| r.node(code).raise());
    engine.register_get("text", |e: &mut Rc<Explanation>| e.sentences.join("\n"));
    engine.register_get("table", |e: &mut Rc<Explanation>| e.table.clone());
    engine.register_get("text", |e: &mut Rc<RuleTable>| e.sentences.join("\n"));
    engine.register_get("table", |e: &mut Rc<RuleTable>| e.table.clone());
}

fn fields(library: &mut Library<'_>) {
    type Get = fn(&Readiness) -> Result<Table>;
    type Read = fn(&Readiness) -> Vector;
    let tables: [(&str, Get); 11] = [
        ("effective_weights", Readiness::effective_weights),
        ("blocks", Readiness::blocks),
        ("nodes", Readiness::nodes),
        ("worths", Readiness::worths),
        ("scores", Readiness::scores),
        ("faults", Readiness::fault_table),
        ("contributions", Readiness::contributions),
        ("losses", Readiness::losses),
        ("correlations", Readiness::correlations),
        ("reliability", Readiness::reliability),
        ("summary", Readiness::summary),
    ];
    let engine = &mut *library.engine;
    for (name, get) in tables {
        engine.register_get(name, move |r: &mut Rc<Readiness>| get(r).raise());
    }
    let vectors: [(&str, Read); 4] = [
        ("index", Readiness::index),
        ("level", Readiness::level),
        ("rank", Readiness::rank),
        ("coverage", Readiness::coverage),
    ];
    for (name, get) in vectors {
        engine.register_get(name, move |r: &mut Rc<Readiness>| get(r));
    }
    engine.register_get("treatment", |r: &mut Rc<Readiness>| match &r.treatment {
        Some(log) => Dynamic::from(log.clone()),
        None => Dynamic::UNIT,
    });
    engine.register_get("framework", |r: &mut Rc<Readiness>| -> Rc<Framework> {
        Rc::new(Framework::clone(&r.framework))
    });
    engine.register_get("warnings", |r: &mut Rc<Readiness>| convert::text_array(&r.warnings));
}

fn score(
    shared: &Shared,
    context: &NativeCallContext,
    scores: &Table,
    fw: &Dynamic,
    options: Map,
) -> Fallible<Rc<Readiness>> {
    let framework = framework::argument("readiness", fw)?;
    let (params, closures) = options::readiness("readiness", options, &framework)?;
    let mut callbacks = closures.callbacks(context);
    let result = readiness_with(scores, &framework, &params, &mut callbacks, &shared.context());
    drop(callbacks);
    closures.settle(result.map(Rc::new))
}

fn rules(shared: &Shared, scores: &Table, fw: &Dynamic, options: Map) -> Fallible<Rc<RuleTable>> {
    let framework = framework::argument("readiness_rules", fw)?;
    let (params, _) = options::readiness("readiness_rules", options, &framework)?;
    readiness_rules(scores, &framework, &params, &shared.context()).map(Rc::new).raise()
}

/// At most so many units stand side by side as columns of the profile.
const SIDE_BY_SIDE: usize = 5;

fn show(r: &Rc<Readiness>, style: &Style) -> Bundle {
    let mut doc =
        Doc::new().heading(r.framework.root.label(style.language.code())).text(r.describe());
    for table in [r.summary(), profile(r, style.language)].into_iter().flatten() {
        doc = doc.table(&table);
    }
    if r.has_levels() {
        let levels: Vec<String> = r
            .framework
            .levels
            .iter()
            .map(|level| match level.upper {
                Some(upper) => format!("{} up to {upper}", level.name),
                None => format!("{} above", level.name),
            })
            .collect();
        doc = doc.text(format!("Levels: {}.", levels.join(", ")));
    }
    doc.warnings(&r.warnings).bundle(style)
}

/// Blocks by unit: few units side by side with labels, many units in rows.
fn profile(r: &Readiness, language: Language) -> Result<Table> {
    let blocks = r.blocks()?;
    if r.units.len() > SIDE_BY_SIDE {
        return Ok(blocks);
    }
    let weights = r.framework.weights()?;
    let nodes = r.framework.blocks();
    let mut columns: Vec<(String, Vector)> = vec![
        ("block".into(), Vector::from_texts(nodes.iter().map(|node| &node.code))),
        ("label".into(), Vector::from_texts(nodes.iter().map(|node| node.label(language.code())))),
    ];
    let weight = |code: &str| weights.at(code, "weight").ok().and_then(|cell| cell.as_f64());
    columns
        .push(("weight".into(), Vector::from_options(nodes.iter().map(|node| weight(&node.code)))));
    for (row, unit) in r.units.iter().enumerate() {
        let value = |column: usize| match blocks.cell(row, column) {
            Cell::Float(x) => Some(x),
            _ => None,
        };
        columns.push((unit.clone(), Vector::from_options((0..nodes.len()).map(value))));
    }
    Table::new(columns)?.labelled_by("block")
}

fn show_explanation(e: &Rc<Explanation>, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading(e.unit.clone());
    for sentence in &e.sentences {
        doc = doc.text(sentence);
    }
    doc.table(&e.table).bundle(style)
}

fn show_rules(rules: &Rc<RuleTable>, style: &Style) -> Bundle {
    let mut doc = Doc::new();
    for sentence in &rules.sentences {
        doc = doc.text(sentence);
    }
    doc.table(&rules.table).bundle(&Style { rows: style.rows.max(60), ..*style })
}
