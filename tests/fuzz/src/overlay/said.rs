//! What a peer may send: any message, about things that exist and things that do not.

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::overlay::{SessionSecret, Verified};
use bouya_core::time::Timestamp;
use bouya_core::wire::{DialOutcome, Goodbye, GoodbyeReason, Item, Message, PeerEntry};

use super::{id, name, things};
use crate::choices::Choices;

pub(super) fn verified(name: &str, choices: &mut Choices<'_>) -> Verified {
    let not_after = if choices.one_in(16) { Timestamp(choices.number()) } else { Timestamp(u64::MAX) };
    // A certificate may have been renewed with a new key, or somebody else has one for this id.
    let key = Hash([choices.one_in(8).into(); 32]);
    Verified { id: id(name), session: SessionSecret([5; 32]), key, not_after }
}

pub(super) fn goodbye(choices: &mut Choices<'_>) -> Goodbye {
    use GoodbyeReason as R;
    let reasons = [
        R::Shutdown,
        R::Network,
        R::Duplicate,
        R::Full,
        R::Banned,
        R::Certificate,
        R::Fault,
        R::Slow,
        R::Age,
        R::Removed,
    ];
    Goodbye::new(*choices.pick(&reasons).expect("reasons"), "")
}

/// Any message, about things that exist and things that do not.
pub(super) fn message(choices: &mut Choices<'_>) -> Message {
    let things = things();
    let ids = |choices: &mut Choices<'_>| {
        let count = choices.u8() % 24;
        let one = |_| match choices.u8() % 4 {
            0 => Hash([choices.u8(); 32]),
            1 => choices.pick(&things.transactions).expect("there are some").id(),
            _ => choices.pick(&things.blocks).expect("there are some").1.id,
        };
        (0..count).map(one).collect::<Vec<_>>()
    };
    let items = |choices: &mut Choices<'_>| {
        let lies = choices.one_in(4);
        let work = choices.number();
        let item = |id: Hash| match things.blocks.iter().find(|(_, branch)| branch.id == id) {
            Some((_, branch)) if lies => Item::Block { id, height: branch.height, work: work.into() },
            Some((_, branch)) => Item::Block { id, height: branch.height, work: branch.work },
            None => Item::Transaction(id),
        };
        Bounded::truncated(ids(choices).into_iter().map(item))
    };
    match choices.u8() % 16 {
        0 => Message::Ping(choices.u64()),
        1 => Message::Pong(choices.u8().into()),
        2 if choices.one_in(4) => Message::DialBack,
        2 if choices.one_in(8) => Message::DialedBack(DialOutcome::Later),
        2 => Message::GetPeers,
        3 => {
            let entry = |_| {
                let n = choices.u8();
                let endpoint = match choices.u8() % 4 {
                    0 => format!("10.0.{n}.1:7000"),
                    1 => format!("127.0.0.1:{}", 1 + u16::from(n)),
                    2 => "0.0.0.0:1".to_owned(),
                    _ => format!("{}.example:7000", name(n)),
                };
                let id = if n < 128 { id(&name(n)) } else { id(&format!("told{n}-{}", choices.u8())) };
                PeerEntry { id, endpoint: endpoint.parse().expect("an endpoint") }
            };
            Message::Peers(Bounded::truncated((0..12).map(entry)))
        }
        4 | 5 => Message::Announce(items(choices)),
        6 => Message::Request(Bounded::truncated(ids(choices))),
        7 => {
            let count = usize::from(choices.u8() % 9);
            Message::Transactions(Bounded::truncated(things.transactions.iter().take(count).cloned()))
        }
        8 => Message::GetHeaders { locator: Bounded::truncated(ids(choices)), stop: Hash::ZERO },
        9 | 10 => {
            let (from, count) = (usize::from(choices.u8() % 20), usize::from(choices.u8() % 20));
            let headers = things
                .blocks
                .iter()
                .skip(from)
                .take(count)
                .map(|(block, _)| bouya_core::testing::sync_header(block));
            Message::Headers(Bounded::truncated(headers))
        }
        11 => Message::GetBlocks(Bounded::truncated(ids(choices))),
        13 => compact(choices),
        12 => Message::Block(choices.pick(&things.blocks).expect("there are some").0.clone()),
        14 => Message::NotFound(items(choices)),
        _ if choices.one_in(2) => Message::Goodbye(goodbye(choices)),
        _ => Message::Revocations(Bounded::truncated([Bounded::truncated([1, 2, 3])])),
    }
}

/// A message about compact blocks.
fn compact(choices: &mut Choices<'_>) -> Message {
    let things = things();
    match choices.u8() % 4 {
        0 => {
            let mut block = choices.pick(&things.compact).expect("there are some").clone();
            match choices.u8() % 16 {
                0 => block.header.nonce ^= 1,
                1 => block.salt ^= 1,
                2 => block.ids = Bounded::default(),
                3 => block.reward.amount ^= 1,
                _ => (),
            }
            Message::CompactBlock(block.into())
        }
        1 => {
            let block = choices.pick(&things.blocks).expect("there are some").1.id;
            let count = choices.u8() % 10;
            let places = (0..count).map(|_| choices.u8().into()).collect::<Vec<u16>>();
            Message::GetBlockTransactions { block, places: Bounded::truncated(places) }
        }
        _ => {
            let block = choices.pick(&things.blocks).expect("there are some").1.id;
            let count = usize::from(choices.u8() % 10);
            let transactions = things.transactions.iter().take(count).cloned();
            Message::BlockTransactions { block, transactions: Bounded::truncated(transactions) }
        }
    }
}
