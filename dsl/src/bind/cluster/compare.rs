//! Agreement of two partitions.

use esep_stdlib::cluster::{Agreement, agreement};
use esep_stdlib::{Result, Table, Vector};
use rhai::Dynamic;

use super::arguments::{ROOM, groups};
use crate::help::{Entry, Example, Param};
use crate::library::Library;
use crate::report::{Fallible, Raise};

const A: Param = Param::arg(
    "a",
    "Clustering, Vector or array",
    "a partition: a clustering, or a group for each unit",
);
const B: Param =
    Param::arg("b", "Clustering, Vector or array", "another partition of the same units");

const fn entry(
    name: &'static str,
    summary: &'static str,
    signature: &'static str,
    source: &'static str,
    search: &'static [&'static str],
    examples: &'static [Example],
) -> Entry {
    Entry {
        name,
        on: None,
        room: ROOM,
        summary,
        signature,
        params: &[A, B],
        returns: "float",
        search,
        errors: &["partitions of different numbers of units", "a missing group"],
        see_also: &["agreement", "confusion"],
        source,
        examples,
    }
}

const ENTRIES: &[Entry] = &[
    entry(
        "adjusted_rand",
        "Adjusted Rand index: 1 for equal partitions, 0 on average for random ones; larger is better.",
        "adjusted_rand(a, b)",
        "Hubert and Arabie 1985, equation 5",
        &["ARI", "rand index", "adjustedRandIndex"],
        &[Example {
            code: "adjusted_rand([1, 1, 2, 2], [\"x\", \"x\", \"y\", \"y\"])",
            shows: "1",
        }],
    ),
    entry(
        "nmi",
        "Normalised mutual information in 0..1 (arithmetic mean of entropies); larger is better.",
        "nmi(a, b)",
        "Strehl and Ghosh 2002",
        &["mutual information", "entropy"],
        &[Example { code: "nmi([1, 1, 2, 2], [1, 1, 2, 2])", shows: "1" }],
    ),
    entry(
        "vi",
        "Variation of information in nats: a distance, 0 for equal partitions; smaller is better.",
        "vi(a, b)",
        "Meila 2007",
        &["variation of information", "distance of partitions"],
        &[Example { code: "vi([1, 1, 2, 2], [1, 1, 2, 2])", shows: "0" }],
    ),
    entry(
        "fowlkes_mallows",
        "Fowlkes and Mallows' index in 0..1; larger is better.",
        "fowlkes_mallows(a, b)",
        "Fowlkes and Mallows 1983",
        &["Bk"],
        &[Example { code: "fowlkes_mallows([1, 1, 2, 2], [1, 1, 2, 2])", shows: "1" }],
    ),
    Entry {
        returns: "Table by index: value",
        ..entry(
            "agreement",
            "Every index of agreement of two partitions side by side.",
            "agreement(a, b)",
            "",
            &["compare partitions", "rand", "jaccard"],
            &[Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); agreement(hclust(z).cut(3), kmeans(z, 3)).at(\"adjusted_rand\", \"value\")",
                shows: "1",
            }],
        )
    },
    Entry {
        returns: "Table: clusters of a in rows, of b in columns, these ordered so that matched clusters share the diagonal; groups are numbered in order of first appearance",
        ..entry(
            "confusion",
            "Counts of units by cluster of both partitions, matched so that most units agree.",
            "confusion(a, b)",
            "Kuhn 1955 (the matching)",
            &["contingency", "crosstab", "matching", "confusion matrix"],
            &[Example {
                code: "confusion([1, 1, 2, 2], [\"b\", \"b\", \"a\", \"a\"]).at(\"1\", \"1\")",
                shows: "2",
            }],
        )
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let mut index = |name: &'static str, pick: fn(&Agreement) -> f64| {
        library.engine.register_fn(name, move |a: Dynamic, b: Dynamic| -> Fallible<f64> {
            let found = agreement(name, &groups(name, &a)?, &groups(name, &b)?).raise()?;
            Ok(pick(&found))
        });
    };
    index("adjusted_rand", |a| a.adjusted_rand);
    index("nmi", |a| a.nmi);
    index("vi", |a| a.vi);
    index("fowlkes_mallows", |a| a.fowlkes_mallows);
    library.engine.register_fn("agreement", |a: Dynamic, b: Dynamic| -> Fallible<Table> {
        let found = agreement("agreement", &groups("agreement", &a)?, &groups("agreement", &b)?);
        indices(&found.raise()?).raise()
    });
    library.engine.register_fn("confusion", |a: Dynamic, b: Dynamic| -> Fallible<Table> {
        let found = agreement("confusion", &groups("confusion", &a)?, &groups("confusion", &b)?);
        counts(&found.raise()?).raise()
    });
}

fn indices(found: &Agreement) -> Result<Table> {
    let rows = [
        ("adjusted_rand", found.adjusted_rand),
        ("rand", found.rand),
        ("jaccard", found.jaccard),
        ("fowlkes_mallows", found.fowlkes_mallows),
        ("nmi", found.nmi),
        ("mutual_information", found.mutual_information),
        ("vi", found.vi),
        ("matched_share", found.matched),
    ];
    Table::new([
        ("index", Vector::from_texts(rows.iter().map(|r| r.0))),
        ("value", Vector::from_floats(rows.iter().map(|r| r.1))),
    ])?
    .labelled_by("index")
}

fn counts(found: &Agreement) -> Result<Table> {
    let rows = found.counts.len();
    let mut columns: Vec<usize> = (0..found.matching.len()).collect();
    columns.sort_by_key(|j| found.matching[*j].unwrap_or(rows + 1));
    let mut table =
        vec![("cluster".to_owned(), Vector::from_texts((1..=rows).map(|i| i.to_string())))];
    for j in columns {
        let column = Vector::from_ints(found.counts.iter().map(|row| row[j] as i64));
        table.push(((j + 1).to_string(), column));
    }
    Table::new(table)?.labelled_by("cluster")
}
