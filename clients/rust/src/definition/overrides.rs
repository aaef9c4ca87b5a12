//! `override.toml`: who the members are after a block, decided by people where the members' votes no longer suffice. Every node needs a copy with
//! the same values.

use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Decree, OverrideError, Overrides};

use super::network::{read_member, render_member, text};
use super::section::Section;
use super::{Mistakes, read, toml_text};

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideFile {
    path: PathBuf,
    /// The network's id.
    pub network: Hash,
    /// Oldest first.
    pub decrees: Vec<Decree>,
}

impl OverrideFile {
    /// A new file.
    pub fn new(path: &Path, network: Hash, decrees: Vec<Decree>) -> Self {
        Self { path: path.to_owned(), network, decrees }
    }

    /// Reads the file. Whether its overrides fit each other is another question: see [`OverrideFile::overrides`].
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        let mut root = Section::root(read(path)?);
        if root.number("format", (0, i64::MAX)).is_some_and(|format: i64| format != 1) {
            root.wrong("format", "this version of bouya reads format 1; upgrade bouya");
        }
        let network = root.required_parsed::<Hash>("network");
        let decrees = root.sections("overrides", |one| {
            let height = one.number("height", (1, i64::MAX));
            if height.is_none() {
                one.wrong("height", "the block's height is expected");
            }
            let block = one.required_parsed::<Hash>("block");
            let reason = match one.text("reason") {
                None => Some(Text::default()),
                Some(reason) => text(one, "reason", reason),
            };
            let members = one.sections("members", read_member);
            Some(Decree { height: height?.unsigned_abs(), block: block?, members, reason: reason? })
        });
        if decrees.is_empty() {
            root.wrong("overrides", "missing; the file lists at least one");
        }
        let file = network.map(|network| Self::new(path, network, decrees));
        root.finish(path, file)
    }

    /// Checks them all.
    pub fn overrides(&self) -> Result<Overrides, OverrideError> {
        Overrides::new(&self.network, self.decrees.clone())
    }

    /// Checks them all, and that they are of this network.
    pub fn of(self, network: &Hash) -> Result<Overrides, Mistakes> {
        if self.network != *network {
            let other = self.network;
            return Err(Mistakes::one(&self.path, format!("it is of the network {other}, not of {network}")));
        }
        self.overrides().map_err(|error| Mistakes::one(&self.path, error.to_string()))
    }

    /// The text of the file.
    pub fn render(&self) -> String {
        let mut file = format!(
            "# Who the members are after a block, decided by people and not on the chain.\n\
             # Every node needs a copy with the same values, named with `override` in [chain].\n\
             # Compare its hash by phone: bouya override show override.toml\n\
             format = 1\n\
             network = \"{}\"\n",
            self.network
        );
        for Decree { height, block, members, reason } in &self.decrees {
            file += &format!(
                "\n[[overrides]]\nheight = {height}\nblock = \"{block}\"\nreason = {}\n",
                toml_text(reason.as_str())
            );
            for member in members {
                file += "\n[[overrides.members]]\n";
                file += &render_member(member);
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::testing::{genesis, member, text};

    use super::*;

    fn decree(height: u64) -> Decree {
        Decree {
            height,
            block: Hash([7; 32]),
            members: (1..=3).map(member).collect(),
            reason: text("\"two\" keys are lost = gone"),
        }
    }

    #[test]
    fn what_is_written_reads_back_and_a_file_of_another_network_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("override.toml");
        let (network, other) = (genesis().id(), Hash([1; 32]));
        let file = OverrideFile::new(&path, network, vec![decree(3), decree(9)]);
        std::fs::write(&path, file.render()).unwrap();
        let read = OverrideFile::load(&path).unwrap();
        assert_eq!(read, file);
        assert_eq!(read.clone().of(&network).unwrap(), file.overrides().unwrap());
        assert!(read.of(&other).unwrap_err().to_string().contains("of the network"));
    }

    #[test]
    fn every_mistake_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("override.toml");
        let mistakes = |text: &str| {
            std::fs::write(&path, text).unwrap();
            OverrideFile::load(&path).unwrap_err().to_string()
        };
        assert!(mistakes("").contains("network: missing"));
        let text =
            "network = \"00\"\n[[overrides]]\nblock = \"x\"\nwhy = 1\n[[overrides.members]]\nid = \"a\"\n";
        let found = mistakes(text);
        for part in
            ["network: ", "overrides[0].height", "overrides[0].block", "overrides[0].why", "members[0].key"]
        {
            assert!(found.contains(part), "{part}: {found}");
        }
    }
}
