//! The files of the network under test: its members, its definition, and the peers that each node knows.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use bouya::clock::wall;
use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::miner;
use bouya::voter::record;
use bouya_core::codec::Text;
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{self, Address, Allocation, Genesis};
use bouya_harness::{self as harness, Daemon, Member, Port, bootstrap};
use mkca::Reason;

use crate::error::Error;
use crate::namespace::Home;

/// Milliseconds between blocks.
pub(crate) const INTERVAL_MS: u32 = 1_000;
/// Share of one core that all miners together use. Small, to leave the machine to the rest of the test.
const MINING: f64 = 0.10;
/// Coins that each load wallet starts with.
const COINS: &str = "1000";

pub(crate) struct Consortium {
    files: harness::Consortium,
    pub(crate) genesis: Genesis,
    pub(crate) members: Vec<Member>,
}

/// Node number `n`.
pub(crate) fn name(node: usize) -> String {
    format!("node{node}")
}

/// The key of load wallet number `n`. The coins are worth nothing, so the key need not be secret.
pub(crate) fn wallet_key(wallet: usize) -> SecretKey {
    let mut seed = [0xc4; 32];
    seed[..8].copy_from_slice(&(wallet as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

/// From this number on wallets hold nothing and speak for members.
const GOVERNORS: usize = 1_000_000;

pub(crate) fn wallet_address(wallet: usize) -> Address {
    Address::of(&wallet_key(wallet).public())
}

impl Consortium {
    /// Creates all files in `dir` except the nodes' configurations, which need the ports first.
    pub(crate) fn create(dir: &Path, nodes: usize, wallets: usize) -> Result<Self, Error> {
        let files = harness::Consortium::open(dir, "chaos")?;
        let members = (0..nodes).map(|node| listed(dir, node)).collect::<Result<_, _>>()?;
        let genesis = network(wallets, members)?;
        let text = NetworkFile::render(&genesis.spec, 1);
        let members = (0..nodes).map(|node| files.admit(&name(node), &text)).collect::<Result<_, _>>()?;
        Ok(Self { files, genesis, members })
    }

    /// A node with its ports and its configuration. `fronts` are the addresses that nodes advertise. Odd nodes know one other node and
    /// learn of the rest. Even nodes know all others, so that both ends dial at once.
    pub(crate) fn daemon(&self, node: usize, home: &Home, fronts: &[SocketAddr]) -> Result<Daemon, Error> {
        let nodes = self.members.len();
        let port = |ip: Ipv4Addr| {
            let reserved = home.inside(|| Ok(Port::reserve(IpAddr::from(ip))));
            reserved
                .map_err(|error| Error::System(format!("no port for a node: {error}")))?
                .map_err(Error::from)
        };
        let daemon = Daemon::new(self.members[node].clone(), port(home.address)?, port(Ipv4Addr::LOCALHOST)?);
        let others = (1..nodes).map(|step| (node + step) % nodes);
        let known = others.take(if node.is_multiple_of(2) { nodes } else { 1 });
        let known = bootstrap(known.map(|other| format!("{}@{}", name(other), fronts[other])));
        let p2p = format!("advertise = \"{}\"\n{known}", fronts[node]);
        let share = (MINING / nodes as f64).max(0.001);
        let sections =
            format!("[miner]\nwhen = \"always\"\nshare = {share:.4}\n\n[log]\nformat = \"json\"\n");
        daemon.configure(&p2p, &sections)?;
        Ok(daemon)
    }

    /// Removes a member, and gives the new revocation list to one node, `first`.
    pub(crate) fn revoke(&self, node: usize, first: usize) -> Result<(), Error> {
        let authority = &self.files.authority;
        let id = name(node).parse().map_err(harness::Error::from)?;
        authority.revoke(&id, Reason::Unspecified, mkca::CRL_DAYS).map_err(harness::Error::from)?;
        Ok(self.members[first].take(&authority.crl_path())?)
    }
}

/// A node as the network's definition lists it: it votes. Its member key is made first.
fn listed(dir: &Path, node: usize) -> Result<ledger::Member, Error> {
    let id = name(node).parse().map_err(harness::Error::from)?;
    record::listed(dir, id, wallet_address(GOVERNORS + node))
        .map_err(|error| Error::Network(error.to_string()))
}

fn network(wallets: usize, members: Vec<ledger::Member>) -> Result<Genesis, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Network(error.to_string());
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| wrong(&error))?;
    let name = Text::try_from("chaos".to_owned()).map_err(|error| wrong(&error))?;
    let mut spec = new_spec(name, salt, wall(), 1.0, INTERVAL_MS);
    spec.members = members;
    let amount = spec.coin.parse(COINS).map_err(|error| wrong(&error))?;
    spec.allocations =
        (0..wallets).map(|wallet| Allocation { address: wallet_address(wallet), amount }).collect();
    let draft = Genesis::new(spec.clone()).map_err(|error| wrong(&error))?;
    let rate = miner::measure(&draft) * MINING;
    spec.blocks.initial_difficulty = ((rate * f64::from(INTERVAL_MS) / 1_000.0) as u64).max(1);
    Genesis::new(spec).map_err(|error| wrong(&error))
}
