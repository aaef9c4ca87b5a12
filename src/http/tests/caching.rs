//! What clients need not get twice.

use super::client::Answer;
use super::harness::Node;

fn with(node: &Node, path: &str, tag: &str) -> Answer {
    node.send("GET", path, &format!("If-None-Match: {tag}\r\n"), b"")
}

#[test]
fn an_answer_that_a_client_has_is_not_sent_again_until_it_changes() {
    let node = Node::start();
    node.pay(1, 0, 2, 5);
    node.mine();
    for path in
        ["/v1/blocks/1", "/v1/blocks", "/v1/feed?until=confirmed", "/openapi.json", "/v1/blocks/1/raw"]
    {
        let first = node.get(path);
        let tag = first.header("etag").to_owned();
        let again = with(&node, path, &tag);
        assert_eq!((again.status, again.header("etag"), again.body.len()), (304, tag.as_str(), 0), "{path}");
        assert_eq!(with(&node, path, &format!("\"other\", {}", tag.trim_start_matches("W/"))).status, 304);
        assert_eq!(with(&node, path, "\"other\"").body, first.body, "{path}");
    }
    let before = node.get("/v1/blocks/1").header("etag").to_owned();
    node.mine();
    assert_eq!(with(&node, "/v1/blocks/1", &before).status, 200, "it has a confirmation more");
}

#[test]
fn only_what_can_never_mean_anything_else_is_kept_for_ever() {
    let node = Node::start();
    node.mine();
    let hash = node.json("/v1/blocks/1")["hash"].as_str().unwrap().to_owned();
    let caching = |path: &str| node.get(path).header("cache-control").to_owned();
    assert!(caching(&format!("/v1/blocks/{hash}/raw")).contains("immutable"));
    for path in [
        &format!("/v1/blocks/{}/raw", &hash[..12]),
        "/v1/blocks/1/raw",
        "/v1/blocks/latest/raw",
        "/v1/blocks/1",
    ] {
        assert_eq!(caching(path), "private, no-cache", "{path}");
    }
    assert_eq!(caching("/v1/blocks/9"), "no-store", "what is not there may come");
}

#[test]
fn text_is_compressed_for_those_who_take_it() {
    let node = Node::start();
    node.mine();
    let ask = |path: &str, takes: &str| node.send("GET", path, &format!("Accept-Encoding: {takes}\r\n"), b"");
    for path in ["/openapi.json", "/assets/app.js", "/v1/status"] {
        let small = ask(path, "gzip, deflate, br");
        assert_eq!((small.status, small.header("content-encoding")), (200, "gzip"), "{path}");
        assert!(small.header("vary").to_ascii_lowercase().contains("accept-encoding"), "{path}");
        let whole = ask(path, "identity");
        assert_eq!(whole.find("content-encoding"), None, "{path}");
        assert!(small.body.len() < whole.body.len(), "{path}: {} of {}", small.body.len(), whole.body.len());
    }
    assert_eq!(ask("/v1/blocks/1/raw", "gzip").find("content-encoding"), None);
    assert_eq!(ask("/healthz", "gzip").find("content-encoding"), None);
}
