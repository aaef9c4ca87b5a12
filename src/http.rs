//! The HTTP API: JSON under `/v1`, described by `/openapi.json`, and the explorer's pages.
//!
//! Reads need no token; requests that change the node need `Authorization: Bearer`. Every error is an RFC 9457 problem. Requests only read
//! snapshots of the store and leave messages in mailboxes, so a busy API holds up nothing else. What it may use is bounded: connections,
//! requests in flight, bytes, time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use bouya_core::code::Code;
use bouya_core::crypto::sha256;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Genesis};
use bouya_core::limits::{API_BODY_BYTES, API_REQUEST_TIMEOUT};
use bouya_core::node::Head;
use bouya_core::time::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::description::Description;
use self::problem::{Name, Problem};
use crate::actor::Mailbox;
use crate::events::Events;
use crate::health::Health;
use crate::mempool::{self, Level};
use crate::miner;
use crate::net::Traffic;
use crate::net::listen::Stats;
use crate::net::request;
use crate::store::Reader;
use crate::voter;

mod accounts;
mod agreements;
mod blocks;
mod caching;
mod check;
mod connections;
mod contracts;
mod cors;
mod description;
mod ends;
mod explorer;
mod extract;
mod feed;
mod finality;
mod guard;
mod history;
mod limits;
mod lists;
mod members;
mod metrics;
mod motions;
mod names;
mod node;
mod peers;
mod problem;
mod receipts;
mod records;
mod server;
mod short;
mod snapshot;
mod stall;
mod stream;
pub mod token;
mod transactions;
pub mod views;

pub use limits::Limits;
pub use server::serve;

/// The commit that this program was built from, if whoever built it has said it.
pub(crate) const COMMIT: Option<&str> = option_env!("BOUYA_COMMIT");

/// Everything that requests may touch.
#[derive(Clone)]
pub struct Api {
    pub id: NodeId,
    /// When the node was started.
    pub started: Timestamp,
    /// How many open files it may need at most.
    pub open_files: u64,
    pub genesis: Arc<Genesis>,
    /// What people compare; none where another CA has signed this node's certificate.
    pub code: Option<Code>,
    /// Whose disk's free space is told.
    pub data_dir: PathBuf,
    pub reader: Reader,
    pub head: watch::Receiver<Arc<Head>>,
    pub mempool: Mailbox<mempool::MempoolRequest>,
    pub level: watch::Receiver<Level>,
    pub miner: Mailbox<miner::MinerRequest>,
    pub voter: Mailbox<voter::VoterRequest>,
    pub hash_rate: watch::Receiver<u64>,
    pub miner_enabled: bool,
    /// How this node stands.
    pub health: Health,
    pub network: Mailbox<request::NetworkRequest>,
    /// What became of sockets before their hello; all 0 without a listener.
    pub strangers: Arc<Stats>,
    /// Bytes sent to peers and received from them.
    pub traffic: Arc<Traffic>,
    pub events: Events,
    pub reward_to: Address,
    /// Held here only to compare it.
    pub token: token::Token,
    /// Further names that the `Host` header may carry.
    pub hosts: Vec<String>,
    /// Other sites whose pages may read and submit.
    pub origins: Vec<String>,
    /// Smallest fee per byte that this node takes, in the smallest unit.
    pub min_fee_per_byte: u64,
    pub limits: Limits,
    pub stop: CancellationToken,
}

fn described() -> OpenApiRouter<Api> {
    let paged = OpenApiRouter::new()
        .routes(routes!(peers::list, peers::add))
        .routes(routes!(peers::blacklist))
        .routes(routes!(blocks::list))
        .routes(routes!(transactions::list, transactions::submit))
        .routes(routes!(check::check))
        .routes(routes!(feed::list))
        .routes(routes!(accounts::show))
        .routes(routes!(accounts::history))
        .routes(routes!(records::list))
        .routes(routes!(agreements::list))
        .routes(routes!(agreements::show))
        .routes(routes!(motions::motions))
        .routes(routes!(history::sets))
        .routes(routes!(contracts::list))
        .routes(routes!(contracts::slots::slots))
        .routes(routes!(contracts::events::events))
        .routes(routes!(receipts::receipt))
        .routes(routes!(receipts::renew));
    let plain = OpenApiRouter::new()
        .routes(routes!(node::status))
        .routes(routes!(finality::show))
        .routes(routes!(finality::certificate))
        .routes(routes!(finality::resume))
        .routes(routes!(members::list))
        .routes(routes!(motions::motion))
        .routes(routes!(history::proof))
        .routes(routes!(peers::remove))
        .routes(routes!(peers::reach))
        .routes(routes!(peers::blacklist_add, peers::blacklist_remove))
        .routes(routes!(blocks::show))
        .routes(routes!(blocks::raw))
        .routes(routes!(contracts::show))
        .routes(routes!(contracts::code))
        .routes(routes!(contracts::abi))
        .routes(routes!(contracts::view))
        .routes(routes!(transactions::show));
    // Streams stay open, and mining a block or reading a snapshot takes time.
    let long =
        OpenApiRouter::new().routes(routes!(stream::events)).routes(routes!(feed::stream::stream)).merge(
            OpenApiRouter::new()
                .routes(routes!(node::mine))
                .routes(routes!(snapshot::snapshot))
                .layer(from_fn(extract::no_query)),
        );
    // Monitoring tools may add a query string of their own.
    let watched = OpenApiRouter::new()
        .routes(routes!(node::healthz))
        .routes(routes!(node::readyz))
        .routes(routes!(metrics::metrics));
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(paged)
        .merge(plain.layer(from_fn(extract::no_query)))
        .merge(watched)
        .layer(from_fn_with_state(API_REQUEST_TIMEOUT, in_time))
        .merge(long)
}

/// The API's description, as it is in `docs/openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    description::complete(described().split_for_parts().1)
}

fn router(api: Api) -> Router {
    let (router, description) = described().split_for_parts();
    let description = description::complete(description).to_json().unwrap_or_default();
    let tag = caching::tag_of(&sha256(description.as_bytes()));
    let json = ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, tag)], description);
    let router = router
        .route("/openapi.json", routing::get(move || async move { json }))
        .layer(from_fn(caching::tag))
        .merge(explorer::routes())
        .fallback(explorer::missing)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(guard::Guard::new(&api), guard::check))
        // Outside the guard, which reads the bodies.
        .layer(DefaultBodyLimit::max(API_BODY_BYTES))
        .layer(map_response(secure))
        .layer(caching::compression());
    // Outside the guard, which knows no preflight.
    let router = match cors::layer(&api.origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.with_state(api)
}

/// The API without its sockets, as [`serve`] uses it.
#[cfg(feature = "fuzzing")]
pub(crate) fn without_sockets(api: Api) -> Router {
    metrics::Metrics::default().watch(router(api))
}

/// Ends requests that take longer, even those that wait for a body that does not come.
async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let late = || {
        let detail =
            "the request took too long; if it was a transaction, look for it before sending it again";
        Problem::new(Name::Timeout, detail).into_response()
    };
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| late())
}

/// Headers of every response: browsers guess no content types, allow no framing, and load nothing from elsewhere.
async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// OPTIONS is answered with what the path allows: HAProxy's plainest health check asks `OPTIONS /`, and takes a 405 for a dead node.
/// No header of CORS goes with it, so it permits nothing to other sites' pages.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS { done() } else { Problem::method().into_response() }
}

impl Api {
    fn amount(&self, units: u64) -> String {
        self.genesis.spec.coin.format(units)
    }
}

/// An empty answer for a request that worked.
fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests;
