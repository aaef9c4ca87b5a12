use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::abi::{Type, Types};
use crate::{Address, Hash};

/// What inputs, outputs, events and rows consist of: it has one encoding (Borsh), and the ABI file can say which. `#[derive(Message)]` makes
/// structs and enums messages. There are none with floats, nor of a size that differs between machines.
pub trait Message: BorshSerialize + BorshDeserialize {
    /// What the ABI file calls the type. The derive says there what a type of the contract's own consists of.
    fn describe(types: &mut Types) -> Type;

    /// What the ABI file calls a list of these: `bytes`, or a list.
    #[doc(hidden)]
    fn describe_list(types: &mut Types) -> Type {
        Type::list(&Self::describe(types))
    }
}

/// A message that has an order, so that maps may have it as a key.
pub trait Key: Message + Ord {}

macro_rules! named {
    ($($kind:ty => $name:literal),*) => {
        $(
            impl Message for $kind {
                fn describe(_: &mut Types) -> Type {
                    Type::named($name)
                }
            }

            impl Key for $kind {}
        )*
    };
}

named! {
    bool => "bool", u16 => "u16", u32 => "u32", u64 => "u64", i64 => "i64", u128 => "u128",
    String => "string", Address => "address", Hash => "hash"
}

impl Message for u8 {
    fn describe(_: &mut Types) -> Type {
        Type::named("u8")
    }

    fn describe_list(_: &mut Types) -> Type {
        Type::named("bytes")
    }
}

impl Key for u8 {}

impl Message for () {
    fn describe(_: &mut Types) -> Type {
        Type::named("()")
    }
}

impl<T: Message> Message for Vec<T> {
    fn describe(types: &mut Types) -> Type {
        T::describe_list(types)
    }
}

impl Key for Vec<u8> {}

impl<T: Message> Message for Option<T> {
    fn describe(types: &mut Types) -> Type {
        Type::option(&T::describe(types))
    }
}

impl<K: Key, V: Message> Message for BTreeMap<K, V> {
    fn describe(types: &mut Types) -> Type {
        let key = K::describe(types);
        Type::map(&key, &V::describe(types))
    }
}

macro_rules! tuples {
    ($(($($part:ident),+))*) => {
        $(
            impl<$($part: Message),+> Message for ($($part,)+) {
                fn describe(types: &mut Types) -> Type {
                    Type::tuple(&[$($part::describe(types)),+])
                }
            }
        )*
    };
}

tuples! { (A, B) (A, B, C) (A, B, C, D) }
