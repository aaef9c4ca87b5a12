//! Commands that ask no node.

use std::fs;
use std::net::TcpListener;

use bouya::config::NetworkFile;
use bouya_core::codec::encode;
use bouya_core::ledger::{Genesis, Member, NetworkSpec, View};
use bouya_core::testing;
use serde_json::{Value, json};

use super::*;

/// Where no node answers.
fn nobody() -> Node {
    Node::fixed(500, String::new())
}

fn read(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap()
}

#[test]
fn a_network_a_node_and_its_mistakes_are_told_as_json() {
    let node = nobody();
    // No certificate is there, and something else listens where the API is to.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let api = taken.local_addr().unwrap();
    let found = &format!(
        "found acme --id alice --advertise 10.0.0.5:7000 --listen 127.0.0.1:7 --api {api} --no-passphrase --json"
    );
    let made = node.run(found);
    ended(&made, 0);
    let genesis = NetworkFile::load(&node.home.path().join("network.toml")).unwrap().genesis;
    let id = genesis.id().to_string();
    let told = read(&made);
    assert_eq!(
        (&told["network"], &told["id"], &told["config"]),
        (&json!("acme"), &json!(id), &json!("node.toml"))
    );
    assert_eq!(told["code"].as_str().unwrap().len(), 24);
    let again = node.run(found);
    ended(&again, 1);
    assert_eq!((out(&again).as_str(), err(&again).contains("move it away first")), ("", true));

    fs::remove_file(node.home.path().join("certs/alice.crt")).unwrap();
    let check = "check --json";
    let checked = node.run(check);
    ended(&checked, 2);
    assert!(err(&checked).contains("1 mistake"), "{}", err(&checked));
    let found = read(&checked);
    assert_eq!((&found["ok"], &found["network"]["id"]), (&json!(false), &json!(id)));
    assert_eq!(found["settings"]["api.listen"], api.to_string());
    let keys = |list: &str| -> Vec<String> {
        let list = found[list].as_array().unwrap().iter();
        list.map(|one| one["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys("mistakes"), ["identity"]);
    assert_eq!(keys("warnings"), ["api.listen"]);
    let next = found["warnings"][0]["text"].as_str().unwrap();
    assert!(next.contains("choose another port"), "{next}");

    // A file that says too little to judge the rest by.
    fs::write(node.home.path().join("node.toml"), "colour = \"red\"\n").unwrap();
    let checked = node.run(check);
    ended(&checked, 2);
    let found = read(&checked);
    assert_eq!((&found["ok"], &found["settings"]), (&json!(false), &Value::Null));
    assert!(found["mistakes"].as_array().unwrap().iter().any(|one| one["key"] == "colour"), "{found}");
    assert!(node.asked().is_empty());
}

#[test]
fn a_receipt_offers_no_hash_of_its_own_as_the_truth() {
    let mut network = testing::Node::new();
    let transaction = network.pay(1, 0, 2, 500);
    for transactions in [vec![transaction], vec![], vec![]] {
        network.mine(transactions);
    }
    let receipt = network.receipt(1, 0, 3).unwrap();
    let proof = receipt.clone().check().unwrap();
    let (anchor, signer) = (proof.anchor_id.to_string(), testing::address(1).to_string());
    let node = nobody();
    fs::write(node.home.path().join("receipt"), bouya_client::receipt::write(&receipt)).unwrap();
    let untrusted = node.run("receipt verify receipt");
    ended(&untrusted, 1);
    let told = out(&untrusted) + &err(&untrusted);
    for part in
        [&signer, "not proven to be on any chain", "not from the receipt", "bouya block show 3", "--trust"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    let (head, tail) = (&anchor[..8], &anchor[60..]);
    assert!(!told.contains(head) && !told.contains(&format!("…{tail}")), "the receipt's own hash in {told}");
    assert!(!told.contains("PROVEN"), "{told}");

    let trusted = node.run(&format!("receipt verify receipt --trust {anchor}"));
    ended(&trusted, 0);
    assert!(out(&trusted).contains("PROVEN, because you trust block 3"), "{}", out(&trusted));
    // The beginning of a hash proves nothing: somebody with much time can make a block that begins so.
    ended(&node.run(&format!("receipt verify receipt --trust {head}")), 2);
}

/// A network of alice, bob, carol and dave. Key 9, which mines, is dave's.
fn four(name: &str) -> Genesis {
    let named = |(id, key): (&str, u8)| Member { id: id.parse().unwrap(), ..testing::member(key) };
    let members = [("dave", 9), ("alice", 1), ("bob", 2), ("carol", 3)].map(named).into();
    Genesis::new(NetworkSpec { members, ..testing::spec(name, 1_000) }).unwrap()
}

#[test]
fn a_receipt_of_a_final_block_needs_only_the_definition() {
    let mut network = testing::Node::of(four("acme").into());
    let transaction = network.pay(1, 0, 2, 500);
    for transactions in [vec![transaction], vec![], vec![], vec![]] {
        network.mine(transactions);
    }
    let node = nobody();
    let write = |name: &str, text: &str| fs::write(node.home.path().join(name), text).unwrap();
    let receipt = |network: &testing::Node, anchor| {
        let made = network.receipt(1, 0, anchor).unwrap();
        bouya_client::receipt::write(&made)
    };
    write("network.toml", &NetworkFile::render(&four("acme").spec, 1));
    write("other.toml", &NetworkFile::render(&four("other").spec, 1));
    write("private", &receipt(&network, 3));
    network.finalize(3, &[9]);
    write("alone", &receipt(&network, 3));
    network.finalize(3, &[1, 2, 9]);
    write("receipt", &receipt(&network, 3));

    let proven = node.run("receipt verify receipt --network network.toml");
    ended(&proven, 0);
    for part in [
        "PROVEN, because block 3",
        "is final on the network \"acme\"",
        "signed by alice, bob, dave; true unless at least 2 of alice, bob, carol, dave signed two histories",
        "it is in block 1",
    ] {
        assert!(out(&proven).contains(part), "{part} in {}", out(&proven));
    }
    let proven = node.run("receipt verify receipt --network network.toml --json");
    ended(&proven, 0);
    let told = json!({ "network": "acme", "signers": ["alice", "bob", "dave"], "members": ["alice", "bob", "carol", "dave"], "guilty": 2, "changes": [] });
    assert_eq!((&read(&proven)["proven"], &read(&proven)["final"]), (&json!(true), &told));

    for (line, code, why) in [
        ("private --network network.toml", 1, "has no certificate"),
        ("private --network network.toml", 1, "--trust HASH"),
        ("alone --network network.toml", 1, "1 of 3 signatures"),
        ("receipt --network other.toml", 1, "give that network's network.toml"),
        ("receipt --network missing.toml", 2, "missing.toml"),
        ("receipt", 1, "--network network.toml"),
    ] {
        let refused = node.run(&format!("receipt verify {line}"));
        ended(&refused, code);
        assert!(err(&refused).contains(why), "{why} in {}", err(&refused));
        assert!(!out(&refused).contains("PROVEN"), "{}", out(&refused));
    }
}

#[test]
fn a_final_proof_is_fetched_and_verified_with_nothing_but_the_definition() {
    let mut network = testing::Node::of(four("acme").into());
    for _ in 0..3 {
        network.mine(vec![]);
    }
    network.finalize(2, &[1, 2, 9]);
    let certificate = network.world().finalized().unwrap().unwrap();
    let block = certificate.link.source.block;
    let header = network.world().record(&block).unwrap().unwrap().header;
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let checkpoint =
        |epoch: u64| json!({ "epoch": epoch.to_string(), "height": 2, "hash": block.to_string() });
    let newest = json!({
        "set": certificate.link.set.to_string(), "source": checkpoint(2), "target": checkpoint(3),
        "signers": [], "certificate": hex(&encode(&certificate)), "header": hex(&encode(&header)),
        "handovers": [], "missing": null,
    });
    let mut told = status();
    told.network.id = network.network().to_string();
    let node = Node::new(move |line, _| match line {
        "GET /v1/status" => (200, json(&told)),
        _ => (200, newest.to_string()),
    });
    let home = node.home.path();
    fs::write(home.join("network.toml"), NetworkFile::render(&four("acme").spec, 1)).unwrap();
    fs::write(home.join("other.toml"), NetworkFile::render(&four("other").spec, 1)).unwrap();
    let made = node.run("final proof --out acme.final");
    ended(&made, 0);
    assert!(err(&made).contains("bouya receipt verify acme.final --network network.toml"), "{}", err(&made));
    let text = fs::read_to_string(home.join("acme.final")).unwrap();
    assert_eq!(out(&node.run("final proof")), format!("{text}\n"));

    let proven = node.run("receipt verify acme.final --network network.toml");
    ended(&proven, 0);
    for part in [
        format!("PROVEN: block 2 ({block}) is final on the network \"acme\""),
        "signed by alice, bob, dave; true unless at least 2 of alice, bob, carol, dave signed two histories"
            .into(),
    ] {
        assert!(out(&proven).contains(&part), "{part} in {}", out(&proven));
    }
    let proven = read(&node.run("receipt verify acme.final --network network.toml --json"));
    assert_eq!((&proven["proven"], &proven["final"]["guilty"]), (&json!(true), &json!(2)));
    assert_eq!(proven["block"]["hash"], block.to_string());

    fs::write(home.join("changed"), text.replace("bouya final 1", "bouya final 2")).unwrap();
    for (line, code, why) in [
        ("acme.final", 1, "--network network.toml"),
        ("acme.final --network other.toml", 1, "give that network's network.toml"),
        ("acme.final --network network.toml --document network.toml", 2, "leave out --trust and --document"),
        ("changed --network network.toml", 1, "this version of bouya reads \"bouya final 1\""),
    ] {
        let refused = node.run(&format!("receipt verify {line}"));
        ended(&refused, code);
        assert!(err(&refused).contains(why), "{why} in {}", err(&refused));
        assert!(!out(&refused).contains("PROVEN"), "{}", out(&refused));
    }
}
