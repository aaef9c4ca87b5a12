//! Levels: read from the actors' watches, and asked of the network and the store, when somebody asks for the metrics.

use std::fmt::Display;
use std::sync::atomic::AtomicU64;

use bouya_core::finality::Alarm;
use bouya_core::node::{Head, VoterStatus};
use bouya_core::overlay::{PeerStatus, PeerView};
use bouya_core::time::Timestamp;
use clap::ValueEnum;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::super::limits::ask;
use super::super::problem::Problem;
use super::super::views::NodeState;
use super::super::{Api, motions, node};
use crate::chain::free_bytes;
use crate::clock::wall;
use crate::net::request::{NetworkRequest, Summary};
use crate::net::tls::expiry::{Expiry, What};

/// What must be asked for.
pub(super) struct Levels {
    summary: Summary,
    peers: Vec<PeerView>,
    motions: usize,
    free: Option<u64>,
}

impl Levels {
    pub(super) async fn read(api: &Api) -> Result<Self, Problem> {
        let summary =
            ask(&api.limits.network, &api.network, |reply| NetworkRequest::Summary { reply }).await?;
        let peers = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Peers { reply }).await?;
        let data_dir = api.data_dir.clone();
        let read = api.read(move |snapshot| Ok((motions::open(snapshot)?, free_bytes(&data_dir))));
        let (motions, free) = read.await?;
        Ok(Self { summary, peers, motions, free })
    }

    pub(super) fn register(&self, registry: &mut Registry, api: &Api) {
        let (head, voter) = (api.head.borrow().clone(), api.health.voter.borrow().clone());
        let state = NodeState::from(api.health.state());
        let states = NodeState::value_variants().iter().map(|one| (one, u64::from(*one == state)));
        let help = "1 for the state that the node is in, 0 for the others";
        each(registry, "state", help, "state", states);
        build(registry);
        let started = ConstGauge::new(api.started.0 / 1_000);
        registry.register("start_time_seconds", "When this node started", started);
        self.of_chain(registry, api, &head);
        of_voters(registry, &head, &voter);
        self.of_peers(registry);
        self.of_machine(registry, api);
        of_ends(registry, &self.summary.ends);
    }

    fn of_chain(&self, registry: &mut Registry, api: &Api, head: &Head) {
        let behind = head.branch.height.saturating_sub(head.finalized.0);
        let since = head.unfinal_since.map_or(0, |since| wall().millis_since(since));
        let upgrade = node::upgrade(&api.genesis, head).map_or(0, |upgrade| upgrade.height);
        let waiting = *api.level.borrow();
        for (name, help, value) in [
            ("height", "Height of the best chain", head.branch.height),
            ("tip_time_seconds", "Time of the best block, as its miner claims", seconds(head.branch.time)),
            ("final_height", "Height of the newest final block", head.finalized.0),
            ("final_behind", "Blocks of the best chain above it", behind),
            (
                "unfinal_seconds",
                "Since the date of the first block above it; 0 if there is none",
                since / 1_000,
            ),
            (
                "upgrade_height",
                "Height of the first block whose version this program does not know; 0 if none is decided",
                upgrade,
            ),
            ("motions_open", "Motions that wait for what members say", self.motions as u64),
            ("mempool_transactions", "Transactions that wait", waiting.transactions as u64),
            ("mempool_bytes", "Their bytes, as allocated", waiting.bytes as u64),
            ("hashes_per_second", "The miner's rate", *api.hash_rate.borrow()),
        ] {
            registry.register(name, help, ConstGauge::new(value));
        }
    }

    /// Only of peers that TLS has proven or the operator wants: a member that makes up ids makes no series.
    fn of_peers(&self, registry: &mut Registry) {
        let Summary { connected, known, alarms, .. } = &self.summary;
        registry.register(
            "peers_connected",
            "Peers whose hello was read",
            ConstGauge::new(*connected as u64),
        );
        registry.register("peers_known", "Peers in the book", ConstGauge::new(*known as u64));
        let help = "Two machines seen with one certificate";
        registry.register("duplicate_identity", help, ConstCounter::new(alarms.duplicates));
        registry.register("keys_changed", "Known ids seen with another key", ConstCounter::new(alarms.keys));
        let shown = || self.peers.iter().filter(|peer| !peer.hearsay && peer.status != PeerStatus::Banned);
        let connected = shown().map(|peer| (&peer.id, u64::from(peer.status == PeerStatus::Connected)));
        let help = "1 for a peer that is connected, 0 for one that is not and once was, or is configured";
        each(registry, "peer_connected", help, "peer", connected);
        let heights = shown().filter_map(|peer| Some((&peer.id, peer.height?)));
        each(registry, "peer_height", "Height of a connected peer's best block, as it says", "peer", heights);
        let round_trips = Family::<Label, Gauge<f64, AtomicU64>>::default();
        for (id, round_trip) in shown().filter_map(|peer| Some((&peer.id, peer.rtt?))) {
            round_trips.get_or_create(&[("peer", id.to_string())]).set(round_trip.as_secs_f64());
        }
        let help = "The last ping's round trip to a connected peer";
        registry.register("peer_round_trip_seconds", help, round_trips);
    }

    /// What is not known has no series.
    fn of_machine(&self, registry: &mut Registry, api: &Api) {
        if let Some(free) = self.free {
            let help = "What is free on the disk of the data folder";
            registry.register("disk_free_bytes", help, ConstGauge::new(free));
        }
        if let Some(offset_ms) = api.health.outlook.borrow().clock_offset_ms {
            let help = "The peers' median clock minus this node's";
            registry.register("clock_offset_seconds", help, ConstGauge::new(offset_ms as f64 / 1_000.0));
        }
    }
}

