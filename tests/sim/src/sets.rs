//! What must hold of the sets of members, counted anew from what blocks hold: the ledger's own counting is not asked.

use std::collections::BTreeMap;

use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::{
    Action, Address, Body, Checkpoint, HeaderRecord, Keys, Link, Member, MemberChange, Roster, View,
};

use crate::members::quorum;

/// Every block that was ever on a best chain, and the members after each.
#[derive(Default)]
pub(crate) struct Sets {
    /// Its parent, and the block that put the members after it into force.
    blocks: BTreeMap<Hash, (Hash, Hash)>,
    bodies: BTreeMap<Hash, Body>,
    /// By base.
    rosters: BTreeMap<Hash, Roster>,
    /// The base of each set.
    bases: BTreeMap<Hash, Hash>,
}

/// Why blocks hold what they must not.
type Wrong = String;

impl Sets {
    pub(crate) fn new(genesis: Hash, roster: Roster) -> Self {
        let mut sets = Self::default();
        sets.found(genesis, Hash::ZERO, roster);
        sets
    }

    fn found(&mut self, base: Hash, parent: Hash, roster: Roster) {
        self.blocks.insert(base, (parent, base));
        self.bases.insert(roster.voters(base).id(), base);
        self.rosters.insert(base, roster);
    }

    /// How many times members have changed, on all branches.
    pub(crate) fn changes(&self) -> u64 {
        self.bases.len() as u64 - 1
    }

    /// The id of the set after a block.
    pub(crate) fn after(&self, block: &Hash) -> Option<Hash> {
        let (_, base) = self.blocks.get(block)?;
        Some(self.rosters.get(base)?.voters(*base).id())
    }

    /// Takes in a block and what stands below it. Whoever sealed it must be a member where it stands, and members change only as they have
    /// decided.
    pub(crate) fn learn(&mut self, view: &dyn View, block: &Hash) -> Result<(), Wrong> {
        let mut new = Vec::new();
        let mut at = *block;
        while !self.blocks.contains_key(&at) {
            let record =
                view.record(&at).ok().flatten().ok_or_else(|| format!("block {at} has no record"))?;
            let parent = record.header.parent;
            new.push((at, record));
            at = parent;
        }
        new.into_iter().rev().try_for_each(|(id, record)| self.take(view, id, record))
    }

    fn take(&mut self, view: &dyn View, id: Hash, record: HeaderRecord) -> Result<(), Wrong> {
        let parent = record.header.parent;
        if let Some(body) = view.body(&id).ok().flatten() {
            self.bodies.insert(id, body);
        }
        let (_, base) = self.blocks[&parent];
        let before = &self.rosters[&base];
        if before.by_key(&record.header.miner).is_none() {
            return Err(format!("block {id} is sealed by nobody who is a member there"));
        }
        let Some(after) = record.roster else {
            self.blocks.insert(id, (parent, base));
            return Ok(());
        };
        let mut counted = Counted::default();
        for (block, body) in self.bodies(view, &id)? {
            counted.take(&self.rosters[&self.blocks[&block.1].1], block.0, &body);
            match body.certificate {
                Some(certificate) if block.2 == id => {
                    counted.explains(before, &after, certificate.link.source.height)?;
                }
                Some(certificate) => {
                    counted.hand_over(certificate.link.source.height);
                    counted.count(&self.rosters[&block.2], block.0);
                }
                None => (),
            }
        }
        self.found(id, parent, after);
        Ok(())
    }

    /// Height, parent, id and body of all blocks up to this one, the lowest first.
    #[expect(clippy::type_complexity, reason = "used once")]
    fn bodies(&self, view: &dyn View, block: &Hash) -> Result<Vec<((u64, Hash, Hash), Body)>, Wrong> {
        let (mut found, mut at) = (Vec::new(), *block);
        loop {
            let header = view.record(&at).ok().flatten().map(|record| record.header);
            let Some(header) = header.filter(|header| header.height > 0) else { break };
            // A node that prunes has the bodies of old blocks no more.
            let body = self.bodies.get(&at).cloned().ok_or_else(|| format!("block {at} has no body"))?;
            found.push(((header.height, header.parent, at), body));
            at = header.parent;
        }
        found.reverse();
        Ok(found)
    }

    /// A member has voted. `settled` is the height of what is final on its node.
    pub(crate) fn voted(
        &self,
        key: &bouya_core::crypto::PublicKey,
        link: &Link,
        settled: u64,
    ) -> Result<(), Wrong> {
        let base = self.bases.get(&link.set).ok_or("it votes in a set that no block has put into force")?;
        let roster = &self.rosters[base];
        if roster.by_key(key).is_none() {
            return Err("it votes in a set that it is not in".to_owned());
        }
        if roster.base().height() > settled {
            return Err(format!(
                "it votes in the set of height {} before that is final",
                roster.base().height()
            ));
        }
        self.is_of(&link.target, &link.set)
            .then_some(())
            .ok_or("it votes for a block of another set".to_owned())
    }

    /// Whether this set votes on a block: it is its base, or the members before it are this set. Nothing is known of a block that was on nobody's
    /// best chain.
    pub(crate) fn is_of(&self, checkpoint: &Checkpoint, set: &Hash) -> bool {
        let Some((parent, _)) = self.blocks.get(&checkpoint.block) else { return true };
        self.bases.get(set) == Some(&checkpoint.block) || self.after(parent) == Some(*set)
    }
}

