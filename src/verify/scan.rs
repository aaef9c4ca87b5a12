//! Finds blocks in a file that redb may no longer be able to read. Only redb's leaf pages are known here, which hold the rows; how they hang
//! together does not matter. So a wrong byte costs the rows of its own page at most.
//!
//! A leaf of a table with keys of 32 bytes begins at a multiple of 4,096 bytes: a 1, a byte of padding, how many rows as u16, where each value
//! ends as u32, the keys, the values. Pages that redb has given up hold older rows. Nothing of this has to be believed: what is found is compared
//! with the id under which it was found.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Block, Body, Header, HeaderRecord};

use crate::store::row;

const PAGE: usize = 4_096;
const LEAF: u8 = 1;
/// Bytes of a row's key, with where its value ends.
const KEY: usize = 32;
const END: usize = 4;
/// Most bytes that a value may claim; a body is far smaller.
const VALUE: u64 = 1 << 24;
/// Longer rows are no header's.
const HEADER_ROW: u64 = 1_024;

/// Where a value lies in the file.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    len: u64,
}

/// What was found in a file.
pub(super) struct Scan {
    file: File,
    headers: HashMap<Hash, Header>,
    /// Rows under an id: perhaps its body.
    rows: HashMap<Hash, Vec<Place>>,
}

impl Scan {
    /// Reads the whole file. What the disk cannot read is taken for damaged.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut scan = Self { file, headers: HashMap::new(), rows: HashMap::new() };
        for at in (0..length).step_by(PAGE) {
            for (id, place) in scan.leaf(at).unwrap_or_default() {
                scan.take(id, place);
            }
        }
        Ok(scan)
    }

    /// The highest block whose header is there.
    pub(super) fn highest(&self) -> u64 {
        self.headers.values().map(|header| header.height).max().unwrap_or(0)
    }

    /// All blocks whose header and body are there, the lowest first. A block may come more than once: the root does not cover all of a body, so of
    /// two copies that have it one may be wrong.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Arc<Block>> {
        let mut headers: Vec<(&Hash, &Header)> = self.headers.iter().collect();
        headers.sort_by_key(|(id, header)| (header.height, **id));
        headers.into_iter().flat_map(|(id, header)| {
            self.rows.get(id).into_iter().flatten().filter_map(|place| {
                let body: Body = row(&self.read(*place)?)?;
                let is_its_own = body.root(header.height) == header.body;
                is_its_own.then(|| Arc::new(Block { header: header.clone(), body }))
            })
        })
    }

    fn read(&self, place: Place) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(place.len).ok()?];
        self.file.read_exact_at(&mut bytes, place.at).ok()?;
        Some(bytes)
    }

    /// The rows of the leaf that begins here, if one does.
    fn leaf(&self, at: u64) -> Option<Vec<(Hash, Place)>> {
        let start = self.read(Place { at, len: 4 })?;
        let [LEAF, _, low, high] = *start.first_chunk()? else { return None };
        let count = usize::from(u16::from_le_bytes([low, high]));
        let head = 4 + count * (KEY + END);
        let bytes = self.read(Place { at, len: head as u64 })?;
        let (ends, keys) = bytes.get(4..)?.split_at_checked(count * END)?;
        let mut from = head as u64;
        let mut rows = Vec::new();
        for (end, key) in ends.as_chunks().0.iter().zip(keys.as_chunks().0) {
            let end = u64::from(u32::from_le_bytes(*end));
            // A wrong end costs its own row and the next one.
            if let Some(len) = end.checked_sub(from).filter(|len| (1..VALUE).contains(len)) {
                rows.push((Hash(*key), Place { at: at + from, len }));
            }
            from = end;
        }
        Some(rows)
    }

    fn take(&mut self, id: Hash, place: Place) {
        let small = (place.len <= HEADER_ROW).then(|| self.read(place)).flatten();
        let record: Option<HeaderRecord> = small.and_then(|bytes| row(&bytes));
        match record.filter(|record| record.header.id() == id) {
            Some(record) => drop(self.headers.insert(id, record.header)),
            None => self.rows.entry(id).or_default().push(place),
        }
    }
}
