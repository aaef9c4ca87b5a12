//! The API's description.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::openapi;
use super::super::views::*;
use super::harness::Node;

/// The routes, those that take the token marked.
const ROUTES: [(&str, &str, bool); 45] = [
    ("get", "/healthz", false),
    ("get", "/metrics", false),
    ("get", "/readyz", false),
    ("get", "/v1/accounts/{address}", false),
    ("get", "/v1/accounts/{address}/transactions", false),
    ("get", "/v1/agreements", false),
    ("get", "/v1/agreements/{id}", false),
    ("get", "/v1/blacklist", false),
    ("put", "/v1/blacklist/{id}", true),
    ("delete", "/v1/blacklist/{id}", true),
    ("get", "/v1/blocks", false),
    ("get", "/v1/blocks/{reference}", false),
    ("get", "/v1/blocks/{reference}/raw", false),
    ("get", "/v1/contracts", false),
    ("get", "/v1/contracts/{address}", false),
    ("get", "/v1/contracts/{address}/abi", false),
    ("get", "/v1/contracts/{address}/code", false),
    ("get", "/v1/contracts/{address}/events", false),
    ("get", "/v1/contracts/{address}/slots", false),
    ("post", "/v1/contracts/{address}/view", false),
    ("get", "/v1/events", false),
    ("get", "/v1/feed", false),
    ("get", "/v1/feed/stream", false),
    ("get", "/v1/finality", false),
    ("get", "/v1/finality/certificate", false),
    ("post", "/v1/finality/resume", true),
    ("get", "/v1/members", false),
    ("get", "/v1/members/history", false),
    ("get", "/v1/members/history/{height}/proof", false),
    ("post", "/v1/mine", true),
    ("get", "/v1/motions", false),
    ("get", "/v1/motions/{id}", false),
    ("get", "/v1/peers", false),
    ("post", "/v1/peers", true),
    ("delete", "/v1/peers/{id}", true),
    ("post", "/v1/reach", true),
    ("post", "/v1/receipts", false),
    ("get", "/v1/records", false),
    ("get", "/v1/snapshot", true),
    ("get", "/v1/status", false),
    ("get", "/v1/transactions", false),
    ("post", "/v1/transactions", false),
    ("post", "/v1/transactions/check", false),
    ("get", "/v1/transactions/{id}", false),
    ("get", "/v1/transactions/{id}/receipt", false),
];

#[test]
fn the_file_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let code = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("BOUYA_WRITE_OPENAPI").is_some_and(|value| value == "1") {
        std::fs::write(&path, &code).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        file == code,
        "docs/openapi.json is not what the code describes; write it anew: \
         BOUYA_WRITE_OPENAPI=1 cargo test -p bouya --lib http::tests::description"
    );
}

#[test]
fn the_node_serves_it() {
    let node = Node::start();
    let served = node.json("/openapi.json");
    let code: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    assert_eq!(served, code);
}

#[test]
fn every_route_is_described_with_its_errors() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let (mut described, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.clone(), path.clone()));
            let name = format!("{method} {path}");
            for text in ["summary", "operationId"] {
                assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{name}: {text}");
            }
            assert!(names.insert(operation["operationId"].to_string()), "{name}: another is called the same");
            check_responses(&name, operation);
        }
    }
    let expected =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, expected);
    for (method, path, token) in ROUTES {
        let operation = &document["paths"][path][method];
        let responses = &operation["responses"];
        let secured = operation["security"][0]["token"].is_array();
        assert_eq!((secured, responses["401"].is_object()), (token, token), "{method} {path}");
        let takes = operation["parameters"].is_array() || operation["requestBody"].is_object();
        assert_eq!(responses["400"].is_object(), takes, "{method} {path}");
        assert_eq!(responses["413"].is_object(), operation["requestBody"].is_object(), "{method} {path}");
    }
}

fn check_responses(name: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    for always in ["403", "500", "503"] {
        assert!(responses.contains_key(always), "{name}: {always} may always be the answer");
    }
    let good = responses.keys().filter(|status| status.starts_with('2')).count();
    assert_eq!(good, 1, "{name}");
    for (status, response) in responses {
        assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}: describe it");
        if status.starts_with('2') {
            continue;
        }
        let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
    }
}

#[test]
fn nothing_refers_to_what_is_not_described() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let mut waiting = vec![&document];
    let mut seen = 0;
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    let found = document.pointer(target.trim_start_matches('#'));
                    assert!(found.is_some(), "{target} is not described");
                    seen += 1;
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => (),
        }
    }
    assert!(seen > 20);
}

