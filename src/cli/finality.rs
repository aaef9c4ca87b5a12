//! `final`: what the members have voted final, and this node's voter.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::http::views::{Block, FinalBlock, Finality, Voter, Voting};

use super::client::Client;
use super::error::Error;
use super::final_proof;
use super::output::{Mood, Output, cell, coloured, note, or_dash};
use super::receipt::unless;

pub(crate) const EXAMPLES: &str = "\
What two thirds of the members have voted final never changes.
`resume` needs the node's token.

Examples:
  bouya final
  bouya final --json | jq .final.height
  bouya final show 1200
  bouya final proof --out acme.final
  bouya final resume";

#[derive(Debug, Subcommand)]
pub(crate) enum FinalCommand {
    /// Show whether a block is final, who signed that, and what must have happened if it is not true
    #[command(after_help = "\
A node keeps the newest certificate. What it makes final includes all blocks
below, so it is the proof of each of them.

Examples:
  bouya final show 1200
  bouya final show 1200 --json | jq .final")]
    Show {
        /// The block's height
        height: u64,
    },
    /// Fetch the proof that the newest final block is final, for whoever has the network's definition
    #[command(after_help = "\
It holds the block's header and the signatures of enough members. Who verifies
it needs no node, only network.toml; all blocks below are final with it.

Examples:
  bouya final proof --out acme.final
  bouya receipt verify acme.final --network network.toml")]
    Proof {
        /// The file to write it to [default: stdout]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Let this node vote again after its record was lost, or after another machine with its key was stopped
    #[command(after_help = "\
Say this only if no other machine has this member key. A key that votes on two
machines, or with an old record, can sign two histories: the other members see
both signatures, and too many of them make two chains final.

Example:
  bouya final resume")]
    Resume,
}

pub(crate) fn run(command: Option<FinalCommand>, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        None => show(client, out),
        Some(FinalCommand::Show { height }) => show_block(height, client, out),
        Some(FinalCommand::Proof { out: path }) => final_proof::get(path.as_deref(), client, out),
        Some(FinalCommand::Resume) => {
            client.post("/v1/finality/resume")?;
            out.done(
                "this node votes as soon as enough of the others have told what they have seen of its votes",
            )
        }
    }
}

fn show(client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.get("/v1/finality")?;
    out.show(&answer, |out, finality: Finality| {
        let count = finality.voters.len();
        let told = |out: &Output, block: &FinalBlock| {
            let signers = block.signers.join(", ");
            format!(
                "block {} ({}), by {} of {count}: {signers}",
                block.height,
                out.ends(&block.hash),
                block.signers.len()
            )
        };
        let newest = finality.finalized.as_ref().map_or("no block yet".to_owned(), |block| told(out, block));
        let needed = format!("{} of {count} votes make a block final", finality.quorum);
        let (words, mood) = voting(finality.voting);
        let mut pairs =
            vec![("final", cell(newest)), ("needed", cell(needed)), ("this node", coloured(words, mood))];
        if let Some(rival) = &finality.rival {
            pairs.insert(1, ("other history", coloured(told(out, rival), Mood::Bad)));
        }
        out.pairs(pairs)?;
        let rows = finality.voters.iter().map(|voter| row(out, voter)).collect();
        out.table(&["VOTER", "LAST VOTE FOR", "HEARD", "FAULT"], rows)?;
        if finality.voters.iter().any(|voter| voter.fault.is_some()) {
            note("A fault is most often an operator's mistake: one key on two machines, or an old record.");
        }
        Ok(())
    })
}

fn show_block(height: u64, client: &Client, out: &mut Output) -> Result<(), Error> {
    let block: Block = client.get(&format!("/v1/blocks/{height}"))?.read()?;
    let finality: Finality = client.get("/v1/finality")?.read()?;
    let mut members: Vec<_> = finality.voters.iter().map(|voter| voter.id.clone()).collect();
    members.sort_unstable();
    let certificate = finality.finalized.as_ref().filter(|newest| block.finalized && newest.height >= height);
    if out.json {
        return out.raw(json!({
            "height": block.height, "hash": block.hash, "time": block.time,
            "final": block.finalized, "certificate": certificate,
            "quorum": finality.quorum, "guilty": finality.guilty, "members": members,
        }));
    }
    let mut pairs =
        vec![("block", cell(format!("{height} ({}), made {}", block.hash, out.when(&block.time))))];
    match certificate {
        Some(newest) => pairs.extend([
            ("final", coloured("yes", Mood::Good)),
            ("signed", cell(signed(height, newest))),
            ("since", cell(since(height, newest, out))),
            ("sure", cell(unless(finality.guilty, &members))),
        ]),
        None if block.finalized => {
            pairs.push(("final", coloured("yes: the network begins with it", Mood::Good)))
        }
        None => {
            let newest = finality.finalized.map_or(0, |newest| newest.height);
            let why = format!(
                "no: the newest final block is {newest}; {} of {} votes make one final",
                finality.quorum,
                members.len()
            );
            pairs.push(("final", coloured(why, Mood::Waiting)));
        }
    }
    out.pairs(pairs)
}

fn signed(height: u64, newest: &FinalBlock) -> String {
    let by = format!("by {}", newest.signers.join(", "));
    if newest.height == height {
        by
    } else {
        format!("{by}, for block {} ({}), which stands on it", newest.height, newest.hash)
    }
}

/// Of a block below the newest final one it is only known that it was final no later.
fn since(height: u64, newest: &FinalBlock, out: &Output) -> String {
    match newest.since.as_deref().map(|since| out.when(since)) {
        None => "before this node's start".to_owned(),
        Some(since) if newest.height == height => since,
        Some(since) => format!("{since}, or earlier"),
    }
}

fn row(out: &Output, voter: &Voter) -> Vec<comfy_table::Cell> {
    let vote = voter.vote.as_ref();
    vec![
        cell(&voter.id),
        or_dash(vote.map(|vote| format!("block {} ({})", vote.height, out.ends(&vote.hash)))),
        or_dash(vote.and_then(|vote| vote.heard.as_deref()).map(|heard| out.about(heard))),
        match &voter.fault {
            Some(fault) => coloured(fault, Mood::Bad),
            None => or_dash(None::<&str>),
        },
    ]
}

fn voting(voting: Voting) -> (&'static str, Mood) {
    match voting {
        Voting::Votes => ("votes", Mood::Good),
        Voting::Observes => ("does not vote: its key is not among the voters", Mood::Waiting),
        Voting::Asking => {
            ("has just started, and asks what the others have seen of its votes", Mood::Waiting)
        }
        Voting::NoRecord => {
            ("does not vote: no record of its votes was found; see bouya final resume --help", Mood::Bad)
        }
        Voting::Twin => {
            ("does not vote: another machine votes with its key; see bouya final resume --help", Mood::Bad)
        }
        Voting::RefusesFinal => (
            "does not vote: it finds a block invalid that the members have voted final; see bouya status",
            Mood::Bad,
        ),
        Voting::TwoHistories => {
            ("does not vote: the members have voted for two histories; compare with the others", Mood::Bad)
        }
    }
}
