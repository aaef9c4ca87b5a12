//! Blocks mined on request.

use tokio::sync::oneshot;

use super::harness::Node;
use crate::miner::{MineError, MinerRequest};

#[test]
fn requests_to_mine_at_once_each_get_a_block_of_their_own() {
    let node = Node::start();
    let ask = || {
        let (reply, answer) = oneshot::channel();
        node.api.miner.offer(MinerRequest::MineOne { reply }).unwrap();
        answer
    };
    let answers: Vec<_> = (0..8).map(|_| ask()).collect();
    let mut heights = Vec::new();
    for answer in answers {
        match answer.blocking_recv().expect("every request is answered") {
            Ok((height, _)) => heights.push(height),
            Err(error) => assert_eq!(error, MineError::Overtaken),
        }
    }
    assert!(heights.is_sorted() && !heights.is_empty(), "{heights:?}");
    let count = heights.len();
    heights.dedup();
    assert_eq!(heights.len(), count, "two requests were answered with one block");
}
