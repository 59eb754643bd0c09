//! Axis titles, ticks and grid.

use indexmap::IndexSet;

use super::font::{self, Weight};
use super::grammar::{Anchor, Channel, Chart, Field, Layer, Mark};
use super::layout::{Frame, LABEL, Plan, SUBTITLE};
use super::palette::{GRID, LINE, QUIET, TEXT};
use super::scale::{Tick, Trained};
use super::scene::{Item, MIDDLE, Part, Rect, Stroke, Text};
use super::train::Training;

/// Least distance between neighbouring tick labels.
const GAP: f64 = 6.0;
/// Line height of tick labels.
const ROW: f64 = LABEL * 1.25;

/// How the labels under the plot are written.
#[derive(Debug, Clone, PartialEq)]
pub struct XLabels {
    /// 0 upright, else degrees clockwise.
    pub angle: f64,
    /// One label per tick, in lines.
    pub lines: Vec<Vec<String>>,
    /// Height they take.
    pub height: f64,
}

/// Title of the axis of `channel`: the axis's own, else that of its first field.
pub fn title(chart: &Chart, channel: Channel) -> String {
    let axis = chart.axis(channel);
    if let Some(title) = &axis.title {
        return title.clone();
    }
    chart
        .layers
        .iter()
        .find_map(|layer| layer.field(channel))
        .map_or_else(String::new, Field::title)
}

/// `text` in at most two lines of `room` pixels.
pub fn title_lines(text: &str, room: f64) -> Vec<String> {
    let lines = font::wrap(text, SUBTITLE, Weight::Regular, room);
    let shorten = |line: &String| font::shorten(line, SUBTITLE, Weight::Regular, room);
    match lines.len() {
        0..=2 => lines.iter().map(shorten).collect(),
        _ => vec![shorten(&lines[0]), shorten(&lines[1..].join(" "))],
    }
}

/// Ticks of the vertical axis for a plot `height` pixels high, and the width of their labels.
pub fn y_ticks(chart: &Chart, training: &Training, height: f64, most: f64) -> (Vec<Tick>, f64) {
    if chart.y.hidden {
        return (Vec::new(), 0.0);
    }
    let mut ticks = training.y.ticks((height / 55.0).clamp(2.0, 10.0) as usize, chart.y.percent);
    if let Trained::Band { names } = &training.y {
        let step = height / names.len() as f64;
        let stride = ((ROW - 1.5) / step).ceil().max(1.0) as usize;
        ticks = ticks.into_iter().step_by(stride).collect();
    } else {
        let frame_height =
            |a: &Tick, b: &Tick| (training.y.share(a.at) - training.y.share(b.at)).abs() * height;
        thin(&mut ticks, |a, b| frame_height(a, b) >= ROW);
    }
    for tick in &mut ticks {
        tick.label = font::shorten(&tick.label, LABEL, Weight::Regular, most);
    }
    let width = ticks
        .iter()
        .map(|tick| font::width(&tick.label, LABEL, Weight::Regular))
        .fold(0.0, f64::max);
    (ticks, width)
}

/// Width of the vertical axis between its title and the plot.
pub fn y_label_space(chart: &Chart, labels: f64) -> f64 {
    if chart.y.hidden { 2.0 } else { labels + 12.0 }
}

/// Drops every label that stands too near the one before it.
fn thin(ticks: &mut Vec<Tick>, apart: impl Fn(&Tick, &Tick) -> bool) {
    let mut kept: Vec<Tick> = Vec::new();
    for tick in ticks.drain(..) {
        if kept.last().is_none_or(|last| apart(last, &tick)) {
            kept.push(tick);
        }
    }
    *ticks = kept;
}

