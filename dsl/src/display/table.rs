//! Tables as text, HTML and LaTeX.

use esep_stdlib::Table;
use esep_stdlib::table::{Cell, Kind};
use unicode_width::UnicodeWidthStr;

use super::number::Format;
use super::{Style, escape};

/// A column ready to print.
struct Column {
    title: String,
    kind: String,
    cells: Vec<String>,
    right: bool,
    missing: usize,
}

/// The rows a display shows: all, or the first and last with a gap between.
struct Rows {
    shown: Vec<usize>,
    /// Position in `shown` before which rows were left out, and how many.
    gap: Option<(usize, usize)>,
}

fn pick_rows(total: usize, limit: usize) -> Rows {
    if total <= limit {
        return Rows { shown: (0..total).collect(), gap: None };
    }
    let tail = limit / 4;
    let head = limit - tail;
    let shown = (0..head).chain(total - tail..total).collect();
    Rows { shown, gap: Some((head, total - limit)) }
}

/// The label column (where labels are not shown by a column already) and every column, formatted.
fn columns(table: &Table, rows: &[usize]) -> Vec<Column> {
    let names = table.columns();
    let mut columns = Vec::new();
    let label_shown = table.label_name().is_some_and(|name| names.iter().any(|n| n == name));
    if let (Some(labels), false) = (table.labels(), label_shown) {
        columns.push(Column {
            title: table.label_name().unwrap_or("").to_owned(),
            kind: "label".into(),
            cells: rows.iter().map(|row| labels.value(*row).to_owned()).collect(),
            right: false,
            missing: 0,
        });
    }
    for (position, (name, kind)) in names.into_iter().zip(table.kinds()).enumerate() {
        let cells: Vec<Cell> = rows.iter().map(|row| table.cell(*row, position)).collect();
        let format = Format::for_values(cells.iter().filter_map(|cell| match cell {
            Cell::Float(x) => Some(*x),
            _ => None,
        }));
        let written = cells.iter().map(|cell| match cell {
            Cell::Missing => "·".to_owned(),
            Cell::Float(x) => format.write(*x),
            Cell::Int(i) => i.to_string(),
            Cell::Bool(b) => b.to_string(),
            Cell::Date(date) => date.to_string(),
            Cell::Text(text) => text.replace(['\n', '\r', '\t'], " "),
        });
        columns.push(Column {
            title: name,
            kind: kind.to_string(),
            cells: written.collect(),
            right: matches!(kind, Kind::Float | Kind::Int),
            missing: table.batch().column(position).null_count(),
        });
    }
    columns
}

fn pad(text: &str, width: usize, right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{space}{text}") } else { format!("{text}{space}") }
}

fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut clipped = String::new();
    for character in text.chars() {
        let mut longer = clipped.clone();
        longer.push(character);
        if longer.width() + 1 > width {
            break;
        }
        clipped = longer;
    }
    clipped + "…"
}

/// The table as aligned text, no wider than `style.width`; what is left out is counted.
pub fn text(table: &Table, style: &Style) -> String {
    let rows = pick_rows(table.nrow(), style.rows);
    let mut columns = columns(table, &rows.shown);
    let longest = 40.min(style.width / 2).max(8);
    let widths: Vec<usize> = columns
        .iter_mut()
        .map(|column| {
            column.cells.iter_mut().for_each(|cell| *cell = clip(cell, longest));
            column.title = clip(&column.title, longest);
            column.cells.iter().map(|c| c.width()).max().unwrap_or(0).max(column.title.width())
        })
        .collect();
    let mut used = 0;
    let mut fit = 0;
    for width in &widths {
        used += width + if fit == 0 { 0 } else { 2 };
        if used > style.width && fit > 0 {
            break;
        }
        fit += 1;
    }
    let line = |get: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> = columns[..fit]
            .iter()
            .zip(&widths)
            .map(|(column, width)| pad(&get(column), *width, column.right))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&|column| column.title.clone())];
    lines.push(widths[..fit].iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("  "));
    for row in 0..rows.shown.len() {
        if let Some((before, hidden)) = rows.gap.filter(|(before, _)| *before == row) {
            debug_assert!(before == row);
            lines.push(format!("… {hidden} more rows"));
        }
        lines.push(line(&|column| column.cells[row].clone()));
    }
    let hidden: Vec<&str> = columns[fit..].iter().map(|column| column.title.as_str()).collect();
    if !hidden.is_empty() {
        let list = clip(&hidden.join(", "), style.width.saturating_sub(20).max(20));
        lines.push(format!("… {} more columns: {list}", hidden.len()));
    }
    if rows.gap.is_some() || !hidden.is_empty() {
        lines.push(format!("{} rows x {} columns", table.nrow(), table.ncol()));
    }
    if table.nrow() == 0 {
        lines.push("no rows".into());
    }
    lines.join("\n")
}

