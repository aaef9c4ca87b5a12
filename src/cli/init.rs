//! `bouya init` and `bouya join`: the first files of a network and of a node.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Allocation, Coin, Genesis, Member};
use bouya_core::wire::Endpoint;
use clap::Args;

use super::error::Error;
use super::output::Output;
use crate::clock;
use crate::config::NetworkFile;
use crate::config::network::{new_spec, spoken};
use crate::config::node::Bootstrap;
use crate::miner;

pub(crate) const INIT_EXAMPLES: &str = "\
Examples:
  bouya init --name acme --allocate bouya1…:1000000
  bouya init --name acme --symbol EUR --decimals 2 --reward 0 --allocate bouya1…:500000.00

This writes config/network.toml. Send it to every member, and compare the network id by phone.";

pub(crate) const JOIN_EXAMPLES: &str = "\
Examples:
  bouya join --network config/network.toml --id alice --advertise 10.0.0.5:7000
  bouya join --network config/network.toml --id bob --advertise 10.0.0.6:7000 --bootstrap alice@10.0.0.5:7000
  bouya join --network config/network.toml --id carol --listen off --bootstrap alice@10.0.0.5:7000

This writes node.toml next to network.toml.";

/// The first difficulty is set so that this many cores find one block per interval: what three default miners use together.
const FIRST_SHARE: f64 = 1.5;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The network's name
    #[arg(long)]
    name: String,
    /// Folder for network.toml
    #[arg(long, value_name = "DIR", default_value = "config")]
    dir: PathBuf,
    /// Coins that an address holds from the start; may be given several times
    #[arg(long, value_name = "ADDR:AMOUNT")]
    allocate: Vec<String>,
    /// Let only these members' keys seal blocks; may be given several times
    #[arg(long, value_name = "ID:KEY")]
    member: Vec<String>,
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

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The network.toml that the founder sent
    #[arg(long, value_name = "FILE")]
    network: PathBuf,
    /// This node's id, as in its certificate
    #[arg(long)]
    id: NodeId,
    /// A peer to connect to first; may be given several times
    #[arg(long, value_name = "ID@HOST:PORT")]
    bootstrap: Vec<Bootstrap>,
    /// Where to listen for peers, or "off" to dial only
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:7000")]
    listen: String,
    /// The address where other members reach this node
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<Endpoint>,
    /// Where the API listens, or "off" for no API
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    api: String,
    /// Folder with ca.crt, ca.crl and this node's certificate and key
    #[arg(long, value_name = "DIR", default_value = "certs")]
    certs: PathBuf,
    /// Folder for the chain [default: data/ID]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The file to write [default: node.toml next to network.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes network.toml.
pub(crate) fn init(options: &Init, out: &mut Output) -> Result<(), Error> {
    let usage = |error: &dyn std::fmt::Display| Error::Usage(error.to_string());
    let name = Text::try_from(options.name.clone()).map_err(|error| usage(&format!("--name: {error}")))?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| Error::Failed(format!("no randomness: {error}")))?;
    let mut spec = new_spec(name, salt, clock::wall(), 1.0, options.interval);
    if let Some(symbol) = &options.symbol {
        spec.coin.symbol =
            Text::try_from(symbol.clone()).map_err(|error| usage(&format!("--symbol: {error}")))?;
    }
    spec.coin.decimals = options.decimals;
    spec.blocks.reward =
        spec.coin.parse(&options.reward).map_err(|error| usage(&format!("--reward: {error}")))?;
    for text in &options.allocate {
        spec.allocations.push(read_allocation(&spec.coin, text)?);
    }
    for text in &options.member {
        spec.members.push(read_member(text)?);
    }
    // Checked before the machine is measured, which takes a while, so that a mistake shows at once.
    let draft = Genesis::new(spec.clone()).map_err(|error| usage(&error))?;
    let rate = miner::measure(&draft) * FIRST_SHARE;
    spec.blocks.initial_difficulty = ((rate * f64::from(options.interval) / 1_000.0) as u64).max(1);
    let genesis = Genesis::new(spec.clone()).map_err(|error| usage(&error))?;
    let path = options.dir.join("network.toml");
    write_new(&path, &NetworkFile::render(&spec, 1))?;
    out.line(format!("wrote {}", path.display()))?;
    out.line(format!("network {}, id {}", options.name, spoken(&genesis.id())))?;
    out.line("Next: send the file to every member and compare the id by phone. Then, on each machine:")?;
    out.line(format!(
        "  bouya join --network {} --id ID --advertise HOST:7000 --bootstrap PEER@HOST:7000",
        path.display()
    ))
}