/// Ticks of the horizontal axis and how their labels fit under `plot`.
pub fn x_ticks(chart: &Chart, training: &Training, plot: Rect) -> (Vec<Tick>, XLabels) {
    let upright = |ticks: &[Tick]| XLabels {
        angle: 0.0,
        lines: ticks.iter().map(|tick| vec![tick.label.clone()]).collect(),
        height: ROW,
    };
    if chart.x.hidden {
        return (Vec::new(), XLabels { angle: 0.0, lines: Vec::new(), height: 0.0 });
    }
    let frame = Frame { chart, training, plot };
    let fits = |ticks: &[Tick]| {
        ticks.windows(2).all(|pair| {
            let [a, b] = [&pair[0], &pair[1]];
            let width = |t: &Tick| font::width(&t.label, LABEL, Weight::Regular);
            (frame.px(b.at) - frame.px(a.at)).abs() >= f64::midpoint(width(a), width(b)) + GAP
        })
    };
    let Trained::Band { names } = &training.x else {
        let most = (plot.width / 75.0).clamp(2.0, 12.0) as usize;
        for count in (1..=most).rev() {
            let ticks = training.x.ticks(count, chart.x.percent);
            if fits(&ticks) {
                let labels = upright(&ticks);
                return (ticks, labels);
            }
        }
        let mut ticks = training.x.ticks(2, chart.x.percent);
        ticks.truncate(1);
        let labels = upright(&ticks);
        return (ticks, labels);
    };
    let ticks = training.x.ticks(names.len(), false);
    if fits(&ticks) {
        let labels = upright(&ticks);
        return (ticks, labels);
    }
    let step = plot.width / names.len() as f64;
    if let Some(lines) = wrapped(names, step - GAP) {
        let rows = lines.iter().map(Vec::len).max().unwrap_or(1);
        return (ticks, XLabels { angle: 0.0, lines, height: rows as f64 * ROW });
    }
    slanted(&frame, ticks, step)
}

/// Category names in up to three lines of `room` pixels, if all of them fit.
fn wrapped(names: &IndexSet<String>, room: f64) -> Option<Vec<Vec<String>>> {
    names
        .iter()
        .map(|name| {
            let lines = font::wrap(name, LABEL, Weight::Regular, room);
            let narrow = lines.iter().all(|line| font::width(line, LABEL, Weight::Regular) <= room);
            (narrow && lines.len() <= 3).then_some(lines)
        })
        .collect()
}

/// Labels at 45 degrees, or upright on their sides where categories are too close for that.
fn slanted(frame: &Frame, ticks: Vec<Tick>, step: f64) -> (Vec<Tick>, XLabels) {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let (angle, need) = if step * half >= ROW { (-45.0, ROW / half) } else { (-90.0, ROW) };
    let stride = (need / step).ceil().max(1.0) as usize;
    let ticks: Vec<Tick> = ticks.into_iter().step_by(stride).collect();
    let longest = (frame.plot.height * 0.55).clamp(50.0, 170.0);
    let lines: Vec<Vec<String>> = ticks
        .iter()
        .map(|tick| {
            // A slanted label must not run off the left edge.
            let room = if angle == -45.0 { (frame.px(tick.at) - 4.0) / half } else { longest };
            vec![font::shorten(&tick.label, LABEL, Weight::Regular, longest.min(room))]
        })
        .collect();
    let widest =
        lines.iter().map(|l| font::width(&l[0], LABEL, Weight::Regular)).fold(0.0, f64::max);
    let height = if angle == -45.0 { (widest + LABEL) * half } else { widest };
    (ticks, XLabels { angle, lines, height })
}

/// Draws grid, axis lines, tick labels and axis titles.
pub fn draw(frame: &Frame, plan: &Plan, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let cells = frame.chart.layers.iter().all(|layer: &Layer| layer.mark == Mark::Rect);
    let dotted =
        frame.chart.layers.iter().any(|layer| matches!(layer.mark, Mark::Point | Mark::Interval));
    let grid = |points| Item::line(Part::Grid, points, Stroke::new(GRID, 1.0));
    for tick in &plan.x_ticks {
        if !(frame.training.x.is_band() || cells) {
            let x = frame.px(tick.at);
            items.push(grid(vec![(x, plot.y), (x, plot.bottom())]));
        }
    }
    for tick in &plan.y_ticks {
        if !cells && (!frame.training.y.is_band() || dotted) {
            let y = frame.py(tick.at);
            items.push(grid(vec![(plot.x, y), (plot.right(), y)]));
        }
    }
    draw_zero(frame, items);
    draw_x(frame, plan, items);
    draw_y(frame, plan, items);
}

