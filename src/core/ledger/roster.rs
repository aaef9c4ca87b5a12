//! The roster: who the members are. It is state: the definition lists the first members, and what the members decide changes the list.
//!
//! A roster is in force after its *base*, the block that put it there. It is known by the base's parent and height, never by a number of its
//! own: numbers repeat on forks, and a block's own id cannot be in what the block commits to. The base of one that an override put there is the
//! override's checkpoint; it is known by the override's hash.
//!
//! It also says which version blocks state: so that is known of a branch without its bodies, as the members are.
//!
//! Invariants: at least one member and at most [`VOTERS`]; by ascending key; ids, keys and governors are pairwise different, and no address of
//! a member key is a governor.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::{Address, Header, Member, Upgrade, Voters};
use crate::codec::{Bounded, encode};
use crate::crypto::{Hash, PublicKey, tagged_hash};
use crate::id::NodeId;
use crate::limits::{UPGRADES, VOTERS};

/// The members that are in force after a block. The default is no roster: of nobody, from nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Roster {
    base: Base,
    members: Bounded<Member, VOTERS>,
    /// What blocks on it must state, and from which height on: the version that is in force, if one was ever decided, and those that will be.
    upgrades: Bounded<Upgrade, UPGRADES>,
}

/// What put a roster into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Base {
    /// A block: it carries a proof that the members' decision is final.
    Block {
        /// The block before it; zero for the genesis block.
        parent: Hash,
        /// Its height.
        height: u64,
    },
    /// Operators, by an override.
    Override {
        /// [`super::Override::hash`].
        hash: Hash,
        /// The checkpoint's height.
        height: u64,
    },
}

impl Base {
    /// Its height: the roster is in force from the next block on.
    pub fn height(&self) -> u64 {
        match self {
            Self::Block { height, .. } | Self::Override { height, .. } => *height,
        }
    }

    /// The override's hash, if it was one.
    pub fn by_override(&self) -> Option<Hash> {
        match self {
            Self::Block { .. } => None,
            Self::Override { hash, .. } => Some(*hash),
        }
    }
}

impl Default for Base {
    /// The genesis block.
    fn default() -> Self {
        Self::Block { parent: Hash::ZERO, height: 0 }
    }
}

/// The roster in force after a block, with what is asked of it often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    roster: Roster,
    commitment: Hash,
    voters: Voters,
}

/// Why a list of members is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RosterError {
    /// Nobody could seal a block.
    #[error("it lists nobody")]
    Empty,
    /// More than can vote.
    #[error("it lists {0}, at most {VOTERS} are allowed")]
    TooMany(usize),
    /// An id, a key or an address stands for two.
    #[error(
        "the id, the key or the governor of \"{0}\" is listed twice; each member has its own, and no member key governs"
    )]
    Twice(NodeId),
    /// Nobody could sign for it.
    #[error("the governor of \"{0}\" is not the address of an ed25519 key")]
    Governor(NodeId),
}

impl Roster {
    /// The roster of these members.
    pub fn new(base: Base, members: impl IntoIterator<Item = Member>) -> Result<Self, RosterError> {
        let mut members: Vec<_> = members.into_iter().collect();
        check(&members)?;
        members.sort_by_key(|member| member.key);
        Ok(Self { base, members: Bounded::truncated(members), upgrades: Bounded::default() })
    }

    /// The next roster: other members, and what was decided about versions.
    pub fn next(&self, base: Base, members: impl IntoIterator<Item = Member>) -> Result<Self, RosterError> {
        Ok(Self { upgrades: self.upgrades.clone(), ..Self::new(base, members)? })
    }

    /// Whether an address speaks for a member.
    pub fn is_governor(&self, address: &Address) -> bool {
        self.members.iter().any(|member| member.governor == *address)
    }

    /// The same, where the first blocks have this version.
    pub(super) fn beginning_with(mut self, version: u32) -> Self {
        if version > Header::VERSION {
            self.upgrades = Bounded::truncated([Upgrade { version, height: 0 }]);
        }
        self
    }

