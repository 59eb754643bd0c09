//! A result as a small document: said once, rendered as text, HTML and LaTeX.

use esep_stdlib::Table;
use unicode_width::UnicodeWidthStr;

use super::{Bundle, Style, escape, table};

enum Block {
    Heading(String),
    Text(String),
    Facts(Vec<(String, String)>),
    Table(Box<Table>),
    Warning(String),
    Preformatted(String),
}

/// Builds the display of a result: heading, sentences, facts, tables and warnings, in order.
#[derive(Default)]
pub struct Doc {
    blocks: Vec<Block>,
}

impl Doc {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// A heading.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// A paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Text(text));
        }
        self
    }

    /// Names with their values, one a line.
    #[must_use]
    pub fn facts<N: Into<String>, V: Into<String>>(
        mut self,
        facts: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let facts: Vec<_> = facts.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        if !facts.is_empty() {
            self.blocks.push(Block::Facts(facts));
        }
        self
    }

    /// A table.
    #[must_use]
    pub fn table(mut self, table: &Table) -> Self {
        self.blocks.push(Block::Table(Box::new(table.clone())));
        self
    }

    /// Text whose line breaks and spaces stand.
    #[must_use]
    pub fn preformatted(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Preformatted(text.into()));
        self
    }

    /// Something the reader must know before using the numbers.
    #[must_use]
    pub fn warnings<S: AsRef<str>>(mut self, warnings: &[S]) -> Self {
        self.blocks.extend(warnings.iter().map(|w| Block::Warning(w.as_ref().to_owned())));
        self
    }

    /// All forms of the document.
    pub fn bundle(&self, style: &Style) -> Bundle {
        let plain: Vec<String> = self.blocks.iter().map(|block| plain(block, style)).collect();
        let html: String = self.blocks.iter().map(|block| html(block, style)).collect();
        let tables: Vec<String> = self
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Table(inner) => Some(table::latex_shown(inner, style)),
                _ => None,
            })
            .collect();
        Bundle {
            plain: plain.join("\n\n"),
            html: Some(format!("<div class=\"esep\">{html}</div>")),
            latex: (!tables.is_empty()).then(|| tables.join("\n\n")),
            ..Bundle::default()
        }
    }
}

fn plain(block: &Block, style: &Style) -> String {
    match block {
        Block::Heading(text) => format!("{text}\n{}", "═".repeat(text.width().min(style.width))),
        Block::Text(text) => wrap(text, style.width, ""),
        Block::Facts(facts) => {
            let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
            let lines: Vec<String> = facts
                .iter()
                .map(|(name, value)| {
                    let lead = format!("{name}{}  ", " ".repeat(width - name.width()));
                    // A long value goes on below its beginning, unless its name leaves no room.
                    let indent =
                        " ".repeat(if width + 2 < style.width / 2 { width + 2 } else { 4 });
                    wrap(&(lead + value.as_str()), style.width, &indent)
                })
                .collect();
            lines.join("\n")
        }
        Block::Table(inner) => table::text(inner, style),
        Block::Warning(text) => wrap(&format!("warning: {text}"), style.width, "  "),
        Block::Preformatted(text) => text.clone(),
    }
}

fn html(block: &Block, style: &Style) -> String {
    match block {
        Block::Heading(text) => format!("<h4>{}</h4>", escape(text)),
        Block::Text(text) => format!("<p>{}</p>", escape(text)),
        Block::Facts(facts) => {
            let rows: String = facts
                .iter()
                .map(|(name, value)| {
                    format!(
                        "<tr><th style=\"text-align:left\">{}</th><td style=\"text-align:left\">{}</td></tr>",
                        escape(name),
                        escape(value)
                    )
                })
                .collect();
            format!("<table class=\"esep facts\"><tbody>{rows}</tbody></table>")
        }
        Block::Table(inner) => table::html(inner, style, table::Header::Brief),
        Block::Warning(text) => {
            format!("<p class=\"warning\"><strong>warning:</strong> {}</p>", escape(text))
        }
        Block::Preformatted(text) => format!("<pre>{}</pre>", escape(text)),
    }
}

/// `text` broken at spaces to lines of at most `width`, later lines after `indent`.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            if !line.trim().is_empty()
                && line != indent
                && (line.clone() + word).trim_end().width() > width
            {
                lines.push(line.trim_end().to_owned());
                indent.clone_into(&mut line);
            }
            line += word;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_wrap_at_spaces() {
        assert_eq!(wrap("aaa bbb ccc", 7, "  "), "aaa bbb\n  ccc");
    }

    #[test]
    fn every_form_carries_the_warning() {
        let doc = Doc::new().heading("Title").facts([("k", "3")]).warnings(&["doubtful"]);
        let bundle = doc.bundle(&Style::default());
        assert!(bundle.plain.contains("warning: doubtful"));
        assert!(bundle.html.is_some_and(|html| html.contains("doubtful")));
    }
}
