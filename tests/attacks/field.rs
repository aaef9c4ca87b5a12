//! The field: a victim and three honest members in a full mesh, two of them mining, one being paid; what is heard and measured of them.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bouya::config::network::new_spec;
use bouya::http::views::{BlacklistEntry, Event, Page, PeerStatus};
use bouya_core::codec::{Text, encode};
use bouya_core::ledger::{Allocation, Genesis};
use bouya_harness::{Client, Events, process};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;

use super::daemon::{Consortium, Daemon, address, pay, same_tip, until};
use super::member::Target;

pub(crate) const VICTIM: &str = "victim";
pub(crate) const HONEST: [&str; 3] = ["amy", "ben", "cat"];
/// Blocks come this often.
const INTERVAL_MS: u32 = 500;
/// What each miner takes of a core.
const SHARE: f64 = 0.05;
/// Between two payments.
const PAYMENT: Duration = Duration::from_millis(100);

pub(crate) struct Field {
    pub(crate) victim: Daemon,
    pub(crate) honest: Vec<Daemon>,
    pub(crate) ears: Vec<Ear>,
    pub(crate) consortium: Consortium,
    payer: Option<Payer>,
}

/// What a node tells on its event stream.
#[derive(Clone)]
pub(crate) struct Ear(Arc<Mutex<Vec<(Instant, Event)>>>);

struct Payer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

/// What a process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory, in KiB.
    pub(crate) rss: u64,
    /// The most since the last [`Field::forget_peak`].
    pub(crate) peak: u64,
    /// Processor time since the start.
    pub(crate) cpu: Duration,
    pub(crate) fds: usize,
}

impl Field {
    /// Everybody runs, is connected to everybody, and blocks come. `mad` are the ids of members that are not what they were.
    pub(crate) fn new(mad: &[&str]) -> Self {
        let mut consortium = Consortium::new();
        consortium.genesis = network();
        let mines = format!("when = \"always\"\nthreads = 1\nshare = {SHARE}");
        let rests = "enabled = false";
        let mut victim = consortium.member(VICTIM, "", rests);
        let known = format!("bootstrap = [\"{}\"]", victim.at());
        let miner = |id: &str| if id == HONEST[2] { rests } else { mines.as_str() };
        let mut honest: Vec<Daemon> =
            HONEST.iter().map(|id| consortium.member(id, &known, miner(id))).collect();
        victim.start();
        honest.iter_mut().for_each(Daemon::start);
        for id in mad {
            consortium.authority.issue(&[id.parse().unwrap()], mkca::CERTIFICATE_DAYS).unwrap();
        }
        let mut field = Self { victim, honest, ears: Vec::new(), consortium, payer: None };
        until("all are connected", || field.is_meshed().then_some(()));
        until("blocks come", || (field.victim.height() >= 3).then_some(()));
        field.ears = field.nodes().map(Ear::listen).collect();
        field.payer = Some(Payer::start(&field.consortium.genesis, field.honest[2].client.clone()));
        field
    }

    /// The victim first.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Daemon> {
        std::iter::once(&self.victim).chain(&self.honest)
    }

    pub(crate) fn target(&self) -> Target {
        self.target_of(&self.victim)
    }

    pub(crate) fn target_of(&self, node: &Daemon) -> Target {
        Target {
            id: node.id.clone(),
            address: SocketAddr::from(([127, 0, 0, 1], node.p2p)),
            genesis: Arc::new(self.consortium.genesis.clone()),
            ca: self.consortium.path("ca"),
        }
    }

    /// The CA's revocation list (DER).
    pub(crate) fn list(&self) -> Vec<u8> {
        CertificateRevocationListDer::from_pem_file(self.consortium.authority.crl_path()).unwrap().to_vec()
    }

    pub(crate) fn is_meshed(&self) -> bool {
        let ids = || std::iter::once(VICTIM).chain(HONEST);
        self.nodes().all(|node| ids().all(|id| id == node.id || node.is_connected_to(id)))
    }

    /// The victim's ban of `id`, and why.
    pub(crate) fn ban(&self, id: &str) -> Option<String> {
        bans(&self.victim).into_iter().find(|entry| entry.id == id)?.why
    }

    /// What the victim says of `id`: why it was banned or lost.
    pub(crate) fn why(&self, id: &str) -> Option<String> {
        self.ban(id).or_else(|| self.victim.peer(id)?.why)
    }

    /// How often an honest link was cut, and how many honest members are banned by anybody, since the field was made.
    pub(crate) fn harm(&self) -> Vec<String> {
        let is_honest = |id: &str| id == VICTIM || HONEST.contains(&id);
        let mut harm = Vec::new();
        for (node, ear) in self.nodes().zip(&self.ears) {
            for (_, event) in ear.heard() {
                if let Event::Peer { id, status, why } = event
                    && is_honest(&id)
                    && status != PeerStatus::Connected
                {
                    harm.push(format!("{}: {id} {status}: {}", node.id, why.unwrap_or_default()));
                }
            }
            let banned = bans(node).into_iter().filter(|entry| is_honest(&entry.id));
            harm.extend(banned.map(|entry| format!("{} bans {}", node.id, entry.id)));
        }
        harm
    }

    /// The honest nodes have stayed connected, have banned none of each other, go on making blocks and agree on them.
    pub(crate) fn assert_unharmed(&self) {
        let harm = self.harm();
        assert!(harm.is_empty(), "{}", harm.join("\n"));
        let from = self.victim.height();
        until("blocks go on", || (self.honest[2].height() >= from + 3).then_some(()));
        let all: Vec<&Daemon> = self.nodes().collect();
        until("all agree", || same_tip(&all).then_some(()));
    }

    pub(crate) fn usage(&self) -> Usage {
        usage(&self.victim)
    }

    /// The victim's peak of memory is counted from now on.
    pub(crate) fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.victim.pid()), "5").unwrap();
    }

    /// Blocks that were first told of between `since` and `to`, and then by all: for each node, the victim first, how long after the
    /// first of them.
    pub(crate) fn delays(&self, since: Instant, to: Instant) -> Vec<Vec<Duration>> {
        let heard: Vec<_> = self.ears.iter().map(Ear::blocks).collect();
        let Some((first, others)) = heard.split_first() else { return Vec::new() };
        let mut delays = vec![Vec::new(); heard.len()];
        for (hash, at) in first {
            let times: Option<Vec<Instant>> = std::iter::once(Some(*at))
                .chain(
                    others
                        .iter()
                        .map(|blocks| blocks.iter().find(|(other, _)| other == hash).map(|(_, at)| *at)),
                )
                .collect();
            let Some(times) = times else { continue };
            let Some(earliest) =
                times.iter().min().copied().filter(|earliest| (since..to).contains(earliest))
            else {
                continue;
            };
            for (delays, at) in delays.iter_mut().zip(times) {
                delays.push(at - earliest);
            }
        }
        delays
    }

    /// Payments made so far end here; how many there were.
    pub(crate) fn stop_paying(&mut self) -> u64 {
        self.payer.take().map_or(0, Payer::stop)
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        self.stop_paying();
    }
}

