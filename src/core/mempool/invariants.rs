//! What must always hold, for property tests and the fuzzer, which cannot see the private fields.

use alloc::collections::BTreeMap;

use super::{Free, Mempool, rate, weight};

impl Mempool {
    /// Panics if the bounds, the totals or the order of a queue are wrong. `height` is that of the next block.
    #[doc(hidden)]
    #[allow(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]
    pub fn check_invariants(&self, height: u64) {
        assert!(self.len() <= self.limits.max_transactions && self.bytes <= self.limits.max_bytes);
        let (mut bytes, mut count, mut incoming, mut free) = (0, 0, BTreeMap::new(), Free::default());
        for (sender, queue) in &self.queues {
            assert!(!queue.entries.is_empty() && queue.entries.len() <= self.limits.max_per_sender);
            let mut account = queue.account;
            for (nonce, entry) in &queue.entries {
                let id = entry.transaction.id();
                account.spend(&entry.transaction, height).expect("what waits can be mined");
                assert_eq!(self.ids.get(&id), Some(&(*sender, *nonce)));
                assert!(self.rates.contains(&(rate(&entry.transaction), id)));
                if entry.free {
                    free.add(&entry.transaction);
                }
                bytes += weight(&entry.transaction);
                count += 1;
                for output in entry.transaction.action.outputs() {
                    *incoming.entry(output.to).or_insert(0_u128) += u128::from(output.amount);
                }
            }
            assert_eq!(queue.pending(), account, "the books of a queue");
        }
        incoming.retain(|_, sum| *sum > 0);
        assert_eq!(incoming, self.incoming, "coins on their way");
        assert_eq!(free, self.free, "what is free of fees");
        assert!(free.fits(&self.limits));
        assert_eq!((bytes, count, count), (self.bytes, self.ids.len(), self.rates.len()));
    }
}
