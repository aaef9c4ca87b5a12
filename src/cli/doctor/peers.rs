//! Peers: whom this node should reach and does not.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bouya_core::wire::Endpoint;

use super::check::Check;
use crate::config::node::Bootstrap;
use crate::http::views::{Peer, PeerDirection, PeerStatus};

/// How long all bootstrap peers together may take to let this machine connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What was seen of a node that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// This node's id.
    pub(super) own: String,
    /// Whom it should reach: the bootstrap peers, ...
    pub(super) bootstrap: Vec<String>,
    /// ... and the members.
    pub(super) members: Vec<String>,
    /// Whom it knows.
    pub(super) peers: Vec<Peer>,
    /// What became of dialing those that have dialed this node, where they say that they listen.
    pub(super) back: Vec<Reached>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("peers");
    let is_wanted =
        |id: &String| *id != seen.own && (seen.bootstrap.contains(id) || seen.members.contains(id));
    for peer in seen.peers.iter().filter(|peer| is_wanted(&peer.id)) {
        not_connected(&mut check, peer);
    }
    for id in seen.members.iter().filter(|id| is_wanted(id)) {
        if !seen.peers.iter().any(|peer| peer.id == *id) {
            let text = format!("{id} is a member, and this node has not heard where it is");
            check.find(id, text, "get its node to run; bouya peer add tells this node its address");
        }
    }
    for (Bootstrap { id, endpoint }, result) in &seen.back {
        if let Err(why) = result {
            let text = format!("{id} has dialed this node, and cannot be dialed at {endpoint} itself: {why}");
            let next = format!(
                "tell its operator: sudo ufw allow {}/tcp, or correct p2p.advertise there",
                endpoint.port
            );
            check.find(id.as_str(), text, &next);
        }
    }
    check
}

/// Where peers that have dialed this node say that they listen.
pub(super) fn back(peers: &[Peer]) -> Vec<Bootstrap> {
    let came = peers.iter().filter(|peer| peer.direction == Some(PeerDirection::In) && !peer.host.is_empty());
    let at = |peer: &Peer| {
        let (id, host) = (peer.id.parse().ok()?, peer.host.clone());
        Some(Bootstrap { id, endpoint: Endpoint { host, port: peer.port } })
    };
    came.filter_map(at).collect()
}

fn not_connected(check: &mut Check, peer: &Peer) {
    let Peer { id, host, port, why, until, .. } = peer;
    let Some(why) = why.as_ref().filter(|_| peer.status != PeerStatus::Connected) else { return };
    let at = if host.is_empty() { id.clone() } else { format!("{id} ({host}:{port})") };
    match (peer.status, until) {
        (PeerStatus::Banned, Some(until)) => {
            let text = format!("{at} is banned here until {until}: {why}");
            check.find(id, text, "ask its operator; bouya blacklist remove lets it in before");
        }
        // The operator's own wish.
        (PeerStatus::Banned, None) => (),
        _ => check.find(
            id,
            format!("{at} is not connected: {why}"),
            "see whether its node runs, and whether a firewall or a certificate keeps the two apart",
        ),
    }
}

/// What became of connecting to a bootstrap peer.
pub(super) type Reached = (Bootstrap, Result<(), String>);

/// Of a node that is down: whether its bootstrap peers can be reached.
pub(super) fn judge_reached(reached: &[Reached]) -> Check {
    let mut check = Check::new("peers");
    for (Bootstrap { id, endpoint }, result) in reached {
        if let Err(why) = result {
            check.find(
                "p2p.bootstrap",
                format!("{id}@{endpoint} cannot be reached: {why}"),
                "see whether its node runs, and whether its firewall lets this machine in",
            );
        }
    }
    if reached.is_empty() {
        check.skip("the node is down, and no bootstrap peer is named that could be dialed");
    }
    check
}

/// Connects to all at once. A name that does not resolve is another check's.
pub(super) fn reach(bootstrap: &[Bootstrap]) -> Vec<Reached> {
    let until = Instant::now() + CONNECT_WITHIN;
    let dials: Vec<_> = bootstrap.iter().filter_map(|one| Some((one, dial(one.endpoint.clone())?))).collect();
    let reached = |(one, answered): (&Bootstrap, mpsc::Receiver<Option<io::Result<()>>>)| {
        let left = until.saturating_duration_since(Instant::now());
        let answer =
            answered.recv_timeout(left).unwrap_or_else(|_| Some(Err(io::ErrorKind::TimedOut.into())));
        Some((one.clone(), answer?.map_err(why)))
    };
    dials.into_iter().filter_map(reached).collect()
}

