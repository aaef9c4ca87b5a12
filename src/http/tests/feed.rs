//! The feed: each transaction once and in order, whatever happens to the chain, the node and the follower.

use std::io::{BufReader, Read};
use std::net::TcpStream;
use std::sync::Arc;

use bouya_core::ledger::{Block, Response, Transaction};
use bouya_core::testing::{address, pay};
use proptest::prelude::*;
use serde_json::Value;

use super::agreements::{answer, later, on, propose};
use super::events::{next_with_id, open};
use super::harness::Node;
use super::records::data;
use crate::chain::ChainRequest;

/// Reads the feed to its end in pages, from a cursor on. The ids it told, and where to go on.
fn read(node: &Node, query: &str, after: Option<&str>) -> (Vec<String>, String) {
    let (mut ids, mut next) = (Vec::new(), after.map(ToOwned::to_owned));
    loop {
        let after = next.map(|next| format!("&after={next}")).unwrap_or_default();
        let page = node.json(&format!("/v1/feed?{query}{after}"));
        assert!(page["undone"].is_null(), "{page}");
        for item in page["items"].as_array().unwrap() {
            ids.push(item["transaction"]["id"].as_str().unwrap().to_owned());
        }
        let cursor = page["next"].as_str().unwrap().to_owned();
        if page["more"] == false {
            return (ids, cursor);
        }
        next = Some(cursor);
    }
}

fn ids(transactions: &[&Transaction]) -> Vec<String> {
    transactions.iter().map(|transaction| transaction.id().to_string()).collect()
}

