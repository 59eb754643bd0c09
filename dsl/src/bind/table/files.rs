//! Reading and writing tables.

use std::path::Path;

use esep_stdlib::table::csv::ReadOptions;
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::table::export::{Codec, IpcCodec};
use esep_stdlib::table::read::{Encoding, Sheet, read_any, sheets};
use esep_stdlib::table::save::{WriteOptions, write_file};
use esep_stdlib::table::{Kind, TableError};
use esep_stdlib::{Choice, Error, Table};
use rhai::{Dynamic, Map};

use super::T;
use crate::convert;
use crate::display::{Header, Style, escape, table_html, table_latex, table_markdown};
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "load",
        on: None,
        room: "tables",
        summary: "Reads a bundled dataset by name, or by path a workbook (xlsx, xlsb, xls, ods), a Parquet or Arrow file, JSON, JSON lines, CSV or TSV, also packed by gzip; what kind it is, its encoding, delimiter and number style are told from its content.",
        signature: "load(name_or_path, options)",
        params: &[
            Param::arg("name_or_path", "text", "a name that datasets() lists, or a path"),
            Param::option("columns", "text or array of text", "all", "columns to read, in order"),
            Param::option(
                "sheet",
                "text or int",
                "the first shown",
                "sheet of a workbook: its name, or its number from 1; sheets(path) lists them",
            ),
            Param::option(
                "range",
                "text",
                "all cells",
                "part of a sheet: \"B3:F20\", \"B3\" (from there on), \"B:F\" or \"3:20\"",
            ),
            Param::option(
                "label",
                "text",
                "first text column",
                "column whose values label the rows",
            ),
            Param::option(
                "missing",
                "text or array of text",
                "\"NA\"",
                "cell texts that mean missing, such as [\"-\", \"н/д\", \"...\"]; an empty cell always does",
            ),
            Param::option(
                "encoding",
                "text",
                "\"auto\"",
                "\"auto\", \"utf-8\", \"utf-16\", \"windows-1251\", \"koi8-r\", \"cp866\" or \"windows-1252\"",
            ),
            Param::option(
                "delimiter",
                "text",
                "told from the first lines",
                "one sign between cells; comma, semicolon, tab and bar are told apart",
            ),
            Param::option("decimal", "text", "told from the cells", "\".\" or \",\""),
            Param::option(
                "thousands",
                "text",
                "told from the cells",
                "one sign between thousands; spaces are always accepted",
            ),
            Param::option("skip", "int", "0", "lines (of a sheet: rows) above the header"),
            Param::option(
                "header",
                "bool",
                "true",
                "whether the first line names the columns; else they are x1, x2, ...",
            ),
            Param::option(
                "types",
                "map",
                "#{}",
                "column -> \"float\", \"int\", \"bool\", \"text\" or \"date\"; a cell that does not fit is an error",
            ),
        ],
        returns: "Table: a column is int, float, bool or date (2023-01-31 or 31.01.2023) when every cell that is there reads as one, else text; a code such as 007 stays text; a text column that is mostly numbers is warned of. Times of day are dropped with a warning, NaN is missing",
        search: &[
            "read_csv",
            "read.csv",
            "read_json",
            "read_excel",
            "read_parquet",
            "read_feather",
            "read_ods",
            "xlsx",
            "import",
            "open",
            "windows-1251",
            "decimal comma",
        ],
        errors: &[
            "neither bundled nor a file",
            "a line with too many or too few cells: file, line and counts",
            "a cell that is not of the type asked for: file, line, column, what was found and expected",
            "bytes that are not in the encoding: file, line, column and byte",
            "an option that the kind of file has no use for",
            "a sheet that is not there",
            "a column of lists, records, bytes or times of day: columns: [...] leaves it out",
            "a Parquet file packed with LZO",
        ],
        see_also: &["save", "sheets", "datasets", "table"],
        source: "",
        examples: &[
            Example { code: "load(\"regions_2023\").nrow", shows: "20" },
            Example {
                code: "load(\"regions_2023\", #{ label: \"name_kk\" }).labels[0]",
                shows: "Абай облысы",
            },
        ],
    },
    Entry {
        name: "sheets",
        on: None,
        room: "tables",
        summary: "Lists the sheets of a workbook (xlsx, xlsb, xls or ods).",
        signature: "sheets(path)",
        params: &[Param::arg("path", "text", "the workbook")],
        returns: "Table, one row a sheet: number, sheet, rows, columns, shown",
        search: &["excel_sheets", "sheet_names", "workbook"],
        errors: &["no workbook, or a broken or locked one"],
        see_also: &["load"],
        source: "",
        examples: &[Example {
            code: "try { sheets(\"nowhere.xlsx\") } catch (e) { print(e) } \"sheets(path).sheet lists the names\"",
            shows: "lists the names",
        }],
    },
    Entry {
        name: "save",
        on: Some("Table"),
        room: "tables",
        summary: "Writes the table to a file whose kind its name ends in: .csv, .tsv, .json, .jsonl, .parquet, .arrow (or .feather, .ipc), .arrows (a stream), .tex, .md or .html.",
        signature: "t.save(path, options)",
        params: &[
            T,
            Param::arg("path", "text", "file to write; one that is there is replaced"),
            Param::option("delimiter", "text", "\",\" (tab for .tsv)", "one sign between cells"),
            Param::option(
                "decimal",
                "text",
                "\".\"",
                "\".\" or \",\"; with \",\" name another delimiter",
            ),
            Param::option("missing", "text", "\"\"", "what a missing cell becomes"),
            Param::option(
                "compression",
                "text",
                "\"snappy\" for Parquet, \"none\" for Arrow",
                "Parquet: \"snappy\", \"gzip\", \"lz4\", \"zstd\", \"brotli\" or \"none\"; Arrow: \"lz4\", \"zstd\" or \"none\"",
            ),
        ],
        returns: "nothing; the file appears whole or, after an error, not at all, and the old one stays",
        search: &[
            "write_csv",
            "to_csv",
            "to_parquet",
            "write_parquet",
            "to_feather",
            "arrow",
            "export",
            "write",
            "to_latex",
            "to_json",
        ],
        errors: &[
            "an ending that names no kind",
            "a folder that is not there or may not be written",
            "an option on a kind that has none",
        ],
        see_also: &["load"],
        source: "",
        examples: &[Example {
            code: "try { load(\"regions_2023\").save(\"regions.doc\") } catch (e) { print(e) } \"nothing was written\"",
            shows: "nothing was written",
        }],
    },
];

