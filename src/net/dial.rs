//! Dialing: addresses, TCP, TLS for one id. Every outcome is one event: `Up` or `DialFailed`.
//!
//! A name may have several addresses. An address counts as the peer's only once the node there has proven the id.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bouya_core::id::NodeId;
use bouya_core::limits::DIAL_ADDRESSES;
use bouya_core::overlay::{DialError, Input};
use bouya_core::wire::Endpoint;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::{TlsConnector, TlsStream};

use super::connection::{self, Origin};
use super::tls::{Refusal, Session, explain, verified};
use super::{NetEvent, Shared, tune};
use crate::proxy::Proxy;

mod back;

pub use back::back;

type Proven = (TlsStream<TcpStream>, Session, Instant);

/// Opens a connection to `id` at `endpoint`; `local` says whether that may be this machine. The task lives as long as the connection.
pub fn spawn(shared: Shared, id: NodeId, endpoint: Endpoint, local: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        match dial(&shared, &id, &endpoint, local).await {
            Ok((stream, session, opened)) => {
                connection::start(shared, stream, session, opened, Origin::Dialed(endpoint)).await;
            }
            Err(why) => {
                // If the hub is gone, there is nobody to tell.
                let _ = shared.hub.send(NetEvent::Input(Input::DialFailed { id, endpoint, why })).await;
            }
        }
    })
}

async fn dial(shared: &Shared, id: &NodeId, endpoint: &Endpoint, local: bool) -> Result<Proven, DialError> {
    if let Some(proxy) = &shared.proxy {
        return through(shared, proxy, id, endpoint, local).await;
    }
    let addresses = resolve(shared, endpoint).await.map_err(DialError::Unreachable)?;
    let mut turn = [0; 4];
    // If there is no randomness, the first addresses are tried each time.
    let _ = getrandom::fill(&mut turn);
    let addresses = choose(addresses, u32::from_le_bytes(turn) as usize);
    try_each(shared, id, endpoint, addresses, local).await
}

/// The proxy resolves the name, so one address is tried, whatever it is.
async fn through(
    shared: &Shared,
    proxy: &Proxy,
    id: &NodeId,
    endpoint: &Endpoint,
    local: bool,
) -> Result<Proven, DialError> {
    let unreachable = |why: String| DialError::Unreachable(format!("{endpoint}: {why}"));
    if endpoint.address().is_some_and(|address| !may_connect(address, local)) {
        return Err(unreachable("not an address of another machine".into()));
    }
    let stream = timeout(shared.deadlines.connect, proxy.connect(endpoint)).await;
    let stream = stream
        .map_err(|_| unreachable(format!("no answer through the proxy {proxy}")))?
        .map_err(|error| unreachable(error.to_string()))?;
    let at = endpoint.to_string();
    prove(shared, id, &at, stream)
        .await?
        .map_err(|refusal| DialError::Handshake(format!("{id} at {at}: {refusal}")))
}

