//! Why a run could not be made. What a run finds is no error: it is in the report.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// See above.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Harness(#[from] bouya_harness::Error),
    #[error("the network cannot be: {0}")]
    Network(String),
    #[error("{0}")]
    System(String),
    #[error("the network did not come up before any fault was made: {0}")]
    NotUp(String),
}
