use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bouya_harness::{Consortium, Member};

use super::*;
use crate::config::NetworkFile;
use crate::net::crl::Revocations;
use crate::net::tls::Tls;
use crate::node::identity_files;

/// The files of alice, and her settings with these lines in sections.
fn member(dir: &Path, p2p: &str, api: &str) -> (Member, Settings) {
    let text = NetworkFile::render(&bouya_core::testing::network("acme", 1).spec, 1);
    let member = Consortium::open(dir, "test").unwrap().admit("alice", &text).unwrap();
    member.configure("127.0.0.1:7000".parse().unwrap(), api.parse().unwrap(), p2p, "").unwrap();
    let settings = Settings::load(&member.config()).unwrap();
    (member, settings)
}

fn kinds(found: &[Finding]) -> Vec<(Kind, &'static str)> {
    found.iter().map(|found| (found.kind, found.key)).collect()
}

#[test]
fn mistakes_of_the_files_and_states_of_the_world_are_told_apart() {
    for (kind, severity) in [
        (Kind::Identity, Severity::Mistake),
        (Kind::MemberKey, Severity::Mistake),
        (Kind::Owner, Severity::Mistake),
        (Kind::OwnId, Severity::Mistake),
        (Kind::OpenApi, Severity::Warning),
        (Kind::Port, Severity::Warning),
        (Kind::Name, Severity::Warning),
        (Kind::Ends, Severity::Warning),
        (Kind::NoList, Severity::Warning),
    ] {
        assert_eq!(kind.severity(), severity, "{kind:?}");
    }
}

#[test]
fn the_own_id_another_nodes_data_and_an_open_api_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let p2p = "bootstrap = [\"alice@10.0.0.5:7000\"]\nblacklist = [\"alice\"]";
    let (member, found) = member(dir.path(), p2p, "0.0.0.0:5000");
    let alice = "alice".parse().unwrap();
    let expected =
        [(Kind::OwnId, "p2p.bootstrap"), (Kind::OwnId, "p2p.blacklist"), (Kind::OpenApi, "api.listen")];
    assert_eq!(kinds(&settings(&found, &alice)), expected);
    fs::create_dir_all(member.data()).unwrap();
    owner::claim(&member.data(), &"bob".parse().unwrap()).unwrap();
    let bad = &found.identity.member_key;
    fs::write(bad, "nonsense").unwrap();
    fs::set_permissions(bad, fs::Permissions::from_mode(0o644)).unwrap();
    let mut all = vec![(Kind::Owner, "data_dir"), (Kind::MemberKey, "identity.member_key")];
    all.extend(expected);
    assert_eq!(kinds(&settings(&found, &alice)), all);
    let (mistakes, warnings) = sort(settings(&found, &alice));
    assert_eq!((mistakes.len(), kinds(&warnings)), (4, vec![(Kind::OpenApi, "api.listen")]));
}

#[test]
fn a_name_that_does_not_resolve_and_a_busy_port_are_warnings() {
    let dir = tempfile::tempdir().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let p2p = "bootstrap = [\"bob@gone.invalid:7000\", \"carol@127.0.0.1:7001\"]";
    let (_, settings) = member(dir.path(), p2p, &busy.local_addr().unwrap().to_string());
    let found = world(&settings);
    assert!(found.iter().any(|found| found.key == "api.listen" && found.kind == Kind::Port), "{found:?}");
    let names: Vec<_> = found.iter().filter(|found| found.kind == Kind::Name).collect();
    assert!(names.len() == 1 && names[0].text.contains("bob@gone.invalid:7000"), "{names:?}");
    assert!(sort(found).0.is_empty());
}

#[test]
fn a_name_of_its_own_that_does_not_resolve_and_a_missing_list_are_warnings() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut settings) = member(dir.path(), "advertise = \"gone.invalid:7000\"", "127.0.0.1:5000");
    let found = names(&settings);
    assert_eq!(kinds(&found), [(Kind::Name, "p2p.advertise")]);
    assert!(found[0].text.contains("gone.invalid:7000"), "{found:?}");
    let alice = "alice".parse().unwrap();
    assert_eq!(super::settings(&settings, &alice), []);
    settings.identity.crls.clear();
    assert_eq!(kinds(&super::settings(&settings, &alice)), [(Kind::NoList, "identity.crl")]);
}

#[test]
fn a_key_that_others_can_read_is_a_mistake_for_all_ways_in() {
    let dir = tempfile::tempdir().unwrap();
    let (_, settings) = member(dir.path(), "", "127.0.0.1:5000");
    let tls = Tls::open(identity_files(&settings), Revocations::default()).unwrap();
    fs::set_permissions(&settings.identity.key, fs::Permissions::from_mode(0o640)).unwrap();
    for error in [
        tls.reload().unwrap_err(),
        Tls::open(identity_files(&settings), Revocations::default()).map(drop).unwrap_err(),
    ] {
        assert!(error.to_string().contains("mode 640") && error.to_string().contains("chmod 600"), "{error}");
    }
}
