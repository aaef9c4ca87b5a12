//! A flood of each class: well-formed messages, more of them than any honest member sends.

use std::net::IpAddr;

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Genesis, RawTransaction, SyncHeader, Transaction};
use bouya_core::limits::{CRL_BYTES, CRLS_PER_MESSAGE, IDS_PER_MESSAGE, PEERS_PER_MESSAGE};
use bouya_core::wire::{Item, Message, PeerEntry};

use super::chain;
use super::daemon::pay;
use super::field::Field;
use super::member::{Mad, Manner, endpoint, framed, random_hash};

/// How many transactions are signed in advance. More would only take the attacker's time.
const SIGNED: u64 = 2_000;

/// What an attacker needs for its floods.
pub(crate) struct Means {
    pub(crate) genesis: Genesis,
    /// A block of the best chain, as the victim serves it.
    pub(crate) block: Message,
    /// The id of that block.
    pub(crate) known: Hash,
    /// The CA's list, as the victim has it.
    pub(crate) list: Vec<u8>,
}

impl Means {
    /// Asks the victim, as member `id`.
    pub(crate) async fn gather(field: &Field, id: &str, from: IpAddr) -> Self {
        let mut mad = Mad::greeted(&field.target(), id, from).await.unwrap();
        let branch = chain::branch(&mut mad, &field.consortium.genesis).await;
        let question = Message::GetBlocks(Bounded::truncated([branch.id]));
        let block =
            mad.ask(&question, |message| matches!(message, Message::Block(_)).then_some(message)).await;
        Self { genesis: field.consortium.genesis.clone(), block, known: branch.id, list: field.list() }
    }
}

/// The names of all floods.
pub(crate) const NAMES: [&str; 17] = [
    "ping",
    "pong",
    "get_peers",
    "peers",
    "announce",
    "announce_blocks",
    "request",
    "get_headers",
    "get_blocks",
    "transactions_unfunded",
    "transactions_forged",
    "headers",
    "block_known",
    "block_worthless",
    "not_found",
    "revocations_garbage",
    "revocations_known",
];

/// The manner of a flood.
pub(crate) fn manner(name: &str, means: &Means) -> Manner {
    let genesis = &means.genesis;
    let mut state = u64::from_le_bytes(*b"bouyabou");
    let ids = |state: &mut u64| -> Vec<Hash> { (0..IDS_PER_MESSAGE).map(|_| random_hash(state)).collect() };
    match name {
        "ping" => same(256, &Message::Ping(7)),
        "pong" => same(256, &Message::Pong(7)),
        "get_peers" => same(256, &Message::GetPeers),
        "peers" => Manner::endless(move || Some(framed(&peers(&mut state)))),
        "announce" => Manner::endless(move || {
            let items = ids(&mut state).into_iter().map(Item::Transaction);
            Some(framed(&Message::Announce(Bounded::truncated(items))))
        }),
        "announce_blocks" => Manner::endless(move || {
            let items =
                ids(&mut state).into_iter().map(|id| Item::Block { id, height: 1 << 40, work: 1 << 100 });
            Some(framed(&Message::Announce(Bounded::truncated(items))))
        }),
        "request" => {
            Manner::endless(move || Some(framed(&Message::Request(Bounded::truncated(ids(&mut state))))))
        }
        "get_headers" => {
            let locator = Bounded::truncated([genesis.id()]);
            same(64, &Message::GetHeaders { locator, stop: Hash::ZERO })
        }
        "get_blocks" => same(64, &Message::GetBlocks(Bounded::truncated(vec![means.known; 16]))),
        "transactions_unfunded" => cycle(transactions(|nonce| pay(genesis, 9, nonce, 2, 5))),
        "transactions_forged" => {
            let parts = transactions(|nonce| {
                let good = pay(genesis, 1, nonce, 2, 5);
                RawTransaction { fee: good.fee + 1, ..RawTransaction::clone(&good) }.into()
            });
            cycle(parts)
        }
        "headers" => {
            let Message::Block(block) = &means.block else { unreachable!("a block") };
            same(
                1,
                &Message::Headers(Bounded::truncated(vec![
                    SyncHeader {
                        header: block.header.clone(),
                        executed: block.body.executed
                    };
                    500
                ])),
            )
        }
        "block_known" => same(64, &means.block),
        "block_worthless" => {
            let mut block = chain::unworked(genesis, &genesis.branch());
            Manner::endless(move || {
                block.header.nonce += 1;
                Some(framed(&Message::Block(block.clone().into())))
            })
        }
        "not_found" => Manner::endless(move || {
            let items = ids(&mut state).into_iter().map(Item::Transaction);
            Some(framed(&Message::NotFound(Bounded::truncated(items))))
        }),
        "revocations_garbage" => {
            let list: Bounded<u8, CRL_BYTES> = Bounded::truncated(vec![0x30; CRL_BYTES]);
            same(1, &Message::Revocations(Bounded::truncated(vec![list; CRLS_PER_MESSAGE])))
        }
        "revocations_known" => {
            let list: Bounded<u8, CRL_BYTES> = Bounded::truncated(means.list.clone());
            same(16, &Message::Revocations(Bounded::truncated(vec![list; CRLS_PER_MESSAGE])))
        }
        _ => unreachable!("no flood of this name"),
    }
}

fn same(times: usize, message: &Message) -> Manner {
    let part = framed(message).repeat(times);
    Manner::endless(move || Some(part.clone()))
}

fn cycle(parts: Vec<Vec<u8>>) -> Manner {
    let mut parts = parts.into_iter().cycle();
    Manner::endless(move || parts.next())
}

fn transactions(make: impl Fn(u64) -> Transaction) -> Vec<Vec<u8>> {
    let all: Vec<Transaction> = (0..SIGNED).map(make).collect();
    all.chunks(100)
        .map(|chunk| framed(&Message::Transactions(Bounded::truncated(chunk.iter().cloned()))))
        .collect()
}

/// A message full of made-up members, other ones each time. Nobody listens at their addresses.
pub(crate) fn peers(state: &mut u64) -> Message {
    let entry = |_| {
        let id = format!("fake-{}", &random_hash(state).to_string()[..20]);
        let [a, b, c, ..] = random_hash(state).0;
        PeerEntry { id: id.parse().unwrap(), endpoint: endpoint(&format!("127.{}.{b}.{c}", a | 128), 9) }
    };
    Message::Peers(Bounded::truncated((0..PEERS_PER_MESSAGE).map(entry).collect::<Vec<_>>()))
}