fn why(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        io::ErrorKind::TimedOut => format!("no answer within {} s", CONNECT_WITHIN.as_secs()),
        _ => error.to_string(),
    }
}

/// Tells none if the name has no address. If there is no thread, nothing is known.
fn dial(to: Endpoint) -> Option<mpsc::Receiver<Option<io::Result<()>>>> {
    let (answer, answered) = mpsc::channel();
    let dialed = thread::Builder::new().spawn(move || {
        let found = (to.host.as_str(), to.port).to_socket_addrs().map(Vec::from_iter);
        let tried = found.ok().and_then(|addresses| connect(&addresses));
        // It is no error if nobody waits for a late answer.
        let _ = answer.send(tried);
    });
    dialed.ok().map(|_| answered)
}

/// The first success, else the last error.
fn connect(addresses: &[SocketAddr]) -> Option<io::Result<()>> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT_WITHIN) {
            Ok(_) => return Some(Ok(())),
            Err(error) => last = Some(Err(error)),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn peer(id: &str, status: PeerStatus, why: Option<&str>) -> Peer {
        Peer {
            id: id.to_owned(),
            host: "10.0.0.6".to_owned(),
            port: 7000,
            status,
            direction: None,
            since: None,
            rtt_ms: None,
            height: None,
            why: why.map(str::to_owned),
            until: None,
            agent: None,
            certificate: None,
        }
    }

    fn judged(peers: Vec<Peer>) -> Vec<(String, String)> {
        let [bootstrap, members] = [vec!["bob".to_owned()], ["alice", "carol"].map(str::to_owned).to_vec()];
        let seen = Seen { own: "alice".to_owned(), bootstrap, members, peers, back: Vec::new() };
        judge(&seen).findings.into_iter().map(|found| (found.key, found.text)).collect()
    }

    #[test]
    fn members_and_bootstrap_peers_that_are_not_connected_are_found_with_the_reason() {
        use PeerStatus::{Backoff, Banned, Connected, Known};
        let carol = peer("carol", Connected, Some("an old reason"));
        assert_eq!(
            judged(vec![carol.clone(), peer("bob", Known, None), peer("eve", Backoff, Some("off"))]),
            []
        );
        let found = judged(vec![carol.clone(), peer("bob", Backoff, Some("connection refused"))]);
        let text = "bob (10.0.0.6:7000) is not connected: connection refused";
        assert_eq!(found, [("bob".to_owned(), text.to_owned())]);
        let until = Some("2026-11-20T00:00:00Z".to_owned());
        let banned = Peer { until, ..peer("bob", Banned, Some("a bad block")) };
        assert!(judged(vec![carol.clone(), banned])[0].1.contains("banned here until 2026"));
        assert_eq!(judged(vec![carol, peer("bob", Banned, Some("listed"))]), [], "the operator wants it so");
        assert_eq!(judged(vec![])[0].1, "carol is a member, and this node has not heard where it is");
    }

    #[test]
    fn a_bootstrap_peer_is_reached_or_the_reason_is_told() {
        let listens = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = |text: String| text.parse::<Bootstrap>().unwrap();
        let good = at(format!("bob@{}", listens.local_addr().unwrap()));
        let gone = at("carol@gone.invalid:7000".to_owned());
        assert_eq!(judge_reached(&reach(&[good.clone(), gone])), Check::new("peers"));
        // Nobody listens any more.
        drop(listens);
        let found = judge_reached(&reach(&[good])).findings;
        assert!(found[0].text.ends_with("cannot be reached: nothing listens there"), "{found:?}");
        assert_eq!(judge_reached(&[]).skipped.len(), 1);
    }
    #[test]
    fn a_peer_that_dials_and_cannot_be_dialed_back_is_found() {
        let came = Peer { direction: Some(PeerDirection::In), ..peer("carol", PeerStatus::Connected, None) };
        let only_dials = Peer { id: "dave".to_owned(), host: String::new(), ..came.clone() };
        let dialed = Peer { direction: Some(PeerDirection::Out), ..peer("bob", PeerStatus::Connected, None) };
        let back = back(&[came, only_dials, dialed]);
        assert_eq!(back, ["carol@10.0.0.6:7000".parse().unwrap()]);
        let reached =
            |result: Result<(), String>| Seen { back: vec![(back[0].clone(), result)], ..Seen::default() };
        assert_eq!(judge(&reached(Ok(()))), Check::new("peers"));
        let found = judge(&reached(Err("no answer".to_owned()))).findings;
        assert_eq!(
            found[0].text,
            "carol has dialed this node, and cannot be dialed at 10.0.0.6:7000 itself: no answer"
        );
        assert!(found[0].next.as_ref().unwrap().contains("ufw allow 7000/tcp"));
    }
}