pub(crate) fn usage(daemon: &Daemon) -> Usage {
    let pid = daemon.pid();
    Usage {
        rss: process::memory(pid).unwrap() / 1_024,
        peak: process::peak_memory(pid).unwrap() / 1_024,
        cpu: Duration::from_secs_f64(process::cpu(pid).values().sum()),
        fds: process::open_files(pid).unwrap(),
    }
}

fn bans(node: &Daemon) -> Vec<BlacklistEntry> {
    let page = until("a blacklist", || node.get::<Page<BlacklistEntry>>("/v1/blacklist?limit=100"));
    page.items
}

/// A network whose first difficulty fits the two miners.
fn network() -> Genesis {
    let spec = |rate| {
        let name = Text::try_from("attacked".to_owned()).unwrap();
        let mut spec = new_spec(name, [5; 16], bouya::clock::wall(), rate, INTERVAL_MS);
        let amount = spec.coin.parse("1000").unwrap();
        spec.allocations = (1..=4).map(|n| Allocation { address: address(n), amount }).collect();
        Genesis::new(spec).unwrap()
    };
    spec(bouya::miner::measure(&spec(1.0)) * 2.0 * SHARE)
}

impl Ear {
    /// Listens until the node ends.
    pub(crate) fn listen(daemon: &Daemon) -> Self {
        let mut events = Events::open(daemon.api).unwrap();
        let ear = Self(Arc::default());
        let heard = ear.0.clone();
        std::thread::spawn(move || {
            while let Ok((event, at)) = events.hear() {
                heard.lock().unwrap().push((at, event));
            }
        });
        ear
    }

    pub(crate) fn heard(&self) -> Vec<(Instant, Event)> {
        self.0.lock().unwrap().clone()
    }

    /// When `id` was banned or lost, and why.
    pub(crate) fn lost(&self, id: &str) -> Option<(Instant, String)> {
        self.heard().into_iter().find_map(|(at, event)| match event {
            Event::Peer { id: lost, status, why } if lost == id && status != PeerStatus::Connected => {
                Some((at, why.unwrap_or_default()))
            }
            _ => None,
        })
    }

    fn blocks(&self) -> Vec<(String, Instant)> {
        let block = |(at, event)| match event {
            Event::Block { hash, .. } => Some((hash, at)),
            _ => None,
        };
        self.heard().into_iter().filter_map(block).collect()
    }
}

impl Payer {
    /// One coin holder pays another through an honest node, again and again.
    fn start(genesis: &Genesis, client: Client) -> Self {
        let (stop, genesis) = (Arc::<AtomicBool>::default(), genesis.clone());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut nonce = 0;
            while !stopped.load(Ordering::Relaxed) {
                let bytes = encode(&pay(&genesis, 1, nonce, 2, 5));
                let sent = client.succeed("POST", "/v1/transactions", None, &bytes);
                nonce += u64::from(sent.is_ok());
                std::thread::sleep(PAYMENT); // pace
            }
            nonce
        });
        Self { stop, thread }
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
