//! How a connection deals with time and bytes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya::net::connection::Frame;
use bouya::net::listen::Stats;
use bouya::net::{Deadlines, NetEvent};
use bouya_core::codec::Bounded;
use bouya_core::limits::{FRAME_BYTES, HELLO_BYTES, SEND_QUEUE_MESSAGES};
use bouya_core::overlay::{CloseReason, ConnId, DialError, Fault, Input};
use bouya_core::wire::{Goodbye, GoodbyeReason, Message, frame};
use rcgen::SerialNumber;
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::ca::{Ca, GOOD_ALPN, member, open, raw_client};
use crate::{Node, connect, greeted, hello, until};

const SHORT: Duration = Duration::from_millis(400);

/// A raw connection to the node, on which the test sends what it wants.
async fn raw(node: &mut Node, ca: &Ca) -> (ConnId, TlsStream<TcpStream>, bouya::net::connection::Outbox) {
    let listener = node.listen();
    let config = raw_client(ca, Some(&ca.issue(member("bob"))), GOOD_ALPN);
    let stream = connect(config, listener.address, "alice").await.unwrap();
    let (conn, _, outbox) = node.up().await;
    (conn, stream, outbox)
}

async fn last_word(stream: &mut TlsStream<TcpStream>) -> Goodbye {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    match Message::from_bytes(&rest[4..]).unwrap() {
        Message::Goodbye(goodbye) => goodbye,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn messages_and_the_last_word_arrive_in_order_and_each_end_closes_once() {
    let ca = Ca::new("test CA");
    let ((alice, _one), (bob, _two)) = (ca.node("alice"), ca.node("bob"));
    let (mut alice, mut bob) = (Node::new(alice), Node::new(bob));
    let listener = bob.listen();
    let [left, right] = greeted(&mut alice, &mut bob, listener.address).await;
    (0..50).for_each(|n| left.2.send(Frame::from(&Message::Ping(n))));
    let goodbye = Goodbye::new(GoodbyeReason::Shutdown, "maintenance");
    left.2.close(Some(goodbye.clone()));
    left.2.send(Frame::from(&Message::GetPeers));
    for n in 0..50 {
        match bob.input().await {
            Input::Received { message: Message::Ping(found), size: 9, conn } => {
                assert_eq!((found, conn), (n, right.0));
            }
            other => panic!("{other:?}"),
        }
    }
    let ends = [alice.input().await, bob.input().await];
    let [Input::Closed { conn: one, why: first }, Input::Closed { conn: two, why: second }] = ends else {
        panic!()
    };
    assert_eq!((one, first), (left.0, CloseReason::Asked));
    assert_eq!((two, second), (right.0, CloseReason::Goodbye(goodbye)));
    drop((left.2, right.2, listener));
    drop((alice.shared, bob.shared));
    // The channels end without another event.
    assert!(alice.events.recv().await.is_none() && bob.events.recv().await.is_none());
}

#[tokio::test]
async fn frames_end_at_their_caps() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let mut alice = Node::new(tls);
    for (before_hello, cap) in [(true, HELLO_BYTES), (false, FRAME_BYTES)] {
        let (conn, mut stream, _outbox) = raw(&mut alice, &ca).await;
        if !before_hello {
            stream.write_all(&frame(&hello("bob").to_json())).await.unwrap();
            assert!(matches!(alice.input().await, Input::Hello { .. }));
        }
        // The length alone is enough: the node neither waits for the rest nor allocates anything.
        let length = u32::try_from(cap + 1).unwrap();
        stream.write_all(&length.to_be_bytes()).await.unwrap();
        match alice.input().await {
            Input::Broken { conn: found, fault: Fault::Frame } => assert_eq!(found, conn),
            other => panic!("{other:?}"),
        }
        let goodbye = last_word(&mut stream).await;
        assert_eq!(goodbye.reason, GoodbyeReason::Fault);
        assert!(goodbye.detail.as_str().contains(&cap.to_string()), "{goodbye:?}");
        drop(stream);
        assert!(matches!(alice.input().await, Input::Closed { why: CloseReason::Lost(_), .. }));
    }
}

#[tokio::test]
async fn what_is_no_message_is_a_fault_but_the_stream_goes_on() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let mut alice = Node::new(tls);
    let (_, mut stream, _outbox) = raw(&mut alice, &ca).await;
    stream.write_all(&frame(&hello("bob").to_json())).await.unwrap();
    stream.write_all(&frame(&[255])).await.unwrap();
    stream.write_all(&frame(&Message::Ping(1).to_bytes())).await.unwrap();
    assert!(matches!(alice.input().await, Input::Hello { .. }));
    assert!(matches!(alice.input().await, Input::Broken { fault: Fault::Message(_), .. }));
    assert!(matches!(alice.input().await, Input::Received { message: Message::Ping(1), .. }));
    let (_, mut stream, _outbox) = raw(&mut alice, &ca).await;
    stream.write_all(&frame(b"{\"no\":\"hello\"}")).await.unwrap();
    assert!(matches!(alice.input().await, Input::Broken { fault: Fault::Message(_), .. }));
    assert!(last_word(&mut stream).await.detail.as_str().contains("not a hello"));
}

