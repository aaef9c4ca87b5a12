//! `member new`: the key with which a node seals blocks and votes.

use std::path::PathBuf;

use bouya_core::id::NodeId;
use bouya_core::ledger::{Member, MemberChange};
use clap::Args;
use serde_json::json;

use super::Line;
use crate::cli::error::Error;
use crate::cli::output::{Output, note};
use crate::cli::parse;
use crate::config::NetworkFile;
use crate::voter::record;

pub(super) const EXAMPLES: &str = "\
This writes ID.member, which is secret, and ID.votes, which says that the key
has voted for nothing yet. Keep the two together.

The governor is the address of a wallet that speaks for the member when
members decide about members. Its key stays off the node: whoever steals a
node cannot decide with it.

Whoever founds a network needs no --network. To become a member of one that
is there, give its definition: then the line also holds the proof that the key
takes part.

Examples:
  bouya member new bob --governor bouya1…
  bouya member new dave --governor bouya1… --network config/network.toml";

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The node's id
    id: NodeId,
    /// The address that speaks for the member
    #[arg(long, value_name = "ADDR")]
    governor: String,
    /// What people call the member
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The definition of the network that it is to be a member of
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// Folder for the two files, beside the node's certificate
    #[arg(long, value_name = "DIR", default_value = "certs")]
    dir: PathBuf,
}

pub(super) fn run(options: &New, out: &mut Output) -> Result<(), Error> {
    let New { id, governor, name, network, dir } = options;
    let governor =
        governor.parse().map_err(|error| Error::Usage(format!("--governor {governor}: {error}")))?;
    let name = parse::text("--name", name)?;
    let load = |path: &PathBuf| {
        Ok::<_, Error>(NetworkFile::load(path).map_err(|mistakes| mistakes.of(path))?.genesis)
    };
    let network = network.as_ref().map(load).transpose()?;
    let path = dir.join(format!("{id}.member"));
    let was_there = path.symlink_metadata().is_ok();
    let key = record::load_or_create_key(&path).map_err(|error| Error::Failed(error.to_string()))?;
    let member = Member { id: id.clone(), key: key.public(), governor, name };
    let proven = network.as_ref().map(|network| MemberChange::prove(&network.id(), member.clone(), &key));
    let proof = proven.and_then(|change| match change {
        MemberChange::Add { proof, .. } => Some(proof),
        _ => None,
    });
    if out.json {
        return out.line(json!({
            "id": id.as_str(),
            "key": member.key.to_string(),
            "governor": member.governor.to_string(),
            "name": member.name.as_str(),
            "proof": proof.map(|proof| proof.to_string()),
            "file": path.display().to_string(),
        }));
    }
    out.line(Line { member, proof })?;
    let verb = if was_there { "was there already" } else { "is new" };
    let to = match &network {
        None => "the founder".to_owned(),
        Some(network) => {
            format!(
                "a member of {}, who moves it: bouya member add LINE --from WALLET",
                network.spec.name.as_str()
            )
        }
    };
    note(&format!("The secret key in {} {verb}. Send the line above to {to}.", path.display()));
    Ok(())
}
