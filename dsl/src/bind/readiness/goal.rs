//! How firm a result is, and what it takes to change it.

use std::rc::Rc;

use esep_stdlib::readiness::{Reach, ReachParams, ReachPlan, Readiness, Stability};
use rhai::{Array, Dynamic, Map};

use super::options;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const STABILITY: TypeEntry = TypeEntry {
    name: "Stability",
    summary: "The room of each weight before a rank or level changes.",
    fields: &[Field::new(
        "table",
        "Table",
        "by block: weight, rank_from, rank_to, level_from, level_to, first",
    )],
};

const REACH: TypeEntry = TypeEntry {
    name: "Reach",
    summary: "The cheapest improvements that reach a target, and the next best.",
    fields: &[
        Field::new("changes", "Table", "of the cheapest plan: item, label, from, to, steps, cost"),
        Field::new("cost", "float", "of the cheapest plan"),
        Field::new("index", "float", "index after the cheapest plan"),
        Field::new("alternatives", "array of Table", "changes of the next best plans"),
    ],
};

const R: Param = Param::arg("r", "Readiness", "result of readiness()");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "stability",
        on: Some("Readiness"),
        room: "readiness",
        summary: "How far each weight can move before a rank or a level changes; exact.",
        signature: "r.stability(node)",
        params: &[
            R,
            Param {
                default: Some("the index"),
                ..Param::arg("node", "text", "the node whose children's weights move")
            },
        ],
        returns: "Stability: the other weights keep their proportions; 0 and 1 where nothing ever changes",
        search: &["weight stability interval", "robustness", "break-even weight"],
        errors: &[
            "a node, or one above it, that is no mean of its parts",
            "different means on the way up",
        ],
        see_also: &["sensitivity", "reach"],
        source: "",
        examples: &[
            Example {
                code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").stability()",
                shows: "rank_from",
            },
            Example {
                code: "readiness(load(\"readiness_scores\"), \"digital_readiness\").stability(\"MTE\").table.nrow",
                shows: "22",
            },
        ],
    },
    Entry {
        name: "reach",
        on: Some("Readiness"),
        room: "readiness",
        summary: "The cheapest whole steps on items that lift a unit's index to a target.",
        signature: "r.reach(unit, options)",
        params: &[
            R,
            Param::arg("unit", "text", "name of the unit"),
            Param::option("index", "number", "none", "index to reach, in (0, 1]"),
            Param::option(
                "level",
                "text",
                "the next one",
                "level to reach, with the minimums it asks for",
            ),
            Param::option(
                "cost",
                "map",
                "1 a step",
                "item -> cost of one step, above 0, at most three decimals",
            ),
            Param::option("limits", "map", "the scales' ends", "item -> best score it may take"),
            Param::option(
                "steps",
                "map",
                "none",
                "item on a continuous scale -> length of its step; without one it stays",
            ),
            Param::option(
                "alternatives",
                "int",
                "3",
                "other plans to name; each does without one change of the first",
            ),
        ],
        returns: "Reach",
        search: &["goal seek", "improvement plan", "what to do", "optimise"],
        errors: &[
            "a target out of reach",
            "a node whose rule compares units, sorts values or is a closure",
        ],
        see_also: &["explain", "stability"],
        source: "",
        examples: &[
            Example {
                code: "let plan = readiness(load(\"readiness_scores\"), \"digital_readiness\").reach(\"kazakhmys\", #{ index: 0.81 });\nplan.index >= 0.81",
                shows: "true",
            },
            Example {
                code: "let r = readiness(load(\"readiness_scores\"), \"digital_readiness\");\nlet plan = r.reach(\"kazakhmys\", #{ level: \"high\", cost: #{ \"MTE.04\": 25, \"PERS.09\": 0.5 } });\nplan.cost",
                shows: "",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Stability>>(&STABILITY, show_stability);
    library.register_type::<Rc<Reach>>(&REACH, show_reach);
    let shared = library.shared();
    library.engine.register_fn("reach", move |r: Rc<Readiness>, unit: &str| {
        reach(&shared, &r, unit, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("reach", move |r: Rc<Readiness>, unit: &str, options: Map| {
        reach(&shared, &r, unit, options)
    });
    let engine = &mut *library.engine;
    engine.register_fn("stability", |r: Rc<Readiness>| r.stability(None).map(Rc::new).raise());
    engine.register_fn("stability", |r: Rc<Readiness>, node: &str| {
        r.stability(Some(node)).map(Rc::new).raise()
    });
    engine.register_get("table", |s: &mut Rc<Stability>| s.table.clone());
    engine.register_get("changes", |reach: &mut Rc<Reach>| reach.plans[0].changes.clone());
    engine.register_get("cost", |reach: &mut Rc<Reach>| reach.plans[0].cost);
    engine.register_get("index", |reach: &mut Rc<Reach>| reach.plans[0].index);
    engine.register_get("alternatives", |reach: &mut Rc<Reach>| -> Array {
        reach.plans[1..].iter().map(|plan| Dynamic::from(plan.changes.clone())).collect()
    });
}

fn reach(shared: &Shared, r: &Readiness, unit: &str, given: Map) -> Fallible<Rc<Reach>> {
    let mut options = Options::new("reach", given);
    let mut named = |parameter: &'static str| {
        options
            .take(parameter)
            .map_or(Ok(Vec::new()), |value| options::named_numbers("reach", parameter, &value))
    };
    let (cost, limits, steps) = (named("cost")?, named("limits")?, named("steps")?);
    let params = ReachParams {
        index: options.optional_float("index")?,
        level: options.text("level")?,
        cost,
        limits,
        steps,
        alternatives: options.count("alternatives", ReachParams::default().alternatives)?,
    };
    options.finish()?;
    r.reach(unit, &params, &shared.context()).map(Rc::new).raise()
}

fn show_stability(s: &Rc<Stability>, style: &Style) -> Bundle {
    Doc::new()
        .text(
            "Weights between which no rank, and no level, changes; the others keep their \
             proportions.",
        )
        .table(&s.table)
        .warnings(&s.warnings)
        .bundle(style)
}

/// What a plan does otherwise than the first: what it leaves out, and what it takes instead.
fn differences(first: &ReachPlan, other: &ReachPlan) -> String {
    let moves = |plan: &ReachPlan| -> Vec<(String, String)> {
        let names = plan.changes.row_names();
        let cell = |row: usize, column: &str| {
            let cell = plan.changes.column(column).map(|column| column.cell(row));
            cell.ok().and_then(|cell| cell.as_f64()).map_or_else(String::new, |x| x.to_string())
        };
        let told = |row: usize| format!("{} to {}", cell(row, "from"), cell(row, "to"));
        names.into_iter().enumerate().map(|(row, name)| (name, told(row))).collect()
    };
    let (first, other) = (moves(first), moves(other));
    let list = |from: &[(String, String)], without: &[(String, String)]| -> String {
        let gone = from.iter().filter(|change| !without.contains(change));
        gone.map(|(item, told)| format!("{item} {told}")).collect::<Vec<_>>().join(", ")
    };
    let (out, instead) = (list(&first, &other), list(&other, &first));
    let instead = if instead.is_empty() { "nothing".to_owned() } else { instead };
    format!("without {out}; instead {instead}")
}

fn show_reach(reach: &Rc<Reach>, style: &Style) -> Bundle {
    let goal = match &reach.level {
        Some(level) => format!("level {level} (above {:.4})", reach.target),
        None => format!("{:.4}", reach.target),
    };
    let best = &reach.plans[0];
    let mut doc = Doc::new().text(format!(
        "{} from {:.4} to {goal}: the cheapest plan costs {} and reaches {:.4}.",
        reach.unit, reach.index, best.cost, best.index
    ));
    doc = doc.table(&best.changes);
    for plan in &reach.plans[1..] {
        doc = doc.text(format!(
            "Another costs {} and reaches {:.4}: {}.",
            plan.cost,
            plan.index,
            differences(best, plan)
        ));
    }
    doc.bundle(style)
}
