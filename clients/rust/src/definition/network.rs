//! `network.toml`: what all members agree on. The network's id depends on its values, not on its text.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use bouya_core::codec::Text;
use bouya_core::crypto::{Hash, PublicKey};
use bouya_core::ledger::{
    Address, Allocation, BlockRules, Coin, Genesis, Header, Member, NetworkSpec, Overrides,
};
use bouya_core::limits::{BLOCK_BYTES, NETWORK_NAME_BYTES};
use bouya_core::time::Timestamp;

use super::section::Section;
use super::{Mistakes, read, toml_text};
use crate::time;

/// A network's definition, and the other settings in the file.
#[derive(Clone, Debug)]
pub struct NetworkFile {
    /// The network.
    pub genesis: Arc<Genesis>,
    /// Lowest fee per byte that nodes accept, in the smallest unit. Not part of the genesis block, so it can change.
    pub min_fee_per_byte: u64,
}

const INTERVAL_MS: u32 = 5_000;

impl NetworkFile {
    /// Reads and checks the file.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        let mut root = Section::root(read(path)?);
        let parts = read_parts(&mut root);
        let genesis = parts.and_then(|(spec, min_fee_per_byte)| {
            let genesis = Genesis::new(spec).map_err(|error| root.wrong("", error)).ok()?;
            Some(Self { genesis: Arc::new(genesis), min_fee_per_byte })
        });
        root.finish(path, genesis)
    }

    /// The same network, for whoever trusts this block and follows these overrides.
    pub fn trusting(self, checkpoint: Option<(u64, Hash)>, overrides: Overrides) -> Self {
        let mut genesis = (*self.genesis).clone();
        genesis.rules.checkpoint = checkpoint;
        genesis.rules.overrides = Arc::new(overrides);
        Self { genesis: Arc::new(genesis), ..self }
    }

    /// The text of a new network's file, with comments for the people who approve it.
    pub fn render(spec: &NetworkSpec, min_fee_per_byte: u64) -> String {
        let (coin, blocks) = (&spec.coin, &spec.blocks);
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let mut text = format!(
            r#"# What all members of the network agree on. Every node needs a copy with the same values;
# comments and order do not matter. `bouya check` prints the network's id: compare it by phone.
format = 1
name = {name}
created = "{created}"
# Tells this network apart from any other with the same definition.
salt = "{salt}"

[coin]
symbol = {symbol}
# Digits after the decimal point, at most 9.
decimals = {decimals}

[blocks]
# Milliseconds between blocks, 100 to 600000.
interval_ms = {interval}
# The difficulty halves when the chain is this many blocks late.
half_life = {half_life}
# Expected hashes of the first block.
initial_difficulty = {difficulty}
# New coins for the miner of each block.
reward = "{reward}"
# Largest block in bytes, 10000 to 1900000.
max_bytes = {max_bytes}
{contracts}
[fees]
# Lowest fee per byte of a transaction, in the smallest unit. Not part of the network's id.
min_per_byte = {min_fee_per_byte}
"#,
            name = toml_text(spec.name.as_str()),
            created = time::rfc3339(spec.created),
            salt = hex(&spec.salt),
            symbol = toml_text(coin.symbol.as_str()),
            decimals = coin.decimals,
            interval = blocks.interval_ms,
            half_life = blocks.half_life,
            difficulty = blocks.initial_difficulty,
            reward = coin.format(blocks.reward),
            max_bytes = blocks.max_bytes,
            contracts = render_contracts(spec),
        );
        for member in &spec.members {
            text += "\n[[members]]\n";
            text += &render_member(member);
        }
        for Allocation { address, amount } in &spec.allocations {
            let amount = coin.format(*amount);
            let _ = write!(text, "\n[[allocations]]\naddress = \"{address}\"\namount = \"{amount}\"\n");
        }
        text
    }
}

/// What blocks may run. A network of the oldest version says nothing about it.
fn render_contracts(spec: &NetworkSpec) -> String {
    let mut text = String::new();
    if spec.version != Header::VERSION {
        let _ = writeln!(
            text,
            "# The version of its first blocks: from {} on they run contracts. Later ones the members decide.\nversion = {}",
            Header::CONTRACTS,
            spec.version
        );
    }
    if let Some(gas) = spec.gas_per_block {
        let _ = writeln!(text, "# What the contracts of a block may compute.\ngas_per_block = {gas}");
    }
    text
}

/// A member's keys and their values.
pub(super) fn render_member(Member { id, key, governor, name }: &Member) -> String {
    let text = format!("id = \"{id}\"\nkey = \"{key}\"\ngovernor = \"{governor}\"\n");
    match name.as_str() {
        "" => text,
        name => format!("{text}name = {}\n", toml_text(name)),
    }
}

pub(super) fn read_member(member: &mut Section) -> Option<Member> {
    let (id, key) = (member.required_parsed("id"), member.required_parsed::<PublicKey>("key"));
    let governor = member.required_parsed::<Address>("governor");
    let name = match member.text("name") {
        None => Some(Text::default()),
        Some(name) => text(member, "name", name),
    };
    Some(Member { id: id?, key: key?, governor: governor?, name: name? })
}

