//! Vectors: one column with optional labels.

use std::rc::Rc;

use esep_stdlib::{Error, Result, Vector};
use rhai::{Array, Dynamic, ImmutableString};

use crate::convert;
use crate::display::vector_bundle;
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::Library;
use crate::report::{Fallible, Raise};

const VECTOR: TypeEntry = TypeEntry {
    name: "Vector",
    summary: "One column of values (float, int, bool, text or date; missing allowed), optionally labelled: v[0], v[-1], v[\"Atyrau\"].",
    fields: &[
        Field::new("labels", "array of text", "labels of the values; empty when there are none"),
        Field::new("name", "text", "name of the column it was read from; empty when there is none"),
        Field::new("year", "Vector of int", "years of a date column; so quarter, month, day"),
        Field::new("quarter", "Vector of int", "quarters of a date column, 1 to 4"),
        Field::new("month", "Vector of int", "months of a date column, 1 to 12"),
        Field::new("day", "Vector of int", "days of the month of a date column"),
        Field::new("weekday", "Vector of int", "weekdays of a date column, 1 (Monday) to 7"),
    ],
};

const V: Param =
    Param::arg("v", "vector or array of numbers", "the values; missing ones are left out");

macro_rules! statistic {
    ($name:literal, $signature:literal, $summary:literal, $search:expr, $example:literal, $shows:literal) => {
        Entry {
            name: $name,
            on: Some("Vector"),
            room: "tables",
            summary: $summary,
            signature: $signature,
            params: &[V],
            returns: "float; missing when too few values are there",
            search: $search,
            errors: &["the values are text"],
            see_also: &["describe"],
            source: "",
            examples: &[Example { code: $example, shows: $shows }],
        }
    };
}

const ENTRIES: &[Entry] = &[
    Entry {
        name: "vector",
        on: None,
        room: "tables",
        summary: "Makes a vector of an array: all numbers, all truth values, all dates or all texts; `missing` marks a gap.",
        signature: "vector(values, labels)",
        params: &[
            Param::arg("values", "array", "the values"),
            Param {
                default: Some("[]"),
                ..Param::arg("labels", "array of text", "a label for each")
            },
        ],
        returns: "Vector",
        search: &["c", "array", "series"],
        errors: &["the kinds are mixed", "there are not as many labels as values"],
        see_also: &["table"],
        source: "",
        examples: &[Example { code: "vector([1, 2, missing, 4]).mean()", shows: "2.333333333" }],
    },
    statistic!(
        "mean",
        "v.mean()",
        "Mean of the values that are there.",
        &["average"],
        "load(\"regions_2023\").gdp_per_capita.mean()",
        "6168.565"
    ),
    statistic!(
        "sd",
        "v.sd()",
        "Sample standard deviation (n - 1).",
        &["std", "standard deviation"],
        "vector([1, 2, 3, 4]).sd()",
        "1.290994449"
    ),
    statistic!("median", "v.median()", "Median.", &[], "vector([1, 2, 10]).median()", "2"),
    statistic!(
        "min",
        "v.min()",
        "Smallest value, or earliest date.",
        &["minimum"],
        "vector([3, 1, 2]).min()",
        "1"
    ),
    statistic!(
        "max",
        "v.max()",
        "Largest value, or latest date.",
        &["maximum"],
        "vector([3, 1, 2]).max()",
        "3"
    ),
    statistic!(
        "sum",
        "v.sum()",
        "Sum; 0 when there is no value.",
        &["total"],
        "vector([1, 2, 3]).sum()",
        "6"
    ),
    Entry {
        name: "quantile",
        on: Some("Vector"),
        room: "tables",
        summary: "Quantile by linear interpolation of the order statistics.",
        signature: "v.quantile(p)",
        params: &[V, Param::arg("p", "number or array of numbers", "order, in 0..=1")],
        returns: "float, or a Vector for several orders; missing when there is no value",
        search: &["percentile", "quartile"],
        errors: &["p lies outside 0..=1"],
        see_also: &["median"],
        source: "Hyndman and Fan (1996), definition 7, the default of R and NumPy",
        examples: &[
            Example { code: "vector([1, 2, 3, 4]).quantile(0.25)", shows: "1.75" },
            Example { code: "vector([1, 2, 3, 4]).quantile([0.25, 0.75])[1]", shows: "3.25" },
        ],
    },
    Entry {
        name: "len",
        on: Some("Vector"),
        room: "tables",
        summary: "Number of values, missing ones included.",
        signature: "v.len()",
        params: &[V],
        returns: "int",
        search: &["length", "size", "count"],
        errors: &[],
        see_also: &[],
        source: "",
        examples: &[Example { code: "vector([1, missing]).len()", shows: "2" }],
    },
    Entry {
        name: "to_array",
        on: Some("Vector"),
        room: "tables",
        summary: "The values as an array; gaps become `missing`.",
        signature: "v.to_array()",
        params: &[V],
        returns: "array",
        search: &["list", "as.vector"],
        errors: &[],
        see_also: &["vector"],
        source: "",
        examples: &[Example { code: "vector([1, 2]).to_array()", shows: "[1, 2]" }],
    },
];

