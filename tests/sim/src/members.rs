//! Who the members are to be. The seed decides when that changes and how; what the governors then say follows from it.

use std::collections::{BTreeMap, BTreeSet};

use bouya_core::codec::Text;
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Keys, Member, MemberChange, Roster, Transaction};
use bouya_core::random::Random;

use crate::node::key;
use crate::scenario::name;

/// A run changes no key of a node more often.
pub(crate) const GENERATIONS: u8 = 11;

listed! {
    /// What changes about the members.
    enum Step {
        AddOne,
        RemoveOne,
        RemoveTwo,
        /// Whoever leads just now is removed.
        RemoveLeader,
        ReplaceOne,
        ReplaceHalf,
        /// As many as there are come, and then those that were there go.
        ReplaceAll,
        RemoveOld,
        /// One gets a new member key.
        Rotate,
        RotateAll,
        /// One gives itself another governor.
        OwnGovernor,
        /// The others give one another governor.
        LostGovernor,
        /// One fewer than it takes want something that the others do not.
        Vain,
    }
}

/// The member key of node number `n`, after so many rotations.
pub(crate) fn member_key(n: usize, generation: u8) -> SecretKey {
    key(7 + 20 * generation, n)
}

/// The key of the governor of node number `n`, after so many changes.
pub(crate) fn governor_key(n: usize, generation: u8) -> SecretKey {
    key(10 + 20 * generation, n)
}

/// All keys with which somebody may speak for a node in a run.
pub(crate) fn all_keys(n: usize) -> impl Iterator<Item = SecretKey> {
    (0..GENERATIONS).flat_map(move |generation| [member_key(n, generation), governor_key(n, generation)])
}

/// How many of `count` decide.
pub(crate) fn quorum(count: usize) -> usize {
    count - (count - 1) / 3
}

/// How many members may lie or forget while there are from `low` to `high` of them, or one more or fewer for a while.
pub(crate) fn most_bad(low: usize, high: usize) -> usize {
    let most = |n: usize| 2 * quorum(n) - n - 1;
    (low.saturating_sub(1).max(1)..=high + 1).map(most).min().unwrap_or(0)
}

/// What a node is to be as a member, and the numbers of its keys.
struct Person {
    member: Member,
    key: u8,
    governor: u8,
    /// Its members give it that governor: its own is lost, or has changed keys today.
    lost: bool,
    has_changed_keys: bool,
}

/// Somebody who says something about members, and all that was signed with this key, by nonce.
pub(crate) struct Actor {
    pub(crate) key: SecretKey,
    /// Without a fee, and with one for when it is not free.
    pub(crate) signed: Vec<[Transaction; 2]>,
}

/// See the module.
pub(crate) struct Agenda {
    network: Hash,
    /// From when on, in order.
    pub(crate) steps: Vec<(u64, Step)>,
    bounds: (usize, usize),
    people: Vec<Person>,
    /// The nodes that are to be members.
    pub(crate) wanted: BTreeSet<usize>,
    /// Those that are to go once the others are there.
    old: BTreeSet<usize>,
    /// What only these want, and how often they still move it.
    vain: Option<(MemberChange, BTreeSet<Address>, u32)>,
    pub(crate) actors: BTreeMap<Address, Actor>,
}

impl Person {
    fn new(n: usize) -> Self {
        let governor = Address::of(&governor_key(n, 0).public());
        let member = Member { id: id(n), key: member_key(n, 0).public(), governor, name: Text::default() };
        Self { member, key: 0, governor: 0, lost: false, has_changed_keys: false }
    }
}

impl Agenda {
    pub(crate) fn new(
        network: Hash,
        nodes: usize,
        members: &BTreeSet<usize>,
        bounds: (usize, usize),
        steps: Vec<(u64, Step)>,
    ) -> Self {
        let people = (0..nodes).map(Person::new).collect();
        let (wanted, old, vain, actors) = (members.clone(), BTreeSet::new(), None, BTreeMap::new());
        let mut agenda = Self { network, steps, bounds, people, wanted, old, vain, actors };
        (0..nodes).for_each(|n| agenda.enlist(n));
        agenda
    }

