//! The address book: names for other people's addresses, on this machine only.
//!
//! One file next to the wallets, `contacts.toml`, with a line `name = "bouya1…"` for each contact, easy to edit and to back up. Names
//! follow the same rules as wallets' names, so that either can be given instead of an address. The file is not secret, but anyone who
//! can write it can redirect payments. So only its owner may read or write it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bouya_core::ledger::{Address, AddressError};
use thiserror::Error;

use super::private::{self, FileError};
use super::{WalletName, WalletNameError};

pub(crate) const CONTACTS: &str = "contacts.toml";

/// Why the address book could not be read or written.
#[derive(Debug, Error)]
pub enum ContactsError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not in the expected form.
    #[error("{} is damaged: {why}; correct it, or restore it from a backup", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A name that is not allowed.
    #[error("{}: {error}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: WalletNameError,
    },
    /// A text that is not an address.
    #[error("{}: \"{name}\": {error}", path.display())]
    Address {
        /// The file.
        path: PathBuf,
        /// The contact's name.
        name: WalletName,
        /// What is wrong with it.
        error: AddressError,
    },
    /// The name has another address: who pays by it would pay somebody else from now on.
    #[error("\"{name}\" is the name of {address}; if it shall have another address from now on: --replace")]
    Taken {
        /// The name.
        name: WalletName,
        /// Its address.
        address: Address,
    },
}

/// The names and their addresses.
#[derive(Debug)]
pub struct Contacts {
    path: PathBuf,
    names: BTreeMap<WalletName, Address>,
}

impl Contacts {
    /// The address book in `dir`; an empty one if there is none.
    pub fn open(dir: &Path) -> Result<Self, ContactsError> {
        let path = dir.join(CONTACTS);
        let text = match private::read(&path) {
            Ok(text) => text,
            Err(FileError::Missing(_)) => return Ok(Self { path, names: BTreeMap::new() }),
            Err(error) => return Err(error.into()),
        };
        let form = |why: &dyn ToString| ContactsError::Form { path: path.clone(), why: why.to_string() };
        let lines: BTreeMap<String, String> =
            toml::from_str(&text).map_err(|error| form(&error.message()))?;
        let mut names = BTreeMap::new();
        for (name, address) in lines {
            let name: WalletName =
                name.parse().map_err(|error| ContactsError::Name { path: path.clone(), error })?;
            let address = address.parse().map_err(|error| ContactsError::Address {
                path: path.clone(),
                name: name.clone(),
                error,
            })?;
            names.insert(name, address);
        }
        Ok(Self { path, names })
    }

    /// The address with this name.
    pub fn get(&self, name: &WalletName) -> Option<Address> {
        self.names.get(name).copied()
    }

    /// All contacts, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&WalletName, &Address)> {
        self.names.iter()
    }

    /// Gives an address a name in the address book in `dir`, and saves it. Takes a name from another address only if `replace`. Returns
    /// the address that had the name before.
    pub fn add(
        dir: &Path,
        name: WalletName,
        address: Address,
        replace: bool,
    ) -> Result<Option<Address>, ContactsError> {
        Self::change(dir, |contacts| match contacts.get(&name) {
            Some(before) if before != address && !replace => {
                Err(ContactsError::Taken { name, address: before })
            }
            _ => {
                let before = contacts.names.insert(name, address);
                contacts.keep().map(|()| before)
            }
        })
    }

    /// Removes a name from the address book in `dir`. False if there was none.
    pub fn remove(dir: &Path, name: &WalletName) -> Result<bool, ContactsError> {
        Self::change(dir, |contacts| match contacts.names.remove(name) {
            Some(_) => contacts.keep().map(|()| true),
            None => Ok(false),
        })
    }

    /// Reads, changes and writes as one step: of two at the same time, neither undoes what the other did.
    fn change<T>(
        dir: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, ContactsError>,
    ) -> Result<T, ContactsError> {
        private::create_dir(dir)?;
        let _lock = private::lock(&dir.join(CONTACTS))?;
        change(&mut Self::open(dir)?)
    }

    /// Replaces the file with a new one, so that a crash leaves either the old or the new one.
    fn keep(&self) -> Result<(), ContactsError> {
        let mut text = String::from("# Names for addresses: bouya contacts\n");
        for (name, address) in &self.names {
            // Writing into memory does not fail. The name is quoted, because it may contain a dot.
            let _ = writeln!(text, "\"{name}\" = \"{address}\"");
        }
        Ok(private::replace(&self.path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bouya_core::testing::address;

    #[test]
    fn names_are_kept_replaced_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("wallets");
        let name = |text: &str| text.parse::<WalletName>().unwrap();
        let add = |text, number, replace| Contacts::add(&dir, name(text), address(number), replace);
        assert_eq!(add("bob.ltd", 1, false).unwrap(), None);
        assert_eq!(add("carol", 2, false).unwrap(), None);
        assert_eq!(add("bob.ltd", 1, false).unwrap(), Some(address(1)), "the same again changes nothing");
        let taken = add("bob.ltd", 3, false).unwrap_err().to_string();
        assert!(taken.contains(&address(1).to_string()) && taken.contains("--replace"), "{taken}");
        assert_eq!(Contacts::open(&dir).unwrap().get(&name("bob.ltd")), Some(address(1)));
        assert_eq!(add("bob.ltd", 3, true).unwrap(), Some(address(1)));
        assert!(Contacts::remove(&dir, &name("carol")).unwrap());
        assert!(!Contacts::remove(&dir, &name("carol")).unwrap());
        let names: Vec<_> = Contacts::open(&dir).unwrap().iter().map(|(n, a)| (n.clone(), *a)).collect();
        assert_eq!(names, [(name("bob.ltd"), address(3))]);
    }

    #[test]
    fn what_eight_add_at_once_is_all_there() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let dir = dir.path();
                scope.spawn(move || {
                    for at in 0..5 {
                        let name = format!("c{writer}-{at}").parse().unwrap();
                        Contacts::add(dir, name, address(writer), false).unwrap();
                    }
                });
            }
        });
        assert_eq!(Contacts::open(dir.path()).unwrap().iter().count(), 40);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (line, expected) in [
            ("bob", "damaged"),
            ("bob = 1", "damaged"),
            ("\"no name\" = \"x\"", "not a wallet name"),
            ("bob = \"bouya1x\"", "\"bob\""),
        ] {
            let path = dir.path().join(CONTACTS);
            private::replace(&path, line.as_bytes()).unwrap();
            let error = Contacts::open(dir.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
