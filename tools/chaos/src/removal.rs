//! Watches from the removal on whether the removed member stays out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::consortium::name;
use crate::drill::Drill;

/// A node that was down or cut off when the list spread may connect to the removed member first. It gets the list from the first honest
/// peer, and then disconnects within seconds. If it is connected to an honest peer and to the removed member for longer than this, it has
/// failed to do so.
const GRACE: Duration = Duration::from_secs(15);

/// The watch over the removed member.
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

    /// Milliseconds from the removal until no node was connected to it.
    pub(crate) fn cut_after(&self) -> Option<u64> {
        self.cut_after
    }

    pub(crate) fn returned(&self) -> Vec<String> {
        self.returned.values().cloned().collect()
    }
}
