//! `bouya found`: a network's CA, its definition, and its first node.

use bouya_core::code::Code;
use bouya_core::codec::Text;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Allocation, Coin, Genesis, Member, NetworkSpec};
use bouya_core::wire::Endpoint;
use clap::Args;
use mkca::{AUTHORITY_DAYS, Authority, CERTIFICATE_DAYS, SigningRequest};
use serde_json::json;

use super::accept::judged;
use super::admit::{Desk, named_files};
use super::ask::{governor, member_key, new_key};
use super::error::Error;
use super::folder::{Folder, Listening, Made, NodeFile, absent, read};
use super::output::{Output, note};
use super::parse::{self, WalletsOption};
use super::prompt::{NewPassphrase, sealing};
use crate::admission::Request;
use crate::clock;
use crate::config::NetworkFile;
use crate::config::network::{new_spec, usual_fee_per_byte};
use crate::config::node::Bootstrap;
use crate::files::PUBLIC;
use crate::miner;
use crate::net::tls::key_hash;
use crate::wallet::Passphrase;

pub(crate) const EXAMPLES: &str = "\
This makes in this folder: ca/, the authority that admits members; the network's
definition, network.toml; and a node with its keys and node.toml. A wallet with
the node's id holds the first coins and speaks for the member. One passphrase
protects the wallet and the CA's key.

Others ask with bouya ask; bouya admit lets them in. Who has asked before may be
a member from the start: give the request with --admit.

Examples:
  bouya found acme --advertise 10.0.0.5:7000 --run
  bouya found acme --id alice --name 'Alice SA' --advertise 10.0.0.5:7000
  bouya found acme --advertise 10.0.0.5:7000 --admit bob.request \\
    --admit carol.request
  bouya found acme --advertise 10.0.0.5:7000 --symbol EUR --decimals 2 \\
    --reward 0 --coins 500000.00";

/// The first difficulty is set so that the first members' miners together find one block per interval. Each uses this share of a core.
const SHARE: f64 = 0.5;
/// What a transfer takes, with a few words in it.
const TRANSFER_BYTES: u64 = 200;
/// The id of a founder whose machine has no name that could be one.
const NAMELESS: &str = "founder";

#[derive(Debug, Args)]
pub(crate) struct Found {
    /// The network's name
    #[arg(value_name = "NETWORK")]
    network: String,
    /// The address where other members reach this node
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Endpoint,
    /// This node's id [default: this machine's name]
    #[arg(long)]
    id: Option<NodeId>,
    /// What people call this member
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Who has asked, and is a member from the start; may be given several times
    #[arg(long, value_name = "FILE")]
    admit: Vec<std::path::PathBuf>,
    /// Run the node when all is made
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
    #[command(flatten)]
    money: Money,
}

/// The coin, and how blocks are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "The network's rules")]
struct Money {
    /// Coins that this member's wallet holds from the start
    #[arg(long, value_name = "AMOUNT", default_value = "1000000")]
    coins: String,
    /// Coins that another address holds from the start; may be given several times
    #[arg(long, value_name = "ADDR:AMOUNT")]
    allocate: Vec<String>,
    /// The coin's short name [default: from the network's name]
    #[arg(long)]
    symbol: Option<String>,
    /// Digits after the decimal point
    #[arg(long, default_value_t = 6)]
    decimals: u8,
    /// New coins for the miner of each block
    #[arg(long, default_value = "50")]
    reward: String,
    /// Milliseconds between blocks
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    interval: u32,
}

/// Makes the network and its first node.
pub(crate) fn run(options: &Found, out: &mut Output) -> Result<(), Error> {
    let id = options.id.clone().map_or_else(machine_id, Ok)?;
    let requests = named_files(&options.admit)?;
    let founded = found(options, &id, &requests)?;
    told(options, &id, &founded, out)?;
    match options.run {
        true => {
            out.flush()?;
            super::run::run(&options.folder.node())
        }
        false => Ok(()),
    }
}

struct Founded {
    code: Code,
    genesis: Genesis,
    governor: Address,
    invited: Vec<std::path::PathBuf>,
}

