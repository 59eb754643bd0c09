//! A Python environment with real Jupyter clients.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program::target_dir;

/// What the tests install, at exact versions.
const REQUIREMENTS: &str = "tests/jupyter/requirements.txt";

/// The interpreter of an environment that holds the requirements.
///
/// It is made once under the target directory and found there again; another list of requirements
/// gets an environment of its own.
///
/// # Panics
/// Where `python3`, its `venv` module or the packages cannot be had: the clients are part of what
/// is tested, so going on without them would be a test that cannot fail.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let list = crate::root().join(REQUIREMENTS);
        let wanted = std::fs::read_to_string(&list).expect("the list of requirements is there");
        let folder = target_dir().join("jupyter-clients");
        let python = folder.join("bin/python");
        let marker = folder.join("installed");
        if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
            return python;
        }
        // A half-made environment is of no use.
        let _ = std::fs::remove_dir_all(&folder);
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
            "python3 with its venv module is needed for the tests with real Jupyter clients \
             (on Debian: apt-get install python3 python3-venv)",
        );
        run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg("--requirement")
                .arg(&list),
            "pip could not install the Jupyter clients of tests/jupyter/requirements.txt (is there a \
             connection to a package index?)",
        );
        std::fs::write(&marker, wanted).expect("the environment can be marked as whole");
        python
    })
}

fn run(command: &mut Command, needed: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "{needed}\n{command:?} ended with {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("{needed}\n{command:?}: {error}"),
    }
}
