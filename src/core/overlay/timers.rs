//! A table of deadlines, one for each key: setting a key again replaces its deadline, so no stale timer ever fires. And [`Throttle`], for
//! what may happen once in a span.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::time::Time;

/// At most one deadline for each key.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    deadlines: BTreeMap<K, Time>,
    order: BTreeSet<(Time, K)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { deadlines: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Timers<K> {
    /// Arms the key's deadline; an earlier one of the same key is forgotten.
    pub fn set(&mut self, key: K, at: Time) {
        self.clear(&key);
        self.deadlines.insert(key.clone(), at);
        self.order.insert((at, key));
    }

    /// Disarms the key's deadline.
    pub fn clear(&mut self, key: &K) {
        if let Some((key, at)) = self.deadlines.remove_entry(key) {
            self.order.remove(&(at, key));
        }
    }

    /// Whether the key has a deadline.
    pub fn has(&self, key: &K) -> bool {
        self.deadlines.contains_key(key)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Time> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out the earliest deadline if it has come. Equal deadlines come out in the order of their keys.
    pub fn pop_due(&mut self, now: Time) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.deadlines.remove(&key);
        Some(key)
    }
}

/// Lets something happen at most once in a span.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    every: Duration,
    last: Option<Time>,
}

impl Throttle {
    /// Nothing has happened yet.
    pub const fn once_in(every: Duration) -> Self {
        Self { every, last: None }
    }

    /// Whether it may happen.
    pub fn is_open(&self, now: Time) -> bool {
        self.last.is_none_or(|at| now.since(at) >= self.every)
    }

    /// Whether it may happen; if so, it does.
    pub fn passes(&mut self, now: Time) -> bool {
        let passes = self.is_open(now);
        if passes {
            self.last = Some(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    #[test]
    fn arming_replaces() {
        let mut timers = Timers::default();
        timers.set('a', at(10));
        timers.set('a', at(30));
        timers.set('b', at(20));
        assert!(timers.has(&'a') && timers.has(&'b') && !timers.has(&'c'));
        assert_eq!(timers.next(), Some(at(20)));
        assert_eq!(timers.pop_due(at(19)), None);
        assert_eq!(timers.pop_due(at(20)), Some('b'));
        assert_eq!(timers.pop_due(at(29)), None);
        timers.clear(&'a');
        assert!(!timers.has(&'a'));
        assert_eq!((timers.next(), timers.pop_due(at(99))), (None, None));
    }

    #[test]
    fn a_throttle_opens_again_after_its_span() {
        let mut throttle = Throttle::once_in(Duration::from_millis(10));
        assert!(throttle.is_open(at(5)) && throttle.passes(at(5)));
        assert!(!throttle.passes(at(14)) && !throttle.is_open(at(14)));
        assert!(throttle.passes(at(15)), "what did not pass does not count");
        assert!(!throttle.passes(at(24)));
    }

    proptest! {
        #[test]
        fn what_was_armed_last_comes_once_and_in_order(sets in prop::collection::vec((0_u8..8, 0_u64..50), 0..40)) {
            let (mut timers, mut last) = (Timers::default(), BTreeMap::new());
            for (key, ms) in sets {
                timers.set(key, at(ms));
                last.insert(key, ms);
            }
            let mut expected: Vec<_> = last.into_iter().map(|(key, ms)| (ms, key)).collect();
            expected.sort_unstable();
            let mut found = Vec::new();
            while let Some(due) = timers.next() {
                found.push((due.as_millis(), timers.pop_due(due).unwrap()));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
