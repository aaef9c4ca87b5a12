//! Transactions: waiting, confirmed, and new ones.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{self, Address};
use bouya_core::limits::TRANSACTION_BYTES;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::extract::{Nothing, Options, PageOptions, Segment};
use super::limits::ask;
use super::problem::Problem;
use super::views::{Action, Content, Output, Page, RawTransaction, Submitted, Transaction};
use super::{Api, views};
use crate::clock::rfc3339;
use crate::mempool::Request;

/// Most waiting transactions that a list looks at.
const LISTED: usize = 10_000;

/// A transaction as people see it; `place` is its block's height and the tip's.
pub(super) fn view(api: &Api, transaction: &ledger::Transaction, place: Option<(u64, u64)>) -> Transaction {
    Transaction {
        id: transaction.id().to_string(),
        status: if place.is_some() { "confirmed" } else { "pending" }.to_owned(),
        height: place.map(|(height, _)| height),
        confirmations: place.map_or(0, |(height, tip)| tip.saturating_sub(height) + 1),
        sender: Address::of(&transaction.sender).to_string(),
        nonce: transaction.nonce,
        fee: api.amount(transaction.fee),
        valid_until: transaction.valid_until,
        size: encode(transaction).len(),
        action: action(api, transaction),
    }
}

fn action(api: &Api, transaction: &ledger::Transaction) -> Action {
    let agreement = transaction.agreement().unwrap_or(Hash::ZERO).to_string();
    match &transaction.action {
        ledger::Action::Transfer { outputs, memo } => {
            let output = |output: &ledger::Output| Output {
                to: output.to.to_string(),
                amount: api.amount(output.amount),
            };
            Action::Transfer { outputs: outputs.iter().map(output).collect(), memo: memo.as_str().to_owned() }
        }
        ledger::Action::Record { topic, content: held } => {
            Action::Record { topic: topic.as_str().to_owned(), content: content(held) }
        }
        ledger::Action::Propose(proposal) => Action::Propose {
            agreement,
            title: proposal.title.as_str().to_owned(),
            document: proposal.document.to_string(),
            parties: proposal.parties.iter().map(ToString::to_string).collect(),
            deadline: rfc3339(proposal.deadline),
        },
        ledger::Action::Respond { document, response, .. } => Action::Respond {
            agreement,
            document: document.to_string(),
            response: match response {
                ledger::Response::Sign => "sign",
                ledger::Response::Refuse => "refuse",
            }
            .to_owned(),
        },
        ledger::Action::Withdraw { .. } => Action::Withdraw { agreement },
    }
}

/// What a record holds, as people see it.
pub(super) fn content(content: &ledger::Content) -> Content {
    let hash = content.hash().to_string();
    match content {
        ledger::Content::Data(data) => Content {
            hash,
            data: Some(HEXLOWER.encode(data)),
            text: std::str::from_utf8(data).ok().map(ToOwned::to_owned),
            name: None,
        },
        ledger::Content::Document { name, .. } => {
            Content { hash, data: None, text: None, name: Some(name.as_str().to_owned()) }
        }
    }
}

/// The transactions that wait for a block, best fee rate first
#[utoipa::path(get, path = "/v1/transactions", tag = "transactions", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<Transaction>),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let (offset, limit) = (options.offset()?.min(LISTED), options.limit()?);
    let most = offset.saturating_add(limit).saturating_add(1).min(LISTED);
    let waiting = ask(&api.limits.mempool, &api.mempool, move |reply| Request::List { most, reply }).await?;
    let coins = api.clone();
    let written = api.work(move || {
        let next = offset.saturating_add(limit);
        let page = waiting.iter().skip(offset).take(limit);
        let items = page.map(|transaction| view(&coins, transaction, None)).collect();
        let next = (next < waiting.len()).then(|| next.to_string());
        serde_json::to_vec(&Page::<Transaction> { items, next }).map_err(Problem::internal)
    });
    api.answer("application/json", written.await?)
}

