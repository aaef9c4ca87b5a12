//! Why a store cannot be opened, read or written.

use std::io;
use std::path::PathBuf;

use bouya_core::crypto::Hash;
use thiserror::Error;

use super::{FILE, FORMAT};

/// Why a store cannot be opened or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder cannot be made or read.
    #[error("cannot use data_dir {path}: {error}. Make it a folder that this user may write")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another daemon has it.
    #[error(
        "{path} is in use by another bouya; stop that one first, or give this node a data_dir of its own"
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A snapshot would take its place.
    #[error(
        "{path} holds a chain already, and a snapshot is for a node without one. To begin anew with it, move that file away first"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to read.
    #[error(
        "{path} holds no chain: there is no {FILE} in it. Start the node (bouya run), or name the node.toml of one that has a chain: --config FILE"
    )]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// Written by another version.
    #[error(
        "{path} has store format {found}, this bouya knows {FORMAT}; use the version that wrote it, or move the file away to fetch the chain again"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Another network's chain.
    #[error(
        "{path} holds the chain of network {found}, network.toml is {expected}; give each network a data_dir of its own. If network.toml has not changed, a newer bouya may read it as another network: run the version that wrote this file, or move the file away to fetch the chain again"
    )]
    Network {
        /// The file.
        path: PathBuf,
        /// The network in the file.
        found: Hash,
        /// The network of the configuration.
        expected: Hash,
    },
    /// The file's bytes are not those that were written.
    #[error(
        "{path} is damaged ({what}). Run `bouya verify --repair` with the node stopped: it keeps every block that can be read, and the next run fetches the others from the peers"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it shows.
        what: String,
    },
    /// The disk failed.
    #[error(
        "cannot read or write {path}: {what}. Check the disk's space and health; nothing that was announced is lost"
    )]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system says.
        what: String,
    },
}
