//! The audit of a table, and the mend of its texts.

use std::rc::Rc;

use esep_stdlib::table::checks::{Audit, AuditParams, Severity, audit, clean_text};
use esep_stdlib::{Choice, Table};
use rhai::{Dynamic, Map};

use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const AUDIT: TypeEntry = TypeEntry {
    name: "Audit",
    summary: "What an audit of a table found, the worst first.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "one row a finding: severity (error, warning, note), check, columns, row (label), row_number (from 0), finding, mend",
        ),
        Field::new("errors", "int", "findings that make results wrong"),
        Field::new("notes", "int", "findings worth a look"),
        Field::new("warnings", "array of text", "the findings between, in words"),
        Field::new(
            "vif",
            "Table",
            "column, vif, r_squared in the other columns, with (those it is told from); missing where it could not be computed",
        ),
        Field::new(
            "condition",
            "float",
            "condition number of the standardised columns; missing where one is a combination of others",
        ),
        Field::new(
            "mahalanobis",
            "Table",
            "row, mahalanobis_sq, p_value: one row a complete row; missing where it could not be computed",
        ),
        Field::new(
            "remarks",
            "array of text",
            "what could not be checked, and what p-values rest on",
        ),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "audit",
        on: Some("Table"),
        room: "tables",
        summary: "Looks a table over before it is used: empty, constant and repeated columns, text meant as numbers, impossible shares, codes for missing values, stray spaces, look-alike letters, repeated rows, collinearity and multivariate outliers; each finding with a row to look at and a mend.",
        signature: "t.audit(options)",
        params: &[
            Param::arg("t", "Table", "the table"),
            Param::option("vif", "float", "10", "variance inflation worth a finding, above 1"),
            Param::option(
                "condition",
                "float",
                "30",
                "condition number of the standardised columns worth a finding, above 1",
            ),
            Param::option(
                "p",
                "float",
                "0.05",
                "a row's Mahalanobis distance stands out if normal data of as many rows held such a row with less than this probability, in (0, 1)",
            ),
        ],
        returns: "Audit: table, errors, warnings, notes, vif, condition, mahalanobis, remarks",
        search: &[
            "check",
            "validate",
            "quality",
            "vif",
            "collinearity",
            "mahalanobis",
            "outliers",
            "duplicates",
            "janitor",
        ],
        errors: &["an option outside its domain"],
        see_also: &["describe", "correlate", "clean_text", "diagnose"],
        source: "Belsley, Kuh and Welsch (1980) for condition numbers; Mahalanobis distances against the Beta law of Gnanadesikan and Kettenring (1972), exact for normal data",
        examples: &[
            Example {
                code: "load(\"regions_2023\").audit()",
                shows: "20 rows and 20 columns audited",
            },
            Example {
                code: "table(#{ online_share: [12.5, 140, 30, 41], one: [1, 1, 1, 1] }).audit().table.select([\"check\", \"row_number\"])",
                shows: "impossible_share",
            },
        ],
    },
    Entry {
        name: "clean_text",
        on: Some("Table"),
        room: "tables",
        summary: "Sets texts right: no spaces before, behind or doubled, and words that mix Latin and Cyrillic look-alikes in the script of their other letters.",
        signature: "t.clean_text(columns)",
        params: &[
            Param::arg("t", "Table", "the table"),
            Param {
                default: Some("every text column"),
                ..Param::arg("columns", "text or array of text", "columns to set right")
            },
        ],
        returns: "Table of the same shape, row labels set right with their column",
        search: &["trim", "strip", "whitespace", "homoglyph", "clean_names", "janitor"],
        errors: &["an unknown column", "a column that is no text"],
        see_also: &["audit"],
        source: "",
        examples: &[Example {
            code: "table(#{ city: [\" Абай \", \"Aлматы\"] }).clean_text().city.to_array()",
            shows: "[\"Абай\", \"Алматы\"]",
        }],
    },
];

