//! `bouya chain`: exports the chain to one file and imports it.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::error::Error;
use super::output::{Output, Progress};
use crate::archive;
use crate::config::Settings;
use crate::files::{Draft, PUBLIC};
use crate::importer::Importer;
use crate::store::Store;

pub(crate) const EXAMPLES: &str = "\
Stop the daemon first: only one process can open the store. An import checks
every block as if a peer had sent it; if interrupted, run it again.

Examples:
  bouya chain export acme.chain
  bouya chain import acme.chain";

#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Write all blocks to a new file
    #[command(after_help = "Example:\n  bouya chain export acme.chain")]
    Export {
        /// The file
        file: PathBuf,
    },
    /// Import the blocks of a file
    #[command(after_help = "Example:\n  bouya chain import acme.chain")]
    Import {
        /// The file
        file: PathBuf,
    },
}

pub(crate) fn run(command: &ChainCommand, config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    let (dir, genesis) = (&settings.data_dir, settings.network.genesis.clone());
    match command {
        ChainCommand::Export { file } => {
            export(&Store::existing(dir, genesis).map_err(Error::failed)?, file, out)
        }
        ChainCommand::Import { file } => import(Store::open(dir, genesis).map_err(Error::failed)?, file, out),
    }
}

fn export(store: &Store, path: &Path, out: &mut Output) -> Result<(), Error> {
    let cannot =
        |error| Error::Failed(format!("cannot write {}: {error}; choose another file", path.display()));
    let draft = Draft::new(path, PUBLIC).map_err(cannot)?;
    let mut writer = BufWriter::with_capacity(1 << 20, draft);
    let reader = store.reader();
    let mut progress = Progress::new();
    let snapshot = reader.snapshot().map_err(Error::failed)?;
    let blocks = archive::export(&snapshot, reader.genesis().id(), &mut writer, |done, all| {
        progress.count(|| format!("block {done} of {all}"));
    });
    let blocks = blocks.map_err(Error::failed)?;
    let draft = writer.into_inner().map_err(|error| cannot(error.into_error()))?;
    draft.finish().map_err(cannot)?;
    progress.done("written");
    out.line(format!("{}: {blocks} blocks", path.display()))
}

fn import(store: Store, path: &Path, out: &mut Output) -> Result<(), Error> {
    let file =
        File::open(path).map_err(|error| Error::Usage(format!("cannot read {}: {error}", path.display())))?;
    let mut importer = Importer::new(store).map_err(Error::failed)?;
    let mut progress = Progress::new();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let done = archive::import(&mut importer, &mut reader, |read| {
        progress.count(|| format!("block {read}"));
    });
    let done = done.map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
    progress.done("read");
    out.line(format!(
        "{} new blocks, {} already stored; the chain's height is {}",
        done.new,
        done.known,
        importer.height()
    ))
}
