//! Balances and histories.

use std::sync::Arc;
use std::time::Duration;

use bouya_core::codec::{Bounded, Text};
use bouya_core::ledger::{Output, Transaction};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::harness::{MINER, Node};
use crate::actor::Mailbox;
use crate::chain::{self, ChainActor};
use crate::events::Events;
use crate::mempool;
use crate::store::Store;
use crate::workers::Workers;
use bouya_core::node::pool;
use bouya_core::testing::{address, block_on, key, pay};

fn account(node: &Node, n: u8, query: &str) -> (String, u64) {
    let account = node.json(&format!("/v1/accounts/{}{query}", address(n)));
    assert_eq!(account["address"], address(n).to_string());
    (account["balance"].as_str().unwrap().to_owned(), account["nonce"].as_u64().unwrap())
}

fn balance(node: &Node, n: u8, confirmations: u64) -> String {
    account(node, n, &format!("?confirmations={confirmations}")).0
}

#[test]
fn confirmations_count_from_the_tip() {
    let node = Node::start();
    assert_eq!(account(&node, 7, ""), ("0".to_owned(), 0), "an address that nobody used");
    let id = node.pay(1, 0, 2, 100_050).id();
    // In the mempool: only 0 counts it, for both sides.
    assert_eq!(account(&node, 1, ""), ("10000".to_owned(), 1), "the next nonce counts the mempool");
    assert_eq!(balance(&node, 1, 0), "8989.5");
    assert_eq!((balance(&node, 2, 0), balance(&node, 2, 1)), ("11000.5".to_owned(), "10000".to_owned()));
    node.mine();
    // In the tip: one confirmation.
    assert_eq!(node.json(&format!("/v1/transactions/{id}"))["confirmations"], 1);
    assert_eq!(account(&node, 1, ""), ("8989.5".to_owned(), 1));
    assert_eq!((balance(&node, 2, 1), balance(&node, 2, 2)), ("11000.5".to_owned(), "10000".to_owned()));
    assert_eq!(balance(&node, 2, 0), "11000.5");
    node.mine();
    assert_eq!(node.json(&format!("/v1/transactions/{id}"))["confirmations"], 2);
    assert_eq!((balance(&node, 2, 2), balance(&node, 2, 3)), ("11000.5".to_owned(), "10000".to_owned()));
    // Beyond the first block it is what the network began with.
    assert_eq!(balance(&node, 2, (1 << 53) - 1), "10000");
    assert_eq!(node.json(&format!("/v1/accounts/{}?confirmations=3", address(2)))["confirmations"], 3);
}

fn movements(node: &Node, n: u8, query: &str) -> Value {
    node.json(&format!("/v1/accounts/{}/transactions{query}", address(n)))
}

