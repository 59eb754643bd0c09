//! Charts: one small grammar, drawn as SVG and PNG or described as Vega-Lite.
//!
//! A [`Chart`] is a value that holds its data: layers of marks whose encodings share two axes.
//! [`build`] has a function for each result of this crate. Layout and letters are the same in SVG
//! and PNG; both come from one [`scene::Scene`], so a label that fits in one fits in the other.
//!
//! The renderer is written for this grammar on `ab_glyph`'s outlines. A plotting library would
//! only have pushed the pixels: axes, legends, label placement and measuring are ours in any
//! case, and the one that was tried places letters and marks on whole pixels, has no legend
//! outside the plot and cannot give an SVG a title or a tooltip.

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
pub mod palette;
mod png;
mod save;
mod scale;
pub mod scene;
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
