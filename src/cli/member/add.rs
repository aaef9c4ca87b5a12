//! `member add`: a motion for each that is to be a member.

use bouya_core::ledger::MemberChange;
use clap::Args;

use super::Line;
use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::govern::{self, Moving};
use crate::cli::output::Output;

pub(super) const EXAMPLES: &str = "\
The new member makes its line with bouya member new, and says yes as well:
nobody is added unasked.

Examples:
  bouya member add dave:KEY:GOVERNOR:PROOF --from alice
  bouya member add 'dave:KEY:GOVERNOR:PROOF:Dave GmbH' --from alice --wait";

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What bouya member new --network printed: ID:KEY:GOVERNOR:PROOF[:NAME]
    #[arg(required = true, value_name = "LINE")]
    lines: Vec<String>,
    #[command(flatten)]
    moving: Moving,
}

pub(super) fn run(options: &Add, client: &Client, out: &mut Output) -> Result<(), Error> {
    // Every mistake before anything is sent.
    let lines = options.lines.iter().map(|text| text.parse::<Line>().map_err(Error::Usage));
    let lines: Vec<Line> = lines.collect::<Result<_, _>>()?;
    let members = govern::members(client)?;
    let mut changes = Vec::new();
    for Line { member, proof } in lines {
        let proof = proof.ok_or_else(|| {
            Error::Usage(format!(
                "{}: the line lacks its proof; make it with: bouya member new {} --governor {} --network network.toml",
                member.id, member.id, member.governor
            ))
        })?;
        let (key, governor) = (member.key.to_string(), member.governor.to_string());
        let taken = members
            .members
            .iter()
            .find(|one| one.id == member.id.as_str() || one.key == key || one.governor == governor);
        if let Some(taken) = taken {
            return Err(Error::Failed(format!(
                "{} is a member with the same id, key or governor; each has its own",
                taken.id
            )));
        }
        changes.push(MemberChange::Add { member, proof });
    }
    changes.into_iter().try_for_each(|change| govern::make(change, &options.moving, client, out))
}
