//! A branch: everything that is needed of a chain of headers to judge the next one, in constant space.

use alloc::sync::Arc;
use alloc::vec::Vec;

use thiserror::Error;

use super::genesis::Rules;
use super::merkle::Node;
use super::{Frontier, Header, InForce, Roster, Work, meets};
use crate::crypto::{Hash, PublicKey};
use crate::time::Timestamp;

/// A chain of valid headers, seen from its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The last block.
    pub id: Hash,
    /// Its height.
    pub height: u64,
    /// Its time.
    pub time: Timestamp,
    /// Work of all blocks up to it; the genesis block does not count.
    pub work: Work,
    /// How far the chain is behind its schedule, in milliseconds.
    pub lateness: i64,
    /// The tree over all headers up to it; its root is the next header's `history`. A leaf is the id and the work up to that block, so that
    /// a path also proves how much work lies between two blocks.
    pub frontier: Frontier,
    /// The members: the next block is sealed by one of them.
    pub members: Arc<InForce>,
}

/// Why a header does not continue a branch. Except for [`HeaderError::Parent`] and errors that are [local](HeaderError::is_local), the
/// block's id commits to the fault, so it stays wrong forever.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Not the version that the members have decided for its height, or flags that it does not have.
    #[error("the block states version {found} with flags {flags:#x}, its version is {expected}")]
    Version {
        /// The version at its height.
        expected: u32,
        /// The version it states.
        found: u32,
        /// The flags it states.
        flags: u32,
    },
    /// The members have decided for a version that this program does not know, or may have. Nobody is at fault.
    #[error(
        "the block at height {height} has version {version}, and this program knows {known}; if the members have decided for it, upgrade this node"
    )]
    Outdated {
        /// The version at its height.
        version: u32,
        /// Its height.
        height: u64,
        /// The latest one that is known here.
        known: u32,
    },
    /// The id is above the target.
    #[error("the block's id does not show the work of its difficulty {0}")]
    Work(u64),
    /// No member's key.
    #[error("{0} is not a member's key; only members seal blocks")]
    Member(PublicKey),
    /// Not signed by the key it names.
    #[error("the seal is not that of the miner's key")]
    Seal,
    /// Does not follow the branch.
    #[error("the block follows {found}, not {expected}")]
    Parent {
        /// The branch's last block.
        expected: Hash,
        /// The parent it states.
        found: Hash,
    },
    /// Not the branch's height plus one.
    #[error("the block states height {found}, its place is {expected}")]
    Height {
        /// Its place.
        expected: u64,
        /// The height it states.
        found: u64,
    },
    /// Not later than its parent.
    #[error("the block's time {found} is not after its parent's {parent}")]
    Time {
        /// The parent's.
        parent: Timestamp,
        /// The time it states.
        found: Timestamp,
    },
    /// States a rest where there was none.
    #[error("the block states a rest of {gap} ms, but a rest lasts at least {least} ms")]
    Rest {
        /// Milliseconds since its parent.
        gap: u64,
        /// The shortest rest.
        least: u64,
    },
    /// Not what the schedule prescribes.
    #[error("the block states difficulty {found}, prescribed is {expected}")]
    Difficulty {
        /// Prescribed.
        expected: u64,
        /// Stated.
        found: u64,
    },
    /// Commits to another roster, or to something else that it changes.
    #[error("the block commits to another roster than the one in force, and puts none into force")]
    Roster,
    /// Commits to another past.
    #[error("the block's history root is not that of its ancestors")]
    History,
    /// Not the block that this node's operator trusts at that height. Nobody is at fault: other nodes may trust another block.
    #[error("this node's checkpoint at height {height} is {expected}, this block is another")]
    Checkpoint {
        /// The checkpoint's height.
        height: u64,
        /// The checkpoint.
        expected: Hash,
    },
}

impl HeaderError {
    /// Whether only this node's own settings rule the header out.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Checkpoint { .. } | Self::Outdated { .. })
    }
}

impl Header {
    /// Checks that the id shows the work of the stated difficulty: the cheapest check to make, and an expensive one to pass.
    pub fn check_work(&self) -> Result<(), HeaderError> {
        if !meets(&self.id(), self.difficulty) {
            return Err(HeaderError::Work(self.difficulty));
        }
        Ok(())
    }

    /// Checks what needs no ancestors: form, work at the stated difficulty, seal. Cheapest first.
    pub fn check_alone(&self, rules: &Rules) -> Result<(), HeaderError> {
        self.check_unsealed(rules)?;
        self.check_seal(rules)
    }

    fn check_seal(&self, rules: &Rules) -> Result<(), HeaderError> {
        if !self.is_sealed(&rules.network) {
            return Err(HeaderError::Seal);
        }
        Ok(())
    }