/// Makes all files, or none.
fn found(options: &Found, id: &NodeId, requests: &[Request]) -> Result<Founded, Error> {
    let folder = &options.folder;
    [folder.ca(), folder.network(), folder.node()].iter().try_for_each(|path| absent(path))?;
    // Every mistake in the rules shows before a passphrase is made up.
    let sketch = options.money.spec(&options.network, 1.0)?;
    let passphrase = options.passphrase.get_for("the wallet and the CA's key")?;
    if passphrase.is_none() {
        note("The CA's key is not encrypted: whoever reads ca/ca.key admits anyone.");
    }
    let wallets = options.wallets.open()?;
    let mut made = Made::default();
    // First: of two that found here at once, one gets it.
    made.folder(&folder.ca())?;
    let governor = governor(&wallets, id, || Ok(passphrase.clone()), &mut made)?;
    let key = new_key(folder, id, &mut made)?;
    absent(&folder.cert(&format!("{id}.member")))?;
    let member = member_key(folder, id, &mut made)?.public();
    let name = parse::text("--name", &options.name)?;
    let founder = Member { id: id.clone(), key: member, governor, name };
    let genesis = define(options, sketch, founder, requests)?;
    let definition = NetworkFile::render(&genesis.spec, usual_fee_per_byte(&genesis.spec.coin));
    made.file(&folder.network(), PUBLIC, definition.as_bytes())?;

    let authority = create_authority(options, passphrase.as_ref())?;
    let request =
        SigningRequest::from_pem(SigningRequest::pem_for(id, &key).map_err(Error::failed)?.as_bytes());
    let issued =
        authority.sign(&request.map_err(Error::failed)?, id, CERTIFICATE_DAYS).map_err(Error::failed)?;
    for (from, to) in [
        (authority.ca_path(), "ca.crt".to_owned()),
        (authority.crl_path(), "ca.crl".to_owned()),
        (issued.certificate, format!("{id}.crt")),
    ] {
        made.file(&folder.cert(&to), PUBLIC, read(&from)?.as_bytes())?;
    }
    let bootstrap = Bootstrap { id: id.clone(), endpoint: options.advertise.clone() };
    let (listening, advertise) = (&options.listening, Some(&options.advertise));
    let node = NodeFile { id, listening, advertise, bootstrap: &[], overrides: false, observes: false };
    made.file(&folder.node(), PUBLIC, node.render().as_bytes())?;
    judged(&folder.node(), id)?;
    let ca = key_hash(authority.root().certificate()).map_err(Error::failed)?;
    let desk =
        Desk { authority, network: read(&folder.network())?, overrides: None, bootstrap: vec![bootstrap] };
    let invited = desk.invite(requests, CERTIFICATE_DAYS, folder)?;
    made.keep();
    Ok(Founded { code: Code::of_network(&ca, &genesis.id(), None), genesis, governor, invited })
}

fn create_authority(options: &Found, passphrase: Option<&Passphrase>) -> Result<Authority, Error> {
    let sealed = passphrase.map(sealing);
    let authority =
        Authority::create_sealed(&options.folder.ca(), &options.network, AUTHORITY_DAYS, sealed.as_ref());
    authority.map_err(Error::failed)
}

/// The network, with its first difficulty measured on this machine.
fn define(
    options: &Found,
    mut spec: NetworkSpec,
    founder: Member,
    requests: &[Request],
) -> Result<Genesis, Error> {
    let usage = |error: &dyn std::fmt::Display| Error::Usage(error.to_string());
    let coins = spec.coin.parse(&options.money.coins).map_err(|error| usage(&format!("--coins: {error}")))?;
    if coins > 0 {
        spec.allocations.insert(0, Allocation { address: founder.governor, amount: coins });
    }
    spec.members.push(founder);
    for request in requests {
        let candidate = request.candidate.as_ref();
        let candidate = candidate.ok_or_else(|| {
            usage(&format!(
                "{} asks to observe: admit it with bouya admit, once the network is there",
                request.id
            ))
        })?;
        spec.members.push(candidate.member.clone());
    }
    let sketch = Genesis::new(spec.clone()).map_err(|error| usage(&error))?;
    let rate = miner::measure(&sketch) * SHARE * spec.members.len() as f64;
    spec.blocks.initial_difficulty = ((rate * f64::from(spec.blocks.interval_ms) / 1_000.0) as u64).max(1);
    Genesis::new(spec).map_err(|error| usage(&error))
}

