//! The miner: threads that search for nonces, and a task that tells them where.
//!
//! States: idle, searching. It searches on the newest tip for the best transactions, with a time that is at most a second old, as long
//! as its conditions hold: enabled, in touch with the network, clock and disk in order, and, if it works on demand, something to confirm.
//! Threads look for a new job after every few thousand tries (milliseconds), run at low priority and rest for the part of the time that
//! is not their share, so that mining never starves the network.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Address, Block, Genesis, Template};
use bouya_core::limits::TRANSACTIONS_PER_BLOCK;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tracing::{debug, warn};

use crate::actor::{Mailbox, MailboxError};
use crate::chain::{self, Head, REST_AFTER};
use crate::clock;
use crate::mempool::{self, Level};

/// Messages that may wait: requests of operators.
pub const CAPACITY: usize = 16;
/// Blocks asked for and not mined yet.
const ASKED: usize = 16;
/// Tries between two looks at the job: about 2 ms on a slow core.
const TRIES: u64 = 8_192;
/// A job's header gets a new time this often: lateness eases the difficulty.
const REFRESH: Duration = Duration::from_secs(1);
/// A transaction that arrives while searching is taken into the job within this time.
const TAKE_IN: Duration = Duration::from_millis(200);

/// When to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// While something waits, or the newest transaction has fewer than six confirmations.
    Pending,
    /// Always.
    Always,
}

/// A miner's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub enabled: bool,
    pub threads: NonZero<u32>,
    /// Part of the time that each thread searches, above 0 and at most 1.
    pub share: f64,
    pub when: When,
    pub reward_to: Address,
}

/// What may be asked of the miner.
pub enum Request {
    /// From the API: mine one block now, whatever the settings say.
    MineOne { reply: oneshot::Sender<Result<(u64, Hash), MineError>> },
}

/// Why no block was mined on request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MineError {
    /// See the reason.
    #[error("not mining: {0}")]
    Paused(&'static str),
    /// Somebody else's block came first.
    #[error("another node's block came first; ask again")]
    Overtaken,
}

/// Why not to search, as the network sees it; none if nothing speaks against it.
pub type Gate = Option<&'static str>;

/// Everything the actor works with.
pub struct MinerActor {
    pub settings: Settings,
    pub genesis: Arc<Genesis>,
    pub key: SecretKey,
    pub inbox: mpsc::Receiver<Request>,
    pub chain: Mailbox<chain::Request>,
    pub mempool: Mailbox<mempool::Request>,
    pub head: watch::Receiver<Arc<Head>>,
    pub level: watch::Receiver<Level>,
    pub gate: watch::Receiver<Gate>,
    /// Hashes per second, for status and metrics.
    pub rate: watch::Sender<u64>,
}

type Reply = oneshot::Sender<Result<(u64, Hash), MineError>>;

/// Requests for a block, in order: each gets one of its own.
#[derive(Default)]
struct Asked {
    waiting: VecDeque<Reply>,
    /// The height that the first one waits for.
    height: u64,
}

impl Asked {
    /// Looks at where the chain ends now: if another block than this node's came meanwhile, the first one hears of it.
    fn follow(&mut self, tip: u64) {
        // An asker that has gone wants no block.
        self.waiting.retain(|reply| !reply.is_closed());
        let next = tip.saturating_add(1);
        if self.height != next {
            self.height = next;
            self.waiting.pop_front().map(|reply| reply.send(Err(MineError::Overtaken)));
        }
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
    /// Works until the mailbox is closed.
    pub async fn run(mut self) -> Result<(), MailboxError> {
        let (found, mut blocks) = mpsc::channel(4);
        let bench = Bench::start(&self.settings, found);
        let mut refresh = tokio::time::interval(TAKE_IN);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = Asked::default();
        let mut posted = Posted::default();
        let mut meter = Meter::new();
        loop {
            tokio::select! {
                request = self.inbox.recv() => match request {
                    None => return Ok(()),
                    Some(Request::MineOne { reply }) => self.ask(reply, &mut asked),
                },
                Some(block) = blocks.recv() => {
                    posted = Posted::default();
                    bench.post(None);
                    self.give(block, &mut asked).await?;
                }
                _ = self.head.changed() => (),
                _ = refresh.tick() => drop(self.rate.send_replace(meter.rate(&bench))),
            }
            asked.follow(self.head.borrow().branch.height);
            self.keep_busy(&bench, &mut posted, !asked.waiting.is_empty()).await?;
        }
    }

    fn ask(&self, reply: Reply, asked: &mut Asked) {
        let full =
            (asked.waiting.len() >= ASKED).then_some("so many blocks are asked for already; ask again later");
        if let Some(reason) = self.obstacle().or(full) {
            let _ = reply.send(Err(MineError::Paused(reason)));
            return;
        }
        asked.follow(self.head.borrow().branch.height);
        asked.waiting.push_back(reply);
    }

    fn obstacle(&self) -> Option<&'static str> {
        let member = self.genesis.rules.members.is_empty()
            || self.genesis.rules.members.contains_key(&self.key.public());
        if !member {
            return Some(
                "this node's member key is not listed in network.toml, and only listed members seal blocks",
            );
        }
        if self.head.borrow().disk_full {
            return Some("the disk is nearly full");
        }
        *self.gate.borrow()
    }

