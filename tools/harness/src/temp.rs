//! A folder that goes away with its value.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::Error;

/// See above. Left out on purpose: a crate that does more, since the daemon's program has this in it.
#[derive(Debug)]
pub struct TempFolder(PathBuf);

impl TempFolder {
    /// An empty one, below the system's folder for such things.
    pub fn new(prefix: &str) -> Result<Self, Error> {
        let failed = |path: &Path, error| Error::Write { path: path.to_owned(), error };
        let folder = env::temp_dir();
        let random = getrandom::u64().map_err(|error| failed(&folder, io::Error::other(error)))?;
        let path = folder.join(format!("{prefix}-{random:016x}"));
        fs::create_dir_all(&path).map_err(|error| failed(&path, error))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it lies where such things lie.
        let _ = fs::remove_dir_all(&self.0);
    }
}
