//! Finality: slots, proposals, and votes that are kept.

use core::time::Duration;

/// C: milliseconds of a slot. A round takes three hops and two writes to disk; a dead leader costs this much.
pub const SLOT_MS: u64 = 4_000;
/// Milliseconds by which a leader's clock may differ from a voter's.
pub const SLOT_TOLERANCE_MS: u64 = 1_500;
/// A leader proposes this long after its slot's beginning: by then the others' slots have begun too.
pub const PROPOSE_AFTER: Duration = Duration::from_millis(500);
/// A leader proposes this often at most ...
pub const PROPOSE_EVERY: Duration = Duration::from_secs(1);
/// ... but after a refusal, which says what the proposal lacked, this soon.
pub const PROPOSE_AGAIN: Duration = Duration::from_millis(250);
/// Proposals in one slot.
pub const PROPOSALS_PER_SLOT: u32 = 8;
/// C: epochs of a slot. Each slot's epochs are above all of the slot before, so that nobody can use up the others' epochs.
pub const EPOCHS_PER_SLOT: u64 = 1 << 20;
/// The longest time that a block must have been on the best chain before it is proposed: a quarter of the interval, and at most this.
/// Blocks that lose to a twin within that time are not voted for.
pub const HOLD_MOST: Duration = Duration::from_millis(500);
/// Epochs of which the votes of one voter are kept, the newest ones. A round takes two, and what a round builds on is in its certificates.
pub const VOTES_KEPT: usize = 64;
/// Justified checkpoints that are kept, the latest ones. Leaders build on the latest.
pub const JUSTIFIED_KEPT: usize = 64;
/// Proofs against members that a node keeps over restarts, one for each key; the oldest leave. More than there are voters.
pub const PROVEN_KEPT: usize = 256;
/// Contradictions of the chain that wait for the voter.
pub const CONFLICTS_WAITING: usize = 16;
/// Newest blocks of the best chain whose arrival is remembered: those that may be younger than [`HOLD_MOST`].
pub const ARRIVALS_KEPT: usize = 64;
/// The most milliseconds by which others' clocks correct a voter's own: one peer alone must not move it into slots that are far away.
pub const CLOCK_CORRECTION_MOST_MS: i64 = 10_000;
/// A block that voting waits for is asked for again after this.
pub const WANT_EVERY: Duration = Duration::from_secs(1);
/// Peers that have not said what they have seen of a voter's votes are asked again after this.
pub const ASK_EVERY: Duration = Duration::from_secs(10);
/// A peer that was asked again so often and has not answered counts as not connected: a mute one must not keep a voter silent for ever.
pub const ASK_MOST: u32 = 3;
/// A voter that has just started is silent until enough others have answered, or, with few connected, for this long.
pub const SILENCE: Duration = Duration::from_secs(60);
/// Others' votes are gathered this long before they are passed on: most peers get them from the voters themselves meanwhile.
pub const VOTES_RELAY: Duration = Duration::from_millis(100);
/// Votes of one voter per second from one peer that are looked at, and the burst: who replays one voter's votes costs no more than this, and
/// does not starve that voter over other peers. A voter makes two in a round, and eight rounds in a slot.
pub const VOTES_PER_VOTER: (u64, u64) = (16, 16);
/// Certificates per second from one peer that are looked at, and the burst: each costs a quorum of signature checks.
pub const CERTIFICATES_PER_PEER: (u64, u64) = (8, 16);
/// Questions about finality per second of one peer, and the burst.
pub const QUESTIONS_PER_PEER: (u64, u64) = (1, 4);
/// A certificate that somebody announces and nobody sends is asked for again after this.
pub const FINAL_ASK_EVERY: Duration = Duration::from_secs(2);
/// An answer about finality to an earlier question is dropped, and no fault, for so long after the last one: slower links are cut.
pub const FINAL_LATE: Duration = Duration::from_secs(60);
/// Bytes of a record file: a record with the largest certificate has some 9 KB.
pub const RECORD_FILE_BYTES: u64 = 64 * 1024;
/// A record that could not be written is tried again after this.
pub const RECORD_RETRY: Duration = Duration::from_secs(1);
/// Voters that were heard within this time before the last vote of anybody take part: a dead leader costs a slot, and some in a row a few.
pub const HEARD_TOGETHER: Duration = Duration::from_secs(30);
/// Voters that one line of text names.
pub const VOTERS_NAMED: usize = 5;
/// Milliseconds after which a block that is not final is an alarm: a restart of several members does not take so long.
pub const STALLED_MS: u64 = 600_000;
/// C: handovers between sets in one answer: with the largest rosters and certificates they fit a frame. Who needs more asks again.
pub const HANDOVERS: usize = 16;
/// Sets that are walked back to find one that somebody asks about: each costs a read.
pub const HANDOVERS_WALKED: usize = 1_024;
/// Messages that may wait for the voter. What peers say beyond that is lost; they say it again.
pub const VOTER_MAILBOX: usize = 1_024;
