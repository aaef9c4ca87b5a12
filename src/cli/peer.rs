//! `peers`, `peer` and `blacklist`: who the node talks to, and who it keeps out.

use bouya_core::id::NodeId;
use clap::Subcommand;

use crate::http::views::{BlacklistEntry, NewPeer, Peer, PeerStatus};

use super::client::Client;
use super::error::Error;
use super::node::PageOptions;
use super::output::{Mood, Output, cell, coloured, or_dash};
use super::parse;

pub(crate) const EXAMPLES: &str = "\
`add` and `remove` need the node's token. The node may learn of a removed
peer again. To keep a peer out: bouya blacklist add ID

Examples:
  bouya peer list
  bouya peer add bob@10.0.0.6:7000
  bouya peer remove bob --token-file data/alice/api.token";

pub(crate) const BLACKLIST_EXAMPLES: &str = "\
`add` and `remove` need the node's token. To shut out a lost or stolen
certificate on all nodes, revoke it: mkca --dir ca revoke ID

Examples:
  bouya blacklist list
  bouya blacklist add mallory
  bouya blacklist remove mallory";

#[derive(Debug, Subcommand)]
pub(crate) enum PeerCommand {
    /// List the peers that the node knows
    #[command(after_help = "Example:\n  bouya peer list")]
    List(PageOptions),
    /// Add a peer for the node to connect to
    #[command(after_help = "Example:\n  bouya peer add bob@10.0.0.6:7000")]
    Add {
        /// The peer's id and address
        #[arg(value_name = "ID@HOST:PORT", value_parser = parse::peer)]
        peer: NewPeer,
    },
    /// Disconnect from a peer and forget it
    #[command(after_help = "Example:\n  bouya peer remove bob")]
    Remove {
        /// The peer's id
        id: NodeId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BlacklistCommand {
    /// List the ids that the node keeps out
    #[command(after_help = "Example:\n  bouya blacklist list")]
    List(PageOptions),
    /// Keep an id out until it is removed from the list
    #[command(after_help = "Example:\n  bouya blacklist add mallory")]
    Add {
        /// The id
        id: NodeId,
    },
    /// Let an id in again
    #[command(after_help = "Example:\n  bouya blacklist remove mallory")]
    Remove {
        /// The id
        id: NodeId,
    },
}

pub(crate) fn run(command: PeerCommand, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        PeerCommand::List(page) => list(client, out, &page),
        PeerCommand::Add { peer } => {
            client.post_json("/v1/peers", &peer)?;
            out.done(format!("added {}; to see its state: bouya peers", peer.id))
        }
        PeerCommand::Remove { id } => {
            client.delete(&format!("/v1/peers/{id}"))?;
            out.done(format!(
                "removed {id}; the node may learn of it again. To keep it out: bouya blacklist add {id}"
            ))
        }
    }
}

pub(crate) fn list(client: &Client, out: &mut Output, page: &PageOptions) -> Result<(), Error> {
    let answer = client.get_with("/v1/peers", &page.query())?;
    let empty = "No peers yet. Add one: bouya peer add ID@HOST:PORT";
    let header = ["ID", "ADDRESS", "STATUS", "DIR", "SINCE", "RTT", "HEIGHT", "NOTE"];
    out.page(&answer, empty, &header, |out, peer: &Peer| {
        vec![
            cell(&peer.id),
            cell(address(&peer.host, peer.port)),
            coloured(peer.status, mood(peer.status)),
            or_dash(peer.direction),
            or_dash(peer.since.as_deref().map(|since| out.when(since))),
            or_dash(peer.rtt_ms.map(|ms| format!("{ms} ms"))),
            or_dash(peer.height),
            or_dash(note(out, peer)),
        ]
    })
}

pub(crate) fn blacklist(command: BlacklistCommand, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        BlacklistCommand::List(page) => {
            let answer = client.get_with("/v1/blacklist", &page.query())?;
            let empty = "No id is kept out. To keep one out: bouya blacklist add ID";
            let header = ["ID", "SOURCE", "WHY", "UNTIL"];
            out.page(&answer, empty, &header, |out, entry: &BlacklistEntry| {
                let until = entry.until.as_deref().map(|until| out.when(until));
                let until = until.unwrap_or_else(|| "without end".into());
                vec![cell(&entry.id), cell(entry.source), or_dash(entry.why.as_ref()), cell(until)]
            })
        }
        BlacklistCommand::Add { id } => {
            client.put(&format!("/v1/blacklist/{id}"))?;
            out.done(format!("{id} is kept out; to let it in again: bouya blacklist remove {id}"))
        }
        BlacklistCommand::Remove { id } => {
            client.delete(&format!("/v1/blacklist/{id}"))?;
            out.done(format!("{id} may connect again"))
        }
    }
}

fn mood(status: PeerStatus) -> Mood {
    match status {
        PeerStatus::Connected => Mood::Good,
        PeerStatus::Dialing | PeerStatus::Backoff => Mood::Waiting,
        PeerStatus::Banned => Mood::Bad,
        PeerStatus::Known => Mood::Plain,
    }
}

/// Why the peer is banned or was lost, and until when.
fn note(out: &Output, peer: &Peer) -> Option<String> {
    let until = peer.until.as_deref().map(|until| format!("until: {}", out.when(until)));
    let parts: Vec<_> = peer.why.clone().into_iter().chain(until).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
