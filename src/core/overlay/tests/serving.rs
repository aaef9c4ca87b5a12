//! What a peer gets because it asks, and what asking costs.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::alone::Alone;
use super::world::{id, settings};
use crate::codec::Bounded;
use crate::crypto::{Hash, sha256};
use crate::ledger::{Block, Transaction};
use crate::limits::{
    ANSWER_LEAST_BYTES, BLOCK_REQUESTS_WAITING, HEADER_REQUESTS_WAITING, HEADERS_PER_MESSAGE, OUTPUTS,
    SERVED_PER_PEER, TRANSACTION_REQUESTS_WAITING, USELESS_PER_PEER, WAY_BYTES,
};
use crate::overlay::{
    Answer, CloseReason, ConnId, Input, Output, PeerStatus, PoolRequest, Request, StoreRequest,
    TransactionOutcome,
};
use crate::testing::{unsealed, unsigned};
use crate::wire::{Item, Message};

fn hash(n: u64) -> Hash {
    sha256(&n.to_le_bytes())
}

/// 1.1 MB.
fn block() -> Arc<Block> {
    unsealed(0, vec![unsigned(0, OUTPUTS); 200])
}

fn blocks(ids: impl IntoIterator<Item = u64>) -> Message {
    Message::GetBlocks(Bounded::truncated(ids.into_iter().map(hash)))
}

fn asked(outputs: &[Output]) -> Vec<&Request> {
    let mut queries = Vec::new();
    for output in outputs {
        if let Output::Ask(query) = output {
            queries.push(query);
        }
    }
    queries
}

/// Answers everything with `answer` until nothing is asked; how many questions there were.
fn settle(node: &mut Alone, mut outputs: Vec<Output>, answer: impl Fn(Request) -> Answer) -> usize {
    let mut count = 0;
    while let Some(query) = asked(&outputs).first().map(|query| (*query).clone()) {
        assert_eq!(asked(&outputs).len(), 1, "one at a time");
        count += 1;
        outputs = node.give(Input::Answer(answer(query)));
    }
    count
}

fn missing(request: Request) -> Answer {
    request.unanswered()
}

#[test]
fn questions_wait_one_behind_the_other_each_once_and_few() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let out = node.say(conn, blocks(0..16));
    assert!(matches!(asked(&out)[..], [Request::Store(StoreRequest::Block { id, .. })] if *id == hash(0)));
    for _ in 0..50 {
        assert!(asked(&node.say(conn, blocks(1..16))).is_empty(), "they wait already");
    }
    // What is short does not wait behind what is long.
    let locator = Bounded::truncated([hash(1)]);
    node.say(conn, Message::GetHeaders { locator, stop: Hash::ZERO });
    node.say(conn, Message::Request(Bounded::truncated([hash(2)])));
    let out = node.give(Input::Answer(Answer::Block { conn, id: hash(0), block: None }));
    let item = Item::Block { id: hash(0), height: 0, work: 0 };
    assert!(
        matches!(&out[..], [Output::Send { message: Message::NotFound(items), .. }, Output::Ask(Request::Store(StoreRequest::Headers { .. }))] if items[..] == [item])
    );
    assert_eq!(settle(&mut node, vec![out[1].clone()], missing), 1 + 1 + 15);

    let first = node.say(conn, blocks([0]));
    for n in 0..1_000 {
        node.say(conn, blocks(n * 16..n * 16 + 16));
        node.say(conn, Message::GetHeaders { locator: Bounded::default(), stop: Hash::ZERO });
        let ids = (n * 1_000..n * 1_000 + 10).map(hash);
        node.say(conn, Message::Request(Bounded::truncated(ids)));
    }
    let batches = TRANSACTION_REQUESTS_WAITING / 1_000;
    let most = 1 + BLOCK_REQUESTS_WAITING + HEADER_REQUESTS_WAITING + batches;
    assert_eq!(settle(&mut node, first, missing), most);
    assert_eq!(node.status("b"), Some(PeerStatus::Connected), "not answered, not blamed");
    node.say(conn, blocks([0]));
    node.give(Input::Closed { conn, why: CloseReason::Asked });
    assert!(node.give(Input::Answer(Answer::Headers { conn, headers: Vec::new() })).is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Blocks(u64),
    Headers,
    Transactions(u64),
    Ping,
    GetPeers,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..100_u64).prop_map(Step::Blocks),
        2 => Just(Step::Headers),
        4 => (0..100_u64).prop_map(Step::Transactions),
        1 => Just(Step::Ping),
        1 => Just(Step::GetPeers),
        1 => (0..300_u64).prop_map(Step::Pass),
    ]
}

