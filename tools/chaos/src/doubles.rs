//! Finds pairs of nodes that keep two connections. Watches all the time, because the next fault could break one and hide the pair.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::consortium::name;
use crate::proxy::link::Links;
use crate::seat::Seat;

/// Sometimes both ends dial at once. They settle within seconds which connection stays.
const GRACE: Duration = Duration::from_secs(20);

/// The pairs with more than one connection, and the faults found so far.
#[derive(Default)]
pub(crate) struct Doubles {
    since: BTreeMap<(usize, usize), Instant>,
    found: BTreeMap<(usize, usize), String>,
}

impl Doubles {
    pub(crate) fn look(&mut self, seats: &[std::sync::Arc<Seat>], links: &Links) {
        let pairs = (0..seats.len()).flat_map(|one| (0..one).map(move |other| (other, one)));
        for (one, other) in pairs {
            // Over a cut link, or with a frozen node, they cannot settle it.
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
