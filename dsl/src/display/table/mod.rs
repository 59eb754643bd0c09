//! Tables as text, HTML, Markdown and LaTeX.

mod layout;
mod markup;
mod text;

pub use markup::{html, latex, latex_shown, markdown};
pub use text::{text, text_all};

use std::ops::Range;

use arrow_array::Array;
use esep_stdlib::Table;
use esep_stdlib::table::{Cell, Kind};
use unicode_width::UnicodeWidthStr;

use super::number::Format;
use super::{Bundle, Language, Style};

/// What stands in a cell without a value.
pub(super) const MISSING: &str = "·";

/// How much the header of an HTML table tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// Names, labels, kinds, units and missing counts: a table of data.
    Full,
    /// Names, and of the rest what is there beyond kinds: a table inside a result.
    Brief,
}

/// Every form of a table of data.
pub fn bundle(table: &Table, style: &Style) -> Bundle {
    Bundle {
        plain: text(table, style),
        html: Some(html(table, style, Header::Full)),
        latex: Some(latex_shown(table, style)),
        ..Bundle::default()
    }
}

/// Every form of a table, with all its rows and columns; HTML scrolls.
pub fn bundle_all(table: &Table, style: &Style) -> Bundle {
    let all = Style { rows: usize::MAX, ..*style };
    let html = format!(
        "<div style=\"max-height:32em;overflow:auto\">{}</div><p><small>{}</small></p>",
        html(table, &all, Header::Full),
        size(table)
    );
    Bundle {
        plain: text_all(table, style),
        html: Some(html),
        latex: Some(latex(table)),
        ..Bundle::default()
    }
}

/// `20 rows × 3 columns`.
pub(super) fn size(table: &Table) -> String {
    format!("{} × {}", count(table.nrow(), "row"), count(table.ncol(), "column"))
}

/// `1 row`, `2 rows`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A column ready to print.
pub(super) struct Column {
    pub name: String,
    /// What the codebook calls it in the session's language.
    pub label: Option<String>,
    pub unit: Option<String>,
    pub kind: String,
    /// Written values; `None` where there is none.
    pub cells: Vec<Option<String>>,
    pub right: bool,
    pub missing: usize,
}

impl Column {
    /// Column `position` of `table`, the rows `rows` of it.
    pub(super) fn new(table: &Table, position: usize, rows: &[usize], language: Language) -> Self {
        let name = table.columns()[position].clone();
        let kind = table.kinds()[position];
        let meta = table.meta(&name);
        let cells: Vec<Cell> = rows.iter().map(|row| table.cell(*row, position)).collect();
        Self {
            label: meta.and_then(|meta| meta.label(language.code())).map(str::to_owned),
            unit: meta.and_then(|meta| meta.unit.clone()).filter(|unit| !unit.is_empty()),
            kind: kind.to_string(),
            cells: write(&cells),
            right: matches!(kind, Kind::Float | Kind::Int),
            missing: table.batch().column(position).null_count(),
            name,
        }
    }

    /// The cell of shown row `row`, its gap marked.
    fn shown(&self, row: usize) -> &str {
        self.cells[row].as_deref().unwrap_or(MISSING)
    }
}

/// Cells as they are written, floats with the same decimals.
pub(super) fn write(cells: &[Cell]) -> Vec<Option<String>> {
    let format = Format::for_values(cells.iter().filter_map(|cell| match cell {
        Cell::Float(x) => Some(*x),
        _ => None,
    }));
    let written = cells.iter().map(|cell| match cell {
        Cell::Missing => None,
        Cell::Float(x) => Some(format.write(*x)),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Bool(b) => Some(b.to_string()),
        Cell::Date(date) => Some(date.to_string()),
        Cell::Text(text) => Some(one_line(text)),
    });
    written.collect()
}

/// `text` without line breaks, tabs and other characters that would break a row.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The rows a display shows: all, or the first and last with a gap between.
pub(super) struct Rows {
    pub shown: Vec<usize>,
    /// Position in `shown` before which rows were left out, and how many.
    pub gap: Option<(usize, usize)>,
}

impl Rows {
    /// At most `limit` of `total` rows, of which there are two at least.
    pub(super) fn pick(total: usize, limit: usize) -> Self {
        if total <= limit.max(2) {
            return Self { shown: (0..total).collect(), gap: None };
        }
        let limit = limit.max(2);
        let tail = (limit / 4).max(1);
        let head = limit - tail;
        let shown = (0..head).chain(total - tail..total).collect();
        Self { shown, gap: Some((head, total - limit)) }
    }

    /// How many rows were left out right before shown row `row`.
    pub(super) fn hidden_before(&self, row: usize) -> Option<usize> {
        self.gap.filter(|(before, _)| *before == row).map(|(_, hidden)| hidden)
    }
}

/// The row labels as a column, unless a column of the table shows them already.
fn label_column(table: &Table, rows: &[usize]) -> Option<Column> {
    let name = table.label_name();
    if name.is_some_and(|name| table.columns().iter().any(|column| column == name)) {
        return None;
    }
    let labels = table.labels()?;
    Some(Column {
        name: name.unwrap_or("").to_owned(),
        label: None,
        unit: None,
        kind: "label".into(),
        cells: rows
            .iter()
            .map(|row| labels.is_valid(*row).then(|| one_line(labels.value(*row))))
            .collect(),
        right: false,
        missing: 0,
    })
}

/// The label column, where there is one, and the columns in `range`.
fn columns(table: &Table, rows: &[usize], range: Range<usize>, language: Language) -> Vec<Column> {
    label_column(table, rows)
        .into_iter()
        .chain(range.map(|position| Column::new(table, position, rows, language)))
        .collect()
}

pub(super) fn pad(text: &str, width: usize, right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{space}{text}") } else { format!("{text}{space}") }
}

/// `text` cut to `width` columns, a cut marked.
pub(super) fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        clipped.push(character);
    }
    clipped + "…"
}

#[cfg(test)]
pub(super) mod samples {
    use esep_stdlib::{Table, Vector};

    /// Text, float with a gap, int.
    pub(crate) fn small() -> Table {
        Table::new([
            ("region", Vector::from_texts(["Ұлытау", "Abai"])),
            ("te", Vector::from_options([Some(0.5), None])),
            ("rank", Vector::from_ints([1, 20])),
        ])
        .unwrap()
    }
}