/// What members have said up to a block, and what has passed and waits.
#[derive(Default)]
struct Counted {
    /// The open ones, in the order in which they were moved.
    motions: Vec<(Hash, MemberChange, BTreeMap<Address, bool>)>,
    passed: Vec<(u64, MemberChange)>,
    keys: Vec<(u64, Keys)>,
}

impl Counted {
    /// A block whose members are these.
    fn take(&mut self, roster: &Roster, height: u64, body: &Body) {
        for transaction in body.transactions.iter() {
            let by = Address::of(&transaction.sender);
            let speaks = roster.by_governor(&by).filter(|member| !self.is_mute(&member.id));
            match &transaction.action {
                Action::Motion(motion) if speaks.is_some() => {
                    let id = motion.id(&transaction.sender, transaction.nonce);
                    self.motions.push((id, motion.change.clone(), BTreeMap::from([(by, true)])));
                    self.settle(id, roster, height);
                }
                Action::Ballot { motion, yes } => {
                    if let Some((.., said)) = self.motions.iter_mut().find(|(id, ..)| id == motion) {
                        said.insert(by, *yes);
                    }
                    self.settle(*motion, roster, height);
                }
                Action::Keys(keys) if speaks.is_some_and(|member| member.id == keys.id) => {
                    self.keys.push((height, Keys::clone(keys)));
                }
                _ => (),
            }
        }
    }

    /// All that was said counts anew.
    fn count(&mut self, roster: &Roster, height: u64) {
        let all: Vec<Hash> = self.motions.iter().map(|(id, ..)| *id).collect();
        all.into_iter().for_each(|id| self.settle(id, roster, height));
    }

    /// A motion has passed with enough yes of these members, and is gone for good once that cannot be any more.
    fn settle(&mut self, id: Hash, roster: &Roster, height: u64) {
        let Some(at) = self.motions.iter().position(|(open, ..)| *open == id) else { return };
        let (_, change, said) = &self.motions[at];
        let members = roster.members();
        let says = |address: Address, what: bool| said.get(&address) == Some(&what);
        let voices = || members.iter().filter_map(|member| self.voice(change, member, members.len()));
        let count = |what| voices().filter(|voice| says(*voice, what)).count();
        let candidate = match change {
            MemberChange::Add { member, .. } => Some(member.governor),
            _ => None,
        };
        let needed = quorum(members.len());
        let is_lost = count(false) > members.len() - needed
            || candidate.is_some_and(|candidate| says(candidate, false));
        let has_passed = count(true) >= needed && candidate.is_none_or(|candidate| says(candidate, true));
        if is_lost || has_passed {
            let (_, change, _) = self.motions.remove(at);
            self.passed.extend((!is_lost).then_some((height, change)));
        }
    }

    fn voice(&self, change: &MemberChange, member: &Member, count: usize) -> Option<Address> {
        match change {
            MemberChange::Governor { id, .. } if *id == member.id && count > 1 => {
                Some(Address::of(&member.key))
            }
            _ => (!self.is_mute(&member.id)).then_some(member.governor),
        }
    }

    /// Whether it has passed that this member goes, or that its governor is another.
    fn is_mute(&self, id: &NodeId) -> bool {
        self.passed.iter().any(|(_, change)| match change {
            MemberChange::Remove { id: who } | MemberChange::Governor { id: who, .. } => who == id,
            _ => false,
        })
    }

    /// What had passed up to the target waits no longer.
    fn hand_over(&mut self, target: u64) {
        self.passed.retain(|(height, _)| *height > target);
        self.keys.retain(|(height, _)| *height > target);
    }

    /// Whether what had passed up to the target leads from one roster to the next.
    fn explains(&self, before: &Roster, after: &Roster, target: u64) -> Result<(), Wrong> {
        let passed = |is: &dyn Fn(&MemberChange) -> bool| {
            self.passed.iter().any(|(height, change)| *height <= target && is(change))
        };
        let had_keys =
            |is: &dyn Fn(&Keys) -> bool| self.keys.iter().any(|(height, keys)| *height <= target && is(keys));
        for member in after.members() {
            let id = &member.id;
            let is_added =
                passed(&|change| matches!(change, MemberChange::Add { member: new, .. } if new == member));
            let fine = is_added
                || before.by_id(id).is_some_and(|old| {
                    let is_new = |keys: &Keys| keys.id == *id && keys.key.map(|(key, _)| key) == Some(member.key);
                    let key = old.key == member.key || had_keys(&is_new);
                    let own = |keys: &Keys| keys.id == *id && keys.governor == Some(member.governor);
                    let given = |change: &MemberChange| matches!(change, MemberChange::Governor { id: who, governor } if who == id && *governor == member.governor);
                    key && (old.governor == member.governor || had_keys(&own) || passed(&given))
                });
            if !fine {
                return Err(format!(
                    "{id} became {member:?}, which too few had said yes to by height {target}"
                ));
            }
        }
        for member in before.members().iter().filter(|member| after.by_id(&member.id).is_none()) {
            let goes =
                |change: &MemberChange| matches!(change, MemberChange::Remove { id } if *id == member.id);
            if !passed(&goes) {
                return Err(format!(
                    "{} is no member any more, and too few had said yes to that by height {target}",
                    member.id
                ));
            }
        }
        Ok(())
    }
}
