//! `receipt`: proofs that need no node.

use std::path::{Path, PathBuf};

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Address, Coin, FinalError, Genesis, Header, Member, Proof, Sets};
use bouya_core::limits::RECEIPT_BYTES;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::config::{NetworkFile, OverrideFile};
use bouya_client::receipt;

use super::contract::messages::{AbiOption, Messages};
use super::document;
use super::error::Error;
use super::final_proof;
use super::output::Output;
use super::parse;

mod fetch;
mod outcome;
mod signed;
mod what;

pub(crate) use fetch::{Get, Renew, get, renew};
pub(super) use signed::{final_json, is_final, unless};
use what::what;

pub(crate) const EXAMPLES: &str = "\
`verify` needs no node and no network.

Examples:
  bouya receipt get 5f0c21aa --out lease.receipt
  bouya receipt renew lease.receipt
  bouya receipt verify lease.receipt --network network.toml";

const VERIFY_EXAMPLES: &str = "\
With network.toml nothing else is needed: it lists the members, and a receipt
that was made once its block was final holds the signatures of enough of them.
Have the file from your own node or a member, not from whoever sent the receipt.

Without those signatures, trust the hash of a later block that you have your own
reason to trust: your node shows it (bouya block show latest), a counterparty
told you, or a newspaper printed it. The receipt must end at that block: get it
with --under HASH. Exit codes: 0 proven, 1 not proven.

Examples:
  bouya receipt verify lease.receipt --document lease.pdf \\
    --network network.toml
  bouya receipt verify acme.final --network network.toml   # bouya final proof
  bouya receipt verify lease.receipt --document lease.pdf --trust \\
    7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e7c1e";

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Fetch a confirmed transaction's receipt from the node
    #[command(after_help = fetch::GET_EXAMPLES)]
    Get(Get),
    /// Fetch a newer receipt of an older one's transaction, even from a node that has pruned it
    #[command(after_help = fetch::RENEW_EXAMPLES)]
    Renew(Renew),
    /// Verify a receipt or a final proof offline, and show what it proves
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file of a receipt, or of a final proof
    file: PathBuf,
    /// The network's definition
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// The network's overrides, if it has any
    #[arg(long = "override", value_name = "FILE", requires = "network")]
    overrides: Option<PathBuf>,
    /// Instead of it, the hash of a block that you trust
    #[arg(long, value_name = "HASH", value_parser = parse::hash, conflicts_with = "network")]
    trust: Option<Hash>,
    /// The document that was recorded, proposed or signed
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    #[command(flatten)]
    abi: AbiOption,
}

/// Why the receipt's last block can be relied on.
enum Ground {
    /// The verifier trusts it.
    Trusted,
    /// The last of these sets of the network's voters made it final.
    Final { network: String, coin: Coin, sets: Sets },
}

impl Ground {
    fn coin(&self) -> Option<&Coin> {
        match self {
            Self::Trusted => None,
            Self::Final { coin, .. } => Some(coin),
        }
    }
}

pub(crate) fn verify(options: &Verify, out: &mut Output) -> Result<(), Error> {
    let network = definition(options)?;
    let bytes = document::read(&options.file, RECEIPT_BYTES)?;
    let shown = options.file.display();
    let refused = |why: &dyn std::fmt::Display| {
        Error::Failed(format!("{shown} proves nothing: {why}. Ask the sender for another one"))
    };
    let text = String::from_utf8(bytes).map_err(|error| refused(&error))?;
    if receipt::final_proof::is_one(&text) {
        let proof = receipt::final_proof::read(&text).map_err(|error| refused(&error))?;
        proof.check().map_err(|error| refused(&error))?;
        if options.trust.is_some() || options.document.is_some() {
            return Err(Error::Usage(format!(
                "{shown} is about a block alone, and only the network's definition proves it: leave out --trust and --document, and give --network"
            )));
        }
        return final_proof::verify(&proof, network.as_ref(), out);
    }
    let proof =
        receipt::read(&text).map_err(|error| refused(&error))?.check().map_err(|error| refused(&error))?;
    let matches = options.document.as_deref().map(|path| check_document(path, &proof)).transpose()?;
    let messages = outcome::messages(&options.abi, &proof)?;
    let ground = match (&network, options.trust) {
        (Some(network), _) => by_definition(network, &proof),
        (None, Some(trust)) => by_hash(trust, &proof),
        (None, None) => Err(groundless(&proof)),
    };
    if out.json {
        out.raw(to_json(&proof, ground.as_ref().ok(), matches))?;
        return ground.map(drop);
    }
    for line in claims(&proof, ground.as_ref().ok(), matches) {
        out.line(line)?;
    }
    out.line(standing(&proof, &ground?, messages.as_ref()))
}