impl Money {
    /// The rules, still without members.
    fn spec(&self, name: &str, rate: f64) -> Result<NetworkSpec, Error> {
        let usage = |what: &str, error: &dyn std::fmt::Display| Error::Usage(format!("{what}: {error}"));
        let name = Text::try_from(name.to_owned()).map_err(|error| usage("the network's name", &error))?;
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| Error::Failed(format!("no randomness: {error}")))?;
        let mut spec = new_spec(name, salt, clock::wall(), rate, self.interval);
        if let Some(symbol) = &self.symbol {
            spec.coin.symbol = Text::try_from(symbol.clone()).map_err(|error| usage("--symbol", &error))?;
        }
        spec.coin.decimals = self.decimals;
        spec.blocks.reward = spec.coin.parse(&self.reward).map_err(|error| usage("--reward", &error))?;
        for text in &self.allocate {
            spec.allocations.push(read_allocation(&spec.coin, text)?);
        }
        Ok(spec)
    }
}

fn read_allocation(coin: &Coin, text: &str) -> Result<Allocation, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::Usage(format!("--allocate {text}: {why}"));
    let (address, amount) = text.rsplit_once(':').ok_or_else(|| wrong(&"give ADDRESS:AMOUNT"))?;
    let address: Address = address.parse().map_err(|error| wrong(&error))?;
    Ok(Allocation { address, amount: coin.parse(amount).map_err(|error| wrong(&error))? })
}

/// This machine's name, as far as it can be an id.
fn machine_id() -> Result<NodeId, Error> {
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let first = name.split('.').next().unwrap_or_default();
    first.parse().or_else(|_| NAMELESS.parse()).map_err(|error| Error::Usage(format!("--id: {error}")))
}

fn told(options: &Found, id: &NodeId, founded: &Founded, out: &mut Output) -> Result<(), Error> {
    let Founded { code, genesis, governor, invited } = founded;
    if out.json {
        return out.line(json!({
            "network": options.network,
            "id": genesis.id().to_string(),
            "code": code.to_string(),
            "node": id.as_str(),
            "governor": governor.to_string(),
            "min_fee_per_byte": usual_fee_per_byte(&genesis.spec.coin).to_string(),
            "config": options.folder.node().display().to_string(),
            "invitations": invited.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        }));
    }
    let (coin, symbol) = (&options.money.coins, genesis.spec.coin.symbol.as_str());
    out.line(format!("Network {}, code {code}", options.network))?;
    out.line(format!("  node     {id}, reached at {}", options.advertise))?;
    out.line(format!("  wallet   {id}, with {coin} {symbol}; it speaks for the member"))?;
    out.line(format!("  fees     {}", fees(&genesis.spec.coin)))?;
    out.line(format!("  CA       {}: whoever has its key admits anyone", options.folder.ca().display()))?;
    for path in invited {
        out.line(format!("  wrote    {}, to send back", path.display()))?;
    }
    out.line("Everybody compares the code by phone. Next:")?;
    if !options.run {
        out.line("  bouya run                                  # here")?;
    }
    out.line("  bouya ask bob --advertise HOST:7000        # on another machine")?;
    out.line("  bouya admit bob.request                    # here, beside the running node")
}

/// What it costs to write, as people count.
fn fees(coin: &Coin) -> String {
    let symbol = coin.symbol.as_str();
    match usual_fee_per_byte(coin) {
        0 => format!("none, for the smallest unit, {} {symbol}, is too large for a byte", coin.format(1)),
        fee => {
            let cost = coin.format(fee.saturating_mul(TRANSFER_BYTES));
            format!("a transfer of {TRANSFER_BYTES} bytes costs {cost} {symbol}")
        }
    }
}
