//! The leaves of pruned bodies: 32 bytes for each transaction, which prove it to whoever still has its text.
//!
//! A block has either its body here or its leaves. It has neither if it was pruned before leaves were kept, or if this node began with a
//! snapshot above it.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Body, Header, HeaderRecord, root};
use redb::{ReadableTable, Table};

use super::guard::Fault;
use super::tables::{bytes_of, unversioned, with_version};

type Id = [u8; 32];

/// Removes a body and leaves its leaves. Of one that is damaged nothing stays: it goes all the same, and nobody needs it.
pub(super) fn take_place(
    leaves: &mut Table<'_, Id, &'static [u8]>,
    bodies: &mut Table<'_, Id, &'static [u8]>,
    headers: &impl ReadableTable<Id, &'static [u8]>,
    id: &Hash,
) -> Result<(), Fault> {
    let kept = match (headers.get(id.0)?, bodies.remove(id.0)?) {
        (Some(record), Some(body)) => of_rows(record.value(), body.value()),
        _ => None,
    };
    if let Some(kept) = kept {
        leaves.insert(id.0, with_version(kept.as_flattened()).as_slice())?;
    }
    Ok(())
}

fn of_rows(record: &[u8], body: &[u8]) -> Option<Vec<[u8; 32]>> {
    let record: HeaderRecord = unversioned(record, "headers").ok()?;
    let body: Body = unversioned(body, "bodies").ok()?;
    let leaves = body.leaves(record.header.height);
    (root(&leaves) == record.header.body).then_some(leaves)
}

/// Forgets a block's leaves, if there are any: the block goes, or its body is here again.
pub(super) fn forget(leaves: &mut Table<'_, Id, &'static [u8]>, id: &Hash) -> Result<(), Fault> {
    leaves.remove(id.0)?;
    Ok(())
}

/// The leaves that were kept of a block. They are its own: their root is what its header says.
pub(super) fn read(
    leaves: &impl ReadableTable<Id, &'static [u8]>,
    header: &Header,
    id: &Hash,
) -> Result<Option<Vec<[u8; 32]>>, Fault> {
    let Some(row) = leaves.get(id.0)? else { return Ok(None) };
    let (kept, rest) = bytes_of(row.value(), "leaves")?.as_chunks::<32>();
    if !rest.is_empty() || root(kept) != header.body {
        let height = header.height;
        return Err(Fault::Damaged(format!("the leaves of block {height} ({id}) are not its own")));
    }
    Ok(Some(kept.to_vec()))
}

#[cfg(test)]
impl super::Reader {
    /// As where blocks were pruned before leaves were kept.
    pub(crate) fn forget_leaves(&self) {
        let forget = || {
            let tx = super::begin_write(&self.db)?;
            tx.delete_table(super::tables::LEAVES)?;
            tx.open_table(super::tables::LEAVES)?;
            Ok(tx.commit()?)
        };
        self.db.guard.run(forget).unwrap();
    }
}
