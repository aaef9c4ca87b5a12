//! A member whose certificate is refused.

use std::time::Instant;

use bouya::http::views::PeerStatus;

use super::daemon::{Consortium, RESTS, bootstrap, until};

#[test]
fn a_revoked_member_never_counts_as_connected_and_waits_before_it_tries_again() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", RESTS);
    // Mallory's own list does not have her yet, and with TLS 1.3 her end of the handshake succeeds.
    let mut mallory = consortium.member("mallory", &bootstrap(&[&alice]), RESTS);
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
