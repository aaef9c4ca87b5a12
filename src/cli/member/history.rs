//! Who the members were.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;

use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::final_proof;
use crate::cli::node::PageOptions;
use crate::cli::output::{Output, cell, or_dash};
use crate::http::views::{MemberChanged, MemberName, MemberSet};

pub(super) const EXAMPLES: &str = "\
BLOCK is the block that put a set into force, and CERTIFIES the final block
whose certificate it carries: what was decided up to that one came into force.
PROVES is the last block that the set made final here: bouya member proof.

Examples:
  bouya member history
  bouya member history --limit 5 --json | jq '.items[].came'";

pub(super) const PROOF_EXAMPLES: &str = "\
It is a final proof of the last block that these members made final. It holds
what leads to them from the members that the definition lists, so it proves who
they were. Who verifies it needs no node, only network.toml.

Examples:
  bouya member proof 1200 --out members.final
  bouya receipt verify members.final --network network.toml";

#[derive(Debug, Args)]
pub(crate) struct Proof {
    /// The block that put the members into force, see bouya member history
    height: u64,
    /// The file to write it to [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn list(page: &PageOptions, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.page("/v1/members/history", &page.query())?;
    let header = ["BLOCK", "WHEN", "MEMBERS", "CERTIFIES", "PROVES", "CHANGE"];
    out.page(&answer, "No members are known.", &header, row)
}

fn row(out: &Output, set: &MemberSet) -> Vec<Cell> {
    vec![
        cell(set.since.height),
        cell(out.about(&set.since.time)),
        cell(set.count),
        or_dash(set.by.as_ref().map(|by| by.height)),
        or_dash(set.proven),
        cell(what(out, set)),
    ]
}

/// Who came, went and has other keys, one a line.
fn what(out: &Output, set: &MemberSet) -> String {
    let came = set.came.iter().map(|one| format!("+ {}", called(one)));
    let went = set.went.iter().map(|one| format!("- {}", called(one)));
    let mut lines: Vec<String> = came.chain(went).chain(set.changed.iter().map(keys)).collect();
    lines.extend(set.motions.iter().map(|motion| format!("motion {}", out.ends(motion))));
    lines.extend(set.overrides.as_ref().map(|hash| format!("by hand: override {}", out.ends(hash))));
    if !set.finalized {
        lines.push("not final yet".to_owned());
    }
    match lines.is_empty() {
        true => "nobody came or went".to_owned(),
        false => lines.join("\n"),
    }
}

/// A member's id, and what people call it.
fn called(member: &MemberName) -> String {
    match member.name.as_str() {
        "" => member.id.clone(),
        name => format!("{} ({name})", member.id),
    }
}

fn keys(member: &MemberChanged) -> String {
    let what = match (&member.key, &member.governor) {
        (Some(_), Some(_)) => "new key and governor",
        (None, Some(_)) => "new governor",
        _ => "new key",
    };
    format!("{}: {what}", member.id)
}

pub(super) fn proof(options: &Proof, client: &Client, out: &mut Output) -> Result<(), Error> {
    final_proof::of_members(options.height, options.out.as_deref(), client, out)
}
