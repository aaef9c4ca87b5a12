//! Who the members are, and what they decide about members.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::governance::{self, Decision, MotionView, Passed};
use bouya_core::ledger::{HeaderRecord, InForce, View, in_force};
use bouya_core::limits::{API_HANDOVERS, API_SEALED_BLOCKS};
use bouya_core::time::Timestamp;

use super::Api;
use super::agreements::moment;
use super::ends::Ends;
use super::extract::{Options, PageOptions, Segment};
use super::problem::Problem;
use super::short;
use super::views::{
    self, Decided, InForceSince, Member, MemberChange, Members, Motion, MotionState, MotionVote, Page,
    Upgrade, Voice,
};
use crate::clock::{rfc3339, wall};
use crate::short::Named;
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
    api.read_json(move |snapshot| {
        let mut members = members(snapshot)?;
        for member in &mut members.members {
            member.vote = member.id.parse().ok().and_then(|id: NodeId| votes.get(&id).cloned().flatten());
        }
        Ok(members)
    })
    .await
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
                governor: member.governor.to_string(),
                since: since.remove(&member.id),
                sealed: sealed.remove(&member.id),
                vote: None,
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
fn waiting(snapshot: &Snapshot) -> Result<Vec<Passed>, Problem> {
    let passed = governance::passed(snapshot)?;
    Ok(passed.into_iter().filter(|passed| passed.fell.is_none()).collect())
}

fn motion_of(decision: &Decision) -> Option<&Hash> {
    match decision {
        Decision::Motion { id, .. } => Some(id),
        Decision::Keys { .. } => None,
    }
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
    Decided { motion, change, at: moment(&passed.at) }
}

/// Motions that are open, in the order in which they were moved, and then those that have passed and wait for their handover
#[utoipa::path(get, path = "/v1/motions", tag = "members", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<Motion>),
))]
pub(super) async fn motions(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let limit = options.limit()?;
    let from: Option<Hash> = options.cursor(|text| text.parse().ok())?;
    api.read_json(move |snapshot| {
        let ids = motion_ids(snapshot)?;
        // One that was decided meanwhile begins anew: what is listed twice is better than what is missing.
        let at = from.and_then(|from| ids.iter().position(|id| *id == from)).unwrap_or(0);
        let (ends, now) = (Ends::read(snapshot)?, now(snapshot)?);
        let page = ids.iter().skip(at).take(limit);
        let items: Result<Vec<_>, Problem> = page.map(|id| find(snapshot, id, &ends, now)).collect();
        let next = ids.get(at.saturating_add(limit)).map(ToString::to_string);
        Ok(Page { items: items?.into_iter().flatten().collect(), next })
    })
    .await
}

/// One motion that is open, or has passed and waits for its handover
#[utoipa::path(get, path = "/v1/motions/{id}", tag = "members", params(("id" = String, Path, description = "the motion's id, which is not its transaction's, or the first 8 or more digits of it", pattern = "^[0-9a-f]{8,64}(…[0-9a-f]{0,55})?$")), responses(
    (status = 200, description = "the motion", body = Motion),
    (status = 404, description = "no such motion is open, or has passed and waits", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened id fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn motion(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
) -> Result<Json<Motion>, Problem> {
    let found = api.read(move |snapshot| {
        let id = short::motion(&named, &motion_ids(snapshot)?)?;
        find(snapshot, &id, &Ends::read(snapshot)?, now(snapshot)?)?.ok_or_else(|| short::no_motion(id))
    });
    found.await.map(Json)
}

/// A motion expires by the clock, whether or not somebody mines.
fn now(snapshot: &Snapshot) -> Result<Timestamp, Problem> {
    Ok(record(snapshot, &snapshot.tip()?.1)?.header.time.max(wall()))
}

fn motion_ids(snapshot: &Snapshot) -> Result<Vec<Hash>, Problem> {
    let mut ids = governance::motion_ids(snapshot, now(snapshot)?)?;
    ids.extend(waiting(snapshot)?.iter().filter_map(|passed| motion_of(&passed.decision).copied()));
    Ok(ids)
}

/// How many motions are open.
pub(super) fn open(snapshot: &Snapshot) -> Result<usize, Problem> {
    Ok(governance::motion_ids(snapshot, now(snapshot)?)?.len())
}

fn find(snapshot: &Snapshot, id: &Hash, ends: &Ends, now: Timestamp) -> Result<Option<Motion>, Problem> {
    if let Some(open) = governance::motion(snapshot, id, now)? {
        return Ok(Some(Motion {
            id: id.to_string(),
            state: MotionState::Open,
            change: (&open.motion.change).into(),
            at: moment(&open.at),
            finalized: ends.is_final(open.at.height),
            vote: Some(vote(&open)),
        }));
    }
    let passed = waiting(snapshot)?.into_iter().find(|passed| motion_of(&passed.decision) == Some(id));
    Ok(passed.map(|passed| {
        let Decided { change, at, .. } = decided(&passed);
        let finalized = ends.is_final(passed.at.height);
        Motion { id: id.to_string(), state: MotionState::Passed, change, at, finalized, vote: None }
    }))
}

fn vote(open: &MotionView) -> MotionVote {
    let MotionView { motion, mover, tally, .. } = open;
    let voices = tally.voices.iter().map(|voice| Voice {
        member: voice.member.to_string(),
        address: voice.address.map(|address| address.to_string()),
        yes: voice.said,
    });
    let candidate = tally.candidate.zip(motion.change.concerns()).map(|((address, yes), id)| Voice {
        member: id.to_string(),
        address: Some(address.to_string()),
        yes,
    });
    MotionVote {
        mover: mover.to_string(),
        reason: motion.reason.as_str().to_owned(),
        until: rfc3339(motion.until),
        needed: tally.needed,
        yes: tally.count(true),
        no: tally.count(false),
        voices: voices.collect(),
        candidate,
    }
}
