//! The event stream (server-sent events). A client that comes back goes on where it left off; one that is too slow is told how much it missed.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use bouya_core::limits::API_KEEP_ALIVE;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::extract::Options;
use super::problem::Problem;
use super::{Api, views};
use crate::events::Heard;

/// The header that a browser sends when it reopens a stream by itself.
pub(super) const LAST_EVENT_ID: &str = "last-event-id";
/// nginx would keep events back until its buffer is full.
pub(super) const UNBUFFERED: [(&str, &str); 1] = [("x-accel-buffering", "no")];

/// Where to go on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventOptions {
    /// The id of the last event received, for clients that cannot set `Last-Event-ID`; the header takes precedence.
    after: Option<String>,
}

/// What happens on the node, as it happens
///
/// Events are named block, reorg, transaction, dropped, agreement, motion, members, final, finality_stalled, member_fault,
/// finality_conflict, peer, and lagged. The data of an event is an `Event`; that of `lagged` is a `Lagged`. Each has an id. A client that comes back with the last one in
/// `Last-Event-ID` gets what it missed, up to the newest 1024. A client that was away too long or reads too slowly gets a `lagged` event:
/// `missed` says how many events it lost. It is null if nobody counted them: after a restart of the node, for an id that is not the node's,
/// and if the node itself passed some over, because a long sync or many deadlines at once made too many. Then ask for the current state,
/// and read on.
#[utoipa::path(get, path = "/v1/events", tag = "node", params(
    EventOptions,
    ("Last-Event-ID" = Option<String>, Header, description = "the id of the last event received"),
), responses(
    (status = 200, description = "server-sent events, each with an id and JSON data", body = String, content_type = "text/event-stream"),
))]
pub(super) async fn events(
    State(api): State<Api>,
    Options(options): Options<EventOptions>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let place = api.stream_place()?;
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or_default());
    let listener = match header.or(options.after.as_deref()) {
        // An unknown id comes from another process and is not refused: a refusal would keep a browser from ever coming back.
        Some(last) => api.events.resume(last.parse().ok()),
        None => api.events.listen(),
    };
    let stream = unfold((listener, api.stop, place), |(mut listener, stop, place)| async move {
        // An open stream must not hold up the node's stop.
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
        Some((event, (listener, stop, place)))
    });
    let stream = stream.map(Ok::<_, Infallible>);
    Ok((UNBUFFERED, Sse::new(stream).keep_alive(KeepAlive::new().interval(API_KEEP_ALIVE))))
}

impl Api {
    /// A place among the open streams.
    pub(super) fn stream_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let full =
            |_| Problem::busy("64 event streams are open; close one, or ask for what happened instead");
        self.limits.streams.clone().try_acquire_owned().map_err(full)
    }
}
