//! Values that have no type of their own here: numbers, texts, arrays and maps.

use esep_stdlib::{Table, Vector};
use rhai::{Array, Dynamic, FnPtr, Map};
use unicode_width::UnicodeWidthStr;

use super::table::{Header, Rows, count, html, latex_shown, text};
use super::{Bundle, Style, escape, number};

type Show<'a> = &'a dyn Fn(&Dynamic) -> Bundle;

/// The form of a value without a type of its own; `show` knows all others.
pub(crate) fn plain_value(value: &Dynamic, style: &Style, show: Show<'_>) -> Bundle {
    if value.is_unit() {
        return Bundle::text("missing");
    }
    if let Ok(x) = value.as_float() {
        return Bundle::text(number::float(x));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return show_array(&array, style, show);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return show_map(&map, style, show);
    }
    if value.is::<FnPtr>() {
        return Bundle::text("closure");
    }
    Bundle::text(value.to_string())
}

/// A value inside an array or map: texts in quotes.
fn inline(value: &Dynamic, show: Show<'_>) -> String {
    if value.is_string() { format!("{value:?}") } else { show(value).plain }
}

/// Items on one line, if they fit it.
fn one_line(open: &str, items: &[String], close: &str, width: usize) -> Option<String> {
    let line = format!("{open}{}{close}", items.join(", "));
    (line.width() <= width && !line.contains('\n')).then_some(line)
}

fn show_array(array: &Array, style: &Style, show: Show<'_>) -> Bundle {
    if let Some(table) = records(array) {
        return Bundle {
            plain: format!("array of {}\n{}", count(array.len(), "map"), text(&table, style)),
            html: Some(html(&table, style, Header::Brief)),
            latex: Some(latex_shown(&table, style)),
            ..Bundle::default()
        };
    }
    // What is left out is not written either: an array may hold a million values.
    let most = style.rows.saturating_mul(style.width).max(1);
    let rows = Rows::pick(array.len(), most);
    let items: Vec<String> = rows.shown.iter().map(|i| inline(&array[*i], show)).collect();
    if let Some(line) = one_line("[", &items, "]", style.width).filter(|_| rows.gap.is_none()) {
        return Bundle::text(line);
    }
    let lines = if items.iter().any(|item| item.contains('\n')) {
        items.iter().map(|item| (1, format!("{},", item.replace('\n', "\n  ")))).collect()
    } else {
        filled(&items, style.width.saturating_sub(2))
    };
    let picked = Rows::pick(lines.len(), style.rows);
    let mut out = vec!["[".to_owned()];
    let mut told = 0;
    for (position, line) in picked.shown.iter().enumerate() {
        if picked.hidden_before(position).is_some() {
            let after: usize = picked.shown[position..].iter().map(|l| lines[*l].0).sum();
            out.push(format!("  … {} more", count(array.len() - told - after, "value")));
        }
        told += lines[*line].0;
        out.push(format!("  {}", lines[*line].1));
    }
    if let Some(last) = out.last_mut().filter(|line| line.ends_with(',')) {
        last.pop();
    }
    out.push("]".into());
    Bundle::text(out.join("\n"))
}

/// Items one after the other on lines of `width`: how many a line holds, and the line.
fn filled(items: &[String], width: usize) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some((held, line)) if line.width() + item.width() + 2 <= width => {
                *held += 1;
                line.push(' ');
                line.push_str(item);
                line.push(',');
            }
            _ => lines.push((1, format!("{item},"))),
        }
    }
    lines
}

/// Two maps or more of the same keys, each key's values of one kind: a table.
fn records(array: &Array) -> Option<Table> {
    let maps: Vec<_> = array.iter().map(Dynamic::read_lock::<Map>).collect::<Option<Vec<_>>>()?;
    let first = maps.first().filter(|first| maps.len() > 1 && !first.is_empty())?;
    if maps.iter().any(|map| !map.keys().eq(first.keys())) {
        return None;
    }
    let column = |key: &str| -> Option<Vector> {
        let values: Vec<Dynamic> =
            maps.iter().map(|map| map.get(key).cloned()).collect::<Option<_>>()?;
        crate::convert::to_vector("array", &values).ok()
    };
    let columns: Vec<(String, Vector)> =
        first.keys().map(|key| Some((key.to_string(), column(key)?))).collect::<Option<_>>()?;
    Table::new(columns).ok()
}

/// A key as it is typed.
fn key(name: &str) -> String {
    let word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if word { name.to_owned() } else { format!("{name:?}") }
}

