//! `agree`: documents that several parties sign or refuse, one by one.

use std::path::PathBuf;

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Proposal, Response};
use bouya_core::limits::PARTIES;
use bouya_core::time::Timestamp;
use clap::{Args, Subcommand};
use comfy_table::Cell;

use crate::clock::{parse_rfc3339, rfc3339, wall};
use crate::http::views::{Agreement, AgreementStatus, Moment, PartyAnswer};
use crate::short::Named;

use super::client::Client;
use super::document;
use super::error::Error;
use super::node::PageOptions;
use super::output::{Output, cell, note, or_dash, times_good_to};
use super::parse::{self, WalletsOption};
use super::submit::{Signer, Signing};

pub(crate) const EXAMPLES: &str = "\
The proposer signs by proposing. An agreement is effective once all parties
have signed, refused once one of them refuses, and expired if the deadline
passes first. `propose` prints the agreement's id; its JSON also has the
transaction's. Send the file to the parties yourself: the ledger holds only
its SHA-256.

Examples:
  bouya agree propose --from alice --title \"Lease 2027\" \\
    --document lease.pdf --party bob --party bouya1… --deadline 14d
  bouya agree list --party alice --status open
  bouya agree show 5f0c21aa…9e31
  bouya agree sign 5f0c21aa --from bob --document lease.pdf
  bouya agree refuse 5f0c21aa --from carol
  bouya agree withdraw 5f0c21aa --from alice";

#[derive(Debug, Subcommand)]
pub(crate) enum AgreeCommand {
    /// Propose an agreement on a document
    #[command(
        override_usage = "bouya agree propose --from <WALLET> --title <TEXT> --party <ADDRESS>\n         --deadline <TIME> <--document <FILE>|--document-hash <HASH>> [OPTIONS]",
        after_help = "Examples:\n  bouya agree propose --from alice --title \"Lease 2027\" \\\n    --document lease.pdf --party bob --party carol --deadline 14d"
    )]
    Propose(Propose),
    /// Sign an agreement
    #[command(
        after_help = "Examples:\n  bouya agree sign 5f0c21aa --from bob --document lease.pdf\n  bouya agree sign 5f0c21aa --from bob --document lease.pdf --wait final"
    )]
    Sign(Answer),
    /// Refuse an agreement, which ends it
    #[command(after_help = "Example:\n  bouya agree refuse 5f0c21aa --from carol")]
    Refuse(Answer),
    /// Withdraw a proposal that nobody else has signed yet
    #[command(after_help = "Example:\n  bouya agree withdraw 5f0c21aa --from alice")]
    Withdraw(Withdraw),
    /// Show an agreement, and who answered when
    #[command(
        after_help = "Examples:\n  bouya agree show 5f0c21aa…9e31\n  bouya agree show 5f0c21aa --confirmations 12"
    )]
    Show(Show),
    /// List agreements, newest first
    #[command(after_help = "Example:\n  bouya agree list --party alice --status open")]
    List(List),
}

#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// Its title
    #[arg(long, value_name = "TEXT")]
    title: String,
    #[command(flatten)]
    document: Document,
    /// Who must sign besides you: an address, contact or wallet; may be given several times
    #[arg(long = "party", required = true, value_name = "ADDRESS")]
    parties: Vec<String>,
    /// Last moment for answers: a time like 2026-12-24T12:00:00Z, or a span like 48h or 14d
    #[arg(long, value_name = "TIME", value_parser = parse::deadline)]
    deadline: Timestamp,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Document {
    /// The document
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// The document's SHA-256
    #[arg(long, value_name = "HASH", value_parser = parse::hash)]
    document_hash: Option<Hash>,
}

#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// The agreement's id, whole or shortened
    #[arg(value_parser = parse::named)]
    id: Named,
    /// Your copy of the document, to check that the agreement is about it
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// The agreement's id, whole or shortened
    #[arg(value_parser = parse::named)]
    id: Named,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The agreement's id, whole or shortened
    #[arg(value_parser = parse::named)]
    id: Named,
    /// How many confirmations make a status settled
    #[arg(long, value_name = "N", default_value_t = 6)]
    confirmations: u64,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that this address, contact or wallet is a party to
    #[arg(long, value_name = "ADDRESS")]
    party: Option<String>,
    /// Only those about this document
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Only those about the document with this SHA-256
    #[arg(long, value_name = "HASH", value_parser = parse::named, conflicts_with = "document")]
    document_hash: Option<Named>,
    /// Only those with this status
    #[arg(long, value_name = "STATUS")]
    status: Option<AgreementStatus>,
    #[command(flatten)]
    page: PageOptions,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn run(command: AgreeCommand, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        AgreeCommand::Propose(options) => propose(&options, client, out),
        AgreeCommand::Sign(options) => answer(&options, Response::Sign, client, out),
        AgreeCommand::Refuse(options) => answer(&options, Response::Refuse, client, out),
        AgreeCommand::Withdraw(options) => withdraw(&options, client, out),
        AgreeCommand::Show(options) => show(&options, client, out),
        AgreeCommand::List(options) => list(&options, client, out),
    }
}

