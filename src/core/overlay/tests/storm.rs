//! Many nodes at once.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::world::{World, id, settings};
use crate::overlay::OverlaySettings;

#[test]
fn fifty_nodes_come_back_to_a_restarted_bootstrap_without_a_storm() {
    let names: alloc::vec::Vec<_> = (0..49).map(|n| std::format!("n{n}")).collect();
    // They know nobody else: every one of them needs the one that restarts.
    let lonely =
        |name: &alloc::string::String| OverlaySettings { advertise: None, ..settings(name, &["boot"]) };
    let mut world = World::new(names.iter().map(lonely).collect());
    world.add(settings("boot", &[]));
    world.delays = alloc::vec![5, 20, 3, 11];
    world.run_for(Duration::from_secs(90));
    assert_eq!(world.overlay("boot").connected(), 49);
    world.crash("boot");
    let down = world.now;
    world.run_for(Duration::from_secs(30));
    assert!(names.iter().all(|name| world.overlay(name).connected() == 0));
    let up = world.now;
    world.add(OverlaySettings { instance: "second boot".into(), ..settings("boot", &[]) });
    world.run_for(Duration::from_secs(89));
    assert_eq!(world.overlay("boot").connected(), 49, "all are back");
    let mut per_second: BTreeMap<u64, usize> = BTreeMap::new();
    for (at, _, _) in world.dials.iter().filter(|(at, _, whom)| *at >= down && *whom == id("boot")) {
        *per_second.entry(at / 1_000).or_default() += 1;
    }
    // In the first second everybody looks whether it was only a hiccup, some twice; after that they spread.
    let busiest =
        per_second.iter().filter(|(second, _)| **second >= up / 1_000).map(|(_, count)| *count).max();
    assert!(busiest.is_some_and(|count| count <= 20), "{per_second:?}");
    assert!(per_second.values().all(|count| *count <= 2 * 49));
}
