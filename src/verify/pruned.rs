//! Verifies a store without the bodies of old blocks. Headers, the history tree, the bodies or leaves and the index that are there, and the rows: their
//! hash is what the tip's header commits to, as far as its undo record is here.

use bouya_core::codec::decode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Branch, Genesis, Header, HeaderRecord, Key, Roster, Rows, StateHash, View, contract, executed,
    read_state_hash, writes,
};

use super::{Report, VerifyError, check_index, wrong};
use crate::store::Snapshot;

pub(super) fn verify(
    snapshot: &Snapshot,
    genesis: &Genesis,
    progress: &mut impl FnMut(u64, u64),
) -> Result<Report, VerifyError> {
    let lowest = snapshot.lowest()?;
    let (tip, _) = snapshot.tip()?;
    let mut report = Report { lowest: Some(lowest), ..Report::default() };
    let mut branch = genesis.branch();
    for height in 1..=tip {
        let id =
            snapshot.at_height(height)?.ok_or_else(|| wrong("heights", format!("no block at {height}")))?;
        let place = format!("block {height} ({id})");
        let record = snapshot.record(&id)?.ok_or_else(|| wrong(&place, "its header is missing"))?;
        check_header(snapshot, genesis, &mut branch, &place, &record)?;
        let block = snapshot.block(&id)?;
        let is_voted = |roster: &Roster| roster.base().by_override().is_none();
        if block.is_none() && (height >= lowest || record.roster.as_ref().is_some_and(is_voted)) {
            return Err(wrong(&place, "its body is missing"));
        }
        if block.is_none() {
            // This compares them with the header. They may be missing: see `View::leaves`.
            snapshot.leaves(&id)?;
        }
        if let Some(block) = block.filter(|_| height >= lowest) {
            check_index(snapshot, &place, &block)?;
            report.transactions += block.body.transactions.len() as u64;
        }
        report.blocks += 1;
        progress(height, tip);
    }
    report.rows = check_rows(snapshot, &branch)?;
    Ok(report)
}

/// Checks a header as a sync does, and what was computed for its branch.
fn check_header(
    snapshot: &Snapshot,
    genesis: &Genesis,
    branch: &mut Branch,
    place: &str,
    record: &HeaderRecord,
) -> Result<(), VerifyError> {
    let HeaderRecord { header, executed, roster, bytes, .. } = record;
    branch.check(&genesis.rules, header).map_err(|error| wrong(place, error))?;
    let keeps = branch.keeps_roster(header, executed);
    let commits = match roster {
        None => keeps,
        // An override is no part of what its block commits to.
        Some(roster) if roster.base().by_override().is_some() => keeps,
        Some(roster) => header.commitments == Header::commit(&roster.commitment(), executed),
    };
    if !commits {
        return Err(wrong(place, "its header does not commit to the members in its record"));
    }
    for (level, index, hash) in branch.push(&genesis.rules, header, roster.clone()) {
        if snapshot.history_node(level, index)? != Some(hash) {
            return Err(wrong(place, format!("node ({level}, {index}) of the history tree")));
        }
    }
    let bytes = usize::try_from(*bytes).unwrap_or(usize::MAX);
    if HeaderRecord::new(header.clone(), *executed, branch, bytes) != *record {
        return Err(wrong(place, "the work or lateness in its record is not the sum of the blocks"));
    }
    Ok(())
}

/// Checks the hash of all rows, and that the tip commits to it.
fn check_rows(snapshot: &Snapshot, tip: &Branch) -> Result<u64, VerifyError> {
    let (mut count, mut state) = (0, StateHash::default());
    for row in snapshot.rows()? {
        let (key, row) = row?;
        let place = || format!("state row {}", data_encoding::HEXLOWER.encode(&key));
        let key: Key = decode(&key, "a row's key").map_err(|error| wrong(place(), error))?;
        state.add(&key, &row);
        count += 1;
    }
    let stated = read_state_hash(snapshot.row(&Key::StateHash)?)?;
    if state.hash() != stated {
        return Err(wrong("the state", "its rows do not add up to the hash of all rows"));
    }
    match (snapshot.undo(&tip.id)?, snapshot.record(&tip.id)?) {
        (Some(undo), Some(record)) if record.roster.is_none() => {
            let mut changed = Rows::new();
            for (key, _) in undo.0 {
                let row = snapshot.row(&key)?;
                changed.insert(key, row);
            }
            let results = snapshot.results(&tip.id)?.map(|results| results.reports).unwrap_or_default();
            let found = executed(&writes(&changed), &contract::root(&results), &stated);
            is_stated(&found, &record.executed)?;
        }
        _ => (),
    }
    Ok(count)
}

fn is_stated(found: &Hash, stated: &Hash) -> Result<(), VerifyError> {
    match found == stated {
        true => Ok(()),
        false => Err(wrong("the state", "it is not what the tip's header commits to")),
    }
}
