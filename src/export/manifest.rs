//! The manifest: what a bundle holds, and who says so.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use bouya_core::crypto::{Hash, PublicKey, SecretKey, Signature, sha256, verify};
use bouya_core::ledger::Address;
use bouya_core::limits::EXPORT_MANIFEST_BYTES;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::parse_rfc3339;

use super::{Counts, ExportError, Format, Range, STATE, at, parse, receipts, sink};
use crate::files;

pub(super) const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
/// Names the format and its version.
const FORMAT: &str = "bouya export 2";
/// What is signed is this and the SHA-256 of the manifest's bytes.
const TAG: &[u8] = b"bouya export\0";

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub bouya: String,
    pub range: Range,
    pub format: Format,
    /// Rows and digest of each table.
    pub tables: Counts,
    pub files: Vec<FileEntry>,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// A signature over the manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Of the key; for people.
    pub address: String,
    pub key: String,
    pub signature: String,
}

impl Manifest {
    pub(super) fn of(dir: &Path, range: Range, format: Format, tables: Counts) -> Result<Self, ExportError> {
        let names = names(format, &range);
        let files = names.iter().map(|name| entry(dir, name)).collect::<Result<_, _>>()?;
        Ok(Self { bouya: FORMAT.to_owned(), range, format, tables, files })
    }

    pub(super) fn write(&self, dir: &Path, sign: Option<&SecretKey>) -> Result<(), ExportError> {
        let path = dir.join(MANIFEST);
        let form =
            |error: serde_json::Error| ExportError::Form { path: path.clone(), why: error.to_string() };
        let text = serde_json::to_string_pretty(self).map_err(form)? + "\n";
        if let Some(key) = sign {
            let path = dir.join(SIGNATURE);
            let signed = Signed {
                address: Address::of(&key.public()).to_string(),
                key: key.public().to_string(),
                signature: key.sign(&signed_bytes(text.as_bytes())).to_string(),
            };
            let signed = serde_json::to_string_pretty(&signed).map_err(form)? + "\n";
            files::replace(&path, files::PUBLIC, signed.as_bytes()).map_err(at(&path))?;
        }
        files::create(&path, files::PUBLIC, text.as_bytes()).map_err(at(&path))
    }
}

/// The files that a bundle has.
fn names(format: Format, range: &Range) -> Vec<String> {
    let list = range.receipts.then(|| receipts::LIST.to_owned());
    sink::files(format).into_iter().chain(list).collect()
}

fn signed_bytes(manifest: &[u8]) -> Vec<u8> {
    [TAG, &sha256(manifest).0].concat()
}

fn entry(dir: &Path, name: &str) -> Result<FileEntry, ExportError> {
    let path = dir.join(name);
    let mut file = regular(&path)?;
    let (mut hasher, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(at(&path))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        hasher.update(part);
        bytes += part.len() as u64;
    }
    Ok(FileEntry { name: name.to_owned(), bytes, sha256: Hash(hasher.finalize().into()).to_string() })
}

/// Reads a file that is small where it is what it should be.
fn small(path: &Path) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    regular(path)?.take(EXPORT_MANIFEST_BYTES).read_to_end(&mut text).map_err(at(path))?;
    Ok(text)
}

/// Opens a file that ends: not a pipe or a device that somebody has put there.
pub(super) fn regular(path: &Path) -> Result<File, ExportError> {
    let meta = fs::symlink_metadata(path).map_err(at(path))?;
    if !meta.is_file() {
        return Err(ExportError::Form { path: path.to_owned(), why: "it is no ordinary file".to_owned() });
    }
    File::open(path).map_err(at(path))
}

/// Reads a bundle's manifest, and compares with it the files, their rows where they hold exactly what was written, the receipts, and the
/// signature if there is one.
pub fn check(dir: &Path) -> Result<(Manifest, Option<Signed>), ExportError> {
    let path = dir.join(MANIFEST);
    if !path.exists() {
        let is_begun = dir.join(STATE).exists();
        let dir = dir.to_owned();
        return Err(if is_begun { ExportError::Unfinished(dir) } else { ExportError::Nothing(dir) });
    }
    let text = small(&path)?;
    let manifest: Manifest = parse(&path, &text)?;
    if manifest.bouya != FORMAT {
        let why = format!("it has the format \"{}\"; this version reads \"{FORMAT}\"", manifest.bouya);
        return Err(ExportError::Form { path, why });
    }
    for end in [&manifest.range.from, &manifest.range.to] {
        if end.block.parse::<Hash>().is_err() || parse_rfc3339(&end.time).is_none() {
            return Err(ExportError::Form { path, why: "its range names no blocks".to_owned() });
        }
    }
    let listed: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    if listed != names(manifest.format, &manifest.range) {
        return Err(ExportError::Form { path, why: "it does not list the files of its format".to_owned() });
    }
    for stated in &manifest.files {
        let found = entry(dir, &stated.name)?;
        if found != *stated {
            let why = format!("it has {} bytes with SHA-256 {}", found.bytes, found.sha256);
            return Err(ExportError::Changed { name: stated.name.clone(), why });
        }
    }
    let signed = signature(dir, &text)?;
    if let Some(counts) = sink::recount(dir, manifest.format)?
        && let Some((table, _)) =
            counts.iter().find(|(table, count)| manifest.tables.get(table) != Some(*count))
    {
        let why = "its rows have another digest".to_owned();
        return Err(ExportError::Changed { name: table.name().to_owned(), why });
    }
    if manifest.range.receipts {
        receipts::check(dir)?;
    }
    Ok((manifest, signed))
}

fn signature(dir: &Path, manifest: &[u8]) -> Result<Option<Signed>, ExportError> {
    let path = dir.join(SIGNATURE);
    if !path.exists() {
        return Ok(None);
    }
    let text = small(&path)?;
    let signed: Signed = parse(&path, &text)?;
    let key: Result<PublicKey, _> = signed.key.parse();
    let signature: Result<Signature, _> = signed.signature.parse();
    let (Ok(key), Ok(signature)) = (key, signature) else { return Err(ExportError::Signature) };
    let holds =
        verify(&key, &signed_bytes(manifest), &signature) && signed.address == Address::of(&key).to_string();
    if holds { Ok(Some(signed)) } else { Err(ExportError::Signature) }
}
