//! Choosing and ordering rows.

use std::rc::Rc;

use esep_stdlib::Table;
use esep_stdlib::table::verbs::{self, SampleParams, Slice};
use rhai::{Dynamic, Map};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::Library;
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "sort",
        on: Some("Table"),
        room: "tables",
        summary: "Orders the rows by one or several columns, each in its own direction.",
        signature: "t.sort(columns, options)",
        params: &[
            T,
            Param::arg(
                "columns",
                "text or array of text",
                "keys, the most important first; \"-x\" puts the largest first",
            ),
            Param::option(
                "descending",
                "bool or array of text",
                "false",
                "largest first, for all keys or for those named",
            ),
        ],
        returns: "Table; missing values come last in both directions, ties keep their order",
        search: &["order", "arrange", "sort_values", "order by"],
        errors: &["an unknown column"],
        see_also: &["head", "rank"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").sort(\"gdp_per_capita\", #{ descending: true }).labels[0]",
                shows: "Atyrau",
            },
            Example {
                code: "table(#{ a: [\"x\", \"y\", \"x\"], b: [1, 2, 3] }).sort([\"a\", \"-b\"]).b.to_array()",
                shows: "[3, 1, 2]",
            },
        ],
    },
    Entry {
        name: "head",
        on: Some("Table"),
        room: "tables",
        summary: "The first rows.",
        signature: "t.head(n)",
        params: &[T, Param { default: Some("6"), ..Param::arg("n", "int", "rows to keep") }],
        returns: "Table",
        search: &["first", "top", "limit"],
        errors: &["n is negative"],
        see_also: &["tail", "slice", "sort"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").head(3).labels",
            shows: "[\"Abai\", \"Akmola\", \"Aktobe\"]",
        }],
    },
    Entry {
        name: "tail",
        on: Some("Table"),
        room: "tables",
        summary: "The last rows.",
        signature: "t.tail(n)",
        params: &[T, Param { default: Some("6"), ..Param::arg("n", "int", "rows to keep") }],
        returns: "Table",
        search: &["last", "bottom"],
        errors: &["n is negative"],
        see_also: &["head", "slice"],
        source: "",
        examples: &[Example { code: "load(\"regions_2023\").tail(3).nrow", shows: "3" }],
    },
    Entry {
        name: "slice",
        on: Some("Table"),
        room: "tables",
        summary: "The rows from one position up to, not including, another.",
        signature: "t.slice(from, to)",
        params: &[
            T,
            Param::arg("from", "int", "first row, counted from 0; negative from the end"),
            Param {
                default: Some("the end"),
                ..Param::arg("to", "int", "one past the last row; negative from the end")
            },
        ],
        returns: "Table; positions beyond the ends stop there",
        search: &["iloc", "rows", "range", "limit offset"],
        errors: &[],
        see_also: &["head", "tail", "row"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").slice(1, 3).labels",
                shows: "[\"Akmola\", \"Aktobe\"]",
            },
            Example { code: "load(\"regions_2023\").slice(-2).nrow", shows: "2" },
        ],
    },
    Entry {
        name: "distinct",
        on: Some("Table"),
        room: "tables",
        summary: "The first row of each combination of values.",
        signature: "t.distinct(columns)",
        params: &[
            T,
            Param {
                default: Some("all"),
                ..Param::arg(
                    "columns",
                    "text, map or array of these",
                    "columns to compare, as in select",
                )
            },
        ],
        returns: "Table with all its columns; missing equals missing here",
        search: &["unique", "drop_duplicates", "duplicated"],
        errors: &["an unknown column"],
        see_also: &["count", "group_by"],
        source: "",
        examples: &[Example {
            code: "table(#{ a: [1, 1, 2], b: [5, 5, 5] }).distinct().nrow",
            shows: "2",
        }],
    },
    Entry {
        name: "sample",
        on: Some("Table"),
        room: "tables",
        summary: "Random rows, in random order.",
        signature: "t.sample(n, options)",
        params: &[
            T,
            Param { default: Some("by share"), ..Param::arg("n", "int", "rows to draw") },
            Param::option("share", "number", "none", "share of the rows to draw instead of n"),
            Param::option("replace", "bool", "false", "whether a row may be drawn again"),
            Param::option("seed", "int", "0", "seed; the same seed draws the same rows"),
        ],
        returns: "Table",
        search: &["random", "slice_sample", "bootstrap", "sample_n", "sample_frac"],
        errors: &["more rows than there are, without replacement", "neither n nor share"],
        see_also: &["head"],
        source: "",
        examples: &[
            Example { code: "load(\"regions_2023\").sample(5, #{ seed: 1 }).nrow", shows: "5" },
            Example { code: "load(\"regions_2023\").sample(#{ share: 0.25 }).nrow", shows: "5" },
        ],
    },
    Entry {
        name: "drop_missing",
        on: Some("Table"),
        room: "tables",
        summary: "Keeps the rows without a gap, and says how many went.",
        signature: "t.drop_missing(columns)",
        params: &[
            T,
            Param {
                default: Some("all"),
                ..Param::arg(
                    "columns",
                    "text, map or array of these",
                    "columns to look at, as in select",
                )
            },
        ],
        returns: "Table",
        search: &["drop_na", "dropna", "na.omit", "complete cases", "drop_nulls"],
        errors: &["an unknown column"],
        see_also: &["fill", "impute", "where"],
        source: "",
        examples: &[Example {
            code: "table(#{ a: [1, missing, 3], b: [1, 2, missing] }).drop_missing(\"a\").nrow",
            shows: "2",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("sort", |t: Table, names: Dynamic| sort(&t, &names, Map::new()));
    engine.register_fn("sort", |t: Table, names: Dynamic, options: Map| sort(&t, &names, options));
    engine.register_fn("head", |t: Table| t.head(6));
    engine.register_fn("head", |t: Table, n: Dynamic| -> Fallible<Table> {
        Ok(t.head(convert::count_argument("head", "n", &n)?))
    });
    engine.register_fn("tail", |t: Table| tail(&t, 6));
    engine.register_fn("tail", |t: Table, n: Dynamic| -> Fallible<Table> {
        tail(&t, convert::count_argument("tail", "n", &n)?)
    });
    engine.register_fn("slice", |t: Table, from: Dynamic| -> Fallible<Table> {
        let from = convert::whole_argument("slice", "from", &from)?;
        verbs::slice(&t, Slice { from, to: None }).raise()
    });
    engine.register_fn("slice", |t: Table, from: Dynamic, to: Dynamic| -> Fallible<Table> {
        let from = convert::whole_argument("slice", "from", &from)?;
        let to = Some(convert::whole_argument("slice", "to", &to)?);
        verbs::slice(&t, Slice { from, to }).raise()
    });
    engine.register_fn("distinct", |t: Table| verbs::distinct(&t, &[]).raise());
    engine.register_fn("distinct", |t: Table, columns: Dynamic| -> Fallible<Table> {
        verbs::distinct(&t, &args::columns("distinct", &t, &columns)?).raise()
    });
    engine.register_fn("sample", |t: Table, first: Dynamic| {
        match first.clone().try_cast::<Map>() {
            Some(options) => sample(&t, None, options),
            None => sample(&t, Some(&first), Map::new()),
        }
    });
    engine
        .register_fn("sample", |t: Table, n: Dynamic, options: Map| sample(&t, Some(&n), options));
    let own = Rc::clone(&shared);
    engine.register_fn("drop_missing", move |t: Table| -> Fallible<Table> {
        Ok(args::told(&own, verbs::drop_missing(&t, &[]).raise()?))
    });
    engine.register_fn("drop_missing", move |t: Table, columns: Dynamic| -> Fallible<Table> {
        let columns = args::columns("drop_missing", &t, &columns)?;
        Ok(args::told(&shared, verbs::drop_missing(&t, &columns).raise()?))
    });
}

fn tail(t: &Table, n: usize) -> Fallible<Table> {
    let from = t.nrow().saturating_sub(n) as i64;
    verbs::slice(t, Slice { from, to: None }).raise()
}

fn sort(table: &Table, names: &Dynamic, options: Map) -> Fallible<Table> {
    let mut options = Options::new("sort", options);
    let descending = options.take("descending");
    options.finish()?;
    let keys = args::sort_keys("sort", table, names, descending)?;
    verbs::sort(table, &keys).raise()
}

fn sample(table: &Table, n: Option<&Dynamic>, options: Map) -> Fallible<Table> {
    let mut options = Options::new("sample", options);
    let params = SampleParams {
        n: n.map(|n| convert::count_argument("sample", "n", n)).transpose()?,
        share: options.optional_float("share")?,
        replace: options.flag("replace", false)?,
        seed: options.seed(0)?,
    };
    options.finish()?;
    verbs::sample(table, &params).raise()
}
