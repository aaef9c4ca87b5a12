//! What must always hold, for the fuzzer, which cannot see the private fields.

use super::*;

impl Finality {
    /// Panics if something has grown past its bound, or if what is kept does not fit together. Call it when `poll` returns nothing.
    #[doc(hidden)]
    #[allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]
    pub fn check_invariants(&self) {
        let count = self.voters().count();
        assert!(self.outputs.is_empty());
        assert!(self.justified.len() <= JUSTIFIED_KEPT + 1 && self.arrivals.len() <= ARRIVALS_KEPT);
        self.votes.check_invariants();
        assert!(self.proposals.len() <= count);
        for (checkpoint, certificate) in &self.justified {
            let target = certificate.as_ref().map_or(self.voters().root(), |proof| proof.link.target);
            assert_eq!(*checkpoint, target);
        }
        assert!(self.newest.as_ref().is_none_or(Certificate::is_final));
        if let Some(silence) = &self.silence {
            silence.check_invariants(count, &self.peers);
        }
    }
}
