//! Model formulas: `"log(y) ~ log(x1) + x2"`.

mod error;

pub use error::FormulaError;
