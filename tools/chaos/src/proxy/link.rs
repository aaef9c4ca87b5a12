//! The state of each link, separately for each direction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// The state of one direction of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Bytes do not arrive, without any error. Once this is over they do arrive, because TCP would send them again.
    pub(crate) silent: bool,
    /// Connections break, and new ones are refused.
    pub(crate) refused: bool,
    /// The cable of the node at the sending end is unplugged. That loses the packets, not this state, which is only for those who ask.
    pub(crate) unplugged: bool,
    pub(crate) delay: Duration,
    /// The normal latency of the link: members are not in the same place.
    pub(crate) distance: Duration,
    /// Bytes per second.
    pub(crate) rate: Option<u64>,
    /// A counter. When it rises, all connections break.
    broken: u64,
}

/// All links between the nodes.
pub(crate) struct Links {
    nodes: usize,
    states: Vec<watch::Sender<State>>,
    open: Vec<Arc<AtomicUsize>>,
}

/// Both directions of one connection, as its dialer sees them.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(super) there: watch::Receiver<State>,
    pub(super) back: watch::Receiver<State>,
    breaks: (u64, u64),
}

/// A connection. It counts as open while this lives.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Links {
    pub(super) fn new(nodes: usize) -> Self {
        let pairs = nodes * nodes;
        let states = (0..pairs).map(|_| watch::Sender::new(State::default())).collect();
        Self { nodes, states, open: (0..pairs).map(|_| Arc::default()).collect() }
    }

    fn at(&self, from: usize, to: usize) -> usize {
        from * self.nodes + to
    }

    pub(super) fn wire(&self, from: usize, to: usize) -> Wire {
        let there = self.states[self.at(from, to)].subscribe();
        let back = self.states[self.at(to, from)].subscribe();
        let breaks = (there.borrow().broken, back.borrow().broken);
        Wire { there, back, breaks }
    }

    pub(super) fn opened(&self, from: usize, to: usize) -> Open {
        let count = self.open[self.at(from, to)].clone();
        count.fetch_add(1, Ordering::SeqCst);
        Open(count)
    }

    /// Changes the state of one direction.
    pub(crate) fn change(&self, from: usize, to: usize, change: impl FnOnce(&mut State)) {
        self.states[self.at(from, to)].send_modify(|state| {
            change(state);
            if state.refused {
                state.broken += 1;
            }
        });
    }

    /// Breaks the connections between two nodes.
    pub(crate) fn reset(&self, one: usize, other: usize) {
        self.change(one, other, |state| state.broken += 1);
    }

    /// Heals all links.
    pub(crate) fn heal(&self) {
        for state in &self.states {
            state.send_modify(|state| {
                *state = State { broken: state.broken, distance: state.distance, ..State::default() };
            });
        }
    }

    /// Whether bytes get through in both directions, even if late.
    pub(crate) fn is_whole(&self, one: usize, other: usize) -> bool {
        let whole = |from, to| {
            let state = self.states[self.at(from, to)].borrow();
            !state.silent && !state.refused && !state.unplugged
        };
        whole(one, other) && whole(other, one)
    }

    /// How many connections two nodes have now, in either direction.
    pub(crate) fn connections(&self, one: usize, other: usize) -> usize {
        let count = |from, to| self.open[self.at(from, to)].load(Ordering::SeqCst);
        count(one, other) + count(other, one)
    }
}

impl Wire {
    pub(super) fn is_refused(&self) -> bool {
        self.there.borrow().refused || self.back.borrow().refused
    }

    /// Waits until a dial can be answered.
    pub(super) async fn passable(&mut self) {
        loop {
            let blocked = |state: &State| state.silent && !state.refused;
            if blocked(&self.there.borrow()) {
                let _ = self.there.changed().await;
            } else if blocked(&self.back.borrow()) {
                let _ = self.back.changed().await;
            } else {
                return;
            }
        }
    }

    /// Waits until a fault breaks the connection.
    pub(super) async fn broken(mut self) {
        let (there, back) = self.breaks;
        let there = self.there.wait_for(|state| state.broken != there);
        let back = self.back.wait_for(|state| state.broken != back);
        tokio::select! {
            _ = there => (),
            _ = back => (),
        }
    }
}
