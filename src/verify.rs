//! Verifies a store: hashes and executes everything again, compares the result with what is stored, and names the first difference.
//!
//! Where the bodies of old blocks are gone, nothing can be executed again: see `pruned`. Left out on purpose: executing the blocks off the best chain, because their state was never stored. Only their form is checked.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::governance::Ended;
use bouya_core::ledger::{
    Block, Checkpoint, Genesis, HeaderRecord, Replay, Replayed, View, bases_of, in_force_before,
};
use bouya_core::limits::UNDO_BLOCKS;
use bouya_core::time::Timestamp;
use thiserror::Error;

use crate::store::results::reported;
use crate::store::{Reader, Snapshot, Store, StoreError, concerned, deadline, lists};
use crate::workers::Workers;

mod pruned;
pub mod repair;
mod scan;

/// The size of a correct store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blocks on the best chain, the genesis block not counted.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Rows of the state.
    pub rows: u64,
    /// Blocks off the best chain.
    pub side_blocks: u64,
    /// The lowest block with a body, if not all have theirs: then nothing was executed again.
    pub lowest: Option<u64>,
}

/// The first wrong thing.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Stored data does not agree with the blocks.
    #[error(
        "wrong: {0}. Repair the store with `bouya verify --repair`; the next run fetches the dropped blocks from the peers"
    )]
    Wrong(Wrong),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be read.
    #[error(transparent)]
    State(#[from] bouya_core::ledger::StateError),
}

impl VerifyError {
    /// What is wrong with the file, without the next step. None if a repair is no answer to it: the file is in use, another network's, or on
    /// a disk that fails.
    pub fn finding(&self) -> Option<String> {
        match self {
            Self::Wrong(wrong) => Some(format!("wrong: {wrong}")),
            Self::Store(StoreError::Damaged { path, what }) => {
                Some(format!("{} is damaged ({what})", path.display()))
            }
            Self::State(error) => Some(format!("wrong: {error}")),
            Self::Store(_) => None,
        }
    }
}

/// Where the store is wrong, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// "block 17", "row …".
    pub place: String,
    /// The difference.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

fn wrong(place: impl fmt::Display, what: impl fmt::Display) -> VerifyError {
    VerifyError::Wrong(Wrong { place: place.to_string(), what: what.to_string() })
}

/// Verifies the file in `dir` and everything in it. The flag next to the report: the file's internal structures were damaged and are
/// repaired now.
pub fn verify_file(
    dir: &Path,
    genesis: &Arc<Genesis>,
    progress: impl FnMut(u64, u64),
) -> Result<(Report, bool), VerifyError> {
    // Opened as a store first: this fails if a daemon has it open, or if its network or format is another.
    drop(Store::open(dir, genesis.clone())?);
    let mended = !Store::check_file(dir)?;
    let report = verify(&Store::open(dir, genesis.clone())?.reader(), progress)?;
    Ok((report, mended))
}

/// Verifies everything. After each block, `progress` gets the number done and the total.
pub fn verify(reader: &Reader, mut progress: impl FnMut(u64, u64)) -> Result<Report, VerifyError> {
    let snapshot = reader.snapshot()?;
    let genesis = reader.genesis().clone();
    let (tip, _) = snapshot.tip()?;
    if snapshot.lowest()? > 1 {
        let mut report = pruned::verify(&snapshot, &genesis, &mut progress)?;
        report.side_blocks = check_side(&snapshot)?;
        check_final(&snapshot, &genesis)?;
        check_handovers(&snapshot, &genesis)?;
        return Ok(report);
    }
    let workers = Workers::new(genesis.id());
    let mut replay = Replay::new(genesis);
    let mut report = Report::default();
    let began = snapshot.began()?;
    for height in 1..=tip {
        let id =
            snapshot.at_height(height)?.ok_or_else(|| wrong("heights", format!("no block at {height}")))?;
        let place = format!("block {height} ({id})");
        let block = snapshot.block(&id)?.ok_or_else(|| wrong(&place, "header or body is missing"))?;
        if block.id() != id {
            return Err(wrong(&place, format!("its header hashes to {}", block.id())));
        }
        let replayed = replay
            .push(&block, &mut |transactions| workers.check_each(transactions))
            .map_err(|error| wrong(&place, error))?;
        check_block(&snapshot, &place, &block, &replay, &replayed, tip)?;
        if height > began {
            check_motions(&snapshot, &place, height, replayed.ended)?;
            check_results(&snapshot, &place, &block.id(), replayed.results.as_ref())?;
        }
        check_index(&snapshot, &place, &block)?;
        report.blocks += 1;
        report.transactions += block.body.transactions.len() as u64;
        progress(height, tip);
    }
    report.rows = check_rows(&snapshot, &replay)?;
    report.side_blocks = check_side(&snapshot)?;
    check_final(&snapshot, reader.genesis())?;
    check_handovers(&snapshot, reader.genesis())?;
    Ok(report)
}

