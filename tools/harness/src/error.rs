//! What can go wrong around a daemon.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// See above.
#[derive(Debug, Error)]
pub enum Error {
    /// The disk, or the folder that was named.
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    /// The same.
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Authority(#[from] mkca::Error),
    /// The caller's choice of a name.
    #[error(transparent)]
    Name(#[from] mkca::NodeIdError),
    /// The system's: it has no port, or not this address.
    #[error("no port: {0}")]
    Port(io::Error),
    /// The program that was named.
    #[error("cannot start {program}: {error}; build it, or say where it is")]
    Start { program: PathBuf, error: io::Error },
    /// The daemon's fault, or its configuration's: its last words say which.
    #[error("{id} does not run ({how}): {words}")]
    Ended { id: String, how: String, words: String },
    /// The same, or too busy a machine.
    #[error("{id} did not end within {seconds} s: {words}")]
    Late { id: String, seconds: u64, words: String },
    /// It does not run, is frozen, or too busy.
    #[error("{url} did not answer: {why}")]
    Silent { url: String, why: String },
    /// The daemon's word, or an answer that is not what was expected.
    #[error("{url} answered {status}: {text}")]
    Answer { url: String, status: u16, text: String },
}