async fn resolve(shared: &Shared, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, String> {
    let found = timeout(shared.deadlines.connect, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
    let addresses: Vec<SocketAddr> = found
        .map_err(|_| format!("no answer from the name service for {}", endpoint.host))?
        .map_err(|error| format!("no address for {}: {error}", endpoint.host))?
        .collect();
    if addresses.is_empty() { Err(format!("{} has no address", endpoint.host)) } else { Ok(addresses) }
}

/// The addresses for one dial. If there are too many, each dial begins at a random one, so that every address gets its turn.
fn choose(mut addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    if addresses.len() > DIAL_ADDRESSES {
        let begin = turn % addresses.len();
        addresses.rotate_left(begin);
        addresses.truncate(DIAL_ADDRESSES);
    }
    addresses
}

/// Tries addresses until one has proven the id: whatever answers TCP may be another service, or this machine.
async fn try_each(
    shared: &Shared,
    id: &NodeId,
    endpoint: &Endpoint,
    addresses: Vec<SocketAddr>,
    local: bool,
) -> Result<Proven, DialError> {
    let mut failures = Vec::new();
    for address in addresses {
        let at = if endpoint.address().is_some() {
            endpoint.to_string()
        } else {
            format!("{endpoint} ({address})")
        };
        match try_one(shared, id, &at, address, local).await {
            // The result would be the same at another address.
            Ok(Err(refusal)) => return Err(DialError::Handshake(format!("{id} at {at}: {refusal}"))),
            Ok(Ok(proven)) => return Ok(proven),
            Err(why) => failures.push(why),
        }
    }
    Err(gather(failures))
}

/// The outcome of a dial if all addresses failed. A certificate verdict counts against the peer only if no other address may still be the peer.
fn gather(failures: Vec<DialError>) -> DialError {
    let (mut texts, mut is_closed, mut is_unreachable, mut is_verdict) = (Vec::new(), true, true, true);
    for why in failures {
        is_closed &= matches!(why, DialError::Closed(_));
        is_unreachable &= matches!(why, DialError::Closed(_) | DialError::Unreachable(_));
        is_verdict &= matches!(why, DialError::Certificate(_));
        let (DialError::Closed(text)
        | DialError::Unreachable(text)
        | DialError::Handshake(text)
        | DialError::Certificate(text)) = why;
        texts.push(text);
    }
    let text = texts.join("; ");
    match () {
        () if is_closed => DialError::Closed(text),
        () if is_unreachable => DialError::Unreachable(text),
        () if is_verdict => DialError::Certificate(text),
        () => DialError::Handshake(text),
    }
}

/// TCP and TLS at one address. The inner error is a refusal that says nothing about the address.
async fn try_one(
    shared: &Shared,
    id: &NodeId,
    at: &str,
    address: SocketAddr,
    local: bool,
) -> Result<Result<Proven, Refusal>, DialError> {
    let stream = connect(shared, address, local).await?;
    prove(shared, id, at, stream).await
}

/// TLS with whoever is at the other end. The inner error is a refusal that says nothing about the address.
async fn prove(
    shared: &Shared,
    id: &NodeId,
    at: &str,
    stream: TcpStream,
) -> Result<Result<Proven, Refusal>, DialError> {
    tune(&stream);
    let opened = Instant::now();
    let name = ServerName::try_from(id.as_str().to_owned())
        .map_err(|_| DialError::Handshake(format!("{id} cannot be a TLS server name")))?;
    let connector = TlsConnector::from(shared.tls.client_config());
    let handshake = timeout_at(opened + shared.deadlines.tls, connector.connect(name, stream)).await;
    let stream = handshake
        .map_err(|_| DialError::Handshake(format!("{at} took too long over TLS")))?
        .map_err(|error| failed(&error, id, at))?;
    let stream = TlsStream::Client(stream);
    match verified(&shared.tls, &stream, Some(id)) {
        Ok(session) => Ok(Ok((stream, session, opened))),
        Err(refusal) => {
            let (shared, told) = (shared.clone(), refusal.clone());
            tokio::spawn(async move { connection::turn_away(stream, &told, &shared).await });
            match refusal {
                Refusal::Overdue => Ok(Err(refusal)),
                _ => Err(DialError::Certificate(format!("{id} at {at}: {refusal}"))),
            }
        }
    }
}

async fn connect(shared: &Shared, address: SocketAddr, local: bool) -> Result<TcpStream, DialError> {
    if !may_connect(address.ip(), local) {
        return Err(DialError::Unreachable(format!("{address}: not an address of another machine")));
    }
    match timeout(shared.deadlines.connect, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(DialError::Closed(format!("{address}: nothing listens there")))
        }
        Ok(Err(error)) => Err(DialError::Unreachable(format!("{address}: {error}"))),
        Err(_) => Err(DialError::Unreachable(format!("{address}: no answer"))),
    }
}

/// Whether an address may be connected to. The overlay judges plain addresses; names are resolved only here.
fn may_connect(address: IpAddr, local: bool) -> bool {
    let address = address.to_canonical();
    // A connection to the unspecified address goes to this machine.
    let nowhere =
        address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST);
    !nowhere && (local || !address.is_loopback())
}

