//! Records: found by topic, sender, content and time.

use axum::extract::State;
use axum::response::Response;
use bouya_core::ledger::{self, Address};
use serde::Deserialize;

use super::Api;
use super::ends::Ends;
use super::extract::{Options, PageOptions};
use super::lists::{self, Part, height_after};
use super::names::Names;
use super::problem::Problem;
use super::short;
use super::transactions::content;
use super::views::{self, Page, Record};
use crate::clock::rfc3339;
use crate::short::Named;
use crate::store::List;

/// Which records.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RecordOptions {
    /// Only under this topic.
    topic: Option<String>,
    /// Only of this address.
    sender: Option<String>,
    /// Only of this data or this document: its SHA-256, or the first 8 or more digits of it.
    hash: Option<String>,
    /// Only from this time on, as the miners of their blocks state it (RFC 3339).
    since: Option<String>,
    /// Only up to this time.
    until: Option<String>,
    /// The `next` cursor of the previous page.
    from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What was written down, newest first. A page may be short, or even empty, and still have a `next`
#[utoipa::path(get, path = "/v1/records", tag = "records", params(RecordOptions), responses(
    (status = 200, description = "a page", body = Page<Record>),
    (status = 404, description = "nothing has this shortened hash", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<RecordOptions>,
) -> Result<Response, Problem> {
    let page = PageOptions { from: options.from, limit: options.limit };
    let (limit, from) = (page.limit()?, lists::cursor(&page)?);
    let sender: Option<Address> = parsed(options.sender.as_deref())?;
    let hash: Option<Named> = parsed(options.hash.as_deref())?;
    let since = lists::time("since", options.since.as_deref())?;
    let until = lists::time("until", options.until.as_deref())?;
    let topic = options.topic;
    let (bytes, names) = (api.limits.page_bytes, api.names());
    api.read_json(move |snapshot| {
        let hash = hash.map(|named| short::document(snapshot, &named, bytes)).transpose()?;
        let wanted =
            [hash.map(List::RecordsWith), topic.map(List::RecordsUnder), sender.map(List::RecordsOf)];
        let wanted: Vec<List> = wanted.into_iter().flatten().collect();
        let ends = Ends::read(snapshot)?;
        let end = until.map(|until| height_after(snapshot, until)).transpose()?.unwrap_or(u64::MAX);
        let from = from.unwrap_or((u64::MAX, 0)).min((end, 0));
        // The first block that is not before `since`.
        let before = since.and_then(|since| since.0.checked_sub(1));
        let lowest = before.map(|ms| height_after(snapshot, bouya_core::time::Timestamp(ms))).transpose()?;
        // The narrowest list is read; the others only filter.
        let list = wanted.first().cloned().unwrap_or(List::Records);
        let part = Part { list: &list, from, lowest: lowest.unwrap_or(0), limit, bytes };
        lists::page(snapshot, part, |header, transaction| {
            let on = crate::store::lists(transaction);
            let fits = wanted.iter().all(|list| on.contains(list));
            Ok(fits.then(|| record(header, &names, transaction, &ends)).flatten())
        })
    })
    .await
}

/// A value of the query string.
pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(Problem::bad_request)).transpose()
}

fn record(
    header: &ledger::Header,
    names: &Names,
    transaction: &ledger::Transaction,
    ends: &Ends,
) -> Option<Record> {
    let ledger::Action::Record { topic, content: held } = &transaction.action else { return None };
    let sender = Address::of(&transaction.sender);
    Some(Record {
        transaction: transaction.id().to_string(),
        height: header.height,
        time: rfc3339(header.time),
        confirmations: ends.confirmations(header.height),
        finalized: ends.is_final(header.height),
        sender: sender.to_string(),
        sender_name: names.of(&sender),
        topic: topic.as_str().to_owned(),
        content: content(held),
    })
}