/// A node whose peer asks without end, and whose store has everything at once.
struct Server {
    node: Alone,
    conn: ConnId,
    block: Arc<Block>,
    block_bytes: u64,
    transactions: Vec<Transaction>,
    sent: u64,
    blocks: u64,
}

impl Server {
    fn new() -> Self {
        let mut node = Alone::new(settings("a", &["d"]));
        let (conn, _) = node.connect("b");
        let block = block();
        let block_bytes = u64::try_from(Message::Block(Arc::clone(&block)).to_bytes().len()).unwrap();
        let transactions = (0..300).map(|n| unsigned(n, OUTPUTS)).collect();
        Self { node, conn, block, block_bytes, transactions, sent: 0, blocks: 0 }
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { message: Message::Block(_), .. } => {
                    self.sent += self.block_bytes;
                    self.blocks += 1;
                }
                Output::Send { message, .. } => self.sent += borsh::object_length(&message).unwrap() as u64,
                Output::Ask(Request::Store(StoreRequest::Headers { conn, .. })) => {
                    let headers = vec![crate::testing::sync_header(&self.block); HEADERS_PER_MESSAGE];
                    self.give(Input::Answer(Answer::Headers { conn, headers }));
                }
                Output::Ask(Request::Store(StoreRequest::Block { conn, id })) => {
                    let block = Some(Arc::clone(&self.block));
                    self.give(Input::Answer(Answer::Block { conn, id, block }));
                }
                Output::Ask(Request::Pool(PoolRequest::Fetch { conn, .. })) => {
                    let found = self.transactions.clone();
                    self.give(Input::Answer(Answer::Transactions { conn, found, missing: Vec::new() }));
                }
                _ => (),
            }
        }
    }

    fn give(&mut self, input: Input) {
        let outputs = self.node.give(input);
        self.take(outputs);
    }

    fn say(&mut self, message: Message) {
        let outputs = self.node.say(self.conn, message);
        self.take(outputs);
    }

    fn pass(&mut self, ms: u64) {
        let end = self.node.now + ms;
        while let Some(next) = self.node.overlay.next_wakeup().filter(|next| next.as_millis() <= end) {
            self.node.now = self.node.now.max(next.as_millis());
            self.give(Input::Wake);
        }
        self.node.now = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn nobody_gets_more_than_its_share_whatever_it_asks(steps in prop::collection::vec(step(), 100..400)) {
        let mut server = Server::new();
        for step in steps {
            match step {
                Step::Blocks(n) => server.say(blocks(n * 16..n * 16 + 16)),
                Step::Headers => server.say(Message::GetHeaders { locator: Bounded::default(), stop: Hash::ZERO }),
                Step::Transactions(n) => server.say(Message::Request(Bounded::truncated((n * 9..n * 9 + 9).map(hash)))),
                Step::Ping => server.say(Message::Ping(7)),
                Step::GetPeers => server.say(Message::GetPeers),
                Step::Pass(ms) => server.pass(ms),
            }
            // Burst and rate, one answer on credit, and what needs no store.
            let (rate, burst) = SERVED_PER_PEER;
            let most = burst + rate * server.node.now / 1_000 + 2 * server.block_bytes + 100_000;
            prop_assert!(server.sent <= most, "{} of {most}", server.sent);
        }
        // Who waits gets it at last, and no offence was seen.
        let before = server.blocks;
        server.say(blocks(5_000..5_016));
        server.pass(10_000);
        prop_assert!(server.blocks >= before + 16);
        let views = server.node.overlay.peers(server.node.time());
        let kept_out = views.iter().any(|view| view.id == id("b") && view.status == PeerStatus::Banned);
        prop_assert!(!kept_out);
    }
}