    /// Those who speak for a node from now on.
    fn enlist(&mut self, n: usize) {
        let Person { member, key, governor, .. } = &mut self.people[n];
        let (key, governor) = (member_key(n, *key), governor_key(n, *governor));
        (member.key, member.governor) = (key.public(), Address::of(&governor.public()));
        for key in [key, governor] {
            let address = Address::of(&key.public());
            self.actors.entry(address).or_insert(Actor { key, signed: Vec::new() });
        }
    }

    /// Node number `n` as the member that it is to be.
    pub(crate) fn member(&self, n: usize) -> &Member {
        &self.people[n].member
    }

    /// Whether these are the members that are to be.
    pub(crate) fn is_reached(&self, roster: &Roster) -> bool {
        let has = |n: &usize| roster.by_id(&self.member(*n).id) == Some(self.member(*n));
        roster.members().len() == self.wanted.len() && self.wanted.iter().all(has)
    }

    /// The next step begins. `leader` leads just now; `there` are the nodes that may become members, `stays` are those that no step removes.
    pub(crate) fn begin(
        &mut self,
        rng: &mut Random,
        step: Step,
        leader: Option<usize>,
        (there, stays): (&BTreeSet<usize>, &BTreeSet<usize>),
    ) {
        let count = self.wanted.len();
        let mut out: Vec<usize> = self.wanted.difference(stays).copied().collect();
        let mut new: Vec<usize> = there.difference(&self.wanted).copied().collect();
        rng.shuffle(&mut out);
        rng.shuffle(&mut new);
        let one = self.wanted.iter().copied().nth(rng.index(count));
        let (adds, removes) = match step {
            Step::AddOne => (1, 0),
            Step::RemoveOne => (0, 1),
            Step::RemoveTwo => (0, 2),
            Step::RemoveLeader => {
                out.retain(|n| Some(*n) == leader);
                (0, 1)
            }
            Step::ReplaceOne => (1, 1),
            Step::ReplaceHalf => (count.div_ceil(2), count.div_ceil(2)),
            Step::ReplaceAll => {
                self.old = self.wanted.clone();
                self.steps.insert(0, (0, Step::RemoveOld));
                (count, 0)
            }
            Step::RemoveOld => {
                out.retain(|n| self.old.contains(n));
                (0, count)
            }
            Step::Rotate => return one.into_iter().for_each(|n| self.change_keys(n, true)),
            Step::RotateAll => {
                return self.wanted.clone().into_iter().for_each(|n| self.change_keys(n, true));
            }
            Step::OwnGovernor => return one.into_iter().for_each(|n| self.change_keys(n, false)),
            Step::LostGovernor => return one.into_iter().for_each(|n| self.lose_governor(n)),
            Step::Vain => return one.into_iter().for_each(|n| self.conspire(rng, n)),
        };
        // Whichever of them come into force first, there are neither too few nor too many members.
        let removes = removes.min(out.len()).min(count.saturating_sub(self.bounds.0));
        let adds = adds.min(new.len()).min(self.bounds.1.saturating_sub(count));
        self.wanted.retain(|n| !out[..removes].contains(n));
        self.wanted.extend(&new[..adds]);
    }

    fn change_keys(&mut self, n: usize, key: bool) {
        let person = &mut self.people[n];
        if !std::mem::replace(&mut person.has_changed_keys, true) {
            (person.key, person.governor) = (person.key + u8::from(key), person.governor + u8::from(!key));
            person.lost = false;
        }
        self.enlist(n);
    }

    fn lose_governor(&mut self, n: usize) {
        let person = &mut self.people[n];
        (person.governor, person.lost) = (person.governor + 1, true);
        self.enlist(n);
    }

    /// Fewer than would be needed with the fewest members that there may be.
    fn conspire(&mut self, rng: &mut Random, victim: usize) {
        let most = quorum(self.bounds.0.saturating_sub(1).max(1)) - 1;
        let who = self.wanted.iter().take(most).map(|n| self.member(*n).governor).collect();
        let governor = Address::of(&governor_key(victim, 7).public());
        let id = id(victim);
        let change = match rng.chance(0.5) {
            true => MemberChange::Remove { id },
            false => MemberChange::Governor { id, governor },
        };
        self.vain = Some((change, who, 2));
    }

