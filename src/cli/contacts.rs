//! `contacts`: names for addresses, on this machine only.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::wallet::{Contacts, WalletName};

use super::error::Error;
use super::output::{Output, cell, note};
use super::parse::{self, WalletsOption};

pub(crate) const EXAMPLES: &str = "\
Names stay on this machine, in contacts.toml next to the wallets. Before you
name an address, confirm it with its owner.

Examples:
  bouya contacts add bob bouya1…
  bouya contacts list
  bouya send --from alice --to bob:12.5
  bouya contacts add bob bouya1… --replace    # bob has a new address
  bouya contacts remove bob";

#[derive(Debug, Subcommand)]
pub(crate) enum ContactsCommand {
    /// Name an address
    #[command(
        after_help = "Examples:\n  bouya contacts add bob bouya1…\n  bouya contacts add bob bouya1… --replace    # bob has a new address"
    )]
    Add(Add),
    /// List the names and their addresses
    #[command(after_help = "Example:\n  bouya contacts list")]
    List {
        #[command(flatten)]
        wallets: WalletsOption,
    },
    /// Remove a name
    #[command(after_help = "Example:\n  bouya contacts remove bob")]
    Remove {
        /// The name
        name: WalletName,
        #[command(flatten)]
        wallets: WalletsOption,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The name to give
    name: WalletName,
    /// The address (bouya1…)
    address: String,
    /// Give the name this address even if it has another one
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn run(command: ContactsCommand, out: &mut Output) -> Result<(), Error> {
    match command {
        ContactsCommand::Add(add) => {
            let wallets = add.wallets.open()?;
            if wallets.has(&add.name) {
                return Err(Error::Usage(format!(
                    "\"{}\" is already the name of a wallet here; choose another name",
                    add.name
                )));
            }
            let address = parse::address(&add.address, &wallets)?;
            let before = Contacts::add(wallets.dir(), add.name.clone(), address, add.replace)?;
            if let Some(before) = before.filter(|before| *before != address) {
                note(&format!("{} was {before} until now", add.name));
            }
            Ok(())
        }
        ContactsCommand::List { wallets } => {
            let contacts = Contacts::open(wallets.open()?.dir())?;
            if out.json {
                let all = contacts
                    .iter()
                    .map(|(name, address)| json!({ "name": name.as_str(), "address": address.to_string() }));
                return out.raw(json!({ "items": all.collect::<Vec<_>>(), "next": null }));
            }
            let rows: Vec<_> =
                contacts.iter().map(|(name, address)| vec![cell(name), cell(address)]).collect();
            if rows.is_empty() {
                note("No contacts yet. To add one: bouya contacts add NAME ADDRESS");
                return Ok(());
            }
            out.table(&["NAME", "ADDRESS"], rows)
        }
        ContactsCommand::Remove { name, wallets } => match Contacts::remove(wallets.open()?.dir(), &name)? {
            true => Ok(()),
            false => Err(Error::Failed(format!("there is no contact \"{name}\"; see: bouya contacts list"))),
        },
    }
}
