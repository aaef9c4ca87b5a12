//! Members act in real blocks, on branches that replace one another.

use alloc::sync::Arc;
use alloc::vec;

use proptest::prelude::*;

use super::thresholds::{Act, act};
use super::town::{add, give_governor, governor_of, remove};
use super::*;
use crate::crypto::Hash;
use crate::ledger::{Block, Branch, Origin, Transaction};
use crate::testing::{Node, ON_TIME, network_of_members};

/// A branch, with the sender's nonces on it.
#[derive(Clone)]
struct Story {
    branch: Branch,
    nonces: alloc::collections::BTreeMap<PublicKey, u64>,
    motions: Vec<Hash>,
    blocks: Vec<Arc<Block>>,
}

impl Story {
    /// A block on the branch in which each of these is done, in order.
    fn tell(&mut self, node: &Node, acts: &[Act], gap: u64) {
        let transactions = acts.iter().filter_map(|act| self.signed(node, *act)).collect();
        let block = node.block_on(&self.branch, gap, transactions, 9);
        self.branch = node.branch_with(&self.branch, &block);
        self.blocks.push(block);
    }

    fn signed(&mut self, node: &Node, act: Act) -> Option<Transaction> {
        let until = Timestamp(self.branch.time.0 + 3 * DAY);
        let moves = |change| Action::from(Motion { change, reason: Text::default(), until });
        let (by, action) = match act {
            Act::Add(by, who) => {
                let MemberChange::Add { member, .. } = add(who) else { unreachable!() };
                (governor(by), moves(MemberChange::prove(member, &key(who))))
            }
            Act::Remove(by, who) => (governor(by), moves(remove(who))),
            Act::Governor(by, who, whose) => (governor(by), moves(give_governor(who, governor_of(whose)))),
            Act::Ballot { by, with_key, motion, yes } => {
                let motion = *self.motions.iter().rev().nth(motion)?;
                (if with_key { key(by) } else { governor(by) }, Action::Ballot { motion, yes })
            }
            Act::Keys(by, new, whose) if new.is_some() || whose.is_some() => {
                let (sender, network) = (governor(by).public(), node.network());
                let nonce = self.nonces.get(&sender).copied().unwrap_or_default();
                let (new, whose) = (new.map(key), whose.map(governor_of));
                let keys = Keys::prove(&network, &sender, nonce, member(by).id, new.as_ref(), whose);
                (governor(by), Action::from(keys))
            }
            Act::Keys(..) | Act::Yes | Act::Wait(_) => return None,
        };
        let nonce = self.nonces.entry(by.public()).or_default();
        let transaction = Transaction::sign(&node.network(), &by, *nonce, 0, u64::MAX, action);
        *nonce += 1;
        if matches!(transaction.action, Action::Motion(_)) {
            self.motions.extend(transaction.motion());
        }
        Some(transaction)
    }
}

/// The same as on the network of members, whose fourth is m9.
fn acts() -> impl Strategy<Value = Vec<(Vec<Act>, u64)>> {
    let gap = prop_oneof![8 => Just(ON_TIME), 1 => Just(DAY)];
    prop::collection::vec((prop::collection::vec(act(), 0..8), gap), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whichever_branch_wins_the_state_is_that_of_its_blocks(
        common in acts(),
        branches in prop::collection::vec(acts(), 1..4),
    ) {
        let mut node = Node::of(network_of_members("governed"));
        node.now = Timestamp(u64::MAX / 2);
        let genesis = node.chain.genesis().clone();
        let mut story = Story {
            branch: genesis.branch(),
            nonces: Default::default(),
            motions: vec![],
            blocks: vec![],
        };
        common.iter().for_each(|(acts, gap)| story.tell(&node, acts, *gap));
        for acts in branches {
            let mut told = story.clone();
            acts.iter().for_each(|(acts, gap)| told.tell(&node, acts, *gap));
            // Each next one is longer, most often.
            for block in &told.blocks {
                node.give(block, Origin::Pushed).unwrap();
                let (_, invalid) = node.settle();
                prop_assert_eq!(invalid, vec![]);
            }
            node.assert_sound();
            for open in motions(node.world(), node.chain.tip().time).unwrap() {
                prop_assert_eq!(open.tally.verdict(), crate::ledger::governance::meeting::Verdict::Open);
                prop_assert_eq!(motion(node.world(), &open.id, Timestamp(0)).unwrap(), Some(open));
            }
            prop_assert_eq!(roster(node.world()).unwrap(), genesis.roster());
            let tip = node.chain.tip().height;
            let pending = pending_at(node.world(), tip).unwrap();
            prop_assert_eq!(pending.roster(), &genesis.roster());
        }
    }
}

#[test]
fn what_members_say_is_in_the_state_of_its_branch_only() {
    let mut node = Node::of(network_of_members("governed"));
    let moved = Motion { change: remove(3), reason: text("gone"), until: Timestamp(node.now.0 + 2 * DAY) };
    let sign =
        |by, nonce, action| Transaction::sign(&node.network(), &governor(by), nonce, 0, u64::MAX, action);
    let transaction = sign(1, 0, Action::from(moved));
    let id = transaction.motion().unwrap();
    let ballots = [2, 9].map(|n| sign(n, 0, Action::Ballot { motion: id, yes: true }));
    let fork = node.chain.tip().clone();
    node.mine(vec![transaction]);
    let open = motions(node.world(), node.now).unwrap();
    assert_eq!((open[0].id, open[0].mover.as_str(), open[0].tally.needed()), (id, "m1", 3));
    assert_eq!((open[0].tally.count(true), open[0].tally.missing().count()), (1, 3));
    assert_eq!(motions(node.world(), Timestamp(node.now.0 + 3 * DAY)).unwrap(), [], "expired");
    node.mine(ballots.into());
    assert_eq!(motions(node.world(), node.now).unwrap(), []);
    assert_eq!(passed(node.world()).unwrap().len(), 1);
    assert!(
        pending_at(node.world(), 2).unwrap().covers(2) && !pending_at(node.world(), 2).unwrap().covers(1)
    );
    node.assert_sound();
    let (blocks, _) = node.run_on(&fork, 3, 900, 9);
    node.now = Timestamp(u64::MAX / 2);
    for block in &blocks {
        node.give(block, Origin::Pushed).unwrap();
    }
    node.settle();
    assert_eq!(node.chain.tip().id, blocks[2].id());
    assert_eq!(passed(node.world()).unwrap(), []);
    node.assert_sound();
}
