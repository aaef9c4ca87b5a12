//! A world for tests of contracts: accounts with coins, members, agreements, height and time as a test sets them.
//!
//! ```
//! # use bouya_contract::{Contract, contract};
//! use bouya_contract::testing::World;
//! # pub struct Gift;
//! # impl Contract for Gift {
//! #     type Init = (); type Call = (); type View = (); type Output = (); type Answer = u64; type Events = (); type Error = &'static str;
//! #     fn init(_: ()) -> Result<(), Self::Error> { Ok(()) }
//! #     fn call(_: ()) -> Result<(), Self::Error> {
//! #         if bouya_contract::pay(&bouya_contract::caller(), 1) { Ok(()) } else { Err("no coins are left") }
//! #     }
//! #     fn view(_: ()) -> Result<u64, Self::Error> { Ok(bouya_contract::balance()) }
//! # }
//!
//! let mut world = World::new();
//! let (alice, bob) = (world.member("alice", 100), world.account("bob", 0));
//! let gift = world.deploy::<Gift>(alice, &(), 1).unwrap();
//! world.call(bob, gift, &(), 0).unwrap();
//! assert_eq!(world.coins(bob), 1);
//! assert_eq!(world.call(bob, gift, &(), 0).unwrap_err().reason, "no coins are left");
//! ```
//!
//! A call that fails, by a panic too, changes nothing. `World::new` runs the contract's code natively; [`World::of_module`] runs its module in the
//! node's own machine, and [`World::built`] the one that was built last, so a test that is written once can be run over both. There are no fees.

#![allow(clippy::panic, reason = "for tests, which fail by panicking")]

mod built;
mod engine;
mod frame;
mod key;
mod world;

pub use key::Key;
pub use world::{Deployed, Done, Failed, World};
