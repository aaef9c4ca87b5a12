//! Who the members were, from set to set, and the proof of each.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bouya_core::crypto::Hash;
use bouya_core::ledger::governance::Outcome;
use bouya_core::ledger::{
    Certificate, FinalProof, Finality, Header, HeaderRecord, InForce, Member, Roster, View, handovers_before,
    in_force,
};
use bouya_core::limits::HANDOVERS_WALKED;

use super::Api;
use super::ends::Ends;
use super::extract::{Options, PageOptions, Segment};
use super::members::{in_force_since, record};
use super::problem::Problem;
use super::views::{self, BroughtBy, MemberChanged, MemberName, MemberSet, Page};
use crate::store::Snapshot;
use bouya_client::receipt::final_proof;

/// All sets of members that were in force, the newest first
#[utoipa::path(get, path = "/v1/members/history", tag = "members", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<MemberSet>),
))]
pub(super) async fn sets(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let limit = options.limit()?;
    let from: Option<u64> = options.cursor(|text| text.parse().ok())?;
    let most = api.limits.page_bytes;
    api.read_json(move |snapshot| {
        let ends = Ends::read(snapshot)?;
        let mut step = Step::below(snapshot, from)?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(set) = step.take().filter(|_| items.len() < limit && bytes < most) {
            bytes = bytes.saturating_add(usize::try_from(set.base.bytes).unwrap_or(usize::MAX));
            items.push(view(snapshot, &set, &ends)?);
            step = set.before(snapshot)?;
        }
        let last = items.last().map(|item| item.since.height);
        Ok(Page { next: last.filter(|height| *height > 0).map(|height| height.to_string()), items })
    })
    .await
}

/// The proof of a set of members: the last block that they have made final, with all that leads to them from those that the definition lists
#[utoipa::path(get, path = "/v1/members/history/{height}/proof", tag = "members", params(("height" = u64, Path, description = "the height of the block that put the set into force")), responses(
    (status = 200, description = "a final proof, one line of JSON in one form, to be kept as a file as it is; docs/PROTOCOL.md describes it", body = final_proof::File, content_type = "application/json"),
    (status = 404, description = "no set is in force since that block, or nothing that it made final is stored here", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn proof(
    State(api): State<Api>,
    Segment(height): Segment<u64>,
) -> Result<Response, Problem> {
    let network = api.genesis.id();
    let text = api.read(move |snapshot| {
        let set = find(snapshot, height)?;
        let (header, certificate) = set.made_final(snapshot)?.ok_or_else(|| {
            Problem::not_found(format!(
                "nothing that the members since block {height} have made final is stored here: no block above it is final yet, or this node got its blocks later; ask another member's node"
            ))
        })?;
        let handovers = handovers_before(snapshot, &header)?
            .map_err(|error| Problem::not_found(format!("{error}; ask another member's node")))?;
        let finality = Finality { handovers, certificate };
        Ok(final_proof::write(&FinalProof { network, header, finality }))
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], text.await?).into_response())
}

/// A set, and the base of the one after it if there is one.
struct Step {
    members: InForce,
    base: HeaderRecord,
    next: Option<HeaderRecord>,
}

impl Step {
    /// The newest set, or the newest one whose base is below this height.
    fn below(snapshot: &Snapshot, height: Option<u64>) -> Result<Option<Self>, Problem> {
        let (tip, _) = snapshot.tip()?;
        let (last, next) = match height {
            Some(height) if height <= tip => (height.checked_sub(1), snapshot.at_height(height)?),
            _ => (Some(tip), None),
        };
        let last = last.map(|last| snapshot.at_height(last)).transpose()?.flatten();
        let Some(members) = last.map(|last| in_force(snapshot, &last)).transpose()?.flatten() else {
            return Ok(None);
        };
        let next = next.map(|next| record(snapshot, &next)).transpose()?;
        // The list was perhaps asked for on another branch: then this block is an ordinary one here.
        let next = next.filter(|next| next.roster.is_some());
        Ok(Some(Self { base: record(snapshot, &members.base())?, members, next }))
    }

    /// The set before.
    fn before(self, snapshot: &Snapshot) -> Result<Option<Self>, Problem> {
        let Some(members) = before(snapshot, &self.base)? else { return Ok(None) };
        Ok(Some(Self { base: record(snapshot, &members.base())?, members, next: Some(self.base) }))
    }

