//! Tables as HTML, Markdown and LaTeX.

use std::fmt::Write as _;

use esep_stdlib::Table;

use super::super::{Language, escape};
use super::{Column, Header, MISSING, Rows, Style, columns, count, size};

/// Rows of an HTML or LaTeX table in a display, at least.
const ROWS: usize = 60;

/// Columns of an HTML or LaTeX table in a display.
const COLUMNS: usize = 40;

/// What of a table a display holds.
struct Part {
    rows: Rows,
    columns: Vec<Column>,
    /// Position in `columns` before which some were left out, and how many.
    gap: Option<(usize, usize)>,
}

/// As much of `table` as a display holds; all of it when `style.rows` has no bound.
fn part(table: &Table, style: &Style) -> Part {
    let whole = style.rows == usize::MAX;
    let rows = Rows::pick(table.nrow(), if whole { usize::MAX } else { style.rows.max(ROWS) });
    let all = table.ncol();
    if whole || all <= COLUMNS {
        let columns = columns(table, &rows.shown, 0..all, style.language);
        return Part { rows, columns, gap: None };
    }
    let mut shown = columns(table, &rows.shown, 0..COLUMNS - 1, style.language);
    let before = shown.len();
    shown.push(Column::new(table, all - 1, &rows.shown, style.language));
    Part { rows, columns: shown, gap: Some((before, all - COLUMNS)) }
}

/// The table as an HTML fragment.
///
/// The header tells the kind, the codebook's label and unit and the count of missing values of
/// each column; numbers stand right, and what is left out is counted.
pub fn html(table: &Table, style: &Style, header: Header) -> String {
    let Part { rows, columns, gap } = part(table, style);
    let align = |column: &Column| if column.right { "right" } else { "left" };
    let mut out = String::from("<table class=\"esep\"><thead><tr>");
    for (position, column) in columns.iter().enumerate() {
        if let Some((_, hidden)) = gap.filter(|(before, _)| *before == position) {
            let _ = write!(out, "<th>… {}</th>", count(hidden, "column"));
        }
        let _ = write!(
            out,
            "<th style=\"text-align:{};vertical-align:bottom\" title=\"{}\">{}{}</th>",
            align(column),
            escape(&tooltip(column)),
            escape(&column.name),
            notes(column, header)
        );
    }
    out += "</tr></thead><tbody>";
    let wide = columns.len() + usize::from(gap.is_some());
    for row in 0..rows.shown.len() {
        if let Some(hidden) = rows.hidden_before(row) {
            let _ = write!(
                out,
                "<tr><td colspan=\"{wide}\" style=\"text-align:left\">… {} more</td></tr>",
                count(hidden, "row")
            );
        }
        out += "<tr>";
        for (position, column) in columns.iter().enumerate() {
            if gap.is_some_and(|(before, _)| before == position) {
                out += "<td>…</td>";
            }
            let cell = column.cells[row]
                .as_deref()
                .map_or_else(|| format!("<span style=\"opacity:0.45\">{MISSING}</span>"), escape);
            let _ = write!(out, "<td style=\"text-align:{}\">{cell}</td>", align(column));
        }
        out += "</tr>";
    }
    out += "</tbody></table>";
    if rows.gap.is_some() || gap.is_some() {
        let _ = write!(out, "<p><small>{}</small></p>", size(table));
    }
    out
}

/// What there is to tell of a column beside its name and label.
fn facts(column: &Column, kind: bool) -> Vec<String> {
    let missing = (column.missing > 0).then(|| format!("{} missing", column.missing));
    let kind = kind.then(|| column.kind.clone());
    kind.into_iter().chain(column.unit.clone()).chain(missing).collect()
}

/// All that is known of a column.
fn tooltip(column: &Column) -> String {
    let known: Vec<String> = column.label.clone().into_iter().chain(facts(column, true)).collect();
    known.join(", ")
}

/// The lines below the name in an HTML header.
fn notes(column: &Column, header: Header) -> String {
    let rest = facts(column, header == Header::Full).join(" · ");
    column
        .label
        .iter()
        .chain((!rest.is_empty()).then_some(&rest))
        .map(|line| {
            format!("<br><small style=\"font-weight:normal;opacity:0.75\">{}</small>", escape(line))
        })
        .collect()
}

/// The whole table in Markdown, numbers aligned right, units in brackets behind the names.
pub fn markdown(table: &Table) -> String {
    let rows: Vec<usize> = (0..table.nrow()).collect();
    let columns = columns(table, &rows, 0..table.ncol(), Language::None);
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let title = |column: &Column| match &column.unit {
        Some(unit) => escaped(&format!("{} ({unit})", column.name)),
        None => escaped(&column.name),
    };
    let rule = |column: &Column| if column.right { "---:" } else { ":---" }.to_owned();
    let mut out = line(columns.iter().map(title).collect());
    out += &line(columns.iter().map(rule).collect());
    for row in 0..rows.len() {
        out += &line(columns.iter().map(|c| escaped(c.shown(row))).collect());
    }
    out
}

