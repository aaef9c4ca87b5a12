//! A voter that has just started is silent: its record may be older than its last vote, after a restore from a backup or without its author
//! knowing. The others tell it what they have seen.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Peer;
use crate::limits::{ASK_EVERY, ASK_MOST, SILENCE};
use crate::time::Time;

/// What is still missing before the first vote.
#[derive(Debug)]
pub(super) struct Silence {
    since: Time,
    /// When who had not answered was asked last.
    asked: Time,
    /// Voters that have answered, other than this one.
    answered: BTreeSet<u16>,
    /// Connected peers that have answered.
    peers: BTreeSet<Peer>,
    /// How often those that have not were asked.
    unanswered: BTreeMap<Peer, u32>,
}

impl Silence {
    pub(super) fn new(now: Time) -> Self {
        Self {
            since: now,
            asked: now,
            answered: BTreeSet::new(),
            peers: BTreeSet::new(),
            unanswered: BTreeMap::new(),
        }
    }

    /// A peer has answered about the set in force. `voter` is what it is in that set.
    pub(super) fn answered(&mut self, peer: Peer, voter: Option<u16>) {
        self.peers.insert(peer);
        self.answered.extend(voter);
    }

    /// Whether it has answered.
    pub(super) fn has_answered(&self, peer: Peer) -> bool {
        self.peers.contains(&peer)
    }

    pub(super) fn lost(&mut self, peer: Peer) {
        self.peers.remove(&peer);
        self.unanswered.remove(&peer);
    }

    /// Whether it has heard enough: of a quorum less itself; or, where fewer are connected, of every connected peer, a voter among them, for
    /// a minute. Who is mute counts as not connected: one peer must not keep another silent for ever.
    pub(super) fn is_over(&self, now: Time, quorum: usize, connected: &BTreeMap<Peer, Option<u16>>) -> bool {
        let others = quorum.saturating_sub(1);
        if self.answered.len() >= others {
            return true;
        }
        let is_mute = |peer: &Peer| self.unanswered.get(peer).is_some_and(|asked| *asked >= ASK_MOST);
        let there = || connected.iter().filter(|(peer, _)| !is_mute(peer));
        let voters = there().filter_map(|(_, voter)| *voter).collect::<BTreeSet<_>>().len();
        voters < others
            && !self.answered.is_empty()
            && there().all(|(peer, _)| self.peers.contains(peer))
            && now.since(self.since) >= SILENCE
    }

    /// Panics if it remembers more than the voters and the connected peers.
    #[cfg(feature = "fuzzing")]
    pub(super) fn check_invariants(&self, voters: usize, connected: &BTreeMap<Peer, Option<u16>>) {
        assert!(self.answered.len() < voters);
        assert!(self.peers.iter().chain(self.unanswered.keys()).all(|peer| connected.contains_key(peer)));
    }

    /// Whom to ask again: a question or its answer may have been lost.
    pub(super) fn ask_again(&mut self, now: Time, connected: &BTreeMap<Peer, Option<u16>>) -> Vec<Peer> {
        if now < self.asked.after(ASK_EVERY) {
            return Vec::new();
        }
        self.asked = now;
        let mute: Vec<_> = connected.keys().filter(|peer| !self.peers.contains(peer)).copied().collect();
        for peer in &mute {
            let asked = self.unanswered.entry(*peer).or_default();
            *asked = asked.saturating_add(1);
        }
        mute
    }

    /// When to ask again, or when [`Silence::is_over`] may become true without an answer.
    pub(super) fn due(&self, now: Time) -> Option<Time> {
        [self.since.after(SILENCE), self.asked.after(ASK_EVERY)].into_iter().filter(|due| *due > now).min()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_quorum_less_itself_must_have_answered_or_all_who_are_there_for_a_minute() {
        let (start, later) = (Time::from_millis(5), Time::from_millis(5).after(SILENCE));
        let connected = |list: &[(u64, Option<u16>)]| -> BTreeMap<Peer, Option<u16>> {
            list.iter().map(|(peer, voter)| (Peer(*peer), *voter)).collect()
        };
        let full = connected(&[(1, Some(1)), (2, Some(2)), (3, Some(3)), (9, None)]);
        let mut silence = Silence::new(start);
        assert!(silence.is_over(start, 1, &full), "a network of one waits for nobody");
        silence.answered(Peer(9), None);
        silence.answered(Peer(1), Some(1));
        // The same voter over another connection is no other voter.
        silence.answered(Peer(4), Some(1));
        assert!(!silence.is_over(later, 3, &full), "enough voters are connected: they must answer");
        silence.answered(Peer(2), Some(2));
        assert!(silence.is_over(start, 3, &full));
        // A leaf of a star.
        let leaf = connected(&[(1, Some(1)), (9, None)]);
        let mut silence = Silence::new(start);
        silence.answered(Peer(1), Some(1));
        assert!(!silence.is_over(later, 3, &leaf), "all who are connected");
        silence.answered(Peer(9), None);
        assert!(!silence.is_over(start.after(SILENCE - Duration::from_millis(1)), 3, &leaf));
        assert!(silence.is_over(later, 3, &leaf));
        silence.lost(Peer(9));
        assert!(!silence.is_over(later, 3, &leaf), "who has come back is asked again");
        // One voter of three answers, the others are there and mute.
        let mut silence = Silence::new(start);
        silence.answered(Peer(1), Some(1));
        let mut now = start;
        for asked in 0..ASK_MOST {
            assert!(!silence.is_over(now.after(SILENCE), 3, &full), "asked {asked} times");
            now = now.after(ASK_EVERY);
            assert_eq!(silence.ask_again(now, &full).len(), 3);
        }
        assert!(silence.is_over(start.after(SILENCE), 3, &full));
        // Nobody who votes has said anything.
        let mut silence = Silence::new(start);
        silence.answered(Peer(9), None);
        assert!(!silence.is_over(later, 3, &connected(&[(9, None)])));
        assert!(!Silence::new(start).is_over(later, 3, &connected(&[])));
    }
}
