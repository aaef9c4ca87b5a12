//! Bytes as lines of text with a beginning, an end and a checksum: what a mail program wraps, quotes or indents still reads back, and what it
//! has changed is noticed.

use bouya_core::crypto::sha256;
use bouya_core::limits::ADMISSION_BYTES;
use data_encoding::BASE64;
use thiserror::Error;

/// What a request's first and last line name.
pub const REQUEST: &str = "BOUYA REQUEST";
/// What an invitation's first and last line name.
pub const INVITATION: &str = "BOUYA INVITATION";

/// Bytes of the checksum: the first of the SHA-256. It is there for accidents; who changes it on purpose is met by the codes.
const CHECKSUM: usize = 8;
/// Characters of a line, as in PEM.
const LINE: usize = 64;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArmourError {
    #[error("the text is longer than {ADMISSION_BYTES} bytes; is it the right file?")]
    Long,
    #[error(
        "it holds no text between \"-----BEGIN {0}-----\" and \"-----END {0}-----\"; copy it whole, with both lines"
    )]
    Missing(&'static str),
    #[error("its text was changed or cut on its way; have it sent again, as a file")]
    Changed,
}

/// The bytes as text, with an end of line after the last.
pub(crate) fn wrap(label: &str, bytes: &[u8]) -> String {
    let sum = sha256(bytes);
    let sealed = [bytes, sum.0.get(..CHECKSUM).unwrap_or_default()].concat();
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in BASE64.encode(&sealed).as_bytes().chunks(LINE) {
        text += &String::from_utf8_lossy(line);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// The bytes in the text. What stands before and after, quote marks and white space do not count.
pub(super) fn unwrap(label: &'static str, text: &str) -> Result<Vec<u8>, ArmourError> {
    if text.len() > ADMISSION_BYTES {
        return Err(ArmourError::Long);
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inside = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let (inside, _) = inside.ok_or(ArmourError::Missing(label))?;
    let digits: Vec<u8> =
        inside.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'>').collect();
    let mut bytes = BASE64.decode(&digits).map_err(|_| ArmourError::Changed)?;
    let at = bytes.len().checked_sub(CHECKSUM).ok_or(ArmourError::Changed)?;
    let sum = bytes.split_off(at);
    match sha256(&bytes).0.starts_with(&sum) {
        true => Ok(bytes),
        false => Err(ArmourError::Changed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_mail_does_to_it_does_not_count(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = wrap(REQUEST, &bytes);
            prop_assert_eq!(unwrap(REQUEST, &text), Ok(bytes.clone()));
            let quoted: String = text.lines().map(|line| format!("> > {line}\r\n")).collect();
            prop_assert_eq!(unwrap(REQUEST, &format!("Dear Alice,\n\n{quoted}\nBob")), Ok(bytes.clone()));
            let indented: String = text.lines().map(|line| format!("\t{line}  \n\n")).collect();
            prop_assert_eq!(unwrap(REQUEST, &indented), Ok(bytes.clone()));
            prop_assert_eq!(unwrap(INVITATION, &text), Err(ArmourError::Missing(INVITATION)));
        }

        #[test]
        fn no_changed_character_passes(bytes in prop::collection::vec(any::<u8>(), 1..60), at in any::<prop::sample::Index>()) {
            let text = wrap(REQUEST, &bytes);
            let first = text.find('\n').unwrap_or(0) + 1;
            let last = text.rfind("-----END").unwrap_or(0) - 1;
            let at = first + at.index(last - first);
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap_or_default();
            if changed != text {
                prop_assert_eq!(unwrap(REQUEST, &changed), Err(ArmourError::Changed));
            }
        }
    }

    #[test]
    fn what_is_cut_or_too_long_is_refused() {
        let text = wrap(REQUEST, &[7; 200]);
        let cut = text.replacen("\n", "", 1).replacen(&text[40..104], "", 1);
        assert_eq!(unwrap(REQUEST, &cut), Err(ArmourError::Changed));
        assert_eq!(unwrap(REQUEST, &text[..100]), Err(ArmourError::Missing(REQUEST)));
        assert_eq!(unwrap(REQUEST, &" ".repeat(ADMISSION_BYTES + 1)), Err(ArmourError::Long));
    }
}
