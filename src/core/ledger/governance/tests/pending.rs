//! What a node knows without executing the blocks up to a handover.

use proptest::prelude::*;

use super::thresholds::{act, perform};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Taken at any block from the target to the handover, from the state there or from the state at a later tip, it gives the members that
    /// executing gives.
    #[test]
    fn the_state_at_the_target_gives_the_members_after_the_handover(
        members in 1_u8..6,
        acts in prop::collection::vec((act(), prop::option::weighted(0.1, any::<prop::sample::Index>())), 1..120),
    ) {
        let mut town = Town::of(members);
        for (act, handover) in acts {
            // Ballots by many, so that much passes.
            perform(&mut town, act, |_| true);
            let base_before = town.roster().base().height();
            let Some(index) = handover else { continue };
            let reach = usize::try_from(town.height - base_before + 1).unwrap();
            let target = base_before + u64::try_from(index.index(reach)).unwrap();
            let covers = town.taken.last().unwrap().covers(target);
            let handed = town.hand_over(target);
            prop_assert_eq!(covers, handed.is_some());
            for height in target..town.height {
                let pending = &town.taken[usize::try_from(height).unwrap()];
                prop_assert_eq!(&pending.after(target, town.base()), &handed);
                prop_assert_eq!(&pending_at(&town.world, height).unwrap(), pending, "at {}", height);
            }
            // The same from a tip above it, back to the base before.
            for height in base_before..=town.height {
                let pending = &town.taken[usize::try_from(height).unwrap()];
                prop_assert_eq!(&pending_at(&town.world, height).unwrap(), pending, "at {}", height);
            }
            prop_assert!(base_before == 0 || handed.is_none() || pending_at(&town.world, base_before - 1).is_err());
        }
    }
}
