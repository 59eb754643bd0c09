//! Where the program keeps what it remembers.

use std::path::PathBuf;

/// The file `name` among the things remembered between sessions, where the system has a place.
///
/// `ESEP_STATE_DIR` names the folder; otherwise it is `esep` in the user's state directory (XDG),
/// or in `LOCALAPPDATA`. Set it to the empty text to remember nothing.
pub fn remembered(name: &str) -> Option<PathBuf> {
    let of = |variable| std::env::var_os(variable).map(PathBuf::from);
    let folder = match of("ESEP_STATE_DIR") {
        Some(chosen) => Some(chosen).filter(|chosen| !chosen.as_os_str().is_empty()),
        None if cfg!(windows) => of("LOCALAPPDATA").map(|local| local.join("esep")),
        None => of("XDG_STATE_HOME")
            .filter(|folder| folder.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
            .map(|state| state.join("esep")),
    };
    folder.map(|folder| folder.join(name))
}