#[tokio::test]
async fn a_dribbled_hello_meets_its_absolute_deadline() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let mut alice = Node::with(tls, Deadlines { hello: SHORT, ..Deadlines::default() }, 64);
    let began = Instant::now();
    let (_, mut stream, _outbox) = raw(&mut alice, &ca).await;
    tokio::spawn(async move {
        for byte in frame(&hello("bob").to_json()) {
            if stream.write_all(&[byte]).await.and(stream.flush().await).is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 20).await; // pace
        }
    });
    assert!(matches!(alice.input().await, Input::Closed { why: CloseReason::NoHello, .. }));
    assert!(began.elapsed() >= SHORT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_client_that_never_begins_tls_is_closed() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let alice = Node::with(tls, Deadlines { tls: SHORT, ..Deadlines::default() }, 64);
    let listener = alice.listen();
    let mut silent = TcpStream::connect(listener.address).await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    assert!(listener.stats.last_refusal().unwrap().contains("too long"));
}

#[tokio::test]
async fn a_dribbled_handshake_meets_its_absolute_deadline() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let alice = Node::with(tls, Deadlines { tls: SHORT, ..Deadlines::default() }, 64);
    let listener = alice.listen();
    let (mut read, mut write) = TcpStream::connect(listener.address).await.unwrap().into_split();
    // The beginning of a long ClientHello, byte by byte, for as long as the node listens.
    tokio::spawn(async move {
        for byte in [22, 3, 1, 64, 0, 1, 0, 63, 252].into_iter().chain(std::iter::repeat(0)) {
            if write.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 20).await; // pace
        }
    });
    assert_eq!(tokio::time::timeout(crate::PATIENCE, read.read(&mut [0])).await.unwrap().unwrap_or(0), 0);
    assert!(listener.stats.last_refusal().unwrap().contains("too long"));
}

#[tokio::test]
async fn a_reader_that_stalls_is_slow() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let deadlines = Deadlines { stall: SHORT, ..Deadlines::default() };
    let mut alice = Node::with(tls.clone(), deadlines, 64);
    let listener = alice.listen();
    let socket = TcpSocket::new_v4().unwrap();
    // With a small buffer little of it disappears in the kernel.
    socket.set_recv_buffer_size(4096).unwrap();
    let socket = socket.connect(listener.address).await.unwrap();
    let config = raw_client(&ca, Some(&ca.issue(member("bob"))), GOOD_ALPN);
    let name = ServerName::try_from("alice").unwrap();
    let _stalled = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
    let (_, _, outbox) = alice.up().await;
    let big = Message::Revocations(Bounded::truncated([Bounded::truncated(vec![0; 250_000])]));
    let began = Instant::now();
    // All of it fits into the queue, so only the stall can end the connection.
    (0..16).for_each(|_| outbox.send(Frame::from(&big)));
    assert!(matches!(alice.input().await, Input::Closed { why: CloseReason::Slow, .. }));
    assert!(began.elapsed() >= SHORT && began.elapsed() < SHORT * 8, "{:?}", began.elapsed());

    // A queue that is full does not wait for a stall.
    let mut alice = Node::with(tls, Deadlines { drain: SHORT, ..Deadlines::default() }, 64);
    let (_, _stalled, outbox) = raw(&mut alice, &ca).await;
    (0..=SEND_QUEUE_MESSAGES).for_each(|_| outbox.send(Frame::from(&Message::GetPeers)));
    assert!(matches!(alice.input().await, Input::Closed { why: CloseReason::Slow, .. }));
}