/// The network's definition, with its overrides.
fn definition(options: &Verify) -> Result<Option<NetworkFile>, Error> {
    let Some(path) = &options.network else { return Ok(None) };
    let network = NetworkFile::load(path)?;
    let Some(path) = &options.overrides else { return Ok(Some(network)) };
    let file = OverrideFile::load(path).map_err(|mistakes| mistakes.of(path))?;
    let overrides = file.of(&network.genesis.id())?;
    Ok(Some(network.trusting(None, overrides)))
}

/// What to do about a receipt that was not made final by the members that the verifier knows of.
pub(super) fn another(genesis: &Genesis) -> String {
    let next = "ask the sender for another one".to_owned();
    match genesis.rules.overrides.hash() {
        Some(_) => next,
        None => format!(
            "{next}, or, if the members were once decided by hand, give that file: --override override.toml"
        ),
    }
}

fn by_definition(network: &NetworkFile, proof: &Proof) -> Result<Ground, Error> {
    let name = network.genesis.spec.name.as_str();
    let id = proof.transaction.id();
    let (error, next) = match proof.check_final(&network.genesis) {
        Ok(sets) => {
            let coin = network.genesis.spec.coin.clone();
            return Ok(Ground::Final { network: name.to_owned(), coin, sets });
        }
        Err(error @ FinalError::Absent) => (
            error,
            format!(
                "get it again once its block is final: bouya receipt get {id}; or name a block that you trust: --trust HASH"
            ),
        ),
        Err(error @ FinalError::Network { .. }) => (error, "give that network's network.toml".to_owned()),
        Err(error @ (FinalError::Certificate(_) | FinalError::Handover { .. })) => {
            (error, another(&network.genesis))
        }
    };
    Err(Error::Failed(format!(
        "the receipt is not proven by the definition of the network {name:?}: {error}; {next}"
    )))
}

fn by_hash(trust: Hash, proof: &Proof) -> Result<Ground, Error> {
    if trust == proof.anchor_id {
        return Ok(Ground::Trusted);
    }
    Err(Error::Failed(format!(
        "the receipt ends at block {} ({}), not at {trust}, which you trust: either it comes from a privately mined chain, or it was made for another block; \
         get one for yours with: bouya receipt get {} --under {trust}",
        proof.anchor.height,
        proof.anchor_id,
        proof.transaction.id()
    )))
}

/// What to do without a definition and without a hash.
fn groundless(proof: &Proof) -> Error {
    let (signer, height) = (Address::of(&proof.transaction.sender), proof.anchor.height);
    let next = match proof.finality {
        Some(_) => needs_definition(height),
        None => format!(
            "It says that it ends at block {height}. Get that block's hash from someone you trust, not from the receipt: \
             from your own node (bouya block show {height}), or from a member by phone; then give it: --trust HASH"
        ),
    };
    Error::Failed(format!(
        "signed by {signer}, but not proven to be on any chain: anyone could have made this receipt, and the block in it. {next}"
    ))
}

pub(super) fn needs_definition(height: u64) -> String {
    format!(
        "It says that the network's members made block {height} final. To check that, give the network's definition, \
         from your own node or a member, not from the sender: --network network.toml"
    )
}

/// The document that a transaction is about.
fn about(proof: &Proof) -> Option<Hash> {
    match &proof.transaction.action {
        Action::Record { content, .. } => Some(content.hash()),
        Action::Propose(proposal) => Some(proposal.document),
        Action::Respond { document, .. } => Some(*document),
        _ => None,
    }
}

fn check_document(path: &Path, proof: &Proof) -> Result<Hash, Error> {
    let found = document::hash(path)?;
    match about(proof) {
        Some(expected) if expected == found => Ok(found),
        Some(expected) => Err(Error::Failed(format!(
            "{} has SHA-256 {found}, but the transaction is about {expected}: this is another document",
            path.display()
        ))),
        None => Err(Error::Failed("the transaction is not about a document; leave out --document".into())),
    }
}

