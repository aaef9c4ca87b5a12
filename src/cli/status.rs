//! `status`: the node's state on one page.

use crate::http::views::{MinerStatus, Status, SyncState};

use super::client::Client;
use super::error::Error;
use super::output::{Mood, Output, cell, coloured, count, note};

pub(crate) const EXAMPLES: &str = "\
Examples:
  bouya status
  bouya status --config config/node.toml
  bouya status --json | jq .tip.height";

/// The warning starts this many days before the certificate ends.
const CERTIFICATE_DAYS: i64 = 30;
/// The warning starts at this difference to the peers' clocks. Blocks from 10 s in the future on are held back, so it must come well before.
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

/// The offset is the peers' time minus this node's.
fn clock(offset_ms: i64) -> String {
    let side = if offset_ms < 0 { "ahead of" } else { "behind" };
    format!("{} ms {side} its peers", offset_ms.unsigned_abs())
}

/// Warns of states that need the operator.
fn warn(status: &Status) {
    if status.certificate.days_left < CERTIFICATE_DAYS {
        note(
            "The certificate expires soon. Renew it with the CA (mkca renew), install the new one, and send the node SIGHUP.",
        );
    }
    if status.clock.offset_ms.unsigned_abs() > CLOCK_MS {
        note("This node's clock differs from its peers' clocks. Check this machine's time synchronisation.");
    }
}