/// The kinds of file that `save` writes, by ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Csv,
    Tsv,
    Json,
    JsonLines,
    Latex,
    Markdown,
    Html,
    Parquet,
    Arrow,
    ArrowStream,
}

impl Choice for FileKind {
    const ALL: &'static [(&'static str, Self)] = &[
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("json", Self::Json),
        ("jsonl", Self::JsonLines),
        ("tex", Self::Latex),
        ("md", Self::Markdown),
        ("html", Self::Html),
        ("parquet", Self::Parquet),
        ("arrow", Self::Arrow),
        ("feather", Self::Arrow),
        ("ipc", Self::Arrow),
        ("arrows", Self::ArrowStream),
    ];
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library.engine.register_fn("load", move |name: &str| load(&shared, name, Map::new()));
    let shared = library.shared();
    library
        .engine
        .register_fn("load", move |name: &str, options: Map| load(&shared, name, options));
    let shared = library.shared();
    library.engine.register_fn("sheets", move |path: &str| sheets(&shared.resolve(path)).raise());
    let shared = library.shared();
    library
        .engine
        .register_fn("save", move |t: Table, path: &str| save(&shared, &t, path, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("save", move |t: Table, path: &str, options: Map| {
        save(&shared, &t, path, options)
    });
}

fn load(shared: &Shared, name: &str, options: Map) -> Fallible<Table> {
    let mut options = Options::new("load", options);
    let plain = ReadOptions::default();
    let read = ReadOptions {
        columns: options.texts("columns")?,
        label: options.text("label")?,
        missing: options.texts("missing")?.unwrap_or(plain.missing),
        encoding: options.choice("encoding", Encoding::Auto)?,
        delimiter: sign("load", &mut options, "delimiter")?,
        decimal: sign("load", &mut options, "decimal")?,
        thousands: sign("load", &mut options, "thousands")?,
        skip: options.count("skip", 0)?,
        header: options.flag("header", true)?,
        kinds: kinds(options.map("types")?.unwrap_or_default())?,
        sheet: sheet(&mut options)?,
        range: options.text("range")?,
    };
    options.finish()?;
    let path = shared.resolve(name);
    let looks_like_path = Path::new(name).extension().is_some() || name.contains(['/', '\\']);
    if !looks_like_path && !path.is_file() {
        let mut table = Dataset::find(name).and_then(Dataset::table).raise()?;
        if let Some(label) = &read.label {
            table = table.labelled_by(label).raise()?;
        }
        return match &read.columns {
            Some(columns) => table.select(columns).raise(),
            None => Ok(table),
        };
    }
    let loaded = read_any(&path, &read, &shared.context()).raise()?;
    for warning in &loaded.warnings {
        shared.warn(warning);
    }
    Ok(loaded.table)
}

/// The option `sheet`: a name, or a number from 1.
fn sheet(options: &mut Options) -> Fallible<Option<Sheet>> {
    let Some(value) = options.take("sheet") else { return Ok(None) };
    if let Ok(name) = value.clone().into_string() {
        return Ok(Some(Sheet::Name(name)));
    }
    match convert::whole(&value).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0) {
        Some(number) => Ok(Some(Sheet::Number(number))),
        None => Err(Error::Invalid {
            primitive: "load",
            parameter: "sheet",
            rule: "be a name or a number from 1".into(),
            value: convert::brief(&value),
        })
        .raise(),
    }
}

