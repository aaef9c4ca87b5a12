//! The house rules that a compiler does not know, read from the sources. Each failure names the fix.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file, its lines up to its inline tests.
struct Source {
    path: String,
    lines: Vec<String>,
    all_lines: usize,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no sources below {folder}");
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let end = lines.iter().position(|line| line.starts_with("mod tests {")).unwrap_or(lines.len());
            let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            Source { path, all_lines: lines.len(), lines: lines[..end].to_vec() }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || path.contains("/tests/")
        || path.ends_with("/testing.rs")
        || path.contains("/testing/")
}

/// The modules of `crate` that a file imports or names, by first segment.
fn named(source: &Source, crate_name: &str) -> Vec<String> {
    let start = format!("{crate_name}::");
    let mut modules = Vec::new();
    for line in &source.lines {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for (at, _) in line.match_indices(&start) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &line[at + start.len()..];
            let module: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !module.is_empty() {
                modules.push(module);
            }
            // `use crate::{a, b}` on one line.
            if let Some(list) = rest.strip_prefix('{') {
                let list = list.split('}').next().unwrap();
                modules
                    .extend(list.split(',').map(|item| item.trim().split("::").next().unwrap().to_owned()));
            }
        }
    }
    modules
}

#[test]
fn core_modules_know_only_lower_ranks() {
    let rank = |module: &str| match module {
        "limits" | "time" | "codec" | "crypto" | "random" => Some(0),
        "code" | "id" | "passphrase" | "recent" => Some(1),
        "ledger" => Some(2),
        "mempool" | "wire" | "finality" => Some(3),
        "overlay" => Some(4),
        "node" => Some(5),
        _ => None,
    };
    for source in sources("src/core").iter().filter(|source| !is_test(&source.path)) {
        let own = source.path.trim_start_matches("src/core/");
        let own = own.split(['/', '.']).next().unwrap();
        if ["lib", "testing"].contains(&own) {
            continue;
        }
        let own_rank = rank(own)
            .unwrap_or_else(|| panic!("{}: give its module a rank, here and in core's lib.rs", source.path));
        for module in named(source, "crate") {
            let fine = module == own || rank(&module).is_none_or(|other| other < own_rank);
            assert!(
                fine,
                "{}: rank {own_rank} may not know {module}; move what it needs down, or itself up",
                source.path
            );
        }
    }
}

#[test]
fn the_core_depends_on_nothing_that_does_io() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let allowed = [
        "bech32",
        "borsh",
        "chacha20",
        "data-encoding",
        "ed25519-dalek",
        "ed25519-zebra",
        "rand_core",
        "ruint",
        "serde",
        "serde_json",
        "sha2",
        "thiserror",
        "wasmi",
        "wasmi_core",
        "wasmparser",
    ];
    for line in section.lines().filter(|line| line.contains('=')) {
        let name = line.split(['.', ' ', '=']).next().unwrap();
        assert!(
            allowed.contains(&name),
            "the core may not depend on {name}: do that in the shell and pass the result in"
        );
    }
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]"), "the core stays no_std, so that no clock, file or socket slips in");
    let mut with_std = sources("src/core");
    with_std.retain(|source| source.lines.iter().any(|line| line == "extern crate std;"));
    let with_std: Vec<_> = with_std.into_iter().map(|source| source.path).collect();
    // What ends a panic; and tests, in the root.
    assert_eq!(with_std, ["src/core/ledger/contract/machine/caught.rs", "src/core/lib.rs"]);
}

