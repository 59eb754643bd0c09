//! Scenarios: one analysis of changed data beside the same analysis of the data as they are.

use std::rc::Rc;

use esep_stdlib::cluster::Clustering;
use esep_stdlib::readiness::Readiness;
use esep_stdlib::scenario::{BASE, Run, Scenarios, scenarios};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext};

use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Problem, Raise};

const NAME: &str = "scenario";

const SCENARIOS: TypeEntry = TypeEntry {
    name: "Scenarios",
    summary: "An analysis of the data as they are, and of changed data, side by side.",
    fields: &[
        Field::new("names", "array of text", "base, then the scenarios"),
        Field::new("measures", "array of text", "columns of the answers"),
        Field::new(
            "table",
            "Table",
            "a row per unit, numeric measure and scenario: unit, measure, scenario, base, value, change",
        ),
        Field::new(
            "data",
            "Table",
            "what was changed: scenario, column, cells that differ, mean_before, mean_after",
        ),
        Field::new(
            "warnings",
            "array of text",
            "scenarios that failed, drop rows or change nothing",
        ),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: NAME,
        on: None,
        room: "scenarios",
        summary: "Repeats an analysis on changed data and shows what moves, unit by unit.",
        signature: "scenario(data, changes, analysis, options)",
        params: &[
            Param::arg("data", "Table", "the data as they are"),
            Param::arg(
                "changes",
                "map or array",
                "name -> closure |table| -> table, or name -> map of columns: a new value, a vector, or a closure |column| -> column; as an array of pairs [name, change] the order is kept",
            ),
            Param::arg(
                "analysis",
                "closure",
                "|table| -> a table, a vector, a number, a map of numbers, a readiness or a clustering",
            ),
            Param::option(
                "on_error",
                "text",
                "\"stop\"",
                "a scenario that fails: stop, or skip it with a warning (the base must not fail)",
            ),
        ],
        returns: "Scenarios",
        search: &["what if", "counterfactual", "simulate", "policy", "plan", "sensitivity"],
        errors: &[
            "no scenario",
            "a change that returns no table",
            "an answer without numbers or names",
        ],
        see_also: &["what_if", "reach", "sensitivity", "compare"],
        source: "",
        examples: &[
            Example {
                code: "let regions = load(\"regions_2023\");\nregions.digital_output = regions.manuf_output * regions.digital_tech_use_share / 100;\nlet f = \"log(digital_output) ~ log(ict_investments) + log(ict_specialists_per1000)\";\nscenario(regions, #{ doubled: |t| { t.ict_specialists_per1000 *= 2; t } }, |t| sfa(f, t).efficiency())",
                shows: "doubled",
            },
            Example {
                code: "let scores = load(\"readiness_scores\");\nlet fw = framework(\"digital_readiness\");\nlet s = scenario(readiness(scores, fw).scores, #{ trained: #{ \"PERS.09\": 60 } }, |t| readiness(t, fw));\ns.of(\"index\")",
                shows: "change",
            },
        ],
    },
    Entry {
        name: "of",
        on: Some("Scenarios"),
        room: "scenarios",
        summary: "One measure by unit: base, each scenario, and the changes from the base.",
        signature: "s.of(measure)",
        params: &[
            Param::arg("s", "Scenarios", "result of scenario()"),
            Param::arg("measure", "text", "one of s.measures"),
        ],
        returns: "Table; changes in the unit of the measure",
        search: &["measure", "column"],
        errors: &["an unknown measure"],
        see_also: &[NAME],
        source: "",
        examples: &[Example {
            code: "let regions = load(\"regions_2023\");\nlet s = scenario(regions, #{ doubled: #{ ict_specialists_per1000: |x| x * 2 } }, |t| t.select([\"ict_specialists_per1000\"]).describe());\ns.of(\"mean\")",
            shows: "doubled",
        }],
    },
];

/// What a failing scenario does to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum OnError {
    #[default]
    Stop,
    Skip,
}