/// What programs compare: each word is described, written, read and shown alike.
fn words<T: Serialize + DeserializeOwned + Display>(document: &Value, words: &[&str]) {
    let name = std::any::type_name::<T>().rsplit("::").next().unwrap();
    assert_eq!(document["components"]["schemas"][name]["enum"], json!(words), "{name}");
    for word in words {
        let state: T = serde_json::from_value(json!(word)).unwrap();
        assert_eq!(serde_json::to_value(&state).unwrap(), json!(word), "{name}");
        assert_eq!(state.to_string(), *word, "{name}");
    }
}

#[test]
fn closed_sets_list_their_words() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let states = [
        "ready",
        "held",
        "stalled",
        "unwritten",
        "silent",
        "not-listed",
        "alone",
        "syncing",
        "starting",
        "clock-off",
        "tip-ahead",
        "disk-full",
        "outdated",
        "refuses-final",
        "two-histories",
        "certificate-not-yet-valid",
        "certificate-expired",
        "certificate-revoked",
        "removed",
    ];
    words::<NodeState>(&document, &states);
    words::<PeerStatus>(&document, &["known", "dialing", "connected", "backoff", "banned"]);
    words::<PeerDirection>(&document, &["in", "out"]);
    let reach = ["connected", "refused", "no-answer", "stranger", "cannot", "later", "waiting", "unable"];
    words::<Reach>(&document, &reach);
    words::<BlacklistSource>(&document, &["config", "operator", "ban"]);
    words::<TransactionStatus>(&document, &["pending", "confirmed"]);
    words::<AgreementStatus>(&document, &["open", "effective", "refused", "withdrawn", "expired"]);
    words::<PartyAnswer>(&document, &["signed", "refused"]);
    words::<Response>(&document, &["sign", "refuse"]);
    words::<MovementDirection>(&document, &["in", "out", "self", "reward"]);
    let actions = [
        "transfer", "record", "propose", "respond", "withdraw", "motion", "ballot", "keys", "deploy", "call",
        "reward",
    ];
    words::<MovementAction>(&document, &actions);
}

#[test]
fn a_parameter_is_where_it_is_described() {
    let description: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let mut queries = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let in_path = path.contains(&format!("{{{name}}}"));
                let place = match name {
                    "Last-Event-ID" => "header",
                    _ if in_path => "path",
                    _ => "query",
                };
                assert_eq!(parameter["in"], place, "{method} {path}: {name}");
                assert_eq!(parameter["required"], in_path, "{method} {path}: {name}");
                queries += usize::from(place == "query");
            }
        }
    }
    assert!(queries >= 12, "{queries}");
}

/// Texts that may be anything, mostly for people.
const FREE: [&str; 9] = ["agent", "ca", "detail", "host", "next", "obstacle", "reason", "version", "why"];

#[test]
fn texts_say_what_they_are_and_numbers_how_large() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut checked = 0;
    for (schema, name, value) in schemas.iter().flat_map(|(schema, described)| {
        let properties = described["properties"].as_object().into_iter().flatten();
        properties.map(move |(name, value)| (schema, name, value))
    }) {
        let value = if value["type"] == "array" { &value["items"] } else { value };
        let is = |kind: &str| {
            let kinds = &value["type"];
            kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
        };
        let has = |word: &str| !value[word].is_null();
        if is("string") {
            let known = ["enum", "pattern", "format", "maxLength"].iter().any(|word| has(word));
            assert!(
                known || FREE.contains(&name.as_str()),
                "{schema}.{name}: description/kinds.rs tells what it is"
            );
        }
        assert!(!is("integer") || (has("minimum") && has("maximum")), "{schema}.{name}");
        checked += 1;
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn each_variant_of_a_union_has_a_name_and_says_which_it_is() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    assert!(!schemas.to_string().contains("\"allOf\""));
    for union in ["Action", "Event", "MemberChange"] {
        let discriminator = &schemas[union]["discriminator"];
        assert_eq!(discriminator["propertyName"], "type");
        let variants = schemas[union]["oneOf"].as_array().unwrap();
        let mapping = discriminator["mapping"].as_object().unwrap();
        assert_eq!(mapping.len(), variants.len());
        for (tag, target) in mapping {
            assert!(variants.contains(&json!({ "$ref": target })), "{union} {tag}");
            let variant = document.pointer(target.as_str().unwrap().trim_start_matches('#')).unwrap();
            assert_eq!(variant["properties"]["type"]["enum"], json!([tag]));
        }
    }
    assert_eq!(schemas["ActionRecord"]["properties"]["hash"]["type"], "string", "what is flattened is in it");
}
