//! The explorer's files; what browsers make of them is tested in `tests/browser`.

use std::collections::BTreeSet;

use super::super::explorer::{ASSETS, PAGES};
use super::harness::Node;

/// What a file refers to: quoted paths of the page, and what a module imports.
fn references(path: &str, text: &str) -> Vec<String> {
    let quoted: Vec<_> = text.split('"').skip(1).step_by(2).collect();
    let assets = quoted.iter().filter(|name| name.starts_with("/assets/")).map(|name| (*name).to_owned());
    let imports = text.lines().filter(|line| line.starts_with("import ")).map(|line| {
        let (mut folder, mut name) =
            (path.rsplit_once('/').unwrap().0, line.split('"').nth(1).expect("a quoted module"));
        if let Some(above) = name.strip_prefix("../") {
            (folder, name) = (folder.rsplit_once('/').unwrap().0, above);
        }
        format!("{folder}/{}", name.trim_start_matches("./"))
    });
    assets.chain(imports).collect()
}

#[test]
fn the_pages_load_only_what_is_here_and_all_of_it() {
    let node = Node::start();
    let (mut waiting, mut seen) = (vec!["/".to_owned()], BTreeSet::new());
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = node.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), kind, "{path}");
        let text = answer.text().replace("http://www.w3.org/2000/svg", "");
        let foreign = [
            "http://",
            "https://",
            "src=\"//",
            "@import",
            "url(",
            " onclick",
            "style=\"",
            "innerHTML",
            "eval(",
        ];
        for foreign in foreign {
            assert!(!text.contains(foreign), "{path} holds {foreign}");
        }
        waiting.extend(references(&path, &text));
    }
    seen.remove("/");
    assert_eq!(seen, ASSETS.iter().map(|asset| asset.path.to_owned()).collect(), "nothing is left over");
}

#[test]
fn every_page_is_the_same_document_and_the_modules_know_the_same_pages() {
    let node = Node::start();
    let (page, modules) = (node.get("/").text(), node.get("/assets/app.js").text());
    for path in PAGES {
        let (first, name) = path[1..].split_once('/').map_or((&path[1..], ""), |(first, _)| (first, "/name"));
        assert_eq!(node.get(&format!("/{first}{name}")).text(), page, "{path}");
        let pattern = format!("[/^\\/{first}{}$/,", if name.is_empty() { "" } else { "\\/([^/]+)" });
        assert!(modules.contains(&pattern), "{pattern}");
    }
    assert_eq!(modules.matches("  [/^").count(), PAGES.len() + 1, "the overview is the one more");
}

#[test]
fn a_file_that_a_browser_has_is_not_sent_again() {
    let node = Node::start();
    let tag = node.get("/assets/app.js").header("etag").to_owned();
    let again = |tag: &str| node.send("GET", "/assets/app.js", &format!("If-None-Match: {tag}\r\n"), b"");
    let answer = again(&tag);
    assert_eq!((answer.status, answer.text().as_str(), answer.header("etag")), (304, "", tag.as_str()));
    assert_eq!(again("\"of before an update\"").status, 200);
}

#[test]
fn people_get_a_page_that_says_what_is_not_there_and_programs_a_problem() {
    let node = Node::start();
    let page = node.get("/").text();
    let browser =
        |path: &str| node.send("GET", path, "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", b"");
    for path in ["/no/such/page", "/agreement/", "/wp-admin"] {
        let answer = browser(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "text/html; charset=utf-8"),
            "{path}"
        );
        assert_eq!(answer.text(), page, "{path}");
        node.get(path).problem(404, "not-found");
    }
    browser("/v1/nothing").problem(404, "not-found");
}
