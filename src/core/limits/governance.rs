//! Members who decide about members. All bounds are consensus (C): two nodes that differ in one of them split the network.

use core::time::Duration;

/// C: bytes of a motion's reason: everybody who decides reads it, and every node keeps it.
pub const REASON_BYTES: usize = 256;
/// C: the shortest and the longest time that a motion is open, from its block's time: nobody decides while the others sleep, and no motion is
/// forgotten and then passes.
pub const MOTION_OPEN: (Duration, Duration) =
    (Duration::from_secs(24 * 3_600), Duration::from_secs(90 * 24 * 3_600));
/// C: open motions of one member: one member cannot bury the others' motions under its own.
pub const MOTIONS_PER_MEMBER: usize = 4;
/// C: a motion keeps its place among its mover's for this long: a thief of a governor cannot push out what its owner has moved.
pub const MOTION_PLACE: Duration = Duration::from_secs(24 * 3_600);
/// C: open motions: as many as all members together may have open. Those of former members give way, so that members who come and go leave
/// no heap behind.
pub const MOTIONS: usize = super::VOTERS * MOTIONS_PER_MEMBER;
/// C: addresses whose ballots on one motion are kept: all that have a voice in it, and as many that may get one. Whoever has none now gives
/// way, so strangers' ballots cost nobody a voice.
pub const BALLOTS_PER_MOTION: usize = 2 * super::VOTERS;
/// C: motions that have passed and wait for a handover. While it is full, motions stay open. It bounds the work of one handover, and what
/// a network without finality heaps up.
pub const PASSED_MOTIONS: usize = 128;
/// C: what waits for a handover: motions, and one change of its own keys of each member.
pub const PASSED: usize = PASSED_MOTIONS + super::VOTERS;
/// C: a member changes its own keys this often at most: each change asks for a handover.
pub const KEYS_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// C: ids of former members that are remembered, the newest: whoever holds the certificate of an older one is an observer again.
pub const FORMER_MEMBERS: usize = 1_024;
/// C: overrides of one network: each is a day on which a consortium had to be rescued by hand.
pub const OVERRIDES: usize = 64;
/// C: bytes of an override's reason.
pub const OVERRIDE_REASON_BYTES: usize = 256;
/// C: versions of blocks that a roster names: the one in force, and those that were decided and are not.
pub const UPGRADES: usize = 32;
/// C: an upgrade is in force at the earliest this many blocks after the block that takes it in: operators need time to install it.
pub const UPGRADE_NOTICE: u64 = 1_000;
