//! From nothing to nodes that could start, in folders, without a network: found, ask, admit, accept.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use tempfile::TempDir;

use crate::admission::Invitation;
use crate::cli::Cli;
use crate::cli::error::Error;
use crate::cli::folder::Made;
use crate::cli::output::Output;
use crate::config::{NetworkFile, OverrideFile, Settings};
use crate::files::PUBLIC;

/// The option alone.
#[derive(Parser)]
struct Place {
    #[command(flatten)]
    folder: crate::cli::folder::Folder,
}

/// Folders of several machines, and one for all their wallets.
struct Town(TempDir);

impl Town {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Runs a command as somebody on the machine `name` types it.
    fn run(&self, name: &str, line: &str) -> Result<(), String> {
        let dir = self.at(name);
        fs::create_dir_all(&dir).unwrap();
        let (dir, wallets) = (dir.to_str().unwrap(), self.at("wallets"));
        let words = line.split(' ').map(|word| word.replace("@/", &format!("{}/", self.0.path().display())));
        let mut line: Vec<String> = std::iter::once("bouya".to_owned()).chain(words).collect();
        line.extend(["--dir", dir, "--wallets", wallets.to_str().unwrap()].map(str::to_owned));
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        super::super::run(cli, &mut Output::new(false)).map_err(|error: Error| error.to_string())
    }

    fn found(&self, more: &str) -> Result<(), String> {
        self.run("alice", &format!("found acme --id alice --advertise 10.0.0.5:7000 --no-passphrase{more}"))
    }

    fn ask(&self, name: &str, more: &str) {
        self.run(name, &format!("ask {name} --no-passphrase{more}")).unwrap();
    }

    fn sign(&self, name: &str) -> Result<(), String> {
        let line = "admit @/NAME/NAME.request --sign-only --bootstrap alice@10.0.0.5:7000 --yes";
        self.run("alice", &line.replace("NAME", name))
    }

    fn accept(&self, name: &str, more: &str) -> Result<(), String> {
        self.run(name, &format!("accept @/alice/{name}.invite --yes{more}"))
    }

    fn settings(&self, name: &str) -> Settings {
        Settings::load(&self.at(&format!("{name}/node.toml"))).unwrap()
    }

