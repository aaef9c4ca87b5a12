//! This node: status, health, mining on request.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bouya_core::overlay::SyncStatus;

use super::guard::Authorized;
use super::limits::ask;
use super::problem::Problem;
use super::views::SyncState;
use super::{Api, views};
use crate::clock::{rfc3339, wall};
use crate::miner;
use crate::net::request::NetworkRequest;

/// The node at a glance
#[utoipa::path(get, path = "/v1/status", tag = "node", responses(
    (status = 200, description = "the status", body = views::Status),
))]
pub(super) async fn status(State(api): State<Api>) -> Result<Json<views::Status>, Problem> {
    let summary = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Summary { reply }).await?;
    let head = api.head.borrow().clone();
    let level = *api.level.borrow();
    let not_after = *api.not_after.borrow();
    let spec = &api.genesis.spec;
    Ok(Json(views::Status {
        id: api.id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: views::NetworkStatus {
            name: spec.name.as_str().to_owned(),
            id: api.genesis.id().to_string(),
            symbol: spec.coin.symbol.as_str().to_owned(),
            decimals: spec.coin.decimals,
            interval_ms: spec.blocks.interval_ms.into(),
            min_fee_per_byte: api.min_fee_per_byte,
        },
        tip: views::TipStatus {
            height: head.branch.height,
            hash: head.branch.id.to_string(),
            time: rfc3339(head.branch.time),
            work: head.branch.work.to_string(),
        },
        sync: sync(summary.outlook.sync),
        peers: views::PeerCounts { connected: summary.connected, known: summary.known },
        mempool: views::MempoolStatus { transactions: level.transactions, bytes: level.bytes },
        miner: views::MinerStatus {
            enabled: api.miner_enabled,
            hashes_per_second: *api.hash_rate.borrow(),
            obstacle: api.gate.obstacle(&head, &summary.outlook).map(|obstacle| obstacle.to_string()),
        },
        certificate: views::CertificateStatus::new(wall(), not_after),
        clock: views::ClockStatus { offset_ms: summary.outlook.clock_offset_ms.unwrap_or(0) },
        reward_to: api.reward_to.to_string(),
        disk_full: head.disk_full,
    }))
}

/// Work counts by height, as the best peer states it.
fn sync(status: SyncStatus) -> views::SyncStatus {
    let (state, progress) = match status {
        SyncStatus::Alone => (SyncState::Alone, 1.0),
        SyncStatus::Synced => (SyncState::Synced, 1.0),
        SyncStatus::Syncing { height, target } => (SyncState::Syncing, height as f64 / target.max(1) as f64),
    };
    views::SyncStatus { state, progress: progress.clamp(0.0, 1.0) }
}

/// Whether the node works: its store answers and there is room on the disk
#[utoipa::path(get, path = "/healthz", tag = "node", responses(
    (status = 200, description = "it works", body = String),
    (status = 503, description = "it does not, and why", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn healthz(State(api): State<Api>) -> Result<&'static str, Problem> {
    api.read(|snapshot| Ok(snapshot.tip()?)).await?;
    if api.head.borrow().disk_full {
        let detail = "the disk is nearly full; make room";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "disk-full", detail));
    }
    Ok("ok\n")
}

/// Whether the node is up to date, as far as it knows
#[utoipa::path(get, path = "/readyz", tag = "node", responses(
    (status = 200, description = "it is", body = String),
    (status = 503, description = "it is catching up", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(State(api): State<Api>) -> Result<&'static str, Problem> {
    let summary = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Summary { reply }).await?;
    let sync = sync(summary.outlook.sync);
    if sync.state == SyncState::Syncing {
        let detail = format!("catching up, {:.0} % done", sync.progress * 100.0);
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "syncing", detail));
    }
    Ok("ok\n")
}

/// Mine one block now, whatever the miner's settings say
#[utoipa::path(post, path = "/v1/mine", tag = "node", security(("token" = [])), responses(
    (status = 200, description = "the block", body = views::Mined),
    (status = 409, description = "not mined, and why", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn mine(
    State(api): State<Api>,
    _authorized: Authorized,
) -> Result<Json<views::Mined>, Problem> {
    let mined = api.miner.ask(|reply| miner::MinerRequest::MineOne { reply }).await?;
    let (height, hash) = mined?;
    Ok(Json(views::Mined { height, hash: hash.to_string() }))
}
