//! `status`: the node's state on one page.

use std::path::PathBuf;
use std::time::Duration;

use bouya_core::finality::Turnout;
use comfy_table::Cell;
use time::OffsetDateTime;

use crate::http::views::{CertificateStatus, FinalStatus, MinerStatus, NodeState, NodeStatus, Status};

use super::backup;
use super::client::Client;
use super::error::Error;
use super::output::{Mood, Output, cell, coloured, count, is_older, note, to_the_second};

pub(crate) const EXAMPLES: &str = "\
The exit code is 1 if the node cannot do its work.

Examples:
  bouya status
  bouya status
  bouya status --json | jq .tip.height";

/// The warning starts this many days before the certificate ends.
const CERTIFICATE_DAYS: i64 = 30;
/// The warning starts at this difference to the peers' clocks. Blocks from 10 s in the future on are held back, so it must come well before.
pub(crate) const CLOCK_MS: u64 = 2_000;

/// Blocks that are not final for so long are told with the reason. Seconds are normal.
const UNFINAL_AFTER: Duration = Duration::from_secs(60);

pub(crate) fn run(client: &Client, config: Option<PathBuf>, out: &mut Output) -> Result<(), Error> {
    let answer = client.get("/v1/status")?;
    out.show(&answer, |out, status: Status| {
        let network = &status.network;
        let id = out.short(&network.id);
        let tip = format!(
            "{} ({}), {}",
            status.tip.height,
            out.short(&status.tip.hash),
            out.when(&status.tip.time)
        );
        let miner = match &status.miner {
            MinerStatus { enabled: true, obstacle: Some(obstacle), .. } => format!("paused: {obstacle}"),
            miner if miner.enabled => format!(
                "on, {} hashes/s, rewards to {}",
                miner.hashes_per_second,
                out.short(&status.reward_to)
            ),
            _ => "off".to_owned(),
        };
        let mut pairs = vec![
            ("node", cell(format!("{} (bouya {})", status.id, status.version))),
            (
                "network",
                cell(format!(
                    "{} ({id}), {} with {} decimals",
                    network.name, network.symbol, network.decimals
                )),
            ),
            ("code", cell(network.code.as_deref().unwrap_or("none: another CA has signed the certificate"))),
            ("state", state(&status.state)),
            ("tip", cell(tip)),
            ("final", finalized(&status.finalized, OffsetDateTime::now_utc())),
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
            ("certificate", cell(certificate(&status.certificate))),
            ("clock", cell(clock(status.clock.offset_ms))),
        ];
        if status.tip.lowest_block > 1 {
            pairs.insert(6, ("keeps", cell(format!("blocks from {} on", status.tip.lowest_block))));
        }
        if let Some(hash) = &network.overrides {
            pairs.insert(3, ("override", cell(hash)));
        }
        out.pairs(pairs)?;
        warn(&status);
        config.and_then(|config| backup::reminder(&config)).iter().for_each(|due| note(due));
        Ok(())
    })?;
    let NodeStatus { ready, reason, next, .. } = answer.read::<Status>()?.state;
    if ready {
        return Ok(());
    }
    let next = next.map_or_else(String::new, |next| format!("; {next}"));
    Err(Error::Failed(format!("the node is not ready: {reason}{next}")))
}

fn state(state: &NodeStatus) -> Cell {
    let mood = match state.name {
        NodeState::Ready => Mood::Good,
        NodeState::Syncing | NodeState::Starting => Mood::Waiting,
        _ if state.ready => Mood::Waiting,
        _ => Mood::Bad,
    };
    coloured(format!("{}: {}", state.name, state.reason), mood)
}

/// How far the final block is behind, and why if it is for long.
fn finalized(finalized: &FinalStatus, now: OffsetDateTime) -> Cell {
    let FinalStatus { height, behind, since, after_ms, turnout, .. } = finalized;
    let turnout = Turnout::from(turnout.clone());
    let mut text = match (height, behind) {
        (0, _) => "no block yet".to_owned(),
        (_, 0) => format!("{height}, all of the chain"),
        _ => format!("{height} ({behind} behind)"),
    };
    if let Some(since) = since.as_deref().filter(|since| is_older(since, UNFINAL_AFTER, now)) {
        return coloured(
            format!("{text}; not final since {}: {turnout}", to_the_second(since)),
            Mood::Waiting,
        );
    }
    if let Some(ms) = after_ms {
        text = format!("{text}, {}.{} s after it was made", ms / 1_000, ms % 1_000 / 100);
    }
    if turnout.heard >= turnout.quorum {
        text = format!("{text}, {} of {} members", turnout.heard, turnout.count);
    }
    cell(text)
}

fn certificate(certificate: &CertificateStatus) -> String {
    let until = &certificate.not_after;
    match certificate.days_left {
        ..0 => format!("expired, since {until}"),
        days => format!("{days} days left, until {until}"),
    }
}

/// The days that a certificate has left, for a table.
pub(crate) fn days_left(certificate: &CertificateStatus) -> Cell {
    match certificate.days_left {
        ..0 => coloured("expired", Mood::Bad),
        days @ ..CERTIFICATE_DAYS => coloured(format!("{days} days"), Mood::Waiting),
        days => cell(format!("{days} days")),
    }
}

/// The offset is the peers' time minus this node's.
fn clock(offset_ms: Option<i64>) -> String {
    let Some(offset_ms) = offset_ms else { return "no peer to compare it with".to_owned() };
    let side = if offset_ms < 0 { "ahead of" } else { "behind" };
    format!("{} ms {side} its peers", offset_ms.unsigned_abs())
}

/// Says what will need the operator before it becomes the node's state, and what to do about a state that is no fault.
fn warn(status: &Status) {
    if let NodeStatus { ready: true, next: Some(next), .. } = &status.state {
        note(&format!("Next: {next}"));
    }
    if (0..CERTIFICATE_DAYS).contains(&status.certificate.days_left) {
        note(
            "The certificate expires soon. Renew it with the CA (mkca renew), install the new one, and send the node SIGHUP.",
        );
    }
    if let Some(upgrade) = &status.network.upgrade {
        note(&format!(
            "By the members' vote, blocks have version {} from height {} on, which this bouya does not know. Install a newer one on this node before.",
            upgrade.version, upgrade.height
        ));
    }
    let off = status.clock.offset_ms.unwrap_or_default().unsigned_abs();
    if off > CLOCK_MS && status.state.name != NodeState::ClockOff {
        note("This node's clock differs from its peers' clocks. Check this machine's time synchronisation.");
    }
}
