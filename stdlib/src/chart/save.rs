//! Charts as files.

use std::path::Path;

use super::error::ChartError;
use super::grammar::{Chart, Size};
use crate::error::Result;
use crate::files::write_whole;

impl Chart {
    /// Writes the chart to `path`; its ending chooses SVG, PNG or Vega-Lite JSON.
    ///
    /// The file appears whole or not at all.
    pub fn save(&self, path: &Path, size: Option<Size>) -> Result<()> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
        let bytes = match ending.as_str() {
            "svg" => self.to_svg(size)?.into_bytes(),
            "png" => self.to_png(size)?,
            "json" => format!("{:#}\n", self.to_vega_lite()?).into_bytes(),
            _ => return Err(ChartError::Format { path: path.display().to_string() }.into()),
        };
        write_whole(path, &bytes).map_err(|error| {
            ChartError::Unwritable { path: path.display().to_string(), reason: error.to_string() }
                .into()
        })
    }
}
