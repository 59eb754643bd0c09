//! Choosing, renaming and leaving out columns.

use esep_stdlib::table::verbs;
use esep_stdlib::{Error, Table};
use rhai::{Dynamic, Map};

use super::{T, args};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::Library;
use crate::report::{Fallible, Raise};

const COLUMNS: &str = "a name, a range \"a:c\", a pattern \"ict_*\", \"-x\" for all but x, #{ kind: \"numeric\" } (float, int, bool, text, date), #{ pattern: \"ict_*\" }, #{ regex: \"^ict_\" }, #{ except: ... }, or an array of these";

const ENTRIES: &[Entry] = &[
    Entry {
        name: "select",
        on: Some("Table"),
        room: "tables",
        summary: "Keeps columns by name, range, pattern or kind, in the order given.",
        signature: "t.select(columns)",
        params: &[T, Param::arg("columns", "text, map or array of these", COLUMNS)],
        returns: "Table; a column of exactly the given name comes before any reading as range or pattern",
        search: &[
            "columns",
            "subset",
            "filter columns",
            "starts_with",
            "where is.numeric",
            "across",
        ],
        errors: &[
            "an unknown column",
            "a pattern that no column matches",
            "a range that runs backward",
        ],
        see_also: &["drop", "rename", "numeric"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").select([\"region\", \"gdp_per_capita\"]).ncol",
                shows: "2",
            },
            Example {
                code: "load(\"regions_2023\").select([\"region\", \"ict_*\"]).columns[1]",
                shows: "ict",
            },
            Example {
                code: "load(\"regions_2023\").select([#{ kind: \"numeric\" }, \"-gdp_per_capita\"]).ncol",
                shows: "16",
            },
            Example {
                code: "load(\"regions_2023\").select(\"region:name_kk\").columns",
                shows: "name_kk",
            },
        ],
    },
    Entry {
        name: "drop",
        on: Some("Table"),
        room: "tables",
        summary: "Leaves columns out, named in any of select's ways.",
        signature: "t.drop(columns)",
        params: &[T, Param::arg("columns", "text, map or array of these", COLUMNS)],
        returns: "Table",
        search: &["remove", "delete"],
        errors: &["an unknown column"],
        see_also: &["select"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").drop([\"name_ru\", \"name_kk\"]).ncol",
                shows: "18",
            },
            Example { code: "load(\"regions_2023\").drop(#{ kind: \"text\" }).ncol", shows: "17" },
        ],
    },
    Entry {
        name: "rename",
        on: Some("Table"),
        room: "tables",
        summary: "Gives columns new names; labels and codebook entries go with them.",
        signature: "t.rename(names)",
        params: &[
            T,
            Param::arg(
                "names",
                "map or closure",
                "#{ old: \"new\" }, or |name| new for every column",
            ),
        ],
        returns: "Table; all names change at once, so two columns can swap theirs",
        search: &["names", "set_names", "colnames"],
        errors: &["an unknown column", "a name that is taken"],
        see_also: &["select"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").rename(#{ gdp_per_capita: \"ВРП на душу\" })[\"ВРП на душу\"].max()",
                shows: "21812.5",
            },
            Example {
                code: "load(\"regions_2023\").rename(|name| \"r_\" + name).columns[0]",
                shows: "r_",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let engine = &mut *library.engine;
    engine.register_fn("select", |t: Table, names: Dynamic| -> Fallible<Table> {
        t.select(&args::columns("select", &t, &names)?).raise()
    });
    engine.register_fn("drop", |t: Table, names: Dynamic| -> Fallible<Table> {
        t.drop(&args::columns("drop", &t, &names)?).raise()
    });
    engine.register_fn("rename", |t: Table, names: Map| -> Fallible<Table> {
        let mut pairs = Vec::new();
        for (old, new) in names {
            let name = new.clone().into_string().map_err(|_| Error::Invalid {
                primitive: "rename",
                parameter: "names",
                rule: "hold the new name as text".into(),
                value: convert::brief(&new),
            });
            pairs.push((old.to_string(), name.raise()?));
        }
        verbs::rename(&t, &pairs).raise()
    });
    engine.register_fn(
        "rename",
        |context: rhai::NativeCallContext, t: Table, closure: rhai::FnPtr| -> Fallible<Table> {
            let mut pairs = Vec::new();
            for old in t.columns() {
                let mut callback = convert::Callback::new(&context, closure.clone());
                let answer = callback.call(vec![Dynamic::from(old.clone())]);
                let new = callback.settle(answer)?;
                let name = new.clone().into_string().map_err(|_| Error::Callback {
                    message: format!(
                        "rename: the closure must answer a text, got {}",
                        convert::brief(&new)
                    ),
                });
                pairs.push((old, name.raise()?));
            }
            verbs::rename(&t, &pairs).raise()
        },
    );
}
