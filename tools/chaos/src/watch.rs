//! Watches each node's answers and logs, with one thread for each node.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bouya::http::views::{FinalStatus, PeerStatus};

use crate::client::Client;
use crate::logs::{Follower, Line};
use crate::seat::Seat;

const EVERY: Duration = Duration::from_millis(400);
/// How many recent tips are kept for each node, because two nodes are never asked at the same moment.
const TIPS: usize = 16;

/// What is known about a node.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// When it last answered, and its incarnation then.
    pub(crate) answered: Option<(Instant, u32)>,
    pub(crate) height: u64,
    pub(crate) tips: VecDeque<String>,
    pub(crate) reward_to: String,
    /// Status of each peer, by id.
    pub(crate) peers: HashMap<String, PeerStatus>,
    /// Milliseconds and height at each change. No height means that it did not answer.
    pub(crate) heights: Vec<(u64, Option<u64>)>,
    /// Height and hash of each block that it told as its newest final one.
    pub(crate) finals: Vec<(u64, String)>,
    pub(crate) reorgs: Vec<Reorg>,
    /// Transactions that it logged as dropped, and why.
    pub(crate) dropped: HashMap<String, String>,
    pub(crate) bans: Vec<String>,
    pub(crate) panics: Vec<String>,
    pub(crate) errors: Vec<String>,
}

/// A reorganisation that a node reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reorg {
    pub(crate) at: u64,
    pub(crate) depth: u64,
    pub(crate) height: u64,
}

impl View {
    pub(crate) fn is_connected_to(&self, id: &str) -> bool {
        self.peers.get(id).is_some_and(|status| *status == PeerStatus::Connected)
    }

    fn heard(&mut self, at: u64, line: Line) {
        match line {
            Line::Reorg { depth, height } => self.reorgs.push(Reorg { at, depth, height }),
            Line::Dropped { id, reason } => {
                self.dropped.insert(id, reason);
            }
            Line::Banned(text) => self.bans.push(text),
            Line::Panic(text) => self.panics.push(text),
            Line::Error(text) => self.errors.push(text),
        }
    }

    fn reached(&mut self, at: u64, height: Option<u64>) {
        if self.heights.last().map(|(_, height)| *height) != Some(height) {
            self.heights.push((at, height));
        }
    }
}

/// What is known about all nodes.
pub(crate) struct Board {
    begin: Instant,
    views: Vec<Mutex<View>>,
}

impl Board {
    pub(crate) fn new(nodes: usize) -> Arc<Self> {
        Arc::new(Self { begin: Instant::now(), views: (0..nodes).map(|_| Mutex::default()).collect() })
    }

    /// Milliseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.begin.elapsed().as_millis() as u64
    }

    pub(crate) fn view(&self, node: usize) -> MutexGuard<'_, View> {
        self.views[node].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn nodes(&self) -> usize {
        self.views.len()
    }
}

/// The watching threads.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watch {
    /// Starts watching. `logs` are the nodes' log files, in the order of the nodes.
    pub(crate) fn start(board: &Arc<Board>, seats: &[Arc<Seat>], logs: Vec<PathBuf>) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let threads = logs.into_iter().zip(seats).enumerate().map(|(node, (log, seat))| {
            let (board, seat, stop) = (board.clone(), seat.clone(), stop.clone());
            std::thread::spawn(move || {
                let (client, mut follower) = (Client::new(), Follower::new(log));
                loop {
                    let stopped = stop.load(Ordering::SeqCst);
                    look(&board, node, &seat, &client, &mut follower);
                    if stopped {
                        return;
                    }
                    std::thread::sleep(EVERY);
                }
            })
        });
        Self { stop: stop.clone(), threads: threads.collect() }
    }

    /// Stops after one last look at each node.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            // A thread that panicked has already printed it.
            let _ = thread.join();
        }
    }
}

fn look(board: &Board, node: usize, seat: &Seat, client: &Client, follower: &mut Follower) {
    let lines = follower.read();
    let now = board.now();
    {
        let mut view = board.view(node);
        for line in lines {
            view.heard(now, line);
        }
    }
    let incarnation = seat.incarnation();
    let answer = seat.api().filter(|_| !seat.is_frozen()).and_then(|port| {
        let status = client.status(port).ok()?;
        Some((status, client.peers(port).ok()?))
    });
    let mut view = board.view(node);
    let now = board.now();
    let Some((status, peers)) = answer else { return view.reached(now, None) };
    view.answered = Some((Instant::now(), incarnation));
    view.height = status.tip.height;
    view.reward_to = status.reward_to;
    let FinalStatus { height, hash, .. } = status.finalized;
    if view.finals.last().map(|(height, _)| *height) != Some(height) {
        view.finals.push((height, hash));
    }
    view.peers = peers.into_iter().map(|peer| (peer.id, peer.status)).collect();
    if view.tips.back() != Some(&status.tip.hash) {
        view.tips.push_back(status.tip.hash);
        if view.tips.len() > TIPS {
            view.tips.pop_front();
        }
    }
    view.reached(now, Some(status.tip.height));
}
