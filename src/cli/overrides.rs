//! `override`: who the members are after a block, decided by people where the members' votes no longer suffice.

use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Decree, Member, Override};
use bouya_core::limits::OVERRIDE_REASON_BYTES;
use clap::{Args, Subcommand};
use comfy_table::Cell;
use serde_json::json;

use super::admit::candidates;
use super::client::Client;
use super::error::Error;
use super::govern::{known, members};
use super::node::NodeOptions;
use super::output::{Output, cell, note};
use super::parse;
use crate::config::OverrideFile;
use crate::config::network::spoken;
use crate::files;
use crate::http::views::{self, Block, Status};

/// Blocks on top of one on which the nodes agree, unless they were cut off from each other.
const SETTLED: u64 = 6;

pub(crate) const EXAMPLES: &str = "\
For the day on which so many keys are lost that no motion can pass and nothing
becomes final any more: blocks go on, and people decide who the members are.
While enough members can vote, use bouya member and bouya vote instead.

One of you makes the file, and everybody compares its hash by phone, names it
in node.toml and starts the node anew:

  [chain]
  override = \"override.toml\"

Nodes with and without it part. What stands above the block that it names is
undone; transactions in it that are still valid can be sent again. It changes no balance.

Examples:
  bouya override make --keep alice --keep bob --reason 'two keys burnt'
  bouya override show override.toml";

const MAKE_EXAMPLES: &str = "\
It asks your node for the members to keep and for the block. Whoever comes new
or has a new key asks with bouya ask.

Examples:
  bouya override make --keep alice --keep bob --reason 'two keys burnt'
  bouya override make --keep alice --member carol.request --at 1200
  bouya override make --keep bob --previous override.toml --out second.toml";

#[derive(Debug, Subcommand)]
pub(crate) enum OverrideCommand {
    /// Write an override, for all nodes to load
    #[command(after_help = MAKE_EXAMPLES)]
    Make(Make),
    /// Show what a file overrides, and the hash to compare
    #[command(after_help = "Example:\n  bouya override show override.toml")]
    Show {
        /// The file
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Make {
    /// The last block under the members of now: height, hash or latest [default: six blocks below the newest, where all nodes agree]
    #[arg(long, value_name = "BLOCK", value_parser = parse::block_ref)]
    at: Option<String>,
    /// A member that stays as it is
    #[arg(long, value_name = "ID")]
    keep: Vec<NodeId>,
    /// A member that is new, or has a new key or governor: what bouya ask has written
    #[arg(long = "member", value_name = "FILE")]
    requests: Vec<PathBuf>,
    /// Why, for everybody who loads it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// The file that the nodes follow already, which the new one goes on
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "override.toml")]
    out: PathBuf,
}

pub(crate) fn run(command: &OverrideCommand, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    match command {
        OverrideCommand::Make(options) => make(options, &Client::new(node)?, out),
        OverrideCommand::Show { file } => show(file, out),
    }
}

fn make(options: &Make, client: &Client, out: &mut Output) -> Result<(), Error> {
    let reason: Text<OVERRIDE_REASON_BYTES> = parse::text("--reason", &options.reason)?;
    let status = client.status()?;
    let network = read(&status.network.id, "network")?;
    let (height, block) = checkpoint(options.at.as_deref(), &status, client)?;
    let members = wanted(options, client)?;
    let before = before(options.previous.as_deref(), &status)?;
    let file = OverrideFile::new(
        &options.out,
        network,
        before.into_iter().chain([Decree { height, block, members, reason }]).collect(),
    );
    // Every mistake before anything is written.
    file.overrides().map_err(|error| Error::Failed(error.to_string()))?;
    files::create(&options.out, files::PUBLIC, file.render().as_bytes()).map_err(|error| {
        Error::Failed(format!("cannot write {}: {error}; choose another --out", options.out.display()))
    })?;
    show(&options.out, out)?;
    let quoted = files::quoted(&options.out);
    note(&format!(
        "Send {quoted} to every node's operator. Each compares the hash with you by phone, names the file with override = \"…\" in [chain] of node.toml, and starts the node anew."
    ));
    Ok(())
}

