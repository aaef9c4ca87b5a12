//! A node's chain and its peers, under a virtual clock.

use alloc::collections::BTreeSet;
use alloc::string::ToString;
use core::time::Duration;

use super::fake::{FakePeer, Manner};
use super::*;
use crate::ledger::{BackfillError, BlockFault, Checkpoint, Contradiction, Span};
use crate::limits::{BACKFILL_BLOCKS, BLOCK_REQUESTS_PER_PEER, BLOCKS_PER_REQUEST};
use crate::overlay::Backfilled;

enum Happening {
    ToPeer(ConnId, Message),
    FromPeer(ConnId, Message),
    Missing(Vec<Hash>),
    Branch(Hash, Option<Branch>),
    Members(Hash, MembersFound),
    MissingBodies(Option<(u64, Vec<Hash>)>),
    Backfill(Span),
    Submitted(ConnId, Arc<Block>),
}

pub(super) struct World {
    pub(super) sync: BlockSync,
    pub(super) now: Time,
    pub(super) tip: Branch,
    pub(super) finalized: (u64, Hash),
    pub(super) stored: BTreeMap<Hash, Branch>,
    parents: BTreeMap<Hash, Hash>,
    /// The bodies below this height are missing.
    pub(super) lowest: u64,
    /// What became of the next spans, if not all of it is taken in.
    pub(super) backfilled: VecDeque<Result<Backfilled, BackfillError>>,
    /// Spans given to the keeper.
    pub(super) spans: Vec<Span>,
    /// Ids that are invalid, and ids whose time has not come.
    pub(super) invalid: BTreeSet<Hash>,
    pub(super) invalid_by: BlockFault,
    pub(super) early: BTreeSet<Hash>,
    peers: BTreeMap<ConnId, FakePeer>,
    ahead: BTreeMap<(Time, usize), Happening>,
    count: usize,
    /// In the order in which the chain stored them.
    pub(super) submitted: Vec<Hash>,
    /// Blocks that were given to the chain before their parents.
    pub(super) out_of_order: usize,
    pub(super) blamed: Vec<(u64, Fault)>,
    /// Certified blocks whose branch contradicts what is here, and how.
    pub(super) beside: Vec<(Hash, Contradiction)>,
    /// What the members decided follows from something final that this node does not have.
    pub(super) unsettled: bool,
    pub(super) events: Vec<(Time, NetworkEvent)>,
    pub(super) asked_headers: usize,
    pub(super) most_held: usize,
    /// Bytes that the window held and might come to hold.
    pub(super) most_bytes: usize,
    pub(super) most_ids: usize,
    pub(super) most_marks: usize,
}

impl World {
    pub(super) fn new(blocks: &[Arc<Block>]) -> Self {
        let tip = genesis().branch();
        let mut world = Self {
            sync: BlockSync::new(genesis(), Time::default()),
            now: Time::from_millis(1_000_000),
            stored: [(tip.id, tip.clone())].into(),
            finalized: (0, tip.id),
            tip,
            parents: BTreeMap::new(),
            lowest: 1,
            backfilled: VecDeque::new(),
            spans: vec![],
            invalid: BTreeSet::new(),
            invalid_by: BlockFault::Block,
            early: BTreeSet::new(),
            peers: BTreeMap::new(),
            ahead: BTreeMap::new(),
            count: 0,
            submitted: vec![],
            out_of_order: 0,
            blamed: vec![],
            beside: vec![],
            unsettled: false,
            events: vec![],
            asked_headers: 0,
            most_held: 0,
            most_bytes: 0,
            most_ids: 0,
            most_marks: 0,
        };
        for block in blocks {
            assert_eq!(world.store(block), BlockOutcome::Stored);
        }
        world.tell_tip();
        world.submitted.clear();
        world
    }

    pub(super) fn connect(&mut self, conn: u64, blocks: &[Arc<Block>], manner: Manner, latency: u64) {
        self.connect_as(&alloc::format!("n{conn}"), conn, blocks, manner, latency);
    }

