//! The header sync along one peer's headers, in bounded memory.
//!
//! Headers are checked one by one, starting from a block that is stored here. At the end of each segment ([`SYNC_SEGMENT`] headers, or
//! fewer at the branch's end) there are three cases:
//! - The branch beats the tip and this is the first segment: its bodies are fetched, and the header sync goes on after it. That is how a
//!   chain grows by a million blocks.
//! - It does not beat the tip: only the id of the segment's last header is kept, as a mark. An attacker who makes cheap headers by the
//!   million gets this node to keep 32 bytes for every 4,096 of them.
//! - It beats the tip, but only after the first segment: all headers are requested a second time, and each segment must end in its mark. An
//!   id commits to all headers before it, so nothing is checked twice.
//!
//! Towards a goal ([`Aim::Goal`]) it is not the work that counts: the branch that reaches the block is fetched up to it.
//!
//! A header that commits to another roster than the one in force stops the walk: it is looked up here, or its body is fetched, whatever the work
//! of its branch, and the chain says which roster it puts into force. If that follows from something final that is not final here yet, that is
//! taken in first, and the walk begins again later. Other bodies are not needed for that: a header with junk in it holds up nobody.
//!
//! The final block is a checkpoint that moves: a branch without it is not walked on, and no body of it is fetched. Only headers that lead to
//! a goal are walked on without it, up to the goal: they prove that there are two histories.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Aim, SyncPeer};
use crate::crypto::Hash;
use crate::ledger::{Branch, Contradiction, Header, HeaderError, Roster, Rules, SyncHeader};
use crate::limits::{HEADERS_PER_MESSAGE, HEADERS_TIMEOUT, LOCATOR_HASHES, SYNC_MARKS, SYNC_SEGMENT};
use crate::overlay::{ConnId, Tip};
use crate::time::Time;
use crate::wire::TipSummary;

#[derive(Debug)]
pub(super) struct HeaderSync {
    pub(super) conn: ConnId,
    pub(super) aim: Aim,
    /// What started it: the peer's claim, and whether the peer sent a block with an unknown parent.
    pub(super) claim: TipSummary,
    pub(super) orphan: bool,
    pub(super) waits_for: WaitsFor,
    /// The claim alone counts until then, and only before this node has been up to date once.
    pub(super) believed_until: Time,
    /// Headers that were checked since the last stored block.
    walked: usize,
    /// When it began, or last had a segment stored.
    pub(super) since: Time,
    /// If another peer is worth a header sync too, this one must reach the next segment by then.
    pub(super) patience: Time,
    /// The locator last sent: the answer must follow one of these.
    pub(super) asked: Vec<Hash>,
    /// A segment of it has been fetched.
    pub(super) fetched: bool,
    /// The branch leads to an invalid block: what follows does not count, and the peer's claim cannot be judged.
    pub(super) cut: bool,
    /// There are no more headers.
    pub(super) ended: bool,
    /// The last header that was checked.
    pub(super) end: Branch,
    /// The branch has our chain's block at this height, so it holds a final block that is not above.
    ours_at: u64,
    /// How it contradicts our chain: it has a block that this node refuses, or another one than ours where our history is final, or where the
    /// operator has set a checkpoint.
    beside: Option<Contradiction>,
    /// Where the marked segments begin: a block that is stored here.
    base: Branch,
    /// Ids of the current segment.
    ids: Vec<Hash>,
    marks: Vec<Hash>,
    /// The block that puts other members into force, and its roster. There is one at most: another would need something final above it.
    pub(super) handed: Option<(Hash, Roster)>,
    /// During the second pass: which mark comes next.
    again: Option<usize>,
}

/// What the header sync waits for.
#[derive(Debug)]
pub(super) enum WaitsFor {
    /// Headers from the peer.
    Headers { hurry: Time, deadline: Time },
    /// The stored branch that these headers follow.
    Base { headers: Vec<SyncHeader> },
    /// The roster that the first of these headers puts into force: whether it is stored, then the body until the deadline, then what the chain
    /// makes of it.
    /// `full`: the message that they are the rest of was full, so more follow.
    Members { headers: Vec<SyncHeader>, full: bool, deadline: Option<Time> },
    /// Which blocks of the segment are not stored.
    Missing,
    /// Their bodies.
    Bodies,
}

/// What to do after a message of headers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Ask for what follows.
    More,
    /// The header at this place commits to another roster: find out which.
    Members(usize),
    /// Fetch these.
    Segment(Vec<Hash>),
    /// The branch ends and does not beat the tip.
    Ended,
    /// It changed between the first and the second pass, or is too long to follow.
    Lost,
    /// It leads to the goal, and contradicts our chain.
    Beside {
        /// The goal.
        block: Hash,
        how: Contradiction,
    },
}

