//! Outside of a module: what a world for tests has put in place for the call that runs on this thread.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use std::boxed::Box;
use std::thread_local;

use crate::{Address, Hash};

/// A call that failed unwinds with its reason.
pub(crate) struct Failing(
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "a world reads it"))] pub(crate) String,
);

thread_local! {
    static HOST: RefCell<Option<Rc<RefCell<dyn Host>>>> = const { RefCell::new(None) };
}

/// Runs a contract's code with this host. An error is what it unwound with.
#[cfg(feature = "testing")]
pub(crate) fn under(host: Rc<RefCell<dyn Host>>, run: impl FnOnce()) -> std::thread::Result<()> {
    HOST.set(Some(host));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    HOST.take();
    result
}

/// Asks the host of this thread. It is let go of before a failure unwinds.
fn ask<T>(question: impl FnOnce(&mut dyn Host) -> Result<T, String>) -> T {
    let Some(host) = HOST.with_borrow(Clone::clone) else {
        fail("contracts run in a node, and in tests within bouya_contract::testing::World")
    };
    let answer = question(&mut *host.borrow_mut());
    answer.unwrap_or_else(|reason| fail(&reason))
}

pub(crate) fn fail(reason: &str) -> ! {
    // No panic: nothing is printed, for tests fail calls on purpose.
    std::panic::resume_unwind(Box::new(Failing(reason.to_string())))
}

macro_rules! host {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        /// What stands behind the functions of a contract. An error ends the call, with this reason.
        pub(crate) trait Host {
            $(fn $name(&mut self, $($argument: $kind),*) -> Result<$result, String>;)*
        }

        $(
            pub(crate) fn $name($($argument: $kind),*) -> $result {
                ask(|host| host.$name($($argument),*))
            }
        )*
    };
}

host! {
    fn input() -> Vec<u8>;
    fn output(bytes: &[u8]) -> ();
    fn get(key: &[u8]) -> Option<Vec<u8>>;
    fn has(key: &[u8]) -> bool;
    fn set(key: &[u8], value: &[u8]) -> ();
    fn remove(key: &[u8]) -> ();
    fn caller() -> Address;
    fn me() -> Address;
    fn value() -> u64;
    fn balance() -> u64;
    fn pay(to: &Address, amount: u64) -> bool;
    fn height() -> u64;
    fn time() -> u64;
    fn event(topic: &str, data: &[u8]) -> ();
    fn sha256(bytes: &[u8]) -> Hash;
    fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;
    fn is_member(address: &Address) -> bool;
    fn agreement(id: &Hash) -> i32;
}
