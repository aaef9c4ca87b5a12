//! Reads the file into checked types: each that is named is there.

use std::collections::{BTreeMap, BTreeSet};

use bouya_core::limits::{ABI_BYTES, ABI_DEPTH, ABI_NAME_BYTES};
use serde::Deserialize;
use serde_json::Value;

use super::{Abi, AbiError, Definition, Fields, Type};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    code: String,
    init: Value,
    call: Value,
    view: Value,
    output: Value,
    answer: Value,
    events: BTreeMap<String, Value>,
    types: BTreeMap<String, Form>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Form {
    Struct(Vec<(String, Value)>),
    Enum(Vec<(String, Vec<(String, Value)>)>),
}

pub(super) fn file(file: &[u8]) -> Result<Abi, AbiError> {
    if file.len() > ABI_BYTES {
        return Err(AbiError::Large(file.len()));
    }
    let form = |error: &dyn std::fmt::Display| AbiError::Form(shown(&error.to_string()));
    let file: File = serde_json::from_slice(file).map_err(|error| form(&error))?;
    let names = Names(file.types.keys().cloned().collect());
    names.0.iter().try_for_each(|name| own_name(name))?;
    check_name(&file.name, |c| c.is_ascii_alphanumeric() || "-_".contains(c))?;
    let kind = |value| names.kind(value, ABI_DEPTH);
    let mut events = BTreeMap::new();
    for (topic, value) in &file.events {
        check_name(topic, |c| !c.is_control())?;
        events.insert(topic.clone(), kind(value)?);
    }
    let mut types = BTreeMap::new();
    for (name, form) in &file.types {
        types.insert(name.clone(), names.definition(form)?);
    }
    Ok(Abi {
        code: file.code.parse().map_err(|error| form(&error))?,
        init: kind(&file.init)?,
        call: kind(&file.call)?,
        view: kind(&file.view)?,
        output: kind(&file.output)?,
        answer: kind(&file.answer)?,
        name: file.name,
        events,
        types,
    })
}

/// Text of the file in a message: cut, and without what a terminal obeys.
fn shown(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

fn check_name(name: &str, fine: impl Fn(char) -> bool) -> Result<(), AbiError> {
    if !name.is_empty() && name.len() <= ABI_NAME_BYTES && name.chars().all(fine) {
        Ok(())
    } else {
        Err(AbiError::Name(shown(name)))
    }
}

/// A name within the file: as in a program.
fn check_word(name: &str) -> Result<(), AbiError> {
    check_name(name, |c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name of one of the file's own types.
fn own_name(name: &str) -> Result<(), AbiError> {
    check_word(name)?;
    if plain(name).is_some() { Err(AbiError::Name(name.to_owned())) } else { Ok(()) }
}

/// The types that every file has.
fn plain(name: &str) -> Option<Type> {
    Some(match name {
        "()" => Type::Unit,
        "bool" => Type::Bool,
        "u8" => Type::Unsigned(1),
        "u16" => Type::Unsigned(2),
        "u32" => Type::Unsigned(4),
        "u64" => Type::Unsigned(8),
        "u128" => Type::Unsigned(16),
        "i64" => Type::I64,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "address" => Type::Address,
        "hash" => Type::Hash,
        _ => return None,
    })
}

/// The names of the file's own types.
struct Names(BTreeSet<String>);

impl Names {
    fn kind(&self, value: &Value, depth: usize) -> Result<Type, AbiError> {
        let depth = depth.checked_sub(1).ok_or(AbiError::Deep)?;
        let no_type = || AbiError::Type(shown(&value.to_string()));
        let parts = match value {
            Value::String(name) if self.0.contains(name) => return Ok(Type::Named(name.clone())),
            Value::String(name) => return plain(name).ok_or_else(no_type),
            Value::Array(parts) => parts.as_slice(),
            _ => return Err(no_type()),
        };
        let one = |part| self.kind(part, depth).map(Box::new);
        match parts {
            [Value::String(of), part] if of == "list" => Ok(Type::List(one(part)?)),
            [Value::String(of), part] if of == "option" => {
                let part = one(part)?;
                // Null would be none of it, and one of it.
                if matches!(*part, Type::Unit | Type::Option(_)) {
                    Err(no_type())
                } else {
                    Ok(Type::Option(part))
                }
            }
            [Value::String(of), key, part] if of == "map" => {
                let shown = shown(&key.to_string());
                let key = one(key)?;
                match *key {
                    Type::Unit
                    | Type::List(_)
                    | Type::Option(_)
                    | Type::Map(..)
                    | Type::Tuple(_)
                    | Type::Named(_) => Err(AbiError::Key(shown)),
                    _ => Ok(Type::Map(key, one(part)?)),
                }
            }
            [Value::String(of), parts @ ..] if of == "tuple" => {
                Ok(Type::Tuple(parts.iter().map(|part| self.kind(part, depth)).collect::<Result<_, _>>()?))
            }
            _ => Err(no_type()),
        }
    }

    fn fields(&self, fields: &[(String, Value)]) -> Result<Fields, AbiError> {
        once(fields.iter().map(|(name, _)| name))?;
        fields.iter().map(|(name, value)| Ok((name.clone(), self.kind(value, ABI_DEPTH)?))).collect()
    }

    fn definition(&self, form: &Form) -> Result<Definition, AbiError> {
        match form {
            Form::Struct(fields) => Ok(Definition::Struct(self.fields(fields)?)),
            Form::Enum(variants) => {
                once(variants.iter().map(|(name, _)| name))?;
                // One byte says which.
                if let Some((name, _)) = variants.get(256) {
                    return Err(AbiError::Name(name.clone()));
                }
                let one = |(name, fields): &(String, Vec<_>)| Ok((name.clone(), self.fields(fields)?));
                Ok(Definition::Enum(variants.iter().map(one).collect::<Result<_, _>>()?))
            }
        }
    }
}

/// Each is a name, and there once.
fn once<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), AbiError> {
    let mut seen = BTreeSet::new();
    for name in names {
        check_word(name)?;
        if !seen.insert(name) {
            return Err(AbiError::Name(name.clone()));
        }
    }
    Ok(())
}
