//! The feed as a stream of server-sent events. Their ids are the feed's cursors, so a stream goes on after a restart of either side.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use bouya_core::limits::{API_FEED_STREAM, API_FEED_STREAM_BYTES, API_KEEP_ALIVE};
use bouya_core::node::Head;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::cursor::{After, Cursor};
use super::{FeedOptions, Read, Wanted, page};
use crate::http::Api;
use crate::http::extract::Options;
use crate::http::problem::Problem;
use crate::http::records::parsed;
use crate::http::stream::{LAST_EVENT_ID, UNBUFFERED};
use crate::http::views::{self, Feed, FeedAt, FeedUndone};

/// The feed as it grows: events named transaction, undone, at
///
/// The same as `GET /v1/feed`, pushed. The data of `transaction` is a `Transaction`, that of `undone` a `FeedUndone`, that of `at` a
/// `FeedAt`. Each event's id is a cursor: a client that comes back with the last one in `Last-Event-ID` (or as `after`) goes on behind it,
/// also after a restart, and on another node of the network. An `at` comes at the beginning, and whenever the stream has read on, so that a
/// client whose filter fits little has a new id to store too.
#[utoipa::path(get, path = "/v1/feed/stream", tag = "feed", params(
    FeedOptions,
    ("Last-Event-ID" = Option<String>, Header, description = "the id of the last event received; takes precedence over `after`"),
), responses(
    (status = 200, description = "server-sent events, each with an id and JSON data", body = String, content_type = "text/event-stream"),
    (status = 409, description = "what was final where the cursor comes from is not on this node's chain", body = views::Problem, content_type = "application/problem+json"),
    (status = 410, description = "the blocks after the cursor are pruned here", body = views::Problem, content_type = "application/problem+json"),
    (status = 503, description = "`behind`: this node has not yet come to the cursor, so wait; or it is busy or stopping: try again", body = views::Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn stream(
    State(api): State<Api>,
    Options(options): Options<FeedOptions>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or_default());
    let after: Option<After> = parsed(header.or(options.after.as_deref()))?;
    let wanted = Arc::new(Wanted { limit: API_FEED_STREAM, bytes: API_FEED_STREAM_BYTES, ..options.read()? });
    let place = api.stream_place()?;
    let mut follower =
        Follower { head: api.head.clone(), api, wanted, at: None, ready: VecDeque::new(), _place: place };
    // The first page is read before the answer begins, so that what is wrong with the cursor is a problem and not a stream that ends.
    follower.read(after).await?;
    let stream = unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok((UNBUFFERED, Sse::new(stream.boxed()).keep_alive(KeepAlive::new().interval(API_KEEP_ALIVE))))
}

/// Somebody who reads the stream.
struct Follower {
    api: Api,
    wanted: Arc<Wanted>,
    head: watch::Receiver<Arc<Head>>,
    /// How far the stream has come, and whether there is more to read at once.
    at: Option<(Cursor, bool)>,
    /// What was read and not yet sent.
    ready: VecDeque<Event>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event; none once the node stops, or if the chain cannot be read on from here: who comes back is told why.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let (at, more) = self.at?;
            if self.api.stop.is_cancelled() {
                return None;
            }
            if !more {
                // An open stream must not hold up the node's stop.
                tokio::select! {
                    () = self.api.stop.cancelled() => return None,
                    changed = self.head.changed() => changed.ok()?,
                }
            }
            self.read(Some(After::Cursor(at))).await.ok()?;
        }
    }

    /// Reads on, and makes events of what was found.
    async fn read(&mut self, after: Option<After>) -> Result<(), Problem> {
        // What changes while this reads is read the next time.
        self.head.borrow_and_update();
        let (own, names, wanted) = (self.api.clone(), self.api.names(), self.wanted.clone());
        let read = self.api.read(move |snapshot| page(&own, snapshot, &names, &wanted, after));
        let Read { feed, from, to: at } = read.await?;
        let Feed { undone, items, more, finalized, .. } = feed;
        if let Some(above) = undone {
            self.tell("undone", &from, &FeedUndone { above });
        }
        for item in items {
            let event = Event::default().event("transaction").id(item.cursor);
            self.ready.push_back(event.data(json(&item.transaction)));
        }
        if self.at.is_none_or(|(before, _)| before != at) {
            let height = if at.told.is_none() { at.height } else { at.height.saturating_sub(1) };
            self.tell("at", &at, &FeedAt { height, finalized });
        }
        self.at = Some((at, more));
        Ok(())
    }

    fn tell(&mut self, name: &str, at: &Cursor, data: &impl Serialize) {
        self.ready.push_back(Event::default().event(name).id(at.to_string()).data(json(data)));
    }
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}
