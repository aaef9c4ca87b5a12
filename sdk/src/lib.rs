//! What contracts of a Bouya network are written with: `docs/CONTRACTS.md` tells how.
//!
//! A contract is a type that implements [`Contract`]: what happens when it is deployed, called and asked. [`contract!`] makes the module's
//! entries of it. All else is functions: who calls ([`caller`]), what came ([`value`]), who is paid ([`pay`]), rows that stay
//! ([`Item`], [`Map`]), and [`fail!`], after which nothing has happened.
//!
//! ```
//! use bouya_contract::{Contract, Item, Message, contract};
//!
//! const COUNT: Item<u64> = Item::new("count");
//!
//! /// Counts.
//! pub struct Counter;
//!
//! #[derive(Message)]
//! pub enum Act {
//!     Add { by: u64 },
//! }
//!
//! impl Contract for Counter {
//!     type Init = ();
//!     type Call = Act;
//!     type View = ();
//!     type Output = u64;
//!     type Answer = u64;
//!     type Events = ();
//!     type Error = &'static str;
//!
//!     fn init(_: ()) -> Result<(), Self::Error> {
//!         COUNT.set(&0);
//!         Ok(())
//!     }
//!
//!     fn call(Act::Add { by }: Act) -> Result<u64, Self::Error> {
//!         let count = COUNT.get().unwrap_or(0).checked_add(by).ok_or("it cannot count so far")?;
//!         COUNT.set(&count);
//!         Ok(count)
//!     }
//!
//!     fn view(_: ()) -> Result<u64, Self::Error> {
//!         Ok(COUNT.get().unwrap_or(0))
//!     }
//! }
//!
//! contract!(Counter);
//! # fn main() {}
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`abi`] | what the ABI file says of a contract's messages |
//! | `testing` | a world for tests, with the feature of that name |
//!
//! No floats, no clock, no randomness, no order that differs between machines: each node must come to the same result.

#![no_std]
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

extern crate alloc;
// The derive names this crate as its users do.
extern crate self as bouya_contract;
#[cfg(not(target_arch = "wasm32"))]
extern crate std;

pub mod abi;
mod entry;
mod event;
mod host;
#[cfg(target_arch = "wasm32")]
mod memory;
mod message;
mod rows;
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
pub mod testing;
mod values;

pub use borsh;
pub use bouya_contract_macros::Message;

pub use entry::Contract;
#[doc(hidden)]
pub use entry::{run_call, run_init, run_view};
pub use event::{Event, Events, emit};
pub use host::{agreement, balance, caller, fail, height, is_member, me, pay, sha256, time, value, verify};
pub use message::{Key, Message};
pub use rows::{Item, Map};
pub use values::{Address, Hash, Standing};

#[doc(hidden)]
pub use alloc::{format, string::String};

/// Ends the call as failed, with a reason that people see: `fail!("it costs {price}")`. Nothing of the call has happened then.
#[macro_export]
macro_rules! fail {
    ($($reason:tt)*) => {
        $crate::fail(&$crate::format!($($reason)*))
    };
}
