//! A drawing as PNG: plotters' bitmap of many samples per pixel, averaged.
//!
//! The picture is drawn in bands, so that the samples of a large one need little memory and every
//! core has its share. An area of many colours is averaged as a whole: neighbours that share an
//! edge leave no seam. What is half transparent is drawn alone in black first and then laid over
//! the band as one sheet, so that a line does not darken where its pieces meet.

use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea as _;
use rayon::prelude::*;

use super::error::ChartError;
use super::paint::{Brush, Drawn, Grid, reach};
use super::palette::Rgb;
use super::scene::{Item, Paint, Rect, Scene, Shape};
use crate::error::Result;

/// Pixel rows of a band.
const BAND: usize = 64;
/// Pixels of a row looked at together when it is averaged.
const BLOCK: usize = 16;

/// `scene` as PNG bytes, `scale` device pixels per CSS pixel.
pub fn write(scene: &Scene, scale: f64) -> Result<Vec<u8>> {
    let width = (scene.width * scale).round().max(1.0) as usize;
    let height = (scene.height * scale).round().max(1.0) as usize;
    // Eight samples to a CSS pixel hide that plotters' corners are whole numbers.
    let samples = ((8.0 / scale).ceil() as usize).clamp(2, 8);
    let reaches: Vec<Rect> = scene.items.iter().map(reach).collect();
    let mut pixels = vec![u8::MAX; width * height * 3];
    pixels
        .par_chunks_mut(width * 3 * BAND)
        .enumerate()
        .try_for_each(|(index, rows)| {
            let grid = Grid {
                scale: scale * samples as f64,
                top: (index * BAND * samples) as f64,
                width: (width * samples) as u32,
                height: (rows.len() / (width * 3) * samples) as u32,
            };
            let mut band = Band::new(grid);
            for (item, reach) in scene.items.iter().zip(&reaches) {
                if grid.rect(reach).meets(&grid.whole()) {
                    band.draw(item, &grid.rect(reach)).map_err(|error| error.to_string())?;
                }
            }
            band.average(samples, rows);
            Ok(())
        })
        .and_then(|()| {
            encode(&pixels, width as u32, height as u32, scale).map_err(|error| error.to_string())
        })
        .map_err(|reason: String| ChartError::Unwritable { path: "png".into(), reason }.into())
}

/// One band of the picture while it is drawn.
struct Band {
    grid: Grid,
    /// The colours so far.
    page: Vec<u8>,
    /// Black where a half transparent shape lies; made when the first one comes.
    sheet: Vec<u8>,
}

impl Band {
    fn new(grid: Grid) -> Self {
        let page = vec![u8::MAX; grid.width as usize * grid.height as usize * 3];
        Self { grid, page, sheet: Vec::new() }
    }

    fn draw(&mut self, item: &Item, reach: &Rect) -> Drawn {
        if let (Shape::Circle { centre, radius }, Some(fill), Some(stroke)) =
            (&item.shape, item.fill, item.stroke)
            && fill.opacity >= 1.0
            && stroke.paint.opacity >= 1.0
            && stroke.dash.is_none()
        {
            return self.ink(item, fill, reach, |brush| brush.ringed(*centre, *radius, stroke));
        }
        if let Some(fill) = item.fill {
            if let Shape::Text(text) = &item.shape
                && text.halo
            {
                self.ink(item, super::palette::WHITE.into(), reach, |brush| brush.halo(text))?;
            }
            self.ink(item, fill, reach, |brush| brush.fill(&item.shape))?;
        }
        if let Some(stroke) = item.stroke {
            self.ink(item, stroke.paint, reach, |brush| brush.stroke(&item.shape, stroke))?;
        }
        Ok(())
    }

    /// Lets `with` draw in `paint`.
    fn ink(
        &mut self,
        item: &Item,
        paint: Paint,
        reach: &Rect,
        with: impl FnOnce(&Brush) -> Drawn,
    ) -> Drawn {
        let size = (self.grid.width, self.grid.height);
        if paint.opacity >= 1.0 {
            let area = BitMapBackend::with_buffer(&mut self.page, size).into_drawing_area();
            return with(&Brush::new(&area, self.grid, item, paint.colour));
        }
        if self.sheet.is_empty() {
            self.sheet = vec![u8::MAX; self.page.len()];
        }
        {
            let area = BitMapBackend::with_buffer(&mut self.sheet, size).into_drawing_area();
            with(&Brush::new(&area, self.grid, item, Rgb(0, 0, 0)))?;
        }
        self.lay(paint, reach);
        Ok(())
    }

