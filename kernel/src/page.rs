//! The page that `--out` writes: one HTML file with nothing outside it.

use std::fmt::Write as _;

use esep_dsl::Bundle;

/// A page in the making.
#[derive(Debug, Default)]
pub struct Page {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Heading(String),
    Prose(String),
    Code(String),
    Text(String),
    Warning(String),
    Error(String),
    Shown(Box<Bundle>),
}

impl Page {
    /// A section begins.
    pub fn heading(&mut self, text: &str) {
        self.parts.push(Part::Heading(text.to_owned()));
    }

    /// A paragraph of the script's own words.
    pub fn prose(&mut self, text: &str) {
        self.parts.push(Part::Prose(text.to_owned()));
    }

    /// The code of a section.
    pub fn code(&mut self, text: &str) {
        self.parts.push(Part::Code(text.to_owned()));
    }

    /// Printed text; pieces that follow each other become one block.
    pub fn text(&mut self, text: &str) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        if let Some(Part::Text(before)) = self.parts.last_mut() {
            before.push('\n');
            before.push_str(text);
        } else {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    /// A warning.
    pub fn warning(&mut self, text: &str) {
        self.parts.push(Part::Warning(text.to_owned()));
    }

    /// An error.
    pub fn error(&mut self, text: &str) {
        self.parts.push(Part::Error(text.to_owned()));
    }

    /// A value on display.
    pub fn show(&mut self, bundle: &Bundle) {
        self.parts.push(Part::Shown(Box::new(bundle.clone())));
    }

    /// The whole document; `about` stands below everything.
    pub fn to_html(&self, title: &str, about: &str) -> String {
        let mut html = String::new();
        // Writing to a string cannot fail, here and below.
        let _ = write!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
             name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
             name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
            escape(title)
        );
        for part in &self.parts {
            let _ = match part {
                Part::Heading(text) => writeln!(html, "<h2>{}</h2>", escape(text)),
                Part::Prose(text) => writeln!(html, "<p>{}</p>", escape(text)),
                Part::Code(text) => writeln!(
                    html,
                    "<details><summary>Code</summary><pre class=\"code\">{}</pre></details>",
                    escape(text)
                ),
                Part::Text(text) => writeln!(html, "<pre>{}</pre>", escape(text)),
                Part::Warning(text) => {
                    writeln!(html, "<pre class=\"warning\" role=\"note\">{}</pre>", escape(text))
                }
                Part::Error(text) => {
                    writeln!(html, "<pre class=\"error\" role=\"alert\">{}</pre>", escape(text))
                }
                Part::Shown(bundle) => writeln!(html, "{}", shown(bundle)),
            };
        }
        let _ = writeln!(html, "<footer>{}</footer>\n</body>\n</html>", escape(about));
        html
    }
}

/// The richest form of a bundle that needs no script: HTML, else the picture, else text.
fn shown(bundle: &Bundle) -> String {
    if let Some(html) = &bundle.html {
        return format!("<div class=\"shown\">{html}</div>");
    }
    if let Some(svg) = &bundle.svg {
        // A picture inside a document goes without its XML declaration.
        let picture = svg.find("<svg").map_or(svg.as_str(), |at| &svg[at..]);
        let words = escape(bundle.plain.lines().next().unwrap_or_default());
        return format!("<figure role=\"img\" aria-label=\"{words}\">{picture}</figure>");
    }
    format!("<pre>{}</pre>", escape(&bundle.plain))
}

/// Escapes text for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Light and dark by the reader's own setting; pictures keep their white ground.
const STYLE: &str = "\
:root { --ink: #1c2430; --faint: #5b6675; --ground: #ffffff; --panel: #f4f6f8; --line: #d8dee5;
  --warn: #8a5300; --warn-ground: #fff6e5; --bad: #a11822; --bad-ground: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --faint: #9aa6b5; --ground: #14181d;
  --panel: #1d232a; --line: #39424d; --warn: #ffc566; --warn-ground: #33280f; --bad: #ff9a9f;
  --bad-ground: #3a1a1d; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1.25rem; color: var(--ink);
  background: var(--ground); font: 16px/1.55 system-ui, \"Segoe UI\", \"Noto Sans\", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1.5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; padding-bottom: 0.3rem;
  border-bottom: 1px solid var(--line); }
p { max-width: 46rem; }
pre { margin: 1rem 0; overflow-x: auto; font: 0.85rem/1.45 ui-monospace, \"DejaVu Sans Mono\",
  \"Liberation Mono\", Menlo, Consolas, monospace; }
pre.code { padding: 0.75rem 1rem; background: var(--panel); border-radius: 6px; }
pre.warning, pre.error { padding: 0.6rem 1rem; border-left: 4px solid; border-radius: 0 6px 6px 0;
  white-space: pre-wrap; }
pre.warning { color: var(--warn); background: var(--warn-ground); }
pre.error { color: var(--bad); background: var(--bad-ground); }
details { margin: 0.75rem 0; color: var(--faint); }
summary { cursor: pointer; font-size: 0.85rem; }
figure { margin: 1.25rem 0; padding: 0.5rem; background: #ffffff; border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; }
figure > svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.shown { margin: 1rem 0; overflow-x: auto; }
.shown table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.shown th, .shown td { padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--line); }
.shown thead th { border-bottom: 2px solid var(--line); }
footer { margin: 3rem 0 1rem; padding-top: 0.75rem; border-top: 1px solid var(--line);
  color: var(--faint); font-size: 0.85rem; }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt; }
  figure, tr, pre.warning, pre.error { break-inside: avoid; } h2 { break-after: avoid; }
  pre { white-space: pre-wrap; } details:not([open]) { display: none; } }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_every_kind_of_output_in_order() {
        let mut page = Page::default();
        page.heading("One & two");
        page.prose("Why.");
        page.code("f(<x>)");
        page.text("a < b");
        page.text("c\n");
        page.warning("careful");
        page.error("error: no");
        page.show(&Bundle { plain: "plain".to_owned(), ..Bundle::default() });
        let svg = Some("<?xml version=\"1.0\"?>\n<svg id=\"p\"></svg>".to_owned());
        page.show(&Bundle { plain: "a \"plot\"".to_owned(), svg, ..Bundle::default() });
        let html = Some("<table></table>".to_owned());
        page.show(&Bundle { plain: "table".to_owned(), html, ..Bundle::default() });
        let text = page.to_html("T <1>", "made by hand");
        let wanted = [
            "<title>T &lt;1&gt;</title>",
            "<h2>One &amp; two</h2>",
            "<p>Why.</p>",
            "f(&lt;x&gt;)",
            "<pre>a &lt; b\nc</pre>",
            "careful",
            "error: no",
            "<pre>plain</pre>",
            "aria-label=\"a &quot;plot&quot;\"><svg id=\"p\">",
            "<div class=\"shown\"><table></table></div>",
            "<footer>made by hand</footer>",
        ];
        let places: Vec<usize> = wanted.iter().map(|part| text.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(!text.contains("<?xml") && !text.contains("http"));
    }
}
