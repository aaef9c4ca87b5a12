//! `member`: who the members are, and what a governor asks the others to change.

use bouya_core::id::NodeId;
use bouya_core::ledger::{MemberChange, Upgrade};
use clap::{Args, Subcommand};

use super::client::Client;
use super::error::Error;
use super::govern::{self, Moving};
use super::node::{NodeOptions, PageOptions};
use super::output::Output;

mod add;
mod history;
mod keys;
mod list;

pub(crate) use add::{Standing, standing};

pub(crate) const EXAMPLES: &str = "\
Members decide about members, each by its governor's wallet. A motion passes
when enough of them say yes: see bouya vote. It is in force once a block says
that this is final.

Examples:
  bouya member list
  bouya member add dave.request --from alice
  bouya member remove bob --from alice --reason 'it has left' --wait";

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// List the members, and what waits to change them
    #[command(after_help = "Examples:\n  bouya member list\n  bouya member list --json | jq .former")]
    List,
    /// Show one member
    #[command(after_help = "Example:\n  bouya member show bob")]
    Show {
        /// The member
        id: NodeId,
    },
    /// List all sets of members that were in force: who came, who went, who has other keys
    #[command(after_help = history::EXAMPLES)]
    History(PageOptions),
    /// Fetch the proof of who the members were, for whoever has the network's definition
    #[command(after_help = history::PROOF_EXAMPLES)]
    Proof(history::Proof),
    /// Ask the members to take in another one, or several: one motion each
    #[command(after_help = add::EXAMPLES)]
    Add(add::Add),
    /// Ask the members to remove one
    #[command(after_help = "\
Its own yes counts like all others: of up to three members all must say yes.

Examples:
  bouya member remove bob --from alice --reason 'it has left'
  bouya member remove bob --from alice --yes --wait --timeout 2h")]
    Remove(Remove),
    /// Give your own member another member key, without a vote
    #[command(after_help = keys::EXAMPLES)]
    Rotate(keys::Rotate),
    /// Give a member another governor: your own at once, another's, which is lost, by a motion
    #[command(after_help = "\
Where the governor is lost the member speaks through its member key's address:
bouya wallet import bob-key --member-key certs/bob.member, then bouya vote.

Examples:
  bouya member governor bob bouya1… --from bob
  bouya member governor bob bouya1… --from alice --reason 'its phone burnt'")]
    Governor(keys::Governor),
    /// Ask the members to let blocks follow other rules from a height on
    #[command(after_help = "\
It must be in force 1,000 blocks before that height: operators need time to
install the version that knows these rules.

Example:
  bouya member upgrade 3 --height 900000 --from alice")]
    Upgrade(NewRules),
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The member
    id: NodeId,
    #[command(flatten)]
    moving: Moving,
}

#[derive(Debug, Args)]
pub(crate) struct NewRules {
    /// The block version
    #[arg(value_name = "V")]
    version: u32,
    /// The first height that has it
    #[arg(long, value_name = "H")]
    height: u64,
    #[command(flatten)]
    moving: Moving,
}

pub(crate) fn run(command: MemberCommand, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    let client = &Client::new(node)?;
    match command {
        MemberCommand::List => list::list(client, out),
        MemberCommand::Show { id } => list::show(&id, client, out),
        MemberCommand::History(page) => history::list(&page, client, out),
        MemberCommand::Proof(options) => history::proof(&options, client, out),
        MemberCommand::Add(options) => add::run(&options, client, out),
        MemberCommand::Remove(Remove { id, moving }) => {
            govern::known(&govern::members(client)?, &id)?;
            govern::make(MemberChange::Remove { id }, &moving, client, out)
        }
        MemberCommand::Rotate(options) => keys::rotate(&options, client, out),
        MemberCommand::Governor(options) => keys::governor(options, client, out),
        MemberCommand::Upgrade(NewRules { version, height, moving }) => {
            govern::make(MemberChange::Upgrade(Upgrade { version, height }), &moving, client, out)
        }
    }
}
