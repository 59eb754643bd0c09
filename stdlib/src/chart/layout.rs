//! Where everything goes: titles above, notes below, the legend outside on the right, and axes
//! whose labels are measured so that no two of them meet.

use super::axes::{self, XLabels};
use super::font::{self, Weight};
use super::grammar::{Anchor, Channel, Chart, Layer, Mark, Size};
use super::labels;
use super::legend::Legend;
use super::marks;
use super::palette::{LINE, QUIET, TEXT, WHITE};
use super::scale::{Tick, Trained};
use super::scene::{Item, Paint, Part, Rect, Scene, Stroke, Text};
use super::train::{Training, train};
use crate::error::Result;

/// Free space along the edges of the picture.
pub const MARGIN: f64 = 14.0;
/// Pixels per em of the title.
pub const TITLE: f64 = 16.0;
/// Pixels per em of the subtitle and axis titles.
pub const SUBTITLE: f64 = 12.0;
/// Pixels per em of tick labels, legends and data labels.
pub const LABEL: f64 = 11.0;
/// Pixels per em of captions.
pub const CAPTION: f64 = 10.5;

/// The plotting area with its scales.
pub struct Frame<'a> {
    /// The chart drawn.
    pub chart: &'a Chart,
    /// Its scales.
    pub training: &'a Training,
    /// Where marks go.
    pub plot: Rect,
}

impl Frame<'_> {
    /// Horizontal pixel of `value`.
    pub fn px(&self, value: f64) -> f64 {
        let share = self.training.x.share(value);
        let share = if self.chart.x.reverse { 1.0 - share } else { share };
        self.plot.x + share * self.plot.width
    }

    /// Vertical pixel of `value`; categories run downwards, numbers upwards.
    pub fn py(&self, value: f64) -> f64 {
        let share = self.training.y.share(value);
        let down = self.training.y.is_band() != self.chart.y.reverse;
        self.plot.y + if down { share } else { 1.0 - share } * self.plot.height
    }

    /// Pixels per category on the axis of `channel`, if it carries categories.
    pub fn band(&self, channel: Channel) -> Option<f64> {
        let (axis, length) = match channel {
            Channel::Y | Channel::Y2 => (&self.training.y, self.plot.height),
            _ => (&self.training.x, self.plot.width),
        };
        match axis {
            Trained::Band { names } => Some(length / names.len() as f64),
            _ => None,
        }
    }
}

/// The size `chart` asks for, or one that fits its content.
pub fn size_of(chart: &Chart, training: &Training) -> Size {
    if let Some(size) = chart.size {
        return size;
    }
    let groups = |channel| {
        let dodged = chart.layers.iter().any(|l| l.style.dodge && l.mark == Mark::Bar);
        let count = match &training.colour {
            super::train::ColourScale::Categories(entries) if dodged => entries.len() as f64,
            _ => 1.0,
        };
        let square = chart.layers.iter().any(|layer| layer.mark == Mark::Rect);
        let row: f64 = if square && channel == Channel::Y { 26.0 } else { 19.0 };
        row.max(count * 13.0 + 8.0)
    };
    // Title, axis and the lines of subtitle and caption stand around the categories.
    let lines = |text: &Option<String>| {
        text.as_ref().map_or(0.0, |text| (text.chars().count() as f64 / 105.0).ceil())
    };
    let around = 115.0 + 16.0 * (lines(&chart.subtitle) + lines(&chart.caption));
    let height = match &training.y {
        Trained::Band { names } => {
            (names.len() as f64 * groups(Channel::Y)).clamp(120.0, 1800.0) + around
        }
        _ => 460.0,
    };
    let width = match &training.x {
        Trained::Band { names } if training.y.is_band() => {
            (names.len() as f64 * 44.0 + 320.0).clamp(480.0, 1600.0)
        }
        Trained::Band { names } => {
            (names.len() as f64 * groups(Channel::X) + 200.0).clamp(760.0, 1600.0)
        }
        _ => 760.0,
    };
    Size::new(width, height)
}

