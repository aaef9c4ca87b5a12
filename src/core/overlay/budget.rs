//! How much a peer may send and request: small token buckets in whole numbers, so that the simulator tests the real ones.
//!
//! Answers to this node's own requests are free: each request adds credit, and the answers use it up. A peer that withholds answers can
//! save up only a bounded number of free frames.
//!
//! What a peer requests is charged to it by bytes sent, which covers reads of the store too. A peer that has used up its share waits. That
//! is no offence: a fast peer does it too while it syncs.

use core::time::Duration;

use super::Fault;
use super::timers::Throttle;
use crate::limits::{
    BYTES_PER_PEER, CREDIT_BLOCKS, CREDIT_HEADERS, CREDIT_TRANSACTIONS, FLOOD_BLAME_EVERY, FRAMES_PER_PEER,
    SERVED_PER_PEER, TRANSACTIONS_PER_PEER, USELESS_PER_PEER,
};
use crate::time::Time;
use crate::wire::Message;

/// Tokens are counted in thousandths, so that a rate per second fills by the millisecond without rounding.
const THOUSAND: i128 = 1_000;

/// Fills with `rate` tokens a second up to `burst`.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: i128,
    burst: i128,
    level: i128,
    at: Time,
}

impl Bucket {
    /// A full bucket of (rate, burst).
    pub fn new((rate, burst): (u64, u64), now: Time) -> Self {
        let burst = i128::from(burst).saturating_mul(THOUSAND);
        Self { rate: rate.into(), burst, level: burst, at: now }
    }

    /// Takes `amount` tokens, or none if there are fewer.
    pub fn take(&mut self, now: Time, amount: u64) -> bool {
        self.fill(now);
        let rest = self.level.saturating_sub(i128::from(amount).saturating_mul(THOUSAND));
        if rest < 0 {
            return false;
        }
        self.level = rest;
        true
    }

    /// Takes `amount` tokens, on credit if there are fewer.
    pub fn draw(&mut self, now: Time, amount: u64) {
        self.fill(now);
        self.level = self.level.saturating_sub(i128::from(amount).saturating_mul(THOUSAND));
    }

    /// When the debt is paid back; none if nothing is owed.
    pub fn paid_at(&mut self, now: Time) -> Option<Time> {
        self.fill(now);
        let owed = self.level.checked_neg().filter(|owed| *owed > 0)?;
        let ms = owed.saturating_add(self.rate.max(1)).checked_div(self.rate.max(1)).unwrap_or(i128::MAX);
        Some(now.after(Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))))
    }

    fn fill(&mut self, now: Time) {
        let elapsed = i128::try_from(now.since(self.at).as_millis()).unwrap_or(i128::MAX);
        self.level = self.level.saturating_add(self.rate.saturating_mul(elapsed)).min(self.burst);
        self.at = self.at.max(now);
    }
}

/// What one peer may send and request. It outlives connections, so a reconnect does not refill it.
#[derive(Clone, Debug)]
pub struct Budget {
    bytes: Bucket,
    frames: Bucket,
    transactions: Bucket,
    served: Bucket,
    useless: Bucket,
    blocks_due: usize,
    headers_due: usize,
    transactions_due: usize,
    blamed: Throttle,
}

impl Budget {
    /// A full budget.
    pub fn new(now: Time) -> Self {
        Self {
            bytes: Bucket::new(BYTES_PER_PEER, now),
            frames: Bucket::new(FRAMES_PER_PEER, now),
            transactions: Bucket::new(TRANSACTIONS_PER_PEER, now),
            served: Bucket::new(SERVED_PER_PEER, now),
            useless: Bucket::new(USELESS_PER_PEER, now),
            blocks_due: 0,
            headers_due: 0,
            transactions_due: 0,
            blamed: Throttle::once_in(FLOOD_BLAME_EVERY),
        }
    }

    /// This node sends the peer a request: the answer will be free.
    pub fn asks(&mut self, message: &Message) {
        match message {
            Message::GetBlocks(ids) => grow(&mut self.blocks_due, ids.len(), CREDIT_BLOCKS),
            Message::GetBlockTransactions { .. } => grow(&mut self.blocks_due, 1, CREDIT_BLOCKS),
            Message::GetHeaders { .. } => grow(&mut self.headers_due, 1, CREDIT_HEADERS),
            Message::Request(ids) => grow(&mut self.transactions_due, ids.len(), CREDIT_TRANSACTIONS),
            _ => (),
        }
    }

    /// A connection has ended, so the requests on it are void.
    pub fn forget_asked(&mut self) {
        (self.blocks_due, self.headers_due, self.transactions_due) = (0, 0, 0);
    }

