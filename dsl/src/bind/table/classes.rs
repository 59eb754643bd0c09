//! Ranks, classes, indicators and running values.

use std::rc::Rc;

use esep_stdlib::table::verbs::{self, Breaks, CutParams, RankParams, Running};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, Map};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const V: Param = Param::arg("v", "vector of numbers", "the values");

macro_rules! running {
    ($name:literal, $signature:literal, $summary:literal, $search:expr, $example:literal, $shows:literal) => {
        Entry {
            name: $name,
            on: Some("Vector"),
            room: "tables",
            summary: $summary,
            signature: $signature,
            params: &[V],
            returns: "Vector of float; a gap stays one and is stepped over",
            search: $search,
            errors: &["the values are text"],
            see_also: &["mutate", "expressions"],
            source: "",
            examples: &[Example { code: $example, shows: $shows }],
        }
    };
}

const ENTRIES: &[Entry] = &[
    Entry {
        name: "rank",
        on: Some("Vector"),
        room: "tables",
        summary: "Ranks from 1, the smallest value first.",
        signature: "v.rank(options)",
        params: &[
            V,
            Param::option(
                "ties",
                "text",
                "\"average\"",
                "what equal values get: average, min, max, dense, first",
            ),
            Param::option("descending", "bool", "false", "rank 1 for the largest"),
        ],
        returns: "Vector with the same labels; a gap has no rank",
        search: &["order", "min_rank", "dense_rank", "row_number", "position"],
        errors: &["the values are text"],
        see_also: &["sort", "cut_points"],
        source: "",
        examples: &[
            Example {
                code: "vector([30, 10, 30]).rank(#{ ties: \"min\", descending: true }).to_array()",
                shows: "[1, 3, 1]",
            },
            Example {
                code: "load(\"regions_2023\").gdp_per_capita.rank(#{ descending: true, ties: \"min\" })[\"Atyrau\"]",
                shows: "1",
            },
        ],
    },
    Entry {
        name: "cut_points",
        on: Some("Vector"),
        room: "tables",
        summary: "Cuts numbers into classes: by quantiles, of equal width, or at given points.",
        signature: "v.cut_points(breaks, options)",
        params: &[
            V,
            Param::arg(
                "breaks",
                "int or array of numbers",
                "number of classes, or their ends in ascending order",
            ),
            Param::option(
                "method",
                "text",
                "\"quantile\"",
                "for a number of classes: quantile or equal_width",
            ),
            Param::option("labels", "array of text", "intervals", "names of the classes"),
            Param::option("right", "bool", "true", "whether a class holds its upper end"),
        ],
        returns: "Vector of text; missing for a gap and outside the breaks; the outermost classes hold both their ends",
        search: &["cut", "qcut", "ntile", "bins", "discretise", "classes", "quartiles"],
        errors: &[
            "breaks that do not ascend",
            "another number of labels than of classes",
            "values that are all equal",
        ],
        see_also: &["rank", "quantile", "one_hot"],
        source: "Hyndman and Fan (1996), definition 7, for the quantiles",
        examples: &[
            Example {
                code: "vector([1, 2, 3, 4]).cut_points(2, #{ labels: [\"low\", \"high\"] }).to_array()",
                shows: "[\"low\", \"low\", \"high\", \"high\"]",
            },
            Example {
                code: "vector([5, 15, 20]).cut_points([0, 10, 20]).to_array()",
                shows: "(10, 20]",
            },
        ],
    },
    Entry {
        name: "one_hot",
        on: Some("Table"),
        room: "tables",
        summary: "Replaces columns by one column of 0 and 1 for each of their values.",
        signature: "t.one_hot(columns, options)",
        params: &[
            T,
            Param::arg("columns", "text, map or array of these", "columns as in select"),
            Param::option(
                "drop_first",
                "bool",
                "false",
                "leave the first value of each column out, as a model with an intercept needs it",
            ),
        ],
        returns: "Table; the new columns are called column_value, in the order of the values; a gap is missing in all of them",
        search: &["dummies", "get_dummies", "indicator", "dummy variables", "encode"],
        errors: &["an unknown column", "more than 1000 values"],
        see_also: &["cut_points"],
        source: "",
        examples: &[Example {
            code: "table(#{ k: [\"b\", \"a\"], x: [1, 2] }).one_hot(\"k\").columns",
            shows: "[\"k_a\", \"k_b\", \"x\"]",
        }],
    },
    running!(
        "cumsum",
        "v.cumsum()",
        "The sum of the values so far.",
        &["cumulative sum", "running total"],
        "vector([1, 2, 3]).cumsum().to_array()",
        "[1.0, 3.0, 6.0]"
    ),
    running!(
        "cummax",
        "v.cummax()",
        "The largest value so far.",
        &["cumulative maximum", "running maximum"],
        "vector([1, 3, 2]).cummax().to_array()",
        "[1.0, 3.0, 3.0]"
    ),
    running!(
        "cummin",
        "v.cummin()",
        "The smallest value so far.",
        &["cumulative minimum", "running minimum"],
        "vector([2, 3, 1]).cummin().to_array()",
        "[2.0, 2.0, 1.0]"
    ),
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("rank", |v: Vector| ranked(&v, Map::new()));
    engine.register_fn("rank", |v: Vector, options: Map| ranked(&v, options));
    let own = Rc::clone(&shared);
    engine.register_fn("cut_points", move |v: Vector, breaks: Dynamic| {
        cut(&own, &v, &breaks, Map::new())
    });
    engine.register_fn("cut_points", move |v: Vector, breaks: Dynamic, options: Map| {
        cut(&shared, &v, &breaks, options)
    });
    engine.register_fn("one_hot", |t: Table, columns: Dynamic| one_hot(&t, &columns, Map::new()));
    engine.register_fn("one_hot", |t: Table, columns: Dynamic, options: Map| {
        one_hot(&t, &columns, options)
    });
    for (name, what) in
        [("cumsum", Running::Sum), ("cummax", Running::Max), ("cummin", Running::Min)]
    {
        engine.register_fn(name, move |v: Vector| verbs::running(&v, what).raise());
    }
}

