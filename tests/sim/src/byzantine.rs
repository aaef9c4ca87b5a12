//! Members that break the rules. They have good certificates. Each is a real node whose messages are changed on their way out.

use std::collections::VecDeque;
use std::sync::Arc;

use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::ledger::{
    Action, Address, Block, Body, Branch, Checkpoint, CompactBlock, Content, Date, Genesis, Link,
    RawTransaction, Rows, ShortId, StateAt, Template, Transaction, View,
};
use bouya_core::overlay::ConnId;
use bouya_core::random::Random;
use bouya_core::testing::{address, mined, text};
use bouya_core::time::Timestamp;
use bouya_core::wire::{Finality, Item, Message, PeerEntry, Votes};

use crate::disk::{DiskError, Snapshot};
use crate::node::Running;

listed! {
    /// How a member misbehaves.
    enum Manner {
        /// It mines blocks and signs transactions that break the rules.
        Invalid,
        /// It announces blocks and never sends them, or sends compact blocks with transactions that nobody has.
        Withhold,
        /// It sends again what it sent before.
        Replay,
        /// It mines two blocks at a time and shows each of them to half of its peers.
        Equivocate,
        /// It asks without end.
        Flood,
        /// It gives wrong addresses for other members.
        LyingAddresses,
        /// It mines on old blocks.
        SideBranches,
        /// It sends blocks with bodies that do not belong to their headers.
        WrongCopies,
        /// It claims chains that nobody has.
        FalseClaims,
        /// It sends compact blocks with wrong short ids, and other transactions than it was asked for.
        WrongShortIds,
        /// It dates its blocks as early or as late as it may, and tells rests as it likes.
        LyingDates,
        /// It mines through each rest, with dates that make the next block easier, and shows all of it when the heartbeat is due.
        WithholdRests,
        /// It never votes, and answers nobody who asks about votes.
        MuteVoter,
        /// It votes for two blocks in one epoch, and shows the second vote to some.
        TwoVotes,
        /// It sends votes in others' names.
        ForgedVotes,
        /// It votes around its own votes: from the root to an epoch above all others.
        Surround,
        /// It votes in the last epoch that there is.
        FarEpoch,
        /// It keeps votes and certificates back, and shows them later, each to one peer.
        WithheldVotes,
        /// It answers, and tells nobody what it has seen of others' votes.
        HiddenAnswers,
    }
}

/// Messages that are kept to be sent again.
const KEPT: usize = 64;

/// A member that breaks the rules.
#[derive(Clone, Debug)]
pub(crate) struct Byzantine {
    pub(crate) manner: Manner,
    said: VecDeque<Message>,
    side: Option<Branch>,
    /// Blocks of its own branch that it has shown nobody, and the tip below them.
    kept: (Hash, Vec<Arc<Block>>),
    /// What those change.
    writes: Rows,
    /// Ids of the invalid things that it has made since they were last taken from here.
    pub(crate) invalid: Vec<Hash>,
}

/// Messages that it sends in addition to those of its machines.
pub(crate) type Mischief = Vec<(ConnId, Message)>;

