//! Uncertainty of an index.

use std::rc::Rc;

use esep_stdlib::readiness::{Aggregator, Sensitivity, SensitivityParams, ZeroRule, sensitivity};
use esep_stdlib::{Error, Table};
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::framework;
use super::options::{self, Closures};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const SENSITIVITY: TypeEntry = TypeEntry {
    name: "Sensitivity",
    summary: "What happens to ranks and levels when weights, rules or data vary.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "by unit: index, mean and quantiles, rank and its quantiles, share of draws in each level",
        ),
        Field::new(
            "acceptability",
            "Table",
            "share of draws in which a unit (row) has a rank (column)",
        ),
        Field::new(
            "wins",
            "Table",
            "share of draws in which a unit (row) beats another (column); up to 500 units",
        ),
        Field::new(
            "sobol",
            "Table",
            "first and total order index of each choice; missing unless asked for",
        ),
        Field::new("mean_shift", "float", "mean absolute change of rank over units and draws"),
        Field::new("draws", "int", "draws made"),
        Field::new("warnings", "array of text", "what to know before using the numbers"),
    ],
};

const ENTRIES: &[Entry] = &[Entry {
    name: "sensitivity",
    on: None,
    room: "readiness",
    summary: "Varies weights, rules and data of an index at random and watches ranks and levels.",
    signature: "sensitivity(scores, fw, options)",
    params: &[
        Param::arg("scores", "Table", "as for readiness()"),
        Param::arg("fw", "Framework or text", "the framework, or the name of one"),
        Param::option("draws", "int", "1000", "random draws"),
        Param::option(
            "weights",
            "text",
            "\"dirichlet\"",
            "dirichlet (around the given), uniform (on the simplex), ordered (uniform in the given order), percent (+- spread), panel (an expert's), fixed",
        ),
        Param::option("level", "text", "\"blocks\"", "whose weights: blocks or all nodes"),
        Param::option(
            "concentration",
            "number",
            "100",
            "of the Dirichlet: higher is closer to the given",
        ),
        Param::option("spread", "number", "0.25", "half-width of percent, in (0, 1]"),
        Param::option(
            "panel",
            "Table or array of arrays",
            "none",
            "weights by expert (rows) and block",
        ),
        Param::option("normalise", "text or array", "as base", "normalisations to choose from"),
        Param::option("aggregate", "text or array", "as base", "aggregations to choose from"),
        Param::option("zero", "text or array", "as base", "zero rules to choose from"),
        Param::option("remove_items", "bool", "false", "leave one random item out of each draw"),
        Param::option("noise", "number", "0", "sd of normal noise on every worth, 0..=1"),
        Param::option("quantiles", "[low, high]", "[0.05, 0.95]", "quantiles to report"),
        Param::option(
            "sobol",
            "int",
            "0",
            "base draws of the Sobol indices; exact where all choices are finite",
        ),
        Param::option(
            "of",
            "text",
            "the ranks",
            "unit whose index the Sobol indices explain, else the mean shift in rank",
        ),
        Param::option("seed", "int", "1", "same seed, same digits, on any number of threads"),
        Param::option("base", "map", "#{}", "options of readiness() that hold in every draw"),
    ],
    returns: "Sensitivity",
    search: &["Monte Carlo", "uncertainty", "robustness", "SMAA", "Sobol", "get_sensitivity"],
    errors: &["an option outside its domain", "a closure among the rules"],
    see_also: &["readiness", "readiness_rules"],
    source: "Saisana, Saltelli and Tarantola (2005); Lahdelma and Salminen (2001); Saltelli et al. (2010); Jansen (1999)",
    examples: &[
        Example {
            code: "let s = sensitivity(load(\"readiness_scores\"), framework(\"digital_readiness\"), #{ draws: 10000, weights: \"dirichlet\", seed: 1 });\ns.table.at(\"kazakhmys\", \"rank\")",
            shows: "1",
        },
        Example {
            code: "sensitivity(load(\"readiness_scores\"), \"digital_readiness\", #{ normalise: [\"declared\", \"as_published\"], zero: [\"floor\", \"skip\"], weights: \"fixed\", draws: 200, sobol: 64, of: \"kazakhmys\" })",
            shows: "exact over 4 combinations",
        },
    ],
}];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Sensitivity>>(&SENSITIVITY, show);
    let shared = library.shared();
    library.engine.register_fn(
        "sensitivity",
        move |context: NativeCallContext, scores: Table, fw: Dynamic| {
            run(&shared, &context, &scores, &fw, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "sensitivity",
        move |context: NativeCallContext, scores: Table, fw: Dynamic, options: Map| {
            run(&shared, &context, &scores, &fw, options)
        },
    );
    let engine = &mut *library.engine;
    engine.register_get("table", |s: &mut Rc<Sensitivity>| s.table.clone());
    engine.register_get("acceptability", |s: &mut Rc<Sensitivity>| s.acceptability().raise());
    engine.register_get("wins", |s: &mut Rc<Sensitivity>| s.wins().raise());
    engine.register_get("sobol", |s: &mut Rc<Sensitivity>| match &s.sobol {
        Some(sobol) => Dynamic::from(sobol.table.clone()),
        None => Dynamic::UNIT,
    });
    engine.register_get("mean_shift", |s: &mut Rc<Sensitivity>| s.mean_shift);
    engine.register_get("draws", |s: &mut Rc<Sensitivity>| s.draws as i64);
    engine.register_get("warnings", |s: &mut Rc<Sensitivity>| convert::text_array(&s.warnings));
}

/// One value or each of an array.
fn several(value: Option<Dynamic>) -> Vec<Dynamic> {
    match value {
        None => Vec::new(),
        Some(value) if value.is_array() => value.cast::<Array>(),
        Some(value) => vec![value],
    }
}

fn panel(value: &Dynamic) -> Fallible<Vec<Vec<f64>>> {
    let rule = "be a table of numbers or an array of arrays of numbers";
    if let Some(table) = value.read_lock::<Table>() {
        let matrix = table.numeric().and_then(|t| t.matrix("sensitivity", None)).raise()?;
        return Ok(matrix.values.row_iter().map(|row| row.iter().copied().collect()).collect());
    }
    let rows: Option<Vec<Vec<f64>>> = value.read_lock::<Array>().and_then(|rows| {
        rows.iter().map(|row| options::numbers(row)?.into_iter().collect()).collect()
    });
    rows.map_or_else(|| options::invalid("sensitivity", "panel", rule, value), Ok)
}

fn run(
    shared: &Shared,
    context: &NativeCallContext,
    scores: &Table,
    fw: &Dynamic,
    given: Map,
) -> Fallible<Rc<Sensitivity>> {
    const NAME: &str = "sensitivity";
    let framework = framework::argument(NAME, fw)?;
    let mut options = Options::new(NAME, given);
    let defaults = SensitivityParams::default();
    let mut ignored = Closures::default();
    let (base, closures) =
        options::readiness(NAME, options.map("base")?.unwrap_or_default(), &framework)?;
    let normalise = several(options.take("normalise"))
        .iter()
        .map(|value| options::normaliser(NAME, value, &mut ignored))
        .collect::<Fallible<Vec<_>>>()?;
    let aggregate = several(options.take("aggregate"))
        .iter()
        .map(|value| options::aggregator(NAME, value, &mut ignored))
        .collect::<Fallible<Vec<Aggregator>>>()?;
    let zero = several(options.take("zero"))
        .iter()
        .map(|value| {
            let name = value.clone().into_string().unwrap_or_else(|_| convert::brief(value));
            ZeroRule::parse(NAME, &name, ZeroRule::FLOOR).raise()
        })
        .collect::<Fallible<Vec<ZeroRule>>>()?;
    let quantiles = match options.take("quantiles") {
        None => defaults.quantiles,
        Some(value) => match options::numbers(&value).as_deref() {
            Some([Some(low), Some(high)]) => (*low, *high),
            _ => return options::invalid(NAME, "quantiles", "be two numbers [low, high]", &value),
        },
    };
    let params = SensitivityParams {
        draws: options.count("draws", defaults.draws)?,
        weights: options.choice("weights", defaults.weights)?,
        level: options.choice("level", defaults.level)?,
        concentration: options.float("concentration", defaults.concentration)?,
        spread: options.float("spread", defaults.spread)?,
        panel: options.take("panel").map(|value| panel(&value)).transpose()?.unwrap_or_default(),
        normalise,
        aggregate,
        zero,
        remove_items: options.flag("remove_items", false)?,
        noise: options.float("noise", 0.0)?,
        quantiles,
        sobol: options.count("sobol", 0)?,
        sobol_of: options.text("of")?,
        seed: options.seed(defaults.seed)?,
    };
    options.finish()?;
    let mut callbacks = closures.callbacks(context);
    let result: Result<Sensitivity, Error> =
        sensitivity(scores, &framework, &base, &params, &mut callbacks, &shared.context());
    drop(callbacks);
    closures.settle(result.map(Rc::new))
}

fn show(s: &Rc<Sensitivity>, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading("Sensitivity").text(s.description.clone()).text(format!(
        "Ranks move by {:.3} places on average against the index as given.",
        s.mean_shift
    ));
    // Values, then ranks and levels: thirteen columns would not fit side by side.
    let names = s.table.columns();
    let (values, places) = names.split_at(names.len().min(5));
    for part in [s.table.select(values), s.table.select(places)].into_iter().flatten() {
        doc = doc.table(&part);
    }
    if let Some(sobol) = &s.sobol {
        let how = if sobol.exact {
            format!("Sobol indices, exact over {} combinations:", sobol.runs)
        } else {
            format!("Sobol indices from {} runs, with 95 % intervals:", sobol.runs)
        };
        doc = doc.text(how).table(&sobol.table);
    }
    doc.warnings(&s.warnings).bundle(style)
}
