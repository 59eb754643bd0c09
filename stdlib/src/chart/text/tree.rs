//! A tree in box-drawing characters, one row per leaf.
//!
//! A stem drawn on any row of its own cluster is unambiguous: beyond the cluster's height no
//! other branch runs through those rows. So positions between leaves are rounded to rows.

use super::{Sketch, column, fit, ruler, value};
use crate::chart::grammar::Channel;
use crate::chart::scale::Trained;

const RIGHT: u8 = 1;
const LEFT: u8 = 2;
const DOWN: u8 = 4;
const UP: u8 = 8;

/// Box-drawing characters by the sides they join.
const BOXES: [char; 16] =
    [' ', '╶', '╴', '─', '╷', '┌', '┐', '┬', '╵', '└', '┘', '┴', '│', '├', '┤', '┼'];

/// The branches at the left, the names of the leaves at the right.
pub fn lines(sketch: &Sketch) -> Vec<String> {
    let Trained::Band { names } = &sketch.training.y else { return Vec::new() };
    let label = names.iter().map(|n| n.chars().count()).max().unwrap_or(1);
    let label = label.min(sketch.width / 3);
    let width = sketch.width - label - 1;
    let mut grid = vec![vec![0u8; width]; names.len()];
    let last = names.len() - 1;
    for layer in &sketch.chart.layers {
        for index in 0..layer.rows() {
            let x = |channel| value(&sketch.training.x, layer.field(channel), index);
            let y = |channel| value(&sketch.training.y, layer.field(channel), index);
            let (Some(x0), Some(y0)) = (x(Channel::X), y(Channel::Y)) else { continue };
            let (x1, y1) = (x(Channel::X2).unwrap_or(x0), y(Channel::Y2).unwrap_or(y0));
            let place = |x: f64| column(&sketch.training.x, x, width, sketch.chart.x.reverse);
            let row = |y: f64| (y.round() as usize).min(last);
            if row(y0) == row(y1) && y0 == y1 {
                let (from, to) = (place(x0).min(place(x1)), place(x0).max(place(x1)));
                for (at, cell) in grid[row(y0)][from..=to].iter_mut().enumerate() {
                    *cell |= if at > 0 { LEFT } else { 0 };
                    *cell |= if from + at < to { RIGHT } else { 0 };
                }
            } else {
                let at = place(x0);
                let (from, to) = (row(y0.min(y1)), row(y0.max(y1)));
                for (row, line) in grid[from..=to].iter_mut().enumerate() {
                    line[at] |= if row > 0 { UP } else { 0 };
                    line[at] |= if from + row < to { DOWN } else { 0 };
                }
            }
        }
    }
    let cuts: Vec<usize> = sketch
        .chart
        .references
        .iter()
        .filter(|r| r.channel == Channel::X && sketch.training.x.holds(r.at))
        .map(|r| column(&sketch.training.x, r.at, width, sketch.chart.x.reverse))
        .collect();
    let mut lines: Vec<String> = grid
        .iter()
        .zip(names.iter())
        .map(|(line, name)| {
            let branches: String = line
                .iter()
                .enumerate()
                .map(|(at, cell)| match (cell, cuts.contains(&at)) {
                    (0, true) => '┊',
                    (3, true) => '┼',
                    _ => BOXES[usize::from(*cell)],
                })
                .collect();
            format!("{branches} {}", fit(name, label))
        })
        .collect();
    let (reverse, percent) = (sketch.chart.x.reverse, sketch.chart.x.percent);
    lines.push(ruler(&sketch.training.x, width, reverse, percent));
    lines.push(sketch.title(Channel::X));
    lines
}
