//! The legend, outside the plot.

use super::font::{self, Weight};
use super::grammar::{Channel, Chart, Field, Layer, Mark};
use super::layout::{LABEL, SUBTITLE};
use super::marks::radius_of;
use super::palette::{MUTED, QUIET, Rgb, TEXT, WHITE};
use super::scale::{Trained, number};
use super::scene::{Item, MIDDLE, Part, Point, Rect, Shape, Stroke, Text};
use super::train::{ColourScale, Training};

const ROW: f64 = 18.0;
const SWATCH: f64 = 22.0;
const RAMP_WIDTH: f64 = 14.0;

enum Entry {
    Title(String),
    Category(String, Rgb, Swatch),
    Ramp(f64),
    Size(f64, (f64, f64)),
    Space,
}

/// How a category is drawn beside its name.
#[derive(Clone, Copy)]
struct Swatch {
    mark: Mark,
    dashed: bool,
}

impl Swatch {
    /// As in the first layer that has the category.
    fn of(chart: &Chart, name: &str) -> Self {
        let has = |layer: &&Layer| {
            layer.field(Channel::Colour).is_some_and(|field| {
                (0..field.values.len()).any(|row| field.values.text(row) == Some(name))
            })
        };
        let layer = chart.layers.iter().find(has);
        Self {
            mark: layer.map_or(Mark::Bar, |layer| layer.mark),
            dashed: layer.is_some_and(|layer| layer.style.dashed),
        }
    }

    fn draw(self, centre: Point, colour: Rgb) -> Item {
        let (x, y) = centre;
        match self.mark {
            Mark::Point => Item::new(Part::Legend, Shape::Circle { centre, radius: 4.5 })
                .filled(colour)
                .stroked(Stroke::new(WHITE, 0.8)),
            Mark::Line | Mark::Segment | Mark::Interval | Mark::Tick => {
                let mut stroke = Stroke::new(colour, 2.4);
                stroke.dash = self.dashed.then_some((5.0, 3.0));
                Item::line(Part::Legend, vec![(x - 8.0, y), (x + 8.0, y)], stroke)
            }
            _ => {
                let square = Rect { x: x - 6.0, y: y - 6.0, width: 12.0, height: 12.0 };
                Item::rect(Part::Legend, square, colour)
            }
        }
    }
}

/// A measured legend.
pub struct Legend {
    /// Width in pixels.
    pub width: f64,
    entries: Vec<Entry>,
    colour: ColourScale,
}

impl Legend {
    /// The legend of `chart`, no wider than `most` and no higher than `height`.
    pub fn of(chart: &Chart, training: &Training, most: f64, height: f64) -> Option<Self> {
        let field =
            |channel| chart.layers.iter().find_map(|layer| Some((layer, layer.field(channel)?)));
        let title = |field: &Field, own: Option<&String>| {
            let text = own.cloned().unwrap_or_else(|| field.title());
            font::wrap(&text, LABEL, Weight::Bold, most)
                .into_iter()
                .map(|line| Entry::Title(font::shorten(&line, LABEL, Weight::Bold, most)))
        };
        let mut entries: Vec<Entry> = Vec::new();
        if let Some((_, colour)) = field(Channel::Colour).filter(|_| !chart.colours.no_legend) {
            entries.extend(title(colour, chart.colours.title.as_ref()));
            match &training.colour {
                ColourScale::Categories(categories) => {
                    entries.extend(categories.iter().map(|(name, colour)| {
                        let swatch = Swatch::of(chart, name);
                        let room = most - SWATCH;
                        {
                            let name = font::shorten(name, LABEL, Weight::Regular, room);
                            Entry::Category(name, *colour, swatch)
                        }
                    }));
                }
                ColourScale::Ramp { .. } => {
                    entries.push(Entry::Ramp((height * 0.5).clamp(60.0, 180.0)));
                }
                ColourScale::None => {}
            }
        }
        if let (Some((_, size)), Some((low, high))) = (field(Channel::Size), training.size) {
            if !entries.is_empty() {
                entries.push(Entry::Space);
            }
            entries.extend(title(size, None));
            let ticks = Trained::Linear { low: low.min(high * 0.1), high }.ticks(3, false);
            let shown = ticks.iter().map(|tick| tick.at).filter(|at| *at > 0.0);
            entries.extend(shown.map(|at| Entry::Size(at, (low, high))));
        }
        if entries.is_empty() {
            return None;
        }
        let mut legend = Self { width: 0.0, entries, colour: training.colour.clone() };
        legend.width = legend.measure().min(most);
        Some(legend)
    }

