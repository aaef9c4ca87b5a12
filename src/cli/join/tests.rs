use std::fs;

use clap::Parser;

use super::*;
use crate::config::NetworkFile;
use bouya_core::ledger::NetworkSpec;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    join: Join,
}

/// Joins in `dir` with these options more.
fn join(dir: &Path, more: &[&str]) -> Result<Settings, String> {
    join_network(dir, &bouya_core::testing::network("acme", 1).spec, more)
}

fn join_network(dir: &Path, spec: &NetworkSpec, more: &[&str]) -> Result<Settings, String> {
    let network = dir.join("network.toml");
    let text = NetworkFile::render(spec, 1);
    fs::write(&network, text).unwrap();
    let certs = dir.join("certs");
    let own = if more.contains(&"--id") { &[][..] } else { &["--id", "alice"][..] };
    let line = ["join", "--network", network.to_str().unwrap(), "--certs"];
    let line = line
        .into_iter()
        .chain([certs.to_str().unwrap()])
        .chain(own.iter().copied())
        .chain(more.iter().copied());
    let options = Line::try_parse_from(line).map_err(|error| error.to_string())?.join;
    run(&options, &mut Output::new(false)).map_err(|error| error.to_string())?;
    Ok(Settings::load(&dir.join("node.toml")).unwrap())
}

#[test]
fn paths_are_written_as_the_file_sees_them() {
    for (folder, target, expected) in [
        ("config", "certs/ca.crt", "../certs/ca.crt"),
        ("config", "config/network.toml", "network.toml"),
        ("", "certs/ca.crt", "certs/ca.crt"),
        ("a/b", "data", "../../data"),
    ] {
        assert_eq!(relative(Path::new(folder), Path::new(target)).unwrap(), Path::new(expected));
    }
}

#[test]
fn paths_of_any_text_are_read_back() {
    for name in
        ["plain", "a \"quoted\" one", "it's", "back\\slash", "e\u{301}", "line\nbreak", "tab\t", "ends\\"]
    {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        let data = dir.join("the data");
        let more = ["--advertise", "10.0.0.5:7000", "--data", data.to_str().unwrap()];
        let settings = join(&dir, &more).unwrap();
        assert_eq!(settings.data_dir, dir.join("the data"), "{name:?}");
        assert_eq!(settings.identity.key, dir.join("certs/alice.key"), "{name:?}");
    }
}

#[test]
fn a_node_that_the_network_does_not_list_is_not_to_mine() {
    let network = bouya_core::testing::network_of_members("acme");
    let listed = network.spec.members[0].id.to_string();
    for (id, mines) in [("dave", false), (listed.as_str(), true)] {
        let dir = tempfile::tempdir().unwrap();
        let more = ["--id", id, "--advertise", "10.0.0.5:7000"];
        let settings = join_network(dir.path(), &network.spec, &more).unwrap();
        assert_eq!(settings.miner.enabled, mines, "{id}");
    }
}

#[test]
fn what_no_node_could_start_with_is_not_written() {
    let cases = [
        (&["--advertise", "0.0.0.0:7000"][..], "p2p.advertise: nobody can dial 0.0.0.0:7000"),
        (&["--listen", "0.0.0.0:7000"], "p2p.advertise: missing"),
        (
            &["--advertise", "a:1", "--bootstrap", "alice@10.0.0.5:7000"],
            "p2p.bootstrap: alice is this node itself",
        ),
        (&["--advertise", "a:1", "--bootstrap", "bob@[::]:7000"], "p2p.bootstrap: nobody can dial"),
        (&["--listen", "10.0.0.5:0"], "p2p.listen: \"10.0.0.5:0\""),
        (&["--listen", "nonsense"], "p2p.listen: \"nonsense\""),
        (&["--advertise", "a:1", "--api", "127.0.0.1:0"], "api.listen: \"127.0.0.1:0\""),
        (&["--listen", "off"], "needs a --bootstrap"),
    ];
    for (more, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let error = join(dir.path(), more).unwrap_err();
        assert!(error.contains(expected), "{more:?}: {error}");
        assert!(!error.contains("/.node.toml"), "the file's own name is told, not its draft's: {error}");
        let names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["network.toml"], "{more:?}");
        // Nothing is left that blocks the next attempt.
        join(dir.path(), &["--advertise", "10.0.0.5:7000"]).unwrap();
    }
}

#[test]
fn the_data_folder_of_another_node_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    crate::store::owner::claim(dir.path(), &"bob".parse().unwrap()).unwrap();
    let more = ["--advertise", "a:1", "--data", dir.path().to_str().unwrap()];
    let error = join(dir.path(), &more).unwrap_err();
    assert!(error.contains("data_dir: ") && error.contains("\"bob\""), "{error}");
}
