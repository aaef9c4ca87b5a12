use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::message::Message;
use crate::{fail, host};

/// Bytes of a row's key.
const KEY: usize = 64;
/// Follows a map's name where its key is written as it is, or as its SHA-256. No name has these bytes, so no two rows ever meet.
const PLAIN: u8 = 0;
const HASHED: u8 = 1;

/// One row that stays, with this name.
///
/// ```
/// # use bouya_contract::{Address, Item};
/// const OWNER: Item<Address> = Item::new("owner");
/// ```
pub struct Item<V> {
    name: &'static str,
    value: PhantomData<fn(V) -> V>,
}

impl<V: Message> Item<V> {
    /// The row with this name: 1 to 31 letters, digits and signs.
    pub const fn new(name: &'static str) -> Self {
        Self { name: checked(name), value: PhantomData }
    }

    /// What it holds, if it was set.
    pub fn get(&self) -> Option<V> {
        read(self.name.as_bytes())
    }

    /// Writes it.
    pub fn set(&self, value: &V) {
        host::set(self.name.as_bytes(), &host::encoded(value));
    }

    /// Removes it.
    pub fn remove(&self) {
        host::remove(self.name.as_bytes());
    }
}

/// Rows that stay, each with a key. They cannot be counted or listed from within: a contract that must, keeps a list.
///
/// ```
/// # use bouya_contract::{Address, Map};
/// const OWED: Map<(Address, Address), u64> = Map::new("owed");
/// ```
pub struct Map<K, V> {
    name: &'static str,
    row: PhantomData<fn(K, V) -> V>,
}

impl<K: Message, V: Message> Map<K, V> {
    /// The rows with this name: 1 to 31 letters, digits and signs.
    pub const fn new(name: &'static str) -> Self {
        Self { name: checked(name), row: PhantomData }
    }

    /// What the row holds, if it was set.
    pub fn get(&self, key: &K) -> Option<V> {
        read(&self.key(key))
    }

    /// Whether there is such a row.
    pub fn has(&self, key: &K) -> bool {
        host::has(&self.key(key))
    }

    /// Writes a row.
    pub fn set(&self, key: &K, value: &V) {
        host::set(&self.key(key), &host::encoded(value));
    }

    /// Removes a row.
    pub fn remove(&self, key: &K) {
        host::remove(&self.key(key));
    }

    /// The name, and the key or what stands for it.
    fn key(&self, key: &K) -> Vec<u8> {
        let mut row = Vec::with_capacity(KEY);
        row.extend_from_slice(self.name.as_bytes());
        let key = host::encoded(key);
        if row.len().saturating_add(1).saturating_add(key.len()) <= KEY {
            row.push(PLAIN);
            row.extend_from_slice(&key);
        } else {
            row.push(HASHED);
            row.extend_from_slice(&host::sha256(&key).0);
        }
        row
    }
}

/// A name that leaves room for a hash, and has none of the bytes that follow it. Fails while the contract is built.
const fn checked(name: &'static str) -> &'static str {
    let mut rest = name.as_bytes();
    assert!(!rest.is_empty() && rest.len() <= 31, "a name of rows has 1 to 31 bytes");
    while let [first, more @ ..] = rest {
        assert!(first.is_ascii_graphic(), "a name of rows has letters, digits and signs");
        rest = more;
    }
    name
}

fn read<V: Message>(key: &[u8]) -> Option<V> {
    let bytes = host::get(key)?;
    match borsh::from_slice(&bytes) {
        Ok(value) => Some(value),
        Err(_) => fail("a row holds something of another type: is its name used twice?"),
    }
}
