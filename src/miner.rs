//! The miner: threads that search for nonces, and a task that tells them where.
//!
//! States: idle, searching. It searches on the newest tip for the best transactions, with a time that is at most a second old, as long
//! as its conditions hold: enabled, in touch with the network, clock and disk in order, and, if it works on demand, something to confirm.
//! Threads look for a new job after every few thousand tries (milliseconds). They run at low priority and rest for the part of the time
//! that is not their share, so that mining never starves the network.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Instant;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{
    Address, Block, Date, Genesis, Payload, Room, Rows, StateAt, StateError, Template, Unfit, View,
};
use bouya_core::limits::{MINE_ASKED, MINE_REFRESH, MINE_TAKE_IN};
use bouya_core::node::keeper::NotTaken;
use bouya_core::node::{Demand, State, When, Wish};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use crate::actor::{Inbox, Mailbox, MailboxError};
use crate::chain;
use crate::clock;
use crate::health::Health;
use crate::mempool::{self, Level};

mod bench;

pub use bench::measure;
use bench::{Bench, Meter};

/// A miner's settings.
#[derive(Clone, Debug)]
pub struct MinerSettings {
    pub enabled: bool,
    pub threads: NonZero<u32>,
    /// The part of the time that each thread searches, above 0 and at most 1.
    pub share: f64,
    pub when: When,
    pub reward_to: Address,
}

/// What the miner may be asked.
pub enum MinerRequest {
    /// From the API: mine one block now, whatever the settings say.
    MineOne { reply: oneshot::Sender<Result<(u64, Hash), MineError>> },
}

/// Why no block was mined on request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MineError {
    /// Something keeps this node from mining.
    #[error("not mining: {0}{next}", next = .0.next_step().map_or_else(String::new, |step| format!("; {step}")))]
    Paused(State),
    /// It was found, but the chain did not take it.
    #[error("a block was found, but the chain did not take it: {0}")]
    NotTaken(NotTaken),
    /// Too many requests wait.
    #[error("not mining: {MINE_ASKED} blocks are asked for already; ask again later")]
    Busy,
    /// Another node's block came first.
    #[error("another node's block came first; ask again")]
    Overtaken,
}

/// Everything the actor works with.
pub struct MinerActor {
    pub settings: MinerSettings,
    pub genesis: Arc<Genesis>,
    pub key: SecretKey,
    /// The state that a block stands on.
    pub states: States,
    pub inbox: Inbox<MinerRequest>,
    pub chain: Mailbox<chain::ChainRequest>,
    pub mempool: Mailbox<mempool::MempoolRequest>,
    pub level: watch::Receiver<Level>,
    /// Whether this node may mine; and where the chain ends.
    pub health: Health,
    /// Hashes per second, for status and metrics.
    pub rate: watch::Sender<u64>,
}

/// Finds the state at this tip; none if the chain has moved on.
pub type States = Arc<dyn Fn(&Hash) -> Result<Option<Box<dyn View>>, StateError> + Send + Sync>;

type Reply = oneshot::Sender<Result<(u64, Hash), MineError>>;

/// Requests for a block, in order: each gets its own block.
#[derive(Default)]
struct Asked {
    waiting: VecDeque<Reply>,
    /// The height that the first one waits for.
    height: u64,
}

impl Asked {
    /// Looks at where the chain ends now. If another node's block came meanwhile, the first request is told.
    fn follow(&mut self, tip: u64) {
        // If the asker is gone, its block is not wanted any more.
        self.waiting.retain(|reply| !reply.is_closed());
        let next = tip.saturating_add(1);
        if self.height != next {
            self.height = next;
            self.fail(MineError::Overtaken);
        }
    }

    /// No block comes of it: the first one hears why.
    fn fail(&mut self, why: MineError) {
        self.waiting.pop_front().map(|reply| reply.send(Err(why)));
    }

    /// The next height's block is this node's own.
    fn mined(&mut self, height: u64, id: Hash) {
        if self.height == height {
            self.height = height.saturating_add(1);
            self.waiting.pop_front().map(|reply| reply.send(Ok((height, id))));
        }
    }
}