#[test]
fn shell_modules_keep_to_their_neighbours() {
    // Who may know whom. A module that is not listed here may know any but the composition root.
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("abi", &[][..]),
        ("actor", &[]),
        ("clock", &[]),
        ("contract_project", &[]),
        ("proxy", &[]),
        ("events", &[]),
        ("health", &["clock", "events"]),
        ("workers", &[]),
        ("telemetry", &[]),
        ("files", &[]),
        ("short", &[]),
        ("wallet", &["files"]),
        ("backup", &["files", "wallet"]),
        ("store", &["files"]),
        ("importer", &["chain", "clock", "store", "workers"]),
        ("verify", &["chain", "importer", "store", "workers"]),
        ("config", &["clock", "miner", "proxy", "store", "telemetry"]),
        ("chain", &["actor", "clock", "events", "mempool", "store", "workers"]),
        ("mempool", &["actor", "clock", "events", "store", "workers"]),
        ("miner", &["actor", "chain", "clock", "health", "mempool"]),
        ("voter", &["actor", "chain", "clock", "events", "files", "store", "wallet"]),
        (
            "net",
            &["actor", "chain", "clock", "events", "files", "mempool", "miner", "proxy", "store", "voter"],
        ),
        (
            "http",
            &[
                "abi",
                "actor",
                "archive",
                "chain",
                "clock",
                "descriptors",
                "events",
                "health",
                "mempool",
                "miner",
                "net",
                "short",
                "store",
                "voter",
                "wallet",
            ],
        ),
    ]);
    for source in sources("src").iter().filter(|s| !is_test(&s.path) && !s.path.starts_with("src/core/")) {
        let own = source.path.trim_start_matches("src/").split(['/', '.']).next().unwrap().to_owned();
        for module in
            named(source, "crate").into_iter().filter(|module| *module != own && module != "testing")
        {
            if let Some(allowed) = allowed.get(own.as_str()) {
                let fine = allowed.contains(&module.as_str());
                assert!(
                    fine,
                    "{}: {own} may not know {module}; pass what it needs in, or wire it in node.rs",
                    source.path
                );
            }
            let composes = ["main", "lib", "devnet", "cli"].contains(&own.as_str());
            assert!(
                module != "node" || composes,
                "{}: only cli and devnet know the composition root",
                source.path
            );
            let client = ["cli", "main", "lib"].contains(&own.as_str());
            assert!(module != "cli" || client, "{}: nobody knows the command line", source.path);
        }
    }
}

/// Whether an attribute keeps a test from running, always or in some builds.
fn is_condition(attribute: &str) -> bool {
    ["#[ignore", "#[cfg(", "#[cfg_attr("].iter().any(|start| attribute.starts_with(start))
}

/// What SECURITY.md promises is shown by tests that it names, `path::name`; they run with all others. And files that it names are there.
#[test]
fn the_tests_that_security_md_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named = text.split('`').filter(|word| ["tests/", "src/"].iter().any(|root| word.starts_with(root)));
    let mut tests = 0;
    for word in named {
        let (path, name) = word.split_once("::").map_or((word, None), |(path, name)| (path, Some(name)));
        assert!(root.join(path).exists(), "SECURITY.md names {path}, which is not there");
        if let Some(name) = name {
            tests += 1;
            let source = fs::read_to_string(root.join(path)).unwrap();
            let Some((before, _)) = source.split_once(&format!("fn {name}(")) else {
                panic!("SECURITY.md names {word}, which is not there");
            };
            let above = before.rsplit_once('\n').unwrap().0.lines().rev().map(str::trim);
            let attributes: Vec<&str> = above.take_while(|line| !line.is_empty()).collect();
            let is_test = attributes.iter().any(|line| line.ends_with("test]") || line.contains("test("));
            assert!(is_test, "SECURITY.md names {word}, which is no test");
            let runs = !attributes.iter().any(|line| is_condition(line));
            assert!(runs, "SECURITY.md names {word}, which does not run with all others");
        } else if path.ends_with(".rs") {
            let source = fs::read_to_string(root.join(path)).unwrap();
            let runs = !source.lines().any(|line| is_condition(line.trim()));
            assert!(runs, "SECURITY.md names {path}, and not all of it runs with all others");
        }
    }
    assert!(tests > 50, "SECURITY.md names only {tests} tests: has its form changed?");
}

/// Files that the documents name in code type are there: a reader who follows a name finds it.
#[test]
fn the_files_that_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let pages =
        pages.map(|name| format!("docs/{}", name.to_str().unwrap())).filter(|name| name.ends_with(".md"));
    for page in pages.chain(["README.md".to_owned()]) {
        let text = fs::read_to_string(root.join(&page)).unwrap();
        let is_file = |word: &&str| {
            ["src/", "tests/", "tools/"].iter().any(|root| word.starts_with(root))
                && !word.contains([' ', '\n', '*'])
        };
        for word in text.split('`').filter(is_file) {
            assert!(root.join(word).exists(), "{page} names {word}, which is not there");
        }
    }
}

