//! `node.toml`: one node's own settings. Relative paths start at the file's folder.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bouya_client::definition::{Section, read};
use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Override, Overrides};
use bouya_core::limits::{BODIES_KEPT_LEAST, CONNECTED, CONNECTED_RESERVED, KNOWN_PEERS};
use bouya_core::mempool::Limits;
use bouya_core::overlay::is_dialable;
use bouya_core::wire::Endpoint;

use super::{Mistakes, NetworkFile, OverrideFile};
use crate::proxy::Proxy;
use crate::store;
use crate::telemetry;
use bouya_core::node::When;

/// Smallest and largest `chain.cache_bytes`. Below the smallest, a commit would write its pages more than once.
const CACHE_RANGE: (usize, usize) = (1 << 20, 1 << 32);

/// All settings of a node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file.
    pub path: PathBuf,
    pub data_dir: PathBuf,
    pub network: NetworkFile,
    pub identity: Identity,
    pub p2p: P2p,
    pub mempool: Limits,
    pub miner: Miner,
    pub chain: ChainSettings,
    pub api: Api,
    pub log: Log,
}

/// What is kept of the chain, and which history counts.
#[derive(Clone, Copy, Debug)]
pub struct ChainSettings {
    /// A height and the block that must be there, which the operator trusts. The chain refuses a history without it.
    pub checkpoint: Option<(u64, Hash)>,
    /// So many of the last blocks keep their bodies; all, if none.
    pub keep: Option<u64>,
    /// Bytes of memory that the store's cache may take.
    pub cache_bytes: usize,
}

/// Paths of the node's certificate and keys.
#[derive(Clone, Debug)]
pub struct Identity {
    /// One or two roots.
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// One list for each root. If empty, no file is checked for revocations.
    pub crls: Vec<PathBuf>,
    pub member_key: PathBuf,
    /// Refuse all peers when a list is overdue, instead of warning.
    pub refuse_overdue: bool,
}

/// How the node meets its peers.
#[derive(Clone, Debug)]
pub struct P2p {
    /// None: the node only dials.
    pub listen: Option<SocketAddr>,
    pub advertise: Option<Endpoint>,
    pub bootstrap: Vec<Bootstrap>,
    pub blacklist: Vec<NodeId>,
    pub max_peers: usize,
    /// Through which all dials go; none: straight.
    pub proxy: Option<Proxy>,
}

/// `bob@10.0.0.6:7000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    pub id: NodeId,
    pub endpoint: Endpoint,
}

/// When and for whom the node mines.
#[derive(Clone, Debug)]
pub struct Miner {
    pub enabled: bool,
    pub threads: NonZero<u32>,
    pub share: f64,
    pub when: When,
    /// None: the member key's address.
    pub reward_to: Option<Address>,
}

/// The HTTP API.
#[derive(Clone, Debug)]
pub struct Api {
    /// None: off.
    pub listen: Option<SocketAddr>,
    pub hosts: Vec<String>,
    /// Sites whose pages may read and submit, as browsers name them: scheme, host, and port if it is not the usual one.
    pub origins: Vec<String>,
    pub token_file: PathBuf,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    pub level: String,
    pub json: bool,
}

impl FromStr for Bootstrap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, endpoint) = text.split_once('@').ok_or_else(|| {
            format!("\"{}\" is not id@host:port, as in bob@10.0.0.6:7000", text.escape_debug())
        })?;
        let id = id.parse().map_err(|error| format!("{error}"))?;
        let endpoint = endpoint.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { id, endpoint })
    }
}

impl fmt::Display for Bootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.endpoint)
    }
}

