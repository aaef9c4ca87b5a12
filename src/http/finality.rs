//! What the members have voted final, and the operator's word to this node's voter.

use axum::Json;
use axum::extract::State;
use bouya_core::finality::Alarm;
use bouya_core::ledger::{Certificate, Checkpoint, View, Vote, handovers_before, in_force_before};

use super::guard::Authorized;
use super::problem::Problem;
use super::{Api, views};
use crate::clock::rfc3339;
use crate::voter::{VoterRequest, VoterView, VotersView};
use bouya_client::receipt::hex;

/// How finality stands: the newest final block with its certificate, and the voters
#[utoipa::path(get, path = "/v1/finality", tag = "finality", responses(
    (status = 200, description = "the newest final block and the voters", body = views::Finality),
))]
pub(super) async fn show(State(api): State<Api>) -> Result<Json<views::Finality>, Problem> {
    let view = api.voter.ask(|reply| VoterRequest::Show { reply }).await?;
    Ok(Json(view.into()))
}

/// The certificate of the newest final block, with what its voters signed
#[utoipa::path(get, path = "/v1/finality/certificate", tag = "finality", responses(
    (status = 200, description = "the certificate; docs/PROTOCOL.md says how to check it", body = views::FinalCertificate),
    (status = 404, description = "no block is final yet", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn certificate(State(api): State<Api>) -> Result<Json<views::FinalCertificate>, Problem> {
    let read = api.read(|snapshot| {
        let Some(certificate) = snapshot.finalized()? else { return Ok(None) };
        let Some(record) = snapshot.record(&certificate.link.source.block)? else { return Ok(None) };
        let Some(members) = in_force_before(snapshot, &record.header)? else { return Ok(None) };
        let handovers = handovers_before(snapshot, &record.header)?;
        Ok(Some((certificate, record.header, members.voters().clone(), handovers)))
    });
    let (certificate, header, voters, handovers) =
        read.await?.ok_or_else(|| Problem::not_found("no block is final yet; see GET /v1/finality"))?;
    let name = |number| voters.name(number).map(ToString::to_string);
    Ok(Json(views::FinalCertificate {
        set: certificate.link.set.to_string(),
        source: certificate.link.source.into(),
        target: certificate.link.target.into(),
        signers: certificate.voters().filter_map(name).collect(),
        certificate: hex(&certificate),
        header: hex(&header),
        missing: handovers.as_ref().err().map(ToString::to_string),
        handovers: handovers.ok().map(|handovers| handovers.iter().map(hex).collect()),
    }))
}

impl From<Checkpoint> for views::Checkpoint {
    fn from(Checkpoint { epoch, height, block }: Checkpoint) -> Self {
        Self { epoch, height, hash: block.to_string() }
    }
}

/// Let this node vote again: the operator's word in place of a lost record, or after a twin was stopped
#[utoipa::path(post, path = "/v1/finality/resume", tag = "finality", security(("token" = [])), responses(
    (status = 204, description = "it votes as soon as the others have answered"),
    (status = 409, description = "there is nothing to resume", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn resume(
    State(api): State<Api>,
    _authorized: Authorized,
) -> Result<axum::http::StatusCode, Problem> {
    api.voter.ask(|reply| VoterRequest::Resume { reply }).await??;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

impl From<VotersView> for views::Finality {
    fn from(view: VotersView) -> Self {
        let voting = match (view.own, view.alarm) {
            (_, Some(Alarm::OtherHistory)) if view.refuses.is_some() => views::Voting::RefusesFinal,
            (_, Some(Alarm::OtherHistory)) => views::Voting::TwoHistories,
            (None, _) => views::Voting::Observes,
            (_, Some(Alarm::NoRecord)) => views::Voting::NoRecord,
            (_, Some(Alarm::Twin)) => views::Voting::Twin,
            _ if view.silent => views::Voting::Asking,
            _ => views::Voting::Votes,
        };
        let name = |number: u16| view.voters.iter().find(|voter| voter.number == number);
        let settled = view.settled;
        let since =
            |height| settled.filter(|settled| settled.height == height).map(|settled| rfc3339(settled.at));
        let block = |certificate: &Certificate| views::FinalBlock {
            height: certificate.link.source.height,
            hash: certificate.link.source.block.to_string(),
            epoch: certificate.link.source.epoch,
            signers: certificate.voters().filter_map(name).map(|voter| voter.id.to_string()).collect(),
            certificate: hex(certificate),
            since: since(certificate.link.source.height),
        };
        Self {
            set: view.set.to_string(),
            quorum: view.quorum,
            guilty: view.guilty,
            finalized: view.newest.as_ref().map(block),
            rival: view.rival.as_ref().map(block),
            voting,
            voters: view.voters.into_iter().map(views::Voter::from).collect(),
        }
    }
}

impl From<VoterView> for views::Voter {
    fn from(view: VoterView) -> Self {
        let vote = view.last.map(|Vote { link, .. }| views::VoterVote {
            height: link.target.height,
            hash: link.target.block.to_string(),
            epoch: link.target.epoch,
            heard: view.heard.map(rfc3339),
        });
        let fault = view.evidence.map(|evidence| format!("{:?}", evidence.offence).to_lowercase());
        Self { id: view.id.to_string(), number: view.number, vote, fault }
    }
}
