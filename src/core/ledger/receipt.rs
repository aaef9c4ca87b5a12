//! Receipts: one transaction, and the path from it to a later block that somebody trusts for other reasons.
//!
//! A receipt proves nothing by itself: anybody can make a chain in private. With the id of a trusted block it proves that the transaction
//! lies under that block, which block holds it, how much work lies in between, and between which two block times it was confirmed.
//! If that block was final where the receipt was made, the network's definition is enough to trust it: see [`Proof::check_final`].
//! Everything is hashed from the transaction up; nothing in a receipt is taken on trust. Its size grows with the logarithm of the height.
//!
//! Of a deployment or a call it also shows what became of it, where the node that made the receipt still had that.
//!
//! Left out on purpose: what became of the transaction's coins afterwards (that needs the state), and rewards.

use alloc::vec::Vec;

use thiserror::Error;

use super::contract::Outcome;
use super::merkle::{self, Sibling, climb};
use super::state::{StateError, View};
use super::{Branch, CheckedTransaction, Header, Transaction, TransactionError, Work, meets};
use crate::crypto::Hash;

mod finality;
mod outcome;

pub use finality::{FinalError, FinalProof, Finality, Sets};
pub use outcome::OutcomeProof;

/// A transaction with its path to a block that may be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The network: the genesis block's id, which the signature and the seals name.
    pub network: Hash,
    /// What is proven.
    pub transaction: Transaction,
    /// From its id to the root of its block's body.
    pub path: Vec<Sibling>,
    /// The block before its own.
    pub before: Header,
    /// Its block.
    pub block: Header,
    /// The blocks above, unless its block is the last one.
    pub above: Option<Above>,
    /// What makes the last block final; none if it was not the newest final one where the receipt was made, or if the way from the first
    /// members to its voters was not known there.
    pub finality: Option<Finality>,
    /// What became of it, if it deploys or calls a contract; none too if that was not stored where the receipt was made.
    pub outcome: Option<OutcomeProof>,
}

/// The path from a block to a later one, the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    /// Work of the chain up to the block.
    pub work: Work,
    /// From the block to the anchor's history.
    pub path: Vec<Sibling>,
    /// The block after it; none if that is the anchor.
    pub after: Option<Under>,
    /// The block before the anchor, which gives the work up to there; none if that is the block itself.
    pub last: Option<Under>,
    /// The block that is to be trusted.
    pub anchor: Header,
}

/// A header under the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Under {
    /// The header.
    pub header: Header,
    /// Work of the chain up to it.
    pub work: Work,
    /// From it to the anchor's history.
    pub path: Vec<Sibling>,
}

/// What a receipt shows, once its anchor is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The network.
    pub network: Hash,
    /// The transaction, its signature checked.
    pub transaction: CheckedTransaction,
    /// The block before its own. Times rise strictly, so each of the three bounds the next.
    pub before: Header,
    /// Its block.
    pub block: Header,
    /// The block after its own, if there is one up to the anchor.
    pub after: Option<Header>,
    /// The block that all of this lies under.
    pub anchor: Header,
    /// The anchor's id.
    pub anchor_id: Hash,
    /// Expected hashes from the block to the anchor, both counted.
    pub work: Work,
    /// What makes the anchor final: a commit for it. Whose signatures it holds is not known before [`Proof::check_final`].
    pub finality: Option<Finality>,
    /// What became of the transaction, if it deploys or calls a contract and the receipt shows that.
    pub outcome: Option<Outcome>,
}

