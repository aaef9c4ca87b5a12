//! Errors for people: each message names the wrong value and ends with the next step.

use std::{io, path::PathBuf};

use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use bouya_core::passphrase::Weakness;

use crate::{NodeId, NodeIdError, root::Serial};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Id(#[from] NodeIdError),
    #[error(
        "the name {name:?} must be 1 to 48 characters, none of them a control character. Choose another: --name \"Acme\""
    )]
    Name { name: String },
    #[error("{days} days from now is after the year 9999. Choose fewer: --days 365")]
    Days { days: u32 },
    #[error("cannot {action} {}: {source}. Check the folder, its owner and the free space, then try again", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is larger than {limit} bytes, too large for mkca. Give a PEM file", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("no authority in {} (ca.crt and ca.key). Create one: mkca init --name \"Acme\"; or name its folder: --dir DIR", dir.display())]
    NoAuthority { dir: PathBuf },
    #[error("{} exists, and an authority is never overwritten. Use it, or choose another folder: --dir DIR. If an earlier init was interrupted and nothing was issued, move its files away first", path.display())]
    AuthorityExists { path: PathBuf },
    #[error("{} exists, and a key is never overwritten. To keep this key: mkca renew {id}, on the authority's machine. For a new key: move {id}.key and {id}.crt away first", path.display())]
    Exists { id: NodeId, path: PathBuf },
    #[error("{id} is named twice. Name each id once")]
    Twice { id: NodeId },
    #[error("{} holds no {expected} in PEM form. Give a file that mkca or openssl wrote", path.display())]
    Pem { path: PathBuf, expected: &'static str },
    #[error("{} is damaged: {why}. Restore it from a copy", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{} has format {found}, but this mkca reads format {known}. Use the mkca that wrote it, or a newer one", path.display())]
    Format { path: PathBuf, found: u32, known: u32 },
    #[error("{} needs a passphrase, but there is no terminal to ask for it. Give it in a file: --passphrase-file FILE", path.display())]
    Sealed { path: PathBuf },
    #[error("{} does not open with this passphrase. Try again. Without the passphrase the authority is lost, and the root must be replaced", path.display())]
    WrongPassphrase { path: PathBuf },
    #[error("the passphrase is too weak for ca.key: {0}")]
    WeakPassphrase(#[from] Weakness),
    #[error("the key cannot be sealed: {0}. Please report this")]
    Seal(String),
    #[error("the key is neither ECDSA P-256 nor Ed25519. Create such a key: mkca request ID")]
    KeyAlgorithm,
    #[error("{} does not belong to {}. Restore the two files that were made together", key.display(), certificate.display())]
    KeyMismatch { key: PathBuf, certificate: PathBuf },
    #[error("{} is not the key of {id}'s last certificate. For this key: mkca sign {id}.csr; otherwise move it away", path.display())]
    OtherKey { id: NodeId, path: PathBuf },
    #[error(
        "the authority's certificate expired on {ended}. Create a new authority in another folder: mkca init --name … --dir …"
    )]
    AuthorityExpired { ended: Date },
    #[error(
        "this machine's clock says {}, but the authority's certificate begins on {}. Set the clock right. If it was wrong when the authority was made, create another: mkca init --name … --dir …",
        seconds(now),
        seconds(begins)
    )]
    ClockBeforeRoot { now: OffsetDateTime, begins: OffsetDateTime },
    #[error(
        "this machine's clock says {}, but this authority last signed something on {}. Set the clock right. If it is right now and was wrong then: --clock-is-right",
        seconds(now),
        seconds(last)
    )]
    ClockSetBack { now: OffsetDateTime, last: OffsetDateTime },
    #[error("the request is damaged: {why}. Make it again: mkca request ID")]
    Request { why: String },
    #[error(
        "the request's own signature is wrong, so its sender has not proven to hold the key. Make it again: mkca request ID"
    )]
    RequestSignature,
    #[error("the request has {found} common names instead of one id. Give the id: --id ID")]
    RequestName { found: usize },
    #[error("{} asks for the id {id}, but its file name differs. If {id} is right, give: --id {id}", path.display())]
    RequestFile { path: PathBuf, id: NodeId },
    #[error(
        "{id} has no certificate here, and no {id}.key. To list all: mkca list; to make one: mkca issue {id}"
    )]
    Unknown { id: NodeId },
    #[error("all certificates of {id} have expired, so there is nothing to revoke. To list them: mkca list")]
    NothingInForce { id: NodeId },
    #[error(
        "this key of {id} was revoked on {on} and cannot get another certificate. Make a new key: mkca request {id}, or move {id}.key and {id}.crt away and mkca issue {id}"
    )]
    KeyRevoked { id: NodeId, on: Date },
    #[error("{} revokes serial {serial}, but index.json does not, so index.json is an old copy. Restore the newest index.json", path.display())]
    LostRevocation { path: PathBuf, serial: String },
    #[error("{} is a private key, which is never shown. Show its certificate: mkca show ID.crt", path.display())]
    PrivateKey { path: PathBuf },
    #[error(
        "the index already has serial {serial}, so the system's random numbers repeat. Do not use this machine"
    )]
    SerialRepeats { serial: Serial },
    #[error("the system gave no random numbers: {0}. Do not use this machine")]
    Random(getrandom::Error),
    #[error("the certificate library refused: {0}. Please report this")]
    Library(#[from] rcgen::Error),
}

fn seconds(time: &OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }
}
