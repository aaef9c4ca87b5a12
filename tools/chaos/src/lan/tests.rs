use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net;
use tokio::time::timeout;

use super::*;
use crate::proxy::Proxy;
use crate::seat::Seat;
use crate::window;

/// Long enough for bytes to arrive that are not held back.
const A_WHILE: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_secs(20);

/// A network of two nodes. None, with a message, if the system does not allow it.
fn two() -> Option<Lan> {
    let lan = Namespace::make().and_then(|hub| Lan::build(hub, 2));
    lan.inspect_err(|error| eprintln!("skipped: no network namespaces here: {error}")).ok()
}

fn listen(home: &Home) -> (TcpListener, SocketAddr) {
    let listener = home.inside(|| TcpListener::bind((home.address, 0))).unwrap();
    let at = listener.local_addr().unwrap();
    (listener, at)
}

#[test]
fn each_node_has_an_address_of_its_own_that_only_the_others_reach() {
    let Some(lan) = two() else { return };
    let (listener, at) = listen(&lan.homes()[1]);
    assert_eq!(at.ip(), address(1));
    let _dialer = lan.homes()[0].inside(|| TcpStream::connect_timeout(&at, SOON)).unwrap();
    assert_eq!(listener.accept().unwrap().1.ip(), address(0));
    assert!(TcpListener::bind((address(1), 0)).is_err(), "the machine itself has a node's address");
    let outside = fs::read_to_string("/proc/net/dev").unwrap();
    assert!(!outside.contains(&plug(0)) && !outside.contains(SWITCH), "the machine sees it:\n{outside}");
}

#[test]
fn a_cable_that_is_out_takes_packets_without_a_word_and_gives_them_once_it_is_in_again() {
    let Some(lan) = two() else { return };
    let (listener, at) = listen(&lan.homes()[1]);
    let mut dialer = lan.homes()[0].inside(|| TcpStream::connect_timeout(&at, SOON)).unwrap();
    let mut accepted = listener.accept().unwrap().0;
    lan.plug(1, false).unwrap();
    dialer.write_all(b"lost?").unwrap();
    accepted.set_read_timeout(Some(A_WHILE)).unwrap();
    let mut heard = [0; 5];
    assert_eq!(accepted.read(&mut heard).unwrap_err().kind(), ErrorKind::WouldBlock, "it is out");
    let late = lan.homes()[0].inside(|| TcpStream::connect_timeout(&at, A_WHILE)).unwrap_err();
    assert_ne!(late.kind(), ErrorKind::ConnectionRefused, "nobody refuses, nobody answers");
    lan.plug(1, true).unwrap();
    accepted.set_read_timeout(Some(SOON)).unwrap();
    accepted.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"lost?");
}

/// The next connection. Panics if none comes in time.
async fn comes(listener: TcpListener) -> (net::TcpStream, SocketAddr) {
    listener.set_nonblocking(true).unwrap();
    let listener = net::TcpListener::from_std(listener).unwrap();
    timeout(SOON, listener.accept()).await.expect("nobody comes").unwrap()
}

#[tokio::test]
async fn wires_run_between_namespaces_and_tell_who_dials_by_its_address() {
    let Some(lan) = two() else { return };
    let (listener, at) = listen(&lan.homes()[1]);
    let seats: Vec<Arc<Seat>> = lan.homes().iter().cloned().map(Seat::at).collect();
    seats[1].plug.port.store(at.port(), Ordering::SeqCst);
    let proxy = Proxy::new(seats.iter().map(|seat| seat.plug.clone()).collect());
    let front = proxy.open(1).await.unwrap();
    assert_eq!(front.ip(), address(1), "it is behind the node's cable");
    let _dialer = lan.homes()[0].inside(|| TcpStream::connect_timeout(&front, SOON)).unwrap();
    assert_eq!(comes(listener).await.1.ip().to_string(), "127.1.0.1", "node 0 comes from its own address");
}

#[tokio::test]
async fn a_node_whose_cable_is_out_still_answers_whoever_sits_at_its_machine() {
    let Some(lan) = two() else { return };
    let seat = Seat::at(lan.homes()[1].clone());
    let listener = lan.homes()[1].inside(|| TcpListener::bind("127.0.0.1:0")).unwrap();
    window::open(&seat).await.unwrap();
    assert_eq!(seat.api(), None, "it does not run yet");
    seat.api.store(listener.local_addr().unwrap().port(), Ordering::SeqCst);
    lan.plug(1, false).unwrap();
    let mut asking = net::TcpStream::connect(("127.0.0.1", seat.api().unwrap())).await.unwrap();
    asking.write_u8(b'?').await.unwrap();
    let heard = comes(listener).await.0.read_u8().await.unwrap();
    assert_eq!(heard, b'?');
}
