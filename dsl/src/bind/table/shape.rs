//! Wide and long tables, and filling gaps.

use std::rc::Rc;

use esep_stdlib::table::Cell;
use esep_stdlib::table::verbs::{
    self, Direction, Imputation, ImputeParams, LongerParams, WiderParams,
};
use esep_stdlib::{Choice, Error, Table};
use rhai::{Dynamic, Map};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const PICKS: &str = "text, map or array of these";

const ENTRIES: &[Entry] = &[
    Entry {
        name: "pivot_longer",
        on: Some("Table"),
        room: "tables",
        summary: "Gathers columns into two: one with their names, one with their values.",
        signature: "t.pivot_longer(columns, options)",
        params: &[
            T,
            Param::arg("columns", PICKS, "columns to gather, named as in select"),
            Param::option(
                "names",
                "text or array of text",
                "\"name\"",
                "new column for the names; several with separator",
            ),
            Param::option("values", "text", "\"value\"", "new column for the values"),
            Param::option("separator", "text", "none", "what parts a name into several columns"),
            Param::option("prefix", "text", "\"\"", "beginning that is cut off the names"),
            Param::option("drop_missing", "bool", "false", "leave rows without a value out"),
            Param::option(
                "numbers",
                "bool",
                "true",
                "names that are all whole numbers (years) become integers",
            ),
        ],
        returns: "Table; the rows of one old row stay together",
        search: &["melt", "gather", "reshape long", "stack", "unpivot", "wide to long"],
        errors: &["columns of different kinds", "a name that is taken"],
        see_also: &["pivot_wider", "transpose"],
        source: "",
        examples: &[Example {
            code: "let wide = table(#{ firm: [\"a\", \"b\"], y2020: [1, 2], y2021: [3, 4] });\nwide.pivot_longer(\"y*\", #{ names: \"year\", values: \"output\", prefix: \"y\" }).year.to_array()",
            shows: "[2020, 2021, 2020, 2021]",
        }],
    },
    Entry {
        name: "pivot_wider",
        on: Some("Table"),
        room: "tables",
        summary: "Spreads the values of columns over new columns named by another column.",
        signature: "t.pivot_wider(names, values, options)",
        params: &[
            T,
            Param::arg("names", "text", "column whose values become names"),
            Param::arg("values", PICKS, "columns whose values fill them"),
            Param::option(
                "keys",
                PICKS,
                "all other columns",
                "columns that stay, one row for each combination",
            ),
            Param::option(
                "aggregate",
                "text",
                "none",
                "how several rows under one name combine: mean, sum, first, n, ...",
            ),
            Param::option("fill", "value", "missing", "what fills combinations that do not occur"),
            Param::option("prefix", "text", "\"\"", "what goes before every new name"),
        ],
        returns: "Table; rows and new columns in order of first appearance, names value_name for several values",
        search: &["spread", "reshape wide", "unstack", "pivot_table", "dcast", "long to wide"],
        errors: &["several rows under one name without aggregate"],
        see_also: &["pivot_longer", "group_by"],
        source: "",
        examples: &[Example {
            code: "let long = table(#{ firm: [\"a\", \"a\", \"b\"], year: [2020, 2021, 2020], x: [1, 2, 3] });\nlong.pivot_wider(\"year\", \"x\", #{ prefix: \"y\", fill: 0 }).y2021.to_array()",
            shows: "[2, 0]",
        }],
    },
    Entry {
        name: "transpose",
        on: Some("Table"),
        room: "tables",
        summary: "Turns rows into columns named by the row labels.",
        signature: "t.transpose(name)",
        params: &[
            T,
            Param {
                default: Some("\"column\""),
                ..Param::arg("name", "text", "new first column with the old column names")
            },
        ],
        returns: "Table labelled by its first column; the column of the labels itself is left out",
        search: &["t", "flip", "swap rows and columns"],
        errors: &["columns of different kinds", "a label that stands twice"],
        see_also: &["pivot_longer"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").select([\"region\", \"gdp_per_capita\"]).transpose().at(\"gdp_per_capita\", \"Atyrau\")",
            shows: "21812.5",
        }],
    },
    Entry {
        name: "fill",
        on: Some("Table"),
        room: "tables",
        summary: "Fills gaps from the rows above or below, and says how many.",
        signature: "t.fill(columns, options)",
        params: &[
            T,
            Param { default: Some("all"), ..Param::arg("columns", PICKS, "columns as in select") },
            Param::option("direction", "text", "\"down\"", "down, up, down_up, up_down"),
            Param::option("by", PICKS, "none", "columns whose groups are filled apart"),
        ],
        returns: "Table",
        search: &["ffill", "bfill", "forward fill", "locf", "fill_null"],
        errors: &["an unknown column"],
        see_also: &["impute", "drop_missing"],
        source: "",
        examples: &[Example {
            code: "table(#{ x: [1, missing, 3] }).fill(\"x\").x.to_array()",
            shows: "[1, 1, 3]",
        }],
    },
    Entry {
        name: "impute",
        on: Some("Table"),
        room: "tables",
        summary: "Fills gaps by a statistic, by neighbours or by a value, and says how many cells of each column.",
        signature: "impute(t, method, options)",
        params: &[
            T,
            Param::arg(
                "method",
                "text",
                "mean, median, mode (most frequent), previous, next, linear, constant",
            ),
            Param::option("columns", PICKS, "all the method suits", "columns to fill"),
            Param::option(
                "by",
                PICKS,
                "none",
                "columns whose groups are filled apart (group means)",
            ),
            Param::option(
                "along",
                "text",
                "the rows' order",
                "column that orders the rows for previous, next and linear, and gives linear its distances",
            ),
            Param::option("value", "value", "none", "the value of constant"),
        ],
        returns: "Table; an int column filled by a mean, a median or a line becomes float; gaps at the ends of a line stay",
        search: &["fillna", "replace_na", "interpolate", "missing values", "group mean", "na_mean"],
        errors: &["a text column for a numeric method", "constant without value"],
        see_also: &["fill", "drop_missing", "readiness"],
        source: "OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 3",
        examples: &[
            Example {
                code: "impute(table(#{ x: [1, missing, 3] }), \"mean\").x.to_array()",
                shows: "[1.0, 2.0, 3.0]",
            },
            Example {
                code: "table(#{ g: [\"a\", \"a\", \"b\"], x: [1.0, missing, 9.0] }).impute(\"median\", #{ by: \"g\" }).x[1]",
                shows: "1",
            },
            Example {
                code: "table(#{ year: [2020, 2021, 2024], x: [1.0, missing, 9.0] }).impute(\"linear\", #{ along: \"year\" }).x[1]",
                shows: "3",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine
        .register_fn("pivot_longer", |t: Table, columns: Dynamic| longer(&t, &columns, Map::new()));
    engine.register_fn("pivot_longer", |t: Table, columns: Dynamic, options: Map| {
        longer(&t, &columns, options)
    });
    let own = Rc::clone(&shared);
    engine.register_fn("pivot_wider", move |t: Table, names: &str, values: Dynamic| {
        wider(&own, &t, names, &values, Map::new())
    });
    let own = Rc::clone(&shared);
    engine.register_fn(
        "pivot_wider",
        move |t: Table, names: &str, values: Dynamic, options: Map| {
            wider(&own, &t, names, &values, options)
        },
    );
    engine.register_fn("transpose", |t: Table| verbs::transpose(&t, "column").raise());
    engine.register_fn("transpose", |t: Table, name: &str| verbs::transpose(&t, name).raise());
    let own = Rc::clone(&shared);
    engine.register_fn("fill", move |t: Table| filled(&own, &t, None, Map::new()));
    let own = Rc::clone(&shared);
    engine.register_fn("fill", move |t: Table, columns: Dynamic| {
        filled(&own, &t, Some(&columns), Map::new())
    });
    let own = Rc::clone(&shared);
    engine.register_fn("fill", move |t: Table, columns: Dynamic, options: Map| {
        filled(&own, &t, Some(&columns), options)
    });
    let own = Rc::clone(&shared);
    engine
        .register_fn("impute", move |t: Table, method: &str| imputed(&own, &t, method, Map::new()));
    engine.register_fn("impute", move |t: Table, method: &str, options: Map| {
        imputed(&shared, &t, method, options)
    });
}

fn longer(t: &Table, columns: &Dynamic, options: Map) -> Fallible<Table> {
    const NAME: &str = "pivot_longer";
    let mut options = Options::new(NAME, options);
    let params = LongerParams {
        columns: args::columns(NAME, t, columns)?,
        names: options.texts("names")?.unwrap_or_else(|| vec!["name".into()]),
        values: options.text("values")?.unwrap_or_else(|| "value".into()),
        separator: options.text("separator")?,
        prefix: options.text("prefix")?.unwrap_or_default(),
        numbers: options.flag("numbers", true)?,
        drop_missing: options.flag("drop_missing", false)?,
    };
    options.finish()?;
    verbs::pivot_longer(t, &params).raise()
}

/// The columns of the option `name`, none if it is not given.
fn chosen(
    primitive: &'static str,
    t: &Table,
    options: &mut Options,
    name: &'static str,
) -> Fallible<Vec<String>> {
    match options.take(name) {
        Some(value) => args::columns(primitive, t, &value),
        None => Ok(Vec::new()),
    }
}

/// The single value of the option `name`, missing if it is not given.
fn single(primitive: &'static str, options: &mut Options, name: &'static str) -> Fallible<Cell> {
    let value = options.take(name).unwrap_or(Dynamic::UNIT);
    args::cell(&value)
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter: name,
            rule: "be a number, a truth value, a text or a date".into(),
            value: convert::brief(&value),
        })
        .raise()
}

