//! Where things are on the chain: transactions, what concerns an address, what is on a list. Only blocks on the best chain have entries.
//!
//! A look-up uses a *mark*, the first bytes of a keyed hash. The key is the store's own secret, so nobody can make things whose marks
//! collide on purpose, which would make one look-up go through thousands of others. Marks may still collide by chance, so readers check
//! against the block.
//!
//! Hashes are spread over the whole tree, so each new row would cost a page. So places are kept as sorted runs: a change appends one, and
//! runs that are no larger than what follows are merged into it, as in a log-structured merge tree (O'Neil et al., 1996). So each place is
//! rewritten about log2 times, in large pieces, and a look-up searches each run.
//!
//! Invariants: runs are numbered from 0 without gaps, the oldest first; the entries of a run are in ascending order, also from chunk to chunk.

use std::collections::BTreeSet;

use bouya_core::codec::encode;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::Address;
use bouya_core::limits::{INDEX_CHUNK, INDEX_RUN};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, WriteTransaction};

use super::guard::Fault;
use super::tables::{CHUNKS, List, RUNS, bytes_of, with_version};

/// Mark, height and place, each with the highest byte first, so that byte order is the order of the numbers.
pub(super) type Entry = [u8; 20];
const LOWEST: Entry = [0; 20];
const HIGHEST: Entry = [255; 20];

/// Makes marks; holds the store's secret.
#[derive(Clone, Copy)]
pub(super) struct Marker([u8; 32]);

/// The key of a look-up.
#[derive(Clone, Copy)]
pub(super) struct Mark([u8; 8]);

impl Marker {
    pub(super) fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    pub(super) fn transaction(&self, id: &Hash) -> Mark {
        self.mark(0, &id.0)
    }

    pub(super) fn address(&self, address: &Address) -> Mark {
        self.mark(1, &address.to_bytes())
    }

    pub(super) fn list(&self, list: &List) -> Mark {
        self.mark(2, &encode(list))
    }

    /// The kind is part of the hash, so things of different kinds do not collide either.
    fn mark(&self, kind: u8, what: &[u8]) -> Mark {
        let hash = sha256(&[&self.0[..], &[kind], what].concat());
        Mark(hash.0.first_chunk().copied().unwrap_or_default())
    }
}

impl Mark {
    /// The entry for this mark at a place in a block.
    pub(super) fn at(self, height: u64, place: u32) -> Entry {
        let mut entry = LOWEST;
        entry[..8].copy_from_slice(&self.0);
        entry[8..16].copy_from_slice(&height.to_be_bytes());
        entry[16..].copy_from_slice(&place.to_be_bytes());
        entry
    }
}

fn place(entry: &Entry) -> (u64, u32) {
    let [.., h0, h1, h2, h3, h4, h5, h6, h7, p0, p1, p2, p3] = *entry;
    (u64::from_be_bytes([h0, h1, h2, h3, h4, h5, h6, h7]), u32::from_be_bytes([p0, p1, p2, p3]))
}

fn entries(chunk: &[u8]) -> Result<&[Entry], Fault> {
    match bytes_of(chunk, "chunks")?.as_chunks() {
        (entries, []) => Ok(entries),
        _ => Err(Fault::Damaged("a chunk of places ends within one".to_owned())),
    }
}

/// Adds a run with these entries, merged with the last ones as long as those are no larger.
pub(super) fn add(tx: &WriteTransaction, mut new: Vec<Entry>) -> Result<(), Fault> {
    new.sort_unstable();
    new.dedup();
    let (mut runs, mut chunks) = (tx.open_table(RUNS)?, tx.open_table(CHUNKS)?);
    let mut number = runs.last()?.map_or(0, |(number, _)| number.value().saturating_add(1));
    while let Some(before) = number.checked_sub(1) {
        let count = runs.get(before)?.map_or(0, |count| count.value());
        let together = count.saturating_add(new.len() as u64);
        if count > new.len() as u64 || together > INDEX_RUN {
            break;
        }
        let mut old = Vec::with_capacity(count.min(INDEX_RUN) as usize);
        for chunk in chunks.range((before, LOWEST)..=(before, HIGHEST))? {
            old.extend_from_slice(entries(chunk?.1.value())?);
        }
        new = merged(&old, &new);
        chunks.retain_in((before, LOWEST)..=(before, HIGHEST), |_, _| false)?;
        number = before;
    }
    // Removes the runs that were merged.
    runs.retain_in(number.., |_, _| false)?;
    runs.insert(number, new.len() as u64)?;
    for chunk in new.chunks(INDEX_CHUNK) {
        let first = chunk.first().copied().unwrap_or(LOWEST);
        chunks.insert((number, first), with_version(chunk.as_flattened()).as_slice())?;
    }
    Ok(())
}

