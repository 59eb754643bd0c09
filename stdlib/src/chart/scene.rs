//! What a chart comes to on paper: paths and texts with coordinates, for any renderer.

use super::font::{self, Weight};
use super::grammar::Anchor;
use super::palette::Rgb;

/// A point in CSS pixels from the top left corner.
pub type Point = (f64, f64);

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// Right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether the two share any area.
    pub fn meets(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(&self, other: &Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The same rectangle, `by` larger on every side.
    #[must_use]
    pub fn grown(&self, by: f64) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }
}

/// Colour and opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// Colour.
    pub colour: Rgb,
    /// 0 to 1.
    pub opacity: f64,
}

impl From<Rgb> for Paint {
    fn from(colour: Rgb) -> Self {
        Self { colour, opacity: 1.0 }
    }
}

/// A stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub paint: Paint,
    /// Width in pixels.
    pub width: f64,
    /// Dash and gap in pixels, if dashed.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A solid stroke.
    pub fn new(paint: impl Into<Paint>, width: f64) -> Self {
        Self { paint: paint.into(), width, dash: None }
    }
}

/// Geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Straight lines through points, closed for an area.
    Path {
        /// Corners.
        points: Vec<Point>,
        /// Whether the last corner joins the first.
        closed: bool,
    },
    /// A circle.
    Circle {
        /// Middle.
        centre: Point,
        /// Radius.
        radius: f64,
    },
    /// One line of text.
    Text(Text),
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Point on the baseline that `anchor` refers to.
    pub at: Point,
    /// Pixels per em.
    pub size: f64,
    /// Weight.
    pub weight: Weight,
    /// Side of `at` on which it stands.
    pub anchor: Anchor,
    /// Degrees clockwise about `at`.
    pub angle: f64,
    /// White behind the letters, so that lines do not cross them out.
    pub halo: bool,
}

/// Share of the em above the baseline that letters need, and below it.
pub const ASCENT: f64 = 0.76;
/// Share of the em below the baseline.
pub const DESCENT: f64 = 0.24;
/// From the baseline up to the middle of lower-case and capital letters, in ems.
pub const MIDDLE: f64 = 0.35;

impl Text {
    /// Upright text with its baseline at `at`.
    pub fn new(text: impl Into<String>, at: Point, size: f64) -> Self {
        Self {
            text: text.into(),
            at,
            size,
            weight: Weight::Regular,
            anchor: Anchor::Start,
            angle: 0.0,
            halo: false,
        }
    }

    /// The same text anchored at `anchor`.
    #[must_use]
    pub fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Width in pixels.
    pub fn width(&self) -> f64 {
        font::width(&self.text, self.size, self.weight)
    }

    /// Where the unrotated text begins.
    pub fn start(&self) -> f64 {
        match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - self.width() / 2.0,
            Anchor::End => self.at.0 - self.width(),
        }
    }

    /// The four corners of its box, rotation included.
    pub fn corners(&self) -> [Point; 4] {
        let (left, right) = (self.start(), self.start() + self.width());
        let (top, bottom) = (self.at.1 - ASCENT * self.size, self.at.1 + DESCENT * self.size);
        [(left, top), (right, top), (right, bottom), (left, bottom)]
            .map(|point| rotate(point, self.at, self.angle))
    }

    /// The upright rectangle around it.
    pub fn bounds(&self) -> Rect {
        let corners = self.corners();
        let fold = |pick: fn(&Point) -> f64, with: fn(f64, f64) -> f64, from: f64| {
            corners.iter().map(pick).fold(from, with)
        };
        let (x, y) = (fold(|p| p.0, f64::min, f64::MAX), fold(|p| p.1, f64::min, f64::MAX));
        let right = fold(|p| p.0, f64::max, f64::MIN);
        let bottom = fold(|p| p.1, f64::max, f64::MIN);
        Rect { x, y, width: right - x, height: bottom - y }
    }

    /// Whether the two texts cover some point both, rotation included (separating axes).
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.corners(), other.corners());
        let separated = |from: &[Point; 4], a: &[Point; 4], b: &[Point; 4]| {
            (0..2).any(|side| {
                let axis = (from[side + 1].0 - from[side].0, from[side + 1].1 - from[side].1);
                let span = |corners: &[Point; 4]| {
                    let dots = corners.map(|p| p.0 * axis.0 + p.1 * axis.1);
                    (
                        dots.iter().copied().fold(f64::MAX, f64::min),
                        dots.iter().copied().fold(f64::MIN, f64::max),
                    )
                };
                let ((low_a, high_a), (low_b, high_b)) = (span(a), span(b));
                high_a <= low_b || high_b <= low_a
            })
        };
        !separated(&a, &a, &b) && !separated(&b, &a, &b)
    }
}

