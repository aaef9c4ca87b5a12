//! Receipts as files: one line of JSON in exactly one form, so that a receipt with any byte changed is none.
//!
//! Left out on purpose: anything for people. What a file says about itself would be believed; what it proves is worked out from it.

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Above, Header, Receipt, Sibling, Transaction, Under};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Names the format and its version.
const FORMAT: &str = "bouya receipt 1";
/// Longest receipt file: the largest transaction in hex, and ample paths.
pub const RECEIPT_BYTES: usize = 256 * 1024;
/// Steps of a path: more than 2^64 leaves would need.
const STEPS: usize = 64;

/// Why a file is no receipt.
#[derive(Debug, Error)]
pub enum FormError {
    /// Larger than any receipt.
    #[error("it has {0} bytes; a receipt has at most {RECEIPT_BYTES}")]
    Large(usize),
    /// Not such JSON.
    #[error("it is no receipt: {0}")]
    Json(String),
    /// Another version, or another thing.
    #[error("it is \"{0}\", this bouya reads \"{FORMAT}\"")]
    Format(String),
    /// A field that cannot be read.
    #[error("its field {0} cannot be read")]
    Field(&'static str),
    /// The same values in another form.
    #[error("it was changed after it was made, if only in its form; get it anew")]
    Form,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    network: String,
    transaction: String,
    path: Vec<String>,
    before: String,
    block: String,
    above: Option<AboveFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AboveFile {
    work: String,
    path: Vec<String>,
    after: Option<UnderFile>,
    last: Option<UnderFile>,
    anchor: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnderFile {
    header: String,
    work: String,
    path: Vec<String>,
}

/// The file of a receipt.
pub fn write(receipt: &Receipt) -> String {
    let file = File {
        format: FORMAT.to_owned(),
        network: receipt.network.to_string(),
        transaction: hex(&receipt.transaction),
        path: steps(&receipt.path),
        before: hex(&receipt.before),
        block: hex(&receipt.block),
        above: receipt.above.as_ref().map(|above| AboveFile {
            work: above.work.to_string(),
            path: steps(&above.path),
            after: above.after.as_ref().map(under),
            last: above.last.as_ref().map(under),
            anchor: hex(&above.anchor),
        }),
    };
    // Strings and lists are always writable.
    serde_json::to_string(&file).unwrap_or_default()
}

/// Reads a receipt's file; white space around it does not matter.
pub fn read(text: &str) -> Result<Receipt, FormError> {
    if text.len() > RECEIPT_BYTES {
        return Err(FormError::Large(text.len()));
    }
    let file: File = serde_json::from_str(text).map_err(|error| FormError::Json(clip(&error.to_string())))?;
    if file.format != FORMAT {
        return Err(FormError::Format(clip(&file.format)));
    }
    let receipt = Receipt {
        network: file.network.parse().map_err(|_| FormError::Field("network"))?,
        transaction: from_hex::<Transaction>(&file.transaction, "transaction")?,
        path: from_steps(&file.path)?,
        before: from_hex(&file.before, "before")?,
        block: from_hex(&file.block, "block")?,
        above: file.above.map(read_above).transpose()?,
    };
    if write(&receipt) != text.trim() {
        return Err(FormError::Form);
    }
    Ok(receipt)
}

/// What a mistake quotes of a file, which may be one long word.
fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

fn read_above(file: AboveFile) -> Result<Above, FormError> {
    Ok(Above {
        work: file.work.parse().map_err(|_| FormError::Field("work"))?,
        path: from_steps(&file.path)?,
        after: file.after.map(read_under).transpose()?,
        last: file.last.map(read_under).transpose()?,
        anchor: from_hex(&file.anchor, "anchor")?,
    })
}

fn read_under(file: UnderFile) -> Result<Under, FormError> {
    Ok(Under {
        header: from_hex::<Header>(&file.header, "header")?,
        work: file.work.parse().map_err(|_| FormError::Field("work"))?,
        path: from_steps(&file.path)?,
    })
}

fn under(under: &Under) -> UnderFile {
    UnderFile { header: hex(&under.header), work: under.work.to_string(), path: steps(&under.path) }
}

fn hex<T: borsh::BorshSerialize>(value: &T) -> String {
    HEXLOWER.encode(&encode(value))
}

fn from_hex<T: borsh::BorshDeserialize>(text: &str, name: &'static str) -> Result<T, FormError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| FormError::Field(name))?;
    decode(&bytes, name).map_err(|_| FormError::Field(name))
}

/// A step is `L` or `R`, the side on which the sibling stands, and its hash.
fn steps(path: &[Sibling]) -> Vec<String> {
    let side = |left| if left { 'L' } else { 'R' };
    path.iter().map(|step| format!("{}{}", side(step.left), step.hash)).collect()
}

fn from_steps(steps: &[String]) -> Result<Vec<Sibling>, FormError> {
    let step = |text: &String| {
        let left = match text.get(..1)? {
            "L" => true,
            "R" => false,
            _ => return None,
        };
        let hash: Hash = text.get(1..)?.parse().ok()?;
        Some(Sibling { left, hash })
    };
    if steps.len() > STEPS {
        return Err(FormError::Field("path"));
    }
    steps.iter().map(step).collect::<Option<_>>().ok_or(FormError::Field("path"))
}
