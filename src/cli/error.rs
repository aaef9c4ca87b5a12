//! Why a command failed, and the exit code for it.

use std::fmt::Display;
use std::io;

use thiserror::Error;

use crate::backup::BackupError;
use crate::config::Mistakes;
use crate::wallet::{ContactsError, WalletError};

#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The command was run and failed.
    #[error("{0}")]
    Failed(String),
    /// The arguments or the configuration are wrong.
    #[error("{0}")]
    Usage(String),
    #[error(
        "no node answers at {api} ({why}). Start one: bouya run --config node.toml; or name another: --api URL"
    )]
    Unreachable { api: String, why: String },
    /// The node refused the request; `kind` is the problem's type. The detail is the node's own and ends with the next step.
    #[error("{detail}")]
    Refused { status: u16, kind: String, detail: String },
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

/// Mistakes in the configuration.
impl From<Mistakes> for Error {
    fn from(mistakes: Mistakes) -> Self {
        Self::Usage(mistakes.to_string())
    }
}

impl Error {
    /// [`Self::Failed`], with the text of `error`.
    pub(crate) fn failed(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_)
            | Self::Refused { .. }
            | Self::Output(_)
            | Self::Backup(_)
            | Self::Contacts(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable { .. } => 3,
            Self::Wallet(error) => match error {
                WalletError::NoFolder
                | WalletError::EmptyPassphrase
                | WalletError::WeakPassphrase(_)
                | WalletError::PassphraseNeeded { .. } => 2,
                _ => 1,
            },
        }
    }
}