impl HeaderSync {
    pub(super) fn new(now: Time, conn: ConnId, aim: Aim, peer: &SyncPeer, tip: &Branch) -> Self {
        let patience = now.after(peer.rest(aim).patience());
        Self {
            conn,
            aim,
            claim: peer.tip.clone(),
            orphan: peer.orphan,
            waits_for: WaitsFor::Headers { hurry: patience, deadline: patience },
            believed_until: now.after(HEADERS_TIMEOUT),
            walked: 0,
            since: now,
            patience,
            asked: Vec::new(),
            fetched: false,
            cut: false,
            ended: false,
            end: tip.clone(),
            ours_at: tip.height,
            beside: None,
            base: tip.clone(),
            ids: Vec::new(),
            marks: Vec::new(),
            handed: None,
            again: None,
        }
    }

    /// Where the peer should go on: after the last header or, if that header is no longer on its best chain, where its chain leaves ours.
    pub(super) fn locator(&mut self, tip: &Tip) -> Vec<Hash> {
        let mut locator = Vec::from([self.end.id]);
        if tip.locator.last() != Some(&self.end.id) {
            locator.extend(tip.locator.iter().copied().filter(|id| *id != self.end.id));
        }
        if locator.len() > LOCATOR_HASHES {
            locator.truncate(LOCATOR_HASHES.saturating_sub(1));
            locator.extend(tip.locator.last());
        }
        self.asked.clone_from(&locator);
        locator
    }

    /// The last header that the peer should send.
    pub(super) fn stop(&self) -> Hash {
        match self.aim {
            Aim::Claim => Hash::ZERO,
            Aim::Goal(goal) => goal.block,
        }
    }

    /// Whether the last header is that of the goal.
    pub(super) fn is_at_goal(&self) -> bool {
        matches!(self.aim, Aim::Goal(goal) if goal.block == self.end.id)
    }

    /// Starts over from a stored branch, whose end was in the locator.
    pub(super) fn rebase(&mut self, base: Branch) {
        self.ours_at = base.height;
        self.beside = None;
        self.end = base.clone();
        self.base = base;
        self.walked = 0;
        self.ids.clear();
        self.marks.clear();
        self.again = None;
    }

    /// What the peer's headers have shown so far.
    pub(super) fn shown(&self) -> TipSummary {
        TipSummary { height: self.end.height, hash: self.end.id, work: self.end.work }
    }

    /// Whether the branch has ended before what it was followed for: the goal, or as much work as was claimed.
    pub(super) fn is_short(&self) -> bool {
        match self.aim {
            Aim::Goal(_) => true,
            Aim::Claim => !self.fetched && !self.cut && self.end.work < self.claim.work,
        }
    }

    /// Whether it came to nothing after more than one message: old headers cost nothing to say again.
    pub(super) fn was_in_vain(&self) -> bool {
        !self.fetched && self.walked > HEADERS_PER_MESSAGE
    }

    /// The segment's blocks are stored now.
    pub(super) fn segment_stored(&mut self, now: Time, patience: Time) {
        self.fetched = true;
        self.base = self.end.clone();
        // The chain stores no block whose branch lacks the final one.
        self.ours_at = self.ours_at.max(self.end.height);
        (self.since, self.patience) = (now, patience);
    }

    /// Takes in one message's headers, or the rest of it, which follow `end`; `full`: more follow. `refused` are blocks known to be invalid.
    pub(super) fn take(
        &mut self,
        rules: &Rules,
        tip: &Tip,
        refused: &VecDeque<Hash>,
        (headers, full): (&[SyncHeader], bool),
    ) -> Result<Taken, HeaderError> {
        for (place, SyncHeader { header, executed }) in headers.iter().enumerate() {
            if !refused.is_empty() && refused.contains(&header.id()) {
                match self.aim {
                    Aim::Claim => {
                        self.cut = true;
                        return Ok(self.at_end(tip));
                    }
                    // The members may have made final what this node refuses. If these headers lead there, it is so, and this node must know.
                    Aim::Goal(_) => self.contradicts(Contradiction::Invalid),
                }
            }
            self.check_final(tip, header)?;
            if !self.push(rules, header, executed)? {
                let id = header.id();
                let is_goal = matches!(self.aim, Aim::Goal(goal) if goal.block == id);
                // Whatever its roster: it has come to the goal.
                return Ok(match self.beside.filter(|_| is_goal) {
                    Some(how) => Taken::Beside { block: id, how },
                    None => Taken::Members(place),
                });
            }
            if let Some(how) = self.beside.filter(|_| self.is_at_goal()) {
                return Ok(Taken::Beside { block: self.end.id, how });
            }
            if let Some(taken) = self.at_segment(tip) {
                return Ok(taken);
            }
            if matches!(self.aim, Aim::Goal(goal) if goal.height <= self.end.height) {
                return Ok(self.at_end(tip));
            }
        }
        Ok(if full { Taken::More } else { self.at_end(tip) })
    }

