//! Receipts: a transaction's proof, for anybody who trusts a later block.
//!
//! Of a pruned block the leaves are here, so whoever brings the transaction, or an older receipt, which holds it, gets a new receipt. Nothing is
//! believed of what is brought: its id is hashed from it and looked up. What became of a call is pruned with its block, so the older receipt's word
//! for that is kept if the block commits to it.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{self, OutcomeProof, View};
use serde::Deserialize;
use serde_json::Value;

use super::Api;
use super::blocks::Reference;
use super::extract::{Options, Segment};
use super::problem::Problem;
use super::transactions::{decode_one, from_hex, is_json, pruned_or};
use super::views;
use crate::short::Named;
use crate::store::{Pruned, Snapshot};
use bouya_client::receipt as file;

/// Under which block.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReceiptOptions {
    /// The block that will be trusted, by height, hash or `latest`. Without it: the newest final block, which is proven in the receipt;
    /// or the latest one if the transaction is above that.
    under: Option<String>,
}

impl ReceiptOptions {
    fn under(&self) -> Result<Option<Reference>, Problem> {
        let under = self.under.as_deref().map(str::parse::<Reference>).transpose();
        under.map_err(Problem::bad_request)
    }
}

/// A confirmed transaction's receipt: one line of JSON in one form, to be kept as a file as it is
#[utoipa::path(get, path = "/v1/transactions/{id}/receipt", tag = "transactions", params(("id" = String, Path, description = "its id, or the first 8 or more digits of it"), ReceiptOptions), responses(
    (status = 200, description = "the receipt; docs/PROTOCOL.md describes it", body = file::File, content_type = "application/json"),
    (status = 400, description = "not a block's name", body = views::Problem, content_type = "application/problem+json"),
    (status = 410, description = "in a block that this node has pruned; whoever has the transaction gets the receipt from POST /v1/receipts", body = views::Problem, content_type = "application/problem+json"),
    (status = 404, description = "the transaction is not confirmed here, or does not stand under that block", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "a shortened id or hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn receipt(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
    Options(options): Options<ReceiptOptions>,
) -> Result<Response, Problem> {
    let under = options.under()?;
    let id = api.transaction_named(named).await?;
    let found = move |snapshot: &Snapshot| match snapshot.transaction(&id)? {
        Some(found) => Ok((found.header.height, found.transaction, None)),
        None => Err(pruned_or(snapshot, &id)?.unwrap_or_else(|| unconfirmed(&id))),
    };
    write(&api, under, found).await
}

/// The newest receipt of a transaction that the client has: its Borsh bytes, JSON with their hex, or an older receipt of it. A node that has
/// pruned the transaction's block answers this as well
#[utoipa::path(post, path = "/v1/receipts", tag = "transactions", params(ReceiptOptions),
    request_body(content((Vec<u8> = "application/octet-stream"), (views::Brought = "application/json"))), responses(
    (status = 200, description = "the receipt; docs/PROTOCOL.md describes it", body = file::File, content_type = "application/json"),
    (status = 400, description = "neither a transaction nor a receipt, or not a block's name", body = views::Problem, content_type = "application/problem+json"),
    (status = 410, description = "in a block whose content this node pruned before it kept what proves transactions", body = views::Problem, content_type = "application/problem+json"),
    (status = 404, description = "the transaction is not confirmed here, or does not stand under that block", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "a shortened hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn renew(
    State(api): State<Api>,
    Options(options): Options<ReceiptOptions>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let under = options.under()?;
    let (transaction, outcome) = brought(&headers, &body?, &api.genesis.id())?;
    let found = move |snapshot: &Snapshot| {
        let id = transaction.id();
        let height = match snapshot.transaction(&id)? {
            Some(found) => found.header.height,
            None => match snapshot.pruned(&id)? {
                Some(Pruned::Proven(height)) => height,
                _ => return Err(pruned_or(snapshot, &id)?.unwrap_or_else(|| unconfirmed(&id))),
            },
        };
        Ok((height, transaction, outcome))
    };
    write(&api, under, found).await
}

/// A transaction, and what is said to have become of it.
type Brought = (ledger::Transaction, Option<OutcomeProof>);

/// What a client brings.
fn brought(headers: &HeaderMap, body: &[u8], network: &Hash) -> Result<Brought, Problem> {
    const FORMS: &str = "send one transaction's Borsh bytes as octet-stream; or, as JSON, {\"raw\": hex} or an older receipt as it is";
    if !is_json(headers) {
        let transaction = decode_one(body);
        let transaction =
            transaction.ok_or_else(|| Problem::bad_request(format!("this is no transaction: {FORMS}")))?;
        return Ok((transaction, None));
    }
    let unreadable = |error: serde_json::Error| Problem::bad_request(format!("{error}: {FORMS}"));
    // Decided by one field, not by trying both: otherwise the error would not say where the mistake is.
    let given: serde_json::Map<String, Value> = serde_json::from_slice(body).map_err(unreadable)?;
    if !given.contains_key("format") {
        return Ok((from_hex(&serde_json::from_slice(body).map_err(unreadable)?)?, None));
    }
    let wrong = |why: &dyn std::fmt::Display| Problem::bad_request(format!("the receipt: {why}"));
    let about = file::about(&String::from_utf8_lossy(body)).map_err(|error| wrong(&error))?;
    match about.network == *network {
        true => Ok((about.transaction, about.outcome)),
        false => Err(wrong(&format!("it is of the network {}, this node's is {network}", about.network))),
    }
}

/// Writes the receipt of what is found.
async fn write(
    api: &Api,
    under: Option<Reference>,
    find: impl FnOnce(&Snapshot) -> Result<(u64, ledger::Transaction, Option<OutcomeProof>), Problem>
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let network = api.genesis.id();
    let text = api
        .read(move |snapshot| {
            let (height, transaction, outcome) = find(snapshot)?;
            let id = transaction.id();
            let anchor = match under {
                Some(under) => on_best_chain(snapshot, &under.id(snapshot)?)?,
                None => Some(ledger::Receipt::end(snapshot, height)?),
            };
            let receipt = match anchor.filter(|anchor| *anchor >= height) {
                Some(anchor) => ledger::Receipt::new(snapshot, network, height, transaction, anchor)?,
                None => None,
            };
            let not_under = || Problem::not_found(format!(
                "transaction {id} is in block {height}; the block named by under= must be that one or a later one of this node's chain"
            ));
            let mut receipt = receipt.ok_or_else(not_under)?;
            receipt.keep_outcome(outcome);
            Ok(file::write(&receipt))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn unconfirmed(id: &Hash) -> Problem {
    Problem::not_found(format!(
        "transaction {id} is not on the chain of this node; a receipt can be had once it is confirmed"
    ))
}

/// The block's height, if it is on the best chain.
fn on_best_chain(snapshot: &Snapshot, id: &Hash) -> Result<Option<u64>, Problem> {
    let Some(record) = snapshot.record(id)? else { return Ok(None) };
    let height = record.header.height;
    Ok((snapshot.at_height(height)? == Some(*id)).then_some(height))
}
