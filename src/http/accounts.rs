//! What addresses hold, and what they did.

use axum::Json;
use axum::extract::State;
use bouya_core::ledger::{self, Address, Block, View};
use bouya_core::limits::UNDO_BLOCKS;
use serde::Deserialize;

use super::Api;
use super::extract::{Options, PageOptions, Segment};
use super::problem::Problem;
use super::views::{Account, Movement, Page};
use crate::clock::rfc3339;
use crate::mempool::Request;
use crate::store::Snapshot;

/// How sure a balance must be.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(super) struct BalanceOptions {
    /// The balance as it was so many blocks ago, less one: 1 is the tip, 0 counts what waits in the mempool too.
    confirmations: Option<u64>,
}

/// What an address holds
#[utoipa::path(get, path = "/v1/accounts/{address}", tag = "accounts", params(("address" = String, Path, description = "bouya1…"), BalanceOptions), responses(
    (status = 200, description = "the account", body = Account),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<BalanceOptions>,
) -> Result<Json<Account>, Problem> {
    let confirmations = options.confirmations.unwrap_or(1);
    let pending = api.mempool.ask(|reply| Request::Pending { address, reply }).await?;
    let (now, past) = api
        .read(move |snapshot| {
            let (tip, _) = snapshot.tip()?;
            let height = tip.saturating_sub(confirmations.saturating_sub(1));
            Ok((snapshot.account(&address)?, snapshot.account_at(&address, height)?))
        })
        .await?;
    let balance = if confirmations == 0 {
        pending.account.unwrap_or(now).balance.saturating_add(pending.incoming)
    } else {
        let old = || {
            Problem::bad_request(format!(
                "confirmations {confirmations}: this node remembers {UNDO_BLOCKS} blocks back"
            ))
        };
        past.ok_or_else(old)?.balance
    };
    Ok(Json(Account {
        address: address.to_string(),
        balance: api.amount(balance),
        nonce: pending.account.unwrap_or(now).nonce,
        confirmations,
    }))
}

/// What an address paid and got, newest first
#[utoipa::path(get, path = "/v1/accounts/{address}/transactions", tag = "accounts", params(("address" = String, Path, description = "bouya1…"), PageOptions), responses(
    (status = 200, description = "a page", body = Page<Movement>),
))]
pub(super) async fn history(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<PageOptions>,
) -> Result<Json<Page<Movement>>, Problem> {
    let limit = options.limit()?;
    let cursor = options.cursor(|text| {
        let (height, place) = text.split_once('-')?;
        Some((height.parse().ok()?, place.parse().ok()?))
    })?;
    let (reader, coins) = (api.clone(), api.clone());
    reader
        .read(move |snapshot| {
            let mut before = cursor.unwrap_or((u64::MAX, 0));
            let mut items = Vec::new();
            // One row beyond the page says whether there is a next. Rows of a branch that lost are passed over, so a page may take more
            // than one look.
            let most = limit + 1;
            loop {
                let rows = snapshot.movements(&address, before, most)?;
                let more = rows.len() == most;
                for (height, place) in rows {
                    if items.len() == limit {
                        return Ok(Json(Page { items, next: Some(format!("{}-{}", before.0, before.1)) }));
                    }
                    before = (height, place);
                    items.extend(movement(&coins, snapshot, &address, height, place)?);
                }
                if !more {
                    return Ok(Json(Page { items, next: None }));
                }
            }
        })
        .await
}

fn movement(
    api: &Api,
    snapshot: &Snapshot,
    address: &Address,
    height: u64,
    place: u32,
) -> Result<Option<Movement>, Problem> {
    let Some(block) = snapshot.block_at(height)? else { return Ok(None) };
    let Some(index) = place.checked_sub(1) else { return Ok(reward(api, &block, address)) };
    let transaction = usize::try_from(index).ok().and_then(|index| block.body.transactions.get(index));
    let Some(transaction) = transaction else { return Ok(None) };
    let ledger::Action::Transfer { outputs, memo } = &transaction.action;
    let sender = Address::of(&transaction.sender);
    let total = |own: bool| {
        let outputs = outputs.iter().filter(|output| (output.to == *address) == own);
        outputs.fold(0_u64, |sum, output| sum.saturating_add(output.amount))
    };
    let (sent, got) = (sender == *address, outputs.iter().any(|output| output.to == *address));
    let others = outputs.iter().map(|output| output.to).filter(|to| to != address);
    let (direction, amount, counterparties): (_, _, Vec<Address>) = match (sent, got) {
        (false, false) => return Ok(None),
        (true, true) if total(false) == 0 => ("self", 0, Vec::new()),
        (true, _) => ("out", total(false), others.collect()),
        (false, true) => ("in", total(true), vec![sender]),
    };
    let fee = if sent { transaction.fee } else { 0 };
    Ok(Some(Movement {
        height,
        time: rfc3339(block.header.time),
        direction: direction.to_owned(),
        amount: api.amount(amount),
        fee: api.amount(fee),
        transaction: Some(transaction.id().to_string()),
        counterparties: counterparties.iter().map(ToString::to_string).collect(),
        memo: memo.as_str().to_owned(),
    }))
}

fn reward(api: &Api, block: &Block, address: &Address) -> Option<Movement> {
    let reward = &block.body.reward;
    (reward.to == *address).then(|| Movement {
        height: block.header.height,
        time: rfc3339(block.header.time),
        direction: "reward".to_owned(),
        amount: api.amount(reward.amount),
        fee: api.amount(0),
        transaction: None,
        counterparties: Vec::new(),
        memo: String::new(),
    })
}
