//! Composite indices: frameworks, scoring, weights, sensitivity.

mod framework;
mod goal;
mod options;
mod result;
mod sensitivity;
mod steps;
mod weights;

use crate::library::Library;

pub(super) fn register(library: &mut Library<'_>) {
    framework::register(library);
    goal::register(library);
    result::register(library);
    sensitivity::register(library);
    steps::register(library);
    weights::register(library);
}
