//! The Esep language: Rhai with tables, indices, clusters and frontiers as plain functions.
//!
//! A front-end owns a [`Session`], hands it cells of source text and shows the [`Bundle`]s that
//! come back. It never formats a result itself, and this crate never sees a terminal or a socket.

mod bind;
mod complete;
mod convert;
pub mod display;
pub mod help;
mod library;
mod options;
mod report;
mod session;

pub use complete::{Completeness, Completion};
pub use display::{Bundle, Style};
pub use esep_stdlib::context::{Progress, ProgressSink};
pub use esep_stdlib::files::write_whole;
pub use library::{Registry, Sink};
pub use report::Report;
pub use session::Session;
