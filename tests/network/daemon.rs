//! A consortium in a temporary folder: its CA, its network, its daemons. Everything that is started is ended with it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::http::views::{Account, Page, Peer, PeerStatus, Status};
use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, Allocation, Genesis, Output as Payment, Transaction};
use bouya_core::time::Timestamp;
use mkca::Authority;
use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// The longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Consortium {
    dir: TempDir,
    pub(super) authority: Authority,
    pub(super) genesis: Genesis,
    /// Several daemons mine: one consortium at a time.
    _turn: MutexGuard<'static, ()>,
}

pub(super) struct Daemon {
    pub(super) id: String,
    pub(super) dir: PathBuf,
    pub(super) p2p: u16,
    pub(super) api: u16,
    child: Option<Child>,
}

static TURN: Mutex<()> = Mutex::new(());

/// Key number `n`; keys 1 to 4 hold 1,000 coins.
pub(super) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

pub(super) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// A port that is free and stays so until its daemon listens: none that the system gives to outgoing connections, and each only once.
fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let mut ports = std::iter::repeat_with(|| {
        let number = std::process::id().wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        20_000 + (number % 12_000) as u16
    });
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// Waits until `done` says something.
pub(super) fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(50)); // poll
    }
}

impl Consortium {
    pub(super) fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create(&dir.path().join("ca"), "test", mkca::AUTHORITY_DAYS).unwrap();
        let genesis = network("acme");
        Self { dir, authority, genesis, _turn: turn }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A member with its certificate and a configuration; `more` goes into the p2p and miner sections.
    pub(super) fn member(&self, id: &str, p2p: &str, miner: &str) -> Daemon {
        self.authority.issue(&[id.parse().unwrap()], mkca::CERTIFICATE_DAYS).unwrap();
        self.daemon(id, &self.genesis, p2p, miner)
    }

    /// A daemon whose certificate exists already.
    pub(super) fn daemon(&self, id: &str, genesis: &Genesis, p2p: &str, miner: &str) -> Daemon {
        let dir = self.path(id);
        fs::create_dir_all(&dir).unwrap();
        let ca = self.path("ca");
        for file in ["ca.crt".to_owned(), "ca.crl".to_owned(), format!("{id}.crt"), format!("{id}.key")] {
            fs::copy(ca.join(&file), dir.join(&file)).unwrap();
        }
        fs::write(dir.join("network.toml"), NetworkFile::render(&genesis.spec, 1)).unwrap();
        let (port, api) = (free_port(), free_port());
        let text = format!(
            "data_dir = \"data\"\nnetwork = \"network.toml\"\n\
             [identity]\nca = \"ca.crt\"\ncertificate = \"{id}.crt\"\nkey = \"{id}.key\"\ncrl = \"ca.crl\"\n\
             [p2p]\nlisten = \"127.0.0.1:{port}\"\n{p2p}\n[miner]\n{miner}\n[api]\nlisten = \"127.0.0.1:{api}\"\n"
        );
        fs::write(dir.join("node.toml"), text).unwrap();
        Daemon { id: id.to_owned(), dir, p2p: port, api, child: None }
    }
}

/// A network with fast blocks and coins for keys 1 to 4.
pub(super) fn network(name: &str) -> Genesis {
    let name = Text::try_from(name.to_owned()).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let mut spec = new_spec(name, [3; 16], Timestamp(now.as_millis() as u64), 40_000.0, 250);
    let amount = spec.coin.parse("1000").unwrap();
    spec.allocations = (1..=4).map(|n| Allocation { address: address(n), amount }).collect();
    Genesis::new(spec).unwrap()
}

impl Daemon {
    pub(super) fn at(&self) -> String {
        format!("{}@127.0.0.1:{}", self.id, self.p2p)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("node.toml")
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Starts it and waits until it answers.
    pub(super) fn start(&mut self) {
        self.spawn();
        until(&format!("{} answers", self.id), || {
            if self.has_ended() {
                // It was free when it was chosen, but another program may have it for a while.
                assert!(self.log().trim_end().ends_with("choose another port"), "{}", self.log());
                self.spawn();
            }
            self.get::<Status>("/v1/status")
        });
    }

    /// The same, under a limit that `ulimit` sets.
    pub(super) fn start_limited(&mut self, limit: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_bouya")]);
        self.spawn_as(shell);
        until(&format!("{} answers", self.id), || {
            assert!(!self.has_ended(), "{}", self.log());
            self.get::<Status>("/v1/status")
        });
    }

    fn has_ended(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    pub(super) fn spawn(&mut self) {
        self.spawn_as(Command::new(env!("CARGO_BIN_EXE_bouya")));
    }

    fn spawn_as(&mut self, mut command: Command) {
        let log = File::options().create(true).append(true).open(self.dir.join("log")).unwrap();
        let command = command.args(["run", "--config"]).arg(self.config());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.child = Some(child);
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), signal).unwrap();
    }

    /// Waits for the process' end.
    pub(super) fn wait(&mut self) -> i32 {
        let mut child = self.child.take().unwrap();
        let status = until(&format!("{} ends", self.id), || child.try_wait().unwrap());
        status.code().unwrap_or(-1)
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.wait(), 0, "{}", self.log());
    }

    /// What the API says, if it answers with success.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into();
        let url = format!("http://127.0.0.1:{}{path}", self.api);
        agent.get(url).call().ok()?.body_mut().read_json().ok()
    }

    /// Sends a request of any method; status and body.
    pub(super) fn send(&self, method: &str, path: &str, token: bool, body: &[u8]) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("http://127.0.0.1:{}{path}", self.api);
        let kind = if body.first() == Some(&b'{') { "application/json" } else { "application/octet-stream" };
        let mut request = ureq::http::Request::builder().method(method).uri(url).header("content-type", kind);
        if token {
            let token = fs::read_to_string(self.dir.join("data/api.token")).unwrap();
            request = request.header("authorization", format!("Bearer {}", token.trim()));
        }
        let mut answer = agent.run(request.body(body.to_vec()).unwrap()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// A number of `/metrics`, if it answers.
    pub(super) fn metric(&self, name: &str) -> Option<u64> {
        let url = format!("http://127.0.0.1:{}/metrics", self.api);
        let text = ureq::get(&url).call().ok()?.body_mut().read_to_string().ok()?;
        let line =
            text.lines().find_map(|line| line.strip_prefix("bouya_")?.strip_prefix(name)?.strip_prefix(' '));
        line?.parse().ok()
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
        let (url, stop) = (format!("http://127.0.0.1:{}/v1/status", self.api), Arc::<AtomicBool>::default());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut answers = 0;
            while !stopped.load(Ordering::Relaxed) {
                ureq::get(&url).call().unwrap();
                answers += 1;
            }
            answers
        });
        Asking { stop, thread }
    }

    /// Runs the command line on this daemon's configuration.
    pub(super) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bouya"))
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .output()
            .unwrap()
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
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
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

pub(super) fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}
