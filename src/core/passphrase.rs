//! What a new passphrase must be like: one rule for the wallets and for the key of the authority. What was sealed before opens as it did.

use thiserror::Error;

use crate::limits::SHORTEST_PASSPHRASE;

/// Why a passphrase protects too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Weakness {
    /// It has no characters.
    #[error(
        "an empty passphrase protects nothing; choose at least {SHORTEST_PASSPHRASE} characters, better several words"
    )]
    Empty,
    /// It has only so many characters.
    #[error(
        "a passphrase of {0} characters is found by trying, even though each try is made slow: \
         choose at least {SHORTEST_PASSPHRASE} characters, better several words"
    )]
    Short(usize),
    /// All its characters are the same.
    #[error("one character over and over is among the first that are tried; choose several words")]
    Repeated,
}

/// Whether it may protect something from now on.
pub fn judge(passphrase: &str) -> Result<(), Weakness> {
    let mut letters = passphrase.chars();
    let first = letters.next().ok_or(Weakness::Empty)?;
    let repeated = letters.all(|letter| letter == first);
    match passphrase.chars().count() {
        count if count < SHORTEST_PASSPHRASE => Err(Weakness::Short(count)),
        _ if repeated => Err(Weakness::Repeated),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_has_eight_characters_that_are_not_all_the_same() {
        assert_eq!(judge(""), Err(Weakness::Empty));
        assert_eq!(judge("1234567"), Err(Weakness::Short(7)));
        assert_eq!(judge("äääääää"), Err(Weakness::Short(7)), "characters, not bytes");
        assert_eq!(judge("aaaaaaaa"), Err(Weakness::Repeated));
        assert_eq!(judge("        "), Err(Weakness::Repeated));
        for good in ["ä2345678", "aaaaaaab", "correct horse"] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
    }
}
