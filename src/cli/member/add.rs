//! `member add`: a motion for each that is to be a member.

use std::path::PathBuf;

use bouya_core::ledger::Member;
use clap::Args;

use crate::cli::admit::candidates;
use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::govern::{self, Moving};
use crate::cli::output::Output;
use crate::http::views;

pub(super) const EXAMPLES: &str = "\
bouya admit does this and signs the certificate; this is for a founder whose CA
is on another machine, and for an observer that is to be a member. It asks with
bouya ask, and says yes as well: nobody is added unasked.

Examples:
  bouya member add dave.request --from alice
  bouya member add dave.request --from alice --reason 'our fourth' --wait";

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What bouya ask has written
    #[arg(required = true, value_name = "FILE")]
    requests: Vec<PathBuf>,
    #[command(flatten)]
    moving: Moving,
}

pub(super) fn run(options: &Add, client: &Client, out: &mut Output) -> Result<(), Error> {
    // Every mistake before anything is sent.
    let candidates = candidates(&options.requests)?;
    let members = govern::members(client)?;
    for candidate in &candidates {
        if standing(&members, &candidate.member)? == Standing::Member {
            return Err(Error::Failed(format!("{} is a member already", candidate.member.id)));
        }
    }
    candidates.iter().try_for_each(|one| govern::make(one.change(), &options.moving, client, out))
}

/// Whether somebody is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Member,
    New,
}

/// Whether this one is a member already. Fails if another has its id, key or governor: each has its own.
pub(crate) fn standing(members: &views::Members, wanted: &Member) -> Result<Standing, Error> {
    let (id, key, governor) = (wanted.id.as_str(), wanted.key.to_string(), wanted.governor.to_string());
    let is_near = |one: &&views::Member| one.id == id || one.key == key || one.governor == governor;
    match members.members.iter().find(is_near) {
        None => Ok(Standing::New),
        // It may have another governor by now.
        Some(one) if one.id == id && one.key == key => Ok(Standing::Member),
        Some(one) => Err(Error::Failed(format!(
            "{} is a member with the same id, key or governor as {id}; each has its own. A member changes its keys with bouya member rotate",
            one.id
        ))),
    }
}