impl Byzantine {
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            manner,
            said: VecDeque::new(),
            side: None,
            kept: (Hash::ZERO, Vec::new()),
            writes: Rows::new(),
            invalid: Vec::new(),
        }
    }

    /// Changes a message of its machines. None: it does not send it.
    pub(crate) fn bend(&mut self, rng: &mut Random, message: Message) -> Option<Message> {
        match (self.manner, message) {
            (Manner::Withhold, Message::Block(_) | Message::BlockTransactions { .. }) => None,
            (Manner::Withhold, Message::CompactBlock(block)) => {
                let mut block = (*block).clone();
                block.ids = Bounded::truncated(block.ids.iter().map(|id| ShortId(id.0 ^ rng.below(2))));
                Some(Message::CompactBlock(Arc::new(block)))
            }
            (Manner::WrongShortIds, Message::CompactBlock(block)) => {
                let mut ids = block.ids.to_vec();
                let (one, other) = (rng.index(ids.len()), rng.index(ids.len()));
                if rng.chance(0.5) {
                    ids.swap(one, other);
                } else {
                    ids[one] = ShortId(rng.next_u64());
                }
                let ids = Bounded::truncated(ids);
                Some(Message::CompactBlock(Arc::new(CompactBlock { ids, ..(*block).clone() })))
            }
            (Manner::WrongShortIds, Message::BlockTransactions { block, transactions })
                if rng.chance(0.3) =>
            {
                let mut list = transactions.into_inner();
                list.rotate_left(1);
                list.truncate(list.len().max(2) - 1);
                Some(Message::BlockTransactions { block, transactions: Bounded::truncated(list) })
            }
            (Manner::WrongCopies, Message::CompactBlock(block)) => {
                let mut wrong = (*block).clone();
                wrong.reward.amount ^= 1;
                Some(Message::CompactBlock(Arc::new(wrong)))
            }
            (Manner::Replay, message) => {
                if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                    self.said.truncate(KEPT - 1);
                    self.said.push_front(message.clone());
                }
                Some(message)
            }
            (Manner::LyingAddresses, Message::Peers(entries)) => {
                let bend = |entry: PeerEntry| lie(rng, entry);
                Some(Message::Peers(Bounded::truncated(entries.into_inner().into_iter().map(bend))))
            }
            (Manner::WrongCopies, Message::Block(block)) => {
                let mut wrong = (*block).clone();
                wrong.body.reward.amount ^= 1;
                Some(Message::Block(Arc::new(wrong)))
            }
            (
                Manner::MuteVoter,
                Message::Proposal(_) | Message::Votes(_) | Message::Certificate(_) | Message::Finality(_),
            ) => None,
            (
                Manner::WithheldVotes,
                message @ (Message::Proposal(_) | Message::Votes(_) | Message::Certificate(_)),
            ) if rng.chance(0.7) => {
                self.said.truncate(KEPT - 1);
                self.said.push_front(message);
                None
            }
            (Manner::HiddenAnswers, Message::Finality(answer)) => {
                let hidden =
                    Finality { newest: None, lock: None, seen: None, ..Arc::unwrap_or_clone(answer) };
                Some(Message::Finality(Arc::new(hidden)))
            }
            (_, message) => Some(message),
        }
    }

    /// What it sends from time to time, about every second.
    pub(crate) fn tick(
        &mut self,
        rng: &mut Random,
        node: &Running,
        (key, wall): (&SecretKey, Timestamp),
        genesis: &Genesis,
    ) -> Mischief {
        if self.manner == Manner::WithholdRests {
            return self.show(node, wall, genesis);
        }
        let conns: Vec<ConnId> = node.links.keys().copied().collect();
        if conns.is_empty() {
            return Vec::new();
        }
        let conn = conns[rng.index(conns.len())];
        let tip = node.keeper.chain().tip();
        let message = match self.manner {
            Manner::Replay | Manner::WithheldVotes if !self.said.is_empty() => {
                self.said[rng.index(self.said.len())].clone()
            }
            Manner::Flood => {
                let locator = Bounded::truncated([tip.id]);
                let ask = || Message::GetHeaders { locator: locator.clone(), stop: Hash::ZERO };
                let many = (0..rng.within(1, 200))
                    .map(|n| (conn, if n % 2 == 0 { ask() } else { Message::GetPeers }));
                return many.collect();
            }
            Manner::FalseClaims => {
                let id = sha256(&rng.next_u64().to_le_bytes());
                let work = tip.work.saturating_mul(1 + u128::from(rng.below(4)));
                let height = tip.height + rng.below(50);
                Message::Announce(Bounded::truncated([Item::Block { id, height, work }]))
            }
            Manner::Invalid if rng.chance(0.2) => {
                let good = transaction(rng, key, genesis);
                let wrong =
                    Transaction::from(RawTransaction { fee: good.fee + 1, ..RawTransaction::clone(&good) });
                self.invalid.push(wrong.id());
                Message::Transactions(Bounded::truncated([wrong]))
            }
            Manner::TwoVotes | Manner::ForgedVotes | Manner::Surround | Manner::FarEpoch => {
                let vote = another_vote(node, key, genesis, self.manner);
                return vote.into_iter().map(|vote| (conn, vote)).collect();
            }
            _ => return Vec::new(),
        };
        Vec::from([(conn, message)])
    }

    /// It may mine a block now: what it sends instead of a good one. None: it mines a good one.
    pub(crate) fn found(
        &mut self,
        rng: &mut Random,
        node: &Running,
        (key, wall): (&SecretKey, Timestamp),
        genesis: &Genesis,
    ) -> Result<Option<Mischief>, DiskError> {
        let (tip, view, nothing) = (node.keeper.chain().tip(), node.snapshot(), Rows::new());
        let on_tip = |to, date: Date| {
            empty(genesis, tip, StateAt { base: Some(&view), rows: &nothing }, to, date, key)
        };
        let own = Address::of(&key.public());
        let blocks = match self.manner {
            Manner::Invalid => {
                let early = Bounded::truncated([transaction(rng, key, genesis)]);
                let change = |body: &mut Body| body.transactions = early;
                let block = mined(on_tip(own, wall.into()).map(change, &genesis.id(), key));
                self.invalid.push(block.id());
                vec![block]
            }
            Manner::Equivocate => [201, 202].map(|to| mined(on_tip(address(to), wall.into()))).to_vec(),
            Manner::SideBranches => {
                let Some(branch) = self.old_branch(rng, node)? else { return Ok(None) };
                // What it changes is a lie: the state there is gone. Who executes it finds that.
                let state = StateAt { base: None, rows: &nothing };
                let block = mined(empty(genesis, &branch, state, own, wall.into(), key));
                self.invalid.push(block.id());
                self.side = Some(grown(genesis, &branch, &block));
                vec![block]
            }
            Manner::LyingDates => {
                let (ahead, is_early) = (genesis.rules.schedule.ahead_ms(), rng.chance(0.5));
                let time = if is_early { tip.time } else { Timestamp(wall.0 + ahead) };
                vec![mined(on_tip(own, Date { time, told: rng.chance(0.5) }))]
            }
            Manner::WithholdRests => {
                self.withhold(tip, &view, (key, wall), genesis);
                return Ok(Some(Vec::new()));
            }
            _ => return Ok(None),
        };
        let tell = |(at, conn): (usize, &ConnId)| (*conn, Message::Block(blocks[at % blocks.len()].clone()));
        Ok(Some(node.links.keys().enumerate().map(tell).collect()))
    }

    /// It searches whatever the others do.
    pub(crate) fn mines_always(&self) -> bool {
        self.manner == Manner::WithholdRests
    }

    /// The branch that it mines on in private.
    pub(crate) fn private(&self) -> Option<&Branch> {
        self.side.as_ref().filter(|_| self.mines_always())
    }

    /// Adds a block to what nobody has seen, three intervals after the one before.
    fn withhold(
        &mut self,
        tip: &Branch,
        view: &Snapshot,
        (key, wall): (&SecretKey, Timestamp),
        genesis: &Genesis,
    ) {
        if self.kept.0 != tip.id {
            (self.kept, self.side, self.writes) = ((tip.id, Vec::new()), None, Rows::new());
        }
        let branch = self.side.as_ref().unwrap_or(tip);
        let schedule = genesis.rules.schedule;
        let time = Timestamp(branch.time.0 + 3 * schedule.interval_ms());
        if time.0 > wall.0 + schedule.ahead_ms() {
            return;
        }
        let state = StateAt { base: Some(view), rows: &self.writes };
        let template = empty(genesis, branch, state, Address::of(&key.public()), time.into(), key);
        let writes = template.writes().clone();
        let block = mined(template);
        self.side = Some(grown(genesis, branch, &block));
        self.writes.extend(writes);
        self.kept.1.push(block);
    }

    /// Shows what it has withheld once the heartbeat is due.
    fn show(&mut self, node: &Running, wall: Timestamp, genesis: &Genesis) -> Mischief {
        let tip = node.keeper.chain().tip();
        if wall.millis_since(tip.time) < genesis.rules.schedule.heartbeat_ms() {
            return Vec::new();
        }
        self.side = None;
        let blocks = std::mem::take(&mut self.kept.1);
        let to_each = |conn: &ConnId| {
            let conn = *conn;
            blocks.iter().map(move |block| (conn, Message::Block(block.clone())))
        };
        node.links.keys().flat_map(to_each).collect()
    }

    /// Its own side branch, or a new one that leaves the chain some blocks back.
    fn old_branch(&mut self, rng: &mut Random, node: &Running) -> Result<Option<Branch>, DiskError> {
        let chain = node.keeper.chain();
        if let Some(side) = self.side.take().filter(|side| side.work <= chain.tip().work && rng.chance(0.8)) {
            return Ok(Some(side));
        }
        let view = node.snapshot();
        let height = chain.tip().height.saturating_sub(rng.within(1, 20));
        let Some(id) = view.at_height(height)? else { return Ok(None) };
        Ok(chain.branch_at(&view, &id)?)
    }
}

