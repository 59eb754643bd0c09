//! Clusters and multivariate analysis.

mod arguments;
mod choose;
mod compare;
mod components;
mod distances;
mod judge;
mod partitions;
mod results;
mod trees;

use crate::library::Library;

pub(super) fn register(library: &mut Library<'_>) {
    distances::register(library);
    trees::register(library);
    partitions::register(library);
    results::register(library);
    choose::register(library);
    compare::register(library);
    components::register(library);
    judge::register(library);
}
