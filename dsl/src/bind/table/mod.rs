//! Tables: making them, their columns and cells. Reading and writing stand in `files`, verbs in
//! files of their own.

mod args;
mod association;
mod audit;
mod checks;
mod classes;
mod compute;
mod display;
mod files;
mod group;
mod join;
mod panels;
mod panels_help;
mod pick;
mod rows;
mod shape;

use std::rc::Rc;

use esep_stdlib::table::TableError;
use esep_stdlib::table::datasets::datasets;
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::convert;
use crate::display::{Bundle, Style, table_bundle};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::Library;
use crate::options::Options;
use crate::report::{Fallible, Problem, Raise};

const TABLE: TypeEntry = TypeEntry {
    name: "Table",
    summary: "Named columns of equal length, optionally with row labels; t.col and t[\"any name\"] read a column, assignment writes it.",
    fields: &[
        Field::new("nrow", "int", "rows"),
        Field::new("ncol", "int", "columns"),
        Field::new("columns", "array of text", "column names in order"),
        Field::new("labels", "array of text", "row labels; empty when there are none"),
    ],
};

const ROW: TypeEntry = TypeEntry {
    name: "Row",
    summary: "One row of a table, as closures see it: r.col, r[\"any name\"], r.label.",
    fields: &[Field::new(
        "label",
        "text",
        "label of the row; its number from 1 when the table has none",
    )],
};

const T: Param = Param::arg("t", "Table", "the table");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "datasets",
        on: None,
        room: "tables",
        summary: "Lists the bundled datasets with title, rows, columns, units and source.",
        signature: "datasets()",
        params: &[],
        returns: "Table, one row a dataset",
        search: &["data", "examples"],
        errors: &[],
        see_also: &["load"],
        source: "",
        examples: &[Example { code: "datasets().select([\"rows\"])", shows: "regions_2023" }],
    },
    Entry {
        name: "table",
        on: None,
        room: "tables",
        summary: "Makes a table of a map of columns; columns come in alphabetical order.",
        signature: "table(columns, options)",
        params: &[
            Param::arg("columns", "map", "name -> array or vector, equally long"),
            Param::option("label", "text", "none", "column whose values label the rows"),
        ],
        returns: "Table",
        search: &["data.frame", "DataFrame", "tibble"],
        errors: &["columns of different lengths"],
        see_also: &["load", "vector"],
        source: "",
        examples: &[Example { code: "table(#{ x: [1, 2], y: [0.5, missing] }).nrow", shows: "2" }],
    },
    Entry {
        name: "numeric",
        on: Some("Table"),
        room: "tables",
        summary: "Keeps the float and int columns; row labels stay.",
        signature: "t.numeric()",
        params: &[T],
        returns: "Table",
        search: &["select numeric", "where is.numeric"],
        errors: &[],
        see_also: &["select", "standardise"],
        source: "",
        examples: &[Example { code: "load(\"regions_2023\").numeric().ncol", shows: "17" }],
    },
    Entry {
        name: "standardise",
        on: Some("Table"),
        room: "tables",
        summary: "Z-scores: every column minus its mean, divided by its sample standard deviation (n - 1).",
        signature: "t.standardise()",
        params: &[T],
        returns: "Table of the same shape; missing cells stay missing",
        search: &["scale", "zscore", "normalize", "StandardScaler"],
        errors: &["a text column", "a constant column", "a column without values"],
        see_also: &["numeric"],
        source: "R's scale agrees; scikit-learn's StandardScaler divides by n",
        examples: &[Example {
            code: "load(\"regions_2023\").numeric().standardise().gdp_per_capita.sd()",
            shows: "1",
        }],
    },
    Entry {
        name: "at",
        on: Some("Table"),
        room: "tables",
        summary: "The cell in a labelled row.",
        signature: "t.at(label, column)",
        params: &[
            T,
            Param::arg("label", "text", "row label"),
            Param::arg("column", "text", "column name"),
        ],
        returns: "the value, or missing",
        search: &["loc", "cell", "value"],
        errors: &["an unknown label or column", "a label that stands on several rows"],
        see_also: &["row"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").at(\"Atyrau\", \"gdp_per_capita\")",
            shows: "21812.5",
        }],
    },
    Entry {
        name: "row",
        on: Some("Table"),
        room: "tables",
        summary: "One row, by label or by number from 0.",
        signature: "t.row(label)",
        params: &[
            T,
            Param::arg(
                "label",
                "text or int",
                "row label, or number from 0 (negative from the end)",
            ),
        ],
        returns: "Row: r.col, r[\"any name\"], r.label",
        search: &["loc", "iloc", "slice"],
        errors: &["an unknown label or number"],
        see_also: &["at"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").row(\"Atyrau\").gdp_per_capita",
            shows: "21812.5",
        }],
    },
    Entry {
        name: "label_by",
        on: Some("Table"),
        room: "tables",
        summary: "Labels the rows with the values of a column, which stays a column.",
        signature: "t.label_by(column)",
        params: &[T, Param::arg("column", "text", "column name")],
        returns: "Table",
        search: &["set_index", "rownames", "index"],
        errors: &["an unknown column"],
        see_also: &["at", "load"],
        source: "",
        examples: &[Example {
            code: "load(\"regions_2023\").label_by(\"name_kk\").labels[0]",
            shows: "Абай облысы",
        }],
    },
];

