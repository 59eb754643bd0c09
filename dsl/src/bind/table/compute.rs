//! Filtering and computing: expressions, closures, vectors.

use std::rc::Rc;

use arrow_array::BooleanArray;
use esep_stdlib::table::TableError;
use esep_stdlib::table::verbs::{self, Expression, Groups, Made};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::report::{Fallible, Raise};

const VALUES: Param =
    Param::option("$name", "value or array", "none", "what `$name` stands for in the expression");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "where",
        on: Some("Table"),
        room: "tables",
        summary: "Keeps the rows for which a condition is true: an expression in text (fast), a column of truth values, or a closure.",
        signature: "t.where(condition, values)",
        params: &[
            T,
            Param::arg(
                "condition",
                "text, Vector of bool or closure |row|",
                "text: \"gdp > 4000 and region != 'Almaty'\", see help(\"expressions\"); a closure runs once a row and suits small tables",
            ),
            VALUES,
        ],
        returns: "Table; rows where the condition is missing are left out",
        search: &["filter", "subset", "query"],
        errors: &[
            "an unknown column or function, with a caret under it",
            "the condition answers something other than true, false or missing",
        ],
        see_also: &["expressions", "filter", "mutate", "sort", "head"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").where(\"gdp_per_capita > 4000 and region != 'Almaty'\").nrow",
                shows: "",
            },
            Example {
                code: "load(\"regions_2023\").where(\"region in $list\", #{ list: [\"Abai\", \"Atyrau\"] }).labels",
                shows: "[\"Abai\", \"Atyrau\"]",
            },
            Example {
                code: "load(\"regions_2023\").where(|r| r.gdp_per_capita > 10000).nrow",
                shows: "2",
            },
            Example {
                code: "let t = load(\"regions_2023\"); t.where(t.gdp_per_capita > 10000).labels",
                shows: "[\"Atyrau\", \"Almaty\"]",
            },
        ],
    },
    Entry {
        name: "filter",
        on: Some("Table"),
        room: "tables",
        summary: "The same as where.",
        signature: "t.filter(condition, values)",
        params: &[
            T,
            Param::arg("condition", "text, Vector of bool or closure |row|", "see where"),
            VALUES,
        ],
        returns: "Table",
        search: &["where", "subset", "query"],
        errors: &["see where"],
        see_also: &["where"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").filter(\"gdp_per_capita > mean(gdp_per_capita)\").nrow",
            shows: "",
        }],
    },
    Entry {
        name: "mutate",
        on: Some("Table"),
        room: "tables",
        summary: "Sets or adds columns made of expressions, closures over rows, vectors or single values.",
        signature: "t.mutate(columns, values)",
        params: &[
            T,
            Param::arg(
                "columns",
                "map, text or array of these",
                "#{ share: \"a / b * 100\" } or \"share = a / b * 100\"; an array is worked through in its order; a closure |row| runs once a row and suits small tables",
            ),
            VALUES,
        ],
        returns: "Table; within one map all read the columns as they were, and may use new ones it makes. Columns of a map come in alphabetical order, those of an array in the array's",
        search: &["with_columns", "assign", "transform", "compute", "new column"],
        errors: &[
            "an unknown column or function, with a caret under it",
            "columns that need each other",
            "a vector of another length",
        ],
        see_also: &["expressions", "where", "group_by"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").mutate(#{ relative: \"gdp_per_capita / mean(gdp_per_capita)\" }).relative.mean()",
                shows: "1",
            },
            Example {
                code: "load(\"regions_2023\").mutate([\"thousands = gdp_per_capita / 1000\", \"rounded = round(thousands, 1)\"]).at(\"Atyrau\", \"rounded\")",
                shows: "21.8",
            },
            Example {
                code: "load(\"regions_2023\").mutate(#{ rich: |r| r.gdp_per_capita > 10000 }).where(\"rich\").nrow",
                shows: "2",
            },
        ],
    },
    Entry {
        name: "expressions",
        on: None,
        room: "tables",
        summary: "The functions that text expressions in where, mutate and summarise may call.",
        signature: "expressions()",
        params: &[],
        returns: "array of text. Columns stand by name, odd names in `backticks`, text in 'single quotes'; operators: + - * / % ^ == != < <= > >= and or not, in ('a', 'b'), between 1 and 5, like 'A%', is missing, is not missing; missing propagates by three-valued logic, and nothing equals missing; $name stands for a value handed in",
        search: &[
            "query language",
            "sql",
            "syntax",
            "functions",
            "three-valued",
            "is.na",
            "isnull",
        ],
        errors: &[],
        see_also: &["where", "mutate", "summarise"],
        source: "",
        examples: &[
            Example { code: "expressions()", shows: "weighted_mean" },
            Example {
                code: "table(#{ x: [1, missing, 3] }).where(\"x is missing or x between 2 and 4\").nrow",
                shows: "2",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("expressions", || convert::text_array(verbs::function_names()));
    for name in ["where", "filter"] {
        engine.register_fn(
            name,
            |context: NativeCallContext, t: Table, condition: FnPtr| -> Fallible<Table> {
                by_closure(&context, &t, &condition)
            },
        );
        engine.register_fn(name, |t: Table, condition: Vector| by_vector(&t, &condition));
        let own = Rc::clone(&shared);
        engine.register_fn(name, move |t: Table, condition: &str| {
            filtered(&own, &t, None, condition, Map::new())
        });
        let own = Rc::clone(&shared);
        engine.register_fn(name, move |t: Table, condition: &str, values: Map| {
            filtered(&own, &t, None, condition, values)
        });
    }
    let own = Rc::clone(&shared);
    engine.register_fn("mutate", move |context: NativeCallContext, t: Table, columns: Dynamic| {
        mutated(&own, &context, &t, None, &columns, Map::new())
    });
    engine.register_fn(
        "mutate",
        move |context: NativeCallContext, t: Table, columns: Dynamic, values: Map| {
            mutated(&shared, &context, &t, None, &columns, values)
        },
    );
}

/// The rows for which the text `condition` is true.
pub(super) fn filtered(
    shared: &Shared,
    table: &Table,
    groups: Option<&Groups>,
    condition: &str,
    values: Map,
) -> Fallible<Table> {
    let condition = Expression::parse("where", condition).raise()?;
    let params = args::params("where", values)?;
    let noted = verbs::where_(table, groups, &condition, &params).raise()?;
    Ok(args::told(shared, noted))
}

fn by_closure(context: &NativeCallContext, t: &Table, condition: &FnPtr) -> Fallible<Table> {
    let mut keep = Vec::with_capacity(t.nrow());
    for answer in args::by_row(context, t, condition)? {
        let verdict = if answer.is_unit() { Some(false) } else { answer.as_bool().ok() };
        let wrong = || Error::Callback {
            message: format!(
                "where: the condition must answer true, false or missing, got {}",
                convert::brief(&answer)
            ),
        };
        keep.push(verdict.ok_or_else(wrong).raise()?);
    }
    t.filter(&BooleanArray::from(keep)).raise()
}

fn by_vector(t: &Table, condition: &Vector) -> Fallible<Table> {
    let keep = condition.array().as_any().downcast_ref::<BooleanArray>();
    let keep = keep.ok_or_else(|| TableError::WrongKind {
        primitive: "where".into(),
        column: "condition".into(),
        found: condition.kind().to_string(),
        expected: "bool".into(),
    });
    let keep = keep.map_err(Error::from).raise()?;
    if keep.len() != t.nrow() {
        return Err(convert::lengths("where", keep.len(), t.nrow())).raise();
    }
    t.filter(keep).raise()
}

/// The table with the columns of `items`: a map, a text `name = expression`, or an array of these.
pub(super) fn mutated(
    shared: &Shared,
    context: &NativeCallContext,
    table: &Table,
    groups: Option<&Groups>,
    items: &Dynamic,
    values: Map,
) -> Fallible<Table> {
    let params = args::params("mutate", values)?;
    let steps: Vec<Dynamic> = match items.read_lock::<Array>() {
        Some(array) => array.to_vec(),
        None => vec![items.clone()],
    };
    let mut table = table.clone();
    for step in steps {
        let made = made(context, &table, &step)?;
        let noted = verbs::mutate(&table, groups, &made, &params).raise()?;
        table = args::told(shared, noted);
    }
    Ok(table)
}

fn made(
    context: &NativeCallContext,
    table: &Table,
    step: &Dynamic,
) -> Fallible<Vec<(String, Made)>> {
    if let Some(map) = step.read_lock::<Map>() {
        let mut made = Vec::new();
        for (name, value) in map.iter() {
            made.push((name.to_string(), source(context, table, value)?));
        }
        return Ok(made);
    }
    let text = step.clone().into_string().map_err(|_| Error::Invalid {
        primitive: "mutate",
        parameter: "columns",
        rule:
            "be a map #{ name: \"expression\" }, a text \"name = expression\" or an array of these"
                .into(),
        value: convert::brief(step),
    });
    let (name, expression) = Expression::assignment("mutate", &text.raise()?).raise()?;
    Ok(vec![(name, Made::Expression(expression))])
}

fn source(context: &NativeCallContext, table: &Table, value: &Dynamic) -> Fallible<Made> {
    if let Ok(text) = value.clone().into_string() {
        return Ok(Made::Expression(Expression::parse("mutate", &text).raise()?));
    }
    if let Some(closure) = value.read_lock::<FnPtr>() {
        let answers = args::by_row(context, table, &closure)?;
        return convert::to_vector("mutate", &answers).map(Made::Values);
    }
    convert::column("mutate", value, table.nrow()).map(Made::Values)
}
