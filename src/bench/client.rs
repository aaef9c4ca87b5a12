//! What the benches ask of nodes, over the public API.

use bouya_core::codec::decode;
use bouya_core::ledger::Block;
use bouya_harness::Client;

use super::BenchError;
use super::load::Signed;
use crate::http::views::{Outcome, Status};

pub(super) fn status(node: &Client) -> Result<Status, BenchError> {
    Ok(node.get("/v1/status")?)
}

/// Transactions that wait.
pub(super) fn waiting(node: &Client) -> Result<usize, BenchError> {
    Ok(status(node)?.mempool.transactions)
}

pub(super) fn block(node: &Client, height: u64) -> Result<Block, BenchError> {
    let bytes = node.bytes(&format!("/v1/blocks/{height}/raw"))?;
    decode(&bytes, "a block").map_err(|error| BenchError::system("the node's answer", error))
}

/// Submits a list. Which of them were not taken, and why (the problem's type).
pub(super) fn submit(node: &Client, batch: &[&Signed]) -> Result<Vec<(usize, String)>, BenchError> {
    let mut body = (batch.len() as u32).to_le_bytes().to_vec();
    batch.iter().for_each(|signed| body.extend_from_slice(&signed.bytes));
    let answer = node.succeed("POST", "/v1/transactions", None, &body)?;
    let answer = String::from_utf8_lossy(&answer);
    // All taken, as a rule: then nothing need be read closely.
    if !answer.contains("\"problem\"") {
        return Ok(Vec::new());
    }
    let outcomes: Vec<Outcome> =
        serde_json::from_str(&answer).map_err(|error| BenchError::system("the node's answer", error))?;
    let refused = |(at, outcome): (usize, Outcome)| Some((at, outcome.problem?.r#type));
    Ok(outcomes.into_iter().enumerate().filter_map(refused).collect())
}
