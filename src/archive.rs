//! The chain as one file: the blocks of the best chain from height 1 on, each a piece of Borsh bytes. And a [`snapshot`] of its state.
//!
//! An import checks the blocks like a peer's blocks, so a file from a stranger does no harm. Importing again continues where it stopped.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::Block;
use bouya_core::limits::BLOCK_BYTES;
use thiserror::Error;

use crate::importer::{ImportError, Importer};
use crate::store::{Snapshot, StoreError};

mod pieces;
pub mod snapshot;

/// Start of the first line.
const MAGIC: &str = "bouya chain 1 ";

/// Why a chain could not be exported or imported.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The file could not be read or written.
    #[error("cannot read or write it: {0}")]
    Io(#[from] io::Error),
    /// It is another kind of file.
    #[error("it is not a chain file of this version: it does not begin with \"{MAGIC}\"")]
    Magic,
    /// It holds another network's chain.
    #[error("it holds the chain of network {found}, but this node's network is {expected}")]
    Network {
        /// The network in the file.
        found: Hash,
        /// The network in the configuration.
        expected: Hash,
    },
    /// It ends too early. The blocks before are imported.
    #[error(
        "it is incomplete and ends after block {0}; the blocks up to there are imported. Get the whole file and run this again: it continues there"
    )]
    Cut(u64),
    /// It has something else in place of a block.
    #[error(
        "the data after block {0} is not a block; the blocks up to there are imported. Get the file again and repeat this"
    )]
    Form(u64),
    /// It has a block that is not valid.
    #[error("the block after block {after} is invalid: {error}; the blocks up to there are imported")]
    Block {
        /// Blocks read before it.
        after: u64,
        /// What is wrong.
        error: ImportError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store does not hold the whole chain.
    #[error(
        "this node has blocks from {0} on only; the whole chain can be exported where `keep = \"all\"` has always been set"
    )]
    Pruned(u64),
    /// The store lacks a block of its own chain.
    #[error("the store lacks block {0}; see: bouya verify")]
    Missing(u64),
}

