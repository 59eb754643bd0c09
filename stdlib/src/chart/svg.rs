//! A drawing as SVG: text stays text, and a screen reader finds a title and a description.

use std::fmt::Write as _;

use super::font::{FAMILIES, Weight};
use super::grammar::Anchor;
use super::palette::WHITE;
use super::scene::{Item, Paint, Part, Point, Scene, Shape, Stroke, Text};

/// `scene` as one self-contained SVG element.
pub fn write(scene: &Scene) -> String {
    let mut out = String::with_capacity(1024 + scene.items.len() * 120);
    let (w, h) = (num(scene.width), num(scene.height));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\" font-family=\"{FAMILIES}\">",
        escape(&scene.title),
    );
    let _ = writeln!(out, "<title>{}</title>", escape(&scene.title));
    let _ = writeln!(out, "<desc>{}</desc>", escape(&scene.description));
    let _ = writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", WHITE.hex());
    let mut group: Option<Part> = None;
    for item in &scene.items {
        if group != Some(item.part) {
            if group.is_some() {
                out.push_str("</g>\n");
            }
            let _ = writeln!(out, "<g class=\"{}\">", class(item.part));
            group = Some(item.part);
        }
        write_item(&mut out, item);
    }
    if group.is_some() {
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn class(part: Part) -> &'static str {
    match part {
        Part::Grid => "grid",
        Part::XAxis => "x-axis",
        Part::YAxis => "y-axis",
        Part::Mark => "marks",
        Part::Label => "labels",
        Part::Reference => "references",
        Part::Legend => "legend",
        Part::Title => "titles",
    }
}

fn write_item(out: &mut String, item: &Item) {
    if let Some(clip) = item.clip {
        // A nested viewport clips without an identifier that could clash within one page.
        let (x, y, w, h) = (num(clip.x), num(clip.y), num(clip.width), num(clip.height));
        let _ = write!(
            out,
            "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\">"
        );
    }
    match &item.shape {
        Shape::Path { points, closed } => {
            let _ = write!(out, "<path d=\"{}\"", path(points, *closed));
            write_paint(out, item);
            close(out, "path", item);
        }
        Shape::Circle { centre, radius } => {
            let (x, y, r) = (num(centre.0), num(centre.1), num(*radius));
            let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"");
            write_paint(out, item);
            close(out, "circle", item);
        }
        Shape::Text(text) => write_text(out, text, item),
    }
    if item.clip.is_some() {
        out.push_str("</svg>");
    }
    out.push('\n');
}

fn close(out: &mut String, tag: &str, item: &Item) {
    match &item.tooltip {
        Some(tooltip) => {
            let _ = write!(out, "><title>{}</title></{tag}>", escape(tooltip));
        }
        None => out.push_str("/>"),
    }
}

fn write_text(out: &mut String, text: &Text, item: &Item) {
    let (x, y) = (num(text.at.0), num(text.at.1));
    let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", num(text.size));
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    if text.weight == Weight::Bold {
        out.push_str(" font-weight=\"bold\"");
    }
    if text.angle != 0.0 {
        let _ = write!(out, " transform=\"rotate({} {x} {y})\"", num(text.angle));
    }
    if text.halo {
        let _ = write!(
            out,
            " paint-order=\"stroke\" stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\"",
            WHITE.hex()
        );
    }
    if let Some(fill) = item.fill {
        write_fill(out, fill);
    }
    let _ = write!(out, ">{}", escape(&text.text));
    if let Some(tooltip) = &item.tooltip {
        let _ = write!(out, "<title>{}</title>", escape(tooltip));
    }
    out.push_str("</text>");
}

fn write_paint(out: &mut String, item: &Item) {
    match item.fill {
        Some(fill) => write_fill(out, fill),
        None => out.push_str(" fill=\"none\""),
    }
    if let Some(Stroke { paint, width, dash }) = item.stroke {
        let _ = write!(out, " stroke=\"{}\" stroke-width=\"{}\"", paint.colour.hex(), num(width));
        if paint.opacity < 1.0 {
            let _ = write!(out, " stroke-opacity=\"{}\"", num(paint.opacity));
        }
        if let Some((on, off)) = dash {
            let _ = write!(out, " stroke-dasharray=\"{} {}\"", num(on), num(off));
        }
        if matches!(&item.shape, Shape::Path { points, .. } if points.len() > 2) {
            out.push_str(" stroke-linejoin=\"round\"");
        }
    }
}

fn write_fill(out: &mut String, fill: Paint) {
    let _ = write!(out, " fill=\"{}\"", fill.colour.hex());
    if fill.opacity < 1.0 {
        let _ = write!(out, " fill-opacity=\"{}\"", num(fill.opacity));
    }
}

fn path(points: &[Point], closed: bool) -> String {
    let mut d = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, num(*x), num(*y));
    }
    if closed {
        d.push('Z');
    }
    d
}

/// A coordinate to hundredths, without a trailing zero.
fn num(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as XML content; characters that XML cannot hold are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_markup_is_escaped() {
        assert_eq!(escape("a < b & \"c\" \u{1}"), "a &lt; b &amp; &quot;c&quot; ");
        assert_eq!(num(-0.001), "0");
        assert_eq!(num(12.30), "12.3");
    }
}