/// Draws `chart` at `size`, or at the size that fits it.
pub fn scene(chart: &Chart, size: Option<Size>) -> Result<Scene> {
    let training = train(chart)?;
    let size = size.unwrap_or_else(|| size_of(chart, &training));
    super::train::check_size(size)?;
    let first = draw(chart, &training, size, 0);
    if first.hidden_labels == 0 {
        return Ok(first.scene);
    }
    // The note about labels left out needs its own line under the plot.
    Ok(draw(chart, &training, size, first.hidden_labels).scene)
}

struct Drawn {
    scene: Scene,
    hidden_labels: usize,
}

/// Lines under the plot: the caption, and what could not be drawn.
fn notes(chart: &Chart, training: &Training, hidden_labels: usize) -> Vec<String> {
    let mut notes: Vec<String> = chart.caption.iter().cloned().collect();
    if training.undrawn > 0 {
        let rows = if training.undrawn == 1 { "row has" } else { "rows have" };
        notes.push(format!("{} {rows} a missing value and no mark.", training.undrawn));
    }
    if hidden_labels > 0 {
        let labels = if hidden_labels == 1 { "label" } else { "labels" };
        notes.push(format!("{hidden_labels} {labels} left out for lack of room."));
    }
    notes
}

fn draw(chart: &Chart, training: &Training, size: Size, hidden_labels: usize) -> Drawn {
    let mut items = Vec::new();
    let inner = size.width - 2.0 * MARGIN;
    let mut top = MARGIN;
    for (text, em, weight, colour) in [
        (&chart.title, TITLE, Weight::Bold, TEXT),
        (&chart.subtitle, SUBTITLE, Weight::Regular, QUIET),
    ] {
        for line in text.iter().flat_map(|text| font::wrap(text, em, weight, inner)) {
            let line = font::shorten(&line, em, weight, inner);
            let mut text = Text::new(line, (MARGIN, top + em * 0.85), em);
            text.weight = weight;
            items.push(Item::text(Part::Title, text, colour));
            top += em * 1.3;
        }
    }
    let mut bottom = size.height - MARGIN;
    let lines: Vec<String> = notes(chart, training, hidden_labels)
        .iter()
        .flat_map(|note| font::wrap(note, CAPTION, Weight::Regular, inner))
        .collect();
    for line in lines.iter().rev() {
        let line = font::shorten(line, CAPTION, Weight::Regular, inner);
        let text = Text::new(line, (MARGIN, bottom - 2.0), CAPTION);
        items.push(Item::text(Part::Title, text, QUIET));
        bottom -= CAPTION * 1.35;
    }
    if !lines.is_empty() {
        bottom -= 4.0;
    }
    let room =
        Rect { x: MARGIN, y: top + 6.0, width: inner, height: (bottom - top - 6.0).max(40.0) };
    let legend = Legend::of(chart, training, inner * 0.34, room.height);
    let plan = Plan::new(chart, training, room, legend.as_ref());
    let frame = Frame { chart, training, plot: plan.plot };
    axes::draw(&frame, &plan, &mut items);
    // Captioned lines go beneath dots, which they would cut, and above bars, which would hide them.
    let slender = |layer: &Layer| {
        matches!(layer.mark, Mark::Point | Mark::Line | Mark::Interval | Mark::Segment)
    };
    if chart.layers.iter().all(slender) {
        draw_references(&frame, &plan, &mut items);
        marks::draw(&frame, &mut items);
    } else {
        marks::draw(&frame, &mut items);
        draw_references(&frame, &plan, &mut items);
    }
    let hidden = labels::draw(&frame, &mut items);
    if let Some(legend) = &legend {
        let x = size.width - MARGIN - legend.width;
        legend.draw((x, plan.plot.y), &mut items);
    }
    let scene = Scene {
        width: size.width,
        height: size.height,
        items,
        title: chart.title.clone().unwrap_or_else(|| "Chart".to_owned()),
        description: super::alt::describe(chart, training),
    };
    Drawn { scene, hidden_labels: hidden }
}

