//! `bouya init`: the first file of a network.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::ledger::{Address, Allocation, Coin, Genesis, Member};
use clap::Args;
use serde_json::json;

use super::error::Error;
use super::member::Line;
use super::output::Output;
use crate::clock;
use crate::config::NetworkFile;
use crate::config::network::{new_spec, spoken};
use crate::files::{Draft, PUBLIC, quoted};
use crate::miner;

pub(crate) const EXAMPLES: &str = "\
This writes config/network.toml. Send it to every member, and compare the
network id by phone.

Examples:
  bouya init --name acme --member alice:KEY:GOVERNOR --member bob:KEY:GOVERNOR
  bouya init --name acme --member alice:KEY:GOVERNOR --allocate bouya1…:1000000
  bouya init --name acme --symbol EUR --decimals 2 --reward 0 \\
    --member alice:KEY:GOVERNOR --allocate bouya1…:500000.00";

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
    /// A member, as bouya member new prints it: members seal blocks and vote them final; may be given several times
    #[arg(long, value_name = "ID:KEY:GOVERNOR[:NAME]")]
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

/// Writes network.toml.
pub(crate) fn run(options: &Init, out: &mut Output) -> Result<(), Error> {
    let usage = |error: &dyn std::fmt::Display| Error::Usage(error.to_string());
    if options.member.is_empty() {
        return Err(usage(
            &"a network has a member at least: run bouya member new ID --governor ADDR on each member's machine, then give bouya init what it prints, each with --member",
        ));
    }
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
    write_new(&path, &NetworkFile::render(&spec, 1), |draft| {
        let found = NetworkFile::load(draft).map_err(|mistakes| mistakes.of(&path))?.genesis.id();
        let same = found == genesis.id();
        let fault = "the file reads back as another network; this is a fault of bouya's, please report it";
        same.then_some(()).ok_or_else(|| Error::failed(fault))
    })?;
    if out.json {
        return out.line(json!({
            "network": options.name,
            "id": genesis.id().to_string(),
            "file": path.display().to_string(),
        }));
    }
    out.line(format!("wrote {}", path.display()))?;
    out.line(format!("network {}, id {}", options.name, spoken(&genesis.id())))?;
    out.line("Next: send the file to every member and compare the id by phone. Then, on each machine:")?;
    out.line(format!(
        "  bouya join --network {} --id ID --advertise HOST:7000 --bootstrap PEER@HOST:7000",
        quoted(&path)
    ))
}

fn read_allocation(coin: &Coin, text: &str) -> Result<Allocation, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::Usage(format!("--allocate {text}: {why}"));
    let (address, amount) = text.rsplit_once(':').ok_or_else(|| wrong(&"give ADDRESS:AMOUNT"))?;
    let address: Address = address.parse().map_err(|error| wrong(&error))?;
    Ok(Allocation { address, amount: coin.parse(amount).map_err(|error| wrong(&error))? })
}

fn read_member(text: &str) -> Result<Member, Error> {
    // The definition proves nothing of a key, so a proof for another network may be in it.
    let line: Line = text.parse().map_err(|error| Error::Usage(format!("--member {error}")))?;
    Ok(line.member)
}

/// Writes a file that must not exist yet. It gets its name only after `read` has found in it what was meant.
pub(super) fn write_new<T>(
    path: &Path,
    text: &str,
    read: impl FnOnce(&Path) -> Result<T, Error>,
) -> Result<T, Error> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Failed(format!(
            "{} already exists; move it away first, or write to another file",
            path.display()
        )),
        _ => Error::Failed(format!("cannot write {}: {error}", path.display())),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut draft = Draft::new(path, PUBLIC).map_err(failed)?;
    draft.write_all(text.as_bytes()).map_err(failed)?;
    let found = read(draft.path())?;
    draft.finish().map_err(failed)?;
    Ok(found)
}
