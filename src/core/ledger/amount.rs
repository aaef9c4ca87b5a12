//! Coins as people write them: converts decimal text to the smallest unit and back, exactly.

use alloc::format;
use alloc::string::{String, ToString};

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use crate::codec::Text;
use crate::limits::COIN_SYMBOL_BYTES;

/// A network's coin: what it is called and how many decimals people see. On the ledger an amount is a u64 of the smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Coin {
    /// Short name, shown after amounts.
    pub symbol: Text<COIN_SYMBOL_BYTES>,
    /// Digits after the point, at most 9.
    pub decimals: u8,
}

/// Why a text is not an amount of this coin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not digits with at most one point between them.
    #[error("\"{0}\" is not an amount: write digits, with a point before the decimals, as in 12.5")]
    Digits(String),
    /// Finer than the smallest unit.
    #[error("\"{text}\" has {given} decimals, this network's coin has {allowed}")]
    Decimals {
        /// What was written.
        text: String,
        /// Decimals in it.
        given: usize,
        /// Decimals of the coin.
        allowed: u8,
    },
    /// More than a u64 of the smallest unit.
    #[error("\"{0}\" is more than this ledger can count")]
    Large(String),
}

impl Coin {
    /// The amount that `text` writes, in the smallest unit.
    pub fn parse(&self, text: &str) -> Result<u64, AmountError> {
        let shown = || text.chars().take(60).flat_map(char::escape_default).collect::<String>();
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(AmountError::Digits(shown())),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::Digits(shown()));
        }
        let given = fraction.len();
        let missing = usize::from(self.decimals).checked_sub(given).ok_or_else(|| AmountError::Decimals {
            text: shown(),
            given,
            allowed: self.decimals,
        })?;
        let units = format!("{whole}{fraction}{}", "0".repeat(missing));
        // Leading zeros do not count towards the length; a u64 has at most 20 digits.
        let units = units.trim_start_matches('0');
        if units.is_empty() {
            return Ok(0);
        }
        units.parse().map_err(|_| AmountError::Large(shown()))
    }

    /// The amount as decimal text, without needless zeros: `1.5`, `20`.
    pub fn format(&self, amount: u64) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{amount:0>width$}", width = decimals.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        match fraction.trim_end_matches('0') {
            "" => whole.to_string(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::COIN_DECIMALS;

    fn coin(decimals: u8) -> Coin {
        Coin { symbol: "ACM".to_string().try_into().unwrap(), decimals }
    }

    #[test]
    fn table() {
        for (decimals, text, amount) in [
            (2, "1", 100),
            (2, "1.00", 100),
            (2, "0.05", 5),
            (2, "01.5", 150),
            (0, "7", 7),
            (9, "18446744073.709551615", u64::MAX),
        ] {
            assert_eq!(coin(decimals).parse(text), Ok(amount), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "٣"] {
            assert!(matches!(coin(2).parse(bad), Err(AmountError::Digits(_))), "{bad}");
        }
        assert!(matches!(coin(2).parse("1.005"), Err(AmountError::Decimals { given: 3, allowed: 2, .. })));
        assert!(matches!(coin(9).parse("18446744073.709551616"), Err(AmountError::Large(_))));
        assert_eq!(coin(6).format(0), "0");
        assert_eq!(coin(6).format(1), "0.000001");
        assert_eq!(coin(6).format(1_500_000), "1.5");
        assert_eq!(coin(0).format(10), "10");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(amount: u64, decimals in 0..=COIN_DECIMALS) {
            let coin = coin(decimals);
            prop_assert_eq!(coin.parse(&coin.format(amount)), Ok(amount));
        }
    }
}