    /// The newest block that the set has made final, as far as that is stored here: the next base, or the newest final block.
    fn made_final(&self, snapshot: &Snapshot) -> Result<Option<(Header, Certificate)>, Problem> {
        if let Some(next) = &self.next
            && let Some(certificate) = snapshot.handover(&next.header.id())?
        {
            return Ok(Some((next.header.clone(), certificate)));
        }
        let Some(newest) = snapshot.finalized()? else { return Ok(None) };
        let height = newest.link.source.height;
        let is_own = height > self.base.header.height
            && self.next.as_ref().is_none_or(|next| height <= next.header.height);
        match is_own {
            true => Ok(Some((record(snapshot, &newest.link.source.block)?.header, newest))),
            false => Ok(None),
        }
    }
}

/// The set that the block at this height put into force.
fn find(snapshot: &Snapshot, height: u64) -> Result<Step, Problem> {
    let mut step = Step::below(snapshot, None)?;
    for _ in 0..HANDOVERS_WALKED {
        match step {
            Some(set) if set.base.header.height == height => return Ok(set),
            Some(set) if set.base.header.height > height => step = set.before(snapshot)?,
            _ => break,
        }
    }
    Err(Problem::not_found(format!(
        "no set of members is in force since block {height}; see GET /v1/members/history"
    )))
}

fn before(snapshot: &Snapshot, base: &HeaderRecord) -> Result<Option<InForce>, Problem> {
    match base.header.height {
        0 => Ok(None),
        _ => Ok(in_force(snapshot, &base.header.parent)?),
    }
}

fn view(snapshot: &Snapshot, set: &Step, ends: &Ends) -> Result<MemberSet, Problem> {
    let Step { members, base, .. } = set;
    let before = before(snapshot, base)?;
    let by = match &before {
        Some(before) if members.roster().base().by_override().is_none() => {
            brought_by(snapshot, &base.header.id(), before)?
        }
        _ => None,
    };
    let (now, then) = (members.roster(), before.as_ref().map(InForce::roster));
    let lacks = |roster: Option<&Roster>, member: &&Member| {
        roster.is_none_or(|roster| roster.by_id(&member.id).is_none())
    };
    let gone = then.into_iter().flat_map(Roster::members);
    Ok(MemberSet {
        since: in_force_since(base),
        finalized: ends.is_final(base.header.height),
        count: now.members().len(),
        needed: members.voters().quorum(),
        by,
        overrides: now.base().by_override().map(|hash| hash.to_string()),
        motions: applied(snapshot, base.header.height)?,
        came: names(now.members().iter().filter(|member| lacks(then, member))),
        went: names(gone.filter(|member| lacks(Some(now), member))),
        changed: now.members().iter().filter_map(|member| changed(member, then?)).collect(),
        proven: set.made_final(snapshot)?.map(|(header, _)| header.height),
    })
}

/// As people look names up.
fn names<'a>(members: impl Iterator<Item = &'a Member>) -> Vec<MemberName> {
    let mut names: Vec<_> = members.map(name).collect();
    names.sort_by(|a, b| a.id.cmp(&b.id));
    names
}

fn name(member: &Member) -> MemberName {
    MemberName { id: member.id.to_string(), name: member.name.as_str().to_owned() }
}

fn changed(member: &Member, then: &Roster) -> Option<MemberChanged> {
    let was = then.by_id(&member.id).filter(|was| *was != member)?;
    let MemberName { id, name } = name(member);
    Some(MemberChanged {
        id,
        name,
        key: (was.key != member.key).then(|| member.key.to_string()),
        governor: (was.governor != member.governor).then(|| member.governor.to_string()),
    })
}

fn applied(snapshot: &Snapshot, height: u64) -> Result<Vec<String>, Problem> {
    let mut ended = snapshot.ended_at(height)?;
    ended.retain(|ended| ended.outcome == Outcome::Applied);
    Ok(ended.iter().map(|ended| ended.id.to_string()).collect())
}

fn brought_by(snapshot: &Snapshot, base: &Hash, before: &InForce) -> Result<Option<BroughtBy>, Problem> {
    let Some(certificate) = snapshot.body(base)?.and_then(|body| body.certificate) else { return Ok(None) };
    let source = certificate.link.source;
    let names = certificate.voters().filter_map(|number| before.voters().name(number));
    let mut signers: Vec<_> = names.map(ToString::to_string).collect();
    signers.sort_unstable();
    Ok(Some(BroughtBy { height: source.height, hash: source.block.to_string(), signers }))
}
