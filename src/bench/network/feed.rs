//! One thread for each node gives it its part of the transactions, in batches, as long as not too many wait there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::{Client, NetworkBench, Signed};
use crate::bench::client::submit;

/// Transactions of one request.
const BATCH: usize = 250;
/// How long a node that has enough is left alone.
const PAUSE: Duration = Duration::from_millis(5);

/// What became of the transactions.
#[derive(Default)]
pub(super) struct Fed {
    /// When each was submitted, by its number.
    pub(super) submitted: Vec<(usize, Instant)>,
    /// How often a node refused one, by the problem's type.
    pub(super) refused: BTreeMap<String, usize>,
}

pub(super) struct Feeders<'scope> {
    threads: Vec<ScopedJoinHandle<'scope, Fed>>,
    stop: Arc<AtomicBool>,
    given: Arc<AtomicUsize>,
}

impl<'scope> Feeders<'scope> {
    /// `waiting`: how many wait at each node.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        settings: &NetworkBench,
        clients: &'env [Client],
        signed: &'env [Signed],
        waiting: &[Arc<AtomicUsize>],
    ) -> Self {
        let (stop, given) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (nodes, settings) = (clients.len(), *settings);
        let start = |(node, (client, waiting)): (usize, (&'env Client, &Arc<AtomicUsize>))| {
            // All of a wallet's at one node, so that they come in order.
            let own = move |number: &usize| number % settings.wallets % nodes == node;
            let feeder = Feeder {
                client,
                signed,
                queue: (0..signed.len()).filter(own).collect(),
                backlog: settings.backlog,
                waiting: waiting.clone(),
                stop: stop.clone(),
                given: given.clone(),
                fed: Fed::default(),
            };
            scope.spawn(move || feeder.run())
        };
        let threads = clients.iter().zip(waiting).enumerate().map(start).collect();
        Self { threads, stop, given }
    }

    /// How many the nodes have taken.
    pub(super) fn given(&self) -> usize {
        self.given.load(Ordering::Relaxed)
    }

    pub(super) fn stop(self) -> Fed {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Fed::default();
        // A thread that panicked has said so; the count shows what is missing.
        for fed in self.threads.into_iter().filter_map(|thread| thread.join().ok()) {
            all.submitted.extend(fed.submitted);
            for (why, times) in fed.refused {
                *all.refused.entry(why).or_default() += times;
            }
        }
        all
    }
}

struct Feeder<'a> {
    client: &'a Client,
    signed: &'a [Signed],
    queue: VecDeque<usize>,
    backlog: usize,
    waiting: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    given: Arc<AtomicUsize>,
    fed: Fed,
}

impl Feeder<'_> {
    fn run(mut self) -> Fed {
        while !self.stop.load(Ordering::Relaxed) && !self.queue.is_empty() {
            if self.waiting.load(Ordering::Relaxed) >= self.backlog || !self.give() {
                std::thread::sleep(PAUSE);
            }
        }
        self.fed
    }

    /// Gives one batch. False: not all were taken, and those come again.
    fn give(&mut self) -> bool {
        let batch: Vec<usize> = self.queue.iter().copied().take(BATCH).collect();
        let bodies: Vec<&Signed> = batch.iter().filter_map(|number| self.signed.get(*number)).collect();
        let now = Instant::now();
        let refused = match submit(self.client, &bodies) {
            Ok(refused) => refused,
            Err(_) => {
                *self.fed.refused.entry("no-answer".to_owned()).or_default() += batch.len();
                return false;
            }
        };
        self.queue.drain(..batch.len());
        // Until the next look the node has this many more.
        self.waiting.fetch_add(batch.len() - refused.len(), Ordering::Relaxed);
        let again: BTreeMap<usize, &str> = refused.iter().map(|(at, why)| (*at, why.as_str())).collect();
        for (at, number) in batch.iter().enumerate() {
            if !again.contains_key(&at) {
                self.fed.submitted.push((*number, now));
            }
        }
        self.given.fetch_add(batch.len() - again.len(), Ordering::Relaxed);
        for (at, why) in again.iter().rev() {
            *self.fed.refused.entry((*why).to_owned()).or_default() += 1;
            if let Some(number) = batch.get(*at) {
                self.queue.push_front(*number);
            }
        }
        again.is_empty()
    }
}
