//! What if: other scores, weights or rules, and what moves.

use std::rc::Rc;

use esep_stdlib::readiness::{NewScore, NewScores, Readiness, WhatIf};
use esep_stdlib::table::Cell;
use esep_stdlib::{Error, Table};
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};

use super::framework;
use super::options;
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const WHAT_IF: TypeEntry = TypeEntry {
    name: "WhatIf",
    summary: "An index before and after a change.",
    fields: &[
        Field::new("before", "Readiness", "as it was"),
        Field::new("after", "Readiness", "as it would be"),
        Field::new("table", "Table", "by unit: index, rank and level before and after"),
        Field::new(
            "moved",
            "Table",
            "every value that moved: unit, node, label, before, after, change",
        ),
        Field::new("text", "text", "what moved, in sentences"),
    ],
};

const ENTRIES: &[Entry] = &[Entry {
    name: "what_if",
    on: Some("Readiness"),
    room: "readiness",
    summary: "Changes scores, weights or rules of a result and shows what moves.",
    signature: "r.what_if(options)",
    params: &[
        Param::arg("r", "Readiness", "result of readiness()"),
        Param::option(
            "scores",
            "map, Table or closure",
            "as read",
            "unit -> item -> score, \"*\" for every unit; a whole table; or |table| -> table of r.scores",
        ),
        Param::option("framework", "Framework or text", "the one in force", "another framework"),
        Param::option(
            "weights",
            "map, labelled Vector, text or closure",
            "as in r",
            "as in readiness(); so are all its other options, each kept from r unless given",
        ),
    ],
    returns: "WhatIf",
    search: &["scenario", "simulate", "counterfactual", "change", "Regen"],
    errors: &["an unknown unit or item", "an answer that a scale does not know"],
    see_also: &["reach", "compare", "readiness_rules"],
    source: "",
    examples: &[
        Example {
            code: "let r = readiness(load(\"readiness_scores\"), \"digital_readiness\");\nr.what_if(#{ scores: #{ kazakhmys: #{ \"PERS.09\": 60 } } })",
            shows: "kazakhmys: index 0.6685 to 0.6964",
        },
        Example {
            code: "let r = readiness(load(\"readiness_scores\"), \"digital_readiness\");\nr.what_if(#{ weights: #{ MTE: 0.3 }, aggregate: \"arithmetic\" }).after.level[\"kazakhmys\"]",
            shows: "medium",
        },
    ],
}];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<WhatIf>>(&WHAT_IF, show);
    let shared = library.shared();
    library.engine.register_fn(
        "what_if",
        move |context: NativeCallContext, r: Rc<Readiness>, options: Map| {
            run(&shared, &context, &r, options)
        },
    );
    let engine = &mut *library.engine;
    engine.register_get("before", |w: &mut Rc<WhatIf>| Rc::new(w.before.clone()));
    engine.register_get("after", |w: &mut Rc<WhatIf>| Rc::new(w.after.clone()));
    engine.register_get("table", |w: &mut Rc<WhatIf>| w.table.clone());
    engine.register_get("moved", |w: &mut Rc<WhatIf>| w.moved.clone());
    engine.register_get("text", |w: &mut Rc<WhatIf>| w.sentences.join("\n"));
}

fn run(
    shared: &Shared,
    context: &NativeCallContext,
    r: &Readiness,
    given: Map,
) -> Fallible<Rc<WhatIf>> {
    const NAME: &str = "what_if";
    let mut options = Options::new(NAME, given);
    let other = match options.take("framework") {
        Some(value) => Some(framework::argument(NAME, &value)?),
        None => None,
    };
    let scores = match options.take("scores") {
        None => NewScores::Some(Vec::new()),
        Some(value) => scores(context, r, &value)?,
    };
    let mut base = r.params.clone();
    // The framework in force has them already.
    base.weights.clear();
    let framework = other.as_deref().unwrap_or(&r.framework);
    let (params, closures) = options::readiness_over(NAME, options, framework, base)?;
    let mut callbacks = closures.callbacks(context);
    let result = r.what_if(&scores, other.as_deref(), &params, &mut callbacks, &shared.context());
    drop(callbacks);
    closures.settle(result.map(Rc::new))
}

fn scores(context: &NativeCallContext, r: &Readiness, value: &Dynamic) -> Fallible<NewScores> {
    let rule = "be a map unit -> item -> score, a table or a closure |table| -> table";
    if let Some(table) = value.read_lock::<Table>() {
        return Ok(NewScores::All(table.clone()));
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        let table = r.scores().raise()?;
        let answer: Dynamic = function.call_raw(context, None, [Dynamic::from(table)])?;
        return match answer.clone().try_cast::<Table>() {
            Some(table) => Ok(NewScores::All(table)),
            None => Err(Error::Callback {
                message: format!(
                    "what_if: the closure must return a table, got {}",
                    convert::brief(&answer)
                ),
            })
            .raise(),
        };
    }
    let Some(units) = value.read_lock::<Map>() else {
        return options::invalid("what_if", "scores", rule, value);
    };
    let mut list = Vec::new();
    for (unit, items) in units.iter() {
        let Some(items) = items.read_lock::<Map>() else {
            return options::invalid("what_if", "scores", rule, items);
        };
        for (item, score) in items.iter() {
            let unit = (unit != "*").then(|| unit.to_string());
            list.push(NewScore { unit, item: item.to_string(), score: cell(score)? });
        }
    }
    Ok(NewScores::Some(list))
}

fn cell(value: &Dynamic) -> Fallible<Cell> {
    if value.is_unit() {
        return Ok(Cell::Missing);
    }
    if let Some(number) = convert::number(value) {
        return Ok(Cell::Float(number));
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(Cell::Bool(truth));
    }
    match value.clone().into_string() {
        Ok(text) => Ok(Cell::Text(text)),
        Err(_) => options::invalid("what_if", "scores", "hold numbers or answers", value),
    }
}

fn show(w: &Rc<WhatIf>, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading("What if");
    for sentence in &w.sentences {
        doc = doc.text(sentence.clone());
    }
    if w.moved.nrow() > 0 {
        doc = doc.table(&w.moved);
    }
    doc.warnings(&w.after.warnings).bundle(style)
}
