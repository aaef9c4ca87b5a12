//! What is final goes before work: no branch without the final block is followed, and one with a newer final block is, whatever its work.

use super::faults::{blamed, most};
use super::*;
use crate::ledger::{BlockFault, Contradiction};

/// A chain of 60 blocks, and a lighter one of 40 that leaves it after 30.
fn heavy_and_light() -> (&'static [Arc<Block>], Blocks) {
    (&long()[..60], extend(&long()[..30], 2, 10, ON_TIME))
}

/// A node that is up to date with peer 9, on these blocks.
fn up_to_date(blocks: &[Arc<Block>]) -> World {
    let mut world = World::new(blocks);
    world.connect(9, blocks, Manner::NoHeaders, 10);
    world.run(1_000);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    world.disconnect(9);
    world
}

#[test]
fn a_heavier_branch_without_the_final_block_is_not_walked_on() {
    let better = extend(&long()[..30], 2, 1_300, ON_TIME);
    let mut world = up_to_date(&long()[..60]);
    world.finalize(&long()[..40], &long()[..60]);
    world.connect(1, &better, Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.asked_headers, world.served(1)), (0, 1, 0));
    assert_eq!((&world.blamed[..], world.sync.status()), (&[][..], SyncStatus::Synced));
    // One that leaves the chain after the final block is followed, from this very peer too.
    world.moves_to(1, &extend(&long()[..45], 3, 30, ON_TIME));
    world.run(1_000);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (30, &[][..]));
}

#[test]
fn a_heavier_branch_that_ends_below_the_final_block_is_not_fetched() {
    let (fast, slow) = slow_and_fast();
    let (ours, theirs) = (&slow[..2_000], &fast[..1_900]);
    assert!(tip_of(theirs).work > tip_of(ours).work);
    let mut world = World::new(ours);
    world.finalize(&ours[..1_950], ours);
    world.connect(1, theirs, Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.served(1), &world.blamed[..]), (0, 0, &[][..]));
    assert_eq!((world.sync.status(), world.sync.next_wakeup()), (SyncStatus::Synced, None));
}

#[test]
fn a_wanted_block_is_fetched_from_whoever_has_it() {
    let (ours, light) = heavy_and_light();
    for lacks in [Manner::Honest, Manner::NoHeaders, Manner::Lacks, Manner::Withholds(0)] {
        let mut world = up_to_date(ours);
        // Equal in everything, the last one is asked first.
        world.connect(1, ours, Manner::Honest, 10);
        world.connect(2, ours, lacks.clone(), 10);
        world.also(1, &light);
        if !matches!(lacks, Manner::Honest) {
            world.also(2, &light);
        }
        let took = world.want_for(&light, 30);
        assert!(took <= 16, "{took} s with {lacks:?}");
        assert_eq!(world.submitted, ids(&light[30..]), "{lacks:?}");
        assert!(blamed(&world, 1).is_empty());
        assert!(blamed(&world, 2).iter().all(|fault| matches!(lacks, Manner::Withholds(_))
            && matches!(fault, Fault::Withheld | Fault::KeptBranch)));
        assert_eq!(world.tip.id, tip_of(ours).hash, "whether to move there is the chain's to say");
        // Nobody asks any more, and what the peers claim still counts.
        let asked = world.asked_headers;
        world.run(60_000);
        assert_eq!(world.asked_headers, asked);
        world.becomes(2, Manner::Honest, 10);
        world.moves_to(2, &long()[..70]);
        world.run(500);
        assert_eq!(world.tip.height, 70, "{lacks:?}");
    }
}

#[test]
fn who_claims_to_be_high_enough_is_asked_first() {
    let (ours, light) = heavy_and_light();
    let mut world = up_to_date(ours);
    world.connect(1, &light, Manner::Honest, 10);
    world.connect(2, &ours[..35], Manner::Honest, 10);
    world.want(&light);
    world.run(1_000);
    assert_eq!((world.submitted.len(), world.asked_headers), (10, 1));
    // One that claims less is asked too.
    let mut world = up_to_date(ours);
    world.connect(2, &ours[..35], Manner::Honest, 10);
    world.also(2, &light);
    assert_eq!((world.want_for(&light, 5), world.submitted.len()), (1, 10));
}

#[test]
fn a_block_that_nobody_has_is_asked_for_in_turn_and_not_for_ever() {
    let (ours, light) = heavy_and_light();
    let mut world = up_to_date(ours);
    for conn in 1..5 {
        world.connect(conn, ours, Manner::Honest, 10);
    }
    world.want_for(&light, 60);
    assert!((36..=48).contains(&world.asked_headers), "{} in a minute from four", world.asked_headers);
    world.run(15_000);
    let asked = world.asked_headers;
    for _ in 0..60 {
        world.moves_to(1, ours);
        world.run(60_000);
    }
    assert_eq!((world.asked_headers, world.sync.next_wakeup()), (asked, None));
    assert_eq!(world.blamed, []);
}

#[test]
fn a_wanted_block_beside_the_final_one_is_reported_and_not_fetched() {
    let (ours, light) = heavy_and_light();
    let mut world = up_to_date(ours);
    world.finalize(&ours[..35], ours);
    // It has another chain, which lacks the final block too: that says nothing of the wanted one.
    world.connect(2, &extend(&long()[..30], 6, 9, ON_TIME), Manner::Honest, 10);
    world.want(&light);
    world.run(20_000);
    assert_eq!(world.beside, []);
    world.connect(1, ours, Manner::Honest, 10);
    world.also(1, &light);
    world.want(&light);
    world.run(20_000);
    assert_eq!(world.beside, [(tip_of(&light).hash, Contradiction::OtherHistory)]);
    assert_eq!((world.submitted.len(), world.served(1), &world.blamed[..]), (0, 0, &[][..]));
    // One that is no higher than the final block is not even looked for.
    let asked = world.asked_headers;
    world.want_for(&light[..35], 30);
    assert_eq!(world.asked_headers, asked);
}