/// What is kept of how the members changed proves it, and each set is found by the one before.
fn check_handovers(snapshot: &Snapshot, genesis: &Genesis) -> Result<(), VerifyError> {
    for (base, before, certificate) in bases_of(snapshot)? {
        // A node that got its blocks when a later one was final already has not needed it.
        let Some(certificate) = certificate else { continue };
        let (height, id) = (base.header.height, base.header.id());
        let place = format!("what makes block {height} ({id}) final, which changes the members");
        certificate.check(&genesis.id(), before.voters()).map_err(|error| wrong(&place, error))?;
        if !certificate.is_final() || certificate.link.source.block != id {
            return Err(wrong(&place, "it is of another block"));
        }
        if snapshot.handed_over(&before.voters().id())? != Some(id) {
            return Err(wrong(&place, "the index of sets does not find it"));
        }
    }
    Ok(())
}

/// What the members have voted final is proven, and on the best chain.
fn check_final(snapshot: &Snapshot, genesis: &Genesis) -> Result<(), VerifyError> {
    let place = "the final block";
    let Some(certificate) = snapshot.finalized()? else { return Ok(()) };
    let Checkpoint { height, block, .. } = certificate.link.source;
    let missing = || wrong(place, format!("block {block} is not stored"));
    let header = snapshot.record(&block)?.ok_or_else(missing)?.header;
    let members = in_force_before(snapshot, &header)?.ok_or_else(missing)?;
    certificate.check(&genesis.id(), members.voters()).map_err(|error| wrong(place, error))?;
    if !certificate.is_final() || snapshot.at_height(height)? != Some(block) {
        return Err(wrong(place, format!("block {block} is not on the best chain at height {height}")));
    }
    Ok(())
}

fn check_block(
    snapshot: &Snapshot,
    place: &str,
    block: &Block,
    replay: &Replay,
    replayed: &Replayed,
    tip: u64,
) -> Result<(), VerifyError> {
    let branch = replay.branch();
    let bytes = block.size();
    if snapshot.record(&branch.id)? != Some(HeaderRecord::of(block, branch, bytes)) {
        return Err(wrong(place, "the work, lateness or size in its record is not the sum of the blocks"));
    }
    for (level, index, hash) in &replayed.nodes {
        if snapshot.history_node(*level, *index)? != Some(*hash) {
            return Err(wrong(place, format!("node ({level}, {index}) of the history tree")));
        }
    }
    // A deep reorganisation stores no undo records for the blocks it executed again, so a missing record is not a fault.
    let kept = snapshot.undo(&branch.id)?;
    let recent = branch.height.saturating_add(UNDO_BLOCKS) > tip;
    match kept {
        Some(kept) if recent && kept != replayed.undo => {
            Err(wrong(place, "its undo record is not what executing it gives"))
        }
        _ => Ok(()),
    }
}

fn check_motions(
    snapshot: &Snapshot,
    place: &str,
    height: u64,
    mut expected: Vec<Ended>,
) -> Result<(), VerifyError> {
    expected.sort_by_key(|ended| ended.id);
    match snapshot.ended_at(height)? == expected {
        true => Ok(()),
        false => Err(wrong(place, "what became of motions is not what executing it gives")),
    }
}

