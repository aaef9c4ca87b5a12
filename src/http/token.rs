//! The API's bearer token: one line of 64 hex digits in a file that only its owner can read.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A token, kept as its hash: comparing hashes takes the same time wherever two tokens differ.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error("cannot read or write {path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("{path} has mode {mode:03o}, so others can read it; chmod 600 {path}")]
    Mode { path: PathBuf, mode: u32 },
    #[error("{0} does not hold one line of 64 hex digits; remove it to get a new one")]
    Content(PathBuf),
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
}

impl Token {
    /// The token with this text.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The token at `path`; a new one is made there if there is none.
pub fn load_or_create(path: &Path) -> Result<Token, TokenError> {
    let failed = |error| TokenError::File { path: path.to_owned(), error };
    match fs::metadata(path) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(TokenError::Mode { path: path.to_owned(), mode });
            }
            let text = fs::read_to_string(path).map_err(failed)?;
            let text = text.trim();
            let good = text.len() == 64 && HEXLOWER.decode(text.as_bytes()).is_ok();
            if good { Ok(Token::new(text)) } else { Err(TokenError::Content(path.to_owned())) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(failed(error)),
    }
}

fn create(path: &Path) -> Result<Token, TokenError> {
    let failed = |error| TokenError::File { path: path.to_owned(), error };
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(TokenError::Random)?;
    let text = HEXLOWER.encode(&bytes);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(format!("{text}\n").as_bytes()).map_err(failed)?;
    Ok(Token::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("api.token");
        let token = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap(), token);
        assert_eq!(Token::new(fs::read_to_string(&path).unwrap().trim()), token);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_create(&path), Err(TokenError::Mode { mode: 0o644, .. })));
    }
}