/// A darker line at zero where a numeric axis passes it.
fn draw_zero(frame: &Frame, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let stroke = Stroke::new(LINE, 1.0);
    let linear = |scale: &Trained| matches!(scale, Trained::Linear { .. }) && scale.holds(0.0);
    if linear(&frame.training.x) && !frame.chart.x.hidden {
        let x = frame.px(0.0);
        items.push(Item::line(Part::XAxis, vec![(x, plot.y), (x, plot.bottom())], stroke));
    }
    if linear(&frame.training.y) && !frame.chart.y.hidden {
        let y = frame.py(0.0);
        items.push(Item::line(Part::YAxis, vec![(plot.x, y), (plot.right(), y)], stroke));
    }
}

fn draw_x(frame: &Frame, plan: &Plan, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let stroke = Stroke::new(LINE, 1.0);
    for (tick, lines) in plan.x_ticks.iter().zip(&plan.x_labels.lines) {
        let x = frame.px(tick.at);
        if !frame.training.x.is_band() {
            let mark = vec![(x, plot.bottom()), (x, plot.bottom() + 4.0)];
            items.push(Item::line(Part::XAxis, mark, stroke));
        }
        for (row, line) in lines.iter().enumerate() {
            let y = plot.bottom() + 7.0;
            let text = if plan.x_labels.angle == 0.0 {
                Text::new(line.clone(), (x, y + LABEL * 0.8 + row as f64 * ROW), LABEL)
                    .anchored(Anchor::Middle)
            } else {
                let mut text =
                    Text::new(line.clone(), (x + LABEL * MIDDLE, y), LABEL).anchored(Anchor::End);
                text.angle = plan.x_labels.angle;
                if text.angle == -45.0 {
                    text.at.1 += LABEL * MIDDLE;
                }
                text
            };
            items.push(Item::text(Part::XAxis, text, TEXT));
        }
    }
    let below = if frame.chart.x.hidden { 4.0 } else { plan.x_labels.height + 9.0 };
    for (row, line) in plan.x_title.iter().enumerate() {
        let y = plot.bottom() + below + SUBTITLE * (1.0 + row as f64 * 1.3);
        let text = Text::new(line.clone(), (plot.x + plot.width / 2.0, y), SUBTITLE)
            .anchored(Anchor::Middle);
        items.push(Item::text(Part::XAxis, text, QUIET));
    }
}

fn draw_y(frame: &Frame, plan: &Plan, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let right = frame.chart.y.right;
    let edge = if right { plot.right() + 6.0 } else { plot.x - 6.0 };
    for tick in &plan.y_ticks {
        let y = frame.py(tick.at) + LABEL * MIDDLE;
        let anchor = if right { Anchor::Start } else { Anchor::End };
        let text = Text::new(tick.label.clone(), (edge, y), LABEL).anchored(anchor);
        items.push(Item::text(Part::YAxis, text, TEXT));
    }
    let labels = y_label_space(frame.chart, plan.y_label_width);
    let rows = plan.y_title.len() as f64;
    for (row, line) in plan.y_title.iter().enumerate() {
        let row = row as f64;
        let x = if right {
            plot.right() + labels + SUBTITLE * (1.0 + 1.3 * row)
        } else {
            plot.x - labels - SUBTITLE * (1.3 * (rows - 1.0 - row) + 0.3)
        };
        let mut text = Text::new(line.clone(), (x, plot.y + plot.height / 2.0), SUBTITLE)
            .anchored(Anchor::Middle);
        text.angle = -90.0;
        items.push(Item::text(Part::YAxis, text, QUIET));
    }
}