/// Submit a transaction: its Borsh bytes, or JSON with their hex. The same one again is taken as the first time
#[utoipa::path(post, path = "/v1/transactions", tag = "transactions",
    request_body(content((Vec<u8> = "application/octet-stream"), (RawTransaction = "application/json"))),
    responses(
    (status = 202, description = "it waits for a block", body = Submitted),
    (status = 400, description = "invalid everywhere", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "wrong nonce, slot taken, or confirmed already", body = views::Problem, content_type = "application/problem+json"),
    (status = 422, description = "not covered by the balance, fee too low, or expired", body = views::Problem, content_type = "application/problem+json"),
    (status = 429, description = "the sender has too many waiting", body = views::Problem, content_type = "application/problem+json"),
    (status = 503, description = "mempool or disk full", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn submit(
    State(api): State<Api>,
    _nothing: Options<Nothing>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Submitted>), Problem> {
    let body = body?;
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let bytes = if json { from_json(&body)? } else { body.to_vec() };
    if bytes.len() > TRANSACTION_BYTES {
        return Err(Problem::bad_request(format!(
            "{} bytes: a transaction has at most {TRANSACTION_BYTES}",
            bytes.len()
        )));
    }
    let transaction = decode(&bytes, "a transaction").map_err(|error| {
        Problem::bad_request(format!("{error}: send its Borsh bytes as octet-stream, or {{\"raw\": hex}}"))
    })?;
    let given =
        ask(&api.limits.mempool, &api.mempool, move |reply| Request::Give { transaction, reply }).await?;
    let id = given.map_err(|error| Problem::refused(error, |units| api.amount(units)))?;
    Ok((StatusCode::ACCEPTED, Json(Submitted { id: id.to_string() })))
}

fn from_json(body: &[u8]) -> Result<Vec<u8>, Problem> {
    let raw: RawTransaction = serde_json::from_slice(body).map_err(Problem::bad_request)?;
    if raw.raw.len() > 2 * TRANSACTION_BYTES {
        let detail =
            format!("raw has {} digits: a transaction has at most {}", raw.raw.len(), 2 * TRANSACTION_BYTES);
        return Err(Problem::bad_request(detail));
    }
    HEXLOWER_PERMISSIVE
        .decode(raw.raw.as_bytes())
        .map_err(|error| Problem::bad_request(format!("raw is not hex: {error}")))
}

/// One transaction, waiting or confirmed
#[utoipa::path(get, path = "/v1/transactions/{id}", tag = "transactions", params(("id" = String, Path, description = "its id", pattern = "^[0-9a-f]{64}$")), responses(
    (status = 200, description = "the transaction", body = Transaction),
    (status = 404, description = "neither waiting nor on the chain", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(id): Segment<Hash>,
) -> Result<Json<Transaction>, Problem> {
    // The mempool hears of a block after the chain has it: until then a transaction is in both, and the chain is right. Asked in this
    // order, with a second look, a transaction that is being confirmed is never missed.
    if let Some(confirmed) = confirmed(&api, id).await? {
        return Ok(Json(confirmed));
    }
    if let Some(waiting) =
        ask(&api.limits.mempool, &api.mempool, move |reply| Request::Find { id, reply }).await?
    {
        return Ok(Json(view(&api, &waiting, None)));
    }
    let missing = || {
        Problem::not_found(format!(
            "transaction {id} neither waits here nor is on the chain; it may have been dropped, or another node has it"
        ))
    };
    confirmed(&api, id).await?.map(Json).ok_or_else(missing)
}

async fn confirmed(api: &Api, id: Hash) -> Result<Option<Transaction>, Problem> {
    let (found, tip) = api.read(move |snapshot| Ok((snapshot.transaction(&id)?, snapshot.tip()?.0))).await?;
    Ok(found.map(|found| view(api, &found.transaction, Some((found.header.height, tip)))))
}
