//! The owner of a data folder: one line with the node's id, written at its first start.
//!
//! The address book, the blacklist and the blocks that the node mined belong to one node. Under another id they would be somebody else's past.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bouya_core::id::NodeId;
use thiserror::Error;

use crate::files::{self, quoted};

/// The file's name in the data folder.
const FILE: &str = "node.id";

/// Why a data folder is not this node's.
#[derive(Debug, Error)]
pub enum OwnerError {
    /// It belongs to another node.
    #[error("{dir} is the data of the node \"{owner}\", and the certificate is of \"{id}\". Put {owner}'s certificate back, or give {id} a folder of its own. If the node was renamed for good: rm {file}", dir = dir.display(), file = quoted(&dir.join(FILE)))]
    Other {
        /// The data folder.
        dir: PathBuf,
        /// Whose it is.
        owner: String,
        /// Whose it should be.
        id: NodeId,
    },
    /// The file cannot be read or written.
    #[error("cannot {doing} {file}: {error}", file = file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        error: io::Error,
    },
}

/// Checks that `dir` is, or may become, the data folder of `id`. Changes nothing. True means that it already is.
pub(crate) fn check(dir: &Path, id: &NodeId) -> Result<bool, OwnerError> {
    let file = dir.join(FILE);
    match fs::read_to_string(&file) {
        Ok(text) if text.trim() == id.as_str() => Ok(true),
        Ok(text) => {
            let owner = text.trim().escape_debug().take(64).collect();
            Err(OwnerError::Other { dir: dir.to_owned(), owner, id: id.clone() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(OwnerError::Io { file, doing: "read", error }),
    }
}

/// The same check; from then on `dir` is the data folder of `id`.
pub(crate) fn claim(dir: &Path, id: &NodeId) -> Result<(), OwnerError> {
    if check(dir, id)? {
        return Ok(());
    }
    let file = dir.join(FILE);
    let written = files::create(&file, files::PUBLIC, format!("{id}\n").as_bytes());
    written.map_err(|error| OwnerError::Io { file, doing: "write", error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_remembers_whose_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (alice, bob): (NodeId, NodeId) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        assert!(!check(dir.path(), &bob).unwrap(), "a check claims nothing");
        claim(dir.path(), &alice).unwrap();
        claim(dir.path(), &alice).unwrap();
        assert!(check(dir.path(), &alice).unwrap());
        let refused = claim(dir.path(), &bob).unwrap_err().to_string();
        assert!(
            refused.contains("\"alice\"") && refused.contains("\"bob\"") && refused.contains("rm "),
            "{refused}"
        );
        assert!(check(dir.path(), &alice).unwrap(), "a refusal changes nothing");
        fs::write(dir.path().join(FILE), "").unwrap();
        assert!(matches!(claim(dir.path(), &alice), Err(OwnerError::Other { .. })));
    }
}
