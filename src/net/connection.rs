//! One connection: a task that reads frames and writes a queue.
//!
//! States: before hello (4 KiB at most, an absolute deadline, a pending slot) → after hello → closing (the queue drains, a last
//! Goodbye, TLS shutdown, all within [`Deadlines::drain`]) → `Closed`, exactly once. Reading waits while the hub's channel is full. The hub
//! never waits: [`Outbox`] takes a frame or marks the peer as slow.

mod queue;

use std::io;
use std::net::IpAddr;

use bouya_core::codec::Bounded;
use bouya_core::crypto::SecretKey;
use bouya_core::limits::{CONNECTION_READ_BYTES, HELLO_BYTES, LAST_WORDS};
use bouya_core::overlay::{CloseReason, ConnId, Fault, Input};
use bouya_core::wire::{
    Endpoint, FrameError, FrameReader, Goodbye, GoodbyeReason, Hello, Message, frame, member_proof,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsStream;

pub use self::queue::{Frame, Outbox};

use self::queue::{Queue, Work};
use super::pending::Slot;
use super::tls::{Refusal, Session, explain};
use super::{Deadlines, NetEvent, Shared, count};

/// Bytes of a frame before its body: the length.
const FRAME_HEAD: usize = 4;

/// Whose connection it is.
pub(super) enum Origin {
    Accepted(IpAddr, Slot),
    Dialed(Endpoint),
}

/// Tells the hub of a connection that TLS has proven, then starts its task. `opened` is when TCP connected.
pub(super) async fn start(
    shared: Shared,
    stream: TlsStream<TcpStream>,
    session: Session,
    opened: Instant,
    origin: Origin,
) {
    let conn = shared.next_conn();
    let queue = Queue::new();
    let outbox = Outbox::new(queue.clone(), session.verified.session.0);
    let peer = session.verified.clone();
    let (input, slot) = match origin {
        Origin::Accepted(address, slot) => (Input::Accepted { conn, peer, address }, Some(slot)),
        Origin::Dialed(endpoint) => (Input::Dialed { conn, peer, endpoint }, None),
    };
    let hub = shared.hub.clone();
    if hub.send(NetEvent::Up { session, outbox, input }).await.is_err() {
        return;
    }
    let connection = Connection { conn, shared, queue, slot, opened };
    // A separate task: a panic in it costs only this peer, and the hub still learns that the connection is gone.
    let why = tokio::spawn(connection.run(stream)).await;
    let why = why.unwrap_or_else(|_| CloseReason::Lost("an internal error; see the log".into()));
    // If the hub is gone, there is nobody to tell.
    let _ = hub.send(NetEvent::Input(Input::Closed { conn, why })).await;
}

struct Connection {
    conn: ConnId,
    shared: Shared,
    queue: Queue,
    slot: Option<Slot>,
    /// When TCP connected.
    opened: Instant,
}

impl Connection {
    async fn run(mut self, stream: TlsStream<TcpStream>) -> CloseReason {
        let deadlines = self.shared.deadlines;
        let queue = self.queue.clone();
        let shared = self.shared.clone();
        let (mut read, mut write) = tokio::io::split(stream);
        let why = tokio::select! {
            why = self.read(&mut read) => why,
            why = write_queue(&mut write, &queue, &shared) => why,
            why = async { let why = queue.closing().await; sleep(deadlines.drain).await; why } => why,
        };
        // A close from this side is the reason, whatever the peer did meanwhile.
        let why = queue.reason().unwrap_or(why);
        if queue.has_parted() {
            linger(&mut read, &deadlines).await;
        }
        why
    }

    /// Reads until the stream ends or cannot be trusted any more.
    async fn read(&mut self, stream: &mut ReadHalf<TlsStream<TcpStream>>) -> CloseReason {
        let mut frames = FrameReader::default();
        match self.read_hello(stream, &mut frames).await {
            Ok(hello) => {
                self.slot = None;
                self.shared.traffic.handshakes.observe(self.opened.elapsed().as_secs_f64());
                if self.tell(Input::Hello { conn: self.conn, hello }).await.is_err() {
                    return CloseReason::Asked;
                }
            }
            Err(stop) => return self.stop(stop).await,
        }
        loop {
            let stop = match next_frame(stream, &mut frames, FrameReader::next_message).await {
                Ok(body) => {
                    count(&self.shared.traffic.received, body.len() + FRAME_HEAD);
                    self.take(&body).await
                }
                Err(stop) => Err(stop),
            };
            if let Err(stop) = stop {
                return self.stop(stop).await;
            }
        }
    }

    async fn read_hello(
        &mut self,
        stream: &mut ReadHalf<TlsStream<TcpStream>>,
        frames: &mut FrameReader,
    ) -> Result<Hello, Stop> {
        let evicted = async {
            match &self.slot {
                Some(slot) => slot.evicted.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let hello_by = self.opened + self.shared.deadlines.hello;
        let body = tokio::select! {
            body = timeout_at(hello_by, next_frame(stream, frames, |frames| frames.next(HELLO_BYTES))) => {
                body.map_err(|_| Stop::Ended(CloseReason::NoHello))??
            }
            () = evicted => {
                return Err(Stop::Ended(CloseReason::Lost("made room for others before its hello".into())));
            }
        };
        match Hello::from_json(&body) {
            Ok(hello) => Ok(hello),
            // A peer that refuses this node sends a goodbye instead of a hello. JSON begins with a brace, which is no message's number.
            Err(_) if let Ok(Message::Goodbye(goodbye)) = Message::from_bytes(&body) => {
                let lacks_lists = goodbye.reason == GoodbyeReason::Overdue;
                let why = parting(goodbye, true);
                Err(if lacks_lists { Stop::Mendable(why) } else { Stop::Ended(why) })
            }
            Err(error) => Err(Stop::Fault(Fault::Message("hello"), error.to_string())),
        }
    }

    async fn take(&mut self, body: &[u8]) -> Result<(), Stop> {
        let conn = self.conn;
        let input = match Message::from_bytes(body) {
            Ok(Message::Goodbye(goodbye)) => return Err(Stop::Ended(parting(goodbye, false))),
            Ok(message) => Input::Received { conn, message, size: body.len() },
            // The frame was complete, so the stream can go on; the overlay decides what the fault costs.
            Err(error) => Input::Broken { conn, fault: Fault::Message(error.what) },
        };
        self.tell(input).await
    }

    async fn tell(&self, input: Input) -> Result<(), Stop> {
        let sent = self.shared.hub.send(NetEvent::Input(input)).await;
        sent.map_err(|_| Stop::Ended(CloseReason::Asked))
    }

    /// Ends reading. After a fault, the peer is told before the writer ends.
    async fn stop(&self, stop: Stop) -> CloseReason {
        match stop {
            Stop::Ended(why) => why,
            Stop::Mendable(why) => {
                // The peer refuses us because it lacks these lists. It still reads, so they are our last words.
                let lists = self.shared.tls.revocations().lacking(&[]);
                self.queue.push(Frame::from(&lists_message(lists)));
                self.queue.close(None, why);
                std::future::pending().await
            }
            Stop::Fault(fault, text) => {
                let goodbye = Goodbye::new(GoodbyeReason::Fault, &text);
                // The first reason stays, whatever the overlay asks for when it hears of the fault.
                self.queue.close(Some(goodbye), CloseReason::Lost(text));
                let _ = self.tell(Input::Broken { conn: self.conn, fault }).await;
                std::future::pending().await
            }
        }
    }
}

/// Why reading stopped.
enum Stop {
    Ended(CloseReason),
    /// The peer wants newer revocation lists first.
    Mendable(CloseReason),
    Fault(Fault, String),
}

fn parting(goodbye: Goodbye, before_hello: bool) -> CloseReason {
    // The same verdict as a TLS alert, but about something that TLS cannot check.
    if before_hello && goodbye.reason == GoodbyeReason::Certificate {
        return CloseReason::Certificate(format!(
            "the peer refused this node's certificate: {}",
            goodbye.detail.as_str()
        ));
    }
    CloseReason::Goodbye(goodbye)
}

async fn next_frame(
    stream: &mut (impl AsyncRead + Unpin),
    frames: &mut FrameReader,
    next: impl Fn(&mut FrameReader) -> Result<Option<Vec<u8>>, FrameError>,
) -> Result<Vec<u8>, Stop> {
    loop {
        match next(frames) {
            Ok(Some(body)) => return Ok(body),
            Ok(None) => {}
            Err(error) => return Err(Stop::Fault(Fault::Frame, error.to_string())),
        }
        let mut buffer = Vec::with_capacity(CONNECTION_READ_BYTES);
        match stream.read_buf(&mut buffer).await {
            Ok(0) => return Err(Stop::Ended(CloseReason::Lost("the peer closed the connection".into()))),
            Ok(_) => frames.push(&buffer),
            Err(error) => return Err(Stop::Ended(lost(&error))),
        }
    }
}

fn lost(error: &io::Error) -> CloseReason {
    match explain::tls_error(error).and_then(explain::refused) {
        Some(text) => CloseReason::Certificate(text),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            CloseReason::Lost("the connection was cut".into())
        }
        None => CloseReason::Lost(error.to_string()),
    }
}

async fn write_queue(
    stream: &mut WriteHalf<TlsStream<TcpStream>>,
    queue: &Queue,
    shared: &Shared,
) -> CloseReason {
    let deadlines = &shared.deadlines;
    loop {
        let done = match queue.next().await {
            Work::Write(bytes) => {
                count(&shared.traffic.sent, bytes.len());
                write_all(stream, &bytes, deadlines).await
            }
            Work::Slow => return CloseReason::Slow,
            Work::Part(goodbye, why) => {
                let last = goodbye.map(|goodbye| frame(&Message::Goodbye(goodbye).to_bytes()));
                let done = write_all(stream, &last.unwrap_or_default(), deadlines).await;
                if done.is_ok() && stream.shutdown().await.is_ok() {
                    queue.parted();
                }
                return why;
            }
        };
        match done {
            Ok(()) => {}
            Err(Failed::Stalled) => return CloseReason::Slow,
            Err(Failed::Lost(error)) => {
                // The peer closed. The reader may still find what it said before that: an alert about our certificate, or a Goodbye.
                sleep(LAST_WORDS).await;
                return lost(&error);
            }
        }
    }
}

enum Failed {
    Stalled,
    Lost(io::Error),
}

/// Writes all bytes, as long as every step makes progress.
async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    mut bytes: &[u8],
    deadlines: &Deadlines,
) -> Result<(), Failed> {
    while !bytes.is_empty() {
        let written = timeout(deadlines.stall, stream.write(bytes)).await;
        let written = written.map_err(|_| Failed::Stalled)?.map_err(Failed::Lost)?;
        if written == 0 {
            return Err(Failed::Lost(io::ErrorKind::WriteZero.into()));
        }
        bytes = bytes.get(written..).unwrap_or_default();
    }
    timeout(deadlines.stall, stream.flush()).await.map_err(|_| Failed::Stalled)?.map_err(Failed::Lost)
}

/// Reads until the peer closes too: closing with unread bytes would reset the connection, and the peer would lose our last words.
pub(super) async fn linger(stream: &mut (impl AsyncRead + Unpin), deadlines: &Deadlines) {
    let mut buffer = vec![0; CONNECTION_READ_BYTES];
    let end = async { while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {} };
    // An endless sender is cut off.
    let _ = timeout(deadlines.drain, end).await;
}

/// A message with these lists, as many as fit.
pub(super) fn lists_message(lists: Vec<Vec<u8>>) -> Message {
    let lists: Vec<_> = lists.into_iter().filter_map(|list| list.try_into().ok()).collect();
    Message::Revocations(Bounded::truncated(lists))
}

/// Turns a peer away after TLS, with the reason as its last word. A peer that is refused only because lists are overdue here may still send
/// newer ones.
pub(super) async fn turn_away(mut stream: TlsStream<TcpStream>, refusal: &Refusal, shared: &Shared) {
    let deadlines = &shared.deadlines;
    let is_mendable = *refusal == Refusal::Overdue;
    let reason = if is_mendable { GoodbyeReason::Overdue } else { GoodbyeReason::Certificate };
    if part(&mut stream, Goodbye::new(reason, &refusal.to_string()), deadlines).await {
        if is_mendable && let Ok(Some(lists)) = timeout(deadlines.hello, read_lists(&mut stream)).await {
            // If the hub is gone, there is nobody to tell.
            let _ = shared.hub.send(NetEvent::Lists(lists)).await;
        }
        linger(&mut stream, deadlines).await;
    }
}

/// Says goodbye as the only word on a connection, and ends this side of it. Returns whether that has left.
pub(super) async fn part(stream: &mut TlsStream<TcpStream>, goodbye: Goodbye, deadlines: &Deadlines) -> bool {
    let told = async {
        write_all(stream, &frame(&Message::Goodbye(goodbye).to_bytes()), deadlines).await.ok()?;
        stream.shutdown().await.ok()
    };
    matches!(timeout(deadlines.drain, told).await, Ok(Some(())))
}

/// The revocation lists that a refused peer sends. Its hello may come before them, and nothing else counts.
async fn read_lists(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<Vec<u8>>> {
    let mut frames = FrameReader::default();
    for _ in 0..2 {
        let body = next_frame(stream, &mut frames, FrameReader::next_message).await.ok()?;
        if let Ok(Message::Revocations(lists)) = Message::from_bytes(&body) {
            return Some(lists.into_iter().map(Bounded::into_inner).collect());
        }
    }
    None
}

impl Outbox {
    /// Sends this node's hello, with the proof that the other end of this session holds the member key.
    pub fn greet(&self, mut hello: Hello, key: &SecretKey) {
        hello.member = Some(member_proof(key, &hello.network, self.session(), &hello.id));
        self.send(Frame::new(&hello.to_json()));
    }
}