    /// A new connection of this peer.
    pub(super) fn connect_as(
        &mut self,
        id: &str,
        conn: u64,
        blocks: &[Arc<Block>],
        manner: Manner,
        latency: u64,
    ) {
        let tip = match &manner {
            Manner::Claims(tip) | Manner::Replays(tip) => tip.clone(),
            _ => tip_of(blocks),
        };
        let lowest = if let Manner::Prunes { said, .. } = manner { said } else { 0 };
        self.peers.insert(ConnId(conn), FakePeer::new(blocks, manner, latency));
        self.sync.peer_up(self.now, ConnId(conn), id.parse().unwrap(), tip, lowest);
        self.drain();
    }

    /// A peer's best chain is this now. It knows those from before, but serves only this.
    pub(super) fn reorganise(&mut self, conn: u64, blocks: &[Arc<Block>]) {
        self.peers.get_mut(&ConnId(conn)).unwrap().reorganise(blocks);
    }

    /// A peer has stored this chain too.
    pub(super) fn also(&mut self, conn: u64, blocks: &[Arc<Block>]) {
        self.peers.get_mut(&ConnId(conn)).unwrap().side = blocks.to_vec();
    }

    /// A peer is like this from now on.
    pub(super) fn becomes(&mut self, conn: u64, manner: Manner, latency: u64) {
        let peer = self.peers.get_mut(&ConnId(conn)).unwrap();
        (peer.manner, peer.latency) = (manner, latency);
    }

    /// A peer announces the end of this chain, which is its best one now.
    pub(super) fn moves_to(&mut self, conn: u64, blocks: &[Arc<Block>]) {
        self.reorganise(conn, blocks);
        let tip = tip_of(blocks);
        let item = Item::Block { id: tip.hash, height: tip.height, work: tip.work };
        self.deliver(conn, Message::Announce(Bounded::truncated([item])));
    }

    /// The last of these blocks is final, and the best chain ends at the end of `best`.
    pub(super) fn finalize(&mut self, blocks: &[Arc<Block>], best: &[Arc<Block>]) {
        self.finalized = (blocks.len() as u64, tip_of(blocks).hash);
        self.tip = self.stored[&tip_of(best).hash].clone();
        self.tell_tip();
        self.drain();
    }

    /// The end of this chain is wanted.
    pub(super) fn want(&mut self, blocks: &[Arc<Block>]) {
        let (height, block) = (blocks.len() as u64, tip_of(blocks).hash);
        self.sync.want(self.now, Checkpoint { epoch: 1, height, block });
        self.drain();
    }

    /// The same every second while it is not stored, for so many seconds at most. Says how many it took.
    pub(super) fn want_for(&mut self, blocks: &[Arc<Block>], seconds: u64) -> u64 {
        for second in 0..seconds {
            if self.stored.contains_key(&tip_of(blocks).hash) {
                return second;
            }
            self.want(blocks);
            self.run(1_000);
            assert!(!matches!(self.sync.status(), SyncStatus::Syncing { .. }), "a goal is no sync");
        }
        seconds
    }

    /// How many blocks a peer has sent.
    pub(super) fn served(&self, conn: u64) -> usize {
        self.peers[&ConnId(conn)].served
    }

    pub(super) fn disconnect(&mut self, conn: u64) {
        self.peers.remove(&ConnId(conn));
        self.sync.peer_down(self.now, ConnId(conn));
        self.drain();
    }

    /// A peer sends something of its own accord.
    pub(super) fn deliver(&mut self, conn: u64, message: Message) {
        self.plan(0, Happening::FromPeer(ConnId(conn), message));
        self.run(0);
    }

