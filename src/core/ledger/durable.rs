//! The chain on its disk: persist, then publish.
//!
//! Blocks are planned, their change is committed, and only then does the caller learn what became of them. Only this file does that, always
//! in this order. A failed commit ends the ledger: whatever memory held beyond the disk is lost with it, and a restart loads what the disk
//! holds.
//!
//! Of a batch, the blocks that extend the tip share a commit. Left out on purpose: what is a batch, when to step, and who is told (`node::keeper` decides that).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ahead::Ahead;
use super::chain::take_override;
use super::{
    BackfillError, Block, BodyError, Certificate, Chain, Change, Check, Contradiction, Finalized, Genesis,
    Moved, Origin, Plan, PlanError, Ready, Span, StateError, Step, View,
};
use crate::crypto::Hash;
use crate::time::Timestamp;

/// Where changes become durable: a file, or the simulator's model of one.
pub trait Disk {
    /// A view of everything committed so far; later commits do not change it.
    type View: View;
    /// It cannot be read or written: this node's own fault, and the node ends.
    type Error: From<StateError>;

    /// The current view.
    fn view(&self) -> Result<Self::View, Self::Error>;

    /// Makes a change durable, all of it or nothing.
    fn commit(&mut self, change: &Change) -> Result<(), Self::Error>;
}

/// What became of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockOutcome {
    /// Stored; on the best chain or off it.
    Stored,
    /// It was there already.
    Known,
    /// Its time has not come yet. No fault is known so far; give it again when it is due.
    Early {
        /// When it may be taken.
        due: Timestamp,
        /// Its size.
        bytes: usize,
    },
    /// Its parent is not stored: fetch that first. Nobody's fault.
    UnknownParent,
    /// Not taken yet: this certificate has to be taken in first. It is a good one.
    Unsettled(Box<Certificate>),
    /// Not taken, and nobody is at fault (too far behind, or this node's store fails).
    Ignored,
    /// The block is invalid.
    Invalid {
        /// What it means for whoever sent it.
        fault: BlockFault,
        /// Why, for people.
        why: String,
    },
}

/// What the fault of an invalid block means for whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockFault {
    /// This copy is wrong; the block itself may be fine.
    Copy,
    /// Its id commits to the fault: no copy can be better, and it never needs to be fetched again.
    Block,
    /// The same, but its miner only computes something else than this node: who is wrong is not known here, so nobody is blamed. Otherwise a node
    /// that computes wrongly would ban all others, and they it.
    Computed,
    /// It is such a block, or stands on one: that was found before.
    Disputed,
}

impl BlockFault {
    /// Whether whoever calls this its best chain is to blame.
    pub fn is_blamed(self) -> bool {
        matches!(self, Self::Copy | Self::Block)
    }
}

/// What became of a block, and of the best chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Of the block.
    pub outcome: BlockOutcome,
    /// Of the best chain, if it moved.
    pub moved: Option<Moved>,
}

/// What a step towards a heavier branch has led to.
#[derive(Debug)]
pub enum Stepped {
    /// Not finished, or nothing to do.
    Working,
    /// A block of the branch turned out invalid; the part before it still competes.
    Invalid {
        /// Which one.
        id: Hash,
        /// Why.
        error: BodyError,
    },
    /// Another branch is now the best chain.
    Flipped(Moved),
}

/// What a final certificate has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its block is final here, durably.
    Final,
    /// Its block is stored off the best chain: step until it is not.
    Behind,
    /// Its block has to be fetched.
    Missing,
    /// It contradicts what is here.
    Conflict(Contradiction),
}

/// The best chain and its rivals, on a disk.
#[derive(Debug)]
pub struct Ledger<D> {
    disk: D,
    chain: Chain,
}

impl<D: Disk> Ledger<D> {
    /// The ledger that `disk` holds. What was executed without an override that the genesis has now is undone.
    pub fn load(genesis: Arc<Genesis>, disk: D) -> Result<Self, D::Error> {
        let mut disk = disk;
        while let Some(change) = take_override(&genesis, &disk.view()?)? {
            disk.commit(&change)?;
        }
        let chain = Chain::load(genesis, &disk.view()?)?;
        Ok(Self { disk, chain })
    }