/// Escapes text for LaTeX.
fn latex_escape(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(character);
            }
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            '…' => out += "\\dots{}",
            '×' => out += "$\\times$",
            _ => out.push(character),
        }
    }
    out
}

/// The whole table as a LaTeX `tabular` with `booktabs` rules.
pub fn latex(table: &Table) -> String {
    latex_shown(table, &Style { rows: usize::MAX, ..Style::default() })
}

/// As much of the table as a display holds as a LaTeX `tabular` with `booktabs` rules; a line of
/// units stands below the names where there are any.
pub fn latex_shown(table: &Table, style: &Style) -> String {
    let Part { rows, columns, gap } = part(table, style);
    let join = |fill: &str, get: &dyn Fn(&Column) -> String| {
        let mut cells: Vec<String> = columns.iter().map(get).collect();
        if let Some((before, _)) = gap {
            cells.insert(before, fill.to_owned());
        }
        cells.join(" & ") + " \\\\\n"
    };
    let mut layout: String = columns.iter().map(|c| if c.right { 'r' } else { 'l' }).collect();
    if let Some((before, _)) = gap {
        // One letter a column.
        layout.insert(before, 'c');
    }
    let mut out = format!("\\begin{{tabular}}{{{layout}}}\n\\toprule\n");
    out += &join("\\dots{}", &|column| latex_escape(&column.name));
    if columns.iter().any(|column| column.unit.is_some()) {
        out += &join("", &|column| match &column.unit {
            Some(unit) => format!("{{\\small {}}}", latex_escape(unit)),
            None => String::new(),
        });
    }
    out += "\\midrule\n";
    let wide = columns.len() + usize::from(gap.is_some());
    for row in 0..rows.shown.len() {
        if let Some(hidden) = rows.hidden_before(row) {
            let _ = writeln!(
                out,
                "\\multicolumn{{{wide}}}{{l}}{{\\dots{{}} {} more}} \\\\",
                count(hidden, "row")
            );
        }
        out += &join("\\dots{}", &|column| match &column.cells[row] {
            Some(text) => latex_escape(text),
            None => "--".into(),
        });
    }
    out + "\\bottomrule\n\\end{tabular}"
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::samples::small;
    use super::*;
    use esep_stdlib::Vector;
    use esep_stdlib::table::ColumnMeta;

    #[test]
    fn everything_is_escaped() {
        let table = Table::new([("a<b_&\"", Vector::from_texts(["<x>|"]))]).unwrap();
        let html = html(&table, &Style::default(), Header::Full);
        assert!(html.contains("a&lt;b_&amp;&quot;") && html.contains("&lt;x&gt;|"), "{html}");
        assert!(latex(&table).contains("a\\textless{}b\\_\\&"));
        assert!(markdown(&table).contains("<x>\\|"));
        let expected = "| region | te | rank |\n| :--- | ---: | ---: |\n\
                        | Ұлытау | 0.5 | 1 |\n| Abai | · | 20 |\n";
        assert_eq!(markdown(&small()), expected);
    }

    #[test]
    fn headers_tell_kind_label_unit_and_gaps() {
        let meta = ColumnMeta {
            labels: vec![("en".into(), "Efficiency".into()), ("ru".into(), "Эффективность".into())],
            unit: Some("%".into()),
        };
        let table = small().with_meta(HashMap::from([("te".to_owned(), meta)]));
        let style = |language| Style { language, ..Style::default() };
        let shown = html(&table, &style(Language::En), Header::Full);
        assert!(shown.contains("title=\"Efficiency, float, %, 1 missing\""), "{shown}");
        assert!(shown.contains(">Efficiency</small>") && shown.contains("float · % · 1 missing"));
        assert!(html(&table, &style(Language::Ru), Header::Brief).contains(">Эффективность<"));
        let bare = html(&table, &style(Language::None), Header::Brief);
        assert!(!bare.contains("Efficiency") && !bare.contains("float ·"), "{bare}");
        assert!(latex(&table).contains(" & {\\small \\%} & "));
        assert!(markdown(&table).contains("te (%)"));
    }

    #[test]
    fn long_and_wide_tables_are_cut_with_counts() {
        let columns = (0..50).map(|i| (format!("c{i}"), Vector::from_ints(0..200)));
        let table = Table::new(columns).unwrap();
        let shown = html(&table, &Style::default(), Header::Full);
        assert!(shown.contains("… 140 rows more") && shown.contains("… 10 columns"), "{shown}");
        assert!(shown.contains("200 rows × 50 columns") && shown.contains(">c49<"));
        let whole = html(&table, &Style { rows: usize::MAX, ..Style::default() }, Header::Full);
        assert!(!whole.contains('…') && whole.matches("<tr>").count() == 201);
        let cut = latex_shown(&table, &Style::default());
        assert!(cut.contains("140 rows more") && cut.matches("\\\\\n").count() == 62);
    }
}
