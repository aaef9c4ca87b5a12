//! Blocks.

use bouya_core::codec::decode;
use bouya_core::ledger::Block;
use serde_json::Value;

use super::harness::{MINER, Node};
use bouya_core::testing::{address, key, member};

#[test]
fn a_block_by_height_by_hash_and_as_the_latest() {
    let node = Node::start();
    let paid = node.pay(1, 0, 2, 1_250);
    let mined = node.mine();
    assert_eq!(mined["height"], 1);
    node.mine();
    let hash = mined["hash"].as_str().unwrap();
    let block = node.json("/v1/blocks/1");
    assert_eq!(block, node.json(&format!("/v1/blocks/{hash}")));
    assert_eq!(block["height"], 1);
    assert_eq!(block["hash"], hash);
    assert_eq!(block["parent"], node.api.genesis.id().to_string());
    assert_eq!(block["miner"]["key"], key(MINER).public().to_string());
    assert_eq!(block["miner"]["id"], member(MINER).id.as_str());
    assert_eq!(block["reward"]["to"], address(MINER).to_string());
    assert_eq!(block["reward"]["amount"], "10.5", "0.50 and the fee of 10");
    assert_eq!(block["confirmations"], 2);
    assert!(block["time"].as_str().unwrap().ends_with('Z'), "{}", block["time"]);
    assert!(block["difficulty"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(block["work"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    let transaction = &block["transactions"][0];
    assert_eq!(transaction["id"], paid.id().to_string());
    assert_eq!(transaction["status"], "confirmed");
    assert_eq!(transaction["confirmations"], 2);
    assert_eq!(transaction["action"]["outputs"][0]["amount"], "12.5");

    let latest = node.json("/v1/blocks/latest");
    assert_eq!((latest["height"].as_u64(), latest["confirmations"].as_u64()), (Some(2), Some(1)));
    assert_eq!(latest["parent"], hash);

    let raw = node.get("/v1/blocks/1/raw");
    assert_eq!((raw.status, raw.header("content-type")), (200, "application/octet-stream"));
    let read: Block = decode(&raw.body, "block").unwrap();
    assert_eq!(read.id().to_string(), hash);
    assert_eq!(block["size"].as_u64().unwrap(), raw.body.len() as u64);
}

#[test]
fn a_block_that_is_not_there() {
    let node = Node::start();
    assert!(node.get("/v1/blocks/0").problem(404, "not-found").contains("genesis"));
    assert!(node.get("/v1/blocks/latest").problem(404, "not-found").contains("genesis"));
    assert!(node.get("/v1/blocks/1").problem(404, "not-found").contains("tip is at 0"));
    node.get(&format!("/v1/blocks/{}", "ab".repeat(32))).problem(404, "not-found");
    node.get(&format!("/v1/blocks/{}/raw", "12".repeat(32))).problem(404, "not-found");
    node.get(&format!("/v1/blocks/{}", node.api.genesis.id())).problem(404, "not-found");
}

#[test]
fn a_block_off_the_best_chain_has_no_confirmations() {
    let node = Node::start();
    let genesis = node.api.genesis.clone();
    let paid = bouya_core::testing::pay(&genesis, 1, 0, 2, 5, 1_000);
    let lost = bouya_core::testing::block_on(&genesis, &genesis.branch(), 1_000, vec![paid], 3);
    node.give(lost.clone());
    let first = bouya_core::testing::block_on(&genesis, &genesis.branch(), 1_000, vec![], 4);
    node.give(first.clone());
    let mut parent = genesis.branch();
    parent.push(&genesis.rules, &first.header, None);
    node.give(bouya_core::testing::block_on(&genesis, &parent, 1_000, vec![], 4));
    node.wait_for_height(2);
    let block = node.json(&format!("/v1/blocks/{}", lost.id()));
    assert_eq!(block["confirmations"], 0);
    assert_eq!(block["transactions"][0]["status"], "pending");
    assert_eq!(node.json("/v1/blocks/1")["hash"], first.id().to_string());
}

#[test]
fn the_list_is_paged_from_the_tip_down() {
    let node = Node::start();
    let empty = node.json("/v1/blocks");
    assert_eq!((empty["items"].as_array().unwrap().len(), &empty["next"]), (0, &Value::Null));
    for _ in 0..5 {
        node.mine();
    }
    let heights = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|item| item["height"].as_u64().unwrap()).collect()
    };
    let page = node.json("/v1/blocks?limit=2");
    assert_eq!(heights(&page), [5, 4]);
    let page = node.json(&format!("/v1/blocks?limit=2&from={}", page["next"].as_str().unwrap()));
    assert_eq!(heights(&page), [3, 2]);
    let page = node.json(&format!("/v1/blocks?limit=2&from={}", page["next"].as_str().unwrap()));
    assert_eq!((heights(&page), &page["next"]), (vec![1], &Value::Null));
    assert_eq!(heights(&node.json("/v1/blocks?from=3")), [3, 2, 1]);
    assert_eq!(heights(&node.json("/v1/blocks?from=1000")), [5, 4, 3, 2, 1]);
    assert_eq!(heights(&node.json("/v1/blocks?from=0")), [0; 0]);
    let item = &node.json("/v1/blocks")["items"][0];
    assert_eq!(item["hash"], node.json("/v1/blocks/5")["hash"]);
    assert_eq!(item["transactions"], 0);
    assert_eq!(item["size"], node.json("/v1/blocks/5")["size"]);
}