    fn names(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(name)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn who_has_asked_before_is_a_member_from_the_start() {
    let town = Town::new();
    town.ask("bob", " --advertise 10.0.0.6:7001");
    town.ask("carol", " --name Carol");
    town.found(" --admit @/bob/bob.request --admit @/carol/carol.request").unwrap();
    for name in ["bob", "carol"] {
        town.accept(name, "").unwrap();
    }
    let alice = town.settings("alice");
    let members = &alice.network.genesis.spec.members;
    let named: Vec<_> = members.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect();
    assert_eq!(named, [("alice", ""), ("bob", ""), ("carol", "Carol")]);
    let (bob, carol) = (town.settings("bob"), town.settings("carol"));
    for settings in [&bob, &carol] {
        assert_eq!(settings.network.genesis.id(), alice.network.genesis.id());
        assert_eq!(settings.p2p.bootstrap[0].to_string(), "alice@10.0.0.5:7000");
        assert!(settings.miner.enabled);
    }
    assert_eq!(bob.p2p.listen.unwrap().to_string(), "0.0.0.0:7001", "the port that is advertised");
    assert_eq!(carol.p2p.listen, None, "without an address it only dials");
}

#[test]
fn a_certificate_from_an_offline_ca_and_a_second_one_come_the_same_way() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("dave", " --observer --advertise [fd00::7]:7000");
    town.sign("dave").unwrap();
    town.accept("dave", "").unwrap();
    let settings = town.settings("dave");
    assert!(!settings.miner.enabled, "nobody takes an observer's blocks");
    assert_eq!(settings.p2p.listen.unwrap().to_string(), "[::]:7000");
    // A year later, with the operator's own settings in node.toml.
    let node = town.at("dave/node.toml");
    fs::write(&node, fs::read_to_string(&node).unwrap().replace("[::]:7000", "[fd00::7]:7000")).unwrap();
    let certificate = fs::read(town.at("dave/certs/dave.crt")).unwrap();
    town.ask("dave", " --observer");
    town.sign("dave").unwrap();
    town.accept("dave", "").unwrap();
    assert_ne!(fs::read(town.at("dave/certs/dave.crt")).unwrap(), certificate);
    assert_eq!(town.settings("dave").p2p.listen.unwrap().to_string(), "[fd00::7]:7000");
}

#[test]
fn an_invitation_for_other_keys_is_refused_and_nothing_is_written() {
    let town = Town::new();
    town.found("").unwrap();
    for name in ["bob", "carol"] {
        town.ask(name, "");
        town.sign(name).unwrap();
    }
    let before = town.names("bob");
    // Somebody else has asked in bob's name, and has bob's governor.
    fs::copy(town.at("bob/bob.request"), town.at("asked")).unwrap();
    fs::rename(town.at("bob/certs"), town.at("bob/kept")).unwrap();
    town.ask("bob", "");
    let error = town.accept("bob", "").unwrap_err();
    assert!(
        error.contains("not for the keys in this folder") && error.contains("mkca --dir ca revoke bob"),
        "{error}"
    );
    // The member key fits, the key of the certificate does not.
    fs::copy(town.at("bob/kept/bob.member"), town.at("bob/certs/bob.member")).unwrap();
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("not for the keys in this folder"), "{error}");
    assert_eq!(town.names("bob/certs"), ["bob.key", "bob.member", "bob.votes"]);
    fs::rename(town.at("bob/certs"), town.at("bob/other")).unwrap();
    fs::rename(town.at("bob/kept"), town.at("bob/certs")).unwrap();
    fs::remove_dir_all(town.at("bob/other")).unwrap();
    fs::rename(town.at("asked"), town.at("bob/bob.request")).unwrap();
    assert_eq!(town.names("bob"), before);
    town.accept("bob", "").unwrap();
    let error = town.run("bob", "accept @/alice/carol.invite --yes").unwrap_err();
    assert!(error.contains("carol.key is not here"), "{error}");
}

#[test]
fn a_folder_of_another_network_stays_as_it_is() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("bob", "");
    town.sign("bob").unwrap();
    town.accept("bob", "").unwrap();
    let path = town.at("alice/bob.invite");
    let mut invitation = Invitation::read(&fs::read_to_string(&path).unwrap()).unwrap();
    let mut spec = town.settings("alice").network.genesis.spec.clone();
    spec.salt = [9; 16];
    invitation.network = NetworkFile::render(&spec, 1);
    fs::write(&path, invitation.write().unwrap()).unwrap();
    let network = fs::read(town.at("bob/network.toml")).unwrap();
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("network.toml is another one"), "{error}");
    assert_eq!(fs::read(town.at("bob/network.toml")).unwrap(), network);
}

#[test]
fn what_fails_leaves_nothing_that_blocks_the_next_attempt() {
    let town = Town::new();
    let cases = [
        (" --symbol not.a.symbol!", "--symbol"),
        (" --allocate nonsense", "--allocate"),
        (" --coins many", "--coins"),
        (" --listen 10.0.0.5:0", "p2p.listen"),
        (" --api nonsense", "api.listen"),
        (" --admit @/none", "cannot read"),
    ];
    for (more, expected) in cases {
        let error = town.found(more).unwrap_err();
        assert!(error.contains(expected), "{more}: {error}");
        assert!(!town.at("wallets/alice.wallet").exists(), "{more}");
        assert!(town.names("alice").iter().all(|name| name == "certs"), "{more}: {:?}", town.names("alice"));
    }
    town.found("").unwrap();
    let error = town.found("").unwrap_err();
    assert!(error.contains("ca already exists") && error.contains("--dir"), "{error}");
    assert!(town.settings("alice").path.exists(), "what was there stays");
}

