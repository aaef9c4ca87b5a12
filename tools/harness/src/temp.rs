//! A temporary folder.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::Error;

/// A folder that is removed when this value is dropped. Not from a crate, because this code is part of the daemon's program.
#[derive(Debug)]
pub struct TempFolder(PathBuf);

impl TempFolder {
    /// Creates an empty folder in the system's temporary folder.
    pub fn new(prefix: &str) -> Result<Self, Error> {
        let failed = |path: &Path, error| Error::Write { path: path.to_owned(), error };
        let folder = env::temp_dir();
        let random = getrandom::u64().map_err(|error| failed(&folder, io::Error::other(error)))?;
        let path = folder.join(format!("{prefix}-{random:016x}"));
        fs::create_dir_all(&path).map_err(|error| failed(&path, error))?;
        Ok(Self(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // If it cannot be removed, it stays in the system's temporary folder, which the system cleans up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
