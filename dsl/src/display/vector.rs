//! Vectors: a line that says what it is, then the values.

use esep_stdlib::{Table, Vector};
use unicode_width::UnicodeWidthStr;

use super::table::{Header, Rows, count, html, latex_shown, pad, text, write};
use super::{Bundle, Style, escape, table::MISSING};

/// Every form of a vector.
///
/// A labelled one reads as a table of labels and values; the values of another fill the lines, the
/// position of the first in brackets.
pub fn bundle(vector: &Vector, style: &Style) -> Bundle {
    let title = title(vector);
    let column = vector.name().unwrap_or("value").to_owned();
    let table = Table::new([(column, vector.clone())]).and_then(|table| match vector.labels() {
        Some(labels) => table.with_labels(labels.clone(), None),
        None => Ok(table),
    });
    let table = match table {
        Ok(table) => table,
        Err(error) => return Bundle::text(error.to_string()),
    };
    let values = if vector.labels().is_some() { text(&table, style) } else { lines(vector, style) };
    Bundle {
        plain: format!("{title}\n{values}").trim_end().to_owned(),
        html: Some(format!(
            "<p><small>{}</small></p>{}",
            escape(&title),
            html(&table, style, Header::Brief)
        )),
        latex: Some(latex_shown(&table, style)),
        ..Bundle::default()
    }
}

/// Name, kind, count, gaps.
fn title(vector: &Vector) -> String {
    let mut parts = vec![
        vector.name().filter(|name| !name.is_empty()).unwrap_or("vector").to_owned(),
        vector.kind().to_string(),
        count(vector.len(), "value"),
    ];
    if vector.missing() > 0 {
        parts.push(format!("{} missing", vector.missing()));
    }
    parts.join(" · ")
}

/// The values side by side, as many lines as `style.rows` allows.
fn lines(vector: &Vector, style: &Style) -> String {
    let total = vector.len();
    // No value is narrower than one character and its space.
    let rows = Rows::pick(total, style.rows.saturating_mul(style.width / 2).max(1));
    let cells: Vec<_> = rows.shown.iter().map(|row| vector.cell(*row)).collect();
    let written: Vec<String> =
        write(&cells).into_iter().map(|cell| cell.unwrap_or_else(|| MISSING.into())).collect();
    let widest = written.iter().map(|text| text.width()).max().unwrap_or(0);
    let lead = total.saturating_sub(1).to_string().len() + 2;
    let a_line = (style.width.saturating_sub(lead - 1) / (widest + 2)).max(1);
    let all = total.div_ceil(a_line);
    let picked = Rows::pick(all, style.rows);
    let right = vector.kind().is_numeric();
    let mut out = Vec::new();
    for (position, line) in picked.shown.iter().enumerate() {
        if picked.hidden_before(position).is_some() {
            let hidden = (picked.shown[position] - picked.shown[position - 1] - 1) * a_line;
            out.push(format!("… {} more", count(hidden, "value")));
        }
        let from = line * a_line;
        let values: Vec<String> = (from..(from + a_line).min(total))
            .map(|index| {
                // Long vectors were written at both ends only.
                let place = rows.shown.partition_point(|shown| *shown < index);
                pad(written.get(place).map_or("", String::as_str), widest, right)
            })
            .collect();
        let label = format!("[{from}]");
        out.push(format!("{label:>lead$} {}", values.join("  ")).trim_end().to_owned());
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_values_stand_beside_their_labels() {
        let vector = Vector::from_options([Some(0.5), None])
            .named("te")
            .labelled(["Abai", "Ұлытау"])
            .unwrap();
        let shown = bundle(&vector, &Style::default());
        assert_eq!(
            shown.plain,
            "te · float · 2 values · 1 missing\n         te\n──────  ───\nAbai    0.5\nҰлытау    ·"
        );
        assert!(shown.html.unwrap().contains("1 missing"));
    }

    #[test]
    fn other_values_fill_the_lines() {
        let style = Style { width: 20, rows: 3, ..Style::default() };
        let shown = bundle(&Vector::from_ints(0..12), &style).plain;
        assert_eq!(
            shown,
            "vector · int · 12 values\n [0]  0   1   2   3\n [4]  4   5   6   7\n [8]  8   9  10  11"
        );
        let long = bundle(&Vector::from_ints(0..1_000_000), &style).plain;
        assert!(long.contains("… 999997 values more"), "{long}");
        assert!(long.lines().skip(1).all(|line| line.width() <= 20), "{long}");
        assert!(long.ends_with("[999999] 999999"), "{long}");
        assert_eq!(bundle(&Vector::from_floats([]), &style).plain, "vector · float · 0 values");
    }
}
