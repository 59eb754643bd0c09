//! A chart as text for a terminal: bars and dots in rows, points and lines on a grid, trees in
//! box-drawing characters, cell maps in shades.

mod grid;
mod rows;
mod tree;

use super::axes;
use super::grammar::{Channel, Chart, Field, Layer, Mark};
use super::scale::{Trained, number};
use super::train::{ColourScale, Training, train};
use crate::error::Result;

/// One sign per colour category, in the order of the palette.
pub(super) const SIGNS: [char; 8] = ['●', '▲', '■', '◆', '○', '△', '□', '◇'];

/// `chart` in lines of at most `width` characters (at least 40).
pub fn write(chart: &Chart, width: usize) -> Result<String> {
    let training = train(chart)?;
    let width = width.max(40);
    let sketch = Sketch { chart, training: &training, width };
    let mut lines: Vec<String> = Vec::new();
    lines.extend(chart.title.iter().cloned());
    lines.extend(chart.subtitle.iter().cloned());
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let all = |mark: Mark| chart.layers.iter().all(|layer| layer.mark == mark);
    let histogram = chart
        .layers
        .iter()
        .all(|layer| layer.mark == Mark::Bar && layer.field(Channel::X2).is_some());
    if all(Mark::Segment) && training.y.is_band() {
        lines.extend(tree::lines(&sketch));
    } else if all(Mark::Rect) {
        lines.extend(rows::cells(&sketch));
    } else if training.x.is_band() != training.y.is_band() || histogram {
        lines.extend(rows::lines(&sketch));
    } else {
        lines.extend(grid::lines(&sketch));
    }
    lines.extend(sketch.legend());
    lines.extend(chart.references.iter().map(|reference| {
        let axis = if reference.channel == Channel::X { "x" } else { "y" };
        let at = number(reference.at);
        // Captions mostly name the value; where one does not, it is added.
        if reference.caption.contains(&at) {
            format!("line: {}", reference.caption)
        } else {
            format!("line at {axis} = {at}: {}", reference.caption)
        }
    }));
    lines.extend(chart.caption.iter().cloned());
    let lines: Vec<String> = lines.iter().flat_map(|line| wrap(line.trim_end(), width)).collect();
    Ok(lines.join("\n"))
}

/// What the forms share.
struct Sketch<'a> {
    chart: &'a Chart,
    training: &'a Training,
    width: usize,
}

impl Sketch<'_> {
    /// Sign of `row` by its colour category.
    fn sign(&self, layer: &Layer, row: usize) -> char {
        let index = layer
            .field(Channel::Colour)
            .and_then(|field| field.values.text(row))
            .and_then(|name| self.training.colour.index(name));
        SIGNS[index.unwrap_or(0) % SIGNS.len()]
    }

    fn legend(&self) -> Option<String> {
        let ColourScale::Categories(entries) = &self.training.colour else { return None };
        let entries = entries.iter().enumerate();
        let named = entries.map(|(i, (name, _))| format!("{} {name}", SIGNS[i % SIGNS.len()]));
        Some(named.collect::<Vec<_>>().join("   "))
    }

    fn title(&self, channel: Channel) -> String {
        axes::title(self.chart, channel)
    }
}

/// The value of `row` on `axis`: categories by their position.
fn value(axis: &Trained, field: Option<&Field>, row: usize) -> Option<f64> {
    let values = &field?.values;
    match values.text(row) {
        Some(name) => axis.index(name).map(|index| index as f64),
        None => values.number(row),
    }
}

/// `text` cut or padded on the right to `width` characters.
fn fit(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return format!("{text}{}", " ".repeat(width - count));
    }
    let cut: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// The scale under a plot `width` characters wide: ticks where they fit.
fn ruler(axis: &Trained, width: usize, reverse: bool, percent: bool) -> String {
    let mut line = vec![' '; width];
    let mut free = 0;
    let mut ticks: Vec<(usize, String)> = axis
        .ticks((width / 12).clamp(2, 8), percent)
        .into_iter()
        .map(|tick| (column(axis, tick.at, width, reverse), tick.label))
        .collect();
    ticks.sort_by_key(|(at, _)| *at);
    for (at, label) in ticks {
        let letters: Vec<char> = label.chars().collect();
        let start = at.saturating_sub(letters.len() / 2).min(width.saturating_sub(letters.len()));
        if start < free || letters.len() > width {
            continue;
        }
        line[start..start + letters.len()].copy_from_slice(&letters);
        free = start + letters.len() + 1;
    }
    line.into_iter().collect()
}

/// Column of `value` among `width`.
fn column(axis: &Trained, value: f64, width: usize, reverse: bool) -> usize {
    let share = axis.share(value).clamp(0.0, 1.0);
    let share = if reverse { 1.0 - share } else { share };
    (share * (width as f64 - 1.0)).round() as usize
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let count = line.chars().count() + word.chars().count() + 1;
        if !line.is_empty() && count > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
