//! The clock: against the peers', and as the system sees it.

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bouya_core::limits::CLOCK_OFF_MS;

use super::check::Check;
use crate::cli::status::CLOCK_MS;

/// How long the system may take to say whether its clock is synchronized.
const SYSTEM_WITHIN: Duration = Duration::from_secs(3);

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The peers' median clock minus this one; none without peers.
    pub(super) offset_ms: Option<i64>,
    /// The node's state says already that it is off.
    pub(super) told: bool,
    /// Whether time servers keep the system's clock right; none if the system does not say.
    pub(super) synchronized: Option<bool>,
    /// By how much the newest block in the store is dated ahead of this clock.
    pub(super) tip_ahead_ms: u64,
}

pub(super) fn judge(seen: Seen) -> Check {
    let mut check = Check::new("clock");
    let off = seen.offset_ms.unwrap_or_default();
    if off.unsigned_abs() > CLOCK_MS && !seen.told {
        let side = if off > 0 { "behind" } else { "ahead of" };
        let text = format!(
            "this clock is {} ms {side} the peers'; beyond {CLOCK_OFF_MS} ms the node does not mine",
            off.unsigned_abs()
        );
        check.find("clock", text, "set this machine's clock right (NTP); timedatectl shows how it stands");
    }
    if seen.tip_ahead_ms > CLOCK_OFF_MS {
        let text = format!(
            "the newest block in the store is dated {} s ahead of this clock",
            seen.tip_ahead_ms / 1_000
        );
        check.find(
            "tip",
            text,
            "set this machine's clock right (NTP); if it is right, the block's miner was ahead",
        );
    }
    match (seen.synchronized, seen.offset_ms) {
        (Some(false), _) => check.find(
            "ntp",
            "no time server keeps this machine's clock right (timedatectl: NTPSynchronized=no)",
            "sudo apt-get install -y systemd-timesyncd, or chrony",
        ),
        (None, None) => {
            check.skip("no peer to compare it with, and the system does not say whether it is synchronized");
        }
        _ => (),
    }
    check
}

/// What the system says; none if it says nothing.
pub(super) fn synchronized() -> Option<bool> {
    let (answer, answered) = mpsc::channel();
    let asked = thread::Builder::new().spawn(move || {
        let mut command = Command::new("timedatectl");
        command.args(["show", "--property=NTPSynchronized", "--value"]).stdin(Stdio::null());
        // It is no error if nobody waits for a late answer.
        let _ = answer.send(command.output());
    });
    asked.ok()?;
    let output = answered.recv_timeout(SYSTEM_WITHIN).ok()?.ok()?;
    match output.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seen: Seen) -> Vec<String> {
        judge(seen).findings.into_iter().map(|found| found.key).collect()
    }

    #[test]
    fn a_clock_that_is_off_is_found_before_the_node_stops_mining() {
        let off = |ms| Seen { offset_ms: Some(ms), ..Seen::default() };
        assert_eq!(keys(off(2_000)), [""; 0]);
        assert_eq!(keys(off(-2_001)), ["clock"]);
        assert!(judge(off(-2_001)).findings[0].text.contains("2001 ms ahead of the peers'"));
        assert!(judge(off(3_000)).findings[0].text.contains("3000 ms behind the peers'"));
        assert_eq!(keys(Seen { told: true, ..off(9_000) }), [""; 0], "once is enough");
    }

    #[test]
    fn a_block_of_the_future_and_a_missing_time_server_are_found() {
        assert_eq!(keys(Seen { tip_ahead_ms: 5_001, ..Seen::default() }), ["tip"]);
        assert_eq!(keys(Seen { synchronized: Some(false), offset_ms: Some(1), ..Seen::default() }), ["ntp"]);
    }

    #[test]
    fn what_nobody_says_is_not_checked() {
        let nothing = judge(Seen::default());
        assert!(nothing.findings.is_empty() && nothing.skipped.len() == 1);
        for seen in [
            Seen { synchronized: Some(true), ..Seen::default() },
            Seen { offset_ms: Some(3), ..Seen::default() },
        ] {
            assert_eq!(judge(seen), Check::new("clock"));
        }
    }
}
