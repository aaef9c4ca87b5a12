//! Blocks in short, as one node deals with them.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::Alone;
use super::world::{hello, settings};
use crate::codec::Bounded;
use crate::ledger::{Block, BlockOutcome, CompactBlock, Origin};
use crate::limits::{BLOCK_TIMEOUT, COMPACT_FROM};
use crate::overlay::{
    Answer, ConnId, Fault, Input, KeeperRequest, Offer, Output, PeerStatus, PoolRequest, Request,
};
use crate::testing::{unsealed, unsigned};
use crate::wire::{COMPACT_FEATURE, Item, Message};

/// A block of `count` transactions.
fn block(count: usize) -> Arc<Block> {
    unsealed(0, (0..count as u64).map(|n| unsigned(n, 1)).collect())
}

fn short(block: &Block, salt: u64) -> Message {
    Message::CompactBlock(Arc::new(CompactBlock::new(block, salt).unwrap()))
}

fn connect(node: &mut Alone, name: &str) -> ConnId {
    let mut hello = hello(name);
    hello.features.push(COMPACT_FEATURE.to_string());
    node.connect_as(name, hello).0
}

fn sent(outputs: &[Output]) -> Vec<(u64, &Message)> {
    let mut sent = Vec::new();
    for output in outputs {
        if let Output::Send { conn, message } = output {
            sent.push((conn.0, message));
        }
    }
    sent
}

#[test]
fn a_new_block_goes_in_short_to_who_takes_that_and_never_back() {
    let mut node = Alone::new(settings("a", &[]));
    let (short_too, plain, sender) = (connect(&mut node, "b"), node.connect("c").0, connect(&mut node, "d"));
    let (few, many) = (block(COMPACT_FROM - 1), block(COMPACT_FROM));
    node.say(sender, short(&many, 9));
    let out = node.give(Input::Offer(Offer::Block(few.clone())));
    let whole = Message::Block(few);
    assert_eq!(sent(&out), [(short_too.0, &whole), (plain.0, &whole), (sender.0, &whole)]);
    let out = node.give(Input::Offer(Offer::Block(many.clone())));
    let [(to, Message::CompactBlock(compact)), (other, Message::Block(_))] = sent(&out)[..] else {
        panic!("{out:?}")
    };
    assert_eq!((to, other), (short_too.0, plain.0));
    assert_eq!((compact.header.id(), compact.ids.len()), (many.id(), COMPACT_FROM));
    // It lacks some.
    let places = Bounded::truncated([1, 3]);
    let out = node.say(short_too, Message::GetBlockTransactions { block: many.id(), places });
    let [(_, Message::BlockTransactions { transactions, .. })] = sent(&out)[..] else { panic!("{out:?}") };
    assert_eq!(transactions[..], [unsigned(1, 1), unsigned(3, 1)]);
}

#[test]
fn work_comes_before_anything_else() {
    let mut node = Alone::new(settings("a", &[]));
    let conn = connect(&mut node, "b");
    let mut worthless = (*block(5)).clone();
    worthless.header.difficulty = u64::MAX;
    let out = node.say(conn, short(&worthless, 1));
    assert!(!out.iter().any(|output| matches!(output, Output::Ask(_))));
    assert_eq!(node.status("b"), Some(PeerStatus::Banned));
}

#[test]
fn what_is_rebuilt_goes_to_the_chain_once_and_its_copies_nowhere() {
    let mut node = Alone::new(settings("a", &[]));
    let (one, two) = (connect(&mut node, "b"), connect(&mut node, "c"));
    let block = block(5);
    let out = node.say(one, short(&block, 1));
    let Some(Output::Ask(Request::Pool(PoolRequest::Short { key, .. }))) =
        out.iter().find(|output| matches!(output, Output::Ask(Request::Pool(PoolRequest::Short { .. }))))
    else {
        panic!("{out:?}")
    };
    assert!(node.say(two, short(&block, 2)).is_empty());
    let out = node.give(Input::Answer(Answer::Short { key: *key, found: Vec::new() }));
    assert!(matches!(sent(&out)[..], [(conn, Message::GetBlockTransactions { .. })] if conn == one.0));
    let transactions = Bounded::truncated(block.body.transactions.iter().cloned());
    let out = node.say(one, Message::BlockTransactions { block: block.id(), transactions });
    let [Output::Ask(Request::Keeper(KeeperRequest::Take { conn, block: rebuilt, origin: Origin::Pushed }))] =
        &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((*conn, rebuilt), (one, &block));
    // While it is with the chain, and after.
    let three = connect(&mut node, "d");
    assert!(node.say(three, short(&block, 3)).is_empty());
    let outcome = BlockOutcome::Stored;
    node.give(Input::Answer(Answer::BlockDone { conn: one, id: block.id(), outcome }));
    let four = connect(&mut node, "e");
    assert!(node.say(four, short(&block, 4)).is_empty());
}

#[test]
fn a_block_of_which_parts_are_withheld_is_had_from_another() {
    let mut node = Alone::new(settings("a", &[]));
    let (withholds, other) = (connect(&mut node, "b"), connect(&mut node, "c"));
    let block = block(5);
    let out = node.say(withholds, short(&block, 1));
    let Some(Output::Ask(Request::Pool(PoolRequest::Short { key, .. }))) = out.last() else {
        panic!("{out:?}")
    };
    node.give(Input::Answer(Answer::Short { key: *key, found: Vec::new() }));
    node.say(other, short(&block, 2));
    let asked = |outputs: &[Output]| -> Vec<u64> {
        let asks =
            sent(outputs).into_iter().filter(|(_, message)| matches!(message, Message::GetHeaders { .. }));
        asks.map(|(conn, _)| conn).collect()
    };
    let almost = BLOCK_TIMEOUT.checked_sub(Duration::from_millis(1)).unwrap();
    assert!(asked(&node.pass(almost)).is_empty());
    assert_eq!(asked(&node.pass(Duration::from_millis(1))), [other.0]);
    assert_eq!(node.status("b"), Some(PeerStatus::Connected), "a lapse");
}

#[test]
fn what_nobody_asked_for_costs_its_sender() {
    let mut node = Alone::new(settings("a", &[]));
    let conn = connect(&mut node, "b");
    let own = block(5);
    node.give(Input::Offer(Offer::Block(own.clone())));
    let points = Fault::Unasked("").verdict();
    let crate::overlay::Verdict::Points(points) = points else { panic!() };
    for n in 0..crate::limits::POINTS_BAN.div_ceil(points) {
        assert_eq!(node.status("b"), Some(PeerStatus::Connected), "{n}");
        if n % 2 == 0 {
            let transactions = Bounded::truncated([unsigned(1, 1)]);
            node.say(conn, Message::BlockTransactions { block: own.id(), transactions });
        } else {
            let places = Bounded::truncated([5]);
            node.say(conn, Message::GetBlockTransactions { block: own.id(), places });
        }
    }
    assert_eq!(node.status("b"), Some(PeerStatus::Banned));
}

#[test]
fn what_is_too_old_to_be_given_in_parts_is_not_found() {
    let mut node = Alone::new(settings("a", &[]));
    let conn = connect(&mut node, "b");
    let block = block(5);
    let places = Bounded::truncated([0]);
    let out = node.say(conn, Message::GetBlockTransactions { block: block.id(), places });
    let item = Item::Block { id: block.id(), height: 0, work: 0 };
    assert!(matches!(sent(&out)[..], [(_, Message::NotFound(items))] if items[..] == [item]));
}