type Statistic = fn(&Vector) -> Result<Option<f64>>;

/// One quantile, or a vector of them for an array of orders.
fn quantile(v: &Vector, p: &Dynamic) -> Fallible<Dynamic> {
    let one = |p: &Dynamic| -> Fallible<Option<f64>> {
        v.quantile(convert::number_argument("quantile", "p", p)?).raise()
    };
    match p.read_lock::<Array>() {
        Some(orders) => {
            let values = orders.iter().map(one).collect::<Fallible<Vec<_>>>()?;
            Ok(Dynamic::from(Vector::from_options(values)))
        }
        None => one(p).map(convert::from_option),
    }
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Vector>(&VECTOR, vector_bundle);
    let engine = &mut *library.engine;
    engine.register_fn("vector", |values: Array| convert::to_vector("vector", &values));
    engine.register_fn("vector", |values: Array, labels: Dynamic| -> Fallible<Vector> {
        let labels = convert::texts_argument("vector", "labels", &labels)?;
        convert::to_vector("vector", &values)?.labelled(labels).raise()
    });
    let statistics: [(&str, Statistic); 6] = [
        ("mean", Vector::mean),
        ("sd", Vector::sd),
        ("median", Vector::median),
        ("min", Vector::min),
        ("max", Vector::max),
        ("sum", |v| v.sum().map(Some)),
    ];
    for (name, statistic) in statistics {
        engine.register_fn(name, move |v: Vector| -> Fallible<Dynamic> {
            if let ("min" | "max", Some((first, last))) = (name, v.date_range()) {
                return Ok(Dynamic::from(if name == "min" { first } else { last }));
            }
            statistic(&v).map(convert::from_option).raise()
        });
        engine.register_fn(name, move |values: Array| -> Fallible<Dynamic> {
            let v = convert::to_vector("vector", &values)?;
            statistic(&v).map(convert::from_option).raise()
        });
    }
    engine.register_fn("quantile", |v: Vector, p: Dynamic| quantile(&v, &p));
    engine.register_fn("quantile", |values: Array, p: Dynamic| -> Fallible<Dynamic> {
        quantile(&convert::to_vector("vector", &values)?, &p)
    });
    engine.register_fn("len", |v: &mut Vector| v.len() as i64);
    engine.register_fn("to_array", |v: &mut Vector| -> Array {
        v.cells().map(convert::from_cell).collect()
    });
    engine.register_get("labels", |v: &mut Vector| -> Array {
        let labels = v.labels().map(|labels| {
            labels.iter().map(|l| Dynamic::from(ImmutableString::from(l.unwrap_or("")))).collect()
        });
        labels.unwrap_or_default()
    });
    engine.register_get("name", |v: &mut Vector| v.name().unwrap_or("").to_owned());
    engine.register_indexer_get(|v: &mut Vector, index: i64| -> Fallible<Dynamic> {
        v.at(index).map(convert::from_cell).raise()
    });
    // `v.word` finds no property and falls back to this, as `v["label"]` does by intent.
    engine.register_indexer_get(|v: &mut Vector, label: ImmutableString| -> Fallible<Dynamic> {
        if v.labels().is_none() {
            let known = ENTRIES.iter().filter(|e| e.on.is_some()).map(|e| format!("{}()", e.name));
            let fields = VECTOR.fields.iter().map(|field| field.name.to_owned());
            return Err(Error::UnknownName {
                primitive: "Vector".into(),
                kind: "label or property".into(),
                name: label.to_string(),
                known: fields.chain(known).collect(),
            })
            .raise();
        }
        v.get(&label).map(convert::from_cell).raise()
    });
    iterate(engine);
}

/// Lets `for x in v` run over a vector.
fn iterate(engine: &mut rhai::Engine) {
    let mut module = rhai::Module::new();
    module.set_iter(std::any::TypeId::of::<Vector>(), |value| match value.try_cast::<Vector>() {
        Some(vector) => Box::new(VectorIter { vector: Rc::new(vector), next: 0 }),
        None => Box::new(std::iter::empty()),
    });
    engine.register_global_module(module.into());
}

/// The values of a vector, one after the other.
#[derive(Clone)]
struct VectorIter {
    vector: Rc<Vector>,
    next: usize,
}

impl Iterator for VectorIter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let row = self.next;
        (row < self.vector.len()).then(|| {
            self.next += 1;
            convert::from_cell(self.vector.cell(row))
        })
    }
}
