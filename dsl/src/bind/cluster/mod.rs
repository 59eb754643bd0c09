//! Clusters and multivariate analysis.

mod arguments;
mod choose;
mod compare;
mod components;
mod dense;
mod distances;
mod judge;
mod mixture;
mod partitions;
mod results;
mod rotation;
mod support;
mod trees;

use crate::library::Library;

pub(super) fn register(library: &mut Library<'_>) {
    distances::register(library);
    trees::register(library);
    partitions::register(library);
    dense::register(library);
    results::register(library);
    mixture::register(library);
    support::register(library);
    choose::register(library);
    compare::register(library);
    components::register(library);
    rotation::register(library);
    judge::register(library);
}
