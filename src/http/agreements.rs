//! Agreements: who proposed what to whom, who answered when, and its state now.

use axum::Json;
use axum::extract::State;
use axum::response;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{self, Address, Response, Standing, View};
use bouya_core::time::Timestamp;
use serde::Deserialize;

use super::Api;
use super::ends::Ends;
use super::extract::{self, Options, PageOptions, Segment};
use super::lists::{self, Part, height_after};
use super::names::Names;
use super::problem::Problem;
use super::records::parsed;
use super::short;
use super::views::{self, Agreement, AgreementStatus, Moment, Page, Party, PartyAnswer};
use crate::clock::{rfc3339, wall};
use crate::short::Named;
use crate::store::{List, Snapshot};

/// A status this deep under the tip reads as settled, unless asked otherwise.
const SETTLED: u64 = 6;

/// Which agreements.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AgreementOptions {
    /// Only by or to this address.
    party: Option<String>,
    /// Only about this document: its SHA-256, or the first 8 or more digits of it.
    document: Option<String>,
    /// Only those with this status.
    status: Option<AgreementStatus>,
    /// How deep under the tip a status counts as settled; 6 by default.
    confirmations: Option<u64>,
    /// The `next` cursor of the previous page.
    from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// How sure a status must be.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StandingOptions {
    /// How deep under the tip a status counts as settled; 6 by default.
    confirmations: Option<u64>,
}

/// Agreements, newest first. A page may be short, or even empty, and still have a `next`
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements", params(AgreementOptions), responses(
    (status = 200, description = "a page", body = Page<Agreement>),
    (status = 404, description = "no document has this shortened hash", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<AgreementOptions>,
) -> Result<response::Response, Problem> {
    let page = PageOptions { from: options.from, limit: options.limit };
    let (limit, from) = (page.limit()?, lists::cursor(&page)?);
    let party: Option<Address> = parsed(options.party.as_deref())?;
    let document: Option<Named> = parsed(options.document.as_deref())?;
    let depth = extract::confirmations(options.confirmations)?.unwrap_or(SETTLED);
    let status = options.status;
    let (bytes, names) = (api.limits.page_bytes, api.names());
    api.read_json(move |snapshot| {
        let document = document.map(|named| short::document(snapshot, &named, bytes)).transpose()?;
        let wanted = [document.map(List::AgreementsOn), party.map(List::AgreementsOf)];
        let wanted: Vec<List> = wanted.into_iter().flatten().collect();
        let list = wanted.first().cloned().unwrap_or(List::Agreements);
        let from = from.unwrap_or((u64::MAX, 0));
        let part = Part { list: &list, from, lowest: 0, limit, bytes };
        let ends = Ends::read(snapshot)?;
        lists::page(snapshot, part, |_, transaction| {
            let on = crate::store::lists(transaction);
            if !wanted.iter().all(|list| on.contains(list)) {
                return Ok(None);
            }
            let id = transaction.agreement();
            let found = id.map(|id| find(snapshot, &names, &id, &ends, depth)).transpose()?.flatten();
            Ok(found.filter(|found| status.is_none_or(|status| found.status == status)))
        })
    })
    .await
}

/// One agreement, with all answers to it
#[utoipa::path(get, path = "/v1/agreements/{id}", tag = "agreements", params(("id" = String, Path, description = "the agreement's id, which is not its transaction's, or the first 8 or more digits of it"), StandingOptions), responses(
    (status = 200, description = "the agreement", body = Agreement),
    (status = 404, description = "no such agreement is on the chain", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened id fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
    Options(options): Options<StandingOptions>,
) -> Result<Json<Agreement>, Problem> {
    let depth = extract::confirmations(options.confirmations)?.unwrap_or(SETTLED);
    let names = api.names();
    let found = api.read(move |snapshot| {
        let id = short::agreement(snapshot, &named)?;
        find(snapshot, &names, &id, &Ends::read(snapshot)?, depth)?.ok_or_else(|| short::no_agreement(id))
    });
    found.await.map(Json)
}

fn find(
    snapshot: &Snapshot,
    names: &Names,
    id: &Hash,
    ends: &Ends,
    depth: u64,
) -> Result<Option<Agreement>, Problem> {
    let Some(agreement) = ledger::Agreement::read(snapshot, id)? else { return Ok(None) };
    let tip_time = snapshot.record(&ends.tip.1)?.map_or(Timestamp(0), |record| record.header.time);
    // A deadline passes by the clock, whether or not somebody mines. It counts as confirmed only by blocks after it.
    let now = tip_time.max(wall());
    let deadline = agreement.proposal.deadline;
    let standing = agreement.standing(now);
    let decided = standing.decided();
    let height = match standing {
        Standing::Open => None,
        Standing::Expired => Some(height_after(snapshot, deadline)?.max(agreement.proposed.height)),
        _ => decided.map(|at| at.height),
    };
    let confirmations = height.map_or(0, |height| ends.confirmations(height));
    let end = decided.map(|at| (at.height, at.index));
    let parties = agreement.proposal.parties.iter().zip(&agreement.answers);
    Ok(Some(Agreement {
        id: id.to_string(),
        title: agreement.proposal.title.as_str().to_owned(),
        document: agreement.proposal.document.to_string(),
        proposer: agreement.proposer.to_string(),
        proposer_name: names.of(&agreement.proposer),
        deadline: rfc3339(deadline),
        status: standing.into(),
        settled: height.is_some() && confirmations >= depth,
        confirmations,
        finalized: ends.is_final(height.unwrap_or(agreement.proposed.height)),
        proposed: moment(&agreement.proposed),
        decided: decided.map(moment),
        parties: parties
            .map(|(address, answer)| Party {
                address: address.to_string(),
                name: names.of(address),
                answer: answer.map(|(response, _)| said(response)),
                at: answer.as_ref().map(|(_, at)| moment(at)),
                late: answer.as_ref().is_some_and(|(_, at)| {
                    at.time > deadline || end.is_some_and(|end| (at.height, at.index) > end)
                }),
            })
            .collect(),
        withdrawal: agreement.withdrawal.as_ref().map(moment),
    }))
}

fn said(response: Response) -> PartyAnswer {
    match response {
        Response::Sign => PartyAnswer::Signed,
        Response::Refuse => PartyAnswer::Refused,
    }
}

pub(super) fn moment(at: &ledger::Moment) -> Moment {
    Moment { height: at.height, time: rfc3339(at.time), transaction: at.transaction.to_string() }
}
