//! `wallet`: creates, lists, shows, imports and exports wallets, and changes their passphrases. No node is needed.

use std::path::PathBuf;

use bouya_core::crypto::SecretKey;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::wallet::{self, Wallet, WalletName, Wallets};

use super::error::Error;
use super::output::{Output, cell, note};
use super::parse::WalletsOption;
use super::prompt::{ChangedPassphrase, ExistingPassphrase, NewPassphrase, confirm};

pub(crate) const EXAMPLES: &str = "\
A wallet is one file, NAME.wallet. Back it up: without the file and its
passphrase, the coins are lost forever.

Examples:
  bouya wallet new alice
  bouya wallet list
  bouya wallet show alice
  bouya wallet export alice --out alice.seed
  bouya wallet passphrase alice
  bouya wallet import copy --seed-file alice.seed";

#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Create a wallet with a new key
    #[command(
        after_help = "Examples:\n  bouya wallet new alice\n  bouya wallet new alice --passphrase-file pass.txt"
    )]
    New(New),
    /// List the wallets in the folder
    #[command(after_help = "Example:\n  bouya wallet list")]
    List {
        #[command(flatten)]
        wallets: WalletsOption,
    },
    /// Show a wallet's address and public key
    #[command(after_help = "Example:\n  bouya wallet show alice")]
    Show {
        /// The wallet
        name: WalletName,
        #[command(flatten)]
        wallets: WalletsOption,
    },
    /// Create a wallet from an existing seed, or from a node's member key
    #[command(
        override_usage = "bouya wallet import <NAME> <--seed-file <FILE>|--member-key <FILE>>\n         [OPTIONS]",
        after_help = "Examples:\n  bouya wallet import alice --seed-file alice.seed\n  bouya wallet import rewards --member-key alice.member --no-passphrase"
    )]
    Import(Import),
    /// Print a wallet's seed, unencrypted
    #[command(after_help = "Example:\n  bouya wallet export alice --out alice.seed")]
    Export(Export),
    /// Change a wallet's passphrase
    #[command(
        after_help = "Examples:\n  bouya wallet passphrase alice\n  bouya wallet passphrase alice --passphrase-file old --new-passphrase-file new"
    )]
    Passphrase(Change),
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The wallet's name
    name: WalletName,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The wallet's name
    name: WalletName,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// File with the seed, one line of 64 hex digits, as `wallet export` writes it
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// A node's member key file, to spend what the node has mined
    #[arg(long, value_name = "FILE")]
    member_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The wallet
    name: WalletName,
    /// Write the seed into this new file instead of to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the seed without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The wallet
    name: WalletName,
    #[command(flatten)]
    old: ExistingPassphrase,
    #[command(flatten)]
    new: ChangedPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn run(command: WalletCommand, out: &mut Output) -> Result<(), Error> {
    match command {
        WalletCommand::New(new) => {
            let wallets = new.wallets.open()?;
            create(&wallets, &new.name, &wallet::new_key()?, &new.passphrase, out)
        }
        WalletCommand::List { wallets } => list(&wallets.open()?, out),
        WalletCommand::Show { name, wallets } => show(&wallets.open()?, &name, out),
        WalletCommand::Import(import) => {
            let wallets = import.wallets.open()?;
            let source = import.source.seed_file.or(import.source.member_key);
            // Unreachable: the argument parser requires one of the two.
            let source = source.ok_or_else(|| Error::Usage("give --seed-file or --member-key".into()))?;
            create(&wallets, &import.name, &wallet::member_key_load(&source)?, &import.passphrase, out)
        }
        WalletCommand::Export(options) => export(&options, out),
        WalletCommand::Passphrase(options) => passphrase(options, out),
    }
}

