//! Descriptive statistics shared by the rooms.

pub mod association;
pub mod collinearity;
pub mod moments;
pub mod rank;
pub mod summary;

pub use moments::{fences, kurtosis, skewness};
pub use summary::{Summary, mean, median, quantile, quantile_sorted, sample_sd, summarise};
