//! What `member` and `vote` share: who speaks for whom, motions, and waiting until a change is in force.

use std::thread;
use std::time::{Duration, Instant};

use bouya_core::codec::Text;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Action, Address, MemberChange, Motion, Transaction};
use bouya_core::time::Timestamp;
use clap::Args;
use serde_json::json;

use super::client::{Answer, Client};
use super::error::Error;
use super::output::{Output, Progress, note};
use super::parse;
use super::submit::{SignedBy, Signer};
use super::transaction::said;
use super::vote;
use super::wait::who_is_missing;
use crate::clock::{rfc3339, wall};
use crate::http::views::{self, Member, Members, MotionState, Submitted, Voice};

/// How often to look at what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a motion is open unless asked otherwise.
const OPEN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Digits of an id that people type.
const TYPED: usize = 8;

/// How a governor speaks.
#[derive(Debug, Args)]
pub(crate) struct Governing {
    #[command(flatten)]
    pub(crate) by: SignedBy,
    /// Wait until the change is in force and final
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait, as in 60s or 5m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::duration, requires = "wait")]
    timeout: Duration,
}

/// How a governor moves something.
#[derive(Debug, Args)]
pub(crate) struct Moving {
    /// Why, for everybody who decides
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// How long it may be decided, 24 h to 90 days: a time, or a span like 14d [default: 30d]
    #[arg(long, value_name = "TIME", value_parser = parse::deadline)]
    until: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) governing: Governing,
}

pub(crate) fn members(client: &Client) -> Result<Members, Error> {
    client.get("/v1/members")?.read()
}

/// The member with this id.
pub(crate) fn known<'a>(members: &'a Members, id: &NodeId) -> Result<&'a Member, Error> {
    let ids: Vec<_> = members.members.iter().map(|member| member.id.as_str()).collect();
    let missing = || Error::Failed(format!("{id} is no member; the members are: {}", ids.join(", ")));
    members.members.iter().find(|member| member.id == id.as_str()).ok_or_else(missing)
}

/// The member that the wallet speaks for.
pub(crate) fn speaker<'a>(members: &'a Members, signer: &Signer<'_>) -> Result<&'a Member, Error> {
    let own = signer.wallet.address().to_string();
    members.members.iter().find(|member| member.governor == own).ok_or_else(|| {
        Error::Failed(format!(
            "wallet {} ({own}) is no member's governor, so what it says would count for nothing; see: bouya member list",
            signer.wallet.name()
        ))
    })
}

/// Moves a change without a word: the caller has shown it and asked. Returns the motion's id.
pub(crate) fn move_quietly(change: MemberChange, by: &SignedBy, client: &Client) -> Result<String, Error> {
    let signer = Signer::governing(by, client)?;
    speaker(&members(client)?, &signer)?;
    let motion = Motion { change, reason: Text::default(), until: wall().after(OPEN) };
    let sent = signer.send_quietly(Action::from(motion))?;
    Ok(sent.motion().map(|id| id.to_string()).unwrap_or_default())
}

/// Moves a change: shows it, asks, sends it, says who has to say yes, and waits if asked to.
pub(crate) fn make(
    change: MemberChange,
    moving: &Moving,
    client: &Client,
    out: &mut Output,
) -> Result<(), Error> {
    let signer = Signer::governing(&moving.governing.by, client)?;
    let members = members(client)?;
    let mover = speaker(&members, &signer)?;
    let shown = views::MemberChange::from(&change);
    let until = moving.until.unwrap_or_else(|| wall().after(OPEN));
    let reason = parse::text("--reason", &moving.reason)?;
    let mut lines = vec![("change", said(&shown))];
    if let views::MemberChange::Add { key, governor, name, .. } = &shown {
        let named = (!name.is_empty()).then(|| ("name", name.clone()));
        lines.extend(named);
        lines.extend([("member key", key.clone()), ("governor", governor.clone())]);
    }
    lines.extend((!moving.reason.is_empty()).then(|| ("reason", moving.reason.clone())));
    lines.extend([("moved by", mover.id.clone()), ("until", rfc3339(until))]);
    let action = Action::from(Motion { change, reason, until });
    let (sent, answer) = signer.send(&|_| action.clone(), &lines, "Move it? That is this member's yes.")?;
    note(&asked(&members, mover, &shown, &sent));
    told(&sent, &answer, &shown, &moving.governing, client, out)
}