/// An empty block.
fn empty(
    genesis: &Genesis,
    branch: &Branch,
    state: StateAt<'_>,
    to: Address,
    date: Date,
    key: &SecretKey,
) -> Template {
    Template::new(genesis, branch, state, Vec::new(), to, date, key).expect("it fits any state")
}

fn grown(genesis: &Genesis, branch: &Branch, block: &Block) -> Branch {
    let mut grown = branch.clone();
    grown.push(&genesis.rules, &block.header, None);
    grown
}

/// A transaction far ahead of its sender's nonce: no block may hold it.
fn transaction(rng: &mut Random, key: &SecretKey, genesis: &Genesis) -> Transaction {
    let content = Content::Data(Bounded::truncated([1]));
    let action = Action::Record { topic: text("none"), content };
    Transaction::sign(&genesis.id(), key, 1_000 + rng.below(1 << 30), 1_000, u64::MAX, action)
}

fn lie(rng: &mut Random, entry: PeerEntry) -> PeerEntry {
    let endpoint = format!("nowhere{}.example:{}", rng.below(4), rng.within(1, 60_000));
    PeerEntry { id: entry.id, endpoint: endpoint.parse().expect("an endpoint") }
}

/// A prepare from the root, beside the newest vote that this voter knows of itself, around it, or far above it; or beside somebody else's, in
/// whose name it signs.
fn another_vote(node: &Running, key: &SecretKey, genesis: &Genesis, manner: Manner) -> Option<Message> {
    let voter = &node.voter;
    let (me, voters) = (voter.number()?, voter.voters());
    let whose = match manner {
        Manner::ForgedVotes => (me + 1) % u16::try_from(voters.count()).ok()?,
        _ => me,
    };
    let last = voter.votes().newest(whose)?.link;
    let height = last.target.height.checked_sub(1)?;
    let block = node.snapshot().at_height(height).ok().flatten()?;
    let epoch = match manner {
        Manner::Surround => (last.target.epoch | 1).checked_add(1)?,
        Manner::FarEpoch => u64::MAX - 1,
        _ => last.target.epoch & !1,
    };
    let target = Checkpoint { epoch, height, block };
    let link = Link { set: voters.id(), source: voters.root(), target };
    link.kind()?;
    let signature = link.sign(&genesis.id(), whose, key).signature;
    let votes = Bounded::truncated([(whose, signature)]);
    Some(Message::Votes(Arc::new(Votes { link, votes })))
}
