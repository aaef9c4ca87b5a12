//! Final proofs: `final proof` makes one, and `receipt verify` judges it.

use std::path::Path;

use bouya_core::ledger::{FinalError, FinalProof, Genesis};
use serde_json::json;

use crate::clock::rfc3339;
use crate::config::NetworkFile;
use crate::files;
use crate::http::views::FinalCertificate;
use bouya_client::receipt::{final_proof, from_hex, read_finality};

use super::client::Client;
use super::error::Error;
use super::output::{Output, note};
use super::receipt::{another, final_json, header_json, is_final, needs_definition};

pub(super) fn get(path: Option<&Path>, client: &Client, out: &mut Output) -> Result<(), Error> {
    let wrong =
        |error: &dyn std::fmt::Display| Error::Failed(format!("the node gave a wrong proof: {error}"));
    let network = client.status()?.network.id;
    let newest: FinalCertificate = client.get("/v1/finality/certificate")?.read()?;
    let Some(handovers) = newest.handovers else {
        return Err(Error::Failed(format!(
            "this node cannot prove it: {}. Ask another member's node",
            newest.missing.unwrap_or_default()
        )));
    };
    let proof = FinalProof {
        network: network.parse().map_err(|error| wrong(&error))?,
        header: from_hex(&newest.header, "header").map_err(|error| wrong(&error))?,
        finality: read_finality(&handovers, &newest.certificate).map_err(|error| wrong(&error))?,
    };
    proof.check().map_err(|error| wrong(&error))?;
    keep(&proof, path, out)
}

/// The proof of a set of members: what it has made final.
pub(super) fn of_members(
    height: u64,
    path: Option<&Path>,
    client: &Client,
    out: &mut Output,
) -> Result<(), Error> {
    let wrong =
        |error: &dyn std::fmt::Display| Error::Failed(format!("the node gave a wrong proof: {error}"));
    let answer = client.get(&format!("/v1/members/history/{height}/proof"))?;
    let proof = final_proof::read(answer.text()).map_err(|error| wrong(&error))?;
    proof.check().map_err(|error| wrong(&error))?;
    keep(&proof, path, out)
}

fn keep(proof: &FinalProof, path: Option<&Path>, out: &mut Output) -> Result<(), Error> {
    let text = final_proof::write(proof);
    let Some(path) = path else { return out.raw(text) };
    files::create(path, files::PUBLIC, text.as_bytes()).map_err(|error| {
        Error::Failed(format!("cannot write {}: {error}; choose another --out", path.display()))
    })?;
    note(&format!(
        "{} is about block {} ({}). Who verifies it needs the network's definition:\n  \
         bouya receipt verify {} --network network.toml",
        path.display(),
        proof.header.height,
        proof.header.id(),
        files::quoted(path)
    ));
    Ok(())
}

/// Judges a proof that was checked without the definition.
pub(super) fn verify(
    proof: &FinalProof,
    network: Option<&NetworkFile>,
    out: &mut Output,
) -> Result<(), Error> {
    let header = &proof.header;
    let judged = match network {
        None => Err(Error::Failed(format!(
            "not proven: anyone could have made this proof, and the block in it. {}",
            needs_definition(header.height)
        ))),
        Some(NetworkFile { genesis, .. }) => match proof.check_final(genesis) {
            Ok(sets) => Ok((genesis.spec.name.as_str(), sets)),
            Err(error) => Err(refused(genesis, &error)),
        },
    };
    let finality = Some(&proof.finality);
    if out.json {
        let finality = judged.as_ref().ok().map(|(name, sets)| final_json(name, sets, finality));
        out.raw(json!({ "proven": judged.is_ok(), "block": header_json(header), "final": finality }))?;
        return judged.map(drop);
    }
    let (name, sets) = judged?;
    let block = format!("block {} ({})", header.height, header.id());
    out.line(format!(
        "PROVEN: {}\n\
         sealed by    {}\n\
         time         {} as its miner claims",
        is_final(&block, name, &sets, finality),
        header.miner,
        rfc3339(header.time)
    ))
}

fn refused(genesis: &Genesis, error: &FinalError) -> Error {
    let name = genesis.spec.name.as_str();
    let next = match error {
        FinalError::Network { .. } => "give that network's network.toml".to_owned(),
        _ => another(genesis),
    };
    Error::Failed(format!("it is not proven by the definition of the network {name:?}: {error}; {next}"))
}
