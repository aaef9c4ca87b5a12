//! Seed files: one line of 64 hex digits. Member keys and exported wallets have this form.

use std::path::Path;

use bouya_core::crypto::SecretKey;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::private::{self, FileError};
use super::{WalletError, new_key};

/// Makes a new member key at `path`. If another process makes one at the same time, that key counts: false.
pub fn create(path: &Path) -> Result<(SecretKey, bool), WalletError> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        private::create_dir(parent)?;
    }
    let key = new_key()?;
    match write_seed(path, &key) {
        Ok(()) => Ok((key, true)),
        Err(WalletError::File(FileError::Exists(_))) => Ok((load(path)?, false)),
        Err(error) => Err(error),
    }
}

/// The key whose seed is in the file at `path`.
pub fn load(path: &Path) -> Result<SecretKey, WalletError> {
    let text = private::read(path)?;
    let mut seed = Zeroizing::new([0; 32]);
    let digits = text.trim_ascii().as_bytes();
    // `decode_mut` panics unless the lengths match.
    if digits.len() != 64 || HEXLOWER_PERMISSIVE.decode_mut(digits, seed.as_mut()).is_err() {
        return Err(WalletError::NoSeed(path.to_owned()));
    }
    Ok(SecretKey::from_seed(&seed))
}

/// Writes the seed of `key` into a new file.
pub fn write_seed(path: &Path, key: &SecretKey) -> Result<(), WalletError> {
    Ok(private::create(path, seed_line(key).as_bytes())?)
}

/// The line in a seed file.
pub(crate) fn seed_line(key: &SecretKey) -> Zeroizing<String> {
    let seed = Zeroizing::new(key.seed());
    // Includes room for the line break: growing would leave a copy of the seed in memory.
    let mut line = Zeroizing::new(String::with_capacity(65));
    HEXLOWER.encode_append(seed.as_ref(), &mut line);
    line.push('\n');
    line
}
