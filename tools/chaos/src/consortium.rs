//! A consortium in a folder: its CA, its network, a folder and a configuration for each node.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bouya::config::NetworkFile;
use bouya::config::network::new_spec;
use bouya::miner;
use bouya_core::codec::Text;
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, Allocation, Genesis};
use bouya_core::time::Timestamp;
use mkca::{Authority, NodeId, Reason};

use crate::error::Error;

/// Milliseconds between blocks.
pub(crate) const INTERVAL_MS: u32 = 1_000;
/// Part of one core that all miners together use: the machine is for the faults.
const MINING: f64 = 0.10;
/// Coins of each load wallet at the beginning.
const COINS: &str = "1000";

pub(crate) struct Consortium {
    dir: PathBuf,
    authority: Authority,
    pub(crate) genesis: Genesis,
    nodes: usize,
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
        let authority = Authority::create(&dir.join("ca"), "chaos", mkca::AUTHORITY_DAYS)?;
        let genesis = network(wallets)?;
        let ids = (0..nodes).map(id).collect::<Result<Vec<_>, _>>()?;
        authority.issue(&ids, mkca::CERTIFICATE_DAYS)?;
        let consortium = Self { dir: dir.to_owned(), authority, genesis, nodes };
        for node in 0..nodes {
            consortium.furnish(node)?;
        }
        Ok(consortium)
    }

    pub(crate) fn node_dir(&self, node: usize) -> PathBuf {
        self.dir.join(name(node))
    }

    /// The node's data: what may be on a small disk of its own.
    pub(crate) fn data_dir(&self, node: usize) -> PathBuf {
        self.node_dir(node).join("data")
    }

    pub(crate) fn config(&self, node: usize) -> PathBuf {
        self.node_dir(node).join("node.toml")
    }

    fn furnish(&self, node: usize) -> Result<(), Error> {
        let dir = self.node_dir(node);
        let data = self.data_dir(node);
        fs::create_dir_all(&data).map_err(|error| Error::Write { path: data, error })?;
        let id = id(node)?;
        let certificate = self.authority.certificate_path(&id);
        let key = self.authority.key_path(&id);
        for from in [self.authority.ca_path(), self.authority.crl_path(), certificate, key] {
            copy(&from, &dir)?;
        }
        write(&dir.join("network.toml"), &NetworkFile::render(&self.genesis.spec, 1))
    }

    /// Writes a node's configuration: where it listens, and where others find it. Odd nodes know one other and learn of the rest; even
    /// ones know all, so that both ends dial at once.
    pub(crate) fn configure(
        &self,
        node: usize,
        p2p: (Ipv4Addr, u16),
        api: u16,
        fronts: &[SocketAddr],
    ) -> Result<(), Error> {
        let (id, (listen, p2p)) = (name(node), p2p);
        let others = (1..self.nodes).map(|step| (node + step) % self.nodes);
        let known = others.take(if node.is_multiple_of(2) { self.nodes } else { 1 });
        let known: Vec<String> =
            known.map(|other| format!("\"{}@{}\"", name(other), fronts[other])).collect();
        let share = (MINING / self.nodes as f64).max(0.001);
        let text = format!(
            r#"data_dir = "data"
network = "network.toml"

[identity]
ca = "ca.crt"
certificate = "{id}.crt"
key = "{id}.key"
crl = "ca.crl"

[p2p]
listen = "{listen}:{p2p}"
advertise = "{front}"
bootstrap = [{known}]

[miner]
when = "always"
share = {share:.4}

[api]
listen = "127.0.0.1:{api}"

[log]
format = "json"
"#,
            front = fronts[node],
            known = known.join(", "),
        );
        write(&self.config(node), &text)
    }

    /// Removes a member, and gives the list to one node.
    pub(crate) fn revoke(&self, node: usize, teller: usize) -> Result<(), Error> {
        self.authority.revoke(&id(node)?, Reason::Unspecified, mkca::CRL_DAYS)?;
        copy(&self.authority.crl_path(), &self.node_dir(teller))
    }
}

fn id(node: usize) -> Result<NodeId, Error> {
    name(node).parse().map_err(|error| Error::System(format!("{error}")))
}

fn network(wallets: usize) -> Result<Genesis, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Network(error.to_string());
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| wrong(&error))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| wrong(&error))?;
    let created = Timestamp(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let name = Text::try_from("chaos".to_owned()).map_err(|error| wrong(&error))?;
    let mut spec = new_spec(name, salt, created, 1.0, INTERVAL_MS);
    let amount = spec.coin.parse(COINS).map_err(|error| wrong(&error))?;
    spec.allocations =
        (0..wallets).map(|wallet| Allocation { address: wallet_address(wallet), amount }).collect();
    let draft = Genesis::new(spec.clone()).map_err(|error| wrong(&error))?;
    let rate = miner::measure(&draft) * MINING;
    spec.blocks.initial_difficulty = ((rate * f64::from(INTERVAL_MS) / 1_000.0) as u64).max(1);
    Genesis::new(spec).map_err(|error| wrong(&error))
}

/// By rename, as an operator's tool does it: a daemon that looks at the file sees all of it.
fn copy(from: &Path, dir: &Path) -> Result<(), Error> {
    let name = from.file_name().unwrap_or_default();
    let (to, draft) = (dir.join(name), dir.join("draft"));
    let done = fs::copy(from, &draft).and_then(|_| fs::rename(&draft, &to));
    done.map_err(|error| Error::Write { path: to, error })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Write { path: path.to_owned(), error })
}
