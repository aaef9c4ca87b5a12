//! A whole test network on one machine: a CA, certificates, a network, its nodes in this process, and two wallets.
//!
//! All files are in one folder, and the next start continues with them. Node I is called `node<I>`. Its API is at base port + I, its
//! P2P port is base port + 100 + I. Node 0 is the bootstrap of all others. Not for real use: all keys are in one folder, and the wallets
//! have no passphrase.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::ledger::{self, Address, Allocation, Genesis};
use bouya_harness::{Consortium, Member, bootstrap};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::network::new_spec;
use crate::config::{Mistakes, NetworkFile, Settings};
use crate::files;
use crate::miner;
use crate::node::{Node, NodeError};
use crate::voter::record;
use crate::wallet::{WalletError, WalletName, Wallets, new_key};

/// Most nodes in a devnet: they share one machine.
pub const NODES: u16 = 32;
/// P2P ports begin this far above the base port.
pub const P2P_OFFSET: u16 = 100;
/// Milliseconds between blocks.
const INTERVAL_MS: u32 = 2_000;
/// Memory for each node's store: many nodes share one machine.
const CACHE_BYTES: usize = 1 << 20;
/// Part of the machine that all miners together use.
const MACHINE_SHARE: f64 = 0.25;
/// The wallet that holds coins from the start, and one to send to.
pub const DEMO: &str = "demo";
pub const FRIEND: &str = "friend";

/// Why a devnet could not start.
#[derive(Debug, Error)]
pub enum DevnetError {
    #[error(transparent)]
    Files(#[from] bouya_harness::Error),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error(transparent)]
    Key(#[from] record::KeyError),
    #[error(transparent)]
    Config(#[from] Mistakes),
    #[error("node{number}: {error}")]
    Node { number: u16, error: NodeError },
    #[error("{0}")]
    Usage(String),
}

/// A devnet whose files exist.
pub struct Devnet {
    dir: PathBuf,
    members: Vec<Member>,
    base_port: u16,
    network: NetworkFile,
}

/// Node number `number`.
pub(crate) fn name(number: u16) -> String {
    format!("node{number}")
}

impl Devnet {
    /// Creates the files that are missing in `dir`.
    pub fn prepare(dir: &Path, nodes: u16, base_port: u16) -> Result<Self, DevnetError> {
        if !(1..=NODES).contains(&nodes) {
            return Err(DevnetError::Usage(format!("--nodes {nodes}: give a number from 1 to {NODES}")));
        }
        if base_port.checked_add(P2P_OFFSET + nodes).is_none() || base_port < 1_024 {
            return Err(DevnetError::Usage(format!(
                "--base-port {base_port}: give a port from 1024 to 65400"
            )));
        }
        let demo = wallet_address(dir, DEMO)?;
        wallet_address(dir, FRIEND)?;
        let listed = (0..nodes).map(|number| listed(dir, number)).collect::<Result<_, _>>()?;
        let network = prepare_network(&dir.join("network.toml"), demo, listed)?;
        let consortium = Consortium::open(dir, "devnet")?;
        let text = NetworkFile::render(&network.genesis.spec, network.min_fee_per_byte);
        let members = (0..nodes).map(|number| consortium.admit(&name(number), &text));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let devnet = Self { dir: dir.to_owned(), members, base_port, network };
        (0..).zip(&devnet.members).try_for_each(|(number, member)| devnet.write_config(number, member))?;
        Ok(devnet)
    }

    /// The network.
    pub fn genesis(&self) -> &Genesis {
        &self.network.genesis
    }

    /// The URL of a node's API.
    pub fn api(&self, number: u16) -> String {
        format!("http://127.0.0.1:{}", self.base_port + number)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u16 {
        self.members.len() as u16
    }

    /// The wallets' folder.
    pub fn wallets(&self) -> PathBuf {
        self.dir.join("wallets")
    }

    /// The address of one of the two wallets.
    pub fn address(&self, name: &str) -> Result<Address, DevnetError> {
        wallet_address(&self.dir, name)
    }

    fn listen(&self, number: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base_port + P2P_OFFSET + number).into()
    }

    /// Rewritten at each start, because ports and shares depend on the arguments.
    fn write_config(&self, number: u16, member: &Member) -> Result<(), DevnetError> {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let share = (MACHINE_SHARE * cores / f64::from(self.nodes())).min(0.5);
        let first = (number > 0).then(|| format!("{}@{}", name(0), self.listen(0)));
        let api = (Ipv4Addr::LOCALHOST, self.base_port + number).into();
        let sections =
            format!("[miner]\nwhen = \"always\"\nshare = {share:.4}\n[chain]\ncache_bytes = {CACHE_BYTES}\n");
        Ok(member.configure(self.listen(number), api, &bootstrap(first), &sections)?)
    }

    /// Starts all nodes; returns once all of them listen.
    pub async fn start(
        &self,
        stop: &CancellationToken,
    ) -> Result<JoinSet<Result<(), DevnetError>>, DevnetError> {
        let mut built = Vec::new();
        for (number, member) in (0..).zip(&self.members) {
            let settings = Settings::load(&member.config())?;
            let node = Node::build(settings).await.map_err(|error| DevnetError::Node { number, error })?;
            built.push((number, node));
        }
        let mut running = JoinSet::new();
        for (number, node) in built {
            // Each node has its own token, so that a node that fails does not cancel the caller's token.
            let stop = stop.child_token();
            running.spawn(async move {
                node.run(stop).await.map_err(|error| DevnetError::Node { number, error })
            });
        }
        Ok(running)
    }
}

fn wallet_address(dir: &Path, name: &str) -> Result<Address, DevnetError> {
    let wallets = Wallets::new(dir.join("wallets"));
    let name: WalletName = name.parse().map_err(|error| DevnetError::Usage(format!("{error}")))?;
    if wallets.has(&name) {
        return Ok(wallets.open(&name)?.address());
    }
    Ok(wallets.create(&name, &new_key()?, None)?.address())
}

/// A node as the network's definition lists it. Its member key is made first, and the wallet that governs for it.
fn listed(dir: &Path, number: u16) -> Result<ledger::Member, DevnetError> {
    let id = name(number).parse().map_err(|error| DevnetError::Usage(format!("{error}")))?;
    Ok(record::listed(dir, id, wallet_address(dir, &name(number))?)?)
}

/// `members` are listed if the file has to be written. A node that comes later is none of them: it neither mines nor votes.
fn prepare_network(
    path: &Path,
    demo: Address,
    members: Vec<ledger::Member>,
) -> Result<NetworkFile, DevnetError> {
    if !path.exists() {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| DevnetError::Usage(format!("no randomness: {error}")))?;
        let name = Text::try_from("devnet".to_owned()).unwrap_or_default();
        let mut spec = new_spec(name, salt, clock::wall(), 1.0, INTERVAL_MS);
        spec.members = members;
        spec.allocations =
            vec![Allocation { address: demo, amount: spec.coin.parse("1000000").unwrap_or_default() }];
        let draft = Genesis::new(spec.clone()).map_err(|error| DevnetError::Usage(error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let rate = miner::measure(&draft) * cores * MACHINE_SHARE;
        spec.blocks.initial_difficulty = ((rate * f64::from(INTERVAL_MS) / 1_000.0) as u64).max(1);
        let text = NetworkFile::render(&spec, 1);
        files::create(path, files::PUBLIC, text.as_bytes())
            .map_err(|error| bouya_harness::Error::Write { path: path.to_owned(), error })?;
    }
    Ok(NetworkFile::load(path)?)
}