type Audited = Rc<Audit>;

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Audited>(&AUDIT, show);
    let shared = library.shared();
    library.engine.register_fn("audit", move |t: Table| run(&shared, &t, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("audit", move |t: Table, options: Map| run(&shared, &t, options));
    let engine = &mut *library.engine;
    engine.register_get("table", |a: &mut Audited| a.table().raise());
    engine.register_get("errors", |a: &mut Audited| a.count(Severity::Error) as i64);
    engine.register_get("notes", |a: &mut Audited| a.count(Severity::Note) as i64);
    engine.register_get("warnings", |a: &mut Audited| {
        let found = a.findings.iter().filter(|f| f.severity == Severity::Warning);
        convert::text_array(found.map(|f| format!("{}: {}", f.columns.join(", "), f.finding)))
    });
    engine.register_get("vif", |a: &mut Audited| -> Fallible<Dynamic> {
        match &a.together {
            Some(together) => together.vif_table().map(Dynamic::from).raise(),
            None => Ok(Dynamic::UNIT),
        }
    });
    engine.register_get("condition", |a: &mut Audited| {
        let condition = a.together.as_ref().map(|together| together.condition);
        convert::from_option(condition.filter(|condition| condition.is_finite()))
    });
    engine.register_get("mahalanobis", |a: &mut Audited| -> Fallible<Dynamic> {
        match a.together.as_ref().filter(|together| together.distances.is_some()) {
            Some(together) => together.distance_table(&a.row_names).map(Dynamic::from).raise(),
            None => Ok(Dynamic::UNIT),
        }
    });
    engine.register_get("remarks", |a: &mut Audited| convert::text_array(&a.remarks));
    engine.register_fn("clean_text", |t: Table| clean_text(&t, None).raise());
    engine.register_fn("clean_text", |t: Table, columns: Dynamic| -> Fallible<Table> {
        let columns = convert::texts_argument("clean_text", "columns", &columns)?;
        clean_text(&t, Some(&columns)).raise()
    });
}

fn run(shared: &Shared, table: &Table, given: Map) -> Fallible<Audited> {
    let mut options = Options::new("audit", given);
    let defaults = AuditParams::default();
    let params = AuditParams {
        vif: options.float("vif", defaults.vif)?,
        condition: options.float("condition", defaults.condition)?,
        p: options.float("p", defaults.p)?,
    };
    options.finish()?;
    audit(table, &params, &shared.context()).map(Rc::new).raise()
}

/// Findings as paragraphs in text, where a table would cut them, and as a table in HTML.
fn show(audit: &Audited, style: &Style) -> Bundle {
    let lead = Doc::new().heading("Audit").text(audit.description());
    let mut doc = Doc::new().heading("Audit").text(audit.description());
    for finding in &audit.findings {
        let place = match finding.row.and_then(|row| Some((row, audit.row_names.get(row)?))) {
            // Rows without labels go by their number from 1, which would only confuse here.
            Some((row, name)) if *name == (row + 1).to_string() => format!(" (t.row({row}))"),
            Some((row, name)) => format!(" ({name}, t.row({row}))"),
            None => String::new(),
        };
        let columns = match &finding.columns[..] {
            [] => String::new(),
            names => format!("{}: ", names[..names.len().min(6)].join(", ")),
        };
        doc = doc.text(format!(
            "{} · {} · {columns}{}{place}\n  → {}",
            finding.severity.name(),
            finding.check,
            finding.finding,
            finding.mend
        ));
    }
    let doc = audit.remarks.iter().fold(doc, |doc, remark| doc.text(remark.clone()));
    let plain = doc.bundle(style);
    let Ok(table) = audit.table() else { return plain };
    let lead = if audit.findings.is_empty() { lead } else { lead.table(&table) };
    let rich = audit.remarks.iter().fold(lead, |doc, remark| doc.text(remark.clone()));
    Bundle { plain: plain.plain, ..rich.bundle(style) }
}
