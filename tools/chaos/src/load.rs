//! The load: wallets that send transfers and records to any node, and check that the nodes keep them.
//!
//! A node keeps an accepted transaction in memory. So a wallet sends a transaction again only for a reason: the node that accepted it has
//! restarted, was removed, or logged that it dropped the transaction. If a running node forgets a transaction without logging it, it has
//! broken its promise. Each nonce is signed once, so no wallet contradicts itself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Action, Content, Output, Transaction};
use bouya_core::random::Random;

use crate::client::Client;
use crate::consortium::{wallet_address, wallet_key};
use crate::seat::Seat;
use crate::watch::Board;

/// Most unsettled transactions of one wallet.
const WINDOW: usize = 6;
/// After this many confirmations, a wallet considers a transaction settled.
pub(crate) const DEEP: u64 = 6;
const FEE: u64 = 1_000;
const PACE: Duration = Duration::from_millis(250);
/// While a transaction moves between the mempool and the chain, it is in neither for a moment; in a long reorganisation, for longer.
/// The time must not be too long: a node that is killed in the meantime is excused.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(5);

/// One transaction, and what the nodes promised about it.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) id: String,
    nonce: u64,
    bytes: Vec<u8>,
    /// The node that accepted it, and the node's incarnation then. None if that promise has ended.
    holder: Option<(usize, u32)>,
    /// When a node first accepted it.
    pub(crate) acknowledged: Option<u64>,
    /// How many times it was sent again, and the last reason.
    pub(crate) again: u32,
    pub(crate) why_again: Option<String>,
    missing: Option<Instant>,
    /// Set if a node that accepted it and kept running no longer knew it, and had logged nothing.
    pub(crate) forgotten: Option<String>,
    /// The node and the block in which it was deep under the tip.
    pub(crate) deep: Option<Deep>,
    settled: bool,
}

/// See [`Promise::deep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deep {
    pub(crate) node: usize,
    pub(crate) height: u64,
    pub(crate) confirmations: u64,
    pub(crate) at: u64,
}

/// What all wallets share.
pub(crate) struct Load {
    network: Hash,
    seats: Vec<Arc<Seat>>,
    board: Arc<Board>,
    /// For each wallet, its transactions in nonce order.
    promises: Vec<Mutex<Vec<Promise>>>,
    /// If set, wallets make no new transactions.
    closing: AtomicBool,
    stop: AtomicBool,
    unsettled: Vec<AtomicUsize>,
}

/// The wallets' threads.
pub(crate) struct Wallets {
    load: Arc<Load>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    pub(crate) fn new(network: Hash, wallets: usize, seats: Vec<Arc<Seat>>, board: Arc<Board>) -> Arc<Self> {
        Arc::new(Self {
            network,
            seats,
            board,
            promises: (0..wallets).map(|_| Mutex::default()).collect(),
            closing: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            unsettled: (0..wallets).map(|_| AtomicUsize::new(0)).collect(),
        })
    }

    pub(crate) fn wallets(&self) -> usize {
        self.promises.len()
    }

    fn of(&self, wallet: usize) -> MutexGuard<'_, Vec<Promise>> {
        self.promises[wallet].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of all promises so far.
    pub(crate) fn promises(&self) -> Vec<Promise> {
        (0..self.wallets()).flat_map(|wallet| self.of(wallet).clone()).collect()
    }

    /// The number of transactions that were acknowledged, and that were seen deep under a tip.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (0..self.wallets()).fold((0, 0), |(acknowledged, deep), wallet| {
            let promises = self.of(wallet);
            let count = |held: &dyn Fn(&Promise) -> bool| promises.iter().filter(|p| held(p)).count();
            (acknowledged + count(&|p| p.acknowledged.is_some()), deep + count(&|p| p.deep.is_some()))
        })
    }

    /// Stops new transactions. The wallets continue to follow those under way.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Checks all transactions again: a transaction that was deep on one branch may not be on the branch that won.
    pub(crate) fn recheck(&self) {
        for wallet in 0..self.wallets() {
            let mut promises = self.of(wallet);
            promises.iter_mut().for_each(|promise| promise.settled = false);
            self.unsettled[wallet].store(promises.len(), Ordering::SeqCst);
        }
    }

    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled.iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }
}

impl Wallets {
    pub(crate) fn start(load: &Arc<Load>, seed: u64) -> Self {
        let threads = (0..load.wallets()).map(|wallet| {
            let load = load.clone();
            let random = Random::new(seed ^ (wallet as u64 + 1).wrapping_mul(0x1_0000_0001));
            let wallet = Wallet { load, wallet, key: wallet_key(wallet), client: Client::new(), random };
            std::thread::spawn(move || wallet.run())
        });
        Self { load: load.clone(), threads: threads.collect() }
    }

    pub(crate) fn stop(self) {
        self.load.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            // A thread that panicked has already printed it.
            let _ = thread.join();
        }
    }
}

struct Wallet {
    load: Arc<Load>,
    wallet: usize,
    key: SecretKey,
    client: Client,
    random: Random,
}

impl Wallet {
    fn run(mut self) {
        while !self.load.stop.load(Ordering::SeqCst) {
            let mut open: Vec<Promise> =
                self.load.of(self.wallet).iter().filter(|promise| !promise.settled).cloned().collect();
            let closing = self.load.closing.load(Ordering::SeqCst);
            // During the run it is enough to check the oldest ones. At the end all are checked.
            let looks = if closing { open.len() } else { 3 };
            for promise in open.iter_mut().take(looks) {
                self.look(promise);
            }
            if open.len() < WINDOW && !closing {
                open.extend(self.sign());
            }
            self.send(&mut open);
            self.keep(open);
            std::thread::sleep(PACE);
        }
    }

