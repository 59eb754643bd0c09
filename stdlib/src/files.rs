//! Files that appear whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path` as a whole or not at all.
///
/// They go to a new file in the same folder, which takes the name `path` once it is complete and
/// on the disk; a failure on the way leaves whatever was at `path`, whose permissions stay.
///
/// # Errors
///
/// A path that names no file; a folder that is not there or may not be written; a full disk.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (beside, mut file) = new_beside(path)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| match fs::metadata(path) {
            Ok(old) => file.set_permissions(old.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to report; a leftover that cannot be removed harms nobody.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A file of a name that nothing has, in the folder of `path`.
fn new_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidFilename, "it names no file"))?;
    let mut attempt = 0_u32;
    loop {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{attempt}.part", std::process::id()));
        let beside = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => attempt += 1,
            outcome => return outcome.map(|file| (beside, file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = std::env::temp_dir().join(format!("esep-files-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("p.html");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write_whole(&folder.join("no/p.html"), b"x").is_err());
        assert!(write_whole(Path::new("/"), b"x").is_err());
        let block = folder.join("block.csv");
        fs::create_dir_all(block.join("inside")).unwrap();
        assert!(write_whole(&block, b"x").is_err(), "a folder cannot be replaced by a file");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