fn propose(options: &Propose, client: &Client, out: &mut Output) -> Result<(), Error> {
    let document = match (&options.document.document, options.document.document_hash) {
        (Some(path), _) => document::hash(path)?,
        (None, hash) => hash.unwrap_or(Hash::ZERO),
    };
    if options.deadline <= wall() {
        return Err(Error::Usage(format!("--deadline {} has passed already", rfc3339(options.deadline))));
    }
    let title = parse::text("--title", &options.title)?;
    let signer = Signer::open(&options.signing, client)?;
    let parties = options.parties.iter().map(|party| parse::address(party, &signer.wallets));
    let parties: Bounded<_, PARTIES> = parties
        .collect::<Result<Vec<_>, _>>()?
        .try_into()
        .map_err(|error| Error::Usage(format!("too many --party: {error}")))?;
    let mut lines = vec![
        ("title", options.title.clone()),
        ("document", document.to_string()),
        ("deadline", rfc3339(options.deadline)),
    ];
    lines.extend(parties.iter().map(|party| ("party", party.to_string())));
    let action = Action::Propose(Proposal { title, document, parties, deadline: options.deadline });
    signer.submit(action, &lines, "Sign and propose it?", out)
}

fn answer(options: &Answer, response: Response, client: &Client, out: &mut Output) -> Result<(), Error> {
    let signer = Signer::open(&options.signing, client)?;
    let (id, agreement) = meant(client, &options.id)?;
    let own = signer.wallet.address().to_string();
    let party = agreement.parties.iter().find(|party| party.address == own).ok_or_else(|| {
        Error::Failed(format!("wallet {} ({own}) is not a party to this agreement", signer.wallet.name()))
    })?;
    if let Some(answer) = party.answer {
        return Err(Error::Failed(format!(
            "wallet {} has already {answer}; the first answer counts",
            signer.wallet.name()
        )));
    }
    still_open(&agreement)?;
    let hash: Hash = agreement
        .document
        .parse()
        .map_err(|error| Error::Failed(format!("the node names no document: {error}")))?;
    if let Some(path) = &options.document {
        let found = document::hash(path)?;
        if found != hash {
            return Err(Error::Failed(format!(
                "{} has SHA-256 {found}, but the agreement is about {hash}: this is another document",
                path.display()
            )));
        }
    }
    let lines = summary(&agreement);
    let question = match response {
        Response::Sign => "Sign it?",
        Response::Refuse => "Refuse it? This ends it.",
    };
    let action = Action::Respond { agreement: id, document: hash, response };
    signer.submit(action, &lines, question, out)
}

fn withdraw(options: &Withdraw, client: &Client, out: &mut Output) -> Result<(), Error> {
    let signer = Signer::open(&options.signing, client)?;
    let (id, agreement) = meant(client, &options.id)?;
    if agreement.proposer != signer.wallet.address().to_string() {
        return Err(Error::Failed(format!("only its proposer can withdraw it: {}", agreement.proposer)));
    }
    still_open(&agreement)?;
    if agreement.parties.iter().any(|party| party.answer.is_some()) {
        return Err(Error::Failed("somebody has signed already, so it cannot be withdrawn".into()));
    }
    let action = Action::Withdraw { agreement: id };
    signer.submit(action, &summary(&agreement), "Withdraw it?", out)
}

/// The agreement that is meant, with its whole id: that one is signed, and the node must not put another in its place.
fn meant(client: &Client, named: &Named) -> Result<(Hash, Agreement), Error> {
    let agreement: Agreement = client.get(&format!("/v1/agreements/{named}"))?.read()?;
    let id = agreement.id.parse().ok().filter(|id| named.fits(id));
    let id = id.ok_or_else(|| {
        Error::Failed(format!(
            "the node answers with agreement {}, not with {named}; compare bouya --version with the node's",
            agreement.id
        ))
    })?;
    Ok((id, agreement))
}

