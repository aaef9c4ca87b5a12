//! Who the members are.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::governance::{self, Decision, Passed};
use bouya_core::ledger::{Address, HeaderRecord, InForce, Moment, View, in_force};
use bouya_core::limits::{API_HANDOVERS, API_SEALED_BLOCKS};
use bouya_core::time::Timestamp;

use super::Api;
use super::ends::Ends;
use super::limits::ask;
use super::problem::Problem;
use super::views::{
    self, CertificateStatus, Decided, DecidedAt, InForceSince, Member, MemberChange, Members, Upgrade,
};
use crate::clock::{rfc3339, wall};
use crate::net::AGENT;
use crate::net::request::NetworkRequest;
use crate::store::Snapshot;
use crate::voter::VoterRequest;

/// The members after the newest block, and what waits to change them
#[utoipa::path(get, path = "/v1/members", tag = "members", responses(
    (status = 200, description = "the members", body = Members),
))]
pub(super) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    // A voter that is about to stop says nothing, and the members are who they are.
    let voters = api.voter.ask(|reply| VoterRequest::Show { reply }).await.map(|view| view.voters);
    let votes: BTreeMap<NodeId, _> = voters
        .unwrap_or_default()
        .into_iter()
        .map(|voter| (voter.id.clone(), views::Voter::from(voter).vote))
        .collect();
    let runs = runs(&api).await;
    api.read_json(move |snapshot| {
        let mut members = members(snapshot)?;
        for member in &mut members.members {
            let Ok(id) = member.id.parse::<NodeId>() else { continue };
            member.vote = votes.get(&id).cloned().flatten();
            if let Some((agent, certificate)) = runs.get(&id) {
                (member.agent, member.certificate) = (agent.clone(), certificate.clone());
            }
        }
        Ok(members)
    })
    .await
}

/// What the nodes that are connected here run, and their certificates; this node's own among them.
async fn runs(api: &Api) -> BTreeMap<NodeId, (Option<String>, Option<CertificateStatus>)> {
    let now = wall();
    let certificate = |not_after| CertificateStatus::new(now, not_after);
    let peers = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Peers { reply }).await;
    let mut runs: BTreeMap<_, _> = peers
        .unwrap_or_default()
        .into_iter()
        .map(|peer| (peer.id, (peer.agent, peer.not_after.map(certificate))))
        .collect();
    let own = certificate(api.health.certificate.borrow().not_after);
    runs.insert(api.id.clone(), (Some(AGENT.to_owned()), Some(own)));
    runs
}

fn members(snapshot: &Snapshot) -> Result<Members, Problem> {
    let ends = Ends::read(snapshot)?;
    let missing = || Problem::internal("the members of the newest block are missing");
    let now = in_force(snapshot, &ends.tip.1)?.ok_or_else(missing)?;
    let base = record(snapshot, &now.base())?;
    let mut since = members_since(snapshot, &now)?;
    let mut sealed = sealed(snapshot, &now, ends.tip.0)?;
    let roster = now.roster().members().iter();
    let handed = governance::last_handover(snapshot)?;
    let outcomes = handed.into_iter().flat_map(|handed| handed.outcomes);
    Ok(Members {
        since: in_force_since(&base),
        finalized: ends.is_final(base.header.height),
        needed: now.voters().quorum(),
        members: roster
            .map(|member| Member {
                id: member.id.to_string(),
                name: member.name.as_str().to_owned(),
                key: member.key.to_string(),
                key_address: Address::of(&member.key).to_string(),
                governor: member.governor.to_string(),
                since: since.remove(&member.id),
                sealed: sealed.remove(&member.id),
                vote: None,
                agent: None,
                certificate: None,
            })
            .collect(),
        former: governance::former_members(snapshot)?.iter().map(ToString::to_string).collect(),
        waiting: waiting(snapshot)?.iter().map(decided).collect(),
        dropped: outcomes
            .filter_map(|(passed, outcome)| {
                let why = outcome.err()?.to_string();
                Some(views::Dropped { motion: motion_of(&passed.decision).map(|id| id.to_string()), why })
            })
            .collect(),
        upgrades: governance::upgrades(snapshot)?
            .iter()
            .map(|upgrade| Upgrade { version: upgrade.version, height: upgrade.height })
            .collect(),
    })
}

