//! Certificates that change while the network runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bouya::http::views::PeerStatus;
use mkca::{Authority, CertificateSpec, KeyPair};
use time::{Duration, OffsetDateTime};

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, until};

fn all_connected(daemons: &[&Daemon]) {
    until("all are connected", || {
        let knows_all =
            |one: &&Daemon| daemons.iter().all(|other| other.id == one.id || one.is_connected_to(&other.id));
        daemons.iter().all(knows_all).then_some(())
    });
}

fn revoke(authority: &Authority, id: &str) {
    authority.revoke(&id.parse().unwrap(), mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
}

/// Replaces the certificate and the key of a node by new ones from the CA.
fn issue_again(consortium: &Consortium, daemon: &Daemon) {
    let files = [format!("{}.crt", daemon.id), format!("{}.key", daemon.id)];
    files.iter().for_each(|file| fs::remove_file(consortium.path("ca").join(file)).unwrap());
    consortium.authority.issue(&[daemon.id.parse().unwrap()], 30).unwrap();
    files.iter().for_each(|file| daemon.member.take(&consortium.path("ca").join(file)).unwrap());
}

/// Replaces a file by renaming, as operators are told to.
fn put(daemon: &Daemon, file: &str, bytes: &[u8]) {
    let beside = daemon.dir.join("new");
    fs::write(&beside, bytes).unwrap();
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(beside, daemon.dir.join(file)).unwrap();
}

#[test]
fn a_revocation_given_to_one_node_cuts_everywhere_and_is_never_rolled_back() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&b]), RESTS);
    let mut d = consortium.member("d", &bootstrap(&[&a, &b, &c]), RESTS);
    for daemon in [&mut a, &mut b, &mut c, &mut d] {
        daemon.start();
    }
    all_connected(&[&a, &b, &c, &d]);
    let old = fs::read(a.dir.join("ca.crl")).unwrap();
    revoke(&consortium.authority, "d");
    b.member.take(&consortium.authority.crl_path()).unwrap();
    until("all have cut it", || [&a, &b, &c].iter().all(|n| !n.is_connected_to("d")).then_some(()));
    for node in [&a, &b, &c] {
        let log = node.log();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("peer=d")).collect();
        let cut: Vec<_> = lines.iter().filter(|line| line.contains("revoked by the CA")).collect();
        assert!(cut.len() == 1 && cut[0].contains("peer down"), "one event, one line: {lines:#?}");
    }
    // The one node that was given the new list gets the old one back, and two nodes restart. What was revoked stays revoked.
    put(&b, "ca.crl", &old);
    for node in [&mut a, &mut b] {
        node.stop();
        node.start();
    }
    all_connected(&[&a, &b, &c]);
    // After the restart, a and b know d only from what happens now.
    let refused = |n: &&Daemon| n.peer("d").is_some_and(|d| d.why.is_some_and(|why| why.contains("revoked")));
    until("it has tried again", || [&a, &b].iter().all(refused).then_some(()));
    assert!([&a, &b, &c].iter().all(|n| !n.is_connected_to("d")));
    // A new certificate for the same id is accepted, and its new key is noticed.
    issue_again(&consortium, &d);
    all_connected(&[&a, &b, &c, &d]);
    until("the key is noticed", || {
        [&a, &b, &c].iter().all(|n| n.log().contains("key changed")).then_some(())
    });
}