fn wider(
    shared: &Shared,
    t: &Table,
    names: &str,
    values: &Dynamic,
    options: Map,
) -> Fallible<Table> {
    const NAME: &str = "pivot_wider";
    let mut options = Options::new(NAME, options);
    let params = WiderParams {
        names: names.to_owned(),
        values: args::columns(NAME, t, values)?,
        keys: chosen(NAME, t, &mut options, "keys")?,
        prefix: options.text("prefix")?.unwrap_or_default(),
        aggregate: options.text("aggregate")?,
        fill: single(NAME, &mut options, "fill")?,
    };
    options.finish()?;
    Ok(args::told(shared, verbs::pivot_wider(t, &params).raise()?))
}

fn filled(shared: &Shared, t: &Table, columns: Option<&Dynamic>, options: Map) -> Fallible<Table> {
    let mut options = Options::new("fill", options);
    let direction = options.choice("direction", Direction::default())?;
    let by = chosen("fill", t, &mut options, "by")?;
    options.finish()?;
    let columns = columns.map(|c| args::columns("fill", t, c)).transpose()?.unwrap_or_default();
    Ok(args::told(shared, verbs::fill(t, &columns, direction, &by).raise()?))
}

fn imputed(shared: &Shared, t: &Table, method: &str, options: Map) -> Fallible<Table> {
    const NAME: &str = "impute";
    let mut options = Options::new(NAME, options);
    let params = ImputeParams {
        method: Imputation::parse(NAME, "method", method).raise()?,
        columns: chosen(NAME, t, &mut options, "columns")?,
        by: chosen(NAME, t, &mut options, "by")?,
        along: options.text("along")?,
        value: single(NAME, &mut options, "value")?,
    };
    options.finish()?;
    Ok(args::told(shared, verbs::impute(t, &params).raise()?))
}
