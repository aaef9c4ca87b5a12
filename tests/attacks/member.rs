//! A member gone mad. Its certificate is good, so it passes TLS and hello. Then it sends what it likes.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya::net::tls::ALPN;
use bouya_core::crypto::Hash;
use bouya_core::ledger::Genesis;
use bouya_core::testing;
use bouya_core::wire::{Endpoint, FrameReader, Goodbye, Hello, Message, frame, member_proof};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The label under which nodes export a session's secret.
const EXPORTER: &[u8] = b"EXPORTER-bouya-member";
/// Longer than any frame that a node sends.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// How long a mad member waits for a node that says nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The node to attack, and what a member knows about it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
    pub(crate) genesis: Arc<Genesis>,
    /// The CA's folder, which has the attacker's own certificate.
    pub(crate) ca: PathBuf,
}

/// A mad member's connection to a node.
pub(crate) struct Mad {
    pub(crate) id: String,
    target: Target,
    stream: TlsStream<TcpStream>,
    frames: FrameReader,
}

/// What to send in answer to a message, if anything.
type Answer = Box<dyn FnMut(&Message) -> Option<Vec<u8>> + Send>;

/// How a mad member behaves. Each part that `send` returns may hold many frames, or less than one.
pub(crate) struct Manner {
    pub(crate) send: Box<dyn FnMut() -> Option<Vec<u8>> + Send>,
    /// Its answers to what it hears.
    pub(crate) answer: Answer,
    /// It never reads.
    pub(crate) deaf: bool,
    /// The pause between two parts; none: it sends as fast as it can.
    pub(crate) pace: Option<Duration>,
}

/// How an attack ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The node said why it closed the connection.
    Goodbye(Goodbye),
    /// The node closed the connection without a goodbye that arrived.
    Closed,
    /// The connection is still open.
    Open,
}

/// What happened on one attacker's connection. Bytes are counted without TLS.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) sent: u64,
    pub(crate) heard: u64,
    pub(crate) after: Duration,
    pub(crate) ending: Ending,
}

impl Manner {
    /// Sends these parts, then listens until it is cut.
    pub(crate) fn list(parts: Vec<Vec<u8>>) -> Self {
        let mut parts = parts.into_iter();
        Self::endless(move || parts.next())
    }

    /// Sends parts for as long as `send` returns some.
    pub(crate) fn endless(send: impl FnMut() -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self { send: Box::new(send), answer: Box::new(|_| None), deaf: false, pace: None }
    }

    /// Sends nothing but answers to pings, as a member does that wants to stay connected.
    pub(crate) fn polite() -> Self {
        Self::list(Vec::new()).answering(pong)
    }

    pub(crate) fn answering(
        mut self,
        answer: impl FnMut(&Message) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        self.answer = Box::new(answer);
        self
    }

    pub(crate) fn deaf(mut self) -> Self {
        self.deaf = true;
        self
    }

    pub(crate) fn paced(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }
}

impl Mad {
    /// Connects from an address of this machine's loopback, with the certificate of `id`. It sends no hello yet.
    pub(crate) async fn connect(target: &Target, id: &str, from: IpAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(target.address), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        socket.connect_timeout(&target.address.into(), PATIENCE)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let socket = TcpStream::from_std(socket.into())?;
        let name = ServerName::try_from(target.id.clone()).unwrap();
        let connect = TlsConnector::from(Arc::new(config(&target.ca, id))).connect(name, socket);
        let stream = timeout(PATIENCE, connect).await??;
        Ok(Self { id: id.to_owned(), target: target.clone(), stream, frames: FrameReader::default() })
    }

    /// Connects and sends a correct hello.
    pub(crate) async fn greeted(target: &Target, id: &str, from: IpAddr) -> io::Result<Self> {
        let mut mad = Self::connect(target, id, from).await?;
        let hello = mad.hello();
        mad.say(&frame(&hello.to_json())).await?;
        Ok(mad)
    }

    /// The hello that an honest member would send.
    pub(crate) fn hello(&self) -> Hello {
        let genesis = &self.target.genesis;
        let hello = testing::hello(genesis, &self.id);
        let proof = member_proof(&testing::key(7), &genesis.id(), &self.secret(), &hello.id);
        let instance = format!("{:?}", Instant::now());
        Hello { instance, member: Some(proof), time_ms: bouya::clock::wall().0, ..hello }
    }

