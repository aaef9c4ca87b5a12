//! Transactions: waiting, confirmed, and new ones.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bouya_core::codec::{Bounded, decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::{self, Address, View};
use bouya_core::limits::{API_SUBMITTED, DEPLOY_BYTES};
use bouya_core::node::pool::{Refusal, Waits};
use bouya_core::time::Timestamp;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use super::contracts;
use super::ends::Ends;
use super::extract::{Options, PageOptions, Segment};
use super::limits::ask;
use super::names::Names;
use super::problem::Problem;
use super::views::{
    Outcome, Page, RawTransaction, Submission, SubmissionAnswer, Submitted, Transaction, TransactionStatus,
};
use super::{Api, views};
use crate::clock::rfc3339;
use crate::mempool::{MempoolRequest, Rank};
use crate::short::Named;
use crate::store::results::report_on;
use crate::store::{Pruned, Snapshot};

mod shown;

pub(super) use shown::{content, output};

use shown::action;

/// Where a transaction stands: a block of the best chain.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) height: u64,
    pub(super) time: Timestamp,
    pub(super) block: Hash,
    pub(super) ends: &'a Ends,
    /// What the block's contracts have led to, if it ran any here.
    pub(super) results: Option<&'a Results>,
}

/// A transaction as people see it; without a place it waits, or its block is not on the best chain.
pub(super) fn view(
    api: &Api,
    names: &Names,
    transaction: &ledger::Transaction,
    place: Option<Place>,
) -> Transaction {
    let sender = Address::of(&transaction.sender);
    Transaction {
        id: transaction.id().to_string(),
        status: if place.is_some() { TransactionStatus::Confirmed } else { TransactionStatus::Pending },
        height: place.map(|place| place.height),
        time: place.map(|place| rfc3339(place.time)),
        block: place.map(|place| place.block.to_string()),
        confirmations: place.map_or(0, |place| place.ends.confirmations(place.height)),
        finalized: place.is_some_and(|place| place.ends.is_final(place.height)),
        sender: sender.to_string(),
        sender_name: names.of(&sender),
        nonce: transaction.nonce,
        fee: api.amount(transaction.fee),
        valid_until: transaction.valid_until,
        size: encode(transaction).len(),
        action: action(api, names, transaction),
        outcome: report_on(place.and_then(|place| place.results), &transaction.id())
            .map(|report| contracts::outcome(api, names, report)),
    }
}

/// Reads a cursor of the list. It names a place, not a number of items: what comes or goes above it moves nothing.
fn rank(text: &str) -> Option<Rank> {
    let (rate, id) = text.split_once('-')?;
    Some(Rank { rate: rate.parse().ok()?, id: id.parse().ok()? })
}

/// The transactions that wait for a block, best fee rate first
#[utoipa::path(get, path = "/v1/transactions", tag = "transactions", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<Transaction>),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let (below, limit) = (options.cursor(rank)?, options.limit()?);
    // One more item shows whether there is a next page.
    let list = move |reply| MempoolRequest::List { below, most: limit + 1, reply };
    let mut waiting = ask(&api.limits.mempool, &api.mempool, list).await?;
    let more = waiting.len() > limit;
    waiting.truncate(limit);
    let last = waiting.last().filter(|_| more).map(Rank::of);
    let next = last.map(|last| format!("{}-{}", last.rate, last.id));
    let coins = api.clone();
    let written = api.work(move || {
        let names = coins.names();
        let items = waiting.iter().map(|transaction| view(&coins, &names, transaction, None)).collect();
        serde_json::to_vec(&Page { items, next }).map_err(Problem::internal)
    });
    api.answer("application/json", written.await?)
}

/// How a submission is taken.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SubmitOptions {
    /// Whether it may take the place of a transaction that waits with the same nonce. Without it, that nonce is taken (409).
    #[serde(default)]
    #[param(required = false)]
    pub(super) replace: bool,
}

