//! Steps of a composite index on plain tables.

use std::rc::Rc;

use esep_stdlib::readiness::{
    AggregateParams, Framework, Missing, Normaliser, RescaleParams, Treated, aggregate,
    normalise_declared, normalise_each, treat,
};
use esep_stdlib::{Choice, Table, Vector};
use rhai::{Dynamic, Map, NativeCallContext};

use super::framework;
use super::options::{self, Closures};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const T: Param = Param::arg("t", "Table", "units in rows, indicators in columns");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "normalise",
        on: None,
        room: "readiness",
        summary: "Puts every numeric column on one scale, more being better; other columns stay.",
        signature: "normalise(t, method, options)",
        params: &[
            T,
            Param::arg(
                "method",
                "text, closure or map",
                "minmax, zscore, rank, percentile_rank, borda, distance_to_target, distance_to_leader, distance_to_reference, fraction_of_max, goalposts, declared, as_published, |values| -> vector, or column -> any of these (other columns stay)",
            ),
            Param::option("range", "[low, high]", "[0, 1]", "range of minmax and goalposts"),
            Param::option("moments", "[mean, sd]", "[0, 1]", "moments of zscore"),
            Param::option(
                "direction",
                "text, map or labelled Vector",
                "\"positive\"",
                "positive or negative for all columns; or column -> positive, negative, 1 or -1",
            ),
            Param::option("negative", "text or array", "[]", "columns in which less is better"),
            Param::option(
                "scales",
                "map or Framework",
                "none",
                "column -> scale as in a framework (\"1-5\", \"percent\", #{ ladder: [...] }), or a framework; for declared",
            ),
            Param::option(
                "ties",
                "text",
                "\"min\"",
                "ties of ranks: min, average, max, dense or first",
            ),
            Param::option("reference", "text", "none", "row label for distance_to_reference"),
            Param::option("targets", "map", "none", "column -> value to reach"),
            Param::option("goalposts", "map", "none", "column -> [low, high] raw values, clipped"),
        ],
        returns: "Table of the same shape; missing cells stay missing, a constant column becomes the middle of the range (minmax), the mean (zscore) or 1 (distances)",
        search: &["minmax", "scale", "standardise", "Normalise", "rescale"],
        errors: &["an unknown method", "a target, goalpost or scale that is not given"],
        see_also: &["aggregate", "readiness", "standardise"],
        source: "OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 5",
        examples: &[
            Example {
                code: "normalise(load(\"regions_2023\"), \"minmax\", #{ range: [1, 100] }).gdp_per_capita.max()",
                shows: "100",
            },
            Example {
                code: "let t = table(#{ skills: [2, 5], unwilling: [10, 40] });\nnormalise(t, \"declared\", #{ scales: #{ skills: \"1-5\", unwilling: \"percent\" }, direction: #{ unwilling: -1 } }).unwilling.to_array()",
                shows: "[0.9, 0.6]",
            },
            Example {
                code: "normalise(load(\"regions_2023\"), #{ gdp_per_capita: \"rank\", manuf_output: \"zscore\" }).gdp_per_capita.max()",
                shows: "20",
            },
        ],
    },
    Entry {
        name: "treat",
        on: None,
        room: "readiness",
        summary: "Winsorises a few outliers of skewed columns, else takes logarithms or a Box-Cox power.",
        signature: "treat(t, options)",
        params: &[
            T,
            Param::option(
                "max_winsorised",
                "int",
                "5",
                "points of a column that may be moved inward",
            ),
            Param::option("skewness", "number", "2.0", "treat where |skewness| is above this ..."),
            Param::option("kurtosis", "number", "3.5", "... and excess kurtosis above this"),
            Param::option(
                "then",
                "text",
                "\"log\"",
                "where points do not suffice: log, boxcox, none",
            ),
        ],
        returns: "Treated",
        search: &["outliers", "winsorize", "skew", "kurtosis", "Treat", "boxcox"],
        errors: &["a threshold of 0 or below"],
        see_also: &["normalise"],
        source: "OECD and JRC (2008), step 4; Box and Cox (1964)",
        examples: &[Example { code: "treat(load(\"regions_2023\")).log.nrow", shows: "17" }],
    },
    Entry {
        name: "aggregate",
        on: None,
        room: "readiness",
        summary: "One value per row from the numeric columns of a table.",
        signature: "aggregate(t, method, options)",
        params: &[
            T,
            Param::arg(
                "method",
                "text, map or closure",
                "arithmetic, geometric, harmonic, power, min, max, median, owa, mazziotta_pareto, adjusted_mazziotta_pareto, copeland, topsis, wroclaw, bod, #{ rule: \"power\", p: 2 }, #{ rule: \"bod\", lower: 0.05 }, or |values, weights| -> number",
            ),
            Param::option(
                "weights",
                "map or labelled Vector",
                "equal",
                "column -> weight, only proportions matter; columns not named weigh nothing",
            ),
            Param::option(
                "zero",
                "text",
                "\"keep\"",
                "zeros in a product: floor, skip, drop, keep, error",
            ),
            Param::option("floor", "number", "0.01", "height of the floor, in (0, 1)"),
            Param::option("missing", "text", "\"available\"", "available, propagate, worst, error"),
        ],
        returns: "Vector labelled as the rows; missing for a row without values",
        search: &["composite", "mean", "topsis", "a_amean", "a_gmean", "ranking"],
        errors: &["an unknown column among the weights", "values below 0 in a product"],
        see_also: &["normalise", "readiness"],
        source: "see readiness(); Hwang and Yoon (1981), Copeland (1951), Mazziotta and Pareto (2016), Hellwig (1968), Yager (1988)",
        examples: &[
            Example {
                code: "let z = normalise(load(\"regions_2023\"), \"minmax\");\naggregate(z, \"topsis\").len()",
                shows: "20",
            },
            Example {
                code: "let t = table(#{ a: [1, 2], b: [4, 8] });\naggregate(t, \"geometric\").to_array()",
                shows: "[2.0, 4.0]",
            },
        ],
    },
];

