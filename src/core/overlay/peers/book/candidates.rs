//! Where a peer may be dialed: a few candidates, best first. An address is only a hint; the certificate proves an id.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::limits::CANDIDATES;
use crate::wire::Endpoint;

/// How good an address is, by how this node learned it; better ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// From the operator.
    Configured,
    /// From the peer itself.
    Told,
    /// The last one that worked.
    Worked,
    /// From another peer.
    Hint,
}

/// At most [`CANDIDATES`] addresses, sorted by rank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Candidates(Vec<(Rank, Endpoint)>);

impl Candidates {
    /// Takes in an address. At most one comes from the peer itself and one is the last that worked: the previous one becomes a hint. A new
    /// hint can only replace the oldest hint. Returns whether anything has changed.
    pub(super) fn add(&mut self, rank: Rank, endpoint: Endpoint) -> bool {
        let before = self.clone();
        if self.0.iter().any(|(have, known)| *known == endpoint && *have <= rank) {
            return false;
        }
        self.0.retain(|(_, known)| *known != endpoint);
        if matches!(rank, Rank::Told | Rank::Worked) {
            self.0.iter_mut().filter(|(have, _)| *have == rank).for_each(|(have, _)| *have = Rank::Hint);
        }
        self.0.insert(0, (rank, endpoint));
        // Stable: the newest of each rank is first, so the oldest of the worst rank leaves.
        self.0.sort_by_key(|(rank, _)| *rank);
        self.0.truncate(CANDIDATES);
        *self != before
    }

    /// Removes an address that turned out to be this node's own.
    pub(super) fn remove(&mut self, endpoint: &Endpoint) {
        self.0.retain(|(_, known)| known != endpoint);
    }

    /// Best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Rank, Endpoint)> {
        self.0.iter()
    }

    pub(super) fn get(&self, at: usize) -> Option<&(Rank, Endpoint)> {
        self.0.get(at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn configured(&self) -> Option<&Endpoint> {
        self.0.iter().find(|(rank, _)| *rank == Rank::Configured).map(|(_, endpoint)| endpoint)
    }
}

/// What an address from a peer is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Dial it.
    Network,
    /// It means the sender's own machine: useless, unless all nodes run on this one.
    Loopback,
    /// No node listens there, and no honest node sends it.
    Nowhere,
}

/// Whether a node may listen at this address, as far as it shows without resolving names. A setting, a command and hearsay are judged alike.
pub fn is_dialable(endpoint: &Endpoint) -> bool {
    reach(endpoint) != Reach::Nowhere
}

/// Judges an address without resolving names.
pub(super) fn reach(endpoint: &Endpoint) -> Reach {
    if is_loopback(endpoint) {
        return Reach::Loopback;
    }
    match endpoint.address().map(|address| address.to_canonical()) {
        Some(ip) if ip.is_unspecified() || ip.is_multicast() => Reach::Nowhere,
        Some(IpAddr::V4(ip)) if ip.is_broadcast() => Reach::Nowhere,
        Some(_) => Reach::Network,
        // Resolvers read 127.1 and 0x7f000001 as addresses: short forms would smuggle in addresses that are refused above.
        None if last_label_is_number(&endpoint.host) => Reach::Nowhere,
        None => Reach::Network,
    }
}

pub(super) fn is_loopback(endpoint: &Endpoint) -> bool {
    let host = endpoint.host.strip_suffix('.').unwrap_or(&endpoint.host);
    match endpoint.address() {
        Some(address) => address.to_canonical().is_loopback(),
        None => host.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("localhost")),
    }
}

fn last_label_is_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    fn hosts(candidates: &Candidates) -> Vec<&str> {
        candidates.iter().map(|(_, endpoint)| endpoint.host.as_str()).collect()
    }

    #[test]
    fn better_ranks_come_first_and_hints_displace_only_hints() {
        let mut list = Candidates::default();
        for n in 1..=9 {
            list.add(Rank::Hint, at(&std::format!("10.0.0.{n}:1")));
        }
        assert_eq!(hosts(&list), ["10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.6"]);
        assert!(list.add(Rank::Worked, at("10.0.0.6:1")));
        assert!(list.add(Rank::Told, at("told:1")));
        assert!(list.add(Rank::Configured, at("configured:1")));
        assert_eq!(hosts(&list), ["configured", "told", "10.0.0.6", "10.0.0.9"]);
        assert!(list.add(Rank::Hint, at("hint:1")));
        assert_eq!(hosts(&list), ["configured", "told", "10.0.0.6", "hint"]);
        assert!(!list.add(Rank::Hint, at("told:1")), "it is known better");
        assert!(list.add(Rank::Configured, at("configured2:1")));
        assert!(!list.add(Rank::Hint, at("hint2:1")), "no hint is left to displace");
    }

    #[test]
    fn a_peer_that_moved_is_told_by_its_new_address() {
        let mut list = Candidates::default();
        list.add(Rank::Told, at("old:1"));
        list.add(Rank::Told, at("new:1"));
        assert_eq!(hosts(&list), ["new", "old"]);
        assert!(list.add(Rank::Told, at("old:1")), "and back");
        assert_eq!(hosts(&list), ["old", "new"]);
    }

    #[test]
    fn addresses_are_judged_by_what_they_are() {
        for loopback in
            ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1", "a.LOCALHOST.:1"]
        {
            assert_eq!(reach(&at(loopback)), Reach::Loopback, "{loopback}");
        }
        for nowhere in [
            "0.0.0.0:1",
            "[::]:1",
            "224.0.0.1:1",
            "[ff02::1]:1",
            "255.255.255.255:1",
            "127.1:1",
            "0x7f000001:1",
            "2130706433:1",
            "10.0.0.0x1:1",
            "0177.0.0.1:1",
        ] {
            assert_eq!(reach(&at(nowhere)), Reach::Nowhere, "{nowhere}");
        }
        for network in [
            "10.0.0.5:1",
            "192.168.1.1:1",
            "[fd00::5]:1",
            "node1.example:1",
            "8.8.8.8:1",
            "3com.com:1",
            "2b:1",
            "rack.1a:1",
        ] {
            assert_eq!(reach(&at(network)), Reach::Network, "{network}");
        }
    }
}
