//! The receipts of a bundle: a file each, and a list of their hashes, as `sha256sum` writes and reads it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use bouya_core::crypto::sha256;
use bouya_core::limits::RECEIPT_BYTES;

use super::manifest::regular;
use super::{ExportError, at};
use crate::files;

pub(super) const FOLDER: &str = "receipts";
/// Lines of a receipt's SHA-256 and its name, in the order of names.
pub(super) const LIST: &str = "receipts.sha256";

/// The list of these receipts: the SHA-256 of each by its transaction's id.
pub(super) fn text(hashes: &BTreeMap<String, String>) -> String {
    let line = |(id, hash): (&String, &String)| format!("{hash}  {FOLDER}/{id}.receipt\n");
    hashes.iter().map(line).collect()
}

/// Writes the list of what is in the folder. What an interrupted write has left there goes.
pub(super) fn list(dir: &Path) -> Result<(), ExportError> {
    let mut hashes = BTreeMap::new();
    for (name, path) in entries(dir)? {
        match name.strip_suffix(".receipt").filter(|id| !id.starts_with('.')) {
            Some(id) => {
                let bytes = fs::read(&path).map_err(at(&path))?;
                hashes.insert(id.to_owned(), sha256(&bytes).to_string());
            }
            None => fs::remove_file(&path).map_err(at(&path))?,
        }
    }
    let path = dir.join(LIST);
    files::replace(&path, files::PUBLIC, text(&hashes).as_bytes()).map_err(at(&path))
}

/// Compares the folder with the list, whose own hash is in the manifest.
pub(super) fn check(dir: &Path) -> Result<(), ExportError> {
    let path = dir.join(LIST);
    let listed = fs::read_to_string(&path).map_err(at(&path))?;
    let mut hashes = BTreeMap::new();
    for (name, path) in entries(dir)? {
        let bytes = read(&path)?;
        hashes.insert(name.trim_end_matches(".receipt").to_owned(), sha256(&bytes).to_string());
    }
    if text(&hashes) == listed {
        return Ok(());
    }
    let found = text(&hashes);
    let wrong = found.lines().find(|line| !listed.lines().any(|known| known == *line));
    let missing = listed.lines().find(|line| !found.lines().any(|known| known == *line));
    let why = match (wrong, missing) {
        (Some(line), _) => {
            format!("{} is not in it, or is another there", line.split("  ").nth(1).unwrap_or(line))
        }
        (None, Some(line)) => format!("{} is missing", line.split("  ").nth(1).unwrap_or(line)),
        (None, None) => "it is written in another form".to_owned(),
    };
    Err(ExportError::Changed { name: LIST.to_owned(), why })
}

fn read(path: &Path) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    // A byte more than the largest: its hash is another one.
    let most = u64::try_from(RECEIPT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    regular(path)?.take(most).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(bytes)
}

/// The files of the folder. No folder: nothing was exported.
fn entries(dir: &Path) -> Result<Vec<(String, std::path::PathBuf)>, ExportError> {
    let folder = dir.join(FOLDER);
    let read = match fs::read_dir(&folder) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(&folder)(error)),
    };
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry.map_err(at(&folder))?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(entries)
}