    /// Best chain and rivals.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Where everything is durable.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// Takes blocks one after the other. Those that extend the tip share a commit: a sync is bound by commits, not by blocks. When this
    /// returns, all of it is durable. If it fails, nothing has been reported to anybody.
    pub fn take(
        &mut self,
        check: Check<'_>,
        now: Timestamp,
        blocks: impl IntoIterator<Item = (Arc<Block>, Origin)>,
    ) -> Result<Vec<Taken>, D::Error> {
        let mut pending = Change::default();
        let mut all = Vec::new();
        for (block, origin) in blocks {
            all.push(self.plan_on(&mut pending, check, now, block, origin)?);
        }
        self.flush(&mut pending)?;
        Ok(all)
    }

    /// Takes a block on top of what is pending. A block that cannot share a commit is committed at once.
    fn plan_on(
        &mut self,
        pending: &mut Change,
        check: Check<'_>,
        now: Timestamp,
        block: Arc<Block>,
        origin: Origin,
    ) -> Result<Taken, D::Error> {
        let (view, id) = (self.disk.view()?, block.id());
        let planned = self.chain.plan(&Ahead::new(&view, pending), check, now, Arc::clone(&block), origin);
        if let Err(PlanError::Body(error)) = &planned
            && error.is_computed()
        {
            // If the members vote it final all the same, it is known what is wrong.
            self.chain.dispute(&Ahead::new(&view, pending), &block)?;
        }
        drop(view);
        let outcome = match planned {
            Ok(Plan::Ready(ready)) => {
                let shares = ready.extends_tip();
                if !shares {
                    self.flush(pending)?;
                }
                let (change, moved) = self.chain.accept_ahead(ready);
                pending.extend(change);
                if !shares {
                    self.flush(pending)?;
                }
                return Ok(Taken { outcome: BlockOutcome::Stored, moved });
            }
            Ok(Plan::Known) => BlockOutcome::Known,
            Ok(Plan::Early { due, bytes }) => BlockOutcome::Early { due, bytes },
            Err(PlanError::State(error)) => return Err(error.into()),
            Err(PlanError::UnknownParent(_)) => BlockOutcome::UnknownParent,
            Err(PlanError::Unsettled(certificate)) => BlockOutcome::Unsettled(certificate),
            Err(PlanError::Behind | PlanError::Apart { .. }) => BlockOutcome::Ignored,
            Err(PlanError::Header(error)) if error.is_local() => BlockOutcome::Ignored,
            Ok(Plan::Disputed { first, branch }) => {
                branch.into_iter().for_each(|branch| self.chain.dispute_after(*branch));
                let why = format!("this node computes something else than {first} or what that stands on");
                BlockOutcome::Invalid { fault: BlockFault::Disputed, why }
            }
            Err(PlanError::Body(error)) if error.is_computed() => {
                BlockOutcome::Invalid { fault: BlockFault::Computed, why: error.to_string() }
            }
            Err(PlanError::Body(error)) if error.is_committed() => {
                self.chain.condemn(id);
                BlockOutcome::Invalid { fault: BlockFault::Block, why: error.to_string() }
            }
            Err(error) => {
                let fault = if error.is_committed() { BlockFault::Block } else { BlockFault::Copy };
                BlockOutcome::Invalid { fault, why: error.to_string() }
            }
        };
        Ok(Taken { outcome, moved: None })
    }

    /// One bounded step towards the best stored branch; there is one to take while [`Chain::is_behind`].
    pub fn step(&mut self, check: Check<'_>) -> Result<Stepped, D::Error> {
        let step = self.chain.step(&self.disk.view()?, check)?;
        Ok(match step {
            Step::Idle | Step::Working => Stepped::Working,
            Step::Invalid { id, error } => Stepped::Invalid { id, error },
            Step::Ready(ready) => self.commit(ready)?.map_or(Stepped::Working, Stepped::Flipped),
        })
    }

    /// A quorum has made a block final; the certificate has been verified. When this returns [`Settled::Final`], that is durable.
    pub fn finalize(&mut self, certificate: Certificate) -> Result<Settled, D::Error> {
        let view = self.disk.view()?;
        Ok(match self.chain.finalize(&view, certificate)? {
            Finalized::Ready(ready) => {
                drop(view);
                self.commit(ready)?;
                Settled::Final
            }
            Finalized::Known => Settled::Final,
            Finalized::Behind => Settled::Behind,
            Finalized::Missing => Settled::Missing,
            Finalized::Conflict(how) => Settled::Conflict(how),
        })
    }

