//! JSON to bytes.

use bouya_core::ledger::Address;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::{Map, Value};

use super::{Abi, Definition, Fields, Type, ValueError, Why};

type Encoded = Result<(), ValueError>;

/// What values are encoded by.
#[derive(Clone, Copy)]
pub(super) struct Encoder<'a> {
    pub(super) abi: &'a Abi,
    /// The address that somebody calls so.
    pub(super) named: &'a dyn Fn(&str) -> Option<Address>,
}

pub(super) fn value(
    by: Encoder<'_>,
    kind: &Type,
    value: &Value,
    depth: usize,
    bytes: &mut Vec<u8>,
) -> Encoded {
    let depth = depth.checked_sub(1).ok_or(Why::Deep)?;
    let wrong = |wanted: &str| ValueError::from(wanted_instead(wanted, value));
    match kind {
        Type::Unit => value.as_null().ok_or_else(|| wrong("null"))?,
        Type::Bool => bytes.push(u8::from(value.as_bool().ok_or_else(|| wrong("true or false"))?)),
        Type::Unsigned(width) => unsigned(value, *width, bytes)?,
        Type::I64 => {
            let number: i64 = digits(value)?.parse().map_err(|_| Why::Number(shown(value), "i64"))?;
            bytes.extend(number.to_le_bytes());
        }
        Type::String => with_length(value.as_str().ok_or_else(|| wrong("text"))?.as_bytes(), bytes)?,
        Type::Bytes => with_length(&hex(value).ok_or_else(|| wrong("hex"))?, bytes)?,
        Type::Hash => {
            let hash = hex(value).filter(|hash| hash.len() == 32);
            bytes.extend(hash.ok_or_else(|| wrong("a hash of 64 hex digits"))?);
        }
        Type::Address => {
            let address = value.as_str().and_then(|text| text.parse().ok().or_else(|| (by.named)(text)));
            bytes.extend(address.ok_or_else(|| wrong("an address (bouya1…) or a known name"))?.to_bytes());
        }
        Type::List(of) => {
            let list = value.as_array().ok_or_else(|| wrong("a list"))?;
            length(list.len(), bytes)?;
            for (at, one) in list.iter().enumerate() {
                self::value(by, of, one, depth, bytes).map_err(|error| error.within(&format!("[{at}]")))?;
            }
        }
        Type::Option(_) if value.is_null() => bytes.push(0),
        Type::Option(of) => {
            bytes.push(1);
            self::value(by, of, value, depth, bytes)?;
        }
        Type::Map(key, of) => map(by, (key, of), value, depth, bytes)?,
        Type::Tuple(parts) => {
            let list = value.as_array().filter(|list| list.len() == parts.len());
            let list = list.ok_or_else(|| wrong(&format!("a list of {}", parts.len())))?;
            for (at, (kind, one)) in parts.iter().zip(list).enumerate() {
                self::value(by, kind, one, depth, bytes).map_err(|error| error.within(&format!("[{at}]")))?;
            }
        }
        Type::Named(name) => match by.abi.types.get(name) {
            Some(Definition::Struct(of)) => fields(by, of, value, depth, bytes)?,
            Some(Definition::Enum(of)) => variant(by, of, value, depth, bytes)?,
            // Parsing has seen to that.
            None => return Err(wrong(name)),
        },
    }
    Ok(())
}

fn wanted_instead(wanted: &str, given: &Value) -> Why {
    Why::Wanted { wanted: wanted.to_owned(), given: shown(given) }
}

/// A value in a message, cut.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        plain => {
            let text = plain.to_string();
            let cut: String = text.chars().take(60).flat_map(visible).collect();
            if text.chars().nth(60).is_some() { cut + "…" } else { cut }
        }
    }
}

/// A character of JSON, which has escaped quotes and backslashes already.
fn visible(c: char) -> impl Iterator<Item = char> {
    let plain = matches!(c, '"' | '\'' | '\\');
    let escaped = c.escape_debug();
    plain.then_some(c).into_iter().chain(escaped.filter(move |_| !plain))
}

fn hex(value: &Value) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(value.as_str()?.as_bytes()).ok()
}

/// A whole number as text: digits, with a minus before them if it may.
fn digits(value: &Value) -> Result<String, ValueError> {
    let wanted = |wanted| Err(wanted_instead(wanted, value).into());
    let text = match value {
        // Readers of JSON round those from 2^64 on.
        Value::Number(number) if number.is_f64() && number.as_f64() >= Some(1e19) => {
            return wanted("a whole number as text");
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return wanted("a whole number"),
    };
    let bare = text.strip_prefix('-').unwrap_or(&text);
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return wanted("a whole number");
    }
    Ok(text)
}