    /// Lets `ms` milliseconds pass, or until nothing is going to happen any more.
    pub(super) fn run(&mut self, ms: u64) {
        let end = self.now.after(Duration::from_millis(ms));
        loop {
            let happening = self.ahead.keys().next().map(|(at, _)| *at);
            let wake = self.sync.next_wakeup();
            let Some(next) = happening.into_iter().chain(wake).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if happening == Some(next) {
                let (_, happening) = self.ahead.pop_first().unwrap();
                self.happens(happening);
            } else {
                self.sync.wake(self.now);
                let next = self.sync.next_wakeup();
                assert!(next.is_none_or(|next| next > self.now), "a wake-up that does nothing");
            }
            self.drain();
        }
        self.now = end;
    }

    fn plan(&mut self, ms: u64, happening: Happening) {
        self.count += 1;
        self.ahead.insert((self.now.after(Duration::from_millis(ms)), self.count), happening);
    }

    fn drain(&mut self) {
        self.most_held = self.most_held.max(self.sync.fetch.held());
        self.most_bytes = self.most_bytes.max(self.sync.fetch.bytes());
        if let Some(header_sync) = &self.sync.header_sync {
            self.most_ids = self.most_ids.max(header_sync.held().0);
            self.most_marks = self.most_marks.max(header_sync.held().1);
        }
        while let Some(act) = self.sync.poll() {
            match act {
                Act::Send(conn, message) => {
                    let Some(peer) = self.peers.get_mut(&conn) else { panic!("sent to who is gone") };
                    match &message {
                        Message::GetHeaders { .. } => self.asked_headers += 1,
                        Message::GetBlocks(ids) => {
                            assert!(ids.len() <= BLOCKS_PER_REQUEST);
                            peer.in_flight += ids.len();
                            let honest = !matches!(peer.manner, Manner::Withholds(_));
                            assert!(peer.in_flight <= BLOCK_REQUESTS_PER_PEER || !honest);
                        }
                        other => panic!("{other:?}"),
                    }
                    let latency = peer.latency;
                    self.plan(latency, Happening::ToPeer(conn, message));
                }
                Act::Ask(Request::Keeper(KeeperRequest::Branch(id))) => {
                    self.plan(1, Happening::Branch(id, self.stored.get(&id).cloned()));
                }
                Act::Ask(Request::Store(StoreRequest::Missing(ids))) => {
                    let missing = ids.into_iter().filter(|id| !self.stored.contains_key(id)).collect();
                    self.plan(1, Happening::Missing(missing));
                }
                Act::Ask(Request::Keeper(KeeperRequest::Take { conn, block, .. })) => {
                    self.plan(1, Happening::Submitted(conn, block));
                }
                Act::Ask(Request::Keeper(KeeperRequest::Members { branch, block, .. })) => {
                    self.plan(1, Happening::Members(block.id(), self.members_after(&branch, &block)));
                }
                Act::Ask(Request::Keeper(KeeperRequest::Beside { block, how })) => {
                    self.beside.push((block, how));
                }
                Act::Ask(Request::Store(StoreRequest::MissingBodies(below))) => {
                    let from = below.saturating_sub(BACKFILL_BLOCKS).max(1);
                    let ids = (from..below).map(|height| self.best()[height as usize]).collect();
                    self.plan(1, Happening::MissingBodies(Some((from, ids))));
                }
                Act::Ask(Request::Keeper(KeeperRequest::Backfill(span))) => {
                    self.plan(1, Happening::Backfill(span));
                }
                Act::Blame(conn, fault) => self.blamed.push((conn.0, fault)),
                Act::Event(event) => self.events.push((self.now, event)),
                other => panic!("{other:?}"),
            }
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::ToPeer(conn, message) => {
                let Some(peer) = self.peers.get_mut(&conn) else { return };
                let (latency, answers) = (peer.latency, peer.answer(message));
                for answer in answers {
                    self.plan(latency, Happening::FromPeer(conn, answer));
                }
            }
            Happening::Missing(ids) => self.sync.missing(self.now, ids),
            Happening::Branch(id, branch) => self.sync.branch(self.now, id, branch),
            Happening::MissingBodies(found) => self.sync.missing_bodies(self.now, found),
            Happening::Backfill(span) => {
                self.spans.push(span.clone());
                let result = self.backfilled.pop_front().unwrap_or(Ok(Backfilled::All));
                if result == Ok(Backfilled::All) {
                    assert_eq!(span.blocks.len() as u64, self.lowest - span.from);
                    self.lowest = span.from;
                    self.tell_tip();
                }
                self.sync.backfilled(self.now, result);
            }
            Happening::Members(id, found) => self.sync.members(self.now, id, found),
            Happening::Submitted(conn, block) => {
                let before = self.tip.id;
                let (id, outcome) = (block.id(), self.store(&block));
                self.sync.block_done(self.now, conn, id, outcome);
                if self.tip.id != before {
                    self.tell_tip();
                }
            }
            Happening::FromPeer(conn, _) if !self.peers.contains_key(&conn) => {}
            Happening::FromPeer(conn, Message::Headers(list)) => {
                self.sync.headers(self.now, conn, list.into_inner());
            }
            Happening::FromPeer(conn, Message::Block(block)) => self.sync.block(self.now, conn, block),
            Happening::FromPeer(conn, Message::NotFound(items)) => {
                self.sync.not_found(self.now, conn, &items)
            }
            Happening::FromPeer(conn, Message::Announce(items)) => {
                self.sync.announced(self.now, conn, &items)
            }
            Happening::FromPeer(_, other) => panic!("{other:?}"),
        }
    }

