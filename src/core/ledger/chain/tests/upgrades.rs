//! Versions of blocks that the members decide for.

use super::*;
use crate::ledger::{Header, HeaderError, MemberChange, Upgrade};
use crate::limits::UPGRADE_NOTICE;
use crate::testing::members::Governors;
use crate::testing::network_of_members;

const NEXT: u32 = Header::VERSION + 1;

/// The node as a program would run it that knows versions up to this one.
fn knowing(node: &Node, version: u32) -> Node {
    let mut genesis = node.chain.genesis().clone();
    genesis.rules.newest_version = version;
    Node::load(Arc::new(genesis), node.world().clone(), node.now)
}

#[test]
fn from_the_height_that_the_members_decided_blocks_have_another_version() {
    let mut node = knowing(&Node::of(network_of_members("upgrade")), NEXT);
    let mut governors = Governors::default();
    let height = 2 + UPGRADE_NOTICE;
    let upgrade = MemberChange::Upgrade(Upgrade { version: NEXT, height });
    governors.decide(&mut node, upgrade, &[1, 2, 3]);
    node.change_members(&[1, 2, 3]);
    while node.chain.tip().height + 1 < height {
        assert_eq!(node.mine(vec![]).header.version, Header::VERSION);
    }
    let (mut old, mut stale) = (knowing(&node, Header::VERSION), knowing(&node, NEXT));
    let first = node.mine(vec![]);
    assert_eq!((first.header.version, first.header.height), (NEXT, height));
    let second = node.mine(vec![]);
    node.assert_sound();

    // A program that does not know it follows no further, and blames nobody.
    old.now = node.now;
    let refused = old.give(&first, Origin::Synced).unwrap_err();
    let expected = HeaderError::Outdated { version: NEXT, height, known: Header::VERSION };
    assert!(!refused.is_committed() && refused == PlanError::Header(expected), "{refused:?}");
    // Nor for the blocks above, whose parents it does not have.
    let refused = old.give(&second, Origin::Pushed).unwrap_err();
    assert!(matches!(refused, PlanError::Header(HeaderError::Outdated { version: NEXT, .. })), "{refused:?}");
    assert!(!refused.is_committed());

    // A block of the version before is invalid from there on, and one of the next version was before.
    stale.now = node.now;
    let restated = |block: &Block, version| {
        let mut block = block.clone();
        block.header.version = version;
        block.header.seal(&node.network(), &key(9));
        work(&mut block);
        Arc::new(block)
    };
    let late = restated(&first, Header::VERSION);
    let mut fresh = knowing(&Node::of(network_of_members("upgrade")), NEXT);
    fresh.now = node.now;
    let early = node.world().block(&node.world().at_height(1).unwrap().unwrap()).unwrap().unwrap();
    let early = restated(&early, NEXT);
    for (node, block) in [(&mut stale, late), (&mut fresh, early)] {
        let refused = node.give(&block, Origin::Pushed).unwrap_err();
        assert!(matches!(refused, PlanError::Header(HeaderError::Version { .. })), "{refused:?}");
        assert!(refused.is_committed());
    }
}
