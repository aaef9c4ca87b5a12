//! Ids as people copy them: all 64 hex digits, or what a table shows of them. That is the first 8 or more, and perhaps the last after `…`.

use std::fmt;
use std::str::FromStr;

use bouya_core::crypto::Hash;
use bouya_core::limits::SHORT_DIGITS;

/// Digits of a whole id.
const WHOLE: usize = 64;

/// What names one of many ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// All of it.
    Whole(Hash),
    /// Its ends.
    Short(Short),
}

/// The ends of an id, in lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Short {
    head: String,
    tail: String,
}

impl Named {
    pub(crate) fn fits(&self, id: &Hash) -> bool {
        match self {
            Self::Whole(whole) => whole == id,
            Self::Short(short) => short.fits(id),
        }
    }
}

impl Short {
    pub(crate) fn fits(&self, id: &Hash) -> bool {
        let id = id.to_string();
        id.starts_with(&self.head) && id.ends_with(&self.tail)
    }

    /// The lowest and the highest id that begin so.
    pub(crate) fn range(&self) -> (Hash, Hash) {
        let filled = |digit: &str| {
            let missing = WHOLE.saturating_sub(self.head.len());
            let id = format!("{}{}", self.head, digit.repeat(missing));
            // Only hex digits, and as many as an id has.
            id.parse().unwrap_or(Hash::ZERO)
        };
        (filled("0"), filled("f"))
    }
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(whole) = text.parse() {
            return Ok(Self::Whole(whole));
        }
        let (head, tail) = text.split_once('…').unwrap_or((text, ""));
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if head.len() < SHORT_DIGITS || head.len() + tail.len() >= WHOLE || !hex(head) || !hex(tail) {
            return Err(format!(
                "an id or a hash is {WHOLE} hex digits, or the first {SHORT_DIGITS} or more of them, as tables show it"
            ));
        }
        Ok(Self::Short(Short { head: head.to_owned(), tail: tail.to_owned() }))
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", self.head, self.tail)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(id) => id.fmt(f),
            Self::Short(short) => short.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nothing_else_is() {
        let whole = "0123456789abcdef".repeat(4);
        let id: Hash = whole.parse().unwrap();
        for text in [&whole, "01234567", "01234567…", "01234567…cdef", &whole[..63], "012345678…f"] {
            assert!(text.parse::<Named>().unwrap().fits(&id), "{text}");
        }
        for text in ["11234567", "01234567…cdee", "0123456789abcdee"] {
            assert!(!text.parse::<Named>().unwrap().fits(&id), "{text}");
        }
        let digits = "0".repeat(60);
        for text in [
            "",
            "…",
            "0123456",
            "0123456…cdef",
            "0123456g",
            "01234567…x",
            "0123456A",
            "01234567……",
            "../status",
            &format!("{digits}…cdef"),
            &format!("{whole}0"),
        ] {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_range_holds_all_that_begin_so() {
        let Ok(Named::Short(short)) = "012345678…cd".parse() else { panic!("a short one") };
        let (low, high) = short.range();
        assert_eq!(low.to_string(), format!("012345678{}", "0".repeat(55)));
        assert_eq!(high.to_string(), format!("012345678{}", "f".repeat(55)));
        assert_eq!(short.to_string(), "012345678…cd");
    }
}
