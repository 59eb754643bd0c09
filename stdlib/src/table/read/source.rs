//! The bytes of a file.

use std::fs::File;
use std::path::Path;

use rayon::prelude::*;

use crate::error::Result;
use crate::table::error::TableError;

/// Bytes that one thread reads at a time.
const SHARE: usize = 1 << 22;

/// The bytes of the file at `path`.
///
/// A large file is read on all cores: much of the work is done by the system, which hands out fresh
/// memory and copies into it.
pub(in crate::table) fn bytes(path: &Path) -> Result<Vec<u8>> {
    at_once(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            return missing(path).into();
        }
        TableError::Unreadable { path: path.display().to_string(), reason: error.to_string() }
            .into()
    })
}

fn missing(path: &Path) -> TableError {
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = std::path::absolute(Path::new(".").join(folder)).unwrap_or(folder.into());
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut known: Vec<String> =
        files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    known.sort();
    TableError::NoFile {
        path: path.display().to_string(),
        known,
        folder: folder.display().to_string(),
    }
}

#[cfg(unix)]
fn at_once(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt as _;
    let file = File::open(path)?;
    let about = file.metadata()?;
    // Pipes and the system's own files do not know their length.
    let length = usize::try_from(about.len()).unwrap_or(0);
    if !about.is_file() || length <= 2 * SHARE {
        return std::fs::read(path);
    }
    let mut bytes = vec![0; length];
    let shares = bytes.par_chunks_mut(SHARE).enumerate();
    shares
        .map(|(number, share)| file.read_exact_at(share, (number * SHARE) as u64))
        .collect::<std::io::Result<()>>()?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn at_once(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}
