//! Pairs of nodes that keep two connections, watched all along: the next fault may break one, and hide it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::consortium::name;
use crate::proxy::link::Links;
use crate::seat::Seat;

/// Both ends dial at once now and then; which connection stays is settled within seconds.
const GRACE: Duration = Duration::from_secs(20);

/// See above.
#[derive(Default)]
pub(crate) struct Doubles {
    since: BTreeMap<(usize, usize), Instant>,
    found: BTreeMap<(usize, usize), String>,
}

impl Doubles {
    pub(crate) fn look(&mut self, seats: &[std::sync::Arc<Seat>], links: &Links) {
        let pairs = (0..seats.len()).flat_map(|one| (0..one).map(move |other| (other, one)));
        for (one, other) in pairs {
            // Across a cut, or to a frozen node, nothing can be settled.
            let able = seats[one].usable().is_some() && seats[other].usable().is_some();
            if !able || !links.is_whole(one, other) || links.connections(one, other) < 2 {
                self.since.remove(&(one, other));
            } else if self.since.entry((one, other)).or_insert_with(Instant::now).elapsed() > GRACE {
                let count = links.connections(one, other);
                let text = format!(
                    "{} and {} had {count} connections for more than {} s",
                    name(one),
                    name(other),
                    GRACE.as_secs()
                );
                self.found.entry((one, other)).or_insert(text);
            }
        }
    }

    pub(crate) fn found(&self) -> Vec<String> {
        self.found.values().cloned().collect()
    }
}
