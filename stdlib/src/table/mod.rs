//! Named columns over one Arrow record batch, and single columns read from it.

mod arithmetic;
pub mod checks;
mod codebook;
pub mod csv;
pub mod datasets;
mod date;
mod error;
pub mod export;
mod frame;
mod kernels;
mod panel;
pub mod read;
pub mod save;
mod series;
mod standardise;
mod vector;
pub mod verbs;

pub use arithmetic::{BinaryOp, MathFn};
pub use date::{Date, DatePart};
pub use error::TableError;
pub(crate) use frame::name_rows;
pub use frame::{ColumnMeta, Kind, Matrix, Table};
pub use panel::{Every, Panel, Step};
pub use series::Growth;
pub use standardise::Standardised;
pub use vector::{Cell, Vector};
