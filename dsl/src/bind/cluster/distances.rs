//! Distances between rows.

use std::rc::Rc;

use esep_stdlib::cluster::{Distances, GowerParams, Metric, gower};
use esep_stdlib::{Table, Vector};
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};

use super::arguments::{self, DISTANCE, ORDER, ROOM};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const DISTANCES: TypeEntry = TypeEntry {
    name: "Distances",
    summary: "Distances between all pairs of units; hclust and pam take it in place of a table.",
    fields: &[
        Field::new("n", "int", "units"),
        Field::new("metric", "text", "name of the distance"),
        Field::new("labels", "array of text", "labels of the units"),
        Field::new("table", "Table", "the full symmetric matrix, n rows and n columns"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "distance",
        on: None,
        room: ROOM,
        summary: "Distances between all rows of a table.",
        signature: "distance(t, name, options)",
        params: &[
            Param::arg(
                "t",
                "Table",
                "units in rows; for gower any columns, missing values allowed",
            ),
            Param { option: false, ..DISTANCE },
            ORDER,
            Param::option("weights", "map", "all 1", "for gower: weight by column, greater than 0"),
            Param::option(
                "asymmetric",
                "text or array of text",
                "none",
                "for gower: truth columns of which two false say nothing",
            ),
        ],
        returns: "Distances",
        search: &["dist", "daisy", "pdist", "dissimilarity", "proximity"],
        errors: &[
            "missing values or text under any distance but gower",
            "a constant row under correlation, a zero row under cosine",
            "collinear columns under mahalanobis",
            "more memory needed than is free: said before it is taken",
        ],
        see_also: &["hclust", "pam"],
        source: "Gower 1971; Gordon 1999, section 2.2. R's dist divides canberra terms by abs(x + y)",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); distance(z, \"euclidean\").at(\"Astana\", \"Almaty\")",
                shows: "7.3",
            },
            Example {
                code: "distance(load(\"regions_2023\").numeric()).metric",
                shows: "euclidean",
            },
            Example {
                code: "distance(load(\"regions_2023\").drop([\"name_ru\", \"name_kk\"]), \"gower\").n",
                shows: "20",
            },
            Example {
                code: "let t = load(\"regions_2023\"); distance(t, |a, b| abs(a.gdp_per_capita - b.gdp_per_capita)).metric",
                shows: "the user's",
            },
        ],
    },
    Entry {
        name: "at",
        on: Some("Distances"),
        room: ROOM,
        summary: "The distance between two labelled units.",
        signature: "d.at(from, to)",
        params: &[
            Param::arg("d", "Distances", "the distances"),
            Param::arg("from", "text", "label of one unit"),
            Param::arg("to", "text", "label of the other"),
        ],
        returns: "float",
        search: &[],
        errors: &["an unknown label"],
        see_also: &["distance"],
        source: "",
        examples: &[Example {
            code: "distance(load(\"regions_2023\").numeric(), \"manhattan\").at(\"Abai\", \"Abai\")",
            shows: "0.0",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Distances>>(&DISTANCES, show);
    let shared = library.shared();
    library
        .engine
        .register_fn("distance", move |t: Table| named(&shared, &t, "euclidean", Map::new()));
    let shared = library.shared();
    library
        .engine
        .register_fn("distance", move |t: Table, name: &str| named(&shared, &t, name, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("distance", move |t: Table, name: &str, options: Map| {
        named(&shared, &t, name, options)
    });
    library.engine.register_fn(
        "distance",
        |call: NativeCallContext<'_>, t: Table, closure: FnPtr| -> Fallible<Rc<Distances>> {
            arguments::by_closure("distance", &t, closure, &call).map(Rc::new)
        },
    );
    let engine = &mut *library.engine;
    engine.register_get("n", |d: &mut Rc<Distances>| d.n as i64);
    engine.register_get("metric", |d: &mut Rc<Distances>| d.metric.clone());
    engine.register_get("labels", |d: &mut Rc<Distances>| convert::text_array(&d.labels));
    engine.register_get("warnings", |d: &mut Rc<Distances>| convert::text_array(&d.warnings));
    engine.register_get("table", |d: &mut Rc<Distances>| d.to_table().raise());
    engine.register_fn("at", |d: &mut Rc<Distances>, from: &str, to: &str| -> Fallible<Dynamic> {
        let labels = Vector::from_ints(0..d.n as i64).labelled(&d.labels).raise()?;
        let find =
            |label: &str| labels.get(label).map(|cell| cell.as_f64().unwrap_or(0.0) as usize);
        Ok(d.get(find(from).raise()?, find(to).raise()?).into())
    });
}

fn named(shared: &Shared, table: &Table, name: &str, options: Map) -> Fallible<Rc<Distances>> {
    let mut options = Options::new("distance", options);
    if name == "gower" {
        let weights = options.numbers("weights")?.unwrap_or_default();
        let asymmetric = options.texts("asymmetric")?.unwrap_or_default();
        options.finish()?;
        let params = GowerParams { weights, asymmetric };
        return gower(table, &params, &shared.context()).map(Rc::new).raise();
    }
    let metric = match arguments::named_metric("distance", name)? {
        Metric::Minkowski(order) => Metric::Minkowski(options.float("order", order)?),
        metric => metric,
    };
    options.finish()?;
    arguments::all(table, metric, &shared.context()).map(Rc::new)
}

fn show(distances: &Rc<Distances>, style: &Style) -> Bundle {
    let least = distances.values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = distances.values.iter().copied().fold(0.0, f64::max);
    let mut doc = Doc::new().text(format!(
        "{} distances between {} units, {}, from {} to {}.",
        distances.values.len(),
        distances.n,
        distances.metric,
        super::results::short(least),
        super::results::short(most)
    ));
    if distances.n <= 60
        && let Ok(table) = distances.to_table()
    {
        doc = doc.table(&table);
    }
    doc.warnings(&distances.warnings).bundle(style)
}