/// The block after which others are members. What is final does not go away.
fn checkpoint(
    at: Option<&str>,
    status: &Status,
    client: &Client,
) -> Result<(u64, bouya_core::crypto::Hash), Error> {
    let finalized = status.finalized.height;
    let base = members(client)?.since.height;
    // What is not final may be another block elsewhere, and a node that has another one there does not start.
    let lowest = finalized.max(base.saturating_add(1));
    let settled = status.tip.height.saturating_sub(SETTLED).max(lowest).to_string();
    let found: Block = client.get(&format!("/v1/blocks/{}", at.unwrap_or(&settled)))?.read()?;
    if found.height < finalized || found.height <= base {
        return Err(Error::Failed(format!(
            "block {} is too low: block {finalized} is final, and the members are in force since block {base}; name a block that is not below the one and above the other",
            found.height
        )));
    }
    Ok((found.height, read(&found.hash, "block")?))
}

/// Those that stay, and those that are new.
fn wanted(options: &Make, client: &Client) -> Result<Vec<Member>, Error> {
    let candidates = candidates(&options.requests)?;
    let mut wanted: Vec<Member> = candidates.into_iter().map(|one| one.member).collect();
    let now = members(client)?;
    for id in &options.keep {
        wanted.push(member(known(&now, id)?)?);
    }
    if wanted.is_empty() {
        return Err(Error::Usage("nobody would be a member: name those who stay with --keep".to_owned()));
    }
    Ok(wanted)
}

fn member(shown: &views::Member) -> Result<Member, Error> {
    Ok(Member {
        id: read(&shown.id, "member")?,
        key: read(&shown.key, "key")?,
        governor: read(&shown.governor, "governor")?,
        name: parse::text("name", &shown.name)?,
    })
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str, what: &str) -> Result<T, Error> {
    text.parse().map_err(|error| Error::Failed(format!("the node gave no {what}: {error}")))
}

/// What the nodes follow already.
fn before(path: Option<&Path>, status: &Status) -> Result<Vec<Decree>, Error> {
    let Some(path) = path else {
        return match &status.network.overrides {
            None => Ok(Vec::new()),
            Some(hash) => Err(Error::Usage(format!(
                "the node follows the override {hash}, which the new one goes on; give its file: --previous override.toml"
            ))),
        };
    };
    let file = OverrideFile::load(path).map_err(|mistakes| mistakes.of(path))?;
    let found = file.overrides().map_err(|error| Error::Failed(error.to_string()))?.hash();
    if found.map(|hash| hash.to_string()) != status.network.overrides {
        return Err(Error::Failed(format!(
            "{} is not the override that the node follows, which is {}",
            path.display(),
            status.network.overrides.as_deref().unwrap_or("none")
        )));
    }
    Ok(file.decrees)
}

fn show(path: &Path, out: &mut Output) -> Result<(), Error> {
    let file = OverrideFile::load(path).map_err(|mistakes| mistakes.of(path))?;
    let overrides = file.overrides().map_err(|error| Error::Failed(error.to_string()))?;
    if out.json {
        let all: Vec<_> = overrides.iter().map(to_json).collect();
        return out.raw(json!({ "network": file.network.to_string(), "overrides": all }));
    }
    let mut pairs = vec![("network", cell(spoken(&file.network)))];
    for one in overrides.iter() {
        pairs.extend(rows(one));
    }
    out.pairs(pairs)
}

fn rows(one: &Override) -> Vec<(&'static str, Cell)> {
    let Decree { height, block, members, reason } = one.decree();
    let mut rows =
        vec![("hash", cell(spoken(&one.hash()))), ("after block", cell(format!("{height} ({block})")))];
    if !reason.as_str().is_empty() {
        rows.push(("reason", cell(reason.as_str())));
    }
    let named = |member: &Member| match member.name.as_str() {
        "" => member.id.to_string(),
        name => format!("{} ({name})", member.id),
    };
    rows.extend(
        members
            .iter()
            .map(|member| ("member", cell(format!("{}, governor {}", named(member), member.governor)))),
    );
    rows
}

fn to_json(one: &Override) -> serde_json::Value {
    let Decree { height, block, members, reason } = one.decree();
    let members: Vec<_> = members
        .iter()
        .map(|member| {
            json!({
                "id": member.id.as_str(),
                "key": member.key.to_string(),
                "governor": member.governor.to_string(),
                "name": member.name.as_str(),
            })
        })
        .collect();
    json!({
        "hash": one.hash().to_string(),
        "height": height,
        "block": block.to_string(),
        "reason": reason.as_str(),
        "members": members,
    })
}