#[test]
fn a_wanted_block_beside_the_operators_checkpoint_is_reported_as_that() {
    let (ours, light) = heavy_and_light();
    let mut world = up_to_date(ours);
    let mut genesis = (*genesis()).clone();
    genesis.rules.checkpoint = Some((33, ours[32].id()));
    world.sync.genesis = Arc::new(genesis);
    world.finalize(&ours[..35], ours);
    world.connect(1, ours, Manner::Honest, 10);
    world.also(1, &light);
    world.want(&light);
    world.run(20_000);
    assert_eq!(world.beside, [(tip_of(&light).hash, Contradiction::Overruled)]);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (0, &[][..]));
}

#[test]
fn a_wanted_block_on_top_of_a_refused_one_is_reported_as_that() {
    let ours = &long()[..30];
    let theirs = extend(ours, 2, 40, ON_TIME);
    let mut world = up_to_date(ours);
    world.invalid.insert(theirs[34].id());
    world.invalid_by = BlockFault::Computed;
    world.connect(1, &theirs, Manner::Honest, 10);
    world.run(20_000);
    assert_eq!((world.submitted.len(), &world.beside[..]), (4, &[][..]), "what is refused is left alone");
    world.want(&theirs[..60]);
    world.run(20_000);
    assert_eq!(world.beside, [(tip_of(&theirs[..60]).hash, Contradiction::Invalid)]);
    // Nobody is to blame for what this node computes, and nothing on top of it is fetched.
    assert_eq!((world.submitted.len(), &world.blamed[..]), (4, &[][..]));
}

#[test]
fn a_wanted_block_may_be_segments_away() {
    let (fast, slow) = slow_and_fast();
    let wanted = &slow[..SYNC_SEGMENT + 500];
    assert!(tip_of(wanted).work < tip_of(fast).work);
    let mut world = up_to_date(fast);
    world.connect(1, slow, Manner::Claims(tip_of(wanted)), 5);
    assert!(world.want_for(wanted, 600) < 600);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (wanted.len() - 10, &[][..]));
    assert_eq!(world.submitted, ids(&wanted[10..]));
    assert_eq!(world.most_marks, 2);
}

#[test]
fn no_header_above_a_wanted_block_is_taken() {
    let (ours, light) = heavy_and_light();
    let mut world = up_to_date(ours);
    // It does not have the block, and answers with thousands of headers.
    world.connect(1, &slow_and_fast().1, Manner::Claims(tip_of(ours)), 10);
    world.want(&light);
    world.run(1_000);
    assert_eq!((world.asked_headers, world.most_ids), (1, 0));
}

#[test]
fn a_claim_that_leads_nowhere_gives_way_to_a_wanted_block() {
    let (fast, slow) = slow_and_fast();
    let light = extend(&fast[..2_390], 5, 5, ON_TIME);
    let mut world = up_to_date(fast);
    world.connect(1, slow, Manner::NoHeaders, 10);
    world.run(300_000);
    // By now it has minutes. It answers each time just before it is late.
    world.becomes(1, Manner::Honest, 9_900);
    for _ in 0..4_000 {
        if world.sync.header_sync.is_some() {
            break;
        }
        world.run(100);
    }
    assert!(world.sync.header_sync.is_some(), "it is tried again");
    world.connect(2, fast, Manner::Honest, 10);
    world.also(2, &light);
    world.becomes(1, Manner::Honest, 9_900);
    let mut seconds = 0;
    while !world.stored.contains_key(&tip_of(&light).hash) && seconds < 300 {
        world.want(&light);
        world.run(1_000);
        seconds += 1;
    }
    assert!((20..65).contains(&seconds), "{seconds} s");
}

#[test]
fn at_the_start_claims_go_first() {
    let mut world = World::new(&[]);
    world.want(&long()[..500]);
    world.connect(1, &long()[..600], Manner::Honest, 10);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(10_000);
    assert_eq!(world.submitted, ids(&long()[..600]));
    assert_eq!(world.blamed, []);
}

#[test]
fn who_moved_to_a_lighter_final_branch_is_followed_there() {
    let (ours, light) = heavy_and_light();
    let longer = extend(&light, 2, 5, ON_TIME);
    assert!(tip_of(&longer).work < tip_of(ours).work);
    for claims in [tip_of(ours), most(ours)] {
        let mut world = up_to_date(ours);
        world.connect(1, &light, Manner::Claims(claims), 10);
        assert!(world.want_for(&light, 30) < 30);
        world.finalize(&light, &light);
        world.run(20_000);
        world.moves_to(1, &longer);
        world.run(10_000);
        assert_eq!((world.tip.id, &world.blamed[..]), (tip_of(&longer).hash, &[][..]));
    }
    // This node has followed it on the heavier branch before.
    let mut world = up_to_date(&ours[..50]);
    world.connect(1, ours, Manner::Honest, 10);
    world.run(1_000);
    assert_eq!(world.tip.id, tip_of(ours).hash);
    world.reorganise(1, &light);
    assert!(world.want_for(&light, 30) < 30);
    world.finalize(&light, &light);
    world.moves_to(1, &longer);
    world.run(10_000);
    assert_eq!((world.tip.id, &world.blamed[..]), (tip_of(&longer).hash, &[][..]));
}
