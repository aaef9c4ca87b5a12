//! The field: a victim and three honest members in a full mesh. Two of them mine, payments come in at the third. Their events are recorded,
//! and the victim is measured.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bouya::http::views::{BlacklistEntry, Event, Page, PeerStatus};
use bouya_core::codec::encode;
use bouya_core::ledger::Genesis;
use bouya_core::testing;
use bouya_harness::{Client, Events, process};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;

use super::daemon::{Consortium, Daemon, RESTS, Repeat, bootstrap, network_of, pay, same_tip, until};
use super::member::Target;

pub(crate) const VICTIM: &str = "victim";
pub(crate) const HONEST: [&str; 3] = ["amy", "ben", "cat"];
/// The interval of blocks.
const INTERVAL_MS: u32 = 500;
/// Each miner's share of a core.
const SHARE: f64 = 0.05;
/// The pause between two payments.
const PAYMENT: Duration = Duration::from_millis(100);

pub(crate) struct Field {
    pub(crate) victim: Daemon,
    pub(crate) honest: Vec<Daemon>,
    pub(crate) ears: Vec<Ear>,
    pub(crate) consortium: Consortium,
    payer: Option<Repeat>,
}

/// The events that a node has sent on its event stream.
#[derive(Clone)]
pub(crate) struct Ear(Arc<Mutex<Vec<(Instant, Event)>>>);

/// What a process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory, in KiB.
    pub(crate) rss: u64,
    /// The most memory since the last [`Field::forget_peak`], in KiB.
    pub(crate) peak: u64,
    /// Processor time since the start.
    pub(crate) cpu: Duration,
    pub(crate) fds: usize,
}

impl Field {
    /// All run and are connected to each other, and blocks come. `mad` are the ids of the members that attack.
    pub(crate) fn new(mad: &[&str]) -> Self {
        let mut consortium = Consortium::new();
        consortium.genesis = network(&consortium);
        let mines = format!("when = \"always\"\nthreads = 1\nshare = {SHARE}");
        let mut victim = consortium.member(VICTIM, "", RESTS);
        let known = bootstrap(&[&victim]);
        let miner = |id: &str| if id == HONEST[2] { RESTS } else { mines.as_str() };
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
        field.payer = Some(pay_on(&field.consortium.genesis, field.honest[2].client.clone()));
        field
    }

    /// All nodes, the victim first.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Daemon> {
        std::iter::once(&self.victim).chain(&self.honest)
    }

    pub(crate) fn target(&self) -> Target {
        self.target_of(&self.victim)
    }

    pub(crate) fn target_of(&self, node: &Daemon) -> Target {
        Target {
            id: node.id.clone(),
            address: node.p2p.address(),
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

    /// Why the victim has banned `id`, if it has.
    pub(crate) fn ban(&self, id: &str) -> Option<String> {
        bans(&self.victim).into_iter().find(|entry| entry.id == id)?.why
    }

    /// Why the victim has banned or lost `id`.
    pub(crate) fn why(&self, id: &str) -> Option<String> {
        self.ban(id).or_else(|| self.victim.peer(id)?.why)
    }

    /// Every cut of an honest link and every ban of an honest member since the field was made.
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

    /// Asserts that the honest nodes have stayed connected, have banned none of each other, and go on making blocks that they agree on.
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

    /// Counts the victim's peak of memory from now on.
    pub(crate) fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.victim.pid()), "5").unwrap();
    }

    /// For each node, the victim first: how long after the first node it reported each block. Only blocks that all nodes reported, and the
    /// first one between `since` and `to`.
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
}

impl Drop for Field {
    fn drop(&mut self) {
        self.payer.take().map(Repeat::stop);
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

/// A network whose initial difficulty fits the two miners. The victim and the honest are a quorum; those that attack seal with the fifth
/// member's key.
fn network(consortium: &Consortium) -> Genesis {
    let mut members = consortium.listed(&[VICTIM, HONEST[0], HONEST[1], HONEST[2]]);
    members.push(testing::member(9));
    let network = |rate| network_of("attacked", rate, INTERVAL_MS, members.clone());
    network(bouya::miner::measure(&network(1.0)) * 2.0 * SHARE)
}

impl Ear {
    /// Listens until the node ends.
    pub(crate) fn listen(daemon: &Daemon) -> Self {
        let mut events = Events::open(daemon.api.number()).unwrap();
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

/// One key pays another through an honest node, again and again.
fn pay_on(genesis: &Genesis, client: Client) -> Repeat {
    let (genesis, mut nonce) = (genesis.clone(), 0);
    Repeat::start(move || {
        let bytes = encode(&pay(&genesis, 1, nonce, 2, 5));
        let sent = client.succeed("POST", "/v1/transactions", None, &bytes);
        nonce += u64::from(sent.is_ok());
        std::thread::sleep(PAYMENT); // pace
    })
}
