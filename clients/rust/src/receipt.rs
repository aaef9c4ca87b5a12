//! Receipts as files: one line of JSON in exactly one form, so that a receipt with any changed byte is invalid. (Signatures
//! in a certificate are looked at by who has the network's definition, not by who trusts a hash instead.)
//!
//! Left out on purpose: text for people. Readers would believe what a file says about itself, instead of verifying it.

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Above, Finality, Header, OutcomeProof, Receipt, Sibling, Transaction, Under};
use bouya_core::limits::{HANDOVERS_WALKED, RECEIPT_BYTES, RECEIPT_STEPS};
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub mod final_proof;

/// Names the format and its version.
const FORMAT: &str = "bouya receipt 2";

/// Why a file is neither a receipt nor a final proof.
#[derive(Debug, Error)]
pub enum FormError {
    /// It is larger than any receipt.
    #[error("it has {0} bytes; a receipt has at most {RECEIPT_BYTES}")]
    Large(usize),
    /// It is not JSON of the expected form.
    #[error("it cannot be read: {0}")]
    Json(String),
    /// It is another version, or another kind of file.
    #[error("it has the format \"{found}\", but this version of bouya reads \"{expected}\"")]
    Format {
        /// Its own.
        found: String,
        /// The one that is read here.
        expected: &'static str,
    },
    /// A field that cannot be read.
    #[error("its field {0} cannot be read")]
    Field(&'static str),
    /// More than anybody follows.
    #[error("it tells of {0} changes of the members; at most {HANDOVERS_WALKED} are followed")]
    Handovers(usize),
    /// It has valid values in another form.
    #[error("its form was changed after it was made; get the receipt again")]
    Form,
}

/// A receipt. The text is to be kept as it is: docs/PROTOCOL.md, section 18, says what it proves and how.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Receipt))]
pub struct File {
    #[cfg_attr(feature = "schema", schema(pattern = "^bouya receipt 2$"))]
    format: String,
    /// The network's id.
    network: String,
    /// The transaction: Borsh, as hex.
    transaction: String,
    /// The steps from the transaction to the root of its block's body.
    path: Vec<String>,
    /// The header of the block before: Borsh, as hex.
    before: String,
    /// The block's header: Borsh, as hex.
    block: String,
    /// What leads to a later block; null if the block is itself the one to be trusted.
    above: Option<AboveFile>,
    /// What makes the last block final; null if it is not.
    finality: Option<FinalityFile>,
    /// What became of a deployment or a call; absent if the transaction is neither, or if the node no longer had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<OutcomeFile>,
}

/// What leads from a transaction's block to a later one, the anchor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ReceiptAbove))]
pub struct AboveFile {
    work: String,
    path: Vec<String>,
    after: Option<UnderFile>,
    last: Option<UnderFile>,
    /// Its header: Borsh, as hex.
    anchor: String,
}

/// A block under the anchor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ReceiptUnder))]
pub struct UnderFile {
    /// Its header: Borsh, as hex.
    header: String,
    work: String,
    path: Vec<String>,
}

/// What makes a block final.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ReceiptFinality))]
pub struct FinalityFile {
    /// What leads from the voters that the definition lists to those who signed.
    handovers: Vec<String>,
    /// Their votes: Borsh, as hex.
    certificate: String,
}

/// What leads from what became of a deployment or a call to its block.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ReceiptOutcome))]
pub struct OutcomeFile {
    /// Output, payments and events, or that it failed: Borsh, as hex.
    done: String,
    /// The steps from the outcome to the root over those of its block.
    path: Vec<String>,
    /// Hash of the rows that the block changes.
    writes: String,
    /// Hash of all rows after it.
    state: String,
    /// What the block says of the members after it.
    roster: String,
}

/// The text of a receipt's file.
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
        finality: receipt.finality.as_ref().map(|finality| FinalityFile {
            handovers: finality.handovers.iter().map(hex).collect(),
            certificate: hex(&finality.certificate),
        }),
        outcome: receipt.outcome.as_ref().map(|outcome| OutcomeFile {
            done: hex(&outcome.done),
            path: steps(&outcome.path),
            writes: outcome.writes.to_string(),
            state: outcome.state.to_string(),
            roster: outcome.roster.to_string(),
        }),
    };
    // Strings and lists always encode.
    serde_json::to_string(&file).unwrap_or_default()
}

