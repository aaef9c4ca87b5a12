//! Who may read and change the node's files. The TLS key and the member key are judged where they are read.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::check::{Check, Finding};
use crate::config::Settings;
use crate::files::quoted;
use crate::voter::record::votes_of;
use crate::wallet::FileError;
use crate::wallet::private;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What the judge says of the keys.
    pub(super) keys: Vec<Finding>,
    /// Private files that cannot be used, each with its key in node.toml.
    pub(super) refused: Vec<(&'static str, FileError)>,
    /// Folders of keys and data, with their modes.
    pub(super) folders: Vec<(PathBuf, u32)>,
    /// Files that the node must read and write, with their owners; the first is the node's own.
    pub(super) owned: Vec<(PathBuf, u32)>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new(super::identity::FILES);
    check.findings.extend(seen.keys.iter().cloned());
    for (key, error) in &seen.refused {
        check.refused(key, error);
    }
    for (path, mode) in &seen.folders {
        // With the sticky bit, others cannot replace what is not theirs.
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            let text =
                format!("everybody can replace the files in {} (mode {:o})", path.display(), mode & 0o7777);
            check.find("folder", text, &format!("chmod o-w {}", quoted(path)));
        }
    }
    if let Some(((first, owner), others)) = seen.owned.split_first() {
        for (path, other) in others.iter().filter(|(_, other)| other != owner) {
            let text = format!(
                "{} belongs to user {other}, and {} to user {owner}: unless root runs the node, it cannot use both",
                path.display(),
                first.display()
            );
            check.find("owner", text, &format!("chown {owner} {}, if that is the node's user", quoted(path)));
        }
    }
    check
}

/// `keys`: what the judge says of the keys. Whose the files are is looked at only while the node is down: if it runs, it can use them.
pub(super) fn look(settings: &Settings, keys: Vec<Finding>, runs: bool) -> Seen {
    let (identity, data) = (&settings.identity, &settings.data_dir);
    let mut seen = Seen { keys, ..Seen::default() };
    // The CA's key, where the founder has it.
    let [beside, founder] =
        [identity.ca.with_extension("key"), settings.path.with_file_name("ca").join("ca.key")];
    let private = [("api.token_file", &settings.api.token_file), ("ca.key", &beside), ("ca.key", &founder)];
    for (key, path) in private {
        match private::read(path) {
            Ok(_) | Err(FileError::Missing(_)) => (),
            Err(error) => seen.refused.push((key, error)),
        }
    }
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let mut folders: Vec<_> =
        [&identity.key, &identity.member_key].into_iter().filter_map(|path| folder(path)).collect();
    folders.push(data.clone());
    folders.dedup();
    let metadata = |path: &PathBuf| fs::metadata(path).ok();
    seen.folders =
        folders.into_iter().filter_map(|path| Some((path.clone(), metadata(&path)?.mode()))).collect();
    if !runs {
        let votes = votes_of(&identity.member_key);
        let all = [data.join(crate::store::FILE), identity.key.clone(), identity.member_key.clone(), votes];
        let all = all.into_iter().chain([settings.api.token_file.clone()]);
        seen.owned = all.filter_map(|path| Some((path.clone(), metadata(&path)?.uid()))).collect();
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(seen: Seen) -> Vec<(String, String)> {
        judge(&seen).findings.into_iter().map(|found| (found.key, found.text)).collect()
    }

    #[test]
    fn a_private_file_that_others_can_read_is_found() {
        let exposed = FileError::Exposed { path: "data/api.token".into(), mode: 0o644 };
        let found = found(Seen { refused: vec![("api.token_file", exposed)], ..Seen::default() });
        assert!(found[0].1.contains("mode 644") && found[0].1.contains("chmod 600"), "{found:?}");
    }

    #[test]
    fn a_folder_where_everybody_may_replace_keys_is_found() {
        let folders = [("good", 0o40755), ("group", 0o40775), ("sticky", 0o41777), ("open", 0o40777)]
            .map(|(path, mode)| (path.into(), mode));
        let found = found(Seen { folders: folders.to_vec(), ..Seen::default() });
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("open (mode 777)"), "{found:?}");
    }

    #[test]
    fn files_of_two_users_are_found() {
        let owned = |owner| {
            vec![("data/chain.redb".into(), 998), ("alice.key".into(), 998), ("alice.votes".into(), owner)]
        };
        assert_eq!(found(Seen { owned: owned(998), ..Seen::default() }), []);
        let found = found(Seen { owned: owned(0), ..Seen::default() });
        assert_eq!(found.len(), 1);
        assert!(
            found[0].1.starts_with("alice.votes belongs to user 0, and data/chain.redb to user 998"),
            "{found:?}"
        );
    }
}
