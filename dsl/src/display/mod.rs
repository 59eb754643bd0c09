//! How results look: one bundle of forms, from which a front-end picks.

mod doc;
pub mod number;
mod table;

pub use doc::Doc;
pub use table::{
    html as table_html, latex as table_latex, markdown as table_markdown, text as table_text,
};

use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::Value;

/// One result in every form it has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bundle {
    /// Plain text, for terminals and logs; always there.
    pub plain: String,
    /// HTML fragment.
    pub html: Option<String>,
    /// SVG picture.
    pub svg: Option<String>,
    /// Vega-Lite (version 5) specification.
    pub vega_lite: Option<Value>,
    /// LaTeX.
    pub latex: Option<String>,
}

impl Bundle {
    /// A bundle of plain text alone.
    pub fn text(plain: impl Into<String>) -> Self {
        Self { plain: plain.into(), ..Self::default() }
    }

    /// The bundle as a Jupyter `data` object: MIME type to content.
    pub fn mime(&self) -> serde_json::Map<String, Value> {
        let mut data = serde_json::Map::new();
        data.insert("text/plain".into(), self.plain.clone().into());
        let texts =
            [("text/html", &self.html), ("image/svg+xml", &self.svg), ("text/latex", &self.latex)];
        for (kind, text) in texts {
            if let Some(text) = text {
                data.insert(kind.into(), text.clone().into());
            }
        }
        if let Some(spec) = &self.vega_lite {
            data.insert("application/vnd.vegalite.v5+json".into(), spec.clone());
        }
        data
    }
}

/// What a display may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of text that fit.
    pub width: usize,
    /// Rows of a table shown before its middle is left out.
    pub rows: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 100, rows: 30 }
    }
}

/// Escapes text for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The form of values that have no type of their own here: numbers, texts, arrays and maps.
pub(crate) fn plain_value(value: &Dynamic, show: &dyn Fn(&Dynamic) -> Bundle) -> Bundle {
    if value.is_unit() {
        return Bundle::text("missing");
    }
    if let Ok(x) = value.as_float() {
        return Bundle::text(number::float(x));
    }
    if let Some(array) = value.read_lock::<Array>() {
        let items: Vec<String> = array.iter().map(|item| inline(item, show)).collect();
        return Bundle::text(bracketed("[", &items, "]"));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let items: Vec<String> =
            map.iter().map(|(key, item)| format!("{key}: {}", inline(item, show))).collect();
        return Bundle::text(bracketed("#{", &items, "}"));
    }
    if value.is::<FnPtr>() {
        return Bundle::text("closure");
    }
    Bundle::text(value.to_string())
}

/// A value inside an array or map: texts in quotes.
fn inline(value: &Dynamic, show: &dyn Fn(&Dynamic) -> Bundle) -> String {
    if value.is_string() { format!("{value:?}") } else { show(value).plain }
}

/// Items on one line if they fit, else one a line.
fn bracketed(open: &str, items: &[String], close: &str) -> String {
    let one_line = format!("{open}{}{close}", items.join(", "));
    if one_line.chars().count() <= 100 && !one_line.contains('\n') {
        return one_line;
    }
    let lines: Vec<String> =
        items.iter().map(|item| format!("  {}", item.replace('\n', "\n  "))).collect();
    format!("{open}\n{}\n{close}", lines.join(",\n"))
}
