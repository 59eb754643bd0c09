//! The language surface: one file a room, each with the help beside its functions.
//!
//! A binding converts its arguments, calls stdlib and converts the answer; it computes nothing.

mod chart;
mod cluster;
mod core;
mod date;
mod frontier;
mod operators;
mod published;
mod readiness;
mod scenario;
mod table;
mod vector;

use crate::library::Library;

/// The procedures written in the language itself, by name.
pub(crate) const PRELUDE: &[(&str, &str)] = &[
    ("prelude/reproduce.rhai", include_str!("../../prelude/reproduce.rhai")),
    ("prelude/lessons.rhai", include_str!("../../prelude/lessons.rhai")),
];

/// Registers everything.
pub(crate) fn register(library: &mut Library<'_>) {
    chart::register(library);
    core::register(library);
    cluster::register(library);
    date::register(library);
    frontier::register(library);
    operators::register(library);
    readiness::register(library);
    published::register(library);
    scenario::register(library);
    table::register(library);
    vector::register(library);
}
