//! The threads that search for nonces, the desk where they find their job, and how fast they are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, Block, Genesis, StateAt, Template};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::MinerSettings;

/// Tries between two looks at the job: about 2 ms on a slow core.
const TRIES: u64 = 8_192;

/// The threads' common desk.
pub(super) struct Bench {
    shared: Arc<Shared>,
}

struct Shared {
    job: Mutex<Job>,
    changed: Condvar,
    /// Counts jobs; a thread that sees a new number looks at the desk.
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
    pub(super) fn start(settings: &MinerSettings, found: mpsc::Sender<Block>) -> Self {
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

    pub(super) fn post(&self, template: Option<Template>) {
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
    fn lock(&self) -> MutexGuard<'_, Job> {
        // A job is replaced as a whole.
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one thread does until it ends.
    fn search(&self, start: u64, share: f64, found: &mpsc::Sender<Block>) {
        lower_priority();
        while let Some((number, template)) = self.next_job() {
            let mut nonce = start;
            while self.number.load(Ordering::Acquire) == number {
                let began = cpu_time();
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
                    self.rest(number, (cpu_time() - began).mul_f64(1.0 / share - 1.0));
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

/// The CPU time of this thread, not the time that passed. On a busy machine the share refers to work done: a thread that had to wait does
/// not rest for that too.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Network and chain come first. Linux counts niceness per thread; elsewhere this may do nothing.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19) {
        debug!(%error, "mining runs at normal priority");
    }
}

/// Hashes per second over the last few seconds.
pub(super) struct Meter {
    at: Instant,
    tries: u64,
    rate: f64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { at: Instant::now(), tries: 0, rate: 0.0 }
    }

    pub(super) fn rate(&mut self, bench: &Bench) -> u64 {
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

/// Hashes per second of one thread on this machine, measured for a moment, to set a new network's first difficulty.
pub fn measure(genesis: &Genesis) -> f64 {
    let mut spec = genesis.spec.clone();
    // So hard that no try succeeds: a success would end a run early, but all of its tries would be counted.
    spec.blocks.initial_difficulty = u64::MAX;
    let hard = Genesis::new(spec).expect("a definition stays valid at another difficulty");
    let key = SecretKey::from_seed(&[1; 32]);
    let reward_to = Address::of(&key.public());
    let rows = hard.rows();
    let state = StateAt { base: None, rows: &rows };
    let template = Template::new(&hard, &hard.branch(), state, Vec::new(), reward_to, hard.header.time, &key);
    let template = template.expect("an empty block fits any state");
    let (began, mut tries) = (Instant::now(), 0_u64);
    while began.elapsed() < Duration::from_millis(300) {
        let hit = template.try_nonces(tries, TRIES);
        debug_assert!(hit.is_none(), "one in 2^64");
        tries += TRIES;
    }
    tries as f64 / began.elapsed().as_secs_f64()
}