/// Why a receipt proves nothing: it was changed or forged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// Not signed, or not a transaction of this network.
    #[error("the transaction: {0}")]
    Transaction(#[from] TransactionError),
    /// Not in the block.
    #[error("the path does not lead from the transaction to the block's body")]
    Body,
    /// Not what the block says became of it.
    #[error("what it says became of the transaction is not what the block commits to")]
    Outcome,
    /// The named header is not what it must be.
    #[error("{0} is not what its own work, seal and place say")]
    Header(&'static str),
    /// Not under the anchor.
    #[error("{0} does not stand under the last block")]
    History(&'static str),
    /// A certificate that makes no block final.
    #[error("its certificate is no commit: it makes no block final")]
    Commit,
    /// A certificate for another block than the anchor.
    #[error("its certificate is for block {height} ({block}), but it leads to block {last_height} ({last})")]
    Other {
        /// The height that the certificate names.
        height: u64,
        /// The block that it names.
        block: Hash,
        /// The anchor's height.
        last_height: u64,
        /// The anchor.
        last: Hash,
    },
}

impl Receipt {
    /// The height that a receipt from this one leads to unless another is asked for: the newest final block, because that needs nobody's
    /// trust, or the tip if that is above it.
    pub fn end(view: &(impl View + ?Sized), height: u64) -> Result<u64, StateError> {
        let last = view.finalized()?.map(|certificate| certificate.link.source.height);
        match last.filter(|last| *last >= height) {
            Some(last) => Ok(last),
            None => Ok(view.tip()?.0),
        }
    }

    /// The receipt of a transaction in the block at `height`, under the block at `anchor`. Reads the best chain of `view`; of the block's
    /// body only the leaves, which stay when it is pruned. None if that chain has no such block, or the transaction is none of its leaves.
    /// Under the newest final block it holds what makes that final, if [`Finality::of`] does.
    pub fn new(
        view: &(impl View + ?Sized),
        network: Hash,
        height: u64,
        transaction: Transaction,
        anchor: u64,
    ) -> Result<Option<Self>, StateError> {
        let Some((block, _)) = read(view, height)? else { return Ok(None) };
        let Some((before, _)) = height.checked_sub(1).map(|at| read(view, at)).transpose()?.flatten() else {
            return Ok(None);
        };
        let leaves = view.leaves(&block.id())?.unwrap_or_default();
        let id = transaction.id().0;
        let Some(leaf) = leaves.iter().position(|leaf| *leaf == id) else { return Ok(None) };
        let path = merkle::path_among(&leaves, wide(leaf));
        let above = if anchor == height { None } else { Above::new(view, height, anchor)? };
        if above.is_none() && anchor != height {
            return Ok(None);
        }
        // Without it, the receipt is good for who trusts the last block.
        let finality = Finality::of(view, above.as_ref().map_or(&block, |above| &above.anchor))?;
        let finality = finality.ok().flatten();
        let outcome = OutcomeProof::new(view, &block, &transaction)?;
        Ok(path.map(|path| Self { network, transaction, path, before, block, above, finality, outcome }))
    }

    /// Takes over what an older receipt shows of what became of the transaction, where this one does not, and if the block commits to it.
    pub fn keep_outcome(&mut self, older: Option<OutcomeProof>) {
        let is_it = |older: &OutcomeProof| older.check(&self.transaction, &self.block).is_some();
        if self.outcome.is_none() {
            self.outcome = older.filter(is_it);
        }
    }

    /// Checks everything that needs no trust.
    pub fn check(self) -> Result<Proof, ReceiptError> {
        let Self { network, transaction, path, before, block, above, finality, outcome } = self;
        let transaction = transaction.check(&network)?;
        if climb(&transaction.id().0, &path) != block.body {
            return Err(ReceiptError::Body);
        }
        let shown = |proof: OutcomeProof| proof.check(&transaction, &block).ok_or(ReceiptError::Outcome);
        let outcome = outcome.map(shown).transpose()?;
        check_header(&network, &block, "the transaction's block")?;
        check_header(&network, &before, "the block before")?;
        if block.parent != before.id() || !follows(&block, &before) {
            return Err(ReceiptError::Header("the block before"));
        }
        let (anchor, after, work) = match above {
            None => (block.clone(), None, Work::from(block.difficulty)),
            Some(above) => above.check(&network, &block)?,
        };
        if let Some(finality) = &finality {
            finality.check_link(&anchor)?;
        }
        let anchor_id = anchor.id();
        Ok(Proof { network, transaction, before, block, after, anchor, anchor_id, work, finality, outcome })
    }
}

impl Above {
    fn new(view: &(impl View + ?Sized), height: u64, anchor: u64) -> Result<Option<Self>, StateError> {
        let Some((_, work)) = read(view, height)? else { return Ok(None) };
        let Some((header, _)) = read(view, anchor)? else { return Ok(None) };
        let Some(path) = history_path(view, anchor, height)? else { return Ok(None) };
        let under = |at: u64| -> Result<Option<Under>, StateError> {
            let (Some((header, work)), Some(path)) = (read(view, at)?, history_path(view, anchor, at)?)
            else {
                return Ok(None);
            };
            Ok(Some(Under { header, work, path }))
        };
        let (next, last) = (height.saturating_add(1), anchor.saturating_sub(1));
        let after = if next < anchor { under(next)? } else { None };
        let last = if next < last { under(last)? } else { None };
        Ok(Some(Self { work, path, after, last, anchor: header }))
    }

    /// The anchor, the block after `block`, and the work from `block` up to the anchor.
    fn check(self, network: &Hash, block: &Header) -> Result<(Header, Option<Header>, Work), ReceiptError> {
        let Self { work, path, after, last, anchor } = self;
        check_header(network, &anchor, "the last block")?;
        if climb(&Branch::leaf_of(&block.id(), work), &path) != anchor.history {
            return Err(ReceiptError::History("the transaction's block"));
        }
        // A missing header is the block itself or the anchor: the chain is too short for another.
        let next = match &after {
            Some(after) => after.check(network, &anchor, "the block after")?,
            None => &anchor,
        };
        if next.parent != block.id() || !follows(next, block) {
            return Err(ReceiptError::Header("the block after"));
        }
        let (parent, below) = match (&last, &after) {
            (Some(last), _) => (last.check(network, &anchor, "the block before the last")?, last.work),
            (None, Some(after)) => (&after.header, after.work),
            (None, None) => (block, work),
        };
        if anchor.parent != parent.id() || !follows(&anchor, parent) {
            return Err(ReceiptError::Header("the block before the last"));
        }
        let total = below.saturating_add(Work::from(anchor.difficulty));
        let work = total.saturating_sub(work).saturating_add(Work::from(block.difficulty));
        let after = next.clone();
        Ok((anchor, Some(after), work))
    }
}

impl Under {
    fn check(&self, network: &Hash, anchor: &Header, name: &'static str) -> Result<&Header, ReceiptError> {
        check_header(network, &self.header, name)?;
        if climb(&Branch::leaf_of(&self.header.id(), self.work), &self.path) != anchor.history {
            return Err(ReceiptError::History(name));
        }
        Ok(&self.header)
    }
}

/// A header's own work and seal; the genesis block, which has neither, is the network's id.
fn check_header(network: &Hash, header: &Header, name: &'static str) -> Result<(), ReceiptError> {
    let genuine = match header.height {
        0 => header.id() == *network,
        _ => meets(&header.id(), header.difficulty) && header.is_sealed(network),
    };
    if genuine { Ok(()) } else { Err(ReceiptError::Header(name)) }
}

fn follows(header: &Header, parent: &Header) -> bool {
    header.height == parent.height.saturating_add(1) && header.time > parent.time
}

fn read(view: &(impl View + ?Sized), height: u64) -> Result<Option<(Header, Work)>, StateError> {
    let Some(id) = view.at_height(height)? else { return Ok(None) };
    Ok(view.record(&id)?.map(|record| (record.header, record.work)))
}

/// From the block at `height` to the history that the block at `anchor` commits to.
fn history_path(
    view: &(impl View + ?Sized),
    anchor: u64,
    height: u64,
) -> Result<Option<Vec<Sibling>>, StateError> {
    let mut node = |level, index| {
        let missing = || StateError(alloc::format!("node ({level}, {index}) of the history tree is missing"));
        view.history_node(level, index)?.ok_or_else(missing)
    };
    merkle::path(anchor, height, |part| merkle::root_of(part, &mut node))
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