/// An answer that would have no effect is not sent.
fn still_open(agreement: &Agreement) -> Result<(), Error> {
    if agreement.status != AgreementStatus::Open {
        return Err(Error::Failed(format!("it is {}: an answer would have no effect", agreement.status)));
    }
    if parse_rfc3339(&agreement.deadline).is_some_and(|deadline| deadline < wall()) {
        return Err(Error::Failed(format!("its deadline {} has passed", agreement.deadline)));
    }
    Ok(())
}

fn summary(agreement: &Agreement) -> Vec<(&'static str, String)> {
    vec![
        ("agreement", agreement.id.clone()),
        ("title", agreement.title.clone()),
        ("document", agreement.document.clone()),
        ("proposer", agreement.proposer.clone()),
        ("deadline", agreement.deadline.clone()),
    ]
}

fn show(options: &Show, client: &Client, out: &mut Output) -> Result<(), Error> {
    let query = [("confirmations", options.confirmations.to_string())];
    let answer = client.get_with(&format!("/v1/agreements/{}", options.id), &query)?;
    out.show(&answer, |out, agreement: Agreement| {
        let mut standing = agreement.status.to_string();
        if agreement.status != AgreementStatus::Open && agreement.finalized {
            standing.push_str(", final");
        } else if may_change(&agreement) {
            standing.push_str(&format!(", may still change ({} deep)", agreement.confirmations));
        }
        out.pairs(vec![
            ("agreement", cell(&agreement.id)),
            ("title", cell(&agreement.title)),
            ("status", cell(standing)),
            ("document", cell(&agreement.document)),
            ("deadline", cell(out.when(&agreement.deadline))),
        ])?;
        let mut rows = vec![who(out, &agreement.proposer, "proposed", Some(&agreement.proposed))];
        for party in &agreement.parties {
            let answer = party.answer.map_or_else(|| "not yet answered".to_owned(), |said| said.to_string());
            let answer = if party.late { format!("{answer}, too late") } else { answer };
            rows.push(who(out, &party.address, &answer, party.at.as_ref()));
        }
        if let Some(at) = &agreement.withdrawal {
            let in_vain = agreement.status != AgreementStatus::Withdrawn;
            let said = if in_vain { "withdrawn, without effect" } else { "withdrawn" };
            rows.push(who(out, &agreement.proposer, said, Some(at)));
        }
        out.line("")?;
        out.table(&["WHO", "ANSWER", "WHEN", "BLOCK", "TRANSACTION"], rows)?;
        note(&times_good_to(client.status()?.network.interval_ms));
        Ok(())
    })
}

/// One row: who answered what, and when.
fn who(out: &Output, address: &str, said: &str, at: Option<&Moment>) -> Vec<Cell> {
    vec![
        cell(out.short(address)),
        cell(said),
        or_dash(at.map(|at| out.when(&at.time))),
        or_dash(at.map(|at| at.height)),
        or_dash(at.map(|at| out.short(&at.transaction))),
    ]
}

/// Whether a decision was made that a reorganisation could still undo.
fn may_change(agreement: &Agreement) -> bool {
    agreement.status != AgreementStatus::Open && !agreement.settled && !agreement.finalized
}

fn list(options: &List, client: &Client, out: &mut Output) -> Result<(), Error> {
    let mut query = options.page.query();
    if let Some(party) = &options.party {
        query.push(("party", parse::address(party, &options.wallets.open()?)?.to_string()));
    }
    let hash = match &options.document {
        Some(path) => Some(document::hash(path)?.to_string()),
        None => options.document_hash.as_ref().map(ToString::to_string),
    };
    query.extend(hash.map(|hash| ("document", hash)));
    query.extend(options.status.map(|status| ("status", status.to_string())));
    let answer = client.page("/v1/agreements", &query)?;
    let header = ["ID", "STATUS", "SIGNED", "DEADLINE", "PROPOSER", "TITLE"];
    let empty = "No agreements found. To propose one: bouya agree propose --help";
    out.page(&answer, empty, &header, |out, agreement: &Agreement| {
        let signed = agreement.parties.iter().filter(|party| party.answer == Some(PartyAnswer::Signed));
        let mark = if may_change(agreement) { "?" } else { "" };
        vec![
            cell(out.short(&agreement.id)),
            cell(format!("{}{mark}", agreement.status)),
            cell(format!("{} of {}", signed.count(), agreement.parties.len())),
            cell(out.when(&agreement.deadline)),
            cell(out.short(&agreement.proposer)),
            cell(&agreement.title),
        ]
    })
}