#[test]
fn two_copies_of_the_cas_folder_that_give_one_number_twice_do_not_split_the_network() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut d = consortium.member("d", &bootstrap(&[&a, &b]), RESTS);
    let mut e = consortium.member("e", &bootstrap(&[&a, &b]), RESTS);
    // Its certificate and its list are older than the revocations.
    let mut f = consortium.member("f", &bootstrap(&[&b, &d, &e]), RESTS);
    fs::create_dir(consortium.path("copy")).unwrap();
    for file in ["ca.crt", "ca.key", "ca.crl", "index.json"] {
        fs::copy(consortium.path("ca").join(file), consortium.path("copy").join(file)).unwrap();
    }
    for daemon in [&mut a, &mut b, &mut d, &mut e] {
        daemon.start();
    }
    all_connected(&[&a, &b, &d, &e]);
    revoke(&consortium.authority, "d");
    revoke(&Authority::open(&consortium.path("copy")).unwrap(), "e");
    a.member.take(&consortium.path("ca/ca.crl")).unwrap();
    b.member.take(&consortium.path("copy/ca.crl")).unwrap();
    let cut = |node: &Daemon| !node.is_connected_to("d") && !node.is_connected_to("e");
    until("both are cut by both", || (cut(&a) && cut(&b)).then_some(()));
    for node in [&a, &b] {
        assert_eq!(node.log().matches("peer down").count(), 2, "only d and e are cut: {}", node.log());
    }
    // A node that joins later hears of both, from a node that has only one of the lists in its file.
    f.start();
    until("it hears of both", || {
        let refused =
            |id: &str| f.peer(id).is_some_and(|peer| peer.why.is_some_and(|why| why.contains("revoked")));
        (f.is_connected_to("b") && refused("d") && refused("e")).then_some(())
    });
    assert!(cut(&f));
}

#[test]
fn overdue_lists_end_connections_only_where_that_is_wished_and_the_next_list_reaches_all() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&a]), RESTS);
    let text = fs::read_to_string(c.config()).unwrap();
    fs::write(c.config(), text.replace("[p2p]", "crl_overdue = \"refuse\"\n[p2p]")).unwrap();
    let list = |number, due: Duration| {
        let (made, due) = (OffsetDateTime::now_utc() - Duration::days(10), OffsetDateTime::now_utc() + due);
        let list = consortium.authority.root().revocation_list(number, &[], made, due).unwrap();
        mkca::pem("X509 CRL", &list)
    };
    let overdue = list(50, Duration::days(-1));
    for daemon in [&mut a, &mut b, &mut c] {
        put(daemon, "ca.crl", overdue.as_bytes());
        daemon.start();
    }
    all_connected(&[&a, &b]);
    let is_alone = |c: &Daemon| c.peers().iter().all(|peer| peer.status != PeerStatus::Connected);
    until("the strict one says why it is alone", || {
        (c.log().contains("crl_overdue is refuse") && is_alone(&c)).then_some(())
    });
    until("a peer hears why", || a.log().contains("its revocation lists are overdue").then_some(()));
    // The next list is given to another node, and ends soon. A busy machine may not connect before it does.
    let met = (100..103).zip([20, 60, 180]).any(|(number, life)| {
        let ends = OffsetDateTime::now_utc() + Duration::seconds(life);
        put(&a, "ca.crl", list(number, Duration::seconds(life)).as_bytes());
        until("all are connected, or too late", || {
            let all = c.is_connected_to("a") && c.is_connected_to("b");
            (all || OffsetDateTime::now_utc() > ends).then_some(())
        });
        c.is_connected_to("a")
    });
    assert!(met, "the next list never reached the node that refuses everybody");
    until("the strict one is alone again", || is_alone(&c).then_some(()));
    assert!(a.is_connected_to("b") && b.is_connected_to("a"));
    put(&a, "ca.crl", list(110, Duration::days(30)).as_bytes());
    all_connected(&[&a, &b, &c]);
    // One more list with a wrong date takes nothing away.
    let count = |text| c.log().matches(text).count();
    let (downs, news) = (count("peer down"), count("a peer brought news of revocations"));
    put(&a, "ca.crl", list(111, Duration::days(-1)).as_bytes());
    until("it is heard of", || (count("a peer brought news of revocations") > news).then_some(()));
    assert!(c.is_connected_to("a") && c.is_connected_to("b"));
    assert_eq!(count("peer down"), downs);
}

#[test]
fn the_certificate_of_another_node_changes_nothing_and_the_data_folder_knows_whose_it_is() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    all_connected(&[&a, &b]);
    for (own, of_a) in [("b.key", "a.key"), ("b.crt", "a.crt")] {
        fs::copy(a.dir.join(of_a), b.dir.join("new")).unwrap();
        fs::rename(b.dir.join("new"), b.dir.join(own)).unwrap();
    }
    until("it is told", || b.log().contains("is the certificate of").then_some(()));
    assert!(b.is_connected_to("a") && a.is_connected_to("b"));
    assert!(!a.log().contains("duplicate_identity") && !b.log().contains("peer down"));
    b.stop();
    for command in ["check", "run"] {
        let output = b.command(&[command]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("data_dir: ") && errors.contains("node \"b\""), "{errors}");
    }
}

