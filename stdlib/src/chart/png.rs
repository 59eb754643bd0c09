//! A drawing as PNG, with exact coverage of every pixel and the embedded letters.

use ab_glyph::{OutlineCurve, Point as GlyphPoint, point};
use ab_glyph_rasterizer::Rasterizer;

use super::error::ChartError;
use super::font;
use super::palette::WHITE;
use super::scene::{Item, Paint, Point, Rect, Scene, Shape, Stroke, Text, rotate};
use crate::error::Result;

/// `scene` as PNG bytes, `scale` device pixels per CSS pixel.
pub fn write(scene: &Scene, scale: f64) -> Result<Vec<u8>> {
    let width = (scene.width * scale).round().max(1.0) as usize;
    let height = (scene.height * scale).round().max(1.0) as usize;
    let mut canvas =
        Canvas { width, height, scale, pixels: [WHITE.0, WHITE.1, WHITE.2].repeat(width * height) };
    for item in &scene.items {
        canvas.draw(item);
    }
    canvas.encode().map_err(|error| {
        ChartError::Unwritable { path: "png".into(), reason: error.to_string() }.into()
    })
}

/// Closed outlines waiting to be filled, in device pixels.
#[derive(Default)]
struct Outline {
    curves: Vec<OutlineCurve>,
}

impl Outline {
    fn polygon(&mut self, points: &[Point]) {
        let at = |i: usize| glyph_point(points[i % points.len()]);
        self.curves.extend((0..points.len()).map(|i| OutlineCurve::Line(at(i), at(i + 1))));
    }

    /// Left, top, right and bottom of everything.
    fn bounds(&self) -> Option<[f32; 4]> {
        let mut ends: Option<[f32; 4]> = None;
        let mut see = |p: GlyphPoint| {
            let [l, t, r, b] = ends.unwrap_or([p.x, p.y, p.x, p.y]);
            ends = Some([l.min(p.x), t.min(p.y), r.max(p.x), b.max(p.y)]);
        };
        for curve in &self.curves {
            match curve {
                OutlineCurve::Line(a, b) => [*a, *b].into_iter().for_each(&mut see),
                OutlineCurve::Quad(a, b, c) => [*a, *b, *c].into_iter().for_each(&mut see),
                OutlineCurve::Cubic(a, b, c, d) => {
                    [*a, *b, *c, *d].into_iter().for_each(&mut see);
                }
            }
        }
        ends
    }
}

fn glyph_point(p: Point) -> GlyphPoint {
    point(p.0 as f32, p.1 as f32)
}

struct Canvas {
    width: usize,
    height: usize,
    scale: f64,
    pixels: Vec<u8>,
}

impl Canvas {
    fn draw(&mut self, item: &Item) {
        match &item.shape {
            Shape::Path { points, closed } => {
                let points = self.device(points);
                if let Some(fill) = item.fill {
                    let mut outline = Outline::default();
                    outline.polygon(&points);
                    self.fill(&outline, fill, item.clip);
                }
                if let Some(stroke) = item.stroke {
                    self.stroke(&points, *closed, stroke, item.clip);
                }
            }
            Shape::Circle { centre, radius } => {
                let points = self.device(&circle(*centre, *radius));
                if let Some(fill) = item.fill {
                    let mut outline = Outline::default();
                    outline.polygon(&points);
                    self.fill(&outline, fill, item.clip);
                }
                if let Some(stroke) = item.stroke {
                    self.stroke(&points, true, stroke, item.clip);
                }
            }
            Shape::Text(text) => self.text(text, item),
        }
    }