fn failed(error: &io::Error, id: &NodeId, at: &str) -> DialError {
    let Some(tls) = explain::tls_error(error) else {
        return DialError::Handshake(format!("{at} broke off TLS: {error}"));
    };
    if let Some(verdict) = explain::verdict(tls) {
        return DialError::Certificate(format!("{id} at {at}: {verdict}"));
    }
    if let Some(refused) = explain::refused(tls) {
        return DialError::Certificate(format!("{id} at {at}: {refused}"));
    }
    DialError::Handshake(match tls {
        rustls::Error::InvalidMessage(_) => {
            format!("{at} does not speak TLS; is it the peer's p2p port?")
        }
        other => format!("{at}: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use bouya_harness::Consortium;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;
    use crate::net::Deadlines;
    use crate::net::crl::Revocations;
    use crate::net::listen::{self, Listener};
    use crate::net::tls::{IdentityFiles, Tls};

    /// A node of this id, and what its listener and its dials tell.
    fn node(consortium: &Consortium, id: &str) -> (Shared, mpsc::Receiver<NetEvent>) {
        let dir = consortium.admit(id, "").unwrap().dir;
        let files = IdentityFiles {
            ca: dir.join("ca.crt"),
            certificate: dir.join(format!("{id}.crt")),
            key: dir.join(format!("{id}.key")),
            crls: vec![dir.join("ca.crl")],
            refuse_overdue: false,
        };
        let tls = Tls::open(files, Revocations::default()).unwrap();
        let (hub, events) = mpsc::channel(64);
        (Shared::new(tls.into(), hub, Deadlines::default()), events)
    }

    fn listen(shared: &Shared) -> Listener {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Listener::spawn(shared.clone(), listen::bind(loopback).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn what_answers_tcp_is_passed_over_until_the_id_is_proven() {
        let dir = tempfile::tempdir().unwrap();
        let consortium = Consortium::open(dir.path(), "test").unwrap();
        let (alice, _events) = node(&consortium, "alice");
        let ((bob, _bobs), (carol, _carols)) = (node(&consortium, "bob"), node(&consortium, "carol"));
        // Another service, this machine itself, another member, nobody, and only then the peer.
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (itself, other, right) = (listen(&alice), listen(&carol), listen(&bob));
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut addresses = vec![web.local_addr().unwrap(), itself.address, other.address, nobody];
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = web.accept().await {
                let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let (id, endpoint): (NodeId, Endpoint) =
            ("bob".parse().unwrap(), "bob.example:7000".parse().unwrap());
        let failed = try_each(&alice, &id, &endpoint, addresses.clone(), true).await.map(drop).unwrap_err();
        let DialError::Handshake(why) = failed else { panic!("{failed:?}") };
        for part in ["does not speak TLS", "for alice", "for carol", "nothing listens there"] {
            assert!(why.contains(part), "{part}: {why}");
        }
        addresses.push(right.address);
        let (_, session, _) = try_each(&alice, &id, &endpoint, addresses, true).await.unwrap();
        assert_eq!(session.verified.id, id);
    }

    /// A proxy that leads everybody to one address, whatever the name.
    async fn proxy_to(address: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    asked.push(client.read_u8().await.unwrap());
                }
                assert!(asked.starts_with(b"CONNECT bob.example:7000 "));
                let mut peer = TcpStream::connect(address).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut peer).await;
            }
        });
        format!("http://{at}").parse().unwrap()
    }

    /// Nobody here knows the name; whom the proxy leads to still has to prove the id.
    #[tokio::test]
    async fn through_a_proxy_the_id_is_proven_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let consortium = Consortium::open(dir.path(), "test").unwrap();
        let (mut alice, _events) = node(&consortium, "alice");
        let ((bob, _bobs), (carol, _carols)) = (node(&consortium, "bob"), node(&consortium, "carol"));
        let (right, other) = (listen(&bob), listen(&carol));
        let (id, endpoint): (NodeId, Endpoint) =
            ("bob".parse().unwrap(), "bob.example:7000".parse().unwrap());
        alice.proxy = Some(proxy_to(right.address).await.into());
        let (_, session, _) = dial(&alice, &id, &endpoint, false).await.unwrap();
        assert_eq!(session.verified.id, id);
        alice.proxy = Some(proxy_to(other.address).await.into());
        let failed = dial(&alice, &id, &endpoint, false).await.map(drop).unwrap_err();
        assert!(matches!(&failed, DialError::Certificate(why) if why.contains("for carol")), "{failed:?}");
        let local = dial(&alice, &id, &"127.0.0.1:22".parse().unwrap(), false).await.map(drop).unwrap_err();
        assert!(
            matches!(&local, DialError::Unreachable(why) if why.contains("another machine")),
            "{local:?}"
        );
    }

    #[test]
    fn every_address_has_its_turn_first_and_few_names_are_left_in_order() {
        let addresses =
            |count: u16| (1..=count).map(|port| SocketAddr::from(([10, 0, 0, 1], port))).collect();
        let few: Vec<SocketAddr> = addresses(4);
        assert_eq!(choose(few.clone(), 3), few, "the resolver put the best one first");
        let many: Vec<SocketAddr> = addresses(9);
        for (turn, address) in many.iter().enumerate() {
            let chosen = choose(many.clone(), turn);
            assert_eq!((chosen.len(), &chosen[0]), (DIAL_ADDRESSES, address));
        }
        assert_eq!(choose(many.clone(), usize::MAX).len(), DIAL_ADDRESSES);
    }

    #[test]
    fn a_verdict_is_the_peers_only_if_no_other_address_may_be_the_peer() {
        let unreachable = || DialError::Unreachable("a: no answer".into());
        let verdict = || DialError::Certificate("b: expected bob".into());
        let both = "a: no answer; b: expected bob".to_owned();
        let closed = || DialError::Closed("c: nothing listens there".into());
        assert_eq!(gather(vec![closed()]), closed());
        let mixed = "a: no answer; c: nothing listens there".to_owned();
        assert_eq!(gather(vec![unreachable(), closed()]), DialError::Unreachable(mixed));
        assert_eq!(gather(vec![unreachable()]), unreachable());
        assert_eq!(gather(vec![verdict()]), verdict());
        assert_eq!(gather(vec![unreachable(), verdict()]), DialError::Handshake(both));
    }

    #[test]
    fn a_name_does_not_lead_to_this_machine_unless_that_is_meant() {
        let judge = |text: &str, local| may_connect(text.parse().unwrap(), local);
        for local in ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"] {
            assert!(!judge(local, false) && judge(local, true), "{local}");
        }
        for nowhere in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0"] {
            assert!(!judge(nowhere, false) && !judge(nowhere, true), "{nowhere}");
        }
        for good in ["10.0.0.5", "192.168.1.1", "fd00::5", "8.8.8.8"] {
            assert!(judge(good, false), "{good}");
        }
    }
}