/// Who has to say yes to a motion that was sent.
fn asked(members: &Members, mover: &Member, change: &views::MemberChange, sent: &Transaction) -> String {
    let id = sent.motion().map(|id| id.to_string()).unwrap_or_default();
    let short = id.get(..TYPED).unwrap_or_default();
    let others = members.members.iter().filter(|member| member.id != mover.id);
    let mut names: Vec<String> = others.map(|member| voice(member, change, members.members.len())).collect();
    if let views::MemberChange::Add { id, governor, .. } = change {
        names.push(format!("{id} itself ({governor}), whatever the others say"));
    }
    let (needed, count) = (members.needed, members.members.len());
    let still = match names.is_empty() {
        true => "Nobody else is to be asked.".to_owned(),
        false => format!("They say so with: bouya vote yes {short} --from WALLET\n  {}", names.join("\n  ")),
    };
    format!(
        "Motion {short}: {}. {needed} of {count} members must say yes; {} has, by moving it. {still}",
        said(change),
        mover.id
    )
}

/// A member and the address that speaks for it.
fn voice(member: &Member, change: &views::MemberChange, count: usize) -> String {
    let by_key = matches!(change, views::MemberChange::Governor { id, .. } if *id == member.id) && count > 1;
    match member.key.parse() {
        Ok(key) if by_key => format!("{} (through its member key: {})", member.id, Address::of(&key)),
        _ => format!("{} ({})", member.id, member.governor),
    }
}

/// Says what was sent, and waits until the change is in force if asked to.
pub(crate) fn told(
    sent: &Transaction,
    answer: &Answer,
    change: &views::MemberChange,
    governing: &Governing,
    client: &Client,
    out: &mut Output,
) -> Result<(), Error> {
    let motion = sent.motion().map(|id| id.to_string());
    if !out.json {
        // What people and scripts go on with.
        match &motion {
            Some(motion) => out.line(motion)?,
            None => out.show(answer, |out, submitted: Submitted| out.line(submitted.id))?,
        }
    }
    if governing.wait {
        let transaction = sent.id().to_string();
        let members = wait(client, &transaction, motion.as_deref(), change, governing.timeout)?;
        return if out.json { out.raw(members.text()) } else { Ok(()) };
    }
    match out.json {
        true => out.line(json!({ "id": sent.id().to_string(), "motion": motion })),
        false => Ok(()),
    }
}

