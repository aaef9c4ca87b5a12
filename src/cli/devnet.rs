//! `bouya devnet`: runs a whole network on this machine and prints what it does, line by line; or tells a program where all is.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::error::Error;
use super::node::NodeOptions;
use super::output::Output;
use crate::config::network::spoken;
use crate::devnet::{DEMO, Devnet, DevnetError, FRIEND, Plan};
use crate::files::quoted;
use crate::http::views::{BlockSummary, Page, Status};
use crate::{descriptors, telemetry};

pub(crate) const EXAMPLES: &str = "\
The explorer of node I is at http://127.0.0.1:(base port + I). Ctrl-C stops
all nodes; the next start continues the chain.

A test has a network of its own with --json --base-port 0 --until-eof. Once all
nodes are connected, one line of JSON says where they and their files are.
Nothing follows it on the standard output; the log goes to the standard error.
The network ends when the other end of its standard input is closed, so also
when the test is killed.

Examples:
  bouya devnet
  rm -r .devnet                          # the next one starts a new chain
  bouya devnet --nodes 7 --base-port 6000
  bouya devnet --json --base-port 0 --until-eof --dir /tmp/test --nodes 1 \\
    --interval 500";

/// Open files that one node may need: peers and strangers on the loopback, a few clients.
const FILES_PER_NODE: u64 = 256;
/// How often the nodes are asked for their status, and as long as they are not connected.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOK_FIRST: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(crate) struct DevnetOptions {
    /// How many nodes, 1 to 32
    #[arg(long, default_value_t = 4)]
    nodes: u16,
    /// Folder for all files of the network
    #[arg(long, default_value = ".devnet")]
    dir: PathBuf,
    /// API port of node 0; node I uses this port + I for its API and 100 more for peers. 0: free ones, from the system
    #[arg(long, value_name = "PORT", default_value_t = 5_000)]
    base_port: u16,
    /// Milliseconds between the blocks of a new network [default: 2000]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(100..=600_000))]
    interval: Option<u32>,
    /// End with the standard input: when whoever started this closes it or is gone
    #[arg(long)]
    until_eof: bool,
    /// Log level of all nodes: error, warn, info or debug
    #[arg(long, default_value = "warn")]
    log: String,
}

/// Runs a devnet until Ctrl-C.
pub(crate) fn run(options: &DevnetOptions, out: &mut Output) -> Result<(), Error> {
    telemetry::start(&options.log, false);
    // For all nodes together. A devnet does not check the result: if files run out, an error shows it.
    descriptors::allow(u64::from(options.nodes).saturating_mul(FILES_PER_NODE));
    let end = end_of_input(options.until_eof);
    out.done(format!("Preparing {} nodes in {} …", options.nodes, options.dir.display()))?;
    out.flush()?;
    // A program may be in another folder than this one.
    let dir = if out.json { std::path::absolute(&options.dir)? } else { options.dir.clone() };
    let (nodes, base_port, interval_ms) = (options.nodes, options.base_port, options.interval);
    let devnet = Devnet::prepare(&dir, Plan { nodes, base_port, interval_ms }).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut nodes = devnet.start(&stop).await.map_err(failed)?;
        if !out.json {
            introduce(&devnet, out)?;
        }
        let watched = watch(&devnet, &mut nodes, &end, out).await;
        stop.cancel();
        while let Some(ended) = nodes.join_next().await {
            if let Ok(Err(error)) = ended {
                return Err(failed(error));
            }
        }
        watched
    });
    runtime.shutdown_background();
    result?;
    out.done("Stopped. The chain is kept: the next `bouya devnet` continues it.")
}

/// Cancelled at the end of the standard input, if that counts. It does not by itself: under nohup or a supervisor there is nothing to read.
fn end_of_input(counts: bool) -> CancellationToken {
    let end = CancellationToken::new();
    if counts {
        let ended = end.clone();
        // A thread of its own, because nothing can end this read. It goes with the process.
        std::thread::spawn(move || {
            // What is written there says nothing, and an input that cannot be read is at its end.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            ended.cancel();
        });
    }
    end
}