fn unsigned(value: &Value, width: u8, bytes: &mut Vec<u8>) -> Encoded {
    let name = match width {
        1 => "u8",
        2 => "u16",
        4 => "u32",
        8 => "u64",
        _ => "u128",
    };
    let beyond = || ValueError::from(Why::Number(shown(value), name));
    let number: u128 = digits(value)?.parse().map_err(|_| beyond())?;
    let all = number.to_le_bytes();
    let (low, high) = all.split_at_checked(width.into()).ok_or_else(beyond)?;
    if high.iter().any(|byte| *byte != 0) {
        return Err(beyond());
    }
    bytes.extend(low);
    Ok(())
}

fn length(len: usize, bytes: &mut Vec<u8>) -> Encoded {
    bytes.extend(u32::try_from(len).map_err(|_| Why::Long)?.to_le_bytes());
    Ok(())
}

fn with_length(content: &[u8], bytes: &mut Vec<u8>) -> Encoded {
    length(content.len(), bytes)?;
    bytes.extend(content);
    Ok(())
}

fn fields(by: Encoder<'_>, of: &Fields, value: &Value, depth: usize, bytes: &mut Vec<u8>) -> Encoded {
    let object = value.as_object().ok_or_else(|| wanted_instead("an object", value))?;
    if let Some(unknown) = object.keys().find(|key| !of.iter().any(|(name, _)| name == *key)) {
        let names: Vec<&str> = of.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Why::Unknown(shown(&unknown.as_str().into()), names.join(", ")).into());
    }
    for (name, kind) in of {
        let missing = || ValueError::from(Why::Missing(name.clone()));
        // What is optional may be left out.
        let one = match (object.get(name), kind) {
            (Some(one), _) => one,
            (None, Type::Option(_)) => &Value::Null,
            (None, _) => return Err(missing()),
        };
        self::value(by, kind, one, depth, bytes).map_err(|error| error.within(name))?;
    }
    Ok(())
}

fn variant(
    by: Encoder<'_>,
    of: &[(String, Fields)],
    value: &Value,
    depth: usize,
    bytes: &mut Vec<u8>,
) -> Encoded {
    let names = || of.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let nothing = Value::Object(Map::new());
    let (given, content) = match value {
        Value::String(name) => (name, &nothing),
        Value::Object(object) if object.len() == 1 => {
            object.iter().next().ok_or_else(|| wanted_instead(&names(), value))?
        }
        _ => return Err(wanted_instead(&format!("one of {}", names()), value).into()),
    };
    let found = of.iter().zip(0u8..=u8::MAX).find(|((name, _), _)| name == given);
    let Some(((name, of), number)) = found else {
        return Err(Why::Variant(shown(&given.as_str().into()), names()).into());
    };
    bytes.push(number);
    fields(by, of, content, depth, bytes).map_err(|error| error.within(name))
}

/// Pairs in the order of their keys, which a contract insists on.
fn map(
    by: Encoder<'_>,
    (key, of): (&Type, &Type),
    value: &Value,
    depth: usize,
    bytes: &mut Vec<u8>,
) -> Encoded {
    let pairs = value.as_array().ok_or_else(|| wanted_instead("a list of pairs", value))?;
    let mut rows = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let within = |error: ValueError| error.within(&format!("[{at}]"));
        let Some([one, content]) = pair.as_array().map(Vec::as_slice) else {
            return Err(within(wanted_instead("a pair", pair).into()));
        };
        let (mut row, mut rest) = (Vec::new(), Vec::new());
        self::value(by, key, one, depth, &mut row).map_err(within)?;
        self::value(by, of, content, depth, &mut rest).map_err(within)?;
        rows.push((order(key, &row), row, rest));
    }
    rows.sort_unstable();
    if rows.windows(2).any(|two| matches!(two, [one, next] if one.0 == next.0)) {
        return Err(Why::Twice.into());
    }
    length(rows.len(), bytes)?;
    for (_, row, rest) in rows {
        bytes.extend(row);
        bytes.extend(rest);
    }
    Ok(())
}

/// Bytes that are in order where the keys are: numbers from their highest byte, text and bytes without their length.
pub(super) fn order(key: &Type, encoded: &[u8]) -> Vec<u8> {
    match key {
        Type::Unsigned(_) | Type::I64 => {
            let mut bytes: Vec<u8> = encoded.iter().rev().copied().collect();
            if let (Type::I64, Some(sign)) = (key, bytes.first_mut()) {
                // Negative ones come first.
                *sign ^= 0x80;
            }
            bytes
        }
        Type::String | Type::Bytes => encoded.get(4..).unwrap_or_default().to_vec(),
        _ => encoded.to_vec(),
    }
}