type Label = [(&'static str, String); 1];

fn seconds(time: Timestamp) -> u64 {
    time.0 / 1_000
}

/// A series for each name.
fn each<N: Display>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl Iterator<Item = (N, u64)>,
) {
    let family = Family::<Label, Gauge<u64, AtomicU64>>::default();
    for (of, value) in values {
        family.get_or_create(&[(label, of.to_string())]).set(value);
    }
    registry.register(name, help, family);
}

fn build(registry: &mut Registry) {
    let commit = crate::http::COMMIT.map(|commit| ("commit", commit));
    let labels: Vec<_> = [("version", env!("CARGO_PKG_VERSION"))].into_iter().chain(commit).collect();
    registry.register("build", "The program", Info::new(labels));
}

fn of_voters(registry: &mut Registry, head: &Head, voter: &VoterStatus) {
    let (voters, turnout) = (head.members.voters(), &voter.turnout);
    for (name, help, value) in [
        ("voters_heard", "Members whose votes were heard when anybody voted last", turnout.heard),
        ("voters_needed", "Members whose votes make a block final", turnout.quorum),
        ("members", "Members after the newest final block", voters.count()),
    ] {
        registry.register(name, help, ConstGauge::new(value as u64));
    }
    let names = (0..voters.count()).filter_map(|number| voters.name(u16::try_from(number).ok()?));
    let heard = names.map(|id| {
        let missing = turnout.missing.iter().any(|name| name == id.as_str());
        (id, u64::from(!missing))
    });
    let help = "1 for a member whose votes were heard when anybody voted last, 0 for the others";
    each(registry, "member_heard", help, "member", heard);
    let record = record(voter);
    let states = ["kept", "unwritten", "missing", "twin"].map(|name| (name, u64::from(name == record)));
    let help = "1 for how the record of this node's votes is, 0 for the others";
    each(registry, "votes_record", help, "state", states.into_iter());
}

/// How the record of votes is.
fn record(voter: &VoterStatus) -> &'static str {
    match voter.alarm {
        Some(Alarm::NoRecord) => "missing",
        Some(Alarm::Twin) => "twin",
        Some(Alarm::OtherHistory) | None if voter.unwritten => "unwritten",
        Some(Alarm::OtherHistory) | None => "kept",
    }
}

/// When this node's certificate, the CA's own and the revocation list end, and when it is time to act. Where several CAs are trusted, the
/// first of them.
fn of_ends(registry: &mut Registry, ends: &[Expiry]) {
    let kinds = [(What::Certificate, "certificate"), (What::Root, "ca"), (What::List, "list")];
    let first = |time: fn(&Expiry) -> Timestamp| {
        kinds.into_iter().filter_map(move |(what, name)| {
            let times = ends.iter().filter(|end| end.what == what).map(time);
            Some((name, seconds(times.min()?)))
        })
    };
    let help = "When this node's certificate ends, its CA's own, or when the next revocation list is due";
    each(registry, "expiry_timestamp_seconds", help, "of", first(|end| end.ends));
    let help = "From when on it is time to renew it";
    each(registry, "renewal_timestamp_seconds", help, "of", first(Expiry::near));
}