    /// Lays the black of the sheet over the page in `paint` and wipes it.
    fn lay(&mut self, paint: Paint, reach: &Rect) {
        // A stroke is at least a sample wide and corners are rounded.
        let reach = reach.grown(3.0);
        let inside = |at: f64, most: u32| at.clamp(0.0, f64::from(most)) as usize;
        let (left, right) =
            (inside(reach.x, self.grid.width), inside(reach.right(), self.grid.width));
        let (top, bottom) =
            (inside(reach.y, self.grid.height), inside(reach.bottom(), self.grid.height));
        let ink = [paint.colour.0, paint.colour.1, paint.colour.2].map(f64::from);
        for row in top..bottom {
            let start = row * self.grid.width as usize;
            let span = (start + left) * 3..(start + right) * 3;
            let (page, sheet) = (&mut self.page[span.clone()], &mut self.sheet[span]);
            for (under, over) in page.chunks_exact_mut(3).zip(sheet.chunks_exact_mut(3)) {
                if over[0] == u8::MAX {
                    continue;
                }
                let alpha = paint.opacity * f64::from(u8::MAX - over[0]) / f64::from(u8::MAX);
                for (channel, ink) in under.iter_mut().zip(ink) {
                    let before = f64::from(*channel);
                    *channel = (before + (ink - before) * alpha).round() as u8;
                }
                over.fill(u8::MAX);
            }
        }
    }

    /// The mean of every `samples` by `samples` square into `rows`, which are white.
    fn average(&self, samples: usize, rows: &mut [u8]) {
        let across = self.grid.width as usize * 3;
        let (share, half) = ((samples * samples) as u32, (samples * samples / 2) as u32);
        let white = vec![u8::MAX; BLOCK * samples * 3];
        for (y, row) in rows.chunks_exact_mut(across / samples).enumerate() {
            for (number, pixels) in row.chunks_mut(BLOCK * 3).enumerate() {
                let span = pixels.len() * samples;
                let first = y * samples * across + number * BLOCK * samples * 3;
                let starts = (0..samples).map(|line| first + line * across);
                // Most of a page is empty, and comparing is faster than adding.
                if starts.clone().all(|at| self.page[at..at + span] == white[..span]) {
                    continue;
                }
                for x in 0..pixels.len() / 3 {
                    let mut sums = [half; 3];
                    for start in starts.clone() {
                        let mut at = start + x * samples * 3;
                        for _ in 0..samples {
                            sums[0] += u32::from(self.page[at]);
                            sums[1] += u32::from(self.page[at + 1]);
                            sums[2] += u32::from(self.page[at + 2]);
                            at += 3;
                        }
                    }
                    for (channel, sum) in sums.into_iter().enumerate() {
                        pixels[x * 3 + channel] = (sum / share) as u8;
                    }
                }
            }
        }
    }
}

fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    scale: f64,
) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let per_metre = (96.0 * scale / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::palette::{CATEGORIES, TEXT};
    use crate::chart::scene::{Part, Stroke};

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
    fn a_circle_across_two_bands_is_round() {
        let height = BAND as f64 * 2.0;
        // Its middle lies where one band ends and the next begins.
        let centre = (30.0, BAND as f64);
        let circle = Item::new(Part::Mark, Shape::Circle { centre, radius: 12.0 });
        let mut page =
            scene(vec![circle.filled(CATEGORIES[0]).stroked(Stroke::new(CATEGORIES[1], 2.0))]);
        (page.width, page.height) = (60.0, height);
        let (w, h, data) = pixels(&page, 1.0);
        let at = |x: usize, y: usize| i32::from(data[(y * w as usize + x) * 3]);
        for y in 0..h as usize / 2 {
            for x in 0..w as usize / 2 {
                let (right, below) = (w as usize - 1 - x, h as usize - 1 - y);
                // A sample of eight may fall to either side.
                assert!((at(x, y) - at(right, y)).abs() <= 48, "{x} {y} across");
                assert!((at(x, y) - at(x, below)).abs() <= 48, "{x} {y} down");
            }
        }
        // The circle ends 13 from its middle; a sample may reach into the next pixel.
        for far in [centre.1 - 15.0, centre.1 + 14.0] {
            assert_eq!(at(30, far as usize), 255, "nothing beyond the circle");
        }
    }
}
