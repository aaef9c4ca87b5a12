//! The command line: a client of the node's HTTP API, and the wallets.
//!
//! One file per command family under `cli/`. Results go to stdout, everything else to stderr; the exit code is 0 for done,
//! 1 for refused or failed, 2 for wrong usage or configuration, 3 for a node that cannot be reached.
//!
//! To add a command: a variant of `Command` with examples, a line in `run`, a file with its options and its `run`. If it asks no node,
//! `help` must know: options that mean nothing to a command are not in its help.

mod accept;
mod account;
mod admit;
mod agree;
mod ask;
mod backup;
mod bench;
mod block;
mod chain;
mod check;
mod client;
mod contacts;
mod contract;
mod devnet;
mod doctor;
mod document;
mod error;
mod events;
mod export;
mod final_proof;
mod finality;
mod folder;
mod found;
mod govern;
mod help;
mod man;
mod member;
mod node;
mod output;
mod overrides;
mod parse;
mod peer;
mod prompt;
mod receipt;
mod record;
mod restore;
mod run;
mod send;
mod snapshot;
mod status;
mod submit;
mod transaction;
mod verify;
mod vote;
mod wait;
mod wallet;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use self::client::Client;
use self::error::Error;
use self::help::command;
use self::node::NodeOptions;
use self::output::Output;
use crate::store;

const EXAMPLES: &str = "\
Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration,
3 node unreachable.

Examples:
  bouya status
  bouya wallet new alice
  bouya send --from alice --to bouya1…:12.5 --wait
  bouya peers --json --api http://127.0.0.1:5001";

/// The version, and the commit that the program was built from, if whoever built it has said it.
static VERSION: LazyLock<String> = LazyLock::new(|| match crate::http::COMMIT {
    Some(commit) => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
    None => env!("CARGO_PKG_VERSION").to_owned(),
});

