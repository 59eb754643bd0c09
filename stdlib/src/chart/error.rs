//! What can go wrong with a chart.

use thiserror::Error;

/// A chart that cannot be drawn, with what stands in the way.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum ChartError {
    #[error("plot: there is nothing to draw: {what}")]
    Empty { what: String },
    #[error("plot: `{field}` has no value at all")]
    AllMissing { field: String },
    #[error("plot: a logarithmic {axis} axis needs values above 0, `{field}` has {rows}")]
    NotPositive { axis: &'static str, field: String, rows: String },
    #[error("plot: bars start at 0, which a logarithmic {axis} axis does not have")]
    BarOnLog { axis: &'static str },
    #[error("plot: `{field}` decides areas and has {value}, which is below 0")]
    NegativeSize { field: String, value: f64 },
    #[error("plot: {mark} marks need {channel}")]
    MissingChannel { mark: &'static str, channel: &'static str },
    #[error("plot: `{field}` has {found} values where the layer has {expected}")]
    Lengths { field: String, found: usize, expected: usize },
    #[error("plot: `{field}` is {found}, and {channel} of {mark} marks needs {expected}")]
    WrongKind {
        field: String,
        channel: &'static str,
        mark: &'static str,
        found: &'static str,
        expected: &'static str,
    },
    #[error("plot: the {axis} axis carries text in `{text}` and numbers in `{number}`")]
    MixedAxis { axis: &'static str, text: String, number: String },
    #[error("plot: `{name}` is not among the ordered categories of the {axis} axis")]
    UnknownCategory { axis: &'static str, name: String, order: Vec<String> },
    #[error("plot: `{field}` has {count} categories, more than the {most} colours of the palette")]
    TooManyColours { field: String, count: usize, most: usize },
    #[error("plot: the {axis} axis must run from a lower to a higher number, got {low} to {high}")]
    Limits { axis: &'static str, low: f64, high: f64 },
    #[error("plot: a picture must be {rule}, got {width} x {height}")]
    Size { rule: &'static str, width: f64, height: f64 },
    #[error("plot: {what} needs {expected}, got {found}")]
    Shape { what: &'static str, expected: String, found: String },
    #[error("save: `{path}` does not end in .svg, .png or .json")]
    Format { path: String },
    #[error("save: {path}: {reason}")]
    Unwritable { path: String, reason: String },
}

impl ChartError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty { .. } => "check that the filter before it kept some rows",
            Self::NotPositive { .. } => {
                "leave those rows out, or use a linear axis: drop the scale option"
            }
            Self::BarOnLog { .. } => "use point marks, or a linear axis",
            Self::WrongKind { expected: "numbers", .. } => "name a numeric column",
            Self::MixedAxis { .. } => "draw them in two charts, or turn the numbers into text",
            Self::TooManyColours { .. } => {
                "colour by fewer categories, or by a number; names can stand as labels"
            }
            Self::Limits { .. } => "give limits as [low, high]",
            Self::Size { .. } => "give chart.size(width, height) in pixels, e.g. size(800, 500)",
            Self::Format { .. } => "name the file chart.svg, chart.png or chart.json (Vega-Lite)",
            Self::UnknownCategory { name, order, .. } => {
                return crate::error::closest_hint(name, order);
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
