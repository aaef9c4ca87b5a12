//! A small network to fuzz with: a few keys, blocks that are mined in microseconds.

use std::sync::{Arc, OnceLock};

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{
    Action, Address, Allocation, Block, BlockRules, Branch, CheckedTransaction, Coin, Content, Genesis,
    NetworkSpec, Output, Proposal, Response, Template, Transaction,
};
use bouya_core::time::Timestamp;

/// How many keys hold coins.
pub(crate) const KEYS: u8 = 4;
/// What each of them holds at the beginning.
pub(crate) const WEALTH: u64 = 1_000_000;

/// The key number `n`.
pub(crate) fn key(n: u8) -> SecretKey {
    static KEYS: OnceLock<Vec<SecretKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| (0..8).map(|n| SecretKey::from_seed(&[n; 32])).collect());
    keys[usize::from(n % 8)].clone()
}

/// The address of key number `n`.
pub(crate) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// The network: four keys hold a million each, the first block takes four hashes.
pub(crate) fn genesis() -> Arc<Genesis> {
    static GENESIS: OnceLock<Arc<Genesis>> = OnceLock::new();
    let make = || {
        let name = Text::try_from("fuzz".to_owned()).unwrap();
        let coin = Coin { symbol: Text::try_from("F".to_owned()).unwrap(), decimals: 2 };
        let blocks = BlockRules { max_bytes: 20_000, ..BlockRules::new(1_000, 4, 50) };
        let spec = NetworkSpec {
            allocations: (0..KEYS).map(|n| Allocation { address: address(n), amount: WEALTH }).collect(),
            ..NetworkSpec::new(name, Timestamp(1_700_000_000_000), coin, blocks)
        };
        Arc::new(Genesis::new(spec).unwrap())
    };
    Arc::clone(GENESIS.get_or_init(make))
}

/// A payment of key `from` to the address of key `to`.
pub(crate) fn pay(from: u8, nonce: u64, to: u8, amount: u64, fee: u64, until: u64) -> Transaction {
    let output = Bounded::truncated([Output { to: address(to), amount }]);
    Transaction::transfer(&genesis().id(), &key(from), nonce, fee, until, output, Text::default())
}

/// What key `from` writes down or says to an agreement, for a small fee.
pub(crate) fn act(from: u8, nonce: u64, action: Action, fee: u64) -> Transaction {
    Transaction::sign(&genesis().id(), &key(from), nonce, fee, u64::MAX, action)
}

/// A record of some data.
pub(crate) fn record(topic: &str, data: &[u8]) -> Action {
    let topic = Text::try_from(topic.to_owned()).unwrap();
    Action::Record { topic, content: Content::Data(Bounded::truncated(data.iter().copied())) }
}

/// A proposal to two parties.
pub(crate) fn proposal(one: u8, other: u8, deadline: Timestamp) -> Proposal {
    let title = Text::try_from("lease".to_owned()).unwrap();
    let parties = Bounded::truncated([one, other].map(address));
    Proposal { title, document: Hash([9; 32]), parties, deadline }
}

/// One of a few things that go together: a record, or a word to one of eight agreements.
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

/// A mined block on `parent`, `gap` milliseconds after it. The transactions are taken as they are.
pub(crate) fn block(
    parent: &Branch,
    transactions: impl IntoIterator<Item = CheckedTransaction>,
    miner: u8,
    gap: u64,
) -> Block {
    let genesis = genesis();
    // The reward is the same in every block: the supply never gets near its end.
    let time = Timestamp(parent.time.0 + gap.max(1));
    let template = Template::new(&genesis, parent, 0, transactions, address(miner), time, &key(miner));
    mined(template)
}

pub(crate) fn mined(template: Template) -> Block {
    let nonce = template.try_nonces(0, 10_000_000).expect("blocks are cheap here");
    template.finish(nonce)
}

/// Finds a nonce for a header that was changed.
pub(crate) fn mine_again(block: &mut Block) {
    let hasher = block.header.before_nonce();
    let difficulty = block.header.difficulty;
    // One that was made too hard stays without work.
    let tries: u64 = if difficulty < 1_000 { 100_000 } else { 0 };
    let found =
        (0..tries).find(|nonce| bouya_core::ledger::meets(&hasher.finish(&nonce.to_le_bytes()), difficulty));
    block.header.nonce = found.unwrap_or_default();
}

/// A chain of `length` empty blocks on `parent`, with its branches.
pub(crate) fn chain(parent: &Branch, length: usize, miner: u8) -> Vec<(Block, Branch)> {
    let mut branch = parent.clone();
    let next = |_| {
        let block = block(&branch, [], miner, 1_000);
        branch.push(&genesis().rules, &block.header).expect("a good block");
        (block, branch.clone())
    };
    (0..length).map(next).collect()
}
