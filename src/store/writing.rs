//! What a change writes: blocks, the best chain, and the rows of the state.

use bouya_core::codec::encode;
use bouya_core::ledger::Change;
use redb::WriteTransaction;

use super::guard::Fault;
use super::leaves;
use super::tables::{
    BODIES, FINALIZED, HANDED_OVER, HANDOVERS, HEADERS, HEIGHTS, LEAVES, LOWEST, META, NODES, RESULTS, SIDE,
    STATE, UNDO, versioned,
};

pub(super) fn blocks(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    let mut headers = tx.open_table(HEADERS)?;
    let mut bodies = tx.open_table(BODIES)?;
    let mut side = tx.open_table(SIDE)?;
    for (record, block) in &change.stored {
        let id = block.id();
        headers.insert(id.0, versioned(record).as_slice())?;
        bodies.insert(id.0, versioned(&block.body).as_slice())?;
        side.insert(id.0, ())?;
    }
    let mut kept = tx.open_table(LEAVES)?;
    for (record, block) in &change.backfilled {
        let id = block.id();
        headers.insert(id.0, versioned(record).as_slice())?;
        bodies.insert(id.0, versioned(&block.body).as_slice())?;
        leaves::forget(&mut kept, &id)?;
    }
    for (_, id) in &change.disconnected {
        side.insert(id.0, ())?;
    }
    for (_, id, _) in &change.connected {
        side.remove(id.0)?;
    }
    Ok(())
}

pub(super) fn remove(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    let mut headers = tx.open_table(HEADERS)?;
    let mut bodies = tx.open_table(BODIES)?;
    let mut side = tx.open_table(SIDE)?;
    let mut kept = tx.open_table(LEAVES)?;
    let mut results = tx.open_table(RESULTS)?;
    for id in &change.dropped_bodies {
        leaves::take_place(&mut kept, &mut bodies, &headers, id)?;
        results.remove(id.0)?;
    }
    for id in &change.removed {
        headers.remove(id.0)?;
        bodies.remove(id.0)?;
        leaves::forget(&mut kept, id)?;
        side.remove(id.0)?;
    }
    Ok(())
}

pub(super) fn best_chain(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    let mut heights = tx.open_table(HEIGHTS)?;
    let mut undo_rows = tx.open_table(UNDO)?;
    for (height, id) in &change.disconnected {
        heights.remove(height)?;
        undo_rows.remove(id.0)?;
    }
    for (height, id, undo) in &change.connected {
        heights.insert(height, id.0)?;
        undo_rows.insert(id.0, versioned(undo).as_slice())?;
    }
    for (_, id) in &change.dropped_undo {
        undo_rows.remove(id.0)?;
    }
    if let Some(certificate) = &change.finalized {
        tx.open_table(META)?.insert(FINALIZED, versioned(certificate).as_slice())?;
    }
    if let Some(lowest) = change.lowest {
        tx.open_table(META)?.insert(LOWEST, lowest.to_le_bytes().as_slice())?;
    }
    for (base, certificate) in &change.handovers {
        tx.open_table(HANDOVERS)?.insert(base.0, versioned(certificate).as_slice())?;
        tx.open_table(HANDED_OVER)?.insert(certificate.link.set.0, base.0)?;
    }
    let mut nodes = tx.open_table(NODES)?;
    for (height, index, hash) in &change.nodes {
        nodes.insert((*height, *index), hash.0)?;
    }
    Ok(())
}

pub(super) fn state(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    if change.replace_rows {
        tx.delete_table(STATE)?;
    }
    let mut state = tx.open_table(STATE)?;
    for (key, row) in &change.rows {
        let key = encode(key);
        match row {
            Some(row) => state.insert(key.as_slice(), row.as_slice())?,
            None => state.remove(key.as_slice())?,
        };
    }
    Ok(())
}
