//! Repeated assessments.

use std::rc::Rc;

use esep_stdlib::readiness::{OverTime, OverTimeParams, Readiness, over_time, over_time_panel};
use esep_stdlib::{Error, Table};
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::{framework, options};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const NAME: &str = "over_time";

const OVER_TIME: TypeEntry = TypeEntry {
    name: "OverTime",
    summary: "An index through repeated assessments.",
    fields: &[
        Field::new("periods", "array of text", "names of the periods, earliest first"),
        Field::new(
            "table",
            "Table",
            "by unit: periods, first, last, change, cagr, best, worst, rank and level at both ends",
        ),
        Field::new("index", "Table", "index by unit (rows) and period (columns)"),
        Field::new("rank", "Table", "rank by unit and period"),
        Field::new("level", "Table", "level by unit and period"),
        Field::new(
            "steps",
            "Table",
            "trajectory: unit, period, index, change, growth, rank, climb, level",
        ),
        Field::new("nodes", "Table", "by unit and node: label, first, last, change, cagr"),
        Field::new("alarms", "Table", "period, unit, what, value, threshold"),
        Field::new("warnings", "array of text", "what to know before using the numbers"),
    ],
};

const ENTRIES: &[Entry] = &[Entry {
    name: NAME,
    on: None,
    room: "readiness",
    summary: "Follows an index through repeated assessments: growth, ranks, nodes, alarms.",
    signature: "over_time(results, options) or over_time(table, fw, options)",
    params: &[
        Param::arg(
            "results",
            "map, array or Table",
            "period -> Readiness; an array of [period, Readiness]; or one table of all periods, scored as a whole, with a framework after it",
        ),
        Param::option("time", "text", "none", "column of periods; only, and always, with a table"),
        Param::option("unit", "text", "one unit", "column of units, with a table"),
        Param::option("scoring", "map", "#{}", "options of readiness(), with a table"),
        Param::option("alarms", "map", "#{}", "node -> value below which a unit raises an alarm"),
        Param::option("fall", "number", "none", "largest fall of the index between two periods"),
        Param::option("rank_fall", "int", "none", "most ranks lost between two periods"),
        Param::option("level", "text", "none", "lowest level that is no alarm"),
    ],
    returns: "OverTime; cagr = (last / first)^(1 / time) - 1, time in the periods' own numbers, else in steps",
    search: &["panel", "trajectory", "CAGR", "growth", "trend", "monitoring", "dynamics"],
    errors: &["fewer than two periods", "different frameworks", "a unit twice in one period"],
    see_also: &["compare", "what_if"],
    source: "",
    examples: &[
        Example {
            code: "let adoption = framework(#{ code: \"use\", node: [#{ code: \"index\" }, #{ code: \"digital_tech_use_share\", parent: \"index\", scale: \"percent\" }] });\nover_time(load(\"digital_use_by_region_2020_2024\"), adoption, #{ time: \"year\", unit: \"region\" })",
            shows: "cagr",
        },
        Example {
            code: "let r = readiness(load(\"readiness_scores\"), \"digital_readiness\");\nlet later = r.what_if(#{ scores: #{ kazakhmys: #{ \"PERS.09\": 60 } } }).after;\nover_time(#{ \"2024\": r, \"2026\": later }, #{ alarms: #{ PERS: 0.6 } }).alarms.nrow",
            shows: "3",
        },
    ],
}];

type Get = fn(&OverTime) -> &Table;

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<OverTime>>(&OVER_TIME, show);
    let engine = &mut *library.engine;
    engine.register_fn(NAME, |results: Map| of_map(&results, Map::new()));
    engine.register_fn(NAME, |results: Map, options: Map| of_map(&results, options));
    engine.register_fn(NAME, |results: Array| of_pairs(&results, Map::new()));
    engine.register_fn(NAME, |results: Array, options: Map| of_pairs(&results, options));
    let shared = library.shared();
    library.engine.register_fn(
        NAME,
        move |context: NativeCallContext, table: Table, fw: Dynamic, options: Map| {
            panel(&shared, &context, &table, &fw, options)
        },
    );
    let engine = &mut *library.engine;
    let tables: [(&str, Get); 7] = [
        ("table", |o| &o.table),
        ("index", |o| &o.index),
        ("rank", |o| &o.rank),
        ("level", |o| &o.level),
        ("steps", |o| &o.steps),
        ("nodes", |o| &o.nodes),
        ("alarms", |o| &o.alarms),
    ];
    for (name, get) in tables {
        engine.register_get(name, move |o: &mut Rc<OverTime>| get(o).clone());
    }
    engine.register_get("periods", |o: &mut Rc<OverTime>| convert::text_array(&o.periods));
    engine.register_get("warnings", |o: &mut Rc<OverTime>| convert::text_array(&o.warnings));
}

