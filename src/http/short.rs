//! What a shortened id names here. One that fits several is refused with those that it fits: nobody may act on another thing than they meant.
//!
//! Blocks and agreements are stored under their ids, so all of them are looked at. Where a transaction is on the chain is stored under a
//! keyed hash of its id, which has no beginning to search for: there the newest blocks are read.

use std::collections::BTreeSet;
use std::fmt::Display;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Transaction};
use bouya_core::limits::{API_LIST_LOOKS, API_SHORT_BLOCKS, API_SHORT_BYTES, API_SHORT_ROWS, API_SHORT_TOLD};

use super::Api;
use super::limits::ask;
use super::lists::{self, Part};
use super::problem::{Name, Problem};
use crate::mempool::MempoolRequest;
use crate::short::{Named, Short};
use crate::store::{List, Snapshot};

impl Api {
    /// The id of the transaction that is named.
    pub(super) async fn transaction_named(&self, named: Named) -> Result<Hash, Problem> {
        let short = match named {
            Named::Whole(id) => return Ok(id),
            Named::Short(short) => short,
        };
        let (low, high) = short.range();
        let list = move |reply| MempoolRequest::Between { low, high, reply };
        // The mempool first: what leaves it for a block meanwhile is on the chain already.
        let mut found: BTreeSet<Hash> =
            ask(&self.limits.mempool, &self.mempool, list).await?.into_iter().collect();
        found.retain(|id| short.fits(id));
        self.read(move |snapshot| {
            let lowest = confirmed(snapshot, &short, &mut found)?;
            only("transaction", &short, &found, || {
                format!("waits here or is in a block from {lowest} on; for an older one, give all digits of its id")
            })
        })
        .await
    }
}

/// Adds those of the newest blocks, and tells the lowest block that was read.
fn confirmed(snapshot: &Snapshot, short: &Short, found: &mut BTreeSet<Hash>) -> Result<u64, Problem> {
    let (tip, _) = snapshot.tip()?;
    let (mut lowest, mut bytes) = (tip.saturating_add(1), 0_usize);
    while lowest > 1
        && tip - (lowest - 1) < API_SHORT_BLOCKS
        && bytes < API_SHORT_BYTES
        && found.len() < API_SHORT_TOLD
    {
        let Some(block) = snapshot.block_at(lowest - 1)? else { break };
        lowest -= 1;
        bytes = bytes.saturating_add(block.size());
        found.extend(block.body.transactions.iter().map(Transaction::id).filter(|id| short.fits(id)));
    }
    Ok(lowest)
}

/// The id of the stored block that is named.
pub(super) fn block(snapshot: &Snapshot, named: &Named) -> Result<Hash, Problem> {
    let short = match named {
        Named::Whole(id) => return Ok(*id),
        Named::Short(short) => short,
    };
    let found = fitting(short, snapshot.ids_between(short.range(), API_SHORT_ROWS)?)?;
    only("block", short, &found, || "is stored here".to_owned())
}

/// The id of the agreement that is named.
pub(super) fn agreement(snapshot: &Snapshot, named: &Named) -> Result<Hash, Problem> {
    let short = match named {
        Named::Whole(id) => return Ok(*id),
        Named::Short(short) => short,
    };
    let found = fitting(short, snapshot.agreements_between(short.range(), API_SHORT_ROWS)?)?;
    match found.is_empty() {
        true => Err(no_agreement(short)),
        false => only("agreement", short, &found, String::new),
    }
}

/// No agreement has this id.
pub(super) fn no_agreement(id: impl Display) -> Problem {
    Problem::not_found(format!(
        "no agreement {id} is on the chain here; its proposal may still wait for a block (an agreement's id is not its transaction's)"
    ))
}

/// The id of the motion that is named, of those that are shown.
pub(super) fn motion(named: &Named, shown: &[Hash]) -> Result<Hash, Problem> {
    let short = match named {
        Named::Whole(id) => return Ok(*id),
        Named::Short(short) => short,
    };
    let found: BTreeSet<Hash> = shown.iter().copied().filter(|id| short.fits(id)).collect();
    match found.is_empty() {
        true => Err(no_motion(short)),
        false => only("motion", short, &found, String::new),
    }
}

/// No motion has this id.
pub(super) fn no_motion(id: impl Display) -> Problem {
    Problem::not_found(format!(
        "no motion {id} counts on the chain here; its transaction may still wait for a block, or it had no place among its mover's motions (a motion's id is not its transaction's)"
    ))
}