#[test]
fn an_id_is_proven_in_one_place() {
    for source in sources("src").iter().filter(|source| !is_test(&source.path)) {
        if source.path == "src/net/tls.rs" || source.path.starts_with("src/net/tls/") {
            continue;
        }
        for line in &source.lines {
            let makes = line.contains("Verified {") && !line.contains("pub struct") && !line.contains("impl");
            assert!(
                !makes,
                "{}: Verified is made only in net/tls.rs, where the certificate was checked",
                source.path
            );
        }
    }
}

#[test]
fn signatures_are_verified_through_one_door() {
    for source in sources("src").iter().filter(|source| !source.path.starts_with("src/core/crypto")) {
        for line in &source.lines {
            let direct = ["ed25519_zebra::", "ed25519_dalek::", "curve25519_dalek::"]
                .iter()
                .any(|one| line.contains(one));
            assert!(
                !direct,
                "{}: use core's crypto module, so that one rule decides what a valid signature is",
                source.path
            );
        }
    }
}

#[test]
fn what_holds_a_secret_does_not_derive_debug() {
    // Types that print what they hold, and fields that are secrets by their name. `SecretKey`, `Passphrase` and `Token` print no secret.
    let secrets = ["Zeroizing", "SigningKey", "PrivateKeyDer", "KeyPair", "passphrase: String", "_seed: "];
    for source in ["src", "tools"].iter().flat_map(|folder| sources(folder)).filter(|s| !is_test(&s.path)) {
        let mut derives = false;
        let mut lines = source.lines.iter().map(|line| line.trim());
        while let Some(line) = lines.next() {
            if line.starts_with("#[derive(") {
                derives = line.contains("Debug");
            }
            let words: Vec<&str> = line.split([' ', '(', '<', '{']).collect();
            if !words.iter().take(3).any(|word| ["struct", "enum", "type"].contains(word)) {
                continue;
            }
            let mut body = line.to_owned();
            if line.ends_with('{') {
                body.extend(lines.by_ref().take_while(|line| *line != "}"));
            }
            let alias = words.contains(&"type") && line.starts_with("pub");
            let secret = secrets.iter().find(|secret| body.contains(*secret));
            assert!(
                secret.is_none() || !(derives || alias),
                "{}: {line}: holds a secret ({}); write its Debug by hand, without it",
                source.path,
                secret.unwrap_or(&"")
            );
            derives = false;
        }
    }
}

#[test]
fn tls_secrets_are_written_nowhere() {
    for source in ["src", "tools"].iter().flat_map(|folder| sources(folder)) {
        for line in &source.lines {
            let logs = line.contains("KeyLog") || line.contains("key_log");
            assert!(
                !logs,
                "{}: TLS sessions' secrets stay in memory, whatever SSLKEYLOGFILE says",
                source.path
            );
        }
    }
}

#[test]
fn consensus_is_integers_in_a_fixed_order() {
    let rules = |path: &str| {
        let files = ["codec", "crypto", "time", "limits", "id"];
        ["src/core/ledger", "src/core/limits/"].iter().any(|folder| path.starts_with(folder))
            || files.iter().any(|file| path == format!("src/core/{file}.rs"))
    };
    let sources: Vec<_> =
        sources("src/core").into_iter().filter(|s| rules(&s.path) && !is_test(&s.path)).collect();
    assert!(sources.len() > 15, "the rules are not where this test looks for them");
    for source in &sources {
        let mut encoded = false;
        for (number, line) in source.lines.iter().enumerate() {
            let code = line.split("//").next().unwrap();
            let code = code.replace("const MAX: usize", "");
            for word in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
                assert!(
                    !["f32", "f64", "HashMap", "HashSet", "RandomState"].contains(&word),
                    "{}:{}: {word} differs between machines or runs; use integers and ordered maps in rules",
                    source.path,
                    number + 1
                );
                assert!(
                    !(encoded && ["usize", "isize"].contains(&word)),
                    "{}:{}: {word} has another range on another machine; give an encoded field a fixed width",
                    source.path,
                    number + 1
                );
            }
            // From the derive to the end of the type.
            encoded |= code.contains("derive(") && code.contains("BorshSerialize");
            encoded &= !(code == "}" || code.starts_with("impl") || code.ends_with(");"));
        }
    }
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let release = manifest.split("[profile.release]").nth(1).unwrap().split("\n[").next().unwrap();
    assert!(
        release.contains("overflow-checks = true"),
        "an overflow must stop a release build too, not wrap"
    );
}

