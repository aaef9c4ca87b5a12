//! Reads a table of a configuration file key by key. A mistake is noted and reading goes on, so that one run names all
//! mistakes. Keys that are left over at the end are unknown keys.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::{Table, Value};

use super::{Mistake, Mistakes};

/// A table that is being read.
pub struct Section {
    prefix: String,
    table: Table,
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

impl Section {
    /// The whole file.
    pub fn root(table: Table) -> Self {
        Self { prefix: String::new(), table, known: Vec::new(), mistakes: Vec::new() }
    }

    /// Notes a mistake in the value of `key`.
    pub fn wrong(&mut self, key: &str, text: impl Display) {
        let key = format!("{}{key}", self.prefix);
        self.mistakes.push(Mistake { key, text: text.to_string() });
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// Reads a sub-table, which may be missing.
    pub fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        let table = match self.take(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.wrong(key, format!("{} where a table [{key}] is expected", other.type_str()));
                Table::new()
            }
        };
        self.read_table(format!("{}{key}.", self.prefix), table, read)
    }

    /// Reads an array of tables, which may be missing.
    pub fn sections<T>(&mut self, key: &'static str, mut read: impl FnMut(&mut Self) -> Option<T>) -> Vec<T> {
        let entries = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(other) => {
                self.wrong(key, format!("{} where tables [[{key}]] are expected", other.type_str()));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for (number, entry) in entries.into_iter().enumerate() {
            match entry {
                Value::Table(table) => {
                    let prefix = format!("{}{key}[{number}].", self.prefix);
                    found.extend(self.read_table(prefix, table, &mut read));
                }
                other => self.wrong(key, format!("{} where a table [[{key}]] is expected", other.type_str())),
            }
        }
        found
    }

    fn read_table<T>(&mut self, prefix: String, table: Table, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self { prefix, table, known: Vec::new(), mistakes: Vec::new() };
        let result = read(&mut inner);
        inner.note_unknown();
        self.mistakes.append(&mut inner.mistakes);
        result
    }

    fn note_unknown(&mut self) {
        let unknown: Vec<String> = self.table.keys().cloned().collect();
        for key in unknown {
            self.wrong(&key, format!("unknown key; known here: {}", self.known.join(", ")));
        }
    }

    /// A required text.
    pub fn required(&mut self, key: &'static str) -> Option<String> {
        let missing = !self.table.contains_key(key);
        if missing {
            self.known.push(key);
            self.wrong(key, "missing; it has no default");
            return None;
        }
        self.text(key)
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong(key, format!("{} where a text in quotes is expected", other.type_str()));
                None
            }
        }
    }

    /// A text that `T` can read.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        text.parse().map_err(|error| self.wrong(key, error)).ok()
    }

    /// A required text that `T` can read.
    pub fn required_parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.required(key)?;
        text.parse().map_err(|error| self.wrong(key, error)).ok()
    }

    /// A whole number within bounds.
    pub fn number<T: TryFrom<i64> + PartialOrd + Display + Copy>(
        &mut self,
        key: &'static str,
        (least, most): (T, T),
    ) -> Option<T> {
        let value = self.take(key)?;
        let number = value.as_integer().and_then(|number| T::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(key, format!("{value} is not a whole number from {least} to {most}"));
        }
        number
    }

    /// A whole number within bounds, or a word for none.
    pub fn number_or(&mut self, key: &'static str, word: &str, (least, most): (u64, u64)) -> Option<u64> {
        let value = self.take(key)?;
        if value.as_str() == Some(word) {
            return None;
        }
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(key, format!("{value} is neither \"{word}\" nor a whole number of at least {least}"));
        }
        number
    }

    /// A number above 0 and up to 1.
    pub fn share(&mut self, key: &'static str) -> Option<f64> {
        let value = self.take(key)?;
        let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        let number = number.filter(|number| *number > 0.0 && *number <= 1.0);
        if number.is_none() {
            self.wrong(key, format!("{value} is not a number above 0 and up to 1"));
        }
        number
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong(key, format!("{value} is neither true nor false"));
        }
        flag
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.wrong(key, format!("\"{text}\" is not one of {}", words.join(", ")));
        }
        found
    }

    /// A list of texts, or one text alone.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        let entries = match self.take(key) {
            None => return Vec::new(),
            Some(Value::String(one)) => return vec![one],
            Some(Value::Array(entries)) => entries,
            Some(other) => {
                self.wrong(key, format!("{} where a list of texts is expected", other.type_str()));
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for entry in entries {
            match entry {
                Value::String(text) => texts.push(text),
                other => self.wrong(key, format!("{} where a text in quotes is expected", other.type_str())),
            }
        }
        texts
    }

    /// A list of texts that `T` can read.
    pub fn list<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Vec<T> {
        let mut found = Vec::new();
        for text in self.texts(key) {
            match text.parse() {
                Ok(value) => found.push(value),
                Err(error) => self.wrong(key, error),
            }
        }
        found
    }

    /// A path, relative to the file's folder.
    pub fn path(&mut self, key: &'static str, folder: &Path) -> Option<PathBuf> {
        self.text(key).map(|text| folder.join(text))
    }

    /// A required path, relative to the file's folder.
    pub fn required_path(&mut self, key: &'static str, folder: &Path) -> Option<PathBuf> {
        self.required(key).map(|text| folder.join(text))
    }

    /// The value, if there are no mistakes. If `value` is None, the mistake that prevented it was noted before.
    pub fn finish<T>(mut self, path: &Path, value: Option<T>) -> Result<T, Mistakes> {
        self.note_unknown();
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(Mistakes { path: path.to_owned(), list: self.mistakes }),
        }
    }
}
