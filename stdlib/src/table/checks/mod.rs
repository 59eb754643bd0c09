//! Looking at a table before trusting it.

mod audit;
mod correlate;
mod crosstab;
mod describe;

pub use audit::{Audit, AuditParams, Finding, Severity, Together, audit, clean_text};
pub use correlate::{
    Adjust, CorrelateParams, Correlations, correlate, correlate_pair, describe_pair,
    fisher_interval,
};
pub use crosstab::{Crosstab, Independence, ShareOf, crosstab};
pub use describe::DescribeParams;