/// Constants outside of `limits` that look like bounds and are none: file, names, reason.
const NO_BOUNDS: &[(&str, &str, &str)] = &[
    ("src/admission.rs", "FORMAT", "a format"),
    ("src/admission/armour.rs", "CHECKSUM LINE", "a format"),
    ("src/archive/pieces.rs", "ID", "a format"),
    ("src/config/node.rs", "CACHE_RANGE", "what a setting may be"),
    (
        "src/core/ledger/difficulty.rs",
        "CLIP_INTERVALS REST_INTERVALS YOUNG_UNTIL YOUNG_FACTOR HEARTBEAT_INTERVALS HEARTBEAT_MS AHEAD_INTERVALS AHEAD_MS",
        "they are the rule itself",
    ),
    ("src/core/code.rs", "ROUNDS", "a format"),
    ("src/core/crypto/multiset.rs", "LANES BYTES", "a format"),
    ("src/core/ledger/block.rs", "UNSEALED_BYTES PREFIX_BYTES VERSION CONTRACTS NEWEST TOLD", "a format"),
    ("src/core/ledger/contract/gate/error.rs", "SHOWN", "the length of a message"),
    ("src/core/ledger/contract/machine/functions.rs", "NOTHING", "a format"),
    ("src/core/node/demand.rs", "FAST_INTERVALS SEARCH_INTERVALS", "they are the rule itself"),
    ("src/core/wire/frame.rs", "LENGTH_BYTES", "a format"),
    ("src/core/wire/hello.rs", "PROTOCOLS", "a format"),
    (
        "src/core/wire/message.rs",
        "ITEM COMPACT_HEAD LINK VOTE CERTIFICATE MEMBER ROSTER HANDOVER",
        "a format",
    ),
    ("src/devnet.rs", "INTERVAL_MS CACHE_BYTES", "settings' defaults"),
    ("src/devnet.rs", "PORT_TRIES", "the patience of a test network"),
    ("src/files.rs", "PUBLIC PRIVATE", "permission bits"),
    ("src/health.rs", "LOOK_EVERY", "the node's own pace"),
    ("src/http/agreements.rs", "SETTLED", "an option's default"),
    ("src/miner/bench.rs", "TRIES", "a measurement"),
    ("src/net/connection.rs", "FRAME_HEAD", "a format"),
    ("src/net/network.rs", "LOOK_AT_FILES", "the node's own pace"),
    ("src/net/network/certificates.rs", "TELL_ENDS", "the node's own pace"),
    ("src/net/tls/expiry.rs", "DAY_MS", "a unit"),
    ("src/short.rs", "WHOLE", "a format"),
    ("src/store.rs", "FORMAT HIGHEST_FORMAT CACHE_BYTES", "a format, and a setting's default"),
    ("src/store/guard.rs", "WHAT", "the length of a message"),
    ("src/telemetry/limit.rs", "FRAME_BYTES FIELD_BYTES ESCAPED_BYTES", "a format"),
    ("src/verify/scan.rs", "PAGE KEY END VALUE HEADER_ROW", "a format"),
    ("src/wallet/keystore.rs", "FORMAT", "a format"),
];