fn result(value: &Dynamic) -> Fallible<Readiness> {
    match value.read_lock::<Rc<Readiness>>() {
        Some(r) => Ok(Readiness::clone(&r)),
        None => options::invalid(NAME, "results", "hold results of readiness()", value),
    }
}

fn of_map(results: &Map, given: Map) -> Fallible<Rc<OverTime>> {
    let list = results
        .iter()
        .map(|(period, value)| Ok((period.to_string(), result(value)?)))
        .collect::<Fallible<Vec<_>>>()?;
    follow(&list, given)
}

fn of_pairs(results: &Array, given: Map) -> Fallible<Rc<OverTime>> {
    let list = results
        .iter()
        .map(|pair| match pair.read_lock::<Array>().as_deref().map(Vec::as_slice) {
            Some([period, value]) => Ok((period.to_string(), result(value)?)),
            _ => options::invalid(NAME, "results", "hold pairs [period, Readiness]", pair),
        })
        .collect::<Fallible<Vec<_>>>()?;
    follow(&list, given)
}

fn follow(list: &[(String, Readiness)], given: Map) -> Fallible<Rc<OverTime>> {
    let mut options = Options::new(NAME, given);
    let params = thresholds(&mut options)?;
    options.finish()?;
    over_time(list, &params).map(Rc::new).raise()
}

fn thresholds(options: &mut Options) -> Fallible<OverTimeParams> {
    Ok(OverTimeParams {
        floors: options.numbers("alarms")?.unwrap_or_default(),
        fall: options.optional_float("fall")?,
        rank_fall: options.optional_count("rank_fall")?,
        level: options.text("level")?,
    })
}

fn panel(
    shared: &Shared,
    context: &NativeCallContext,
    table: &Table,
    fw: &Dynamic,
    given: Map,
) -> Fallible<Rc<OverTime>> {
    let framework = framework::argument(NAME, fw)?;
    let mut options = Options::new(NAME, given);
    let params = thresholds(&mut options)?;
    let time = options.text("time")?;
    let unit = options.text("unit")?;
    let scoring = options.map("scoring")?.unwrap_or_default();
    options.finish()?;
    let Some(time) = time else {
        return Err(Error::Invalid {
            primitive: NAME,
            parameter: "time",
            rule: "name the column of periods".into(),
            value: convert::brief(&Dynamic::UNIT),
        })
        .raise();
    };
    let (scoring, closures) = options::readiness(NAME, scoring, &framework)?;
    let mut callbacks = closures.callbacks(context);
    let answer = over_time_panel(
        table,
        &framework,
        (&time, unit.as_deref()),
        &scoring,
        &params,
        &mut callbacks,
        &shared.context(),
    );
    drop(callbacks);
    closures.settle(answer.map(Rc::new))
}

fn show(o: &Rc<OverTime>, style: &Style) -> Bundle {
    let (first, last) = (&o.periods[0], &o.periods[o.periods.len() - 1]);
    let mut doc = Doc::new().heading("Index over time").text(format!(
        "{} units in {} periods, {first} to {last}.",
        o.units.len(),
        o.periods.len()
    ));
    // Eleven columns side by side would be too wide.
    let names = o.table.columns();
    let (values, places) = names.split_at(names.len().min(7));
    for part in [o.table.select(values), o.table.select(places)].into_iter().flatten() {
        doc = doc.table(&part);
    }
    if o.alarms.nrow() > 0 {
        doc = doc.text("Alarms:").table(&o.alarms);
    }
    doc.warnings(&o.warnings).bundle(style)
}
