//! The event stream (server-sent events). A listener that is too slow is told how much it missed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::error::RecvError;

use super::Api;
use super::problem::Problem;

/// A comment this often shows that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What happens on the node, as it happens: events named block, reorg, transaction, dropped, peer, lagged
#[utoipa::path(get, path = "/v1/events", tag = "node", responses(
    (status = 200, description = "server-sent events, each with JSON data", body = String, content_type = "text/event-stream"),
))]
pub(super) async fn events(
    State(api): State<Api>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let full = |_| Problem::busy("64 event streams are open; close one, or ask for what happened instead");
    let place = api.limits.streams.clone().try_acquire_owned().map_err(full)?;
    let listener = api.events.listen();
    let stream = unfold((listener, api.stop, place), |(mut listener, stop, place)| async move {
        // A stream that is open may not hold up the node's stop.
        let heard = tokio::select! {
            () = stop.cancelled() => return None,
            heard = listener.recv() => heard,
        };
        let event = match heard {
            Ok(event) => {
                let data = serde_json::to_string(&event).unwrap_or_default();
                Event::default().event(event.name()).data(data)
            }
            Err(RecvError::Lagged(missed)) => {
                Event::default().event("lagged").data(format!("{{\"missed\":{missed}}}"))
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (listener, stop, place)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