/// What somebody else can cost a node is bounded in one place. Not the command line and the benches: they spend only their user's time.
#[test]
fn every_bound_is_in_limits() {
    let counts = ["usize", "u32", "u64", "i32", "i64"];
    let looks_like_bound =
        |kind: &str| counts.contains(&kind) || kind.ends_with("Duration") || kind.starts_with('(');
    let mut unused: Vec<(&str, &str)> = NO_BOUNDS
        .iter()
        .flat_map(|(path, names, _)| names.split(' ').map(move |name| (*path, name)))
        .collect();
    let allowed = unused.clone();
    for source in sources("src").iter().filter(|source| !is_test(&source.path)) {
        let elsewhere = ["src/core/limits", "src/cli/", "src/bench"];
        if elsewhere.iter().any(|folder| source.path.starts_with(folder)) {
            continue;
        }
        for line in &source.lines {
            let Some((before, after)) = line.split_once("const ") else { continue };
            let is_item = before.trim().is_empty() || before.trim().starts_with("pub");
            let Some((name, rest)) = after.split_once(": ").filter(|(name, _)| is_item && *name != "_")
            else {
                continue;
            };
            let kind = rest.split(" =").next().unwrap();
            if !looks_like_bound(kind) {
                continue;
            }
            let found = (source.path.as_str(), name);
            assert!(
                allowed.contains(&found),
                "{}: {name} looks like a bound; move it to src/core/limits, with its reason, or say in NO_BOUNDS why it is none",
                source.path
            );
            unused.retain(|entry| *entry != found);
        }
    }
    assert!(unused.is_empty(), "NO_BOUNDS names what is not there: {unused:?}");
}

#[test]
fn files_hold_one_idea() {
    for folder in ["src", "clients/rust", "sdk", "tools"] {
        for source in sources(folder).iter().filter(|source| !is_test(&source.path)) {
            let code = source.lines.len();
            assert!(code <= 420, "{}: {code} lines without its tests; split it by idea", source.path);
            let inline = source.all_lines - code;
            assert!(
                inline <= 250,
                "{}: {inline} lines of inline tests; move them to a tests.rs beside it",
                source.path
            );
        }
    }
}

/// A planted bug (tests/planted) replaces code that it names by its words alone, so that files may move. tests/planted/run compares in
/// the same way.
#[test]
fn planted_bugs_find_the_code_that_they_replace() {
    let bare = |code: &str| -> String {
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
    };
    let shipped = ["src", "tools"].iter().flat_map(|folder| sources(folder)).filter(|s| !is_test(&s.path));
    let shipped: Vec<String> = shipped.map(|source| bare(&source.lines.join("\n"))).collect();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted/bugs.toml");
    let list: toml::Table = toml::from_str(&fs::read_to_string(list).unwrap()).unwrap();
    let mut lost = String::new();
    for bug in list["bug"].as_array().unwrap() {
        // One replacement, or a list of them.
        let one = std::slice::from_ref(bug);
        for edit in bug.get("edits").map_or(one, |edits| edits.as_array().unwrap()) {
            let find = edit["find"].as_str().unwrap();
            let times: usize = shipped.iter().map(|code| code.matches(&bare(find)).count()).sum();
            if times != 1 {
                lost += &format!("\n{} {}: `{find}` is there {times} times", bug["number"], bug["name"]);
            }
        }
    }
    assert!(
        lost.is_empty(),
        "planted bugs whose code is not there exactly once; its code has moved on: plant it where that code is now (tests/planted/bugs.toml){lost}"
    );
}

#[test]
fn tests_wait_for_conditions() {
    for folder in ["src", "tests", "tools"] {
        for source in
            sources(folder).iter().filter(|source| is_test(&source.path) || source.path.starts_with("tests/"))
        {
            if source.path == "tests/architecture.rs" {
                continue;
            }
            for (number, line) in source.lines.iter().enumerate() {
                let sleeps = line.contains("thread::sleep") || line.contains("time::sleep");
                let polls = line.contains("// poll") || line.contains("// pace");
                assert!(
                    !sleeps || polls,
                    "{}:{}: do not sleep and hope; wait for a condition (mark the pause inside such a loop with // poll, an attacker's own pace with // pace)",
                    source.path,
                    number + 1
                );
            }
        }
    }
}

#[test]
fn nothing_left_over() {
    for folder in ["src", "tests", "tools"] {
        for source in sources(folder).iter().filter(|source| source.path != "tests/architecture.rs") {
            for (number, line) in source.lines.iter().enumerate() {
                for mark in ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("] {
                    assert!(!line.contains(mark), "{}:{}: finish it", source.path, number + 1);
                }
            }
        }
    }
}
