//! The ABI file, which stands beside a contract's module: how its inputs, outputs and events are encoded (Borsh). With it the command line and
//! the explorer take and show them as JSON.
//!
//! | type | in JSON |
//! |---|---|
//! | `()` | null |
//! | `bool` | true, false |
//! | `u8`, `u16`, `u32` | numbers |
//! | `u64`, `i64`, `u128` | decimal text, for many JSON readers round them; numbers are taken too |
//! | `string` | text |
//! | `bytes`, `hash` | hex |
//! | `address` | `bouya1…` |
//! | `["list", T]`, `["tuple", T, …]` | lists |
//! | `["option", T]` | null, or the value |
//! | `["map", K, V]` | a list of pairs |
//! | a struct | an object |
//! | an enum | `"Release"`, or `{"Refund": {"why": "…"}}` |
//!
//! Files, bytes and JSON may all be somebody else's: nothing here panics, or takes more memory than they are large.

use std::collections::BTreeMap;

use bouya_core::crypto::Hash;
use bouya_core::ledger::Address;
use bouya_core::limits::{ABI_BYTES, ABI_DEPTH, ABI_NAME_BYTES, ABI_VALUES};
use serde_json::Value;
use thiserror::Error;

mod decode;
mod encode;
mod files;
mod parse;

use encode::Encoder;
pub use files::beside;

/// What an ABI file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abi {
    /// What the contract is called.
    pub name: String,
    /// SHA-256 of the module that it stands beside.
    pub code: Hash,
    /// What it is deployed with.
    pub init: Type,
    /// What it can be told to do.
    pub call: Type,
    /// What it can be asked.
    pub view: Type,
    /// What a call gives back.
    pub output: Type,
    /// What it answers.
    pub answer: Type,
    /// Its events, by topic.
    pub events: BTreeMap<String, Type>,
    types: BTreeMap<String, Definition>,
}

/// How a value is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// No bytes.
    Unit,
    /// One byte, 0 or 1.
    Bool,
    /// An unsigned number of so many bytes, 1 to 16, lowest first.
    Unsigned(u8),
    /// A signed number of eight bytes.
    I64,
    /// UTF-8 behind its length.
    String,
    /// Bytes behind their number.
    Bytes,
    /// 33 bytes.
    Address,
    /// 32 bytes.
    Hash,
    /// Values behind their number.
    List(Box<Type>),
    /// 0, or 1 and a value.
    Option(Box<Type>),
    /// Pairs behind their number, by ascending key.
    Map(Box<Type>, Box<Type>),
    /// Values one after another.
    Tuple(Vec<Type>),
    /// One of the file's own types.
    Named(String),
}

/// What one of the file's own types consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Definition {
    Struct(Fields),
    Enum(Vec<(String, Fields)>),
}

type Fields = Vec<(String, Type)>;

/// Why a file is no ABI file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AbiError {
    /// Larger than any.
    #[error("the ABI file has {0} bytes; at most {ABI_BYTES} are allowed")]
    Large(usize),
    /// No JSON of this form.
    #[error("it is no ABI file: {0}. Build the contract again: its ABI file is made with it")]
    Form(String),
    /// A type that is none.
    #[error(
        "the ABI file says {0}, which is no type: use one of its types, or one of those that docs/CONTRACTS.md lists"
    )]
    Type(String),
    /// A type within types within types.
    #[error("the ABI file has types within types, more than {ABI_DEPTH} deep")]
    Deep,
    /// A name that could not be shown, or that is there twice.
    #[error(
        "the ABI file has the name {0}: names are letters, digits and _, at most {ABI_NAME_BYTES}, each once in its place"
    )]
    Name(String),
    /// A map whose keys have no order that is the same everywhere.
    #[error(
        "the ABI file has a map whose keys are {0}: keys are numbers, bool, string, bytes, address or hash"
    )]
    Key(String),
}

/// Why a value does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{why}", if at.is_empty() { String::new() } else { format!("{at}: ") })]
pub struct ValueError {
    /// Where in the message: `Refund.why`, `parties[3]`.
    pub at: String,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Why {
    /// Something else than is wanted.
    #[error("{given} is given, {wanted} is wanted")]
    Wanted {
        /// What the type takes, in words.
        wanted: String,
        /// What is there, cut.
        given: String,
    },
    /// A number beyond its type.
    #[error("{0} does not fit {1}")]
    Number(String, &'static str),
    /// A field that is not there.
    #[error("the field {0} is missing")]
    Missing(String),
    /// A field too many.
    #[error("there is no field {0}; the fields are {1}")]
    Unknown(String, String),
    /// No variant of this name.
    #[error("there is no {0}; it is one of {1}")]
    Variant(String, String),
    /// A key that is there twice.
    #[error("a key of the map is there twice")]
    Twice,
    /// More bytes than a length can say.
    #[error("it is too long")]
    Long,
    /// Values within values.
    #[error("values within values, more than {ABI_DEPTH} deep")]
    Deep,
    /// Fewer bytes than the type takes.
    #[error("the bytes end too early: they are of another type, or of another module's ABI file")]
    Short,
    /// More bytes than the type takes.
    #[error("{0} bytes are left over: they are of another type, or of another module's ABI file")]
    Left(usize),
    /// Bytes that no value of this type has.
    #[error("these bytes are no {0}: they are of another type, or of another module's ABI file")]
    Bytes(&'static str),
    /// More values than are shown.
    #[error("it has more than {ABI_VALUES} values")]
    Many,
}

impl From<Why> for ValueError {
    fn from(why: Why) -> Self {
        Self { at: String::new(), why }
    }
}

impl ValueError {
    /// The same within a field or an element.
    fn within(mut self, place: &str) -> Self {
        let point = if self.at.is_empty() || self.at.starts_with('[') { "" } else { "." };
        self.at = format!("{place}{point}{}", self.at);
        self
    }
}

impl Abi {
    /// Reads an ABI file.
    pub fn parse(file: &[u8]) -> Result<Self, AbiError> {
        parse::file(file)
    }

    /// The bytes of a value of this type that is given as JSON.
    pub fn encode(
        &self,
        kind: &Type,
        value: &Value,
        named: &dyn Fn(&str) -> Option<Address>,
    ) -> Result<Vec<u8>, ValueError> {
        let mut bytes = Vec::new();
        encode::value(Encoder { abi: self, named }, kind, value, ABI_DEPTH, &mut bytes)?;
        Ok(bytes)
    }

    /// The value of this type that has these bytes, all of them, as JSON.
    pub fn decode(&self, kind: &Type, bytes: &[u8]) -> Result<Value, ValueError> {
        decode::whole(self, kind, bytes)
    }
}

#[cfg(test)]
mod tests;
