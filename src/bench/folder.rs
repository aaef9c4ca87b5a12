//! A folder that goes away with its value.

use std::fs;
use std::path::{Path, PathBuf};

use super::BenchError;

pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, BenchError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| BenchError::system("no randomness", error))?;
        let name = format!("bouya-bench-{}", data_encoding::HEXLOWER.encode(&random));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)
            .map_err(|error| BenchError::system(&format!("cannot make {}", path.display()), error))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it lies where such things lie.
        let _ = fs::remove_dir_all(&self.0);
    }
}
