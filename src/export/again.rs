//! A range that is read once more, to compare a bundle with it.

use std::collections::BTreeMap;

use bouya_core::crypto::Hash;
use sha2::{Digest, Sha256};

use super::{Counts, Manifest, Row, Table, count, no_rows, receipts, sink};

/// What the bundle would be, without its files.
pub struct Again<'a> {
    manifest: &'a Manifest,
    counts: Counts,
    /// Of each table's file, where those are text.
    files: BTreeMap<Table, Sha256>,
    receipts: BTreeMap<String, String>,
}

impl<'a> Again<'a> {
    pub fn new(manifest: &'a Manifest) -> Self {
        let begin = |table| (table, Sha256::new_with_prefix(sink::head(manifest.format, table)));
        let files = Table::ALL.map(begin).into();
        Self { manifest, counts: no_rows(), files, receipts: BTreeMap::new() }
    }

    pub fn take(&mut self, rows: &[Row], receipts: Vec<(String, Hash)>) {
        count(&mut self.counts, rows);
        for row in rows {
            if let Some(file) = self.files.get_mut(&row.table) {
                file.update(sink::line(self.manifest.format, row));
            }
        }
        self.receipts.extend(receipts.into_iter().map(|(id, hash)| (id, hash.to_string())));
    }

    /// What is different in the bundle. Its files are those that the manifest lists.
    pub fn differs(self) -> Option<String> {
        let Self { manifest, counts, files, receipts } = self;
        if let Some(table) = Table::ALL.iter().find(|table| counts.get(table) != manifest.tables.get(table)) {
            return Some(format!("the rows of {} differ", table.name()));
        }
        let hash = |name: &str| manifest.files.iter().find(|file| file.name == name).map(|file| &file.sha256);
        // The rows of a database were counted from itself.
        if manifest.format != super::Format::Sqlite {
            for ((_, file), name) in files.into_iter().zip(sink::files(manifest.format)) {
                if hash(&name) != Some(&Hash(file.finalize().into()).to_string()) {
                    return Some(format!("{name} differs"));
                }
            }
        }
        let list = bouya_core::crypto::sha256(receipts::text(&receipts).as_bytes()).to_string();
        (manifest.range.receipts && hash(receipts::LIST) != Some(&list))
            .then(|| "the receipts differ".to_owned())
    }
}
