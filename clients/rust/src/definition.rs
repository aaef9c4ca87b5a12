//! What all members of a network agree on, as files: its definition, and overrides. All mistakes of a file are reported at once, each with its
//! key, its value and what is expected.

use std::fmt;
use std::path::{Path, PathBuf};

pub mod network;
pub mod overrides;
mod section;

pub use network::NetworkFile;
pub use overrides::OverrideFile;
pub use section::Section;

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `p2p.listen`, or empty for the file as a whole.
    pub key: String,
    /// The value, what is wrong with it, and what is expected.
    pub text: String,
}

/// All mistakes in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes {
    /// The file.
    pub path: PathBuf,
    /// At least one.
    pub list: Vec<Mistake>,
}

impl Mistakes {
    /// The same mistakes, of a file that has another name by then.
    pub fn of(self, path: &Path) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// One mistake, of the file as a whole.
    pub fn one(path: &Path, text: impl Into<String>) -> Self {
        let mistake = Mistake { key: String::new(), text: text.into() };
        Self { path: path.to_owned(), list: vec![mistake] }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        write!(f, "{}: {count} mistake{}", self.path.display(), if count == 1 { "" } else { "s" })?;
        for Mistake { key, text } in &self.list {
            match key.as_str() {
                "" => write!(f, "\n  {text}")?,
                key => write!(f, "\n  {key}: {text}")?,
            }
        }
        Ok(())
    }
}

/// A text as TOML has it, with its quotes. Rust's own escapes are other ones.
pub fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Reads a file's TOML.
pub fn read(path: &Path) -> Result<toml::Table, Mistakes> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Mistakes::one(path, format!("cannot read this file: {error}")))?;
    toml::from_str(&text).map_err(|error| Mistakes::one(path, format!("not TOML: {error}")))
}