#[test]
fn an_observer_is_not_founded_with_and_nobody_asks_twice() {
    let town = Town::new();
    town.ask("dave", " --observer");
    let error = town.found(" --admit @/dave/dave.request").unwrap_err();
    assert!(error.contains("asks to observe"), "{error}");
    town.ask("bob", "");
    let error = town.found(" --admit @/bob/bob.request --admit @/bob/bob.request").unwrap_err();
    assert!(error.contains("asks twice"), "{error}");
}

/// Changes an invitation as somebody on the way could.
fn changed(town: &Town, name: &str, change: impl FnOnce(&mut Invitation)) {
    let path = town.at(&format!("alice/{name}.invite"));
    let mut invitation = Invitation::read(&fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut invitation);
    fs::write(&path, invitation.write().unwrap()).unwrap();
}

/// The code does not cover what was asked for: the request that lies here does.
#[test]
fn what_was_not_asked_for_is_refused() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("bob", " --advertise 10.0.0.6:7000");
    town.sign("bob").unwrap();
    changed(&town, "bob", |invitation| invitation.advertise = Some("6.6.6.6:6666".parse().unwrap()));
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("answers another request"), "{error}");
    changed(&town, "bob", |invitation| {
        invitation.advertise = Some("10.0.0.6:7000".parse().unwrap());
        invitation.member.as_mut().unwrap().name = "Mallory".to_owned().try_into().unwrap();
    });
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("answers another request"), "{error}");
    assert!(!town.at("bob/node.toml").exists());
}

/// Whoever is on the way could choose the members with an override of their own.
#[test]
fn an_override_changes_the_code_and_never_replaces_one() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("bob", "");
    town.sign("bob").unwrap();
    town.accept("bob", "").unwrap();
    let network = town.settings("alice").network.genesis.id();
    let file = |reason: &str| {
        let members = vec![bouya_core::testing::member(9)];
        let reason = reason.to_owned().try_into().unwrap();
        let decree = bouya_core::ledger::Decree {
            height: 1,
            block: bouya_core::crypto::Hash([7; 32]),
            members,
            reason,
        };
        OverrideFile::new(Path::new("override.toml"), network, vec![decree])
    };
    changed(&town, "bob", |invitation| invitation.overrides = Some("garbage".into()));
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("override.toml"), "{error}");
    assert!(!town.at("bob/override.toml").exists(), "nothing is written before all is judged");
    let code = |town: &Town| {
        let place = Place::parse_from(["x", "--dir", town.at("bob").to_str().unwrap()]);
        let text = fs::read_to_string(town.at("alice/bob.invite")).unwrap();
        super::check::check(&Invitation::read(&text).unwrap(), &place.folder).unwrap().code
    };
    changed(&town, "bob", |invitation| invitation.overrides = None);
    let without = code(&town);
    changed(&town, "bob", |invitation| invitation.overrides = Some(file("one").render()));
    let one = code(&town);
    assert_ne!(one, without, "people would hear another code");
    town.accept("bob", "").unwrap();
    changed(&town, "bob", |invitation| invitation.overrides = Some(file("another").render()));
    assert_ne!(code(&town), one);
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("override.toml is another one"), "{error}");
}

#[test]
fn an_older_certificate_does_not_come_back_and_another_key_is_not_signed_for_unasked() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("bob", "");
    let sign = "admit @/bob/bob.request --sign-only --bootstrap alice@10.0.0.5:7000 --yes";
    town.run("alice", &format!("{sign} --days 100")).unwrap();
    fs::copy(town.at("alice/bob.invite"), town.at("old.invite")).unwrap();
    town.run("alice", &format!("{sign} --days 200")).unwrap();
    town.accept("bob", "").unwrap();
    let error = town.run("bob", "accept @/old.invite --yes").unwrap_err();
    assert!(error.contains("older than the certificate here"), "{error}");
    // A stranger asks with the founder's own id.
    town.run("thief", "ask alice --observer").unwrap();
    let stranger = "admit @/thief/alice.request --sign-only --bootstrap alice@10.0.0.5:7000 --yes";
    let error = town.run("alice", stranger).unwrap_err();
    assert!(error.contains("another key") && error.contains("--new-key"), "{error}");
    town.run("alice", &format!("{stranger} --new-key")).unwrap();
}

