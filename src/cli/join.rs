//! `bouya join`: the first file of a node.

use std::path::{Component, Path, PathBuf};

use bouya_core::id::NodeId;
use bouya_core::wire::Endpoint;
use clap::Args;

use super::check::warn;
use super::error::Error;
use super::init::write_new;
use super::output::Output;
use crate::config::network::spoken;
use crate::config::node::Bootstrap;
use crate::config::{Mistakes, NetworkFile, Settings, toml_text};
use crate::files::quoted;
use crate::node::judge;

pub(crate) const EXAMPLES: &str = "\
This writes node.toml next to network.toml.

Examples:
  bouya join --network config/network.toml --id alice \\
    --advertise 10.0.0.5:7000
  bouya join --network config/network.toml --id bob \\
    --advertise 10.0.0.6:7000 --bootstrap alice@10.0.0.5:7000
  bouya join --network config/network.toml --id carol \\
    --listen off --bootstrap alice@10.0.0.5:7000";

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

/// Writes node.toml, if a node could start with it.
pub(crate) fn run(options: &Join, out: &mut Output) -> Result<(), Error> {
    if options.listen == "off" && options.bootstrap.is_empty() {
        return Err(Error::Usage(
            "--listen off needs a --bootstrap: a node that only dials needs a peer to dial".to_owned(),
        ));
    }
    let beside = options.network.parent().unwrap_or(Path::new("")).join("node.toml");
    let path = options.out.clone().unwrap_or(beside);
    let (settings, warnings) = write_new(&path, &render(options, &path)?, |draft| {
        let settings = Settings::load(draft).map_err(|mistakes| mistakes.of(&path))?;
        let (list, warnings) = judge::sort(judge::settings(&settings, &options.id));
        if list.is_empty() {
            Ok((settings, warnings))
        } else {
            Err(Mistakes { path: path.clone(), list }.into())
        }
    })?;
    let genesis = &settings.network.genesis;
    out.line(format!("wrote {}", path.display()))?;
    warn(&warnings, out)?;
    out.line(format!("network {}, id {}", genesis.spec.name.as_str(), spoken(&genesis.id())))?;
    out.line("Next: compare that id with another member by phone, then")?;
    out.line(format!("  bouya check --config {}", quoted(&path)))?;
    out.line(format!("  bouya run --config {}", quoted(&path)))
}

fn render(options: &Join, path: &Path) -> Result<String, Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let show = |target: &Path| {
        let path = relative(folder, target)?;
        let text = path.to_str().ok_or_else(|| {
            Error::Usage(format!(
                "{} is not Unicode, which a configuration file cannot hold; rename it",
                path.display()
            ))
        });
        text.map(toml_text)
    };
    let data = options.data.clone().unwrap_or_else(|| Path::new("data").join(options.id.as_str()));
    let cert = |file: String| show(&options.certs.join(file));
    let id = &options.id;
    let bootstrap = options.bootstrap.iter().map(|peer| toml_text(&format!("{}@{}", peer.id, peer.endpoint)));
    let bootstrap: Vec<String> = bootstrap.collect();
    let advertise = match &options.advertise {
        Some(endpoint) => format!("advertise = {}\n", toml_text(&endpoint.to_string())),
        None => String::new(),
    };
    // A definition that cannot be read is told of when the whole file is checked.
    let observes = NetworkFile::load(&options.network)
        .is_ok_and(|file| !file.genesis.spec.members.iter().any(|member| member.id == *id));
    let miner = if observes {
        "\n[miner]\n# This node is no member's: it would seal blocks that nobody takes.\nenabled = false\n"
    } else {
        ""
    };
    Ok(format!(
        r#"# {id}'s node. Relative paths start at this file's folder. To see all other settings and their defaults: bouya check.
data_dir = {data}
network = {network}

[identity]
ca = {ca}
certificate = {certificate}
key = {key}
crl = {crl}

[p2p]
listen = {listen}
{advertise}bootstrap = [{bootstrap}]

[api]
listen = {api}
{miner}"#,
        data = show(&data)?,
        network = show(&options.network)?,
        ca = cert("ca.crt".to_owned())?,
        certificate = cert(format!("{id}.crt"))?,
        key = cert(format!("{id}.key"))?,
        crl = cert("ca.crl".to_owned())?,
        listen = toml_text(&options.listen),
        api = toml_text(&options.api),
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

#[cfg(test)]
mod tests;
