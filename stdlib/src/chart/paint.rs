//! Items of a scene on a plotters drawing area.
//!
//! The area is a grid of samples several times finer than the picture, because plotters' shapes
//! have whole-number corners: here a whole number is a fraction of a pixel. Rectangles, polygons
//! and circles are plotters' elements. Letters are outlines of the embedded font, covered sample
//! by sample through the same area: plotters' own text leaves out the space before a letter,
//! knows quarter turns only, and sets kerning that the layout does not measure.

use ab_glyph::{Glyph, GlyphId, Outline, OutlineCurve, OutlinedGlyph, PxScaleFactor, point};
use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, Polygon, Rectangle};
use plotters::style::{Color as _, RGBColor};

use super::font;
use super::palette::{Rgb, WHITE};
use super::scene::{Item, Point, Rect, Shape, Stroke, Text, rotate};
use super::strokes::{bounds, circle, cut, dashes};

/// What plotters says after drawing.
pub type Drawn = std::result::Result<
    (),
    DrawingAreaErrorKind<<BitMapBackend<'static> as plotters::backend::DrawingBackend>::ErrorType>,
>;

/// White around letters that stand over lines, in CSS pixels.
const HALO: f64 = 1.5;

/// A band of the picture, as samples.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Samples per CSS pixel.
    pub scale: f64,
    /// Samples of the picture above the band.
    pub top: f64,
    /// Samples across.
    pub width: u32,
    /// Samples down.
    pub height: u32,
}

impl Grid {
    fn place(&self, point: Point) -> Point {
        (point.0 * self.scale, point.1 * self.scale - self.top)
    }

    /// `rect` of the scene as samples of the band.
    pub fn rect(&self, rect: &Rect) -> Rect {
        let (x, y) = self.place((rect.x, rect.y));
        Rect { x, y, width: rect.width * self.scale, height: rect.height * self.scale }
    }

    /// The whole band.
    pub fn whole(&self) -> Rect {
        Rect { x: 0.0, y: 0.0, width: f64::from(self.width), height: f64::from(self.height) }
    }
}

/// Where `item` may leave colour, in CSS pixels.
pub fn reach(item: &Item) -> Rect {
    let edge = item.stroke.map_or(0.0, |stroke| stroke.width / 2.0) + 1.0;
    let whole = match &item.shape {
        Shape::Path { points, .. } => bounds(points).grown(edge),
        Shape::Circle { centre, radius } => {
            Rect { x: centre.0, y: centre.1, width: 0.0, height: 0.0 }.grown(radius + edge)
        }
        // Accents and tails leave the box that the layout keeps free.
        Shape::Text(text) => text.bounds().grown(text.size * 0.4 + HALO),
    };
    item.clip.map_or(whole, |clip| shared(&whole, &clip))
}

/// Draws on one area in one colour.
pub struct Brush<'a, 'b> {
    area: &'a DrawingArea<BitMapBackend<'b>, Shift>,
    grid: Grid,
    /// Nothing is drawn outside, in samples.
    clip: Rect,
    colour: RGBColor,
}

impl<'a, 'b> Brush<'a, 'b> {
    /// A brush for `item`, kept inside its clip.
    pub fn new(
        area: &'a DrawingArea<BitMapBackend<'b>, Shift>,
        grid: Grid,
        item: &Item,
        colour: Rgb,
    ) -> Self {
        // plotters moves corners outside its area onto the edge, so nothing may leave it.
        let mut clip = grid.whole();
        if let Some(own) = item.clip {
            let own = grid.rect(&own);
            clip = shared(&clip, &rounded(&own));
        }
        Self { area, grid, clip, colour: RGBColor(colour.0, colour.1, colour.2) }
    }

    fn in_colour(&self, colour: Rgb) -> Brush<'a, 'b> {
        Self { colour: RGBColor(colour.0, colour.1, colour.2), ..*self }
    }

    /// The inside of a shape, or the letters of a text.
    pub fn fill(&self, shape: &Shape) -> Drawn {
        match shape {
            Shape::Path { points, .. } => self.polygon(&self.placed(points)),
            Shape::Circle { centre, radius } => {
                self.disc(self.grid.place(*centre), radius * self.grid.scale)
            }
            Shape::Text(text) => self.text(text),
        }
    }

