//! Measures how long nodes take to rejoin: from the moment a fault is lifted until each node that it hit answers, is connected to all
//! nodes it can reach, and shares a tip with others that is not behind where they were.

use std::time::Instant;

use serde::Serialize;

use crate::consortium::name;
use crate::fault::Fault;
use crate::proxy::link::Links;
use crate::seat::Seat;
use crate::watch::Board;

/// The rejoin after one lifted fault.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rejoin {
    pub(crate) fault: Fault,
    pub(crate) nodes: Vec<usize>,
    /// When the fault was lifted, in milliseconds.
    pub(crate) at: u64,
    /// Milliseconds until all its nodes were back. None: not yet, or never, if the next fault came first.
    pub(crate) took: Option<u64>,
    /// The next fault came first.
    pub(crate) interrupted: bool,
    #[serde(skip)]
    since: Option<Instant>,
    /// The height of the others at that time.
    #[serde(skip)]
    height: u64,
}

impl Rejoin {
    pub(crate) fn new(fault: Fault, nodes: Vec<usize>, board: &Board) -> Self {
        let others = (0..board.nodes()).filter(|node| !nodes.contains(node));
        let height = others.map(|node| board.view(node).height).max().unwrap_or(0);
        let since = Some(Instant::now());
        Self { fault, nodes, at: board.now(), took: None, interrupted: false, since, height }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.took.is_none() && !self.interrupted
    }

    /// Checks whether all are back.
    pub(crate) fn look(&mut self, board: &Board, seats: &[std::sync::Arc<Seat>], links: &Links) {
        if self.is_open() && self.nodes.iter().all(|node| self.is_back(*node, board, seats, links)) {
            self.took = Some(board.now() - self.at);
        }
    }

    fn is_back(&self, node: usize, board: &Board, seats: &[std::sync::Arc<Seat>], links: &Links) -> bool {
        if seats[node].is_removed() {
            return true;
        }
        let fresh = |node: usize, view: &crate::watch::View| {
            let life = seats[node].incarnation();
            view.answered
                .is_some_and(|(at, lived)| self.since.is_some_and(|since| at > since) && lived == life)
        };
        let reachable: Vec<usize> = (0..seats.len())
            .filter(|other| {
                *other != node && seats[*other].usable().is_some() && links.is_whole(node, *other)
            })
            .collect();
        let (tip, back) = {
            let view = board.view(node);
            let all = reachable.iter().all(|other| view.is_connected_to(&name(*other)));
            (view.tips.back().cloned(), fresh(node, &view) && all && view.height >= self.height)
        };
        let shares = |other: &usize| {
            let view = board.view(*other);
            fresh(*other, &view) && tip.as_ref().is_some_and(|tip| view.tips.contains(tip))
        };
        back && (reachable.is_empty() || reachable.iter().any(shares))
    }
}

/// The median and the worst of some times.
pub(crate) fn median_and_worst(mut times: Vec<u64>) -> Option<(u64, u64)> {
    times.sort_unstable();
    let middle = |at: usize| times.get(at).copied();
    let last = times.len().checked_sub(1)?;
    Some((middle(last / 2)?.midpoint(middle(last.div_ceil(2))?), *times.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median_and_worst(vec![]), None);
        assert_eq!(median_and_worst(vec![9, 1, 5]), Some((5, 9)));
        assert_eq!(median_and_worst(vec![4, 8, 2, 1]), Some((3, 8)));
    }
}
