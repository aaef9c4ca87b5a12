//! What hosts without a certificate can do to a port. The functions block, and know nothing about the program that listens there.

#![allow(dead_code, reason = "each program that shares this file uses a part of it")]

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bouya_core::random::Random;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use socket2::{Domain, Socket, Type};

/// An attack gives up on a socket that is silent for this long.
const QUIET: Duration = Duration::from_secs(30);

/// Address number `n` of those that attackers have on this machine's loopback: 127.1.0.0, 127.1.0.1, …
pub(crate) fn loopback(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low).into()
}

/// Opens a TCP connection from one of this machine's addresses.
pub(crate) fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), QUIET)?;
    socket.set_read_timeout(Some(QUIET))?;
    socket.set_write_timeout(Some(QUIET))?;
    Ok(socket.into())
}

/// Sockets that stay silent for as long as they are held: `each` of them from every address.
pub(crate) fn silent(from: &[IpAddr], each: usize, to: SocketAddr) -> Vec<TcpStream> {
    (0..each).flat_map(|_| from).filter_map(|from| connect(*from, to).ok()).collect()
}

/// Connects and resets at once, like a port scan.
pub(crate) fn scan(from: IpAddr, to: SocketAddr) -> io::Result<()> {
    reset(connect(from, to)?)
}

/// Sends something and resets without waiting.
pub(crate) fn say_and_reset(from: IpAddr, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    let mut stream = connect(from, to)?;
    stream.write_all(bytes)?;
    reset(stream)
}

fn reset(stream: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Sends something and reads until the other end closes. Returns how many bytes the other end sent.
pub(crate) fn say(from: IpAddr, to: SocketAddr, bytes: &[u8]) -> io::Result<usize> {
    let mut stream = connect(from, to)?;
    // The other end may close before it has read everything.
    let _ = stream.write_all(bytes);
    let (mut heard, mut buffer) = (0, [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(heard),
            Ok(count) => heard += count,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(heard),
            Err(error) => return Err(error),
        }
    }
}

/// Sends one byte per pause until the other end closes or `give_up` has passed. Returns how long that took.
pub(crate) fn dribble(
    from: IpAddr,
    to: SocketAddr,
    bytes: &[u8],
    pause: Duration,
    give_up: Duration,
) -> io::Result<Duration> {
    let mut stream = connect(from, to)?;
    let began = Instant::now();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(pause.max(Duration::from_millis(1))))?;
    let mut rest = bytes.iter();
    while began.elapsed() < give_up {
        if rest.next().is_some_and(|byte| stream.write_all(&[*byte]).is_err()) {
            break;
        }
        // The read waits for the pause, and shows whether the other end has closed.
        match stream.read(&mut [0; 256]) {
            Ok(count) if count > 0 => (),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => (),
            Ok(_) | Err(_) => break,
        }
    }
    Ok(began.elapsed())
}

/// The first bytes of a correct TLS 1.3 handshake for the protocol `bouya/1`: anybody on the LAN can record them.
pub(crate) fn client_hello() -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let mut config = builder
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"bouya/1".to_vec()];
    let name = ServerName::try_from("anybody").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// A correct TLS 1.2 ClientHello: no supported_versions, and suites of 1.2.
pub(crate) fn client_hello_12() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0xc0, 0x2f, 0xc0, 0x2b, 1, 0]);
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 6, 0, 4, 4, 3, 8, 4, 0, 11, 0, 2, 1, 0];
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    record(22, &handshake(1, &body))
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind][..], &length, body].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3][..], &length, body].concat()
}

/// Names and bytes of things that are no handshake, or one that never ends. Silence follows them.
pub(crate) fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let hello = client_hello();
    let mut random = Random::new(1);
    let in_single_bytes = hello[5..].iter().flat_map(|byte| record(22, &[*byte])).collect();
    let endless = [record(22, &[1, 0xff, 0xff, 0xff]), record(22, &[0; 16_384]).repeat(16)].concat();
    vec![
        ("nothing but an end", vec![]),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: scanner\r\n\r\n".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        ("SMB", b"\0\0\0\x45\xffSMB\x72\0\0\0\0\x18\x01\x28".to_vec()),
        ("line noise", b"\r\n\r\n\0\0HELP\r\n\x1b[2J".to_vec()),
        ("random bytes", (0..8_192).map(|_| random.next_u64() as u8).collect()),
        ("zeros", vec![0; 65_536]),
        ("SSL 2 hello", [&[0x80, 0x2e, 1, 0, 2, 0, 21, 0, 0, 0, 16][..], &[1; 37]].concat()),
        ("TLS 1.2 hello", client_hello_12()),
        ("half a hello", hello[..hello.len() / 2].to_vec()),
        ("hello in records of one byte", in_single_bytes),
        ("hello twice", hello.repeat(2)),
        ("a giant record", [&[22, 3, 3, 0xff, 0xff][..], &[0; 65_535]].concat()),
        ("a giant message", endless),
        ("empty records", record(22, &[]).repeat(10_000)),
        ("change cipher spec without end", [hello.clone(), record(20, &[1]).repeat(10_000)].concat()),
        ("change cipher spec before hello", record(20, &[1]).repeat(10_000)),
        ("warnings without end", [hello.clone(), record(21, &[1, 90]).repeat(10_000)].concat()),
        ("data before keys", [hello.clone(), record(23, &[0; 64]).repeat(1_000)].concat()),
        ("heartbeat", [hello, vec![24, 3, 3, 0, 3, 1, 0x40, 0]].concat()),
    ]
}

/// Threads that do the same thing again and again until this is stopped or dropped.
pub(crate) struct Storm {
    stop: Arc<AtomicBool>,
    tries: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Storm {
    /// `strike` gets the number of the thread and of the strike. Errors (a closed port, a reset) are expected and ignored.
    pub(crate) fn start(
        threads: u16,
        strike: impl Fn(u16, u64) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let (stop, tries) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let strike = Arc::new(strike);
        let threads = (0..threads).map(|thread| {
            let (stop, tries, strike) = (stop.clone(), tries.clone(), strike.clone());
            std::thread::spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let _ = strike(thread, round);
                    tries.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let threads = threads.collect();
        Self { stop, tries, threads }
    }

    /// The number of strikes so far.
    pub(crate) fn tries(&self) -> u64 {
        self.tries.load(Ordering::Relaxed)
    }

    /// Ends it. Returns the number of strikes.
    pub(crate) fn stop(mut self) -> u64 {
        self.end();
        self.tries()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A strike that panicked has printed why.
            let _ = thread.join();
        }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.end();
    }
}

/// Accepts any server: the handshake never gets that far.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
