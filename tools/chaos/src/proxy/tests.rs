//! Tests two ends and the wire between them, on loopback. This process makes all dials, and the list of plugs has it as node 0.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(20);
/// Long enough for bytes to arrive that are not held back.
const A_WHILE: Duration = Duration::from_millis(300);

struct Ends {
    proxy: Arc<Proxy>,
    front: SocketAddr,
    listener: TcpListener,
}

async fn ends() -> Ends {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plugs: Vec<Arc<Plug>> = (0..2).map(|_| Arc::default()).collect();
    plugs[0].pid.store(std::process::id(), Ordering::SeqCst);
    plugs[1].port.store(listener.local_addr().unwrap().port(), Ordering::SeqCst);
    let proxy = Proxy::new(plugs);
    let front = proxy.open(1).await.unwrap();
    Ends { proxy, front, listener }
}

impl Ends {
    /// Both ends of a new connection from node 0 to node 1.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let dialer = TcpStream::connect(self.front).await.unwrap();
        let (target, from) = timeout(SOON, self.listener.accept()).await.unwrap().unwrap();
        assert_eq!(from.ip().to_string(), "127.1.0.1", "node 0 comes from its own address");
        (dialer, target)
    }
}

async fn says(from: &mut TcpStream, to: &mut TcpStream, text: &[u8]) {
    from.write_all(text).await.unwrap();
    hears(to, text).await;
}

async fn hears(to: &mut TcpStream, text: &[u8]) {
    let mut heard = vec![0; text.len()];
    timeout(SOON, to.read_exact(&mut heard)).await.expect("nothing comes").unwrap();
    assert_eq!(heard, text);
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(A_WHILE, stream.read_u8()).await.is_err()
}

async fn ends_soon(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn what_is_said_arrives_both_ways_and_an_end_is_passed_on() {
    let ends = ends().await;
    let (mut dialer, mut target) = ends.connect().await;
    says(&mut dialer, &mut target, b"hello").await;
    says(&mut target, &mut dialer, b"good day").await;
    assert_eq!(ends.proxy.links.connections(0, 1), 1);
    assert_eq!(ends.proxy.links.connections(1, 0), 1, "whoever dialed");
    drop(dialer);
    assert!(ends_soon(&mut target).await);
    drop(target);
    while ends.proxy.links.connections(0, 1) > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await; // poll
    }
}

#[tokio::test]
async fn a_silent_cut_holds_back_one_direction_and_healing_delivers_what_was_sent() {
    let ends = ends().await;
    let (mut dialer, mut target) = ends.connect().await;
    ends.proxy.links.change(0, 1, |state| state.silent = true);
    assert!(!ends.proxy.links.is_whole(0, 1) && !ends.proxy.links.is_whole(1, 0));
    dialer.write_all(b"lost?").await.unwrap();
    assert!(is_silent(&mut target).await);
    says(&mut target, &mut dialer, b"I hear nothing").await;
    ends.proxy.links.heal();
    assert!(ends.proxy.links.is_whole(0, 1));
    hears(&mut target, b"lost?").await;
}

#[tokio::test]
async fn a_silent_cut_hides_even_that_the_other_end_is_gone() {
    let ends = ends().await;
    let (dialer, mut target) = ends.connect().await;
    ends.proxy.links.change(0, 1, |state| state.silent = true);
    drop(dialer);
    let gone = async {
        while ends.proxy.links.connections(0, 1) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await; // poll
        }
    };
    timeout(SOON, gone).await.expect("it still counts");
    assert!(
        is_silent(&mut target).await,
        "what one end has closed counts no more, though the other has not heard"
    );
    ends.proxy.links.heal();
    assert!(ends_soon(&mut target).await);
}

#[tokio::test]
async fn a_dial_over_a_silent_cut_waits_and_is_served_after_healing() {
    let ends = ends().await;
    ends.proxy.links.change(1, 0, |state| state.silent = true);
    let mut dialer = TcpStream::connect(ends.front).await.unwrap();
    dialer.write_all(b"anybody?").await.unwrap();
    assert!(timeout(A_WHILE, ends.listener.accept()).await.is_err());
    ends.proxy.links.heal();
    let (mut target, _) = timeout(SOON, ends.listener.accept()).await.unwrap().unwrap();
    hears(&mut target, b"anybody?").await;
}

#[tokio::test]
async fn a_refusing_cut_breaks_what_is_there_and_lets_nobody_in() {
    let ends = ends().await;
    let (mut dialer, mut target) = ends.connect().await;
    ends.proxy.links.change(0, 1, |state| state.refused = true);
    assert!(ends_soon(&mut dialer).await && ends_soon(&mut target).await);
    let mut again = TcpStream::connect(ends.front).await.unwrap();
    assert!(ends_soon(&mut again).await);
    ends.proxy.links.heal();
    let (mut dialer, mut target) = ends.connect().await;
    says(&mut dialer, &mut target, b"back").await;
}

#[tokio::test]
async fn a_reset_breaks_connections_once() {
    let ends = ends().await;
    let (mut dialer, mut target) = ends.connect().await;
    ends.proxy.links.reset(1, 0);
    assert!(ends_soon(&mut dialer).await && ends_soon(&mut target).await);
    let (mut dialer, mut target) = ends.connect().await;
    says(&mut dialer, &mut target, b"at once").await;
}

#[tokio::test]
async fn a_late_link_delivers_late_and_a_narrow_one_slowly() {
    let ends = ends().await;
    let (mut dialer, mut target) = ends.connect().await;
    let late = Duration::from_millis(200);
    ends.proxy.links.change(0, 1, |state| state.delay = late);
    let begin = Instant::now();
    says(&mut dialer, &mut target, b"late").await;
    assert!(begin.elapsed() >= late);
    ends.proxy.links.heal();
    ends.proxy.links.change(0, 1, |state| state.rate = Some(40_000));
    let begin = Instant::now();
    // The last chunk arrives before its own delay, so only the delays of the others count.
    says(&mut dialer, &mut target, &[7; 24 * 1024]).await;
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn who_is_nobody_of_ours_is_not_served() {
    let ends = ends().await;
    ends.proxy.plugs[0].pid.store(0, Ordering::SeqCst);
    let mut stranger = TcpStream::connect(ends.front).await.unwrap();
    assert!(ends_soon(&mut stranger).await);
    assert!(timeout(A_WHILE, ends.listener.accept()).await.is_err());
}
