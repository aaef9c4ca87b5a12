//! Who has a certificate that is refused.

use std::time::Instant;

use bouya::http::views::PeerStatus;

use super::daemon::{Consortium, until};

#[test]
fn a_revoked_member_never_counts_as_connected_and_waits_before_it_tries_again() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", "enabled = false");
    let p2p = format!("bootstrap = [\"{}\"]", alice.at());
    // Mallory's own list does not know it yet: with TLS 1.3 her end of the handshake succeeds.
    let mut mallory = consortium.member("mallory", &p2p, "enabled = false");
    let id = "mallory".parse().unwrap();
    consortium.authority.revoke(&id, mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
    alice.member.take(&consortium.authority.crl_path()).unwrap();
    alice.start();
    let began = Instant::now();
    mallory.start();
    let refused =
        until("she has tried twice", || alice.metric("sockets_refused_total").filter(|count| *count >= 2));
    let seconds = began.elapsed().as_secs();
    assert!(refused < 10 + seconds, "{refused} tries in {seconds} s");
    let peer = until("she waits", || mallory.peer("alice").filter(|peer| peer.status == PeerStatus::Backoff));
    assert!(peer.why.as_ref().is_some_and(|why| why.contains("revoked")), "{peer:?}");
    for daemon in [&alice, &mallory] {
        assert!(!daemon.log().contains("peer up"), "{}", daemon.log());
        assert_eq!(daemon.status().peers.connected, 0);
    }
}
