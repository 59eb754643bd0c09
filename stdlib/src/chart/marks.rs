//! The data drawn: one function per mark.

use super::grammar::{Anchor, Channel, Field, Layer, Mark, Values};
use super::layout::{Frame, LABEL};
use super::palette::{CATEGORIES, Rgb, TEXT, WHITE};
use super::scale::{Trained, number};
use super::scene::{Item, MIDDLE, Paint, Part, Point, Rect, Shape, Stroke, Text};
use super::train::{ColourScale, category, length_channel};

/// Draws every layer in order.
pub fn draw(frame: &Frame, items: &mut Vec<Item>) {
    for layer in &frame.chart.layers {
        let drawing = LayerDrawing { frame, layer };
        match layer.mark {
            Mark::Point => drawing.points(items),
            Mark::Line => drawing.lines(items),
            Mark::Bar => drawing.bars(items),
            Mark::Area => drawing.areas(items),
            Mark::Segment => drawing.segments(items, false),
            Mark::Interval => drawing.segments(items, true),
            Mark::Tick => drawing.ticks(items),
            Mark::Rect => drawing.cells(items),
            Mark::Text => drawing.texts(items),
        }
    }
}

/// One layer within a frame.
pub struct LayerDrawing<'a> {
    /// The plotting area.
    pub frame: &'a Frame<'a>,
    /// The layer.
    pub layer: &'a Layer,
}

