//! Whether a removed member stays out, watched from its removal on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::consortium::name;
use crate::drill::Drill;

/// A node that was down or apart when the list spread may meet the removed one first. It hears of it from the first honest peer, and cuts
/// the link within seconds: while it is connected to an honest one and to the removed one for longer than this, it does not.
const GRACE: Duration = Duration::from_secs(15);

/// See above.
#[derive(Default)]
pub(crate) struct Guard {
    cut_after: Option<u64>,
    since: BTreeMap<usize, Instant>,
    returned: BTreeMap<usize, String>,
}

impl Guard {
    pub(crate) fn look(&mut self, drill: &Drill) {
        let Some((at, removed)) = drill.removal else { return };
        let mut anybody = false;
        for node in drill.survivors() {
            let view = drill.board.view(node);
            let connected = drill.seats[node].usable().is_some() && view.is_connected_to(&name(removed));
            let knows = drill.survivors().iter().any(|other| view.is_connected_to(&name(*other)));
            anybody |= connected;
            if !connected || !knows {
                self.since.remove(&node);
            } else if self.since.entry(node).or_insert_with(Instant::now).elapsed() > GRACE {
                let text = format!(
                    "node{node} was connected to node{removed} for more than {} s after its removal",
                    GRACE.as_secs()
                );
                self.returned.insert(node, text);
            }
        }
        if !anybody && self.cut_after.is_none() {
            self.cut_after = Some(drill.board.now().saturating_sub(at));
        }
    }

    /// Milliseconds from the removal until nobody was connected to it.
    pub(crate) fn cut_after(&self) -> Option<u64> {
        self.cut_after
    }

    pub(crate) fn returned(&self) -> Vec<String> {
        self.returned.values().cloned().collect()
    }
}