/// What was signed. This holds whatever block the receipt ends at; only whom the signer governs is known from the members.
fn claims(proof: &Proof, ground: Option<&Ground>, matches: Option<Hash>) -> Vec<String> {
    let transaction = &proof.transaction;
    let governs = ground.and_then(|ground| governed(proof, ground));
    let mut lines = vec![
        format!("transaction  {}", transaction.id()),
        format!("signed by    {} (key {})", transaction.payer(), transaction.sender),
        format!("which        {}", what(&transaction.action, ground.and_then(Ground::coin))),
    ];
    lines.extend(governs.map(|member| format!("             the governor of {} then", called(member))));
    lines.extend(transaction.agreement().map(|id| format!("agreement    {id}")));
    lines.extend(matches.map(|hash| format!("document     matches: SHA-256 {hash}")));
    lines
}

/// The member that the signer spoke for when the block was made.
fn governed<'a>(proof: &Proof, ground: &'a Ground) -> Option<&'a Member> {
    match ground {
        Ground::Trusted => None,
        Ground::Final { sets, .. } => {
            sets.before(proof.block.height).roster().by_governor(&proof.transaction.payer())
        }
    }
}

/// A member's id, and what people call it.
fn called(member: &Member) -> String {
    match member.name.as_str() {
        "" => member.id.to_string(),
        name => format!("{} ({name})", member.id),
    }
}

/// What the last block proves in addition.
fn standing(proof: &Proof, ground: &Ground, messages: Option<&Messages>) -> String {
    let when = |header: &Header| rfc3339(header.time);
    let after = match &proof.after {
        Some(after) => {
            format!("and before {} (block {}, sealed by {})", when(after), after.height, after.miner)
        }
        None => "with no later block to bound it".to_owned(),
    };
    let became = messages.map(|messages| outcome::lines(proof, messages, ground.coin())).unwrap_or_default();
    let became: String = became.iter().map(|line| format!("\n{line}")).collect();
    format!(
        "PROVEN, because {}\n\
         it is in block {} ({}), sealed by {}\n\
         time         {} as that block's miner claims; after {} (block {}, sealed by {}) {after}, as their miners claim (block times are good to about a minute at intervals of 2 to 30 s)\n\
         work         {} hashes expected for the {} blocks from its own to that one{became}",
        because(proof, ground),
        proof.block.height,
        proof.block.id(),
        proof.block.miner,
        when(&proof.block),
        when(&proof.before),
        proof.before.height,
        proof.before.miner,
        proof.work,
        proof.anchor.height - proof.block.height + 1,
    )
}

fn because(proof: &Proof, ground: &Ground) -> String {
    let block = format!("block {} ({})", proof.anchor.height, proof.anchor_id);
    match ground {
        Ground::Trusted => format!("you trust {block}:"),
        Ground::Final { network, sets, .. } => is_final(&block, network, sets, proof.finality.as_ref()),
    }
}

fn to_json(proof: &Proof, ground: Option<&Ground>, document: Option<Hash>) -> String {
    let finality = match ground {
        Some(Ground::Final { network, sets, .. }) => final_json(network, sets, proof.finality.as_ref()),
        _ => json!(null),
    };
    json!({
        "proven": ground.is_some(),
        "transaction": proof.transaction.id().to_string(),
        "sender": {
            "address": proof.transaction.payer().to_string(),
            "key": proof.transaction.sender.to_string(),
            "governs": ground.and_then(|ground| governed(proof, ground)).map(|member| json!({ "id": member.id.as_str(), "name": member.name.as_str() })),
        },
        "what": what(&proof.transaction.action, ground.and_then(Ground::coin)),
        "agreement": proof.transaction.agreement().map(|id| id.to_string()),
        "document": document.map(|hash| hash.to_string()),
        "outcome": proof.outcome.as_ref().map(outcome::to_json),
        "before": header_json(&proof.before),
        "block": header_json(&proof.block),
        "after": proof.after.as_ref().map(header_json),
        "anchor": header_json(&proof.anchor),
        "final": finality,
        "work": proof.work.to_string(),
    })
    .to_string()
}

pub(super) fn header_json(header: &Header) -> Value {
    json!({
        "height": header.height,
        "hash": header.id().to_string(),
        "time": rfc3339(header.time),
        "miner": header.miner.to_string(),
    })
}