fn read_allocation(coin: &Coin, text: &str) -> Result<Allocation, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::Usage(format!("--allocate {text}: {why}"));
    let (address, amount) = text.rsplit_once(':').ok_or_else(|| wrong(&"give ADDRESS:AMOUNT"))?;
    let address: Address = address.parse().map_err(|error| wrong(&error))?;
    Ok(Allocation { address, amount: coin.parse(amount).map_err(|error| wrong(&error))? })
}

fn read_member(text: &str) -> Result<Member, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::Usage(format!("--member {text}: {why}"));
    let (id, key) = text.split_once(':').ok_or_else(|| wrong(&"give ID:KEY"))?;
    Ok(Member {
        id: id.parse().map_err(|error| wrong(&error))?,
        key: key.parse().map_err(|error| wrong(&error))?,
    })
}

/// Writes node.toml.
pub(crate) fn join(options: &Join, out: &mut Output) -> Result<(), Error> {
    let network = NetworkFile::load(&options.network)?;
    check_addresses(options)?;
    let beside = options.network.parent().unwrap_or(Path::new("")).join("node.toml");
    let path = options.out.clone().unwrap_or(beside);
    write_new(&path, &render(options, &path)?)?;
    let genesis = &network.genesis;
    out.line(format!("wrote {}", path.display()))?;
    out.line(format!("network {}, id {}", genesis.spec.name.as_str(), spoken(&genesis.id())))?;
    out.line("Next: compare that id with another member by phone, then")?;
    out.line(format!("  bouya check --config {}", path.display()))?;
    out.line(format!("  bouya run --config {}", path.display()))
}

fn check_addresses(options: &Join) -> Result<(), Error> {
    let listen: Option<SocketAddr> = match options.listen.as_str() {
        "off" => None,
        text => Some(text.parse().map_err(|_| {
            Error::Usage(format!("--listen {text}: give ADDRESS:PORT, as in 0.0.0.0:7000, or off"))
        })?),
    };
    if listen.is_some_and(|listen| listen.ip().is_unspecified()) && options.advertise.is_none() {
        return Err(Error::Usage(
            "--advertise is missing: give the address where other members reach this machine, as in --advertise 10.0.0.5:7000".to_owned(),
        ));
    }
    if options.listen == "off" && options.bootstrap.is_empty() {
        return Err(Error::Usage(
            "--listen off needs a --bootstrap: a node that only dials needs a peer to dial".to_owned(),
        ));
    }
    Ok(())
}

fn render(options: &Join, path: &Path) -> Result<String, Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let show = |target: &Path| relative(folder, target).map(|path| path.display().to_string());
    let data = options.data.clone().unwrap_or_else(|| Path::new("data").join(options.id.as_str()));
    let cert = |file: String| show(&options.certs.join(file));
    let id = &options.id;
    let bootstrap: Vec<String> =
        options.bootstrap.iter().map(|peer| format!("\"{}@{}\"", peer.id, peer.endpoint)).collect();
    let advertise = match &options.advertise {
        Some(endpoint) => format!("advertise = \"{endpoint}\"\n"),
        None => String::new(),
    };
    Ok(format!(
        r#"# {id}'s node. Relative paths start at this file's folder. To see all other settings and their defaults: bouya check.
data_dir = "{data}"
network = "{network}"

[identity]
ca = "{ca}"
certificate = "{certificate}"
key = "{key}"
crl = "{crl}"

[p2p]
listen = "{listen}"
{advertise}bootstrap = [{bootstrap}]

[api]
listen = "{api}"
"#,
        data = show(&data)?,
        network = show(&options.network)?,
        ca = cert("ca.crt".to_owned())?,
        certificate = cert(format!("{id}.crt"))?,
        key = cert(format!("{id}.key"))?,
        crl = cert("ca.crl".to_owned())?,
        listen = options.listen,
        api = options.api,
        bootstrap = bootstrap.join(", "),
    ))
}

/// The path to `target`, relative to `folder`.
fn relative(folder: &Path, target: &Path) -> Result<PathBuf, Error> {
    let (from, to) = (std::path::absolute(folder.join("."))?, std::path::absolute(target)?);
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let mut path: PathBuf = from.components().skip(common).map(|_| Component::ParentDir).collect();
    path.extend(to.components().skip(common));
    Ok(path)
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Failed(format!(
            "{} already exists; move it away first, or write to another file",
            path.display()
        )),
        _ => Error::Failed(format!("cannot write {}: {error}", path.display())),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_the_file_sees_them() {
        for (folder, target, expected) in [
            ("config", "certs/ca.crt", "../certs/ca.crt"),
            ("config", "config/network.toml", "network.toml"),
            ("", "certs/ca.crt", "certs/ca.crt"),
            ("a/b", "data", "../../data"),
        ] {
            assert_eq!(relative(Path::new(folder), Path::new(target)).unwrap(), Path::new(expected));
        }
    }
}