fn failed(error: DevnetError) -> Error {
    match error {
        DevnetError::Usage(_) | DevnetError::Config(_) => Error::Usage(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

fn introduce(devnet: &Devnet, out: &mut Output) -> Result<(), Error> {
    out.line(format!(
        "Network {}, id {}",
        devnet.genesis().spec.name.as_str(),
        spoken(&devnet.genesis().id())
    ))?;
    for number in 0..devnet.nodes() {
        out.line(format!("  node{number}   {}   peers at {}", devnet.api(number), devnet.listen(number)))?;
    }
    out.line(format!(
        "Wallet {DEMO} holds 1000000 {}. Pay, agree and prove it, in another terminal:",
        devnet.genesis().spec.coin.symbol.as_str()
    ))?;
    let program = std::env::args().next().unwrap_or_else(|| "bouya".to_owned());
    for line in demo(&program, &devnet.wallets(), &devnet.definition(), &devnet.api(0)) {
        out.line(format!("  {line}"))?;
    }
    out.line("Ctrl-C stops all nodes.")?;
    out.flush()
}

/// Where all is, for programs.
fn described(devnet: &Devnet) -> Result<Value, Error> {
    let shown = |path: &Path| path.display().to_string();
    let wallets = devnet.wallet_names().map(|name| {
        let file = shown(&devnet.wallets().join(format!("{name}.wallet")));
        let address = devnet.address(&name).map_err(failed)?.to_string();
        Ok(json!({ "name": name, "address": address, "file": file }))
    });
    let nodes = (0..).zip(devnet.members()).map(|(number, member)| {
        json!({
            "id": member.id,
            "api": devnet.api(number),
            "p2p": devnet.listen(number).to_string(),
            "folder": shown(&member.dir),
            "token_file": shown(&member.token_file()),
        })
    });
    Ok(json!({
        "network": devnet.genesis().spec.name.as_str(),
        "id": devnet.genesis().id().to_string(),
        "definition": shown(&devnet.definition()),
        "folder": shown(devnet.dir()),
        "base_port": devnet.base_port(),
        "wallets": wallets.collect::<Result<Vec<_>, Error>>()?,
        "nodes": nodes.collect::<Vec<_>>(),
    }))
}

/// A first quarter of an hour, ready to be copied.
fn demo(program: &str, wallets: &Path, network: &Path, api: &str) -> [String; 7] {
    let (wallets, network) = (quoted(wallets), quoted(network));
    [
        format!("export BOUYA_WALLETS={wallets} BOUYA_API={api}"),
        format!("{program} send --from {DEMO} --to {FRIEND}:12.5 --yes --wait"),
        "echo 'The ladder is yours until June.' > loan.txt".to_owned(),
        format!(
            "LOAN=$({program} agree propose --from {DEMO} --title 'A loan' --document loan.txt --party {FRIEND} --deadline 14d --yes --wait)"
        ),
        format!("SIGNED=$({program} agree sign $LOAN --from {FRIEND} --document loan.txt --yes --wait)"),
        format!("{program} receipt get $SIGNED --out loan.receipt"),
        format!("{program} receipt verify loan.receipt --network {network} --document loan.txt"),
    ]
}

/// Tells when all nodes are connected, and people every new block, until Ctrl-C, until the input `end`s or until a node ends.
async fn watch(
    devnet: &Devnet,
    nodes: &mut JoinSet<Result<(), DevnetError>>,
    end: &CancellationToken,
    out: &mut Output,
) -> Result<(), Error> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut seen = Seen::default();
    loop {
        let pause = if seen.connected { LOOK_EVERY } else { LOOK_FIRST };
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            () = end.cancelled() => return Ok(()),
            ended = nodes.join_next() => return match ended {
                Some(Ok(Err(error))) => Err(failed(error)),
                _ => Err(Error::Failed("a node stopped by itself; see the log above".to_owned())),
            },
            // Programs are told once.
            () = tokio::time::sleep(pause), if !(out.json && seen.connected) => {
                let apis: Vec<String> = (0..devnet.nodes()).map(|number| devnet.api(number)).collect();
                let looked = tokio::task::spawn_blocking(move || look(&apis)).await;
                if let Ok(Some(look)) = looked {
                    seen.tell(look, devnet, out)?;
                }
            }
        }
    }
}

struct Look {
    statuses: Vec<Status>,
    /// The first node's latest blocks, newest first.
    blocks: Page<BlockSummary>,
}

/// The status of every node and the first node's newest blocks. None while a node does not answer.
fn look(apis: &[String]) -> Option<Look> {
    let client =
        |api: &String| Client::new(&NodeOptions { api: Some(api.clone()), ..NodeOptions::default() }).ok();
    let statuses: Option<Vec<Status>> =
        apis.iter().map(|api| client(api)?.get("/v1/status").ok()?.read().ok()).collect();
    let blocks = client(apis.first()?)?.get("/v1/blocks").ok()?.read().ok()?;
    Some(Look { statuses: statuses?, blocks })
}

#[derive(Default)]
struct Seen {
    connected: bool,
    height: Option<u64>,
}

impl Seen {
    fn tell(&mut self, look: Look, devnet: &Devnet, out: &mut Output) -> Result<(), Error> {
        let others = look.statuses.len() - 1;
        let connected = look.statuses.iter().all(|status| status.peers.connected == others);
        if out.json {
            self.connected = connected;
            if connected {
                out.raw(described(devnet)?)?;
            }
            return out.flush();
        }
        if connected != self.connected {
            self.connected = connected;
            let count = look.statuses.len();
            out.line(match connected {
                true if others > 0 => {
                    format!("All {count} nodes are connected to each other over mutual TLS.")
                }
                true => "The node runs alone.".to_owned(),
                false => "Some nodes lost a connection; they reconnect by themselves.".to_owned(),
            })?;
        }
        let new = |block: &&BlockSummary| self.height.is_none_or(|seen| block.height > seen);
        let new: Vec<&BlockSummary> = look.blocks.items.iter().take_while(new).collect();
        for block in new.into_iter().rev() {
            self.height = Some(block.height);
            let agree = look.statuses.iter().filter(|status| status.tip.height >= block.height).count();
            let short = block.hash.get(..8).unwrap_or_default();
            let miner = block.miner.id.clone().unwrap_or_else(|| block.miner.key.chars().take(8).collect());
            out.line(format!(
                "block {:>5}  {short}  {:>3} transactions  mined by {miner}  on {agree} of {} nodes",
                block.height,
                block.transactions,
                look.statuses.len(),
            ))?;
        }
        out.flush()
    }
}
