//! The end of the best chain, as every part of a node sees it.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::ledger::governance::pending_at;
use crate::ledger::{
    Branch, Certificate, Checkpoint, InForce, StateError, View, final_block, in_force_at_final, locator,
};
use crate::limits::{EMPTY_BLOCK_BYTES, REST_AFTER};
use crate::overlay::Tip;
use crate::time::Timestamp;

/// The end of the best chain.
#[derive(Clone, Debug)]
pub struct Head {
    /// The branch.
    pub branch: Branch,
    /// The last blocks, [`REST_AFTER`] of them or the whole chain, oldest first.
    pub recent: VecDeque<Recent>,
    /// Blocks of the chain, newest first, increasingly sparse.
    pub locator: Vec<Hash>,
    /// No block is taken because the disk is nearly full.
    pub disk_full: bool,
    /// The date of the first of the blocks that are held because their time has not come.
    pub held: Option<Timestamp>,
    /// The newest final block of this chain, its height and id: see [`final_block`].
    pub finalized: (u64, Hash),
    /// The date of the first block above it; none if all of this chain is final.
    pub unfinal_since: Option<Timestamp>,
    /// The lowest block whose body is here, with all above it.
    pub lowest: u64,
    /// More bodies leave as the chain grows.
    pub prunes: bool,
    /// The members after that block: they vote.
    pub members: Arc<InForce>,
    /// What lets the members' decisions come into force with the next block, if something waits for that.
    pub handover: Option<Certificate>,
    /// They had decided something by the base of their set, which the handover there did not cover: only a final block above the base lets it
    /// come into force.
    pub left_over: bool,
    /// A final block that is not on this chain yet.
    pub goal: Option<Checkpoint>,
    /// The height of a block above it that operators trust: without that block nothing that is mined or voted here counts.
    pub awaited: Option<u64>,
    /// A stored branch is preferred to this chain: the way to it is under way.
    pub behind: bool,
}

/// What a block at the end of the chain tells a miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Its id.
    pub id: Hash,
    /// Its time.
    pub time: Timestamp,
    /// Milliseconds since its parent.
    pub gap_ms: u64,
    /// It states that this was a rest.
    pub told: bool,
    /// It came late, so the next block is easier.
    pub late: bool,
    /// It holds no transaction.
    pub empty: bool,
}

impl Head {
    /// Reads what belongs to the chain that ends in `branch`. The disk has room, nothing is held or pruned, and no branch is preferred.
    pub fn read(view: &dyn View, branch: &Branch) -> Result<Self, StateError> {
        let recent = recent(view, branch)?;
        let locator = locator(view, branch.height)?;
        let finalized = final_block(view)?;
        let next = finalized.0.checked_add(1).map(|next| view.at_height(next)).transpose()?.flatten();
        let next = next.map(|next| view.record(&next)).transpose()?.flatten();
        let unfinal_since = next.map(|record| record.header.time);
        let branch = branch.clone();
        let members = members(view, &branch)?;
        let handover = handover(view, &branch)?;
        let left_over = left_over(view, &branch)?;
        let (disk_full, held, goal, behind, awaited) = (false, None, None, false, None);
        Ok(Self {
            branch,
            recent,
            locator,
            disk_full,
            held,
            finalized,
            lowest: view.lowest()?,
            prunes: false,
            unfinal_since,
            members,
            handover,
            left_over,
            goal,
            behind,
            awaited,
        })
    }

    /// What the overlay is told of it.
    pub fn tip(&self) -> Tip {
        let (finalized, keeps_all) = (self.finalized, self.lowest <= 1 && !self.prunes);
        let lowest = if keeps_all { 0 } else { self.lowest };
        let wanted_below = Some(self.lowest).filter(|lowest| *lowest > 1 && !self.prunes);
        Tip { branch: self.branch.clone(), locator: self.locator.clone(), finalized, lowest, wanted_below }
    }
}

/// Nearly always those that are in force at the tip too.
fn members(view: &dyn View, branch: &Branch) -> Result<Arc<InForce>, StateError> {
    let members = in_force_at_final(view)?;
    Ok(if members == *branch.members { Arc::clone(&branch.members) } else { Arc::new(members) })
}

/// The newest final certificate, if it is of the members in force and they had decided something up to its block.
fn handover(view: &dyn View, branch: &Branch) -> Result<Option<Certificate>, StateError> {
    let Some(certificate) = view.finalized()? else { return Ok(None) };
    let height = certificate.link.source.height;
    if certificate.link.set != branch.members.voters().id() || view.tip()?.1 != branch.id {
        return Ok(None);
    }
    Ok(pending_at(view, height)?.covers(height).then_some(certificate))
}

/// Whether something that the members had decided by the base of their set still waits.
fn left_over(view: &dyn View, branch: &Branch) -> Result<bool, StateError> {
    let base = branch.members.roster().base().height();
    if base == 0 || view.tip()?.1 != branch.id {
        return Ok(false);
    }
    Ok(pending_at(view, branch.height)?.covers(base))
}

fn recent(view: &dyn View, branch: &Branch) -> Result<VecDeque<Recent>, StateError> {
    let mut recent = VecDeque::new();
    let mut id = branch.id;
    let mut next = view.record(&id)?;
    while let Some(record) = next.filter(|record| record.header.height > 0)
        && recent.len() < REST_AFTER
    {
        let header = &record.header;
        let parent = view.record(&header.parent)?;
        let Some(before) = &parent else { break };
        recent.push_front(Recent {
            id,
            time: header.time,
            gap_ms: header.time.millis_since(before.header.time),
            told: header.is_told(),
            late: record.lateness > before.lateness,
            empty: usize::try_from(record.bytes).unwrap_or(usize::MAX) <= EMPTY_BLOCK_BYTES,
        });
        id = header.parent;
        next = parent;
    }
    Ok(recent)
}
