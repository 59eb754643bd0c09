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

fn at_once(path: &Path) -> std::io::Result<Vec<u8>> {
    // Pipes and the system's own files do not know their length.
    let Some(file) = Parted::open(path).filter(|file| file.length > 2 * SHARE as u64) else {
        return std::fs::read(path);
    };
    let mut bytes = vec![0; usize::try_from(file.length).unwrap_or(usize::MAX)];
    let shares = bytes.par_chunks_mut(SHARE).enumerate();
    shares
        .map(|(number, share)| file.fill(share, (number * SHARE) as u64))
        .collect::<std::io::Result<()>>()?;
    Ok(bytes)
}

/// A file whose parts can be read in any order, by all threads.
pub(in crate::table) struct Parted {
    file: File,
    length: u64,
}

impl Parted {
    /// The file at `path`, if it is one of known length.
    pub(in crate::table) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let about = file.metadata().ok()?;
        // Other systems have no reading at a place that leaves the place of others alone.
        (cfg!(unix) && about.is_file()).then_some(Self { file, length: about.len() })
    }

    /// Length in bytes.
    pub(in crate::table) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes from `start` to `end`; `room` lends them room, whatever it holds.
    pub(in crate::table) fn between<'r>(
        &self,
        start: u64,
        end: u64,
        room: &'r mut Vec<u8>,
    ) -> std::io::Result<&'r [u8]> {
        let length = usize::try_from(end - start).map_err(std::io::Error::other)?;
        if room.len() < length {
            room.resize(length, 0);
        }
        let bytes = &mut room[..length];
        self.fill(bytes, start)?;
        Ok(bytes)
    }

    #[cfg(unix)]
    fn fill(&self, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, start)
    }

    #[cfg(not(unix))]
    fn fill(&self, _: &mut [u8], _: u64) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
