//! A new contract's project: the smallest contract that does something, with its tests and what builds it. It is the example `counter` under
//! another name, so what is written is built and tested with everything else.

use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

/// Files of the project: what it is called there, and what stands in it. Some of them must be executable.
const FILES: [(&str, &str, bool); 5] = [
    ("src/lib.rs", include_str!("../sdk/examples/counter/src/lib.rs"), false),
    ("tests/counter.rs", include_str!("../sdk/examples/counter/tests/counter.rs"), false),
    ("examples/counter.rs", include_str!("../sdk/examples/counter/examples/counter.rs"), false),
    ("build", include_str!("../sdk/build"), true),
    ("link-module", include_str!("../sdk/link-module"), true),
];

/// Names that the language or its own crates have.
const TAKEN: &str = "abstract alloc as async await become bouya_contract box break const continue core crate do dyn else enum extern
    false final fn for gen if impl in let loop macro match mod move mut override priv proc_macro pub ref return self static std struct super
    test trait true try type typeof unsafe unsized use virtual where while yield";

/// Why no project was made.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// No crate can be called so.
    #[error("\"{0}\" is no name for a contract: write 1 to 40 of a-z, 0-9 and _, with a letter first")]
    Name(String),
    /// The language, or a crate that every contract has, is called so.
    #[error("Rust has a use for the name \"{0}\" already; choose another one")]
    Taken(String),
    /// No folder of the kit.
    #[error(
        "{path} is not bouya-contract, which contracts are built with; name Bouya's source, or the folder sdk in it: --sdk DIR", path = .0.display()
    )]
    Sdk(PathBuf),
    /// What the system says of a file.
    #[error("{path}: {error}; choose a folder that is not there yet, or is empty and yours", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Writes the project of a contract with this name into a new folder. `sdk` is the folder of `bouya-contract`, which it is built with, or that of
/// Bouya's source.
pub fn write(folder: &Path, name: &str, sdk: &Path) -> Result<(), ProjectError> {
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_name {
        return Err(ProjectError::Name(name.chars().take(60).flat_map(char::escape_default).collect()));
    }
    if TAKEN.split_whitespace().any(|taken| taken == name) {
        return Err(ProjectError::Taken(name.to_owned()));
    }
    let sdk = kit(sdk).ok_or_else(|| ProjectError::Sdk(sdk.to_owned()))?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| ProjectError::File { path, error }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if fs::read_dir(folder).map_err(failed(folder))?.next().is_some() {
        return Err(failed(folder)(io::ErrorKind::DirectoryNotEmpty.into()));
    }
    let put = |file: &str, text: &str, is_program: bool| {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).map_err(failed(&path))?;
        if is_program {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&path, mode).map_err(failed(&path))?;
        }
        Ok(())
    };
    put("Cargo.toml", &manifest(name, &sdk), false)?;
    put(".gitignore", "/target\n", false)?;
    for (file, text, is_program) in FILES {
        // Where the crate is named, and not where something is called so.
        let text = ["counter::", "--example counter"]
            .into_iter()
            .fold(text.to_owned(), |text, word| text.replace(word, &word.replace("counter", name)));
        put(&file.replace("counter", name), &text, is_program)?;
    }
    Ok(())
}

/// The folder of `bouya-contract` that is meant.
fn kit(named: &Path) -> Option<PathBuf> {
    let is_kit = |folder: &PathBuf| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let manifest = manifest.parse::<toml::Table>().unwrap_or_default();
        let name = manifest.get("package").and_then(|package| package.get("name"));
        name.and_then(toml::Value::as_str) == Some("bouya-contract")
    };
    [named.to_owned(), named.join("sdk")].into_iter().find(is_kit)?.canonicalize().ok()
}

fn manifest(name: &str, sdk: &Path) -> String {
    let sdk = toml::Value::from(sdk.display().to_string());
    format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"
publish = false

# Its tests are in tests/.
[lib]
test = false
doctest = false

[dependencies]
bouya-contract = {{ path = {sdk} }}

[dev-dependencies]
bouya-contract = {{ path = {sdk}, features = ["testing"] }}

# How ./build builds the module: small, for each byte is paid for. Sums must not wrap: that would be money from nowhere.
[profile.contract]
inherits = "release"
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true
overflow-checks = true

# No part of anything around it.
[workspace]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdk() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
    }

    /// What is written is the example under its name, which is built and tested with the workspace.
    #[test]
    fn a_project_is_the_example_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("new");
        write(&project, "world", &sdk()).unwrap();
        let read = |file: &str| fs::read_to_string(project.join(file)).unwrap();
        assert!(read("tests/world.rs").contains("use world::{Act, Counted, Counter};"));
        assert!(read("examples/world.rs").contains("world::abi("));
        assert_eq!(read("src/lib.rs"), include_str!("../sdk/examples/counter/src/lib.rs"));
        for program in ["build", "link-module"] {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(project.join(program)).unwrap().permissions(),
            );
            assert_eq!(mode & 0o111, 0o111);
        }
    }

    #[test]
    fn who_names_the_source_means_the_kit_in_it() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "gift", &sdk().join("..")).unwrap();
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("path = \"{}\"", sdk().display())), "{manifest}");
    }

    #[test]
    fn cargo_takes_the_manifest_and_modules_are_built_as_those_of_the_examples() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "gift", &sdk()).unwrap();
        let output = std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ours = fs::read_to_string(sdk().join("../Cargo.toml")).unwrap().parse::<toml::Table>().unwrap();
        let theirs = manifest("gift", &sdk()).parse::<toml::Table>().unwrap();
        let theirs = theirs["profile"]["contract"].as_table().unwrap();
        for (key, value) in theirs {
            // What the workspace's own release profile has is inherited there.
            let own = ours["profile"]["contract"].get(key).or_else(|| ours["profile"]["release"].get(key));
            assert_eq!(own, Some(value), "{key}");
        }
        assert_eq!(theirs["overflow-checks"].as_bool(), Some(true));
    }

    #[test]
    fn what_is_there_is_not_touched_and_names_are_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("letter"), "dear").unwrap();
        let refused = write(folder.path(), "gift", &sdk());
        assert!(matches!(refused, Err(ProjectError::File { .. })), "{refused:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let elsewhere = folder.path().join("new");
        for name in ["", "Gift", "9", "a-b", "../a", "a\"b", &"a".repeat(41)] {
            let refused = write(&elsewhere, name, &sdk());
            assert!(matches!(refused, Err(ProjectError::Name(_))), "{name}: {refused:?}");
        }
        for name in ["match", "test"] {
            assert!(matches!(write(&elsewhere, name, &sdk()), Err(ProjectError::Taken(_))), "{name}");
        }
        for no_kit in [sdk().join("macros"), folder.path().to_owned()] {
            assert!(matches!(write(&elsewhere, "gift", &no_kit), Err(ProjectError::Sdk(_))));
        }
        assert!(!elsewhere.exists());
    }
}
