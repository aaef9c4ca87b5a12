//! The documents as one page: complete, with links that lead somewhere, and with nothing from elsewhere.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn page() -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/documents/build");
    let made = Command::new("python3").arg(script).arg(&file).output().expect("python3 is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::read_to_string(file).unwrap()
}

/// What stands between `start` and the next `end`, wherever that is.
fn between<'a>(text: &'a str, start: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap())
}

/// Without tags, marks of code and emphasis, and what HTML must write in another way.
fn plain(text: &str) -> String {
    let mut bare = String::new();
    let mut tag = false;
    for letter in text.chars() {
        match letter {
            '<' => tag = true,
            '>' if tag => tag = false,
            '`' | '*' => (),
            letter if !tag => bare.push(letter),
            _ => (),
        }
    }
    bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The headings of a Markdown file, without links.
fn headings(path: &Path) -> Vec<String> {
    let (text, mut code) = (fs::read_to_string(path).unwrap(), false);
    let mut found = Vec::new();
    for line in text.lines() {
        code ^= line.starts_with("```");
        if let Some((marks, heading)) = line.split_once(' ').filter(|_| !code)
            && !marks.is_empty()
            && marks.bytes().all(|byte| byte == b'#')
        {
            found.push(plain(heading));
        }
    }
    assert!(!found.is_empty(), "{} has no heading", path.display());
    found
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_no_other_host_is_asked() {
    let page = page();
    let ids: Vec<&str> = between(&page, " id=\"", '"').collect();
    let names: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), names.len(), "a name stands twice");
    let links: Vec<&str> = between(&page, "href=\"#", '"').collect();
    assert!(links.len() > 200, "{}", links.len());
    for link in links {
        assert!(names.contains(link), "a link leads to #{link}, which is not there");
    }
    for link in between(&page, "href=\"", '"') {
        assert!(link.starts_with('#') || link.starts_with("https://"), "{link}");
    }
    assert!(between(&page, " src=\"", '"').all(|source| source.starts_with("data:")));
    for elsewhere in ["<link", "@import", "url(", "<script src"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn every_heading_of_every_document_is_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page();
    let lines: Vec<String> =
        page.lines().filter(|line| line.starts_with("<h") && !line.starts_with("<ht")).map(plain).collect();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let others = ["README.md", "README.fr.md", "SECURITY.md"].map(|name| root.join(name));
    let mut count = 0;
    for path in docs.chain(others) {
        for heading in headings(&path) {
            assert!(lines.contains(&heading), "{}: \"{heading}\" is not in the page", path.display());
            count += 1;
        }
    }
    assert_eq!(lines.len(), count, "the page has headings that no document has");
}

/// What the documents write must be in the part of Markdown that the page knows.
#[test]
fn no_mark_of_markdown_is_left() {
    let page = page();
    let (text, _) = page.split_once("<script>").unwrap();
    let (_, text) = text.split_once("<main>").unwrap();
    // Code may hold anything.
    let mut bare = String::new();
    for part in text.split("<code>") {
        bare += part.split_once("</code>").map_or(part, |(_, after)| after);
    }
    for mark in ["](", "**", "```", "\n| ", "|---", "\n- ", "\n# "] {
        let at = bare.find(mark);
        assert_eq!(at.map(|at| bare[at..].chars().take(80).collect::<String>()), None, "{mark}");
    }
}
