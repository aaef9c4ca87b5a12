//! Certificates while the network runs.

use std::fs;

use super::daemon::{Consortium, copy, until};

#[test]
fn a_revocation_given_to_one_node_cuts_everywhere_and_is_never_rolled_back() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "enabled = false");
    let mut b = consortium.member("b", &format!("bootstrap = [\"{}\"]", a.at()), "enabled = false");
    let mut c = consortium.member("c", &format!("bootstrap = [\"{}\"]", b.at()), "enabled = false");
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.start();
    }
    until("all are connected", || {
        (a.is_connected_to("c") && b.is_connected_to("c") && a.is_connected_to("b")).then_some(())
    });
    let old = fs::read(a.dir.join("ca.crl")).unwrap();
    consortium.authority.revoke(&"c".parse().unwrap(), mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
    copy(&consortium.authority.crl_path(), &a.dir.join("ca.crl"));
    until("both have cut it", || (!a.is_connected_to("c") && !b.is_connected_to("c")).then_some(()));
    assert!(a.is_connected_to("b"), "who stays valid stays connected");
    // The old list comes back and the nodes restart: what was revoked stays revoked.
    fs::write(a.dir.join("ca.crl"), &old).unwrap();
    a.stop();
    b.stop();
    a.start();
    b.start();
    until("they are connected again", || a.is_connected_to("b").then_some(()));
    until("it is told why", || {
        let log = c.log().to_lowercase();
        log.contains("revoked").then_some(())
    });
    assert!(!a.is_connected_to("c") && !b.is_connected_to("c"));
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "enabled = false");
    let mut b = consortium.member("b", &format!("bootstrap = [\"{}\"]", a.at()), "enabled = false");
    a.start();
    b.start();
    until("they are connected", || a.is_connected_to("b").then_some(()));
    let since = a.peer("b").unwrap().since;
    consortium.authority.renew(&"a".parse().unwrap(), 30).unwrap();
    copy(&consortium.path("ca/a.crt"), &a.dir.join("a.crt"));
    until("it is in use", || (a.status().certificate.days_left < 31).then_some(()));
    assert_eq!(a.peer("b").unwrap().since.map(|s| s[..19].to_owned()), since.map(|s| s[..19].to_owned()));
}
