//! Help: one `Entry` beside each binding is help text, completion, inspection and reference page.

mod entry;
mod page;

pub use entry::{Entry, Example, Field, Param, TypeEntry};
pub use page::{entry_doc, topic, type_doc};
