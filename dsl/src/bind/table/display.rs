//! How tables are shown: whole, and in which language.

use esep_stdlib::{Choice, Table, Vector};
use rhai::ImmutableString;

use crate::display::{Language, Style, table_whole, vector_bundle};
use crate::help::{Entry, Example, Param};
use crate::library::Library;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "view",
        on: Some("Table"),
        room: "tables",
        summary: "Shows every row and column, where display leaves out the middle: all of it in a terminal, a box to scroll in a notebook.",
        signature: "view(t)",
        params: &[Param::arg("t", "Table or Vector", "what to look at")],
        returns: "nothing",
        search: &["View", "show all", "print all", "max_rows"],
        errors: &[],
        see_also: &["display", "head", "describe"],
        source: "",
        examples: &[Example {
            code: "view(load(\"regions_2023\").select([\"region\", \"gdp_per_capita\"]))",
            shows: "",
        }],
    },
    Entry {
        name: "locale",
        on: None,
        room: "tables",
        summary: "Sets the language of the labels that a codebook gives to columns: in headers of HTML tables, describe and charts.",
        signature: "locale(language)",
        params: &[Param {
            default: Some("the one in use"),
            ..Param::arg(
                "language",
                "text",
                "\"en\" (at the start of a session), \"ru\", \"kk\" or \"none\" for bare column names; a codebook without that language falls back to English",
            )
        }],
        returns: "text: the language in use",
        search: &["language", "labels", "codebook", "translation"],
        errors: &["an unknown language"],
        see_also: &["describe", "plot", "display"],
        source: "",
        examples: &[
            Example {
                code: "locale(\"ru\"); load(\"regions_2023\").describe().at(\"gdp_per_capita\", \"label\")",
                shows: "ВРП на душу населения",
            },
            Example { code: "locale()", shows: "en" },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library
        .engine
        .register_fn("view", move |t: Table| shared.display(&table_whole(&t, &shared.style())));
    let shared = library.shared();
    library.engine.register_fn("view", move |v: Vector| {
        shared.display(&vector_bundle(&v, &Style { rows: usize::MAX, ..shared.style() }));
    });
    let shared = library.shared();
    library.engine.register_fn("locale", move || shared.style().language.code());
    let shared = library.shared();
    library.engine.register_fn(
        "locale",
        move |language: ImmutableString| -> Fallible<&'static str> {
            let language = Language::parse("locale", "language", &language).raise()?;
            shared.set_language(language);
            Ok(language.code())
        },
    );
}
