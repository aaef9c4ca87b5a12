//! The ABI file: JSON beside a module that says how inputs, outputs and events are encoded, so that the command line and the explorer can take
//! and show them. [`contract!`](crate::contract) makes a function `abi` that writes it.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::type_name;

use crate::{Contract, Events, Message};

/// A type, as the file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type(String);

impl Type {
    pub(crate) fn named(name: &str) -> Self {
        Self(format!("\"{name}\""))
    }

    pub(crate) fn list(of: &Self) -> Self {
        Self(format!("[\"list\", {}]", of.0))
    }

    pub(crate) fn option(of: &Self) -> Self {
        Self(format!("[\"option\", {}]", of.0))
    }

    pub(crate) fn map(key: &Self, value: &Self) -> Self {
        Self(format!("[\"map\", {}, {}]", key.0, value.0))
    }

    pub(crate) fn tuple(parts: &[Self]) -> Self {
        Self(format!("[\"tuple\", {}]", joined(parts.iter().map(|part| part.0.clone()))))
    }
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

/// Names and types of fields, in order.
#[derive(Debug, Default)]
pub struct Fields(Vec<String>);

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn field(mut self, name: &str, kind: Type) -> Self {
        self.0.push(format!("[\"{name}\", {}]", kind.0));
        self
    }

    fn text(self) -> String {
        format!("[{}]", joined(self.0))
    }
}

/// The variants of an enum, with their fields.
pub type Variants = Vec<(&'static str, Fields)>;

/// What a type of the contract's own consists of.
#[derive(Debug)]
pub enum Definition {
    /// Fields.
    Struct(Fields),
    /// One of these.
    Enum(Variants),
}

impl Definition {
    fn text(self) -> String {
        match self {
            Self::Struct(fields) => format!("{{ \"struct\": {} }}", fields.text()),
            Self::Enum(variants) => {
                let one = |(name, fields): (&str, Fields)| format!("[\"{name}\", {}]", fields.text());
                format!("{{ \"enum\": [{}] }}", joined(variants.into_iter().map(one)))
            }
        }
    }
}

/// The types of a contract's own, by their names.
#[derive(Debug, Default)]
pub struct Types(BTreeMap<&'static str, (&'static str, String)>);

impl Types {
    /// Notes what the type consists of, once.
    ///
    /// # Panics
    ///
    /// Where two types have the same name: the file could not tell them apart.
    pub fn define<T>(
        &mut self,
        name: &'static str,
        definition: impl FnOnce(&mut Self) -> Definition,
    ) -> Type {
        match self.0.get(name) {
            Some((path, _)) => {
                assert!(*path == type_name::<T>(), "two messages are called {name}: rename one of them");
            }
            None => {
                // It is known before its fields are, for it may hold itself.
                self.0.insert(name, (type_name::<T>(), String::new()));
                let text = definition(self).text();
                self.0.insert(name, (type_name::<T>(), text));
            }
        }
        Type::named(name)
    }
}

/// The ABI file of a contract. `code` is the module's SHA-256, in hex.
pub fn file<C: Contract>(name: &str, code: &str) -> String {
    let mut types = Types::default();
    let [init, call, view, output, answer] = [
        C::Init::describe(&mut types),
        C::Call::describe(&mut types),
        C::View::describe(&mut types),
        C::Output::describe(&mut types),
        C::Answer::describe(&mut types),
    ];
    let events = C::Events::describe(&mut types);
    let events = events.into_iter().map(|(topic, kind)| format!("{}: {}", quoted(topic), kind.0));
    let types = types.0.into_iter().map(|(name, (_, text))| format!("\n    \"{name}\": {text}"));
    let mut lines = String::from("{\n");
    let mut line = |key: &str, value: &str| {
        lines.push_str(&format!("  \"{key}\": {value},\n"));
    };
    line("name", &quoted(name));
    line("code", &quoted(code));
    for (key, kind) in
        [("init", init), ("call", call), ("view", view), ("output", output), ("answer", answer)]
    {
        line(key, &kind.0);
    }
    line("events", &format!("{{ {} }}", joined(events)).replace("{  }", "{}"));
    let types = types.collect::<Vec<_>>().join(",");
    let end = if types.is_empty() { "" } else { "\n  " };
    lines + &format!("  \"types\": {{{types}{end}}}\n}}\n")
}

fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}
