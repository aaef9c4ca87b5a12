//! Blocks, by height, by hash or as `latest`.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Block, Header, View, in_force_before};

use super::Api;
use super::caching;
use super::ends::Ends;
use super::extract::{Options, PageOptions, Segment};
use super::problem::Problem;
use super::short;
use super::transactions::{Place, view as transaction_view};
use super::views::{self, BlockSummary, Page};
use crate::clock::rfc3339;
use crate::short::Named;
use crate::store::Snapshot;

/// How a block is named.
pub(super) enum Reference {
    Latest,
    /// A height, or beyond the tip perhaps a hash's beginning that happens to have no letter.
    Height(u64, Option<Named>),
    Hash(Named),
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let named = text.parse();
        match (text.parse(), named) {
            (_, Ok(Named::Whole(hash))) => Ok(Self::Hash(Named::Whole(hash))),
            // Hashes begin with zeros, heights do not.
            (_, Ok(named)) if text.starts_with('0') => Ok(Self::Hash(named)),
            (Ok(height), named) => Ok(Self::Height(height, named.ok())),
            (Err(_), Ok(named)) => Ok(Self::Hash(named)),
            (Err(_), Err(why)) => {
                Err(format!("a block is named by its height, its hash or \"latest\"; {why}"))
            }
        }
    }
}

impl Reference {
    /// The block's id.
    pub(super) fn id(&self, snapshot: &Snapshot) -> Result<Hash, Problem> {
        let (height, named) = match self {
            Self::Latest => return Ok(snapshot.tip()?.1),
            Self::Hash(named) => return short::block(snapshot, named),
            Self::Height(height, named) => (*height, named),
        };
        if let Some(id) = snapshot.at_height(height)? {
            return Ok(id);
        }
        let (tip, _) = snapshot.tip()?;
        let missing = || Problem::not_found(format!("no block at height {height}; the tip is at {tip}"));
        let named = named.as_ref().ok_or_else(missing)?;
        // One that fits several is told so; one that fits none was meant as a height.
        short::block(snapshot, named)
            .map_err(|problem| if problem.is_not_found() { missing() } else { problem })
    }

    fn find(&self, snapshot: &Snapshot) -> Result<Arc<Block>, Problem> {
        let id = self.id(snapshot)?;
        if let Some(block) = snapshot.block(&id)? {
            return Ok(block);
        }
        let lowest = snapshot.lowest()?;
        if let Some(record) = snapshot.record(&id)?.filter(|record| record.header.height > 0) {
            return Err(Problem::pruned(format!("block {}", record.header.height), lowest));
        }
        Err({
            let genesis = "the genesis block is the network's definition (network.toml) and has no body; blocks begin at 1";
            Problem::not_found(match self {
                Self::Height(0, _) => genesis.to_owned(),
                _ => format!("no block {id} is stored here; the genesis block has no body"),
            })
        })
    }
}

/// The blocks of the best chain, newest first
#[utoipa::path(get, path = "/v1/blocks", tag = "chain", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<BlockSummary>),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let limit = options.limit()?;
    let from: Option<u64> = options.cursor(|text| text.parse().ok())?;
    let coins = api.clone();
    api.read_json(move |snapshot| {
        let ends = Ends::read(snapshot)?;
        let mut height = from.unwrap_or(u64::MAX).min(ends.tip.0);
        let (mut items, mut bytes) = (Vec::<BlockSummary>::new(), 0);
        while height > 0 && items.len() < limit && bytes < coins.limits.page_bytes {
            let Some(block) = snapshot.block_at(height)? else {
                height = 0;
                break;
            };
            let item = summary(snapshot, &block, &ends)?;
            bytes = bytes.saturating_add(item.size);
            items.push(item);
            height -= 1;
        }
        Ok(Page { items, next: (height > 0).then(|| height.to_string()) })
    })
    .await
}

/// The seal's key, and the member's id.
fn miner(snapshot: &Snapshot, header: &Header) -> Result<views::MinerOf, Problem> {
    let members = in_force_before(snapshot, header)?;
    let member = members.as_ref().and_then(|members| members.roster().by_key(&header.miner));
    Ok(views::MinerOf {
        key: header.miner.to_string(),
        id: member.map(|member| member.id.to_string()),
        name: member.map(|member| member.name.as_str().to_owned()),
    })
}

fn summary(snapshot: &Snapshot, block: &Block, ends: &Ends) -> Result<BlockSummary, Problem> {
    Ok(BlockSummary {
        height: block.header.height,
        hash: block.id().to_string(),
        time: rfc3339(block.header.time),
        difficulty: block.header.difficulty,
        miner: miner(snapshot, &block.header)?,
        transactions: block.body.transactions.len(),
        size: block.size(),
        finalized: ends.is_final(block.header.height),
    })
}

/// One block
#[utoipa::path(get, path = "/v1/blocks/{reference}", tag = "chain", params(("reference" = String, Path, description = "height, `latest`, or hash, of which the first 8 or more digits are enough")), responses(
    (status = 200, description = "the block", body = views::Block),
    (status = 404, description = "no such block is stored here", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(reference): Segment<Reference>,
) -> Result<Response, Problem> {
    let (reader, coins) = (api.clone(), api.clone());
    reader
        .read_json(move |snapshot| {
            let block = reference.find(snapshot)?;
            let header = &block.header;
            let id = block.id();
            let ends = Ends::read(snapshot)?;
            let best = snapshot.at_height(header.height)? == Some(id);
            let results = snapshot.results(&id)?;
            let place = best.then_some(Place {
                height: header.height,
                time: header.time,
                block: id,
                ends: &ends,
                results: results.as_ref(),
            });
            let work = snapshot.record(&id)?.map_or(0, |record| record.work);
            let names = coins.names();
            let view = |transaction| transaction_view(&coins, &names, transaction, place);
            Ok(views::Block {
                height: header.height,
                hash: id.to_string(),
                parent: header.parent.to_string(),
                time: rfc3339(header.time),
                difficulty: header.difficulty,
                work: work.to_string(),
                miner: miner(snapshot, header)?,
                reward: views::Reward {
                    to: block.body.reward.to.to_string(),
                    name: names.of(&block.body.reward.to),
                    amount: coins.amount(block.body.reward.amount),
                },
                body_root: header.body.to_string(),
                history: header.history.to_string(),
                nonce: header.nonce,
                size: block.size(),
                confirmations: place.map_or(0, |place| place.ends.confirmations(place.height)),
                finalized: place.is_some_and(|place| place.ends.is_final(place.height)),
                transactions: block.body.transactions.iter().map(view).collect(),
            })
        })
        .await
}

/// One block's Borsh bytes, as they are hashed, stored and sent
#[utoipa::path(get, path = "/v1/blocks/{reference}/raw", tag = "chain", params(("reference" = String, Path, description = "height, `latest`, or hash, of which the first 8 or more digits are enough")), responses(
    (status = 200, description = "the bytes", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 404, description = "no such block is stored here", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened hash fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn raw(
    State(api): State<Api>,
    Segment(reference): Segment<Reference>,
) -> Result<Response, Problem> {
    // A whole hash can never mean another block.
    let is_whole = matches!(reference, Reference::Hash(Named::Whole(_)));
    let found = api.read(move |snapshot| {
        let block = reference.find(snapshot)?;
        Ok((block.id(), encode(&block)))
    });
    let (id, bytes) = found.await?;
    let mut answer = api.answer("application/octet-stream", bytes)?;
    caching::name(&mut answer, &id, is_whole);
    Ok(answer)
}
