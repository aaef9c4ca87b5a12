//! `vote`: what members say to motions.

use std::collections::BTreeSet;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Member};
use clap::{Args, Subcommand};
use comfy_table::Cell;

use super::client::Client;
use super::error::Error;
use super::govern::{self, Governing, named};
use super::node::PageOptions;
use super::output::{Mood, Output, cell, coloured, note, or_dash};
use super::parse::{self, WalletsOption};
use super::submit::Signer;
use super::transaction::{changes, said};
use crate::http::views::{DecidedAt, MemberChange, Motion, MotionState, Page, Voice};
use crate::short::Named;

pub(crate) const EXAMPLES: &str = "\
Without a command it shows the motions that wait for a wallet on this machine.
A motion passes once enough members say yes, see bouya member list, and is in
force once a block says that this is final. To move one: bouya member --help

Examples:
  bouya vote
  bouya vote list --all
  bouya vote show 5f0c21aa
  bouya vote yes 5f0c21aa --from bob
  bouya vote no 5f0c21aa --from bob --yes";

#[derive(Debug, Subcommand)]
pub(crate) enum VoteCommand {
    /// List all motions that are open, or have passed and wait to come into force
    #[command(after_help = "Examples:\n  bouya vote list\n  bouya vote list --all --limit 50")]
    List(List),
    /// Show a motion, open or decided, and who said what
    #[command(after_help = "Example:\n  bouya vote show 5f0c21aa")]
    Show {
        /// The motion's id, whole or shortened
        #[arg(value_parser = parse::named)]
        motion: Named,
        #[command(flatten)]
        wallets: WalletsOption,
    },
    /// Say yes to a motion
    #[command(after_help = "\
Examples:
  bouya vote yes 5f0c21aa --from bob
  bouya vote yes 5f0c21aa --from bob --yes --wait --timeout 1h")]
    Yes(Say),
    /// Say no to a motion
    #[command(after_help = "Example:\n  bouya vote no 5f0c21aa --from bob")]
    No(Say),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Those that are decided or have expired too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    page: PageOptions,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct Say {
    /// The motion's id, whole or shortened
    #[arg(value_parser = parse::named)]
    motion: Named,
    #[command(flatten)]
    governing: Governing,
}

pub(crate) fn run(
    command: Option<VoteCommand>,
    wallets: &WalletsOption,
    client: &Client,
    out: &mut Output,
) -> Result<(), Error> {
    match command {
        None => waits(wallets, client, out),
        Some(VoteCommand::List(options)) => list(&options, client, out),
        Some(VoteCommand::Show { motion, wallets }) => {
            out.name_wallets(&wallets);
            show(&motion, client, out)
        }
        Some(VoteCommand::Yes(say)) => cast(&say, true, client, out),
        Some(VoteCommand::No(say)) => cast(&say, false, client, out),
    }
}

/// Open motions.
pub(super) fn open(client: &Client) -> Result<Vec<Motion>, Error> {
    Ok(all(client)?.into_iter().filter(|motion| motion.state == MotionState::Open).collect())
}

/// Whether a change adds exactly this member: the proof of its key covers neither its name nor who else may have the same key moved.
pub(super) fn adds(change: &MemberChange, member: &Member) -> bool {
    let MemberChange::Add { id, key, governor, name } = change else { return false };
    *id == member.id.as_str()
        && *key == member.key.to_string()
        && *governor == member.governor.to_string()
        && *name == member.name.as_str()
}

/// Whether this governor has a voice in a motion, and has said nothing.
pub(super) fn is_asked(motion: &Motion, governor: &str) -> bool {
    voices(motion).any(|voice| voice.yes.is_none() && voice.address.as_deref() == Some(governor))
}

fn all(client: &Client) -> Result<Vec<Motion>, Error> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let mut query = vec![("limit", "100".to_owned())];
        query.extend(from.take().map(|from| ("from", from)));
        let page: Page<Motion> = client.get_with("/v1/motions", &query)?.read()?;
        all.extend(page.items);
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// Those that have a voice in a motion: the members, and whoever is to be one.
fn voices(motion: &Motion) -> impl Iterator<Item = &Voice> {
    motion.vote.voices.iter().chain(&motion.vote.candidate)
}

/// What waits for the wallets on this machine.
fn waits(wallets: &WalletsOption, client: &Client, out: &mut Output) -> Result<(), Error> {
    let own: BTreeSet<String> =
        wallets.open()?.list()?.into_iter().flatten().map(|wallet| wallet.address().to_string()).collect();
    let is_asked = |voice: &Voice| {
        voice.yes.is_none() && voice.address.as_ref().is_some_and(|address| own.contains(address))
    };
    let mut motions = all(client)?;
    motions.retain(|motion| motion.state == MotionState::Open && voices(motion).any(is_asked));
    table(&motions, "No motion waits for a wallet on this machine. All of them: bouya vote list", out)?;
    if let (Some(motion), false) = (motions.first(), out.json) {
        let asked: Vec<_> =
            voices(motion).filter(|voice| is_asked(voice)).map(|voice| voice.member.as_str()).collect();
        note(&format!(
            "{} has not said anything yet. Look: bouya vote show {}; then: bouya vote yes|no {} --from WALLET",
            asked.join(", "),
            out.ends(&motion.id),
            out.ends(&motion.id),
        ));
    }
    Ok(())
}

const HEADER: [&str; 7] = ["MOTION", "STATE", "YES", "NO", "BY", "WHEN", "CHANGE"];

fn table(motions: &[Motion], empty: &str, out: &mut Output) -> Result<(), Error> {
    if out.json {
        return out.raw(serde_json::to_string(motions).map_err(|error| Error::Failed(error.to_string()))?);
    }
    if motions.is_empty() {
        note(empty);
        return Ok(());
    }
    let rows = motions.iter().map(|motion| row(out, motion)).collect();
    out.table(&HEADER, rows)
}

fn list(options: &List, client: &Client, out: &mut Output) -> Result<(), Error> {
    out.name_wallets(&options.wallets);
    let mut query = options.page.query();
    let empty = match options.all {
        true => "No motion was ever moved. To move one: bouya member --help",
        false => "No motion is open. Decided ones: bouya vote list --all",
    };
    query.extend(options.all.then(|| ("state", "all".to_owned())));
    let answer = client.page("/v1/motions", &query)?;
    out.page(&answer, empty, &HEADER, row)
}

fn row(out: &Output, motion: &Motion) -> Vec<Cell> {
    let vote = &motion.vote;
    let when = match over(motion) {
        Some(at) => out.about(&at.time),
        None => format!("ends {}", out.about(&vote.until)),
    };
    vec![
        cell(out.short(&motion.id)),
        coloured(word(motion.state), mood(motion.state)),
        cell(format!("{} of {}", vote.yes, vote.needed)),
        cell(vote.no),
        cell(&vote.mover),
        cell(when),
        cell(changes(out, &motion.change)),
    ]
}

/// Where a motion ended, or got to.
fn over(motion: &Motion) -> Option<&DecidedAt> {
    motion.applied.as_ref().or(motion.decided.as_ref())
}

fn word(state: MotionState) -> &'static str {
    match state {
        MotionState::Open => "open",
        MotionState::Passed => "passed",
        MotionState::Applied => "in force",
        MotionState::Dropped => "fell away",
        MotionState::Rejected => "rejected",
        MotionState::Expired => "expired",
        MotionState::Replaced => "gave way",
        MotionState::Void => "void",
    }
}

