//! Bad certificates. Each is refused whichever side dials, and both sides learn the reason.

use bouya_core::overlay::{CloseReason, DialError, Input};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose as Usage, IsCa, SanType, SerialNumber,
};
use rustls::HandshakeKind;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::ca::{Ca, Cert, GOOD_ALPN, days, member, open, raw_client, raw_server};
use crate::{Node, connect, connect_shared, greeted, serve, until};

const REVOKED: &[u8] = &[66];

fn change(id: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = member(id);
    change(&mut params);
    params
}

/// For each: name, certificate, and what the refusing side says when a client shows it, and when a server does.
fn bad(ca: &Ca) -> Vec<(&'static str, Cert, &'static str, &'static str)> {
    let same = |name, params, text| (name, ca.issue(params), text, text);
    let sub = ca.below("a CA below");
    let mut chain = sub.issue(member("bob"));
    chain.chain.push(sub.issuer.der().clone());
    let key = rcgen::KeyPair::generate().unwrap();
    let own = member("bob").self_signed(&key).unwrap();
    let self_signed = Cert { pem: own.pem(), key, chain: vec![own.der().clone()] };
    let address = SanType::IpAddress([127, 0, 0, 1].into());
    let mailbox = SanType::Rfc822Name("bob".try_into().unwrap());
    let unknown = change("bob", |params| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    });
    let names = |names: &[&str]| {
        let mut params =
            CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        let rest = member("bob");
        params.distinguished_name = rest.distinguished_name;
        params.extended_key_usages = rest.extended_key_usages;
        (params.not_before, params.not_after) = (rest.not_before, rest.not_after);
        params
    };
    vec![
        ("foreign CA", Ca::new("other").issue(member("bob")), "does not trust", "does not trust"),
        ("same-name CA", Ca::new("test CA").issue(member("bob")), "not its signature", "not its signature"),
        ("self-signed", self_signed, "does not trust", "does not trust"),
        same("expired", change("bob", |p| p.not_after = days(-1)), "has expired"),
        same("not yet valid", change("bob", |p| p.not_before = days(1)), "not valid yet"),
        same(
            "revoked",
            change("bob", |p| p.serial_number = Some(SerialNumber::from_slice(REVOKED))),
            "revoked",
        ),
        same(
            "CA as leaf",
            change("bob", |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            "CaUsedAsEndEntity",
        ),
        same("no EKU", change("bob", |p| p.extended_key_usages = vec![]), "extended key usage"),
        same(
            "server only",
            change("bob", |p| p.extended_key_usages = vec![Usage::ServerAuth]),
            "extended key usage",
        ),
        same(
            "client only",
            change("bob", |p| p.extended_key_usages = vec![Usage::ClientAuth]),
            "extended key usage",
        ),
        same("two SANs", names(&["bob", "carol"]), "2 of them"),
        ("no SAN", ca.issue(names(&[])), "has none", "is for nobody"),
        ("upper case", ca.issue(change("Bob", |_| ())), "no node id", "no node id"),
        same(
            "another CN",
            change("bob", |p| p.distinguished_name.push(DnType::CommonName, "eve")),
            "\"eve\" differs",
        ),
        ("chain of two", chain, "2 certificates", "2 certificates"),
        ("a labyrinth", labyrinth(ca), "41 certificates", "41 certificates"),
        same("one SAN twice", names(&["bob", "bob"]), "2 of them"),
        same("5,000 SANs", names(&["bob"; 5_000]), "5000 of them"),
        ("wildcard", ca.issue(named(b"*")), "made of a-z", "is for *"),
        ("wildcard with a domain", ca.issue(named(b"*.bob")), "made of a-z", "is for *.bob"),
        ("a domain", ca.issue(named(b"bob.example")), "made of a-z", "is for bob.example"),
        ("a dot at the end", ca.issue(named(b"bob.")), "made of a-z", "is for bob."),
        ("NUL at the end", ca.issue(named(b"bob\0")), "made of a-z", "is for bob\\0"),
        ("NUL within", ca.issue(named(b"bob\0.eve")), "made of a-z", "is for bob\\0.eve"),
        ("unicode", ca.issue(named("bøb".as_bytes())), "made of a-z", "is for bøb"),
        ("a line break", ca.issue(named(b"bob\n")), "made of a-z", "is for bob\\n"),
        ("digits", ca.issue(named(b"42")), "may not be a number", "is for 42"),
        ("an empty name", ca.issue(named(b"")), "may not be empty", "is for "),
        ("64 letters", ca.issue(named(&[b'a'; 64])), "this one has 64", "is for aaaa"),
        ("40,000 letters", ca.issue(named(&[b'a'; 40_000])), "this one has 40000", "is for aaaa"),
        (
            "an address",
            ca.issue(change("bob", |p| p.subject_alt_names = vec![address])),
            "another kind",
            "is for IpAddress",
        ),
        (
            "a mailbox",
            ca.issue(change("bob", |p| p.subject_alt_names = vec![mailbox])),
            "another kind",
            "expected bob",
        ),
        (
            "no CN",
            ca.issue(change("bob", |p| p.distinguished_name = DistinguishedName::new())),
            "\"\" differs",
            "\"\" differs",
        ),
        same("a critical extension that nobody knows", unknown, "not acceptable"),
    ]
}

