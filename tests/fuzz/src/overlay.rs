//! The overlay, given any inputs in any order. A shell around it holds what a real one would hold.

use std::sync::{Arc, OnceLock};

use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::{
    BackfillError, Block, BlockFault, BlockOutcome, Branch, CompactBlock, ShortId, Transaction,
};
use bouya_core::limits::{BACKFILL_BLOCKS, CONNECTED};
use bouya_core::overlay::{
    Answer, Backfilled, Book, CloseReason, Command, DialError, Fault, Input, KeeperRequest, MembersFound,
    Offer, OverlaySettings, PoolRequest, Request, StoreRequest, Tip, TransactionOutcome,
};
use bouya_core::time::Timestamp;
use bouya_core::wire::{CrlSummary, DialOutcome, TipSummary};

use self::said::{goodbye, message, verified};
use self::shell::Shell;
use crate::choices::Choices;
use crate::small;
use crate::wire::{endpoint_of, hello_of};

mod said;
mod shell;

/// This node.
const OWN: &str = "node5";

pub(crate) fn settings(name: &str) -> OverlaySettings {
    OverlaySettings {
        id: name.parse().expect("an id"),
        genesis: small::genesis(),
        agent: "bouya/fuzz".to_owned(),
        instance: "first".to_owned(),
        advertise: Some(endpoint_of(name)),
        bootstrap: ["node1", "node8"].map(|name| (id(name), endpoint_of(name))).into(),
        blacklist: vec![id("node9")],
        max_connected: CONNECTED,
        book: Book::default(),
        seed: 7,
    }
}

fn id(name: &str) -> NodeId {
    name.parse().expect("an id")
}

fn name(n: u8) -> String {
    format!("node{}", n % 24)
}

/// The blocks and transactions that messages are about.
struct Things {
    blocks: Vec<(Arc<Block>, Branch)>,
    /// The block with all transactions, as a compact block of two senders.
    compact: Vec<CompactBlock>,
    transactions: Vec<Transaction>,
}

fn things() -> &'static Things {
    static THINGS: OnceLock<Things> = OnceLock::new();
    THINGS.get_or_init(|| {
        let genesis = small::genesis().branch();
        let main = small::chain(&genesis, 12, 1);
        let side = small::chain(&main[5].1, 8, 2);
        let mut wrong = main[3].clone();
        Arc::make_mut(&mut wrong.0).body.reward.amount += 1;
        let transactions: Vec<_> =
            (0..8).map(|n| small::pay(n % 4, u64::from(n / 4), 1, 5, 300, 99)).collect();
        // Another twelfth block, with transactions in it.
        let mut branch = main[10].1.clone();
        let full = small::block(&branch, transactions.clone(), 3, 1_000);
        branch.push(&small::genesis().rules, &full.header, None);
        let compact = (1..3).filter_map(|salt| CompactBlock::new(&full, salt)).collect();
        let blocks = main.into_iter().chain(side).chain([wrong, (full, branch)]).collect();
        Things { blocks, compact, transactions }
    })
}

/// Whatever peers, operators, chain and clock do: nothing panics, nothing is sent to a peer that is gone, dials are paced, no peer is up twice,
/// ups and downs come in pairs, one input does not lead to outputs without end, and every wake-up does something.
pub fn overlay(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut shell = Shell::new(choices.u8().into());
    for _ in 0..400 {
        if choices.is_empty() {
            break;
        }
        shell.step(&mut choices);
        shell.check();
    }
    shell.settle();
}

