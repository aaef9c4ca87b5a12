//! A consortium of real daemons, for tests. The harness runs them; this file knows what their answers mean.

use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::http::views::{Account, Page, Peer, PeerStatus, Status};
use bouya::voter::record;
use bouya_core::ledger::{Allocation, Genesis, Member, Transaction};
use bouya_core::testing::{self, address, text};
use bouya_harness::{self as harness, Port, TempFolder, process};
use rustix::process::Signal;
use serde::de::DeserializeOwned;

/// The longest that anything may take, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Consortium {
    files: harness::Consortium,
    pub(super) genesis: Genesis,
    _folder: TempFolder,
    /// Only one consortium runs at a time, because several daemons mine.
    _turn: MutexGuard<'static, ()>,
}

/// The harness's daemon, but what goes wrong fails the test instead of returning an error.
pub(super) struct Daemon {
    pub(super) id: String,
    pub(super) dir: PathBuf,
    process: harness::Daemon,
}

/// The members of a consortium. A test runs some of them, never a quorum: so nothing is final, and the chain with the most work counts.
const MEMBERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "alice", "bob"];

static TURN: Mutex<()> = Mutex::new(());

/// Settings of a miner that never mines.
pub(super) const RESTS: &str = "enabled = false";

/// The line of a configuration that names the peers a daemon knows.
pub(super) fn bootstrap(known: &[&Daemon]) -> String {
    harness::bootstrap(known.iter().map(|daemon| daemon.at()))
}

/// Waits until `done` returns something, and returns that.
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
        let genesis = network_of("acme", 40_000.0, 250, listed(folder.path(), &MEMBERS));
        Self { files, genesis, _folder: folder, _turn: turn }
    }

    /// Members of these ids. The daemon of each has its member key, and the record of what that voted for: nothing.
    pub(super) fn listed(&self, ids: &[&str]) -> Vec<Member> {
        listed(self.files.path(), ids)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A member with its certificate and a configuration. `p2p` and `miner` go into the sections of these names.
    pub(super) fn member(&self, id: &str, p2p: &str, miner: &str) -> Daemon {
        self.daemon(id, &self.genesis, p2p, miner)
    }

    /// The same, on another network.
    pub(super) fn daemon(&self, id: &str, genesis: &Genesis, p2p: &str, miner: &str) -> Daemon {
        let member = self.files.admit(id, &NetworkFile::render(&genesis.spec, 1)).unwrap();
        let port = || Port::reserve(Ipv4Addr::LOCALHOST).unwrap();
        let process = harness::Daemon::new(member, port(), port());
        process.configure(p2p, &format!("[miner]\n{miner}\n")).unwrap();
        Daemon { id: id.to_owned(), dir: process.member.dir.clone(), process }
    }
}

impl Deref for Consortium {
    type Target = harness::Consortium;

    fn deref(&self) -> &harness::Consortium {
        &self.files
    }
}

fn listed(dir: &Path, ids: &[&str]) -> Vec<Member> {
    let listed = |(n, id): (u8, &&str)| record::listed(dir, id.parse().unwrap(), testing::member(n).governor);
    (1..).zip(ids).map(|one| listed(one).unwrap()).collect()
}

/// A network for miners that try `rate` hashes per second in all, with a block every `interval_ms`. Keys 1 to 4 hold 1,000 coins each.
pub(super) fn network_of(name: &str, rate: f64, interval_ms: u32, members: Vec<Member>) -> Genesis {
    let mut spec = new_spec(text(name), [3; 16], bouya::clock::wall(), rate, interval_ms);
    let amount = spec.coin.parse("1000").unwrap();
    spec.members = members;
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

    /// The same with a command that runs the daemon in its own way.
    pub(super) fn start_as(&mut self, command: Command) {
        self.process.spawn(command).unwrap();
        until(&format!("{} answers", self.id), || self.process.answers().unwrap().then_some(()));
    }

    /// The same, under a limit that the shell's `ulimit` sets.
    pub(super) fn start_limited(&mut self, limit: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_bouya")]);
        self.start_as(shell);
    }

    /// Starts it and does not wait.
    pub(super) fn spawn(&mut self) {
        self.process.spawn(bouya()).unwrap();
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.process.pid().unwrap()
    }

    /// The files that its process has open.
    pub(super) fn open_files(&self) -> usize {
        process::open_files(self.pid()).unwrap()
    }

    /// Stops it and waits for its clean end.
    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = self.wait(PATIENCE).unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// An answer of the API; none if the API does not answer with success.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        self.client.get(path).ok()
    }

    /// Sends a request with any method. Returns status and body.
    pub(super) fn send(&self, method: &str, path: &str, token: bool, body: &[u8]) -> (u16, String) {
        let token = token.then(|| self.member.token().unwrap());
        let answer = self.client.send(method, path, token.as_deref(), body).unwrap();
        (answer.status, answer.text())
    }

    /// A number from `/metrics`; none if the API does not answer.
    pub(super) fn metric(&self, name: &str) -> Option<u64> {
        Some(self.client.metric(&format!("bouya_{name}")).ok()?? as u64)
    }

    /// Gives it the address of another daemon, as an operator does.
    pub(super) fn introduce(&self, other: &Self) {
        let (id, port) = (&other.id, other.p2p.number());
        let peer = format!(r#"{{"id":"{id}","host":"127.0.0.1","port":{port}}}"#);
        assert_eq!(self.send("POST", "/v1/peers", true, peer.as_bytes()).0, 204);
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

    /// Runs a command of the command line with this daemon's configuration.
    pub(super) fn command(&self, arguments: &[&str]) -> Output {
        bouya().args(arguments).arg("--config").arg(self.config()).output().unwrap()
    }

    /// Has its store verified. Returns how many blocks that has.
    pub(super) fn verify(&self) -> u64 {
        let output = self.command(&["verify"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace()
            .nth(1)
            .and_then(|blocks| blocks.parse().ok())
            .unwrap_or_else(|| panic!("{text}"))
    }
}

/// A thread that does something again and again.
pub(super) struct Repeat {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Repeat {
    pub(super) fn start(mut once: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut times = 0;
            while !stopped.load(Ordering::Relaxed) {
                once();
                times += 1;
            }
            times
        });
        Self { stop, thread }
    }

    /// Ends it. Returns how often it was done.
    pub(super) fn stop(self) -> u64 {
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

/// A payment from key `from` to key `to`, signed for a network.
pub(super) fn pay(genesis: &Genesis, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
    testing::pay(genesis, from, nonce, to, amount, 1_000)
}

pub(super) fn same_tip(daemons: &[&Daemon]) -> bool {
    let tips: Option<Vec<String>> =
        daemons.iter().map(|daemon| Some(daemon.get::<Status>("/v1/status")?.tip.hash)).collect();
    tips.is_some_and(|tips| tips.windows(2).all(|pair| pair[0] == pair[1]))
}
