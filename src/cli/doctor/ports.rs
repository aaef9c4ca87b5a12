//! Whether others can dial this node.
//!
//! Only others can tell. That a peer has dialed says yes. That none has says little: of two nodes one dials, whichever is faster. So each
//! doctor dials back those that have dialed its node (`peers`), and here silence counts only if nobody is connected at all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bouya_core::wire::Endpoint;

use super::check::Check;

/// A node that other members look for is dialed within this time: they start, fail and try again.
const NOBODY_FOR: Duration = Duration::from_secs(600);

/// What was seen of a node that runs.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Where it listens, and where others are told to dial; none if it only dials.
    pub(super) listens: Option<(SocketAddr, Endpoint)>,
    pub(super) uptime: Duration,
    /// A peer has dialed it since the start.
    pub(super) dialed_in: bool,
    /// Connected peers.
    pub(super) connected: usize,
    /// There are other members.
    pub(super) has_others: bool,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("ports");
    let Some((listen, advertise)) = &seen.listens else {
        check.skip("p2p.listen is off: this node only dials, which is enough");
        return check;
    };
    let port = listen.port();
    if local_only(listen, advertise) {
        let text = format!(
            "{listen} can be reached from this machine only, and others are told to dial {advertise}"
        );
        check.find("p2p.listen", text, &format!("listen on 0.0.0.0:{port}, and restart the node"));
    } else if seen.dialed_in {
        return check;
    } else if seen.connected == 0 && seen.has_others && seen.uptime > NOBODY_FOR {
        let next = format!(
            "let members in: sudo ufw allow {port}/tcp, or with nftables: tcp dport {port} accept; forward the port where a \
             router stands before it; or correct p2p.advertise"
        );
        let text = format!("nobody has dialed {advertise} since the start, and nobody is connected");
        check.find("p2p.advertise", text, &next);
    } else {
        check.skip(format!(
            "no peer has dialed this node since the start, and maybe none had a reason to; bouya doctor on a peer's machine \
             dials it, or type there: nc -zv {} {}",
            advertise.host, advertise.port
        ));
    }
    check
}

fn local_only(listen: &SocketAddr, advertise: &Endpoint) -> bool {
    let is_here =
        advertise.host == "localhost" || advertise.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    listen.ip().is_loopback() && !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that has run long, and that nobody has dialed.
    fn seen(connected: usize) -> Seen {
        Seen {
            listens: Some(("0.0.0.0:7000".parse().unwrap(), "10.0.0.6:7001".parse().unwrap())),
            uptime: NOBODY_FOR + Duration::from_secs(1),
            dialed_in: false,
            connected,
            has_others: true,
        }
    }

    #[test]
    fn a_node_that_nobody_dials_and_that_reaches_nobody_is_found() {
        let found = judge(&seen(0)).findings;
        assert!(found[0].text.starts_with("nobody has dialed 10.0.0.6:7001"), "{found:?}");
        assert!(found[0].next.as_ref().unwrap().contains("ufw allow 7000/tcp"), "{found:?}");
        assert_eq!(judge(&Seen { dialed_in: true, ..seen(0) }), Check::new("ports"));
        let unknown = [
            Seen { has_others: false, ..seen(0) },
            Seen { uptime: Duration::from_secs(30), ..seen(0) },
            // Whoever is faster dials.
            seen(3),
        ];
        for unknown in unknown {
            let check = judge(&unknown);
            assert!(
                check.findings.is_empty() && check.skipped[0].contains("nc -zv 10.0.0.6 7001"),
                "{check:?}"
            );
        }
    }

    #[test]
    fn an_address_for_this_machine_only_is_found_and_a_node_that_only_dials_is_fine() {
        let local = Seen {
            listens: Some(("127.0.0.1:7000".parse().unwrap(), "10.0.0.6:7000".parse().unwrap())),
            dialed_in: true,
            ..seen(1)
        };
        assert_eq!(judge(&local).findings[0].key, "p2p.listen");
        let both = Some(("127.0.0.1:7000".parse().unwrap(), "127.0.0.1:7000".parse().unwrap()));
        assert!(judge(&Seen { listens: both, ..local }).findings.is_empty());
        assert!(judge(&Seen { listens: None, ..seen(0) }).skipped[0].contains("only dials"));
    }
}
