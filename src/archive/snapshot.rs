//! The state after a final block as one file, with what proves it: see [`bouya_core::ledger::snapshot`]. Whoever loads it believes nothing in it
//! that it does not prove, so a file from a stranger does no harm.

use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::snapshot::{Loader, NoSnapshot, Piece, SnapshotError, make};
use bouya_core::ledger::{Genesis, StateError};
use bouya_core::limits::SNAPSHOT_PIECE_BYTES;
use thiserror::Error;

use super::pieces;
use crate::store::{Filling, Reader, StoreError};

/// Start of the first line.
const MAGIC: &str = "bouya snapshot 1 ";

/// Why a snapshot could not be made or loaded.
#[derive(Debug, Error)]
pub enum SnapshotFileError {
    /// The file could not be read or written.
    #[error("cannot read or write it: {0}")]
    Io(#[from] io::Error),
    /// It is another kind of file.
    #[error("it is no snapshot of this version: it does not begin with \"{MAGIC}\"")]
    Magic,
    /// It holds another network's state.
    #[error("it is of the network {found}, but this node's network is {expected}")]
    Network {
        /// The network in the file.
        found: Hash,
        /// The network in the configuration.
        expected: Hash,
    },
    /// It ends too early.
    #[error("it is incomplete. Nothing of it was kept; get the whole file and load that")]
    Cut,
    /// It has something else in place of a piece.
    #[error("it is damaged. Nothing of it was kept; get the file again and load that")]
    Form,
    /// It does not prove what it says.
    #[error(
        "it is refused: {0}. Nothing of it was kept; get it again, or one that another member's node made"
    )]
    Refused(#[from] SnapshotError),
    /// There is none.
    #[error(transparent)]
    Cannot(#[from] NoSnapshot),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far it has come, and in the end what was made or loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Headers so far.
    pub blocks: u64,
    /// The final block: its height and id.
    pub last: (u64, Hash),
    /// Rows of the state so far.
    pub rows: usize,
}

impl Done {
    fn nothing() -> Self {
        Self { blocks: 0, last: (0, Hash::ZERO), rows: 0 }
    }

    fn count(&mut self, piece: &Piece) {
        match piece {
            Piece::Final(end) => {
                let source = end.certificate.link.source;
                self.last = (source.height, source.block);
            }
            Piece::Headers(headers) => {
                self.blocks = self.blocks.saturating_add(u64::try_from(headers.len()).unwrap_or(u64::MAX));
            }
            Piece::Members(_) => self.blocks = self.blocks.saturating_add(1),
            Piece::Rows(rows) => self.rows = self.rows.saturating_add(rows.len()),
        }
    }
}

/// Writes the snapshot of the newest final block. After each piece, `progress` is told how far it has come.
pub fn save(
    reader: &Reader,
    out: &mut impl Write,
    mut progress: impl FnMut(&Done),
) -> Result<Done, SnapshotFileError> {
    pieces::write_line(out, MAGIC, reader.genesis().id())?;
    let snapshot = reader.snapshot()?;
    let rows = snapshot.rows()?.map(|row| row.map_err(StateError::from));
    let mut done = Done::nothing();
    make(&snapshot, rows, &mut |piece| {
        pieces::write_piece(out, &encode(&piece))?;
        done.count(&piece);
        progress(&done);
        Ok::<_, SnapshotFileError>(())
    })?;
    pieces::write_piece(out, &[])?;
    out.flush()?;
    Ok(done)
}

/// Copies a snapshot as it comes from a node. It is looked at as far as is needed to tell that it is a whole one, and how far it has come; whether it
/// proves anything shows when it is loaded.
pub fn copy(
    from: &mut impl Read,
    network: Hash,
    out: &mut impl Write,
    mut progress: impl FnMut(&Done),
) -> Result<Done, SnapshotFileError> {
    check_line(from, network)?;
    pieces::write_line(out, MAGIC, network)?;
    let mut done = Done::nothing();
    while let Some(bytes) = next(from)? {
        pieces::write_piece(out, &bytes)?;
        done.count(&decode(&bytes, "snapshot").map_err(|_| SnapshotFileError::Form)?);
        progress(&done);
    }
    pieces::write_piece(out, &[])?;
    out.flush()?;
    Ok(done)
}

/// Makes the store in `dir`, where none may be, from a snapshot. If it fails, the folder is without a store as before.
pub fn load(
    dir: &Path,
    genesis: &Arc<Genesis>,
    from: &mut impl Read,
    mut progress: impl FnMut(&Done),
) -> Result<Done, SnapshotFileError> {
    check_line(from, genesis.id())?;
    let new = Filling::begin(dir, genesis.clone())?;
    let (mut loader, mut done) = (Loader::new(genesis.clone()), Done::nothing());
    while let Some(bytes) = next(from)? {
        let piece: Piece = decode(&bytes, "snapshot").map_err(|_| SnapshotFileError::Form)?;
        done.count(&piece);
        new.write(&loader.take(piece)?)?;
        progress(&done);
    }
    new.finish(loader.finish()?)?;
    Ok(done)
}

fn check_line(from: &mut impl Read, expected: Hash) -> Result<(), SnapshotFileError> {
    match pieces::read_line(from, MAGIC) {
        None => Err(SnapshotFileError::Magic),
        Some(found) if found != expected => Err(SnapshotFileError::Network { found, expected }),
        Some(_) => Ok(()),
    }
}

fn next(from: &mut impl Read) -> Result<Option<Vec<u8>>, SnapshotFileError> {
    pieces::read_piece(from, SNAPSHOT_PIECE_BYTES).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => SnapshotFileError::Cut,
        ErrorKind::InvalidData => SnapshotFileError::Form,
        _ => error.into(),
    })
}

#[cfg(test)]
mod tests;
