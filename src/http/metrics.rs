//! Metrics in the OpenMetrics text format, read off the actors' watches when they are asked for.

use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Api;
use super::problem::Problem;
use crate::clock::wall;
use crate::net::request::Request;

/// OpenMetrics text
#[utoipa::path(get, path = "/metrics", tag = "node", responses(
    (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
))]
pub(super) async fn metrics(State(api): State<Api>) -> Result<Response, Problem> {
    let summary = api.network.ask(|reply| Request::Summary { reply }).await?;
    let head = api.head.borrow().clone();
    let level = *api.level.borrow();
    let not_after = api.not_after.borrow().0;
    let left = not_after.saturating_sub(wall().0) / 1_000;
    let mut registry = Registry::with_prefix("bouya");
    let mut gauge = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    gauge("height", "Height of the best chain", head.branch.height);
    gauge("tip_time_seconds", "Time of the best block, as its miner claims", head.branch.time.0 / 1_000);
    gauge("peers_connected", "Peers whose hello was read", summary.connected as u64);
    gauge("peers_known", "Peers in the book", summary.known as u64);
    gauge("syncing", "1 while catching up", u64::from(summary.sync.state == "syncing"));
    gauge("mempool_transactions", "Transactions that wait", level.transactions as u64);
    gauge("mempool_bytes", "Their bytes, as allocated", level.bytes as u64);
    gauge("hashes_per_second", "The miner's rate", *api.hash_rate.borrow());
    gauge("certificate_seconds_left", "Until this node's certificate ends", left);
    gauge(
        "clock_off_milliseconds",
        "This node's clock against its peers' median",
        summary.clock_offset_ms.unsigned_abs(),
    );
    gauge("disk_full", "1 while no block is taken for lack of room", u64::from(head.disk_full));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(Problem::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