impl Shell {
    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.u8() % 16 {
            0 | 1 => {
                // Only peers that answer pings stay connected for long.
                let (ms, live) = match choices.u8() % 4 {
                    0 => (u64::from(choices.u8()), true),
                    1 => (u64::from(choices.u16()), false),
                    2 => (1_000 * u64::from(choices.u16()), false),
                    _ => (1_000 * u64::from(choices.u16()), self.open.len() <= 2),
                };
                self.pass(ms, live);
            }
            2 => {
                let (name, address) = (name(choices.u8()), [10, 0, 0, choices.u8()]);
                let conn = self.connection(&name);
                let peer = verified(&name, choices);
                self.give(Input::Accepted { conn, peer, address: address.into() });
            }
            3 => self.answer_dial(choices),
            4 | 5 => self.hello(choices),
            6..=9 => {
                let Some((conn, _)) = self.pick(choices) else { return };
                let message = message(choices);
                // The size is the frame's real one, as in the shell.
                let size = message.to_bytes().len();
                self.give(Input::Received { conn, message, size });
            }
            10 => self.close(choices),
            11 => self.command(choices),
            12 | 13 => self.answer(choices),
            14 => self.own(choices),
            _ => {
                let Some((conn, _)) = self.pick(choices) else { return };
                let fault = match choices.u8() % 4 {
                    0 => Fault::Frame,
                    1 => Fault::Message("announce"),
                    2 => Fault::Flood("frames"),
                    _ if choices.one_in(2) => return self.give(Input::Reloaded),
                    _ if choices.one_in(2) => return self.give(Input::AskBack),
                    _ => return self.give(Input::Revoked { conn, why: String::new() }),
                };
                self.give(Input::Broken { conn, fault });
            }
        }
    }

    fn answer_dial(&mut self, choices: &mut Choices<'_>) {
        if let Some(session) = self.backs.pop_front() {
            let outcomes = [DialOutcome::Connected, DialOutcome::NoAnswer, DialOutcome::Stranger];
            let outcome = *choices.pick(&outcomes).expect("outcomes");
            return self.give(Input::DialedBack { session, outcome });
        }
        let Some((id, endpoint)) = self.dials.pop_front() else { return };
        let why = match choices.u8() % 8 {
            0 => DialError::Unreachable(String::new()),
            1 => DialError::Certificate("expired".to_owned()),
            2 => DialError::Handshake(String::new()),
            _ => {
                // TLS has proven the id that was dialed; otherwise the dial would have failed.
                let conn = self.connection(id.as_str());
                let peer = verified(id.as_str(), choices);
                return self.give(Input::Dialed { conn, peer, endpoint });
            }
        };
        self.give(Input::DialFailed { id, endpoint, why });
    }

    fn hello(&mut self, choices: &mut Choices<'_>) {
        let Some((conn, name)) = self.pick(choices) else { return };
        let things = things();
        let (_, tip) = choices.pick(&things.blocks).expect("there are blocks");
        let mut hello = hello_of(&name, tip);
        hello.instance = format!("{}", choices.u8() % 3);
        match choices.u8() % 16 {
            0 => hello.network = Hash::ZERO,
            1 => hello.protocols = (choices.u16(), choices.u16()),
            2 => hello.id = id("node3"),
            3 => hello.rules = Hash::ZERO,
            4 => hello.tip.work = choices.number().into(),
            5 => hello.tip = TipSummary { height: u64::MAX, hash: Hash::ZERO, work: u128::MAX },
            6 => hello.listen = None,
            7 => hello.listen = "127.0.0.1:1".parse().ok(),
            8 => {
                hello.crls =
                    vec![CrlSummary { issuer: Hash::ZERO, number: "1".to_owned(), hash: Hash::ZERO }; 9]
            }
            9 => hello.time_ms = choices.number(),
            _ => (),
        }
        self.give(Input::Hello { conn, hello });
    }

    fn close(&mut self, choices: &mut Choices<'_>) {
        let Some((conn, _)) = self.pick(choices) else { return };
        let why = match choices.u8() % 7 {
            0 => CloseReason::Lost(String::new()),
            1 => CloseReason::Certificate(String::new()),
            2 => CloseReason::Slow,
            3 => CloseReason::NoHello,
            4 => CloseReason::Asked,
            _ => CloseReason::Goodbye(goodbye(choices)),
        };
        self.give(Input::Closed { conn, why });
    }

    fn command(&mut self, choices: &mut Choices<'_>) {
        let name = name(choices.u8());
        let command = match choices.u8() % 16 {
            0..=5 => Command::AddPeer(id(&name), endpoint_of(&name)),
            6..=8 => Command::RemovePeer(id(&name)),
            9..=11 => Command::Blacklist(id(&name)),
            12..=14 => Command::Unblacklist(id(&name)),
            // Rarely, because little happens afterwards.
            _ if choices.u8() < 32 => {
                self.stopping = true;
                Command::Shutdown
            }
            _ => return,
        };
        match &command {
            Command::AddPeer(id, _) => drop(self.named.insert(id.clone())),
            // All that is known of it goes.
            Command::RemovePeer(id) => drop(self.dialed_back.remove(id)),
            _ => (),
        }
        self.give(Input::Command(command));
    }

    /// Answers one of the open questions, correctly or not.
    fn answer(&mut self, choices: &mut Choices<'_>) {
        if self.asked.is_empty() {
            return;
        }
        let at = choices.within(0..self.asked.len());
        let Some(request) = self.asked.remove(at) else { return };
        let things = things();
        let found = |id: &Hash| things.blocks.iter().find(|(_, branch)| branch.id == *id);
        let lacks = choices.one_in(4);
        let answer = match request {
            Request::Store(StoreRequest::Headers { conn, .. }) => {
                let count = usize::from(choices.u8() % 30);
                let headers = things
                    .blocks
                    .iter()
                    .map(|(block, _)| bouya_core::testing::sync_header(block))
                    .take(count)
                    .collect();
                Answer::Headers { conn, headers }
            }
            Request::Store(StoreRequest::Block { conn, id }) => {
                let block = found(&id).filter(|_| !lacks).map(|(block, _)| block.clone());
                Answer::Block { conn, id, block }
            }
            Request::Pool(PoolRequest::Fetch { conn, ids }) => {
                let has = |id: &&Hash| !lacks && things.transactions.iter().any(|t| t.id() == **id);
                let missing = ids.iter().filter(|id| !has(id)).copied().collect();
                let known = things.transactions.iter().filter(|t| !lacks && ids.contains(&t.id()));
                Answer::Transactions { conn, found: known.cloned().collect(), missing }
            }
            Request::Pool(PoolRequest::Short { key, block }) => {
                let has = |short: &ShortId| {
                    let mut all = things.transactions.iter();
                    all.find(|known| !choices.one_in(8) && key.short(&known.id()) == *short).cloned()
                };
                Answer::Short { key, found: block.ids.iter().filter(|_| !lacks).map(has).collect() }
            }
            Request::Keeper(KeeperRequest::Branch(id)) => {
                Answer::Branch { id, branch: found(&id).filter(|_| !lacks).map(|(_, branch)| branch.clone()) }
            }
            Request::Keeper(KeeperRequest::Members { branch, block, .. }) => {
                let found = match choices.u8() % 4 {
                    0 => MembersFound::Roster(branch.members.roster().clone()),
                    1 => MembersFound::Invalid("made up".to_owned()),
                    _ => MembersFound::NotYet,
                };
                Answer::Members { id: block.id(), found }
            }
            Request::Keeper(KeeperRequest::Beside { .. }) => Answer::Noted,
            Request::Keeper(KeeperRequest::Backfill(span)) => {
                let result = match choices.u8() % 4 {
                    0 => Ok(Backfilled::NotNow),
                    1 => Err(BackfillError::Wrong(span.from)),
                    _ => Ok(Backfilled::All),
                };
                Answer::Backfilled(result)
            }
            Request::Store(StoreRequest::MissingBodies(below)) => {
                let from = below.saturating_sub(BACKFILL_BLOCKS).max(1);
                let missing = things.blocks.iter().map(|(block, _)| block.id()).filter(|_| choices.one_in(2));
                Answer::MissingBodies((!lacks).then(|| (from, missing.collect())))
            }
            Request::Store(StoreRequest::Missing(ids)) => {
                Answer::Missing(ids.into_iter().filter(|_| !choices.one_in(8)).collect())
            }
            Request::Keeper(KeeperRequest::Take { conn, block, .. }) => {
                let outcome = match choices.u8() % 8 {
                    0 => BlockOutcome::Known,
                    1 => BlockOutcome::Early { due: block.header.time, bytes: 0 },
                    2 => BlockOutcome::UnknownParent,
                    3 => BlockOutcome::Ignored,
                    4 => {
                        let faults = [BlockFault::Copy, BlockFault::Block, BlockFault::Computed];
                        let fault = *choices.pick(&faults).unwrap_or(&BlockFault::Copy);
                        BlockOutcome::Invalid { fault, why: "it is".to_owned() }
                    }
                    _ => BlockOutcome::Stored,
                };
                Answer::BlockDone { conn, id: block.id(), outcome }
            }
            Request::Pool(PoolRequest::Take { conn, transactions }) => {
                let outcome = |transaction: &Transaction| {
                    let outcome = match choices.u8() % 4 {
                        0 => TransactionOutcome::Invalid("it is".to_owned()),
                        1 => TransactionOutcome::Ignored,
                        _ => TransactionOutcome::Taken,
                    };
                    (transaction.id(), outcome)
                };
                Answer::TransactionsDone { conn, outcomes: transactions.iter().map(outcome).collect() }
            }
        };
        self.give(Input::Answer(answer));
    }

    /// An input from the node itself: a tip, an offer, a clock, revocation lists.
    fn own(&mut self, choices: &mut Choices<'_>) {
        let things = things();
        let (block, branch) = choices.pick(&things.blocks).expect("there are blocks").clone();
        let input = match choices.u8() % 5 {
            0 => Input::Tip(Tip {
                locator: vec![branch.id, small::genesis().id()],
                finalized: (0, small::genesis().id()),
                lowest: u64::from(choices.u8()),
                wanted_below: choices.one_in(2).then(|| u64::from(choices.u8())),
                branch,
            }),
            1 => Input::Offer(Offer::Block(block)),
            2 => {
                let count = usize::from(choices.u8() % 9);
                let mut list = things.transactions.iter().take(count).cloned();
                let own = list.by_ref().take(count / 2).collect();
                Input::Offer(Offer::Transactions { own, relayed: list.collect() })
            }
            3 => Input::Clock(Timestamp(choices.number())),
            _ => {
                let hash = Hash([choices.u8(); 32]);
                Input::Crls(vec![CrlSummary { issuer: Hash::ZERO, number: "1".to_owned(), hash }])
            }
        };
        self.give(input);
    }
}

