//! What can go wrong in this room.

use thiserror::Error;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FormulaError {}

impl FormulaError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        None
    }
}
