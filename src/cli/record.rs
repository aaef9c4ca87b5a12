//! `record`: data and documents' hashes, recorded under a topic.

use std::path::{Path, PathBuf};

use bouya_core::codec::Bounded;
use bouya_core::ledger::{Action, Content};
use bouya_core::limits::RECORD_BYTES;
use clap::{Args, Subcommand};

use crate::http::views::{Page, Record};
use crate::short::Named;

use super::client::{Answer, Client};
use super::document;
use super::error::Error;
use super::node::PageOptions;
use super::output::{Output, cell, note, times_good_to};
use super::parse::{self, WalletsOption};
use super::submit::{Signer, Signing};

pub(crate) const EXAMPLES: &str = "\
Records cannot be removed, and every member can read them. A receipt proves a
record offline: bouya receipt get ID

Examples:
  bouya record add --from alice --topic contracts --document lease.pdf
  bouya record add --from alice --topic prices --data \"wheat 212.50\"
  bouya record list --topic contracts --since 2026-11-01T00:00:00Z
  bouya record find --file lease.pdf     # who recorded it, and when?";

#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Record data or a document's hash under a topic
    #[command(
        override_usage = "bouya record add --from <WALLET> --topic <TOPIC>\n         <--data <TEXT>|--data-file <FILE>|--document <FILE>> [OPTIONS]",
        after_help = "Examples:\n  bouya record add --from alice --topic prices --data \"wheat 212.50\"\n  bouya record add --from alice --topic leases --document lease.pdf --wait final"
    )]
    Add(Add),
    /// List records, newest first
    #[command(after_help = "Example:\n  bouya record list --topic contracts --since 2026-11-01T00:00:00Z")]
    List(List),
    /// Find the records of a document or of data, by SHA-256
    #[command(
        after_help = "Examples:\n  bouya record find --file lease.pdf\n  bouya record find --hash 0123abcd…89ef"
    )]
    Find(Find),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The topic; you and your readers agree on its name
    #[arg(long, value_name = "TOPIC")]
    topic: String,
    #[command(flatten)]
    what: What,
    /// The document's name [default: the file's name]
    #[arg(long, value_name = "TEXT", requires = "document")]
    name: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// This text
    #[arg(long, value_name = "TEXT")]
    data: Option<String>,
    /// The content of this file, at most 8 KiB
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
    /// The SHA-256 of this file; the file itself is not sent
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those under this topic
    #[arg(long)]
    topic: Option<String>,
    /// Only those from this address, contact or wallet
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// Only those from this time on, as in 2026-11-20T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse::time)]
    since: Option<String>,
    /// Only those up to this time
    #[arg(long, value_name = "TIME", value_parser = parse::time)]
    until: Option<String>,
    #[command(flatten)]
    page: PageOptions,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    #[command(flatten)]
    what: Sought,
    #[command(flatten)]
    page: PageOptions,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Sought {
    /// A document, or a file with the recorded data
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The SHA-256 itself, whole or shortened
    #[arg(long, value_name = "HASH", value_parser = parse::named)]
    hash: Option<Named>,
}

pub(crate) fn run(command: RecordCommand, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        RecordCommand::Add(add) => record(&add, client, out),
        RecordCommand::List(list) => self::list(&list, client, out),
        RecordCommand::Find(find) => self::find(&find, client, out),
    }
}

fn record(options: &Add, client: &Client, out: &mut Output) -> Result<(), Error> {
    let topic = parse::text("--topic", &options.topic)?;
    let content = content(options)?;
    let signer = Signer::open(&options.signing, client)?;
    let mut lines = vec![("topic", options.topic.clone())];
    match &content {
        Content::Data(data) => {
            lines.push(("data", format!("{} bytes, which every member can read", data.len())))
        }
        Content::Document { name, .. } => lines.push(("document", name.as_str().to_owned())),
    }
    lines.push(("sha-256", content.hash().to_string()));
    signer.submit(Action::Record { topic, content }, &lines, "Record it? It cannot be removed.", out)
}

fn content(options: &Add) -> Result<Content, Error> {
    if let Some(path) = &options.what.document {
        let name = match &options.name {
            Some(name) => name.clone(),
            None => file_name(path),
        };
        return Ok(Content::Document { hash: document::hash(path)?, name: parse::text("--name", &name)? });
    }
    let data = match &options.what.data_file {
        Some(path) => document::read(path, RECORD_BYTES)?,
        None => options.what.data.clone().unwrap_or_default().into_bytes(),
    };
    let length = data.len();
    let data = Bounded::try_from(data).map_err(|_| {
        Error::Usage(format!(
            "the data has {length} bytes, but a record holds at most {RECORD_BYTES}; record the file's hash instead: --document FILE"
        ))
    })?;
    Ok(Content::Data(data))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn list(options: &List, client: &Client, out: &mut Output) -> Result<(), Error> {
    let mut query = options.page.query();
    query.extend(options.topic.clone().map(|topic| ("topic", topic)));
    if let Some(sender) = &options.sender {
        query.push(("sender", parse::address(sender, &options.wallets.open()?)?.to_string()));
    }
    query.extend(options.since.clone().map(|time| ("since", time)));
    query.extend(options.until.clone().map(|time| ("until", time)));
    let answer = client.page("/v1/records", &query)?;
    show(out, &answer, "No records found. To make one: bouya record add --help")
}

fn find(options: &Find, client: &Client, out: &mut Output) -> Result<(), Error> {
    let hash = match (&options.what.file, &options.what.hash) {
        (Some(path), _) => document::hash(path)?.to_string(),
        (None, hash) => hash.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let mut query = options.page.query();
    query.push(("hash", hash.clone()));
    let answer = client.page("/v1/records", &query)?;
    if !out.json {
        let page: Page<Record> = answer.read()?;
        if page.items.is_empty() {
            return Err(Error::Failed(format!(
                "no record on this node's chain has {hash} (for agreements about it: bouya agree list --document-hash {hash})"
            )));
        }
    }
    show(out, &answer, "")?;
    if !out.json {
        note(&times_good_to(client.status()?.network.interval_ms));
    }
    Ok(())
}

fn show(out: &mut Output, answer: &Answer, empty: &str) -> Result<(), Error> {
    let header = ["TIME", "BLOCK", "CONF", "TOPIC", "SENDER", "TRANSACTION", "SHA-256", "WHAT"];
    out.page(answer, empty, &header, |out, record: &Record| {
        let content = &record.content;
        let what = content.name.clone().or_else(|| content.text.clone());
        let bytes = || format!("{} bytes", content.data.as_ref().map_or(0, |data| data.len() / 2));
        vec![
            cell(out.when(&record.time)),
            cell(record.height),
            // Once it is final, their number says nothing more, and the table is wide.
            if record.finalized { cell("final") } else { cell(record.confirmations) },
            cell(&record.topic),
            cell(out.short(&record.sender)),
            cell(out.short(&record.transaction)),
            cell(out.short(&content.hash)),
            cell(what.unwrap_or_else(bytes)),
        ]
    })
}
