use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::ledger::{Coin, Genesis};
use bouya_core::testing;

use super::network::usual_fee_per_byte;
use super::*;

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const NODE: &str = r#"
data_dir = "data"
network = "network.toml"
[identity]
ca = "ca.crt"
certificate = "alice.crt"
key = "alice.key"
[p2p]
listen = "127.0.0.1:7000"
bootstrap = ["bob@10.0.0.6:7000"]
"#;

fn network(dir: &Path) {
    write(dir, "network.toml", &NetworkFile::render(&testing::network("acme", 1_000_000).spec, 3));
}

#[test]
fn what_is_rendered_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    let file = NetworkFile::load(&dir.path().join("network.toml")).unwrap();
    assert_eq!(file.genesis.id(), testing::network("acme", 1_000_000).id());
    assert_eq!(file.min_fee_per_byte, 3);
}

#[test]
fn a_transfer_costs_a_thousandth_of_a_coin_at_most() {
    let fee = |decimals| usual_fee_per_byte(&Coin { symbol: Text::default(), decimals });
    assert_eq!([0, 2, 5, 6, 7, 9].map(fee), [0, 0, 0, 1, 10, 1_000]);
    // A definition that says nothing about fees means the same.
    let dir = tempfile::tempdir().unwrap();
    for decimals in [2, 6, 9] {
        let mut spec = testing::network("acme", 1_000_000).spec.clone();
        spec.coin.decimals = decimals;
        let text = NetworkFile::render(&spec, 7).replace("min_per_byte = 7\n", "");
        let path = write(dir.path(), "network.toml", &text);
        assert_eq!(NetworkFile::load(&path).unwrap().min_fee_per_byte, fee(decimals));
    }
}

#[test]
fn names_of_any_text_are_read_back() {
    let names = ["e\u{301}", "a \"quoted\" one", "it's", "back\\slash", "日本", "🏦", "'''"];
    for name in names {
        let mut spec = testing::network("acme", 1_000_000).spec.clone();
        spec.name = Text::try_from(name.to_owned()).unwrap();
        spec.members[0].name = Text::try_from(name.to_owned()).unwrap();
        let id = Genesis::new(spec.clone()).unwrap().id();
        let dir = tempfile::tempdir().unwrap();
        let path = write(dir.path(), "network.toml", &NetworkFile::render(&spec, 3));
        assert_eq!(NetworkFile::load(&path).unwrap().genesis.id(), id, "{name:?}");
    }
}

