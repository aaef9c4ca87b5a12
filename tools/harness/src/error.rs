//! What can go wrong with a daemon.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong with a daemon.
#[derive(Debug, Error)]
pub enum Error {
    /// The disk or the named folder is at fault.
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    /// The same.
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Authority(#[from] mkca::Error),
    /// The caller chose an invalid name.
    #[error(transparent)]
    Name(#[from] mkca::NodeIdError),
    /// The system has no free port, or not this address.
    #[error("no port: {0}")]
    Port(io::Error),
    /// The named program cannot be started.
    #[error("cannot start {program}: {error}; build it, or give its path")]
    Start { program: PathBuf, error: io::Error },
    /// The daemon has ended. Its last log lines say why.
    #[error("{id} is not running ({how}): {words}")]
    Ended { id: String, how: String, words: String },
    /// The daemon did not end, or the machine is too busy.
    #[error("{id} did not end within {seconds} s: {words}")]
    Late { id: String, seconds: u64, words: String },
    /// The daemon is not running, is frozen, or is too busy.
    #[error("{url} did not answer: {why}")]
    Silent { url: String, why: String },
    /// The daemon refused, or its answer is not the expected one.
    #[error("{url} answered {status}: {text}")]
    Answer { url: String, status: u16, text: String },
}
