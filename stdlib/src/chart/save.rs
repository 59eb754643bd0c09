//! Charts as files.

use std::fs;
use std::path::Path;

use super::error::ChartError;
use super::grammar::{Chart, Size};
use crate::error::Result;

impl Chart {
    /// Writes the chart to `path`; its ending chooses SVG, PNG or Vega-Lite JSON.
    ///
    /// The file appears whole or not at all: it is written beside its place and then renamed.
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

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("chart");
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path).inspect_err(|_| {
        // The error of the rename is the one to tell; a leftover part file is no second one.
        let _ = fs::remove_file(&beside);
    })
}