/// Waits until the change is in force and final. Returns the answer that shows the members.
fn wait(
    client: &Client,
    transaction: &str,
    motion: Option<&str>,
    change: &views::MemberChange,
    timeout: Duration,
) -> Result<Answer, Error> {
    let deadline = Instant::now() + timeout;
    let mut progress = Progress::new();
    let mut gone = false;
    loop {
        let answer = client.get("/v1/members")?;
        let members: Members = answer.read()?;
        let (is_there, waits) = (is_in_force(change, &members), decided(change, motion, &members));
        let found = match motion.filter(|_| !is_there && waits.is_none()) {
            Some(motion) => find(client, motion)?,
            None => None,
        };
        let open = found.as_ref().filter(|found| found.state == MotionState::Open).map(|found| &found.vote);
        let state = match (is_there, waits, open) {
            (true, ..) if members.finalized => {
                progress.done("in force, and final");
                return Ok(answer);
            }
            (true, ..) => format!("in force since block {}, which is not final yet", members.since.height),
            (_, Some(height), _) => format!("decided in block {height}, waiting until that is final"),
            (.., Some(vote)) => format!("open: {} of {} yes", vote.yes, vote.needed),
            _ => "waiting for a block".to_owned(),
        };
        progress.say(&state);
        let is_gone =
            !is_there && waits.is_none() && open.is_none() && height(client, transaction)?.is_some();
        // Looked at twice: it may have moved on between two questions.
        if is_gone && gone {
            return Err(Error::Failed(ended(motion, found.as_ref())));
        }
        gone = is_gone;
        if Instant::now() >= deadline {
            let at = if is_there { Some(members.since.height) } else { waits };
            let who = match (open, at) {
                (Some(vote), _) => still(vote).unwrap_or_default(),
                (None, Some(height)) => who_is_missing(client, height).unwrap_or_default(),
                (None, None) => String::new(),
            };
            return Err(Error::Failed(format!(
                "it is not in force after {} s ({state}).{who} It may still come into force; see: bouya vote list, bouya member list",
                timeout.as_secs()
            )));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// A motion; none if it does not count on the chain.
fn find(client: &Client, motion: &str) -> Result<Option<views::Motion>, Error> {
    match client.get(&format!("/v1/motions/{motion}")) {
        Ok(answer) => Ok(Some(answer.read()?)),
        Err(Error::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The height of a transaction's block, if it is in one.
fn height(client: &Client, transaction: &str) -> Result<Option<u64>, Error> {
    match client.get(&format!("/v1/transactions/{transaction}")) {
        Ok(answer) => Ok(answer.read::<views::Transaction>()?.height),
        Err(Error::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn ended(motion: Option<&str>, found: Option<&views::Motion>) -> String {
    if motion.is_none() {
        return "it counts for nothing: a member changes its own keys once in 24 hours at most; see: bouya member list".to_owned();
    }
    let closed = found.filter(|found| found.state != MotionState::Passed).map(vote::standing);
    closed.unwrap_or_else(|| {
        "it counts for nothing: it had no place among its mover's motions, or says nothing new; see: bouya vote list --all, bouya member list".to_owned()
    })
}

/// Whether the members are as the change makes them.
fn is_in_force(change: &views::MemberChange, members: &Members) -> bool {
    let find = |id: &str| members.members.iter().find(|member| member.id == id);
    match change {
        views::MemberChange::Add { id, key, .. } => find(id).is_some_and(|member| member.key == *key),
        views::MemberChange::Remove { id } => find(id).is_none(),
        views::MemberChange::Governor { id, governor } => {
            find(id).is_some_and(|member| member.governor == *governor)
        }
        views::MemberChange::Upgrade { version, height } => {
            members.upgrades.contains(&views::Upgrade { version: *version, height: *height })
        }
        views::MemberChange::Keys { id, key, governor } => find(id).is_some_and(|member| {
            key.as_ref().is_none_or(|key| member.key == *key)
                && governor.as_ref().is_none_or(|governor| member.governor == *governor)
        }),
    }
}

/// The height at which the change was decided, if it waits for its handover.
fn decided(change: &views::MemberChange, motion: Option<&str>, members: &Members) -> Option<u64> {
    let found = members.waiting.iter().find(|decided| match motion {
        Some(motion) => decided.motion.as_deref() == Some(motion),
        None => decided.change == *change,
    });
    found.map(|decided| decided.at.height)
}

/// Who can still say something about a motion, in a sentence.
pub(crate) fn still(vote: &views::MotionVote) -> Option<String> {
    let silent = vote.voices.iter().chain(&vote.candidate).filter(|voice| voice.yes.is_none());
    let names: Vec<_> = silent.filter_map(named).collect();
    (!names.is_empty()).then(|| format!(" Nothing was heard from {}.", names.join(", ")))
}

/// Who, and the address that speaks for it; none if nothing does.
pub(crate) fn named(voice: &Voice) -> Option<String> {
    voice.address.as_ref().map(|address| format!("{} ({address})", voice.member))
}