fn ranked(v: &Vector, options: Map) -> Fallible<Vector> {
    let mut options = Options::new("rank", options);
    let defaults = RankParams::default();
    let params = RankParams {
        ties: options.choice("ties", defaults.ties)?,
        descending: options.flag("descending", defaults.descending)?,
    };
    options.finish()?;
    verbs::rank(v, params).raise()
}

fn cut(shared: &Shared, v: &Vector, breaks: &Dynamic, options: Map) -> Fallible<Vector> {
    const NAME: &str = "cut_points";
    let mut options = Options::new(NAME, options);
    let method = options.text("method")?;
    let labels = options.texts("labels")?.unwrap_or_default();
    let right = options.flag("right", true)?;
    options.finish()?;
    let wrong = |parameter, rule: &str, value: String| Error::Invalid {
        primitive: NAME,
        parameter,
        rule: rule.to_owned(),
        value,
    };
    let breaks = if let Some(points) = breaks.read_lock::<Array>() {
        if let Some(method) = method {
            let rule = "stand beside a number of classes only";
            return Err(wrong("method", rule, method)).raise();
        }
        let points: Option<Vec<f64>> = points.iter().map(convert::number).collect();
        let rule = "be a number of classes or an array of numbers";
        let points = points.ok_or_else(|| wrong("breaks", rule, convert::brief(breaks)));
        Breaks::At(points.raise()?)
    } else {
        let classes = convert::count_argument(NAME, "breaks", breaks)?;
        match method.as_deref() {
            None | Some("quantile") => Breaks::Quantile(classes),
            Some("equal_width") => Breaks::EqualWidth(classes),
            Some(other) => {
                return Err(Error::UnknownName {
                    primitive: NAME.into(),
                    kind: "value for method".into(),
                    name: other.to_owned(),
                    known: vec!["quantile".into(), "equal_width".into()],
                })
                .raise();
            }
        }
    };
    let cut = verbs::cut_points(v, &CutParams { breaks, labels, right }).raise()?;
    for warning in &cut.warnings {
        shared.warn(warning);
    }
    Ok(cut.classes)
}

fn one_hot(t: &Table, columns: &Dynamic, options: Map) -> Fallible<Table> {
    let mut options = Options::new("one_hot", options);
    let drop_first = options.flag("drop_first", false)?;
    options.finish()?;
    verbs::one_hot(t, &args::columns("one_hot", t, columns)?, drop_first).raise()
}
