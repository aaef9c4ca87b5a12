//! A whole network on one machine, to try things on: a CA, certificates, a network, its nodes in this process, and two wallets.
//!
//! Everything lies in one folder; a second start goes on with what is there. Node i is `node<i>`, its API at base port + i, its P2P port at
//! base port + 100 + i. Node 0 is everybody's bootstrap. Not for real use: all keys lie side by side, wallets have no passphrase.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::ledger::{Address, Allocation, Genesis};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::network::new_spec;
use crate::config::{Mistakes, NetworkFile, Settings};
use crate::miner;
use crate::node::{Node, NodeError};
use crate::wallet::{WalletError, WalletName, Wallets, new_key};

mod folder;

pub(crate) use folder::{Folder, Ports, name};

/// Most nodes of a devnet: they share one machine.
pub const NODES: u16 = 32;
/// P2P ports begin this far above the base port.
pub const P2P_OFFSET: u16 = 100;
/// Milliseconds between blocks.
const INTERVAL_MS: u32 = 2_000;
/// Part of the machine that all miners together use.
const MACHINE_SHARE: f64 = 0.25;
/// The wallet that holds coins from the beginning, and one to send to.
pub const DEMO: &str = "demo";
pub const FRIEND: &str = "friend";

/// Why a devnet does not start.
#[derive(Debug, Error)]
pub enum DevnetError {
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Authority(#[from] mkca::Error),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error(transparent)]
    Config(#[from] Mistakes),
    #[error("node{number}: {error}")]
    Node { number: u16, error: NodeError },
    #[error("{0}")]
    Settings(String),
}

/// A devnet whose files are there.
pub struct Devnet {
    folder: Folder,
    nodes: u16,
    base_port: u16,
    network: NetworkFile,
}

impl Devnet {
    /// Makes what is missing in `dir`.
    pub fn prepare(dir: &Path, nodes: u16, base_port: u16) -> Result<Self, DevnetError> {
        if !(1..=NODES).contains(&nodes) {
            return Err(DevnetError::Settings(format!("--nodes {nodes}: 1 to {NODES} nodes are possible")));
        }
        if base_port.checked_add(P2P_OFFSET + nodes).is_none() || base_port < 1_024 {
            return Err(DevnetError::Settings(format!(
                "--base-port {base_port}: take one from 1024 to 65400"
            )));
        }
        fs::create_dir_all(dir).map_err(|error| DevnetError::Write { path: dir.to_owned(), error })?;
        let demo = wallet_address(dir, DEMO)?;
        wallet_address(dir, FRIEND)?;
        let folder = Folder::new(dir);
        let network = prepare_network(&folder, demo)?;
        let devnet = Self { folder, nodes, base_port, network };
        devnet.folder.certify("devnet", nodes)?;
        for number in 0..nodes {
            devnet.write_config(number)?;
        }
        Ok(devnet)
    }

    /// The network.
    pub fn genesis(&self) -> &Genesis {
        &self.network.genesis
    }

    /// Where a node's API is.
    pub fn api(&self, number: u16) -> String {
        format!("http://127.0.0.1:{}", self.base_port + number)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u16 {
        self.nodes
    }

    /// The wallets' folder.
    pub fn wallets(&self) -> PathBuf {
        self.folder.path().join("wallets")
    }

    /// The address of one of the two wallets.
    pub fn address(&self, name: &str) -> Result<Address, DevnetError> {
        wallet_address(self.folder.path(), name)
    }

    fn ports(&self, number: u16) -> Ports {
        Ports { p2p: self.base_port + P2P_OFFSET + number, api: self.base_port + number }
    }

    /// Written anew at each start: ports and shares follow the arguments.
    fn write_config(&self, number: u16) -> Result<(), DevnetError> {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let share = (MACHINE_SHARE * cores / f64::from(self.nodes)).min(0.5);
        let first = (number > 0).then(|| (0, self.ports(0)));
        let miner = format!("[miner]\nwhen = \"always\"\nshare = {share:.4}\n");
        self.folder.configure(number, self.ports(number), first.as_slice(), &miner)
    }

    /// Starts all nodes; returns once all of them listen.
    pub async fn start(
        &self,
        stop: &CancellationToken,
    ) -> Result<JoinSet<Result<(), DevnetError>>, DevnetError> {
        let mut built = Vec::new();
        for number in 0..self.nodes {
            let settings = Settings::load(&self.folder.config(number))?;
            let node = Node::build(settings).await.map_err(|error| DevnetError::Node { number, error })?;
            built.push((number, node));
        }
        let mut running = JoinSet::new();
        for (number, node) in built {
            // Each node has its own token, so that one of them failing does not cancel the caller's.
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
    let name: WalletName = name.parse().map_err(|error| DevnetError::Settings(format!("{error}")))?;
    if wallets.has(&name) {
        return Ok(wallets.open(&name)?.address());
    }
    Ok(wallets.create(&name, &new_key()?, None)?.address())
}

fn prepare_network(folder: &Folder, demo: Address) -> Result<NetworkFile, DevnetError> {
    let path = folder.network();
    if !path.exists() {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)
            .map_err(|error| DevnetError::Settings(format!("no randomness: {error}")))?;
        let name = Text::try_from("devnet".to_owned()).unwrap_or_default();
        let mut spec = new_spec(name, salt, clock::wall(), 1.0, INTERVAL_MS);
        spec.allocations =
            vec![Allocation { address: demo, amount: spec.coin.parse("1000000").unwrap_or_default() }];
        let draft = Genesis::new(spec.clone()).map_err(|error| DevnetError::Settings(error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let rate = miner::measure(&draft) * cores * MACHINE_SHARE;
        spec.blocks.initial_difficulty = ((rate * f64::from(INTERVAL_MS) / 1_000.0) as u64).max(1);
        folder.write_network(&spec)?;
    }
    Ok(NetworkFile::load(&path)?)
}