/// Submit a transaction: its Borsh bytes, or JSON with their hex. The same one again is accepted like the first time. A list of up to 1000 (a
/// Borsh list, or a JSON array) is answered in the same order: for each transaction its id, and the problem if it was not taken
#[utoipa::path(post, path = "/v1/transactions", tag = "transactions",
    params(SubmitOptions), request_body(content((Vec<u8> = "application/octet-stream"), (Submission = "application/json"))),
    responses(
    (status = 202, description = "it waits for a block; of a list: those without a problem", body = SubmissionAnswer),
    (status = 400, description = "invalid everywhere", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "wrong nonce, nonce taken, or confirmed already", body = views::Problem, content_type = "application/problem+json"),
    (status = 422, description = "not covered by the balance, fee too low, or expired", body = views::Problem, content_type = "application/problem+json"),
    (status = 429, description = "the sender has too many waiting", body = views::Problem, content_type = "application/problem+json"),
    (status = 503, description = "mempool or disk full", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn submit(
    State(api): State<Api>,
    Options(options): Options<SubmitOptions>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<SubmissionAnswer>), Problem> {
    let body = body?;
    let answer = match if is_json(&headers) { from_json(&body)? } else { from_borsh(&body)? } {
        Given::One(transaction) => {
            let given = give(&api, vec![transaction], options.replace).await?.pop();
            let given = given.ok_or_else(|| Problem::internal("the mempool did not answer"))?;
            let Waits { id, known } = given?;
            SubmissionAnswer::One(Submitted { id: id.to_string(), known })
        }
        Given::Many(transactions) => {
            let ids: Vec<Hash> = transactions.iter().map(ledger::Transaction::id).collect();
            let given = give(&api, transactions, options.replace).await?;
            let outcome = |(id, given): (Hash, Result<Waits, Problem>)| Outcome {
                id: id.to_string(),
                known: given.as_ref().is_ok_and(|waits| waits.known),
                problem: given.err().map(Into::into),
            };
            SubmissionAnswer::Many(ids.into_iter().zip(given).map(outcome).collect())
        }
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// Gives transactions to the mempool: each is taken, or there is a problem with it.
async fn give(
    api: &Api,
    transactions: Vec<ledger::Transaction>,
    replace: bool,
) -> Result<Vec<Result<Waits, Problem>>, Problem> {
    let ids: Vec<Hash> = transactions.iter().map(ledger::Transaction::id).collect();
    let give = move |reply| MempoolRequest::Give { transactions, replace, reply };
    let given = ask(&api.limits.mempool, &api.mempool, give).await?;
    judged(api, ids, given).await
}

/// What the mempool said of each, as people are told.
pub(super) async fn judged(
    api: &Api,
    ids: Vec<Hash>,
    given: Vec<Result<Waits, Refusal>>,
) -> Result<Vec<Result<Waits, Problem>>, Problem> {
    let refused: Vec<Hash> =
        ids.iter().zip(&given).filter(|(_, given)| given.is_err()).map(|(id, _)| *id).collect();
    // Refused because its nonce is used: perhaps this same transaction is confirmed already.
    let mut confirmed = match refused.is_empty() {
        true => Vec::new(),
        false => {
            api.read(move |snapshot| refused.iter().map(|id| Ok(snapshot.transaction(id)?)).collect()).await?
        }
    }
    .into_iter();
    let judge = |given: Result<Waits, Refusal>| {
        given.map_err(|refusal| match confirmed.next().flatten() {
            Some(found) => Problem::confirmed(found.header.height),
            None => Problem::refused(refusal, |units| api.amount(units)),
        })
    };
    Ok(given.into_iter().map(judge).collect())
}

/// What a request submits.
enum Given {
    One(ledger::Transaction),
    Many(Vec<ledger::Transaction>),
}

const FORMS: &str = "send one transaction's Borsh bytes (40960 at most) as octet-stream, or {\"raw\": hex}; or a list of 1 to 1000 of either kind";
const _: () = assert!(DEPLOY_BYTES == 40_960 && API_SUBMITTED == 1_000, "the texts name them");

impl Given {
    fn many(transactions: Vec<ledger::Transaction>) -> Result<Self, Problem> {
        match transactions.len() {
            1..=API_SUBMITTED => Ok(Self::Many(transactions)),
            count => Err(Problem::bad_request(format!("{count} transactions in the list: {FORMS}"))),
        }
    }
}

/// One transaction, in either form.
pub(super) fn alone(headers: &HeaderMap, body: &[u8]) -> Result<ledger::Transaction, Problem> {
    match if is_json(headers) { from_json(body)? } else { from_borsh(body)? } {
        Given::One(transaction) => Ok(transaction),
        Given::Many(_) => Err(Problem::bad_request("send one transaction, not a list")),
    }
}

/// One transaction, or a list with its length in front. Bytes that decode as one transaction are one; those of a list could do that only if
/// somebody made them so.
fn from_borsh(body: &[u8]) -> Result<Given, Problem> {
    if let Some(one) = decode_one(body) {
        return Ok(Given::One(one));
    }
    let many: Bounded<ledger::Transaction, API_SUBMITTED> =
        decode(body, "a transaction or a list of them")
            .map_err(|error| Problem::bad_request(format!("{error}: {FORMS}")))?;
    Given::many(many.into_inner())
}

pub(super) fn decode_one(bytes: &[u8]) -> Option<ledger::Transaction> {
    (bytes.len() <= DEPLOY_BYTES).then(|| decode(bytes, "a transaction").ok()).flatten()
}

fn from_json(body: &[u8]) -> Result<Given, Problem> {
    // Decided by the first byte, not by trying both: otherwise the error would not say where the mistake is.
    if body.trim_ascii_start().first() != Some(&b'[') {
        let raw: RawTransaction = serde_json::from_slice(body).map_err(Problem::bad_request)?;
        return from_hex(&raw).map(Given::One);
    }
    let many: Vec<RawTransaction> = serde_json::from_slice(body).map_err(Problem::bad_request)?;
    Given::many(many.iter().map(from_hex).collect::<Result<_, _>>()?)
}

pub(super) fn from_hex(raw: &RawTransaction) -> Result<ledger::Transaction, Problem> {
    if raw.raw.len() > 2 * DEPLOY_BYTES {
        let detail =
            format!("raw has {} digits: a transaction has at most {}", raw.raw.len(), 2 * DEPLOY_BYTES);
        return Err(Problem::bad_request(detail));
    }
    let bytes = HEXLOWER_PERMISSIVE
        .decode(raw.raw.as_bytes())
        .map_err(|error| Problem::bad_request(format!("raw is not hex: {error}")))?;
    decode(&bytes, "a transaction").map_err(|error| Problem::bad_request(format!("raw: {error}: {FORMS}")))
}

/// One transaction, waiting or confirmed
#[utoipa::path(get, path = "/v1/transactions/{id}", tag = "transactions", params(("id" = String, Path, description = "its id, or the first 8 or more digits of it (looked for among those that wait and in the newest blocks)")), responses(
    (status = 200, description = "the transaction", body = Transaction),
    (status = 410, description = "in a block that this node has pruned", body = views::Problem, content_type = "application/problem+json"),
    (status = 404, description = "neither waiting nor on the chain", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened id fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
) -> Result<Json<Transaction>, Problem> {
    let id = api.transaction_named(named).await?;
    // The mempool hears of a block after the chain has it. Until then a transaction is in both, and the chain is right. Asking in this
    // order, with a second look at the chain, never misses a transaction that is being confirmed.
    if let Some(confirmed) = confirmed(&api, id).await? {
        return Ok(Json(confirmed));
    }
    if let Some(waiting) =
        ask(&api.limits.mempool, &api.mempool, move |reply| MempoolRequest::Find { id, reply }).await?
    {
        return Ok(Json(view(&api, &api.names(), &waiting, None)));
    }
    let missing = || {
        Problem::not_found(format!(
            "transaction {id} neither waits here nor is on the chain; it may have been dropped, or another node has it"
        ))
    };
    if let Some(confirmed) = confirmed(&api, id).await? {
        return Ok(Json(confirmed));
    }
    let pruned = api.read(move |snapshot| pruned_or(snapshot, &id)).await?;
    Err(pruned.unwrap_or_else(missing))
}

/// What to answer about a transaction that is not found here, if it stood, or may have stood, in a block whose content this node lacks.
pub(super) fn pruned_or(snapshot: &Snapshot, id: &Hash) -> Result<Option<Problem>, Problem> {
    let lowest = snapshot.lowest()?;
    let pruned = |height| Problem::pruned(format!("transaction {id} in block {height}"), lowest);
    Ok(match snapshot.pruned(id)? {
        Some(Pruned::Proven(height)) => Some(pruned(height).and(
            "who has it, or an older receipt of it, still gets a receipt here: bouya receipt renew FILE (in the API: POST /v1/receipts)",
        )),
        Some(Pruned::Unproven(height)) => Some(pruned(height).and(
            "nothing of that block's body was kept here, so no receipt can be had here either",
        )),
        // Who began with a snapshot has no index of what is below.
        None if lowest > 1 => Some(Problem::not_found(format!(
            "transaction {id} is not known here, and this node has the content of blocks from {lowest} on only; ask the node of a member that keeps all"
        ))),
        None => None,
    })
}

async fn confirmed(api: &Api, id: Hash) -> Result<Option<Transaction>, Problem> {
    let read = api.read(move |snapshot| {
        let found = snapshot.transaction(&id)?;
        let block = found.as_ref().map(|found| found.header.id());
        let results = block.map(|block| snapshot.results(&block)).transpose()?.flatten();
        Ok((found, results, Ends::read(snapshot)?))
    });
    let (found, results, ends) = read.await?;
    let names = api.names();
    Ok(found.map(|found| {
        let header = &found.header;
        let place = Place {
            height: header.height,
            time: header.time,
            block: header.id(),
            ends: &ends,
            results: results.as_ref(),
        };
        view(api, &names, &found.transaction, Some(place))
    }))
}