/// `point` turned by `degrees` clockwise about `centre`.
pub fn rotate(point: Point, centre: Point, degrees: f64) -> Point {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (x, y) = (point.0 - centre.0, point.1 - centre.1);
    (centre.0 + x * cos - y * sin, centre.1 + x * sin + y * cos)
}

/// What part of the chart an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Grid lines.
    Grid,
    /// Axis lines, ticks and their labels.
    XAxis,
    /// Axis lines, ticks and their labels.
    YAxis,
    /// Marks of the data.
    Mark,
    /// Labels of the data.
    Label,
    /// Reference lines and their captions.
    Reference,
    /// The legend.
    Legend,
    /// Title, subtitle, caption.
    Title,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it belongs to.
    pub part: Part,
    /// Geometry.
    pub shape: Shape,
    /// Inside colour; for text the colour of the letters.
    pub fill: Option<Paint>,
    /// Outline.
    pub stroke: Option<Stroke>,
    /// Shown when pointing at it.
    pub tooltip: Option<String>,
    /// Drawn only inside this rectangle.
    pub clip: Option<Rect>,
}

impl Item {
    /// A shape without paint.
    pub fn new(part: Part, shape: Shape) -> Self {
        Self { part, shape, fill: None, stroke: None, tooltip: None, clip: None }
    }

    /// A stroked line.
    pub fn line(part: Part, points: Vec<Point>, stroke: Stroke) -> Self {
        Self::new(part, Shape::Path { points, closed: false }).stroked(stroke)
    }

    /// A filled rectangle.
    pub fn rect(part: Part, rect: Rect, fill: impl Into<Paint>) -> Self {
        let points = vec![
            (rect.x, rect.y),
            (rect.right(), rect.y),
            (rect.right(), rect.bottom()),
            (rect.x, rect.bottom()),
        ];
        Self::new(part, Shape::Path { points, closed: true }).filled(fill)
    }

    /// A text in `colour`.
    pub fn text(part: Part, text: Text, colour: Rgb) -> Self {
        Self::new(part, Shape::Text(text)).filled(colour)
    }

    /// The same item filled.
    #[must_use]
    pub fn filled(mut self, fill: impl Into<Paint>) -> Self {
        self.fill = Some(fill.into());
        self
    }

    /// The same item stroked.
    #[must_use]
    pub fn stroked(mut self, stroke: Stroke) -> Self {
        self.stroke = Some(stroke);
        self
    }

    /// The same item with a tooltip.
    #[must_use]
    pub fn told(mut self, tooltip: Option<String>) -> Self {
        self.tooltip = tooltip;
        self
    }

    /// The same item, drawn only inside `clip`.
    #[must_use]
    pub fn clipped(mut self, clip: Rect) -> Self {
        self.clip = Some(clip);
        self
    }
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// Everything, in drawing order.
    pub items: Vec<Item>,
    /// The title, for readers who cannot see it.
    pub title: String,
    /// What it shows, in words.
    pub description: String,
}

impl Scene {
    /// Every text of `part`.
    pub fn texts(&self, part: Part) -> Vec<&Text> {
        self.items
            .iter()
            .filter(|item| item.part == part)
            .filter_map(|item| match &item.shape {
                Shape::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_texts_that_only_share_a_bounding_box_do_not_overlap() {
        let mut a = Text::new("a long slanted label", (0.0, 0.0), 12.0).anchored(Anchor::End);
        a.angle = -45.0;
        let mut b = a.clone();
        b.at.0 = 24.0;
        assert!(a.bounds().meets(&b.bounds()) && !a.overlaps(&b));
        b.at.0 = 8.0;
        assert!(a.overlaps(&b));
    }
}
