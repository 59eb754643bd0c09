//! Descriptive statistics shared by the rooms.

pub mod summary;

pub use summary::{Summary, mean, median, quantile, sample_sd, summarise};
