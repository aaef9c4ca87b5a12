//! `bouya snapshot`: makes a file of the state from which a new node begins, and begins with one.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::client::Client;
use super::error::Error;
use super::node::NodeOptions;
use super::output::{Output, Progress, note};
use crate::archive::snapshot::{self, Done, SnapshotFileError};
use crate::config::Settings;
use crate::files::{Draft, PUBLIC};
use crate::store::{Store, StoreError};

pub(crate) const EXAMPLES: &str = "\
A snapshot is the state after the newest final block, with all headers and what
proves it. A new node that loads one needs no older block. It checks that the
members' votes made the block final, from the first members on, and that this
is the block's state; for what lies below it trusts those votes. A node that
takes the whole chain instead checks all of it: bouya chain import.

`make` works beside the running node, which gives the snapshot, and where it is
stopped. `load` is for a node before its first start.

Examples:
  bouya snapshot make acme.snapshot
  bouya snapshot load acme.snapshot";

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Write the state after the newest final block to a new file
    #[command(after_help = "Example:\n  bouya snapshot make acme.snapshot")]
    Make {
        /// The file
        file: PathBuf,
    },
    /// Begin with the state in a file, on a node without a chain
    #[command(after_help = "Example:\n  bouya snapshot load acme.snapshot")]
    Load {
        /// The file
        file: PathBuf,
    },
}

pub(crate) fn run(command: &SnapshotCommand, config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    match command {
        SnapshotCommand::Make { file } => make(&settings, config, file, out),
        SnapshotCommand::Load { file } => load(&settings, file, out),
    }
}

fn make(settings: &Settings, config: &Path, path: &Path, out: &mut Output) -> Result<(), Error> {
    let genesis = &settings.network.genesis;
    let store = match Store::existing(&settings.data_dir, genesis.clone()) {
        Ok(store) => Some(store),
        // The node runs: it is asked.
        Err(StoreError::Locked { .. }) => None,
        Err(error) => return Err(Error::failed(error)),
    };
    let cannot =
        |error| Error::Failed(format!("cannot write {}: {error}; choose another file", path.display()));
    let draft = Draft::new(path, PUBLIC).map_err(cannot)?;
    let mut writer = BufWriter::with_capacity(1 << 20, draft);
    let mut progress = Progress::new();
    let done = match store {
        Some(store) => {
            let done = snapshot::save(&store.reader(), &mut writer, |done| tell(&mut progress, done));
            done.map_err(Error::failed)?
        }
        None => {
            let own = NodeOptions { config: Some(config.to_owned()), ..NodeOptions::default() };
            let mut from = Client::new(&own)?.snapshot()?;
            let done = snapshot::copy(&mut from, genesis.id(), &mut writer, |done| tell(&mut progress, done));
            done.map_err(unfinished)?
        }
    };
    let draft = writer.into_inner().map_err(|error| cannot(error.into_error()))?;
    draft.finish().map_err(cannot)?;
    progress.done("written");
    show(path, &done, out)
}

/// Why what the node gave is no snapshot. Nothing of it stays.
fn unfinished(error: SnapshotFileError) -> Error {
    let next = "Look at the node's log, and run this again";
    Error::Failed(match error {
        SnapshotFileError::Cut => {
            format!("the node did not give all of the snapshot: it stopped, or it took too long. {next}")
        }
        SnapshotFileError::Io(error) => format!("the snapshot did not come to its end ({error}). {next}"),
        error => format!("what the node gave is no snapshot: {error}"),
    })
}

fn load(settings: &Settings, path: &Path, out: &mut Output) -> Result<(), Error> {
    let file =
        File::open(path).map_err(|error| Error::Usage(format!("cannot read {}: {error}", path.display())))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut progress = Progress::new();
    let genesis = &settings.network.genesis;
    let done = snapshot::load(&settings.data_dir, genesis, &mut reader, |done| tell(&mut progress, done));
    let done = done.map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
    progress.done("loaded");
    show(path, &done, out)?;
    note("The members' votes prove it. Compare the block with another member's: bouya block");
    note("Next: bouya run");
    Ok(())
}

fn tell(progress: &mut Progress, done: &Done) {
    progress.count(|| match done.rows {
        0 => format!("header {} of {}", done.blocks, done.last.0),
        rows => format!("{rows} rows"),
    });
}

fn show(path: &Path, done: &Done, out: &mut Output) -> Result<(), Error> {
    let (height, block) = done.last;
    if out.json {
        let file = path.display().to_string();
        return out
            .raw(json!({ "file": file, "height": height, "block": block.to_string(), "rows": done.rows }));
    }
    let block = out.short(&block.to_string());
    out.line(format!("{}: the state after block {height} ({block}), {} rows", path.display(), done.rows))
}
