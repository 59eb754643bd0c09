//! Tables joined by keys, and bound below or beside each other.

use std::rc::Rc;

use esep_stdlib::table::verbs::{self, JoinParams};
use esep_stdlib::{Error, Table};
use rhai::{Array, Dynamic, Map};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "join",
        on: Some("Table"),
        room: "tables",
        summary: "Adds the columns of another table where keys are equal, and says which keys found no match.",
        signature: "t.join(other, on, options)",
        params: &[
            T,
            Param::arg("other", "Table", "the right table"),
            Param {
                default: Some("all common columns"),
                ..Param::arg(
                    "on",
                    "text, array of text or map",
                    "key columns; #{ left_name: \"right_name\" } where they are called differently",
                )
            },
            Param::option(
                "how",
                "text",
                "\"left\"",
                "left (all rows of t), inner (matches), full (all rows of both), right (all rows of other), semi (rows of t with a match), anti (rows of t without)",
            ),
            Param::option(
                "expect",
                "text",
                "\"any\"",
                "an error unless keys are one_to_one, one_to_many (single in t), many_to_one (single in other); many_to_many silences the warning",
            ),
            Param::option(
                "suffixes",
                "[left, right]",
                "[\"\", \"_right\"]",
                "put behind other columns that stand in both tables",
            ),
        ],
        returns: "Table; a missing key matches nothing, rows keep the order of t",
        search: &[
            "merge",
            "left_join",
            "inner_join",
            "lookup",
            "vlookup",
            "full_join",
            "semi_join",
            "anti_join",
        ],
        errors: &["an unknown key", "keys of different kinds", "a broken expectation"],
        see_also: &["bind_columns", "bind_rows"],
        source: "",
        examples: &[
            Example {
                code: "let names = load(\"regions_2023\").select([\"region\", \"name_kk\"]);\nlet te = table(#{ unit: [\"Abai\", \"Atyrau\"], te: [0.7, 0.9] });\nte.join(names, #{ unit: \"region\" }).name_kk[0]",
                shows: "Абай облысы",
            },
            Example {
                code: "let te = table(#{ region: [\"Abai\", \"Atyrau\"], te: [0.7, 0.9] });\nload(\"regions_2023\").join(te, \"region\", #{ how: \"semi\" }).labels",
                shows: "[\"Abai\", \"Atyrau\"]",
            },
        ],
    },
    Entry {
        name: "bind_rows",
        on: None,
        room: "tables",
        summary: "Puts tables below each other; columns that one of them lacks are missing there.",
        signature: "bind_rows(tables, options)",
        params: &[
            Param::arg("tables", "array or map of tables", "a map names each table"),
            Param::option(
                "source",
                "text",
                "none",
                "name of a first column with each row's table: its name in the map, or its number from 1",
            ),
        ],
        returns: "Table; integers beside floats become floats",
        search: &["rbind", "concat", "append", "union", "stack"],
        errors: &["a column of different kinds in two tables"],
        see_also: &["bind_columns", "join"],
        source: "",
        examples: &[Example {
            code: "let a = table(#{ x: [1, 2] }); let b = table(#{ x: [3] });\nbind_rows(#{ y2022: a, y2023: b }, #{ source: \"year\" }).year.to_array()",
            shows: "y2023",
        }],
    },
    Entry {
        name: "bind_columns",
        on: None,
        room: "tables",
        summary: "Puts tables beside each other, row by row.",
        signature: "bind_columns(tables)",
        params: &[Param::arg("tables", "array of tables", "tables of as many rows")],
        returns: "Table",
        search: &["cbind", "concat", "hstack", "zip"],
        errors: &["different numbers of rows", "rows labelled differently", "a column name twice"],
        see_also: &["join", "bind_rows"],
        source: "",
        examples: &[Example {
            code: "bind_columns([table(#{ x: [1, 2] }), table(#{ y: [3, 4] })]).columns",
            shows: "[\"x\", \"y\"]",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    let engine = &mut *library.engine;
    let own = Rc::clone(&shared);
    engine.register_fn("join", move |t: Table, other: Table| -> Fallible<Table> {
        let keys = verbs::common_keys(&t, &other).raise()?;
        let names: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
        own.warn(&format!("join: by the common columns {}", names.join(", ")));
        joined(&own, &t, &other, &keys, Map::new())
    });
    let own = Rc::clone(&shared);
    engine.register_fn("join", move |t: Table, other: Table, on: Dynamic| {
        joined(&own, &t, &other, &keys(&on)?, Map::new())
    });
    let own = Rc::clone(&shared);
    engine.register_fn("join", move |t: Table, other: Table, on: Dynamic, options: Map| {
        joined(&own, &t, &other, &keys(&on)?, options)
    });
    let own = Rc::clone(&shared);
    engine.register_fn("bind_rows", move |tables: Dynamic| bound(&own, &tables, Map::new()));
    engine.register_fn("bind_rows", move |tables: Dynamic, options: Map| {
        bound(&shared, &tables, options)
    });
    engine.register_fn("bind_columns", |tables: Array| -> Fallible<Table> {
        let tables = tables
            .iter()
            .map(|value| one_table("bind_columns", value))
            .collect::<Fallible<Vec<Table>>>()?;
        verbs::bind_columns(&tables).raise()
    });
}

/// Key columns: a name, several, or left name -> right name.
fn keys(on: &Dynamic) -> Fallible<Vec<(String, String)>> {
    if let Some(map) = on.read_lock::<Map>() {
        let pair = |(left, right): (&rhai::Identifier, &Dynamic)| {
            let right = convert::texts_argument("join", "on", right)?;
            match right.as_slice() {
                [one] => Ok((left.to_string(), one.clone())),
                _ => Err(Error::Invalid {
                    primitive: "join",
                    parameter: "on",
                    rule: "name one column of the right table for each of the left".into(),
                    value: format!("{} names", right.len()),
                })
                .raise(),
            }
        };
        return map.iter().map(pair).collect();
    }
    let names = convert::texts_argument("join", "on", on)?;
    Ok(names.into_iter().map(|name| (name.clone(), name)).collect())
}

fn joined(
    shared: &Shared,
    t: &Table,
    other: &Table,
    on: &[(String, String)],
    options: Map,
) -> Fallible<Table> {
    let mut options = Options::new("join", options);
    let mut params = JoinParams::default();
    params.how = options.choice("how", params.how)?;
    params.expect = options.choice("expect", params.expect)?;
    if let Some(suffixes) = options.texts("suffixes")? {
        let [left, right] = suffixes.as_slice() else {
            return Err(Error::Invalid {
                primitive: "join",
                parameter: "suffixes",
                rule: "be two texts, for the left and the right table".into(),
                value: format!("{} texts", suffixes.len()),
            })
            .raise();
        };
        params.suffixes = (left.clone(), right.clone());
    }
    options.finish()?;
    Ok(args::told(shared, verbs::join(t, other, on, &params).raise()?))
}

fn one_table(primitive: &'static str, value: &Dynamic) -> Fallible<Table> {
    value
        .clone()
        .try_cast::<Table>()
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter: "tables",
            rule: "hold tables only".into(),
            value: convert::brief(value),
        })
        .raise()
}

fn bound(shared: &Shared, tables: &Dynamic, options: Map) -> Fallible<Table> {
    const NAME: &str = "bind_rows";
    let mut options = Options::new(NAME, options);
    let source = options.text("source")?;
    options.finish()?;
    let mut named = Vec::new();
    if let Some(map) = tables.read_lock::<Map>() {
        for (name, value) in map.iter() {
            named.push((name.to_string(), one_table(NAME, value)?));
        }
    } else if let Some(array) = tables.read_lock::<Array>() {
        for (number, value) in array.iter().enumerate() {
            named.push(((number + 1).to_string(), one_table(NAME, value)?));
        }
    } else {
        return Err(Error::Invalid {
            primitive: NAME,
            parameter: "tables",
            rule: "be an array or a map of tables".into(),
            value: convert::brief(tables),
        })
        .raise();
    }
    Ok(args::told(shared, verbs::bind_rows(&named, source.as_deref()).raise()?))
}
