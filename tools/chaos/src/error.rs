//! Why a run could not be made. A failed invariant is not an error: it is in the report.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a run could not be made.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Harness(#[from] bouya_harness::Error),
    #[error("the network's definition is invalid: {0}")]
    Network(String),
    #[error("{0}")]
    System(String),
    #[error("the network did not come up, even before the first fault: {0}")]
    NotUp(String),
}
