//! The network under test: who is in it, what it agrees on, and whom each node knows.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use bouya::clock::wall;
use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::miner;
use bouya_core::codec::Text;
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, Allocation, Genesis};
use bouya_harness::{self as harness, Daemon, Member, Port, bootstrap};
use mkca::Reason;

use crate::error::Error;
use crate::namespace::Home;

/// Milliseconds between blocks.
pub(crate) const INTERVAL_MS: u32 = 1_000;
/// Part of one core that all miners together use: the machine is for the faults.
const MINING: f64 = 0.10;
/// Coins of each load wallet at the beginning.
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

/// The key of load wallet number `n`: the coins are worth nothing, so everybody may know it.
pub(crate) fn wallet_key(wallet: usize) -> SecretKey {
    let mut seed = [0xc4; 32];
    seed[..8].copy_from_slice(&(wallet as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

pub(crate) fn wallet_address(wallet: usize) -> Address {
    Address::of(&wallet_key(wallet).public())
}

impl Consortium {
    /// Makes everything in `dir` but the nodes' configurations, which follow their ports.
    pub(crate) fn create(dir: &Path, nodes: usize, wallets: usize) -> Result<Self, Error> {
        let files = harness::Consortium::open(dir, "chaos")?;
        let genesis = network(wallets)?;
        let text = NetworkFile::render(&genesis.spec, 1);
        let members = (0..nodes).map(|node| files.admit(&name(node), &text)).collect::<Result<_, _>>()?;
        Ok(Self { files, genesis, members })
    }

    /// A node with its ports and its configuration; `fronts` is where nodes find each other. Odd nodes know one other and learn of the
    /// rest; even ones know all, so that both ends dial at once.
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

    /// Removes a member, and gives the list to one node.
    pub(crate) fn revoke(&self, node: usize, teller: usize) -> Result<(), Error> {
        let authority = &self.files.authority;
        let id = name(node).parse().map_err(harness::Error::from)?;
        authority.revoke(&id, Reason::Unspecified, mkca::CRL_DAYS).map_err(harness::Error::from)?;
        Ok(self.members[teller].take(&authority.crl_path())?)
    }
}

fn network(wallets: usize) -> Result<Genesis, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Network(error.to_string());
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| wrong(&error))?;
    let name = Text::try_from("chaos".to_owned()).map_err(|error| wrong(&error))?;
    let mut spec = new_spec(name, salt, wall(), 1.0, INTERVAL_MS);
    let amount = spec.coin.parse(COINS).map_err(|error| wrong(&error))?;
    spec.allocations =
        (0..wallets).map(|wallet| Allocation { address: wallet_address(wallet), amount }).collect();
    let draft = Genesis::new(spec.clone()).map_err(|error| wrong(&error))?;
    let rate = miner::measure(&draft) * MINING;
    spec.blocks.initial_difficulty = ((rate * f64::from(INTERVAL_MS) / 1_000.0) as u64).max(1);
    Genesis::new(spec).map_err(|error| wrong(&error))
}
