//! The verbs of the data language: selecting, filtering, computing, ordering, joining, grouping,
//! reshaping and filling.
//!
//! Every verb works on whole Arrow columns; rows are moved by index ([`Table::take`]) and never
//! boxed. What a verb lost, filled or left unmatched comes back in [`Noted::warnings`].
//!
//! [`Table::take`]: super::Table::take

mod bind;
mod compute;
mod cut;
mod error;
mod expr;
mod fill;
mod group;
mod groups;
mod join;
mod order;
mod pick;
mod pivot;
mod rows;

pub use bind::{bind_columns, bind_rows};
pub use compute::{Made, mutate, where_};
pub use cut::{Breaks, Cut, CutParams, Running, cut_points, one_hot, running};
pub use error::{ExprError, VerbError};
pub use expr::{Expression, Param, Params, Scope, function_names};
pub use fill::{Direction, Imputation, ImputeParams, fill, impute};
pub use group::{Grouped, group_by};
pub use groups::{Groups, Members};
pub use join::{How, JoinParams, Relationship, common_keys, join};
pub use order::{RankParams, SortKey, rank, sort};
pub use pick::{KindPick, Pick, pick, rename};
pub use pivot::{LongerParams, WiderParams, pivot_longer, pivot_wider, transpose};
pub use rows::{SampleParams, Slice, distinct, drop_missing, sample, slice};

use super::Table;

/// A table and what its user should know of its making.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The table.
    pub table: Table,
    /// What was lost, filled or left unmatched, one sentence each.
    pub warnings: Vec<String>,
}

impl Noted {
    /// A table that needs no remark.
    pub fn plain(table: Table) -> Self {
        Self { table, warnings: Vec::new() }
    }
}

/// `names` as an error or warning lists them, shortened past eight.
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(|n| format!("`{}`", n.as_ref())).collect();
    let more = names.len() - shown.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}
