//! The catalogue of problems, and what a problem tells programs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bouya_core::testing::pay;
use serde_json::{Value, json};

use super::super::openapi;
use super::super::problem::{Name, Problem};
use super::super::views;
use super::harness::Node;

/// The rows of the table in docs/API.md: name, status, and the fields.
fn rows() -> BTreeMap<String, (u16, BTreeSet<String>)> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API.md")).unwrap();
    let (_, table) = page.split_once("\n| `urn:bouya:` |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, status, means, todo, fields] = cells[..] else { panic!("five cells: {line}") };
        assert!(!means.is_empty() && !todo.is_empty(), "{line}");
        let fields = fields.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (name.trim_matches('`').to_owned(), (status.parse().unwrap(), fields))
    };
    rows.map(row).collect()
}

#[test]
fn the_catalogue_has_each_problem_with_its_status() {
    let told: BTreeMap<String, u16> = rows().into_iter().map(|(name, (status, _))| (name, status)).collect();
    let known = Name::ALL.iter().map(|name| {
        let short = name.urn().strip_prefix("urn:bouya:").unwrap();
        (short.to_owned(), name.status().as_u16())
    });
    assert_eq!(told, known.collect());
}

#[test]
fn the_catalogue_has_each_field_where_the_description_says() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let properties = document["components"]["schemas"]["Problem"]["properties"].as_object().unwrap();
    let all = ["type", "title", "status", "detail"];
    let fields = properties.iter().filter(|(field, _)| !all.contains(&field.as_str()));
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (field, schema) in fields {
        let (names, _) = schema["description"].as_str().unwrap().split_once(':').unwrap();
        for name in names.split('`').skip(1).step_by(2) {
            described.entry(name.to_owned()).or_default().insert(field.clone());
        }
    }
    let told = rows().into_iter().map(|(name, (_, fields))| (name, fields));
    assert_eq!(told.filter(|(_, fields)| !fields.is_empty()).collect::<BTreeMap<_, _>>(), described);
}

#[test]
fn a_refused_transaction_tells_what_would_do() {
    let node = Node::start();
    let spec = &node.api.genesis;
    let waiting = pay(spec, 1, 0, 2, 500, 1_000);
    assert_eq!(node.submit(&waiting).status, 202);
    let told = |answer: super::client::Answer, name: &str, fields: Value| {
        answer.problem(answer.status, name);
        let mut said = answer.json();
        for usual in ["type", "title", "status", "detail"] {
            said.as_object_mut().unwrap().remove(usual);
        }
        assert_eq!(said, fields, "{name}");
    };
    let by = waiting.id().to_string();
    told(node.submit(&pay(spec, 1, 7, 2, 500, 1_000)), "wrong-nonce", json!({ "expected_nonce": 1 }));
    told(node.submit(&pay(spec, 1, 0, 2, 900, 1_000)), "nonce-taken", json!({ "next_nonce": 1, "by": by }));
    let dear = node.submit(&pay(spec, 1, 1, 2, u64::MAX / 2, 1_000)).json();
    assert_eq!(dear["type"], "urn:bouya:insufficient-balance");
    assert!(dear["balance"].is_string() && dear["cost"].is_string(), "{dear}");
    let cheap = node.submit(&pay(spec, 1, 1, 2, 500, 0)).json();
    assert_eq!((&cheap["type"], cheap["least_fee"].is_string()), (&json!("urn:bouya:low-fee"), true));
    node.mine();
    told(node.submit(&waiting), "confirmed", json!({ "height": 1 }));
}

#[test]
fn what_was_pruned_names_the_lowest_block_that_is_kept() {
    let problem = views::Problem::from(Problem::pruned("block 3", 9));
    assert_eq!((problem.r#type.as_str(), problem.values.lowest), ("urn:bouya:pruned", Some(9)));
}