#[test]
fn a_level_a_port_or_an_address_that_means_nothing_is_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    for (key, from, to) in [
        ("log.level", "", "[log]\nlevel = \"loud\""),
        ("log.level", "", "[log]\nlevel = \"info,bouya::net\""),
        ("log.level", "", "[log]\nlevel = \"\""),
        ("log.level", "", "[log]\nlevel = \"info, bouya=\""),
        ("log.level", "", "[log]\nlevel = \"info, warn\""),
        ("p2p.listen", "\"127.0.0.1:7000\"", "\"127.0.0.1:0\""),
        ("api.listen", "", "[api]\nlisten = \"127.0.0.1:0\""),
        ("p2p.bootstrap", "bob@10.0.0.6:7000", "bob@0.0.0.0:7000"),
        ("p2p.bootstrap", "bob@10.0.0.6:7000", "bob@[::ffff:0.0.0.0]:7000"),
        ("p2p.advertise", "bootstrap", "advertise = \"0.0.0.0:7000\"\nbootstrap"),
        ("p2p.advertise", "bootstrap", "advertise = \"[ff02::1]:7000\"\nbootstrap"),
    ] {
        let text = if from.is_empty() { format!("{NODE}\n{to}\n") } else { NODE.replacen(from, to, 1) };
        let mistakes = Settings::load(&write(dir.path(), "node.toml", &text)).unwrap_err();
        let keys: Vec<_> = mistakes.list.iter().map(|mistake| mistake.key.as_str()).collect();
        assert_eq!(keys, [key], "{to}: {mistakes}");
    }
    for good in ["info", "off", "TRACE", "info,bouya::net=debug", "bouya=off,warn"] {
        let text = format!("{NODE}\n[log]\nlevel = \"{good}\"\n");
        assert!(Settings::load(&write(dir.path(), "node.toml", &text)).is_ok(), "{good}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    let settings = Settings::load(&write(dir.path(), "node.toml", NODE)).unwrap();
    assert_eq!(settings.data_dir, dir.path().join("data"));
    assert_eq!(settings.identity.member_key, dir.path().join("alice.member"));
    assert_eq!(settings.p2p.advertise.unwrap().to_string(), "127.0.0.1:7000");
    assert_eq!(settings.p2p.bootstrap[0].id.as_str(), "bob");
    assert_eq!(settings.api.token_file, dir.path().join("data/api.token"));
    assert_eq!(settings.mempool.min_fee_per_byte, 3);
}

#[test]
fn every_mistake_is_named_at_once() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    let text = NODE
        .replace("data_dir", "datadir")
        .replace("\"127.0.0.1:7000\"", "\"0.0.0.0:7000\"")
        .replace("bob@10.0.0.6:7000", "Bob@10.0.0.6:0")
        + "colour = 1\n[miner]\nshare = 2\nwhen = \"never\"\nthreads = 0\n[api]\nlisten = 5\n[chain]\ncheckpoint = \"1\"\nkeep = 999\ncache_bytes = 1000\n[log]\nlevel = \"x=loud\"\n";
    let mistakes = Settings::load(&write(dir.path(), "node.toml", &text)).unwrap_err();
    let mut keys: Vec<&str> = mistakes.list.iter().map(|mistake| mistake.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "api.listen",
            "chain.cache_bytes",
            "chain.checkpoint",
            "chain.keep",
            "data_dir",
            "datadir",
            "log.level",
            "miner.share",
            "miner.threads",
            "miner.when",
            "p2p.advertise",
            "p2p.bootstrap",
            "p2p.colour",
        ]
    );
    assert!(mistakes.to_string().contains("node.toml: 13 mistakes"), "{mistakes}");
}

#[test]
fn a_networks_mistakes_are_named_with_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let text = NetworkFile::render(&testing::network("acme", 1_000_000).spec, 1)
        .replace("interval_ms = 1000", "interval_ms = 1")
        .replace("reward = \"0.5\"", "reward = \"0.505\"");
    write(dir.path(), "network.toml", &text);
    let mistakes = Settings::load(&write(dir.path(), "node.toml", NODE)).unwrap_err().to_string();
    assert!(mistakes.contains("blocks.interval_ms: 1 is not"), "{mistakes}");
    assert!(mistakes.contains("blocks.reward: \"0.505\" has 3 decimals"), "{mistakes}");
    let missing = Settings::load(&dir.path().join("nothing.toml")).unwrap_err().to_string();
    assert!(missing.contains("cannot read this file"), "{missing}");
}

#[test]
fn dial_only_advertises_nothing() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    let text = NODE.replace("\"127.0.0.1:7000\"", "\"off\"");
    let settings = Settings::load(&write(dir.path(), "node.toml", &text)).unwrap();
    assert!(settings.p2p.listen.is_none() && settings.p2p.advertise.is_none());
}

#[test]
fn the_examples_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let settings = Settings::load(&folder.join("node.example.toml")).unwrap();
    // The example shows the defaults: a file without those keys must give the same settings.
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "network.toml", &std::fs::read_to_string(folder.join("network.example.toml")).unwrap());
    let usual = Settings::load(&write(dir.path(), "node.toml", NODE)).unwrap();
    assert_eq!(settings.mempool, usual.mempool);
    assert_eq!(format!("{:?}", settings.miner), format!("{:?}", usual.miner));
    assert_eq!(format!("{:?}", settings.log), format!("{:?}", usual.log));
    assert_eq!((settings.api.listen, settings.p2p.max_peers), (usual.api.listen, usual.p2p.max_peers));
    assert_eq!((settings.chain.cache_bytes, usual.chain.cache_bytes), (32 << 20, 32 << 20));
    assert_eq!(settings.identity.refuse_overdue, usual.identity.refuse_overdue);
    let blocks = &settings.network.genesis.spec.blocks;
    assert_eq!((blocks.interval_ms, blocks.half_life), (5_000, 32));
}