/// The operator's own node.toml is judged last, with the new certificate in place.
#[test]
fn what_fails_in_the_end_leaves_the_certificate_that_was_there() {
    let town = Town::new();
    town.found("").unwrap();
    town.ask("bob", "");
    town.sign("bob").unwrap();
    town.accept("bob", "").unwrap();
    let node = town.at("bob/node.toml");
    let good = fs::read_to_string(&node).unwrap();
    fs::write(&node, format!("nonsense = 1\n{good}")).unwrap();
    let (names, certificate) = (town.names("bob/certs"), fs::read(town.at("bob/certs/bob.crt")).unwrap());
    town.sign("bob").unwrap();
    let error = town.accept("bob", "").unwrap_err();
    assert!(error.contains("nonsense"), "{error}");
    assert_eq!(fs::read(town.at("bob/certs/bob.crt")).unwrap(), certificate);
    assert_eq!(town.names("bob/certs"), names);
    fs::write(&node, good).unwrap();
    town.accept("bob", "").unwrap();
    assert_ne!(fs::read(town.at("bob/certs/bob.crt")).unwrap(), certificate);
}

#[test]
fn who_accepts_reads_who_begins_with_how_much() {
    use bouya_core::ledger::Allocation;
    let mut spec = bouya_core::testing::network("acme", 1).spec.clone();
    spec.members = vec![bouya_core::testing::member(1)];
    let first = |spec: &_, owners: &[(u8, u64)]| {
        let owner = |&(n, amount): &(u8, u64)| Allocation {
            address: bouya_core::testing::member(n).governor,
            amount,
        };
        let allocations = owners.iter().map(owner).collect();
        super::first_coins(&bouya_core::ledger::NetworkSpec { allocations, ..Clone::clone(spec) })
    };
    let (one, other) = (10_u64.pow(spec.coin.decimals.into()), bouya_core::testing::member(2).governor);
    let symbol = spec.coin.symbol.as_str().to_owned();
    assert_eq!(first(&spec, &[]), "Nobody begins with coins.");
    assert_eq!(
        first(&spec, &[(1, 5 * one)]),
        format!("It begins with 5 {symbol}, all to the governor of m1.")
    );
    let many = first(&spec, &[(2, one), (3, one / 2), (4, 1), (5, 2), (1, 5 * one)]);
    let expected = format!("5 {symbol} to the governor of m1, 1 {symbol} to {other}, 0.5 {symbol} to ");
    assert!(many.starts_with("It begins with 6.5") && many.contains(&expected), "{many}");
    assert!(many.ends_with(", the rest to 2 others."), "{many}");
}

/// Two attempts at once: the one that fails takes nothing of the other's with it.
#[test]
fn what_another_attempt_has_made_is_not_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (own, others) = (dir.path().join("own"), dir.path().join("others"));
    let mut made = Made::default();
    made.file(&own, PUBLIC, b"x").unwrap();
    fs::write(&others, "x").unwrap();
    assert!(made.file(&others, PUBLIC, b"y").is_err());
    assert!(made.folder(&others).is_err());
    drop(made);
    assert!(!own.exists() && others.exists());
}

#[test]
fn a_member_whose_wallet_is_elsewhere_gets_no_second_one_by_asking_again() {
    let town = Town::new();
    town.ask("bob", "");
    fs::rename(town.at("wallets/bob.wallet"), town.at("bob.wallet")).unwrap();
    let error = town.run("bob", "ask bob --no-passphrase").unwrap_err();
    assert!(error.contains("--governor"), "{error}");
    assert!(!town.at("wallets/bob.wallet").exists());
}

/// The one who runs the command owns the files; others read none of the keys.
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let town = Town::new();
    town.found("").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in
        ["alice/ca/ca.key", "alice/certs/alice.key", "alice/certs/alice.member", "wallets/alice.wallet"]
    {
        assert_eq!(mode(&town.at(path)), 0o600, "{path}");
    }
}