/// One row of a table.
#[derive(Clone)]
pub(crate) struct Row {
    table: Rc<Table>,
    row: usize,
}

impl Row {
    /// Row `row` of `table`, which must exist.
    pub(super) fn new(table: Rc<Table>, row: usize) -> Self {
        Self { table, row }
    }

    fn get(&self, column: &str) -> Fallible<Dynamic> {
        let vector = self.table.column(column).raise()?;
        Ok(convert::from_cell(vector.cell(self.row)))
    }
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Table>(&TABLE, table_bundle);
    library.register_type::<Row>(&ROW, show_row);
    files::register(library);
    display::register(library);
    checks::register(library);
    association::register(library);
    audit::register(library);
    pick::register(library);
    compute::register(library);
    rows::register(library);
    group::register(library);
    join::register(library);
    shape::register(library);
    classes::register(library);
    panels::register(library);
    making(library);
    columns(library);
    cells(library);
}

fn show_row(row: &Row, style: &Style) -> Bundle {
    match row.table.take(&[row.row as u32]) {
        Ok(table) => table_bundle(&table, style),
        Err(error) => Bundle::text(error.to_string()),
    }
}

fn making(library: &mut Library<'_>) {
    library.engine.register_fn("datasets", || datasets().raise());
    library.engine.register_fn("table", |columns: Map| table(columns, Map::new()));
    library.engine.register_fn("table", table);
    // The same columns of the same kinds with the same cells, gaps at the same places.
    library.engine.register_fn("==", |a: Table, b: Table| a.batch() == b.batch());
    library.engine.register_fn("!=", |a: Table, b: Table| a.batch() != b.batch());
}

fn table(columns: Map, options: Map) -> Fallible<Table> {
    let mut options = Options::new("table", options);
    let label = options.text("label")?;
    options.finish()?;
    let mut vectors: Vec<(String, Vector)> = Vec::new();
    let rows = columns.values().map(length).max().unwrap_or(0);
    for (name, value) in columns {
        vectors.push((name.to_string(), convert::column("table", &value, rows)?));
    }
    let table = Table::new(vectors).raise()?;
    match label {
        Some(label) => table.labelled_by(&label).raise(),
        None => Ok(table),
    }
}

/// Rows that `value` would fill as a column.
fn length(value: &Dynamic) -> usize {
    value
        .read_lock::<Vector>()
        .map(|v| v.len())
        .or_else(|| value.read_lock::<Array>().map(|a| a.len()))
        .unwrap_or(1)
}

