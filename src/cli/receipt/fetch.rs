//! `receipt get` and `receipt renew`: what a node proves.

use std::path::{Path, PathBuf};

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Proof, Receipt};
use bouya_core::limits::RECEIPT_BYTES;
use clap::Args;

use super::super::client::{Answer, Client};
use super::super::document;
use super::super::error::Error;
use super::super::output::{Output, note};
use super::super::parse;
use crate::files::{self, PUBLIC};
use crate::http::views::FinalCertificate;
use crate::short::Named;
use bouya_client::receipt;

pub(super) const GET_EXAMPLES: &str = "\
Examples:
  bouya receipt get 5f0c21aa --out lease.receipt
  bouya receipt get 5f0c21aa --under 1200    # who verifies trusts block 1200";

pub(super) const RENEW_EXAMPLES: &str = "\
A receipt holds its transaction, so the node needs to have only what proves it:
one that keeps less gives receipts of what it has pruned in this way. The new
receipt leads to the newest final block, which today's members have signed.

Examples:
  bouya receipt renew lease.receipt              # in its place
  bouya receipt renew lease.receipt --out newer.receipt";

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The transaction's id, whole or shortened
    #[arg(value_parser = parse::named)]
    id: Named,
    /// The block that the verifier will trust: height, hash or latest [default: the newest final block, or latest if the transaction is above it]
    #[arg(long, value_name = "BLOCK", value_parser = parse::block_ref)]
    under: Option<String>,
    /// The file to write it to [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The file of the older receipt
    file: PathBuf,
    /// The block that the verifier will trust: height, hash or latest [default: the newest final block, or latest if the transaction is above it]
    #[arg(long, value_name = "BLOCK", value_parser = parse::block_ref)]
    under: Option<String>,
    /// A new file to write it to [default: in the place of the older one]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn get(options: &Get, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer =
        client.get_with(&format!("/v1/transactions/{}/receipt", options.id), &query(&options.under))?;
    let Some(path) = &options.out else { return out.raw(answer.text()) };
    let (_, proof) = check(&answer, |id| options.id.fits(id))?;
    files::create(path, PUBLIC, answer.text().as_bytes()).map_err(|error| unwritable(path, &error))?;
    note(&next_step(path, &proof, client));
    Ok(())
}

pub(crate) fn renew(options: &Renew, client: &Client) -> Result<(), Error> {
    let (path, old) = (&options.file, read(&options.file)?);
    let id = old.transaction.id();
    let answer = client.renew(&encode(&old.transaction), &query(&options.under))?;
    let (mut receipt, proof) = check(&answer, |found| *found == id)?;
    // The node may have pruned what became of a call.
    receipt.keep_outcome(old.outcome);
    let last = old.finality.as_ref().map(|finality| finality.certificate.link.source.height);
    let newest = proof.finality.as_ref().map(|_| proof.anchor.height);
    // Who names a block wants that one.
    if options.under.is_none() && newest < last {
        return Err(Error::Failed(format!(
            "{} stays as it is: it is proven by block {}, and this node has {}. Wait until bouya status says that it is up to date, or ask another node: --api",
            path.display(),
            last.unwrap_or_default(),
            newest.map_or("nothing that makes the transaction final".to_owned(), |newest| format!(
                "block {newest} as the newest final one"
            )),
        )));
    }
    let (written, text) = (options.out.as_ref().unwrap_or(path), receipt::write(&receipt));
    let done = match options.out {
        Some(_) => files::create(written, PUBLIC, text.as_bytes()),
        // Of two at once the later one stays. Both are right.
        None => files::replace(written, PUBLIC, text.as_bytes()),
    };
    done.map_err(|error| unwritable(written, &error))?;
    note(&next_step(written, &proof, client));
    Ok(())
}

/// The older receipt. Whether it proves anything does not matter: its transaction counts, and what it shows became of it is checked.
fn read(path: &Path) -> Result<Receipt, Error> {
    let refused = |why: &dyn std::fmt::Display| {
        Error::Failed(format!("{} is no receipt: {why}. Name the file of one", path.display()))
    };
    let text = String::from_utf8(document::read(path, RECEIPT_BYTES)?).map_err(|error| refused(&error))?;
    receipt::read(&text).map_err(|error| refused(&error))
}

fn query(under: &Option<String>) -> Vec<(&'static str, String)> {
    under.iter().map(|under| ("under", under.clone())).collect()
}

/// Checks what the node gave before it becomes a file.
fn check(answer: &Answer, is_asked: impl Fn(&Hash) -> bool) -> Result<(Receipt, Proof), Error> {
    let receipt = receipt::read(answer.text())
        .map_err(|error| Error::Failed(format!("the node gave no receipt: {error}")))?;
    let proof = receipt
        .clone()
        .check()
        .map_err(|error| Error::Failed(format!("the node gave a wrong receipt: {error}")))?;
    let id = proof.transaction.id();
    match is_asked(&id) {
        true => Ok((receipt, proof)),
        false => Err(Error::Failed(format!(
            "the node gave the receipt of {id}, which was not asked for; compare bouya --version with the node's"
        ))),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::Failed(format!("cannot write {}: {error}; choose another --out", path.display()))
}

/// How to verify a receipt that the node gave.
fn next_step(path: &Path, proof: &Proof, client: &Client) -> String {
    let (shown, file) = (path.display(), files::quoted(path));
    let end = format!("{shown} ends at block {} ({})", proof.anchor.height, proof.anchor_id);
    match proof.finality {
        Some(_) => format!(
            "{end}, which is final. Who verifies it needs the network's definition:\n  \
             bouya receipt verify {file} --network network.toml"
        ),
        None => format!(
            "{end}, as this node has it.{} Who verifies it needs that hash from somebody they trust:\n  \
             bouya receipt verify {file} --trust HASH",
            unproven(&proof.anchor_id, client)
        ),
    }
}

/// What the node lacks to prove that a block is final, if it has that block as the newest final one.
fn unproven(block: &Hash, client: &Client) -> String {
    let newest = client.get("/v1/finality/certificate").and_then(|answer| answer.read::<FinalCertificate>());
    let newest = newest.ok().filter(|newest| newest.source.hash == block.to_string());
    let Some(missing) = newest.and_then(|newest| newest.missing) else { return String::new() };
    format!(
        " The block is final, but the receipt does not prove it: {missing}. Another member's node may have it."
    )
}