fn create(
    wallets: &Wallets,
    name: &WalletName,
    key: &SecretKey,
    passphrase: &NewPassphrase,
    out: &mut Output,
) -> Result<(), Error> {
    // Checked before the user makes up a passphrase.
    if wallets.has(name) {
        return Err(wallet::WalletError::from(wallet::FileError::Exists(wallets.path(name))).into());
    }
    let passphrase = passphrase.get()?;
    let made = wallets.create(name, key, passphrase.as_ref())?;
    let path = wallets.path(name);
    if out.json {
        return out.raw(described(&made, wallets));
    }
    out.line(made.address())?;
    note(&format!("Created {}. Keep a copy of it in a safe place.", path.display()));
    if passphrase.is_none() {
        note("It is not encrypted: anyone who reads the file owns the coins.");
    }
    Ok(())
}

fn list(wallets: &Wallets, out: &mut Output) -> Result<(), Error> {
    let mut found = Vec::new();
    for wallet in wallets.list()? {
        match wallet {
            Ok(wallet) => found.push(wallet),
            Err(error) => note(&error.to_string()),
        }
    }
    if out.json {
        let items: Vec<_> = found.iter().map(|wallet| described(wallet, wallets)).collect();
        return out.raw(json!({ "items": items, "next": null }));
    }
    if found.is_empty() {
        note(&format!("No wallets in {}. To create one: bouya wallet new NAME", wallets.dir().display()));
        return Ok(());
    }
    let row = |wallet: &Wallet| vec![cell(wallet.name()), cell(wallet.address()), cell(protection(wallet))];
    out.table(&["NAME", "ADDRESS", "PROTECTION"], found.iter().map(row).collect())
}

fn show(wallets: &Wallets, name: &WalletName, out: &mut Output) -> Result<(), Error> {
    let wallet = wallets.open(name)?;
    if out.json {
        return out.raw(described(&wallet, wallets));
    }
    out.pairs(vec![
        ("name", cell(wallet.name())),
        ("address", cell(wallet.address())),
        ("public key", cell(wallet.public_key())),
        ("protection", cell(protection(&wallet))),
        ("file", cell(wallets.path(name).display())),
    ])
}

fn export(options: &Export, out: &mut Output) -> Result<(), Error> {
    let wallet = options.wallets.open()?.open(&options.name)?;
    options.passphrase.check(&wallet)?;
    if options.out.is_none()
        && !options.yes
        && !confirm("Print the seed? Anyone who sees it can spend this wallet's coins.", "--yes")?
    {
        return Err(Error::Failed("nothing was printed; to write it to a file: --out FILE".into()));
    }
    let key = wallet.unlock(options.passphrase.get(&wallet)?)?;
    match &options.out {
        None => out.bytes(wallet::seed_line(&key).as_bytes()),
        Some(path) => {
            wallet::write_seed(path, &key)?;
            note(&format!(
                "Wrote the seed, unencrypted, to {}. Keep it as safe as the coins.",
                path.display()
            ));
            Ok(())
        }
    }
}

fn passphrase(options: Change, out: &mut Output) -> Result<(), Error> {
    let Change { name, old, new, wallets } = options;
    let wallets = wallets.open()?;
    let wallet = wallets.open(&name)?;
    let old = old.get(&wallet)?;
    // Before a new one is made up.
    wallet.unlock(old)?;
    let changed = wallets.change_passphrase(&name, old, new.get()?.as_ref())?;
    if out.json {
        return out.line(described(&changed, &wallets));
    }
    note(&format!(
        "Wallet {name} is now protected so: {}. Copies made before still open with what protected them then.",
        protection(&changed)
    ));
    Ok(())
}

fn described(wallet: &Wallet, wallets: &Wallets) -> Value {
    json!({
        "name": wallet.name().as_str(),
        "address": wallet.address().to_string(),
        "public_key": wallet.public_key(),
        "encrypted": wallet.is_encrypted(),
        "file": wallets.path(wallet.name()).display().to_string(),
    })
}

fn protection(wallet: &Wallet) -> &'static str {
    if wallet.is_encrypted() { "passphrase" } else { "none: not encrypted" }
}