impl LayerDrawing<'_> {
    fn on_axis(axis: &Trained, values: &Values, row: usize) -> Option<f64> {
        match values.text(row) {
            Some(name) => axis.index(name).map(|index| index as f64),
            None => values.number(row),
        }
    }

    /// Horizontal pixel of `row` on `channel`.
    fn x(&self, channel: Channel, row: usize) -> Option<f64> {
        let field = self.layer.field(channel)?;
        let value = Self::on_axis(&self.frame.training.x, &field.values, row)?;
        Some(self.frame.px(value) + self.shift(Channel::X, row))
    }

    /// Vertical pixel of `row` on `channel`.
    fn y(&self, channel: Channel, row: usize) -> Option<f64> {
        let field = self.layer.field(channel)?;
        let value = Self::on_axis(&self.frame.training.y, &field.values, row)?;
        Some(self.frame.py(value) + self.shift(Channel::Y, row))
    }

    /// Where `row` stands, if it has both values.
    pub fn place(&self, row: usize) -> Option<Point> {
        Some((self.x(Channel::X, row)?, self.y(Channel::Y, row)?))
    }

    /// How many marks stand side by side in one category.
    fn abreast(&self) -> usize {
        match &self.frame.training.colour {
            ColourScale::Categories(entries)
                if self.layer.style.dodge && self.layer.field(Channel::Colour).is_some() =>
            {
                entries.len()
            }
            _ => 1,
        }
    }

    /// Sideways step of `row` away from the middle of its category.
    fn shift(&self, channel: Channel, row: usize) -> f64 {
        let abreast = self.abreast();
        let across = if length_channel(self.frame.chart, self.layer) == Channel::Y {
            Channel::X
        } else {
            Channel::Y
        };
        if abreast < 2 || channel != across {
            return 0.0;
        }
        let (Some(band), Some(field)) =
            (self.frame.band(channel), self.layer.field(Channel::Colour))
        else {
            return 0.0;
        };
        let name = category(&field.values, row).unwrap_or_default();
        let index = self.frame.training.colour.index(&name).unwrap_or(0) as f64;
        (index - (abreast as f64 - 1.0) / 2.0) * band * 0.8 / abreast as f64
    }

    /// Colour of `row`.
    pub fn colour(&self, row: usize) -> Rgb {
        self.layer
            .field(Channel::Colour)
            .and_then(|field| self.frame.training.colour.of(field, row))
            .or(self.layer.style.colour)
            .unwrap_or(if self.layer.mark == Mark::Text { TEXT } else { CATEGORIES[0] })
    }

    fn paint(&self, row: usize) -> Paint {
        Paint { colour: self.colour(row), opacity: self.layer.style.opacity }
    }

    fn stroke(&self, row: usize) -> Stroke {
        let mut stroke = Stroke::new(self.paint(row), self.layer.style.width);
        stroke.dash = self.layer.style.dashed.then_some((5.0, 3.0));
        stroke
    }

    /// Radius of the point of `row`.
    pub fn radius(&self, row: usize) -> f64 {
        let sized = self.layer.field(Channel::Size).map(|field| field.values.number(row));
        match (sized, self.frame.training.size) {
            (Some(Some(value)), Some(ends)) => radius_of(value, ends),
            (Some(None), _) => 0.0,
            _ => (self.layer.style.size / std::f64::consts::PI).sqrt(),
        }
    }

    /// What a pointer over `row` tells: the tooltip fields, else every encoding.
    fn tooltip(&self, row: usize) -> Option<String> {
        let mut chosen: Vec<&Field> = self.fields(|c| c == Channel::Tooltip);
        if chosen.is_empty() {
            chosen = self.fields(|_| true);
        }
        let mut lines: Vec<String> = Vec::new();
        for field in chosen {
            let value = match (field.values.text(row), field.values.number(row)) {
                (Some(text), _) => text.to_owned(),
                (_, Some(value)) => number(value),
                _ => continue,
            };
            let unit = field.unit.as_deref().filter(|u| !u.is_empty());
            let line = format!(
                "{}: {value}{}",
                field.name,
                unit.map(|u| format!(" {u}")).unwrap_or_default()
            );
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn fields(&self, wanted: impl Fn(Channel) -> bool) -> Vec<&Field> {
        self.layer.encodings.iter().filter(|(c, _)| wanted(*c)).map(|(_, field)| field).collect()
    }

    fn points(&self, items: &mut Vec<Item>) {
        for row in 0..self.layer.rows() {
            let Some(centre) = self.place(row) else { continue };
            let radius = self.radius(row);
            if radius <= 0.0 || !self.frame.plot.grown(1.0).contains(&at(centre)) {
                continue;
            }
            let circle = Item::new(Part::Mark, Shape::Circle { centre, radius });
            let circle = if self.layer.style.hollow {
                circle.filled(WHITE).stroked(Stroke::new(self.paint(row), 1.6))
            } else {
                circle.filled(self.paint(row)).stroked(Stroke::new(WHITE, 0.8))
            };
            items.push(circle.told(self.tooltip(row)));
        }
    }

    /// Rows by colour category, in order of first appearance.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<(Option<String>, Vec<usize>)> = Vec::new();
        for row in 0..self.layer.rows() {
            let key = self.layer.field(Channel::Colour).and_then(|f| category(&f.values, row));
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        groups.into_iter().map(|(_, rows)| rows).collect()
    }

    fn lines(&self, items: &mut Vec<Item>) {
        for rows in self.groups() {
            let mut run: Vec<Point> = Vec::new();
            let first = rows[0];
            let mut finish = |run: &mut Vec<Point>| {
                if run.len() > 1 {
                    let line = Item::line(Part::Mark, std::mem::take(run), self.stroke(first));
                    items.push(line.clipped(self.frame.plot.grown(1.0)).told(self.name(first)));
                } else if let Some(centre) = run.pop() {
                    // A value between two gaps still shows.
                    let dot = Shape::Circle { centre, radius: self.layer.style.width };
                    items.push(Item::new(Part::Mark, dot).filled(self.paint(first)));
                }
            };
            for row in rows {
                match self.place(row) {
                    Some(point) => run.push(point),
                    None => finish(&mut run),
                }
            }
            finish(&mut run);
        }
    }

    /// Name of the colour group of `row`.
    fn name(&self, row: usize) -> Option<String> {
        category(&self.layer.field(Channel::Colour)?.values, row)
    }

    fn areas(&self, items: &mut Vec<Item>) {
        for rows in self.groups() {
            let ends: Vec<(Point, Point)> = rows
                .iter()
                .filter_map(|row| {
                    let (x, y) = self.place(*row)?;
                    let base = match self.layer.field(Channel::Y2) {
                        Some(_) => self.y(Channel::Y2, *row)?,
                        None => self.zero_y(),
                    };
                    Some(((x, y), (x, base)))
                })
                .collect();
            if ends.len() < 2 {
                continue;
            }
            let points =
                ends.iter().map(|(top, _)| *top).chain(ends.iter().rev().map(|(_, base)| *base));
            let shape = Shape::Path { points: points.collect(), closed: true };
            items.push(
                Item::new(Part::Mark, shape)
                    .filled(self.paint(rows[0]))
                    .clipped(self.frame.plot)
                    .told(self.name(rows[0])),
            );
        }
    }

    fn zero_y(&self) -> f64 {
        self.frame.py(0.0).clamp(self.frame.plot.y, self.frame.plot.bottom())
    }

    /// The rectangle of the bar of `row`.
    pub fn bar(&self, row: usize) -> Option<Rect> {
        let frame = self.frame;
        let (x, y) = self.place(row)?;
        if length_channel(frame.chart, self.layer) == Channel::X {
            let start = match self.layer.field(Channel::X2) {
                Some(_) => self.x(Channel::X2, row)?,
                None => frame.px(0.0).clamp(frame.plot.x, frame.plot.right()),
            };
            let thick = self.thickness(Channel::Y);
            return Some(span(start, x, y - thick / 2.0, y + thick / 2.0));
        }
        let start = match self.layer.field(Channel::Y2) {
            Some(_) => self.y(Channel::Y2, row)?,
            None => self.zero_y(),
        };
        if self.layer.field(Channel::X2).is_some() {
            return Some(span(x, self.x(Channel::X2, row)?, start, y));
        }
        let thick = self.thickness(Channel::X);
        Some(span(x - thick / 2.0, x + thick / 2.0, start, y))
    }

    fn thickness(&self, across: Channel) -> f64 {
        if let Some(band) = self.frame.band(across) {
            return (band * 0.8 / self.abreast() as f64).max(1.0);
        }
        let mut places: Vec<f64> = (0..self.layer.rows())
            .filter_map(|row| self.place(row))
            .map(|(x, y)| if across == Channel::X { x } else { y })
            .collect();
        places.sort_by(f64::total_cmp);
        let gaps = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.5);
        gaps.fold(None, |least: Option<f64>, gap| Some(least.map_or(gap, |l| l.min(gap))))
            .map_or(24.0, |gap| (gap * 0.8).max(1.0))
    }

    fn bars(&self, items: &mut Vec<Item>) {
        for row in 0..self.layer.rows() {
            let Some(rect) = self.bar(row) else { continue };
            // Classes that touch are told apart by a hair of paper between them.
            let gap = if self.layer.field(Channel::X2).is_some() { 0.5 } else { 0.0 };
            let width = (rect.width - 2.0 * gap).max(0.2);
            let rect = Rect { x: rect.x + gap, width, ..rect };
            items.push(
                Item::rect(Part::Mark, rect, self.paint(row))
                    .clipped(self.frame.plot)
                    .told(self.tooltip(row)),
            );
        }
    }

    fn segments(&self, items: &mut Vec<Item>, caps: bool) {
        let clip = self.frame.plot.grown(2.0);
        for row in 0..self.layer.rows() {
            let Some((x, y)) = self.place(row) else { continue };
            let x2 = self.layer.field(Channel::X2).map_or(Some(x), |_| self.x(Channel::X2, row));
            let y2 = self.layer.field(Channel::Y2).map_or(Some(y), |_| self.y(Channel::Y2, row));
            let (Some(x2), Some(y2)) = (x2, y2) else { continue };
            let stroke = self.stroke(row);
            let line = Item::line(Part::Mark, vec![(x, y), (x2, y2)], stroke);
            items.push(line.clipped(clip).told(self.tooltip(row)));
            if caps {
                let length = (x2 - x).hypot(y2 - y).max(1e-9);
                let (dx, dy) = (-(y2 - y) / length * 3.0, (x2 - x) / length * 3.0);
                for (cx, cy) in [(x, y), (x2, y2)] {
                    let cap = vec![(cx - dx, cy - dy), (cx + dx, cy + dy)];
                    items.push(Item::line(Part::Mark, cap, stroke).clipped(clip));
                }
            }
        }
    }

    fn ticks(&self, items: &mut Vec<Item>) {
        let sideways = self.frame.training.x.is_band() && !self.frame.training.y.is_band();
        let across = if sideways { Channel::X } else { Channel::Y };
        let half = self.frame.band(across).map_or(5.0, |band| band * 0.3);
        for row in 0..self.layer.rows() {
            let Some((x, y)) = self.place(row) else { continue };
            let ends = if sideways {
                vec![(x - half, y), (x + half, y)]
            } else {
                vec![(x, y - half), (x, y + half)]
            };
            let line = Item::line(Part::Mark, ends, self.stroke(row));
            items.push(line.clipped(self.frame.plot.grown(2.0)).told(self.tooltip(row)));
        }
    }

    fn cells(&self, items: &mut Vec<Item>) {
        let (width, height) = (
            self.frame.band(Channel::X).unwrap_or(20.0),
            self.frame.band(Channel::Y).unwrap_or(20.0),
        );
        let filled =
            |row: &usize| self.layer.field(Channel::Colour).is_some_and(|f| f.values.has(*row));
        for row in (0..self.layer.rows()).filter(filled) {
            let Some((x, y)) = self.place(row) else { continue };
            let rect = span(x - width / 2.0, x + width / 2.0, y - height / 2.0, y + height / 2.0);
            items.push(
                Item::rect(Part::Mark, rect, self.paint(row))
                    .stroked(Stroke::new(WHITE, 1.0))
                    .told(self.tooltip(row)),
            );
        }
    }

    fn texts(&self, items: &mut Vec<Item>) {
        for row in 0..self.layer.rows() {
            let (Some((x, y)), Some(label)) = (self.place(row), self.label(row)) else { continue };
            let dx = match self.layer.style.anchor {
                Anchor::Start => 4.0,
                Anchor::Middle => 0.0,
                Anchor::End => -4.0,
            };
            let mut text = Text::new(label, (x + dx, y + LABEL * MIDDLE), LABEL)
                .anchored(self.layer.style.anchor);
            text.halo = true;
            items.push(Item::text(Part::Label, text, self.colour(row)));
        }
    }

    /// The label of `row`, numbers written out.
    pub fn label(&self, row: usize) -> Option<String> {
        let values = &self.layer.field(Channel::Label)?.values;
        values.text(row).map(str::to_owned).or_else(|| values.number(row).map(number))
    }
}

/// Radius of a point whose area stands for `value`.
pub fn radius_of(value: f64, (_, high): (f64, f64)) -> f64 {
    let share = if high > 0.0 { value / high } else { 1.0 };
    (share.max(0.0) * 420.0 / std::f64::consts::PI).sqrt().max(1.5)
}

fn at((x, y): Point) -> Rect {
    Rect { x, y, width: 0.0, height: 0.0 }
}

/// The rectangle between two horizontal and two vertical positions in any order.
fn span(x0: f64, x1: f64, y0: f64, y1: f64) -> Rect {
    Rect { x: x0.min(x1), y: y0.min(y1), width: (x1 - x0).abs(), height: (y1 - y0).abs() }
}
