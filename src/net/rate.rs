//! Token buckets before TLS: a handshake costs the server more than the stranger.
//!
//! Each address has its own bucket, and all share one. Newcomers have a separate allowance, so that a flood that uses up the shared bucket
//! does not keep out an address that comes for the first time. Memory is bounded: see [`RATED_ADDRESSES`].

use std::net::IpAddr;
use std::num::NonZeroU32;

use bouya_core::limits::{
    ACCEPTS_NEWCOMERS, ACCEPTS_PER_ADDRESS, ACCEPTS_TOTAL, NEWCOMER_AFTER, RATED_ADDRESSES, RATES_SWEEP_EVERY,
};
use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::pending::origin;

type Shared<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;
type Keyed<C> = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How fast strangers may come.
pub(super) struct Rates<C: Clock = DefaultClock> {
    clock: C,
    address: Keyed<C>,
    total: Shared<C>,
    /// A bucket for each address, empty if it has come lately.
    newcomer: Keyed<C>,
    newcomers: Shared<C>,
    swept: C::Instant,
}

impl<C: Clock + Clone> Rates<C> {
    pub(super) fn new(clock: C) -> Self {
        // One token, which takes this long to come back.
        let newcomer = Quota::with_period(NEWCOMER_AFTER).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Self {
            address: RateLimiter::dashmap_with_clock(quota(ACCEPTS_PER_ADDRESS), clock.clone()),
            total: RateLimiter::direct_with_clock(quota(ACCEPTS_TOTAL), clock.clone()),
            newcomer: RateLimiter::dashmap_with_clock(newcomer, clock.clone()),
            newcomers: RateLimiter::direct_with_clock(quota(ACCEPTS_NEWCOMERS), clock.clone()),
            swept: clock.now(),
            clock,
        }
    }

    /// Whether another socket from this address is served. The address's own bucket comes first: a socket that it refuses takes nothing
    /// from the shared one.
    pub(super) fn allow(&mut self, from: IpAddr) -> bool {
        self.make_room();
        let from = origin(from);
        // A full table knows no newcomers: there are more addresses than any rate is meant for.
        let newcomer = self.newcomer.len() < RATED_ADDRESSES && self.newcomer.check_key(&from).is_ok();
        let own = self.address.len() >= RATED_ADDRESSES || self.address.check_key(&from).is_ok();
        own && (self.total.check().is_ok() || newcomer && self.newcomers.check().is_ok())
    }

    /// Forgets addresses whose buckets are full again.
    pub(super) fn forget(&self) {
        self.address.retain_recent();
        self.newcomer.retain_recent();
    }

    fn make_room(&mut self) {
        let (now, pause) = (self.clock.now(), RATES_SWEEP_EVERY.into());
        let full = self.address.len() >= RATED_ADDRESSES || self.newcomer.len() >= RATED_ADDRESSES;
        if full && now.duration_since(self.swept) >= pause {
            self.swept = now;
            self.forget();
        }
    }
}

fn quota((per_second, burst): (u32, u32)) -> Quota {
    let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn address(n: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + n).into()
    }

    fn rates() -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Rates::new(clock.clone()), clock)
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let (mut rates, clock) = rates();
        let (rate, burst) = ACCEPTS_PER_ADDRESS;
        let served = |rates: &mut Rates<_>| (0..100).filter(|_| rates.allow(address(1))).count() as u32;
        assert_eq!(served(&mut rates), burst);
        assert!(rates.allow(address(2)), "another address is another matter");
        clock.advance(Duration::from_secs(1));
        assert_eq!(served(&mut rates), rate);
    }

    #[test]
    fn a_flood_from_many_addresses_leaves_a_newcomer_its_turn() {
        let (mut rates, clock) = rates();
        let mut flooded = 0;
        for second in 0..60 {
            // Up to 900 addresses, each far more often than it may.
            let addresses = 90 * (second + 1).min(10);
            for n in 0..20 * addresses {
                flooded += u32::from(rates.allow(address(n % addresses)));
            }
            assert!(rates.allow(address(10_000 + second)), "after {second} s");
            clock.advance(Duration::from_secs(1));
        }
        let (all, more) = (ACCEPTS_TOTAL, ACCEPTS_NEWCOMERS);
        assert!(flooded <= 60 * (all.0 + more.0) + all.1 + more.1, "{flooded}");
    }

    #[test]
    fn who_was_turned_away_is_a_newcomer_again_after_a_while() {
        let (mut rates, clock) = rates();
        (0..5_000).for_each(|n| _ = rates.allow(address(n % 100)));
        let member = address(9_999);
        assert!(rates.allow(member));
        assert!(!rates.allow(member), "the flood has what is shared");
        clock.advance(NEWCOMER_AFTER);
        (0..5_000).for_each(|n| _ = rates.allow(address(n % 100)));
        assert!(rates.allow(member));
    }

    #[test]
    fn endless_addresses_take_bounded_memory_and_are_forgotten() {
        let (mut rates, clock) = rates();
        for n in 0..100_000 {
            rates.allow(address(n));
            clock.advance(Duration::from_micros(10));
        }
        assert!(rates.address.len() <= RATED_ADDRESSES && rates.newcomer.len() <= RATED_ADDRESSES);
        clock.advance(2 * NEWCOMER_AFTER);
        rates.forget();
        assert_eq!(rates.address.len() + rates.newcomer.len(), 0);
    }
}