fn read_parts(root: &mut Section) -> Option<(NetworkSpec, u64)> {
    if root.number("format", (0, i64::MAX)).is_some_and(|format: i64| format != 1) {
        root.wrong("format", "this version of bouya reads format 1; upgrade bouya");
    }
    let name = root.required("name").and_then(|name| text(root, "name", name));
    let created = root.required("created").and_then(|created| {
        let time = time::parse_rfc3339(&created);
        if time.is_none() {
            root.wrong("created", format!("\"{created}\" is not a time like 2026-11-20T00:00:00Z"));
        }
        time
    });
    let salt = match root.text("salt") {
        None => Some([0; 16]),
        Some(salt) => read_salt(root, &salt),
    };
    let coin = root.section("coin", read_coin);
    let (blocks, version, gas_per_block) = root.section("blocks", |blocks| {
        let (version, gas) = read_contracts(blocks);
        (read_blocks(blocks, coin.as_ref()), version, gas)
    });
    let usual = coin.as_ref().map_or(1, usual_fee_per_byte);
    let min_fee =
        root.section("fees", |fees| fees.number("min_per_byte", (0_u64, 1_000_000)).unwrap_or(usual));
    let members = root.sections("members", read_member);
    let allocations = root.sections("allocations", |allocation| {
        let address = allocation.required_parsed::<Address>("address");
        let amount = allocation.required("amount");
        let amount = amount
            .zip(coin.as_ref())
            .and_then(|(amount, coin)| read_amount(allocation, "amount", coin, &amount));
        Some(Allocation { address: address?, amount: amount? })
    });
    let (name, created, salt, coin, blocks) = (name?, created?, salt?, coin?, blocks?);
    let spec =
        NetworkSpec { name, created, salt, coin, blocks, members, allocations, version, gas_per_block };
    Some((spec, min_fee))
}

pub(super) fn text<const MAX: usize>(section: &mut Section, key: &str, text: String) -> Option<Text<MAX>> {
    Text::try_from(text).map_err(|error| section.wrong(key, error)).ok()
}

fn read_salt(root: &mut Section, salt: &str) -> Option<[u8; 16]> {
    let bytes = data_encoding::HEXLOWER.decode(salt.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    if bytes.is_none() {
        root.wrong("salt", format!("\"{salt}\" is not 32 lower-case hex digits"));
    }
    bytes
}

fn read_coin(section: &mut Section) -> Option<Coin> {
    let symbol = section.required("symbol").and_then(|symbol| text(section, "symbol", symbol));
    let decimals = section.number("decimals", (0_u8, 9)).unwrap_or(6);
    Some(Coin { symbol: symbol?, decimals })
}

fn read_blocks(section: &mut Section, coin: Option<&Coin>) -> Option<BlockRules> {
    let interval_ms = section.number("interval_ms", (100_u32, 600_000)).unwrap_or(INTERVAL_MS);
    let half_life = section.number("half_life", (1_u16, u16::MAX)).unwrap_or(BlockRules::HALF_LIFE);
    let most = i64::MAX as u64;
    let initial_difficulty = section.number("initial_difficulty", (1_u64, most)).unwrap_or(20_000_000);
    let reward = section.text("reward").unwrap_or_else(|| "50".to_owned());
    let reward = coin.and_then(|coin| read_amount(section, "reward", coin, &reward));
    let max_bytes =
        section.number("max_bytes", (10_000_u32, BLOCK_BYTES as u32)).unwrap_or(BLOCK_BYTES as u32);
    Some(BlockRules { interval_ms, half_life, initial_difficulty, reward: reward?, max_bytes })
}

/// The version of the first blocks, and the gas of a block if it is stated.
fn read_contracts(section: &mut Section) -> (u32, Option<u64>) {
    let version = section.number("version", (0_u32, u32::MAX)).unwrap_or(Header::VERSION);
    (version, section.number("gas_per_block", (0_u64, i64::MAX as u64)))
}

fn read_amount(section: &mut Section, key: &str, coin: &Coin, text: &str) -> Option<u64> {
    coin.parse(text).map_err(|error| section.wrong(key, error)).ok()
}

/// A new network as `init` and `devnet` create it, still without allocations and members.
pub fn new_spec(
    name: Text<NETWORK_NAME_BYTES>,
    salt: [u8; 16],
    created: Timestamp,
    hashes_per_second: f64,
    interval_ms: u32,
) -> NetworkSpec {
    let symbol: String = name.as_str().chars().filter(char::is_ascii_alphabetic).take(3).collect();
    let symbol = if symbol.is_empty() { "COIN".to_owned() } else { symbol.to_ascii_uppercase() };
    let coin = Coin { symbol: Text::try_from(symbol).unwrap_or_default(), decimals: 6 };
    let difficulty = hashes_per_second * f64::from(interval_ms) / 1_000.0;
    let reward = coin.parse("50").unwrap_or_default();
    let blocks = BlockRules::new(interval_ms, (difficulty as u64).max(1), reward);
    NetworkSpec { salt, version: Header::NEWEST, ..NetworkSpec::new(name, created, coin, blocks) }
}

/// The lowest fee per byte of a new network: a millionth of a coin, or nothing where the smallest unit is larger than that. One unit would make
/// a transfer with two decimals cost two coins.
pub fn usual_fee_per_byte(coin: &Coin) -> u64 {
    let above = coin.decimals.checked_sub(6);
    above.map_or(0, |above| 10_u64.saturating_pow(above.into()))
}

/// The network's id in groups of eight digits, as people compare it.
pub fn spoken(id: &Hash) -> String {
    let text = id.to_string();
    let groups: Vec<&str> =
        text.as_bytes().chunks(8).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(" ")
}
