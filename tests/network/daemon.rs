//! A consortium whose daemons are asked what tests want to know: on top of the harness, what an answer means.

use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::http::views::{Account, Page, Peer, PeerStatus, Status};
use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, Allocation, Genesis, Output as Payment, Transaction};
use bouya_harness::{self as harness, Port, TempFolder};
use rustix::process::Signal;
use serde::de::DeserializeOwned;

/// The longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Consortium {
    files: harness::Consortium,
    pub(super) genesis: Genesis,
    _folder: TempFolder,
    /// Several daemons mine: one consortium at a time.
    _turn: MutexGuard<'static, ()>,
}

/// A daemon that is as the harness has it, and fails a test rather than return an error.
pub(super) struct Daemon {
    pub(super) id: String,
    pub(super) dir: PathBuf,
    pub(super) p2p: u16,
    pub(super) api: u16,
    process: harness::Daemon,
}

static TURN: Mutex<()> = Mutex::new(());

/// Key number `n`; keys 1 to 4 hold 1,000 coins.
pub(super) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

pub(super) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// Waits until `done` says something.
pub(super) fn until<T>(what: &str, done: impl FnMut() -> Option<T>) -> T {
    harness::until(PATIENCE, done).unwrap_or_else(|| panic!("never: {what}"))
}

fn bouya() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bouya"))
}

impl Consortium {
    pub(super) fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempFolder::new("bouya-test").unwrap();
        let files = harness::Consortium::open(folder.path(), "test").unwrap();
        Self { files, genesis: network("acme"), _folder: folder, _turn: turn }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A member with its certificate and a configuration; `p2p` and `miner` go into the sections of that name.
    pub(super) fn member(&self, id: &str, p2p: &str, miner: &str) -> Daemon {
        self.daemon(id, &self.genesis, p2p, miner)
    }

    /// The same in a network of its own.
    pub(super) fn daemon(&self, id: &str, genesis: &Genesis, p2p: &str, miner: &str) -> Daemon {
        let member = self.files.admit(id, &NetworkFile::render(&genesis.spec, 1)).unwrap();
        let port = || Port::reserve(Ipv4Addr::LOCALHOST).unwrap();
        let process = harness::Daemon::new(member, port(), port());
        process.configure(p2p, &format!("[miner]\n{miner}\n")).unwrap();
        let (dir, p2p, api) = (process.member.dir.clone(), process.p2p.number(), process.api.number());
        Daemon { id: id.to_owned(), dir, p2p, api, process }
    }
}

impl Deref for Consortium {
    type Target = harness::Consortium;

    fn deref(&self) -> &harness::Consortium {
        &self.files
    }
}

/// A network with fast blocks and coins for keys 1 to 4.
pub(super) fn network(name: &str) -> Genesis {
    let name = Text::try_from(name.to_owned()).unwrap();
    let mut spec = new_spec(name, [3; 16], bouya::clock::wall(), 40_000.0, 250);
    let amount = spec.coin.parse("1000").unwrap();
    spec.allocations = (1..=4).map(|n| Allocation { address: address(n), amount }).collect();
    Genesis::new(spec).unwrap()
}

impl Deref for Daemon {
    type Target = harness::Daemon;

    fn deref(&self) -> &harness::Daemon {
        &self.process
    }
}

impl DerefMut for Daemon {
    fn deref_mut(&mut self) -> &mut harness::Daemon {
        &mut self.process
    }
}

impl Daemon {
    pub(super) fn config(&self) -> PathBuf {
        self.member.config()
    }

    /// Starts it and waits until it answers.
    pub(super) fn start(&mut self) {
        self.start_as(bouya());
    }

    /// The same, by another command that ends in the daemon's.
    pub(super) fn start_as(&mut self, command: Command) {
        self.process.spawn(command).unwrap();
        until(&format!("{} answers", self.id), || self.process.answers().unwrap().then_some(()));
    }

    /// The same, under a limit that `ulimit` sets.
    pub(super) fn start_limited(&mut self, limit: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_bouya")]);
        self.start_as(shell);
    }

    /// Starts it.
    pub(super) fn spawn(&mut self) {
        self.process.spawn(bouya()).unwrap();
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.process.pid().unwrap()
    }

    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = self.wait(PATIENCE).unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// What the API says, if it answers with success.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        self.client.get(path).ok()
    }

    /// Sends a request of any method; status and body.
    pub(super) fn send(&self, method: &str, path: &str, token: bool, body: &[u8]) -> (u16, String) {
        let token = token.then(|| self.member.token().unwrap());
        let answer = self.client.send(method, path, token.as_deref(), body).unwrap();
        (answer.status, answer.text())
    }

    /// A number of `/metrics`, if it answers.
    pub(super) fn metric(&self, name: &str) -> Option<u64> {
        Some(self.client.metric(&format!("bouya_{name}")).ok()?? as u64)
    }

    pub(super) fn status(&self) -> Status {
        until(&format!("{} has a status", self.id), || self.get("/v1/status"))
    }

    pub(super) fn height(&self) -> u64 {
        self.status().tip.height
    }

    pub(super) fn balance(&self, n: u8) -> String {
        self.get::<Account>(&format!("/v1/accounts/{}", address(n))).unwrap().balance
    }

    pub(super) fn peers(&self) -> Vec<Peer> {
        self.get::<Page<Peer>>("/v1/peers?limit=100").map(|page| page.items).unwrap_or_default()
    }

    pub(super) fn peer(&self, id: &str) -> Option<Peer> {
        self.peers().into_iter().find(|peer| peer.id == id)
    }

    pub(super) fn is_connected_to(&self, id: &str) -> bool {
        self.peer(id).is_some_and(|peer| peer.status == PeerStatus::Connected)
    }

    /// Asks for the status over and over; every question must be answered.
    pub(super) fn keep_asking(&self) -> Asking {
        let (client, stop) = (self.client.clone(), Arc::<AtomicBool>::default());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut answers = 0;
            while !stopped.load(Ordering::Relaxed) {
                client.bytes("/v1/status").unwrap();
                answers += 1;
            }
            answers
        });
        Asking { stop, thread }
    }

    /// Runs the command line on this daemon's configuration.
    pub(super) fn command(&self, arguments: &[&str]) -> Output {
        bouya().args(arguments).arg("--config").arg(self.config()).output().unwrap()
    }

    pub(super) fn verify(&self) {
        let output = self.command(&["verify"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A client that keeps asking.
pub(super) struct Asking {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Asking {
    /// Stops it; how often it was answered.
    pub(super) fn answers(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(3_000);
            eprintln!("--- {} ---\n{}", self.id, log.get(from..).unwrap_or(&log));
        }
    }
}

/// A payment, signed for a network.
pub(super) fn pay(genesis: &Genesis, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
    let output = Bounded::truncated([Payment { to: address(to), amount }]);
    Transaction::transfer(&genesis.id(), &key(from), nonce, 1_000, u64::MAX, output, Text::default())
}

pub(super) fn same_tip(daemons: &[&Daemon]) -> bool {
    let tips: Option<Vec<String>> =
        daemons.iter().map(|daemon| Some(daemon.get::<Status>("/v1/status")?.tip.hash)).collect();
    tips.is_some_and(|tips| tips.windows(2).all(|pair| pair[0] == pair[1]))
}