fn check_results(
    snapshot: &Snapshot,
    place: &str,
    id: &Hash,
    expected: Option<&Results>,
) -> Result<(), VerifyError> {
    // The words and the gas are for people: another program may say them otherwise.
    let committed = |results: &Results| {
        let outcomes: Vec<_> = results.reports.iter().map(|report| report.outcome.clone()).collect();
        (results.writes, results.state, outcomes)
    };
    match snapshot.results(id)?.as_ref().map(committed) == expected.map(committed) {
        true => Ok(()),
        false => Err(wrong(place, "what its contracts led to is not what executing it gives")),
    }
}

fn check_index(snapshot: &Snapshot, place: &str, block: &Block) -> Result<(), VerifyError> {
    let height = block.header.height;
    let results = snapshot.results(&block.id())?;
    if !snapshot.concerns(&block.body.reward.to, height, 0)? {
        return Err(wrong(place, "the index does not list its reward"));
    }
    for (index, (transaction, report)) in (0_u32..).zip(reported(&block.body, results.as_ref())) {
        let id = transaction.id();
        if !snapshot.stands(&id, height, index)? {
            return Err(wrong(place, format!("the index does not find transaction {id}")));
        }
        for address in concerned(transaction, report) {
            if !snapshot.concerns(&address, height, index.saturating_add(1))? {
                return Err(wrong(place, format!("the index does not list transaction {id} for {address}")));
            }
        }
        if let Some((at, agreement)) = deadline(transaction) {
            let ending = snapshot.deadlines(at, Timestamp(at.0.saturating_add(1)), usize::MAX)?;
            if !ending.contains(&agreement) {
                return Err(wrong(
                    place,
                    format!("the index does not list the deadline of agreement {agreement}"),
                ));
            }
        }
        for list in lists(transaction) {
            if !snapshot.is_listed(&list, height, index)? {
                return Err(wrong(place, format!("the index does not list transaction {id} under {list:?}")));
            }
        }
    }
    Ok(())
}

fn check_rows(snapshot: &Snapshot, replay: &Replay) -> Result<u64, VerifyError> {
    let mut expected: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (key, row) in replay.rows() {
        expected.extend(row.clone().map(|row| (encode(key), row)));
    }
    expected.sort();
    let mut found = snapshot.rows()?;
    for (key, row) in &expected {
        let place = format!("state row {}", data_encoding::HEXLOWER.encode(key));
        match found.next().transpose()? {
            Some((found_key, found_row)) if found_key == *key && found_row == *row => (),
            Some((found_key, _)) if found_key == *key => {
                return Err(wrong(place, "is not the result of executing the blocks"));
            }
            Some((found_key, _)) if found_key < *key => {
                let place = format!("state row {}", data_encoding::HEXLOWER.encode(&found_key));
                return Err(wrong(place, "should not be there"));
            }
            _ => return Err(wrong(place, "is missing")),
        }
    }
    if let Some((key, _)) = found.next().transpose()? {
        let place = format!("state row {}", data_encoding::HEXLOWER.encode(&key));
        return Err(wrong(place, "should not be there"));
    }
    Ok(expected.len() as u64)
}

/// Checks the hashes and the parents of the blocks off the best chain.
fn check_side(snapshot: &Snapshot) -> Result<u64, VerifyError> {
    let mut count = 0;
    for id in snapshot.ids()? {
        let id: Hash = id?;
        let place = format!("block {id} off the best chain");
        let record = snapshot.record(&id)?.ok_or_else(|| wrong(&place, "its header is missing"))?;
        let header = &record.header;
        if snapshot.at_height(header.height)? == Some(id) {
            continue;
        }
        count += 1;
        if !snapshot.is_side(&id)? {
            return Err(wrong(&place, "is not listed among those blocks"));
        }
        let body = snapshot.body(&id)?.ok_or_else(|| wrong(&place, "its body is missing"))?;
        if header.id() != id || body.root(header.height) != header.body {
            return Err(wrong(&place, "its header or body does not match its id"));
        }
        let parent =
            snapshot.record(&header.parent)?.ok_or_else(|| wrong(&place, "its parent is missing"))?;
        if parent.work + u128::from(header.difficulty) != record.work {
            return Err(wrong(&place, "the work in its record is not the sum of its ancestors"));
        }
    }
    if snapshot.side_blocks()?.len() as u64 != count {
        return Err(wrong("blocks off the best chain", "one is listed that is not stored"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
