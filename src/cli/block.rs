//! `blocks`, `block` and `mine`.

use clap::Subcommand;

use crate::http::views::{Block, BlockSummary, Mined, MinerOf};

use super::client::Client;
use super::error::Error;
use super::node::PageOptions;
use super::output::{Output, cell, depth, or_dash};
use super::{parse, transaction};

pub(crate) const EXAMPLES: &str = "\
The list shortens hashes; a shortened one is taken too. `block show` and --json
print them in full.

Examples:
  bouya blocks --limit 5
  bouya block show latest
  bouya block show 0000a1b2…c3d4
  bouya block show 1200 --json";

pub(crate) const MINE_EXAMPLES: &str = "\
This needs the node's token. A node with [miner] enabled mines by itself.

Example:
  bouya mine";

#[derive(Debug, Subcommand)]
pub(crate) enum BlockCommand {
    /// List the latest blocks
    #[command(after_help = "Example:\n  bouya block list --limit 5")]
    List(PageOptions),
    /// Show one block with its transactions
    #[command(
        after_help = "Examples:\n  bouya block show latest\n  bouya block show 1200 --json\n  bouya block show 0000a1b2…c3d4"
    )]
    Show {
        /// The block's height, its hash, whole or shortened, or `latest`
        #[arg(value_name = "REF", default_value = "latest", value_parser = parse::block_ref)]
        block: String,
    },
}

pub(crate) fn run(command: BlockCommand, client: &Client, out: &mut Output) -> Result<(), Error> {
    match command {
        BlockCommand::List(page) => list(client, out, &page),
        BlockCommand::Show { block } => out
            .show(&client.get(&format!("/v1/blocks/{block}"))?, |out, block: Block| {
                show(out, client, &block)
            }),
    }
}

pub(crate) fn list(client: &Client, out: &mut Output, page: &PageOptions) -> Result<(), Error> {
    let answer = client.get_with("/v1/blocks", &page.query())?;
    let empty = "No blocks in this range. For the latest: bouya block show latest";
    let header = ["HEIGHT", "HASH", "TIME", "MINER", "TXS", "SIZE", "FINAL"];
    out.page(&answer, empty, &header, |out, block: &BlockSummary| {
        vec![
            cell(block.height),
            cell(out.ends(&block.hash)),
            cell(out.about(&block.time)),
            cell(block.miner.id.clone().unwrap_or_else(|| out.ends(&block.miner.key))),
            cell(block.transactions),
            cell(block.size),
            or_dash(block.finalized.then_some("final")),
        ]
    })
}

fn show(out: &mut Output, client: &Client, block: &Block) -> Result<(), Error> {
    let symbol = client.status()?.network.symbol;
    let confirmations = match block.confirmations {
        0 => "0: not on the best chain".to_owned(),
        count => depth(count, block.finalized),
    };
    out.pairs(vec![
        ("height", cell(block.height)),
        ("hash", cell(&block.hash)),
        ("parent", cell(&block.parent)),
        ("time", cell(&block.time)),
        ("confirmations", cell(confirmations)),
        ("miner", cell(miner(&block.miner))),
        ("reward", cell(format!("{} {symbol} to {}", block.reward.amount, out.whole(&block.reward.to)))),
        ("difficulty", cell(block.difficulty)),
        ("work", cell(&block.work)),
        ("nonce", cell(block.nonce)),
        ("body root", cell(&block.body_root)),
        ("history", cell(&block.history)),
        ("bytes", cell(block.size)),
        ("transactions", cell(block.transactions.len())),
    ])?;
    if block.transactions.is_empty() {
        return Ok(());
    }
    out.line("")?;
    transaction::table(out, &block.transactions)
}

fn miner(miner: &MinerOf) -> String {
    match &miner.id {
        Some(id) => match miner.name.as_deref().unwrap_or_default() {
            "" => format!("{id} ({})", miner.key),
            name => format!("{id} ({name}), key {}", miner.key),
        },
        None => miner.key.clone(),
    }
}

pub(crate) fn mine(client: &Client, out: &mut Output) -> Result<(), Error> {
    out.show(&client.mine()?, |out, mined: Mined| out.line(format!("block {} {}", mined.height, mined.hash)))
}
