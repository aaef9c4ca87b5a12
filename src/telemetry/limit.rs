//! Limits the log: bytes an hour from one place in the code, and of these, bytes about one peer.
//!
//! A stranger or a member that makes this node log something again and again can fill neither the disk nor the share of other peers.
//! A place that reached its limit is silent until the hour is over. The number of lines left out is logged.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bouya_core::limits::{LOG_BYTES_PER_PEER, LOG_BYTES_PER_PLACE, LOG_PEERS, LOG_SPAN};
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Bytes of a line's time, level and braces.
const FRAME_BYTES: usize = 96;
/// Bytes of the quotes and signs around a field.
const FIELD_BYTES: usize = 5;
/// Bytes that an escaped character takes more than a plain one.
const ESCAPED_BYTES: usize = 5;

/// The counts of the current hour.
pub(super) struct Limiter(Mutex<Said>);

impl Limiter {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Said::new(Instant::now())))
    }

    pub(super) fn layer(self: &Arc<Self>) -> Limit {
        Limit(self.clone())
    }

    /// The places that reached their limit, each with the number of lines left out since the last call.
    pub(super) fn take_left_out(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.said().left_out).into_values().collect()
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limiter as a part of the subscriber.
pub(super) struct Limit(Arc<Limiter>);

impl<S: Subscriber> Layer<S> for Limit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let mut line = Measured::default();
        event.record(&mut line);
        let place = event.metadata();
        let bytes = line.bytes.saturating_add(place.target().len()).saturating_add(FRAME_BYTES);
        self.0.said().take(Instant::now(), place, &line.peer, bytes)
    }
}

/// Bytes logged since the hour began.
pub(super) struct Said {
    began: Instant,
    places: HashMap<Identifier, Place>,
    left_out: HashMap<Identifier, (String, u64)>,
}

#[derive(Default)]
struct Place {
    bytes: usize,
    peers: BTreeMap<String, usize>,
}

impl Said {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, places: HashMap::new(), left_out: HashMap::new() }
    }

    /// Whether a line with `bytes` bytes may be logged.
    pub(super) fn take(&mut self, now: Instant, place: &Metadata<'_>, peer: &str, bytes: usize) -> bool {
        if now.duration_since(self.began) >= LOG_SPAN {
            (self.began, self.places) = (now, HashMap::new());
        }
        if self.places.entry(place.callsite()).or_default().take(peer, bytes) {
            return true;
        }
        let left_out = self.left_out.entry(place.callsite()).or_insert_with(|| {
            let name = format!("{}:{}", place.target(), place.line().unwrap_or_default());
            (name, 0)
        });
        left_out.1 = left_out.1.saturating_add(1);
        false
    }
}

impl Place {
    fn take(&mut self, peer: &str, bytes: usize) -> bool {
        let all = self.bytes.saturating_add(bytes);
        if all > LOG_BYTES_PER_PLACE {
            return false;
        }
        if !peer.is_empty() {
            let crowded = self.peers.len() >= LOG_PEERS && !self.peers.contains_key(peer);
            let key = if crowded { String::new() } else { peer.to_owned() };
            let of_peer = self.peers.entry(key).or_default();
            let sum = of_peer.saturating_add(bytes);
            if sum > LOG_BYTES_PER_PEER {
                return false;
            }
            *of_peer = sum;
        }
        self.bytes = all;
        true
    }
}

/// A line's approximate length, and the peer it is about.
#[derive(Default)]
struct Measured {
    bytes: usize,
    peer: String,
}

impl Visit for Measured {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(FIELD_BYTES);
        if name == "peer" {
            self.peer = format!("{value:?}");
            self.bytes = self.bytes.saturating_add(self.peer.len());
        } else {
            // Counting does not fail. A value that cannot be formatted has no length.
            let _ = write!(self, "{value:?}");
        }
    }
}

impl Write for Measured {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let escaped = text.chars().filter(|c| c.is_control()).count().saturating_mul(ESCAPED_BYTES);
        self.bytes = self.bytes.saturating_add(text.len()).saturating_add(escaped);
        Ok(())
    }
}