/// What went wrong, where `map` is what `catch (e)` gets when the engine itself fails: an unknown
/// name, a wrong index.
pub(crate) fn failure(map: &Map) -> Option<String> {
    let kind = map.get("error")?.read_lock::<rhai::ImmutableString>()?;
    let whole = kind.starts_with("Error") && map.contains_key("line");
    whole.then(|| map.get("message").map(Dynamic::to_string)).flatten()
}

fn show_map(map: &Map, style: &Style, show: Show<'_>) -> Bundle {
    if let Some(message) = failure(map) {
        return Bundle::text(message);
    }
    let keys: Vec<String> = map.keys().map(|name| key(name)).collect();
    let values: Vec<String> = map.values().map(|value| inline(value, show)).collect();
    let items: Vec<String> =
        keys.iter().zip(&values).map(|(key, value)| format!("{key}: {value}")).collect();
    let plain = one_line("#{", &items, "}", style.width).unwrap_or_else(|| {
        let width = keys.iter().map(|key| key.width()).max().unwrap_or(0).min(style.width / 3);
        let lines: Vec<String> = keys
            .iter()
            .zip(&values)
            .map(|(key, value)| {
                if value.contains('\n') {
                    return format!("  {key}:\n    {}", value.replace('\n', "\n    "));
                }
                format!("  {key}:{} {value}", " ".repeat(width.saturating_sub(key.width())))
            })
            .collect();
        format!("#{{\n{}\n}}", lines.join(",\n"))
    });
    let rows: String = map
        .iter()
        .map(|(key, value)| {
            let shown = show(value);
            let shown = shown.html.unwrap_or_else(|| escape(&shown.plain).replace('\n', "<br>"));
            format!(
                "<tr><th style=\"text-align:left;vertical-align:top\">{}</th>\
                 <td style=\"text-align:left\">{shown}</td></tr>",
                escape(key)
            )
        })
        .collect();
    let html = format!("<table class=\"esep facts\"><tbody>{rows}</tbody></table>");
    Bundle { plain, html: (!map.is_empty()).then_some(html), ..Bundle::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(value: &Dynamic) -> Bundle {
        plain_value(value, &Style { width: 40, rows: 4, ..Style::default() }, &show)
    }

    fn array(values: impl IntoIterator<Item = Dynamic>) -> Dynamic {
        values.into_iter().collect::<Array>().into()
    }

    #[test]
    fn short_arrays_and_maps_read_as_they_are_typed() {
        assert_eq!(
            show(&array([1.into(), "a".into(), Dynamic::UNIT])).plain,
            "[1, \"a\", missing]"
        );
        let mut map = Map::new();
        map.insert("k".into(), 3.into());
        map.insert("log(x)".into(), 0.5.into());
        let shown = show(&map.into());
        assert_eq!(shown.plain, "#{k: 3, \"log(x)\": 0.5}");
        assert!(shown.html.is_some_and(|html| html.contains("log(x)</th>")));
    }

    #[test]
    fn long_arrays_fill_lines_and_count_what_they_hide() {
        let shown = show(&array((0..100_000).map(Dynamic::from_int))).plain;
        assert!(shown.starts_with("[\n  0, 1, 2,"), "{shown}");
        assert!(shown.ends_with("99999\n]"), "{shown}");
        assert!(shown.lines().all(|line| line.width() <= 40), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let values = |line: &str| line.split(',').filter(|v| !v.trim().is_empty()).count();
        let told: usize = [1, 2, 3, 5].iter().map(|i| values(lines[*i])).sum();
        assert_eq!(lines[4], format!("  … {} values more", 100_000 - told));
    }

    #[test]
    fn maps_that_do_not_fit_a_line_stand_in_lines() {
        let mut map = Map::new();
        map.insert("long_name".into(), "x".repeat(40).into());
        map.insert("b".into(), 1.into());
        let shown = show(&map.into()).plain;
        assert!(shown.contains("  b:         1,\n  long_name: \"xxx"), "{shown}");
    }

    #[test]
    fn maps_of_the_same_keys_read_as_a_table() {
        let record = |i: i64| {
            let mut map = Map::new();
            map.insert("i".into(), i.into());
            map.insert("name".into(), "x".into());
            Dynamic::from(map)
        };
        let shown = show(&array([record(1), record(2)])).plain;
        assert_eq!(shown, "array of 2 maps\ni  name\n─  ────\n1  x\n2  x");
    }
}