    /// The outline of a shape; texts have none.
    pub fn stroke(&self, shape: &Shape, stroke: Stroke) -> Drawn {
        let scale = self.grid.scale;
        let half = (stroke.width * scale / 2.0).max(0.5);
        let (mut points, closed) = match shape {
            Shape::Path { points, closed } => (self.placed(points), *closed),
            Shape::Circle { centre, radius } => {
                (circle(self.grid.place(*centre), radius * scale), true)
            }
            Shape::Text(_) => return Ok(()),
        };
        if closed && let Some(first) = points.first().copied() {
            points.push(first);
        }
        match stroke.dash {
            Some((on, off)) => dashes(&points, on * scale, off * scale)
                .iter()
                .try_for_each(|run| self.line(run, half, false)),
            None => self.line(&points, half, closed),
        }
    }

    /// A filled circle with its outline in another colour, both opaque.
    pub fn ringed(&self, centre: Point, radius: f64, stroke: Stroke) -> Drawn {
        let (at, half) = (self.grid.place(centre), stroke.width / 2.0);
        self.in_colour(stroke.paint.colour).disc(at, (radius + half) * self.grid.scale)?;
        self.disc(at, (radius - half).max(0.0) * self.grid.scale)
    }

    /// White behind the letters.
    pub fn halo(&self, text: &Text) -> Drawn {
        let white = self.in_colour(WHITE);
        let half = HALO * self.grid.scale;
        for curve in self.letters(text).iter().flatten() {
            let (from, to) = match curve {
                OutlineCurve::Line(a, b) => (a, b),
                OutlineCurve::Quad(a, _, c) => (a, c),
                OutlineCurve::Cubic(a, _, _, d) => (a, d),
            };
            let [from, to] = [from, to].map(|p| (f64::from(p.x), -f64::from(p.y)));
            white.disc(from, half)?;
            // The discs of near ends leave no dent that shows.
            if (to.0 - from.0).hypot(to.1 - from.1) > 0.7 * half {
                white.line(&[from, to], half, false)?;
            }
        }
        Ok(())
    }

