//! The event stream (server-sent events). Whoever comes back goes on where it left off; whoever is too slow is told how much it missed.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use bouya_core::limits::API_KEEP_ALIVE;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;

use super::extract::Options;
use super::problem::Problem;
use super::{Api, views};
use crate::events::Heard;

/// What a browser sends when it opens a stream again by itself.
const LAST_EVENT_ID: &str = "last-event-id";

/// Where to go on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventOptions {
    /// The id of the last event that was heard, for clients that cannot set `Last-Event-ID`; the header wins.
    after: Option<String>,
}

/// What happens on the node, as it happens: events named block, reorg, transaction, dropped, agreement, peer, lagged
///
/// An event's data are an `Event`, those of `lagged` a `Lagged`. Each has an id. A client that comes back with the last one in
/// `Last-Event-ID` gets what it missed, of the newest 1024. `lagged` with `missed` says how many are lost, to a client that was away too
/// long or reads too slowly; `missed` is null after the node's restart, or where the id is none of the node's. Ask for the present state
/// then, and read on.
#[utoipa::path(get, path = "/v1/events", tag = "node", params(
    EventOptions,
    ("Last-Event-ID" = Option<String>, Header, description = "the id of the last event that was heard"),
), responses(
    (status = 200, description = "server-sent events, each with an id and JSON data", body = String, content_type = "text/event-stream"),
))]
pub(super) async fn events(
    State(api): State<Api>,
    Options(options): Options<EventOptions>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let full = |_| Problem::busy("64 event streams are open; close one, or ask for what happened instead");
    let place = api.limits.streams.clone().try_acquire_owned().map_err(full)?;
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or_default());
    let listener = match header.or(options.after.as_deref()) {
        // A refusal would keep a browser from ever coming back: an id that is none here is one of another process.
        Some(last) => api.events.resume(last.parse().ok()),
        None => api.events.listen(),
    };
    let stream = unfold((listener, api.stop, place), |(mut listener, stop, place)| async move {
        // A stream that is open may not hold up the node's stop.
        let heard = tokio::select! {
            () = stop.cancelled() => return None,
            heard = listener.next() => heard?,
        };
        let (id, name, data) = match heard {
            Heard::Event(id, event) => {
                let event = views::Event::from(event);
                (id, event.name(), serde_json::to_string(&event))
            }
            Heard::Lagged(id, missed) => (id, "lagged", serde_json::to_string(&views::Lagged { missed })),
        };
        let event = Event::default().event(name).id(id.to_string()).data(data.unwrap_or_default());
        Some((Ok(event), (listener, stop, place)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(API_KEEP_ALIVE)))
}