#[test]
fn every_answer_is_charged_however_short() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    // What is not found costs a read of the store: so many use up the burst, to the byte.
    let answers = SERVED_PER_PEER.1 / ANSWER_LEAST_BYTES as u64;
    for n in 0..answers / 16 {
        let out = node.say(conn, blocks(n * 16..n * 16 + 16));
        assert_eq!(settle(&mut node, out, missing), 16);
    }
    // A pong more, and the peer is in debt.
    node.say(conn, Message::Ping(7));
    assert!(asked(&node.say(conn, blocks([0]))).is_empty());
    assert_eq!(asked(&node.pass(Duration::from_millis(1))).len(), 1);
}

#[test]
fn the_way_to_a_wanted_block_is_charged_for_what_it_costs_to_find() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let ask = |stop| Message::GetHeaders { locator: Bounded::default(), stop: Hash([stop; 32]) };
    let headers = |request: Request| match request {
        Request::Store(StoreRequest::Headers { conn, .. }) => Answer::Headers { conn, headers: vec![] },
        other => panic!("{other:?}"),
    };
    for asked in 0..SERVED_PER_PEER.1 / WAY_BYTES as u64 {
        let out = node.say(conn, ask(7));
        assert_eq!(settle(&mut node, out, headers), 1, "after {asked}");
    }
    assert!(asked(&node.say(conn, ask(7))).is_empty(), "the burst is used up");
    assert_eq!(asked(&node.pass(Duration::from_secs(1))).len(), 1);
}

#[test]
fn dialing_again_does_not_fill_the_share() {
    let mut server = Server::new();
    for n in 0..1_000 {
        server.say(blocks(n * 16..n * 16 + 16));
    }
    let full = server.sent;
    assert!(full >= SERVED_PER_PEER.1);
    server.give(Input::Closed { conn: server.conn, why: CloseReason::Asked });
    let (conn, _) = server.node.connect("b");
    server.conn = conn;
    for n in 0..100 {
        server.say(blocks(n * 16..n * 16 + 16));
    }
    assert!(server.sent < full + 100_000, "{} {full}", server.sent);
}

#[test]
fn transactions_that_nobody_takes_are_checked_no_more_for_a_while() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let (mut checked, mut nonce) = (0, 0);
    let mut flood = |node: &mut Alone, messages: u64| {
        let mut checked = 0;
        for _ in 0..messages {
            let list = (0..500).map(|n| unsigned(nonce + n, 1)).collect::<Vec<_>>();
            nonce += 500;
            let out = node.say(conn, Message::Transactions(Bounded::truncated(list)));
            for output in out {
                let Output::Ask(Request::Pool(PoolRequest::Take { transactions, .. })) = output else {
                    continue;
                };
                checked += transactions.len();
                // Valid, and not wanted: no fee to speak of.
                let ignored = |t: &Transaction| (t.id(), TransactionOutcome::Ignored);
                let outcomes = transactions.iter().map(ignored).collect();
                node.give(Input::Answer(Answer::TransactionsDone { conn, outcomes }));
            }
        }
        checked
    };
    checked += flood(&mut node, 60);
    let (rate, burst) = USELESS_PER_PEER;
    assert!((burst as usize..burst as usize + 1_000).contains(&checked), "{checked}");
    node.pass(Duration::from_secs(10));
    checked += flood(&mut node, 60);
    assert!(checked <= (burst + 11 * rate) as usize, "{checked}");
    assert_eq!(node.status("b"), Some(PeerStatus::Connected), "a full mempool is nobody's fault");
}
