//! Members who decide about members, on a [`Node`].

use super::*;
use crate::ledger::{
    Decree, Finalized, Keys, Ledger, MemberChange, Motion, Overrides, Payload, Rows, StateAt, Upgrade,
};

const DAY: u64 = 86_400_000;

/// The next places of the governors' transactions.
pub struct Governors([u64; 256]);

impl Default for Governors {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Governors {
    /// The next transaction of the governor of m`n`; `action` is given its place.
    pub fn sign(&mut self, node: &Node, n: u8, action: impl FnOnce(u64) -> Action) -> Transaction {
        let nonce = self.0[usize::from(n)];
        self.0[usize::from(n)] += 1;
        Transaction::sign(&node.network(), &governor(n), nonce, 0, u64::MAX, action(nonce))
    }

    /// A motion and the ballots on it, by these governors.
    pub fn motion(&mut self, node: &Node, change: MemberChange, yes: &[u8]) -> Vec<Transaction> {
        let until = Timestamp(node.chain.tip().time.0 + 3 * DAY);
        let motion = Motion { change, reason: Text::default(), until };
        let mut all = vec![self.sign(node, yes[0], |_| Action::from(motion))];
        let motion = all[0].motion().unwrap();
        for by in &yes[1..] {
            all.push(self.sign(node, *by, |_| Action::Ballot { motion, yes: true }));
        }
        all
    }

    /// A motion that passes in one block.
    pub fn decide(&mut self, node: &mut Node, change: MemberChange, yes: &[u8]) -> Arc<Block> {
        let all = self.motion(node, change, yes);
        node.mine(all)
    }
}

/// Adds m`n`.
pub fn add(n: u8) -> MemberChange {
    MemberChange::prove(member(n), &key(n))
}

/// Removes m`n`.
pub fn remove(n: u8) -> MemberChange {
    MemberChange::Remove { id: member(n).id }
}

/// The same network with these overrides.
pub fn overridden(genesis: &Genesis, decrees: Vec<Decree>) -> Arc<Genesis> {
    let mut genesis = genesis.clone();
    genesis.rules.overrides = Arc::new(Overrides::new(&genesis.id(), decrees).unwrap());
    Arc::new(genesis)
}

/// The node after a start with these rules.
pub fn restarted(node: &Node, genesis: Arc<Genesis>) -> Result<Node, StateError> {
    let disk = Memory { world: node.world().clone(), commits: 0, fails: false };
    let world = Ledger::load(genesis.clone(), disk)?.disk().world.clone();
    Ok(Node::load(genesis, world, node.now))
}

impl Node {
    /// Mines a block on the tip, whatever made the state there, and takes it.
    pub fn mine_by(&mut self, miner: u8, what: (Vec<Transaction>, Option<Certificate>)) -> Arc<Block> {
        let (genesis, tip, rows) = (self.chain.genesis().clone(), self.chain.tip().clone(), Rows::new());
        let (transactions, certificate) = what;
        let transactions = transactions.into_iter().map(|one| one.check(&genesis.id()).unwrap()).collect();
        let state = StateAt { base: Some(self.world()), rows: &rows };
        let (payload, time) = (Payload { transactions, certificate }, Timestamp(tip.time.0 + ON_TIME));
        let made = Template::new(&genesis, &tip, state, payload, address(miner), time, &key(miner));
        let block = mined(made.unwrap());
        self.now = self.now.max(time);
        self.give(&block, Origin::Own).unwrap();
        block
    }

    /// What the members in force at the tip sign to make the block at `height` final.
    pub fn commit(&self, height: u64, keys: &[u8]) -> Certificate {
        let block = self.world().at_height(height).unwrap().unwrap();
        certificate_of(self.chain.tip().members.voters(), self.chain.genesis(), (height, block), keys)
    }

    /// Mines the block that carries what makes the block at `height` final, and takes it.
    pub fn hand_over(&mut self, height: u64, keys: &[u8]) -> Arc<Block> {
        let (certificate, tip) = (self.commit(height, keys), self.chain.tip().clone());
        let block = block_with(self.chain.genesis(), &tip, ON_TIME, (vec![], Some(certificate)), 9);
        assert!(block.body.certificate.is_some(), "it puts nothing into force");
        self.now = self.now.max(block.header.time);
        self.give(&block, Origin::Own).unwrap();
        block
    }

    /// Takes what makes a block of the best chain final.
    pub fn take_final(&mut self, certificate: Certificate) {
        let view = self.world().clone();
        let Finalized::Ready(ready) = self.chain.finalize(&view, certificate).unwrap() else {
            panic!("it is no news")
        };
        self.disk.world.apply(ready.change());
        self.chain.accept(ready);
    }

    /// What the members had decided in the tip comes into force with a block that the members with these keys then make final.
    pub fn change_members(&mut self, keys: &[u8]) {
        let old = self.chain.tip().members.voters().clone();
        let base = self.hand_over(self.chain.tip().height, keys);
        let at = (base.header.height, base.id());
        self.take_final(certificate_of(&old, self.chain.genesis(), at, keys));
    }
}

/// A node whose members changed three times: m5 came, m2 got key 6, m1 went. Then the members with the keys 3, 5, 6 and 9 made the last block
/// but one final.
pub fn changed_thrice(genesis: Arc<Genesis>) -> Node {
    let (mut node, mut governors) = (Node::of(genesis.clone()), Governors::default());
    governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    node.change_members(&[1, 2, 3]);
    let rotated = |nonce| {
        Action::from(Keys::prove(
            &genesis.id(),
            &governor(2).public(),
            nonce,
            member(2).id,
            Some(&key(6)),
            None,
        ))
    };
    let keys = governors.sign(&node, 2, rotated);
    node.mine(vec![keys]);
    node.change_members(&[2, 3, 5, 9]);
    governors.decide(&mut node, remove(1), &[2, 3, 5, 9]);
    node.change_members(&[3, 5, 6, 9]);
    // Of each kind one that passes nothing.
    let other = MemberChange::Governor { id: member(3).id, governor: address(7) };
    let moved = governors.motion(&node, other, &[2]);
    let upgrade = MemberChange::Upgrade(Upgrade { version: 3, height: 9_000 });
    let more = governors.motion(&node, upgrade, &[3, 5]);
    node.mine(moved.into_iter().chain(more).collect());
    node.mine(vec![]);
    node.mine(vec![]);
    let last = node.commit(node.chain.tip().height - 1, &[3, 5, 6, 9]);
    node.take_final(last);
    node
}
