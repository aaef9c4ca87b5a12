//! Making a snapshot from a world: the rows at its tip are taken back to the newest final block.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::super::state::writes;
use super::super::{
    Block, Body, Certificate, Checkpoint, HeaderRecord, Rows, StateError, SyncHeader, View, contract,
    final_block, handovers_before,
};
use super::{FinalBlock, NewMembers, NoSnapshot, Piece, Row};
use crate::codec::{Bounded, encode};
use crate::crypto::Hash;
use crate::limits::{SNAPSHOT_HEADERS, SNAPSHOT_ROWS_BYTES};

/// Makes the snapshot of the newest final block and gives its pieces, in their order. `rows` are all rows at the tip of `view`, by ascending
/// encoded key. Returns the block's height and id.
pub fn make<E: From<NoSnapshot>>(
    view: &(impl View + ?Sized),
    rows: impl Iterator<Item = Result<Row, StateError>>,
    give: &mut dyn FnMut(Piece) -> Result<(), E>,
) -> Result<(u64, Hash), E> {
    let (certificate, last) = newest_final(view)?;
    let Checkpoint { height, block, .. } = certificate.link.source;
    let before = taken_back(view, height)?;
    let writes = writes(&changed_by(view, &last, &before)?);
    let body = body_of(view, &block, height)?;
    let results = results_of(view, &block)?;
    give(Piece::Final(Box::new(FinalBlock { certificate, body, writes, results })))?;
    give_headers(view, height, give)?;
    give_rows(rows, before, give)?;
    Ok((height, block))
}

/// What makes the newest final block final, and the block's record.
fn newest_final(view: &(impl View + ?Sized)) -> Result<(Certificate, HeaderRecord), NoSnapshot> {
    let Some(certificate) = view.finalized()? else { return Err(NoSnapshot::Nothing) };
    let Checkpoint { height, block, .. } = certificate.link.source;
    let record = view.record(&block)?.ok_or_else(|| missing(height))?;
    let (newest, _) = final_block(view)?;
    if newest > height || by_override(&record) {
        return Err(NoSnapshot::Overridden(newest));
    }
    handovers_before(view, &record.header)??;
    Ok((certificate, record))
}

fn by_override(record: &HeaderRecord) -> bool {
    record.roster.as_ref().is_some_and(|roster| roster.base().by_override().is_some())
}

/// The rows that blocks above this height changed, as they were after it.
fn taken_back(view: &(impl View + ?Sized), height: u64) -> Result<Rows, NoSnapshot> {
    let (tip, _) = view.tip()?;
    let mut before = Rows::new();
    for above in (height.saturating_add(1)..=tip).rev() {
        let id = view.at_height(above)?.ok_or_else(|| missing(above))?;
        before.extend(view.undo(&id)?.ok_or(NoSnapshot::Undo(above))?.0);
    }
    Ok(before)
}

/// The rows that the final block changed, as they were after it.
fn changed_by(view: &(impl View + ?Sized), last: &HeaderRecord, before: &Rows) -> Result<Rows, NoSnapshot> {
    let undo = view.undo(&last.header.id())?.ok_or(NoSnapshot::Undo(last.header.height))?;
    let mut rows = Rows::new();
    for (key, _) in undo.0 {
        let row = match before.get(&key) {
            Some(row) => row.clone(),
            None => view.row(&key)?,
        };
        rows.insert(key, row);
    }
    Ok(rows)
}

fn give_headers<E: From<NoSnapshot>>(
    view: &(impl View + ?Sized),
    height: u64,
    give: &mut dyn FnMut(Piece) -> Result<(), E>,
) -> Result<(), E> {
    let mut headers = Vec::new();
    let flush = |headers: &mut Vec<SyncHeader>, give: &mut dyn FnMut(Piece) -> Result<(), E>| {
        let headers = core::mem::take(headers);
        if headers.is_empty() { Ok(()) } else { give(Piece::Headers(Bounded::truncated(headers))) }
    };
    for at in 1..=height {
        let record = record_at(view, at)?;
        if record.roster.is_some() && !by_override(&record) {
            flush(&mut headers, give)?;
            give(members(view, record)?)?;
            continue;
        }
        headers.push(SyncHeader { header: record.header, executed: record.executed });
        if headers.len() >= SNAPSHOT_HEADERS {
            flush(&mut headers, give)?;
        }
    }
    flush(&mut headers, give)
}

fn record_at(view: &(impl View + ?Sized), height: u64) -> Result<HeaderRecord, NoSnapshot> {
    let id = view.at_height(height)?.ok_or_else(|| missing(height))?;
    Ok(view.record(&id)?.ok_or_else(|| missing(height))?)
}

/// The root over what a block's contracts have led to.
fn results_of(view: &(impl View + ?Sized), id: &Hash) -> Result<Hash, NoSnapshot> {
    let reports = view.results(id)?.map(|results| results.reports);
    Ok(contract::root(&reports.unwrap_or_default()))
}

fn body_of(view: &(impl View + ?Sized), id: &Hash, height: u64) -> Result<Body, NoSnapshot> {
    Ok(view.body(id)?.ok_or_else(|| missing(height))?)
}

fn members(view: &(impl View + ?Sized), base: HeaderRecord) -> Result<Piece, NoSnapshot> {
    let id = base.header.id();
    let body = body_of(view, &id, base.header.height)?;
    let roster = base.roster.unwrap_or_default();
    let block = Block { header: base.header, body };
    Ok(Piece::Members(Box::new(NewMembers { block, roster, certificate: view.handover(&id)? })))
}

fn give_rows<E: From<NoSnapshot>>(
    rows: impl Iterator<Item = Result<Row, StateError>>,
    before: Rows,
    give: &mut dyn FnMut(Piece) -> Result<(), E>,
) -> Result<(), E> {
    let (mut piece, mut bytes) = (Vec::new(), 0_usize);
    for row in at_final(rows, before) {
        let row = row.map_err(NoSnapshot::from)?;
        bytes = bytes.saturating_add(row.0.len()).saturating_add(row.1.len());
        piece.push(row);
        if bytes >= SNAPSHOT_ROWS_BYTES {
            give(Piece::Rows(core::mem::take(&mut piece)))?;
            bytes = 0;
        }
    }
    if piece.is_empty() { Ok(()) } else { give(Piece::Rows(piece)) }
}

/// The rows, but where `before` names one, what it was there.
fn at_final(
    rows: impl Iterator<Item = Result<Row, StateError>>,
    before: Rows,
) -> impl Iterator<Item = Result<Row, StateError>> {
    let before: BTreeMap<_, _> = before.into_iter().map(|(key, row)| (encode(&key), row)).collect();
    let (mut rows, mut before) = (rows.peekable(), before.into_iter().peekable());
    let both = core::iter::from_fn(move || {
        let order = match (before.peek(), rows.peek()) {
            (Some((old, _)), Some(Ok((key, _)))) => old.cmp(key),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        if order.is_eq() {
            rows.next();
        }
        match order.is_le() {
            true => before.next().map(Ok),
            false => rows.next().map(|row| row.map(|(key, row)| (key, Some(row)))),
        }
    });
    both.filter_map(|row| match row {
        Ok((key, row)) => row.map(|row| Ok((key, row))),
        Err(error) => Some(Err(error)),
    })
}

fn missing(height: u64) -> StateError {
    StateError(alloc::format!("block {height} is missing; run `bouya verify`"))
}
