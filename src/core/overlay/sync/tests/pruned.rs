//! Peers that have pruned the bodies of old blocks: they lead, and serve what they have.

use super::*;

fn pruned(said: u64, kept: u64) -> Manner {
    Manner::Prunes { said, kept }
}

fn pruned_events(world: &World) -> Vec<u64> {
    let needed = |(_, event): &(Time, NetworkEvent)| match event {
        NetworkEvent::Pruned { needed } => Some(*needed),
        _ => None,
    };
    world.events.iter().filter_map(needed).collect()
}

#[test]
fn who_has_pruned_leads_and_others_serve_what_it_lacks() {
    // What was said in hello may be long ago.
    for said in [2, 30] {
        let mut world = World::new(&[]);
        world.connect(1, &long()[..60], pruned(said, 30), 10);
        world.connect(2, &long()[..59], Manner::Honest, 10);
        world.run(120_000);
        assert_eq!(world.tip.height, 60, "{said}");
        assert_eq!((world.out_of_order, &world.blamed[..]), (0, &[][..]));
    }
}

#[test]
fn where_all_have_pruned_that_is_told_and_nobody_is_blamed() {
    for said in [2, 30] {
        let mut world = World::new(&[]);
        world.connect(1, &long()[..60], pruned(said, 30), 10);
        world.connect(2, &long()[..60], pruned(said, 40), 10);
        world.run(600_000);
        assert_eq!((world.tip.height, &world.blamed[..]), (0, &[][..]));
        let told = pruned_events(&world);
        assert!(told.iter().all(|needed| *needed == 1) && (2..30).contains(&told.len()), "{told:?}");
        assert_eq!(world.sync.status(), SyncStatus::Synced);
    }
}

#[test]
fn who_is_not_far_behind_is_served_by_those_that_prune() {
    let mut world = World::new(&long()[..35]);
    world.connect(1, &long()[..60], pruned(36, 36), 10);
    world.run(10_000);
    assert_eq!((world.tip.height, world.served(1)), (60, 25));
}