/// The ledger of a closed consortium: node, wallets and tools
#[derive(Debug, Parser)]
#[command(name = "bouya", version = VERSION.as_str(), after_help = EXAMPLES, infer_subcommands = false, max_term_width = 80)]
pub(crate) struct Cli {
    /// Print JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    node: NodeOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a whole test network on this machine: CA, mining nodes, a funded wallet
    #[command(after_help = devnet::EXAMPLES)]
    Devnet(devnet::DevnetOptions),
    /// Found a network: its CA, its definition, and its first node
    #[command(after_help = found::EXAMPLES)]
    Found(found::Found),
    /// Ask to be admitted to a network: make a node's keys, and a request for the founder
    #[command(after_help = ask::EXAMPLES)]
    Ask(ask::Ask),
    /// Admit who has asked: sign, ask the members, and write an invitation each
    #[command(after_help = admit::EXAMPLES)]
    Admit(admit::Admit),
    /// Accept an invitation: check it, set the node up, and say yes
    #[command(after_help = accept::EXAMPLES)]
    Accept(accept::Accept),
    /// Show the members, make a member key, and ask the members to change who they are
    #[command(subcommand, after_help = member::EXAMPLES)]
    Member(member::MemberCommand),
    /// Show what waits for your yes or no, and say it
    #[command(after_help = vote::EXAMPLES)]
    Vote {
        #[command(flatten)]
        wallets: parse::WalletsOption,
        #[command(subcommand)]
        command: Option<vote::VoteCommand>,
    },
    /// Decide by hand who the members are, where too many keys are lost for a vote
    #[command(subcommand, after_help = overrides::EXAMPLES)]
    Override(overrides::OverrideCommand),
    /// Show a node's full configuration, or every mistake in it and in the files it names
    #[command(after_help = check::EXAMPLES)]
    Check,
    /// Look at everything that goes wrong with a node in practice, and say what to do
    #[command(after_help = doctor::EXAMPLES)]
    Doctor,
    /// Run a node (the daemon)
    #[command(after_help = run::EXAMPLES)]
    Run,
    /// Write what a lost machine cannot be set up without into one sealed file
    #[command(after_help = backup::EXAMPLES)]
    Backup(backup::BackupOptions),
    /// Set a node up from a backup, in the place of a machine that is off
    #[command(after_help = restore::EXAMPLES)]
    Restore(restore::Restore),
    /// Verify the whole store of a stopped node, and repair it
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Verify),
    /// Export a stopped node's chain to a file, or import one
    #[command(subcommand, after_help = chain::EXAMPLES)]
    Chain(chain::ChainCommand),
    /// Write a node's newest final state to a file, or begin with one
    #[command(subcommand, after_help = snapshot::EXAMPLES)]
    Snapshot(snapshot::SnapshotCommand),
    /// Write the final transactions of a time as tables, with a manifest, for an auditor
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportOptions),
    /// Show the node's state: tip, sync, peers, mempool, miner, certificate
    #[command(after_help = status::EXAMPLES)]
    Status,
    /// Show what the members have voted final, and how the voters stand
    #[command(after_help = finality::EXAMPLES)]
    Final {
        #[command(subcommand)]
        command: Option<finality::FinalCommand>,
    },
    /// List the peers that the node knows (short for `peer list`)
    #[command(after_help = "Example:\n  bouya peers --json | jq '.items[].id'")]
    Peers(node::PageOptions),
    /// List, add and remove peers
    #[command(subcommand, after_help = peer::EXAMPLES)]
    Peer(peer::PeerCommand),
    /// List, add and remove ids that the node keeps out
    #[command(subcommand, after_help = peer::BLACKLIST_EXAMPLES)]
    Blacklist(peer::BlacklistCommand),
    /// List the latest blocks (short for `block list`)
    #[command(after_help = "Example:\n  bouya blocks --limit 5")]
    Blocks(node::PageOptions),
    /// List blocks, or show one
    #[command(subcommand, after_help = block::EXAMPLES)]
    Block(block::BlockCommand),
    /// Make the node mine one block now
    #[command(after_help = block::MINE_EXAMPLES)]
    Mine,
    /// Show a transaction, confirmed or waiting
    #[command(after_help = transaction::EXAMPLES)]
    Tx(transaction::Tx),
    /// List the transactions that wait for a block
    #[command(after_help = "Example:\n  bouya mempool --limit 50")]
    Mempool(node::PageOptions),
    /// Show the balance of an address
    #[command(after_help = account::EXAMPLES)]
    Balance(account::Balance),
    /// List what an address has paid and received
    #[command(after_help = account::EXAMPLES)]
    History(account::History),
    /// Print the node's events as they happen, one line each, until Ctrl-C
    #[command(after_help = events::EXAMPLES)]
    Events,
    /// Give addresses names, on this machine only
    #[command(subcommand, after_help = contacts::EXAMPLES)]
    Contacts(contacts::ContactsCommand),
    /// Create, list, show, import and export wallets, and change their passphrases
    #[command(subcommand, after_help = wallet::EXAMPLES)]
    Wallet(wallet::WalletCommand),
    /// Pay one or more addresses from a wallet
    #[command(after_help = send::EXAMPLES)]
    Send(send::Send),
    /// Record data or a document's hash under a topic, and find records
    #[command(subcommand, after_help = record::EXAMPLES)]
    Record(record::RecordCommand),
    /// Propose, sign, refuse and list agreements on documents
    #[command(subcommand, after_help = agree::EXAMPLES)]
    Agree(agree::AgreeCommand),
    /// Write, deploy, call and ask contracts: rules that every node executes
    #[command(subcommand, after_help = contract::EXAMPLES)]
    Contract(contract::ContractCommand),
    /// Fetch a transaction's receipt, renew one, or verify one without a node
    #[command(subcommand, after_help = receipt::EXAMPLES)]
    Receipt(receipt::ReceiptCommand),
    /// Measure how fast Bouya runs on this machine
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::BenchOptions),
    /// Print a completion script for your shell
    #[command(
        after_help = "Example:\n  bouya completions bash > ~/.local/share/bash-completion/completions/bouya"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a folder, for packages
    #[command(hide = true, after_help = "Example:\n  bouya man man1")]
    Man {
        /// The folder
        dir: PathBuf,
    },
}

