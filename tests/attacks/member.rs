//! A member gone mad. Its certificate is good, so TLS and hello let it in; what it sends then is up to it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya::net::tls::ALPN;
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::Genesis;
use bouya_core::wire::{Endpoint, FrameReader, Goodbye, Hello, Message, TipSummary, frame, member_proof};
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

/// Label under which the node exports a session's secret.
const EXPORTER: &[u8] = b"EXPORTER-bouya-member";
/// Longer frames than a node sends are no answer.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// How long a mad member waits for a node to say anything at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whom to attack, and what a member knows about it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
    pub(crate) genesis: Arc<Genesis>,
    /// The CA's folder: the attacker's own certificate is in it.
    pub(crate) ca: PathBuf,
}

/// A connection with a member's certificate on which nothing has been said yet.
pub(crate) struct Mad {
    pub(crate) id: String,
    target: Target,
    stream: TlsStream<TcpStream>,
    frames: FrameReader,
}

/// Bytes in return for a message.
type Answer = Box<dyn FnMut(&Message) -> Option<Vec<u8>> + Send>;

/// What it sends and how it behaves. Each part of `send` may hold many frames, or less than one.
pub(crate) struct Manner {
    pub(crate) send: Box<dyn FnMut() -> Option<Vec<u8>> + Send>,
    /// What it says to what it hears.
    pub(crate) answer: Answer,
    /// It never reads.
    pub(crate) deaf: bool,
    /// Between two parts; none for as fast as it can.
    pub(crate) pace: Option<Duration>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The node said why it closes.
    Goodbye(Goodbye),
    /// The node closed without a word, or none got through.
    Closed,
    /// It is still connected.
    Open,
}

/// What went over one attacker's connection, in plain bytes.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) sent: u64,
    pub(crate) heard: u64,
    pub(crate) after: Duration,
    pub(crate) ending: Ending,
}

impl Manner {
    /// Sends these, then listens until it is cut.
    pub(crate) fn list(parts: Vec<Vec<u8>>) -> Self {
        let mut parts = parts.into_iter();
        Self::endless(move || parts.next())
    }

    /// Sends for as long as there is something.
    pub(crate) fn endless(send: impl FnMut() -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self { send: Box::new(send), answer: Box::new(|_| None), deaf: false, pace: None }
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
    /// TCP from an address of this machine's loopback, and TLS with the certificate of `id`.
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

    /// Connects and says a correct hello.
    pub(crate) async fn greeted(target: &Target, id: &str, from: IpAddr) -> io::Result<Self> {
        let mut mad = Self::connect(target, id, from).await?;
        let hello = mad.hello();
        mad.say(&frame(&hello.to_json())).await?;
        Ok(mad)
    }

    /// What an honest member would say.
    pub(crate) fn hello(&self) -> Hello {
        let genesis = &self.target.genesis;
        let branch = genesis.branch();
        let key = SecretKey::from_seed(&bouya_core::crypto::sha256(self.id.as_bytes()).0);
        Hello {
            protocols: Hello::PROTOCOLS,
            features: Vec::new(),
            network: genesis.id(),
            id: self.id.parse().unwrap(),
            agent: "mad".into(),
            instance: format!("{:?}", Instant::now()),
            listen: None,
            tip: TipSummary { height: 0, hash: branch.id, work: 0 },
            lowest_block: 0,
            rules: genesis.rules_digest(),
            crls: Vec::new(),
            member: Some(member_proof(&key, &genesis.id(), &self.secret(), &self.id.parse().unwrap())),
            time_ms: bouya::clock::wall().0,
        }
    }

    /// This session's secret, which both ends know.
    pub(crate) fn secret(&self) -> [u8; 32] {
        self.stream.get_ref().1.export_keying_material([0; 32], EXPORTER, None).unwrap()
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The next message after the node's hello, if one comes before the end.
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

    /// The answer to a question.
    pub(crate) async fn ask<T>(
        &mut self,
        question: &Message,
        mut pick: impl FnMut(Message) -> Option<T>,
    ) -> T {
        self.say(&frame(&question.to_bytes())).await.unwrap();
        loop {
            let message = self.hear().await.expect("an answer before the end");
            if let Message::Ping(nonce) = message {
                self.say(&frame(&Message::Pong(nonce).to_bytes())).await.unwrap();
            } else if let Some(found) = pick(message) {
                return found;
            }
        }
    }

    /// Behaves like this until it is cut, or for `longest`.
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
                        // A full channel loses an answer; that is nothing to a mad member.
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
                    // Whoever reads finds out why.
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
    /// Whether the node has closed.
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

/// Address number `n` of this machine's loopback that no honest node uses: budgets per address are the attackers' own.
pub(crate) fn source(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    IpAddr::from([127, 2, high, low])
}

/// A message as a frame.
pub(crate) fn framed(message: &Message) -> Vec<u8> {
    frame(&message.to_bytes())
}

/// An id that nobody has.
pub(crate) fn random_hash(state: &mut u64) -> Hash {
    *state = state.wrapping_add(1);
    bouya_core::crypto::sha256(&state.to_le_bytes())
}

/// Somewhere on the loopback.
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