/// Bob's certificate with any bytes as its only DNS name.
fn named(name: &[u8]) -> CertificateParams {
    let tagged = |tag: u8, body: &[u8]| {
        let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
        // DER wants the shortest form.
        let length = match (high, low) {
            (0, ..128) => vec![low],
            (0, _) => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag][..], &length, body].concat()
    };
    change("bob", |params| {
        params.subject_alt_names.clear();
        let content = tagged(0x30, &tagged(0x82, name));
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], content));
    })
}

/// Bob's certificate with a chain of forty CAs that have the same name, so that finding a path takes a search.
fn labyrinth(ca: &Ca) -> Cert {
    let sub = ca.below("a CA below");
    let mut cert = sub.issue(member("bob"));
    cert.chain.extend((0..40).map(|_| ca.below("a CA below").issuer.der().clone()));
    cert
}

fn network() -> (Ca, Node, TempDir) {
    let ca = Ca::new("test CA");
    let dir = TempDir::new().unwrap();
    let files = ca.files_with(dir.path(), &ca.issue(member("alice")), &ca.crl(1, &[REVOKED], 30));
    let node = Node::new(open(files).unwrap().into());
    (ca, node, dir)
}

#[tokio::test]
async fn bad_clients_are_refused_with_the_reason() {
    let (ca, mut alice, _dir) = network();
    for (name, cert, text, _) in bad(&ca) {
        // Each gets a new listener, so that the rate limit for addresses plays no part.
        let listener = alice.listen();
        let client = raw_client(&ca, Some(&cert), GOOD_ALPN);
        // With TLS 1.3 this end may believe that it was accepted.
        let stream = connect(client, listener.address, "alice").await;
        until(name, || listener.stats.last_refusal().is_some()).await;
        let said = listener.stats.last_refusal().unwrap();
        assert!(said.contains(text), "{name}: {said}");
        if let Ok(mut stream) = stream {
            let mut rest = Vec::new();
            let end = stream.read_to_end(&mut rest).await;
            assert!(
                end.is_err() || rest.windows(text.len()).any(|at| at == text.as_bytes()),
                "{name}: the client is told nothing"
            );
        }
    }
    assert!(alice.events.try_recv().is_err(), "none of them came up");
}

