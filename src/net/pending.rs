//! Sockets of strangers: those whose hello has not been read. There may be few in all, and fewer per address. At either cap, or when the
//! process has no descriptor left, the oldest socket of the busiest address makes room, so that silent sockets cannot lock members out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouya_core::limits::{PENDING_PER_ADDRESS, PENDING_SOCKETS};
use tokio_util::sync::CancellationToken;

/// All pending sockets of a listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    /// In order of arrival.
    slots: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

/// A pending socket's place. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    pending: Pending,
    key: u64,
    /// Cancelled when the place is given to another.
    pub(crate) evicted: CancellationToken,
}

impl Pending {
    /// A place for a socket from `address`, and whether another had to leave for it.
    pub(crate) fn enter(&self, address: IpAddr) -> (Slot, bool) {
        let address = origin(address);
        let mut table = self.table();
        let evicted = table.evict_for(address);
        let key = table.next;
        table.next = key.wrapping_add(1);
        let token = CancellationToken::new();
        table.slots.insert(key, (address, token.clone()));
        drop(table);
        (Slot { pending: self.clone(), key, evicted: token }, evicted)
    }

    /// Closes the oldest socket of the busiest address. Returns whether there was one.
    pub(crate) fn evict(&self) -> bool {
        self.table().evict(None)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn evict_for(&mut self, address: IpAddr) -> bool {
        let own = self.slots.values().filter(|(from, _)| *from == address).count();
        if own >= PENDING_PER_ADDRESS {
            return self.evict(Some(address));
        }
        self.slots.len() >= PENDING_SOCKETS && self.evict(None)
    }

    /// Closes the oldest socket of this address or, if none is given, of the busiest one. Among equally busy addresses it takes the one
    /// that has waited longest, so that a host with many addresses cannot choose which other host loses its socket.
    fn evict(&mut self, address: Option<IpAddr>) -> bool {
        let mut found = BTreeMap::<IpAddr, (usize, Reverse<u64>)>::new();
        for (key, (from, _)) in &self.slots {
            let (count, _) = found.entry(*from).or_insert((0, Reverse(*key)));
            *count = count.saturating_add(1);
        }
        let among = found.iter().filter(|(from, _)| address.is_none_or(|address| address == **from));
        let oldest = among.map(|(_, rank)| *rank).max().map(|(_, Reverse(key))| key);
        let Some((_, token)) = oldest.and_then(|key| self.slots.remove(&key)) else { return false };
        token.cancel();
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pending.table().slots.remove(&self.key);
    }
}

/// What counts as one address: an IPv6 host can use its whole /64.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: usize) -> IpAddr {
        IpAddr::from([10, 0, 0, u8::try_from(last).unwrap()])
    }

    #[test]
    fn an_address_at_its_cap_loses_its_own_oldest() {
        let pending = Pending::default();
        let other = pending.enter(address(2)).0;
        let own: Vec<_> = (0..=PENDING_PER_ADDRESS).map(|_| pending.enter(address(1)).0).collect();
        assert!(own[0].evicted.is_cancelled());
        assert!(!own[1].evicted.is_cancelled() && !other.evicted.is_cancelled());
        assert_eq!(pending.table().slots.len(), PENDING_PER_ADDRESS + 1);
    }

    #[test]
    fn at_the_total_cap_the_busiest_address_makes_room() {
        let pending = Pending::default();
        let mut slots = vec![pending.enter(address(0)).0];
        for from in (1..=PENDING_SOCKETS - 1).map(|n| 1 + n % 20) {
            slots.push(pending.enter(address(from)).0);
        }
        let (_newcomer, evicted) = pending.enter(address(99));
        assert!(evicted);
        let gone: Vec<_> = slots.iter().filter(|slot| slot.evicted.is_cancelled()).collect();
        assert_eq!(gone.len(), 1);
        assert!(!slots[0].evicted.is_cancelled(), "the one from a quiet address stays");
        drop(slots);
        assert_eq!(pending.table().slots.len(), 1);
    }

    #[test]
    fn of_equally_busy_addresses_the_one_that_waited_longest_makes_room() {
        // Whether the member's address sorts before or after the attacker's.
        for member in [0, 200] {
            let pending = Pending::default();
            let mut slots: Vec<_> = (1..PENDING_SOCKETS).map(|n| pending.enter(address(n)).0).collect();
            let member = pending.enter(address(member)).0;
            for n in 0..PENDING_SOCKETS - 1 {
                slots.push(pending.enter(address(100 + n % 90)).0);
                assert!(!member.evicted.is_cancelled(), "gone after {n} more came");
            }
            assert!(slots[..PENDING_SOCKETS - 1].iter().all(|slot| slot.evicted.is_cancelled()));
        }
    }

    #[test]
    fn what_is_evicted_for_lack_of_descriptors_is_the_busiest_too() {
        let pending = Pending::default();
        assert!(!pending.evict());
        let quiet = pending.enter(address(1)).0;
        let busy = [pending.enter(address(2)).0, pending.enter(address(2)).0];
        assert!(pending.evict());
        assert!(busy[0].evicted.is_cancelled() && !busy[1].evicted.is_cancelled());
        assert!(!quiet.evicted.is_cancelled());
    }

    #[test]
    fn one_host_is_one_address() {
        let of = |text: &str| origin(text.parse().unwrap());
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_eq!(of("fd00:1:2:3::1"), of("fd00:1:2:3:ffff::9"));
        assert_ne!(of("fd00:1:2:3::1"), of("fd00:1:2:4::1"));
    }
}