fn mood(state: MotionState) -> Mood {
    match state {
        MotionState::Open | MotionState::Passed => Mood::Waiting,
        MotionState::Applied => Mood::Good,
        MotionState::Dropped | MotionState::Rejected => Mood::Bad,
        MotionState::Expired | MotionState::Replaced | MotionState::Void => Mood::Plain,
    }
}

/// What became of a motion, in a sentence.
pub(super) fn standing(motion: &Motion) -> String {
    let vote = &motion.vote;
    let at = over(motion).map_or_else(String::new, |at| format!(" in block {}", at.height));
    let at = if motion.finalized && !at.is_empty() { format!("{at}, which is final") } else { at };
    let counted = format!("{} yes of the {} it needs, {} no", vote.yes, vote.needed, vote.no);
    match motion.state {
        MotionState::Open => format!("open: {counted}"),
        MotionState::Passed => {
            format!("passed{at}: in force once a block carries the proof that this is final")
        }
        MotionState::Applied => format!("in force: applied{at}"),
        MotionState::Dropped => format!("fell away{at}: {}", motion.why.as_deref().unwrap_or_default()),
        MotionState::Rejected => format!("rejected{at}: {counted}"),
        MotionState::Expired => format!("expired: {counted}"),
        MotionState::Replaced => format!("gave way to a newer motion{at}: {counted}"),
        MotionState::Void => format!("void{at}: other members were put into force by hand"),
    }
}