    fn wants_to_search(&self) -> bool {
        let busy = self.level.borrow().transactions > 0 || self.head.borrow().empty_blocks < REST_AFTER;
        self.settings.enabled && (self.settings.when == When::Always || busy)
    }

    /// Gives the threads a job, a newer one, or none.
    async fn keep_busy(&self, bench: &Bench, posted: &mut Posted, asked: bool) -> Result<(), MailboxError> {
        if self.obstacle().is_some() || !(asked || self.wants_to_search()) {
            if posted.at.take().is_some() {
                bench.post(None);
            }
            return Ok(());
        }
        let (tip, revision) = (self.head.borrow().branch.id, self.level.borrow().revision);
        let fresh = posted.at.is_some_and(|at| at.elapsed() < REFRESH);
        if fresh && posted.tip == tip && posted.revision == revision {
            return Ok(());
        }
        let template = self.template().await?;
        *posted = Posted { at: Some(Instant::now()), tip, revision };
        bench.post(Some(template));
        Ok(())
    }

    async fn template(&self) -> Result<Template, MailboxError> {
        let room = Template::room(&self.genesis);
        let select = |reply| mempool::Request::Select { room, most: TRANSACTIONS_PER_BLOCK, reply };
        let chosen = self.mempool.ask(select).await?;
        let head = self.head.borrow().clone();
        let transactions = chosen.iter().map(|transaction| (**transaction).clone());
        let Settings { reward_to, .. } = self.settings;
        let now = clock::wall();
        Ok(Template::new(&self.genesis, &head.branch, head.supply, transactions, reward_to, now, &self.key))
    }

    async fn give(&self, block: Block, asked: &mut Asked) -> Result<(), MailboxError> {
        let (height, id) = (block.header.height, block.id());
        let block = Arc::new(block);
        match self.chain.ask(|reply| chain::Request::Mined { block, reply }).await? {
            Ok(()) => {
                debug!(height, %id, "mined");
                asked.mined(height, id);
            }
            // The mempool was one tip behind or ahead; the next job is built anew.
            Err(why) => warn!(height, %id, why, "this node's own block was not taken"),
        }
        Ok(())
    }
}

/// What the threads are searching for.
struct Posted {
    at: Option<Instant>,
    tip: Hash,
    revision: u64,
}

impl Default for Posted {
    fn default() -> Self {
        Self { at: None, tip: Hash::ZERO, revision: 0 }
    }
}

/// The threads' common desk.
struct Bench {
    shared: Arc<Shared>,
}

struct Shared {
    job: Mutex<Job>,
    changed: Condvar,
    /// Counts jobs; a thread that sees another number looks at the desk.
    number: AtomicU64,
    tries: AtomicU64,
}

#[derive(Default)]
struct Job {
    number: u64,
    template: Option<Arc<Template>>,
    stopped: bool,
}