/// Height, direction, amount and fee of each line.
fn shown(page: &Value) -> Vec<String> {
    let line = |item: &Value| {
        let text = |field: &str| item[field].as_str().unwrap().to_owned();
        format!("{} {} {} {}", item["height"], text("direction"), text("amount"), text("fee"))
    };
    page["items"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_history_says_which_way_coins_went() {
    let node = Node::start();
    node.pay(1, 0, 2, 500);
    node.mine();
    node.pay(2, 0, 1, 300);
    node.mine();
    node.pay(1, 1, 1, 700);
    node.mine();
    // To somebody, with change to itself and a memo.
    let outputs = Bounded::truncated([
        Output { to: address(3), amount: 20 },
        Output { to: address(1), amount: 80 },
        Output { to: address(2), amount: 5 },
    ]);
    let memo = Text::try_from("rent <b>".to_owned()).unwrap();
    let genesis = &node.api.genesis;
    let mixed = Transaction::transfer(&genesis.id(), &key(1), 2, 1_000, u64::MAX, outputs, memo);
    assert_eq!(node.submit(&mixed).status, 202);
    node.mine();

    let page = movements(&node, 1, "");
    let expected = ["4 out 0.25 10", "3 self 0 10", "2 in 3 0", "1 out 5 10"];
    assert_eq!(shown(&page), expected);
    assert_eq!(page["next"], Value::Null);
    let first = &page["items"][0];
    assert_eq!(first["transaction"], mixed.id().to_string());
    assert_eq!(first["memo"], "rent <b>");
    assert_eq!(first["counterparties"], serde_json::json!([address(3).to_string(), address(2).to_string()]));
    assert_eq!(page["items"][2]["counterparties"], serde_json::json!([address(2).to_string()]));
    assert!(first["time"].as_str().unwrap().ends_with('Z'));

    assert_eq!(shown(&movements(&node, 3, "")), ["4 in 0.2 0"]);
    let rewards = movements(&node, MINER, "");
    assert_eq!(shown(&rewards)[0], "4 reward 10.5 0");
    assert_eq!(rewards["items"].as_array().unwrap().len(), 4);
    assert_eq!(rewards["items"][0]["transaction"], Value::Null);
    assert_eq!(shown(&movements(&node, 4, "")), [""; 0]);
}

#[test]
fn a_history_is_paged_without_gaps_or_a_last_empty_page() {
    let node = Node::start();
    // Two in one block: a page may end between them.
    for round in 0..2 {
        node.pay(1, round * 2, 2, 100);
        node.pay(1, round * 2 + 1, 2, 200);
        node.mine();
    }
    let whole = movements(&node, 1, "");
    assert_eq!(whole["items"].as_array().unwrap().len(), 4);
    for limit in 1..=4 {
        let (mut query, mut seen, mut pages) = (format!("?limit={limit}"), Vec::new(), 0);
        loop {
            let page = movements(&node, 1, &query);
            seen.extend(page["items"].as_array().unwrap().clone());
            pages += 1;
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit={limit}&from={next}");
        }
        assert_eq!(Value::from(seen), whole["items"], "limit {limit}");
        assert_eq!(pages, 4_usize.div_ceil(limit), "limit {limit}");
    }
}

#[test]
fn a_history_forgets_a_branch_that_lost() {
    let node = Node::start();
    let genesis = node.api.genesis.clone();
    let lost = (0..3).map(|nonce| pay(&genesis, 1, nonce, 2, 100, 1_000)).collect();
    node.give(block_on(&genesis, &genesis.branch(), 1_000, lost, 3));
    assert_eq!(shown(&movements(&node, 2, "")).len(), 3);
    assert_eq!(shown(&movements(&node, 3, "")).len(), 1, "a reward");
    let first = block_on(&genesis, &genesis.branch(), 1_000, vec![pay(&genesis, 4, 0, 2, 700, 1_000)], 4);
    node.give(first.clone());
    let mut parent = genesis.branch();
    parent.push(&genesis.rules, &first.header, None);
    node.give(block_on(&genesis, &parent, 1_000, vec![], 4));
    node.wait_for_height(2);
    for limit in [1, 2, 20] {
        let page = movements(&node, 2, &format!("?limit={limit}"));
        assert_eq!(shown(&page), ["1 in 7 0"], "limit {limit}");
    }
    assert_eq!(shown(&movements(&node, 3, "")), [""; 0]);
}

#[test]
fn no_coin_counts_as_waiting_and_as_there() {
    let node = Node::start();
    let payee = bouya_core::testing::address(3);
    let path = format!("/v1/accounts/{payee}?confirmations=0");
    let parse = |balance: &Value| node.api.genesis.spec.coin.parse(balance.as_str().unwrap()).unwrap();
    let before = parse(&node.json(&path)["balance"]);
    for nonce in 0..20 {
        node.pay(1, nonce, 3, 5);
        let expected = before + 5 * (nonce + 1);
        std::thread::scope(|scope| {
            let mining = scope.spawn(|| node.mine());
            while !mining.is_finished() {
                let answer = node.get(&path);
                // Rather no answer than a wrong one.
                if answer.status != 503 {
                    assert_eq!(parse(&answer.json()["balance"]), expected, "round {nonce}");
                }
            }
        });
    }
}

#[test]
fn the_mempool_hears_of_a_tip_before_it_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let genesis = bouya_core::testing::network("order", 1_000_000);
    let store = Store::open(dir.path(), genesis.clone()).unwrap();
    let (reader, workers) = (store.reader(), Arc::new(Workers::new(genesis.id())));
    let (network, _inputs) = Mailbox::new("network", 64);
    let (mempool, mut heard) = Mailbox::new("mempool", 1);
    let (chain, inbox) = Mailbox::new("chain", 4);
    // No room for one more: the chain must wait before it goes on.
    mempool
        .offer(mempool::MempoolRequest::List { below: None, most: 1, reply: oneshot::channel().0 })
        .unwrap();
    let outlets = chain::Outlets {
        network,
        mempool,
        conflict: tokio::sync::mpsc::channel(1).0,
        events: Events::default(),
    };
    let (actor, head) =
        ChainActor::load(store, dir.path().to_owned(), workers, inbox, outlets, None).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = runtime.spawn_blocking(move || actor.run(&until).unwrap());
    let block = block_on(&genesis, &genesis.branch(), 1_000, vec![], 3);
    chain.offer(chain::ChainRequest::Mined { block, reply: oneshot::channel().0 }).unwrap();
    let height = || head.borrow().branch.height;
    while reader.snapshot().unwrap().tip().unwrap().0 == 0 {
        std::thread::sleep(Duration::from_millis(1)); // poll
    }
    for _ in 0..100 {
        assert_eq!(height(), 0, "shown before the mempool was told");
        std::thread::sleep(Duration::from_millis(1)); // poll
    }
    heard.try_next().unwrap();
    let told = std::iter::repeat_with(|| heard.try_next()).flatten().next();
    assert!(matches!(told, Some(mempool::MempoolRequest::Pool(pool::Input::Moved { .. }))));
    while height() == 0 {
        std::thread::sleep(Duration::from_millis(1)); // poll
    }
    stop.cancel();
    runtime.block_on(running).unwrap();
}
