//! Points and lines between two numeric (or two category) axes on a grid of characters.

use super::{Sketch, column, fit, ruler, value};
use crate::chart::grammar::{Channel, Layer, Mark};

const HEIGHT: usize = 18;

/// The plotting area with its vertical scale at the left.
pub fn lines(sketch: &Sketch) -> Vec<String> {
    let training = sketch.training;
    let ticks = training.y.ticks(5, sketch.chart.y.percent);
    let label = ticks.iter().map(|t| t.label.chars().count()).max().unwrap_or(1);
    let label = label.min(sketch.width / 3);
    let width = sketch.width - label - 2;
    let mut grid = vec![vec![' '; width]; HEIGHT];
    let down = training.y.is_band() != sketch.chart.y.reverse;
    let row = |value: f64| {
        let share = training.y.share(value).clamp(0.0, 1.0);
        ((if down { share } else { 1.0 - share }) * (HEIGHT as f64 - 1.0)).round() as usize
    };
    for reference in &sketch.chart.references {
        if reference.channel == Channel::X && training.x.holds(reference.at) {
            let at = column(&training.x, reference.at, width, sketch.chart.x.reverse);
            grid.iter_mut().for_each(|line| line[at] = '┊');
        } else if reference.channel == Channel::Y && training.y.holds(reference.at) {
            grid[row(reference.at)].fill('┄');
        }
    }
    for layer in &sketch.chart.layers {
        draw(sketch, layer, width, &row, &mut grid);
    }
    let mut names = vec![String::new(); HEIGHT];
    for tick in ticks {
        names[row(tick.at)] = tick.label;
    }
    let mut out = Vec::with_capacity(HEIGHT + 4);
    let title = sketch.title(Channel::Y);
    if !title.is_empty() {
        out.push(title);
    }
    for (name, line) in names.iter().zip(grid) {
        let pad = label.saturating_sub(name.chars().count());
        let edge = if name.is_empty() { '│' } else { '┤' };
        let marks: String = line.into_iter().collect();
        out.push(format!("{}{} {edge}{marks}", " ".repeat(pad), fit(name, label - pad)));
    }
    out.push(format!("{} └{}", " ".repeat(label), "─".repeat(width)));
    let (reverse, percent) = (sketch.chart.x.reverse, sketch.chart.x.percent);
    out.push(format!("{}  {}", " ".repeat(label), ruler(&training.x, width, reverse, percent)));
    let title = sketch.title(Channel::X);
    if !title.is_empty() {
        out.push(format!("{}  {title}", " ".repeat(label)));
    }
    out
}

fn draw(
    sketch: &Sketch,
    layer: &Layer,
    width: usize,
    row: &dyn Fn(f64) -> usize,
    grid: &mut [Vec<char>],
) {
    let training = sketch.training;
    let place = |index: usize, x: Channel, y: Channel| {
        let x = value(&training.x, layer.field(x), index)?;
        let y = value(&training.y, layer.field(y), index)?;
        Some((column(&training.x, x, width, sketch.chart.x.reverse), row(y)))
    };
    let mut last: Vec<(Option<String>, (usize, usize))> = Vec::new();
    for index in 0..layer.rows() {
        let group =
            layer.field(Channel::Colour).and_then(|f| f.values.text(index)).map(str::to_owned);
        let sign = sketch.sign(layer, index);
        let Some(here) = place(index, Channel::X, Channel::Y) else {
            last.retain(|(other, _)| *other != group);
            continue;
        };
        match layer.mark {
            Mark::Line => {
                let before = last.iter().position(|(other, _)| *other == group);
                match before {
                    Some(i) => {
                        join(grid, last[i].1, here);
                        last[i].1 = here;
                    }
                    None => last.push((group, here)),
                }
                grid[here.1][here.0] = sign;
            }
            Mark::Segment | Mark::Interval => {
                let x2 = if layer.field(Channel::X2).is_some() { Channel::X2 } else { Channel::X };
                let y2 = if layer.field(Channel::Y2).is_some() { Channel::Y2 } else { Channel::Y };
                if let Some(end) = place(index, x2, y2) {
                    join(grid, here, end);
                }
            }
            Mark::Bar => {
                let base = row(0.0);
                for line in &mut grid[here.1.min(base)..=here.1.max(base)] {
                    line[here.0] = '█';
                }
            }
            Mark::Area => {
                let base = place(index, Channel::X, Channel::Y2).map_or(row(0.0), |end| end.1);
                for line in &mut grid[here.1.min(base)..=here.1.max(base)] {
                    if line[here.0] == ' ' {
                        line[here.0] = '░';
                    }
                }
            }
            Mark::Text => {}
            _ => grid[here.1][here.0] = sign,
        }
    }
}

/// Dots along the straight way between two places, where nothing stands yet.
fn join(grid: &mut [Vec<char>], from: (usize, usize), to: (usize, usize)) {
    let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
    for step in 1..steps {
        let share = step as f64 / steps as f64;
        let mix = |a: usize, b: usize| (a as f64 + (b as f64 - a as f64) * share).round() as usize;
        let cell = &mut grid[mix(from.1, to.1)][mix(from.0, to.0)];
        if matches!(cell, ' ' | '┄' | '┊') {
            *cell = '·';
        }
    }
}