    /// A node has gone before it was a member.
    pub(crate) fn give_up(&mut self, n: usize) {
        self.wanted.remove(&n);
    }

    /// What this address says to a change of these members.
    pub(crate) fn wishes(&self, address: &Address, change: &MemberChange, roster: &Roster) -> bool {
        let is_wanted = |n: Option<usize>| n.filter(|n| self.wanted.contains(n));
        match change {
            MemberChange::Add { member, .. } => {
                let n = is_wanted(number(&member.id));
                roster.by_id(&member.id).is_none() && n.is_some_and(|n| self.member(n) == member)
            }
            MemberChange::Remove { id } => is_wanted(number(id)).is_none() || self.conspires(address, change),
            MemberChange::Governor { id, governor } => {
                let has = roster.by_id(id).is_some_and(|now| now.governor == *governor);
                let n = is_wanted(number(id)).filter(|_| !has);
                n.is_some_and(|n| self.member(n).governor == *governor) || self.conspires(address, change)
            }
            MemberChange::Upgrade(_) => false,
        }
    }

    fn conspires(&self, address: &Address, change: &MemberChange) -> bool {
        self.vain.as_ref().is_some_and(|(vain, who, _)| vain == change && who.contains(address))
    }

    /// Somebody has moved this.
    pub(crate) fn moved(&mut self, change: &MemberChange) {
        if let Some((.., left)) = self.vain.as_mut().filter(|(vain, ..)| vain == change) {
            *left = left.saturating_sub(1);
        }
    }

    /// What is to be moved where these are the members.
    pub(crate) fn motions(&self, roster: &Roster) -> Vec<MemberChange> {
        let vain = self.vain.iter().filter(|(.., left)| *left > 0);
        let mut changes: Vec<MemberChange> = vain.map(|(change, ..)| change.clone()).collect();
        for n in &self.wanted {
            let Person { member, key, lost, .. } = &self.people[*n];
            match roster.by_id(&member.id) {
                None => changes.push(MemberChange::prove(member.clone(), &member_key(*n, *key))),
                Some(now) if now.governor != member.governor && *lost => {
                    let (id, governor) = (member.id.clone(), member.governor);
                    changes.push(MemberChange::Governor { id, governor });
                }
                Some(_) => (),
            }
        }
        let is_out = |id: &NodeId| number(id).is_none_or(|n| !self.wanted.contains(&n));
        let out = roster.members().iter().filter(|member| is_out(&member.id));
        changes.extend(out.map(|member| MemberChange::Remove { id: member.id.clone() }));
        changes
    }

    /// The members that are to change their own keys, where these are the members, and what they change.
    pub(crate) fn own_keys(&self, roster: &Roster) -> Vec<(Address, Keys)> {
        let mut found = Vec::new();
        for n in &self.wanted {
            let Person { member: wanted, key, lost, .. } = &self.people[*n];
            let Some(now) = roster.by_id(&wanted.id) else { continue };
            let Some(actor) = self.actors.get(&now.governor) else { continue };
            let governor = (now.governor != wanted.governor && !lost).then_some(wanted.governor);
            let key = (now.key != wanted.key).then(|| member_key(*n, *key));
            if key.is_some() || governor.is_some() {
                let (sender, nonce) = (actor.key.public(), actor.signed.len() as u64);
                let id = wanted.id.clone();
                let keys = Keys::prove(&self.network, &sender, nonce, id, key.as_ref(), governor);
                found.push((now.governor, keys));
            }
        }
        found
    }
}

/// The id of node number `n`.
pub(crate) fn id(n: usize) -> NodeId {
    name(n).parse().expect("an id")
}

/// The node with this id.
pub(crate) fn number(id: &NodeId) -> Option<usize> {
    id.as_str().strip_prefix('n')?.parse().ok()
}