/// Removes entries. It searches the newest runs first, because the blocks that leave the chain are there.
pub(super) fn remove(tx: &WriteTransaction, mut gone: Vec<Entry>) -> Result<(), Fault> {
    gone.sort_unstable();
    gone.dedup();
    let (mut runs, mut chunks) = (tx.open_table(RUNS)?, tx.open_table(CHUNKS)?);
    let counts: Vec<(u64, u64)> = runs
        .iter()?
        .map(|run| run.map(|(run, count)| (run.value(), count.value())))
        .collect::<Result<_, _>>()?;
    for (run, count) in counts.into_iter().rev() {
        let mut missing = Vec::new();
        let mut left = gone.as_slice();
        let mut taken = 0;
        while let Some(first) = left.first() {
            let chunk = chunks.range((run, LOWEST)..=(run, *first))?.next_back().transpose()?;
            let chunk =
                chunk.map(|(key, chunk)| Ok::<_, Fault>((key.value(), entries(chunk.value())?.to_vec())));
            let Some((key, here)) = chunk.transpose()? else {
                missing.push(*first);
                left = left.get(1..).unwrap_or_default();
                continue;
            };
            // All entries that this chunk may hold.
            let many = left.partition_point(|entry| here.last().is_some_and(|last| entry <= last)).max(1);
            let (these, rest) = left.split_at(many.min(left.len()));
            missing.extend(these.iter().filter(|entry| here.binary_search(entry).is_err()));
            let kept: Vec<Entry> =
                here.iter().copied().filter(|entry| these.binary_search(entry).is_err()).collect();
            if kept.len() < here.len() {
                taken += (here.len() - kept.len()) as u64;
                chunks.remove(key)?;
                if let Some(first) = kept.first() {
                    chunks.insert((run, *first), with_version(kept.as_flattened()).as_slice())?;
                }
            }
            left = rest;
        }
        runs.insert(run, count.saturating_sub(taken))?;
        gone = missing;
        if gone.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Merges two sorted lists; an entry that is in both appears once.
fn merged(left: &[Entry], right: &[Entry]) -> Vec<Entry> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left, right);
    while let (Some((first, rest)), Some((other, others))) = (left.split_first(), right.split_first()) {
        let order = first.cmp(other);
        all.push(*first.min(other));
        if order.is_le() {
            left = rest;
        }
        if order.is_ge() {
            right = others;
        }
    }
    all.extend_from_slice(left);
    all.extend_from_slice(right);
    all
}

/// Looks things up.
pub(super) struct Index {
    pub(super) marker: Marker,
    runs: ReadOnlyTable<u64, u64>,
    chunks: ReadOnlyTable<(u64, Entry), &'static [u8]>,
}

impl Index {
    pub(super) fn new(tx: &ReadTransaction, marker: Marker) -> Result<Self, Fault> {
        Ok(Self { marker, runs: tx.open_table(RUNS)?, chunks: tx.open_table(CHUNKS)? })
    }

    /// Whether the index says that something is at a place.
    pub(super) fn contains(&self, mark: Mark, height: u64, place: u32) -> Result<bool, Fault> {
        let next = (height, place.saturating_add(1));
        Ok(self.below(mark, next, 1)?.first() == Some(&(height, place)))
    }

    /// Where the index says that something is: the newest places below `before`, newest first.
    pub(super) fn below(
        &self,
        mark: Mark,
        before: (u64, u32),
        limit: usize,
    ) -> Result<Vec<(u64, u32)>, Fault> {
        let (from, to) = (mark.at(0, 0), mark.at(before.0, before.1));
        let mut found = BTreeSet::new();
        for run in self.runs.iter()? {
            let run = run?.0.value();
            let mut left = limit;
            // Chunks are found by their first entry, and the chunk that holds `from` may begin before it.
            for chunk in self.chunks.range((run, LOWEST)..(run, to))?.rev() {
                let (_, chunk) = chunk?;
                let chunk = entries(chunk.value())?;
                let (start, end) = (
                    chunk.partition_point(|entry| *entry < from),
                    chunk.partition_point(|entry| *entry < to),
                );
                let here = chunk.get(start..end).unwrap_or_default();
                found.extend(here.iter().rev().take(left).map(place));
                left = left.saturating_sub(here.len());
                if start > 0 || left == 0 {
                    break;
                }
            }
        }
        Ok(found.into_iter().rev().take(limit).collect())
    }
}

#[cfg(test)]
mod tests;
