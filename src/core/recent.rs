//! A bounded memory of ids: two halves, of which the older one is forgotten whenever the younger one is full.

use alloc::collections::BTreeSet;

use crate::crypto::Hash;

/// Remembers at least the last `half` ids and never more than twice as many.
#[derive(Debug)]
pub(crate) struct Recent {
    half: usize,
    young: BTreeSet<Hash>,
    old: BTreeSet<Hash>,
}

impl Recent {
    pub(crate) fn new(half: usize) -> Self {
        Self { half, young: BTreeSet::new(), old: BTreeSet::new() }
    }

    pub(crate) fn contains(&self, id: &Hash) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Remembers `id`, as new if it was known already. Returns whether it was unknown.
    pub(crate) fn insert(&mut self, id: Hash) -> bool {
        if self.young.len() >= self.half && !self.young.contains(&id) {
            let new = !self.old.contains(&id);
            self.rotate();
            self.young.insert(id);
            return new;
        }
        self.young.insert(id) && !self.old.contains(&id)
    }

    pub(crate) fn remove(&mut self, id: &Hash) {
        self.young.remove(id);
        self.old.remove(id);
    }

    /// Forgets the older half.
    pub(crate) fn rotate(&mut self) {
        self.old = core::mem::take(&mut self.young);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.union(&self.old).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> Hash {
        crate::crypto::sha256(&n.to_le_bytes())
    }

    #[test]
    fn the_last_half_is_known_and_memory_is_bounded() {
        let mut recent = Recent::new(10);
        for n in 0..1_000 {
            assert!(recent.insert(id(n)));
            assert!(!recent.insert(id(n)));
            assert!((n.saturating_sub(9)..=n).all(|n| recent.contains(&id(n))), "{n}");
            assert!(recent.len() <= 20);
        }
        assert!(!recent.contains(&id(0)));
    }

    #[test]
    fn what_is_used_stays_and_what_is_removed_goes() {
        let mut recent = Recent::new(4);
        recent.insert(id(0));
        for n in 1..100 {
            recent.insert(id(n));
            assert!(!recent.insert(id(0)), "{n}");
        }
        recent.rotate();
        recent.remove(&id(0));
        assert!(recent.insert(id(0)));
    }
}
