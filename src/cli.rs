//! The command line: a client of the node's HTTP API, and the wallets.
//!
//! One file per command family under `cli/`. Results go to stdout, everything else to stderr; the exit code is 0 for done,
//! 1 for refused or failed, 2 for wrong usage or configuration, 3 for a node that cannot be reached.
//!
//! To add a command: a variant of `Command`, a line in `run`, a file with its options and its `run`. A command that must have
//! `--config` declares it itself; that one then stands in for the global option of the same name.

mod account;
mod agree;
mod ask;
mod bench;
mod block;
mod chain;
mod check;
mod client;
mod contacts;
mod devnet;
mod document;
mod error;
mod events;
mod init;
mod node;
mod output;
mod parse;
mod peer;
mod receipt;
mod record;
mod run;
mod send;
mod status;
mod submit;
mod transaction;
mod verify;
mod wallet;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::client::Client;
use self::error::Error;
use self::node::NodeOptions;
use self::output::Output;

const EXAMPLES: &str = "\
Examples:
  bouya status
  bouya wallet new alice
  bouya send --from alice --to bouya1…:12.5 --wait
  bouya peers --json --api http://127.0.0.1:5001

Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration, 3 node not reachable.";

/// A ledger for closed consortiums.
#[derive(Debug, Parser)]
#[command(name = "bouya", version, after_help = EXAMPLES, infer_subcommands = false, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    node: NodeOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A whole network on this machine, to try things on: CA, nodes mining over mutual TLS, a funded wallet
    #[command(after_help = devnet::EXAMPLES)]
    Devnet(devnet::DevnetOptions),
    /// Write a new network's network.toml, and print its id
    #[command(after_help = init::INIT_EXAMPLES)]
    Init(init::Init),
    /// Write this node's node.toml
    #[command(after_help = init::JOIN_EXAMPLES)]
    Join(init::Join),
    /// Show what a configuration comes to, and every mistake in it and in what it points to
    #[command(after_help = check::EXAMPLES)]
    Check,
    /// Run a node: the daemon
    #[command(after_help = run::EXAMPLES)]
    Run,
    /// Hash and execute a stopped node's whole store again; repair it
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Verify),
    /// Write a stopped node's chain to one file, or take one in
    #[command(subcommand, after_help = chain::EXAMPLES)]
    Chain(chain::ChainCommand),
    /// The node at a glance: tip, sync, peers, mempool, miner, certificate
    #[command(after_help = status::EXAMPLES)]
    Status,
    /// The peers that the node knows (short for `peer list`)
    #[command(after_help = peer::EXAMPLES)]
    Peers(node::PageOptions),
    /// List, add and remove peers
    #[command(subcommand, after_help = peer::EXAMPLES)]
    Peer(peer::PeerCommand),
    /// The ids that the node keeps out, by the operator's list or by its own bans
    #[command(subcommand, after_help = peer::BLACKLIST_EXAMPLES)]
    Blacklist(peer::BlacklistCommand),
    /// The latest blocks (short for `block list`)
    #[command(after_help = block::EXAMPLES)]
    Blocks(node::PageOptions),
    /// List blocks, or show one
    #[command(subcommand, after_help = block::EXAMPLES)]
    Block(block::BlockCommand),
    /// Have the node mine one block now
    #[command(after_help = block::MINE_EXAMPLES)]
    Mine,
    /// Show a transaction, confirmed or not
    #[command(after_help = transaction::EXAMPLES)]
    Tx(transaction::Tx),
    /// The transactions that wait for a block
    #[command(after_help = transaction::EXAMPLES)]
    Mempool(node::PageOptions),
    /// What an address holds
    #[command(after_help = account::EXAMPLES)]
    Balance(account::Balance),
    /// What an address has paid and got
    #[command(after_help = account::EXAMPLES)]
    History(account::History),
    /// Follow what happens on the node, one line per event, until Ctrl-C
    #[command(after_help = events::EXAMPLES)]
    Events,
    /// Names for addresses, on this machine only
    #[command(subcommand, after_help = contacts::EXAMPLES)]
    Contacts(contacts::ContactsCommand),
    /// Make, list, show, import and export wallets
    #[command(subcommand, after_help = wallet::EXAMPLES)]
    Wallet(wallet::WalletCommand),
    /// Pay one or more addresses from a wallet
    #[command(after_help = send::EXAMPLES)]
    Send(send::Send),
    /// Write data or a document's hash down under a topic, and find it again
    #[command(subcommand, after_help = record::EXAMPLES)]
    Record(record::RecordCommand),
    /// Propose, sign and refuse agreements on documents
    #[command(subcommand, after_help = agree::EXAMPLES)]
    Agree(agree::AgreeCommand),
    /// Fetch a transaction's receipt; verify one without a node
    #[command(subcommand, after_help = receipt::EXAMPLES)]
    Receipt(receipt::ReceiptCommand),
    /// Measure what this machine can do and what Bouya makes of it
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::BenchOptions),
    /// Print the completion script of a shell
    #[command(
        after_help = "Example:\n  bouya completions bash > ~/.local/share/bash-completion/completions/bouya"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Reads the arguments, does what they say, and tells the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = Output::new(cli.node.json);
    match run(cli, &mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has had enough, as in `bouya blocks | head -1`.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = io::stderr();
            let label = if stderr.is_terminal() && output::colour_wanted() {
                "\x1b[1;31merror:\x1b[0m"
            } else {
                "error:"
            };
            // Nobody is left to tell if this fails.
            let _ = writeln!(stderr, "{label} {}", output::plain(&error.to_string()));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli, out: &mut Output) -> Result<(), Error> {
    let node = cli.node;
    match cli.command {
        Command::Devnet(options) => devnet::run(&options, out),
        Command::Init(options) => init::init(&options, out),
        Command::Join(options) => init::join(&options, out),
        Command::Check => check::run(config(&node)?, out),
        Command::Run => run::run(config(&node)?),
        Command::Verify(options) => verify::run(&options, config(&node)?, out),
        Command::Chain(command) => chain::run(&command, config(&node)?, out),
        Command::Status => status::run(&Client::new(&node)?, out),
        Command::Peers(page) => peer::list(&Client::new(&node)?, out, &page),
        Command::Peer(command) => peer::run(command, &Client::new(&node)?, out),
        Command::Blacklist(command) => peer::blacklist(command, &Client::new(&node)?, out),
        Command::Blocks(page) => block::list(&Client::new(&node)?, out, &page),
        Command::Block(command) => block::run(command, &Client::new(&node)?, out),
        Command::Mine => block::mine(&Client::new(&node)?, out),
        Command::Tx(tx) => transaction::show(&tx, &Client::new(&node)?, out),
        Command::Mempool(page) => transaction::mempool(&Client::new(&node)?, out, &page),
        Command::Balance(balance) => account::balance(&balance, &Client::new(&node)?, out),
        Command::History(history) => account::history(&history, &Client::new(&node)?, out),
        Command::Events => events::run(&Client::new(&node)?, out),
        Command::Contacts(command) => contacts::run(command, out),
        Command::Wallet(command) => wallet::run(command, out),
        Command::Send(send) => send::run(&send, &Client::new(&node)?, out),
        Command::Record(command) => record::run(command, &Client::new(&node)?, out),
        Command::Agree(command) => agree::run(command, &Client::new(&node)?, out),
        Command::Receipt(receipt::ReceiptCommand::Get(get)) => receipt::get(&get, &Client::new(&node)?, out),
        Command::Receipt(receipt::ReceiptCommand::Verify(verify)) => receipt::verify(&verify, out),
        Command::Bench(options) => bench::run(&options, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "bouya", &mut script);
            out.bytes(&script)
        }
    }
}

/// The configuration of a command that cannot do without.
fn config(node: &NodeOptions) -> Result<&Path, Error> {
    let missing =
        || Error::Usage("--config is missing: say which node, as in --config config/node.toml".to_owned());
    node.config.as_deref().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn node_options_may_stand_before_and_after_the_command() {
        for line in ["bouya --json --api http://a status", "bouya status --api http://a --json"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.node.json);
            assert_eq!(cli.node.api.as_deref(), Some("http://a"));
        }
    }

    #[test]
    fn wait_takes_a_number_or_none() {
        let wait = |line: &str| match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Send(send) => send.signing.wait,
            other => panic!("{other:?}"),
        };
        let send = "bouya send --from a --to b:1";
        assert_eq!(wait(send), None);
        assert_eq!(wait(&format!("{send} --wait --yes")), Some(1));
        assert_eq!(wait(&format!("{send} --wait 6")), Some(6));
        assert!(Cli::try_parse_from(format!("{send} --wait 0").split(' ')).is_err());
    }
}