/// Parses the arguments, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    store::silence_caught_panics();
    let mut out = Output::new(cli.json);
    match run(cli, &mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed the pipe, as in `bouya blocks | head -1`.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = io::stderr();
            let label = if stderr.is_terminal() && output::colour_wanted() {
                "\x1b[1;31merror:\x1b[0m"
            } else {
                "error:"
            };
            // If this fails, there is nowhere left to report it.
            let _ = writeln!(stderr, "{label} {}", output::plain(&error.to_string()));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli, out: &mut Output) -> Result<(), Error> {
    let node = cli.node;
    match cli.command {
        Command::Devnet(options) => devnet::run(&options, out),
        Command::Found(options) => found::run(&options, out),
        Command::Ask(options) => ask::run(&options, out),
        Command::Admit(options) => admit::run(options, &node, out),
        Command::Accept(options) => accept::run(options, out),
        Command::Member(command) => member::run(command, &node, out),
        Command::Vote { wallets, command } => vote::run(command, &wallets, &Client::new(&node)?, out),
        Command::Override(command) => overrides::run(&command, &node, out),
        Command::Check => check::run(&config(&node)?, out),
        Command::Doctor => doctor::run(&config(&node)?, &node, out),
        Command::Run => run::run(&config(&node)?),
        Command::Backup(options) => backup::run(&options, &config(&node)?, out),
        Command::Restore(options) => restore::run(&options, out),
        Command::Verify(options) => verify::run(&options, &config(&node)?, out),
        Command::Chain(command) => chain::run(&command, &config(&node)?, out),
        Command::Snapshot(command) => snapshot::run(&command, &config(&node)?, out),
        Command::Export(options) => export::run(&options, &node, out),
        Command::Status => status::run(&naming(&node, out)?, node.own_file(), out),
        Command::Final { command } => finality::run(command, &Client::new(&node)?, out),
        Command::Peers(page) => peer::list(&Client::new(&node)?, out, &page),
        Command::Peer(command) => peer::run(command, &Client::new(&node)?, out),
        Command::Blacklist(command) => peer::blacklist(command, &Client::new(&node)?, out),
        Command::Blocks(page) => block::list(&Client::new(&node)?, out, &page),
        Command::Block(command) => block::run(command, &naming(&node, out)?, out),
        Command::Mine => block::mine(&Client::new(&node)?, out),
        Command::Tx(tx) => transaction::show(&tx, &naming(&node, out)?, out),
        Command::Mempool(page) => transaction::mempool(&naming(&node, out)?, out, &page),
        Command::Balance(balance) => account::balance(&balance, &Client::new(&node)?, out),
        Command::History(history) => account::history(&history, &naming(&node, out)?, out),
        Command::Events => events::run(&Client::new(&node)?, out),
        Command::Contacts(command) => contacts::run(command, out),
        Command::Wallet(command) => wallet::run(command, out),
        Command::Send(send) => send::run(&send, &Client::new(&node)?, out),
        Command::Record(command) => record::run(command, &naming(&node, out)?, out),
        Command::Agree(command) => agree::run(command, &naming(&node, out)?, out),
        Command::Contract(command) => contract::run(command, &node, out),
        Command::Receipt(receipt::ReceiptCommand::Get(get)) => receipt::get(&get, &Client::new(&node)?, out),
        Command::Receipt(receipt::ReceiptCommand::Renew(renew)) => {
            receipt::renew(&renew, &Client::new(&node)?)
        }
        Command::Receipt(receipt::ReceiptCommand::Verify(verify)) => receipt::verify(&verify, out),
        Command::Bench(options) => bench::run(&options, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "bouya", &mut script);
            out.bytes(&script)
        }
        Command::Man { dir } => man::run(&dir),
    }
}

/// A client for a command that shows addresses: those of members get names.
fn naming(node: &NodeOptions, out: &mut Output) -> Result<Client, Error> {
    let client = Client::new(node)?;
    out.name_members(&client);
    Ok(client)
}

/// The configuration file, for a command that requires one.
fn config(node: &NodeOptions) -> Result<PathBuf, Error> {
    let missing = || {
        Error::Usage(
            "there is no node.toml here: go to the node's folder, or name the file with --config".to_owned(),
        )
    };
    node.file().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::wait::Wait;
    use super::*;

    #[test]
    fn node_options_may_stand_before_and_after_the_command() {
        for line in ["bouya --json --api http://a status", "bouya status --api http://a --json"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.json);
            assert_eq!(cli.node.api.as_deref(), Some("http://a"));
        }
    }

    #[test]
    fn wait_takes_final_a_number_or_nothing() {
        let wait = |line: &str| match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Send(send) => send.signing.wait,
            other => panic!("{other:?}"),
        };
        let send = "bouya send --from a --to b:1";
        assert_eq!(wait(send), None);
        assert_eq!(wait(&format!("{send} --wait --yes")), Some(None));
        assert_eq!(wait(&format!("{send} --wait 6")), Some(Some(Wait::Confirmations(6))));
        assert_eq!(wait(&format!("{send} --wait final")), Some(Some(Wait::Final)));
        for bad in ["0", "-1", "finally", "6s"] {
            assert!(Cli::try_parse_from(format!("{send} --wait={bad}").split(' ')).is_err(), "{bad}");
        }
    }
}
