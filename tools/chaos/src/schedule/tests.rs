use clap::ValueEnum;
use proptest::prelude::*;

use super::*;

fn spec(seed: u64, nodes: usize, length: u64) -> Spec {
    Spec { seed, nodes, length, faults: Fault::value_variants().to_vec() }
}

#[test]
fn the_seed_decides_everything() {
    let one = plan(&spec(7, 5, 180_000));
    assert_eq!(one, plan(&spec(7, 5, 180_000)));
    assert_ne!(one, plan(&spec(8, 5, 180_000)));
    // The schedule of a seed must not change, because people keep seeds.
    assert_eq!(one.iter().filter(|step| step.fault == Fault::Revoke).count(), 1);
}

#[test]
fn three_minutes_hold_every_kind_of_fault() {
    for seed in 0..50 {
        let steps = plan(&spec(seed, 5, 180_000));
        let missing: Vec<_> = Fault::value_variants()
            .iter()
            .filter(|fault| !steps.iter().any(|step| step.fault == **fault))
            .collect();
        assert!(missing.is_empty(), "seed {seed} never does {missing:?}");
    }
}

#[test]
fn only_what_was_asked_for_is_done() {
    let faults = vec![Fault::Kill, Fault::Partition];
    let steps = plan(&Spec { seed: 3, nodes: 4, length: 120_000, faults: faults.clone() });
    assert!(steps.len() > 5);
    assert!(steps.iter().all(|step| faults.contains(&step.fault)));
    assert_eq!(plan(&Spec { seed: 3, nodes: 4, length: 120_000, faults: Vec::new() }), []);
}

/// The node that a step itself stops or holds up.
fn node(step: &Step) -> Option<usize> {
    if let Target::Node(node) = step.target { Some(node) } else { None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_node_and_no_link_has_two_faults_at_once_and_one_node_is_left_alone(
        seed: u64, nodes in 3_usize..=20, length in 6_000_u64..3_600_000,
    ) {
        let steps = plan(&spec(seed, nodes, length));
        for (at, step) in steps.iter().enumerate() {
            prop_assert!(step.at <= step.until && step.until <= length, "{step:?} does not end in time");
            prop_assert!(steps[at..].iter().all(|later| later.at >= step.at), "not by begin");
            for other in &steps[at + 1..] {
                let apart = step.until <= other.at;
                prop_assert!(apart || !collide(&step.target, &other.target), "{step:?} and {other:?}");
            }
            let same_time = |other: &&Step| other.at <= step.at && step.at < other.until;
            let busy = steps.iter().filter(same_time).filter_map(node).count();
            prop_assert!(busy < nodes, "nobody is left alone at {} ms", step.at);
            match &step.target {
                Target::Node(node) => prop_assert!(*node < nodes),
                Target::Link(from, to) => prop_assert!(from != to && *from < nodes && *to < nodes),
                Target::Half(half) => prop_assert!(!half.is_empty() && 2 * half.len() <= nodes),
            }
        }
    }

    #[test]
    fn who_was_removed_is_left_alone_and_enough_remain(seed: u64, nodes in 3_usize..=9) {
        let steps = plan(&spec(seed, nodes, 600_000));
        let removals: Vec<&Step> = steps.iter().filter(|step| step.fault == Fault::Revoke).collect();
        prop_assert!(removals.len() <= 1);
        for removal in removals {
            let gone = node(removal).unwrap();
            for later in steps.iter().filter(|step| step.at > removal.at) {
                let hit = match &later.target {
                    Target::Node(node) => *node == gone,
                    Target::Link(from, to) => *from == gone || *to == gone,
                    Target::Half(half) => half.contains(&gone),
                };
                prop_assert!(!hit, "{later:?} comes after the removal of node{gone}");
            }
        }
    }
}
