//! Which transactions a follower wants.

use std::collections::BTreeSet;
use std::str::FromStr;

use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Report;
use bouya_core::ledger::{Action, Address, Agreement, Transaction};
use bouya_core::limits::API_FEED_VALUES;

use super::FeedOptions;
use crate::http::problem::Problem;
use crate::store::{Snapshot, concerned};

/// Each part names values of which one must fit; a part that names none lets all through.
#[derive(Debug, Default)]
pub(super) struct Filter {
    addresses: BTreeSet<Address>,
    topics: BTreeSet<String>,
    kinds: BTreeSet<String>,
    agreements: BTreeSet<Hash>,
}

/// The kinds, as the API calls them.
const KINDS: [&str; 10] =
    ["transfer", "record", "propose", "respond", "withdraw", "motion", "ballot", "keys", "deploy", "call"];

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Transfer { .. } => "transfer",
        Action::Record { .. } => "record",
        Action::Propose(_) => "propose",
        Action::Respond { .. } => "respond",
        Action::Withdraw { .. } => "withdraw",
        Action::Motion(_) => "motion",
        Action::Ballot { .. } => "ballot",
        Action::Keys(_) => "keys",
        Action::Deploy(_) => "deploy",
        Action::Call(_) => "call",
    }
}

impl Filter {
    pub(super) fn of(options: &FeedOptions) -> Result<Self, Problem> {
        let kinds: BTreeSet<String> = values("kind", options.kind.as_deref())?;
        if let Some(other) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(Problem::bad_request(format!("kind {other:?} is none of: {}", KINDS.join(", "))));
        }
        Ok(Self {
            addresses: values("address", options.address.as_deref())?,
            // A topic may hold a comma.
            topics: options.topic.iter().cloned().collect(),
            kinds,
            agreements: values("agreement", options.agreement.as_deref())?,
        })
    }

    pub(super) fn fits(
        &self,
        snapshot: &Snapshot,
        transaction: &Transaction,
        report: Option<&Report>,
    ) -> Result<bool, Problem> {
        let topic = match &transaction.action {
            Action::Record { topic, .. } => Some(topic.as_str()),
            _ => None,
        };
        let agreement = transaction.agreement();
        let fits = (self.kinds.is_empty() || self.kinds.contains(kind(&transaction.action)))
            && (self.topics.is_empty() || topic.is_some_and(|topic| self.topics.contains(topic)))
            && (self.agreements.is_empty() || agreement.is_some_and(|id| self.agreements.contains(&id)));
        Ok(fits && (self.addresses.is_empty() || self.concerns(snapshot, transaction, report)?))
    }

    /// Whether it is by one of the addresses, or pays one, or runs one that is a contract or that this pays, or is about an agreement that one is
    /// a party of.
    fn concerns(
        &self,
        snapshot: &Snapshot,
        transaction: &Transaction,
        report: Option<&Report>,
    ) -> Result<bool, Problem> {
        if concerned(transaction, report).any(|address| self.addresses.contains(&address)) {
            return Ok(true);
        }
        let Some(id) = transaction.agreement() else { return Ok(false) };
        let Some(agreement) = Agreement::read(snapshot, &id)? else { return Ok(false) };
        let mut parties = std::iter::once(&agreement.proposer).chain(agreement.proposal.parties.iter());
        Ok(parties.any(|address| self.addresses.contains(address)))
    }
}

/// Values with commas between them.
fn values<T: FromStr<Err: std::fmt::Display> + Ord>(
    name: &str,
    text: Option<&str>,
) -> Result<BTreeSet<T>, Problem> {
    let Some(text) = text else { return Ok(BTreeSet::new()) };
    if text.split(',').count() > API_FEED_VALUES {
        return Err(Problem::bad_request(format!("{name} names more than {API_FEED_VALUES} values")));
    }
    text.split(',')
        .map(|value| value.parse().map_err(|error| Problem::bad_request(format!("{name}: {error}"))))
        .collect()
}
