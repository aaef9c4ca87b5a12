//! Peers and the blacklist.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::Response;
use bouya_core::id::NodeId;
use bouya_core::overlay::{Command, Direction, PeerReach, PeerView, is_dialable};
use bouya_core::time::Timestamp;
use bouya_core::wire::Endpoint;

use super::extract::{Nothing, Options, PageOptions, Segment, page_by_id};
use super::guard::Authorized;
use super::limits::ask;
use super::problem::Problem;
use super::views::{BlacklistEntry, BlacklistSource, NewPeer, Page, Peer, PeerDirection};
use super::{Api, done, views};
use crate::clock::{rfc3339, wall};
use crate::net::request::{KeptOut, KeptOutBy, NetworkRequest};

/// A peer as people see it.
fn view(peer: PeerView, now: Timestamp) -> Peer {
    let (host, port) = peer.endpoint.map(|endpoint| (endpoint.host, endpoint.port)).unwrap_or_default();
    Peer {
        id: peer.id.to_string(),
        host,
        port,
        status: peer.status.into(),
        direction: peer.direction.map(|direction| match direction {
            Direction::In => PeerDirection::In,
            Direction::Out => PeerDirection::Out,
        }),
        since: Some(rfc3339(before(now, peer.since))),
        rtt_ms: peer.rtt.map(|rtt| u64::try_from(rtt.as_millis()).unwrap_or(u64::MAX)),
        height: peer.height,
        why: peer.why,
        until: peer.until.map(|span| rfc3339(now.after(span))),
        agent: peer.agent,
        certificate: peer.not_after.map(|not_after| views::CertificateStatus::new(now, not_after)),
    }
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}

fn blacklist_view(entry: KeptOut, now: Timestamp) -> BlacklistEntry {
    BlacklistEntry {
        id: entry.id.to_string(),
        source: match entry.by {
            KeptOutBy::Config => BlacklistSource::Config,
            KeptOutBy::Operator => BlacklistSource::Operator,
            KeptOutBy::Ban => BlacklistSource::Ban,
        },
        why: entry.why,
        until: entry.until.map(|span| rfc3339(now.after(span))),
    }
}

/// The peers that this node knows, one entry for each, without itself
#[utoipa::path(get, path = "/v1/peers", tag = "peers", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<Peer>),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Json<Page<Peer>>, Problem> {
    let peers = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Peers { reply }).await?;
    let now = wall();
    page_by_id(peers, &options, |peer| &peer.id, |peer| view(peer, now)).map(Json)
}

/// Add a peer and treat it as configured until it is removed
#[utoipa::path(post, path = "/v1/peers", tag = "peers", security(("token" = [])), request_body = NewPeer, responses(
    (status = 204, description = "known now"),
    (status = 409, description = "it is this node itself, or the book is full of peers that are connected or configured", body = views::Problem, content_type = "application/problem+json"),
    (status = 415, description = "not JSON", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn add(
    State(api): State<Api>,
    _authorized: Authorized,
    _nothing: Options<Nothing>,
    peer: Result<Json<NewPeer>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(peer) = peer?;
    let id: NodeId = peer.id.parse().map_err(Problem::bad_request)?;
    let host = if peer.host.contains(':') { format!("[{}]", peer.host) } else { peer.host };
    let endpoint: Endpoint = format!("{host}:{}", peer.port).parse().map_err(Problem::bad_request)?;
    if !is_dialable(&endpoint) {
        return Err(Problem::bad_request(format!(
            "nobody can dial {endpoint}; give the address where {id} listens"
        )));
    }
    command(&api, Command::AddPeer(id, endpoint)).await
}

/// Have each connected peer dial this node where it says that it listens, at most once a minute, and tell what came of it
///
/// The answer comes at once, with what is known now: ask again while a peer's is `waiting`.
#[utoipa::path(post, path = "/v1/reach", tag = "peers", security(("token" = [])), responses(
    (status = 200, description = "what they say", body = views::Reached),
))]
pub(super) async fn reach(
    State(api): State<Api>,
    _authorized: Authorized,
) -> Result<Json<views::Reached>, Problem> {
    let peers = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Reach { reply }).await?;
    let by = |(id, reach): (NodeId, PeerReach)| views::ReachedBy { id: id.to_string(), reach: reach.into() };
    Ok(Json(views::Reached { peers: peers.into_iter().map(by).collect() }))
}

/// Close the connections of a peer and forget it; it may be learned again
#[utoipa::path(delete, path = "/v1/peers/{id}", tag = "peers", security(("token" = [])), params(("id" = String, Path, description = "the peer's id")), responses(
    (status = 204, description = "forgotten"),
    (status = 404, description = "no peer of that name is known or kept out", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn remove(
    State(api): State<Api>,
    _authorized: Authorized,
    Segment(id): Segment<NodeId>,
) -> Result<Response, Problem> {
    command(&api, Command::RemovePeer(id)).await
}

/// Who is kept out: by the configuration, by the operator, or by the node's own bans
#[utoipa::path(get, path = "/v1/blacklist", tag = "peers", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<BlacklistEntry>),
))]
pub(super) async fn blacklist(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Json<Page<BlacklistEntry>>, Problem> {
    let entries = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Blacklist { reply }).await?;
    let now = wall();
    page_by_id(entries, &options, |entry| &entry.id, |entry| blacklist_view(entry, now)).map(Json)
}

/// Keep an id out, without end
#[utoipa::path(put, path = "/v1/blacklist/{id}", tag = "peers", security(("token" = [])), params(("id" = String, Path, description = "the id")), responses(
    (status = 204, description = "kept out"),
    (status = 409, description = "it is this node itself", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn blacklist_add(
    State(api): State<Api>,
    _authorized: Authorized,
    Segment(id): Segment<NodeId>,
) -> Result<Response, Problem> {
    command(&api, Command::Blacklist(id)).await
}

/// Let an id in again
#[utoipa::path(delete, path = "/v1/blacklist/{id}", tag = "peers", security(("token" = [])), params(("id" = String, Path, description = "the id")), responses(
    (status = 204, description = "may come again"),
    (status = 404, description = "no peer of that name is known or kept out", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "an entry of the configuration", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn blacklist_remove(
    State(api): State<Api>,
    _authorized: Authorized,
    Segment(id): Segment<NodeId>,
) -> Result<Response, Problem> {
    command(&api, Command::Unblacklist(id)).await
}

async fn command(api: &Api, command: Command) -> Result<Response, Problem> {
    ask(&api.limits.network, &api.network, |reply| NetworkRequest::Command { command, reply }).await??;
    Ok(done())
}
