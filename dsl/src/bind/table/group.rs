//! Grouped tables.

use std::rc::Rc;

use esep_stdlib::table::verbs::{self, Expression, Grouped, Made, SortKey};
use esep_stdlib::{Error, Table};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::{T, args, compute};
use crate::convert::{self, Callback};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const GROUPED: TypeEntry = TypeEntry {
    name: "Grouped",
    summary: "A table whose rows are grouped by equal values of some columns, groups in order of first appearance.",
    fields: &[
        Field::new("table", "Table", "the table"),
        Field::new("keys", "array of text", "the columns that make the groups"),
        Field::new("groups", "Table", "the keys of every group and its rows, as column n"),
    ],
};

const G: Param = Param::arg("g", "Grouped", "a grouped table, see group_by");
const MADE: &str = "#{ name: \"expression\" }, \"name = expression\", or an array of these; an expression gives one value per group (\"mean(x)\", \"sum(a) / sum(b)\", \"n()\"); a closure |t| gets each group's table";

const ENTRIES: &[Entry] = &[
    Entry {
        name: "group_by",
        on: Some("Table"),
        room: "tables",
        summary: "Groups the rows by equal values of some columns.",
        signature: "t.group_by(columns)",
        params: &[
            T,
            Param::arg("columns", "text, map or array of these", "keys, named as in select"),
        ],
        returns: "Grouped, with summarise, mutate, where, count, head, tail, top_n and map; missing values make a group of their own",
        search: &["groupby", "split", "aggregate", "by", "tapply"],
        errors: &["an unknown column"],
        see_also: &["summarise", "count", "expressions"],
        source: "",
        examples: &[Example {
            code: "let t = load(\"regions_2023\").mutate(#{ rich: \"gdp_per_capita > 6000\" });\nt.group_by(\"rich\").summarise(#{ regions: \"n()\", mean_gdp: \"mean(gdp_per_capita)\" }).regions.sum()",
            shows: "20",
        }],
    },
    Entry {
        name: "summarise",
        on: Some("Grouped"),
        room: "tables",
        summary: "One row per group, made of aggregates; of a Table, one row in all.",
        signature: "g.summarise(columns, values)",
        params: &[
            G,
            Param::arg("columns", "map, text or array of these", MADE),
            Param::option(
                "$name",
                "value or array",
                "none",
                "what `$name` stands for in the expressions",
            ),
        ],
        returns: "Table of the keys and the new columns, groups in order of first appearance; aggregates leave missing values out",
        search: &["summarize", "aggregate", "agg", "mean by group", "reduce"],
        errors: &["an expression that gives one value per row", "an unknown column or function"],
        see_also: &["group_by", "expressions", "count"],
        source: "",
        examples: &[
            Example {
                code: "table(#{ k: [\"a\", \"b\", \"a\"], x: [1, 2, 5] }).group_by(\"k\").summarise(#{ mean: \"mean(x)\", n: \"n()\" }).mean.to_array()",
                shows: "[3.0, 2.0]",
            },
            Example {
                code: "load(\"regions_2023\").summarise([\"p90 = quantile(gdp_per_capita, 0.9)\", \"n()\"]).columns",
                shows: "n()",
            },
            Example {
                code: "table(#{ k: [\"a\", \"b\", \"a\"], x: [1, 2, 5] }).group_by(\"k\").summarise(#{ spread: |t| t.x.max() - t.x.min() }).spread.to_array()",
                shows: "[4.0, 0.0]",
            },
        ],
    },
    Entry {
        name: "count",
        on: Some("Table"),
        room: "tables",
        summary: "Rows of each combination of values.",
        signature: "t.count(columns, options)",
        params: &[
            T,
            Param::arg(
                "columns",
                "text, map or array of these",
                "columns as in select; none for a Grouped",
            ),
            Param::option("sort", "bool", "false", "the most frequent first"),
        ],
        returns: "Table of the columns and n (rows where a key is called n)",
        search: &["value_counts", "tabulate", "frequency", "tally"],
        errors: &["an unknown column"],
        see_also: &["distinct", "group_by"],
        source: "",
        examples: &[Example {
            code: "table(#{ k: [\"a\", \"b\", \"a\"] }).count(\"k\", #{ sort: true }).n.to_array()",
            shows: "[2, 1]",
        }],
    },
    Entry {
        name: "top_n",
        on: Some("Grouped"),
        room: "tables",
        summary: "The rows of each group with the largest values of a column.",
        signature: "g.top_n(n, column)",
        params: &[
            G,
            Param::arg("n", "int", "rows of each group"),
            Param::arg("column", "text", "column to order by; \"-x\" takes the smallest values"),
        ],
        returns: "Table, group after group, the best row first; ties go to the earlier row, a missing value is no candidate",
        search: &["slice_max", "nlargest", "head", "best"],
        errors: &["an unknown column"],
        see_also: &["sort", "group_by"],
        source: "",
        examples: &[Example {
            code: "table(#{ k: [\"a\", \"b\", \"a\"], x: [1, 2, 5] }).group_by(\"k\").top_n(1, \"x\").x.to_array()",
            shows: "[5, 2]",
        }],
    },
    Entry {
        name: "map",
        on: Some("Grouped"),
        room: "tables",
        summary: "Calls a closure with the table of each group.",
        signature: "g.map(closure)",
        params: &[G, Param::arg("closure", "closure |t|", "answers a Table or a single value")],
        returns: "Table: the closure's tables below each other with the keys in front, or the keys and its values as column value",
        search: &["apply", "group_modify", "split apply combine", "do"],
        errors: &["the closure answers tables and values mixed"],
        see_also: &["summarise"],
        source: "",
        examples: &[Example {
            code: "table(#{ k: [\"a\", \"b\", \"a\"], x: [1, 2, 5] }).group_by(\"k\").map(|t| t.head(1)).nrow",
            shows: "2",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Grouped>>(&GROUPED, show);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("group_by", |t: Table, columns: Dynamic| -> Fallible<Rc<Grouped>> {
        let columns = args::columns("group_by", &t, &columns)?;
        verbs::group_by(&t, &columns).map(Rc::new).raise()
    });
    engine.register_get("table", |g: &mut Rc<Grouped>| g.table.clone());
    engine.register_get("keys", |g: &mut Rc<Grouped>| convert::text_array(&g.keys));
    engine.register_get("groups", |g: &mut Rc<Grouped>| g.count(false).raise());
    engine.register_fn("count", |g: Rc<Grouped>| g.count(false).raise());
    engine.register_fn("count", |g: Rc<Grouped>, options: Map| -> Fallible<Table> {
        g.count(sorted(options)?).raise()
    });
    engine.register_fn("count", |t: Table, columns: Dynamic| count(&t, &columns, Map::new()));
    engine.register_fn("count", |t: Table, columns: Dynamic, options: Map| {
        count(&t, &columns, options)
    });
    engine.register_fn("head", |g: Rc<Grouped>, n: Dynamic| -> Fallible<Table> {
        g.head(convert::count_argument("head", "n", &n)?, false).raise()
    });
    engine.register_fn("tail", |g: Rc<Grouped>, n: Dynamic| -> Fallible<Table> {
        g.head(convert::count_argument("tail", "n", &n)?, true).raise()
    });
    engine.register_fn("top_n", |g: Rc<Grouped>, n: Dynamic, column: &str| -> Fallible<Table> {
        let n = convert::count_argument("top_n", "n", &n)?;
        let key = match column.strip_prefix('-') {
            Some(rest) if !g.table.columns().iter().any(|name| name == column) => {
                SortKey { column: rest.to_owned(), descending: false }
            }
            _ => SortKey { column: column.to_owned(), descending: true },
        };
        g.top_n(n, key).raise()
    });
    computing(engine, &shared);
    mapping(engine, &shared);
}

fn computing(engine: &mut rhai::Engine, shared: &Rc<Shared>) {
    for name in ["where", "filter"] {
        let own = Rc::clone(shared);
        engine.register_fn(name, move |g: Rc<Grouped>, condition: &str| {
            compute::filtered(&own, &g.table, Some(&g.groups), condition, Map::new())
        });
        let own = Rc::clone(shared);
        engine.register_fn(name, move |g: Rc<Grouped>, condition: &str, values: Map| {
            compute::filtered(&own, &g.table, Some(&g.groups), condition, values)
        });
    }
    let own = Rc::clone(shared);
    engine.register_fn(
        "mutate",
        move |context: NativeCallContext, g: Rc<Grouped>, columns: Dynamic| {
            compute::mutated(&own, &context, &g.table, Some(&g.groups), &columns, Map::new())
        },
    );
    let own = Rc::clone(shared);
    engine.register_fn(
        "mutate",
        move |context: NativeCallContext, g: Rc<Grouped>, columns: Dynamic, values: Map| {
            compute::mutated(&own, &context, &g.table, Some(&g.groups), &columns, values)
        },
    );
    let own = Rc::clone(shared);
    engine.register_fn(
        "summarise",
        move |context: NativeCallContext, g: Rc<Grouped>, columns: Dynamic| {
            summarised(&own, &context, &g, &columns, Map::new())
        },
    );
    let own = Rc::clone(shared);
    engine.register_fn(
        "summarise",
        move |context: NativeCallContext, g: Rc<Grouped>, columns: Dynamic, values: Map| {
            summarised(&own, &context, &g, &columns, values)
        },
    );
    let own = Rc::clone(shared);
    engine.register_fn(
        "summarise",
        move |context: NativeCallContext, t: Table, columns: Dynamic| {
            summarised(&own, &context, &Grouped::whole(&t), &columns, Map::new())
        },
    );
    let own = Rc::clone(shared);
    engine.register_fn(
        "summarise",
        move |context: NativeCallContext, t: Table, columns: Dynamic, values: Map| {
            summarised(&own, &context, &Grouped::whole(&t), &columns, values)
        },
    );
}

fn sorted(options: Map) -> Fallible<bool> {
    let mut options = Options::new("count", options);
    let sort = options.flag("sort", false)?;
    options.finish()?;
    Ok(sort)
}

fn count(t: &Table, columns: &Dynamic, options: Map) -> Fallible<Table> {
    let columns = args::columns("count", t, columns)?;
    let sort = sorted(options)?;
    verbs::group_by(t, &columns).and_then(|g| g.count(sort)).raise()
}

/// The answers of a closure for each group's table.
fn answers(context: &NativeCallContext, g: &Grouped, closure: &FnPtr) -> Fallible<Vec<Dynamic>> {
    let mut answers = Vec::new();
    for table in g.tables().raise()? {
        let mut callback = Callback::new(context, closure.clone());
        let answer = callback.call(vec![Dynamic::from(table)]);
        answers.push(callback.settle(answer)?);
    }
    Ok(answers)
}

fn summarised(
    shared: &Shared,
    context: &NativeCallContext,
    g: &Grouped,
    items: &Dynamic,
    values: Map,
) -> Fallible<Table> {
    let params = args::params("summarise", values)?;
    let steps: Vec<Dynamic> = match items.read_lock::<Array>() {
        Some(array) => array.to_vec(),
        None => vec![items.clone()],
    };
    let mut made: Vec<(String, Made)> = Vec::new();
    for step in &steps {
        if let Some(map) = step.read_lock::<Map>() {
            for (name, value) in map.iter() {
                made.push((name.to_string(), source(context, g, value)?));
            }
            continue;
        }
        let text = step.clone().into_string().map_err(|_| wrong(step)).raise()?;
        let (name, expression) = Expression::assignment("summarise", &text).raise()?;
        made.push((name, Made::Expression(expression)));
    }
    let noted = g.summarise(&made, &params).raise()?;
    Ok(args::told(shared, noted))
}

fn wrong(value: &Dynamic) -> Error {
    Error::Invalid {
        primitive: "summarise",
        parameter: "columns",
        rule: "hold expressions in text or closures |t|".into(),
        value: convert::brief(value),
    }
}

fn source(context: &NativeCallContext, g: &Grouped, value: &Dynamic) -> Fallible<Made> {
    if let Some(closure) = value.read_lock::<FnPtr>() {
        let answers = answers(context, g, &closure)?;
        return convert::to_vector("summarise", &answers).map(Made::Values);
    }
    let text = value.clone().into_string().map_err(|_| wrong(value)).raise()?;
    Ok(Made::Expression(Expression::parse("summarise", &text).raise()?))
}

fn mapping(engine: &mut rhai::Engine, shared: &Rc<Shared>) {
    let own = Rc::clone(shared);
    engine.register_fn(
        "map",
        move |context: NativeCallContext, g: Rc<Grouped>, closure: FnPtr| -> Fallible<Table> {
            let answers = answers(&context, &g, &closure)?;
            let tables: Vec<Table> =
                answers.iter().filter_map(|a| a.clone().try_cast::<Table>()).collect();
            if tables.len() == answers.len() {
                return Ok(args::told(&own, g.stacked(&tables).raise()?));
            }
            if !tables.is_empty() {
                let message = "map: the closure must answer a table for every group or for none";
                return Err(Error::Callback { message: message.into() }).raise();
            }
            let values = convert::to_vector("map", &answers)?;
            let made = [("value".to_owned(), Made::Values(values))];
            Ok(args::told(&own, g.summarise(&made, &verbs::Params::new()).raise()?))
        },
    );
}

fn show(g: &Rc<Grouped>, style: &Style) -> Bundle {
    let title =
        format!("{} rows in {} groups by {}", g.table.nrow(), g.groups.count(), g.keys.join(", "));
    match g.count(false) {
        Ok(counts) => Doc::new().text(title).table(&counts).bundle(style),
        Err(error) => Bundle::text(error.to_string()),
    }
}