/// The measured surroundings of the plotting area.
pub struct Plan {
    /// Where marks go.
    pub plot: Rect,
    /// Ticks of the horizontal axis, thinned to what fits.
    pub x_ticks: Vec<Tick>,
    /// How their labels are written.
    pub x_labels: XLabels,
    /// Ticks of the vertical axis with labels cut to their column.
    pub y_ticks: Vec<Tick>,
    /// Width of the column of vertical tick labels.
    pub y_label_width: f64,
    /// Lines of the horizontal axis title.
    pub x_title: Vec<String>,
    /// Lines of the vertical axis title.
    pub y_title: Vec<String>,
    /// Captions above the plot: position, row from the plot upwards, text.
    top_captions: Vec<(f64, usize, String)>,
    /// Captions right of the plot: baseline and text.
    side_captions: Vec<(f64, String)>,
}

/// Line height of captions of reference lines.
const CAPTION_ROW: f64 = 14.0;

impl Plan {
    fn new(chart: &Chart, training: &Training, room: Rect, legend: Option<&Legend>) -> Self {
        let side = chart.references.iter().filter(|r| r.channel == Channel::Y);
        let side_width = side
            .map(|r| font::width(&r.caption, CAPTION, Weight::Regular).min(room.width * 0.28) + 8.0)
            .fold(0.0, f64::max);
        let legend_width = legend.map_or(0.0, |legend| legend.width + 16.0);
        let x_title_text = axes::title(chart, Channel::X);
        let y_title_text = axes::title(chart, Channel::Y);
        let mut plot = Rect { height: room.height - 60.0, ..room };
        let mut captions: Vec<(f64, usize, String)> = Vec::new();
        let mut plan = None;
        // Label widths depend on the plot's size and the other way round; three rounds settle it.
        let mut right_pad: f64 = 4.0;
        for _ in 0..3 {
            let y_title = axes::title_lines(&y_title_text, plot.height);
            let (y_ticks, y_label_width) =
                axes::y_ticks(chart, training, plot.height, room.width * 0.42);
            let y_space =
                axes::y_label_space(chart, y_label_width) + y_title.len() as f64 * SUBTITLE * 1.3;
            plot.width = (room.width - legend_width - side_width - y_space - right_pad).max(40.0);
            plot.x = if chart.y.right { room.x } else { room.x + y_space };
            captions = place_captions(chart, training, plot, room.right());
            let rows = captions.iter().map(|(_, row, _)| row + 1).max().unwrap_or(0);
            let above = rows as f64 * CAPTION_ROW;
            let x_title = axes::title_lines(&x_title_text, plot.width);
            let (x_ticks, x_labels) = axes::x_ticks(chart, training, plot);
            let below = if chart.x.hidden { 4.0 } else { x_labels.height + 9.0 }
                + x_title.len() as f64 * SUBTITLE * 1.3;
            plot.y = room.y + above;
            plot.height = (room.height - above - below).max(30.0);
            if chart.equal_units {
                equalise(training, &mut plot);
            }
            if let (false, Some(last)) = (chart.x.hidden, x_ticks.last()) {
                let frame = Frame { chart, training, plot };
                let half = font::width(&last.label, LABEL, Weight::Regular) / 2.0;
                let limit = room.right() - legend_width - side_width + MARGIN * 0.6;
                if x_labels.angle == 0.0 && !training.x.is_band() {
                    right_pad = right_pad.max(right_pad + frame.px(last.at) + half - limit);
                }
            }
            plan = Some((x_ticks, x_labels, y_ticks, y_label_width, x_title, y_title));
        }
        let (x_ticks, x_labels, y_ticks, y_label_width, x_title, y_title) =
            plan.expect("the loop ran");
        let side_captions = place_side_captions(chart, training, plot, side_width);
        Self {
            plot,
            x_ticks,
            x_labels,
            y_ticks,
            y_label_width,
            x_title,
            y_title,
            top_captions: captions,
            side_captions,
        }
    }
}

