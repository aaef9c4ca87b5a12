//! `member`: the key with which a node seals blocks and votes.

use std::path::PathBuf;

use bouya_core::id::NodeId;
use bouya_core::ledger::Address;
use clap::Subcommand;
use serde_json::json;

use super::error::Error;
use super::output::{Output, note};
use crate::voter::record;

pub(crate) const EXAMPLES: &str = "\
The founder lists the members before the network begins:
bouya init --name acme --member alice:KEY:GOVERNOR --member bob:KEY:GOVERNOR

Examples:
  bouya member new bob --governor bouya1…
  bouya member new bob --governor bouya1… --name 'Bob SA' --dir config/certs";

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Make a member key, or show that it is there, and print what the founder needs: ID:KEY:GOVERNOR
    #[command(after_help = "\
This writes ID.member, which is secret, and ID.votes, which says that the key
has voted for nothing yet. Keep the two together.

The governor is the address of a wallet that speaks for the member when
members decide about members. Its key stays off the node: whoever steals a
node cannot decide with it.

Example:
  bouya member new bob --governor bouya1…")]
    New {
        /// The node's id
        id: NodeId,
        /// The address that speaks for the member
        #[arg(long, value_name = "ADDR")]
        governor: String,
        /// What people call the member
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// Folder for the two files, beside the node's certificate
        #[arg(long, value_name = "DIR", default_value = "certs")]
        dir: PathBuf,
    },
}

pub(crate) fn run(command: &MemberCommand, out: &mut Output) -> Result<(), Error> {
    let MemberCommand::New { id, governor, name, dir } = command;
    let governor: Address =
        governor.parse().map_err(|error| Error::Usage(format!("--governor {governor}: {error}")))?;
    let path = dir.join(format!("{id}.member"));
    let was_there = path.symlink_metadata().is_ok();
    let key = record::load_or_create_key(&path).map_err(|error| Error::Failed(error.to_string()))?.public();
    if out.json {
        return out.line(json!({
            "id": id.as_str(),
            "key": key.to_string(),
            "governor": governor.to_string(),
            "name": name,
            "file": path.display().to_string(),
        }));
    }
    let name = if name.is_empty() { String::new() } else { format!(":{name}") };
    out.line(format!("{id}:{key}:{governor}{name}"))?;
    let verb = if was_there { "was there already" } else { "is new" };
    note(&format!("The secret key in {} {verb}. Send the line above to the founder.", path.display()));
    Ok(())
}