    fn placed(&self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|point| self.grid.place(*point)).collect()
    }

    /// The area around a line; ends are flat, joints and the ends of a closed line round.
    fn line(&self, points: &[Point], half: f64, closed: bool) -> Drawn {
        for (i, pair) in points.windows(2).enumerate() {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = (x1 - x0).hypot(y1 - y0);
            if !length.is_finite() || length < 1e-9 || !self.near(pair, half) {
                continue;
            }
            // A slanted polygon of plotters covers its far edge too, one sample along the axis
            // that runs across the line.
            let (along, across) = ((x1 - x0).abs().max((y1 - y0).abs()), length);
            let level = x0 == x1 || y0 == y1;
            let half = if level { half } else { (half - along / across / 2.0).max(0.3) };
            let (nx, ny) = (-(y1 - y0) / length * half, (x1 - x0) / length * half);
            self.polygon(&[
                (x0 - nx, y0 - ny),
                (x1 - nx, y1 - ny),
                (x1 + nx, y1 + ny),
                (x0 + nx, y0 + ny),
            ])?;
            if half > 2.0 && (i > 0 || closed) {
                self.disc((x0, y0), half)?;
            }
        }
        Ok(())
    }

    fn near(&self, points: &[Point], reach: f64) -> bool {
        let mut around = bounds(points).grown(reach);
        // A rectangle without area meets nothing.
        around.width = around.width.max(1e-9);
        around.height = around.height.max(1e-9);
        around.meets(&self.clip)
    }

    fn polygon(&self, points: &[Point]) -> Drawn {
        if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) || !self.near(points, 0.0) {
            return Ok(());
        }
        if let [a, b, c, d] = points
            && ((a.0 == b.0 && b.1 == c.1 && c.0 == d.0 && d.1 == a.1)
                || (a.1 == b.1 && b.0 == c.0 && c.1 == d.1 && d.0 == a.0))
        {
            // plotters' rectangles end before their far corner: whole samples, none twice.
            let Rect { x, y, width, height } = rounded(&shared(&bounds(points), &self.clip));
            let corners =
                [(x, y), (x + width, y + height)].map(|corner| (corner.0 as i32, corner.1 as i32));
            return self.area.draw(&Rectangle::new(corners, self.colour.filled()));
        }
        let points = cut(points, &self.clip);
        if points.len() < 3 {
            return Ok(());
        }
        let corners: Vec<(i32, i32)> = points.iter().map(|p| sample(*p)).collect();
        self.area.draw(&Polygon::new(corners, self.colour))
    }

    fn disc(&self, centre: Point, radius: f64) -> Drawn {
        let around = Rect { x: centre.0, y: centre.1, width: 0.0, height: 0.0 }.grown(radius);
        let real = centre.0.is_finite() && centre.1.is_finite() && radius > 0.0;
        if !real || !around.meets(&self.clip) {
            return Ok(());
        }
        // The area cuts a circle at the band; only a clip of the item needs corners.
        let band = self.grid.whole();
        let whole = self.clip == band || self.clip.contains(&around);
        let inside = centre.0 < band.width && (0.5..band.height).contains(&centre.1);
        if !(whole && inside && centre.0 > 0.5 && (3.0..4096.0).contains(&radius)) {
            return self.polygon(&circle(centre, radius));
        }
        let samples = (radius - 0.5).round() as i32;
        self.area.draw(&Circle::new(sample(centre), samples, self.colour.filled()))
    }

    fn text(&self, text: &Text) -> Drawn {
        for curves in self.letters(text) {
            self.letter(curves)?;
        }
        Ok(())
    }

    /// The outline of every letter, in samples with y upwards.
    fn letters(&self, text: &Text) -> Vec<Vec<OutlineCurve>> {
        let start = text.start();
        font::letters(&text.text, text.size, text.weight)
            .into_iter()
            .map(|letter| {
                let place = |p: ab_glyph::Point| {
                    let x = start + letter.x + f64::from(p.x) * letter.unit;
                    let y = text.at.1 - f64::from(p.y) * letter.unit;
                    let (x, y) = self.grid.place(rotate((x, y), text.at, text.angle));
                    point(x as f32, -y as f32)
                };
                let curve = |curve: &OutlineCurve| match curve {
                    OutlineCurve::Line(a, b) => OutlineCurve::Line(place(*a), place(*b)),
                    OutlineCurve::Quad(a, b, c) => {
                        OutlineCurve::Quad(place(*a), place(*b), place(*c))
                    }
                    OutlineCurve::Cubic(a, b, c, d) => {
                        OutlineCurve::Cubic(place(*a), place(*b), place(*c), place(*d))
                    }
                };
                letter.curves.iter().map(curve).collect()
            })
            .collect()
    }

    fn letter(&self, curves: Vec<OutlineCurve>) -> Drawn {
        let corners: Vec<Point> = curves
            .iter()
            .flat_map(|curve| match curve {
                OutlineCurve::Line(a, b) => vec![*a, *b],
                OutlineCurve::Quad(a, b, c) => vec![*a, *b, *c],
                OutlineCurve::Cubic(a, b, c, d) => vec![*a, *b, *c, *d],
            })
            .map(|p| (f64::from(p.x), -f64::from(p.y)))
            .collect();
        let around = bounds(&corners);
        if !around.x.is_finite() || !around.y.is_finite() || !around.meets(&self.clip) {
            return Ok(());
        }
        // Outlines count y upwards, so the upper edge is their least bound.
        let bounds = ab_glyph::Rect {
            min: point(around.x as f32, -around.y as f32),
            max: point(around.right() as f32, -around.bottom() as f32),
        };
        let glyph: Glyph = GlyphId(0).with_scale_and_position(1.0, point(0.0, 0.0));
        let one = PxScaleFactor { horizontal: 1.0, vertical: 1.0 };
        let outlined = OutlinedGlyph::new(glyph, Outline { bounds, curves }, one);
        let corner = outlined.px_bounds().min;
        let (left, top) = (corner.x as i32, corner.y as i32);
        let columns = self.clip.x as i32..self.clip.right() as i32;
        let rows = self.clip.y as i32..self.clip.bottom() as i32;
        let mut drawn = Ok(());
        outlined.draw(|x, y, coverage| {
            let at = (left + x as i32, top + y as i32);
            if coverage > 0.0 && columns.contains(&at.0) && rows.contains(&at.1) && drawn.is_ok() {
                drawn = self.area.draw_pixel(at, &self.colour.mix(f64::from(coverage.min(1.0))));
            }
        });
        drawn
    }
}

/// What two rectangles share, without area where they are apart.
fn shared(a: &Rect, b: &Rect) -> Rect {
    let (x, y) = (a.x.max(b.x), a.y.max(b.y));
    Rect {
        x,
        y,
        width: (a.right().min(b.right()) - x).max(0.0),
        height: (a.bottom().min(b.bottom()) - y).max(0.0),
    }
}

/// The rectangle with its corners on the nearest samples.
fn rounded(rect: &Rect) -> Rect {
    let (x, y) = (rect.x.round(), rect.y.round());
    Rect { x, y, width: rect.right().round() - x, height: rect.bottom().round() - y }
}

/// The sample whose middle lies nearest to `point`.
fn sample(point: Point) -> (i32, i32) {
    ((point.0 - 0.5).round() as i32, (point.1 - 0.5).round() as i32)
}