pub(crate) fn overlay_seeds() -> Vec<Vec<u8>> {
    let accept = |n: u8| vec![2, n, 1, 1, 1];
    // The bytes: a pick takes two; a hello is pick, tip, instance, kind.
    let hello = |at: u8, tip: u8| vec![4, at, 0, tip, 0, 1, 12];
    let tell = |at: u8, message: &[u8]| [&[6, at, 0], message].concat();
    let wait = |seconds: u8| vec![0, 2, seconds, 0];
    let live = |seconds: u16| [&[0, 3], &seconds.to_le_bytes()[..]].concat();
    let together = [accept(1), hello(0, 0), accept(2), hello(1, 11), wait(1)].concat();
    let headers = tell(1, &[9, 0, 12]);
    let fetch: Vec<u8> = (0..12).flat_map(|n| [tell(1, &[12, n, 0]), vec![13, 0, 0, 7]].concat()).collect();
    vec![
        [vec![1], together.clone(), headers.clone(), vec![12, 0, 0, 1], fetch, wait(60)].concat(),
        [vec![2], together.clone(), tell(0, &[3]), [6; 40].to_vec(), wait(5), [3; 40].to_vec()].concat(),
        [
            vec![3],
            together.clone(),
            tell(0, &[7, 8]),
            vec![13, 0, 0, 2, 3, 2, 3],
            wait(9),
            tell(1, &[6, 3, 1, 1, 0]),
        ]
        .concat(),
        [vec![4], accept(1), hello(0, 3), accept(1), hello(1, 3), wait(3), accept(1), hello(2, 3), wait(70)]
            .concat(),
        [vec![5], [3, 9, 3, 9].repeat(9), wait(100), [2, 3].repeat(30)].concat(),
        // One question after the other.
        [
            vec![8],
            together.clone(),
            tell(0, &[11, 3, 2, 0, 0, 2, 1, 0, 2, 2, 0]),
            tell(0, &[8, 1, 2, 0, 0]),
            tell(1, &[6, 2, 1, 0, 0, 1, 1, 0]),
            vec![12, 0, 0, 1, 12, 0, 0, 1, 9, 12, 0, 0, 1],
            wait(1),
        ]
        .concat(),
        // Compact blocks: all transactions known; some asked for and given; some given too late; one of this node's own blocks asked for.
        [
            vec![10],
            together.clone(),
            vec![14, 10, 0, 0],
            tell(0, &[13, 0, 0, 0, 9]),
            vec![12, 0, 0, 1],
            vec![13, 0, 0, 7],
        ]
        .concat(),
        [
            vec![11],
            together.clone(),
            vec![14, 10, 0, 0],
            tell(0, &[13, 0, 0, 0, 9]),
            tell(1, &[13, 0, 1, 0, 9]),
            vec![12, 0, 0, 3],
            tell(0, &[13, 2, 21, 0, 8]),
            vec![13, 0, 0, 7],
            wait(9),
            tell(0, &[13, 2, 21, 0, 8]),
        ]
        .concat(),
        [
            vec![12],
            together.clone(),
            vec![14, 10, 0, 0],
            tell(1, &[13, 0, 1, 0, 9]),
            vec![12, 0, 0, 3],
            wait(3),
            vec![14, 21, 0, 1],
            tell(0, &[13, 1, 21, 0, 3, 0, 1, 2]),
            tell(0, &[13, 1, 21, 0, 1, 9]),
        ]
        .concat(),
        // Many peers to dial, none of them there.
        [vec![9], (10..23).flat_map(|n| [11, n, 0]).collect(), [0, 0, 40, 3, 0, 3, 0, 3, 0].repeat(30)]
            .concat(),
        // Old connections: one that the peer opened, for 27 hours; one that this node opened, for a day, with a renewal.
        [vec![6], accept(1), hello(0, 0), live(65_535), live(40_000)].concat(),
        [
            vec![7],
            vec![0, 1, 255, 0, 3, 7, 1, 1],
            hello(0, 0),
            live(65_535),
            live(31_000),
            vec![3, 7, 1, 1],
            hello(1, 0),
            vec![6, 1, 0, 0],
            live(60),
        ]
        .concat(),
        (0..=255).cycle().take(2_000).collect(),
    ]
}
