//! The disk under the data folder: room, and how long a write takes to be durable.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bouya_core::limits::STORE_FREE_BYTES;

use super::check::Check;

/// With less free space than this, in bytes, it is time to act: a busy network fills it in days.
const FREE_BYTES: u64 = 512 * 1024 * 1024;
/// With fewer free entries for files than this it is, too.
const FREE_FILES: u64 = 1_000;
/// A disk whose fastest write of some takes longer to be durable is slow: each commit waits for it, and each vote for two.
const SLOW: Duration = Duration::from_millis(100);
/// Writes that are measured.
const WRITES: usize = 5;

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The data folder, or where it will be.
    pub(super) folder: PathBuf,
    /// Free bytes and entries for files; none if the system does not say.
    pub(super) free: Option<(u64, Option<u64>)>,
    /// How long each write took; none if there is no folder yet.
    pub(super) writes: Option<io::Result<Vec<Duration>>>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("disk");
    let folder = seen.folder.display();
    match seen.free {
        Some((free, _)) if free < FREE_BYTES => {
            let [free, enough, least] =
                [free, FREE_BYTES, STORE_FREE_BYTES].map(|bytes| bytes / (1024 * 1024));
            let text = format!(
                "{free} MiB are free in {folder}, fewer than {enough}; below {least} the node takes no block"
            );
            check.find("space", text, "make room");
        }
        Some((_, Some(files))) if files < FREE_FILES => {
            let text = format!("the file system of {folder} has room for {files} more files only");
            check.find("space", text, "remove files that nobody needs; df -i shows where they are");
        }
        Some(_) => (),
        None => check.skip(format!("the system does not say how much is free in {folder}")),
    }
    match &seen.writes {
        None => check.skip(format!("{folder} is not there yet: the first start makes it")),
        Some(Ok(writes)) => {
            if let Some(best) = writes.iter().min().filter(|best| **best > SLOW) {
                let text = format!(
                    "a write in {folder} takes {} ms at least to be durable (fsync), more than {}; each commit and each vote waits for it",
                    best.as_millis(),
                    SLOW.as_millis()
                );
                check.find(
                    "fsync",
                    text,
                    "move data_dir and the member key to a faster disk, or see what else writes there",
                );
            }
        }
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            check.skip(format!("this user may not write in {folder}: run it as the node's user"));
        }
        Some(Err(error)) => {
            check.find(
                "data_dir",
                format!("cannot write in {folder}: {error}"),
                "see to the disk (dmesg, df)",
            );
        }
    }
    check
}

pub(super) fn look(folder: &Path) -> Seen {
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let free = rustix::fs::statvfs(there).ok().map(|stat| {
        // Some file systems have no fixed number of entries and say 0 of 0.
        let files = (stat.f_files > 0).then_some(stat.f_favail);
        (stat.f_bavail.saturating_mul(stat.f_frsize), files)
    });
    Seen { folder: folder.to_owned(), free, writes: folder.is_dir().then(|| measure(folder)) }
}

/// Writes a page some times, and waits each time until it is durable.
fn measure(folder: &Path) -> io::Result<Vec<Duration>> {
    let path = folder.join(format!(".doctor.{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    // Its name goes at once, so that nothing is left behind whatever happens.
    fs::remove_file(&path)?;
    let once = |_| {
        let start = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        Ok(start.elapsed())
    };
    (0..WRITES).map(once).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(free: u64, files: Option<u64>, ms: &[u64]) -> Seen {
        let writes = ms.iter().map(|ms| Duration::from_millis(*ms)).collect();
        Seen { folder: "/srv/data".into(), free: Some((free, files)), writes: Some(Ok(writes)) }
    }

    fn keys(seen: &Seen) -> Vec<String> {
        judge(seen).findings.into_iter().map(|found| found.key).collect()
    }

    #[test]
    fn little_room_is_found_and_says_how_much() {
        assert_eq!(judge(&seen(FREE_BYTES, Some(FREE_FILES), &[1])), Check::new("disk"));
        assert_eq!(judge(&seen(FREE_BYTES, None, &[1])), Check::new("disk"));
        let little = seen(100 * 1024 * 1024, None, &[1]);
        assert!(judge(&little).findings[0].text.starts_with("100 MiB are free in /srv/data, fewer than 512"));
        assert!(judge(&seen(FREE_BYTES, Some(3), &[1])).findings[0].text.contains("room for 3 more files"));
        let unknown = Seen { free: None, ..seen(0, None, &[1]) };
        assert_eq!(judge(&unknown).skipped.len(), 1);
    }

    #[test]
    fn a_disk_is_slow_if_even_its_fastest_write_is() {
        assert_eq!(keys(&seen(FREE_BYTES, None, &[900, 101, 100])), [""; 0]);
        assert_eq!(keys(&seen(FREE_BYTES, None, &[900, 101, 250])), ["fsync"]);
    }

    #[test]
    fn a_disk_that_cannot_be_written_is_found_unless_this_user_only_may_not() {
        let wrong =
            |kind: io::ErrorKind| Seen { writes: Some(Err(kind.into())), ..seen(FREE_BYTES, None, &[]) };
        assert_eq!(keys(&wrong(io::ErrorKind::ReadOnlyFilesystem)), ["data_dir"]);
        assert!(judge(&wrong(io::ErrorKind::PermissionDenied)).skipped[0].contains("the node's user"));
    }

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let found = look(dir.path());
        assert!(matches!(&found.writes, Some(Ok(writes)) if writes.len() == WRITES) && found.free.is_some());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let later = look(&dir.path().join("a/b"));
        assert!(later.writes.is_none() && later.free.is_some());
    }
}