    fn check_unsealed(&self, rules: &Rules) -> Result<(), HeaderError> {
        let (known, found, flags) = (rules.newest_version, self.version, self.flags);
        if found > known {
            return Err(HeaderError::Outdated { version: found, height: self.height, known });
        }
        if found < Self::VERSION || flags & !Self::TOLD != 0 {
            return Err(HeaderError::Version { expected: known, found, flags });
        }
        self.check_work()
    }
}

impl Branch {
    pub(super) fn genesis(header: &Header, roster: Roster) -> Self {
        let mut branch = Self {
            id: header.id(),
            height: 0,
            time: header.time,
            work: 0,
            lateness: 0,
            frontier: Frontier::default(),
            members: Arc::new(InForce::new(header.id(), roster)),
        };
        branch.frontier.push(&branch.leaf());
        branch
    }

    /// What the tree over headers holds for the last block.
    pub fn leaf(&self) -> [u8; 48] {
        Self::leaf_of(&self.id, self.work)
    }

    /// What the tree over headers holds for a block: its id and the work up to it.
    pub fn leaf_of(id: &Hash, work: Work) -> [u8; 48] {
        let mut leaf = [0; 48];
        let (first, last) = leaf.split_at_mut(32);
        first.copy_from_slice(&id.0);
        last.copy_from_slice(&work.to_le_bytes());
        leaf
    }

    /// The difficulty that a block on top of this branch must state.
    pub fn next_difficulty(&self, rules: &Rules) -> u64 {
        rules.schedule.difficulty(self.lateness)
    }

    /// Checks the header of a block on this branch. It may be ahead of this node's clock: that is no fault. Whether the roster stays is another
    /// question: see [`Branch::keeps_roster`].
    pub fn check(&self, rules: &Rules, header: &Header) -> Result<(), HeaderError> {
        self.check_unsealed(rules, header)?;
        header.check_seal(rules)
    }

    /// The same but for the seal, which costs the most: those of many headers are verified together.
    pub(super) fn check_unsealed(&self, rules: &Rules, header: &Header) -> Result<(), HeaderError> {
        self.check_place(rules, header)?;
        if self.members.roster().by_key(&header.miner).is_none() {
            return Err(HeaderError::Member(header.miner));
        }
        header.check_unsealed(rules)
    }

    fn check_version(&self, rules: &Rules, header: &Header) -> Result<(), HeaderError> {
        let Header { height, version: found, flags, .. } = *header;
        let (expected, known) = (self.members.roster().version_at(height), rules.newest_version);
        if expected > known {
            return Err(HeaderError::Outdated { version: expected, height, known });
        }
        if found != expected {
            return Err(HeaderError::Version { expected, found, flags });
        }
        Ok(())
    }

    /// Whether the roster after this header is the one before it, if executing its block changes what is stated.
    pub fn keeps_roster(&self, header: &Header, executed: &Hash) -> bool {
        header.commitments == Header::commit(self.members.commitment(), executed)
    }

    /// Takes in a header that was checked, and the roster that its block puts into force. That of an override at this block comes before it.
    /// Returns the tree nodes that it completed.
    pub fn push(&mut self, rules: &Rules, header: &Header, roster: Option<Roster>) -> Vec<Node> {
        let gap = header.time.millis_since(self.time);
        self.lateness = rules.schedule.lateness(self.lateness, header.height, gap, header.is_told());
        self.work = self.work.saturating_add(Work::from(header.difficulty));
        self.id = header.id();
        self.height = header.height;
        self.time = header.time;
        let overrides = rules.overrides.at(&self.id).map(|one| one.roster_after(self.members.roster()));
        if let Some(roster) = overrides.or(roster) {
            self.members = Arc::new(InForce::new(self.id, roster));
        }
        self.frontier.push(&self.leaf())
    }

    /// Whether this branch is preferred: it has more work, or the same work and the smaller id.
    pub fn beats(&self, other: &Self) -> bool {
        (self.work, other.id) > (other.work, self.id)
    }

    fn check_place(&self, rules: &Rules, header: &Header) -> Result<(), HeaderError> {
        if header.parent != self.id {
            return Err(HeaderError::Parent { expected: self.id, found: header.parent });
        }
        let expected = self.height.saturating_add(1);
        if header.height != expected {
            return Err(HeaderError::Height { expected, found: header.height });
        }
        self.check_version(rules, header)?;
        if header.time <= self.time {
            return Err(HeaderError::Time { parent: self.time, found: header.time });
        }
        let (gap, least) = (header.time.millis_since(self.time), rules.schedule.shortest_rest_ms());
        if header.is_told() && gap < least {
            return Err(HeaderError::Rest { gap, least });
        }
        let expected = self.next_difficulty(rules);
        if header.difficulty != expected {
            return Err(HeaderError::Difficulty { expected, found: header.difficulty });
        }
        if header.history != self.frontier.root() {
            return Err(HeaderError::History);
        }
        match rules.trusts_another(header.height, &header.id()) {
            Some(expected) => Err(HeaderError::Checkpoint { height: header.height, expected }),
            None => Ok(()),
        }
    }
}
