//! The gate: how this node stands, and whether it may mine and vote. One place that decides; everybody else shows what it says.

use super::{Head, State};
use crate::crypto::PublicKey;
use crate::finality::{Alarm, Standing, Turnout};
use crate::ledger::Genesis;
use crate::limits::{CLOCK_OFF_MS, STALLED_MS};
use crate::overlay::{Outlook, SyncStatus};
use crate::time::Timestamp;

/// This node's own certificate, as its own lists and files show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// A list of this node's names it.
    pub revoked: bool,
}

/// What the voters say, as this node's voter sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterStatus {
    /// Why this node does not vote until somebody acts.
    pub alarm: Option<Alarm>,
    /// The height of a final block that this node finds invalid: why its history is another one.
    pub refuses: Option<u64>,
    /// Whose votes are heard.
    pub turnout: Turnout,
    /// How the newest final block became final here; none if that was before the start.
    pub settled: Option<Settled>,
    /// Since when this node is a former member; none if it is not.
    pub removed: Option<Removal>,
    /// Whether a vote waits because its record could not be written.
    pub unwritten: bool,
}

/// How a node ceased to be a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The height of the final block since which it is none.
    pub height: u64,
    /// By an override, not by vote.
    pub by_override: bool,
}

/// A block that became final while this node ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its height.
    pub height: u64,
    /// When it became final here.
    pub at: Timestamp,
    /// Milliseconds since its date.
    pub after_ms: u64,
}

/// What the gate judges by.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where the chain ends.
    pub head: &'a Head,
    /// What the overlay knows.
    pub outlook: &'a Outlook,
    /// This node's own.
    pub certificate: &'a Certificate,
    /// What its voter says.
    pub voter: &'a VoterStatus,
    /// The wall clock.
    pub now: Timestamp,
}

/// Decides how this node stands and whether it may mine.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    key: PublicKey,
    mines: bool,
    /// A block further ahead of the clock than this is held, in milliseconds.
    ahead_ms: u64,
    newest_version: u32,
}

impl Gate {
    /// The gate of a node that seals with `key`. `mines`: it is to mine without being asked.
    pub fn new(genesis: &Genesis, key: &PublicKey, mines: bool) -> Self {
        let rules = &genesis.rules;
        let (ahead_ms, newest_version) = (rules.schedule.ahead_ms(), rules.newest_version);
        Self { key: *key, mines, ahead_ms, newest_version }
    }

    /// How this node stands. A key that is not listed is no fault of a node that is not to mine.
    pub fn state(&self, seen: Seen<'_>) -> State {
        let counts = |state: &State| self.mines || *state != State::NotListed;
        self.conditions(seen).find(counts).unwrap_or(State::Ready)
    }

    /// What keeps this node from mining, the gravest first; none if nothing does.
    pub fn obstacle(&self, seen: Seen<'_>) -> Option<State> {
        self.conditions(seen).find(State::stops_mining)
    }

    /// All that is true of it, the gravest first.
    fn conditions(&self, seen: Seen<'_>) -> impl Iterator<Item = State> {
        let Seen { head, outlook, certificate, voter, now } = seen;
        let alarm = voter.alarm;
        [
            // Peers refuse it whatever its certificate says.
            voter.removed.map(State::Removed),
            on_certificate(certificate, now),
            on_history(voter),
            head.disk_full.then_some(State::DiskFull),
            self.outdated(head),
            // A clock that several peers contradict also makes blocks seem to be ahead.
            clock_off(outlook).filter(State::stops_mining),
            self.tip_ahead(head, now),
            clock_off(outlook),
            outlook.starting.then_some(State::Starting),
            on_goal(head),
            on_sync(outlook).filter(|state| !state.is_ready()),
            head.branch.members.roster().by_key(&self.key).is_none().then_some(State::NotListed),
            alarm.map(State::Silent),
            voter.unwritten.then_some(State::Unwritten),
            stalled(head, voter, now),
            // No fault, so it hides none.
            on_sync(outlook),
            head.held.map(|time| State::Held { ahead_ms: time.millis_since(now) }),
        ]
        .into_iter()
        .flatten()
    }

    /// Whether its voter may vote, as far as the rest of the node decides that. A full disk takes no vote: the record must be durable.
    pub fn standing(head: &Head, outlook: &Outlook) -> Standing {
        let syncing =
            matches!(outlook.sync, SyncStatus::Syncing { .. }) || on_goal(head).is_some() || head.disk_full;
        Standing { syncing, behind: head.behind, goal: head.goal }
    }

    /// No block follows on this chain until somebody installs a newer program.
    fn outdated(&self, head: &Head) -> Option<State> {
        let next = head.branch.height.saturating_add(1);
        let (version, known) = (head.branch.members.roster().version_at(next), self.newest_version);
        (version > known).then_some(State::Outdated { version, known })
    }

    /// A block must be later than its parent, and one that is too far ahead is held: on such a tip every hash would be wasted.
    fn tip_ahead(&self, head: &Head, now: Timestamp) -> Option<State> {
        let ahead_ms = head.branch.time.millis_since(now);
        let state = State::TipAhead { height: head.branch.height, ahead_ms };
        (ahead_ms >= self.ahead_ms).then_some(state)
    }
}

/// Blocks that are not final for too long.
fn stalled(head: &Head, voter: &VoterStatus, now: Timestamp) -> Option<State> {
    let for_ms = now.millis_since(head.unfinal_since?);
    (for_ms >= STALLED_MS).then(|| State::Stalled { for_ms, turnout: voter.turnout.clone() })
}

/// The members have voted for another history.
fn on_history(voter: &VoterStatus) -> Option<State> {
    let other = voter.refuses.map_or(State::TwoHistories, |height| State::RefusesFinal { height });
    (voter.alarm == Some(Alarm::OtherHistory)).then_some(other)
}

fn on_certificate(certificate: &Certificate, now: Timestamp) -> Option<State> {
    let Certificate { not_before, not_after, revoked } = *certificate;
    if revoked {
        return Some(State::CertificateRevoked);
    }
    if now > not_after {
        return Some(State::CertificateExpired { ago_ms: now.millis_since(not_after) });
    }
    let in_ms = not_before.millis_since(now);
    (in_ms > 0).then_some(State::CertificateNotYetValid { in_ms })
}

fn clock_off(outlook: &Outlook) -> Option<State> {
    let behind_ms = outlook.clock_offset_ms.unwrap_or_default();
    (behind_ms.unsigned_abs() > CLOCK_OFF_MS)
        .then_some(State::ClockOff { behind_ms, peers: outlook.connected })
}

/// What the members have voted final is not on the best chain yet, or what the operator trusts.
fn on_goal(head: &Head) -> Option<State> {
    let target = head.goal.map(|goal| goal.height).max(head.awaited);
    target.map(|target| State::Syncing { height: head.branch.height, target })
}

fn on_sync(outlook: &Outlook) -> Option<State> {
    match outlook.sync {
        SyncStatus::Synced => None,
        SyncStatus::Syncing { height, target } => Some(State::Syncing { height, target }),
        SyncStatus::Alone => Some(State::Alone { known: outlook.known, refused: outlook.refused }),
    }
}

#[cfg(test)]
mod tests;
