//! A small network to fuzz with, and what may happen on it.

use std::sync::{Arc, LazyLock};

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{
    Action, Address, Allocation, Block, BlockRules, Branch, Content, Genesis, NetworkSpec, Output, Proposal,
    Response, Transaction,
};
use bouya_core::testing::{self, text};
use bouya_core::time::Timestamp;

/// Key number `n` of eight. They are made once: targets ask for them all the time.
pub(crate) fn key(n: u8) -> SecretKey {
    static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| (0..8).map(testing::key).collect());
    KEYS[usize::from(n % 8)].clone()
}

/// The address of key number `n`.
pub(crate) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// The network: all keys are members, and so is key 9, with which `testing` mines. Keys 0 to 3 hold a million units each, and the first block
/// takes four hashes.
pub(crate) fn genesis() -> Arc<Genesis> {
    static GENESIS: LazyLock<Arc<Genesis>> = LazyLock::new(|| {
        let small = testing::spec("fuzz", 0);
        let allocations = (0..4).map(|n| Allocation { address: address(n), amount: 1_000_000 }).collect();
        let blocks = BlockRules { max_bytes: 20_000, ..small.blocks };
        let members = (0..10).map(testing::member).collect();
        Arc::new(Genesis::new(NetworkSpec { members, allocations, blocks, ..small }).unwrap())
    });
    Arc::clone(&GENESIS)
}

/// A payment from key `from` to the address of key `to`.
pub(crate) fn pay(from: u8, nonce: u64, to: u8, amount: u64, fee: u64, until: u64) -> Transaction {
    let output = Bounded::truncated([Output { to: address(to), amount }]);
    Transaction::transfer(&genesis().id(), &key(from), nonce, fee, until, output, Text::default())
}

/// A transaction of key `from` with any action.
pub(crate) fn act(from: u8, nonce: u64, action: Action, fee: u64) -> Transaction {
    Transaction::sign(&genesis().id(), &key(from), nonce, fee, u64::MAX, action)
}

/// A record of some data.
pub(crate) fn record(topic: &str, data: &[u8]) -> Action {
    let content = Content::Data(Bounded::truncated(data.iter().copied()));
    Action::Record { topic: text(topic), content }
}

/// A proposal to two parties.
pub(crate) fn proposal(one: u8, other: u8, deadline: Timestamp) -> Proposal {
    let parties = Bounded::truncated([one, other].map(address));
    Proposal { title: text("lease"), document: Hash([9; 32]), parties, deadline }
}

/// One of a few actions that belong together: a record, a proposal, or a word about the agreement that `to` names.
pub(crate) fn said(kind: u8, to: u8) -> Action {
    let proposal = proposal(1, 2, Timestamp(1_700_000_009_000));
    let (document, agreement) = (proposal.document, proposal.id(&key(to % 4).public(), (to / 4).into()));
    match kind % 8 {
        0 => record("log", &[kind, to]),
        1 | 2 => Action::Propose(proposal),
        3 | 4 => Action::Respond { agreement, document, response: Response::Sign },
        5 => Action::Respond { agreement, document, response: Response::Refuse },
        6 => Action::Respond { agreement, document: Hash::ZERO, response: Response::Sign },
        _ => Action::Withdraw { agreement },
    }
}

/// A block on `parent`, `gap` milliseconds after it. Its transactions are signed, but they need not fit.
pub(crate) fn block(parent: &Branch, transactions: Vec<Transaction>, miner: u8, gap: u64) -> Arc<Block> {
    testing::block_on(&genesis(), parent, gap.max(1), transactions, miner % 8)
}

/// Finds a nonce for a header that was changed. One that was made too hard stays without work.
pub(crate) fn mine_again(block: &mut Block) {
    match block.header.difficulty {
        1..1_000 => testing::work(block),
        _ => block.header.nonce = 0,
    }
}

/// A chain of `length` empty blocks on `parent`, each with the branch that ends in it.
pub(crate) fn chain(parent: &Branch, length: usize, miner: u8) -> Vec<(Arc<Block>, Branch)> {
    let mut branch = parent.clone();
    let next = |_| {
        let block = block(&branch, vec![], miner, 1_000);
        branch.check(&genesis().rules, &block.header).expect("a good block");
        branch.push(&genesis().rules, &block.header, None);
        (block, branch.clone())
    };
    (0..length).map(next).collect()
}
