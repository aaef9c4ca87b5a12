//! Files that appear whole or not at all, and their names in a shell.
//!
//! A draft in the same folder gets its final name only when it is complete. So neither a failed command nor a power cut leaves a part of
//! a file behind that would block the next attempt. An existing file is replaced only by [`replace`], and whoever reads a file to write it
//! back holds its [`lock`] all the while.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

/// Permission bits of files that everybody may read; the process's umask takes some away.
pub(crate) const PUBLIC: u32 = 0o666;
/// Permission bits of files for their owner only.
pub(crate) const PRIVATE: u32 = 0o600;

/// A file that does not have its name yet. Dropped unfinished, it is gone.
pub(crate) struct Draft {
    path: PathBuf,
    target: PathBuf,
    file: File,
}

impl Draft {
    /// Begins the file `target`. Fails with `AlreadyExists` if anything has that name, even a dangling link.
    pub(crate) fn new(target: &Path, mode: u32) -> io::Result<Self> {
        if target.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Self::over(target, mode)
    }

    /// Begins the file `target`, whether anything has that name or not.
    fn over(target: &Path, mode: u32) -> io::Result<Self> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{}", HEXLOWER.encode(&bytes)));
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        Ok(Self { path, target: target.to_owned(), file })
    }

    /// Gives it its name, durably: after this returns, a power cut cannot lose it.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        // Linking never replaces an existing file.
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if is_without_links(&error) && self.target.symlink_metadata().is_err() => {
                fs::rename(&self.path, &self.target)?;
            }
            linked => linked?,
        }
        sync_folder(&self.target)
    }
}

/// A new name is durable only after its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// What a file system says that has no links, as on a memory stick.
fn is_without_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported)
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a finish this is only its second name.
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes a new file.
pub(crate) fn create(target: &Path, mode: u32, contents: &[u8]) -> io::Result<()> {
    let mut draft = Draft::new(target, mode)?;
    draft.write_all(contents)?;
    draft.finish()
}

/// Writes a file in the place of the one with its name, if there is one. The caller holds the [`lock`].
pub(crate) fn replace(target: &Path, mode: u32, contents: &[u8]) -> io::Result<()> {
    let mut draft = Draft::over(target, mode)?;
    draft.write_all(contents)?;
    draft.file.sync_all()?;
    fs::rename(&draft.path, &draft.target)?;
    sync_folder(target)
}

/// Waits until no other process or thread holds the lock of `path`, and holds it until the file it returns is dropped. The lock is on a
/// file next to it, which stays: the file itself is replaced, and a lock would go with the old one.
#[must_use = "the lock ends with this value"]
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = lock_file(path)?;
    file.lock()?;
    Ok(file)
}

/// The same without waiting; none if somebody else holds it.
#[must_use = "the lock ends with this value"]
pub(crate) fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = lock_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(lock_path(path)?)
}

fn lock_path(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.lock")))
}

/// Whether somebody holds the lock of `path` now.
pub(crate) fn is_locked(path: &Path) -> bool {
    lock_path(path).is_ok_and(|beside| is_held(&beside))
}

/// Whether somebody holds this lock file. It is never made here: who looks may be another user than who is to lock it.
pub(crate) fn is_held(lock: &Path) -> bool {
    let Ok(file) = File::open(lock) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// A path as a POSIX shell reads it back, for commands that people copy.
pub(crate) fn quoted(path: &Path) -> Cow<'_, str> {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all_and_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a file");
        let names = || fs::read_dir(dir.path()).unwrap().count();
        let mut draft = Draft::new(&path, PUBLIC).unwrap();
        draft.write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(names(), 0, "a failed attempt leaves nothing that blocks the next");
        create(&path, PRIVATE, b"whole").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        assert_eq!(create(&path, PUBLIC, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        // One that comes while another is being written.
        let other = dir.path().join("late");
        let draft = Draft::new(&other, PUBLIC).unwrap();
        fs::write(&other, "first").unwrap();
        assert_eq!(draft.finish().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            (fs::read(&path).unwrap(), fs::read(&other).unwrap()),
            (b"whole".to_vec(), b"first".to_vec())
        );
        assert_eq!(names(), 2);
    }

    #[test]
    fn a_lock_is_seen_without_being_taken_or_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(!is_locked(&path) && fs::read_dir(dir.path()).unwrap().count() == 0);
        let held = lock(&path).unwrap();
        assert!(is_locked(&path) && try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(!is_locked(&path) && try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn a_shell_reads_a_path_back() {
        for (path, expected) in [
            ("config/node.toml", "config/node.toml"),
            ("my node.toml", "'my node.toml'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }
}