#[test]
fn the_root_changes_while_blocks_go_on() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "when = \"always\"");
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&a, &b]), RESTS);
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.start();
    }
    let all = [&a, &b, &c];
    all_connected(&all);
    let grows = || {
        let height = a.height();
        until("blocks go on everywhere", || all.iter().all(|n| n.height() > height + 2).then_some(()));
    };
    let new = Authority::create(&consortium.path("new"), "test", mkca::AUTHORITY_DAYS).unwrap();
    let both = |file: &str| {
        [
            fs::read(consortium.path("ca").join(file)).unwrap(),
            fs::read(consortium.path("new").join(file)).unwrap(),
        ]
        .concat()
    };
    let taken = |node: &Daemon| node.log().matches("were reloaded").count();
    for node in all {
        let before = taken(node);
        put(node, "ca.crl", &both("ca.crl"));
        put(node, "ca.crt", &both("ca.crt"));
        until("both roots are in use", || (taken(node) > before).then_some(()));
    }
    grows();
    for node in all {
        let before = taken(node);
        new.issue(&[node.id.parse().unwrap()], 30).unwrap();
        for file in [format!("{}.crt", node.id), format!("{}.key", node.id)] {
            node.member.take(&consortium.path("new").join(&file)).unwrap();
        }
        until("the new certificate is in use", || {
            (taken(node) > before && node.status().certificate.days_left < 31).then_some(())
        });
    }
    grows();
    for node in all {
        assert!(!node.log().contains("peer down"), "a connection was lost: {}", node.log());
    }
    // When the old root goes, sessions that were proven under it end, and come back under the new one.
    for node in all {
        let before = taken(node);
        node.member.take(&consortium.path("new/ca.crl")).unwrap();
        node.member.take(&consortium.path("new/ca.crt")).unwrap();
        until("the old root is gone", || (taken(node) > before).then_some(()));
    }
    all_connected(&all);
    grows();
}

#[test]
fn a_living_connection_ends_with_its_certificate() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    all_connected(&[&a, &b]);
    // A busy machine may not reconnect before the first of these certificates ends.
    let met = [15, 40, 120].into_iter().any(|life| {
        let now = OffsetDateTime::now_utc();
        let (id, key) = ("b".parse().unwrap(), KeyPair::generate().unwrap());
        let ends = now + Duration::seconds(life);
        let spec = CertificateSpec::node(&id, now - Duration::HOUR, ends);
        let certificate = consortium.authority.root().certify(&spec, &key.public().unwrap()).unwrap();
        let before = b.log().matches("were reloaded").count();
        put(&b, "b.key", key.pem().as_bytes());
        put(&b, "b.crt", mkca::pem("CERTIFICATE", &certificate.der).as_bytes());
        until("it is in use", || (b.log().matches("were reloaded").count() > before).then_some(()));
        assert_eq!(a.send("DELETE", "/v1/peers/b", true, b"").0, 204);
        until("connected with it, or too late", || {
            (a.is_connected_to("b") || OffsetDateTime::now_utc() > ends).then_some(())
        });
        a.is_connected_to("b")
    });
    assert!(met, "never connected in time");
    until("it is cut at its end", || {
        let ended = a.log().lines().any(|line| line.contains("peer down") && line.contains("has expired"));
        (ended && !a.is_connected_to("b")).then_some(())
    });
    until("it says so itself", || b.log().contains("certificate expired").then_some(()));
    issue_again(&consortium, &b);
    all_connected(&[&a, &b]);
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    until("they are connected", || a.is_connected_to("b").then_some(()));
    consortium.authority.renew(&"a".parse().unwrap(), 30).unwrap();
    a.member.take(&consortium.path("ca/a.crt")).unwrap();
    until("it is in use", || (a.status().certificate.days_left < 31).then_some(()));
    assert!(a.is_connected_to("b") && !a.log().contains("peer down"));
}
