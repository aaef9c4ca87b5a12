use alloc::vec::Vec;

use crate::abi::{Type, Types};
use crate::{Message, host};

/// A message that a contract tells the world: receipts can prove it.
///
/// ```
/// # use bouya_contract::{Event, Message};
/// #[derive(Message)]
/// struct Paid {
///     amount: u64,
/// }
///
/// impl Event for Paid {
///     const TOPIC: &str = "paid";
/// }
/// ```
pub trait Event: Message {
    /// What people and programs find it by: at most 64 bytes, no control characters.
    const TOPIC: &str;
}

/// Tells an event. A call has at most 16, each of at most 1,024 bytes; a view has none.
pub fn emit<E: Event>(event: &E) {
    host::event(E::TOPIC, &host::encoded(event));
}

/// All events that a contract may tell: `()`, or a tuple of up to eight types. One alone is `(Paid,)`.
pub trait Events {
    /// Topics and types.
    fn describe(types: &mut Types) -> Vec<(&'static str, Type)>;
}

impl Events for () {
    fn describe(_: &mut Types) -> Vec<(&'static str, Type)> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($(($($event:ident),+))*) => {
        $(
            impl<$($event: Event),+> Events for ($($event,)+) {
                fn describe(types: &mut Types) -> Vec<(&'static str, Type)> {
                    Vec::from([$(($event::TOPIC, $event::describe(types))),+])
                }
            }
        )*
    };
}

tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H)
}