/// The table as an HTML fragment, with kinds and missing counts in the header.
pub fn html(table: &Table, style: &Style) -> String {
    let rows = pick_rows(table.nrow(), style.rows.max(60));
    let columns = columns(table, &rows.shown);
    let mut out = String::from("<table class=\"esep\"><thead><tr>");
    for column in &columns {
        let missing = if column.missing > 0 {
            format!(", {} missing", column.missing)
        } else {
            String::new()
        };
        let align = if column.right { "right" } else { "left" };
        out += &format!(
            "<th style=\"text-align:{align}\" title=\"{}{missing}\">{}{}</th>",
            column.kind,
            escape(&column.title),
            if column.missing > 0 {
                format!("<br><small>{} missing</small>", column.missing)
            } else {
                String::new()
            }
        );
    }
    out += "</tr></thead><tbody>";
    for row in 0..rows.shown.len() {
        if let Some((_, hidden)) = rows.gap.filter(|(before, _)| *before == row) {
            out += &format!("<tr><td colspan=\"{}\">… {hidden} more rows</td></tr>", columns.len());
        }
        out += "<tr>";
        for column in &columns {
            let align = if column.right { "right" } else { "left" };
            out += &format!("<td style=\"text-align:{align}\">{}</td>", escape(&column.cells[row]));
        }
        out += "</tr>";
    }
    out += "</tbody></table>";
    if rows.gap.is_some() {
        out += &format!("<p><small>{} rows x {} columns</small></p>", table.nrow(), table.ncol());
    }
    out
}

/// The whole table in Markdown, numbers aligned right.
pub fn markdown(table: &Table) -> String {
    let rows: Vec<usize> = (0..table.nrow()).collect();
    let columns = columns(table, &rows);
    let escaped = |text: &str| text.replace('|', "\\|");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = |column: &Column| if column.right { "---:" } else { ":---" }.to_owned();
    let mut out = line(columns.iter().map(|c| escaped(&c.title)).collect());
    out += &line(columns.iter().map(rule).collect());
    for row in 0..rows.len() {
        out += &line(columns.iter().map(|c| escaped(&c.cells[row])).collect());
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
            '·' => out += "--",
            _ => out.push(character),
        }
    }
    out
}

/// The whole table as a LaTeX `tabular` with `booktabs` rules.
pub fn latex(table: &Table) -> String {
    let rows: Vec<usize> = (0..table.nrow()).collect();
    let columns = columns(table, &rows);
    let layout: String = columns.iter().map(|c| if c.right { 'r' } else { 'l' }).collect();
    let join = |cells: Vec<String>| cells.join(" & ") + " \\\\\n";
    let mut out = format!("\\begin{{tabular}}{{{layout}}}\n\\toprule\n");
    out += &join(columns.iter().map(|c| latex_escape(&c.title)).collect());
    out += "\\midrule\n";
    for row in 0..rows.len() {
        out += &join(columns.iter().map(|c| latex_escape(&c.cells[row])).collect());
    }
    out + "\\bottomrule\n\\end{tabular}"
}

#[cfg(test)]
mod tests {
    use super::*;
    use esep_stdlib::Vector;

    fn sample() -> Table {
        Table::new([
            ("region", Vector::from_texts(["Ұлытау", "Abai"])),
            ("te", Vector::from_options([Some(0.5), None])),
            ("rank", Vector::from_ints([1, 20])),
        ])
        .unwrap()
    }

    #[test]
    fn text_aligns_and_marks_missing() {
        let expected = "region   te  rank\n──────  ───  ────\nҰлытау  0.5     1\nAbai      ·    20";
        assert_eq!(text(&sample(), &Style::default()), expected);
    }

    #[test]
    fn narrow_and_long_tables_say_what_they_hide() {
        let shown = text(&sample(), &Style { width: 8, rows: 30 });
        assert!(shown.contains("… 2 more columns: te, rank"), "{shown}");
        let long = Table::new([("i", Vector::from_ints(0..100))]).unwrap();
        let shown = text(&long, &Style { width: 80, rows: 12 });
        assert!(shown.contains("… 88 more rows"), "{shown}");
        assert!(shown.ends_with("100 rows x 1 columns"), "{shown}");
    }

    #[test]
    fn html_and_latex_escape() {
        let table = Table::new([("a<b_&", Vector::from_texts(["<x>"]))]).unwrap();
        assert!(html(&table, &Style::default()).contains("a&lt;b_&amp;"));
        assert!(latex(&table).contains("a<b\\_\\&"));
        let expected = "| region | te | rank |\n| :--- | ---: | ---: |\n\
                        | Ұлытау | 0.5 | 1 |\n| Abai | · | 20 |\n";
        assert_eq!(markdown(&sample()), expected);
    }
}