/// Writes the best chain and returns its number of blocks. After each block, `progress` gets the number done and the total.
pub fn export(
    snapshot: &Snapshot,
    network: Hash,
    out: &mut impl Write,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64, ArchiveError> {
    let lowest = snapshot.lowest()?;
    if lowest > 1 {
        return Err(ArchiveError::Pruned(lowest));
    }
    pieces::write_line(out, MAGIC, network)?;
    let (tip, _) = snapshot.tip()?;
    for height in 1..=tip {
        let block = snapshot.block_at(height)?.ok_or(ArchiveError::Missing(height))?;
        pieces::write_piece(out, &encode(&block))?;
        progress(height, tip);
    }
    pieces::write_piece(out, &[])?;
    out.flush()?;
    Ok(tip)
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Blocks that were new.
    pub new: u64,
    /// Blocks that were already stored.
    pub known: u64,
}

/// Imports a chain into a store. After each block, `progress` gets the number of blocks read.
pub fn import(
    importer: &mut Importer,
    from: &mut impl Read,
    mut progress: impl FnMut(u64),
) -> Result<Imported, ArchiveError> {
    check_line(from, importer.store().reader().genesis().id())?;
    let mut done = Imported::default();
    loop {
        let after = done.new + done.known;
        let Some(bytes) = next(from, after)? else { return Ok(done) };
        let block: Block = decode(&bytes, "block").map_err(|_| ArchiveError::Form(after))?;
        match importer.give(Arc::new(block)) {
            Ok(true) => done.new += 1,
            Ok(false) => done.known += 1,
            Err(error) => return Err(ArchiveError::Block { after, error }),
        }
        progress(after + 1);
    }
}

fn check_line(from: &mut impl Read, expected: Hash) -> Result<(), ArchiveError> {
    let found = pieces::read_line(from, MAGIC).ok_or(ArchiveError::Magic)?;
    if found == expected { Ok(()) } else { Err(ArchiveError::Network { found, expected }) }
}

/// The next block's bytes. None at the end mark.
fn next(from: &mut impl Read, after: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
    pieces::read_piece(from, BLOCK_BYTES).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => ArchiveError::Cut(after),
        ErrorKind::InvalidData => ArchiveError::Form(after),
        _ => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use bouya_core::testing::{block_on, network, pay};

    fn importer(dir: &std::path::Path, name: &str) -> Importer {
        Importer::new(Store::open(dir, network(name, 1_000_000)).unwrap()).unwrap()
    }

    /// A chain of five blocks on `name`, and its file.
    fn made(dir: &std::path::Path, name: &str) -> (Importer, Vec<u8>) {
        let mut importer = importer(dir, name);
        let genesis = network(name, 1_000_000);
        let mut parent = genesis.branch();
        for nonce in 0..5 {
            let next = block_on(&genesis, &parent, 1_000, vec![pay(&genesis, 1, nonce, 2, 5, 1_000)], 9);
            parent.push(&genesis.rules, &next.header, None);
            assert!(importer.give(next).unwrap());
        }
        let mut file = vec![];
        let snapshot = importer.store().reader().snapshot().unwrap();
        assert_eq!(export(&snapshot, genesis.id(), &mut file, |_, _| ()).unwrap(), 5);
        (importer, file)
    }

    #[test]
    fn a_chain_comes_back_as_it_was_and_twice_is_once() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (from, file) = made(one.path(), "a");
        let mut to = importer(two.path(), "a");
        assert_eq!(import(&mut to, &mut &file[..], |_| ()).unwrap(), Imported { new: 5, known: 0 });
        assert_eq!(import(&mut to, &mut &file[..], |_| ()).unwrap(), Imported { new: 0, known: 5 });
        let tip = |importer: &Importer| importer.store().reader().snapshot().unwrap().tip().unwrap();
        assert_eq!(tip(&from), tip(&to));
        assert!(crate::verify::verify(&to.store().reader(), |_, _| ()).is_ok());
    }

    #[test]
    fn a_cut_file_is_taken_so_far_and_gone_on_with() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (_, file) = made(one.path(), "a");
        let mut to = importer(two.path(), "a");
        for end in [file.len() / 2, file.len() - 5, file.len() - 1] {
            let error = import(&mut to, &mut &file[..end], |_| ()).unwrap_err();
            assert!(matches!(error, ArchiveError::Cut(_)), "{error}");
        }
        assert_eq!(import(&mut to, &mut &file[..], |_| ()).unwrap(), Imported { new: 0, known: 5 });
        assert_eq!(to.height(), 5);
    }

    #[test]
    fn what_is_not_this_chain_is_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (_, file) = made(one.path(), "a");
        let mut other = importer(two.path(), "b");
        let error = import(&mut other, &mut &file[..], |_| ()).unwrap_err();
        assert!(matches!(error, ArchiveError::Network { .. }), "{error}");
        assert!(matches!(import(&mut other, &mut &b"PK\x03\x04"[..], |_| ()), Err(ArchiveError::Magic)));
    }

    #[test]
    fn whatever_is_changed_the_store_stays_sound() {
        let one = tempfile::tempdir().unwrap();
        let (_, file) = made(one.path(), "a");
        let mut refused = 0;
        for at in (MAGIC.len() + 65..file.len()).step_by(17) {
            let two = tempfile::tempdir().unwrap();
            let mut to = importer(two.path(), "a");
            let mut changed = file.clone();
            changed[at] ^= 0x41;
            // The changed byte may be in a nonce, and the new nonce may also meet this chain's low difficulty.
            refused += usize::from(import(&mut to, &mut &changed[..], |_| ()).is_err());
            assert!(crate::verify::verify(&to.store().reader(), |_, _| ()).is_ok(), "byte {at}");
        }
        assert!(refused > file.len() / 17 - 10);
    }
}
