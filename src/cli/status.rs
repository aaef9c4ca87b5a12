//! `status`: the node at a glance.

use crate::http::views::{MinerStatus, Status, SyncState};

use super::client::Client;
use super::error::Error;
use super::output::{Mood, Output, cell, coloured, count, note};

pub(crate) const EXAMPLES: &str = "\
Examples:
  bouya status
  bouya status --config config/node.toml
  bouya status --json | jq .tip.height";

/// Days before a certificate's end at which to speak up.
const CERTIFICATE_DAYS: i64 = 30;
/// Blocks from the future are held from 10 s on; well before that somebody should look at the clock.
const CLOCK_MS: u64 = 2_000;

pub(crate) fn run(client: &Client, out: &mut Output) -> Result<(), Error> {
    out.show(&client.get("/v1/status")?, |out, status: Status| {
        let network = &status.network;
        let id = out.short(&network.id);
        let tip = format!(
            "{} ({}), {}",
            status.tip.height,
            out.short(&status.tip.hash),
            out.when(&status.tip.time)
        );
        let state = status.sync.state;
        let sync = match state {
            SyncState::Syncing => {
                coloured(format!("{state}, {:.1} %", 100.0 * status.sync.progress), Mood::Waiting)
            }
            SyncState::Alone => coloured(state, Mood::Waiting),
            SyncState::Synced => coloured(state, Mood::Good),
        };
        let miner = match &status.miner {
            MinerStatus { enabled: true, obstacle: Some(obstacle), .. } => format!("paused: {obstacle}"),
            miner if miner.enabled => format!(
                "on, {} hashes/s, rewards to {}",
                miner.hashes_per_second,
                out.short(&status.reward_to)
            ),
            _ => "off".to_owned(),
        };
        let certificate = &status.certificate;
        out.pairs(vec![
            ("node", cell(format!("{} (bouya {})", status.id, status.version))),
            (
                "network",
                cell(format!(
                    "{} ({id}), {} with {} decimals",
                    network.name, network.symbol, network.decimals
                )),
            ),
            ("tip", cell(tip)),
            ("sync", sync),
            ("peers", cell(format!("{} connected of {} known", status.peers.connected, status.peers.known))),
            (
                "mempool",
                cell(format!(
                    "{}, {}",
                    count(status.mempool.transactions, "transaction"),
                    count(status.mempool.bytes, "byte")
                )),
            ),
            ("miner", cell(miner)),
            (
                "certificate",
                cell(format!("{} days left, until {}", certificate.days_left, certificate.not_after)),
            ),
            ("clock", cell(clock(status.clock.offset_ms))),
        ])?;
        warn(&status);
        Ok(())
    })
}

/// The offset is the peers' time minus ours.
fn clock(offset_ms: i64) -> String {
    let side = if offset_ms < 0 { "ahead of" } else { "behind" };
    format!("{} ms {side} its peers", offset_ms.unsigned_abs())
}

/// What the operator should do something about.
fn warn(status: &Status) {
    if status.certificate.days_left < CERTIFICATE_DAYS {
        note(
            "The certificate ends soon. Renew it with the CA (mkca renew), put it in place, and send the node SIGHUP.",
        );
    }
    if status.clock.offset_ms.unsigned_abs() > CLOCK_MS {
        note("The clock differs from the peers'. Check this machine's time synchronisation.");
    }
}