    /// Takes in an upgrade, if it leads to a later version than all before it and there is a place for it.
    pub(super) fn upgrade(&mut self, upgrade: Upgrade) -> Result<(), u32> {
        let latest = self.version_at(u64::MAX);
        let now = self.version_at(self.base.height());
        let mut upgrades = self.upgrades.to_vec();
        // Those that others have replaced already say nothing any more.
        upgrades.retain(|known| known.version >= now);
        if upgrade.version <= latest || upgrades.len() >= UPGRADES {
            return Err(latest);
        }
        upgrades.push(upgrade);
        self.upgrades = Bounded::truncated(upgrades);
        Ok(())
    }

    /// The same, with one more version decided.
    #[cfg(any(test, feature = "testing"))]
    pub fn with_version(mut self, version: u32, height: u64) -> Self {
        let _ = self.upgrade(Upgrade { version, height });
        self
    }

    /// The version that a block at this height must state.
    pub fn version_at(&self, height: u64) -> u32 {
        let reached = self.upgrades.iter().filter(|upgrade| upgrade.height <= height);
        reached.map(|upgrade| upgrade.version).fold(Header::VERSION, u32::max)
    }

    /// Versions that were decided, in the order in which that came into force.
    pub fn upgrades(&self) -> &[Upgrade] {
        &self.upgrades
    }

    /// What a header says of it.
    pub fn commitment(&self) -> Hash {
        tagged_hash("bouya roster", &[&encode(self)])
    }

    /// Since when it is in force.
    pub fn base(&self) -> Base {
        self.base
    }

    /// The members, by ascending key.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member that seals and votes with this key.
    pub fn by_key(&self, key: &PublicKey) -> Option<&Member> {
        let at = self.members.binary_search_by_key(key, |member| member.key).ok()?;
        self.members.get(at)
    }

    /// The member with this id.
    pub fn by_id(&self, id: &NodeId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == *id)
    }

    /// The member that this address speaks for.
    pub fn by_governor(&self, governor: &Address) -> Option<&Member> {
        self.members.iter().find(|member| member.governor == *governor)
    }

    /// The set that votes from the base on. `base` is the base's own id.
    pub fn voters(&self, base: Hash) -> Voters {
        let named = self.base.by_override().unwrap_or(base);
        Voters::named(named, (self.base.height(), base), self.members.iter().cloned())
    }
}

impl InForce {
    /// The roster that the block with this id, its base, put into force.
    pub fn new(base: Hash, roster: Roster) -> Self {
        Self { commitment: roster.commitment(), voters: roster.voters(base), roster }
    }

    /// The roster.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What a header says of it.
    pub fn commitment(&self) -> &Hash {
        &self.commitment
    }

    /// The set that votes on the blocks after its base.
    pub fn voters(&self) -> &Voters {
        &self.voters
    }

    /// The block that put it into force.
    pub fn base(&self) -> Hash {
        self.voters.root().block
    }
}

