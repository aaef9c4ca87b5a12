//! What happens in the year of a busy consortium: the same for the same seed, however much of it is made at once.
//!
//! On working days, from eight to six, a block comes at every interval and holds 20 to 44 transactions. At night and on weekends nobody has anything
//! to confirm, so the network rests and makes an empty block at each heartbeat, as its nodes would.

use std::collections::VecDeque;

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, PublicKey, sha256};
use bouya_core::ledger::{Action, Address, Content, Date, Output, Proposal, Response, Schedule};
use bouya_core::random::Random;
use bouya_core::time::Timestamp;

/// Monday, 1 January 2024, 08:00 UTC.
pub(super) const BEGIN: Timestamp = Timestamp(1_704_096_000_000);
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Midnight before [`BEGIN`], a Monday's.
const MONDAY: u64 = BEGIN.0 - 8 * HOUR_MS;
/// Transactions of a block in working hours; 32 in the mean.
const BLOCK: (u64, u64) = (20, 44);
/// Answers that wait: parties take half an hour to read what they sign.
const READING: usize = 60;
/// Time for an answer.
const DEADLINE_MS: u64 = 14 * DAY_MS;

/// A transaction before it is signed.
pub(super) struct Draft {
    /// Which wallet's.
    pub(super) from: usize,
    pub(super) nonce: u64,
    pub(super) action: Action,
}

/// A block to be made.
pub(super) struct Planned {
    pub(super) date: Date,
    pub(super) drafts: Vec<Draft>,
}

/// An answer that is still to come.
struct Answer {
    agreement: Hash,
    document: Hash,
    party: usize,
}

/// What is to come, without end.
pub(super) struct Plan {
    random: Random,
    schedule: Schedule,
    time: Timestamp,
    keys: Vec<PublicKey>,
    nonces: Vec<u64>,
    answers: VecDeque<Answer>,
}

impl Plan {
    /// What these wallets do from `begin` on.
    pub(super) fn new(seed: u64, schedule: Schedule, begin: Timestamp, keys: Vec<PublicKey>) -> Self {
        let nonces = vec![0; keys.len()];
        Self { random: Random::new(seed), schedule, time: begin, keys, nonces, answers: VecDeque::new() }
    }

    /// The next block.
    pub(super) fn block(&mut self) -> Planned {
        let next = self.time.0 + self.schedule.interval_ms();
        if !is_working_time(next) {
            self.time = Timestamp(self.time.0 + self.schedule.heartbeat_ms());
            return Planned { date: Date { time: self.time, told: true }, drafts: Vec::new() };
        }
        self.time = Timestamp(next);
        let (least, most) = BLOCK;
        let drafts = (0..self.random.within(least, most)).map(|_| self.draft()).collect();
        Planned { date: self.time.into(), drafts }
    }

    /// Of 100 transactions, 84 pay, 10 are records, 2 propose an agreement, and 4 would answer one: as many as are proposed, they pay too.
    fn draft(&mut self) -> Draft {
        // Some do much more than others.
        let from = self.wallet().min(self.wallet());
        match self.random.below(100) {
            0..10 => self.by(from, |plan| plan.record()),
            10..12 => self.propose(from),
            12..16 if self.answers.len() > READING => self.answer(from),
            _ => self.by(from, |plan| plan.transfer()),
        }
    }

    fn by(&mut self, from: usize, action: impl FnOnce(&mut Self) -> Action) -> Draft {
        let action = action(self);
        let nonce = self.nonces.get_mut(from).map_or(0, |nonce| std::mem::replace(nonce, *nonce + 1));
        Draft { from, nonce, action }
    }

    fn transfer(&mut self) -> Action {
        // A tenth pays several at once, as wages are paid.
        let payees = if self.random.below(10) == 0 { self.random.within(2, 8) } else { 1 };
        let output = |_| Output { to: self.address_of_any(), amount: 1 + self.random.below(1_000_000) };
        let outputs = Bounded::truncated((0..payees).map(output).collect::<Vec<_>>());
        let memo = match self.random.below(5) {
            0 => format!("invoice {}", self.random.below(1_000_000)),
            _ => String::new(),
        };
        Action::Transfer { outputs, memo: text(memo) }
    }

    fn record(&mut self) -> Action {
        let topic = text(format!("deliveries/{}", self.random.below(40)));
        let content = if self.random.below(2) == 0 {
            let name = text(format!("delivery-{}.pdf", self.random.below(1_000_000)));
            Content::Document { hash: self.document(), name }
        } else {
            let line =
                format!("{{\"parcel\":{},\"weight\":{}}}", self.random.next_u64(), self.random.below(90));
            let times = self.random.within(1, 5) as usize;
            Content::Data(Bounded::truncated(line.repeat(times).into_bytes()))
        };
        Action::Record { topic, content }
    }

