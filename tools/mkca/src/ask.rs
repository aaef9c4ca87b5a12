//! Reads passphrases: from a file's first line, or from the terminal.

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
};

use mkca::{Error, Passphrase};
use zeroize::Zeroizing;

/// The passphrase that opens the sealed key at `path`.
pub(crate) fn passphrase(path: &Path, file: Option<&Path>) -> Result<Passphrase, Error> {
    match file {
        Some(file) => from_file(file),
        None => typed(path, &format!("Passphrase of {}: ", path.display())),
    }
}

/// A new passphrase for the key at `path`, strong enough. On a terminal it is typed twice.
pub(crate) fn new_passphrase(path: &Path, file: Option<&Path>) -> Result<Passphrase, Error> {
    if let Some(file) = file {
        let new = from_file(file)?;
        new.check()?;
        return Ok(new);
    }
    loop {
        let first = typed(path, &format!("New passphrase for {}: ", path.display()))?;
        first.check()?;
        if typed(path, "Repeat it: ")? == first {
            return Ok(first);
        }
        eprintln!("The two passphrases differ. Try again.");
    }
}

fn typed(path: &Path, prompt: &str) -> Result<Passphrase, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::Sealed { path: path.into() });
    }
    let failed = |source| Error::Io { action: "ask for the passphrase of", path: path.into(), source };
    rpassword::prompt_password(prompt).map(Passphrase::new).map_err(failed)
}

fn from_file(file: &Path) -> Result<Passphrase, Error> {
    let failed = |source| Error::Io { action: "read", path: file.into(), source };
    let text = Zeroizing::new(fs::read_to_string(file).map_err(failed)?);
    Ok(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()))
}
