//! Questions to the person at the terminal: passphrases, and yes or no.

use std::cell::OnceCell;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::wallet::{Passphrase, Wallet};

use super::error::Error;

/// How a new wallet is protected.
#[derive(Debug, Args)]
pub(crate) struct NewPassphrase {
    /// Read the passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Store what is secret unencrypted: anyone who reads the file owns the coins, or the CA
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
}

impl NewPassphrase {
    /// The passphrase to protect the wallet with; None if it stays unencrypted.
    pub(crate) fn get(&self) -> Result<Option<Passphrase>, Error> {
        self.get_for("the wallet")
    }

    /// The same for what the caller names.
    pub(crate) fn get_for(&self, what: &str) -> Result<Option<Passphrase>, Error> {
        if self.no_passphrase {
            return Ok(None);
        }
        chosen(what, self.passphrase_file.as_deref(), "or --no-passphrase to store the seed unencrypted")
            .map(Some)
    }
}

/// How a backup is protected: never without a passphrase.
#[derive(Debug, Args)]
pub(crate) struct SealingPassphrase {
    /// Read the backup's passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl SealingPassphrase {
    pub(crate) fn get_for(&self, what: &str) -> Result<Passphrase, Error> {
        chosen(what, self.passphrase_file.as_deref(), "or run it on a terminal")
    }
}

/// A new passphrase, from a file or as somebody makes it up now; `otherwise` is what else can be done where nobody is asked.
fn chosen(what: &str, file: Option<&Path>, otherwise: &str) -> Result<Passphrase, Error> {
    if let Some(path) = file {
        let passphrase = from_file(path)?;
        passphrase.check()?;
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::Usage(format!(
            "no terminal to ask for a new passphrase: give it in a file (see --help), {otherwise}"
        )));
    }
    let passphrase = prompt(&format!("New passphrase for {what}: "))?;
    passphrase.check()?;
    if prompt("Again: ")? != passphrase {
        return Err(Error::Failed("the two passphrases differ; nothing was written, try again".into()));
    }
    Ok(passphrase)
}

/// How an existing wallet is protected from now on. Other names than those of [`NewPassphrase`], next to the old passphrase.
#[derive(Debug, Args)]
pub(crate) struct ChangedPassphrase {
    /// Read the new passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// Store the seed unencrypted: anyone who reads the file owns the coins
    #[arg(long, conflicts_with = "new_passphrase_file")]
    no_passphrase: bool,
}

impl ChangedPassphrase {
    /// See [`NewPassphrase::get`].
    pub(crate) fn get(self) -> Result<Option<Passphrase>, Error> {
        let Self { new_passphrase_file, no_passphrase } = self;
        NewPassphrase { passphrase_file: new_passphrase_file, no_passphrase }.get()
    }
}

/// How an existing wallet is opened.
#[derive(Debug, Default, Args)]
pub(crate) struct ExistingPassphrase {
    /// Read the passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// What was given or typed: nobody types it twice for one command.
    #[arg(skip)]
    given: OnceCell<Passphrase>,
}

impl ExistingPassphrase {
    /// Fails early if [`Self::get`] would fail later, after work has been done.
    pub(crate) fn check(&self, wallet: &Wallet) -> Result<(), Error> {
        if !wallet.is_encrypted() || self.passphrase_file.is_some() || io::stdin().is_terminal() {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "no terminal to ask for the passphrase of wallet \"{}\": give --passphrase-file FILE",
            wallet.name()
        )))
    }

    /// The wallet's passphrase, if it needs one.
    pub(crate) fn get(&self, wallet: &Wallet) -> Result<Option<&Passphrase>, Error> {
        self.check(wallet)?;
        if !wallet.is_encrypted() {
            return Ok(None);
        }
        self.of(&format!("wallet {}", wallet.name())).map(Some)
    }

    /// The passphrase of what the caller names.
    pub(crate) fn of(&self, what: &str) -> Result<&Passphrase, Error> {
        if let Some(given) = self.given.get() {
            return Ok(given);
        }
        let given = match &self.passphrase_file {
            Some(path) => from_file(path)?,
            None if !io::stdin().is_terminal() => {
                return Err(Error::Usage(format!(
                    "no terminal to ask for the passphrase of {what}: give --passphrase-file FILE"
                )));
            }
            None => typed(what)?,
        };
        Ok(self.given.get_or_init(|| given))
    }
}

/// Whether the person at the terminal says yes; `instead` is the flag that answers yes in advance.
pub(crate) fn confirm(question: &str, instead: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::Usage(format!(
            "no terminal to ask \"{question}\": give {instead} to skip the question"
        )));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    is_yes(io::stdin().lock())
}

/// The passphrase of something, as somebody types it now.
pub(crate) fn typed(what: &str) -> Result<Passphrase, Error> {
    prompt(&format!("Passphrase of {what}: "))
}

/// The same where the standard input is used for something else: the terminal itself is asked.
pub(crate) fn confirm_aside(question: &str, instead: &str) -> Result<bool, Error> {
    let terminal = fs::OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal = terminal.map_err(|_| {
        Error::Usage(format!("no terminal to ask \"{question}\": give {instead} to skip the question"))
    })?;
    write!(terminal, "{question} [y/N] ")?;
    is_yes(io::BufReader::new(terminal))
}

fn is_yes(mut answers: impl BufRead) -> Result<bool, Error> {
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The same passphrase, for the CA's key.
pub(crate) fn sealing(passphrase: &Passphrase) -> mkca::Passphrase {
    mkca::Passphrase::new(passphrase.text().to_owned())
}

fn prompt(text: &str) -> Result<Passphrase, Error> {
    let typed = rpassword::prompt_password(text);
    typed.map(Passphrase::new).map_err(|error| Error::Failed(format!("cannot read the passphrase: {error}")))
}

fn from_file(path: &Path) -> Result<Passphrase, Error> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Error::Usage(format!("cannot read {shown}: {error}; check --passphrase-file")))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Passphrase::new(line.to_owned())),
        _ => Err(Error::Usage(format!("the first line of {shown} is empty; write the passphrase there"))),
    }
}
