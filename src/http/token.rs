//! The API's bearer token: one line of 64 hex digits in a file that only its owner can read.

use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::wallet::FileError;
use crate::wallet::private;

/// A token, kept as its hash: the time to compare hashes says nothing about where two tokens differ.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(transparent)]
    File(#[from] FileError),
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

/// The token at `path`; if there is none, a new one is made there. To change it, remove the file and start again.
pub fn load_or_create(path: &Path) -> Result<Token, TokenError> {
    let text = match private::read(path) {
        Err(FileError::Missing(_)) => return create(path),
        text => text?,
    };
    let text = text.trim();
    let good = text.len() == 64 && HEXLOWER.decode(text.as_bytes()).map(Zeroizing::new).is_ok();
    if good { Ok(Token::new(text)) } else { Err(TokenError::Content(path.to_owned())) }
}

fn create(path: &Path) -> Result<Token, TokenError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).map_err(TokenError::Random)?;
    // Room for the line break too, so that the text is not moved, which would leave a copy in memory.
    let mut text = Zeroizing::new(String::with_capacity(65));
    HEXLOWER.encode_append(bytes.as_ref(), &mut text);
    let token = Token::new(&text);
    text.push('\n');
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private::create_dir(folder)?;
    }
    private::create(path, text.as_bytes())?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

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
        let open = load_or_create(&path);
        assert!(matches!(open, Err(TokenError::File(FileError::Exposed { mode: 0o644, .. }))));
    }

    #[test]
    fn a_removed_file_makes_a_new_token_and_a_wrong_one_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("api.token");
        let token = load_or_create(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_ne!(load_or_create(&path).unwrap(), token);
        for wrong in [String::new(), "0".repeat(63), "0".repeat(65), "g".repeat(64)] {
            fs::write(&path, &wrong).unwrap();
            let error = load_or_create(&path).unwrap_err();
            assert!(matches!(&error, TokenError::Content(_)), "{error}");
            assert!(wrong.is_empty() || !error.to_string().contains(&wrong), "{error}");
        }
    }

    #[test]
    fn only_a_hash_is_kept_and_nothing_is_printed() {
        let text = "0123456789abcdef".repeat(4);
        let token = Token::new(&text);
        // What is compared has one length and no relation to the text, so the time it takes tells nothing of the text.
        assert_eq!(size_of::<Token>(), 32);
        assert_eq!(token, Token::new(&text));
        for other in ["", &text[..63], &format!("{text}0"), &text.to_uppercase(), &"0".repeat(64)] {
            assert_ne!(token, Token::new(other));
        }
        assert_eq!(format!("{token:?} {token:#?}"), "Token Token");
    }
}