pub(super) fn record(snapshot: &Snapshot, id: &Hash) -> Result<HeaderRecord, Problem> {
    snapshot.record(id)?.ok_or_else(|| Problem::internal("a block of the best chain is missing"))
}

pub(super) fn in_force_since(base: &HeaderRecord) -> InForceSince {
    InForceSince {
        height: base.header.height,
        hash: base.header.id().to_string(),
        time: rfc3339(base.header.time),
    }
}

/// Since when each of the members is one, from set to set back.
fn members_since(snapshot: &Snapshot, now: &InForce) -> Result<BTreeMap<NodeId, InForceSince>, Problem> {
    let mut found = BTreeMap::new();
    let mut left: Vec<NodeId> = now.roster().members().iter().map(|member| member.id.clone()).collect();
    let mut at = now.clone();
    for _ in 0..API_HANDOVERS {
        let base = record(snapshot, &at.base())?;
        let before = match base.header.height {
            0 => None,
            _ => in_force(snapshot, &base.header.parent)?,
        };
        let (stay, new): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|id| before.as_ref().is_some_and(|before| before.roster().by_id(id).is_some()));
        found.extend(new.into_iter().map(|id| (id, in_force_since(&base))));
        let Some(before) = before else { break };
        (left, at) = (stay, before);
        if left.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// The last block that each of the members sealed with its key of now.
fn sealed(snapshot: &Snapshot, now: &InForce, tip: u64) -> Result<BTreeMap<NodeId, InForceSince>, Problem> {
    let mut found = BTreeMap::new();
    for height in (1..=tip).rev().take(usize::try_from(API_SEALED_BLOCKS).unwrap_or(usize::MAX)) {
        if found.len() == now.roster().members().len() {
            break;
        }
        let Some(id) = snapshot.at_height(height)? else { break };
        let record = record(snapshot, &id)?;
        if let Some(member) = now.roster().by_key(&record.header.miner) {
            found.entry(member.id.clone()).or_insert_with(|| in_force_since(&record));
        }
    }
    Ok(found)
}

/// What was decided, waits for its handover, and has not fallen away.
pub(super) fn waiting(snapshot: &Snapshot) -> Result<Vec<Passed>, Problem> {
    let passed = governance::passed(snapshot)?;
    Ok(passed.into_iter().filter(|passed| passed.fell.is_none()).collect())
}

pub(super) fn motion_of(decision: &Decision) -> Option<&Hash> {
    match decision {
        Decision::Motion { id, .. } => Some(id),
        Decision::Keys { .. } => None,
    }
}

/// What a handover did stands behind all transactions, by none.
pub(super) fn decided_at(at: &Moment) -> DecidedAt {
    let transaction = (at.transaction != Hash::ZERO).then(|| at.transaction.to_string());
    DecidedAt { height: at.height, time: rfc3339(at.time), transaction }
}

fn decided(passed: &Passed) -> Decided {
    let change = match &passed.decision {
        Decision::Motion { change, .. } => change.into(),
        Decision::Keys { id, key, governor } => MemberChange::Keys {
            id: id.to_string(),
            key: key.map(|key| key.to_string()),
            governor: governor.map(|governor| governor.to_string()),
        },
    };
    let motion = motion_of(&passed.decision).map(|id| id.to_string());
    Decided { motion, change, at: decided_at(&passed.at) }
}

/// A motion expires by the clock, whether or not somebody mines.
pub(super) fn now(snapshot: &Snapshot) -> Result<Timestamp, Problem> {
    Ok(record(snapshot, &snapshot.tip()?.1)?.header.time.max(wall()))
}