/// The hash of the data or the document that is named, of the newest records and proposals.
pub(super) fn document(snapshot: &Snapshot, named: &Named, bytes: usize) -> Result<Hash, Problem> {
    let short = match named {
        Named::Whole(hash) => return Ok(*hash),
        Named::Short(short) => short,
    };
    let mut found = BTreeSet::new();
    for list in [List::Records, List::Agreements] {
        let part = Part { list: &list, from: (u64::MAX, 0), lowest: 0, limit: API_LIST_LOOKS, bytes };
        let page = lists::page(snapshot, part, |_, transaction| {
            Ok(about(transaction).filter(|hash| short.fits(hash)))
        })?;
        found.extend(page.items);
    }
    only("document or data", short, &found, || {
        "is among the newest records and agreements; for an older one, give all digits of its SHA-256"
            .to_owned()
    })
}

/// What a record holds, or what a proposal is about.
fn about(transaction: &Transaction) -> Option<Hash> {
    match &transaction.action {
        Action::Record { content, .. } => Some(content.hash()),
        Action::Propose(proposal) => Some(proposal.document),
        _ => None,
    }
}

/// Those that fit, of all that begin so. Blocks' hashes begin with zeros, so very many may: then the search has not seen them all.
fn fitting(short: &Short, begin: Vec<Hash>) -> Result<BTreeSet<Hash>, Problem> {
    if begin.len() >= API_SHORT_ROWS {
        let detail = format!("{short}: {API_SHORT_ROWS} ids or more begin so; give more of the first digits");
        return Err(ambiguous(detail));
    }
    Ok(begin.into_iter().filter(|id| short.fits(id)).collect())
}

fn ambiguous(detail: String) -> Problem {
    Problem::new(Name::Ambiguous, detail)
}

/// The one that was found; `missing` says where none was.
fn only(
    what: &str,
    short: &Short,
    found: &BTreeSet<Hash>,
    missing: impl FnOnce() -> String,
) -> Result<Hash, Problem> {
    let mut ids = found.iter();
    match (ids.next(), ids.next()) {
        (None, _) => Err(Problem::not_found(format!("no {what} {short} {}", missing()))),
        (Some(id), None) => Ok(*id),
        (Some(_), Some(_)) => {
            let told: Vec<String> = found.iter().take(API_SHORT_TOLD).map(ToString::to_string).collect();
            // A search may end once so many are found.
            let more = if found.len() < API_SHORT_TOLD { "" } else { ", and perhaps others" };
            let detail = format!(
                "{short} may be any of these: {}{more}; give more digits of the one that is meant",
                told.join(", ")
            );
            Err(ambiguous(detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::views;

    #[test]
    fn ends_tell_apart_those_that_begin_alike_unless_too_many_do() {
        let Ok(Named::Short(short)) = "00000000…02".parse() else { panic!("a short one") };
        let ids = |count: usize| -> Vec<Hash> {
            (0..count).map(|last| format!("{last:064x}").parse().unwrap()).collect()
        };
        assert_eq!(fitting(&short, ids(9)).unwrap(), BTreeSet::from([ids(3)[2]]));
        let problem = views::Problem::from(fitting(&short, ids(API_SHORT_ROWS)).unwrap_err());
        assert_eq!(problem.status, 409);
        assert!(problem.detail.contains("more of the first digits"), "{}", problem.detail);
    }

    #[test]
    fn what_fits_several_is_refused_with_a_few_of_them() {
        let Ok(Named::Short(short)) = "0123456789".parse() else { panic!("a short one") };
        let ids = |count: u8| -> BTreeSet<Hash> {
            let id = |last: u8| format!("0123456789{}{last:02x}", "0".repeat(52)).parse().unwrap();
            (0..count).map(id).collect()
        };
        let only = |count| only("block", &short, &ids(count), || "is here".to_owned());
        assert_eq!(only(1).unwrap(), *ids(1).first().unwrap());
        for (count, told, more) in [(2, 2, false), (4, 4, false), (5, 5, true), (6, 5, true)] {
            let problem = views::Problem::from(only(count).unwrap_err());
            assert_eq!((problem.status, problem.r#type.as_str()), (409, "urn:bouya:ambiguous"));
            assert_eq!(problem.detail.matches(&"0".repeat(52)).count(), told, "{}", problem.detail);
            assert_eq!(problem.detail.contains("perhaps others"), more, "{}", problem.detail);
        }
        let problem = views::Problem::from(only(0).unwrap_err());
        assert_eq!((problem.status, problem.detail.as_str()), (404, "no block 0123456789… is here"));
    }
}
