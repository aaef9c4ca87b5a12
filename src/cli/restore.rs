//! `bouya restore`: a node from a backup, on a machine that takes the place of a lost one.
//!
//! The record of votes stays out, though a backup may hold one. The old machine has voted since, and a record that lacks those votes does not
//! look wrong to the node: it would vote once the others have answered. Without one it votes for nothing until its operator says that the old machine is off, and
//! then asks the others what they have seen of its votes.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::backup::{is_record, remember, show, to_json};
use super::error::Error;
use super::folder::{Folder, Made, absent};
use super::output::{Output, note};
use super::parse::WalletsOption;
use super::prompt::{ExistingPassphrase, confirm};
use crate::backup::{Backup, Place, Saved, Sealed};
use crate::clock::wall;
use crate::files::quoted;
use crate::wallet::private;

pub(crate) const EXAMPLES: &str = "\
Run it in a new folder, on the machine that takes the place of the lost one. The
old machine must be off, and stay off: two that vote with one key contradict
each other, and its member is blamed. Nothing that is there is overwritten.

The node then says silent: it has no record of its votes, and signs nothing
until you say with bouya final resume that no other machine has its key. It then
asks the others what they have seen of its votes. To move a node without this,
stop it for good, make a backup, and restore that with --record.

Examples:
  bouya restore alice.backup --list
  bouya restore alice.backup
  bouya restore alice.backup --dir /var/lib/bouya --wallets /root/wallets
  bouya restore moved.backup --record";

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// What bouya backup has written
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    /// Show what is in it, and write nothing
    #[arg(long)]
    list: bool,
    /// Put the record of votes back: the node has not run since the backup was made
    #[arg(long)]
    record: bool,
    /// Restore without asking: the old machine is off, and stays off
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn run(options: &Restore, out: &mut Output) -> Result<(), Error> {
    let sealed = Sealed::read(&options.backup)?;
    let backup = sealed.open(options.passphrase.of("the backup")?)?;
    if options.list && out.json {
        return out.raw(to_json(&backup, &options.backup));
    }
    if !out.json {
        show(&backup, out)?;
    }
    if options.list {
        return Ok(());
    }
    if options.record && !backup.files().iter().any(is_record) {
        return Err(Error::Usage(
            "this backup holds no record of votes, because the node ran when it was made; restore it without --record".into(),
        ));
    }
    let files = placed(options, &backup)?;
    let question = "Is the old machine off, and will it stay off?";
    if !options.yes && !confirm(question, "--yes")? {
        return Err(Error::Failed("nothing was written; turn the old machine off first".into()));
    }
    let mut made = Made::default();
    for (path, saved) in &files {
        if saved.place() == Place::Wallets {
            path.parent().map_or(Ok(()), private::create_dir).map_err(crate::wallet::WalletError::from)?;
        }
        made.file(path, saved.mode(), saved.bytes())?;
    }
    made.keep();
    let config = options.folder.node();
    if let Err(error) = remember(&config, wall()) {
        note(&error.to_string());
    }
    told(options, &config, &backup, out)
}

/// Where each file goes. None of them is there yet.
fn placed<'a>(options: &Restore, backup: &'a Backup) -> Result<Vec<(PathBuf, &'a Saved)>, Error> {
    let wallets = options.wallets.open()?;
    let wanted = backup.files().iter().filter(|saved| options.record || !is_record(saved));
    let mut files = Vec::new();
    for saved in wanted {
        let path = match saved.place() {
            Place::Node => options.folder.at(saved.path()),
            Place::Wallets => wallets.dir().join(saved.path()),
        };
        if saved.place() == Place::Wallets && path.symlink_metadata().is_ok() {
            return Err(Error::Failed(format!(
                "{} already exists; put the wallets into a folder of their own: --wallets DIR",
                path.display()
            )));
        }
        absent(&path)?;
        files.push((path, saved));
    }
    Ok(files)
}

fn told(options: &Restore, config: &Path, backup: &Backup, out: &mut Output) -> Result<(), Error> {
    if out.json {
        let mut told = to_json(backup, &options.backup);
        told["config"] = json!(config.display().to_string());
        told["record"] = json!(options.record);
        return out.raw(told);
    }
    let at = match config.parent() == Some(Path::new("")) {
        true => String::new(),
        false => format!(" --config {}", quoted(config)),
    };
    out.line(format!("{} is set up: {}", backup.id, config.display()))?;
    out.line(
        "The old machine must never run again: two that vote with one key contradict\n\
         each other, and the member is blamed.",
    )?;
    out.line(format!(
        "Next, once the addresses in it are this machine's:\n  bouya check{at}\n  bouya run{at}"
    ))?;
    if options.record {
        return Ok(());
    }
    out.line(format!(
        "and beside it, when bouya status says silent:\n  bouya final resume{at}\n\
         Silent means: the node has the chain, and votes for nothing. No record of its\n\
         votes was put back, as what the old machine signed later would be missing in\n\
         it. First comes your word that it is off. Then the others say what they have\n\
         seen, and the node votes on from there."
    ))
}