    /// Takes in some bodies of a span, the highest first; they have at most so many transactions, unless it is one body. Returns whether that was
    /// all of it. When this returns, what was taken in is durable.
    pub fn backfill(
        &mut self,
        check: Check<'_>,
        span: &Span,
        transactions: usize,
    ) -> Result<Result<bool, BackfillError>, D::Error> {
        let change = match self.chain.backfill(&self.disk.view()?, check, span, transactions) {
            Ok(change) => change,
            Err(BackfillError::State(error)) => return Err(error.into()),
            Err(error) => return Ok(Err(error)),
        };
        if !change.is_empty() {
            self.disk.commit(&change)?;
            self.chain.backfilled(&change);
        }
        Ok(Ok(self.chain.lowest() <= span.from.max(1)))
    }

    /// See [`Chain::prune`].
    pub fn prune(&mut self, keep: Option<u64>) {
        self.chain.prune(keep);
    }

    /// See [`Chain::keep`].
    pub fn keep(&mut self, justified: Hash, lock: Hash) {
        self.chain.keep(justified, lock);
    }

    /// See [`Chain::beside`].
    pub fn beside(
        &mut self,
        block: &Hash,
        how: Contradiction,
    ) -> Result<Option<(Certificate, Contradiction)>, D::Error> {
        Ok(self.chain.beside(&self.disk.view()?, block, how)?)
    }

    /// Makes what is pending durable.
    fn flush(&mut self, pending: &mut Change) -> Result<(), D::Error> {
        if pending.is_empty() {
            return Ok(());
        }
        self.disk.commit(&core::mem::take(pending))
    }

    /// Durable first, then in memory.
    fn commit(&mut self, ready: Ready) -> Result<Option<Moved>, D::Error> {
        self.disk.commit(ready.change())?;
        Ok(self.chain.accept(ready))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::Bounded;
    use crate::ledger::{Header, Key, check_inline};
    use crate::limits::DISPUTED_BLOCKS;
    use crate::testing::{Memory, Node, address, genesis, key, work};

    #[test]
    fn a_reorganisation_whose_commit_fails_is_told_to_nobody() {
        let mut node = Node::of(genesis());
        let fork = node.chain.tip().clone();
        let first = node.mine(vec![]);
        let (branch, _) = node.run_on(&fork, 2, 100, 8);
        let mut check = check_inline(node.network());
        let mut ledger = Ledger::load(genesis(), Memory::new(&genesis())).unwrap();
        let blocks = [&first, &branch[0], &branch[1]].map(|block| (block.clone(), Origin::Pushed));
        ledger.take(&mut check, Timestamp(u64::MAX), blocks).unwrap();

        ledger.disk.fails = true;
        let flip = core::iter::repeat_with(|| ledger.step(&mut check));
        let flip = flip.take(9).find(|step| !matches!(step, Ok(Stepped::Working)));
        assert!(matches!(flip, Some(Err(_))), "{flip:?}");
        assert_eq!(ledger.chain().tip().id, first.id());
    }

    /// A ledger with a row that the disk has changed: others compute something else.
    fn spoilt() -> Ledger<Memory> {
        spoilt_at(2, 1)
    }

    /// The same, where a byte of the account of key `who` is another.
    fn spoilt_at(who: u8, at: usize) -> Ledger<Memory> {
        let mut disk = Memory::new(&genesis());
        let key = Key::Account(address(who));
        let mut row = disk.world.row(&key).unwrap().unwrap();
        row[at] ^= 128;
        disk.world.apply(&Change { rows: [(key, Some(row))].into(), ..Change::default() });
        Ledger::load(genesis(), disk).unwrap()
    }

    /// What is said of these blocks, which are given now.
    fn faults<'a>(
        ledger: &mut Ledger<Memory>,
        now: Timestamp,
        blocks: impl IntoIterator<Item = &'a Arc<Block>>,
    ) -> Vec<Option<BlockFault>> {
        let mut check = check_inline(genesis().id());
        let blocks = blocks.into_iter().map(|block| (block.clone(), Origin::Pushed));
        let fault = |taken: Taken| match taken.outcome {
            BlockOutcome::Invalid { fault, .. } => Some(fault),
            _ => None,
        };
        ledger.take(&mut check, now, blocks).unwrap().into_iter().map(fault).collect()
    }

    const ALWAYS: Timestamp = Timestamp(u64::MAX);
    const DISPUTED: Option<BlockFault> = Some(BlockFault::Disputed);

