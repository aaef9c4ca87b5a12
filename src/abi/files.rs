//! ABI files in a folder, of whichever code.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bouya_core::crypto::Hash;
use bouya_core::limits::{ABI_BYTES, ABI_FILES};

use super::Abi;

/// The file `*.abi.json` of a folder that is of this code, with its text. What is none is passed over; of two, the first by name counts. Looks at
/// [`ABI_FILES`] of them at most.
pub fn beside(folder: &Path, code: &Hash) -> Option<(Abi, Vec<u8>)> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.to_string_lossy().ends_with(".abi.json")).collect();
    files.sort();
    let mut read = files.iter().take(ABI_FILES).filter_map(|path| {
        let text = whole(path).ok()?;
        Some((Abi::parse(&text).ok()?, text))
    });
    read.find(|(abi, _)| abi.code == *code)
}

/// A file's bytes; an error for what is larger than any ABI file, and for a pipe, which may never end.
fn whole(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let most = u64::try_from(ABI_BYTES).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_code_is_found_among_others_and_what_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let [code, other, absent] = [1, 2, 3].map(|byte| Hash([byte; 32]));
        let file = |code: &Hash| {
            format!(
                r#"{{"name":"t","code":"{code}","init":"()","call":"()","view":"()","output":"()","answer":"()","events":{{}},"types":{{}}}}"#
            )
        };
        fs::write(dir.path().join("a.abi.json"), "{}").unwrap();
        fs::create_dir(dir.path().join("b.abi.json")).unwrap();
        fs::write(dir.path().join("c.abi.json"), vec![b' '; ABI_BYTES + 1]).unwrap();
        fs::write(dir.path().join("d.abi.json"), file(&other)).unwrap();
        fs::write(dir.path().join("e.json"), file(&absent)).unwrap();
        fs::write(dir.path().join("f.abi.json"), file(&code)).unwrap();
        assert_eq!(beside(dir.path(), &code).unwrap().1, file(&code).as_bytes());
        assert_eq!(beside(dir.path(), &other).unwrap().0.code, other);
        assert!(beside(dir.path(), &absent).is_none());
        assert!(beside(&dir.path().join("nowhere"), &code).is_none());
    }
}
