//! Metrics in the OpenMetrics text format. Levels are read from the actors' watches when they are asked for. Events are counted as they
//! happen, from the start of the API on, separately for each node.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::Api;
use super::problem::Problem;
use crate::events::{Event, Heard, Listener};
use levels::Levels;

mod levels;

/// Route and status: both from short closed lists, so that no client can create time series.
type Labels = [(&'static str, String); 2];

/// What is counted.
#[derive(Clone)]
pub(super) struct Metrics {
    blocks: Counter,
    reorgs: Counter,
    finals: Counter,
    final_seconds: Histogram,
    member_faults: Counter,
    missed: Counter,
    requests: Family<Labels, Counter>,
    refused: Counter,
    accept_failures: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            blocks: Counter::default(),
            reorgs: Counter::default(),
            finals: Counter::default(),
            // From the fastest networks, with a block every 100 ms, to a night without a quorum.
            final_seconds: Histogram::new(exponential_buckets(0.125, 2.0, 19)),
            member_faults: Counter::default(),
            missed: Counter::default(),
            requests: Family::default(),
            refused: Counter::default(),
            accept_failures: Counter::default(),
        }
    }
}

impl Metrics {
    /// Counts the chain's events until the node stops.
    pub(super) async fn count_events(self, mut events: Listener, stop: CancellationToken) {
        loop {
            let heard = tokio::select! {
                () = stop.cancelled() => return,
                heard = events.next() => heard,
            };
            match heard {
                Some(Heard::Event(_, event)) => self.count_event(&event),
                Some(Heard::Lagged(_, Some(count))) => drop(self.missed.inc_by(count)),
                Some(Heard::Lagged(_, None)) => {}
                None => return,
            }
        }
    }

    fn count_event(&self, event: &Event) {
        match event {
            Event::Block { .. } => drop(self.blocks.inc()),
            Event::Reorg { .. } => drop(self.reorgs.inc()),
            Event::Final { after_ms, .. } => {
                self.finals.inc();
                self.final_seconds.observe(Duration::from_millis(*after_ms).as_secs_f64());
            }
            Event::MemberFault { .. } => drop(self.member_faults.inc()),
            _ => {}
        }
    }

    /// Counts the answers of a router, and gives its handlers the counters.
    pub(super) fn watch(self, router: Router) -> Router {
        router.layer(Extension(self.clone())).layer(from_fn_with_state(self, count))
    }

    /// Counts a connection that was closed because there was no place for it.
    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    /// Counts a connection that could not be accepted.
    pub(super) fn accept_failed(&self) {
        self.accept_failures.inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("blocks", "Blocks that joined the best chain", self.blocks.clone());
        registry.register("reorgs", "Changes of the best chain's past", self.reorgs.clone());
        registry.register(
            "finals",
            "Times that a newer block became final, with all below",
            self.finals.clone(),
        );
        let help = "From a block's date until it was final, by this node's clock";
        registry.register("final_seconds", help, self.final_seconds.clone());
        let help = "Members found to have signed two votes that no honest machine signs both";
        registry.register("member_faults", help, self.member_faults.clone());
        registry.register("events_missed", "Events that the counters of events lost", self.missed.clone());
        registry.register("http_requests", "Answers of the API", self.requests.clone());
        let help = "Connections to the API that were closed because all others were busy";
        registry.register("http_connections_refused", help, self.refused.clone());
        let help = "Connections to the API that could not be accepted";
        registry.register("http_accept_failures", help, self.accept_failures.clone());
    }
}

/// Counts every answer, including those of the guard.
async fn count(
    State(metrics): State<Metrics>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let labels = [("route", route), ("status", response.status().as_u16().to_string())];
    metrics.requests.get_or_create(&labels).inc();
    response
}

/// OpenMetrics text
#[utoipa::path(get, path = "/metrics", tag = "node", responses(
    (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
))]
pub(super) async fn metrics(
    State(api): State<Api>,
    Extension(metrics): Extension<Metrics>,
) -> Result<Response, Problem> {
    let levels = Levels::read(&api).await?;
    let mut registry = Registry::with_prefix("bouya");
    levels.register(&mut registry, &api);
    metrics.register(&mut registry);
    let help = "Until a change of the store was durable";
    registry.register("commit_seconds", help, api.reader.commits());
    let help = "From TCP's connection to a peer's hello, where one came";
    registry.register("handshake_seconds", help, api.traffic.handshakes.clone());
    for (name, help, value) in api.strangers.counts().into_iter().chain(api.traffic.counts()) {
        registry.register(name, help, ConstCounter::new(value));
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(Problem::internal)?;
    api.answer("application/openmetrics-text; version=1.0.0; charset=utf-8", text.into_bytes())
}

#[cfg(test)]
mod tests {
    use axum::routing;
    use bouya_core::crypto::{Hash, PublicKey};
    use bouya_core::limits::EVENTS_KEPT;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::super::connections::Connections;
    use super::super::server::{DEADLINES, connection};
    use super::*;
    use crate::events::Events;

    fn text(metrics: &Metrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[tokio::test]
    async fn what_happens_is_counted_and_what_was_missed_too() {
        let (events, metrics) = (Events::default(), Metrics::default());
        let heard = events.listen();
        let (hash, miner) = (Hash::ZERO, PublicKey([9; 32]));
        let block = Event::Block { height: 1, hash, transactions: 0, miner, member: None };
        // Three more than a listener may be behind: the first are lost.
        for _ in 0..EVENTS_KEPT {
            events.tell(block.clone());
        }
        events.tell(Event::Reorg { depth: 1, from: Hash::ZERO, to: Hash::ZERO, height: 1 });
        events.tell(Event::Final { height: 1, hash, after_ms: 1_500 });
        let id = "bob".parse().unwrap();
        events.tell(Event::MemberFault { id, offence: "double".to_owned() });
        // The last teller is gone, so counting ends by itself.
        drop(events);
        metrics.clone().count_events(heard, CancellationToken::new()).await;
        let text = text(&metrics);
        for line in [
            "blocks_total 1021",
            "reorgs_total 1",
            "finals_total 1",
            "final_seconds_sum 1.5",
            "final_seconds_bucket{le=\"1.0\"} 0",
            "final_seconds_bucket{le=\"2.0\"} 1",
            "member_faults_total 1",
            "events_missed_total 3",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[tokio::test]
    async fn a_client_makes_no_series_of_its_own() {
        let metrics = Metrics::default();
        let router = Router::new().route("/v1/{id}", routing::get(|| async {}));
        let router = metrics.clone().watch(router);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let place = Connections::new(1).admit().unwrap();
        tokio::spawn(connection(stream, router, place, CancellationToken::new(), DEADLINES));
        for path in ["/v1/a", "/v1/b", "/x", "/y?z"] {
            client
                .write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
                .await
                .unwrap();
            assert!(client.read(&mut [0; 1_024]).await.unwrap() > 0);
        }
        let text = text(&metrics);
        for line in ["{route=\"/v1/{id}\",status=\"200\"} 2", "{route=\"none\",status=\"404\"} 2"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert_eq!(text.matches("http_requests_total{").count(), 2, "{text}");
    }
}