impl Settings {
    /// Reads and checks the node's file and the network's file. Certificates are checked when they are loaded.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut root = Section::root(read(path)?);
        let data_dir = root.required_path("data_dir", &folder);
        let network = root.required_path("network", &folder).and_then(|path| {
            NetworkFile::load(&path).map_err(|mistakes| root.wrong("network", indent(&mistakes))).ok()
        });
        let identity = root.section("identity", |section| read_identity(section, &folder));
        let p2p = root.section("p2p", read_p2p);
        let mempool = root.section("mempool", |section| read_mempool(section, network.as_ref()));
        let miner = root.section("miner", read_miner);
        let network_id = network.as_ref().map(|network| network.genesis.id());
        let (chain, overrides) = root.section("chain", |section| read_chain(section, &folder, network_id));
        let api = root.section("api", |section| read_api(section, &folder, data_dir.as_deref()));
        let log = root.section("log", read_log);
        let network = network.map(|network| network.trusting(chain.checkpoint, overrides));
        let settings = (|| {
            Some(Self {
                path: path.to_owned(),
                data_dir: data_dir?,
                network: network?,
                identity: identity?,
                p2p: p2p?,
                mempool,
                miner,
                chain,
                api: api?,
                log,
            })
        })();
        root.finish(path, settings)
    }
}

fn indent(mistakes: &Mistakes) -> String {
    mistakes.to_string().replace('\n', "\n  ")
}

fn read_identity(section: &mut Section, folder: &Path) -> Option<Identity> {
    let ca = section.required_path("ca", folder);
    let certificate = section.required_path("certificate", folder);
    let key = section.required_path("key", folder);
    let crls = section.texts("crl").into_iter().map(|path| folder.join(path)).collect();
    let member_key = section.path("member_key", folder);
    let refuse_overdue = section.choice("crl_overdue", &[("warn", false), ("refuse", true)]).unwrap_or(false);
    let key = key?;
    let member_key = member_key.unwrap_or_else(|| key.with_extension("member"));
    Some(Identity { ca: ca?, certificate: certificate?, key, crls, member_key, refuse_overdue })
}

fn read_p2p(section: &mut Section) -> Option<P2p> {
    let listen = section.required("listen").and_then(|text| address_or_off(section, "listen", &text));
    let advertise = section.parsed::<Endpoint>("advertise");
    let bootstrap = section.list::<Bootstrap>("bootstrap");
    let blacklist = section.list::<NodeId>("blacklist");
    // Its text may hold a password, so no message repeats it.
    let proxy = section.text("proxy").and_then(|text| match text.parse::<Proxy>() {
        Ok(proxy) => Some(proxy),
        Err(error) => {
            section.wrong("proxy", error);
            None
        }
    });
    let most = KNOWN_PEERS / 2;
    let max_peers = section.number("max_peers", (CONNECTED_RESERVED + 1, most));
    let listen = listen?;
    let unspecified = listen.is_some_and(|address| address.ip().is_unspecified());
    for endpoint in bootstrap.iter().map(|bootstrap| &bootstrap.endpoint).filter(|at| !is_dialable(at)) {
        section.wrong(
            "bootstrap",
            format!("nobody can dial {endpoint}; give the address where that member listens"),
        );
    }
    if let Some(endpoint) = advertise.as_ref().filter(|at| !is_dialable(at)) {
        let next = "give the address where other members reach this node";
        section.wrong("advertise", format!("nobody can dial {endpoint}; {next}"));
    }
    if unspecified && advertise.is_none() {
        section.wrong("advertise", "missing; since the node listens on all addresses, give the one where other members reach it, as in \"10.0.0.5:7000\"");
    }
    let advertise = match listen {
        None => None,
        Some(listen) => advertise.or_else(|| listen.to_string().parse().ok()),
    };
    Some(P2p { listen, advertise, bootstrap, blacklist, max_peers: max_peers.unwrap_or(CONNECTED), proxy })
}

fn address_or_off(section: &mut Section, key: &'static str, text: &str) -> Option<Option<SocketAddr>> {
    if text == "off" {
        return Some(None);
    }
    // Port 0 would be another port at each start, and no member could know it.
    let address = text.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        section.wrong(
            key,
            format!("\"{}\" is neither address:port, as in 0.0.0.0:7000, nor \"off\"", text.escape_debug()),
        );
    }
    address.map(Some)
}

