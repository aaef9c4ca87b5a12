//! Each test runs twice: natively, and over the module in the machine of a node, once that was built.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_contract::Address;
use bouya_contract::testing::{Deployed, World};
use counter::{Act, Counted, Counter};

fn everywhere(test: impl Fn(&mut World, Deployed<Counter>, Address)) {
    for mut world in [World::new()].into_iter().chain(World::built()) {
        let owner = world.member("owner", 10);
        let counter = world.deploy(owner, &(), 0).unwrap();
        test(&mut world, counter, owner);
    }
}

#[test]
fn anybody_adds() {
    everywhere(|world, counter, _| {
        let bob = world.account("bob", 0);
        let done = world.call(bob, counter, &Act::Add { by: 2 }, 0).unwrap();
        assert_eq!((done.output, done.events_of::<Counted>()), (2, vec![Counted { by: bob, count: 2 }]));
        world.call(bob, counter, &Act::Add { by: 3 }, 0).unwrap();
        assert_eq!(world.view(counter, &()).unwrap(), 5);
    });
}

#[test]
fn only_its_owner_begins_anew() {
    everywhere(|world, counter, owner| {
        let bob = world.account("bob", 0);
        world.call(bob, counter, &Act::Add { by: 2 }, 0).unwrap();
        let failed = world.call(bob, counter, &Act::Reset, 0).unwrap_err();
        assert_eq!(failed.reason, "only its owner begins anew");
        assert_eq!(world.view(counter, &()).unwrap(), 2);
        world.call(owner, counter, &Act::Reset, 0).unwrap();
        assert_eq!(world.view(counter, &()).unwrap(), 0);
    });
}

#[test]
fn it_takes_no_coins_and_does_not_overflow() {
    everywhere(|world, counter, owner| {
        let failed = world.call(owner, counter, &Act::Add { by: 1 }, 1).unwrap_err();
        assert_eq!(failed.reason, "it takes no coins");
        assert_eq!(world.coins(owner), 10);
        world.call(owner, counter, &Act::Add { by: u64::MAX }, 0).unwrap();
        let failed = world.call(owner, counter, &Act::Add { by: 1 }, 0).unwrap_err();
        assert_eq!(failed.reason, "it cannot count so far");
    });
}
