//! `bouya backup`: what a lost machine cannot be set up without, in one sealed file. `restore` reads it.

mod gather;
mod reminder;

use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use clap::Args;
use serde_json::{Value, json};

use self::gather::Gathered;
pub(crate) use self::reminder::{remember, reminder};
use super::error::Error;
use super::output::{Output, cell, count, note};
use super::parse::WalletsOption;
use super::prompt::SealingPassphrase;
use crate::backup::{Backup, BackupError, Place, Saved};
use crate::clock::{rfc3339, wall};

pub(crate) const EXAMPLES: &str = "\
Run it in the node's folder; the node may run meanwhile. The file holds the
node's keys, certificate and settings, the wallets and contacts, and the CA if
it lies in ca/, under a passphrase of its own. Keep it on another machine. It
does not hold the chain, which comes from the peers, nor the record of votes of
a node that runs: that is old as soon as the node votes again.

Make another one after each new key, wallet or admission; bouya status reminds.

Examples:
  bouya backup --out alice.backup
  bouya backup --out /media/stick/alice.backup --passphrase-file pass.txt
  sudo bouya backup --config /var/lib/bouya/node.toml --out alice.backup \\
    --wallets ~/.local/share/bouya/wallets";

#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// The new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: SealingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn run(options: &BackupOptions, config: &Path, out: &mut Output) -> Result<(), Error> {
    let path = &options.out;
    // What is wrong shows before a passphrase is made up.
    if path.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(path.clone()).into());
    }
    let wallets = options.wallets.open()?;
    gather::gather(config, &wallets)?;
    let passphrase = options.passphrase.get_for("the backup")?;
    // What comes while files are read counts as newer.
    let began = wall();
    let Gathered { id, network, code, saved } = gather::gather(config, &wallets)?;
    let code = code.map(|code| Text::try_from(code.to_string())).transpose().map_err(Error::failed)?;
    let backup = Backup::new((began, id), (network, code), saved)?;
    backup.write(path, &passphrase)?;
    if out.json {
        out.raw(to_json(&backup, path))?;
    } else {
        show(&backup, out)?;
        note(&format!("Wrote {}. Keep it on another machine, and its passphrase elsewhere.", path.display()));
    }
    if !backup.files().iter().any(|saved| saved.wallet().is_some()) {
        note(&format!(
            "It holds no wallet: there is none in {}. Where they are elsewhere: --wallets DIR",
            wallets.dir().display()
        ));
    }
    if let Err(error) = remember(config, began) {
        note(&format!("{error}. So bouya status will ask for a backup again."));
    }
    Ok(())
}

/// Whether a file is a record of votes.
pub(super) fn is_record(saved: &Saved) -> bool {
    saved.path().ends_with(".votes")
}

/// What a backup holds, for people.
pub(super) fn show(backup: &Backup, out: &mut Output) -> Result<(), Error> {
    let files = backup.files();
    let of_node = files.iter().filter(|saved| saved.place() == Place::Node).map(Saved::path);
    let (of_ca, mut lines): (Vec<_>, Vec<_>) =
        of_node.map(str::to_owned).partition(|path| path.starts_with("ca/"));
    if !of_ca.is_empty() {
        lines.push(format!("ca/, {}", count(of_ca.len(), "file")));
    }
    let wallets: Vec<_> =
        files.iter().filter_map(Saved::wallet).map(|wallet| wallet.as_str().to_owned()).collect();
    let record = match files.iter().any(is_record) {
        true => "in it: the node did not run when the backup was made",
        false => "not in it: it would be old",
    };
    out.pairs(vec![
        ("network", cell(backup.network.as_str())),
        ("code", cell(backup.code.as_ref().map_or("none", Text::as_str))),
        ("node", cell(&backup.id)),
        ("made", cell(out.about(&rfc3339(backup.made)))),
        ("files", cell(lines.join("\n"))),
        ("wallets", cell(if wallets.is_empty() { "none".to_owned() } else { wallets.join(", ") })),
        ("votes", cell(record)),
    ])
}

/// The same for programs.
pub(super) fn to_json(backup: &Backup, path: &Path) -> Value {
    let files = backup.files().iter();
    json!({
        "file": path.display().to_string(),
        "network": backup.network.as_str(),
        "code": backup.code.as_ref().map(Text::as_str),
        "id": backup.id.as_str(),
        "made": rfc3339(backup.made),
        "files": files.clone().filter(|saved| saved.place() == Place::Node).map(Saved::path).collect::<Vec<_>>(),
        "wallets": files.clone().filter_map(Saved::wallet).map(|wallet| wallet.to_string()).collect::<Vec<_>>(),
        "record": files.clone().any(is_record),
    })
}

#[cfg(test)]
mod tests;
