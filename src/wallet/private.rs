//! Files that only their owner may read: created with mode 0600, never overwritten, refused if others may read them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bouya_core::limits::SECRET_FILE_BYTES;
use data_encoding::HEXLOWER;
use thiserror::Error;
use zeroize::Zeroizing;

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
    #[error("other users can access {} (mode {mode:03o}); make it private: chmod 600 '{}'", path.display(), path.display())]
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

/// Writes a new file durably: after this returns, a power cut cannot lose the key. The file gets its name only when it is complete,
/// so a crash cannot leave a partial file at `path` that would block the name.
pub(crate) fn create(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    if path.symlink_metadata().is_ok() {
        return Err(FileError::Exists(path.to_owned()));
    }
    let failed = |doing| move |error| FileError::io(path, doing, error);
    let draft = draft(path).map_err(failed("create"))?;
    let linked = write_draft(&draft, contents).and_then(|()| fs::hard_link(&draft, path));
    // This draft was created above. If all went well, the file has its final name by now too.
    let _ = fs::remove_file(&draft);
    match linked {
        // Linking never replaces an existing file.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(FileError::Exists(path.to_owned())),
        linked => linked.and_then(|()| sync_parent(path)).map_err(failed("write")),
    }
}

/// A unique name in the folder of `path`, for the contents until they are complete.
fn draft(path: &Path) -> io::Result<PathBuf> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.{}", HEXLOWER.encode(&bytes))))
}

fn write_draft(draft: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(contents)?;
    file.sync_all()
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

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
