//! Bodies that come back, as the overlay hears of them.

use alloc::collections::BTreeMap;

use super::*;
use crate::ledger::Span;
use crate::overlay::Backfilled;

/// What the overlay hears: the lowest body of each head, what is wanted, and the answers.
fn heard(said: &[Output<World>]) -> Vec<(u64, Option<u64>)> {
    let tip = |output: &Output<World>| match output {
        Output::Head { head, .. } => Some((head.tip().lowest, head.tip().wanted_below)),
        _ => None,
    };
    said.iter().filter_map(tip).collect()
}

#[test]
fn a_node_that_prunes_says_so_before_its_first_block() {
    let mut bench = Bench::new();
    bench.keeper.prune(Some(5)).unwrap();
    assert_eq!(heard(&bench.said()), [(1, None)], "0 would mean that it keeps all");
    bench.keeper.prune(None).unwrap();
    assert_eq!(heard(&bench.said()), [(0, None)]);
}

#[test]
fn a_span_is_not_taken_where_it_cannot_be() {
    let span = || Span { from: 1, blocks: BTreeMap::new() };
    let answers = |bench: &mut Bench| {
        bench.keeper.handle(Input::Request(KeeperRequest::Backfill(span()))).unwrap();
        let answer = |output| match output {
            Output::Answer(Answer::Backfilled(result)) => Some(result),
            _ => None,
        };
        bench.settle().into_iter().filter_map(answer).collect::<Vec<_>>()
    };
    let mut bench = Bench::new();
    assert_eq!(answers(&mut bench), [Ok(Backfilled::All)], "nothing is missing");
    bench.keeper.handle(Input::DiskFull(true)).unwrap();
    assert_eq!(answers(&mut bench), [Ok(Backfilled::NotNow)]);
    bench.keeper.handle(Input::DiskFull(false)).unwrap();
    bench.keeper.prune(Some(5)).unwrap();
    assert_eq!(answers(&mut bench), [Ok(Backfilled::NotNow)]);
}
