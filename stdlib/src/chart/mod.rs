//! Charts: one small grammar, drawn by plotters or described as Vega-Lite.

mod error;

pub use error::ChartError;