    fn measure(&self) -> f64 {
        let text = |text: &str, weight| font::width(text, LABEL, weight);
        self.entries
            .iter()
            .map(|entry| match entry {
                Entry::Title(title) => text(title, Weight::Bold),
                Entry::Category(name, ..) => SWATCH + text(name, Weight::Regular),
                Entry::Size(value, _) => SWATCH + 6.0 + text(&number(*value), Weight::Regular),
                Entry::Ramp(_) => {
                    let ticks = self.ramp_ticks();
                    let widest =
                        ticks.iter().map(|(_, l)| text(l, Weight::Regular)).fold(0.0, f64::max);
                    RAMP_WIDTH + 8.0 + widest
                }
                Entry::Space => 0.0,
            })
            .fold(0.0, f64::max)
    }

    /// Ticks beside the ramp: share from the bottom, and label.
    fn ramp_ticks(&self) -> Vec<(f64, String)> {
        let ColourScale::Ramp { low, high, .. } = &self.colour else { return Vec::new() };
        if high <= low {
            return vec![(0.5, number(*low))];
        }
        let scale = Trained::Linear { low: *low, high: *high };
        scale.ticks(4, false).into_iter().map(|t| (scale.share(t.at), t.label)).collect()
    }

    /// Draws the legend with its upper left corner at `corner`.
    pub fn draw(&self, corner: Point, items: &mut Vec<Item>) {
        let (x, mut y) = corner;
        for entry in &self.entries {
            match entry {
                Entry::Title(title) => {
                    let mut text = Text::new(title.clone(), (x, y + LABEL * 0.85), LABEL);
                    text.weight = Weight::Bold;
                    items.push(Item::text(Part::Legend, text, QUIET));
                    y += LABEL * 1.35;
                }
                Entry::Category(name, colour, swatch) => {
                    let middle = y + ROW / 2.0 + 2.0;
                    items.push(swatch.draw((x + 8.0, middle), *colour));
                    let at = (x + SWATCH, middle + LABEL * MIDDLE);
                    items.push(Item::text(Part::Legend, Text::new(name.clone(), at, LABEL), TEXT));
                    y += ROW;
                }
                Entry::Ramp(height) => {
                    y += 6.0;
                    self.draw_ramp((x, y), *height, items);
                    y += height + 6.0;
                }
                Entry::Size(value, ends) => {
                    let radius = radius_of(*value, *ends);
                    let middle = y + (ROW / 2.0).max(radius + 2.0);
                    let circle = Shape::Circle { centre: (x + 12.0, middle), radius };
                    items.push(Item::new(Part::Legend, circle).stroked(Stroke::new(MUTED, 1.2)));
                    let at = (x + SWATCH + 6.0, middle + LABEL * MIDDLE);
                    items.push(Item::text(
                        Part::Legend,
                        Text::new(number(*value), at, LABEL),
                        TEXT,
                    ));
                    y += ROW.max(2.0 * radius + 4.0);
                }
                Entry::Space => y += SUBTITLE,
            }
        }
    }

    fn draw_ramp(&self, corner: Point, height: f64, items: &mut Vec<Item>) {
        let ColourScale::Ramp { low, high, .. } = &self.colour else { return };
        let steps = 36;
        let step = height / f64::from(steps);
        for i in 0..steps {
            let share = (f64::from(i) + 0.5) / f64::from(steps);
            let colour = self.colour.at(low + share * (high - low));
            let y = corner.1 + height - f64::from(i + 1) * step;
            // Half a pixel more hides seams between the steps.
            let rect = Rect { x: corner.0, y, width: RAMP_WIDTH, height: step + 0.5 };
            items.push(Item::rect(Part::Legend, rect, colour));
        }
        for (share, label) in self.ramp_ticks() {
            let y = corner.1 + height * (1.0 - share);
            let x = corner.0 + RAMP_WIDTH;
            items.push(Item::line(
                Part::Legend,
                vec![(x, y), (x + 3.0, y)],
                Stroke::new(QUIET, 1.0),
            ));
            let text = Text::new(label, (x + 6.0, y + LABEL * MIDDLE), LABEL);
            items.push(Item::text(Part::Legend, text, TEXT));
        }
    }
}
