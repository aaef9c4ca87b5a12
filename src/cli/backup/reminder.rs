//! When the last backup was made, in a file beside node.toml, and what has come since.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bouya_core::time::Timestamp;

use super::gather::Named;
use crate::cli::error::Error;
use crate::cli::folder::cannot;
use crate::cli::parse;
use crate::clock::{parse_rfc3339, rfc3339};
use crate::files::{self, PUBLIC};

/// Notes that all that was there at `began` is in a backup.
pub(crate) fn remember(config: &Path, began: Timestamp) -> Result<(), Error> {
    let path = note_beside(config);
    let text = format!("{}\n", rfc3339(began));
    files::replace(&path, PUBLIC, text.as_bytes()).map_err(|error| cannot("write", &path, &error))
}

/// What to tell people whose newest key is in no backup. What cannot be seen is not told.
pub(crate) fn reminder(config: &Path) -> Option<String> {
    let wallets = parse::default_wallets().ok().map(|wallets| wallets.dir().to_owned());
    reminder_of(config, wallets.as_deref())
}

pub(super) fn reminder_of(config: &Path, wallets: Option<&Path>) -> Option<String> {
    let next = "Make one: bouya backup --out FILE";
    let Ok(text) = fs::read_to_string(note_beside(config)) else {
        return Some(format!("No backup of this node's keys was made here. {next}"));
    };
    let last = parse_rfc3339(text.trim())?;
    // The time was cut to milliseconds.
    let last = UNIX_EPOCH + Duration::from_millis(last.0.saturating_add(1));
    let newer = |path: &PathBuf| {
        let changed = path.metadata().and_then(|about| about.modified()).ok();
        changed.is_some_and(|changed| changed >= last)
    };
    let path = watched(config, wallets).into_iter().find(newer)?;
    Some(format!("{} is newer than the last backup. {next}", path.display()))
}

/// What makes an older backup incomplete: keys, wallets, and the numbers of the certificates that the CA has signed.
fn watched(config: &Path, wallets: Option<&Path>) -> Vec<PathBuf> {
    let folder = config.parent().unwrap_or(Path::new(""));
    let mut paths: Vec<_> = Named::read(config).map(|named| named.keys).unwrap_or_default();
    paths.extend(["ca/ca.key", "ca/index.json"].map(PathBuf::from));
    let mut paths: Vec<_> = paths.into_iter().map(|path| folder.join(path)).collect();
    let entries = wallets.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    paths.extend(
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "wallet")),
    );
    paths
}

fn note_beside(config: &Path) -> PathBuf {
    config.with_file_name(".backup")
}
