//! Files that survive a crash: a file has either its old or its new content, never a part of it.
//!
//! - A key file is created with mode 0600 and never replaced. The exception is `ca.key`, when the same key gets another seal.
//! - Every other file is written under a temporary name, synced, and renamed. Then the folder is synced.
//! - Only one mkca at a time works in a folder. A lock file ensures this; the system releases the lock when the process ends.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::error::Error;

/// Most bytes to read: far more than any certificate, request or revocation list has. Stops a device or a log given by mistake.
const MAX_READ: u64 = 16 * 1024 * 1024;

const LOCK: &str = ".mkca.lock";

/// Held while this value lives.
#[must_use = "the lock ends with this value"]
pub(crate) struct Lock {
    _file: File,
}

pub(crate) fn lock(dir: &Path) -> Result<Lock, Error> {
    let path = dir.join(LOCK);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(Error::io("open", &path))?;
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(Lock { _file: file })
}

pub(crate) fn make_dir(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(Error::io("make", dir))
}

/// `None` if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(Error::io("open", path))?,
    };
    let mut bytes = Vec::new();
    let mut limited = file.take(MAX_READ + 1);
    limited.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > MAX_READ {
        return Err(Error::TooLarge { path: path.into(), limit: MAX_READ });
    }
    Ok(Some(bytes))
}

/// Like [`read`], for a file that must exist.
pub(crate) fn read_existing(path: &Path) -> Result<Vec<u8>, Error> {
    let missing = || Error::io("open", path)(io::ErrorKind::NotFound.into());
    read(path)?.ok_or_else(missing)
}

/// True for a dangling link too: nothing may be written through it.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Replaces a private key's file with the same key in another form.
pub(crate) fn replace_key(path: &Path, pem: &str) -> Result<(), Error> {
    let temporary = temporary(path);
    // It may be left from an interrupted run.
    let _ = fs::remove_file(&temporary);
    create_key(&temporary, pem)?;
    fs::rename(&temporary, path).map_err(Error::io("write", path))?;
    sync_dir(path)
}

/// Creates a private key's file. Fails if anything has this name.
pub(crate) fn create_key(path: &Path, pem: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(Error::io("create", path))?;
    let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // This file was created above. A partial key is useless and would block the next attempt.
        let _ = fs::remove_file(path);
        return Err(Error::io("write", path)(error));
    }
    sync_dir(path)
}

/// Removes what a failed command has made, as far as it can.
pub(crate) fn remove(paths: &[PathBuf]) {
    for path in paths {
        // The command has failed already, and says why.
        let _ = fs::remove_file(path);
    }
}

/// Writes or replaces a file in one step. The caller holds the folder's lock, so nothing else uses the temporary name.
pub(crate) fn replace(path: &Path, content: &str) -> Result<(), Error> {
    let temporary = temporary(path);
    let written = write_synced(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(Error::io("write", path)(error));
    }
    sync_dir(path)
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn write_synced(path: &Path, content: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

/// A new name or a rename is durable only after its folder is synced.
fn sync_dir(path: &Path) -> Result<(), Error> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("sync", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_created_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        create_key(&path, "first").unwrap();
        assert!(create_key(&path, "second").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        #[cfg(unix)]
        {
            let metadata = fs::metadata(&path).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_is_not_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("a.key"), dir.path().join("elsewhere"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(exists(&link));
        assert!(create_key(&link, "secret").is_err());
        assert!(!exists(&target));
    }

    #[test]
    fn replacing_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.crl");
        replace(&path, "old").unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(read_existing(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_file_is_told_from_an_unreadable_one() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(&dir.path().join("none")).unwrap().is_none());
        assert!(read(dir.path()).is_err());
        assert!(read_existing(&dir.path().join("none")).is_err());
    }
}