/// The option `name`, which is one sign.
fn sign(
    primitive: &'static str,
    options: &mut Options,
    name: &'static str,
) -> Fallible<Option<char>> {
    let Some(text) = options.text(name)? else { return Ok(None) };
    let mut signs = text.chars();
    match (signs.next(), signs.next()) {
        (Some(sign), None) => Ok(Some(sign)),
        _ => Err(Error::Invalid {
            primitive,
            parameter: name,
            rule: "be one sign".into(),
            value: format!("{text:?}"),
        })
        .raise(),
    }
}

fn kinds(types: Map) -> Fallible<Vec<(String, Kind)>> {
    let kind = |(column, value): (rhai::Identifier, Dynamic)| {
        let names = convert::texts_argument("load", "types", &value)?;
        let kind = Kind::parse("load", "types", &names.join(", ")).raise()?;
        Ok((column.to_string(), kind))
    };
    types.into_iter().map(kind).collect()
}

fn save(shared: &Shared, table: &Table, name: &str, options: Map) -> Fallible<()> {
    let context = shared.context();
    let path = Path::new(name);
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    let kind = FileKind::parse("save", "the ending of a file", &ending).raise()?;
    let mut options = Options::new("save", options);
    let bytes = match kind {
        FileKind::Parquet => {
            table.to_parquet(options.choice("compression", Codec::default())?).raise()?
        }
        FileKind::Arrow | FileKind::ArrowStream => {
            let codec = options.choice("compression", IpcCodec::default())?;
            table.to_ipc(kind == FileKind::ArrowStream, codec).raise()?
        }
        FileKind::Csv | FileKind::Tsv => {
            let usual = if kind == FileKind::Tsv { '\t' } else { ',' };
            let write = WriteOptions {
                delimiter: sign("save", &mut options, "delimiter")?.unwrap_or(usual),
                decimal: sign("save", &mut options, "decimal")?.unwrap_or('.'),
                missing: options.text("missing")?.unwrap_or_default(),
            };
            if !matches!(write.decimal, '.' | ',') {
                return Err(Error::Invalid {
                    primitive: "save",
                    parameter: "decimal",
                    rule: "be \".\" or \",\"".into(),
                    value: format!("{:?}", write.decimal),
                })
                .raise();
            }
            table.to_csv(&write, &context).raise()?.into_bytes()
        }
        FileKind::Json => table.to_json(false, &context).raise()?.into_bytes(),
        FileKind::JsonLines => table.to_json(true, &context).raise()?.into_bytes(),
        FileKind::Latex => (table_latex(table) + "\n").into_bytes(),
        FileKind::Markdown => table_markdown(table).into_bytes(),
        FileKind::Html => {
            let all = Style { rows: usize::MAX, ..Style::default() };
            let title = escape(&path.file_stem().unwrap_or_default().to_string_lossy());
            let body = table_html(table, &all, Header::Full);
            format!(
                "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\
                 <body>\n{body}\n</body></html>\n"
            )
            .into_bytes()
        }
    };
    options.finish()?;
    if table.ncol() == 0 {
        let error = TableError::Empty { primitive: "save".into(), what: "columns".into() };
        return Err(Error::from(error)).raise();
    }
    context.check().raise()?;
    write_file(path, &bytes).raise()
}
