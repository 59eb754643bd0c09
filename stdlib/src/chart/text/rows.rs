//! One row of text per category or class.

use super::{Sketch, column, fit, ruler, value};
use crate::chart::grammar::{Channel, Field, Layer, Mark};
use crate::chart::scale::{Trained, number};
use crate::chart::train::ColourScale;

/// Eighths of a block, for bar ends between two characters.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// One row of the sketch: what stands at its left, its marks, and the value at its right.
struct Row {
    name: String,
    marks: Vec<char>,
    value: String,
}

/// Bars, dots and whiskers along the numeric axis, one row per category (or class).
pub fn lines(sketch: &Sketch) -> Vec<String> {
    let sideways = sketch.training.y.is_band();
    let (along, across) =
        if sideways { (Channel::X, Channel::Y) } else { (Channel::Y, Channel::X) };
    let (scale, places) = if sideways {
        (&sketch.training.x, &sketch.training.y)
    } else {
        (&sketch.training.y, &sketch.training.x)
    };
    let names = names(sketch, places);
    let label = names.iter().map(|(_, n)| n.chars().count()).max().unwrap_or(0);
    let label = label.min(sketch.width / 3).max(1);
    let width = sketch.width - label - 2 - 11;
    let mut rows: Vec<Row> = Vec::new();
    for (place, name) in &names {
        let mut first = true;
        for group in groups(sketch) {
            let mut row =
                Row { name: String::new(), marks: vec![' '; width], value: String::new() };
            let mut any = false;
            for layer in &sketch.chart.layers {
                for index in 0..layer.rows() {
                    let here = value(places, layer.field(across), index) == Some(*place);
                    if here && group.as_ref().is_none_or(|g| of_group(layer, index, g)) {
                        any |= draw(sketch, layer, index, along, scale, &mut row);
                    }
                }
            }
            if any || (first && group.is_none()) {
                if first {
                    row.name.clone_from(name);
                }
                first = false;
                for reference in sketch.chart.references.iter().filter(|r| r.channel == along) {
                    let at = column(scale, reference.at, width, false);
                    if scale.holds(reference.at) && row.marks[at] == ' ' {
                        row.marks[at] = '┊';
                    }
                }
                rows.push(row);
            }
        }
    }
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let marks: String = row.marks.into_iter().collect();
            format!("{} │{marks} {}", fit(&row.name, label), row.value)
        })
        .collect();
    let percent = sketch.chart.axis(along).percent;
    lines.push(format!("{} └{}", " ".repeat(label), "─".repeat(width)));
    lines.push(format!("{}  {}", " ".repeat(label), ruler(scale, width, false, percent)));
    let title = sketch.title(along);
    if !title.is_empty() {
        lines.push(format!("{}  {title}", " ".repeat(label)));
    }
    lines
}

/// Positions and names of the rows: categories, or the lower ends of classes.
fn names(sketch: &Sketch, places: &Trained) -> Vec<(f64, String)> {
    if let Trained::Band { names } = places {
        return names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
    }
    let classes = |layer: &Layer| -> Vec<(f64, String)> {
        (0..layer.rows())
            .filter_map(|row| {
                let from = layer.field(Channel::X)?.values.number(row)?;
                let to = layer.field(Channel::X2)?.values.number(row)?;
                Some((from, format!("{} to {}", number(from), number(to))))
            })
            .collect()
    };
    sketch.chart.layers.first().map(classes).unwrap_or_default()
}

/// Colour groups that need rows of their own; one `None` where marks share a row.
fn groups(sketch: &Sketch) -> Vec<Option<String>> {
    let dodged = sketch.chart.layers.iter().any(|layer| layer.style.dodge);
    match &sketch.training.colour {
        ColourScale::Categories(entries) if dodged => {
            entries.iter().map(|(name, _)| Some(name.clone())).collect()
        }
        _ => vec![None],
    }
}

fn of_group(layer: &Layer, row: usize, group: &str) -> bool {
    layer.field(Channel::Colour).is_none_or(|field| field.values.text(row) == Some(group))
}

