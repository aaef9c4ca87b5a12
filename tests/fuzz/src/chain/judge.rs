//! What must hold after every step, and what a replay must confirm at the end.

use std::collections::BTreeMap;

use bouya_core::codec::encode;
use bouya_core::ledger::{Account, Key, View, read_supply};
use bouya_core::time::Timestamp;

use super::Machine;
use crate::small;

impl Machine {
    pub(super) fn check(&self) {
        let rows = self.world.rows();
        let balances: u64 = rows
            .iter()
            .filter(|(key, _)| matches!(key, Key::Account(_)))
            .map(|(_, row)| Account::from_row(Some(row.clone())).expect("a good row").balance)
            .sum();
        let supply = read_supply(rows.get(&Key::Supply).cloned()).expect("a good row");
        assert_eq!(balances, supply, "coins appeared or vanished");
        let rewards = self.chain.tip().height * small::genesis().rules.reward;
        assert_eq!(balances, small::genesis().supply() + rewards);
        self.check_side();
    }

    /// Every block that is stored off the best chain is counted, and its parent is stored too.
    fn check_side(&self) {
        let side = View::side_blocks(&self.world).expect("a whole world");
        let mut bytes = 0;
        for id in &side {
            let made = self.made.iter().find(|made| made.branch.id == *id).expect("one of these");
            assert!(self.is_stored(&made.block.header.parent), "a block without its parent");
            bytes += encode(&*made.block).len() as u64;
        }
        assert_eq!(self.chain.side_blocks(), (side.len(), bytes));
        assert!(self.chain.side_tips().all(|tip| side.contains(&tip.id)), "a side tip that is not stored");
    }

    /// Steps until there is nothing left to do.
    fn rest(&mut self) {
        let steps = (0..10_000).take_while(|_| self.advance()).count();
        assert!(steps < 10_000 && !self.chain.is_behind(), "never comes to rest");
        self.check();
        let tip = self.chain.tip();
        for made in self.made.iter().filter(|made| made.replay.is_some() && self.is_stored(&made.branch.id)) {
            assert!(!made.branch.beats(tip), "a better branch is stored");
        }
    }

    pub(super) fn finish(&mut self) {
        self.rest();
        self.now = Timestamp(u64::MAX / 2);
        // As a sync does it: the best branch there is, from its beginning.
        let good = (0..self.made.len()).filter(|at| self.made[*at].replay.is_some());
        let better = |a: usize, b: usize| if self.made[b].branch.beats(&self.made[a].branch) { b } else { a };
        if let Some(best) = good.reduce(better) {
            for at in self.path(Some(best)) {
                self.give(at, true);
            }
            self.rest();
            assert!(!self.made[best].branch.beats(self.chain.tip()), "missed the best branch");
        }
        let tip = self.chain.tip().clone();
        let at = self.made.iter().position(|made| made.branch.id == tip.id);
        let replay = self.replay(at).expect("the best chain replays");
        assert_eq!(*replay.branch(), tip);
        let fresh: BTreeMap<_, _> =
            replay.rows().iter().filter_map(|(key, row)| Some((key.clone(), row.clone()?))).collect();
        assert_eq!(self.world.rows(), &fresh, "the state is not that of a fresh replay");
        self.restart();
    }
}
