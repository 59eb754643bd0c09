//! Model formulas: `"log(y) ~ log(x1) + x2"`.
//!
//! A formula is read into a syntax tree whose every node knows its place in the text
//! ([`Formula::parse`]), expanded into terms by the algebra of Wilkinson and Rogers (1973)
//! ([`expand`]), and evaluated on a table into design matrices over the complete rows
//! ([`frame`]). The [`Plan`] of a design makes the same columns of another table.

mod blocks;
mod design;
mod error;
mod eval;
mod forms;
mod parse;
mod terms;
mod token;

pub use design::{Design, Frame, FrameParams, Plan, frame};
pub use error::{FormulaError, Place, quoted};
pub use eval::{FUNCTIONS, ZeroPolicy};
pub use forms::{cobb_douglas, translog};
pub use parse::{Expr, Formula, Node, Op};
pub use terms::{Term, Terms, expand, update};
