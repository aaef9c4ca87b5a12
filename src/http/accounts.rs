//! What addresses hold, and what they did.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::{self, Address, Block, View, final_block};
use bouya_core::limits::{API_ACCOUNT_LOOKS, API_REQUEST_TIMEOUT, UNDO_BLOCKS};
use bouya_core::node::pool::Pending;
use serde::Deserialize;

use super::Api;
use super::extract::{self, Options, PageOptions, Segment};
use super::limits::ask;
use super::lists;
use super::problem::Problem;
use super::views::{self, Account, Movement, Page};
use crate::mempool::MempoolRequest;
use crate::store::Snapshot;

mod movement;

use movement::movement;

/// How sure a balance must be.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BalanceOptions {
    /// The balance with this many confirmations: 1 is the tip, 0 also counts what waits in the mempool.
    confirmations: Option<u64>,
    /// The balance in the newest final block; with `confirmations` too, in the newest final one that has so many.
    #[serde(rename = "final")]
    finalized: Option<bool>,
}

/// Which block's balance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Confirmations(u64),
    /// The newest final block that has so many.
    Final(u64),
}

/// An account as it is, and as it was at an earlier block.
struct Holdings {
    pending: Pending,
    now: ledger::Account,
    /// None: that block is too far below the tip.
    past: Option<ledger::Account>,
    /// Of that block.
    confirmations: u64,
}

/// What an address holds
#[utoipa::path(get, path = "/v1/accounts/{address}", tag = "accounts", params(("address" = String, Path, description = "bouya1…"), BalanceOptions), responses(
    (status = 200, description = "the account", body = Account),
    (status = 400, description = "an option makes no sense here", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<BalanceOptions>,
) -> Result<Json<Account>, Problem> {
    let at = match (extract::confirmations(options.confirmations)?, options.finalized) {
        (confirmations, None | Some(false)) => At::Confirmations(confirmations.unwrap_or(1)),
        (confirmations, Some(true)) => At::Final(confirmations.unwrap_or(1)),
    };
    let Holdings { pending, now, past, confirmations } = holdings(&api, address, at).await?;
    let balance = if confirmations == 0 {
        pending.account.unwrap_or(now).balance.saturating_add(pending.incoming)
    } else {
        let old = || {
            Problem::bad_request(format!(
                "confirmations {confirmations}: this node remembers {UNDO_BLOCKS} blocks back, and cannot read many in time"
            ))
        };
        past.ok_or_else(old)?.balance
    };
    Ok(Json(Account {
        address: address.to_string(),
        name: api.names().of(&address),
        balance: api.amount(balance),
        nonce: pending.account.unwrap_or(now).nonce,
        confirmations,
    }))
}

/// The account with what waits, at the tip, and as it was some blocks ago.
///
/// The chain tells the mempool of a new tip before it shows the tip. So if the store still ends where the head was before the mempool was
/// asked, both spoke of the same tip, and no coin is counted twice, as waiting and as confirmed. Otherwise the tip has moved: try again.
async fn holdings(api: &Api, address: Address, at: At) -> Result<Holdings, Problem> {
    let mut heads = api.head.clone();
    for _ in 0..API_ACCOUNT_LOOKS {
        let head = heads.borrow_and_update().branch.id;
        let pending =
            ask(&api.limits.mempool, &api.mempool, move |reply| MempoolRequest::Pending { address, reply })
                .await?;
        // Undoing full blocks may take long; by then the client is gone.
        let until = Instant::now() + API_REQUEST_TIMEOUT;
        let read = api.read(move |snapshot| {
            let (tip, id) = snapshot.tip()?;
            if at == At::Confirmations(0) && id != head {
                return Ok(None);
            }
            let so_deep = |count: u64| tip.saturating_sub(count.saturating_sub(1));
            let (height, confirmations) = match at {
                At::Confirmations(count) => (so_deep(count), count),
                At::Final(count) => {
                    let height = final_block(snapshot)?.0.min(so_deep(count));
                    (height, tip.saturating_sub(height).saturating_add(1))
                }
            };
            let past = snapshot.account_at(&address, height, || Instant::now() < until)?;
            Ok(Some((snapshot.account(&address)?, past, confirmations)))
        });
        if let Some((now, past, confirmations)) = read.await? {
            return Ok(Holdings { pending, now, past, confirmations });
        }
        // The head follows the store at once.
        let _ = tokio::time::timeout(Duration::from_millis(50), heads.changed()).await;
    }
    Err(Problem::busy("the chain moves too fast for an answer; try again in a moment"))
}

/// What an address paid and got, newest first
#[utoipa::path(get, path = "/v1/accounts/{address}/transactions", tag = "accounts", params(("address" = String, Path, description = "bouya1…"), PageOptions), responses(
    (status = 200, description = "a page", body = Page<Movement>),
))]
pub(super) async fn history(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let limit = options.limit()?;
    let cursor = lists::cursor(&options)?;
    let coins = api.clone();
    api.read_json(move |snapshot| {
        let mut before = cursor.unwrap_or((u64::MAX, 0));
        let (mut items, mut bytes) = (Vec::new(), 0_usize);
        let mut block: Option<Read> = None;
        // One row beyond the page shows whether there is a next page. Rows of a branch that lost are skipped, so a page may take more than one look.
        let most = limit + 1;
        loop {
            let rows = snapshot.movements(&address, before, most)?;
            let more = rows.len() == most;
            for (height, place) in rows {
                if items.len() == limit || bytes >= coins.limits.page_bytes {
                    return Ok(Page { items, next: Some(format!("{}-{}", before.0, before.1)) });
                }
                before = (height, place);
                if block.as_ref().is_none_or(|read| read.block.header.height != height) {
                    block = read(snapshot, height)?;
                    bytes = bytes.saturating_add(block.as_ref().map_or(0, |read| read.block.size()));
                }
                let Some(Read { block, results }) = &block else { continue };
                items.extend(movement(&coins, (block, results.as_ref()), &address, place));
            }
            if !more {
                return Ok(Page::<Movement> { items, next: None });
            }
        }
    })
    .await
}

/// A block of the best chain, with what its contracts have led to.
struct Read {
    block: Arc<Block>,
    results: Option<Results>,
}

fn read(snapshot: &Snapshot, height: u64) -> Result<Option<Read>, Problem> {
    let Some(block) = snapshot.block_at(height)? else { return Ok(None) };
    let results = snapshot.results(&block.id())?;
    Ok(Some(Read { block, results }))
}
