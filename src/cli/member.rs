//! `member`: the key with which a node seals blocks and votes.

use std::path::PathBuf;

use bouya_core::id::NodeId;
use clap::Subcommand;
use serde_json::json;

use super::error::Error;
use super::output::{Output, note};
use crate::voter::record;

pub(crate) const EXAMPLES: &str = "\
The founder lists the members before the network begins:
bouya init --name acme --member alice:KEY --member bob:KEY

Examples:
  bouya member new bob
  bouya member new bob --dir config/certs --json | jq -r .key";

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Make a member key, or show that it is there, and print what the founder needs: ID:KEY
    #[command(after_help = "\
This writes ID.member, which is secret, and ID.votes, which says that the key
has voted for nothing yet. Keep the two together.

Example:
  bouya member new bob")]
    New {
        /// The node's id
        id: NodeId,
        /// Folder for the two files, beside the node's certificate
        #[arg(long, value_name = "DIR", default_value = "certs")]
        dir: PathBuf,
    },
}

pub(crate) fn run(command: &MemberCommand, out: &mut Output) -> Result<(), Error> {
    let MemberCommand::New { id, dir } = command;
    let path = dir.join(format!("{id}.member"));
    let was_there = path.symlink_metadata().is_ok();
    let key = record::load_or_create_key(&path).map_err(|error| Error::Failed(error.to_string()))?.public();
    if out.json {
        return out
            .line(json!({ "id": id.as_str(), "key": key.to_string(), "file": path.display().to_string() }));
    }
    out.line(format!("{id}:{key}"))?;
    let verb = if was_there { "was there already" } else { "is new" };
    note(&format!("The secret key in {} {verb}. Send the line above to the founder.", path.display()));
    Ok(())
}