    #[test]
    fn nobody_is_blamed_for_what_stands_on_a_block_that_is_only_computed_differently() {
        let mut node = Node::of(genesis());
        let fork = node.chain.tip().clone();
        let blocks: Vec<_> = (0..3).map(|nonce| node.mine(vec![node.pay(1, nonce, 2, 7)])).collect();
        let other = node.block_on(&fork, 100, vec![], 8);
        let computed = Some(BlockFault::Computed);
        // Of the receiver, and of the sender: there the first payment seems to have a wrong nonce, or to lack coins.
        for (who, at) in [(2, 1), (1, 1), (1, 2), (1, 9), (1, 16)] {
            let found = faults(&mut spoilt_at(who, at), ALWAYS, &blocks);
            assert_eq!(found, [computed, DISPUTED, DISPUTED], "on the tip, byte {at} of {who}");
        }

        let mut ledger = spoilt();
        assert_eq!(faults(&mut ledger, ALWAYS, [&other, &blocks[0], &blocks[1]]), [None; 3]);
        let mut check = check_inline(node.network());
        let steps = core::iter::repeat_with(|| ledger.step(&mut check).unwrap());
        let invalid = steps.take(9).find(|step| !matches!(step, Stepped::Working));
        assert!(matches!(invalid, Some(Stepped::Invalid { id, .. }) if id == blocks[0].id()), "{invalid:?}");
        let found = faults(&mut ledger, ALWAYS, [&blocks[2], &blocks[1], &blocks[0]]);
        assert_eq!(found, [DISPUTED; 3], "on a heavier branch");
    }

    #[test]
    fn a_final_block_is_found_to_be_refused_wherever_it_stands_on_a_disputed_branch() {
        let mut node = Node::of(genesis());
        let fork = node.chain.tip().clone();
        let first = node.mine(vec![node.pay(1, 0, 2, 7)]);
        let second = node.mine(vec![]);
        let other = node.block_on(&fork, 100, vec![], 8);
        // The members go on from the middle of what is stored here.
        let (theirs, end) = node.run_on(&node.branch_with(&fork, &first), 3, 77, 8);
        let mut ledger = spoilt();
        assert_eq!(faults(&mut ledger, ALWAYS, [&other, &first, &second]), [None; 3]);
        let mut check = check_inline(node.network());
        let steps = core::iter::repeat_with(|| ledger.step(&mut check).unwrap());
        assert!(steps.take(9).any(|step| matches!(step, Stepped::Invalid { .. })));
        let certificate = || crate::testing::certificate(&genesis(), end.height, end.id, &[]);
        assert_eq!(ledger.finalize(certificate()).unwrap(), Settled::Missing);
        assert_eq!(faults(&mut ledger, ALWAYS, &theirs), [DISPUTED; 3]);
        assert_eq!(ledger.finalize(certificate()).unwrap(), Settled::Conflict(Contradiction::Invalid));
    }

    /// Otherwise one peer makes the node forget the block, which is then executed again and again, and blames others for what stands on it.
    #[test]
    fn what_stands_on_a_disputed_block_has_cost_a_blocks_work_before_it_is_remembered() {
        let mut node = Node::of(genesis());
        let fork = node.chain.tip().clone();
        let blocks: Vec<_> = (0..3).map(|nonce| node.mine(vec![node.pay(1, nonce, 2, 7)])).collect();
        let mut ledger = spoilt();
        assert_eq!(faults(&mut ledger, ALWAYS, &blocks[..1]), [Some(BlockFault::Computed)]);
        let junk = |number: u64, change: fn(&mut Header)| {
            let mut block = (*blocks[1]).clone();
            block.header.time.0 += number;
            change(&mut block.header);
            work(&mut block);
            Arc::new(block)
        };
        let unsealed = |number| junk(number, |_| ());
        let cheap = |number| {
            junk(number, |header| {
                header.difficulty = 1;
                header.seal(&genesis().id(), &key(9));
            })
        };
        for number in 0..=DISPUTED_BLOCKS as u64 {
            let blamed = [Some(BlockFault::Block); 2];
            assert_eq!(faults(&mut ledger, ALWAYS, &[unsealed(1 + number), cheap(number)]), blamed);
        }
        // Neither is one that is not due, nor a wrong copy.
        let now = Timestamp(blocks[0].header.time.0);
        let early = node.block_on(&node.branch_with(&fork, &blocks[0]), 100_000, vec![], 9);
        assert_eq!(faults(&mut ledger, now, [&early]), [None]);
        let mut copy = (*blocks[1]).clone();
        copy.body.transactions = Bounded::default();
        assert_eq!(faults(&mut ledger, ALWAYS, [&Arc::new(copy)]), [Some(BlockFault::Copy)]);
        let last = [&blocks[0], &blocks[2], &blocks[1], &blocks[2]];
        assert_eq!(faults(&mut ledger, ALWAYS, last), [DISPUTED, None, DISPUTED, DISPUTED]);
    }
}