fn read_mempool(section: &mut Section, network: Option<&NetworkFile>) -> Limits {
    let usual = Limits::default();
    let count = (1, 1_000_000);
    Limits {
        max_bytes: section.number("max_bytes", (1_000_000, 1 << 32)).unwrap_or(usual.max_bytes),
        max_transactions: section.number("max_transactions", count).unwrap_or(usual.max_transactions),
        max_per_sender: section.number("max_per_sender", count).unwrap_or(usual.max_per_sender),
        expiry: section.number("expiry_s", (1_u64, 31_536_000)).map_or(usual.expiry, Duration::from_secs),
        min_fee_per_byte: network.map_or(usual.min_fee_per_byte, |network| network.min_fee_per_byte),
        gas_per_block: network.map_or(usual.gas_per_block, |network| network.genesis.rules.gas_per_block),
    }
}

fn read_miner(section: &mut Section) -> Miner {
    Miner {
        enabled: section.flag("enabled").unwrap_or(true),
        threads: section
            .number("threads", (1_u32, 256))
            .and_then(NonZero::new)
            .unwrap_or(NonZero::<u32>::MIN),
        share: section.share("share").unwrap_or(0.5),
        when: section
            .choice("when", &[("pending", When::Pending), ("always", When::Always)])
            .unwrap_or(When::Pending),
        reward_to: section.parsed("reward_to"),
    }
}

fn read_chain(section: &mut Section, folder: &Path, network: Option<Hash>) -> (ChainSettings, Overrides) {
    let keep = section.number_or("keep", "all", (BODIES_KEPT_LEAST, i64::MAX as u64));
    let cache_bytes = section.number("cache_bytes", CACHE_RANGE).unwrap_or(store::CACHE_BYTES);
    let checkpoint = read_checkpoint(section);
    let path = section.path("override", folder);
    let overrides = path.zip(network).and_then(|(path, network)| {
        let read = OverrideFile::load(&path).and_then(|file| file.of(&network));
        read.map_err(|mistakes| section.wrong("override", indent(&mistakes))).ok()
    });
    let overrides = overrides.unwrap_or_default();
    let names_both = |one: &Override| {
        checkpoint.is_some_and(|(height, id)| height == one.checkpoint().0 && id != one.checkpoint().1)
    };
    if overrides.iter().any(names_both) {
        section
            .wrong("checkpoint", "the override names another block at this height; leave one of the two out");
    }
    (ChainSettings { checkpoint, keep, cache_bytes }, overrides)
}

fn read_checkpoint(section: &mut Section) -> Option<(u64, Hash)> {
    let text = section.text("checkpoint")?;
    let parsed =
        text.split_once(':').and_then(|(height, hash)| Some((height.parse().ok()?, hash.parse().ok()?)));
    if parsed.is_none() {
        section.wrong("checkpoint", format!("\"{}\" is not height:hash", text.escape_debug()));
    }
    parsed
}

fn read_api(section: &mut Section, folder: &Path, data_dir: Option<&Path>) -> Option<Api> {
    let listen = section.text("listen").unwrap_or_else(|| "127.0.0.1:5000".to_owned());
    let listen = address_or_off(section, "listen", &listen);
    let hosts = section.texts("hosts");
    let origins = section.texts("origins");
    if let Some(wrong) = origins.iter().find(|origin| !is_origin(origin)) {
        let why = format!(
            "\"{}\" is no site as browsers name it; write it as in \"https://erp.example\" (\"*\" would let every site that a member's people visit read the ledger)",
            wrong.escape_debug()
        );
        section.wrong("origins", why);
    }
    let token_file = section.path("token_file", folder);
    let token_file = token_file.or_else(|| Some(data_dir?.join("api.token")));
    Some(Api { listen: listen?, hosts, origins, token_file: token_file? })
}

/// Whether a browser would call a site so: lower case, nothing behind the host and port.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        !host.is_empty() && host.bytes().all(plain)
    })
}

fn read_log(section: &mut Section) -> Log {
    let level = section.text("level").unwrap_or_else(|| "info".to_owned());
    if let Err(why) = telemetry::levels(&level) {
        section.wrong("level", why);
    }
    Log { level, json: section.choice("format", &[("text", false), ("json", true)]).unwrap_or(false) }
}
