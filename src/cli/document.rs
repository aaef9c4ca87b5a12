//! Documents: files whose SHA-256 goes onto the ledger.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use bouya_core::crypto::Hash;
use sha2::{Digest, Sha256};

use super::error::Error;

/// The SHA-256 of a file of any size.
pub(crate) fn hash(path: &Path) -> Result<Hash, Error> {
    let mut hasher = Sha256::new();
    let read = File::open(path).and_then(|file| {
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                count => hasher.update(buffer.get(..count).unwrap_or_default()),
            }
        }
    });
    read.map_err(|error| unreadable(path, &error))?;
    Ok(Hash(hasher.finalize().into()))
}

/// A file's content. Of a file longer than `most` bytes, one byte more than that, so that the caller can tell.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let done = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    done.map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let next = match error.kind() {
        io::ErrorKind::NotFound => "check its name and the folder that you are in",
        io::ErrorKind::PermissionDenied => "check who may read it",
        _ => "check that it is a file",
    };
    Error::Usage(format!("cannot read {}: {error}; {next}", path.display()))
}
