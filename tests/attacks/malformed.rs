//! Bytes that no honest member sends: malformed messages of every kind, and frames that lie about their length.

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Genesis, SyncHeader};
use bouya_core::limits::FRAME_BYTES;
use bouya_core::wire::{Goodbye, GoodbyeReason, Item, Message, PeerEntry, frame};

use super::chain;
use super::member::endpoint;

/// A good message of every kind except goodbye, which would end the connection.
pub(crate) fn messages(genesis: &Genesis) -> Vec<Message> {
    let hash = Hash([7; 32]);
    let transaction = super::daemon::pay(genesis, 9, 0, 2, 5);
    let block = chain::unworked(genesis, &genesis.branch());
    let items =
        || Bounded::truncated([Item::Transaction(hash), Item::Block { id: hash, height: 1, work: 1 }]);
    vec![
        Message::Ping(1),
        Message::Pong(1),
        Message::GetPeers,
        Message::Peers(Bounded::truncated([PeerEntry {
            id: "bob".parse().unwrap(),
            endpoint: endpoint("127.0.0.1", 7),
        }])),
        Message::Announce(items()),
        Message::Request(Bounded::truncated([hash])),
        Message::Transactions(Bounded::truncated([transaction])),
        Message::GetHeaders { locator: Bounded::truncated([hash]), stop: Hash::ZERO },
        Message::Headers(Bounded::truncated([SyncHeader {
            header: block.header.clone(),
            executed: block.body.executed,
        }])),
        Message::GetBlocks(Bounded::truncated([hash])),
        Message::Block(block.into()),
        Message::NotFound(items()),
        Message::Revocations(Bounded::truncated([Bounded::truncated([1, 2, 3])])),
    ]
}

/// Names and malformed frames: each message cut short, with a byte too many, with a wrong count, and message numbers that do not exist.
pub(crate) fn frames(genesis: &Genesis) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for message in messages(genesis) {
        let (name, bytes) = (message.name(), message.to_bytes());
        let mut long = bytes.clone();
        long.push(0);
        all.push((format!("{name} with a byte too many"), frame(&long)));
        if bytes.len() > 1 {
            all.push((format!("{name} cut short"), frame(&bytes[..bytes.len() - 1])));
        }
        if has_count(&message) {
            for count in [u32::MAX, 2_000_000, bytes.len() as u32] {
                let mut lies = bytes.clone();
                lies[1..5].copy_from_slice(&count.to_le_bytes());
                all.push((format!("{name} with a count of {count}"), frame(&lies)));
            }
        }
    }
    for number in [11, 12, 13, 17, 128, 255] {
        all.push((format!("message number {number}"), frame(&[number, 0, 0, 0, 0])));
    }
    let goodbye = Message::Goodbye(Goodbye::new(GoodbyeReason::Age, "x")).to_bytes();
    all.push(("goodbye cut short".into(), frame(&goodbye[..goodbye.len() - 1])));
    all
}

fn has_count(message: &Message) -> bool {
    !matches!(message, Message::Ping(_) | Message::Pong(_) | Message::GetPeers | Message::Block(_))
}

/// Names and bytes of lengths that no frame may have.
pub(crate) fn lengths() -> Vec<(&'static str, Vec<u8>)> {
    let length = |bytes: u32| bytes.to_be_bytes().to_vec();
    vec![
        ("length 2^32 - 1", length(u32::MAX)),
        ("length 2^31", length(1 << 31)),
        ("one more than the longest frame", length(FRAME_BYTES as u32 + 1)),
        ("length 0", length(0)),
    ]
}

/// The length of the longest frame, and this many bytes of it.
pub(crate) fn announced(there: usize) -> Vec<u8> {
    [&(FRAME_BYTES as u32).to_be_bytes()[..], &vec![6; there]].concat()
}