    fn device(&self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|(x, y)| (x * self.scale, y * self.scale)).collect()
    }

    fn stroke(&mut self, points: &[Point], closed: bool, stroke: Stroke, clip: Option<Rect>) {
        let half = (stroke.width * self.scale / 2.0).max(0.3);
        let mut points = points.to_vec();
        if closed && let Some(first) = points.first().copied() {
            points.push(first);
        }
        let runs = match stroke.dash {
            Some((on, off)) => dashes(&points, on * self.scale, off * self.scale),
            None => vec![points],
        };
        let mut outline = Outline::default();
        for run in &runs {
            thicken(&mut outline, run, half, closed && runs.len() == 1);
        }
        self.fill(&outline, stroke.paint, clip);
    }

    fn text(&mut self, text: &Text, item: &Item) {
        let Some(fill) = item.fill else { return };
        let mut outline = Outline::default();
        let mut halo = Outline::default();
        for letter in font::letters(&text.text, text.size, text.weight) {
            let place = |p: &GlyphPoint| {
                let x = text.start() + letter.x + f64::from(p.x) * letter.unit;
                let y = text.at.1 - f64::from(p.y) * letter.unit;
                let (x, y) = rotate((x, y), text.at, text.angle);
                (x * self.scale, y * self.scale)
            };
            for curve in &letter.curves {
                let placed = match curve {
                    OutlineCurve::Line(a, b) => {
                        OutlineCurve::Line(glyph_point(place(a)), glyph_point(place(b)))
                    }
                    OutlineCurve::Quad(a, b, c) => OutlineCurve::Quad(
                        glyph_point(place(a)),
                        glyph_point(place(b)),
                        glyph_point(place(c)),
                    ),
                    OutlineCurve::Cubic(a, b, c, d) => OutlineCurve::Cubic(
                        glyph_point(place(a)),
                        glyph_point(place(b)),
                        glyph_point(place(c)),
                        glyph_point(place(d)),
                    ),
                };
                outline.curves.push(placed);
                if text.halo {
                    let ends = match curve {
                        OutlineCurve::Line(a, b) => [place(a), place(b)],
                        OutlineCurve::Quad(a, _, c) => [place(a), place(c)],
                        OutlineCurve::Cubic(a, _, _, d) => [place(a), place(d)],
                    };
                    thicken(&mut halo, &ends, 1.5 * self.scale, true);
                }
            }
        }
        if text.halo {
            self.fill(&halo, WHITE.into(), item.clip);
        }
        self.fill(&outline, fill, item.clip);
    }

    /// Blends `paint` over the area inside `outline` (all windings added).
    fn fill(&mut self, outline: &Outline, paint: Paint, clip: Option<Rect>) {
        let Some([left, top, right, bottom]) = outline.bounds() else { return };
        let far = |v: f32| !v.is_finite() || v.abs() > 40_000.0;
        if [left, top, right, bottom].into_iter().any(far) {
            return;
        }
        let (x0, y0) = (left.floor() as i64, top.floor() as i64);
        let columns = (right.ceil() as i64 - x0 + 1) as usize;
        let rows = (bottom.ceil() as i64 - y0 + 1) as usize;
        let mut raster = Rasterizer::new(columns, rows);
        let shift = |p: &GlyphPoint| point(p.x - x0 as f32, p.y - y0 as f32);
        for curve in &outline.curves {
            match curve {
                OutlineCurve::Line(a, b) => raster.draw_line(shift(a), shift(b)),
                OutlineCurve::Quad(a, b, c) => raster.draw_quad(shift(a), shift(b), shift(c)),
                OutlineCurve::Cubic(a, b, c, d) => {
                    raster.draw_cubic(shift(a), shift(b), shift(c), shift(d));
                }
            }
        }
        let page = Rect { x: 0.0, y: 0.0, width: self.width as f64, height: self.height as f64 };
        let clip = clip.map_or(page, |c| Rect {
            x: c.x * self.scale,
            y: c.y * self.scale,
            width: c.width * self.scale,
            height: c.height * self.scale,
        });
        let (clip_x, clip_right) = (clip.x.round() as i64, clip.right().round() as i64);
        let (clip_y, clip_bottom) = (clip.y.round() as i64, clip.bottom().round() as i64);
        let (width, height) = (self.width, self.height);
        let pixels = &mut self.pixels;
        raster.for_each_pixel_2d(|x, y, coverage| {
            let (x, y) = (x0 + i64::from(x), y0 + i64::from(y));
            let inside = (clip_x.max(0)..clip_right.min(width as i64)).contains(&x)
                && (clip_y.max(0)..clip_bottom.min(height as i64)).contains(&y);
            let alpha = f64::from(coverage.min(1.0)) * paint.opacity;
            if !inside || alpha <= 0.0 {
                return;
            }
            let start = (y as usize * width + x as usize) * 3;
            let colour = [paint.colour.0, paint.colour.1, paint.colour.2];
            for (pixel, ink) in pixels[start..start + 3].iter_mut().zip(colour) {
                let under = f64::from(*pixel);
                *pixel = (under + (f64::from(ink) - under) * alpha).round() as u8;
            }
        });
    }

    fn encode(&self) -> std::result::Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let per_metre = (96.0 * self.scale / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// A circle as a polygon no corner of which shows.
fn circle(centre: Point, radius: f64) -> Vec<Point> {
    let corners = (16.0 + radius * 3.0).min(180.0) as usize;
    (0..corners)
        .map(|i| {
            let angle = i as f64 / corners as f64 * std::f64::consts::TAU;
            (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin())
        })
        .collect()
}

/// Adds the area within `half` of the line through `points`; ends are flat unless `round`.
fn thicken(outline: &mut Outline, points: &[Point], half: f64, round: bool) {
    for (i, pair) in points.windows(2).enumerate() {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        if length < 1e-9 {
            continue;
        }
        let (nx, ny) = (-(y1 - y0) / length * half, (x1 - x0) / length * half);
        // The corner order winds the same way whatever the direction, so areas add up.
        outline.polygon(&[
            (x0 - nx, y0 - ny),
            (x1 - nx, y1 - ny),
            (x1 + nx, y1 + ny),
            (x0 + nx, y0 + ny),
        ]);
        if half > 0.6 && (i > 0 || round) {
            outline.polygon(&circle((x0, y0), half));
        }
    }
}

/// The stretches of the line through `points` that a dashed stroke covers.
fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut runs = Vec::new();
    let mut run: Vec<Point> = points.first().map(|p| vec![*p]).unwrap_or_default();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            if drawing {
                run.push(at);
                runs.push(std::mem::take(&mut run));
            } else {
                run = vec![at];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            run.push((x1, y1));
        }
    }
    if run.len() > 1 {
        runs.push(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::palette::{CATEGORIES, TEXT};
    use crate::chart::scene::Part;

    fn scene(items: Vec<Item>) -> Scene {
        Scene { width: 40.0, height: 30.0, items, title: String::new(), description: String::new() }
    }

    fn pixels(scene: &Scene, scale: f64) -> (u32, u32, Vec<u8>) {
        let bytes = write(scene, scale).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut out = vec![0; reader.output_buffer_size().expect("fits in memory")];
        let info = reader.next_frame(&mut out).expect("a frame");
        (info.width, info.height, out)
    }

    #[test]
    fn a_rectangle_covers_its_pixels_and_no_other() {
        let rect = Rect { x: 10.0, y: 5.0, width: 20.0, height: 10.0 };
        let (w, h, data) = pixels(&scene(vec![Item::rect(Part::Mark, rect, CATEGORIES[0])]), 1.0);
        assert_eq!((w, h), (40, 30));
        let at = |x: usize, y: usize| &data[(y * 40 + x) * 3..(y * 40 + x) * 3 + 3];
        assert_eq!(at(10, 5), [0, 114, 178]);
        assert_eq!(at(29, 14), [0, 114, 178]);
        for (x, y) in [(9, 5), (10, 4), (30, 14), (29, 15)] {
            assert_eq!(at(x, y), [255, 255, 255], "{x} {y}");
        }
    }

    #[test]
    fn a_half_transparent_line_does_not_darken_at_its_joints() {
        let paint = Paint { colour: TEXT, opacity: 0.5 };
        let line = Item::line(
            Part::Mark,
            vec![(5.0, 15.0), (20.0, 15.0), (35.0, 15.0)],
            Stroke::new(paint, 6.0),
        );
        let (_, _, data) = pixels(&scene(vec![line]), 1.0);
        let row = &data[15 * 40 * 3..16 * 40 * 3];
        let darkest = row.iter().min().unwrap();
        assert_eq!(*darkest, row[10 * 3], "the joint is as dark as the rest");
    }

    #[test]
    fn dashes_leave_gaps_and_cover_their_share() {
        let runs = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], 3.0, 2.0);
        let length: f64 = runs
            .iter()
            .flat_map(|run| run.windows(2))
            .map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1))
            .sum();
        assert!((length - 12.0).abs() < 1e-9 && runs.len() == 4);
    }
}
