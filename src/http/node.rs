//! This node: status, health, mining on request.

use axum::Json;
use axum::extract::State;
use bouya_core::ledger::Genesis;
use bouya_core::limits::JSON_EXACT;
use bouya_core::node;

use super::guard::Authorized;
use super::limits::ask;
use super::problem::{Name, Problem};
use super::{Api, views};
use crate::clock::{rfc3339, wall};
use crate::descriptors;
use crate::miner;
use crate::net::request::NetworkRequest;
use crate::net::tls::expiry::{Expiry, What};

/// The node at a glance
#[utoipa::path(get, path = "/v1/status", tag = "node", responses(
    (status = 200, description = "the status", body = views::Status),
))]
pub(super) async fn status(State(api): State<Api>) -> Result<Json<views::Status>, Problem> {
    let summary = ask(&api.limits.network, &api.network, |reply| NetworkRequest::Summary { reply }).await?;
    let head = api.head.borrow().clone();
    let level = *api.level.borrow();
    let not_after = api.health.certificate.borrow().not_after;
    // A peer may claim any time. JSON readers keep whole numbers up to 2^53.
    let offset_ms = api.health.outlook.borrow().clock_offset_ms.map(|ms| ms.clamp(-JSON_EXACT, JSON_EXACT));
    let voter = api.health.voter.borrow().clone();
    let settled = voter.settled.filter(|settled| settled.height == head.finalized.0);
    let spec = &api.genesis.spec;
    Ok(Json(views::Status {
        id: api.id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: rfc3339(api.started),
        network: views::NetworkStatus {
            name: spec.name.as_str().to_owned(),
            id: api.genesis.id().to_string(),
            code: api.code.map(|code| code.to_string()),
            symbol: spec.coin.symbol.as_str().to_owned(),
            decimals: spec.coin.decimals,
            interval_ms: spec.blocks.interval_ms.into(),
            version: head.branch.members.roster().version_at(head.branch.height.saturating_add(1)),
            gas_per_block: api.genesis.rules.gas_per_block,
            upgrade: upgrade(&api.genesis, &head),
            overrides: api.genesis.rules.overrides.hash().map(|hash| hash.to_string()),
            min_fee_per_byte: api.min_fee_per_byte,
        },
        tip: views::TipStatus {
            height: head.branch.height,
            hash: head.branch.id.to_string(),
            time: rfc3339(head.branch.time),
            work: head.branch.work.to_string(),
            lowest_block: head.lowest,
        },
        finalized: views::FinalStatus {
            height: head.finalized.0,
            hash: head.finalized.1.to_string(),
            behind: head.branch.height.saturating_sub(head.finalized.0),
            since: head.unfinal_since.map(rfc3339),
            after_ms: settled.map(|settled| settled.after_ms),
            turnout: voter.turnout.into(),
        },
        state: api.health.state().into(),
        peers: views::PeerCounts {
            connected: summary.connected,
            known: summary.known,
            dialed_in: summary.dialed_in.map(rfc3339),
        },
        mempool: views::MempoolStatus { transactions: level.transactions, bytes: level.bytes },
        miner: views::MinerStatus {
            enabled: api.miner_enabled,
            hashes_per_second: *api.hash_rate.borrow(),
            obstacle: api.health.obstacle().map(|obstacle| obstacle.to_string()),
        },
        certificate: views::CertificateStatus::new(wall(), not_after),
        lists: summary.ends.into_iter().filter(|end| end.what == What::List).map(list).collect(),
        clock: views::ClockStatus { offset_ms },
        open_files: views::OpenFilesStatus { allowed: descriptors::allowed(), needed: api.open_files },
        reward_to: api.reward_to.to_string(),
    }))
}

fn list(list: Expiry) -> views::ListStatus {
    views::ListStatus { ca: list.name, made: rfc3339(list.begins), due: rfc3339(list.ends) }
}

/// What this program cannot follow, once its height is reached.
pub(super) fn upgrade(genesis: &Genesis, head: &node::Head) -> Option<views::UpgradeStatus> {
    let decided = head.branch.members.roster().upgrades().iter();
    let unknown = decided.filter(|upgrade| upgrade.version > genesis.rules.newest_version);
    let first = unknown.min_by_key(|upgrade| upgrade.height)?;
    Some(views::UpgradeStatus { version: first.version, height: first.height })
}

/// Why the node does not do its work, and what to do about it.
fn fault(name: Name, state: node::State) -> Problem {
    let next = state.next_step().map_or_else(String::new, |step| format!("; {step}"));
    Problem::new(name, format!("{state}{next}"))
}

/// Whether the node works: its store answers and there is room on the disk
#[utoipa::path(get, path = "/healthz", tag = "node", responses(
    (status = 200, description = "it works", body = String),
    (status = 503, description = "it does not, and why", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn healthz(State(api): State<Api>) -> Result<&'static str, Problem> {
    api.look().await?;
    if api.head.borrow().disk_full {
        return Err(fault(Name::DiskFull, node::State::DiskFull));
    }
    Ok("ok\n")
}

/// Whether the node can do its work: it is connected, up to date, and may mine if it is to
#[utoipa::path(get, path = "/readyz", tag = "node", responses(
    (status = 200, description = "it can", body = String),
    (status = 503, description = "it cannot, and why", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(State(api): State<Api>) -> Result<&'static str, Problem> {
    let state = api.health.state();
    if state.is_ready() { Ok("ok\n") } else { Err(fault(Name::NotReady, state)) }
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
