//! How results look: one bundle of forms, from which a front-end picks.

mod doc;
pub mod number;
mod table;
mod value;
mod vector;

pub use doc::Doc;
pub use table::{
    Header, bundle as table_bundle, bundle_all as table_whole, html as table_html,
    latex as table_latex, markdown as table_markdown,
};
pub(crate) use value::{failure, plain_value};
pub use vector::bundle as vector_bundle;

use esep_stdlib::Choice;
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
    /// Language of labels from a codebook; the session's, whatever style a front-end sets.
    pub language: Language,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 100, rows: 30, language: Language::default() }
    }
}

/// The language of labels from a codebook or a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
    /// Kazakh.
    Kk,
    /// No labels: the names of columns alone.
    None,
}

impl Choice for Language {
    const ALL: &'static [(&'static str, Self)] =
        &[("en", Self::En), ("ru", Self::Ru), ("kk", Self::Kk), ("none", Self::None)];
}

impl Language {
    /// Its code in a codebook; `"none"` for no labels.
    pub fn code(self) -> &'static str {
        self.name()
    }
}

/// Escapes text for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
