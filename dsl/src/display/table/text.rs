//! Tables as aligned text.

use esep_stdlib::Table;

use super::super::doc::wrap;
use super::layout::{SPACE, layout, panels};
use super::{Column, Rows, Style, clip, columns, count, label_column, pad, size};

/// Lines of names of hidden columns, at most.
const NAMED: usize = 3;

/// The table as aligned text, no wider than `style.width`; what is left out is counted and named.
pub fn text(table: &Table, style: &Style) -> String {
    let rows = Rows::pick(table.nrow(), style.rows);
    let columns = columns(table, &rows.shown, 0..table.ncol(), style.language);
    if columns.is_empty() {
        return format!("a table without columns, {}", count(table.nrow(), "row"));
    }
    let layout = layout(&columns, style.width);
    let mut lines = grid(&columns, &layout.shown, layout.gap, &rows);
    if let Some(gap) = layout.gap {
        let after = layout.shown.get(gap).map_or(columns.len(), |(column, _)| *column);
        let hidden: Vec<&str> = columns[gap..after].iter().map(|c| c.name.as_str()).collect();
        lines.push(hidden_columns(&hidden, style.width));
    }
    if table.nrow() == 0 {
        lines.push("no rows".into());
    }
    if rows.gap.is_some() || layout.gap.is_some() {
        lines.push(size(table));
    }
    lines.join("\n")
}

/// The whole table as aligned text: columns that do not fit beside the others follow below.
pub fn text_all(table: &Table, style: &Style) -> String {
    let rows = Rows::pick(table.nrow(), usize::MAX);
    let mut columns = columns(table, &rows.shown, 0..table.ncol(), style.language);
    if columns.is_empty() {
        return text(table, style);
    }
    // The column of labels leads every panel; without one row numbers do.
    if label_column(table, &[]).is_none() {
        let names = table.columns();
        let key = table.label_name().and_then(|label| names.iter().position(|n| n == label));
        match key {
            Some(position) => columns[..=position].rotate_right(1),
            None => columns.insert(0, numbers(table.nrow())),
        }
    }
    let mut parts: Vec<String> = panels(&columns, 1, style.width)
        .into_iter()
        .map(|panel| grid(&columns, &panel, None, &rows).join("\n"))
        .collect();
    parts.push(size(table));
    parts.join("\n\n")
}

/// Row numbers from 0, as `t.row(i)` takes them.
fn numbers(rows: usize) -> Column {
    Column {
        name: String::new(),
        label: None,
        unit: None,
        kind: "row".into(),
        cells: (0..rows).map(|row| Some(row.to_string())).collect(),
        right: true,
        missing: 0,
    }
}

/// The lines of `columns` that are `shown`: titles, rule, rows.
fn grid(
    columns: &[Column],
    shown: &[(usize, usize)],
    gap: Option<usize>,
    rows: &Rows,
) -> Vec<String> {
    let line = |fill: &str, get: &dyn Fn(&Column, usize) -> String| {
        let mut cells: Vec<String> =
            shown.iter().map(|(column, width)| get(&columns[*column], *width)).collect();
        if let Some(gap) = gap {
            cells.insert(gap, fill.to_owned());
        }
        cells.join(&" ".repeat(SPACE)).trim_end().to_owned()
    };
    let mut lines = vec![
        line("…", &|column, width| pad(&clip(&column.name, width), width, column.right)),
        line("─", &|_, width| "─".repeat(width)),
    ];
    for row in 0..rows.shown.len() {
        if let Some(hidden) = rows.hidden_before(row) {
            lines.push(format!("… {} more", count(hidden, "row")));
        }
        lines.push(line("…", &|column, width| {
            pad(&clip(column.shown(row), width), width, column.right)
        }));
    }
    lines
}

/// How many columns are not shown, and their names as far as a few lines hold them.
fn hidden_columns(names: &[&str], width: usize) -> String {
    let lead =
        format!("… {} more {}: ", names.len(), if names.len() == 1 { "column" } else { "columns" });
    for shown in (1..=names.len()).rev() {
        let rest = names.len() - shown;
        let tail = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let text = wrap(&format!("{lead}{}{tail}", names[..shown].join(", ")), width, "  ");
        if text.lines().count() <= NAMED {
            return text;
        }
    }
    clip(&lead, width)
}

#[cfg(test)]
mod tests {
    use super::super::samples::small;
    use super::*;
    use esep_stdlib::Vector;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn text_aligns_and_marks_missing() {
        let expected = "region   te  rank\n──────  ───  ────\nҰлытау  0.5     1\nAbai      ·    20";
        assert_eq!(text(&small(), &Style::default()), expected);
    }

    #[test]
    fn narrow_and_long_tables_say_what_they_hide() {
        let shown = text(&small(), &Style { width: 12, ..Style::default() });
        assert!(shown.contains("… 2 more\n  columns:\n  te, rank"), "{shown}");
        let long = Table::new([("i", Vector::from_ints(0..100))]).unwrap();
        let shown = text(&long, &Style { width: 80, rows: 12, ..Style::default() });
        assert!(shown.contains("… 88 rows more"), "{shown}");
        assert!(shown.ends_with("100 rows × 1 column"), "{shown}");
    }

    #[test]
    fn nothing_is_wider_than_the_style_allows() {
        let text_of = |n: usize| Vector::from_texts(["слово ".repeat(n), "·".into()]);
        let mut columns =
            vec![("first".to_owned(), text_of(3)), ("second".to_owned(), text_of(30))];
        columns.extend((0..12).map(|i| (format!("a_long_name_{i}"), text_of(i))));
        let table = Table::new(columns).unwrap();
        for width in [20, 40, 77, 100, 200] {
            let style = Style { width, ..Style::default() };
            for shown in [text(&table, &style), text_all(&table, &style)] {
                assert!(shown.lines().all(|line| line.width() <= width), "{width}:\n{shown}");
            }
        }
    }

    #[test]
    fn viewing_shows_every_row_and_column() {
        let columns = (0..12).map(|i| (format!("column_{i}"), Vector::from_ints(0..50)));
        let table = Table::new(columns).unwrap();
        let shown = text_all(&table, &Style { width: 40, ..Style::default() });
        assert!((0..12).all(|i| shown.contains(&format!("column_{i}"))), "{shown}");
        assert!(!shown.contains('…') && shown.ends_with("50 rows × 12 columns"), "{shown}");
    }
}
