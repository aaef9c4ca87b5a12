//! A whole test network on one machine: a CA, certificates, a network, its nodes in this process, and two wallets.
//!
//! All files are in one folder, and the next start continues with them. Node I is called `node<I>`. Its API is at base port + I, its
//! P2P port is base port + 100 + I. Each node knows those before it. Not for real use: all keys are in one folder, and the wallets have no
//! passphrase.
//!
//! A devnet begins easy: miners run at low priority, and on a machine that is busy with tests they get a fraction of what was measured.
//! The difficulty finds its way up within some dozens of blocks, where the first block of one that begins hard is waited for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::ledger::{self, Address, Allocation, Genesis};
use bouya_harness::{Consortium, Member, Port, bootstrap};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::network::{new_spec, usual_fee_per_byte};
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
/// Milliseconds between blocks, unless told otherwise.
pub const INTERVAL_MS: u32 = 2_000;
/// Memory for each node's store: many nodes share one machine.
const CACHE_BYTES: usize = 1 << 20;
/// Part of the machine that all miners together use.
const MACHINE_SHARE: f64 = 0.25;
/// The first difficulty is this many times lower than that part would need.
const EASE: f64 = 8.0;
/// How often the system is asked for ports before there are said to be none: others may have one of the neighbours.
const PORT_TRIES: usize = 50;
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
    /// The ports that the system chose. Nobody else gets them while this lives.
    _reserved: Vec<Port>,
    network: NetworkFile,
}

/// What the user chooses.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many nodes.
    pub nodes: u16,
    /// The API port of node 0; 0 leaves the ports to the system.
    pub base_port: u16,
    /// Milliseconds between the blocks of a new network.
    pub interval_ms: Option<u32>,
}

/// Node number `number`.
pub(crate) fn name(number: u16) -> String {
    format!("node{number}")
}

impl Devnet {
    /// Creates the files that are missing in `dir`.
    pub fn prepare(dir: &Path, plan: Plan) -> Result<Self, DevnetError> {
        let Plan { nodes, base_port, interval_ms } = plan;
        if !(1..=NODES).contains(&nodes) {
            return Err(DevnetError::Usage(format!("--nodes {nodes}: give a number from 1 to {NODES}")));
        }
        let (base_port, reserved) = match base_port {
            0 => reserve(nodes)?,
            1_024..=65_400 => (base_port, Vec::new()),
            _ => {
                return Err(DevnetError::Usage(format!(
                    "--base-port {base_port}: give a port from 1024 to 65400, or 0 for free ones"
                )));
            }
        };
        let demo = wallet_address(dir, DEMO)?;
        wallet_address(dir, FRIEND)?;
        let listed = (0..nodes).map(|number| listed(dir, number)).collect::<Result<_, _>>()?;
        let network = prepare_network(&definition(dir), demo, listed, interval_ms)?;
        let consortium = Consortium::open(dir, "devnet")?;
        let text = NetworkFile::render(&network.genesis.spec, network.min_fee_per_byte);
        let members = (0..nodes).map(|number| consortium.admit(&name(number), &text));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let devnet = Self { dir: dir.to_owned(), members, base_port, _reserved: reserved, network };
        (0..).zip(&devnet.members).try_for_each(|(number, member)| devnet.write_config(number, member))?;
        Ok(devnet)
    }

    /// The network.
    pub fn genesis(&self) -> &Genesis {
        &self.network.genesis
    }

    /// The API port of node 0.
    pub fn base_port(&self) -> u16 {
        self.base_port
    }

