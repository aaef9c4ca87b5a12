//! What a contract has said.

use axum::extract::State;
use axum::response::Response;
use bouya_core::codec::encode;
use bouya_core::ledger::contract::{Event, Results};
use bouya_core::ledger::{Address, Header, View};
use bouya_core::limits::{API_LIST_LOOKS, API_LIST_ROWS};
use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::super::Api;
use super::super::ends::Ends;
use super::super::extract::{Options, PageOptions, Segment};
use super::super::lists;
use super::super::problem::Problem;
use super::super::views::{self, ContractTold, Page};
use super::found;
use crate::clock::rfc3339;
use crate::store::Snapshot;

/// Which events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct EventOptions {
    /// Only those under this topic.
    topic: Option<String>,
    /// The `next` cursor of the previous page.
    from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What a contract has said, newest first, in the blocks that this node executed itself. A page may be short, or even empty, and still have a
/// `next`
#[utoipa::path(get, path = "/v1/contracts/{address}/events", tag = "contracts", params(("address" = String, Path, description = "bouya1…"), EventOptions), responses(
    (status = 200, description = "a page", body = Page<ContractTold>),
    (status = 404, description = "there is no contract at this address", body = views::Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn events(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<EventOptions>,
) -> Result<Response, Problem> {
    let page = PageOptions { from: options.from, limit: options.limit };
    let (limit, from) = (page.limit()?, lists::cursor(&page)?);
    let bytes = api.limits.page_bytes;
    api.read_json(move |snapshot| {
        found(snapshot, &address)?;
        let walk = Walk { contract: address, topic: options.topic, limit, bytes };
        walk.page(snapshot, from.unwrap_or((u64::MAX, 0)))
    })
    .await
}

struct Walk {
    contract: Address,
    topic: Option<String>,
    limit: usize,
    /// Bytes of results that may be read for the page.
    bytes: usize,
}

impl Walk {
    /// A place is a height and how many of the events of that block are still to be told. The index names the blocks that concern the contract; by
    /// chance it may name others too, which have no event of it.
    fn page(&self, snapshot: &Snapshot, from: (u64, u32)) -> Result<Page<ContractTold>, Problem> {
        let ends = Ends::read(snapshot)?;
        let (mut items, mut looked, mut bytes) = (Vec::new(), 0, 0_usize);
        let (mut before, left) = match from {
            (height, 0) => ((height, 0), None),
            (height, left) => ((height.saturating_add(1), 0), Some((height, left))),
        };
        loop {
            let rows = snapshot.movements(&self.contract, before, API_LIST_ROWS)?;
            let last = rows.len() < API_LIST_ROWS;
            for (height, place) in rows {
                // All events of a block are told at its first row.
                let is_new = height < before.0;
                (before, looked) = ((height, place), looked + 1);
                if is_new {
                    if looked > API_LIST_LOOKS || bytes >= self.bytes {
                        return Ok(Page { items, next: Some(format!("{}-0", height.saturating_add(1))) });
                    }
                    let Some((header, results)) = read(snapshot, height)? else { continue };
                    bytes = bytes.saturating_add(encode(&results).len());
                    let most = left.filter(|(at, _)| *at == height).map(|(_, left)| left);
                    for (number, event, transaction) in self.newest_first(&results, most) {
                        if items.len() == self.limit {
                            let next = format!("{height}-{}", number.saturating_add(1));
                            return Ok(Page { items, next: Some(next) });
                        }
                        items.push(told(&header, event, transaction, &ends));
                    }
                }
            }
            if last {
                return Ok(Page { items, next: None });
            }
        }
    }

    /// The contract's events of a block that are on the topic, each with its number in the block.
    fn newest_first<'a>(
        &'a self,
        results: &'a Results,
        most: Option<u32>,
    ) -> impl Iterator<Item = (u32, &'a Event, String)> {
        let own = results.reports.iter().filter(|report| report.outcome.contract == self.contract);
        let events = own.flat_map(|report| {
            let done = report.outcome.done.iter();
            done.flat_map(|done| done.events.iter()).map(|event| (event, report.outcome.transaction))
        });
        let mut numbered: Vec<_> = (0..most.unwrap_or(u32::MAX)).zip(events).collect();
        numbered.reverse();
        let fits = |event: &Event| self.topic.as_ref().is_none_or(|topic| event.topic.as_str() == topic);
        let fitting = numbered.into_iter().filter(move |(_, (event, _))| fits(event));
        fitting.map(|(number, (event, transaction))| (number, event, transaction.to_string()))
    }
}

fn read(snapshot: &Snapshot, height: u64) -> Result<Option<(Header, Results)>, Problem> {
    let Some(id) = snapshot.at_height(height)? else { return Ok(None) };
    let Some(results) = snapshot.results(&id)? else { return Ok(None) };
    Ok(snapshot.record(&id)?.map(|record| (record.header, results)))
}

fn told(header: &Header, event: &Event, transaction: String, ends: &Ends) -> ContractTold {
    ContractTold {
        topic: event.topic.as_str().to_owned(),
        data: HEXLOWER.encode(&event.data),
        transaction,
        height: header.height,
        time: rfc3339(header.time),
        confirmations: ends.confirmations(header.height),
        finalized: ends.is_final(header.height),
    }
}
