//! Borsh with bounds: the same bytes are hashed, stored and sent, and no length is trusted before it is checked.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Deref;

use borsh::io::{Error, ErrorKind, Read, Result as IoResult, Write};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Bytes that are not the canonical encoding of the expected type. The sender is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a valid encoding of {what}")]
pub struct DecodeError {
    /// The type that was expected.
    pub what: &'static str,
}

/// The canonical bytes of a value.
pub fn encode<T: BorshSerialize + ?Sized>(value: &T) -> Vec<u8> {
    encode_behind(Vec::new(), value)
}

/// The given bytes, followed by the canonical bytes of a value.
pub fn encode_behind<T: BorshSerialize + ?Sized>(mut bytes: Vec<u8>, value: &T) -> Vec<u8> {
    // Counted first: growing step by step would copy several times and leave unused space.
    bytes.reserve_exact(borsh::object_length(value).unwrap_or(0));
    // Writing into memory cannot fail, and no type here refuses to serialize.
    let written = value.serialize(&mut bytes);
    debug_assert!(written.is_ok());
    bytes
}

/// The value that `bytes` encode, all of them: trailing bytes are an error.
pub fn decode<T: BorshDeserialize>(bytes: &[u8], what: &'static str) -> Result<T, DecodeError> {
    T::try_from_slice(bytes).map_err(|_| DecodeError { what })
}

/// A list of at most `MAX` items. The bound is part of the type, so it is checked on the way in and on the way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

/// A list longer than its type allows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{len} items where at most {max} are allowed")]
pub struct TooMany {
    /// How many there were.
    pub len: usize,
    /// How many there may be.
    pub max: usize,
}

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// The first `MAX` of `items`.
    pub fn truncated(items: impl IntoIterator<Item = T>) -> Self {
        Self(items.into_iter().take(MAX).collect())
    }

    /// The items, no longer bounded.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for Bounded<T, MAX> {
    type Error = TooMany;

    fn try_from(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MAX {
            return Err(TooMany { len: items.len(), max: MAX });
        }
        Ok(Self(items))
    }
}

impl<T, const MAX: usize> Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> IntoIterator for Bounded<T, MAX> {
    type Item = T;
    type IntoIter = alloc::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: BorshSerialize, const MAX: usize> BorshSerialize for Bounded<T, MAX> {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.0.serialize(writer)
    }
}

impl<T: BorshDeserialize, const MAX: usize> BorshDeserialize for Bounded<T, MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let len = read_len::<MAX, R>(reader)?;
        // Memory grows with what has really been read, not with what the length claims.
        let mut items = Vec::with_capacity(len.min(64));
        for _ in 0..len {
            items.push(T::deserialize_reader(reader)?);
        }
        // What is kept (mempool, held blocks) is counted by its contents, so it must not hold spare capacity.
        items.shrink_to_fit();
        Ok(Self(items))
    }
}

/// Text of at most `MAX` bytes without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Longer than its type allows.
    #[error("{len} bytes of text where at most {max} are allowed")]
    Long {
        /// How many bytes there were.
        len: usize,
        /// How many bytes there may be.
        max: usize,
    },
    /// A line break, an escape or another control character: they can forge log lines and terminal output.
    #[error("control characters are not allowed in text")]
    Control,
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        if text.len() > MAX {
            return Err(TextError::Long { len: text.len(), max: MAX });
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> BorshDeserialize for Text<MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        Self::try_from(read_text::<MAX, R>(reader)?)
            .map_err(|_| Error::new(ErrorKind::InvalidData, "control characters in text"))
    }
}

/// A UTF-8 text of at most `MAX` bytes.
pub(crate) fn read_text<const MAX: usize, R: Read>(reader: &mut R) -> IoResult<String> {
    let len = read_len::<MAX, R>(reader)?;
    let mut bytes = Vec::with_capacity(len.min(64));
    for _ in 0..len {
        bytes.push(u8::deserialize_reader(reader)?);
    }
    bytes.shrink_to_fit();
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "text is not UTF-8"))
}

fn read_len<const MAX: usize, R: Read>(reader: &mut R) -> IoResult<usize> {
    usize::try_from(u32::deserialize_reader(reader)?)
        .ok()
        .filter(|len| *len <= MAX)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "too many items"))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn a_length_is_bounded_before_anything_is_read() {
        let three: Bounded<u8, 3> = vec![1, 2, 3].try_into().unwrap();
        assert_eq!(decode::<Bounded<u8, 3>>(&encode(&three), "list").unwrap(), three);
        assert!(decode::<Bounded<u8, 2>>(&encode(&three), "list").is_err());
        assert!(decode::<Bounded<u8, 4_000_000_000>>(&[255, 255, 255, 238, 1], "list").is_err());
        assert!(Bounded::<u8, 2>::try_from(vec![1, 2, 3]).is_err());
    }

    #[test]
    fn nothing_may_trail() {
        assert!(decode::<u8>(&[1, 2], "byte").is_err());
    }

    #[test]
    fn text_has_no_control_characters() {
        assert!(Text::<8>::try_from("a\nb".to_string()).is_err());
        assert!(decode::<Text<8>>(&encode("a\x1bb"), "text").is_err());
        assert!(decode::<Text<2>>(&encode("abc"), "text").is_err());
        assert_eq!(decode::<Text<8>>(&encode("añb"), "text").unwrap().as_str(), "añb");
    }
}
