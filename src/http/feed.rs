//! The feed: the transactions of the chain in its order, for programs that must miss none.
//!
//! It is read from the blocks themselves, with no table of its own: a follower at the end reads each new block once, and one that begins at
//! block 1 reads the whole chain once. What is final is told for ever; what is only confirmed may be undone, and that is told too.

use axum::extract::State;
use axum::response::Response;
use bouya_core::codec::encode;
use bouya_core::ledger::View;
use bouya_core::limits::{API_FEED_BLOCKS, API_FEED_BYTES, API_FEED_PAGE, API_FEED_PAGE_USUAL};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::ends::Ends;
use super::extract::Options;
use super::names::Names;
use super::problem::Problem;
use super::records::parsed;
use super::transactions::{Place, view};
use super::views::{self, Feed, FeedItem};
use crate::store::Snapshot;
use crate::store::results::reported;

mod cursor;
mod filter;
pub(super) mod stream;

use cursor::{After, Begin, Cursor};
use filter::Filter;

/// How sure what is told must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Until {
    /// Up to the newest final block: it never changes.
    #[default]
    Final,
    /// Up to the newest block, which another one may replace.
    Confirmed,
}

impl Until {
    fn height(self, ends: &Ends) -> u64 {
        match self {
            Self::Final => ends.finalized,
            Self::Confirmed => ends.tip.0,
        }
    }
}

/// Which transactions, from where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedOptions {
    /// Where to go on: the `next` of the page before or an item's `cursor`, from whichever node of the network; or the height of a block, or
    /// `latest`. Without it the feed begins with block 1.
    after: Option<String>,
    /// `final` (unless asked for otherwise): what the members have voted final, and never changes. `confirmed`: all that stands in a block;
    /// if blocks are replaced, the page says above which height what was told is undone.
    #[serde(default)]
    #[param(required = false, inline)]
    until: Until,
    /// Only what concerns one of these addresses (up to 16, with commas between them): as sender, as payee, or as a party of an agreement
    /// that is proposed, answered or withdrawn.
    address: Option<String>,
    /// Only records under this topic.
    topic: Option<String>,
    /// Only these kinds, with commas between them: transfer, record, propose, respond, withdraw, motion, ballot, keys.
    #[param(
        pattern = "^(transfer|record|propose|respond|withdraw|motion|ballot|keys)(,(transfer|record|propose|respond|withdraw|motion|ballot|keys)){0,15}$"
    )]
    kind: Option<String>,
    /// Only what is about one of these agreements (ids, up to 16).
    agreement: Option<String>,
    /// The most items of a page, up to 1000; a stream has no end, and ignores it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A follower's question, read.
struct Wanted {
    filter: Filter,
    until: Until,
    limit: usize,
    /// Bytes of transactions.
    bytes: usize,
}

impl FeedOptions {
    fn read(&self) -> Result<Wanted, Problem> {
        let limit = match self.limit {
            None => API_FEED_PAGE_USUAL,
            Some(limit) if (1..=API_FEED_PAGE).contains(&limit) => limit,
            Some(limit) => {
                return Err(Problem::bad_request(format!(
                    "limit {limit}: 1 to {API_FEED_PAGE} are possible"
                )));
            }
        };
        Ok(Wanted { filter: Filter::of(self)?, until: self.until, limit, bytes: API_FEED_BYTES })
    }
}

/// The transactions of the chain in its order, oldest first, for programs that must miss none
///
/// Ask, work on the items, store `next`, and ask again with it as `after`: at once while `more` is true, and then now and then. A page may be
/// short, or even empty, and still have `more`. The cursor is a place on the chain: it holds after a restart of either side, and on every
/// node of the network. With `until=final` each transaction is told once and stays. What blocks pay their miners is no transaction.
#[utoipa::path(get, path = "/v1/feed", tag = "feed", params(FeedOptions), responses(
    (status = 200, description = "a page", body = Feed),
    (status = 409, description = "what was final where the cursor comes from is not on this node's chain", body = views::Problem, content_type = "application/problem+json"),
    (status = 410, description = "the blocks after the cursor are pruned here", body = views::Problem, content_type = "application/problem+json"),
    (status = 503, description = "`behind`: this node has not yet come to the cursor, so wait; or it is busy or stopping: try again", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<FeedOptions>,
) -> Result<Response, Problem> {
    let after: Option<After> = parsed(options.after.as_deref())?;
    let wanted = options.read()?;
    let own = api.clone();
    let names = api.names();
    api.read_json(move |snapshot| page(&own, snapshot, &names, &wanted, after).map(|read| read.feed)).await
}

/// One page, and from where to where it was read.
struct Read {
    feed: Feed,
    from: Cursor,
    to: Cursor,
}

fn page(
    api: &Api,
    snapshot: &Snapshot,
    names: &Names,
    wanted: &Wanted,
    after: Option<After>,
) -> Result<Read, Problem> {
    let ends = Ends::read(snapshot)?;
    let Begin { at: from, undone } = cursor::begin(snapshot, &ends, after, wanted.until)?;
    let mut at = from;
    let last = wanted.until.height(&ends);
    let (mut items, mut held, mut bytes, mut looked) = (Vec::new(), 0_usize, 0_usize, 0);
    let is_full = |items: &[FeedItem], held: usize| items.len() == wanted.limit || held >= wanted.bytes;
    while let Some(height) = next_height(&at).filter(|height| *height <= last)
        && !is_full(&items, held)
        && bytes < api.limits.page_bytes
        && looked < API_FEED_BLOCKS
    {
        let Some(block) = snapshot.block_at(height)? else {
            let lowest = snapshot.lowest()?;
            let pruned = Problem::pruned(format!("block {height}"), lowest);
            return Err(pruned.and(&format!("or go on from there: after={}", lowest.saturating_sub(1))));
        };
        (bytes, looked) = (bytes.saturating_add(block.size()), looked + 1);
        if at.told.is_none() {
            at = Cursor {
                height,
                told: Some(0),
                finalized: at.finalized.max(ends.finalized.min(height)),
                block: block.id(),
            };
        }
        let results = snapshot.results(&block.id())?;
        let results = results.as_ref();
        let place = Place { height, time: block.header.time, block: at.block, ends: &ends, results };
        let told = at.told.and_then(|told| usize::try_from(told).ok()).unwrap_or(0);
        let count = block.body.transactions.len();
        for (number, (transaction, report)) in (1..).zip(reported(&block.body, results)).skip(told) {
            if is_full(&items, held) {
                break;
            }
            at.told = Some(number).filter(|number| usize::try_from(*number).is_ok_and(|told| told < count));
            if wanted.filter.fits(snapshot, transaction, report)? {
                let led = report.map_or(0, |report| encode(report).len());
                held = held.saturating_add(transaction.size()).saturating_add(led);
                let transaction = view(api, names, transaction, Some(place));
                items.push(FeedItem { cursor: at.to_string(), transaction });
            }
        }
        if told >= count {
            at.told = None;
        }
    }
    let more = next_height(&at).is_some_and(|height| height <= last);
    let feed = Feed { undone, items, next: at.to_string(), more, finalized: ends.finalized };
    Ok(Read { feed, from, to: at })
}

/// The next block to be told of: that of the cursor, unless all of it was told.
fn next_height(at: &Cursor) -> Option<u64> {
    if at.told.is_some() { Some(at.height) } else { at.height.checked_add(1) }
}