    /// Charges what the peer sent. An error says which budget it went over. `blocks` is how many bytes of blocks the network may make in a
    /// second: an honest peer pushes each block, and its transactions before that.
    pub fn charge(
        &mut self,
        now: Time,
        message: &Message,
        size: usize,
        blocks: u64,
    ) -> Result<(), &'static str> {
        if self.is_answer(message) {
            return Ok(());
        }
        self.bytes.rate = i128::from(BYTES_PER_PEER.0.saturating_add(blocks.saturating_mul(2)));
        if !self.frames.take(now, 1) {
            return Err("frames");
        }
        if !self.bytes.take(now, wide(size)) {
            return Err("bytes");
        }
        match message {
            Message::Transactions(list) if !self.transactions.take(now, wide(list.len())) => {
                Err("transactions")
            }
            _ => Ok(()),
        }
    }

    /// The peer is sent this many bytes because it asked.
    pub fn serve(&mut self, now: Time, bytes: usize) {
        self.served.draw(now, wide(bytes));
    }

    /// Until when the peer must wait for what it asks.
    pub fn serves_at(&mut self, now: Time) -> Option<Time> {
        self.served.paid_at(now)
    }

    /// This many of the peer's transactions were checked and not taken.
    pub fn useless(&mut self, now: Time, transactions: usize) {
        self.useless.draw(now, wide(transactions));
    }

    /// Whether the peer's transactions are worth checking at present.
    pub fn is_useful(&mut self, now: Time) -> bool {
        self.useless.paid_at(now).is_none()
    }

    /// The fault of going over the budget `what`, unless the peer was blamed just now.
    pub fn blame(&mut self, now: Time, what: &'static str) -> Option<Fault> {
        self.blamed.passes(now).then_some(Fault::Flood(what))
    }

    fn is_answer(&mut self, message: &Message) -> bool {
        match message {
            Message::Block(_) | Message::BlockTransactions { .. } => use_up(&mut self.blocks_due, 1),
            Message::Headers(_) => use_up(&mut self.headers_due, 1),
            Message::Transactions(list) => use_up(&mut self.transactions_due, list.len().max(1)),
            _ => false,
        }
    }
}

fn grow(credit: &mut usize, by: usize, most: usize) {
    *credit = credit.saturating_add(by).min(most);
}

fn use_up(credit: &mut usize, amount: usize) -> bool {
    match credit.checked_sub(amount) {
        Some(rest) => {
            *credit = rest;
            true
        }
        None => false,
    }
}

fn wide(amount: usize) -> u64 {
    u64::try_from(amount).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Bounded;
    use crate::crypto::Hash;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    #[test]
    fn a_bucket_fills_by_the_millisecond() {
        let mut bucket = Bucket::new((10, 5), at(0));
        assert!(bucket.take(at(0), 5));
        assert!(!bucket.take(at(99), 1));
        assert!(bucket.take(at(100), 1));
        assert!(!bucket.take(at(10_000), 6), "never more than the burst");
        assert!(bucket.take(at(10_000), 5));
        let mut widest = Bucket::new((u64::MAX, u64::MAX), at(0));
        assert!(widest.take(at(u64::MAX), 1) && !widest.take(at(0), u64::MAX));
    }

    #[test]
    fn answers_are_free_once() {
        let mut budget = Budget::new(at(0));
        let headers = Message::Headers(Bounded::default());
        budget.asks(&Message::GetHeaders { locator: Bounded::default(), stop: Hash::ZERO });
        let too_much = usize::try_from(BYTES_PER_PEER.1).unwrap() + 1;
        assert_eq!(budget.charge(at(0), &headers, too_much, 0), Ok(()));
        assert_eq!(budget.charge(at(0), &headers, too_much, 0), Err("bytes"));
    }

    #[test]
    fn withheld_answers_save_up_little() {
        let mut budget = Budget::new(at(0));
        for _ in 0..100 {
            budget.asks(&Message::GetHeaders { locator: Bounded::default(), stop: Hash::ZERO });
        }
        let headers = Message::Headers(Bounded::default());
        let too_much = usize::try_from(BYTES_PER_PEER.1).unwrap() + 1;
        let free = (0..100).filter(|_| budget.charge(at(0), &headers, too_much, 0).is_ok()).count();
        assert_eq!(free, CREDIT_HEADERS);
    }

    #[test]
    fn a_flood_is_blamed_once_a_second() {
        let mut budget = Budget::new(at(0));
        let over = (0..FRAMES_PER_PEER.1 + 50)
            .filter(|_| budget.charge(at(0), &Message::GetPeers, 1, 0).is_err())
            .count();
        assert_eq!(over, 50);
        assert_eq!(budget.blame(at(0), "frames"), Some(Fault::Flood("frames")));
        assert_eq!(budget.blame(at(999), "frames"), None);
        assert_eq!(budget.blame(at(1_000), "frames"), Some(Fault::Flood("frames")));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(rate in 0_u64..100, burst in 0_u64..100, takes in prop::collection::vec((0_u64..500, 1_u64..20), 0..60)) {
            let (mut bucket, mut now, mut taken) = (Bucket::new((rate, burst), at(0)), 0, 0);
            for (later, amount) in takes {
                now += later;
                if bucket.take(at(now), amount) {
                    taken += amount;
                }
            }
            prop_assert!(taken * 1_000 <= burst * 1_000 + rate * now);
        }
    }
}
