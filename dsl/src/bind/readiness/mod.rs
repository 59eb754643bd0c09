//! Composite indices: frameworks, scoring, weights, sensitivity.

mod framework;
mod goal;
mod options;
mod over_time;
mod peers;
mod result;
mod sensitivity;
mod steps;
mod weights;
mod what_if;

use crate::library::Library;

pub(super) fn register(library: &mut Library<'_>) {
    framework::register(library);
    goal::register(library);
    over_time::register(library);
    peers::register(library);
    result::register(library);
    sensitivity::register(library);
    steps::register(library);
    weights::register(library);
    what_if::register(library);
}