#[tokio::test]
async fn a_full_hub_stops_the_reader_and_loses_nothing() {
    let ca = Ca::new("test CA");
    let (tls, _dir) = ca.node("alice");
    let mut alice = Node::with(tls, Deadlines::default(), 1);
    let (_, mut stream, _outbox) = raw(&mut alice, &ca).await;
    stream.write_all(&frame(&hello("bob").to_json())).await.unwrap();
    let writer = tokio::spawn(async move {
        let ping = frame(&Message::Ping(7).to_bytes());
        let many = ping.repeat(10_000);
        for _ in 0..100 {
            stream.write_all(&many).await.unwrap();
        }
        stream.shutdown().await.unwrap();
        stream
    });
    // Thirteen megabytes do not fit into the buffers on the way.
    tokio::time::timeout(SHORT, async {
        while !writer.is_finished() {
            tokio::task::yield_now().await
        }
    })
    .await
    .expect_err("the writer is held back");
    let mut received = 0;
    loop {
        match alice.input().await {
            Input::Received { .. } => received += 1,
            Input::Hello { .. } => {}
            Input::Closed { why, .. } => break assert!(matches!(why, CloseReason::Lost(_))),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(received, 1_000_000);
}

#[tokio::test]
async fn silent_sockets_do_not_keep_a_member_out() {
    let ca = Ca::new("test CA");
    let ((alice, _one), (bob, _two)) = (ca.node("alice"), ca.node("bob"));
    let (mut alice, mut bob) = (Node::new(alice), Node::new(bob));
    let listener = bob.listen();
    let mut silent = Vec::new();
    for n in 0..100_u8 {
        let socket = TcpSocket::new_v4().unwrap();
        let from = IpAddr::from([127, 0, 0, 2 + n % 10]);
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        silent.push(socket.connect(listener.address).await.unwrap());
    }
    let began = Instant::now();
    let _both = greeted(&mut alice, &mut bob, listener.address).await;
    // The oldest socket had to go, long before its own deadline.
    assert_eq!(silent[0].read(&mut [0]).await.unwrap_or(0), 0);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let count = |of: fn(&Stats) -> &std::sync::atomic::AtomicU64| {
        of(&listener.stats).load(std::sync::atomic::Ordering::Relaxed)
    };
    assert_eq!(count(|s| &s.accepted), 101);
    // There are 64 places for 100 silent sockets and the member.
    assert_eq!(count(|s| &s.evicted), 37);
}

#[tokio::test]
async fn an_address_that_comes_too_fast_is_closed_unread() {
    let ca = Ca::new("test CA");
    let (alice, _dir) = ca.node("alice");
    let alice = Node::new(alice);
    let listener = alice.listen();
    let mut sockets = Vec::new();
    for _ in 0..60 {
        // The reset may come before `connect` returns.
        sockets.push(TcpStream::connect(listener.address).await);
    }
    let limited = || listener.stats.limited.load(std::sync::atomic::Ordering::Relaxed);
    until("limited", || limited() >= 30).await;
    if let Ok(last) = &mut sockets[59] {
        assert_eq!(last.read(&mut [0]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn a_dial_names_what_stopped_it() {
    let ca = Ca::new("test CA");
    let (alice, _dir) = ca.node("alice");
    let mut alice = Node::with(alice, Deadlines { tls: SHORT, ..Deadlines::default() }, 64);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    alice.dial("bob", address);
    let silent = listener.accept().await.unwrap();
    assert!(matches!(alice.dial_error().await, DialError::Handshake(why) if why.contains("too long")));
    drop(silent);
    alice.dial("bob", address);
    let (mut web, _) = listener.accept().await.unwrap();
    web.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let why = alice.dial_error().await;
    assert!(matches!(&why, DialError::Handshake(why) if why.contains("does not speak TLS")), "{why:?}");
    alice.dial("bob", address);
    let (mut old, _) = listener.accept().await.unwrap();
    // A ServerHello of TLS 1.2: version, random, no session, ECDHE with AES-128, no compression.
    let hello = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    old.write_all(&[&[22, 3, 3, 0, 42, 2, 0, 0, 38][..], &hello].concat()).await.unwrap();
    let why = alice.dial_error().await;
    assert!(matches!(&why, DialError::Handshake(why) if why.contains("TlsVersionIsDisabled")), "{why:?}");
    drop(listener);
    alice.dial("bob", address);
    assert!(matches!(alice.dial_error().await, DialError::Closed(why) if why.contains("nothing listens")));
}

#[tokio::test]
async fn a_revocation_from_a_peer_cuts_later_handshakes_and_judges_living_sessions() {
    let ca = Ca::new("test CA");
    let (alice, _dir) = ca.node("alice");
    let dir = TempDir::new().unwrap();
    let mut params = member("bob");
    params.serial_number = Some(SerialNumber::from_slice(&[0x7f, 1]));
    let bob = open(ca.files_with(dir.path(), &ca.issue(params), &ca.crl(1, &[], 30))).unwrap();
    let (mut alice, mut bob) = (Node::new(alice), Node::new(bob.into()));
    let listener = bob.listen();
    let [left, _right] = greeted(&mut alice, &mut bob, listener.address).await;
    assert_eq!(alice.shared.tls.refuses(&left.1), None);
    let list = crate::files::der(&ca.crl(2, &[&[0x7f, 1]], 30));
    assert_eq!(alice.shared.tls.take_in(std::slice::from_ref(&list)), (true, None));
    assert_eq!(alice.shared.tls.take_in(&[list]), (false, None));
    assert_eq!(
        alice.shared.tls.refuses(&left.1).unwrap().to_string(),
        "its certificate has been revoked by the CA"
    );
    alice.dial("bob", listener.address);
    let DialError::Certificate(said) = alice.dial_error().await else { panic!() };
    assert!(said.contains("revoked"), "{said}");
    // A newer list without the serial does not bring the member back.
    let newer = crate::files::der(&ca.crl(3, &[], 30));
    assert_eq!(alice.shared.tls.take_in(&[newer]), (true, None));
    assert!(alice.shared.tls.refuses(&left.1).is_some());
    alice.dial("bob", listener.address);
    let DialError::Certificate(said) = alice.dial_error().await else { panic!() };
    assert!(said.contains("revoked"), "{said}");
}

/// The node that refuses everybody because its lists are overdue hears of the newer one from the first peer it refuses, whoever dials.
#[tokio::test]
async fn a_peer_that_is_refused_for_overdue_lists_brings_the_newer_one() {
    let ca = Ca::new("test CA");
    for strict_dials in [true, false] {
        let dir = TempDir::new().unwrap();
        let mut files = ca.files_with(dir.path(), &ca.issue(member("alice")), &ca.crl(1, &[], -1));
        files.refuse_overdue = true;
        let (mut alice, (bob, _dir)) = (Node::new(open(files).unwrap().into()), ca.node("bob"));
        let newer = crate::files::der(&ca.crl(2, &[], 30));
        bob.take_in(std::slice::from_ref(&newer));
        let mut bob = Node::new(bob);
        let listener = if strict_dials { bob.listen() } else { alice.listen() };
        let (peer, outbox) = if strict_dials {
            alice.dial("bob", listener.address);
            let why = alice.dial_error().await;
            // No verdict on bob, so the next dial comes soon.
            assert!(matches!(&why, DialError::Handshake(why) if why.contains("overdue")), "{why:?}");
            let (_, _, outbox) = bob.up().await;
            (&mut bob, outbox)
        } else {
            bob.dial("alice", listener.address);
            let (_, _, outbox) = bob.up().await;
            (&mut bob, outbox)
        };
        outbox.greet(hello("bob"), &crate::member_key("bob"));
        match peer.input().await {
            Input::Closed { why: CloseReason::Goodbye(goodbye), .. } => {
                assert_eq!(goodbye.reason, GoodbyeReason::Overdue);
            }
            other => panic!("{other:?}"),
        }
        let NetEvent::Lists(lists) = alice.event().await else { panic!("no lists") };
        assert!(lists.contains(&newer));
        assert_eq!(alice.shared.tls.take_in(&lists), (true, None));
        let (from, to, id) =
            if strict_dials { (&mut alice, &mut bob, "bob") } else { (&mut bob, &mut alice, "alice") };
        from.dial(id, listener.address);
        from.up().await;
        to.up().await;
    }
}

/// Nothing but lists counts from a peer that is refused, and one that is revoked is not even heard.
#[tokio::test]
async fn a_refused_peer_is_heard_only_about_lists() {
    let ca = Ca::new("test CA");
    let dir = TempDir::new().unwrap();
    let mut files = ca.files_with(dir.path(), &ca.issue(member("alice")), &ca.crl(1, &[&[0x7f, 1]], -1));
    files.refuse_overdue = true;
    let mut alice = Node::new(open(files).unwrap().into());
    let listener = alice.listen();
    let config = raw_client(&ca, Some(&ca.issue(member("bob"))), GOOD_ALPN);
    let mut stream = connect(config, listener.address, "alice").await.unwrap();
    for message in [Message::GetPeers, Message::Ping(1), Message::Revocations(Bounded::default())] {
        stream.write_all(&frame(&message.to_bytes())).await.unwrap();
    }
    assert_eq!(last_word(&mut stream).await.reason, GoodbyeReason::Overdue);
    let nothing = tokio::time::timeout(SHORT, alice.events.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}
