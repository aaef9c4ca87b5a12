//! Final proofs as files: a block and what makes it final, in exactly one form, as receipts are.

use bouya_core::ledger::FinalProof;
use serde::{Deserialize, Serialize};

use super::{FormError, check_format, from_hex, hex, parse, read_finality};

const FORMAT: &str = "bouya final 1";

/// A final proof. The text is to be kept as it is: docs/PROTOCOL.md, section 18, says what it proves and how.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = FinalProof))]
pub struct File {
    #[cfg_attr(feature = "schema", schema(pattern = "^bouya final 1$"))]
    format: String,
    /// The network's id.
    network: String,
    /// The block's header: Borsh, as hex.
    header: String,
    /// As in a receipt.
    handovers: Vec<String>,
    certificate: String,
}

/// Whether a file says that it is a final proof of some version, not a receipt.
pub fn is_one(text: &str) -> bool {
    text.trim_start().starts_with("{\"format\":\"bouya final ")
}

/// The text of a final proof's file.
pub fn write(proof: &FinalProof) -> String {
    let file = File {
        format: FORMAT.to_owned(),
        network: proof.network.to_string(),
        header: hex(&proof.header),
        handovers: proof.finality.handovers.iter().map(hex).collect(),
        certificate: hex(&proof.finality.certificate),
    };
    // Strings and lists always encode.
    serde_json::to_string(&file).unwrap_or_default()
}

/// Reads a final proof's file; white space around it does not matter.
pub fn read(text: &str) -> Result<FinalProof, FormError> {
    let file: File = parse(text)?;
    check_format(&file.format, FORMAT)?;
    let proof = FinalProof {
        network: file.network.parse().map_err(|_| FormError::Field("network"))?,
        header: from_hex(&file.header, "header")?,
        finality: read_finality(&file.handovers, &file.certificate)?,
    };
    if write(&proof) != text.trim() {
        return Err(FormError::Form);
    }
    Ok(proof)
}
