//! Helpers shared by the integration tests.
#![allow(clippy::panic, reason = "a helper of tests fails the test that calls it")]

use std::path::{Path, PathBuf};

pub mod program;
pub mod python;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder of reference values that may not be committed, where it exists.
///
/// It stands beside the repository as `../shared/reference`; `ESEP_REFERENCE` names another place.
pub fn reference_dir() -> Option<PathBuf> {
    let place = std::env::var_os("ESEP_REFERENCE")
        .map_or_else(|| root().join("../shared/reference"), PathBuf::from);
    place.is_dir().then_some(place)
}