    fn keep(&self, open: Vec<Promise>) {
        let mut promises = self.load.of(self.wallet);
        for promise in open {
            let at = promise.nonce as usize;
            match promises.get_mut(at) {
                Some(place) => *place = promise,
                None => promises.push(promise),
            }
        }
        let unsettled = promises.iter().filter(|promise| !promise.settled).count();
        self.load.unsettled[self.wallet].store(unsettled, Ordering::SeqCst);
    }

    fn any_node(&mut self) -> Option<(usize, u16, u32)> {
        let usable = self.load.seats.iter().enumerate();
        let usable = usable.filter_map(|(node, seat)| Some((node, seat.usable()?, seat.incarnation())));
        let usable: Vec<_> = usable.collect();
        self.random.pick(&usable).copied()
    }

    /// Checks the state of a transaction at the node that accepted it, or else at any node.
    fn look(&mut self, promise: &mut Promise) {
        if let Some((node, life)) = promise.holder {
            let seat = &self.load.seats[node];
            if seat.is_removed() {
                promise.lost(format!("node{node}, which accepted it, was removed"));
            } else if seat.incarnation() != life {
                promise.lost(format!("node{node}, which accepted it, restarted"));
            }
        }
        let place = match promise.holder {
            Some((node, life)) => self.load.seats[node].usable().map(|port| (node, port, life)),
            None => self.any_node(),
        };
        let Some((node, port, life)) = place else { return };
        match self.client.transaction(port, &promise.id) {
            Ok(found) => {
                promise.missing = None;
                // A node that shows it has accepted it too.
                promise.holder = Some((node, life));
                let now = self.load.board.now();
                promise.acknowledged.get_or_insert(now);
                if let (Some(height), confirmations @ DEEP..) = (found.height, found.confirmations) {
                    promise.deep.get_or_insert(Deep { node, height, confirmations, at: now });
                    promise.settled = true;
                }
            }
            Err(refused) if refused.is_missing() && promise.holder.is_some() => {
                self.missed(promise, node, life);
            }
            Err(_) => (),
        }
    }

    /// The node that accepted it does not know it.
    fn missed(&self, promise: &mut Promise, node: usize, life: u32) {
        let reason = self.load.board.view(node).dropped.remove(&promise.id);
        if let Some(reason) = reason {
            return promise.lost(format!("node{node} dropped it: {reason}"));
        }
        let since = *promise.missing.get_or_insert_with(Instant::now);
        if since.elapsed() > FORGOTTEN_AFTER && self.load.seats[node].incarnation() == life {
            let text = format!("node{node} accepted it and kept running, but no longer knows it");
            promise.forgotten.get_or_insert(text.clone());
            promise.lost(text);
        }
    }

    fn sign(&mut self) -> Option<Promise> {
        let nonce = self.load.of(self.wallet).len() as u64;
        let action = if self.random.below(100) < 70 {
            let to = wallet_address(self.random.index(self.load.wallets()));
            let amount = self.random.within(1, 1_000);
            Action::Transfer { outputs: Bounded::truncated([Output { to, amount }]), memo: Text::default() }
        } else {
            let data = format!("wallet {} record {nonce}", self.wallet);
            let topic = Text::try_from("chaos".to_owned()).ok()?;
            Action::Record { topic, content: Content::Data(Bounded::truncated(data.into_bytes())) }
        };
        let signed = Transaction::sign(&self.load.network, &self.key, nonce, FEE, u64::MAX, action);
        Some(Promise {
            id: signed.id().to_string(),
            nonce,
            bytes: encode(&signed),
            holder: None,
            acknowledged: None,
            again: 0,
            why_again: None,
            missing: None,
            forgotten: None,
            deep: None,
            settled: false,
        })
    }

    /// Sends all transactions that no node holds to one node, in nonce order.
    fn send(&mut self, open: &mut [Promise]) {
        let waiting = |promise: &Promise| promise.holder.is_none() && !promise.settled;
        if !open.iter().any(waiting) {
            return;
        }
        let Some((node, port, life)) = self.any_node() else { return };
        for promise in open.iter_mut().filter(|promise| waiting(promise)) {
            match self.client.submit(port, &promise.bytes) {
                Ok(_) => promise.taken(node, life, self.load.board.now()),
                Err(refused) if refused.is("confirmed") => promise.taken(node, life, self.load.board.now()),
                Err(refused) => {
                    if refused.is("wrong-nonce") {
                        self.look_back(port);
                    }
                    // Without an answer there is no promise, whether the node accepted it or not.
                    return;
                }
            }
        }
    }

    /// A node expects a nonce before the first open one. So transactions that were settled on another branch are open again.
    fn look_back(&self, port: u16) {
        let address = wallet_address(self.wallet).to_string();
        let Ok(account) = self.client.account(port, &address) else { return };
        let mut promises = self.load.of(self.wallet);
        for promise in promises.iter_mut().skip(account.nonce as usize) {
            promise.settled = false;
        }
    }
}

impl Promise {
    fn taken(&mut self, node: usize, life: u32, now: u64) {
        if self.acknowledged.is_some() {
            self.again += 1;
        }
        self.acknowledged.get_or_insert(now);
        self.holder = Some((node, life));
        self.missing = None;
    }

    fn lost(&mut self, why: String) {
        self.holder = None;
        self.missing = None;
        self.why_again = Some(why);
    }
}