fn show(named: &Named, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.get(&format!("/v1/motions/{named}"))?;
    out.show(&answer, |out, motion: Motion| {
        let vote = &motion.vote;
        let moved = format!("block {}, {}", motion.at.height, out.when(&motion.at.time));
        out.pairs(vec![
            ("motion", cell(&motion.id)),
            ("change", cell(changes(out, &motion.change))),
            ("moved by", cell(&vote.mover)),
            ("moved in", cell(moved)),
            ("reason", or_dash(Some(&vote.reason).filter(|reason| !reason.is_empty()))),
            ("until", cell(out.when(&vote.until))),
            ("state", coloured(standing(&motion), mood(motion.state))),
        ])?;
        out.line("")?;
        let is_open = motion.state == MotionState::Open;
        let rows = voices(&motion).map(|voice| {
            let said = match voice.yes {
                Some(true) => "yes",
                Some(false) => "no",
                None => "-",
            };
            let by = voice.address.as_ref().map(|address| out.short(address));
            vec![cell(&voice.member), cell(said), or_dash(by)]
        });
        out.table(&["WHO", if is_open { "SAYS" } else { "SAID" }, "BY"], rows.collect())
    })
}

fn cast(say: &Say, yes: bool, client: &Client, out: &mut Output) -> Result<(), Error> {
    if !yes && say.governing.wait {
        return Err(Error::Usage("--wait waits until the change is in force, so it goes with a yes".into()));
    }
    let motion: Motion = client.get(&format!("/v1/motions/{}", say.motion))?.read()?;
    // That one is voted on, and the node must not put another in its place.
    let id: Hash = motion.id.parse().ok().filter(|id| say.motion.fits(id)).ok_or_else(|| {
        Error::Failed(format!("the node answers with motion {}, not with {}", motion.id, say.motion))
    })?;
    if motion.state != MotionState::Open {
        let standing = standing(&motion);
        return Err(Error::Failed(format!(
            "what is said now counts for nothing; it is not open: {standing}"
        )));
    }
    let vote = &motion.vote;
    let signer = Signer::governing(&say.governing.by, client)?;
    let own = signer.wallet.address().to_string();
    let mine: Vec<_> =
        voices(&motion).filter(|voice| voice.address.as_deref() == Some(own.as_str())).collect();
    let Some(voice) = mine.first() else {
        let all: Vec<_> = voices(&motion).filter_map(named).collect();
        return Err(Error::Failed(format!(
            "wallet {} ({own}) has no voice in this motion; these have: {}",
            signer.wallet.name(),
            all.join(", ")
        )));
    };
    let word = if yes { "yes" } else { "no" };
    if voice.yes == Some(yes) {
        return Err(Error::Failed(format!("{} has said {word} already", voice.member)));
    }
    let lines = [
        ("motion", motion.id.clone()),
        ("change", said(&motion.change)),
        ("moved by", vote.mover.clone()),
        ("reason", vote.reason.clone()),
        ("so far", format!("{} yes of the {} it needs, {} no", vote.yes, vote.needed, vote.no)),
        ("says", format!("{} says {word}", voice.member)),
    ];
    let question = format!("Say {word}?");
    let (sent, answer) = signer.send(&|_| Action::Ballot { motion: id, yes }, &lines, &question)?;
    govern::told(&sent, &answer, &motion.change, &say.governing, client, out)
}
