//! Charts: one small grammar, drawn as SVG and PNG or described as Vega-Lite.
//!
//! A [`Chart`] is a value that holds its data: layers of marks whose encodings share two axes.
//! [`build`] has a function for each result of this crate. Layout and letters are the same in SVG
//! and PNG; both come from one [`scene::Scene`], so a label that fits in one fits in the other.
//!
//! `plotters` draws the PNG: lines, areas, circles and letters on its bitmap, finer than the
//! picture and then averaged, because its coordinates are whole numbers. Axes, legends, measuring
//! and label placement are ours: plotters sets labels without looking where others stand and has
//! no legend outside the plot.
//!
//! The SVG has a writer of its own. plotters' SVG backend rounds every coordinate, width and font
//! size to whole numbers and has no place for a title, a description, tooltips, groups, a clip or
//! letters with a white edge; readers with a screen reader or a mouse would lose what ours has.

mod alt;
mod axes;
pub mod build;
mod error;
mod font;
mod grammar;
mod labels;
mod layout;
mod legend;
mod marks;
mod paint;
pub mod palette;
mod png;
mod save;
mod scale;
pub mod scene;
mod strokes;
mod svg;
mod text;
mod train;
mod vega;

pub use error::ChartError;
pub use font::Weight;
pub use grammar::{
    Anchor, Axis, Channel, Chart, Colours, Field, Layer, Mark, Reference, Scale, Size, Style,
    Values,
};
pub use palette::Rgb;
pub use scale::{fixed, number};

use crate::error::Result;

impl Chart {
    /// Everything placed, at `size` or at the size that fits the content.
    pub fn scene(&self, size: Option<Size>) -> Result<scene::Scene> {
        layout::scene(self, size)
    }

    /// The chart as SVG: text is searchable, marks carry tooltips, and a title and a description
    /// stand in it for readers who cannot see it.
    pub fn to_svg(&self, size: Option<Size>) -> Result<String> {
        Ok(svg::write(&self.scene(size)?))
    }

    /// The chart as PNG bytes, letters from the embedded font.
    pub fn to_png(&self, size: Option<Size>) -> Result<Vec<u8>> {
        let scale = size.or(self.size).map_or(2.0, |size| size.scale);
        png::write(&self.scene(size)?, scale)
    }

    /// The chart as a Vega-Lite 5 specification with its data in it.
    pub fn to_vega_lite(&self) -> Result<serde_json::Value> {
        vega::write(self)
    }

    /// The chart as text of at most `width` columns, for a terminal.
    pub fn to_text(&self, width: usize) -> Result<String> {
        text::write(self, width)
    }

    /// What the chart shows, in words.
    pub fn alt_text(&self) -> Result<String> {
        Ok(alt::describe(self, &train::train(self)?))
    }

    /// Whether it can be drawn; the error says what stands in the way.
    pub fn check(&self) -> Result<()> {
        train::train(self).map(drop)
    }
}