    /// What the chain says of a block that may put other members into force.
    fn members_after(&self, branch: &Branch, block: &Block) -> MembersFound {
        if block.body.root(block.header.height) != block.header.body || self.unsettled {
            return MembersFound::NotYet;
        }
        match block.body.certificate {
            None => MembersFound::Invalid("it puts none into force".to_string()),
            Some(_) => MembersFound::Roster(branch_with(&genesis(), branch, block).members.roster().clone()),
        }
    }

    /// What the chain does with a block.
    fn store(&mut self, block: &Arc<Block>) -> BlockOutcome {
        let id = block.id();
        let invalid = |fault| BlockOutcome::Invalid { fault, why: "it is".into() };
        if self.stored.contains_key(&id) {
            return BlockOutcome::Known;
        }
        if self.invalid.contains(&id) {
            return invalid(self.invalid_by);
        }
        let Some(parent) = self.stored.get(&block.header.parent) else {
            self.out_of_order += 1;
            return BlockOutcome::UnknownParent;
        };
        let branch = branch_with(&genesis(), parent, block);
        if self.early.contains(&id) {
            return BlockOutcome::Early { due: block.header.time, bytes: 0 };
        }
        if block.body.root(branch.height) != block.header.body {
            return invalid(BlockFault::Copy);
        }
        self.submitted.push(id);
        self.parents.insert(id, block.header.parent);
        if branch.beats(&self.tip) {
            self.tip = branch.clone();
        }
        self.stored.insert(id, branch);
        BlockOutcome::Stored
    }

    /// The ids of the best chain, by height.
    fn best(&self) -> Vec<Hash> {
        let (mut at, mut best) = (self.tip.id, vec![self.tip.id]);
        while let Some(parent) = self.parents.get(&at) {
            at = *parent;
            best.push(at);
        }
        best.reverse();
        best
    }

    /// Has the bodies from this height on only.
    pub(super) fn lacks_below(&mut self, height: u64) {
        self.lowest = height;
        self.tell_tip();
        self.drain();
    }

    pub(super) fn tell_tip(&mut self) {
        let best: Vec<_> = self.best().into_iter().rev().collect();
        // The last ten, then doubling steps.
        let mut steps =
            (0..10).chain((4..).map(|bits| 1_usize << bits)).take_while(|step| *step + 1 < best.len());
        let mut locator: Vec<Hash> = steps.by_ref().map(|step| best[step]).collect();
        locator.extend(best.last());
        let (lowest, wanted_below) = (self.lowest, Some(self.lowest).filter(|lowest| *lowest > 1));
        self.sync.tip(
            self.now,
            Tip { branch: self.tip.clone(), locator, finalized: self.finalized, lowest, wanted_below },
        );
    }
}