fn submit(node: &Node, transactions: &[&Transaction]) {
    for transaction in transactions {
        let answer = node.submit(transaction);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    node.mine();
}

#[test]
fn each_is_told_once_and_in_order_whatever_the_size_of_a_page() {
    let node = Node::with_members();
    let paid: Vec<Transaction> =
        (0..7).map(|n| pay(&node.api.genesis, 1 + n % 2, u64::from(n / 2), 3, 5, 1_000)).collect();
    let all: Vec<&Transaction> = paid.iter().collect();
    submit(&node, &all[..3]);
    node.mine();
    submit(&node, &all[3..5]);
    submit(&node, &all[5..]);
    let blocks =
        ["1", "3", "4"].map(|height| node.json(&format!("/v1/blocks/{height}"))["transactions"].clone());
    let told: Vec<String> = blocks
        .iter()
        .flat_map(|list| list.as_array().unwrap())
        .map(|transaction| transaction["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told.len(), 7);
    assert_eq!(read(&node, "", None).0, Vec::<String>::new(), "nothing is final");
    for limit in 1..=8 {
        let (ids, next) = read(&node, &format!("until=confirmed&limit={limit}"), None);
        assert_eq!(ids, told, "{limit}");
        assert_eq!(read(&node, "until=confirmed", Some(&next)).0, Vec::<String>::new());
    }
    let page = node.json("/v1/feed?until=confirmed");
    for (place, item) in page["items"].as_array().unwrap().iter().enumerate() {
        let (rest, _) = read(&node, "until=confirmed&limit=2", item["cursor"].as_str());
        assert_eq!(rest, told[place + 1..], "an item's own cursor goes on behind it");
    }
    let (ids, next) = read(&node, "until=confirmed", Some("3"));
    assert_eq!(ids, told[5..], "above a height");
    node.finalize(3);
    let (ids, at) = read(&node, "", None);
    assert_eq!(ids, told[..5]);
    assert_eq!(
        read(&node, "", Some(&next)).0,
        Vec::<String>::new(),
        "who was told more waits until it is final"
    );
    node.mine();
    node.finalize(5);
    assert_eq!(read(&node, "", Some(&at)).0, told[5..]);
    let latest = node.json("/v1/feed?after=latest");
    assert_eq!(
        (&latest["items"], &latest["more"], &latest["final"]),
        (&Value::Array(vec![]), &false.into(), &5.into())
    );
}

#[test]
fn filters_let_through_what_fits_all_of_them() {
    let node = Node::start();
    let (proposal, agreement) = propose(&node, later());
    let sign = answer(&node, 2, agreement, Response::Sign);
    let prices = data(&node, 4, 0, "prices", b"\x01");
    let weather = data(&node, 4, 1, "weather", b"\x02");
    let paid = pay(&node.api.genesis, 3, 0, 5, 7, 1_000);
    submit(&node, &[&proposal, &prices]);
    submit(&node, &[&sign, &weather]);
    submit(&node, &[&paid]);
    let of = |query: &str| read(&node, &format!("until=confirmed&{query}"), None).0;
    assert_eq!(of("topic=prices"), ids(&[&prices]));
    assert_eq!(of("kind=propose,transfer"), ids(&[&proposal, &paid]));
    assert_eq!(of(&format!("agreement={agreement}")), ids(&[&proposal, &sign]));
    assert_eq!(of(&format!("address={}", address(5))), ids(&[&paid]), "who is paid");
    assert_eq!(
        of(&format!("address={}", address(3))),
        ids(&[&proposal, &sign, &paid]),
        "a party hears of the answers of others"
    );
    assert_eq!(of(&format!("address={},{}&kind=record,transfer&limit=1", address(4), address(5))).len(), 3);
    assert_eq!(of(&format!("address={}&topic=prices&kind=transfer", address(4))), Vec::<String>::new());
    for (query, why) in [
        ("kind=gift", "none of: transfer"),
        ("address=me", "address"),
        ("after=yesterday", "no place of the feed"),
        ("after=1-2-3", "no place of the feed"),
        ("limit=1001", "1 to 1000"),
        ("limit=0", "1 to 1000"),
    ] {
        let detail = node.get(&format!("/v1/feed?{query}")).problem(400, "bad-request");
        assert!(detail.contains(why), "{query}: {detail}");
    }
    let many = vec![address(1).to_string(); 17].join(",");
    node.get(&format!("/v1/feed?address={many}")).problem(400, "bad-request");
}

#[test]
fn who_was_told_of_a_branch_that_lost_learns_how_far_to_go_back() {
    let node = Node::with_members();
    let network = node.api.genesis.clone();
    let kept = pay(&network, 1, 0, 3, 5, 1_000);
    let (block, start) = on(&node, &network.branch(), vec![kept], 9);
    node.give(block);
    node.finalize(1);
    let [lost, won] = [6, 7].map(|amount| pay(&network, 1, 1, 3, amount, 1_000));
    let (first, branch) = on(&node, &start, vec![], 9);
    let (second, _) = on(&node, &branch, vec![lost.clone()], 9);
    node.give(first.clone());
    node.give(second);
    let told = node.json("/v1/feed?until=confirmed");
    assert_eq!(told["items"].as_array().unwrap().len(), 2);
    let cursor = told["next"].as_str().unwrap().to_owned();
    // Three blocks in place of the second.
    let (a, branch) = on(&node, &branch, vec![won.clone()], 3);
    let (b, branch) = on(&node, &branch, vec![], 3);
    let (c, _) = on(&node, &branch, vec![], 3);
    [a, b, c].into_iter().for_each(|block| node.give(block));
    node.wait_for_height(5);
    let page = node.json(&format!("/v1/feed?until=confirmed&after={cursor}"));
    assert_eq!(page["undone"], 2, "where the branches part: {page}");
    assert_eq!(page["items"][0]["transaction"]["id"], won.id().to_string());
    // Of a branch that this node has never seen: back to what was final then.
    let strange = format!("3-all-1-{}", "7".repeat(64));
    let page = node.json(&format!("/v1/feed?until=confirmed&after={strange}"));
    assert_eq!(page["undone"], 1);
    node.get(&format!("/v1/feed?after=9-all-1-{}", "7".repeat(64))).problem(503, "behind");
    node.get("/v1/feed?after=99").problem(503, "behind");
    // Final elsewhere: this must never happen, and nobody goes on as if nothing had.
    let conflict = format!("1-all-1-{}", "7".repeat(64));
    node.get(&format!("/v1/feed?after={conflict}")).problem(409, "other-history");
}

fn told(stream: &mut BufReader<TcpStream>) -> (String, String, Value) {
    next_with_id(stream).unwrap()
}

#[test]
fn a_stream_tells_the_same_and_goes_on_behind_any_of_its_ids() {
    let node = Node::with_members();
    let network = node.api.genesis.clone();
    let paid: Vec<Transaction> = (0..4).map(|nonce| pay(&network, 1, nonce, 3, 5, 1_000)).collect();
    let mut live = open(&node, "/v1/feed/stream?until=confirmed&kind=transfer", "");
    let (name, _, data) = told(&mut live);
    assert_eq!((name.as_str(), &data["height"]), ("at", &0.into()), "an id from the beginning on");
    submit(&node, &[&paid[0], &paid[1]]);
    submit(&node, &[&paid[2]]);
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let (name, id, data) = told(&mut live);
        if name == "transaction" {
            heard.push((data["id"].as_str().unwrap().to_owned(), id));
        }
    }
    assert_eq!(
        heard.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(),
        ids(&[&paid[0], &paid[1], &paid[2]])
    );
    for (place, (_, id)) in heard.iter().enumerate() {
        let mut again = open(&node, "/v1/feed/stream?until=confirmed", &format!("Last-Event-ID: {id}\r\n"));
        for (expected, _) in &heard[place + 1..] {
            assert_eq!(told(&mut again).2["id"], **expected);
        }
        assert_eq!(told(&mut again).0, "at");
    }
    // What becomes final is told to whoever waits for that.
    let mut patient = open(&node, "/v1/feed/stream", "");
    assert_eq!(told(&mut patient).0, "at");
    node.finalize(1);
    let (name, _, data) = told(&mut patient);
    assert_eq!(
        (name.as_str(), &data["id"], &data["final"]),
        ("transaction", &paid[0].id().to_string().into(), &true.into())
    );
    node.get("/v1/feed/stream?after=99").problem(503, "behind");
    node.api.stop.cancel();
    let mut rest = String::new();
    live.read_to_string(&mut rest).unwrap();
}

#[test]
fn a_stream_tells_that_blocks_were_undone_before_it_tells_what_took_their_place() {
    let node = Node::with_members();
    let network = node.api.genesis.clone();
    let start = node.api.head.borrow().branch.clone();
    let [lost, won] = [6, 7].map(|amount| pay(&network, 1, 0, 3, amount, 1_000));
    let mut stream = open(&node, "/v1/feed/stream?until=confirmed", "");
    told(&mut stream);
    node.give(on(&node, &start, vec![lost.clone()], 9).0);
    assert_eq!(told(&mut stream).2["id"], lost.id().to_string());
    assert_eq!(told(&mut stream).0, "at");
    let (a, branch) = on(&node, &start, vec![won.clone()], 3);
    let (b, _) = on(&node, &branch, vec![], 3);
    [a, b].into_iter().for_each(|block| node.give(block));
    let (name, id, data) = told(&mut stream);
    assert_eq!((name.as_str(), &data["above"]), ("undone", &0.into()));
    assert_eq!(told(&mut stream).2["id"], won.id().to_string());
    let mut again = open(&node, &format!("/v1/feed/stream?until=confirmed&after={id}"), "");
    assert_eq!(told(&mut again).2["id"], won.id().to_string(), "its id is the place where the branches part");
}

#[test]
fn a_node_that_has_pruned_says_from_where_on_it_can_tell() {
    let node = Node::that_prunes();
    node.pay(1, 0, 3, 5);
    (0..4).for_each(|_| drop(node.mine()));
    node.finalize(3);
    node.wait("the first blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    let detail = node.get("/v1/feed").problem(410, "pruned");
    assert!(detail.contains("after=2"), "{detail}");
    node.json("/v1/feed?after=2");
    node.get("/v1/feed/stream").problem(410, "pruned");
}

#[test]
fn a_node_that_is_less_far_makes_nobody_go_back_behind_what_was_final() {
    let node = Node::with_members();
    let network = node.api.genesis.clone();
    let (first, branch) = on(&node, &network.branch(), vec![], 9);
    let (second, _) = on(&node, &branch, vec![], 9);
    let (other, lost) = on(&node, &branch, vec![pay(&network, 1, 0, 3, 5, 1_000)], 3);
    let (third, _) = on(&node, &lost, vec![], 3);
    [&first, &second].into_iter().for_each(|block| node.give(block.clone()));
    // Told elsewhere, where block 2 was final.
    let told = format!("2-all-2-{}", second.id());
    let next = node.json(&format!("/v1/feed?until=confirmed&after={told}"))["next"].clone();
    assert_eq!(next, told.as_str());
    node.mine();
    let next = node.json(&format!("/v1/feed?until=confirmed&after={told}"))["next"].clone();
    assert!(next.as_str().unwrap().starts_with("3-all-2-"), "what was final once stays so: {next}");
    for (after, kind) in [
        // This node only lags: it has not heard that block 2 is final, or has another one there for now.
        (format!("2-all-2-{}", other.id()), "behind"),
        (format!("3-all-2-{}", third.id()), "behind"),
        (format!("3-all-2-{}", "7".repeat(64)), "behind"),
    ] {
        node.get(&format!("/v1/feed?until=confirmed&after={after}")).problem(503, kind);
        node.get(&format!("/v1/feed?after={after}")).problem(503, kind);
    }
    node.give(other.clone());
    node.finalize(2);
    // Now it is sure that somebody's history is another one.
    for after in [format!("2-all-2-{}", other.id()), format!("3-all-2-{}", third.id())] {
        let answer = node.get(&format!("/v1/feed?until=confirmed&after={after}"));
        assert!([409, 200].contains(&answer.status), "{}", answer.text());
    }
    node.get(&format!("/v1/feed?after=2-all-2-{}", other.id())).problem(409, "other-history");
}

#[test]
fn a_page_ends_with_its_bytes_too() {
    let node = Node::with_waiting(100);
    // Each byte of these is six in JSON, and two more in hex.
    for from in 1..=4 {
        for nonce in 0..40 {
            assert_eq!(node.submit(&data(&node, from, nonce, "t", &[1; 8_000])).status, 202);
        }
    }
    while node.json("/v1/status")["mempool"]["transactions"] != 0 {
        node.mine();
    }
    let (ids, _) = read(&node, "until=confirmed&limit=1000", None);
    assert_eq!(ids.len(), 160);
    let bound = node.api.limits.page_bytes;
    let answer = node.get("/v1/feed?until=confirmed&limit=1000");
    let items = answer.json()["items"].as_array().unwrap().len();
    assert!(answer.body.len() < 2 * bound && items < 160, "{} bytes, {items} items", answer.body.len());
}

/// One who takes the feed's word for the chain: what it was told and must not take back.
#[derive(Default)]
struct Follower {
    next: Option<String>,
    told: Vec<(u64, String)>,
    /// All up to here was told as final.
    finalized: u64,
}

impl Follower {
    /// Reads a page. Whether there is more.
    fn read(&mut self, node: &Node, limit: usize) -> bool {
        let after = self.next.as_ref().map(|next| format!("&after={next}")).unwrap_or_default();
        let page = node.json(&format!("/v1/feed?until=confirmed&limit={limit}{after}"));
        if let Some(above) = page["undone"].as_u64() {
            assert!(above >= self.finalized, "what was final is undone");
            self.told.retain(|(height, _)| *height <= above);
        }
        for item in page["items"].as_array().unwrap() {
            let transaction = &item["transaction"];
            let height = transaction["height"].as_u64().unwrap();
            assert!(self.told.last().is_none_or(|(last, _)| *last <= height), "in order");
            self.told.push((height, transaction["id"].as_str().unwrap().to_owned()));
        }
        self.finalized =
            page["final"].as_u64().unwrap().min(self.told.last().map_or(0, |(height, _)| *height));
        self.next = page["next"].as_str().map(ToOwned::to_owned);
        page["more"] == true
    }
}

/// The height and id of each transaction of the chain.
fn chain(node: &Node) -> Vec<(u64, String)> {
    let snapshot = node.api.reader.snapshot().unwrap();
    let blocks = (1..=snapshot.tip().unwrap().0).map(|height| snapshot.block_at(height).unwrap().unwrap());
    let ids = |block: Arc<Block>| {
        let of = |one: &Transaction| (block.header.height, one.id().to_string());
        block.body.transactions.iter().map(of).collect::<Vec<_>>()
    };
    blocks.flat_map(ids).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 0, ..ProptestConfig::default() })]

    /// Whatever grows, is replaced and becomes final between two pages, and however large those are: in the end a follower has the chain.
    #[test]
    fn a_follower_ends_with_the_chain(steps in prop::collection::vec((0..4_u8, 0..8_usize, 1..4_usize), 1..24)) {
        let node = Node::with_members();
        let network = node.api.genesis.clone();
        // Each with the number of payments in it.
        let mut branches = vec![(network.branch(), 0_u64)];
        let mut follower = Follower::default();
        for (number, (step, which, limit)) in (0..).zip(steps) {
            match step {
                0 => drop(follower.read(&node, limit)),
                1 => {
                    let head = node.api.head.borrow().clone();
                    if head.finalized.0 < head.branch.height {
                        node.finalize(head.branch.height);
                    }
                    // Nothing grows beside it any more.
                    branches = vec![(head.branch.clone(), chain(&node).len() as u64)];
                }
                _ => {
                    let (parent, paid) = branches[which % branches.len()].clone();
                    let pays = (0..limit as u64).map(|more| pay(&network, 1, paid + more, 3, 1 + number, 1_000));
                    let (block, branch) = on(&node, &parent, pays.collect(), 9);
                    let asked = node.chain.ask(|reply| ChainRequest::Mined { block, reply });
                    // A node need not keep a branch that leads nowhere.
                    if node.runtime().block_on(asked).unwrap().is_ok() {
                        branches.push((branch, paid + limit as u64));
                    }
                }
            }
        }
        node.wait("the follower has the chain", || {
            while follower.read(&node, 2) {}
            follower.told == chain(&node)
        });
    }
}
