//! A member's own keys, and a governor that is lost.

use std::path::PathBuf;

use bouya_core::id::NodeId;
use bouya_core::ledger::{Action, Keys, MemberChange};
use clap::Args;

use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::govern::{self, Governing, Moving};
use crate::cli::output::{Output, note};
use crate::cli::submit::Signer;
use crate::http::views;
use crate::voter::record;

pub(super) const EXAMPLES: &str = "\
This makes ID.next.member and ID.next.votes beside the old ones, and tells the
network. The old key is needed until the change is final: leave the node
running. It is then told what to do. Once a day at most.

Examples:
  bouya member rotate --from bob
  bouya member rotate --from bob --dir /var/lib/bouya/certs --wait";

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// Folder of the member key, for the new one
    #[arg(long, value_name = "DIR", default_value = "certs")]
    dir: PathBuf,
    #[command(flatten)]
    governing: Governing,
}

#[derive(Debug, Args)]
pub(crate) struct Governor {
    /// The member
    id: NodeId,
    /// Its new governor: an address, contact or wallet
    #[arg(value_name = "ADDRESS")]
    governor: String,
    #[command(flatten)]
    moving: Moving,
}

pub(super) fn rotate(options: &Rotate, client: &Client, out: &mut Output) -> Result<(), Error> {
    let signer = Signer::governing(&options.governing.by, client)?;
    let members = govern::members(client)?;
    let own = govern::speaker(&members, &signer)?;
    no_keys_wait(&members, &own.id)?;
    let id: NodeId =
        own.id.parse().map_err(|error| Error::Failed(format!("the node names a member {error}")))?;
    let network = signer.network()?;
    let path = options.dir.join(format!("{id}.next.member"));
    let key = record::load_or_create_key(&path).map_err(|error| Error::Failed(error.to_string()))?;
    let sender = *signer.wallet.public_key();
    let action = |nonce| Action::from(Keys::prove(&network, &sender, nonce, id.clone(), Some(&key), None));
    let change =
        views::MemberChange::Keys { id: id.to_string(), key: Some(key.public().to_string()), governor: None };
    let lines = [
        ("member", id.to_string()),
        ("old key", own.key.clone()),
        ("new key", format!("{}, in {}", key.public(), path.display())),
    ];
    let (sent, answer) = signer.send(&action, &lines, "Give it this key?")?;
    let old = options.dir.join(format!("{id}.member"));
    note(&format!(
        "Leave the node running: it votes with the old key until the block with the change is final; see: bouya member show {id}\n\
         Then, on the node's machine, with the node stopped (rewards under the old key: bouya wallet import NAME --member-key {}):\n  \
         mkdir old && mv {} {} old/\n  mv {} {}\n  mv {} {}\nand start it.",
        old.display(),
        old.display(),
        old.with_extension("votes").display(),
        path.display(),
        old.display(),
        path.with_extension("votes").display(),
        old.with_extension("votes").display(),
    ));
    govern::told(&sent, &answer, &change, &options.governing, client, out)
}

pub(super) fn governor(options: Governor, client: &Client, out: &mut Output) -> Result<(), Error> {
    let Governor { id, governor, moving } = options;
    let members = govern::members(client)?;
    let member = govern::known(&members, &id)?;
    let signer = Signer::governing(&moving.governing.by, client)?;
    let governor = crate::cli::parse::address(&governor, &signer.wallets)?;
    if member.governor != signer.wallet.address().to_string() {
        return govern::make(MemberChange::Governor { id, governor }, &moving, client, out);
    }
    no_keys_wait(&members, &member.id)?;
    let change =
        views::MemberChange::Keys { id: id.to_string(), key: None, governor: Some(governor.to_string()) };
    let lines = [("member", id.to_string()), ("new governor", governor.to_string())];
    let (network, sender) = (signer.network()?, *signer.wallet.public_key());
    let action =
        |nonce| Action::from(Keys::prove(&network, &sender, nonce, id.clone(), None, Some(governor)));
    let (sent, answer) = signer.send(&action, &lines, "Give it this governor?")?;
    note("The old governor speaks for it until the change is in force.");
    govern::told(&sent, &answer, &change, &moving.governing, client, out)
}

fn no_keys_wait(members: &views::Members, own: &str) -> Result<(), Error> {
    let waits = members
        .waiting
        .iter()
        .any(|decided| matches!(&decided.change, views::MemberChange::Keys { id, .. } if id == own));
    match waits {
        true => Err(Error::Failed(format!(
            "a change of {own}'s keys waits to come into force already: see bouya member show {own}"
        ))),
        false => Ok(()),
    }
}
