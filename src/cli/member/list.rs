//! Who the members are.

use bouya_core::id::NodeId;
use comfy_table::Cell;

use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::govern::{known, members};
use crate::cli::output::{Output, cell, note, or_dash};
use crate::cli::status::days_left;
use crate::cli::transaction::said;
use crate::http::views::{Decided, Member, Members};

pub(super) fn list(client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.get("/v1/members")?;
    out.show(&answer, |out, members: Members| {
        let rows = members.members.iter().map(row).collect();
        out.table(&["ID", "SINCE", "DAY", "SEALED", "VOTED", "RUNS", "CERTIFICATE", "NAME"], rows)?;
        note(&standing(&members));
        for decided in &members.waiting {
            note(&format!("Decided, and waits until that is final: {}", waits(out, decided)));
        }
        for dropped in &members.dropped {
            let motion = dropped.motion.as_deref().map_or("a change of keys".to_owned(), |id| out.ends(id));
            note(&format!("Fell away: {motion}: {}", dropped.why));
        }
        for upgrade in &members.upgrades {
            note(&format!("Decided: block version {} from height {}", upgrade.version, upgrade.height));
        }
        if !members.former.is_empty() {
            note(&format!("Former members: {}", members.former.join(", ")));
        }
        Ok(())
    })
}

/// A height stands for its block. What a node runs is known while it is connected.
fn row(member: &Member) -> Vec<Cell> {
    let since = member.since.as_ref();
    vec![
        cell(&member.id),
        or_dash(since.map(|since| since.height)),
        or_dash(since.map(|since| day(&since.time))),
        or_dash(member.sealed.as_ref().map(|sealed| sealed.height)),
        or_dash(member.vote.as_ref().map(|vote| vote.height)),
        or_dash(member.agent.as_ref().map(|agent| agent.trim_start_matches("bouya/"))),
        member.certificate.as_ref().map_or_else(|| or_dash(None::<&str>), days_left),
        or_dash(Some(&member.name).filter(|name| !name.is_empty())),
    ]
}

/// The day of a time, as it is written.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

fn standing(members: &Members) -> String {
    let (needed, count) = (members.needed, members.members.len());
    let decide = format!("{needed} of {count} must say yes to a motion");
    match members.finalized {
        true => format!("In force since block {}, which is final. {decide}.", members.since.height),
        false => format!(
            "In force since block {}, which is not final yet: until it is, those before vote. {decide}.",
            members.since.height
        ),
    }
}

fn waits(out: &Output, decided: &Decided) -> String {
    let by = decided.motion.as_deref().map_or_else(String::new, |id| format!(" (motion {})", out.ends(id)));
    format!("{}{by}, in block {}", said(&decided.change), decided.at.height)
}

pub(super) fn show(id: &NodeId, client: &Client, out: &mut Output) -> Result<(), Error> {
    let members = members(client)?;
    let member = known(&members, id)?;
    if out.json {
        return out.raw(serde_json::to_string(member).map_err(|error| Error::Failed(error.to_string()))?);
    }
    let block =
        |seen: &crate::http::views::InForceSince| format!("block {}, {}", seen.height, out.when(&seen.time));
    let mut pairs = vec![
        ("member", cell(&member.id)),
        ("name", or_dash(Some(&member.name).filter(|name| !name.is_empty()))),
        ("since", or_dash(member.since.as_ref().map(block))),
        ("governor", cell(out.whole(&member.governor))),
        ("member key", cell(&member.key)),
        ("last block", or_dash(member.sealed.as_ref().map(block))),
        ("last vote", or_dash(member.vote.as_ref().map(|vote| format!("for block {}", vote.height)))),
        ("runs", or_dash(member.agent.as_ref())),
        ("certificate", member.certificate.as_ref().map_or_else(|| or_dash(None::<&str>), days_left)),
    ];
    let own = members.waiting.iter().filter(|decided| concerns(decided, &member.id));
    pairs.extend(own.map(|decided| ("waits", cell(waits(out, decided)))));
    out.pairs(pairs)?;
    note(&standing(&members));
    Ok(())
}

fn concerns(decided: &Decided, member: &str) -> bool {
    use crate::http::views::MemberChange as Change;
    match &decided.change {
        Change::Add { id, .. }
        | Change::Remove { id }
        | Change::Governor { id, .. }
        | Change::Keys { id, .. } => id == member,
        Change::Upgrade { .. } => false,
    }
}
