//! Making the kernel known to Jupyter.

use std::path::{Path, PathBuf};
use std::process::Command;

use esep_dsl::write_whole;
use serde_json::json;

use crate::cli::Place;

/// The kernel's name for Jupyter, and that of its folder.
const NAME: &str = "esep";

const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-svg.svg", include_bytes!("../logo/logo-svg.svg")),
    ("logo-32x32.png", include_bytes!("../logo/logo-32x32.png")),
    ("logo-64x64.png", include_bytes!("../logo/logo-64x64.png")),
];

/// Writes the kernelspec and gives the folder it went to; the error is a sentence for the user.
pub fn install(place: &Place) -> Result<PathBuf, String> {
    let data = match place {
        Place::User => user_data()?,
        Place::SysPrefix => environment()?.join("share/jupyter"),
        Place::Prefix(prefix) => prefix.join("share/jupyter"),
    };
    let program = std::env::current_exe()
        .and_then(|program| program.canonicalize())
        .map_err(|error| format!("cannot find this program's own path: {error}"))?;
    let folder = data.join("kernels").join(NAME);
    write(&folder, &program)
        .map_err(|error| format!("cannot write the kernelspec to {}: {error}", folder.display()))?;
    Ok(folder.canonicalize().unwrap_or(folder))
}

/// The folders of this kernel where Jupyter looks: the user's, and the active environment's.
pub fn known() -> Vec<PathBuf> {
    let own = [user_data().ok(), environment().ok().map(|prefix| prefix.join("share/jupyter"))];
    own.into_iter()
        .flatten()
        .map(|data| data.join("kernels").join(NAME))
        .filter(|folder| folder.join("kernel.json").exists())
        .collect()
}

fn write(folder: &Path, program: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let spec = json!({
        "argv": [program.to_string_lossy(), "kernel", "{connection_file}"],
        "display_name": "Esep",
        "language": "rhai",
        // The message takes no longer than the signal, and reaches kernels on other machines.
        "interrupt_mode": "message",
        "kernel_protocol_version": crate::jupyter::PROTOCOL,
        "metadata": { "debugger": false },
    });
    write_whole(&folder.join("kernel.json"), format!("{spec:#}\n").as_bytes())?;
    for (name, bytes) in LOGOS {
        write_whole(&folder.join(name), bytes)?;
    }
    Ok(())
}

/// Where Jupyter looks for what belongs to the user.
fn user_data() -> Result<PathBuf, String> {
    let of = |variable| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(chosen) = of("JUPYTER_DATA_DIR") {
        return Ok(chosen);
    }
    let home = || std::env::home_dir().ok_or("no home directory is known; use --prefix DIR");
    if cfg!(target_os = "macos") {
        return Ok(home()?.join("Library/Jupyter"));
    }
    if cfg!(windows) {
        if let Some(roaming) = of("APPDATA") {
            return Ok(roaming.join("jupyter"));
        }
        return Ok(home()?.join("AppData/Roaming/jupyter"));
    }
    match of("XDG_DATA_HOME") {
        Some(data) => Ok(data.join("jupyter")),
        None => Ok(home()?.join(".local/share/jupyter")),
    }
}

/// The prefix of the active Python environment.
fn environment() -> Result<PathBuf, String> {
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = std::env::var_os(variable).filter(|prefix| !prefix.is_empty()) {
            return Ok(prefix.into());
        }
    }
    for python in ["python3", "python"] {
        let asked = Command::new(python).args(["-c", "import sys; print(sys.prefix)"]).output();
        if let Some(output) = asked.ok().filter(|output| output.status.success()) {
            return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
    }
    Err("no Python environment is active and no python3 is found; use --prefix DIR".to_owned())
}