/// Chains such as `f().columns.contains("x")` end with writing the property back: the same value
/// is taken, another is no column's.
fn read_only(library: &mut Library<'_>) {
    fn unchanged(same: bool, name: &str, instead: &str) -> Fallible<()> {
        if same {
            return Ok(());
        }
        let problem = Problem::new(format!("table: `{name}` cannot be assigned"));
        Err(problem.hint(instead).into())
    }
    let engine = &mut *library.engine;
    engine.register_set("columns", |t: &mut Table, names: Dynamic| {
        let same = convert::texts(&names).is_some_and(|names| names == t.columns());
        unchanged(same, "columns", "rename them: t.rename(#{ old: \"new\" })")
    });
    engine.register_set("labels", |t: &mut Table, labels: Dynamic| {
        let own = if t.labels().is_some() { t.row_names() } else { Vec::new() };
        let same = convert::texts(&labels).is_some_and(|labels| labels == own);
        unchanged(
            same,
            "labels",
            "name the column that holds them: load(path, #{ label: \"unit\" })",
        )
    });
    engine.register_set("nrow", |t: &mut Table, rows: i64| {
        unchanged(rows == t.nrow() as i64, "nrow", "keep rows by t.where(...) or t.head(n)")
    });
    engine.register_set("ncol", |t: &mut Table, columns: i64| {
        unchanged(columns == t.ncol() as i64, "ncol", "keep columns by t.select([...])")
    });
}

fn columns(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_get("nrow", |t: &mut Table| t.nrow() as i64);
    engine.register_get("ncol", |t: &mut Table| t.ncol() as i64);
    engine.register_get("columns", |t: &mut Table| convert::text_array(t.columns()));
    engine.register_get("labels", |t: &mut Table| match t.labels() {
        Some(_) => convert::text_array(t.row_names()),
        None => Array::new(),
    });
    read_only(library);
    let engine = &mut *library.engine;
    // `t.col` finds no getter and falls back to these.
    engine.register_indexer_get(|t: &mut Table, name: ImmutableString| {
        let column = t.column(&name).map_err(|error| match error {
            Error::Table(TableError::NoColumn { primitive, name, mut columns }) => {
                columns.extend(TABLE.fields.iter().map(|field| field.name.to_owned()));
                TableError::NoColumn { primitive, name, columns }.into()
            }
            other => other,
        });
        column.raise()
    });
    engine.register_indexer_set(
        |t: &mut Table, name: ImmutableString, value: Dynamic| -> Fallible<()> {
            let values = convert::column("column", &value, t.nrow())?;
            *t = t.with_column(&name, &values).raise()?;
            Ok(())
        },
    );
    engine.register_fn("numeric", |t: Table| t.numeric().raise());
    engine.register_fn("standardise", |t: Table| t.standardise().map(|s| s.table).raise());
    engine.register_fn("label_by", |t: Table, column: &str| t.labelled_by(column).raise());
}

fn cells(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("at", |t: Table, label: &str, column: &str| {
        t.at(label, column).map(convert::from_cell).raise()
    });
    engine.register_fn("row", |t: Table, label: &str| -> Fallible<Row> {
        let row = t.row_of("row", label).raise()?;
        Ok(Row { table: Rc::new(t), row })
    });
    engine.register_fn("row", |t: Table, index: i64| -> Fallible<Row> {
        let rows = t.nrow();
        let position = if index < 0 { index + rows as i64 } else { index };
        if let Some(row) = usize::try_from(position).ok().filter(|row| *row < rows) {
            return Ok(Row { table: Rc::new(t), row });
        }
        let error = TableError::NoRow { primitive: "row".into(), row: index, rows };
        Err(Error::from(error)).raise()
    });
    engine.register_get("label", |r: &mut Row| {
        r.table.row_names().get(r.row).cloned().unwrap_or_default()
    });
    engine.register_indexer_get(|r: &mut Row, column: ImmutableString| r.get(&column));
}