    fn contradicts(&mut self, how: Contradiction) {
        self.beside = self.beside.max(Some(how));
    }

    /// The final block is a checkpoint: see [`Rules::checkpoint`] for the one that the operator sets.
    fn check_final(&mut self, tip: &Tip, header: &Header) -> Result<(), HeaderError> {
        let (height, expected) = tip.finalized;
        if self.end.height.saturating_add(1) == height {
            match (header.id() == expected, self.aim) {
                (true, _) => self.ours_at = height,
                (false, Aim::Claim) => return Err(HeaderError::Checkpoint { height, expected }),
                (false, Aim::Goal(_)) => self.contradicts(Contradiction::OtherHistory),
            }
        }
        Ok(())
    }

    /// Whether the branch holds the final block. What members have decided on another one is not known here.
    pub(super) fn holds_final(&self, tip: &Tip) -> bool {
        tip.finalized.0 <= self.ours_at && self.beside != Some(Contradiction::Overruled)
    }

    /// Whether its bodies should be fetched.
    fn wins(&self, tip: &Tip) -> bool {
        let is_wanted = match self.aim {
            Aim::Claim => self.end.beats(&tip.branch),
            Aim::Goal(_) => self.is_at_goal(),
        };
        is_wanted && tip.finalized.0 <= self.ours_at && self.beside.is_none()
    }

    /// Takes in a header. False if it puts members into force that are not known yet.
    fn push(&mut self, rules: &Rules, header: &Header, executed: &Hash) -> Result<bool, HeaderError> {
        let id = header.id();
        let roster = self.handed.as_ref().filter(|(base, _)| *base == id).map(|(_, roster)| roster.clone());
        if self.again.is_none() {
            match (self.end.check(rules, header), self.aim) {
                (Err(HeaderError::Checkpoint { .. }), Aim::Goal(_)) => {
                    header.check_alone(rules)?;
                    self.contradicts(Contradiction::Overruled);
                }
                (checked, _) => checked?,
            }
            if roster.is_none() && !self.end.keeps_roster(header, executed) {
                return Ok(false);
            }
        } else if header.parent != self.end.id {
            return Err(HeaderError::Parent { expected: self.end.id, found: header.parent });
        }
        // In the second pass it was checked in the first one if it is the same header; the mark shows whether it is.
        self.end.push(rules, header, roster);
        self.ids.push(self.end.id);
        self.walked = self.walked.saturating_add(1);
        Ok(true)
    }

    /// The segment, if the last header completes it.
    fn at_segment(&mut self, tip: &Tip) -> Option<Taken> {
        let full = self.ids.len() >= SYNC_SEGMENT;
        if let Some(next) = self.again {
            if self.marks.get(next) == Some(&self.end.id) {
                let next = next.saturating_add(1);
                self.again = Some(next).filter(|next| *next < self.marks.len());
                if self.again.is_none() {
                    self.marks.clear();
                    self.ended = self.is_at_goal();
                }
                return Some(self.segment());
            }
            return full.then_some(Taken::Lost);
        }
        if (full || self.is_at_goal()) && self.wins(tip) {
            self.ended = self.is_at_goal() && self.marks.is_empty();
            return Some(self.beaten());
        }
        if !full {
            return None;
        }
        if self.marks.len() >= SYNC_MARKS {
            return Some(Taken::Lost);
        }
        self.marks.push(self.end.id);
        self.ids.clear();
        None
    }

    fn at_end(&mut self, tip: &Tip) -> Taken {
        if self.again.is_some() {
            return Taken::Lost;
        }
        let nothing_new = self.ids.is_empty() && self.marks.is_empty();
        if nothing_new || !self.wins(tip) {
            return Taken::Ended;
        }
        // If there are marks, the second pass comes to the end again.
        self.ended = self.marks.is_empty();
        self.beaten()
    }

    /// The tip is beaten: fetch the segment, or go back if it is not the first.
    fn beaten(&mut self) -> Taken {
        if self.marks.is_empty() {
            return self.segment();
        }
        self.marks.push(self.end.id);
        self.marks.dedup();
        self.ids.clear();
        self.end = self.base.clone();
        self.again = Some(0);
        Taken::More
    }

    fn segment(&mut self) -> Taken {
        Taken::Segment(core::mem::take(&mut self.ids))
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.ids.len(), self.marks.len())
    }
}