#[tokio::test]
async fn bad_servers_are_refused_with_the_reason() {
    let (ca, mut alice, _dir) = network();
    for (name, cert, _, text) in bad(&ca) {
        let (address, _streams) = serve(raw_server(&ca, &cert, GOOD_ALPN)).await;
        alice.dial("bob", address);
        match alice.dial_error().await {
            DialError::Certificate(said) => {
                assert!(said.contains(text) && said.contains("bob at 127.0.0.1"), "{name}: {said}");
                assert!(said.len() < 512, "{name}: {} bytes of it", said.len());
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_id_is_named_beside_the_expected_one() {
    let (ca, mut alice, _dir) = network();
    let (address, _streams) = serve(raw_server(&ca, &ca.issue(member("carol")), GOOD_ALPN)).await;
    alice.dial("bob", address);
    let DialError::Certificate(said) = alice.dial_error().await else { panic!() };
    assert!(said.contains("expected bob, but its certificate is for carol"), "{said}");
}

#[tokio::test]
async fn the_protocol_must_be_agreed_by_both_ends() {
    let (ca, mut alice, _dir) = network();
    let bob = ca.issue(member("bob"));
    for (alpn, text) in [(&[][..], "ALPN"), (&[&b"h2"[..]][..], "TLS failed")] {
        let listener = alice.listen();
        let _stream = connect(raw_client(&ca, Some(&bob), alpn), listener.address, "alice").await;
        until("a refusal", || listener.stats.last_refusal().is_some()).await;
        let said = listener.stats.last_refusal().unwrap();
        assert!(said.contains(text), "{said}");

        let (address, _streams) = serve(raw_server(&ca, &bob, alpn)).await;
        alice.dial("bob", address);
        let why = alice.dial_error().await;
        match why {
            DialError::Certificate(said) => assert!(alpn.is_empty() && said.contains(text), "{said}"),
            DialError::Handshake(_) => assert!(!alpn.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    let listener = alice.listen();
    let _stream = connect(raw_client(&ca, None, GOOD_ALPN), listener.address, "alice").await;
    until("a refusal", || listener.stats.last_refusal().is_some()).await;
    assert!(listener.stats.last_refusal().unwrap().contains("no certificate"));
    assert!(alice.events.try_recv().is_err());
}

#[tokio::test]
async fn a_dialer_learns_that_its_certificate_was_refused() {
    let ca = Ca::new("test CA");
    let alice = change("alice", |p| p.serial_number = Some(SerialNumber::from_slice(REVOKED)));
    let (dir, other_dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // Alice's own list does not have her yet.
    let alice = open(ca.files_with(dir.path(), &ca.issue(alice), &ca.crl(1, &[], 30))).unwrap();
    let bob = open(ca.files_with(other_dir.path(), &ca.issue(member("bob")), &ca.crl(2, &[REVOKED], 30)));
    let (mut alice, mut bob) = (Node::new(alice.into()), Node::new(bob.unwrap().into()));
    let listener = bob.listen();
    alice.dial("bob", listener.address);
    let (conn, _, outbox) = alice.up().await;
    outbox.greet(crate::hello("alice"), &crate::member_key("alice"));
    match alice.input().await {
        Input::Closed { conn: closed, why: CloseReason::Certificate(said) } => {
            assert_eq!(closed, conn);
            assert!(said.contains("revoked"), "{said}");
        }
        other => panic!("{other:?}"),
    }
    assert!(bob.events.try_recv().is_err());
    assert!(listener.stats.last_refusal().unwrap().contains("revoked by the CA"));
}

#[tokio::test]
async fn a_refusal_after_tls_is_learned_as_well() {
    let (ca, mut alice, _dir) = network();
    let listener = alice.listen();
    let two_names = bad(&ca).into_iter().find(|(name, ..)| *name == "two SANs").unwrap().1;
    let mut stream =
        connect(raw_client(&ca, Some(&two_names), GOOD_ALPN), listener.address, "alice").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let message = bouya_core::wire::Message::from_bytes(&rest[4..]).unwrap();
    let bouya_core::wire::Message::Goodbye(goodbye) = message else { panic!() };
    assert_eq!(goodbye.reason, bouya_core::wire::GoodbyeReason::Certificate);
    assert!(alice.events.try_recv().is_err());
}

#[tokio::test]
async fn without_any_list_a_chain_is_refused_all_the_same() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let mut files = ca.files(dir.path(), "alice");
    files.crls.clear();
    let mut alice = Node::new(open(files).unwrap().into());
    let (listener, below) = (alice.listen(), ca.below("a CA below"));
    let mut chain = below.issue(member("bob"));
    chain.chain.push(below.issuer.der().clone());
    let _stream = connect(raw_client(&ca, Some(&chain), GOOD_ALPN), listener.address, "alice").await;
    until("a refusal", || listener.stats.last_refusal().is_some()).await;
    assert!(listener.stats.last_refusal().unwrap().contains("2 certificates"));
    let alone = ca.issue(member("bob"));
    let _stream = connect(raw_client(&ca, Some(&alone), GOOD_ALPN), listener.address, "alice").await.unwrap();
    assert_eq!(alice.up().await.1.verified.id.as_str(), "bob");
}

#[tokio::test]
async fn no_session_is_ever_resumed() {
    let (ca, mut alice, _dir) = network();
    let bob = ca.issue(member("bob"));
    let listener = alice.listen();
    let client = std::sync::Arc::new(raw_client(&ca, Some(&bob), GOOD_ALPN));
    for _ in 0..2 {
        let mut stream = connect_shared(client.clone(), listener.address, "alice").await.unwrap();
        let (_, _, outbox) = alice.up().await;
        outbox.close(None);
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
        drop(stream);
        assert!(matches!(alice.input().await, Input::Closed { why: CloseReason::Asked, .. }));
    }
    let (address, mut streams) = serve(raw_server(&ca, &bob, GOOD_ALPN)).await;
    for _ in 0..2 {
        alice.dial("bob", address);
        let stream = streams.recv().await.unwrap().unwrap();
        let (_, _, outbox) = alice.up().await;
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        drop((stream, outbox));
        assert!(matches!(alice.input().await, Input::Closed { .. }));
    }
}

#[tokio::test]
async fn two_good_nodes_greet_each_other() {
    let ca = Ca::new("test CA");
    let ((alice, _one), (bob, _two)) = (ca.node("alice"), ca.node("bob"));
    let (mut alice, mut bob) = (Node::new(alice), Node::new(bob));
    let listener = bob.listen();
    let [left, right] = greeted(&mut alice, &mut bob, listener.address).await;
    assert_eq!(left.1.verified.session, right.1.verified.session);
    assert_eq!((left.1.verified.id.as_str(), right.1.verified.id.as_str()), ("bob", "alice"));
}
