//! What a contract keeps.

use axum::extract::State;
use axum::response::Response;
use bouya_core::ledger::Address;
use bouya_core::limits::CONTRACT_KEY;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::Deserialize;

use super::super::Api;
use super::super::extract::{Options, PageOptions, Segment};
use super::super::problem::Problem;
use super::super::views::{self, ContractSlot, Page};
use super::found;

/// Which slots.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SlotOptions {
    /// Only those whose keys begin with these bytes, in hex.
    prefix: Option<String>,
    /// The `next` cursor of the previous page.
    from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What a contract keeps: shorter keys first, and keys of one length in the order of their bytes
#[utoipa::path(get, path = "/v1/contracts/{address}/slots", tag = "contracts", params(("address" = String, Path, description = "bouya1…"), SlotOptions), responses(
    (status = 200, description = "a page", body = Page<ContractSlot>),
    (status = 404, description = "there is no contract at this address", body = views::Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn slots(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<SlotOptions>,
) -> Result<Response, Problem> {
    let page = PageOptions { from: options.from, limit: options.limit };
    let (limit, after) = (page.limit()?, page.cursor(key)?);
    let prefix = options.prefix.as_deref().unwrap_or_default();
    let wrong = || Problem::bad_request(format!("prefix is the hex of at most {CONTRACT_KEY} bytes"));
    let prefix = key(prefix).ok_or_else(wrong)?;
    api.read_json(move |snapshot| {
        found(snapshot, &address)?;
        // One more than the page shows whether there is a next one.
        let mut slots = snapshot.slots(&address, &prefix, after.as_deref(), limit + 1)?;
        let more = slots.len() > limit;
        slots.truncate(limit);
        let next = slots.last().filter(|_| more).map(|last| HEXLOWER.encode(&last.key));
        let shown = slots
            .into_iter()
            .map(|slot| ContractSlot { key: HEXLOWER.encode(&slot.key), data: HEXLOWER.encode(&slot.value) });
        Ok(Page { items: shown.collect(), next })
    })
    .await
}

fn key(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().filter(|key| key.len() <= CONTRACT_KEY)
}