/// Draws one mark into `row`; answers whether there was one.
fn draw(
    sketch: &Sketch,
    layer: &Layer,
    index: usize,
    along: Channel,
    scale: &Trained,
    row: &mut Row,
) -> bool {
    let Some(at) = value(scale, layer.field(along), index) else { return false };
    let width = row.marks.len();
    let second = if along == Channel::X { Channel::X2 } else { Channel::Y2 };
    let other = value(scale, layer.field(second), index);
    let place = column(scale, at, width, false);
    match layer.mark {
        Mark::Bar => {
            bar(row, scale, other.unwrap_or(0.0), at, sketch.sign(layer, index));
        }
        Mark::Interval | Mark::Segment => {
            let end = column(scale, other.unwrap_or(at), width, false);
            let (from, to) = (place.min(end), place.max(end));
            row.marks[from..=to].fill('─');
            row.marks[from] = '├';
            row.marks[to] = '┤';
            return true;
        }
        Mark::Text => return false,
        _ => row.marks[place] = sketch.sign(layer, index),
    }
    row.value = number(at);
    true
}

/// A bar from `from` to `to`; several categories are told apart by the sign at its end.
fn bar(row: &mut Row, scale: &Trained, from: f64, to: f64, sign: char) {
    let width = row.marks.len() as f64;
    let place = |value: f64| scale.share(value).clamp(0.0, 1.0) * width;
    let (start, end) = (place(from).min(place(to)), place(from).max(place(to)));
    let last = (end.floor() as usize).min(row.marks.len());
    let first = (start.round() as usize).min(last);
    row.marks[first..last].fill('█');
    let rest = ((end - end.floor()) * 8.0).floor() as usize;
    if last < row.marks.len() && rest > 0 && sign == super::SIGNS[0] {
        row.marks[last] = EIGHTHS[rest];
    }
    if sign != super::SIGNS[0] && last > first {
        row.marks[last - 1] = sign;
    }
}

/// A map of cells: sign and shade of each value, columns by number.
pub fn cells(sketch: &Sketch) -> Vec<String> {
    let (Trained::Band { names: columns }, Trained::Band { names: rows }) =
        (&sketch.training.x, &sketch.training.y)
    else {
        return Vec::new();
    };
    let label = rows.iter().map(|n| n.chars().count()).max().unwrap_or(0).min(sketch.width / 3);
    let shown = columns.len().min((sketch.width - label - 1) / 4);
    let mut grid = vec![vec!["   ·".to_owned(); shown]; rows.len()];
    for layer in &sketch.chart.layers {
        for index in 0..layer.rows() {
            let place = |axis, channel| value(axis, layer.field(channel), index);
            let (Some(x), Some(y)) =
                (place(&sketch.training.x, Channel::X), place(&sketch.training.y, Channel::Y))
            else {
                continue;
            };
            if let Some(cell) = grid.get_mut(y as usize).and_then(|row| row.get_mut(x as usize)) {
                *cell = shade(&sketch.training.colour, layer.field(Channel::Colour), index);
            }
        }
    }
    let header: String = (1..=shown).map(|i| format!("{i:>4}")).collect();
    let mut lines = vec![format!("{} {header}", " ".repeat(label))];
    lines.extend(
        rows.iter().zip(&grid).map(|(name, row)| format!("{} {}", fit(name, label), row.concat())),
    );
    let key: Vec<String> = columns
        .iter()
        .take(shown)
        .enumerate()
        .map(|(i, name)| format!("{} {name}", i + 1))
        .collect();
    lines.push(key.join(", "));
    if shown < columns.len() {
        lines.push(format!("{} more columns do not fit.", columns.len() - shown));
    }
    if let ColourScale::Ramp { low, high, middle } = &sketch.training.colour {
        let sign = if middle.is_some() { ", − below the middle" } else { "" };
        lines.push(format!(
            "░ ▒ ▓ █ from {} to {}{sign}",
            number(middle.unwrap_or(*low)),
            number(*high)
        ));
    }
    lines
}

fn shade(colour: &ColourScale, field: Option<&Field>, row: usize) -> String {
    let value = field.and_then(|field| field.values.number(row));
    let (Some(value), ColourScale::Ramp { low, high, middle }) = (value, colour) else {
        return "   ·".to_owned();
    };
    let (sign, share) = match middle {
        Some(middle) => {
            let reach = (high - middle).max(middle - low).max(f64::MIN_POSITIVE);
            (if value < *middle { '−' } else { ' ' }, (value - middle).abs() / reach)
        }
        None => (' ', (value - low) / (high - low).max(f64::MIN_POSITIVE)),
    };
    let steps = [' ', '░', '▒', '▓', '█'];
    let step = steps[(share.clamp(0.0, 1.0) * 4.0).round() as usize];
    format!(" {sign}{step}{step}")
}