    /// With one or two others.
    fn propose(&mut self, from: usize) -> Draft {
        let count = self.keys.len();
        let first = (from + 1 + self.random.below(count as u64 - 1) as usize) % count;
        let mut parties = vec![first];
        let second = self.wallet();
        if self.random.below(2) == 0 && second != from && second != first {
            parties.push(second);
        }
        let addresses = parties.iter().map(|party| self.address(*party)).collect::<Vec<_>>();
        let proposal = Proposal {
            title: text(format!("Contract {}", self.random.below(1_000_000))),
            document: self.document(),
            parties: Bounded::truncated(addresses),
            deadline: Timestamp(self.time.0 + DEADLINE_MS),
        };
        let document = proposal.document;
        let draft = self.by(from, |_| Action::Propose(proposal.clone()));
        let agreement = proposal.id(&self.key(from), draft.nonce);
        self.answers.extend(parties.into_iter().map(|party| Answer { agreement, document, party }));
        draft
    }

    /// Of 100 answers, 95 sign and 3 refuse; 2 never come, and their wallet pays instead.
    fn answer(&mut self, from: usize) -> Draft {
        let Some(Answer { agreement, document, party }) = self.answers.pop_front() else {
            return self.by(from, |plan| plan.transfer());
        };
        let response = match self.random.below(100) {
            0..95 => Response::Sign,
            95..98 => Response::Refuse,
            _ => return self.by(party, |plan| plan.transfer()),
        };
        self.by(party, |_| Action::Respond { agreement, document, response })
    }

    fn wallet(&mut self) -> usize {
        self.random.below(self.keys.len() as u64) as usize
    }

    fn key(&self, wallet: usize) -> PublicKey {
        self.keys.get(wallet).copied().unwrap_or(PublicKey::ZERO)
    }

    fn address(&self, wallet: usize) -> Address {
        Address::of(&self.key(wallet))
    }

    fn address_of_any(&mut self) -> Address {
        let wallet = self.wallet();
        self.address(wallet)
    }

    /// The hash of a document that nobody has.
    fn document(&mut self) -> Hash {
        sha256(&self.random.next_u64().to_le_bytes())
    }
}

/// From Monday to Friday, from eight to six.
fn is_working_time(time: u64) -> bool {
    let since = time.saturating_sub(MONDAY);
    let (day, hour) = (since / DAY_MS % 7, since % DAY_MS / HOUR_MS);
    day < 5 && (8..18).contains(&hour)
}

fn text<const MAX: usize>(text: String) -> Text<MAX> {
    Text::try_from(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::key;

    fn plan(seed: u64) -> Plan {
        let keys = (0..50).map(|n| key(n).public()).collect();
        Plan::new(seed, Schedule::new(30_000, 32, 1), BEGIN, keys)
    }

    fn blocks(mut plan: Plan) -> impl Iterator<Item = Planned> {
        std::iter::repeat_with(move || plan.block())
    }

    #[test]
    fn a_week_is_worked_and_rested_and_the_next_one_begins_on_monday() {
        let week = 7 * DAY_MS;
        let blocks: Vec<Planned> =
            blocks(plan(1)).take_while(|block| block.date.time.0 < BEGIN.0 + week).collect();
        let busy = blocks.iter().filter(|block| !block.drafts.is_empty()).count();
        assert_eq!(busy, 5 * 10 * 120 - 1, "two in a minute, and none at the very beginning");
        // Nights of 14 hours and a weekend of 62.
        let empty = blocks.len() - busy;
        assert!((4 * 14 * 60 + 62 * 60 - 5..=4 * 14 * 60 + 62 * 60).contains(&empty), "{empty}");
        let shortest = Schedule::new(30_000, 32, 1).shortest_rest_ms();
        for (before, block) in blocks.iter().zip(&blocks[1..]) {
            let gap = block.date.time.millis_since(before.date.time);
            assert_eq!(block.date.told, block.drafts.is_empty());
            assert!(gap >= if block.date.told { shortest } else { 30_000 });
        }
    }

    #[test]
    fn nonces_come_in_order_and_answers_are_to_what_was_proposed() {
        let mut nonces = vec![0; 50];
        let mut proposed = std::collections::BTreeSet::new();
        let mut kinds = [0_usize; 4];
        for draft in blocks(plan(2)).take(600).flat_map(|block| block.drafts) {
            assert_eq!(draft.nonce, nonces[draft.from]);
            nonces[draft.from] += 1;
            let kind = match &draft.action {
                Action::Transfer { .. } => 0,
                Action::Record { .. } => 1,
                Action::Propose(proposal) => {
                    proposed.insert(proposal.id(&key(draft.from).public(), draft.nonce));
                    2
                }
                Action::Respond { agreement, .. } => {
                    assert!(proposed.contains(agreement));
                    3
                }
                other => panic!("{other:?}"),
            };
            kinds[kind] += 1;
        }
        let all: usize = kinds.iter().sum();
        let shares = kinds.map(|count| count * 100 / all);
        assert!(shares[0] > 80 && (8..12).contains(&shares[1]), "{shares:?}");
        assert!((1..4).contains(&shares[2]) && (1..5).contains(&shares[3]), "{shares:?}");
    }

    #[test]
    fn one_seed_makes_one_year() {
        let of = |seed| {
            let drafts = blocks(plan(seed)).take(20).flat_map(|block| block.drafts);
            drafts.map(|draft| (draft.from, draft.nonce, draft.action)).collect::<Vec<_>>()
        };
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}
