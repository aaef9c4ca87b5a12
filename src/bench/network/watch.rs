//! One thread for each node asks for its status over and over: when it was first seen at each height, when that height was final, and how
//! many wait there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::{Client, status};

/// Between two looks: what a block's time may be off by.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// When one node was first seen at each height.
pub(super) struct Seen {
    /// The height of the first look; what it had then is not of this run.
    start: Option<u64>,
    times: Vec<Instant>,
}

impl Seen {
    const NOTHING: Self = Self { start: None, times: Vec::new() };

    fn look(&mut self, height: u64, now: Instant) {
        let start = *self.start.get_or_insert(height);
        let new = (height - start.min(height)) as usize;
        while self.times.len() < new {
            self.times.push(now);
        }
    }

    /// The first height that was seen to come.
    pub(super) fn first(&self) -> Option<u64> {
        self.start.map(|start| start + 1)
    }

    pub(super) fn height(&self) -> u64 {
        self.start.unwrap_or(0) + self.times.len() as u64
    }

    pub(super) fn at(&self, height: u64) -> Option<Instant> {
        let index = height.checked_sub(self.first()?)?;
        self.times.get(index as usize).copied()
    }
}

pub(super) struct Watchers<'scope> {
    threads: Vec<ScopedJoinHandle<'scope, (Seen, Seen)>>,
    stop: Arc<AtomicBool>,
    waiting: Vec<Arc<AtomicUsize>>,
    heights: Vec<Arc<AtomicU64>>,
    /// Blocks above the final one.
    behind: Vec<Arc<AtomicU64>>,
}

impl<'scope> Watchers<'scope> {
    pub(super) fn start<'env>(scope: &'scope Scope<'scope, 'env>, clients: &'env [Client]) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let waiting: Vec<Arc<AtomicUsize>> = clients.iter().map(|_| Arc::default()).collect();
        let heights: Vec<Arc<AtomicU64>> = clients.iter().map(|_| Arc::default()).collect();
        let behind: Vec<Arc<AtomicU64>> = clients.iter().map(|_| Arc::default()).collect();
        let start = |(node, client): (usize, &'env Client)| {
            let (waiting, height) = (waiting[node].clone(), heights[node].clone());
            let (behind, stop) = (behind[node].clone(), stop.clone());
            scope.spawn(move || watch(client, [&height, &behind], &waiting, &stop))
        };
        let threads = clients.iter().enumerate().map(start).collect();
        Self { threads, stop, waiting, heights, behind }
    }

    pub(super) fn waiting(&self) -> &[Arc<AtomicUsize>] {
        &self.waiting
    }

    /// The height that all nodes have.
    pub(super) fn lowest(&self) -> u64 {
        self.heights.iter().map(|height| height.load(Ordering::Relaxed)).min().unwrap_or(0)
    }

    /// Whether nothing waits anywhere.
    pub(super) fn all_empty(&self) -> bool {
        self.waiting.iter().all(|waiting| waiting.load(Ordering::Relaxed) == 0)
    }

    /// Whether everything is final everywhere, where somebody votes.
    pub(super) fn all_final(&self) -> bool {
        self.behind.iter().all(|behind| behind.load(Ordering::Relaxed) == 0)
    }

    /// Heights and final heights, for each node.
    pub(super) fn stop(self) -> (Vec<Seen>, Vec<Seen>) {
        self.stop.store(true, Ordering::Relaxed);
        let none = |_| (Seen::NOTHING, Seen::NOTHING);
        self.threads.into_iter().map(|thread| thread.join().unwrap_or_else(none)).unzip()
    }
}

fn watch(
    client: &Client,
    [height, behind]: [&AtomicU64; 2],
    waiting: &AtomicUsize,
    stop: &AtomicBool,
) -> (Seen, Seen) {
    let (mut seen, mut settled) = (Seen::NOTHING, Seen::NOTHING);
    loop {
        // The last look comes after the wish to stop.
        let last = stop.load(Ordering::Relaxed);
        // A node too busy to answer is looked at again.
        if let Ok(status) = status(client) {
            seen.look(status.tip.height, Instant::now());
            waiting.store(status.mempool.transactions, Ordering::Relaxed);
            height.store(status.tip.height, Ordering::Relaxed);
            settled.look(status.finalized.height, Instant::now());
            behind.store(status.finalized.behind, Ordering::Relaxed);
        }
        if last {
            return (seen, settled);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
