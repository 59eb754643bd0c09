//! The `esep` program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The target directory and profile folder in which this test was built.
fn built_in() -> (PathBuf, String) {
    // A test is `<target>/<profile>/deps/<name>-<hash>`.
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test.ancestors().nth(2).expect("a test lies in its profile's deps folder");
    let target = profile.parent().expect("a profile's folder lies in the target directory");
    let name = profile.file_name().expect("a profile has a name").to_string_lossy().into_owned();
    (target.to_path_buf(), name)
}

/// The target directory in which this test was built.
pub fn target_dir() -> PathBuf {
    built_in().0
}

/// The `esep` program, built once by the cargo and in the profile that built this test.
///
/// A package cannot depend on another one's program, so cargo is asked for it; when nothing has
/// changed since `cargo test --workspace` that takes a fraction of a second.
///
/// # Panics
/// Where the program cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let (target, profile) = built_in();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--workspace", "--bin", "esep", "--quiet"]);
        build.arg("--manifest-path").arg(crate::root().join("Cargo.toml"));
        build.arg("--target-dir").arg(&target);
        if profile != "debug" {
            build.args(["--profile", &profile]);
        }
        let status = build.status().expect("cargo can be started");
        assert!(status.success(), "cargo could not build the program: {build:?}");
        target.join(profile).join(format!("esep{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A command that runs the program apart from the user's own files and settings.
pub fn esep(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env("ESEP_STATE_DIR", "").env_remove("NO_COLOR");
    command
}

/// What a finished program said, for comparing and for failure messages.
#[derive(Debug)]
pub struct Said {
    /// Its exit status.
    pub status: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the program to its end.
///
/// # Panics
/// Where it cannot be started.
pub fn said(arguments: &[&str]) -> Said {
    esep(arguments).output().expect("the program can be started").into()
}