const TREATED: TypeEntry = TypeEntry {
    name: "Treated",
    summary: "A table after treatment of its outliers, and what was done.",
    fields: &[
        Field::new("table", "Table", "the treated table, shape of the input"),
        Field::new(
            "log",
            "Table",
            "by column: treatment, points winsorised, lambda, skewness and kurtosis before and after",
        ),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Treated>>(&TREATED, show_treated);
    library.engine.register_fn("treat", |t: Table| treated(&t, Map::new()));
    library.engine.register_fn("treat", |t: Table, options: Map| treated(&t, options));
    library.engine.register_get("table", |t: &mut Rc<Treated>| t.table.clone());
    library.engine.register_get("log", |t: &mut Rc<Treated>| t.log.clone());
    let shared = library.shared();
    library.engine.register_fn(
        "normalise",
        move |context: NativeCallContext, t: Table, method: Dynamic| {
            rescaled(&shared, &context, &t, &method, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "normalise",
        move |context: NativeCallContext, t: Table, method: Dynamic, options: Map| {
            rescaled(&shared, &context, &t, &method, options)
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "aggregate",
        move |context: NativeCallContext, t: Table, method: Dynamic| {
            aggregated(&shared, &context, &t, &method, &Dynamic::UNIT)
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "aggregate",
        move |context: NativeCallContext, t: Table, method: Dynamic, options: Dynamic| {
            aggregated(&shared, &context, &t, &method, &options)
        },
    );
}

fn treated(table: &Table, given: Map) -> Fallible<Rc<Treated>> {
    treat(table, &options::treatment("treat", given)?).map(Rc::new).raise()
}

fn show_treated(t: &Rc<Treated>, style: &Style) -> Bundle {
    let doc = Doc::new().text("Outliers treated; t.table holds the values, this is what was done:");
    doc.table(&t.log).warnings(&t.warnings).bundle(style)
}

fn rescaled(
    shared: &Shared,
    context: &NativeCallContext,
    table: &Table,
    method: &Dynamic,
    given: Map,
) -> Fallible<Table> {
    const NAME: &str = "normalise";
    let mut closures = Closures::default();
    let numeric = table.numeric().raise()?.columns();
    let rules: Vec<(String, Normaliser)> = if let Some(map) = method.read_lock::<Map>() {
        let one = |(column, rule): (&rhai::Identifier, &Dynamic)| {
            Ok((column.to_string(), options::normaliser(NAME, rule, &mut closures)?))
        };
        map.iter().map(one).collect::<Fallible<_>>()?
    } else {
        let rule = options::normaliser(NAME, method, &mut closures)?;
        numeric.iter().map(|column| (column.clone(), rule)).collect()
    };
    let mut options = Options::new(NAME, given);
    let mut params = options::rescale(NAME, &mut options, RescaleParams::default())?;
    let named: Vec<String> = rules.iter().map(|(column, _)| column.clone()).collect();
    params.negative = options::negative(NAME, &mut options, &named)?;
    let framework = scales(&mut options, &params.negative)?;
    options.finish()?;
    let (declared, rest): (Vec<_>, Vec<_>) =
        rules.into_iter().partition(|(_, rule)| framework.is_some() && rule.reads_scales());
    let mut table = table.clone();
    if let (Some(framework), Some((_, rule))) = (&framework, declared.first()) {
        let (scaled, faults) = normalise_declared(&table, framework, *rule).raise()?;
        for fault in faults {
            shared.warn(&format!(
                "normalise: {} of {}: {} on scale {}, counted as {}",
                fault.item, fault.unit, fault.value, fault.scale, fault.counted_as
            ));
        }
        table = scaled;
        params.negative.retain(|name| rest.iter().any(|(column, _)| column == name));
    }
    let mut callbacks = closures.callbacks(context);
    let result = normalise_each(&table, &rest, &params, &mut callbacks);
    drop(callbacks);
    closures.settle(result)
}

/// Option `scales`: a framework, or column -> scale; as a framework of these columns.
fn scales(options: &mut Options, negative: &[String]) -> Fallible<Option<Rc<Framework>>> {
    let Some(value) = options.take("scales") else { return Ok(None) };
    let Some(map) = value.read_lock::<Map>() else {
        return framework::argument("normalise", &value).map(Some);
    };
    let mut nodes = vec![serde_json::json!({ "code": "the table" })];
    for (column, scale) in map.iter() {
        let less = negative.iter().any(|name| name == column.as_str());
        nodes.push(serde_json::json!({
            "code": column.as_str(),
            "parent": "the table",
            "scale": options::json(scale),
            "direction": if less { "negative" } else { "positive" },
        }));
    }
    let description = serde_json::json!({ "code": "the table", "node": nodes });
    Framework::from_value(&description).map(|framework| Some(Rc::new(framework))).raise()
}

/// The third argument is the option map, or the weights themselves: a vector or name -> number.
fn aggregated(
    shared: &Shared,
    context: &NativeCallContext,
    table: &Table,
    method: &Dynamic,
    third: &Dynamic,
) -> Fallible<Vector> {
    const NAME: &str = "aggregate";
    let mut closures = Closures::default();
    let mut params = AggregateParams::by(options::aggregator(NAME, method, &mut closures)?);
    let columns = table.columns();
    let names_columns = third.read_lock::<Map>().is_some_and(|map| {
        !map.is_empty() && map.keys().all(|key| columns.iter().any(|c| c == key.as_str()))
    });
    if third.is::<Vector>() || names_columns {
        params.weights = options::named_numbers(NAME, "weights", third)?;
    } else if let Some(map) = third.read_lock::<Map>() {
        let mut options = Options::new(NAME, map.clone());
        if let Some(weights) = options.take("weights") {
            params.weights = options::named_numbers(NAME, "weights", &weights)?;
        }
        if let Some(zero) = options::zero(NAME, &mut options)? {
            params.zero = zero;
        }
        if let Some(name) = options.text("missing")? {
            params.missing = Missing::parse(NAME, "missing", &name).raise()?;
        }
        options.finish()?;
    } else if !third.is_unit() {
        return Err(esep_stdlib::Error::Invalid {
            primitive: NAME,
            parameter: "weights",
            rule: "be a labelled vector, a map column -> weight or an option map".into(),
            value: convert::brief(third),
        })
        .raise();
    }
    let mut callbacks = closures.callbacks(context);
    let result = aggregate(table, &params, &mut callbacks, &shared.context());
    drop(callbacks);
    closures.settle(result)
}
