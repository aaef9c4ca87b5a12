//! Receipts: a transaction's proof, for anybody who trusts a later block.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{self, View};
use serde::Deserialize;

use super::Api;
use super::blocks::Reference;
use super::extract::{Options, Segment};
use super::problem::Problem;
use super::transactions::pruned_or;
use super::views;
use crate::receipt as file;
use crate::short::Named;
use crate::store::Snapshot;

/// Under which block.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReceiptOptions {
    /// The block that will be trusted, by height, hash or `latest`. Without it: the newest final block, which is proven in the receipt;
    /// or the latest one if the transaction is above that.
    under: Option<String>,
}

/// A confirmed transaction's receipt: one line of JSON in one form, to be kept as a file as it is
#[utoipa::path(get, path = "/v1/transactions/{id}/receipt", tag = "transactions", params(("id" = String, Path, description = "its id, or the first 8 or more digits of it", pattern = "^[0-9a-f]{8,64}(…[0-9a-f]{0,55})?$"), ReceiptOptions), responses(
    (status = 200, description = "the receipt; docs/PROTOCOL.md describes it", body = String, content_type = "application/json"),
    (status = 400, description = "not a block's name", body = views::Problem, content_type = "application/problem+json"),
    (status = 410, description = "in a block that this node has pruned", body = views::Problem, content_type = "application/problem+json"),
    (status = 404, description = "the transaction is not confirmed here, or does not stand under that block", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "a shortened id or hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn receipt(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
    Options(options): Options<ReceiptOptions>,
) -> Result<Response, Problem> {
    let under = options.under.as_deref().map(str::parse::<Reference>).transpose();
    let under = under.map_err(Problem::bad_request)?;
    let id = api.transaction_named(named).await?;
    let network = api.genesis.id();
    let text = api
        .read(move |snapshot| {
            let missing = || format!("transaction {id} is not on the chain of this node; a receipt can be had once it is confirmed");
            let Some(found) = snapshot.transaction(&id)? else {
                return Err(pruned_or(snapshot, &id)?.unwrap_or_else(|| Problem::not_found(missing())));
            };
            let height = found.header.height;
            let anchor = match under {
                Some(under) => on_best_chain(snapshot, &under.id(snapshot)?)?,
                None => Some(ledger::Receipt::end(snapshot, height)?),
            };
            let index = usize::try_from(found.index).unwrap_or(usize::MAX);
            let receipt = match anchor.filter(|anchor| *anchor >= height) {
                Some(anchor) => ledger::Receipt::new(snapshot, network, height, index, anchor)?,
                None => None,
            };
            let not_under = || Problem::not_found(format!(
                "transaction {id} is in block {height}; the block named by under= must be that one or a later one of this node's chain"
            ));
            Ok(file::write(&receipt.ok_or_else(not_under)?))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The block's height, if it is on the best chain.
fn on_best_chain(snapshot: &Snapshot, id: &Hash) -> Result<Option<u64>, Problem> {
    let Some(record) = snapshot.record(id)? else { return Ok(None) };
    let height = record.header.height;
    Ok((snapshot.at_height(height)? == Some(*id)).then_some(height))
}