impl Choice for OnError {
    const ALL: &'static [(&'static str, Self)] = &[("stop", Self::Stop), ("skip", Self::Skip)];
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Scenarios>>(&SCENARIOS, show);
    let shared = library.shared();
    library.engine.register_fn(
        NAME,
        move |context: NativeCallContext, data: Table, changes: Dynamic, analysis: FnPtr| {
            run(&shared, &context, &data, &changes, &analysis, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        NAME,
        move |context: NativeCallContext,
              data: Table,
              changes: Dynamic,
              analysis: FnPtr,
              options: Map| { run(&shared, &context, &data, &changes, &analysis, options) },
    );
    let engine = &mut *library.engine;
    engine.register_get("names", |s: &mut Rc<Scenarios>| convert::text_array(s.names()));
    engine.register_get("measures", |s: &mut Rc<Scenarios>| convert::text_array(&s.measures));
    engine.register_get("warnings", |s: &mut Rc<Scenarios>| convert::text_array(&s.warnings));
    engine.register_get("table", |s: &mut Rc<Scenarios>| s.table.clone());
    engine.register_get("data", |s: &mut Rc<Scenarios>| s.data.clone());
    engine.register_fn("of", |s: Rc<Scenarios>, measure: ImmutableString| s.of(&measure).raise());
}

fn invalid<T>(parameter: &'static str, rule: &str, value: &Dynamic) -> Fallible<T> {
    convert::invalid(NAME, parameter, rule, value)
}

/// The changes by name, in order.
fn named(changes: &Dynamic) -> Fallible<Vec<(String, Dynamic)>> {
    let rule = "be a map name -> change, or an array of pairs [name, change]";
    if let Some(map) = changes.read_lock::<Map>() {
        return Ok(map.iter().map(|(name, change)| (name.to_string(), change.clone())).collect());
    }
    let Some(list) = changes.read_lock::<Array>() else {
        return invalid("changes", rule, changes);
    };
    list.iter()
        .map(|pair| match pair.read_lock::<Array>().as_deref().map(Vec::as_slice) {
            Some([name, change]) if name.is_string() => Ok((name.to_string(), change.clone())),
            _ => invalid("changes", rule, pair),
        })
        .collect()
}

/// `data` as the scenario has them.
fn changed(
    context: &NativeCallContext,
    data: &Table,
    name: &str,
    change: &Dynamic,
) -> Fallible<Table> {
    if let Some(closure) = change.read_lock::<FnPtr>() {
        let answer: Dynamic = closure.call_raw(context, None, [Dynamic::from(data.clone())])?;
        return match answer.clone().try_cast::<Table>() {
            Some(table) => Ok(table),
            None => Err(Problem::new(format!(
                "scenario: the change `{name}` must return a table, got {}",
                convert::brief(&answer)
            ))
            .hint("end the closure with the table: |t| { t.x *= 2; t }")
            .into()),
        };
    }
    let Some(columns) = change.read_lock::<Map>() else {
        return invalid("changes", "hold closures |table| -> table or maps of columns", change);
    };
    let mut table = data.clone();
    for (column, value) in columns.iter() {
        let value = match value.read_lock::<FnPtr>() {
            Some(closure) => {
                let old = data.column(column).raise()?;
                closure.call_raw(context, None, [Dynamic::from(old)])?
            }
            None => value.clone(),
        };
        let values = convert::column(NAME, &value, data.nrow())?;
        table = table.with_column(column, &values).raise()?;
    }
    Ok(table)
}

/// The answer of the analysis as a table, units in rows.
fn answer(value: &Dynamic) -> Fallible<Table> {
    let single = |vector: Vector, labels: Option<Vec<String>>| -> Fallible<Table> {
        let name = vector.name().unwrap_or("value").to_owned();
        let own = vector.labels().cloned();
        let labels = labels.map(|l| std::sync::Arc::new(l.into_iter().map(Some).collect()));
        let table = Table::new([(name.as_str(), vector)]).raise()?;
        match labels.or(own) {
            Some(labels) => table.with_labels(labels, None).raise(),
            None => Ok(table),
        }
    };
    if let Some(table) = value.read_lock::<Table>() {
        return Ok(table.clone());
    }
    if let Some(vector) = value.read_lock::<Vector>() {
        return single(vector.clone(), None);
    }
    if let Some(number) = convert::number(value) {
        return single(Vector::from_floats([number]), Some(vec!["answer".into()]));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let names: Vec<String> = map.keys().map(ToString::to_string).collect();
        let values: Vec<Dynamic> = map.values().cloned().collect();
        return single(convert::to_vector(NAME, &values)?, Some(names));
    }
    if let Some(readiness) = value.read_lock::<Rc<Readiness>>() {
        return readiness.summary().raise();
    }
    if let Some(clustering) = value.read_lock::<Rc<Clustering>>() {
        // A label is a name: the difference of two says nothing.
        let labels = Vector::from_texts(clustering.labels.iter().map(ToString::to_string));
        return single(labels.named("cluster"), Some(clustering.units().to_vec()));
    }
    Err(Problem::new(format!(
        "scenario: the analysis must return a table, a vector, a number, a map of numbers, a \
         readiness or a clustering, got {}",
        convert::brief(value)
    ))
    .hint("of a model take a part: |t| sfa(f, t).efficiency() or |t| sfa(f, t).coef")
    .into())
}

/// The heart of a script's error in one line.
fn brief(error: &EvalAltResult) -> String {
    let inner = error.unwrap_inner();
    if let EvalAltResult::ErrorRuntime(value, _) = inner
        && let Some(problem) = value.read_lock::<Problem>()
    {
        return problem.message.clone();
    }
    inner.to_string()
}

fn run(
    shared: &Shared,
    context: &NativeCallContext,
    data: &Table,
    changes: &Dynamic,
    analysis: &FnPtr,
    given: Map,
) -> Fallible<Rc<Scenarios>> {
    let mut options = Options::new(NAME, given);
    let on_error = options.choice("on_error", OnError::default())?;
    options.finish()?;
    let changes = named(changes)?;
    let analyse = |data: Table| -> Fallible<(Table, Table)> {
        let value: Dynamic = analysis.call_raw(context, None, [Dynamic::from(data.clone())])?;
        Ok((data, answer(&value)?))
    };
    let work = shared.context();
    let total = changes.len() as u64 + 1;
    let (base, own) = analyse(data.clone())?;
    let mut runs = vec![Run { name: BASE.into(), data: base, answer: own }];
    let mut failed = Vec::new();
    for (done, (name, change)) in changes.into_iter().enumerate() {
        work.report(NAME, done as u64 + 1, total);
        match changed(context, data, &name, &change).and_then(&analyse) {
            Ok((data, answer)) => runs.push(Run { name, data, answer }),
            Err(error) if on_error == OnError::Skip && work.check().is_ok() => {
                failed.push(format!("`{name}` failed: {}", brief(&error)));
            }
            Err(error) => {
                if work.check().is_ok() {
                    shared.warn(&format!("scenario `{name}` failed"));
                }
                return Err(error);
            }
        }
    }
    if runs.len() == 1 && !failed.is_empty() {
        return Err(Error::Callback { message: format!("scenario: {}", failed.join("; ")) })
            .raise();
    }
    let mut result = scenarios(runs).raise()?;
    failed.append(&mut result.warnings);
    result.warnings = failed;
    Ok(Rc::new(result))
}

fn show(s: &Rc<Scenarios>, style: &Style) -> Bundle {
    let names = s.names();
    let mut doc = Doc::new().heading("Scenarios").text(format!(
        "{} units: {} beside {BASE}.",
        s.units.len(),
        names[1..].join(", ")
    ));
    if s.data.nrow() > 0 {
        doc = doc.text("Changed data:").table(&s.data);
    }
    let mut rest = s.measures.iter();
    if let Some(first) = rest.next()
        && let Ok(table) = s.of(first)
    {
        doc = doc.text(format!("{first}:")).table(&table);
    }
    let rest: Vec<String> = rest.map(|measure| format!("s.of(\"{measure}\")")).collect();
    if !rest.is_empty() {
        doc = doc.text(format!("Other measures: {}.", rest.join(", ")));
    }
    doc.warnings(&s.warnings).bundle(style)
}