fn check(members: &[Member]) -> Result<(), RosterError> {
    if members.is_empty() {
        return Err(RosterError::Empty);
    }
    if members.len() > VOTERS {
        return Err(RosterError::TooMany(members.len()));
    }
    // A member key has an address too, which speaks where a governor is lost. So it governs nothing itself.
    let (mut ids, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for member in members {
        if !member.governor.is_signed_for() {
            return Err(RosterError::Governor(member.id.clone()));
        }
        let own = [Address::of(&member.key), member.governor];
        if !ids.insert(&member.id) || !own.into_iter().all(|address| addresses.insert(address)) {
            return Err(RosterError::Twice(member.id.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{address, governor, member};

    const BASE: Base = Base::Block { parent: Hash([4; 32]), height: 9 };

    #[test]
    fn order_does_not_count_and_all_else_does() {
        let roster = Roster::new(BASE, (1..=4).map(member)).unwrap();
        assert_eq!(roster, Roster::new(BASE, (1..=4).rev().map(member)).unwrap());
        let renamed = |member: Member| Member { name: crate::testing::text("x"), ..member };
        let governed = |member: Member| Member { governor: address(9), ..member };
        let others = [
            Roster::new(Base::Block { parent: Hash([4; 32]), height: 8 }, (1..=4).map(member)),
            Roster::new(Base::Block { parent: Hash::ZERO, height: 9 }, (1..=4).map(member)),
            Roster::new(Base::Override { hash: Hash([4; 32]), height: 9 }, (1..=4).map(member)),
            Roster::new(BASE, (1..=3).map(member)),
            Roster::new(BASE, (1..=3).map(member).chain([renamed(member(4))])),
            Roster::new(BASE, (1..=3).map(member).chain([governed(member(4))])),
        ];
        let seen: BTreeSet<_> = others.into_iter().map(|one| one.unwrap().commitment()).collect();
        assert_eq!((seen.len(), seen.contains(&roster.commitment())), (6, false));
    }

    #[test]
    fn each_member_has_its_own_id_key_and_governor() {
        let refused = |last: Member| Roster::new(BASE, (1..=3).map(member).chain([last])).unwrap_err();
        let twice = [
            Member { id: member(1).id, ..member(4) },
            Member { key: member(1).key, ..member(4) },
            Member { governor: member(1).governor, ..member(4) },
            Member { governor: address(1), ..member(4) },
            Member { governor: address(4), ..member(4) },
            Member { key: governor(1).public(), ..member(4) },
        ];
        for last in twice {
            assert_eq!(refused(last.clone()), RosterError::Twice(last.id));
        }
        let other: Address = crate::codec::decode(&[1; 33], "address").unwrap();
        assert_eq!(refused(Member { governor: other, ..member(4) }), RosterError::Governor(member(4).id));
        assert_eq!(Roster::new(BASE, []), Err(RosterError::Empty));
    }

    #[test]
    fn versions_rise_with_the_heights_that_were_decided() {
        let mut roster = Roster::new(BASE, [member(1)]).unwrap();
        let plain = roster.commitment();
        assert_eq!(roster.upgrade(Upgrade { version: 2, height: 20 }), Err(2), "it is in force");
        roster.upgrade(Upgrade { version: 3, height: 50 }).unwrap();
        // Decided later, for a lower height.
        roster.upgrade(Upgrade { version: 5, height: 40 }).unwrap();
        assert_eq!(roster.upgrade(Upgrade { version: 4, height: 60 }), Err(5));
        assert_eq!([9, 39, 40, 50, u64::MAX].map(|height| roster.version_at(height)), [2, 2, 5, 5, 5]);
        assert_ne!(roster.commitment(), plain);
        // What is in force stays, and what it replaced goes.
        let base = Base::Block { parent: Hash::ZERO, height: 45 };
        let mut next = roster.next(base, [member(2)]).unwrap();
        next.upgrade(Upgrade { version: 6, height: 70 }).unwrap();
        assert_eq!(next.upgrades().iter().map(|one| one.version).collect::<Vec<_>>(), [5, 6]);
        for version in 7.. {
            if next.upgrade(Upgrade { version, height: 100 }).is_err() {
                break;
            }
        }
        assert_eq!(next.upgrades().len(), UPGRADES);
        assert_eq!(next.version_at(69), 5, "a full list forgets nothing");
    }

    #[test]
    fn members_are_found_by_all_that_names_them() {
        let roster = Roster::new(BASE, (1..=3).map(member)).unwrap();
        let second = member(2);
        assert_eq!(roster.by_key(&second.key), Some(&second));
        assert_eq!(roster.by_id(&second.id), Some(&second));
        assert_eq!(roster.by_governor(&second.governor), Some(&second));
        let stranger = member(4);
        assert_eq!(roster.by_key(&stranger.key), None);
        assert_eq!(roster.by_id(&stranger.id), None);
        assert_eq!(roster.by_governor(&address(2)), None, "its own member key does not govern");
        assert_eq!(roster.voters(Hash([1; 32])).root().height, 9);
    }
}