impl Bench {
    fn start(settings: &Settings, found: mpsc::Sender<Block>) -> Self {
        let shared = Arc::new(Shared {
            job: Mutex::default(),
            changed: Condvar::new(),
            number: AtomicU64::new(0),
            tries: AtomicU64::new(0),
        });
        for thread in 0..u64::from(settings.threads.get()) {
            let (shared, found, share) = (shared.clone(), found.clone(), settings.share);
            let stride = u64::MAX / u64::from(settings.threads.get());
            let spawned = std::thread::Builder::new()
                .name("miner".to_owned())
                .spawn(move || shared.search(thread * stride, share, &found));
            if let Err(error) = spawned {
                warn!(%error, "a mining thread could not be started");
            }
        }
        Self { shared }
    }

    fn post(&self, template: Option<Template>) {
        let mut job = self.shared.lock();
        job.number += 1;
        job.template = template.map(Arc::new);
        self.shared.number.store(job.number, Ordering::Release);
        self.shared.changed.notify_all();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.post(None);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Job> {
        // A job is replaced as a whole.
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's life.
    fn search(&self, start: u64, share: f64, found: &mpsc::Sender<Block>) {
        lower_priority();
        while let Some((number, template)) = self.next_job() {
            let mut nonce = start;
            while self.number.load(Ordering::Acquire) == number {
                let began = Instant::now();
                let hit = template.try_nonces(nonce, TRIES);
                self.tries.fetch_add(TRIES, Ordering::Relaxed);
                if let Some(nonce) = hit {
                    // A stopped miner no longer wants it.
                    let _ = found.blocking_send((*template).clone().finish(nonce));
                    self.wait_for_another(number);
                    break;
                }
                nonce = nonce.wrapping_add(TRIES);
                if share < 1.0 {
                    self.rest(number, began.elapsed().mul_f64(1.0 / share - 1.0));
                }
            }
        }
    }

    /// The job on the desk, once there is one. None: the miner has stopped.
    fn next_job(&self) -> Option<(u64, Arc<Template>)> {
        let mut job = self.lock();
        loop {
            if job.stopped {
                return None;
            }
            if let Some(template) = &job.template {
                return Some((job.number, template.clone()));
            }
            job = self.changed.wait(job).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wait_for_another(&self, number: u64) {
        let job = self.lock();
        let same = |job: &mut Job| job.number == number && !job.stopped;
        drop(self.changed.wait_while(job, same).unwrap_or_else(PoisonError::into_inner));
    }

    /// Rests, but not beyond a new job.
    fn rest(&self, number: u64, span: Duration) {
        let job = self.lock();
        let same = |job: &mut Job| job.number == number && !job.stopped;
        drop(self.changed.wait_timeout_while(job, span, same).unwrap_or_else(PoisonError::into_inner));
    }
}

/// Network and chain come first. Linux counts niceness per thread; elsewhere this may do nothing.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19) {
        debug!(%error, "mining runs at normal priority");
    }
}

/// Hashes per second over the last few seconds.
struct Meter {
    at: Instant,
    tries: u64,
    rate: f64,
}

impl Meter {
    fn new() -> Self {
        Self { at: Instant::now(), tries: 0, rate: 0.0 }
    }

    fn rate(&mut self, bench: &Bench) -> u64 {
        let elapsed = self.at.elapsed();
        if elapsed >= Duration::from_secs(1) {
            let tries = bench.shared.tries.load(Ordering::Relaxed);
            let now = (tries - self.tries) as f64 / elapsed.as_secs_f64();
            self.rate += (now - self.rate) * 0.5;
            (self.at, self.tries) = (Instant::now(), tries);
        }
        self.rate as u64
    }
}

/// Hashes per second of one thread on this machine, measured for a moment: sets a new network's first difficulty.
pub fn measure(genesis: &Genesis) -> f64 {
    let mut spec = genesis.spec.clone();
    // So hard that no try hits: a hit would end a run early and count all of it.
    spec.blocks.initial_difficulty = u64::MAX;
    let hard = Genesis::new(spec).expect("a definition stays valid at another difficulty");
    let key = SecretKey::from_seed(&[1; 32]);
    let reward_to = Address::of(&key.public());
    let template = Template::new(&hard, &hard.branch(), 0, [], reward_to, hard.header.time, &key);
    let (began, mut tries) = (Instant::now(), 0_u64);
    while began.elapsed() < Duration::from_millis(300) {
        let hit = template.try_nonces(tries, TRIES);
        debug_assert!(hit.is_none(), "one in 2^64");
        tries += TRIES;
    }
    tries as f64 / began.elapsed().as_secs_f64()
}