impl MinerActor {
    /// Works until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let (found, mut blocks) = mpsc::channel(4);
        let bench = Bench::start(&self.settings, found);
        let mut refresh = tokio::time::interval(MINE_TAKE_IN);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut demand = Demand::new(self.genesis.rules.schedule, self.settings.when);
        let mut asked = Asked::default();
        let mut posted = Posted::default();
        let mut meter = Meter::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                MinerRequest::MineOne { reply } = self.inbox.next() => self.ask(reply, &mut asked),
                Some(block) = blocks.recv() => {
                    posted = Posted::default();
                    bench.post(None);
                    self.give(block, &mut asked).await;
                }
                Ok(()) = self.health.head.changed() => (),
                _ = refresh.tick() => drop(self.rate.send_replace(meter.rate(&bench))),
            }
            asked.follow(self.health.head.borrow().branch.height);
            if let Some(obstacle) = self.health.obstacle() {
                // Nobody waits for a block that cannot come.
                while !asked.waiting.is_empty() {
                    asked.fail(MineError::Paused(obstacle.clone()));
                }
            }
            // If an actor that it asks has stopped, the node is stopping.
            let wish = self.wish(&mut demand, !asked.waiting.is_empty());
            let _ = self.keep_busy(&bench, &mut posted, wish).await;
        }
    }

    fn ask(&self, reply: Reply, asked: &mut Asked) {
        let full = (asked.waiting.len() >= MINE_ASKED).then_some(MineError::Busy);
        if let Some(error) = self.health.obstacle().map(MineError::Paused).or(full) {
            let _ = reply.send(Err(error));
            return;
        }
        asked.follow(self.health.head.borrow().branch.height);
        asked.waiting.push_back(reply);
    }

    /// What this node's threads should do.
    fn wish(&self, demand: &mut Demand, asked: bool) -> Wish {
        let (waits, head) = (asked || self.level.borrow().transactions > 0, self.health.head.borrow());
        if self.health.obstacle().is_some() || !(asked || self.settings.enabled) {
            demand.pass(&head);
            return Wish::Rest;
        }
        demand.look(clock::wall(), &head, waits)
    }

    /// Gives the threads a job, a newer one, or none.
    async fn keep_busy(&self, bench: &Bench, posted: &mut Posted, wish: Wish) -> Result<(), MailboxError> {
        let Wish::Search { told } = wish else {
            if posted.at.take().is_some() {
                bench.post(None);
            }
            return Ok(());
        };
        let (tip, revision) = (self.health.head.borrow().branch.id, self.level.borrow().revision);
        let fresh = posted.at.is_some_and(|at| at.elapsed() < MINE_REFRESH);
        if fresh && (posted.tip, posted.revision, posted.told) == (tip, revision, told) {
            return Ok(());
        }
        let template = self.template(told).await?;
        // None: a newer tip is on its way here, and is searched for then.
        *posted = Posted { at: template.is_some().then(Instant::now), tip, revision, told };
        bench.post(template);
        Ok(())
    }

    /// A block to search for, if transactions and state are those of the tip.
    async fn template(&self, told: bool) -> Result<Option<Template>, MailboxError> {
        // Before the transactions: they must leave room for it.
        let certificate = self.health.head.borrow().handover.clone();
        let branch = self.health.head.borrow().branch.clone();
        let room = Room::on(&self.genesis, &branch, certificate.as_ref());
        let select = |reply| mempool::MempoolRequest::Select { room, reply };
        let chosen = self.mempool.ask(select).await?;
        let (genesis, key, states) = (Arc::clone(&self.genesis), self.key.clone(), Arc::clone(&self.states));
        let (to, date) = (self.settings.reward_to, Date { time: clock::wall(), told });
        // A full block takes a while to execute.
        let made = tokio::task::spawn_blocking(move || {
            let Some(view) = states(&branch.id)? else { return Ok(None) };
            let rows = Rows::new();
            let state = StateAt { base: Some(&*view), rows: &rows };
            let payload = Payload { transactions: chosen, certificate };
            Template::new(&genesis, &branch, state, payload, to, date, &key).map(Some)
        });
        Ok(match made.await {
            Ok(Ok(template)) => template,
            // No transaction may lead here: no block would be made until it leaves.
            Ok(Err(Unfit::State(error))) => {
                error!(%error, "no block can be made to search for; run `bouya verify`");
                None
            }
            Ok(Err(error)) => {
                debug!(%error, "no block to search for");
                None
            }
            Err(_) => None,
        })
    }

    async fn give(&self, block: Block, asked: &mut Asked) {
        let (height, id) = (block.header.height, block.id());
        let block = Arc::new(block);
        match self.chain.ask(|reply| chain::ChainRequest::Mined { block, reply }).await {
            Ok(Ok(())) => {
                debug!(height, %id, "mined");
                asked.mined(height, id);
            }
            // The mempool was one tip behind or ahead; the next job is built anew.
            Ok(Err(why)) => {
                warn!(height, %id, %why, "this node's own block was not taken");
                // Who was overtaken hears it from the new tip.
                if why != NotTaken::Overtaken {
                    asked.fail(MineError::NotTaken(why));
                }
            }
            // The node stops.
            Err(_) => (),
        }
    }
}

/// What the threads are searching for.
struct Posted {
    at: Option<Instant>,
    tip: Hash,
    revision: u64,
    told: bool,
}

#[cfg(test)]
mod tests;

impl Default for Posted {
    fn default() -> Self {
        Self { at: None, tip: Hash::ZERO, revision: 0, told: false }
    }
}
