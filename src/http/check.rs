//! A dry run: whether a transaction would be taken now, with nothing sent.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use bouya_core::ledger::{Address, View};
use bouya_core::node::pool::Waits;

use super::extract::Options;
use super::limits::ask;
use super::problem::Problem;
use super::transactions::{SubmitOptions, alone, judged};
use super::views::{RawTransaction, TransactionCheck};
use super::{Api, contracts};
use crate::mempool::MempoolRequest;

/// Whether this node would take a transaction now, and what it would cost: nothing is sent, and nothing is kept
///
/// Takes one transaction as `POST /v1/transactions` does, signed. The next moment may change the answer: a price rises, a nonce is taken.
#[utoipa::path(post, path = "/v1/transactions/check", tag = "transactions",
    params(SubmitOptions), request_body(content((Vec<u8> = "application/octet-stream"), (RawTransaction = "application/json"))),
    responses(
    (status = 200, description = "what would become of it: taken, unless there is a problem", body = TransactionCheck),
))]
pub(super) async fn check(
    State(api): State<Api>,
    Options(options): Options<SubmitOptions>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<TransactionCheck>, Problem> {
    let transaction = alone(&headers, &body?)?;
    let (id, size, nonce, fee) = (transaction.id(), transaction.size(), transaction.nonce, transaction.fee);
    let payer = Address::of(&transaction.sender);
    let least = transaction.burden().saturating_mul(api.min_fee_per_byte);
    let outcome = contracts::try_out(&api, transaction.clone()).await?;
    let dry = move |reply| MempoolRequest::Check { transaction, replace: options.replace, reply };
    let given = ask(&api.limits.mempool, &api.mempool, dry).await?;
    let given = judged(&api, vec![id], given).await?.pop();
    let given = given.ok_or_else(|| Problem::internal("the mempool did not answer"))?;
    let waits = ask(&api.limits.mempool, &api.mempool, move |reply| MempoolRequest::Pending {
        address: payer,
        reply,
    });
    let next_nonce = match waits.await?.account {
        Some(account) => account.nonce,
        None => api.read(move |snapshot| Ok(snapshot.account(&payer)?.nonce)).await?,
    };
    Ok(Json(TransactionCheck {
        id: id.to_string(),
        passes: given.is_ok(),
        known: given.as_ref().is_ok_and(|Waits { known, .. }| *known),
        size,
        fee: api.amount(fee),
        least_fee: api.amount(least),
        nonce,
        next_nonce,
        problem: given.err().map(Into::into),
        outcome,
    }))
}