/// Reads a receipt's file; white space around it does not matter.
pub fn read(text: &str) -> Result<Receipt, FormError> {
    let file: File = parse(text)?;
    check_format(&file.format, FORMAT)?;
    let receipt = Receipt {
        network: file.network.parse().map_err(|_| FormError::Field("network"))?,
        transaction: from_hex::<Transaction>(&file.transaction, "transaction")?,
        path: from_steps(&file.path)?,
        before: from_hex(&file.before, "before")?,
        block: from_hex(&file.block, "block")?,
        above: file.above.map(read_above).transpose()?,
        finality: file.finality.map(|file| read_finality(&file.handovers, &file.certificate)).transpose()?,
        outcome: file.outcome.map(read_outcome).transpose()?,
    };
    if write(&receipt) != text.trim() {
        return Err(FormError::Form);
    }
    Ok(receipt)
}

/// What a receipt is about.
pub struct About {
    /// The network's id.
    pub network: Hash,
    /// The transaction.
    pub transaction: Transaction,
    /// What became of it.
    pub outcome: Option<OutcomeProof>,
}

/// What a receipt is about, in whatever form a program has written it anew. Nothing else of it is read and nothing checked, so this proves nothing.
pub fn about(text: &str) -> Result<About, FormError> {
    let file: File = parse(text)?;
    check_format(&file.format, FORMAT)?;
    let network = file.network.parse().map_err(|_| FormError::Field("network"))?;
    let transaction = from_hex(&file.transaction, "transaction")?;
    // One that cannot be read shows nothing.
    Ok(About { network, transaction, outcome: file.outcome.and_then(|file| read_outcome(file).ok()) })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, FormError> {
    if text.len() > RECEIPT_BYTES {
        return Err(FormError::Large(text.len()));
    }
    serde_json::from_str(text).map_err(|error| FormError::Json(clip(&error.to_string())))
}

fn check_format(found: &str, expected: &'static str) -> Result<(), FormError> {
    if found == expected { Ok(()) } else { Err(FormError::Format { found: clip(found), expected }) }
}

/// Shortens a text that an error quotes from a file, which may be one long word.
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

fn read_outcome(file: OutcomeFile) -> Result<OutcomeProof, FormError> {
    let hash = |text: &str, name| text.parse().map_err(|_| FormError::Field(name));
    Ok(OutcomeProof {
        done: from_hex(&file.done, "done")?,
        path: from_steps(&file.path)?,
        writes: hash(&file.writes, "writes")?,
        state: hash(&file.state, "state")?,
        roster: hash(&file.roster, "roster")?,
    })
}

/// What makes a block final, from texts in hex.
pub fn read_finality(handovers: &[String], certificate: &str) -> Result<Finality, FormError> {
    if handovers.len() > HANDOVERS_WALKED {
        return Err(FormError::Handovers(handovers.len()));
    }
    let handovers = handovers.iter().map(|text| from_hex(text, "handovers")).collect::<Result<_, _>>()?;
    Ok(Finality { handovers, certificate: from_hex(certificate, "certificate")? })
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

/// The hex digits of a value's encoding.
pub fn hex<T: borsh::BorshSerialize>(value: &T) -> String {
    HEXLOWER.encode(&encode(value))
}

/// A value from them; `name` is the field's.
pub fn from_hex<T: borsh::BorshDeserialize>(text: &str, name: &'static str) -> Result<T, FormError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| FormError::Field(name))?;
    decode(&bytes, name).map_err(|_| FormError::Field(name))
}

/// A step is `L` or `R`, which is the sibling's side, followed by the sibling's hash.
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
    if steps.len() > RECEIPT_STEPS {
        return Err(FormError::Field("path"));
    }
    steps.iter().map(step).collect::<Option<_>>().ok_or(FormError::Field("path"))
}