/// Shrinks the longer side so that one unit is equally long on both axes.
fn equalise(training: &Training, plot: &mut Rect) {
    let (Trained::Linear { low: x0, high: x1 }, Trained::Linear { low: y0, high: y1 }) =
        (&training.x, &training.y)
    else {
        return;
    };
    let unit = (plot.width / (x1 - x0)).min(plot.height / (y1 - y0));
    plot.width = unit * (x1 - x0);
    plot.height = unit * (y1 - y0);
}

/// Captions of vertical lines in rows above the plot, so that none covers another.
fn place_captions(
    chart: &Chart,
    training: &Training,
    plot: Rect,
    right: f64,
) -> Vec<(f64, usize, String)> {
    let frame = Frame { chart, training, plot };
    let mut placed: Vec<(f64, usize, String)> = Vec::new();
    let mut lines: Vec<(f64, &String)> = chart
        .references
        .iter()
        .filter(|r| r.channel == Channel::X && training.x.holds(r.at))
        .map(|r| (frame.px(r.at), &r.caption))
        .collect();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ends: Vec<f64> = Vec::new();
    for (x, caption) in lines {
        let width = font::width(caption, CAPTION, Weight::Regular);
        let middle = x.clamp(plot.x + width / 2.0 - 8.0, (right - width / 2.0).max(plot.x));
        let row = ends.iter().position(|end| middle - width / 2.0 > end + 8.0);
        let row = row.unwrap_or_else(|| {
            ends.push(0.0);
            ends.len() - 1
        });
        ends[row] = middle + width / 2.0;
        placed.push((middle, row, caption.clone()));
    }
    placed
}

/// Captions of horizontal lines right of the plot, pushed apart where lines are close.
fn place_side_captions(
    chart: &Chart,
    training: &Training,
    plot: Rect,
    width: f64,
) -> Vec<(f64, String)> {
    let frame = Frame { chart, training, plot };
    let mut captions: Vec<(f64, String)> = chart
        .references
        .iter()
        .filter(|r| r.channel == Channel::Y && training.y.holds(r.at))
        .map(|r| {
            let text = font::shorten(&r.caption, CAPTION, Weight::Regular, width);
            (frame.py(r.at) + CAPTION * 0.35, text)
        })
        .collect();
    captions.sort_by(|a, b| a.0.total_cmp(&b.0));
    for i in 1..captions.len() {
        captions[i].0 = captions[i].0.max(captions[i - 1].0 + CAPTION * 1.25);
    }
    captions
}

fn draw_references(frame: &Frame, plan: &Plan, items: &mut Vec<Item>) {
    let plot = frame.plot;
    let mut stroke = Stroke::new(LINE, 1.3);
    stroke.dash = Some((5.0, 4.0));
    // A pale line beneath keeps the dashes visible on dark marks.
    let pale = Stroke::new(Paint { colour: WHITE, opacity: 0.6 }, 2.6);
    for reference in &frame.chart.references {
        let (axis, line) = if reference.channel == Channel::X {
            let x = frame.px(reference.at);
            (&frame.training.x, vec![(x, plot.y - 3.0), (x, plot.bottom())])
        } else {
            let y = frame.py(reference.at);
            (&frame.training.y, vec![(plot.x, y), (plot.right() + 3.0, y)])
        };
        if axis.holds(reference.at) {
            items.push(Item::line(Part::Reference, line.clone(), pale));
            items.push(Item::line(Part::Reference, line, stroke));
        }
    }
    for (x, row, caption) in &plan.top_captions {
        let y = plot.y - 6.0 - *row as f64 * CAPTION_ROW;
        let text = Text::new(caption.clone(), (*x, y), CAPTION).anchored(Anchor::Middle);
        items.push(Item::text(Part::Reference, text, QUIET));
    }
    for (y, caption) in &plan.side_captions {
        let text = Text::new(caption.clone(), (plot.right() + 6.0, *y), CAPTION);
        items.push(Item::text(Part::Reference, text, QUIET));
    }
}
