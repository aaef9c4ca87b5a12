//! Files that only their owner may read: created with mode 0600, refused if others may read them. None is overwritten unless its owner
//! says so.

use std::fs::{DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bouya_core::limits::SECRET_FILE_BYTES;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::files;

/// Why a private file could not be created or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// It exists already.
    #[error("{} already exists and is never overwritten; choose another name, or move it away", .0.display())]
    Exists(PathBuf),
    /// It does not exist.
    #[error("there is no file {}; check the path", .0.display())]
    Missing(PathBuf),
    /// Others may read or change it.
    #[error("other users can access {} (mode {mode:03o}); make it private: chmod 600 {}", path.display(), files::quoted(path))]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a text, or it is too long.
    #[error("{} is not a text of at most {SECRET_FILE_BYTES} bytes; check the path", .0.display())]
    NoText(PathBuf),
    /// The system reported an error.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    pub(super) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), doing, source }
    }
}

/// Creates `dir` and its missing parents, accessible to the owner only.
pub(crate) fn create_dir(dir: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| FileError::io(dir, "create the folder", error))
}

/// Writes a new file durably. See [`files`]: it is never half there, and never replaces another.
pub(crate) fn create(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    files::create(path, files::PRIVATE, contents).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        _ => FileError::io(path, "write", error),
    })
}

/// Writes a file durably in the place of the one with its name. The caller holds its [`lock`].
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    files::replace(path, files::PRIVATE, contents).map_err(|error| FileError::io(path, "replace", error))
}

/// Held by whoever reads the file at `path` to write it back. See [`files::lock`].
pub(crate) fn lock(path: &Path) -> Result<File, FileError> {
    files::lock(path).map_err(|error| FileError::io(path, "lock", error))
}

/// The text of a file that only its owner may read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FileError::Missing(path.to_owned()));
        }
        Err(error) => return Err(FileError::io(path, "open", error)),
    };
    // The mode of the open file, not of the path: the file at the path could be swapped in between.
    let mode = file.metadata().map_err(|error| FileError::io(path, "inspect", error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(FileError::Exposed { path: path.to_owned(), mode: mode & 0o777 });
    }
    // Allocated in full at once: a growing buffer would leave copies of the secret in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_FILE_BYTES + 1));
    let limit = u64::try_from(SECRET_FILE_BYTES).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| FileError::io(path, "read", error))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if bytes.len() < SECRET_FILE_BYTES => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(FileError::NoText(path.to_owned())),
    }
}
