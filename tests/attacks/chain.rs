//! Blocks that are each wrong in one way, on top of the victim's best chain.

use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, Signature};
use bouya_core::ledger::{Block, Branch, Genesis, StateAt, SyncHeader, Template, meets};
use bouya_core::testing::{self, address, key};
use bouya_core::time::Timestamp;
use bouya_core::wire::Message;

use super::daemon::pay;
use super::member::Mad;

/// A sealed block on `branch`, without work.
pub(crate) fn unworked(genesis: &Genesis, branch: &Branch) -> Block {
    at(genesis, branch, bouya::clock::wall()).finish(0)
}

fn at(genesis: &Genesis, branch: &Branch, time: Timestamp) -> Template {
    let rows = testing::state_at(genesis, branch);
    let state = StateAt { base: None, rows: &rows };
    Template::new(genesis, branch, state, vec![], address(9), time, &key(9)).unwrap()
}

/// The same block with work. It takes a minute at most.
pub(crate) fn work(mut block: Block) -> Block {
    testing::work(&mut block);
    block
}

/// The victim's best chain, from its headers.
pub(crate) async fn branch(mad: &mut Mad, genesis: &Genesis) -> Branch {
    let mut branch = genesis.branch();
    loop {
        let locator = Bounded::truncated([branch.id]);
        let question = Message::GetHeaders { locator, stop: Hash::ZERO };
        let headers = mad
            .ask(&question, |message| match message {
                Message::Headers(headers) => Some(headers),
                _ => None,
            })
            .await;
        if headers.is_empty() {
            return branch;
        }
        for SyncHeader { header, .. } in headers {
            branch.check(&genesis.rules, &header).unwrap();
            branch.push(&genesis.rules, &header, None);
        }
    }
}

/// Names and blocks that each ban their sender.
pub(crate) fn invalid(genesis: &Genesis, branch: &Branch) -> Vec<(&'static str, Block)> {
    let network = genesis.id();
    let good = || unworked(genesis, branch);
    let sealed = |change: &dyn Fn(&mut Block)| {
        let mut block = good();
        change(&mut block);
        block.header.seal(&network, &key(9));
        work(block)
    };
    let mut no_work = good();
    while meets(&no_work.header.id(), no_work.header.difficulty) {
        no_work.header.nonce += 1;
    }
    let mut seal = good();
    seal.header.seal = Signature([1; 64]);
    let mut body = work(good());
    body.body.reward.to = address(8);
    vec![
        ("no work", no_work),
        ("a wrong seal", work(seal)),
        ("a body that is not its header's", body),
        ("low difficulty", sealed(&|block| block.header.difficulty = 1)),
        ("another history", sealed(&|block| block.header.history = Hash([9; 32]))),
        ("too high", sealed(&|block| block.header.height += 1)),
        (
            "too much reward",
            sealed(&|block| {
                block.body.reward.amount += 1;
                block.header.body = block.body.root(block.header.height);
            }),
        ),
    ]
}

/// Names and blocks for which nobody is blamed: the time has not come, the parent is not known, or what this node computes speaks against it.
pub(crate) fn odd(genesis: &Genesis, branch: &Branch) -> Vec<(&'static str, Block)> {
    let hour = std::time::Duration::from_secs(3_600);
    let future = at(genesis, branch, bouya::clock::wall().after(hour)).finish(0);
    let mut orphan = unworked(genesis, branch);
    orphan.header.parent = Hash([3; 32]);
    orphan.header.height += 5;
    orphan.header.difficulty = 1;
    orphan.header.seal(&genesis.id(), &key(9));
    let mut poor = unworked(genesis, branch);
    poor.body.transactions = Bounded::truncated([pay(genesis, 9, 0, 2, 5)]);
    poor.header.body = poor.body.root(poor.header.height);
    poor.header.seal(&genesis.id(), &key(9));
    vec![
        ("an hour ahead", work(future)),
        ("unknown parent", work(orphan)),
        ("a payment without coins", work(poor)),
    ]
}