    /// The secret of this TLS session, which both ends know.
    pub(crate) fn secret(&self) -> [u8; 32] {
        self.stream.get_ref().1.export_keying_material([0; 32], EXPORTER, None).unwrap()
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The next message after the node's hello; none if the connection ends before.
    pub(crate) async fn hear(&mut self) -> Option<Message> {
        loop {
            match self.frames.next(ANSWER_BYTES) {
                Ok(Some(body)) => match Message::from_bytes(&body) {
                    Ok(message) => return Some(message),
                    Err(_) => continue,
                },
                Ok(None) => (),
                Err(_) => return None,
            }
            let mut buffer = Vec::with_capacity(64 * 1024);
            match timeout(PATIENCE, self.stream.read_buf(&mut buffer)).await {
                Ok(Ok(count)) if count > 0 => self.frames.push(&buffer),
                _ => return None,
            }
        }
    }

    /// Asks a question and returns the answer that `pick` accepts.
    pub(crate) async fn ask<T>(
        &mut self,
        question: &Message,
        mut pick: impl FnMut(Message) -> Option<T>,
    ) -> T {
        self.say(&frame(&question.to_bytes())).await.unwrap();
        loop {
            let message = self.hear().await.expect("an answer before the end");
            if let Some(pong) = pong(&message) {
                self.say(&pong).await.unwrap();
            } else if let Some(found) = pick(message) {
                return found;
            }
        }
    }

    /// Behaves in this manner until it is cut, for `longest` at most.
    pub(crate) async fn run(self, mut manner: Manner, longest: Duration) -> Report {
        let began = Instant::now();
        let (mut read, mut write) = tokio::io::split(self.stream);
        let (mut frames, mut sent, mut heard) = (self.frames, 0, 0);
        let (say, mut said) = mpsc::channel::<Vec<u8>>(64);
        let (mut answer, deaf) = (manner.answer, manner.deaf);
        let reader = async {
            if deaf {
                std::future::pending::<()>().await;
            }
            loop {
                while let Ok(Some(body)) = frames.next(ANSWER_BYTES) {
                    let Ok(message) = Message::from_bytes(&body) else { continue };
                    if let Message::Goodbye(goodbye) = message {
                        return Ending::Goodbye(goodbye);
                    }
                    if let Some(bytes) = answer(&message) {
                        // If the channel is full the answer is lost, which does not matter here.
                        let _ = say.try_send(bytes);
                    }
                }
                let mut buffer = Vec::with_capacity(64 * 1024);
                match read.read_buf(&mut buffer).await {
                    Ok(count) if count > 0 => {
                        heard += count as u64;
                        frames.push(&buffer);
                    }
                    _ => return Ending::Closed,
                }
            }
        };
        let writer = async {
            let mut more = true;
            loop {
                let bytes = match said.try_recv() {
                    Ok(bytes) => bytes,
                    Err(_) if more => match (manner.send)() {
                        Some(bytes) => bytes,
                        None => {
                            more = false;
                            continue;
                        }
                    },
                    Err(_) => match said.recv().await {
                        Some(bytes) => bytes,
                        None => std::future::pending().await,
                    },
                };
                if write.write_all(&bytes).await.is_err() || write.flush().await.is_err() {
                    if deaf {
                        return;
                    }
                    // The reader finds out why.
                    std::future::pending::<()>().await;
                }
                sent += bytes.len() as u64;
                if let Some(pace) = manner.pace {
                    sleep(pace).await; // pace
                }
            }
        };
        let ending = tokio::select! {
            ending = reader => ending,
            () = writer => Ending::Closed,
            () = sleep(longest) => Ending::Open, // pace
        };
        Report { sent, heard, after: began.elapsed(), ending }
    }
}

impl Ending {
    /// Whether the node has closed the connection.
    pub(crate) fn is_cut(&self) -> bool {
        !matches!(self, Self::Open)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Goodbye(goodbye) => match goodbye.detail.as_str() {
                "" => goodbye.reason.to_string(),
                detail => format!("{}: {detail}", goodbye.reason),
            },
            Self::Closed => "closed".into(),
            Self::Open => "open".into(),
        }
    }
}

/// Address number `n` of the attackers on this machine's loopback. No honest node uses it, so nodes' budgets per address are not shared.
pub(crate) fn source(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    IpAddr::from([127, 2, high, low])
}

/// The frame of a message.
pub(crate) fn framed(message: &Message) -> Vec<u8> {
    frame(&message.to_bytes())
}

/// The answer to a ping.
pub(crate) fn pong(message: &Message) -> Option<Vec<u8>> {
    match message {
        Message::Ping(nonce) => Some(framed(&Message::Pong(*nonce))),
        _ => None,
    }
}

/// An id that nothing has.
pub(crate) fn random_hash(state: &mut u64) -> Hash {
    *state = state.wrapping_add(1);
    bouya_core::crypto::sha256(&state.to_le_bytes())
}

/// The endpoint of a host and a port.
pub(crate) fn endpoint(host: &str, port: u16) -> Endpoint {
    format!("{host}:{port}").parse().unwrap()
}

fn config(ca: &Path, id: &str) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca.join("ca.crt")).unwrap()).unwrap();
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let chain = vec![CertificateDer::from_pem_file(ca.join(format!("{id}.crt"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(ca.join(format!("{id}.key"))).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config
}