    /// The URL of a node's API.
    pub fn api(&self, number: u16) -> String {
        format!("http://127.0.0.1:{}", self.base_port + number)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u16 {
        self.members.len() as u16
    }

    /// The nodes' folders, in the order of their numbers.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The folder of all files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that defines the network.
    pub fn definition(&self) -> PathBuf {
        definition(&self.dir)
    }

    /// The wallets' folder.
    pub fn wallets(&self) -> PathBuf {
        self.dir.join("wallets")
    }

    /// All wallets: the two to play with, and the governor of each node.
    pub fn wallet_names(&self) -> impl Iterator<Item = String> {
        [DEMO, FRIEND].map(str::to_owned).into_iter().chain((0..self.nodes()).map(name))
    }

    /// The address of a wallet.
    pub fn address(&self, name: &str) -> Result<Address, DevnetError> {
        wallet_address(&self.dir, name)
    }

    /// Where a node's peers reach it.
    pub fn listen(&self, number: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base_port + P2P_OFFSET + number).into()
    }

    /// Rewritten at each start, because ports and shares depend on the arguments.
    fn write_config(&self, number: u16, member: &Member) -> Result<(), DevnetError> {
        let share = share(self.nodes());
        let known = (0..number).map(|before| format!("{}@{}", name(before), self.listen(before)));
        let api = (Ipv4Addr::LOCALHOST, self.base_port + number).into();
        let sections =
            format!("[miner]\nwhen = \"always\"\nshare = {share:.4}\n[chain]\ncache_bytes = {CACHE_BYTES}\n");
        Ok(member.configure(self.listen(number), api, &bootstrap(known), &sections)?)
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

fn definition(dir: &Path) -> PathBuf {
    dir.join("network.toml")
}

/// A base port from the system such that all ports that count from it are free, and what keeps them.
fn reserve(nodes: u16) -> Result<(u16, Vec<Port>), DevnetError> {
    for _ in 0..PORT_TRIES {
        let base = Port::reserve(Ipv4Addr::LOCALHOST)?;
        let number = base.number();
        let others = (1..nodes).chain(P2P_OFFSET..P2P_OFFSET + nodes);
        let others = others.map(|above| {
            let port = number.checked_add(above)?;
            Port::reserve_at((Ipv4Addr::LOCALHOST, port)).ok()
        });
        if let Some(mut reserved) = others.collect::<Option<Vec<Port>>>() {
            reserved.push(base);
            return Ok((number, reserved));
        }
    }
    Err(DevnetError::Usage(format!(
        "--base-port 0: {PORT_TRIES} times a port's neighbours were taken; name one"
    )))
}

/// The part of one core's time that each node's miner uses.
fn share(nodes: u16) -> f64 {
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
    (MACHINE_SHARE * cores / f64::from(nodes)).min(0.5)
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
    interval_ms: Option<u32>,
) -> Result<NetworkFile, DevnetError> {
    if path.exists() {
        let network = NetworkFile::load(path)?;
        let has = network.genesis.spec.blocks.interval_ms;
        return match interval_ms {
            Some(asked) if asked != has => Err(DevnetError::Usage(format!(
                "--interval {asked}: the network in {} has {has}; leave the option out, or begin anew in another folder",
                path.display()
            ))),
            _ => Ok(network),
        };
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| DevnetError::Usage(format!("no randomness: {error}")))?;
    let interval_ms = interval_ms.unwrap_or(INTERVAL_MS);
    let name = Text::try_from("devnet".to_owned()).unwrap_or_default();
    let mut spec = new_spec(name, salt, clock::wall(), 1.0, interval_ms);
    let miners = members.len() as u16;
    spec.members = members;
    spec.allocations =
        vec![Allocation { address: demo, amount: spec.coin.parse("1000000").unwrap_or_default() }];
    let draft = Genesis::new(spec.clone()).map_err(|error| DevnetError::Usage(error.to_string()))?;
    let rate = miner::measure(&draft) * share(miners) * f64::from(miners) / EASE;
    spec.blocks.initial_difficulty = ((rate * f64::from(interval_ms) / 1_000.0) as u64).max(1);
    let text = NetworkFile::render(&spec, usual_fee_per_byte(&spec.coin));
    files::create(path, files::PUBLIC, text.as_bytes())
        .map_err(|error| bouya_harness::Error::Write { path: path.to_owned(), error })?;
    Ok(NetworkFile::load(path)?)
}
